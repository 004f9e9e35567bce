"""What a report is: a question, what it needs to know, what it adds, and the arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from aepromo.pricing.money import BLANK, is_known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aepromo.pricing.currency import Currency
    from aepromo.pricing.fees import Costs, FeeRates
    from aepromo.pricing.money import Truth, Whole
    from aepromo.pricing.offers import Discounts, Offers
    from aepromo.pricing.protect import Ending, Targets
    from aepromo.rules.overrides import Book


class Terms(NamedTuple):
    """What holds for every SKU: order offers, allowed endings, and the floor's multiple.

    ``currency`` is what all money is in, and ``endings`` are those that prices may have;
    ``floor_multiple`` is in millionths; ``promotion`` is what the platform cuts the price for,
    forced or reverse; ``book`` is the rule book in force.
    """

    offers: Offers
    endings: tuple[Ending, ...]
    currency: Currency
    floor_multiple: int
    promotion: str
    book: Book


class Sku(NamedTuple):
    """What is known of a SKU, or of a column of them; blank where it is not."""

    list_price: Whole
    costs: Costs
    fees: FeeRates
    discounts: Discounts
    targets: Targets
    units_30d: Whole


if TYPE_CHECKING:
    Results: TypeAlias = dict[str, Whole]

COSTS = ("purchase_price", "logistics_cost", "other_cost")
CONVERSION = ("cost_currency", "fx_rate")
SHOP = (*COSTS, *CONVERSION)
PARCEL = ("weight_g", "market")
SHIPPED = ("shipping_line", "shipping_cost")
FEES = ("commission_rate", "payment_rate")
FORCED_RATE = ("forced_rate", "forced_rate_min", "forced_rate_max")
DISCOUNT = ("limited_rate", *FORCED_RATE)
KEYS = ("sku", "category")
TARGETS = ("target_price", "target_profit", "target_margin")


class Report(NamedTuple):
    """One question about SKUs.

    ``uses`` are the input columns that may bear on the answer, ``needs`` those without which there
    is none. ``adds`` tells the result columns from the inputs that are there at all.
    ``always_profit``: the profit is part of the answer, so costs and fees are needed even where no
    target asks for one. ``priced_by`` is a column that goes before ``list_price`` as the price
    looked at; ``sets_prices``: it answers with a list price. ``key_columns`` are the columns that a
    table shows, the most wanted first.
    """

    name: str
    question: str
    uses: tuple[str, ...]
    needs: tuple[str, ...]
    adds: Callable[[frozenset[str]], tuple[str, ...]]
    compute: Callable[[Sku, Terms], Results]
    key_columns: tuple[str, ...]
    always_profit: bool = False
    assumes_rate: bool = True
    priced_by: str = ""
    sets_prices: bool = False

    @property
    def is_shipped(self) -> bool:
        """Whether the logistics cost bears on the answer, so that a tariff may give it."""
        return "logistics_cost" in self.uses

    def wants_logistics(self, value: Callable[[str], Whole]) -> Truth:
        """Where it does: everywhere, or where the aim is a profit and not a price alone.

        ``value`` knows a column's value.
        """
        if self.always_profit:
            return True
        price, profit, margin = map(value, TARGETS)
        return (price == BLANK) | is_known(profit) | is_known(margin)


def adding(*columns: str) -> Callable[[frozenset[str]], tuple[str, ...]]:
    """The same result columns whatever is known."""

    def adds(_known: frozenset[str]) -> tuple[str, ...]:
        return columns

    return adds


def known_inputs(given: Mapping[str, object], offered: Mapping[str, object]) -> frozenset[str]:
    """The input columns that a file or a policy supplies at all."""
    return frozenset(given) | frozenset(offered)
