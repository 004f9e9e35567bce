"""The origin of the costs of one SKU that were converted, or that a tariff gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.inputs.exchange import Rate
    from aepromo.inputs.shipping import Shipping
    from aepromo.inputs.values import Values
    from aepromo.pricing.currency import Currency


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
