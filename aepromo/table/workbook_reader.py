"""A sheet of an Excel workbook as a source of rows.

Its rows become blocks of CSV, which are then read like a text file; only the numbers in messages
are the sheet's rows. A cell keeps the text in the file: a price its digits, a long id all its
digits, an error its name, a formula without a result the formula. (Existing readers return binary
floats, and read an error as a blank.)
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from itertools import chain, islice
from typing import TYPE_CHECKING, BinaryIO, NoReturn
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from aepromo.errors import CallError, InputError
from aepromo.table.cells import shown
from aepromo.table.headers import ENOUGH, KnownHeaders, check_header
from aepromo.table.sheet_cells import Cells, Styles
from aepromo.table.sheet_rows import sheet_rows
from aepromo.table.sheet_xml import Damaged, TextsReader, limited, refuse_entities
from aepromo.table.source import BLOCK_BYTES, LONGEST_RECORD, Block, FileGuesses, Source
from aepromo.table.table_start import LINES_LOOKED_AT
from aepromo.table.text_formats import delimited
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.table.sheet_xml import Row

LARGEST_SHEET = 2 << 30
LARGEST_TEXTS = 512 << 20
LARGEST_PART = 32 << 20
"""The largest unpacked sizes of a sheet, of all shared texts, and of other parts, in bytes."""

_HOME = "xl/workbook.xml"
_LONGEST_GAP = 1_000
_FARTHEST = 1_024
"""How many columns a cell may be to the right of the header's last."""
_FEW = 12
_UNREADABLE = (
    Damaged, zipfile.BadZipFile, zlib.error, ExpatError, ElementTree.ParseError,
    ValueError, ArithmeticError, LookupError, EOFError, OSError, NotImplementedError,
    RuntimeError,
)  # fmt: skip


def open_workbook(
    stream: BinaryIO, name: str, sheet: str | None = None, known: KnownHeaders | None = None
) -> Source:
    """Read a sheet's header and hand out its rows as blocks.

    ``stream`` is seekable; ``sheet`` is a name or a number from 1. Otherwise the first sheet that
    is not hidden is read, or the only one with a table if that has none. The header is the first
    row with columns that ``known`` knows, or else the first that isn't blank. Raises ``InputError``
    for what is not a workbook or not a table, and ``CallError`` for an unknown sheet.
    """
    known, taken = known or KnownHeaders(), FileGuesses()
    try:
        book = _Book(zipfile.ZipFile(stream))
    except _UNREADABLE as error:
        raise InputError(f"{name}: {_reason(error)}") from None
    title, part = book.sheet(sheet)
    top = _SheetTop(_readable(book, part, f"{name}!{title}"), known)
    others = [each for each in book.seen_sheets() if each != (title, part)]
    if sheet is None and not top.known and others:
        tops = {
            each: _SheetTop(_readable(book, each[1], f"{name}!{each[0]}"), known) for each in others
        }
        tables = [each for each, found in tops.items() if found.known >= ENOUGH]
        if len(tables) == 1:
            taken.sheets_passed = (title,)
            (title, part), top = tables[0], tops[tables[0]]
            taken.sheet = title
        elif tables or not top.header:
            names = _(", ").join(shown(each) for each, _part in [(title, part), *others][:_FEW])
            reason = _("no table on sheet {sheet}; choose one with --sheet, there are {names}")
            raise InputError(f"{name}: {reason.format(sheet=shown(title), names=names)}")
    name = f"{name}!{title}"
    if not top.header:
        raise InputError(_("{name}: the sheet is empty").format(name=name))
    taken.header_line = top.number
    if any("\0" in each for each in top.header):
        reason = _("a header holds a NUL character; rename the column")
        raise InputError(f"{name}:{top.number}: {reason}")
    try:
        check_header(top.header)
    except InputError as problem:
        raise InputError(f"{name}:{top.number}: {problem}") from None
    blocks = _blocks(top.rows, len(top.header), name)
    return Source(name, tuple(top.header), ",", blocks, counts_rows=True, taken=taken)


class _SheetTop:
    """The first rows of a sheet, with the header among them and its number.

    ``known`` is how many known columns it names, ``rows`` are those below it.
    """

    def __init__(self, rows: Iterator[Row], known: KnownHeaders) -> None:
        first = list(islice(rows, LINES_LOOKED_AT))
        counts = [known.count(cells) for _number, cells in first]
        place = next((at for at, count in enumerate(counts) if count >= ENOUGH), 0)
        self.number, self.header = first[place] if first else (1, [])
        self.known = counts[place] if counts else 0
        self.rows = chain(first[place + 1 :], rows)


def _reason(error: Exception) -> str:
    if isinstance(error, Damaged):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return _("can't be read: {reason}").format(reason=error.strerror)
    if isinstance(error, RuntimeError) and "encrypted" in str(error):
        return _("the workbook has a password; save it without one")
    return _("the workbook is damaged; open it in Excel and save it again")


