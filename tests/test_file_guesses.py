"""Guesses about a file (encoding, delimiter, decimal mark): reported, or refused if two fit."""

from __future__ import annotations

import gzip
import io

import pyarrow as pa
import pytest

from aepromo.errors import CallError, InputError, problems_of
from aepromo.pricing.currency import USD, Currency
from aepromo.table.blocks import parse
from aepromo.table.cells import CellError, on_one_line, read, read_range, sign_of
from aepromo.table.column import Kind
from aepromo.table.encoding import Mixed, encoding_of
from aepromo.table.file_kinds import FileKind, kind_of, unpacked
from aepromo.table.headers import KnownHeaders
from aepromo.table.number_columns import read_column
from aepromo.table.rows_one_by_one import rows_with_lines
from aepromo.table.source import FileGuesses, Source, open_source

HEAD = "sku,purchase_price,logistics_cost\n"


def opened(text: str | bytes, at_a_time: int = 1 << 20, **how: object) -> Source:
    data = text if isinstance(text, bytes) else text.encode()
    return open_source(io.BytesIO(data), "t.csv", block_bytes=at_a_time, **how)  # type: ignore[arg-type]


def rows_of(source: Source) -> list[tuple[int, list[str]]]:
    return [row for block in source.blocks for row in rows_with_lines(block, source)]


# --- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_a_time", [1, 7, 1 << 20])
def test_line_numbers_count_lines_above_the_header(at_a_time: int) -> None:
    source = opened("Costs of May\n\n" + HEAD + "A,8,3\n,,\nB,9,3\n\x1a", at_a_time)
    assert rows_of(source) == [(4, ["A", "8", "3"]), (6, ["B", "9", "3"])]
    taken = source.taken
    assert (taken.header_line, taken.blank_rows, taken.control_z) == (3, 1, True)
    assert taken.notes() == ["header on line 3"]


def test_a_plain_file_gets_no_notes() -> None:
    source = opened(HEAD + "A,8,3\n")
    assert rows_of(source) == [(2, ["A", "8", "3"])]
    assert source.taken == FileGuesses()
    assert source.taken.notes() == []


def test_a_header_is_searched_in_the_first_twenty_lines() -> None:
    above = "a note on prices\n"
    assert opened(above * 19 + HEAD).taken.header_line == 20
    assert opened(above * 20 + HEAD).header == ("a note on prices",)


def test_a_row_that_looks_like_a_header_below_the_header_is_a_row() -> None:
    source = opened(HEAD + "sku,title,8\n")
    assert source.header == ("sku", "purchase_price", "logistics_cost")
    assert rows_of(source) == [(2, ["sku", "title", "8"])]


def test_a_header_that_is_mapped_is_known() -> None:
    known = KnownHeaders({"Buy at": "purchase_price", "Post": "logistics_cost"})
    source = opened("Costs\nItem,Buy at,Post\nA,8,3\n", known=known)
    assert source.header == ("Item", "Buy at", "Post")
    assert known.count(["buy-at", "POST", "zzz", ""]) == 2


def test_a_rare_delimiter_is_reported() -> None:
    assert opened("sku|purchase_price\nA|8\n").taken.notes() == [
        "cells are separated by '|' (set --delimiter)"
    ]
    assert opened("sku|purchase_price\nA|8\n", delimiter="|").taken.notes() == []
    assert opened("sep=|\nsku|purchase_price\nA|8\n").taken.notes() == []


def test_the_delimiter_option_goes_before_a_sep_line() -> None:
    source = opened("sep=;\nsku,a;b\n1,2\n", delimiter=",")
    assert (source.header, source.delimiter) == (("sku", "a;b"), ",")


def test_a_header_of_unknown_names_has_the_delimiter_of_the_rows() -> None:
    assert opened("one|two\n1|2\n").delimiter == "|"
    assert opened("one|two\n1\n").delimiter == ","
    assert opened("one;two,three\n1;2,3\n4;5,6\n").delimiter == ","


