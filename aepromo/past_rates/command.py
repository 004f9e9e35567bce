"""``rates``: the discounts that the platform really forced, from an order history."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from aepromo.cli.config import read_config
from aepromo.cli.messages import say_configuration
from aepromo.cli.options import (
    ConfigOption,
    CurrencyOption,
    Format,
    ReadingOptions,
    WritingOptions,
    argument,
    declared,
    file_of,
    option,
    options_of,
    parameters_of,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import chosen, destination, format_of, headed, rendered, text_lines
from aepromo.cli.reading_options import reading_of
from aepromo.errors import CallError, NothingGivenError
from aepromo.inputs.exchange import exchange_of
from aepromo.past_rates.columns import MEAN
from aepromo.past_rates.past_orders import AMOUNTS, OrderFilter, rate_of, share_of
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.table.schema import INPUTS
from aepromo.table.text_formats import TextColumn, result_text
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.reading_options import Reading

QUESTION = N_("Which discounts has the platform really forced?")
VALUES = ("category", *AMOUNTS, "discount_status")


class RateOptions(NamedTuple):
    """Which orders count, and the quantile to compute."""

    since: Annotated[
        str | None,
        declared(
            "--since",
            metavar="DATE",
            help=_("Only orders from this day on, by the date shown in the file."),
        ),
    ] = None
    quantile: Annotated[
        str | None,
        declared(
            "--quantile",
            metavar="SHARE",
            help=_("The share of orders that the quantile's rate must cover (95%)."),
        ),
    ] = None

    @property
    def first_day(self) -> date | None:
        """The first day that counts. Raises ``CallError``."""
        try:
            day = read_fact(self.since or "", Kind.DAY)
        except CellError as error:
            raise CallError(f"--since: {error}") from None
        return day if isinstance(day, date) else None


def rates_command() -> Callable[..., None]:
    """The Typer command that computes rates from a history."""

    def command(**arguments: Any) -> None:
        file, config = arguments["file"], read_config(arguments["config"])
        reading, writing = reading_of(arguments, config), options_of(WritingOptions, arguments)
        options = options_of(RateOptions, arguments)
        named = arguments["currency"] or config.defaults.get("currency")
        given = {name: arguments[name] for name in VALUES if arguments[name] is not None}
        # Discounts of the configuration are those of today, not of a past order.
        currency = exchange_of(named, None, None, ()).selling
        which = OrderFilter(given, options.first_day, config.book, currency)
        share = share_of(options.quantile or "95%")
        is_used = named is not None and named == config.defaults.get("currency")
        is_used |= bool(config.book.overrides or (file and reading.headers.configured))
        say_configuration(config, is_used, writing.quiet)
        if file is None:
            _answer_one(which, reading, writing)
        else:
            from aepromo.past_rates.rates_of_file import answer_history  # loads pandas and pyarrow

            answer_history(which, share, file, reading, writing)

    command.__doc__ = _(QUESTION)
    return with_parameters(
        command,
        [
            argument("file", file_of(_("An order history, or - for standard input."))),
            *value_parameters(VALUES),
            *parameters_of(RateOptions),
            option("currency", CurrencyOption, None),
            option("config", ConfigOption, None),
            *parameters_of(ReadingOptions, WritingOptions),
        ],
    )


def _answer_one(which: OrderFilter, reading: Reading, writing: WritingOptions) -> None:
    """Write the answer for the one order that the options describe."""
    if reading.is_given:
        raise CallError(_("options for reading a file need a FILE, or - for standard input"))
    if not which.given:
        reason = _("nothing to compute; name a FILE, or give --list-price and --deal-price")
        raise NothingGivenError(reason)
    status = which.given.get("discount_status", "")
    if status and not which.is_forced(status):
        text = _("--discount-status '{status}': only a forced discount has a forced rate")
        raise CallError(text.format(status=status))
    rate, faults = rate_of(which.numbers(), which.currency)
    if faults:
        lines = (f"{INPUTS[fault.column].flag}: {fault.reason(None)}" for fault in faults)
        raise CallError(_("; ").join(lines))
    columns = [TextColumn(name, INPUTS[name].kind, [text]) for name, text in which.given.items()]
    columns.append(
        TextColumn(MEAN.name, MEAN.kind, [result_text(int(rate.rate), MEAN, which.currency)])
    )
    columns = chosen(columns, writing)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            from aepromo.terminal.rich_tables import fields_table

            stream.write(rendered(fields_table(columns, which.currency), writing))
        else:
            stream.writelines(text_lines([headed(columns, writing)], form, writing))
