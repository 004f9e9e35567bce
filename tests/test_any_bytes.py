"""Any bytes: each row is written or rejected with its cells unchanged, or the input is refused.

``tests/fuzz/accounts.py`` defines the checks; ``python -m tests.search bytes`` searches for
failures for a given time. What it has found is here in ``FOUND``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fuzz import accounts
from fuzz.accounts import COMMANDS, FORMS, Case, Trickle, check
from fuzz.bytes import (
    AT_A_TIME,
    ENCODINGS,
    HEADERS,
    NUMBERS,
    ODD_NUMBERS,
    PIECES,
    TEXTS,
    damaged,
    seeds,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import seeded

from aepromo.table.source import BLOCK_BYTES, open_source

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

REAL = seeds()

some = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
letters = st.characters(exclude_categories=["Cs"])
cells = st.sampled_from((*NUMBERS, *ODD_NUMBERS, *TEXTS)) | st.text(letters, max_size=6)


@st.composite
def ways(draw: st.DrawFn, case: Case) -> Case:
    """The case with random options."""
    return replace(
        case,
        command=draw(st.sampled_from(COMMANDS)),
        form=draw(st.sampled_from(list(FORMS))),
        rejects=draw(st.sampled_from((True, True, True, False))),
        at_a_time=draw(st.sampled_from(AT_A_TIME)),
    )


@st.composite
def tables(draw: st.DrawFn) -> Case:
    """A table as Python's csv writes it, in one of the encodings; some rows too short or long."""
    header = draw(st.lists(st.sampled_from(HEADERS) | st.text(letters, max_size=4), min_size=1))
    width = len(header)
    row = st.lists(cells, min_size=width, max_size=width) | st.lists(cells, max_size=width + 1)
    rows = draw(st.lists(row, max_size=6))
    delimiter, line_end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(("\n", "\r\n")))
    text = io.StringIO(newline="")
    plain = csv.writer(text, delimiter=delimiter, lineterminator=line_end)
    full = csv.writer(text, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    (full if draw(st.booleans()) else plain).writerows([header, *rows])
    encoding = draw(st.sampled_from(ENCODINGS))
    named = encoding if encoding in ("utf-16-le", "utf-16-be") else None
    return Case(text.getvalue().encode(encoding), None, delimiter=delimiter, encoding=named)


SKUS = "sku,title,purchase_price,logistics_cost\n"

FOUND = {
    "only the upper end of the rate, and no row": Case(b"a,forced_rate_max\n", ",", "commission"),
    "only the upper end of the rate": Case(b"a,forced_rate_max\n1,20%\n2,30%\n", ",", "margin"),
    "a blank target margin, and no row": Case(b"target_margin\n", ",", "audit"),
    "blank target margins": Case(b"target_price,target_margin\n5,\n6,\n", ",", "list-price"),
    "a delimiter that a quote depends on": Case(b'list_price\t"two\ns",\n2,', command="margin"),
    "a block that begins with a mark": Case(
        ("a,units\n\n" + "\n" * 40 + "\ufeff,1\n").encode("utf-16-be"),
        ",",
        encoding="utf-16-be",
        at_a_time=60,
    ),
    "a mark before a mark": Case("\ufeff\ufeffsku,a\n1,2\n".encode(), ",", at_a_time=3),
    "a mark cut in two": Case("\ufeffsku,a\n1,2\n".encode("utf-16"), ",", at_a_time=1),
    "a letter of the header cut in two": Case("采购价\n8\n".encode("gb18030"), at_a_time=1),
    "a first letter cut in two": Case(("a,b\n1,商品\n" * 3).encode("gb18030"), ",", at_a_time=7),
    "a letter of four bytes cut in two": Case("a,b\n1,𠀀é\n".encode("gb18030"), ",", at_a_time=7),
    "a last letter that is cut off": Case("a,b\n1,商".encode("gb18030")[:-1], ",", at_a_time=3),
}


@pytest.mark.parametrize("case", FOUND.values(), ids=list(FOUND))
@pytest.mark.parametrize("rejects", [True, False], ids=["rejects", ""])
def test_cases_that_random_search_found(case: Case, rejects: bool) -> None:
    check(replace(case, rejects=rejects))


@some
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20))), st.data())
def test_any_bytes(pieces: list[bytes], data: st.DataObject) -> None:
    check(data.draw(ways(Case(b"".join(pieces)))))


@some
@given(tables().flatmap(ways))
def test_any_table(case: Case) -> None:
    check(case)


@some
@given(st.sampled_from(REAL), st.integers(0, 1 << 32), st.data())
def test_any_damage_to_a_real_table(real: bytes, seed: int, data: st.DataObject) -> None:
    check(data.draw(ways(Case(damaged(seeded(seed), real, REAL)))))


# --- where one read ends and the next begins --------------------------------------------------

