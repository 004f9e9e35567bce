"""``reprice`` as an exact script with csv and decimal, row by row.

It follows the model exactly: a deal price is enough only if every higher one is, too, and fees are
rounded up one by one; so it starts from a price that is certainly enough and goes down cent by
cent.
"""

import csv
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

FORCED_RATE = Decimal("0.132")
PAYMENT_RATE = Decimal("0.012")
FLOOR_MULTIPLE = Decimal("1.15")
MAX_CHANGE = Decimal("0.5")
CENT = Decimal("0.01")
FOUR_PLACES = Decimal("0.0001")

ADDED = (
    "required_deal_price",
    "bound_by",
    "protected_list_price",
    "new_list_price",
    "price_change",
    "action",
    "held_by",
    "deal_price",
    "commission",
    "payment_fee",
    "profit",
    "margin",
    "floor_price",
    "max_discount",
    "worst_case",
    "status",
)


def up(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_CEILING)


def shown(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def enough(cost: Decimal, rate: Decimal, target: Decimal) -> Decimal:
    """The smallest deal price from which on every one leaves the target, fees rounded up."""
    # Each of two fees is rounded up by less than a cent, so two cents above the target are enough.
    deal = up((cost + target + 2 * CENT) / (1 - rate - PAYMENT_RATE))
    while True:
        lower = deal - CENT
        if lower - cost - up(lower * rate) - up(lower * PAYMENT_RATE) < target:
            return deal
        deal = lower


def repriced(row: dict[str, str]) -> tuple[object, ...]:
    purchase = Decimal(row["purchase_price"])
    cost = purchase + Decimal(row["logistics_cost"])
    rate = Decimal(row["commission_rate"])
    floor = up(purchase * FLOOR_MULTIPLE)
    by_profit = enough(cost, rate, Decimal(row["target_profit"]))
    required = max(by_profit, floor)
    protected = up(required / (1 - FORCED_RATE))
    listed = Decimal(row["list_price"])
    action, new = ("keep", listed) if listed >= protected else ("raise", protected)
    if new - listed > listed * MAX_CHANGE:
        action, new = "hold", listed
    # The worst outcome: forced, with every fraction of a cent rounded down.
    deal = (new * (1 - FORCED_RATE)).quantize(CENT, ROUND_FLOOR)
    commission = shown(deal * rate)
    payment_fee = shown(deal * PAYMENT_RATE)
    profit = deal - cost - commission - payment_fee
    status = "ok"
    if deal < floor:
        status = "below_floor"
    elif profit < 0:
        status = "loss"
    elif deal < required:
        status = "below_target"
    return (
        required,
        "floor_price" if floor > by_profit else "target_profit",
        protected,
        new,
        new - listed,
        action,
        "max_change" if action == "hold" else "",
        deal,
        commission,
        payment_fee,
        profit,
        (profit / deal).quantize(FOUR_PLACES, ROUND_FLOOR),
        floor,
        max((1 - floor / new).quantize(FOUR_PLACES, ROUND_FLOOR), Decimal(0)),
        "forced",
        status,
    )


with (
    open(sys.argv[1], encoding="utf-8", newline="") as source,  # noqa: PTH123 (as people write it)
    open(sys.argv[2], "w", encoding="utf-8", newline="") as target,  # noqa: PTH123 (so too)
):
    rows = csv.DictReader(source)
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([*(rows.fieldnames or ()), *ADDED])
    for row in rows:
        writer.writerow([*row.values(), *repriced(row)])
