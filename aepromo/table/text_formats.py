"""Convert columns to text: CSV and TSV, JSON, JSON lines, Markdown.

An input cell is written as it was read. A computed figure is written with all its decimal places;
a blank one is an empty cell or ``null``. In JSON figures are numbers, and so are the cells of an
input column that was read as numbers; other cells are strings.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import BLANK
from aepromo.table.cells import POINT, bare_digits, fixed
from aepromo.table.column import Column, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aepromo.pricing.currency import Currency

_RUNS_IN_A_SPREADSHEET = frozenset("=+-@\t\r")
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"


class TextColumn(NamedTuple):
    """A column ready to be written: its header, its cells as text, None for a blank figure.

    ``kind`` tells figures (``MONEY``, ``FINE``, ``RATIO``), and inputs that were read as numbers
    (``COST``, ``RATE``), from text. ``role`` is the input or result that the column holds, if its
    header doesn't say that.
    """

    name: str
    kind: Kind
    cells: Sequence[str | None]
    role: str = ""

    @property
    def holds(self) -> str:
        """The input or result that the column holds; its header if unknown."""
        return self.role or self.name

    @property
    def is_figure(self) -> bool:
        """Whether the cells are numbers that the program computed."""
        return self.kind in FIGURES


FIGURES = frozenset({Kind.MONEY, Kind.FINE, Kind.RATIO, Kind.MILLIONTHS, Kind.EXCHANGE, Kind.COUNT})
"""The kinds of computed figures."""

NUMBERS_READ = frozenset(
    {Kind.COST, Kind.TARGET, Kind.PRICE, Kind.TURNOVER, Kind.RATE, Kind.RATES, Kind.SHARE,
     Kind.MARKUP, Kind.FX, Kind.WEIGHT, Kind.NUMBER, Kind.COUNT}
)  # fmt: skip
"""The kinds of inputs whose cells are numbers."""


def bare(column: TextColumn, currency: Currency, decimal: str = POINT) -> TextColumn:
    """A column of inputs with its numbers as plain digits, for JSON and workbooks.

    A cost in another currency stays unchanged, because without its sign it would be another amount.
    """
    if column.kind not in NUMBERS_READ:
        return column
    own = currency._replace(is_stated=True) if column.kind is Kind.COST else currency
    cells = [
        (bare_digits(cell, column.kind, own, decimal) or cell) if cell else None
        for cell in column.cells
    ]
    return column._replace(cells=cells)


def places_shown(kind: Kind, currency: Currency) -> int:
    """The decimal places of a kind of computed figure."""
    if kind is Kind.MONEY:
        return currency.places
    if kind is Kind.FINE:
        return currency.places + 2
    return _PLACES.get(kind, 0)


_PLACES = {Kind.RATIO: 4, Kind.MILLIONTHS: 6, Kind.EXCHANGE: 9}


def result_text(value: int | str, column: Column, currency: Currency) -> str | None:
    """A computed value as text, in every format except a table."""
    if isinstance(value, str):
        return value or None
    if value == BLANK:
        return None
    if column.kind is Kind.LABEL:
        return column.labels[value]
    text = fixed(value, places_shown(column.kind, currency))
    return text.rstrip("0").rstrip(".") if column.kind is Kind.EXCHANGE else text


def result_columns(
    results: Mapping[str, int | str], columns: Mapping[str, Column], currency: Currency
) -> list[TextColumn]:
    """The figures of one row as columns."""
    return [
        TextColumn(name, columns[name].kind, [result_text(value, columns[name], currency)])
        for name, value in results.items()
    ]


def rows_of(columns: Sequence[TextColumn]) -> Iterator[tuple[str | None, ...]]:
    """The columns' cells, row by row."""
    return zip(*(column.cells for column in columns), strict=True)


def delimited(
    rows: Iterable[Sequence[str | None]],
    delimiter: str = ",",
    excel_safe: bool = False,
    line_end: str = "\n",
) -> str:
    """CSV or TSV lines: quoted only where needed."""
    out = _Lines(line_end)
    writer = csv.writer(out, delimiter=delimiter)
    for row in rows:
        writer.writerow([_for_spreadsheets(cell) for cell in row] if excel_safe else row)
    return out.getvalue()


class _Lines(io.StringIO):
    """Lines that ``csv`` ends in CRLF, so that it quotes a cell with either half, ended anew."""

    def __init__(self, line_end: str) -> None:
        super().__init__()
        self._line_end = line_end

    def write(self, line: str) -> int:
        return super().write(line.removesuffix("\r\n") + self._line_end)


def _for_spreadsheets(cell: str | None) -> str | None:
    return "'" + cell if cell and is_run_by_spreadsheets(cell) else cell


def is_run_by_spreadsheets(cell: str) -> bool:
    """Whether a spreadsheet would run the text as a formula."""
    return cell[:1] in _RUNS_IN_A_SPREADSHEET and not re.fullmatch(_NUMBER, cell)


def json_objects(columns: Sequence[TextColumn]) -> Iterator[str]:
    """Each row as a JSON object on one line."""
    keys = [_json_text(column.name) for column in columns]
    values = [_json_values(column) for column in columns]
    for row in zip(*values, strict=True):
        members = (f"{key}: {value}" for key, value in zip(keys, row, strict=True))
        yield "{" + ", ".join(members) + "}"


def _json_values(column: TextColumn) -> Iterator[str]:
    # A column of the file may hold anything in a total row, and blanks in any.
    may_be_number = column.is_figure or column.kind in NUMBERS_READ
    for cell in column.cells:
        if cell is None:
            yield "null"
        elif may_be_number and _is_json_number(cell):
            yield cell
        else:
            yield _json_text(cell)


def _is_json_number(cell: str) -> bool:
    return re.fullmatch(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", cell) is not None


def _json_text(value: object) -> str:
    import json  # not needed for CSV

    return json.dumps(value, ensure_ascii=False)


def markdown_header(columns: Sequence[TextColumn]) -> str:
    """The two lines on top of a Markdown table, figures to the right."""
    rules = ["---:" if column.is_figure else "---" for column in columns]
    return markdown_row([column.name for column in columns]) + f"| {' | '.join(rules)} |\n"


def markdown_row(cells: Iterable[str | None]) -> str:
    """One line of a Markdown table."""
    return f"| {' | '.join(_markdown_cell(cell or '') for cell in cells)} |\n"


def _markdown_cell(cell: str) -> str:
    escaped = cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return " ".join(escaped.split("\n")).replace("\r", "")


class Figure(NamedTuple):
    """A number that JSON writes with exactly these digits."""

    digits: str


def row_documents(columns: Sequence[TextColumn]) -> list[dict[str, object]]:
    """Each row for ``json_document``, its computed figures as numbers."""
    names = [column.name for column in columns]
    cells = [
        [Figure(cell) if column.is_figure and cell is not None else cell for cell in column.cells]
        for column in columns
    ]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def json_document(value: object, indent: str = "") -> str:
    """Nested mappings, lists, text, figures and None as JSON, indented by two."""
    inner = indent + "  "
    if isinstance(value, Figure):
        return value.digits
    if isinstance(value, Mapping) and value:
        members = (
            f"{inner}{_json_text(key)}: {json_document(member, inner)}"
            for key, member in value.items()
        )
        return "{\n" + ",\n".join(members) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and value:
        members = (inner + json_document(member, inner) for member in value)
        return "[\n" + ",\n".join(members) + f"\n{indent}]"
    return _json_text(value)
