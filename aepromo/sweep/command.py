"""``sweep``: the profit at each forced rate, for one SKU or for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from aepromo.cli.messages import say_assumed, say_converted
from aepromo.cli.options import (
    ConfigOption,
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
    is_coloured,
    rendered,
    table_width,
    text_lines,
)
from aepromo.cli.runner import call_of, shipping_options, values_of
from aepromo.errors import CallError
from aepromo.pricing.fees import STATUSES
from aepromo.sweep.chart import Chart, check_picture, picture, terminal_chart
from aepromo.sweep.forced_rates import COLUMNS, SWEEP, counts_by_rate, rates, sweep
from aepromo.table.atomic import replacing
from aepromo.table.cells import fixed, percent
from aepromo.table.column import Kind
from aepromo.table.schema import RESULTS
from aepromo.table.text_formats import Figure, TextColumn, json_document, result_text, row_documents
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.cli.reading_options import Reading
    from aepromo.engine.answer import Outcome
    from aepromo.inputs.values import Values
    from aepromo.pricing.currency import Currency
    from aepromo.sweep.forced_rates import Counts, Crossing, Sweep
    from aepromo.table.blocks import TextBlock

PANEL = _("The sweep")
_HOLDS_NO_MORE = {
    "target": N_("from {rate} a unit falls under the target"),
    "zero": N_("from {rate} a unit turns into a loss"),
    "floor": N_("from {rate} a unit falls under the safety floor"),
}
_HOLDS_AGAIN = {
    "target": N_("from {rate} a unit reaches the target again"),
    "zero": N_("from {rate} a unit makes a profit again"),
    "floor": N_("from {rate} a unit is above the safety floor again"),
}


def _sweep_option(flag: str, metavar: str, says: str) -> Any:
    return declared(flag, metavar=metavar, help=says, rich_help_panel=PANEL)


FromOption = Annotated[str, _sweep_option("--from", "RATE", _("The first rate (0%)."))]
ToOption = Annotated[str, _sweep_option("--to", "RATE", _("The last rate (40%)."))]
StepOption = Annotated[
    str, _sweep_option("--step", "RATE", _("Step from one rate to the next (1%)."))
]
SvgOption = Annotated[
    str | None, _sweep_option("--svg", "FILE", _("Also draw the chart to this SVG file."))
]
PngOption = Annotated[
    str | None, _sweep_option("--png", "FILE", _("Also draw the chart to this PNG file."))
]


def sweep_command() -> Callable[..., None]:
    """The Typer command that sweeps the forced rate."""

    def command(**arguments: Any) -> None:
        call = call_of(arguments, ("first", "last", "step", "svg", "png"))
        options = call.options
        grid = rates(options["first"], options["last"], options["step"])
        pictures = [path for path in (options["svg"], options["png"]) if path]
        values = values_of(call)
        for path in pictures:
            check_picture(path)
        if call.file is not None:
            chart = _sweep_file(values, call.file, grid, call.reading, call.writing)
        elif call.reading.is_given:
            raise CallError(_("options for reading a file need a FILE, or - for standard input"))
        else:
            chart = _sweep_one(values, grid, call.writing)
        for path in pictures:
            drawn = picture(chart, path)
            with replacing(path) as stream:
                stream.write(drawn)

    command.__doc__ = _("The profit at each forced rate, and the rate where it ends.")
    return with_parameters(
        command,
        [
            argument("file", FileArgument),
            *value_parameters(SWEEP.uses),
            *parameters_of(OfferOptions, MoneyOptions),
            *shipping_options(SWEEP),
            option("config", ConfigOption, None),
            option("override", OverrideOption, False),
            option("first", FromOption, "0%"),
            option("last", ToOption, "40%"),
            option("step", StepOption, "1%"),
            option("svg", SvgOption, None),
            option("png", PngOption, None),
            *parameters_of(ReadingOptions, WritingOptions),
        ],
    )


def _sweep_one(values: Values, grid: range, writing: WritingOptions) -> Chart:
    """Write a row for each rate of one SKU; on a terminal also a chart and the crossings."""
    swept, assumed = sweep(values, grid)
    say_assumed(assumed, values.book, writing.quiet, values.currency)
    say_converted(values.conversions(), values.currency, writing.quiet)
    columns, currency = [_rate_column(grid)], values.currency
    columns += [
        TextColumn(
            name,
            RESULTS[name].kind,
            [result_text(row[name], RESULTS[name], currency) for row in swept.rows.values()],
        )
        for name in COLUMNS
    ]
    chart = Chart(
        title=_("profit of a unit, {currency}").format(currency=currency.code),
        rates=[rate / 10_000 for rate in grid],
        heights=[row["profit"] / currency.unit for row in swept.rows.values()],
        marks={name: profit / currency.unit for name, profit in swept.marks.items()},
    )
    notes = [_crossing_line(crossing) for crossing in swept.crossings]
    notes = notes or [_("no mark is crossed at these rates")]
    _write(columns, chart, notes, swept, currency, writing)
    return chart


def _sweep_file(
    values: Values, file: str, grid: range, reading: Reading, writing: WritingOptions
) -> Chart:
    """Write a row for each rate of a file: how many SKUs survive it, by status."""
    import numpy as np

    from aepromo.cli.input_files import answers_for

    counts = np.zeros((len(grid), len(STATUSES)), np.int64)
    with answers_for(SWEEP, values, file, reading, writing) as answers:

        def counted(outcome: Outcome, _text: TextBlock) -> Counts:
            inputs = outcome.inputs
            return np.zeros_like(counts) if inputs is None else counts_by_rate(inputs, grid)

        for more in answers.each(counted):
            counts += more
    survive = counts[:, : STATUSES.index("loss")].sum(axis=1).tolist()
    columns = [_rate_column(grid), _count_column("survive", survive)]
    columns += map(_count_column, STATUSES, counts.T.tolist())
    title, shown = _("SKUs that survive"), [rate / 10_000 for rate in grid]
    chart = Chart(title, shown, survive, {}, counts=True)
    survival = _(
        "of {total:,} SKUs, {first:,} survive {low}, {last:,} survive {high}: "
        "neither a loss nor under the floor"
    )
    note = survival.format(
        total=int(counts[0].sum()),
        first=survive[0],
        low=percent(grid[0]),
        last=survive[-1],
        high=percent(grid[-1]),
    )
    _write(columns, chart, [note], None, values.currency, writing)
    return chart


def _write(
    columns: list[TextColumn],
    chart: Chart,
    notes: list[str],
    swept: Sweep | None,
    currency: Currency,
    writing: WritingOptions,
) -> None:
    form = format_of(writing)
    columns = chosen(columns, writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            from aepromo.terminal.rich_tables import rows_table

            limited = [_cut(column, writing.limit) for column in columns]
            names = [column.name for column in columns]
            stream.write(rendered(rows_table(limited, names, table_width(), (), currency), writing))
            drawn = terminal_chart(chart, min(table_width(), 100), is_coloured(writing))
            stream.write((drawn + "\n\n" + "\n".join(notes) + "\n").encode())
        elif form is Format.JSON and swept is not None:
            found = headed_document(_document(columns, swept.crossings), writing)
            stream.write((json_document(found) + "\n").encode())
        else:
            stream.writelines(text_lines([headed(columns, writing)], form, writing))


def _cut(column: TextColumn, limit: int) -> TextColumn:
    """The column with about as many rows as the limit, evenly spread."""
    stride = -(-len(column.cells) // limit)
    return column._replace(cells=column.cells[::stride])


def _document(columns: Sequence[TextColumn], crossings: Sequence[Crossing]) -> dict[str, object]:
    return {
        "rates": row_documents(columns),
        "crossings": [
            {"mark": each.mark, "rate": Figure(fixed(each.rate // 100, 4)), "holds": each.holds}
            for each in crossings
        ],
    }


def _crossing_line(crossing: Crossing) -> str:
    says = _HOLDS_AGAIN if crossing.holds else _HOLDS_NO_MORE
    return _(says[crossing.mark]).format(rate=percent(crossing.rate))


def _rate_column(grid: range) -> TextColumn:
    return TextColumn("forced_rate", Kind.RATIO, [fixed(rate // 100, 4) for rate in grid])


def _count_column(name: str, numbers: Sequence[int]) -> TextColumn:
    return TextColumn(name, Kind.COUNT, [str(number) for number in numbers])
