"""Order offers and price endings as they are written on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.table.cells import CellError, fixed, read
from aepromo.table.column import Kind
from aepromo.words import N_, _

if TYPE_CHECKING:
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.protect import Ending


_FORM = N_("write THRESHOLD:OFF, such as 30:3")


def read_offer(flag: str, text: str, currency: Currency) -> tuple[int, int]:
    """``30:3`` as three units off from thirty; ``2`` is a coupon without a minimum.

    Raises ``CallError`` for an offer that takes off as much as it asks for, or nothing.
    """
    threshold_text, colon, off_text = text.rpartition(":")
    if not colon and flag != "--coupon":
        raise CallError(f"{flag} '{text}': {_(_FORM)}")
    try:
        threshold = read(threshold_text, Kind.TARGET, currency) if colon else 0
        off = read(off_text, Kind.TARGET, currency)
    except CellError as error:
        raise CallError(f"{flag} '{text}': {error}") from None
    if threshold is None or not off:
        raise CallError(f"{flag} '{text}': {_(_FORM)}")
    if colon and off >= threshold:
        reason = _(
            "{offer} takes {off} off an order of {threshold}; "
            "an offer takes off less than it asks for"
        )
        shown = {"off": fixed(off, currency.places), "threshold": fixed(threshold, currency.places)}
        raise CallError(reason.format(offer=f"{flag} '{text}'", **shown))
    return threshold, off


def read_ending(text: str, currency: Currency) -> Ending:
    """``.99`` as the 99 of each 100 minor units that prices end in. Raises ``CallError``."""
    fraction = text.strip().removeprefix("0").removeprefix(".")
    if "." not in text or not fraction.isdecimal() or len(fraction) != currency.places:
        if not currency.places:
            none = _("--ending '{text}': a price in {code} has no decimal places to end in")
            raise CallError(none.format(text=text, code=currency.code))
        reason = _("write the cents that prices end in, such as {example}")
        example = ".99".ljust(currency.places + 1, "0")
        raise CallError(f"--ending '{text}': " + reason.format(example=example))
    return int(fraction), currency.unit
