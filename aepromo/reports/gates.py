"""Gates: a figure of the rule book held against what is known of a row.

A gate is data: a rule with a ``column``, a ``compare`` and a value. A new one is a table in the
rule book, and no code.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.tables.cells import fixed, percent
from aepromo.tables.facts import read_fact
from aepromo.tables.schema import INPUTS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.reports.ruling import Row
    from aepromo.rules import Rule
    from aepromo.tables.facts import Fact

_HOLDS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_WANTS = {">": "over", ">=": "", "<": "under", "<=": "at most"}


@dataclass(frozen=True, slots=True)
class Gate:
    """A rule held against a fact: ``is_open`` is None where the fact isn't known.

    ``gap`` is how far the fact is from the threshold, in the fact's own unit; never negative.
    """

    rule: Rule
    fact: Fact | None
    is_open: bool | None
    gap: int

    @property
    def reason(self) -> str:
        """``DSR 4.71, needs 4.78: +0.07``: the fact, the threshold and what is missing."""
        name = self.rule.column.replace("_", " ")
        needs = f"needs {_WANTS[self.rule.compare]} {self.rule.value}".replace("  ", " ")
        if self.fact is None:
            return f"{name} unknown, {needs}"
        shown = _shown(self.rule.column, self.fact)
        if self.is_open:
            return f"{name} {shown}, {needs}: met"
        sign = "+" if self.rule.compare in (">", ">=") else "-"
        return f"{name} {shown}, {needs}: {sign}{_shown(self.rule.column, self.gap)}"


def gate(rule: Rule, row: Row) -> Gate:
    """Hold one rule, which must have a column and a comparison, against a row's facts."""
    kind = INPUTS[rule.column].kind
    fact = row.get(rule.column)
    threshold = read_fact(str(rule.value), kind)
    if fact is None or not isinstance(fact, int) or not isinstance(threshold, int):
        return Gate(rule, None, None, 0)
    is_open = bool(_HOLDS[rule.compare](fact, threshold))
    return Gate(rule, fact, is_open, 0 if is_open else abs(threshold - fact))


def gates(rules: Iterable[Rule], row: Row) -> list[Gate]:
    """Hold every rule that is a gate against a row's facts, in the order of the rule book."""
    return [gate(rule, row) for rule in rules if rule.column and rule.compare]


def _shown(column: str, value: Fact) -> str:
    """A fact as people write it: ``4.71``, ``5.2%``, ``L3``, ``14``."""
    kind = INPUTS[column].kind
    if not isinstance(value, int):
        return str(value)
    if kind is Kind.RATE:
        return percent(value)
    if kind is Kind.LEVEL:
        return f"L{value}"
    if kind is Kind.NUMBER:
        return fixed(value, 6).rstrip("0").rstrip(".")
    return str(value) if kind is Kind.COUNT else fixed(value, PLACES)
