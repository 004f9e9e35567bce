"""All tests run the same code: every process imports the package that this one does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import forked
import pytest
from bench.run import AEPROMO
from bench.test_bench import bench
from conftest import pytest_report_header
from picture import at_terminal
from processes import IS_TREE, PACKAGE, ROOT, program, shim
from test_cron import CRON

import aepromo

if TYPE_CHECKING:
    from collections.abc import Callable

CALL = ("floor", "--purchase", "8")
VERBOSE = {"PYTHONVERBOSE": "1", "LC_ALL": "C.UTF-8"}


def imported(said: str) -> Path:
    """The package's folder in the output of a verbose interpreter."""
    found = re.findall(r"matches (\S+)/__init__\.py", said)
    return next(Path(each) for each in found if Path(each).name == "aepromo")


def of_a_process(folder: Path) -> Path:
    return imported(program(*CALL, cwd=folder, env=VERBOSE)[2])


def of_a_fork(_folder: Path) -> Path:
    return forked.server().package


def of_a_terminal(folder: Path) -> Path:
    return imported(at_terminal(f"PYTHONVERBOSE=1 aepromo {' '.join(CALL)}", folder, "dumb")[0])


def of_cron(folder: Path) -> Path:
    return imported(_said([str(shim(folder)), *CALL], folder, CRON | VERBOSE))


def of_the_benchmark(_folder: Path) -> Path:
    return imported(bench("--help", **VERBOSE).stderr)


def of_the_benchmarks_programs(folder: Path) -> Path:
    if not Path(AEPROMO).exists():
        pytest.skip("there is no command aepromo beside the interpreter")
    return imported(_said([AEPROMO, *CALL], folder, os.environ | VERBOSE))


def of_a_script(folder: Path) -> Path:
    (folder / "script.py").write_text("import aepromo\n")
    return imported(_said([sys.executable, "script.py"], folder, os.environ | VERBOSE))


def _said(command: list[str], folder: Path, env: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
    return done.stderr


@pytest.mark.parametrize(
    "package_of",
    [
        *(of_a_process, of_a_fork, of_a_terminal, of_cron, of_a_script),
        *(of_the_benchmark, of_the_benchmarks_programs),
    ],
    ids=lambda each: each.__name__,
)
def test_a_process_imports_the_package_of_the_tests(
    package_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    assert package_of(tmp_path) == PACKAGE == Path(aepromo.__file__).parent


def test_the_header_says_which_code_is_tested() -> None:
    said = pytest_report_header()
    assert said.startswith(f"aepromo: {PACKAGE} (")
    assert ("the tree" in said) == IS_TREE == (PACKAGE.parent == ROOT)
