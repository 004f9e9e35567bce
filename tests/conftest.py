"""What tests share: the program, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple, Protocol

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

# The first example loads pandas and pyarrow, which no deadline can know.
settings.register_profile("aepromo", deadline=None)
settings.load_profile("aepromo")

# Tests read English, whatever the machine speaks.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("AEPROMO_LANG", None)


class Ran(NamedTuple):
    """What a run left: its exit code, standard output, and standard error."""

    code: int
    out: bytes
    err: str


class Run(Protocol):
    def __call__(self, *args: str | Path, stdin: bytes = b"") -> Ran: ...


@pytest.fixture(scope="session")
def run() -> Run:
    """The program with some arguments, in a process of its own."""

    def run(*args: str | Path, stdin: bytes = b"") -> Ran:
        command = [sys.executable, "-m", "aepromo", *map(str, args)]
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--repopulate",
        action="store_true",
        help="rewrite the expectations under tests/cases, for review as a diff",
    )
