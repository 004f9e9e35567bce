"""``check``: how each header of a file is read, its cells, and the rows that are not SKUs."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BufferedReader
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.calculators.reprice import REPRICE
from aepromo.engine.answer import find_columns, run, without_bad_rows
from aepromo.errors import InputError
from aepromo.inputs.columns import PARCEL, SHIPPING_INPUTS, SKU_INPUTS
from aepromo.inputs.header_currencies import cost_currencies, name_currencies
from aepromo.past_rates.history import read_orders
from aepromo.past_rates.past_orders import USES as ORDER_USES
from aepromo.past_rates.past_orders import OrderFilter
from aepromo.platform.tracking import tracking
from aepromo.table.blocks import TextBlock, first_problems, line_numbers, parse
from aepromo.table.column import Kind
from aepromo.table.file_kinds import HEAD
from aepromo.table.found_columns import FoundColumns
from aepromo.table.header_units import read_one, speak_of_money
from aepromo.table.headers import HeaderUse, map_option, missing_columns, read_headers
from aepromo.table.ids import IdNotes, ids_of
from aepromo.table.number_columns import rows_of
from aepromo.table.schema import INPUTS
from aepromo.table.source import open_source
from aepromo.table.total_rows import total_rows
from aepromo.watch.alerts import watch
from aepromo.watch.feed import NEEDED, ObjectBlock, open_feed, read_part
from aepromo.words import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.engine.question import Question
    from aepromo.errors import Problem, Refused
    from aepromo.inputs.values import Values
    from aepromo.table.headers import HeaderReading, Headers
    from aepromo.table.number_columns import Numbers
    from aepromo.table.source import Block, Source

COSTS, ORDERS, FEED, PARCELS = "costs", "orders", "feed", "parcels"
"""Kinds of files."""
COMMANDS = {COSTS: "reprice", ORDERS: "rates", FEED: "watch", PARCELS: "tracking"}

ASK, NOT_USED = "ask", N_("not used")
"""Notes on a header: it may mean several columns, or its cells hold money and aren't read."""

_TELL_FEEDS = frozenset(("deal_price", "changed_at", "economy_logistics_cost"))
_TELL_PARCELS = frozenset(("tracking_number", "first_scan_at", "last_event_at"))
_OF_COSTS = (*(column.name for column in (*SKU_INPUTS, *SHIPPING_INPUTS)), "market")
_UNREAD = (Kind.TEXT, Kind.WORDS)
MOST_PROBLEMS = 5
_LOOKED_AT = 5_000
"""The number of first rows that are searched for a cell unlike the others."""
_USUAL = 0.75
"""The share of cells that must be written alike for another cell to be odd."""


@dataclass(slots=True)
class HeaderCheck:
    """One header: the column it means, the unit of its cells, and what they hold.

    ``note`` is ``ASK``, ``NOT_USED`` or nothing; ``may_be`` are the columns to ask about.
    """

    header: str
    column: str
    unit: str
    note: str = ""
    may_be: tuple[str, ...] = ()
    filled: int = 0
    blank: int = 0
    bad: int = 0
    first: str = ""
    odd: str = ""


@dataclass(slots=True)
class FileCheck:
    """All findings about a file. ``refusal`` is why the command would not read it.

    ``holds_json``: its rows are JSON lines, as a feed may have them.
    ``problems`` are those of the first bad rows, by line, of ``all_problems``.
    """

    source: Source
    kind: str
    headers: list[HeaderCheck]
    refusal: str = ""
    holds_json: bool = False
    rows: int = 0
    bad_rows: int = 0
    all_problems: int = 0
    problems: list[Problem] = field(default_factory=list)
    totals: list[int] = field(default_factory=list)
    ids: IdNotes = field(default_factory=lambda: IdNotes(""))

    @property
    def is_refused(self) -> bool:
        """Whether the command that the file is for would refuse it."""
        return bool(self.refusal or self.bad_rows)

    @property
    def maps(self) -> list[str]:
        """A ``--map`` to paste for each header that is asked about."""
        return [map_option(each.header, each.may_be[0]) for each in self.headers if each.may_be]


