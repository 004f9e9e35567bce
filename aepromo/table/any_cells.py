"""Rows of cells in any container: a block of a file, or a pandas frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Kind
    from aepromo.table.number_columns import Reading


class Cells(Protocol):
    """Rows of cells by the position of their columns, in any container."""

    def __len__(self) -> int: ...

    @property
    def header(self) -> Sequence[str]:
        """The columns' names."""

    def reading(self, position: int, kind: Kind, currency: Currency) -> Reading:
        """A column's numbers, and which of its cells can't be used."""

    def texts(self, position: int) -> pa.Array:
        """A column's cells as text."""

    def chosen(self, rows: npt.NDArray[np.int64], /) -> Cells:
        """Some of the rows."""


class OneRow:
    """A row without cells: the call gives all its values."""

    header: Sequence[str] = ()

    def __len__(self) -> int:
        return 1

    def reading(self, position: int, kind: Kind, currency: Currency) -> Reading:
        """Nothing to read: there is no column."""
        raise IndexError(position, kind, currency)

    def texts(self, position: int) -> pa.Array:
        """Nothing to read: there is no column."""
        raise IndexError(position)

    def chosen(self, _rows: npt.NDArray[np.int64], /) -> OneRow:
        """The row itself."""
        return self
