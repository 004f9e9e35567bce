"""``watch`` from cron: each event once as new, then open, and none lost.

The test changes the world that the feed describes, so it knows every event; it doesn't compute any
from the feed.
"""

from __future__ import annotations

import csv
import fcntl
import io
import json
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from forked import client
from processes import finish, program, seeded, start, wait_until

from aepromo.watch.columns import EVENTS

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

Happened: TypeAlias = tuple[str, str]
"""A SKU and the name of what happened to it."""

WATCH = ("watch", "feed.jsonl", "--state", "state.json", "--quiet", "--format", "csv")


@dataclass
class World:
    """The state of each SKU, and the reported events that the seller hasn't dealt with."""

    random: Random
    rates: dict[str, int | None] = field(default_factory=dict)
    drifts: dict[str, bool] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    open: set[Happened] = field(default_factory=set)
    new: set[Happened] = field(default_factory=set)

    def __post_init__(self) -> None:
        for number in range(12):
            self.rates[f"{number:03d}"] = 10 if number < 3 else None
            self.drifts[f"{number:03d}"] = False
            self._news_of_a_stranger(f"{number:03d}")

    def go_on(self) -> None:
        """Let events happen to a few SKUs, at most one to each."""
        for sku in self.random.sample(sorted(self.rates), 3):
            if sku in self.hidden:
                self.hidden.remove(sku)
                self.open.discard((sku, "vanished"))
                if sku in self.forgotten:
                    self.forgotten.remove(sku)
                    self._news_of_a_stranger(sku)
                continue
            what = self.random.choice(["status", "status", "rate", "drift", "vanish"])
            rate = self.rates[sku]
            if what == "status":
                self.rates[sku] = None if rate else self.random.randint(10, 20)
                over = ("forced_on", "rate_changed") if rate else ("forced_off",)
                self.open -= {(sku, name) for name in over}
                self._news(sku, "forced_off" if rate else "forced_on")
                self._drifts_anew(sku)
            elif what == "rate" and rate:
                self.rates[sku] = rate + self.random.randint(1, 5)
                self._news(sku, "rate_changed")
                self._drifts_anew(sku)
            elif what == "drift":
                self.drifts[sku] = not self.drifts[sku]
                self.open.discard((sku, "price_drift"))
                if self.drifts[sku]:
                    self._news(sku, "price_drift")
            elif what == "vanish":
                self.hidden.add(sku)
                self._news(sku, "vanished")

    def _drifts_anew(self, sku: str) -> None:
        """Make the price wrong in another way."""
        if self.drifts[sku]:
            self._news(sku, "price_drift")

    def _news_of_a_stranger(self, sku: str) -> None:
        if self.rates[sku]:
            self._news(sku, "forced_on")
        self._drifts_anew(sku)

    def acknowledge(self, sku: str) -> None:
        """The seller deals with all open events; a vanished SKU is forgotten."""
        if (sku, "vanished") in self.open:
            self.forgotten.add(sku)
        self.open = {happened for happened in self.open if happened[0] != sku}

    def _news(self, sku: str, name: str) -> None:
        self.open.discard((sku, name))
        self.new.add((sku, name))

    def told(self) -> None:
        """Mark the new events of the last report as open."""
        self.open |= self.new
        self.new = set()

    def feed(self) -> str:
        return "".join(f"{json.dumps(row)}\n" for row in map(self._row, self.rates) if row)

    def _row(self, sku: str) -> dict[str, object] | None:
        rate = self.rates[sku]
        if sku in self.hidden:
            return None
        # With whole dollars and whole percents the price is exact; a drift halves it.
        deal = (100 - (rate or 0)) / (2 if self.drifts[sku] else 1)
        status = {"discount_status": "forced", "forced_rate": f"{rate}%"}
        return {
            "sku": sku,
            **(status if rate else {"discount_status": "none"}),
            "list_price": 100,
            "deal_price": f"{deal:.2f}",
        }


def reported(out: bytes) -> dict[str, list[Happened]]:
    """The events that a run reports as new, open and over."""
    found: dict[str, list[Happened]] = {"new": [], "open": [], "over": []}
    for row in csv.DictReader(io.StringIO(out.decode())):
        found[row["state"]].append((row["sku"], row["event"]))
    return found


def replace(path: Path, text: str) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(text)
    beside.replace(path)


def kill_at_the_feed(folder: Path, feed: str) -> None:
    """Kill a run that holds the lock and has read half of its feed."""
    process = start("watch", "-", *WATCH[2:], cwd=folder, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(feed[: len(feed) // 2].encode())
    process.stdin.flush()
    wait_until(lambda: is_locked(folder / "state.json.lock"), process)
    assert process.poll() is None
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL


def kill_at_the_report(folder: Path) -> None:
    """Kill a run in the middle of its report, which is too long for an unread pipe."""
    wide = ",".join(["since"] * 6_000)
    process = start(*WATCH, "--columns", wide, cwd=folder)
    assert process.stdout is not None
    assert process.stdout.read(1) == b"s"
    process.kill()
    assert finish(process)[0] == -signal.SIGKILL


def kill_at_a_moment(folder: Path, random: Random) -> bytes | None:
    """Kill a run at any moment; return its report if it had written its memory."""
    before = (folder / "state.json").read_bytes()
    process = start(*WATCH, cwd=folder)
    with suppress(subprocess.TimeoutExpired):
        process.wait(random.uniform(0.05, 0.5))
    process.kill()
    out = finish(process)[1]
    return None if (folder / "state.json").read_bytes() == before else out


def is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def test_runs_report_each_event_once_and_lose_none(tmp_path: Path) -> None:
    random = seeded("watch")
    world = World(random)
    told: list[Happened] = []
    for turn in range(17):
        if turn:
            world.go_on()
        feed = world.feed()
        replace(tmp_path / "feed.jsonl", feed)
        if turn % 5 == 2:
            kill_at_the_feed(tmp_path, feed)
        elif turn % 5 == 3:
            kill_at_the_report(tmp_path)
        elif turn % 5 == 4 and (out := kill_at_a_moment(tmp_path, random)) is not None:
            assert sorted(reported(out)["new"]) == sorted(world.new)
            told += world.new
            world.told()
        count = 2 if turn % 3 == 0 else 1
        at_once = [start(*WATCH, cwd=tmp_path, program=client()) for _ in range(count)]
        ran = [finish(process) for process in at_once]
        found = [reported(out) for _, out, _ in ran]
        news = [happened for each in found for happened in each["new"]]
        assert sorted(news) == sorted(world.new), (turn, ran)
        for each in found:
            # Of two runs at once one reports all events as new; for the other they are open.
            known = world.open if each["new"] or not world.new else world.open | world.new
            assert sorted(each["open"]) == sorted(known)
        told += world.new
        world.told()
        assert {code for code, _, _ in ran} == {1 if world.open else 0}
        if turn % 4 == 1 and world.open:
            sku = random.choice(sorted(world.open))[0]
            world.acknowledge(sku)
            ack = (*WATCH[:1], *WATCH[2:], "--ack", sku)
            acked = program(*ack, cwd=tmp_path, program=client())
            assert sorted(reported(acked[1])["open"]) == sorted(world.open)
    assert len(told) > 25
    assert {name for _, name in told} == set(EVENTS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("feed.jsonl", "state.json", "state.json.lock")
    ]
