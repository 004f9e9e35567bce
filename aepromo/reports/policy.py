"""What does not vary from row to row: values for blank cells, order offers, endings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from aepromo import rules
from aepromo.errors import CallError
from aepromo.pricing.money import MILLION
from aepromo.pricing.offers import Offers
from aepromo.reports.report import Terms
from aepromo.tables.cells import CellError, read, read_range
from aepromo.tables.schema import INPUTS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

Value: TypeAlias = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Values for the cells that a file lacks or leaves blank, written as a cell would be.

    Amounts are in currency units (``"3.50"``), rates are ``"13.2%"``, ``"0.132"`` or, for the
    forced rate, ``"10%..20%"``. A float is refused: it can't hold a cent.
    """

    purchase_price: Value = None
    logistics_cost: Value = None
    other_cost: Value = None
    list_price: Value = None
    limited_rate: Value = None
    forced_rate: Value = None
    forced_rate_min: Value = None
    forced_rate_max: Value = None
    commission_rate: Value = None
    payment_rate: Value = None
    target_price: Value = None
    target_profit: Value = None
    target_margin: Value = None

    def texts(self) -> dict[str, str]:
        """The values that are given, as text, by column name."""
        given = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float | bool):
                raise CallError(f"{field.name}: {value!r} is no exact amount; write it as text")
            if value is not None and str(value).strip():
                given[field.name] = str(value)
        return given

    def numbers(self) -> dict[str, int]:
        """The given values in minor units and millionths; a rate or range as its two ends.

        Raises ``CallError`` that lists every value which can't be used.
        """
        numbers: dict[str, int] = {}
        problems = []
        for name, text in self.texts().items():
            try:
                numbers |= _numbers_of(name, text)
            except CellError as error:
                problems.append(f"{INPUTS[name].flag}: {error}")
        if problems:
            raise CallError("; ".join(problems))
        return numbers

    def terms(self) -> Terms:
        """The rules and offers that hold for every SKU."""
        multiple = rules.rule("floor.multiple").value
        return Terms(
            offers=Offers(),
            endings=(),
            unit=10**PLACES,
            floor_multiple=int(Decimal(str(multiple)) * MILLION),
        )


def _numbers_of(name: str, text: str) -> Mapping[str, int]:
    if INPUTS[name].kind is Kind.RATES:
        low, high = read_range(text) or (0, 0)
        return {"forced_rate": low, "forced_rate_to": high}
    return {name: read(text, INPUTS[name].kind, PLACES) or 0}


ASSUMED = {
    "commission_rate": "fees.commission_rate",
    "payment_rate": "fees.payment_rate",
    "forced_rate": "forced.rate",
    "target_profit": "appeal.min_profit",
}
"""The columns that the rule book supplies where nobody else does, each with its key."""


def assumed_text(name: str) -> str:
    """The rule book's value for a column, as a cell would be written."""
    return str(rules.rule(ASSUMED[name]).value)


def assumed_numbers(name: str) -> Mapping[str, int]:
    """The rule book's value for a column, in minor units or millionths."""
    return _numbers_of(name, assumed_text(name))
