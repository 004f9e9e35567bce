"""A question over a file, block by block: bad rows found, named, and set aside or refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from aepromo.cli.ahead import ahead
from aepromo.cli.bad_rows import BadRow, BadRows
from aepromo.cli.say import encoding_line, say, say_assumed, say_converted, say_warning, took_line
from aepromo.engine.answer import (
    PROPOSED,
    Outcome,
    find_columns,
    is_priced_by_another,
    run,
    without_bad_rows,
)
from aepromo.errors import InputError, Problem
from aepromo.table.blocks import TextBlock, line_numbers, no_rows, parse
from aepromo.table.cells import in_two_currencies
from aepromo.table.headings import named
from aepromo.table.layout import Layout, laid_out
from aepromo.table.shortened_ids import place_of_ids, shortened_ids
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from aepromo.engine.question import Question
    from aepromo.inputs.exchange import Conversion
    from aepromo.inputs.values import Values
    from aepromo.table.source import Block, Source
    from aepromo.terminal.progress import Meter

Finished = TypeVar("Finished")


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[Finished]):
    """What came of one block; nothing is finished where it has bad rows."""

    text: TextBlock
    outcome: Outcome
    finished: Finished | None
    shortened: Sequence[int]


@dataclass(slots=True)
class Answers:
    """The answers to a question over a source, in the order of its rows.

    ``columns`` are the positions of the inputs, ``added`` the result columns. A column of the file
    that the question replaces goes by its name in the ``layout``.
    Bad rows go ``aside``, or where they can't, the first one ends the answers; then
    ``RowsRefused`` is raised once the rest of the file has been looked through.
    """

    question: Question
    values: Values
    source: Source
    mapping: Mapping[str, str]
    aside: BadRows
    quiet: bool
    meter: Meter
    columns: Mapping[str, int] = field(init=False)
    added: tuple[str, ...] = field(init=False)
    layout: Layout = field(init=False)
    _assumed: set[str] = field(default_factory=set)
    _converted: set[Conversion] = field(default_factory=set)
    _shortened: int = 0
    _first_shortened: int = 0

    def __post_init__(self) -> None:
        header = list(self.source.header)
        try:
            self.columns = find_columns(self.question, header, self.mapping, self.values)
        except InputError as problem:
            raise InputError(f"{self.source.name}:1: {problem}") from None
        self.added = self.question.added(self.columns, self.values)
        self.layout = laid_out(self.source.header, self.added, self.mapping)
        self.source = replace(self.source, header=self.layout.of_file)

    def holding(self, role: str) -> str:
        """The column that was read as something, or that holds it; nothing where none does."""
        if role == "list_price" and PROPOSED in self.columns:
            return self.source.header[self.columns[PROPOSED]]
        known = role in self.added or role not in self.columns
        return self.layout.holding(role) if known else self.source.header[self.columns[role]]

    def each(self, finish: Callable[[Outcome, TextBlock], Finished]) -> Iterator[Finished]:
        """What ``finish`` made of each block's outcome, on a thread of its own.

        It is handed the rows that the outcome is about, too. There is at least one outcome, so that
        a header alone has an answer too.
        """
        columns = self.columns
        ids = place_of_ids(self.source.header, self.mapping)
        self._say_which_price()

        def attempt(block: Block) -> _Attempt[Finished]:
            text = parse(block, self.source)
            outcome = run(self.question, text, columns, self.values)
            is_good = not (outcome.problems or text.ragged)
            shortened = [] if ids is None else shortened_ids(text, ids).tolist()
            return _Attempt(text, outcome, finish(outcome, text) if is_good else None, shortened)

        answered, took, signs = False, [0, 0, 0], frozenset[str]()
        for attempted in ahead(attempt, self.source.blocks):
            outcome, finished = attempted.outcome, attempted.finished
            self.meter.advance(len(outcome), len(attempted.text.block.data))
            self._note_shortened(attempted.text, attempted.shortened)
            signs |= outcome.signs
            if len(signs) > 1:
                raise InputError(f"{self.source.name}: {in_two_currencies(signs)}")
            if finished is None:
                outcome, good = self._without_bad_rows(attempted, columns)
                finished = finish(outcome, good) if self.aside.is_open else None
            if finished is not None and not self.aside.refuses:
                book, currency = self.values.book, outcome.values.currency
                say_assumed(outcome.assumed, self._assumed, book, self.quiet, currency)
                say_converted(outcome.conversions, self._converted, currency, self.quiet)
                took = [seen + more for seen, more in zip(took, outcome.took, strict=True)]
                answered = True
                yield finished
        if self.source.guessed_encoding and not self.quiet:
            say(encoding_line(self.source.guessed_encoding))
        self._warn_of_shortened()
        self.aside.close()
        if self.values.joined_rates and not self.quiet:
            say(took_line(took))
        if not answered:
            none = no_rows(self.source)
            outcome = run(self.question, none, columns, self.values)
            yield finish(outcome, none)

    def _note_shortened(self, text: TextBlock, rows: Sequence[int]) -> None:
        if rows and not self._shortened:
            self._first_shortened = line_numbers(text.block, text.source, rows[:1])[rows[0]]
        self._shortened += len(rows)

    def _warn_of_shortened(self) -> None:
        """They come out as they went in, but nobody will know the SKUs by them."""
        if self._shortened:
            warning = ngettext(
                "{name}:{line}: a spreadsheet has shortened an id, whose last digits are lost; "
                "export it as text",
                "{name}:{line}: a spreadsheet has shortened {count:,} ids from here on, whose last "
                "digits are lost; export them as text",
                self._shortened,
            )
            place = {"name": self.source.name, "line": self._first_shortened}
            say_warning(warning.format(**place, count=self._shortened))

    def _say_which_price(self) -> None:
        header = list(self.source.header)
        if is_priced_by_another(self.question, header, self.mapping) and not self.quiet:
            priced = _("priced by {name} (for another: --map 'HEADER=list_price')")
            say(priced.format(name=named(self.question.priced_by)))

    def _without_bad_rows(
        self, attempted: _Attempt[Finished], columns: Mapping[str, int]
    ) -> tuple[Outcome, TextBlock]:
        """Answer for a block's good rows, which come too, and set the bad ones aside."""
        outcome, problems = without_bad_rows(self.question, attempted.outcome, columns, self.values)
        self.aside.add(bad_rows_of(attempted.text, problems))
        return outcome, cast("TextBlock", outcome.cells)


def bad_rows_of(text: TextBlock, problems: list[Problem]) -> list[BadRow]:
    """A block's bad rows, in the order of their lines."""
    rows = sorted({problem.row for problem in problems})
    lines = line_numbers(text.block, text.source, rows)
    width = range(len(text.header))
    bad = {
        row: BadRow(lines[row], [], [], tuple(text.cell(row, position) for position in width))
        for row in rows
    }
    for problem in problems:
        bad[problem.row].columns.append(problem.column)
        bad[problem.row].reasons.append(problem.reason)
    ragged = [BadRow(row.line, [""], [row.reason], row.cells) for row in text.ragged]
    return sorted([*bad.values(), *ragged], key=lambda row: row.line)
