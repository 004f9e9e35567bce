"""The costs of many rows, each in its own currency, converted to that of the prices.

A cost is in the currency of its sign or its header, else in that of its row, else in that of the
call. If all rows have the same currency and rate, a whole column is converted by one division; else
the rows of each currency are read and converted together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from aepromo.errors import CallError, Refused
from aepromo.inputs.columns import CONVERSION
from aepromo.inputs.exchange import Conversion, Rate
from aepromo.inputs.header_currencies import cost_currencies, label_reasons
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, converted_up, fits_conversion
from aepromo.table.arrow_arrays import codes_of, taken
from aepromo.table.cells import CellError, currency_named, read, read_exchange_rate, shown, sign_of
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.found_columns import header_at
from aepromo.table.header_units import added_up
from aepromo.table.number_columns import Reading, rows_of
from aepromo.table.schema import INPUTS
from aepromo.table.written_numbers import signs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt
    import pyarrow as pa

    from aepromo.inputs.exchange import Exchange
    from aepromo.pricing.currency import Currency
    from aepromo.table.currency_signs import Sign
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import Cells, Numbers

    Rows = npt.NDArray[np.bool_]


@dataclass(slots=True)
class CostPart:
    """A column of costs, alone or one of several that add up; or the cost that an option gives.

    Row by row ``codes`` are indices into the currencies of ``Costs``, in whose minor units
    ``stated`` is; ``converted`` is in those of the selling one. ``is_labelled``: the header names
    the currency. ``is_unnamed``: some cells name no currency. ``position`` is -1 for an option.
    """

    name: str
    header: str
    codes: Numbers
    is_labelled: bool
    stated: Numbers
    converted: Numbers
    position: int = -1
    is_unnamed: bool = True


@dataclass(slots=True)
class Costs:
    """The costs of all rows: ``converted`` in minor units of the selling currency, by column.

    ``stated`` are the costs before conversion, in minor units of the row's cost currency, or of the
    selling one where a cost is not in that. ``codes`` holds each row's index into ``currencies``,
    ``rate_codes`` its index into ``rates``, which say what one unit of the prices' currency is
    worth. ``parts`` are the columns that the costs come from. ``bad`` are cells that can't be used.
    ``conversions`` are those that were made. ``signs`` are the
    currency signs of amounts without a named currency. ``are_unnamed``: some costs are in rows that
    don't name their currency.
    """

    converted: dict[str, Numbers] = field(default_factory=dict)
    stated: dict[str, Numbers] = field(default_factory=dict)
    currencies: list[Currency] = field(default_factory=list)
    codes: Numbers | int = 0
    rates: dict[Rate, int] = field(default_factory=lambda: {Rate(1): 0})
    rate_codes: Numbers | int = 0
    parts: list[CostPart] = field(default_factory=list)
    bad: list[Refused] = field(default_factory=list)
    conversions: frozenset[Conversion] = frozenset()
    signs: frozenset[str] = frozenset()
    are_unnamed: bool = False

    @property
    def unnamed(self) -> list[str]:
        """The headers of the costs whose currency nothing names, if that of others is named."""
        parts = [part for part in self.parts if part.is_unnamed and not part.is_labelled]
        return [part.header for part in parts] if len(parts) < len(self.parts) else []

    def code_of(self, currency: Currency) -> int:
        """A currency's index; a new one is added."""
        codes = [each.code for each in self.currencies]
        if currency.code not in codes:
            self.currencies.append(currency)
            return len(codes)
        return codes.index(currency.code)

    def rate_code_of(self, rate: Rate | None) -> int:
        """A rate's index; for None that of the rate 1."""
        return self.rates.setdefault(rate or Rate(1), len(self.rates))

    def rate_at(self, code: int) -> Rate:
        """The rate at an index."""
        return next(islice(self.rates, code, None))

    def by_currency(self, codes: Numbers) -> Iterator[tuple[Currency, Numbers]]:
        """The rows of each currency that has any."""
        if len(self.currencies) == 1:
            yield self.currencies[0], np.arange(len(codes))
            return
        for code, currency in enumerate(self.currencies):
            if len(among := np.flatnonzero(codes == code)):
                yield currency, among

    def reading(self, cells: Cells, position: int, kind: Kind) -> Reading:
        """Read a column of other amounts that are in each row's currency of the costs."""
        if len(self.currencies) == 1:
            return cells.reading(position, kind, self.currencies[0])
        numbers, bad = np.full(len(cells), BLANK, np.int64), list[Refused]()
        for currency, among in self.by_currency(np.asarray(self.codes)):
            reading = cells.chosen(among).reading(position, kind, currency)
            numbers[among] = reading.numbers
            bad += [each.moved(among) for each in reading.bad]
        return Reading(numbers, numbers, tuple(bad))

    def given(self, text: str, name: str) -> Numbers:
        """Parse an option's amount into minor units of each row's currency.

        Raises ``CallError`` where it is no amount.
        """
        codes = np.asarray(self.codes)
        amounts = np.full(len(codes), BLANK, np.int64)
        for currency, among in self.by_currency(codes):
            amounts[among] = _fallback(text, name, currency)
        return amounts


