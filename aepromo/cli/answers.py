"""A question over a file, block by block: bad rows found, named, and set aside or refused."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import numpy as np
import pyarrow.compute as pc

from aepromo.cli.messages import (
    MOST_LINES,
    encoding_line,
    not_used_line,
    priced_by_line,
    say,
    say_assumed,
    say_converted,
    say_reading,
    say_warning,
    took_line,
    total_rows_line,
)
from aepromo.engine.answer import PROPOSED, Outcome, find_columns, run, without_bad_rows
from aepromo.errors import InputError
from aepromo.inputs.columns import FORCED_RATE
from aepromo.inputs.values import ASSUMED, assumed_text
from aepromo.pricing.money import BLANK
from aepromo.table.answer_columns import Layout, laid_out
from aepromo.table.arrow_arrays import are_empty
from aepromo.table.blocks import TextBlock, line_numbers, no_rows, parse
from aepromo.table.cells import few, in_two_currencies
from aepromo.table.header_units import speak_of_money
from aepromo.table.headers import HeaderUse, listed, result_of, shown_header
from aepromo.table.ids import IdNotes, ids_of
from aepromo.table.schema import INPUTS, in_words
from aepromo.table.source import together
from aepromo.table.total_rows import total_rows
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from aepromo.cli.rejected_rows import RejectedRows
    from aepromo.engine.question import Question
    from aepromo.inputs.exchange import Conversion
    from aepromo.inputs.values import Values
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.headers import Headers
    from aepromo.table.ids import BlockIds
    from aepromo.table.number_columns import Cells, Numbers
    from aepromo.table.source import Block, Source
    from aepromo.terminal.progress import Meter


Item = TypeVar("Item")
Result = TypeVar("Result")

WORKERS = min(os.cpu_count() or 1, 4)
AHEAD = WORKERS + 1
"""How many items may be in work or waiting, which bounds the memory in use."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENAS = -1, -3, -8  # their numbers in <malloc.h>
_NEVER, _LARGEST_REUSED = 1 << 30, 32 << 20  # bytes


def ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``map`` some items ahead of the reader, on as many threads as there are cores.

    It helps where the function spends its time outside the interpreter's lock, as NumPy and Arrow
    do. An exception is raised in the place of its item.
    """
    _keep_freed_memory()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _keep_freed_memory() -> None:
    """Reuse the memory that one item freed for the next.

    Otherwise glibc returns arrays of some megabytes to the kernel and requests them again, block by
    block, which takes a fifth of the time.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # not in every C library
        libc.mallopt(_TRIM_THRESHOLD, _NEVER)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_REUSED)
        libc.mallopt(_ARENAS, 1)  # so that it serves the other thread's, too


Finished = TypeVar("Finished")

MOST_LOOKED_AT = 1000


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[Finished]):
    """The result of one block; ``finished`` is None if it has bad rows.

    The ``outcome`` is that of the rows ``skus`` of the ``text``; the others are ``totals``.
    """

    text: TextBlock
    outcome: Outcome
    finished: Finished | None
    ids: BlockIds | None
    totals: Numbers
    skus: Numbers


@dataclass(slots=True)
class _OddRates:
    """How many rows have an own discount that is not a whole percent, and the first of them."""

    rows: int
    line: int
    sku: str


