"""Run the program on any bytes, and check what happened to every row.

The oracle is Python's ``csv`` over the decoded text. A run either writes every row that isn't blank
to the output or the rejects, with each cell unchanged, or refuses the input with exit code 3 and a
line that says why; and it refuses only what is not a table.
"""

from __future__ import annotations

import codecs
import csv
import json
import re
import signal
import sys
import unicodedata
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from aepromo import cli
from aepromo.calculators.command import calculator_named
from aepromo.errors import InputError
from aepromo.table.headers import ENOUGH, KnownHeaders, read_headers
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.table.table_start import LINES_LOOKED_AT

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = ("reprice", "audit", "margin", "commission", "floor", "list-price", "breakeven")
FORMS = {"csv": ",", "tsv": "\t", "jsonl": ""}
PATIENCE = 20
"""Seconds after which a run over a few kilobytes counts as hanging."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",;\t|^~\x01\x1f"
_SAID = re.compile(
    r"(aepromo: |assumed: |warning: |replaced: |priced by "
    r"|standard input:( …|\d+: | \d| a total row on )|read as: |not used: "
    r"|header on line |cells are separated by |decimal comma: ).+"
    r"|'.+' may be .+; say so with --map .+"
    r"|'.+' on line \d+ has a decimal comma, '.+' on line \d+ a decimal point; .+"
)
_NAMED = re.compile(r"^standard input:(\d+): ", re.MULTILINE)
_NOT_AS_IT_BEGAN = re.compile("the header is not UTF-8|not UTF-8, though the lines before are")
_NEVER_A_TABLE = re.compile(
    "is not valid CSV; write|a web page or XML|say which with --decimal|compressed with|"
    "; unpack it first|the bytes are not UTF-8; save|the bytes fit neither|a picture;|a PDF;|"
    "are in two currencies|whose exchange rate is not given"
)
"""Tables that are refused though Python's csv would read them."""

_GIVEN = {
    "purchase_price": "8",
    "logistics_cost": "3",
    "list_price": "20",
    "units_30d": "120",
    "forced_rate": "15%",
}


@dataclass(frozen=True, slots=True)
class Case:
    """Bytes, and the call of the program for them.

    ``parted_by`` is the real delimiter, if known. ``at_a_time`` is the largest number of bytes that
    a read returns, as on a terminal, so that blocks are that small.
    """

    data: bytes
    parted_by: str | None = None
    command: str = "reprice"
    delimiter: str | None = None
    encoding: str | None = None
    form: str = "csv"
    rejects: bool = True
    at_a_time: int = 1 << 20

    def arguments(self, rejects: str) -> list[str]:
        """The arguments, with a value for each column that a table may lack."""
        uses = calculator_named(self.command).uses
        given = [(INPUTS[name].flag, _GIVEN[name]) for name in uses if name in _GIVEN]
        given += [("--delimiter", self.delimiter)] if self.delimiter else []
        given += [("--encoding", self.encoding)] if self.encoding else []
        given += [("--rejects", rejects)] if self.rejects else []
        given += [("--fail-on", "never")] if self.command == "audit" else []
        options = [part for pair in given for part in pair]
        return [self.command, "-", "--format", self.form, *options]


class Ran(NamedTuple):
    """The outcome of a run: exit code, standard output, standard error, and its rejects if any."""

    code: int
    out: bytes
    said: str
    rejected: bytes | None


class NoTableError(Exception):
    """The bytes are not a table; the message says why."""


class HangError(BaseException):
    """The program takes far too long."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as Python's csv reads it: rows with the line on which each starts.

    ``line_end`` is that of its header; ``has_mark``: a byte order mark stands before it.
    """

    header: list[str]
    rows: list[tuple[int, list[str]]]
    delimiter: str
    line_end: str = "\n"
    has_mark: bool = False

    def text_of(self, written: bytes) -> str:
        """What was written of it, without the mark; it ends its lines as the table does."""
        text = written.decode()
        assert text.startswith("\ufeff") == self.has_mark, text
        assert text.endswith("\r\n") == (self.line_end == "\r\n"), text
        return text.removeprefix("\ufeff")


def check(case: Case) -> None:
    """Run the program. Raises ``AssertionError`` if it loses or changes a row."""
    ran = ask(case)
    assert "Traceback" not in ran.said, ran.said
    odd = [line for line in ran.said.split("\n")[:-1] if not _SAID.fullmatch(line)]
    assert not odd, odd
    delimiter = case.delimiter or case.parted_by
    problems: list[Exception] = []
    for candidate in (delimiter,) if delimiter else _DELIMITERS:
        try:
            _check_against(case, ran, candidate)
        except (AssertionError, csv.Error) as problem:
            problems.append(problem)
        else:
            return
    raise problems[0]


