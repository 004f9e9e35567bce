"""``watch``: events, deadlines and figures; feeds that are refused; what is remembered."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
import pytest
from forked import program
from processes import leftovers

from aepromo.errors import InputError
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import texts_of
from aepromo.watch.alerts import Sightings, compared
from aepromo.watch.columns import EVENTS
from aepromo.watch.events import NEW, OPEN, OVER, Seen, acknowledged
from aepromo.watch.feed import ObjectBlock, open_feed
from aepromo.watch.memory import VERSION, Memory, read_state, state_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.table.source import Source
    from aepromo.watch.alerts import Change

NOW = datetime(2026, 3, 10, 1, tzinfo=UTC)
TEN, TWELVE = (100_000, 100_000), (120_000, 120_000)
STATE = ("--state", "state.json")
QUIET = ("--quiet", "--format", "csv", "--now", "2026-03-10T09:00Z")


class Shown(NamedTuple):
    """What a feed shows of a SKU; ``drift`` is None where it is unknown, and empty without one."""

    is_forced: bool
    rate: tuple[int, int] | None = None
    drift: tuple[int, int, int] | tuple[()] | None = None


def look(memory: Memory, feed: Mapping[str, Shown]) -> Change:
    """Compare a feed with the memory."""
    rows = feed.values()
    seen = Seen(
        np.ones(len(feed), np.bool_),
        np.array([each.is_forced for each in rows]),
        np.array([each.rate or (BLANK,) * 2 for each in rows]).T,
        np.array([each.drift or (BLANK,) * 3 for each in rows]).T,
        np.array([each.drift is not None for each in rows]),
        np.full(len(feed), BLANK),
    )
    skus = texts_of([*feed])
    return compared(memory, Sightings(skus, skus, seen), frozenset(), NOW)


def told(*looks: dict[str, Shown]) -> list[set[tuple[str, str, int]]]:
    """Look at a feed several times; return the SKU, event and state of each report."""
    memory, found = Memory.empty(), []
    for feed in looks:
        memory, news, _ = look(memory, feed)
        skus = memory.skus.to_pylist()
        events = zip(news.rows, news.kinds, news.states.tolist(), strict=True)
        found.append({(skus[row], EVENTS[kind], state) for row, kind, state in events})
    return found


def test_an_event_is_new_once_then_open_then_over() -> None:
    on, off, dearer = Shown(True, TEN), Shown(False), Shown(True, TWELVE)
    assert told({"A": on}, {"A": on}, {"A": dearer}, {"A": off}, {"A": off}, {"A": on}) == [
        {("A", "forced_on", NEW)},
        {("A", "forced_on", OPEN)},
        {("A", "forced_on", OPEN), ("A", "rate_changed", NEW)},
        {("A", "forced_off", NEW), ("A", "forced_on", OVER), ("A", "rate_changed", OVER)},
        {("A", "forced_off", OPEN)},
        {("A", "forced_on", NEW), ("A", "forced_off", OVER)},
    ]


def test_a_vanished_sku_keeps_its_open_events_until_it_is_back() -> None:
    on, other = Shown(True, TEN), Shown(False)
    assert told({"A": on, "B": other}, {"B": other}, {"A": on, "B": other}) == [
        {("A", "forced_on", NEW)},
        {("A", "forced_on", OPEN), ("A", "vanished", NEW)},
        {("A", "forced_on", OPEN), ("A", "vanished", OVER)},
    ]


def test_an_unknown_status_starts_and_ends_no_event() -> None:
    drift, right, unknown = Shown(True, TEN, (80, 90, 90)), Shown(True, TEN, ()), Shown(True)
    other = Shown(True, TEN, (70, 90, 90))
    assert told({"A": drift}, {"A": unknown}, {"A": other}, {"A": right})[1:] == [
        {("A", "forced_on", OPEN), ("A", "price_drift", OPEN)},
        {("A", "forced_on", OPEN), ("A", "price_drift", NEW)},
        {("A", "forced_on", OPEN), ("A", "price_drift", OVER)},
    ]


def test_acknowledged_events_are_not_repeated_and_vanished_skus_are_forgotten() -> None:
    on, off = Shown(True, TEN), Shown(False)
    memory = acknowledged(look(Memory.empty(), {"A": on, "B": off}).after, ["A"])
    assert len(look(memory, {"A": on, "B": off}).news.rows) == 0
    memory = look(memory, {"B": off}).after
    assert acknowledged(memory, ["A"]).skus.to_pylist() == ["B"]
    for unknown in ("B", "C"):
        with pytest.raises(KeyError, match=unknown):
            acknowledged(memory, ["A", unknown])


def rows(out: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out.decode())))


FORCED = (
    "sku,discount_status,forced_rate,list_price,deal_price,stock,units_30d,purchase_price,"
    "logistics_cost,economy_logistics_cost,changed_at\n"
    "A-1,forced,15%,20,17.00,50,120,8,3,2.20,2026-03-10T07:00Z\n"
)
FEES = ("--commission", "6%", "--payment", "1%")


@pytest.mark.parametrize(
    ("now", "missed", "said"),
    [
        ("2026-03-10T08:59:59Z", "no", "act by 2026-03-10T09:00+00:00"),
        ("2026-03-10T09:00:00Z", "no", "act by 2026-03-10T09:00+00:00"),
        ("2026-03-10T09:00:01Z", "yes", "deadline missed by 0 h 1 min"),
    ],
)
def test_the_deadline_is_two_hours_after_the_change(
    tmp_path: Path, now: str, missed: str, said: str
) -> None:
    (tmp_path / "feed.csv").write_text(FORCED)
    code, out, _ = program(
        *("watch", "feed.csv", "--format", "csv", "--now", now, *FEES), cwd=tmp_path
    )
    (row,) = rows(out)
    assert (code, row["missed"], row["deadline"]) == (1, missed, "2026-03-10T09:00+00:00")
    assert said in row["details"].split("; ")
    # 50 ÷ (120 ÷ 30) = 12.5; 17 − 8 − 3 − 1.02 − 0.17 = 4.81, and 0.80 more on the cheaper line.
    figures = ("stock_cover_days", "profit_standard", "profit_economy", "switch_to")
    assert [row[name] for name in figures] == ["12", "4.81", "5.61", "economy"]


@pytest.mark.parametrize(
    ("level", "purchase", "verdict"),
    [
        ("L4", "12.01", "would_pass"),
        ("L4", "12.02", "would_fail"),
        ("L3", "8", "would_fail"),
        ("", "8", "may_pass"),
    ],
)
def test_price_protection_at_its_thresholds(
    tmp_path: Path, level: str, purchase: str, verdict: str
) -> None:
    one = ("--discount-status", "forced", "--price", "20", "--rate", "15%", "-l", "3", *FEES)
    more = ("-b", purchase, "--store-level", level, "--value", "price_protection")
    assert program("watch", *one, *more, cwd=tmp_path)[1].decode() == f"{verdict}\n"


@pytest.mark.parametrize("deal", ["17.08", "17.09", "17.07", "17.10"])
def test_a_price_rounded_either_way_does_not_drift(tmp_path: Path, deal: str) -> None:
    # 20.10 × 0.85 = 17.085
    one = ("--discount-status", "forced", "--price", "20.10", "--rate", "15%")
    _, out, _ = program("watch", *one, "--deal-price", deal, "--value", "event", "-q", cwd=tmp_path)
    drifts = [] if deal in ("17.08", "17.09") else ["price_drift"]
    assert out.decode().split() == ["forced_on", *drifts]


@pytest.mark.parametrize(
    ("feed", "said"),
    [
        ("", "feed: the file is empty"),
        ("sku,discount_status\n", "feed: has no SKU"),
        ("sku,price\nA,1\n", "feed:1: no column for discount_status"),
        ("sku,discount_status\nA,\n", "feed:2: discount_status: is missing"),
        ("sku,discount_status\nA,none\nA,forced\n", "feed:3: sku: 'A' is also on line 2"),
        ("sku,discount_status\nA,none,\n", "feed:2: 3 cells where the header has 2"),
        (
            '{"sku": "A", "discount_status": "none"}\n{"sku": "B',
            "feed:2: not a complete JSON object",
        ),
        ('{"sku": "A", "discount_status": NaN}', "feed:1: not a complete JSON object"),
        ('{"sku": "\\ud800", "discount_status": "none"}', "feed:1: not a complete JSON object"),
        ('{"a": ' + "[" * 100_000, "feed:1: not a complete JSON object"),
        ('[{"sku": "A"}]', "feed: a JSON array"),
        ('{"sku": ["A"], "discount_status": "none"}', "feed:1: sku: holds more than one value"),
        ('{"sku": "A", "sku": "B", "discount_status": "none"}', "feed:1: sku: appears twice"),
    ],
)
def test_a_feed_that_is_refused_changes_nothing(tmp_path: Path, feed: str, said: str) -> None:
    (tmp_path / "feed").write_text("sku,discount_status\nA,forced\nB,none\n")
    assert program("watch", "feed", *STATE, *QUIET, cwd=tmp_path)[0] == 1
    before = (tmp_path / "state.json").read_bytes()
    (tmp_path / "feed").write_text(feed)
    code, out, err = program("watch", "feed", *STATE, *QUIET, cwd=tmp_path)
    assert (code, out) == (3, b"")
    assert said in err
    assert (tmp_path / "state.json").read_bytes() == before
    assert leftovers(tmp_path) == []


def test_rejected_skus_are_neither_seen_nor_vanished(tmp_path: Path) -> None:
    feed, header = tmp_path / "feed", "sku,discount_status,forced_rate\n"
    feed.write_text(f"{header}A,forced,10%\nB,none,\nC,none,\n")
    program("watch", "feed", *STATE, *QUIET, cwd=tmp_path)
    for bad, vanished in (("A,none,130%\n", ["C"]), (",none,\n", [])):
        (tmp_path / "copy.json").write_bytes((tmp_path / "state.json").read_bytes())
        feed.write_text(f"{header}{bad}B,none,\n")
        code, out, err = program(
            *("watch", "feed", "--state", "copy.json", *QUIET, "--rejects", "bad.csv"), cwd=tmp_path
        )
        assert (code, "1 bad row set aside" in err) == (1, True)
        found = [(row["sku"], row["event"], row["state"]) for row in rows(out)]
        assert found == [
            ("A", "forced_on", "open"),
            *((sku, "vanished", "new") for sku in vanished),
        ]


def test_a_partial_feed_makes_nothing_vanish(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("sku,discount_status\nA,none\nB,none\n")
    program("watch", "feed", *STATE, *QUIET, cwd=tmp_path)
    for text in ("sku,discount_status\nA,none\n", "sku,discount_status\n"):
        (tmp_path / "feed").write_text(text)
        code, out, _ = program("watch", "feed", "--partial", *STATE, *QUIET, cwd=tmp_path)
        assert (code, rows(out)) == (0, [])


def test_json_lines_keep_the_text_of_every_number() -> None:
    text = '{"sku": 12345678901234567890, "a": 3.50, "b": true}\n\n{"a": null, "c": [1.0]}\n'
    source = open_feed(io.BytesIO(text.encode()), "feed")
    assert source.header == ("sku", "a", "b", "c")
    assert objects_of(source) == [
        (1, ["12345678901234567890", "3.50", "true", ""]),
        (3, ["", "", "", "[ 1.0 ]"]),
    ]


PLAIN = (
    b'{"sku": "A", "a": 3.50, "b": true}\n\n {"sku":"B","b":null,"a":-1e3}\r\n'
    b'{"a": "\xe4\xb8\xad"}\n'
)


@pytest.mark.parametrize(
    "other",
    [
        *(b"", b'{"a": "\\u4e2d"}\n', b'{"a": {"b": 1}}\n', b"{}\n", b'{"a": [":", "}"]}\n'),
        b'{"a": 1, "a": 2}\n',
    ],
)
def test_objects_are_read_the_same_with_any_neighbours(other: bytes) -> None:
    alone = objects_of(open_feed(io.BytesIO(PLAIN), "feed"))
    both = objects_of(open_feed(io.BytesIO(PLAIN + other), "feed"))
    assert alone == [(1, ["A", "3.50", "true"]), (3, ["B", "-1e3", ""]), (4, ["", "中", ""])]
    assert both[:3] == alone


@pytest.mark.parametrize(
    "damage",
    [
        *(b'{"a": 1}}', b'{"a": 1}{"a": 2}', b'{"a": 1},', b'{"a" 1}', b'{"a": 01}', b'{"a": 1.}'),
        *(b'{"a": +1}', b'{"a": True}', b'{"a": "b" "c"}', b'{"a": "b": "c"}', b'{"a", "b"}'),
        *(b'{"a": 1\n}', b'{"a": "b\tc"}', b'{"a": "b\nc"}', b'{"a": "\xff"}', b'{"a": 1,}'),
        *(b'{"a": 1} {"a": 2}', b'{"a": "b"', b'"a": "b"}', b"[1]", b'{"a": "b"} x', b'{1: "a"}'),
    ],
)
def test_an_invalid_object_is_refused_with_its_line(damage: bytes) -> None:
    for lines in (PLAIN + damage, PLAIN + damage + b"\n" + PLAIN):
        with pytest.raises(InputError, match=r"feed:[56]: "):
            open_feed(io.BytesIO(lines), "feed", "utf-8")


def objects_of(source: Source) -> list[tuple[int, list[str]]]:
    """Return the rows of JSON lines, each with its line."""
    found = []
    for block in source.blocks:
        assert isinstance(block, ObjectBlock)
        cells = zip(*(column.to_pylist() for column in block.table.columns), strict=True)
        found += [(line, list(row)) for line, row in zip(block.lines, cells, strict=True)]
    return found


Entry: TypeAlias = "dict[str, Any]"


def entry(
    forced: bool,
    rate: list[int] | None = None,
    drift: list[int] | None = None,
    **opened: tuple[str, list[int] | None],
) -> Entry:
    """The entry of a SKU in a state, with its open events: since when, and the rate before."""
    events = {name: {"since": since, "was": was} for name, (since, was) in opened.items()}
    return {"forced": forced, "rate": rate, "drift": drift, "open": events}


def memory_of(entries: dict[str, Entry], path: Path, currency: str = "USD") -> Memory:
    """Read the memory of some entries from a file, as the first version wrote it."""
    head = {"format": "aepromo watch", "version": 1, "currency": currency}
    path.write_text(json.dumps({**head, "skus": entries}))
    memory = read_state(str(path))
    assert memory is not None
    return memory


def entries_of(memory: Memory) -> dict[str, Entry]:
    """The entries of a memory as its file has them."""
    found: dict[str, Entry] = json.loads(state_text(memory))["skus"]
    return found


QUIET_ENTRY = entry(False)
DRIFTING = entry(False, None, [1, 2, 3], price_drift=("2026-03-10T02:00:00+00:00", None))
BUSY = entry(
    True,
    [120_000, 150_000],
    [1, 2, 3],
    vanished=("2026-03-10T01:00:00+00:00", None),
    price_drift=("2026-03-10T02:00:59+00:00", None),
    rate_changed=("2026-03-10T01:00:00+00:00", [100_000, 100_000]),
    forced_on=("2025-12-31T23:59:59+00:00", None),
)


@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"B": QUIET_ENTRY},
        {"A": BUSY, "B": QUIET_ENTRY, "C": DRIFTING, "中": BUSY},
        {'中 "A"': BUSY, "A\\": QUIET_ENTRY, "\n": DRIFTING},
    ],
)
def test_the_memory_is_read_back(tmp_path: Path, entries: dict[str, Entry]) -> None:
    path = tmp_path / "state.json"
    assert read_state(str(path)) is None
    memory = memory_of(entries, path, "JPY")
    text = state_text(memory)
    found = json.loads(text)
    assert (found["currency"], found["skus"]) == ("JPY", entries)
    # A diff works line by line, and events stay in the order in which they were first seen.
    assert [*found["skus"]] == sorted(entries)
    assert [[*each["open"]] for each in found["skus"].values()] == [
        [*entries[sku]["open"]] for sku in sorted(entries)
    ]
    # To the letter, or with another spacing.
    for data in (text, json.dumps(found).encode()):
        path.write_bytes(data)
        again = read_state(str(path))
        assert again is not None
        assert state_text(again) == text


def test_times_of_a_state_in_any_zone_are_read(tmp_path: Path) -> None:
    ahead = entry(False, forced_off=("2026-03-10T10:00:00+08:00", None))
    memory = memory_of({"A": ahead}, tmp_path / "state.json")
    (event,) = entries_of(memory)["A"]["open"].values()
    assert event["since"] == "2026-03-10T02:00:00+00:00"


def test_new_skus_are_put_among_the_remembered_ones(tmp_path: Path) -> None:
    memory = memory_of({"A": BUSY, "C": DRIFTING}, tmp_path / "state.json")
    more, places = memory.among(texts_of(["中", "C", "B"]))
    assert entries_of(more) == {"A": BUSY, "B": QUIET_ENTRY, "C": DRIFTING, "中": QUIET_ENTRY}
    assert [more.skus[place].as_py() for place in places.tolist()] == ["中", "C", "B"]
    assert entries_of(more.without(np.array([0, 3]))) == {"B": QUIET_ENTRY, "C": DRIFTING}


DAMAGES = (
    *("", "[]", "{}", '{"format": "aepromo watch", "version": 1, "currency": "USD", "skus": []}'),
    '{"format": "aepromo watch", "version": true, "currency": "USD", "skus": {}}',
    '{"format": "aepromo watch", "version": 1, "currency": "USD", "skus": {}, "skus": {}}',
    '{"format": "aepromo watch", "version": 1, "currency": "USD", "skus": {"A": {"forced": 1}}}',
    *('{"format": "aepromo watch", "version": 1, "currency": "USD", "skus": {', "\ud800"),
)


@pytest.mark.parametrize("text", DAMAGES)
def test_a_damaged_state_is_refused_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match="damaged, or not written by watch"):
        read_state(str(path))


def test_every_cut_and_every_other_type_in_a_state_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    changed = ("2026-03-10T01:00:00+00:00", [100_000, 100_000])
    busy = entry(True, [100_000, 100_000], [1, 2, 3], rate_changed=changed)
    text = state_text(memory_of({"A": busy}, path)).decode()
    for damaged in (*(text[:end] for end in range(len(text) - 2)), *_other_types(json.loads(text))):
        path.write_text(damaged)
        with pytest.raises(InputError):
            read_state(str(path))


@pytest.mark.parametrize("entry", ["null", "[]", "5", '"x"', "{", "{}\\n{}"])
def test_an_entry_that_is_no_object_is_damage_though_the_checksum_is_right(
    tmp_path: Path, entry: str
) -> None:
    head = '{\n  "format": "aepromo watch",\n  "version": 2,\n  "currency": "USD",\n'
    body = f'  "skus": {{\n    "A": {entry}\n  }}\n}}\n'
    checksum = hashlib.sha256((head + body).encode()).hexdigest()
    path = tmp_path / "state.json"
    path.write_text(f'{head}  "checksum": "{checksum}",\n{body}')
    with pytest.raises(InputError, match="damaged, or not written by watch"):
        read_state(str(path))


def _other_types(state: dict[str, object]) -> list[str]:
    entry = state["skus"]["A"]  # type: ignore[index]
    event = entry["open"]["rate_changed"]
    wrong: tuple[tuple[str, object], ...]
    wrong = (("forced", None), ("rate", [1.5, 2]), ("rate", [2, 1]), ("drift", [1]), ("open", []))
    texts = [json.dumps({**state, "skus": {"A": {**entry, name: value}}}) for name, value in wrong]
    for name, value in (("since", "2026-03-10"), ("since", 5), ("was", None)):
        opened = {"rate_changed": {**event, name: value}}
        texts.append(json.dumps({**state, "skus": {"A": {**entry, "open": opened}}}))
    others = (
        ("version", 1),
        ("version", 3),
        ("checksum", "0" * 64),
        ("currency", "dollars"),
        ("currency", "usd"),
        ("currency", 5),
    )
    return [*texts, *(json.dumps({**state, name: value}) for name, value in others)]


def test_a_flipped_bit_in_any_byte_of_a_state_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    text = state_text(memory_of({"A-1": BUSY, "B-2": QUIET_ENTRY}, path))
    for place in range(len(text)):
        flipped = bytearray(text)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(InputError):
            read_state(str(path))


STATES = Path(__file__).with_name("watch_states")
AT_1, AT_8 = "2026-03-10T01:10:00+00:00", "2026-03-10T08:10:00+00:00"


@pytest.mark.parametrize(
    ("version", "shirt", "lamp"),
    [
        (
            1,
            entry(True, [150_000, 150_000], forced_on=(AT_8, None)),
            entry(False, None, [1575, 1750, 1750], price_drift=("2026-03-10T01:00:00+00:00", None)),
        ),
        (
            2,
            entry(
                True,
                [180_000, 180_000],
                forced_on=(AT_8, None),
                rate_changed=(AT_1, [150_000, 150_000]),
            ),
            QUIET_ENTRY,
        ),
    ],
)
def test_states_of_every_version_are_read(version: int, shirt: Entry, lamp: Entry) -> None:
    """The files stay as each version wrote them; a new version adds one."""
    memory = read_state(str(STATES / f"version-{version}.json"))
    assert memory is not None
    assert (len(memory), memory.currency) == (6, "USD")
    found = entries_of(memory)
    assert (found["AP-2041-M"], found["HG-3009"]) == (shirt, lamp)


def test_a_state_of_the_version_in_force_is_there() -> None:
    assert (STATES / f"version-{VERSION}.json").is_file()


def test_a_pipe_instead_of_the_lock_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("sku,discount_status\nA,none\n")
    os.mkfifo(tmp_path / "state.json.lock")
    code, out, err = program("watch", "feed", *STATE, cwd=tmp_path)
    place = tmp_path.resolve() / "state.json.lock"
    assert (code, out, err) == (2, b"", f"aepromo: {place}: not a regular file; remove it\n")


def test_a_run_waits_for_another_until_the_limit(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("sku,discount_status\nA,none\n")
    with (tmp_path / "state.json.lock").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        code, _, err = program("watch", "feed", *STATE, "--wait", "0.1", cwd=tmp_path)
    assert (code, err) == (
        2,
        "aepromo: state.json: another run is using it; waited 0.1 s (--wait)\n",
    )
    # The lock file of a finished run doesn't block others.
    assert program("watch", "feed", *STATE, "--wait", "0", cwd=tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("fail_on", "codes"), [("open", [1, 1]), ("new", [1, 0]), ("missed", [0, 1]), ("never", [0, 0])]
)
def test_events_that_fail_a_run(tmp_path: Path, fail_on: str, codes: list[int]) -> None:
    (tmp_path / "feed").write_text("sku,discount_status\nA,forced\n")
    runs = [
        program("watch", "feed", *STATE, "--now", now, "--fail-on", fail_on, cwd=tmp_path)[0]
        for now in ("2026-03-10T09:00Z", "2026-03-10T12:00Z")
    ]
    assert runs == codes


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("feed", "--ack", "A"), 2, "--ack: give the --state"),
        (("feed", *STATE, "--ack", "B"), 2, "--ack 'B': state.json has no open event"),
        (STATE, 3, "state.json: no such file yet"),
        (("feed", "--state", "feed"), 2, "--state and the input are the same file"),
        (("feed", "--state", "."), 2, "--state .: name a regular file"),
        ((*STATE, "--price", "3"), 2, "values describe one SKU"),
        ((*STATE, "--encoding", "utf-8"), 2, "options for reading need a FEED"),
        ((), 2, "nothing to watch"),
    ],
)
def test_calls_that_make_no_sense(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "feed").write_text("sku,discount_status\nA,none\n")
    found = program("watch", *arguments, cwd=tmp_path)
    assert (found[0], found[1], said in found[2]) == (code, b"", True), found[2]
    assert not (tmp_path / "state.json").exists()


def test_an_unknown_status_is_named_and_not_forced(tmp_path: Path) -> None:
    (tmp_path / "feed").write_text("商品编码,折扣状态\nA,已强制\nB,限时\nC,FORCED\nD,无\n")
    _, out, err = program("watch", "feed", "--format", "csv", cwd=tmp_path)
    assert [row["sku"] for row in rows(out)] == ["A", "C"]
    assert "taken as not forced: discount status '限时' (1 SKU)\n" in err


MONEY = {
    # The currency's places, then a feed: each discount is rounded to a whole minor unit.
    "JPY": (0, "1001", "8%", "13.3%", "798", "300", "121", "57", "0.0066"),
    "KWD": (3, "1.001", "8%", "13.3%", "0.798", "0.300", "0.1205", "0.0571", "3.25"),
}


@pytest.mark.parametrize("code", MONEY)
def test_a_feed_is_read_in_its_own_currency(code: str, tmp_path: Path) -> None:
    places, price, own, rate, deal, purchase, logistics, economy, dollars = MONEY[code]
    (tmp_path / "feed").write_text(
        "sku,discount_status,list_price,limited_rate,forced_rate,deal_price,purchase_price,"
        "logistics_cost,economy_logistics_cost\n"
        f"A,forced,{price},{own},{rate},{deal},{purchase},{logistics},{economy}\n"
        f"B,forced,{price},,{rate},{purchase},,,\n"
        f"C,forced,{price},,{rate},,{deal},{logistics},\n"
    )
    (tmp_path / "aepromo.toml").write_text(
        f'currency = "{code}"\ncommission_rate = "6%"\npayment_rate = "1%"\n[fx]\nUSD = {dollars}\n'
    )
    code_, out, err = program("watch", "feed", *STATE, *QUIET, cwd=tmp_path)
    assert (code_, err) == (1, "")
    found = {(row["sku"], row["event"]): row for row in rows(out)}
    assert ("A", "price_drift") not in found, "the price is right to the minor unit"
    minor = 10**places
    paid = Fraction(deal) * minor
    fees = [floor(paid * Fraction(share) + Fraction(1, 2)) for share in ("0.06", "0.01")]
    up = {cost: ceil(Fraction(cost) * minor) for cost in (purchase, logistics, economy)}
    row = found["A", "forced_on"]
    for column, cost in (("profit_standard", logistics), ("profit_economy", economy)):
        left = paid - up[purchase] - up[cost] - sum(fees)
        assert Fraction(row[column]) * minor == left
        assert len(row[column].partition(".")[2]) == places
    # The platform's formula, compared with the rule book's 0.80 dollars in this currency.
    item = floor(Fraction(price) * minor * (1 - Fraction(rate[:-1]) / 100) + Fraction(1, 2))
    left = item - Fraction(deal) * minor - up[logistics]
    left -= sum(floor(item * Fraction(share) + Fraction(1, 2)) for share in ("0.06", "0.01"))
    least = ceil(Fraction("0.80") / Fraction(dollars) * minor)
    shown = [str(Decimal(int(each)).scaleb(-places)) for each in (left, least, least - left)]
    said = "formula profit {}, needs {}: +{}".format(*shown)
    assert said in found["C", "forced_on"]["details"]
    ends = (
        edge(Fraction(price) * minor * (1 - Fraction(rate[:-1]) / 100)) for edge in (floor, ceil)
    )
    gives = " to ".join(str(Decimal(end).scaleb(-places)) for end in dict.fromkeys(ends))
    said = f"deal price {purchase}, list price and rate give {gives}"
    assert found["B", "price_drift"]["details"] == said
    # Open events are shown in the currency in which they were seen.
    (tmp_path / "aepromo.toml").unlink()
    listed = rows(program("watch", *STATE, *QUIET, cwd=tmp_path)[1])
    assert said in [row["details"] for row in listed if row["event"] == "price_drift"]
    # A run in another currency would read yen as cents.
    before = (tmp_path / "state.json").read_bytes()
    other = program("watch", "feed", *STATE, *QUIET, "--currency", "CNY", cwd=tmp_path)
    assert other[:2] == (2, b"")
    assert f"state.json keeps prices in {code}, not in CNY; give another --state file" in other[2]
    assert (tmp_path / "state.json").read_bytes() == before