def test_ctrl_z_within_a_file_is_a_character() -> None:
    source = opened(HEAD + "A\x1a,8,3\n\x1a,9,3\nB,1,x\x1a\n")
    assert [cells[0] for _line, cells in rows_of(source)] == ["A\x1a", "\x1a", "B"]
    assert not source.taken.control_z


def test_blank_columns_at_the_end_are_left_out_by_every_reader() -> None:
    for row in ("A,8,3,,\n", 'A,8,3,"",\n', "A,8,3, ,\n"):
        source = opened("sku,purchase_price,logistics_cost,,\n" + row)
        block = next(source.blocks)
        text = parse(block, source)
        assert [text.cell(0, place) for place in range(3)] == ["A", "8", "3"]
        assert rows_with_lines(block, source) == [(2, ["A", "8", "3"])]
        assert text.table.num_columns == 3
        assert source.taken.blank_columns == 2


def test_one_blank_header_at_the_end_is_a_column() -> None:
    assert opened("sku,purchase_price,\nA,8,\n").header == ("sku", "purchase_price", "")


# --- decimal marks ----------------------------------------------------------------------------

SEMICOLONS = "sku;purchase_price;logistics_cost\n"


def prices(source: Source) -> list[object]:
    """The cents of the second column, or the reason without them, block by block."""
    found: list[object] = []
    for block in source.blocks:
        reading = parse(block, source).reading(1, Kind.COST, USD)
        cents = reading.numbers.tolist()
        reasons = {problem.row: problem.reason for problem in problems_of(reading.bad)}
        found += [reasons.get(row, number) for row, number in enumerate(cents)]
    return found


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_decimal_comma_counts_for_the_whole_file_and_is_reported(delimiter: str) -> None:
    rows = "A;1.250;0\nB;12,50;3\nC;7;0,5\nD;1.234,5;1\nE;1,250;2\n"
    source = opened((SEMICOLONS + rows).replace(";", delimiter))
    assert source.decimal == ","
    assert prices(source) == [125000, 1250, 700, 123450, 125]
    assert source.taken.notes() == ["decimal comma: '12,50' on line 3 (set --decimal)"]


def test_plain_decimal_commas_are_read_from_the_bytes_as_points_are() -> None:
    commas = opened(SEMICOLONS + "A;12,50;0\nB;7;1\nC;0,99;2\n")
    points = opened(SEMICOLONS + "A;12.50;0\nB;7;1\nC;0.99;2\n")
    assert prices(commas) == prices(points) == [1250, 700, 99]
    assert points.taken.notes() == []


@pytest.mark.parametrize(
    ("rows", "mark"),
    [
        ("A;1,250;0\nB;8.50;3\n", "."),
        ("A;1,250.00;0\n", "."),
        ("A;0.125;0\n", "."),
        ("A;1,234,567;0\n", "."),
        ("A;1.234.567;0\n", ","),
        ("A;1234,567;0\n", ","),
        ("A;,5;0\n", ","),
        ("A;€ 1.234,50;0\n", ","),
        ("A;1 234,50;0\n", ","),
        ("A;13,2%;0\n", ","),
        ("A;12,50;8.50\n", ""),
        ("A;8.50;1\nB;12,50;8.50\n", ""),
        ("A;12,50;3\nB;1.5a;3\nC;-1.5;3\nD;1.5 PCS;3\n", ","),
        ("A;12.50;3\nB;1,5a;3\nC;ca. 1,5;3\n", "."),
        ("A;8;3\n", "."),
        ("A;;\n", "."),
        ("1,005E+18;8.50;3\n", "."),
    ],
)
def test_one_clear_cell_decides_the_decimal_mark(rows: str, mark: str) -> None:
    assert opened(SEMICOLONS + rows).decimal == mark


@pytest.mark.parametrize("cell", ["1,250", "1.250", "$12.345", "999,000 CNY"])
def test_a_file_with_only_ambiguous_figures_is_refused(cell: str) -> None:
    with pytest.raises(InputError, match=r"t.csv:3: .* may be \d+ or [\d.]+; say which with"):
        opened(SEMICOLONS + f"A;8;0\nB;{cell};3\n")
    for mark, cents in ((".", 125000), (",", 125)):
        named = opened(SEMICOLONS + "B;1,250;3\n", decimal=mark)
        assert prices(named) == [cents]


