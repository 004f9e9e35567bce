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


def places_of(rows: Places) -> pa.Array:
    """Places of rows, for ``take``."""
    rows = np.ascontiguousarray(rows, np.int64)
    return pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)])


def taken(texts: pa.Array, rows: Places) -> pa.Array:
    """Some cells of a column."""
    return texts.take(places_of(rows))


def texts_of(texts: Sequence[str]) -> pa.Array:
    """A column of texts."""
    cells = [text.encode() for text in texts]
    offsets = np.zeros(len(cells) + 1, np.int32)
    np.cumsum([*map(len, cells)], out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(cells))]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)


def text_scalar(text: str) -> pa.Scalar:
    """A text to compute with."""
    return texts_of([text])[0]


def offsets_of(texts: pa.Array) -> npt.NDArray[np.int32]:
    """The start of each text of a column in its bytes, and the end of the last one."""
    return np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, 4 * texts.offset)


def codes_of(encoded: pa.DictionaryArray) -> npt.NDArray[np.int32]:
    """The indices of a column whose different texts are held once; none of them is null."""
    indices = encoded.indices
    return np.frombuffer(indices.buffers()[1], np.int32, len(indices), 4 * indices.offset)


def bits_of(where: npt.NDArray[np.bool_]) -> pa.Array:
    """A column of booleans."""
    bits = pa.py_buffer(np.packbits(where, bitorder="little"))
    return pa.Array.from_buffers(pa.bool_(), len(where), [None, bits])


def truths(found: pa.Array) -> npt.NDArray[np.bool_]:
    """A column of booleans as NumPy holds it."""
    whole = pc.cast(found, pa.uint8())
    codes = np.frombuffer(whole.buffers()[1], np.uint8, len(whole), whole.offset)
    return codes.astype(np.bool_)