def rows_differ(columns: Iterable[str]) -> bool:
    """Whether rows can have their own currency or rate."""
    return not set(CONVERSION).isdisjoint(columns)


def read_costs(
    cells: Cells,
    columns: FoundColumns,
    exchange: Exchange,
    offered: Mapping[str, str],
    price_signs: frozenset[str] = frozenset(),
) -> Costs:
    """Read and convert the costs of rows; ``offered`` fills blank ones where rows may differ.

    ``columns`` tells at which position each column stands, ``price_signs`` are those of the prices
    that the call gives. Raises ``CallError`` where the options name a currency without a rate.
    """
    costs, rows, differ = Costs(), len(cells), rows_differ(columns)
    named = cost_currencies(columns, exchange)
    places = _cost_places(columns)
    labels = {named[at].code if at in named else "" for _name, at in places}
    of_rows = exchange
    if "cost_currency" not in columns and len(labels) == 1 and "" not in labels:
        # If every header names the same currency, it is that of the rows.
        of_rows = exchange._replace(cost=named[places[0][1]])
    if not differ and "" in labels and exchange.rate(exchange.cost) is None:
        raise CallError(f"cost_currency {exchange.no_rate(exchange.cost)}")
    own_rates = _own_rates(cells, columns, exchange, costs)
    costs.codes = codes = _row_currencies(cells, columns, of_rows, costs)
    none, zeros = np.full(rows, BLANK, np.int64), np.zeros(rows, np.int64)
    signed = _SignedCells(costs, cells, columns, exchange, price_signs)
    for name, at in places:
        own = named.get(at)
        part_codes = codes if own is None else zeros + costs.code_of(own)
        header = columns.header[at]
        part = CostPart(name, header, part_codes, own is not None, none, none, at)
        _read(costs, part, cells, signed)
        costs.parts.append(part)
    unlabelled = [part.is_unnamed for part in costs.parts if not part.is_labelled]
    costs.are_unnamed &= (differ or "" in labels) and (any(unlabelled) if costs.parts else True)
    defaults = []
    for name, text in offered.items() if differ else ():
        header = header_at(columns, name)
        index, amounts = _of_option(costs, name, text, columns, exchange, codes)
        defaults.append(CostPart(name, header, index, False, amounts, amounts))
    headers = {name: header_at(columns, name) for name in CONVERSION}
    _settle_rates(costs, exchange, own_rates, headers, differ)
    rated = _rated(costs, exchange, own_rates, headers["fx_rate"])
    for part in (*costs.parts, *defaults):
        _convert(costs, part, cells, exchange, own_rates, rated)
    _add_up(costs, defaults, exchange, of_rows)
    return costs


