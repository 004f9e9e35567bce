"""Convert bytes to UTF-8 blocks of whole records: encoding, header, delimiter, line numbers.

A block ends where a record ends, whatever is quoted in it, so blocks can be parsed independently
and in any order. The encoding is decided by the bytes: a byte order mark, else UTF-8, else GB18030
(which holds GBK and GB2312) where the bytes make sense as it; a character is never replaced.
Guesses are kept in ``Taken``, to be reported.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
import stat
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from aepromo.errors import CallError, InputError
from aepromo.table.cells import COMMA, POINT, UNTOLD, DecimalCell, Evidence, either_way, shown
from aepromo.table.encoding import SAMPLE, Mixed, encoding_of, first_letter
from aepromo.table.headers import KnownHeaders, check_header
from aepromo.table.record_ends import (
    WORTH_NUMPY,
    has_backslashed_quote,
    indents_quotes,
    lines_of,
    record_ends,
    whole_records,
    without_blank_rows,
    without_indents,
)
from aepromo.table.table_start import DELIMITERS, RARE_DELIMITERS, find_opening
from aepromo.words import N_, _, cause
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aepromo.table.record_ends import Marks

BLOCK_BYTES = 2 << 20
LONGEST_RECORD = 64 << 20
_FIGURES_LOOKED_AT = 256 << 10
LONE_RETURN = N_("a carriage return that ends no line; save the file with LF or CRLF line ends")
NOT_AS_BEFORE = N_(
    "the bytes are not UTF-8, though the lines before are; name the encoding with --encoding"
)

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_COMMON = ("utf-8", "gb18030", "gbk", "gb2312", "utf-16", "big5", "latin-1")
_MARKUP = re.compile(
    rb"\s*<(?:!doctype\s+html|html|head|meta|body|table|style|div|\?xml|workbook|!--)[\s>]",
    re.IGNORECASE,
)
_END_OF_FILE = re.compile(rb"\x1a[\x1a\r\n]*\Z")
_LONGEST_END = 512
_MAY_HAVE_COMMAS = ";\t"


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records as UTF-8 bytes, and the line on which they start.

    ``lines`` are those of its rows, if they can't be counted from the bytes. ``marks`` are those of
    the bytes, if they were already searched for.
    """

    data: bytes
    first_line: int
    lines: Sequence[int] = ()
    marks: Marks | None = field(default=None, kw_only=True, repr=False, compare=False)


def together(blocks: Iterable[Block]) -> Iterator[Block]:
    """All blocks as one, none where there are none."""
    every = list(blocks)
    if every:
        yield Block(b"".join(block.data for block in every), every[0].first_line)


@dataclass(slots=True)
class FileGuesses:
    """Guesses about the form of a file, to be reported as notes; complete once it has been read.

    ``comma`` and ``point`` are the first cells that can only be read with this mark, if none
    was named. ``sheets_passed`` are the sheets without a table before the one that is read.
    """

    header_line: int = 1
    rare_delimiter: str = ""
    sep_line: bool = False
    blank_rows: int = 0
    blank_columns: int = 0
    indented_quotes: bool = False
    control_z: bool = False
    comma: DecimalCell | None = None
    point: DecimalCell | None = None
    sheet: str = ""
    sheets_passed: tuple[str, ...] = ()

    def notes(self) -> list[str]:
        """Return short notes on the guesses; most files have none."""
        found = []
        if self.sheets_passed:
            passed = _(", ").join(map(shown, self.sheets_passed))
            said = _("sheet {sheet} is read; sheets without a table: {passed}")
            found.append(said.format(sheet=shown(self.sheet), passed=passed))
        if self.header_line > 1 + self.sep_line:
            found.append(_("header on line {line}").format(line=self.header_line))
        if self.rare_delimiter:
            said = _("cells are separated by {delimiter} (set --delimiter)")
            found.append(said.format(delimiter=shown(self.rare_delimiter)))
        if self.comma and self.point:
            said = _(
                "{comma} on line {comma_line} has a decimal comma, {point} on line {point_line} a "
                "decimal point; say which the file has with --decimal , or --decimal ."
            )
            places = {"comma_line": self.comma.line, "point_line": self.point.line}
            comma, point = shown(self.comma.cell), shown(self.point.cell)
            found.append(said.format(comma=comma, point=point, **places))
        elif self.comma:
            said = _("decimal comma: {cell} on line {line} (set --decimal)")
            found.append(said.format(cell=shown(self.comma.cell), line=self.comma.line))
        return found


