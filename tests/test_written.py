"""What is written a column at a time is what is written cell by cell."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aepromo.pricing.money import BLANK
from aepromo.tables.bulk import COMMON, cell_texts, joined, result_texts
from aepromo.tables.currency import USD
from aepromo.tables.schema import RESULTS
from aepromo.tables.text import delimited, result_text

CELL = st.text('",;\t\n\r=+-@1.a', max_size=6) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
)
ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5)
)
FIGURE = st.integers(-3 * COMMON, 3 * COMMON) | st.sampled_from([-COMMON, COMMON, BLANK, -1, 0])


@given(ROWS, st.sampled_from(",\t"), st.booleans())
@example([["a\rb"]], ",", False)
@example([[""]], ",", False)
def test_cells_are_quoted_alike(rows: list[list[str]], delimiter: str, excel_safe: bool) -> None:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    at_once = joined([cell_texts(cells, delimiter, excel_safe) for cells in columns], delimiter)
    assert bytes(at_once).decode() == delimited(rows, delimiter, excel_safe)


@given(ROWS, st.sampled_from(",;\t|"))
def test_cells_are_read_back_by_csv(rows: list[list[str]], delimiter: str) -> None:
    written = io.StringIO(delimited(rows, delimiter), newline="")
    assert list(csv.reader(written, delimiter=delimiter)) == rows


@pytest.mark.parametrize("name", ["profit", "exact_list_price", "margin"])
@pytest.mark.parametrize("times", [1, 20_000], ids=["few rows", "many rows"])
@given(st.lists(FIGURE, min_size=1, max_size=8))
def test_figures_are_spelled_alike(name: str, times: int, figures: list[int]) -> None:
    column = RESULTS[name]
    many = np.tile(np.array(figures, np.int64), times)
    texts = result_texts(many, column, len(many), USD)
    expected = [result_text(figure, column, USD) or "" for figure in figures]
    assert texts.slice(0, len(figures)).to_pylist() == expected
    assert texts.slice(len(many) - len(figures)).to_pylist() == expected


@given(st.lists(st.sampled_from([0, 1, 2, 3, BLANK]), min_size=1))
def test_labels_are_spelled_alike(figures: list[int]) -> None:
    column = RESULTS["status"]
    texts = result_texts(np.array(figures, np.int64), column, len(figures), USD)
    assert texts.to_pylist() == [result_text(figure, column, USD) or "" for figure in figures]
