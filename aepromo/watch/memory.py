"""What ``watch`` remembers between runs: a file of JSON, locked, and replaced whole or not at all.

The lock is a file of its own beside it (``FILE.lock``), for the remembered file itself is another
one after each run. It is held by the process, not by the file's existence, so a killed run leaves
nothing locked; the empty lock file stays.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from aepromo.errors import InputError, OutputError
from aepromo.pricing.currency import USD
from aepromo.pricing.money import MILLION
from aepromo.table.atomic import lock, replacing
from aepromo.table.currencies import currency_named
from aepromo.watch.columns import EVENTS
from aepromo.words import _, cause

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FORMAT, VERSION = "aepromo watch", 1
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Event:
    """An event that is open: since when, in UTC, and for ``rate_changed`` the rate before."""

    since: datetime
    was: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """What was last seen of a SKU, and which of its events are open.

    ``rate`` is the forced rate in millionths, as its lowest and highest; ``drift`` the deal price
    and the lowest and highest that list price and rate give, in minor units. None where a rate
    isn't known, and where nothing drifts.
    """

    is_forced: bool
    rate: tuple[int, int] | None = None
    drift: tuple[int, int, int] | None = None
    events: Mapping[str, Event] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered: each SKU, and the currency that the prices among it are in."""

    skus: Mapping[str, Watched]
    currency: str = USD.code

    @property
    def holds_prices(self) -> bool:
        """Whether any of it is money."""
        return any(watched.drift for watched in self.skus.values())


@contextmanager
def locked(path: str, wait: float) -> Iterator[None]:
    """Keep other runs off what is remembered at ``path``, waiting ``wait`` seconds for their end.

    Raises ``OutputError`` where one is still at it then, or where the folder takes no lock file.
    """
    beside = os.path.realpath(path) + ".lock"
    try:
        stream = Path(beside).open("ab")  # noqa: SIM115 (closed just below)
    except OSError as error:
        reason = _("can't be written: {reason}").format(reason=cause(error))
        raise OutputError(f"{beside}: {reason}") from None
    with stream:
        end = monotonic() + wait
        while not lock(stream):
            if monotonic() >= end:
                reason = _("{path}: another run is at work on it; waited {wait:g} s (--wait)")
                raise OutputError(reason.format(path=path, wait=wait))
            sleep(_PAUSE)
        yield


@contextmanager
def remembering(path: str, memory: Memory) -> Iterator[None]:
    """Remember at ``path`` once the work inside is done; what was there stays if it fails.

    So what the work says is said before it counts as said: a run that is killed on the way, or
    whose reader is gone, has remembered nothing, and the next one says it again.
    """
    with replacing(path) as stream:
        stream.write(state_text(memory).encode())
        stream.flush()  # a full disk speaks up before anything is said
        yield


def state_text(memory: Memory) -> str:
    """The file's text: a line for each SKU, in order, so that two of them compare line by line."""
    lines = ",\n".join(
        f"    {json.dumps(sku, ensure_ascii=False)}: {json.dumps(_entry(memory.skus[sku]))}"
        for sku in sorted(memory.skus)
    )
    skus = f"{{\n{lines}\n  }}" if lines else "{}"
    kind = f'"format": "{FORMAT}",\n  "version": {VERSION},\n  "currency": "{memory.currency}"'
    return f'{{\n  {kind},\n  "skus": {skus}\n}}\n'


def _entry(watched: Watched) -> dict[str, Any]:
    return {
        "forced": watched.is_forced,
        "rate": watched.rate,
        "drift": watched.drift,
        "open": {
            name: {"since": event.since.isoformat(timespec="seconds"), "was": event.was}
            for name, event in watched.events.items()
        },
    }


def read_state(path: str) -> Memory | None:
    """What is remembered at ``path``, None where there is no such file yet.

    Raises ``InputError`` for one that can't be read or isn't, to the last key, as it was written:
    whoever begins anew is to say so by removing it.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: {cause(error)}") from None
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
        _check_keys(found, {"format", "version", "currency", "skus"})
        version = found["version"]
        if found["format"] == FORMAT and type(version) is int and version > VERSION:
            reason = _("{path}: written by a newer aepromo (version {version}); use that one")
            raise InputError(reason.format(path=path, version=version))
        _check(found["format"] == FORMAT and version is not True and version == VERSION)
        _check(isinstance(found["skus"], dict))
        _check(currency_named(str(found["currency"])).code == found["currency"])
        skus = {sku: _watched(entry) for sku, entry in found["skus"].items()}
        return Memory(skus, found["currency"])
    except InputError:
        raise
    except (ValueError, RecursionError):
        reason = _("{path}: damaged, or no file of watch; restore it, or remove it to begin anew")
        raise InputError(reason.format(path=path)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    _check(len(members) == len(pairs))
    return members


def _watched(entry: Any) -> Watched:
    _check_keys(entry, {"forced", "rate", "drift", "open"})
    _check(isinstance(entry["forced"], bool) and isinstance(entry["open"], dict))
    drift = _numbers(entry["drift"], 3)
    return Watched(
        entry["forced"],
        _rate(entry["rate"]),
        (drift[0], drift[1], drift[2]) if drift else None,
        {name: _event(name, event) for name, event in entry["open"].items()},
    )


def _event(name: str, event: Any) -> Event:
    _check(name in EVENTS)
    _check_keys(event, {"since", "was"})
    _check(isinstance(event["since"], str))
    since = datetime.fromisoformat(event["since"])
    _check(since.tzinfo is not None)
    was = _rate(event["was"])
    _check((was is not None) == (name == "rate_changed"))
    return Event(since, was)


def _rate(value: Any) -> tuple[int, int] | None:
    found = _numbers(value, 2)
    _check(not found or found[0] <= found[1] < MILLION)
    return (found[0], found[1]) if found else None


def _numbers(value: Any, count: int) -> list[int]:
    if value is None:
        return []
    _check(isinstance(value, list) and len(value) == count)
    _check(all(type(number) is int and number >= 0 for number in value))
    return list(value)


def _check_keys(value: Any, keys: set[str]) -> None:
    _check(isinstance(value, dict) and value.keys() == keys)


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError
