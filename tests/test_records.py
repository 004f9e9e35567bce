"""Records and their ends agree with Python's csv, for any split of the bytes."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aepromo.errors import InputError
from aepromo.table.blocks import line_numbers, parse
from aepromo.table.record_ends import lines_of, record_ends, whole_records, without_blank_rows
from aepromo.table.source import open_source

Rows = list[tuple[int, list[str]]]

SIZES = st.integers(1, 80)
DELIMITER = st.sampled_from(",;\t|^]\\. ")
MESS = st.lists(
    st.sampled_from(['"', '""', ",", ";", "|", "\n", "\r\n", "a", "é", " "]), max_size=30
).map("".join)
CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8) | MESS
TABLE = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), max_size=6)
)


@given(MESS, DELIMITER)
@example('a,"b\nc",d\n"e""\n"\n', ",")
@example('a"\nb"\n', ",")
@example('"a"b"\n"\n', ",")
def test_records_end_where_csv_ends_them(text: str, delimiter: str) -> None:
    data, ends = text.encode(), ends_by_csv(text, delimiter)
    assert list(record_ends(data, delimiter)) == ends
    assert whole_records(data, delimiter)[0] == max(ends, default=0)


@given(TABLE, DELIMITER, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.data())
def test_written_tables_are_cut_at_the_ends_of_records(
    rows: list[list[str]], delimiter: str, line_end: str, quote_all: bool, data: st.DataObject
) -> None:
    written = as_csv(rows, delimiter, line_end, quote_all)
    cut = data.draw(st.integers(0, len(written)))
    ends = ends_by_csv(written[:cut], delimiter)
    assert whole_records(written[:cut].encode(), delimiter)[0] == max(ends, default=0)


@given(TABLE, DELIMITER, st.sampled_from(["\n", "\r\n"]), st.booleans(), SIZES)
def test_a_table_gives_the_cells_that_csv_gives(
    rows: list[list[str]], delimiter: str, line_end: str, quote_all: bool, block_bytes: int
) -> None:
    width = len(rows[0]) if rows else 1
    body = as_csv(rows, delimiter, line_end, quote_all)
    good, ragged = rows_read(header(width, delimiter) + body, block_bytes, delimiter)
    assert [cells for _, cells in good] == filled(rows, delimiter)
    assert good == rows_by_csv(body, delimiter)
    assert not ragged


@given(MESS, DELIMITER, st.integers(1, 3), SIZES)
@example('a"b,c\n"d",e\n', ",", 2, 4)
@example("a,b\n\n\r\nc\n", ",", 2, 1)
@example(" \n", ",", 2, 80)
@example('"a\nb",1\n2\n', ",", 2, 80)
def test_any_text_gives_the_cells_that_csv_gives(
    body: str, delimiter: str, width: int, block_bytes: int
) -> None:
    head = header(width, delimiter)
    if leaves_a_quote_open(body, delimiter):
        with pytest.raises(InputError, match="never closes"):
            rows_read(head + body, block_bytes, delimiter)
        return
    good, ragged = rows_read(head + body, block_bytes, delimiter)
    expected = rows_by_csv(body, delimiter)
    assert good == [row for row in expected if len(row[1]) == width]
    assert ragged == [row for row in expected if len(row[1]) != width]


@given(st.text('"\r\na,', max_size=12), SIZES)
@example("a\rb", 80)
@example('"a\rb"', 80)
def test_a_lone_carriage_return_is_refused_outside_quotes_and_kept_within(
    body: str, block_bytes: int
) -> None:
    if leaves_a_quote_open(body, ","):
        return
    try:
        expected = rows_by_csv(body, ",")
    except csv.Error:
        with pytest.raises(InputError, match=r"a carriage return that ends no line|never closes"):
            rows_read(header(2, ",") + body, block_bytes)
    else:
        good, ragged = rows_read(header(2, ",") + body, block_bytes)
        assert sorted(good + ragged) == expected


@given(TABLE, st.sampled_from(["utf-8", "gb18030", "utf-16-le", "utf-16-be"]), st.booleans(), SIZES)
def test_a_given_encoding_gives_the_same_cells(
    rows: list[list[str]], encoding: str, mark: bool, block_bytes: int
) -> None:
    width = len(rows[0]) if rows else 1
    text = header(width, ",") + as_csv(rows, ",", "\n", quote_all=True)
    good, _ = rows_read("\ufeff" * mark + text, block_bytes, encoding=encoding)
    assert [cells for _, cells in good] == filled(rows)


@given(TABLE, st.sampled_from(["utf-8-sig", "utf-16"]), st.integers(4, 80))
def test_a_byte_order_mark_names_the_encoding(
    rows: list[list[str]], encoding: str, block_bytes: int
) -> None:
    width = len(rows[0]) if rows else 1
    text = header(width, ",") + as_csv(rows, ",", "\n", quote_all=True)
    good, _ = rows_read(text, block_bytes, written_in=encoding)
    assert [cells for _, cells in good] == filled(rows)


def header(width: int, delimiter: str) -> str:
    return delimiter.join(f"h{position}" for position in range(width)) + "\n"


def as_csv(rows: list[list[str]], delimiter: str, line_end: str, quote_all: bool) -> str:
    text = io.StringIO()
    # The writer of some Python versions forgets the quotes around a lone carriage return.
    quote_all = quote_all or any("\r" in cell for row in rows for cell in row)
    csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    ).writerows(rows)
    return text.getvalue()


def filled(rows: list[list[str]], delimiter: str = ",") -> list[list[str]]:
    """The rows without blank ones; a single quoted blank is a row of one column."""
    spaces = " \t\u00a0\u3000".replace(delimiter, "")
    return [row for row in rows if row == [""] or any(cell.strip(spaces) for cell in row)]


def rows_by_csv(text: str, delimiter: str) -> Rows:
    """The rows and the lines on which they start, below a header line."""
    reader = csv.reader(lines_of(text), delimiter=delimiter)
    rows, line = [], 2
    for cells in reader:
        if cells and filled([cells], delimiter):
            rows.append((line, cells))
        line = 2 + reader.line_num
    return rows


def ends_by_csv(text: str, delimiter: str) -> list[int]:
    """The end of each whole record of a text, in bytes."""
    lines = text.split("\n")[:-1]
    lengths = [len(line.encode()) + 1 for line in lines]
    # An added line shows whether the last record is whole: an open quote would include it.
    reader = csv.reader([*(line + "\n" for line in lines), "end\n"], delimiter=delimiter)
    ends = [sum(lengths[: reader.line_num]) for _ in reader]
    return ends[:-1]


def leaves_a_quote_open(body: str, delimiter: str) -> bool:
    text = body.removesuffix("\n") + "\n"
    try:
        return ends_by_csv(text, delimiter)[-1:] != [len(text.encode())]
    except csv.Error:
        return False


def rows_read(
    text: str,
    block_bytes: int,
    delimiter: str = ",",
    encoding: str | None = None,
    written_in: str = "",
) -> tuple[Rows, Rows]:
    """The rows that fit the header and those that don't, with the lines on which they start."""
    stream = io.BytesIO(text.encode(written_in or encoding or "utf-8"))
    source = open_source(stream, "t.csv", encoding, delimiter, block_bytes)
    good: Rows = []
    ragged: Rows = []
    for block in source.blocks:
        parsed = parse(block, source)
        rows = zip(*(column.to_pylist() for column in parsed.table.columns), strict=True)
        cells = [list(row) for row in rows]
        lines = line_numbers(parse(block, source), range(len(cells)))
        good += [(lines[position], row) for position, row in enumerate(cells)]
        ragged += [(row.line, list(row.cells)) for row in parsed.ragged]
    return good, ragged


@pytest.mark.parametrize("row", [b",\n", b'"",\n', b' \t,""\n', "\u3000,\n".encode(), b'" ",\n'])
def test_a_blank_row_is_found_among_many(row: bytes) -> None:
    rows = b'"a",b\n' * 200_000
    assert without_blank_rows(rows + row + b"c,d\n", ",") == (rows + row[-1:] + b"c,d\n", 1)
    assert without_blank_rows(rows + b'",",b\n', ",") == (rows + b'",",b\n', 0)
