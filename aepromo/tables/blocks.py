"""A block of bytes to columns of text, and to line numbers where somebody asks for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from aepromo.tables.rows import Ragged, rows_with_lines
from aepromo.tables.source import LONE_RETURN, well_formed_quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from aepromo.tables.source import Block, Source


@dataclass(frozen=True, slots=True)
class TextBlock:
    """The rows of a block as text columns, and the rows that have no place in them.

    ``positions`` are those of the table's rows among all of the block's, or None for all of them.
    """

    table: pa.Table
    ragged: tuple[Ragged, ...] = ()
    positions: tuple[int, ...] | None = None


def parse(block: Block, source: Source) -> TextBlock:
    """The block's cells as text, to the letter. Raises ``InputError`` for what is no table."""
    try:
        if _has_lone_return(block.data):
            raise pa.ArrowInvalid(LONE_RETURN)
        return TextBlock(_parsed_by_arrow(block, source))
    except pa.ArrowInvalid:
        # Something is wrong with it: the exact way finds out what, and on which line.
        return _parsed_exactly(block, source)


def _parsed_exactly(block: Block, source: Source) -> TextBlock:
    width = len(source.header)
    rows: list[list[str]] = []
    ragged: list[Ragged] = []
    positions: list[int] = []
    for position, (line, cells) in enumerate(rows_with_lines(block, source)):
        if len(cells) == width:
            rows.append(cells)
            positions.append(position)
        else:
            ragged.append(Ragged(line, tuple(cells), width))
    columns = zip(*rows, strict=True) if rows else [()] * width
    arrays = [pa.array(column, pa.string()) for column in columns]
    table = pa.Table.from_arrays(arrays, list(source.header))
    return TextBlock(table, tuple(ragged), tuple(positions))


def _has_lone_return(data: bytes) -> bool:
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _parsed_by_arrow(block: Block, source: Source) -> pa.Table:
    names = [str(position) for position in range(len(source.header))]
    table = arrow_csv.read_csv(
        pa.BufferReader(block.data),
        arrow_csv.ReadOptions(
            column_names=names, use_threads=False, block_size=len(block.data) + 1
        ),
        arrow_csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    return table.rename_columns(list(source.header))


def line_numbers(block: Block, source: Source, rows: Sequence[int]) -> dict[int, int]:
    """The lines on which the given rows start, counted among the rows that are not ragged."""
    width = len(source.header)
    lines = [line for line, cells in rows_with_lines(block, source) if len(cells) == width]
    return {row: lines[row] for row in rows}


def rows_as_written(
    block: Block, source: Source, positions: Sequence[int] | None = None
) -> pa.Array | None:
    """The rows of a block to the letter, without their line ends, or None.

    None where some cell is quoted that needs no quotes: then the cells are to be written anew, so
    that a table reads the same whichever way it was written. ``positions`` chooses among all rows
    of the block, the ragged ones too; blank lines are none.
    """
    codes = np.frombuffer(block.data, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    if b'"' in block.data:
        quotes = well_formed_quotes(block.data, source.delimiter)
        if quotes is None or _any_needless(quotes, codes, source.delimiter):
            return None
        ends = ends[quotes.searchsorted(ends) % 2 == 0]
    starts = np.concatenate(([0], ends[:-1] + 1))
    stops = ends - ((codes[ends - 1] == ord("\r")) & (ends > starts))
    filled = stops > starts
    # Every other slice of the block is a row; what lies between two is a line end, or blank lines.
    edges = np.column_stack((starts[filled], stops[filled])).ravel().astype(np.int32)
    slices = pa.Array.from_buffers(
        pa.string(), max(len(edges) - 1, 0), [None, pa.py_buffer(edges), pa.py_buffer(block.data)]
    )
    chosen = np.arange(len(edges) // 2) if positions is None else np.array(positions, np.int64)
    return slices.take(pa.array(2 * chosen))


def _any_needless(
    quotes: npt.NDArray[np.int64], codes: npt.NDArray[np.uint8], delimiter: str
) -> bool:
    """Whether some cell of a well-formed block is quoted that holds nothing special.

    Between an opening quote and the next one stands what is quoted, or a part of it up to a doubled
    quote, which alone is special enough.
    """
    is_special = np.zeros(256, np.bool_)
    is_special[[ord(delimiter), ord("\n"), ord("\r")]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    lengths = closing - opening - 1
    # Only what is quoted is looked at: the places of its bytes, one after the other.
    ends = lengths.cumsum()
    places = np.arange(ends[-1]) + np.repeat(opening + 1 - (ends - lengths), lengths)
    counts = np.concatenate(([0], is_special[codes[places]].cumsum()))
    holds_special = counts[ends] > counts[ends - lengths]
    is_doubled = opening[1:] == closing[:-1] + 1
    holds_special[1:] |= is_doubled
    holds_special[:-1] |= is_doubled
    return not bool(holds_special.all())
