"""One row's cells to its facts: what rulings judge, and the worksheet shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.inputs.columns import CONVERSION, FORCED_RATE, KEYS, PARCEL, SHIPPING_FEES
from aepromo.inputs.shipping import ParcelError
from aepromo.table.cells import CellError, in_two_currencies, read_range, signs_in
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.facts import read_fact
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.inputs.exchange import RowCosts
    from aepromo.inputs.joined_rates import JoinedRates
    from aepromo.inputs.shipping import Shipping
    from aepromo.platform.ruling import Row, Ruling
    from aepromo.pricing.currency import Currency
    from aepromo.table.facts import Fact


def facts_of(
    ruling: Ruling, given: Mapping[str, str], cells: Mapping[str, str]
) -> tuple[Row, list[tuple[str, str]]]:
    """A row's facts, cell before option, and for each bad column the reason and remedy.

    A range of rates gives two facts, its ends: ``forced_rate`` and ``forced_rate_to``. Costs are in
    the currency of the prices; where they were converted, ``cost_currency`` is their own, which
    ``stated_purchase_price`` and the like are in, and ``fx_rate`` what one unit of the prices' is
    worth.
    """
    rate = None if ruling.rates is None else _joined_rate(ruling.rates, given, cells)
    if rate is not None or cells.get("forced_rate", "").strip():
        given = {name: text for name, text in given.items() if name not in FORCED_RATE}
    exchange = ruling.exchange if "cost_currency" not in cells else ruling.exchange.stated()
    costs = exchange.row_costs(
        {name: cells[name] for name in CONVERSION if name in cells}
        | {
            name: _filled(name, cells, given)
            for name in ruling.uses
            if INPUTS[name].kind is Kind.COST
        }
    )
    facts, problems = _facts_of_costs(costs), []
    if costs.stated and not cells.get("cost_currency", "").strip():
        facts["costs_are_unnamed"] = True
    wrong = dict(costs.problems)
    for name in ruling.uses:
        currency = costs.currency if name in SHIPPING_FEES else exchange.selling
        try:
            if name in wrong:
                raise CellError(wrong[name])
            if name in CONVERSION or INPUTS[name].kind is Kind.COST:
                found = {name: facts[name]} if name in facts else {}
            else:
                found = _facts_in(_filled(name, cells, given), name, currency)
        except CellError as error:
            problems.append((name, str(error)))
            continue
        if not found and name in ruling.needs:
            reason = _("is missing; fill it in or give {flag}").format(flag=INPUTS[name].flag)
            problems.append((name, reason))
        facts |= found
    if not exchange.selling.is_stated:
        signs = _signs(ruling, given, cells)
        if len(set(signs.values())) > 1:
            problems.append((next(iter(signs)), in_two_currencies(set(signs.values()))))
        facts |= {"sign": next(iter(signs.values()))} if signs else {}
    if rate is not None:
        facts["forced_rate"] = facts["forced_rate_to"] = rate[0]
        facts["rate_of"] = rate[1]
    if ruling.shipping is not None and "logistics_cost" not in {**facts, **dict(problems)}:
        parcel = {name: _filled(name, cells, given) for name in PARCEL}
        try:
            shipped = _shipped(ruling, ruling.shipping, parcel)
        except ParcelError as error:
            problems.append((error.column, error.reason))
        else:
            problems += _parts_apart(facts, costs.currency.code, shipped)
            # What a row says of the parts goes before what they ought to be.
            facts = shipped | facts
    if ruling.refuses is not None:
        problems += ruling.refuses(facts)
    return facts, problems


def faults_in(ruling: Ruling, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is wrong with values that are to fill blank cells, before there is any cell.

    Costs are left to the policy, which knows what currency they are in.
    """
    facts: dict[str, Fact] = {}
    problems = []
    for name, text in given.items():
        if name in CONVERSION or INPUTS[name].kind is Kind.COST:
            continue
        try:
            facts |= _facts_in(text, name, ruling.exchange.selling)
        except CellError as error:
            problems.append((name, str(error)))
    return problems + (ruling.refuses(facts) if ruling.refuses is not None else [])


def _joined_rate(
    rates: JoinedRates, given: Mapping[str, str], cells: Mapping[str, str]
) -> tuple[int, int] | None:
    """The rate that a row takes for want of its own; a range of its own has both ends."""
    whole, *ends = (bool(cells.get(name, "").strip()) for name in FORCED_RATE)
    sku, category = (_filled(name, cells, given) for name in KEYS)
    return None if whole or all(ends) else rates.of_row(sku, category)


def _shipped(ruling: Ruling, shipping: Shipping, parcel: Mapping[str, str]) -> dict[str, Fact]:
    """What a tariff says of a row; nothing of one that needn't cost anything and has no weight."""
    if "logistics_cost" not in ruling.needs and not parcel["weight_g"].strip():
        return {}
    if ruling.sells_to_many:
        return shipping.facts_of_dearest(parcel)
    return shipping.facts(parcel)


def _signs(ruling: Ruling, given: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    """The sign of each amount that has one, by column."""
    amounts = (name for name in ruling.uses if INPUTS[name].kind in AMOUNTS)
    found = {name: signs_in([_filled(name, cells, given)]) for name in amounts}
    return {name: sign for name, signs in found.items() for sign in signs}


def _parts_apart(facts: Row, currency: str, shipped: Row) -> list[tuple[str, str]]:
    """Parts of a shipping cost that a row states in another currency than the tariff's."""
    if shipped.get("shipping_currency", currency) == currency:
        return []
    reason = _(
        "is in {code}, but the tariff is in {tariff}; give the logistics cost too, or leave it "
        "blank"
    )
    said = reason.format(code=currency, tariff=shipped["shipping_currency"])
    return [(name, said) for name in SHIPPING_FEES if name in facts]


def _filled(name: str, cells: Mapping[str, str], given: Mapping[str, str]) -> str:
    text = cells.get(name, "")
    return text if text.strip() else given.get(name, "")


def _facts_of_costs(costs: RowCosts) -> dict[str, Fact]:
    facts: dict[str, Fact] = dict(costs.converted)
    if costs.conversion is not None and costs.rate is not None:
        facts["cost_currency"] = costs.currency.code
        facts["fx_rate"] = costs.rate.millionths
        facts["fx_rate_is_own"] = costs.conversion.rate is None
        if costs.rate.day is not None:
            facts["fx_day"] = costs.rate.day
        facts |= {f"stated_{name}": amount for name, amount in costs.stated.items()}
    return facts


def _facts_in(text: str, name: str, currency: Currency) -> dict[str, Fact]:
    if INPUTS[name].kind is Kind.RATES:
        ends = read_range(text)
        return {name: ends[0], f"{name}_to": ends[1]} if ends else {}
    fact = read_fact(text, INPUTS[name].kind, currency)
    return {} if fact is None else {name: fact}
