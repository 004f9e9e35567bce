"""Total rows: 合计, Total, 小计 in their first filled cell, and no id."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers

    Mask = npt.NDArray[np.bool_]

_WORDS = (
    *("合计", "总计", "小计", "共计", "总和", "汇总", "总合计", "本页合计", "合計", "總計", "小計"),
    *("total", "totals", "grand total", "sub total", "subtotal", "sub-total", "sum", "sum total"),
    *("total general", "totale", "summe", "gesamt", "gesamtsumme", "итого", "всего"),
)
_PATTERN = (
    rf"(?i)^\s*(?:{'|'.join(map(re.escape, _WORDS))})\s*"
    r"(?:[(（\[【][^)）\]】]*[)）\]】])?\s*[:：]?\s*$"
)
_TOTAL = re.compile(_PATTERN)


def is_total_row(cells: Sequence[str], ids: int | None) -> bool:
    """Whether a row is a total row. ``ids`` is the position of the ids, if there are any."""
    first = next((at for at, cell in enumerate(cells) if cell.strip()), None)
    if first is None or not _TOTAL.match(cells[first]):
        return False
    return ids is None or first == ids or not "".join(cells[ids : ids + 1]).strip()


def total_rows(text: TextBlock, ids: int | None) -> Numbers:
    """The total rows of a block."""
    import numpy as np  # explain, which reads one row, doesn't need it

    from aepromo.table.arrow_arrays import taken

    rows = np.arange(len(text), dtype=np.int64)
    if ids is not None:
        is_blank, is_total = _looked_at(text.texts(ids))
        rows = np.flatnonzero(is_blank | is_total)
    found = []
    for position in range(len(text.header)):
        if not len(rows):
            break
        is_blank, is_total = _looked_at(taken(text.texts(position), rows))
        found.append(rows[is_total])
        rows = rows[is_blank]
    return np.sort(np.concatenate(found)) if found else rows


def _looked_at(texts: pa.Array) -> tuple[Mask, Mask]:
    """Which cells are blank, and which have a word of a total row.

    The first two bytes decide for nearly all cells.
    """
    import numpy as np

    from aepromo.table.arrow_arrays import offsets_of, taken

    offsets, data = offsets_of(texts), texts.buffers()[2]
    codes = np.zeros((len(data) if data else 0) + 2, np.uint8)
    if data:
        codes[: len(data)] = np.frombuffer(data, np.uint8)
    is_blank, starts = np.diff(offsets) == 0, offsets[:-1]
    likely = np.flatnonzero(_starts()[codes[starts], codes[starts + 1]] & ~is_blank)
    is_total = np.zeros(len(texts), np.bool_)
    for row, cell in zip(likely.tolist(), taken(texts, likely).to_pylist(), strict=True):
        is_total[row] = bool(_TOTAL.match(cell))
        is_blank[row] = not cell.strip()
    return is_blank, is_total


@cache
def _starts() -> Mask:
    """The first two bytes that a total word may have, or a cell of spaces."""
    import numpy as np

    starts = np.zeros((256, 256), np.bool_)
    for word in _WORDS:
        for letters in product(*({each, each.upper()} for each in word[:2])):
            starts[tuple("".join(letters).encode()[:2])] = True
    for space in "\u00a0\u2000\u3000":
        starts[tuple(space.encode()[:2])] = True
    starts[list(b" \t\r\n\v\f")] = True
    return starts
