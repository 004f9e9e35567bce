"""The columns of a parcel and its track."""

from __future__ import annotations

from aepromo.tables.column import Column, Kind

PARCEL_INPUTS = (
    Column("order_id", Kind.TEXT, "the order's number", ("订单号", "订单编号")),
    Column(
        "tracking_number",
        Kind.TEXT,
        "the parcel's tracking number",
        ("物流单号", "运单号", "快递单号", "跟踪号"),
    ),
    Column(
        "carrier", Kind.TEXT, "who carries the parcel", ("承运商", "物流商", "物流公司", "货代")
    ),
    Column("shipped_at", Kind.MOMENT, "when it was shipped", ("发货时间",)),
    Column(
        "first_scan_at",
        Kind.MOMENT,
        "when its track was first uploaded",
        ("首次扫描时间", "上网时间", "首条轨迹时间"),
    ),
    Column(
        "last_event_at",
        Kind.MOMENT,
        "when its track was last heard of",
        ("最新轨迹时间", "最后轨迹时间", "轨迹更新时间"),
    ),
    Column("delivered_at", Kind.MOMENT, "when it was delivered", ("妥投时间", "签收时间")),
)

TRACKS = ("ok", "late", "uncertified", "other", "silent", "invalid")
"""What is wrong with a parcel's track, the mildest first; the last two end a promotion."""

PARCEL_RESULTS = (
    Column(
        "track", Kind.LABEL, "the worst that is wrong with the track", ("轨迹状态",), labels=TRACKS
    ),
    Column(
        "upload_hours",
        Kind.COUNT,
        "hours from shipping to the first scan, rounded up",
        ("上网小时",),
    ),
    Column(
        "silent_hours", Kind.COUNT, "hours since the last sign of life, rounded up", ("断更小时",)
    ),
    Column("ends_at", Kind.TEXT, "when the promotion has ended, at the latest", ("终止时间",)),
)
