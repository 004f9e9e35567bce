"""``rates``: the forced rates of past orders, for each SKU, each category and the store.

The mean, the lowest and the highest rate and the quantile are those of the orders themselves; the
``forced_rate`` is the mean moved towards the level above (``credibility``). A quantile is the
lowest observed rate that at least this share of the orders doesn't exceed. Quantile, highest rate
and both ends of the range allow for the rounding of the prices that they were computed from,
because a list price should protect for every rate of the range. Rates are whole millionths, rounded
up, except for the lower end of the range, which is rounded down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.past_rates.columns import LEVELS, MEAN, quantile_column
from aepromo.past_rates.credibility import drawn
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK, MILLION, up
from aepromo.table.cells import RATE_PLACES
from aepromo.table.csv_lines import spelled
from aepromo.table.number_columns import result_array
from aepromo.table.rule_book_names import name_key
from aepromo.table.schema import RESULTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.table.column import Column
    from aepromo.table.number_columns import Numbers


@dataclass(frozen=True, slots=True)
class PastRates:
    """The rates of a store, its categories and its SKUs, one row each, in that order.

    Within a level the highest ``forced_rate`` comes first. ``columns`` are the figures by column,
    in millionths, and blank where a row has none; ``skus`` and ``categories`` are text, empty where
    a row is of a wider level, and ``ranges`` are written as a forced rate may be. ``moved`` counts
    the SKUs that were in more than one category.
    """

    skus: pa.Array
    categories: pa.Array
    columns: Sequence[tuple[Column, Numbers]]
    ranges: pa.Array
    moved: int = 0

    @property
    def header(self) -> list[str]:
        """The names of all columns."""
        figures = (column.name for column, _ in self.columns[1:])
        return [LEVEL.name, "sku", "category", *figures, RANGE.name]

    @property
    def texts(self) -> dict[str, pa.Array]:
        """The columns of text by name."""
        return {"sku": self.skus, "category": self.categories, RANGE.name: self.ranges}

    def counted(self, level: str) -> int:
        """How many rows a level has."""
        return int((self.columns[0][1] == LEVELS.index(level)).sum())

    def frame(self) -> pd.DataFrame:
        """The rates as a frame with exact decimals."""
        rows = len(self.skus)
        arrays = {
            column.name: result_array(each, column, rows, USD) for column, each in self.columns
        }
        arrays |= self.texts
        table = pa.table({name: arrays[name] for name in self.header})
        frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
        return frame


LEVEL, RANGE = RESULTS["level"], RESULTS["rate_range"]


def past_rates(parts: Sequence[pd.DataFrame], quantile: int) -> PastRates:
    """The rates of some orders. ``quantile`` is in millionths, above 0 and at most one.

    The parts are what ``read_orders`` counts. A category has the first of its names; names that
    ``names`` knows as the same are one category. A SKU in several is in that of its latest order.
    """
    orders = pd.concat(parts, ignore_index=True)
    if orders.empty:
        return _table(orders, quantile, 0)
    sku_of, skus = pd.factorize(orders["sku"])
    category_of, categories, moved = _categories(orders, sku_of)
    rates = orders["rate"].to_numpy()
    store = _statistics(np.zeros_like(sku_of), orders, quantile)
    by_category = _statistics(category_of[sku_of], orders, quantile)
    by_sku = _statistics(sku_of, orders, quantile)
    result = drawn(category_of, by_sku, _squares(rates))
    names = np.array([*categories, ""], object)
    tables = (
        store.assign(sku="", category="", own_weight=BLANK, forced_rate=result.store),
        by_category.assign(
            sku="",
            category=names[:-1],
            own_weight=result.category_weight,
            forced_rate=result.category,
        ),
        by_sku.assign(
            sku=skus,
            category=names[category_of],
            own_weight=result.sku_weight,
            forced_rate=result.sku,
        ),
    )
    rows = [
        table.assign(level=level).sort_values("forced_rate", ascending=False, kind="stable")
        for level, table in enumerate(tables)
    ]
    return _table(pd.concat(rows, ignore_index=True), quantile, moved)


def _categories(orders: pd.DataFrame, sku_of: Numbers) -> tuple[Numbers, list[str], int]:
    """The category of each SKU (-1 for none), their names, and how many SKUs were in several."""
    codes, texts = pd.factorize(orders["category"])
    keys: dict[str, int] = {}
    names: list[str] = []
    known = []
    for text in texts:
        key = name_key(text)
        if key and key not in keys:
            keys[key] = len(names)
            names.append(text)
        known.append(keys.get(key, -1))
    category = np.array(known, np.int64)[codes]
    named = pd.DataFrame({"sku": sku_of, "category": category, "ordered_at": orders["ordered_at"]})[
        category >= 0
    ]
    category_of = np.full(int(sku_of.max()) + 1, -1, np.int64)
    by_sku = named.sort_values("ordered_at", kind="stable").groupby("sku")["category"]
    latest = by_sku.last()
    category_of[latest.index.to_numpy()] = latest.to_numpy()
    # A category without a remaining SKU has no rate.
    left, category_of[category_of >= 0] = np.unique(
        category_of[category_of >= 0], return_inverse=True
    )
    return category_of, [names[each] for each in left], int((by_sku.nunique() > 1).sum())


def _statistics(group_of: Numbers, orders: pd.DataFrame, quantile: int) -> pd.DataFrame:
    """The figures of each group's orders, in the order of its index, without -1."""
    orders = orders[["rate", "lowest", "highest"]].assign(group=group_of)[group_of >= 0]
    orders = orders.sort_values(["group", "highest"])
    found: pd.DataFrame = orders.groupby("group").agg(
        orders=("rate", "size"),
        total=("rate", "sum"),
        lowest_rate=("rate", "min"),
        highest_rate=("highest", "max"),
        range_from=("lowest", "min"),
    )
    found["mean_rate"] = -(-found["total"] // found["orders"])
    starts = found["orders"].cumsum() - found["orders"]
    reached = np.asarray(up(found["orders"].to_numpy(), quantile))
    found["quantile"] = orders["highest"].to_numpy()[starts.to_numpy() + reached - 1]
    return found.reset_index(drop=True)


def _squares(rates: Numbers) -> int:
    """The sum of squares, in parts that each fit the integers of a column."""
    parts = np.array_split(rates, len(rates) // MILLION + 1)
    return sum(int((part * part).sum()) for part in parts)


def _table(rows: pd.DataFrame, quantile: int, moved: int) -> PastRates:
    figures = {
        RESULTS["level"]: "level",
        **{RESULTS[name]: name for name in ("orders", "mean_rate", "lowest_rate")},
        quantile_column(quantile): "quantile",
        **{RESULTS[name]: name for name in ("highest_rate", "own_weight")},
        MEAN: "forced_rate",
    }
    rows = rows.reindex(columns=["sku", "category", "range_from", *figures.values()])
    columns = [(column, rows[name].to_numpy(np.int64)) for column, name in figures.items()]
    skus, categories = (pa.array(rows[name].tolist(), pa.string()) for name in ("sku", "category"))
    ends = (
        spelled(rows[name].to_numpy(np.int64), RATE_PLACES)
        for name in ("range_from", "highest_rate")
    )
    ranges = pc.binary_join_element_wise(*ends, "..")
    return PastRates(skus, categories, columns, ranges, moved)
