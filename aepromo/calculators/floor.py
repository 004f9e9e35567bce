"""``floor``: the lowest deal price before orders are cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.engine.question import Question
from aepromo.inputs.columns import CONVERSION, DISCOUNT, FORCED_RATE
from aepromo.pricing.fees import floor_price, max_discount, status
from aepromo.pricing.money import BLANK, any_of, is_known, pick
from aepromo.pricing.offers import worst_deal_price
from aepromo.words import N_

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs


def _adds(known: frozenset[str]) -> tuple[str, ...]:
    if "list_price" not in known:
        return ("floor_price",)
    if known.isdisjoint(FORCED_RATE):
        return ("floor_price", "max_discount")
    return ("floor_price", "max_discount", "status")


def _compute(inputs: Inputs) -> Figures:
    sku, values = inputs.sku, inputs.values
    floor = floor_price(sku.costs.purchase_price, values.floor_multiple)
    priced = is_known(sku.list_price)
    rated = priced & is_known(sku.discounts.forced_rate_max)
    results: Figures = {"floor_price": floor, "max_discount": BLANK, "status": BLANK}
    if any_of(priced):
        list_price = pick(priced, sku.list_price, 1)
        results["max_discount"] = pick(priced, max_discount(list_price, floor), BLANK)
        if any_of(rated):
            # Without costs, the only possible fault of a price is to be under the floor.
            deal, _ = worst_deal_price(list_price, sku.discounts, values.offers)
            found = status(deal, profit=0, required=BLANK, floor=floor)
            results["status"] = pick(rated, found, BLANK)
    return results


FLOOR = Question(
    name="floor",
    question=N_("How low can a price go before orders are cancelled?"),
    uses=("purchase_price", *CONVERSION, "list_price", *DISCOUNT),
    needs=("purchase_price",),
    adds=_adds,
    compute=_compute,
    counts=("status",),
    key_columns=("floor_price", "max_discount", "status", "list_price", "purchase_price"),
    assumes_rate=False,
)
