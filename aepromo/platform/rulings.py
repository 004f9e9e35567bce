"""Rulings over a file or for one row: read, judge, write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.cli.bad_rows import BadRow
from aepromo.cli.options import Format, ReadingOptions
from aepromo.cli.output import (
    chosen,
    destination,
    format_of,
    headed,
    rendered,
    table_width,
    text_lines,
)
from aepromo.cli.say import (
    cost_currency_line,
    encoding_line,
    say,
    say_converted,
    say_replaced,
    say_warning,
    took_line,
)
from aepromo.errors import CallError, InputError
from aepromo.inputs.exchange import Conversion
from aepromo.past_rates.columns import LEVELS
from aepromo.platform.row_facts import facts_of, faults_in
from aepromo.platform.ruling import RowFaults
from aepromo.pricing.currency import Currency
from aepromo.pricing.money import BLANK
from aepromo.table.cells import in_two_currencies
from aepromo.table.column import Kind
from aepromo.table.currencies import currency_named
from aepromo.table.headings import named
from aepromo.table.layout import Layout, laid_out
from aepromo.table.schema import INPUTS
from aepromo.table.text import TextColumn, result_text
from aepromo.terminal.summary import more_line, summed
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rich.console import RenderableType

    from aepromo.cli.config import Config
    from aepromo.cli.options import WritingOptions
    from aepromo.inputs.exchange import Exchange
    from aepromo.platform.ruling import Row, Ruling, Verdict
    from aepromo.table.column import Column
    from aepromo.table.source import Source


@dataclass(frozen=True, slots=True)
class Judged:
    """A row as it was read, its facts, and what came of them."""

    cells: Sequence[str]
    facts: Row
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole table that was judged: its header, and its rows in order.

    ``is_one``: no table, but the one row that options describe. ``is_file``: the header is that of
    a file, and not the program's own; ``mapping`` names its columns outright.
    """

    header: Sequence[str]
    rows: Sequence[Judged]
    is_one: bool = False
    is_file: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)

    def layout(self, added: Collection[str]) -> Layout:
        """The table's columns and those that are added."""
        if self.is_file:
            return laid_out(self.header, added, self.mapping)
        return Layout(tuple(dict.fromkeys((*self.header, *added))))

    def summed(self, rows: str, column: Column, without: str = "") -> str:
        """How many rows came to each label, and to none: ``12 SKUs: 9 strong, 3 refuse``."""
        found = [row.verdict.get(column.name) for row in self.rows]
        counts = [(name, found.count(at)) for at, name in enumerate(column.labels)]
        return summed(rows, [*counts, (without, found.count(None) if without else 0)])


def say_rows_converted(rows: Iterable[Row], exchange: Exchange, quiet: bool) -> None:
    """Name each conversion that the costs of some rows needed, once.

    And the currency that costs were taken in where nobody names theirs, and it may be another.
    """
    made, signs, others = set[Conversion](), set[str](), set[Currency]()
    are_unnamed = False
    for row in rows:
        cost, shipping = row.get("cost_currency"), row.get("shipping_currency")
        are_unnamed |= "costs_are_unnamed" in row
        signs |= {str(row["sign"])} if "sign" in row else set()
        others |= {currency_named(shipping)} if isinstance(shipping, str) else set()
        if isinstance(cost, str):
            rate = exchange.rate(currency_named(cost))
            made.add(Conversion(cost, None if row["fx_rate_is_own"] else rate))
        if isinstance(shipping, str) and exchange.is_foreign(currency_named(shipping)):
            rate = exchange.rate(currency_named(shipping))
            made.add(Conversion(shipping, rate, of_fees=True))
    if are_unnamed and exchange.doubts_cost(signs, others) and not quiet:
        say(cost_currency_line(exchange.selling))
    say_converted(made, set(), exchange.selling, quiet)


def say_stores_passed_over(
    config: Config, store: str | None, ruling: Ruling, rows: Iterable[Row]
) -> None:
    """Warn of stores that the configuration has, where a row lacks what one of them would say."""
    if store is not None or len(config.stores) < 2:
        return
    told = {name for each in config.stores.values() for name in each if name in ruling.uses}
    lacking = {name: None for row in rows for name in ruling.uses if name in told - row.keys()}
    if lacking:
        warning = _("none of the stores {stores} is used for {names}; choose one with --store")
        stores, names = _(", ").join(config.stores), _(", ").join(map(named, lacking))
        say_warning(warning.format(stores=stores, names=names))


def given_of(
    ruling: Ruling, values: Mapping[str, str | None], config: Config, store: str | None = None
) -> dict[str, str]:
    """What options and configuration say of every row: option before store before default."""
    levels = (config.defaults, config.store(store), values)
    merged = {name: text for level in levels for name, text in level.items() if text is not None}
    return {name: merged[name] for name in ruling.uses if name in merged}


def refuse(problems: Iterable[tuple[str, str]]) -> None:
    """Raise a ``CallError`` for what is wrong with values of options, if anything is."""
    said = [f"{INPUTS[name].flag}: {why}" for name, why in problems]
    if said:
        raise CallError(_("; ").join(said))


def judge_one(ruling: Ruling, given: Mapping[str, str], reading: ReadingOptions) -> Sheet:
    """Judge the row that the options describe. Raises ``CallError`` for what is wrong in it."""
    if reading != ReadingOptions():
        raise CallError(_("options for reading a file need a FILE, or - for standard input"))
    facts, problems = facts_of(ruling, given, {})
    refuse(problems)
    try:
        verdict = ruling.judge(facts)
    except RowFaults as faults:
        raise CallError(str(faults)) from None
    return Sheet(list(given), [Judged(list(given.values()), facts, verdict)], is_one=True)


