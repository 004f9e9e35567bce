"""The deal price that must be reached, and the list price that protects it.

Every bound on the deal price and every offer forbids one interval of prices, so both answers are
the first price outside a union of intervals: no search over cents and no bisecting, which would
step over a dead zone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.fees import floor_price
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    MILLION,
    any_of,
    divided_down,
    divided_up,
    is_known,
    least,
    most,
    pick,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.pricing.fees import Costs, FeeRates
    from aepromo.pricing.money import Truth, Whole
    from aepromo.pricing.offers import Discounts, Offers, Situation

BOUNDS = ("target_price", "target_profit", "target_margin", "floor_price")
"""What may bind a deal price, in the order in which a tie is named."""


class Targets(NamedTuple):
    """What the seller wants of a unit; each may be blank. Minor units, margin in millionths."""

    price: Whole
    profit: Whole
    margin: Whole


def kept_rate(fees: FeeRates, margin: Whole) -> Whole:
    """What commission, payment fee and margin leave of a deal price, in millionths.

    Nothing to keep (0 or less) means that no deal price meets the targets.
    """
    return MILLION - fees.commission_rate - fees.payment_rate - margin


def required_deal_price(
    targets: Targets, costs: Costs, fees: FeeRates, floor_multiple: int
) -> tuple[Whole, Whole]:
    """The smallest deal price that meets every bound, as every higher one does too.

    Returns it in minor units, with the index into ``BOUNDS`` of the bound that set it. Costs may
    be blank where neither a profit nor a margin is asked for. Needs a positive ``kept_rate``
    wherever one is.
    """
    required: Whole = BLANK
    bound: Whole = 0
    for index, asked in enumerate(bounds(targets, costs, fees, floor_multiple)):
        needed = pick(is_known(asked), most(asked, 1), BLANK)  # a price of nothing is no price
        bound = pick(needed > required, index, bound)
        required = most(required, needed)
    return required, bound


def bounds(targets: Targets, costs: Costs, fees: FeeRates, floor_multiple: int) -> Iterator[Whole]:
    """What each bound asks for, in the order of ``BOUNDS``; blank where it is not in force."""
    yield targets.price
    for asked, is_margin in ((targets.profit, False), (targets.margin, True)):
        in_force = is_known(asked)
        if any_of(in_force):
            wanted = pick(in_force, asked, 0)
            spent = pick(in_force, costs.total, 0)
            # profit short of the target:  fee remainders + kept × deal ≤ the ceiling
            kept = kept_rate(fees, wanted if is_margin else 0)
            ceiling = (spent + 1) * MILLION - 1 if is_margin else (spent + wanted) * MILLION
            short = _last_short(pick(in_force, kept, MILLION), ceiling, fees)
            yield pick(in_force, short + 1, BLANK)
        else:
            yield BLANK
    yield floor_price(costs.purchase_price, floor_multiple)


def _last_short(kept: Whole, ceiling: Whole, fees: FeeRates) -> Whole:
    """The highest deal price that still falls short of a target.

    Rounding a fee half up leaves a remainder, (rate × deal + half) mod 1, so a deal price falls
    short exactly while kept × deal + both remainders ≤ ceiling. The remainders are under 1 each:
    from the first guess it is at most 2 ÷ kept steps down, three at the rates that exist.
    """
    # Past the limit the figure no longer matters, but its products must still fit.
    deal = least(ceiling // kept, 4 * AMOUNT_LIMIT)
    commission_rate, payment_rate = fees.commission_rate, fees.payment_rate

    def is_enough(deal: Whole) -> Truth:
        remainders = (commission_rate * deal + MILLION // 2) % MILLION
        remainders = remainders + (payment_rate * deal + MILLION // 2) % MILLION
        return kept * deal + remainders > ceiling

    enough = is_enough(deal)
    while any_of(enough):
        deal = deal - enough
        enough = is_enough(deal)
    return deal


class Zone(NamedTuple):
    """List prices from ``low`` to ``high`` that do not protect, in one situation.

    ``step`` is the offer that the item reaches there (threshold and what it takes), or None for
    the plain bound: a list price too low whatever the buyer does.
    """

    low: Whole
    high: Whole
    forced: bool
    step: tuple[int, int] | None


def zones(required: Whole, discounts: Discounts, offers: Offers) -> Iterator[Zone]:
    """Every interval of list prices at which some outcome leaves less than ``required``.

    An outcome is a situation (forced at any rate of the range, or not forced) and any rounding of
    it: the item price may settle at each whole minor unit between the exact product rounded down
    twice and rounded up twice.
    """
    own = MILLION - discounts.limited_rate
    for forced in (True, False):
        situation = offers.forced if forced else offers.not_forced
        most_left = MILLION - discounts.forced_rate_min if forced else MILLION
        least_left = MILLION - discounts.forced_rate_max if forced else MILLION
        for low, high, step in _item_zones(required, situation):
            # The first list price whose highest outcome reaches `low` …
            first = divided_down(_capped(divided_down(low - 1, most_left)), own) + 1
            # … and the first whose lowest outcome is above `high`.
            clear = divided_up(_capped(divided_up(high + 1, least_left)), own)
            # No such item price, no such list price, however far apart the two roundings are.
            yield Zone(first, pick(low <= high, clear, first) - 1, forced, step)


def _item_zones(
    required: Whole, situation: Situation
) -> Iterator[tuple[Whole, Whole, tuple[int, int] | None]]:
    """Intervals of item prices that leave less than ``required``, with the offer to blame."""
    yield 0, required - 1, None  # a deep enough discount leaves an item price of nothing
    starts = [step.threshold for step in situation.steps]
    for step, end in zip(situation.steps, [*starts[1:], AMOUNT_LIMIT], strict=False):
        blame = (step.threshold, step.off)
        yield step.threshold, least(required + step.off, end) - 1, blame
        if not situation.single:
            yield 1, _short_of_share(required, step.threshold, step.off), blame


def _short_of_share(required: Whole, threshold: int, off: int) -> Whole:
    """The highest item price that a basket of exactly ``threshold`` brings under ``required``.

    The unit keeps p × (threshold − off) ÷ threshold, rounded down; p fits in only up to the
    threshold.
    """
    if off >= threshold:
        return threshold
    left = threshold - off
    return least((required * threshold + left - 1) // left - 1, threshold)


def _capped(amount: Whole) -> Whole:
    # An amount past the limit stays past it, and its product with a rate stays within 64 bits.
    return least(amount, AMOUNT_LIMIT)


def next_allowed(price: Whole, endings: tuple[int, ...], unit: int) -> Whole:
    """The smallest allowed price from ``price`` up: whole minor units, or one of the endings.

    ``endings`` are in minor units, each under ``unit``, the minor units of one currency unit.
    """
    if not endings:
        return price
    nearest = price + (endings[0] - price) % unit
    for ending in endings[1:]:
        nearest = least(nearest, price + (ending - price) % unit)
    return nearest


def protected_list_price(
    required: Whole,
    discounts: Discounts,
    offers: Offers,
    endings: tuple[int, ...] = (),
    unit: int = 100,
) -> Whole:
    """The smallest allowed list price at which every outcome leaves at least ``required``.

    In minor units. A price of ``AMOUNT_LIMIT`` or more means that there is none.
    """
    price: Whole = 1
    dead: list[Zone] = []
    for zone in zones(required, discounts, offers):
        if zone.step is None:
            price = most(price, zone.high + 1)
        else:
            dead.append(zone)
    price = next_allowed(_capped(price), endings, unit)
    # Leaving one dead zone may step into another: in a pass each is left once, and a second pass
    # almost always finds nothing more to leave.
    moved = bool(dead)
    while moved:
        before = price
        for zone in dead:
            inside = (zone.low <= price) & (price <= zone.high)
            price = pick(inside, next_allowed(_capped(zone.high + 1), endings, unit), price)
        moved = any_of(price != before)
    return price


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
    stages, because numerator and divisor together would not fit 64 bits.
    """
    divisor = (MILLION - discounts.limited_rate) * (MILLION - discounts.forced_rate_max)
    scaled = required * 100 * MILLION
    quotient, remainder = scaled // divisor, scaled % divisor
    return quotient * MILLION + (2 * remainder * MILLION + divisor) // (2 * divisor)