def test_commas_between_cells_are_not_decimal_marks() -> None:
    assert prices(opened(HEAD + 'A,"1,250",0\n')) == [125000]


def test_later_rows_do_not_change_the_decimal_mark() -> None:
    many = "A;8;3\n" * 60_000
    untold = opened(SEMICOLONS + many + "B;1.250;3\nC;12.50;3\nD;12,50;3\n", at_a_time=1 << 16)
    assert untold.decimal == ""
    *_, either, point, comma = prices(untold)
    assert str(either).startswith("'1.250' may be 1250 or 1.250; say which")
    assert point == 1250
    assert comma == "'12,50' has a decimal comma; set --decimal , or write 12.50"
    told = opened(SEMICOLONS + "A;8,5;3\n" + many + "B;12.50;3\n", at_a_time=1 << 16)
    assert prices(told)[-1] == (
        "'12.50' has a decimal point, but this file uses decimal commas; write 12,50"
    )


def test_marks_that_contradict_each_other_are_named_and_not_guessed() -> None:
    rows = "A;8;3\nB;12,50;1.250\nC;€1.234,50;3,5\nD;12.50;3\n"
    source = opened(SEMICOLONS + rows)
    assert prices(source) == [
        800,
        "'12,50' has a decimal comma; set --decimal , or write 12.50",
        "'€1.234,50' has a decimal comma; set --decimal , or write €1234.50",
        1250,
    ]
    assert source.taken.notes() == [
        "'12,50' on line 3 has a decimal comma, '12.50' on line 5 a decimal point; "
        "say which the file has with --decimal , or --decimal ."
    ]
    for mark in ",.":
        assert opened(SEMICOLONS + rows, decimal=mark).taken.notes() == []


def test_results_of_the_program_do_not_contradict_the_files_decimal_commas() -> None:
    header = "sku\tpurchase_price\tlogistics_cost\tdeal_price\n"
    assert opened(header + "A\t12,50\t3\t18.18\n").decimal == ","
    assert opened("sku\tdiscount_status\tdeal_price\nA\tforced\t18,18\n").decimal == ","


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (Kind.NUMBER, "4,785", 4_785_000),
        (Kind.NUMBER, " 4,8 ", 4_800_000),
        (Kind.SHARE, "9,1 %", 91_000),
        (Kind.SHARE, "100,0%", 1_000_000),
        (Kind.TURNOVER, "$49.999,99", 4_999_999),
        (Kind.NUMBER, "4.8", "'4.8' is not a number; write 4,8"),
        (Kind.NUMBER, "1.250", "'1.250' is not a number; write one such as 4,78"),
        (Kind.SHARE, "9.1%", "'9.1%' has a decimal point, but this file uses decimal commas; "
         "write 9,1%"),
    ],
)  # fmt: skip
def test_facts_have_decimal_commas_too(kind: Kind, cell: str, value: int | str) -> None:
    reading = read_column(pa.array([cell, "x"]), kind, USD, ",")
    reasons = {problem.row: problem.reason for problem in problems_of(reading.bad)}
    assert reasons.get(0, reading.numbers[0]) == value


@pytest.mark.parametrize(
    ("kind", "cell", "reason"),
    [
        (Kind.COST, "call me", "'call me' is not a number; write one such as 12,50"),
        (Kind.COST, "1.5a", "'1.5a' is not a number; write one such as 12,50"),
        (Kind.COST, "1e3", "'1e3' is not a plain number; write it out, such as 12,50"),
        (Kind.COST, "10000000", "'10000000' is too large; write an amount under 10.000.000,00"),
        (Kind.TARGET, "4,995", "'4,995' has more than 2 decimal places; write 4,99 or round it up"),
        (Kind.RATE, "13,2", "'13,2' is not a rate; write 13,2% or 0,132"),
        (Kind.RATE, "120,5%", "'120,5%' is not under 100%; write a rate such as 13,2%"),
        (Kind.RATES, "20%..10,5%", "'20%..10,5%' has its ends swapped; write 10,5%..20%"),
        (Kind.RATES, "10,5-20%", "'10,5-20%' seems to be a range; write 10,5%..20%"),
        (Kind.FX, "x", "'x' is not a number; write one such as 7,12"),
        (Kind.COUNT, "100000000", "'100000000' is too large; write a number under 100.000.000"),
        (Kind.NUMBER, "good", "'good' is not a number; write one such as 4,78"),
    ],
)
def test_examples_have_the_files_decimal_mark(kind: Kind, cell: str, reason: str) -> None:
    (problem,) = problems_of(read_column(pa.array([cell]), kind, USD, ",").bad)
    assert problem.reason == reason


