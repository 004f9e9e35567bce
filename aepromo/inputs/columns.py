"""The columns of a cost file: ids and names of a SKU, costs, rates, targets, its parcel."""

from __future__ import annotations

from aepromo.table.column import Column, Kind

COSTS = ("purchase_price", "logistics_cost", "other_cost")
CONVERSION = ("cost_currency", "fx_rate")
SHOP = (*COSTS, *CONVERSION)
PARCEL = ("weight_g", "market")
SHIPPED = ("shipping_line", "shipping_cost")
PLATFORM_FEES = ("commission_rate", "payment_rate")
FEES = (*PLATFORM_FEES, "other_rate")
FORCED_RATE = ("forced_rate", "forced_rate_min", "forced_rate_max")
DISCOUNT = ("limited_rate", *FORCED_RATE)
KEYS = ("sku", "category")
TARGETS = ("target_price", "target_profit", "target_margin", "target_markup")
SHIPPING_FEES = ("first_weight_fee", "additional_weight_fee", "registration_fee")
"""The parts of a shipping cost, which are in the currency of the costs."""
NEEDED = ("list_price", "purchase_price", "logistics_cost")
"""The columns without which a row has no profit."""

SKU_INPUTS = (
    Column("sku", Kind.TEXT, "the SKU's id", ("商品编码",)),
    Column("product_id", Kind.TEXT, "the listing that the SKU belongs to", ("商品ID",)),
    Column("title", Kind.TEXT, "what the SKU is called", ("标题",)),
    Column("category", Kind.TEXT, "the SKU's category", ("类目",)),
    Column(
        "purchase_price",
        Kind.COST,
        "what you pay for a unit",
        ("采购价",),
    ),
    Column(
        "logistics_cost",
        Kind.COST,
        "what shipping a unit costs you",
        ("物流费",),
    ),
    Column("other_cost", Kind.COST, "any other cost of a unit", ("其他成本",)),
    Column(
        "cost_currency",
        Kind.CURRENCY,
        "the currency of the costs, such as CNY",
        ("成本币种",),
    ),
    Column(
        "fx_rate",
        Kind.FX,
        "how many units of it one unit of the prices' currency is worth",
        ("汇率",),
    ),
    Column("list_price", Kind.PRICE, "the price you list", ("标价",)),
    Column("max_price", Kind.PRICE, "the highest list price to set", ("最高标价",)),
    Column("limited_rate", Kind.RATE, "your own limited-time discount", ("限时折扣率",)),
    Column(
        "forced_rate",
        Kind.RATES,
        "the forced rate, or its range low..high",
        ("强制折扣率",),
    ),
    Column(
        "forced_rate_min",
        Kind.RATE,
        "the lowest discount the platform may force",
        ("最低强制折扣率",),
    ),
    Column(
        "forced_rate_max",
        Kind.RATE,
        "the highest discount the platform may force",
        ("最高强制折扣率",),
    ),
    Column(
        "commission_rate",
        Kind.RATE,
        "the platform's commission, on the discounted price",
        ("佣金率",),
    ),
    Column(
        "payment_rate",
        Kind.RATE,
        "the payment fee, on the discounted price",
        ("支付手续费率",),
    ),
    Column(
        "other_rate",
        Kind.RATE,
        "any other share of the discounted price, such as affiliate commission",
        ("其他费率",),
    ),
    Column("target_price", Kind.TARGET, "the deal price a unit must reach", ("目标成交价",)),
    Column("target_profit", Kind.TARGET, "the profit a unit must leave", ("目标净利",)),
    Column(
        "target_margin", Kind.RATE, "the share of the deal price to keep as profit", ("目标毛利率",)
    ),
    Column(
        "target_markup", Kind.MARKUP, "the share of the costs to keep as profit", ("目标加价率",)
    ),
    Column("units_30d", Kind.COUNT, "units sold in 30 days", ("30天销量",)),
)

SHIPPING_INPUTS = (
    Column(
        "weight_g",
        Kind.WEIGHT,
        "what a parcel weighs, in grams",
        ("重量(g)",),
    ),
)

SHIPPING_RESULTS = (
    Column("shipping_line", Kind.LABEL, "the shipping line that was used", ("物流线路",)),
    Column("shipping_cost", Kind.MONEY, "what shipping on that line costs", ("线路运费",)),
)
