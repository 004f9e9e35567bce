"""Requirements: what rules of the book compare the facts of a column with, as values and in words.

A rule has either a ``compare`` and a threshold, or a condition: ``any_of``, ``all_of``, ``none_of``
or ``yes_no``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from aepromo.errors import CallError
from aepromo.pricing.currency import USD
from aepromo.table.cells import RATE_PLACES, CellError, refusal
from aepromo.table.column import Kind
from aepromo.table.csv_lines import spelled, without_zeros
from aepromo.table.fact_cells import figure_kind, read_fact
from aepromo.table.rule_book_names import name_key, parts, spoken_names
from aepromo.table.schema import all_in_words
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from aepromo.pricing.currency import Currency
    from aepromo.rules import Rule
    from aepromo.table.number_columns import Numbers

    Facts: TypeAlias = Numbers | Sequence[str] | Sequence[tuple[str, ...]]
    Truths: TypeAlias = npt.NDArray[np.bool_]

CONDITIONS = frozenset({"any_of", "all_of", "none_of", "yes_no"})
"""The units of rules that are conditions, without a threshold."""

_BOUNDS = {">": N_("over {value}"), "<": N_("under {value}"), "<=": N_("at most {value}")}


class Requirement(NamedTuple):
    """A rule with its value as a fact and in words.

    ``threshold`` is in the unit of the facts, ``names`` are the keys of those of a condition;
    ``currency`` is what money is in. ``column`` (``refund rate``), ``bound`` (``under 2.1%``,
    ``Payoneer or Wise``) and ``needs`` (``needs under 2.1%``) are for people.
    """

    rule: Rule
    kind: Kind
    threshold: int
    names: frozenset[str]
    currency: Currency
    column: str
    bound: str
    needs: str

    def meeting(self, facts: Facts) -> Truths:
        """Which facts meet the condition of a rule that has one."""
        if self.rule.unit == "yes_no":
            return np.array([fact == (self.rule.value == "yes") for fact in facts], np.bool_)
        found = self._names_in(facts)
        if self.rule.unit == "all_of":
            return np.array([self.names <= names for names in found], np.bool_)
        is_any_wanted = self.rule.unit == "any_of"
        return np.array([self.names.isdisjoint(each) != is_any_wanted for each in found], np.bool_)

    def _names_in(self, facts: Facts) -> list[frozenset[str]]:
        """The keys of the names in each fact."""
        if isinstance(facts, np.ndarray):
            return [frozenset({name_key(text)}) for text in self.shown(facts)]
        return [
            parts(fact) if isinstance(fact, str) else frozenset(map(name_key, fact))
            for fact in facts
        ]

    def shown(self, facts: Facts) -> list[str]:
        """Facts as text: ``4.71``, ``5.2%``, ``L3``, ``14``."""
        if not isinstance(facts, np.ndarray):
            between = _(" and ")
            return [
                fact if isinstance(fact, str) else between.join(spoken_names(fact))
                for fact in facts
            ]
        if self.kind is Kind.FLAG:
            return [_("yes") if fact else _("no") for fact in facts.tolist()]
        texts = self._spelled(facts)
        return [f"L{text}" for text in texts] if self.kind is Kind.LEVEL else texts

    def shown_with_gaps(self, facts: Facts, gaps: Numbers) -> list[tuple[str, str]]:
        """Facts and what each lacks or exceeds: ``4.71`` and ``+0.07``, ``L3`` and ``+1``."""
        sign = "+" if self.rule.compare in (">", ">=") else "-"
        spelled_gaps = self._spelled(gaps) if gaps.any() else [""] * len(gaps)
        pairs = zip(self.shown(facts), spelled_gaps, strict=True)
        return [(fact, sign + gap) for fact, gap in pairs]

    def _spelled(self, numbers: Numbers) -> list[str]:
        """Numbers in the unit of the facts as text, without the L of a level."""
        is_share = self.kind in (Kind.RATE, Kind.SHARE)
        if is_share or self.kind is Kind.NUMBER:
            texts = without_zeros(spelled(numbers, RATE_PLACES - 2 if is_share else RATE_PLACES))
        else:
            own = {Kind.LEVEL: 0, Kind.COUNT: 0, Kind.TURNOVER: USD.places}
            texts = spelled(numbers, own.get(self.kind, self.currency.places))
        return [f"{text}%" if is_share else text for text in texts.to_pylist()]


def requirements(rules: Sequence[Rule], currency: Currency) -> list[Requirement]:
    """Read the values of rules. Raises ``CallError`` for one that can't be compared."""
    needs, must_not_be = _("needs {bound}"), _("must not be {bound}")
    listed = [name for rule in rules if isinstance(rule.value, tuple) for name in rule.value]
    spoken = dict(zip(listed, spoken_names(listed), strict=True))
    found = []
    for rule, column in zip(rules, all_in_words(rule.column for rule in rules), strict=True):
        kind, bound = figure_kind(rule), _bound(rule, spoken)
        threshold = _threshold(rule, kind, currency) if rule.compare else 0
        names = frozenset(map(name_key, rule.value if isinstance(rule.value, tuple) else ()))
        asks = must_not_be if rule.unit == "none_of" else needs
        asked = asks.format(bound=bound)
        found.append(Requirement(rule, kind, threshold, names, currency, column, bound, asked))
    return found


def _threshold(rule: Rule, kind: Kind, currency: Currency) -> int:
    value = str(rule.value)
    try:
        threshold = read_fact(value, kind, currency)
        if not isinstance(threshold, int):
            raise refusal(value, _("{cell} is not a threshold; write a number"))
    except CellError as error:
        raise CallError(f"rules.{rule.key}: {error}") from None
    return threshold


def _bound(rule: Rule, spoken: Mapping[str, str]) -> str:
    value = rule.value
    if isinstance(value, tuple):
        between = _(" and ") if rule.unit == "all_of" else _(" or ")
        return between.join(spoken[name] for name in value)
    if rule.unit == "yes_no":
        return _("yes") if value == "yes" else _("no")
    bound = _BOUNDS.get(rule.compare)
    return _(bound).format(value=value) if bound else value
