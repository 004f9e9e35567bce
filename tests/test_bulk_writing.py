"""Writing a column at a time gives the same text as writing cell by cell."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aepromo.pricing.currency import USD, Currency
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import repeated
from aepromo.table.csv_lines import cell_texts, joined, result_texts
from aepromo.table.grid import Pieces, grid_of
from aepromo.table.line_ends import NEAR, with_line_ends
from aepromo.table.schema import RESULTS
from aepromo.table.text_formats import delimited, result_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from aepromo.table.column import Column

CELL = st.text('",;\t\n\r=+-@1.a', max_size=6) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
)
ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=5)
)
LINE_END = st.sampled_from(["\n", "\r\n"])
FIGURE = (
    st.integers(-3000, 3000)
    | st.integers(-2 * NEAR[-1], 2 * NEAR[-1])
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.sampled_from([1000, 999, -1000, BLANK, 0])
    | st.sampled_from(NEAR).flatmap(
        lambda near: st.sampled_from([near - 1, near, 1 - near // 10, -near // 10])
    )
)
CURRENCIES = (USD, Currency("JPY", 0), Currency("KWD", 3))


@given(ROWS, st.sampled_from(",\t"), st.booleans(), LINE_END)
@example([["a\rb"]], ",", False, "\n")
@example([[""]], ",", False, "\n")
def test_cells_are_quoted_the_same_way(
    rows: list[list[str]], delimiter: str, excel_safe: bool, line_end: str
) -> None:
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    texts = [cell_texts(cells, delimiter, excel_safe) for cells in columns]
    at_once = bytes(joined(texts, delimiter, line_end)).decode()
    assert at_once == delimited(rows, delimiter, excel_safe, line_end)


@given(ROWS, st.sampled_from(",;\t|"), LINE_END)
def test_cells_are_read_back_by_csv(rows: list[list[str]], delimiter: str, line_end: str) -> None:
    written = io.StringIO(delimited(rows, delimiter, line_end=line_end), newline="")
    assert list(csv.reader(written, delimiter=delimiter)) == rows


@pytest.mark.parametrize("name", ["profit", "exact_list_price", "margin"])
@given(st.lists(FIGURE, min_size=1, max_size=8), st.sampled_from(CURRENCIES), LINE_END)
def test_figures_are_written_the_same_way(
    name: str, figures: list[int], currency: Currency, line_end: str
) -> None:
    column, numbers = RESULTS[name], np.array(figures, np.int64)
    expected = [result_text(figure, column, currency) or "" for figure in figures]
    assert result_texts(numbers, column, len(figures), currency).to_pylist() == expected
    ends = line_ends([(numbers, column)], len(figures), ",", currency, line_end)
    assert ends == "".join(f",{text}{line_end}" for text in expected)


@given(st.lists(st.sampled_from([0, 1, 2, 3, BLANK]), min_size=1))
def test_labels_are_written_the_same_way(figures: list[int]) -> None:
    column, numbers = RESULTS["status"], np.array(figures, np.int64)
    expected = [result_text(figure, column, USD) or "" for figure in figures]
    assert result_texts(numbers, column, len(figures), USD).to_pylist() == expected
    ends = line_ends([(numbers, column), (numbers, column)], len(figures), "\t", USD)
    assert ends == "".join(f"\t{text}\t{text}\n" for text in expected)


@given(st.lists(CELL | st.none(), min_size=1), LINE_END)
def test_texts_are_written_the_same_way(texts: list[str | None], line_end: str) -> None:
    plain, labels = pa.array(texts, pa.string()), np.zeros(len(texts), np.int64)
    expected = delimited([["", text, "ok", text, text] for text in texts], line_end=line_end)
    for held in (plain, plain.dictionary_encode(), repeated(plain, np.arange(len(texts)))):
        columns = [held, labels, held, held]
        figures = [(each, RESULTS["reasons" if each is held else "status"]) for each in columns]
        assert line_ends(figures, len(texts), ",", USD, line_end) == expected


def test_rows_are_extended_by_what_is_added() -> None:
    grid = grid_of(b'a,1\nb,"2,3"\n', ",", 2)
    assert grid is not None
    figures: list[tuple[npt.NDArray[np.int64] | int, Column]] = [
        (np.array([404, -5]), RESULTS["profit"]),
        (0, RESULTS["status"]),
    ]
    rows = grid.rows(",")
    assert rows is not None
    lines = with_line_ends(rows, figures, ",", USD).joined()
    assert bytes(lines) == b'a,1,4.04,ok\nb,"2,3",-0.05,ok\n'
    texts = rows.followed_by(Pieces.of(pa.array([",x\n", ",价\n"]))).joined()
    assert bytes(texts).decode() == 'a,1,x\nb,"2,3",价\n'


def line_ends(
    figures: Sequence[tuple[pa.Array | npt.NDArray[np.int64], Column]],
    rows: int,
    delimiter: str,
    currency: Currency,
    line_end: str = "\n",
) -> str:
    """The lines of rows that have no cells of their own."""
    none = Pieces(np.zeros(0, np.uint8), np.zeros((rows, 0, 2), np.int64))
    return bytes(with_line_ends(none, figures, delimiter, currency, line_end).joined()).decode()
