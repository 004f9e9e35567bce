"""The line under a table: how many SKUs, how many at each status, which is the worst."""

from __future__ import annotations

from dataclasses import dataclass, field

from aepromo.pricing.fees import STATUSES
from aepromo.tables.cells import grouped
from aepromo.tables.schema import PLACES


@dataclass(slots=True)
class Tally:
    """What has been seen of a run's rows so far.

    ``counts`` goes by the index of a status; ``worst`` is the row that is worst off: the index of
    its status, its profit in minor units, and its id.
    """

    rows: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * len(STATUSES))
    worst: tuple[int, int, str] | None = None

    def add(self, counts: list[int], worst: tuple[int, int, str]) -> None:
        """Count the rows of one more block, and its worst one."""
        self.counts = [seen + more for seen, more in zip(self.counts, counts, strict=True)]
        if self.worst is None or (-worst[0], worst[1]) < (-self.worst[0], self.worst[1]):
            self.worst = worst

    @property
    def worst_status(self) -> int:
        """The index of the worst status seen; 0 where none was."""
        return max((index for index, count in enumerate(self.counts) if count), default=0)

    def line(self) -> str:
        """One line: ``64 SKUs: 60 ok, 4 loss; worst: A-17 leaves -1.20 (loss)``."""
        counted = f"{self.rows:,} SKU{'' if self.rows == 1 else 's'}"
        found = [
            f"{count:,} {status.replace('_', ' ')}"
            for status, count in zip(STATUSES, self.counts, strict=True)
            if count
        ]
        line = f"{counted}: {', '.join(found)}" if found else counted
        if self.worst is None or self.rows == 1:
            return line
        status, profit, sku = self.worst
        status_words = STATUSES[status].replace("_", " ")
        return f"{line}; worst: {sku} leaves {grouped(profit, PLACES)} ({status_words})"
