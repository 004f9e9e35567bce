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
from aepromo.table.arrow_arrays import codes_of, offsets_of, taken, texts_of, truths
from aepromo.table.cells import (
    COMMA,
    COUNT_DIGITS,
    COUNT_LIMIT,
    GAPS,
    POINT,
    RATE_PLACES,
    SIGN_NAMES,
    UNTOLD,
    WEIGHT_PLACES,
    Sign,
    sign_of,
    tidy,
)
from aepromo.table.column import AMOUNTS, Kind

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
_WITH_A_POINT = frozenset({Kind.NUMBER, Kind.SHARE})
"""Kinds that are written with a decimal point in every file."""

_PLACES = 6
_MOST_DIGITS = 12
"""So many digits before the point and places behind it fit 64 bits."""

_SPACE = r"[\s\v\x1c-\x1f\x{85}\p{Z}]*"
_FULL_WIDTH = r"[\x{ff01}-\x{ff5e}\x{ffe5}\x{3000}]"
_EITHER = r"^[^0-9.,]*[1-9][0-9]{0,2}[.,][0-9]{3}[^0-9.,]*$"
_FRAME = re.compile(r"[^\d.,'’\s]")
_DIGITS = b"0123456789"
_IN_NUMBERS = np.frombuffer(_DIGITS + b".,' ", np.uint8)


class WrittenNumbers(NamedTuple):
    """The numbers of a column, blank where there is none, and which cells can't be used.

    ``odd`` are rows that were not read: one by one they may turn out to be numbers. ``signs`` are
    those of the cells that are numbers.
    """

    numbers: Numbers
    is_bad: Where
    odd: Numbers
    signs: frozenset[str] = frozenset()


def written_numbers(
    texts: pa.Array, kind: Kind, currency: Currency, decimal: str
) -> WrittenNumbers:
    """Read the cells of a column that are numbers, whatever marks, spaces and signs they have."""
    texts = _tidied(texts)
    numbers, is_bad = np.full(len(texts), BLANK, np.int64), np.zeros(len(texts), np.bool_)
    if kind not in _READ_HERE:
        return WrittenNumbers(numbers, is_bad, np.flatnonzero(~are_blank(texts)))
    point = COMMA if decimal == COMMA and kind not in _WITH_A_POINT else POINT
    is_number = _match(texts, _pattern(kind, point))
    if decimal == UNTOLD and kind not in _WITH_A_POINT:
        is_number &= ~_match(texts, _EITHER)
    rows, rest = np.flatnonzero(is_number), np.flatnonzero(~is_number)
    written = taken(texts, rows) if len(rest) else texts
    found, is_good, is_odd, signs = _numbers(written, kind, currency, point)
    numbers[rows] = np.where(is_good, found, BLANK)
    is_bad[rows] = ~(is_good | is_odd)
    others = taken(texts, rest)
    may_be = _match(others, _odd_pattern(kind))
    is_bad[rest] = ~(may_be | are_blank(others))
    return WrittenNumbers(numbers, is_bad, np.union1d(rows[is_odd], rest[may_be]), signs)


def _tidied(texts: pa.Array) -> pa.Array:
    """The texts with full-width characters as ordinary ones; spaces stay."""
    if not len(texts) or not _match(texts, _FULL_WIDTH).any():
        return texts
    return texts_of([tidy(text) for text in texts.to_pylist()])


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
    texts: pa.Array, kind: Kind, currency: Currency, point: str
) -> tuple[Numbers, Where, Where, frozenset[str]]:
    """The numbers of cells that look like some: which are good, and which are yet to be read."""
    digits = _only(texts, np.frombuffer(_DIGITS + point.encode(), np.uint8))
    if point == COMMA:
        digits = pc.replace_substring(digits, COMMA, POINT)
    digits = pc.ascii_rtrim(digits, POINT)
    is_inexact = is_odd = is_percent = np.zeros(len(texts), np.bool_)
    if _match(digits, rf"^\d{{{_MOST_DIGITS + 1}}}|\.\d{{{_PLACES + 1}}}").any():
        is_inexact = _match(digits, rf"\.\d{{{_PLACES}}}\d*[1-9]")
        is_odd = _match(digits, rf"^\d{{{_MOST_DIGITS + 1}}}")
        digits = pc.replace_substring_regex(digits, rf"(\.\d{{{_PLACES}}})\d+$", r"\1")
        digits = pc.replace_substring_regex(digits, rf"^\d{{{_MOST_DIGITS + 1}}}.*$", "0")
    exact = pc.cast(digits, pa.decimal64(18, _PLACES))
    millionths = np.frombuffer(exact.buffers()[1] or b"", np.int64, len(exact))
    if kind in _RATES:
        is_percent = _match(texts, "%")
    step = 10 ** (_PLACES - SCALES.get(kind, currency.places))
    numbers, rest = np.divmod(millionths, np.where(is_percent, 100, step))
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
    if kind not in AMOUNTS:
        return numbers, is_good, is_odd, frozenset()
    fits, signs = _fits(texts, currency)
    return numbers, is_good & fits, is_odd, signs


def _fits(texts: pa.Array, currency: Currency) -> tuple[Where, frozenset[str]]:
    """Which amounts are in a currency, as far as their signs tell; and those signs."""
    frames = _only(texts, _IN_NUMBERS, is_dropped=True).dictionary_encode()
    codes = codes_of(frames)
    _, firsts = np.unique(codes, return_index=True)
    fits, signs = [], set[str]()
    for text in taken(texts, firsts).to_pylist():
        sign = sign_of(text)
        if sign is not None:
            signs.add(sign.short)
        # Two signs that contradict each other are none, and no number.
        fits.append(not _FRAME.search(text) if sign is None else sign.fits(currency))
    return np.array(fits, np.bool_)[codes], frozenset(signs)


def _only(texts: pa.Array, marks: npt.NDArray[np.uint8], is_dropped: bool = False) -> pa.Array:
    """The texts with these bytes alone, or without them."""
    is_kept = np.full(256, is_dropped)
    is_kept[marks] = not is_dropped
    codes = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    kept = is_kept[codes]
    before = np.zeros(len(codes) + 1, np.int32)
    np.cumsum(kept, out=before[1:])
    buffers = [None, pa.py_buffer(before[offsets_of(texts)]), pa.py_buffer(codes[kept])]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def signs_of(texts: pa.Array) -> tuple[Numbers, list[Sign | None]]:
    """The sign of money that each cell has: indices, and what they stand for."""
    codes, signs = np.zeros(len(texts), np.int64), list[Sign | None]([None])
    tidied = _tidied(texts)
    rows = np.flatnonzero(_match(tidied, _has_sign()))
    if len(rows):
        # Whatever the digits are, the sign is the same.
        framed = pc.replace_substring_regex(taken(tidied, rows), r"[0-9]+", "0")
        encoded = framed.dictionary_encode()
        signs += map(sign_of, encoded.dictionary.to_pylist())
        codes[rows] = 1 + codes_of(encoded)
    return codes, signs


@cache
def _has_sign() -> str:
    """The regular expression of all texts that start or end with a sign, and of some others."""
    sign = rf"(?:(?i:{'|'.join(map(re.escape, SIGN_NAMES))})|[A-Z]{{3}})"
    return f"^{_SPACE}{sign}|{sign}{_SPACE}$"
