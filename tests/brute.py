"""The model of offers by brute force: every whole cent, every order, every percent.

It shares no code with the package. For every item price a table holds what a unit is left with,
over orders of 1, 2, 3 … units and over every subtotal far past the last offer; whether a list price
protects is looked up there. So it is slow, and only for small amounts.

Units: cents, and rates in millionths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

WHOLE = 1_000_000


@dataclass(frozen=True)
class Store:
    """The order offers of a store, and the basket in which a unit is bought."""

    tiers: tuple[tuple[int, int, bool], ...] = ()
    """(threshold, off, whether it repeats)."""
    coupons: tuple[tuple[int, int, int, int | None], ...] = ()
    """(least spent, amount, share, cap)."""
    stacks: bool = False
    basket: str = "any"
    adds: bool = False
    """Whether own and forced discount add up."""

    def off(self, subtotals: npt.NDArray[np.int64], with_coupons: bool) -> npt.NDArray[np.int64]:
        """The amounts taken off orders of these subtotals, in minor units."""
        spared = np.zeros_like(subtotals)
        for threshold, off, repeats in self.tiers:
            times = subtotals // threshold if repeats else subtotals >= threshold
            spared = np.maximum(spared, off * times)
        left = subtotals - spared
        coupon = np.zeros_like(subtotals)
        for least, amount, share, cap in self.coupons if with_coupons else ():
            takes = -(-left * share // WHOLE) if share else np.full_like(left, amount)
            takes = takes if cap is None else np.minimum(takes, cap)
            coupon = np.maximum(coupon, np.where(left >= least, takes, 0))
        taken: npt.NDArray[np.int64] = np.minimum(spared + coupon, subtotals)
        return taken

    def deals(self, dearest: int, with_coupons: bool) -> npt.NDArray[np.int64]:
        """The lowest deal price of a unit for each item price from 0 to ``dearest``."""
        prices = np.arange(dearest + 1)
        alone = prices - self.off(prices, with_coupons)
        if self.basket == "single" or not (self.tiers or self.coupons):
            return alone
        if self.basket == "any":
            return self._beside_others(alone, with_coupons)
        return self._with_its_like(alone, with_coupons)

    def _beside_others(
        self, alone: npt.NDArray[np.int64], with_coupons: bool
    ) -> npt.NDArray[np.int64]:
        last = self._last + 12 * len(alone) + 4 * max([0, *(t for t, _, _ in self.tiers)])
        subtotals = np.arange(last + 1)
        left = subtotals - self.off(subtotals, with_coupons)
        found = alone.copy()
        for price in range(1, len(alone)):
            found[price] = (price * left[price:] // subtotals[price:]).min()
        return found

    def _with_its_like(
        self, alone: npt.NDArray[np.int64], with_coupons: bool
    ) -> npt.NDArray[np.int64]:
        found = alone.copy()
        repeating = [threshold for threshold, _, repeats in self.tiers if repeats]
        for price in range(1, len(alone)):
            most = max(40, self._last // price + 2)
            units = np.arange(1, most + 1)
            if repeating:
                # Every remainder of the threshold occurs where coupons are reached and beyond; and
                # a practically infinite order.
                units = np.arange(1, most + 4 * repeating[0] + 2)
                units = np.append(units, repeating[0] * 10**7)
            subtotals = units * price
            left = subtotals - self.off(subtotals, with_coupons)
            found[price] = (left // units).min()
        return found

    @property
    def _last(self) -> int:
        """A subtotal past the first that reaches each offer."""
        offs = sum(off for _, off, _ in self.tiers)
        tiers = sum(threshold for threshold, _, _ in self.tiers)
        least = sum(least + amount + (cap or 0) for least, amount, _, cap in self.coupons)
        repeating = [(t, off) for t, off, repeats in self.tiers if repeats]
        scale = max([1, *(-(-t // (t - off)) for t, off in repeating)])
        return (offs + tiers + least) * scale + 1


@dataclass(frozen=True)
class Item:
    """One SKU's rates, in a store; item prices up to ``dearest`` are tabled."""

    store: Store
    limited: int
    low: int
    high: int
    dearest: int
    tables: dict[bool, list[int]] = field(default_factory=dict, compare=False)

    def deals(self, forced: bool) -> list[int]:
        with_coupons = self.store.stacks or not forced
        if with_coupons not in self.tables:
            self.tables[with_coupons] = self.store.deals(self.dearest, with_coupons).tolist()
        return self.tables[with_coupons]

    def item_prices(
        self, list_price: int, forced: bool, *, limited: int | None = None, high: int | None = None
    ) -> range:
        """Every possible item price in cents; ``high`` instead of the range, from 0."""
        own = WHOLE - (self.limited if limited is None else limited)
        low, top = (self.low, self.high) if high is None else (0, high)
        if not forced:
            low = top = 0
        if self.store.adds:
            first = list_price * max(own - top, 0) // WHOLE
            last = -(-list_price * max(own - low, 0) // WHOLE)
            return range(first, last + 1)
        first = (list_price * own // WHOLE) * (WHOLE - top) // WHOLE
        highest_base = -(-list_price * own // WHOLE)
        last = -(-highest_base * (WHOLE - low) // WHOLE)
        return range(first, last + 1)

    def lowest_deal(self, list_price: int, forced: bool, **kwargs: int) -> int:
        prices = self.item_prices(list_price, forced, **kwargs)
        return min(self.deals(forced)[prices.start : prices.stop])

    def worst(self, list_price: int, **kwargs: int) -> tuple[int, str]:
        forced = self.lowest_deal(list_price, True, **kwargs)
        spared = self.lowest_deal(list_price, False, **kwargs)
        return (forced, "forced") if forced <= spared else (spared, "not_forced")

    def protects(self, list_price: int, required: int, **kwargs: int) -> bool:
        if not kwargs and list_price < len(self.lowest):
            return self.lowest[list_price] >= required
        return self.worst(list_price, **kwargs)[0] >= required

    @cached_property
    def lowest(self) -> list[int]:
        """The lowest deal of every list price whose item prices are tabled."""
        return [self.worst(price)[0] for price in range(self.dearest - 1)]

    def protected(
        self, required: int, limit: int, endings: tuple[tuple[int, int], ...], start: int = 1
    ) -> int | None:
        for price in range(start, limit + 1):
            if allowed(price, endings) and self.protects(price, required):
                return price
        return None

    def dead(self, required: int, forced: bool, limit: int) -> list[int]:
        """The list prices up to a limit that do not protect in one situation."""
        return [
            price for price in range(1, limit + 1) if self.lowest_deal(price, forced) < required
        ]

    def holds_to_rate(self, list_price: int, required: int) -> int | None:
        """In ten-thousandths."""
        if self.lowest_deal(list_price, False) < required:
            return None
        own = WHOLE - self.limited
        rates = np.arange(0, own if self.store.adds else WHOLE, 100)
        if self.store.adds:
            lows = list_price * (own - rates) // WHOLE
        else:
            lows = (list_price * own // WHOLE) * (WHOLE - rates) // WHOLE
        deals = np.array(self.deals(True)[: -(-list_price * own // WHOLE) + 1])
        from_there = np.minimum.accumulate(deals[::-1])[::-1]
        fails = np.flatnonzero(from_there[lows] < required)
        return int(fails[0]) - 1 if fails.size else len(rates) - 1

    def max_limited(self, list_price: int, required: int) -> list[int]:
        """Every whole percent of own discount at which the price protects."""
        return [
            percent
            for percent in range(100)
            if self.protects(list_price, required, limited=percent * 10_000)
        ]


def allowed(price: int, endings: tuple[tuple[int, int], ...]) -> bool:
    return not endings or any(price % modulus == value for value, modulus in endings)


# --- from a deal price to what is left of it ------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """A unit's costs, its fee rates, and the targets that its price must meet."""

    costs: int
    purchase: int | None = None
    fees: tuple[int, ...] = ()
    price: int | None = None
    profit: int | None = None
    margin: int | None = None
    markup: int | None = None

    BOUNDS = ("target_price", "target_profit", "target_margin", "target_markup", "floor_price")

    def meets(self, bound: str, deal: int) -> bool:
        left = deal - sum(-(-deal * rate // WHOLE) for rate in self.fees) - self.costs
        if bound == "target_price":
            return deal >= (self.price or 0)
        if bound == "target_profit":
            return left >= (self.profit or 0)
        if bound == "target_margin":
            return left * WHOLE >= (self.margin or 0) * deal
        if bound == "target_markup":
            return left >= -(-self.costs * (self.markup or 0) // WHOLE)
        return deal >= -(-(self.purchase or 0) * 115 // 100)

    @cached_property
    def in_force(self) -> list[str]:
        values = (self.price, self.profit, self.margin, self.markup, self.purchase)
        return [name for name, value in zip(self.BOUNDS, values, strict=True) if value is not None]

    def required(self, top: int) -> tuple[int, str]:
        """The smallest price from which on, up to ``top``, each one meets every bound."""
        alone = {}
        for bound in self.in_force:
            alone[bound] = next(
                (deal + 1 for deal in range(top, 0, -1) if not self.meets(bound, deal)), 1
            )
        most = max(alone.values())
        return most, next(bound for bound in self.in_force if alone[bound] == most)
