"""What is said on standard error, one line each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aepromo.cli.options import preferred_flag
from aepromo.reports.policy import assumed_text

if TYPE_CHECKING:
    from collections.abc import Iterable


def say(line: str) -> None:
    """One line on standard error; a closed one is no reason to fail."""
    try:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return


def say_assumed(names: Iterable[str], said: set[str], quiet: bool) -> None:
    """Name each value that the rule book gave, once."""
    for name in names:
        if name not in said and not quiet:
            flag = preferred_flag(name)
            say(f"assumed: {name} {assumed_text(name)} (rule book; set {flag})")
        said.add(name)
