"""Gates: a figure of the rule book held against what is known of a row.

A gate is data: a rule with a ``column`` and either a ``compare`` and a value, or a condition:
``any_of``, ``all_of``, ``none_of`` or ``yes_no``. A new one is a table in the rule book, and no
code.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.platform.columns import STATES
from aepromo.pricing.currency import USD
from aepromo.pricing.money import MILLION
from aepromo.table.cells import CellError, fixed, percent, refusal
from aepromo.table.column import Kind
from aepromo.table.facts import read_fact
from aepromo.table.headings import in_words
from aepromo.table.names import canonical, parts, spoken_name
from aepromo.table.schema import INPUTS
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.platform.ruling import Row
    from aepromo.pricing.currency import Currency
    from aepromo.rules import Rule
    from aepromo.table.facts import Fact

CONDITIONS = frozenset({"any_of", "all_of", "none_of", "yes_no"})
"""The units of rules that a fact meets or doesn't, without a threshold between."""

_HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_BOUNDS = {">": N_("over {value}"), "<": N_("under {value}"), "<=": N_("at most {value}")}
_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
_SHARES = (Kind.RATE, Kind.SHARE)


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule held against a fact: ``is_open`` is None where the fact isn't known.

    ``gap`` is how far the fact is from the threshold, in the fact's own unit; never negative, and
    0 at a gate without a threshold. ``currency`` is what the fact is in where it is money.
    """

    rule: Rule
    fact: Fact | None
    is_open: bool | None
    gap: int
    currency: Currency = USD

    @property
    def relative_gap(self) -> int:
        """The gap as a share of the threshold, in millionths; all of it where nothing is between.

        So gates in different units can be told apart by how far they are from opening.
        """
        if self.is_open:
            return 0
        if not self.rule.compare or self.fact is None:
            return MILLION
        threshold = _threshold(self.rule, self.currency)
        return self.gap * MILLION // threshold if threshold else self.gap

    @property
    def reason(self) -> str:
        """``dsr 4.71, needs 4.78: +0.07``: the fact, the threshold and what is missing."""
        if self.fact is None:
            text = _("{name} unknown, {needs}")
        elif self.is_open:
            text = _("{name} {value}, {needs}: met")
        elif not self.rule.compare:
            text = _("{name} {value}, {needs}")
        elif not self.gap:
            text = _("{name} {value}, {needs}: just at it")
        else:
            text = _("{name} {value}, {needs}: {gap}")
        sign = "+" if self.rule.compare in (">", ">=") else "-"
        gap = sign + _shown(_kind(self.rule), self.gap, self.currency, is_gap=True)
        name = in_words(self.rule.column)
        return text.format(name=name, value=self.shown, needs=self.needs, gap=gap)

    @property
    def shown(self) -> str:
        """The fact as people write it; empty where nobody knows it."""
        kind = _kind(self.rule)
        return "" if self.fact is None else _shown(kind, self.fact, self.currency)

    @property
    def needs(self) -> str:
        """What the rule asks for: ``needs under 2.1%``, ``needs Payoneer or Wise``."""
        asks = _("must not be {bound}") if self.rule.unit == "none_of" else _("needs {bound}")
        return asks.format(bound=self.bound)

    @property
    def bound(self) -> str:
        """What the fact is held against: ``under 2.1%``, ``Payoneer or Wise``."""
        value = self.rule.value
        if isinstance(value, tuple):
            between = _(" and ") if self.rule.unit == "all_of" else _(" or ")
            return between.join(map(spoken_name, value))
        if self.rule.unit == "yes_no":
            return _("yes") if value == "yes" else _("no")
        bound = _BOUNDS.get(self.rule.compare)
        return _(bound).format(value=value) if bound else value


def is_gate(rule: Rule) -> bool:
    """Whether a rule is to be held against a column."""
    return bool(rule.column) and (bool(rule.compare) or rule.unit in CONDITIONS)


def gate(rule: Rule, row: Row, currency: Currency = USD) -> Gate:
    """Hold one rule, which must be a gate, against a row's facts.

    Raises ``CallError`` where somebody gave the rule a value that can't be compared.
    """
    fact = row.get(rule.column)
    if fact is None:
        return Gate(rule, None, None, 0, currency)
    if not rule.compare:
        return Gate(rule, fact, _is_met(rule, fact), 0, currency)
    threshold = _threshold(rule, currency)
    if not isinstance(fact, int):
        return Gate(rule, None, None, 0, currency)
    is_open = bool(_HOLDS[rule.compare](fact, threshold))
    return Gate(rule, fact, is_open, 0 if is_open else abs(threshold - fact), currency)


def gates(rules: Iterable[Rule], row: Row, currency: Currency = USD) -> list[Gate]:
    """Hold every rule that is a gate against a row's facts, in the order of the rule book."""
    return [gate(rule, row, currency) for rule in rules if is_gate(rule)]


