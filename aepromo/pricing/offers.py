"""The discounts and offers on a list price, in the order in which the platform applies them.

List price → own limited-time discount → forced discount → item price → Spend & Save → store
coupon → deal price. The first two are rates on the item, the last two are offers on the order
(``baskets`` computes the share that a unit bears). Each step settles to a whole minor unit before
the next one starts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from aepromo.pricing.baskets import situation
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    MILLION,
    divided_down,
    divided_up,
    down,
    half_up,
    least,
    most,
    pick,
    quotient_up,
    share_up,
    up,
)

if TYPE_CHECKING:
    from aepromo.pricing.baskets import Situation
    from aepromo.pricing.money import Whole

STACKINGS = ("multiply", "add")
"""How own and forced discount combine (rule book: ``stacking.own_and_forced``)."""


Basket: TypeAlias = Literal["any", "single", "same"]
BASKETS: tuple[Basket, ...] = ("any", "single", "same")
"""The contents of an order: the unit and anything else, the unit alone, or any number of it."""


class Tier(NamedTuple):
    """``off`` minor units off an order that reaches ``threshold`` minor units.

    Where it ``repeats`` they are taken for each full ``threshold`` in the order. ``off`` is under
    ``threshold``.
    """

    threshold: int
    off: int
    repeats: bool = False

    def taken(self, subtotal: Whole) -> Whole:
        """The amount that the tier takes off an order, in minor units; 0 under its threshold."""
        if self.repeats:
            return subtotal // self.threshold * self.off
        return pick(subtotal >= self.threshold, self.off, 0)


class Coupon(NamedTuple):
    """``off`` minor units, or a share of what Spend & Save leaves if that reaches ``threshold``.

    ``share`` is in millionths, under a whole; what it takes is rounded up to a minor unit, and at
    most ``cap``, blank where there is none. A coupon takes either an amount or a share.
    """

    threshold: int
    off: int = 0
    share: int = 0
    cap: int = BLANK

    def taken(self, left: Whole) -> Whole:
        """The amount of the coupon after Spend & Save, in minor units; 0 under its threshold.

        It may be more than is left.
        """
        amount: Whole = self.off
        if self.share:
            amount = share_up(left, self.share)
            amount = amount if self.is_endless else least(amount, self.cap)
        return pick(left >= self.threshold, amount, 0)

    @property
    def is_endless(self) -> bool:
        """Whether its amount grows with the order: a share without a cap."""
        return self.share > 0 and self.cap == BLANK

    @property
    def most(self) -> int:
        """The most that it takes off any order, if there is a limit."""
        return self.cap if self.share else self.off

    def enough(self, target: Whole) -> Whole:
        """The least that Spend & Save must leave so that ``target`` is left after the coupon."""
        if not self.share:
            return target + self.off
        kept = MILLION - self.share
        by_share = target // kept * MILLION + quotient_up(target % kept * MILLION, kept)
        return by_share if self.is_endless else least(by_share, target + self.cap)


class RemainingShares(NamedTuple):
    """The shares of a list price that remain after discounts, in millionths.

    The share ``own`` of the list price is settled to a whole minor unit; of that, a share between
    ``forced_least`` and ``forced_most`` remains.
    """

    own: Whole
    forced_least: Whole
    forced_most: Whole

    def item_prices(self, list_price: Whole) -> tuple[Whole, Whole]:
        """The lowest and the highest item price, as each of the two steps rounds down or up."""
        lowest = down(down(list_price, self.own), self.forced_least)
        return lowest, up(up(list_price, self.own), self.forced_most)

    def list_price_for(self, item_price: Whole) -> Whole:
        """The smallest list price that settles at no less than an item price.

        It is ``AMOUNT_LIMIT`` or more where there is none under that.
        """
        base = _divided_up(item_price, self.forced_least)
        return _divided_up(base, self.own)

    def first_list_price(self, item_price: int) -> int:
        """The smallest list price that may settle at an item price of 1 or more.

        It is over ``AMOUNT_LIMIT`` where there is none under that.
        """
        if not self.forced_most:
            return AMOUNT_LIMIT + 1
        base = divided_down(item_price - 1, self.forced_most)
        return int(divided_down(least(base, AMOUNT_LIMIT), self.own)) + 1


class Discounts(NamedTuple):
    """The rates that come off the item, in millionths: the seller's own and the forced range.

    ``add``: own and forced discount add up (15 % and 20 % leave 0.65 of the price) instead of
    following one another (0.68).
    """

    limited_rate: Whole
    forced_rate_min: Whole
    forced_rate_max: Whole
    add: bool = False

    def left(self, forced: bool) -> RemainingShares:
        """The shares of a list price that remain, forced at any rate of the range or not forced."""
        own = MILLION - self.limited_rate
        if not forced:
            return RemainingShares(own, MILLION, MILLION)
        if self.add:
            deepest, mildest = own - self.forced_rate_max, own - self.forced_rate_min
            return RemainingShares(MILLION, most(deepest, 0), most(mildest, 0))
        return RemainingShares(own, MILLION - self.forced_rate_max, MILLION - self.forced_rate_min)


class Offers(NamedTuple):
    """The order offers of the store: Spend & Save tiers and coupons.

    ``coupon_stacks``: «Exclude Forced Discount Items» is off, so a forced item takes a coupon too
    (rule book: ``coupon.exclude_forced_default``). ``basket`` is what the order may hold beside the
    unit. At most one Spend & Save may repeat.
    """

    spend_save: tuple[Tier, ...] = ()
    coupons: tuple[Coupon, ...] = ()
    coupon_stacks: bool = False
    basket: Basket = "any"

    @property
    def not_forced(self) -> Situation:
        """No forced discount: coupons apply."""
        return _situation(self.spend_save, self.coupons, self.basket)

    @property
    def forced(self) -> Situation:
        """A forced discount: coupons apply only where they stack."""
        coupons = self.coupons if self.coupon_stacks else ()
        return _situation(self.spend_save, coupons, self.basket)

    @property
    def never_leaves_less(self) -> bool:
        """Whether a unit at a higher item price is never left with less."""
        return self.basket == "any" or not (self.spend_save or self.coupons)

    def situation(self, forced: bool) -> Situation:
        """The offers that apply to a unit, with a forced discount or without, and its basket."""
        return self.forced if forced else self.not_forced


def base_price(list_price: Whole, limited_rate: Whole) -> Whole:
    """The price after the seller's own limited-time discount, as the platform shows it."""
    return half_up(list_price, MILLION - limited_rate)


