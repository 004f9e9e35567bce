"""One SKU, one answer: from an option, a file, a workbook, a frame or a stream.

Ints, columns, a one-liner, a file, a pipe, JSON, and frames of text, decimals, ints and floats.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import reference
from fuzz.cases import draw_case, draw_list_price, leaves_something
from fuzz.compare import amount, offers_of, policy_of, ratio, values_of
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from reference import Case

import aepromo
from aepromo import errors
from aepromo.calculators.audit import AUDIT
from aepromo.calculators.breakeven import BREAKEVEN
from aepromo.calculators.commission import COMMISSION
from aepromo.calculators.floor import FLOOR
from aepromo.calculators.list_price import LIST_PRICE
from aepromo.calculators.margin import MARGIN
from aepromo.calculators.reprice import REPRICE
from aepromo.engine.answer import find_columns
from aepromo.engine.answer import run as run_question
from aepromo.engine.frame import FrameCells
from aepromo.engine.single import run_single
from aepromo.errors import BadRows, CallError
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.pricing.currency import USD
from aepromo.sweep.forced_rates import sweep
from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.table.text_formats import result_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from random import Random

    from conftest import Run

    from aepromo.engine.question import Question

    Cells = Mapping[str, str]
    Figures = dict[str, str | None]

QUESTIONS = (LIST_PRICE, MARGIN, COMMISSION, FLOOR, REPRICE, AUDIT, BREAKEVEN)
SMALL = (20, 100, 500, 2000)


@dataclass(frozen=True)
class Store:
    """The values that hold for every SKU of a run."""

    spend_save: tuple[str, ...] = ()
    coupon: tuple[str, ...] = ()
    ending: tuple[str, ...] = ()
    coupon_stacks: bool = False
    basket: str = "any"

    def policy(self, **cells: str) -> Policy:
        return Policy(
            **cells,  # type: ignore[arg-type]
            spend_save=self.spend_save,
            coupon=self.coupon,
            ending=self.ending,
            coupon_stacks=self.coupon_stacks,
            basket=self.basket,
        )

    def options(self, question: Question) -> list[str]:
        words = ["--basket", self.basket]
        words += ["--coupon-stacks"] if self.coupon_stacks else []
        for name in ("spend_save", "coupon", "ending"):
            if name != "ending" or question.sets_prices:
                for text in getattr(self, name):
                    words += ["--" + name.replace("_", "-"), text]
        return words


# --- the carriers -------------------------------------------------------------------------------


def filled(question: Question, cells: Cells) -> dict[str, str]:
    """The cells that a question can use and that aren't blank."""
    return {
        name: text
        for name, text in cells.items()
        if text and name in question.uses and INPUTS[name].kind is not Kind.TEXT
    }


def by_ints(question: Question, cells: Cells, store: Store) -> Figures:
    """A SKU's figures from the formulas with ints."""
    results, _ = run_single(question, resolved(store.policy(**filled(question, cells))))
    return {name: result_text(value, RESULTS[name], USD) for name, value in results.items()}


def by_one_liner(run: Run, question: Question, cells: Cells, store: Store) -> Figures:
    words = ["--format", "json", *more_options(question), *store.options(question)]
    for name, text in filled(question, cells).items():
        words += ["--" + name.replace("_", "-"), text]
    (row,) = read_json(succeeded(run, question.name, *words))
    return results_of(row)


def by_value(run: Run, question: Question, cells: Cells, store: Store, column: str) -> str:
    words = ["--value", column, *more_options(question), *store.options(question)]
    for name, text in filled(question, cells).items():
        words += [INPUTS[name].flag, text]
    return succeeded(run, question.name, *words).removesuffix("\n")


def by_file(
    run: Run, folder: Path, question: Question, rows: Sequence[Cells], store: Store
) -> list[Figures]:
    path = folder / "skus.csv"
    path.write_text(as_csv(rows), encoding="utf-8")
    words = [*more_options(question), *store.options(question)]
    return read_csv(succeeded(run, question.name, path, *words))


def by_pipe(run: Run, question: Question, rows: Sequence[Cells], store: Store) -> list[Figures]:
    words = [*more_options(question), *store.options(question)]
    return read_csv(succeeded(run, question.name, "-", *words, stdin=as_csv(rows).encode()))


