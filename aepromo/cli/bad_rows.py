"""Bad rows: each named on standard error, and set aside in a file or refused."""

from __future__ import annotations

from itertools import islice
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from aepromo.cli.say import say
from aepromo.errors import InputError, OutputError
from aepromo.table.blocks import line_numbers
from aepromo.table.bulk import cell_texts, joined_ends
from aepromo.table.number_columns import rows_of
from aepromo.table.text import delimited_lines
from aepromo.words import _, cause, ngettext, texts_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aepromo.errors import Refused
    from aepromo.table.blocks import TextBlock
    from aepromo.table.source import Source

MOST_NAMED = 20
HEADERS = ("line", "column", "reason")
"""Headers of the columns before those of a rejected row; in Chinese under ``--headers zh``."""


class RowsRefused(InputError):
    """There were bad rows and nowhere to put them."""


class _BadRow(NamedTuple):
    """A row that can't be used: its line, the columns to blame, and why."""

    line: int
    columns: list[str]
    reasons: list[str]


class BadRows:
    """The bad rows of a run: reported, and written to ``stream`` if there is one.

    ``path`` is the file that the stream becomes; it is named if writing fails. ``language`` is that
    of the headers before a row's own. Input that is itself a file of rejected rows already has
    these columns; they are replaced.
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
        self._write(self._lines([(*headers, *source.header[self._passed :])]))

    @property
    def is_open(self) -> bool:
        """Whether there is somewhere to put them."""
        return self._stream is not None

    @property
    def refuses(self) -> bool:
        """Whether there were any that there is no place for."""
        return bool(self.count) and not self.is_open

    def add(
        self,
        text: TextBlock,
        refused: Sequence[Refused],
        lines_of: Callable[[list[int]], Mapping[int, int]] | None = None,
    ) -> None:
        """Name the bad rows of a block, and set them aside.

        ``lines_of`` tells on which lines rows stand, where the text doesn't. Reasons are worked out
        for those rows alone that are told of.
        """
        rows, unsaid = rows_of(refused), max(MOST_NAMED - self._named, 0)
        self.count += len(rows) + len(text.ragged)
        self._named += sum(len(each.rows) for each in refused) + len(text.ragged)
        told = rows if self.is_open else rows[:unsaid]
        if not (len(told) or text.ragged):
            return
        places = told.tolist()
        lines = line_numbers(text, places) if lines_of is None else lines_of(places)
        bad = _bad_rows(lines, refused)
        ragged = [_BadRow(each.line, [""], [each.reason]) for each in text.ragged]
        self._name(sorted(bad[:unsaid] + ragged[:unsaid], key=attrgetter("line")), unsaid)
        if self.is_open:
            rejects = self._rejects(bad, text.chosen(told)) if len(told) else []
            heads = map(_head, ragged)
            rejects += [
                (each.line, self._lines([(*head, *each.cells[self._passed :])])[0])
                for head, each in zip(heads, text.ragged, strict=True)
            ]
            self._write(line for _, line in sorted(rejects, key=itemgetter(0)))

    def close(self) -> None:
        """Say how many there were. Raises ``RowsRefused`` where they had no place."""
        name = self._source.name
        if self._named > MOST_NAMED:
            more = _("… and {count:,} more problems").format(count=self._named - MOST_NAMED)
            say(f"{name}: {more}")
        counted = ngettext("{count:,} bad row", "{count:,} bad rows", self.count)
        counted = counted.format(count=self.count)
        if self.refuses:
            remedy = ngettext(
                "{bad_rows}; mend it, or set it aside with --rejects FILE",
                "{bad_rows}; mend them, or set them aside with --rejects FILE",
                self.count,
            )
            raise RowsRefused(f"{name}: " + remedy.format(bad_rows=counted))
        if self.count:
            say(f"{name}: " + _("{bad_rows} set aside").format(bad_rows=counted))

    def _name(self, rows: Iterable[_BadRow], most: int) -> None:
        told = (
            (row.line, column, reason)
            for row in rows
            for column, reason in zip(row.columns, row.reasons, strict=True)
        )
        for line, column, reason in islice(told, most):
            place = f"{self._source.name}:{line}: "
            say(place + (f"{column}: {reason}" if column else reason))

    def _rejects(self, rows: Sequence[_BadRow], text: TextBlock) -> list[tuple[int, str]]:
        """Rows as they are written, with their lines; ``text`` holds their cells."""
        delimiter = self._source.delimiter
        cells = [
            cell_texts(text.texts(position), delimiter, excel_safe=False)
            for position in range(self._passed, len(text.header))
        ]
        ends = joined_ends(cells, delimiter).to_pylist()
        heads = self._lines(map(_head, rows))
        return [
            (row.line, head.removesuffix("\n") + end)
            for row, head, end in zip(rows, heads, ends, strict=True)
        ]

    def _lines(self, rows: Iterable[Sequence[str]]) -> list[str]:
        return delimited_lines(rows, self._source.delimiter)

    def _write(self, lines: Iterable[str]) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write("".join(lines).encode())
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = _("can't be written: {reason}").format(reason=cause(error))
            raise OutputError(f"{self._path}: {reason}") from None


def _bad_rows(lines: Mapping[int, int], refused: Sequence[Refused]) -> list[_BadRow]:
    """The rows that have lines, with what is wrong with them in the order of ``refused``."""
    found = {row: _BadRow(line, [], []) for row, line in lines.items()}
    for each in refused:
        for at, row in enumerate(each.rows.tolist()):
            if row in found:
                found[row].columns.append(each.column)
                found[row].reasons.append(each.reason(at))
    return list(found.values())


def _head(row: _BadRow) -> tuple[str, str, str]:
    return str(row.line), _joined(row.columns), _joined(row.reasons)


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else "; ".join(dict.fromkeys(parts))
