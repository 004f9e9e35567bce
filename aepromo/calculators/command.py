"""The calculators: one SKU from options, or a file of them."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from aepromo.cli.config import read_config
from aepromo.cli.defaults import defaults_for
from aepromo.cli.exits import Exit
from aepromo.cli.money import MoneyOptions, ShippingOptions, shipping_parameters
from aepromo.cli.options import (
    INPUT_PANEL,
    OUTPUT_PANEL,
    STORE_PANEL,
    ConfigOption,
    EndingOptions,
    FileArgument,
    Format,
    OfferOptions,
    ReadingOptions,
    WritingOptions,
    argument,
    option,
    parameters_of,
    taken,
    value_parameter,
    with_parameters,
)
from aepromo.cli.output import (
    chosen,
    destination,
    format_of,
    headed,
    rendered,
    text_lines,
)
from aepromo.cli.say import say_assumed, say_converted, say_warnings
from aepromo.engine.question import CONVERSION
from aepromo.engine.single import run_single
from aepromo.errors import CallError
from aepromo.inputs.policy import Policy
from aepromo.pricing.fees import STATUSES
from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.table.text import TextColumn, result_text
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.config import Config
    from aepromo.engine.question import Report


def report_named(command: str) -> Report:
    """The report that a command asks for; the others are not loaded."""
    name = command.replace("-", "_")
    report: Report = getattr(import_module(f"aepromo.calculators.{name}"), name.upper())
    return report


class FailOn(StrEnum):
    """The mildest status at which ``audit`` exits with 1."""

    BELOW_TARGET = "below_target"
    LOSS = "loss"
    BELOW_FLOOR = "below_floor"
    NEVER = "never"

    def fails(self, worst: int) -> bool:
        """Whether the worst status seen, an index into ``STATUSES``, is a finding."""
        return self is not FailOn.NEVER and worst >= STATUSES.index(self.value)


FailOnOption = Annotated[
    FailOn,
    typer.Option(
        "--fail-on",
        help=_("Exit with 1 at this status or worse (loss)."),
        rich_help_panel=OUTPUT_PANEL,
        show_default=False,
    ),
]


class RatesOptions(NamedTuple):
    """Forced rates from a list, and which of its figures."""

    rates: Annotated[
        str | None,
        typer.Option(
            "--rates",
            metavar="FILE",
            help=_("Forced rates by SKU, category and store, as rates writes them."),
            rich_help_panel=INPUT_PANEL,
            show_default=False,
        ),
    ] = None
    rate_from: Annotated[
        str | None,
        typer.Option(
            "--rate-from",
            metavar="mean|p95|max",
            help=_("Which figure of --rates to reckon with (mean)."),
            rich_help_panel=INPUT_PANEL,
            show_default=False,
        ),
    ] = None


PromotionOption = Annotated[
    str | None,
    typer.Option(
        "--promotion",
        metavar="forced|reverse",
        help=_("Which promotion's reported uplift to count on (forced)."),
        rich_help_panel=STORE_PANEL,
        show_default=False,
    ),
]


def command_of(report: Report) -> Callable[..., None]:
    """The Typer command that asks a report's question."""

    def command(**values: Any) -> None:
        fail_on = values.pop("fail_on", FailOn.NEVER)
        file = values.pop("file")
        reading = taken(ReadingOptions, values)
        writing = taken(WritingOptions, values)
        joined = taken(RatesOptions, values)
        policy = policy_of(values)
        say_warnings(policy)
        policy = with_rates(policy, joined, file)
        if file is None:
            worst = _answer_one(report, policy, reading, writing)
        else:
            from aepromo.cli.files import answer_file  # the way of a file loads pandas and pyarrow

            worst = answer_file(report, policy, file, reading, writing)
        if fail_on.fails(worst):
            raise typer.Exit(Exit.FINDINGS)

    command.__doc__ = _(report.question)
    parameters = [
        argument("file", FileArgument),
        *map(value_parameter, (name for name in report.uses if INPUTS[name].kind is not Kind.TEXT)),
        *parameters_of(OfferOptions),
        *parameters_of(MoneyOptions),
        *(shipping_parameters() if report.is_shipped else ()),
        option("config", ConfigOption, None),
        *(parameters_of(EndingOptions) if report.sets_prices else ()),
        *parameters_of(ReadingOptions),
        *parameters_of(RatesOptions),
        *parameters_of(WritingOptions),
    ]
    if report.name == "audit":
        parameters.append(option("fail_on", FailOnOption, FailOn.LOSS))
    if report.name == "breakeven":
        parameters.append(option("promotion", PromotionOption, None))
    return with_parameters(command, parameters)


