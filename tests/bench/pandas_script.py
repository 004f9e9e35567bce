"""``reprice`` as a plain pandas script: everything in memory, floats in, floats out."""

import sys

import numpy as np
import pandas as pd

FORCED_RATE = 0.132
PAYMENT_RATE = 0.012
FLOOR_MULTIPLE = 1.15

df = pd.read_csv(sys.argv[1])

cost = df["purchase_price"] + df["logistics_cost"]
floor = np.ceil(df["purchase_price"] * FLOOR_MULTIPLE * 100) / 100
kept_rate = 1 - df["commission_rate"] - PAYMENT_RATE
plain = np.ceil((cost + df["target_profit"]) / kept_rate * 100) / 100
fees = (np.ceil(plain * df["commission_rate"] * 100) + np.ceil(plain * PAYMENT_RATE * 100)) / 100
by_profit = (cost + df["target_profit"] + fees).round(2)
required = np.maximum(by_profit, floor)
protected = np.ceil(required / (1 - FORCED_RATE) * 100) / 100
listed = df["list_price"]
action = np.select([listed >= protected, protected > listed * 1.5], ["keep", "hold"], "raise")
new = np.where(action == "raise", protected, listed)
deal = np.floor(new * (1 - FORCED_RATE) * 100) / 100
commission = (deal * df["commission_rate"]).round(2)
payment_fee = (deal * PAYMENT_RATE).round(2)
profit = (deal - cost - commission - payment_fee).round(2)

df["required_deal_price"] = required
df["bound_by"] = np.where(floor > by_profit, "floor_price", "target_profit")
df["protected_list_price"] = protected
df["new_list_price"] = new
df["price_change"] = (new - listed).round(2)
df["action"] = action
df["held_by"] = np.where(action == "hold", "max_change", "")
df["deal_price"] = deal
df["commission"] = commission
df["payment_fee"] = payment_fee
df["profit"] = profit
df["margin"] = np.floor(profit / deal * 10_000) / 10_000
df["floor_price"] = floor
df["max_discount"] = np.floor((1 - floor / new) * 10_000) / 10_000
df["worst_case"] = "forced"
df["status"] = np.select(
    [deal < floor, profit < 0, deal < required],
    ["below_floor", "loss", "below_target"],
    default="ok",
)
df.to_csv(sys.argv[2], index=False)
