"""The columns of an answer: a file's own, then those that are added, with their names.

An added column has the program's name, also where it replaces a column of the file; every other
column has its header as its name. What a column holds is its role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.schema import INPUTS, RESULTS, chinese, header_of, in_chinese

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aepromo.table.headers import Headers


class Layout(NamedTuple):
    """The columns of an answer in order, by name.

    ``headers`` are those of the file's columns, unchanged; ``known`` is what these hold, as far as
    a header or a mapping says.
    """

    names: tuple[str, ...]
    headers: Mapping[str, str] = {}
    known: Mapping[str, str] = {}

    @property
    def identity(self) -> str:
        """The column that identifies rows: the one with the ids, or the first."""
        return self.holding("sku") or self.names[0]

    def role(self, name: str) -> str:
        """The input or result that a column holds; ``""`` if unknown."""
        return self.known.get(name, name if name in RESULTS or name in INPUTS else "")

    def holding(self, role: str) -> str:
        """The column that holds a role, first the one of that name; empty if there is none."""
        if role in self.names and self.role(role) == role:
            return role
        return next((name for name in self.names if self.role(name) == role), "")

    def header(self, name: str, language: str) -> str:
        """The header to write for a column: the file's own, or else the program's."""
        return self.headers.get(name) or header_of(name, language)

    def headed(self, names: Iterable[str], language: str) -> list[str]:
        """The headers to write for some columns."""
        if language == "en":
            return [self.headers.get(name) or name for name in names]
        return [self.header(name, language) for name in names]

    def meant(self, word: str) -> list[str]:
        """The columns that a word may mean.

        First a header as written, unless another column was mapped to that name; then the name of
        what a column holds, then its other names, in any spelling.
        """
        exact = [name for name in self.names if self.headers.get(name, name) == word]
        if [self.role(name) for name in exact] == [word]:
            return exact
        found = exact + [
            name for name in self.names if self.role(name) == word and name not in exact
        ]
        if found:
            return found
        from aepromo.table.headers import plain, read_header  # most calls don't need it

        wanted, stands_for = plain(word), read_header(word).column
        return [
            name
            for name in self.names
            if wanted in map(plain, self._ways(name))
            or (stands_for and self.role(name) == stands_for)
        ]

    def _ways(self, name: str) -> tuple[str, ...]:
        role = self.role(name) or name
        return self.header(name, "zh"), role, chinese(role)


def laid_out(headers: Headers, added: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """The columns of a file, and what is ``added`` to it or replaced where it stands.

    A file has a column by its name in English, or else by its name in Chinese, unless a mapping
    says that this is something else.
    """
    from aepromo.table.headers import plain, result_of  # a one-liner has no file

    mapped = set(map(plain, mapping))
    missing = in_chinese(name for name in added if name not in headers.names)
    names: list[str] = []
    for column in headers.names:
        way = plain(column)
        names.append(column if way in mapped else missing.pop(way, column))
    known = {
        name: name if name in added else reading.column or result_of(column)
        for name, column, reading in zip(names, headers.names, headers.readings, strict=True)
    }
    of_file = dict(zip(names, headers.names, strict=True))
    return Layout(tuple(dict.fromkeys((*names, *added))), of_file, known)
