"""Number formats of a workbook, as far as they change the content of a cell.

Four things do: an id is padded with zeros or split by dashes (``00000``, ``000-000``), a currency
is named, kilograms are named, or a ratio is shown in percent. Thousands separators, decimal places,
colours and the like are ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from aepromo.table.money_signs import parted

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
