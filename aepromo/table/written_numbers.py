"""Columns of numbers as people write them, ``$1,234.50``, ``1.234,56``, ``13.2 %``: all at once.

The rules are those of ``cells``, which reads one cell. Here one regular expression tells which
cells of a column are numbers, and their digits are taken out of its bytes together.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    FX_LIMIT,
    MARKUP_LIMIT,
    MILLION,
    WEIGHT_LIMIT,
)
from aepromo.table.arrow_arrays import codes_of, numbers_of, offsets_of, taken, texts_of, truths
from aepromo.table.cells import (
    COMMA,
    COUNT_DIGITS,
    COUNT_LIMIT,
    GAPS,
    POINT,
    RATE_PLACES,
    UNTOLD,
    WEIGHT_PLACES,
    sign_of,
    tidy,
)
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.currency_signs import SIGN_NAMES, Sign

if TYPE_CHECKING:
    import numpy.typing as npt

    from aepromo.pricing.currency import Currency

    Numbers = npt.NDArray[np.int64]
    Where = npt.NDArray[np.bool_]

LARGEST = {
    Kind.RATE: MILLION - 1,
    Kind.RATES: MILLION - 1,
    Kind.FX: FX_LIMIT - 1,
    Kind.WEIGHT: WEIGHT_LIMIT - 1,
    Kind.COUNT: COUNT_LIMIT - 1,
    Kind.NUMBER: 10**COUNT_DIGITS * MILLION - 1,
    Kind.SHARE: MILLION - 1,
    Kind.MARKUP: MARKUP_LIMIT - 1,
}
"""The largest number of a kind, where that isn't the largest amount."""

SMALLEST = {Kind.PRICE: 1, Kind.FX: 1}
SCALES = {
    Kind.RATE: RATE_PLACES,
    Kind.RATES: RATE_PLACES,
    Kind.FX: RATE_PLACES,
    Kind.WEIGHT: WEIGHT_PLACES,
    Kind.COUNT: 0,
    Kind.NUMBER: RATE_PLACES,
    Kind.SHARE: RATE_PLACES,
    Kind.MARKUP: RATE_PLACES,
}
_RATES = frozenset({Kind.RATE, Kind.RATES, Kind.SHARE, Kind.MARKUP})
_ROUNDED_UP = frozenset({Kind.COST, Kind.WEIGHT})
_READ_HERE = AMOUNTS | _RATES | {Kind.COUNT, Kind.NUMBER, Kind.WEIGHT}
_NEVER_THOUSANDS = frozenset({Kind.NUMBER, Kind.SHARE})
"""Kinds of which ``1.250`` has decimals where the decimal mark is not known."""

_PLACES = 6
_MOST_DIGITS = 12
"""So many digits before the point and places behind it fit 64 bits."""

_SPACE = r"[\s\v\x1c-\x1f\x{85}\p{Z}]*"
_FULL_WIDTH = r"[\x{ff01}-\x{ff5e}\x{ffe5}\x{3000}]"
_EITHER = r"^[^0-9.,]*[1-9][0-9]{0,2}[.,][0-9]{3}[^0-9.,]*$"
_FRAME = re.compile(r"[^\d.,'’\s]")
_ONES = bytes.maketrans(b"23456789", b"11111111")
_IS_DIGIT = np.isin(np.arange(256), list(b"0123456789"))
_NO = np.zeros(1, np.bool_)
_FIRST_FULL_WIDTH = 0xE3  # the first byte of U+3000
_EXACT = pa.decimal64(18, _PLACES)


class WrittenNumbers(NamedTuple):
    """The numbers of a column, blank where there is none, and which cells can't be used.

    ``odd`` are rows that were not read: one by one they may turn out to be numbers. ``signs`` are
    those of the cells that are numbers; ``has_unsigned``: some of these have none.
    """

    numbers: Numbers
    is_bad: Where
    odd: Numbers
    signs: frozenset[str] = frozenset()
    has_unsigned: bool = False


class _Shapes(NamedTuple):
    """The shapes of cells, each once, and the index of each cell's shape.

    Cells have the same shape if they differ only in digits: ``$1,111.11`` is that of ``$8,045.99``.
    A zero that begins a run of digits stays, because a number with thousands can't begin with one.
    """

    different: pa.Array
    codes: Numbers


