"""The basis of a report besides its file: values for blank cells, and rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.inputs.values import ASSUMED
from aepromo.pricing.offers import BASKETS
from aepromo.words import N_

if TYPE_CHECKING:
    from collections.abc import Collection

    from aepromo.inputs.values import Values
    from aepromo.rules import Rule

LISTS = ("spend_save", "coupon", "ending", "fx")
NAMES = ("currency", "line")
FOR_EVERY_SKU = {
    "spend_save": (N_("Spend & Save"), N_("what an order takes off from which subtotal")),
    "coupon": (N_("store coupons"), N_("what a coupon takes off from which subtotal")),
    "coupon_stacks": (N_("coupons stack"), N_("whether forced items take coupons too")),
    "basket": (N_("basket"), N_("whether an order may hold more than this unit")),
    "ending": (N_("price endings"), N_("what list prices may end in")),
    "currency": (N_("currency"), N_("what prices and every figure are in")),
    "fx": (N_("exchange rates"), N_("how many units one unit of the prices' currency is worth")),
    "tariff": (N_("tariff"), N_("the shipping lines it has")),
    "line": (N_("shipping line"), N_("the shipping line used for every parcel")),
    "rates": (N_("past rates"), N_("the list of forced rates that is joined")),
}
"""Given values that are not columns: the name to show, and its meaning."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value for blank cells, or for the whole store, and its source.

    ``by_file`` is the configuration's name, blank for an option.
    """

    name: str
    value: str
    by_file: str


def given_values(values: Values, options: Collection[str], joined_from: str) -> list[Given]:
    """The values that a call gives for the whole file, each with its source.

    ``options`` names those given on the command line. ``joined_from`` is the name of the list of
    rates, blank where there is none.
    """
    policy, given = values.policy, dict(values.texts)
    given |= {name: ", ".join(texts) for name in LISTS if (texts := getattr(policy, name))}
    given |= {name: text for name in NAMES if (text := getattr(policy, name))}
    if policy.tariff is not None:
        given["tariff"] = ", ".join(policy.tariff.lines)
    if joined_from:
        given["rates"] = joined_from
    if policy.coupon_stacks:
        given["coupon_stacks"] = "yes"
    if policy.basket != BASKETS[0]:
        given["basket"] = policy.basket
    return [
        Given(name, value, "" if name in (*options, "rates") else policy.book.said_by)
        for name, value in given.items()
    ]


def rules_used(values: Values, assumed: Collection[str]) -> list[Rule]:
    """The rules in force that an audit uses; ``assumed`` names the columns that they supply."""
    keys = [key for name, key in ASSUMED.items() if name in assumed]
    keys.append("floor.multiple")
    if values.policy.coupon and not values.policy.coupon_stacks:
        keys.append("coupon.exclude_forced_default")
    return [values.book.rule(key) for key in keys]
