"""Random SKUs and stores, drawn where errors are likely: at the edges of offers.

Everything is drawn from a ``random.Random``. Hypothesis passes one whose draws it can shrink; other
runs seed one.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import reference
from reference import Case

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

SCALES = (3, 20, 100, 500, 2000, 8000, 30_000)
"""The largest amount of a case in cents: with small amounts roundings matter more."""

WHOLE = 1_000_000

DEAREST_REQUIRED = 60_000
"""The limit of cases with offers, because the reference tries every cent that they take."""


def draw_rate(rng: Random, most: int = 600_000) -> Fraction:
    """A rate up to ``most`` millionths: 0, whole percents, tenths of percents, or any."""
    grain = rng.choice((10_000, 10_000, 1_000, 1, 0))
    return Fraction(rng.randint(0, most // grain) * grain, WHOLE) if grain else Fraction(0)


def draw_case(rng: Random, scales: Sequence[int] = SCALES) -> Case:
    """A SKU and its store; the fees may leave nothing to keep (see ``leaves_something``)."""
    case = _with_bounds(rng, rng.choice(scales))
    if not leaves_something(case):
        return case
    required, _ = reference.required_deal_price(case)
    return _with_offers(rng, case, required) if required <= DEAREST_REQUIRED else case


def leaves_something(case: Case) -> bool:
    """Whether the fees leave anything for the targets."""
    return case.commission_rate + case.payment_rate + (case.target_margin or 0) < 1


def _with_bounds(rng: Random, dearest: int) -> Case:
    purchase = rng.randint(0, dearest) if rng.randint(0, 3) else None
    asked = rng.randint(0, 7) if purchase is not None else 4
    low, high = _forced(rng)
    deep_fees = rng.randint(0, 3) == 0
    return Case(
        purchase_price=purchase,
        logistics_cost=None if purchase is None else rng.randint(0, dearest // 4),
        other_cost=rng.choice((0, 0, rng.randint(0, dearest // 10))),
        commission_rate=draw_rate(rng, 600_000 if deep_fees else 150_000),
        payment_rate=draw_rate(rng, 600_000 if deep_fees else 40_000),
        limited_rate=draw_rate(rng, 500_000) if rng.randint(0, 2) == 0 else Fraction(0),
        forced_lo=low,
        forced_hi=high,
        target_price=rng.randint(0, dearest) if asked & 4 else None,
        target_profit=rng.randint(0, dearest // 3) if asked & 2 else None,
        target_margin=draw_rate(rng, 600_000 if deep_fees else 300_000) if asked & 1 else None,
        basket=rng.choice(("single", "single", "any")),
        endings=rng.choice(
            ((), (), (99,), (rng.randint(0, 99),), (rng.randint(0, 99), rng.randint(0, 99)))
        ),
    )


def _forced(rng: Random) -> tuple[Fraction, Fraction]:
    most = rng.choice((250_000, 250_000, 500_000, 950_000))
    first = draw_rate(rng, most)
    second = first if rng.randint(0, 2) == 0 else draw_rate(rng, most)
    return min(first, second), max(first, second)


def _with_offers(rng: Random, case: Case, required: int) -> Case:
    anchors = _anchors(case, required)
    tiers: list[tuple[int, int]] = []
    for _ in range(rng.randint(0, 4)):
        tiers.append(_tier(rng, anchors, required, tiers))
    coupons = [_coupon(rng, anchors, required, tiers) for _ in range(rng.randint(0, 3))]
    return replace(
        case,
        spend_save=tuple(tiers),
        coupons=tuple(coupons),
        coupon_stacks=rng.randint(0, 1) == 1,
    )


def _anchors(case: Case, required: int) -> list[int]:
    """Prices for thresholds: the requirement, and the item prices of its list prices."""
    anchors = [required]
    for rate in (case.forced_lo, case.forced_hi):
        list_price = reference.up(required / (1 - rate) / (1 - case.limited_rate))
        anchors += [
            list_price,
            reference.shown_item_price(case, list_price, Fraction(0)),
            reference.shown_item_price(case, list_price, case.forced_lo),
            reference.shown_item_price(case, list_price, case.forced_hi),
        ]
    return anchors


def _tier(
    rng: Random, anchors: list[int], required: int, others: list[tuple[int, int]]
) -> tuple[int, int]:
    where = rng.randint(0, 6)
    takes = rng.randint(1, max(1, required // rng.choice((1, 4, 10))))
    if where == 0:
        # At the threshold the requirement is left, or a cent more or less.
        return max(takes + 1, required + takes + rng.randint(-1, 1)), takes
    if where <= 3:
        # Above the requirement, and it takes more than the difference: a dead zone.
        return required + rng.randint(1, takes), takes
    if where == 4 and others:
        # Just above another tier, or at the same threshold, taking about as much.
        threshold, takes = rng.choice(others)
        threshold = max(2, threshold + rng.randint(0, 2))
        return threshold, min(threshold - 1, max(1, takes + rng.randint(-2, 2)))
    threshold = _threshold(rng, anchors)
    return threshold, _takes(rng, threshold)


def _coupon(
    rng: Random, anchors: list[int], required: int, tiers: list[tuple[int, int]]
) -> tuple[int, int]:
    where = rng.randint(0, 4)
    if where == 0:
        return 0, rng.randint(1, max(1, required // rng.choice((1, 4, 10))))
    if where <= 2 and tiers:
        # In reach just below the tier, and about out of reach once the tier has taken off.
        threshold, takes = rng.choice(tiers)
        threshold = max(2, threshold - takes + rng.choice((0, 1, takes, rng.randint(0, takes))))
        return threshold, _takes(rng, threshold)
    threshold = _threshold(rng, anchors)
    return threshold, _takes(rng, threshold)


def _threshold(rng: Random, anchors: list[int]) -> int:
    if rng.randint(0, 2):
        return max(2, rng.choice(anchors) + rng.randint(-1, 1))
    return rng.randint(2, 2 * max(anchors) + 2)


def _takes(rng: Random, threshold: int) -> int:
    deepest = max(1, (threshold - 1) // rng.choice((1, 2, 5, 10, 10, 100)))
    return rng.randint(1, deepest)


def draw_list_price(rng: Random, case: Case, protected: int | None) -> int:
    """A list price near one at which something changes, or any."""
    kept = (1 - case.limited_rate) * (1 - rng.choice((case.forced_lo, case.forced_hi, Fraction(0))))
    edges = [reference.up(b / kept) for b in reference.breakpoints(case)]
    if protected is not None:
        edges.append(protected)
    if edges and rng.randint(0, 4):
        return max(1, rng.choice(edges) + rng.randint(-2, 1))
    return rng.randint(1, 2 * max([*edges, 100]))
