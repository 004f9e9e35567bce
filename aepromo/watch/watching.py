"""What has happened to my SKUs in the discount feed, and what to do by when?

``forced.feed_value`` is what ``discount_status`` holds while a discount is forced; the page
《速卖通强制折扣》 gives ``forced.react_hours`` from there to raise a stock alert and to switch to a
cheaper shipping line. ``aepromo.watch.events`` says when an event is new, open and over.

A feed is looked at in columns. Only the SKUs that something has happened to are looked at one by
one, and only of those that are reported are stock cover, profits and Price Protection worked out.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.engine.answer import run
from aepromo.engine.check import Fault
from aepromo.engine.question import Question, adding
from aepromo.inputs.columns import NEEDED, PARCEL, SHOP
from aepromo.inputs.shipped_rows import ship_rows
from aepromo.inputs.shipping import Shipping
from aepromo.past_rates.columns import ALSO_FORCED
from aepromo.platform.appeal import AppealRules, formula_of
from aepromo.platform.clauses import UNSAID, Clause, joined, ordered
from aepromo.platform.gates import hold_all, state, worst_first
from aepromo.pricing.fees import profit
from aepromo.pricing.money import BLANK, MILLION, down, is_known, up
from aepromo.pricing.offers import base_price, item_price
from aepromo.table.cells import fixed, percent
from aepromo.table.headers import plain
from aepromo.table.instants import hours, written
from aepromo.table.schema import INPUTS
from aepromo.table.text import TextColumn, result_text
from aepromo.watch.columns import EVENTS, FEED_INPUTS, NEWS_RESULTS, PROTECTIONS, SWITCHES
from aepromo.watch.events import OVER, Seen, look
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import tzinfo

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Inputs, Results
    from aepromo.inputs.shipped_rows import ShippedRows
    from aepromo.inputs.values import Values
    from aepromo.platform.appeal import Formula
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.rules.overrides import Book
    from aepromo.table.number_columns import Numbers
    from aepromo.watch.events import News
    from aepromo.watch.memory import Memory, Watched

NOT_FORCED = (
    *("none", "no", "normal", "not forced", "no discount", "false", "off"),
    *("无", "没有", "否", "正常", "无折扣", "未强制", "非强制"),
)
"""The statuses of no discount at all; under any other that isn't forced a price may be cut too."""

DAYS = 30
"""The days that ``units_30d`` counts."""

FIGURES = (
    *("stock_cover_days", "profit_standard", "profit_economy", "switch_to", "price_protection"),
    "details",
)


