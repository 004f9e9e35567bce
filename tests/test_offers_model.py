"""Orders, decisions, limits and proofs: compared with brute force and with simulated orders.

`python -m tests.search orders` does the same for more cases.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fuzz.model import (
    FLOOR_MULTIPLE,
    differences,
    draw,
    draw_wanted,
    required_differences,
    taken_as,
)

from aepromo.pricing.decision import ACTIONS, HELD_BY, Guards, decide
from aepromo.pricing.fees import Costs, FeeRates, profit
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION
from aepromo.pricing.offers import (
    WORST_CASES,
    Coupon,
    Discounts,
    Offers,
    Tier,
    deal_price,
    worst_deal_price,
)
from aepromo.pricing.proof import proof
from aepromo.pricing.protect import (
    BOUNDS,
    Targets,
    exact_list_price,
    last_allowed,
    next_allowed,
    protected_list_price,
    required_deal_price,
    zones,
)
from aepromo.pricing.reach import (
    Converted,
    holds_to_fx,
    holds_to_rate,
    max_limited_rate,
    protects,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.pricing.money import Whole
    from aepromo.pricing.offers import Basket
    from aepromo.pricing.protect import Ending

AT_13 = Discounts(0, 130_000, 130_000)
RANGE = Discounts(0, 100_000, 200_000)
SINGLE_30_7 = Offers((Tier(3000, 700),), basket="single")
EVERY_30_3 = Tier(3000, 300, repeats=True)
NINETY_NINE: tuple[Ending, ...] = ((99, 100),)
HALF = Guards(max_change=500_000)


def random(seed: str) -> Random:
    return Random(seed)  # noqa: S311 (no secrets)


# --- against the brute force ----------------------------------------------------------------------


@pytest.mark.parametrize("block", range(6))
def test_random_cases_come_to_what_trying_everything_comes_to(block: int) -> None:
    for number in range(40):
        rng = random(f"suite:{block}:{number}")
        trial = draw(rng, largest=24)
        trial = replace(trial, list_prices=trial.list_prices[:2])
        found = differences(trial, with_columns=number % 20 == 0) + required_differences(rng)
        assert not found, f"{block}:{number}: {found}"


def test_the_draws_cover_each_kind_of_offer() -> None:
    """Enough cases in which each kind of offer decides."""
    seen = dict.fromkeys(("dead zones", "endless orders", "roundings", "repeats", "shares"), 0)
    actions: set[tuple[str, str]] = set()
    for number in range(200):
        trial = draw(random(f"reach:{number}"), largest=40)
        situation = trial.offers.not_forced
        safe = protected_list_price(trial.required, trial.discounts, trial.offers)
        found = zones(trial.required, trial.discounts, trial.offers)
        seen["dead zones"] += any(zone.step is not None and zone.low > safe for zone in found)
        for price in range(1, 80, 7):
            worst = situation.worst(price, price)
            seen["endless orders"] += situation.basket == "same" and worst.subtotal == 0
            if situation.basket == "any" and situation.has_shares:
                seen["roundings"] += worst.subtotal not in (price, *situation.starts)
        seen["repeats"] += situation.repeating is not None
        seen["shares"] += situation.has_shares
        for list_price in trial.list_prices:
            told = decide(
                list_price, trial.required, trial.discounts, trial.offers, guards=trial.guards
            )
            assert isinstance(told.action, int)
            assert isinstance(told.held_by, int)
            held_by = "" if told.held_by == BLANK else HELD_BY[told.held_by]
            actions.add((ACTIONS[told.action], held_by))
    assert all(count >= 6 for count in seen.values()), seen
    assert actions >= {("raise", ""), ("keep", ""), ("hold", "max_change"), ("hold", "max_price")}


# --- worked examples ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("required", "offers", "endings", "expected"),
    [
        (2750, Offers((Tier(3000, 300),)), (), 3813),
        (2750, Offers((Tier(3000, 300),), basket="single"), (), 3813),
        (2600, Offers((Tier(3000, 300),), basket="single"), (), 3250),
        (2600, Offers((Tier(3000, 300),)), (), 3612),
    ],
)
def test_protected_over_a_range(
    required: int, offers: Offers, endings: tuple[Ending, ...], expected: int
) -> None:
    assert protected_list_price(required, RANGE, offers, endings) == expected


@pytest.mark.parametrize(
    ("required", "off", "basket", "endings", "expected"),
    [
        (2400, 600, "single", (), 2759),
        (2400, 600, "any", (), 3449),
        (2400, 700, "single", (), 2759),
        (2400, 700, "single", NINETY_NINE, 2799),
        (2400, 700, "any", (), 3564),
        (2500, 700, "single", NINETY_NINE, 2899),
    ],
)
def test_protected_at_one_rate(
    required: int, off: int, basket: Basket, endings: tuple[Ending, ...], expected: int
) -> None:
    offers = Offers((Tier(3000, off),), basket=basket)
    assert protected_list_price(required, AT_13, offers, endings) == expected


def test_one_rate_and_no_offers() -> None:
    discounts = Discounts(0, 132_000, 132_000)
    assert protected_list_price(350, discounts, Offers()) == 404
    assert exact_list_price(350, discounts) == 40323
    assert deal_price(404, 0, 132_000, Offers()) == 351
    # However the platform rounds, 3.50 is left.
    assert worst_deal_price(404, discounts, Offers()) == (350, WORST_CASES.index("forced"))


def test_dead_zones() -> None:
    found = [zone for zone in zones(2400, AT_13, SINGLE_30_7) if zone.step]
    assert [(zone.low, zone.high, zone.forced, zone.step) for zone in found] == [
        (3448, 3563, True, (3000, 700)),
        (3000, 3099, False, (3000, 700)),
    ]


@pytest.mark.parametrize(
    ("current", "lower", "new", "action", "held_by"),
    [
        (2500, False, 2759, "raise", ""),
        (3050, False, 3100, "raise", ""),
        (3050, True, 2759, "lower", ""),
        (3300, False, 3300, "keep", ""),
        (3300, True, 2759, "lower", ""),
        (BLANK, False, 2759, "new", ""),
        (1000, False, 1000, "hold", "max_change"),
        (6000, True, 6000, "hold", "max_change"),
    ],
)
def test_decisions(current: int, lower: bool, new: int, action: str, held_by: str) -> None:
    told = decide(current, 2400, AT_13, SINGLE_30_7, guards=HALF, lower=lower)
    held = BLANK if not held_by else HELD_BY.index(held_by)
    assert told == (2759, new, ACTIONS.index(action), held)


def test_a_cost_that_is_a_hundred_times_too_high_is_held() -> None:
    required, _ = required_deal_price(
        Targets(BLANK, 80, BLANK), Costs(125_000, 0, 0), FeeRates(80_000, 12_000), FLOOR_MULTIPLE
    )
    told = decide(3300, required, AT_13, SINGLE_30_7, guards=HALF)
    assert told[1:] == (3300, ACTIONS.index("hold"), HELD_BY.index("max_change"))
    never = decide(3300, required, AT_13, SINGLE_30_7)
    assert never.new_list_price == never.protected_list_price
    assert never.held_by == BLANK


def test_no_price_up_to_the_highest_allowed_one_protects() -> None:
    guards = Guards(max_price=2758)
    hold, by = ACTIONS.index("hold"), HELD_BY.index("max_price")
    assert decide(2500, 2400, AT_13, SINGLE_30_7, guards=guards)[1:] == (2500, hold, by)
    assert decide(BLANK, 2400, AT_13, SINGLE_30_7, guards=guards)[1:] == (BLANK, hold, by)
    # A price that protects is kept, however high.
    assert decide(3300, 2400, AT_13, SINGLE_30_7, guards=guards).new_list_price == 3300


def test_a_price_that_protects_is_kept_whatever_it_ends_in() -> None:
    keep = ACTIONS.index("keep")
    assert decide(2761, 2400, AT_13, SINGLE_30_7, NINETY_NINE)[1:3] == (2761, keep)
    assert decide(2761, 2400, AT_13, SINGLE_30_7, NINETY_NINE, lower=True)[1:3] == (2761, keep)


def test_two_units_reach_a_tier_that_one_does_not() -> None:
    single = protected_list_price(2400, AT_13, Offers((Tier(3000, 600),), basket="single"))
    assert single == 2759
    offers = Offers((Tier(3000, 600),), basket="same")
    assert not protects(single, 2400, AT_13, offers)
    # Two units of 27.00 pay 48.00.
    assert offers.not_forced.deal_price(2700) == 2400
    assert offers.not_forced.deal_price(2699) == 2399


@pytest.mark.parametrize(
    ("offers", "item_price", "deal"),
    [
        (Offers((EVERY_30_3,), basket="single"), 6100, 5500),
        (Offers((EVERY_30_3,), basket="single"), 2999, 2999),
        # An order of exactly the threshold reaches it.
        (Offers((Tier(3000, 600),), basket="single"), 3000, 2400),
        (Offers((Tier(3000, 600),), basket="single"), 2999, 2999),
        (Offers((), (Coupon(3000, 600),), basket="single"), 3000, 2400),
        (Offers((), (Coupon(3000, 600),), basket="single"), 2999, 2999),
        # 3000 units of 29.99 lose 2999 times 3.00.
        (Offers((EVERY_30_3,), basket="same"), 2999, 2699),
        (Offers((EVERY_30_3,)), 2999, 2699),
        (Offers((), (Coupon(2000, share=100_000),), basket="single"), 2005, 1804),
        (Offers((), (Coupon(2000, share=100_000, cap=150),), basket="single"), 2005, 1855),
        (Offers((), (Coupon(2000, share=100_000),), basket="single"), 1999, 1999),
        (Offers((EVERY_30_3,), (Coupon(2000, share=100_000),), basket="single"), 3000, 2430),
        # 10.00 beside 10.01 loses 2.01 × 10.00 ÷ 20.01, rounded up.
        (Offers((), (Coupon(2000, share=100_000),)), 1000, 899),
        (Offers((), (Coupon(2000, share=100_000),), basket="same"), 1000, 900),
    ],
)
def test_deal_prices(offers: Offers, item_price: int, deal: int) -> None:
    assert offers.not_forced.deal_price(item_price) == deal


@pytest.mark.parametrize("basket", ["single", "same"])
def test_many_tiers_come_to_what_trying_every_item_price_comes_to(basket: Basket) -> None:
    """The deal price of each item price by definition, and the lowest over ranges."""
    for number in range(12):
        rng = random(f"tiers:{basket}:{number}")
        thresholds = rng.sample(range(60, 900), rng.randrange(5, 17))
        tiers = tuple(Tier(each, rng.randrange(1, each)) for each in thresholds)
        offers = Offers(tiers, basket=basket).not_forced

        def left(subtotal: int, tiers: tuple[Tier, ...] = tiers) -> int:
            reached = (tier.off for tier in tiers if subtotal >= tier.threshold)
            return subtotal - max(reached, default=0)

        most_units = 1 if basket == "single" else 1 + max(thresholds)
        prices = range(1, 400, 7)
        lows = np.array(prices)
        highs = lows + rng.randrange(9)
        units = range(1, most_units + 1)
        expected = [
            min(
                left(n * price) // n
                for price in range(low, high + 1)
                for n in units
                if price * n < 1900
            )
            for low, high in zip(lows.tolist(), highs.tolist(), strict=True)
        ]
        found = offers.worst(lows, highs).deal_price
        assert np.asarray(found).tolist() == expected
        assert [offers.worst(low, low + int(highs[0] - 1)).deal_price for low in prices] == expected


def test_only_one_spend_save_may_repeat() -> None:
    twice = Offers((EVERY_30_3, Tier(2000, 100, repeats=True)))
    with pytest.raises(ValueError, match="at most one"):
        protected_list_price(100, AT_13, twice)


def test_own_and_forced_discount_multiply_or_add() -> None:
    multiplied = Discounts(150_000, 200_000, 200_000)
    added = multiplied._replace(add=True)
    assert deal_price(10_000, 150_000, 200_000, Offers()) == 6800
    assert deal_price(10_000, 150_000, 200_000, Offers(), add=True) == 6500
    assert protected_list_price(6500, added, Offers()) == 10_000
    assert protected_list_price(6800, multiplied, Offers()) == 10_000
    assert exact_list_price(6500, added) == 1_000_000
    everything = Discounts(500_000, 500_000, 500_000, add=True)
    assert protected_list_price(1, everything, Offers()) >= AMOUNT_LIMIT
    assert exact_list_price(1, everything) == BLANK


def test_endings_of_whole_units_and_of_currencies_without_cents() -> None:
    nines: tuple[Ending, ...] = ((900, 1000),)
    assert [next_allowed(price, nines) for price in (1, 900, 901)] == [900, 900, 1900]
    yen: tuple[Ending, ...] = ((9, 10), (0, 10))
    assert [next_allowed(price, yen) for price in (1, 9, 10, 11)] == [9, 9, 10, 19]
    assert [last_allowed(price, yen) for price in (8, 9, 10, 18)] == [0, 9, 10, 10]


def test_the_required_deal_price_has_each_fee_rounded_up() -> None:
    targets, costs = Targets(BLANK, 350, BLANK), Costs(800, 300, 0)
    assert required_deal_price(targets, costs, FeeRates(60_000, 10_000), FLOOR_MULTIPLE)[0] == 1560
    # At 16.13 the third fee is 0.5646, at 16.12 and 16.11 it is 0.57 too.
    fees = FeeRates(60_000, 10_000, 35_000)
    required, _ = required_deal_price(targets, costs, fees, FLOOR_MULTIPLE)
    left = [
        deal - sum(ceil(Fraction(deal * int(rate), MILLION)) for rate in fees) - int(costs.total)
        for deal in range(int(required) - 1, int(required) + 50)
    ]
    assert left[0] < 350
    assert min(left[1:]) == 350


def test_a_markup_is_on_all_costs_of_the_unit() -> None:
    targets = Targets(BLANK, BLANK, BLANK, 333_333)
    required, bound = required_deal_price(targets, Costs(800, 201, 0), FeeRates(0, 0), 1_000_000)
    assert (required, bound) == (1001 + 334, BOUNDS.index("target_markup"))


def test_a_tie_goes_by_the_first_bound() -> None:
    targets = Targets(BLANK, 200, BLANK, 200_000)
    required, bound = required_deal_price(targets, Costs(1000, 0, 0), FeeRates(0, 0), 1_200_000)
    assert (required, bound) == (1200, BOUNDS.index("target_profit"))


def test_the_highest_forced_rate_and_own_discount_of_a_price() -> None:
    assert holds_to_rate(3300, 2400, AT_13, SINGLE_30_7) == 606  # 30.99 is the first that is short
    assert holds_to_rate(3050, 2400, AT_13, SINGLE_30_7) == BLANK
    assert holds_to_rate(2400, 2400, AT_13, Offers()) == 0
    assert max_limited_rate(2759, 2400, AT_13, Offers()) == 0
    assert max_limited_rate(3000, 2400, AT_13, Offers()) == 800
    assert max_limited_rate(2758, 2400, AT_13, Offers()) == BLANK


def test_every_sku_of_a_product_protects_at_its_own_discount() -> None:
    prices, product = np.array([3000, 2800, 2758, 4000]), np.array([0, 0, 1, 1])
    found = max_limited_rate(prices, 2400, AT_13, Offers(), product)
    assert isinstance(found, np.ndarray)
    assert found.tolist() == [100, 100, BLANK, BLANK]


def test_the_lowest_exchange_rate_of_a_price() -> None:
    """50.00 of another currency may come to 9.30: 5.376344… units for one."""
    targets, fees = Targets(BLANK, 350, BLANK), FeeRates(60_000, 10_000)
    goods = Converted(5000, (), 1, 1)
    rate = holds_to_fx(1700, targets, Costs(0, 300, 0), fees, FLOOR_MULTIPLE, goods)
    assert rate == 5_376_400_000
    nothing = Converted(0, (), 1, 1)
    assert holds_to_fx(1700, targets, Costs(0, 300, 0), fees, FLOOR_MULTIPLE, nothing) == BLANK
    assert holds_to_fx(600, targets, Costs(0, 300, 0), fees, FLOOR_MULTIPLE, goods) == BLANK


def test_a_proof_can_be_worked_through_by_hand() -> None:
    found = proof(3564, 2400, AT_13, Offers((Tier(3000, 700),)))
    assert found is not None
    assert (found.list_price, found.is_forced, found.forced_rate) == (3563, True, 130_000_000_000)
    assert (found.base_price, found.item_price) == (3563, 3099)
    assert (found.subtotal, found.spend_save, found.deal_price) == (3099, 700, 2399)
    assert proof(1, 1, Discounts(0, 0, 0), Offers()) is None
    # It is kept; the next lower price would protect, too.
    assert proof(3300, 2400, AT_13, SINGLE_30_7) is None


def test_the_rate_of_a_proof_leads_to_its_exact_price() -> None:
    """At a large price six places of a rate don't reach each minor unit; the proof has more."""
    offers = Offers((Tier(300_000_000, 100),), basket="single")
    discounts = Discounts(0, 100_000, 200_000)
    required = 299_999_999
    protected = protected_list_price(required, discounts, offers)
    found = proof(int(protected), required, discounts, offers)
    assert found is not None
    left = Fraction(found.base_price) * (1 - Fraction(found.forced_rate, 10**12))
    assert found.item_price == (ceil(left) if found.is_item_up else floor(left))
    assert found.deal_price < required


