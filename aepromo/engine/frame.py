"""Read the cells of a pandas frame, text or numbers, and return a frame with the answer."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from aepromo.engine.answer import find_columns, run, without_bad_rows
from aepromo.errors import AepromoError, BadRows, InputError, Problem, problems_of
from aepromo.inputs.columns import FORCED_RATE, KEYS
from aepromo.inputs.joined_rates import range_text
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK
from aepromo.table.answer_columns import laid_out
from aepromo.table.cells import RATE_PLACES, in_two_currencies
from aepromo.table.column import Kind
from aepromo.table.found_columns import found_columns
from aepromo.table.headers import read_headers
from aepromo.table.number_columns import read_column
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np
    import numpy.typing as npt

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Question
    from aepromo.errors import Refused
    from aepromo.inputs.joined_rates import JoinedRates
    from aepromo.inputs.values import Values
    from aepromo.pricing.currency import Currency
    from aepromo.table.number_columns import Reading


@dataclass(frozen=True, slots=True)
class FrameCells:
    """A frame as rows of cells; null is blank."""

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


def answer_frame(
    question_of: Callable[[Values], Question],
    frame: pd.DataFrame,
    policy: Policy,
    mapping: Mapping[str, str],
) -> pd.DataFrame:
    """A new frame with the answer for every row. Raises what ``outcome_of`` does."""
    return answered(frame, outcome_of(question_of, frame, policy, mapping), mapping)


def outcome_of(
    question_of: Callable[[Values], Question],
    frame: pd.DataFrame,
    policy: Policy,
    mapping: Mapping[str, str],
) -> Outcome:
    """Answer a question for every row of a frame.

    Raises ``BadRows`` that lists every problem, ``InputError`` and ``CallError``.
    """
    try:
        values = resolved(policy)
        question = question_of(values)
        cells = FrameCells(frame, values.currency)
        columns = find_columns(question, cells.header, mapping, values).columns
        outcome = run(question, cells, columns, values)
        if len(outcome.signs) > 1:
            raise InputError(in_two_currencies(outcome.signs))
    except AepromoError as error:
        raise type(error)(_as_arguments(str(error))) from None
    if outcome.problems:
        _good, problems, _rows = without_bad_rows(question, outcome, columns, values)
        raise bad_rows(frame, problems)
    return outcome


def bad_rows(frame: pd.DataFrame, refused: Iterable[Refused]) -> BadRows:
    """The error for rows by position, which are named by the frame's index."""
    return BadRows(
        [
            Problem(frame.index[each.row], each.column, _as_arguments(each.reason))
            for each in problems_of(refused)
        ]
    )


def _as_arguments(message: str) -> str:
    """A message with arguments in place of the options of the command line."""
    mapped = re.sub(r"--map '(.+?)=(\w+)'", r"mapping={'\1': '\2'}", message)
    return re.sub(r"--([a-z][a-z0-9-]*)", _as_argument, mapped)


def _as_argument(flag: re.Match[str]) -> str:
    name = flag[1].replace("-", "_")
    name = "target_price" if name == "target" else "logistics_cost" if name == "logistics" else name
    if name in Policy._fields:
        return f"Policy({name}=…)"
    return f"Policy(facts={{'{name}': …}})" if name in INPUTS else flag[0]


def answered(frame: pd.DataFrame, outcome: Outcome, mapping: Mapping[str, str]) -> pd.DataFrame:
    """A new frame with the added columns, money as exact decimals.

    A column that the frame already has is replaced in its place, under its own name.
    """
    out = frame.copy(deep=False)
    headers = read_headers([str(name) for name in frame.columns], (), mapping)
    layout = laid_out(headers, outcome.added, mapping)
    written = outcome.as_written()
    for name in outcome.added:
        array = written.column(name)
        header = layout.header(name, "en")
        out[header] = pd.Series(array, index=out.index, dtype=pd.ArrowDtype(array.type))
    return out


def with_rates(frame: pd.DataFrame, rates: JoinedRates, mapping: Mapping[str, str]) -> pd.DataFrame:
    """A new frame with the rates where its column ``forced_rate`` is blank or missing."""
    cells = FrameCells(frame, USD)
    wanted = (*KEYS, *FORCED_RATE)
    columns = found_columns(read_headers(cells.header, wanted, mapping), wanted)
    lows, highs, _ = rates.of(cells, columns)
    ends = zip(lows.tolist(), highs.tolist(), strict=True)
    found = [range_text(low, high) if low != BLANK else "" for low, high in ends]
    position = columns.get("forced_rate")
    own = {
        name: _texts(frame.iloc[:, columns[name]], Kind.RATES, USD).to_pylist()
        for name in FORCED_RATE
        if name in columns
    }
    for row, cells_of_row in enumerate(zip(*own.values(), strict=True)):
        if any(cell.strip() for cell in cells_of_row):
            found[row] = own["forced_rate"][row] if "forced_rate" in own else ""
    name = "forced_rate" if position is None else frame.columns[position]
    return frame.assign(**{str(name): pd.Series(found, frame.index, pd.ArrowDtype(pa.string()))})


def _texts(series: pd.Series, kind: Kind, currency: Currency) -> pa.Array:
    """A column's cells as text; null is blank."""
    if pd.api.types.is_float_dtype(series.dtype):
        series = _floats_as_text(series, kind, currency)
    elif series.dtype == object:
        is_text = kind is Kind.TEXT
        series = series.map(
            lambda cell: _id_text(cell) if is_text and isinstance(cell, float) else str(cell),
            na_action="ignore",
        )
    array = pa.array(series)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not pa.types.is_string(array.type):
        array = array.cast(pa.string())
    return array.fill_null("") if array.null_count else array


def _floats_as_text(series: pd.Series, kind: Kind, currency: Currency) -> pd.Series:
    """Binary floats as the decimals that they stand for; the only code that handles floats.

    A float that is not an amount in whole minor units or a rate in whole millionths keeps all its
    digits, and is then refused like a cell with that text.
    """
    if kind is Kind.TEXT:
        return series.astype(object).map(_id_text, na_action="ignore")
    fine = (Kind.RATE, Kind.RATES, Kind.MARKUP, Kind.FX, Kind.NUMBER)
    places = RATE_PLACES if kind in fine else currency.places
    step = Decimal(1).scaleb(-places)
    near = Decimal("0.0000005")

    def text(number: float) -> str:
        if not math.isfinite(number):
            return str(number)
        exact = Decimal(number)
        nearest = exact.quantize(step)
        if abs(exact - nearest) > near:
            reason = _(
                "{number} is a float that is not a multiple of {step}; pass text or decimals"
            )
            raise InputError(f"{series.name}: " + reason.format(number=repr(number), step=step))
        return str(nearest)

    return series.astype(object).map(text, na_action="ignore")


def _id_text(number: float) -> str:
    """An id that pandas turned into a float, as the whole number it was."""
    if not number.is_integer() or abs(number) >= _LARGEST_EXACT:
        reason = _("{number} is a float, which can't hold an id; pass text")
        raise InputError(reason.format(number=repr(number)))
    return str(int(number))


_LARGEST_EXACT = 2.0**53
"""From here on a float can't represent every whole number."""
