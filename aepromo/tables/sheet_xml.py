"""The XML of a sheet, and of the texts that sheets share, read as a stream."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NoReturn, TypeAlias
from xml.parsers import expat

from aepromo.tables.sheet_cells import Styles, unescaped
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    Row: TypeAlias = tuple[int, list[str]]

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
_READ_SIZE = 1 << 17


class Damaged(Exception):
    """The workbook doesn't hold together; the message says what is wrong with it."""


def limited(stream: IO[bytes], most: int) -> Iterator[bytes]:
    """The bytes that a part unpacks to. Raises ``Damaged`` once they are too many."""
    size = 0
    while chunk := stream.read(_READ_SIZE):
        size += len(chunk)
        if size > most:
            raise Damaged(
                _("the workbook unpacks to over {most:,} MB; save the sheet as .csv").format(
                    most=most >> 20
                )
            )
        yield chunk


def _disorder() -> str:
    return _("rows or cells are out of order; open the workbook in Excel and save it anew")


class _Reader:
    """What reads a part element by element, whatever prefix its elements have."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._first
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = _refuse_entities
        self._pieces: list[str] = []

    def _first(self, tag: str, _attributes: dict[str, str]) -> None:
        prefix, colon, _rest = tag.rpartition(":")
        self._parser.StartElementHandler = self._start
        if colon:
            skipped = len(prefix) + 1
            self._parser.StartElementHandler = lambda tag, of: self._start(tag[skipped:], of)
            self._parser.EndElementHandler = lambda tag: self._end(tag[skipped:])

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def _end(self, tag: str) -> None:
        raise NotImplementedError

    def _collect(self) -> None:
        """Keep the text from here on."""
        self._pieces = []
        self._parser.CharacterDataHandler = self._pieces.append

    def _collected(self) -> str:
        """The text since then."""
        self._parser.CharacterDataHandler = None
        return "".join(self._pieces)


def _refuse_entities(*_all: object) -> NoReturn:
    raise Damaged(_("the workbook declares entities, as none does"))


class TextsReader(_Reader):
    """The texts that cells refer to by number."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: list[str] = []
        self._runs: list[str] = []
        self._is_reading_aid = False

    def texts(self, chunks: Iterable[bytes]) -> list[str]:
        """All of them, in order."""
        for chunk in chunks:
            self._parser.Parse(chunk, False)
        self._parser.Parse(b"", True)
        return self._texts

    def _start(self, tag: str, _attributes: dict[str, str]) -> None:
        if tag == "t":
            self._collect()
        elif tag == "si":
            self._runs = []
        elif tag == "rPh":
            self._is_reading_aid = True

    def _end(self, tag: str) -> None:
        if tag == "t":
            run = self._collected()
            if not self._is_reading_aid:
                self._runs.append(run)
        elif tag == "si":
            self._texts.append(unescaped("".join(self._runs)))
        elif tag == "rPh":
            self._is_reading_aid = False


class SheetReader(_Reader):
    """The rows of a sheet, every cell as text.

    ``computes_on_load``: whoever wrote the workbook has left it to Excel to compute the formulas,
    so the results that it holds for them are none.
    """

    def __init__(self, texts: Sequence[str], styles: Styles, computes_on_load: bool) -> None:
        super().__init__()
        self._texts, self._styles, self._computes_on_load = texts, styles, computes_on_load
        self._rows: list[Row] = []
        self._number = 0
        self._cells: list[str] = []
        self._cell: dict[str, str] = {}
        self._value: str | None = None
        self._formula: str | None = None
        self._runs: list[str] = []
        self._is_reading_aid = False

    def rows(self, chunks: Iterable[bytes]) -> Iterator[Row]:
        """The rows that aren't blank, each with its number, without the blanks at its end."""
        for chunk in chunks:
            self._parser.Parse(chunk, False)
            yield from self._rows
            self._rows.clear()
        self._parser.Parse(b"", True)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._cell = attributes
            self._value = self._formula = None
            self._runs = []
        elif tag in ("v", "t", "f"):
            self._collect()
        elif tag == "row":
            self._start_row(attributes)
        elif tag == "rPh":
            self._is_reading_aid = True

    def _end(self, tag: str) -> None:
        if tag == "v":
            self._value = self._collected()
        elif tag == "c":
            self._end_cell()
        elif tag == "t":
            run = self._collected()
            if not self._is_reading_aid:
                self._runs.append(run)
        elif tag == "f":
            self._formula = self._collected()
        elif tag == "row":
            self._end_row()
        elif tag == "rPh":
            self._is_reading_aid = False

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r", self._number + 1))
        if not self._number < number <= MOST_ROWS:
            raise Damaged(_disorder())
        self._number, self._cells = number, []

    def _end_row(self) -> None:
        cells = self._cells
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            self._rows.append((self._number, cells))

    def _end_cell(self) -> None:
        place = self._cell.get("r")
        column = len(self._cells) if place is None else _column(place)
        if not len(self._cells) <= column < MOST_COLUMNS:
            raise Damaged(_disorder())
        if column > len(self._cells):
            self._cells += [""] * (column - len(self._cells))
        self._cells.append(self._text())

    def _text(self) -> str:
        kind, value = self._cell.get("t", "n"), self._value
        if kind == "inlineStr":
            return unescaped("".join(self._runs))
        if self._formula is not None and (self._computes_on_load or (not value and kind != "str")):
            return f"={self._formula}"
        if not value:
            return ""
        if kind == "n":
            return self._styles.text(value, int(self._cell.get("s", 0)))
        if kind == "s":
            return self._texts[int(value)]
        if kind == "b":
            return "TRUE" if value in ("1", "true") else "FALSE"
        return unescaped(value)


def _column(place: str) -> int:
    """``C`` of ``C5`` as a position: 2."""
    column = 0
    for letter in place:
        if not "A" <= letter <= "Z":
            break
        column = 26 * column + ord(letter) - 64
    return column - 1
