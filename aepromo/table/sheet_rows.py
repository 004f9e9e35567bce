"""The rows of a sheet: usual ones many at once, all others by the parser.

A regular expression reads a row several times as fast as a parser with a callback for each element.
It matches only rows of a known form. The parser gets all the rest: the same sheet with fewer rows,
so it still finds invalid XML and rows out of order.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.sax.saxutils import unescape

from aepromo.table.sheet_cells import unescaped
from aepromo.table.sheet_xml import MOST_ROWS, SheetReader, without_blanks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aepromo.table.sheet_cells import Cells
    from aepromo.table.sheet_xml import Row

    Found = Sequence[str | None]

_ROW_END = b"</row>"
_CONTROLS = bytes({*range(32)} - {*b"\t\n"})

_MOST_CELLS = 256
"""The widest row that there is an expression for; one is compiled for as many cells."""

_ROWS_LOOKED_AT = 100
_MOST_LESSONS = 20

_TEXT = r"[^<>&]*+(?:&(?:amp|lt|gt|quot|apos);[^<>&]*+)*+"
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_FORMULA = rf'(?:<f(?: \w++="[^<>&"]*+")*+(?:/>|>{_TEXT}</f>))?+'
_START = r'\s*+<row r="(\d{1,7}+)"(?: (?!r=)[\w:]++="[^<>&"]*+")*+>\s*+'
_VALUE = r"<v>([^<>&]++)</v>"
_INLINE = rf'<is><t(?: xml:space="preserve")?+>({_TEXT})</t></is>'
_ANY_KIND = r'((?: s="\d++")?+(?: t="[a-zA-Z]++")?+)'
_KIND = re.compile(r'(?: s="(\d+)")?(?: t="(\w+)")?', re.ASCII)


def sheet_rows(chunks: Iterable[bytes], cells: Cells) -> Iterator[Row]:
    """The rows of a sheet's XML that aren't blank, each with its number.

    They come without the blanks at their end. Raises ``Damaged`` and ``ExpatError``.
    """
    parser, plain = SheetReader(cells), PlainRows(cells)
    for piece in _pieces(chunks):
        text = _usual(piece) if parser.pauses and parser.is_utf8 else ""
        if not text:
            yield from parser.fed(piece)
        position = 0
        while position < len(text):
            if parser.pauses:
                rows, position = plain.rows(text, position, parser)
                yield from rows
            if position < len(text):
                end = text.find("</row>", position) + len("</row>")
                yield from parser.fed(text[position:end].encode())
                position = end
    yield from parser.fed(b"", is_last=True)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that end where a row ends, if they contain the end of one."""
    pending = b""
    for chunk in chunks:
        pending += chunk
        end = pending.rfind(_ROW_END) + len(_ROW_END)
        if end < len(_ROW_END):
            end = len(pending)
        yield pending[:end]
        pending = pending[end:]
    yield pending


def _usual(piece: bytes) -> str:
    """The text of whole rows, or empty if it holds characters that XML does not allow."""
    if not piece.endswith(_ROW_END) or len(piece.translate(None, _CONTROLS)) < len(piece):
        return ""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return ""
    return "" if "\ufffe" in text or "\uffff" in text else text


