"""Names of columns for people: in messages, and as headings of a table."""

from __future__ import annotations

from aepromo.table.schema import column_named
from aepromo.words import is_english, label, label_in


def named(name: str) -> str:
    """A column in a message: ``list_price`` in English, 标价 in Chinese."""
    return name if is_english() else chinese(name)


def in_words(name: str) -> str:
    """A column in a sentence or a heading: ``list price`` in English, 标价 in Chinese."""
    words = name.replace("_", " ")
    if is_english():
        return words
    return chinese(name) if column_named(name) else label(name)


def header_of(name: str, language: str) -> str:
    """The header of one of the program's own columns in a file."""
    if language == "en":
        return name
    return chinese(name) if column_named(name) else label_in(language, name)


def chinese(name: str) -> str:
    """A column's Chinese name, which is also one of its headers; else its name."""
    column = column_named(name)
    return column.chinese[0] if column and column.chinese else name
