"""The calculators: one SKU from options, or a file of them."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated

import typer

from aepromo.calculators.own_discounts import with_own_discount
from aepromo.calculators.proofs import with_proof
from aepromo.cli.commands import Asked, question_command
from aepromo.cli.options import (
    OUTPUT_PANEL,
    STORE_PANEL,
    DecisionOptions,
    EndingOptions,
    Format,
    option,
    parameters_of,
)
from aepromo.cli.output import format_of
from aepromo.cli.say import say
from aepromo.errors import CallError
from aepromo.pricing.fees import STATUSES
from aepromo.table.layout import Layout
from aepromo.table.schema import RESULTS
from aepromo.terminal.summary import decisions_line, prices_line, skus
from aepromo.words import _
from aepromo.words.nearest import one_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.commands import Call
    from aepromo.cli.options import WritingOptions
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
    typer.Option(
        "--fail-on",
        help="Exit with 1 at this status or worse (loss).",
        rich_help_panel=OUTPUT_PANEL,
        show_default=False,
    ),
]

FailOnActionOption = Annotated[
    FailOnAction,
    typer.Option(
        "--fail-on",
        help="Exit with 1 where a price is held; raise: also where one must rise (never).",
        rich_help_panel=OUTPUT_PANEL,
        show_default=False,
    ),
]

OnlyOption = Annotated[
    str | None,
    typer.Option(
        "--only",
        metavar="A,B",
        help="Write only the rows with these labels of action (reprice) or status (audit).",
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
    own_options, finish = [], None
    if question.name == "audit":
        own_options = [option("fail_on", FailOnOption, FailOn.LOSS)]
        finish = _audit_fails
    elif question.name == "reprice":
        own_options = [option("fail_on", FailOnActionOption, FailOnAction.NEVER)]
        finish = _reprice_fails
    if own_options:
        own_options.append(option("only", OnlyOption, None))

    def ask(values: Values, call: Call) -> Asked:
        if question.name == "reprice" and format_of(call.writing) is Format.ALIEXPRESS:
            return _price_update(values, call)
        asked = question
        for name, extended in ON_REQUEST.items() if own_options else ():
            if _names(call.writing, name):
                asked = extended(asked)
        return Asked(asked, summary, only=_only(question, call))

    def summary(tally: Tally) -> str:
        if question.name == "reprice":
            return decisions_line(tally)
        return prices_line(tally, question.counts[0]) if question.counts else skus(tally.rows)

    return question_command(
        ask,
        question,
        policy_options=[
            *(parameters_of(EndingOptions) if question.sets_prices else ()),
            *(parameters_of(DecisionOptions) if question.name == "reprice" else ()),
            *([option("promotion", PromotionOption, None)] if question.name == "breakeven" else ()),
        ],
        own_options=own_options,
        finish=finish,
    )


ON_REQUEST = {"proof": with_proof, "max_limited_rate": with_own_discount}
"""The columns of ``reprice`` and ``audit`` that take long, and what adds each of them."""


def _names(writing: WritingOptions, column: str) -> bool:
    """Whether ``--columns`` or ``--value`` names a column."""
    words = writing.value or writing.columns or ""
    layout = Layout((column,))
    return any(layout.meant(word.strip()) for word in words.split(",") if word.strip())


def _price_update(values: Values, call: Call) -> Asked:
    """``reprice`` with requests to the platform as its answer. Raises ``CallError``."""
    if call.file is None:
        raise CallError(_("--format aliexpress is for reprice with a FILE, which sets prices"))
    if call.options["only"] or call.reading.rejects:
        raise CallError(
            _("--format aliexpress sends products whole; leave out --only and --rejects")
        )
    from aepromo.calculators.price_update import PRICE_UPDATE, PriceUpdates  # loads pyarrow

    updates = PriceUpdates(values.book)

    def closing() -> None:
        if not call.writing.quiet:
            say(updates.said())

    return Asked(PRICE_UPDATE, decisions_line, closing=closing, updates=updates)


def _only(question: Question, call: Call) -> tuple[str, ...]:
    """The labels that ``--only`` names. Raises ``CallError`` for one that there isn't."""
    text = call.options.get("only")
    if text is None:
        return ()
    if call.file is None:
        raise CallError(_("--only chooses among the rows of a FILE"))
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
