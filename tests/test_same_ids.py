"""An id is said to appear twice only where the very same text does."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from aepromo.table.ids import _MIX, _SHIFT, MOST_COMPARED, BlockIds, IdNotes, _hashes

NONE = np.array([], np.int64)


def ids_like_one_another() -> list[str]:
    """Different ids of eight letters whose hashes are the same but for the lowest bits.

    The steps of the hash are taken back from each hash that is like a given one.
    """
    hashes = np.uint64(0x1234567 << 36) + np.arange(MOST_COMPARED, dtype=np.uint64)
    mixed = hashes ^ hashes >> _SHIFT ^ hashes >> 2 * _SHIFT
    words = mixed * np.uint64(pow(int(_MIX), -1, 2**64)) ^ np.uint64(8 * int(_MIX) % 2**64)
    letters = words.view(np.uint8).reshape(-1, 8)
    is_plain = ((letters >= ord("-")) & (letters <= ord("z"))).all(axis=1)
    return [row.tobytes().decode() for row in letters[is_plain]]


def notes_on(*blocks: list[str]) -> list[str]:
    notes, line = IdNotes("skus.csv"), 2
    for ids in blocks:
        lines = np.arange(line, line + len(ids))
        rows = np.arange(len(ids))
        notes.add(BlockIds(lines, rows, pa.array(ids), NONE, NONE, NONE))
        line += len(ids)
    return notes.lines()


def test_ids_of_like_hashes_are_no_doubles() -> None:
    ids = ids_like_one_another()
    assert len(ids) > 2
    assert len(set((_hashes(pa.array(ids)) // MOST_COMPARED).tolist())) == 1
    assert notes_on(ids[:2], ids[2:]) == []
    said = "skus.csv: 2 ids appear twice: '{}' on lines 2 and {}, '{}' on lines 3 and {}"
    line = 2 + len(ids)
    assert notes_on(ids, ids[:2]) == [said.format(ids[0], line, ids[1], line + 1)]


def test_of_many_doubles_the_first_are_named() -> None:
    assert notes_on(["A", "B", "A"], ["A", "C", "B", "C", "D"]) == [
        "skus.csv: 4 ids appear twice: 'A' on lines 2 and 4, 'A' on lines 2 and 5, "
        "'B' on lines 3 and 7, …"
    ]
