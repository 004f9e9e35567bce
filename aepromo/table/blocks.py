"""Convert a block of bytes to columns, and to line numbers on request."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from aepromo.errors import InputError, Problem, problems_of
from aepromo.table.arrow_arrays import places_of, texts_of
from aepromo.table.cells import COMMA, UNTOLD
from aepromo.table.grid import Grid, Pieces, grid_of
from aepromo.table.number_columns import Reading, plain_numbers, read_column, rows_of
from aepromo.table.record_ends import marks_of
from aepromo.table.rows_one_by_one import Ragged, rows_with_lines
from aepromo.table.source import LONE_RETURN, Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from aepromo.errors import Refused
    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Kind
    from aepromo.table.source import Source

    Places = npt.NDArray[np.int64]

_SWAPPED = bytes.maketrans(b".,", b",.")


@dataclass(slots=True)
class TextBlock:
    """The rows of a block, and the rows with a wrong number of cells.

    Columns are read from the ``grid`` if there is one; text is made of them only on request.
    """

    block: Block
    source: Source
    grid: Grid | None = None
    ragged: tuple[Ragged, ...] = ()
    _table: pa.Table | None = field(default=None, repr=False)
    _rows: npt.NDArray[np.int64] | None = field(default=None, repr=False)
    _swapped: Grid | None = field(default=None, repr=False)
    _texts: dict[int, pa.Array] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.grid) if self.grid is not None else len(self.table)

    @property
    def table(self) -> pa.Table:
        """The rows as text, unchanged."""
        self.read_all()
        return self._table

    @property
    def header(self) -> Sequence[str]:
        """The columns' names."""
        return self.source.header

    def reading(self, position: int, kind: Kind, currency: Currency) -> Reading:
        """A column's numbers, and which of its cells can't be used."""
        decimal = self.source.decimal
        # While the decimal mark is unknown, a point might separate thousands.
        is_told = decimal != UNTOLD or b"." not in self.block.data
        if self.grid is not None and is_told:
            grid = self._with_points if decimal == COMMA else self.grid
            numbers = plain_numbers(grid, position, kind, currency)
            if numbers is not None:
                return Reading(numbers, numbers)
        return read_column(self.texts(position), kind, currency, decimal)

    @property
    def _with_points(self) -> Grid:
        """The grid with points and commas exchanged, made when it is first needed."""
        if self._swapped is None and self.grid is not None:
            codes = self.grid.codes.tobytes().translate(_SWAPPED)
            self._swapped = replace(self.grid, codes=np.frombuffer(codes, np.uint8))
        return cast("Grid", self._swapped)

    def read_all(self) -> None:
        """Make text of all columns at once: faster than one by one, if all are needed."""
        if self._table is None:
            table = _parsed_by_arrow(self.block, self.source)
            self._table = table if self._rows is None else table.take(places_of(self._rows))

    def texts(self, position: int) -> pa.Array:
        """A column's cells as text."""
        if self.grid is not None and self._table is None:
            if position not in self._texts:
                self._texts[position] = self.grid.texts(position)
            if (texts := self._texts[position]) is not None:
                return texts
        return self.table.column(position).combine_chunks()

    def cell(self, row: int, position: int) -> str:
        """One cell's text."""
        if self.grid is not None:
            return self.grid.cell(row, position)
        return str(self.table.column(position)[row])

    def chosen(self, rows: npt.NDArray[np.int64]) -> TextBlock:
        """Some of the rows."""
        grid = self.grid and self.grid.chosen(rows)
        table = self._table and self._table.take(places_of(rows))
        among = rows if self._rows is None else self._rows[rows]
        return TextBlock(self.block, self.source, grid, _table=table, _rows=among)

    def rows_as_written(self, delimiter: str) -> Pieces | None:
        """The rows as ``Grid.rows`` gives them; None where there is no grid, or they differ."""
        return None if self.grid is None else self.grid.rows(delimiter)


def parse(block: Block, source: Source) -> TextBlock:
    """The block's cells, unchanged. Raises ``InputError`` for what is not a table."""
    grid = grid_of(block.data, source.delimiter, source.width, block.marks)
    if grid is not None and source.blank_columns:
        grid = grid.without_blank(source.blank_columns)
    if grid is not None:
        return TextBlock(block, source, grid)
    if (text := _without_ragged_rows(block, source)) is not None:
        return text
    try:
        if _has_lone_return(block.data) or source.blank_columns:
            raise pa.ArrowInvalid(LONE_RETURN)
        return TextBlock(block, source, _table=_parsed_by_arrow(block, source))
    except pa.ArrowInvalid:
        # Something is wrong with it: the exact reader finds out what, and on which line.
        return _parsed_exactly(block, source)


