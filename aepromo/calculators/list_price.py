"""What must I ask so that a forced discount leaves my target?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.engine.question import DISCOUNT, FEES, SHOP, TARGETS, Report, adding
from aepromo.pricing.protect import exact_list_price, protected_list_price, required_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Results, Sku, Terms


def _compute(sku: Sku, terms: Terms) -> Results:
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, terms.floor_multiple)
    return {
        "required_deal_price": required,
        "bound_by": bound,
        "exact_list_price": exact_list_price(required, sku.discounts),
        "protected_list_price": protected_list_price(
            required, sku.discounts, terms.offers, terms.endings
        ),
    }


LIST_PRICE = Report(
    name="list-price",
    question=N_("What must I ask so that a forced discount leaves my target?"),
    uses=(*SHOP, *DISCOUNT, *FEES, *TARGETS),
    needs=(),
    adds=adding("required_deal_price", "bound_by", "exact_list_price", "protected_list_price"),
    compute=_compute,
    key_columns=("protected_list_price", "required_deal_price", "bound_by", "exact_list_price"),
    sets_prices=True,
)
