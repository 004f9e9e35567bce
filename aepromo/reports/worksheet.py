"""The margin worksheet (毛利测算表) that goes with an appeal: arithmetic to recompute by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.tables.cells import fixed, percent
from aepromo.tables.schema import Kind
from aepromo.tables.text import TextColumn
from aepromo.words import texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.pricing.money import Whole
    from aepromo.reports.appeal import Formula
    from aepromo.tables.currency import Currency

HEADERS = (
    *("SKU", "list price", "forced rate", "discounted price", "purchase price"),
    *("logistics cost", "commission rate", "commission", "payment fee rate", "payment fee"),
    *("profit", "margin"),
    "list price × (1 − forced rate) − purchase price − logistics cost − commission"
    " − payment fee; each step rounded half up to the cent",
)
_AMOUNTS = (1, 3, 4, 5, 7, 9, 10)


def worksheet(
    lines: Iterable[tuple[str, Formula]], minimum: int, currency: Currency, language: str
) -> list[TextColumn]:
    """The worksheet's columns: each SKU's terms in the platform's order, and its arithmetic.

    ``minimum`` is the least profit in minor units (rule book: ``appeal.min_profit``).
    """
    text_of = texts_in(language, "worksheet")
    headers = [
        f"{header} ({currency.code})" if position in _AMOUNTS else header
        for position, header in enumerate(map(text_of, HEADERS))
    ]
    rows = [_cells(sku, formula, minimum, currency) for sku, formula in lines]
    cells = list(zip(*rows, strict=True)) or [()] * len(headers)
    return [
        TextColumn(header, Kind.TEXT, column) for header, column in zip(headers, cells, strict=True)
    ]


def _cells(sku: str, formula: Formula, minimum: int, currency: Currency) -> tuple[str, ...]:
    def amount(value: Whole) -> str:
        return fixed(int(value), currency.places)

    return (
        sku,
        amount(formula.list_price),
        percent(formula.forced_rate),
        amount(formula.deal_price),
        amount(formula.costs.purchase_price),
        amount(formula.costs.logistics_cost),
        percent(int(formula.fees.commission_rate)),
        amount(formula.commission),
        percent(int(formula.fees.payment_rate)),
        amount(formula.payment_fee),
        amount(formula.profit),
        percent(formula.margin * 100) if formula.deal_price else "",
        arithmetic(formula, minimum, currency),
    )


def arithmetic(formula: Formula, minimum: int, currency: Currency) -> str:
    """One line: the discounted price, the two fees on it, what is left, and the least that may be.

    ``20.00 × (1 − 15%) = 17.00; 17.00 × 6% = 1.02; 17.00 × 1% = 0.17;
    17.00 − 8.00 − 3.00 − 1.02 − 0.17 = 4.81 ≥ 0.80``; each product is rounded half up to the cent.
    """

    def amount(value: Whole) -> str:
        return fixed(int(value), currency.places)

    deal = amount(formula.deal_price)
    commission, payment_fee = amount(formula.commission), amount(formula.payment_fee)
    purchase = amount(formula.costs.purchase_price)
    logistics = amount(formula.costs.logistics_cost)
    return "; ".join(
        (
            f"{amount(formula.list_price)} × (1 − {percent(formula.forced_rate)}) = {deal}",
            f"{deal} × {percent(int(formula.fees.commission_rate))} = {commission}",
            f"{deal} × {percent(int(formula.fees.payment_rate))} = {payment_fee}",
            f"{deal} − {purchase} − {logistics} − {commission} − {payment_fee}"
            f" = {amount(formula.profit)} ≥ {amount(minimum)}",
        )
    )
