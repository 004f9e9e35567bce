"""The memory of ``watch`` between runs: a locked file of JSON, replaced whole or not at all.

The lock is a separate file next to it (``FILE.lock``), because each run replaces the memory file
itself. It is held by the process, not by the file's existence, so a killed run leaves nothing
locked; the empty lock file stays.

A checksum reveals accidental changes. Version 1 had none, and is still read.

Most SKUs have the same entry: nothing has happened. So each different entry is kept, read and
written only once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import InputError, OutputError
from aepromo.pricing.currency import USD
from aepromo.pricing.money import MILLION
from aepromo.table.atomic import lock, replacing
from aepromo.table.cells import currency_named
from aepromo.watch.columns import EVENTS
from aepromo.words import _, cause

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from aepromo.table.number_columns import Numbers

FORMAT, VERSION = "aepromo watch", 2
_PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Event:
    """An open event: since when, in UTC, and for ``rate_changed`` the rate before."""

    since: datetime
    was: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """The last seen status of a SKU, and its open events.

    ``rate`` is the forced rate in millionths, as its lowest and highest; ``drift`` the deal price
    and the lowest and highest that list price and rate give, in minor units. None if the rate is
    unknown, and if nothing drifts.
    """

    is_forced: bool
    rate: tuple[int, int] | None = None
    drift: tuple[int, int, int] | None = None
    events: Mapping[str, Event] = field(default_factory=dict)


QUIET = Watched(is_forced=False)
"""The entry of a SKU that is not forced, doesn't drift and has no open events."""


@dataclass(frozen=True, slots=True)
class Memory:
    """The remembered SKUs, in order, with their entries and the currency of their prices.

    ``codes`` holds each SKU's index into ``entries``; many SKUs may share one entry.
    """

    skus: pa.Array
    codes: Numbers
    entries: Sequence[Watched]
    currency: str = USD.code

    @classmethod
    def of(cls, watched: Mapping[str, Watched], currency: str = USD.code) -> Memory:
        """Make a memory of some SKUs."""
        skus = sorted(watched)
        entries = [watched[sku] for sku in skus]
        return cls(pa.array(skus, pa.string()), np.arange(len(skus)), entries, currency)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def holds_prices(self) -> bool:
        """Whether it holds any money."""
        return bool(self.of_entries(lambda entry: entry.drift is not None).any())

    def places(self, skus: pa.Array) -> Numbers:
        """The positions of SKUs among the remembered ones; -1 for unknown ones."""
        return np.asarray(pc.fill_null(pc.index_in(skus, value_set=self.skus), -1), np.int64)

    def of_entries(self, fact: Callable[[Watched], int]) -> Numbers:
        """A fact of each SKU's entry, as a column."""
        return np.array(list(map(fact, self.entries)), np.int64)[self.codes]

    def watched(self, places: Numbers) -> dict[str, Watched]:
        """The entries of the SKUs at some positions, by SKU."""
        codes = self.codes[places].tolist()
        skus = self.skus.take(pa.array(places)).to_pylist()
        return {sku: self.entries[code] for sku, code in zip(skus, codes, strict=True)}

    def of_skus(self, skus: Collection[str]) -> dict[str, Watched]:
        """The entries of some SKUs, by SKU; unknown SKUs are left out."""
        places = self.places(pa.array(list(dict.fromkeys(skus)), pa.string()))
        return self.watched(places[places >= 0])

    def with_events(self) -> Numbers:
        """The positions of SKUs with open events."""
        return np.flatnonzero(self.of_entries(lambda entry: bool(entry.events)))

    def changed(
        self,
        watched: Mapping[str, Watched],
        quiet: pa.Array | None = None,
        forgotten: Collection[str] = (),
    ) -> Memory:
        """The memory with other entries for some SKUs, with new ones and without forgotten ones.

        The new SKUs in ``quiet`` have the entry ``QUIET``.
        """
        quiet = pa.array([], pa.string()) if quiet is None else quiet
        entries, codes = [*self.entries, QUIET, *watched.values()], self.codes.copy()
        own = len(self.entries) + 1 + np.arange(len(watched))
        changed = pa.array(list(watched), pa.string())
        places = self.places(changed)
        codes[places[places >= 0]] = own[places >= 0]
        added = pa.concat_arrays([quiet, changed.filter(pa.array(places < 0))])
        skus = pa.concat_arrays([self.skus, added])
        quiet_codes = np.full(len(quiet), len(self.entries), np.int64)
        codes = np.concatenate([codes, quiet_codes, own[places < 0]])
        if forgotten:
            is_kept = pc.invert(pc.is_in(skus, value_set=pa.array(list(forgotten), pa.string())))
            skus, codes = skus.filter(is_kept), codes[np.asarray(is_kept)]
        if len(added):
            order = pc.sort_indices(skus)
            skus, codes = skus.take(order), codes[np.asarray(order)]
        return Memory(skus, codes, entries, self.currency)


@contextmanager
def locked(path: str, wait: float) -> Iterator[None]:
    """Lock the memory at ``path`` against other runs, waiting ``wait`` seconds for their end.

    Raises ``OutputError`` if another run still holds it then, or if no lock file can be written.
    """
    beside = Path(os.path.realpath(path) + ".lock")
    if beside.exists() and not beside.is_file():  # opening a pipe would wait for its reader
        raise OutputError(f"{beside}: " + _("not a regular file; remove it"))
    try:
        stream = beside.open("ab")
    except OSError as error:
        reason = _("can't be written: {reason}").format(reason=cause(error))
        raise OutputError(f"{beside}: {reason}") from None
    with stream:
        end = monotonic() + wait
        while not lock(stream):
            if monotonic() >= end:
                reason = _("{path}: another run is using it; waited {wait:g} s (--wait)")
                raise OutputError(reason.format(path=path, wait=wait))
            sleep(_PAUSE)
        yield


