"""Messages for wrong calls: in one line, with the remedy, in the language in force."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from aepromo.errors import CallError
from aepromo.words import _
from aepromo.words.nearest import nearest, one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
