"""The way of a file: answered block by block, written as the answers come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.calculators.breakeven import BREAKEVEN
from aepromo.calculators.columns import VERDICTS
from aepromo.cli.inputs import asked, opened_source
from aepromo.cli.options import Format
from aepromo.cli.output import (
    DELIMITERS,
    chosen_names,
    destination,
    format_of,
    headed,
    rendered,
    table_width,
    text_lines,
)
from aepromo.cli.say import say, say_replaced
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.table.blocks import parse
from aepromo.table.bulk import cell_texts, extended, joined, result_texts
from aepromo.table.column import Kind
from aepromo.table.line_ends import line_ends
from aepromo.table.schema import RESULTS
from aepromo.table.text import TextColumn, delimited
from aepromo.terminal.summary import Seen, Tally, more_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from aepromo.cli.answers import Answers
    from aepromo.cli.options import ReadingOptions, WritingOptions
    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Report
    from aepromo.inputs.policy import Policy
    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers

    Bytes: TypeAlias = bytes | memoryview


def answer_file(
    report: Report, policy: Policy, file: str, reading: ReadingOptions, writing: WritingOptions
) -> int:
    """Answer for every SKU of a file; returns the worst status seen, as an index."""
    with asked(report, policy, file, reading, writing) as answers:
        if format_of(writing) is Format.XLSX:
            _refuse_too_many(file, reading, writing)
        tally = Tally(VERDICTS if report is BREAKEVEN else STATUSES, policy.selling)
        with destination(writing) as stream:
            stream.writelines(_written(answers, tally, writing))
        if not writing.quiet and format_of(writing) is not Format.TABLE:
            say_replaced(answers.layout, answers.added)
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {tally.line()}")
    return tally.worst_label


def _refuse_too_many(file: str, reading: ReadingOptions, writing: WritingOptions) -> None:
    """Refuse rows that a sheet has no room for, before minutes have gone into them.

    It can be told of a file of text, if its bad rows aren't to be set aside.
    """
    from aepromo.table.spreadsheet import MOST_ROWS, TooManyRows

    is_long = file != "-" and Path(file).is_file() and Path(file).stat().st_size > 2 * MOST_ROWS
    if not is_long or reading.rejects:
        return
    with opened_source(file, reading) as (source, _stream):
        count = int(not writing.no_header)
        for block in source.blocks if source.chunks else ():
            count += len(parse(block, source))
            if count > MOST_ROWS:
                raise TooManyRows


def _seen(outcome: Outcome, text: TextBlock, identity: str) -> Seen:
    """What a block's rows come to; ``identity`` is the column that tells them apart."""
    results, rows = outcome.results, len(outcome)
    labels = results.get("status", results.get("verdict"))
    counts, worst, gain = [], None, None
    if isinstance(labels, np.ndarray) and rows:
        counts = np.bincount(labels[labels != BLANK]).tolist()
        if "profit" in results:
            profits = np.broadcast_to(results["profit"], rows)
            row = _worst_row(labels, profits)
            name = text.cell(row, list(text.header).index(identity))
            worst = int(labels[row]), int(profits[row]), name
    if isinstance(gains := results.get("gain_30d"), np.ndarray) and (gains != BLANK).any():
        gain = int(gains[gains != BLANK].sum())
    return Seen(rows, counts, worst, gain)


def _worst_row(statuses: Numbers, profits: Numbers) -> int:
    """The row with the worst status, and of those the lowest profit."""
    among = np.flatnonzero(statuses == statuses.max())
    return int(among[profits[among].argmin()])


def _written(answers: Answers, tally: Tally, writing: WritingOptions) -> Iterator[Bytes]:
    form = format_of(writing)
    if form in DELIMITERS and not writing.value:
        return _lines(answers, tally, DELIMITERS[form], writing)
    tables = _tables(answers, tally)
    if form is Format.PARQUET:
        from aepromo.table.parquet import parquet_of

        names = chosen_names(answers.layout, writing)
        headers = _headers(names, answers, writing)
        return parquet_of(table.select(names).rename_columns(headers) for table in tables)
    if form is Format.TABLE:
        return iter([rendered(_shown(tables, answers, tally, writing), writing)])
    layout = answers.layout
    parts = (headed(_columns(table, answers, writing), writing, layout) for table in tables)
    return text_lines(parts, form, writing, answers.policy.selling)