@dataclass(frozen=True, slots=True)
class Source:
    """A table at the point where its header has been read.

    ``chunks`` are the bytes that were read as text, where they were; ``counts_rows`` tells that
    messages number rows, a blank one too, rather than lines of text. So many ``blank_columns``
    without a name follow the header's; their cells are blank. ``decimal`` is the decimal mark, or
    nothing where none has been told yet. ``has_mark``: the file begins with a byte order mark;
    ``line_end`` is what its header ends with, as its rows are taken to.
    """

    name: str
    header: tuple[str, ...]
    delimiter: str
    blocks: Iterator[Block]
    chunks: Chunks | None = None
    counts_rows: bool = False
    blank_columns: int = 0
    decimal: str = POINT
    has_mark: bool = False
    line_end: str = "\n"
    taken: FileGuesses = field(default_factory=FileGuesses)

    @property
    def width(self) -> int:
        """How many cells a row has in the file."""
        return len(self.header) + self.blank_columns

    @property
    def place(self) -> str:
        """Where the header stands, for messages: ``skus.csv:1``."""
        return f"{self.name}:{self.taken.header_line}"

    @property
    def guessed_encoding(self) -> str:
        """The encoding if it was guessed from the bytes and is not UTF-8; else empty."""
        return self.chunks.encoding if self.chunks and self.chunks.is_guess else ""


def open_source(
    stream: BinaryIO,
    name: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    block_bytes: int = BLOCK_BYTES,
    known: KnownHeaders | None = None,
    decimal: str | None = None,
) -> Source:
    """Read a table's header and hand out the rest as blocks.

    ``name`` is the input's name in messages; ``known`` recognises a header below other lines.
    Raises ``InputError`` for what is not a table, and ``CallError`` for an invalid encoding,
    delimiter or decimal mark.
    """
    _check_call(delimiter, decimal)
    csv.field_size_limit(2 * LONGEST_RECORD)
    known, taken = known or KnownHeaders(), FileGuesses()
    chunks = Chunks(stream, name, encoding, block_bytes)
    utf8 = _until_control_z(iter(chunks), taken)
    head, opening, named, is_whole = b"", None, "", False
    while not (opening or is_whole):
        chunk = next(utf8, b"")
        is_whole = not chunk
        head = _unmarked(head + chunk)
        _refuse_nul(head, name, 1)
        _refuse_markup(head, name)
        if not taken.indented_quotes and (mark := _indented_by(head, delimiter)):
            taken.indented_quotes, is_whole = True, False
            head, utf8 = b"", _unindented(chain([head], utf8), mark)
            continue
        opening, named = find_opening(head, delimiter, known.count, is_whole)
        if not opening:
            _refuse_endless(head, name, 1)
    if (opening is None and b'"' not in head) or not head.strip():
        raise InputError(f"{name}: " + _("the file is empty"))
    if opening is None:
        raise InputError(f"{name}:1: " + _("a quote opens in the header and never closes"))
    if is_whole and not head.endswith(b"\n"):
        head += b"\n"
    start, end, parted_by = opening
    taken.sep_line = bool(named)
    taken.header_line = 1 + head.count(b"\n", 0, start)
    if parted_by in RARE_DELIMITERS and delimiter is None and not named:
        taken.rare_delimiter = parted_by
    _check_text(head[:end], name, chunks.is_named)
    place = f"{name}:{taken.header_line}"
    header, taken.blank_columns = _header(head[start:end], place, parted_by)
    blocks = _blocks(head, end, utf8, name, parted_by, taken)
    if decimal is None:
        decimal, blocks = _decimal_mark(blocks, header, parted_by, known, name, taken)
    return Source(
        name, header, parted_by, blocks, chunks,
        blank_columns=taken.blank_columns, decimal=decimal, taken=taken,
        has_mark=chunks.has_mark,
        line_end="\r\n" if head[start:end].endswith(b"\r\n") else "\n",
    )  # fmt: skip


