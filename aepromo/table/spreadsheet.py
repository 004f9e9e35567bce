"""Results as an Excel workbook: one sheet to sort, filter and calculate, and one with totals.

XlsxWriter makes the workbook: formats, header, filter, summary. The rows are inserted as XML, a
column at a time: cell by cell they would take twenty times as long, and money would become a binary
float.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import CallError, OutputError
from aepromo.table.column import Kind
from aepromo.table.headings import in_words
from aepromo.table.schema import RESULTS
from aepromo.table.sheet_cells_out import (
    cell_writer,
    formats,
    label_shown,
    places_of,
    places_of_money,
)
from aepromo.table.sink import Sink
from aepromo.terminal.palette import LABEL_STYLES
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

    from aepromo.table.text import TextColumn

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
_SHEET = "xl/worksheets/sheet1.xml"
_LARGEST_PART = (1 << 31) - (1 << 20)
"""The largest unpacked size of a part, in bytes, that every Excel reads."""

_LEAST = "profit"
"""The amount whose minimum is shown."""

_WIDEST, _NARROWEST = 48, 8
_MOST_FROZEN = 2
_A4 = 9  # Excel's number for A4 paper
_ROWS_MEASURED = 1_000
_QUICK = 4  # compression level: a tenth larger than usual, in half the time


class TooManyRows(OutputError):
    """There are more rows than a sheet can hold."""

    def __init__(self) -> None:
        reason = _("more than a sheet holds ({most:,} rows); write .csv or .parquet")
        super().__init__(reason.format(most=MOST_ROWS))


def workbook(
    parts: Iterable[Sequence[TextColumn]],
    with_header: bool,
    currency: str = "",
    about: Callable[[], Sequence[tuple[str, str | int]]] | None = None,
) -> Iterator[bytes]:
    """Parts of one table as the bytes of a workbook; ``currency`` is what its amounts are in.

    ``about`` returns, once all parts are written, further lines for the second sheet. Raises
    ``CallError`` without XlsxWriter, and ``OutputError`` for more than a workbook can hold.
    """
    waiting = iter(parts)
    first = next(waiting)
    layout = _Layout(_xlsxwriter(), first, with_header, currency)
    sink = Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED, compresslevel=_QUICK) as archive:
        with archive.open(_entry(_SHEET), "w") as sheet:
            size = sheet.write(layout.head)
            for columns in _chained(first, waiting):
                rows = layout.rows(columns)
                size += len(rows)
                if layout.height > MOST_ROWS or size > _LARGEST_PART:
                    raise TooManyRows
                sheet.write(rows)
                yield sink.drained()
            others = layout.finished(about() if about else ())
            sheet.write(others.pop(_SHEET))
        for name, data in others.items():
            archive.writestr(_entry(name), data, compresslevel=_QUICK)
    yield sink.drained()


def _chained(
    first: Sequence[TextColumn], rest: Iterator[Sequence[TextColumn]]
) -> Iterator[Sequence[TextColumn]]:
    yield first
    yield from rest


def _entry(name: str) -> ZipInfo:
    # The same results make the same bytes at any time.
    entry = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = ZIP_DEFLATED
    return entry


def _xlsxwriter() -> ModuleType:
    try:
        import xlsxwriter.utility
    except ImportError:
        raise CallError(_("a workbook needs XlsxWriter: pip install 'aepromo[excel]'")) from None
    module: ModuleType = xlsxwriter
    return module


class _Layout:
    """A workbook without its rows: the parts before and after them, and their totals."""

    def __init__(
        self,
        xlsxwriter: ModuleType,
        columns: Sequence[TextColumn],
        with_header: bool,
        currency: str,
    ) -> None:
        if len(columns) > MOST_COLUMNS:
            raise OutputError(_("more columns than a sheet holds; choose some with --columns"))
        self._xlsxwriter = xlsxwriter
        self._columns = [(column.name, column.kind) for column in columns]
        self._widths = [_width(column) for column in columns]
        self._header = int(with_header)
        self._currency = currency
        self.height = self._header
        self._results = [column.holds for column in columns]
        self._summed = {
            position: Counter[str]()
            for position, name in enumerate(self._results)
            if name in (*LABEL_STYLES, "verdict", _LEAST) or _is_sum(name)
        }
        sheet = self._parts()[_SHEET].decode()
        before, template = sheet.split(f'<row r="{self._header + 1}"', 1)
        self.head = re.sub("<dimension [^>]*/>", "", before).encode()
        numbers = re.findall(r' s="(\d+)"', template.partition("</row>")[0])
        styles = dict(zip(formats(), map(int, numbers), strict=True))
        places = places_of_money(columns)
        self._writers = [cell_writer(column, places, styles) for column in columns]

    def rows(self, columns: Sequence[TextColumn]) -> memoryview:
        """Return rows as XML."""
        count = len(columns[0].cells)
        numbers = pa.array(range(self.height + 1, self.height + 1 + count)).cast(pa.string())
        self.height += count
        cells = [pc.binary_join_element_wise('<row r="', numbers, '">', "")]
        for position, (column, write) in enumerate(zip(columns, self._writers, strict=True)):
            encoded = pa.array(column.cells, pa.string()).dictionary_encode()
            texts = encoded.dictionary.to_pylist()
            if position in self._summed:
                for each in pc.value_counts(encoded.indices.drop_null()).to_pylist():
                    self._summed[position][texts[each["values"]]] += each["counts"]
            # Each different text is converted once.
            xml = pa.array([write(text) or None for text in texts], pa.string())
            start = f'<c r="{self._letter(position)}'
            cells.append(pc.binary_join_element_wise(start, numbers, xml.take(encoded.indices), ""))
        lines = pc.binary_join_element_wise(
            *cells, "</row>", "", null_handling="replace", null_replacement=""
        )
        return _bytes_of(lines)

    def finished(self, about: Sequence[tuple[str, str | int]]) -> dict[str, bytes]:
        """Return every part of the workbook; of the sheet only the part after its rows."""
        parts = self._parts(about)
        parts[_SHEET] = parts[_SHEET][parts[_SHEET].index(b"</sheetData>") :]
        return parts

    def _parts(self, about: Sequence[tuple[str, str | int]] = ()) -> dict[str, bytes]:
        buffer = BytesIO()
        book = self._xlsxwriter.Workbook(buffer, {"in_memory": True})
        book.set_properties({"created": datetime(1980, 1, 1)})
        sheet, summary = book.add_worksheet(_("Results")), book.add_worksheet(_("Summary"))
        bold = book.add_format({"bold": True, "bottom": 1, "align": "left"})
        if self._header:
            for position, (name, _kind) in enumerate(self._columns):
                sheet.write_string(0, position, name, bold)
            sheet.freeze_panes(1, self._frozen())
            sheet.repeat_rows(0)
            sheet.autofilter(0, 0, max(self.height - 1, 1), len(self._columns) - 1)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        for position, width in enumerate(self._widths):
            sheet.set_column(position, position, width)
        named = {name: book.add_format(look) for name, look in formats().items()}
        for position, look in enumerate(named.values()):
            sheet.write_blank(self._header, position, None, look)
        whole = f"A1:{self._letter(len(self._columns) - 1)}{max(self.height, 1)}"
        sheet.ignore_errors({"number_stored_as_text": whole})
        self._sum_up(summary, sheet.name, named, bold, about)
        book.close()
        with ZipFile(buffer) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    def _frozen(self) -> int:
        """How many columns are frozen: those up to the ids, if they are among the first."""
        through = self._results.index("sku") + 1 if "sku" in self._results else 1
        return through if through <= _MOST_FROZEN else 0

    def _sum_up(
        self,
        summary: Any,
        sheet: str,
        named: Mapping[str, object],
        bold: object,
        about: Sequence[tuple[str, str | int]],
    ) -> None:
        """Write the second sheet: formulas over the first, with their results."""
        rows = self.height - self._header
        summary.set_column(0, 0, 28)
        summary.set_column(1, 1, 14)
        summary.write_string(0, 0, _("rows"))
        summary.write_number(0, 1, rows, named["number 0"])
        if self._currency:
            summary.write_string(1, 0, _("computed amounts in"))
            summary.write_string(1, 1, self._currency)
        line = 3
        for position, counts in self._summed.items() if rows else ():
            name, kind = self._results[position], self._columns[position][1]
            cells = f"'{sheet}'!{self._place(position, self._header)}"
            cells += f":{self._place(position, self.height - 1)}"
            if kind is Kind.LABEL:
                summary.write_string(line, 0, in_words(name), bold)
                for label in RESULTS[name].labels:
                    line += 1
                    look = named[LABEL_STYLES.get(name, {}).get(label, "text")]
                    shown = label_shown(label, name)
                    summary.write_string(line, 0, shown, look)
                    formula = f'=COUNTIF({cells},"{shown}")'
                    summary.write_formula(line, 1, formula, named["number 0"], counts[label])
                line += 2
            elif kind is Kind.MONEY and counts:
                is_sum = _is_sum(name)
                amounts = {Decimal(text): count for text, count in counts.items()}
                value = sum(each * count for each, count in amounts.items())
                value = value if is_sum else min(amounts)
                column = _("{column}, sum") if is_sum else _("{column}, least")
                summary.write_string(line, 0, column.format(column=in_words(name)))
                look = named[f"number {places_of(next(iter(counts)))}"]
                formula = f"={'SUM' if is_sum else 'MIN'}({cells})"
                summary.write_formula(line, 1, formula, look, value)
                line += 1
        for number, (name, said) in enumerate(about, line + 1):
            summary.write_string(number, 0, name)
            if isinstance(said, int):
                summary.write_number(number, 1, said, named["number 0"])
            else:
                summary.write_string(number, 1, said)

    def _letter(self, position: int) -> str:
        letters: str = self._xlsxwriter.utility.xl_col_to_name(position)
        return letters

    def _place(self, position: int, row: int) -> str:
        place: str = self._xlsxwriter.utility.xl_rowcol_to_cell(row, position, True, True)
        return place


def _is_sum(name: str) -> bool:
    """Whether to add up a column's amounts: those of a month, not those of a unit."""
    return name.endswith("_30d")


def _width(column: TextColumn) -> int:
    """A readable width, in digits, with room for the filter's button in the header."""
    lengths = map(_length, (*column.cells[:_ROWS_MEASURED], ""))
    return min(max(_NARROWEST, _length(column.name) + 3, *(each + 2 for each in lengths)), _WIDEST)


def _length(cell: str | None) -> int:
    longest = max((cell or "").split("\n"), key=len)
    return sum(1 if letter < "\u2e80" else 2 for letter in longest)


def _bytes_of(lines: pa.StringArray) -> memoryview:
    """The lines, concatenated."""
    _validity, offset_buffer, data = lines.buffers()
    if data is None:
        return memoryview(b"")
    offsets = np.frombuffer(offset_buffer, np.int32, len(lines) + 1, 4 * lines.offset)
    return memoryview(data)[offsets[0] : offsets[-1]]