def by_json(
    run: Run, folder: Path, question: Question, rows: Sequence[Cells], store: Store
) -> list[Figures]:
    path, output = folder / "in.csv", folder / "out.json"
    path.write_text(as_csv(rows), encoding="utf-8")
    words: list[str | Path] = [
        "--output",
        output,
        *more_options(question),
        *store.options(question),
    ]
    succeeded(run, question.name, path, *words)
    return [results_of(row) for row in read_json(output.read_text(encoding="utf-8"))]


def by_frame(question: Question, frame: pd.DataFrame, store: Store) -> list[Figures]:
    """A frame's figures from Python."""
    answered = getattr(aepromo, question.name.replace("-", "_"))(frame, store.policy())
    assert answered is not frame
    return [
        {column: text_of(row[column]) for column in answered.columns if column in RESULTS}
        for row in answered.to_dict("records")
    ]


def text_of(value: object) -> str | None:
    if isinstance(value, Decimal):
        return format(value, "f")
    assert value is None or value is pd.NA or isinstance(value, str)
    return value if isinstance(value, str) else None


def more_options(question: Question) -> list[str]:
    return ["--quiet", "--fail-on", "never"] if question is AUDIT else ["--quiet"]


def succeeded(run: Run, *words: str | Path, stdin: bytes = b"") -> str:
    done = run(*words, stdin=stdin)
    said = [line for line in done.err.splitlines() if not line.startswith("warning:")]
    assert (done.code, said) == (0, [])
    return done.out.decode()


def as_csv(rows: Sequence[Cells]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_csv(text: str) -> list[Figures]:
    return [results_of(row) for row in csv.DictReader(io.StringIO(text))]


def read_json(text: str) -> list[dict[str, Any]]:
    """Objects whose numbers keep their text."""
    found = json.loads(text, parse_float=str, parse_int=str)
    assert isinstance(found, list)
    return found


def results_of(row: Mapping[str, str | None]) -> Figures:
    return {name: text or None for name, text in row.items() if name in RESULTS}


def same(found: Figures, expected: Figures) -> bool:
    """Whether all figures are the same; a column may be blank because another row has it."""
    return found == {name: expected.get(name) for name in found} and found.keys() >= expected.keys()


# --- the same SKUs through each -----------------------------------------------------------------

COLUMNS = (
    "sku",
    "purchase_price",
    "logistics_cost",
    "other_cost",
    "list_price",
    "limited_rate",
    "forced_rate_min",
    "forced_rate_max",
    "commission_rate",
    "payment_rate",
    "target_price",
    "target_profit",
    "target_margin",
    "units_30d",
)

_ROWS = """
a,8,3,,20,,0.132,0.132,0.06,0.01,,3.5,,120
b,12.35,4.01,0.5,49.99,0.05,0.1,0.2,,,,,0.15,40
c,20,0,1,31,,,,0.08,0.012,33.33,,,
d,2.15,1.85,,7.9,,0.125,0.4,0.08,0.012,,,,0
e,150,30,2.5,260,0.1,0,0.355,0.15,0.025,210,12.5,0.1,3
f,0.07,0.01,,0.3,0.333333,0.5,0.5,0.6,0.2,0.02,0.01,0.05,7000
"""
SKUS = [dict(zip(COLUMNS, line.split(","), strict=True)) for line in _ROWS.split()]

STORE = Store(
    spend_save=("30:3", "200:40"),
    coupon=("25:2", "0.05"),
    ending=(".99", ".49"),
    coupon_stacks=True,
    basket="single",
)

every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)


def expected_of(question: Question, store: Store) -> list[Figures]:
    return [by_ints(question, sku, store) for sku in SKUS]


@every_question
def test_a_one_liner(run: Run, question: Question) -> None:
    for sku in SKUS[::2]:
        assert by_one_liner(run, question, sku, STORE) == by_ints(question, sku, STORE)


@every_question
def test_a_single_value(run: Run, question: Question) -> None:
    figures = by_ints(question, SKUS[0], STORE)
    column = question.key_columns[0]
    assert by_value(run, question, SKUS[0], STORE, column) == figures[column]


@every_question
def test_a_file(run: Run, question: Question, tmp_path: Path) -> None:
    found = by_file(run, tmp_path, question, SKUS, STORE)
    assert all(map(same, found, expected_of(question, STORE)))
    assert len(found) == len(SKUS)


@every_question
def test_a_pipe(run: Run, question: Question) -> None:
    found = by_pipe(run, question, SKUS, STORE)
    assert all(map(same, found, expected_of(question, STORE)))
    assert len(found) == len(SKUS)


