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

import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import CallError, OutputError
from aepromo.table.column import Kind
from aepromo.table.csv_lines import bytes_of
from aepromo.table.headers import read_header
from aepromo.table.schema import INPUTS, RESULTS, in_words
from aepromo.table.sink import Sink
from aepromo.terminal.palette import LABEL_STYLES
from aepromo.words import _, is_english, label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aepromo.table.text_formats import TextColumn

    Styles = Mapping[str, int]
    from collections.abc import Iterable, Iterator
    from types import ModuleType


MOST_PLACES = 6
LONGEST_TEXT = 32_767
COLOURS: dict[str, dict[str, object]] = {
    "green": {"font_color": "#006100", "bg_color": "#C6EFCE"},
    "yellow": {"font_color": "#9C5700", "bg_color": "#FFEB9C"},
    "red": {"font_color": "#9C0006", "bg_color": "#FFC7CE"},
    "bold red": {"font_color": "#FFFFFF", "bg_color": "#C00000", "bold": True},
    "bold yellow": {"font_color": "#7F4F00", "bg_color": "#FFD966", "bold": True},
    "bold green": {"font_color": "#006100", "bg_color": "#C6EFCE", "bold": True},
    "cyan": {"font_color": "#1F4E79", "bg_color": "#DDEBF7"},
    "dim": {"font_color": "#7F7F7F"},
}
"""The spreadsheet format of each colour of the palette."""

_AMOUNTS = frozenset({Kind.COST, Kind.TARGET, Kind.PRICE, Kind.TURNOVER, Kind.MONEY, Kind.FINE})
_RATES = frozenset({Kind.RATE, Kind.RATES, Kind.SHARE, Kind.MARKUP, Kind.RATIO})
_NUMERIC = frozenset(
    {*_AMOUNTS, *_RATES, Kind.COUNT, Kind.NUMBER, Kind.WEIGHT, Kind.FX, Kind.EXCHANGE}
)

# Text that Excel would show unchanged as a number, with no more digits than it keeps.
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.(?P<fraction>\d+))?", re.ASCII)
_MOST_DIGITS = 15
_FORBIDDEN = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def formats() -> dict[str, dict[str, object]]:
    """Every cell format by its name in this module."""
    named: dict[str, dict[str, object]] = {"text": {"num_format": "@"}}
    for places in range(MOST_PLACES + 1):
        zeros = "." + "0" * places if places else ""
        named[f"number {places}"] = {"num_format": f"#,##0{zeros};[Red]-#,##0{zeros}"}
        named[f"change {places}"] = {"num_format": f"#,##0{zeros}"}
        named[f"percent {places}"] = {"num_format": f"0{zeros}%;[Red]-0{zeros}%"}
    return named | {colour: dict(look) for colour, look in COLOURS.items()}


def cell_writer(column: TextColumn, money_places: int, styles: Styles) -> Callable[[str], str]:
    """Return the function that converts a text of the column to a cell's XML, from its style on.

    A blank text gives a blank. A computed figure becomes a number, as does an input cell of a
    column of numbers if its text is plainly one. Every other cell is written unchanged as text,
    never as a formula. A label is in the language in force.
    """
    kind = _kind_of(column)
    colours = LABEL_STYLES.get(column.holds, {})
    is_change = column.holds == "price_change"  # a negative number here is not a loss

    def cell(text: str) -> str:
        if not text:
            return ""
        number = _as_number(text, kind)
        if number is not None:
            style = _number_style(number, kind, money_places)
            if is_change:
                style = style.replace("number", "change")
            return f'" s="{styles[style]}"><v>{number}</v></c>'
        style = colours.get(text, "text")
        shown = label_shown(text, column.holds) if kind is Kind.LABEL else text
        return f'" s="{styles[style]}" t="inlineStr"><is>{_text(shown)}</is></c>'

    return cell


def label_shown(name: str, column: str) -> str:
    """A label of a column in a workbook: the English name, or a Chinese word."""
    if is_english() or name not in RESULTS[column].labels:
        return name
    return label(name, column)