@dataclass(slots=True)
class Answers:
    """The answers to a question over a source, in the order of its rows.

    ``columns`` are the positions of the inputs, ``added`` the result columns. A column of the file
    that the question replaces has its name in the ``layout``. Bad rows go ``aside``; where they
    can't, the first one ends the answers, and ``RowsRefused`` is raised once the rest of the file
    has been checked. Total rows are left out unless ``keeps_totals``.
    """

    question: Question
    values: Values
    source: Source
    mapping: Mapping[str, str]
    by_call: Mapping[str, str]
    aside: RejectedRows
    quiet: bool
    meter: Meter
    keeps_totals: bool = False
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
    _listed: int = 0
    _unlisted: int = 0
    _unlisted_ids: list[str] = field(default_factory=list)

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
        self.layout = laid_out(self.headers, self.added, self.mapping)
        self.source = replace(self.source, header=tuple(self.layout.headers))
        self._ids = IdNotes(self.source.name)

    def holding(self, role: str) -> str:
        """The column that was read as this role, or that holds it; empty where there is none."""
        if role == "list_price" and PROPOSED in self.columns:
            return self.source.header[self.columns[PROPOSED]]
        if role in self.values.overridden:
            return ""  # the cells of that column are not used
        known = role in self.added or role not in self.columns
        return self.layout.holding(role) if known else self.source.header[self.columns[role]]

    def about(self) -> tuple[int, list[tuple[str, str | int]]]:
        """The number of total rows among those that are written, and pairs of a name and a value.

        These are other rows without an answer by number, and what was assumed.
        """
        book = self.values.book
        assumed: list[tuple[str, str | int]] = [
            (_("assumed: {name}").format(name=in_words(name)), assumed_text(name, book))
            for name in sorted(self._assumed)
            if name in ASSUMED and not book.is_overridden(ASSUMED[name])
        ]
        counts = {
            _("without a list price"): self._unlisted,
            _("rejected rows"): self.aside.count,
        }
        lines = [*((name, count) for name, count in counts.items() if count), *assumed]
        return len(self._totals) * self.keeps_totals, lines

    def each(self, finish: Callable[[Outcome, TextBlock], Finished]) -> Iterator[Finished]:
        """Yield the result of ``finish`` for each block's outcome, computed on other threads.

        ``finish`` also gets the rows of the file, including those without an answer. There is at
        least one outcome, so that a header alone has an answer, too. Raises ``InputError``
        where no SKU has the list price that is asked about.
        """
        columns = self.columns
        ids = self.headers.position("sku") if self.question.is_about_skus else None

        def attempt(block: Block) -> _Attempt[Finished]:
            text = parse(block, self.source)
            totals = total_rows(text, ids)
            skus = np.delete(np.arange(len(text)), totals)
            cells = text.chosen(skus) if len(totals) else text
            outcome = run(self.question, cells, columns, self.values)
            is_good = not (outcome.problems or text.ragged)
            own = None if ids is None else ids_of(text, ids, totals)
            found = (outcome.among(text, skus), text) if self.keeps_totals else (outcome, cells)
            finished = finish(*found) if is_good else None
            return _Attempt(text, outcome, finished, own, totals, skus)

        held: list[Finished] = []
        answered, took, signs = False, [0, 0, 0], frozenset[str]()
        is_first = True
        blocks = self.source.blocks
        for attempted in ahead(attempt, together(blocks) if self.question.is_whole else blocks):
            outcome, finished = attempted.outcome, attempted.finished
            self.meter.advance(len(outcome.asked), len(attempted.text.block.data))
            if is_first:
                self._say_what_is_read(attempted.text)
                is_first = False
            self._note(attempted)
            signs |= outcome.signs
            if len(signs) > 1:
                raise InputError(f"{self.source.name}: {in_two_currencies(signs)}")
            if finished is not None:
                self._note_rows(outcome, attempted.text, attempted.skus)
            else:
                outcome, good = self._without_bad_rows(attempted)
                finished = finish(outcome, good) if self.aside.is_open else None
            if finished is not None and not self.aside.refuses:
                self._say_what_is_new(outcome)
                took = [seen + more for seen, more in zip(took, outcome.took, strict=True)]
                held.append(finished)
                self._listed += len(outcome)
                # Nothing is written of a file without a list price, not even to a pipe; but a
                # long one can't be kept.
                if self._listed or not self._unlisted or len(held) > 1:
                    yield from held
                    held, answered = [], True
        self.meter.close()  # before the result of all answers is shown
        if is_first:
            self._never_blank = {}
            self._say_what_is_read(no_rows(self.source))
        if self.source.guessed_encoding and not self.quiet:
            say(encoding_line(self.source.guessed_encoding))
        self._say_what_rows_are()
        self.aside.close()
        if self._unlisted and not self._listed:
            reason = _("no SKU has a list price; fill it in or give {flag}")
            flag = INPUTS["list_price"].flag
            raise InputError(f"{self.source.name}: {reason.format(flag=flag)}")
        if self.values.policy.rates and not self.quiet:
            say(took_line(took))
        if not answered:
            none = no_rows(self.source)
            outcome = run(self.question, none, columns, self.values)
            yield finish(outcome, none)

    def _say_what_is_new(self, outcome: Outcome) -> None:
        """Report the assumed values and conversions that no earlier block had."""
        assumed = [name for name in outcome.assumed if name not in self._assumed]
        converted = outcome.conversions - self._converted
        self._assumed |= {*assumed}
        self._converted |= converted
        currency = outcome.values.currency
        costs = outcome.inputs and outcome.inputs.costs
        unnamed = listed(costs.unnamed) if costs and "cost_currency" in assumed else ""
        say_assumed(assumed, self.values.book, self.quiet, currency, unnamed)
        say_converted(converted, currency, self.quiet)

    def _note(self, attempted: _Attempt[Finished]) -> None:
        cells = attempted.outcome.asked
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

    def _note_rows(self, outcome: Outcome, text: TextBlock, rows: Numbers) -> None:
        """Note which SKUs have no list price; ``rows`` are the places of all in the text."""
        self._note_odd_rates(outcome, text, outcome.answered(rows))
        if not outcome.unlisted:
            return
        self._unlisted += outcome.unlisted
        identity = list(self.source.header).index(self.layout.identity)
        more = np.setdiff1d(rows, outcome.answered(rows))[: MOST_LINES - len(self._unlisted_ids)]
        self._unlisted_ids += [text.cell(row, identity) for row in more.tolist()]

    def _note_odd_rates(self, outcome: Outcome, text: TextBlock, rows: Numbers) -> None:
        """Count own discounts that are not whole percents; ``rows`` are places of answered rows."""
        if "limited_rate" not in self.columns or outcome.inputs is None:
            return
        rates = np.asarray(outcome.inputs.sku.discounts.limited_rate)
        is_odd = rates % self.values.limited_step != 0
        given = self.values.numbers.get("limited_rate", BLANK)
        odd = np.flatnonzero(is_odd & (rates != given))  # that of an option has its own message
        if not len(odd):
            return
        if self._odd_rates is None:
            row = int(rows[odd[0]])
            line = line_numbers(text, [row])[row]
            identity = list(self.source.header).index(self.layout.identity)
            self._odd_rates = _OddRates(0, line, text.cell(row, identity))
        self._odd_rates.rows += len(odd)

    def _say_what_is_read(self, text: TextBlock) -> None:
        """Report which columns of the file were used, where that isn't obvious.

        Unused columns whose first cells hold money are named, too.
        """
        headers = self.headers
        if not self.quiet:
            layout = zip(self.source.header, headers.names, headers.readings, strict=True)
            not_used = [
                header
                for at, (name, header, reading) in enumerate(layout)
                if header in headers.not_used
                or (
                    reading.how is HeaderUse.UNKNOWN
                    and shown_header(header)
                    and name not in self.added
                    and not result_of(header)
                    and speak_of_money(text.texts(at)[:MOST_LOOKED_AT])
                )
            ]
            headers = headers._replace(not_used=tuple(not_used))
        say_reading(self.source, headers, self.quiet, self.values.texts)
        if PROPOSED in self.columns and not self.quiet:
            say(priced_by_line(self.question.priced_by))

    def _say_what_rows_are(self) -> None:
        """Report which rows are not SKUs, and what is wrong with ids."""
        if not self.quiet:
            for name in self._never_blank:
                say(not_used_line(name, self.values))
        if self._totals and not self.quiet:
            say(total_rows_line(self.source.name, self._totals, self.keeps_totals))
        if self._unlisted and self._listed and not self.quiet:
            said = ngettext(
                "{name}: {count:,} SKU has no list price yet and is passed over: {skus}",
                "{name}: {count:,} SKUs have no list price yet and are passed over: {skus}",
                self._unlisted,
            )
            skus = few(map(shown_header, self._unlisted_ids), self._unlisted)
            say(said.format(name=self.source.name, count=self._unlisted, skus=skus))
        if (odd := self._odd_rates) is not None:
            warning = ngettext(
                "{name}: the own discount of {count:,} SKU is not a whole percent, and the "
                "platform takes only whole percents: {sku} on line {line}",
                "{name}: the own discounts of {count:,} SKUs are not whole percents, and the "
                "platform takes only whole percents; the first: {sku} on line {line}",
                odd.rows,
            )
            place = {"name": self.source.name, "sku": odd.sku, "line": odd.line}
            say_warning(warning.format(count=odd.rows, **place))
        for line in () if self.quiet else self._ids.lines():
            say(line)
        for warning in self._ids.warnings():
            say_warning(warning)

    def _without_bad_rows(self, attempted: _Attempt[Finished]) -> tuple[Outcome, TextBlock]:
        """Return a block's good rows with their answer, and set the bad rows aside."""
        text, totals, skus = attempted.text, attempted.totals, attempted.skus
        outcome, problems, good = without_bad_rows(
            self.question, attempted.outcome, self.columns, self.values
        )
        self._note_rows(outcome, text, skus[good])
        self.aside.add(text, [problem.moved(skus) for problem in problems])
        if not (len(totals) and self.keeps_totals):
            return outcome, cast("TextBlock", outcome.asked)
        kept = np.sort(np.concatenate((skus[good], totals)))
        written = text.chosen(kept)
        return outcome.among(written, kept.searchsorted(skus[good])), written


def _places_of(name: str, columns: FoundColumns) -> tuple[int, ...]:
    """The positions of the cells that go before an option: all columns of the same value."""
    if name == "list_price":
        names: tuple[str, ...] = ("list_price", PROPOSED)
    else:
        names = FORCED_RATE if name in FORCED_RATE else (name,)
    return tuple(at for each in names if each in columns for at in columns.positions[each])


def has_blank(cells: Cells, places: Sequence[int]) -> bool:
    """Whether some row is blank at all of the places."""
    blank: pa.Array | None = None
    for place in places:
        own = are_empty(pc.utf8_trim_whitespace(cells.texts(place)))
        blank = own if blank is None else pc.and_(blank, own)
    return blank is not None and bool(pc.any(blank).as_py())