def _without_ragged_rows(block: Block, source: Source) -> TextBlock | None:
    """The block with blank lines for its rows of another width, or None where there is more to it.

    A blank line is no row, and the others stay on their lines.
    """
    found = _other_rows(block, source)
    if found is None:
        return None
    starts, ends, are_all = found
    own = b"".join(map(block.data.__getitem__, map(slice, starts, ends)))
    try:
        rows = rows_with_lines(Block(own, block.first_line), source)
    except InputError:
        return None
    codes = np.frombuffer(block.data, np.uint8)
    newlines = np.flatnonzero(codes == ord("\n"))
    lines = block.first_line + newlines.searchsorted(starts)
    ragged = tuple(
        Ragged(line, tuple(cells), source.width)
        for line, (_, cells) in zip(lines.tolist(), rows, strict=True)
    )
    if are_all:
        return replace(no_rows(source), block=block, ragged=ragged)
    edges = np.zeros(len(codes) + 1, np.int8)
    edges[starts] += 1
    edges[ends] -= 1
    is_kept = edges[:-1].cumsum(dtype=np.int8) == 0
    is_kept[newlines] = True
    rest = Block(codes[is_kept].tobytes(), block.first_line)
    grid = grid_of(rest.data, source.delimiter, source.width)
    return None if grid is None else TextBlock(rest, source, grid, ragged)


def _other_rows(block: Block, source: Source) -> tuple[Places, Places, bool] | None:
    """Where rows of another width start and end, and whether all are; None without any."""
    data = block.data
    marks = block.marks or marks_of(data, source.delimiter)
    if source.counts_rows or source.blank_columns or marks is None or _has_lone_return(data):
        return None
    codes = np.frombuffer(data, np.uint8)
    (last_cells,) = np.nonzero(codes[marks.ends] == ord("\n"))
    ends = marks.ends[last_cells] + 1
    starts = np.concatenate(([0], ends[:-1]))
    sizes = ends - starts
    is_blank = (sizes == 1) | ((sizes == len("\r\n")) & (codes[starts] == ord("\r")))
    is_other = (np.diff(last_cells, prepend=-1) != source.width) & ~is_blank
    if not is_other.any():
        return None
    return starts[is_other], ends[is_other], bool((is_other | is_blank).all())


def no_rows(source: Source) -> TextBlock:
    """A table with only a header."""
    none = pa.table({name: texts_of([]) for name in source.header})
    return TextBlock(Block(b"", 1), source, _table=none)


def _parsed_exactly(block: Block, source: Source) -> TextBlock:
    width = len(source.header)
    rows: list[list[str]] = []
    ragged: list[Ragged] = []
    for line, cells in rows_with_lines(block, source):
        if len(cells) == width:
            rows.append(cells)
        else:
            ragged.append(Ragged(line, tuple(cells), width, source.counts_rows))
    columns = zip(*rows, strict=True) if rows else [()] * width
    arrays = [pa.array(column, pa.string()) for column in columns]
    table = pa.Table.from_arrays(arrays, list(source.header))
    return TextBlock(block, source, None, tuple(ragged), table)


def _has_lone_return(data: bytes) -> bool:
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _parsed_by_arrow(block: Block, source: Source) -> pa.Table:
    names = [str(position) for position in range(source.width)]
    data = block.data
    if data.startswith(codecs.BOM_UTF8):
        # Arrow removes a byte order mark, but this one belongs to a cell.
        data = codecs.BOM_UTF8 + data
    table = arrow_csv.read_csv(
        pa.BufferReader(data),
        arrow_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        arrow_csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
        arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    return table.select(names[: len(source.header)]).rename_columns(list(source.header))


def line_numbers(text: TextBlock, rows: Sequence[int]) -> dict[int, int]:
    """The lines on which the given rows of a block start, counted among those not ragged."""
    block, source, grid = text.block, text.source, text.grid
    if block.lines:
        return {row: block.lines[row] for row in rows}
    if grid is not None and rows:
        places, newlines = np.array(rows), np.flatnonzero(grid.codes == ord("\n"))
        if len(newlines) == len(grid) or not source.counts_rows:
            above = newlines.searchsorted(grid.firsts[places])
            return dict(zip(rows, (block.first_line + above).tolist(), strict=True))
    width = len(source.header)
    lines = [line for line, cells in rows_with_lines(block, source) if len(cells) == width]
    return {row: lines[row] for row in rows}


def first_problems(text: TextBlock, refused: Sequence[Refused], most: int) -> list[Problem]:
    """The problems of a block's first bad rows, by the lines of the file on which these start."""
    rows = rows_of(refused)[:most]
    problems = [Problem(each.line, "", each.reason) for each in text.ragged[:most]]
    if len(rows):
        lines, is_named = line_numbers(text, rows.tolist()), np.zeros(len(text), np.bool_)
        is_named[rows] = True
        named = problems_of(each.only(is_named) for each in refused)
        problems += [each._replace(row=lines[each.row]) for each in named]
    return sorted(problems, key=lambda problem: problem.row)[:most]
