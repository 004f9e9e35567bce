"""``help``: the overview, the help of a command, and further topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aepromo.cli.options import argument, with_parameters
from aepromo.cli.output import print_text
from aepromo.errors import CallError
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable


def _names() -> list[str]:
    from aepromo.cli import COMMANDS
    from aepromo.cli.help_topics import TOPICS

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
        from aepromo.cli.help_topics import TOPICS

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
