"""The line under a table: the number of SKUs, of each verdict, and the worst SKU."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING

from aepromo.pricing.fees import STATUSES
from aepromo.table.cells import grouped
from aepromo.table.schema import RESULTS
from aepromo.words import _, label, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.pricing.currency import Currency


class Tally:
    """Counts and totals of some rows: of a block, or of a run so far.

    ``counts`` has for each label column the number of rows with each label, by its index;
    ``unlabelled`` counts the rows without a label in the first of these columns. ``worst`` is the
    row with the worst result: its status as an index, its profit in minor units, its id. ``peak``
    is the highest figure of a money column above 0, with its row's id. ``total`` is the sum of a
    money column in minor units, which is blank in ``without_total`` rows. ``unknown`` counts the
    rows that lack a fact, by that fact; ``unpriced`` those without a profit because the columns
    ``lacking`` are missing. ``blank`` are the columns with blank cells. The ``unlisted`` have no
    list price, and are none of the rows.
    """

    unlabelled = 0
    worst: tuple[int, int, str] | None = None
    peak: tuple[int, str] | None = None
    total: int | None = None
    without_total = 0
    unpriced = 0
    lacking: tuple[str, ...] = ()
    blank: frozenset[str] = frozenset()
    unlisted = 0

    def __init__(
        self, currency: Currency, rows: int = 0, counts: dict[str, list[int]] | None = None
    ) -> None:
        self.currency, self.rows, self.counts = currency, rows, counts or {}
        self.unknown: Counter[str] = Counter()

    def add(self, more: Tally) -> None:
        """Count some more rows."""
        self.rows += more.rows
        for name, counts in more.counts.items():
            both = zip_longest(self.counts.get(name, ()), counts, fillvalue=0)
            self.counts[name] = [before + after for before, after in both]
        if self.worst is None or (more.worst and _rank(more.worst) < _rank(self.worst)):
            self.worst = more.worst
        if more.peak is not None and (self.peak is None or more.peak[0] > self.peak[0]):
            self.peak = more.peak
        if more.total is not None:
            self.total = (self.total or 0) + more.total
        self.unlabelled += more.unlabelled
        self.without_total += more.without_total
        self.unknown += more.unknown
        self.unpriced += more.unpriced
        self.lacking = tuple(dict.fromkeys((*self.lacking, *more.lacking)))
        self.blank |= more.blank
        self.unlisted += more.unlisted

    def labels(self, name: str) -> list[tuple[str, int]]:
        """The number of rows with each label of a column, in the order of its labels."""
        return list(zip(RESULTS[name].labels, self.counts.get(name, ()), strict=False))

    def highest(self, name: str) -> int:
        """The index of the last label of a column that any row has; -1 if no row has one."""
        counts = enumerate(self.counts.get(name, ()))
        return max((index for index, count in counts if count), default=-1)


def rows_line(tally: Tally, name: str = "") -> str:
    """``64 SKUs: 60 ok, 4 loss; 3 without a list price``; without a column no labels."""
    line = summed(skus(tally.rows), tally.labels(name) if name else ())
    without = _("{count:,} without a list price").format(count=tally.unlisted)
    return _("; ").join([line, without] if tally.unlisted else [line])


def prices_line(tally: Tally, name: str) -> str:
    """One line on priced rows: ``64 SKUs: 60 ok, 4 loss; worst: A-17 leaves -1.20 (loss)``."""
    parts = [rows_line(tally, name), *_worst(tally)]
    if tally.total is not None:
        sign = "+" if tally.total > 0 else ""
        gain = sign + grouped(tally.total, tally.currency.places)
        parts.append(_("over 30 days {gain}").format(gain=gain))
    return _("; ").join(parts)


def decisions_line(tally: Tally) -> str:
    """One line on actions: ``72 SKUs: 29 raise (most: AP-2118 +3.04), 41 keep, 2 hold``."""
    counts = dict(tally.labels("action"))
    said = []
    for action in ("raise", "keep", "lower", "new", "hold"):
        count = counted([(action, counts.get(action, 0))], "action")
        detail = ""
        if action == "raise" and tally.peak is not None and tally.rows > 1:
            most, sku = tally.peak
            most_said = _("most: {sku} {change}")
            detail = most_said.format(sku=sku, change="+" + grouped(most, tally.currency.places))
        elif action == "hold":
            guards = [(guard, held) for guard, held in tally.labels("held_by") if held]
            detail = label(guards[0][0]) if len(guards) == 1 else counted(guards)
        if count:
            said.append(f"{count} ({detail})" if detail else count)
    whole = _("{rows}: {labels}").format(rows=skus(tally.rows), labels=_(", ").join(said))
    return _("; ").join([whole if said else skus(tally.rows), *_worst(tally)])


def _worst(tally: Tally) -> list[str]:
    """The row with the worst outcome, if it is one of several and not ok."""
    if tally.worst is None or not tally.worst[0] or tally.rows == 1:
        return []
    index, profit, sku = tally.worst
    worst = _("worst: {sku} leaves {profit} ({label})").format(
        sku=sku,
        profit=grouped(profit, tally.currency.places),
        label=label(STATUSES[index]),
    )
    return [worst]


def more_line(shown: int, total: int) -> str:
    """The message that a table shows fewer rows than there are."""
    return _("{shown} of {total:,} shown; more with --limit").format(shown=shown, total=total)


def skus(count: int) -> str:
    """``14 SKUs``."""
    return ngettext("{count:,} SKU", "{count:,} SKUs", count).format(count=count)


def counted(counts: Iterable[tuple[str, int]], column: str = "") -> str:
    """``60 ok, 4 loss``: the number of each label, without zeros."""
    shown = _("{count:,} {label}")
    labels = ((label(name, column), count) for name, count in counts if count)
    found = (shown.format(count=count, label=name) for name, count in labels)
    return _(", ").join(found)


def summed(rows: str, counts: Iterable[tuple[str, int]]) -> str:
    """``64 SKUs: 60 ok, 4 loss``; only the rows if there are no labels."""
    found = counted(counts)
    return _("{rows}: {labels}").format(rows=rows, labels=found) if found else rows


def _rank(row: tuple[int, int, str]) -> tuple[int, int]:
    """The sort key of a row, the worst first: by its label, then by its profit."""
    index, profit, _sku = row
    return -index, profit
