"""Gates: figures of the rule book compared with columns of facts.

A gate is data: a rule with a ``column`` and either a ``compare`` and a value, or a condition:
``any_of``, ``all_of``, ``none_of`` or ``yes_no``. A new gate is a table in the rule book and needs
no code. A rule is tested for all rows at once.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from aepromo.errors import CallError
from aepromo.inputs.figures import figure_kind
from aepromo.platform.clauses import UNSAID, Clause
from aepromo.platform.columns import STATES
from aepromo.pricing.money import BLANK, MILLION
from aepromo.table.cells import CellError, refusal
from aepromo.table.column import Kind
from aepromo.table.facts import names_meant, read_fact, shown_facts
from aepromo.table.headings import in_words
from aepromo.table.names import canonical, spoken_name
from aepromo.table.number_columns import Words
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aepromo.engine.question import Inputs
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.rules import Rule
    from aepromo.table.facts import Fact
    from aepromo.table.number_columns import Numbers

CONDITIONS = frozenset({"any_of", "all_of", "none_of", "yes_no"})
"""The units of rules that are conditions, without a threshold."""

OPEN, CLOSED, UNKNOWN = range(len(STATES))

_HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_BOUNDS = {">": N_("over {value}"), "<": N_("under {value}"), "<=": N_("at most {value}")}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


class Wording(NamedTuple):
    """The clauses about a fact and its threshold, in the language in force."""

    met: str
    bare: str
    at_it: str
    short: str
    unknown: str


def wording() -> Wording:
    """Look up the clauses, once for many gates."""
    return Wording(
        _("{name} {value}, {needs}: met"),
        _("{name} {value}, {needs}"),
        _("{name} {value}, {needs}: just at it"),
        _("{name} {value}, {needs}: {gap}"),
        _("{name} unknown, {needs}"),
    )


@dataclass(frozen=True)
class Gate:
    """A rule tested on a column: ``states`` has ``OPEN``, ``CLOSED`` or ``UNKNOWN`` for each row.

    ``gaps`` is how far each fact is from the threshold, in the fact's own unit; never negative, and
    0 at a gate without a threshold. ``codes`` are each row's index into ``facts``, the different
    facts of the column; -1 where it is unknown. ``fact_states`` and ``fact_gaps`` are those of the
    facts. ``currency`` is what money is in; ``said`` has the clauses for reasons.
    """

    rule: Rule
    codes: Numbers
    facts: Sequence[Fact]
    fact_states: Numbers
    fact_gaps: Numbers
    currency: Currency
    said: Wording

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

    def reasons(self) -> Clause:
        """``dsr 4.71, needs 4.78: +0.07``: the fact, the threshold and what is missing."""
        return self._reasons

    def reasons_where(self, condition: Truth) -> Clause:
        """The reasons where a condition holds; no other text is formatted."""
        unknown, unsaid = len(self.facts), len(self.facts) + 1
        codes = np.where(self.states == UNKNOWN, unknown, self.codes)
        codes = np.where(condition, codes, unsaid)
        is_read = np.zeros(unsaid + 1, np.bool_)
        is_read[codes] = True
        among = np.flatnonzero(is_read[:unknown])
        places = np.full(unsaid + 1, UNSAID, np.int64)
        places[among], places[unknown] = np.arange(len(among)), len(among)
        name, needs = in_words(self.rule.column), self.needs
        texts = [*self._texts_of(among), self.said.unknown.format(name=name, needs=needs)]
        return Clause(places[codes], texts)

    @cached_property
    def _reasons(self) -> Clause:
        texts = self._texts_of(np.arange(len(self.facts)))
        name, needs = in_words(self.rule.column), self.needs
        codes = np.where(self.states == UNKNOWN, len(texts), self.codes)
        return Clause(codes, [*texts, self.said.unknown.format(name=name, needs=needs)])

    def _texts_of(self, codes: Numbers) -> list[str]:
        """The reasons for some of the facts."""
        said, kind = self.said, figure_kind(self.rule)
        name, needs = in_words(self.rule.column), self.needs
        facts = [self.facts[code] for code in codes.tolist()]
        gaps = self.fact_gaps[codes].tolist()
        sign = "+" if self.rule.compare in (">", ">=") else "-"
        texts = []
        for fact, state, gap, value, shown_gap in zip(
            facts,
            self.fact_states[codes].tolist(),
            gaps,
            shown_facts(facts, kind, self.currency),
            shown_facts(gaps, kind, self.currency, are_gaps=True),
            strict=True,
        ):
            if state == OPEN:
                text = said.met
            elif not self.rule.compare or not isinstance(fact, int):
                text = said.bare
            else:
                text = said.short if gap else said.at_it
            texts.append(text.format(name=name, value=value, needs=needs, gap=sign + shown_gap))
        return texts

    def values(self) -> Clause:
        """The facts as text, unsaid where they are unknown."""
        texts = shown_facts(self.facts, figure_kind(self.rule), self.currency)
        return Clause(np.where(self.states == UNKNOWN, UNSAID, self.codes), texts)

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


def hold(
    rule: Rule,
    inputs: Inputs,
    computed: Mapping[str, Whole | Words] | None = None,
    said: Wording | None = None,
) -> Gate:
    """Test one rule, which must be a gate, on the facts of each row.

    ``computed`` are computed columns, which go before those of the inputs. Raises ``CallError`` for
    a rule with a value that can't be compared.
    """
    currency = inputs.values.currency
    codes, facts = _facts_of(rule, inputs, computed or {})
    if rule.compare:
        threshold = _threshold(rule, currency)
        numbers = np.array([each if isinstance(each, int) else BLANK for each in facts], np.int64)
        holds = _HOLDS[rule.compare](numbers, threshold)
        states = np.where(numbers == BLANK, UNKNOWN, np.where(holds, OPEN, CLOSED))
        gaps = np.where(states == CLOSED, np.abs(threshold - numbers), 0)
    else:
        states = np.array([OPEN if met else CLOSED for met in _are_met(rule, facts)], np.int64)
        gaps = np.zeros(len(facts), np.int64)
    return Gate(
        rule,
        codes,
        facts,
        np.append(states, UNKNOWN),
        np.append(gaps, 0),
        currency,
        said or wording(),
    )


def hold_all(
    rules: Iterable[Rule], inputs: Inputs, computed: Mapping[str, Whole | Words] | None = None
) -> list[Gate]:
    """Test every rule that is a gate, in the order of the rule book."""
    said = wording()
    return [hold(rule, inputs, computed, said) for rule in rules if is_gate(rule)]


def _facts_of(
    rule: Rule, inputs: Inputs, computed: Mapping[str, Whole | Words]
) -> tuple[Numbers, Sequence[Fact]]:
    """The different facts of a rule's column, and each row's code among them, -1 for none."""
    name, kind = rule.column, figure_kind(rule)
    column = computed[name] if name in computed else inputs.numbers.get(name)
    if isinstance(column, Words):
        return column.codes, column.values
    if column is not None:
        return _different(column, kind, inputs.rows)
    words = inputs.words.get(name)
    if words is None and kind is Kind.TEXT:
        words = _texts(inputs, name)
    if words is None:
        return np.full(inputs.rows, -1, np.int64), ()
    return words.codes, words.values


def _different(column: Whole, kind: Kind, rows: int) -> tuple[Numbers, Sequence[Fact]]:
    numbers = np.broadcast_to(np.asarray(column, np.int64), rows)
    found, codes = np.unique(numbers, return_inverse=True)
    facts: list[Fact] = found.tolist()
    if facts and facts[0] == BLANK:  # the lowest of all numbers
        return codes - 1, _as_facts(facts[1:], kind)
    return codes, _as_facts(facts, kind)


def _as_facts(numbers: list[Fact], kind: Kind) -> list[Fact]:
    return [bool(number) for number in numbers] if kind is Kind.FLAG else numbers


def _texts(inputs: Inputs, name: str) -> Words | None:
    encoded = inputs.text(name).dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    known = np.array([code if text else -1 for code, text in enumerate(texts)], np.int64)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    return Words(known[codes] if len(known) else codes, texts)


def avoiding(rule: Rule) -> Rule:
    """A rule that states what goes wrong, turned into what must hold."""
    return rule._replace(compare=_OPPOSITE[rule.compare])


def state(held: Sequence[Gate], rows: int) -> Numbers:
    """The combined state of several gates for each row, as indices into ``STATES``.

    Closed where any gate is, else unknown where any gate is, else open.
    """
    found = np.zeros(rows, np.int64)
    for each in held:
        found = np.where(each.states == UNKNOWN, np.maximum(found, UNKNOWN), found)
    for each in held:
        found = np.where(each.states == CLOSED, CLOSED, found)
    return found


def worst_first(held: Sequence[Gate]) -> Numbers:
    """The order of gates in each row: the widest relative gap first, unknown ones last.

    ``order[place, row]`` is an index into ``held``; open gates are among them.
    """
    return np.argsort(np.array([ranks(each) for each in held]), axis=0, kind="stable")


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
