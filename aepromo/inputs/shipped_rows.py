"""The lines that carry the rows of a table, whole columns at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aepromo.errors import CallError
from aepromo.inputs.shipping import no_weight
from aepromo.pricing.money import BLANK
from aepromo.table.cells import CellError, read
from aepromo.table.column import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from aepromo.inputs.shipping import Shipping
    from aepromo.table.any_cells import Cells
    from aepromo.table.number_columns import Numbers


@dataclass(slots=True)
class ShippedRows:
    """The line and the cost of each row, blank where the logistics cost was given.

    ``bad`` are cells that can't be used: row, column, reason with remedy.
    """

    line: Numbers
    cost: Numbers
    bad: list[tuple[int, str, str]] = field(default_factory=list)


def ship_rows(
    cells: Cells,
    columns: Mapping[str, int],
    wanted: npt.NDArray[np.bool_],
    shipping: Shipping,
    offered: Mapping[str, str],
) -> ShippedRows:
    """Find a line for every row where one is wanted; ``offered`` fills its blank cells."""
    rows = len(cells)
    shipped = ShippedRows(np.full(rows, BLANK, np.int64), np.full(rows, BLANK, np.int64))
    weights = _weights(cells, columns, wanted, shipping, shipped, offered.get("weight_g", ""))
    for market, among in _markets(cells, columns, shipping, shipped, wanted, offered):
        known = among[weights[among] > 0]
        line, cost = shipping.cheapest(weights[known], market)
        shipped.line[known], shipped.cost[known] = line, cost
        heavy = known[shipped.line[known] == BLANK]
        shipped.bad += [
            (int(row), "weight_g", shipping.too_heavy(market, int(weights[row]))) for row in heavy
        ]
    return shipped


def _weights(
    cells: Cells,
    columns: Mapping[str, int],
    wanted: npt.NDArray[np.bool_],
    shipping: Shipping,
    shipped: ShippedRows,
    offered: str,
) -> Numbers:
    """Each row's weight in milligrams; not above 0 where it is of no use."""
    selling = shipping.exchange.selling
    try:
        fallback = read(offered, Kind.WEIGHT, selling)
    except CellError as error:
        raise CallError(f"--weight-g: {error}") from None
    default = BLANK if fallback is None else fallback
    if "weight_g" not in columns:
        weights, unread = np.full(len(cells), default, np.int64), {}
    else:
        reading = cells.reading(columns["weight_g"], Kind.WEIGHT, selling)
        unread = {row: why for row, why in reading.bad.items() if wanted[row]}
        weights = np.where(reading.numbers == BLANK, default, reading.numbers)
        weights[list(reading.bad)] = BLANK
    shipped.bad += [(row, "weight_g", why) for row, why in unread.items()]
    for row in np.flatnonzero(wanted & (weights <= 0)).tolist():
        if row not in unread:
            shipped.bad.append((row, "weight_g", no_weight(int(weights[row]))))
    return weights


def _markets(
    cells: Cells,
    columns: Mapping[str, int],
    shipping: Shipping,
    shipped: ShippedRows,
    wanted: npt.NDArray[np.bool_],
    offered: Mapping[str, str],
) -> list[tuple[str, Numbers]]:
    """The markets that occur, each with the rows that go there."""
    default = offered.get("market", "")
    if "market" not in columns:
        texts, codes = [default], np.zeros(len(cells), np.int64)
    else:
        encoded = cells.texts(columns["market"]).dictionary_encode()
        texts = [text if text.strip() else default for text in encoded.dictionary.to_pylist()]
        codes = encoded.indices.to_numpy()
    found = []
    for code, text in enumerate(texts):
        among = np.flatnonzero(wanted & (codes == code))
        try:
            found.append((shipping.market_of(text), among))
        except CellError as error:
            shipped.bad += [(row, "market", str(error)) for row in among.tolist()]
    return found
