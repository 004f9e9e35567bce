"""Why a SKU is at risk, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.pricing.fees import STATUSES
from aepromo.pricing.offers import WORST_CASES
from aepromo.pricing.protect import BOUNDS
from aepromo.tables.cells import grouped, percent

if TYPE_CHECKING:
    from aepromo.reports.overview import AtRisk
    from aepromo.tables.currency import Currency


def reasons(sku: AtRisk, currency: Currency) -> str:
    """``forced at up to 20%: deal 13.59 under required 14.20 (target profit), short by 0.61``."""
    deal, floor, required, gap, loss = (
        grouped(amount, currency.places)
        for amount in (
            sku.deal_price,
            sku.floor_price,
            sku.required_deal_price,
            sku.required_deal_price - sku.deal_price,
            -sku.profit,
        )
    )
    bound = BOUNDS[sku.bound_by].replace("_", " ")
    clauses = []
    if STATUSES[sku.status] == "below_floor" and BOUNDS[sku.bound_by] != "floor_price":
        clauses.append(
            "deal {deal} under the floor {floor} and required {required} ({bound}), short by {gap}"
        )
    elif sku.deal_price < sku.required_deal_price:
        clauses.append("deal {deal} under required {required} ({bound}), short by {gap}")
    if sku.profit < 0:
        clauses.append("a unit loses {loss}")
    said = (
        clause.format(deal=deal, floor=floor, required=required, bound=bound, gap=gap, loss=loss)
        for clause in clauses
    )
    return f"{_case(sku)}: {'; '.join(said)}"


def _case(sku: AtRisk) -> str:
    if WORST_CASES[sku.worst_case] == "not_forced":
        return "not forced"
    return f"forced at up to {percent(sku.forced_rate_max)}"
