"""Interrupted runs and full disks: a file is the old one or the new one, without leftovers."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from forked import client
from processes import (
    BLOCK,
    HEADER,
    cost_rows,
    finish,
    leftovers,
    program,
    seeded,
    start,
    wait_until,
    without_privileges,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD = "what stood here before, 原样\n".encode() * 500
ROWS, LONG = 4_000, 30_000
ASKED = ("reprice", "costs.csv", "--quiet", "--rejects", "bad.csv", "-o", "new.csv")
LIMIT = 100 * 1024
"""The largest file that a limited run may write; less than any output here."""


class Answered(NamedTuple):
    """A cost file, and the output, the rejects and the seconds of an uninterrupted run over it."""

    costs: str
    new: bytes
    bad: bytes
    seconds: float


def answered_in(folder: Path, rows: int) -> Answered:
    costs = HEADER + cost_rows(rows)
    (folder / "costs.csv").write_text(costs, encoding="utf-8")
    began = time.monotonic()
    code, _, said = program(*ASKED, cwd=folder)
    seconds = time.monotonic() - began
    assert code == 0, said
    new, bad = ((folder / name).read_bytes() for name in ("new.csv", "bad.csv"))
    assert new.count(b'\n""new"",') + new.count(b'\n""new""",') > rows // 8
    assert bad.count(b"\n") > rows // 1_000
    return Answered(costs, new, bad, seconds)


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    """A cost file with some bad rows, and its answer."""
    return answered_in(tmp_path_factory.mktemp("short"), ROWS)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    """A cost file that takes much longer to reprice than a kill, and its answer."""
    return answered_in(tmp_path_factory.mktemp("long"), LONG)


@pytest.fixture
def folder(answered: Answered, tmp_path: Path) -> Path:
    """A folder with the cost file and outputs of an earlier run."""
    (tmp_path / "costs.csv").write_text(answered.costs, encoding="utf-8")
    (tmp_path / "new.csv").write_bytes(OLD)
    (tmp_path / "bad.csv").write_bytes(OLD)
    return tmp_path


def forked(*args: str | Path, cwd: Path, **more: Any) -> tuple[int, bytes, str]:
    """Run the program to its end where it doesn't matter how it starts."""
    return program(*args, cwd=cwd, program=client(), **more)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def only_the_files(folder: Path) -> bool:
    return names(folder) <= {"costs.csv", "new.csv", "bad.csv"}


def test_a_killed_run_leaves_the_old_file_or_the_new_one(folder: Path, long: Answered) -> None:
    _, new, bad, seconds = long
    (folder / "costs.csv").write_text(long.costs, encoding="utf-8")
    random = seeded(4)
    seen: Counter[str] = Counter()
    for number in range(6):
        (folder / "new.csv").write_bytes(OLD)
        (folder / "bad.csv").write_bytes(OLD)
        process = start(*ASKED, cwd=folder)
        if number % 3:
            # Most of a short run is loading; it is more useful to kill it while it writes.
            wait_until(lambda: leftovers(folder), process)
        try:
            process.wait(random.uniform(0, seconds / (4 if number % 3 else 1)))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        written, rejected = (folder / "new.csv").read_bytes(), (folder / "bad.csv").read_bytes()
        assert written in (OLD, new)
        assert rejected in (OLD, bad)
        assert written == new or rejected == OLD
        seen["new" if written == new else "old"] += 1
        seen["killed at work"] += bool(leftovers(folder))
    assert seen["old"] >= 2
    assert seen["killed at work"] >= 2, seen
    assert program(*ASKED, cwd=folder)[0] == 0
    assert ((folder / "new.csv").read_bytes(), (folder / "bad.csv").read_bytes()) == (new, bad)
    assert names(folder) == {"costs.csv", "new.csv", "bad.csv"}


def test_the_unfinished_file_of_another_run_is_left_alone(folder: Path) -> None:
    first = start("reprice", "-", "-q", "-o", "new.csv", cwd=folder, stdin=subprocess.PIPE)
    assert first.stdin is not None
    text = (HEADER + cost_rows(999) * 55).encode()
    first.stdin.write(text[: BLOCK + 1])
    wait_until(lambda: leftovers(folder), first)
    assert forked(*ASKED, cwd=folder)[0] == 0
    assert len(leftovers(folder)) == 1
    code, _, said = finish_with(first, text[BLOCK + 1 :])
    assert (code, said) == (0, "")
    assert (folder / "new.csv").read_bytes().count(b"red, size") >= 999 * 27
    assert only_the_files(folder)


def finish_with(process: subprocess.Popen[bytes], rest: bytes) -> tuple[int, bytes, str]:
    out, err = process.communicate(rest, timeout=120)
    return process.returncode, out, err.decode()


