"""The calculators: one SKU from options, or a file of them."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from aepromo.cli.commands import Asked, question_command
from aepromo.cli.options import (
    OUTPUT_PANEL,
    STORE_PANEL,
    EndingOptions,
    option,
    parameters_of,
)
from aepromo.pricing.fees import STATUSES
from aepromo.terminal.summary import prices_line, skus

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.commands import Call
    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
    from aepromo.terminal.summary import Tally


class FailOn(StrEnum):
    """The mildest status at which ``audit`` exits with 1."""

    BELOW_TARGET = "below_target"
    LOSS = "loss"
    BELOW_FLOOR = "below_floor"
    NEVER = "never"


FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        help="Exit with 1 at this status or worse (loss).",
        rich_help_panel=OUTPUT_PANEL,
        show_default=False,
    ),
]

PromotionOption = Annotated[
    str | None,
    typer.Option(
        "--promotion",
        metavar="forced|reverse",
        help="Which promotion's reported uplift to count on (forced).",
        rich_help_panel=STORE_PANEL,
        show_default=False,
    ),
]


def calculator_named(command: str) -> Question:
    """The question that a command asks; the others are not loaded."""
    name = command.replace("-", "_")
    question: Question = getattr(import_module(f"aepromo.calculators.{name}"), name.upper())
    return question


def calculator_command(question: Question) -> Callable[..., None]:
    """The Typer command that asks a calculator's question."""
    is_audit, is_breakeven = question.name == "audit", question.name == "breakeven"

    def ask(_values: Values, _call: Call) -> Asked:
        return Asked(question, summary)

    def summary(tally: Tally) -> str:
        return prices_line(tally, question.counts[0]) if question.counts else skus(tally.rows)

    return question_command(
        ask,
        question,
        policy_options=[
            *(parameters_of(EndingOptions) if question.sets_prices else ()),
            *([option("promotion", PromotionOption, None)] if is_breakeven else ()),
        ],
        own_options=[option("fail_on", FailOnOption, FailOn.LOSS)] if is_audit else (),
        finish=_audit_fails if is_audit else None,
    )


def _audit_fails(tally: Tally, _values: Values, call: Call) -> bool:
    """Whether some price is at the status that ``--fail-on`` names, or worse."""
    fail_on = call.options["fail_on"]
    return fail_on is not FailOn.NEVER and tally.highest("status") >= STATUSES.index(fail_on)
