"""The added cells at the ends of a file's own rows, for all rows of a block at once.

A cell is written as whole words of eight bytes; the next cell overwrites the unused bytes of its
last word. So writing a column means looking up words, and copying them to where the last cell of
each row ends. The figures are those of ``csv_lines.result_texts``.

The 16 cells that ``reprice`` adds take 590 ns a row, with the row itself; made into texts by Arrow
and joined, 1,610; and Arrow's writer, which quotes every text, 1,360.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.lib.stride_tricks import as_strided

from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import codes_of, offsets_of
from aepromo.table.column import Kind
from aepromo.table.csv_lines import cell_texts, result_texts, spelled
from aepromo.table.grid import Pieces
from aepromo.table.text_formats import places_shown, result_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column
    from aepromo.table.number_columns import Numbers

    Words = npt.NDArray[np.uint64]

NEAR = (10_000, 100_000, 1_000_000)
"""Figures nearer to zero than one of these, in their last place, are looked up; below zero a tenth
of it."""

_WORD = 8
_CHUNK = 8192  # rows, whose lines fit the processor's cache
_BYTE = np.uint64(8)
_LOW, _HIGH = (np.uint64(int.from_bytes([each] * _WORD)) for each in (0x7F, 0x80))
_MOST_PLACES = 4  # with more of them, a sign has no room in the word


class _Texts(NamedTuple):
    """Cells that are one of a few texts, by the index of it; all the first where that is 0."""

    texts: Sequence[str]
    codes: Numbers | int

    def before(self, other: _Texts) -> _Texts:
        """Both, one after the other."""
        texts = [first + second for first in self.texts for second in other.texts]
        return _Texts(texts, self.codes * len(other.texts) + other.codes)


class _Cells(NamedTuple):
    """A column's cells, a row of words for each, and how long each is in bytes.

    A single row where all are the same.
    """

    words: Words
    lengths: npt.NDArray[np.uint8] | npt.NDArray[np.int32]

    def at(self, codes: Numbers) -> _Cells:
        """The cells at some places; none of them is part of these."""
        return _Cells(self.words[codes], self.lengths[codes])


def with_line_ends(
    rows: Pieces,
    figures: Sequence[tuple[pa.Array | Numbers | int, Column]],
    delimiter: str,
    currency: Currency,
    line_end: str = "\n",
) -> Pieces:
    """Rows with the added cells, a delimiter in front of each, and the line end."""
    parts, columns, waiting = list[Pieces](), list[_Cells](), _Texts([""], 0)
    nothing = Pieces(rows.codes[:0], rows.edges[:, :0])
    for numbers, column in figures:
        if isinstance(numbers, pa.Array):
            columns.append(_looked_up(waiting.before(_Texts([delimiter], 0))))
            parts += _laid_down(nothing, columns), _whole(numbers, delimiter)
            columns, waiting = [], _Texts([""], 0)
        elif (texts := _texts(numbers, column, delimiter, currency)) is not None:
            waiting = waiting.before(texts)  # those of neighbours are looked up together
        else:
            columns.append(_looked_up(waiting))
            columns.append(_figures(np.asarray(numbers), column, delimiter, currency))
            waiting = _Texts([""], 0)
    columns.append(_looked_up(waiting.before(_Texts([line_end], 0))))
    return _laid_down(rows.followed_by(*parts) if parts else rows, columns)


def _whole(texts: pa.Array, delimiter: str) -> Pieces:
    """Texts as cells; a text that many rows share is there once.

    As pieces of the lines they and the figures of ``reverse`` take 1,900 ns a row; joined by Arrow
    with figures that are made text for it, 2,750.
    """
    if not isinstance(texts, pa.DictionaryArray):
        return Pieces.of(cell_texts(texts, delimiter, False))
    codes, edges = Pieces.of(cell_texts(texts.dictionary, delimiter, False))
    nothing = np.zeros((1, 1, 2), np.int64)  # found by the negative code of a null
    return Pieces(codes, np.concatenate((edges, nothing))[codes_of(texts)])


def _laid_down(rows: Pieces, columns: Sequence[_Cells]) -> Pieces:
    """The rows with one more piece each, of the cells of all columns."""
    columns = [cells for cells in columns if cells.words.size]
    count, begin = len(rows.edges), len(rows.codes)
    room = _WORD * sum(cells.words.shape[1] for cells in columns)
    codes = np.empty(begin + count * room, np.uint8)
    codes[:begin] = rows.codes
    edges = np.empty((count, 1, 2), np.int64)
    edges[:] = begin + room * np.arange(count)[:, None, None]
    ends = edges[:, 0, 1]
    for first in range(0, count, _CHUNK):
        chunk = slice(first, first + _CHUNK)
        places = ends[chunk].copy()
        for words, lengths in columns:
            width = _WORD * words.shape[1]
            its = slice(None) if len(words) == 1 else chunk
            _every_place(codes, width)[places] = words[its].view(f"V{width}")[:, 0]
            places += lengths[its]
        ends[chunk] = places
    return Pieces(codes, np.concatenate((rows.edges, edges), axis=1))


def _every_place(codes: npt.NDArray[np.uint8], width: int) -> npt.NDArray[np.void]:
    """The bytes from every place on, so many of them, as one item."""
    return as_strided(codes[:width].view(f"V{width}"), (len(codes) - width + 1,), (1,))


def _texts(
    numbers: Numbers | int, column: Column, delimiter: str, currency: Currency
) -> _Texts | None:
    """A column's cells, each with a delimiter in front of it, where they are a few texts."""
    if isinstance(numbers, int) or (len(numbers) and numbers.min() == numbers.max()):
        only = numbers if isinstance(numbers, int) else int(numbers[0])
        return _Texts([delimiter + (result_text(only, column, currency) or "")], 0)
    if column.kind is not Kind.LABEL:
        return None
    labels = [delimiter + label for label in (*column.labels, "")]
    return _Texts(labels, np.where(numbers == BLANK, len(labels) - 1, numbers))


