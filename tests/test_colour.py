"""When a table is in colour: ``--color``, ``NO_COLOR``, ``FORCE_COLOR``, a terminal."""

from __future__ import annotations

from pathlib import Path

import forked
import pytest
from picture import at_terminal
from processes import SETTINGS, UTF8

ONE = ("reprice", "--price", "12", "--purchase", "8", "--logistics", "3", "--format", "table")
YELLOW = "\x1b[1;33m"  # the colour of a raise


@pytest.mark.parametrize(
    ("options", "env", "is_coloured"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": ""}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "auto"), {}, False),
    ],
)
def test_a_table_in_a_pipe(
    options: tuple[str, ...], env: dict[str, str], is_coloured: bool
) -> None:
    settings = SETTINGS | UTF8 | env
    words = (*ONE, "--quiet", *options)
    code, out, _ = forked.program(*words, cwd=Path.cwd(), env=settings, stdin=b"")
    assert code == 0
    assert (YELLOW in out.decode()) == is_coloured
    assert ("\x1b" in out.decode()) == is_coloured


@pytest.mark.parametrize(
    ("options", "is_coloured"), [("", True), ("--color never", False), ("--color always", True)]
)
def test_a_table_at_a_terminal(options: str, is_coloured: bool) -> None:
    words = " ".join(ONE)
    shown, code = at_terminal(f"aepromo {words} --quiet {options}", Path.cwd(), "xterm-256color")
    assert code == 0
    assert (YELLOW in shown) == is_coloured
    assert ("\x1b" in shown) == is_coloured
