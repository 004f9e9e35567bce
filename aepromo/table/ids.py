"""The ids of a file's rows: which appear twice, are missing, or were damaged by a spreadsheet.

``1.00500731662095E+18`` was a number of 19 digits; where the comma is the decimal mark, it is
``1,00500731662095E+18``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.table.arrow_arrays import offsets_of, taken, truths
from aepromo.table.cells import few, shown
from aepromo.table.rows_one_by_one import rows_with_lines
from aepromo.table.source import newlines
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    import numpy.typing as npt

    from aepromo.table.blocks import TextBlock
    from aepromo.table.grid import Grid

    Rows = npt.NDArray[np.int64]
    from aepromo.table.number_columns import Numbers

    Hashes = npt.NDArray[np.uint64]


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
    is_short = truths(pc.match_substring_regex(among, _SHORTENED))
    return rows[np.flatnonzero(is_short)]


def _likely(grid: Grid, place: int) -> Rows:
    """The rows whose cell ends like a shortened number, checked without making text."""
    starts, ends = grid.column(place)
    ends = ends - (grid.codes[ends - 1] == ord('"'))
    has_sign = (grid.codes[ends - 3] == ord("+")) & (ends - starts >= _SHORTEST)
    return np.flatnonzero(has_sign)


MOST_COMPARED = 1 << 20
"""How many rows are searched for repeated ids: as many as a worksheet can have."""
MOST_NAMED = 3

_DATE = (
    r"^(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|\d{1,2}/\d{1,2}/\d{4}|\d{1,2}月\d{1,2}日"
    r"|\d{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:-\d{2,4})?"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{2})$"
)
"""Matches a date, into which a spreadsheet may have turned an id."""

_WORD = 8
_MIX = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)
_PLACE = np.uint64(MOST_COMPARED - 1)


@dataclass(frozen=True, slots=True)
class BlockIds:
    """The ids of one block, row by row; ``rows`` are those that have one.

    ``lines`` are those on which all its rows start.
    """

    lines: Numbers
    rows: Numbers
    texts: pa.Array
    blank: Numbers
    shortened: Numbers
    dates: Numbers


def ids_of(text: TextBlock, place: int, apart: Numbers) -> BlockIds:
    """The ids of a block, without those of rows that are not SKUs."""
    texts = text.texts(place)
    if _may_have_spaces(texts):
        texts = pc.utf8_trim_whitespace(texts)
    is_blank = np.diff(offsets_of(texts)) == 0
    has_id = ~is_blank
    if len(apart):
        is_blank[apart] = has_id[apart] = False
    rows = np.flatnonzero(has_id)
    filled = texts if len(rows) == len(texts) else taken(texts, rows)
    likely = _may_be_dates(filled)
    is_date = truths(pc.match_substring_regex(taken(filled, likely), _DATE))
    return BlockIds(
        lines_of_rows(text),
        rows,
        filled,
        np.flatnonzero(is_blank),
        shortened_ids(text, place),
        rows[likely[is_date]],
    )


def lines_of_rows(text: TextBlock) -> Numbers:
    """The line on which each row of a block starts."""
    block, rows = text.block, len(text)
    if block.lines:
        return np.array(block.lines, np.int64)
    ragged = [each.line for each in text.ragged]
    if text.source.counts_rows or newlines(block.data) == rows + len(ragged):
        lines = block.first_line + np.arange(rows + len(ragged), dtype=np.int64)
        return lines[~np.isin(lines, ragged)] if ragged else lines
    width = len(text.header)
    return np.array(
        [line for line, cells in rows_with_lines(block, text.source) if len(cells) == width],
        np.int64,
    )


def _codes(texts: pa.Array, more: int) -> npt.NDArray[np.uint8]:
    """The bytes of a column of texts, and so many NULs behind them."""
    offsets, data = offsets_of(texts), texts.buffers()[2]
    codes = np.zeros(offsets[-1] + more, np.uint8)
    if data:
        codes[: offsets[-1]] = np.frombuffer(data, np.uint8, offsets[-1])
    return codes


def _may_have_spaces(texts: pa.Array) -> bool:
    codes = _codes(texts, 0)
    return bool(((codes <= ord(" ")) | (codes > ord("~"))).any())


def _may_be_dates(texts: pa.Array) -> Numbers:
    """The rows whose first bytes may be a date's: digits or letters, and soon what parts them."""
    codes, starts = _codes(texts, 5), offsets_of(texts)[:-1]
    first = codes[starts]
    is_digit = (first >= ord("0")) & (first <= ord("9"))
    has_sign = np.zeros(len(texts), np.bool_)
    for place in range(1, 5):
        sign = codes[starts + place]
        is_sign = (sign < ord("0")) & (sign >= ord("-")) | (sign > ord("~"))
        has_sign |= is_sign if place == 3 else is_sign & is_digit
    return np.flatnonzero(has_sign)


