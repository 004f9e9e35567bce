"""``rates`` for a file: its orders are read block by block, its rates written at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aepromo.cli.answers import ahead
from aepromo.cli.input_files import opened_table, size_of
from aepromo.cli.messages import encoding_line, say, say_reading, total_rows_line
from aepromo.cli.options import Format
from aepromo.cli.output import (
    DELIMITERS,
    chosen,
    chosen_names,
    destination,
    format_of,
    headed,
    header_language,
    progress_stream,
    rendered,
    table_width,
    text_lines,
)
from aepromo.errors import InputError
from aepromo.past_rates.estimates import past_rates
from aepromo.past_rates.history import read_orders
from aepromo.pricing.currency import USD
from aepromo.table.answer_columns import Layout
from aepromo.table.blocks import line_numbers, parse
from aepromo.table.cells import percent
from aepromo.table.column import Kind
from aepromo.table.csv_lines import cell_texts, joined, result_texts
from aepromo.table.schema import RESULTS
from aepromo.table.text_formats import TextColumn, delimited
from aepromo.table.total_rows import total_rows
from aepromo.terminal.progress import Meter
from aepromo.terminal.summary import more_line, skus
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.console import RenderableType

    from aepromo.cli.options import WritingOptions
    from aepromo.cli.reading_options import Reading
    from aepromo.past_rates.estimates import PastRates
    from aepromo.past_rates.history import Orders
    from aepromo.past_rates.past_orders import OrderFilter
    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers
    from aepromo.table.source import Block

MOST_STATUSES = 4
WANTED = ("level", "sku", "category", "orders", "forced_rate", "mean_rate")


@dataclass(slots=True)
class _Seen:
    """The orders of a history that count, block by block, and the number of the others."""

    parts: list[pd.DataFrame] = field(default_factory=list)
    unforced: Counter[str] = field(default_factory=Counter)
    too_early: int = 0

    def add(self, orders: Orders) -> None:
        """Add a block."""
        self.parts.append(orders.counted)
        self.unforced += orders.unforced
        self.too_early += orders.too_early

    @property
    def left_out(self) -> list[str]:
        """One line for each reason why orders don't count."""
        lines = []
        if count := self.unforced.total():
            statuses = [f"{number:,} {name}" for name, number in self.unforced.most_common()]
            if len(statuses) > MOST_STATUSES:
                statuses[MOST_STATUSES:] = ["…"]
            text = ngettext(
                "left out: {count:,} order not forced ({statuses})",
                "left out: {count:,} orders not forced ({statuses})",
                count,
            )
            lines.append(text.format(count=count, statuses=_(", ").join(statuses)))
        if count := self.too_early:
            text = ngettext(
                "left out: {count:,} forced order before --since",
                "left out: {count:,} forced orders before --since",
                count,
            )
            lines.append(text.format(count=count))
        return lines


def answer_history(
    which: OrderFilter, share: int, file: str, reading: Reading, writing: WritingOptions
) -> None:
    """Write the rates of a history; ``share`` is the quantile in millionths."""
    seen = _read(which, file, reading, writing)
    rates = past_rates(seen.parts, share)
    line = _line(rates)
    if not writing.quiet:
        for each in seen.left_out:
            say(each)
        if count := rates.moved:
            text = ngettext(
                "{count:,} SKU in more than one category, counted in that of its latest order",
                "{count:,} SKUs in more than one category, counted in that of their latest order",
                count,
            )
            say(text.format(count=count))
        if not len(rates.skus):
            say(_("there is no forced order to count, so there is no rate"))
    _write(rates, line, writing)
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {line}")


