"""A frame of orders to those that count: whose they are, and the rate that each was cut by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import Problem
from aepromo.pricing.money import BLANK, pick
from aepromo.reports.frame import texts_of
from aepromo.reports.past_orders import AMOUNTS, rate_of
from aepromo.tables.cells import tidy
from aepromo.tables.columns import read_column
from aepromo.tables.moments import read_moments, start_of
from aepromo.tables.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import numpy.typing as npt

    from aepromo.pricing.money import Whole
    from aepromo.reports.past_orders import Which
    from aepromo.tables.columns import Numbers

    Rows = npt.NDArray[np.intp]

TEXT = pd.ArrowDtype(pa.string())


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of a frame that count, and what became of the others.

    ``counted`` has the columns ``sku`` and ``category`` (text), ``rate`` (millionths) and
    ``ordered_at`` (microseconds by the clock shown, blank where unknown). ``unforced`` counts the
    statuses of orders that weren't forced, ``too_early`` is the number before the first day that
    counts. ``problems`` are of rows that would have counted.
    """

    counted: pd.DataFrame
    unforced: Counter[str]
    too_early: int
    problems: list[Problem]


def read_orders(frame: pd.DataFrame, columns: Mapping[str, int], which: Which) -> Orders:
    """Look at every order of a frame. ``columns`` tells where they stand, by column name."""
    sheet = _Sheet(frame, columns, which)
    forced, unforced = _forced(sheet)
    ordered_at, is_early = _times(sheet, forced)
    rows = forced[~is_early]
    rates = _rates(sheet, rows)
    skus = pc.utf8_trim_whitespace(sheet.texts("sku", rows))
    nameless = rows[pc.equal(skus, "").to_numpy(zero_copy_only=False)]
    sheet.note("sku", {int(row): _("is missing; fill it in") for row in nameless})
    categories = pc.utf8_trim_whitespace(sheet.texts("category", rows))
    counted = pd.DataFrame(
        {
            "sku": pd.Series(skus, dtype=TEXT),
            "category": pd.Series(categories, dtype=TEXT),
            "rate": rates,
            "ordered_at": ordered_at[~is_early],
        }
    )
    problems = sorted(sheet.problems, key=lambda problem: problem.row)
    if problems:
        counted = counted[~np.isin(rows, [problem.row for problem in problems])]
    return Orders(counted, unforced, int(is_early.sum()), problems)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The columns of a frame by name, what stands in for blank cells, and the problems found."""

    frame: pd.DataFrame
    columns: Mapping[str, int]
    which: Which
    problems: list[Problem] = field(default_factory=list)

    def texts(self, name: str, rows: Rows) -> pa.Array:
        """The cells of a column in some rows; those given where it has none or blank ones."""
        given = self.which.given.get(name, "")
        if name not in self.columns:
            return pa.repeat(pa.scalar(given), len(rows))
        texts = self.cells(name, rows)
        blank = pc.equal(pc.utf8_trim_whitespace(texts), "") if given else None
        return texts if blank is None else pc.if_else(blank, given, texts)

    def cells(self, name: str, rows: Rows) -> pa.Array:
        """The cells of a column that the frame has, as they are."""
        texts = texts_of(
            self.frame.iloc[:, self.columns[name]], INPUTS[name].kind, self.which.currency
        )
        return texts if len(rows) == len(texts) else texts.take(pa.array(rows))

    def note(self, name: str, reasons: Mapping[int, str]) -> None:
        """Blame a column in some rows."""
        header = str(self.frame.columns[self.columns[name]]) if name in self.columns else name
        self.problems.extend(Problem(row, header, reason) for row, reason in reasons.items())


def _forced(sheet: _Sheet) -> tuple[Rows, Counter[str]]:
    """The rows of forced orders, and how many there are of every other status."""
    encoded = sheet.texts("discount_status", np.arange(len(sheet.frame))).dictionary_encode()
    codes = encoded.indices.to_numpy()
    statuses = encoded.dictionary.to_pylist()
    forced = [code for code, status in enumerate(statuses) if sheet.which.is_forced(status)]
    unforced: Counter[str] = Counter()
    for code, count in enumerate(np.bincount(codes, minlength=len(statuses)).tolist()):
        if code not in forced:
            unforced[tidy(statuses[code]) or "blank"] += count
    return np.flatnonzero(np.isin(codes, forced)), unforced


def _times(sheet: _Sheet, rows: Rows) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """When some orders were made, and which of them before the first day that counts."""
    reading = read_moments(sheet.texts("ordered_at", rows))
    sheet.note("ordered_at", {int(rows[at]): reason for at, reason in reading.bad.items()})
    times = reading.numbers
    since: date | None = sheet.which.since
    if since is None:
        return times, np.zeros(len(rows), np.bool_)
    undated = [row for row in np.flatnonzero(times == BLANK).tolist() if row not in reading.bad]
    reason = _("is missing; fill it in, or go without --since")
    sheet.note("ordered_at", {int(rows[row]): reason for row in undated})
    return times, (times != BLANK) & (times < start_of(since))


def _rates(sheet: _Sheet, rows: Rows) -> Numbers:
    """The forced rates of some orders, in millionths; of no use where a problem is noted."""
    numbers: dict[str, Whole] = dict(sheet.which.numbers())
    places = sheet.which.currency.places
    unread: set[tuple[str, int]] = set()
    for name in AMOUNTS:
        if name in sheet.columns:
            reading = read_column(sheet.cells(name, rows), INPUTS[name].kind, places)
            given = numbers.get(name, BLANK)
            numbers[name] = pick(reading.numbers == BLANK, given, reading.numbers)
            sheet.note(name, {int(rows[at]): reason for at, reason in reading.bad.items()})
            unread |= {(name, at) for at in reading.bad}
    rate, faults = rate_of(numbers, sheet.which.currency)
    for fault in faults:
        where = np.flatnonzero(np.broadcast_to(np.asarray(fault.where), len(rows))).tolist()
        # A cell that can't be read is blank from here on, but it isn't missing.
        found = [at for at in where if (fault.column, at) not in unread]
        sheet.note(fault.column, {int(rows[at]): fault.reason(at) for at in found})
    return np.array(np.broadcast_to(np.asarray(rate, np.int64), len(rows)))
