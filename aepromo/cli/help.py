"""Help in the language in force, where Typer would speak English or cut Chinese off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aepromo.words import _, is_english

if TYPE_CHECKING:
    from typer.core import TyperCommand, TyperGroup


def explained(help_option: Any) -> Any:
    """``--help`` with its own help looked up."""
    if help_option is not None:
        help_option.help = _("Show this message and exit.")
    return help_option


def write_usage(command: TyperCommand | TyperGroup, ctx: Any, formatter: Any) -> None:
    """Write the form of a call."""
    pieces = " ".join(command.collect_usage_pieces(ctx))
    formatter.write_usage(ctx.command_path, pieces, _("Usage: "))


def fold_long_words() -> None:
    """Let help go on in the next line without a space, which Chinese has none of.

    Typer cuts a line short that it can't break at a space, and has no setting for it.
    """
    if is_english():
        return
    from rich.text import Text
    from typer import rich_utils

    make = rich_utils._make_rich_text

    def folding(**arguments: Any) -> Any:
        text = make(**arguments)
        if isinstance(text, Text):
            text.overflow = "fold"
        return text

    rich_utils._make_rich_text = folding
