"""What stands above the commands: ``--version``, wrong calls, and a reader who may go away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError
from typer.core import TyperCommand, TyperGroup

from aepromo.cli.help import (
    explained,
    fold_long_words,
    put_in_words,
    say_what_is_installed,
    write_usage,
)
from aepromo.cli.output import check_form, check_paths
from aepromo.cli.spoken import LanguageOption  # noqa: TC001 (Typer evaluates it)
from aepromo.cli.usage import check_names, check_values, in_one_line
from aepromo.errors import CallError
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReaderGone(Exception):
    """Whoever read the output has closed the pipe; no failure, but no reason to go on."""


class Command(TyperCommand):
    """A command whose help is looked up to the last word."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option ``--help``."""
        return explained(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the form of a call."""
        write_usage(self, ctx, formatter)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write all of the help."""
        fold_long_words()
        put_in_words(self.params)
        super().format_help(ctx, formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments. Raises ``UsageError``, which knows of the command."""
        if not ctx.resilient_parsing:
            check_values(self.params, args)
        try:
            return super().parse_args(ctx, args)
        except UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises ``CallError`` first where it can't write what it shall."""
        check_names(ctx.params)
        check_form(ctx.params)
        check_paths(ctx.params)
        return super().invoke(ctx)


class Root(TyperGroup):
    """The group of all commands. Raises ``ReaderGone``, ``CallError`` where Typer would end."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option ``--help``."""
        return explained(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the form of a call."""
        write_usage(self, ctx, formatter)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write all of the help."""
        fold_long_words()
        put_in_words(self.params)
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called. Raises ``CallError`` that names the nearest."""
        name = args[0]
        is_known = name in self.commands or name.startswith("-")
        if is_known or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        meant = nearest(name, self.commands, _("there are {names}"))
        raise CallError(_("no command '{name}'; {nearest}").format(name=name, nearest=meant))

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Read the arguments, which may already print: ``--help``, ``--version``."""
        say_what_is_installed(self.params)
        with _ending_plainly():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _ending_plainly():
            return super().invoke(ctx)


@contextmanager
def _ending_plainly() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ReaderGone from None
    except NoArgsIsHelpError:
        raise
    except UsageError as error:
        raise CallError(in_one_line(error)) from None
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # Rich, which prints the help, ends for it
            raise ReaderGone from None
        raise


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"aepromo {version('aepromo')}")
        raise typer.Exit


def root_options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
    _lang: LanguageOption = None,
) -> None:
    """Offer what is no command's own, before the command."""
