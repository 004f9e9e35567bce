"""The description of what a step of the waterfall takes off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.explain.waterfall import EXCLUDED
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK
from aepromo.pricing.offers import Tier
from aepromo.table.cells import fixed, grouped, percent
from aepromo.words import _

if TYPE_CHECKING:
    from aepromo.explain.cost_origins import Origin
    from aepromo.explain.waterfall import Step
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.offers import Coupon


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
