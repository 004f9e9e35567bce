"""The main job: a cost file in, the same file with protected prices out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.outcome import OUTCOME, outcome
from aepromo.engine.question import Question, adding
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.pricing.money import BLANK, is_known, pick
from aepromo.pricing.protect import protected_list_price, required_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def _reprice(inputs: Inputs) -> Figures:
    sku, values = inputs.sku, inputs.values
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    protected = protected_list_price(required, sku.discounts, values.offers, values.endings)
    change = pick(is_known(sku.list_price), protected - sku.list_price, BLANK)
    return {
        "required_deal_price": required,
        "bound_by": bound,
        "protected_list_price": protected,
        "price_change": change,
        **outcome(inputs, protected, required),
    }


REPRICE = Question(
    name="reprice",
    question=N_("A cost file in, the same file with protected prices out."),
    uses=("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=("purchase_price", "logistics_cost"),
    adds=adding(
        "required_deal_price", "bound_by", "protected_list_price", "price_change", *OUTCOME
    ),
    compute=_reprice,
    counts=("status",),
    key_columns=(
        "protected_list_price",
        "profit",
        "status",
        "price_change",
        "margin",
        "deal_price",
        "list_price",
        "floor_price",
        "shipping_line",
        "bound_by",
    ),
    always_profit=True,
    sets_prices=True,
)
