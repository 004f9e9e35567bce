"""Runs of every command, one after the other in one folder: good files and damaged ones, full disks
and kills.

Whatever happens to a run, the next finds the old files or the new ones, whole; nobody sees a
traceback, and once a run has come to its end nothing lies about. No row of a good file is lost.
"""

from __future__ import annotations

import csv
import errno
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from processes import ROOT, SETTINGS, UTF8

from fuzz.bytes import damaged
from fuzz.failures import failing_server

NOW = ("--now", "2026-03-10T09:00Z")
REJECTS, STATE = "bad.csv", "state.json"
WRITTEN = ("out.csv", "out.html", REJECTS, STATE)
READ = ("in.csv", "told", f"{STATE}.lock")
SKUS, BAD_ROWS = "quick-start/skus.csv", "erp-export/bad-rows.csv"


class Call(NamedTuple):
    """A call over one of the examples, and whether each of its rows is answered by one."""

    file: str
    command: tuple[str, ...]
    answers_rows: bool = True
    output: str = "out.csv"


CALLS = (
    Call(SKUS, ("reprice",)),
    Call(SKUS, ("reprice", "--spend-save", "every:30:3", "--basket", "any", "--lower")),
    Call(BAD_ROWS, ("reprice",)),
    Call(SKUS, ("audit",)),
    Call(SKUS, ("list-price",)),
    Call(SKUS, ("margin",)),
    Call(SKUS, ("commission",)),
    Call(SKUS, ("floor",)),
    Call(SKUS, ("breakeven", "--rate", "15%")),
    Call("forced-discount/forced.csv", ("forced",)),
    Call("price-protection/appeal.csv", ("appeal", "--store-level", "L4")),
    Call("reverse-promotion/reverse.csv", ("reverse",)),
    Call("parcels/tracking.csv", ("tracking", *NOW, "--timezone", "Asia/Shanghai")),
    Call("discount-feed/feed.csv", ("watch", *NOW, "--timezone", "UTC", "--state", STATE), False),
    Call("past-rates/orders.csv", ("rates",), False),
    Call(SKUS, ("check",), False),
    Call(SKUS, ("explain", "--sku", "00123"), False),
    Call(SKUS, ("sweep", "--to", "30%", "--step", "10%"), False),
    Call(SKUS, ("report", "--now", "2026-03-10"), False, "out.html"),
)
ENDS = {0: "killed", errno.ENOSPC: "full", errno.EIO: "broken"}
CODES = (0, 1, 2, 3, 70)
KILLED = -9
MOST_CALLS = 120
LONGEST_LINE = 2_000


class Ran(NamedTuple):
    """What is seen of a run: its exit code, messages and files."""

    code: int
    said: str
    files: dict[str, bytes]


@cache
def _folder() -> TemporaryDirectory[str]:
    return TemporaryDirectory()


def failure(seed: int, number: int) -> str:
    """Say what is wrong with two runs: one that may be disturbed, and one that comes to its end."""
    rng = Random(f"{seed}:{number}")  # noqa: S311 (no secrets)
    folder = Path(_folder().name)
    call = rng.choice(CALLS)
    example = (ROOT / "examples" / call.file).read_bytes()
    is_good = rng.random() < 0.6
    (folder / "in.csv").write_bytes(example if is_good else damaged(rng, example, [example]))
    (folder / STATE).unlink(missing_ok=True)
    before = _files(folder)
    error = rng.choice((None, *ENDS))
    first = _run(call, folder, None if error is None else rng.randrange(1, MOST_CALLS), error or 0)
    for name in (STATE, REJECTS):
        (folder / name).unlink(missing_ok=True)
    last = _run(call, folder)
    wrong = [*_wrong(first, error == 0), *_wrong(last, may_be_killed=False)]
    for name, data in first.files.items():
        if data not in (before.get(name), last.files.get(name)) and name != STATE:
            wrong.append(f"{name} is neither the old one nor the new")
    if is_good and call.answers_rows and (lost := _rows_lost(call, example, last)):
        wrong.append(f"{lost} rows are lost")
    wrong += [
        f"there is {path.name}" for path in folder.iterdir() if path.name not in (*WRITTEN, *READ)
    ]
    end = "left alone" if error is None else ENDS[error]
    return f"{' '.join(call.command)}, {end}: {wrong}" if wrong else ""


def _files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in WRITTEN if (folder / name).exists()}


def _run(call: Call, folder: Path, place: int | None = None, error: int = 0) -> Ran:
    rejects = ("--rejects", REJECTS) if call.answers_rows else ()
    arguments = [call.command[0], "in.csv", *call.command[1:], "-o", call.output, *rejects]
    env = SETTINGS | UTF8 | {"FAILING": f"{place or 1 << 40}:{error}:{folder / 'told'}"}
    code, _out, said = failing_server().run(arguments, folder, env, b"")
    return Ran(code, said, _files(folder))


def _wrong(ran: Ran, may_be_killed: bool) -> list[str]:
    """Problems of a run with its exit code and messages."""
    wrong = []
    if ran.code not in CODES and not (may_be_killed and ran.code == KILLED):
        wrong.append(f"exit code {ran.code}: {ran.said}")
    if "Traceback" in ran.said:
        wrong.append(ran.said)
    wrong += [line for line in ran.said.splitlines() if len(line) > LONGEST_LINE]
    return wrong


def _rows_lost(call: Call, example: bytes, ran: Ran) -> int:
    """How many rows of a file are neither answered nor set aside."""
    read, answered, aside = (
        max(0, len(list(csv.reader(data.decode("utf-8-sig").splitlines(keepends=True)))) - 1)
        for data in (example, ran.files[call.output], ran.files.get(REJECTS, b""))
    )
    return read - answered - aside
