"""Workbooks as other programs write them: what Excel shows, parts under odd names, bounds.

Files are refused in one line, before too much is unpacked.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from books import MAIN, number, row, sheet, write_book

from aepromo.errors import InputError
from aepromo.table.parquet import open_parquet, parquet_of
from aepromo.table.rows_one_by_one import rows_with_lines
from aepromo.table.sheet_cells import Cells, Styles, shape_of
from aepromo.table.workbook_reader import open_workbook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aepromo.table.source import Source

HEAD = row("sku", "purchase_price", "logistics_cost")
GOODS = row("K-1", number("8"), number("3"))


def opened(path: Path, wanted: str | None = None) -> Source:
    return open_workbook(io.BytesIO(path.read_bytes()), "b.xlsx", wanted)


def rows_of(source: Source) -> list[list[str]]:
    return [cells for block in source.blocks for _line, cells in rows_with_lines(block, source)]


def renamed(path: Path, rename: Callable[[str], str], **changed: str) -> Path:
    """A workbook with its parts under other names, and some of them with other text."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (parts | {key: text.encode() for key, text in changed.items()}).items():
            archive.writestr(rename(name), data)
    return path


# --- what Excel shows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "stored", "text"),
    [
        ("0000", "42", "0042"),
        ("000000", "1234567", "1234567"),
        ("00-00", "123", "01-23"),
        ('"AP-"0000', "7", "AP-0007"),
        ("000 000", "4500", "004 500"),
        ("0000", "4.5", "4.5"),
        ("0000", "-4", "-4"),
        ("0000;-0000", "4", "0004"),
        ('"¥"#,##0.00', "45", "¥45"),
        ("\\¥0.00", "45.5", "¥45.5"),
        ("[$¥-804]#,##0", "45", "¥45"),
        ("[$CNY] 0.00", "45", "CNY 45"),
        ('#,##0.00"元"', "45", "45元"),
        ("[$$-409]0.00", "3", "$3"),
        ("[$US$]0.00", "3", "US$3"),
        ('_("$"* #,##0.00_);_("$"* (#,##0.00)', "3", "$3"),
        ("#,##0.00 [$€-407]", "3", "3 €"),
        ("$0.00", "-3", "-$3"),
        ('0.00"kg"', "1.5", "1.5kg"),
    ],
)
def test_a_number_is_read_in_its_format(code: str, stored: str, text: str) -> None:
    styles = Styles.of([0, 164], {164: code}, False)
    assert styles.text(stored, 1) == text
    assert list(Cells([], styles).alike("n", 1, [stored, None])) == [text, ""]


@pytest.mark.parametrize(
    "code",
    [
        *("0", "0.00", "#,##0.00", "0.00E+00", "# ?/?", "@", "General", '0" pcs"', "#,##0_)"),
        *("[Red]0.00", "[>9]00;0", '"no digit"', "", '"Rs" 0.00', "0_ ", "x" * 300 + "00"),
    ],
)
def test_a_format_that_changes_only_the_look_is_ignored(code: str) -> None:
    assert shape_of(code) is None


def test_ids_and_money_come_through_as_they_are_shown(tmp_path: Path) -> None:
    formats = ("00000", '"¥"0.00')
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts>'
        + "".join(
            f'<numFmt numFmtId="{164 + at}" formatCode="{code.replace(chr(34), "&quot;")}"/>'
            for at, code in enumerate(formats)
        )
        + '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs>'
        "</styleSheet>"
    )
    body = sheet(HEAD, row(number("123", 1), number("56.0", 2), '<c s=""><v>8.0</v></c>'))
    path = write_book(tmp_path / "b.xlsx", body, styles=styles)
    assert rows_of(opened(path)) == [["00123", "¥56", "8"]]


# --- parts ------------------------------------------------------------------------------------


