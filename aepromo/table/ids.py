"""The ids of a file's rows: which appear twice, are missing, or were damaged by a spreadsheet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.table.cells import shown
from aepromo.table.grid import offsets_of, taken, truths
from aepromo.table.rows import rows_with_lines
from aepromo.table.shortened_ids import shortened_ids
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    import numpy.typing as npt

    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers

    Hashes = npt.NDArray[np.uint64]

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


@dataclass(frozen=True, slots=True)
class BlockIds:
    """The ids of one block, row by row; ``rows`` are those that have one.

    ``lines`` are those on which all its rows start.
    """

    lines: Numbers
    rows: Numbers
    hashes: Hashes
    texts: pa.Array
    blank: Numbers
    shortened: Numbers
    dates: Numbers


def ids_of(text: TextBlock, place: int, apart: Numbers) -> BlockIds:
    """The ids of a block, without those of rows that are not SKUs."""
    texts = pc.utf8_trim_whitespace(text.texts(place))
    is_blank = np.diff(offsets_of(texts)) == 0
    has_id = ~is_blank
    if len(apart):
        is_blank[apart] = has_id[apart] = False
    rows = np.flatnonzero(has_id)
    filled = texts if len(rows) == len(texts) else taken(texts, rows)
    is_date = truths(pc.match_substring_regex(filled, _DATE))
    return BlockIds(
        lines_of_rows(text),
        rows,
        _hashes(filled),
        filled,
        np.flatnonzero(is_blank),
        shortened_ids(text, place),
        rows[is_date],
    )


def lines_of_rows(text: TextBlock) -> Numbers:
    """The line on which each row of a block starts."""
    block, rows = text.block, len(text)
    ragged = [each.line for each in text.ragged]
    if text.source.counts_rows or block.data.count(b"\n") == rows + len(ragged):
        lines = block.first_line + np.arange(rows + len(ragged), dtype=np.int64)
        return lines[~np.isin(lines, ragged)] if ragged else lines
    width = len(text.header)
    return np.array(
        [line for line, cells in rows_with_lines(block, text.source) if len(cells) == width],
        np.int64,
    )


def _hashes(texts: pa.Array) -> Hashes:
    """A 64-bit hash for each text; different texts practically never have the same."""
    if not len(texts):
        return np.array([], np.uint64)
    offsets, data = offsets_of(texts), texts.buffers()[2]
    bytes_ = np.zeros((len(data) if data else 0) + _WORD, np.uint8)
    if data:
        bytes_[: len(data)] = np.frombuffer(data, np.uint8)
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
    twice: int = 0
    pairs: list[tuple[str, int, int]] = field(default_factory=list)
    blank: int = 0
    first_blank: int = 0
    filled: int = 0
    shortened: int = 0
    first_shortened: int = 0
    dates: int = 0
    first_date: tuple[str, int] = ("", 0)
    _runs: list[tuple[Hashes, Numbers]] = field(default_factory=list)

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
        if self.filled < MOST_COMPARED:
            self._compare(ids)
        self.filled += len(ids.rows)

    def _compare(self, ids: BlockIds) -> None:
        """Find the ids that were there before, and remember those of the block."""
        lines = ids.lines[ids.rows]
        order = np.argsort(ids.hashes, kind="stable")
        hashes, at = ids.hashes[order], lines[order]
        is_first = np.ones(len(hashes), np.bool_)
        is_first[1:] = hashes[1:] != hashes[:-1]
        firsts = at[is_first][np.cumsum(is_first) - 1]
        is_again = ~is_first
        for known, known_lines in self._runs:
            places = np.minimum(known.searchsorted(hashes), len(known) - 1)
            found = known[places] == hashes
            firsts = np.where(found, known_lines[places], firsts)
            is_again |= found
        self.twice += int(is_again.sum())
        if len(self.pairs) < MOST_NAMED:
            rows = np.flatnonzero(is_again)
            for row in rows[np.argsort(at[rows], kind="stable")][: MOST_NAMED - len(self.pairs)]:
                text = ids.texts[int(order[row])].as_py()
                self.pairs.append((text, int(firsts[row]), int(at[row])))
        is_new = ~is_again
        if is_new.any():
            self._remember(hashes[is_new], at[is_new])

    def _remember(self, hashes: Hashes, lines: Numbers) -> None:
        """Keep sorted runs, each at least twice as long as the next, so that they stay few."""
        self._runs.append((hashes, lines))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < 2 * len(self._runs[-1][0]):
            (one, lines_of_one), (other, lines_of_other) = self._runs[-2:]
            together = np.concatenate((one, other))
            order = np.argsort(together, kind="stable")
            run = together[order], np.concatenate((lines_of_one, lines_of_other))[order]
            self._runs[-2:] = [run]

    def lines(self) -> list[str]:
        """Notes on repeated, blank and damaged ids; none for most files."""
        found = []
        if self.pairs:
            text = _("'{id}' on lines {first} and {second}")
            pairs = [
                text.format(id=shown(each).strip("'"), first=first, second=second)
                for each, first, second in self.pairs
            ]
            more = ["…"] if self.twice > len(self.pairs) else []
            said = ngettext(
                "{count:,} id appears twice: {pairs}",
                "{count:,} ids appear twice: {pairs}",
                self.twice,
            )
            found.append(said.format(count=self.twice, pairs=_(", ").join([*pairs, *more])))
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
