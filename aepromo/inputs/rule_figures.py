"""How a figure of the rule book is written, by its unit or the column of its gate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aepromo import rules
from aepromo.errors import CallError
from aepromo.inputs.offer_texts import read_tier
from aepromo.pricing.currency import USD
from aepromo.pricing.offers import STACKINGS
from aepromo.table.cells import CellError, currency_named, millionths, read_range, shown
from aepromo.table.column import Kind
from aepromo.table.fact_cells import figure_kind, read_fact
from aepromo.words import N_, _
from aepromo.words.nearest import one_of

if TYPE_CHECKING:
    from aepromo.rules import Rule

_CHOICES = {"yes_no": ("yes", "no"), "switch": ("on", "off")}
_DATE = re.compile(r"\d{4}(?:-(?:Q[1-4]|\d\d(?:-\d\d)?))?", re.ASCII)
_BLANK = N_("is blank; write a figure")


def check_figure(rule: Rule, place: str) -> None:
    """Raise ``CallError``, which names the place, for an invalid value of a rule."""
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    if not all(value.strip() for value in values) or (not values and rule.unit != "list"):
        raise CallError(f"{place}: {_(_BLANK)}")
    choices = STACKINGS if rule.key == "stacking.own_and_forced" else _CHOICES.get(rule.unit, ())
    for value in values:
        try:
            if not choices:
                _check_value(rule, value, place)
            elif value not in choices:
                raise CellError(f"{shown(value)}: {one_of(value, choices)}")
        except CellError as error:
            raise CallError(f"{place}: {error}") from None


def _check_value(rule: Rule, value: str, place: str) -> None:
    dollars = currency_named(USD.code)  # so that an amount with another sign is refused
    if rule.unit == "tier":
        read_tier(place, value, dollars)
    elif rule.unit == "date":
        if not _DATE.fullmatch(value):
            reason = _("{cell} is not a date; write one such as 2026-03-01")
            raise CellError(reason.format(cell=shown(value)))
    elif rule.unit == "percent_points":
        millionths(value.removeprefix("-"))
    elif ".." in str(rules.rule(rule.key).value):
        if figure_kind(rule) is Kind.RATE:
            read_range(value)
        else:
            for end in value.split("..", 1):
                millionths(end)
    elif rule.unit not in rules.LISTS | {"text"} or figure_kind(rule) is Kind.LEVEL:
        read_fact(value, figure_kind(rule), dollars)
