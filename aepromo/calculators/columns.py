"""The columns that the calculators answer with."""

from __future__ import annotations

from aepromo.pricing.decision import ACTIONS, HELD_BY
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.offers import WORST_CASES
from aepromo.pricing.protect import BOUNDS
from aepromo.table.column import Column, Kind

VERDICTS = ("pays", "does_not_pay", "never_pays")
"""Whether the traffic of a promotion makes up for its discount."""

PRICE_RESULTS = (
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
        "required deal price ÷ (1 − rate), before it is rounded to a price",
        ("公式标价",),
    ),
    Column(
        "protected_list_price", Kind.MONEY, "the lowest list price that protects", ("保护标价",)
    ),
    Column("new_list_price", Kind.MONEY, "the list price to set", ("新标价",)),
    Column("price_change", Kind.MONEY, "new list price − list price", ("调价",)),
    Column("action", Kind.LABEL, "what to do about the list price", ("操作",), labels=ACTIONS),
    Column("held_by", Kind.LABEL, "the limit that stopped a change", ("暂缓原因",), labels=HELD_BY),
    Column("deal_price", Kind.MONEY, "what the buyer pays for a unit", ("成交价",)),
    Column("commission", Kind.MONEY, "the platform's commission", ("佣金",)),
    Column("payment_fee", Kind.MONEY, "the payment fee", ("支付手续费",)),
    Column("other_fee", Kind.MONEY, "any other share of the deal price", ("其他费用额",)),
    Column("profit", Kind.MONEY, "the profit of a unit", ("净利",)),
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
    Column(
        "max_limited_rate",
        Kind.RATIO,
        "the deepest own discount, in whole percents, that the product bears",
        ("可承受限时折扣率",),
    ),
    Column(
        "holds_to_rate",
        Kind.RATIO,
        "the highest forced rate at which the price still protects",
        ("可承受折扣率",),
    ),
    Column(
        "holds_to_fx",
        Kind.EXCHANGE,
        "the lowest exchange rate at which the price still protects",
        ("可承受汇率",),
    ),
    Column("proof", Kind.PROSE, "why the next lower list price would not protect", ("验证",)),
    Column("profit_before", Kind.MONEY, "the profit of a unit when not forced", ("未强制净利",)),
    Column("profit_forced", Kind.MONEY, "the profit of a unit when forced", ("强制后净利",)),
    Column(
        "uplift_needed", Kind.RATIO, "more units to sell to earn as much as before", ("需增销量",)
    ),
    Column("uplift_reported", Kind.RATIO, "more units as sellers reported them", ("反馈增幅",)),
    Column(
        "verdict",
        Kind.LABEL,
        "whether the extra traffic makes up for the discount",
        ("是否划算",),
        labels=VERDICTS,
    ),
    Column("gain_30d", Kind.MONEY, "earned more (or less) over 30 days", ("30天增收",)),
    Column("status", Kind.LABEL, "the worst status that applies", ("价格状态",), labels=STATUSES),
)

UPDATE_INPUTS = (
    Column(
        "discount_price",
        Kind.TARGET,
        "the sale price that the platform has for the SKU",
        ("平台折后价",),
    ),
)
"""Input columns that only a price update uses."""
