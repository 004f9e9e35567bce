"""The columns of a Price Protection appeal and its papers."""

from __future__ import annotations

from aepromo.tables.column import Column, Kind

PAPER_INPUTS = (
    Column(
        "invoice_date",
        Kind.DAY,
        "the date of the purchase invoice",
        ("采购发票日期", "发票日期", "开票日期"),
    ),
    Column(
        "first_weight_fee",
        Kind.TARGET,
        "the shipping cost's first-weight part",
        ("首重费", "首重费用"),
    ),
    Column(
        "additional_weight_fee",
        Kind.TARGET,
        "the shipping cost's additional-weight part",
        ("续重费", "续重费用"),
    ),
    Column("registration_fee", Kind.TARGET, "the shipping cost's registration fee", ("挂号费",)),
)

SHIPPING_FEES = ("first_weight_fee", "additional_weight_fee", "registration_fee")
"""The parts of a shipping cost, in the currency of the costs."""

APPEALS = ("strong", "submit", "weak", "refuse")
"""What an appeal comes to, the best first."""

PAPER_RESULTS = (
    Column("formula_profit", Kind.MONEY, "profit by the platform's own formula", ("公式毛利",)),
    Column("formula_margin", Kind.RATIO, "formula profit ÷ deal price", ("公式毛利率",)),
    Column("invoice_age_days", Kind.COUNT, "days from the invoice to the appeal", ("发票天数",)),
    Column(
        "appeal", Kind.LABEL, "whether to ask for Price Protection", ("申诉结论",), labels=APPEALS
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
