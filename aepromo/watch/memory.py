"""The memory of ``watch`` between runs: a locked file of JSON, replaced whole or not at all.

The lock is a separate file next to it (``FILE.lock``), because each run replaces the memory file
itself. It is held by the process, not by the file's existence, so a killed run leaves nothing
locked; the empty lock file stays.

A checksum reveals accidental changes. Version 1 had none, and is still read.

Most SKUs have the same entry: nothing has happened. So each different entry is parsed only once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as arrow_json

from aepromo.errors import InputError, OutputError
from aepromo.platform.reason_texts import formatted
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK, MILLION
from aepromo.table.arrow_arrays import (
    codes_of,
    concatenated,
    looked_up,
    numbers_of,
    offsets_of,
    places_of,
    taken,
    text_scalar,
    texts_of,
    truths,
)
from aepromo.table.atomic import lock, replacing
from aepromo.table.cells import currency_named
from aepromo.table.csv_lines import bytes_of
from aepromo.table.number_columns import spread
from aepromo.watch.columns import EVENTS
from aepromo.words import _, cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from aepromo.table.number_columns import Numbers

    Truths: TypeAlias = npt.NDArray[np.bool_]
    AnyColumn: TypeAlias = npt.NDArray[Any]

FORMAT, VERSION = "aepromo watch", 2
FORCED_ON, RATE_CHANGED, PRICE_DRIFT, VANISHED, FORCED_OFF = range(len(EVENTS))
_PAUSE = 0.05
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Memory:
    """The remembered SKUs in order, the last seen status of each, and its open events.

    ``rates`` are the lowest and the highest forced rate in millionths, blank where unknown.
    ``drifts`` are the deal price and the lowest and the highest that list price and rate give, in
    minor units of ``currency``, blank where nothing drifts. ``since`` has a row for each of
    ``EVENTS``: since when it is open, in microseconds since 1970 in UTC, blank where it isn't;
    ``ranks`` order the events of a SKU. ``rates_before`` are the rates before ``rate_changed``.
    """

    skus: pa.Array
    is_forced: Truths
    rates: Numbers
    drifts: Numbers
    since: Numbers
    ranks: npt.NDArray[np.int8]
    rates_before: Numbers
    currency: str = USD.code

    @classmethod
    def empty(cls, currency: str = USD.code) -> Memory:
        """A memory of no SKU."""
        none = np.empty((len(EVENTS), 0), np.int64)
        is_forced, ranks = np.empty(0, np.bool_), none.astype(np.int8)
        return cls(texts_of([]), is_forced, none[:2], none[:3], none, ranks, none[:2], currency)

    def __len__(self) -> int:
        return len(self.skus)

    @property
    def holds_prices(self) -> bool:
        """Whether it holds any money."""
        return bool((self.drifts != BLANK).any())

    def places(self, skus: pa.Array) -> Numbers:
        """The positions of SKUs among the remembered ones; -1 for unknown ones."""
        found = pc.index_in(skus, value_set=self.skus).cast(pa.int64())
        return numbers_of(pc.fill_null(found, text_scalar("-1").cast(pa.int64())))

    def open_events(self, place: int) -> list[str]:
        """The names of the open events of the SKU at a position, in order."""
        kinds = np.flatnonzero(self.since[:, place] != BLANK)
        return [EVENTS[kind] for kind in sorted(kinds, key=lambda kind: self.ranks[kind, place])]

    def among(self, skus: pa.Array) -> tuple[Memory, Numbers]:
        """The memory with some more SKUs, and the positions of all that are given in it.

        New ones are not forced, don't drift and have no events.
        """
        places = self.places(skus)
        is_new = places < 0
        if not is_new.any():
            return self, places
        both = pa.concat_arrays([self.skus, taken(skus, np.flatnonzero(is_new))])
        order = numbers_of(pc.sort_indices(both))
        moved = np.empty_like(order)
        moved[order] = np.arange(len(order))
        own = moved[: len(self)]
        places = np.where(is_new, len(self) + np.cumsum(is_new) - 1, places)
        memory = self._with(taken(both, order), lambda column: placed(column, own, len(both)))
        return memory, moved[places]

    def without(self, places: Numbers) -> Memory:
        """The memory without the SKUs at some positions."""
        kept = np.delete(np.arange(len(self)), places)
        return self._with(taken(self.skus, kept), lambda column: column[..., kept])

    def _with(self, skus: pa.Array, change: Callable[[AnyColumn], AnyColumn]) -> Memory:
        """Each column changed in the same way."""
        changed: dict[str, Any] = {name: change(getattr(self, name)) for name in _COLUMNS}
        return replace(self, skus=skus, **changed)


_COLUMNS = ("is_forced", "rates", "drifts", "since", "ranks", "rates_before")


def placed(column: AnyColumn, places: Numbers, count: int) -> AnyColumn:
    """The rows of a column at some places among ``count`` rows; the others are blank."""
    blank = BLANK if column.dtype == np.int64 else 0
    found = np.full((*column.shape[:-1], count), blank, column.dtype)
    found[..., places] = column
    return found


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
    rf"""(\{{\n  "format": "{FORMAT}",\n  "version": {VERSION},\n  "currency": "([A-Z]{{3}})",\n)"""
    r"""  "checksum": "([0-9a-f]+)",\n(?=  "skus": \{\n)""".encode()
)
_FIRST, _END = b'  "skus": {\n', b"\n  }\n}\n"
"""The text before the first SKU and after the last."""
_BEFORE, _BEHIND, _NEXT = '    "', '": ', ",\n"
"""The text before a SKU, after it, and before the next."""
_IN_ESCAPES = r'["\\\x00-\x1f]'


def state_text(memory: Memory) -> bytes:
    """The file's text: a line for each SKU, in order, so that a diff works line by line."""
    head, body = _parts(_lines(memory), memory.currency)
    return b"".join((head, f'  "checksum": "{_checksum(head, body)}",\n'.encode(), body))


def _checksum(*parts: bytes | memoryview) -> str:
    """The checksum of a state's text without the line of the checksum."""
    found = hashlib.sha256()
    for part in parts:
        found.update(part)
    return found.hexdigest()


def _parts(lines: pa.Array, currency: str) -> tuple[bytes, bytes]:
    """The file's text before the line of the checksum, and the text after it."""
    kind = f'"format": "{FORMAT}",\n  "version": {VERSION},\n  "currency": "{currency}"'
    head = f"{{\n  {kind},\n".encode()
    if not len(lines):
        return head, b'  "skus": {}\n}\n'
    return head, b"".join((_FIRST, bytes_of(lines)[: -len(_NEXT)], _END))


def _lines(memory: Memory) -> pa.Array:
    """The line of each SKU."""
    entry = '{{"forced": {forced}, "rate": {rate}, "drift": {drift}, "open": {{{opened}}}}}'
    return formatted(
        _BEFORE + "{sku}" + _BEHIND + entry + _NEXT,
        sku=_escaped(memory.skus),
        forced=looked_up(["false", "true"], memory.is_forced.astype(np.int64)),
        rate=_lists(memory.rates),
        drift=_lists(memory.drifts),
        opened=_open_events(memory),
    )


def _escaped(skus: pa.Array) -> pa.Array:
    """SKUs as JSON strings, without quotes."""
    special = pc.match_substring_regex(skus, _IN_ESCAPES)
    if not pc.any(special).as_py():
        return skus
    texts = [json.dumps(sku, ensure_ascii=False)[1:-1] for sku in skus.filter(special).to_pylist()]
    return pc.replace_with_mask(skus, special, texts_of(texts))


def _lists(numbers: Numbers) -> pa.Array:
    """The numbers of each SKU as a JSON list, null where they are blank."""
    known = np.flatnonzero(numbers[0] != BLANK)
    columns = [places_of(each).cast(pa.string()) for each in numbers[:, known]]
    within = pc.binary_join_element_wise(*columns, text_scalar(", "))
    lists = spread(concatenated(["[", within, "]"]), known, numbers.shape[1])
    return pc.fill_null(lists, text_scalar("null"))


def _open_events(memory: Memory) -> pa.Array:
    """The open events of each SKU as the members of a JSON object."""
    kinds, rows = np.nonzero(memory.since != BLANK)
    order = np.lexsort((memory.ranks[kinds, rows], rows))
    kinds, rows = kinds[order], rows[order]
    seconds = np.ascontiguousarray(memory.since[kinds, rows] // _SECOND)
    times = pa.Array.from_buffers(pa.timestamp("s"), len(rows), [None, pa.py_buffer(seconds)])
    events = formatted(
        '"{name}": {{"since": "{since}+00:00", "was": {before}}}',
        name=looked_up(EVENTS, kinds),
        since=pc.replace_substring(times.cast(pa.string()), " ", "T"),
        before=_lists(np.where(kinds == RATE_CHANGED, memory.rates_before[:, rows], BLANK)),
    )
    ends = places_of(np.searchsorted(rows, np.arange(len(memory) + 1))).cast(pa.int32())
    return pc.binary_join(pa.ListArray.from_arrays(ends, events), text_scalar(", "))


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
    """A state that is to the letter what ``state_text`` writes; None for any other."""
    head = _HEAD.match(data)
    if head is None or _checksum(head[1], memoryview(data)[head.end() :]) != head[3].decode():
        return None
    if b"\\" in data:  # in a SKU
        return None
    lines = data[head.end() + len(_FIRST) : -len(_END)] + _NEXT.encode()
    ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == ord("\n")) + 1
    starts = np.concatenate(([0], ends[:-1]))
    behind = starts + _found(_pieces(lines, np.append(starts, len(lines))), _BEHIND)
    # Each line is cut before and behind its SKU, before and behind its entry.
    cuts = [starts + len(_BEFORE), behind, behind + len(_BEHIND), ends - len(_NEXT)]
    pieces = _pieces(lines, np.append(np.transpose(cuts), len(lines)))
    pieces.validate(full=True)
    first = np.arange(0, len(pieces), len(cuts))
    return _memory(taken(pieces, first), taken(pieces, first + 2), head[2].decode())


def _pieces(data: bytes, cuts: Numbers) -> pa.Array:
    """The texts between cuts of some bytes."""
    buffers = [None, pa.py_buffer(cuts.astype(np.int32)), pa.py_buffer(data)]
    return pa.Array.from_buffers(pa.string(), len(cuts) - 1, buffers)


def _found(texts: pa.Array, pattern: str) -> Numbers:
    """The place of the first such text in each of some texts, -1 if there is none."""
    return numbers_of(pc.find_substring(texts, pattern).cast(pa.int64()))


_RATES = pa.list_(pa.int64())
_EVENT = pa.struct({"since": pa.string(), "was": _RATES})
_ENTRY = pa.schema(
    {
        "forced": pa.bool_(),
        "rate": _RATES,
        "drift": pa.list_(pa.int64()),
        "open": pa.struct(dict.fromkeys(EVENTS, _EVENT)),
    }
)


def _memory(skus: pa.Array, entries: pa.Array, currency: str) -> Memory:
    """The memory of SKUs with their entries as JSON. Raises ``ValueError``."""
    _check(currency_named(currency).code == currency)
    if not len(skus):
        return Memory.empty(currency)
    encoded = entries.dictionary_encode()
    different = encoded.dictionary
    # Arrow's reader stops the process at a line that is null.
    _check(bool(pc.all(pc.starts_with(different, "{")).as_py()))
    text = bytes_of(concatenated([different, "\n"]))
    table = arrow_json.read_json(
        pa.BufferReader(text),
        arrow_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        arrow_json.ParseOptions(explicit_schema=_ENTRY, unexpected_field_behavior="error"),
    )
    is_forced, rate, drift, opened = (column.combine_chunks() for column in table.columns)
    _check(not is_forced.null_count and not opened.null_count)
    events = [opened.field(name) for name in EVENTS]
    are_open = np.array([truths(event.is_valid()) for event in events])
    before = [_rates(event.field("was")) for event in events]
    has_rate = np.array([rates[0] != BLANK for rates in before])
    _check(bool((has_rate == are_open & (np.arange(len(EVENTS)) == RATE_CHANGED)[:, None]).all()))
    since = [
        _instants(event.field("since"), is_open)
        for event, is_open in zip(events, are_open, strict=True)
    ]
    places = [_found(different, f'"{name}": {{') for name in EVENTS]
    memory = Memory(
        different,
        truths(is_forced),
        _rates(rate),
        _numbers(drift, 3),
        np.array(since),
        np.argsort(np.argsort(places, axis=0), axis=0).astype(np.int8),
        before[RATE_CHANGED],
        currency,
    )
    codes = codes_of(encoded)
    return memory._with(skus, lambda column: column[..., codes])


def _rates(lists: pa.ListArray) -> Numbers:
    found = _numbers(lists, 2)
    _check(bool(((found[0] <= found[1]) & (found[1] < MILLION)).all()))
    return found


def _numbers(lists: pa.ListArray, count: int) -> Numbers:
    """Lists of ``count`` numbers as columns, blank where there is none."""
    known = np.flatnonzero(truths(lists.is_valid()))
    numbers = lists.flatten()
    _check(not numbers.null_count and bool((np.diff(offsets_of(lists))[known] == count).all()))
    columns = numbers_of(numbers).reshape(-1, count).T
    _check(bool((columns >= 0).all()))
    return placed(columns, known, len(lists))


def _instants(texts: pa.Array, are_there: Truths) -> Numbers:
    """Times as microseconds since 1970 in UTC, blank where there is none."""
    known = np.flatnonzero(are_there)
    times = pc.cast(taken(texts, known), pa.timestamp("us", "UTC"))
    _check(not times.null_count)
    return placed(numbers_of(times), known, len(texts))


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
    _check(isinstance(found["skus"], dict) and isinstance(found["currency"], str))
    entries = {sku: _entry(found["skus"][sku]) for sku in sorted(found["skus"])}
    skus, texts, currency = texts_of([*entries]), texts_of([*entries.values()]), found["currency"]
    lines = concatenated([_BEFORE, _escaped(skus), _BEHIND, texts, _NEXT])
    _check(version == 1 or found["checksum"] == _checksum(*_parts(lines, currency)))
    return _memory(skus, texts, currency)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    _check(len(members) == len(pairs))
    return members


def _entry(entry: Any) -> str:
    """The entry of a SKU as ``state_text`` writes it, whatever its spacing was."""
    _check_keys(entry, {"forced", "rate", "drift", "open"})
    _check(isinstance(entry["open"], dict))
    opened = {name: _event(event) for name, event in entry["open"].items()}
    return json.dumps(
        {name: entry[name] for name in ("forced", "rate", "drift")} | {"open": opened}
    )


def _event(event: Any) -> dict[str, Any]:
    _check_keys(event, {"since", "was"})
    since = event["since"]
    _check(isinstance(since, str))
    _check(datetime.fromisoformat(since).isoformat(timespec="seconds") == since)
    return {"since": since, "was": event["was"]}


def _check_keys(value: Any, keys: set[str]) -> None:
    _check(isinstance(value, dict) and value.keys() == keys)


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError
