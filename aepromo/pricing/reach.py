"""The limits of a list price: the forced rate, exchange rate and own discount it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    FX_LIMIT,
    MILLION,
    TEN_THOUSAND,
    any_of,
    divided_up,
    least,
    most,
    negated,
    pick,
    quotient_up,
)
from aepromo.pricing.offers import Discounts, worst_deal_price
from aepromo.pricing.protect import HIGHEST_DEAL, most_costs, most_purchase_price
from aepromo.pricing.stepping import stepped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from aepromo.pricing.baskets import Situation
    from aepromo.pricing.fees import Costs, FeeRates
    from aepromo.pricing.money import Truth, Whole
    from aepromo.pricing.offers import Offers
    from aepromo.pricing.protect import Targets
    from aepromo.pricing.stepping import Values

_SHOWN = MILLION // TEN_THOUSAND
"""Millionths in the unit of a shown ratio."""

PERCENT = MILLION // 100
_PERCENT_SHOWN = TEN_THOUSAND // 100


def protects(list_price: Whole, required: Whole, discounts: Discounts, offers: Offers) -> Truth:
    """Whether every outcome of a list price leaves at least ``required``."""
    return worst_deal_price(list_price, discounts, offers)[0] >= required


# --- forced rates ---------------------------------------------------------------------------------


def holds_to_rate(
    list_price: Whole, required: Whole, discounts: Discounts, offers: Offers
) -> Whole:
    """The highest forced rate up to which a list price protects, from 0 on, as well as not forced.

    In ten-thousandths, rounded down; blank where the price does not protect without a forced
    discount. The forced range of ``discounts`` does not matter.
    """
    unforced = Discounts(discounts.limited_rate, 0, 0, discounts.add)
    holds = protects(list_price, required, unforced, offers)
    left = unforced.left(forced=True)
    lowest, highest = left.item_prices(list_price)
    price = most(_safe_from(offers.forced, required, highest), 1)
    if discounts.add:
        whole, base = left.forced_least, list_price
    else:
        whole, base = MILLION, lowest
    # down(base × (whole − rate)) must not be under the price.
    rate = whole - divided_up(price, most(base, 1))
    return pick(holds, most(rate, 0) // _SHOWN, BLANK)


def _safe_from(situation: Situation, required: Whole, dearest: Whole) -> Whole:
    """The lowest item price from which on, up to ``dearest``, all leave at least ``required``.

    Above ``dearest`` where none does.
    """

    def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
        (price,), (required, dearest) = answers, state
        worst = situation.worst(price, dearest)
        is_short = worst.deal_price < required
        price = pick(is_short, situation.next_item_price(required, worst), price)
        return (price,), state, is_short & (price <= dearest)

    price = situation.least_item_price(required)
    if not (situation.spend_save or situation.coupons):
        return price
    return stepped(price <= dearest, (price,), (required, dearest), step)[0]


# --- own discounts --------------------------------------------------------------------------------


def max_limited_rate(
    list_price: Whole,
    required: Whole,
    discounts: Discounts,
    offers: Offers,
    product: Whole | None = None,
) -> Whole:
    """The deepest own discount in whole percents at which every SKU of a product still protects.

    In ten-thousandths; 0 where none does but the price alone, blank where that does not either.
    ``product`` numbers the product of each row of a column; without it each SKU is alone.
    The platform takes whole percents, one for a product. Percents are tried from the deepest that
    an order without offers bears: with a tier a safe one may lie above an unsafe one.
    """
    percent = _most_percent(list_price, required, discounts, offers)
    state = (list_price, required, discounts.forced_rate_min, discounts.forced_rate_max)
    if product is None or isinstance(product, int):

        def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
            (percent,) = answers
            lower = negated(_protects_at(percent, state, discounts.add, offers))
            percent = pick(lower, percent - 1, percent)
            return (percent,), state, lower & (percent >= 0)

        (percent,) = stepped(percent >= 0, (percent,), state, step)
    else:
        percent = _together(percent, state, discounts.add, offers, product)
    return pick(percent >= 0, percent * _PERCENT_SHOWN, BLANK)


def _protects_at(percent: Whole, state: Values, add: bool, offers: Offers) -> Truth:
    """Whether a list price protects at an own discount in percent.

    ``state`` is list price, required deal price, and the ends of the forced range.
    """
    list_price, required, lowest, highest = state
    rates = Discounts(percent * PERCENT, lowest, highest, add)
    return protects(list_price, required, rates, offers)


def _together(
    percent: Whole, state: Values, add: bool, offers: Offers, product: npt.NDArray[np.int64]
) -> Whole:
    """The deepest percent at which every row of a product protects; -1 where none does."""
    library = product.__array_namespace__()
    columns = [library.broadcast_to(library.asarray(each), product.shape) for each in state]
    deepest = library.full(int(product.max(initial=-1)) + 1, 99)
    library.minimum.at(deepest, product, percent)
    rows = library.nonzero(deepest[product] >= 0)[0]
    while rows.size:
        products = product[rows]
        tried = deepest[products]
        holds = _protects_at(tried, tuple(each[rows] for each in columns), add, offers)
        fails = library.zeros(deepest.size, bool)
        fails[products[negated(holds)]] = True
        deepest = deepest - fails
        rows = rows[fails[products] & (tried > 0)]
    together: Whole = deepest[product]
    return together


def _most_percent(
    list_price: Whole, required: Whole, discounts: Discounts, offers: Offers
) -> Whole:
    """The deepest own discount in whole percents that leaves the item price high enough at all.

    -1 where no discount is small enough. Offers may require a smaller one.
    """
    least_left: Whole = PERCENT
    for forced in (True, False):
        item_price = least(offers.situation(forced).least_item_price(required), AMOUNT_LIMIT)
        highest = discounts.forced_rate_max if forced else 0
        if discounts.add:
            left = divided_up(item_price, list_price) + highest
        else:
            base = divided_up(item_price, MILLION - highest)
            left = divided_up(least(base, AMOUNT_LIMIT), list_price)
        least_left = most(least_left, left)
    return most((MILLION - least_left) // PERCENT, -1)


# --- exchange rates -------------------------------------------------------------------------------

BILLION = 10**9
"""One whole, in the unit of a rate that is shown to its fifth significant digit."""

_DIGITS = 10**5
_HIGHEST_TOLD = FX_LIMIT * (BILLION // MILLION)
"""The first exchange rate that is too large, in billionths."""
_COARSEST = 13
"""The most zeros that such a rate ends in, of which five digits count."""


class Converted(NamedTuple):
    """The costs in one other currency, in its minor units, each converted and rounded up by itself.

    ``purchase_price`` is 0 where that is in the selling currency; ``others`` are all other costs in
    this one. ``finer`` and ``coarser`` are those of ``converted_up``.
    """

    purchase_price: Whole
    others: tuple[Whole, ...]
    finer: int
    coarser: int


def holds_to_fx(
    deal_price: Whole,
    targets: Targets,
    costs: Costs,
    fees: FeeRates,
    floor_multiple: int,
    converted: Converted,
) -> Whole:
    """The lowest exchange rate at which a deal price still meets every bound.

    In billionths: how many units of the other currency one of the selling currency buys, to its
    fifth significant digit and rounded up. ``deal_price`` is the worst one of a list price, and
    ``costs`` are those in the selling currency, 0 where a cost is in the other. Blank where no
    bound depends on the rate, or where no rate is enough.
    """
    own = most(costs.purchase_price, 0)
    most_bought = most_purchase_price(deal_price, floor_multiple)
    amounts = (converted.purchase_price, *converted.others)
    positive: Whole = 0
    for amount in amounts:
        positive = positive + pick(amount > 0, 1, 0)
    in_all = most_costs(deal_price, targets, fees)
    left = in_all - own - costs.logistics_cost - costs.other_cost
    by_total = _lowest_rate(amounts, most(left, most(positive, 1)), converted)
    by_floor = _lowest_rate((converted.purchase_price,), most(most_bought, 1), converted)
    bought = converted.purchase_price > 0
    speaks_of_costs = in_all < HIGHEST_DEAL
    rate = most(pick(speaks_of_costs, by_total, 0), pick(bought, by_floor, 0))
    # However many units one buys, a converted cost is a minor unit at least.
    can_hold = (deal_price > 0) & (left >= positive) & (own <= most_bought)
    can_hold = can_hold & (negated(bought) | (most_bought > 0)) & (rate < _HIGHEST_TOLD)
    depends = (speaks_of_costs & (positive > 0)) | bought
    return pick(can_hold & depends, rate, BLANK)


def _lowest_rate(amounts: tuple[Whole, ...], most_cost: Whole, converted: Converted) -> Whole:
    """The lowest told rate at which converted amounts come to no more than ``most_cost``.

    At the exact quotient of the sums each amount may still be rounded up. So the rate goes on to
    where the next of them falls by a minor unit, and one step for each amount is enough.
    """
    finer, coarser = converted.finer, converted.coarser
    together: Whole = 0
    for amount in amounts:
        together = together + amount
    rate = _told(_billionths_up(together * finer, most_cost * coarser))
    while True:
        place = _last_place(rate)
        # rate = digits × place billionths, with both sides of the quotient kept within 64 bits.
        above = finer * most(BILLION // place, 1)
        below = coarser * (rate // place) * most(place // BILLION, 1)
        cost: Whole = 0
        nearest: Whole = _HIGHEST_TOLD
        for amount in amounts:
            part = quotient_up(amount * above, below)
            cost = cost + part
            # Where this part falls by one: one of a single minor unit never does.
            digits = quotient_up(amount * above * (rate // place), below * most(part - 1, 1))
            nearest = pick(part > 1, least(nearest, digits * place), nearest)
        too_much = (cost > most_cost) & (rate < _HIGHEST_TOLD)
        if not any_of(too_much):
            return rate
        rate = pick(too_much, _told(nearest), rate)


def _billionths_up(dividend: Whole, divisor: Whole) -> Whole:
    """A quotient in billionths, rounded up; at least 1, and never above ``_HIGHEST_TOLD``."""
    quotient, rest = least(dividend // divisor, 2 * BILLION), dividend % divisor
    for _ in range(3):  # in one go the product would not fit 64 bits
        quotient = quotient * 1000 + rest * 1000 // divisor
        rest = rest * 1000 % divisor
    return least(most(quotient + pick(rest > 0, 1, 0), 1), _HIGHEST_TOLD)


def _told(rate: Whole) -> Whole:
    """A rate rounded up to its fifth significant digit."""
    place = _last_place(rate)
    return quotient_up(rate, place) * place


def _last_place(rate: Whole) -> Whole:
    """The place value of a rate's fifth significant digit, in billionths; at least 1."""
    place: Whole = 1
    for zeros in range(_COARSEST):
        place = pick(rate > _DIGITS * 10**zeros, 10 ** (zeros + 1), place)
    return place
