"""A Parquet file as a source of rows, and columns as a Parquet file."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aepromo.errors import InputError
from aepromo.table.bulk import cell_texts, joined
from aepromo.table.headers import check_header
from aepromo.table.sheet_cells import DIGITS, number_text
from aepromo.table.sink import Sink
from aepromo.table.source import Block, Source
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from aepromo.table.text import TextColumn

_ROWS_AT_ONCE = 1 << 15


def open_parquet(stream: BinaryIO, name: str) -> Source:
    """Read a Parquet file's columns and hand out its rows as blocks of CSV.

    ``stream`` can be sought in. A decimal keeps its places, a binary float is the decimal that its
    first 15 digits spell, a null is blank. Messages number rows as in the same table written as
    CSV: the header is 1. Raises ``InputError`` for what is no Parquet file, and for columns that
    hold no single values.
    """
    try:
        file = pq.ParquetFile(stream)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError):
        raise InputError(_damaged(name)) from None
    try:
        check_header(schema.names)
    except InputError as problem:
        raise InputError(f"{name}: {problem}") from None
    for field in schema:
        if pa.types.is_nested(field.type) or _is_binary(field.type):
            reason = _("{name}: column '{column}' holds {type}; make it text")
            raise InputError(reason.format(name=name, column=field.name, type=field.type))
    return Source(name, tuple(schema.names), ",", _blocks(file, name), counts_rows=True)


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
    with pq.ParquetWriter(sink, first.schema) as writer:
        writer.write_table(first)
        for table in waiting:
            yield sink.drained()
            writer.write_table(table)
    yield sink.drained()


def _damaged(place: str) -> str:
    return _("{place}: the Parquet file is damaged, or none").format(place=place)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _blocks(file: pq.ParquetFile, name: str) -> Iterator[Block]:
    row = 2
    try:
        for batch in file.iter_batches(_ROWS_AT_ONCE):
            columns = [cell_texts(_texts(column), ",", False) for column in batch.columns]
            yield Block(bytes(joined(columns, ",")), row)
            row += len(batch)
    except (pa.ArrowException, OSError):
        raise InputError(_damaged(f"{name}:{row}")) from None


def _texts(column: pa.Array) -> pa.Array:
    """The cells of a column as text, a blank where there is none."""
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
