"""A made-up catalogue of any size: the same seed gives the same rows for any number of rows.

``python tests/bench/data.py FILE --rows N`` writes nine columns and about 90 bytes a row, chunk by
chunk, so memory stays flat. Some titles are Chinese, some hold commas or quotes and are therefore
quoted; no other cell is.
"""

from __future__ import annotations

import argparse
import csv
import io
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

HEADER = (
    "sku",
    "title",
    "category",
    "market",
    "purchase_price",
    "logistics_cost",
    "list_price",
    "commission_rate",
    "target_profit",
)
SEED = 20_240_201
CHUNK_ROWS = 100_000

CATEGORIES = ("apparel", "home_garden", "electronics", "jewelry", "toys", "beauty", "auto_parts")
MARKETS = ("US", "ES", "FR", "BR", "KR", "DE", "PL", "SA")
RATES = ("0.05", "0.06", "0.08")
SIZES = ("S", "M", "L", "XL")

_MAKES = ("Women's", "Men's", "Kids'", "Portable", "Wireless", "Vintage", "Waterproof", "2-in-1")
_THINGS = (
    "ribbed knit tank top",
    "LED desk lamp",
    "phone holder for cars",
    "stainless steel bottle",
    "running shorts",
    "USB-C charging cable",
    "storage box",
    "pet grooming brush",
)
_DETAILS = ("", " new", " black", " 2 pcs", " 1.5 m", " large", ", plus size", ', 12" wide')
_CHINESE_MAKES = ("夏季", "新款", "便携", "复古", "防水", "儿童", "跨境", "加厚")
_CHINESE_THINGS = ("女士针织背心", "LED台灯", "车载手机支架", "不锈钢保温杯", "速干运动短裤")
_CHINESE_DETAILS = ("", "黑色", "大号", "，两件装", ", 2件")


def _titles() -> list[str]:
    english = ["".join((make, " ", *rest)) for make, *rest in product(_MAKES, _THINGS, _DETAILS)]
    chinese = [
        "".join(parts) for parts in product(_CHINESE_MAKES, _CHINESE_THINGS, _CHINESE_DETAILS)
    ]
    return english + chinese


def _as_cell(text: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([text])
    return line.getvalue()


def _amounts(cents: npt.NDArray[np.int64]) -> pa.Array:
    exact = pa.Array.from_buffers(pa.decimal64(18, 2), len(cents), [None, pa.py_buffer(cents)])
    return exact.cast(pa.string())


class Catalogue:
    """Rows as CSV lines, in chunks; a chunk depends only on the seed and its place."""

    def __init__(self, seed: int = SEED) -> None:
        self._seed = seed
        self._titles = [_as_cell(title) for title in _titles()]

    def lines(self, chunk: int, rows: int) -> memoryview:
        """The first ``rows`` lines of a chunk."""
        random = np.random.default_rng([self._seed, chunk])

        def chosen(texts: Sequence[str]) -> pa.Array:
            return pa.array(texts).take(pa.array(random.integers(0, len(texts), CHUNK_ROWS)))

        # An id that no reader reads as a number: AP-1000042-XL.
        numbers = np.arange(CHUNK_ROWS) + (10_000_000 + chunk * CHUNK_ROWS)
        ids = pc.binary_join_element_wise(
            "AP", pa.array(numbers).cast(pa.string()), chosen(SIZES), "-"
        )
        purchase = np.clip(random.lognormal(6.2, 0.9, CHUNK_ROWS), 30, 40_000).astype(np.int64)
        logistics = random.integers(60, 900, CHUNK_ROWS)
        # Current list prices: most are high enough, some are not.
        listed = ((purchase + logistics) * random.uniform(1.2, 2.4, CHUNK_ROWS)).astype(np.int64)
        target = random.integers(30, 1_200, CHUNK_ROWS)
        lines = pc.binary_join_element_wise(
            ids,
            chosen(self._titles),
            chosen(CATEGORIES),
            chosen(MARKETS),
            _amounts(purchase),
            _amounts(logistics),
            _amounts(listed),
            chosen(RATES),
            pc.binary_join_element_wise(_amounts(target), "", "\n"),
            ",",
        ).slice(0, rows)
        offsets = np.frombuffer(lines.buffers()[1], np.int32, rows + 1)
        return memoryview(lines.buffers()[2])[: offsets[-1]]


def write(stream: BinaryIO, rows: int, seed: int = SEED) -> None:
    """The header and the first ``rows`` rows of the catalogue."""
    catalogue = Catalogue(seed)
    stream.write((",".join(HEADER) + "\n").encode())
    for chunk, start in enumerate(range(0, rows, CHUNK_ROWS)):
        stream.write(catalogue.lines(chunk, min(CHUNK_ROWS, rows - start)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a made-up catalogue.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    with asked.file.open("wb") as file:
        write(file, asked.rows, asked.seed)
