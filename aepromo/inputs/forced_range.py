"""The forced rate: one value in three columns, ``forced_rate``, ``forced_rate_min`` and ``_max``.

The first level that gives any of the three gives the whole range: a cell, a list of past rates, an
option, the configuration, the rule book. Rates are in millionths, for one SKU or for columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.pricing.money import BLANK, most, pick

if TYPE_CHECKING:
    from aepromo.pricing.money import Truth, Whole


class GivenRates(NamedTuple):
    """The forced rates that one level of input gives; each is blank where it is not given.

    ``low`` and ``high`` are the ends of ``forced_rate``; they are equal for a single rate.
    """

    low: Whole = BLANK
    high: Whole = BLANK
    least: Whole = BLANK
    most: Whole = BLANK

    @property
    def is_blank(self) -> bool:
        """Whether the level gives nothing for any row."""
        return all(isinstance(each, int) and each == BLANK for each in self)

    @property
    def lacks_end(self) -> Truth:
        """Where the level gives only the lower end, so that the upper one is assumed."""
        return (self.least != BLANK) & (self.most == BLANK) & (self.low == BLANK)

    @property
    def runs_backwards(self) -> Truth:
        """Where the lower end is above the upper one."""
        return (self.most != BLANK) & (self.least > self.most)

    @property
    def contradicts(self) -> Truth:
        """Where the three columns don't describe one range."""
        other_low = (self.least != BLANK) & (self.least != self.low)
        other_high = (self.most != BLANK) & (self.most != self.high)
        return (self.low != BLANK) & (other_low | other_high)

    def range(self, assumed_high: int) -> tuple[Whole, Whole]:
        """The lowest and the highest rate; blank where the level gives none.

        With only the upper end the range begins at 0; with only the lower end it goes up to
        ``assumed_high``, or is that one rate if it is higher.
        """
        only_most = (self.most != BLANK) & (self.least == BLANK)
        is_whole = self.low != BLANK
        low = pick(is_whole, self.low, pick(only_most, 0, self.least))
        high = pick(self.lacks_end, most(self.least, assumed_high), self.most)
        return low, pick(is_whole, self.high, high)
