"""The share of the order offers that falls on one unit, and the basket where it is largest.

An order gets the best Spend & Save tier that its subtotal reaches, and the best coupon that the
rest reaches. The share of a unit depends on what else is in the order: ``single`` is the unit
alone, ``same`` any number of units of this SKU, ``any`` anything that the buyer adds, where offers
are split in proportion to price. The unit's part is rounded up to a minor unit.

The subtotals at which an order suddenly takes more are called drops: between two of them what is
left of an order never falls as its subtotal rises, and the part of it that is taken off never
grows, but for the rounding of a coupon that takes a share. So a worst case is at a drop, or at the
unit alone. A Spend & Save that repeats has a drop at each of its multiples.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from math import gcd, lcm
from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    MILLION,
    least,
    most,
    negated,
    pick,
    quotient_down,
    quotient_up,
    share_up,
)
from aepromo.pricing.stepping import stepped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.pricing.money import Truth, Whole
    from aepromo.pricing.offers import Basket, Coupon, Tier
    from aepromo.pricing.stepping import Values

NEVER = 2**62
"""A subtotal that no order can reach."""

LARGEST_ORDER = 4 * AMOUNT_LIMIT
"""No order comes to as much, in minor units."""

MOST_UNITS = 10**6
"""Larger orders of one SKU are treated as infinitely large."""


class Worst(NamedTuple):
    """The lowest deal price of a range of item prices, and where it is found.

    In minor units. ``subtotal`` is that of the order; in a basket of the same it is a multiple of
    the item price, and 0 stands for an order of so many units that one more changes nothing.
    """

    deal_price: Whole
    item_price: Whole
    subtotal: Whole


class Stretch(NamedTuple):
    """Item prices from ``low`` to ``high`` at which an order of so many units leaves too little.

    ``threshold`` is the subtotal that the order reaches, ``taken`` what it loses at ``low``.
    """

    low: int
    high: int
    threshold: int
    taken: int
    units: int


class Situation(NamedTuple):
    """The offers that apply to a unit, and the basket that it is bought in.

    ``starts`` are the subtotals from which on other offers apply than just below, and ``drops``
    those of them at which an order may suddenly be left with less; both ascending, and without the
    multiples of the Spend & Save that repeats, except where another offer begins or ends there.
    ``tiers`` are the thresholds of the tiers that don't repeat, ascending, and ``takes`` what the
    best one takes under the first of them, from it up, and so on.
    """

    spend_save: tuple[Tier, ...]
    coupons: tuple[Coupon, ...]
    basket: Basket
    starts: tuple[int, ...]
    drops: tuple[int, ...]
    tiers: tuple[int, ...]
    takes: tuple[int, ...]

    @property
    def has_shares(self) -> bool:
        """Whether a coupon takes a share."""
        return any(coupon.share for coupon in self.coupons)

    @property
    def repeating(self) -> Tier | None:
        """The Spend & Save that repeats."""
        return next((tier for tier in self.spend_save if tier.repeats), None)

    def left_of(self, subtotal: Whole) -> Whole:
        """The total of an order after its offers, in minor units; never under 0."""
        left = subtotal - self.spend_save_taken(subtotal)
        return most(left - self.coupon_taken(left), 0)

    def spend_save_taken(self, subtotal: Whole) -> Whole:
        """The amount that Spend & Save takes off an order, in minor units; 0 for none."""
        taken: Whole = 0
        if not isinstance(subtotal, int):
            # However many tiers there are, each row looks its own up.
            library = subtotal.__array_namespace__()
            reached = library.searchsorted(library.asarray(self.tiers), subtotal, side="right")
            taken = library.asarray(self.takes)[reached]
        elif self.tiers:
            taken = self.takes[bisect_right(self.tiers, subtotal)]
        tier = self.repeating
        return taken if tier is None else most(taken, tier.taken(subtotal))

    def coupon_taken(self, left: Whole) -> Whole:
        """The amount of the best coupon on an order after Spend & Save, in minor units; 0 for none.

        It may be more than is left.
        """
        taken: Whole = 0
        for coupon in self.coupons:
            taken = most(taken, coupon.taken(left))
        return taken

    def deal_price(self, item_price: Whole) -> Whole:
        """The price of a unit in the basket that is worst for it, in minor units; at least 0."""
        return self.worst(item_price, item_price).deal_price

    def lowest_deal_price(self, cheapest: Whole, dearest: Whole) -> Whole:
        """The lowest deal price for an item price anywhere from ``cheapest`` to ``dearest``."""
        return self.worst(cheapest, dearest).deal_price

    def worst_order(self, item_price: int) -> int:
        """The subtotal of an order in which a unit of one SKU is left with least."""
        worst = self.worst(item_price, item_price)
        subtotal, units = int(worst.subtotal), 1
        while not subtotal and item_price:  # of an order without end: the first that is as good
            if self.left_of(units * item_price) // units == worst.deal_price:
                subtotal = units * item_price
            units += 1
        return subtotal

    def worst(self, cheapest: Whole, dearest: Whole) -> Worst:
        """The lowest deal price over a range of item prices, with the order that leads to it."""
        if not (self.spend_save or self.coupons):
            return Worst(cheapest, cheapest, cheapest)
        if self.basket == "any":
            return self._worst_beside_others(cheapest)
        worst = self._worst_of_one(cheapest, dearest)
        if self.basket == "single":
            return worst
        # An item price of nothing is left at nothing, however many units there are.
        cheapest, dearest = most(cheapest, 1), most(dearest, 1)
        worst = self._worst_at_drops(cheapest, dearest, worst)
        return self._worst_of_many(cheapest, dearest, worst)

    def least_item_price(self, required: Whole) -> Whole:
        """An item price under which a deal price never reaches ``required``.

        Without offers it is that very price, and in an order of anything each item price from it up
        reaches it; in the other baskets a higher one may fall short again.
        """
        if not (self.spend_save or self.coupons):
            return required
        if self.basket == "any":
            return self._least_beside_others(required)
        alone = self._least_alone(required)
        return alone if self.basket == "single" else most(alone, self._least_of_many(required))

    def _least_alone(self, required: Whole) -> Whole:
        """An item price under which a unit alone falls short: a bound, not the highest one."""
        wanted = required
        for coupon in self.coupons:
            # Out of its reach, less than its threshold is left.
            binds = required >= coupon.threshold
            wanted = most(wanted, pick(binds, coupon.enough(required), required))
        tier = self.repeating
        if tier is None:
            return wanted
        # From one multiple to the next, no more is left than just before the next.
        short = most(wanted - tier.threshold + 1, 0)
        times = quotient_up(short, tier.threshold - tier.off)
        return most(wanted, times * tier.threshold)

    def _least_beside_others(self, required: Whole) -> Whole:
        """The least item price in an order of anything: a higher one never leaves less."""
        price = most(self._least_alone(required), self._least_of_many(required))
        for drop in (0, *self.starts):
            left = self.left_of(drop)
            # The unit is all of the order, from this drop to the next, or just reaches it.
            alone = self._next_of_units(required, drop, 1)
            price = most(price, pick(left < required, alone, 0))
            beside = quotient_up(required * drop, left) if left > 0 else drop + 1
            price = most(price, least(beside, drop + 1))
        if self.repeating is None and not self.has_shares:
            return price

        def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
            (price,), (required,) = answers, state
            worst = self.worst(price, price)
            is_short = worst.deal_price < required
            price = pick(is_short, self.next_item_price(required, worst), price)
            return (price,), state, is_short & (price < AMOUNT_LIMIT)

        return stepped(price < AMOUNT_LIMIT, (price,), (required,), step)[0]

    def _least_of_many(self, required: Whole) -> Whole:
        """The least item price in orders of many units, which lose a repeating offer in full."""
        tier = self.repeating
        if tier is None:
            return required
        kept = tier.threshold - tier.off
        # Above the exact price where a coupon takes something off however large an order.
        price = quotient_up(required * tier.threshold + self._takes_amount, kept)
        for coupon in self.coupons:
            if coupon.is_endless:
                # kept × price ÷ threshold must reach wanted ÷ rate, both exact.
                rate = MILLION - coupon.share
                wanted = required * MILLION
                whole, rest = least(wanted // rate, AMOUNT_LIMIT), wanted % rate
                scaled = whole * tier.threshold + quotient_up(rest * tier.threshold, rate)
                price = most(price, quotient_up(scaled, kept))
        return price

    def next_item_price(self, required: Whole, worst: Worst) -> Whole:
        """The first item price above a worst case at which that very case leaves ``required``.

        Every item price from that of the case up to there leaves less. The case must leave less.
        """
        item_price, subtotal = worst.item_price, worst.subtotal
        if self.basket != "any":
            units = most(subtotal // most(item_price, 1), 1)
            return self._next_of_units(required, subtotal, units)
        left = self.left_of(subtotal)
        beside = quotient_up(required * subtotal, most(left, 1))
        beside = pick(left > 0, least(beside, subtotal + 1), subtotal + 1)
        alone = self._next_of_units(required, subtotal, 1)
        return pick(subtotal == item_price, alone, beside)

    def _next_of_units(self, required: Whole, subtotal: Whole, units: Whole) -> Whole:
        target = units * required
        taken = self.spend_save_taken(subtotal)
        wanted: Whole = target
        for coupon in self.coupons:
            reached = subtotal - taken >= coupon.threshold
            wanted = most(wanted, pick(reached, coupon.enough(target), target))
        return quotient_up(least(taken + wanted, self._next_start(subtotal)), units)

    def _next_start(self, subtotal: Whole) -> Whole:
        """The next subtotal from which on other offers apply."""
        nearest: Whole = NEVER
        for start in reversed(self.starts):
            nearest = pick(subtotal < start, start, nearest)
        tier = self.repeating
        return nearest if tier is None else least(nearest, next_multiple(subtotal, tier.threshold))

    def _drops_from(self, subtotal: Whole) -> Iterator[Whole]:
        """Every drop, and the next multiple of the Spend & Save that repeats."""
        yield from self.drops
        tier = self.repeating
        if tier is not None:
            yield next_multiple(subtotal, tier.threshold)

    # --- one SKU's stretches ----------------------------------------------------------------------

    def short_stretches(self, required: int) -> list[Stretch]:
        """The stretches of item prices, from ``required`` up, that leave one SKU less than that.

        Ascending; they may overlap.
        """
        if self.basket == "any":
            return self._stretch_beside_others(required)
        lowest = required if self.basket == "single" else int(self._least_of_many(required))
        found = []
        tier = self.repeating
        if tier is not None and lowest > required:
            units = int(quotient_up(tier.threshold, required))
            found.append(Stretch(required, lowest - 1, tier.threshold, tier.off, units))
        for units in range(1, self._most_units(lowest, required) + 1):
            for start in self._starts_of_one(units * lowest, units * required):
                price = max(-(-start // units), lowest)
                subtotal = units * price
                left = int(self.left_of(subtotal))
                if left // units < required:
                    end = int(self._next_of_units(required, subtotal, units))
                    reached = self._reached(subtotal)
                    found.append(Stretch(price, end - 1, reached, subtotal - left, units))
        return sorted(found)

    def _stretch_beside_others(self, required: int) -> list[Stretch]:
        # A higher item price never leaves less, so that there is one stretch at most.
        price, last = required, None
        while (worst := self.worst(price, price)).deal_price < required:
            price, last = int(self.next_item_price(required, worst)), worst
        if last is None:
            return []
        subtotal = int(last.subtotal)
        taken = subtotal - int(self.left_of(subtotal))
        return [Stretch(required, price - 1, self._reached(subtotal), taken, 1)]

    def _most_units(self, lowest: int, required: int) -> int:
        """How many units an order may need to leave less of a unit, from a lowest item price up."""
        if self.basket == "single":
            return 1
        tier, last = self.repeating, max(self.starts, default=0)
        most_units = max(-(-last // lowest), 1)
        if tier is not None and self._takes_amount:
            return max(most_units, int(self._last_units(tier, lowest, required)))
        return most_units

    def _starts_of_one(self, subtotal: int, target: int) -> Iterator[int]:
        """A subtotal and the starts above it, as far as one may leave less than ``target``."""
        yield subtotal
        yield from (start for start in self.starts if start > subtotal)
        tier, last = self.repeating, max(self.starts, default=0)
        if tier is not None:
            multiple = int(next_multiple(subtotal, tier.threshold))
            while multiple <= last or self.left_of(multiple) < target:
                yield multiple
                multiple += tier.threshold

    def _reached(self, subtotal: int) -> int:
        """The last start that an order of a subtotal has reached; 0 where it reached none."""
        tier = self.repeating
        multiple = 0 if tier is None else subtotal // tier.threshold * tier.threshold
        return max((start for start in (*self.starts, multiple) if start <= subtotal), default=0)

    # --- one kind of basket after another ---------------------------------------------------------

    def _of_units(self, item_price: Whole, units: Whole) -> Worst:
        """The case of so many units at one item price."""
        subtotal = units * item_price
        return Worst(self.left_of(subtotal) // units, item_price, subtotal)

    def _worst_of_one(self, cheapest: Whole, dearest: Whole) -> Worst:
        """The worst case of one unit alone: at the lowest item price, or where a drop is."""
        worst = self._of_units(cheapest, 1)
        for drop in self._drops_from(cheapest):
            case = self._of_units(drop, 1)
            is_in = (cheapest < drop) & (drop <= dearest)
            worst = _chosen(is_in & (case.deal_price < worst.deal_price), case, worst)
        return worst

    def _worst_beside_others(self, item_price: Whole) -> Worst:
        """The worst case of a unit in any order; a higher item price never leaves less."""
        worst = self._of_units(item_price, 1)
        for drop in self._drops_from(item_price):
            kept = pick(item_price < drop, item_price * self.left_of(drop) // drop, item_price)
            worst = _worse(worst, Worst(kept, item_price, drop))
        return self._worst_of_roundings(worst) if self.has_shares else worst

    def _worst_of_roundings(self, worst: Worst) -> Worst:
        """The worst case once the rounding of a coupon that takes a share is looked at.

        That may take nearly a minor unit more than the exact share, so a unit may lose one more at
        a subtotal where the coupon has just gone up. Goes from one such subtotal to the next while
        the exact share and a full rounding would leave less of the unit than the worst so far.
        """

        def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
            deal, item_price, subtotal, entry = state
            risen = self._next_rise(item_price, subtotal, entry, deal)
            start = self._next_risky_start(item_price, subtotal, deal)
            tried, entry = least(risen, start), pick(start < risen, start, entry)
            ends = tried == NEVER
            tried = pick(ends, item_price, tried)
            lower = (item_price * self.left_of(tried) < deal * tried) & negated(ends)
            found = (pick(lower, deal - 1, answers[0]), pick(lower, tried, answers[1]))
            return found, (deal, item_price, tried, entry), negated(lower | ends)

        deal, price, _ = worst
        answers = stepped(deal > 0, (deal, worst.subtotal), (deal, price, price, price), step)
        return Worst(answers[0], price, answers[1])

    def _next_rise(self, item_price: Whole, subtotal: Whole, entry: Whole, deal: Whole) -> Whole:
        """The next subtotal at which a coupon goes up, before other offers apply.

        ``NEVER`` where that can't leave a unit less than ``deal``. ``entry`` is where the same
        offers have applied from: once roundings have come round they only weigh less.
        """
        spared = self.spend_save_taken(subtotal)
        left = subtotal - spared
        nearest: Whole = NEVER
        for coupon in self.coupons:
            if coupon.share:
                taken = share_up(left, coupon.share)
                risen = spared + quotient_down(taken * MILLION, coupon.share) + 1
                grows = (left >= coupon.threshold) & (coupon.is_endless | (taken < coupon.most))
                nearest = least(nearest, pick(grows, risen, NEVER))
        goes_on = (nearest < self._next_start(subtotal)) & (nearest <= entry + self._rounding_cycle)
        is_risky = self._least_kept(item_price, most(subtotal, 1)) < deal
        return pick(goes_on & is_risky, nearest, NEVER)

    def _next_risky_start(self, item_price: Whole, subtotal: Whole, deal: Whole) -> Whole:
        """The next subtotal from which on other offers may leave a unit less than ``deal``."""
        nearest: Whole = NEVER
        for start in self.starts:
            risky = (start > subtotal) & (self._least_kept(item_price, start) < deal)
            nearest = pick(risky, least(nearest, start), nearest)
        tier = self.repeating
        if tier is None:
            return nearest
        multiple = next_multiple(subtotal, tier.threshold)
        cycle = self._rounding_cycle
        multiples = cycle // gcd(cycle, tier.threshold - tier.off) + 1
        last = most(item_price, max(self.starts)) + multiples * tier.threshold
        risky = (multiple <= last) & (self._least_kept(item_price, multiple) < deal)
        return pick(risky, least(nearest, multiple), nearest)

    @property
    def _rounding_cycle(self) -> int:
        """After how many minor units the roundings of coupons that take a share come round."""
        return lcm(*(MILLION // gcd(coupon.share, MILLION) for coupon in self.coupons))

    def _least_kept(self, item_price: Whole, subtotal: Whole) -> Whole:
        """Lower bound of a unit's deal price from a subtotal up to the next start, in minor units.

        A coupon that takes a share is rounded up by the most that its rate can ever lead to.
        """
        left = subtotal - self.spend_save_taken(subtotal)
        least_kept = quotient_down(item_price * left, subtotal)
        for coupon in self.coupons:
            kept: Whole = BLANK
            if not coupon.is_endless:
                kept = quotient_down(item_price * (left - coupon.most), subtotal)
            if coupon.share:
                parts = MILLION // gcd(coupon.share, MILLION)
                scaled = left * (parts - coupon.share * parts // MILLION) - (parts - 1)
                by_share = item_price * quotient_down(scaled, parts)
                by_share = by_share + quotient_down(item_price * (scaled % parts), parts)
                kept = most(quotient_down(by_share, subtotal), kept)
            least_kept = pick(left >= coupon.threshold, least(least_kept, kept), least_kept)
        return least_kept

    def _worst_at_drops(self, cheapest: Whole, dearest: Whole, worst: Worst) -> Worst:
        """The worst case of so many units as first reach an offer, at the lowest price or above."""
        for drop in self.drops:
            units = pick(drop > cheapest, quotient_up(drop, cheapest), 1)
            worst = _worse(worst, self._of_units(cheapest, units))
            worst = self._worst_of_fewer(drop, units - 1, dearest, worst)
        return worst

    def _worst_of_fewer(self, drop: int, units: Whole, dearest: Whole, worst: Worst) -> Worst:
        """The worst case of fewer units, which reach a drop only at a higher item price.

        Each is left with what is left of the order ÷ units, or up to a minor unit more: so fewer
        and fewer are looked at only while that is less than the worst so far.
        """
        left = self.left_of(drop)

        def goes_on(units: Whole, dearest: Whole, deal: Whole) -> Truth:
            reaches = (units >= 2) & (units * dearest >= drop)
            return reaches & (left // most(units, 1) < deal)

        def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
            units, dearest = state
            worst = _worse(Worst(*answers), self._of_units(quotient_up(drop, units), units))
            units = units - 1
            return worst, (units, dearest), goes_on(units, dearest, worst.deal_price)

        searching = goes_on(units, dearest, worst.deal_price)
        return Worst(*stepped(searching, worst, (units, dearest), step))

    def _worst_of_many(self, cheapest: Whole, dearest: Whole, worst: Worst) -> Worst:
        """The worst case of a repeating Spend & Save over orders of however many units."""
        tier = self.repeating
        if tier is None:
            return worst
        kept = cheapest * (tier.threshold - tier.off)
        limit = (kept - self._takes_amount) // tier.threshold
        for coupon in self.coupons:
            if coupon.is_endless:
                rate = MILLION - coupon.share
                whole, rest = kept // tier.threshold, kept % tier.threshold
                limit = least(limit, (whole * rate + rest * rate // tier.threshold) // MILLION)
        worst = _worse(worst, Worst(limit, cheapest, 0))
        if not self._takes_amount:
            return worst
        return self._worst_with_coupon(tier, cheapest, dearest, worst)

    @property
    def _takes_amount(self) -> int:
        """1 where a coupon takes an amount off the largest order too, be it a cap; else 0."""
        return int(any(not coupon.is_endless for coupon in self.coupons))

    def _worst_with_coupon(
        self, tier: Tier, cheapest: Whole, dearest: Whole, worst: Worst
    ) -> Worst:
        """The worst case where a coupon takes an amount on top of a repeating Spend & Save.

        More and more units are looked at, up to ``_last_units`` of the worst so far.
        """

        def goes_on(units: Whole, cheapest: Whole, deal: Whole) -> Truth:
            return units <= self._last_units(tier, cheapest, deal)

        def step(answers: Values, state: Values) -> tuple[Values, Values, Truth]:
            units, cheapest, dearest = state
            worst = _worse(Worst(*answers), self._of_units(cheapest, units))
            price = quotient_up(next_multiple(units * cheapest, tier.threshold), units)
            price = pick(price <= dearest, price, cheapest)
            worst = _worse(worst, self._of_units(price, units))
            units = units + 1
            return worst, (units, cheapest, dearest), goes_on(units, cheapest, worst.deal_price)

        state = (2 + 0 * cheapest, cheapest, dearest)
        return Worst(*stepped(goes_on(2, cheapest, worst.deal_price), worst, state, step))

    def _last_units(self, tier: Tier, item_price: Whole, deal: Whole) -> Whole:
        """The most units of which each may be left with less than ``deal``, at an item price.

        Each is left with its exact part of the repeating Spend & Save less coupon ÷ units at least.
        And the remainders of subtotal ÷ threshold have come round by a threshold's worth of units
        once the coupons are reached. The exact part must be over ``deal``.
        """
        amounts = [coupon for coupon in self.coupons if not coupon.is_endless]
        most_off = max(coupon.most for coupon in amounts)
        kept = tier.threshold - tier.off
        spent = max(coupon.threshold for coupon in amounts) + most_off
        reached = quotient_up(
            quotient_up(spent * tier.threshold, kept) + tier.threshold, item_price
        )
        short = item_price * kept - deal * tier.threshold
        by_coupon = (most_off * tier.threshold - 1) // short
        return least(by_coupon, least(reached + tier.threshold, MOST_UNITS))


def situation(
    spend_save: tuple[Tier, ...], coupons: tuple[Coupon, ...], basket: Basket
) -> Situation:
    """The situation of some offers in a basket.

    A coupon is tested on what Spend & Save leaves, so it comes in reach at its own threshold plus
    what a tier has taken. Raises ``ValueError`` where more than one Spend & Save repeats.
    """
    fixed = {tier.off for tier in spend_save if not tier.repeats}
    starts = {tier.threshold for tier in spend_save}
    starts |= {coupon.threshold + off for coupon in coupons for off in (0, *fixed)}
    repeating = [tier for tier in spend_save if tier.repeats]
    if len(repeating) > 1:
        raise ValueError("at most one Spend & Save may repeat")
    for tier in repeating:
        kept = tier.threshold - tier.off
        # The first multiple that takes more than a tier, and the first that a coupon survives.
        starts |= {(off // tier.off + 1) * tier.threshold for off in fixed}
        starts |= {-(-coupon.threshold // kept) * tier.threshold for coupon in coupons}
        for coupon in coupons:
            # Each multiple may put the coupon out of reach again, until the rest reaches it too.
            first = max(coupon.threshold - tier.threshold, 0) // kept
            for times in range(first, coupon.threshold // kept + 1):
                starts.add(coupon.threshold + times * tier.off)
    ascending = tuple(sorted(start for start in starts if 0 < start < LARGEST_ORDER))
    tiers = sorted((tier.threshold, tier.off) for tier in spend_save if not tier.repeats)
    takes = accumulate((off for _, off in tiers), max, initial=0)
    thresholds = tuple(threshold for threshold, _ in tiers)
    found = Situation(spend_save, coupons, basket, ascending, ascending, thresholds, tuple(takes))
    if found.has_shares:
        return found  # the rounding of a share looks at every start
    falls = (each for each in ascending if found.left_of(each) <= found.left_of(each - 1))
    return found._replace(drops=tuple(falls))


def next_multiple(amount: Whole, threshold: int) -> Whole:
    """The next multiple of a threshold above an amount."""
    return (amount // threshold + 1) * threshold


def _worse(first: Worst, second: Worst) -> Worst:
    """The case that leaves less, row by row; the first on a tie."""
    return _chosen(second.deal_price < first.deal_price, second, first)


def _chosen(where: Truth, case: Worst, other: Worst) -> Worst:
    """The one case where a condition holds, elsewhere the other."""
    return Worst(*(pick(where, *pair) for pair in zip(case, other, strict=True)))
