"""``report``: one page to read every morning."""

from __future__ import annotations

import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

from aepromo.cli.messages import say
from aepromo.cli.options import (
    OUTPUT_PANEL,
    ConfigOption,
    EndingOptions,
    FileArgument,
    Format,
    MoneyOptions,
    OfferOptions,
    ReadingOptions,
    WritingOptions,
    argument,
    declared,
    option,
    parameters_of,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import are_same_file, destination
from aepromo.cli.runner import RatesOptions, call_of, shipping_options, values_of
from aepromo.errors import CallError
from aepromo.page.overview import OVERVIEW, Overview, overview
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.table.schema import INPUTS
from aepromo.terminal.summary import Tally, prices_line
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from aepromo.cli.answers import Answers
    from aepromo.engine.answer import Outcome
    from aepromo.page.html import PageOrigin
    from aepromo.pricing.currency import Currency
    from aepromo.table.blocks import TextBlock

WRITING = ("output", "quiet")
_ENDINGS = ("", ".html", ".htm")

LimitOption = Annotated[
    int,
    declared(
        "--limit",
        metavar="N",
        min=1,
        help="Show at most this many SKUs at risk on the page (200).",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
NowOption = Annotated[
    str | None,
    declared(
        "--now",
        metavar="TIME",
        help="The time that the page shows as the time it was made (now).",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


def report_command() -> Callable[..., None]:
    """The Typer command that makes a page from a file."""

    def command(**arguments: Any) -> None:
        call = call_of(arguments, ("limit", "now"))
        limit, made = call.options["limit"], _made(call.options["now"])
        # A page is not a table: its ending names no form, and the file keeps its own headers.
        writing = call.writing._replace(format=Format.CSV)
        table = _check(call.file, writing)
        values = values_of(call)
        options = [name for name, value in call.given.items() if value is not None]
        from aepromo.cli.input_files import answers_for
        from aepromo.page.html import page

        with answers_for(OVERVIEW, values, table, call.reading, writing) as answers:
            seen, assumed = _seen(answers, limit)
            about = _about(answers, made, options, assumed, _joined_from(call.joined))
            with destination(writing) as stream:
                stream.write(page(seen, about).encode())
        if writing.output and not writing.quiet:
            tally = _tally(seen, values.currency)
            say(f"{writing.output}: {prices_line(tally, 'status')}")

    command.__doc__ = _(OVERVIEW.question)
    return with_parameters(
        command,
        [
            argument("file", FileArgument),
            *value_parameters(n for n in OVERVIEW.uses if INPUTS[n].kind is not Kind.TEXT),
            *parameters_of(OfferOptions, MoneyOptions),
            *shipping_options(OVERVIEW),
            *parameters_of(EndingOptions),
            option("config", ConfigOption, None),
            *parameters_of(ReadingOptions, RatesOptions),
            *(each for each in parameters_of(WritingOptions) if each.name in WRITING),
            option("limit", LimitOption, 200),
            option("now", NowOption, None),
        ],
    )


def _made(now: str | None) -> str:
    """The time of the page, to the minute, with its zone if there is one."""
    try:
        moment = read_fact(now or "", Kind.MOMENT)
    except CellError as error:
        raise CallError(f"--now: {error}") from None
    if not isinstance(moment, datetime):
        moment = datetime.now().astimezone()
    return moment.isoformat(" ", "minutes")


def _check(file: str | None, writing: WritingOptions) -> str:
    """The file to read; refuses a wrong destination for the page."""
    if file is None:
        raise CallError(_("a report needs a FILE, or - for standard input"))
    if writing.output and are_same_file(writing.output, file):
        raise CallError(_("--output is the input file; name another, such as -o report.html"))
    if PurePath(writing.output or "").suffix.lower() not in _ENDINGS:
        reason = _("--output {path}: report writes a web page; end in .html")
        raise CallError(reason.format(path=writing.output))
    if writing.output is None and sys.stdout is not None and sys.stdout.isatty():
        raise CallError(_("a terminal can't show a web page; name a file, such as -o report.html"))
    return file


def _seen(answers: Answers, limit: int) -> tuple[Overview, list[str]]:
    """The overview of a file, and the columns that were assumed."""
    columns = answers.columns
    seen, assumed = Overview(limit), dict[str, None]()

    def part(outcome: Outcome, _text: TextBlock) -> tuple[Overview, list[str]]:
        return overview(outcome, columns, limit), outcome.assumed

    for more, names in answers.each(part):
        seen.add(more)
        assumed |= dict.fromkeys(names)
    return seen, list(assumed)


def _about(
    answers: Answers,
    made: str,
    options: Collection[str],
    assumed: Collection[str],
    joined_from: str,
) -> PageOrigin:
    from aepromo.engine.answer import PROPOSED
    from aepromo.page.html import PageOrigin, given_values, rules_used

    values, source = answers.values, answers.source
    return PageOrigin(
        file=PurePath(source.name).name,
        currency=values.currency,
        made=made,
        version=version("aepromo"),
        priced_by=OVERVIEW.priced_by if PROPOSED in answers.columns else "list_price",
        encoding=source.guessed_encoding or "",
        set_aside=answers.aside.count,
        given=given_values(values, options, joined_from),
        rules=rules_used(values, assumed),
    )


def _joined_from(joined: RatesOptions) -> str:
    """The list of joined rates, and the figure used: ``rates.csv (p95)``."""
    return f"{PurePath(joined.rates).name} ({joined.rate_from or 'mean'})" if joined.rates else ""


def _tally(seen: Overview, currency: Currency) -> Tally:
    tally = Tally(currency, seen.rows, {"status": seen.statuses})
    tally.worst = next(((sku.status, sku.profit, sku.sku) for sku in seen.at_risk), None)
    tally.unlisted = seen.unlisted
    return tally
