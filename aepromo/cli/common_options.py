"""``--lang``, ``--help`` and ``--help-all``, which are handled before a command runs."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from aepromo.cli.language import FLAG, VARIABLE, Language
from aepromo.cli.options import declared, option, with_parameters
from aepromo.cli.output import print_text

LanguageOption = Annotated[
    Language | None,
    declared(
        FLAG,
        envvar=VARIABLE,
        metavar="en|zh",
        help="The language (default: AEPROMO_LANG, then the locale).",
    ),
]


def print_help(ctx: typer.Context, wanted: bool) -> None:
    """Print the help of a command, or the overview of all, and end."""
    if wanted:
        from aepromo.cli.help import command_help, overview  # loads Rich

        is_command = ctx.parent is not None
        print_text(command_help(ctx.command, ctx) if is_command else overview(ctx.command, ctx))
        raise typer.Exit


def _print_all(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        from aepromo.cli.help import command_help

        print_text(command_help(ctx.command, ctx, with_all=True))
        raise typer.Exit


HelpOption = Annotated[
    bool,
    typer.Option("--help", "-h", help="Show help and exit.", callback=print_help, is_eager=True),
]
HelpAllOption = Annotated[
    bool,
    typer.Option(
        "--help-all", help="Show all options and exit.", callback=_print_all, is_eager=True
    ),
]


_COMMON: dict[str, tuple[Any, Any]] = {
    "lang": (LanguageOption, None),
    "help_all": (HelpAllOption, False),
    "help": (HelpOption, False),
}
"""The options that all commands have: each with its declaration and default."""


def with_common_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add to a command the options that all commands have."""

    def offered(**values: Any) -> None:
        # Typer has handled the common options; the command doesn't know them.
        command(**{name: value for name, value in values.items() if name not in _COMMON})

    offered.__doc__ = command.__doc__
    parameters = inspect.signature(command).parameters.values()
    common = [option(name, annotation, default) for name, (annotation, default) in _COMMON.items()]
    return with_parameters(offered, [*parameters, *common])