def open_table(stream: BinaryIO, name: str, *given: Any, **how: Any) -> Source:
    """A table of text, or of JSON lines as ``watch`` reads them. Raises ``InputError``."""
    head = stream.peek(HEAD) if isinstance(stream, BufferedReader) else b""
    if head.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
        return open_feed(stream, name, *given, **how)
    return open_source(stream, name, *given, **how)


def kind_of(header: tuple[str, ...], mapping: Mapping[str, str]) -> str:
    """The kind of a file by its headers."""
    readings = read_headers(header, (), mapping).readings
    columns = {reading.column for reading in readings}
    are_orders = any(each.how is HeaderUse.ORDER or "order_id" in each.may_be for each in readings)
    if "deal_price" in columns and (are_orders or columns & {"ordered_at", "order_id"}):
        return ORDERS
    if columns & _TELL_PARCELS:
        return PARCELS
    has_costs = "purchase_price" in columns
    is_feed = "discount_status" in columns or (columns & _TELL_FEEDS and not has_costs)
    return FEED if is_feed else COSTS


def check_file(source: Source, mapping: Mapping[str, str], values: Values) -> FileCheck:
    """Check a whole file. Raises ``InputError`` for what is not a table."""
    kind = kind_of(source.header, mapping)
    found = _Found(source, kind, mapping, values)
    check = FileCheck(source, kind, found.checks(), found.refusal, ids=IdNotes(source.name))
    for number, block in enumerate(source.blocks):
        _add(check, found, block, is_first=not number)
    return check


class _Found:
    """A header row as the file's command reads it, and the reason why it is refused.

    An order history answers no ``question`` about its rows.
    """

    def __init__(
        self, source: Source, kind: str, mapping: Mapping[str, str], values: Values
    ) -> None:
        self.source, self.kind, self.values = source, kind, values
        self.refusal, self.columns = "", FoundColumns({})
        self.which = OrderFilter(book=values.book, currency=values.currency)
        self.question: Question | None = REPRICE if kind == COSTS else None
        if kind == FEED:
            self.question = watch(values)
        elif kind == PARCELS:
            self.question = tracking(values, datetime.now(UTC))
        header = list(source.header)
        try:
            self._read_for_command(header, mapping)
        except InputError as problem:
            self.refusal = f"{source.place}: {problem}"
        wanted: tuple[str, ...] = ORDER_USES
        added: tuple[str, ...] = ()
        if self.question is not None:
            wanted = (*_OF_COSTS, *PARCEL) if kind == COSTS else self.question.uses
            added = self.question.added(wanted, values)
        try:
            self.headers: Headers = read_headers(
                header, wanted, mapping, added=added, beside=("sku",)
            )
        except InputError:  # two headers for one column, which the refusal names
            self.headers = read_headers(header, (), mapping, beside=("sku",))

    def _read_for_command(self, header: list[str], mapping: Mapping[str, str]) -> None:
        if self.question is None:
            self.columns = self.which.find_columns(header, mapping).columns
            return
        self.columns, headers = find_columns(self.question, header, mapping, self.values)
        needs = NEEDED if self.kind == FEED else ()
        if missing := [name for name in needs if name not in self.columns]:
            raise InputError(missing_columns(headers, missing))

    def checks(self) -> list[HeaderCheck]:
        """The column, unit and note of each header, before any cell is read."""
        asked = {each.header: each.columns for each in self.headers.ambiguous}
        taken = {at for places in self.headers.positions.values() for at in places}
        rows = []
        for at, (header, reading) in enumerate(
            zip(self.headers.names, self.headers.readings, strict=True)
        ):
            note = ASK if header in asked else ""
            if header in self.headers.not_used:
                note = NOT_USED
            is_read = at in taken or (reading.is_taken and not note)
            rows.append(
                HeaderCheck(
                    header,
                    reading.column if is_read else "",
                    _unit(reading) if is_read or note == ASK else "",
                    note,
                    asked.get(header, ()),
                )
            )
        return rows

    def bad_cells(self, text: TextBlock, position: int) -> Numbers:
        """The rows in which a column's cell can't be used."""
        reading = self.headers.readings[position]
        kind = INPUTS[reading.column].kind if reading.column else Kind.TEXT
        if kind in _UNREAD:
            return rows_of(())
        exchange = self.values.exchange
        currency = exchange.selling
        if kind is Kind.COST:  # a sign gives the currency of its cell, so no cell contradicts it
            currency = exchange.cost._replace(is_stated=False)
        column = FoundColumns(
            {reading.column: (position,)}, self.headers.names, self.headers.readings
        )
        if name_currencies(column):
            own = cost_currencies(column, exchange).get(position, currency)
            currency = own._replace(is_stated=True)
        return rows_of(read_one(text, column, reading.column, kind, currency).bad)

    def problems(self, text: TextBlock, skus: Numbers) -> list[Refused]:
        """The problems of rows that the command would refuse."""
        if self.refusal or not len(skus):
            return []
        if self.question is not None and self.kind == FEED:
            return read_part(
                self.question, self.values, self.columns, self.source, text.block
            ).problems
        cells = text if len(skus) == len(text) else text.chosen(skus)
        if self.question is None:
            found = read_orders(cells, self.columns, self.which).problems
        else:
            outcome = run(self.question, cells, self.columns, self.values)
            _good, found, _rows = without_bad_rows(
                self.question, outcome, self.columns, self.values
            )
        return [each.moved(skus) for each in found]