def _of_option(
    costs: Costs,
    name: str,
    text: str,
    columns: FoundColumns,
    exchange: Exchange,
    codes: Numbers,
) -> tuple[Numbers, Numbers]:
    """The currencies and amounts of an option for the rows, in its own currency or each row's."""
    sign = sign_of(text)
    try:
        own = exchange.of_sign(sign, exchange.cost) if sign else exchange.cost
    except CellError as error:
        raise CallError(f"{INPUTS[name].flag}: {error}") from None
    if sign or "cost_currency" not in columns:
        code = costs.code_of(own)
        codes = np.full(len(codes), code)
        return codes, np.full(len(codes), _fallback(text, name, own))
    return codes, costs.given(text, name)


def _cost_places(columns: FoundColumns) -> list[tuple[str, int]]:
    """Every column of costs, by name and position."""
    return [
        (name, position)
        for name, positions in columns.positions.items()
        if name in INPUTS and INPUTS[name].kind is Kind.COST
        for position in positions
    ]


def _own_rates(cells: Cells, columns: FoundColumns, exchange: Exchange, costs: Costs) -> Numbers:
    """The exchange rates that rows give, as indices into ``costs.rates``; -1 where they don't."""
    if "fx_rate" not in columns:
        return np.full(len(cells), -1, np.int64)
    position = columns["fx_rate"]
    reading = cells.reading(position, Kind.FX, exchange.selling)
    numbers, index = np.unique(reading.numbers, return_inverse=True)
    known = [
        -1 if number == BLANK else costs.rate_code_of(Rate.of_millionths(number))
        for number in numbers.tolist()
    ]
    codes = np.array(known, np.int64)[index]
    if reading.bad:
        rows = rows_of(reading.bad)
        encoded = taken(cells.texts(position), rows).dictionary_encode()
        # One of more places than a column of numbers holds; or none at all, but not missing.
        finer = [_finer_rate(text) for text in encoded.dictionary.to_pylist()]
        among = codes_of(encoded)
        codes[rows] = np.array([costs.rate_code_of(rate) for rate in finer], np.int64)[among]
        is_none = np.zeros(len(cells), np.bool_)
        is_none[rows] = np.array([rate is None for rate in finer], np.bool_)[among]
        header = columns.header[position]
        costs.bad += [each.only(is_none)._replace(column=header) for each in reading.bad]
    return codes


def _finer_rate(text: str) -> Rate | None:
    try:
        found = read_exchange_rate(text)
    except CellError:
        return None
    return Rate(*found) if found else None


def _row_currencies(
    cells: Cells, columns: FoundColumns, exchange: Exchange, costs: Costs
) -> Numbers:
    """For each row the index of its currency."""
    if "cost_currency" not in columns:
        costs.are_unnamed = True
        return np.full(len(cells), costs.code_of(exchange.cost), np.int64)
    position = columns["cost_currency"]
    encoded = cells.texts(position).dictionary_encode()
    indices, reasons = [], {}
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            currency = currency_named(text) if text.strip() else exchange.cost
            costs.are_unnamed |= not text.strip()
        except CellError as error:
            reasons[code] = str(error)
            currency = exchange.cost  # so that its costs don't count as missing
        indices.append(costs.code_of(currency))
    codes = codes_of(encoded)
    bad = np.flatnonzero(np.isin(codes, list(reasons)))
    header = columns.header[position]
    costs.bad.append(Refused(bad, header, lambda at: reasons[int(codes[bad[at]])]))
    of_rows: Numbers = np.array(indices, np.int64)[codes]
    return of_rows


