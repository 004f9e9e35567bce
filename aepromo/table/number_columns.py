"""Convert columns of cells to int64 columns, and int64 columns to exact decimals.

The fast way reads a column of plain decimals at once, from its bytes or, for text, with Arrow; the
next one numbers as people write them. Other cells are read one by one, each different text once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import Refused
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK
from aepromo.table.arrow_arrays import (
    bits_of,
    codes_of,
    looked_up,
    numbers_of,
    offsets_of,
    places_of,
    taken,
)
from aepromo.table.cells import POINT, CellError, is_like_a_range, read_range, shown, sign_of
from aepromo.table.column import Kind
from aepromo.table.digits import plain_decimals
from aepromo.table.fact_cells import read_fact
from aepromo.table.text_formats import places_shown
from aepromo.table.written_numbers import LARGEST, SCALES, SMALLEST, signs_of, written_numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy.typing as npt

    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column
    from aepromo.table.fact_cells import Fact
    from aepromo.table.grid import Grid

    Numbers = npt.NDArray[np.int64]


class Cells(Protocol):
    """Rows of cells by the position of their columns, in any container."""

    def __len__(self) -> int: ...

    @property
    def header(self) -> Sequence[str]:
        """The columns' names."""

    def reading(self, position: int, kind: Kind, currency: Currency) -> Reading:
        """A column's numbers, and which of its cells can't be used."""

    def texts(self, position: int) -> pa.Array:
        """A column's cells as text."""

    def chosen(self, rows: npt.NDArray[np.int64], /) -> Cells:
        """Some of the rows."""


class OneRow:
    """A row without cells: the call gives all its values."""

    header: Sequence[str] = ()

    def __len__(self) -> int:
        return 1

    def reading(self, position: int, kind: Kind, currency: Currency) -> Reading:
        """Nothing to read: there is no column."""
        raise IndexError(position, kind, currency)

    def texts(self, position: int) -> pa.Array:
        """Nothing to read: there is no column."""
        raise IndexError(position)

    def chosen(self, _rows: npt.NDArray[np.int64], /) -> OneRow:
        """The row itself."""
        return self


_NEVER_PLAIN = frozenset({Kind.LEVEL, Kind.FLAG, Kind.DAY, Kind.MOMENT, Kind.TURNOVER, Kind.MARKUP})
"""The kinds whose cells are not plain decimals, or have other places than amounts."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A column's numbers (blank where there is none), and the rows of which it can't be used.

    ``upper`` is the upper end if the column holds ranges; otherwise it is ``numbers`` itself.
    ``signs`` are those of amounts; ``has_unsigned``: some amount has none, while others have;
    ``lacks_zone``: some time has no zone.
    """

    numbers: Numbers
    upper: Numbers
    bad: tuple[Refused, ...] = ()
    signs: frozenset[str] = frozenset()
    has_unsigned: bool = False
    lacks_zone: bool = False


class Words(NamedTuple):
    """A column of names: ``codes`` are indices into ``values``, -1 where the cell is blank.

    Each value has the names of one of the different texts, in order.
    """

    codes: Numbers
    values: Sequence[tuple[str, ...]]


def read_words(texts: pa.Array) -> Words:
    """Read a column of cells that hold names."""
    encoded = texts.dictionary_encode()
    values = [_names(text) for text in encoded.dictionary.to_pylist()]
    known = np.array([code if value else -1 for code, value in enumerate(values)], np.int64)
    codes = codes_of(encoded)
    return Words(known[codes] if len(known) else codes.astype(np.int64), values)


def _names(text: str) -> tuple[str, ...]:
    names = read_fact(text, Kind.WORDS)
    return names if isinstance(names, tuple) else ()


