"""Reading workbooks and Parquet files: the cells' own text, the sheet's rows, or one clear line."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from books import MAIN, number, row, sheet, write_book
from forked import program
from processes import PROGRAM, SETTINGS, UTF8

from aepromo.errors import InputError
from aepromo.table.rows_one_by_one import rows_with_lines
from aepromo.table.sheet_cells import Styles, number_text, unescaped
from aepromo.table.workbook_reader import LARGEST_SHEET, open_workbook

if TYPE_CHECKING:
    from pathlib import Path

HEAD = row("sku", "purchase_price", "logistics_cost")


def rows_of(path: Path, name: str | None = None) -> list[tuple[int, list[str]]]:
    """The header and every row that a workbook gives, with its number."""
    with path.open("rb") as stream:
        source = open_workbook(stream, "b.xlsx", name)
        rows = [each for block in source.blocks for each in rows_with_lines(block, source)]
        return [(0, list(source.header)), *rows]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("3.5", "3.5"),
        ("3.50", "3.50"),
        ("12", "12"),
        ("12.0", "12"),
        ("-7.0", "-7"),
        ("12.00", "12.00"),
        ("0.132", "0.132"),
        ("1005006123456789012", "1005006123456789012"),
        ("0.30000000000000004", "0.3"),
        ("3.3000000000000003", "3.3"),
        ("2.9999999999999996", "3"),
        ("1234567890123.4567", "1234567890123.46"),
        ("1E-07", "0.0000001"),
        ("1.5E3", "1500"),
        ("-1.3", "-1.3"),
        # These digits are lost, and the text shows it.
        ("1.00500612345679E+18", "1.00500612345679E+18"),
        ("1e999999999", "1e999999999"),
        ("no number", "no number"),
    ],
)
def test_a_number_is_the_decimal_that_excel_shows(stored: str, text: str) -> None:
    assert number_text(stored) == text


@pytest.mark.parametrize(
    ("code", "stored", "text"),
    [
        ("yyyy-mm-dd", "46082", "2026-03-01"),
        ("yyyy/m/d h:mm", "46082.35416666666", "2026-03-01T08:30:00"),
        ("yyyy/m/d h:mm", "46082", "2026-03-01"),
        ('yyyy"年"m"月"d"日"', "46082", "2026-03-01"),
        ("[$-804]yyyy/m/d;@", "46082.5", "2026-03-01T12:00:00"),
        ("h:mm:ss", "0.3541666666666667", "08:30:00"),
        ("ss.000", "0.35416667824", "08:30:00.001"),
        ("[h]:mm", "1.25", "30:00:00"),
        ("yyyy-mm-dd", "60", "60"),
        ("yyyy-mm-dd", "-1", "-1"),
        ("yyyy-mm-dd", "1e9", "1000000000"),
        ("0.00", "3.5", "3.5"),
        ("0%", "0.132", "13.2%"),
        ("0.00%", "7.0000000000000007E-2", "7%"),
        ("#,##0.0%", "1.5", "150%"),
        ("0%", "-0.005", "-0.5%"),
        ('"Rs" 0.00', "3.5", "3.5"),
        ("[Red]0.00;[Blue]0.00", "3.5", "3.5"),
        ("General", "3.5", "3.5"),
    ],
)
def test_a_date_is_iso_text(code: str, stored: str, text: str) -> None:
    assert Styles.of([0, 164], {164: code}, False).text(stored, 1) == text


def test_days_may_count_from_1904_and_formats_may_be_built_in() -> None:
    assert Styles.of([14], {}, True).text("44620", 0) == "2026-03-01"
    assert Styles.of([46], {}, False).text("1.25", 0) == "30:00:00"


def test_escaped_characters_are_unescaped() -> None:
    assert unescaped("a_x000D_b_x005F_x0041_ _xD83D_ _x12_") == "a\rb_x0041_ _xD83D_ _x12_"


def test_every_kind_of_cell_is_read_as_its_text(tmp_path: Path) -> None:
    cells = (
        '<c t="s"><v>0</v></c>',
        '<c t="s"><v>1</v></c>',
        '<c t="b"><v>1</v></c>',
        '<c t="e"><v>#N/A</v></c>',
        '<c t="str"><f>A1</f><v>a_x000D_b</v></c>',
        '<c t="str"><f>A1</f><v></v></c>',
        "<c><f>2*3.5</f><v>7</v></c>",
        "<c><f>2*3.5</f></c>",
        "<c><f>2*3.5</f><v></v></c>",
        number("46082", 1),
        '<c t="d"><v>2026-03-01</v></c>',
        '<c t="inlineStr"><is><r><t>ri</t></r><r><t xml:space="preserve">ch </t></r></is></c>',
        '<c t="inlineStr"/>',
        " 00123 ",
    )
    texts = f'<sst xmlns="{MAIN}"><si><t>红色</t></si><si><r><t>two</t></r><r><t> runs</t></r>'
    texts += "<rPh><t>read aloud</t></rPh></si></sst>"
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
    heads = row(*(f"h{index}" for index in range(len(cells))))
    path = write_book(
        tmp_path / "b.xlsx",
        sheet(heads, row(*cells)),
        styles=styles + "</styleSheet>",
        sharedStrings=texts,
    )
    expected = ["红色", "two runs", "TRUE", "#N/A", "a\rb", "", "7", "=2*3.5", "=2*3.5"]
    expected += ["2026-03-01", "2026-03-01", "rich ", "", " 00123 "]
    assert rows_of(path)[1:] == [(2, expected)]


def test_formulas_without_a_result_have_no_value(tmp_path: Path) -> None:
    data = sheet(row("a", "b"), row("<c><f>2*3</f><v>0</v></c>", number("5")))
    path = write_book(tmp_path / "b.xlsx", data, workbook='<calcPr fullCalcOnLoad="1"/>')
    assert rows_of(path)[1:] == [(2, ["=2*3", "5"])]


def test_rows_keep_their_numbers_and_blank_rows_are_skipped(tmp_path: Path) -> None:
    data = sheet(
        row(None, None, number=2),
        row("sku", "note", number=4),
        row("1", "two\nlines", number=5),
        row("2", number=6),
        row("", None, number=7),
        row('<c r="B9" t="inlineStr"><is><t>only b</t></is></c>', number=9),
        row("3", "far", None, None, number=90_000),
        row("4", "one&#13;two", "too many", number=90_001),
        row("5", "last", number=1_048_576),
    )
    path = write_book(tmp_path / "b.xlsx", data)
    assert rows_of(path) == [
        (0, ["sku", "note"]),
        (5, ["1", "two\nlines"]),
        (6, ["2", ""]),
        (9, ["", "only b"]),
        (90_000, ["3", "far"]),
        (90_001, ["4", "one\rtwo", "too many"]),
        (1_048_576, ["5", "last"]),
    ]


def test_elements_may_have_a_prefix(tmp_path: Path) -> None:
    data = sheet(row("sku"), row(number("0.50"), number=3))
    for tag in ("worksheet", "sheetData", "row", "c>", "c ", "is", "t>", "v>"):
        data = data.replace(f"<{tag}", f"<x:{tag}").replace(f"</{tag}", f"</x:{tag}")
    data = data.replace("xmlns=", "xmlns:x=")
    assert rows_of(write_book(tmp_path / "b.xlsx", data)) == [(0, ["sku"]), (3, ["0.50"])]


def test_the_first_sheet_that_is_not_hidden_is_read_or_the_one_named(tmp_path: Path) -> None:
    sheets = [sheet(row(f"in {index}")) for index in (1, 2, 3)]
    path = write_book(tmp_path / "b.xlsx", *sheets, hidden=(1,))
    assert rows_of(path) == [(0, ["in 2"])]
    assert rows_of(path, "S1") == [(0, ["in 1"])]
    assert rows_of(path, "3") == [(0, ["in 3"])]
    for wrong in ("S4", "0", "4", "s1"):
        code, out, err = program("audit", path, "--sheet", wrong, cwd=tmp_path)
        assert (code, out) == (2, b"")
        assert err == f"aepromo: --sheet '{wrong}': no such sheet; there are S1, S2, S3\n"
    path = write_book(tmp_path / "b.xlsx", *sheets, hidden=(1, 2, 3))
    code, _, err = program("audit", path, cwd=tmp_path)
    assert (code, err) == (
        2,
        "aepromo: every sheet of the workbook is hidden; choose one with --sheet\n",
    )


def test_bad_cells_are_named_by_sheet_and_row(tmp_path: Path) -> None:
    error = '<c t="e"><v>#DIV/0!</v></c>'
    data = sheet(
        HEAD,
        row("a\nb", number("8"), number("3")),
        row("A", error, number("3"), number=7),
        row("B", "<c><f>A1*7</f></c>", number("3")),
        row("C", number("1"), number("3"), "more"),
    )
    write_book(tmp_path / "b.xlsx", data)
    code, out, err = program(
        "reprice", "b.xlsx", "-q", "--rejects", "r.csv", "--columns", "sku", cwd=tmp_path
    )
    assert (code, out) == (0, b'sku\n"a\nb"\n')
    assert err.splitlines() == [
        "b.xlsx!S1:7: purchase_price: '#DIV/0!' is a spreadsheet error; "
        "fix its formula, or write the number",
        "b.xlsx!S1:8: purchase_price: '=A1*7' is a formula without its result; "
        "save the workbook in Excel, or write the number",
        "b.xlsx!S1:9: 4 cells where the header has 3; "
        "name the column, or clear its cells beside the table",
        "b.xlsx!S1: 3 bad rows set aside",
    ]
    assert (tmp_path / "r.csv").read_text().splitlines()[1].startswith("7,purchase_price,")


COMMANDS = [
    ("reprice", "t"),
    ("audit", "t", "--fail-on", "never"),
    ("sweep", "t", "--to", "20%", "--step", "10%"),
    ("explain", "t", "--sku", "00123"),
    ("breakeven", "t"),
    ("forced", "t", "--store-level", "L3"),
    ("reverse", "t", "--market", "BR"),
    ("appeal", "t", "--fail-on", "never", "--on", "2026-03-01"),
    ("watch", "t", "--now", "2026-03-10T09:00+08:00"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_that_takes_a_file_takes_a_workbook_and_parquet(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    names = ["sku", "purchase_price", "logistics_cost", "list_price", "discount_status", "note"]
    cells = [
        ["00123", "2.15", "1.85", "7.90", "none", 'a "b", c'],
        ["00124", "8", "3.5", "20", "none", "=1+1"],
    ]
    (tmp_path / "t").write_text(
        ",".join(names) + '\n00123,2.15,1.85,7.90,none,"a ""b"", c"\n00124,8,3.5,20,none,=1+1\n'
    )
    expected = program(*command, "-q", cwd=tmp_path)
    assert expected[0] == 0, expected[2]
    rows = [row(each[0], *map(number, each[1:4]), *each[4:]) for each in cells]
    write_book(tmp_path / "t", sheet(row(*names), *rows))
    assert program(*command, "-q", cwd=tmp_path) == expected
    columns = [list(column) for column in zip(*cells, strict=True)]
    pq.write_table(pa.table(dict(zip(names, columns, strict=True))), tmp_path / "t")
    assert program(*command, "-q", cwd=tmp_path) == expected


def test_parquet_values_are_exact_text(tmp_path: Path) -> None:
    table = pa.table(
        {
            "sku": ["00123", None],
            "id": [1005006123456789012, None],
            "purchase_price": pa.array([Decimal("2.10"), None], pa.decimal128(18, 2)),
            "tiny": pa.array([Decimal("0.000000010"), Decimal("12345678901234567.000000001")]),
            "logistics_cost": [3.3000000000000003, 12.0],
            "small": pa.array([0.1, 1e-7], pa.float32()),
            "kind": pa.array(["x", "y"]).dictionary_encode(),
            "flag": [True, None],
            "day": pa.array([20513, None], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    names = ",".join(table.column_names)
    code, out, err = program(
        "reprice", "t.parquet", "-q", "-b", "8", "--columns", names, cwd=tmp_path
    )
    assert (code, err) == (0, "")
    assert out.decode().splitlines()[1:] == [
        "00123,1005006123456789012,2.10,0.000000010,3.3,0.1,x,true,2026-03-01",
        ",,,12345678901234567.000000001,12,0.0000001,y,,",
    ]


def test_bad_parquet_rows_are_numbered_as_in_csv(tmp_path: Path) -> None:
    table = pa.table({"purchase_price": ["8"] * 40_000 + ["12,50"], "note": ["a\nb"] * 40_001})
    pq.write_table(table, tmp_path / "t.parquet")
    code, _, err = program("reprice", "t.parquet", "-q", "-l", "1", "--columns", "note",
                           cwd=tmp_path)  # fmt: skip
    assert code == 3
    assert err.startswith("t.parquet:40002: purchase_price: '12,50' is not a number;")


def test_the_content_decides_the_kind_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "t.xlsx").write_text("purchase_price,logistics_cost\n8,3\n")
    write_book(tmp_path / "t.csv", sheet(HEAD, row("1", number("8"), number("3"))))
    text = program("reprice", "t.xlsx", "-q", "--value", "floor_price", cwd=tmp_path)
    book = program("reprice", "t.csv", "-q", "--value", "floor_price", cwd=tmp_path)
    assert text == book == (0, b"9.20\n", "")


@pytest.mark.parametrize("form", ["workbook", "parquet", "text"])
def test_from_standard_input_even_byte_by_byte(form: str, tmp_path: Path) -> None:
    path = tmp_path / "t"
    if form == "workbook":
        write_book(path, sheet(HEAD, row("1", number("8"), number("3"))))
    elif form == "parquet":
        pq.write_table(pa.table({"purchase_price": ["8"], "logistics_cost": ["3"]}), path)
    else:
        path.write_text("商品编码,采购价,物流费\n1,8,3\n", encoding="gb18030")
    data = path.read_bytes()
    command = [*PROGRAM, "reprice", "-", "-q", "--value", "floor_price"]
    with subprocess.Popen(
        command, env=SETTINGS | UTF8, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        for start, end in ((0, 1), (1, 3), (3, len(data))):
            os.write(process.stdin.fileno(), data[start:end])
        out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, b"9.20\n")


def zipped(**parts: bytes) -> bytes:
    """A zip file that is not a workbook, or a damaged one."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def book(tmp_path: Path, data: str, **more: str) -> bytes:
    return write_book(tmp_path / "made", data, **more).read_bytes()  # type: ignore[arg-type]