def test_an_invalid_decimal_mark_is_a_wrong_call() -> None:
    with pytest.raises(CallError, match=r"--decimal 'x': write , or \."):
        opened(HEAD, decimal="x")


def test_rates_and_ranges_have_decimal_commas_too() -> None:
    assert read("13,2%", Kind.RATE, USD, ",") == 132_000
    assert read_range("10,5%..20%", ",") == (105_000, 200_000)
    with pytest.raises(CellError, match=r"'13\.2%' has a decimal point"):
        read_range("13.2%", ",")


# --- signs of money ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "code", "short", "cents"),
    [
        ("US $5", "USD", "$", 500),
        ("USD5", "USD", "$", 500),
        ("5 usd", "USD", "$", 500),
        ("5$", "USD", "$", 500),
        ("USD $5", "USD", "$", 500),
        ("45元", "CNY", "¥", 4500),
        ("RMB 45", "CNY", "¥", 4500),
        ("45.00 CNY", "CNY", "¥", 4500),
        ("￥４５", "CNY", "¥", 4500),
        ("¥45元", "CNY", "¥", 4500),
        ("€5", "EUR", "EUR", 500),
        ("5 EUR", "EUR", "EUR", 500),
        ("£5", "GBP", "GBP", 500),
        ("R$ 5", "BRL", "BRL", 500),
        ("5 CHF", "CHF", "CHF", 500),
        ("250 ₽", "RUB", "RUB", 25000),
    ],
)
def test_a_sign_names_a_currency(cell: str, code: str, short: str, cents: int) -> None:
    sign = sign_of(cell)
    assert sign is not None
    assert (sign.code, sign.short) == (code, short)
    assert read(cell, Kind.COST, USD) == cents
    if code not in ("USD",):
        stated = Currency("USD", 2, is_stated=True)
        with pytest.raises(CellError, match=f"--cost-currency {code}"):
            read(cell, Kind.COST, stated)


@pytest.mark.parametrize("cell", ["5", "", "free", "5 PCS", "$€5", "$$5", "USD", "13%"])
def test_other_cells_name_none(cell: str) -> None:
    assert sign_of(cell) is None


@pytest.mark.parametrize("gap", [" ", "\u00a0", "\u202f", "\u2009", "'", "’"])
def test_thousands_can_be_separated_by_spaces_and_apostrophes(gap: str) -> None:
    assert read(f"1{gap}234{gap}567.5", Kind.COST, USD) == 123456750
    for wrong in (f"1{gap}23", f"0{gap}123", f"1{gap}234,567", f"12345{gap}678"):
        with pytest.raises(CellError):
            read(wrong, Kind.COST, USD)


# --- encodings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("毛呢外套 加厚", "gb18030", "gb18030"),
        ("色", "gb18030", "utf-8"),  # the two bytes are also a letter in UTF-8
        ("高腰瑜伽裤", "gbk", "gb18030"),
        ("𠮷野家的碗", "gb18030", "gb18030"),
        ("Crème brûlée", "cp1252", "cp1252"),
        ("don’t, 5–10 cm, 20 €", "cp1252", "cp1252"),
        ("São Paulo", "cp1252", "cp1252"),
        ("Łódź, żółta sukienka", "cp1250", "cp1250"),
        ("шапка вязаная", "cp1251", "cp1251"),
        ("羊毛圍巾 藍色", "big5", "big5"),
        ("コート ネイビー", "shift_jis", "shift_jis"),
    ],
)
def test_an_encoding_is_recognised_from_a_few_words(text: str, encoding: str, told: str) -> None:
    assert encoding_of((HEAD + f"{text},8,3\n").encode(encoding), is_whole=True) == told


