"""What a report rests on besides the file: values given for blank cells, and rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.reports.policy import ASSUMED, BASKETS

if TYPE_CHECKING:
    from collections.abc import Collection

    from aepromo.reports.policy import Policy
    from aepromo.rules import Rule

LISTS = ("spend_save", "coupon", "ending", "fx")
NAMES = ("currency", "line")


@dataclass(frozen=True, slots=True)
class Given:
    """A value that holds where a cell is blank, or for the whole store, and what says so.

    ``by_file`` is the configuration's name, blank for an option.
    """

    name: str
    value: str
    by_file: str


def given_values(policy: Policy, options: Collection[str], joined_from: str) -> list[Given]:
    """What a policy gives; ``options`` names what was said on the command line.

    ``joined_from`` is what its list of rates is called, blank where there is none.
    """
    values = policy.texts()
    values |= {name: ", ".join(texts) for name in LISTS if (texts := getattr(policy, name))}
    values |= {name: text for name in NAMES if (text := getattr(policy, name))}
    if policy.tariff is not None:
        values["tariff"] = ", ".join(policy.tariff.lines)
    if joined_from:
        values["rates"] = joined_from
    if policy.coupon_stacks:
        values["coupon_stacks"] = "yes"
    if policy.basket != BASKETS[0]:
        values["basket"] = policy.basket
    return [
        Given(name, value, "" if name in (*options, "rates") else policy.book.said_by)
        for name, value in values.items()
    ]


def rules_used(policy: Policy, assumed: Collection[str]) -> list[Rule]:
    """The rules in force that bear on an audit; ``assumed`` names the columns they supply."""
    keys = [key for name, key in ASSUMED.items() if name in assumed]
    keys.append("floor.multiple")
    if policy.coupon and not policy.coupon_stacks:
        keys.append("coupon.exclude_forced_default")
    return [policy.in_force.rule(key) for key in keys]
