"""``margin``: the profit and margin that a list price leaves after the discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.commission import deal_and_fees
from aepromo.calculators.outcome import fees_taken
from aepromo.engine.question import Question
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP
from aepromo.pricing.fees import margin, profit
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def _margin(inputs: Inputs) -> Figures:
    sku = inputs.sku
    results = deal_and_fees(inputs)
    deal = results["deal_price"]
    kept = profit(deal, sku.costs, sku.fees)
    return {**results, "profit": kept, "margin": margin(kept, deal)}


MARGIN = Question(
    name="margin",
    question=N_("What is left after a discount?"),
    uses=("list_price", *SHOP, *DISCOUNT, *FEES),
    needs=("list_price", "purchase_price", "logistics_cost"),
    adds=lambda known: (*fees_taken(known), "profit", "margin"),
    compute=_margin,
    key_columns=("deal_price", "profit", "margin", "commission", "payment_fee", "list_price"),
    always_profit=True,
)