def _unit(reading: HeaderReading) -> str:
    return reading.currency or reading.unit or ""


def _text_of(block: Block, check: FileCheck) -> TextBlock:
    if not isinstance(block, ObjectBlock):
        return parse(block, check.source)
    check.holds_json = True
    return TextBlock(block, check.source, _table=block.table)


def _add(check: FileCheck, found: _Found, block: Block, *, is_first: bool) -> None:
    """Take in one block of a file."""
    text = _text_of(block, check)
    ids = None if check.kind == PARCELS else found.headers.position("sku")
    totals = total_rows(text, ids)
    skus = np.delete(np.arange(len(text)), totals)
    if ids is not None and check.kind != ORDERS:
        check.ids.add(ids_of(text, ids, totals))
    if len(totals):
        check.totals += line_numbers(text, totals.tolist()).values()
    check.rows += len(skus) + len(text.ragged)
    problems = found.problems(text, skus)
    check.bad_rows += len(rows_of(problems)) + len(text.ragged)
    check.all_problems += sum(len(each.rows) for each in problems) + len(text.ragged)
    check.problems += first_problems(text, problems, MOST_PROBLEMS - len(check.problems))
    for position, column in enumerate(check.headers):
        texts = text.texts(position)
        if len(totals):
            texts = texts.take(pa.array(skus))
        filled = pc.greater(pc.binary_length(pc.utf8_trim_whitespace(texts)), 0)
        count = pc.sum(filled).as_py() or 0
        column.filled += count
        column.blank += len(texts) - count
        if not column.first and count:
            column.first = texts.filter(filled)[0].as_py()
        bad = np.setdiff1d(found.bad_cells(text, position), totals)
        column.bad += len(bad)
        if len(bad) and not column.odd:
            column.odd = text.cell(int(bad[0]), position)
        if is_first:
            sample = texts.filter(filled)[:_LOOKED_AT]
            column.odd = column.odd or _odd_one(sample.to_pylist())
            if not (column.column or column.note) and speak_of_money(sample):
                column.note = NOT_USED


def _odd_one(cells: list[str]) -> str:
    """A cell that is written unlike nearly all others; empty where there is none."""
    shapes: dict[str, tuple[int, str]] = {}
    for cell in cells:
        shape = _shape(cell)
        count, first = shapes.get(shape, (0, cell))
        shapes[shape] = count + 1, first
    usual = max((count for count, _first in shapes.values()), default=0)
    if len(shapes) < 2 or usual < _USUAL * len(cells):
        return ""
    return min(shapes.values(), key=lambda each: each[0])[1]


def _shape(cell: str) -> str:
    """The pattern of a cell's letters and digits: ``$1,234.50`` as ``$9,9.9``."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", cell.strip()))