def test_parts_are_found_by_either_slash_and_in_any_case(tmp_path: Path) -> None:
    path = write_book(tmp_path / "b.xlsx", sheet(HEAD, GOODS))
    for rename in (lambda name: name.replace("/", "\\"), str.upper, lambda name: "/" + name):
        assert rows_of(opened(renamed(path, rename))) == [["K-1", "8", "3"]]


def test_the_main_part_is_the_one_that_the_package_names(tmp_path: Path) -> None:
    path = write_book(tmp_path / "b.xlsx", sheet(HEAD, GOODS))
    link = (
        '<Relationships xmlns="p"><Relationship Id="a" Type="x/officeDocument" Target="{}"/>'
        "</Relationships>"
    )
    moved = renamed(
        path, lambda name: name.replace("workbook.xml", "book7.xml"),
        **{"_rels/.rels": link.format("/xl/book7.xml")},
    )  # fmt: skip
    assert rows_of(opened(moved)) == [["K-1", "8", "3"]]
    binary = renamed(path, str, **{"_rels/.rels": link.format("xl/workbook.bin")})
    with pytest.raises(InputError, match=r"an .xlsb workbook; save it as .xlsx"):
        opened(binary)


# --- sheets and rows --------------------------------------------------------------------------

PROSE = sheet(row("Read me first"), row("Costs are on the next sheet"))


def test_the_only_sheet_with_a_table_is_read(
    tmp_path: Path,
) -> None:
    for first in (PROSE, sheet()):
        path = write_book(tmp_path / "b.xlsx", first, sheet(HEAD, GOODS))
        source = opened(path)
        assert source.name == "b.xlsx!S2"
        assert source.taken.notes() == ["sheet 'S2' is read; sheets without a table: 'S1'"]
        assert rows_of(source) == [["K-1", "8", "3"]]


def test_where_several_sheets_have_one_they_are_named(tmp_path: Path) -> None:
    path = write_book(tmp_path / "b.xlsx", PROSE, sheet(HEAD), sheet(HEAD))
    with pytest.raises(InputError, match=r"no table on sheet 'S1'.*there are 'S1', 'S2', 'S3'"):
        opened(path)
    assert opened(path, "S1").header == ("Read me first",)
    hidden = write_book(tmp_path / "h.xlsx", PROSE, sheet(HEAD), sheet(HEAD), hidden=(3,))
    assert opened(hidden).name == "b.xlsx!S2"


def test_a_first_sheet_with_a_table_is_read_whatever_the_others_have(tmp_path: Path) -> None:
    path = write_book(tmp_path / "b.xlsx", sheet(HEAD, GOODS), sheet(HEAD))
    assert opened(path).name == "b.xlsx!S1"
    assert opened(path).taken.notes() == []


def test_titles_above_the_header_of_a_sheet_are_passed_over(tmp_path: Path) -> None:
    titles = row("成本表", None, None, "三月"), row(None), row("制表：王")
    path = write_book(tmp_path / "b.xlsx", sheet(*titles, HEAD, GOODS))
    source = opened(path)
    assert source.taken.notes() == ["header on line 4"]
    assert rows_of(source) == [["K-1", "8", "3"]]


# --- bounds -----------------------------------------------------------------------------------


@pytest.mark.parametrize("index", ["-1", "0_1", "١", "1.0", " 1", "2"])
@pytest.mark.parametrize("odd_row", ["", '<c t="inlineStr"><is><r><t>x</t></r></is></c>'])
def test_the_number_of_a_shared_text_is_digits_and_there_is_one(
    index: str, odd_row: str, tmp_path: Path
) -> None:
    texts = f'<sst xmlns="{MAIN}"><si><t>one</t></si><si><t>two</t></si></sst>'
    cells = f'<c r="A2" t="s"><v>{index}</v></c>{odd_row}'
    body = sheet(HEAD, f'<row r="2">{cells}</row>')
    path = write_book(tmp_path / "b.xlsx", body, sharedStrings=texts)
    with pytest.raises(InputError, match=r"the workbook is damaged"):
        rows_of(opened(path))


