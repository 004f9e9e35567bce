"""The columns of headers, as named by ``--map`` and by the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class HeaderMap(NamedTuple):
    """Columns by header: those that a call names, and those of a configuration.

    A configuration holds for every file, so a file may lack its headers.
    """

    given: Mapping[str, str] = {}
    configured: Mapping[str, str] = {}

    @property
    def all(self) -> dict[str, str]:
        """Both, for any file."""
        return {**self.configured, **self.given}

    def of(self, header: Sequence[str]) -> dict[str, str]:
        """Return the columns by header for a file with this header row.

        The call goes before the configuration, which counts only for headers that the file has.
        """
        if not self.configured:
            return dict(self.given)
        from aepromo.table.headers import SUMMED, column_called, plain  # few files need them

        there = set(map(plain, header)) - set(map(plain, self.given))
        taken = {column_called(name) for name in self.given.values()} - SUMMED
        configured = {
            each: name
            for each, name in self.configured.items()
            if plain(each) in there and column_called(name) not in taken
        }
        return configured | dict(self.given)
