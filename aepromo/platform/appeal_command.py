"""``appeal``: Price Protection, from the verdict to the worksheet to submit."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from aepromo.cli.language import Language
from aepromo.cli.messages import say
from aepromo.cli.options import OUTPUT_PANEL, WritingOptions, declared, option, value_parameters
from aepromo.cli.output import form_of_worksheet, text_lines
from aepromo.cli.runner import CommandQuestion, question_command
from aepromo.errors import CallError
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.appeal import appeal
from aepromo.platform.appeal_worksheet import Worksheet
from aepromo.platform.columns import APPEALS
from aepromo.table.atomic import replacing
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.terminal.summary import rows_line, skus
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.runner import Call
    from aepromo.inputs.values import Values
    from aepromo.terminal.summary import Tally


class FailOn(StrEnum):
    """The mildest verdict at which ``appeal`` exits with 1."""

    SUBMIT = "submit"
    WEAK = "weak"
    REFUSE = "refuse"
    NEVER = "never"

    def fails(self, tally: Tally) -> bool:
        """Whether any row is a finding."""
        if self is FailOn.NEVER:
            return False
        return tally.highest("appeal") >= APPEALS.index(self.value)


OnOption = Annotated[
    str | None,
    declared("--on", metavar="DATE", help=_("The day on which the appeal is submitted (today).")),
]
FailOnOption = Annotated[
    FailOn,
    declared(
        "--fail-on",
        help=_("Exit with 1 at this verdict or worse (weak)."),
        rich_help_panel=OUTPUT_PANEL,
    ),
]
WorksheetOption = Annotated[
    str | None,
    declared(
        "--worksheet",
        metavar="FILE",
        help=_("Write the margin worksheet to submit, without SKUs that would be refused."),
        rich_help_panel=OUTPUT_PANEL,
    ),
]
WorksheetLanguageOption = Annotated[
    Language,
    declared(
        "--worksheet-lang",
        help=_("The worksheet's language: zh (default) or en."),
        rich_help_panel=OUTPUT_PANEL,
    ),
]


def appeal_command() -> Callable[..., None]:
    """The Typer command that judges appeals and writes their worksheet."""
    worksheet = Worksheet()

    def ask(values: Values, call: Call) -> CommandQuestion:
        question, target = appeal(values, _day(call.options["on"])), call.options["worksheet"]
        if target is None:
            return CommandQuestion(question, _summary)
        _check_target(target)
        return CommandQuestion(question, _summary, worksheet.add)

    def finish(tally: Tally, values: Values, call: Call) -> bool:
        if call.options["worksheet"] is not None:
            _write_worksheet(worksheet, values, call)
        fail_on: FailOn = call.options["fail_on"]
        return fail_on.fails(tally)

    plain = appeal(resolved(Policy()), date.min)
    return question_command(
        ask,
        plain,
        values=value_parameters(plain.uses),
        own_options=[
            option("on", OnOption, None),
            option("fail_on", FailOnOption, FailOn.WEAK),
            option("worksheet", WorksheetOption, None),
            option("worksheet_lang", WorksheetLanguageOption, Language.ZH),
        ],
        has_offers=False,
        finish=finish,
    )


def _summary(tally: Tally) -> str:
    return rows_line(tally, "appeal")


def _day(text: str | None) -> date:
    try:
        day = read_fact(text or "", Kind.DAY)
    except CellError as error:
        raise CallError(f"--on: {error}") from None
    return day if isinstance(day, date) else date.today()


def _write_worksheet(worksheet: Worksheet, values: Values, call: Call) -> None:
    """Write the arithmetic of every SKU that is not refused, in the form of the file's ending."""
    target, writing = call.options["worksheet"], call.writing
    parts = worksheet.parts(values.currency, call.options["worksheet_lang"].value)
    plain = WritingOptions(output=target, bom=writing.bom, excel_safe=writing.excel_safe)
    with replacing(target) as stream:
        stream.writelines(text_lines(parts, form_of_worksheet(target), plain))
    if not writing.quiet:
        said = [skus(worksheet.lines)]
        if worksheet.refused:
            said.append(_("{count:,} refused, left out").format(count=worksheet.refused))
        say(f"{target}: " + _("; ").join(said))


def _check_target(target: str) -> None:
    """Refuse a worksheet of an unknown form, or on standard output."""
    if target == "-":
        raise CallError(_("--worksheet -: name a file; standard output is for the verdicts"))
    form_of_worksheet(target)
