"""A sheet of an Excel workbook as a source of rows.

Its rows become blocks of CSV, so that everything after this reads them as it reads a text file;
only the numbers in messages are the sheet's rows. A cell keeps the text that the file holds for it:
a price its digits, a long id all of them, an error its name, a formula without a result itself.
(Ready-made readers hand out binary floats, and take an error for a blank.)
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from typing import TYPE_CHECKING, BinaryIO
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from aepromo.errors import CallError, InputError
from aepromo.table.headers import check_header
from aepromo.table.sheet_cells import Cells, Styles
from aepromo.table.sheet_rows import sheet_rows
from aepromo.table.sheet_xml import Damaged, TextsReader, limited
from aepromo.table.source import BLOCK_BYTES, LONGEST_RECORD, Block, Source
from aepromo.table.text import delimited
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.table.recognised import KnownHeaders
    from aepromo.table.sheet_xml import Row

LARGEST_SHEET = 2 << 30
LARGEST_TEXTS = 512 << 20
LARGEST_PART = 32 << 20
"""What a sheet, the texts of all sheets, and any other part may unpack to, in bytes."""

_HOME = "xl/workbook.xml"
_LONGEST_GAP = 1_000
_UNREADABLE = (
    Damaged, zipfile.BadZipFile, zlib.error, ExpatError, ElementTree.ParseError,
    ValueError, ArithmeticError, LookupError, EOFError, OSError, NotImplementedError,
    RuntimeError,
)  # fmt: skip


def open_workbook(
    stream: BinaryIO, name: str, sheet: str | None = None, known: KnownHeaders | None = None
) -> Source:
    """Read a sheet's header and hand out its rows as blocks.

    ``stream`` can be sought in; ``sheet`` is a name or a number from 1, else the first sheet that
    is not hidden is read. The header is the first row that isn't blank. Raises ``InputError`` for
    what is no workbook or no table, and ``CallError`` for a sheet that there is none of.
    """
    try:
        book = _Book(zipfile.ZipFile(stream))
    except _UNREADABLE as error:
        raise InputError(f"{name}: {_reason(error)}") from None
    title, part = book.sheet(sheet)
    name = f"{name}!{title}"
    rows = _readable(book, part, name)
    first, header = next(rows, (0, []))
    if not header:
        raise InputError(_("{name}: the sheet is empty").format(name=name))
    try:
        check_header(header)
    except InputError as problem:
        raise InputError(f"{name}:{first}: {problem}") from None
    blocks = _blocks(rows, len(header), name)
    return Source(name, tuple(header), ",", blocks, counts_rows=True)


def _reason(error: Exception) -> str:
    if isinstance(error, Damaged):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return _("can't be read: {reason}").format(reason=error.strerror)
    if isinstance(error, RuntimeError) and "encrypted" in str(error):
        return _("the workbook has a password; save it without one")
    return _("the workbook is damaged; open it in Excel and save it anew")


class _Book:
    """A workbook's parts: which sheets there are, and what their cells refer to."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        if _HOME not in archive.namelist():
            raise Damaged(_("no .xlsx workbook; save it as one, or as .csv"))
        self._home = self._tree(_HOME)
        targets = {
            each.get("Id"): (str(each.get("Type")).rpartition("/")[2], str(each.get("Target")))
            for each in self._tree("xl/_rels/workbook.xml.rels")
        }
        self._parts = {key: (kind, _part_name(target)) for key, (kind, target) in targets.items()}
        self._sheets = [
            (str(each.get("name")), self._parts[_link(each)][1], each.get("state", "visible"))
            for each in self._all("sheet")
            if self._parts[_link(each)][0] == "worksheet"
        ]

    def sheet(self, wanted: str | None) -> tuple[str, str]:
        """A sheet's name and part: by its name or number, else the first that is to be seen."""
        found = [(title, part) for title, part, state in self._sheets if state == "visible"]
        if wanted is None:
            if not found:
                raise CallError(_("every sheet of the workbook is hidden; choose one with --sheet"))
            return found[0]
        every = [(title, part) for title, part, _state in self._sheets]
        by_name = {title: (title, part) for title, part in every}
        if wanted in by_name:
            return by_name[wanted]
        if wanted.isdecimal() and 0 < int(wanted) <= len(every):
            return every[int(wanted) - 1]
        names = _(", ").join(by_name)
        reason = _("--sheet '{sheet}': no such sheet; there are {names}")
        raise CallError(reason.format(sheet=wanted, names=names))

    def rows(self, part: str) -> Iterator[Row]:
        """The rows of a sheet that aren't blank, each with its number. Raises ``Damaged``."""
        cells = Cells(self._texts(), self._styles(), self._computes_on_load())
        with self._archive.open(part) as stream:
            yield from sheet_rows(limited(stream, LARGEST_SHEET), cells)

    def _texts(self) -> list[str]:
        part = self._linked("sharedStrings")
        if part is None:
            return []
        with self._archive.open(part) as stream:
            return TextsReader().texts(limited(stream, LARGEST_TEXTS))

    def _styles(self) -> Styles:
        part = self._linked("styles")
        tree = ElementTree.Element("styleSheet") if part is None else self._tree(part)
        codes = {
            int(each.get("numFmtId", 0)): each.get("formatCode", "")
            for each in tree.iterfind(".//{*}numFmts/{*}numFmt")
        }
        formats = [int(each.get("numFmtId", 0)) for each in tree.iterfind("{*}cellXfs/{*}xf")]
        from_1904 = any(_is_on(each.get("date1904")) for each in self._all("workbookPr"))
        return Styles.of(formats, codes, from_1904)

    def _computes_on_load(self) -> bool:
        return any(_is_on(each.get("fullCalcOnLoad")) for each in self._all("calcPr"))

    def _all(self, tag: str) -> Iterator[ElementTree.Element]:
        return self._home.iterfind(f".//{{*}}{tag}")

    def _linked(self, kind: str) -> str | None:
        return next((part for found, part in self._parts.values() if found == kind), None)

    def _tree(self, part: str) -> ElementTree.Element:
        with self._archive.open(part) as stream:
            data = b"".join(limited(stream, LARGEST_PART))
        if b"<!DOCTYPE" in data:
            raise Damaged(_("the workbook declares entities, as none does"))
        return ElementTree.fromstring(data)  # noqa: S314 (short, and without entities)


