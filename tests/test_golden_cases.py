"""Commands and their complete output: ``sh`` runs ``cases/NAME/cmd`` in the case's folder.

``expout``, ``experr`` and ``code`` hold standard output, standard error and the exit code.
``pytest --repopulate tests/test_golden_cases.py`` rewrites them; read the changes as a diff.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from forked import shim

CASES = sorted(path.parent for path in Path(__file__).parent.glob("cases/*/cmd"))
EXPECTED = ("expout", "experr", "code")


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the PATH, in which the program is ``aepromo``."""
    return shim(tmp_path_factory.mktemp("programs")).parent


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_command_prints_what_is_expected(
    case: Path, programs: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    hidden = shutil.ignore_patterns("cmd", *EXPECTED)
    shutil.copytree(case, tmp_path, ignore=hidden, dirs_exist_ok=True)
    done = subprocess.run(
        ["sh", "-c", (case / "cmd").read_text()],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    printed = (done.stdout.decode(), done.stderr.decode(), f"{done.returncode}\n")
    found = dict(zip(EXPECTED, printed, strict=True))
    if request.config.getoption("--repopulate"):
        for name, text in found.items():
            (case / name).write_bytes(text.encode())
    assert found == {name: (case / name).read_bytes().decode() for name in EXPECTED}


def test_there_are_cases() -> None:
    assert len(CASES) > 30
