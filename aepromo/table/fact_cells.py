"""Cells that are neither money nor rates: scores, levels, yes or no, names, days and moments."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from aepromo.errors import CallError
from aepromo.pricing.currency import USD
from aepromo.pricing.money import MILLION
from aepromo.table.cells import (
    COMMA,
    POINT,
    CellError,
    currency_named,
    in_points,
    millionths,
    millionths_in,
    rate_in,
    read,
    refusal,
    tidy,
)
from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from aepromo.pricing.currency import Currency
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book


Fact: TypeAlias = int | bool | str | tuple[str, ...] | date | datetime
"""The value of a cell: amounts in minor units, rates and plain numbers in millionths."""

Day = TypeVar("Day", date, datetime)

FIRST_YEAR, LAST_YEAR = 2000, 2200

YES = frozenset({"yes", "y", "true", "1", "on", "是", "有", "已"})
NO = frozenset({"no", "n", "false", "0", "off", "否", "无", "未"})

_ALL_OF_IT = re.compile(r"100(?:\.0*)?\s*%|1\.0+", re.ASCII)
_TURNOVER = re.compile(
    rf"(?:US\$|\$|¥)?\s*(?P<amount>(?:\d{{1,12}}|[1-9]\d{{0,2}}(?:,\d{{3}}){{1,3}})(?:\.\d{{1,{USD.places}}})?)",
    re.ASCII,
)
_LEVEL = re.compile(r"[Ll]([1-9])")
_SHORT_DATE = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]+(\d{1,2})(:\d\d.*))?", re.ASCII
)
_SEPARATORS = re.compile(r"\s*[,;|，；、/]\s*")


_KINDS = {
    "money": Kind.TARGET,
    "ratio": Kind.RATE,
    "count": Kind.COUNT,
    "level": Kind.LEVEL,
    "yes_no": Kind.FLAG,
}


def figure_kind(rule: Rule) -> Kind:
    """The kind of a rule's value: that of its column, else by its unit."""
    column = INPUTS.get(rule.column)
    return column.kind if column else _KINDS.get(rule.unit, Kind.NUMBER)


def read_fact(text: str, kind: Kind, currency: Currency = USD, decimal: str = POINT) -> Fact | None:
    """The value of a cell of any kind but a range, None for a blank cell. Raises ``CellError``."""
    tidied = tidy(text)
    if not tidied:
        return None
    if kind is Kind.TEXT:
        return text.strip()
    reader = _READERS.get(kind)
    if reader is None:
        return read(text, kind, currency, decimal)
    if decimal == COMMA and kind is Kind.NUMBER:
        return _with_comma(text, tidied)
    if decimal == COMMA and kind in (Kind.SHARE, Kind.TURNOVER):
        return in_points(text, tidied, decimal, partial(reader, text))
    return reader(text, tidied)


def _with_comma(text: str, tidied: str) -> int:
    """A plain number with a decimal comma; thousands have no separator."""
    try:
        return millionths_in(text, tidied.translate(_SWAPPED))
    except CellError as error:
        raise error.with_commas() from None


_SWAPPED = str.maketrans(".,", ",.")


def _share(text: str, tidied: str) -> int:
    if _ALL_OF_IT.fullmatch(tidied):
        return MILLION
    if tidied == "1":
        raise refusal(text, _("{cell} may mean 100% or 1%; write one of them with %"))
    return rate_in(text, tidied)


def _turnover(text: str, tidied: str) -> int:
    match = _TURNOVER.fullmatch(tidied)
    if match is None:
        raise refusal(text, _("{cell} is not an amount; write one such as 50000"))
    whole, _point, fraction = match["amount"].replace(",", "").partition(".")
    return int(whole + fraction.ljust(USD.places, "0"))


def _level(text: str, tidied: str) -> int:
    match = _LEVEL.fullmatch(tidied)
    if match is None:
        if len(tidied) == 1 and tidied in "123456789":
            raise refusal(text, _("{cell} is not a store level; write {meant}"), meant=f"L{tidied}")
        raise refusal(text, _("{cell} is not a store level; write one such as L3"))
    return int(match[1])


def _flag(text: str, tidied: str) -> bool:
    if tidied.casefold() in YES:
        return True
    if tidied.casefold() in NO:
        return False
    raise refusal(text, _("{cell} is neither yes nor no; write yes or no"))


def _words(_text: str, tidied: str) -> tuple[str, ...]:
    return tuple(filter(None, _SEPARATORS.split(tidied)))


def _day(text: str, tidied: str) -> date:
    try:
        return _within_reach(date.fromisoformat(_padded(tidied)))
    except ValueError:
        raise refusal(text, _("{cell} is not a date; write one such as 2026-03-01")) from None


def _moment(text: str, tidied: str) -> datetime:
    try:
        return _within_reach(datetime.fromisoformat(_padded(tidied)))
    except ValueError:
        reason = _("{cell} is not a time; write one such as 2026-03-01T08:30+08:00")
        raise refusal(text, reason) from None


def _padded(text: str) -> str:
    """A date of a spreadsheet, ``2026/3/1 8:30``, in the form of ISO 8601."""
    match = _SHORT_DATE.fullmatch(text)
    if match is None:
        return text
    year, month, day, hour, rest = match.groups(default="")
    return f"{year}-{month:0>2}-{day:0>2}" + (f"T{hour:0>2}{rest}" if hour else "")


def _within_reach(day: Day) -> Day:
    # No parcel is older, and typing errors must not exceed the range of the calendar.
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise ValueError
    return day


_READERS: dict[Kind, Callable[[str, str], Fact]] = {
    Kind.CURRENCY: lambda text, _tidied: currency_named(text).code,
    Kind.NUMBER: lambda text, _tidied: millionths(text),
    Kind.SHARE: _share,
    Kind.TURNOVER: _turnover,
    Kind.LEVEL: _level,
    Kind.FLAG: _flag,
    Kind.WORDS: _words,
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
}


MOST_HOURS = 100_000
"""The limit of hours, within the range of the calendar."""


def instant(moment: Fact | None, zone: tzinfo) -> datetime | None:
    """A moment in UTC, where differences are real hours, also when clocks change.

    One without a zone is in ``zone``. Of an hour that a clock shows twice, the first is meant.
    """
    if not isinstance(moment, datetime):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def hours(book: Book, key: str) -> timedelta:
    """A span of hours in the rule book. Raises ``CallError`` for an invalid one."""
    try:
        span = millionths(book.text(key))
    except CellError as error:
        raise CallError(f"rules.{key}: {error}") from None
    if span > MOST_HOURS * MILLION:
        reason = _("write at most {hours} hours").format(hours=MOST_HOURS)
        raise CallError(f"rules.{key}: {reason}")
    return span * timedelta(hours=1) // MILLION


def written(time: datetime | None, zone: tzinfo) -> str | None:
    """A point in time as text, to the minute: ``2026-03-04T15:30+08:00``."""
    return None if time is None else time.astimezone(zone).isoformat(timespec="minutes")
