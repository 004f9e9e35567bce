"""A report over a file, block by block: bad rows found, named, and set aside or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa

from aepromo.cli.ahead import ahead
from aepromo.cli.bad_rows import BadRow, BadRows
from aepromo.cli.say import encoding_line, say, say_assumed
from aepromo.errors import InputError, Problem
from aepromo.reports.frame import Outcome, find_columns, is_priced_by_another, run, without_bad_rows
from aepromo.tables.blocks import line_numbers, parse, rows_as_written
from aepromo.tables.headings import named
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aepromo.reports.policy import Policy
    from aepromo.reports.report import Report
    from aepromo.show.progress import Meter
    from aepromo.tables.blocks import TextBlock
    from aepromo.tables.source import Block, Source

Finished = TypeVar("Finished")

if TYPE_CHECKING:
    RowsAsWritten: TypeAlias = Callable[[], pa.Array | None]


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[Finished]):
    """What came of one block; nothing is finished where it has bad rows."""

    block: Block
    text: TextBlock
    outcome: Outcome
    finished: Finished | None


@dataclass(slots=True)
class Answers:
    """The answers to a report's question over a source, in the order of its rows.

    Bad rows go ``aside``, or where they can't, the first one ends the answers; then
    ``RowsRefused`` is raised once the rest of the file has been looked through.
    """

    report: Report
    policy: Policy
    source: Source
    mapping: Mapping[str, str]
    aside: BadRows
    quiet: bool
    meter: Meter
    _assumed: set[str] = field(default_factory=set)

    @property
    def header(self) -> list[str]:
        """The columns of an answer: the file's, then those that the report adds."""
        return list(dict.fromkeys([*self.source.header, *self.added]))

    @property
    def added(self) -> tuple[str, ...]:
        """The columns that the report adds, or replaces where they stand."""
        return self.report.adds(frozenset(self._columns()) | frozenset(self.policy.texts()))

    def _columns(self) -> dict[str, int]:
        header = list(self.source.header)
        try:
            return find_columns(self.report, header, self.mapping, self.policy)
        except InputError as problem:
            raise InputError(f"{self.source.name}:1: {problem}") from None

    def each(
        self, finish: Callable[[Outcome, RowsAsWritten], Finished]
    ) -> Iterator[tuple[Outcome, Finished]]:
        """Each block's outcome, and what ``finish`` made of it on a thread of its own.

        ``finish`` may also ask for the outcome's rows as the file has them. There is at least one
        outcome, so that a header alone has an answer too.
        """
        columns = self._columns()
        self._say_which_price()

        def attempt(block: Block) -> _Attempt[Finished]:
            text = parse(block, self.source)
            frame = text.table.to_pandas(types_mapper=_as_arrow_text)
            outcome = run(self.report, frame, columns, self.policy)
            is_good = not (outcome.problems or text.ragged)
            as_written = partial(rows_as_written, block, self.source)
            return _Attempt(block, text, outcome, finish(outcome, as_written) if is_good else None)

        answered = False
        for attempted in ahead(attempt, self.source.blocks):
            outcome, finished = attempted.outcome, attempted.finished
            self.meter.advance(len(outcome.frame), len(attempted.block.data))
            if finished is None:
                outcome, as_written = self._without_bad_rows(attempted, columns)
                finished = finish(outcome, as_written) if self.aside.is_open else None
            if finished is not None and not self.aside.refuses:
                say_assumed(outcome.assumed, self._assumed, self.policy.book, self.quiet)
                answered = True
                yield outcome, finished
        if self.source.guessed_encoding and not self.quiet:
            say(encoding_line(self.source.guessed_encoding))
        self.aside.close()
        if not answered:
            none = pa.table({name: pa.array([], pa.string()) for name in self.source.header})
            frame = none.to_pandas(types_mapper=_as_arrow_text)
            outcome = run(self.report, frame, columns, self.policy)
            yield outcome, finish(outcome, lambda: pa.array([], pa.string()))

    def _say_which_price(self) -> None:
        header = list(self.source.header)
        if is_priced_by_another(self.report, header, self.mapping) and not self.quiet:
            priced = _("priced by {name} (for another: --map 'HEADER=list_price')")
            say(priced.format(name=named(self.report.priced_by)))

    def _without_bad_rows(
        self, attempted: _Attempt[Finished], columns: Mapping[str, int]
    ) -> tuple[Outcome, RowsAsWritten]:
        """Answer for a block's good rows, and set the bad ones aside."""
        block, text, frame = attempted.block, attempted.text, attempted.outcome.frame
        outcome, good, problems = without_bad_rows(
            self.report, attempted.outcome, columns, self.policy
        )
        self._set_aside(block, text, frame, problems)
        positions = np.array(text.positions or range(len(frame)), np.int64)
        return outcome, partial(rows_as_written, block, self.source, positions[good].tolist())

    def _set_aside(
        self, block: Block, text: TextBlock, frame: pd.DataFrame, problems: list[Problem]
    ) -> None:
        """Hand a block's bad rows over, in the order of their lines."""
        positions = sorted({problem.row for problem in problems})
        lines = line_numbers(block, self.source, positions)
        bad = {row: BadRow(lines[row], [], [], tuple(frame.iloc[row])) for row in positions}
        for problem in problems:
            bad[problem.row].columns.append(problem.column)
            bad[problem.row].reasons.append(problem.reason)
        ragged = [BadRow(row.line, [""], [row.reason], row.cells) for row in text.ragged]
        self.aside.add(sorted([*bad.values(), *ragged], key=lambda row: row.line))


def _as_arrow_text(arrow_type: pa.DataType) -> pd.ArrowDtype:
    return pd.ArrowDtype(arrow_type)
