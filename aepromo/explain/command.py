"""``explain``: one SKU step by step, from options or out of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aepromo.calculators.command import RatesOptions, policy_of, with_rates
from aepromo.cli.completion import sku_ids
from aepromo.cli.money import MoneyOptions, shipping_parameters
from aepromo.cli.options import (
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
    headed_document,
    rendered,
    text_lines,
)
from aepromo.cli.say import say, say_assumed, say_converted, say_warnings, took_line
from aepromo.engine.question import FORCED_RATE, KEYS, PARCEL
from aepromo.errors import CallError
from aepromo.explain.explanation import INPUTS_USED, explain
from aepromo.past_rates.columns import LEVELS
from aepromo.table.cells import RATE_PLACES, fixed
from aepromo.table.text import json_document
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.inputs.exchange import Exchange
    from aepromo.inputs.policy import Policy

SkuOption = Annotated[
    str | None,
    typer.Option(
        "--sku",
        metavar="ID",
        help=_("Which SKU of the file."),
        show_default=False,
        autocompletion=sku_ids,
    ),
]


def explain_command() -> Callable[..., None]:
    """The Typer command that explains one SKU."""

    def command(**values: Any) -> None:
        file, sku = values.pop("file"), values.pop("sku")
        reading = taken(ReadingOptions, values)
        writing = taken(WritingOptions, values)
        joined = taken(RatesOptions, values)
        policy = with_rates(policy_of(values), joined, file)
        say_warnings(policy)
        store = policy.exchange()
        if file is not None:
            policy = _out_of_file(policy, file, sku, reading, writing.quiet)
        elif sku is not None or reading != ReadingOptions():
            reason = _("--sku and options for reading need a FILE, or - for standard input")
            raise CallError(reason)
        _write(policy, store, writing)

    command.__doc__ = _("One SKU, step by step: what comes off its list price, and what is left.")
    return with_parameters(
        command,
        [
            argument("file", FileArgument),
            argument("sku", SkuOption),
            *map(value_parameter, INPUTS_USED),
            *parameters_of(OfferOptions),
            *parameters_of(MoneyOptions),
            *shipping_parameters(),
            option("config", ConfigOption, None),
            *parameters_of(EndingOptions),
            *parameters_of(ReadingOptions),
            *parameters_of(RatesOptions),
            *parameters_of(WritingOptions),
        ],
    )


def _out_of_file(
    policy: Policy, file: str, sku: str | None, reading: ReadingOptions, quiet: bool
) -> Policy:
    """The policy with the cells of a file's row put over it."""
    from aepromo.cli.inputs import find_row

    cells: dict[str, Any] = find_row(file, sku, (*KEYS, *INPUTS_USED, *PARCEL), reading)
    keys = [cells.pop(name, "") for name in KEYS]
    whole, *ends = (name in cells for name in FORCED_RATE)
    if policy.rates is not None and not (whole or all(ends)):
        found = policy.rates.of_row(*keys)
        if not quiet:
            say(took_line([found is not None and found[1] == at for at in range(len(LEVELS))]))
        if found is not None:
            cells["forced_rate"] = fixed(found[0], RATE_PLACES)
    if "forced_rate" in cells:
        # A row's own rate goes before both ends of a range that options give.
        cells = dict.fromkeys(FORCED_RATE) | cells
    row = policy._replace(**cells)
    store, own = policy.exchange(), row.exchange()
    if "fx_rate" not in cells and own.cost.code != store.cost.code:
        # What options say of the costs' rate is none of a row's in another currency.
        return row._replace(fx_rate=None)
    return row


def _write(policy: Policy, store: Exchange, writing: WritingOptions) -> None:
    """Explain a row; a tariff goes by the store's own rates, not by those of the row's costs."""
    from aepromo.explain.rendering import document, step_columns, waterfall_table

    explanation, assumed = explain(policy, store)
    assumed = [*policy.assumed_beside(INPUTS_USED), *assumed]
    say_assumed(assumed, set(), policy.in_force, writing.quiet, policy.selling)
    say_converted(policy.conversions(store), set(), policy.selling, writing.quiet)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            stream.write(rendered(waterfall_table(explanation), writing))
        elif form in (Format.JSON, Format.JSONL):
            spoken = document(explanation, writing.headers)
            text = json_document(headed_document(spoken, writing))
            flat = " ".join(line.strip() for line in text.splitlines())
            stream.write(((text if form is Format.JSON else flat) + "\n").encode())
        else:
            columns = chosen(step_columns(explanation, writing.headers), writing)
            stream.writelines(text_lines([headed(columns, writing)], form, writing))