@contextmanager
def remembering(path: str, memory: Memory) -> Iterator[None]:
    """Write the memory to ``path`` once the work inside is done; if it fails, keep the old one.

    So the report is written before it counts as written: a run that is killed on the way, or whose
    reader is gone, has remembered nothing, and the next one reports it again.
    """
    with replacing(path) as stream:
        stream.write(state_text(memory))
        stream.flush()  # a full disk fails before anything is reported
        yield


_HEAD = re.compile(
    rf"""\{{\n  "format": "{FORMAT}",\n  "version": {VERSION},\n  "currency": "([A-Z]{{3}})",\n"""
    r"""  "checksum": "[0-9a-f]+",\n  "skus": \{\n"""
)
_BEFORE, _BEHIND, _END = '    "', '": ', "\n  }\n}\n"
"""The text before a SKU, after it, and after the last."""
_IN_ESCAPES = r'["\\\x00-\x1f]'


def state_text(memory: Memory) -> bytes:
    """The file's text: a line for each SKU, in order, so that a diff works line by line."""
    head, body = _parts(memory)
    return b"".join((head, f'  "checksum": "{_checksum(head, body)}",\n'.encode(), body))


def _checksum(*parts: bytes | memoryview) -> str:
    """The checksum of a state's text without the line of the checksum."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _parts(memory: Memory) -> tuple[bytes, bytes]:
    """The file's text before the line of the checksum, and the text after it."""
    kind = f'"format": "{FORMAT}",\n  "version": {VERSION},\n  "currency": "{memory.currency}"'
    head = f"{{\n  {kind},\n".encode()
    if not len(memory):
        return head, b'  "skus": {}\n}\n'
    used, codes = np.unique(memory.codes, return_inverse=True)
    entries = [json.dumps(_entry(memory.entries[code])) for code in used.tolist()]
    own = pa.array(entries).take(pa.array(codes))
    lines = pc.binary_join_element_wise(_BEFORE, _escaped(memory.skus), _BEHIND, own, "")
    text = pc.binary_join(pa.ListArray.from_arrays([0, len(lines)], lines), ",\n")[0].as_buffer()
    return head, b"".join((b'  "skus": {\n', memoryview(text), _END.encode()))


def _escaped(skus: pa.Array) -> pa.Array:
    """SKUs as JSON strings, without quotes."""
    special = pc.match_substring_regex(skus, _IN_ESCAPES)
    if not pc.any(special).as_py():
        return skus
    texts = [json.dumps(sku, ensure_ascii=False)[1:-1] for sku in skus.filter(special).to_pylist()]
    return pc.replace_with_mask(skus, special, pa.array(texts, pa.string()))


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
    """Read the memory at ``path``; None where there is no such file yet.

    Raises ``InputError`` for a file that can't be read or was changed in any key: to start again,
    the seller must remove it.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: {cause(error)}") from None
    try:
        found = _as_written(data)
        return _as_json(data, path) if found is None else found
    except InputError:
        raise
    except (ValueError, RecursionError):
        reason = _(
            "{path}: damaged, or not written by watch; restore it, or remove it to start again"
        )
        raise InputError(reason.format(path=path)) from None


def _as_written(data: bytes) -> Memory | None:
    """A state that is to the letter what ``state_text`` writes; None for any other.

    Each different entry is parsed once.
    """
    text = data.decode("utf-8")
    head = _HEAD.match(text)
    if head is None:
        return None
    lines = text[head.end() : -len(_END)].split(",\n")
    parts = [line.removeprefix(_BEFORE).partition(_BEHIND) for line in lines]
    skus = pa.array([sku for sku, _behind, _entry in parts], pa.string())
    kinds = pa.array([entry for _sku, _behind, entry in parts], pa.string()).dictionary_encode()
    try:
        _check(currency_named(head[1]).code == head[1])
        entries = [_watched(json.loads(entry)) for entry in kinds.dictionary.to_pylist()]
    except ValueError:
        return None
    memory = Memory(skus, np.asarray(kinds.indices, np.int64), entries, head[1])
    is_in_order = pc.all(pc.less(skus[:-1], skus[1:])).as_py() is not False
    return memory if is_in_order and state_text(memory) == data else None


def _as_json(data: bytes, path: str) -> Memory:
    """Any state, with any spacing. Raises ``ValueError``, ``InputError`` for a newer one."""
    found = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    _check(isinstance(found, dict) and found.get("format") == FORMAT)
    version = found.get("version")
    _check(type(version) is int and version > 0)
    if version > VERSION:
        reason = _("{path}: written by a newer aepromo (version {version}); use that one")
        raise InputError(reason.format(path=path, version=version))
    own = {"checksum"} if version > 1 else set()
    _check_keys(found, {"format", "version", "currency", "skus"} | own)
    _check(isinstance(found["skus"], dict))
    _check(currency_named(str(found["currency"])).code == found["currency"])
    skus = {sku: _watched(entry) for sku, entry in found["skus"].items()}
    memory = Memory.of(skus, found["currency"])
    _check(version == 1 or found["checksum"] == _checksum(*_parts(memory)))
    return memory


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
