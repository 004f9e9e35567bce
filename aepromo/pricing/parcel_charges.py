"""Shipping cost of a parcel by its weight: first weight, steps above it, registration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.pricing.money import most

if TYPE_CHECKING:
    from aepromo.pricing.money import Truth, Whole


@dataclass(frozen=True, slots=True)
class Charge:
    """The rates of a shipping line in one market: weights in milligrams, fees in minor units.

    The first fee covers a parcel up to ``first_weight``; every ``step`` begun above it costs
    ``step_fee`` more. A parcel over ``max_weight`` isn't carried.
    """

    first_weight: int
    first_fee: int
    step: int
    step_fee: int
    registration_fee: int
    max_weight: int

    def carries(self, weight: Whole) -> Truth:
        """Whether the line carries a parcel of this weight."""
        return weight <= self.max_weight

    def steps(self, weight: Whole) -> Whole:
        """The number of steps started above the first weight; a full step starts no other."""
        return (most(weight - self.first_weight, 0) + self.step - 1) // self.step

    def additional_fee(self, weight: Whole) -> Whole:
        """The fee for the weight above the first weight, in minor units."""
        return self.steps(weight) * self.step_fee

    def total(self, weight: Whole) -> Whole:
        """The three parts together."""
        return self.first_fee + self.additional_fee(weight) + self.registration_fee
