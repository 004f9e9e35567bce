"""Input of a command: a file of any form, or standard input."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from aepromo.cli.output import progress_stream
from aepromo.cli.rejected_rows import RejectedRows
from aepromo.errors import CallError, InputError
from aepromo.table.atomic import replacing
from aepromo.table.file_kinds import HEAD, FileKind, kind_of, unpacked
from aepromo.table.headers import KnownHeaders, read_headers
from aepromo.table.rows_one_by_one import Ragged, rows_with_lines
from aepromo.table.source import open_source
from aepromo.table.total_rows import is_total_row
from aepromo.words import _, cause
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from _typeshed import WriteableBuffer

    from aepromo.cli.answers import Answers
    from aepromo.cli.options import WritingOptions
    from aepromo.cli.reading_options import Reading
    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.headers import Headers
    from aepromo.table.source import Source


_MOST_IDS, _FEW = 10_000, 5
"""How many ids are compared with an unknown one, and how many are listed at most."""


@contextmanager
def answers_for(
    question: Question, values: Values, file: str, reading: Reading, writing: WritingOptions
) -> Iterator[Answers]:
    """The answers to a question over a file; its rejects are on disk once the output is."""
    from aepromo.cli.answers import Answers  # loads NumPy and Arrow
    from aepromo.terminal.progress import Meter

    with opened_table(file, reading, writing) as (source, aside, stream):
        meter = Meter(progress_stream(writing), size_of(stream))
        try:
            headers, quiet = reading.headers, writing.quiet
            mapping = headers.of(source.header)
            yield Answers(question, values, source, mapping, headers.given, aside, quiet, meter)
        finally:
            meter.close()


@contextmanager
def opened_table(
    file: str, reading: Reading, writing: WritingOptions
) -> Iterator[tuple[Source, RejectedRows, BinaryIO]]:
    """A file whose header has been read, and the place for its bad rows."""
    with ExitStack() as stack:
        source, stream = stack.enter_context(opened_source(file, reading))
        rejects = stack.enter_context(replacing(reading.rejects)) if reading.rejects else None
        yield (
            source,
            RejectedRows(source, rejects, reading.rejects, writing.headers or "en"),
            stream,
        )


def size_of(stream: BinaryIO) -> int | None:
    """The number of bytes to read, None where it is not known beforehand."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


class FoundRow(NamedTuple):
    """A row of a file: its cells in the order of the columns, and how its header was read.

    ``others`` are the lines of further rows with its id.
    """

    source: Source
    line: int
    cells: list[str]
    columns: FoundColumns
    headers: Headers
    others: list[int]


def find_row(
    file: str,
    sku: str | None,
    wanted: Sequence[str],
    reading: Reading,
    added: Sequence[str] = (),
) -> FoundRow:
    """One SKU's row; the only row if no SKU is named. Total rows are not SKUs.

    ``added`` are results that an earlier command has written to the file.

    Raises ``CallError`` where the call doesn't name a row, or names an unknown one, and
    ``InputError`` for a file without ids.
    """
    with opened_source(file, reading) as (source, _stream):
        name = source.name
        mapping = reading.headers.of(source.header)
        try:
            headers = read_headers(source.header, wanted, mapping, added=added, beside=("sku",))
        except InputError as problem:
            raise InputError(f"{source.place}: {problem}") from None
        place = headers.position("sku")
        if sku is not None and place is None:
            reason = _("no column for sku; name one with --map 'HEADER=sku'")
            raise InputError(f"{name}: {reason}")
        found: tuple[int, list[str]] | None = None
        count, ids, others = 0, list[str](), list[int]()
        for block in source.blocks:
            for line, cells in rows_with_lines(block, source):
                if is_total_row(cells, place):
                    continue
                count += 1
                own = cells[place] if place is not None and cells[place:] else ""
                if found is None and sku in (None, own):
                    found = line, cells
                elif sku is not None and own == sku:
                    others.append(line)
                if own and len(ids) < _MOST_IDS:
                    ids.append(own)
    if not count:
        raise InputError(f"{name}: " + _("has no row"))
    if found is None or (sku is None and count > 1):
        raise CallError(f"{name}: {_which(sku, count, ids)}")
    line, cells = found
    if len(cells) != len(source.header):
        ragged = Ragged(line, tuple(cells), len(source.header), source.counts_rows)
        raise InputError(f"{name}:{line}: {ragged.reason}")
    from aepromo.table.found_columns import found_columns  # loads pyarrow

    return FoundRow(source, line, cells, found_columns(headers, wanted), headers, others)


