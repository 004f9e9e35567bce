"""``appeal``: Price Protection, from verdict to the worksheet that is handed in."""

from __future__ import annotations

import os
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aepromo.calculators.command import RatesOptions, money_policy, with_rates
from aepromo.cli.config import read_config
from aepromo.cli.exits import Exit
from aepromo.cli.language import Language
from aepromo.cli.money import MoneyOptions, shipping_parameters
from aepromo.cli.options import (
    OUTPUT_PANEL,
    ConfigOption,
    FileArgument,
    ReadingOptions,
    WritingOptions,
    argument,
    option,
    parameters_of,
    taken,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import form_of_worksheet, text_lines
from aepromo.cli.say import say, say_assumed
from aepromo.errors import CallError
from aepromo.inputs.policy import Policy
from aepromo.platform.appeal import REFUSE, appeal, formula_of, least_profit
from aepromo.platform.columns import APPEALS
from aepromo.platform.priced_rulings import StoreOption
from aepromo.platform.rulings import (
    given_of,
    judge_file,
    judge_one,
    say_rows_converted,
    say_stores_passed_over,
    write_summed,
)
from aepromo.platform.worksheet import Line, worksheet
from aepromo.table.atomic import replacing
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.facts import read_fact
from aepromo.table.schema import RESULTS
from aepromo.terminal.summary import skus
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.platform.rulings import Sheet
    from aepromo.pricing.currency import Currency
    from aepromo.rules.overrides import Book


class FailOn(StrEnum):
    """The mildest verdict at which ``appeal`` exits with 1."""

    SUBMIT = "submit"
    WEAK = "weak"
    REFUSE = "refuse"
    NEVER = "never"

    def fails(self, sheet: Sheet) -> bool:
        """Whether any row is a finding."""
        if self is FailOn.NEVER:
            return False
        mildest = APPEALS.index(self.value)
        found = (judged.verdict["appeal"] for judged in sheet.rows)
        return any(isinstance(each, int) and each >= mildest for each in found)


def _declared(*names: str, metavar: str | None = None, says: str, panel: str | None = None) -> Any:
    return typer.Option(
        *names, metavar=metavar, help=says, rich_help_panel=panel, show_default=False
    )


OnOption = Annotated[
    str | None,
    _declared("--on", metavar="DATE", says=_("The day on which the appeal is handed in (today).")),
]
FailOnOption = Annotated[
    FailOn,
    _declared(
        "--fail-on", says=_("Exit with 1 at this verdict or worse (weak)."), panel=OUTPUT_PANEL
    ),
]
WorksheetOption = Annotated[
    str | None,
    _declared(
        "--worksheet",
        metavar="FILE",
        says=_("Write the margin worksheet to hand in; what is refused stays out."),
        panel=OUTPUT_PANEL,
    ),
]
WorksheetLanguageOption = Annotated[
    Language,
    _declared(
        "--worksheet-lang",
        says=_("The worksheet's language: zh (default) or en."),
        panel=OUTPUT_PANEL,
    ),
]


def appeal_command() -> Callable[..., None]:
    """The Typer command that judges appeals and writes their worksheet."""

    def command(**values: Any) -> None:
        file, fail_on, store = (values.pop(name) for name in ("file", "fail_on", "store"))
        target, language = values.pop("worksheet"), values.pop("worksheet_lang")
        reading, writing = taken(ReadingOptions, values), taken(WritingOptions, values)
        config, joined = read_config(values.pop("config")), taken(RatesOptions, values)
        if target is not None:
            _check_target(target, file, reading, writing)
        assumed: list[str] = []
        policy = with_rates(money_policy(config, values), joined, file)
        ruling = appeal(policy, _day(values.pop("on")), assumed)
        given = given_of(ruling, values, config, store)
        if file is None:
            if not given:
                reason = _("nothing to judge; name a FILE, or give values such as {flag}")
                raise CallError(reason.format(flag="--list-price"))
            sheet = judge_one(ruling, given, reading)
        else:
            sheet = judge_file(ruling, given, file, reading, writing)
        say_stores_passed_over(config, store, ruling, (judged.facts for judged in sheet.rows))
        say_assumed(assumed, set(), policy.in_force, writing.quiet)
        say_rows_converted((row.facts for row in sheet.rows), ruling.exchange, writing.quiet)
        if target is not None:
            _write_worksheet(target, sheet, policy.in_force, ruling.currency, language, writing)
        write_summed(ruling, sheet, writing, sheet.summed(skus(len(sheet.rows)), RESULTS["appeal"]))
        if fail_on.fails(sheet):
            raise typer.Exit(Exit.FINDINGS)

    plain = appeal(Policy(), date.min, [])
    command.__doc__ = _(plain.question)
    return with_parameters(
        command,
        [
            argument("file", FileArgument),
            *value_parameters(plain.uses),
            *parameters_of(MoneyOptions),
            *shipping_parameters(),
            option("on", OnOption, None),
            option("store", StoreOption, None),
            option("config", ConfigOption, None),
            *parameters_of(ReadingOptions),
            *parameters_of(RatesOptions),
            *parameters_of(WritingOptions),
            option("fail_on", FailOnOption, FailOn.WEAK),
            option("worksheet", WorksheetOption, None),
            option("worksheet_lang", WorksheetLanguageOption, Language.ZH),
        ],
    )


def _day(text: str | None) -> date:
    try:
        day = read_fact(text or "", Kind.DAY)
    except CellError as error:
        raise CallError(f"--on: {error}") from None
    return day if isinstance(day, date) else date.today()


def _write_worksheet(
    target: str,
    sheet: Sheet,
    book: Book,
    currency: Currency,
    language: Language,
    writing: WritingOptions,
) -> None:
    """Write the arithmetic of every SKU that isn't refused, in the form of the file's ending."""
    lines = [
        Line(judged.facts, formula_of(judged.facts, book, currency, []))
        for judged in sheet.rows
        if judged.verdict["appeal"] != REFUSE
    ]
    columns = worksheet(lines, least_profit(book, currency), currency, language.value)
    plain = WritingOptions(output=target, bom=writing.bom, excel_safe=writing.excel_safe)
    with replacing(target) as stream:
        stream.writelines(text_lines([columns], form_of_worksheet(target), plain))
    if not writing.quiet:
        refused = len(sheet.rows) - len(lines)
        parts = [skus(len(lines))]
        if refused:
            parts.append(_("{count:,} refused, left out").format(count=refused))
        say(f"{target}: " + _("; ").join(parts))


def _check_target(
    target: str, file: str | None, reading: ReadingOptions, writing: WritingOptions
) -> None:
    """Refuse a worksheet of no known form, or that would take the place of another file."""
    if target == "-":
        raise CallError(_("--worksheet -: name a file; standard output is for the verdicts"))
    others = ((file, _("the input")), (writing.output, "--output"), (reading.rejects, "--rejects"))
    for other, name in others:
        if other and os.path.realpath(other) == os.path.realpath(target):
            raise CallError(_("--worksheet and {name} are the same file").format(name=name))
    form_of_worksheet(target)
