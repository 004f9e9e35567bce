"""Writing workbooks and Parquet files: read back by another program, figure by figure."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import processes
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from forked import program
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import load_workbook

from aepromo.errors import OutputError
from aepromo.pricing.money import AMOUNT_LIMIT
from aepromo.table.cells import fixed
from aepromo.table.column import Kind
from aepromo.table.text_formats import TextColumn
from aepromo.table.workbook_writer import LONGEST_TEXT, MOST_ROWS, workbook

SKUS = Path(__file__).parent.parent / "examples" / "quick-start" / "skus.csv"
ERP = SKUS.parent.parent / "erp-export" / "erp-export-gbk.csv"
FIGURES = ("protected_list_price", "price_change", "profit", "margin", "max_discount")


def written(*columns: TextColumn, with_header: bool = True) -> bytes:
    """A workbook of one part."""
    return b"".join(workbook([columns], with_header))


def values(data: bytes, sheet: int = 0) -> list[list[object]]:
    """The values of a workbook's sheet, as calamine reads them."""
    found = load_workbook(io.BytesIO(data)).get_sheet_by_index(sheet)
    return [list(row) for row in found.to_python()]


def sheet_xml(data: bytes) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()


def test_an_erp_export_becomes_a_priced_workbook_in_one_command(tmp_path: Path) -> None:
    options = ("--rate", "10%..20%", "--target-profit", "6", "-q")
    code, out, err = program("reprice", ERP, *options, "-o", "p.xlsx", cwd=tmp_path)
    assert (code, out, err) == (0, b"", "")
    _, text, _ = program("reprice", ERP, *options, cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    data = (tmp_path / "p.xlsx").read_bytes()
    head, *body = values(data)
    assert head == list(rows[0])
    assert len(body) == len(rows)
    for found, row in zip(body, rows, strict=True):
        sheet = dict(zip(map(str, head), found, strict=True))
        assert sheet["商品编码"] == row["商品编码"]
        for name in FIGURES:
            cell = sheet[name]
            assert cell == (float(row[name]) if row[name] else "")
    assert ["rows", float(len(rows))] in values(data, 1)
    assert ["ok", float(sum(row["status"] == "ok" for row in rows))] in values(data, 1)


def test_totals_are_formulas_with_their_results(tmp_path: Path) -> None:
    program("audit", SKUS, "-q", "--fail-on", "never", "-o", "a.xlsx", cwd=tmp_path)
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        summary = archive.read("xl/worksheets/sheet2.xml").decode()
    _, text, _ = program("audit", SKUS, "-q", "--fail-on", "never", cwd=tmp_path)
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    formulas = dict(re.findall(r"<f>([^<]*)</f><v>([^<]*)</v>", summary))
    least = min(Decimal(row["profit"]) for row in rows)
    assert [Decimal(value) for key, value in formulas.items() if key.startswith("MIN(")] == [least]
    counts = {key.split('"')[1]: int(value) for key, value in formulas.items() if "COUNTIF" in key}
    assert counts == {
        label: sum(row["status"] == label for row in rows)
        for label in ("ok", "below_target", "loss", "below_floor")
    }
    # A result that is text would be aligned left, and not be part of a sum.
    assert 't="str"' not in summary
    assert ["profit, least", float(least)] in values((tmp_path / "a.xlsx").read_bytes(), 1)
    assert all("$2:" in key and key.endswith((f"${len(rows) + 1})", '")')) for key in formulas)


def test_rows_of_a_summary_are_skus(tmp_path: Path) -> None:
    text = "sku,purchase_price,logistics_cost,list_price\nA,5,2,20\nB,6,2,20\n合计,11,4,40\n"
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    program("audit", "own.csv", "-q", "--fail-on", "never", "-o", "a.xlsx", cwd=tmp_path)
    data = (tmp_path / "a.xlsx").read_bytes()
    assert len(values(data, 0)) == 4
    summary = values(data, 1)
    assert ["rows", 2.0] in summary
    assert ["total rows", 1.0] in summary
    chosen = ("--only", "ok", "-o", "b.xlsx")
    program("audit", "own.csv", "-q", "--fail-on", "never", *chosen, cwd=tmp_path)
    summary = values((tmp_path / "b.xlsx").read_bytes(), 1)
    assert ["rows", 2.0] in summary
    assert not any("total rows" in row for row in summary)


def test_the_header_is_frozen_filtered_and_verdicts_are_coloured(tmp_path: Path) -> None:
    program("audit", SKUS, "-q", "--fail-on", "never", "-o", "a.xlsx", cwd=tmp_path)
    xml = sheet_xml((tmp_path / "a.xlsx").read_bytes())
    assert 'ySplit="1"' in xml
    assert 'state="frozen"' in xml
    assert re.search(r'<autoFilter ref="A1:[A-Z]+73"/>', xml)
    styles = {label: set(re.findall(rf's="(\d+)"[^>]*><is><t>{label}<', xml))
              for label in ("ok", "below_target", "loss", "below_floor", "forced")}  # fmt: skip
    assert all(len(found) == 1 for found in styles.values())
    assert len(set.union(*styles.values())) == 5


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
def test_a_second_run_on_its_output_changes_nothing(form: str, tmp_path: Path) -> None:
    program("reprice", SKUS, "-q", "-o", f"1.{form}", cwd=tmp_path)
    code, _, err = program("reprice", f"1.{form}", "-q", "-o", f"2.{form}", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert (tmp_path / f"1.{form}").read_bytes() == (tmp_path / f"2.{form}").read_bytes()
    _, plain, _ = program("reprice", SKUS, "-q", cwd=tmp_path)
    _, again, _ = program("reprice", f"1.{form}", "-q", cwd=tmp_path)
    # A workbook shows every rate in percent.
    ratios = [
        re.sub(rb"(?<=,)([\d.]+)%", lambda rate: b"%.3f" % (float(rate[1]) / 100), each)
        for each in (again, plain)
    ]
    texts = [re.sub(rb"(?<=,)(0\.\d+?)0*(?=,)", rb"\1", each) for each in ratios]
    assert (again == plain) if form == "parquet" else (texts[0] == texts[1])


@pytest.mark.parametrize("header", ["commission_rate", "佣金率", "佣金率(%)", "Commission %"])
def test_a_percent_cell_is_what_excel_shows(header: str, tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(tmp_path / "in.xlsx")
    sheet, percent = book.add_worksheet(), book.add_format({"num_format": "0.0%"})
    sheet.write_row(0, 0, ["sku", "purchase_price", "logistics_cost", "list_price", header])
    sheet.write_row(1, 0, ["A", 8, 3, 15])
    sheet.write_number(1, 4, 0.075, percent)
    book.close()
    asked = ("--quiet", "--rate", "10%", "--value", "commission")
    for number in range(2):
        path = tmp_path / ("in.xlsx", "out.xlsx")[number]
        assert program("margin", path, *asked, cwd=tmp_path) == (0, b"1.01\n", "")  # of 13.50
        program("margin", path, *asked[:3], "-o", "out.xlsx", cwd=tmp_path)


@given(st.integers(-AMOUNT_LIMIT + 1, AMOUNT_LIMIT - 1), st.integers(0, 3))
def test_every_amount_reads_back_to_the_minor_unit(amount: int, places: int) -> None:
    text = fixed(amount, places)
    data = written(TextColumn("profit", Kind.MONEY, [text]))
    assert f"<v>{text}</v>" in sheet_xml(data)
    assert round(Decimal(float(str(values(data)[1][0]))).scaleb(places)) == amount


# XML doesn't allow lone surrogates; everything else is read back.
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_every_text_reads_back_and_none_is_a_formula(text: str) -> None:
    data = written(TextColumn("note", Kind.TEXT, [text, "=1+1", "00123", "1005006123456789012"]))
    found = [row[0] for row in values(data)]
    assert found == ["note", text, "=1+1", "00123", "1005006123456789012"]
    assert "<f>" not in sheet_xml(data)


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("purchase_price", "3.50", "3.50"),
        ("采购价", "12", "12"),
        ("list_price", "1,234.50", None),
        ("list_price", "$3.50", None),
        ("list_price", "007", None),
        ("commission_rate", "8%", "0.08"),
        ("forced_rate", "10%..20%", None),
        ("forced_rate", "0.132", "0.132"),
        ("units_30d", "412", "412"),
        ("sku", "412", None),
        ("shelf", "412", None),
        ("purchase_price", "1234567890123456", None),
        ("purchase_price", "=1", None),
    ],
)
def test_an_input_cell_is_a_number_only_if_it_clearly_is_one(
    name: str, text: str, number: str | None
) -> None:
    xml = sheet_xml(written(TextColumn(name, Kind.TEXT, [text])))
    assert (f"<v>{number}</v>" in xml) == (number is not None)
    assert (f"<t>{text}</t>" in xml) == (number is None)


def test_more_than_a_workbook_holds_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        f"sku,purchase_price,logistics_cost\n{'x' * (LONGEST_TEXT + 1)},8,3\n"
    )
    (tmp_path / "o.xlsx").write_bytes(b"old")
    code, _, err = program("reprice", "t.csv", "-q", "-o", "o.xlsx", cwd=tmp_path)
    assert code == 2
    assert err.endswith("a cell of over 32,767 characters, which no workbook holds; write .csv\n")
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".xlsx"] == ["o.xlsx"]
    assert (tmp_path / "o.xlsx").read_bytes() == b"old"
    parts = [[TextColumn("a", Kind.TEXT, ["1"] * 524_288)]] * 2
    with pytest.raises(OutputError, match=r"more than a sheet holds \(1,048,576 rows\)"):
        list(workbook(parts, with_header=True))


