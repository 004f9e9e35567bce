"""One SKU's explanation: as a table with the lines underneath, as rows, and as a document.

With ``--proof`` also why a cent less than the protected list price fails, to check by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from aepromo.explain.waterfall import EXCLUDED
from aepromo.pricing.currency import USD
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK, MILLION
from aepromo.pricing.offers import Tier
from aepromo.pricing.proof import TRILLION
from aepromo.table.cells import fixed, grouped, percent
from aepromo.table.column import Kind
from aepromo.table.text_formats import Figure, TextColumn
from aepromo.words import N_, _, label, label_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from aepromo.explain.explanation import DeadZone, Explanation, Origin, Shortfall
    from aepromo.explain.waterfall import Step
    from aepromo.inputs.exchange import Rate
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.offers import Coupon, Discounts
    from aepromo.pricing.proof import Proof


def taking(step: Step, currency: Currency) -> str:
    """The amount and rounding of a step: ``13.2%, half up``, ``CNY 26.50 ÷ 7.12, up``."""
    if step.offer is not None:
        return _offering(step, step.offer, currency)
    taken = rate_of(step) if step.origin is None else _coming(step.origin, currency)
    return _(", ").join(filter(None, (taken, _(step.rounding) if step.rounding else "")))


def _offering(step: Step, offer: Tier | Coupon, currency: Currency) -> str:
    """An offer and the share of a unit: ``$3.00 off from $30.00, its share of …``."""
    shown = _offered(offer, currency)
    if step.reason == EXCLUDED:
        return _("{offer}: excluded while forced (see --coupon-stacks)").format(offer=shown)
    if step.reason:
        said = _("{offer}: {subtotal} doesn't reach it")
    elif step.rounding:
        said = _("{offer}, its share of {subtotal}, up")
    else:
        return shown
    return said.format(offer=shown, subtotal=money(step.subtotal, currency))


def _offered(offer: Tier | Coupon, currency: Currency) -> str:
    """``$3.00 off from $30.00``, ``$3.00 off each $30.00``, ``10%, at most $5.00, off from …``."""
    off, threshold = money(offer.off, currency), money(offer.threshold, currency)
    text = _("{off} off from {threshold}") if offer.threshold else _("{off} off")
    if isinstance(offer, Tier):
        if offer.repeats:
            text = _("{off} off each {threshold}")
    elif offer.share:
        off = percent(offer.share)
        if not offer.is_endless:
            most = _("{share}, at most {cap},")
            off = most.format(share=off, cap=money(offer.cap, currency))
    return text.format(off=off, threshold=threshold)


def _coming(origin: Origin, currency: Currency) -> str:
    """The origin of a cost: ``CNY 26.50 ÷ 7.12``, ``air: CNY (12.00 + 3 × 2.10 + 5.00) ÷ 7.12``.

    An amount in the prices' currency has no sign, like the amounts next to it.
    """
    own, amount, rate, carriage = origin
    divided = f" ÷ {rate.text}" if rate else ""
    if carriage is None:
        return money(amount, own) + divided
    first, step_fee, registration = (
        fixed(fee, own.places)
        for fee in (carriage.first_weight_fee, carriage.step_fee, carriage.registration_fee)
    )
    summed = f"{first} + {carriage.weight_steps} × {step_fee} + {registration}"
    if own.code != currency.code:
        summed = f"{own.code} ({summed}){divided}"
    return _("{line}: {sum}").format(line=carriage.line, sum=summed)


def rate_of(step: Step) -> str:
    """A step's rate as a percentage; empty where it takes an amount."""
    return "" if step.rate == BLANK else percent(step.rate)


def money(amount: int, currency: Currency) -> str:
    """An amount as text in a sentence: ``$1,234.50``, ``CNY 1,234.50``."""
    sign = "$" if currency.code == USD.code else f"{currency.code} "
    return ("-" if amount < 0 else "") + sign + grouped(abs(amount), currency.places)


_PLACES = 12
"""The places of a trillionth."""


