"""The way of a file: open it, answer block by block, write as the answers come."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.cli.answers import Answers
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
from aepromo.errors import CallError, InputError
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.reports.breakeven import BREAKEVEN
from aepromo.show.summary import Tally
from aepromo.tables.atomic import replacing
from aepromo.tables.blocks import Ragged, rows_with_lines
from aepromo.tables.bulk import delimited_block, text_array
from aepromo.tables.headers import known_names, plain, resolve
from aepromo.tables.schema import RESULTS, VERDICTS, Kind
from aepromo.tables.source import open_source
from aepromo.tables.text import TextColumn, delimited

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from aepromo.cli.options import ReadingOptions, WritingOptions
    from aepromo.pricing.money import Whole
    from aepromo.reports.policy import Policy
    from aepromo.reports.report import Report


def answer_file(
    report: Report, policy: Policy, file: str, reading: ReadingOptions, writing: WritingOptions
) -> int:
    """Answer for every SKU of a file; returns the worst status seen, as an index."""
    with asked(report, policy, file, reading, writing) as answers:
        tally = Tally(VERDICTS if report is BREAKEVEN else STATUSES)
        frames = _counted(answers, tally)
        with destination(writing) as stream:
            stream.writelines(_written(frames, answers, tally, writing))
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {tally.line()}")
    return tally.worst_label


@contextmanager
def asked(
    report: Report, policy: Policy, file: str, reading: ReadingOptions, writing: WritingOptions
) -> Iterator[Answers]:
    """A report's answers over a file; its rejects are on disk once the output is."""
    if reading.rejects and writing.output and _same_file(reading.rejects, writing.output):
        raise CallError("--rejects and --output name the same file")
    with ExitStack() as stack:
        stream, name = stack.enter_context(opened(file))
        source = open_source(stream, name, reading.encoding, _delimiter(reading.delimiter))
        rejects = stack.enter_context(replacing(reading.rejects)) if reading.rejects else None
        yield Answers(report, policy, source, mapping_of(reading.map), rejects, writing.quiet)


def find_row(
    file: str, sku: str | None, wanted: Sequence[str], reading: ReadingOptions
) -> dict[str, str]:
    """The filled cells of one SKU's row, by column; of the only row where no SKU is named.

    Raises ``InputError`` where there is no such row.
    """
    with opened(file) as (stream, name):
        source = open_source(stream, name, reading.encoding, _delimiter(reading.delimiter))
        columns = resolve(source.header, ("sku", *wanted), mapping_of(reading.map))
        if sku is not None and "sku" not in columns:
            raise InputError(f"{name}: no column for sku; name one with --map 'HEADER=sku'")
        found: list[tuple[int, list[str]]] = []
        for block in source.blocks:
            for line, cells in rows_with_lines(block, source):
                if sku is None or cells[columns["sku"] : columns["sku"] + 1] == [sku]:
                    found.append((line, cells))
    if sku is None and len(found) != 1:
        raise InputError(f"{name}: {len(found)} rows; choose one with --sku ID")
    if not found:
        raise InputError(f"{name}: no SKU '{sku}'")
    line, cells = found[0]
    if len(cells) != len(source.header):
        raise InputError(f"{name}:{line}: {Ragged(line, tuple(cells), len(source.header)).reason}")
    row = {role: cells[position] for role, position in columns.items() if role != "sku"}
    return {role: cell for role, cell in row.items() if cell.strip()}


@contextmanager
def opened(file: str) -> Iterator[tuple[BinaryIO, str]]:
    """The input as a stream of bytes, and what to call it in messages."""
    if file == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed")
        yield sys.stdin.buffer, "standard input"
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 (closed just below)
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    with stream:
        yield stream, file


def mapping_of(pairs: list[str] | None) -> dict[str, str]:
    """``HEADER=COLUMN`` pairs; the header may hold an equals sign itself."""
    mapping = {}
    for pair in pairs or []:
        header, equals, name = pair.rpartition("=")
        if not (header and equals and name):
            raise CallError(f"--map '{pair}': write HEADER=COLUMN, such as 'Cost=purchase_price'")
        mapping[header.strip()] = name.strip()
    return mapping


def _delimiter(given: str | None) -> str | None:
    return {"tab": "\t", "\\t": "\t"}.get(given, given) if given else given


def _same_file(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _counted(answers: Answers, tally: Tally) -> Iterator[pd.DataFrame]:
    """The answers' frames, their rows counted as they pass."""
    for outcome in answers.outcomes():
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
        yield frame


def _worst_row(frame: pd.DataFrame, statuses: Whole, profits: Whole) -> tuple[int, int, str]:
    """The row with the worst status, and of those the lowest profit: both, and its id."""
    profits = np.broadcast_to(profits, len(frame))
    worst = np.max(statuses)
    among = np.flatnonzero(statuses == worst)
    row = int(among[profits[among].argmin()])
    sku = str(frame[_identity(list(map(str, frame.columns)))].iloc[row])
    return int(worst), int(profits[row]), sku


def _written(
    frames: Iterator[pd.DataFrame], answers: Answers, tally: Tally, writing: WritingOptions
) -> Iterator[bytes | memoryview]:
    form = format_of(writing)
    if form is Format.TABLE:
        yield rendered(_table(frames, answers, tally, writing), writing)
    elif form in DELIMITERS and not writing.value:
        yield from _lines(frames, DELIMITERS[form], writing)
    else:
        yield from text_lines(
            (_columns(frame, answers.added, writing) for frame in frames), form, writing
        )


def _lines(
    frames: Iterator[pd.DataFrame], delimiter: str, writing: WritingOptions
) -> Iterator[bytes | memoryview]:
    """CSV or TSV, a whole column at a time."""
    if writing.bom:
        yield b"\xef\xbb\xbf"
    for number, frame in enumerate(frames):
        names = chosen_names(list(frame.columns), writing)
        if not number and not writing.no_header:
            yield delimited([names], delimiter, writing.excel_safe).encode()
        arrays = [_array(frame[name]) for name in names]
        yield delimited_block(arrays, delimiter, writing.excel_safe)


def _array(series: pd.Series) -> pa.Array:
    array = pa.array(series)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _columns(
    frame: pd.DataFrame, added: tuple[str, ...], writing: WritingOptions
) -> list[TextColumn]:
    """A frame's columns as text; what the report added keeps its kind."""
    return [
        TextColumn(
            name,
            RESULTS[name].kind if name in added else Kind.TEXT,
            text_array(_array(frame[name])).to_pylist(),
        )
        for name in chosen_names(list(frame.columns), writing)
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
    columns = _columns(kept, answers.added, writing)
    wanted = [column.name for column in columns]
    if not writing.columns:
        wanted = [
            name for name in (_identity(wanted), *answers.report.key_columns) if name in wanted
        ]
    notes = [tally.line()]
    if tally.rows > len(kept):
        notes.append(f"{len(kept)} of {tally.rows:,} shown; more with --limit")
    return rows_table(columns, wanted, table_width(), notes)


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
