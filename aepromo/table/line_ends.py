"""The added cells at the ends of a file's own rows, for all rows of a block at once.

Each cell is put into words of eight bytes, with NUL for unused bytes, so that writing a column
means looking up words; at the end all NULs are removed. The figures are those of
``bulk.result_texts``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.pricing.money import BLANK
from aepromo.table.bulk import result_texts, spelled
from aepromo.table.column import Kind
from aepromo.table.text import places_shown, result_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column
    from aepromo.table.number_columns import Numbers

    Words = npt.NDArray[np.uint64]

NEAR = 1_000_000
"""Figures below this, in their last place, fit one word; negative ones below a tenth of it."""

_LAST = 5  # with so many decimal places, the digit before the point stands where the sign would
_WIDE = 24  # bytes for any other: 18 digits, sign, point and delimiter


def line_ends(
    figures: Sequence[tuple[Numbers | int, Column]],
    rows: int,
    delimiter: str,
    currency: Currency,
    line_end: str = "\n",
) -> pa.Array:
    """Each row's added cells with a delimiter in front of each, and the line end, as text."""
    words = [_words(numbers, column, delimiter, currency) for numbers, column in figures]
    words.append(_packed([line_end]))
    # Column by column, and turned over as a whole: so each is written in one go.
    laid = np.empty((sum(each.shape[1] for each in words), rows), np.uint64)
    position = 0
    for each in words:
        laid[position : position + each.shape[1]] = each.T
        position += each.shape[1]
    text = laid.T.tobytes().translate(None, b"\0")
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
    edges = np.concatenate(([0], ends)).astype(np.int32)
    return pa.Array.from_buffers(pa.string(), rows, [None, pa.py_buffer(edges), pa.py_buffer(text)])


def _words(numbers: Numbers | int, column: Column, delimiter: str, currency: Currency) -> Words:
    """A column's cells, a row of words for each; a single row where all are the same."""
    if isinstance(numbers, int) or (len(numbers) and numbers.min() == numbers.max()):
        only = numbers if isinstance(numbers, int) else int(numbers[0])
        return _packed([delimiter + (result_text(only, column, currency) or "")])
    if column.kind is Kind.LABEL:
        labels = _packed([delimiter + label for label in (*column.labels, "")])
        chosen: Words = labels[np.where(numbers == BLANK, len(labels) - 1, numbers)]
        return chosen
    if column.kind is Kind.EXCHANGE:
        cells = result_texts(numbers, column, len(numbers), currency)
        return _packed([delimiter + cell for cell in cells.to_pylist()])
    return _figures(numbers, places_shown(column.kind, currency), delimiter)


def _packed(texts: Sequence[str]) -> Words:
    cells = [text.encode() for text in texts]
    width = -(-max(map(len, cells)) // 8) * 8
    return np.array(cells, f"S{width}").view(np.uint64).reshape(len(cells), -1)


def _figures(numbers: Numbers, places: int, delimiter: str) -> Words:
    sign, low, high = _thousands(places, delimiter)
    sizes = np.abs(numbers)
    is_far = (sizes >= NEAR) | (numbers <= (-NEAR // 10 if places < _LAST else -1))
    some_far = bool(is_far.any())
    if some_far:
        sizes = np.where(is_far, 0, sizes)
    over = sizes // 1000
    # What stands in front decides whether the last three digits are written out.
    words: Words = high[over] | low[sizes - 1000 * over + 1000 * (over > 0)]
    words |= np.where(numbers < 0, sign, np.uint64(0))
    if not some_far:
        return words[:, None]
    wide = np.zeros((len(words), _WIDE // 8), np.uint64)
    wide[:, 0] = words
    texts = pc.binary_join_element_wise(delimiter, spelled(numbers[is_far], places), "")
    cells = np.array(texts.cast(pa.binary()).to_pylist(), f"S{_WIDE}")
    wide[is_far] = cells.view(np.uint64).reshape(len(cells), -1)
    return wide


@lru_cache
def _thousands(places: int, delimiter: str) -> tuple[np.uint64, Words, Words]:
    """The sign; the last three digits, bare and then written out; what stands in front of them.

    A word is the delimiter, the sign or the first digit, four digits or more and the point.
    """
    frame = np.zeros(8, np.uint8)
    frame[0] = ord(delimiter)
    if places:
        frame[7 - places] = ord(".")
    minus = np.zeros(8, np.uint8)
    minus[1] = ord("-")
    low = np.concatenate((_digits(0, places, False), _digits(0, places, True)))
    high = _digits(3, places, False) | frame.view(np.uint64)
    return minus.view(np.uint64)[0], low, high


def _digits(first: int, places: int, written_out: bool) -> Words:
    """The words of 0 to 999 as the digits from ``first`` on, counted from the last, which is 0."""
    numbers = np.arange(1000)
    cells = np.zeros((1000, 8), np.uint8)
    for power in range(3):
        digit = first + power
        is_shown = written_out | (digit <= places) | (numbers >= 10**power)
        place = 7 - digit - (0 < places <= digit)
        cells[:, place] = np.where(is_shown, numbers // 10**power % 10 + ord("0"), 0)
    return cells.view(np.uint64)[:, 0]