def _check_call(delimiter: str | None, decimal: str | None) -> None:
    if delimiter is not None and (
        len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'
    ):
        reason = _("give one character, such as , ; or tab")
        raise CallError(f"--delimiter '{delimiter}': {reason}")
    if decimal not in (None, POINT, COMMA):
        raise CallError(f"--decimal '{decimal}': " + _("write , or ."))


def _unmarked(head: bytes) -> bytes:
    """Remove a byte order mark, also with a given encoding."""
    while head.startswith(codecs.BOM_UTF8):
        head = head.removeprefix(codecs.BOM_UTF8)
    return head


def _until_control_z(chunks: Iterator[bytes], taken: FileGuesses) -> Iterator[bytes]:
    """The same bytes without the Ctrl-Z with which DOS programs end a text."""
    held, starts_line = b"", True
    for chunk in chunks:
        held += chunk
        end = _END_OF_FILE.search(held, max(0, len(held) - _LONGEST_END))
        cut = end.start() if end else len(held)
        is_own_line = held[:cut].endswith(b"\n") if cut else starts_line
        if end and not is_own_line and end[0].strip(b"\x1a"):
            cut = len(held)  # it belongs to a cell, because the line ends after it
        if text := held[:cut]:
            yield text
            starts_line = text.endswith(b"\n")
        held = held[cut:]
    taken.control_z = bool(held)


def _indented_by(head: bytes, delimiter: str | None) -> str:
    """The delimiter of quoted cells with spaces before their quotes in the first two lines.

    ``""`` where there are none.
    """
    lines = b"\n".join(head.split(b"\n", 2)[:2])
    if b'"' not in lines or b" " not in lines:
        return ""
    marks = delimiter or DELIMITERS + RARE_DELIMITERS
    return next((mark for mark in marks if indents_quotes(lines, mark)), "")


def _unindented(chunks: Iterator[bytes], delimiter: str) -> Iterator[bytes]:
    """The same records without the spaces before a quoted cell."""
    pending = b""
    for chunk in chunks:
        pending += chunk
        end = max(record_ends(pending, delimiter, may_indent=True), default=0)
        if end:
            yield without_indents(pending[:end], delimiter)
        pending = pending[end:]
    if pending:
        yield without_indents(pending, delimiter)


def _check_text(head: bytes, name: str, is_named: bool) -> None:
    """Raise ``InputError`` where the header, or a title above it, is not UTF-8."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = _("the header is not UTF-8; name its --encoding")
        if is_named:
            reason = _("the header is not UTF-8; leave --encoding out, or try gb18030")
        line = 1 + head.count(b"\n", 0, error.start)
        raise InputError(f"{name}:{line}: {reason}") from None


def _header(record: bytes, place: str, delimiter: str) -> tuple[tuple[str, ...], int]:
    """The names of the columns, and the number of blank ones at the end that are not columns."""
    try:
        header = next(csv.reader(lines_of(record.decode()), delimiter=delimiter), [])
        names = [at for at, each in enumerate(header, 1) if each.strip()]
        blank = len(header) - max(names, default=0)
        # A single one may have cells and is kept; several can't be distinguished.
        if 1 < blank < len(header):
            header = header[:-blank]
        else:
            blank = 0
        check_header(header)
    except csv.Error:
        raise InputError(f"{place}: {_(LONE_RETURN)}") from None
    except InputError as problem:
        raise InputError(f"{place}: {problem}") from None
    return tuple(header), blank


def _decimal_mark(
    blocks: Iterator[Block],
    header: tuple[str, ...],
    delimiter: str,
    known: KnownHeaders,
    name: str,
    taken: FileGuesses,
) -> tuple[str, Iterator[Block]]:
    """The decimal mark of the figures, decided from the first rows; and all the blocks.

    A comma can be a decimal mark only if it is not the delimiter.
    """
    places = known.figures(header) if delimiter in _MAY_HAVE_COMMAS else []
    if not places:
        return POINT, blocks
    evidence, seen, size, is_whole = Evidence(), list[Block](), 0, False
    while not evidence.point and size < (
        BLOCK_BYTES if evidence.either and not evidence.comma else _FIGURES_LOOKED_AT
    ):
        block = next(blocks, None)
        if block is None:
            is_whole = True
            break
        seen.append(block)
        size += len(block.data)
        _look_at(block, places, delimiter, evidence)
    mark, taken.comma, taken.point = evidence.mark, evidence.comma, evidence.point
    if mark == UNTOLD and not evidence.is_contradictory:
        if evidence.either:
            raise InputError(f"{name}:{evidence.either.line}: {either_way(evidence.either.cell)}")
        if is_whole:
            mark = POINT  # whole numbers alone
    return mark, chain(seen, blocks)


def _look_at(block: Block, places: list[int], delimiter: str, evidence: Evidence) -> None:
    """Collect evidence from a block's first rows."""
    end = block.data.rfind(b"\n", 0, _FIGURES_LOOKED_AT) + 1 or len(block.data)
    text = block.data[:end].decode("utf-8", "replace")
    reader = csv.reader(lines_of(text), delimiter=delimiter)
    line, has_commas = block.first_line, "," in text or "，" in text
    try:
        for cells in reader:
            evidence.look((cells[place] for place in places if place < len(cells)), line)
            line = block.first_line + reader.line_num
            if evidence.is_contradictory or (evidence.point and not has_commas):
                return
    except csv.Error:
        return  # its fault is reported when the row is read