def starved() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_a_file_that_grows_too_large_leaves_the_old_one(folder: Path, ending: str) -> None:
    target = f"new.{ending}"
    (folder / target).write_bytes(OLD)
    ran = program(*ASKED[:-1], target, cwd=folder, preexec_fn=starved)
    assert ran[0] == 2
    assert ran[2].splitlines()[-1] == f"aepromo: {target}: can't be written: File too large"
    assert (folder / target).read_bytes() == OLD
    assert (folder / "bad.csv").read_bytes() == OLD
    assert leftovers(folder) == []


def test_rejects_that_grow_too_large_leave_both_old_files(folder: Path) -> None:
    asked = ("reprice", "-", "-q", "--rejects", "bad.csv", "-o", "new.csv")
    with (folder / "costs.csv").open("w") as file:
        file.write(HEADER + "A-1,title,8,3,20\n" + "A-2,title,8,free,20\n" * 10_000)
    with (folder / "costs.csv").open("rb") as stdin:
        ran = program(*asked, cwd=folder, stdin=stdin, preexec_fn=starved)
    assert ran[0] == 2
    assert ran[2].splitlines()[-1] == "aepromo: bad.csv: can't be written: File too large"
    assert (folder / "new.csv").read_bytes() == OLD
    assert (folder / "bad.csv").read_bytes() == OLD
    assert leftovers(folder) == []


@pytest.mark.parametrize(("form", "unbuffered"), [("csv", "1"), ("jsonl", "")])
def test_standard_output_that_cannot_take_all_is_a_failure(
    folder: Path, form: str, unbuffered: str
) -> None:
    with (folder / "new.csv").open("wb") as stdout:
        ran = program(
            *("reprice", "costs.csv", "--quiet", "--rejects", "bad.csv", "--format", form),
            cwd=folder,
            stdout=stdout,
            env={"PYTHONUNBUFFERED": unbuffered},
            preexec_fn=starved,
        )
    assert ran[0] == 2
    line = "aepromo: standard output can't be written: File too large"
    assert ran[2].splitlines()[-1] == line
    assert (folder / "bad.csv").read_bytes() == OLD
    assert leftovers(folder) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 200 KB with an output of an earlier run, if this user may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "none", disk], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk may be mounted here: {mounted.stderr.decode().strip()}")
    (disk / "new.csv").write_bytes(OLD)
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_the_old_file(folder: Path, small_disk: Path) -> None:
    ran = forked(*ASKED[:-1], "disk/new.csv", cwd=folder)
    assert ran[0] == 2
    said = "aepromo: disk/new.csv: can't be written: No space left on device"
    assert ran[2].splitlines()[-1] == said
    assert (small_disk / "new.csv").read_bytes() == OLD
    assert names(small_disk) == {"new.csv"}
    assert (folder / "bad.csv").read_bytes() == OLD


def test_rejects_on_a_full_disk_leave_both_old_files(folder: Path, small_disk: Path) -> None:
    with (folder / "costs.csv").open("a") as file:
        file.write("A-2,title,8,free,20\n" * 10_000)
    ran = forked(*ASKED[:-3], "disk/new.csv", "-o", "new.csv", cwd=folder)
    assert ran[0] == 2
    said = "aepromo: disk/new.csv: can't be written: No space left on device"
    assert ran[2].splitlines()[-1] == said
    assert (small_disk / "new.csv").read_bytes() == OLD
    assert names(small_disk) == {"new.csv"}
    assert (folder / "new.csv").read_bytes() == OLD


SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_signal_ends_a_run_that_waits_for_its_input(
    folder: Path, number: signal.Signals, code: int
) -> None:
    process = start(*ASKED[:1], "-", *ASKED[2:], cwd=folder, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write((HEADER + cost_rows(999) * 55).encode()[: BLOCK + 1])
    wait_until(lambda: len(leftovers(folder)) == 2, process)
    process.send_signal(number)
    assert finish(process) == (code, b"", "")
    assert (folder / "new.csv").read_bytes() == OLD
    assert (folder / "bad.csv").read_bytes() == OLD
    assert only_the_files(folder)


@pytest.mark.parametrize(("number", "code"), SIGNALS[:2])
def test_a_signal_ends_a_run_at_any_moment(
    folder: Path, long: Answered, number: signal.Signals, code: int
) -> None:
    _, new, _, seconds = long
    (folder / "costs.csv").write_text(long.costs, encoding="utf-8")
    random = seeded(number)
    ended = 0
    for _ in range(4):
        (folder / "new.csv").write_bytes(OLD)
        process = start(*ASKED, cwd=folder)
        wait_until(lambda process=process: catches(process, signal.SIGTERM), process)  # type: ignore[misc]
        try:
            process.wait(random.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        returned, _, said = finish(process)
        # Once Python exits, after all is written, a signal has its default effect.
        assert returned in (code, 0, -number)
        assert "Traceback" not in said
        assert "KeyboardInterrupt" not in said
        assert (folder / "new.csv").read_bytes() in ((OLD, new) if returned == code else (new,))
        assert only_the_files(folder)
        ended += returned == code
    assert ended >= 2


def test_a_signal_ends_a_run_whose_parent_ignores_it(folder: Path) -> None:
    """So the tests also work if their parent ignores a hangup."""
    heard = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        test_a_signal_ends_a_run_that_waits_for_its_input(folder, signal.SIGHUP, 129)
    finally:
        signal.signal(signal.SIGHUP, heard)


def catches(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    """Whether a process already handles a signal itself."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("only Linux tells which signals a process handles")
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_an_ignored_signal_stays_ignored(folder: Path) -> None:
    def deaf() -> None:
        for number, _ in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    asked = ("reprice", "-", "-q", "-o", "new.csv")
    process = start(*asked, cwd=folder, stdin=subprocess.PIPE, preexec_fn=deaf)
    assert process.stdin is not None
    text = (HEADER + cost_rows(999) * 55).encode()
    process.stdin.write(text[: BLOCK + 1])
    wait_until(lambda: leftovers(folder), process)
    for number, _ in SIGNALS:
        process.send_signal(number)
    assert finish_with(process, text[BLOCK + 1 :]) == (0, b"", "")
    assert (folder / "new.csv").read_bytes().count(b"size") == 999 * 55


@pytest.mark.parametrize(
    ("change", "rejects"),
    [
        *(("shrinks", False), ("grows", True), ("is emptied", False)),
        *(("turns to NUL bytes", False), ("turns to NUL bytes", True)),
    ],
)
def test_an_input_that_changes_while_it_is_read(folder: Path, change: str, rejects: bool) -> None:
    text = (HEADER + cost_rows(999) * 55).encode()
    aside = ("--rejects", "bad.csv") if rejects else ()
    asked = ("reprice", "costs.csv", "--quiet", "-o", "new.csv", *aside)
    (folder / "costs.csv").write_bytes(text)
    process = start(*asked, cwd=folder, program=client())
    wait_until(lambda: leftovers(folder), process)
    if change == "grows":
        with (folder / "costs.csv").open("ab") as file:
            file.write(cost_rows(999).encode() * 20)
    elif change == "is emptied":
        os.truncate(folder / "costs.csv", 0)
    else:
        os.truncate(folder / "costs.csv", seeded(change).randrange(BLOCK, len(text)))
        if change == "turns to NUL bytes":
            os.truncate(folder / "costs.csv", len(text))
    code, _, said = finish(process)
    assert code == 0 if change == "grows" else code in (0, 3), said
    assert "Traceback" not in said
    lines = said.splitlines()
    assert [line for line in lines if not line.startswith(("aepromo: ", "costs.csv:"))] == []
    written = (folder / "new.csv").read_bytes()
    if code:
        assert lines
        assert written == OLD
    else:
        assert written.endswith((b",ok\n", b",loss\n", b",below_target\n"))
        assert written.count(b"size") <= 999 * (75 if change == "grows" else 55)
    assert only_the_files(folder)


def test_a_file_may_be_replaced_by_its_own_answer(folder: Path, answered: Answered) -> None:
    asked = (*ASKED[:-1], "costs.csv")
    for _ in range(2):
        assert forked(*asked, cwd=folder)[0] == 0
        assert (folder / "costs.csv").read_bytes() == answered.new
        assert only_the_files(folder)


def test_standard_input_may_be_the_file_that_is_replaced(folder: Path, answered: Answered) -> None:
    with (folder / "costs.csv").open("rb") as stdin:
        asked = ("reprice", "-", *ASKED[2:-1], "costs.csv")
        assert forked(*asked, cwd=folder, stdin=stdin)[0] == 0
    assert (folder / "costs.csv").read_bytes() == answered.new


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("missing/new.csv", "No such file or directory"),
        ("costs.csv/new.csv", "Not a directory"),
        ("bad.csv/deeper/new.csv", "Not a directory"),
        (".", "Is a directory"),
        ("/proc/new.csv", "No such file or directory"),
        ("新" * 90, "File name too long"),
    ],
    ids=["missing", "below a file", "deep below a file", "a folder", "a system", "a long name"],
)
@pytest.mark.parametrize("option", ["-o", "--rejects"])
def test_a_place_that_cannot_be_written_is_named(
    folder: Path, option: str, target: str, reason: str
) -> None:
    before = (folder / "costs.csv").read_bytes()
    code, out, said = forked("reprice", "costs.csv", "-q", option, target, cwd=folder)
    assert (code, out) == (2, b"")
    assert said == f"aepromo: {target}: can't be written: {reason}\n"
    assert (folder / "costs.csv").read_bytes() == before
    assert only_the_files(folder)


def test_a_folder_that_is_read_only_keeps_the_old_file(folder: Path) -> None:
    kept = folder / "kept"
    kept.mkdir()
    (kept / "new.csv").write_bytes(OLD)
    kept.chmod(0o555)
    ran = program(*ASKED[:-1], "kept/new.csv", cwd=folder, wrapper=without_privileges())
    kept.chmod(0o755)
    assert ran[0] == 2
    assert ran[2] == "aepromo: kept/new.csv: can't be written: Permission denied\n"
    assert (kept / "new.csv").read_bytes() == OLD
    assert names(kept) == {"new.csv"}


def test_a_folder_without_read_permission_can_be_written(folder: Path, answered: Answered) -> None:
    letter_box = folder / "letter-box"
    letter_box.mkdir(0o333)
    target = "letter-box/new.csv"
    ran = program(*ASKED[:-1], target, cwd=folder, wrapper=without_privileges())
    letter_box.chmod(0o755)
    assert ran[0] == 0
    assert (folder / target).read_bytes() == answered.new


def test_a_long_chinese_name_leaves_room_for_the_temporary_file(
    folder: Path, answered: Answered
) -> None:
    target = "新" * 83 + ".csv"  # 253 bytes of the 255 that a name may have
    assert forked(*ASKED[:-1], target, cwd=folder)[0] == 0
    assert (folder / target).read_bytes() == answered.new


def test_the_new_file_has_the_old_ones_permissions(folder: Path) -> None:
    (folder / "new.csv").chmod(0o640)
    (folder / "bad.csv").unlink()
    assert program(*ASKED, cwd=folder, umask=0o027)[0] == 0
    modes = [(folder / name).stat().st_mode & 0o777 for name in ("new.csv", "bad.csv")]
    assert modes == [0o640, 0o640]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_new_file_has_the_old_ones_owner_and_no_setuid(folder: Path) -> None:
    os.chown(folder / "new.csv", 4321, 8765)
    (folder / "new.csv").chmod(0o6754)
    assert forked(*ASKED, cwd=folder)[0] == 0
    status = (folder / "new.csv").stat()
    assert (status.st_uid, status.st_gid, oct(status.st_mode & 0o7777)) == (4321, 8765, "0o754")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_file_whose_owner_cannot_be_kept_is_still_written(folder: Path) -> None:
    os.chown(folder / "new.csv", 4321, 8765)
    kept = "-chown"
    wrapper = ["setpriv", f"--bounding-set={kept}", f"--inh-caps={kept}"]
    assert program(*ASKED, cwd=folder, wrapper=wrapper)[0] == 0
    assert (folder / "new.csv").stat().st_uid == os.geteuid()
    assert (folder / "new.csv").read_bytes() != OLD


def test_a_link_stays_one_and_its_file_is_replaced(folder: Path, answered: Answered) -> None:
    (folder / "link.csv").symlink_to("new.csv")
    assert forked(*ASKED[:-1], "link.csv", cwd=folder)[0] == 0
    assert (folder / "link.csv").is_symlink()
    assert (folder / "new.csv").read_bytes() == answered.new


CLASHES = {
    "--rejects and the input are the same file": [
        "aepromo reprice costs.csv --rejects costs.csv",
        "aepromo reprice costs.csv --rejects ./costs.csv -o new.csv",
        "aepromo reprice - --rejects costs.csv -o new.csv < costs.csv",
        "aepromo reprice costs.csv --rejects link.csv -o new.csv",
    ],
    "--rejects and --output are the same file": [
        "aepromo reprice costs.csv --rejects new.csv -o new.csv",
        "aepromo reprice costs.csv --rejects unborn.csv -o ./unborn.csv",
    ],
    "--rejects and standard output are the same file": [
        "aepromo reprice costs.csv --rejects new.csv >> new.csv",
        "aepromo reprice costs.csv --rejects bad.csv -o - >> bad.csv",
    ],
    "standard output is the input file; write to it with --output": [
        "aepromo reprice costs.csv >> costs.csv",
        "aepromo reprice - < costs.csv >> costs.csv",
    ],
    "--rejects -: name a file; standard output is for the good rows": [
        "aepromo reprice costs.csv --rejects -",
    ],
}


@pytest.mark.parametrize(
    ("command", "said"),
    [(command, said) for said, commands in CLASHES.items() for command in commands],
)
def test_two_outputs_to_the_same_file_are_refused(folder: Path, command: str, said: str) -> None:
    (folder / "link.csv").symlink_to("costs.csv")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    shell = ("sh", "-c", command.replace("aepromo", '"$@"', 1), "sh")
    code, _, err = forked(cwd=folder, wrapper=shell)
    assert (code, err) == (2, f"aepromo: {said}\n")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
