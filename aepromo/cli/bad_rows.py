"""Bad rows: each named on standard error, and set aside in a file or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from aepromo.cli.say import say
from aepromo.errors import InputError, OutputError
from aepromo.table.text import delimited
from aepromo.words import _, cause, ngettext, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aepromo.table.source import Source

MOST_NAMED = 20
HEADERS = ("line", "column", "reason")
"""Headers of the columns before those of a rejected row; in Chinese under ``--headers zh``."""


class RowsRefused(InputError):
    """There were bad rows and no file for them."""


@dataclass(slots=True)
class BadRow:
    """A row that can't be used: its line, the bad columns, the reason, and its cells as read."""

    line: int
    columns: list[str]
    reasons: list[str]
    cells: tuple[str, ...]


class BadRows:
    """The bad rows of a run: reported, and written to ``stream`` if there is one.

    ``path`` is the file that the stream becomes; it is named if writing fails. ``language`` is that
    of the headers before a row's own. Input that is a file of rejected rows already has these
    columns; they are replaced.
    """

    def __init__(
        self,
        source: Source,
        stream: BinaryIO | None = None,
        path: str | None = None,
        language: str = "en",
    ) -> None:
        self._source, self._stream, self._path = source, stream, path
        self.count = 0
        self._named = 0
        headers = tuple(map(texts_in(language, "rejects"), HEADERS))
        self._passed = len(headers) if tuple(source.header[: len(headers)]) == headers else 0
        self._mark = "\ufeff" if source.has_mark else ""
        self._write([(*headers, *source.header[self._passed :])])

    @property
    def is_open(self) -> bool:
        """Whether there is a file for them."""
        return self._stream is not None

    @property
    def refuses(self) -> bool:
        """Whether there were bad rows without a file for them."""
        return bool(self.count) and not self.is_open

    def add(self, rows: Iterable[BadRow]) -> None:
        """Name some rows and set them aside."""
        added = list(rows)
        self.count += len(added)
        for row in added:
            if self._named < MOST_NAMED:
                self._name(row)
            else:
                self._named += len(row.columns)
        self._write(
            (str(row.line), _joined(row.columns), _joined(row.reasons), *row.cells[self._passed :])
            for row in added
        )

    def close(self) -> None:
        """Report how many there were. Raises ``RowsRefused`` where there is no file for them."""
        name = self._source.name
        if self._named > MOST_NAMED:
            more = _("… and {count:,} more problems").format(count=self._named - MOST_NAMED)
            say(f"{name}: {more}")
        counted = ngettext("{count:,} bad row", "{count:,} bad rows", self.count)
        counted = counted.format(count=self.count)
        if self.refuses:
            remedy = ngettext(
                "{bad_rows}; fix it, or set it aside with --rejects FILE",
                "{bad_rows}; fix them, or set them aside with --rejects FILE",
                self.count,
            )
            raise RowsRefused(f"{name}: " + remedy.format(bad_rows=counted))
        if self.count:
            say(f"{name}: " + _("{bad_rows} set aside").format(bad_rows=counted))

    def _name(self, row: BadRow) -> None:
        for column, reason in zip(row.columns, row.reasons, strict=True):
            self._named += 1
            if self._named <= MOST_NAMED:
                place = f"{self._source.name}:{row.line}: "
                say(place + (f"{column}: {reason}" if column else reason))

    def _write(self, rows: Iterable[Sequence[str]]) -> None:
        if self._stream is None:
            return
        try:
            end, delimiter = self._source.line_end, self._source.delimiter
            text = delimited(rows, delimiter, line_end=end)
            self._stream.write((self._mark + text).encode())
            self._mark = ""
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = _("can't be written: {reason}").format(reason=cause(error))
            raise OutputError(f"{self._path}: {reason}") from None


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else "; ".join(dict.fromkeys(parts))
