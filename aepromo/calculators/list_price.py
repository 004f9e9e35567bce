"""``list-price``: the list price that meets the target after a forced discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.engine.question import Question, adding
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.pricing.protect import exact_list_price, protected_list_price, required_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def _compute(inputs: Inputs) -> Figures:
    sku, values = inputs.sku, inputs.values
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    return {
        "required_deal_price": required,
        "bound_by": bound,
        "exact_list_price": exact_list_price(required, sku.discounts),
        "protected_list_price": protected_list_price(
            required, sku.discounts, values.offers, values.endings
        ),
    }


LIST_PRICE = Question(
    name="list-price",
    question=N_("Which list price leaves my target after a forced discount?"),
    uses=(*SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=(),
    adds=adding("required_deal_price", "bound_by", "exact_list_price", "protected_list_price"),
    compute=_compute,
    key_columns=("protected_list_price", "required_deal_price", "bound_by", "exact_list_price"),
    sets_prices=True,
)
