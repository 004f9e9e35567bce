"""A Parquet file as a source of rows, and columns as a Parquet file."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aepromo.errors import InputError
from aepromo.table.cells import SHOWN_LENGTH, on_one_line, shown
from aepromo.table.csv_lines import cell_texts, joined
from aepromo.table.headers import check_header
from aepromo.table.record_ends import record_ends
from aepromo.table.sheet_cells import DIGITS, number_text
from aepromo.table.sink import Sink
from aepromo.table.source import Block, Source
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aepromo.table.text_formats import TextColumn

_ROWS_AT_ONCE = 1 << 15


def open_parquet(stream: BinaryIO, name: str) -> Source:
    """Read a Parquet file's columns and hand out its rows as blocks of CSV.

    ``stream`` can be sought in. A decimal keeps its places, a binary float is the decimal that its
    first 15 digits spell, a null is blank. Messages number rows as in the same table written as
    CSV: the header is 1. Raises ``InputError`` for anything but a Parquet file, and for columns
    that don't hold single values.
    """
    try:
        # With page checksums, flipped bits are not read as other values.
        file = pq.ParquetFile(stream, page_checksum_verification=True)
        schema = file.schema_arrow
        names = tuple(schema.names)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise InputError(_damaged(name)) from None
    try:
        check_header(names)
    except InputError as problem:
        raise InputError(f"{name}: {problem}") from None
    if any("\0" in each for each in names):
        raise InputError(f"{name}: " + _("a header holds a NUL character; rename the column"))
    for field in schema:
        if not _is_one_value(field.type):
            reason = _("{name}: column {column} holds {type}; convert it to text")
            kind = on_one_line(str(field.type)[:SHOWN_LENGTH])
            raise InputError(reason.format(name=name, column=shown(field.name), type=kind))
    return Source(name, names, ",", _blocks(file, name), counts_rows=True)


def table_of(columns: Sequence[TextColumn]) -> pa.Table:
    """Columns of text as Arrow holds them: figures as exact decimals, input cells as text."""
    return pa.table({column.name: _array_of(column) for column in columns})


def _array_of(column: TextColumn) -> pa.Array:
    texts = pa.array(column.cells, pa.string())
    if not column.is_figure:
        return texts
    figure = next(filter(None, column.cells), "")
    return texts.cast(pa.decimal128(18, len(figure.partition(".")[2])))


def parquet_of(tables: Iterable[pa.Table]) -> Iterator[bytes]:
    """The parts of one table as the bytes of a Parquet file, a row group for each."""
    waiting = iter(tables)
    first = next(waiting)
    sink = Sink()
    with pq.ParquetWriter(sink, first.schema, write_page_checksum=True) as writer:
        writer.write_table(first)
        for table in waiting:
            yield sink.drained()
            writer.write_table(table)
    yield sink.drained()


def _damaged(place: str) -> str:
    return _("{place}: a damaged Parquet file, or not a Parquet file").format(place=place)


def _is_one_value(kind: pa.DataType) -> bool:
    """Whether a column holds single values: a text, a number, a day, a time."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = any(
        is_kind(kind)
        for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    is_time = pa.types.is_date(kind) or pa.types.is_timestamp(kind) or pa.types.is_time(kind)
    is_other = pa.types.is_boolean(kind) or pa.types.is_null(kind)
    return bool(is_text or is_number or is_time or is_other)


def _blocks(file: pq.ParquetFile, name: str) -> Iterator[Block]:
    row = 2
    try:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            columns = [cell_texts(_texts(column), ",", False) for column in batch.columns]
            data = bytes(joined(columns, ","))
            if (place := data.find(b"\0")) >= 0:
                reason = _("{place}: a cell holds a NUL character; delete it")
                line = row + _rows_before(data, place)
                raise InputError(reason.format(place=f"{name}:{line}"))
            yield Block(data, row)
            row += len(batch)
    except (pa.ArrowException, OSError):
        raise InputError(_damaged(f"{name}:{row}")) from None


def _rows_before(data: bytes, place: int) -> int:
    """How many whole rows of CSV come before a place."""
    return sum(end <= place for end in record_ends(data, ","))


def _texts(column: pa.Array) -> pa.Array:
    """The cells of a column as text, blank for null."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    texts = column.cast(pa.string())
    if pa.types.is_floating(kind):
        texts = _rewritten(texts, f"[eE]|[0-9.]{{{DIGITS + 1}}}", number_text)
    elif pa.types.is_decimal(kind):
        texts = _rewritten(texts, "E", lambda text: f"{Decimal(text):f}")
    return texts.fill_null("")


def _rewritten(texts: pa.Array, pattern: str, rewrite: Callable[[str], str]) -> pa.Array:
    """The texts, those that a pattern is found in written anew; each different one once."""
    if not pc.any(pc.match_substring_regex(texts, pattern)).as_py():
        return texts
    encoded = texts.dictionary_encode()
    anew = [text and rewrite(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(anew, pa.string()).take(encoded.indices)