@every_question
def test_json(run: Run, question: Question, tmp_path: Path) -> None:
    found = by_json(run, tmp_path, question, SKUS, STORE)
    assert all(map(same, found, expected_of(question, STORE)))
    assert len(found) == len(SKUS)


def as_text(name: str, cells: list[str]) -> pd.Series[Any]:
    return pd.Series(cells, name=name, dtype="str")


def as_decimals(name: str, cells: list[str]) -> pd.Series[Any]:
    return pd.Series([Decimal(cell) if cell else None for cell in cells], name=name, dtype=object)


def as_floats(name: str, cells: list[str]) -> pd.Series[Any]:
    return pd.Series([float(cell) if cell else np.nan for cell in cells], name=name, dtype=float)


def as_ints_where_whole(name: str, cells: list[str]) -> pd.Series[Any]:
    if not all(cell.isdecimal() for cell in cells if cell):
        return as_text(name, cells)
    return pd.Series([int(cell) if cell else pd.NA for cell in cells], name=name, dtype="Int64")


def as_plain_ints_where_whole(name: str, cells: list[str]) -> pd.Series[Any]:
    whole = all(cell.isdecimal() for cell in cells)
    return pd.Series(list(map(int, cells)), name=name) if whole else as_decimals(name, cells)


@every_question
@pytest.mark.parametrize(
    "column", [as_text, as_decimals, as_floats, as_ints_where_whole, as_plain_ints_where_whole]
)
def test_a_frame(question: Question, column: Callable[[str, list[str]], pd.Series[Any]]) -> None:
    frame = pd.DataFrame(
        {
            name: column(name, [sku[name] for sku in SKUS]) if name != "sku" else list("abcdef")
            for name in COLUMNS
        }
    )
    before = frame.copy(deep=True)
    found = by_frame(question, frame, STORE)
    assert all(map(same, found, expected_of(question, STORE)))
    assert len(found) == len(SKUS)
    pd.testing.assert_frame_equal(frame, before)


@every_question
@pytest.mark.parametrize(
    "column", [as_text, as_decimals, as_floats, as_ints_where_whole, as_plain_ints_where_whole]
)
def test_a_frame_of_whole_amounts(
    question: Question, column: Callable[[str, list[str]], pd.Series[Any]]
) -> None:
    cells = {
        "purchase_price": ["8", "150", "3"],
        "logistics_cost": ["3", "30", "0"],
        "list_price": ["20", "260", "5"],
        "forced_rate": ["0", "0.2", "0.132"],
        "commission_rate": ["0.06", "0.15", "0.08"],
        "payment_rate": ["0", "0", "0"],
        "target_profit": ["3", "12", "1"],
        "units_30d": ["12", "0", "7"],
    }
    frame = pd.DataFrame({name: column(name, texts) for name, texts in cells.items()})
    if column is as_plain_ints_where_whole:
        assert frame["list_price"].dtype == np.int64
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    found = by_frame(question, frame, STORE)
    assert found == [by_ints(question, row, STORE) for row in rows]


# --- random columns -----------------------------------------------------------------------------

RANDOM = st.randoms(use_true_random=False)
thorough = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def store_of(case: Case) -> Store:
    offers = offers_of(case)
    return Store(
        spend_save=offers["spend_save"],
        coupon=offers["coupon"],
        ending=offers["ending"],
        coupon_stacks=case.coupon_stacks,
        basket=case.basket,
    )


def draw_cells(rng: Random) -> dict[str, str]:
    """A row, with rates in either form, and sometimes a blank cell."""
    case = draw_case(rng, SMALL)
    cells = {name: "" for name in COLUMNS if name != "sku"} | {"forced_rate": ""}
    cells |= values_of(case)
    cells["list_price"] = amount(draw_list_price(rng, case, None))
    cells["units_30d"] = str(rng.choice((0, 1, 120, 99_999_999)))
    if rng.randint(0, 1):
        cells["forced_rate"] = ""
        cells["forced_rate_min"] = ratio(case.forced_lo)
        cells["forced_rate_max"] = ratio(case.forced_hi)
    blank_at = rng.randint(0, 3 * len(cells))
    return {name: "" if at == blank_at else text for at, (name, text) in enumerate(cells.items())}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