REFUSED = {
    "legacy": "an old .xls workbook, or one with a password; save it as .xlsx",
    "no workbook": "not an .xlsx workbook; save it as one, or as .csv",
    "OpenDocument": "an OpenDocument file such as .ods; save it as .xlsx",
    "a zip": "a zip archive; unpack it first",
    "a Word document": "an office document without a table; save the table as .xlsx, or as .csv",
    "cut off": "the workbook is damaged; open it in Excel and save it again",
    "garbled": "the workbook is damaged; open it in Excel and save it again",
    "no text": "the workbook is damaged; open it in Excel and save it again",
    "entities": "the workbook declares XML entities, which Excel never writes",
    "backwards": "rows or cells are out of order; open the workbook in Excel and save it again",
    "empty": "the sheet is empty",
    "titled": "two columns have no header; name them, or delete the lines above the header",
    "parquet": "a damaged Parquet file, or not a Parquet file",
    "nested": "column 'a' holds list<element: int64>; convert it to text",
}


def refused_bytes(kind: str, tmp_path: Path) -> bytes:
    whole = book(tmp_path, sheet(HEAD, row("1", "2", "3")))
    if kind == "nested":
        pq.write_table(pa.table({"a": [[1]]}), tmp_path / "made")
        return (tmp_path / "made").read_bytes()
    sheets = {
        "garbled": sheet(HEAD, row("1")).replace("</sheetData>", "<"),
        "no text": sheet(HEAD, row('<c t="s"><v>7</v></c>')),
        "entities": '<!DOCTYPE x [<!ENTITY a "b">]>' + sheet(HEAD),
        "backwards": sheet(HEAD, row("1", number=3), row("2", number=2)),
        "empty": sheet(row(None, "")),
        "titled": sheet(row("成本表", None, None, "三月"), row("A", "B", "8", "3")),
    }
    if kind in sheets:
        return book(tmp_path, sheets[kind])
    return {
        "legacy": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "no workbook": zipped(**{"[Content_Types].xml": b"<Types/>"}),
        "OpenDocument": zipped(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"),
        "a zip": zipped(**{"costs.csv": b"sku,purchase_price\n"}),
        "a Word document": zipped(**{"[Content_Types].xml": b"", "word/document.xml": b""}),
        "cut off": whole[:-60],
        "parquet": b"PAR1 and no more",
    }[kind]


@pytest.mark.parametrize("kind", REFUSED)
def test_an_unreadable_file_is_refused_in_one_line(kind: str, tmp_path: Path) -> None:
    (tmp_path / "t").write_bytes(refused_bytes(kind, tmp_path))
    code, _, err = program("reprice", "t", "-q", cwd=tmp_path)
    assert code == 3
    assert err.count("\n") == 1
    assert err.endswith(REFUSED[kind] + "\n")


def test_a_part_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LARGEST_SHEET > 1 << 30
    monkeypatch.setattr("aepromo.table.workbook_reader.LARGEST_SHEET", 1 << 20)
    padded = sheet(HEAD, row("1", "8", "3"), " " * (1 << 20))
    path = write_book(tmp_path / "b.xlsx", padded)
    with pytest.raises(InputError, match=r"b.xlsx!S1:3: the workbook unpacks to over 1 MB"):
        rows_of(path)


def test_options_for_text_and_for_workbooks_are_not_mixed_up(tmp_path: Path) -> None:
    write_book(tmp_path / "b.xlsx", sheet(HEAD))
    (tmp_path / "t.csv").write_text("sku\n1\n")
    for options, said in (
        (("b.xlsx", "--encoding", "gbk"), "--encoding: b.xlsx is not text"),
        (("b.xlsx", "--delimiter", ";"), "--delimiter: b.xlsx is not text"),
        (("t.csv", "--sheet", "1"), "--sheet: t.csv is not a workbook"),
    ):
        assert program("reprice", *options, cwd=tmp_path) == (2, b"", f"aepromo: {said}\n")
