"""``help``: the overview, the help of a command, and topics: columns, rules and exit codes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from aepromo import rules
from aepromo.cli.exits import MEANINGS
from aepromo.cli.help import Entry, printed, section, sentence
from aepromo.cli.options import argument, with_parameters
from aepromo.cli.output import print_text
from aepromo.errors import CallError
from aepromo.inputs.columns import PARCEL
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.past_rates.columns import RATE_RESULTS
from aepromo.table.schema import INPUTS, RESULTS, chinese, column_named
from aepromo.terminal.wrapping import running_text
from aepromo.words import _, is_english, label
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
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
                    "option is a column's name with dashes, such as --purchase-price. The "
                    "columns of one command: aepromo help columns COMMAND."
                )
            ),
            section(_("Columns that are read"), map(_column, INPUTS.values())),
            section(_("Columns that are added"), map(_column, RESULTS.values())),
        ]
    )


def columns_of(command: str) -> str:
    """The columns that a command reads, and those of its answer. Raises ``CallError``."""
    from aepromo.cli import COMMANDS, PANELS

    known = [name for name in COMMANDS if name not in PANELS["About the program"]]
    if command not in known:
        reason = _("no command with columns is called '{name}'; {nearest}")
        meant = nearest(command, known, _("there are {names}"))
        raise CallError(reason.format(name=command, nearest=meant))
    needed, read, answered = _declared(command)
    others = [name for name in read if name not in needed]
    sections = {
        _("Columns that it needs"): [INPUTS[name] for name in needed],
        _("Other columns that it reads"): [INPUTS[name] for name in others],
        _("Columns of its answer"): [*filter(None, map(column_named, answered))],
    }
    parts = [section(name, map(_column, listed)) for name, listed in sections.items() if listed]
    return printed(parts)


def _declared(command: str) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """The columns that a command needs, all that it reads, and those of its answer."""
    if command == "rates":
        from aepromo.past_rates.past_orders import NEEDS, USES

        return NEEDS, USES, [*(column.name for column in RATE_RESULTS), "forced_rate"]
    values = resolved(Policy())
    question = _question(command, values)
    needed: Sequence[str] = (*question.needs, *question.wants)
    if command == "watch":
        from aepromo.watch import feed

        needed = feed.NEEDED
    ids = ("sku",) if question.is_about_skus else ()
    parcel = PARCEL if "logistics_cost" in question.uses else ()
    read = tuple(dict.fromkeys((*ids, *question.uses, *parcel)))
    return needed, read, question.added(read, values) or question.key_columns


def _question(command: str, values: Values) -> Question:
    """The question that a command answers for each row."""
    match command:
        case "explain":
            from aepromo.explain.explanation import EXPLAINED

            return EXPLAINED
        case "sweep":
            from aepromo.sweep.forced_rates import SWEEP

            return SWEEP
        case "report":
            from aepromo.page.overview import OVERVIEW

            return OVERVIEW
        case "forced":
            from aepromo.platform.forced import forced

            return forced(values)
        case "appeal":
            from aepromo.platform.appeal import appeal

            return appeal(values, date.today())
        case "reverse":
            from aepromo.platform.reverse import reverse

            return reverse(values)
        case "tracking":
            from aepromo.platform.tracking import tracking

            return tracking(values, datetime.now(UTC))
        case "watch":
            from aepromo.watch.alerts import watch

            return watch(values)
    from aepromo.calculators.command import calculator_named

    return calculator_named(command)


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


CommandArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[COMMAND]",
        help="With columns: the command whose columns to show.",
        autocompletion=_names,
        show_default=False,
    ),
]
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

    def command(topic: str | None, of: str | None) -> None:
        from aepromo.cli import build

        names = _names()
        if of is not None and topic != "columns":
            reason = _("only columns takes a command; leave {name} out")
            raise CallError(reason.format(name=of))
        if of is not None:
            print_text(columns_of(of))
        elif topic in TOPICS:
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
    return with_parameters(
        command, [argument("topic", TopicArgument), argument("of", CommandArgument)]
    )
