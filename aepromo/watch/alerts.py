"""``watch``: changes of the SKUs in a discount feed, and what to do by when.

``forced.feed_value`` is the value of ``discount_status`` while a discount is forced; the page
《速卖通强制折扣》 gives ``forced.react_hours`` from then on for a stock alert and the switch to a
cheaper shipping line. ``aepromo.watch.events`` defines when an event is new, open and over.

A feed is compared in columns. Only SKUs with a change are compared one by one, and stock cover,
profits and Price Protection are computed only for those reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.engine.answer import run
from aepromo.engine.filling import Fault, always
from aepromo.engine.question import Question, adding
from aepromo.errors import problems_of
from aepromo.inputs.columns import FEES, NEEDED, PARCEL, SHOP
from aepromo.inputs.row_shipping import ship_rows
from aepromo.inputs.shipping import Shipping
from aepromo.past_rates.columns import ALSO_FORCED
from aepromo.platform.appeal import appeal_gates, formula_of
from aepromo.platform.columns import STATES
from aepromo.platform.gates import state, worst_reasons
from aepromo.platform.reason_texts import UNSAID, Clause, joined, shown_numbers
from aepromo.pricing.fees import profit
from aepromo.pricing.money import BLANK, MILLION, down, is_known, up
from aepromo.pricing.offers import shown_item_price
from aepromo.table.cells import fixed, percent
from aepromo.table.fact_cells import hours, written
from aepromo.table.headers import plain
from aepromo.table.schema import INPUTS
from aepromo.table.text_formats import TextColumn, result_text
from aepromo.watch.columns import EVENTS, FEED_INPUTS, NEWS_RESULTS, PROTECTIONS, SWITCHES
from aepromo.watch.events import OVER, Seen, look
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Inputs, Results
    from aepromo.inputs.row_shipping import ShippedRows
    from aepromo.inputs.values import Values
    from aepromo.platform.appeal import Formula
    from aepromo.platform.gates import Gates
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth
    from aepromo.rules.overrides import Book
    from aepromo.table.column import Column
    from aepromo.table.number_columns import Numbers
    from aepromo.watch.events import News
    from aepromo.watch.memory import Memory, Watched

    Truths: TypeAlias = npt.NDArray[np.bool_]

NOT_FORCED = (
    *("none", "no", "normal", "not forced", "no discount", "false", "off"),
    *("无", "没有", "否", "正常", "无折扣", "未强制", "非强制"),
)
"""The statuses of no discount at all; any other status than forced may also mean a lower price."""

DAYS = 30
"""The days that ``units_30d`` counts."""

AMOUNTS = (
    *("stock_cover_days", "profit_standard", "profit_economy", "switch_to", "price_protection"),
)
"""The figures of a forced SKU, besides their details."""

Figures: TypeAlias = Mapping[str, int | str]
"""The figures of one SKU, and their ``details``."""


def watch(values: Values) -> Question:
    """The question of a feed: its columns, whose answer ``sightings`` and ``figures`` give."""
    return Question(
        name="watch",
        question=N_("What is new in the discount feed, and what to do by when?"),
        uses=(
            *("sku", "discount_status", "forced_rate", "list_price", "limited_rate", "deal_price"),
            *(column.name for column in FEED_INPUTS),
            *SHOP,
            *(*FEES, "units_30d", "store_level"),
            *(PARCEL if values.policy.tariff is not None else ()),
        ),
        needs=(),
        adds=adding(),
        compute=lambda _inputs: {},
        key_columns=(
            *("event", "state", "details", "deadline", "missed", "profit_standard"),
            *("profit_economy", "switch_to", "price_protection", "stock_cover_days"),
        ),
        describes_store=True,
        assumes_rate=False,
        excuses_parcels=True,
        faults=_without_status,
    )


def figures(values: Values) -> Question:
    """The question of SKUs that are forced: stock cover, profit by line, Price Protection."""
    gates = appeal_gates(values)
    return watch(values)._replace(
        adds=adding(*AMOUNTS, "details"),
        compute=lambda inputs: _figures(inputs, gates),
        prices_some=True,
        assumes_rate=True,
    )


def _without_status(inputs: Inputs) -> list[Fault]:
    """Rows without a discount status."""
    name = "discount_status"
    reason = _("is missing; fill it in or give {flag}").format(flag=INPUTS[name].flag)
    is_blank = np.asarray(pc.equal(inputs.text(name), ""))
    return [Fault(name, is_blank, always(reason))]


class Sightings(NamedTuple):
    """The SKUs of a feed as columns; ``Seen`` is one of them.

    ``unknown`` are the statuses that mean neither forced nor not forced, null elsewhere. ``rates``
    are the lowest and highest forced rate in millionths, blank where a SKU isn't forced or the
    rate isn't known. ``drifts`` are the deal price and the lowest and highest expected one, in
    minor units, valid where ``is_drift_known``. ``changed_at`` is in microseconds since 1970.
    """

    skus: pa.Array
    unknown: pa.Array
    is_forced: Truths
    rates: Numbers
    drifts: Numbers
    is_drift_known: Truths
    changed_at: Numbers

    @property
    def is_drifting(self) -> Truths:
        """Where the deal price is not an expected one."""
        deal, low, high = self.drifts
        is_off: Truths = self.is_drift_known & ((deal < low) | (deal > high))
        return is_off

    def seen(self, rows: Numbers) -> dict[str, Seen]:
        """Some of the SKUs, one by one."""
        found = {}
        columns = (
            self.skus.take(pa.array(rows)).to_pylist(),
            self.is_forced[rows].tolist(),
            self.rates[:, rows].T.tolist(),
            self.drifts[:, rows].T.tolist(),
            self.is_drift_known[rows].tolist(),
            self.is_drifting[rows].tolist(),
            self.changed_at[rows].tolist(),
        )
        for sku, is_forced, rate, drift, is_told, is_drifting, time in zip(*columns, strict=True):
            found[sku] = Seen(
                is_forced,
                None if rate[0] == BLANK else (rate[0], rate[1]),
                (drift[0], drift[1], drift[2]) if is_drifting else () if is_told else None,
                None if time == BLANK else _EPOCH + timedelta(microseconds=time),
            )
        return found


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sightings(outcomes: Iterable[Outcome], book: Book) -> Sightings:
    """The sightings of all blocks of a feed, concatenated."""
    parts = [_sightings(outcome.inputs, book) for outcome in outcomes if outcome.inputs]
    if not parts:
        none, nowhere = np.zeros((3, 0), np.int64), np.zeros(0, np.bool_)
        texts = pa.array([], pa.string())
        return Sightings(texts, texts, nowhere, none[:2], none, nowhere, none[0])
    columns = zip(*parts, strict=True)
    skus, unknown = next(columns), next(columns)
    return Sightings(
        pa.concat_arrays(skus),
        pa.concat_arrays(unknown),
        *(np.concatenate(column, axis=-1) for column in columns),
    )


def _sightings(inputs: Inputs, book: Book) -> Sightings:
    """The sightings of some rows.

    The deal price is compared with those that list price, own discount and forced rate give.
    """
    statuses = inputs.text("discount_status").dictionary_encode()
    codes = statuses.indices.to_numpy()
    texts = list(map(plain, statuses.dictionary.to_pylist()))
    forced = set(map(plain, (book.text("forced.feed_value"), *ALSO_FORCED)))
    normal = set(map(plain, NOT_FORCED))
    is_forced = np.array([text in forced for text in texts], np.bool_)[codes]
    is_plain = np.array([text in normal for text in texts], np.bool_)[codes]
    unknown = pa.array(~is_forced & ~is_plain)
    discounts = inputs.sku.discounts
    low = inputs.column(discounts.forced_rate_min)
    high = inputs.column(discounts.forced_rate_max)
    has_rate = is_forced & is_known(low)
    price, deal = inputs.column(inputs.sku.list_price), inputs.number("deal_price")
    left = MILLION - inputs.column(discounts.limited_rate)
    # Each step may be rounded down or up to a whole minor unit, at any rate of a range.
    is_drift_known = (has_rate | is_plain) & is_known(price) & is_known(deal)
    listed = np.where(is_known(price), price, 0)
    lowest = down(down(listed, left), MILLION - np.where(has_rate, high, 0))
    highest = up(up(listed, left), MILLION - np.where(has_rate, low, 0))
    return Sightings(
        inputs.text("sku"),
        pc.if_else(unknown, statuses.dictionary.take(statuses.indices), None),
        is_forced,
        np.array([np.where(has_rate, end, BLANK) for end in (low, high)]),
        np.array([deal, lowest, highest]),
        is_drift_known,
        inputs.number("changed_at"),
    )


class Change(NamedTuple):
    """The result of comparing a feed with the memory: the new memory and the news to report.

    ``seen`` holds the SKUs that were compared one by one, ``rows`` their places in the feed.
    """

    after: Memory
    news: Sequence[News]
    seen: Mapping[str, Seen] = {}
    rows: Mapping[str, int] = {}


def compared(
    before: Memory, now_seen: Sightings, passed_over: Collection[str] | None, now: datetime
) -> Change:
    """Compare a feed with the memory of earlier runs; ``passed_over`` is as for ``look``.

    A SKU is passed on to ``look`` unless it is unchanged without open events, or is new and neither
    forced nor drifting.
    """
    places = before.places(now_seen.skus)
    is_old = places >= 0
    has_events = before.of_entries(lambda entry: bool(entry.events)).astype(np.bool_)
    is_quiet = np.where(is_old, False, ~now_seen.is_forced & ~now_seen.is_drifting)
    quiet_new = np.flatnonzero(is_quiet & ~is_old)
    old = np.flatnonzero(is_old)
    is_quiet[old] = _is_as_before(before, places[old], now_seen, old) & ~has_events[places[old]]
    loud = np.flatnonzero(~is_quiet)
    is_gone = np.ones(len(before), np.bool_)
    is_gone[places[old]] = False
    gone = np.flatnonzero(is_gone & (has_events | (passed_over is not None)))
    seen = now_seen.seen(loud)
    was = before.watched(np.concatenate([places[loud][is_old[loud]], gone]))
    after, news = look(was, seen, passed_over, now)
    changed = {sku: what for sku, what in after.items() if was.get(sku) != what}
    quiet = now_seen.skus.take(pa.array(quiet_new))
    rows = dict(zip(seen, loud.tolist(), strict=True))
    return Change(before.changed(changed, quiet), news, seen, rows)


def _is_as_before(before: Memory, places: Numbers, now: Sightings, rows: Numbers) -> Truths:
    """Where remembered SKUs are unchanged, as far as known."""

    def remembered(fact: str, place: int) -> Numbers:
        blank = (BLANK, BLANK, BLANK)
        return before.of_entries(lambda entry: (getattr(entry, fact) or blank)[place])[places]

    is_forced = now.is_forced[rows]
    is_same: Truths = is_forced == before.of_entries(lambda entry: entry.is_forced)[places]
    for place, ends in enumerate(now.rates[:, rows]):
        rate = remembered("rate", place)
        is_same &= (ends == rate) | (is_forced & (ends == BLANK))
    drifting, known = now.is_drifting[rows], now.is_drift_known[rows]
    for place, prices in enumerate(now.drifts[:, rows]):
        drift = remembered("drift", place)
        is_same &= ~known | (np.where(drifting, prices, BLANK) == drift)
    return is_same


def figures_of(
    change: Change, outcomes: Sequence[Outcome], values: Values
) -> tuple[dict[str, Figures], list[Outcome]]:
    """The figures of each forced SKU with an event, and their outcomes."""
    calling = {news.sku for news in change.news if news.state != OVER}
    forced = (sku for sku in calling if sku in change.seen and change.seen[sku].is_forced)
    rows = np.array(sorted(change.rows[sku] for sku in forced), np.int64)
    question, found, start = figures(values), dict[str, Figures](), 0
    answers: list[Outcome] = []
    for outcome in outcomes:
        own = rows[(rows >= start) & (rows < start + len(outcome))] - start
        start += len(outcome)
        if outcome.inputs is None or not len(own):
            continue
        answer = run(question, outcome.cells.chosen(own), outcome.inputs.columns, values)
        columns = [np.broadcast_to(answer.results[name], len(own)).tolist() for name in AMOUNTS]
        columns.append(cast("pa.Array", answer.results["details"]).to_pylist())
        skus = outcome.inputs.text("sku").take(pa.array(own)).to_pylist()
        for sku, *row in zip(skus, *columns, strict=True):
            found[sku] = dict(zip((*AMOUNTS, "details"), row, strict=True))
        answers.append(answer)
    return found, answers


def lacking(answers: Iterable[Outcome]) -> list[str]:
    """The missing columns without which some forced SKU has no profit."""
    found: set[str] = set()
    for inputs in (answer.inputs for answer in answers if answer.inputs):
        without = int((~np.broadcast_to(np.asarray(inputs.priced), inputs.rows)).sum())
        # The engine counts the rows that have some of the three.
        found |= set(NEEDED if without > inputs.unpriced else inputs.lacking)
    return [name for name in NEEDED if name in found]


def _figures(inputs: Inputs, gates: Gates) -> Results:
    """Stock cover, profit on each shipping line, and Price Protection, with their details."""
    formula, rows = formula_of(inputs.sku), inputs.rows
    priced = np.broadcast_to(np.asarray(inputs.priced), rows)
    days = _stock_cover(inputs)
    economy, cheapest, no_cheapest = _economy(inputs, priced)
    profits = _profits_by_line(inputs, formula, economy)
    held = gates.hold(inputs, formula.facts)["must"]
    protection = np.array(_PROTECTIONS_BY_STATE, np.int64)[state(held, rows)]
    of_profit = [
        cheapest.put_in(_("the tariff's cheapest line is {line}"), "line"),
        no_cheapest,
        _lines_leave(profits, inputs.values.currency, cheapest),
        *worst_reasons(held, priced),
    ]
    details = [_stock_lasts(days), *_today(inputs), *(each.where(priced) for each in of_profit)]
    figures = {**profits, "price_protection": protection}
    return {
        "stock_cover_days": days,
        **{name: np.where(priced, each, BLANK) for name, each in figures.items()},
        "details": joined(details),
    }


_PROTECTIONS_BY_STATE = [
    PROTECTIONS.index({"open": "would_pass", "unknown": "may_pass", "closed": "would_fail"}[name])
    for name in STATES
]


def _stock_cover(inputs: Inputs) -> Numbers:
    """How many days the stock lasts at the pace of the last 30, rounded down."""
    stock, units = inputs.number("stock"), inputs.column(inputs.sku.units_30d)
    known = is_known(stock) & is_known(units) & (units != 0)
    return np.where(known, stock * DAYS // np.where(known, units, 1), BLANK)


def _stock_lasts(days: Numbers) -> Clause:
    def said(count: int) -> str:
        text = ngettext("stock lasts {days:,} day", "stock lasts {days:,} days", count)
        return text.format(days=count)

    return shown_numbers(days, said).where(days != BLANK)


def _today(inputs: Inputs) -> tuple[Clause, ...]:
    """The line of the tariff that is assumed to be in use, if the feed has no cost; or why none."""
    if inputs.shipped is None:
        return ()
    line = _line(inputs.shipped, inputs.values.lines)
    said = line.put_in(_("the current line is taken to be {line}"), "line")
    return said, _no_line(inputs.shipped)


def _line(shipped: ShippedRows, texts: Sequence[str]) -> Clause:
    return Clause(np.where(shipped.line == BLANK, UNSAID, shipped.line), texts)


def _no_line(shipped: ShippedRows) -> Clause:
    """Why no line of the tariff carries a row."""
    codes, texts = np.full(len(shipped.line), UNSAID, np.int64), list[str]()
    for each in problems_of(shipped.bad):
        if codes[each.row] == UNSAID:
            codes[each.row] = len(texts)
            said = each.reason if each.column == "market" else f"{each.column} {each.reason}"
            texts.append(_("no line of the tariff can be used: {reason}").format(reason=said))
    return Clause(codes, texts)


def _economy(inputs: Inputs, priced: Truth) -> tuple[Numbers, Clause, Clause]:
    """Cost of the cheaper line in minor units, the line's name, and why there is none.

    The feed's own cost goes first, then the tariff's cheapest line, whichever line is in use.
    The cost is blank where there is neither; only a line of the tariff is named.
    """
    cost, values = inputs.number("economy_logistics_cost"), inputs.values
    nothing = Clause(np.full(inputs.rows, UNSAID, np.int64), [])
    if values.policy.tariff is None or inputs.cells is None:
        return cost, nothing, nothing
    shipped = ship_rows(
        inputs.cells,
        inputs.columns,
        priced & (cost == BLANK),
        Shipping(values.policy.tariff, None, values.exchange),
        values.texts,
        is_needed=False,
    )
    cost = np.where(cost == BLANK, shipped.cost, cost)
    return cost, _line(shipped, values.lines), _no_line(shipped)


def _profits_by_line(inputs: Inputs, formula: Formula, economy: Numbers) -> dict[str, Numbers]:
    """Unit profit on each line, in minor units, and the line to use as an index into ``SWITCHES``.

    At the feed's deal price, or at the deepest forced rate where the feed has none. The economy
    profit and the choice are blank where the cheaper line's cost isn't known.
    """
    deal = inputs.number("deal_price")
    discounts = inputs.sku.discounts
    shown = shown_item_price(
        formula.list_price, discounts.limited_rate, formula.forced_rate, discounts.add
    )
    deal = np.where(deal == BLANK, shown, deal)
    standard = inputs.column(profit(deal, inputs.sku.costs, inputs.sku.fees))
    is_there = is_known(economy)
    costs = inputs.sku.costs._replace(logistics_cost=np.where(is_there, economy, 0))
    cheaper = np.where(is_there, profit(deal, costs, inputs.sku.fees), BLANK)
    stay, switch = (SWITCHES.index(name) for name in ("stay", "economy"))
    better = np.where(cheaper > standard, switch, stay)
    return {
        "profit_standard": standard,
        "profit_economy": cheaper,
        "switch_to": np.where(is_there, better, BLANK),
    }


def _lines_leave(profits: Mapping[str, Numbers], currency: Currency, cheapest: Clause) -> Clause:
    """The clause about the profit on each line and the line to use.

    ``cheapest`` holds the names of the tariff's cheapest lines.
    """
    columns = np.array([*profits.values(), cheapest.codes])
    different, codes = np.unique(columns, axis=1, return_inverse=True)
    alone = _("a unit leaves {standard}")
    by_line = (
        _("stay on the current line: it leaves {standard}, {line} {economy}"),
        _("switch to {line}: it leaves {economy}, the current line {standard}"),
    )
    by_kind = (
        _("stay on the standard line: it leaves {standard}, economy {economy}"),
        _("switch to the economy line: it leaves {economy}, standard {standard}"),
    )
    texts = []
    for standard, economy, switch, line in different.T.tolist():
        amounts = {"standard": fixed(standard, currency.places)}
        said = alone
        if economy != BLANK:
            amounts["economy"] = fixed(economy, currency.places)
            said = (by_kind if line == UNSAID else by_line)[switch]
        if line != UNSAID:
            amounts["line"] = cheapest.texts[line]
        texts.append(said.format(**amounts))
    return Clause(codes.reshape(-1), texts)


class Report(NamedTuple):
    """The events of a report: the most urgent first, with the figures of their SKUs.

    ``counts`` tells how many are new, open and over, and how many of their deadlines are missed.
    """

    columns: list[TextColumn]
    counts: Mapping[str, int]


def report(change: Change, figures: Mapping[str, Figures], values: Values, now: datetime) -> Report:
    """A row for each event; ``figures`` are those of forced SKUs."""
    zone, currency = values.policy.zone or UTC, values.currency
    shown = cache(lambda time: written(time, zone))
    span = hours(values.book, "forced.react_hours") if change.news else timedelta(0)
    news = most_pressing_first(change.news)
    watched = change.after.of_skus({each.sku for each in news})
    counts = {"new": 0, "open": 0, "over": 0, "missed": 0}
    rows: list[dict[str, int | str | None]] = []
    for each in news:
        own = figures.get(each.sku, {}) if each.state != OVER else {}
        due = each.name == "forced_on" and each.state != OVER
        deadline = each.event.since + span if due else None
        late = now - deadline if deadline is not None and now > deadline else None
        counts[list(counts)[each.state]] += 1
        counts["missed"] += late is not None
        details = [_happened(each, watched.get(each.sku), currency)]
        if late is not None:
            details.append(_("deadline missed by {time}").format(time=_spent(late)))
        elif deadline is not None:
            details.append(_("act by {time}").format(time=shown(deadline)))
        details += [text for text in (own.get("details"),) if isinstance(text, str) and text]
        rows.append(
            {
                **own,
                "event": EVENTS.index(each.name),
                "state": each.state,
                "since": shown(each.event.since),
                "deadline": shown(deadline),
                "missed": None if deadline is None else int(late is not None),
                "details": "; ".join(details),
            }
        )
    columns = [TextColumn("sku", INPUTS["sku"].kind, [each.sku for each in news])]
    for column in NEWS_RESULTS:
        cells = [_cell(row.get(column.name), column, currency) for row in rows]
        columns.append(TextColumn(column.name, column.kind, cells))
    return Report(columns, counts)


def _cell(value: int | str | None, column: Column, currency: Currency) -> str | None:
    return result_text(value, column, currency) if isinstance(value, int) else value


def most_pressing_first(news: Iterable[News]) -> list[News]:
    """Sort news by kind as in ``EVENTS``, the oldest first; events that are over go last."""
    return sorted(
        news,
        key=lambda each: (each.state == OVER, EVENTS.index(each.name), each.event.since, each.sku),
    )


def _happened(news: News, what: Watched | None, currency: Currency) -> str:
    """A clause that describes an event, such as ``forced at 15%``."""
    rate = _range(what.rate) if what and what.rate else _("a rate that the feed does not give")
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
        return _("no longer in the feed") if news.state != OVER else _("back in the feed")
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
