"""A frame of text and exact decimals to CSV lines, a column at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.tables.text import is_run_by_spreadsheets

if TYPE_CHECKING:
    from collections.abc import Sequence


def delimited_block(
    columns: Sequence[pa.Array], delimiter: str = ",", excel_safe: bool = False
) -> memoryview:
    """The rows of some columns as CSV or TSV bytes, as ``text.delimited`` writes them."""
    texts = [_as_text(column, delimiter, excel_safe) for column in columns]
    if len(texts) == 1:
        # An empty line would be no row at all.
        texts = [pc.if_else(pc.equal(pc.binary_length(texts[0]), 0), '""', texts[0])]
    texts[-1] = pc.binary_join_element_wise(texts[-1], "", "\n")
    lines = pc.binary_join_element_wise(*texts, delimiter)
    _, offset_buffer, data = lines.buffers()
    if data is None:
        return memoryview(b"")
    offsets = np.frombuffer(offset_buffer, np.int32, len(lines) + 1, 4 * lines.offset)
    return memoryview(data)[offsets[0] : offsets[-1]]


def text_array(column: pa.Array) -> pa.Array:
    """A column as text, null where a figure is blank."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def _as_text(column: pa.Array, delimiter: str, excel_safe: bool) -> pa.Array:
    is_text = pa.types.is_string(column.type)
    text = text_array(column)
    if text.null_count:
        text = text.fill_null("")
    if is_text and excel_safe:
        text = _for_spreadsheets(text)
    return _quoted(text, delimiter) if is_text and _has_special(text, delimiter) else text


def _for_spreadsheets(text: pa.Array) -> pa.Array:
    if not pc.any(pc.match_substring_regex(text, r"^[=+\-@\t\r]")).as_py():
        return text
    cells = text.to_pylist()
    return pa.array(["'" + cell if is_run_by_spreadsheets(cell) else cell for cell in cells])


def _has_special(text: pa.Array, delimiter: str) -> bool:
    data = text.buffers()[2]
    if data is None:
        return False
    codes = np.frombuffer(data, np.uint8)
    return any(bool((codes == ord(special)).any()) for special in f'{delimiter}"\n\r')


def _quoted(text: pa.Array, delimiter: str) -> pa.Array:
    needy = pc.match_substring_regex(text, f'[{delimiter}"\\n\\r]')
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(needy, pc.binary_join_element_wise('"', doubled, '"', ""), text)
