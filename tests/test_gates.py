"""Every gate of the rule book, also a new one: at its threshold, and overridden."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aepromo
from aepromo import rules
from aepromo.cli.config import read_config
from aepromo.engine.answer import run as run_question
from aepromo.engine.frame import FrameCells
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.forced import forced
from aepromo.platform.gates import OPEN, Gates, is_gate
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK
from aepromo.rules.overrides import Book
from aepromo.table.arrow_arrays import alike
from aepromo.table.column import Kind
from aepromo.table.found_columns import FoundColumns
from aepromo.table.schema import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from conftest import Run

    from aepromo.engine.question import Inputs
    from aepromo.rules import Rule

GATES = [rule for rule in rules.book() if is_gate(rule)]
THRESHOLDS = [rule for rule in GATES if rule.compare]
UNDER_AT_OVER = {
    ">": (False, False, True),
    ">=": (False, True, True),
    "<": (True, False, False),
    "<=": (True, True, False),
}
MILLIONTH, CENT, ONE = Decimal("0.000001"), Decimal("0.01"), Decimal(1)

ON, NOW = date(2026, 3, 10), datetime(2026, 3, 10, 12, tzinfo=UTC)
SHIPPED = NOW - timedelta(days=30)

FUNCTIONS: dict[str, Callable[[pd.DataFrame, Policy], pd.DataFrame]] = {
    "forced": aepromo.forced,
    "reverse": aepromo.reverse,
    "appeal": lambda frame, policy: aepromo.appeal(frame, policy, on=ON),
    "tracking": lambda frame, policy: aepromo.tracking(
        frame, policy, now=NOW, carriers=["Cainiao"]
    ),
}
# The other facts of a row, so that the tested gate decides.
ROWS = {
    "forced": {"category": "toys"},
    "reverse": {"market": "ES,BR,US"},
    "appeal": {
        "store_level": "L4",
        "invoice_date": "2026-03-03",
        "list_price": "100",
        "forced_rate": "0",
        "commission_rate": "8%",
        "payment_rate": "1.2%",
        "purchase_price": "60",
        "logistics_cost": "6",
        "first_weight_fee": "4.80",
        "additional_weight_fee": "0.30",
        "registration_fee": "0.90",
    },
    "tracking": {
        "tracking_number": "RR473124829GB",
        "carrier": "Cainiao",
        "shipped_at": SHIPPED.isoformat(),
        "first_scan_at": SHIPPED.isoformat(),
        "last_event_at": NOW.isoformat(),
    },
}
# Computed facts: their smallest difference, and the cells from which they follow.
WORKED_OUT: dict[str, tuple[Decimal, Callable[[Decimal], dict[str, str]]]] = {
    "invoice_age_days": (
        ONE,
        lambda days: {"invoice_date": (ON - timedelta(days=int(days))).isoformat()},
    ),
    # 100.00 − 8.00 − 1.20 − 6.00 is 84.80, and a cent is a hundredth of a percent.
    "formula_profit": (CENT, lambda kept: {"purchase_price": str(Decimal("84.80") - kept)}),
    "formula_margin": (CENT, lambda kept: {"purchase_price": str(Decimal("84.80") - kept)}),
    "upload_hours": (
        CENT,
        lambda taken: {"first_scan_at": (SHIPPED + hours(taken)).isoformat()},
    ),
    "silent_hours": (CENT, lambda taken: {"last_event_at": (NOW - hours(taken)).isoformat()}),
}
FAULTS = {
    "number_valid": {"tracking_number": "RR473124820GB"},
    "certified_carrier": {"carrier": "X"},
}
MEETS = {"shipping_detail": dict[str, str]()}
"""The requirements that the row above already meets."""


def hours(number: Decimal) -> timedelta:
    return timedelta(seconds=int(number * 3600))


def number_of(rule: Rule) -> Decimal:
    """The threshold in its own unit: a percent, a level, a day."""
    return Decimal(str(rule.value).strip("L%"))


def text_of(rule: Rule, number: Decimal) -> str:
    before = "L" if rule.unit == "level" else ""
    return f"{before}{number:f}{'%' if rule.unit == 'ratio' else ''}"


def step_of(rule: Rule) -> Decimal:
    """The smallest difference of two facts of a gate."""
    if rule.column in WORKED_OUT:
        return WORKED_OUT[rule.column][0]
    kind = INPUTS[rule.column].kind
    return {
        Kind.LEVEL: ONE,
        Kind.COUNT: ONE,
        Kind.TURNOVER: CENT,
        Kind.SHARE: Decimal("0.0001"),
        Kind.NUMBER: MILLIONTH,
    }[kind]


def cells_of(rule: Rule, number: Decimal) -> dict[str, str]:
    if rule.column in WORKED_OUT:
        return WORKED_OUT[rule.column][1](number)
    return {rule.column: text_of(rule, number)}


def judged(rule: Rule, cells: dict[str, str], book: Book) -> dict[str, Any]:
    """The answer for a row from the question that holds the gate."""
    family = rule.key.partition(".")[0]
    frame = pd.DataFrame([{**ROWS[family], **cells}], dtype="str")
    (answer,) = FUNCTIONS[family](frame, Policy(book=book)).to_dict("records")
    own = {str(name): found for name, found in answer.items() if name not in frame}
    return {name: None if found is pd.NA else found for name, found in own.items()}


def rows_of(count: int) -> Inputs:
    """The facts of rows whose cells are all blank."""
    values = resolved(Policy())
    frame = pd.DataFrame({"sku": [str(row) for row in range(count)]}, dtype="str")
    cells = FrameCells(frame, values.currency)
    inputs = run_question(forced(values), cells, FoundColumns({}), values).inputs
    assert inputs is not None
    return inputs


def written(path: Path, rule: Rule, value: str | list[str]) -> Book:
    """The book with a rule changed in a configuration."""
    shown = f'"{value}"' if isinstance(value, str) else str(value).replace("'", '"')
    path.write_text(f'[rules]\n"{rule.key}" = {shown}\n', encoding="utf-8")
    return read_config(str(path)).book


@pytest.mark.parametrize("rule", THRESHOLDS, ids=lambda rule: rule.key)
def test_a_gate_opens_at_its_threshold_as_it_compares(rule: Rule) -> None:
    whole = {"money": 100, "level": 1, "count": 1, "ratio": 10_000}.get(rule.unit, 1_000_000)
    if rule.column in INPUTS and INPUTS[rule.column].kind is Kind.COUNT:
        whole = 1
    at = int(number_of(rule) * whole)
    facts = (at - 1, at, at + 1)
    computed = {rule.column: np.array(facts, np.int64)}
    (held,) = Gates({"": [rule]}, USD).hold(rows_of(3), computed)[""]
    opens = UNDER_AT_OVER[rule.compare]
    assert tuple(held.states == OPEN) == opens
    assert held.fact_gaps[held.codes].tolist() == [
        0 if is_open else abs(fact - at) for fact, is_open in zip(facts, opens, strict=True)
    ]


@pytest.mark.parametrize("rule", THRESHOLDS, ids=lambda rule: rule.key)
def test_the_verdict_turns_once_between_just_under_and_just_over(rule: Rule) -> None:
    at, step = number_of(rule), step_of(rule)
    verdicts = [
        _without_figures(judged(rule, cells_of(rule, number), Book()))
        for number in (at - step, at, at + step)
    ]
    under, middle, _over = UNDER_AT_OVER[rule.compare]
    assert verdicts[0] != verdicts[2]
    beside = (verdicts[0], verdicts[1]) if under != middle else (verdicts[1], verdicts[2])
    assert beside[0] != beside[1]


def _without_figures(verdict: dict[str, Any]) -> dict[str, Any]:
    """A verdict without figures that change with every cent or second, and without gaps."""
    figures = {"deal_price", "formula_profit", "formula_margin", "invoice_age_days", "ends_at"}
    figures |= {"upload_hours", "silent_hours", "passing_list_price"}
    texts = {name: found for name, found in verdict.items() if name not in figures}
    return {
        name: re.sub(r"[-+]?\d[\d.]*%?|just at it", "#", found) if isinstance(found, str) else found
        for name, found in texts.items()
    }


@pytest.mark.parametrize("rule", GATES, ids=lambda rule: rule.key)
def test_a_rule_changed_in_the_configuration_changes_the_verdict(
    rule: Rule, tmp_path: Path
) -> None:
    config = tmp_path / "aepromo.toml"
    if rule.compare:
        at, step = number_of(rule), step_of(rule)
        cells = cells_of(rule, at)
        # The fact stays at its threshold, and the threshold moves a step past it.
        moved = at + step if rule.compare in (">=", "<") else at - step
        book = written(config, rule, text_of(rule, moved))
    elif rule.unit == "yes_no":
        cells = FAULTS.get(rule.column, {rule.column: "no"})
        book = written(config, rule, "no")
    else:
        cells = MEETS.get(rule.column, {rule.column: str(rule.value[0])})
        other = "L9" if rule.column == "store_level" else "something else"
        book = written(config, rule, [other])
    before, after = judged(rule, cells, Book()), judged(rule, cells, book)
    assert _without_figures(before) != _without_figures(after)


AUDIT = ("audit", "-b", "10", "-l", "0", "--rate", "0", "--commission", "0", "--payment", "0")
FORCED = ("watch", "--discount-status", "forced", "--changed-at", "2026-03-10T07:00Z")


@pytest.mark.parametrize(
    ("key", "value", "call", "column", "before", "after"),
    [
        # 10 × 1.15 is 11.50: under it orders are cancelled, and at it they aren't.
        ("floor.multiple", "1.151", (*AUDIT, "--price", "11.49"), "status", *["below_floor"] * 2),
        ("floor.multiple", "1.151", (*AUDIT, "--price", "11.50"), "status", "ok", "below_floor"),
        ("floor.multiple", "1.151", (*AUDIT, "--price", "11.51"), "status", "ok", "ok"),
        (
            "forced.react_hours",
            "1",
            (*FORCED, "--now", "2026-03-10T08:59:59Z"),
            "missed",
            "no",
            "yes",
        ),
        (
            "forced.react_hours",
            "1.9997",
            (*FORCED, "--now", "2026-03-10T09:00Z"),
            "missed",
            "no",
            "yes",
        ),
        (
            "forced.react_hours",
            "2.0003",
            (*FORCED, "--now", "2026-03-10T09:00:01Z"),
            "missed",
            "yes",
            "no",
        ),
    ],
)
def test_a_threshold_that_is_not_a_gate_also_decides(
    key: str,
    value: str,
    call: tuple[str, ...],
    column: str,
    before: str,
    after: str,
    tmp_path: Path,
    run: Run,
) -> None:
    config = tmp_path / "mine.toml"
    written(config, rules.rule(key), value)
    call = (
        (*call, "--target-profit", "0", "--value", column)
        if call[0] == "audit"
        else (*call, "--value", column)
    )
    assert run(*call).out.decode().strip() == before
    assert run(*call, "--config", config).out.decode().strip() == after


def test_every_threshold_is_a_gate_or_has_a_test() -> None:
    """The age of rates is tested with currencies, the end of a promotion with parcels."""
    loose = {rule.key for rule in rules.book() if rule.compare and not rule.column}
    assert loose == {
        "floor.multiple",
        "forced.react_hours",
        "tracking.end_hours",
        "fx.max_age_days",
    }


NUMBER = st.integers(-1, 3) | st.sampled_from([BLANK, -(2**31), 2**31, 2**40])


@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER, NUMBER), min_size=1, max_size=4), st.randoms())
def test_rows_that_are_alike_are_of_one_kind(
    different: list[tuple[int, int, int, int]], rng: Random
) -> None:
    rows = [each for each in different for _ in range(4)]
    rng.shuffle(rows)
    found = alike(np.array(rows, np.int64).T)
    assert found is not None
    firsts, kinds = found
    assert [rows[first] for first in firsts] == list(dict.fromkeys(rows))
    assert [rows[firsts[kind]] for kind in kinds] == rows


@pytest.mark.parametrize("widths", [[5, 2**62], [5, 2**31, 2**31]])
def test_numbers_that_are_far_apart_are_told_apart(widths: list[int]) -> None:
    # As digits of one number, the two that follow the first would be the same in 64 bits.
    rows = np.zeros((3, len(widths)), np.int64)
    rows[1, 0], rows[2] = widths[0] - 1, [width - 1 for width in widths]
    found = alike(rows.repeat(4, axis=0).T)
    assert found is not None
    assert len(found[0]) == 3


def test_rows_of_many_kinds_are_not_told_apart() -> None:
    few = np.arange(40) // 4
    assert alike([few]) is not None
    assert alike([few, np.arange(40) % 4]) is None
    assert alike([few, few * 2**31, few * 2**40, np.arange(40) % 4]) is None
