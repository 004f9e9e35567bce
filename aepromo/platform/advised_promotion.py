"""The promotion advised during the reverse promotion, checked against floor and target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import CallError
from aepromo.inputs.offer_texts import read_tier
from aepromo.platform.columns import SAFETIES
from aepromo.platform.reason_texts import Clause, formatted, once
from aepromo.pricing.fees import Costs, FeeRates, floor_price, profit, status
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    MILLION,
    divided_up,
    down,
    half_up,
    is_known,
)
from aepromo.pricing.offers import WORST_CASES, Discounts, worst_deal_price
from aepromo.pricing.protect import BOUNDS, Targets, required_deal_price
from aepromo.table.arrow_arrays import bits_of, text_scalar
from aepromo.table.cells import CellError, millionths, percent, read_range
from aepromo.table.csv_lines import spelled
from aepromo.table.number_columns import spread
from aepromo.words import _, label

if TYPE_CHECKING:
    import numpy.typing as npt

    from aepromo.engine.question import Inputs, Results, Sku
    from aepromo.inputs.values import Values
    from aepromo.pricing.money import Whole
    from aepromo.pricing.offers import Offers
    from aepromo.rules.overrides import Book
    from aepromo.table.number_columns import Numbers

PERCENT = MILLION // 100
_SHOWN = 100
"""Millionths in a ten-thousandth, the unit of a shown ratio."""


class Advice:
    """Checks the advised limited-time discount and Spend & Save (rule book: ``reverse.best``).

    A discount is safe when the worst outcome, forced at any rate of the range or not forced, leaves
    a deal price that meets the target and the floor: what ``audit`` calls ok. The store's own
    Spend & Save, where the policy has one, goes before the advised one.
    """

    def __init__(self, values: Values) -> None:
        self.values = values
        self.low, self.high = _range(values.book, "reverse.best.limited_rate")
        tiers = values.policy.spend_save or (values.book.text("reverse.best.spend_save"),)
        self.spend_save = ", ".join(tiers)
        self.offers = values.offers._replace(
            spend_save=tuple(
                read_tier("rules.reverse.best.spend_save", text, values.currency) for text in tiers
            )
        )

    def of(self, inputs: Inputs) -> Results:
        """The deepest safe rate, and the worst deal price and profit of a unit while it runs.

        ``run_limited_rate`` is the deepest advised rate that is safe, else the deepest safe whole
        percent; if none is safe, ``deal_price`` and ``profit`` are those of the current own
        discount without the promotion. Minor units and ten-thousandths; blank without a price or
        costs.
        """
        rows = np.flatnonzero(np.broadcast_to(np.asarray(inputs.priced), inputs.rows))
        found = self._checked(_chosen(inputs.sku, rows, inputs.rows), len(rows))
        return {name: spread(each, rows, inputs.rows) for name, each in found.items()}

    def _checked(self, sku: Sku, rows: int) -> Results:
        """The answer for rows with a price and costs."""
        values = self.values
        # A rate is tried where the row itself may have no own discount.
        sku = sku._replace(discounts=sku.discounts._replace(add=values.discounts_add))
        required, bound = required_deal_price(
            sku.targets, sku.costs, sku.fees, values.floor_multiple
        )
        required = np.broadcast_to(required, rows)
        reach = _reach(sku, required, self.offers)
        advised_run = np.full(rows, BLANK, np.int64)
        is_all_safe = np.full(rows, True)
        for rate in self._advised():
            is_safe = _is_safe(sku, rate, required, reach, self.offers)
            advised_run = np.where(is_safe, rate, advised_run)
            is_all_safe &= is_safe
        deepest = _deepest_safe(sku, required, reach, self.offers)
        is_some_safe = is_known(advised_run)
        run = np.where(is_some_safe, advised_run, deepest)
        deal, worst = (np.array(each) for each in _worst(sku, np.maximum(run, 0), self.offers))
        if len(today := np.flatnonzero(~is_known(run))):
            its = _chosen(sku, today, rows)
            deal[today], worst[today] = _worst(its, its.discounts.limited_rate, values.offers)
        kept = profit(deal, sku.costs, sku.fees)
        floor = floor_price(sku.costs.purchase_price, values.floor_multiple)
        safe, partly, unsafe = map(SAFETIES.index, ("safe", "partly", "unsafe"))
        return {
            "promotion": np.where(is_all_safe, safe, np.where(is_some_safe, partly, unsafe)),
            "max_limited_rate": _shown_rate(deepest),
            "run_limited_rate": _shown_rate(run),
            "deal_price": deal,
            "profit": kept,
            "worst_case": worst,
            "status": status(deal, kept, required, floor),
            "promotion_check": self._check(sku, required, np.broadcast_to(bound, rows)),
        }

    def _advised(self) -> list[int]:
        """The ends of the advised range and the whole percents between, in millionths."""
        whole = range(-(-self.low // PERCENT) * PERCENT, self.high + 1, PERCENT)
        return sorted({self.low, *whole, self.high})

    def _check(self, sku: Sku, required: Numbers, bound: Numbers) -> pa.Array:
        """``at 20% and 30:3 deal price 14.20 (forced), needs 15.60 (target profit): +1.40``."""
        places = self.values.currency.places
        check = _(
            "at {rate} and {spend_save} deal price {deal} ({worst_case}), "
            "needs {required} ({bound}): {gap}"
        )

        def written(deal: Numbers, worst: Numbers, required: Numbers, bound: Numbers) -> pa.Array:
            gap = formatted("+{gap}", gap=_amounts(np.maximum(required - deal, 0), places))
            return formatted(
                check,
                rate=percent(self.high),
                spend_save=self.spend_save,
                deal=_amounts(deal, places),
                worst_case=Clause(worst, [label(name) for name in WORST_CASES]),
                required=_amounts(required, places),
                bound=Clause(bound, [label(name) for name in BOUNDS]),
                gap=pc.if_else(bits_of(deal < required), gap, text_scalar(_("met"))),
            )

        deal, worst = map(np.asarray, _worst(sku, self.high, self.offers))
        return once(written, deal, worst, required, bound)  # SKUs of a product cost the same


def _amounts(minor_units: Numbers, places: int) -> pa.Array:
    """Amounts as text with thousands separators: ``1,250.04``."""
    texts, ungrouped = spelled(minor_units, places), 1000 * 10**places
    while (minor_units >= ungrouped).any():
        texts = pc.replace_substring_regex(texts, r"^(\d+)(\d{3})\b", r"\1,\2")
        ungrouped *= 1000
    return texts


def _reach(sku: Sku, required: Numbers, offers: Offers) -> Numbers:
    """The largest rate at which the item price may be enough, in millionths; negative if none is.

    Every rate up to it is safe unless the offers may leave less of a higher item price.
    """
    discounts, required = sku.discounts, np.minimum(required, AMOUNT_LIMIT)
    forced, spared = (
        np.minimum(offers.situation(forced).least_item_price(required), AMOUNT_LIMIT)
        for forced in (True, False)
    )
    # Both item prices settle at shares of the list price, each step rounded down.
    if discounts.add:
        least_left = divided_up(forced, sku.list_price) + discounts.forced_rate_max
    else:
        base = divided_up(forced, MILLION - discounts.forced_rate_max)
        least_left = divided_up(np.minimum(base, AMOUNT_LIMIT), sku.list_price)
    return MILLION - np.maximum(least_left, divided_up(spared, sku.list_price))


def _is_safe(
    sku: Sku, rate: Whole, required: Numbers, reach: Numbers, offers: Offers
) -> npt.NDArray[np.bool_]:
    """Whether a limited-time rate leaves every outcome what is required."""
    is_within: npt.NDArray[np.bool_] = rate <= reach
    if offers.never_leaves_less:
        return is_within
    return is_within & (_worst(sku, rate, offers)[0] >= required)


def _deepest_safe(sku: Sku, required: Numbers, reach: Numbers, offers: Offers) -> Numbers:
    """The largest safe rate in whole percents, in millionths; blank where not even 0 is safe.

    Rates are tried one by one, for all undecided rows: with an offer on a single unit, a safe rate
    may be above an unsafe one. Only rates at which the item price is enough are tried.
    """
    found = np.full(len(required), BLANK, np.int64)
    undecided = np.flatnonzero(reach >= 0)
    rates = np.minimum(reach[undecided] // PERCENT * PERCENT, 99 * PERCENT)
    while len(undecided):
        chosen = _chosen(sku, undecided, len(found))
        is_safe = _is_safe(chosen, rates, required[undecided], reach[undecided], offers)
        found[undecided[is_safe]] = rates[is_safe]
        goes_on = ~is_safe & (rates > 0)
        undecided, rates = undecided[goes_on], rates[goes_on] - PERCENT
    return found


def _chosen(sku: Sku, rows: Numbers, count: int) -> Sku:
    """Some of ``count`` rows."""

    def of(column: Whole) -> Numbers:
        return np.broadcast_to(np.asarray(column, np.int64), count)[rows]

    return sku._replace(
        list_price=of(sku.list_price),
        costs=Costs(*map(of, sku.costs)),
        fees=FeeRates(*map(of, sku.fees)),
        discounts=Discounts(
            of(sku.discounts.limited_rate),
            of(sku.discounts.forced_rate_min),
            of(sku.discounts.forced_rate_max),
            sku.discounts.add,
        ),
        targets=Targets(*map(of, sku.targets)),
        units_30d=of(sku.units_30d),
    )


def _worst(sku: Sku, limited_rate: Whole, offers: Offers) -> tuple[Whole, Whole]:
    """The lowest deal price at a limited-time rate in millionths, and which situation it is."""
    discounts = sku.discounts._replace(limited_rate=limited_rate)
    return worst_deal_price(sku.list_price, discounts, offers)


def _shown_rate(rate: Numbers) -> Numbers:
    return np.where(is_known(rate), rate // _SHOWN, BLANK)


def bid_factor(book: Book) -> int:
    """How far to raise a bid, in millionths (rule book: ``reverse.bid_factor``).

    Raises ``CallError`` for an invalid factor.
    """
    try:
        return millionths(book.text("reverse.bid_factor"))
    except CellError as error:
        raise CallError(f"rules.reverse.bid_factor: {error}") from None


def bids(inputs: Inputs, kept: Whole, factor: int) -> Results:
    """The next cost-per-click bid, and the highest that pays; minor units.

    Next: the bid × ``factor``, half up. Highest: profit of a unit × orders per click, rounded down;
    0 at a loss.
    """
    bid, conversion = inputs.number("cpc_bid"), inputs.number("conversion_rate")
    known = is_known(kept) & is_known(conversion)
    return {
        "next_bid": np.where(is_known(bid), half_up(bid, factor), BLANK),
        "max_bid": np.where(known, down(np.maximum(kept, 0), conversion), BLANK),
    }


def share_of(book: Book, key: str) -> int:
    """A share of the rule book in millionths. Raises ``CallError`` for an invalid value."""
    return _range(book, key)[0]


def _range(book: Book, key: str) -> tuple[int, int]:
    try:
        ends = read_range(book.text(key))
    except CellError as error:
        raise CallError(f"rules.{key}: {error}") from None
    if ends is None:
        raise CallError(f"rules.{key}: " + _("is blank; write 15%..20%"))
    return ends
