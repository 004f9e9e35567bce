"""Bad rows of a run: named in messages, and written to the file of ``--rejects``."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO

from aepromo.cli.messages import say
from aepromo.errors import InputError, OutputError
from aepromo.table.arrow_arrays import texts_of
from aepromo.table.blocks import first_problems, line_numbers
from aepromo.table.csv_lines import bytes_of, cell_texts, lines_of
from aepromo.table.number_columns import rows_of
from aepromo.table.text_formats import delimited
from aepromo.words import _, cause, ngettext, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from aepromo.errors import Refused
    from aepromo.table.blocks import TextBlock
    from aepromo.table.number_columns import Numbers
    from aepromo.table.source import Source

MOST_NAMED = 20
HEADERS = ("line", "column", "reason")
"""Headers of the columns before those of a rejected row; in Chinese under ``--headers zh``."""


class RowsRefused(InputError):
    """There were bad rows and no file for them."""


class RejectedRows:
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
        self._write(self._line((*headers, *source.header[self._passed :])))

    @property
    def is_open(self) -> bool:
        """Whether there is a file for them."""
        return self._stream is not None

    @property
    def refuses(self) -> bool:
        """Whether there were bad rows without a file for them."""
        return bool(self.count) and not self.is_open

    def add(self, text: TextBlock, refused: Sequence[Refused]) -> None:
        """Name the bad rows of a block, and set them aside.

        Reasons are computed only for the rows that are reported or written.
        """
        rows, unsaid = rows_of(refused), max(MOST_NAMED - self._named, 0)
        self.count += len(rows) + len(text.ragged)
        self._named += sum(len(each.rows) for each in refused) + len(text.ragged)
        for problem in first_problems(text, refused, unsaid):
            say(f"{self._source.name}:{problem.row}: {problem}")
        if self.is_open:
            lines = line_numbers(text, rows.tolist()) if len(rows) else {}
            rejects = self._rejects(text.chosen(rows), rows, refused, lines)
            if not text.ragged:
                self._write(str(bytes_of(rejects), "utf-8"))
                return
            several = [*zip(lines.values(), rejects.to_pylist(), strict=True)]
            for each in text.ragged:
                row = (str(each.line), "", each.reason, *each.cells[self._passed :])
                several.append((each.line, self._line(row)))
            self._write("".join(line for _, line in sorted(several, key=itemgetter(0))))

    def close(self) -> None:
        """Report how many there were. Raises ``RowsRefused`` where there is no file for them."""
        name = self._source.name
        if self._named > MOST_NAMED:
            more = _("… and {count:,} more problems").format(count=self._named - MOST_NAMED)
            say(f"{name}: {more}")
        if not self.count:
            return
        counted = ngettext("{count:,} bad row", "{count:,} bad rows", self.count)
        counted = counted.format(count=self.count)
        if self.refuses:
            remedy = ngettext(
                "{bad_rows}; fix it, or set it aside with --rejects FILE",
                "{bad_rows}; fix them, or set them aside with --rejects FILE",
                self.count,
            )
            raise RowsRefused(f"{name}: " + remedy.format(bad_rows=counted))
        say(f"{name}: " + _("{bad_rows} set aside").format(bad_rows=counted))

    def _rejects(
        self,
        text: TextBlock,
        rows: Numbers,
        refused: Sequence[Refused],
        lines: Mapping[int, int],
    ) -> pa.Array:
        """Rows as they are written; ``text`` holds their cells."""
        delimiter = self._source.delimiter
        columns, reasons = _by_row(rows, refused)
        own = map(texts_of, ([*map(str, lines.values())], columns, reasons))
        given = map(text.texts, range(self._passed, len(text.header)))
        cells = [cell_texts(each, delimiter, excel_safe=False) for each in (*own, *given)]
        return lines_of(cells, delimiter, self._source.line_end)

    def _line(self, row: Sequence[str]) -> str:
        return delimited([row], self._source.delimiter, line_end=self._source.line_end)

    def _write(self, lines: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write((self._mark + lines).encode())
            self._mark = ""
        except BrokenPipeError:
            raise
        except OSError as error:
            reason = _("can't be written: {reason}").format(reason=cause(error))
            raise OutputError(f"{self._path}: {reason}") from None


def _by_row(rows: Numbers, refused: Iterable[Refused]) -> tuple[list[str], list[str]]:
    """The bad columns of each row, and the reasons."""
    columns, reasons = [""] * len(rows), [""] * len(rows)
    several: dict[int, tuple[list[str], list[str]]] = {}
    for each in refused:
        for at, place in enumerate(rows.searchsorted(each.rows).tolist()):
            reason = each.reason(at)
            if reasons[place]:
                both = several.setdefault(place, ([columns[place]], [reasons[place]]))
                both[0].append(each.column)
                both[1].append(reason)
            else:
                columns[place], reasons[place] = each.column, reason
    for place, (blamed, said) in several.items():
        columns[place], reasons[place] = ("; ".join(dict.fromkeys(each)) for each in (blamed, said))
    return columns, reasons
