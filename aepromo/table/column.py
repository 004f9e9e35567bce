"""The description of a column: name, kind of cells, meaning, other names and labels."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Kind(Enum):
    """The kind of a column's cells, which decides how they are read and written."""

    TEXT = "text"
    COST = "cost"  # an amount; more places than the currency has round up
    TARGET = "target"  # an amount; more places than the currency has are refused
    PRICE = "price"  # a target that can't be 0
    RATE = "rate"
    MARKUP = "markup"  # a rate that may be over 100 %, such as profit by cost
    SHARE = "share"  # a rate that may be 100 %, such as parcels on time
    TURNOVER = "turnover"  # an amount that is never multiplied, so it may be large
    CURRENCY = "currency"  # the code of one
    FX = "fx"  # units of one currency for one of another, with at most six places
    WEIGHT = "weight"  # grams; finer than a milligram rounds up
    COUNT = "count"  # a whole number of units
    NUMBER = "number"  # a plain number with at most six places, such as a score or days
    LEVEL = "level"  # L1 … L9
    FLAG = "flag"  # yes or no
    WORDS = "words"  # names with a separator between them
    DAY = "day"  # a date
    MOMENT = "moment"  # a date and a time, with or without a zone
    RATES = "rates"  # one rate or a range lo..hi
    MONEY = "money"  # a computed amount, which may be negative
    FINE = "fine"  # a computed amount with two places more than the currency has
    RATIO = "ratio"  # a computed ratio with four places
    MILLIONTHS = "millionths"  # a computed ratio with six places
    EXCHANGE = "exchange"  # a computed exchange rate: nine places, without zeros at the end
    LABEL = "label"  # a computed index into ``labels``
    PROSE = "prose"  # clauses that the program wrote, with ``; `` between


AMOUNTS = frozenset({Kind.COST, Kind.TARGET, Kind.PRICE})
"""The kinds that are amounts of money, with or without a currency sign."""


class Column(NamedTuple):
    """A column: its name, kind, meaning, Chinese headers and possible labels."""

    name: str
    kind: Kind
    meaning: str
    chinese: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """The option that gives the column's value if a file doesn't."""
        return "--" + self.name.replace("_", "-")