def with_rates(policy: Policy, joined: RatesOptions, file: str | None) -> Policy:
    """The policy with the rates that a list holds, where one is named. Raises ``CallError``."""
    if joined == RatesOptions():
        return policy
    if joined.rates is None:
        raise CallError(_("--rate-from needs --rates FILE"))
    if file is None or file == joined.rates == "-":
        raise CallError(_("--rates FILE needs the SKUs in another FILE"))
    from aepromo.past_rates.rate_list import read_rates  # loads pyarrow

    return policy._replace(rates=read_rates(joined.rates, joined.rate_from or "mean"))


def policy_of(values: dict[str, Any]) -> Policy:
    """The policy that a command's remaining values make, over what the configuration says."""
    return policy_over(read_config(values.pop("config")), values)


def money_policy(config: Config, values: dict[str, Any]) -> Policy:
    """The currencies that a command's values give, as a policy; takes its own options out."""
    defaults_for(config, values)
    given = {name: values[name] for name in CONVERSION}
    own = [*MoneyOptions._fields, *ShippingOptions._fields]
    policy = policy_over(config, given | {name: values.pop(name) for name in own if name in values})
    say_warnings(policy)
    return policy


def policy_over(config: Config, values: dict[str, Any]) -> Policy:
    """The policy that values by option make, over what the configuration says."""
    defaults = defaults_for(config, values)
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None
    }
    if "fx" in given:
        codes = {text.partition("=")[0] for text in given["fx"]}
        others = (text for text in defaults.get("fx", ()) if text.partition("=")[0] not in codes)
        given["fx"] = (*others, *given["fx"])
    merged = {**defaults, **given}
    if "line" in given and "tariff" not in merged:
        raise CallError(_("--line needs --tariff FILE"))
    if "tariff" in merged:
        from aepromo.inputs.tariff import read_tariff  # only a tariff pays for it

        merged["tariff"] = read_tariff(merged["tariff"])
    return Policy(**merged, book=config.book)


def _answer_one(
    report: Report, policy: Policy, reading: ReadingOptions, writing: WritingOptions
) -> int:
    """Answer for the SKU that the options describe; returns its status as an index."""
    if reading != ReadingOptions():
        raise CallError(_("options for reading a file need a FILE, or - for standard input"))
    results, assumed = run_single(report, policy)
    assumed = [*policy.assumed_beside(report.uses), *assumed]
    say_assumed(assumed, set(), policy.in_force, writing.quiet, policy.selling)
    say_converted(policy.conversions(), set(), policy.selling, writing.quiet)
    columns = [TextColumn(name, INPUTS[name].kind, [text]) for name, text in policy.texts().items()]
    columns += [
        TextColumn(
            name,
            RESULTS[name].kind,
            [result_text(number, policy.column(name), policy.selling)],
        )
        for name, number in results.items()
    ]
    columns = chosen(columns, writing)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            from aepromo.terminal.rich_tables import fields_table

            stream.write(rendered(fields_table(columns, policy.selling), writing))
        else:
            stream.writelines(text_lines([headed(columns, writing)], form, writing, policy.selling))
    return max(results.get("status", 0), 0)