def _link(sheet: ElementTree.Element) -> str:
    return next(value for key, value in sheet.attrib.items() if key.endswith("}id"))


def _part_name(target: str) -> str:
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _is_on(flag: str | None) -> bool:
    return flag in ("1", "true", "on")


def _readable(book: _Book, part: str, name: str) -> Iterator[Row]:
    number = 0
    try:
        for number, cells in book.rows(part):
            yield number, cells
    except _UNREADABLE as error:
        place = f"{name}:{number + 1}" if number else name
        raise InputError(f"{place}: {_reason(error)}") from None


def _blocks(rows: Iterator[Row], width: int, name: str) -> Iterator[Block]:
    """The rows as CSV; a blank line for each blank row between, so that the numbers are right."""
    waiting: list[str] = []
    size, first, following = 0, 0, 0
    for number, cells in rows:
        line = _line(cells, width)
        if len(line) > LONGEST_RECORD:
            raise InputError(_("{place}: a row of over 64 MB").format(place=f"{name}:{number}"))
        if waiting and (size + len(line) > BLOCK_BYTES or number - following > _LONGEST_GAP):
            yield Block("".join(waiting).encode(), first)
            waiting, size = [], 0
        if not waiting:
            first = following = number
        waiting += ["\n" * (number - following), line]
        size += len(line)
        following = number + 1
    if waiting:
        yield Block("".join(waiting).encode(), first)


def _line(cells: list[str], width: int) -> str:
    """A row as a line as wide as the header, where only blanks make the difference."""
    line = ",".join(cells)
    if line.count(",") >= len(cells) or '"' in line or "\n" in line or "\r" in line:
        line = delimited([cells]).removesuffix("\n")
    return line + "," * (width - len(cells)) + "\n"
