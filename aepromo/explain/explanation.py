"""One SKU step by step: what comes off its list price, and what sets the price that protects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from aepromo.engine.filling import check_results
from aepromo.engine.question import Question, adding
from aepromo.engine.single import refuse, single_sku
from aepromo.explain.waterfall import Step, waterfall
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.pricing.fees import STATUSES, floor_price, margin, profit, status
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION
from aepromo.pricing.offers import WORST_CASES, Offers, worst_deal_price
from aepromo.pricing.proof import proof, worst_outcome
from aepromo.pricing.protect import (
    BOUNDS,
    Zone,
    bounds,
    exact_list_price,
    left_after_fees,
    protected_list_price,
    required_deal_price,
    zones,
)
from aepromo.words import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.engine.question import Sku
    from aepromo.inputs.exchange import Rate
    from aepromo.inputs.shipping import Shipping
    from aepromo.inputs.values import Values
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.offers import Discounts
    from aepromo.pricing.proof import Proof


class Carriage(NamedTuple):
    """A line's charge for a parcel, in minor units: first fee, steps of weight, registration."""

    line: str
    first_weight_fee: int
    weight_steps: int
    step_fee: int
    registration_fee: int


class Origin(NamedTuple):
    """A cost in minor units of its own currency, and its parts if a tariff gave it.

    ``rate`` is what one unit of the prices' currency is worth; None in the same currency.
    """

    currency: Currency
    amount: int
    rate: Rate | None
    carriage: Carriage | None = None


def cost_origins(values: Values, is_shipped: bool) -> dict[str, Origin]:
    """The origins by column; none for a cost that was given in the prices' currency.

    ``is_shipped``: the tariff gives the logistics cost, of a parcel that a line carries.
    """
    found = {name: Origin(*stated) for name, stated in values.costs.origins.items()}
    if is_shipped and values.shipping is not None:
        found["logistics_cost"] = _shipped(values.shipping, values.texts)
    return found


def _shipped(shipping: Shipping, texts: Mapping[str, str]) -> Origin:
    service, weight = shipping.parcel(texts)
    charge, exchange = service.charge, shipping.exchange
    is_foreign = exchange.is_foreign(service.currency)
    return Origin(
        service.currency,
        int(charge.total(weight)),
        exchange.rate(service.currency) if is_foreign else None,
        Carriage(
            service.line,
            charge.first_fee,
            int(charge.steps(weight)),
            charge.step_fee,
            charge.registration_fee,
        ),
    )


