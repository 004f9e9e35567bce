"""One row's cells to its facts: what rulings judge, and the worksheet shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.reports.report import CONVERSION, PARCEL
from aepromo.reports.shipping import ParcelError
from aepromo.tables.cells import CellError, read_range
from aepromo.tables.facts import read_fact
from aepromo.tables.papers import SHIPPING_FEES
from aepromo.tables.schema import INPUTS, Kind
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.reports.exchange import RowCosts
    from aepromo.reports.ruling import Row, Ruling
    from aepromo.tables.currency import Currency
    from aepromo.tables.facts import Fact


def facts_of(
    ruling: Ruling, given: Mapping[str, str], cells: Mapping[str, str]
) -> tuple[Row, list[tuple[str, str]]]:
    """A row's facts, cell before option, and for each bad column the reason and remedy.

    A range of rates gives two facts, its ends: ``forced_rate`` and ``forced_rate_to``. Costs are in
    the currency of the prices; where they were converted, ``cost_currency`` is their own, and
    ``stated_logistics_cost`` in it.
    """
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
    if ruling.shipping is not None and "logistics_cost" not in {**facts, **dict(problems)}:
        try:
            shipped = ruling.shipping.facts({name: _filled(name, cells, given) for name in PARCEL})
        except ParcelError as error:
            problems.append((error.column, error.reason))
        else:
            # What a row says of the parts goes before what they ought to be.
            facts = shipped | facts
    return facts, problems


def _filled(name: str, cells: Mapping[str, str], given: Mapping[str, str]) -> str:
    text = cells.get(name, "")
    return text if text.strip() else given.get(name, "")


def _facts_of_costs(costs: RowCosts) -> dict[str, Fact]:
    facts: dict[str, Fact] = dict(costs.converted)
    if costs.conversion is not None:
        facts["cost_currency"] = costs.currency.code
        if costs.conversion.rate is None:
            facts["fx_rate"] = True
        if "logistics_cost" in costs.stated:
            facts["stated_logistics_cost"] = costs.stated["logistics_cost"]
    return facts


def _facts_in(text: str, name: str, currency: Currency) -> dict[str, Fact]:
    if INPUTS[name].kind is Kind.RATES:
        ends = read_range(text)
        return {name: ends[0], f"{name}_to": ends[1]} if ends else {}
    fact = read_fact(text, INPUTS[name].kind, currency)
    return {} if fact is None else {name: fact}
