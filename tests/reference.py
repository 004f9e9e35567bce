"""The pricing model once more, cent by cent, to compare with the product's arithmetic.

It shares no code with the package: it imports nothing of it, and instead of closed forms on scaled
integers it tries whole cents one after the other, with exact fractions. So an error would have to
be made twice, in two different ways, to go unnoticed. It is meant to be obviously right; where a
scan is cut short, a comment proves that nothing is lost, and its own tests compare the short scan
with the complete one.

Units: money is an int of cents, a rate a Fraction; shown ratios (margin, maximum discount) and the
exact list price are ints of ten-thousandths.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Literal

DEFAULT_TARGET_PROFIT = 80

BOUNDS = ("target_price", "target_profit", "target_margin", "floor_price")


class UnknownCostError(ValueError):
    """A profit or a margin is asked for, but a cost is unknown."""


class NothingToKeepError(ValueError):
    """Commission, payment fee and target margin together take the whole price."""


@dataclass(frozen=True)
class Case:
    """One SKU and everything that may come off its price."""

    purchase_price: int | None = None
    logistics_cost: int | None = None
    other_cost: int | None = 0
    commission_rate: Fraction = Fraction(0)
    payment_rate: Fraction = Fraction(0)
    limited_rate: Fraction = Fraction(0)
    forced_lo: Fraction = Fraction(0)
    forced_hi: Fraction = Fraction(0)
    target_price: int | None = None
    target_profit: int | None = None
    target_margin: Fraction | None = None
    spend_save: tuple[tuple[int, int], ...] = ()
    """(threshold, off) each."""
    coupons: tuple[tuple[int, int], ...] = ()
    """(min_spend, off) each; min_spend 0: no minimum."""
    coupon_stacks: bool = False
    """Whether a forced item takes coupons too."""
    basket: Literal["any", "single"] = "any"
    endings: tuple[int, ...] = ()
    """Last two digits that a list price may have; empty: any."""
    floor_multiple: Fraction = Fraction(115, 100)


@dataclass(frozen=True)
class Evaluation:
    """The figures of one list price; None where a cost that they need is unknown."""

    deal_price: int
    commission: int
    payment_fee: int
    profit: int | None
    margin: int | None
    floor_price: int | None
    max_discount: int | None
    worst_case: str
    status: str | None


@dataclass(frozen=True)
class Situation:
    """One of the things that the platform may do to the item."""

    name: Literal["forced", "not_forced"]
    lo: Fraction
    hi: Fraction
    coupons_apply: bool


# --- rounding ---------------------------------------------------------------------------------


def half_up(x: Fraction) -> int:
    return floor(x + Fraction(1, 2))


def up(x: Fraction) -> int:
    return ceil(x)


def down(x: Fraction) -> int:
    return floor(x)


# --- from list price to deal price ------------------------------------------------------------


def off(case: Case, subtotal: int, coupons_apply: bool) -> int:
    """The amount that the order offers take off `subtotal`, never more than there is."""
    best_tier = 0
    for threshold, takes in case.spend_save:
        if subtotal >= threshold and takes > best_tier:
            best_tier = takes
    tier_takes = min(best_tier, subtotal)
    left = subtotal - tier_takes

    best_coupon = 0
    if coupons_apply:
        for min_spend, takes in case.coupons:
            if left >= min_spend and takes > best_coupon:
                best_coupon = takes
    coupon_takes = min(best_coupon, left)
    return tier_takes + coupon_takes


def most_off(case: Case) -> int:
    """An amount that off() never exceeds, whatever the subtotal.

    The unit's share off(B) × p ÷ B, B >= p, doesn't either, nor does it rounded up: this is an int.
    """
    tier = max((o for _, o in case.spend_save), default=0)
    coupon = max((o for _, o in case.coupons), default=0)
    return tier + coupon


def breakpoints(case: Case) -> list[int]:
    """Return the subtotals at which off() ÷ subtotal may rise.

    Take the subtotals in order. The tier's part of off() is constant from one threshold to the
    next. While it is some c, a coupon of minimum m is reached from subtotal m + c on, so that the
    coupon's part is constant from there as well: off() is constant, and off() ÷ subtotal falls,
    from each threshold t or m + c (c a tier's amount or 0) to the next. The one exception is an
    offer that is bigger than what is left: then off() is the whole subtotal, the ratio is 1 and
    can't be exceeded later. So from p up, the ratio is greatest at p or at one of these.
    """
    tiers_take = {0} | {o for _, o in case.spend_save}
    thresholds = {threshold for threshold, _ in case.spend_save}
    coupons_begin = {min_spend + c for min_spend, _ in case.coupons for c in tiers_take}
    return sorted(thresholds | coupons_begin)


def _deal_of(case: Case, coupons_apply: bool) -> Callable[[int], int]:
    """Return item price → deal price; made once for many item prices of one case."""
    takes_at = [(b, off(case, b, coupons_apply)) for b in breakpoints(case)]

    def deal_of(item_price: int) -> int:
        share = off(case, item_price, coupons_apply)  # the order is this one unit: B = p
        if case.basket == "any":
            for subtotal, takes in takes_at:
                if subtotal > item_price:
                    share = max(share, -(-takes * item_price // subtotal))  # rounded up
        return max(0, item_price - share)

    return deal_of


def deal(case: Case, item_price: int, coupons_apply: bool) -> int:
    """Deal price: the item price less the unit's share, at its worst, of the order offers."""
    return _deal_of(case, coupons_apply)(item_price)


def deal_by_literal_scan(case: Case, item_price: int, coupons_apply: bool) -> int:
    """Compute deal() without breakpoints(): every whole-cent subtotal, far past the last offer."""
    if item_price == 0:
        return 0
    last = item_price
    if case.basket == "any":
        offers = case.spend_save + case.coupons
        last += 2 * sum(at_least + o for at_least, o in offers) + 100
    share = max(
        up(Fraction(off(case, subtotal, coupons_apply) * item_price, subtotal))
        for subtotal in range(item_price, last + 1)
    )
    return max(0, item_price - share)


def situations(case: Case) -> tuple[Situation, Situation]:
    return (
        Situation("forced", case.forced_lo, case.forced_hi, case.coupon_stacks),
        Situation("not_forced", Fraction(0), Fraction(0), True),
    )


# --- from deal price to profit ----------------------------------------------------------------


def fee_rates(case: Case) -> tuple[Fraction, Fraction]:
    return case.commission_rate, case.payment_rate


def fees(case: Case, deal_price: int) -> tuple[int, int]:
    """Commission and payment fee, each rounded by itself."""
    return half_up(deal_price * case.commission_rate), half_up(deal_price * case.payment_rate)


def costs(case: Case) -> int | None:
    if case.purchase_price is None or case.logistics_cost is None or case.other_cost is None:
        return None
    return case.purchase_price + case.logistics_cost + case.other_cost


def profit(case: Case, deal_price: int) -> int | None:
    spent = costs(case)
    if spent is None:
        return None
    commission, payment_fee = fees(case, deal_price)
    return deal_price - spent - commission - payment_fee


def margin(case: Case, deal_price: int) -> int | None:
    """Profit ÷ deal price in ten-thousandths, rounded down (a loss away from zero)."""
    gained = profit(case, deal_price)
    if gained is None or deal_price == 0:
        return None
    return down(Fraction(gained, deal_price) * 10_000)


def floor_price(case: Case) -> int | None:
    if case.purchase_price is None:
        return None
    return up(case.purchase_price * case.floor_multiple)


def max_discount(case: Case, list_price: int) -> int | None:
    """1 − floor price ÷ list price in ten-thousandths, rounded down, never under 0."""
    lowest = floor_price(case)
    if lowest is None or list_price == 0:
        return None
    return max(0, down((1 - Fraction(lowest, list_price)) * 10_000))


def status(case: Case, deal_price: int, required: int | None) -> str | None:
    """Name the worst status that applies; None if none does and nothing is required either."""
    lowest = floor_price(case)
    gained = profit(case, deal_price)
    if lowest is not None and deal_price < lowest:
        return "below_floor"
    if gained is not None and gained < 0:
        return "loss"
    if required is None:
        return None
    return "below_target" if deal_price < required else "ok"


# --- what a deal must reach -------------------------------------------------------------------


def _with_default_target(case: Case) -> tuple[int | None, int | None, Fraction | None]:
    targets = (case.target_price, case.target_profit, case.target_margin)
    return (None, DEFAULT_TARGET_PROFIT, None) if targets == (None, None, None) else targets


def bounds_in_force(case: Case) -> list[str]:
    values = (*_with_default_target(case), case.purchase_price)
    return [name for name, value in zip(BOUNDS, values, strict=True) if value is not None]


def meets(case: Case, bound: str, deal_price: int) -> bool:
    """Whether this deal price, by itself, meets one bound."""
    target_price, target_profit, target_margin = _with_default_target(case)
    if bound == "target_price":
        assert target_price is not None
        return deal_price >= target_price
    if bound == "floor_price":
        lowest = floor_price(case)
        assert lowest is not None
        return deal_price >= lowest
    spent = costs(case)
    if spent is None:
        raise UnknownCostError(f"{bound} needs every cost")
    # It is unknown how the platform rounds fees: each counts as rounded up.
    gained = deal_price - spent - sum(up(deal_price * rate) for rate in fee_rates(case))
    if bound == "target_profit":
        assert target_profit is not None
        return gained >= target_profit
    assert target_margin is not None
    return Fraction(gained, deal_price) >= target_margin


def met_for_good(case: Case, bound: str) -> int:
    """Return a deal price from which on every one meets the bound; not the smallest such.

    Rounding up adds less than a cent, so that the two fees are at most d × (commission + payment)
    + 2 and the profit at least d × (1 − commission − payment) − costs − 2. That reaches
    target_profit at every d >= (target_profit + costs + 2) ÷ (1 − commission − payment), and
    target_margin × d at every d >= (costs + 2) ÷ (1 − commission − payment − target_margin).
    """
    target_price, target_profit, target_margin = _with_default_target(case)
    if bound == "target_price":
        assert target_price is not None
        return max(1, target_price)
    if bound == "floor_price":
        lowest = floor_price(case)
        assert lowest is not None
        return max(1, lowest)
    spent = costs(case)
    if spent is None:
        raise UnknownCostError(f"{bound} needs every cost")
    keep = 1 - case.commission_rate - case.payment_rate
    if bound == "target_profit":
        assert target_profit is not None
        return max(1, up((target_profit + spent + 2) / keep))
    assert target_margin is not None
    return max(1, up((spent + 2) / (keep - target_margin)))


def _required_by(case: Case, bounds: list[str]) -> int:
    """Return the smallest d >= 1 such that d and every higher price meet all of `bounds`.

    That is one above the largest that fails one; every price from `top` on meets them all, so the
    first failure met on the way down from there is the largest.
    """
    top = max(met_for_good(case, bound) for bound in bounds)
    for d in range(top, 0, -1):
        if not all(meets(case, bound, d) for bound in bounds):
            return d + 1
    return 1


def required_deal_price(case: Case) -> tuple[int, str]:
    """Return the required deal price, and the name of the bound that set it."""
    taken = case.commission_rate + case.payment_rate + (case.target_margin or 0)
    if taken >= 1:
        raise NothingToKeepError("commission + payment + target margin leave nothing to keep")
    bounds = bounds_in_force(case)
    alone = {bound: _required_by(case, [bound]) for bound in bounds}
    largest = max(alone.values())
    bound_by = next(bound for bound in bounds if alone[bound] == largest)
    return _required_by(case, bounds), bound_by


# --- the list price that protects -------------------------------------------------------------


def _discounted(amount: int, rate: Fraction) -> tuple[int, int]:
    """Return amount × (1 − rate) rounded down and up; in plain ints, as it is asked most often."""
    numerator = amount * (rate.denominator - rate.numerator)
    return numerator // rate.denominator, -(-numerator // rate.denominator)


def item_prices(case: Case, list_price: int, situation: Situation) -> tuple[int, int]:
    """Return the lowest and the highest possible item price in whole cents."""
    own_down, own_up = _discounted(list_price, case.limited_rate)
    return _discounted(own_down, situation.hi)[0], _discounted(own_up, situation.lo)[1]


def protects(case: Case, list_price: int, required: int) -> bool:
    """Whether every outcome leaves a deal price of at least `required`."""
    for situation in situations(case):
        deal_of = _deal_of(case, situation.coupons_apply)
        lowest, highest = item_prices(case, list_price, situation)
        if any(deal_of(p) < required for p in range(lowest, highest + 1)):
            return False
    return True


def _breaks_in(case: Case, situation: Situation, required: int) -> Callable[[int], bool]:
    """Return list price → whether some item price of this situation breaks the requirement.

    It asks each item price once, instead of once per list price. An item price under `required`
    breaks it (offers only take), one of required + most_off() or more can't; those between are
    tried one by one, as far up as a list price needs.
    """
    deal_of = _deal_of(case, situation.coupons_apply)
    end = required + most_off(case)
    tried = required  # the first item price that isn't tried yet
    breaking: list[int] = []  # ascending

    def breaks(list_price: int) -> bool:
        nonlocal tried
        lowest, highest = item_prices(case, list_price, situation)
        if lowest < required:
            return True
        while tried <= highest and tried < end:
            if deal_of(tried) < required:
                breaking.append(tried)
            tried += 1
        i = bisect_left(breaking, lowest)
        return i < len(breaking) and breaking[i] <= highest

    return breaks


def allowed(case: Case, list_price: int) -> bool:
    return not case.endings or list_price % 100 in case.endings


def _list_prices(case: Case, required: int, limit: int) -> Iterator[int]:
    """Every allowed list price up to `limit` that could protect, ascending.

    The lowest forced item price is rounded down twice, so that it is at most
    list × (1 − limited_rate) × (1 − forced_hi), and its deal price at most that: a list price for
    which this is under `required` needn't be tried.
    """
    kept = (1 - case.limited_rate) * (1 - case.forced_hi)
    if kept <= 0:
        return
    for list_price in range(max(1, up(required / kept)), limit + 1):
        if allowed(case, list_price):
            yield list_price


def protected_list_price(case: Case, limit: int) -> int | None:
    """Return the smallest allowed list price that protects; None if none up to `limit` does."""
    required, _ = required_deal_price(case)
    breaks = [_breaks_in(case, situation, required) for situation in situations(case)]
    for list_price in _list_prices(case, required, limit):
        if not any(breaks_here(list_price) for breaks_here in breaks):
            return list_price
    return None


def forbidden(case: Case, low: int, high: int) -> list[tuple[int, int, str]]:
    """Return maximal runs (first, last, situation) of list prices that don't protect.

    Both `low` and `high` are looked at, a run is cut off at them, and endings play no part. A price
    that fails in both situations is in a run of each.
    """
    required, _ = required_deal_price(case)
    runs: list[tuple[int, int, str]] = []
    for situation in situations(case):
        breaks = _breaks_in(case, situation, required)
        first = None
        for list_price in range(low, high + 2):
            if list_price <= high and breaks(list_price):
                first = list_price if first is None else first
            elif first is not None:
                runs.append((first, list_price - 1, situation.name))
                first = None
    return sorted(runs)


def exact_list_price(case: Case) -> int:
    """Return the formula alone, without offers, in ten-thousandths of a currency unit."""
    required, _ = required_deal_price(case)
    return half_up(100 * required / (1 - case.forced_hi) / (1 - case.limited_rate))


# --- what a report evaluates ------------------------------------------------------------------


def shown_item_price(case: Case, list_price: int, rate: Fraction) -> int:
    """Return the item price at one rate, rounded half up after each step."""
    own = half_up(list_price * (1 - case.limited_rate))
    return half_up(own * (1 - rate))


def lowest_deal(case: Case, list_price: int, situation: Situation) -> int:
    """Return the lowest deal price over the situation's rates and every rounding.

    The item prices in question are all that the platform's roundings may lead to. The scan stops
    early: from most_off() above the lowest deal so far, none can be lower.
    """
    deal_of = _deal_of(case, situation.coupons_apply)
    first, last = item_prices(case, list_price, situation)
    lowest = deal_of(first)
    for item_price in range(first + 1, last + 1):
        if item_price - most_off(case) >= lowest:
            break
        lowest = min(lowest, deal_of(item_price))
    return lowest


def _evaluation(
    case: Case, list_price: int, deal_price: int, worst_case: str, required: int | None
) -> Evaluation:
    commission, payment_fee = fees(case, deal_price)
    return Evaluation(
        deal_price=deal_price,
        commission=commission,
        payment_fee=payment_fee,
        profit=profit(case, deal_price),
        margin=margin(case, deal_price),
        floor_price=floor_price(case),
        max_discount=max_discount(case, list_price),
        worst_case=worst_case,
        status=status(case, deal_price, required),
    )


def evaluate(case: Case, list_price: int) -> Evaluation:
    """Return what `audit` and `reprice` say of a list price: its worst situation."""
    required, _ = required_deal_price(case)
    deals = {each.name: lowest_deal(case, list_price, each) for each in situations(case)}
    worst: Literal["forced", "not_forced"] = (
        "forced" if deals["forced"] <= deals["not_forced"] else "not_forced"
    )
    return _evaluation(case, list_price, deals[worst], worst, required)


def at_rate(case: Case, list_price: int, rate: Fraction) -> Evaluation:
    """Return what `margin` and `commission` say: forced, at this one rate.

    Neither needs a target, so that a case without a usable one has no required deal price here.
    """
    required: int | None
    try:
        required, _ = required_deal_price(case)
    except (UnknownCostError, NothingToKeepError):
        required = None
    deal_price = deal(case, shown_item_price(case, list_price, rate), case.coupon_stacks)
    return _evaluation(case, list_price, deal_price, "forced", required)
