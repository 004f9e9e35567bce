"""``audit``: current list prices that are too low, the prices that protect, and the room left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.exchange_reach import lowest_exchange_rate
from aepromo.calculators.outcome import outcome, outcome_columns
from aepromo.engine.question import Question
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, pick
from aepromo.pricing.protect import protected_list_price, required_deal_price
from aepromo.pricing.reach import holds_to_rate
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def _adds(known: frozenset[str]) -> tuple[str, ...]:
    targets = ("required_deal_price", "bound_by", "protected_list_price")
    holds = ("holds_to_rate", "holds_to_fx") if "fx_rate" in known else ("holds_to_rate",)
    return (*targets, *outcome_columns(known), *holds)


def audit(inputs: Inputs) -> Figures:
    """The outcome of the current list price, the price that protects, and the room that is left."""
    sku, values = inputs.sku, inputs.values
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    price, offers = sku.list_price, values.offers
    protected = protected_list_price(required, sku.discounts, offers)
    found = outcome(inputs, price, required)
    if values.has_rates or "fx_rate" in inputs.columns:
        found["holds_to_fx"] = lowest_exchange_rate(inputs, found["deal_price"])
    return {
        "required_deal_price": required,
        "bound_by": bound,
        "protected_list_price": pick(protected < AMOUNT_LIMIT, protected, BLANK),
        **found,
        "holds_to_rate": holds_to_rate(price, required, sku.discounts, offers),
    }


AUDIT = Question(
    name="audit",
    question=N_("Which of my current prices are too low?"),
    uses=("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=("list_price", "purchase_price", "logistics_cost"),
    adds=_adds,
    compute=audit,
    counts=("status",),
    sort_by=(("status", "descending"), ("profit", "ascending")),
    key_columns=(
        "status",
        "profit",
        "deal_price",
        "list_price",
        "protected_list_price",
        "holds_to_rate",
        "holds_to_fx",
        "required_deal_price",
        "floor_price",
        "margin",
        "worst_case",
    ),
    leads=("status", "list_price", "protected_list_price"),
    always_profit=True,
    # The price that reprice decided is listed next, so it is the one to audit.
    priced_by="new_list_price",
)