def test_one_letter_of_utf_8_is_enough_to_refuse_what_follows_in_another() -> None:
    data = HEAD.encode() + "外,8,3\n".encode() + "套,8,3\n".encode("gbk")
    assert encoding_of(data, is_whole=True) == Mixed(data.index("套".encode("gbk")))


def test_bytes_that_fit_nothing_have_no_encoding() -> None:
    assert encoding_of(b"a\x98\x98\x81\x81\xff\xff\n", is_whole=True) is None


def test_the_detector_is_not_loaded_for_utf_8_or_clear_chinese(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "charset_normalizer", None)
    assert encoding_of("商品,é\n".encode(), is_whole=True) == "utf-8"
    assert encoding_of("商品编码,采购价\n".encode("gbk"), is_whole=True) == "gb18030"


# --- kinds of files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"\x28\xb5\x2f\xfd\x04\x58\x00\x00", "zstd"),
        (b"\xfd7zXZ\x00\x00\x04", "xz"),
        (b"BZh91AY&", "bzip2"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z"),
        (b"Rar!\x1a\x07\x01\x00", "rar"),
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls workbook"),
    ],
)
def test_files_without_a_table_are_refused_by_their_kind(head: bytes, word: str) -> None:
    with pytest.raises(InputError, match=word) as refused:
        kind_of(head, "t.csv")
    assert len(str(refused.value)) < 120


def test_other_first_bytes_mean_text() -> None:
    for head in (b"", b"s", b"BZhang,1", b"PKs,1,2,3", b"7z,1"):
        assert kind_of(head, "t.csv") is FileKind.TEXT


def test_a_packed_text_is_read_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(HEAD.encode() + b"A,8,3\n" * 10_000)
    assert unpacked(io.BytesIO(packed), "t.gz").read().count(b"\n") == 10_001
    monkeypatch.setattr("aepromo.table.file_kinds._MOST_UNPACKED", 1_000)
    with pytest.raises(InputError, match=r"t\.gz: unpacks to over 250 times its size"):
        unpacked(io.BytesIO(gzip.compress(b"A,8,3\n" * 100_000)), "t.gz").read()


@pytest.mark.parametrize("change", ["cut", "flip", "more"])
def test_a_damaged_packed_text_is_refused(change: str) -> None:
    packed = bytearray(gzip.compress(HEAD.encode() * 500))
    if change == "flip":
        packed[len(packed) // 2] ^= 0xFF
    data = bytes(packed[:-9] if change == "cut" else packed) + b"junk" * (change == "more")
    with pytest.raises(InputError, match=r"t\.gz: compressed with gzip, and damaged or cut off"):
        unpacked(io.BytesIO(data), "t.gz").read()


def test_double_compression_and_binary_content_are_refused() -> None:
    for within in (gzip.compress(b"a"), b"PK\x03\x04 and more", b"PAR1 and more"):
        with pytest.raises(InputError, match="without text inside; unpack it first"):
            unpacked(io.BytesIO(gzip.compress(within)), "t.gz")


class Shrinking(io.FileIO):
    """A file that becomes shorter once some of it has been read."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(min(10, size or 10)) or b""
        if data:
            self.truncate(15)
        return data


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: object) -> None:
    path = f"{tmp_path}/t.csv"
    with open(path, "wb") as stream:  # noqa: PTH123 (a plain file)
        stream.write(HEAD.encode() + b"A,8,3\n" * 9)
    with (
        Shrinking(path, "r+") as stream,
        pytest.raises(InputError, match=r"t\.csv: the file became shorter while it was read"),
    ):
        rows_of(open_source(stream, "t.csv"))


# --- messages ---------------------------------------------------------------------------------


def test_invisible_characters_are_escaped_in_messages() -> None:
    assert on_one_line("a\u202eb\u200bc\ufeffd\x1b[0m") == ("a<U+202E>b<U+200B>c<U+FEFF>d\\x1b[0m")
