"""The proof that a list price below the protected one fails: one situation to check by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import MILLION, quotient_up
from aepromo.pricing.protect import last_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.pricing.baskets import Situation
    from aepromo.pricing.offers import Discounts, Offers
    from aepromo.pricing.protect import Ending

TRILLION = 10**12
"""One whole, in the unit of a proof's forced rate."""


class Proof(NamedTuple):
    """One outcome that leaves less than required, in whole minor units.

    ``list_price`` × (1 − own discount) settles at ``base_price``, up or down (``is_base_up``), and
    ``base_price`` × (1 − ``forced_rate``) at ``item_price`` (``is_item_up``). Where own and forced
    discount add up there is one step, and the base price is the list price. An order of
    ``subtotal`` loses ``spend_save`` and then ``coupon``; the unit bears its part, item price ÷
    subtotal of it, rounded up, and is left with ``deal_price``.

    ``forced_rate`` is in trillionths, 0 where nothing is forced: most have six places at most, but
    to meet one minor unit of a large price it may take more.
    """

    list_price: int
    is_forced: bool
    forced_rate: int
    is_base_up: bool
    is_item_up: bool
    base_price: int
    item_price: int
    subtotal: int
    spend_save: int
    coupon: int
    deal_price: int
    required: int


def proof(
    protected: int,
    required: int,
    discounts: Discounts,
    offers: Offers,
    endings: tuple[Ending, ...] = (),
) -> Proof | None:
    """Why the next lower allowed price does not protect one SKU; None where there is none lower.

    ``protected`` is its protected list price. None too where the lower one protects after all, as
    it may below a price that is only the smallest from some start on.
    """
    list_price = last_allowed(protected - 1, endings)
    if not isinstance(list_price, int) or list_price < 1:
        return None
    for forced in (True, False):
        situation = offers.situation(forced)
        for found in _outcomes(list_price, forced, discounts, situation):
            if situation.deal_price(found.item_price) < required:
                return _with_order(found, situation, required)
    return None


def worst_outcome(list_price: int, forced: bool, discounts: Discounts, offers: Offers) -> Proof:
    """How a list price settles at the item price that leaves least in a situation, and its order.

    ``required`` is 0: there is no requirement.
    """
    situation = offers.situation(forced)
    outcomes = list(_outcomes(list_price, forced, discounts, situation))
    worst = situation.worst(*discounts.left(forced).item_prices(list_price)).item_price
    found = next((each for each in outcomes if each.item_price == worst), outcomes[0])
    return _with_order(found, situation, required=0)


def _outcomes(
    list_price: int, forced: bool, discounts: Discounts, situation: Situation
) -> Iterator[Proof]:
    """The outcomes of a list price of which one leaves least, without their orders."""
    left = discounts.left(forced)
    own = MILLION - int(discounts.limited_rate)
    exact = list_price * int(left.own)
    worst = situation.worst(*left.item_prices(list_price))
    for is_base_up in (False, True):
        base = int(quotient_up(exact, MILLION)) if is_base_up else exact // MILLION
        none = Proof(list_price, forced, 0, is_base_up, is_base_up, base, base, 0, 0, 0, 0, 0)
        if not forced:
            yield none
            continue
        whole = (own if discounts.add else MILLION) * MILLION
        for rate in _rates(base, whole, discounts, int(worst.item_price)):
            product = base * max(whole - rate, 0)
            for is_item_up in (False, True):
                item_price = -(-product // TRILLION) if is_item_up else product // TRILLION
                yield none._replace(forced_rate=rate, is_item_up=is_item_up, item_price=item_price)


def _rates(base: int, whole: int, discounts: Discounts, item_price: int) -> Iterator[int]:
    """The forced rates that lead from a base price to the ends of its range and to an item price.

    In trillionths, as is ``whole``, what there is to take the rate off. The rate that leads to the
    item price has six places where that is enough.
    """
    highest = int(discounts.forced_rate_max) * MILLION
    lowest = int(discounts.forced_rate_min) * MILLION
    yield highest
    yield lowest
    for unit in (MILLION, 1):
        kept = -(-item_price * TRILLION // (max(base, 1) * unit)) * unit
        rate = whole - kept
        if lowest <= rate <= highest:
            yield rate


def _with_order(found: Proof, situation: Situation, required: int) -> Proof:
    """An outcome with the order in which its item price leaves less than required."""
    item_price = found.item_price
    subtotal = situation.worst_order(item_price)
    spend_save = int(situation.spend_save_taken(subtotal))
    coupon = min(int(situation.coupon_taken(subtotal - spend_save)), subtotal - spend_save)
    share = -(-(spend_save + coupon) * item_price // subtotal) if subtotal else 0
    return found._replace(
        subtotal=subtotal,
        spend_save=spend_save,
        coupon=coupon,
        deal_price=item_price - share,
        required=required,
    )