def _read(which: OrderFilter, file: str, reading: Reading, writing: WritingOptions) -> _Seen:
    seen = _Seen()
    with opened_table(file, reading, writing) as (source, aside, stream):
        try:
            columns, headers = which.find_columns(source.header, reading.headers.of(source.header))
        except InputError as problem:
            raise InputError(f"{source.place}: {problem}") from None
        say_reading(source, headers, writing.quiet)

        totals: list[int] = []

        def look_at(block: Block) -> tuple[TextBlock, Orders, Numbers]:
            text = parse(block, source)
            apart = total_rows(text, columns.get("sku"))
            orders = np.delete(np.arange(len(text)), apart)
            cells = text.chosen(orders) if len(apart) else text
            found = read_orders(cells, columns, which)
            return text, found.moved(orders), apart

        meter = Meter(progress_stream(writing), size_of(stream))
        try:
            for text, orders, apart in ahead(look_at, source.blocks):
                meter.advance(len(text), len(text.block.data))
                seen.add(orders)
                if len(apart):
                    totals += line_numbers(text, apart.tolist()).values()
                if orders.problems or text.ragged:
                    aside.add(text, orders.problems)
        finally:
            meter.close()
        if source.guessed_encoding and not writing.quiet:
            say(encoding_line(source.guessed_encoding))
        if totals and not writing.quiet:
            say(total_rows_line(source.name, totals, are_kept=False))
        aside.close()
    return seen


def _line(rates: PastRates) -> str:
    """The summary line: ``1,204 forced orders of 72 SKUs in 7 categories; store 13.2%``."""
    if not len(rates.skus):
        return _("no forced orders")
    store = {column.name: int(numbers[0]) for column, numbers in rates.columns}
    orders, categories = store["orders"], rates.counted("category")
    orders_text = ngettext("{count:,} forced order", "{count:,} forced orders", orders)
    categories_text = ngettext("{count:,} category", "{count:,} categories", categories)
    text = _("{orders} of {skus} in {categories}; store {rate}")
    return text.format(
        orders=orders_text.format(count=orders),
        skus=skus(rates.counted("sku")),
        categories=categories_text.format(count=categories),
        rate=percent(store["forced_rate"]),
    )


def _write(rates: PastRates, line: str, writing: WritingOptions) -> None:
    form = format_of(writing)
    with destination(writing) as stream:
        if form in DELIMITERS and not writing.value:
            stream.writelines(_lines(rates, DELIMITERS[form], writing))
        elif form is Format.TABLE:
            stream.write(rendered(_table(rates, line, writing), writing))
        else:
            columns = chosen(_columns(rates, len(rates.skus)), writing)
            stream.writelines(text_lines([headed(columns, writing)], form, writing))


def _lines(
    rates: PastRates, delimiter: str, writing: WritingOptions
) -> Iterator[bytes | memoryview]:
    """CSV or TSV, a whole column at a time."""
    layout = Layout(tuple(rates.header))
    names = chosen_names(layout, writing)
    texts = {
        column.name: result_texts(numbers, column, len(rates.skus), USD)
        for column, numbers in rates.columns
    }
    texts |= {
        name: cell_texts(cells, delimiter, writing.excel_safe)
        for name, cells in rates.texts.items()
    }
    mark = "\ufeff" if writing.bom else ""
    headers = [layout.header(name, header_language(writing)) for name in names]
    header = [] if writing.no_header else [headers]
    yield (mark + delimited(header, delimiter, writing.excel_safe)).encode()
    yield joined([texts[name] for name in names], delimiter)


def _columns(rates: PastRates, rows: int) -> list[TextColumn]:
    """The first rows as text; a row of a wider level has no SKU and no category."""
    columns = {
        name: TextColumn(name, Kind.TEXT, [cell or None for cell in cells[:rows].to_pylist()])
        for name, cells in rates.texts.items()
    }
    for column, numbers in rates.columns:
        cells = [
            cell or None for cell in result_texts(numbers[:rows], column, rows, USD).to_pylist()
        ]
        columns[column.name] = TextColumn(column.name, column.kind, cells)
    return [columns[name] for name in rates.header]


def _table(rates: PastRates, line: str, writing: WritingOptions) -> RenderableType:
    from aepromo.terminal.rich_tables import rows_table

    total = len(rates.skus)
    columns = chosen(_columns(rates, min(total, writing.limit)), writing)
    names = [column.name for column in columns]
    quantile = {name for name in names if name not in RESULTS} - {*WANTED}
    wanted = [name for name in dict.fromkeys((*WANTED, *quantile, *names)) if name in names]
    notes = [] if writing.quiet else [line]
    if total > writing.limit:
        notes.append(more_line(writing.limit, total))
    return rows_table(columns, names if writing.columns else wanted, table_width(), notes, USD)
