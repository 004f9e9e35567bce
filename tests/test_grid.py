"""The fast way from bytes to cells and numbers gives the same results as the exact ways."""

from __future__ import annotations

import csv
import io
from random import Random  # noqa: TC003 (hypothesis reads it)
from typing import Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK
from aepromo.table.column import Kind
from aepromo.table.digits import WIDTH, plain_decimals
from aepromo.table.grid import Grid, Pieces, grid_of
from aepromo.table.number_columns import plain_numbers, read_column
from aepromo.table.text_formats import delimited

PIECES = st.sampled_from(["a", "7", " ", ",", ";", '"', "\n", "\r\n", "é", "价", "."])
CELLS = st.lists(PIECES, max_size=5).map("".join)
HOW = st.sampled_from([(Kind.COST, 2), (Kind.RATE, 6)])
WRITTEN_NUMBERS = st.one_of(
    st.from_regex(r"[0-9]{0,7}(\.[0-9]{0,3})?", fullmatch=True),
    st.from_regex(r"[0-9]{1,5}\.[0-9]{2}", fullmatch=True),
    st.text(st.sampled_from("0123456789.,-+eE/:$ %"), max_size=9),
)


def written(grid: Grid, delimiter: str = ",") -> bytes | None:
    rows = grid.rows(delimiter)
    return rows and bytes(rows.joined())


def numbers_in(cells: list[str], scale: int) -> list[int] | None:
    data, starts, ends = bytearray(WIDTH), [], []
    for cell in cells:
        starts.append(len(data))
        data += cell.encode()
        ends.append(len(data))
        data += b","
    codes = np.frombuffer(bytes(data), np.uint8)
    found = plain_decimals(codes, np.array(starts), np.array(ends), scale)
    return None if found is None else found.tolist()


@settings(max_examples=100)
@given(st.lists(WRITTEN_NUMBERS, min_size=1, max_size=6), HOW)
def test_numbers_read_from_bytes_are_those_read_from_text(
    cells: list[str], how: tuple[Kind, int]
) -> None:
    kind, scale = how
    numbers = numbers_in(cells, scale)
    if numbers is not None and not (kind is Kind.RATE and max(numbers) >= 10**scale):
        exact = read_column(pa.array(cells), kind, USD)
        assert exact.bad == ()
        assert exact.numbers.tolist() == numbers


@pytest.mark.parametrize(
    "cells",
    [
        ["1.50", "."],
        ["1.5.0"],
        ["150", "1/0"],
        ["1.50", "-1.5"],
        ["1.50", "1.505"],
        ["123456789"],
        ["1.50", "1:50"],
    ],
)
def test_only_short_plain_decimals_are_read_quickly(cells: list[str]) -> None:
    assert numbers_in(cells, 2) is None


def test_points_at_different_places_and_blanks_are_read_too() -> None:
    cells = ["1.50", "8", "", ".25", "7.", "99999.99", "12345678"]
    assert numbers_in(cells, 2) == [150, 800, BLANK, 25, 700, 9999999, 1234567800]


@settings(max_examples=100)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5), st.booleans())
def test_the_cells_of_a_grid_are_those_that_csv_reads(rows: list[list[str]], windows: bool) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n" if windows else "\n").writerows(rows)
    data = out.getvalue().encode()
    grid = grid_of(data, ",", 3)
    assert grid is not None
    assert [[grid.cell(row, column) for column in range(3)] for row in range(len(grid))] == rows
    pieces = grid.rows(",")
    assert pieces is not None
    as_written = bytes(
        pieces.followed_by(Pieces.of(pa.array(["\n"] * len(rows)))).joined()
    ).decode()
    assert list(csv.reader(io.StringIO(as_written, newline=""))) == rows


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'a,"b,c"\n', b'a,"b,c"'),
        (b'a,"b"\n', b"a,b"),
        (b'a,"say ""b"""\r\n', b'a,"say ""b"""'),
        (b'"",b\r\n', b",b"),
        (b'"a\nb","c"\n', b'"a\nb",c'),
        (b'"a","b"\n"c,d","e"\nf,""\n', b'a,b"c,d",ef,'),
    ],
)
def test_quotes_that_nothing_needs_are_left_out(data: bytes, expected: bytes) -> None:
    grid = grid_of(data, ",", 2)
    assert grid is not None
    assert written(grid) == expected


