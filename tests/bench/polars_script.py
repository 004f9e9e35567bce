"""``reprice`` as a Polars script: lazy, streamed, float cents.

The cells of the file are kept as text, so that they come out as they were, and cast for the
arithmetic; money is written as decimals. Neither costs more than reading and writing floats.
"""

import sys

import polars as pl

FORCED_RATE = 0.132
PAYMENT_RATE = 0.012
FLOOR_MULTIPLE = 1.15

INPUTS = [
    "sku",
    "title",
    "category",
    "market",
    "purchase_price",
    "logistics_cost",
    "list_price",
    "commission_rate",
    "target_profit",
]
MONEY = pl.Decimal(18, 2)
RATIO = pl.Decimal(18, 4)


def up(price: pl.Expr) -> pl.Expr:
    return (price * 100).ceil() / 100


def cents(price: pl.Expr) -> pl.Expr:
    # round(2) gives another float than up() for the same cents, and 78 statuses of 1,000 are wrong.
    return (price * 100).round(mode="half_away_from_zero") / 100


def down(price: pl.Expr) -> pl.Expr:
    return (price * 100).floor() / 100


def down4(ratio: pl.Expr) -> pl.Expr:
    return (ratio * 10_000).floor() / 10_000


purchase = pl.col("purchase_price").cast(pl.Float64)
logistics = pl.col("logistics_cost").cast(pl.Float64)
listed = pl.col("list_price").cast(pl.Float64)
commission_rate = pl.col("commission_rate").cast(pl.Float64)
target = pl.col("target_profit").cast(pl.Float64)

cost = purchase + logistics
required = pl.col("required_deal_price")
protected = pl.col("protected_list_price")
action = pl.col("action")
new = pl.col("new_list_price")
deal = pl.col("deal_price")
profit = pl.col("profit")
floor = pl.col("floor_price")
plain = pl.col("plain")
by_profit = pl.col("by_profit")

(
    pl.scan_csv(sys.argv[1], infer_schema=False)
    .with_columns(
        floor_price=up(purchase * FLOOR_MULTIPLE),
        plain=up((cost + target) / (1 - commission_rate - PAYMENT_RATE)),
    )
    .with_columns(
        by_profit=cents(cost + target + up(plain * commission_rate) + up(plain * PAYMENT_RATE))
    )
    .with_columns(
        required_deal_price=pl.max_horizontal(by_profit, floor),
        bound_by=pl.when(floor > by_profit)
        .then(pl.lit("floor_price"))
        .otherwise(pl.lit("target_profit")),
    )
    .with_columns(protected_list_price=up(required / (1 - FORCED_RATE)))
    .with_columns(
        action=pl.when(listed >= protected)
        .then(pl.lit("keep"))
        .when(protected > listed * 1.5)
        .then(pl.lit("hold"))
        .otherwise(pl.lit("raise"))
    )
    .with_columns(new_list_price=pl.when(action == "raise").then(protected).otherwise(listed))
    .with_columns(deal_price=down(new * (1 - FORCED_RATE)))
    .with_columns(commission=cents(deal * commission_rate), payment_fee=cents(deal * PAYMENT_RATE))
    .with_columns(profit=cents(deal - cost - pl.col("commission") - pl.col("payment_fee")))
    .select(
        *INPUTS,
        required.cast(MONEY),
        "bound_by",
        protected.cast(MONEY),
        new.cast(MONEY),
        price_change=cents(new - listed).cast(MONEY),
        action=action,
        held_by=pl.when(action == "hold").then(pl.lit("max_change")),
        deal_price=deal.cast(MONEY),
        commission=pl.col("commission").cast(MONEY),
        payment_fee=pl.col("payment_fee").cast(MONEY),
        profit=profit.cast(MONEY),
        margin=down4(profit / deal).cast(RATIO),
        floor_price=floor.cast(MONEY),
        max_discount=down4(1 - floor / new).cast(RATIO),
        worst_case=pl.lit("forced"),
        status=pl.when(deal < floor)
        .then(pl.lit("below_floor"))
        .when(profit < 0)
        .then(pl.lit("loss"))
        .when(deal < required)
        .then(pl.lit("below_target"))
        .otherwise(pl.lit("ok")),
    )
    .sink_csv(sys.argv[2])
)
