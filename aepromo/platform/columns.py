"""The columns that the platform's rules read, and the result columns of their commands."""

from __future__ import annotations

from aepromo.table.column import Column, Kind

_STORE_INPUTS = (
    Column("store_level", Kind.LEVEL, "the store's level, L1 to L9", ("店铺等级",)),
    Column("orders_30d", Kind.COUNT, "the store's orders in 30 days", ("近30天订单量",)),
    Column("refund_rate", Kind.SHARE, "the store's refund rate", ("退款率",)),
    Column("gmv_90d", Kind.TURNOVER, "the store's sales in 90 days, in US dollars", ("近90天GMV",)),
    Column(
        "fulfilment_rate",
        Kind.SHARE,
        "the share of orders that meet the fulfilment standard",
        ("物流履约达标率",),
    ),
    Column("store_age_days", Kind.COUNT, "days since the store opened", ("开店天数",)),
    Column(
        "sell_through_30d",
        Kind.SHARE,
        "the share of the store's SKUs that sold in 30 days",
        ("动销率",),
    ),
    Column("dsr", Kind.NUMBER, "the DSR score", ("DSR评分",)),
    Column("fulfilment_days", Kind.NUMBER, "days from order to delivery", ("物流履约时效",)),
    Column("on_time_rate", Kind.SHARE, "the share of orders shipped on time", ("发货准时率",)),
    Column(
        "erp_delay_hours",
        Kind.NUMBER,
        "hours until orders are in your seller software",
        ("ERP延迟",),
    ),
    Column(
        "sync_delay_seconds",
        Kind.NUMBER,
        "seconds until prices and stock are on the platform",
        ("同步延迟",),
    ),
    Column(
        "business_licence", Kind.FLAG, "whether the business licence is verified", ("营业执照",)
    ),
    Column("payout", Kind.WORDS, "the payout accounts that are bound", ("收款账户",)),
    Column(
        "standard_line",
        Kind.FLAG,
        "whether the AliExpress standard shipping line is enabled",
        ("标准专线",),
    ),
    Column(
        "running",
        Kind.WORDS,
        "promotions that run now: limited, spend_save, storewide",
        ("进行中活动",),
    ),
)

PLATFORM_INPUTS = (
    *_STORE_INPUTS,
    Column("conversion_rate", Kind.SHARE, "orders per visit", ("转化率",)),
    Column("item_rank", Kind.COUNT, "the rank among listings of the same item", ("同款排名",)),
    Column(
        "click_multiple",
        Kind.NUMBER,
        "the click rate as a multiple of the industry mean",
        ("点击率倍数",),
    ),
    Column("click_rate", Kind.SHARE, "the click rate", ("点击率",)),
    Column(
        "industry_click_rate", Kind.SHARE, "the industry mean of the click rate", ("行业点击率",)
    ),
    Column("cart_rate", Kind.SHARE, "the add-to-cart rate", ("加购率",)),
    Column(
        "event",
        Kind.WORDS,
        "the current event: competitor_limited_discount, platform_flash_deals, none",
        ("事件",),
    ),
    Column("market", Kind.WORDS, "the markets that it sells in: ES, BR", ("市场",)),
    Column(
        "us_filing", Kind.WORDS, "filings for the United States: FDA, CPSC, none", ("美国备案",)
    ),
    Column("cart_conversion", Kind.SHARE, "conversion after add-to-cart", ("加购转化率",)),
    Column(
        "cart72h_conversion",
        Kind.SHARE,
        "conversion within 72 hours of add-to-cart",
        ("加购后72小时转化率",),
    ),
    Column("price_index", Kind.NUMBER, "the price competitiveness index", ("价格竞争力指数",)),
    Column(
        "variant_stock", Kind.WORDS, "what the variants show: in stock, out of stock", ("变体库存",)
    ),
    Column("cpc_bid", Kind.TARGET, "the cost-per-click bid", ("CPC出价",)),
)
"""Input columns that only these commands read."""

EXPOSURES = ("out", "none", "unknown", "primed", "triggered")
"""How near a forced discount is: not covered, gates closed, only the event missing, now."""

STATES = ("open", "closed", "unknown")
"""States of a gate or a group: unknown if no gate is closed but one can't be decided."""

FITS = ("made_for", "partly", "rarely", "unknown")
"""How well a store fits those that forced discounts are made for."""

ELIGIBILITIES = ("eligible", "partly", "unknown", "blocked")
"""Whether it can be chosen: in each market, in some, unknown, in none."""

SAFETIES = ("safe", "partly", "unsafe")
"""How much of the advised range of discounts is safe."""