# --- the platform, simulated ----------------------------------------------------------------------

ROUNDINGS: tuple[Callable[[Fraction], int], ...] = (
    ceil,
    floor,
    lambda exact: floor(exact + Fraction(1, 2)),
)


@pytest.mark.parametrize("block", range(10))
def test_no_protected_price_leaves_less_than_its_target(block: int) -> None:
    """For any rate of the range, rounding of each step and basket; fees by unit or by order."""
    for number in range(30):
        rng = random(f"platform:{block}:{number}")
        trial, wanted = draw(rng, largest=60), draw_wanted(rng)
        targets, costs, fees = taken_as(wanted)
        multiple = 0 if wanted.purchase is None else FLOOR_MULTIPLE
        required = int(required_deal_price(targets, costs, fees, multiple)[0])
        price = protected_list_price(required, trial.discounts, trial.offers, trial.endings)
        if price >= AMOUNT_LIMIT:
            continue
        for _ in range(40):
            deal = play(rng, int(price), trial.discounts, trial.offers)
            assert deal >= required
            units = rng.choice((1, 1, rng.randint(2, 60)))
            taken = charged(rng, deal, units, fees)
            left = units * (deal - wanted.costs) - taken
            assert left >= units * (wanted.profit if wanted.profit is not None else -(10**9))
            if wanted.margin is not None:
                assert left * MILLION >= wanted.margin * deal * units
            if wanted.markup is not None:
                assert left * MILLION >= units * wanted.costs * wanted.markup


