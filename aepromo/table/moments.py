"""A text column of dates and times to the microseconds that its clocks showed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.pricing.money import BLANK
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.facts import FIRST_YEAR, LAST_YEAR, read_fact
from aepromo.table.number_columns import Reading

if TYPE_CHECKING:
    from aepromo.table.number_columns import Numbers

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _END = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 1, 1)


def read_moments(texts: pa.Array) -> Reading:
    """Read a column of times as microseconds since 1970 by the clock shown; a zone is passed over.

    What can't be read is in ``bad``, with the reason and the remedy.
    """
    numbers = _plain_moments(texts)
    if numbers is None:
        return _cell_by_cell(texts)
    return Reading(numbers, numbers, {})


def start_of(day: date) -> int:
    """The first microsecond of a day, on the same scale."""
    return _microseconds(datetime(day.year, day.month, day.day))


def _plain_moments(texts: pa.Array) -> Numbers | None:
    """The column's times if all of them are plain ISO 8601 without a zone, or blank; else None."""
    blank = pc.equal(pc.binary_length(texts), 0)
    try:
        moments = pc.cast(pc.if_else(blank, pa.scalar(None, pa.string()), texts), _CLOCK)
    except pa.ArrowInvalid:
        return None
    numbers = np.asarray(moments.cast(pa.int64()).fill_null(BLANK), np.int64)
    known = numbers[numbers != BLANK]
    if len(known) and (known.min() < start_of(_FIRST) or known.max() >= start_of(_END)):
        return None
    return numbers


_CLOCK = pa.timestamp("us")


def _cell_by_cell(texts: pa.Array) -> Reading:
    encoded = texts.dictionary_encode()
    shown, reasons = [], {}
    for code, text in enumerate(encoded.dictionary.to_pylist()):
        try:
            moment = read_fact(text, Kind.MOMENT)
        except CellError as error:
            moment, reasons[code] = None, str(error)
        shown.append(_microseconds(moment) if isinstance(moment, datetime) else BLANK)
    codes = encoded.indices.to_numpy()
    numbers = np.array(shown, np.int64)[codes]
    bad = np.flatnonzero(np.isin(codes, list(reasons)))
    return Reading(numbers, numbers, {int(row): reasons[int(codes[row])] for row in bad})


def _microseconds(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
