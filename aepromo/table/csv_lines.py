"""Columns to CSV lines, a whole column at a time."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import (
    are_empty,
    bits_of,
    concatenated,
    decoded,
    looked_up,
    offsets_of,
    text_scalar,
    texts_of,
    truths,
)
from aepromo.table.column import Kind
from aepromo.table.text_formats import is_run_by_spreadsheets, places_shown, result_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column
    from aepromo.table.number_columns import Numbers


def joined(texts: Sequence[pa.Array], delimiter: str, line_end: str = "\n") -> memoryview:
    """Columns of cells ready to write, as CSV or TSV lines."""
    cells = list(texts)
    if len(cells) == 1:
        # An empty line would not be a row.
        cells = [pc.if_else(are_empty(cells[0]), text_scalar('""'), cells[0])]
    return bytes_of(lines_of(cells, delimiter, line_end))


def lines_of(cells: Sequence[pa.Array], delimiter: str, line_end: str) -> pa.Array:
    """Rows of several cells as lines."""
    last = _ended(cells[-1], line_end)
    return pc.binary_join_element_wise(*cells[:-1], last, text_scalar(delimiter))


def _ended(cells: pa.Array, line_end: str) -> pa.Array:
    return pc.binary_join_element_wise(cells, text_scalar(""), text_scalar(line_end))


def bytes_of(lines: pa.Array) -> memoryview:
    """The lines, one after the other."""
    data = lines.buffers()[2]
    if data is None:
        return memoryview(b"")
    offsets = offsets_of(lines)
    return memoryview(data)[offsets[0] : offsets[-1]]


def cell_texts(column: pa.Array, delimiter: str, excel_safe: bool) -> pa.Array:
    """Input cells, quoted if needed, as ``text_formats.delimited`` writes them."""
    text = column.fill_null(text_scalar("")) if column.null_count else column
    if excel_safe:
        text = _for_spreadsheets(text)
    return _quoted(text, delimiter)


def answer_texts(
    columns: Iterable[tuple[pa.Array | Numbers | int, Column | None]],
    rows: int,
    delimiter: str,
    excel_safe: bool,
    currency: Currency,
) -> list[pa.Array]:
    """Columns of an answer as cells ready to write; those of the file have no ``Column``."""
    return [
        cell_texts(decoded(cells), delimiter, excel_safe)
        if column is None or isinstance(cells, pa.Array)
        else result_texts(cells, column, rows, currency)
        for cells, column in columns
    ]


def result_texts(numbers: Numbers | int, column: Column, rows: int, currency: Currency) -> pa.Array:
    """A computed column as text, an empty cell where it is blank."""
    if isinstance(numbers, int) or (rows and numbers.min() == numbers.max()):
        # Often the worst case or the status is the same for all rows.
        only = numbers if isinstance(numbers, int) else int(numbers[0])
        return pa.repeat(text_scalar(result_text(only, column, currency) or ""), rows)
    if column.kind is Kind.LABEL:
        last = len(column.labels)
        return looked_up([*column.labels, ""], np.where(numbers == BLANK, last, numbers))
    texts = spelled(numbers, places_shown(column.kind, currency))
    return without_zeros(texts) if column.kind is Kind.EXCHANGE else texts


def without_zeros(texts: pa.Array) -> pa.Array:
    """Decimals without trailing zeros: ``7.12``."""
    return pc.utf8_rtrim(pc.utf8_rtrim(texts, "0"), ".")


def figure_texts(figures: pa.Array, kind: Kind) -> list[str | None]:
    """A column of an answer as text, as ``result_texts`` writes it; None where it is blank."""
    texts = figures.cast(pa.string())
    found: list[str | None] = (without_zeros(texts) if kind is Kind.EXCHANGE else texts).to_pylist()
    return found


def spelled(numbers: Numbers, places: int) -> pa.Array:
    """Whole numbers of the smallest unit as plain decimals, blank ones as empty text."""
    blank = numbers == BLANK
    figures = np.where(blank, 0, numbers) if blank.any() else np.ascontiguousarray(numbers)
    exact = pa.Array.from_buffers(
        pa.decimal64(18, places), len(figures), [None, pa.py_buffer(figures)]
    )
    text = exact.cast(pa.string())
    return pc.if_else(bits_of(blank), text_scalar(""), text) if blank.any() else text


def _for_spreadsheets(text: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(text, r"^[=+\-@\t\r]")).as_py():
        return text
    cells = text.to_pylist()
    return texts_of(["'" + cell if is_run_by_spreadsheets(cell) else cell for cell in cells])


def _has_any(text: pa.Array, character: str) -> bool:
    """Whether a character may be in any cell; the array may be a part of a longer one."""
    data = text.buffers()[2]
    return data is not None and bool((np.frombuffer(data, np.uint8) == ord(character)).any())


def _quoted(text: pa.Array, delimiter: str) -> pa.Array:
    found = [
        pc.match_substring(text, special)
        for special in f'{delimiter}"\n\r'
        if _has_any(text, special)
    ]
    if not found:
        return text
    doubled = pc.replace_substring(text, '"', '""') if _has_any(text, '"') else text
    quotes = looked_up(["", '"'], truths(reduce(pc.or_, found)).astype(np.int64))
    return concatenated([quotes, doubled, quotes])
