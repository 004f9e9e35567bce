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

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aepromo.watch.columns import STATES
from aepromo.watch.memory import Event, Watched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

NEW, OPEN, OVER = range(len(STATES))


@dataclass(frozen=True, slots=True)
class Seen:
    """The status of a SKU in a feed; units as in ``Watched``.

    ``drift`` is None where it can't be computed, and empty where the price is right. ``changed_at``
    is when the status changed, in UTC.
    """

    is_forced: bool
    rate: tuple[int, int] | None = None
    drift: tuple[int, int, int] | tuple[()] | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """One event in a report; ``state`` is an index into ``STATES``."""

    sku: str
    name: str
    state: int
    event: Event


def look(
    before: Mapping[str, Watched],
    seen: Mapping[str, Seen],
    passed_over: Collection[str] | None,
    now: datetime,
) -> tuple[dict[str, Watched], list[News]]:
    """Compare what a feed shows with the memory; return the new memory and the news to report.

    A SKU that is missing in the feed has vanished, unless it is in ``passed_over``; None means that
    the missing SKUs are unknown, so none has vanished.
    """
    after = dict(before)
    news: list[News] = []
    for sku, what in seen.items():
        was = before.get(sku)
        after[sku] = _after(was, what, now)
        news += _news(sku, was.events if was else {}, after[sku].events)
    for sku in before.keys() - seen.keys():
        was = before[sku]
        if passed_over is not None and sku not in passed_over and "vanished" not in was.events:
            after[sku] = replace(was, events={**was.events, "vanished": Event(now)})
        news += _news(sku, was.events, after[sku].events)
    return after, news


def _after(was: Watched | None, seen: Seen, now: datetime) -> Watched:
    events = dict(was.events) if was else {}
    events.pop("vanished", None)
    was_forced = was is not None and was.is_forced
    was_rate = was.rate if was and was.is_forced else None
    rate = (seen.rate or was_rate) if seen.is_forced else None
    if seen.is_forced != was_forced:
        for name in ("forced_on", "rate_changed") if was_forced else ("forced_off",):
            events.pop(name, None)
        if seen.is_forced or was_forced:
            events["forced_on" if seen.is_forced else "forced_off"] = Event(seen.changed_at or now)
    elif was_rate and rate != was_rate:
        events["rate_changed"] = Event(now, was_rate)
    drift = was.drift if was else None
    if seen.drift is not None and (seen.drift or None) != drift:
        drift = seen.drift or None
        events.pop("price_drift", None)
        if drift:
            events["price_drift"] = Event(now)
    return Watched(seen.is_forced, rate, drift, events)


def _news(sku: str, before: Mapping[str, Event], after: Mapping[str, Event]) -> Iterator[News]:
    for name, event in after.items():
        yield News(sku, name, OPEN if before.get(name) is event else NEW, event)
    for name in before.keys() - after.keys():
        yield News(sku, name, OVER, before[name])


def still_open(watched: Mapping[str, Watched]) -> list[News]:
    """Every open event, without reading a feed."""
    return [
        News(sku, name, OPEN, event)
        for sku, what in watched.items()
        for name, event in what.events.items()
    ]


def acknowledged(watched: Mapping[str, Watched], skus: Iterable[str]) -> dict[str, Watched]:
    """The memory once the seller has dealt with all open events of some SKUs.

    A vanished SKU is forgotten: if it comes back, it counts as never seen. Raises ``KeyError`` with
    the first SKU that has no open events.
    """
    after = dict(watched)
    for sku in dict.fromkeys(skus):
        if sku not in after or not after[sku].events:
            raise KeyError(sku)
        if "vanished" in after[sku].events:
            del after[sku]
        else:
            after[sku] = replace(after[sku], events={})
    return after
