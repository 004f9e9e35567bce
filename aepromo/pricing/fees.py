"""From a deal price to what the seller keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import BLANK, TEN_THOUSAND, half_up, is_known, most, pick, up

if TYPE_CHECKING:
    from aepromo.pricing.money import Whole


class Costs(NamedTuple):
    """The seller's costs of a unit before the platform's fees, in minor units."""

    purchase_price: Whole
    logistics_cost: Whole
    other_cost: Whole

    @property
    def total(self) -> Whole:
        """The three together."""
        return self.purchase_price + self.logistics_cost + self.other_cost


class FeeRates(NamedTuple):
    """Fee rates on a deal price, in millionths (rule book: ``fees``).

    ``other_rate`` is any further share of it: affiliate commission, advertising.
    """

    commission_rate: Whole
    payment_rate: Whole
    other_rate: Whole = 0

    @property
    def total(self) -> Whole:
        """The three together."""
        return self.commission_rate + self.payment_rate + self.other_rate

    @property
    def has_other(self) -> bool:
        """Whether there is another fee besides commission and payment fee, in any row."""
        return not isinstance(self.other_rate, int) or self.other_rate > 0

    @property
    def number(self) -> int:
        """The number of fees, each rounded separately."""
        return 3 if self.has_other else 2

    def commission(self, deal_price: Whole) -> Whole:
        """The platform's commission, on the discounted price."""
        return half_up(deal_price, self.commission_rate)

    def payment_fee(self, deal_price: Whole) -> Whole:
        """The transaction fee, on the discounted price, rounded apart from the commission."""
        return half_up(deal_price, self.payment_rate)

    def other_fee(self, deal_price: Whole) -> Whole:
        """Any other fee on the discounted price, rounded apart from the other two."""
        return half_up(deal_price, self.other_rate)


def profit(deal_price: Whole, costs: Costs, fees: FeeRates) -> Whole:
    """The profit of a unit after costs and fees, in minor units; negative for a loss."""
    taken = fees.commission(deal_price) + fees.payment_fee(deal_price)
    if fees.has_other:
        taken = taken + fees.other_fee(deal_price)
    return deal_price - costs.total - taken


def margin(profit: Whole, deal_price: Whole) -> Whole:
    """Profit ÷ deal price in ten-thousandths, rounded down; blank at a deal price of 0."""
    ratio = profit * TEN_THOUSAND // most(deal_price, 1)
    return pick(deal_price > 0, ratio, BLANK)


def floor_price(purchase_price: Whole, multiple: int) -> Whole:
    """The lowest deal price that the platform accepts (rule book: ``floor.multiple``).

    ``multiple`` is in millionths; the price is rounded up. Blank where the purchase price is.
    """
    known = is_known(purchase_price)
    return pick(known, up(pick(known, purchase_price, 0), multiple), BLANK)


def max_discount(list_price: Whole, floor: Whole) -> Whole:
    """The deepest total discount above the floor, in ten-thousandths, rounded down, at least 0."""
    return most((list_price - floor) * TEN_THOUSAND // list_price, 0)


STATUSES = ("ok", "below_target", "loss", "below_floor")


def status(deal_price: Whole, profit: Whole, required: Whole, floor: Whole) -> Whole:
    """The worst status that applies, as an index into ``STATUSES``; a blank floor is ignored."""
    found = pick(deal_price < required, 1, 0)
    found = pick(profit < 0, 2, found)
    return pick(deal_price < floor, 3, found)
