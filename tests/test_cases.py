"""Commands and all that they print: ``cases/NAME/cmd`` is run by ``sh`` beside the case's files.

``expout``, ``experr`` and ``code`` hold standard output, standard error and the exit code.
``pytest --repopulate tests/test_cases.py`` rewrites them; what changed is then read as a diff.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/cmd"))
EXPECTED = ("expout", "experr", "code")


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[Path, Future[list[str]]]]:
    """What each chosen case's command prints; as many are run at a time as there are cores."""
    chosen = " ".join(item.name for item in request.session.items)
    programs = tmp_path_factory.mktemp("programs")
    program = programs / "aepromo"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m aepromo "$@"\n')
    program.chmod(0o755)

    def run(case: Path) -> list[str]:
        folder = tmp_path_factory.mktemp(case.name)
        hidden = shutil.ignore_patterns("cmd", *EXPECTED)
        shutil.copytree(case, folder, ignore=hidden, dirs_exist_ok=True)
        done = subprocess.run(
            ["sh", "-c", (case / "cmd").read_text()],
            cwd=folder,
            env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return [done.stdout.decode(), done.stderr.decode(), f"{done.returncode}\n"]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {case: pool.submit(run, case) for case in CASES if f"[{case.name}]" in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_prints_what_is_expected(
    case: Path, printed: dict[Path, Future[list[str]]], request: pytest.FixtureRequest
) -> None:
    found = dict(zip(EXPECTED, printed[case].result(), strict=True))
    if request.config.getoption("--repopulate"):
        for name, text in found.items():
            (case / name).write_bytes(text.encode())
    assert found == {name: (case / name).read_bytes().decode() for name in EXPECTED}


def test_there_are_cases() -> None:
    assert len(CASES) > 30
