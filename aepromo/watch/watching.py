"""What has happened to my SKUs in the discount feed, and what to do by when?

``forced.feed_value`` is what ``discount_status`` holds while a discount is forced; the page
《速卖通强制折扣》 gives ``forced.react_hours`` from there to raise a stock alert and to switch to a
cheaper shipping line. ``aepromo.watch.events`` says when an event is new, open and over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.inputs.columns import PARCEL, SHOP
from aepromo.past_rates.columns import ALSO_FORCED
from aepromo.platform.appeal import NEEDED, TERMS, formula_of, must_hold
from aepromo.platform.columns import STATES
from aepromo.platform.gates import state, worst_first
from aepromo.platform.ruling import Ruling
from aepromo.pricing.money import MILLION, down, up
from aepromo.table.cells import fixed, percent
from aepromo.table.headers import plain
from aepromo.table.instants import hours, instant, written
from aepromo.watch.columns import EVENTS, FEED_INPUTS, NEWS_RESULTS, PROTECTIONS
from aepromo.watch.events import OVER, News, Seen
from aepromo.watch.watched_lines import lines_leave, profits_by_line, with_cheapest, with_today
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta, tzinfo

    from aepromo.inputs.exchange import Exchange
    from aepromo.inputs.shipping import Shipping
    from aepromo.platform.ruling import Row, Verdict
    from aepromo.pricing.currency import Currency
    from aepromo.rules.overrides import Book
    from aepromo.watch.memory import Watched

NOT_FORCED = (
    *("none", "no", "normal", "not forced", "no discount", "false", "off"),
    *("无", "没有", "否", "正常", "无折扣", "未强制", "非强制"),
)
"""The statuses of no discount at all; under any other that isn't forced a price may be cut too."""

DAYS = 30
"""The days that ``units_30d`` counts."""


@dataclass(slots=True)
class Watch:
    """What a feed is held against, and what comes up on the way.

    ``now`` is in UTC; a time that has no zone is taken in ``zone``. ``assumed`` collects the
    columns that the rule book had to supply, ``lacking`` those without which a forced SKU has no
    profit, ``unknown`` the statuses that nobody knows, each with its number of SKUs. ``shipping``
    knows today's line and the one to switch to, where the feed doesn't give their costs.
    """

    book: Book
    exchange: Exchange
    now: datetime
    zone: tzinfo
    assumed: list[str] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    shipping: Shipping | None = None

    @property
    def currency(self) -> Currency:
        """What prices are in, and every answer."""
        return self.exchange.selling

    def seen(self, row: Row) -> Seen:
        """What a row of the feed says. Its deal price is held against list price and rate."""
        is_forced = self.is_forced(row)
        is_plain = plain(str(row["discount_status"])) in map(plain, NOT_FORCED)
        if not is_forced and not is_plain:
            named = str(row["discount_status"])
            self.unknown[named] = self.unknown.get(named, 0) + 1
        low, high = row.get("forced_rate"), row.get("forced_rate_to")
        rate = None
        if is_forced and isinstance(low, int) and isinstance(high, int):
            rate = (low, high)
        changed_at = instant(row.get("changed_at"), self.zone)
        drift = _drift(row, rate or (0, 0)) if rate or is_plain else None
        return Seen(is_forced, rate, drift, changed_at)

    def is_forced(self, row: Row) -> bool:
        """Whether a row says that the platform forces a discount."""
        forced = (self.book.text("forced.feed_value"), *ALSO_FORCED)
        return plain(str(row.get("discount_status", ""))) in map(plain, forced)

    def figures(self, row: Row) -> dict[str, int | str | None]:
        """Stock cover, profit on each shipping line, and Price Protection of a forced SKU."""
        days = _stock_cover(row)
        details = [] if days is None else [_stock_lasts(days)]
        found: dict[str, int | str | None] = {"stock_cover_days": days}
        row, today = with_today(row, self.shipping)
        details += today
        lacking = [name for name in NEEDED if name not in row]
        self.lacking += [name for name in lacking if name not in self.lacking]
        if not lacking:
            terms = {name: fact for name, fact in row.items() if name in (*TERMS, "forced_rate_to")}
            row, cheapest = with_cheapest(row, self.shipping)
            details += cheapest
            formula = formula_of(terms, self.book, self.currency, self.assumed)
            profits = profits_by_line(row, formula)
            held = must_hold(row, formula, self.book)
            found |= {**profits, "price_protection": _PROTECTION_OF[STATES[state(held)]]}
            details += [lines_leave(profits, self.currency, str(row.get("cheapest_line", "")))]
            details += [each.reason for each in worst_first(held)]
        return {**found, "details": "; ".join(details)}


_PROTECTION_OF = {
    "open": PROTECTIONS.index("would_pass"),
    "unknown": PROTECTIONS.index("may_pass"),
    "closed": PROTECTIONS.index("would_fail"),
}


