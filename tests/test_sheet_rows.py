"""Rows of a sheet read many at once agree with the parser, and so do refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

import pytest
from books import MAIN
from hypothesis import given, settings
from hypothesis import strategies as st

from aepromo.table.sheet_cells import Cells, Styles
from aepromo.table.sheet_rows import PlainRows, sheet_rows
from aepromo.table.sheet_xml import Damaged, SheetReader

if TYPE_CHECKING:
    from aepromo.table.sheet_xml import Row

HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\r\n<worksheet xmlns="{MAIN}"><sheetData>'
TAIL = "</sheetData><mergeCells><mergeCell ref='A1:B1'/></mergeCells></worksheet>"
STYLES = Styles.of([0, 14, 46], {}, from_1904=False)
TEXTS = ("红色", "", "a & b")

# ROW stands for the row's number, and COL for the column's letter.
USUAL = (
    '<c r="COLROW" s="0"><v>3.50</v></c>',
    '<c r="COLROW" s="0"><v>12.7400000000000002</v></c>',
    '<c r="COLROW"><v>1005007316620948835</v></c>',
    '<c r="COLROW" t="n"><v>1.00500612345679E+18</v></c>',
    '<c r="COLROW" s="1"><v>46082.5</v></c>',
    '<c r="COLROW" s="2"><v>1.25</v></c>',
    '<c r="COLROW" t="s"><v>0</v></c>',
    '<c r="COLROW" s="1" t="s"><v>2</v></c>',
    '<c r="COLROW" t="b"><v>1</v></c>',
    '<c r="COLROW" t="e"><v>#N/A</v></c>',
    '<c r="COLROW" t="str"><f>A1&amp;"x"</f><v>a_x000D_b</v></c>',
    '<c r="COLROW"><f t="shared" ref="A1:A9" si="0">2*3.5</f><v>7</v></c>',
    '<c r="COLROW"><f t="shared" si="0"/><v>7</v></c>',
    '<c r="COLROW" t="inlineStr"><is><t>00123</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t xml:space="preserve"> &lt;&amp;amp;&quot;\n</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t>长_x005F_x0041_</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t></t></is></c>',
    '<c r="COLROW" s="1"/>',
    '<c r="COLROW" s="1"></c>',
    "",
)
UNUSUAL = (
    "<c><v>5</v></c>",
    '<c t="n" r="COLROW"><v>5</v></c>',
    '<c r="COLROW" cm="1"><v>5</v></c>',
    "<c r='COLROW'><v>5</v></c>",
    '<c r="COLROW"><f>2*3.5</f></c>',
    '<c r="COLROW"><f>2*3.5</f><v></v></c>',
    '<c r="COLROW"><v/></c>',
    '<c r="COLROW"><v>&#53;</v></c>',
    '<c r="COLROW" t="inlineStr"><is><t>a&#10;b</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t>a\r\nb</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><r><t>ri</t></r><r><t>ch</t></r></is></c>',
    '<c r="COLROW" t="inlineStr"><v>5</v></c>',
    '<c r="COLROW"><is><t>5</t></is></c>',
    '<c r="COLROW"><v><![CDATA[5]]></v></c>',
    '<c r="COLROW"><!-- </row><row r="1"> --><v>5</v></c>',
    '<c r="COLROW"><v>5</v></c >',
)
WRONG = (
    '<c r="COLROW" t="s"><v>7</v></c>',
    '<c r="COLROW"><v>5</v>',
    '<c r="COLROW" t="inlineStr"><is><t>\ufffe</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t>\x01</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t>&nbsp;</t></is></c>',
    '<c r="COLROW" t="inlineStr"><is><t>]]></t></is></c>',
    '<c r="COLROW"><v>5</t></c>',
    '<c r="A1"><v>5</v></c><c r="A1"><v>5</v></c>',
    '</row></sheetData><sheetData><row r="ROW">',
)
STARTS = ('<row r="ROW">', '<row r="ROW" spans="1:4" x14ac:dyDescent="0.25">\n',
          "<row>", '<row r="ROW" s="1" ht=\'9\'>')  # fmt: skip
BETWEEN = ("", "\n", "<!-- <row r='9'></row> -->", "<?x </row>?>")


@st.composite
def sheets(draw: st.DrawFn, cells: tuple[str, ...], starts: tuple[str, ...] = STARTS) -> str:
    """A sheet whose rows are mostly alike."""
    columns = [draw(st.lists(st.sampled_from(cells), min_size=1, max_size=2)) for _ in range(4)]
    text, number = HEAD, 0
    for _ in range(draw(st.integers(1, 12))):
        number += draw(st.sampled_from([1, 1, 1, 2, 900]))
        inner = "".join(
            draw(st.sampled_from(of)).replace("COL", letter)
            for letter, of in zip("ABCD", columns, strict=True)
        )
        row = draw(st.sampled_from(starts)) + inner + "</row>" + draw(st.sampled_from(BETWEEN))
        text += row.replace("ROW", str(number))
    return text + TAIL


def by_parser(data: bytes, cells: Cells) -> list[Row] | type[Exception]:
    """The rows as the parser reads them."""
    reader = SheetReader(cells)
    try:
        return [*reader.fed(data), *reader.fed(b"", is_last=True)]
    except (Damaged, ExpatError, ValueError, LookupError) as error:
        return type(error)


def at_once(data: bytes, cells: Cells, size: int) -> list[Row] | type[Exception]:
    """The rows if the bytes come in chunks."""
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    try:
        return list(sheet_rows(chunks, cells))
    except (Damaged, ExpatError, ValueError, LookupError) as error:
        return type(error)


@given(sheets(USUAL), st.integers(1, 2_000), st.booleans())
def test_the_usual_rows_are_as_the_parser_reads_them(text: str, size: int, computes: bool) -> None:
    cells = Cells(TEXTS, STYLES, computes)
    assert at_once(text.encode(), cells, size) == by_parser(text.encode(), cells)


@given(st.lists(st.sampled_from(USUAL), min_size=2, max_size=2))
def test_each_usual_cell_is_read_at_once(forms: list[str]) -> None:
    cells = Cells(TEXTS, STYLES)
    parser = SheetReader(cells)
    parser.fed(f'{HEAD}<row r="1"><c r="A1"><v>5</v></c></row>'.encode())
    text = "".join(
        f'<row r="{number}">{form}</row>'.replace("COLROW", f"A{number}")
        for number, form in enumerate(forms, 2)
    )
    _rows, end = PlainRows(cells).rows(text, 0, parser)
    assert end == len(text)


@given(sheets(USUAL + UNUSUAL), st.integers(1, 2_000))
def test_so_are_those_among_unusual_ones(text: str, size: int) -> None:
    cells = Cells(TEXTS, STYLES)
    found = by_parser(text.encode(), cells)
    assert isinstance(found, list)
    assert at_once(text.encode(), cells, size) == found


@given(sheets(USUAL + WRONG), st.integers(1, 2_000))
@settings(max_examples=100)
def test_sheets_that_the_parser_refuses_are_refused(text: str, size: int) -> None:
    cells = Cells(TEXTS, STYLES)
    assert at_once(text.encode(), cells, size) == by_parser(text.encode(), cells)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_another_encoding_is_left_to_the_parser(encoding: str) -> None:
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>Ã¤</t></is></c></row>' for n in range(1, 9)
    )
    data = (HEAD.replace("UTF-8", encoding) + rows + TAIL).encode(encoding)
    expected = [(number, ["Ã¤"]) for number in range(1, 9)]
    assert at_once(data, Cells((), STYLES), 300) == expected


def test_rows_may_get_wider_and_their_cells_of_other_kinds() -> None:
    rows = ""
    for number in range(1, 400):
        cells = [
            f'<c r="{letter}{number}" s="{number % 3 if number % 50 == place else 0}"><v>5</v></c>'
            for place, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: 1 + number // 15])
        ]
        rows += f'<row r="{number}">{"".join(cells)}</row>'
    data = (HEAD + rows + TAIL).encode()
    found = by_parser(data, Cells(TEXTS, STYLES))
    assert isinstance(found, list)
    assert len(found) == 399
    assert at_once(data, Cells(TEXTS, STYLES), 700) == found
