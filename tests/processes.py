"""Start the program as a process that a test can stop, signal, kill or limit.

Importing this module decides which code is tested: the package that ``import aepromo`` finds here.
Every process that a test starts finds the same one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import aepromo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROOT = Path(__file__).parent.parent
PACKAGE = Path(aepromo.__file__).parent
"""The package under test: that of the tree, or the one that is installed."""
IS_TREE = PACKAGE.parent == ROOT
if IS_TREE:
    _paths = [str(ROOT), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(_paths))

# -P keeps the working directory, which may be the tree, out of the path.
PYTHON = (sys.executable, "-P")
PROGRAM = (*PYTHON, "-m", "aepromo")
# A user's settings change what the program does, so only these are passed on.
KEPT = ("HOME", "LD_LIBRARY_PATH", "PATH", "PYTHONPATH")
SETTINGS = {name: os.environ[name] for name in KEPT if name in os.environ}
UTF8 = {"LC_ALL": "C.UTF-8"}
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals that end the program."""
BLOCK = 2 << 20
"""The size of a read: so much must have been sent for the work to begin."""


def start(
    *args: str | Path,
    cwd: Path,
    wrapper: Iterable[str] = (),
    program: Iterable[str] = PROGRAM,
    env: dict[str, str] | None = None,
    **more: Any,
) -> subprocess.Popen[bytes]:
    """Start the program in a folder; its streams are pipes unless said otherwise.

    It handles the signals that end it, even where whoever runs the tests ignores them, as ``nohup``
    and a shell's background jobs do.
    """
    if any(signal.getsignal(number) is signal.SIG_IGN for number in ENDING):
        more.setdefault("preexec_fn", _heed_signals)
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [*wrapper, *program, *map(str, args)],
        cwd=cwd,
        env=SETTINGS | (UTF8 if env is None else env),
        **{**streams, **more},
    )


def _heed_signals() -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_DFL)


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, str]:
    """Wait for a process to end; return its exit code, standard output and standard error."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out or b"", (err or b"").decode()


def program(*args: str | Path, cwd: Path, **more: Any) -> tuple[int, bytes, str]:
    """Run the program to its end."""
    return finish(start(*args, cwd=cwd, **more))


def shim(folder: Path) -> Path:
    """Write a command ``aepromo`` into a folder, for shells; it finds the package anywhere."""
    command = folder / "aepromo"
    paths = shlex.quote(os.environ.get("PYTHONPATH", ""))
    command.write_text(f'#!/bin/sh\nPYTHONPATH={paths} exec {shlex.join(PROGRAM)} "$@"\n')
    command.chmod(0o755)
    return command


def wait_until(happened: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Wait for something to happen, or for the process to end first."""
    while process.poll() is None and not happened():
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.001)


def leftovers(folder: Path) -> list[str]:
    """The temporary files in a folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def seeded(seed: int | str) -> Random:
    """Random numbers that are the same in every run of the tests."""
    return Random(seed)  # noqa: S311 (no secrets)


def cost_rows(rows: int) -> str:
    """Lines of a cost file; in every seventh row a quoted line end, every thousandth is bad."""
    return "".join(
        f'{row:08d},"{"红色" if row % 2 else "red"}, size {row % 9}{_cut(row)}",'
        f"{_cents(100 + row * 37 % 9_000)},{_cents(row * 11 % 900) if row % 1_000 else 'free'},"
        f"{_cents(9_000 + row * 53 % 90_000)}\n"
        for row in range(1, rows + 1)
    )


HEADER = "sku,title,purchase_price,logistics_cost,list_price\n"


def _cut(row: int) -> str:
    return "" if row % 7 else '\n""new""'


def _cents(amount: int) -> str:
    return f"{amount // 100}.{amount % 100:02d}"


def without_privileges() -> list[str]:
    """Return a wrapper that makes permissions count for root too; skip where there is none."""
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv to take that away")
    kept = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={kept}", f"--inh-caps={kept}"]
