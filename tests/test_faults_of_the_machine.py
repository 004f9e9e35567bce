"""Faults of the machine: exit code 70 and one line, never 1, which means findings."""

from __future__ import annotations

import os
import resource
import shutil
from typing import TYPE_CHECKING

import pytest
from processes import HEADER, cost_rows, program

if TYPE_CHECKING:
    from pathlib import Path

OLD = b"what stood here before\n"
ASKED = ("audit", "costs.csv", "-q", "--rejects", "bad.csv", "-o", "out.csv", "--fail-on", "never")
SAID = (
    "; a fault of the program or of this machine: to report it, send what this command prints with "
    "AEPROMO_DEBUG=1, and the output of aepromo doctor\n"
)
MEMORY = "aepromo: out of memory"
THREADS = "aepromo: RuntimeError: 'can't start new thread'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "costs.csv").write_text(HEADER + cost_rows(999) * 60)
    (tmp_path / "out.csv").write_bytes(OLD)
    return tmp_path


def limited(limit: str) -> tuple[str, ...]:
    return ("sh", "-c", f'ulimit {limit}; exec "$@"', "sh")


@pytest.mark.parametrize("megabytes", [60, 200, 360, 440, 480, 600])
def test_with_any_memory_limit_a_run_succeeds_or_prints_one_line(
    folder: Path, megabytes: int
) -> None:
    wrapper = limited(f"-v {megabytes << 10}")
    code, out, err = program(*ASKED, cwd=folder, wrapper=wrapper)
    told = [line for line in err.splitlines(keepends=True) if line.startswith("aepromo: ")]
    if code:
        assert (code, out) == (70, b"")
        assert [line[: len(MEMORY)] for line in told] == [MEMORY]
        assert told[0].endswith(SAID)
        assert (folder / "out.csv").read_bytes() == OLD
    else:
        assert told == []
        assert (folder / "out.csv").read_bytes().count(b"red, size") > 20_000
    assert code == 70 or megabytes > 400
    assert "Traceback" not in err
    assert {path.name for path in folder.iterdir()} <= {"costs.csv", "out.csv", "bad.csv"}


def test_a_one_liner_needs_no_more_memory_than_python(tmp_path: Path) -> None:
    call = ("list-price", "--target", "3.5", "--rate", "13.2%", "--value", "protected_list_price")
    ran = program(*call, cwd=tmp_path, wrapper=limited(f"-v {100 << 10}"))
    assert ran == (0, b"4.04\n", "")


@pytest.mark.parametrize("debug", ["", "0", "1"])
def test_the_traceback_is_shown_only_on_request(folder: Path, debug: str) -> None:
    more = {"LC_ALL": "C.UTF-8"} | ({"AEPROMO_DEBUG": debug} if debug else {})
    wrapper = limited(f"-v {200 << 10}")
    code, _, err = program(*ASKED, cwd=folder, wrapper=wrapper, env=more)
    assert code == 70
    assert err.endswith(MEMORY + SAID)
    assert err.startswith("Traceback (most recent call last):\n") == (debug == "1")
    assert (err.count("\n") == 1) == (debug != "1")


def test_a_fault_is_reported_in_chinese(folder: Path) -> None:
    wrapper = limited(f"-v {200 << 10}")
    code, _, err = program(*ASKED, "--lang", "zh", cwd=folder, wrapper=wrapper)
    assert (code, err.count("\n")) == (70, 1)
    assert err.startswith("aepromo: 内存不足")


def test_without_threads_it_ends_with_one_line(folder: Path) -> None:
    folder.chmod(0o777)
    wrapper: tuple[str, ...] = ()
    if os.geteuid() == 0:  # root has no such limit
        if not shutil.which("setpriv"):
            pytest.skip("root may start any number of threads, and there is no setpriv")
        kept = "+dac_override,+dac_read_search"
        user = ("setpriv", "--reuid", "65533", "--clear-groups")
        wrapper = (*user, f"--inh-caps={kept}", f"--ambient-caps={kept}")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))

    code, _, err = program(*ASKED, cwd=folder, wrapper=wrapper, preexec_fn=limit)
    told = [line for line in err.splitlines(keepends=True) if line.startswith("aepromo: ")]
    assert (code, told) == (70, [THREADS + SAID]), err
    assert "Traceback" not in err
    assert (folder / "out.csv").read_bytes() == OLD