class Chunks:
    """The stream as chunks of UTF-8 bytes, with its encoding decided while reading."""

    def __init__(self, stream: BinaryIO, name: str, encoding: str | None, size: int) -> None:
        self._stream, self._name, self._size = stream, name, size
        self.encoding, self.is_named = encoding or "", bool(encoding)
        self.is_guess = self.has_mark = False
        self._due, self._line = _bytes_due(stream), 1
        if encoding:
            try:
                "a".encode(encoding)  # this also refuses codecs that are not encodings, such as hex
            except (LookupError, UnicodeError):
                meant = nearest(encoding, _COMMON, _("write one such as {names}"))
                reason = _("there is no such encoding; {nearest}").format(nearest=meant)
                raise CallError(f"--encoding '{encoding}': {reason}") from None

    def _read(self) -> bytes:
        try:
            chunk = self._stream.read(self._size)
        except OSError as error:
            reason = _("can't be read: {reason}").format(reason=cause(error))
            raise InputError(f"{self._name}: {reason}") from None
        self._due -= len(chunk)
        if not chunk and self._due > 0:
            reason = _("the file became shorter while it was read; run the command again")
            raise InputError(f"{self._name}: {reason}")
        return chunk

    def __iter__(self) -> Iterator[bytes]:
        chunk = self._read()
        # A terminal may deliver fewer bytes than a byte order mark has.
        while len(chunk) < len(codecs.BOM_UTF8) and (more := self._read()):
            chunk += more
        marked = next((name for bom, name in _BOMS if chunk.startswith(bom)), "")
        self.has_mark = bool(marked)
        self.encoding = self.encoding or marked
        # Plain ASCII decides nothing, and is the same in both encodings.
        while chunk and not self.encoding and chunk.isascii():
            yield chunk
            self._line += chunk.count(b"\n")
            chunk = self._read()
        if chunk and not self.encoding:
            chunk = self._settled(chunk)
        if self.encoding.casefold() in ("", "utf-8", "utf8"):
            while chunk:  # checked block by block, where it costs nothing
                yield chunk
                chunk = self._read()
        else:
            yield from self._decoded(chunk)

    def _settled(self, chunk: bytes) -> bytes:
        """Decide the encoding; return the bytes with those read to decide it."""
        more, first = chunk, first_letter(chunk)
        while len(chunk) - first < SAMPLE and (more := self._read()):
            chunk += more
        found = encoding_of(chunk, is_whole=not more)
        if isinstance(found, Mixed):
            line = self._line + chunk.count(b"\n", 0, found.position)
            raise InputError(f"{self._name}:{line}: {_(NOT_AS_BEFORE)}")
        if found not in ("utf-8", "gb18030"):
            line = self._line + chunk.count(b"\n", 0, first)
            reason = (
                _("the bytes are not UTF-8; save the file as UTF-8, or try --encoding {encoding}")
                if found
                else _(
                    "the bytes fit neither UTF-8 nor GB18030; "
                    "save the file as UTF-8, or name its encoding with --encoding"
                )
            )
            raise InputError(f"{self._name}:{line}: {reason.format(encoding=found)}")
        self.encoding, self.is_guess = found, found != "utf-8"
        return chunk

    def _decoded(self, chunk: bytes) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="strict")
        while True:
            try:
                text = decoder.decode(chunk, final=not chunk)
                utf8 = text.encode("utf-8")  # half a surrogate pair fails only here
            except UnicodeError as error:
                raise InputError(self._unreadable(error)) from None
            if utf8:
                self._line += utf8.count(b"\n")
                yield utf8
            if not chunk:
                return
            chunk = self._read()

    def _unreadable(self, error: UnicodeError) -> str:
        line = self._line
        if isinstance(error, UnicodeDecodeError):
            line += error.object[: error.start].count(b"\n")
        reason = (
            _("the bytes are not GB18030, though the lines before are; check --encoding")
            if self.is_guess
            else _("the bytes are not {encoding}; check --encoding")
        )
        return f"{self._name}:{line}: " + reason.format(encoding=self.encoding)


