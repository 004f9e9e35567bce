"""Arrow arrays from NumPy arrays and lists, and back, without loading pandas.

Given a Python object, Arrow imports pandas to see whether it is one of its own, and ``to_numpy``
does so, too. That takes as long as pricing a hundred thousand SKUs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Places = npt.NDArray[np.int64]


def places_of(rows: Places, is_none: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Places of rows, for ``take``; null where there is none."""
    rows = np.ascontiguousarray(rows, np.int64)
    validity = None if is_none is None else bits_of(~is_none).buffers()[1]
    return pa.Array.from_buffers(pa.int64(), len(rows), [validity, pa.py_buffer(rows)])


def taken(texts: pa.Array, rows: Places) -> pa.Array:
    """Some cells of a column."""
    return texts.take(places_of(rows))


def texts_of(texts: Sequence[str | None]) -> pa.Array:
    """A column of texts, null for None."""
    cells = [(text or "").encode() for text in texts]
    offsets = np.zeros(len(cells) + 1, np.int32)
    np.cumsum([*map(len, cells)], out=offsets[1:])
    are_there = None
    if None in texts:
        are_there = bits_of(np.array([text is not None for text in texts])).buffers()[1]
    buffers = [are_there, pa.py_buffer(offsets), pa.py_buffer(b"".join(cells))]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)


def text_scalar(text: str) -> pa.Scalar:
    """A text to compute with."""
    return texts_of([text])[0]


def looked_up(texts: Sequence[str | None], codes: Places) -> pa.Array:
    """A column of some texts by their indices, null where an index is negative."""
    is_none = codes < 0
    return texts_of(texts).take(places_of(codes, is_none if is_none.any() else None))


def concatenated(parts: Sequence[str | pa.Array]) -> pa.Array:
    """The texts of columns one after the other, row by row; a single text is in every row."""
    columns = [text_scalar(part) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*columns, text_scalar(""))


def null_unless(where: npt.NDArray[np.bool_], texts: pa.Array) -> pa.Array:
    """A column of texts, null where a condition doesn't hold."""
    if where.all():
        return texts
    return pc.if_else(bits_of(where), texts, texts_of([None])[0])


def offsets_of(texts: pa.Array) -> npt.NDArray[np.int32]:
    """The start of each text of a column in its bytes, and the end of the last one."""
    return np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, 4 * texts.offset)


def codes_of(encoded: pa.DictionaryArray) -> Places:
    """The indices of a column whose different texts are held once; none of them is null."""
    indices = encoded.indices
    codes = np.frombuffer(indices.buffers()[1], np.int32, len(indices), 4 * indices.offset)
    return codes.astype(np.int64)


def numbers_of(column: pa.Array) -> Places:
    """The 64-bit numbers behind a column, of times or decimals; none of them is null."""
    return np.frombuffer(column.buffers()[1] or b"", np.int64, len(column), 8 * column.offset)


def bits_of(where: npt.NDArray[np.bool_]) -> pa.Array:
    """A column of booleans."""
    bits = pa.py_buffer(np.packbits(where, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(where), [None, bits])


def are_empty(texts: pa.Array) -> pa.Array:
    """Which texts are empty, as a column of booleans."""
    return bits_of(np.diff(offsets_of(texts)) == 0)


def truths(found: pa.Array) -> npt.NDArray[np.bool_]:
    """A column of booleans as NumPy holds it."""
    whole = pc.cast(found, pa.uint8())
    codes = np.frombuffer(whole.buffers()[1], np.uint8, len(whole), whole.offset)
    return codes.astype(np.bool_)
