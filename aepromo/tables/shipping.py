"""The columns of shipping by weight."""

from __future__ import annotations

from aepromo.tables.column import Column, Kind

SHIPPING_INPUTS = (
    Column(
        "weight_g",
        Kind.WEIGHT,
        "what a parcel weighs, in grams",
        (
            *("重量(g)", "重量", "克重", "毛重", "毛重(g)", "重量g", "重量(克)", "重量/g"),
            *("包裹重量", "包裹重量(g)", "产品重量(g)", "商品重量(g)"),
        ),
    ),
)

SHIPPING_RESULTS = (
    Column("shipping_line", Kind.LABEL, "the line that was taken", ("物流线路",)),
    Column("shipping_cost", Kind.MONEY, "what shipping on that line costs", ("线路运费",)),
)
