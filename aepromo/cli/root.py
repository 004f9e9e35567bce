"""The group of all commands: help, ``--version``, wrong calls, and a closed output pipe.

Only documented parts of Typer are used: its classes of commands, their methods, its exceptions.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from aepromo.cli.common_options import HelpOption, LanguageOption, print_help
from aepromo.cli.completion import say_what_is_installed
from aepromo.cli.output import check_form, check_paths
from aepromo.cli.process import input_waits
from aepromo.errors import CallError, NothingGivenError
from aepromo.table.schema import INPUTS
from aepromo.words import _
from aepromo.words.nearest import nearest, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from typer import TyperException


_NAMES = (
    *("file", "output", "rejects", "columns", "value", "sheet", "sku", "store"),
    *("config", "rates", "tariff", "state", "worksheet", "carriers", "line"),
)
"""Parameters whose value is a name, such as a file or a column, and so can't be blank."""


def check_values(parameters: Iterable[Any], arguments: Sequence[str]) -> None:
    """Refuse an option where the value of another is expected. Raises ``CallError``.

    Typer would read ``--rate --price 20`` as a rate of ``--price``, and refuse 20 as an extra
    argument.
    """
    takes_value = {
        flag: not getattr(each, "is_flag", False) for each in parameters for flag in each.opts
    }
    for flag, value in pairwise(arguments):
        if takes_value.get(flag) and value.startswith("--") and value in takes_value:
            reason = _("{option}: needs a value; {value} is an option")
            raise CallError(reason.format(option=flag, value=value))


def check_once(command: Any, ctx: Any, arguments: Sequence[str]) -> None:
    """Refuse an option of one value that is given again, where Typer takes the last.

    Which of two rates or two files was meant decides about money. Raises ``CallError``.
    """
    _values, _rest, order = command.make_parser(ctx).parse_args(list(arguments))
    for each, times in Counter(order).items():
        if times > 1 and not (each.multiple or each.is_flag):
            words = [word.partition("=")[0] for word in arguments]
            written = [word for word in dict.fromkeys(words) if word in each.opts] or each.opts[:1]
            reason = _("{options}: given more than once; give one value")
            raise CallError(reason.format(options=_(", ").join(written)))


def check_names(given: Mapping[str, Any]) -> None:
    """Refuse a blank name, which an unset shell variable leaves.

    Otherwise output for a file would go to standard output. Raises ``CallError``.
    """
    for name in _NAMES:
        if given.get(name) == "":
            flag = "FILE" if name == "file" else f"--{name}"
            raise CallError(_("{option}: needs a value; '' is none").format(option=flag))


def in_one_line(error: TyperException, ctx: Any) -> str:
    """The message for a wrong call, with the nearest name where a name is unknown.

    Other errors keep Typer's message.
    """
    more = _("see {command} --help").format(command=ctx.command_path)
    options = {flag: each for each in ctx.command.get_params(ctx) for flag in each.opts}
    param, name = getattr(error, "param", None), getattr(error, "option_name", None)
    if param is not None:
        return _wrong_value(param, error.message, more)
    if name is None:
        return _("; ").join((error.format_message().rstrip("."), more))
    if name not in options:
        meant = nearest(name, [flag for flag in options if flag.startswith("--")], more)
        return _("no option {name}; {nearest}").format(name=name, nearest=meant)
    is_flag = options[name].is_flag
    reason = _("{option}: takes no value") if is_flag else _("{option}: needs a value")
    return _("; ").join((reason.format(option=name), more))


def _wrong_value(param: Any, message: str, more: str) -> str:
    """The message for a wrong value, with what to write instead.

    ``message`` is Typer's, which begins with the value.
    """
    value, _is_not, _rule = message.partition(" is not ")
    option, kind = param.opts[0], param.type
    if param.envvar:
        option += f" ({param.envvar})"
    if choices := getattr(kind, "choices", None):
        known = one_of(value.strip("'"), [*map(str, choices)])
        return f"{option} {value}: {known}"
    least = getattr(kind, "min", None)
    if value.startswith("'") or least is None:  # as it was written; a number would have no quotes
        reason = _("{option} {value}: write a number")
        if kind.name.startswith("int"):
            reason = _("{option} {value}: write a whole number")
    else:
        reason = _("{option} {value}: write {least} or more")
    return _("; ").join((reason.format(option=option, value=value, least=least), more))


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
            gives_values = any(ctx.params.get(name) is not None for name in INPUTS)
            reason = _("; ").join((hint, str(error))) if gives_values else hint
            raise CallError(reason) from None


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
