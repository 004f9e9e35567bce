"""The shipping line that a watched SKU goes by, the one to switch to, and what each leaves.

A tariff gives what the feed doesn't: today's line, which is the one to take or else the cheapest,
and the line to switch to, the cheapest of all.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aepromo.inputs.shipping import no_weight
from aepromo.pricing.fees import profit
from aepromo.pricing.offers import base_price, item_price
from aepromo.table.cells import CellError, fixed
from aepromo.watch.columns import SWITCHES
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.inputs.shipping import Shipping
    from aepromo.platform.appeal import Formula
    from aepromo.platform.ruling import Row
    from aepromo.pricing.currency import Currency


def with_today(row: Row, shipping: Shipping | None) -> tuple[Row, list[str]]:
    """A row with what today's line costs where the feed doesn't say, and which line that is."""
    if shipping is None or "logistics_cost" in row or "weight_g" not in row:
        return row, []
    try:
        line, cost = _line_of(shipping, row)
    except CellError as error:
        return row, [_no_line(error)]
    said = _("today's line is taken to be {line}").format(line=line)
    return {**row, "logistics_cost": cost}, [said]


def with_cheapest(row: Row, shipping: Shipping | None) -> tuple[Row, list[str]]:
    """A row with what the tariff's cheapest line costs, and which line that is."""
    if shipping is None or "economy_logistics_cost" in row or "weight_g" not in row:
        return row, []
    try:
        # Any line may be switched to, whichever is taken today.
        line, cost = _line_of(replace(shipping, line=None), row)
    except CellError as error:
        return row, [_no_line(error)]
    said = _("the tariff's cheapest line is {line}").format(line=line)
    return {**row, "economy_logistics_cost": cost, "cheapest_line": line}, [said]


def _line_of(shipping: Shipping, row: Row) -> tuple[str, int]:
    """The line for a row's parcel, and its cost. Raises ``CellError``."""
    weight, markets = row["weight_g"], row.get("market", ())
    if not isinstance(weight, int) or not weight:
        raise CellError(f"weight_g {no_weight(0)}")
    return shipping.switch(weight, markets if isinstance(markets, tuple) else ())


def _no_line(error: CellError) -> str:
    return _("no line of the tariff: {reason}").format(reason=error)


def profits_by_line(row: Row, formula: Formula) -> dict[str, int]:
    """What a unit leaves at the feed's deal price; at the deepest rate where the feed has none."""
    deal, own = row.get("deal_price"), row.get("limited_rate", 0)
    if not isinstance(deal, int):
        base = base_price(formula.list_price, own if isinstance(own, int) else 0)
        deal = int(item_price(base, formula.forced_rate))
    other = row.get("other_cost", 0)
    costs = formula.costs._replace(other_cost=other if isinstance(other, int) else 0)
    found = {"profit_standard": int(profit(deal, costs, formula.fees))}
    economy = row.get("economy_logistics_cost")
    if isinstance(economy, int):
        cheaper = costs._replace(logistics_cost=economy)
        found["profit_economy"] = int(profit(deal, cheaper, formula.fees))
        is_better = found["profit_economy"] > found["profit_standard"]
        found["switch_to"] = SWITCHES.index("economy" if is_better else "stay")
    return found


def lines_leave(profits: Mapping[str, int], currency: Currency, cheapest: str) -> str:
    """What a unit leaves on each line, and which to take; ``cheapest`` is the tariff's by name."""
    standard = fixed(profits["profit_standard"], currency.places)
    if "profit_economy" not in profits:
        return _("a unit leaves {standard}").format(standard=standard)
    economy = fixed(profits["profit_economy"], currency.places)
    switches = profits["switch_to"] == SWITCHES.index("economy")
    if cheapest:
        said = (
            _("switch to {line}: it leaves {economy}, today's line {standard}")
            if switches
            else _("stay on today's line: it leaves {standard}, {line} {economy}")
        )
        return said.format(line=cheapest, standard=standard, economy=economy)
    said = (
        _("switch to the economy line: it leaves {economy}, standard {standard}")
        if switches
        else _("stay on the standard line: it leaves {standard}, economy {economy}")
    )
    return said.format(standard=standard, economy=economy)