class PlainRows:
    """A fast reader of rows in the usual form, by one regular expression.

    In that form a cell has a reference, and holds only a value, with or without a formula, or a
    text without formatting. The cells of a column mostly have the same attributes; as long as they
    do, the expression contains these literally.
    """

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self._value = _VALUE if cells.computes_on_load else _FORMULA + _VALUE
        self._width = self._lessons = 0
        self._kinds: dict[int, str | None] = {}  # None if a column's cells have several
        self._any = self._row = self._expression({})

    def rows(self, text: str, position: int, parser: SheetReader) -> tuple[list[Row], int]:
        """The rows from a position on that aren't blank, and where the first of another form is."""
        self._widen(parser.widest)
        rows: list[Row] = []
        while True:
            numbers, found = [], []
            while match := self._row.match(text, position):
                number = int(match[1])
                if not parser.number < number <= MOST_ROWS:
                    break
                parser.number = number
                numbers.append(number)
                found.append(match.groups())
                position = match.end()
            rows += self._read(numbers, found)
            if not self._learns(text, position):
                return rows, position

    def _widen(self, width: int) -> None:
        if self._width < width <= _MOST_CELLS:
            # Don't compile an expression for every row if rows get wider and wider.
            self._width = min(max(width, 2 * self._width), _MOST_CELLS)
            self._any = self._expression(dict.fromkeys(range(self._width)))
            self._row = self._expression(self._kinds)

    def _learns(self, text: str, position: int) -> bool:
        """Whether the next rows have new kinds of cells in their columns."""
        before, looked_at = dict(self._kinds), 0
        while looked_at < _ROWS_LOOKED_AT and (match := self._any.match(text, position)):
            for column, kind in enumerate(match.groups()[1::3]):
                if kind is not None and self._kinds.setdefault(column, kind) != kind:
                    self._kinds[column] = None
            if self._kinds == before:
                return False
            position = match.end()
            looked_at += 1
        if not looked_at:
            return False
        self._lessons += 1
        if self._lessons > _MOST_LESSONS:
            self._kinds = dict.fromkeys(range(self._width))
        self._row = self._expression(self._kinds)
        return True

    def _expression(self, kinds: Mapping[int, str | None]) -> re.Pattern[str]:
        cells = (self._cell(column, kinds[column]) for column in sorted(kinds))
        return re.compile(f"{_START}{''.join(cells)}</row>", re.ASCII)

    def _cell(self, column: int, kind: str | None) -> str:
        start, content = rf'(?:<c r="{_letters(column)}\d++"', f"(?:{self._value}|{_INLINE})"
        if kind is not None:
            content = _INLINE if "inlineStr" in kind else self._value
        return rf"{start}{_ANY_KIND if kind is None else kind}(?:>{content}</c>|/>|></c>))?+"

    def _read(self, numbers: list[int], found: Sequence[Found]) -> list[Row]:
        """The rows that were found, from what the expression's groups hold."""
        groups = iter(zip(*found, strict=True))
        next(groups, None)
        columns: list[Sequence[str]] = []
        for column in range(self._width) if found else ():
            if column not in self._kinds:
                columns.append([""] * len(found))
            elif (kind := self._kinds[column]) is None:
                columns.append(self._mixed(next(groups), next(groups), next(groups)))
            else:
                columns.append(self._alike(kind, next(groups)))
        rows = map(without_blanks, map(list, zip(*columns, strict=True)))
        return [(number, cells) for number, cells in zip(numbers, rows, strict=False) if cells]

    def _alike(self, attributes: str, stored: Found) -> Sequence[str]:
        kind, style = _kind_of(attributes)
        if kind == "inlineStr":
            return [unescaped(each) if each else "" for each in _resolved(stored)]
        return self._cells.alike(kind, style, stored)

    def _mixed(self, attributes: Found, values: Found, texts: Found) -> Sequence[str]:
        return [
            "" if each is None else self._cells.text(*_kind_of(each), value, text or "", None)
            for each, value, text in zip(attributes, values, _resolved(texts), strict=True)
        ]


def _resolved(texts: Found) -> Found:
    """The texts with XML entities replaced by their characters."""
    if not any(text and "&" in text for text in set(texts)):
        return texts
    return [text and unescape(text, _QUOTES) for text in texts]


@lru_cache(1 << 12)
def _kind_of(attributes: str) -> tuple[str, int]:
    """A cell's type and style."""
    match = _KIND.fullmatch(attributes)
    style, kind = match.groups() if match else (None, None)
    return kind or "n", int(style or 0)


def _letters(column: int) -> str:
    """The name of a column by its position: ``C`` for 2."""
    letters = ""
    while column >= 0:
        column, letter = divmod(column, 26)
        letters, column = chr(ord("A") + letter) + letters, column - 1
    return letters
