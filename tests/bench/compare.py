"""Compare a peer's output with ours: count rows with different cents or different text.

``python tests/bench/compare.py OURS THEIRS algebra`` prints the counts as JSON. Both files are read
side by side in blocks, so memory stays flat.

There are two reasons for different cents. The algebra, (costs + target) ÷ (1 − fees), rounds up
each fee of the price that it finds, but not the fees of the price that results, and so is sometimes
a cent off in any arithmetic. And binary floats make some cells a cent off the script's own formula:
these are counted separately, against that formula in whole numbers.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Cents: TypeAlias = npt.NDArray[np.int64]

GIVEN = ("purchase_price", "logistics_cost", "list_price", "commission_rate", "target_profit")
INPUTS = ("sku", "title", "category", "market", *GIVEN)
MONEY = (
    "required_deal_price",
    "protected_list_price",
    "new_list_price",
    "price_change",
    "deal_price",
    "commission",
    "payment_fee",
    "profit",
    "floor_price",
)
MILLION = 1_000_000
FORCED_RATE = 132_000
PAYMENT_RATE = 12_000
FLOOR_MULTIPLE = 1_150_000


@dataclass(slots=True)
class Differences:
    """Rows of both files, and in how many of them something differs."""

    rows: int = 0
    other_cents: int = 0
    """A money cell differs from ours."""
    off_its_formula: int = 0
    """A money cell differs from the script's own formula in whole numbers."""
    other_text: int = 0
    """An input cell was written with another text."""


def compare(ours: str, theirs: str, formula: str) -> Differences:
    """Count the rows that differ; ``formula`` is ``algebra`` or, as ours is, ``exact``.

    Raises ``ValueError`` unless both have the same rows in the same order.
    """
    found = Differences()
    for own, other in _side_by_side(ours, theirs):
        if not own["sku"].equals(other["sku"]):
            raise ValueError(f"{theirs}: other rows, or in another order, than {ours}")
        found.rows += len(own)
        found.other_text += _rows_with(
            [pc.not_equal(own[name], other[name]).to_numpy(False) for name in INPUTS]
        )
        exact = {name: _whole(own[name], 100) for name in MONEY}
        meant = exact if formula == "exact" else plain_algebra(own)
        cents = {name: _whole(other[name], 100) for name in MONEY}
        found.other_cents += _rows_with([exact[name] != cents[name] for name in MONEY])
        found.off_its_formula += _rows_with([meant[name] != cents[name] for name in MONEY])
    return found


def _side_by_side(ours: str, theirs: str) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """Both files' rows, cut into pieces of the same length."""
    left, right = _batches(ours), _batches(theirs)
    own, other = next(left, None), next(right, None)
    while own is not None and other is not None:
        rows = min(len(own), len(other))
        yield own.slice(0, rows), other.slice(0, rows)
        own = own.slice(rows) if rows < len(own) else next(left, None)
        other = other.slice(rows) if rows < len(other) else next(right, None)
    if own is not None or other is not None:
        raise ValueError(f"{theirs}: not as many rows as {ours}")


def _batches(path: str) -> Iterator[pa.RecordBatch]:
    types = dict.fromkeys((*INPUTS, *MONEY), pa.string())
    options = arrow_csv.ConvertOptions(
        column_types=types, include_columns=list(types), strings_can_be_null=False
    )
    parsing = arrow_csv.ParseOptions(newlines_in_values=True)
    return (
        batch
        for batch in arrow_csv.open_csv(path, parse_options=parsing, convert_options=options)
        if len(batch)
    )


def _whole(texts: pa.Array, scale: int) -> Cents:
    """Numbers as text, in whole units of 1 ÷ ``scale``; a float's last digits are none."""
    scaled = texts.cast(pa.float64()).to_numpy() * scale
    nearest: Cents = np.rint(scaled).astype(np.int64)
    return nearest


def plain_algebra(given: pa.RecordBatch) -> dict[str, Cents]:
    """The peers' formulas, computed without floats."""
    purchase = _whole(given["purchase_price"], 100)
    cost = purchase + _whole(given["logistics_cost"], 100)
    rate = _whole(given["commission_rate"], MILLION)
    kept_rate = MILLION - rate - PAYMENT_RATE
    floor = _divided_up(purchase * FLOOR_MULTIPLE, MILLION)
    needed = cost + _whole(given["target_profit"], 100)
    plain = _divided_up(needed * MILLION, kept_rate)
    fees = _divided_up(plain * rate, MILLION) + _divided_up(plain * PAYMENT_RATE, MILLION)
    required = np.maximum(needed + fees, floor)
    protected = _divided_up(required * MILLION, MILLION - FORCED_RATE)
    listed = _whole(given["list_price"], 100)
    raised = (listed < protected) & (protected * 2 <= listed * 3)
    new = np.where(raised, protected, listed)
    deal = new * (MILLION - FORCED_RATE) // MILLION
    commission = _half_up(deal * rate)
    payment_fee = _half_up(deal * PAYMENT_RATE)
    return {
        "required_deal_price": required,
        "protected_list_price": protected,
        "new_list_price": new,
        "price_change": new - listed,
        "deal_price": deal,
        "commission": commission,
        "payment_fee": payment_fee,
        "profit": deal - cost - commission - payment_fee,
        "floor_price": floor,
    }


def _divided_up(amount: Cents, divisor: Cents | int) -> Cents:
    return -(-amount // divisor)


def _half_up(millionths: Cents) -> Cents:
    return (millionths + MILLION // 2) // MILLION


def _rows_with(differing: list[npt.NDArray[np.bool_]]) -> int:
    return int(np.logical_or.reduce(differing).sum())


if __name__ == "__main__":
    json.dump(asdict(compare(*sys.argv[1:])), sys.stdout)
