"""Order offers and price endings as they are written on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK
from aepromo.pricing.offers import Coupon, Tier
from aepromo.table.cells import CellError, fixed, read, shown
from aepromo.table.column import Kind
from aepromo.words import _

if TYPE_CHECKING:
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.protect import Ending


_EVERY = "every:"


def read_tier(flag: str, text: str, currency: Currency) -> Tier:
    """``30:3`` as three units off from thirty; ``every:30:3`` as three for each thirty.

    Raises ``CallError`` for an offer that takes off as much as its threshold, or nothing.
    """
    form = _("write THRESHOLD:OFF, such as 30:3, or every:30:3 where it repeats")
    offer = text.strip().removeprefix(_EVERY)
    threshold_text, colon, off_text = offer.partition(":")
    if not colon:
        raise CallError(f"{flag} {shown(text)}: {form}")
    repeats = offer != text.strip()
    return Tier(*_amounts(flag, text, (threshold_text, off_text), currency, form), repeats)


def read_coupon(flag: str, text: str, currency: Currency) -> Coupon:
    """``20:2`` as two units off from twenty, ``20:10%:5`` as a tenth of it, at most five.

    ``2`` and ``10%`` are coupons without a minimum. Raises ``CallError`` as ``read_tier`` does.
    """
    form = _("write THRESHOLD:OFF, such as 20:2, or a share as in 20:10% or 20:10%:5")
    threshold_text, colon, off_text = text.strip().partition(":")
    if not colon:
        threshold_text, off_text = "0", threshold_text
    share_text, colon, cap_text = off_text.partition(":")
    if "%" not in share_text:
        return Coupon(*_amounts(flag, text, (threshold_text, off_text), currency, form))
    try:
        threshold = read(threshold_text, Kind.TARGET, currency)
        share = read(share_text, Kind.RATE, currency)
        cap = read(cap_text, Kind.PRICE, currency) if colon else BLANK
    except CellError as error:
        raise CallError(f"{flag} {shown(text)}: {error}") from None
    if threshold is None or not share or cap is None:
        raise CallError(f"{flag} {shown(text)}: {form}")
    return Coupon(threshold, share=share, cap=cap)


def _amounts(
    flag: str, text: str, parts: tuple[str, str], currency: Currency, form: str
) -> tuple[int, int]:
    """A threshold and what it takes off, in minor units."""
    try:
        threshold, off = (read(part, Kind.TARGET, currency) for part in parts)
    except CellError as error:
        raise CallError(f"{flag} {shown(text)}: {error}") from None
    if threshold is None or not off:
        raise CallError(f"{flag} {shown(text)}: {form}")
    if off >= threshold and ":" in text:
        reason = _(
            "{offer} takes {off} off an order of {threshold}; an offer must take off less "
            "than its threshold"
        )
        amounts = {
            "off": fixed(off, currency.places),
            "threshold": fixed(threshold, currency.places),
        }
        raise CallError(reason.format(offer=f"{flag} {shown(text)}", **amounts))
    return threshold, off


def read_ending(text: str, currency: Currency) -> Ending:
    """``.99`` as the 99 of each 100 minor units that prices end in, ``9`` as 9.00 of each 10.00.

    Raises ``CallError``.
    """
    whole, point, fraction = text.strip().partition(".")
    if point and not currency.places:
        none = _("--ending '{text}': prices in {code} have no decimal places; write 9")
        raise CallError(none.format(text=text, code=currency.code))
    whole = "" if point and whole == "0" else whole  # 0.99 is .99
    digits = whole + (fraction if point else "0" * currency.places)
    is_complete = len(fraction) == currency.places if point else bool(whole)
    is_number = digits.isascii() and digits.isdecimal() and 10 ** len(digits) <= AMOUNT_LIMIT
    if not (is_complete and is_number):
        example = ".99".ljust(currency.places + 1, "0")
        reason = _("write what prices end in, such as 9 for whole ones, or {example}")
        if not currency.places:
            reason = _("write what prices end in, such as 9")
        raise CallError(f"--ending {shown(text)}: " + reason.format(example=example))
    return int(digits), int(10 ** len(digits))
