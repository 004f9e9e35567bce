"""The lines under a table: how many SKUs, how many at each status, which is the worst."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.pricing.fees import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(slots=True)
class Tally:
    """What has been seen of a run's rows so far."""

    rows: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    def add(self, rows: int, statuses: Iterable[str]) -> None:
        """Count some more rows."""
        self.rows += rows
        self.statuses.update(statuses)

    def worst_status(self) -> int:
        """The index in ``STATUSES`` of the worst status seen; 0 where none was."""
        return max((STATUSES.index(status) for status in self.statuses), default=0)

    def line(self) -> str:
        """One line: ``64 SKUs: 52 ok, 8 below target, 4 loss``."""
        counted = f"{self.rows:,} SKU{'' if self.rows == 1 else 's'}"
        found = [
            f"{self.statuses[status]:,} {status.replace('_', ' ')}"
            for status in STATUSES
            if self.statuses[status]
        ]
        return f"{counted}: {', '.join(found)}" if found else counted
