"""Currencies by their code, with their decimal places by ISO 4217."""

from __future__ import annotations

from functools import cache

from aepromo.pricing.currency import USD, Currency
from aepromo.table.cells import refusal, tidy
from aepromo.words import _

MOST_PLACES = 3
"""The most decimal places that amounts are kept to; within it every conversion fits 64 bits."""

_ALSO_CALLED = {"RMB": "CNY", "人民币": "CNY", "美元": "USD", "欧元": "EUR", "日元": "JPY"}
"""ISO 4217 codes by other names that sellers write."""


@cache
def currency_named(text: str) -> Currency:
    """The currency of a code such as ``CNY``; ``rmb`` and 人民币 are understood too.

    Raises ``CellError`` for a currency that ISO 4217 doesn't have, or has without a minor unit.
    """
    code = tidy(text).upper()
    code = _ALSO_CALLED.get(code, code)
    if code == USD.code:
        return Currency(code, USD.places, is_stated=True)
    from iso4217 import Currency as Known  # parses a table, which dollars alone don't need

    try:
        places = Known(code).exponent
    except ValueError:
        places = None
    if places is None:
        raise refusal(text, _("{cell} is not an ISO 4217 currency; write a code such as CNY"))
    if places > MOST_PLACES:
        reason = _("{cell} has {places} decimal places; amounts are kept to at most {most}")
        raise refusal(text, reason, places=places, most=MOST_PLACES)
    return Currency(code, places, is_stated=True)
