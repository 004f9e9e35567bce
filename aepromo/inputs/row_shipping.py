"""The lines that carry the rows of a table, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aepromo.errors import CallError, Refused
from aepromo.inputs.shipping import no_weight
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import codes_of
from aepromo.table.cells import CellError, read
from aepromo.table.column import Kind
from aepromo.table.header_units import read_one

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from aepromo.inputs.shipping import Shipping
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import Cells, Numbers


@dataclass(slots=True)
class ShippedRows:
    """The line and the cost of each row, blank where the logistics cost was given.

    ``services`` are indices into the tariff's services, -1 where none carries the row; ``weights``
    are in milligrams. ``bad`` are cells that can't be used.
    """

    line: Numbers
    cost: Numbers
    weights: Numbers
    services: Numbers
    bad: list[Refused] = field(default_factory=list)


def ship_rows(
    cells: Cells,
    columns: FoundColumns,
    wanted: npt.NDArray[np.bool_],
    shipping: Shipping,
    offered: Mapping[str, str],
    is_needed: bool = True,
    to_several: bool = False,
) -> ShippedRows:
    """Find a line for every row where one is wanted; ``offered`` fills its blank cells.

    ``is_needed``: a row without a weight is a bad one. ``to_several``: a row may name several
    markets, and the dearest parcel counts.
    """
    rows = len(cells)
    blank = np.full(rows, BLANK, np.int64)
    none = np.full(rows, -1, np.int64)
    shipped = ShippedRows(blank, blank.copy(), blank, none)
    given = offered.get("weight_g", "")
    weights = _weights(cells, columns, wanted, shipping, shipped, given, is_needed)
    if not is_needed:
        wanted = wanted & (weights != BLANK)
    shipped.weights = weights
    for markets, among in _markets(cells, columns, shipping, shipped, wanted, offered, to_several):
        known = among[weights[among] > 0]
        for market in markets:
            line, cost = shipping.cheapest(weights[known], market)
            heavy = line == BLANK
            shipped.bad += _too_heavy(known[heavy], market, weights, shipping)
            dearer = ~heavy & (cost > shipped.cost[known])
            shipped.line[known] = np.where(dearer, line, shipped.line[known])
            shipped.cost[known] = np.where(dearer, cost, shipped.cost[known])
            taken = np.array(shipping.service_indices(market), np.int64)
            chosen = taken[np.where(dearer, line, 0)]
            shipped.services[known] = np.where(dearer, chosen, shipped.services[known])
    return shipped


def _too_heavy(rows: Numbers, market: str, weights: Numbers, shipping: Shipping) -> list[Refused]:
    """The rows whose parcel no line takes to a market."""
    refused = Refused(
        rows, "weight_g", lambda at: shipping.too_heavy(market, int(weights[rows[at]]))
    )
    return [refused] if len(rows) else []


def _weights(
    cells: Cells,
    columns: FoundColumns,
    wanted: npt.NDArray[np.bool_],
    shipping: Shipping,
    shipped: ShippedRows,
    offered: str,
    is_needed: bool,
) -> Numbers:
    """Each row's weight in milligrams; 0 or less where it can't be used."""
    selling = shipping.exchange.selling
    try:
        fallback = read(offered, Kind.WEIGHT, selling)
    except CellError as error:
        raise CallError(f"--weight-g: {error}") from None
    default = BLANK if fallback is None else fallback
    if "weight_g" not in columns:
        weights = np.full(len(cells), default, np.int64)
        is_read = np.ones(len(cells), np.bool_)
    else:
        reading = read_one(cells, columns, "weight_g", Kind.WEIGHT, selling)
        weights = np.where(reading.numbers == BLANK, default, reading.numbers)
        is_read = np.ones(len(cells), np.bool_)
        for each in reading.bad:
            weights[each.rows], is_read[each.rows] = BLANK, False
            shipped.bad.append(each.only(wanted)._replace(column="weight_g"))
    lacking = wanted & is_read & (weights <= 0)
    if not is_needed:
        lacking &= weights != BLANK
    rows = np.flatnonzero(lacking)
    shipped.bad.append(Refused(rows, "weight_g", lambda at: no_weight(int(weights[rows[at]]))))
    return weights


def _markets(
    cells: Cells,
    columns: FoundColumns,
    shipping: Shipping,
    shipped: ShippedRows,
    wanted: npt.NDArray[np.bool_],
    offered: Mapping[str, str],
    to_several: bool,
) -> list[tuple[tuple[str, ...], Numbers]]:
    """The different cells of markets, each with its rows."""
    default = offered.get("market", "")
    if "market" not in columns:
        texts, codes = [default], np.zeros(len(cells), np.int64)
    else:
        encoded = cells.texts(columns["market"]).dictionary_encode()
        texts = [text if text.strip() else default for text in encoded.dictionary.to_pylist()]
        codes = codes_of(encoded)
    found = []
    for code, text in enumerate(texts):
        among = np.flatnonzero(wanted & (codes == code))
        try:
            found.append((shipping.markets_of(text, to_several), among))
        except CellError as error:
            shipped.bad.append(Refused.alike(among, "market", str(error)))
    return found
