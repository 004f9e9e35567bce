"""Every column by name, with its kind of value, its meaning and its other names.

Each room declares its own in ``columns.py``; here they are gathered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.columns import PRICE_RESULTS, UPDATE_INPUTS
from aepromo.inputs.columns import SHIPPING_INPUTS, SHIPPING_RESULTS, SKU_INPUTS
from aepromo.past_rates.columns import ORDER_INPUTS, RATE_RESULTS, quantile_named
from aepromo.platform.columns import (
    PAPER_INPUTS,
    PAPER_RESULTS,
    PARCEL_INPUTS,
    PARCEL_RESULTS,
    PLATFORM_INPUTS,
    PLATFORM_RESULTS,
)
from aepromo.watch.columns import FEED_INPUTS, NEWS_RESULTS

if TYPE_CHECKING:
    from aepromo.table.column import Column

INPUTS: dict[str, Column] = {
    column.name: column
    for columns in (
        SKU_INPUTS,
        ORDER_INPUTS,
        PLATFORM_INPUTS,
        PAPER_INPUTS,
        PARCEL_INPUTS,
        FEED_INPUTS,
        SHIPPING_INPUTS,
        UPDATE_INPUTS,
    )
    for column in columns
}
RESULTS: dict[str, Column] = {
    column.name: column
    for columns in (
        *(PRICE_RESULTS, RATE_RESULTS, PLATFORM_RESULTS, PAPER_RESULTS, PARCEL_RESULTS),
        NEWS_RESULTS,
        SHIPPING_RESULTS,
    )
    for column in columns
}


def column_named(name: str) -> Column | None:
    """A result or an input column by name; a result goes first."""
    return RESULTS.get(name) or INPUTS.get(name) or quantile_named(name)