def watch(look: Watch) -> Ruling:
    """What a row of the feed may hold, and the columns of what is reported."""
    return Ruling(
        name="watch",
        question=N_("What has happened to my SKUs in the discount feed, and what to do by when?"),
        uses=(
            *("sku", "discount_status", "forced_rate", "list_price", "limited_rate", "deal_price"),
            *(column.name for column in FEED_INPUTS),
            *SHOP,
            *("commission_rate", "payment_rate", "units_30d", "store_level"),
            *PARCEL * (look.shipping is not None),
        ),
        needs=("discount_status",),
        adds=NEWS_RESULTS,
        judge=look.figures,
        key_columns=(
            *("event", "state", "details", "deadline", "missed", "profit_standard"),
            *("profit_economy", "switch_to", "price_protection", "stock_cover_days"),
        ),
        exchange=look.exchange,
    )


def reported(news: News, what: Watched | None, figures: Verdict, look: Watch) -> Verdict:
    """An event as a row: ``what`` is remembered of its SKU, ``figures`` are those of its row."""
    deadline = deadline_of(news, look)
    late = look.now - deadline if deadline is not None and look.now > deadline else None
    details = [_happened(news, what, look.currency)]
    if late is not None:
        details.append(_("deadline missed by {time}").format(time=_spent(late)))
    elif deadline is not None:
        details.append(_("act by {time}").format(time=written(deadline, look.zone)))
    details += [
        clause for clause in (figures.get("details"),) if isinstance(clause, str) and clause
    ]
    return {
        **figures,
        "event": EVENTS.index(news.name),
        "state": news.state,
        "since": written(news.event.since, look.zone),
        "deadline": written(deadline, look.zone),
        "missed": None if deadline is None else int(late is not None),
        "details": "; ".join(details),
    }


def deadline_of(news: News, look: Watch) -> datetime | None:
    """When stock and shipping must have been seen to; None where nothing is due."""
    if news.name != "forced_on" or news.state == OVER:
        return None
    return news.event.since + hours(look.book, "forced.react_hours")


def most_pressing_first(news: Iterable[News]) -> list[News]:
    """What is over last; else by kind, the oldest first."""
    return sorted(
        news,
        key=lambda each: (
            *(each.state == OVER, EVENTS.index(each.name), each.event.since, each.sku),
        ),
    )


def _drift(row: Row, rate: tuple[int, int]) -> tuple[int, int, int] | tuple[()] | None:
    """The deal price and what it may be, where it isn't that; nobody knows how the platform rounds.

    The seller's own discount comes off first. Each step may have settled down or up to a whole
    minor unit, at any rate of a range.
    """
    price, deal = row.get("list_price"), row.get("deal_price")
    if not isinstance(price, int) or not isinstance(deal, int):
        return None
    own = row.get("limited_rate", 0)
    own = own if isinstance(own, int) else 0
    low = int(down(down(price, MILLION - own), MILLION - rate[1]))
    high = int(up(up(price, MILLION - own), MILLION - rate[0]))
    return () if low <= deal <= high else (deal, low, high)


def _stock_cover(row: Row) -> int | None:
    """How many days the stock lasts at the pace of the last 30, rounded down."""
    stock, units = row.get("stock"), row.get("units_30d")
    if not isinstance(stock, int) or not isinstance(units, int) or not units:
        return None
    return stock * DAYS // units


def _stock_lasts(days: int) -> str:
    said = ngettext("stock lasts {days:,} day", "stock lasts {days:,} days", days)
    return said.format(days=days)


def _happened(news: News, what: Watched | None, currency: Currency) -> str:
    """What happened, in a clause."""
    rate = _range(what.rate) if what and what.rate else _("a rate that the feed doesn't tell")
    if news.name == "forced_on":
        said = _("forced at {rate}") if news.state != OVER else _("no longer forced")
        return said.format(rate=rate)
    if news.name == "rate_changed" and news.event.was:
        if news.state == OVER:
            return _("no longer forced")
        return _("from {before} to {rate}").format(before=_range(news.event.was), rate=rate)
    if news.name == "forced_off":
        return _("no longer forced") if news.state != OVER else _("forced again")
    if news.name == "vanished":
        return _("the feed lacks it") if news.state != OVER else _("back in the feed")
    if what is None or what.drift is None:
        return _("the deal price is right again")
    deal, low, high = (fixed(price, currency.places) for price in what.drift)
    gives = low if low == high else _("{low} to {high}").format(low=low, high=high)
    return _("deal price {deal}, list price and rate give {gives}").format(deal=deal, gives=gives)


def _range(rate: tuple[int, int]) -> str:
    return percent(rate[0]) if rate[0] == rate[1] else f"{percent(rate[0])}..{percent(rate[1])}"


def _spent(late: timedelta) -> str:
    """``3 h 20 min``, rounded up to a minute."""
    minutes = -(-int(late.total_seconds() * 1000) // 60_000)
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)


def count_of(news: Iterable[News], look: Watch) -> Mapping[str, int]:
    """How many events are new, open and over, and how many of their deadlines are missed."""
    counts = {"new": 0, "open": 0, "over": 0, "missed": 0}
    for each in news:
        counts[list(counts)[each.state]] += 1
        deadline = deadline_of(each, look)
        counts["missed"] += deadline is not None and look.now > deadline
    return counts
