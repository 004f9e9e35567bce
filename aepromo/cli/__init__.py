"""The command line: streams, exit codes, and one line for each expected failure."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from aepromo.cli.exits import Exit
from aepromo.cli.language import call_of, command_in, speak_as_asked
from aepromo.cli.process import (
    collect_seldom,
    compute_on_one_thread,
    end_on_signals,
    hold_standard_streams,
    print_any_text,
    refuse_little_memory,
    send_nowhere,
)
from aepromo.errors import AepromoError, InputError
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from typer import Typer

CALCULATORS = ("reprice", "audit", "list-price", "margin", "commission", "floor", "breakeven")
"""The calculators; each of the other commands has a module of its own."""

PANELS = {
    "List prices and profit": (*CALCULATORS, "explain", "sweep", "report"),
    "What the platform does, and when": (
        *("rates", "forced", "appeal", "reverse", "tracking", "watch"),
    ),
    "About the program": ("check", "rules", "doctor", "help", "version"),
}
"""The commands as the help groups them."""

COMMANDS = tuple(name for names in PANELS.values() for name in names)

MODULES = {
    "explain": "explain.command",
    "sweep": "sweep.command",
    "report": "page.command",
    "rates": "past_rates.command",
    "forced": "platform.forced_command",
    "appeal": "platform.appeal_command",
    "reverse": "platform.reverse_command",
    "tracking": "platform.tracking_command",
    "watch": "watch.command",
    "check": "check.command",
    "rules": "cli.rules_command",
    "doctor": "cli.doctor",
    "help": "cli.help_command",
    "version": "cli.version_command",
}
"""The module that builds each command that is not a calculator."""


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    try:
        sys.exit(_run())
    except Exception as error:  # the last resort: an unexpected failure has an exit code of its own
        sys.exit(_told_as_fault(error))


def _run() -> Exit:
    """Run the command, and return its exit code."""
    end_on_signals()
    collect_seldom()
    compute_on_one_thread()
    refuse_little_memory()
    hold_standard_streams()
    print_any_text()
    call = call_of(sys.argv[1:], os.environ)
    speak_as_asked(call)
    # Loading Typer takes most of the start, and a signal may arrive meanwhile.
    from aepromo.cli.messages import say
    from aepromo.cli.root import ReaderGone

    try:
        build(call)(prog_name="aepromo")
    except AepromoError as error:
        say(f"aepromo: {error}")
        return Exit.INPUT_WRONG if isinstance(error, InputError) else Exit.CALL_WRONG
    except ReaderGone:
        # The reader has closed the pipe: discard what is buffered, without a message.
        send_nowhere(sys.stdout)
    return Exit.DONE


def _told_as_fault(error: Exception) -> Exit:
    """Report an unexpected failure in one line; with ``AEPROMO_DEBUG=1`` also its traceback."""
    if os.environ.get("AEPROMO_DEBUG", "0") != "0":
        sys.excepthook(type(error), error, error.__traceback__)
    error.__traceback__ = None  # it may hold the memory that the line below needs
    from aepromo.cli.messages import say_fault

    say_fault(error)
    return Exit.FAULT


def build(arguments: list[str]) -> Typer:
    """The program, with no more of its commands than the arguments need.

    Typer takes longer to build a command from a function's signature than most answers take to
    compute, so only the command that is called is built; help and completion see all of them.
    """
    from typer import Typer

    from aepromo.cli.common_options import with_common_options
    from aepromo.cli.root import Command, Root, root_options

    app = Typer(
        cls=Root,
        help=_("Prices for AliExpress that hold under discounts the platform forces."),
        invoke_without_command=True,
        pretty_exceptions_enable=False,
        add_help_option=False,
    )
    app.callback()(root_options)
    first = command_in(arguments)
    made = (first,) if first in COMMANDS else COMMANDS
    for panel, names in PANELS.items():
        for name in (each for each in names if each in made):
            offered = app.command(
                name, cls=Command, rich_help_panel=_(panel), add_help_option=False
            )
            offered(with_common_options(_command(name)))
    return app


def _command(name: str) -> Callable[..., None]:
    if name in CALCULATORS:
        from aepromo.calculators.command import calculator_command, calculator_named

        return calculator_command(calculator_named(name))
    module = import_module(f"aepromo.{MODULES[name]}")
    made: Callable[..., None] = getattr(module, f"{name}_command")()
    return made
