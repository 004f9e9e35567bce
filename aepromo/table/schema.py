"""Every column by name, with its kind of value, its meaning and its names for people.

Each room declares its own in ``columns.py``; here they are gathered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.calculators.columns import PRICE_RESULTS, UPDATE_INPUTS
from aepromo.inputs.columns import SHIPPING_INPUTS, SHIPPING_RESULTS, SKU_INPUTS
from aepromo.past_rates.columns import ORDER_INPUTS, RATE_RESULTS, quantile_named
from aepromo.platform.columns import (
    PAPER_INPUTS,
    PAPER_RESULTS,
    PARCEL_INPUTS,
    PARCEL_RESULTS,
    PLATFORM_INPUTS,
    PLATFORM_RESULTS,
)
from aepromo.watch.columns import FEED_INPUTS, NEWS_RESULTS
from aepromo.words import is_english, label, label_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.table.column import Column


INPUTS: dict[str, Column] = {
    column.name: column
    for columns in (
        SKU_INPUTS,
        ORDER_INPUTS,
        PLATFORM_INPUTS,
        PAPER_INPUTS,
        PARCEL_INPUTS,
        FEED_INPUTS,
        SHIPPING_INPUTS,
        UPDATE_INPUTS,
    )
    for column in columns
}
RESULTS: dict[str, Column] = {
    column.name: column
    for columns in (
        *(PRICE_RESULTS, RATE_RESULTS, PLATFORM_RESULTS, PAPER_RESULTS, PARCEL_RESULTS),
        NEWS_RESULTS,
        SHIPPING_RESULTS,
    )
    for column in columns
}


def column_named(name: str) -> Column | None:
    """A result or an input column by name; a result goes first."""
    return RESULTS.get(name) or INPUTS.get(name) or quantile_named(name)


def named(name: str) -> str:
    """A column in a message: ``list_price`` in English, 标价 in Chinese."""
    return all_named([name])[0]


def all_named(names: Iterable[str]) -> list[str]:
    """Columns in messages, as ``named`` has them."""
    return list(names) if is_english() else list(map(chinese, names))


def in_words(name: str) -> str:
    """A column in a sentence or a heading: ``list price`` in English, 标价 in Chinese."""
    return all_in_words([name])[0]


def all_in_words(names: Iterable[str]) -> list[str]:
    """Columns in sentences or headings, as ``in_words`` has them."""
    if is_english():
        return [name.replace("_", " ") for name in names]
    return [chinese(name) if column_named(name) else label(name) for name in names]


def in_chinese(results: Iterable[str]) -> dict[str, str]:
    """Result columns by their Chinese names."""
    return {RESULTS[name].chinese[0]: name for name in results}


def header_of(name: str, language: str) -> str:
    """The header of one of the program's own columns in a file."""
    if language == "en":
        return name
    return chinese(name) if column_named(name) else label_in(language, name)


def chinese(name: str) -> str:
    """A column's Chinese name, which is also one of its headers; else its name."""
    column = column_named(name)
    return column.chinese[0] if column and column.chinese else name