@settings(thorough, max_examples=8)
@given(rng=RANDOM)
def test_a_column_of_random_skus(question: Question, rng: Random) -> None:
    store = store_of(draw_case(rng, SMALL))
    rows = [draw_cells(rng) for _ in range(rng.randint(1, 8))]
    alone: list[Figures | str] = []
    for row in rows:
        try:
            alone.append(by_ints(question, row, store))
        except CallError as error:
            alone.append(str(error))
    answered = {at: each for at, each in enumerate(alone) if isinstance(each, dict)}
    if len(answered) < len(rows):
        problems, unlisted = problems_of(question, rows, store)
        # A row that lacks only its list price is no problem of a column.
        assert problems or unlisted == len(rows) - len(answered)
        assert all(isinstance(alone[at], str) for at, _ in problems)
        assert all(reason in str(alone[at]) for at, reason in problems)
    if answered:
        frame = pd.DataFrame([rows[at] for at in answered], dtype="str")
        found = by_frame(question, frame, store)
        assert all(map(same, found, answered.values()))
        assert len(found) == len(answered)


def problems_of(
    question: Question, rows: Sequence[Cells], store: Store
) -> tuple[list[tuple[int, str]], int]:
    """The problems of a column, and how many of its rows have no list price yet."""
    frame = pd.DataFrame(rows, dtype="str")
    values = resolved(store.policy())
    columns = find_columns(question, list(frame.columns), {}, values).columns
    outcome = run_question(question, FrameCells(frame, USD), columns, values)
    problems = errors.problems_of(outcome.problems)
    return [(each.row, f"{each.column} {each.reason}") for each in problems], outcome.unlisted


@settings(thorough, max_examples=20)
@given(RANDOM)
def test_random_skus_through_reprice_and_audit_come_to_what_the_reference_says(
    rng: Random,
) -> None:
    """From cells to cells, so that nothing between the text and the formulas changes a figure."""
    case = draw_case(rng, SMALL)
    assume(leaves_something(case) and reference.costs(case) is not None)
    required, bound = reference.required_deal_price(case)
    assume(required < 1_000_000)
    store = store_of(case)
    protected = reference.protected_list_price(case, 999_999_999)
    assume(protected is not None)
    assert protected is not None
    current = draw_list_price(rng, case, protected)
    for question, list_price in ((REPRICE, protected), (AUDIT, current)):
        cells = {**values_of(case), "list_price": amount(list_price)}
        (figures,) = by_frame(question, pd.DataFrame([cells], dtype="str"), store)
        said = reference.evaluate(case, list_price)
        expected: Figures = {
            "required_deal_price": amount(required),
            "bound_by": bound,
            "deal_price": amount(said.deal_price),
            "commission": amount(said.commission),
            "payment_fee": amount(said.payment_fee),
            "profit": signed(said.profit, 2),
            "margin": signed(said.margin, 4),
            "floor_price": signed(said.floor_price, 2),
            "max_discount": signed(said.max_discount, 4),
            "worst_case": said.worst_case,
            "status": said.status,
        }
        if question is REPRICE:
            expected |= {
                "protected_list_price": amount(protected),
                "new_list_price": amount(protected),
                "price_change": "0.00",
                "action": "keep",
                "held_by": None,
            }
        else:
            plain = reference.protected_list_price(replace(case, endings=()), 999_999_999)
            assert plain is not None
            expected["protected_list_price"] = amount(plain)
            holds_to = figures.pop("holds_to_rate")
            assert is_highest_rate(case, list_price, required, holds_to)
        assert figures == expected


def is_highest_rate(case: Case, list_price: int, required: int, holds_to: str | None) -> bool:
    """Whether a price protects up to a forced rate, and not with 0.01 % more.

    A wider range has all outcomes of a narrower one, so the next rate decides for all higher ones.
    """

    def holds(rate: Fraction) -> bool:
        ranged = replace(case, forced_lo=Fraction(0), forced_hi=rate)
        return reference.protects(ranged, list_price, required)

    if holds_to is None:
        return not holds(Fraction(0))
    more = Fraction(holds_to) + Fraction(1, 10_000)
    return holds(Fraction(holds_to)) and (more >= 1 or not holds(more))


def signed(value: int | None, places: int) -> str | None:
    if value is None:
        return None
    return format(Decimal(value).scaleb(-places), "f")


def test_every_bad_row_is_named_at_once() -> None:
    frame = pd.DataFrame(
        {
            "purchase_price": ["1", "1"],
            "logistics_cost": ["0", "0"],
            "commission_rate": ["60%", "6%"],
            "payment_rate": ["40%", "40%"],
            "target_profit": ["1", ""],
            "target_margin": ["", "60%"],
        }
    )
    with pytest.raises(BadRows) as refused:
        aepromo.reprice(frame)
    assert [problem.row for problem in refused.value.problems] == [0, 1]


