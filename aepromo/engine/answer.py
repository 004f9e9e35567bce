"""Answer a question for columns of cells: the answer for each row, or the fault of the row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from aepromo.engine.filling import Fault, Filler, check, check_results
from aepromo.engine.question import Inputs
from aepromo.errors import InputError, Refused
from aepromo.inputs.columns import SHIPPED, SHIPPING_FEES, SKU_INPUTS
from aepromo.inputs.costs import read_costs, rows_differ
from aepromo.inputs.header_currencies import check_currencies, label_reasons, name_currencies
from aepromo.pricing.money import BLANK, any_of
from aepromo.table.arrow_arrays import decoded, places_of, texts_of
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.found_columns import Found, found_columns, header_at
from aepromo.table.header_units import added_up, read_columns
from aepromo.table.headers import missing_columns, proposed_place, read_header, read_headers
from aepromo.table.moment_columns import instant_number, read_instants
from aepromo.table.number_columns import (
    Words,
    as_numbers,
    read_words,
    result_array,
    rows_of,
    spread,
)
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy.typing as npt

    from aepromo.engine.question import Question, Results
    from aepromo.inputs.exchange import Conversion
    from aepromo.inputs.joined_rates import Took
    from aepromo.inputs.row_shipping import ShippedRows
    from aepromo.inputs.values import Values
    from aepromo.pricing.money import Truth, Whole
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import Cells, Numbers, Reading

PROPOSED = "proposed_list_price"
"""The name, among the columns, of a price that goes before the list price."""

_OF_A_SKU = frozenset(column.name for column in SKU_INPUTS)

_READ_APART = frozenset(
    (Kind.TEXT, Kind.COST, Kind.CURRENCY, Kind.FX, Kind.WEIGHT, Kind.WORDS, Kind.MOMENT)
)
"""Columns that are no numbers by themselves, or that costs and parcels are computed from."""


class OtherRows(NamedTuple):
    """Rows that have no answer, by their places among all ``cells``.

    They are not SKUs, or have no price yet that could be checked.
    """

    cells: Cells
    rows: Numbers


@dataclass(frozen=True, slots=True)
class Outcome:
    """A question's answer for some rows, or the problems that prevented it.

    ``cells`` are the rows, ``results`` the answer, of which ``added`` names the columns to add;
    ``inputs`` are what they were computed from (None without rows), ``assumed`` what the rule book
    gave, ``took`` how many rows took the past rate of their SKU, their category and the store,
    ``conversions`` those of the costs; ``signs`` those of amounts without a named currency: only
    one is allowed, or money of two currencies would be added. ``apart`` are rows without an
    answer, of which ``unlisted`` are SKUs without a list price.
    """

    cells: Cells
    values: Values
    assumed: list[str]
    problems: list[Refused]
    results: Results = field(default_factory=dict)
    added: tuple[str, ...] = ()
    inputs: Inputs | None = None
    took: Took = (0, 0, 0)
    conversions: frozenset[Conversion] = frozenset()
    signs: frozenset[str] = frozenset()
    apart: OtherRows | None = None
    unlisted: int = 0

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def asked(self) -> Cells:
        """All cells that were asked about, those without an answer too."""
        return self.cells if self.apart is None else self.apart.cells

    def answered(self, rows: Numbers) -> Numbers:
        """Of some rows, one for each that was asked about, those that have an answer."""
        return rows if self.apart is None else np.delete(rows, self.apart.rows)

    def among(self, cells: Cells, rows: Numbers) -> Outcome:
        """The same among more ``cells``, where those that were asked about stand at ``rows``."""
        if len(rows) == len(cells):
            return self
        others = np.delete(np.arange(len(cells)), self.answered(rows))
        return replace(self, apart=OtherRows(cells, others))

    def as_written(self) -> Outcome:
        """The outcome with the rows that have no answer in their places, without results."""
        if self.apart is None:
            return self
        rows = self.apart.rows
        among = np.delete(np.arange(len(self.apart.cells)), rows)
        results = {
            name: spread(result, among, len(self.apart.cells))
            for name, result in self.results.items()
        }
        return replace(self, cells=self.apart.cells, results=results, apart=None)

    def chosen(self, rows: Numbers) -> Outcome:
        """Some of the rows that have an answer."""
        results = {
            name: result.take(places_of(rows))
            if isinstance(result, pa.Array)
            else np.broadcast_to(result, len(self))[rows]
            for name, result in self.results.items()
        }
        return replace(self, cells=self.cells.chosen(rows), results=results, apart=None)

    def column(self, name: str) -> pa.Array:
        """A column of the answer as Arrow holds it: the cells' text, or exact decimals and labels.

        A column that the question adds goes before one of the same name in the cells.
        """
        if name not in self.added:
            return self.cells.texts(list(self.cells.header).index(name))
        result = self.results.get(name, BLANK)
        if isinstance(result, pa.Array):
            return decoded(result)
        return result_array(result, self.values.columns[name], len(self), self.values.currency)


def find_columns(
    question: Question,
    header: list[str],
    mapping: Mapping[str, str],
    values: Values,
    by_call: Mapping[str, str] | None = None,
) -> Found:
    """The positions of the columns that a question uses. Raises ``InputError`` for missing ones.

    ``by_call`` is the part of the ``mapping`` that the call gives, all of it where None.
    A column that the call supplies, or that the rule book holds, may be missing.
    """
    ships = question.ships(values)
    wanted = (*question.uses, *values.lookup_columns(ships))
    added = question.added(wanted, values)
    headers = read_headers(header, wanted, mapping, added=added, beside=("sku",))
    place = proposed_place(question.priced_by, header, mapping if by_call is None else by_call)
    more = {} if place is None else {PROPOSED: place}
    overridden = values.overridden
    read = [name for name in wanted if name not in overridden]
    found = found_columns(headers, read, {} if "list_price" in overridden else more)
    given = {*found, *values.texts}
    given |= {"logistics_cost"} if ships else set()
    given |= {"list_price"} if PROPOSED in found else set()
    missing = [name for name in (*question.needs, *question.wants) if name not in given]
    missing += _missing_of_parcel(question, found, values)
    if missing:
        said = missing_columns(headers, tuple(dict.fromkeys(missing)))
        if "logistics_cost" in missing and _has_weights(values, header):
            said += _(", or compute it with --tariff")
        raise InputError(said)
    check_currencies(found, values.exchange)
    return Found(found, headers)


def _missing_of_parcel(question: Question, found: Mapping[str, int], values: Values) -> list[str]:
    """Columns that a tariff needs and that neither the table nor an option gives."""
    offered = values.texts
    if not question.ships(values) or "logistics_cost" in offered or "logistics_cost" in found:
        return []

    def at_all(name: str) -> int:
        is_there = name in offered or (name == "target_price" and name in found)
        return 0 if is_there else BLANK

    if question.prices_some or not question.wants_logistics(at_all):
        return []
    tariff = values.policy.tariff
    many = tariff is not None and len(tariff.markets) > 1
    names = ("weight_g", "market") if many else ("weight_g",)
    return [name for name in names if name not in found and name not in offered]


def _has_weights(values: Values, header: Iterable[str]) -> bool:
    """Whether there are weights, from which a tariff could give the logistics cost."""
    told = "weight_g" in values.texts or any(
        read_header(each).column == "weight_g" for each in header
    )
    return told and values.policy.tariff is None


def run(question: Question, cells: Cells, columns: FoundColumns, values: Values) -> Outcome:
    """Answer the question for every row.

    ``columns`` are the positions of the input columns, as from ``find_columns``. Where the
    question is about the price, SKUs without one are set apart: they are not bad rows, but new.
    """
    added = question.added(columns, values)
    if not len(cells):
        # Without rows no value is needed, so there is nothing to fill in.
        none: Results = {
            name: texts_of([])
            if RESULTS[name].kind in (Kind.TEXT, Kind.PROSE)
            else np.array([], np.int64)
            for name in added
        }
        return Outcome(cells, values, [], [], none, added)
    reading = _Reading(question, cells, columns, values)
    inputs = reading.inputs()
    conversions = frozenset(reading.conversions)
    if not reading.problems and any_of(reading.unlisted):
        return _without_unlisted(question, cells, columns, values, reading)
    if not reading.problems and question.faults is not None:
        reading.add(question.faults(inputs))
    results: Results = {}
    if not reading.problems:
        answer = reading.shipped_results() | question.compute(inputs)
        # For one row NumPy makes figures that are neither an int nor a column.
        results = {
            name: each if isinstance(each, pa.Array) or np.ndim(each) else int(each)
            for name, each in answer.items()
        }
        reading.add(check_results(results, inputs.sku, values.currency))
    if reading.problems:
        return Outcome(cells, values, reading.filler.assumed, reading.problems, signs=reading.signs)
    return Outcome(
        cells,
        values,
        reading.filler.assumed,
        [],
        results,
        added,
        inputs,
        reading.took,
        conversions,
        reading.signs,
    )


def _without_unlisted(
    question: Question,
    cells: Cells,
    columns: FoundColumns,
    values: Values,
    reading: _Reading,
) -> Outcome:
    """The answer for the rows that have a list price, the others set apart."""
    is_unlisted = np.broadcast_to(np.asarray(reading.unlisted), len(cells))
    listed, unlisted = np.flatnonzero(~is_unlisted), np.flatnonzero(is_unlisted)
    found = run(question, cells.chosen(listed), columns, values)
    if found.problems:
        return replace(found, cells=cells, problems=[each.moved(listed) for each in found.problems])
    apart = OtherRows(cells, unlisted)
    return replace(found, apart=apart, unlisted=len(unlisted), signs=reading.signs)


class _Reading:
    """The conversion of the cells of some rows to inputs, with its problems.

    ``unlisted`` are the places where a list price is needed and nothing gives it.
    """

    def __init__(
        self, question: Question, cells: Cells, columns: FoundColumns, values: Values
    ) -> None:
        self.question, self.cells, self.columns, self.values = question, cells, columns, values
        self.problems: list[Refused] = []
        self.unlisted: Truth = False
        self.took: Took = (0, 0, 0)
        self.exchange = values.exchange
        differ = rows_differ(columns)
        if differ or name_currencies(columns):
            self.exchange = self.exchange.stated()
        self.currency = self.exchange.selling
        self.costs = read_costs(
            cells, columns, self.exchange, values.cost_texts, values.price_signs
        )
        self._note(self.costs.bad)
        self.given: dict[str, Whole] = dict(self.costs.converted)
        self.conversions = set(self.costs.conversions)
        self.signs = self.costs.signs
        self.words: dict[str, Words] = {}
        self.facts = as_numbers(values.facts)
        self.lacks_zone = False
        self._read_cells()
        self.signs = frozenset() if self.currency.is_stated else self.signs | values.signs
        self.filler = Filler(
            self.given,
            values,
            values.numbers if differ else values.offered(),
            has_weights=_has_weights(values, columns.header),
        )
        self.shipped = self._shipped()

    def inputs(self) -> Inputs:
        """Resolve the inputs of the rows; problems are added to ``problems``."""
        question, values, filler = self.question, self.values, self.filler
        uses = () if "cost_currency" in self.columns else question.uses
        if values.assumes_cost_currency(uses, self.signs, self.costs.are_unnamed):
            filler.note("cost_currency")
        if (rates := values.policy.rates) is not None:
            filler.rates, self.took = rates.rates_for(self.given, self.cells, self.columns)
        sku, priced = check(question, filler)
        unread = list(self.problems)
        for fault in filler.faults:
            if fault.is_missing and fault.column == "list_price":
                self.unlisted = fault.where
                continue
            # A cell that can't be read counts as blank from here on, but not as missing.
            found = _refused(fault, self.cells, self.columns)
            is_missing = self._are_readable(found.column, unread)
            self._note([found.only(is_missing)])
        numbers = {name: self._filled(name) for name in self._other_names(Kind.WORDS, False)}
        return Inputs(
            sku,
            values,
            len(self.cells),
            priced,
            filler.unpriced,
            filler.lacking,
            numbers,
            {name: self._filled_words(name) for name in self._other_names(Kind.WORDS, True)},
            self.cells,
            self.columns,
            self.costs,
            self.shipped,
            self.lacks_zone,
        )

    def add(self, faults: Sequence[Fault]) -> None:
        """Add faults of some rows to the problems."""
        self._note(_refused(fault, self.cells, self.columns) for fault in faults)

    def shipped_results(self) -> Results:
        """The line and the cost that the tariff gave each row, if there is a tariff."""
        if not self.question.ships(self.values):
            return {}
        if self.shipped is None:
            return dict.fromkeys(SHIPPED, BLANK)
        return {"shipping_line": self.shipped.line, "shipping_cost": self.shipped.cost}

    def _note(self, refused: Iterable[Refused]) -> None:
        self.problems += (each for each in refused if len(each.rows))

    def _are_readable(self, header: str, refused: Iterable[Refused]) -> npt.NDArray[np.bool_]:
        """Where nothing is wrong with a column's own cell."""
        readable = np.ones(len(self.cells), np.bool_)
        for each in refused:
            if each.column == header:
                readable[each.rows] = False
        return readable

    def _read_cells(self) -> None:
        """Read all columns except costs and those of a parcel."""
        kinds = {
            name: Kind.PRICE if name == PROPOSED else INPUTS[name].kind for name in self.columns
        }
        plain = {
            name: kind
            for name, kind in kinds.items()
            if kind not in _READ_APART and name not in SHIPPING_FEES
        }
        read = read_columns(self.cells, self.columns, plain, self.currency)
        for name, position in self.columns.items():
            kind = kinds[name]
            if name in read:
                self._take(name, kind, read[name])
            elif kind is Kind.WORDS:
                self.words[name] = read_words(self.cells.texts(position))
            elif kind is Kind.MOMENT:
                moments = read_instants(self.cells.texts(position), self.values.policy.zone)
                self.lacks_zone |= moments.lacks_zone
                self._take(name, kind, {position: moments})
            elif name in SHIPPING_FEES:
                fees = self.costs.reading(self.cells, position, kind)
                self._take(name, kind, {position: fees})
        if PROPOSED in self.given:
            # Without a proposed price, the current price counts.
            proposed, current = self.given[PROPOSED], self.given.get("list_price", BLANK)
            self.given["list_price"] = np.where(proposed == BLANK, current, proposed)

    def _take(self, name: str, kind: Kind, readings: Mapping[int, Reading]) -> None:
        """Store the readings of a column; columns that add up have several positions."""
        header = self.columns.header
        numbers, too_large = [reading.numbers for reading in readings.values()], list[Refused]()
        self.given[name] = numbers[0]
        if len(numbers) > 1:
            last = header[max(readings)]
            self.given[name], too_large = added_up(numbers, kind, self.currency, last)
        for position, reading in readings.items():
            bad = reading.bad
            if kind in AMOUNTS and bad and position in self.columns.labels:
                bad = label_reasons(bad, self.cells, position, self.currency)
            self._note(each._replace(column=header[position]) for each in bad)
            self.signs |= reading.signs if kind in AMOUNTS else frozenset()
            if kind is Kind.RATES:
                self.given["forced_rate_to"] = reading.upper
        self._note(too_large)

    def _other_names(self, kind: Kind, is_kind: bool) -> list[str]:
        """The columns in use that are not prices, costs or rates of a SKU."""
        known = (*self.question.uses, *self.values.facts)
        return [
            name
            for name in dict.fromkeys(known)
            if name not in _OF_A_SKU
            and INPUTS[name].kind not in (Kind.TEXT, Kind.WEIGHT)
            and (INPUTS[name].kind is kind) == is_kind
        ]

    def _filled(self, name: str) -> Whole:
        """A column of numbers, cell before given value."""
        own = self.given.get(name, BLANK)
        given = self.values.facts.get(name)
        fact: Whole | None = self.facts.get(name)
        if isinstance(given, datetime):
            fact = instant_number(given, self.values.policy.zone)
            self.lacks_zone |= given.tzinfo is None and any_of(own == BLANK)
        elif INPUTS[name].kind is Kind.COST:
            fact = self.filler.offered.get(name)
        elif name in SHIPPING_FEES and name in self.values.texts:
            fact = self.costs.given(self.values.texts[name], name)
        if fact is None:
            return own
        return np.where(own == BLANK, fact, own) if isinstance(own, np.ndarray) else fact

    def _filled_words(self, name: str) -> Words:
        """A column of names, cell before given value."""
        own = self.words.get(name, Words(np.full(len(self.cells), -1, np.int64), ()))
        fact = self.values.facts.get(name)
        if not isinstance(fact, tuple):
            return own
        codes = np.where(own.codes < 0, len(own.values), own.codes)
        return Words(codes, (*own.values, fact))

    def _shipped(self) -> ShippedRows | None:
        """Fill in logistics costs from the tariff."""
        shipping = self.values.shipping
        if shipping is None or not self.question.ships(self.values):
            return None
        from aepromo.inputs.row_shipping import ship_rows  # only a tariff needs it

        logistics = self.given.get("logistics_cost", BLANK)
        place = self.columns.get("logistics_cost")
        header = "" if place is None else self.columns.header[place]
        is_read = self._are_readable(header, self.problems)
        is_blank = np.asarray(logistics == BLANK)
        wanted = self.question.wants_logistics(self.filler.value)
        shipped = ship_rows(
            self.cells,
            self.columns,
            np.broadcast_to(is_blank & wanted, len(self.cells)),
            shipping,
            self.values.texts,
            not self.question.prices_some,
            self.question.markets,
        )
        for each in shipped.bad if not self.question.excuses_parcels else ():
            found = each._replace(column=header_at(self.columns, each.column))
            self._note([found.only(is_read)])
        # A row that no line ships is already reported; don't report its missing cost, too.
        cost = shipped.cost if self.question.prices_some else np.maximum(shipped.cost, 0)
        self.given["logistics_cost"] = np.where(is_blank, cost, logistics)
        if (shipped.cost != BLANK).any():
            self.conversions |= shipping.conversions()
        return shipped


def without_bad_rows(
    question: Question, outcome: Outcome, columns: FoundColumns, values: Values
) -> tuple[Outcome, list[Refused], Numbers]:
    """The answer for the good rows, the problems of all others, and which rows are good.

    Some faults show only once the cells of all other rows can be read.
    """
    cells, problems = outcome.asked, list(outcome.problems)
    good = np.arange(len(cells))
    while outcome.problems:
        good = np.delete(good, rows_of(outcome.problems))
        outcome = run(question, cells.chosen(good), columns, values)
        problems += [each.moved(good) for each in outcome.problems]
    return outcome, problems, good


def _refused(fault: Fault, cells: Cells, columns: FoundColumns) -> Refused:
    """A fault as the rows where it holds."""
    header = header_at(columns, fault.column)
    rows = np.flatnonzero(np.broadcast_to(np.asarray(fault.where), len(cells)))
    return Refused(rows, header, lambda at: fault.reason(int(rows[at])))
