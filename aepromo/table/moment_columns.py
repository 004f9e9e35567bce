"""Columns of dates and times: text to microseconds, in local time or in UTC, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import Refused
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import (
    codes_of,
    concatenated,
    looked_up,
    numbers_of,
    offsets_of,
    taken,
    truths,
)
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.fact_cells import FIRST_YEAR, LAST_YEAR, read_fact
from aepromo.table.number_columns import Reading, spread

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from aepromo.table.number_columns import Numbers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _END = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 1, 1)
_DAY = timedelta(days=1) // _MICROSECOND
_MINUTE = timedelta(minutes=1) // _MICROSECOND

_CLOCK_TIME = r"\d\d:\d\d(:\d\d(\.\d{1,6})?)?"
_DATE = r"2[01]\d\d[-/]\d\d[-/]\d\d"
_BARE = f"^{_DATE}([ T]{_CLOCK_TIME})?$"
_ZONED = rf"^{_DATE}[ T]{_CLOCK_TIME}(Z|[+-](0\d|1[0-4]):?[0-5]\d)$"
"""Times with a zone that Arrow reads as Python does."""


def read_moments(texts: pa.Array) -> Reading:
    """Read a column of times as microseconds since 1970 in local time; a zone is ignored.

    What can't be read is in ``bad``, with the reason and the remedy.
    """
    numbers = _plain_moments(texts)
    if numbers is None:
        return _cell_by_cell(texts)
    return Reading(numbers, numbers)


def read_instants(texts: pa.Array, zone: tzinfo | None) -> Reading:
    """Read a column of times as microseconds since 1970 in UTC.

    A time without a zone is in ``zone``, in UTC if None. Of an hour that a clock shows twice, the
    first is meant.
    """
    zone = zone or UTC
    numbers = np.full(len(texts), BLANK, np.int64)
    other = np.diff(offsets_of(texts)) > 0
    lacks_zone = False
    for pattern, kind in ((_BARE, _CLOCK), (_ZONED, pa.timestamp("us", "UTC"))):
        fits = pc.match_substring_regex(texts, pattern)
        rows = np.flatnonzero(truths(fits))
        try:
            dashed = pc.replace_substring(texts.filter(fits), "/", "-")
            moments = numbers_of(pc.cast(dashed, kind))
        except pa.ArrowInvalid:  # a 30th of February
            continue
        other[rows] = False
        numbers[rows] = _placed(moments, zone) if kind is _CLOCK else moments
        lacks_zone |= kind is _CLOCK and len(rows) > 0
    rows = np.flatnonzero(other)
    rest = _cell_by_cell(taken(texts, rows), zone)
    numbers[rows] = rest.numbers
    bad = tuple(each.moved(rows) for each in rest.bad)
    return Reading(numbers, numbers, bad, lacks_zone=lacks_zone or rest.lacks_zone)


def instant_number(moment: datetime, zone: tzinfo | None) -> int:
    """One time on the scale of ``read_instants``."""
    placed = moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)
    return (placed - _EPOCH) // _MICROSECOND


def written_instants(instants: Numbers, zone: tzinfo) -> pa.Array:
    """Write times in a zone to the minute, ``2026-03-04T15:30+08:00``; null where blank."""

    def offset_at(instant: int) -> int:
        there = (_EPOCH + instant * _MICROSECOND).astimezone(zone)
        return (there.utcoffset() or timedelta(0)) // _MICROSECOND

    known = np.flatnonzero(instants != BLANK)
    found = instants[known]
    offsets = _offsets(found, offset_at)
    clock = found + offsets
    parts = [
        _each_once(
            clock // _DAY, lambda day: date.fromordinal(_EPOCH.toordinal() + day).isoformat()
        ),
        _each_once(clock % _DAY // _MINUTE, lambda at: f"T{at // 60:02}:{at % 60:02}"),
        _each_once(offsets, _zone_shown),
    ]
    texts = concatenated(parts)
    return spread(texts, known, len(instants))


def _each_once(numbers: Numbers, written: Callable[[int], str]) -> pa.Array:
    """Each number as text; each different one is formatted once."""
    different, codes = np.unique(numbers, return_inverse=True)
    return looked_up([written(number) for number in different.tolist()], codes)


def start_of(day: date) -> int:
    """The first microsecond of a day, on the same scale."""
    return _microseconds(datetime(day.year, day.month, day.day))


def _plain_moments(texts: pa.Array) -> Numbers | None:
    """The column's times if all of them are plain ISO 8601 without a zone, or blank; else None."""
    filled = np.flatnonzero(np.diff(offsets_of(texts)))
    try:
        moments = pc.cast(taken(texts, filled), _CLOCK)
    except pa.ArrowInvalid:
        return None
    numbers, known = np.full(len(texts), BLANK, np.int64), numbers_of(moments)
    numbers[filled] = known
    if len(known) and (known.min() < start_of(_FIRST) or known.max() >= start_of(_END)):
        return None
    return numbers


_CLOCK = pa.timestamp("us")


def _cell_by_cell(texts: pa.Array, zone: tzinfo | None = None) -> Reading:
    """Read each different text; by the clock shown where no ``zone`` is given."""
    encoded = texts.dictionary_encode()
    shown, reasons, lacks_zone = [], {}, False
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            moment = read_fact(text, Kind.MOMENT)
        except CellError as error:
            moment, reasons[code] = None, str(error)
        if not isinstance(moment, datetime):
            shown.append(BLANK)
            continue
        lacks_zone |= moment.tzinfo is None
        shown.append(_microseconds(moment) if zone is None else instant_number(moment, zone))
    codes = codes_of(encoded)
    numbers = np.array(shown, np.int64)[codes]
    # NumPy would import its masked arrays for ``isin``, which takes longer than all else here.
    is_bad = np.array([code in reasons for code in range(len(shown))], np.bool_)
    rows = np.flatnonzero(is_bad[codes])
    bad = Refused(rows, "", lambda at: reasons[int(codes[rows[at]])])
    return Reading(numbers, numbers, (bad,) if len(rows) else (), lacks_zone=lacks_zone)


def _placed(clock: Numbers, zone: tzinfo) -> Numbers:
    """Times by the clock of a zone as times in UTC; of an hour that comes twice, the first."""

    def offset_at(shown: int) -> int:
        there = _EPOCH.replace(tzinfo=None) + shown * _MICROSECOND
        return (zone.utcoffset(there.replace(tzinfo=zone)) or timedelta(0)) // _MICROSECOND

    return clock - _offsets(clock, offset_at)


def _offsets(times: Numbers, offset_at: Callable[[int], int]) -> Numbers:
    """The offset of a zone from UTC at each time.

    They are asked once for each different day; on a day at whose end they are another way ahead
    than at its start, once for each different time.
    """
    days, codes = np.unique(times // _DAY, return_inverse=True)
    ends = [(offset_at(day * _DAY), offset_at((day + 1) * _DAY)) for day in days.tolist()]
    offsets = np.array([start for start, _end in ends], np.int64)[codes]
    changes = np.array([start != end for start, end in ends], bool)[codes]
    if changes.any():
        different, places = np.unique(times[changes], return_inverse=True)
        offsets[changes] = np.array([offset_at(time) for time in different.tolist()])[places]
    return offsets


def _zone_shown(offset: int) -> str:
    """``+08:00``, as ISO 8601 has it behind a time."""
    there = timezone(offset * _MICROSECOND)
    return datetime(2000, 1, 1, tzinfo=there).isoformat(timespec="minutes")[
        len("2000-01-01T00:00") :
    ]


def _microseconds(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
