"""Amounts, rates and other cells: the texts that are read, alone and in a column."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aepromo.errors import problems_of
from aepromo.pricing.currency import USD, Currency
from aepromo.pricing.money import BLANK
from aepromo.table.cells import COMMA, POINT, UNTOLD, CellError, read, read_range
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.table.number_columns import as_number, read_column

LIMIT = "'10000000' is too large; write an amount under 10,000,000.00"


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("3.5", 350),
        ("3.50", 350),
        ("3", 300),
        ("3.", 300),
        (".5", 50),
        ("0", 0),
        ("00123", 12300),
        ("$3.50", 350),
        ("$ 3.50", 350),
        ("US$3.50", 350),
        ("¥12", 1200),
        ("￥12", 1200),
        ("1,234.50", 123450),
        ("1,234,567", 123456700),
        ("３．５", 350),
        ("＄３．５０", 350),
        (" 3.50 ", 350),
        ("\u30003.50\u00a0", 350),
        ("3.500000", 350),
        ("9999999.99", 999_999_999),
    ],
)
def test_an_amount_is_read_in_cents(text: str, cents: int) -> None:
    assert read(text, Kind.COST, USD) == cents
    assert read(text, Kind.TARGET, USD) == cents


@pytest.mark.parametrize(
    ("text", "millionths"),
    [
        ("13.2%", 132_000),
        ("0.132", 132_000),
        (".132", 132_000),
        ("13.2 %", 132_000),
        (" 13.2% ", 132_000),
        ("１３．２％", 132_000),
        ("0", 0),
        ("0%", 0),
        ("99.9999%", 999_999),
        ("0.999999", 999_999),
        ("0.13200000", 132_000),
    ],
)
def test_a_rate_is_read_in_millionths(text: str, millionths: int) -> None:
    assert read(text, Kind.RATE, USD) == millionths
    assert read_range(text) == (millionths, millionths)


@pytest.mark.parametrize(
    "text", ["10%..20%", "0.1..0.2", " 10% .. 20% ", "10%..0.2", "１０％．．２０％"]
)
def test_a_range_is_read_as_its_two_ends(text: str) -> None:
    assert read_range(text) == (100_000, 200_000)


@pytest.mark.parametrize("text", ["", " ", "\t", "\u3000", "\u00a0"])
@pytest.mark.parametrize("kind", [Kind.COST, Kind.TARGET, Kind.PRICE, Kind.RATE])
def test_a_cell_of_spaces_is_blank(text: str, kind: Kind) -> None:
    assert read(text, kind, USD) is None
    assert read_range(text) is None


@pytest.mark.parametrize(("text", "cents"), [("3.501", 351), ("0.0000001", 1), ("3.5000", 350)])
def test_a_cost_with_too_many_decimal_places_rounds_up(text: str, cents: int) -> None:
    assert read(text, Kind.COST, USD) == cents


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        # Not a number, or not written as one.
        (Kind.COST, "some", "'some' is not a number; write one such as 12.50"),
        (Kind.COST, "nan", "'nan' is not a number; write one such as 12.50"),
        (Kind.COST, ".", "'.' is not a number; write one such as 12.50"),
        (Kind.COST, "$", "'$' is not a number; write one such as 12.50"),
        (Kind.COST, "$$3", "'$$3' is not a number; write one such as 12.50"),
        (Kind.COST, "3$.50", "'3$.50' is not a number; write one such as 12.50"),
        (Kind.COST, "3 PCS", "'3 PCS' is not a number; write one such as 12.50"),
        (Kind.COST, "$€3", "'$€3' is not a number; write one such as 12.50"),
        (Kind.COST, "1 2345", "'1 2345' is not a number; write one such as 12.50"),
        (Kind.COST, "1 234'567", "'1 234'567' is not a number; write one such as 12.50"),
        (Kind.COST, "+3", "'+3' is not a number; write one such as 12.50"),
        (Kind.COST, "3 4", "'3 4' is not a number; write one such as 12.50"),
        (Kind.COST, "12²", "'12²' is not a number; write one such as 12.50"),
        (Kind.COST, "٣", "'٣' is not a number; write one such as 12.50"),
        (Kind.COST, "1_000", "'1_000' is not a number; write one such as 12.50"),
        (Kind.COST, "3%", "'3%' is not a number; write one such as 12.50"),
        (Kind.COST, "a\nb", "'a\\nb' is not a number; write one such as 12.50"),
        (Kind.COST, "x" * 90, f"'{'x' * 80}…' is not a number; write one such as 12.50"),
        (Kind.COST, "1e3", "'1e3' is not a plain number; write it out, such as 12.50"),
        (Kind.COST, "1.5E-2", "'1.5E-2' is not a plain number; write it out, such as 12.50"),
        (Kind.RATE, "1e-1", "'1e-1' is not a plain number; write it out, such as 13.2% or 0.132"),
        (Kind.RATE, "$0.1", "'$0.1' is not a number; write one such as 13.2% or 0.132"),
        (Kind.RATE, "%", "'%' is not a number; write one such as 13.2% or 0.132"),
        (Kind.RATE, "10%..20%", "'10%..20%' is not a number; write one such as 13.2% or 0.132"),
        # A decimal comma, or thousands in the wrong place.
        (Kind.COST, "12,50", "'12,50' is not a number; write 12.50"),
        (Kind.COST, "1.234,56", "'1.234,56' is not a number; write 1234.56"),
        (Kind.COST, "0,125", "'0,125' is not a number; write 0.125"),
        (Kind.RATE, "13,2%", "'13,2%' is not a number; write 13.2%"),
        (Kind.RATE, "0,132", "'0,132' is not a number; write 0.132"),
        (Kind.RATE, "13,2", "'13,2' is not a rate; write 13.2% or 0.132"),
        (Kind.COST, "12,34,567", "'12,34,567' is not a number; write one such as 12.50"),
        (Kind.COST, "1234,567", "'1234,567' is not a number; write one such as 12.50"),
        (Kind.COST, "1,234,", "'1,234,' is not a number; write one such as 12.50"),
        # A number that makes no sense.
        (Kind.COST, "-3", "'-3' is negative; write 0 or more"),
        (Kind.COST, "−3", "'−3' is negative; write 0 or more"),
        (Kind.RATE, "-1%", "'-1%' is negative; write 0 or more"),
        (Kind.RATE, "13.2", "'13.2' is not a rate; write 13.2% or 0.132"),
        (Kind.RATE, "5", "'5' is not a rate; write 5% or 0.05"),
        (Kind.RATE, "1", "'1' is not a rate; write 1% or 0.01"),
        (Kind.RATE, "100", "'100' is not under 100%; write a rate such as 13.2%"),
        (Kind.RATE, "100%", "'100%' is not under 100%; write a rate such as 13.2%"),
        (
            Kind.RATE,
            "0.1234567",
            "'0.1234567' has too many decimal places for a rate; write at most 6",
        ),
        (
            Kind.RATE,
            "12.34567%",
            "'12.34567%' has too many decimal places for a rate; write at most 4",
        ),
        (Kind.PRICE, "0", "'0' is not a list price; write a price above 0"),
        (
            Kind.PRICE,
            "4.995",
            "'4.995' has more than 2 decimal places; write 4.99 or round it up",
        ),
        (
            Kind.TARGET,
            "0.001",
            "'0.001' has more than 2 decimal places; write 0.00 or round it up",
        ),
        (Kind.COST, "10000000", LIMIT),
        (Kind.COST, "9999999.991", LIMIT.replace("10000000", "9999999.991", 1)),
        (Kind.COST, "9" * 30, f"'{'9' * 30}' is too large; write a number such as 12.50"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_used_is_refused_with_its_remedy(
    kind: Kind, text: str, reason: str
) -> None:
    with pytest.raises(CellError) as refused:
        read(text, kind, USD)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("20%..10%", "'20%..10%' has its ends swapped; write 10%..20%"),
        ("10%..", "'10%..' has only one end; write both, such as 10%..20%"),
        (" ..20%", "' ..20%' has only one end; write both, such as 10%..20%"),
        ("10%..20", "'10%..20' seems to be a range; write 10%..20%"),
        ("10..20", "'10..20' seems to be a range; write 10%..20%"),
        ("10%..x", "'x' is not a number; write one such as 13.2% or 0.132"),
        ("10%..120%", "'120%' is not under 100%; write a rate such as 13.2%"),
        # Written otherwise, or unclear.
        ("10%...20%", "'10%...20%' seems to be a range; write 10%..20%"),
        ("20%-10%", "'20%-10%' seems to be a range; write 10%..20%"),
        ("10.5-20,5 %", "'10.5-20,5 %' seems to be a range; write 10.5%..20.5%"),
        ("0.1-0.2", "'0.1-0.2' seems to be a range; write 0.1..0.2"),
        ("10%,20%", "'10%,20%' seems to be a range; write 10%..20%"),
        ("10,20", "'10,20' may be a range or one rate; write 10%..20% or 10.20%"),
        ("13,2%", "'13,2%' is not a number; write 13.2%"),
        ("13,2", "'13,2' is not a rate; write 13.2% or 0.132"),
        ("0,15", "'0,15' is not a number; write 0.15"),
        ("0.1-20%", "'0.1-20%' is not a range; write one such as 10%..20%"),
        ("0.1%...2%", "'0.1%...2%' seems to be a range; write 0.1%..2%"),
        ("10-120%", "'10-120%' is not a range; write one such as 10%..20%"),
        ("-10-20%", "'-10-20%' is negative; write 0 or more"),
        ("2026-03-01", "'2026-03-01' is not a number; write one such as 13.2% or 0.132"),
    ],
)
def test_a_range_that_cannot_be_used_is_refused_with_its_remedy(text: str, reason: str) -> None:
    with pytest.raises(CellError) as refused:
        read_range(text)
    assert str(refused.value) == reason


@pytest.mark.parametrize("between", ["-", " - ", "–", "—", "~", "～", "…", " to ", "至", "到"])
def test_a_range_is_shown_as_it_is_to_be_written(between: str) -> None:
    for text in (f"10%{between}20%", f"10{between}20%", f"10{between}20"):
        with pytest.raises(CellError, match=r" seems to be a range; write 10%\.\.20%$"):
            read_range(text)


PLAIN = st.text("0123456789.", max_size=22) | st.decimals(
    0, 20_000_000, places=2, allow_nan=False
).map(str)
WRITTEN = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "$", "¥", "USD ", "руб"]),
    st.from_regex(r"[0-9]{1,3}([,. ][0-9]{3}){0,2}([.,][0-9]{0,8})?", fullmatch=True),
    st.sampled_from(["", "%", " %", " EUR", "元", " руб.", "$"]),
)
ODD = st.text("0123456789., %$¥US3.-+e/", max_size=12) | st.text(max_size=6)
KINDS = st.sampled_from(
    [
        *(Kind.COST, Kind.TARGET, Kind.PRICE, Kind.COUNT, Kind.WEIGHT),
        *(Kind.RATE, Kind.RATES, Kind.MARKUP, Kind.FX),
        *(Kind.NUMBER, Kind.SHARE, Kind.TURNOVER),
    ]
)
CURRENCIES = st.sampled_from(
    [USD, *(Currency(code, places, True) for code, places in (("JPY", 0), ("CNY", 2), ("KWD", 3)))]
)


@given(st.lists(PLAIN, max_size=8), KINDS, CURRENCIES)
@example(["0.1", "9999999.99"], Kind.COST, USD)
@example(["10000000", ""], Kind.COST, USD)
@example(["0"], Kind.PRICE, USD)
@example(["3", "3.0", "0.5"], Kind.COUNT, USD)
@example(["0.1", "1"], Kind.RATE, USD)
@example(["0.000001", "999999999.999999", "7.12"], Kind.FX, USD)
@example(["0"], Kind.FX, USD)
def test_a_column_of_digits_and_points_reads_as_its_cells_do(
    texts: list[str], kind: Kind, currency: Currency
) -> None:
    assert column_wise(pa.array(texts, pa.string()), kind, currency) == cell_wise(
        texts, kind, currency
    )


@given(
    st.lists(PLAIN | ODD | WRITTEN, max_size=8),
    KINDS,
    CURRENCIES,
    st.integers(0, 3),
    st.sampled_from([POINT, COMMA, UNTOLD]),
)
@example(["$1,234.50", "1 234.50", "5 руб.", "руб.5", "U.S.$5"], Kind.COST, USD, 0, POINT)
@example(["1.234,56", "$12,5", "12.50", "5 руб."], Kind.TARGET, USD, 0, COMMA)
@example(["1,250", "1,250.5", "12.5", "1,250 €"], Kind.COST, USD, 0, UNTOLD)
@example(["10-20%", "5%-7%", "10 to 20%", "30 to 40%", "1,2"], Kind.RATES, USD, 0, POINT)
@example(["4,8", " 4,85 ", "4.8", "1.250", "1.250,5"], Kind.NUMBER, USD, 0, COMMA)
@example(["9,1 %", "100,0%", "1,0", "1.250%", "9.1%"], Kind.SHARE, USD, 0, COMMA)
@example(["12,50", "1,250", "1.250", "1.5a"], Kind.SHARE, USD, 0, UNTOLD)
@example(["$5$", "USD EUR 5", "$ 5 USD", "XAU 5", "ABC 5"], Kind.COST, USD, 0, POINT)
@example(["0.00000001", "9999999.990000001", "0000000000000005"], Kind.COST, USD, 0, POINT)
def test_a_column_of_any_text_reads_as_its_cells_do(
    texts: list[str], kind: Kind, currency: Currency, skipped: int, decimal: str
) -> None:
    part = pa.array(texts, pa.string()).slice(skipped)
    cells = cell_wise(texts[skipped:], kind, currency, decimal)
    assert column_wise(part, kind, currency, decimal) == cells


def column_wise(
    texts: pa.Array, kind: Kind, currency: Currency, decimal: str = POINT
) -> list[tuple[int, int] | str]:
    reading = read_column(texts, kind, currency, decimal)
    pairs = zip(reading.numbers.tolist(), reading.upper.tolist(), strict=True)
    reasons = {problem.row: problem.reason for problem in problems_of(reading.bad)}
    return [reasons.get(row, pair) for row, pair in enumerate(pairs)]


def cell_wise(
    texts: list[str], kind: Kind, currency: Currency, decimal: str = POINT
) -> list[tuple[int, int] | str]:
    """Each cell's two ends, blank where it is, or the reason why it can't be used."""
    read_cells: list[tuple[int, int] | str] = []
    for text in texts:
        try:
            if kind is Kind.RATES:
                read_cells.append(read_range(text, decimal) or (BLANK, BLANK))
            else:
                value = as_number(read_fact(text, kind, currency, decimal))
                read_cells.append((BLANK, BLANK) if value is None else (value, value))
        except CellError as refused:
            read_cells.append(str(refused))
    return read_cells
