"""Why a SKU is at risk, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.pricing.fees import STATUSES
from aepromo.pricing.offers import WORST_CASES
from aepromo.pricing.protect import BOUNDS
from aepromo.table.cells import grouped, percent
from aepromo.words import _, label

if TYPE_CHECKING:
    from aepromo.page.overview import AtRisk
    from aepromo.pricing.currency import Currency


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
    bound = label(BOUNDS[sku.bound_by])
    clauses = []
    if STATUSES[sku.status] == "below_floor" and BOUNDS[sku.bound_by] != "floor_price":
        clauses.append(
            _(
                "deal {deal} under the floor {floor} and required {required} ({bound}), "
                "short by {gap}"
            )
        )
    elif sku.deal_price < sku.required_deal_price:
        clauses.append(_("deal {deal} under required {required} ({bound}), short by {gap}"))
    if sku.profit < 0:
        clauses.append(_("a unit loses {loss}"))
    said = (
        _("; ")
        .join(clauses)
        .format(deal=deal, floor=floor, required=required, bound=bound, gap=gap, loss=loss)
    )
    return _("{case}: {reasons}").format(case=_case(sku), reasons=said)


def _case(sku: AtRisk) -> str:
    if WORST_CASES[sku.worst_case] == "not_forced":
        return label("not_forced")
    return _("forced at up to {rate}").format(rate=percent(sku.forced_rate_max))