INPUTS_USED = ("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS)


@dataclass(frozen=True, slots=True)
class DeadZone:
    """List prices, above the lowest safe one, at which an offer leaves less than required.

    ``off`` is taken off an order of ``threshold``; at the lowest of these prices it ``leaves``
    least.
    """

    low: int
    high: int
    situation: str
    threshold: int
    off: int
    leaves: int


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Why a minor unit less than the required deal price is not enough for the target profit.

    ``fees`` are each rounded up; they and ``costs`` leave ``left`` of ``deal_price``.
    """

    deal_price: int
    fees: int
    costs: int
    left: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one SKU. Amounts in minor units, margin in ten-thousandths.

    Without a purchase price, profit, margin and floor are blank and the steps end at the deal.
    ``proof`` shows why the next lower price does not protect; None where there is none. ``short``
    shows where the required deal price comes from.
    """

    currency: Currency
    discounts: Discounts
    list_price: int
    is_current: bool
    worst_case: str
    forced_rate: int
    steps: tuple[Step, ...]
    deal_price: int
    profit: int
    margin: int
    floor_price: int
    status: str
    required: int
    bound_by: str
    bounds: dict[str, int]
    exact: int
    protected: int
    decided_by: DeadZone | None
    dead_zones: tuple[DeadZone, ...]
    seller_center: str = ""
    remedies: tuple[str, ...] = field(default=())
    proof: Proof | None = None
    short: Shortfall | None = None


def explain(values: Values) -> tuple[Explanation, list[str]]:
    """Explain the SKU that a call describes: at its list price, or at the one that protects.

    Also returns the columns that were assumed. Raises ``CallError`` for what is missing.
    """
    question = _WITH_COSTS if "purchase_price" in values.texts else EXPLAINED
    sku, assumed, shipped = single_sku(question, values)
    required, bound = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    protected = protected_list_price(required, sku.discounts, values.offers, values.endings)
    refuse(check_results({"protected_list_price": protected}, sku, values.currency))
    origins = cost_origins(values, bool(shipped))
    found = _explained(sku, values, origins, int(required), int(bound), int(protected))
    return found, assumed


EXPLAINED = Question(
    name="explain",
    question=N_("One SKU, step by step."),
    uses=INPUTS_USED,
    needs=(),
    adds=adding(),
    compute=lambda _inputs: {},
    key_columns=(),
    priced_by="new_list_price",
)
"""The question that explains a deal price; like ``list-price`` it needs a target."""

_WITH_COSTS = EXPLAINED._replace(needs=("purchase_price", "logistics_cost"), always_profit=True)
"""The question that also explains the profit; it needs the same inputs as ``reprice``."""


def _explained(
    sku: Sku,
    values: Values,
    origins: Mapping[str, Origin],
    required: int,
    bound: int,
    protected: int,
) -> Explanation:
    is_current = sku.list_price != BLANK
    list_price = int(sku.list_price) if is_current else protected
    deal, worst = (int(each) for each in worst_deal_price(list_price, sku.discounts, values.offers))
    forced = WORST_CASES[worst] == "forced"
    outcome = worst_outcome(list_price, forced, sku.discounts, values.offers)
    has_costs = sku.costs.purchase_price != BLANK
    kept = int(profit(deal, sku.costs, sku.fees)) if has_costs else BLANK
    floor = int(floor_price(sku.costs.purchase_price, values.floor_multiple))
    dead, decided_by = _dead_zones(required, sku, values.offers, protected)
    below_floor = deal < floor
    return Explanation(
        currency=values.currency,
        list_price=list_price,
        is_current=is_current,
        worst_case=WORST_CASES[worst],
        forced_rate=outcome.forced_rate // MILLION,
        steps=waterfall(sku, values.offers, origins, outcome),
        deal_price=deal,
        profit=kept,
        margin=int(margin(kept, deal)) if has_costs else BLANK,
        floor_price=floor,
        status=STATUSES[int(status(deal, kept if has_costs else 0, required, floor))],
        required=required,
        bound_by=BOUNDS[bound],
        bounds=_bounds_in_force(sku, values),
        exact=int(exact_list_price(required, sku.discounts)),
        protected=protected,
        decided_by=decided_by,
        dead_zones=dead,
        seller_center=values.book.text("floor.breakdown_message") if below_floor else "",
        remedies=_remedies(sku, values.offers, list_price, floor) if below_floor else (),
        proof=proof(protected, required, sku.discounts, values.offers, values.endings),
        discounts=sku.discounts,
        short=_short(required, BOUNDS[bound], sku),
    )


def _short(required: int, bound_by: str, sku: Sku) -> Shortfall | None:
    if bound_by not in ("target_profit", "target_margin", "target_markup"):
        return None
    less, costs = required - 1, int(sku.costs.total)
    fees = less - int(left_after_fees(less, sku.fees))
    return Shortfall(less, fees, costs, less - fees - costs)


def _bounds_in_force(sku: Sku, values: Values) -> dict[str, int]:
    found = bounds(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    return {
        name: int(needed) for name, needed in zip(BOUNDS, found, strict=True) if needed != BLANK
    }


def _dead_zones(
    required: int, sku: Sku, offers: Offers, protected: int
) -> tuple[tuple[DeadZone, ...], DeadZone | None]:
    """The unsafe prices above the lowest safe one, and the last of them below the protected one."""
    lowest_safe = protected_list_price(required, sku.discounts, offers)
    found = [
        _dead_zone(zone, sku.discounts, offers)
        for zone in zones(required, sku.discounts, offers)
        if zone.step and zone.low <= zone.high
    ]
    above = (zone for zone in found if zone.low > lowest_safe)
    blamed = (zone for zone in found if zone.high == protected - 1)
    return tuple(sorted(above, key=lambda zone: (zone.low, zone.high))), next(blamed, None)


def _dead_zone(zone: Zone, discounts: Discounts, offers: Offers) -> DeadZone:
    threshold, off = zone.step or (0, 0)
    outcome = worst_outcome(int(zone.low), zone.forced, discounts, offers)
    high = min(int(zone.high), AMOUNT_LIMIT - 1)
    situation = "forced" if zone.forced else "not_forced"
    return DeadZone(int(zone.low), high, situation, threshold, off, outcome.deal_price)


def _remedies(sku: Sku, offers: Offers, list_price: int, floor: int) -> tuple[str, ...]:
    """Remedies of which each alone lifts the worst deal price to the floor, the mildest first."""
    without_stacking = Offers(offers.spend_save, offers.coupons, False, offers.basket)
    without_tiers = Offers((), offers.coupons, offers.coupon_stacks, offers.basket)
    without_coupons = Offers(offers.spend_save, (), False, offers.basket)
    tried = (
        ("exclude_forced", offers.coupon_stacks and bool(offers.coupons), without_stacking),
        ("drop_tier", bool(offers.spend_save), without_tiers),
        ("drop_coupon", bool(offers.coupons), without_coupons),
    )
    return tuple(
        name
        for name, applies, instead in tried
        if applies and worst_deal_price(list_price, sku.discounts, instead)[0] >= floor
    )