def test_too_many_rows_are_refused_before_any_is_priced(tmp_path: Path) -> None:
    head, rows = "sku,purchase_price,logistics_cost\n", "A,3.20,1.85\n" * MOST_ROWS
    (tmp_path / "t.csv").write_text(head + rows)
    code, out, err = program("reprice", "t.csv", "-o", "o.xlsx", cwd=tmp_path)
    assert (code, out) == (2, b"")
    # Not even the assumptions are printed before.
    assert err == "aepromo: more than a sheet holds (1,048,576 rows); write .csv or .parquet\n"
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_parquet_holds_exact_decimals_and_text(tmp_path: Path) -> None:
    program("reprice", SKUS, "-q", "-o", "p.parquet", cwd=tmp_path)
    table = pq.read_table(tmp_path / "p.parquet")
    assert str(table.schema.field("profit").type) == "decimal128(18, 2)"
    assert str(table.schema.field("purchase_price").type) == "string"
    assert table["sku"][0].as_py() == "00123"
    assert table["protected_list_price"][0].as_py() == Decimal("6.63")
    options = ("list-price", "-t", "3.5", "-r", "13.2%", "-o", "one.parquet")
    assert program(*options, cwd=tmp_path)[0] == 0
    assert pq.read_table(tmp_path / "one.parquet")["exact_list_price"][0].as_py() == Decimal(
        "4.0323"
    )


