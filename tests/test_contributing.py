"""CONTRIBUTING.md: each recipe works as written, applied to a copy of the tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from processes import PACKAGE, PYTHON, ROOT, SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SET_UP = "Set up and test"  # makes environments, which .ci/run tests
RECIPES = [name for name, text in SECTIONS.items() if "```sh" in text and name != SET_UP]
COPIED = (
    PACKAGE,
    *(ROOT / name for name in ("tests", "examples", ".ci", ".github")),
    *(ROOT / name for name in ("pyproject.toml", "README.md", "CHANGELOG.md")),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what a recipe changes, with the package under test, and the commands it calls."""
    for path in COPIED:
        if path.is_dir():
            passed_over = shutil.ignore_patterns("cases", "nasty")
            shutil.copytree(path, tmp_path / path.name, ignore=passed_over)
        else:
            shutil.copy(path, tmp_path)
    commands = tmp_path / ".commands"
    commands.mkdir()
    for name, called in (("python", [sys.executable]), ("aepromo", [*PYTHON, "-m", "aepromo"])):
        (commands / name).write_text(f'#!/bin/sh\nexec {" ".join(called)} "$@"\n')
        (commands / name).chmod(0o755)
    return tmp_path


def said(command: str | list[str], tree: Path, text: str = "") -> str:
    """Run a command in the copy and return its output of both streams; it must succeed."""
    path = f"{tree / '.commands'}{os.pathsep}{os.environ['PATH']}"
    env = SETTINGS | {
        "PATH": path,
        "PYTHONPATH": str(tree),
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        # A failure before a pipe also counts.
        "SHELLOPTS": "pipefail",
    }
    line = ["bash", "-e", "-c", command] if isinstance(command, str) else command
    done = subprocess.run(
        line,
        cwd=tree,
        env=env,
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works(name: str, tree: Path) -> None:
    for kind, text in BLOCK.findall(SECTIONS[name]):
        if kind == "diff":
            said(["git", "apply", "-"], tree, text)
        elif kind == "sh":
            said(text, tree)
        elif kind == "console":
            for command, printed in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
                assert said(command, tree) == printed, command


def test_every_section_about_adding_something_is_a_recipe() -> None:
    assert {name for name in SECTIONS if name.startswith(("Add ", "Change "))} <= {*RECIPES}
    assert len(RECIPES) >= 7
    links = re.findall(r"^- \[(.+)\]\(#(.+)\)$", PAGE, re.MULTILINE)
    assert [text for text, _link in links] == list(SECTIONS)
    for text, link in links:
        assert re.sub(r"[^\w-]", "", text.lower().replace(" ", "-")) == link


def test_every_named_path_exists() -> None:
    paths = re.findall(r"`((?:aepromo|tests|\.ci)/[\w./-]*)`", PAGE)
    assert len(paths) > 20
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_named_pytest_option_and_extra_exists() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extra in ("dev", "lint", "bench"):
        assert f"{extra}" in "".join(re.findall(r"\.\[([\w,]+)\]", PAGE))
        assert re.search(rf"^{extra} = \[", project, re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in ("ruff check .", "ruff format --check .", "mypy"):
        assert command in script
        assert command in PAGE
