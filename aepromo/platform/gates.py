"""Gates: figures of the rule book compared with columns of facts.

A gate is data: a rule with a ``column`` and either a ``compare`` and a value, or a condition:
``any_of``, ``all_of``, ``none_of`` or ``yes_no``. A new gate is a table in the rule book and needs
no code. A rule is tested for all rows at once.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from aepromo.errors import CallError
from aepromo.inputs.rule_figures import figure_kind
from aepromo.platform.columns import STATES
from aepromo.platform.reason_texts import UNSAID, Clause, ordered, words_of
from aepromo.pricing.money import BLANK, MILLION
from aepromo.table.cells import CellError, refusal
from aepromo.table.column import Kind
from aepromo.table.fact_cells import names_meant, read_fact, shown_fact
from aepromo.table.number_columns import Words
from aepromo.table.schema import in_words
from aepromo.table.spellings import canonical, spoken_name
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from aepromo.engine.question import Inputs
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book
    from aepromo.table.fact_cells import Fact
    from aepromo.table.number_columns import Numbers

    Truths: TypeAlias = npt.NDArray[np.bool_]

CONDITIONS = frozenset({"any_of", "all_of", "none_of", "yes_no"})
"""The units of rules that are conditions, without a threshold."""

OPEN, CLOSED, UNKNOWN = range(len(STATES))

_HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_BOUNDS = {">": N_("over {value}"), "<": N_("under {value}"), "<=": N_("at most {value}")}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


@dataclass(frozen=True, eq=False)
class Gate:
    """A rule tested on a column: ``states`` has ``OPEN``, ``CLOSED`` or ``UNKNOWN`` for each row.

    ``gaps`` is how far each fact is from the threshold, in the fact's own unit; never negative, and
    0 at a gate without a threshold. ``codes`` are each row's index into ``facts``, the different
    facts of the column; -1 where it is unknown. ``fact_states`` and ``fact_gaps`` are those of the
    facts. ``currency`` is what money is in.
    """

    rule: Rule
    codes: Numbers
    facts: Sequence[Fact]
    fact_states: Numbers
    fact_gaps: Numbers
    currency: Currency

    @cached_property
    def states(self) -> Numbers:
        """Whether the gate is open, row by row."""
        return self.fact_states[self.codes]

    @property
    def relative_gaps(self) -> Numbers:
        """The gap as a share of the threshold, in millionths; a million for a failed condition.

        So gates in different units can be compared by how far they are from opening.
        """
        if not self.rule.compare:
            gaps = np.where(self.fact_states == OPEN, 0, MILLION)
        else:
            threshold = _threshold(self.rule, self.currency)
            gaps = self.fact_gaps
            if threshold:
                # A gap of a billion days × a million would not fit 64 bits.
                gaps = gaps // threshold * MILLION + gaps % threshold * MILLION // threshold
            gaps = np.where(self.fact_states == UNKNOWN, MILLION, gaps)
        return gaps[self.codes]

    def reasons_where(self, condition: Truths, met: str = "") -> Clause:
        """``dsr 4.71, needs 4.78: +0.07``: the fact, the threshold and what is missing.

        Only where a condition holds; no other text is formatted. ``met`` is the text for facts that
        meet the rule.
        """
        is_read = np.zeros(len(self.fact_states), np.bool_)
        is_read[self.codes[condition]] = True
        places = np.cumsum(is_read) - 1
        texts = self._texts_of(np.flatnonzero(is_read), met)
        return Clause(np.where(condition, places[self.codes], UNSAID), texts)

    def _texts_of(self, codes: Numbers, met: str) -> list[str]:
        """The reasons for some of the facts."""
        kind, name = figure_kind(self.rule), in_words(self.rule.column)
        needs, bound = self.needs, self.bound
        sign = "+" if self.rule.compare in (">", ">=") else "-"
        met = met or _("{name} {value}, {needs}: met")
        bare = _("{name} {value}, {needs}")
        at_it = _("{name} {value}, {needs}: just at it")
        short = _("{name} {value}, {needs}: {gap}")
        unknown = _("{name} unknown, {needs}").format(name=name, needs=needs)
        texts = []
        for code in codes.tolist():
            state, distance = self.fact_states[code], int(self.fact_gaps[code])
            if state == UNKNOWN:
                texts.append(unknown)
                continue
            fact, gap = self.facts[code], ""
            if state == OPEN:
                text = met
            elif not self.rule.compare:
                text = bare
            else:
                text = short if distance else at_it
                gap = sign + shown_fact(distance, kind, self.currency, is_gap=True)
            value = shown_fact(fact, kind, self.currency)
            texts.append(text.format(name=name, value=value, needs=needs, bound=bound, gap=gap))
        return texts

    @property
    def needs(self) -> str:
        """The rule's requirement in words: ``needs under 2.1%``, ``needs Payoneer or Wise``."""
        asks = _("must not be {bound}") if self.rule.unit == "none_of" else _("needs {bound}")
        return asks.format(bound=self.bound)

    @property
    def bound(self) -> str:
        """The threshold or names that the rule requires: ``under 2.1%``, ``Payoneer or Wise``."""
        value = self.rule.value
        if isinstance(value, tuple):
            between = _(" and ") if self.rule.unit == "all_of" else _(" or ")
            return between.join(map(spoken_name, value))
        if self.rule.unit == "yes_no":
            return _("yes") if value == "yes" else _("no")
        bound = _BOUNDS.get(self.rule.compare)
        return _(bound).format(value=value) if bound else value


def is_gate(rule: Rule) -> bool:
    """Whether a rule is a gate."""
    return bool(rule.column) and (bool(rule.compare) or rule.unit in CONDITIONS)


