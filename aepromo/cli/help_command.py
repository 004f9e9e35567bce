"""``help``: the overview, the help of a command, and topics: columns, rules and exit codes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from aepromo import rules
from aepromo.cli.exits import MEANINGS
from aepromo.cli.help import Entry, printed, section, sentence
from aepromo.cli.options import argument, with_parameters
from aepromo.cli.output import print_text
from aepromo.errors import CallError
from aepromo.table.schema import INPUTS, RESULTS, chinese
from aepromo.terminal.wrapping import running_text
from aepromo.words import _, is_english, label
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.rules import Rule
    from aepromo.table.column import Column


def columns() -> str:
    """Every column that is read or added, with its meaning."""
    return printed(
        [
            running_text(
                _(
                    "Files have these columns in any order, and may have others. Headers are known "
                    "by many other names too: aepromo check FILE shows how yours are read. An "
                    "option is a column's name with dashes, such as --purchase-price."
                )
            ),
            section(_("Columns that are read"), map(_column, INPUTS.values())),
            section(_("Columns that are added"), map(_column, RESULTS.values())),
        ]
    )


def book() -> str:
    """Every rule of the book with its value and its meaning."""
    families = groupby(rules.book(), lambda rule: rule.key.partition(".")[0])
    return printed(
        [
            running_text(
                _(
                    "These are the figures that the program assumes. aepromo rules KEY shows "
                    "where one comes from and since when it is valid. [rules] in "
                    'aepromo.toml replaces them with yours, such as "fees.payment_rate" = '
                    '"1%".'
                )
            ),
            *(section(family, map(_rule, found), below=True) for family, found in families),
        ]
    )


def exit_codes() -> str:
    """Every exit code with its meaning."""
    found = [Entry(str(int(code)), _(meaning)) for code, meaning in MEANINGS.items()]
    return printed([section(_("Exit codes"), found)])


def _column(column: Column) -> Entry:
    name, meaning = column.name, _(column.meaning)
    if column.labels:
        labels = _(", ").join(_label(each, name) for each in column.labels)
        meaning = _("{meaning}: {labels}").format(meaning=meaning, labels=labels)
    if is_english():
        return Entry(name, sentence(meaning))
    return Entry(name, f"{chinese(name)}：{sentence(meaning)}")


def _label(name: str, column: str) -> str:
    return name if is_english() else f"{name}（{label(name, column)}）"


def _rule(rule: Rule) -> Entry:
    value = rule.value if isinstance(rule.value, str) else ", ".join(rule.value)
    return Entry(f"{rule.key} = {value}", _(rule.meaning))


TOPICS = {"columns": columns, "rules": book, "exit-codes": exit_codes}
"""A topic goes before a command of its name: ``rules --help`` is the command's help."""


def _names() -> list[str]:
    from aepromo.cli import COMMANDS

    return list(dict.fromkeys((*TOPICS, *COMMANDS)))


TopicArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[COMMAND|TOPIC]",
        help="A command, or one of columns, rules and exit-codes.",
        autocompletion=_names,
        show_default=False,
    ),
]


def help_command() -> Callable[..., None]:
    """The Typer command that prints help."""

    def command(topic: str | None) -> None:
        from aepromo.cli import build

        names = _names()
        if topic in TOPICS:
            print_text(TOPICS[topic]())
        elif topic is None:
            build([])(["--help"], prog_name="aepromo")
        elif topic in names:
            build([topic])([topic, "--help"], prog_name="aepromo")
        else:
            meant = nearest(topic, names, _("there are {names}"))
            reason = _("no command or topic '{name}'; {nearest}")
            raise CallError(reason.format(name=topic, nearest=meant))

    command.__doc__ = _("Help on a command or a topic: columns, rules, exit-codes.")
    return with_parameters(command, [argument("topic", TopicArgument)])
