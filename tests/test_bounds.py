"""Very large input is refused, or takes time that grows no faster than its size."""

from __future__ import annotations

import io
import json
import sys
from time import process_time
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from aepromo.calculators.reprice import REPRICE
from aepromo.cli.rejected_rows import MOST_NAMED, RejectedRows, RowsRefused
from aepromo.engine.answer import Outcome, find_columns
from aepromo.engine.answer import run as run_question
from aepromo.errors import InputError, Refused
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.pricing.currency import USD
from aepromo.table.blocks import TextBlock, line_numbers, parse
from aepromo.table.cells import read, sign_of
from aepromo.table.column import Kind
from aepromo.table.headers import MOST_COLUMNS
from aepromo.table.number_columns import Reading, read_column, rows_of
from aepromo.table.rows_one_by_one import _named
from aepromo.table.source import open_source
from aepromo.watch.feed import open_feed

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from conftest import Run

ROWS = 20_000


def test_a_header_of_too_many_columns_is_refused(run: Run) -> None:
    names = ("sku", "purchase_price", *(f"n{at}" for at in range(MOST_COLUMNS - 2)))
    widest = f"{','.join(names)}\nA,8{',' * (MOST_COLUMNS - 2)}\n".encode()
    assert open_source(io.BytesIO(widest), "t.csv").header == names
    code, out, err = run("floor", "-", stdin=b"one more," + widest)
    assert (code, out) == (3, b"")
    said = "16,385 columns; a table has 16,384 at most, as a worksheet does"
    assert err == f"aepromo: standard input:1: {said}\n"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({f"k{at}": at for at in range(MOST_COLUMNS + 1)}),
        json.dumps({f"k{at}\\": at for at in range(MOST_COLUMNS + 1)}),
        "".join(f'{{"sku": "A", "k{at % 5_000}": "1"}}\n' for at in range(5_000)),
    ],
    ids=["in one object", "with escapes", "in many objects"],
)
def test_a_feed_of_too_many_different_keys_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"feed:1: .* different keys from here on; this is not"):
        open_feed(io.BytesIO(text.encode()), "feed")


def test_an_object_with_a_key_twice_among_many_is_read_at_once() -> None:
    members = ", ".join(f'"k{at}": {at}' for at in range(12_000))

    def read() -> None:
        list(open_feed(io.BytesIO(f'{{{members}, "k7": 7}}\n'.encode()), "feed").blocks)

    assert seconds(read) < 2


def test_of_bad_rows_that_nobody_is_told_of_no_reason_is_worked_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = open_source(io.BytesIO(b"sku,cost\n" + b'"A\n1",free\n' * ROWS), "t.csv")
    (block,) = source.blocks
    text, asked = parse(block, source), list[int]()

    def reason(at: int) -> str:
        asked.append(at)
        return "?"

    aside = RejectedRows(source)
    aside.add(text, [Refused(np.arange(ROWS), "cost", reason)])
    aside.add(text, [Refused(np.arange(ROWS), "cost", reason)])
    assert asked == list(range(MOST_NAMED))
    with pytest.raises(RowsRefused, match=f"{2 * ROWS:,} bad rows"):
        aside.close()
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == ["t.csv:2: cost: ?", "t.csv:4: cost: ?"]
    assert said[MOST_NAMED:] == [f"t.csv: … and {2 * ROWS - MOST_NAMED:,} more problems"]


def test_rejected_rows_have_each_reason_once_and_their_own_lines() -> None:
    source = open_source(io.BytesIO(b'sku,cost\n"A\n1",free\nB,2\n"C,",x\n'), "t.csv")
    (block,) = source.blocks
    stream = io.BytesIO()
    aside = RejectedRows(source, stream)
    refused = [
        Refused.alike(np.array([0, 2]), "cost", "a, b"),
        Refused.alike(np.array([2]), "sku", "c"),
        Refused.alike(np.array([2]), "cost", "c"),
    ]
    aside.add(parse(block, source), refused)
    assert stream.getvalue().decode() == (
        'line,column,reason,sku,cost\n2,cost,"a, b","A\n1",free\n5,cost; sku,"a, b; c","C,",x\n'
    )