def _check_against(case: Case, ran: Ran, delimiter: str) -> None:
    if _begins_as_utf8(case) and _NOT_AS_IT_BEGAN.search(ran.said):
        _check_refused(case, ran, "encoding")
        return
    if ran.code == 3 and _NEVER_A_TABLE.search(ran.said):
        _check_refused(case, ran, "no table")
        return
    if b' "' in case.data:  # spaces before quotes are removed if the first lines have them
        return
    try:
        table = table_of(case, delimiter)
    except NoTableError as reason:
        _check_refused(case, ran, str(reason))
    else:
        lines = {line for line, _ in table.rows}
        assert lines >= {int(line) for line in _NAMED.findall(ran.said)}, ran.said
        if case.rejects or ran.code == 0:
            _check_accounts(case, ran, table)
        else:
            assert ran.code == 3, ran
            assert _NAMED.search(ran.said), ran.said


def ask(case: Case) -> Ran:
    """Run the program in this process, as a shell would, with other streams."""
    with TemporaryDirectory() as folder:
        rejects = Path(folder) / "bad.csv"
        out, said = BytesIO(), BytesIO()
        with _started(case.arguments(str(rejects)), Trickle(case.data, case.at_a_time), out, said):
            code = _exit_code()
        left = sorted(path.name for path in Path(folder).iterdir())
        assert left in ([], ["bad.csv"]), left
        rejected = rejects.read_bytes() if left else None
    return Ran(code, out.getvalue(), said.getvalue().decode(), rejected)


class Trickle(BytesIO):
    """A stream that returns a few bytes at a time, however many are requested."""

    def __init__(self, data: bytes, at_a_time: int) -> None:
        super().__init__(data)
        self._at_a_time = at_a_time

    def read(self, size: int | None = -1, /) -> bytes:
        asked = self._at_a_time if size is None or size < 0 else min(size, self._at_a_time)
        return super().read(asked)


@contextmanager
def _started(
    arguments: list[str], stdin: BytesIO, stdout: BytesIO, stderr: BytesIO
) -> Iterator[None]:
    """Set a process's arguments and streams, stop a hang, and restore everything."""

    def give_up(_number: int, _frame: object) -> None:
        raise HangError

    argv, streams = sys.argv, (sys.stdin, sys.stdout, sys.stderr)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    handlers = {number: signal.getsignal(number) for number in numbers}
    texts = [TextIOWrapper(stream, "utf-8") for stream in (stdin, stdout, stderr)]
    sys.argv = ["aepromo", *arguments]
    sys.stdin, sys.stdout, sys.stderr = texts
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        sys.argv, (sys.stdin, sys.stdout, sys.stderr) = argv, streams
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for text in texts:
            text.flush()
            text.detach()


def _exit_code() -> int:
    try:
        cli.main()
    except SystemExit as end:
        assert isinstance(end.code, int)
        return int(end.code)