def proof_lines(proof: Proof, discounts: Discounts, currency: Currency) -> list[str]:
    """The arithmetic in lines."""

    def settled(amount: int, rate: int, is_up: bool, result: int) -> str:
        line = _("  {amount} × (1 − {rate}) = {exact}, rounded up: {result}")
        if not is_up:
            line = _("  {amount} × (1 − {rate}) = {exact}, rounded down: {result}")
        exact = amount * (TRILLION - rate)
        return line.format(
            amount=money(amount, currency),
            rate=_percent(rate),
            exact=_trimmed(fixed(exact, currency.places + _PLACES)),
            result=money(result, currency),
        )

    situation = label("forced" if proof.is_forced else "not_forced")
    first = _("{price} is not enough ({situation}):")
    said = [first.format(price=money(proof.list_price, currency), situation=situation)]
    own = int(discounts.limited_rate) * MILLION
    if discounts.add and proof.is_forced:
        both = own + proof.forced_rate
        said.append(settled(proof.list_price, both, proof.is_item_up, proof.item_price))
    else:
        if own:
            said.append(settled(proof.list_price, own, proof.is_base_up, proof.base_price))
        if proof.is_forced:
            rate, is_up = proof.forced_rate, proof.is_item_up
            said.append(settled(proof.base_price, rate, is_up, proof.item_price))
    if taken := proof.spend_save + proof.coupon:
        line = _(
            "  {off} off an order of {subtotal}; this unit's share, {item} ÷ {subtotal}, rounded "
            "up: {share}"
        )
        amounts = {
            "off": taken,
            "subtotal": proof.subtotal,
            "item": proof.item_price,
            "share": proof.item_price - proof.deal_price,
        }
        said.append(line.format(**{name: money(each, currency) for name, each in amounts.items()}))
    leaves = _("  leaves {deal}, under {required}")
    deal, required = money(proof.deal_price, currency), money(proof.required, currency)
    return [*said, leaves.format(deal=deal, required=required)]


def proof_document(proof: Proof, currency: Currency) -> dict[str, object]:
    """The proof for JSON; what an offer takes is 0 where none does."""

    def figure(amount: int) -> Figure:
        return Figure(fixed(amount, currency.places))

    return {
        "list_price": figure(proof.list_price),
        "situation": "forced" if proof.is_forced else "not_forced",
        "forced_rate": Figure(_trimmed(fixed(proof.forced_rate, _PLACES))),
        "base_price": figure(proof.base_price),
        "item_price": figure(proof.item_price),
        "subtotal": figure(proof.subtotal),
        "off": figure(proof.spend_save + proof.coupon),
        "deal_price": figure(proof.deal_price),
        "required_deal_price": figure(proof.required),
    }


def _percent(rate: int) -> str:
    """Trillionths as a percentage: ``13.2%``."""
    return _trimmed(fixed(rate, _PLACES - 2)) + "%"


def _trimmed(decimal: str) -> str:
    """A decimal without zeros at its end: ``0.132``."""
    return decimal.rstrip("0").rstrip(".")


REMEDIES = {
    "exclude_forced": N_("tick «Exclude Forced Discount Items» on the coupon"),
    "drop_tier": N_("drop the Spend & Save tier"),
    "drop_coupon": N_("drop the coupon"),
}


def step_columns(explanation: Explanation, language: str) -> list[TextColumn]:
    """The waterfall as rows for a pipe, with the names of its steps in a language."""
    steps, places = explanation.steps, explanation.currency.places
    details = [_details(step, explanation.currency) for step in steps]
    names = dict.fromkeys(name for detail in details for name in detail)

    def figures(name: str) -> TextColumn:
        amounts = [fixed(getattr(step, name), places) for step in steps]
        return TextColumn(name, Kind.MONEY, amounts)

    return [
        TextColumn("step", Kind.TEXT, [_named(step, language) for step in steps]),
        figures("base"),
        TextColumn("rate", Kind.TEXT, [rate_of(step) for step in steps]),
        TextColumn("rounding", Kind.TEXT, [step.rounding for step in steps]),
        figures("change"),
        figures("left"),
        *(_detail_column(name, details) for name in names),
    ]


def _detail_column(name: str, details: Sequence[Mapping[str, Figure | str | None]]) -> TextColumn:
    """A column that only some steps have; amounts in other currencies are text."""
    kind = Kind.MONEY if name in ("threshold", "off", "subtotal") else Kind.TEXT
    found = (detail.get(name) for detail in details)
    cells = [each.digits if isinstance(each, Figure) else each for each in found]
    return TextColumn(name, kind, cells)


