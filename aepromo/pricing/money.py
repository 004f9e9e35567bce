"""Money and rates as whole numbers, for one SKU or a column of them.

An amount is a whole number of minor units (US cents); a rate is a whole number of millionths
(13.2 % = 132000). A *carrier* is a Python ``int`` or a NumPy ``int64`` array. Amounts stay under
``AMOUNT_LIMIT`` and rates under ``MILLION``, so that every product of two amounts, or of an amount
and a rate, fits a signed 64-bit integer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Whole: TypeAlias = int | npt.NDArray[np.int64]
    Truth: TypeAlias = bool | npt.NDArray[np.bool_]

MILLION = 1_000_000
"""One whole, in the unit of a rate."""

TEN_THOUSAND = 10_000
"""One whole, in the unit of a shown margin or discount (four places)."""

AMOUNT_LIMIT = 10**9
"""The first amount that is too large, in minor units (10,000,000.00)."""

MARKUP_LIMIT = 100 * MILLION
"""The first markup that is too large, in millionths (a hundred times the costs)."""

FX_LIMIT = 10**9 * MILLION
"""The first exchange rate that is too large, in millionths (a billion units for one)."""

WEIGHT_LIMIT = 10**9
"""The first weight that is too large, in milligrams (a tonne)."""

BLANK = -(2**62)
"""No value: an integer, so that a column can hold it, lower than every real value."""


def half_up(amount: Whole, rate: Whole) -> Whole:
    """``amount`` × ``rate`` in minor units, halves upwards: what the platform shows."""
    return (amount * rate + MILLION // 2) // MILLION


def up(amount: Whole, rate: Whole) -> Whole:
    """``amount`` × ``rate`` in minor units, never less than exact: what protects the seller."""
    return (amount * rate + MILLION - 1) // MILLION


def down(amount: Whole, rate: Whole) -> Whole:
    """``amount`` × ``rate`` in minor units, never more than exact."""
    return amount * rate // MILLION


def converted_up(amount: Whole, units: Whole, per: Whole, finer: int, coarser: int) -> Whole:
    """An amount in minor units of another currency, never less than exact: what a cost becomes.

    ``units`` ÷ ``per`` is how many units of the amount's currency one unit of the other is worth.
    ``finer`` minor units of the other currency are as much of a unit as one of the amount's;
    ``coarser`` the other way round: of the two one is 1, the other at most 1000. A column of ints
    is as exact as its type: see ``fits_conversion``.
    """
    divisor = units * coarser
    return (amount * (finer * per) + divisor - 1) // divisor


def fits_conversion(units: int, per: int, finer: int, coarser: int) -> bool:
    """Whether a conversion of any amount fits 64 bits; each rate of six places does."""
    return per * finer < 2**32 and units * coarser < 2**62


def divided_up(amount: Whole, rate: Whole) -> Whole:
    """The smallest whole number whose product with ``rate`` is at least ``amount``."""
    return (amount * MILLION + rate - 1) // rate


def divided_down(amount: Whole, rate: Whole) -> Whole:
    """The largest whole number whose product with ``rate`` is at most ``amount``."""
    return amount * MILLION // rate


def quotient_down(dividend: Whole, divisor: Whole) -> Whole:
    """The quotient of two whole numbers, rounded down; ``divisor`` is positive."""
    return dividend // divisor


def quotient_up(dividend: Whole, divisor: Whole) -> Whole:
    """The quotient of two whole numbers, rounded up; ``divisor`` is positive."""
    return (dividend + divisor - 1) // divisor


def share_up(amount: Whole, rate: Whole) -> Whole:
    """``up`` for an amount of up to 10¹⁸, as an order of many units may have."""
    return amount // MILLION * rate + up(amount % MILLION, rate)


def pick(condition: Truth, yes: Whole, no: Whole) -> Whole:
    """``yes`` where ``condition`` holds, else ``no``, in either carrier."""
    if isinstance(condition, bool):
        return yes if condition else no
    chosen: Whole = condition.__array_namespace__().where(condition, yes, no)
    return chosen


def least(first: Whole, second: Whole) -> Whole:
    """The lower of the two, row by row."""
    if isinstance(first, int) and isinstance(second, int):
        return min(first, second)
    lower: Whole = _namespace(first, second).minimum(first, second)
    return lower


def most(first: Whole, second: Whole) -> Whole:
    """The higher of the two, row by row."""
    if isinstance(first, int) and isinstance(second, int):
        return max(first, second)
    higher: Whole = _namespace(first, second).maximum(first, second)
    return higher


def any_of(condition: Truth) -> bool:
    """Whether the condition holds for the SKU, or for any row of the column."""
    return condition if isinstance(condition, bool) else bool(condition.any())


def negated(condition: Truth) -> Truth:
    """Where the condition does not hold (``~True`` is -2 in Python)."""
    return condition ^ True


def is_known(value: Whole) -> Truth:
    """Where there is a value at all."""
    return value != BLANK


def _namespace(*values: Whole | Truth) -> Any:
    # A column knows its own library (the array API standard), so this module imports none and a
    # one-liner never loads one.
    return next(
        value.__array_namespace__() for value in values if not isinstance(value, int | bool)
    )
