"""``reprice``: the list price to set and what to do about each SKU of a cost file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.outcome import outcome, outcome_columns
from aepromo.engine.question import Question
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.pricing.decision import Decision, Guards, decide
from aepromo.pricing.money import BLANK, any_of, pick
from aepromo.pricing.protect import required_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs
    from aepromo.pricing.money import Whole


def _adds(known: frozenset[str]) -> tuple[str, ...]:
    return (
        *("required_deal_price", "bound_by", "protected_list_price"),
        *("new_list_price", "price_change", "action", "held_by"),
        *outcome_columns(known),
    )


def decision_of(inputs: Inputs, required: Whole) -> Decision:
    """The decision on each list price, by the guards and the endings of the call."""
    sku, values = inputs.sku, inputs.values
    return decide(
        *(sku.list_price, required, sku.discounts, values.offers, values.endings),
        Guards(values.max_change, sku.max_price),
        lower=values.policy.lower,
    )


def _reprice(inputs: Inputs) -> Figures:
    sku, values = inputs.sku, inputs.values
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    decision = decision_of(inputs, required)
    price = decision.new_list_price
    both = (price != BLANK) & (sku.list_price != BLANK)
    return {
        "required_deal_price": required,
        "bound_by": bound,
        "protected_list_price": decision.protected_list_price,
        "new_list_price": price,
        "price_change": pick(both, price - sku.list_price, BLANK),
        "action": decision.action,
        "held_by": decision.held_by,
        **_outcome(inputs, price, required),
    }


def _outcome(inputs: Inputs, price: Whole, required: Whole) -> Figures:
    """The outcome of the new price; where a guard leaves none, only the floor is not blank."""
    without = price == BLANK
    if not any_of(without):
        return outcome(inputs, price, required)
    found = outcome(inputs, pick(without, 1, price), required)
    return {
        name: figure if name == "floor_price" else pick(without, BLANK, figure)
        for name, figure in found.items()
    }


REPRICE = Question(
    name="reprice",
    question=N_("Which list prices should I set for the SKUs of a cost file?"),
    uses=("list_price", "max_price", *SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=("purchase_price", "logistics_cost"),
    adds=_adds,
    compute=_reprice,
    counts=("action", "held_by", "status"),
    key_columns=(
        *("action", "list_price", "new_list_price", "price_change", "held_by", "status"),
        *("profit", "margin", "deal_price", "protected_list_price", "floor_price", "title"),
        *("shipping_line", "bound_by"),
    ),
    leads=("action", "list_price", "new_list_price", "price_change"),
    sort_by=(("action", "ascending"), ("price_change", "descending")),
    peak="price_change",
    always_profit=True,
    sets_prices=True,
)
