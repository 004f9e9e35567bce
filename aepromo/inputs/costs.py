"""The costs of many rows, in the currency of the prices: whole columns at a time.

Where every row has the same currency and rate, that is one division. Where rows name currencies of
their own, the rows of each currency are read and converted together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aepromo.errors import CallError
from aepromo.inputs.columns import CONVERSION
from aepromo.inputs.exchange import Conversion
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION, converted_up
from aepromo.table.cells import CellError, read
from aepromo.table.column import Kind
from aepromo.table.currencies import currency_named
from aepromo.table.number_columns import Reading
from aepromo.table.schema import INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aepromo.inputs.exchange import Exchange
    from aepromo.pricing.currency import Currency
    from aepromo.table.any_cells import Cells
    from aepromo.table.number_columns import Numbers


@dataclass(slots=True)
class Costs:
    """What was read: ``converted`` costs in minor units of the selling currency, by column.

    ``stated`` are those that were converted, in minor units of their own currency: ``codes`` are
    each row's index into ``currencies``, ``rates`` what one unit of the prices' currency was worth.
    ``bad`` are cells that can't be used: row, column, reason with remedy. ``conversions`` are those
    that were made. ``signs`` are those of amounts whose currency nobody names. ``are_unnamed``:
    some are in rows that don't name a currency.
    """

    converted: dict[str, Numbers] = field(default_factory=dict)
    stated: dict[str, Numbers] = field(default_factory=dict)
    currencies: list[Currency] = field(default_factory=list)
    codes: Numbers | int = 0
    rates: Numbers | int = MILLION
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    conversions: frozenset[Conversion] = frozenset()
    signs: frozenset[str] = frozenset()
    are_unnamed: bool = False

    def reading(self, cells: Cells, position: int, kind: Kind) -> Reading:
        """Read a column of other amounts that are in each row's currency of the costs."""
        if len(self.currencies) == 1:
            return cells.reading(position, kind, self.currencies[0])
        numbers, bad = np.full(len(cells), BLANK, np.int64), dict[int, str]()
        for code, currency in enumerate(self.currencies):
            among = np.flatnonzero(np.asarray(self.codes) == code)
            reading = cells.chosen(among).reading(position, kind, currency)
            numbers[among] = reading.numbers
            bad |= {int(among[row]): reason for row, reason in reading.bad.items()}
        return Reading(numbers, numbers, bad)

    def given(self, text: str, name: str) -> Numbers:
        """What an option says of such an amount, in each row's currency. Raises ``CallError``."""
        amounts = [_fallback(text, name, currency) for currency in self.currencies]
        return np.array(amounts, np.int64)[self.codes]


def rows_differ(columns: Iterable[str]) -> bool:
    """Whether rows may name currencies or rates of their own."""
    return not set(CONVERSION).isdisjoint(columns)


def read_costs(
    cells: Cells, columns: Mapping[str, int], exchange: Exchange, offered: Mapping[str, str]
) -> Costs:
    """Read and convert the costs of rows; ``offered`` fills blank ones where rows may differ.

    ``columns`` tells at which position each column stands. Raises ``CallError`` where the options
    name a currency without a rate.
    """
    if rows_differ(columns):
        return _row_by_row(cells, columns, exchange, offered)
    there = _cost_columns(columns)
    costs = Costs(are_unnamed=bool(there), currencies=[exchange.cost])
    rate = exchange.rate(exchange.cost)
    if there and rate is None:
        raise CallError(f"cost_currency {exchange.no_rate(exchange.cost)}")
    costs.rates = MILLION if rate is None else rate.millionths
    for name in there:
        reading = cells.reading(columns[name], Kind.COST, exchange.cost)
        costs.bad += [(row, name, reason) for row, reason in reading.bad.items()]
        costs.converted[name] = reading.numbers
        costs.signs |= reading.signs
    if there and rate is not None and exchange.is_foreign(exchange.cost):
        costs.stated = dict(costs.converted)
        rates = np.full(len(cells), rate.millionths, np.int64)
        _convert(costs, exchange, exchange.cost, rates, np.arange(len(cells)))
        costs.conversions = frozenset({Conversion(exchange.cost.code, rate)})
    return costs


def _cost_columns(columns: Iterable[str]) -> list[str]:
    return [name for name in columns if name in INPUTS and INPUTS[name].kind is Kind.COST]


