"""The promotion that is advised beside the reverse promotion, checked against floor and target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.inputs.offer_texts import read_offer
from aepromo.platform.columns import SAFETIES
from aepromo.pricing.fees import floor_price, profit, status
from aepromo.pricing.money import MILLION, down, half_up
from aepromo.pricing.offers import WORST_CASES, Tier, base_price, worst_deal_price
from aepromo.pricing.protect import BOUNDS, required_deal_price
from aepromo.table.cells import CellError, grouped, millionths, percent, read_range
from aepromo.words import _, label

if TYPE_CHECKING:
    from aepromo.engine.question import Sku
    from aepromo.platform.row_pricing import RowPricing
    from aepromo.platform.ruling import Row
    from aepromo.pricing.offers import Offers
    from aepromo.rules.overrides import Book

PERCENT = MILLION // 100
_SHOWN = 100
"""Millionths in a ten-thousandth, the unit of a shown ratio."""


class Advice:
    """Checks the advised limited-time discount and Spend & Save (rule book: ``reverse.best``).

    A discount is safe when the worst outcome, forced at any rate of the range or not forced, leaves
    a deal price that meets the target and the floor: what ``audit`` calls ok. The store's own
    Spend & Save, where the policy has one, goes before the advised one.
    """

    def __init__(self, pricing: RowPricing) -> None:
        self.pricing = pricing
        book, currency = pricing.terms.book, pricing.terms.currency
        self.low, self.high = _range(book, "reverse.best.limited_rate")
        tiers = pricing.policy.spend_save or (book.text("reverse.best.spend_save"),)
        self.spend_save = ", ".join(tiers)
        self.offers = pricing.terms.offers._replace(
            spend_save=tuple(
                Tier(*read_offer("rules.reverse.best.spend_save", text, currency))
                for text in tiers
            ),
        )

    def of(self, row: Row) -> dict[str, int | str | None]:
        """What is safe to run, and what a unit leaves in the worst case while it runs.

        ``run_limited_rate`` is the deepest advised rate that is safe, else the deepest safe whole
        percent; where none is safe, ``deal_price`` and ``profit`` are those of today's own discount
        without the promotion. Minor units and ten-thousandths; blank without a price or costs.
        """
        sku = self.pricing.sku(row)
        if sku is None:
            return {"profit": None}
        required, bound = _required(sku, self.pricing)
        advised = self._advised()
        safe = [rate for rate in advised if _worst(sku, rate, self.offers)[0] >= required]
        deepest = self._deepest_safe(sku, required)
        run = safe[-1] if safe else deepest
        offers = self.pricing.terms.offers if run is None else self.offers
        deal, worst = _worst(sku, int(sku.discounts.limited_rate) if run is None else run, offers)
        kept = int(profit(deal, sku.costs, sku.fees))
        floor = floor_price(sku.costs.purchase_price, self.pricing.terms.floor_multiple)
        safety = "safe" if safe == advised else "partly" if safe else "unsafe"
        return {
            "promotion": SAFETIES.index(safety),
            "promotion_check": self._check(sku, required, BOUNDS[bound]),
            "max_limited_rate": None if deepest is None else deepest // _SHOWN,
            "run_limited_rate": None if run is None else run // _SHOWN,
            "deal_price": deal,
            "profit": kept,
            "worst_case": worst,
            "status": int(status(deal, kept, required, floor)),
        }

    def _advised(self) -> list[int]:
        """The ends of the advised range and the whole percents between, in millionths."""
        whole = range(-(-self.low // PERCENT) * PERCENT, self.high + 1, PERCENT)
        return sorted({self.low, *whole, self.high})

    def _deepest_safe(self, sku: Sku, required: int) -> int | None:
        """The largest safe rate in whole percents, in millionths; None where not even 0 is safe.

        Tried one by one: with an offer on a single unit, a safe rate may lie above an unsafe one.
        """
        for rate in range(99 * PERCENT, -1, -PERCENT):
            within_reach = base_price(sku.list_price, rate) >= required
            if within_reach and _worst(sku, rate, self.offers)[0] >= required:
                return rate
        return None

    def _check(self, sku: Sku, required: int, bound: str) -> str:
        """``at 20% and 30:3 deal price 14.20 (forced), needs 15.60 (target profit): +1.40``."""
        deal, worst = _worst(sku, self.high, self.offers)
        places = self.pricing.terms.currency.places
        check = _(
            "at {rate} and {spend_save} deal price {deal} ({worst_case}), "
            "needs {required} ({bound}): {gap}"
        )
        return check.format(
            rate=percent(self.high),
            spend_save=self.spend_save,
            deal=grouped(deal, places),
            worst_case=label(WORST_CASES[worst]),
            required=grouped(required, places),
            bound=label(bound),
            gap="+" + grouped(required - deal, places) if deal < required else _("met"),
        )


def bids(row: Row, kept: int | str | None, book: Book) -> dict[str, int | str | None]:
    """The next cost-per-click bid, and the highest that is carried; minor units.

    Next: the bid × ``reverse.bid_factor``, half up. Highest: what a unit leaves × conversion, as
    so many clicks bring an order, rounded down; 0 at a loss.
    """
    bid, conversion = row.get("cpc_bid"), row.get("conversion_rate")
    try:
        factor = millionths(book.text("reverse.bid_factor"))
    except CellError as error:
        raise CallError(f"rules.reverse.bid_factor: {error}") from None
    carried = None
    if isinstance(kept, int) and isinstance(conversion, int):
        carried = int(down(max(kept, 0), conversion))
    return {
        "next_bid": int(half_up(bid, factor)) if isinstance(bid, int) else None,
        "max_bid": carried,
    }


def share_of(book: Book, key: str) -> int:
    """A share of the rule book in millionths. Raises ``CallError`` where somebody garbled it."""
    return _range(book, key)[0]


def _range(book: Book, key: str) -> tuple[int, int]:
    try:
        ends = read_range(book.text(key))
    except CellError as error:
        raise CallError(f"rules.{key}: {error}") from None
    if ends is None:
        raise CallError(f"rules.{key}: " + _("is blank; write 15%..20%"))
    return ends


def _required(sku: Sku, pricing: RowPricing) -> tuple[int, int]:
    required, bound = required_deal_price(
        sku.targets, sku.costs, sku.fees, pricing.terms.floor_multiple
    )
    return int(required), int(bound)


def _worst(sku: Sku, limited_rate: int, offers: Offers) -> tuple[int, int]:
    """The lowest deal price at a limited-time rate in millionths, and which situation it is."""
    discounts = sku.discounts._replace(limited_rate=limited_rate)
    deal, worst = worst_deal_price(sku.list_price, discounts, offers)
    return int(deal), int(worst)
