"""The deal price that must be reached, and the list price that protects it.

Nobody knows how the platform rounds its fees, nor whether it takes them by unit or by order, so a
deal price must do with each of them rounded up: by unit that is never less than rounded in any
direction, by unit or by order.

An offer forbids one stretch of item prices at a time, and so one interval of list prices. The
answer is the first price outside all of them, and going from the end of one interval to the next
finds it: no price is tried in between, and there is no bisecting, which would step over a dead
zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from aepromo.pricing.fees import floor_price
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    MILLION,
    any_of,
    is_known,
    least,
    most,
    pick,
    up,
)
from aepromo.pricing.offers import Discounts
from aepromo.pricing.stepping import stepped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.pricing.fees import Costs, FeeRates
    from aepromo.pricing.money import Truth, Whole
    from aepromo.pricing.offers import Offers
    from aepromo.pricing.stepping import Values

BOUNDS = ("target_price", "target_profit", "target_margin", "target_markup", "floor_price")
"""Names of the bounds of a deal price; of two that tie, the first is named."""

HIGHEST_DEAL = 4 * AMOUNT_LIMIT
"""A deal price past which another no longer matters, but its products still fit."""


class Targets(NamedTuple):
    """The seller's targets for a unit; each may be blank.

    ``price`` and ``profit`` are in minor units, ``margin`` (profit ÷ deal price) and ``markup``
    (profit ÷ costs) in millionths.
    """

    price: Whole
    profit: Whole
    margin: Whole
    markup: Whole = BLANK


def kept_rate(fees: FeeRates, margin: Whole) -> Whole:
    """The share of a deal price that remains after fees and margin, in millionths.

    Where it is 0 or less, no deal price meets the targets.
    """
    return MILLION - fees.total - margin


def required_deal_price(
    targets: Targets, costs: Costs, fees: FeeRates, floor_multiple: int
) -> tuple[Whole, Whole]:
    """The smallest deal price that meets every bound, as every higher one does too.

    Returns it in minor units, with the index into ``BOUNDS`` of the bound that set it. Costs may
    be blank where no profit, margin or markup is asked for. Needs a positive ``kept_rate`` wherever
    one is.
    """
    required: Whole = BLANK
    bound: Whole = 0
    for index, asked in enumerate(bounds(targets, costs, fees, floor_multiple)):
        if isinstance(asked, int) and asked == BLANK:
            continue
        needed = pick(asked != BLANK, most(asked, 1), BLANK)  # a price of nothing is no price
        bound = pick(needed > required, index, bound)
        required = most(required, needed)
    return required, bound


def bounds(targets: Targets, costs: Costs, fees: FeeRates, floor_multiple: int) -> list[Whole]:
    """The deal price that each bound requires, in minor units; blank where it is not in force.

    In the order of ``BOUNDS``.
    """
    found = [targets.price]
    for name, asked in (
        ("profit", targets.profit),
        ("margin", targets.margin),
        ("markup", targets.markup),
    ):
        in_force = asked != BLANK
        if not any_of(in_force):
            found.append(BLANK)
            continue
        wanted = pick(in_force, asked, 0)
        spent = pick(in_force, costs.total, 0)
        if name == "profit":
            spent = spent + wanted
        elif name == "markup":
            spent = spent + up(spent, wanted)
        short = _last_short(wanted if name == "margin" else 0, spent, fees, in_force)
        found.append(pick(in_force, short + 1, BLANK))
    return [*found, floor_price(costs.purchase_price, floor_multiple)]


def most_costs(deal_price: Whole, targets: Targets, fees: FeeRates) -> Whole:
    """The highest total of costs at which a deal price, and every higher one, meets the targets.

    In minor units; negative where it meets them at no costs, ``HIGHEST_DEAL`` where no target
    speaks of costs. The floor is another matter: ``most_purchase_price``.
    """
    highest: Whole = pick(deal_price >= targets.price, HIGHEST_DEAL, -1)
    for name, asked in (
        ("profit", targets.profit),
        ("margin", targets.margin),
        ("markup", targets.markup),
    ):
        in_force = is_known(asked)
        if not any_of(in_force):
            continue
        wanted = pick(in_force, asked, 0)
        left = _least_left(wanted if name == "margin" else 0, deal_price, fees, in_force)
        if name == "profit":
            left = left - wanted
        elif name == "markup":
            # costs + up(markup × costs) ≤ left
            left = pick(left < 0, -1, left * MILLION // (MILLION + wanted))
        highest = pick(in_force, least(highest, left), highest)
    return highest


def most_purchase_price(deal_price: Whole, floor_multiple: int) -> Whole:
    """The highest purchase price whose floor a deal price reaches, in minor units."""
    return deal_price * MILLION // floor_multiple


def left_after_fees(deal_price: Whole, fees: FeeRates) -> Whole:
    """The part of a deal price that remains after fees, in minor units; each fee is rounded up."""
    left = deal_price - up(deal_price, fees.commission_rate) - up(deal_price, fees.payment_rate)
    return left - up(deal_price, fees.other_rate) if fees.has_other else left


def _last_short(margin: Whole, spent: Whole, fees: FeeRates, in_force: Truth) -> Whole:
    """The highest deal price that leaves less than is spent, after fees and a margin.

    Rounding a fee up adds under a minor unit, so that the first guess, for which each is rounded by
    a whole one, is at most 3 ÷ kept rate too high. Rows that are not in force get any price.
    """
    kept = pick(in_force, kept_rate(fees, margin), MILLION)
    deal = least(((spent + fees.number) * MILLION - fees.number) // kept, HIGHEST_DEAL)
    has_margin = not isinstance(margin, int) or margin > 0

    def is_enough(deal: Whole) -> Truth:
        left = left_after_fees(deal, fees)
        if has_margin:
            return in_force & (left * MILLION - margin * deal >= spent * MILLION)
        return in_force & (left >= spent)

    enough = is_enough(deal)
    while any_of(enough):
        deal = deal - enough
        enough = is_enough(deal)
    return deal


def _least_left(margin: Whole, deal_price: Whole, fees: FeeRates, in_force: Truth) -> Whole:
    """The least that a deal price or any higher one leaves after fees and a margin.

    In whole minor units, rounded down. The kept part rises with the deal price, and a higher one
    leaves less only because its fees are rounded up: so at most 3 ÷ kept rate prices are tried.
    """
    kept = pick(in_force, kept_rate(fees, margin), MILLION)

    def left(deal: Whole) -> Whole:
        return left_after_fees(deal, fees) * MILLION - margin * deal

    lowest, higher = left(deal_price), deal_price + 1
    while any_of(in_force & (kept * higher - fees.number * (MILLION - 1) < lowest)):
        lowest = least(lowest, left(higher))
        higher = higher + 1
    return lowest // MILLION


# --- the list price that protects -----------------------------------------------------------------

Ending: TypeAlias = tuple[int, int]
"""An allowed ending of prices and its period, in minor units: ``.99`` is 99 of each 100."""


def next_allowed(price: Whole, endings: tuple[Ending, ...]) -> Whole:
    """The smallest allowed price from ``price`` up: whole minor units, or one of the endings."""
    if not endings:
        return price
    first, *others = (price + (value - price) % each for value, each in endings)
    for other in others:
        first = least(first, other)
    return first


def last_allowed(price: Whole, endings: tuple[Ending, ...]) -> Whole:
    """The highest allowed price from ``price`` down; 0 or less where there is none."""
    if not endings:
        return price
    first, *others = (price - (price - value) % each for value, each in endings)
    for other in others:
        first = most(first, other)
    return first


def protected_list_price(
    required: Whole,
    discounts: Discounts,
    offers: Offers,
    endings: tuple[Ending, ...] = (),
    start: Whole = 1,
) -> Whole:
    """The smallest allowed list price from ``start`` up that every outcome leaves ``required``.

    In minor units. An outcome is a situation (forced at any rate of the range, or not forced) and
    any rounding of it. A price of ``AMOUNT_LIMIT`` or more means that there is none.
    """
    required = least(required, AMOUNT_LIMIT)
    price = most(start, 1)
    for forced in (True, False):
        item_price = offers.situation(forced).least_item_price(required)
        price = most(price, discounts.left(forced).list_price_for(item_price))
    price = next_allowed(least(price, AMOUNT_LIMIT), endings)
    if offers.never_leaves_less:
        return price

    def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
        (price,), (required, limited_rate, lowest_rate, highest_rate) = answers, state
        rates = Discounts(limited_rate, lowest_rate, highest_rate, discounts.add)
        raised = least(_past_stretches(price, required, rates, offers), AMOUNT_LIMIT)
        moves = raised > price
        return (pick(moves, next_allowed(raised, endings), price),), state, moves

    return stepped(price < AMOUNT_LIMIT, (price,), (required, *discounts[:3]), step)[0]


def _past_stretches(price: Whole, required: Whole, discounts: Discounts, offers: Offers) -> Whole:
    """The first list price past the stretches that a price is in, or the price itself or less."""
    found: Whole = 0
    for forced in (True, False):
        situation, left = offers.situation(forced), discounts.left(forced)
        worst = situation.worst(*left.item_prices(price))
        is_short = worst.deal_price < required
        end = pick(is_short, situation.next_item_price(required, worst), 0)
        found = most(found, left.list_price_for(end))
    return found


def lowest_list_price(required: Whole, forced_rate: Whole) -> Whole:
    """The smallest list price that one forced rate, settled half up, leaves at ``required``.

    It is at least 1, and every higher one leaves as much: half_up(list × (1 − rate)) ≥ required is
    list × (1 − rate) ≥ required − half a minor unit. ``protected_list_price`` asks for more: that
    it hold for any rounding, and for every rate of a range.
    """
    left = MILLION - forced_rate
    wanted = required * MILLION - MILLION // 2
    return most((wanted + left - 1) // left, 1)


def exact_list_price(required: Whole, discounts: Discounts) -> Whole:
    """The bare formula, required ÷ (1 − limited) ÷ (1 − forced), in hundredths of a minor unit.

    Rounded half up to four places of the currency unit, at the deepest forced rate. Divided in two
    stages, because numerator and divisor together would not fit 64 bits. Blank where discounts that
    add up leave nothing of a price.
    """
    left = discounts.left(forced=True)
    divisor = most(left.own * left.forced_least, 1)
    scaled = required * 100 * MILLION
    quotient, remainder = scaled // divisor, scaled % divisor
    exact = quotient * MILLION + (2 * remainder * MILLION + divisor) // (2 * divisor)
    return pick(left.forced_least > 0, exact, BLANK)


# --- what does not protect ------------------------------------------------------------------------


class Zone(NamedTuple):
    """List prices from ``low`` to ``high`` that do not protect, in one situation.

    ``step`` is the order that takes too much at its lower end (subtotal and what is taken off it),
    of so many ``units``; None for the plain bound: a list price too low whatever the buyer does.
    """

    low: int
    high: int
    forced: bool
    step: tuple[int, int] | None
    units: int = 1


def zones(required: int, discounts: Discounts, offers: Offers) -> Iterator[Zone]:
    """Every interval of list prices at which some outcome leaves one SKU less than ``required``.

    Those of one situation are ascending and apart from one another, but for the plain bound, which
    comes first and may touch the next.
    """
    for forced in (True, False):
        situation, left = offers.situation(forced), discounts.left(forced)
        plain = int(left.list_price_for(required))
        yield Zone(1, plain - 1, forced, None)
        before: Zone | None = None
        for stretch in situation.short_stretches(required):
            low = left.first_list_price(stretch.low)
            high = int(left.list_price_for(stretch.high + 1)) - 1
            if before is not None and low <= before.high + 1:
                before = before._replace(high=max(before.high, high))
                continue
            if before is not None:
                yield before
            step = (stretch.threshold, stretch.taken)
            before = Zone(low, high, forced, step, stretch.units)
        if before is not None:
            yield before