def _headers(names: Sequence[str], answers: Answers, writing: WritingOptions) -> list[str]:
    return [answers.layout.header(name, writing.headers) for name in names]


def _lines(
    answers: Answers, tally: Tally, delimiter: str, writing: WritingOptions
) -> Iterator[Bytes]:
    """CSV or TSV, a whole column at a time."""
    names = chosen_names(answers.layout, writing)
    # Where the file's own columns come first and unchanged, its rows may be copied as they stand.
    source, identity = answers.source, answers.layout.identity
    as_they_stand = (
        names == [*source.header, *answers.added]
        and delimiter == source.delimiter
        and not writing.excel_safe
    )

    def lines(outcome: Outcome, text: TextBlock) -> tuple[Seen, memoryview]:
        if as_they_stand and (own := text.rows_as_written()) is not None:
            figures = [(outcome.results[name], outcome.described(name)) for name in outcome.added]
            ends = line_ends(figures, len(outcome), delimiter, outcome.currency)
            return _seen(outcome, text, identity), extended(own, ends)
        by_name = {
            name: result_texts(
                outcome.results[name], outcome.described(name), len(outcome), outcome.currency
            )
            for name in outcome.added
        }
        cells = (
            by_name[name]
            if name in by_name
            else cell_texts(outcome.column(name), delimiter, writing.excel_safe)
            for name in names
        )
        return _seen(outcome, text, identity), joined(list(cells), delimiter)

    mark = "\ufeff" if writing.bom else ""
    header = [] if writing.no_header else [_headers(names, answers, writing)]
    # The header waits for the first answer: of a file that is refused, nothing is written.
    head = (mark + delimited(header, delimiter, writing.excel_safe)).encode()
    for seen, data in answers.each(lines):
        tally.add(seen)
        yield head
        yield data
        head = b""


def _tables(answers: Answers, tally: Tally) -> Iterator[pa.Table]:
    """The answers as Arrow tables, block by block."""
    layout = answers.layout

    def table(outcome: Outcome, text: TextBlock) -> tuple[Seen, pa.Table]:
        columns = {name: outcome.column(name) for name in layout.names}
        return _seen(outcome, text, layout.identity), pa.table(columns)

    for seen, answered in answers.each(table):
        tally.add(seen)
        yield answered


def _columns(table: pa.Table, answers: Answers, writing: WritingOptions) -> list[TextColumn]:
    """A table's columns as text; what the report added keeps its kind."""
    added, layout = answers.added, answers.layout
    return [
        TextColumn(
            name,
            RESULTS[name].kind if name in added else Kind.TEXT,
            table[name].cast(pa.string()).to_pylist(),
            layout.role(name),
        )
        for name in chosen_names(layout, writing)
    ]


def _shown(
    tables: Iterator[pa.Table], answers: Answers, tally: Tally, writing: WritingOptions
) -> RenderableType:
    """The rows worth looking at, and what all of them come to."""
    from aepromo.terminal.rich_tables import rows_table

    worst_first = answers.report.name == "audit"
    kept = pa.table({})
    for table in tables:
        together = pa.concat_tables([kept, table]) if len(kept) else table
        kept = (_worst_first(together) if worst_first else together).slice(0, writing.limit)
    columns = _columns(kept, answers, writing)
    wanted = [column.name for column in columns]
    if not writing.columns:
        keys = map(answers.holding, answers.report.key_columns)
        wanted = [name for name in dict.fromkeys((answers.layout.identity, *keys)) if name]
    notes = [] if writing.quiet else [tally.line()]
    if tally.rows > len(kept):
        notes.append(more_line(len(kept), tally.rows))
    return rows_table(columns, wanted, table_width(), notes, answers.policy.selling)


def _worst_first(table: pa.Table) -> pa.Table:
    ranks = pc.index_in(table["status"], pa.array(STATUSES))
    order = pc.sort_indices(
        pa.table({"rank": ranks, "profit": table["profit"]}),
        [("rank", "descending"), ("profit", "ascending")],
    )
    return table.take(order)