def _which(sku: str | None, count: int, ids: Sequence[str]) -> str:
    """The message for a call that must choose one row of a file."""
    if sku is not None:
        few = _("it has {names}").format(names=_(", ").join(ids[:_FEW]))
        known = few if count <= _FEW else _("there are {count:,} others").format(count=count)
        return _("no SKU '{sku}'; {nearest}").format(sku=sku, nearest=nearest(sku, ids, known))
    if not ids:
        choose = _("{count:,} rows; choose one with --sku ID, its column with --map 'HEADER=sku'")
        return choose.format(count=count)
    choose = _("{count:,} rows; choose one with --sku, such as --sku '{sku}'")
    return choose.format(count=count, sku=ids[0])


@contextmanager
def opened_source(
    file: str, reading: Reading, open_text: Callable[..., Source] = open_source
) -> Iterator[tuple[Source, BinaryIO]]:
    """A table of any form, detected by its first bytes; and the bytes, if they are its text.

    ``open_text`` reads what is neither a workbook nor Parquet.
    """
    with opened(file) as (stream, name), ExitStack() as stack:
        head, stream = _peeked(stream, name)
        kind, text = kind_of(head, name), stream
        if kind is FileKind.GZIP:
            # It is not known beforehand how much there is to read.
            stream, text, kind = unpacked(stream, name), BytesIO(), FileKind.TEXT
        if reading.sheet is not None and kind is not FileKind.WORKBOOK:
            raise CallError(_("--sheet: {name} is not a workbook").format(name=name))
        known = KnownHeaders(reading.headers.all)
        if kind is FileKind.TEXT:
            delimiter = delimiter_of(reading.delimiter)
            how = {"known": known, "decimal": reading.decimal}
            yield open_text(stream, name, reading.encoding, delimiter, **how), text
            return
        given = {"encoding": reading.encoding, "delimiter": reading.delimiter}
        for flag, value in given.items():
            if value is not None:
                raise CallError(_("{flag}: {name} is not text").format(flag=f"--{flag}", name=name))
        stream = stack.enter_context(_seekable(stream, name))
        if kind is FileKind.WORKBOOK:
            from aepromo.table.workbook_reader import open_workbook

            source = open_workbook(stream, name, reading.sheet, known)
        else:
            from aepromo.table.parquet import open_parquet  # loads pyarrow

            source = open_parquet(stream, name)
        yield replace(source, decimal=reading.decimal or source.decimal), BytesIO()


def _peeked(stream: BinaryIO, name: str) -> tuple[bytes, BinaryIO]:
    """The first bytes, and the stream from its start. Raises ``InputError``."""
    try:
        head = stream.peek(HEAD)[:HEAD] if isinstance(stream, BufferedReader) else b""
        if len(head) == HEAD:
            return head, stream
        # A pipe may bring them one by one.
        head = stream.read(HEAD)
    except OSError as error:
        reason = _("can't be read: {reason}").format(reason=cause(error))
        raise InputError(f"{name}: {reason}") from None
    return head, BufferedReader(_Rejoined(head, stream))


class _Rejoined(RawIOBase):
    """A stream whose first bytes were already read, with those bytes in front."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = BytesIO(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._head.read(len(view)) or self._rest.read(len(view))
        view[: len(data)] = data
        return len(data)


@contextmanager
def _seekable(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """The stream, or a copy of it on disk if it can be read only once."""
    if stream.seekable():
        yield stream
        return
    with TemporaryFile() as copy:
        try:
            copyfileobj(stream, copy)
        except OSError as error:
            reason = _("{name}: can't be copied to disk: {reason}")
            raise InputError(reason.format(name=name, reason=error.strerror)) from None
        copy.seek(0)
        yield copy


@contextmanager
def opened(file: str) -> Iterator[tuple[BinaryIO, str]]:
    """The input as a stream of bytes, and its name for messages."""
    if file == "-":
        if sys.stdin is None:
            raise InputError(_("standard input is closed"))
        yield sys.stdin.buffer, _("standard input")
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise InputError(f"{file}: {cause(error)}") from None
        yield stream, file


def delimiter_of(given: str | None) -> str | None:
    """The delimiter of ``--delimiter``, in which a tab may be written as a word."""
    return {"tab": "\t", "\\t": "\t"}.get(given, given) if given else given
