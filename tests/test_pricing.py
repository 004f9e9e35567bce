"""The formulas compared with the reference: random cases, many at the edges of offers.

`python -m tests.search arithmetic` does the same for more cases.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import product
from math import ceil, floor
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
import reference
from fuzz.cases import draw_case, leaves_something
from fuzz.compare import FLOOR_MULTIPLE, HIGHEST, Product, zone_differences
from fuzz.trial import draw_trial
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from reference import Case

from aepromo.calculators.breakeven import BREAKEVEN
from aepromo.engine.question import Inputs, Sku
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.pricing.fees import Costs, FeeRates, floor_price, margin, max_discount, profit, status
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    MILLION,
    divided_down,
    divided_up,
    down,
    half_up,
    up,
)
from aepromo.pricing.offers import Coupon, Discounts, Offers, Tier, deal_price, worst_deal_price
from aepromo.pricing.protect import (
    Ending,
    Targets,
    exact_list_price,
    lowest_list_price,
    next_allowed,
    protected_list_price,
    required_deal_price,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from aepromo.pricing.money import Whole

    Column = npt.NDArray[np.int64]

RANDOM = st.randoms(use_true_random=False)
SMALL = (3, 20, 100, 500)
MIXED = (3, 3, 20, 20, *(100, 500, 500, 2000) * 3, 8000)

thorough = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def case_and_required(rng: Random) -> tuple[Case, int]:
    case = draw_case(rng, SMALL)
    assume(leaves_something(case))
    return case, reference.required_deal_price(case)[0]


# --- every figure, against the reference --------------------------------------------------------


@pytest.mark.parametrize("block", range(10))
def test_random_cases_come_to_what_the_reference_says(block: int) -> None:
    for number in range(12):
        trial = draw_trial(Random(f"{block}:{number}"), MIXED)  # noqa: S311
        found = trial.differences()
        assert not found, "\n".join(map(str, found))


# --- what the figures promise -------------------------------------------------------------------


@settings(thorough, max_examples=50)
@given(RANDOM)
def test_the_required_deal_price_and_every_higher_one_meet_every_bound(rng: Random) -> None:
    case, _ = case_and_required(rng)
    product = Product(case)
    required, bound = product.required()
    bounds = reference.bounds_in_force(case)
    assert bound in bounds
    for deal in range(required, required + 300):
        assert all(reference.meets(case, each, deal) for each in bounds)
    assert required == 1 or not reference.meets(case, bound, required - 1)


def ways_to_round(case: Case, list_price: int, rate: Fraction) -> Iterator[int]:
    """Every item price that two roundings, each in any direction, can give."""
    own = list_price * (1 - case.limited_rate)
    for base in (floor(own), ceil(own)):
        yield from (floor(base * (1 - rate)), ceil(base * (1 - rate)))


@settings(thorough, max_examples=50)
@given(RANDOM)
def test_the_protected_list_price_holds_however_the_platform_rounds(rng: Random) -> None:
    case, required = case_and_required(rng)
    product = Product(case)
    protected = product.protected(required, product.endings)
    assume(protected <= HIGHEST)
    steps = rng.randint(1, 50)
    rates = [
        case.forced_lo + (case.forced_hi - case.forced_lo) * step / steps
        for step in range(steps + 1)
    ]
    for item_price in {each for rate in rates for each in ways_to_round(case, protected, rate)}:
        assert reference.deal(case, item_price, case.coupon_stacks) >= required
    for item_price in ways_to_round(case, protected, Fraction(0)):
        assert reference.deal(case, item_price, coupons_apply=True) >= required


@settings(thorough, max_examples=50)
@given(RANDOM)
def test_no_allowed_list_price_below_the_protected_one_holds(rng: Random) -> None:
    case, required = case_and_required(rng)
    product = Product(case)
    protected = product.protected(required, product.endings)
    assume(protected <= HIGHEST)
    assert reference.allowed(case, protected)
    below = [price for price in range(1, protected) if reference.allowed(case, price)]
    assert not any(reference.protects(case, price, required) for price in below[-5:])
    assert not any(reference.protects(case, rng.choice(below), required) for _ in below[:10])


@settings(thorough, max_examples=50)
@given(RANDOM)
def test_one_cent_less_than_protects_breaks(rng: Random) -> None:
    case, required = case_and_required(rng)
    whole_cents = replace(case, endings=())
    protected = Product(whole_cents).protected(required, ())
    assume(1 < protected <= HIGHEST)
    found = {
        reference.deal(case, item_price, situation.coupons_apply) < required
        for situation in reference.situations(case)
        for lowest, highest in [reference.item_prices(case, protected - 1, situation)]
        for item_price in range(lowest, highest + 1)
    }
    assert True in found


@settings(thorough, max_examples=50)
@given(RANDOM)
def test_the_worst_case_is_no_better_than_any_rate_of_the_range(rng: Random) -> None:
    case, _ = case_and_required(rng)
    product = Product(case)
    list_price = rng.randint(1, 2000)
    worst, _ = worst_deal_price(list_price, product.discounts, product.offers)
    steps = rng.randint(1, 40)
    for step in range(steps + 1):
        rate = case.forced_lo + (case.forced_hi - case.forced_lo) * step / steps
        item_price = reference.shown_item_price(case, list_price, rate)
        assert worst <= product.offers.forced.deal_price(item_price)
    spared = reference.shown_item_price(case, list_price, Fraction(0))
    assert worst <= product.offers.not_forced.deal_price(spared)


@settings(thorough, max_examples=40)
@given(RANDOM)
def test_zones_are_the_list_prices_that_do_not_protect(rng: Random) -> None:
    case, _ = case_and_required(rng)
    found = zone_differences(case, 500)
    assert not found, "\n".join(map(str, found))


@given(st.integers(1, AMOUNT_LIMIT), st.integers(0, MILLION - 1))
def test_the_lowest_list_price_of_one_rate_is_where_half_up_begins_to_reach_it(
    required: int, rate: int
) -> None:
    lowest = lowest_list_price(required, rate)
    assert isinstance(lowest, int)
    assert half_up(lowest, MILLION - rate) >= required
    assert lowest == 1 or half_up(lowest - 1, MILLION - rate) < required


@given(st.integers(0, 10**12), st.integers(1, MILLION))
def test_roundings_are_those_of_fractions(amount: int, rate: int) -> None:
    exact = Fraction(amount * rate, MILLION)
    assert half_up(amount, rate) == floor(exact + Fraction(1, 2))
    assert (down(amount, rate), up(amount, rate)) == (floor(exact), ceil(exact))
    divided = Fraction(amount * MILLION, rate)
    assert (divided_down(amount, rate), divided_up(amount, rate)) == (floor(divided), ceil(divided))


# --- a cent, the least that may be required -------------------------------------------------------

A_CENT = Case(target_price=1)


@pytest.mark.parametrize("limited", ["0", "0.3"])
@pytest.mark.parametrize("forced", ["0.04", "0.5", "0.9"])
def test_a_list_price_that_protects_a_cent(limited: str, forced: str) -> None:
    rate = Fraction(forced)
    case = replace(A_CENT, limited_rate=Fraction(limited), forced_lo=rate, forced_hi=rate)
    expected = reference.protected_list_price(case, HIGHEST)
    assert Product(case).protected(1, ()) == expected
    assert not zone_differences(case, 100)


@pytest.mark.parametrize(
    "case",
    [
        Case(purchase_price=0, logistics_cost=0, target_profit=0),
        Case(purchase_price=0, logistics_cost=0, target_profit=1),
        Case(purchase_price=0, logistics_cost=0, target_margin=Fraction(1, 5)),
    ],
    ids=["no profit", "a cent of profit", "a margin"],
)
def test_a_requirement_of_a_cent_agrees_with_the_reference(case: Case) -> None:
    assert Product(case).required() == reference.required_deal_price(case)


# --- the limits of 64 bits ------------------------------------------------------------------------

TOP = AMOUNT_LIMIT - 1
AMOUNTS = (0, 1, 333_333_333, TOP - 1, TOP)
RATES = (0, 1, 132_000, 500_000, MILLION - 1)


def columns_of(*choices: tuple[int, ...]) -> list[Column]:
    """Every combination of the values, as a column each."""
    return [np.array(column, np.int64) for column in zip(*product(*choices), strict=True)]


def agrees(formula: Callable[..., Whole | tuple[Whole, ...]], *columns: Column) -> None:
    """Whether a formula gives the same for columns as for the ints in each row."""
    answer = formula(*columns)
    together = answer if isinstance(answer, tuple) else (answer,)
    assert all(isinstance(found, np.ndarray) and found.dtype == np.int64 for found in together)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    found = zip(*(np.asarray(each).tolist() for each in together), strict=True)
    for row, values in zip(rows, found, strict=True):
        alone = formula(*row)
        expected = alone if isinstance(alone, tuple) else (alone,)
        assert all(isinstance(value, int) for value in expected)
        assert values == expected, f"{formula.__name__}{row}"


CORNERS = (
    Offers(),
    Offers((Tier(TOP, TOP - 1),), basket="single"),
    Offers((Tier(TOP, TOP - 1), Tier(2, 1)), (Coupon(TOP, TOP - 1), Coupon(0, TOP)), True),
    Offers((Tier(TOP, TOP // 2),), (Coupon(TOP, 1), Coupon(0, TOP)), True, "single"),
    Offers((Tier(TOP, TOP // 2),), (Coupon(TOP, TOP // 2),), True),
    Offers((Tier(TOP - 1, 1), Tier(TOP, 2)), (Coupon(0, TOP),)),
    Offers((Tier(TOP, TOP // 2, True),), (Coupon(TOP // 3, TOP // 9),), True),
    Offers((Tier(TOP // 2, TOP // 4, True),), (Coupon(5, share=990_000, cap=TOP),), True),
    Offers((Tier(3000, 300, True),), (Coupon(2000, share=100_000),), True),
    Offers((), (Coupon(TOP // 2, share=500_000), Coupon(2, 1)), True),
    Offers((Tier(3000, 300, True), Tier(TOP, TOP // 3)), (Coupon(2000, 200),), True, "single"),
    Offers((Tier(TOP, TOP // 2),), (Coupon(TOP // 3, share=300_000, cap=TOP // 7),), True, "same"),
    Offers((Tier(TOP // 2, TOP // 9, True),), (Coupon(5, share=70_000),), True, "same"),
    Offers((Tier(300, 30, True),), (Coupon(200, 20),), True, "same"),
)


def test_fees_and_margin_fit() -> None:
    def kept(deal: Whole, cost: Whole, commission: Whole, payment: Whole) -> tuple[Whole, ...]:
        fees = FeeRates(commission, payment)
        left = profit(deal, Costs(cost, cost, cost), fees)
        return left, margin(left, deal), fees.commission(deal), fees.payment_fee(deal)

    agrees(kept, *columns_of(AMOUNTS, AMOUNTS, RATES, RATES))


def test_floor_discount_and_status_fit() -> None:
    def judged(list_price: Whole, purchase: Whole, required: Whole) -> tuple[Whole, ...]:
        floor = floor_price(purchase, FLOOR_MULTIPLE)
        return floor, status(list_price, list_price - purchase, required, floor)

    def deepest(list_price: Whole, purchase: Whole) -> Whole:
        return max_discount(list_price, floor_price(purchase, FLOOR_MULTIPLE))

    agrees(judged, *columns_of(AMOUNTS[1:], (BLANK, *AMOUNTS), (BLANK, *AMOUNTS)))
    agrees(deepest, *columns_of(AMOUNTS[1:], AMOUNTS))


@pytest.mark.parametrize("offers", CORNERS)
def test_deal_prices_fit(offers: Offers) -> None:
    def deals(list_price: Whole, limited: Whole, low: Whole, high: Whole) -> tuple[Whole, ...]:
        worst, situation = worst_deal_price(list_price, Discounts(limited, low, high), offers)
        return worst, situation, deal_price(list_price, limited, high, offers)

    prices = (1, 333_333_333, TOP - 1, TOP)
    columns = columns_of(prices, RATES, RATES, RATES)
    agrees(deals, *(column[columns[2] <= columns[3]] for column in columns))


def test_required_deal_prices_fit() -> None:
    def required(
        price: Whole, gain: Whole, share: Whole, cost: Whole, taken: Whole
    ) -> tuple[Whole, ...]:
        # Blank is a target that isn't asked for: some rows have one and some do not.
        costs = Costs(cost, cost, cost)
        return required_deal_price(
            Targets(price, gain, share), costs, FeeRates(taken, taken), FLOOR_MULTIPLE
        )

    columns = columns_of((BLANK, TOP), (BLANK, 0, TOP), (BLANK, 0, 99_900), (1, TOP), (0, 450_000))
    agrees(required, *columns)


def test_rates_near_100_percent_do_not_overflow() -> None:
    def required(gain: Whole, share: Whole, cost: Whole, taken: Whole) -> tuple[Whole, ...]:
        targets = Targets(BLANK, gain, share)
        return required_deal_price(
            targets, Costs(cost, cost, cost), FeeRates(taken, 0), FLOOR_MULTIPLE
        )

    agrees(required, *columns_of((TOP - 1, TOP), (BLANK, 0), (TOP - 1, TOP), (MILLION - 1,)))


@pytest.mark.parametrize("endings", [(), ((99, 100),), ((0, 100), (49, 100))])
@pytest.mark.parametrize("offers", CORNERS)
def test_protected_list_prices_fit(offers: Offers, endings: tuple[Ending, ...]) -> None:
    def protected(required: Whole, limited: Whole, low: Whole, high: Whole) -> Whole:
        price = protected_list_price(required, Discounts(limited, low, high), offers, endings)
        # From the limit on all prices are equal: there is none.
        return min(price, AMOUNT_LIMIT) if isinstance(price, int) else price.clip(max=AMOUNT_LIMIT)

    required = (2, 333_333_333, TOP - 1, TOP, 2 * TOP, 4 * AMOUNT_LIMIT + 1)
    columns = columns_of(required, RATES, RATES, RATES)
    agrees(protected, *(column[columns[2] <= columns[3]] for column in columns))


def test_exact_list_prices_fit_wherever_there_is_a_list_price() -> None:
    def exact(required: Whole, limited: Whole, high: Whole) -> Whole:
        return exact_list_price(required, Discounts(limited, high, high))

    required, limited, high = columns_of((1, 2, 333_333, 333_333_333, TOP - 1, TOP), RATES, RATES)
    kept = (MILLION - limited) * (MILLION - high) / MILLION**2
    below_the_limit = required / kept < AMOUNT_LIMIT
    assert below_the_limit.sum() > 30
    agrees(exact, required[below_the_limit], limited[below_the_limit], high[below_the_limit])


@pytest.mark.parametrize("endings", [((99, 100),), ((9, 10),), ((0, 100), (900, 1000))])
def test_allowed_prices_fit(endings: tuple[Ending, ...]) -> None:
    def allowed(price: Whole) -> Whole:
        return next_allowed(price, endings)

    agrees(allowed, np.array([1, 99, 100, 101, TOP - 1, TOP, AMOUNT_LIMIT], np.int64))


@pytest.mark.parametrize("promotion", ["forced", "reverse"])
def test_breakeven_fits(promotion: str) -> None:
    values = resolved(Policy(promotion=promotion))

    def paid(list_price: Whole, cost: Whole, taken: Whole, high: Whole, units: Whole) -> Whole:
        sku = Sku(
            list_price,
            Costs(cost, cost, cost),
            FeeRates(taken, taken),
            Discounts(0 * high, high, high),
            Targets(BLANK, BLANK, BLANK),
            units,
        )
        results = BREAKEVEN.compute(Inputs(sku, values))
        del results["uplift_reported"]  # the same for every row
        return tuple(results.values())  # type: ignore[return-value]

    agrees(paid, *columns_of((1, TOP - 1, TOP), AMOUNTS, RATES, RATES, (BLANK, 0, 1, 10**8 - 1)))


def lowest_left(required: Whole, left: Whole) -> Whole:
    return lowest_list_price(required, MILLION - left)


@pytest.mark.parametrize("rate", [0, 1, 132_000, 999_999])
def test_products_of_amounts_and_rates_fit(rate: int) -> None:
    amounts = np.array([0, 1, TOP - 1, TOP, AMOUNT_LIMIT, 4 * AMOUNT_LIMIT], np.int64)
    for formula in (half_up, up, down):
        agrees(formula, amounts, np.full_like(amounts, rate))
    for formula in (divided_up, divided_down):
        agrees(formula, amounts, np.full_like(amounts, MILLION - rate))
    agrees(lowest_left, amounts[1:], np.full_like(amounts[1:], MILLION - rate))


# --- columns and ints -----------------------------------------------------------------------------


@settings(thorough, max_examples=50)
@given(RANDOM)
def test_a_column_comes_to_what_each_of_its_rows_comes_to(rng: Random) -> None:
    """With the same offers for every row, and blank costs and targets among the rest."""
    cases = [draw_case(rng, SMALL) for _ in range(rng.randint(1, 6))]
    cases = [case for case in cases if leaves_something(case)]
    assume(cases)
    products = [Product(case) for case in cases]
    first = products[0]

    def column(values: list[int]) -> Column:
        return np.array(values, np.int64)

    costs = Costs(
        column([int(each.costs.purchase_price) for each in products]),
        column([int(each.costs.logistics_cost) for each in products]),
        column([int(each.costs.other_cost) for each in products]),
    )
    fees = FeeRates(
        column([int(each.fees.commission_rate) for each in products]),
        column([int(each.fees.payment_rate) for each in products]),
    )
    targets = Targets(
        column([int(each.targets.price) for each in products]),
        column([int(each.targets.profit) for each in products]),
        column([int(each.targets.margin) for each in products]),
    )
    discounts = Discounts(
        column([int(each.discounts.limited_rate) for each in products]),
        column([int(each.discounts.forced_rate_min) for each in products]),
        column([int(each.discounts.forced_rate_max) for each in products]),
    )
    required, bound = required_deal_price(targets, costs, fees, FLOOR_MULTIPLE)
    protected = protected_list_price(required, discounts, first.offers, first.endings)
    exact = exact_list_price(required, discounts)
    list_prices = column([rng.randint(1, 3000) for _ in products])
    deal, situation = worst_deal_price(list_prices, discounts, first.offers)
    for row, each in enumerate(products):
        alone, bound_alone = required_deal_price(
            each.targets, each.costs, each.fees, FLOOR_MULTIPLE
        )
        assert (at(required, row), at(bound, row)) == (alone, bound_alone)
        price = protected_list_price(alone, each.discounts, first.offers, first.endings)
        assert at(protected, row) == price
        assert at(exact, row) == exact_list_price(alone, each.discounts)
        worst = worst_deal_price(int(list_prices[row]), each.discounts, first.offers)
        assert (at(deal, row), at(situation, row)) == worst


def at(values: Whole, row: int) -> int:
    return values if isinstance(values, int) else int(values[row])


def test_no_target_and_no_cost_in_one_column() -> None:
    """A row without a cost is next to one with a cost, and neither changes the other."""
    price = np.array([350, BLANK, 350, BLANK], np.int64)
    gain = np.array([BLANK, 80, 80, 350], np.int64)
    cost = np.array([BLANK, 100, 100, 800], np.int64)
    free = np.zeros(4, np.int64)
    required, bound = required_deal_price(
        Targets(price, gain, BLANK), Costs(cost, free, free), FeeRates(0, 0), FLOOR_MULTIPLE
    )
    assert isinstance(required, np.ndarray)
    assert isinstance(bound, np.ndarray)
    assert required.tolist() == [350, 180, 350, 1150]
    assert bound.tolist() == [0, 1, 0, 1]


def test_random_cases_cover_all_situations() -> None:
    """Dead zones, endings pushed over one, offers that fall: enough cases of each."""
    seen = {"dead zones": 0, "pushed over one": 0, "offers decide": 0, "more takes less": 0}
    worst: set[str] = set()
    bounds: set[str] = set()
    for number in range(300):
        case = draw_case(Random(f"reach:{number}"), SMALL)  # noqa: S311
        if not leaves_something(case):
            continue
        required, bound = reference.required_deal_price(case)
        product = Product(case)
        safe = product.protected(required, ())
        allowed = product.protected(required, product.endings)
        plain = replace(case, spend_save=(), coupons=())
        taken = [reference.off(case, subtotal, True) for subtotal in range(2 * required + 100)]
        seen["dead zones"] += bool(product.runs(required, safe, safe + 1000))
        seen["pushed over one"] += allowed > safe + 99
        seen["offers decide"] += Product(plain).protected(required, ()) < safe
        seen["more takes less"] += taken != sorted(taken)
        bounds.add(bound)
        worst.add(reference.evaluate(case, safe).worst_case)
    assert worst == {"forced", "not_forced"}
    assert bounds == set(reference.BOUNDS)  # of a markup the brute force knows
    assert all(count >= 3 for count in seen.values()), seen
    assert seen["dead zones"] >= 20
