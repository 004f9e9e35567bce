"""Figures that a configuration puts into the rule book: valid, or refused in one line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aepromo import rules
from aepromo.cli.config import read_config
from aepromo.errors import CallError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

BOOK = rules.book()
NO_FIGURES = {
    "a word": '"eight"',
    "blank": '""',
    "spaces": '" \\t"',
    "infinite": "inf",
    "an exponent": '"2e1"',
    "a code": '"0x1f"',
    "a bare sign": '"%"',
    "two points": '"1.2.3"',
    "full of digits": f'"{"7" * 5_000}"',
    "hexadecimal": "0x" + "e" * 4_800,
    "a day": "2026-02-28",
    "a table": "{ rate = 8 }",
    "a list of lists": "[[8]]",
    "unseen": '"8\\u200b%"',
    "a NUL": '"8\\u0000"',
    "in yen": '"¥80"',
    "endless": '"1.."',
}
"""Values that are not numbers, for rules that need one."""
NO_LISTS = {"a number": "8", "a text": '"Payoneer"', "blank": '["Wise", " "]', "lists": "[[]]"}
NEGATIVE = {"negative": '"-2"', "a negative number": "-2", "a negative rate": '"-2%"'}
TOO_MUCH = {"all of it": '"100%"', "more than all": '"230%"', "either": '"2.5"', "a number": "9"}
BACKWARDS = {"backwards": '"20%..10%"', "an end": '"..20%"', "three ends": '"1%..2%..3%"'}

WRONG = {
    "ratio": NO_FIGURES | NEGATIVE | TOO_MUCH | BACKWARDS,
    "money": NO_FIGURES | NEGATIVE | {"a rate": '"8%"', "a third of a cent": '"0.333"'},
    "percent_points": NO_FIGURES,
    "text": {"blank": '""', "a list": '["a"]', "a table": "{ a = 1 }", "yes": "true"},
    "date": NO_FIGURES | {"a month of words": '"March 2024"', "backwards": '"03-2024"'},
    "tier": NO_FIGURES | NEGATIVE | {"no price": '"30"', "as much": '"3:3"', "a share": '"30:8%"'},
    "yes_no": NO_FIGURES | {"on": '"on"', "short": '"y"', "a number": "1"},
    "switch": NO_FIGURES | {"yes": '"yes"', "true": "true", "a number": "1"},
    "level": NO_FIGURES | {"bare": "4", "none": '"L0"', "too high": '"L12"'},
    **dict.fromkeys(rules.LISTS, NO_LISTS),
}
BOOLEAN = {"true": "true", "false": "false", "in a list": "[true]"}
NUMBERS = NO_FIGURES | NEGATIVE | {"a rate": '"8%"'}


def wrong_for(rule: rules.Rule) -> dict[str, str]:
    """Invalid values of a rule."""
    wrong = WRONG.get(rule.unit, NUMBERS)
    # Turnover may have any currency sign, and a share may be 100 %.
    taken = {"gmv_90d": "in yen"}.get(rule.column, "all of it" if rule.column else "")
    wrong = {name: value for name, value in wrong.items() if name != taken}
    if rule.unit in rules.LISTS and rule.unit != "list":
        wrong = wrong | {"empty": "[]"}
    return wrong if rule.unit == "yes_no" else wrong | BOOLEAN


def configured(path: Path, key: str, value: str) -> str:
    """The error message for a value of a rule; empty where it is accepted."""
    path.write_text(f'[rules]\n"{key}" = {value}\n', encoding="utf-8")
    try:
        read_config(str(path))
    except CallError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("rule", BOOK, ids=lambda rule: rule.key)
def test_an_invalid_figure_is_refused_in_one_line_that_names_the_rule(
    rule: rules.Rule, tmp_path: Path
) -> None:
    """And the rule book's own figure is accepted."""
    config = tmp_path / "shop.toml"
    assert configured(config, rule.key, json.dumps(rule.value, ensure_ascii=False)) == ""
    for name, value in wrong_for(rule).items():
        said = configured(config, rule.key, value)
        assert said, f"{name}: {value[:40]} was taken"
        assert said.startswith(f"{config}: "), name
        assert rule.key in said or "not valid TOML: " in said, name
        assert len(said) < len(str(config)) + 300, name
        assert said.isprintable(), name


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("stacking.own_and_forced", '"sum"'),
        ("forced.rarely.level", '["L1", "low"]'),
        ("reverse.content.video_seconds", '"28..long"'),
        ("reverse.best.limited_rate", '"15..20"'),
        ("appeal.min_profit", '"€0.80"'),
    ],
)
def test_words_of_a_choice_ends_of_a_range_and_signs_are_checked(
    key: str, value: str, tmp_path: Path
) -> None:
    assert f"rules.{key}: " in configured(tmp_path / "shop.toml", key, value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ('"9.5"', "'9.5' is not a rate; write 9.5% or 0.095"),
        ('""', "is blank; write a figure"),
        ("false", "write a text or a number"),
        ('["9%"]', "the rule book has text here"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [
        ("margin", "--price", "20", "--purchase", "8", "--logistics", "3"),
        ("forced", "--list-price", "20"),
        ("watch", "--discount-status", "forced"),
        ("rules", "fees"),
    ],
    ids=lambda call: call[0],
)
def test_the_call_ends_with_2(
    call: tuple[str, ...], value: str, said: str, run: Run, tmp_path: Path
) -> None:
    config = tmp_path / "shop.toml"
    config.write_text(f"[rules]\nfees.commission_rate = {value}\n")
    code, out, err = run(*call, "--config", config)
    assert (code, out) == (2, b"")
    assert err.startswith(f"aepromo: {config}: rules")
    assert err.endswith(f"fees.commission_rate: {said}\n")
    assert err.count("\n") == 1