def item_price(base: Whole, forced_rate: Whole) -> Whole:
    """The price after the forced discount, as the platform shows it."""
    return half_up(base, MILLION - forced_rate)


def shown_item_price(
    list_price: Whole, limited_rate: Whole, forced_rate: Whole, add: bool = False
) -> Whole:
    """The price after own and forced discount, as the platform shows it.

    ``add``: the two add up, as in ``Discounts``; together they never take more than the price.
    """
    if add:
        return half_up(list_price, most(MILLION - limited_rate - forced_rate, 0))
    return item_price(base_price(list_price, limited_rate), forced_rate)


def observed_rate(base: Whole, item_price: Whole) -> Whole:
    """The forced rate that makes an item price out of a base price, in millionths, rounded up.

    1 − item price ÷ base price. Both are minor units, the base price above 0. Rounded up, because a
    list price that protects at the higher rate protects at the lower one, too.
    """
    return MILLION - divided_down(item_price, base)


def deal_price(
    list_price: Whole, limited_rate: Whole, forced_rate: Whole, offers: Offers, add: bool = False
) -> Whole:
    """The deal price of a list price at one forced rate, in minor units.

    Each step of the discounts is rounded half up.
    """
    return offers.forced.deal_price(shown_item_price(list_price, limited_rate, forced_rate, add))


def spared_and_cut(list_price: Whole, discounts: Discounts, offers: Offers) -> tuple[Whole, Whole]:
    """The lowest deal price when nothing is forced, and the lowest at any forced rate of the range.

    The item price may settle at any whole minor unit between the exact product rounded down at each
    step and rounded up at each step: nobody knows how the platform rounds.
    """
    spared = offers.not_forced.lowest_deal_price(
        *discounts.left(forced=False).item_prices(list_price)
    )
    cut = offers.forced.lowest_deal_price(*discounts.left(forced=True).item_prices(list_price))
    return spared, cut


def worst_deal_price(
    list_price: Whole, discounts: Discounts, offers: Offers
) -> tuple[Whole, Whole]:
    """The lowest deal price over every outcome, and in which situation it is.

    An outcome is forced at any rate of the range or not forced, with any rounding of the item
    price: the same that a protected list price must survive. The second figure is an index into
    ``WORST_CASES``; a tie is the forced one's.
    """
    if not (offers.spend_save or offers.coupons):
        # The two differ only in the discount, which can only take off.
        deal, _ = discounts.left(forced=True).item_prices(list_price)
        return deal, pick(deal < 0, 1, 0)
    not_forced, forced = spared_and_cut(list_price, discounts, offers)
    spared_is_worse = not_forced < forced
    return pick(spared_is_worse, not_forced, forced), pick(spared_is_worse, 1, 0)


WORST_CASES = ("forced", "not_forced")


def _divided_up(amount: Whole, rate: Whole) -> Whole:
    """``divided_up`` for a rate that may be 0: then no amount is large enough."""
    divided = divided_up(least(amount, AMOUNT_LIMIT), most(rate, 1))
    return pick(rate > 0, divided, AMOUNT_LIMIT)


@cache  # a ruling asks row by row
def _situation(
    spend_save: tuple[Tier, ...], coupons: tuple[Coupon, ...], basket: Basket
) -> Situation:
    return situation(spend_save, coupons, basket)


def best_reached(subtotal: int, offers: tuple[Tier, ...] | tuple[Coupon, ...]) -> Tier | Coupon:
    """The tier or coupon that takes most of a subtotal; one that takes nothing if none does."""
    return max(offers, key=lambda offer: offer.taken(subtotal), default=Tier(0, 0))