def gates_of(book: Book, prefix: str) -> list[Rule]:
    """The gates of a part of the rule book, in its order."""
    return [rule for rule in book.matching(prefix) if is_gate(rule)]


def hold(rule: Rule, inputs: Inputs, computed: Mapping[str, Whole | Words] | None = None) -> Gate:
    """Test one rule, which must be a gate, on the facts of each row.

    ``computed`` are computed columns, which go before those of the inputs. Raises ``CallError`` for
    a rule with a value that can't be compared.
    """
    currency = inputs.values.currency
    codes, facts = _facts_of(rule, inputs, computed or {})
    if rule.compare:
        threshold, numbers = _threshold(rule, currency), np.array(facts, np.int64)
        is_met, gaps = _HOLDS[rule.compare](numbers, threshold), np.abs(threshold - numbers)
    else:
        is_met, gaps = np.array(_are_met(rule, facts), np.bool_), np.zeros(len(facts), np.int64)
    is_blank = np.array([fact == BLANK for fact in facts], np.bool_)
    states = np.where(is_blank, UNKNOWN, np.where(is_met, OPEN, CLOSED))
    gaps = np.where(states == CLOSED, gaps, 0)
    return Gate(rule, codes, facts, np.append(states, UNKNOWN), np.append(gaps, 0), currency)


def hold_all(
    rules: Iterable[Rule], inputs: Inputs, computed: Mapping[str, Whole | Words] | None = None
) -> list[Gate]:
    """Test every rule, each of which must be a gate."""
    return [hold(rule, inputs, computed) for rule in rules]


def _facts_of(
    rule: Rule, inputs: Inputs, computed: Mapping[str, Whole | Words]
) -> tuple[Numbers, Sequence[Fact]]:
    """The different facts of a rule's column, and each row's code among them, -1 for none."""
    name = rule.column
    for known in (computed, inputs.numbers, inputs.words):
        column = known.get(name)
        if isinstance(column, Words):
            return column
        if column is not None:
            found, codes = np.unique(inputs.column(column), return_inverse=True)
            return codes, found.tolist()
    if figure_kind(rule) is Kind.TEXT:
        return words_of(inputs.text(name))
    return np.full(inputs.rows, -1), ()


def avoiding(rule: Rule) -> Rule:
    """A rule that states what goes wrong, turned into what must hold."""
    return rule._replace(compare=_OPPOSITE[rule.compare])


def state(held: Sequence[Gate], rows: int) -> Numbers:
    """The combined state of several gates for each row, as indices into ``STATES``.

    Closed where any gate is, else unknown where any gate is, else open.
    """
    states = np.array([each.states for each in held], np.int64).reshape(-1, rows)
    return np.where((states == CLOSED).any(axis=0), CLOSED, states.max(axis=0, initial=OPEN))


def worst_first(held: Sequence[Gate]) -> Numbers:
    """The order of gates in each row: the widest relative gap first, unknown ones last.

    ``order[place, row]`` is an index into ``held``; open gates are among them.
    """
    return np.argsort(np.array([ranks(each) for each in held]), axis=0, kind="stable")


def worst_reasons(
    held: Sequence[Gate], where: Truth = True, with_unknown: bool = True
) -> list[Clause]:
    """The reasons of gates that aren't open, the worst first, where a condition holds."""
    if not held:
        return []
    shut = [each.states != OPEN if with_unknown else each.states == CLOSED for each in held]
    pairs = zip(held, shut, strict=True)
    reasons = [each.reasons_where(where & is_shut) for each, is_shut in pairs]
    return ordered(reasons, worst_first(held))


def ranks(held: Gate) -> Numbers:
    """Sort keys: the wider the relative gap, the lower; 1 where it is unknown."""
    return np.where(held.states == UNKNOWN, 1, -np.minimum(held.relative_gaps, _WIDEST))


_WIDEST = 2**40
"""The limit of gaps, a million times the threshold, so that they can be multiplied."""


def nearest(held: Sequence[Gate]) -> tuple[Numbers, Numbers]:
    """The gate with the smallest gap in each row, as an index into ``held``; unknown ones last.

    Of two with the same gap, the first. Also returns where there is one.
    """
    never = 2 * MILLION * MILLION
    ranks = np.array(
        [
            np.where(
                each.states == OPEN,
                2 * never,
                np.where(each.states == UNKNOWN, never, np.minimum(each.relative_gaps, never - 1)),
            )
            for each in held
        ]
    )
    return ranks.argmin(axis=0), ranks.min(axis=0) < 2 * never


def _threshold(rule: Rule, currency: Currency) -> int:
    try:
        return _read_threshold(str(rule.value), figure_kind(rule), currency)
    except CellError as error:
        raise CallError(f"rules.{rule.key}: {error}") from None


@cache
def _read_threshold(value: str, kind: Kind, currency: Currency) -> int:
    threshold = read_fact(value, kind, currency)
    if not isinstance(threshold, int):
        raise refusal(value, _("{cell} is not a threshold; write a number"))
    return threshold


def _are_met(rule: Rule, facts: Sequence[Fact]) -> list[bool]:
    """Which facts meet a condition."""
    if rule.unit == "yes_no":
        return [fact == (rule.value == "yes") for fact in facts]
    wanted = frozenset(canonical(str(value)) for value in rule.value)
    found = names_meant(facts, figure_kind(rule))
    if rule.unit == "all_of":
        return [wanted <= names for names in found]
    is_any_wanted = rule.unit == "any_of"
    return [wanted.isdisjoint(names) != is_any_wanted for names in found]
