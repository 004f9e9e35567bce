"""Ids that a spreadsheet has shortened: ``1.00500731662095E+18`` was a number of 19 digits.

Where the comma is the decimal mark, it is ``1,00500731662095E+18``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy.typing as npt

    from aepromo.table.blocks import TextBlock
    from aepromo.table.grid import Grid

    Rows = npt.NDArray[np.int64]

_SHORTENED = r"^[1-9]([.,][0-9]+)?[Ee]\+[0-9]{2}$"
_SHORTEST = len("1E+11")
_NONE = np.array([], np.int64)


def shortened_ids(text: TextBlock, place: int) -> Rows:
    """The rows of a block whose ids a spreadsheet has shortened."""
    if b"+" not in text.block.data:  # nearly always so, and quick to check
        return _NONE
    rows = np.arange(len(text)) if text.grid is None else _likely(text.grid, place)
    if not len(rows):
        return _NONE
    among = text.texts(place).take(rows)
    is_short: Rows = pc.match_substring_regex(among, _SHORTENED).to_numpy(zero_copy_only=False)
    return rows[np.flatnonzero(is_short)]


def _likely(grid: Grid, place: int) -> Rows:
    """The rows whose cell ends like a shortened number, checked without making text."""
    starts, ends = grid.column(place)
    ends = ends - (grid.codes[ends - 1] == ord('"'))
    has_sign = (grid.codes[ends - 3] == ord("+")) & (ends - starts >= _SHORTEST)
    return np.flatnonzero(has_sign)
