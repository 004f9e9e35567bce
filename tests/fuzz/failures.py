"""Runs in which the n-th call that opens, reads, writes, renames, syncs or locks a file fails.

SQLite is tested in this way. Each run must leave the old files or the new ones complete, print one
line that says what is wrong, and leave no litter after the next run.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from forked import Server
from processes import ROOT, SETTINGS, UTF8, leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TESTS = Path(__file__).parent.parent
FILES = (
    *("quick-start/skus.csv", "discount-feed/feed.csv", "past-rates/orders.csv"),
    "erp-export/bad-rows.csv",
)
NOW = ("--now", "2026-03-10T09:00Z", "--timezone", "UTC")
CALLS = {
    "reprice": ("reprice", "bad-rows.csv", "-o", "out.csv", "--rejects", "bad.csv"),
    "watch": ("watch", "feed.csv", *NOW, "-o", "out.csv", "--state", "state.json"),
    "check": ("check", "skus.csv", "-o", "out.csv"),
    "rates": ("rates", "orders.csv", "-o", "out.csv"),
    "standard output": ("floor", "skus.csv"),
}
WRITTEN = ("out.csv", "bad.csv", "state.json")
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES)
FAULTS = (2, 3, 70)
NONE, LISTED = 0, -1
"""Instead of the number of a call: none fails; or none does, and all are listed."""
CHANGING = ("write", "rename", "unlink", "chmod", "fsync", "flock")
"""The calls that write files or standard output; ``write 2`` only says something."""


class Failed(NamedTuple):
    """A run in which a call failed: which call, and the results of the run.

    ``files`` are those that it should write, ``litter`` other files next to them.
    """

    call: str
    code: int
    out: bytes
    err: str
    files: dict[str, bytes]
    litter: list[str]


def has_compiler() -> bool:
    """Whether the library that lets calls fail can be compiled."""
    return shutil.which("cc") is not None and os.uname().sysname == "Linux"


@cache
def failing_server() -> Server:
    """Return the one server of this process whose runs may have a call that fails."""
    folder = TemporaryDirectory()
    library = Path(folder.name) / "failing.so"
    source = str(TESTS / "failing_calls.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    server = Server(library)
    folder.cleanup()  # it is loaded
    return server


def wrong_with(
    name: str, chosen: Callable[[list[str]], Iterable[int]], first_error: int = 0
) -> list[str]:
    """Problems of runs of a command in which one of its calls fails.

    ``chosen`` takes the calls of a good run, and gives the numbers of those that are to fail, from
    1.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for each in FILES:
            shutil.copy(ROOT / "examples" / each, folder)
        old, new = _good_runs(name, folder)
        found: list[str] = []
        _restore(folder, old)
        calls = _run(name, folder, LISTED).call.splitlines()
        for number, place in enumerate(chosen(calls), first_error):
            _restore(folder, old)
            ran = _run(name, folder, place, ERRORS[number % len(ERRORS)])
            said = judged(ran, old, new) if ran.call else ["is not made again"]
            if ran.litter:
                _run(name, folder)
                said += [f"{each} is left over" for each in leftovers(folder)]
            found += [f"{name}: call {place}, {ran.call}: {each}" for each in said]
    return found


def _good_runs(name: str, folder: Path) -> tuple[dict[str, bytes], Failed]:
    """The files of an earlier run, and the results of a good run."""
    old = _run(name, folder).files
    old |= {each: b"what stood here before\n" for each in old if each != "state.json"}
    _restore(folder, old)
    return old, _run(name, folder)


def _restore(folder: Path, files: dict[str, bytes]) -> None:
    for name in WRITTEN:
        (folder / name).unlink(missing_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def _run(name: str, folder: Path, place: int = NONE, error: int = errno.EIO) -> Failed:
    told = folder / "told"
    env = SETTINGS | UTF8 | {"FAILING": f"{place}:{error}:{told}"}
    code, out, err = failing_server().run([*CALLS[name]], folder, env, b"")
    files = {each: (folder / each).read_bytes() for each in WRITTEN if (folder / each).exists()}
    return Failed(told.read_text().strip(), code, out, err, files, leftovers(folder))


def judged(ran: Failed, old: dict[str, bytes], new: Failed) -> list[str]:
    """Problems of a run with a failed call: its files, exit code, output and messages."""
    wrong = []
    is_silenced = ran.call == "write 2"
    if ran.files.keys() != new.files.keys():
        wrong.append(f"there are {', '.join(ran.files)}")
    wrong += [
        f"{name} is neither the old one nor the new"
        for name, data in ran.files.items()
        if data not in (old[name], new.files[name])
    ]
    if ran.code == new.code:
        if (ran.files, ran.out) != (new.files, new.out):
            wrong.append(f"ended well with other results: {ran.err}")
    elif ran.code not in FAULTS:
        wrong.append(f"exit code {ran.code}: {ran.err}")
    elif not (is_silenced or (ran.err.splitlines() or [""])[-1].startswith("aepromo: ")):
        wrong.append(f"said {ran.err}")
    if "Traceback" in ran.err or ran.err.count("aepromo: ") > 1:
        wrong.append(f"said {ran.err}")
    if ran.code == new.code and ran.call.startswith("fsync"):
        wrong.append("ended well, though what it wrote may not be on the disk")
    return wrong


def changing_and_every(nth: int, calls: list[str]) -> list[int]:
    """The numbers of all calls that change something, and of every n-th of the others, from 1."""
    changing = [
        number
        for number, call in enumerate(calls, 1)
        if call.startswith(CHANGING) and call != "write 2"
    ]
    others = [number for number in range(1, 1 + len(calls)) if number not in changing]
    return [*changing, *others[::nth]]


def failure(seed: int, number: int) -> str:
    """Return what is wrong with the runs of one command in which every seventh call fails.

    35 cases in a row go through every call of every command.
    """
    name = list(CALLS)[number % len(CALLS)]
    first = 1 + number // len(CALLS) % 7
    wrong = wrong_with(name, lambda calls: range(first, 1 + len(calls), 7), seed + number)
    return "\n".join(wrong)
