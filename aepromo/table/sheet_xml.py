"""The XML of a sheet, and of the texts that sheets share, read as a stream."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NoReturn, TypeAlias
from xml.parsers import expat

from aepromo.table.sheet_cells import unescaped
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aepromo.table.sheet_cells import Cells

    Row: TypeAlias = tuple[int, list[str]]

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_TEXTS = 8 << 20
LONGEST_TEXT = 1 << 20
"""How many texts a workbook may share, and how many characters one text may have.

Excel writes at most 32,767 characters into a cell, but others write more.
"""
_MOST_TIMES, _PACKED_ENOUGH = 400, 64 << 20
"""How many times its packed size a part may be, and the size from which this is checked."""
_READ_SIZE = 1 << 17


class Damaged(Exception):
    """The workbook is damaged; the message says what is wrong with it."""


def limited(stream: IO[bytes], most: int, packed: int) -> Iterator[bytes]:
    """The unpacked bytes of a part, checked against its packed size.

    Raises ``Damaged`` if there are too many.
    """
    size, most = 0, min(most, max(_PACKED_ENOUGH, _MOST_TIMES * packed))
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
    return _("rows or cells are out of order; open the workbook in Excel and save it again")


class _Reader:
    """A reader of a part, element by element, with any XML prefix."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._first
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = refuse_entities
        self._pieces: list[str] = []
        self._length = 0

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
        """Collect the text from here on."""
        self._pieces, self._length = [], 0
        self._parser.CharacterDataHandler = self._piece

    def _piece(self, text: str) -> None:
        self._length += len(text)
        if self._length > LONGEST_TEXT:
            raise Damaged(_("a cell of over a million characters; shorten it"))
        self._pieces.append(text)

    def _collected(self) -> str:
        """Return the collected text."""
        self._parser.CharacterDataHandler = None
        return "".join(self._pieces)


def refuse_entities(*_all: object) -> NoReturn:
    """Refuse a document type: workbooks have none, and its entities can expand without limit."""
    raise Damaged(_("the workbook declares XML entities, which Excel never writes"))


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
            if len(self._texts) == MOST_TEXTS:
                reason = _("the workbook has over {most:,} texts; save the sheet as .csv")
                raise Damaged(reason.format(most=MOST_TEXTS))
            self._texts.append(unescaped("".join(self._runs)))
        elif tag == "rPh":
            self._is_reading_aid = False


class SheetReader(_Reader):
    """The rows of a sheet, every cell as text.

    ``number`` is the last row's, ``widest`` the most cells that one had, blank ones too.
    ``pauses``
    tells whether what was fed last ended a row and began no other; ``is_utf8``, how the XML says
    that it is encoded.
    """

    def __init__(self, cells: Cells) -> None:
        super().__init__()
        self._parser.XmlDeclHandler = self._declared
        self._read = cells
        self.number = self.widest = 0
        self.pauses, self.is_utf8 = False, True
        self._rows: list[Row] = []
        self._cells: list[str] = []
        self._cell: dict[str, str] = {}
        self._value: str | None = None
        self._formula: str | None = None
        self._runs: list[str] = []
        self._is_reading_aid = False

    def fed(self, data: bytes, is_last: bool = False) -> list[Row]:
        """The rows that end in some more of the XML and aren't blank, each with its number.

        They come without the blanks at their end.
        """
        self._rows, self.pauses = [], False
        self._parser.Parse(data, is_last)
        if b"<!" in data or b"<?" in data:  # a comment may continue, whatever it contains
            self.pauses = False
        return self._rows

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.is_utf8 = encoding is None or encoding.upper() == "UTF-8"

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
        number = int(attributes.get("r", self.number + 1))
        if not self.number < number <= MOST_ROWS:
            raise Damaged(_disorder())
        self.number, self._cells, self.pauses = number, [], False

    def _end_row(self) -> None:
        self.pauses = True
        self.widest = max(self.widest, len(self._cells))
        if cells := without_blanks(self._cells):
            self._rows.append((self.number, cells))

    def _end_cell(self) -> None:
        place = self._cell.get("r")
        column = len(self._cells) if place is None else _column(place)
        if not len(self._cells) <= column < MOST_COLUMNS:
            raise Damaged(_disorder())
        if column > len(self._cells):
            self._cells += [""] * (column - len(self._cells))
        kind, style = self._cell.get("t") or "n", int(self._cell.get("s") or 0)
        inline = "".join(self._runs)
        self._cells.append(self._read.text(kind, style, self._value, inline, self._formula))


def without_blanks(cells: list[str]) -> list[str]:
    """The cells without the blank ones at their end."""
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _column(place: str) -> int:
    """``C`` of ``C5`` as a position: 2."""
    column = 0
    for letter in place:
        if not "A" <= letter <= "Z":
            break
        column = 26 * column + ord(letter) - 64
    return column - 1