# --- worked examples ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Example:
    """The figures that a command must give for a SKU."""

    question: Question
    cells: Cells
    figures: Cells
    store: Store = field(default_factory=Store)


FEES = {"commission_rate": "6%", "payment_rate": "1%"}
AT_15 = {"list_price": "20", "forced_rate": "15%", **FEES}
COSTS = {"purchase_price": "8", "logistics_cost": "3"}
FOR_PROFIT = {**COSTS, **FEES, "target_profit": "3.50", "forced_rate": "13.2%"}
BOUND = {"required_deal_price": "15.60", "bound_by": "target_profit"}


def ranged(required: str, basket: str, list_price: str) -> Example:
    return Example(
        LIST_PRICE,
        {"target_price": required, "forced_rate": "10%..20%"},
        {"required_deal_price": required, "protected_list_price": list_price},
        Store(spend_save=("30:3",), basket=basket),
    )


def at_13(required: str, tier: str, basket: str, list_price: str, *endings: str) -> Example:
    return Example(
        LIST_PRICE,
        {"target_price": required, "forced_rate": "13%"},
        {"required_deal_price": required, "protected_list_price": list_price},
        Store(spend_save=(tier,), basket=basket, ending=endings),
    )


EXAMPLES = {
    "a target at one rate": Example(
        LIST_PRICE,
        {"target_price": "3.50", "forced_rate": "13.2%"},
        {
            "required_deal_price": "3.50",
            "bound_by": "target_price",
            "exact_list_price": "4.0323",
            "protected_list_price": "4.04",
        },
    ),
    "its deal": Example(
        COMMISSION, {"list_price": "4.04", "forced_rate": "13.2%"}, {"deal_price": "3.51"}
    ),
    "commission": Example(
        COMMISSION,
        AT_15,
        {"deal_price": "17.00", "commission": "1.02", "payment_fee": "0.17"},
    ),
    "margin": Example(
        MARGIN,
        {**AT_15, **COSTS},
        {
            "deal_price": "17.00",
            "commission": "1.02",
            "payment_fee": "0.17",
            "profit": "4.81",
            "margin": "0.2829",
        },
    ),
    "audit": Example(
        AUDIT,
        {**AT_15, **COSTS},
        {
            "deal_price": "17.00",
            "profit": "4.81",
            "margin": "0.2829",
            "floor_price": "9.20",
            "max_discount": "0.5400",
            "worst_case": "forced",
            "status": "ok",
        },
    ),
    "floor": Example(
        FLOOR,
        {"purchase_price": "8", "list_price": "20", "forced_rate": "15%"},
        {"floor_price": "9.20", "max_discount": "0.5400", "status": "ok"},
    ),
    "floor of 10.00": Example(FLOOR, {"purchase_price": "10.00"}, {"floor_price": "11.50"}),
    "floor of 50.01": Example(FLOOR, {"purchase_price": "50.01"}, {"floor_price": "57.52"}),
    "a target profit": Example(LIST_PRICE, FOR_PROFIT, {**BOUND, "protected_list_price": "17.98"}),
    "the same repriced": Example(REPRICE, FOR_PROFIT, {**BOUND, "protected_list_price": "17.98"}),
    "27.50, single": ranged("27.50", "single", "38.13"),
    "27.50, any": ranged("27.50", "any", "38.13"),
    "26.00, single": ranged("26.00", "single", "32.50"),
    "26.00, any": ranged("26.00", "any", "36.12"),
    "24.00, 30:6, single": at_13("24.00", "30:6", "single", "27.59"),
    "24.00, 30:6, any": at_13("24.00", "30:6", "any", "34.49"),
    "24.00, 30:7, single": at_13("24.00", "30:7", "single", "27.59"),
    "24.00, 30:7, single, .99": at_13("24.00", "30:7", "single", "27.99", ".99"),
    "24.00, 30:7, any": at_13("24.00", "30:7", "any", "35.64"),
    "25.00, 30:7, single, .99": at_13("25.00", "30:7", "single", "28.99", ".99"),
}

every_example = pytest.mark.parametrize("worked", EXAMPLES.values(), ids=EXAMPLES)
profit_examples = pytest.mark.parametrize("name", ["a target profit", "the same repriced"])


