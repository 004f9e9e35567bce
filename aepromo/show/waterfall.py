"""One SKU's explanation: as a table with the lines underneath, as rows, and as a document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.tables.cells import fixed, grouped, percent
from aepromo.tables.currency import USD
from aepromo.tables.schema import Kind
from aepromo.tables.text import Figure, TextColumn

if TYPE_CHECKING:
    from rich.console import RenderableType

    from aepromo.reports.explain import DeadZone, Explanation
    from aepromo.reports.waterfall import Step
    from aepromo.tables.currency import Currency

REMEDIES = {
    "exclude_forced": "tick «Exclude Forced Discount Items» on the coupon",
    "drop_tier": "drop the Spend & Save tier",
    "drop_coupon": "drop the coupon",
}


def money(amount: int, currency: Currency) -> str:
    """An amount as a sentence has it: ``$1,234.50``, ``CNY 1,234.50``."""
    sign = "$" if currency == USD else f"{currency.code} "
    return ("-" if amount < 0 else "") + sign + grouped(abs(amount), currency.places)


def step_columns(explanation: Explanation) -> list[TextColumn]:
    """The waterfall as rows for a pipe."""
    steps, places = explanation.steps, explanation.currency.places

    def figures(name: str) -> TextColumn:
        amounts = [fixed(getattr(step, name), places) for step in steps]
        return TextColumn(name, Kind.MONEY, amounts)

    return [
        TextColumn("step", Kind.TEXT, [step.name for step in steps]),
        figures("base"),
        TextColumn("rate", Kind.TEXT, [_rate(step) for step in steps]),
        TextColumn("rounding", Kind.TEXT, [step.rounding for step in steps]),
        figures("change"),
        figures("left"),
    ]


def document(explanation: Explanation) -> dict[str, object]:
    """The whole explanation for machines."""
    currency = explanation.currency

    def figure(amount: int) -> Figure | None:
        return _figure(amount, currency)

    return {
        "list_price": figure(explanation.list_price),
        "is_current": explanation.is_current,
        "worst_case": explanation.worst_case,
        "steps": [_step_document(step, currency) for step in explanation.steps],
        "deal_price": figure(explanation.deal_price),
        "profit": figure(explanation.profit),
        "margin": None if explanation.margin == BLANK else Figure(fixed(explanation.margin, 4)),
        "floor_price": figure(explanation.floor_price),
        "status": explanation.status,
        "required_deal_price": figure(explanation.required),
        "bound_by": explanation.bound_by,
        "bounds": {name: figure(needed) for name, needed in explanation.bounds.items()},
        "exact_list_price": Figure(fixed(explanation.exact, currency.places + 2)),
        "protected_list_price": figure(explanation.protected),
        "dead_zones": [_zone_document(zone, currency) for zone in explanation.dead_zones],
        "seller_center": explanation.seller_center or None,
        "remedies": [REMEDIES[name] for name in explanation.remedies],
    }


def waterfall_table(explanation: Explanation) -> RenderableType:
    """The steps, what decides the price, the dead zones, and what would mend a broken one."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from aepromo.show.palette import STATUS_STYLES

    code, places = explanation.currency.code, explanation.currency.places
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
        header_style="bold",
    )  # fmt: skip
    headings: dict[str, Literal["left", "right"]] = {
        "step": "left", "of": "right", "takes": "left", code: "right", "left": "right"
    }  # fmt: skip
    for heading, justify in headings.items():
        table.add_column(heading, justify=justify, no_wrap=heading != "takes")
    for step in explanation.steps:
        is_total = not step.change
        table.add_row(
            Text(step.name, style="bold" if is_total else ""),
            "" if is_total else fixed(step.base, places),
            _taking(step, explanation.currency),
            "" if is_total else fixed(step.change, places),
            Text(
                fixed(step.left, places), style="bold red" if step.left < 0 else "bold" * is_total
            ),
        )
    verdict = Text(explanation.status.replace("_", " "), style=STATUS_STYLES[explanation.status])
    return Group(table, Text(), Text.assemble("status: ", verdict), *map(Text, lines(explanation)))


