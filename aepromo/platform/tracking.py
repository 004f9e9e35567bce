"""Which parcels put a reverse promotion at risk, and when does it end?

A rule of the family ``tracking`` that has a column is a gate. The page 《速卖通反向促销策略指南》
says of two faults that the platform ends the traffic within ``tracking.end_hours``: an invalid
number, and a track that is silent for more than ``tracking.gap_hours``. A late upload and a carrier
that isn't certified break its rules, too, but without a time limit.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import numpy as np

from aepromo.engine.question import Question, adding
from aepromo.platform.columns import PARCEL_INPUTS, TRACKS
from aepromo.platform.gates import CLOSED, Gates, avoiding, gates_of
from aepromo.platform.reason_texts import UNSAID, Clause, joined, said_where, words_of
from aepromo.platform.tracking_number import number_fault, number_faults
from aepromo.pricing.money import BLANK, MILLION
from aepromo.table.arrow_arrays import texts_of
from aepromo.table.fact_cells import hours
from aepromo.table.headers import plain
from aepromo.table.moment_columns import instant_number, written_instants
from aepromo.table.schema import INPUTS
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from aepromo.engine.question import Inputs, Results
    from aepromo.inputs.values import Values
    from aepromo.platform.gates import Gate
    from aepromo.pricing.money import Truth
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book
    from aepromo.table.number_columns import Numbers

TIMES = ("shipped_at", "first_scan_at", "last_event_at", "delivered_at")
"""The times that a parcel may have."""

_TRACK_OF = {
    "tracking.upload_hours": TRACKS.index("late"),
    "tracking.certified_carrier": TRACKS.index("uncertified"),
    "tracking.gap_hours": TRACKS.index("silent"),
    "tracking.number_valid": TRACKS.index("invalid"),
}
"""Index into ``TRACKS`` for each gate that fails; gates added by a user count as ``other``."""

_HOUR = timedelta(hours=1) // timedelta(microseconds=1)
_NEVER = 2**62

ADDED = ("track", "upload_hours", "silent_hours", "ends_at", "reasons")


def tracking(values: Values, now: datetime, carriers: Collection[str] | None = None) -> Question:
    """The question of parcels, as of ``now``, which has a zone.

    ``carriers`` are those that the platform certifies, in any spelling; None where there is no
    list. Raises ``CallError`` for invalid hours of the rule book.
    """
    gates = Gates({"tracking": _rules_in_force(values.book)}, values.currency)
    gap, end = (
        hours(values.book, key) // timedelta(microseconds=1)
        for key in ("tracking.gap_hours", "tracking.end_hours")
    )
    as_of, zone = instant_number(now, UTC), values.policy.zone or UTC
    listed = None if carriers is None else frozenset(map(plain, carriers))
    own = (name for name in gates.columns if name in INPUTS)

    def compute(inputs: Inputs) -> Results:
        parcels = _Parcels(inputs, as_of)
        computed = {
            "number_valid": np.where(parcels.fault.codes >= 0, 0, 1),
            "upload_hours": _hundredths_of_hours(parcels.upload),
            "silent_hours": _hundredths_of_hours(parcels.silence),
        }
        if listed is not None:
            computed["certified_carrier"] = _are_certified(parcels.carrier, listed)
        held = gates.hold(inputs, computed)["tracking"]
        ends_at = parcels.ends_at(held, as_of, gap, end)
        reasons = [_reasons(each, parcels).where(parcels.is_shipped) for each in held]
        unshipped = said_where(~parcels.is_shipped, _("not shipped yet"))
        return {
            "track": np.where(parcels.is_shipped, _track(held, inputs.rows), BLANK),
            "upload_hours": _whole_hours(parcels.upload),
            "silent_hours": _whole_hours(parcels.silence),
            "ends_at": written_instants(ends_at, zone),
            "reasons": joined([*reasons, unshipped]),
        }

    return Question(
        name="tracking",
        question=N_("Which parcels put a reverse promotion at risk?"),
        uses=tuple(dict.fromkeys(("sku", *(column.name for column in PARCEL_INPUTS), *own))),
        needs=(),
        wants=("tracking_number", "shipped_at"),
        assumes_rate=False,
        is_about_skus=False,
        adds=adding(*ADDED),
        compute=compute,
        key_columns=(
            *("track", "tracking_number", "reasons", "ends_at", "order_id"),
            *("silent_hours", "upload_hours", "carrier", "sku"),
        ),
        sort_by=(("track", "descending"), ("silent_hours", "descending")),
        counts=("track",),
    )


def _rules_in_force(book: Book) -> list[Rule]:
    """The gates, each as what must hold, the worst fault first.

    A condition that is switched off is not a gate.
    """
    rules = [
        avoiding(rule) if rule.key == "tracking.gap_hours" else rule
        for part in gates_of(book, "tracking").values()
        for rule in part
        if not (rule.unit == "yes_no" and rule.value == "no")
    ]
    return sorted(rules, key=_track_of, reverse=True)


def _track_of(rule: Rule) -> int:
    return _TRACK_OF.get(rule.key, TRACKS.index("other"))


class _Parcels:
    """Times, tracking-number faults and carriers of parcels.

    ``upload`` is the time from shipping to the track's first scan, or until now where there is no
    track yet; blank where shipping or the first scan of a track isn't known. ``silence`` is the
    time since the latest event, or since shipping where there is none; blank for a parcel that
    was delivered or has no known time. Both are in microseconds. ``first`` and ``last`` are the
    first and the last known time, where ``is_timed``; ``fault`` says why a tracking number is
    invalid.
    """

    def __init__(self, inputs: Inputs, now: int) -> None:
        times = np.array([inputs.number(name) for name in TIMES])
        shipped, scanned, heard, delivered = times
        self.last = times.max(axis=0)
        self.first = np.where(times == BLANK, _NEVER, times).min(axis=0)
        self.is_timed = self.last != BLANK
        until = np.where(scanned != BLANK, scanned, now)
        is_open = (scanned != BLANK) | ((heard == BLANK) & (delivered == BLANK))
        self.upload = _since(shipped, until, (shipped != BLANK) & is_open)
        self.silence = _since(self.last, now, self.is_timed & (delivered == BLANK))
        number = words_of(inputs.text("tracking_number"))
        self.is_shipped = self.is_timed | (number.codes >= 0)
        self.fault = _number_faults(number)
        self.carrier = words_of(inputs.text("carrier"))

    def ends_at(self, held: Sequence[Gate], now: int, gap: int, end: int) -> Numbers:
        """The latest time at which the platform ends the traffic; blank where no fault causes it.

        That is ``end`` after the fault can first be seen. A silence can be seen once it has lasted
        ``gap``; an invalid number from the parcel's first known time on, or now if none is known.
        Both are in microseconds.
        """
        seen = np.full(len(self.last), _NEVER, np.int64)
        for gate in held:
            shut = (gate.states == CLOSED) & self.is_shipped
            if gate.rule.key == "tracking.gap_hours":
                since = self.last + gap
            elif gate.rule.key == "tracking.number_valid":
                since = np.where(self.is_timed, self.first, now)
            else:
                continue
            seen = np.where(shut, np.minimum(seen, since), seen)
        return np.where(seen == _NEVER, BLANK, seen + end)


def _since(start: Numbers, end: Numbers | int, where: Truth) -> Numbers:
    """The time from ``start`` to ``end``, never under 0; blank where the condition doesn't hold."""
    return np.where(where, np.maximum(end - start, 0), BLANK)


