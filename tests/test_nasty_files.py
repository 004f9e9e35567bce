"""Unusual files: read like Python's csv and written cell by cell unchanged, or refused.

A file becomes a test when it is put into a folder. Files under ``nasty/accepted`` must be accepted;
the name gives the encoding (``erp.gb18030.csv``) and the delimiter (``.csv``, ``.tsv``, or ``.ssv``
for semicolons). Files under ``nasty/taken`` are read as the table in ``NAME.expected``, without
titles, blank rows and the like. Files under ``nasty/refused`` must be refused with the message in
``NAME.err``.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

NASTY = Path(__file__).parent / "nasty"
ACCEPTED = sorted((NASTY / "accepted").iterdir())
TAKEN = sorted(path for path in (NASTY / "taken").iterdir() if path.suffix != ".expected")
REFUSED = sorted((NASTY / "refused").glob("*.csv"))
DELIMITERS = {".csv": ",", ".tsv": "\t", ".ssv": ";"}

WORTH = ("--fx", "CNY=7.12", "--fx", "EUR=0.92")
"""Rates for the costs that name a currency."""

HEADER = b"sku,title,purchase_price,logistics_cost\n"


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.name)
def test_every_cell_comes_back(path: Path, run: Run) -> None:
    encoding = path.suffixes[-2].lstrip(".") if len(path.suffixes) > 1 else "utf-8"
    rows = rows_of(path.read_bytes().decode(encoding), DELIMITERS[path.suffix])
    assert rows
    code, out, err = run("reprice", path, "--quiet", "-b", "2.50", "-l", "1", *WORTH)
    assert (code, err) == (0, "")
    repriced = rows_of(out.decode().removeprefix("\ufeff"))
    assert [row[: len(rows[0])] for row in repriced] == rows
    assert repriced[0][-1] == "status"
    assert {len(row) for row in repriced} == {len(repriced[0])}


@pytest.mark.parametrize("path", TAKEN, ids=lambda path: path.name)
def test_titles_and_blank_rows_around_a_table_are_skipped(path: Path, run: Run) -> None:
    expected = path.with_name(f"{path.name}.expected").read_bytes()
    rows = rows_of(expected.decode())
    code, out, err = run("reprice", path, "--quiet", "-b", "2.50", "-l", "1", *WORTH)
    assert (code, err) == (0, "")
    found = rows_of(out.decode().removeprefix("\ufeff"))
    assert [row[: len(rows[0])] for row in found] == rows


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_a_file_without_a_table_is_refused_with_a_reason(path: Path, run: Run) -> None:
    code, out, err = run("reprice", path)
    assert err.replace(str(path), path.name) == path.with_suffix(".err").read_text()
    assert (code, out) == (3, b"")


def test_a_header_alone_is_answered_with_the_added_columns(run: Run) -> None:
    code, out, err = run("floor", NASTY / "accepted" / "header-only.csv")
    assert (code, out, err) == (0, HEADER.strip() + b",floor_price\n", "")


def test_a_header_alone_is_an_empty_list_in_json(run: Run) -> None:
    code, out, err = run("floor", NASTY / "accepted" / "header-only.csv", "--format", "json")
    assert (code, out, err) == (0, b"[]\n", "")


def test_one_of_two_headers_for_a_column_is_chosen_with_map(run: Run) -> None:
    path = NASTY / "refused" / "two-headers-for-one-column.csv"
    for header, floor_price in (("采购价", b"2.48"), ("Purchase Price", b"2.99")):
        code, out, _ = run(
            "floor", path, "--map", f"{header}=purchase_price", "--value", "floor_price"
        )
        assert (code, out) == (0, floor_price + b"\n")


def test_ragged_rows_keep_their_cells_in_the_rejects(run: Run, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    path = NASTY / "refused" / "too-few-and-too-many-cells.csv"
    code, out, _ = run("reprice", path, "--rejects", rejects, "--value", "sku")
    assert (code, out) == (0, b"00124\n")
    _, few, many = rows_of(rejects.read_text())
    assert few[3:] == ["00123", "Tank top", "2.15"]
    assert many[3:] == ["00125", "Tank top", " plus size", "2.15", "1.85"]


def test_a_thousand_columns_come_through(run: Run) -> None:
    header = [f"column {number}" for number in range(998)] + ["purchase_price", "logistics_cost"]
    row = [str(number) for number in range(998)] + ["2.15", "1.85"]
    data = "".join(",".join(cells) + "\n" for cells in (header, row, row)).encode()
    code, out, err = run("reprice", "-", "--quiet", "--format", "tsv", stdin=data)
    assert (code, err) == (0, "")
    assert [cells[:1000] for cells in rows_of(out.decode(), "\t")] == [header, row, row]


def test_a_cell_of_a_megabyte_comes_through(run: Run) -> None:
    cell = 'an "odd", long\ntext ' * 50_000
    rows = [["title", "purchase_price", "logistics_cost"], [cell, "2.15", "1.85"]]
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    code, out, err = run("reprice", "-", "--quiet", stdin=written.getvalue().encode())
    assert (code, err) == (0, "")
    assert [row[:3] for row in rows_of(out.decode())] == rows


def test_a_bad_cell_of_a_megabyte_is_named_by_its_beginning(run: Run) -> None:
    data = b"purchase_price,logistics_cost\n" + b"x" * 1_000_000 + b",1.85\n"
    code, out, err = run("reprice", "-", stdin=data)
    assert (code, out) == (3, b"")
    assert f"standard input:2: purchase_price: '{'x' * 80}…' is not a number" in err


def test_a_very_long_header_is_read(run: Run) -> None:
    name = b"x" * 200_000
    ran = run("floor", "-", stdin=name + b",purchase_price\nA,2.15\n")
    assert ran == (0, name + b",purchase_price,floor_price\nA,2.15,2.48\n", "")


def test_a_byte_order_mark_is_dropped_with_any_encoding(run: Run) -> None:
    table = "purchase_price,logistics_cost\n2.15,1.85\n"
    for encoding in ("utf-8", "utf-16-le"):
        data = ("\ufeff" + table).encode(encoding)
        ran = run("floor", "-", "--encoding", encoding, "--value", "floor_price", stdin=data)
        assert ran == (0, b"2.48\n", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("采购价,物流费\n5,3\n", "-:1: the header is not UTF-8"),
        ("sku,采购价\n", "-:1: the header is not UTF-8"),
        ("采购单\nsku,purchase_price,logistics_cost\nA,5,3\n", "-:1: the header is not UTF-8"),
        ("sku,purchase_price,logistics_cost\n红,5,3\n", "-:2: the bytes are not UTF-8"),
    ],
)
def test_a_wrong_encoding_option_is_reported(text: str, said: str, run: Run) -> None:
    call = ("reprice", "-", "--encoding")
    done = run(*call, "utf-8", stdin=text.encode("gb18030"))
    where = said.replace("-:", "standard input:")
    assert (done.code, done.out) == (3, b"")
    assert done.err.endswith(f"{where}; leave --encoding out, or try gb18030\n")


@pytest.mark.parametrize("encoding", ["hex", "no-such"])
def test_an_unknown_encoding_is_a_wrong_call(encoding: str, run: Run) -> None:
    code, out, err = run("reprice", "-", "--encoding", encoding, stdin=HEADER)
    assert (code, out) == (2, b"")
    assert err == (
        f"aepromo: --encoding '{encoding}': there is no such encoding; "
        "write one such as utf-8, gb18030, gbk, gb2312, utf-16, big5, latin-1\n"
    )


@pytest.mark.parametrize("delimiter", ["", "，"])
def test_an_invalid_delimiter_is_a_wrong_call(delimiter: str, run: Run) -> None:
    code, out, err = run("reprice", "-", "--delimiter", delimiter, stdin=HEADER)
    assert (code, out) == (2, b"")
    assert "give one character, such as , ; or tab\n" in err


@pytest.mark.parametrize("delimiter", ["|", "tab"])
def test_any_other_delimiter_can_be_given(delimiter: str, run: Run) -> None:
    mark = "\t" if delimiter == "tab" else delimiter
    data = f'sku{mark}"a title"{mark}purchase_price\n00123{mark}"{mark} ""a"" "{mark}2\n'.encode()
    code, out, err = run("floor", "-", "--delimiter", delimiter, stdin=data)
    assert (code, err) == (0, "")
    assert rows_of(out.decode())[1] == ["00123", f'{mark} "a" ', "2", "2.30"]


def test_a_missing_file_and_a_folder_are_refused(run: Run, tmp_path: Path) -> None:
    missing = tmp_path / "missing.csv"
    assert run("reprice", missing) == (3, b"", f"aepromo: {missing}: No such file or directory\n")
    assert run("reprice", tmp_path) == (3, b"", f"aepromo: {tmp_path}: Is a directory\n")


def rows_of(text: str, delimiter: str = ",") -> list[list[str]]:
    """The rows as Python's csv reads them, blank lines left out."""
    csv.field_size_limit(1 << 24)
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
