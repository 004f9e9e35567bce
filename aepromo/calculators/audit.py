"""Which of my current prices break?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.outcome import OUTCOME, outcome
from aepromo.engine.question import DISCOUNT, FEES, SHOP, TARGETS, Report, adding
from aepromo.pricing.protect import required_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Results, Sku, Terms


def _audit(sku: Sku, terms: Terms) -> Results:
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, terms.floor_multiple)
    return {
        "required_deal_price": required,
        "bound_by": bound,
        **outcome(sku, terms, sku.list_price, required),
    }


AUDIT = Report(
    name="audit",
    question=N_("Which of my current prices break?"),
    uses=("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=("list_price", "purchase_price", "logistics_cost"),
    adds=adding("required_deal_price", "bound_by", *OUTCOME),
    compute=_audit,
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