def shows(figures: Figures, worked: Example) -> bool:
    return {name: figures.get(name) for name in worked.figures} == dict(worked.figures)


@every_example
def test_a_worked_example_in_a_one_liner(run: Run, worked: Example) -> None:
    assert shows(by_one_liner(run, worked.question, worked.cells, worked.store), worked)


@every_example
def test_a_worked_example_in_python(worked: Example) -> None:
    frame = pd.DataFrame([worked.cells], dtype="str")
    (figures,) = by_frame(worked.question, frame, worked.store)
    assert shows(figures, worked)


@every_example
def test_a_worked_example_in_a_file(run: Run, worked: Example, tmp_path: Path) -> None:
    (figures,) = by_file(run, tmp_path, worked.question, [worked.cells], worked.store)
    assert shows(figures, worked)


@profit_examples
def test_a_target_profit_in_a_pipe(run: Run, name: str) -> None:
    worked = EXAMPLES[name]
    (figures,) = by_pipe(run, worked.question, [worked.cells], worked.store)
    assert shows(figures, worked)


@profit_examples
def test_a_target_profit_in_json(run: Run, name: str, tmp_path: Path) -> None:
    worked = EXAMPLES[name]
    (figures,) = by_json(run, tmp_path, worked.question, [worked.cells], worked.store)
    assert shows(figures, worked)


@profit_examples
def test_a_target_profit_as_a_policy(name: str) -> None:
    """The store's values in the policy, and a frame that has only the SKU's."""
    worked = EXAMPLES[name]
    shared = {key: text for key, text in worked.cells.items() if key not in COSTS}
    frame = pd.DataFrame([COSTS], dtype="str")
    policy = worked.store.policy(**shared)
    answered = getattr(aepromo, worked.question.name.replace("-", "_"))(frame, policy)
    found = {key: text_of(answered[key].iloc[0]) for key in worked.figures}
    assert found == worked.figures


def test_dead_zones_explained(run: Run) -> None:
    store = Store(spend_save=("30:7",), basket="single")
    words = ["--target", "24.00", "--rate", "13%", "--format", "json", *store.options(LIST_PRICE)]
    document = json.loads(succeeded(run, "explain", *words), parse_float=str)
    found = [
        (zone["low"], zone["high"], zone["situation"], zone["leaves"])
        for zone in document["dead_zones"]
    ]
    assert found == [
        ("30.00", "30.99", "not_forced", "23.00"),
        ("34.48", "35.63", "forced", "23.00"),
    ]
    assert document["protected_list_price"] == "27.59"


# --- breakeven and sweep, computed with fractions -------------------------------------------------

UPLIFTS = {
    # exposure × click rate, as the rule book has them
    "forced": (1 + Fraction("0.236")) * (1 + Fraction("0.172")) - 1,
    "reverse": (1 + Fraction("0.237")) * (1 + Fraction("0.185")) - 1,
}


def breakeven_of(case: Case, list_price: int, units: int, promotion: str) -> Figures:
    """The outcome of a discount at the worst rate of the range, which may not be the highest."""
    own = reference.shown_item_price(case, list_price, Fraction(0))
    forced, _ = reference.situations(case)
    cheapest, dearest = reference.item_prices(case, list_price, forced)
    cut = range(cheapest, dearest + 1)
    before = reference.profit(case, reference.deal(case, own, coupons_apply=True))
    after = reference.profit(case, min(reference.deal(case, p, case.coupon_stacks) for p in cut))
    assert before is not None
    assert after is not None
    uplift = UPLIFTS[promotion]
    needed, verdict = None, "never_pays"
    if after > 0:
        needed = ceil((Fraction(before, after) - 1) * 10_000) if before > 0 else None
        verdict = "pays" if after * (1 + uplift) >= before else "does_not_pay"
    sold_then = units + floor(units * uplift)
    return {
        "profit_before": signed(before, 2),
        "profit_forced": signed(after, 2),
        "uplift_needed": signed(needed, 4),
        "uplift_reported": signed(floor(uplift * 10_000), 4),
        "verdict": verdict,
        "gain_30d": signed(sold_then * after - units * before, 2),
    }


