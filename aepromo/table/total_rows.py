"""Rows that sum up others: 合计, Total, 小计 in their first filled cell, and no id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers

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
_MARKS = tuple(
    mark.encode()
    for mark in (
        *("计", "計", "总和", "汇总", "total", "sum", "gesamt"),
        *("итого", "Итого", "ИТОГО", "всего", "Всего", "ВСЕГО"),
    )
)
"""What stands somewhere in the lower-cased bytes of a block that has such a row."""


def is_total_row(cells: Sequence[str], ids: int | None) -> bool:
    """Whether a row sums up others. ``ids`` is where the ids stand, if anywhere."""
    first = next((at for at, cell in enumerate(cells) if cell.strip()), None)
    if first is None or not _TOTAL.match(cells[first]):
        return False
    return ids is None or first == ids or not "".join(cells[ids : ids + 1]).strip()


def total_rows(text: TextBlock, ids: int | None) -> Numbers:
    """The rows of a block that sum up others."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    none = np.array([], np.int64)
    lowered = text.block.data.lower()
    if not any(mark in lowered for mark in _MARKS):  # as nearly always, and quickly told
        return none

    def where(condition: pa.Array) -> Numbers:
        return np.flatnonzero(condition.to_numpy(zero_copy_only=False))

    def is_blank(texts: pa.Array) -> pa.Array:
        return pc.equal(pc.binary_length(pc.utf8_trim_whitespace(texts)), 0)

    rows = np.arange(len(text), dtype=np.int64)
    if ids is not None:
        own = text.texts(ids)
        rows = where(pc.or_(is_blank(own), pc.match_substring_regex(own, _PATTERN)))
    found = []
    for position in range(len(text.header)):
        if not len(rows):
            break
        cells = text.texts(position).take(pa.array(rows))
        found.append(rows[where(pc.match_substring_regex(cells, _PATTERN))])
        rows = rows[where(is_blank(cells))]
    return np.sort(np.concatenate(found)) if found else none
