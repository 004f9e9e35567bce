"""``explain``: one SKU step by step, from options or from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aepromo.cli.completion import sku_ids
from aepromo.cli.messages import (
    not_used_line,
    priced_by_line,
    say,
    say_assumed,
    say_converted,
    say_reading,
    took_line,
)
from aepromo.cli.options import (
    OUTPUT_PANEL,
    ConfigOption,
    EndingOptions,
    FileArgument,
    Format,
    MoneyOptions,
    OfferOptions,
    OverrideOption,
    ReadingOptions,
    WritingOptions,
    argument,
    declared,
    option,
    parameters_of,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import (
    chosen,
    destination,
    format_of,
    headed,
    headed_document,
    header_language,
    rendered,
    text_lines,
)
from aepromo.cli.runner import RatesOptions, call_of, shipping_options, values_of
from aepromo.errors import CallError, InputError
from aepromo.explain.explanation import EXPLAINED, INPUTS_USED, explain
from aepromo.inputs.columns import FORCED_RATE, KEYS, PARCEL, SHIPPED
from aepromo.inputs.exchange import exchange_of
from aepromo.inputs.values import resolved
from aepromo.past_rates.columns import LEVELS
from aepromo.table.cells import CellError
from aepromo.table.text_formats import json_document
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.runner import Call
    from aepromo.inputs.policy import Policy
    from aepromo.inputs.values import Values

MOST_LINES = 5

SkuOption = Annotated[
    str | None,
    declared(
        "--sku",
        metavar="ID",
        help="Which SKU of the file.",
        autocompletion=sku_ids,
    ),
]

ProofOption = Annotated[
    bool,
    typer.Option(
        "--proof",
        help="Show why the next lower list price would not protect.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


def explain_command() -> Callable[..., None]:
    """The Typer command that explains one SKU."""

    def command(**arguments: Any) -> None:
        call = call_of(arguments, ("sku", "proof"))
        sku, values = call.options["sku"], values_of(call)
        if call.file is not None:
            row = _out_of_file(values, call.file, sku, call)
            values = resolved(row, values.exchange)
        elif sku is not None or call.reading.is_given:
            reason = _("--sku and options for reading need a FILE, or - for standard input")
            raise CallError(reason)
        _write(values, call.writing, call.options["proof"])

    command.__doc__ = _("One SKU, step by step, from its list price to its profit.")
    return with_parameters(
        command,
        [
            argument("file", FileArgument),
            argument("sku", SkuOption),
            *value_parameters(INPUTS_USED),
            *parameters_of(OfferOptions, MoneyOptions),
            *shipping_options(EXPLAINED),
            option("config", ConfigOption, None),
            option("override", OverrideOption, False),
            *parameters_of(EndingOptions, ReadingOptions, RatesOptions, WritingOptions),
            option("proof", ProofOption, False),
        ],
    )


def _out_of_file(values: Values, file: str, sku: str | None, call: Call) -> Policy:
    """The policy with the cells of a file's row, which go before its values."""
    from aepromo.cli.input_files import find_row
    from aepromo.inputs.header_currencies import check_currencies
    from aepromo.inputs.joined_rates import range_text
    from aepromo.inputs.row_texts import row_texts, with_points
    from aepromo.table.headers import proposed_place

    policy, quiet = values.policy, call.writing.quiet
    parcel, shipped = (PARCEL, SHIPPED) if policy.tariff else ((), ())
    found = find_row(file, sku, (*KEYS, *INPUTS_USED, *parcel), call.reading, shipped)
    try:
        check_currencies(found.columns, values.exchange)
    except InputError as problem:
        raise InputError(f"{found.source.place}: {problem}") from None
    say_reading(found.source, found.headers, quiet, values.texts)
    if not quiet and found.others:
        text = ngettext(
            "'{sku}' is also on line {lines}; line {line} is used",
            "'{sku}' is also on lines {lines}; line {line} is used",
            len(found.others),
        )
        lines = _(", ").join(map(str, found.others[:MOST_LINES]))
        say(text.format(sku=sku, lines=lines, line=found.line))
    try:
        pointed = with_points(found.columns, found.cells, found.source.decimal)
    except CellError as error:
        raise InputError(f"{found.source.name}:{found.line}: {error}") from None
    texts = row_texts(found.columns, pointed, values.exchange)
    cells: dict[str, Any] = dict(texts.texts)
    place = proposed_place(EXPLAINED.priced_by, found.source.header, call.reading.headers.given)
    if place is not None and "list_price" not in values.overridden:
        if found.cells[place].strip():
            cells["list_price"] = found.cells[place]
        if not quiet:
            say(priced_by_line(EXPLAINED.priced_by))
    for name in values.overridden:
        cells.pop(name, None)
    keys = [cells.pop(name, "") for name in KEYS]
    if not quiet:
        for name in values.on_command_line:
            names = FORCED_RATE if name in FORCED_RATE else (name,)
            if not cells.keys().isdisjoint(names):
                say(not_used_line(name, values))
    has_rate = not cells.keys().isdisjoint(FORCED_RATE)
    if policy.rates is not None and not has_rate:
        rate = policy.rates.of_row(*keys)
        if not quiet:
            say(took_line([rate is not None and rate[1] == at for at in range(len(LEVELS))]))
        if rate is not None:
            cells["forced_rate"] = range_text(*rate[0])
            has_rate = True
    if has_rate:
        # The three columns are one value, which the row gives as a whole.
        cells = dict.fromkeys(FORCED_RATE) | cells
    row = policy._replace(**cells, cost_currencies=texts.currencies)
    if "fx_rate" not in cells and "cost_currency" in cells:
        own = exchange_of(row.currency, row.cost_currency, None, ())
        if own.cost.code != values.exchange.cost.code:
            # The exchange rate of options is not that of a row in another currency.
            return row._replace(fx_rate=None)
    return row


def _write(values: Values, writing: WritingOptions, proves: bool) -> None:
    from aepromo.explain.rendering import document, proven, step_columns, waterfall_table

    explanation, assumed = explain(values)
    say_assumed(assumed, values.book, writing.quiet, values.currency)
    say_converted(values.conversions(), values.currency, writing.quiet)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            stream.write(rendered(waterfall_table(explanation, proves), writing))
        elif form in (Format.JSON, Format.JSONL):
            spoken = document(explanation, header_language(writing), proves)
            text = json_document(headed_document(spoken, writing))
            flat = " ".join(line.strip() for line in text.splitlines())
            stream.write(((text if form is Format.JSON else flat) + "\n").encode())
        else:
            columns = chosen(step_columns(explanation, header_language(writing)), writing)
            stream.writelines(text_lines([headed(columns, writing)], form, writing))
            for line in proven(explanation) if proves else ():  # no room in a table of steps
                say(line)