def plain_numbers(grid: Grid, position: int, kind: Kind, currency: Currency) -> Numbers | None:
    """A column's numbers if every cell is blank or a short plain decimal in range, else None.

    Rates may have a percent sign, all of them or none.
    """
    if kind in _NEVER_PLAIN:
        return None
    starts, ends = grid.unquoted(position)
    scale = SCALES.get(kind, currency.places)
    if kind in (Kind.RATE, Kind.RATES, Kind.SHARE):
        is_percent = (grid.codes[ends - 1] == ord("%")) & (ends - starts > 1)
        if is_percent.any():
            if not (is_percent | (ends == starts)).all():
                return None
            ends, scale = ends - is_percent, scale - 2
    numbers = plain_decimals(grid.codes, starts, ends, scale)
    return numbers if numbers is not None and _are_in_range(numbers, kind) else None


def read_column(texts: pa.Array, kind: Kind, currency: Currency, decimal: str = POINT) -> Reading:
    """Read a column of text cells as amounts (minor units) or rates (millionths)."""
    numbers = _decimals_in(texts, kind, currency) if decimal == POINT else None
    if numbers is not None:
        return Reading(numbers, numbers)

    def read_both(text: str) -> tuple[int, int] | None:
        if kind is Kind.RATES:
            return read_range(text, decimal)
        value = as_number(read_fact(text, kind, currency, decimal))
        return None if value is None else (value, value)

    return _read(texts, kind, currency, decimal, read_both)


def as_number(fact: Fact | None) -> int | None:
    """A fact as a number: a flag is 0 or 1, a date its days since 1970, a text None."""
    if isinstance(fact, date) and not isinstance(fact, datetime):
        return fact.toordinal() - _EPOCH
    return int(fact) if isinstance(fact, int) else None


def as_numbers(facts: Mapping[str, Fact]) -> dict[str, int | None]:
    """Facts by column as numbers, as ``as_number`` has them."""
    return {name: as_number(fact) for name, fact in facts.items()}


_EPOCH = date(1970, 1, 1).toordinal()


def _decimals_in(texts: pa.Array, kind: Kind, currency: Currency) -> Numbers | None:
    """The column's numbers if every cell is blank or a plain decimal in range, else None."""
    if kind in _NEVER_PLAIN or not _only_digits_and_points(texts):
        return None
    scale = SCALES.get(kind, currency.places)
    filled = np.flatnonzero(np.diff(offsets_of(texts)))
    some_blank = len(filled) < len(texts)
    try:
        decimals = pc.cast(taken(texts, filled) if some_blank else texts, pa.decimal64(18, scale))
    except pa.ArrowInvalid:
        return None  # too many places, too many digits, or no number at all
    numbers = numbers_of(decimals)
    if some_blank:
        found, numbers = numbers, np.full(len(texts), BLANK, np.int64)
        numbers[filled] = found
    return numbers if _are_in_range(numbers, kind) else None


def _are_in_range(numbers: Numbers, kind: Kind) -> bool:
    """Whether every number that there is may stand in such a column."""
    if not len(numbers):
        return True
    least = SMALLEST.get(kind, 0)
    is_enough = numbers.min() >= least or ((numbers >= least) | (numbers == BLANK)).all()
    return bool(is_enough and numbers.max() <= LARGEST.get(kind, AMOUNT_LIMIT - 1))


def _only_digits_and_points(texts: pa.Array) -> bool:
    # Arrow also takes 1e3, +3 and -3, which are refused here; one look at the bytes rules them out.
    data = texts.buffers()[2]
    if data is None or not len(texts):
        return True
    offsets = offsets_of(texts)
    codes = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    return not ((codes < ord(".")) | (codes > ord("9")) | (codes == ord("/"))).any()


