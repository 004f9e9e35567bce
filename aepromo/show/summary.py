"""The line under a table: how many SKUs, how many of each verdict, which is the worst."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.tables.cells import grouped

if TYPE_CHECKING:
    from aepromo.tables.currency import Currency


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

    def add_labels(self, counts: list[int]) -> None:
        """Count the labels of one more block."""
        seen = self.counts or [0] * len(self.labels)
        self.counts = [before + more for before, more in zip(seen, counts, strict=True)]

    def add_worst(self, label: int, profit: int, sku: str) -> None:
        """Look at the worst row of one more block."""
        if self.worst is None or (-label, profit) < (-self.worst[0], self.worst[1]):
            self.worst = (label, profit, sku)

    @property
    def worst_label(self) -> int:
        """The index of the worst label seen; 0 where none was."""
        return max((index for index, count in enumerate(self.counts) if count), default=0)

    def line(self) -> str:
        """One line: ``64 SKUs: 60 ok, 4 loss; worst: A-17 leaves -1.20 (loss)``."""
        counted = f"{self.rows:,} SKU{'' if self.rows == 1 else 's'}"
        found = [
            f"{count:,} {_words(label)}"
            for label, count in zip(self.labels, self.counts, strict=False)
            if count
        ]
        parts = [f"{counted}: {', '.join(found)}" if found else counted]
        if self.worst is not None and self.worst[0] and self.rows > 1:
            label, profit, sku = self.worst
            leaves = grouped(profit, self.currency.places)
            parts.append(f"worst: {sku} leaves {leaves} ({_words(self.labels[label])})")
        if self.gain is not None:
            gain = grouped(self.gain, self.currency.places)
            parts.append(f"over 30 days {'+' * (self.gain > 0)}{gain}")
        return "; ".join(parts)


def _words(label: str) -> str:
    return label.replace("_", " ")
