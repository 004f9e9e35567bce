"""A commented ``aepromo.toml`` to start from, made from a file and a call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aepromo.inputs.values import ASSUMED, assumed_text
from aepromo.table.headers import shown_header
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aepromo.check.file_check import FileCheck
    from aepromo.inputs.policy import Policy

_VALUES = (
    *("forced_rate", "commission_rate", "payment_rate", "target_profit", "target_margin"),
    *("limited_rate", "logistics_cost", "other_cost"),
)


def starter(check: FileCheck, policy: Policy, mapping: Mapping[str, str]) -> str:
    """The text of a configuration: given values, assumed values, and the meaning of headers."""
    given = policy.texts()
    lines = [
        _("# Written by aepromo check {file}; every command run in this folder reads it.").format(
            file=shown_header(check.source.name)
        ),
        _("# A line that begins with # has no effect: remove the # to use it."),
        "",
        _line("currency", policy.currency or "USD", policy.currency, _("of prices and targets")),
        _line("cost_currency", policy.cost_currency or "CNY", policy.cost_currency, _("of costs")),
    ]
    for name in _VALUES:
        text = given.get(name) or (assumed_text(name, policy.book) if name in ASSUMED else "0")
        lines.append(_line(name, text, given.get(name), _(INPUTS[name].meaning)))
    lines += ["", "[fx]", *_rates(policy.fx)]
    lines += [
        "",
        _("# The headers of your files, and the column that each one means."),
        "[map]",
        *_map(check, mapping),
    ]
    return "\n".join(lines) + "\n"


def _line(name: str, text: str, given: object, meaning: str) -> str:
    line = f"{name} = {_quoted(text)}  # {meaning}"
    return line if given else f"# {line}"


def _rates(fx: Iterable[str]) -> list[str]:
    found = []
    for each in fx:
        code, _equals, worth = each.partition("=")
        rate, _at, day = worth.partition("@")
        value = f"{{ rate = {_quoted(rate)}, date = {_quoted(day)} }}" if day else _quoted(rate)
        found.append(f"{code} = {value}")
    meaning = _(INPUTS["fx_rate"].meaning)
    return found or [f'# CNY = "7.12"  # {meaning}']


def _map(check: FileCheck, mapping: Mapping[str, str]) -> list[str]:
    found = []
    for each in check.headers:
        if each.column and (each.header in mapping or each.header != each.column):
            found.append(f"{_quoted(each.header)} = {_quoted(each.column)}")
        elif each.may_be:
            others = _(" or ").join(each.may_be)
            found.append(f"# {_quoted(each.header)} = {_quoted(each.may_be[0])}  # {others}?")
    return found


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
