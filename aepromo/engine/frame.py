"""The cells of a pandas frame, text or numbers, and a frame with the answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from aepromo.engine.question import KEYS
from aepromo.errors import InputError
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK
from aepromo.table.cells import RATE_PLACES, fixed
from aepromo.table.column import Kind
from aepromo.table.headers import resolve
from aepromo.table.layout import laid_out
from aepromo.table.number_columns import read_column
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from aepromo.engine.answer import Outcome
    from aepromo.inputs.joined_rates import JoinedRates
    from aepromo.pricing.currency import Currency
    from aepromo.table.number_columns import Reading


@dataclass(frozen=True, slots=True)
class FrameCells:
    """A frame as rows of cells; what is null is blank."""

    frame: pd.DataFrame
    currency: Currency

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        return [str(name) for name in self.frame.columns]

    def reading(self, position: int, kind: Kind, currency: Currency) -> Reading:
        """A column's numbers, and which of its cells can't be used."""
        texts = _texts(self.frame.iloc[:, position], kind, currency)
        return read_column(texts, kind, currency)

    def texts(self, position: int) -> pa.Array:
        """A column's cells as text."""
        return _texts(self.frame.iloc[:, position], Kind.TEXT, self.currency)

    def chosen(self, rows: npt.NDArray[np.int64]) -> FrameCells:
        """Some of the rows."""
        return FrameCells(self.frame.iloc[rows], self.currency)


def answered(
    frame: pd.DataFrame, outcome: Outcome, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """A new frame with the added columns, money as exact decimals.

    A column that the frame has already is replaced where it stands, under the name that it has.
    """
    out = frame.copy(deep=False)
    layout = laid_out([str(name) for name in frame.columns], outcome.added, mapping or {})
    for name in outcome.added:
        array = outcome.column(name)
        header = layout.header(name, "en")
        out[header] = pd.Series(array, index=out.index, dtype=pd.ArrowDtype(array.type))
    return out


def with_rates(frame: pd.DataFrame, rates: JoinedRates, mapping: Mapping[str, str]) -> pd.DataFrame:
    """A new frame with the rates where its column ``forced_rate`` is blank, or isn't there."""
    cells = FrameCells(frame, USD)
    columns = resolve(cells.header, (*KEYS, "forced_rate"), mapping)
    numbers, _ = rates.of(cells, columns)
    found = [fixed(rate, RATE_PLACES) if rate != BLANK else "" for rate in numbers.tolist()]
    position = columns.get("forced_rate")
    if position is not None:
        own = _texts(frame.iloc[:, position], Kind.RATES, USD).to_pylist()
        found = [cell if cell.strip() else rate for cell, rate in zip(own, found, strict=True)]
    name = "forced_rate" if position is None else frame.columns[position]
    return frame.assign(**{str(name): pd.Series(found, frame.index, pd.ArrowDtype(pa.string()))})


def _texts(series: pd.Series, kind: Kind, currency: Currency) -> pa.Array:
    """A column's cells as text; what is null is blank."""
    if pd.api.types.is_float_dtype(series.dtype):
        series = _floats_as_text(series, kind, currency)
    elif series.dtype == object:
        series = series.map(str, na_action="ignore")
    array = pa.array(series)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not pa.types.is_string(array.type):
        array = array.cast(pa.string())
    return array.fill_null("") if array.null_count else array


def _floats_as_text(series: pd.Series, kind: Kind, currency: Currency) -> pd.Series:
    """Binary floats as the decimals that they stand for; the one place that meets a float.

    What stands for no amount in whole minor units, or for no rate in whole millionths, keeps all
    its digits, and so is refused as a cell of that text would be.
    """
    places = RATE_PLACES if kind in (Kind.RATE, Kind.RATES, Kind.FX) else currency.places
    step = Decimal(1).scaleb(-places)
    near = Decimal("0.0000005")

    def text(number: float) -> str:
        if not math.isfinite(number):
            return str(number)
        exact = Decimal(number)
        nearest = exact.quantize(step)
        if abs(exact - nearest) > near:
            reason = _(
                "{number} is a float that stands for no whole {step} of a unit; "
                "hand in text or decimals"
            )
            raise InputError(f"{series.name}: " + reason.format(number=repr(number), step=step))
        return str(nearest)

    return series.astype(object).map(text, na_action="ignore")
