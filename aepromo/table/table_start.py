"""The beginning of a table in a text: its header line and its delimiter.

A header is a line that names at least two known columns. Titles and blank lines above it are
skipped; if there is no such line, the first line is the header.
"""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.headers import ENOUGH
from aepromo.table.record_ends import lines_of, record_ends

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Count = Callable[[Sequence[str]], int]

DELIMITERS = ",;\t"
"""Delimiters that any file may use."""
RARE_DELIMITERS = "|^~\x01\x1f"
"""Delimiters that are only taken if they split header and rows into equally many cells."""

LINES_LOOKED_AT = 20
_LONGEST_LOOK = 1 << 20

_SEP_LINE = re.compile(rb'(?i:"?sep=(?P<mark>[\x01-\x7f])"?)[,;\t]*\r?(?:\n|\Z)')
_SEP_BEGUN = re.compile(rb'(?i:"?(?:s(?:e(?:p(?:=[^\n]?)?)?)?)?)"?[,;\t]*\r?\Z')


class Opening(NamedTuple):
    """The start and end of the header in the first bytes, and the delimiter."""

    start: int
    end: int
    delimiter: str


def find_opening(
    head: bytes, delimiter: str | None, count: Count, is_whole: bool
) -> tuple[Opening | None, str]:
    """The beginning of a table, None if more bytes are needed; and the ``sep=`` delimiter.

    ``delimiter`` is the one that the call names. ``count`` returns how many known columns some
    cells name; ``is_whole``: no more bytes follow.
    """
    first, named = 0, ""
    if _SEP_BEGUN.match(head) and not is_whole:
        return None, ""
    if line := _SEP_LINE.match(head):
        first, named = line.end(), line["mark"].decode()
        if named in '"\r\n':
            named = ""
    delimiter = delimiter or named or None
    if is_whole and head and not head.endswith(b"\n"):
        head += b"\n"
    start, end, likeliest = _first_record(head, first, delimiter)
    if end and count(_cells(head[start:end], likeliest)) >= ENOUGH:
        return Opening(start, end, likeliest), named
    is_short = len(head) < _LONGEST_LOOK and head.count(b"\n") <= LINES_LOOKED_AT
    if not is_whole and (is_short or not end):
        return None, named
    marks = (delimiter,) if delimiter else (*DELIMITERS, *RARE_DELIMITERS)
    found = [_header_below(head, first, mark, count) for mark in marks]
    best = max(found, key=lambda each: each[0])
    if best[0] >= ENOUGH:
        return best[1], named
    if not end:
        return None, named
    if not delimiter:
        likeliest = _parting_alike(head, first, likeliest) or likeliest
        start, end, likeliest = _first_record(head, first, likeliest)
    return (Opening(start, end, likeliest) if end else None), named


def _first_record(head: bytes, first: int, delimiter: str | None) -> tuple[int, int, str]:
    """Where the first record starts and ends, 0 where that isn't in sight; and the delimiter.

    A quote counts only at the start of a cell, so the two depend on each other: the delimiter is
    chosen from the record that results if all candidates separate cells.
    """
    data = head[first:]
    if delimiter is None:
        end = next(record_ends(data, DELIMITERS), 0)
        if not end:
            return first, 0, ""
        delimiter = _likeliest_delimiter(data[:end])
    end = next(record_ends(data, delimiter), 0)
    return first, end and first + end, delimiter


def _header_below(
    head: bytes, first: int, delimiter: str, count: Count
) -> tuple[int, Opening | None]:
    """The first header among the lines, by a delimiter, and how many columns it names."""
    start = first
    for end in islice(record_ends(head[first:], delimiter), LINES_LOOKED_AT):
        known = count(_cells(head[start : first + end], delimiter))
        if known >= ENOUGH:
            return known, Opening(start, first + end, delimiter)
        start = first + end
    return 0, None


def _parting_alike(head: bytes, first: int, likeliest: str) -> str:
    """The delimiter that splits the first line and the rows into equally many cells.

    The likeliest one is kept if it does; ``""`` where none does.
    """
    widths = {mark: _width(head, first, mark) for mark in (*DELIMITERS, *RARE_DELIMITERS)}
    if widths[likeliest] > 1:
        return likeliest
    best = max(widths, key=lambda mark: widths[mark])
    return best if widths[best] > 1 else ""


def _width(head: bytes, first: int, delimiter: str) -> int:
    """How many cells each row has; 0 where they differ, or there is but one row."""
    widths, start = [], first
    for end in islice(record_ends(head[first:], delimiter), LINES_LOOKED_AT):
        cells = _cells(head[start : first + end], delimiter)
        widths += [len(cells)] if any(cell.strip() for cell in cells) else []
        start = first + end
    return widths[0] if len(widths) > 1 and len(set(widths)) == 1 else 0


def _cells(record: bytes, delimiter: str) -> list[str]:
    """The cells of one record; none if it is not text."""
    try:
        return next(csv.reader(lines_of(record.decode("utf-8")), delimiter=delimiter), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def _likeliest_delimiter(header: bytes) -> str:
    """The candidate that stands most often outside quotes; a comma where none does."""
    outside = b"".join(header.split(b'"')[::2])
    return max(DELIMITERS, key=lambda delimiter: outside.count(delimiter.encode()))
