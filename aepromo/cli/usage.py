"""What Typer says of a wrong call, in the language in force; it has most of it in English only."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from aepromo.tables.headers import nearest
from aepromo.words import N_, _, is_english

if TYPE_CHECKING:
    from typer._click.exceptions import UsageError

_SAID = (
    (
        r"Invalid value for (?P<option>.*?): (?P<value>'.*') is not one of (?P<known>.*)\.",
        N_("Invalid value for {option}: {value} is not one of {known}."),
    ),
    (
        r"Invalid value for (?P<option>.*?): (?P<value>'.*') is not a valid int.*\.",
        N_("Invalid value for {option}: {value} is not a whole number."),
    ),
    (
        r"Invalid value for (?P<option>.*?): (?P<value>\S+) "
        r"is not in the range (?P<range>.*)\.",
        N_("Invalid value for {option}: {value} is not in the range {range}."),
    ),
    (r"Option (?P<option>'.*') requires an argument\.", N_("Option {option} needs a value.")),
    (
        r"Option (?P<option>'.*') does not take a value\.",
        N_("Option {option} takes no value."),
    ),
    (
        r"Got unexpected extra argument\(s\) \((?P<arguments>.*)\)",
        N_("Got unexpected extra argument(s) ({arguments})"),
    ),
)


def retell(error: Any) -> None:
    """Let an error of Typer's speak the language in force; what isn't known here stays as it is."""
    if is_english() or not hasattr(error, "format_message"):
        return
    said = str(error.format_message())
    for pattern, text in _SAID:
        if match := re.fullmatch(pattern, said):
            retold = _(text).format(**match.groupdict())
            error.format_message = partial(str, retold)
            return


def in_one_line(error: UsageError) -> str:
    """What is wrong with a call, with the nearest option where there is none of that name."""
    path = error.ctx.command_path if error.ctx else "aepromo"
    more = _("see {command} --help").format(command=path)
    name = getattr(error, "option_name", None)
    if error.ctx is None or name is None or not hasattr(error, "possibilities"):
        return f"{error.format_message().rstrip('.。')}; {more}"
    flags = [flag for each in error.ctx.command.params for flag in each.opts]
    meant = nearest(name, [flag for flag in flags if flag.startswith("--")], more)
    return _("no option {name}; {nearest}").format(name=name, nearest=meant)
