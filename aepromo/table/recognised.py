"""Headers that the program knows, to separate a table from other text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.table.column import Kind
from aepromo.table.headers import MOST_COLUMNS, column_called, plain, read_header
from aepromo.table.schema import INPUTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENOUGH = 2
"""How many known names make a row a header."""

_FIGURES = frozenset(
    {Kind.COST, Kind.TARGET, Kind.PRICE, Kind.RATE, Kind.RATES, Kind.FX, Kind.WEIGHT,
     Kind.TURNOVER, Kind.SHARE, Kind.MARKUP, Kind.NUMBER}
)  # fmt: skip


class KnownHeaders:
    """The names of columns, those that ``--map`` gives among them."""

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._mapped = {plain(each): column_called(name) for each, name in (mapping or {}).items()}

    def count(self, cells: Sequence[str]) -> int:
        """How many different columns the cells of a row name."""
        return len({self._named(cell) for cell in cells[:MOST_COLUMNS] if cell} - {""})

    def figures(self, header: Sequence[str]) -> list[int]:
        """The positions of columns with amounts, rates and weights."""
        names = map(self._named, header)
        return [
            place
            for place, name in enumerate(names)
            if name in INPUTS and INPUTS[name].kind in _FIGURES
        ]

    def _named(self, cell: str) -> str:
        if mapped := self._mapped.get(plain(cell)) if self._mapped else None:
            return mapped
        reading = read_header(cell)
        return reading.column or "".join(reading.may_be[:1])
