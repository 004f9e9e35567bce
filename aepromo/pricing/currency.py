"""Currencies: their decimal places, and the signs that fit them."""

from __future__ import annotations

from typing import NamedTuple

DOLLARS = frozenset(
    {"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN", "CLP", "COP", "ARS", "UYU"}
)
YUAN_OR_YEN = frozenset({"CNY", "JPY"})
_SIGNS = {"US$": frozenset({"USD"}), "$": DOLLARS, "¥": YUAN_OR_YEN}


class Currency(NamedTuple):
    """A currency and its decimal places: ``USD`` with 2, ``JPY`` with 0, ``KWD`` with 3.

    ``is_stated``: it was named explicitly, so a cell's sign must not contradict it.
    """

    code: str
    places: int
    is_stated: bool = False

    @property
    def unit(self) -> int:
        """The minor units of one currency unit."""
        return int(10**self.places)

    def fits(self, sign: str) -> bool:
        """Whether an amount with this sign, or this code, may be in this currency."""
        return not self.is_stated or self.code in _SIGNS.get(sign, (sign,))


USD = Currency("USD", 2)
"""The default currency of prices, and the currency of the rule book's amounts."""
