"""Bytes to UTF-8 blocks of whole records: encoding, delimiter, line numbers.

A block ends where a record does, whatever is quoted in it, so blocks can be parsed apart from each
other and in any order. The encoding is decided by the bytes: a byte order mark, else UTF-8, else
GB18030 (which holds GBK and GB2312); a character is never replaced.
"""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from aepromo.errors import CallError, InputError
from aepromo.table.headers import check_header
from aepromo.table.records import last_record_end, lines_of, record_ends
from aepromo.words import N_, _, cause
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator


BLOCK_BYTES = 4 << 20
LONGEST_RECORD = 64 << 20
_WORTH_NUMPY = 1 << 20
DELIMITERS = ",;\t"
LONE_RETURN = N_("a carriage return that ends no line; save the file with LF or CRLF line ends")

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"),
         (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_COMMON = ("utf-8", "gb18030", "gbk", "gb2312", "utf-16", "big5", "latin-1")


@dataclass(frozen=True, slots=True)
class Block:
    """Whole records as UTF-8 bytes, and the number of the line on which they start."""

    data: bytes
    first_line: int


@dataclass(frozen=True, slots=True)
class Source:
    """A table at the point where its header has been read.

    ``chunks`` are the bytes that were read as text, where they were; ``counts_rows`` tells that
    messages number rows, a blank one too, rather than lines of text.
    """

    name: str
    header: tuple[str, ...]
    delimiter: str
    blocks: Iterator[Block]
    chunks: Chunks | None = None
    counts_rows: bool = False

    @property
    def guessed_encoding(self) -> str:
        """The encoding where only the bytes speak for it, and it is not UTF-8; else nothing."""
        return self.chunks.encoding if self.chunks and self.chunks.is_guess else ""


def open_source(
    stream: BinaryIO,
    name: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Source:
    """Read a table's header and hand out the rest as blocks.

    ``name`` stands for the input in messages. Raises ``InputError`` for what is no table, and
    ``CallError`` for an encoding or a delimiter that can't be.
    """
    if delimiter is not None and (
        len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n'
    ):
        reason = _("give one character, such as , ; or tab")
        raise CallError(f"--delimiter '{delimiter}': {reason}")
    chunks = Chunks(stream, name, encoding, block_bytes)
    utf8 = iter(chunks)
    head, end, parted_by = b"", 0, ""
    for chunk in utf8:
        head = _unmarked(head + chunk)
        _refuse_nul(head, name, 1)
        end, parted_by = _header_end(head, delimiter)
        if end:
            break
        _refuse_endless(head, name, 1)
    if not head.strip():
        raise InputError(f"{name}: " + _("the file is empty"))
    if not end:
        head += b"\n"
        end, parted_by = _header_end(head, delimiter)
    if not end:
        raise InputError(f"{name}:1: " + _("a quote opens in the header and never closes"))
    header = _header(head[:end], name, parted_by, chunks.is_named)
    blocks = _blocks(head, end, utf8, name, parted_by)
    return Source(name, header, parted_by, blocks, chunks)


def _unmarked(head: bytes) -> bytes:
    """A byte order mark is none of the first header, whoever named the encoding."""
    while head.startswith(codecs.BOM_UTF8):
        head = head.removeprefix(codecs.BOM_UTF8)
    return head


def _header_end(head: bytes, delimiter: str | None) -> tuple[int, str]:
    """Where the header ends, 0 where that isn't in sight; and the delimiter.

    A quote counts only where a cell starts, so the two depend on each other: the delimiter is told
    from what the header is if all candidates part cells.
    """
    if delimiter is None:
        end = next(record_ends(head, DELIMITERS), 0)
        if not end:
            return 0, ""
        delimiter = _likeliest_delimiter(head[:end])
    return next(record_ends(head, delimiter), 0), delimiter


def _header(record: bytes, name: str, delimiter: str, is_named: bool) -> tuple[str, ...]:
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError:
        reason = _("the header is not UTF-8; name its --encoding")
        if is_named:
            reason = _("the header is not UTF-8; leave --encoding out, or try gb18030")
        raise InputError(f"{name}:1: {reason}") from None
    csv.field_size_limit(2 * LONGEST_RECORD)
    try:
        header = next(csv.reader(lines_of(text), delimiter=delimiter), [])
        check_header(header)
    except csv.Error:
        raise InputError(f"{name}:1: {_(LONE_RETURN)}") from None
    except InputError as problem:
        raise InputError(f"{name}:1: {problem}") from None
    return tuple(header)


class Chunks:
    """The stream as chunks of UTF-8 bytes, its encoding decided on the way."""

    def __init__(self, stream: BinaryIO, name: str, encoding: str | None, size: int) -> None:
        self._stream, self._name, self._size = stream, name, size
        self.encoding, self.is_named = encoding or "", bool(encoding)
        self.is_guess = False
        if encoding:
            try:
                "a".encode(encoding)  # which also refuses codecs that are no encoding, like hex
            except (LookupError, UnicodeError):
                meant = nearest(encoding, _COMMON, _("write one such as {names}"))
                reason = _("there is no such encoding; {nearest}").format(nearest=meant)
                raise CallError(f"--encoding '{encoding}': {reason}") from None

    def _read(self) -> bytes:
        try:
            return self._stream.read(self._size)
        except OSError as error:
            reason = _("can't be read: {reason}").format(reason=cause(error))
            raise InputError(f"{self._name}: {reason}") from None

    def __iter__(self) -> Iterator[bytes]:
        chunk = self._read()
        if not self.encoding:
            # A terminal may give fewer bytes than a mark has.
            while len(chunk) < len(codecs.BOM_UTF8) and (more := self._read()):
                chunk += more
            self.encoding = next((name for bom, name in _BOMS if chunk.startswith(bom)), "")
        # Plain ASCII decides nothing, and reads the same either way.
        while chunk and not self.encoding and chunk.isascii():
            yield chunk
            chunk = self._read()
        if not self.encoding:
            is_utf8, chunk = self._is_utf8(chunk)
            self.is_guess = not is_utf8
            self.encoding = "gb18030" if self.is_guess else "utf-8"
        if self.encoding.casefold() in ("utf-8", "utf8"):
            while chunk:  # checked block by block, where it costs nothing
                yield chunk
                chunk = self._read()
        else:
            yield from self._decoded(chunk)

    def _is_utf8(self, chunk: bytes) -> tuple[bool, bytes]:
        """Whether the bytes are UTF-8 so far; and the bytes themselves.

        They are more where all that the given ones hold beside ASCII is the beginning of a letter.
        """
        more = chunk
        while True:
            decoder = codecs.getincrementaldecoder("utf-8")()
            try:
                if not decoder.decode(chunk, final=not more).isascii() or not more:
                    return True, chunk
            except UnicodeDecodeError:
                return False, chunk
            more = self._read()
            chunk += more

    def _decoded(self, chunk: bytes) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="strict")
        line = 1
        while True:
            try:
                text = decoder.decode(chunk, final=not chunk)
                utf8 = text.encode("utf-8")  # half a surrogate pair fails only here
            except UnicodeError as error:
                raise InputError(self._unreadable(error, line)) from None
            if utf8:
                line += utf8.count(b"\n")
                yield utf8
            if not chunk:
                return
            chunk = self._read()

    def _unreadable(self, error: UnicodeError, line: int) -> str:
        if isinstance(error, UnicodeDecodeError):
            line += error.object[: error.start].count(b"\n")
        reason = (
            _(
                "the bytes fit neither UTF-8 nor GB18030; "
                "save the file as UTF-8, or name its encoding with --encoding"
            )
            if self.encoding == "gb18030"
            else _("the bytes are not {encoding}; check --encoding")
        )
        return f"{self._name}:{line}: " + reason.format(encoding=self.encoding)


def _blocks(
    pending: bytes, start: int, chunks: Iterator[bytes], name: str, delimiter: str
) -> Iterator[Block]:
    """What follows the header, cut anew so that each block ends where a record does."""
    line = 1 + pending.count(b"\n", 0, start)
    pending = pending[start:]
    while True:
        if end := last_record_end(pending, delimiter):
            data, pending = pending[:end], pending[end:]
            yield Block(data, line)
            line += _newlines(data)
        _refuse_endless(pending, name, line)
        chunk = next(chunks, b"")
        if not chunk:
            break
        _refuse_nul(chunk, name, line + pending.count(b"\n"))
        pending += chunk
    if pending:
        # The last line may lack its newline, but not the quote that closes a cell.
        if not last_record_end(pending + b"\n", delimiter):
            reason = _("a quote opens in this row and never closes")
            raise InputError(f"{name}:{line}: {reason}")
        yield Block(pending + b"\n", line)


def _newlines(data: bytes) -> int:
    """How many there are; NumPy, where it pays to load it, counts them ten times as fast."""
    if len(data) < _WORTH_NUMPY:
        return data.count(b"\n")
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord("\n")))


def _refuse_nul(data: bytes, name: str, line: int) -> None:
    if (position := data.find(b"\0")) >= 0:
        place = line + data.count(b"\n", 0, position)
        reason = _("a NUL byte; this is no text table, or it needs --encoding")
        raise InputError(f"{name}:{place}: {reason}")


def _refuse_endless(pending: bytes, name: str, line: int) -> None:
    if len(pending) > LONGEST_RECORD:
        reason = _("a row of over 64 MB; is a quote left open?")
        raise InputError(f"{name}:{line}: {reason}")


def _likeliest_delimiter(header: bytes) -> str:
    """The candidate that stands most often outside quotes; a comma where none does."""
    outside = b"".join(header.split(b'"')[::2])
    return max(DELIMITERS, key=lambda delimiter: outside.count(delimiter.encode()))