def _row_by_row(
    cells: Cells, columns: Mapping[str, int], exchange: Exchange, offered: Mapping[str, str]
) -> Costs:
    """Costs of rows that may differ in currency and rate."""
    costs, rows = Costs(), len(cells)
    own = np.full(rows, BLANK, np.int64)
    if "fx_rate" in columns:
        reading = cells.reading(columns["fx_rate"], Kind.FX, exchange.selling)
        costs.bad += [(row, "fx_rate", reason) for row, reason in reading.bad.items()]
        own = reading.numbers.copy()
        own[list(reading.bad)] = MILLION  # so that it isn't taken to be missing
    known, codes = _currencies(cells, columns, exchange, costs)
    costs.currencies, costs.codes = known, codes
    costs.rates = np.full(rows, MILLION, np.int64)
    for name in (*_cost_columns(columns), *(each for each in offered if each not in columns)):
        costs.converted[name] = np.full(rows, BLANK, np.int64)
        costs.stated[name] = np.full(rows, BLANK, np.int64)
    made: set[Conversion] = set()
    for code, currency in enumerate(known):
        among = np.flatnonzero(codes == code)
        chosen = cells if len(among) == rows else cells.chosen(among)
        for name, numbers in costs.converted.items():
            default = _fallback(offered.get(name, ""), name, currency)
            if name not in columns:
                numbers[among] = costs.stated[name][among] = default
                continue
            reading = chosen.reading(columns[name], Kind.COST, currency)
            costs.bad += [(int(among[row]), name, reason) for row, reason in reading.bad.items()]
            numbers[among] = np.where(reading.numbers == BLANK, default, reading.numbers)
            costs.stated[name][among] = numbers[among]
        made |= _convert_rows(costs, exchange, currency, own, among)
    costs.conversions = frozenset(made)
    return costs


def _currencies(
    cells: Cells, columns: Mapping[str, int], exchange: Exchange, costs: Costs
) -> tuple[list[Currency], Numbers]:
    """The currencies that occur, and for each row the index of its own."""
    if "cost_currency" not in columns:
        costs.are_unnamed = True
        return [exchange.cost], np.zeros(len(cells), np.int64)
    encoded = cells.texts(columns["cost_currency"]).dictionary_encode()
    known: list[Currency] = []
    indices, reasons = [], {}
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            currency = currency_named(text) if text.strip() else exchange.cost
            costs.are_unnamed |= not text.strip()
        except CellError as error:
            reasons[code] = str(error)
            currency = exchange.cost  # so that its costs aren't taken to be missing
        if currency not in known:
            known.append(currency)
        indices.append(known.index(currency))
    codes = encoded.indices.to_numpy()
    bad = np.flatnonzero(np.isin(codes, list(reasons)))
    costs.bad += [(int(row), "cost_currency", reasons[int(codes[row])]) for row in bad]
    return known, np.array(indices, np.int64)[codes]


def _fallback(text: str, name: str, currency: Currency) -> int:
    """What an option gives for an amount, in minor units of a row's currency; blank for nothing."""
    try:
        amount = read(text, INPUTS[name].kind, currency)
    except CellError as error:
        raise CallError(f"{INPUTS[name].flag}: {error}") from None
    return BLANK if amount is None else amount


def _convert_rows(
    costs: Costs, exchange: Exchange, currency: Currency, own: Numbers, among: Numbers
) -> set[Conversion]:
    """Convert the rows that are in one currency, each at its own rate or the one that holds."""
    rates = own[among]
    has_own = rates != BLANK
    if not exchange.is_foreign(currency):
        for row in among[has_own & (rates != MILLION)]:
            costs.bad.append((int(row), "fx_rate", exchange.pointless(int(own[row]))))
        return set()
    shared = exchange.rate(currency)
    if shared is None:
        costs.bad += [
            (int(row), "cost_currency", exchange.no_rate(currency)) for row in among[~has_own]
        ]
    rates = np.where(has_own, rates, MILLION if shared is None else shared.millionths)
    costs.rates[among] = rates  # type: ignore[index]  # made by row before this is called
    _convert(costs, exchange, currency, rates, among)
    made = {Conversion(currency.code, None)} if has_own.any() else set()
    if shared is not None and not has_own.all():
        made.add(Conversion(currency.code, shared))
    return made


def _convert(
    costs: Costs, exchange: Exchange, currency: Currency, rates: Numbers, among: Numbers
) -> None:
    """Convert some rows of every cost, where there is one."""
    finer, coarser = exchange.scales(currency)
    for name, numbers in costs.converted.items():
        amounts = numbers[among]
        is_known = amounts != BLANK
        worth = converted_up(np.where(is_known, amounts, 0), rates, finer, coarser)
        for row in np.flatnonzero(is_known & (worth >= AMOUNT_LIMIT)):
            costs.bad.append((int(among[row]), name, exchange.too_large(int(rates[row]))))
        converted = np.where(is_known, worth, BLANK)
        if len(among) == len(numbers):
            costs.converted[name] = converted
        else:
            numbers[among] = converted
