"""The line under a table: how many SKUs, how many of each verdict, which is the worst."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.cells import grouped
from aepromo.words import _, label, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.pricing.currency import Currency


class Seen(NamedTuple):
    """What some rows come to, in the terms of ``Tally``."""

    rows: int
    counts: list[int]
    worst: tuple[int, int, str] | None
    gain: int | None


@dataclass(slots=True)
class Tally:
    """What has been seen of a run's rows so far.

    ``labels`` are what a row may come to, the mildest first, and ``counts`` goes by their index.
    ``worst`` is the row that is worst off: its label's index, its profit in minor units, its id.
    ``gain`` adds up what ``breakeven`` finds over 30 days, in minor units.
    """

    labels: tuple[str, ...]
    currency: Currency
    rows: int = 0
    counts: list[int] = field(default_factory=list)
    worst: tuple[int, int, str] | None = None
    gain: int | None = None

    def add(self, seen: Seen) -> None:
        """Count some more rows."""
        self.rows += seen.rows
        both = zip_longest(self.counts, seen.counts, fillvalue=0)
        self.counts = [before + more for before, more in both]
        if self.worst is None or (seen.worst and _rank(seen.worst) < _rank(self.worst)):
            self.worst = seen.worst
        if seen.gain is not None:
            self.gain = (self.gain or 0) + seen.gain

    @property
    def worst_label(self) -> int:
        """The index of the worst label seen; 0 where none was."""
        return max((index for index, count in enumerate(self.counts) if count), default=0)

    def line(self) -> str:
        """One line: ``64 SKUs: 60 ok, 4 loss; worst: A-17 leaves -1.20 (loss)``."""
        parts = [summed(skus(self.rows), zip(self.labels, self.counts, strict=False))]
        if self.worst is not None and self.worst[0] and self.rows > 1:
            index, profit, sku = self.worst
            worst = _("worst: {sku} leaves {profit} ({label})").format(
                sku=sku,
                profit=grouped(profit, self.currency.places),
                label=label(self.labels[index]),
            )
            parts.append(worst)
        if self.gain is not None:
            gain = "+" * (self.gain > 0) + grouped(self.gain, self.currency.places)
            parts.append(_("over 30 days {gain}").format(gain=gain))
        return _("; ").join(parts)


def more_line(shown: int, total: int) -> str:
    """That a table shows fewer rows than there are."""
    return _("{shown} of {total:,} shown; more with --limit").format(shown=shown, total=total)


def skus(count: int) -> str:
    """``14 SKUs``."""
    return ngettext("{count:,} SKU", "{count:,} SKUs", count).format(count=count)


def counted(counts: Iterable[tuple[str, int]]) -> str:
    """``60 ok, 4 loss``: how many of each label, without those that there are none of."""
    shown = _("{count:,} {label}")
    found = (shown.format(count=count, label=label(name)) for name, count in counts if count)
    return _(", ").join(found)


def summed(rows: str, counts: Iterable[tuple[str, int]]) -> str:
    """``64 SKUs: 60 ok, 4 loss``; the rows alone where there are no labels."""
    found = counted(counts)
    return _("{rows}: {labels}").format(rows=rows, labels=found) if found else rows


def _rank(row: tuple[int, int, str]) -> tuple[int, int]:
    """The worse a row is off, the lower: by its label, then by its profit."""
    index, profit, _sku = row
    return -index, profit
