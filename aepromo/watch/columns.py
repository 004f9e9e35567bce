"""The columns of a discount feed, and of its events."""

from __future__ import annotations

from aepromo.table.column import Column, Kind

FEED_INPUTS = (
    Column("stock", Kind.COUNT, "units in stock", ("库存",)),
    Column(
        "economy_logistics_cost",
        Kind.COST,
        "what the cheaper shipping line costs a unit",
        ("经济线物流费",),
    ),
    Column("changed_at", Kind.MOMENT, "when the discount status changed", ("状态变更时间",)),
)
"""The inputs besides ``discount_status`` and ``deal_price``, which an order history also has."""

EVENTS = ("forced_on", "rate_changed", "price_drift", "vanished", "forced_off")
"""Kinds of events of a SKU in the feed, the most pressing first."""

STATES = ("new", "open", "over")
"""States of an event: reported for the first time, reported before, over."""

SWITCHES = ("stay", "economy")
"""The shipping line to use for a unit."""

PROTECTIONS = ("would_pass", "may_pass", "would_fail")
"""Expected outcomes of Price Protection; ``may_pass`` if facts besides the formula are unknown."""

NEWS_RESULTS = (
    Column("event", Kind.LABEL, "what happened", ("事件",), labels=EVENTS),
    Column("state", Kind.LABEL, "whether the event is new", ("状态",), labels=STATES),
    Column("since", Kind.TEXT, "valid since", ("起始时间",)),
    Column("deadline", Kind.TEXT, "the deadline to adjust stock and shipping", ("截止时间",)),
    Column(
        "missed", Kind.LABEL, "whether the deadline has passed", ("已超时",), labels=("no", "yes")
    ),
    Column(
        "stock_cover_days", Kind.COUNT, "days that the stock lasts, rounded down", ("库存可售天数",)
    ),
    Column(
        "profit_standard",
        Kind.MONEY,
        "the profit of a unit on the current shipping line",
        ("现线路净利",),
    ),
    Column(
        "profit_economy",
        Kind.MONEY,
        "the profit of a unit on the cheaper shipping line",
        ("经济线净利",),
    ),
    Column(
        "switch_to", Kind.LABEL, "the shipping line to switch to", ("切换线路",), labels=SWITCHES
    ),
    Column(
        "price_protection",
        Kind.LABEL,
        "whether an appeal would pass",
        ("豁免申诉",),
        labels=PROTECTIONS,
    ),
    Column("details", Kind.PROSE, "details", ("详情",)),
)
