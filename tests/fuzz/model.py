"""Compare the formulas of offers and decisions with brute force, on random small cases.

Amounts are small on purpose: roundings matter more, and every cent can be tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import brute
import numpy as np
from brute import Item, Store, Wanted

from aepromo.pricing.decision import ACTIONS, HELD_BY, Guards, decide
from aepromo.pricing.fees import Costs, FeeRates
from aepromo.pricing.money import BLANK
from aepromo.pricing.offers import (
    WORST_CASES,
    Coupon,
    Discounts,
    Offers,
    Tier,
    worst_deal_price,
)
from aepromo.pricing.proof import TRILLION, proof
from aepromo.pricing.protect import (
    BOUNDS,
    Targets,
    protected_list_price,
    required_deal_price,
    zones,
)
from aepromo.pricing.reach import (
    BILLION,
    Converted,
    holds_to_fx,
    holds_to_rate,
    max_limited_rate,
)

if TYPE_CHECKING:
    from aepromo.pricing.money import Whole

Difference = tuple[str, object, object]

# --- drawing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """A store, a SKU's rates, and the figures to compare."""

    item: Item
    required: int
    endings: tuple[tuple[int, int], ...]
    list_prices: tuple[int, ...]
    limit: int
    guards: Guards

    @property
    def store(self) -> Store:
        return self.item.store

    @property
    def offers(self) -> Offers:
        store = self.store
        coupons = (
            Coupon(least, amount, share, BLANK if cap is None else cap)
            for least, amount, share, cap in store.coupons
        )
        tiers = tuple(Tier(*tier) for tier in store.tiers)
        return Offers(tiers, tuple(coupons), store.stacks, store.basket)  # type: ignore[arg-type]

    @property
    def discounts(self) -> Discounts:
        item = self.item
        return Discounts(item.limited, item.low, item.high, self.store.adds)