def test_a_nul_is_no_part_of_a_cell_or_a_header(tmp_path: Path) -> None:
    path = write_book(tmp_path / "b.xlsx", sheet(HEAD, GOODS, row("a_x0000_b", "8", "3")))
    with pytest.raises(InputError, match=r"b.xlsx!S1:3: a cell holds a NUL character; delete it"):
        rows_of(opened(path))
    path = write_book(tmp_path / "b.xlsx", sheet(row("sku", "a_x0000_b")))
    with pytest.raises(InputError, match=r"a header holds a NUL character"):
        opened(path)
    stored = io.BytesIO()
    pq.write_table(pa.table({"sku": ['two\n"lines"', "x", "a\0b"]}), stored)
    with pytest.raises(InputError, match=r"t.parquet:4: a cell holds a NUL character; delete it"):
        rows_of(open_parquet(stored, "t.parquet"))


def test_a_cell_far_to_the_right_is_refused_before_rows_as_wide_are_made(tmp_path: Path) -> None:
    far = '<row r="{0}"><c r="XFD{0}"><v>1</v></c></row>'
    body = sheet(HEAD, *(far.format(at) for at in range(2, 40)))
    path = write_book(tmp_path / "b.xlsx", body)
    with pytest.raises(InputError, match=r"b.xlsx!S1:2: a cell far to the right of the table"):
        rows_of(opened(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    path = write_book(tmp_path / "b.xlsx", sheet(HEAD))
    declared = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "c">]><a/>'
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, declared.encode(encoding) if name.endswith("k.xml") else data)
    with pytest.raises(InputError, match=r"declares XML entities"):
        opened(path)


def test_texts_and_what_they_unpack_to_have_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = write_book(tmp_path / "l.xlsx", sheet(HEAD, row("x" * (1 << 20) + "x", "8", "3")))
    with pytest.raises(InputError, match=r"a cell of over a million characters; shorten it"):
        rows_of(opened(long))
    many = f'<sst xmlns="{MAIN}">{"<si><t>a</t></si>" * 9}</sst>'
    path = write_book(tmp_path / "m.xlsx", sheet(HEAD), sharedStrings=many)
    monkeypatch.setattr("aepromo.table.sheet_xml.MOST_TEXTS", 8)
    with pytest.raises(InputError, match=r"the workbook has over 8 texts; save the sheet as .csv"):
        opened(path)
    monkeypatch.setattr("aepromo.table.sheet_xml._PACKED_ENOUGH", 1 << 16)
    padded = write_book(tmp_path / "p.xlsx", sheet(HEAD, GOODS, " " * (4 << 20)))
    with pytest.raises(InputError, match=r"the workbook unpacks to over"):
        rows_of(opened(padded))


# --- Parquet ----------------------------------------------------------------------------------


def test_a_flipped_bit_of_a_file_that_the_program_wrote_is_found() -> None:
    table = pa.table({"sku": [f"K-{at:04}" for at in range(3_000)]})
    whole = b"".join(parquet_of([table]))
    assert len(rows_of(open_parquet(io.BytesIO(whole), "t"))) == 3_000
    for place in range(200, len(whole) // 2, 997):
        flipped = bytearray(whole)
        flipped[place] ^= 4
        with pytest.raises(InputError, match=r"a damaged Parquet file, or not a Parquet file"):
            rows_of(open_parquet(io.BytesIO(bytes(flipped)), "t"))


@pytest.mark.parametrize(
    "column",
    [
        pa.array([1], pa.duration("s")),
        pa.array([b"0" * 16], pa.binary(16)),
        pa.array([b"0" * 16], pa.uuid()),
        pa.array([[1]]),
        pa.array([b"a"]).dictionary_encode(),
    ],
)
def test_what_is_no_single_value_is_no_cell(column: pa.Array) -> None:
    stored = io.BytesIO()
    pq.write_table(pa.table({"purchase_price": column}), stored)
    with pytest.raises(
        InputError, match=r"t: column 'purchase_price' holds .*; convert it to text"
    ):
        open_parquet(stored, "t")
