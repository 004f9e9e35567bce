"""The steps from one SKU's list price to its profit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.pricing.money import BLANK, MILLION, half_up
from aepromo.pricing.offers import Coupon, Tier, best_reached
from aepromo.words import N_

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aepromo.engine.question import Sku
    from aepromo.explain.explanation import Origin
    from aepromo.pricing.offers import Offers
    from aepromo.pricing.proof import Proof


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the waterfall, in minor units: its base, and what it leaves.

    ``rate`` is in millionths, blank where an amount is taken as it is; ``rounding`` names the
    direction where the step rounds. An offer's step names the ``offer`` and the order's
    ``subtotal`` at which it takes most off this unit; an offer that takes nothing has the
    ``reason`` and, if that is a threshold, the ``subtotal`` that doesn't reach it. A cost that was
    converted, or that a tariff gave, has its ``origin``. ``is_total``: nothing is taken; the step
    names what is left so far.
    """

    name: str
    base: int
    rate: int
    rounding: str
    change: int
    left: int
    offer: Tier | Coupon | None = None
    subtotal: int = BLANK
    reason: str = ""
    origin: Origin | None = None
    is_total: bool = False


NOT_REACHED, EXCLUDED = "not_reached", "excluded_while_forced"
"""Why an offer takes nothing."""


def waterfall(
    sku: Sku, offers: Offers, origins: Mapping[str, Origin], outcome: Proof
) -> tuple[Step, ...]:
    """Every step of one SKU in one situation: list price, deal price, profit and all between.

    ``origins`` are those of costs, by column. Where the purchase price is blank the steps end at
    the deal price.
    """
    steps = [*_item_steps(sku, outcome)]
    steps += _offer_steps(offers, outcome.item_price, outcome.is_forced)
    if sku.costs.purchase_price == BLANK:
        return tuple(steps)
    return (*steps, *_cost_steps(sku, origins, steps[-1].left))


def _item_steps(sku: Sku, outcome: Proof) -> Iterator[Step]:
    list_price, base, price = outcome.list_price, outcome.base_price, outcome.item_price
    own_rate = int(sku.discounts.limited_rate)
    if sku.discounts.add:  # both are taken off the list price, and then it is rounded once
        base = int(half_up(list_price, MILLION - own_rate))
    yield _total(N_("list price"), list_price, list_price)
    if own_rate:
        rounding = _rounding(list_price, own_rate, outcome.is_base_up)
        yield Step(N_("own discount"), list_price, own_rate, rounding, base - list_price, base)
    if outcome.is_forced:
        of, rate = (list_price if sku.discounts.add else base), outcome.forced_rate // MILLION
        rounding = _rounding(of, rate, outcome.is_item_up)
        yield Step(N_("forced discount"), of, rate, rounding, price - base, price)


def _rounding(amount: int, rate: int, is_up: bool) -> str:
    """The direction of rounding after a rate; empty where nothing is rounded."""
    if amount * rate % MILLION == 0:
        return ""
    return N_("up") if is_up else N_("down")


def _offer_steps(offers: Offers, price: int, forced: bool) -> Iterator[Step]:
    """The steps of the order offers on a unit, at the subtotal that is worst for it."""
    situation = offers.forced if forced else offers.not_forced
    left = int(situation.deal_price(price))
    coupons = situation.coupons
    subtotal = situation.worst_order(price)
    tier = best_reached(subtotal, offers.spend_save)
    tier_off = int(tier.taken(subtotal))
    coupon = best_reached(subtotal - tier_off, coupons)
    share = price - left
    tier_share = min(_share(tier_off, price, subtotal), share)
    rounding = "" if subtotal == price else N_("share up")
    tested = subtotal - tier_off if coupons else BLANK
    for name, offer, taken, before, given, asked_of in (
        (N_("Spend & Save"), tier, tier_share, price, offers.spend_save, subtotal),
        (
            N_("store coupon"),
            coupon,
            share - tier_share,
            price - tier_share,
            offers.coupons,
            tested,
        ),
    ):
        if taken:
            yield Step(name, before, BLANK, rounding, -taken, before - taken, offer, subtotal)
        else:
            yield from _untaken(name, before, given, asked_of)
    yield _total(N_("deal price"), left, left)


def _untaken(
    name: str, left: int, given: tuple[Tier, ...] | tuple[Coupon, ...], subtotal: int
) -> Iterator[Step]:
    """The offers of a kind that take nothing, because of the subtotal or in general."""
    reason = EXCLUDED if subtotal == BLANK else NOT_REACHED
    for offer in given:
        yield Step(name, left, BLANK, "", 0, left, offer, subtotal, reason)


def _share(off: int, price: int, subtotal: int) -> int:
    """The unit's part of what is taken off an order, rounded up."""
    return -(-off * price // subtotal) if subtotal else 0


def _total(name: str, base: int, left: int) -> Step:
    return Step(name, base, BLANK, "", 0, left, is_total=True)


def _cost_steps(sku: Sku, origins: Mapping[str, Origin], deal: int) -> Iterator[Step]:
    left = deal
    for name, rate, amount in (
        (N_("commission"), int(sku.fees.commission_rate), int(sku.fees.commission(deal))),
        (N_("payment fee"), int(sku.fees.payment_rate), int(sku.fees.payment_fee(deal))),
        (N_("other fee"), int(sku.fees.other_rate), int(sku.fees.other_fee(deal))),
    ):
        if not rate and name == "other fee":
            continue
        left -= amount
        yield Step(name, deal, rate, N_("half up"), -amount, left)
    for name, column, amount in (
        (N_("purchase price"), "purchase_price", int(sku.costs.purchase_price)),
        (N_("logistics cost"), "logistics_cost", int(sku.costs.logistics_cost)),
        (N_("other cost"), "other_cost", int(sku.costs.other_cost)),
    ):
        if amount:
            origin = origins.get(column)
            rounding = N_("up") if origin and origin.rate else ""
            yield Step(name, left, BLANK, rounding, -amount, left - amount, origin=origin)
            left -= amount
    yield _total(N_("profit"), deal, left)
