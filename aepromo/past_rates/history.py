"""Select the orders that count, with their SKU, their category and their forced rate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import Refused
from aepromo.inputs.header_currencies import label_reasons, name_currencies
from aepromo.past_rates.past_orders import AMOUNTS, OrderRate, rate_of
from aepromo.pricing.money import BLANK, pick
from aepromo.table.cells import in_two_currencies, signs_in, tidy
from aepromo.table.found_columns import header_at
from aepromo.table.header_units import read_one
from aepromo.table.moment_columns import read_moments, start_of
from aepromo.table.number_columns import rows_of
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import numpy.typing as npt

    from aepromo.engine.filling import Fault
    from aepromo.past_rates.past_orders import OrderFilter
    from aepromo.pricing.money import Whole
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import Cells, Numbers

    Rows = npt.NDArray[np.intp]
    Where = npt.NDArray[np.bool_]

TEXT = pd.ArrowDtype(pa.string())


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders that count, and the counts of the others.

    ``counted`` has the columns ``sku`` and ``category`` (text), ``rate``, ``lowest`` and
    ``highest`` (millionths, as ``OrderRate`` has them) and ``ordered_at`` (microseconds by the
    clock shown, blank where unknown). ``unforced`` counts the statuses of orders that weren't
    forced, ``too_early`` is the number before the first day that counts. ``problems`` are of rows
    that would have counted.
    """

    counted: pd.DataFrame
    unforced: Counter[str]
    too_early: int
    problems: list[Refused]

    def moved(self, places: Numbers) -> Orders:
        """The same with the problems by their places in a larger table."""
        return replace(self, problems=[each.moved(places) for each in self.problems])


def read_orders(cells: Cells, columns: FoundColumns, which: OrderFilter) -> Orders:
    """Read some orders. ``columns`` are the positions of their cells by column name."""
    sheet = _Sheet(cells, columns, which)
    forced, unforced = _forced(sheet)
    ordered_at, is_early = _times(sheet, forced)
    rows = forced[~is_early]
    rates = _rates(sheet, rows)
    skus = pc.utf8_trim_whitespace(sheet.texts("sku", rows))
    nameless = rows[pc.equal(skus, "").to_numpy(zero_copy_only=False)]
    sheet.note("sku", [Refused.alike(nameless, "", _("is missing; fill it in"))])
    categories = pc.utf8_trim_whitespace(sheet.texts("category", rows))
    counted = pd.DataFrame(
        {
            "sku": pd.Series(skus, dtype=TEXT),
            "category": pd.Series(categories, dtype=TEXT),
            **rates._asdict(),
            "ordered_at": ordered_at[~is_early],
        }
    )
    if sheet.problems:
        counted = counted[~np.isin(rows, rows_of(sheet.problems))]
    return Orders(counted, unforced, int(is_early.sum()), sheet.problems)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The cells of some orders by column, the values for blank ones, and the problems found."""

    cells: Cells
    columns: FoundColumns
    which: OrderFilter
    problems: list[Refused] = field(default_factory=list)

    def texts(self, name: str, rows: Rows) -> pa.Array:
        """The cells of a column in some rows, with the given value for blank or missing ones."""
        given = self.which.given.get(name, "")
        if name not in self.columns:
            return pa.repeat(pa.scalar(given), len(rows))
        texts = self.cells.texts(self.columns[name])
        if len(rows) != len(texts):
            texts = texts.take(pa.array(rows))
        if not given:
            return texts
        return pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), given, texts)

    def note(self, name: str, refused: Iterable[Refused]) -> None:
        """Note problems of a column in some rows."""
        header = header_at(self.columns, name)
        self.problems.extend(each._replace(column=header) for each in refused if len(each.rows))


def _forced(sheet: _Sheet) -> tuple[Rows, Counter[str]]:
    """The rows of forced orders, and the number of every other status."""
    encoded = sheet.texts("discount_status", np.arange(len(sheet.cells))).dictionary_encode()
    codes = encoded.indices.to_numpy()
    statuses = encoded.dictionary.to_pylist()
    forced = [code for code, status in enumerate(statuses) if sheet.which.is_forced(status)]
    unforced: Counter[str] = Counter()
    for code, count in enumerate(np.bincount(codes, minlength=len(statuses)).tolist()):
        if code not in forced:
            unforced[tidy(statuses[code]) or "blank"] += count
    return np.flatnonzero(np.isin(codes, forced)), unforced


def _times(sheet: _Sheet, rows: Rows) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """The times of some orders, and which are before the first day that counts."""
    reading = read_moments(sheet.texts("ordered_at", rows))
    sheet.note("ordered_at", (each.moved(rows) for each in reading.bad))
    times = reading.numbers
    since: date | None = sheet.which.since
    if since is None:
        return times, np.zeros(len(rows), np.bool_)
    undated = np.setdiff1d(np.flatnonzero(times == BLANK), rows_of(reading.bad))
    reason = _("is missing; fill it in, or go without --since")
    sheet.note("ordered_at", [Refused.alike(rows[undated], "", reason)])
    return times, (times != BLANK) & (times < start_of(since))


def _rates(sheet: _Sheet, rows: Rows) -> OrderRate:
    """The forced rates of some orders; invalid where a problem is noted."""
    numbers: dict[str, Whole] = dict(sheet.which.numbers())
    unread: dict[str, Rows] = {}
    signs = signs_in(sheet.which.given.values())
    is_counted = np.zeros(len(sheet.cells), np.bool_)
    is_counted[rows] = True
    currency = sheet.which.currency
    if name_currencies(sheet.columns):
        currency = currency._replace(is_stated=True)
    for name in AMOUNTS:
        if name in sheet.columns:
            reading = read_one(sheet.cells, sheet.columns, name, INPUTS[name].kind, currency)
            found = reading.numbers[rows]
            signs |= reading.signs
            numbers[name] = pick(found == BLANK, numbers.get(name, BLANK), found)
            bad = tuple(each.only(is_counted) for each in reading.bad)
            position = sheet.columns[name]
            if position in sheet.columns.labels:
                bad = label_reasons(bad, sheet.cells, position, currency)
            sheet.note(name, bad)
            unread[name] = rows_of(bad)
    if len(signs) > 1 and not currency.is_stated:
        _note_two_currencies(sheet, rows)
    rate, faults = rate_of(numbers, sheet.which.currency)
    for fault in faults:
        where = np.broadcast_to(np.asarray(fault.where), len(rows))
        # A cell that can't be read counts as blank from here on, but not as missing.
        sheet.note(fault.column, [_refused(fault, where, rows, unread.get(fault.column))])
    return OrderRate(
        *(np.array(np.broadcast_to(np.asarray(each, np.int64), len(rows))) for each in rate)
    )


def _refused(fault: Fault, where: Where, rows: Rows, unread: Rows | None) -> Refused:
    """The orders at fault, but for those of which the cell can't be read."""
    at = np.flatnonzero(where if unread is None else where & ~np.isin(rows, unread))
    return Refused(rows[at], "", lambda place: fault.reason(int(at[place])))


def _note_two_currencies(sheet: _Sheet, rows: Rows) -> None:
    """Note orders whose own amounts are in two currencies; orders may differ from each other."""
    columns = [sheet.texts(name, rows).to_pylist() for name in AMOUNTS]
    found = ((at, signs_in(texts)) for at, texts in enumerate(zip(*columns, strict=True)))
    bad = {at: in_two_currencies(signs) for at, signs in found if len(signs) > 1}
    reasons = list(bad.values())
    sheet.note("deal_price", [Refused(rows[list(bad)], "", reasons.__getitem__)])
