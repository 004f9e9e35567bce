"""Events that are new, open or over since the feed was last seen.

An event is *new* in the run that first sees it, *open* in every later one, and gone once the seller
acknowledges it or it is *over*, which is reported once:

- ``forced_on``, the platform forces a discount now and didn't when last seen (or the SKU wasn't
  known): over once it is forced no longer.
- ``rate_changed``, still forced, at another rate: over once it is forced no longer. A further
change is a new event and replaces the one before.
- ``price_drift``, the deal price isn't what list price and rate give: over once it is again.
  Another wrong price is an event of its own.
- ``vanished``, a known SKU is missing in the feed: over once it is back. Its other open events stay
open, because its status is unknown.
- ``forced_off``, no longer forced: over once it is forced again.

An unknown figure (a blank rate, no list price) neither starts nor ends an event.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import texts_of
from aepromo.watch.columns import EVENTS, STATES
from aepromo.watch.memory import (
    FORCED_OFF,
    FORCED_ON,
    PRICE_DRIFT,
    RATE_CHANGED,
    VANISHED,
    placed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from aepromo.table.number_columns import Numbers
    from aepromo.watch.memory import Memory

    Truths: TypeAlias = npt.NDArray[np.bool_]

NEW, OPEN, OVER = range(len(STATES))
_NONE = -1


class Seen(NamedTuple):
    """What a feed shows of each SKU; units as in ``Memory``.

    ``rates`` are blank where a SKU isn't forced or the rate isn't known. ``drifts`` are blank where
    the deal price is right, and mean nothing where it isn't known (``is_drift_known``).
    ``changed_at`` is when the status changed.
    """

    is_there: Truths
    is_forced: Truths
    rates: Numbers
    drifts: Numbers
    is_drift_known: Truths
    changed_at: Numbers

    def among(self, places: Numbers, count: int) -> Seen:
        """The same at some places among ``count`` SKUs; the others are not there."""
        return Seen(*(placed(column, places, count) for column in self))


class News(NamedTuple):
    """The events of a report as columns.

    ``rows`` are the positions of their SKUs in the memory, ``kinds`` and ``states`` indices into
    ``EVENTS`` and ``STATES``; ``since`` is in microseconds since 1970 in UTC.
    """

    rows: Numbers
    kinds: Numbers
    states: Numbers
    since: Numbers

    def deadlines(self, react: int) -> Numbers:
        """Until when to act on each event, as ``since``; blank where nothing is to be done.

        A discount that is forced and not over is to be acted on within ``react`` microseconds.
        """
        is_due = (self.kinds == FORCED_ON) & (self.states != OVER)
        return np.where(is_due, self.since + react, BLANK)


def look(before: Memory, seen: Seen, may_vanish: Truths, now: int) -> tuple[Memory, News]:
    """Compare what a feed shows with the memory; return the new memory and the news to report.

    Both have the same SKUs: new ones are quiet in the memory. A SKU that is missing in the feed has
    vanished where it ``may_vanish``.
    """
    was_forced, is_forced, is_there = before.is_forced, seen.is_forced, seen.is_there
    known = np.where(was_forced, before.rates, BLANK)
    rates = np.where(is_forced, np.where(seen.rates == BLANK, known, seen.rates), BLANK)
    is_turned = is_there & (is_forced != was_forced)
    is_repriced = is_there & seen.is_drift_known & (seen.drifts != before.drifts).any(axis=0)
    is_rerated = is_there & was_forced & is_forced & (known[0] != BLANK)
    is_rerated &= (rates != known).any(axis=0)
    at_once = np.full(len(before), now)
    changed_at = np.where(seen.changed_at == BLANK, at_once, seen.changed_at)
    is_missing = ~is_there & may_vanish & (before.since[VANISHED] == BLANK)
    since, ranks = before.since.copy(), before.ranks.copy()
    states = np.full(since.shape, _NONE)
    # For each kind where it starts, where it ends, and when; those that start are put last.
    for rank, (kind, starts, ends, start) in enumerate(
        (
            (FORCED_ON, is_turned & is_forced, is_turned & was_forced, changed_at),
            (RATE_CHANGED, is_rerated, is_turned & was_forced, at_once),
            (FORCED_OFF, is_turned & was_forced, is_turned & is_forced, changed_at),
            (PRICE_DRIFT, is_repriced & (seen.drifts[0] != BLANK), is_repriced, at_once),
            (VANISHED, is_missing, is_there, at_once),
        ),
        start=len(EVENTS),
    ):
        kept = np.where(ends, BLANK, since[kind])
        states[kind, since[kind] != BLANK] = OVER
        states[kind, kept != BLANK] = OPEN
        states[kind, starts] = NEW
        since[kind] = np.where(starts, start, kept)
        ranks[kind] = np.where(starts & (kept == BLANK), rank, ranks[kind])
    after = replace(
        before,
        is_forced=np.where(is_there, is_forced, was_forced),
        rates=np.where(is_there, rates, before.rates),
        drifts=np.where(is_repriced, seen.drifts, before.drifts),
        since=since,
        ranks=ranks,
        rates_before=np.where(is_rerated, known, before.rates_before),
    )
    kinds, rows = np.nonzero(states != _NONE)
    found = states[kinds, rows]
    times = np.where(found == OVER, before.since[kinds, rows], since[kinds, rows])
    return after, News(rows, kinds, found, times)


def still_open(memory: Memory) -> News:
    """Every open event, without reading a feed."""
    kinds, rows = np.nonzero(memory.since != BLANK)
    return News(rows, kinds, np.full(len(rows), OPEN), memory.since[kinds, rows])


def acknowledged(memory: Memory, skus: Sequence[str]) -> Memory:
    """The memory once the seller has dealt with all open events of some SKUs.

    A vanished SKU is forgotten: if it comes back, it counts as never seen. Raises ``KeyError`` with
    the first SKU that has no open events.
    """
    places = memory.places(texts_of(skus))
    for sku, place in zip(skus, places.tolist(), strict=True):
        if place < 0 or not memory.open_events(place):
            raise KeyError(sku)
    since = memory.since.copy()
    since[:, places] = BLANK
    is_gone = memory.since[VANISHED, places] != BLANK
    return replace(memory, since=since).without(places[is_gone])
