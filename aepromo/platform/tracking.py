"""Which parcels put a reverse promotion at risk, and by when does it end?

A rule of the family ``tracking`` that has a column is a gate. The page 《速卖通反向促销策略指南》
says of two faults that the platform ends the traffic within ``tracking.end_hours``: an invalid
number, and a track that is silent for more than ``tracking.gap_hours``. A late upload and a carrier
that isn't certified break its rules too, but it names no hour for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aepromo.platform.columns import PARCEL_INPUTS, TRACKS
from aepromo.platform.gates import avoiding, gates, is_gate
from aepromo.platform.ruling import Ruling
from aepromo.platform.tracking_number import number_fault
from aepromo.pricing.money import MILLION
from aepromo.table.headers import plain
from aepromo.table.instants import hours, instant, written
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import N_, _

if TYPE_CHECKING:
    from datetime import tzinfo

    from aepromo.platform.gates import Gate
    from aepromo.platform.ruling import Row, Verdict
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book
    from aepromo.table.facts import Fact

_TRACK_OF = {
    "tracking.upload_hours": TRACKS.index("late"),
    "tracking.certified_carrier": TRACKS.index("uncertified"),
    "tracking.gap_hours": TRACKS.index("silent"),
    "tracking.number_valid": TRACKS.index("invalid"),
}
"""What a gate's fault is called; that of a gate which somebody adds is ``other``."""

_TIMES = ("shipped_at", "first_scan_at", "last_event_at", "delivered_at")
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lookout:
    """What parcels are held against: the rules, the clock, and who may carry.

    ``now`` has a zone; a time that has none is taken in ``zone``. ``carriers`` is the seller's list
    of those that the platform certifies, None where there is no list.
    """

    book: Book
    now: datetime
    zone: tzinfo
    carriers: frozenset[str] | None = None

    def certifies(self, carrier: str) -> bool:
        """Whether a carrier is on the list, however it is spelled: case, spaces and dashes."""
        return self.carriers is not None and plain(carrier) in self.carriers


def tracking(lookout: Lookout) -> Ruling:
    """The ruling on parcels, as of ``lookout.now``."""
    rules = _rules_in_force(lookout.book)
    own = (rule.column for rule in rules if rule.column in INPUTS)
    return Ruling(
        name="tracking",
        question=N_("Which parcels put a reverse promotion at risk, and by when does it end?"),
        uses=tuple(dict.fromkeys(("sku", *(column.name for column in PARCEL_INPUTS), *own))),
        needs=(),
        wants=("tracking_number", "shipped_at"),
        adds=tuple(RESULTS[name] for name in ADDED),
        judge=lambda row: _judge(row, rules, lookout),
        key_columns=(
            *("track", "tracking_number", "reasons", "ends_at", "order_id"),
            *("silent_hours", "upload_hours", "carrier", "sku"),
        ),
        order=_worst_first,
        only_tables=True,
    )


ADDED = ("track", "upload_hours", "silent_hours", "ends_at", "reasons")


def _rules_in_force(book: Book) -> tuple[Rule, ...]:
    """The gates, each as what must hold; a condition that somebody switched off is none."""
    return tuple(
        avoiding(rule) if rule.key == "tracking.gap_hours" else rule
        for rule in book.matching("tracking")
        if is_gate(rule) and not (rule.unit == "yes_no" and rule.value == "no")
    )


def _judge(row: Row, rules: tuple[Rule, ...], lookout: Lookout) -> Verdict:
    times = {name: time for name in _TIMES if (time := instant(row.get(name), lookout.zone))}
    if not times and "tracking_number" not in row:
        return {"reasons": _("not shipped yet")}
    fault = number_fault(str(row.get("tracking_number", "")))
    upload, silence = _upload(times, lookout.now), _silence(times, lookout.now)
    facts: dict[str, Fact] = {**row, "number_valid": not fault}
    facts |= {
        name: _millionths_of_hours(taken)
        for name, taken in (("upload_hours", upload), ("silent_hours", silence))
        if taken is not None
    }
    if lookout.carriers is not None and "carrier" in row:
        facts["certified_carrier"] = lookout.certifies(str(row["carrier"]))
    held = gates(rules, facts)
    shut = sorted((each for each in held if each.is_open is False), key=_track, reverse=True)
    ends_at = _ends_at({each.rule.key for each in shut}, times, lookout)
    return {
        "track": max(map(_track, shut), default=TRACKS.index("ok")),
        "upload_hours": _whole_hours(upload),
        "silent_hours": _whole_hours(silence),
        "ends_at": written(ends_at, lookout.zone),
        "reasons": "; ".join(_reason(each, fault, row) for each in shut),
    }


def _upload(times: dict[str, datetime], now: datetime) -> timedelta | None:
    """How long the track took from shipping, or has taken so far where there is none at all.

    None where a track is there whose beginning nobody knows.
    """
    if "shipped_at" not in times:
        return None
    if "first_scan_at" in times:
        return max(times["first_scan_at"] - times["shipped_at"], timedelta(0))
    has_track = "last_event_at" in times or "delivered_at" in times
    return None if has_track else max(now - times["shipped_at"], timedelta(0))


def _silence(times: dict[str, datetime], now: datetime) -> timedelta | None:
    """How long nothing has been heard: since the latest event, or since shipping without one.

    None for a parcel that has arrived, or of which no time is known.
    """
    if not times or "delivered_at" in times:
        return None
    return max(now - max(times.values()), timedelta(0))


def _ends_at(faults: set[str], times: dict[str, datetime], lookout: Lookout) -> datetime | None:
    """When the platform has ended the traffic at the latest; None where no fault makes it.

    That is ``tracking.end_hours`` after the fault can first be seen. A silence is seen once it has
    lasted ``tracking.gap_hours``; an invalid number from the parcel's first known time on, and now
    where none is known.
    """
    seen = []
    if "tracking.gap_hours" in faults:
        seen.append(max(times.values()) + hours(lookout.book, "tracking.gap_hours"))
    if "tracking.number_valid" in faults:
        seen.append(min(times.values(), default=lookout.now))
    return min(seen) + hours(lookout.book, "tracking.end_hours") if seen else None


def _millionths_of_hours(taken: timedelta) -> int:
    """Rounded up to a hundredth of an hour.

    So it is over a threshold of at most two places exactly where the time is, by a second too.
    """
    return -(-taken * 100 // _HOUR) * (MILLION // 100)


def _whole_hours(taken: timedelta | None) -> int | None:
    return None if taken is None else -(-taken // _HOUR)


def _track(held: Gate) -> int:
    return _TRACK_OF.get(held.rule.key, TRACKS.index("other"))


def _reason(held: Gate, fault: str, row: Row) -> str:
    if held.rule.key == "tracking.number_valid":
        return fault
    if held.rule.key == "tracking.certified_carrier":
        uncertified = _("carrier {carrier} is not on your list of certified ones")
        return uncertified.format(carrier=row["carrier"])
    return held.reason


def _worst_first(verdict: Verdict) -> tuple[int, ...]:
    found, silent = verdict.get("track"), verdict.get("silent_hours")
    return (
        -found if isinstance(found, int) else 1,
        -silent if isinstance(silent, int) else 0,
    )
