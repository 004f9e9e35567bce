"""What a workbook's XML holds for a cell, as the text that a person would have typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIGITS = 15
"""The digits that Excel shows of a number; what comes after them is noise of the binary float."""

_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_SURROGATES = range(0xD800, 0xE000)

# What stands in quotes, after a backslash or in brackets means no part of a date, except [h].
_NO_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DATE_LETTERS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
_BUILT_IN_ELAPSED = 46

_DAY = timedelta(days=1)
_MILLISECONDS = 86_400_000
_FIRST_SOUND_DAY = 61
"""Excel takes 1900 for a leap year: from 1 March 1900 on its days count from 30 December 1899."""
_LAST_DAY = 2_958_466


def number_text(stored: str) -> str:
    """A number as Excel shows it in full: its digits as stored, or the first 15 of them.

    A number that is too long for that and stands with an exponent has lost digits already; it keeps
    that form, so that nobody takes it for an id.
    """
    if _PLAIN.fullmatch(stored) and (len(stored) <= DIGITS or "." not in stored):
        return stored
    if not _NUMBER.fullmatch(stored):
        return stored
    number = Decimal(stored)
    if number.adjusted() >= DIGITS or number.adjusted() < -DIGITS:
        return stored
    places = DIGITS - 1 - number.adjusted()
    rounded = f"{round(number, places):f}"
    return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded


def unescaped(text: str) -> str:
    """The text with ``_x000D_`` and the like as the characters that they stand for."""
    return _ESCAPE.sub(_character, text) if "_x" in text else text


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0] if code in _SURROGATES else chr(code)


@dataclass(frozen=True, slots=True)
class Styles:
    """Which of a workbook's cell styles show a number as a date or a time, and from when on."""

    dates: frozenset[int]
    elapsed: frozenset[int]
    from_1904: bool = False

    @classmethod
    def of(cls, formats: Sequence[int], codes: Mapping[int, str], from_1904: bool) -> Styles:
        """From each style's number format, by its id, and the formats' own codes."""
        dates: set[int] = set()
        elapsed: set[int] = set()
        for style, number in enumerate(formats):
            code = codes.get(number)
            if code is None:
                is_date, runs_on = number in _BUILT_IN_DATES, number == _BUILT_IN_ELAPSED
            else:
                bare = _NO_DATE.sub("", code.partition(";")[0])
                is_date, runs_on = bool(_DATE_LETTERS.search(bare)), bool(_ELAPSED.search(bare))
            if is_date:
                (elapsed if runs_on else dates).add(style)
        return cls(frozenset(dates), frozenset(elapsed), from_1904)

    def text(self, stored: str, style: int) -> str:
        """A number as its style has it: a date, a time, both, or a plain number."""
        if style not in self.dates and style not in self.elapsed:
            return number_text(stored)
        if not _NUMBER.fullmatch(stored) or Decimal(stored).adjusted() > 7:
            return number_text(stored)
        total = round(Decimal(stored) * _MILLISECONDS)
        days, moment = divmod(total, _MILLISECONDS)
        if style in self.elapsed:
            return ("-" if total < 0 else "") + _clock(abs(total))
        first = 0 if self.from_1904 else _FIRST_SOUND_DAY
        if days == 0 and moment:
            return _clock(moment)
        if not first <= days < _LAST_DAY:
            return number_text(stored)
        start = datetime(1904, 1, 1) if self.from_1904 else datetime(1899, 12, 30)
        day = (start + days * _DAY).date().isoformat()
        return f"{day}T{_clock(moment)}" if moment else day


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}" + (f".{rest:03}" if rest else "")
