"""The numbers of columns in the units that their headers name: kilograms, percentages, sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import Refused
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MARKUP_LIMIT, MILLION, WEIGHT_LIMIT
from aepromo.table.arrow_arrays import taken, truths
from aepromo.table.cells import RATE_PLACES, grouped, percent, shown
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.number_columns import Reading
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aepromo.pricing.currency import Currency
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import Cells, Numbers

_RATES = (Kind.RATE, Kind.RATES, Kind.SHARE, Kind.MARKUP)
_FINEST_PERCENT = 10 ** (RATE_PLACES - 4)
_MONEY = r"^\s*(?:(?:US\s?)?[$¥€£￥]\s*\d[\d.,]*|\d[\d.,]*\s*(?:元|%|[$€£]|USD|CNY|RMB|EUR))\s*$"


def read_columns(
    cells: Cells, columns: FoundColumns, kinds: Mapping[str, Kind], currency: Currency
) -> dict[str, dict[int, Reading]]:
    """The numbers of columns at each of their positions, in the units of their headers."""
    return {
        name: {at: _read_at(cells, columns, at, kind, currency) for at in columns.positions[name]}
        for name, kind in kinds.items()
    }


def read_one(
    cells: Cells, columns: FoundColumns, name: str, kind: Kind, currency: Currency
) -> Reading:
    """The numbers of a column that is not a sum."""
    return _read_at(cells, columns, columns[name], kind, currency)


def _read_at(
    cells: Cells, columns: FoundColumns, position: int, kind: Kind, currency: Currency
) -> Reading:
    unit = columns.units.get(position)
    if unit == "%" and kind in _RATES:
        return _percentages(cells, position, kind, currency)
    if unit == "kg" and kind is Kind.WEIGHT:
        return _kilograms(cells, position, currency)
    return cells.reading(position, kind, currency)


def _kilograms(cells: Cells, position: int, currency: Currency) -> Reading:
    """Weights in milligrams: a millionth of a kilogram is a milligram."""
    reading = cells.reading(position, Kind.NUMBER, currency)
    heavy = np.flatnonzero(reading.numbers >= WEIGHT_LIMIT)
    if not len(heavy):
        return reading
    limit = WEIGHT_LIMIT // 10**RATE_PLACES
    reason = _("{cell} is too large; write a number under {limit:,}")
    return _refused(reading, cells, position, heavy, reason, limit=limit)


def _percentages(cells: Cells, position: int, kind: Kind, currency: Currency) -> Reading:
    """Rates in millionths: a figure without % is a percentage, too."""
    bare = cells.reading(position, Kind.NUMBER, currency)
    numbers, upper, bad = bare.numbers, bare.numbers, bare.bad
    if bad:
        is_signed = truths(pc.match_substring(cells.texts(position), "%"))
        own = cells.reading(position, kind, currency)
        numbers = np.where(is_signed, own.numbers, _of_percent(numbers))
        upper = np.where(is_signed, own.upper, numbers)
        bad = (
            *(each.only(~is_signed) for each in bad),
            *(each.only(is_signed) for each in own.bad),
        )
        bare_rows = ~is_signed & (bare.numbers != BLANK)
    else:
        numbers = upper = _of_percent(numbers)
        bare_rows = bare.numbers != BLANK
    reading = Reading(numbers, upper, bad)
    most = {Kind.SHARE: MILLION, Kind.MARKUP: MARKUP_LIMIT - 1}.get(kind, MILLION - 1)
    finer = np.flatnonzero(bare_rows & (bare.numbers % _FINEST_PERCENT != 0))
    if len(finer):
        reason = _("{cell} has too many decimal places for a rate; write at most {places}")
        reading = _refused(reading, cells, position, finer, reason, places=RATE_PLACES - 2)
    large = np.flatnonzero(bare_rows & (reading.numbers > most))
    if len(large):
        reason = _("{cell} is not under {limit}; write a rate such as 13.2%")
        limit = percent(MARKUP_LIMIT if kind is Kind.MARKUP else MILLION)
        reading = _refused(reading, cells, position, large, reason, limit=limit)
    return reading


def _of_percent(millionths: Numbers) -> Numbers:
    """Millionths of a whole out of millionths of a percent."""
    return np.where(millionths == BLANK, BLANK, millionths // _FINEST_PERCENT)


def _refused(
    reading: Reading,
    cells: Cells,
    position: int,
    rows: Numbers,
    reason: str,
    **places: object,
) -> Reading:
    """The reading with some rows refused."""
    texts = taken(cells.texts(position), rows)
    refused = Refused(rows, "", lambda at: reason.format(cell=shown(texts[at].as_py()), **places))
    numbers, upper = reading.numbers.copy(), reading.upper.copy()
    numbers[rows] = upper[rows] = BLANK
    return Reading(numbers, upper, (*reading.bad, refused), reading.signs)


def speak_of_money(texts: pa.Array) -> bool:
    """Whether most filled cells are amounts or rates with their signs."""
    found = pc.sum(pc.match_substring_regex(texts, _MONEY)).as_py() or 0
    filled = pc.sum(pc.match_substring_regex(texts, r"\S")).as_py() or 0
    return bool(2 * found > filled)


def added_up(
    parts: Sequence[Numbers], kind: Kind, currency: Currency, header: str
) -> tuple[Numbers, list[Refused]]:
    """The sum of several columns, row by row, blank if all are; and the sums that are too large.

    A cell that is blank counts as 0 where another is filled. ``header`` is the one to blame.
    """
    known = [part != BLANK for part in parts]
    total = np.zeros(len(parts[0]), np.int64)
    for is_known, part in zip(known, parts, strict=True):
        total += np.where(is_known, part, 0)
    is_amount = kind in AMOUNTS
    limit = AMOUNT_LIMIT if is_amount else MILLION
    rows = np.flatnonzero(total >= limit)
    too_large = total[rows].tolist()

    def reason(at: int) -> str:
        if is_amount:
            text = _(
                "adds up to {total} with the other columns of its kind; the sum must be under "
                "{limit}"
            )
            said, most = (grouped(each, currency.places) for each in (too_large[at], limit))
        else:
            text = _(
                "adds up to {total} with the other columns of its kind; a rate must be under "
                "{limit}"
            )
            said, most = percent(too_large[at]), percent(limit)
        return text.format(total=said, limit=most)

    total[rows] = BLANK
    numbers = np.where(np.any(known, axis=0), total, BLANK)
    return numbers, [Refused(rows, header, reason)] if len(rows) else []
