"""How much the orders of a SKU and of a category count: empirical Bayes.

A SKU's mean rate over few orders is uncertain; for a SKU without orders the mean of its category is
better. The best linear estimate lies between the two (Bühlmann's credibility; with a category
between SKU and store, Jewell's hierarchical model)::

    SKU's rate       =  z × its own mean        +  (1 − z) × its category's rate
    category's rate  =  q × its own mean (X)    +  (1 − q) × the store's rate (m)

    z = a·n ÷ (a·n + s²)      n   orders of the SKU
    q = b·W ÷ (b·W + 1)       W = Σ w over its SKUs, w = n ÷ (a·n + s²)
    X = Σ w × mean ÷ W        m = Σ q × X ÷ Σ q over the categories

s² is the variance of single orders within a SKU, a that of SKUs within a category, b that of
categories within the store. All three are estimated from the orders themselves, without bias::

    s² = Σ (rate − SKU's mean)² ÷ (N − J)
    a  = (Σ n (SKU's mean − category's mean)² − (J − I) s²) ÷ (N − Σ over categories of Σ n² ÷ Σ n)
    b  = (Σ W (X − X̄)² − (I − 1)) ÷ (ΣW − ΣW² ÷ ΣW),    X̄ = Σ W X ÷ Σ W

for N orders of J SKUs in I categories; a negative one becomes 0. So a SKU with many orders keeps
its mean, and one with few orders moves to its category, the more so the more single orders vary and
the less SKUs do.

Sources: H. Bühlmann and A. Gisler, A Course in Credibility Theory and its Applications (Springer
2005), chapters 3, 4 and 6; W. S. Jewell, The use of collateral data in credibility theory (1975);
the estimator of a pooled over all categories: E. Ohlsson, Simplified estimation of structure
parameters in hierarchical credibility (ICA 2006). The same idea as shrinkage in B. Efron and
C. Morris, Stein's Estimation Rule and Its Competitors (JASA 68, 1973).

The variances and weights are decimals of fifty digits, so that no result depends on binary floats.
A weight is rounded down to a whole millionth; from there on all numbers are integers.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from aepromo.pricing.money import MILLION, up

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from aepromo.table.number_columns import Numbers

    Exact = npt.NDArray[np.object_]

DIGITS = 50
_GRAIN = Decimal(1) / 12
"""The variance of rounding to a whole millionth; orders are not known more exactly."""
_NONE = Decimal(0)


@dataclass(frozen=True, slots=True)
class ShrunkRates:
    """Rates moved towards the level above, in millionths, and the weight of each own mean.

    ``store`` is one figure; the others go by the index of category and SKU.
    """

    store: int
    category: Numbers
    category_weight: Numbers
    sku: Numbers
    sku_weight: Numbers


def drawn(category_of: Numbers, skus: pd.DataFrame, squares: int) -> ShrunkRates:
    """Move each SKU's mean towards its category's, and that towards the store's.

    ``category_of`` is the index of each SKU's category, or -1: such SKUs are taken together as one
    more category, but go with the store. ``skus`` has their ``orders``, the ``total`` of the rates
    in millionths, and their ``mean_rate``. ``squares`` is the sum of all orders' rates squared.
    """
    categories = int(category_of.max(initial=-1)) + 1
    group = np.where(category_of < 0, categories, category_of)
    table = skus[["orders", "total"]].assign(group=group)
    with localcontext(prec=DIGITS):
        orders_vary, skus_vary = _variances(table, squares)

        def precision(count: int) -> Decimal:
            return Decimal(count) / (skus_vary * count + orders_vary)

        precisions, centres = _centres(table, precision)
        odds = _between(precisions, centres) * precisions
        weights = odds / (odds + 1)
        store = _mean(centres, weights if any(weights) else precisions)
        drawn_to = store + weights * (centres - store)
        counts, place = np.unique(table["orders"], return_inverse=True)
        trust = [_down(skus_vary * precision(count)) for count in counts.tolist()]
    category = np.array([_up(rate) for rate in drawn_to[:categories]], np.int64)
    sku_weight = np.array(trust, np.int64)[place]
    above = np.append(category, _up(store))[group]
    return ShrunkRates(
        _up(store),
        category,
        np.array([_down(weight) for weight in weights[:categories]], np.int64),
        above + np.asarray(up(skus["mean_rate"].to_numpy() - above, sku_weight)),
        sku_weight,
    )


def _variances(table: pd.DataFrame, squares: int) -> tuple[Decimal, Decimal]:
    """s² and a, in millionths squared.

    If no SKU has two orders, the variance of orders can't be separated from that of SKUs. Then all
    of it counts as that of orders, so that each SKU has the rate of its category.
    """
    groups = table.assign(squared=table["orders"] ** 2).groupby("group").sum()
    per_sku = _squared_means(table)
    per_group, per_store = _squared_means(groups), _squared_means(groups.sum().to_frame().T)
    orders, count = int(table["orders"].sum()), len(table)
    if orders == count:
        used, parts = (per_group, len(groups)) if orders > len(groups) else (per_store, 1)
        return _grained(squares - used, orders - parts), _NONE
    orders_vary = _grained(squares - per_sku, orders - count)
    size = orders - sum(
        Decimal(squared) / total
        for squared, total in zip(
            groups["squared"].tolist(), groups["orders"].tolist(), strict=True
        )
    )
    excess = per_sku - per_group - (count - len(groups)) * orders_vary
    return orders_vary, max(excess / size, _NONE) if count > len(groups) else _NONE


def _grained(squares: Decimal, freedom: int) -> Decimal:
    return max(squares / freedom, _GRAIN) if freedom else _GRAIN


def _squared_means(table: pd.DataFrame) -> Decimal:
    """Σ orders × mean², summed for each number of orders first, where it is a whole number."""
    by_orders: defaultdict[int, int] = defaultdict(int)
    for orders, total in zip(table["orders"].tolist(), table["total"].tolist(), strict=True):
        by_orders[orders] += total * total
    return sum((Decimal(total) / orders for orders, total in by_orders.items()), _NONE)


def _centres(table: pd.DataFrame, precision: Callable[[int], Decimal]) -> tuple[Exact, Exact]:
    """W and X of each category."""
    cells = table.groupby(["group", "orders"])["total"].agg(["size", "sum"]).reset_index()
    skus, totals, orders = (cells[name].astype(object) for name in ("size", "sum", "orders"))
    each = orders.map(precision)
    sums = pd.DataFrame({"W": each * skus, "WX": each * totals / orders})
    sums = sums.groupby(cells["group"]).sum()
    precisions = sums["W"].to_numpy()
    return precisions, sums["WX"].to_numpy() / precisions


def _between(precisions: Exact, centres: Exact) -> Decimal:
    """The variance b of categories, in millionths squared."""
    if len(centres) == 1:
        return _NONE
    centre = _mean(centres, precisions)
    excess = (precisions * (centres - centre) ** 2).sum() - (len(centres) - 1)
    whole = precisions.sum()
    size = whole - (precisions * precisions).sum() / whole
    variance: Decimal = max(excess / size, _NONE)
    return variance


def _mean(values: Exact, weights: Exact) -> Decimal:
    mean: Decimal = (weights * values).sum() / weights.sum()
    return mean


def _up(rate: Decimal) -> int:
    # The last of fifty digits may be off by one; don't round up because of it.
    return int(rate.quantize(_FINE).to_integral_value(ROUND_CEILING))


def _down(share: Decimal) -> int:
    return int((share * MILLION).quantize(_FINE).to_integral_value(ROUND_FLOOR))


_FINE = Decimal("1e-20")
