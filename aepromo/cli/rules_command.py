"""``rules``: every figure that the program assumes, and where it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aepromo import rules
from aepromo.cli.config import read_config
from aepromo.cli.messages import say_configuration
from aepromo.cli.options import (
    ConfigOption,
    Format,
    WritingOptions,
    argument,
    option,
    options_of,
    parameters_of,
    with_parameters,
)
from aepromo.cli.output import chosen_names, destination, format_of, headed, rendered, text_lines
from aepromo.errors import CallError
from aepromo.table.answer_columns import Layout
from aepromo.table.column import Kind
from aepromo.table.text_formats import TextColumn
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.rules import Rule

SHOWN = ("key", "value", "meaning")
HEADER = rules.Rule._fields
SAID = ("meaning", "origin")
"""Columns whose texts are in the language of the run."""

KeyArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[KEY]", help=_("A rule or a group of rules, such as forced."), show_default=False
    ),
]


def rules_command() -> Callable[..., None]:
    """The Typer command that prints the rule book or a part of it."""

    def command(**given: Any) -> None:
        key, config = given["key"], read_config(given["config"])
        writing, book = options_of(WritingOptions, given), config.book
        say_configuration(config, bool(book.overrides), writing.quiet)
        try:
            found = book.matching(key) if key else book.all()
        except rules.UnknownRule as error:
            raise CallError(str(error)) from None
        _write(found, writing)

    command.__doc__ = _("Every figure that the program assumes, and where it comes from.")
    return with_parameters(
        command,
        [
            argument("key", KeyArgument),
            option("config", ConfigOption, None),
            *parameters_of(WritingOptions),
        ],
    )


def _write(found: tuple[Rule, ...], writing: WritingOptions) -> None:
    form = format_of(writing)
    asked = writing.columns or writing.value
    names = (
        list(SHOWN)
        if form is Format.TABLE and not asked
        else chosen_names(Layout(tuple(HEADER)), writing)
    )
    columns = [TextColumn(name, Kind.TEXT, [_cell(rule, name) for rule in found]) for name in names]
    with destination(writing) as stream:
        if form is Format.TABLE:
            from aepromo.terminal.rich_tables import plain_table

            rows = list(zip(*(column.cells for column in columns), strict=True))
            stream.write(rendered(plain_table(names, rows), writing))
        else:
            stream.writelines(text_lines([headed(columns, writing)], form, writing))


def _cell(rule: Rule, name: str) -> str:
    value: str | tuple[str, ...] = getattr(rule, name)
    if name in SAID and isinstance(value, str):
        return _(value)
    return value if isinstance(value, str) else ", ".join(value)
