"""How profit falls as the forced rate rises, and where it crosses target, zero and the floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.calculators.outcome import left_at
from aepromo.engine.question import Inputs, Question, adding
from aepromo.engine.single import single_sku
from aepromo.errors import CallError
from aepromo.inputs.columns import FEES, SHOP, TARGETS
from aepromo.pricing.fees import STATUSES, floor_price, profit
from aepromo.pricing.money import MILLION
from aepromo.pricing.offers import shown_item_price
from aepromo.pricing.protect import required_deal_price
from aepromo.table.cells import CellError, read_rate
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    import numpy as np
    import numpy.typing as npt

    from aepromo.engine.question import Figures
    from aepromo.inputs.values import Values

    Counts: TypeAlias = npt.NDArray[np.int64]

FINEST = MILLION // 10_000
"""0.01 %, the precision of a crossing."""

COLUMNS = ("deal_price", "commission", "payment_fee", "profit", "margin", "status")
MARKS = ("target", "zero", "floor")
MOST_RATES = 10_001


@dataclass(frozen=True, slots=True)
class Crossing:
    """The forced rate, in millionths, from which a mark no longer holds, or holds again."""

    mark: str
    rate: int
    holds: bool


@dataclass(frozen=True, slots=True)
class Sweep:
    """One SKU over a range of forced rates: results by rate, crossings, and the marks' profits.

    Rates in millionths, profits in minor units.
    """

    rows: dict[int, dict[str, int]]
    crossings: tuple[Crossing, ...]
    marks: dict[str, int]


def rates(first: str, last: str, step: str) -> range:
    """The rates of the grid, in millionths. Raises ``CallError``."""
    ends = []
    for flag, text in (("--from", first), ("--to", last), ("--step", step)):
        try:
            ends.append(read_rate(text) or 0)
        except CellError as error:
            raise CallError(f"{flag}: {error}") from None
    low, high, each = ends
    if low > high:
        reason = _("--from {first} is above --to {last}; swap the two")
        raise CallError(reason.format(first=first, last=last))
    if not each or (high - low) // each >= MOST_RATES:
        reason = _("write a larger step; at most {most} fit into the range").format(
            most=MOST_RATES - 1
        )
        raise CallError(f"--step {step}: {reason}")
    return range(low, high + 1, each)


def by_rate(inputs: Inputs, grid: range) -> Iterator[tuple[int, Figures]]:
    """Deal price, fees, profit, margin and status at each rate, for one SKU or for columns of them.

    At 0 % nothing is forced.
    """
    sku, values = inputs.sku, inputs.values
    required, _ = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    floor = floor_price(sku.costs.purchase_price, values.floor_multiple)
    for rate in grid:
        situation = values.offers.forced if rate else values.offers.not_forced
        own_rate, adds = sku.discounts.limited_rate, sku.discounts.add
        item_price = shown_item_price(sku.list_price, own_rate, rate, adds)
        yield rate, left_at(situation.deal_price(item_price), sku, required, floor)


def counts_by_rate(inputs: Inputs, grid: range) -> Counts:
    """How many rows of a column of SKUs are at each status: a line a rate, as ``STATUSES`` go."""
    import numpy as np  # not needed for one SKU

    statuses = (results["status"] for _, results in by_rate(inputs, grid))
    counts = [
        np.bincount(np.broadcast_to(each, inputs.rows), minlength=len(STATUSES))
        for each in statuses
    ]
    return np.array(counts)


def sweep(values: Values, grid: range) -> tuple[Sweep, list[str]]:
    """Sweep the SKU that a call describes; also returns the columns that were assumed.

    Raises ``CallError`` for what is missing.
    """
    single = single_sku(SWEEP, values)
    sku, inputs = single.sku, Inputs(single.sku, values)
    rows = {
        rate: {name: int(figure) for name, figure in results.items()}
        for rate, results in by_rate(inputs, grid)
    }
    required, _ = required_deal_price(sku.targets, sku.costs, sku.fees, values.floor_multiple)
    floor = floor_price(sku.costs.purchase_price, values.floor_multiple)
    marks = {
        "target": int(profit(required, sku.costs, sku.fees)),
        "zero": 0,
        "floor": int(profit(floor, sku.costs, sku.fees)),
    }
    crossings = _crossings(inputs, grid, int(required), int(floor))
    return Sweep(rows, crossings, marks), single.assumed


def _crossings(inputs: Inputs, grid: range, required: int, floor: int) -> tuple[Crossing, ...]:
    """Every rate at which a mark stops holding or holds again: tiers make profit jump both ways."""
    found = []
    before: tuple[bool, ...] | None = None
    for rate, results in by_rate(inputs, range(grid[0], grid[-1] + 1, FINEST)):
        deal = results["deal_price"]
        holds = (bool(deal >= required), bool(results["profit"] >= 0), bool(deal >= floor))
        if before is not None:
            found += [
                Crossing(mark, rate, now)
                for mark, was, now in zip(MARKS, before, holds, strict=True)
                if was != now
            ]
        before = holds
    return tuple(found)


SWEEP = Question(
    name="sweep",
    question=N_("How does profit fall as the forced rate rises?"),
    uses=("list_price", *SHOP, "limited_rate", *FEES, *TARGETS),
    needs=("list_price", "purchase_price", "logistics_cost"),
    adds=adding(),
    compute=lambda _inputs: {},
    key_columns=COLUMNS,
    always_profit=True,
    assumes_rate=False,
)
"""The question that ``sweep`` asks of a SKU, with the inputs that it needs."""
