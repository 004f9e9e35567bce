"""Help: commands and options in panels, and an example of each command that works as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest
from forked import program
from processes import ROOT

from aepromo.cli import COMMANDS, PANELS
from aepromo.cli.examples import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

WIDE = {"LC_ALL": "C.UTF-8", "COLUMNS": "120"}


def help_of(*arguments: str, cwd: Path) -> str:
    code, out, err = program(*arguments, "--help", cwd=cwd, env=WIDE)
    assert (code, err) == (0, "")
    return out.decode()


def panels(text: str) -> list[str]:
    return re.findall(r"^╭─ (.+?) ─+╮$", text, re.MULTILINE)


def test_commands_stand_in_panels(tmp_path: Path) -> None:
    text = help_of(cwd=tmp_path)
    assert panels(text) == ["Options", *PANELS]
    for command in COMMANDS:
        assert re.search(rf"^│ {command} ", text, re.MULTILINE), command


def test_every_command_has_an_example() -> None:
    assert EXAMPLES.keys() == set(COMMANDS)
    for command, call in EXAMPLES.items():
        assert call.startswith(f"aepromo {command} "), call


@pytest.mark.parametrize("command", COMMANDS)
def test_help_groups_options_and_ends_with_the_example(command: str, tmp_path: Path) -> None:
    text = help_of(command, cwd=tmp_path)
    assert text.rstrip().endswith(f"Example: {EXAMPLES[command]}")
    assert {"Input", "Output"} <= set(panels(text))


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_works_as_it_stands(command: str, tmp_path: Path) -> None:
    for file in (ROOT / "examples").glob("*/*.*"):
        shutil.copy(file, tmp_path)
    before = {file.name for file in tmp_path.iterdir()}
    _, *arguments = shlex.split(EXAMPLES[command])
    code, out, err = program(*arguments, cwd=tmp_path)
    assert code == 0, err
    written = {file.name for file in tmp_path.iterdir()} - before
    assert out or written
