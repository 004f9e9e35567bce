"""Endings of output files: a known one sets the format, any other is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import program

if TYPE_CHECKING:
    from pathlib import Path

SKUS = "sku,purchase_price,logistics_cost,list_price\nA-1,8,3,20\n"
KNOWN = ".csv, .tsv, .tab, .json, .jsonl, .ndjson, .md, .txt, .xlsx, .parquet"
ONE = ("margin", "-q", "-p", "20", "-b", "8", "-l", "3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a cost file."""
    (tmp_path / "skus.csv").write_text(SKUS)
    return tmp_path


def refused(*arguments: str, cwd: Path) -> str:
    """The one line that a wrong call prints; it leaves no file behind."""
    before = sorted(cwd.iterdir())
    code, out, err = program(*arguments, cwd=cwd)
    assert (code, out) == (2, b"")
    assert err.count("\n") == 1, err
    assert sorted(cwd.iterdir()) == before
    return err.removeprefix("aepromo: ").rstrip("\n")


@pytest.mark.parametrize(
    ("call", "ending"),
    [
        (("reprice", "skus.csv", "-o", "x.pdf"), ".pdf"),
        (("audit", "skus.csv", "-q", "-o", "x.xls"), ".xls"),
        (("forced", "skus.csv", "-q", "-o", "x.html"), ".html"),
        (("rules", "-o", "x.csv.gz"), ".gz"),
        ((*ONE, "-o", "x.PDF"), ".PDF"),
    ],
)
def test_an_unknown_ending_is_refused(call: tuple[str, ...], ending: str, folder: Path) -> None:
    assert refused(*call, cwd=folder) == (
        f"--output {call[-1]}: the ending {ending} is unknown; end in {KNOWN}; "
        "or name the form with --format"
    )


def test_the_format_option_goes_before_the_ending(folder: Path) -> None:
    code, out, err = program(*ONE, "--format", "csv", "-o", "x.anything", cwd=folder)
    assert (code, out, err) == (0, b"", "")
    assert (folder / "x.anything").read_text().startswith("purchase_price,")
    code, out, err = program(*ONE, "--value", "profit", "-o", "x.profit", cwd=folder)
    assert (code, out, err) == (0, b"", "")
    assert (folder / "x.profit").read_text().strip().replace(".", "").isdigit()


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_text_in_a_file_named_as_a_workbook_is_refused_or_said(form: str, folder: Path) -> None:
    line = refused(*ONE, "--value", "profit", "-o", f"x.{form}", cwd=folder)
    assert line == f"--value writes plain text, which does not fit x.{form}; end in .txt"
    call = ("reprice", "skus.csv", "--columns", "sku", "--format", "csv", "-o", f"x.{form}")
    code, _out, err = program(*call, cwd=folder)
    assert code == 0
    said = f"x.{form} will be written as csv, because --format goes before its ending\n"
    assert err.startswith(said)
    assert (folder / f"x.{form}").read_text() == "sku\nA-1\n"
    assert program(*call, "-q", cwd=folder)[2] == ""
    for same in ("-o", f"x.{form}"), ("--format", form, "-o", f"x.{form}"):
        assert "will hold" not in program("reprice", "skus.csv", *same, cwd=folder)[2]


@pytest.mark.parametrize("target", ["new", ".hidden", "-", "/dev/stdout", "/dev/null"])
def test_without_an_ending_it_is_csv(target: str, folder: Path) -> None:
    code, out, err = program("reprice", "skus.csv", "-o", target, "-q", cwd=folder)
    assert (code, err) == (0, "")
    written = out if target in ("-", "/dev/stdout") else (folder / target).read_bytes()
    if target != "/dev/null":
        assert written.startswith(b"sku,purchase_price,")


def test_the_worksheet_s_ending_must_be_known_too(folder: Path) -> None:
    line = refused("appeal", "skus.csv", "-q", "--worksheet", "w.doc", cwd=folder)
    assert line == f"--worksheet w.doc: the ending .doc is unknown; end in {KNOWN}"


def test_a_page_with_the_ending_of_another_form_is_refused(folder: Path) -> None:
    line = refused("report", "skus.csv", "-q", "-o", "page.csv", cwd=folder)
    assert line == "--output page.csv: report writes a web page; end in .html"


def test_bad_rows_are_text_whatever_the_ending_says(folder: Path) -> None:
    line = refused("reprice", "skus.csv", "-q", "--rejects", "bad.xlsx", cwd=folder)
    assert line == "--rejects bad.xlsx: bad rows are written as CSV; end in .csv"
    code, _out, err = program("reprice", "skus.csv", "-q", "--rejects", "skus.bad", cwd=folder)
    assert (code, err) == (0, "")