def judge_file(
    ruling: Ruling,
    given: Mapping[str, str],
    file: str,
    reading: ReadingOptions,
    writing: WritingOptions,
) -> Sheet:
    """Judge every row of a file; ``given`` fills the cells that it lacks or leaves blank.

    Bad rows are named, and set aside or refused, as everywhere. Raises ``InputError``.
    """
    from aepromo.cli.inputs import mapping_of, opened_table
    from aepromo.table.headers import read_headers
    from aepromo.table.rows import Ragged, rows_with_lines

    refuse(faults_in(ruling, given))
    judged: list[Judged] = []
    with opened_table(file, reading, writing) as (source, aside, _):
        mapping = mapping_of(reading.map)
        positions = read_headers(source.header, ruling.uses, mapping).positions
        columns = {name: places[0] for name, places in positions.items()}
        _check_needs(ruling, source, columns, given)
        width = len(source.header)
        for block in source.blocks:
            for line, cells in rows_with_lines(block, source):
                if len(cells) != width:
                    ragged = Ragged(line, tuple(cells), width)
                    aside.add([BadRow(line, [""], [ragged.reason], tuple(cells))])
                    continue
                texts = {name: cells[position] for name, position in columns.items()}
                facts, problems = facts_of(ruling, given, texts)
                try:
                    if not problems:
                        judged.append(Judged(cells, facts, ruling.judge(facts)))
                except RowFaults as faults:
                    problems = faults.problems
                if problems:
                    names = [_header_of(name, source, columns) for name, _ in problems]
                    reasons = [why for _, why in problems]
                    aside.add([BadRow(line, names, reasons, tuple(cells))])
        if source.guessed_encoding and not writing.quiet:
            say(encoding_line(source.guessed_encoding))
        aside.close()
        signs = {str(row.facts["sign"]) for row in judged if "sign" in row.facts}
        if len(signs) > 1:
            raise InputError(f"{source.name}: {in_two_currencies(signs)}")
        if ruling.rates is not None and not writing.quiet:
            levels = [row.facts.get("rate_of") for row in judged]
            say(took_line([levels.count(level) for level in range(len(LEVELS))]))
        return Sheet(source.header, judged, is_file=True, mapping=mapping)


def write_sheet(
    ruling: Ruling, sheet: Sheet, writing: WritingOptions, notes: Sequence[str] = ()
) -> None:
    """Write the rows, worst first where the ruling has an order, with notes under a table."""
    rows = list(sheet.rows)
    form = format_of(writing)
    if ruling.order is not None and (form is Format.TABLE or not ruling.only_tables):
        order = ruling.order
        rows.sort(key=lambda judged: order(judged.verdict))
    added = {column.name: column for column in ruling.adds}
    layout = sheet.layout(added)
    columns = [
        _result_column(added[name], rows, ruling.currency)
        if name in added
        else TextColumn(name, Kind.TEXT, [row.cells[at] for row in rows], layout.role(name))
        for at, name in enumerate(layout.names)
    ]
    columns = chosen(columns, writing, layout)
    with destination(writing) as stream:
        if form is Format.TABLE:
            shown = (
                _fields(columns, ruling.currency)
                if sheet.is_one
                else _table(ruling, layout, columns, notes, writing)
            )
            stream.write(rendered(shown, writing))
        else:
            parts = [headed(columns, writing, layout)]
            stream.writelines(text_lines(parts, form, writing, ruling.currency))
    if not writing.quiet and form is not Format.TABLE:
        say_replaced(layout, added)


def write_summed(ruling: Ruling, sheet: Sheet, writing: WritingOptions, line: str) -> None:
    """Write the rows and, unless all is to be quiet, in one line what they come to."""
    write_sheet(ruling, sheet, writing, [] if writing.quiet else [line])
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {line}")


def _fields(columns: list[TextColumn], currency: Currency) -> RenderableType:
    from aepromo.terminal.rich_tables import fields_table

    return fields_table(columns, currency)


def _table(
    ruling: Ruling,
    layout: Layout,
    columns: list[TextColumn],
    notes: Sequence[str],
    writing: WritingOptions,
) -> RenderableType:
    from aepromo.terminal.rich_tables import rows_table

    limited = [column._replace(cells=column.cells[: writing.limit]) for column in columns]
    names = [column.name for column in columns]
    # What tells rows apart comes first.
    keys = dict.fromkeys((layout.identity, *map(layout.holding, ruling.key_columns)))
    wanted = names if writing.columns else [name for name in keys if name]
    total = len(columns[0].cells) if columns else 0
    more = [more_line(writing.limit, total)] * (total > writing.limit)
    return rows_table(limited, wanted, table_width(), [*notes, *more], ruling.currency)


def _result_column(column: Column, rows: Sequence[Judged], currency: Currency) -> TextColumn:
    values = [judged.verdict.get(column.name) for judged in rows]
    cells = [
        result_text(BLANK if value is None else value, column, currency)
        if not isinstance(value, str)
        else value
        for value in values
    ]
    return TextColumn(column.name, column.kind, cells)


def _check_needs(
    ruling: Ruling, source: Source, columns: Mapping[str, int], given: Mapping[str, str]
) -> None:
    for name in (*ruling.needs, *ruling.wants):
        if name not in columns and name not in given:
            lacking = _("no column for {name}; name one with --map 'HEADER={name}', or give {flag}")
            reason = lacking.format(name=named(name), flag=INPUTS[name].flag)
            raise InputError(f"{source.name}:1: {reason}")


def _header_of(name: str, source: Source, columns: Mapping[str, int]) -> str:
    return source.header[columns[name]] if name in columns else name
