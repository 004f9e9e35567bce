"""What is said on standard error, one line each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aepromo.cli.options import preferred_flag
from aepromo.reports.policy import ASSUMED, assumed_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.reports.policy import Policy


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
            origin = "rule book" if name in ASSUMED else "nothing gives it"
            say(f"assumed: {name} {assumed_text(name)} ({origin}; set {preferred_flag(name)})")
        said.add(name)


def say_warnings(policy: Policy) -> None:
    """Say what is allowed but looks like a slip; also where the rest is to be quiet."""
    for warning in policy.warnings():
        say(f"warning: {warning}")
