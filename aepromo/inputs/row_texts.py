"""The cells of one row as texts of options, without the units of its headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.inputs.columns import CONVERSION
from aepromo.inputs.exchange import Rate
from aepromo.inputs.header_currencies import cost_currencies
from aepromo.inputs.values import price_signs
from aepromo.table.cells import (
    POINT,
    CellError,
    currency_named,
    fixed,
    millionths,
    percent,
    pointed,
    read_exchange_rate,
    read_rate,
)
from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.inputs.exchange import Exchange
    from aepromo.pricing.currency import Currency
    from aepromo.table.found_columns import FoundColumns


class RowTexts(NamedTuple):
    """The filled cells of a row by column; ``currencies`` are those that costs name."""

    texts: dict[str, str]
    currencies: dict[str, str]


def row_texts(columns: FoundColumns, cells: Sequence[str], exchange: Exchange) -> RowTexts:
    """Collect the filled cells of a row by column, without the units of its headers.

    Columns that add up are added. A cell that can't be read is left unchanged and refused later.
    """
    named = cost_currencies(columns, exchange)
    exchange = _of_row(columns, cells, exchange)
    found = RowTexts({}, {})
    for name, positions in columns.positions.items():
        filled = [at for at in positions if cells[at].strip()]
        kind = INPUTS[name].kind
        texts = [_without_unit(cells[at], columns.units.get(at, ""), kind) for at in filled]
        if kind is Kind.COST and filled:
            if len(filled) > 1:
                in_currencies = [named.get(at) for at in filled]
                signs = price_signs({each: cells[at] for each, at in columns.items()})
                found.texts[name] = _sum_of_costs(texts, in_currencies, exchange, signs)
                found.currencies[name] = exchange.selling.code
            else:
                found.texts[name] = texts[0]
                if filled[0] in named:
                    found.currencies[name] = named[filled[0]].code
        elif len(filled) > 1:
            found.texts[name] = _sum_of_rates(texts)
        elif filled:
            found.texts[name] = texts[0]
    return found


def with_points(columns: FoundColumns, cells: Sequence[str], decimal: str) -> list[str]:
    """The cells of a row with decimal points, whatever the file's decimal mark.

    Raises ``CellError`` for a figure that isn't written with this mark.
    """
    found = list(cells)
    names = columns.positions if decimal != POINT else ()
    for name in (name for name in names if INPUTS[name].kind is not Kind.TEXT):
        for at in columns.positions[name]:
            try:
                found[at] = pointed(cells[at], decimal)
            except CellError as error:
                raise CellError(f"{columns.header[at]}: {error}") from None
    return found


def _of_row(columns: FoundColumns, cells: Sequence[str], exchange: Exchange) -> Exchange:
    """The currency and the rate of a row's costs; bad cells are refused later."""
    code, rate = (cells[columns[name]] if name in columns else "" for name in CONVERSION)
    try:
        cost = currency_named(code) if code.strip() else exchange.cost
        own = read_exchange_rate(rate)
    except CellError:
        return exchange
    of_store = exchange.fx_rate if cost.code == exchange.cost.code else None
    return exchange._replace(cost=cost, fx_rate=Rate(*own) if own else of_store)


def _without_unit(cell: str, unit: str, kind: Kind) -> str:
    try:
        if unit == "kg" and kind is Kind.WEIGHT:
            return fixed(millionths(cell), 3)
        if unit == "%" and "%" not in cell:
            return f"{fixed(millionths(cell), 6)}%"
    except CellError:
        pass
    return cell


def _sum_of_costs(
    texts: list[str],
    currencies: list[Currency | None],
    exchange: Exchange,
    signs: frozenset[str],
) -> str:
    """The sum of costs in the selling currency, each converted separately."""
    total = 0
    for text, currency in zip(texts, currencies, strict=True):
        codes = {} if currency is None else {"other_cost": currency.code}
        costs = exchange.row_costs({"other_cost": text}, codes, signs)
        if costs.problems:
            return text
        total += costs.converted["other_cost"]
    return fixed(total, exchange.selling.places)


def _sum_of_rates(texts: list[str]) -> str:
    try:
        rates = [read_rate(text) for text in texts]
    except CellError:
        return next(text for text in texts if text)
    return percent(sum(rate or 0 for rate in rates))
