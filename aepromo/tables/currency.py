"""A currency: its ISO 4217 code, and how many decimal places its minor unit has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Currency:
    """What money is counted in: ``USD`` with 2 places, ``JPY`` with 0, ``KWD`` with 3."""

    code: str
    places: int

    @property
    def unit(self) -> int:
        """The minor units of one currency unit."""
        return int(10**self.places)


USD = Currency("USD", 2)
"""What prices are in where nobody says otherwise, and what the rule book's money is in."""
