"""Whether a file writes 12,50 or 12.50: decided from its cells, for the whole file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.cells import COMMA, POINT, UNTOLD, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPACE = "[ \u00a0\u2007\u2009\u202f'’]"
_FRAME = re.compile(r"^[^\d.,+-]*|[^\d.,]*$", re.ASCII)
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_BY_COMMA = re.compile(
    rf"(?:\d+|[1-9]\d{{0,2}}(?:(?:\.\d{{3}})+|(?:{_SPACE}\d{{3}})+)),\d*|,\d+"
    r"|[1-9]\d{0,2}(?:\.\d{3}){2,}",
    re.ASCII,
)
_BY_POINT = re.compile(
    rf"(?:\d+|[1-9]\d{{0,2}}(?:(?:,\d{{3}})+|(?:{_SPACE}\d{{3}})+))\.\d*|\.\d+"
    r"|[1-9]\d{0,2}(?:,\d{3}){2,}",
    re.ASCII,
)


class Told(NamedTuple):
    """A cell that shows how figures are written, or might: its line and its text."""

    line: int
    cell: str


class Evidence:
    """The evidence for a file's decimal mark, gathered from its figures cell by cell.

    ``comma``, ``point`` and ``either`` are the first cells that need a decimal comma, need a
    decimal point, or could have either, such as ``1,250``.
    """

    def __init__(self) -> None:
        self.comma: Told | None = None
        self.point: Told | None = None
        self.either: Told | None = None

    def look(self, cells: Iterable[str], line: int) -> None:
        """Take a row's figures into account."""
        for cell in cells:
            number = _FRAME.sub("", tidy(cell))
            if number.isdigit() or not number:
                continue
            if _EITHER.fullmatch(number):
                self.either = self.either or Told(line, cell)
            elif _BY_COMMA.fullmatch(number):
                self.comma = self.comma or Told(line, cell)
            elif _BY_POINT.fullmatch(number):
                self.point = self.point or Told(line, cell)

    @property
    def is_enough(self) -> bool:
        """Whether more rows would change nothing."""
        return self.point is not None

    @property
    def mark(self) -> str:
        """The resulting decimal mark: a point if any cell needs one."""
        if self.point:
            return POINT
        return COMMA if self.comma else UNTOLD
