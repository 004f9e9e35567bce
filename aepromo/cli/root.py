"""The group of all commands: help, ``--version``, wrong calls, and a closed output pipe.

Only documented parts of Typer are used: its classes of commands, their methods, its exceptions.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from aepromo.cli.common_options import HelpOption, LanguageOption, print_help
from aepromo.cli.completion import say_what_is_installed
from aepromo.cli.output import check_form, check_paths
from aepromo.cli.process import input_waits
from aepromo.cli.usage import check_names, check_once, check_values, in_one_line
from aepromo.errors import CallError, NothingGivenError
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReaderGone(Exception):
    """The reader of the output has closed the pipe; not a failure, but a reason to stop."""


class Command(TyperCommand):
    """A command that reports a wrong call in one line."""

    allow_extra_args = True  # ``parse_args`` refuses them itself

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments. Raises ``CallError``."""
        if not ctx.resilient_parsing:
            check_values(self.params, args)
        try:
            rest: list[str] = super().parse_args(ctx, list(args))
        except typer.TyperException as error:
            raise CallError(in_one_line(error, ctx)) from None
        if rest and not ctx.resilient_parsing:
            reason = _("too many arguments: {arguments}; see {command} --help")
            raise CallError(reason.format(arguments=" ".join(rest), command=ctx.command_path))
        if not ctx.resilient_parsing:
            check_once(self, ctx, args)
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises ``CallError`` first where its output can't be written."""
        check_names(ctx.params)
        check_form(ctx.params)
        check_paths(ctx.params)
        try:
            return super().invoke(ctx)
        except NothingGivenError as error:
            if ctx.params["file"] is not None or not input_waits():
                raise
            hint = _("standard input holds data; write - to read it")
            raise CallError(_("; ").join((str(error), hint))) from None


class Root(TyperGroup):
    """The group of all commands. Raises ``ReaderGone``, ``CallError`` where Typer would end."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments before the command. Raises ``CallError``."""
        try:
            rest: list[str] = super().parse_args(ctx, list(args))
        except typer.TyperException as error:
            raise CallError(in_one_line(error, ctx)) from None
        if not ctx.resilient_parsing:
            check_once(self, ctx, args)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called. Raises ``CallError`` that names the nearest."""
        name = args[0]
        is_known = name in self.commands or name.startswith("-")
        if is_known or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = nearest(name, self.commands, _("there are {names}"))
        raise CallError(_("no command '{name}'; {nearest}").format(name=name, nearest=meant))

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Read the arguments; ``--help`` and ``--version`` already print here."""
        say_what_is_installed(self.params)
        with _until_the_reader_goes():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _until_the_reader_goes():
            return super().invoke(ctx)


@contextmanager
def _until_the_reader_goes() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None


def _print_version(wanted: bool) -> None:
    """Print the program's name and version, and end."""
    if wanted:
        from aepromo.cli.version_command import print_version

        print_version()
        raise typer.Exit


def root_options(
    ctx: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    _lang: LanguageOption = None,
    _help: HelpOption = False,
) -> None:
    """Offer the options before the command; without a command, print the overview."""
    if ctx.invoked_subcommand is None:
        print_help(ctx, True)
