"""Every column by name: what kind of value it holds, what it means, and what else it is called."""

from __future__ import annotations

from aepromo.pricing.fees import STATUSES
from aepromo.pricing.offers import WORST_CASES
from aepromo.pricing.protect import BOUNDS
from aepromo.tables.column import AMOUNTS, Column, Kind
from aepromo.tables.news import FEED_INPUTS, NEWS_RESULTS
from aepromo.tables.orders import ORDER_INPUTS, RATE_RESULTS, quantile_named
from aepromo.tables.papers import PAPER_INPUTS, PAPER_RESULTS
from aepromo.tables.parcels import PARCEL_INPUTS, PARCEL_RESULTS
from aepromo.tables.platform import PLATFORM_INPUTS, PLATFORM_RESULTS, STORE
from aepromo.tables.shipping import SHIPPING_INPUTS, SHIPPING_RESULTS

__all__ = ["AMOUNTS", "INPUTS", "RESULTS", "STORE", "VERDICTS", "Column", "Kind", "column_named"]

VERDICTS = ("pays", "does_not_pay", "never_pays")


_INPUTS = (
    Column("sku", Kind.TEXT, "the SKU's id", ("商品编码", "货号", "SKU编码")),
    Column("category", Kind.TEXT, "the SKU's category", ("类目",)),
    Column(
        "purchase_price",
        Kind.COST,
        "what you pay for a unit",
        ("采购价", "进价", "采购成本", "成本价"),
    ),
    Column(
        "logistics_cost",
        Kind.COST,
        "what shipping a unit costs you",
        ("物流费", "运费", "物流成本"),
    ),
    Column("other_cost", Kind.COST, "any other cost of a unit", ("其他成本", "其他费用")),
    Column(
        "cost_currency",
        Kind.CURRENCY,
        "the currency of the costs, such as CNY",
        ("成本币种", "采购币种"),
    ),
    Column(
        "fx_rate",
        Kind.FX,
        "how many units of it one unit of the prices' currency is worth",
        ("汇率",),
    ),
    Column("list_price", Kind.PRICE, "the price you list", ("标价", "售价", "原价", "上架价")),
    Column("limited_rate", Kind.RATE, "your own limited-time discount", ("限时折扣率",)),
    Column(
        "forced_rate",
        Kind.RATES,
        "the forced discount, or its range lo..hi",
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
        ("佣金率", "平台佣金率"),
    ),
    Column(
        "payment_rate",
        Kind.RATE,
        "the payment fee, on the discounted price",
        ("支付手续费率", "手续费率", "交易手续费率"),
    ),
    Column("target_price", Kind.TARGET, "the deal price a unit must reach", ("目标成交价",)),
    Column("target_profit", Kind.TARGET, "the profit a unit must leave", ("目标净利", "目标利润")),
    Column(
        "target_margin", Kind.RATE, "the share of the deal price to keep as profit", ("目标毛利率",)
    ),
    Column(
        "units_30d", Kind.COUNT, "units sold in 30 days", ("30天销量", "30日销量", "近30天销量")
    ),
)

_RESULTS = (
    Column(
        "required_deal_price",
        Kind.MONEY,
        "the lowest deal price that meets every bound",
        ("所需成交价",),
    ),
    Column("bound_by", Kind.LABEL, "the bound that set it", ("约束来源",), labels=BOUNDS),
    Column(
        "exact_list_price",
        Kind.FINE,
        "required deal price ÷ (1 − rate), not yet a price",
        ("公式标价",),
    ),
    Column(
        "protected_list_price", Kind.MONEY, "the lowest list price that protects", ("保护标价",)
    ),
    Column("price_change", Kind.MONEY, "protected list price − list price", ("调价",)),
    Column("deal_price", Kind.MONEY, "what the buyer pays for a unit", ("成交价",)),
    Column("commission", Kind.MONEY, "the platform's commission", ("佣金",)),
    Column("payment_fee", Kind.MONEY, "the payment fee", ("支付手续费",)),
    Column("profit", Kind.MONEY, "what a unit leaves", ("净利",)),
    Column("margin", Kind.RATIO, "profit ÷ deal price", ("毛利率",)),
    Column("floor_price", Kind.MONEY, "orders under it are usually cancelled", ("安全底线价",)),
    Column("max_discount", Kind.RATIO, "the deepest total discount above the floor", ("最大折扣",)),
    Column(
        "worst_case",
        Kind.LABEL,
        "the situation that leaves least",
        ("最差情形",),
        labels=WORST_CASES,
    ),
    Column("profit_before", Kind.MONEY, "what a unit leaves when not forced", ("未强制净利",)),
    Column("profit_forced", Kind.MONEY, "what a unit leaves when forced", ("强制后净利",)),
    Column("uplift_needed", Kind.RATIO, "more units that earn as much as before", ("需增销量",)),
    Column("uplift_reported", Kind.RATIO, "more units as sellers reported them", ("反馈增幅",)),
    Column(
        "verdict",
        Kind.LABEL,
        "whether the traffic pays for the cut",
        ("是否划算",),
        labels=VERDICTS,
    ),
    Column("gain_30d", Kind.MONEY, "earned more (or less) over 30 days", ("30天增收",)),
    Column("status", Kind.LABEL, "the worst that holds", ("价格状态",), labels=STATUSES),
)

INPUTS: dict[str, Column] = {
    column.name: column
    for columns in (
        _INPUTS,
        ORDER_INPUTS,
        PLATFORM_INPUTS,
        PAPER_INPUTS,
        PARCEL_INPUTS,
        FEED_INPUTS,
        SHIPPING_INPUTS,
    )
    for column in columns
}
RESULTS: dict[str, Column] = {
    column.name: column
    for columns in (
        *(_RESULTS, RATE_RESULTS, PLATFORM_RESULTS, PAPER_RESULTS, PARCEL_RESULTS),
        NEWS_RESULTS,
        SHIPPING_RESULTS,
    )
    for column in columns
}


def column_named(name: str) -> Column | None:
    """A column that the program writes or reads, as it writes it where it does both."""
    return RESULTS.get(name) or INPUTS.get(name) or quantile_named(name)