def _bytes_due(stream: BinaryIO) -> int:
    """How many bytes a file has left; None if unknown."""
    try:
        status = os.fstat(stream.fileno())
        return status.st_size - stream.tell() if stat.S_ISREG(status.st_mode) else 0
    except (OSError, ValueError, AttributeError):
        return 0


def _blocks(
    pending: bytes,
    start: int,
    chunks: Iterator[bytes],
    name: str,
    delimiter: str,
    taken: FileGuesses,
) -> Iterator[Block]:
    """The blocks of rows after the header, each of which ends where a record ends.

    Raises ``InputError`` for a row that is too long or has a NUL, and for a quote that never
    closes.
    """
    line = 1 + pending.count(b"\n", 0, start)
    pending = pending[start:]
    while True:
        end, marks = whole_records(pending, delimiter)
        if end:
            data, pending = pending[:end], pending[end:]
            yield _block(data, marks, line, name, delimiter, taken)
            line += newlines(data)
        _refuse_endless(pending, name, line)
        chunk = next(chunks, b"")
        if not chunk:
            break
        _refuse_nul(chunk, name, line + pending.count(b"\n"))
        pending += chunk
    if pending:
        # The last line may lack its newline, but not a closing quote.
        pending += b"\n"
        end, marks = whole_records(pending, delimiter)
        if not end:
            _refuse_backslash(pending, name, line)
            reason = _("a quote opens in this row and never closes")
            raise InputError(f"{name}:{line}: {reason}")
        yield _block(pending, marks, line, name, delimiter, taken)


def _block(
    data: bytes, marks: Marks | None, line: int, name: str, delimiter: str, taken: FileGuesses
) -> Block:
    """Whole records as a block, with those of only blank cells as blank lines."""
    if marks is None and b'\\"' in data:
        begins = 0
        for end in record_ends(data, delimiter):
            if has_backslashed_quote(data[begins:end], delimiter):
                _refuse_backslash(data[begins:end], name, line + data.count(b"\n", 0, begins))
            begins = end
    data, blank = without_blank_rows(data, delimiter)
    taken.blank_rows += blank
    return Block(data, line, marks=None if blank else marks)


def newlines(data: bytes) -> int:
    """Count newlines; NumPy, if it is worth loading, counts ten times as fast."""
    if len(data) < WORTH_NUMPY:
        return data.count(b"\n")
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


def _refuse_nul(data: bytes, name: str, line: int) -> None:
    if (position := data.find(b"\0")) >= 0:
        place = line + data.count(b"\n", 0, position)
        reason = _("a NUL byte; this is not a text table, or it needs --encoding")
        raise InputError(f"{name}:{place}: {reason}")


def _refuse_markup(head: bytes, name: str) -> None:
    if _MARKUP.match(head):
        reason = _("a web page or XML, whatever its name; open it in Excel and save it as .xlsx")
        raise InputError(f"{name}: {reason}")


def _refuse_backslash(record: bytes, name: str, line: int) -> None:
    """Refuse a record with a quote that is escaped by a backslash."""
    if (position := record.find(b'\\"')) >= 0:
        line += record.count(b"\n", 0, position)
        reason = _(
            '\\" inside quotes is not valid CSV; write "" for a quote, or export the file again'
        )
        raise InputError(f"{name}:{line}: {reason}")


def _refuse_endless(pending: bytes, name: str, line: int) -> None:
    if len(pending) > LONGEST_RECORD:
        reason = _("a row of over 64 MB; is a quote left open?")
        raise InputError(f"{name}:{line}: {reason}")