@dataclass(frozen=True, slots=True)
class _SignedCells:
    """The cells and settings that decide the currency of a cost with a currency sign."""

    costs: Costs
    cells: Cells
    columns: FoundColumns
    exchange: Exchange
    price_signs: frozenset[str]

    def priced_with(self, rows: Numbers) -> tuple[Numbers, list[frozenset[str]]]:
        """The signs of each row's prices, including those of the call: codes and sets."""
        codes, found = np.zeros(len(rows), np.int64), [self.price_signs]
        for name, at in self.columns.items():
            if name in INPUTS and INPUTS[name].kind in AMOUNTS - {Kind.COST}:
                own, signs = signs_of(taken(self.cells.texts(at), rows))
                if any(signs):
                    pairs, codes = np.unique(codes * len(signs) + own, return_inverse=True)
                    found = [
                        found[pair // len(signs)] | {sign.short}
                        if (sign := signs[pair % len(signs)])
                        else found[pair // len(signs)]
                        for pair in pairs.tolist()
                    ]
        return codes, found

    def currencies(self, rows: Numbers, texts: pa.Array, own: Currency) -> dict[Currency, Numbers]:
        """Where cells are in another currency than their row's, by currency.

        A cell in the currency of the prices, because nothing else is given, is under ``own``.
        """
        codes, signs = signs_of(texts)
        priced, price_signs = self.priced_with(rows)
        pairs, firsts, among = np.unique(
            codes * len(price_signs) + priced, return_index=True, return_inverse=True
        )
        found: dict[Currency, list[Numbers]] = {}
        for at in np.argsort(firsts).tolist():
            code, signs_there = divmod(int(pairs[at]), len(price_signs))
            currency = self._currency(signs[code], price_signs[signs_there], own)
            if currency is not None:
                found.setdefault(currency, []).append(np.flatnonzero(among == at))
        return {currency: np.sort(np.concatenate(places)) for currency, places in found.items()}

    def _currency(
        self, sign: Sign | None, price_signs: frozenset[str], own: Currency
    ) -> Currency | None:
        """The currency of a cell whose sign names another than that of its row."""
        if sign is None:
            return None
        if self.exchange.is_unnamed(sign, price_signs):
            return own
        try:
            currency = self.exchange.of_sign(sign, own)
        except CellError:
            return None
        return currency if currency.code != own.code else None


def _read(costs: Costs, part: CostPart, cells: Cells, signed: _SignedCells) -> None:
    """Read the cells of a column, those of each currency together."""
    numbers, position = part.stated, part.position
    has_signs = has_unsigned = False
    for currency, among in list(costs.by_currency(part.codes)):
        is_all = len(among) == len(part.codes)
        chosen = cells if is_all else cells.chosen(among)
        reading = chosen.reading(position, Kind.COST, currency._replace(is_stated=True))
        found, bad = reading.numbers, reading.bad
        if reading.signs:
            has_unsigned |= reading.has_unsigned
        else:
            has_unsigned |= bool(bad) or bool((found != BLANK).any())
        if part.is_labelled:
            bad = label_reasons(bad, chosen, position, currency)
        elif reading.signs:
            has_signs = True
            if not signed.exchange.is_foreign(currency):
                stated = currency._replace(is_stated=True)
                costs.signs |= {sign for sign in reading.signs if stated.fits(sign)}
            if bad:
                found, bad = _read_signed(part, reading, chosen, among, currency, signed)
        costs.bad += [each.moved(among)._replace(column=part.header) for each in bad]
        if is_all:
            numbers = found
        else:
            numbers = numbers.copy() if numbers is part.stated else numbers
            numbers[among] = found
    part.stated = part.converted = numbers
    if has_signs:
        part.is_unnamed = has_unsigned


def _read_signed(
    part: CostPart,
    reading: Reading,
    cells: Cells,
    among: Numbers,
    own: Currency,
    signed: _SignedCells,
) -> tuple[Numbers, tuple[Refused, ...]]:
    """Read those of the bad cells whose sign names another currency than that of their row.

    The numbers with theirs, and the cells that are bad even so.
    """
    rows, numbers, bad = rows_of(reading.bad), reading.numbers.copy(), list[Refused]()
    is_in_own = np.ones(len(cells), np.bool_)
    texts = taken(cells.texts(part.position), rows)
    for currency, places in signed.currencies(among[rows], texts, own).items():
        at = rows[places]
        again = cells.chosen(at).reading(part.position, Kind.COST, currency)
        numbers[at] = again.numbers
        is_in_own[at] = False
        bad += [each.moved(at) for each in again.bad]
        if currency is own:
            signed.costs.signs |= again.signs
            continue
        part.codes = part.codes.copy()
        part.codes[among[at]] = signed.costs.code_of(currency)
    return numbers, (*(each.only(is_in_own) for each in reading.bad), *bad)


def _fallback(text: str, name: str, currency: Currency) -> int:
    """Parse an option's amount into minor units of a row's currency; blank if empty.

    Raises ``CallError`` with the flag where it is no amount.
    """
    try:
        amount = read(text, INPUTS[name].kind, currency)
    except CellError as error:
        raise CallError(f"{INPUTS[name].flag}: {error}") from None
    return BLANK if amount is None else amount


def _settle_rates(
    costs: Costs,
    exchange: Exchange,
    own_rates: Numbers,
    headers: Mapping[str, str],
    differ: bool,
) -> None:
    """Note the rates at which the currencies of rows are converted, and rows without a rate."""
    codes = np.asarray(costs.codes)
    at_rates = np.zeros(len(codes), np.int64)
    if not (differ or costs.parts):
        return
    for currency, among in costs.by_currency(codes):
        if not exchange.is_foreign(currency):
            continue
        own, shared = own_rates[among], exchange.rate(currency)
        costs.conversions |= _made(currency, shared, own)
        at_rates[among] = np.where(own >= 0, own, costs.rate_code_of(shared))
        if shared is None:
            header, reason = headers["cost_currency"], exchange.no_rate(currency)
            costs.bad.append(Refused.alike(among[own < 0], header, reason))
    costs.rate_codes = at_rates if differ or not len(at_rates) else int(at_rates[0])


def _rated(costs: Costs, exchange: Exchange, own_rates: Numbers, header: str) -> Numbers:
    """The currency to which a row's own rate belongs, as an index; -1 where there is none.

    It is that of the row, or, if that is the selling currency, the only other one of its costs.
    """
    codes = np.asarray(costs.codes)
    has_own = own_rates >= 0
    if not has_own.any():
        return np.full(len(codes), -1, np.int64)
    foreign = np.array([exchange.is_foreign(each) for each in costs.currencies], np.bool_)
    only, several = np.full(len(codes), -1, np.int64), np.zeros(len(codes), np.bool_)
    for part in costs.parts:
        other = foreign[part.codes] & ((part.stated != BLANK) | part.is_labelled)
        several |= other & (only >= 0) & (only != part.codes)
        only = np.where(other, part.codes, only)
    is_own = foreign[codes]
    one = costs.rate_code_of(Rate(1))
    without = np.flatnonzero(has_own & ~is_own & (only < 0) & (own_rates != one))
    with_several = np.flatnonzero(has_own & ~is_own & several)
    costs.bad += [
        Refused(
            without, header, lambda at: exchange.pointless(costs.rate_at(own_rates[without[at]]))
        ),
        Refused.alike(with_several, header, exchange.of_several()),
    ]
    rated: Numbers = np.where(has_own, np.where(is_own, codes, only), -1)
    return rated


def _made(currency: Currency, shared: Rate | None, own: Numbers) -> set[Conversion]:
    """The conversions of rows in a foreign currency."""
    has_own = own >= 0
    made = {Conversion(currency.code, None)} if has_own.any() else set()
    if shared is not None and not has_own.all():
        made.add(Conversion(currency.code, shared))
    return made


def _convert(
    costs: Costs,
    part: CostPart,
    cells: Cells,
    exchange: Exchange,
    own_rates: Numbers,
    rated: Numbers,
) -> None:
    """Convert a column of costs, each cell up to a minor unit of the selling currency."""
    for currency, among in costs.by_currency(part.codes):
        if not exchange.is_foreign(currency):
            continue
        amounts, shared = part.stated[among], exchange.rate(currency)
        is_known = amounts != BLANK
        own = np.where(rated[among] == part.codes[among], own_rates[among], -1)
        of_row = np.asarray(costs.codes)[among] == part.codes[among]
        if shared is None:
            lacking = among[is_known & (own < 0) & ~of_row]
            costs.bad.append(_no_rate(part, cells, lacking, exchange.no_rate(currency)))
        costs.conversions |= _made(currency, shared, own[is_known & ~of_row])
        rates = np.where(own >= 0, own, costs.rate_code_of(shared))
        worth = _worth(costs, np.where(is_known, amounts, 0), currency, rates, exchange)
        where = is_known & (worth >= AMOUNT_LIMIT)
        costs.bad.append(_too_large(costs, part, among[where], rates[where], exchange))
        if part.converted is part.stated:
            part.converted = part.stated.copy()
        part.converted[among] = np.where(is_known, worth, BLANK)


def _too_large(
    costs: Costs, part: CostPart, rows: Numbers, rates: Numbers, exchange: Exchange
) -> Refused:
    """Refuse rows whose costs come to too much in the selling currency."""
    return Refused(rows, part.header, lambda at: exchange.too_large(costs.rate_at(rates[at])))


def _no_rate(part: CostPart, cells: Cells, rows: Numbers, reason: str) -> Refused:
    """Refuse cells in a currency, named by their sign or header, whose rate is not given."""
    if part.position < 0 or part.is_labelled:
        return Refused.alike(rows, part.header, reason)
    texts = cells.texts(part.position)
    return Refused(rows, part.header, lambda at: f"{shown(texts[int(rows[at])].as_py())} {reason}")


def _worth(
    costs: Costs, amounts: Numbers, currency: Currency, rates: Numbers, exchange: Exchange
) -> Numbers:
    """Amounts in minor units of the selling currency, each at its own rate."""
    if len(rates) and rates.min() == rates.max():
        return np.asarray(exchange.worth(amounts, currency, costs.rate_at(rates[0])))
    scales = exchange.scales(currency)
    fits = all(fits_conversion(rate.units, rate.per, *scales) for rate in costs.rates)
    kind = np.int64 if fits else object
    units = np.array([rate.units for rate in costs.rates], kind)[rates]
    per = np.array([rate.per for rate in costs.rates], kind)[rates]
    exact = converted_up(amounts.astype(kind), units, per, *scales)
    return np.minimum(exact, AMOUNT_LIMIT).astype(np.int64)


def _add_up(
    costs: Costs, defaults: Sequence[CostPart], exchange: Exchange, of_rows: Exchange
) -> None:
    """Add up the parts of each cost; ``defaults`` are for the rows without any.

    A part that is not in the currency of its row counts as stated in the selling one.
    """
    by_name: dict[str, list[CostPart]] = {}
    for part in costs.parts:
        by_name.setdefault(part.name, []).append(part)
    for name, own in by_name.items():
        converted = [part.converted for part in own]
        stated = [_stated_in_row(costs, part, of_rows) for part in own]
        costs.converted[name], costs.stated[name] = converted[0], stated[0]
        if len(own) > 1:
            costs.converted[name], too_large = added_up(
                converted, Kind.COST, exchange.selling, own[-1].header
            )
            costs.bad += too_large
            costs.stated[name], _ = added_up(stated, Kind.COST, exchange.selling, "")
    for part in defaults:
        for found, given in (
            (costs.converted, part.converted),
            (costs.stated, _stated_in_row(costs, part, of_rows)),
        ):
            own_numbers = found.get(part.name)
            if own_numbers is not None:
                given = np.where(own_numbers == BLANK, given, own_numbers)
                part.stated = np.where(own_numbers == BLANK, part.stated, BLANK)
            found[part.name] = given
        costs.parts.append(part)


def _stated_in_row(costs: Costs, part: CostPart, of_rows: Exchange) -> Numbers:
    """A part as it was stated; in the selling currency where it is not in that of its row."""
    if part.is_labelled:
        is_other = costs.currencies[part.codes[0]].code != of_rows.cost.code
        return part.converted if is_other else part.stated
    if part.codes is costs.codes:
        return part.stated
    return np.where(part.codes == costs.codes, part.stated, part.converted)
