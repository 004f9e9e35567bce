"""The place of each cell in a well-formed block, found for all of them at once.

Outside quotes, a cell ends at a delimiter or a newline, and every other quote opens. So one pass
over the bytes finds these marks, and their places give every cell. No text is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.table.digits import WIDTH
from aepromo.table.records import well_formed_quotes

if TYPE_CHECKING:
    import numpy.typing as npt

    Places = npt.NDArray[np.int64]

_NEWLINE, _RETURN, _QUOTE = map(ord, '\n\r"')


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of a block by row and column, as places in ``codes``.

    ``codes`` are the block's bytes with ``WIDTH`` more in front. ``firsts`` is where each row
    starts, ``ends[column, row]`` where a cell ends. ``is_plain``: all quotes are needed;
    ``has_quotes``: there are some.
    """

    codes: npt.NDArray[np.uint8]
    firsts: Places
    ends: Places
    is_plain: bool
    has_quotes: bool = False

    def __len__(self) -> int:
        return len(self.firsts)

    def column(self, position: int) -> tuple[Places, Places]:
        """Where the cells of a column start and end, quotes included."""
        starts = self.firsts if position == 0 else self.ends[position - 1] + 1
        return starts, self.ends[position]

    def cell(self, row: int, position: int) -> str:
        """One cell's text."""
        start = self.firsts[row] if position == 0 else self.ends[position - 1, row] + 1
        end = self.ends[position, row]
        text = self.codes[start:end].tobytes().decode()
        return text[1:-1].replace('""', '"') if text.startswith('"') else text

    def chosen(self, rows: Places) -> Grid:
        """Some of the rows."""
        return Grid(
            self.codes, self.firsts[rows], self.ends[:, rows], self.is_plain, self.has_quotes
        )

    def texts(self, position: int) -> pa.Array | None:
        """A column's cells as text; None if a cell has a doubled quote."""
        texts = self._slices(*self.unquoted(position))
        if self.has_quotes and pc.any(pc.match_substring(texts, '"')).as_py():
            return None
        return texts

    def unquoted(self, position: int) -> tuple[Places, Places]:
        """Where the cells of a column start and end without the quotes around them."""
        starts, ends = self.column(position)
        if not self.has_quotes:
            return starts, ends
        is_quoted = (self.codes[starts] == _QUOTE) & (ends > starts)
        return starts + is_quoted, ends - is_quoted

    def without_blank(self, count: int) -> Grid | None:
        """The grid without its last columns, or None if one of their cells is not blank."""
        kept = self.ends[:-count]
        if (self.ends[-1] - kept[-1] != count).any():
            return None
        return Grid(self.codes, self.firsts, kept, self.is_plain, self.has_quotes)

    def rows(self) -> pa.Array:
        """The rows unchanged, without their line ends."""
        return self._slices(self.firsts, self.ends[-1])

    def _slices(self, starts: Places, ends: Places) -> pa.Array:
        # Every other slice of the block is needed.
        edges = np.column_stack((starts, ends)).ravel().astype(np.int32)
        buffers = [None, pa.py_buffer(edges), pa.py_buffer(self.codes)]
        slices = pa.Array.from_buffers(pa.string(), max(len(edges) - 1, 0), buffers)
        # Not pa.array, which imports pandas to check the type of its argument.
        every_other = [None, pa.py_buffer(np.arange(0, len(edges), 2))]
        return slices.take(pa.Array.from_buffers(pa.int64(), len(self), every_other))


def places_of(rows: Places) -> pa.Array:
    """Rows as an Arrow array, without ``pa.array``, which would import pandas."""
    rows = np.ascontiguousarray(rows, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])


def taken(texts: pa.Array, rows: Places) -> pa.Array:
    """Some cells of a column."""
    return texts.take(places_of(rows))


def offsets_of(texts: pa.Array) -> npt.NDArray[np.int32]:
    """The start of each text of a column in its bytes, and the end of the last one."""
    return np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, 4 * texts.offset)


