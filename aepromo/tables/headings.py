"""What a column is called where people read: in messages, and on top of a table."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aepromo.tables.headers import plain
from aepromo.tables.schema import RESULTS, column_named
from aepromo.words import is_english, label, label_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def named(name: str) -> str:
    """A column in a message: ``list_price`` as the contract has it, in Chinese 标价."""
    return name if is_english() else chinese(name)


def in_words(name: str) -> str:
    """A column in a sentence or a heading: ``list price``, in Chinese 标价."""
    words = name.replace("_", " ")
    if is_english():
        return words
    return chinese(name) if column_named(name) else label(name)


def header_of(name: str, language: str) -> str:
    """The header of one of the program's own columns in a file."""
    if language == "en":
        return name
    return chinese(name) if column_named(name) else label_in(language, name)


def own_columns(header: Sequence[str], added: Iterable[str]) -> list[str]:
    """A file's header with the columns in it that are ``added`` anew under their English names.

    Where a file has a column by its Chinese name, as ``header_of`` wrote it, that is the one to
    replace; not where it has it by its English name too.
    """
    english = {plain(chinese(name)): name for name in added if name not in header}
    return [english.get(plain(column), column) for column in header]


def chinese(name: str) -> str:
    """A column's Chinese name, which is also one of its headers; else the name as it is."""
    column = column_named(name)
    return column.chinese[0] if column and column.chinese else name


@cache
def _by_chinese() -> dict[str, str]:
    return {column.chinese[0]: name for name, column in RESULTS.items() if column.chinese}


def result_named(header: str) -> str:
    """The result column that ``header_of`` wrote this header for; else the header itself."""
    return _by_chinese().get(header, header)
