"""The costs of many rows, in the currency of the prices: whole columns at a time.

Where every row has the same currency and rate, that is one division. Where rows name currencies of
their own, the rows of each currency are read and converted together. A column whose header names a
currency is in that, whatever the row says of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aepromo.errors import CallError
from aepromo.inputs.columns import CONVERSION
from aepromo.inputs.exchange import Conversion
from aepromo.inputs.header_currencies import cost_currencies, label_reasons
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION, converted_up
from aepromo.table.cells import CellError, read
from aepromo.table.column import Kind
from aepromo.table.currencies import currency_named
from aepromo.table.found_columns import positions_of
from aepromo.table.measured_cells import added_up
from aepromo.table.number_columns import Reading
from aepromo.table.schema import INPUTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

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


@dataclass(slots=True)
class _Part:
    """A column of costs, alone or one of several that add up; or what an option gives.

    Row by row ``codes`` are indices into ``currencies``, in whose minor units ``stated`` is.
    ``is_labelled``: the header names the currency. ``rates`` are those that rows give themselves.
    """

    name: str
    header: str
    currencies: Sequence[Currency]
    codes: Numbers
    is_labelled: bool
    stated: Numbers
    converted: Numbers
    rates: Numbers

    def by_currency(self) -> Iterator[tuple[Currency, Numbers]]:
        """The rows of each currency."""
        for code, currency in enumerate(self.currencies):
            yield currency, np.flatnonzero(self.codes == code)


def read_costs(
    cells: Cells, columns: Mapping[str, int], exchange: Exchange, offered: Mapping[str, str]
) -> Costs:
    """Read and convert the costs of rows; ``offered`` fills blank ones where rows may differ.

    ``columns`` tells at which position each column stands. Raises ``CallError`` where the options
    name a currency without a rate.
    """
    costs, rows, differ = Costs(), len(cells), rows_differ(columns)
    named = cost_currencies(columns, exchange)
    places = _cost_places(columns)
    labels = {named[at].code if at in named else "" for _name, at in places}
    of_rows = exchange
    if "cost_currency" not in columns and len(labels) == 1 and "" not in labels:
        # Where every header names the same currency, it is that of the rows.
        of_rows = exchange._replace(cost=named[places[0][1]])
    if not differ and "" in labels and exchange.rate(exchange.cost) is None:
        raise CallError(f"cost_currency {exchange.no_rate(exchange.cost)}")
    rates = _own_rates(cells, columns, exchange, costs)
    costs.currencies, codes = _currencies(cells, columns, of_rows, costs)
    costs.codes = codes
    costs.are_unnamed &= differ or "" in labels
    costs.are_unnamed &= not labels or "" in labels
    none, zeros = np.full(rows, BLANK, np.int64), np.zeros(rows, np.int64)
    # A rate that a row gives is that of the one foreign currency of its costs.
    foreign = {each.code for each in (*costs.currencies, *named.values())} - {exchange.selling.code}
    parts, defaults = [], []
    for name, at in places:
        header, own = str(cells.header[at]), named.get(at)
        if own is None:
            part = _Part(name, header, costs.currencies, codes, False, none, none, rates)
        else:
            of_part = rates if foreign == {own.code} else none
            part = _Part(name, header, [own], zeros, True, none, none, of_part)
        _read(costs, part, cells, at)
        parts.append(part)
    for name, text in offered.items() if differ else ():
        currencies, index = costs.currencies, codes
        if "cost_currency" not in columns:
            currencies, index = [exchange.cost], zeros
        stated = np.array([_fallback(text, name, each) for each in currencies], np.int64)[index]
        header = header_at(cells, columns, name)
        defaults.append(_Part(name, header, currencies, index, False, stated, stated, rates))
    headers = {name: header_at(cells, columns, name) for name in CONVERSION}
    _settle_rates(costs, parts, exchange, rates, headers, differ)
    for part in (*parts, *defaults):
        _convert(costs, part, exchange)
    _add_up(costs, parts, defaults, exchange, of_rows)
    return costs


def _cost_places(columns: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every column of costs, by name and position."""
    return [
        (name, position)
        for name in columns
        if name in INPUTS and INPUTS[name].kind is Kind.COST
        for position in positions_of(columns, name)
    ]


def _own_rates(
    cells: Cells, columns: Mapping[str, int], exchange: Exchange, costs: Costs
) -> Numbers:
    """The exchange rates that rows give, blank where they don't."""
    if "fx_rate" not in columns:
        return np.full(len(cells), BLANK, np.int64)
    reading = cells.reading(columns["fx_rate"], Kind.FX, exchange.selling)
    header = header_at(cells, columns, "fx_rate")
    costs.bad += [(row, header, reason) for row, reason in reading.bad.items()]
    rates = reading.numbers.copy()
    rates[list(reading.bad)] = MILLION  # so that it isn't taken to be missing
    return rates


def _currencies(
    cells: Cells, columns: Mapping[str, int], exchange: Exchange, costs: Costs
) -> tuple[list[Currency], Numbers]:
    """The currencies that occur, and for each row the index of its own."""
    if "cost_currency" not in columns:
        costs.are_unnamed = True
        return [exchange.cost], np.zeros(len(cells), np.int64)
    position = columns["cost_currency"]
    encoded = cells.texts(position).dictionary_encode()
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
    header = str(cells.header[position])
    costs.bad += [(int(row), header, reasons[int(codes[row])]) for row in bad]
    return known, np.array(indices, np.int64)[codes]


