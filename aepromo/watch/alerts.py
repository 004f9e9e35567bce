"""``watch``: changes of the SKUs in a discount feed, and what to do by when.

``forced.feed_value`` is the value of ``discount_status`` while a discount is forced; the page
《速卖通强制折扣》 gives ``forced.react_hours`` from then on for a stock alert and the switch to a
cheaper shipping line. ``aepromo.watch.events`` defines when an event is new, open and over, and
until when to act.

Everything is computed in columns: stock cover, profits and Price Protection only for the SKUs that
are reported.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

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
from aepromo.platform.columns import STATES as GATE_STATES
from aepromo.platform.gates import state, worst_reasons
from aepromo.platform.reason_texts import (
    UNSAID,
    Clause,
    formatted_each,
    joined,
    joined_texts,
    shown_numbers,
)
from aepromo.pricing.fees import profit
from aepromo.pricing.money import BLANK, MILLION, down, is_known, up
from aepromo.pricing.offers import shown_item_price
from aepromo.table.arrow_arrays import (
    are_empty,
    bits_of,
    codes_of,
    decoded,
    looked_up,
    null_unless,
    places_of,
    taken,
    texts_of,
    truths,
)
from aepromo.table.cells import percent
from aepromo.table.csv_lines import spelled
from aepromo.table.fact_cells import hours
from aepromo.table.headers import plain
from aepromo.table.moment_columns import instant_number, written_instants
from aepromo.table.number_columns import spread
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.watch.columns import EVENTS, FEED_INPUTS, PROTECTIONS, STATES, SWITCHES
from aepromo.watch.events import OVER, News, Seen, look
from aepromo.watch.memory import PRICE_DRIFT
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import tzinfo

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
    from aepromo.table.number_columns import Numbers
    from aepromo.watch.memory import Memory

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
    is_blank = truths(are_empty(inputs.text(name)))
    return [Fault(name, is_blank, always(reason))]


class Sightings(NamedTuple):
    """The SKUs of a feed, and what it shows of them.

    ``unknown`` are the statuses that mean neither forced nor not forced, null elsewhere.
    """

    skus: pa.Array
    unknown: pa.Array
    seen: Seen


def sightings(outcomes: Iterable[Outcome], book: Book) -> Sightings:
    """The sightings of all blocks of a feed, concatenated."""
    parts = [_sightings(outcome.inputs, book) for outcome in outcomes if outcome.inputs]
    if not parts:
        none, nowhere = np.empty((3, 0), np.int64), np.empty(0, np.bool_)
        texts = texts_of([])
        return Sightings(texts, texts, Seen(nowhere, nowhere, none[:2], none, nowhere, none[0]))
    skus, unknown, seen = zip(*parts, strict=True)
    columns = (np.concatenate(column, axis=-1) for column in zip(*seen, strict=True))
    return Sightings(pa.concat_arrays(skus), pa.concat_arrays(unknown), Seen(*columns))


def _sightings(inputs: Inputs, book: Book) -> Sightings:
    """The sightings of some rows.

    The deal price is compared with those that list price, own discount and forced rate give.
    """
    statuses = inputs.text("discount_status").dictionary_encode()
    codes, words = codes_of(statuses), statuses.dictionary.to_pylist()
    texts = list(map(plain, words))
    forced = set(map(plain, (book.text("forced.feed_value"), *ALSO_FORCED)))
    normal = set(map(plain, NOT_FORCED))
    is_forced = np.array([text in forced for text in texts], np.bool_)[codes]
    is_plain = np.array([text in normal for text in texts], np.bool_)[codes]
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
    is_drifting = is_drift_known & ((deal < lowest) | (deal > highest))
    seen = Seen(
        np.ones(inputs.rows, np.bool_),
        is_forced,
        np.where(has_rate, [low, high], BLANK),
        np.where(is_drifting, np.array([deal, lowest, highest]), BLANK),
        is_drift_known,
        inputs.number("changed_at"),
    )
    unknown = np.where(is_forced | is_plain, UNSAID, codes)
    return Sightings(inputs.text("sku"), looked_up(words, unknown), seen)


class Change(NamedTuple):
    """The result of comparing a feed with the memory: the new memory and the news to report.

    ``places`` are those of the SKUs of the feed in the memory.
    """

    after: Memory
    news: News
    places: Numbers

    @property
    def calling(self) -> Numbers:
        """The rows of the feed whose SKUs are forced and have an event."""
        is_calling = np.zeros(len(self.after), np.bool_)
        is_calling[self.news.rows[self.news.states != OVER]] = True
        return np.flatnonzero((is_calling & self.after.is_forced)[self.places])


def compared(
    before: Memory, now_seen: Sightings, passed_over: Collection[str] | None, now: datetime
) -> Change:
    """Compare a feed with the memory of earlier runs.

    A SKU that is missing in the feed has vanished, unless it is in ``passed_over``; None means that
    the missing SKUs are unknown, so none has vanished.
    """
    known, places = before.among(now_seen.skus)
    may_vanish = np.full(len(known), passed_over is not None)
    if passed_over:
        unseen = known.places(texts_of(sorted(passed_over)))
        may_vanish[unseen[unseen >= 0]] = False
    seen = now_seen.seen.among(places, len(known))
    after, news = look(known, seen, may_vanish, instant_number(now, UTC))
    return Change(after, news, places)


def figured(change: Change, outcomes: Sequence[Outcome], values: Values) -> list[Outcome]:
    """The figures of each forced SKU with an event."""
    rows, question, start = change.calling, figures(values), 0
    answers: list[Outcome] = []
    for outcome in outcomes:
        own = rows[(rows >= start) & (rows < start + len(outcome))] - start
        start += len(outcome)
        if outcome.inputs is not None and len(own):
            cells = outcome.cells.chosen(own)
            answers.append(run(question, cells, outcome.inputs.columns, values))
    return answers


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
    lines = _lines_leave(profits, inputs.values.currency, cheapest)
    cheapest = cheapest.put_in(_("the tariff's cheapest line is {line}"), "line")
    of_lines = [each.where(priced) for each in (cheapest, no_cheapest)]
    figures = {**profits, "price_protection": protection}
    return {
        "stock_cover_days": days,
        **{name: np.where(priced, each, BLANK) for name, each in figures.items()},
        "details": joined_texts(
            decoded(joined([_stock_lasts(days), *_today(inputs), *of_lines], or_null=True)),
            null_unless(priced, lines),
            decoded(joined(worst_reasons(held, priced), or_null=True)),
        ),
    }


_PROTECTIONS_BY_STATE = [
    PROTECTIONS.index({"open": "would_pass", "unknown": "may_pass", "closed": "would_fail"}[name])
    for name in GATE_STATES
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


def _lines_leave(profits: Mapping[str, Numbers], currency: Currency, cheapest: Clause) -> pa.Array:
    """The clause about the profit on each line and the line to use.

    ``cheapest`` holds the names of the tariff's cheapest lines.
    """
    standard, economy, switch = profits.values()
    sentences = [
        _("a unit leaves {standard}"),
        _("stay on the standard line: it leaves {standard}, economy {economy}"),
        _("switch to the economy line: it leaves {economy}, standard {standard}"),
        _("stay on the current line: it leaves {standard}, {line} {economy}"),
        _("switch to {line}: it leaves {economy}, the current line {standard}"),
    ]
    by_line = np.where(cheapest.codes == UNSAID, 1, 1 + len(SWITCHES))
    return formatted_each(
        Clause(np.where(economy == BLANK, 0, by_line + switch), sentences),
        standard=spelled(standard, currency.places),
        economy=spelled(economy, currency.places),
        line=cheapest.column(),
    )


class Report(NamedTuple):
    """The events of a report as columns of text: the most urgent first, with their SKUs' figures.

    ``counts`` tells how many are new, open and over, and how many of their deadlines are missed.
    """

    columns: Mapping[str, pa.Array]
    counts: Mapping[str, int]


def report(change: Change, answers: Sequence[Outcome], values: Values, now: datetime) -> Report:
    """A row for each event; ``answers`` are the figures of forced SKUs."""
    news, zone = _most_pressing_first(change.news), values.policy.zone or UTC
    is_over = news.states == OVER
    span = hours(values.book, "forced.react_hours") if len(is_over) else timedelta(0)
    due = news.deadlines(span // _MICROSECOND)
    is_due = is_known(due)
    late = np.where(is_due, instant_number(now, UTC) - due, 0)
    is_late, (since, deadlines) = late > 0, _written([news.since, due], zone)
    acting = [_("act by {time}"), _("deadline missed by {time}")]
    times = pc.if_else(bits_of(is_late), shown_numbers(late, _spent).column(), deadlines)
    figures = _figures_of(change, answers, np.where(is_over, -1, news.rows))
    columns = {
        "sku": taken(change.after.skus, news.rows),
        "event": looked_up(EVENTS, news.kinds),
        "state": looked_up(STATES, news.states),
        "since": since,
        "deadline": deadlines,
        "missed": looked_up(RESULTS["missed"].labels, np.where(is_due, is_late, -1)),
        **figures,
        "details": joined_texts(
            _happened(news, change.after, values.currency),
            formatted_each(Clause(np.where(is_due, is_late, UNSAID), acting), time=times),
            figures["details"],
        ),
    }
    counts = {name: int((news.states == code).sum()) for code, name in enumerate(STATES)}
    return Report(columns, {**counts, "missed": int(is_late.sum())})


def _figures_of(change: Change, answers: Sequence[Outcome], skus: Numbers) -> dict[str, pa.Array]:
    """The figures of SKUs, by their positions in the memory, as text; null where there are none."""
    rows = change.places[change.calling] if answers else np.empty(0, np.int64)
    # After those of the SKUs comes the place for none, which index -1 finds.
    places = np.full(len(change.after) + 1, -1)
    places[rows] = np.arange(len(rows))
    own = places_of(places[skus], places[skus] < 0)
    found = {}
    for name in (*AMOUNTS, "details"):
        texts = [answer.column(name).cast(pa.string()) for answer in answers]
        found[name] = pa.concat_arrays([texts_of([]), *texts]).take(own)
    return found


_MICROSECOND = timedelta(microseconds=1)


def _written(columns: Sequence[Numbers], zone: tzinfo) -> list[pa.Array]:
    """Columns of times as text, each different one written once; null where blank."""
    different, codes = np.unique(np.array(columns), return_inverse=True)
    texts = written_instants(different, zone)
    return [taken(texts, each) for each in codes.reshape(len(columns), -1)]


def _most_pressing_first(news: News) -> News:
    """Sort news by kind as in ``EVENTS``, the oldest first; events that are over go last."""
    order = np.lexsort((news.rows, news.since, news.kinds, news.states == OVER))
    return News(*(column[order] for column in news))


def _happened(news: News, after: Memory, currency: Currency) -> pa.Array:
    """A clause that describes each event, such as ``forced at 15%``."""
    rates, drifts = after.rates[:, news.rows], after.drifts[:, news.rows]
    # By kind, for events that are not over and those that are; the drifts by their price.
    sentences = [
        *(_("forced at {rate}"), _("no longer forced")),
        *(_("from {before} to {rate}"), _("no longer forced")),
        _("the deal price is right again"),
        _("deal price {deal}, list price and rate give {gives}"),
        *(_("no longer in the feed"), _("back in the feed")),
        *(_("no longer forced"), _("forced again")),
    ]
    second = np.where(news.kinds == PRICE_DRIFT, drifts[0] != BLANK, news.states == OVER)
    drifting = np.flatnonzero(drifts[0] != BLANK)
    deal, low, high = (
        spread(spelled(each, currency.places), drifting, len(second))
        for each in drifts[:, drifting]
    )
    is_range = np.where(drifts[0] == BLANK, UNSAID, drifts[1] != drifts[2])
    return formatted_each(
        Clause(2 * news.kinds + second, sentences),
        rate=_shown_rates(rates, _("a rate that the feed does not give")),
        before=_shown_rates(after.rates_before[:, news.rows], ""),
        deal=deal,
        gives=formatted_each(Clause(is_range, ["{low}", _("{low} to {high}")]), low=low, high=high),
    )


def _shown_rates(rates: Numbers, unknown: str) -> pa.Array:
    """Rates as ``12%``, and ranges of them as ``10%..20%``."""

    def said(both: int) -> str:
        low, high = map(percent, divmod(both, MILLION))
        return low if low == high else f"{low}..{high}"

    low, high = rates
    both = np.where(low == BLANK, BLANK, low * MILLION + high)
    return shown_numbers(both, lambda pair: unknown if pair == BLANK else said(pair)).column()


def _spent(late: int) -> str:
    """Microseconds as ``3 h 20 min``, rounded up to a minute."""
    minutes = -(-late * _MICROSECOND // timedelta(minutes=1))
    return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)
