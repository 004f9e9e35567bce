"""Deal price, fees, profit and status of a list price in the worst situation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.pricing.fees import floor_price, margin, max_discount, profit, status
from aepromo.pricing.offers import worst_deal_price

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs, Sku
    from aepromo.pricing.money import Whole


def fees_taken(known: frozenset[str]) -> tuple[str, ...]:
    """The columns of deal price and fees; the other fee only where its rate is given."""
    fees = ("deal_price", "commission", "payment_fee")
    return (*fees, "other_fee") if "other_rate" in known else fees


def outcome_columns(known: frozenset[str]) -> tuple[str, ...]:
    """The columns of ``outcome``."""
    more = ("profit", "margin", "floor_price", "max_discount", "worst_case", "status")
    return (*fees_taken(known), *more)


def outcome(inputs: Inputs, list_price: Whole, required: Whole) -> Figures:
    """The outcome of a list price in the worst situation, in minor units and ten-thousandths."""
    sku, values = inputs.sku, inputs.values
    deal, worst_case = worst_deal_price(list_price, sku.discounts, values.offers)
    floor = floor_price(sku.costs.purchase_price, values.floor_multiple)
    return {
        **left_at(deal, sku, required, floor),
        "floor_price": floor,
        "max_discount": max_discount(list_price, floor),
        "worst_case": worst_case,
    }


def fees_at(deal: Whole, sku: Sku) -> Figures:
    """A deal price and the fees on it, in minor units."""
    return {
        "deal_price": deal,
        "commission": sku.fees.commission(deal),
        "payment_fee": sku.fees.payment_fee(deal),
        "other_fee": sku.fees.other_fee(deal),
    }


def left_at(deal: Whole, sku: Sku, required: Whole, floor: Whole) -> Figures:
    """Fees, profit, margin and status of a deal price."""
    kept = profit(deal, sku.costs, sku.fees)
    return {
        **fees_at(deal, sku),
        "profit": kept,
        "margin": margin(kept, deal),
        "status": status(deal, kept, required, floor),
    }
