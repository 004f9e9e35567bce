"""The lowest exchange rate at which a price still protects.

It counts units of the cost currency for one of the selling currency. A row's rate is that of its
purchase price, or of the first other cost that is converted. Costs in a third currency stay
unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.inputs.columns import COSTS
from aepromo.inputs.exchange import StatedCost
from aepromo.pricing.fees import Costs, FeeRates
from aepromo.pricing.money import BLANK, MILLION, most, pick
from aepromo.pricing.protect import Targets
from aepromo.pricing.reach import BILLION, Converted, holds_to_fx

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.engine.question import Inputs
    from aepromo.inputs.costs import Costs as StatedCosts
    from aepromo.inputs.values import Values
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Whole
    from aepromo.table.number_columns import Numbers

_LEAST = BILLION // MILLION
"""The lowest rate that is reported, in billionths; a lower one is reported as this one."""


def lowest_exchange_rate(inputs: Inputs, deal_price: Whole) -> Whole:
    """The lowest exchange rate at which a deal price still meets every bound, in billionths.

    Blank where no cost is converted, or where no rate is enough.
    """
    if inputs.costs is None:
        found = _of_one(inputs, deal_price)
    else:
        found = _of_rows(inputs, inputs.costs, deal_price)
    return pick(found == BLANK, BLANK, most(found, _LEAST))


def _of_one(inputs: Inputs, deal_price: Whole) -> Whole:
    values, costs = inputs.values, inputs.sku.costs
    origins = _origins(values)
    main = next((origins[name].currency for name in COSTS if name in origins), None)
    if main is None:
        return BLANK
    amounts = {name: each.amount for name, each in origins.items() if each.currency == main}
    own = Costs(*(0 if n in amounts else cost for n, cost in zip(COSTS, costs, strict=True)))
    bought = amounts.pop("purchase_price", 0)
    return _held(inputs, deal_price, own, main, bought, tuple(amounts.values()))


def _origins(values: Values) -> dict[str, StatedCost]:
    """The converted costs of one SKU, including that of its parcel."""
    origins, shipping = dict(values.costs.origins), values.shipping
    if shipping is not None:
        service, weight = shipping.parcel(values.texts)
        rate = shipping.exchange.rate(service.currency)
        if rate is not None and shipping.exchange.is_foreign(service.currency):
            amount = int(service.charge.total(weight))
            origins["logistics_cost"] = StatedCost(service.currency, amount, rate)
    return origins


def _held(
    inputs: Inputs,
    deal_price: Whole,
    own: Costs,
    currency: Currency,
    purchase_price: Whole,
    others: tuple[Whole, ...],
    take: Callable[[Whole], Whole] = lambda figure: figure,
) -> Whole:
    sku, values = inputs.sku, inputs.values
    scales = values.exchange.scales(currency)
    return holds_to_fx(
        take(deal_price),
        Targets(*map(take, sku.targets)),
        own,
        FeeRates(*map(take, sku.fees)),
        values.floor_multiple,
        Converted(purchase_price, others, *scales),
    )


class _Part(NamedTuple):
    """Some costs of rows, 0 where there are none; ``codes`` are indices into the currencies."""

    name: str
    codes: Numbers
    stated: Numbers
    converted: Numbers


def _of_rows(inputs: Inputs, stated: StatedCosts, deal_price: Whole) -> Whole:
    import numpy as np

    parts = _parts(inputs, stated)
    exchange, currencies = inputs.values.exchange, stated.currencies
    foreign = np.array([exchange.is_foreign(each) for each in currencies], np.bool_)
    main = np.full(inputs.rows, -1, np.int64)
    for name in COSTS:
        for part in parts:
            if part.name == name:
                is_first = (main < 0) & foreign[part.codes] & (part.stated > 0)
                main = np.where(is_first, part.codes, main)
    found = np.full(inputs.rows, BLANK, np.int64)
    for code, currency in enumerate(currencies):
        rows = np.flatnonzero(main == code)
        if not len(rows):
            continue

        def take(figure: Whole, rows: Numbers = rows) -> Whole:
            return np.broadcast_to(np.asarray(figure), inputs.rows)[rows]

        own = {name: take(cost) for name, cost in zip(COSTS, inputs.sku.costs, strict=True)}
        others: list[Whole] = []
        bought: Whole = 0
        for part in parts:
            is_in = (part.codes == code)[rows]
            own[part.name] = own[part.name] - np.where(is_in, part.converted[rows], 0)
            amount = np.where(is_in, part.stated[rows], 0)
            if part.name == "purchase_price":
                bought = bought + amount
            else:
                others.append(amount)
        costs = Costs(*own.values())
        found[rows] = _held(inputs, deal_price, costs, currency, bought, tuple(others), take)
    return found


def _parts(inputs: Inputs, costs: StatedCosts) -> list[_Part]:
    """The costs of rows as they were stated: by cells, by options, by a tariff."""
    import numpy as np

    values, rows, parts = inputs.values, inputs.rows, list[_Part]()
    filled = {name: np.zeros(rows, np.bool_) for name in COSTS}
    for part in costs.parts:
        is_known = part.stated != BLANK
        filled[part.name] |= is_known
        figures = (np.where(is_known, each, 0) for each in (part.stated, part.converted))
        parts.append(_Part(part.name, part.codes, *figures))
    for name, origin in values.costs.origins.items():
        stated, converted = (
            np.where(filled[name], 0, each)
            for each in (origin.amount, values.costs.converted[name])
        )
        codes = np.full(rows, costs.code_of(origin.currency))
        parts.append(_Part(name, codes, stated, converted))
    shipped, tariff = inputs.shipped, values.policy.tariff
    if shipped is not None and tariff is not None:
        for index in np.unique(shipped.services[shipped.services >= 0]).tolist():
            service, is_by = tariff.services[index], shipped.services == index
            total = service.charge.total(np.where(is_by, shipped.weights, 1))
            stated, converted = (np.where(is_by, each, 0) for each in (total, shipped.cost))
            codes = np.full(rows, costs.code_of(service.currency))
            parts.append(_Part("logistics_cost", codes, stated, converted))
    return parts