def avoiding(rule: Rule) -> Rule:
    """A rule that states what goes wrong, turned into what must hold instead."""
    return rule._replace(compare=_OPPOSITE[rule.compare])


def state(held: Iterable[Gate]) -> int:
    """What gates come to together, as an index into ``STATES``: closed if any of them is."""
    found = [each.is_open for each in held]
    if False in found:
        return STATES.index("closed")
    return STATES.index("unknown" if None in found else "open")


def worst_first(held: Iterable[Gate]) -> list[Gate]:
    """The gates that aren't open: the widest relative gap first, those that nobody knows last."""
    shut = [each for each in held if not each.is_open]
    return sorted(shut, key=lambda each: (each.fact is None, -each.relative_gap))


def _threshold(rule: Rule, currency: Currency) -> int:
    try:
        return _read_threshold(str(rule.value), _kind(rule), currency)
    except CellError as error:
        raise CallError(f"rules.{rule.key}: {error}") from None


def _kind(rule: Rule) -> Kind:
    """How a rule's fact is written: as its column's cells; by its unit where it is worked out."""
    column = INPUTS.get(rule.column)
    return column.kind if column else _KINDS.get(rule.unit, Kind.NUMBER)


_KINDS = {"money": Kind.TARGET, "ratio": Kind.SHARE, "count": Kind.COUNT, "level": Kind.LEVEL}


@cache
def _read_threshold(value: str, kind: Kind, currency: Currency) -> int:
    threshold = read_fact(value, kind, currency)
    if not isinstance(threshold, int):
        raise refusal(value, _("{cell} is no threshold; write a number"))
    return threshold


def _is_met(rule: Rule, fact: Fact) -> bool:
    if isinstance(fact, bool):
        return fact == (rule.value == "yes")
    found = _names(_kind(rule), fact)
    wanted = [canonical(str(value)) for value in rule.value]
    if rule.unit == "all_of":
        return all(value in found for value in wanted)
    is_any = any(value in found for value in wanted)
    return is_any if rule.unit == "any_of" else not is_any


def _names(kind: Kind, fact: Fact) -> frozenset[str]:
    """What a fact is called, in the rule book's words."""
    if isinstance(fact, tuple):
        return frozenset(map(canonical, fact))
    return parts(fact) if isinstance(fact, str) else frozenset({_shown(kind, fact, USD)})


def _shown(kind: Kind, value: Fact, currency: Currency, is_gap: bool = False) -> str:
    """A fact as people write it: ``4.71``, ``5.2%``, ``L3``, ``14``; gaps of levels as numbers."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return _(" and ").join(map(spoken_name, value))
    if not isinstance(value, int):
        return str(value)
    if kind in _SHARES:
        return percent(value)
    if kind is Kind.LEVEL:
        return str(value) if is_gap else f"L{value}"
    if kind is Kind.NUMBER:
        return fixed(value, 6).rstrip("0").rstrip(".")
    if kind is Kind.COUNT:
        return str(value)
    return fixed(value, USD.places if kind is Kind.TURNOVER else currency.places)