TRICKY = (
    *('A-1,"a, ""b"""', 'A-2,"two\nlines"', 'A-3,"two\r\nlines"', 'A-4,"""\n"""', 'A-5,b"c'),
    *("A-6,红色 短袖 𠀀", '"A\n7",""', "", 'A-8,"\n\n"', "A-9,", 'A-10,"x" y'),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_reads_can_end_anywhere(encoding: str, line_end: str) -> None:
    rows = [row + ",8,3" if row else row for row in TRICKY]
    text = line_end.join([SKUS.strip().replace("title", '"the\ntitle"'), *rows, ""])
    data = text.encode(encoding)
    for at_a_time in (1, 2, 3, 5, 7, 11, 17, 23, 29, len(data) - 1):
        named = None if encoding != "gb18030" else encoding
        check(Case(data, ",", encoding=named, at_a_time=at_a_time))


def test_a_few_bytes_at_a_time_make_many_blocks() -> None:
    data = (SKUS + "A-1,,8,3\n" * 50).encode()
    source = open_source(Trickle(data, 10), "the table")
    assert len(list(source.blocks)) > 40


def test_blocks_of_real_size_can_end_anywhere(run: Run) -> None:
    """The real program, which reads some megabytes at a time."""
    tricky = 'A-1,"a, ""b""\n""红""色",8,3\r\n'
    filled = BLOCK_BYTES - len(SKUS)
    row = f"A-0,{'x' * 990},8,3\n"
    for ahead in range(2, len(tricky.encode()), 9):
        rows = filled // len(row) - 1
        last = f"A-0,{'y' * (filled - rows * len(row) - ahead - len('A-0,,8,3') - 1)},8,3\n"
        data = (SKUS + row * rows + last + tricky * 3).encode()
        assert data[: BLOCK_BYTES - ahead].endswith(b",8,3\n")
        code, out, err = run("floor", "-", "--quiet", "--columns", "sku,title", stdin=data)
        assert (code, err) == (0, "")
        found = list(csv.reader(io.StringIO(out.decode(), newline="")))[-3:]
        assert found == [["A-1", 'a, "b"\n"红"色']] * 3, ahead


def test_a_letter_split_between_blocks_does_not_decide_the_encoding(run: Run) -> None:
    row = f"A-0,{'x' * 990},8,3\n"
    filled = BLOCK_BYTES - len(SKUS) - len("A-1,") - 1
    rows = filled // len(row)
    table = SKUS + row * rows + "\n" * (filled - rows * len(row)) + "A-1,商,8,3\n"
    data = table.encode("gb18030")
    assert not data[: BLOCK_BYTES - 1].endswith(b"\n")
    assert not data[:BLOCK_BYTES].isascii()
    assert data[: BLOCK_BYTES - 1].isascii()
    code, out, err = run("floor", "-", "--columns", "title", stdin=data)
    assert (code, out.decode().splitlines()[-1]) == (0, "商")
    assert "assumed: encoding gb18030" in err


# --- rows set aside ---------------------------------------------------------------------------


def test_the_rejects_of_rejects_are_the_rows_that_are_still_bad(run: Run, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    data = SKUS + 'A-1,"a\n""b""",free,3\nA-2,c,8,3\nA-3,d,8,"12,50"\n'
    code, _, _ = run("reprice", "-", "--quiet", "--rejects", first, stdin=data.encode())
    assert code == 0
    code, out, err = run("reprice", first, "--quiet", "--rejects", second, "-l", "3")
    assert (code, out.count(b"\n")) == (0, 1)
    assert f"{first}: 2 bad rows set aside" in err
    before, after = (rows_of(path.read_text()) for path in (first, second))
    # The reason of a row is replaced in its column, because a header can't appear twice.
    assert after[0] == before[0]
    assert [row[1:] for row in after] == [row[1:] for row in before]


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


# --- the oracle -------------------------------------------------------------------------------

TABLE = Case(b"sku,purchase_price\n00123,8\n00124,x\n00125,3.50\n", ",", "floor")


def told_otherwise(monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    """Change the program's output for ``TABLE``."""
    ran = accounts.ask(TABLE)._replace(**changed)  # type: ignore[arg-type]
    monkeypatch.setattr(accounts, "ask", lambda _case: ran)


@pytest.mark.parametrize(
    "changed",
    [
        {"out": b"sku,purchase_price,floor_price\n00123,8,9.20\n"},
        {"out": b"sku,purchase_price,floor_price\n123,8,9.20\n00125,3.50,4.03\n"},
        {"out": b"sku,purchase_price,floor_price\n00125,3.50,4.03\n00123,8,9.20\n"},
        {"rejected": b"line,column,reason,sku,purchase_price\n"},
        {"rejected": b"line,column,reason,sku,purchase_price\n3,,?,124,x\n"},
        {"said": "standard input:4: purchase_price: 'x' is not a number\n"},
        {"said": "Traceback (most recent call last):\n"},
        {"code": 3},
        {"code": 0, "out": b""},
    ],
    ids=str,
)
def test_a_wrong_account_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    check(TABLE)
    told_otherwise(monkeypatch, **changed)
    with pytest.raises(AssertionError):
        check(TABLE)
