"""Help in the language in force, where Typer would speak English or cut Chinese off."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aepromo.words import _, is_english, label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typer.core import TyperCommand, TyperGroup


METAVARS = (
    *("FILE", "[FILE]", "[FEED]", "[KEY]", "FORM", "NAME", "VALUE", "COLUMN", "HEADER=COLUMN"),
    *("CHARACTER", "CODE", "DATE", "TIME", "SECONDS", "SHARE", "RATE", "ID", "N"),
    *("[OPTIONS]", "COMMAND", "COMMAND [ARGS]...", "[ARGS]..."),
)
"""What stands for values in help."""


def explained(help_option: Any) -> Any:
    """``--help`` with its own help looked up."""
    if help_option is not None:
        help_option.help = _("Show this message and exit.")
    return help_option


def write_usage(command: TyperCommand | TyperGroup, ctx: Any, formatter: Any) -> None:
    """Write the form of a call."""
    pieces = " ".join(label(each, "metavar") for each in command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, _("Usage: "))


def say_what_is_installed(params: Iterable[Any]) -> None:
    """Let ``--install-completion`` say what it did in the language in force."""
    for each in params:
        if each.name == "install_completion" and not is_english():
            each.callback = partial(_installed, each.callback)


def _installed(install: Callable[..., Any], ctx: Any, param: Any, value: Any) -> Any:
    from contextlib import redirect_stdout
    from io import StringIO

    said = StringIO()
    try:
        with redirect_stdout(said):
            return install(ctx, param, value)
    finally:
        _before, installed, path = said.getvalue().partition(" installed in ")
        if installed:
            done = _("completion installed in {path}; it works in the next terminal")
            print(done.format(path=path.splitlines()[0]))


def put_in_words(params: Iterable[Any]) -> None:
    """Say in the language in force what the options of a command mean and take."""
    for each in params:
        if each.metavar:
            each.metavar = label(each.metavar, "metavar")
        if each.help:
            each.help = _sentence(_(each.help))
        if getattr(each, "rich_help_panel", None):
            each.rich_help_panel = _(each.rich_help_panel)


def _sentence(text: str) -> str:
    """A column's meaning as a sentence; a sentence as it is."""
    if text.endswith((".", "。")):
        return text
    return text[0].upper() + text[1:] + _(".")


def fold_long_words() -> None:
    """Let help go on in the next line without a space, which Chinese has none of.

    Typer cuts a line short that it can't break at a space, and has no setting for it.
    """
    if is_english():
        return
    from rich.text import Text
    from typer import rich_utils

    from aepromo.terminal.wrapping import broken_as_chinese

    make = rich_utils._make_rich_text

    def folding(**arguments: Any) -> Any:
        text = make(**arguments)
        return broken_as_chinese(text) if isinstance(text, Text) else text

    rich_utils._make_rich_text = folding
