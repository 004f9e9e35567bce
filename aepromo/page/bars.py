"""The positions and lengths of the bars in the page's charts.

A length is a share of the chart's width or height, in millionths, so that a chart fits any screen
while its text keeps its size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from aepromo.page.overview import PERCENTS, RATES
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import MILLION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.page.overview import Overview

WIDTHS = (1, 2, 5, 10, 20)
"""The possible widths of a bin, in percent of margin."""

MOST_BINS = 12
_OUTLIERS = 100
"""At most one margin in this many is an outlier, at either end."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stacked bar: its label, count, start and length."""

    label: str
    count: int
    start: int
    length: int

    @property
    def top(self) -> int:
        """Where it starts in a vertical bar, from the top."""
        return MILLION - self.start - self.length


@dataclass(frozen=True, slots=True)
class Column:
    """The SKUs at one forced rate, in millionths: how many survive, and the parts of its bar."""

    rate: int
    survive: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """SKUs whose margin is from ``low`` to under ``high`` percent, before and forced.

    An end that is None is open.
    """

    low: int | None
    high: int | None
    before: int
    forced: int

    @property
    def is_loss(self) -> bool:
        """Whether all its margins are under 0."""
        return self.high is not None and self.high <= 0


def share(part: int, whole: int) -> int:
    """A part of a whole in millionths, rounded down."""
    return part * MILLION // max(whole, 1)


def stacked(counts: Sequence[int]) -> tuple[Part, ...]:
    """Counts by status as the parts of one bar, end to end over its whole length."""
    ends = [share(end, sum(counts)) for end in accumulate(counts, initial=0)]
    return tuple(
        Part(label, count, start, end - start)
        for label, count, (start, end) in zip(STATUSES, counts, pairwise(ends), strict=True)
        if count
    )


def columns(overview: Overview) -> list[Column]:
    """The SKUs by status at each forced rate, the mildest status at the bottom of each bar."""
    return [
        Column(rate, survivors(counts), stacked(counts))
        for rate, counts in zip(RATES, overview.by_rate, strict=True)
    ]


def survivors(counts: Sequence[int]) -> int:
    """How many SKUs are neither at a loss nor under the floor."""
    return sum(counts[: STATUSES.index("loss")])


def bins(before: Sequence[int], forced: Sequence[int]) -> list[Bin]:
    """Margins by whole percent as a few bins of the same width, with 0 between two of them.

    Outliers don't stretch the scale: if there are any, the first or the last bin is open.
    """
    together = [one + other for one, other in zip(before, forced, strict=True)]
    if not any(together):
        return []
    low, high = _usual(together)
    width = next(
        (width for width in WIDTHS if high // width - low // width < MOST_BINS), WIDTHS[-1]
    )
    edges = list(range(low // width * width, high + width, width))
    edges = edges if edges[-1] > high else [*edges, edges[-1] + width]
    found = []
    for start, end in pairwise(edges):
        is_lowest = start == edges[0] and (start <= PERCENTS[0] or _within(together, None, start))
        first = None if is_lowest else start
        last = None if end == edges[-1] and _within(together, end, None) else end
        found.append(Bin(first, last, _within(before, first, last), _within(forced, first, last)))
    return found


def _usual(counts: Sequence[int]) -> tuple[int, int]:
    """The percents between which all margins lie, without outliers at either end."""
    spared = sum(counts) // _OUTLIERS
    low, high = (
        next(at for at, seen in enumerate(accumulate(each)) if seen > spared)
        for each in (counts, reversed(counts))
    )
    return PERCENTS[low], PERCENTS[-1 - high]


def _within(counts: Sequence[int], low: int | None, high: int | None) -> int:
    first = 0 if low is None else max(low - PERCENTS[0], 0)
    last = len(counts) if high is None else max(high - PERCENTS[0], 0)
    return sum(counts[first:last])
