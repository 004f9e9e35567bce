"""The text of a workbook's cells from its XML, as a person would type it.

A number format changes four things: an id is padded with zeros or split by dashes (``00000``,
``000-000``), a currency is named, kilograms are named, or a ratio is shown in percent. Thousands
separators, decimal places, colours and the like are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from aepromo.table.currency_signs import parted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<skipped>[_*].)|\[\$(?P<money>[^\]-]*)[^\]]*\]'
    r"|\[(?P<bracket>[^\]]*)\]|(?P<digit>[0#?])|(?P<special>[.,%/@]|[eE][+-]|General)|(?P<bare>.)",
    re.DOTALL,
)
_RATIO = re.compile(r"(?P<sign>-?)(?P<whole>\d+)(?:\.(?P<fraction>\d+))?", re.ASCII)
_KILOGRAMS = frozenset({"kg", "公斤", "千克"})
_FEWEST_ZEROS = 2
_LONGEST_FORMAT = 255


@dataclass(frozen=True, slots=True)
class Shape:
    """The text around and between the digits of a number.

    ``pattern`` are the places of an id's digits and the text between them, first to last; where it
    is empty, the number stands between ``before`` and ``after``. With ``is_percent`` the number is
    shown times a hundred.
    """

    before: str
    after: str
    pattern: tuple[str, ...] = ()
    is_percent: bool = False

    def text(self, number: str) -> str:
        """A number in its shape; a number that doesn't fit a pattern of digits stays unchanged."""
        if self.is_percent:
            return _in_percent(number)
        if not self.pattern:
            sign = "-" * number.startswith("-")
            return f"{sign}{self.before}{number.removeprefix('-')}{self.after}"
        if not (number.isascii() and number.isdigit()):
            return number
        digits, shown = list(number), list[str]()
        for place in reversed(self.pattern):
            if place in "0#?":
                shown.append(digits.pop() if digits else "0" * (place == "0"))
            else:
                shown.append(place[1:])
        return self.before + "".join(digits) + "".join(reversed(shown)) + self.after


PERCENT = Shape("", "%", is_percent=True)


def _in_percent(number: str) -> str:
    """A plain ratio as a percentage, digit for digit; anything else unchanged."""
    match = _RATIO.fullmatch(number)
    if match is None:
        return number
    fraction = match["fraction"] or ""
    whole = (match["whole"] + fraction[:2].ljust(2, "0")).lstrip("0") or "0"
    rest = fraction[2:].rstrip("0")
    return f"{match['sign']}{whole}{'.' * bool(rest)}{rest}%"


def shape_of(code: str) -> Shape | None:
    """The shape that a number format gives to a number, None where it changes nothing."""
    if len(code) > _LONGEST_FORMAT:
        return None
    pieces = _pieces(code)
    places = [at for at, (kind, _text) in enumerate(pieces) if kind == "digit"]
    if not places:
        return None
    first, last = places[0], places[-1]
    before = _joined(pieces[:first]).lstrip()
    after = _joined(pieces[last + 1 :]).rstrip()
    specials = {text for kind, text in pieces if kind == "special"}
    if specials <= {".", ",", "%"} and pieces[last + 1 :] == [("special", "%")]:
        return PERCENT
    if specials - {".", ","}:
        return None
    sign, _number = parted(f"{before}1{after}".strip()) if before or after else (None, "")
    if sign or (not before and after.strip().lower() in _KILOGRAMS):
        return Shape(before, after)
    within = pieces[first : last + 1]
    zeros = [text for kind, text in within if kind == "digit"].count("0")
    is_parted = any(kind == "literal" for kind, _text in within)
    if specials or not (zeros >= _FEWEST_ZEROS or is_parted):
        return None
    # A literal is told from the place of a digit by the mark before it.
    pattern = tuple(text if kind == "digit" else f"={text}" for kind, text in within)
    return Shape(before, after, pattern)


def _pieces(code: str) -> list[tuple[str, str]]:
    """The parts of a format's first section: digits, literals, and what means more."""
    pieces = []
    for match in _TOKEN.finditer(code):
        kind, text = str(match.lastgroup), match[str(match.lastgroup)]
        if kind == "bare" and text == ";":
            break
        if kind == "bracket" and text[:1] in "<>=":
            return []  # a format for some numbers alone
        if kind in ("quoted", "escaped", "money", "bare"):
            kind = "literal"
        if kind not in ("skipped", "bracket"):
            pieces.append((kind, text))
    return pieces


def _joined(pieces: list[tuple[str, str]]) -> str:
    return "".join(text for kind, text in pieces if kind == "literal")