class _Book:
    """A workbook's parts: its sheets, and what their cells refer to."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._cells: Cells | None = None
        # Some programs write part names in another case than the links to them, or with
        # backslashes.
        self._members = {_plain_part(each.filename): each for each in archive.infolist()}
        home = self._main_part()
        self._folder = posixpath.dirname(home)
        self._home = self._tree(home)
        name = posixpath.basename(home)
        links = self._links(posixpath.join(self._folder, "_rels", f"{name}.rels"))
        self._parts = {
            key: (kind, _part_name(self._folder, target)) for key, (kind, target) in links.items()
        }
        self._sheets = [
            (str(each.get("name")), self._parts[_link(each)][1], each.get("state", "visible"))
            for each in self._all("sheet")
            if self._parts[_link(each)][0] == "worksheet"
        ]

    def _main_part(self) -> str:
        """The part that lists the sheets, which usually has the same name."""
        try:
            links = self._links("_rels/.rels").values()
        except KeyError:
            links = {}.values()
        main = next((target for kind, target in links if kind == "officeDocument"), _HOME)
        home = _part_name("", main)
        if home.endswith(".bin"):
            raise Damaged(_("an .xlsb workbook; save it as .xlsx"))
        if _plain_part(home) not in self._members:
            raise Damaged(self._no_workbook())
        return home

    def _no_workbook(self) -> str:
        """The message for an archive that is not a workbook: what it is, and the remedy."""
        names = set(self._members)
        if "mimetype" in names:
            return _("an OpenDocument file such as .ods; save it as .xlsx")
        if any(name.startswith(("word/", "ppt/")) for name in names):
            return _("an office document without a table; save the table as .xlsx, or as .csv")
        if any(name.endswith((".iwa", "index.zip")) for name in names):
            return _("a Numbers document; export it as .xlsx")
        if "[content_types].xml" in names:
            return _("not an .xlsx workbook; save it as one, or as .csv")
        return _("a zip archive; unpack it first")

    def _links(self, part: str) -> dict[str | None, tuple[str, str]]:
        """The kind and the target of each of a part's links, by its id."""
        return {
            each.get("Id"): (str(each.get("Type")).rpartition("/")[2], str(each.get("Target")))
            for each in self._tree(part)
        }

    def seen_sheets(self) -> list[tuple[str, str]]:
        """The name and the part of each sheet that is not hidden."""
        return [(title, part) for title, part, state in self._sheets if state == "visible"]

    def sheet(self, wanted: str | None) -> tuple[str, str]:
        """A sheet's name and part: by its name or number, else the first that is not hidden."""
        found = self.seen_sheets()
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
        if self._cells is None:
            self._cells = Cells(self._texts(), self._styles(), self._computes_on_load())
        yield from sheet_rows(self._bytes(part, LARGEST_SHEET), self._cells)

    def _bytes(self, part: str, most: int) -> Iterator[bytes]:
        """The unpacked bytes of a part, in pieces."""
        member = self._members[_plain_part(part)]
        with self._archive.open(member) as stream:
            yield from limited(stream, most, member.compress_size)

    def _texts(self) -> list[str]:
        part = self._linked("sharedStrings")
        return [] if part is None else TextsReader().texts(self._bytes(part, LARGEST_TEXTS))

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
        # The parser itself reports a document type, in any encoding.
        parser = ElementTree.XMLParser(target=_TreeBuilder())  # noqa: S314 (without entities)
        for chunk in self._bytes(part, LARGEST_PART):
            parser.feed(chunk)
        tree: ElementTree.Element = parser.close()
        return tree


class _TreeBuilder(ElementTree.TreeBuilder):
    """A builder of trees that refuses a document type, where entities are declared."""

    def doctype(self, *_all: str | None) -> NoReturn:
        """Refuse the document type."""
        refuse_entities()


def _link(sheet: ElementTree.Element) -> str:
    """The id of the link to a sheet's part, or an id that no part has."""
    return next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")


def _part_name(folder: str, target: str) -> str:
    """The name of the part that a link of a part in some folder leads to."""
    path = posixpath.join("/" + folder, target.replace("\\", "/"))
    return posixpath.normpath(path).lstrip("/")


def _plain_part(name: str) -> str:
    """A part's name without differences between programs."""
    return name.replace("\\", "/").lstrip("/").casefold()


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
        place = f"{name}:{number}"
        if len(cells) > width + _FARTHEST:
            reason = _("{place}: a cell far to the right of the table; delete it")
            raise InputError(reason.format(place=place))
        line = _line(cells, width)
        if "\0" in line:
            reason = _("{place}: a cell holds a NUL character; delete it")
            raise InputError(reason.format(place=place))
        if len(line) > LONGEST_RECORD:
            raise InputError(_("{place}: a row of over 64 MB").format(place=place))
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
    """A row as a line, as wide as the header if the difference is only blank cells."""
    line = ",".join(cells)
    if line.count(",") >= len(cells) or '"' in line or "\n" in line or "\r" in line:
        line = delimited([cells]).removesuffix("\n")
    return line + "," * (width - len(cells)) + "\n"
