"""Damaged tables, workbooks, Parquet, TOML, JSON lines, states: read, or refused in one line."""

from __future__ import annotations

import io
import re
import signal
import zipfile
from contextlib import contextmanager, redirect_stderr
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import books
import pyarrow as pa
import pyarrow.parquet as pq

from aepromo.calculators.reprice import REPRICE
from aepromo.cli.config import read_config
from aepromo.cli.input_files import answers_for
from aepromo.cli.options import WritingOptions
from aepromo.cli.reading_options import Reading
from aepromo.errors import AepromoError
from aepromo.inputs.policy import Policy
from aepromo.inputs.tariff_file import read_tariff
from aepromo.inputs.values import resolved
from aepromo.table.blocks import parse
from aepromo.table.parquet import open_parquet
from aepromo.table.workbook_reader import open_workbook
from aepromo.watch.feed import open_feed
from aepromo.watch.memory import read_state
from fuzz.accounts import PATIENCE, HangError
from fuzz.bytes import ODD_NUMBERS, TEXTS, damaged, draw_case, real_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aepromo.table.source import Source

TESTS = Path(__file__).parent.parent
_TOKENS = {
    "toml": (
        *(
            "[",
            "]",
            "{",
            "}",
            "=",
            ",",
            ".",
            '"',
            "'",
            '"""',
            "#",
            "\n",
            "a.",
            "[[x]]",
            "0x",
            "1e9",
        ),
        *("true", "inf", "nan", "2024-01-01", "\\u0000", '"9"', "99999999999999999999", "-1", "é"),
        *("[rules]\n", "[stores.x]\n", "[map]\n", "[fx]\n", "forced.rate", "CNY = 7", "\x00"),
    ),
    "json": (
        *("{", "}", "[", "]", ":", ",", '"', "null", "true", "1e999", "NaN", "-0", "\n", "\\u0000"),
        *('"\\ud800"', "{}", '"sku"', '"open"', '"was": [1, 2]', "0.1", "\t", "\\", '"version"'),
    ),
    "xml": (
        *("<c>", "</c>", "<row>", "</row>", "<v>", "</v>", "<is><t>", "</t></is>", "<f>", "&amp;"),
        *("&#0;", "&x;", "<!-- ", "]]>", "<?xml ?>", ' r="A1"', ' r="XFD9"', ' t="s"', ' s="9"'),
        *('<!DOCTYPE a [<!ENTITY x "y">]>', ' t="inlineStr"', "_x0000_", "-1", "1e9", "<rPh>"),
    ),
}


def _replaced(rng: Random, text: str, tokens: tuple[str, ...]) -> str:
    """The text with some of its tokens replaced, doubled or lost."""
    parts = re.split(r"(\W)", text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(parts))
        some = (rng.choice(tokens), rng.choice(ODD_NUMBERS), rng.choice(TEXTS))
        parts[place] = rng.choice((*some, "", parts[place] * 2, rng.choice(parts)))
    return "".join(parts)


def _workbook(rng: Random) -> bytes:
    """A workbook of which one part is damaged, or the archive itself."""
    if rng.random() < 0.2:
        return damaged(rng, _book(), [_book()])
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_book())) as parts, zipfile.ZipFile(made, "w") as archive:
        chosen = rng.choice(parts.namelist())
        for name in parts.namelist():
            text = parts.read(name).decode()
            if name == chosen:
                text = _replaced(rng, text, _TOKENS["xml"])
            archive.writestr(name, text.encode(rng.choice(("utf-8", "utf-8", "utf-16"))))
    return made.getvalue()


@cache
def _book() -> bytes:
    header = books.row("sku", "purchase_price", "logistics_cost", number=1)
    shared = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" s="1"><v>8.5</v></c></row>'
    texts = f'<sst xmlns="{books.MAIN}"><si><t>A-1</t></si><si><r><t>b</t></r></si></sst>'
    with TemporaryDirectory() as folder:
        last = books.row("A-2", books.number("1E-2"), "$3", number=9)
        sheets = (books.sheet(header, shared, last), books.sheet(header))
        return books.write_book(Path(folder) / "b.xlsx", *sheets, sharedStrings=texts).read_bytes()


@cache
def _parquet() -> bytes:
    table = pa.table({"sku": ["A", "B"], "purchase_price": [8.5, None], "n": pa.array([1, 2])})
    stream = io.BytesIO()
    pq.write_table(table, stream, write_page_checksum=True)
    return stream.getvalue()


def _text(name: str, kind: str) -> Callable[[Random], bytes]:
    def drawn(rng: Random) -> bytes:
        text = (TESTS.parent / name).read_text(encoding="utf-8")
        if rng.random() < 0.3:
            return damaged(rng, text.encode(), [text.encode()])
        return _replaced(rng, text, _TOKENS[kind]).encode("utf-8", "replace")

    return drawn


def _rows(source: Source) -> None:
    for block in source.blocks:
        parse(block, source)


def _at_path(data: bytes, read: Callable[[str], object]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        read(str(path))


def _priced(path: str) -> None:
    """Reprice a table without writing it; values stand in for the columns that it lacks."""
    policy = Policy(purchase_price="8", logistics_cost="3", list_price="20", forced_rate="15%")
    with (
        redirect_stderr(io.StringIO()),
        answers_for(REPRICE, resolved(policy), path, Reading(), WritingOptions()) as answers,
    ):
        for _rows in answers.each(lambda outcome, _text: len(outcome)):
            pass


FORMS: dict[str, tuple[Callable[[Random], bytes], Callable[[bytes], object]]] = {
    "table": (
        lambda rng: draw_case(rng, real_tables()).data,
        lambda data: _at_path(data, _priced),
    ),
    "workbook": (_workbook, lambda data: _rows(open_workbook(io.BytesIO(data), "file"))),
    "Parquet": (
        lambda rng: damaged(rng, _parquet(), [_parquet()]),
        lambda data: _rows(open_parquet(io.BytesIO(data), "file")),
    ),
    "configuration": (
        _text("examples/forced-discount/store.toml", "toml"),
        lambda data: _at_path(data, read_config),
    ),
    "tariff": (
        _text("examples/shipping/tariff.toml", "toml"),
        lambda data: _at_path(data, read_tariff),
    ),
    "JSON lines": (
        _text("examples/discount-feed/feed.jsonl", "json"),
        lambda data: list(open_feed(io.BytesIO(data), "file", form="jsonl").blocks),
    ),
    "state": (
        _text("tests/watch_states/version-2.json", "json"),
        lambda data: _at_path(data, read_state),
    ),
}


@contextmanager
def _patience() -> Iterator[None]:
    """Stop what hangs."""

    def give_up(_number: int, _frame: object) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def problem_with(form: str, data: bytes) -> str:
    """Return how reading some bytes fails, other than with one line; empty if all is well."""
    try:
        with _patience():
            FORMS[form][1](data)
    except AepromoError as refused:
        return "" if len(str(refused).splitlines()) == 1 else f"many lines: {refused}"
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"[:500]
    return ""


def failure(seed: int, number: int) -> str:
    """Return how a file fails; empty if all is well."""
    rng = Random(f"files:{seed}:{number}")  # noqa: S311 (no secrets)
    form = rng.choice(list(FORMS))
    data = FORMS[form][0](rng)
    said = problem_with(form, data)
    return said and f"{form}: {said}\n  {data!r}"