def play(rng: Random, list_price: int, discounts: Discounts, offers: Offers) -> int:
    """A deal price in minor units, with random forced discount, basket and rounding."""
    forced = rng.randint(0, 1) == 1
    low, high = int(discounts.forced_rate_min), int(discounts.forced_rate_max)
    rate = Fraction(rng.choice((low, high, rng.randint(low, high))), MILLION) if forced else 0
    own = Fraction(int(discounts.limited_rate), MILLION)
    if discounts.add:
        item = rng.choice(ROUNDINGS)(list_price * (1 - own - rate))
    else:
        base = rng.choice(ROUNDINGS)(list_price * (1 - own))
        item = rng.choice(ROUNDINGS)(Fraction(base) * (1 - rate))
    units = 1
    if offers.basket == "same":
        units = rng.choice((1, 2, rng.randint(1, 12), rng.randint(1, 400)))
    subtotal = units * item
    if offers.basket == "any":
        subtotal += rng.choice((0, 1, rng.randint(0, 30), rng.randint(0, 400)))
    taken = max([0, *(int(tier.taken(subtotal)) for tier in offers.spend_save)])
    if not forced or offers.coupon_stacks:
        left = subtotal - taken
        coupon = 0
        for each in offers.coupons:
            if left >= each.threshold:
                amount = rng.choice(ROUNDINGS)(Fraction(left * each.share, MILLION)) + each.off
                coupon = max(coupon, amount if each.cap == BLANK else min(amount, each.cap))
        taken += min(coupon, left)
    share = rng.choice(ROUNDINGS)(Fraction(taken * item, max(subtotal, 1)))
    return item - share