def watch(values: Values) -> Question:
    """The question of a feed: its columns, whose answer ``sightings`` and ``figures`` give."""
    return Question(
        name="watch",
        question=N_("What has happened to my SKUs in the discount feed, and what to do by when?"),
        uses=(
            *("sku", "discount_status", "forced_rate", "list_price", "limited_rate", "deal_price"),
            *(column.name for column in FEED_INPUTS),
            *SHOP,
            *("commission_rate", "payment_rate", "units_30d", "store_level"),
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
    rules = AppealRules(values.book)
    return watch(values)._replace(
        adds=adding(*FIGURES),
        compute=lambda inputs: _figures(inputs, rules),
        prices_some=True,
        assumes_rate=True,
    )


def _without_status(inputs: Inputs) -> list[Fault]:
    """A row that doesn't say how it stands."""
    name = "discount_status"
    reason = _("is missing; fill it in or give {flag}").format(flag=INPUTS[name].flag)
    is_blank = np.asarray(pc.equal(inputs.text(name), ""))
    return [Fault(name, is_blank, lambda _row: reason)]


class Sightings(NamedTuple):
    """What a feed says of its SKUs, in columns; ``Seen`` says it of one.

    ``unknown`` are the statuses that are neither forced nor plainly not, null elsewhere. ``rates``
    are blank where a SKU isn't forced or nobody tells. ``drifts`` are the deal price and what it
    may be, where ``is_drift_known``. ``changed_at`` is in microseconds since 1970.
    """

    skus: pa.Array
    unknown: pa.Array
    is_forced: Truth
    rates: Numbers
    drifts: Numbers
    is_drift_known: Truth
    changed_at: Numbers

    @property
    def is_drifting(self) -> Truth:
        """Where the deal price isn't what it may be."""
        deal, low, high = self.drifts
        return self.is_drift_known & ((deal < low) | (deal > high))

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
        for sku, is_forced, rate, drift, is_known, is_drifting, time in zip(*columns, strict=True):
            found[sku] = Seen(
                is_forced,
                None if rate[0] == BLANK else (rate[0], rate[1]),
                (drift[0], drift[1], drift[2]) if is_drifting else () if is_known else None,
                None if time == BLANK else _EPOCH + timedelta(microseconds=time),
            )
        return found


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sightings(outcomes: Iterable[Outcome], book: Book) -> Sightings:
    """What a feed says, block by block, as one."""
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
    """What some rows say. The deal price is held against list price, own discount and rate."""
    statuses = inputs.text("discount_status").dictionary_encode()
    codes = statuses.indices.to_numpy()
    texts = list(map(plain, statuses.dictionary.to_pylist()))
    forced = set(map(plain, (book.text("forced.feed_value"), *ALSO_FORCED)))
    normal = set(map(plain, NOT_FORCED))
    is_forced = np.array([text in forced for text in texts], np.bool_)[codes]
    is_plain = np.array([text in normal for text in texts], np.bool_)[codes]
    unknown = pa.array(~is_forced & ~is_plain)
    sku = inputs.sku
    low, high = _column(sku.discounts.forced_rate_min, inputs), _column(
        sku.discounts.forced_rate_max, inputs
    )
    has_rate = is_forced & is_known(low)
    price, deal = _column(sku.list_price, inputs), _number("deal_price", inputs)
    left = MILLION - _column(sku.discounts.limited_rate, inputs)
    # Each step may have settled down or up to a whole minor unit, at any rate of a range.
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
        _number("changed_at", inputs),
    )


def _column(figure: Whole, inputs: Inputs) -> Numbers:
    return np.broadcast_to(np.asarray(figure, np.int64), inputs.rows)


def _number(name: str, inputs: Inputs) -> Numbers:
    return _column(inputs.numbers.get(name, BLANK), inputs)


class Change(NamedTuple):
    """What a look at a feed comes to: what to remember and to report, and where SKUs stand.

    ``rows`` are those of the feed that anything is reported of, by SKU.
    """

    after: Memory
    news: Sequence[News]
    seen: Mapping[str, Seen]
    rows: Mapping[str, int]


def compared(
    before: Memory, now_seen: Sightings, passed_over: Collection[str] | None, now: datetime
) -> Change:
    """What has happened since what is remembered; ``passed_over`` is as ``look`` has it.

    A SKU is passed on to ``look`` unless it is as it was and nothing is open of it, or is new and
    there is nothing to say of it.
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


def _is_as_before(before: Memory, places: Numbers, now: Sightings, rows: Numbers) -> Truth:
    """Where remembered SKUs stand as they did, as far as anybody can tell."""
    def remembered(fact: str, place: int, width: int) -> Numbers:
        blank = (BLANK,) * width
        return before.of_entries(lambda entry: (getattr(entry, fact) or blank)[place])[places]

    is_forced = now.is_forced[rows]
    is_same = is_forced == before.of_entries(lambda entry: entry.is_forced)[places]
    for place, ends in enumerate(now.rates[:, rows]):
        rate = remembered("rate", place, 2)
        is_same &= (ends == rate) | (is_forced & (ends == BLANK))
    drifting, known = now.is_drifting[rows], now.is_drift_known[rows]
    for place, prices in enumerate(now.drifts[:, rows]):
        drift = remembered("drift", place, 3)
        is_same &= ~known | (np.where(drifting, prices, BLANK) == drift)
    return is_same


def figures_of(
    change: Change, outcomes: Sequence[Outcome], values: Values
) -> tuple[dict[str, Figures], list[Outcome]]:
    """The figures of each SKU that is forced now and calls for you, and how they came about."""
    skus = {news.sku for news in change.news if news.state != OVER}
    wanted = sorted(
        (change.rows[sku], sku)
        for sku in skus
        if sku in change.seen and change.seen[sku].is_forced
    )
    rows, names = np.array([row for row, _sku in wanted], np.int64), [sku for _row, sku in wanted]
    question, found, answers, start = figures(values), dict[str, Figures](), list[Outcome](), 0
    for outcome in outcomes:
        among = (rows >= start) & (rows < start + len(outcome))
        own = rows[among] - start
        start += len(outcome)
        if len(own):
            answer = run(question, outcome.cells.chosen(own), _columns_of(outcome), values)
            columns = [_column(answer.results[name], answer.inputs).tolist() for name in FIGURES[:-1]]
            texts = answer.results["details"].to_pylist()
            own_names, names = names[: len(own)], names[len(own) :]
            each = zip(own_names, zip(*columns, strict=True), texts, strict=True)
            found |= {sku: Figures(dict(zip(FIGURES, amounts)), text) for sku, amounts, text in each}
            answers.append(answer)
    return found, answers