def table_of(case: Case, delimiter: str) -> Table:
    """The table in a case's bytes. Raises ``NoTableError`` if there is none."""
    text = re.sub("(\\A|(?<=\n))\x1a[\x1a\r\n]*\\Z|\x1a+\\Z", "", _text(case).lstrip("\ufeff"))
    if "\0" in text:
        raise NoTableError("NUL")
    if not text.strip():
        raise NoTableError("empty")
    lines = [line + "\n" for line in text.removesuffix("\n").split("\n")]
    # An added line shows whether a quote is open: then it belongs to the last row.
    reader = csv.reader([*lines, "end\n"], delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            rows.append((line, cells))
            line = 1 + reader.line_num
    except csv.Error as error:
        raise NoTableError(str(error)) from None
    if rows.pop()[1] != ["end"]:
        raise NoTableError("a quote that never closes")
    known = [KnownHeaders().count(cells) for _line, cells in rows[:LINES_LOOKED_AT]]
    above = next((at for at, count in enumerate(known) if count >= ENOUGH), 0)
    header = rows[above][1]
    ends = rows[above + 1][0] - 1 if rows[above + 1 :] else len(lines)
    line_end = "\r\n" if lines[ends - 1].endswith("\r\n") else "\n"
    del rows[: above + 1]
    blank = len(header) - max((at for at, each in enumerate(header, 1) if each.strip()), default=0)
    if 1 < blank < len(header):
        header = header[:-blank]
        width = len(header)
        rows = [
            (line, cells[:width] if _ends_blank(cells, width, blank) else cells)
            for line, cells in rows
        ]
    if len(set(header)) < len(header) or not any(name.strip() for name in header):
        raise NoTableError("header")
    try:
        read_headers(header, calculator_named(case.command).uses, {})
    except InputError as error:
        raise NoTableError(str(error)) from None
    spaces = " \t\u00a0\u3000".replace(delimiter, "")
    filled = [row for row in rows if row[1] == [""] or any(cell.strip(spaces) for cell in row[1])]
    has_mark = case.data.startswith(tuple(mark for mark, _name in _BOMS))
    return Table(header, filled, delimiter, line_end, has_mark)


def _ends_blank(cells: list[str], width: int, blank: int) -> bool:
    return len(cells) == width + blank and not any(cell.strip() for cell in cells[width:])


def _text(case: Case) -> str:
    """The decoded bytes: in the given encoding, by their mark, as UTF-8, else as GB18030."""
    marked = next((name for mark, name in _BOMS if case.data.startswith(mark)), "")
    if case.encoding == "utf-16" != marked:
        raise NoTableError("UTF-16 without the mark that tells which kind it is")
    named = case.encoding or marked
    for encoding in (named,) if named else ("utf-8", "gb18030"):
        with suppress(UnicodeError):
            return case.data.decode(encoding)
    raise NoTableError("encoding")


def _begins_as_utf8(case: Case) -> bool:
    """Whether the first bytes beyond ASCII may be UTF-8, so that the rest contradicts."""
    ascii_bytes = len(case.data) - len(case.data.lstrip(bytes(range(128))))
    with suppress(UnicodeError):
        codecs.getincrementaldecoder("utf-8")().decode(case.data[: ascii_bytes + 2])
        return not case.encoding
    return False


def _check_refused(case: Case, ran: Ran, reason: str) -> None:
    assert ran.code == 3, (reason, ran)
    assert ran.said.splitlines()[-1].startswith("aepromo: standard input:"), ran.said
    assert ran.rejected is None, (reason, ran)
    if case.at_a_time >= len(case.data) and case.data.endswith(b"\n"):
        # It is one block; a last line without its end would be another.
        assert ran.out == b"", (reason, ran)


def _check_accounts(case: Case, ran: Ran, table: Table) -> None:
    """Check that each row is in the output or the rejects, in order, with every cell unchanged."""
    assert ran.code == 0, ran
    header, answered = _read_answer(case.form, ran.out, table) if ran.out else (table.header, [])
    assert ran.out or case.form == "jsonl"
    added = _added(case, header, table)
    rejected = _read_rejects(ran, table) if case.rejects else {}
    good = [cells for line, cells in table.rows if line not in rejected]
    for line, cells in table.rows:
        assert rejected.get(line, cells) == cells, (line, cells, rejected[line])
    assert len(rejected) + len(answered) == len(table.rows), (ran, table)
    kept = [place for place, name in enumerate(table.header) if name not in added]
    for cells, answer in zip(good, answered, strict=True):
        assert len(answer) == len(header), answer
        assert all(_is_intact(answer[place], cells[place]) for place in kept), (answer, cells)
    if rejected:
        count = f"{len(rejected)} bad row{'s' * (len(rejected) > 1)} set aside"
        assert f"standard input: {count}" in ran.said.splitlines(), ran.said


def _is_intact(answer: str | None, cell: str) -> bool:
    """Whether a cell was written unchanged, or in JSON as its number."""
    if answer is None:
        return not cell.strip()
    if not isinstance(answer, _Number):
        return answer == cell
    plain = unicodedata.normalize("NFKC", cell)
    digits = re.sub("[^0-9.,]", "", plain)
    ways = {digits.replace(",", "")}
    if digits.count(",") == 1:
        ways.add(digits.replace(".", "").replace(",", "."))
    number = Decimal(answer) * (100 if "%" in plain else 1)
    return any(re.search("[0-9]", way) and Decimal(way) == number for way in ways)


class _Number(str):
    """A number of JSON, as its text."""

    __slots__ = ()


def _added(case: Case, header: list[str], table: Table) -> set[str]:
    """The columns that the program adds or replaces, by any name: 成交价 is the deal price."""
    added = calculator_named(case.command).adds(frozenset(INPUTS))
    assert header[: len(table.header)] == table.header, (header, table.header)
    assert set(header[len(table.header) :]) <= set(added), header
    known = [column for name in added for every in (INPUTS, RESULTS) if (column := every.get(name))]
    return {*added, *(name for column in known for name in column.chinese)}


def _read_answer(form: str, out: bytes, table: Table) -> tuple[list[str], list[list[str]]]:
    text = out.decode() if form == "jsonl" else table.text_of(out)
    assert text.endswith("\n"), text
    lines = [line + "\n" for line in text.removesuffix("\n").split("\n")]
    if form != "jsonl":
        header, *rows = csv.reader(lines, delimiter=FORMS[form], strict=True)
        return header, rows
    objects = [json.loads(line, parse_float=_Number, parse_int=_Number) for line in lines]
    header = list(objects[0])
    assert all(list(each) == header for each in objects), header
    return header, [list(each.values()) for each in objects]


def _read_rejects(ran: Ran, table: Table) -> dict[int, list[str]]:
    """The rows set aside by the line on which they start."""
    assert ran.rejected is not None
    lines = [line + "\n" for line in table.text_of(ran.rejected).removesuffix("\n").split("\n")]
    header, *rows = csv.reader(lines, delimiter=table.delimiter, strict=True)
    assert header == ["line", "column", "reason", *table.header], header
    rejected = {int(line): cells for line, _, reason, *cells in rows if reason}
    assert len(rejected) == len(rows), rows
    assert list(rejected) == sorted(rejected), rows
    return rejected