def _read(costs: Costs, part: _Part, cells: Cells, position: int) -> None:
    """Read the cells of a column, those of each currency together."""
    numbers = part.stated
    for currency, among in part.by_currency():
        is_all = len(among) == len(cells)
        chosen = cells if is_all else cells.chosen(among)
        reading = chosen.reading(position, Kind.COST, currency)
        bad = reading.bad
        if part.is_labelled:
            bad = label_reasons(bad, chosen, position, currency)
        costs.bad += [(int(among[row]), part.header, reason) for row, reason in bad.items()]
        costs.signs |= reading.signs
        if is_all:
            numbers = reading.numbers
        else:
            numbers = numbers.copy() if numbers is part.stated else numbers
            numbers[among] = reading.numbers
    part.stated = part.converted = numbers


def _fallback(text: str, name: str, currency: Currency) -> int:
    """What an option gives for an amount, in minor units of a row's currency; blank for nothing."""
    try:
        amount = read(text, INPUTS[name].kind, currency)
    except CellError as error:
        raise CallError(f"{INPUTS[name].flag}: {error}") from None
    return BLANK if amount is None else amount


def _settle_rates(
    costs: Costs,
    parts: Sequence[_Part],
    exchange: Exchange,
    rates: Numbers,
    headers: Mapping[str, str],
    differ: bool,
) -> None:
    """Note at which rates costs are converted, and rows without a rate or with a useless one."""
    labelled = [
        part for part in parts if part.is_labelled and exchange.is_foreign(part.currencies[0])
    ]
    codes = np.asarray(costs.codes)
    at_rates = np.full(len(codes), MILLION, np.int64)
    for code, currency in enumerate(costs.currencies):
        among = np.flatnonzero(codes == code)
        own = rates[among]
        if exchange.is_foreign(currency):
            if not (differ or parts):
                continue
            costs.conversions |= _made(exchange, currency, own)
            at_rates[among] = _rates_in_force(exchange, currency, own)
            header, reason = headers["cost_currency"], exchange.no_rate(currency)
            without = among[_lacks_rate(exchange, currency, own)].tolist()
            costs.bad += [(row, header, reason) for row in without]
        elif not labelled:
            for row in among[(own != BLANK) & (own != MILLION)].tolist():
                costs.bad.append((row, headers["fx_rate"], exchange.pointless(int(rates[row]))))
    costs.rates = at_rates if differ or not len(at_rates) else int(at_rates[0])
    for part in labelled:
        currency = part.currencies[0]
        costs.conversions |= _made(exchange, currency, part.rates)
        if currency not in costs.currencies:
            without = np.flatnonzero(_lacks_rate(exchange, currency, part.rates)).tolist()
            costs.bad += [(row, part.header, exchange.no_rate(currency)) for row in without]


def header_at(cells: Cells, columns: Mapping[str, int], name: str) -> str:
    """The header of a column, its own name where the table has none."""
    return str(cells.header[columns[name]]) if name in columns else name


def _rates_in_force(exchange: Exchange, currency: Currency, own: Numbers) -> Numbers:
    """The rate of each row: its own, or the one that holds; 1 where there is none."""
    shared = exchange.rate(currency)
    return np.where(own != BLANK, own, MILLION if shared is None else shared.millionths)


def _lacks_rate(exchange: Exchange, currency: Currency, own: Numbers) -> npt.NDArray[np.bool_]:
    """Where a row has no rate of its own and none holds."""
    has_none = exchange.rate(currency) is None
    lacks: npt.NDArray[np.bool_] = (own == BLANK) & has_none
    return lacks


def _made(exchange: Exchange, currency: Currency, own: Numbers) -> set[Conversion]:
    """The conversions of some rows in a foreign currency."""
    shared, has_own = exchange.rate(currency), own != BLANK
    made = {Conversion(currency.code, None)} if has_own.any() else set()
    if shared is not None and not has_own.all():
        made.add(Conversion(currency.code, shared))
    return made


def _convert(costs: Costs, part: _Part, exchange: Exchange) -> None:
    """Convert a column of costs, each cell up to a minor unit of the selling currency."""
    for currency, among in part.by_currency():
        if not exchange.is_foreign(currency):
            continue
        finer, coarser = exchange.scales(currency)
        amounts = part.stated[among]
        rates = _rates_in_force(exchange, currency, part.rates[among])
        is_known = amounts != BLANK
        worth = converted_up(np.where(is_known, amounts, 0), rates, finer, coarser)
        for at in np.flatnonzero(is_known & (worth >= AMOUNT_LIMIT)):
            costs.bad.append((int(among[at]), part.header, exchange.too_large(int(rates[at]))))
        if part.converted is part.stated:
            part.converted = part.stated.copy()
        part.converted[among] = np.where(is_known, worth, BLANK)


def _add_up(
    costs: Costs,
    parts: Sequence[_Part],
    defaults: Sequence[_Part],
    exchange: Exchange,
    of_rows: Exchange,
) -> None:
    """Put the parts of each cost together; ``defaults`` are for the rows that have none.

    A part that is not in the currency of its row counts as stated in the selling one.
    """
    by_name: dict[str, list[_Part]] = {}
    for part in parts:
        by_name.setdefault(part.name, []).append(part)
    for name, own in by_name.items():
        total, reasons = added_up([part.converted for part in own], Kind.COST, exchange.selling)
        costs.bad += [(row, own[-1].header, reason) for row, reason in reasons.items()]
        stated = [
            part.converted
            if part.is_labelled and part.currencies[0].code != of_rows.cost.code
            else part.stated
            for part in own
        ]
        costs.converted[name] = total
        costs.stated[name] = added_up(stated, Kind.COST, exchange.selling)[0]
    for part in defaults:
        for found, given in (
            (costs.converted, part.converted),
            (costs.stated, part.stated),
        ):
            own_numbers = found.get(part.name)
            if own_numbers is not None:
                given = np.where(own_numbers == BLANK, given, own_numbers)
            found[part.name] = given
