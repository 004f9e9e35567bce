"""The proof that a cent less than the protected list price fails, to check by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.explain.taking import money
from aepromo.pricing.money import MILLION
from aepromo.pricing.proof import TRILLION
from aepromo.table.cells import fixed
from aepromo.table.text import Figure
from aepromo.words import _, label

if TYPE_CHECKING:
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.offers import Discounts
    from aepromo.pricing.proof import Proof

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
