"""The calculators: one SKU from options, or a file of them."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

from aepromo.cli.messages import say
from aepromo.cli.options import (
    OUTPUT_PANEL,
    STORE_PANEL,
    DecisionOptions,
    EndingOptions,
    Format,
    declared,
    option,
    parameters_of,
)
from aepromo.cli.output import format_of
from aepromo.cli.runner import CommandQuestion, question_command
from aepromo.errors import CallError
from aepromo.pricing.fees import STATUSES
from aepromo.table.answer_columns import Layout
from aepromo.table.schema import RESULTS
from aepromo.terminal.summary import decisions_line, prices_line, rows_line
from aepromo.words import _
from aepromo.words.nearest import one_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Parameter

    from aepromo.cli.options import WritingOptions
    from aepromo.cli.runner import Call
    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
    from aepromo.terminal.summary import Tally


class FailOn(StrEnum):
    """The mildest status at which ``audit`` exits with 1."""

    BELOW_TARGET = "below_target"
    LOSS = "loss"
    BELOW_FLOOR = "below_floor"
    NEVER = "never"


class FailOnAction(StrEnum):
    """The actions for which ``reprice`` exits with 1: ``hold``, or with ``raise`` a raise too."""

    HOLD = "hold"
    RAISE = "raise"
    NEVER = "never"


FailOnOption = Annotated[
    FailOn,
    declared(
        "--fail-on",
        help="Exit with 1 at this status or worse (loss).",
        rich_help_panel=OUTPUT_PANEL,
    ),
]

FailOnActionOption = Annotated[
    FailOnAction,
    declared(
        "--fail-on",
        help="Exit with 1 if a price is held; raise: also if one must rise (never).",
        rich_help_panel=OUTPUT_PANEL,
    ),
]

OnlyOption = Annotated[
    str | None,
    declared(
        "--only",
        metavar="A,B",
        help="Write only the rows with these labels of action (reprice) or status (audit).",
        rich_help_panel=OUTPUT_PANEL,
    ),
]

PromotionOption = Annotated[
    str | None,
    declared(
        "--promotion",
        metavar="forced|reverse",
        help="The promotion whose reported uplift is used (forced).",
        rich_help_panel=STORE_PANEL,
    ),
]


def calculator_named(command: str) -> Question:
    """The question of a command; the others are not loaded."""
    name = command.replace("-", "_")
    question: Question = getattr(import_module(f"aepromo.calculators.{name}"), name.upper())
    return question


def calculator_command(question: Question) -> Callable[..., None]:
    """The Typer command of a calculator."""
    return _OWN.get(question.name, _plain_command)(question)


def _plain_command(question: Question, *policy_options: Parameter) -> Callable[..., None]:
    def ask(_values: Values, _call: Call) -> CommandQuestion:
        return CommandQuestion(question, summary)

    def summary(tally: Tally) -> str:
        return prices_line(tally, question.counts[0]) if question.counts else rows_line(tally)

    endings = parameters_of(EndingOptions) if question.sets_prices else ()
    return question_command(ask, question, policy_options=[*endings, *policy_options])


def _breakeven_command(question: Question) -> Callable[..., None]:
    return _plain_command(question, option("promotion", PromotionOption, None))


def _audit_command(question: Question) -> Callable[..., None]:
    def ask(_values: Values, call: Call) -> CommandQuestion:
        asked = _extended(question, call.writing)
        return CommandQuestion(
            asked, lambda tally: prices_line(tally, "status"), only=_only(question, call)
        )

    fail_on = option("fail_on", FailOnOption, FailOn.LOSS)
    only = option("only", OnlyOption, None)
    return question_command(ask, question, own_options=[fail_on, only], finish=_audit_fails)


def _reprice_command(question: Question) -> Callable[..., None]:
    def ask(values: Values, call: Call) -> CommandQuestion:
        if format_of(call.writing) is Format.ALIEXPRESS:
            return _price_update(values, call)
        asked = _extended(question, call.writing)
        return CommandQuestion(asked, decisions_line, only=_only(question, call))

    fail_on = option("fail_on", FailOnActionOption, FailOnAction.NEVER)
    return question_command(
        ask,
        question,
        policy_options=parameters_of(EndingOptions, DecisionOptions),
        own_options=[fail_on, option("only", OnlyOption, None)],
        finish=_reprice_fails,
    )


_OWN = {"audit": _audit_command, "breakeven": _breakeven_command, "reprice": _reprice_command}
"""The calculators whose commands have options of their own."""


def _extended(question: Question, writing: WritingOptions) -> Question:
    """A question with the slow columns that ``--columns`` or ``--value`` name."""
    named = writing.value or writing.columns
    if not named:
        return question
    from aepromo.calculators.own_discount_column import with_own_discount
    from aepromo.calculators.proof_column import with_proof

    words = [word.strip() for word in named.split(",")]
    for name, extended in (("proof", with_proof), ("max_limited_rate", with_own_discount)):
        layout = Layout((name,))
        if any(layout.meant(word) for word in words if word):
            question = extended(question)
    return question


def _price_update(values: Values, call: Call) -> CommandQuestion:
    """``reprice`` with requests to the platform as its answer. Raises ``CallError``."""
    if call.file is None:
        raise CallError(_("--format aliexpress is only for reprice with a FILE"))
    if call.options["only"] or call.reading.rejects:
        raise CallError(
            _("--format aliexpress sends whole products; leave out --only and --rejects")
        )
    from aepromo.calculators.price_update import PRICE_UPDATE, PriceUpdates  # loads pyarrow

    updates = PriceUpdates(values.book)

    def closing() -> None:
        if not call.writing.quiet:
            say(updates.said())

    return CommandQuestion(PRICE_UPDATE, decisions_line, closing=closing, updates=updates)


def _only(question: Question, call: Call) -> tuple[str, ...]:
    """The labels that ``--only`` names. Raises ``CallError`` for an unknown one."""
    text = call.options["only"]
    if text is None:
        return ()
    if call.file is None:
        raise CallError(_("--only selects rows of a FILE; name one, or - for standard input"))
    labels = RESULTS[question.counts[0]].labels
    only = tuple(label.strip() for label in text.split(","))
    for label in only:
        if label not in labels:
            raise CallError(f"--only '{label}': {one_of(label, labels)}")
    return only


def _audit_fails(tally: Tally, _values: Values, call: Call) -> bool:
    """Whether some price is at the status that ``--fail-on`` names, or worse."""
    fail_on = call.options["fail_on"]
    return fail_on is not FailOn.NEVER and tally.highest("status") >= STATUSES.index(fail_on)


def _reprice_fails(tally: Tally, _values: Values, call: Call) -> bool:
    """Whether some price is held, or is to be raised, as ``--fail-on`` asks."""
    fail_on, counts = call.options["fail_on"], dict(tally.labels("action"))
    if fail_on is FailOnAction.NEVER:
        return False
    held, raised = counts.get("hold", 0), counts.get("raise", 0)
    return bool(held or (raised and fail_on is FailOnAction.RAISE))
