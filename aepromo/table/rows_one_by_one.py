"""Read a block of bytes row by row, the exact way.

It imports nothing large, so that a short file is read quickly.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.errors import InputError
from aepromo.table.record_ends import lines_of
from aepromo.table.source import LONE_RETURN, LONGEST_RECORD, NOT_AS_BEFORE
from aepromo.words import _

if TYPE_CHECKING:
    from aepromo.table.source import Block, Source


@dataclass(frozen=True, slots=True)
class Ragged:
    """A row with the wrong number of cells: its line, its cells, and what was expected.

    ``in_sheet``: it is a row of a workbook, which has no delimiters.
    """

    line: int
    cells: tuple[str, ...]
    expected: int
    in_sheet: bool = False

    @property
    def reason(self) -> str:
        """The message: how many cells there are, how many are expected, and the remedy."""
        count = len(self.cells)
        if count == 1 < self.expected:
            reason = _(
                "1 cell where the header has {expected}; "
                "add the missing, or remove the line if it is a note"
            )
        elif count < self.expected:
            reason = _("{count} cells where the header has {expected}; add the missing")
        elif self.in_sheet:
            reason = _(
                "{count} cells where the header has {expected}; "
                "name the column, or clear its cells beside the table"
            )
        else:
            reason = _(
                "{count} cells where the header has {expected}; "
                "quote cells that hold a delimiter, or name the column"
            )
        return reason.format(count=count, expected=self.expected)


def rows_with_lines(block: Block, source: Source) -> list[tuple[int, list[str]]]:
    """Every row of the block with the number of the line on which it starts, blank lines left out.

    Blank cells of columns without a name are left out, too. Raises ``InputError`` for bytes that
    are not text and for a carriage return inside a line.
    """
    text = _decoded(block, source)
    csv.field_size_limit(2 * LONGEST_RECORD)
    reader = csv.reader(lines_of(text), delimiter=source.delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = block.first_line
    try:
        for count, cells in enumerate(reader, 1):
            if cells:
                rows.append((line, _named(cells, source)))
            line = block.first_line + (count if source.counts_rows else reader.line_num)
    except csv.Error:
        raise InputError(f"{source.name}:{line}: {_(LONE_RETURN)}") from None
    return rows


def _named(cells: list[str], source: Source) -> list[str]:
    """A row without blank cells in columns without a name."""
    width = len(source.header)
    is_blank = len(cells) == source.width and not any(cell.strip() for cell in cells[width:])
    return cells[:width] if is_blank else cells


def _decoded(block: Block, source: Source) -> str:
    try:
        return block.data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = block.first_line + block.data.count(b"\n", 0, error.start)
        reason = _(NOT_AS_BEFORE)
        if source.chunks and source.chunks.is_named:
            reason = _("the bytes are not UTF-8; leave --encoding out, or try gb18030")
        raise InputError(f"{source.name}:{line}: {reason}") from None
