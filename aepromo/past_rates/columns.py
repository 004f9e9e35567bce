"""The columns of an order history, and of the forced rates computed from it."""

from __future__ import annotations

from aepromo.table.column import Column, Kind

ORDER_INPUTS = (
    Column(
        "deal_price",
        Kind.TARGET,
        "what the buyer paid for a unit",
        ("成交价",),
    ),
    Column(
        "coupon_amount",
        Kind.TARGET,
        "what a coupon took off a unit",
        ("优惠券金额",),
    ),
    Column(
        "spend_save_amount",
        Kind.TARGET,
        "what Spend & Save took off a unit",
        ("满减金额",),
    ),
    Column(
        "discount_status",
        Kind.TEXT,
        "whether the platform forced the discount: forced",
        ("折扣状态",),
    ),
    Column(
        "ordered_at",
        Kind.MOMENT,
        "when it was ordered",
        ("下单时间",),
    ),
)

ALSO_FORCED = ("强制折扣", "强制", "平台强制折扣", "已强制", "强制中", "被强制")
"""Values of ``discount_status`` that mean the same as the rule ``forced.feed_value``."""

LEVELS = ("store", "category", "sku")
"""The levels of rates, the widest first."""

RATE_RESULTS = (
    Column(
        "level",
        Kind.LABEL,
        "the level of the rate: a SKU, a category or the store",
        ("层级",),
        labels=LEVELS,
    ),
    Column("orders", Kind.COUNT, "the forced orders it is computed from", ("订单数",)),
    Column("mean_rate", Kind.MILLIONTHS, "the mean of these rates", ("平均折扣率",)),
    Column("lowest_rate", Kind.MILLIONTHS, "the lowest of these rates", ("最低折扣率",)),
    Column("highest_rate", Kind.MILLIONTHS, "the highest of these rates", ("最高折扣率",)),
    Column(
        "rate_range",
        Kind.TEXT,
        "from the lowest to the highest, however prices were rounded",
        ("折扣率区间",),
    ),
    Column(
        "own_weight", Kind.MILLIONTHS, "how much its own orders count in the rate", ("自身权重",)
    ),
)
"""Result columns of ``rates``, besides the quantile and ``forced_rate``."""

MEAN = Column("forced_rate", Kind.MILLIONTHS, "the forced rate to reckon with")
"""The mean after it was moved towards the level above; as an input it may also be a range."""


def quantile_column(quantile: int) -> Column:
    """The column of a quantile, which is in millionths: ``p95_rate``, ``p97.5_rate``."""
    whole, part = divmod(quantile, 10_000)
    return _quantile_column(f"{whole}.{part:04d}".rstrip("0").rstrip("."))


def quantile_named(name: str) -> Column | None:
    """The column of a quantile by its name; None for other names."""
    digits = name.removeprefix("p").removesuffix("_rate")
    is_one = name == f"p{digits}_rate" and digits.replace(".", "", 1).isdecimal()
    return _quantile_column(digits) if is_one else None


def _quantile_column(digits: str) -> Column:
    meaning = f"{digits}% of them are at it or under it"
    return Column(f"p{digits}_rate", Kind.MILLIONTHS, meaning, (f"p{digits}折扣率",))