def _read(
    texts: pa.Array,
    kind: Kind,
    currency: Currency,
    decimal: str,
    read_one: Callable[[str], tuple[int, int] | None],
) -> Reading:
    """Read the numbers among some texts at once; ``read_one`` reads the cells that are left.

    It also says why a cell can't be used.
    """
    written = written_numbers(texts, kind, currency, decimal)
    lows, is_bad, odd = written.numbers, written.is_bad, written.odd
    highs = lows
    if len(odd):
        encoded = taken(texts, odd).dictionary_encode()
        ends = [_ends(text, read_one) for text in encoded.dictionary.to_pylist()]
        codes = codes_of(encoded)
        known = np.array([each or (BLANK, BLANK) for each in ends], np.int64)[codes]
        is_bad[odd] = np.array([each is None for each in ends], np.bool_)[codes]
        lows[odd] = known[:, 0]
        if (known[:, 0] != known[:, 1]).any():
            highs = lows.copy()
            highs[odd] = known[:, 1]
    rows, signs, has_unsigned = np.flatnonzero(is_bad), written.signs, written.has_unsigned
    if len(unread := np.union1d(rows, odd)):
        indices, found = signs_of(taken(texts, unread))
        signs |= {sign.short for sign in found if sign}
        has_unsigned |= bool((indices == 0).any())  # that of no sign
    return Reading(
        lows,
        highs,
        (Refused(rows, "", _reasons(texts, rows, read_one, decimal)),) if len(rows) else (),
        signs,
        has_unsigned,
    )


def _ends(text: str, read_one: Callable[[str], tuple[int, int] | None]) -> tuple[int, int] | None:
    """The value of a cell, blank ends for none, as its two ends; None where it can't be used."""
    try:
        return read_one(text) or (BLANK, BLANK)
    except CellError:
        return None


def _reasons(
    texts: pa.Array, rows: Numbers, read_one: Callable[[str], object], decimal: str
) -> Callable[[int], str]:
    """Why the cells of some rows can't be used; texts that differ in digits are read once."""

    @cache
    def cells() -> list[str]:
        found: list[str] = taken(texts, rows).to_pylist()
        return found

    @cache
    def said(text: str) -> str:
        try:
            read_one(text)
        except CellError as error:
            return str(error)
        raise AssertionError(text)

    @cache
    def common(frame: str) -> str:
        """What is said behind the cell, the same whatever its digits; nothing if it may differ."""
        begin = shown(frame)
        is_common = decimal == POINT and _is_no_number(frame) and said(frame).startswith(begin)
        return said(frame).removeprefix(begin) if is_common else ""

    def reason(at: int) -> str:
        text = cells()[at]
        end = common(_RUN.sub("0", text))
        return shown(text) + end if end else said(text)

    return reason


_RUN = re.compile("[0-9]+")


def _is_no_number(text: str) -> bool:
    """Whether a text, whatever its digits, is neither a number nor a range.

    It is negative, or has letters that are not a sign of money.
    """
    is_other = text.startswith("-") or any(map(str.isalpha, text))
    return is_other and not is_like_a_range(text) and ".." not in text and sign_of(text) is None


def refused_row(row: int, column: str, reason: str) -> Refused:
    """A single row."""
    return Refused.alike(np.array([row]), column, reason)


def rows_of(refused: Iterable[Refused]) -> Numbers:
    """The rows that are refused, in their order and each once."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *(each.rows for each in refused)]))


def spread(column: Numbers | pa.Array, among: Numbers, rows: int) -> Numbers | pa.Array:
    """A column with blanks between its rows, which are placed ``among`` others."""
    if isinstance(column, pa.Array):
        places = np.full(rows, -1, np.int64)
        places[among] = np.arange(len(among))
        return column.take(places_of(places, places < 0))
    found = np.full(rows, BLANK, np.int64)
    found[among] = column
    return found


def result_array(numbers: Numbers | int, column: Column, rows: int, currency: Currency) -> pa.Array:
    """A computed column as Arrow holds it: exact decimals, or labels; null where blank."""
    if isinstance(numbers, int):
        numbers = np.full(rows, numbers, np.int64)
    blank = numbers == BLANK
    missing = blank if blank.any() else None
    if column.kind is Kind.LABEL:
        return looked_up(column.labels, numbers)
    scale = places_shown(column.kind, currency)
    if missing is not None:
        numbers = np.where(blank, 0, numbers)
    validity = None if missing is None else bits_of(~missing).buffers()[1]
    exact = pa.Array.from_buffers(
        pa.decimal64(18, scale), rows, [validity, pa.py_buffer(np.ascontiguousarray(numbers))]
    )
    # The wider type can be added up by pandas and other readers of the frame.
    return exact.cast(pa.decimal128(18, scale))