def written_numbers(
    texts: pa.Array, kind: Kind, currency: Currency, decimal: str
) -> WrittenNumbers:
    """Read the cells of a column that are numbers, whatever marks, spaces and signs they have."""
    texts = _tidied(texts)
    shapes, codes = _shapes_of(texts)
    numbers, is_bad = np.full(len(texts), BLANK, np.int64), np.zeros(len(texts), np.bool_)
    is_blank = are_blank(shapes)
    if kind not in _READ_HERE:
        return WrittenNumbers(numbers, is_bad, np.flatnonzero(~is_blank[codes]))
    point = COMMA if decimal == COMMA else POINT
    is_number = _match(shapes, _pattern(kind, point))
    if decimal == UNTOLD and kind not in _NEVER_THOUSANDS:
        is_number &= ~_match(shapes, _EITHER)
    may_be = ~is_number & _match(shapes, _odd_pattern(kind))
    is_bad |= ~(is_number | may_be | is_blank)[codes]
    rows, odd = np.flatnonzero(is_number[codes]), np.flatnonzero(may_be[codes])
    written = taken(texts, rows) if len(rows) < len(texts) else texts
    its_codes = codes[rows]
    is_percent = (_match(shapes, "%") & (kind in _RATES))[its_codes]
    found, is_good, is_odd = _numbers(written, kind, currency, point, is_percent)
    signs = frozenset[str | None]()
    if kind in AMOUNTS:
        is_there = np.zeros(len(shapes), np.bool_)
        is_there[its_codes] = True
        fits, signs = _fits(shapes, is_there, currency)
        is_good &= fits[its_codes]
    numbers[rows] = np.where(is_good, found, BLANK)
    is_bad[rows] = ~(is_good | is_odd)
    some = frozenset(filter(None, signs))
    return WrittenNumbers(numbers, is_bad, np.union1d(rows[is_odd], odd), some, None in signs)


def _tidied(texts: pa.Array) -> pa.Array:
    """The texts with full-width characters as ordinary ones; spaces stay."""
    data = texts.buffers()[2]
    if data is None or np.frombuffer(data, np.uint8).max(initial=0) < _FIRST_FULL_WIDTH:
        return texts
    if not _match(texts, _FULL_WIDTH).any():
        return texts
    return texts_of([tidy(text) for text in texts.to_pylist()])


def _shapes_of(texts: pa.Array) -> _Shapes:
    _, offsets, data = texts.buffers()
    codes = np.frombuffer(bytes(data or b"").translate(_ONES), np.uint8).copy()
    is_digit = (codes == ord("1")) | (codes == ord("0"))
    follows = np.concatenate((_NO, is_digit))
    follows[offsets_of(texts)] = False
    codes[follows[:-1] & is_digit] = ord("1")
    buffers = [None, offsets, pa.py_buffer(codes)]
    shapes = pa.Array.from_buffers(pa.string(), len(texts), buffers, offset=texts.offset)
    encoded = shapes.dictionary_encode()
    return _Shapes(encoded.dictionary, codes_of(encoded))


def are_blank(texts: pa.Array) -> Where:
    """Which cells are empty, or of spaces alone."""
    return _match(texts, f"^{_SPACE}$")


def _match(texts: pa.Array, pattern: str) -> Where:
    return truths(pc.match_substring_regex(texts, pattern))


@cache
def _pattern(kind: Kind, point: str) -> str:
    """The regular expression of the cells that are numbers of a kind."""
    thousands = "." if point == COMMA else ","
    grouped = "" if kind is Kind.NUMBER else "".join(
        rf"|[1-9]\d{{0,2}}(?:{re.escape(gap)}\d{{3}})+" for gap in thousands + GAPS
    )  # fmt: skip
    mark = re.escape(point)
    number = rf"(?:(?:\d+{grouped})(?:{mark}\d*)?|{mark}\d+)"
    if kind in AMOUNTS:
        before, after = _signs(point)
        number = rf"(?:{before}{_SPACE}){{0,2}}{number}(?:{_SPACE}{after})?"
    elif kind in _RATES:
        number += f"(?:{_SPACE}%)?"
    return f"^{_SPACE}{number}{_SPACE}$"


def _signs(point: str) -> tuple[str, str]:
    """The signs before an amount, and after it, where a point ends one that is no decimal mark."""
    some = sorted(SIGN_NAMES, key=len, reverse=True)
    dotted = tuple(name for name in some if "." in name)
    before = [name for name in some if not any(each.startswith(name) for each in dotted)]
    after = [name for name in some if "." not in name.removesuffix("." if point == POINT else "")]
    first, last = ("|".join(map(re.escape, names)) for names in (before, after))
    return rf"(?:(?i:{first})|[A-Z]{{3}})", rf"(?:(?i:{last})|[A-Z]{{3}})"