def truths(found: pa.Array) -> npt.NDArray[np.bool_]:
    """A column of booleans, without ``to_numpy``, which would import pandas, too."""
    whole = pc.cast(found, pa.uint8())
    codes = np.frombuffer(whole.buffers()[1], np.uint8, len(whole), whole.offset)
    return codes.astype(np.bool_)


def grid_of(data: bytes, delimiter: str, width: int) -> Grid | None:
    """The grid of a block of whole records, each of ``width`` cells.

    Blank lines are not rows. None if there is no grid: a row has another number of cells, a quote
    is inside an unquoted cell, a carriage return is inside a line, or the bytes are not UTF-8.
    """
    codes = np.empty(WIDTH + len(data), np.uint8)
    codes[:WIDTH] = 0
    codes[WIDTH:] = np.frombuffer(data, np.uint8)
    marks = np.flatnonzero((codes == ord(delimiter)) | (codes == _NEWLINE))
    is_plain = True
    if b'"' in data:
        quotes = well_formed_quotes(data, delimiter)
        if quotes is None:
            return None
        marks, is_plain = _outside(quotes + WIDTH, marks)
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    is_newline = codes[marks] == _NEWLINE
    firsts = None
    if width == 1 or not _are_rows(is_newline, width):
        marks, is_newline, firsts = _without_blank_lines(codes, marks, is_newline)
        if not _are_rows(is_newline, width):
            return None
    rows = len(marks) // width
    ends = np.ascontiguousarray(marks.reshape(rows, width).T)  # access is by column
    if firsts is None:
        firsts = np.concatenate(([WIDTH], ends[-1, :-1] + 1))
    if b"\r" in data:
        ends[-1] -= codes[ends[-1] - 1] == _RETURN
    return Grid(codes, firsts, ends, is_plain, b'"' in data) if _is_utf8(data) else None


def _are_rows(is_newline: npt.NDArray[np.bool_], width: int) -> bool:
    """Whether exactly every ``width``-th mark ends a row."""
    rows, rest = divmod(len(is_newline), width)
    is_even = rows > 0 and rest == 0 and np.count_nonzero(is_newline) == rows
    return bool(is_even and is_newline[width - 1 :: width].all())


def _without_blank_lines(
    codes: npt.NDArray[np.uint8], marks: Places, is_newline: npt.NDArray[np.bool_]
) -> tuple[Places, npt.NDArray[np.bool_], Places]:
    """The marks without the ends of blank lines, which are newlines, and where each row starts."""
    ends = marks[is_newline]
    if not len(ends):
        return marks, is_newline, ends
    starts = np.concatenate(([WIDTH], ends[:-1] + 1))
    is_blank = (ends == starts) | ((ends == starts + 1) & (codes[starts] == _RETURN))
    is_kept = np.ones(len(marks), np.bool_)
    is_kept[np.flatnonzero(is_newline)[is_blank]] = False
    return marks[is_kept], is_newline[is_kept], starts[~is_blank]


def _outside(quotes: Places, marks: Places) -> tuple[Places, bool]:
    """The marks outside quotes, and whether every quoted cell needs its quotes.

    Every other quote opens. A cell needs its quotes for a mark between them, or for a quote, which
    is doubled: then a part of it closes right where the next one opens.
    """
    passed = marks.searchsorted(quotes)
    opening, closing = passed[0::2], passed[1::2]
    inside = closing - opening
    needs = inside > 0
    is_doubled = quotes[2::2] == quotes[1:-1:2] + 1
    needs[1:] |= is_doubled
    needs[:-1] |= is_doubled
    total = int(inside.sum())
    if total:
        before = inside.cumsum() - inside
        dropped = np.repeat(opening - before, inside) + np.arange(total)
        marks = np.delete(marks, dropped)
    return marks, bool(needs.all())


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    edges = pa.py_buffer(np.array([0, len(data)], np.int32))
    text = pa.Array.from_buffers(pa.string(), 1, [None, edges, pa.py_buffer(data)])
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