def lines(explanation: Explanation) -> list[str]:
    """What there is to say under the waterfall, a sentence each."""
    currency = explanation.currency
    margin = "none" if explanation.margin == BLANK else percent(explanation.margin * 100)
    bounds = ", ".join(
        f"{name.replace('_', ' ')} {money(needed, currency)}"
        for name, needed in explanation.bounds.items()
    )
    said = []
    if explanation.profit != BLANK:
        floor = money(explanation.floor_price, currency)
        said.append(f"margin: {margin} of the deal price; safety floor {floor}")
    said += [
        f"required deal price: {money(explanation.required, currency)}, "
        f"bound by {explanation.bound_by.replace('_', ' ')} (of {bounds})",
        f"list price that protects: {money(explanation.protected, currency)}{_reason(explanation)}",
    ]
    said += [f"dead zone {_zone_line(zone, explanation)}" for zone in explanation.dead_zones]
    if explanation.status == STATUSES[-1]:
        said.append(f"Seller Center will show: {explanation.seller_center}")
        said.append(f"to mend it: {'; or '.join(_remedies(explanation))}")
    return said


def _reason(explanation: Explanation) -> str:
    if explanation.decided_by is None:
        return (
            f"; the bare formula gives {fixed(explanation.exact, explanation.currency.places + 2)}"
        )
    return f"; just above {_zone_line(explanation.decided_by, explanation)}"


def _zone_line(zone: DeadZone, explanation: Explanation) -> str:
    currency = explanation.currency
    situation = "forced" if zone.situation == "forced" else "not forced"
    return (
        f"{money(zone.low, currency)}–{money(zone.high, currency)} ({situation}): "
        f"a buyer who reaches the {money(zone.threshold, currency)} tier leaves you "
        f"{money(zone.leaves, currency)}, "
        f"under {money(explanation.required, currency)}"
    )


def _remedies(explanation: Explanation) -> list[str]:
    return [
        *(REMEDIES[name] for name in explanation.remedies),
        f"list it at {money(explanation.protected, explanation.currency)}",
    ]


def _rate(step: Step) -> str:
    return "" if step.rate == BLANK else percent(step.rate)


def _taking(step: Step, currency: Currency) -> str:
    """What a step takes, and how it rounds: ``13.2%, half up``, ``30.00:3.00, share of 45.00``."""
    if step.offer is None:
        return ", ".join(filter(None, (_rate(step), step.rounding)))
    offer = f"{money(step.offer.off, currency)} off from {money(step.offer.threshold, currency)}"
    return (
        offer
        if not step.rounding
        else f"{offer}, its share of {money(step.subtotal, currency)}, up"
    )


def _ratio(rate: int) -> str:
    """Millionths as a plain ratio: ``0.132``, and ``0.0`` for nothing."""
    whole, _, fraction = fixed(rate, 6).partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def _figure(amount: int, currency: Currency) -> Figure | None:
    return None if amount == BLANK else Figure(fixed(amount, currency.places))


def _step_document(step: Step, currency: Currency) -> dict[str, object]:
    shown: dict[str, object] = {
        "step": step.name,
        "base": _figure(step.base, currency),
        "rate": None if step.rate == BLANK else Figure(_ratio(step.rate)),
        "rounding": step.rounding or None,
        "change": _figure(step.change, currency),
        "left": _figure(step.left, currency),
    }
    if step.offer is not None:
        shown["threshold"] = _figure(step.offer.threshold, currency)
        shown["off"] = _figure(step.offer.off, currency)
        shown["subtotal"] = _figure(step.subtotal, currency)
    return shown


def _zone_document(zone: DeadZone, currency: Currency) -> dict[str, object]:
    return {
        "low": _figure(zone.low, currency),
        "high": _figure(zone.high, currency),
        "situation": zone.situation,
        "threshold": _figure(zone.threshold, currency),
        "leaves": _figure(zone.leaves, currency),
    }