@cache
def _odd_pattern(kind: Kind) -> str:
    """The regular expression of what may be a number though it doesn't look like one."""
    if kind in AMOUNTS:
        dotted = [name for name in SIGN_NAMES if "." in name]
        return f"(?i){'|'.join(re.escape(name.rstrip('.')) for name in dotted)}"
    return r"\.\." if kind is Kind.RATES else r"^\b$"


def _numbers(
    texts: pa.Array, kind: Kind, currency: Currency, point: str, is_percent: Where
) -> tuple[Numbers, Where, Where]:
    """The numbers of cells that look like some: which are good, and which are yet to be read."""
    millionths, is_inexact, is_odd = _millionths(texts, point)
    step = 10 ** (_PLACES - SCALES.get(kind, currency.places))
    steps = np.where(is_percent, 100, step) if is_percent.any() else step
    numbers, rest = np.divmod(millionths, steps)
    is_inexact = is_inexact | (rest != 0)
    if kind in _ROUNDED_UP:
        numbers += is_inexact
    most: Numbers | int = LARGEST.get(kind, AMOUNT_LIMIT - 1)
    if kind is Kind.MARKUP:
        most = np.where(is_percent, most, MILLION - 1)
    is_good = (numbers >= SMALLEST.get(kind, 0)) & (numbers <= most) & ~is_odd
    if kind not in _ROUNDED_UP:
        is_good &= ~is_inexact
    if kind is Kind.SHARE:
        is_odd = is_odd | (numbers == MILLION)  # all of it, if written in some ways
    return numbers, is_good, is_odd


def _millionths(texts: pa.Array, point: str) -> tuple[Numbers, Where, Where]:
    """The numbers in millionths: which have more places than that, and which are too long here."""
    digits = _digits_of(texts, point)
    is_inexact = is_odd = np.zeros(len(texts), np.bool_)
    try:
        exact = pc.cast(digits, _EXACT)
    except pa.ArrowInvalid:  # too long, or a point ends a number
        digits = pc.ascii_rtrim(digits, POINT)
        is_inexact = _match(digits, rf"\.\d{{{_PLACES}}}\d*[1-9]")
        is_odd = _match(digits, rf"^\d{{{_MOST_DIGITS + 1}}}")
        digits = pc.replace_substring_regex(digits, rf"(\.\d{{{_PLACES}}})\d+$", r"\1")
        digits = pc.replace_substring_regex(digits, rf"^\d{{{_MOST_DIGITS + 1}}}.*$", "0")
        exact = pc.cast(digits, _EXACT)
    return numbers_of(exact), is_inexact, is_odd


def _fits(
    shapes: pa.Array, is_there: Where, currency: Currency
) -> tuple[Where, frozenset[str | None]]:
    """Which shapes of amounts are in a currency, as far as their signs tell; and those signs."""
    fits, signs = np.zeros(len(shapes), np.bool_), set[str | None]()
    for at in np.flatnonzero(is_there).tolist():
        text = shapes[at].as_py()
        sign = sign_of(text)
        signs.add(sign.short if sign else None)
        # Two signs that contradict each other are none, and no number.
        fits[at] = sign.fits(currency) if sign else not _FRAME.search(text)
    return fits, frozenset(signs)


def _digits_of(texts: pa.Array, point: str) -> pa.Array:
    """The digits of the texts, and points for their decimal marks."""
    codes = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    kept = _IS_DIGIT[codes] | (codes == ord(point))
    before = np.zeros(len(codes) + 1, np.int32)
    np.cumsum(kept, out=before[1:])
    digits = codes[kept]
    if point == COMMA:
        digits[digits == ord(COMMA)] = ord(POINT)
    buffers = [None, pa.py_buffer(before[offsets_of(texts)]), pa.py_buffer(digits)]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def signs_of(texts: pa.Array) -> tuple[Numbers, list[Sign | None]]:
    """The sign of money that each cell has: indices, and what they stand for."""
    shapes, codes = _shapes_of(_tidied(texts))
    indices, signs = np.zeros(len(shapes), np.int64), list[Sign | None]([None])
    for at in np.flatnonzero(_match(shapes, _has_sign())).tolist():
        indices[at] = len(signs)
        signs.append(sign_of(shapes[at].as_py()))
    return indices[codes], signs


@cache
def _has_sign() -> str:
    """The regular expression of all texts that start or end with a sign, and of some others."""
    sign = rf"(?:(?i:{'|'.join(map(re.escape, SIGN_NAMES))})|[A-Z]{{3}})"
    return f"^{_SPACE}{sign}|{sign}{_SPACE}$"
