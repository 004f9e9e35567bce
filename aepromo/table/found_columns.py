"""The positions of a table's columns, and the units that their headers name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.headers import plain
from aepromo.table.schema import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aepromo.table.headers import HeaderReading, Headers
    from aepromo.table.number_columns import Cells


@dataclass(frozen=True, slots=True)
class FoundColumns(Mapping[str, int]):
    """The position of each column that a table has; the first where several add up.

    ``header`` is the header row, ``readings`` what it says about each column's cells.
    """

    positions: Mapping[str, tuple[int, ...]]
    header: Sequence[str] = field(default=(), repr=False)
    readings: Sequence[HeaderReading] = field(default=(), repr=False)

    def __getitem__(self, name: str) -> int:
        return self.positions[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.positions)

    def __len__(self) -> int:
        return len(self.positions)

    def label(self, position: int) -> str:
        """The currency code or sign in a header; empty without one."""
        return (self.readings[position].currency or "") if self.readings else ""

    def unit(self, position: int) -> str:
        """``kg`` or ``%`` if a header names it; else empty."""
        return (self.readings[position].unit or "") if self.readings else ""


class Found(NamedTuple):
    """The used columns of a table, and how its header was read."""

    columns: FoundColumns
    headers: Headers


def found_columns(
    headers: Headers, wanted: Iterable[str], more: Mapping[str, int] | None = None
) -> FoundColumns:
    """The wanted columns that a header row has, and ``more`` by their positions."""
    wanted = frozenset(wanted)
    positions = {name: places for name, places in headers.positions.items() if name in wanted}
    positions |= {name: (at,) for name, at in (more or {}).items()}
    return FoundColumns(positions, headers.names, headers.readings)


def proposed_place(name: str, header: Sequence[str], by_call: Mapping[str, str]) -> int | None:
    """Where a price stands that goes before the list price; None where the list price counts.

    ``name`` is that column's English name, and it may stand under its Chinese one. A call may say
    which column is the list price, and so that this one is meant.
    """
    if not name or "list_price" in by_call.values():
        return None
    if name in header:
        return header.index(name)
    places = (at for at, each in enumerate(header) if plain(each) == plain(chinese(name)))
    return next(places, None)


def positions_of(columns: Mapping[str, int], name: str) -> tuple[int, ...]:
    """Every position of a column; several where they add up."""
    return columns.positions[name] if isinstance(columns, FoundColumns) else (columns[name],)


def label_at(columns: Mapping[str, int], position: int) -> str:
    """The code or sign of money that the header at a position names for its cells."""
    return columns.label(position) if isinstance(columns, FoundColumns) else ""


def header_at(cells: Cells, columns: Mapping[str, int], name: str) -> str:
    """The header of a column, or its name if the table lacks it."""
    return str(cells.header[columns[name]]) if name in columns else name