def charged(rng: Random, deal: int, units: int, fees: FeeRates) -> int:
    """All fees of an order in minor units, each by unit or by order and rounded at random."""
    taken = 0
    for fee_rate in fees:
        rate, rounding = Fraction(int(fee_rate), MILLION), rng.choice(ROUNDINGS)
        by_unit = rng.randint(0, 1)
        taken += units * rounding(deal * rate) if by_unit else rounding(units * deal * rate)
    return taken


# --- columns --------------------------------------------------------------------------------------


def test_columns_of_costs_and_rates_come_to_what_their_rows_do() -> None:
    rng = random("columns")
    cases = [draw_wanted(rng) for _ in range(200)]
    rows = [(*taken[0], *taken[1], *taken[2]) for taken in map(taken_as, cases)]
    deals = [rng.randint(1, 800) for _ in cases]
    amounts = [(rng.randint(0, 1) * rng.randint(0, 9000), rng.randint(0, 400)) for _ in cases]

    def figures(row: tuple[Whole, ...], deal: Whole, bought: Whole, other: Whole) -> list[Whole]:
        targets, costs, fees = Targets(*row[:4]), Costs(*row[4:7]), FeeRates(*row[7:])
        required, bound = required_deal_price(targets, costs, fees, FLOOR_MULTIPLE)
        own = costs._replace(purchase_price=0 * costs.purchase_price)
        goods = Converted(bought, (other,), 1, 1)
        return [
            required,
            bound,
            profit(deal, costs, fees),
            holds_to_fx(deal, targets, own, fees, FLOOR_MULTIPLE, goods),
        ]

    columns = tuple(np.array(column) for column in zip(*rows, strict=True))
    together = figures(columns, np.array(deals), *map(np.array, zip(*amounts, strict=True)))
    for number, (row, deal, pair) in enumerate(zip(rows, deals, amounts, strict=True)):
        assert [int(each[number]) for each in together if not isinstance(each, int)] == figures(
            row, deal, *pair
        )