def draw(rng: Random, largest: int = 120) -> Trial:
    """Draw a trial, with thresholds near the required price of its item.

    ``largest`` is the highest required price, in cents.
    """
    required = rng.randint(1, rng.choice((8, largest // 2, largest)))
    low, high = sorted(rng.choice((rate(rng, 250_000), rate(rng, 600_000))) for _ in range(2))
    low = high if rng.randint(0, 2) == 0 else low
    limited = rate(rng, 400_000) if rng.randint(0, 2) == 0 else 0
    adds = rng.randint(0, 4) == 0
    left = max(1_000_000 - limited - high, 0) if adds else 0
    left = left or (1_000_000 - limited) * (1_000_000 - high) // 1_000_000
    if adds and limited + high >= 1_000_000:
        adds = False
    plain = -(-required * 1_000_000 // max(left, 100_000))
    store = draw_store(rng, required, plain, adds, largest)
    limit = min(2 * plain + 40, 4 * largest)
    item = Item(store, limited, low, high, limit + 2)
    anchors = [required, plain, plain + 1, *(t for t, _, _ in store.tiers)]
    anchors += [least for least, _, _, _ in store.coupons]
    prices = [
        min(limit, max(1, rng.choice(anchors) + rng.randint(-3, 6)))
        if rng.randint(0, 3)
        else rng.randint(1, limit)
        for _ in range(4)
    ]
    change = rng.choice((None, 500_000, rng.randint(0, 900_000)))
    top = rng.choice((BLANK, BLANK, rng.randint(1, limit)))
    return Trial(item, required, draw_endings(rng), tuple(prices), limit, Guards(change, top))


def rate(rng: Random, most: int) -> int:
    grain = rng.choice((10_000, 10_000, 1000, 1))
    return rng.randint(0, most // grain) * grain


def draw_endings(rng: Random) -> tuple[tuple[int, int], ...]:
    return rng.choice(
        ((), (), ((99, 100),), ((9, 10),), ((3, 7), (0, 10)), ((rng.randint(0, 19), 20),))
    )


def draw_store(rng: Random, required: int, plain: int, adds: bool, largest: int) -> Store:
    tiers: list[tuple[int, int, bool]] = []
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        tiers.append(draw_tier(rng, required, plain, tiers, largest))
    coupons = [draw_coupon(rng, required, plain, tiers) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    basket = rng.choice(("any", "single", "same"))
    return Store(tuple(tiers), tuple(coupons), rng.randint(0, 1) == 1, basket, adds)


def draw_tier(
    rng: Random, required: int, plain: int, others: list[tuple[int, int, bool]], largest: int
) -> tuple[int, int, bool]:
    repeats = rng.randint(0, 1) == 1 and not any(each for _, _, each in others)
    where = rng.randint(0, 7)
    if where >= 5:
        # Above the requirement, and it takes more than the difference: a dead zone.
        between = rng.choice((0, plain - required))
        spare = rng.randint(1, max(1, required // rng.choice((1, 3, 8))))
        threshold = required + between + rng.randint(1, spare + 1)
        return max(threshold, 2), min(between + spare, max(threshold, 2) - 1), repeats
    if where == 0:
        threshold = required * rng.randint(1, 4) + rng.randint(-1, 3)
    elif where == 1:
        threshold = plain * rng.randint(1, 3) + rng.randint(-1, 1)
    elif where == 2 and others:
        threshold = others[0][0] + rng.randint(0, 3)
    else:
        threshold = rng.randint(2, 4 * plain + 4)
    threshold = min(max(2, threshold), 2 * largest)
    deepest = max(1, (threshold - 1) // rng.choice((1, 2, 3, 10, 10)))
    return threshold, rng.randint(1, deepest), repeats


def draw_coupon(
    rng: Random, required: int, plain: int, tiers: list[tuple[int, int, bool]]
) -> tuple[int, int, int, int | None]:
    where = rng.randint(0, 4)
    if where == 0:
        least = 0
    elif where == 1 and tiers:
        threshold, off, _ = rng.choice(tiers)
        least = max(0, threshold - off + rng.choice((0, 1, off, -1)))
    elif where == 2:
        least = max(0, required + rng.randint(-1, 2))
    else:
        least = rng.randint(0, 3 * plain)
    if rng.randint(0, 1):
        share = rng.choice((50_000, 100_000, 100_000, 150_000, 300_000, 70_000, 132_000, 333_333))
        return least, 0, share, rng.choice((None, None, rng.randint(1, max(2, required // 3))))
    deepest = max(1, (least or required) // rng.choice((2, 5, 10)))
    return least, rng.randint(1, deepest), 0, None


# --- comparing ------------------------------------------------------------------------------------


def differences(trial: Trial, with_columns: bool = True) -> list[Difference]:
    """Every difference between product and brute force; in columns, too, if asked."""
    found = price_differences(trial)
    for list_price in trial.list_prices:
        found += outcome_differences(trial, list_price)
        found += decision_differences(trial, list_price)
    if with_columns:
        found += carrier_differences(trial)
    found += zone_differences(trial)
    found += proof_differences(trial)
    return [each for each in found if each[1] != each[2]]


def capped(price: int, limit: int) -> int | None:
    """A price, or None if it is above the limit of the brute force."""
    return price if price <= limit else None


def price_differences(trial: Trial) -> list[Difference]:
    item, required, limit = trial.item, trial.required, trial.limit
    found: list[Difference] = []
    for endings in {(), trial.endings}:
        ours = protected_list_price(required, trial.discounts, trial.offers, endings)
        theirs = item.protected(required, limit, endings)
        found.append((f"protected {endings}", capped(int(ours), limit), theirs))
    for start in trial.list_prices:
        ours = protected_list_price(
            required, trial.discounts, trial.offers, trial.endings, start=start
        )
        theirs = item.protected(required, limit, trial.endings, start)
        found.append((f"protected from {start}", capped(int(ours), limit), theirs))
    return found


def outcome_differences(trial: Trial, list_price: int) -> list[Difference]:
    item, required = trial.item, trial.required
    deal, worst = worst_deal_price(list_price, trial.discounts, trial.offers)
    expected, situation = item.worst(list_price)
    assert isinstance(worst, int)
    percents = item.max_limited(list_price, required)
    deepest = None if 0 not in percents else max(percents) * 100
    return [
        (f"deal of {list_price}", deal, expected),
        (f"worst case of {list_price}", WORST_CASES[worst], situation),
        (
            f"holds {list_price} to rate",
            or_none(holds_to_rate(list_price, required, trial.discounts, trial.offers)),
            item.holds_to_rate(list_price, required),
        ),
        (
            f"max limited rate of {list_price}",
            or_none(max_limited_rate(list_price, required, trial.discounts, trial.offers)),
            max(percents, default=-1) * 100 if deepest is None and percents else deepest,
        ),
    ]


def or_none(value: Whole) -> int | None:
    return None if value == BLANK else int(value)


def decision_differences(trial: Trial, list_price: int) -> list[Difference]:
    found: list[Difference] = []
    for lower in (False, True):
        for current in (list_price, None):
            expected = decision_by_hand(trial, current, lower)
            if expected is None:
                continue  # above the limit of the brute force
            ours = decide(
                BLANK if current is None else current,
                trial.required,
                trial.discounts,
                trial.offers,
                trial.endings,
                trial.guards,
                lower,
            )
            assert isinstance(ours.action, int)
            assert isinstance(ours.held_by, int)
            held_by = "" if ours.held_by == BLANK else HELD_BY[ours.held_by]
            told = (or_none(ours.new_list_price), ACTIONS[ours.action], held_by)
            found.append((f"decision at {current}, lower {lower}", told, expected))
    return found


def decision_by_hand(
    trial: Trial, current: int | None, lower: bool
) -> tuple[int | None, str, str] | None:
    item, required, endings = trial.item, trial.required, trial.endings
    smallest = item.protected(required, trial.limit, endings)
    if current is None:
        wanted, action = smallest, "new"
    elif lower and smallest is not None and smallest < current:
        wanted, action = smallest, "lower"
    elif item.protects(current, required):
        return current, "keep", ""
    else:
        wanted, action = item.protected(required, trial.limit, endings, current), "raise"
    if wanted is None:
        return None
    guards = trial.guards
    if current is not None and guards.max_change is not None:
        change = abs(wanted - current)
        if change * brute.WHOLE > current * guards.max_change:
            return current, "hold", "max_change"
    if guards.max_price != BLANK and wanted > guards.max_price:
        return current, "hold", "max_price"
    return wanted, action, ""


def carrier_differences(trial: Trial) -> list[Difference]:
    """Differences between a column and its rows one by one."""
    discounts, offers, endings = trial.discounts, trial.offers, trial.endings
    prices = [*trial.list_prices, 1, trial.limit, BLANK]
    needed = [max(1, trial.required + step) for step in (0, -2, 1, 3, 40, 0, 7)][: len(prices)]
    known = [max(price, 1) for price in prices]

    def figures(price: Whole, required: Whole, or_blank: Whole) -> tuple[Whole, ...]:
        return (
            protected_list_price(required, discounts, offers, endings),
            protected_list_price(required, discounts, offers, endings, start=price),
            *worst_deal_price(price, discounts, offers),
            holds_to_rate(price, required, discounts, offers),
            max_limited_rate(price, required, discounts, offers),
            *decide(or_blank, required, discounts, offers, endings, trial.guards),
            *decide(or_blank, required, discounts, offers, endings, trial.guards, True),
        )

    columns = figures(np.array(known), np.array(needed), np.array(prices))
    together = [tuple(row) for row in np.column_stack(columns).tolist()]
    alone = [figures(*row) for row in zip(known, needed, prices, strict=True)]
    product = np.array([0, 1, 1, 0, 2, 2, 1])[: len(prices)]
    by_product = max_limited_rate(np.array(known), np.array(needed), discounts, offers, product)
    assert isinstance(by_product, np.ndarray)
    lowest = [
        common_percent(
            trial, [row for row in zip(known, needed, product, strict=True) if row[2] == p]
        )
        for p in product
    ]
    return [
        ("columns", together, alone),
        ("max limited rate of products", [or_none(int(each)) for each in by_product], lowest),
    ]


def common_percent(trial: Trial, rows: list[tuple[int, int, int]]) -> int | None:
    """The deepest percent at which all SKUs of a product protect, by trying all."""
    safe = [set(trial.item.max_limited(price, required)) for price, required, _ in rows]
    return max((100 * percent for percent in set.intersection(*safe)), default=None)


def zone_differences(trial: Trial) -> list[Difference]:
    found: list[Difference] = []
    told: dict[bool, set[int]] = {True: set(), False: set()}
    for zone in zones(trial.required, trial.discounts, trial.offers):
        told[zone.forced] |= set(range(max(zone.low, 1), min(zone.high, trial.limit) + 1))
    for forced in (True, False):
        dead = trial.item.dead(trial.required, forced, trial.limit)
        found.append((f"zones, forced {forced}", sorted(told[forced]), dead))
    return found


def proof_differences(trial: Trial) -> list[Difference]:
    """Differences between a proof and the same computation by hand.

    Its deal price must also be less than required.
    """
    endings, required = trial.endings, trial.required
    protected = int(protected_list_price(required, trial.discounts, trial.offers, endings))
    below = [price for price in range(1, protected) if brute.allowed(price, endings)]
    if protected > trial.limit:
        return []
    found = proof(protected, required, trial.discounts, trial.offers, endings)
    if found is None or not below:
        return [("proof", found, below or None)]
    item, store = trial.item, trial.store
    own = brute.WHOLE - item.limited
    exact = found.list_price * (brute.WHOLE if store.adds and found.is_forced else own)
    base = -(-exact // brute.WHOLE) if found.is_base_up else exact // brute.WHOLE
    whole = (own if store.adds else brute.WHOLE) * brute.WHOLE
    price = base
    if found.is_forced:
        left = base * max(whole - found.forced_rate, 0)
        price = -(-left // TRILLION) if found.is_item_up else left // TRILLION
        inside = item.low <= found.forced_rate / brute.WHOLE <= item.high
    else:
        inside = found.forced_rate == 0
    subtotals = np.array([found.subtotal])
    off = int(store.off(subtotals, store.stacks or not found.is_forced)[0])
    share = -(-off * price // found.subtotal) if found.subtotal else 0
    fits = {
        "single": found.subtotal == price,
        "same": price == 0 or (found.subtotal % price == 0 and found.subtotal >= price),
        "any": found.subtotal >= price,
    }[store.basket]
    return [
        ("proof: list price", found.list_price, below[-1]),
        ("proof: base and item price", (found.base_price, found.item_price), (base, price)),
        ("proof: off", found.spend_save + found.coupon, off),
        ("proof: deal price", found.deal_price, price - share),
        ("proof: leaves less", found.deal_price < required, True),
        ("proof: rate and basket", (inside, fits), (True, True)),
    ]


# --- required deal prices and exchange rates ------------------------------------------------------


def draw_wanted(rng: Random) -> Wanted:
    """Costs, fees and targets that leave something to keep."""
    purchase = rng.choice((None, rng.randint(0, 60), rng.randint(0, 300)))
    costs = (purchase or 0) + rng.randint(0, 40)
    deep = rng.randint(0, 4) == 0
    fees = tuple(rate(rng, 250_000 if deep else 120_000) for _ in range(rng.choice((2, 3))))
    asked = rng.randint(1, 15)
    return Wanted(
        costs,
        purchase,
        fees,
        rng.randint(0, 400) if asked & 1 else None,
        rng.randint(0, 60) if asked & 2 else None,
        rate(rng, 200_000) if asked & 4 else None,
        rng.choice((rate(rng, 900_000), rng.randint(0, 3_000_000))) if asked & 8 else None,
    )


def taken_as(wanted: Wanted) -> tuple[Targets, Costs, FeeRates]:
    def known(value: int | None) -> int:
        return BLANK if value is None else value

    targets = Targets(*map(known, (wanted.price, wanted.profit, wanted.margin, wanted.markup)))
    rest = wanted.costs - (wanted.purchase or 0)
    if wanted.purchase is None:
        return targets, Costs(0, rest, 0), FeeRates(*wanted.fees)
    return targets, Costs(wanted.purchase, rest, 0), FeeRates(*wanted.fees)


FLOOR_MULTIPLE = 1_150_000


def required_differences(rng: Random) -> list[Difference]:
    wanted = draw_wanted(rng)
    targets, costs, fees = taken_as(wanted)
    if wanted.purchase is None:
        # Without a purchase price there is no floor, and its bound is blank.
        costs = costs._replace(purchase_price=0)
    multiple = FLOOR_MULTIPLE if wanted.purchase is not None else 0
    ours, bound = required_deal_price(targets, costs, fees, multiple)
    kept = brute.WHOLE - sum(wanted.fees) - (wanted.margin or 0)
    most = max(wanted.costs * 2 + (wanted.profit or 0), wanted.price or 0)
    most = max(most, wanted.costs + wanted.costs * (wanted.markup or 0) // brute.WHOLE + 1)
    theirs, their_bound = wanted.required((most + 4) * brute.WHOLE // kept + 10)
    assert isinstance(bound, int)
    found: list[Difference] = [
        (f"required {wanted}", ours, theirs),
        (f"bound {wanted}", BOUNDS[bound], their_bound),
    ]
    found += fx_differences(rng, wanted, int(ours))
    return [each for each in found if each[1] != each[2]]


def fx_differences(rng: Random, wanted: Wanted, required: int) -> list[Difference]:
    """Differences in the lowest exchange rate at which a deal price holds; the one before fails."""
    targets, _, fees = taken_as(wanted)
    deal = max(1, required + rng.randint(-5, 40))
    finer, coarser = rng.choice(((1, 1), (1, 1), (100, 1), (1, 10)))
    purchase = rng.choice((0, rng.randint(0, 5000)))
    others = tuple(rng.randint(0, 2000) for _ in range(rng.randint(0, 2)))
    own = Costs(0 if purchase else rng.randint(0, 100), rng.randint(0, 30), 0)
    converted = Converted(purchase, others, finer, coarser)
    told = holds_to_fx(deal, targets, own, fees, FLOOR_MULTIPLE, converted)
    assert isinstance(told, int)

    def holds(rate: int) -> bool:
        costs = [-(-amount * finer * BILLION // (rate * coarser)) for amount in (purchase, *others)]
        new = Costs(
            own.purchase_price + costs[0], own.logistics_cost, own.other_cost + sum(costs[1:])
        )
        return int(required_deal_price(targets, new, fees, FLOOR_MULTIPLE)[0]) <= deal

    if told == BLANK:
        nothing = not purchase and (
            not any(others) or (wanted.profit, wanted.margin, wanted.markup) == (None, None, None)
        )
        return [("fx: none", nothing or not holds(10**18 - 10**13), True)]
    digits = str(told).rstrip("0")
    return [
        (f"fx {told}: five digits", len(digits) <= 5, True),
        (f"fx {told}: holds {wanted} {converted} {own} {deal}", holds(told), True),
        (f"fx {told}: the one before", holds(before(told)) if told > 1 else False, False),
    ]


def before(rate: int) -> int:
    """The next lower rate of five digits."""
    place = int(10 ** max(0, len(str(rate)) - 5))
    if place == 1 or rate - place >= 10**4 * place:
        return rate - place
    return rate - place // 10


# --- the run --------------------------------------------------------------------------------------


def failure(seed: int, number: int) -> str:
    """Return which figures of a case differ."""
    rng = Random(f"model:{seed}:{number}")  # noqa: S311 (no secrets)
    try:
        trial = draw(rng)
        found = differences(trial, with_columns=number % 4 == 0) + required_differences(rng)
    except Exception as error:  # is what came of this case; the others go on
        return f"{type(error).__name__}: {error}"
    lines = [f"{figure}: {ours}, not {theirs}" for figure, ours, theirs in found]
    return "\n  ".join([*lines, repr(trial)]) if lines else ""
