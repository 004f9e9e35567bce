"""The topics of ``help``: columns, rules and exit codes, from the program's own data."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from aepromo import rules
from aepromo.cli.exits import MEANINGS
from aepromo.cli.help import Entry, printed, section, sentence
from aepromo.table.headings import chinese
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.terminal.wrapping import running_text
from aepromo.words import _, is_english, label

if TYPE_CHECKING:
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
