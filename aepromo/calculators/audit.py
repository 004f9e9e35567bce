"""Which of my current prices break?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.outcome import OUTCOME, outcome
from aepromo.engine.question import Question, adding
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.pricing.protect import required_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def audit(inputs: Inputs) -> Figures:
    """What the current list price comes to, in minor units and ten-thousandths."""
    sku, values = inputs.sku, inputs.values
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    return {
        "required_deal_price": required,
        "bound_by": bound,
        **outcome(inputs, sku.list_price, required),
    }


AUDIT = Question(
    name="audit",
    question=N_("Which of my current prices break?"),
    uses=("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=("list_price", "purchase_price", "logistics_cost"),
    adds=adding("required_deal_price", "bound_by", *OUTCOME),
    compute=audit,
    counts=("status",),
    sort_by=(("status", "descending"), ("profit", "ascending")),
    key_columns=(
        "status",
        "profit",
        "deal_price",
        "list_price",
        "required_deal_price",
        "floor_price",
        "margin",
        "worst_case",
    ),
    always_profit=True,
    # What reprice proposes is what is listed next, so that is what gets audited.
    priced_by="protected_list_price",
)
