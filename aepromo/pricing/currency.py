"""What money is counted in: the decimal places of a currency, and the signs that fit it."""

from __future__ import annotations

from typing import NamedTuple

DOLLARS = frozenset(
    {"USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN", "CLP", "COP", "ARS", "UYU"}
)
YUAN_OR_YEN = frozenset({"CNY", "JPY"})
_SIGNS = {"US$": frozenset({"USD"}), "$": DOLLARS, "¥": YUAN_OR_YEN}


class Currency(NamedTuple):
    """What money is counted in: ``USD`` with 2 places, ``JPY`` with 0, ``KWD`` with 3.

    ``is_stated``: somebody named it, so that a cell's sign must not contradict it.
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
"""What prices are in where nobody says otherwise, and what the rule book's money is in."""
