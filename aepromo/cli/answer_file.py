"""Files: answered block by block, and written as the answers come."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.cli.input_files import answers_for, opened_source
from aepromo.cli.messages import say_replaced
from aepromo.cli.options import Format
from aepromo.cli.output import (
    DELIMITERS,
    WITH_NUMBERS,
    chosen_names,
    destination,
    format_of,
    headed,
    header_language,
    rendered,
    table_width,
    text_lines,
)
from aepromo.engine.answer import PROPOSED
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import text_scalar, texts_of
from aepromo.table.blocks import parse
from aepromo.table.column import Kind
from aepromo.table.csv_lines import answer_texts, figure_texts, joined
from aepromo.table.line_ends import with_line_ends
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.table.text_formats import NUMBERS_READ, TextColumn, bare, delimited
from aepromo.terminal.summary import Tally, more_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import RenderableType

    from aepromo.calculators.price_update import PriceUpdates, Row
    from aepromo.cli.answers import Answers
    from aepromo.cli.options import WritingOptions
    from aepromo.cli.reading_options import Reading
    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers

    Bytes: TypeAlias = bytes | memoryview
    Summary: TypeAlias = Callable[[Tally], str]

Finished = TypeVar("Finished")


def answer_file(
    question: Question,
    values: Values,
    file: str,
    reading: Reading,
    writing: WritingOptions,
    summary: Summary,
    watched: Watched,
) -> Tally:
    """Write the answer for every row of a file, and return its tally."""
    with answers_for(question, values, file, reading, writing) as answers:
        if format_of(writing) is Format.XLSX:
            _refuse_too_many(file, reading, writing)
        answers.keeps_totals = not (watched.only or watched.updates or writing.value)
        tally = Tally(values.currency)
        with destination(writing) as stream:
            stream.writelines(_written(answers, tally, writing, summary, watched))
        if not writing.quiet and format_of(writing) is not Format.TABLE:
            say_replaced(answers.layout, answers.added)
    return tally


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command needs from each block.

    ``store_columns`` are those whose blank cells are counted; ``listener`` gets each outcome, in
    the order of the file. With ``only``, labels of the column that is counted first, all rows are
    counted but only those with these labels are written. ``updates`` turns the rows into requests.
    """

    store_columns: frozenset[str] = frozenset()
    listener: Callable[[Outcome], None] | None = None
    only: tuple[str, ...] = ()
    updates: PriceUpdates | None = None


def _refuse_too_many(file: str, reading: Reading, writing: WritingOptions) -> None:
    """Refuse more rows than a sheet holds, before any time is spent on them.

    This is known only for a file of text whose bad rows are not set aside.
    """
    from aepromo.table.workbook_writer import MOST_ROWS, TooManyRows

    is_long = file != "-" and Path(file).is_file() and Path(file).stat().st_size > 2 * MOST_ROWS
    if not is_long or reading.rejects:
        return
    with opened_source(file, reading) as (source, _stream):
        count = int(not writing.no_header)
        for block in source.blocks if source.chunks else ():
            count += len(parse(block, source))
            if count > MOST_ROWS:
                raise TooManyRows


def seen_of(
    question: Question, outcome: Outcome, name_of: Callable[[int], str], watched: Watched
) -> Tally:
    """Counts and totals of a block's rows; ``name_of`` returns the id of a row."""
    results, rows, inputs = outcome.results, len(outcome), outcome.inputs
    seen = Tally(outcome.values.currency, rows)
    seen.unlisted = outcome.unlisted
    if not rows or inputs is None:
        return seen
    for name in (name for name in question.counts if name in outcome.added):
        labels = np.broadcast_to(results.get(name, BLANK), rows)
        seen.counts[name] = np.bincount(labels[labels != BLANK]).tolist()
        if name == question.counts[0]:
            seen.unlabelled = rows - sum(seen.counts[name])
    if "status" in seen.counts and "profit" in outcome.added and question.always_profit:
        statuses, profits = (np.broadcast_to(results[name], rows) for name in ("status", "profit"))
        row = _worst_row(statuses, profits)
        seen.worst = int(statuses[row]), int(profits[row]), name_of(row)
    if question.peak in outcome.added:
        figures = np.broadcast_to(results[question.peak], rows)
        row = int(figures.argmax())
        seen.peak = (int(figures[row]), name_of(row)) if figures[row] > 0 else None
    if question.totals in outcome.added:
        money = np.broadcast_to(results[question.totals], rows)
        known = money[money != BLANK]
        seen.total = int(known.sum()) if len(known) else None
        seen.without_total = rows - len(known)
    if "unknown" in outcome.added:
        for each in pc.value_counts(results["unknown"]).to_pylist():
            for name in filter(None, (each["values"] or "").split(", ")):
                seen.unknown[name] += each["counts"]
    seen.unpriced, seen.lacking = inputs.unpriced, inputs.lacking
    seen.blank = frozenset(name for name in watched.store_columns if inputs.has_blank(name))
    return seen