DIGITS = 15
"""The digits that Excel shows of a number; further ones are noise of the binary float."""

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_WHOLE_DOUBLE = re.compile(r"-?(?:0|[1-9]\d*)\.0", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATES = range(0xD800, 0xE000)

# Text in quotes, after a backslash or in brackets is not part of a date, except [h].
_NO_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_BUILT_IN_ELAPSED = 46
_BUILT_IN_PERCENTS = (9, 10)

_DAY = timedelta(days=1)
_MILLISECONDS = 86_400_000
_FIRST_SOUND_DAY = 61
"""Excel treats 1900 as a leap year: from 1 March 1900 its days count from 30 December 1899."""
_LAST_DAY = 2_958_466

_REMEMBERED = 1 << 15
"""How many numbers are cached as text: most prices appear many times in a sheet."""


@lru_cache(_REMEMBERED)
def number_text(stored: str) -> str:
    """A number as Excel shows it in full: its digits as stored, or the first 15 of them.

    ``123.0`` is how Java writes the whole number 123. A longer number with an exponent has already
    lost digits; it keeps that form, so that it is not used as an id.
    """
    if _WHOLE_DOUBLE.fullmatch(stored):
        stored = stored.removesuffix(".0")
    if _PLAIN.fullmatch(stored) and (len(stored) <= DIGITS or "." not in stored):
        return stored
    if not _NUMBER.fullmatch(stored):
        return stored
    number = Decimal(stored)
    if number.adjusted() >= DIGITS or number.adjusted() < -DIGITS:
        return stored
    last = Decimal(1).scaleb(number.adjusted() + 1 - DIGITS)
    rounded = f"{number.quantize(last, ROUND_HALF_EVEN):f}"
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded


def unescaped(text: str) -> str:
    """The text with escapes such as ``_x000D_`` replaced by their characters."""
    return _ESCAPE.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if code in _SURROGATES else chr(code)


@dataclass(frozen=True, slots=True)
class Styles:
    """The cell styles of a workbook that show a number as a date, a time or in a shape.

    With ``from_1904`` days count from 1904 instead of 1900.
    """

    dates: frozenset[int]
    elapsed: frozenset[int]
    from_1904: bool = False
    shapes: Mapping[int, Shape] = field(default_factory=dict)

    @classmethod
    def of(cls, formats: Sequence[int], codes: Mapping[int, str], from_1904: bool) -> Styles:
        """From each style's number format, by its id, and the formats' own codes."""
        dates: set[int] = set()
        elapsed: set[int] = set()
        shapes: dict[int, Shape] = {}
        for style, number in enumerate(formats):
            code = codes.get(number)
            if code is None:
                is_date, runs_on = number in _BUILT_IN_DATES, number == _BUILT_IN_ELAPSED
            else:
                bare = _NO_DATE.sub("", code.partition(";")[0])
                is_date, runs_on = bool(_DATE_LETTERS.search(bare)), bool(_ELAPSED.search(bare))
            if is_date:
                (elapsed if runs_on else dates).add(style)
            elif code is None and number in _BUILT_IN_PERCENTS:
                shapes[style] = PERCENT
            elif code is not None and (shape := shape_of(code)):
                shapes[style] = shape
        return cls(frozenset(dates), frozenset(elapsed), from_1904, shapes)

    def is_number(self, style: int) -> bool:
        """Whether a style shows a number as a plain one."""
        return not (style in self.dates or style in self.elapsed or style in self.shapes)

    def text(self, stored: str, style: int) -> str:
        """A number in its style: a date, a time, both, an id, an amount, a plain number."""
        if self.is_number(style):
            return number_text(stored)
        if shape := self.shapes.get(style):
            return shape.text(number_text(stored))
        return _moment_text(stored, style in self.elapsed, self.from_1904)


@lru_cache(_REMEMBERED)
def _moment_text(stored: str, runs_on: bool, from_1904: bool) -> str:
    if not _NUMBER.fullmatch(stored) or Decimal(stored).adjusted() > 7:
        return number_text(stored)
    exact = Decimal(stored) * _MILLISECONDS
    total = int(exact.to_integral_value(ROUND_HALF_EVEN))
    days, moment = divmod(total, _MILLISECONDS)
    if runs_on:
        return ("-" if total < 0 else "") + _clock(abs(total))
    first = 0 if from_1904 else _FIRST_SOUND_DAY
    if days == 0 and moment:
        return _clock(moment)
    if not first <= days < _LAST_DAY:
        return number_text(stored)
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)
    day = (start + days * _DAY).date().isoformat()
    return f"{day}T{_clock(moment)}" if moment else day


@dataclass(frozen=True, slots=True)
class Cells:
    """The shared texts and styles of a workbook, to convert its cells to text.

    With ``computes_on_load`` the formulas are left for Excel to compute when it opens the workbook,
    so the results stored for them are not used.
    """

    texts: Sequence[str]
    styles: Styles
    computes_on_load: bool = False

    def text(
        self, kind: str, style: int, value: str | None, inline: str, formula: str | None
    ) -> str:
        """A cell's text, from what it stores: a value, a text of its own, a formula."""
        if kind == "inlineStr":
            return unescaped(inline)
        if formula is not None and (self.computes_on_load or (not value and kind != "str")):
            return f"={formula}"
        if not value:
            return ""
        if kind == "n":
            return self.styles.text(value, style)
        if kind == "s":
            _check_digits(value)
            return self.texts[int(value)]
        if kind == "b":
            return "TRUE" if value in ("1", "true") else "FALSE"
        return unescaped(value)

    def alike(self, kind: str, style: int, stored: Sequence[str | None]) -> Sequence[str]:
        """The text of cells of one kind and style, from what each stores, and no formula."""
        if kind == "n" and self.styles.is_number(style):
            return [number_text(each) if each else "" for each in stored]
        if kind == "s":
            _check_digits("".join(filter(None, stored)) or "0")
            return [self.texts[int(each)] if each else "" for each in stored]
        return [self.text(kind, style, each, each or "", None) for each in stored]


def _check_digits(text: str) -> None:
    """Refuse for a text's number what ``int`` accepts besides digits: ``-1``, ``0_1``, ``١``."""
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}" + (f".{rest:03}" if rest else "")
