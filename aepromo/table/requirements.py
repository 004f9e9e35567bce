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
from aepromo.table.schema import in_words
from aepromo.table.spellings import canonical, parts, spoken_name
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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

    ``threshold`` is in the unit of the facts, ``names`` are those of a condition as the rule book
    writes them; ``currency`` is what money is in. ``column`` (``refund rate``), ``bound`` (``under
    2.1%``, ``Payoneer or Wise``) and ``needs`` (``needs under 2.1%``) are for people.
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
        """The names in each fact, as the rule book writes them."""
        if isinstance(facts, np.ndarray):
            return [frozenset({text}) for text in self.shown(facts)]
        return [
            parts(fact) if isinstance(fact, str) else frozenset(map(canonical, fact))
            for fact in facts
        ]

    def shown(self, facts: Facts) -> list[str]:
        """Facts as text: ``4.71``, ``5.2%``, ``L3``, ``14``."""
        if not isinstance(facts, np.ndarray):
            return [
                fact if isinstance(fact, str) else _(" and ").join(map(spoken_name, fact))
                for fact in facts
            ]
        if self.kind is Kind.FLAG:
            return [_("yes") if fact else _("no") for fact in facts.tolist()]
        texts = self.shown_gaps(facts)
        return [f"L{text}" for text in texts] if self.kind is Kind.LEVEL else texts

    def shown_gaps(self, gaps: Numbers) -> list[str]:
        """Gaps between facts and the threshold as text: ``0.07``, ``1.3%``, one level as ``1``."""
        is_share = self.kind in (Kind.RATE, Kind.SHARE)
        if is_share or self.kind is Kind.NUMBER:
            texts = without_zeros(spelled(gaps, RATE_PLACES - 2 if is_share else RATE_PLACES))
        else:
            own = {Kind.LEVEL: 0, Kind.COUNT: 0, Kind.TURNOVER: USD.places}
            texts = spelled(gaps, own.get(self.kind, self.currency.places))
        return [f"{text}%" if is_share else text for text in texts.to_pylist()]


def requirements(rules: Iterable[Rule], currency: Currency) -> list[Requirement]:
    """Read the values of rules. Raises ``CallError`` for one that can't be compared."""
    needs, must_not_be = _("needs {bound}"), _("must not be {bound}")
    found = []
    for rule in rules:
        kind, bound = figure_kind(rule), _bound(rule)
        asks = must_not_be if rule.unit == "none_of" else needs
        threshold = _threshold(rule, kind, currency) if rule.compare else 0
        names = rule.value if isinstance(rule.value, tuple) else ()
        found.append(
            Requirement(
                rule,
                kind,
                threshold,
                frozenset(map(canonical, names)),
                currency,
                in_words(rule.column),
                bound,
                asks.format(bound=bound),
            )
        )
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


def _bound(rule: Rule) -> str:
    value = rule.value
    if isinstance(value, tuple):
        between = _(" and ") if rule.unit == "all_of" else _(" or ")
        return between.join(map(spoken_name, value))
    if rule.unit == "yes_no":
        return _("yes") if value == "yes" else _("no")
    bound = _BOUNDS.get(rule.compare)
    return _(bound).format(value=value) if bound else value
