"""A block of bytes to columns of text, and to line numbers where somebody asks for them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.csv as arrow_csv

from aepromo.errors import InputError
from aepromo.tables.source import LONE_RETURN, LONGEST_RECORD, lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.tables.source import Block, Source


@dataclass(frozen=True, slots=True)
class Ragged:
    """A row with the wrong number of cells: its line, its cells, and what was expected."""

    line: int
    cells: tuple[str, ...]
    expected: int

    @property
    def reason(self) -> str:
        """What is wrong, and the remedy."""
        count = len(self.cells)
        remedy = "quote cells that hold a delimiter" if count > self.expected else "add the missing"
        return f"{count} cells where the header has {self.expected}; {remedy}"


@dataclass(frozen=True, slots=True)
class TextBlock:
    """The rows of a block as text columns, and the rows that have no place in them."""

    table: pa.Table
    ragged: tuple[Ragged, ...] = ()


def parse(block: Block, source: Source) -> TextBlock:
    """The block's cells as text, to the letter. Raises ``InputError`` for what is no table."""
    try:
        if _has_lone_return(block.data):
            raise pa.ArrowInvalid(LONE_RETURN)
        return TextBlock(_parsed_by_arrow(block, source))
    except pa.ArrowInvalid:
        # Something is wrong with it: the exact way finds out what, and on which line.
        rows, ragged = [], []
        for line, cells in rows_with_lines(block, source):
            if len(cells) == len(source.header):
                rows.append(cells)
            else:
                ragged.append(Ragged(line, tuple(cells), len(source.header)))
        columns = zip(*rows, strict=True) if rows else [()] * len(source.header)
        arrays = [pa.array(column, pa.string()) for column in columns]
        return TextBlock(pa.Table.from_arrays(arrays, list(source.header)), tuple(ragged))


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


def rows_with_lines(block: Block, source: Source) -> list[tuple[int, list[str]]]:
    """Every row of the block with the number of the line on which it starts, blank lines left out.

    Raises ``InputError`` for bytes that are no text and for a carriage return that ends no line.
    """
    text = _decoded(block, source)
    csv.field_size_limit(2 * LONGEST_RECORD)
    reader = csv.reader(lines_of(text), delimiter=source.delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = block.first_line
    try:
        for cells in reader:
            if cells:
                rows.append((line, cells))
            line = block.first_line + reader.line_num
    except csv.Error:
        raise InputError(f"{source.name}:{line}: {LONE_RETURN}") from None
    return rows


def _decoded(block: Block, source: Source) -> str:
    try:
        return block.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = block.first_line + block.data.count(b"\n", 0, error.start)
        raise InputError(
            f"{source.name}:{line}: the bytes are not UTF-8, though the lines before are; "
            "name the encoding with --encoding"
        ) from None


def line_numbers(block: Block, source: Source, rows: Sequence[int]) -> dict[int, int]:
    """The lines on which the given rows start, counted among the rows that are not ragged."""
    width = len(source.header)
    lines = [line for line, cells in rows_with_lines(block, source) if len(cells) == width]
    return {row: lines[row] for row in rows}