def _hashes(texts: pa.Array) -> Hashes:
    """A 64-bit hash for each text; those of different texts are nearly always different."""
    if not len(texts):
        return np.array([], np.uint64)
    offsets, bytes_ = offsets_of(texts), _codes(texts, _WORD)
    words = np.ndarray(len(bytes_) - _WORD + 1, "<u8", bytes_, strides=(1,))
    starts, lengths = offsets[:-1].astype(np.int64), np.diff(offsets)
    hashes: Hashes = lengths.astype(np.uint64) * _MIX
    among = np.arange(len(texts))
    while len(among := among[lengths[among] > 0]):
        left = np.minimum(lengths[among], _WORD)
        word = words[starts[among]]
        short = left < _WORD
        word = np.where(short, word & ((np.uint64(1) << (8 * left).astype(np.uint64)) - 1), word)
        mixed = (hashes[among] ^ word) * _MIX
        hashes[among] = mixed ^ (mixed >> _SHIFT)
        starts[among] += _WORD
        lengths[among] -= _WORD
    return hashes


@dataclass(slots=True)
class IdNotes:
    """Findings about the ids of a file's rows, gathered block by block."""

    name: str
    blank: int = 0
    first_blank: int = 0
    filled: int = 0
    shortened: int = 0
    first_shortened: int = 0
    dates: int = 0
    first_date: tuple[str, int] = ("", 0)
    _texts: list[pa.Array] = field(default_factory=list)
    _lines: list[Numbers] = field(default_factory=list)

    def add(self, ids: BlockIds) -> None:
        """Add a block, in the order of the file."""
        if len(ids.blank):
            self.first_blank = self.first_blank or int(ids.lines[ids.blank[0]])
            self.blank += len(ids.blank)
        if len(ids.shortened):
            self.first_shortened = self.first_shortened or int(ids.lines[ids.shortened[0]])
            self.shortened += len(ids.shortened)
        if len(ids.dates) and not self.dates:
            at = int(np.searchsorted(ids.rows, ids.dates[0]))
            self.first_date = ids.texts[at].as_py(), int(ids.lines[ids.dates[0]])
        self.dates += len(ids.dates)
        if (room := MOST_COMPARED - self.filled) > 0:
            self._texts.append(ids.texts[:room])
            self._lines.append(ids.lines[ids.rows[:room]].astype(np.uint32))
        self.filled += len(ids.rows)

    def _twice(self) -> tuple[int, list[tuple[str, int, int]]]:
        """The number of repeated ids, and the first few: id, line of its first row, own line."""
        if not self._texts:
            return 0, []
        # The lowest bits of a hash give way to the place of its id. Then equal ones, and hardly
        # any others, come together; those are compared as texts.
        hashes = np.concatenate([_hashes(texts) for texts in self._texts]) & ~_PLACE
        keys = np.sort(hashes | np.arange(len(hashes), dtype=np.uint64))
        is_like_next = np.diff(keys & ~_PLACE) == 0
        if not is_like_next.any():
            return 0, []
        likely = np.append(is_like_next, False) | np.append(False, is_like_next)
        places = np.sort(keys[likely] & _PLACE).astype(np.int64)
        texts = taken(pa.chunked_array(self._texts), places).combine_chunks().dictionary_encode()
        _, firsts, codes = np.unique(texts.indices, return_index=True, return_inverse=True)
        again = np.flatnonzero(firsts[codes] < np.arange(len(codes)))
        lines = np.concatenate(self._lines)[places]
        return len(again), [
            (texts[row].as_py(), int(lines[firsts[codes[row]]]), int(lines[row]))
            for row in again[:MOST_NAMED].tolist()
        ]

    def lines(self) -> list[str]:
        """Notes on repeated, blank and damaged ids; none for most files."""
        found = []
        twice, first_pairs = self._twice()
        if twice:
            text = _("'{id}' on lines {first} and {second}")
            pairs = [
                text.format(id=shown(each).strip("'"), first=first, second=second)
                for each, first, second in first_pairs
            ]
            said = ngettext(
                "{count:,} id appears twice: {pairs}",
                "{count:,} ids appear twice: {pairs}",
                twice,
            )
            found.append(said.format(count=twice, pairs=few(pairs, twice)))
            if self.filled > MOST_COMPARED:
                said = _("only the ids of the first {count:,} rows were compared")
                found.append(said.format(count=MOST_COMPARED))
        if self.blank and self.filled:
            said = ngettext(
                "{count:,} row without an id, on line {line}",
                "{count:,} rows without an id, the first on line {line}",
                self.blank,
            )
            found.append(said.format(count=self.blank, line=self.first_blank))
        return [f"{self.name}: {each}" for each in found]

    def warnings(self) -> list[str]:
        """The warnings about damaged ids, which no longer identify SKUs."""
        found = []
        if self.shortened:
            warning = ngettext(
                "{name}:{line}: a spreadsheet has shortened an id, whose last digits are lost; "
                "export it as text",
                "{name}:{line}: a spreadsheet has shortened {count:,} ids from here on, whose last "
                "digits are lost; export them as text",
                self.shortened,
            )
            place = {"name": self.name, "line": self.first_shortened}
            found.append(warning.format(**place, count=self.shortened))
        if self.dates:
            text, line = self.first_date
            warning = ngettext(
                "{name}:{line}: {cell} is a date; if a spreadsheet turned an id into it, "
                "export it as text",
                "{name}:{line}: {cell} and {count:,} ids in all are dates; if a spreadsheet "
                "turned ids into them, export them as text",
                self.dates,
            )
            place = {"name": self.name, "line": line, "cell": shown(text)}
            found.append(warning.format(**place, count=self.dates))
        return found