def _number_faults(number: Clause) -> Clause:
    """Why tracking numbers are invalid, unsaid where they may be valid."""
    faults = [*number_faults(texts_of(number.texts)), number_fault("")]
    codes = np.array([code if fault else UNSAID for code, fault in enumerate(faults)], np.int64)
    return Clause(codes[number.codes], faults)


def _are_certified(carrier: Clause, listed: frozenset[str]) -> Numbers:
    """Whether each carrier is on the list: 1 or 0, blank where none is named."""
    found = [int(plain(name) in listed) for name in carrier.texts]
    return np.array([*found, BLANK], np.int64)[carrier.codes]


def _hundredths_of_hours(taken: Numbers) -> Numbers:
    """Hours in millionths, rounded up to a hundredth of an hour.

    So it is over a threshold with at most two places exactly if the time is, even by a second.
    """
    known = taken != BLANK
    hundredths = -(-np.where(known, taken, 0) * 100 // _HOUR)
    return np.where(known, hundredths * (MILLION // 100), BLANK)


def _whole_hours(taken: Numbers) -> Numbers:
    """Hours, rounded up."""
    known = taken != BLANK
    return np.where(known, -(-np.where(known, taken, 0) // _HOUR), BLANK)


def _track(held: Sequence[Gate], rows: int) -> Numbers:
    """The worst fault of each parcel."""
    found = np.full(rows, TRACKS.index("ok"), np.int64)
    for gate in held:
        found = np.where(gate.states == CLOSED, np.maximum(found, _track_of(gate.rule)), found)
    return found


def _reasons(held: Gate, parcels: _Parcels) -> Clause:
    """Why a gate is closed, where it is."""
    if held.rule.key == "tracking.number_valid":
        return parcels.fault
    if held.rule.key == "tracking.certified_carrier":
        sentence = _("carrier {carrier} is not on your list of certified ones")
        return parcels.carrier.put_in(sentence, "carrier").where(held.states == CLOSED)
    return held.reasons(held.states == CLOSED)