@settings(thorough, max_examples=40)
@given(RANDOM, st.sampled_from(["forced", "reverse"]), st.integers(0, 99_999_999))
def test_breakeven_against_fractions(rng: Random, promotion: str, units: int) -> None:
    case = draw_case(rng, SMALL)
    assume(reference.costs(case) is not None)
    list_price = draw_list_price(rng, case, None)
    expected = breakeven_of(case, list_price, units, promotion)
    cells = {"list_price": amount(list_price), "units_30d": str(units)}
    policy = policy_of(case, **cells)._replace(promotion=promotion)
    results, _ = run_single(BREAKEVEN, resolved(policy))
    found = {name: result_text(value, RESULTS[name], USD) for name, value in results.items()}
    assert found == expected


def test_breakeven_of_a_file_adds_up(run: Run, tmp_path: Path) -> None:
    cases = [Case(purchase_price=800, logistics_cost=300, forced_hi=Fraction(15, 100))]
    cases += [replace(cases[0], purchase_price=200 + 37 * n) for n in range(1, 12)]
    rows = [
        {
            **values_of(replace(case, commission_rate=Fraction(6, 100))),
            "forced_rate": "15%",
            "list_price": "20",
            "units_30d": str(13 * number),
        }
        for number, case in enumerate(cases)
    ]
    expected = [
        breakeven_of(replace(case, commission_rate=Fraction(6, 100)), 2000, 13 * number, "forced")
        for number, case in enumerate(cases)
    ]
    assert by_file(run, tmp_path, BREAKEVEN, rows, Store()) == expected
    gain = sum(Decimal(figures["gain_30d"] or 0) for figures in expected)
    table = succeeded(run, "breakeven", tmp_path / "skus.csv", "--format", "table")
    sign = "+" if gain > 0 else ""
    assert f"over 30 days {sign}{gain:,.2f}" in " ".join(table.split())


def test_a_discount_that_excludes_a_coupon_can_pay() -> None:
    """Not forced, the coupon makes a unit lose 1.00; forced there is none, and it earns 1.00."""
    cells = {"list_price": "10", "purchase_price": "8", "logistics_cost": "0", "units_30d": "100"}
    fees = {"commission_rate": "0", "payment_rate": "0", "forced_rate": "10%"}
    figures = by_ints(BREAKEVEN, {**cells, **fees}, Store(coupon=("3",)))
    assert (figures["profit_before"], figures["profit_forced"]) == ("-1.00", "1.00")
    assert figures["verdict"] == "pays"


def test_the_worst_rate_can_be_inside_the_range(run: Run) -> None:
    """At 25% the item is 30.00 and the tier takes 9.00 off; at 30% it is out of its reach."""
    costs = ("--price", "40", "-b", "8", "-l", "3", "--rate", "10%..30%")
    offers = ("--spend-save", "30:9", "--basket", "single", "-q")
    for command, name in (("breakeven", "profit_forced"), ("audit", "profit")):
        assert run(command, *costs, *offers, "--value", name).out == b"8.07\n"


def test_a_range_without_a_lower_end_can_begin_anywhere() -> None:
    """At 24% the deal is 0.93; at a lower rate the tier makes 0.91 of it, under the floor."""
    row = {"purchase_price": "0.80", "list_price": "1.22", "forced_rate_max": "24%"}
    store = Store(spend_save=("0.94:0.03",), basket="single")
    alone = by_ints(FLOOR, row, store)
    assert alone == {"floor_price": "0.92", "max_discount": "0.2459", "status": "below_floor"}
    [found] = by_frame(FLOOR, pd.DataFrame([row], dtype="str"), store)
    assert same(found, alone)


Marks = tuple[bool, bool, bool]


def at_forced_rate(case: Case, list_price: int, rate: Fraction) -> reference.Evaluation:
    """The situation at one rate of `sweep`: nothing is forced at 0 %, where coupons apply."""
    stacks = case.coupon_stacks if rate else True
    return reference.at_rate(replace(case, coupon_stacks=stacks), list_price, rate)


def marks_hold(case: Case, list_price: int, required: int, rate: Fraction) -> Marks:
    """Whether target, zero and floor hold."""
    said = at_forced_rate(case, list_price, rate)
    assert said.profit is not None
    assert said.floor_price is not None
    deal = said.deal_price
    return deal >= required, said.profit >= 0, deal >= said.floor_price


def crossings_of(case: Case, list_price: int, last: int) -> list[tuple[str, int, bool]]:
    """Every rate, in 0.01 %, from which a mark holds where it didn't before, or the reverse."""
    required, _ = reference.required_deal_price(case)
    before = marks_hold(case, list_price, required, Fraction(0))
    found = []
    for rate in range(1, last + 1):
        now = marks_hold(case, list_price, required, Fraction(rate, 10_000))
        names = ("target", "zero", "floor")
        found += [
            (name, rate, holds)
            for name, held, holds in zip(names, before, now, strict=True)
            if held != holds
        ]
        before = now
    return found