@settings(max_examples=200)
@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5),
    st.permutations([",", ";", "\t"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.randoms(use_true_random=False),
)
def test_rows_can_be_written_with_another_delimiter(
    rows: list[list[str]], delimiters: list[str], quoting: Literal[0, 1], rng: Random
) -> None:
    own, other, _ = delimiters
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=own, lineterminator="\n", quoting=quoting).writerows(rows)
    order = rng.sample(range(len(rows)), rng.randint(0, len(rows)))
    grid = grid_of(out.getvalue().encode(), own, 3)
    assert grid is not None
    pieces = grid.chosen(np.array(order, np.int64)).rows(other)
    chosen = [rows[at] for at in order]
    if pieces is None:
        assert any(set(cell) & set(f'{own}"\r\n') for row in rows for cell in row)
    else:
        ends = Pieces.of(pa.array(["\n"] * len(order), pa.string()))
        assert bytes(pieces.followed_by(ends).joined()).decode() == delimited(chosen, other)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a;b\nc;\n", b"a,bc,"),
        (b"1,5;b\n;2,5\n", b'"1,5",b,"2,5"'),
        (b'"1,5";"b"\n"";2,5\n', b'"1,5",b,"2,5"'),
        (b'"a;b";c\n', None),
        (b'"a""b";c\n', None),
    ],
)
def test_the_delimiter_of_rows_is_replaced(data: bytes, expected: bytes | None) -> None:
    grid = grid_of(data, ";", 2)
    assert grid is not None
    assert written(grid) == expected


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\nc\n",
        b"a,b\nc,d,e\n",
        b"a\nb,c,d\n",
        b'a,5" wide\n',
        b"a,b\rc,d\n",
        b"a,\xff\n",
        b"",
    ],
)
def test_there_is_no_grid_of_a_block_that_is_not_well_formed(data: bytes) -> None:
    assert grid_of(data, ",", 2) is None


@pytest.mark.parametrize("data", [b"a\n\nb\n", b"\na\n\n\nb\n\n", b"a\r\n\r\nb\r\n", b"a\n\r\nb\n"])
@pytest.mark.parametrize("width", [1, 2])
def test_blank_lines_are_not_rows_of_a_grid(data: bytes, width: int) -> None:
    rows = data.replace(b"a", b'"a\n\na",c').replace(b"b", b"b,d") if width > 1 else data
    grid = grid_of(rows, ",", width)
    assert grid is not None
    cells = [[grid.cell(row, column) for column in range(width)] for row in range(len(grid))]
    assert cells == ([["a\n\na", "c"], ["b", "d"]] if width > 1 else [["a"], ["b"]])


def test_rows_may_be_chosen_in_any_order() -> None:
    grid = grid_of(b'a,1\n"b,",2\nc,3\n', ",", 2)
    assert grid is not None
    chosen = grid.chosen(np.array([2, 0, 1]))
    texts = [chosen.texts(position) for position in range(2)]
    assert [each and each.to_pylist() for each in texts] == [["c", "a", "b,"], ["3", "1", "2"]]
    assert written(chosen) == b'c,3a,1"b,",2'


def test_there_is_no_grid_of_blank_lines_alone() -> None:
    assert grid_of(b"\n\r\n\n", ",", 1) is None


def test_blank_columns_at_the_end_are_left_out() -> None:
    grid = grid_of(b"a,b,,\r\nc,d,,\r\n", ",", 4)
    kept = grid and grid.without_blank(2)
    assert kept is not None
    assert written(kept) == b"a,bc,d"
    filled = grid_of(b"a,b,,\nc,d,,x\n", ",", 4)
    assert filled is not None
    assert filled.without_blank(2) is None


@settings(max_examples=70)
@given(
    st.lists(st.from_regex(r"([0-9]{1,2}(\.[0-9]{0,2})?%?)?|%|[0-9]%%", fullmatch=True), min_size=1)
)
def test_rates_with_a_percent_sign_are_read_as_from_text(cells: list[str]) -> None:
    data = "".join(f"x,{cell}\n" for cell in cells).encode()
    grid = grid_of(data, ",", 2)
    assert grid is not None
    numbers = plain_numbers(grid, 1, Kind.RATE, USD)
    exact = read_column(pa.array(cells), Kind.RATE, USD)
    if numbers is not None:
        assert exact.bad == ()
        assert exact.numbers.tolist() == numbers.tolist()
    elif all(cell.endswith("%") for cell in cells):
        assert exact.bad
