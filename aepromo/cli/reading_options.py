"""How a command reads its file, from options and the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from aepromo.cli.options import ReadingOptions, options_of
from aepromo.errors import CallError
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aepromo.cli.config import Config


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
        from aepromo.table.headers import SUMMED, column_called, plain  # a one-liner has no file

        there = set(map(plain, header)) - set(map(plain, self.given))
        taken = {column_called(name) for name in self.given.values()} - SUMMED
        configured = {
            each: name
            for each, name in self.configured.items()
            if plain(each) in there and column_called(name) not in taken
        }
        return configured | dict(self.given)


class Reading(NamedTuple):
    """How a file is read. ``is_given``: an option about reading is given, so FILE is required."""

    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    rejects: str | None = None
    headers: HeaderMap = HeaderMap()
    is_given: bool = False


def reading_of(given: Mapping[str, Any], config: Config, store: str | None = None) -> Reading:
    """How to read a file, by a command's arguments. Raises ``CallError``."""
    options = options_of(ReadingOptions, given)
    return Reading(
        options.encoding,
        options.delimiter,
        options.decimal,
        options.sheet,
        options.rejects,
        HeaderMap(mapping_of(options.map), config.mapping(store)),
        options != ReadingOptions(),
    )


def mapping_of(pairs: list[str] | None) -> dict[str, str]:
    """``HEADER=COLUMN`` pairs; the header may hold an equals sign itself."""
    mapping = {}
    for pair in pairs or []:
        header, equals, name = pair.rpartition("=")
        if not (header and equals and name):
            reason = _("write HEADER=COLUMN, such as 'Cost=purchase_price'")
            raise CallError(f"--map '{pair}': {reason}")
        mapping[header.strip()] = name.strip()
    return mapping
