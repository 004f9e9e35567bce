"""The way of a file: answered block by block, written as the answers come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

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
from aepromo.cli.say import say
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.reports.breakeven import BREAKEVEN
from aepromo.show.summary import Seen, Tally, more_line
from aepromo.tables.blocks import parse
from aepromo.tables.bulk import cell_texts, extended, joined, result_texts
from aepromo.tables.headers import known_names, plain
from aepromo.tables.headings import header_of
from aepromo.tables.line_ends import line_ends
from aepromo.tables.schema import RESULTS, VERDICTS, Kind
from aepromo.tables.text import TextColumn, delimited

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from aepromo.cli.answers import Answers
    from aepromo.cli.options import ReadingOptions, WritingOptions
    from aepromo.reports.answer import Outcome
    from aepromo.reports.policy import Policy
    from aepromo.reports.report import Report
    from aepromo.tables.blocks import TextBlock
    from aepromo.tables.columns import Numbers

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
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {tally.line()}")
    return tally.worst_label


def _refuse_too_many(file: str, reading: ReadingOptions, writing: WritingOptions) -> None:
    """Refuse rows that a sheet has no room for, before minutes have gone into them.

    It can be told of a file of text, if its bad rows aren't to be set aside.
    """
    from aepromo.show.spreadsheet import MOST_ROWS, TooManyRows

    is_long = file != "-" and Path(file).is_file() and Path(file).stat().st_size > 2 * MOST_ROWS
    if not is_long or reading.rejects:
        return
    with opened_source(file, reading) as (source, _stream):
        count = int(not writing.no_header)
        for block in source.blocks if source.chunks else ():
            count += len(parse(block, source))
            if count > MOST_ROWS:
                raise TooManyRows


def _seen(outcome: Outcome, text: TextBlock) -> Seen:
    """What a block's rows come to."""
    results, rows = outcome.results, len(outcome)
    labels = results.get("status", results.get("verdict"))
    counts, worst, gain = [], None, None
    if isinstance(labels, np.ndarray) and rows:
        counts = np.bincount(labels[labels != BLANK]).tolist()
        if "profit" in results:
            worst = _worst_row(text, labels, np.broadcast_to(results["profit"], rows))
    if isinstance(gains := results.get("gain_30d"), np.ndarray) and (gains != BLANK).any():
        gain = int(gains[gains != BLANK].sum())
    return Seen(rows, counts, worst, gain)


def _worst_row(text: TextBlock, statuses: Numbers, profits: Numbers) -> tuple[int, int, str]:
    """The row with the worst status, and of those the lowest profit: both, and its id."""
    worst = int(statuses.max())
    among = np.flatnonzero(statuses == worst)
    row = int(among[profits[among].argmin()])
    header = list(text.header)
    return worst, int(profits[row]), text.cell(row, header.index(_identity(header)))


def _written(answers: Answers, tally: Tally, writing: WritingOptions) -> Iterator[Bytes]:
    form = format_of(writing)
    if form in DELIMITERS and not writing.value:
        return _lines(answers, tally, DELIMITERS[form], writing)
    tables = _tables(answers, tally)
    if form is Format.PARQUET:
        from aepromo.tables.parquet import parquet_of

        names = chosen_names(answers.header, writing)
        headers = _headers(names, answers, writing)
        return parquet_of(table.select(names).rename_columns(headers) for table in tables)
    if form is Format.TABLE:
        return iter([rendered(_shown(tables, answers, tally, writing), writing)])
    kept = set(answers.source.header) - set(answers.added)
    parts = (headed(_columns(table, answers, writing), writing, kept) for table in tables)
    return text_lines(parts, form, writing)


def _headers(names: Sequence[str], answers: Answers, writing: WritingOptions) -> list[str]:
    added = answers.added
    return [header_of(name, writing.headers) if name in added else name for name in names]


def _lines(
    answers: Answers, tally: Tally, delimiter: str, writing: WritingOptions
) -> Iterator[Bytes]:
    """CSV or TSV, a whole column at a time."""
    names = chosen_names(answers.header, writing)
    # Where the file's own columns come first and unchanged, its rows may be copied as they stand.
    source = answers.source
    as_they_stand = (
        names == [*source.header, *answers.added]
        and delimiter == source.delimiter
        and not writing.excel_safe
    )

    def lines(outcome: Outcome, text: TextBlock) -> tuple[Seen, memoryview]:
        if as_they_stand and (own := text.rows_as_written()) is not None:
            figures = [(outcome.results[name], outcome.described(name)) for name in outcome.added]
            ends = line_ends(figures, len(outcome), delimiter, outcome.currency)
            return _seen(outcome, text), extended(own, ends)
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
        return _seen(outcome, text), joined(list(cells), delimiter)

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

    def table(outcome: Outcome, text: TextBlock) -> tuple[Seen, pa.Table]:
        return _seen(outcome, text), pa.table(
            {name: outcome.column(name) for name in answers.header}
        )

    for seen, answered in answers.each(table):
        tally.add(seen)
        yield answered


def _columns(table: pa.Table, answers: Answers, writing: WritingOptions) -> list[TextColumn]:
    """A table's columns as text; what the report added keeps its kind."""
    added = answers.added
    return [
        TextColumn(
            name,
            RESULTS[name].kind if name in added else Kind.TEXT,
            table[name].cast(pa.string()).to_pylist(),
        )
        for name in chosen_names(answers.header, writing)
    ]


def _shown(
    tables: Iterator[pa.Table], answers: Answers, tally: Tally, writing: WritingOptions
) -> RenderableType:
    """The rows worth looking at, and what all of them come to."""
    from aepromo.show.table import rows_table

    worst_first = answers.report.name == "audit"
    kept = pa.table({})
    for table in tables:
        together = pa.concat_tables([kept, table]) if len(kept) else table
        kept = (_worst_first(together) if worst_first else together).slice(0, writing.limit)
    columns = _columns(kept, answers, writing)
    wanted = [column.name for column in columns]
    if not writing.columns:
        wanted = [
            name for name in (_identity(wanted), *answers.report.key_columns) if name in wanted
        ]
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


def _identity(header: list[str]) -> str:
    """The column that tells rows apart: the one with the ids, or the first."""
    names = known_names()
    return next((name for name in header if names.get(plain(name)) == "sku"), header[0])
