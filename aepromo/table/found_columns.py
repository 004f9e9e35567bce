"""The positions of a table's columns, and the units that their headers name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.headers import plain
from aepromo.table.schema import chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aepromo.table.headers import HeaderReading, Headers


class FoundColumns(dict[str, int]):
    """The position of each column that a table has; the first where several add up.

    ``positions`` are all of them, ``header`` is the header row. What it says of the cells is by
    position: ``labels`` are codes or signs of currencies, ``units`` are ``kg`` and ``%``.
    """

    def __init__(
        self,
        positions: Mapping[str, tuple[int, ...]],
        header: Sequence[str] = (),
        readings: Sequence[HeaderReading] = (),
    ) -> None:
        super().__init__((name, places[0]) for name, places in positions.items())
        self.positions, self.header = positions, header
        self.labels = {at: each.currency for at, each in enumerate(readings) if each.currency}
        self.units = {at: each.unit for at, each in enumerate(readings) if each.unit}


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


def header_at(columns: FoundColumns, name: str) -> str:
    """The header of a column, or its name if the table lacks it."""
    return columns.header[columns[name]] if name in columns else name
