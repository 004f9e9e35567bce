"""Very large input is refused, or takes time that grows no faster than its size."""

from __future__ import annotations

import io
import json
from time import process_time
from typing import TYPE_CHECKING

import pytest

from aepromo.cli.answers import bad_rows_of
from aepromo.errors import InputError, Problem
from aepromo.table.blocks import line_numbers, parse
from aepromo.table.headers import MOST_COLUMNS
from aepromo.table.source import open_source
from aepromo.watch.feed import open_feed

if TYPE_CHECKING:
    from collections.abc import Callable

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
    with pytest.raises(InputError, match=r"feed:1: .* different keys from here on; that is no"):
        open_feed(io.BytesIO(text.encode()), "feed")


def test_an_object_with_a_key_twice_among_many_is_read_at_once() -> None:
    members = ", ".join(f'"k{at}": {at}' for at in range(12_000))

    def read() -> None:
        list(open_feed(io.BytesIO(f'{{{members}, "k7": 7}}\n'.encode()), "feed").blocks)

    assert seconds(read) < 2


def test_the_time_for_bad_rows_grows_linearly() -> None:
    source = open_source(io.BytesIO(b"sku,cost\n" + b'"A\n1",free\n' * ROWS), "t.csv")
    (block,) = source.blocks
    text = parse(block, source)
    problems = [Problem(row, "cost", "?") for row in range(ROWS)]

    def tell() -> None:
        bad = bad_rows_of(text, problems)
        assert [bad[-1].line, *bad[-1].cells] == [2 * ROWS, "A\n1", "free"]

    assert seconds(tell) < 0.5  # 18 s when each cell was looked up among all others


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


def seconds(run: Callable[[], None]) -> float:
    """The processor seconds of the faster of two runs."""
    took = []
    for _ in range(2):
        began = process_time()
        run()
        took.append(process_time() - began)
    return min(took)