def _worst_row(statuses: Numbers, profits: Numbers) -> int:
    """The row with the worst status, and of those the lowest profit."""
    among = np.flatnonzero(statuses == statuses.max())
    return int(among[profits[among].argmin()])


def _written(
    answers: Answers, tally: Tally, writing: WritingOptions, summary: Summary, watched: Watched
) -> Iterator[Bytes]:
    form = format_of(writing)
    if watched.updates is not None:
        return _requests(answers, tally, watched, watched.updates)
    if form in DELIMITERS and not writing.value:
        return _lines(answers, tally, DELIMITERS[form], writing, watched)
    tables = _tables(answers, tally, watched)
    if form is Format.PARQUET:
        from aepromo.table.parquet import parquet_of

        names = chosen_names(answers.layout, writing)
        headers = _headers(names, answers, writing)
        return parquet_of(table.select(names).rename_columns(headers) for table in tables)
    if form is Format.TABLE:
        return iter([rendered(_shown(tables, answers, tally, writing, summary), writing)])
    layout = answers.layout
    parts = (headed(_columns(table, answers, writing), writing, layout) for table in tables)
    return text_lines(parts, form, writing, answers.values.currency.code, answers.about)


def _requests(
    answers: Answers, tally: Tally, watched: Watched, updates: PriceUpdates
) -> Iterator[bytes]:
    """Request bodies, one a line."""
    from aepromo.calculators.price_update import rows_of

    def rows(outcome: Outcome, _text: TextBlock) -> list[Row]:
        return rows_of(outcome)

    for found in _each(answers, tally, watched, rows):
        for body in updates.add(found):
            yield (json.dumps(body, ensure_ascii=False) + "\n").encode()
    for body in updates.finish():
        yield (json.dumps(body, ensure_ascii=False) + "\n").encode()


def _headers(names: Sequence[str], answers: Answers, writing: WritingOptions) -> list[str]:
    return answers.layout.headed(names, header_language(writing))


def _lines(
    answers: Answers, tally: Tally, delimiter: str, writing: WritingOptions, watched: Watched
) -> Iterator[Bytes]:
    """CSV or TSV, a whole column at a time, with the file's own line ends and its mark."""
    line_end = answers.source.line_end
    names = chosen_names(answers.layout, writing)
    # Where the file's own columns come first and unchanged, its rows can be copied.
    as_they_stand = names == [*answers.source.header, *answers.added] and not writing.excel_safe

    def lines(outcome: Outcome, text: TextBlock) -> memoryview:
        own = text.rows_as_written(delimiter) if as_they_stand else None
        if own is None:
            text.read_all()
            cells = _cells(outcome, names, delimiter, writing)
            return joined(cells, delimiter, line_end)
        columns, currency = outcome.values.columns, outcome.values.currency
        figures = [(outcome.results.get(name, BLANK), columns[name]) for name in outcome.added]
        return with_line_ends(own, figures, delimiter, currency, line_end).joined()

    # Without its header it may be appended to another file, where a mark would be in the way.
    keeps_mark = answers.source.has_mark and not writing.no_header
    mark = "\ufeff" if writing.bom or keeps_mark else ""
    header = [] if writing.no_header else [_headers(names, answers, writing)]
    # The header waits for the first answer: for a refused file nothing is written.
    head = (mark + delimited(header, delimiter, writing.excel_safe, line_end)).encode()
    for data in _each(answers, tally, watched, lines):
        yield head
        yield data
        head = b""


def _cells(
    outcome: Outcome, names: Sequence[str], delimiter: str, writing: WritingOptions
) -> list[pa.Array]:
    """Columns of the answer as cells ready to write."""
    columns, currency = outcome.values.columns, outcome.values.currency
    found = [
        (outcome.results.get(name, BLANK), columns[name])
        if name in outcome.added
        else (outcome.column(name), None)
        for name in names
    ]
    return answer_texts(found, len(outcome), delimiter, writing.excel_safe, currency)