def document(explanation: Explanation, language: str, proves: bool = False) -> dict[str, object]:
    """The whole explanation for JSON, with the names of its steps in a language.

    ``proves``: with the proof that a lower list price does not protect.
    """
    currency = explanation.currency

    def figure(amount: int) -> Figure | None:
        return _figure(amount, currency)

    proven = explanation.proof
    proof = {"proof": None if proven is None else proof_document(proven, currency)}
    return {
        "list_price": figure(explanation.list_price),
        "is_current": explanation.is_current,
        "worst_case": explanation.worst_case,
        "steps": [_step_document(step, currency, language) for step in explanation.steps],
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
        "remedies": [_(REMEDIES[name]) for name in explanation.remedies],
        **(proof if proves else {}),
    }


def waterfall_table(explanation: Explanation, proves: bool = False) -> RenderableType:
    """The steps, what sets the price, the dead zones, and remedies for a price under the floor."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from aepromo.terminal.palette import STATUS_STYLES
    from aepromo.terminal.wrapping import running_text

    code, places = explanation.currency.code, explanation.currency.places
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0),
        header_style="bold",
    )  # fmt: skip
    headings: dict[str, Literal["left", "right"]] = {
        _("step"): "left", _("of"): "right", _("takes"): "left", code: "right", _("left"): "right"
    }  # fmt: skip
    for heading, justify in headings.items():
        table.add_column(heading, justify=justify, no_wrap=heading != _("takes"), overflow="fold")
    for step in explanation.steps:
        is_total = step.is_total
        table.add_row(
            Text(_(step.name), style="bold" if is_total else ""),
            "" if is_total else fixed(step.base, places),
            running_text(taking(step, explanation.currency)),
            "" if is_total else fixed(step.change, places),
            Text(
                fixed(step.left, places), style="bold red" if step.left < 0 else "bold" * is_total
            ),
        )
    verdict = Text(label(explanation.status), style=STATUS_STYLES[explanation.status])
    status = Text.assemble(_("status: "), verdict)
    said = lines(explanation)
    if proves:
        said += proven(explanation)
    return Group(table, Text(), status, *map(running_text, said))


def proven(explanation: Explanation) -> list[str]:
    """Why the next lower price does not protect, in lines."""
    proof = explanation.proof
    if proof is None:
        return [_("there is no lower list price to check")]
    said = proof_lines(proof, explanation.discounts, explanation.currency)
    if explanation.short:
        said.append(_short_line(explanation.short, explanation.currency))
    return said


def _short_line(short: Shortfall, currency: Currency) -> str:
    line = _("  of {deal}, fees of {fees} (each rounded up) and costs of {costs} leave {left}")
    return line.format(
        deal=money(short.deal_price, currency),
        fees=money(short.fees, currency),
        costs=money(short.costs, currency),
        left=money(short.left, currency),
    )


def lines(explanation: Explanation) -> list[str]:
    """The lines of text under the waterfall."""
    currency = explanation.currency
    bounds = _(", ").join(
        f"{label(name)} {money(needed, currency)}" for name, needed in explanation.bounds.items()
    )
    said = []
    if explanation.profit != BLANK:
        earned = _("margin: {margin} of the deal price; safety floor {floor}")
        if explanation.margin == BLANK:
            earned = _("margin: none of the deal price; safety floor {floor}")
        margin = f"{fixed(explanation.margin, 2)}%"
        said.append(earned.format(margin=margin, floor=money(explanation.floor_price, currency)))
    required = _("required deal price: {price}, bound by {bound} (of {bounds})")
    said.append(
        required.format(
            price=money(explanation.required, currency),
            bound=label(explanation.bound_by),
            bounds=bounds,
        )
    )
    said.append(_protects(explanation))
    dead = _("dead zone {zone}")
    said += [dead.format(zone=_zone_line(zone, explanation)) for zone in explanation.dead_zones]
    if explanation.status == STATUSES[-1]:
        shows = _("Seller Center will show: {message}")
        said.append(shows.format(message=explanation.seller_center))
        remedies = _("; or ").join(_remedies(explanation))
        said.append(_("to fix it: {remedies}").format(remedies=remedies))
    return said


def _protects(explanation: Explanation) -> str:
    """The list price that protects, and why it is that one."""
    currency = explanation.currency
    price = money(explanation.protected, currency)
    if explanation.decided_by is None:
        bare = _("list price that protects: {price}; the bare formula gives {exact}")
        return bare.format(price=price, exact=fixed(explanation.exact, currency.places + 2))
    above = _("list price that protects: {price}; just above {zone}")
    return above.format(price=price, zone=_zone_line(explanation.decided_by, explanation))


def _zone_line(zone: DeadZone, explanation: Explanation) -> str:
    line = _(
        "{low}–{high} ({situation}): {off} off an order of {threshold} leaves you as little as "
        "{leaves}, under {required}"
    )
    if not zone.threshold:
        line = _(
            "{low}–{high} ({situation}): {off} off every order leaves you as little as {leaves}, "
            "under {required}"
        )
    amounts = {
        "low": zone.low,
        "high": zone.high,
        "threshold": zone.threshold,
        "off": zone.off,
        "leaves": zone.leaves,
        "required": explanation.required,
    }
    shown = {name: money(amount, explanation.currency) for name, amount in amounts.items()}
    return line.format(situation=label(zone.situation), **shown)


def _remedies(explanation: Explanation) -> list[str]:
    return [
        *(_(REMEDIES[name]) for name in explanation.remedies),
        _("list it at {price}").format(price=money(explanation.protected, explanation.currency)),
    ]


def _ratio(rate: int) -> str:
    """Millionths as a plain ratio: ``0.132``, and ``0.0`` for 0."""
    whole, _, fraction = fixed(rate, 6).partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def _figure(amount: int, currency: Currency) -> Figure | None:
    return None if amount == BLANK else Figure(fixed(amount, currency.places))


def _named(step: Step, language: str) -> str:
    return step.name if language == "en" else label_in(language, step.name)


def _step_document(step: Step, currency: Currency, language: str) -> dict[str, object]:
    return {
        "step": _named(step, language),
        "base": _figure(step.base, currency),
        "rate": None if step.rate == BLANK else Figure(_ratio(step.rate)),
        "rounding": step.rounding or None,
        "change": _figure(step.change, currency),
        "left": _figure(step.left, currency),
        **_details(step, currency),
    }


def _taken(offer: Tier | Coupon, currency: Currency) -> dict[str, Figure | str | None]:
    """The fields of an offer's discount: an amount, once or per full threshold, or a share."""
    if isinstance(offer, Tier):
        off = _figure(offer.off, currency)
        return {"off": off, "repeats": "yes"} if offer.repeats else {"off": off}
    if not offer.share:
        return {"off": _figure(offer.off, currency)}
    return {"share": Figure(_ratio(offer.share)), "cap": _figure(offer.cap, currency)}


