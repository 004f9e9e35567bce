"""What comes off a list price, in the order in which the platform takes it.

List price → own limited-time discount → forced discount → item price → Spend & Save → store
coupon → deal price. The first two are rates on the item, the last two are offers on the order.
Each step settles to a whole minor unit before the next one starts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import MILLION, divided_down, half_up, least, most, pick

if TYPE_CHECKING:
    from aepromo.pricing.money import Whole


class Discounts(NamedTuple):
    """The rates that come off the item, in millionths: the seller's own and the forced range."""

    limited_rate: Whole
    forced_rate_min: Whole
    forced_rate_max: Whole


class Tier(NamedTuple):
    """``off`` minor units off an order that reaches ``threshold`` minor units."""

    threshold: int
    off: int


class Offers(NamedTuple):
    """The order offers of the store: Spend & Save tiers and coupons.

    ``coupon_stacks``: «Exclude Forced Discount Items» is off, so a forced item takes a coupon too
    (rule book: ``coupon.exclude_forced_default``). ``single``: the order is one unit; otherwise the
    buyer may add whatever else, and the unit bears its share.
    """

    spend_save: tuple[Tier, ...] = ()
    coupons: tuple[Tier, ...] = ()
    coupon_stacks: bool = False
    single: bool = False

    @property
    def not_forced(self) -> Situation:
        """No forced discount: coupons apply."""
        return _situation(self.spend_save, self.coupons, self.single)

    @property
    def forced(self) -> Situation:
        """A forced discount: coupons apply only where they stack."""
        coupons = self.coupons if self.coupon_stacks else ()
        return _situation(self.spend_save, coupons, self.single)


class Situation(NamedTuple):
    """What order offers take off a unit: a stair of (subtotal reached, amount off)."""

    steps: tuple[Tier, ...]
    single: bool

    def deal_price(self, item_price: Whole) -> Whole:
        """What the buyer pays for a unit of ``item_price``; never under 0.

        In a basket of anything the unit's share of the order's offers is off(B) × p ÷ B for a
        subtotal B ≥ p. On a step of the stair that ratio falls as B rises, so only B = p and the
        starts of higher steps can be the worst.
        """
        share: Whole = 0
        for step in self.steps:
            share = pick(item_price >= step.threshold, step.off, share)
        if not self.single:
            for step in self.steps:
                if step.threshold:
                    spread = (step.off * item_price + step.threshold - 1) // step.threshold
                    share = pick(item_price < step.threshold, most(share, spread), share)
        return most(item_price - share, 0)

    def lowest_deal_price(self, cheapest: Whole, dearest: Whole) -> Whole:
        """The lowest deal price for an item price anywhere from ``cheapest`` to ``dearest``.

        A deal price rises with the item price, but where a step of the stair begins it may fall.
        """
        lowest = self.deal_price(cheapest)
        for step in self.steps:
            between = (cheapest < step.threshold) & (step.threshold <= dearest)
            lowest = pick(between, least(lowest, self.deal_price(step.threshold)), lowest)
        return lowest


def base_price(list_price: Whole, limited_rate: Whole) -> Whole:
    """The price after the seller's own limited-time discount, as the platform shows it."""
    return half_up(list_price, MILLION - limited_rate)


def item_price(base: Whole, forced_rate: Whole) -> Whole:
    """The price after the forced discount, as the platform shows it."""
    return half_up(base, MILLION - forced_rate)


def observed_rate(base: Whole, item_price: Whole) -> Whole:
    """The forced rate that makes an item price out of a base price, in millionths, rounded up.

    1 − item price ÷ base price. Both are minor units, the base price above 0. Upwards, because a
    list price that bears the higher rate bears the lower one too.
    """
    return MILLION - divided_down(item_price, base)


def deal_price(list_price: Whole, limited_rate: Whole, forced_rate: Whole, offers: Offers) -> Whole:
    """What is left of a list price under one forced rate."""
    return offers.forced.deal_price(item_price(base_price(list_price, limited_rate), forced_rate))


def spared_and_cut(list_price: Whole, discounts: Discounts, offers: Offers) -> tuple[Whole, Whole]:
    """The deal price when nothing is forced, and the lowest at any forced rate of the range.

    The ends of the range settle half up, and the item price may be any in between.
    """
    base = base_price(list_price, discounts.limited_rate)
    dearest = item_price(base, discounts.forced_rate_min)
    cheapest = item_price(base, discounts.forced_rate_max)
    return offers.not_forced.deal_price(base), offers.forced.lowest_deal_price(cheapest, dearest)


def worst_deal_price(
    list_price: Whole, discounts: Discounts, offers: Offers
) -> tuple[Whole, Whole]:
    """The lowest deal price, forced at any rate of the range or not forced, and which it is.

    The second figure is an index into ``WORST_CASES``; a tie is the forced one's.
    """
    not_forced, forced = spared_and_cut(list_price, discounts, offers)
    spared_is_worse = not_forced < forced
    return pick(spared_is_worse, not_forced, forced), pick(spared_is_worse, 1, 0)


WORST_CASES = ("forced", "not_forced")


@cache  # a ruling asks row by row
def _situation(spend_save: tuple[Tier, ...], coupons: tuple[Tier, ...], single: bool) -> Situation:
    return Situation(_steps(spend_save, coupons), single)


def _steps(spend_save: tuple[Tier, ...], coupons: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """The stair of what both kinds of offer take together, lowest subtotal first.

    A coupon is tested on what Spend & Save leaves, so it comes in reach at its own threshold plus
    what a tier has taken: every such sum may start a step.
    """
    taken_before = {0} | {tier.off for tier in spend_save}
    starts = {tier.threshold for tier in spend_save}
    starts |= {coupon.threshold + taken for coupon in coupons for taken in taken_before}
    steps: list[Tier] = []
    for start in sorted(starts):
        tier = best_reached(start, spend_save).off
        off = tier + best_reached(start - tier, coupons).off
        if off != (steps[-1].off if steps else 0):
            steps.append(Tier(start, off))
    return tuple(steps)


def best_reached(subtotal: int, tiers: tuple[Tier, ...]) -> Tier:
    """The tier or coupon that takes most among those in reach; one that takes nothing if none."""
    reached = (tier for tier in tiers if tier.threshold <= subtotal)
    return max(reached, key=lambda tier: tier.off, default=Tier(0, 0))
