"""The positions of a table's columns, and the units that their headers name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

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


def header_at(columns: FoundColumns, name: str) -> str:
    """The header of a column, or its name if the table lacks it."""
    return columns.header[columns[name]] if name in columns else name
