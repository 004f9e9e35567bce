"""What Typer finds wrong with a call: in one line, with the remedy, in the language in force."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from aepromo.errors import CallError
from aepromo.words import _
from aepromo.words.nearest import nearest, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from typer._click.exceptions import UsageError

_NO_CHOICE = (
    r"Invalid value for (?P<option>'[^']*'(?: \(env var: '\w+'\))?): "
    r"'(?P<value>.*)' is not one of (?P<known>'.*')\."
)
_NAMES = (
    *("file", "output", "rejects", "columns", "value", "sheet", "sku", "store"),
    *("config", "rates", "tariff", "state", "worksheet", "carriers", "line"),
)
"""What stands for a file, a column, a row or a table by its name."""


def check_values(parameters: Iterable[Any], arguments: Sequence[str]) -> None:
    """Refuse a call in which an option stands where another's value should. Raises ``CallError``.

    Typer would take ``--rate --price 20`` for a rate of --price, and find 20 to be too much.
    """
    takes_value = {
        flag: not getattr(each, "is_flag", False) for each in parameters for flag in each.opts
    }
    for flag, value in pairwise(arguments):
        if takes_value.get(flag) and value.startswith("--") and value in takes_value:
            reason = _("{option}: needs a value; {value} is an option")
            raise CallError(reason.format(option=flag, value=value))


def check_names(given: Mapping[str, Any]) -> None:
    """Refuse a blank where a name belongs, as a shell's variable leaves that is not set.

    What was meant for a file would go to standard output. Raises ``CallError``.
    """
    for name in _NAMES:
        if given.get(name) == "":
            flag = "FILE" if name == "file" else f"--{name}"
            raise CallError(_("{option}: needs a value; '' is none").format(option=flag))


def in_one_line(error: UsageError) -> str:
    """What is wrong with a call, with the nearest name where there is none such."""
    path = error.ctx.command_path if error.ctx else "aepromo"
    more = _("see {command} --help").format(command=path)
    name = getattr(error, "option_name", None)
    if error.ctx is None or name is None or not hasattr(error, "possibilities"):
        return _retold(str(error.format_message()), more)
    flags = [flag for each in error.ctx.command.params for flag in each.opts]
    meant = nearest(name, [flag for flag in flags if flag.startswith("--")], more)
    return _("no option {name}; {nearest}").format(name=name, nearest=meant)


def _retold(said: str, more: str) -> str:
    """What Typer says, as the program says such things; what isn't known here stays as it is."""
    if match := re.fullmatch(_NO_CHOICE, said):
        known = re.findall(r"'([^']*)'", match["known"])
        return f"{_plain(match['option'])} '{match['value']}': {one_of(match['value'], known)}"
    for pattern, text in _what_typer_says():
        if match := re.fullmatch(pattern, said):
            places = match.groupdict()
            if "option" in places:
                places["option"] = _plain(places["option"])
            return _("; ").join((text.format(**places), more))
    return _("; ").join((said.rstrip(".。"), more))


def _what_typer_says() -> tuple[tuple[str, str], ...]:
    """What Typer says of a wrong call, as a pattern, and the same in words of our own."""
    return (
        (
            r"Invalid value for (?P<option>.*?): (?P<value>'.*') is not a valid int.*\.",
            _("{option} {value}: write a whole number"),
        ),
        (
            r"Invalid value for (?P<option>.*?): (?P<value>'.*') is not a valid float.*\.",
            _("{option} {value}: write a number"),
        ),
        (
            r"Invalid value for (?P<option>.*?): (?P<value>\S+) "
            r"is not in the range x>=(?P<least>\S+)\.",
            _("{option} {value}: write {least} or more"),
        ),
        (r"Option (?P<option>'.*') requires an argument\.", _("{option}: needs a value")),
        (r"Option (?P<option>'.*') does not take a value\.", _("{option}: takes no value")),
        (
            r"Got unexpected extra argument\(s\) \((?P<arguments>.*)\)",
            _("more arguments than it takes: {arguments}"),
        ),
    )


def _plain(option: str) -> str:
    return option.replace("'", "").replace("env var: ", "")
