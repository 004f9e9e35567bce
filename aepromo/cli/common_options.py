"""``--lang`` and ``--help-all``, which every command takes; both are done with before it runs."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from aepromo.cli.language import FLAG, VARIABLE, Language
from aepromo.cli.options import option, with_parameters

LanguageOption = Annotated[
    Language | None,
    typer.Option(
        FLAG,
        envvar=VARIABLE,
        metavar="en|zh",
        help="The language; else AEPROMO_LANG, else the locale's.",
        show_default=False,
    ),
]


def _print_all(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        from aepromo.cli.help import command_help

        typer.echo(command_help(ctx.command, ctx, with_all=True))
        raise typer.Exit


HelpAllOption = Annotated[
    bool,
    typer.Option(
        "--help-all", help="Show all options and exit.", callback=_print_all, is_eager=True
    ),
]


def with_common_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take the options that all of them have."""

    def offered(lang: Language | None, help_all: bool, **values: Any) -> None:  # noqa: ARG001
        command(**values)

    offered.__doc__ = command.__doc__
    parameters = inspect.signature(command).parameters.values()
    common = [option("lang", LanguageOption, None), option("help_all", HelpAllOption, False)]
    return with_parameters(offered, [*parameters, *common])
