"""Read plain decimals directly from the bytes of a column, eight characters at a time.

A cell of up to eight characters fits one 64-bit word, and arithmetic on the words of a whole column
reads them all at once: no text is made and nothing is rounded. Anything else is left to
``columns``, which reads it as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import as_strided

from aepromo.pricing.money import BLANK

if TYPE_CHECKING:
    import numpy.typing as npt

    Words = npt.NDArray[np.uint64]

WIDTH = 8
"""The longest cell that is read here, and the bytes needed before the first, in bytes."""


def _each_byte(value: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes([value] * WIDTH), "little"))


_ZEROS, _POINTS, _ONES, _HIGH = map(_each_byte, (ord("0"), ord("."), 0x01, 0x80))
_OVER_NINE = _each_byte(0x80 - 10)
_ONE, _SEVEN, _EIGHT, _ZERO, _BYTE = map(np.uint64, (1, 7, 8, ord("0"), 0xFF))
# The last characters of a cell are in the high bytes of its word.
_CELL = np.array([((1 << 8 * n) - 1) << 8 * (WIDTH - n) for n in range(WIDTH + 1)], np.uint64)
_TENS = np.array([10**places for places in range(19)], np.int64)


def plain_decimals(
    codes: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    scale: int,
) -> npt.NDArray[np.int64] | None:
    """Return each cell times ten to the ``scale``, ``BLANK`` for an empty one, or None.

    A cell is ``codes[start:end]``, and at least ``WIDTH`` bytes stand before each end. None where a
    cell is longer than ``WIDTH``, or is anything but digits with at most one point and no more than
    ``scale`` decimal places.
    """
    lengths = ends - starts
    if not len(lengths) or lengths.max() > WIDTH:
        return None
    every_word = as_strided(codes[:WIDTH].view("<u8"), (len(codes) - WIDTH + 1,), (1,))
    mask = _CELL[lengths]
    words = (every_word[ends - WIDTH] & mask) | (_ZEROS & ~mask)
    # Prices of one column mostly have their point at the same place, which halves the work.
    numbers = _numbers(words, lengths, _points_in(words[:1]), scale)
    if numbers is None:
        numbers = _numbers(words, lengths, _points_in(words), scale)
    if numbers is not None and not lengths.all():
        return np.where(lengths == 0, BLANK, numbers)
    return numbers


def _points_in(words: Words) -> Words:
    """The high bit of every byte that is a point; now and then of one more, where one is."""
    others = words ^ _POINTS
    return (others - _ONES) & ~others & _HIGH


def _numbers(
    words: Words, lengths: npt.NDArray[np.int64], points: Words, scale: int
) -> npt.NDArray[np.int64] | None:
    """The words' numbers, the point at one place for all or at its own for each."""
    other_places = (words ^ _POINTS) & (points >> _SEVEN) * _BYTE
    alone = (points != 0) & (lengths == 1)
    if other_places.any() or alone.any() or (points & (points - _ONE)).any():
        return None
    before = (points >> _SEVEN) - _ONE  # what stands in front of it; all where there is none
    places = np.where(points == 0, 0, WIDTH - 1 - (np.bitwise_count(before).astype(np.int64) >> 3))
    if places.max() > scale:
        return None
    # The digits before the point move into its place.
    whole, fraction = (words & before) << _EIGHT, words & ~((before << _EIGHT) | _BYTE)
    digits = np.where(points == 0, words, whole | fraction | _ZERO) - _ZEROS
    if (((digits + _OVER_NINE) | digits) & _HIGH).any():
        return None
    numbers: npt.NDArray[np.int64] = _value(digits) * _TENS[scale - places]
    return numbers


def _value(digits: Words) -> npt.NDArray[np.int64]:
    """Eight digits, one a byte and the first in the lowest, as a number: pairs, fours, then all."""
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    eights = (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
    return eights.view(np.int64)