PLATFORM_RESULTS = (
    Column(
        "exposure", Kind.LABEL, "how near a forced discount is", ("触发状态",), labels=EXPOSURES
    ),
    Column("store_gate", Kind.LABEL, "whether the store passes", ("店铺门槛",), labels=STATES),
    Column("product_gate", Kind.LABEL, "whether the product passes", ("商品门槛",), labels=STATES),
    Column(
        "event_gate", Kind.LABEL, "whether an event triggers it now", ("事件门槛",), labels=STATES
    ),
    Column(
        "label_gate",
        Kind.LABEL,
        "whether the discount label's conditions hold",
        ("标签条件",),
        labels=STATES,
    ),
    Column(
        "store_fit",
        Kind.LABEL,
        "whether such stores get forced discounts at all",
        ("店铺匹配",),
        labels=FITS,
    ),
    Column("nearest_rule", Kind.TEXT, "the rule of the nearest gate still closed", ("最近规则",)),
    Column(
        "nearest_gate",
        Kind.PROSE,
        "the nearest gate still closed: value, threshold, gap",
        ("最近门槛",),
    ),
    Column("reasons", Kind.PROSE, "the gates that decided, worst first", ("原因",)),
    Column("unknown", Kind.TEXT, "missing values that would decide", ("缺少数据",)),
    Column(
        "at_stake_30d", Kind.MONEY, "profit lost over 30 days if it is forced", ("30天风险金额",)
    ),
    Column(
        "eligibility", Kind.LABEL, "whether it may be chosen", ("入选资格",), labels=ELIGIBILITIES
    ),
    Column("eligible_markets", Kind.TEXT, "the markets where it may be chosen", ("可入选市场",)),
    Column(
        "potential", Kind.LABEL, "whether it counts as high-potential", ("高潜力",), labels=STATES
    ),
    Column(
        "account",
        Kind.LABEL,
        "whether the account meets the requirements",
        ("账户条件",),
        labels=STATES,
    ),
    Column("diagnosis", Kind.PROSE, "what to improve, by weight", ("待改进项",)),
    Column("conflicts", Kind.PROSE, "running promotions that must end", ("活动冲突",)),
    Column(
        "promotion",
        Kind.LABEL,
        "whether the advised promotion is safe",
        ("建议促销",),
        labels=SAFETIES,
    ),
    Column(
        "promotion_check", Kind.PROSE, "the check of the deepest advised discount", ("促销验算",)
    ),
    Column(
        "max_limited_rate",
        Kind.RATIO,
        "the deepest limited-time discount that is safe",
        ("最大限时折扣",),
    ),
    Column(
        "run_limited_rate",
        Kind.RATIO,
        "the limited-time discount to run meanwhile",
        ("应设限时折扣",),
    ),
    Column("next_bid", Kind.MONEY, "the bid to make while it runs", ("建议出价",)),
    Column("max_bid", Kind.MONEY, "the highest bid that profit × conversion allows", ("最高出价",)),
)

STORE: tuple[str, ...] = tuple(column.name for column in _STORE_INPUTS)
"""The input columns that describe a store, not a SKU; a configuration gives them by store."""


PAPER_INPUTS = (
    Column("invoice_date", Kind.DAY, "the date of the purchase invoice", ("采购发票日期",)),
    Column("first_weight_fee", Kind.TARGET, "the shipping cost's first-weight part", ("首重费",)),
    Column(
        "additional_weight_fee",
        Kind.TARGET,
        "the shipping cost's additional-weight part",
        ("续重费",),
    ),
    Column("registration_fee", Kind.TARGET, "the shipping cost's registration fee", ("挂号费",)),
)

APPEALS = ("strong", "submit", "weak", "refuse")
"""Verdicts on an appeal, the best first."""

PAPER_RESULTS = (
    Column("formula_profit", Kind.MONEY, "profit by the platform's own formula", ("公式毛利",)),
    Column("formula_margin", Kind.RATIO, "formula profit ÷ deal price", ("公式毛利率",)),
    Column("invoice_age_days", Kind.COUNT, "days from the invoice to the appeal", ("发票天数",)),
    Column(
        "appeal", Kind.LABEL, "whether to apply for Price Protection", ("申诉结论",), labels=APPEALS
    ),
    Column(
        "pass_rate", Kind.RATIO, "the share of such appeals that pass, as reported", ("通过率",)
    ),
    Column(
        "passing_list_price",
        Kind.MONEY,
        "the lowest list price that meets the formula",
        ("达标标价",),
    ),
)


PARCEL_INPUTS = (
    Column("order_id", Kind.TEXT, "the order's number", ("订单号",)),
    Column("tracking_number", Kind.TEXT, "the parcel's tracking number", ("物流单号",)),
    Column("carrier", Kind.TEXT, "who carries the parcel", ("承运商",)),
    Column("shipped_at", Kind.MOMENT, "when it was shipped", ("发货时间",)),
    Column("first_scan_at", Kind.MOMENT, "when its track was first uploaded", ("首次扫描时间",)),
    Column("last_event_at", Kind.MOMENT, "when its track was last updated", ("最新轨迹时间",)),
    Column("delivered_at", Kind.MOMENT, "when it was delivered", ("妥投时间",)),
)

TRACKS = ("ok", "late", "uncertified", "other", "silent", "invalid")
"""Verdicts on a parcel's track, the mildest first; the last two end a promotion."""

PARCEL_RESULTS = (
    Column("track", Kind.LABEL, "the worst fault of the track", ("轨迹状态",), labels=TRACKS),
    Column(
        "upload_hours",
        Kind.COUNT,
        "hours from shipping to the first scan, rounded up",
        ("上网小时",),
    ),
    Column(
        "silent_hours", Kind.COUNT, "hours since the last tracking event, rounded up", ("断更小时",)
    ),
    Column("ends_at", Kind.TEXT, "when the promotion ends at the latest", ("终止时间",)),
)
