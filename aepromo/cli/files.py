"""The way of a file: answered block by block, written as the answers come."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.cli.inputs import asked
from aepromo.cli.options import Format
from aepromo.cli.output import (
    DELIMITERS,
    chosen_names,
    destination,
    format_of,
    rendered,
    table_width,
    text_lines,
)
from aepromo.cli.say import say
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.reports.breakeven import BREAKEVEN
from aepromo.show.summary import Tally, more_line
from aepromo.tables.bulk import cell_texts, joined, result_texts
from aepromo.tables.headers import known_names, plain
from aepromo.tables.schema import RESULTS, VERDICTS, Kind
from aepromo.tables.text import TextColumn, delimited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from aepromo.cli.answers import Answers, RowsAsWritten
    from aepromo.cli.options import ReadingOptions, WritingOptions
    from aepromo.pricing.money import Whole
    from aepromo.reports.frame import Outcome
    from aepromo.reports.policy import Policy
    from aepromo.reports.report import Report

    Bytes: TypeAlias = bytes | memoryview


def answer_file(
    report: Report, policy: Policy, file: str, reading: ReadingOptions, writing: WritingOptions
) -> int:
    """Answer for every SKU of a file; returns the worst status seen, as an index."""
    with asked(report, policy, file, reading, writing) as answers:
        tally = Tally(VERDICTS if report is BREAKEVEN else STATUSES, policy.selling)
        with destination(writing) as stream:
            stream.writelines(_written(answers, tally, writing))
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {tally.line()}")
    return tally.worst_label


def _count(outcome: Outcome, tally: Tally) -> None:
    """Add a block's rows to the tally."""
    frame, results = outcome.frame, outcome.results
    tally.rows += len(frame)
    labels = results.get("status", results.get("verdict"))
    if isinstance(labels, np.ndarray) and len(frame):
        known = labels[labels != BLANK]
        tally.add_labels(np.bincount(known, minlength=len(tally.labels)).tolist())
        if "profit" in results:
            tally.add_worst(*_worst_row(frame, labels, results["profit"]))
    if isinstance(gains := results.get("gain_30d"), np.ndarray) and (gains != BLANK).any():
        tally.gain = (tally.gain or 0) + int(gains[gains != BLANK].sum())


def _worst_row(frame: pd.DataFrame, statuses: Whole, profits: Whole) -> tuple[int, int, str]:
    """The row with the worst status, and of those the lowest profit: both, and its id."""
    profits = np.broadcast_to(profits, len(frame))
    worst = np.max(statuses)
    among = np.flatnonzero(statuses == worst)
    row = int(among[profits[among].argmin()])
    sku = str(frame[_identity(list(map(str, frame.columns)))].iloc[row])
    return int(worst), int(profits[row]), sku


def _written(answers: Answers, tally: Tally, writing: WritingOptions) -> Iterator[Bytes]:
    form = format_of(writing)
    if form in DELIMITERS and not writing.value:
        return _lines(answers, tally, DELIMITERS[form], writing)
    frames = _frames(answers, tally)
    if form is Format.TABLE:
        return iter([rendered(_table(frames, answers, tally, writing), writing)])
    return text_lines((_columns(frame, answers, writing) for frame in frames), form, writing)


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

    def lines(outcome: Outcome, rows_as_written: RowsAsWritten) -> memoryview:
        rows = len(outcome.frame)
        results = [
            result_texts(outcome.results[name], RESULTS[name], rows, outcome.currency)
            for name in outcome.added
        ]
        if as_they_stand and (own := rows_as_written()) is not None:
            return joined([own, *results], delimiter)
        by_name = dict(zip(outcome.added, results, strict=True))
        cells = (
            by_name[name]
            if name in by_name
            else cell_texts(_array(outcome.frame[name]), delimiter, writing.excel_safe)
            for name in names
        )
        return joined(list(cells), delimiter)

    mark = "\ufeff" if writing.bom else ""
    header = [] if writing.no_header else [names]
    # The header waits for the first answer: of a file that is refused, nothing is written.
    head = (mark + delimited(header, delimiter, writing.excel_safe)).encode()
    for outcome, data in answers.each(lines):
        _count(outcome, tally)
        yield head
        yield data
        head = b""


def _frames(answers: Answers, tally: Tally) -> Iterator[pd.DataFrame]:
    for outcome, frame in answers.each(lambda outcome, _: outcome.answered()):
        _count(outcome, tally)
        yield frame


def _array(series: pd.Series) -> pa.Array:
    array = pa.array(series)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _columns(frame: pd.DataFrame, answers: Answers, writing: WritingOptions) -> list[TextColumn]:
    """A frame's columns as text; what the report added keeps its kind."""
    added = answers.added
    return [
        TextColumn(
            name,
            RESULTS[name].kind if name in added else Kind.TEXT,
            _array(frame[name]).cast(pa.string()).to_pylist(),
        )
        for name in chosen_names(answers.header, writing)
    ]


def _table(
    frames: Iterator[pd.DataFrame], answers: Answers, tally: Tally, writing: WritingOptions
) -> RenderableType:
    """The rows worth looking at, and what all of them come to."""
    from aepromo.show.table import rows_table

    worst_first = answers.report.name == "audit"
    kept = pd.DataFrame()
    for frame in frames:
        together = pd.concat([kept, frame], ignore_index=True) if len(kept) else frame
        kept = (_worst_first(together) if worst_first else together).head(writing.limit)
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


def _worst_first(frame: pd.DataFrame) -> pd.DataFrame:
    ranks = pc.index_in(_array(frame["status"]), pa.array(STATUSES))
    order = pc.sort_indices(
        pa.table({"rank": ranks, "profit": _array(frame["profit"])}),
        [("rank", "descending"), ("profit", "ascending")],
    )
    worst_first: pd.DataFrame = frame.iloc[order.to_numpy()]
    return worst_first


def _identity(header: list[str]) -> str:
    """The column that tells rows apart: the one with the ids, or the first."""
    names = known_names()
    return next((name for name in header if names.get(plain(name)) == "sku"), header[0])