def _each(
    answers: Answers,
    tally: Tally,
    watched: Watched,
    finish: Callable[[Outcome, TextBlock], Finished],
) -> Iterator[Finished]:
    """Yield the result of ``finish`` for each block, and add the block to the tally."""
    question = answers.question
    identity = list(answers.source.header).index(answers.layout.identity)

    def finished(outcome: Outcome, text: TextBlock) -> tuple[Tally, Outcome | None, Finished]:
        skus = cast("TextBlock", outcome.cells)
        seen = seen_of(question, outcome, lambda row: skus.cell(row, identity), watched)
        if watched.updates is not None:
            made = finish(outcome, text)  # rows without an answer are not sent to the platform
        elif watched.only:
            written = _only(outcome, question.counts[0], watched.only)
            made = finish(written, cast("TextBlock", written.cells))
        else:
            made = finish(outcome.as_written(), text)
        return seen, outcome if watched.listener else None, made

    for seen, outcome, made in answers.each(finished):
        tally.add(seen)
        if watched.listener is not None and outcome is not None:
            watched.listener(outcome)
        yield made


def _only(outcome: Outcome, column: str, labels: Sequence[str]) -> Outcome:
    """The rows of an answer that have some labels in a column."""
    wanted = [RESULTS[column].labels.index(label) for label in labels]
    found = np.broadcast_to(outcome.results.get(column, BLANK), len(outcome))
    return outcome.chosen(np.flatnonzero(np.isin(found, wanted)))


def _tables(answers: Answers, tally: Tally, watched: Watched) -> Iterator[pa.Table]:
    """The answers as Arrow tables, block by block."""
    names = answers.layout.names

    def table(outcome: Outcome, _text: TextBlock) -> pa.Table:
        return pa.table({name: outcome.column(name) for name in names})

    return _each(answers, tally, watched, table)


def _columns(table: pa.Table, answers: Answers, writing: WritingOptions) -> list[TextColumn]:
    """A table's columns as text; what the report added keeps its kind.

    JSON and workbooks hold numbers, so cells that were read as numbers are plain digits there.
    """
    added, layout = answers.added, answers.layout
    numbers = _numbers_read(answers) if format_of(writing) in WITH_NUMBERS else {}
    currency, decimal = answers.values.currency, answers.source.decimal
    columns = []
    for name in chosen_names(layout, writing):
        kind = RESULTS[name].kind if name in added else Kind.TEXT
        column = TextColumn(name, kind, figure_texts(table[name], kind), layout.role(name))
        if name in numbers and name not in added:
            column = bare(column._replace(kind=numbers[name]), currency, decimal)
        columns.append(column)
    return columns


def _numbers_read(answers: Answers) -> dict[str, Kind]:
    """The kinds of the columns of the file that were read as numbers.

    Under a header with ``%`` or ``kg`` the number is the one in the cell: 8 for 8 %.
    """
    found, read = answers.columns, {}
    for role in found:
        kind = Kind.PRICE if role == PROPOSED else INPUTS[role].kind
        for position in found.positions[role] if kind in NUMBERS_READ else ():
            read[answers.source.header[position]] = Kind.NUMBER if position in found.units else kind
    return read


def _shown(
    tables: Iterator[pa.Table],
    answers: Answers,
    tally: Tally,
    writing: WritingOptions,
    summary: Summary,
) -> RenderableType:
    """The rows to show in a table, with the summary of all rows."""
    from aepromo.terminal.rich_tables import rows_table

    question = answers.question
    kept, count = pa.table({}), 0
    for table in tables:
        count += len(table)
        together = pa.concat_tables([kept, table]) if len(kept) else table
        kept = _sorted(together, question.sort_by).slice(0, writing.limit)
    columns = _columns(kept, answers, writing)
    leads: list[str] = []
    wanted = [column.name for column in columns]
    if not writing.columns:
        leads = [name for name in map(answers.holding, question.leads) if name]
        keys = map(answers.holding, question.key_columns)
        empty = {each.name for each in columns if each.kind is Kind.LABEL and not any(each.cells)}
        wanted = [
            name
            for name in dict.fromkeys((answers.layout.identity, *keys))
            if name and name not in empty
        ]
    notes = [] if writing.quiet else [summary(tally)]
    if count > len(kept):
        notes.append(more_line(len(kept), count))
    return rows_table(columns, wanted, table_width(), notes, answers.values.currency, leads)


def _sorted(table: pa.Table, sort_by: Sequence[tuple[str, str]]) -> pa.Table:
    """The rows in the order of a table; labels in the order of their column.

    An unknown figure counts as 0, so that the next column decides.
    """
    if not sort_by or not len(table):
        return table
    keys = {
        name: pc.index_in(table[name], texts_of(RESULTS[name].labels))
        if RESULTS[name].kind is Kind.LABEL
        else pc.fill_null(table[name], text_scalar("0").cast(table[name].type))
        for name, _ in sort_by
    }
    return table.take(pc.sort_indices(pa.table(keys), list(sort_by)))
