"""The margin worksheet (毛利测算表) that goes with an appeal: arithmetic to recompute by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.inputs.exchange import rate_text
from aepromo.platform.columns import SHIPPING_FEES
from aepromo.table.cells import fixed, percent
from aepromo.table.column import Kind
from aepromo.table.currencies import currency_named
from aepromo.table.text import TextColumn
from aepromo.words import texts_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.platform.appeal import Formula
    from aepromo.platform.ruling import Row
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Whole
    from aepromo.table.facts import Fact

HEADERS = (
    *("SKU", "list price", "forced rate", "discounted price", "purchase price"),
    *("logistics cost", "commission rate", "commission", "payment fee rate", "payment fee"),
    *("profit", "margin"),
    "list price × (1 − forced rate) − purchase price − logistics cost − commission"
    " − payment fee; each step rounded half up to the cent",
)
PARTS = ("first-weight fee", "additional-weight fee", "registration fee")
RATE = "exchange rate"
ORIGIN = "costs as they come about, each rounded up to the cent"
_AMOUNTS = (1, 3, 4, 5, 7, 9, 10)


class Line(NamedTuple):
    """A SKU on the worksheet: its facts, as they were read, and the formula for it."""

    row: Row
    formula: Formula


def worksheet(
    lines: Sequence[Line], minimum: int, currency: Currency, language: str
) -> list[TextColumn]:
    """The worksheet's columns: each SKU's terms in the platform's order, and its arithmetic.

    Where costs were converted, or a tariff gave them, the rates, the parts and their arithmetic
    follow. ``minimum`` is the least profit in minor units (rule book: ``appeal.min_profit``).
    """
    text_of = texts_in(language, "worksheet")
    headers = [
        f"{header} ({currency.code})" if position in _AMOUNTS else header
        for position, header in enumerate(map(text_of, HEADERS))
    ]
    rows = [_cells(line, minimum, currency) for line in lines]
    cells = list(zip(*rows, strict=True)) or [()] * len(headers)
    beside = {
        RATE: [_rates(line.row, currency) for line in lines],
        **{
            part: [_part(line.row, name) for line in lines]
            for part, name in zip(PARTS, SHIPPING_FEES, strict=True)
        },
        ORIGIN: [origin(line.row, currency) for line in lines],
    }
    for header, column in beside.items():
        if any(column):
            headers.append(text_of(header))
            cells.append(tuple(column))
    return [
        TextColumn(header, Kind.TEXT, column) for header, column in zip(headers, cells, strict=True)
    ]


def _cells(line: Line, minimum: int, currency: Currency) -> tuple[str, ...]:
    formula = line.formula

    def amount(value: Whole) -> str:
        return fixed(int(value), currency.places)

    return (
        str(line.row.get("sku", "")),
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


def origin(row: Row, currency: Currency) -> str:
    """How costs come about that were converted, or that a tariff gave; nothing of any other.

    ``56.00 CNY ÷ 7.12 = 7.87; 9.90 + 28.50 + 0.00 = 38.40 CNY; 38.40 CNY ÷ 7.12 = 5.40``; each
    quotient is rounded up to the cent.
    """
    steps = []
    for name in ("purchase_price", "logistics_cost"):
        by_tariff = name == "logistics_cost" and _is_shipped(row)
        code, rate, _day = _SHIPPING_RATE if by_tariff else _COST_RATE
        stated = row.get(f"stated_{name}")
        if not isinstance(stated, int):
            continue
        own = row[code]
        total = _stated(stated, str(own))
        parts = [row[part] for part in SHIPPING_FEES] if by_tariff else []
        if parts and sum(part for part in parts if isinstance(part, int)) == stated:
            places = currency_named(str(own)).places
            sums = " + ".join(fixed(part, places) for part in parts if isinstance(part, int))
            steps.append(f"{sums} = {total}")
        if own != currency.code:
            worth = fixed(_whole(row[name]), currency.places)
            steps.append(f"{total} ÷ {rate_text(_whole(row[rate]))} = {worth}")
    return "; ".join(steps)


_COST_RATE = ("cost_currency", "fx_rate", "fx_day")
_SHIPPING_RATE = ("shipping_currency", "shipping_fx_rate", "shipping_fx_day")


def _rates(row: Row, currency: Currency) -> str:
    """``1 USD = 7.12 CNY (2026-11-20)``: each rate that was used, with its day where it has one."""
    found = []
    for code, rate, day in (_COST_RATE, _SHIPPING_RATE):
        if isinstance(own := row.get(code), str) and own != currency.code:
            dated = f" ({row[day]})" if day in row else ""
            found.append(f"1 {currency.code} = {rate_text(_whole(row[rate]))} {own}{dated}")
    return "; ".join(dict.fromkeys(found))


def _part(row: Row, name: str) -> str:
    """A part of the shipping cost that a tariff gave, in the tariff's currency."""
    return _stated(_whole(row[name]), str(row["shipping_currency"])) if _is_shipped(row) else ""


def _is_shipped(row: Row) -> bool:
    return "shipping_currency" in row


def _stated(amount: int, code: str) -> str:
    return f"{fixed(amount, currency_named(code).places)} {code}"


def _whole(fact: Fact) -> int:
    return fact if isinstance(fact, int) else 0