SHAPES = {
    "dollars": "${n:,}.50",
    "thousands": "{n:,}.50",
    "spaces between thousands": "{n:_}.50",
    "a code": "{n}.5 EUR",
    "a word": "{n} руб.",
    "long": "{n}.12345678901",
    "full width": "３{n}.5",
    "letters": "x{n}",
    "titles": "Widget {n}, 2 pcs",
    "negative": "-{n}.50",
    "decimal comma": "{n},50",
    "in another currency": "€{n}.50",
    "too large": "{n}00000000",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_however_a_column_of_different_amounts_is_written_few_cells_are_read_one_by_one(
    shape: str,
) -> None:
    cells = [SHAPES[shape].format(n=n).replace("_", " ") for n in range(1000, 3000)]

    def told() -> Reading:
        reading = read_column(pa.array(cells), Kind.COST, USD._replace(is_stated=True))
        for each in reading.bad:
            each.reason(0)
        return reading

    assert len(rows_of(told().bad)) in (0, len(cells))
    assert calls_of(read, told) <= 3
    assert calls_of(sign_of, told) <= 10


@pytest.mark.parametrize("shape", ["letters", "titles", "negative"])
def test_reasons_that_differ_in_digits_are_worked_out_once(shape: str) -> None:
    cells = [SHAPES[shape].format(n=n) for n in range(1000, 3000)]
    (bad,) = read_column(pa.array(cells), Kind.COST, USD).bad
    reasons = list[str]()
    calls = calls_of(read, lambda: reasons.extend(map(bad.reason, range(len(cells)))))
    assert calls == 1
    assert all(each.startswith(f"'{cell}' is ") for cell, each in zip(cells, reasons, strict=True))


def test_cells_whose_sign_names_another_currency_are_told_apart_together() -> None:
    rows = [f"A{n},€{n}.50,1,{n + 1}" if n % 2 else f"A{n},${n}.50,1,{n + 1}" for n in range(2000)]
    lines = "\n".join(("sku,purchase_price,logistics_cost,list_price", *rows, ""))
    source = open_source(io.BytesIO(lines.encode()), "t.csv")
    (block,) = source.blocks
    values = resolved(Policy())
    columns = find_columns(REPRICE, list(source.header), {}, values).columns
    outcomes = list[Outcome]()

    def answer() -> None:
        outcomes.append(run_question(REPRICE, parse(block, source), columns, values))

    assert calls_of(sign_of, answer) <= 40  # for each shape, '€1.1' to '€1111.11'
    assert rows_of(outcomes[0].problems).tolist() == list(range(1, 2000, 2))


def test_a_row_of_another_width_sends_no_other_the_exact_way() -> None:
    rows = [b'"A,\n1",8\n'] * ROWS
    rows[7] = b'"B\n1",8,9\n'
    source = open_source(io.BytesIO(b"sku,cost\n" + b"".join(rows)), "t.csv")
    (block,) = source.blocks
    parsed = list[TextBlock]()
    assert calls_of(_named, lambda: parsed.append(parse(block, source))) == 1
    (text,) = parsed
    assert [(row.line, row.cells) for row in text.ragged] == [(16, ("B\n1", "8", "9"))]
    assert len(text) == ROWS - 1
    assert line_numbers(text, [6, 7]) == {6: 14, 7: 18}


def test_line_numbers_are_those_of_the_text() -> None:
    data = b'sku,cost\n\nA,1\n"B\n\n",2\n\n\nC,3\n"D",4\n'
    source = open_source(io.BytesIO(data), "t.csv")
    (block,) = source.blocks
    assert line_numbers(parse(block, source), [0, 1, 2, 3]) == {0: 3, 1: 4, 2: 9, 3: 10}


def test_a_table_with_too_many_rows_is_refused_at_once(run: Run) -> None:
    call = ("floor", "none.csv", "--limit", "10001")
    code, out, err = run(*call, "--format", "table")
    said = "--limit 10,001: a table has 10,000 rows at most; write .csv for more"
    assert (code, out, err) == (2, b"", f"aepromo: {said}\n")
    assert run(*call, "--format", "csv").code == 3  # there is no such file


def test_a_line_on_standard_error_has_a_maximum_length(run: Run) -> None:
    code, _, err = run("list-price", "--target", "5", "--ending", "9" * 9_000)
    assert code == 2
    assert len(err) < 4_010
    assert run("x" * 9_000).err.endswith("…\n")


def calls_of(function: Callable[..., object], run: Callable[[], object]) -> int:
    """How often a function of Python's is called while something runs."""
    calls = 0

    def count(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call" and frame.f_code is function.__code__

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


def seconds(run: Callable[[], None]) -> float:
    """The processor seconds of the faster of two runs."""
    took = []
    for _ in range(2):
        began = process_time()
        run()
        took.append(process_time() - began)
    return min(took)
