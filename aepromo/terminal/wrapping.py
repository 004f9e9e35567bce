"""Line breaks for Chinese: between any two letters, but not before a comma.

Rich breaks only at spaces, which Chinese doesn't have: it would leave half a line empty, or cut
through a number and start the next line with a full stop.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from rich.cells import cell_len
from rich.text import Text

from aepromo.words import is_english

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod, OverflowMethod
    from rich.containers import Lines

_NEVER_FIRST = frozenset("，。；：！？、）》」』】”’…,.;:!?)]}%")
_NEVER_LAST = frozenset("（《「『【“‘([{$")
_FIGURE = re.compile(r"(?:[<>≤≥=] ?)?[-+−]?\$?\d")
"""A figure stays with the word before it: ``要求 ≤ 12.3``."""
_SPARED = 4
"""The part of a line that may stay empty so that it ends at a comma or a space: a quarter."""
_COUNTED = frozenset("个档行天笔项分小件张元条年月日次倍")
"""A figure stays with the unit after it: ``40 行``."""


def running_text(text: str, style: str = "") -> Text:
    """Text that can wrap to the next line, in the current language."""
    return Text(text, style=style) if is_english() else _Chinese(text, style=style)


class _Chinese(Text):
    """Text that wraps at the ``breaks``."""

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        """The lines, none of them wider than allowed."""
        lines = [
            piece
            for line in self.split(allow_blank=True)
            for piece in ([line] if no_wrap else line.divide(breaks(line.plain, width)))
        ]
        for line in lines:
            line.rstrip()
        whole = Text("\n", style=self.style).join(lines)
        return whole.wrap(
            console,
            width,
            justify=justify or self.justify,
            overflow=overflow,
            tab_size=tab_size,
            no_wrap=no_wrap,
        )


def breaks(text: str, width: int) -> list[int]:
    """The positions of line breaks, so that each line takes at most ``width`` cells."""
    found: list[int] = []
    start = used = last = better = 0
    for at, letter in enumerate(text):
        if at and _may_break(text, at):
            last = at
            if text[at - 1].isspace() or text[at - 1] in _NEVER_FIRST:
                better = at
        used += cell_len(letter)
        if used > width and not letter.isspace():
            near = better if cell_len(text[better:last]) * _SPARED <= width else last
            start = next(
                (
                    place
                    for place in (near, last)
                    if place > start and cell_len(text[place : at + 1]) <= width
                ),
                at,  # no break makes the line narrow enough: cut before the letter
            )
            found.append(start)
            used = cell_len(text[start : at + 1])
    return [at for at in found if at]


def _may_break(text: str, at: int) -> bool:
    """Whether a line may end before this letter."""
    before, after = text[at - 1], text[at]
    if after.isspace() or after in _NEVER_FIRST or before in _NEVER_LAST:
        return False
    if before.isspace():
        counts = text[: at - 1][-1:].isdigit() and after in _COUNTED
        return not counts and not _FIGURE.match(text, at)
    if before.isdigit() and after in _COUNTED:
        return False
    return _is_wide(before) or _is_wide(after)


def _is_wide(letter: str) -> bool:
    return east_asian_width(letter) in "WF"
