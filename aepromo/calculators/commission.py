"""``commission``: the platform's commission and fees on the discounted price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.outcome import fees_at, fees_taken
from aepromo.engine.question import Question
from aepromo.inputs.columns import DISCOUNT, FEES
from aepromo.pricing.offers import deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def deal_and_fees(inputs: Inputs) -> Figures:
    """The deal price under the forced discount, and the fees on it, in minor units."""
    sku, values = inputs.sku, inputs.values
    # One situation: forced, and at the deepest rate where a range is given.
    discounts = sku.discounts
    deal = deal_price(
        *(sku.list_price, discounts.limited_rate, discounts.forced_rate_max, values.offers),
        discounts.add,
    )
    return fees_at(deal, sku)


COMMISSION = Question(
    name="commission",
    question=N_("Which fees does the platform take on the discounted price?"),
    uses=("list_price", *DISCOUNT, *FEES),
    needs=("list_price",),
    adds=fees_taken,
    compute=deal_and_fees,
    key_columns=("deal_price", "commission", "payment_fee", "other_fee", "list_price"),
)
