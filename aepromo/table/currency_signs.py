"""The sign or code of a currency in a cell: ``$``, ``US$``, ``元``, ``EUR``."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from aepromo.pricing.currency import DOLLARS, YUAN_OR_YEN, Currency

_NAMES = {
    "USD": ("US$", "US $", "U.S.$", "USD", "美元", "美金"),
    "CNY": ("CNY", "RMB", "CN¥", "人民币", "元"),
    "EUR": ("€", "EUR", "欧元"),
    "GBP": ("£", "GBP", "英镑"),
    "JPY": ("JPY", "JP¥", "円", "日元"),
    "RUB": ("₽", "RUB", "руб.", "руб", "卢布"),
    "BRL": ("R$", "BRL"),
    "HKD": ("HK$", "HKD", "港币"),
    "AUD": ("A$", "AU$", "AUD"),
    "CAD": ("C$", "CA$", "CAD"),
    "TWD": ("NT$", "TWD"),
    "MXN": ("MX$", "MXN"),
    "KRW": ("₩", "KRW"),
    "INR": ("₹", "INR"),
    "UAH": ("₴", "UAH"),
    "PLN": ("zł", "PLN"),
    "TRY": ("₺", "TRY"),
    "VND": ("₫", "VND"),
    "ILS": ("₪", "ILS"),
}
SIGN_NAMES = (*(name for names in _NAMES.values() for name in names), "$", "¥")
"""Every sign that is known by itself; any code of three letters may be one, too."""

_CODES = {name.casefold(): frozenset({code}) for code, names in _NAMES.items() for name in names}
_CODES |= {"$": DOLLARS, "¥": YUAN_OR_YEN}

_MOST_BEFORE = 2


class Sign(NamedTuple):
    """The currency sign of a cell: as written, and the currencies it may mean."""

    written: str
    codes: frozenset[str]

    @property
    def code(self) -> str:
        """The likeliest currency: dollars are those of the USA, ¥ is the yuan."""
        likely = (code for code in ("USD", "CNY", *sorted(self.codes)) if code in self.codes)
        return next(likely)

    @property
    def short(self) -> str:
        """The sign that all names of this currency share: ``$``, ``¥``, or a code."""
        return {"USD": "$", "CNY": "¥"}.get(self.code, self.code)

    def fits(self, currency: Currency) -> bool:
        """Whether an amount with this sign may be in a currency; always if that was not named."""
        return not currency.is_stated or currency.code in self.codes


def parted(tidied: str) -> tuple[Sign | None, str]:
    """Split a cell into the sign of its amount, if any, and the rest.

    Two signs that agree are one: ``USD $5``. Where they don't, the cell is left as it is.
    """
    if tidied[0].isdigit() and tidied[-1].isdigit():
        return None, tidied
    before, after = _patterns()
    written, rest = list[str](), tidied
    while len(written) < _MOST_BEFORE and (sign := before.match(rest)):
        written.append(sign[1])
        rest = rest[sign.end() :]
    if not rest[-1:].isdigit() and (sign := after.search(rest)):
        written.append(sign[1])
        rest = rest[: sign.start()]
    if not written or not rest or len(set(written)) < len(written):
        return None, tidied
    codes = frozenset.intersection(*map(_codes, written))
    return (Sign(written[0], codes), rest) if codes else (None, tidied)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The patterns of a currency sign or code before an amount, and after one.

    They are made when first used, since most calls need neither.
    """
    some = "|".join(map(re.escape, sorted(_CODES, key=len, reverse=True)))
    before = rf"((?i:{some})|[A-Z]{{3}}(?![A-Za-z]))\s*"
    return re.compile(before), re.compile(rf"\s*((?i:{some})|(?<![A-Za-z])[A-Z]{{3}})\Z")


def _codes(written: str) -> frozenset[str]:
    known = _CODES.get(written.casefold())
    return known if known is not None else _known_to_iso(written)


def _known_to_iso(code: str) -> frozenset[str]:
    from iso4217 import Currency as Known  # parses a table, which common signs don't need

    try:
        Known(code)
    except ValueError:
        return frozenset()
    return frozenset({code})