def _details(step: Step, currency: Currency) -> dict[str, Figure | str | None]:
    """Fields of a step's offer, or of the origin of its cost; empty for any other step."""
    if step.offer is not None:
        return {
            "threshold": _figure(step.offer.threshold, currency),
            **_taken(step.offer, currency),
            "subtotal": _figure(step.subtotal, currency),
            "reason": step.reason or None,
        }
    if step.origin is None:
        return {}
    own, amount, rate, carriage = step.origin
    found: dict[str, Figure | str | None] = {
        "cost_currency": own.code,
        "stated_cost": _figure(amount, own),
        "fx_rate": None if rate is None else _factor(rate),
    }
    if carriage is None:
        return found
    return found | {
        "shipping_line": carriage.line,
        "first_weight_fee": _figure(carriage.first_weight_fee, own),
        "weight_steps": Figure(str(carriage.weight_steps)),
        "step_fee": _figure(carriage.step_fee, own),
        "additional_weight_fee": _figure(carriage.weight_steps * carriage.step_fee, own),
        "registration_fee": _figure(carriage.registration_fee, own),
    }


def _factor(rate: Rate) -> Figure | str:
    """A rate as a decimal, or as a fraction if no decimal is exact."""
    return rate.text if "/" in rate.text else Figure(rate.text)


def _zone_document(zone: DeadZone, currency: Currency) -> dict[str, object]:
    return {
        "low": _figure(zone.low, currency),
        "high": _figure(zone.high, currency),
        "situation": zone.situation,
        "threshold": _figure(zone.threshold, currency),
        "off": _figure(zone.off, currency),
        "leaves": _figure(zone.leaves, currency),
    }