def _kind_of(column: TextColumn) -> Kind:
    """The kind of a column's cells: as computed, else by its known role, else by its header."""
    if column.is_figure or column.kind in (Kind.LABEL, Kind.PROSE):
        return column.kind
    reading = read_header(column.name)
    role = column.role or reading.column or column.name
    known = INPUTS.get(role) or RESULTS.get(role)
    if known and known.kind in _RATES and reading.unit == "%":
        return Kind.NUMBER  # 8 without % is 8 %, and stays 8
    return known.kind if known else Kind.TEXT


def _as_number(text: str, kind: Kind) -> str | None:
    """The digits of a cell that is plainly a number, a percentage as the ratio that it is."""
    if kind in _RATES and text.endswith("%") and _PLAIN.fullmatch(text[:-1]):
        text = f"{Decimal(text[:-1]).scaleb(-2):f}"
    elif kind not in _NUMERIC:
        return None
    return text if _PLAIN.fullmatch(text) and len(text) <= _MOST_DIGITS else None


def _number_style(number: str, kind: Kind, money_places: int) -> str:
    places = decimals_of(number)
    if kind in _RATES:
        return f"percent {min(max(places - 2, 0), MOST_PLACES)}"
    if kind in _AMOUNTS:
        places = max(places, money_places)
    return f"number {min(places, MOST_PLACES)}"


def decimals_of(number: str) -> int:
    """How many decimal places a number is written with."""
    return len(number.partition(".")[2])


def places_of_money(columns: Sequence[TextColumn]) -> int:
    """The currency's decimal places: those of the first computed amount, or two."""
    amounts = (cell for each in columns if each.kind is Kind.MONEY for cell in each.cells if cell)
    return decimals_of(next(amounts, "0.00"))


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT // 2 and len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        reason = _("a cell of over {most:,} characters, which no workbook holds; write .csv")
        raise OutputError(reason.format(most=LONGEST_TEXT))
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _FORBIDDEN.sub(_spelled, safe)
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{kept}>{safe}</t>"


def _spelled(match: re.Match[str]) -> str:
    # An underscore that looks like the start of an escape is escaped itself.
    return "_x005F_x" if match[0] == "_x" else f"_x{ord(match[0]):04X}_"


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
    about: Callable[[], tuple[int, Sequence[tuple[str, str | int]]]] | None = None,
) -> Iterator[bytes]:
    """Parts of one table as the bytes of a workbook; ``currency`` is what its amounts are in.

    ``about`` returns, once all parts are written, how many rows are total rows, and further lines
    for the second sheet. Raises ``CallError`` without XlsxWriter, and ``OutputError`` for more than
    a workbook can hold.
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
            others = layout.finished(*(about() if about else ()))
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
        return bytes_of(lines)

    def finished(
        self, totals: int = 0, about: Sequence[tuple[str, str | int]] = ()
    ) -> dict[str, bytes]:
        """Return every part of the workbook; of the sheet only the part after its rows."""
        parts = self._parts(totals, about)
        parts[_SHEET] = parts[_SHEET][parts[_SHEET].index(b"</sheetData>") :]
        return parts

    def _parts(
        self, totals: int = 0, about: Sequence[tuple[str, str | int]] = ()
    ) -> dict[str, bytes]:
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
        self._sum_up(summary, sheet.name, named, bold, totals, about)
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
        totals: int,
        about: Sequence[tuple[str, str | int]],
    ) -> None:
        """Write the second sheet: formulas over the first, with their results."""
        rows = self.height - self._header - totals
        summary.set_column(0, 0, 28)
        summary.set_column(1, 1, 14)
        summary.write_string(0, 0, _("rows"))
        summary.write_number(0, 1, rows, named["number 0"])
        if self._currency:
            summary.write_string(1, 0, _("computed amounts in"))
            summary.write_string(1, 1, self._currency)
        if totals:
            about = [(_("total rows"), totals), *about]
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
                look = named[f"number {decimals_of(next(iter(counts)))}"]
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