def _looked_up(texts: _Texts) -> _Cells:
    cells = [text.encode() for text in texts.texts]
    width = -(-max(map(len, cells)) // _WORD) * _WORD
    words = np.array(cells, f"S{width}").view(np.uint64) if width else np.empty(0, np.uint64)
    words, lengths = words.reshape(len(cells), -1), np.array([*map(len, cells)], np.int32)
    found = _Cells(words, lengths)
    return found if isinstance(texts.codes, int) else found.at(texts.codes)


def _figures(numbers: Numbers, column: Column, delimiter: str, currency: Currency) -> _Cells:
    places = places_shown(column.kind, currency)
    if places > _MOST_PLACES:
        return _spelled_out(result_texts(numbers, column, len(numbers), currency), delimiter)
    is_blank = numbers == BLANK
    some_blank = bool(is_blank.any())
    if some_blank:
        numbers = np.where(is_blank, 0, numbers)
    lowest, highest = numbers.min(initial=0), numbers.max(initial=0)
    near = next((each for each in NEAR if -each // 10 < lowest and highest < each), 0)
    is_far = None
    if not near:
        near = NEAR[-1]
        is_far = (numbers <= -near // 10) | (numbers >= near)
        far, numbers = numbers[is_far], np.where(is_far, 0, numbers)
    words, lengths = _near(near, places, delimiter).at(numbers)
    if some_blank:
        words[is_blank], lengths[is_blank] = ord(delimiter), 1
    if is_far is not None:
        more = _spelled_out(spelled(far, places), delimiter)
        words = np.repeat(words, more.words.shape[1], axis=1)  # the first of them is what counts
        words[is_far], lengths[is_far] = more
    return _Cells(words, lengths)


def _spelled_out(texts: pa.Array, delimiter: str) -> _Cells:
    """Any texts as cells."""
    offsets, data = offsets_of(texts), texts.buffers()[2]
    lengths = np.diff(offsets) + 1
    width = -(-int(lengths.max(initial=1)) // _WORD) * _WORD
    codes = np.zeros(offsets[-1] + width, np.uint8)
    if data is not None:
        codes[1 : offsets[-1] + 1] = np.frombuffer(data, np.uint8, offsets[-1])
    cells = _every_place(codes, width)[offsets[:-1]].view(np.uint8).reshape(len(texts), width)
    cells[:, 0] = ord(delimiter)
    return _Cells(cells.view(np.uint64), lengths)


@lru_cache
def _near(size: int, places: int, delimiter: str) -> _Cells:
    """The cells of the figures 0, 1, … and, at the end, … -2, -1: so each is its own index."""
    written_out, bare = _digits(0, places, True), _digits(0, places, False)
    words = (_digits(3, places, False)[: size // 1000, None] | written_out).ravel()
    words[:1000] = bare | _digits(3, places, False)[0]
    if places:
        words |= np.uint64(ord(".") << 8 * (_WORD - 1 - places))
    lengths = np.bitwise_count(words + _LOW & _HIGH)  # of bytes that aren't NUL
    words >>= 8 * (_WORD - lengths).astype(np.uint64)
    below = slice(size // 10 - 1, 0, -1)
    signed = words[below] << _BYTE | np.uint64(ord("-"))
    lengths = np.concatenate((lengths, lengths[below] + np.uint8(1))) + np.uint8(1)
    words = np.concatenate((words, signed)) << _BYTE | np.uint64(ord(delimiter))
    return _Cells(words[:, None], lengths)


def _digits(first: int, places: int, written_out: bool) -> Words:
    """The words of 0 to 999 as the digits from ``first`` on, counted from the last, which is 0."""
    numbers = np.arange(1000)
    cells = np.zeros((1000, _WORD), np.uint8)
    for power in range(3):
        digit = first + power
        is_shown = written_out | (digit <= places) | (numbers >= 10**power)
        place = _WORD - 1 - digit - (0 < places <= digit)
        cells[:, place] = np.where(is_shown, numbers // 10**power % 10 + ord("0"), 0)
    return cells.view(np.uint64)[:, 0]
