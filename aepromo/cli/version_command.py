"""``version``: the program's name and version."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from aepromo.cli.output import print_text
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable


def version_command() -> Callable[..., None]:
    """The Typer command that prints the version."""

    def command() -> None:
        print_version()

    command.__doc__ = _("Print the version.")
    return command


def print_version() -> None:
    """Print the name and version that are installed."""
    print_text(f"aepromo {version('aepromo')}")
