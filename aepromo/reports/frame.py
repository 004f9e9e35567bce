"""A report over a pandas frame: text cells or numbers in, exact decimals out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from aepromo.errors import InputError, Problem
from aepromo.reports.check import Fault, Filler, check, check_results
from aepromo.tables.cells import RATE_PLACES
from aepromo.tables.columns import read_column, result_array
from aepromo.tables.headers import resolve
from aepromo.tables.schema import INPUTS, RESULTS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from aepromo.pricing.money import Whole
    from aepromo.reports.policy import Policy
    from aepromo.reports.report import Report, Results, Sku
    from aepromo.tables.currency import Currency


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report's answer for the rows of a frame, or the problems that kept it from one.

    ``frame`` is what was asked about, ``results`` the answer as whole numbers, of which ``added``
    names the columns to add; ``sku`` is what they were computed from, ``assumed`` what the rule
    book gave.
    """

    frame: pd.DataFrame
    currency: Currency
    assumed: list[str]
    problems: list[Problem]
    results: Results = field(default_factory=dict)
    added: tuple[str, ...] = ()
    sku: Sku | None = None

    def answered(self) -> pd.DataFrame:
        """A new frame with the added columns, money as exact decimals."""
        out = self.frame.copy(deep=False)
        for name in self.added:
            array = result_array(self.results[name], RESULTS[name], len(out), self.currency)
            out[name] = pd.Series(array, index=out.index, dtype=pd.ArrowDtype(array.type))
        return out


def find_columns(
    report: Report, header: list[str], mapping: Mapping[str, str], policy: Policy
) -> dict[str, int]:
    """Where the columns stand that the report uses. Raises ``InputError`` for one that is missing.

    A column that a policy supplies, or that the rule book holds, may be missing.
    """
    found = resolve(header, report.uses, mapping)
    if is_priced_by_another(report, header, mapping):
        found["list_price"] = header.index(report.priced_by)
    offered = policy.texts()
    for name in report.needs:
        if name not in found and name not in offered:
            raise InputError(
                f"no column for {name}; the file has {', '.join(header[:12])}; name one with "
                f"--map 'HEADER={name}', or give {INPUTS[name].flag}"
            )
    return found


def is_priced_by_another(report: Report, header: list[str], mapping: Mapping[str, str]) -> bool:
    """Whether the price looked at is not the file's list price, but one that was proposed."""
    proposed = bool(report.priced_by) and report.priced_by in header
    return proposed and "list_price" not in mapping.values()


def run(report: Report, frame: pd.DataFrame, columns: Mapping[str, int], policy: Policy) -> Outcome:
    """Answer the report's question for every row of a frame.

    ``columns`` tells at which position each input column stands, as ``find_columns`` does.
    """
    currency = policy.selling
    given, problems = _read(frame, columns, currency)
    filler = Filler(given, policy.numbers(), policy.book, currency)
    sku = check(report, filler)
    unread = {(problem.row, problem.column) for problem in problems}
    for fault in filler.faults:
        # A cell that can't be read is blank from here on, but it isn't missing.
        found = _problems(fault, frame, columns)
        problems += [each for each in found if (each.row, each.column) not in unread]
    if problems:
        return Outcome(frame, currency, filler.assumed, _in_order(problems))
    results = report.compute(sku, policy.terms())
    for fault in check_results(results, sku, currency):
        problems += _problems(fault, frame, columns)
    if problems:
        return Outcome(frame, currency, filler.assumed, _in_order(problems))
    added = report.adds(frozenset(columns) | frozenset(policy.texts()))
    return Outcome(frame, currency, filler.assumed, [], results, added, sku)


def without_bad_rows(
    report: Report, outcome: Outcome, columns: Mapping[str, int], policy: Policy
) -> tuple[Outcome, npt.NDArray[np.int64], list[Problem]]:
    """The answer for the rows that have one, their positions, and the problems of all others.

    That a row has no answer may show only once the cells of all others can be read.
    """
    frame, problems = outcome.frame, list(outcome.problems)
    good = np.arange(len(frame))
    while outcome.problems:
        good = np.delete(good, [problem.row for problem in outcome.problems])
        rest = frame.iloc[good].reset_index(drop=True)
        outcome = run(report, rest, columns, policy)
        problems += [replace(each, row=int(good[each.row])) for each in outcome.problems]
    return outcome, good, _in_order(problems)


def _read(
    frame: pd.DataFrame, columns: Mapping[str, int], currency: Currency
) -> tuple[dict[str, Whole], list[Problem]]:
    given: dict[str, Whole] = {}
    problems: list[Problem] = []
    for name, position in columns.items():
        kind = INPUTS[name].kind
        if kind is Kind.TEXT:
            continue
        reading = read_column(
            _texts(frame.iloc[:, position], kind, currency), kind, currency.places
        )
        given[name] = reading.numbers
        if kind is Kind.RATES:
            given["forced_rate_to"] = reading.upper
        header = str(frame.columns[position])
        problems += [Problem(row, header, reason) for row, reason in reading.bad.items()]
    return given, problems


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
    places = RATE_PLACES if kind in (Kind.RATE, Kind.RATES) else currency.places
    step = Decimal(1).scaleb(-places)
    near = Decimal("0.0000005")

    def text(number: float) -> str:
        if not math.isfinite(number):
            return str(number)
        exact = Decimal(number)
        nearest = exact.quantize(step)
        if abs(exact - nearest) > near:
            raise InputError(
                f"{series.name}: {number!r} is a float that stands for no whole "
                f"{step} of a unit; hand in text or decimals"
            )
        return str(nearest)

    return series.astype(object).map(text, na_action="ignore")


def _problems(fault: Fault, frame: pd.DataFrame, columns: Mapping[str, int]) -> list[Problem]:
    """A fault as one problem for each row where it holds."""
    position = columns.get(fault.column)
    header = fault.column if position is None else str(frame.columns[position])
    where = np.broadcast_to(np.asarray(fault.where), len(frame))
    return [Problem(int(row), header, fault.reason(int(row))) for row in np.flatnonzero(where)]


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.row)
