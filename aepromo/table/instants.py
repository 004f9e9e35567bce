"""Points in time: kept in UTC, moved by hours of the rule book, written in a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.pricing.money import MILLION
from aepromo.table.cells import CellError, millionths
from aepromo.words import _

if TYPE_CHECKING:
    from datetime import tzinfo

    from aepromo.rules.overrides import Book
    from aepromo.table.facts import Fact

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