def test_a_pipe_takes_a_workbook_too_and_options_still_hold(tmp_path: Path) -> None:
    options = ("--format", "xlsx", "--columns", "sku,status", "--no-header")
    code, out, _ = program("reprice", SKUS, "-q", *options, cwd=tmp_path)
    assert code == 0
    assert values(out)[:2] == [["00123", "ok"], ["00124", "ok"]]


def test_without_the_extra_one_clear_line_says_how_to_get_it(tmp_path: Path) -> None:
    block = "import sys; sys.modules['xlsxwriter'] = None; from aepromo.cli import main; main()"
    line = (*processes.PYTHON, "-c", block)
    started = processes.start("reprice", SKUS, "-q", "-o", "p.xlsx", cwd=tmp_path, program=line)
    code, out, err = processes.finish(started)
    assert (code, out) == (2, b"")
    assert err == "aepromo: a workbook needs XlsxWriter: pip install 'aepromo[excel]'\n"
    assert list(tmp_path.iterdir()) == []


def test_an_amount_has_its_currency_and_a_weight_is_a_number(tmp_path: Path) -> None:
    file, out = tmp_path / "grams.csv", tmp_path / "priced.xlsx"
    file.write_text("sku,采购价,物流费,重量(g),标价\nA1,8,3,328,25\n", encoding="utf-8")
    options = ("-q", "--lower", "--currency", "EUR", "--fx", "USD=1.08")
    program("reprice", file, *options, "-o", out, cwd=tmp_path)
    assert ["computed amounts in", "EUR"] in values(out.read_bytes(), 1)
    header, row = values(out.read_bytes())
    cells = dict(zip(header, row, strict=True))
    assert (cells["重量(g)"], cells["sku"]) == (328, "A1")
    # A price that may fall is not a loss.
    assert str(cells["price_change"]).startswith("-")
    xml = sheet_xml(out.read_bytes())
    looks = {
        name: re.search(f'<c r="{letters(header, name)}2" s="(\\d+)"', xml) for name in FIGURES
    }
    assert looks["price_change"] and looks["profit"]
    assert looks["price_change"][1] != looks["profit"][1]


def test_ids_are_frozen_and_the_sheet_fits_the_paper(tmp_path: Path) -> None:
    program("reprice", SKUS, "-q", "-o", "priced.xlsx", cwd=tmp_path)
    xml = sheet_xml((tmp_path / "priced.xlsx").read_bytes())
    assert '<pane xSplit="1" ySplit="1"' in xml
    assert 'orientation="landscape"' in xml
    assert "<fitToPage" in xml or 'fitToPage="1"' in xml


def letters(header: list[object], name: str) -> str:
    """The letters of a column."""
    number = header.index(name)
    return (chr(ord("A") + number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