@settings(thorough, max_examples=8)
@given(RANDOM)
def test_sweep_against_fractions(rng: Random) -> None:
    case = replace(draw_case(rng, SMALL), endings=())
    assume(leaves_something(case) and reference.costs(case) is not None)
    assume(reference.required_deal_price(case)[0] < 100_000)
    list_price = draw_list_price(rng, case, None)
    policy = policy_of(case, list_price=amount(list_price))._replace(forced_rate=None)
    last = 300
    swept, _ = sweep(resolved(policy), range(0, last * 100 + 1, 2500))
    assert list(swept.rows) == list(range(0, last * 100 + 1, 2500))
    for rate, row in swept.rows.items():
        said = at_forced_rate(case, list_price, Fraction(rate, 1_000_000))
        found = {name: result_text(value, RESULTS[name], USD) for name, value in row.items()}
        assert found == {
            "deal_price": amount(said.deal_price),
            "commission": amount(said.commission),
            "payment_fee": amount(said.payment_fee),
            "other_fee": "0.00",
            "profit": signed(said.profit, 2),
            "margin": signed(said.margin, 4),
            "status": said.status,
        }
    crossings = [(each.mark, each.rate // 100, each.holds) for each in swept.crossings]
    assert crossings == crossings_of(case, list_price, last)
    required, _ = reference.required_deal_price(case)
    floor_price = reference.floor_price(case)
    assert floor_price is not None
    assert swept.marks == {
        "target": reference.profit(case, required),
        "zero": 0,
        "floor": reference.profit(case, floor_price),
    }


SWEPT = Case(
    purchase_price=1050,
    logistics_cost=200,
    commission_rate=Fraction(6, 100),
    payment_rate=Fraction(1, 100),
    target_profit=200,
    spend_save=((1800, 300),),
    basket="single",
)


def test_sweep_through_the_program(run: Run) -> None:
    cells = {name: text for name, text in values_of(SWEPT).items() if name != "forced_rate"}
    words = [word for name, text in cells.items() for word in (INPUTS[name].flag, text)]
    words += ["--spend-save", "18:3", "--basket", "single", "--price", "20", "--quiet"]
    document = json.loads(
        succeeded(run, "sweep", *words, "--format", "json"), parse_float=str, parse_int=str
    )
    assert [row["forced_rate"] for row in document["rates"]] == [
        signed(percent * 100, 4) for percent in range(41)
    ]
    for percent, row in enumerate(document["rates"]):
        said = at_forced_rate(SWEPT, 2000, Fraction(percent, 100))
        assert row["profit"] == signed(said.profit, 2)
        assert (row["deal_price"], row["status"]) == (amount(said.deal_price), said.status)
    found = [(each["mark"], each["rate"], each["holds"]) for each in document["crossings"]]
    expected = crossings_of(SWEPT, 2000, 4000)
    assert found == [(mark, signed(rate, 4), holds) for mark, rate, holds in expected]
    assert {mark for mark, _, _ in found} == {"target", "zero", "floor"}
    assert True in {holds for _, _, holds in found}
    assert succeeded(run, "sweep", *words).count("\n") == 42


def test_sweep_of_a_file_counts_what_survives(run: Run, tmp_path: Path) -> None:
    cases = [replace(SWEPT, purchase_price=300 + 91 * number) for number in range(12)]
    rows = [{**values_of(case), "list_price": "20"} for case in cases]
    for row in rows:
        del row["forced_rate"]
    path = tmp_path / "skus.csv"
    path.write_text(as_csv(rows), encoding="utf-8")
    words = ["--spend-save", "18:3", "--basket", "single", "--step", "5%", "--quiet"]
    found = list(csv.DictReader(io.StringIO(succeeded(run, "sweep", path, *words))))
    assert [row["forced_rate"] for row in found] == [signed(500 * step, 4) for step in range(9)]
    for step, row in enumerate(found):
        rate = Fraction(5 * step, 100)
        said = [at_forced_rate(case, 2000, rate).status for case in cases]
        statuses = ("ok", "below_target", "loss", "below_floor")
        assert {name: int(row[name]) for name in statuses} == {
            name: said.count(name) for name in statuses
        }
        assert int(row["survive"]) == said.count("ok") + said.count("below_target")
