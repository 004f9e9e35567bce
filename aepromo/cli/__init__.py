"""The command line: streams, exit codes, and one line for each expected failure."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from aepromo.cli.exits import Exit
from aepromo.cli.say import say
from aepromo.errors import AepromoError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable

COMMANDS = (
    "reprice",
    "audit",
    "list-price",
    "margin",
    "commission",
    "floor",
    "explain",
    "sweep",
    "breakeven",
    "rules",
)


def main() -> NoReturn:
    """Run the command that the arguments name, and exit with its code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        build(sys.argv[1:])(prog_name="aepromo")
        sys.exit(Exit.DONE)
    except AepromoError as error:
        say(f"aepromo: {error}")
        is_input = isinstance(error, InputError)
        sys.exit(Exit.INPUT_WRONG if is_input else Exit.CALL_WRONG)
    except BrokenPipeError:
        # The reader has had enough. What is still buffered goes nowhere, and quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(Exit.DONE)
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except Terminated:
        sys.exit(Exit.TERMINATED)


class Terminated(BaseException):
    """Somebody asked the program to end; what is half-written is removed on the way out."""


def _terminate(_signal: int, _frame: object) -> None:
    raise Terminated


def build(arguments: list[str]) -> typer.Typer:
    """The program, with no more of its commands than the arguments need.

    Making a command out of a function's signature takes Typer longer than most answers take to
    compute, so that only the one that is called is made; help and completion see all of them.
    """
    app = typer.Typer(
        help="Prices for AliExpress that hold under discounts the platform forces.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_version_option)
    first = arguments[0] if arguments else ""
    for name in (first,) if first in COMMANDS else COMMANDS:
        app.command(name)(_command(name))
    return app


def _command(name: str) -> Callable[..., None]:
    if name == "rules":
        from aepromo.cli.rules import rules_command

        return rules_command()
    if name == "explain":
        from aepromo.cli.explain import explain_command

        return explain_command()
    if name == "sweep":
        from aepromo.cli.sweep import sweep_command

        return sweep_command()
    from aepromo.cli.reports import command_of, report_named

    return command_of(report_named(name))


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"aepromo {version('aepromo')}")
        raise typer.Exit


def _version_option(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    pass
