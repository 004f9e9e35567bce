"""A question over a file, block by block: bad rows found, named, and set aside or refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import numpy as np
import pyarrow.compute as pc

from aepromo.cli.ahead import ahead
from aepromo.cli.say import (
    encoding_line,
    not_used_line,
    say,
    say_assumed,
    say_converted,
    say_reading,
    say_warning,
    took_line,
)
from aepromo.engine.answer import (
    PROPOSED,
    Apart,
    Outcome,
    find_columns,
    run,
    without_bad_rows,
)
from aepromo.errors import InputError
from aepromo.inputs.columns import FORCED_RATE
from aepromo.inputs.values import ASSUMED, assumed_text
from aepromo.pricing.money import BLANK
from aepromo.table.blocks import TextBlock, line_numbers, no_rows, parse
from aepromo.table.cells import in_two_currencies
from aepromo.table.found_columns import positions_of
from aepromo.table.headers import How, result_of, shown_header
from aepromo.table.headings import in_words, named
from aepromo.table.ids import IdNotes, ids_of
from aepromo.table.layout import Layout, laid_out
from aepromo.table.measured_cells import speak_of_money
from aepromo.table.source import together
from aepromo.table.total_rows import total_rows
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from aepromo.cli.bad_rows import BadRows
    from aepromo.engine.question import Question
    from aepromo.inputs.exchange import Conversion
    from aepromo.inputs.values import Values
    from aepromo.table.any_cells import Cells
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.headers import Headers
    from aepromo.table.ids import BlockIds
    from aepromo.table.number_columns import Numbers
    from aepromo.table.source import Block, Source
    from aepromo.terminal.progress import Meter

Finished = TypeVar("Finished")

MOST_LINES = 5
MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[Finished]):
    """The result of one block; ``finished`` is None if it has bad rows."""

    text: TextBlock
    outcome: Outcome
    finished: Finished | None
    ids: BlockIds | None
    totals: Numbers


@dataclass(slots=True)
class _OddRates:
    """How many rows have an own discount of no whole percent, and where the first stands."""

    rows: int
    line: int
    sku: str


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
    by_call: Mapping[str, str]
    aside: BadRows
    quiet: bool
    meter: Meter
    columns: FoundColumns = field(init=False)
    headers: Headers = field(init=False)
    added: tuple[str, ...] = field(init=False)
    layout: Layout = field(init=False)
    _assumed: set[str] = field(default_factory=set)
    _converted: set[Conversion] = field(default_factory=set)
    _ids: IdNotes = field(init=False)
    _totals: list[int] = field(default_factory=list)
    _never_blank: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _odd_rates: _OddRates | None = None

    def __post_init__(self) -> None:
        header = list(self.source.header)
        try:
            found = find_columns(self.question, header, self.mapping, self.values, self.by_call)
        except InputError as problem:
            raise InputError(f"{self.source.place}: {problem}") from None
        self.columns, self.headers = found
        self._never_blank = {
            name: places
            for name in self.values.on_command_line
            if (places := _places_of(name, self.columns))
        }
        self.added = self.question.added(self.columns, self.values)
        self.layout = laid_out(self.source.header, self.added, self.mapping)
        self.source = replace(self.source, header=self.layout.of_file)
        self._ids = IdNotes(self.source.name)

    def holding(self, role: str) -> str:
        """The column that was read as something, or that holds it; nothing where none does."""
        if role == "list_price" and PROPOSED in self.columns:
            return self.source.header[self.columns[PROPOSED]]
        if role in self.values.overridden:
            return ""  # what stands there isn't what counts
        known = role in self.added or role not in self.columns
        return self.layout.holding(role) if known else self.source.header[self.columns[role]]

    def about(self) -> list[tuple[str, str | int]]:
        """Pairs of a name and a value: the number of rejected rows, and what was assumed."""
        book = self.values.book
        assumed: list[tuple[str, str | int]] = [
            (_("assumed: {name}").format(name=in_words(name)), assumed_text(name, book))
            for name in sorted(self._assumed)
            if name in ASSUMED and not book.is_overridden(ASSUMED[name])
        ]
        count = self.aside.count
        return [(_("rejected rows"), count), *assumed] if count else assumed

    def each(self, finish: Callable[[Outcome, TextBlock], Finished]) -> Iterator[Finished]:
        """Yield the result of ``finish`` for each block's outcome, computed on other threads.

        ``finish`` also gets the rows of the file, including those that are no SKUs. There is at
        least one outcome, so that a header alone has an answer too.
        """
        columns = self.columns
        ids = self.headers.position("sku") if self.question.is_about_skus else None

        def attempt(block: Block) -> _Attempt[Finished]:
            text = parse(block, self.source)
            totals = total_rows(text, ids)
            skus = np.delete(np.arange(len(text)), totals)
            cells = text.chosen(skus) if len(totals) else text
            outcome = run(self.question, cells, columns, self.values)
            if len(totals):
                outcome = replace(outcome, apart=Apart(text, totals))
            is_good = not (outcome.problems or text.ragged)
            own = None if ids is None else ids_of(text, ids, totals)
            finished = finish(outcome, text) if is_good else None
            return _Attempt(text, outcome, finished, own, totals)

        answered, took, signs = False, [0, 0, 0], frozenset[str]()
        is_first = True
        blocks = self.source.blocks
        for attempted in ahead(attempt, together(blocks) if self.question.is_whole else blocks):
            outcome, finished = attempted.outcome, attempted.finished
            self.meter.advance(len(outcome), len(attempted.text.block.data))
            if is_first:
                self._say_what_is_read(attempted.text)
                is_first = False
            self._note(attempted)
            signs |= outcome.signs
            if len(signs) > 1:
                raise InputError(f"{self.source.name}: {in_two_currencies(signs)}")
            if finished is not None:
                rows = np.delete(np.arange(len(attempted.text)), attempted.totals)
                self._note_odd_rates(outcome, attempted.text, rows)
            else:
                outcome, good = self._without_bad_rows(attempted, columns)
                finished = finish(outcome, good) if self.aside.is_open else None
            if finished is not None and not self.aside.refuses:
                book, currency = self.values.book, outcome.values.currency
                say_assumed(outcome.assumed, self._assumed, book, self.quiet, currency)
                say_converted(outcome.conversions, self._converted, currency, self.quiet)
                took = [seen + more for seen, more in zip(took, outcome.took, strict=True)]
                answered = True
                yield finished
        self.meter.close()  # before what is made of all answers is shown
        if is_first:
            self._never_blank = {}
            self._say_what_is_read(no_rows(self.source))
        if self.source.guessed_encoding and not self.quiet:
            say(encoding_line(self.source.guessed_encoding))
        self._say_what_rows_are()
        self.aside.close()
        if self.values.joined_rates and not self.quiet:
            say(took_line(took))
        if not answered:
            none = no_rows(self.source)
            outcome = run(self.question, none, columns, self.values)
            yield finish(outcome, none)

    def _note(self, attempted: _Attempt[Finished]) -> None:
        cells = attempted.outcome.cells
        self._never_blank = {
            name: places
            for name, places in self._never_blank.items()
            if not has_blank(cells, places)
        }
        if attempted.ids is not None:
            self._ids.add(attempted.ids)
        if len(attempted.totals):
            rows = attempted.totals.tolist()
            lines = line_numbers(attempted.text, rows)
            self._totals += [lines[row] for row in rows]

    def _note_odd_rates(self, outcome: Outcome, text: TextBlock, rows: Numbers) -> None:
        """Count own discounts of no whole percent; ``rows`` are the places of those answered."""
        if "limited_rate" not in self.columns or outcome.inputs is None:
            return
        rates = np.asarray(outcome.inputs.sku.discounts.limited_rate)
        is_odd = rates % self.values.limited_step != 0
        given = self.values.numbers.get("limited_rate", BLANK)
        odd = np.flatnonzero(is_odd & (rates != given))  # that of an option is said apart
        if not len(odd):
            return
        if self._odd_rates is None:
            row = int(rows[odd[0]])
            line = line_numbers(text, [row])[row]
            identity = list(self.source.header).index(self.layout.identity)
            self._odd_rates = _OddRates(0, line, text.cell(row, identity))
        self._odd_rates.rows += len(odd)

    def _say_what_is_read(self, text: TextBlock) -> None:
        """Say by which columns of the file the answer goes, where that isn't plain.

        Of the columns that stand for nothing, those whose first cells speak of money are named too.
        """
        if not self.quiet:
            names, readings = self.headers.names, self.headers.readings
            layout = zip(self.layout.of_file, names, readings, strict=True)
            not_used = [
                header
                for at, (name, header, reading) in enumerate(layout)
                if header in self.headers.not_used
                or (
                    reading.how is How.UNKNOWN
                    and shown_header(header)
                    and name not in self.added
                    and not result_of(header)
                    and speak_of_money(text.texts(at)[:MOST_LOOKED_AT])
                )
            ]
            headers = self.headers._replace(not_used=tuple(not_used))
            say_reading(self.source, headers, self.quiet)
        if PROPOSED in self.columns and not self.quiet:
            priced = _("priced by {name} (for another: --map 'HEADER=list_price')")
            say(priced.format(name=named(self.question.priced_by)))

    def _say_what_rows_are(self) -> None:
        """Say which rows are no SKUs, and what is wrong with ids."""
        if not self.quiet:
            for name in self._never_blank:
                say(not_used_line(name, self.values))
        if self._totals and not self.quiet:
            few = list(map(str, self._totals[:MOST_LINES]))
            text = ngettext(
                "{name}: a total row on line {lines}; it comes out as it went in",
                "{name}: {count:,} total rows on lines {lines}; they come out as they went in",
                len(self._totals),
            )
            more = ["…"] if len(self._totals) > MOST_LINES else []
            lines = _(", ").join([*few, *more])
            say(text.format(name=self.source.name, lines=lines, count=len(self._totals)))
        if (odd := self._odd_rates) is not None:
            warning = ngettext(
                "{name}: the own discount of {count:,} SKU is no whole percent, and the platform "
                "takes only those: {sku} on line {line}",
                "{name}: the own discounts of {count:,} SKUs are no whole percents, and the "
                "platform takes only those; the first: {sku} on line {line}",
                odd.rows,
            )
            place = {"name": self.source.name, "sku": odd.sku, "line": odd.line}
            say_warning(warning.format(count=odd.rows, **place))
        for line in () if self.quiet else self._ids.lines():
            say(line)
        for warning in self._ids.warnings():
            say_warning(warning)

    def _without_bad_rows(
        self, attempted: _Attempt[Finished], columns: Mapping[str, int]
    ) -> tuple[Outcome, TextBlock]:
        """Answer for a block's good rows, which come too, and set the bad ones aside."""
        text, totals = attempted.text, attempted.totals
        outcome, problems, good = without_bad_rows(
            self.question, attempted.outcome, columns, self.values
        )
        self._note_odd_rates(outcome, text, np.delete(np.arange(len(text)), totals)[good])
        if not len(totals):
            self.aside.add(text, problems)
            return outcome, cast("TextBlock", outcome.cells)
        skus = np.delete(np.arange(len(text)), totals)
        self.aside.add(text, [problem.moved(skus) for problem in problems])
        kept = np.sort(np.concatenate((skus[good], totals)))
        written = text.chosen(kept)
        return replace(outcome, apart=Apart(written, kept.searchsorted(totals))), written


def _places_of(name: str, columns: Mapping[str, int]) -> tuple[int, ...]:
    """Where the cells stand that go before an option: those of all columns that are one value."""
    if name == "list_price":
        names: tuple[str, ...] = ("list_price", PROPOSED)
    else:
        names = FORCED_RATE if name in FORCED_RATE else (name,)
    return tuple(at for each in names if each in columns for at in positions_of(columns, each))


def has_blank(cells: Cells, places: Sequence[int]) -> bool:
    """Whether some row has no cell at any of the places."""
    blank: pa.Array | None = None
    for place in places:
        own = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(cells.texts(place))), 0)
        blank = own if blank is None else pc.and_(blank, own)
    return blank is not None and bool(pc.any(blank).as_py())
