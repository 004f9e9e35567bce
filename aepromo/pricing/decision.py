"""The list price to set, what to do about it, and which guard stops that."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import BLANK, MILLION, any_of, is_known, most, negated, pick
from aepromo.pricing.offers import worst_deal_price
from aepromo.pricing.protect import protected_list_price

if TYPE_CHECKING:
    from aepromo.pricing.money import Whole
    from aepromo.pricing.offers import Discounts, Offers
    from aepromo.pricing.protect import Ending

ACTIONS = ("raise", "hold", "new", "lower", "keep")
RAISE, HOLD, NEW, LOWER, KEEP = range(len(ACTIONS))
HELD_BY = ("max_change", "max_price", "discount_price")
"""The guards. The last one, in a price update, is the platform's sale price."""


class Guards(NamedTuple):
    """Limits beyond which a price is held instead of set.

    ``max_change`` is in millionths of the current list price, either way; None: never.
    ``max_price`` is in minor units, blank where there is none.
    """

    max_change: int | None = None
    max_price: Whole = BLANK


UNGUARDED = Guards()


class Decision(NamedTuple):
    """The price to set in minor units, with indices into ``ACTIONS`` and ``HELD_BY``.

    ``held_by`` is blank where nothing is held. A held SKU keeps its list price; if it has none, the
    new one is blank. ``protected_list_price`` of ``AMOUNT_LIMIT`` or more means that no price
    protects; then, unless a guard holds the SKU, the new list price is not a price either.
    """

    protected_list_price: Whole
    new_list_price: Whole
    action: Whole
    held_by: Whole


def decide(
    list_price: Whole,
    required: Whole,
    discounts: Discounts,
    offers: Offers,
    endings: tuple[Ending, ...] = (),
    guards: Guards = UNGUARDED,
    lower: bool = False,
) -> Decision:
    """Decide whether to keep, raise, lower or hold a list price; blank where there is none yet.

    The new list price is the smallest allowed one that protects and is not under the current one;
    with ``lower`` the smallest that protects. A current price that protects is kept whatever it
    ends in, unless a lower one is asked for and there is.
    """
    protected = protected_list_price(required, discounts, offers, endings)
    has_price = is_known(list_price)
    current = pick(has_price, list_price, 1)
    keeps = has_price & (worst_deal_price(current, discounts, offers)[0] >= required)
    lowers = has_price & (protected < current)
    price = protected
    if lower:
        keeps = keeps & negated(lowers)
    else:
        in_dead_zone = lowers & negated(keeps)
        if any_of(in_dead_zone):
            start = pick(in_dead_zone, current, protected)
            price = protected_list_price(required, discounts, offers, endings, start)
        lowers = lowers & False
    price = pick(keeps, current, price)
    action = pick(has_price, pick(keeps, KEEP, pick(lowers, LOWER, RAISE)), NEW)
    held_by = _held_by(price, pick(has_price, current, BLANK), guards)
    held = is_known(held_by)
    return Decision(protected, pick(held, list_price, price), pick(held, HOLD, action), held_by)


def _held_by(price: Whole, current: Whole, guards: Guards) -> Whole:
    """The guard that stops a change, as an index into ``HELD_BY``; blank where none does."""
    changes = price != current
    too_dear = is_known(guards.max_price) & (price > guards.max_price)
    held_by = pick(changes & too_dear, HELD_BY.index("max_price"), BLANK)
    if guards.max_change is None:
        return held_by
    known = is_known(current)
    before = pick(known, current, price)
    change = most(price - before, before - price)
    too_much = known & (change * MILLION > before * guards.max_change)
    return pick(too_much, HELD_BY.index("max_change"), held_by)
