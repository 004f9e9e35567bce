"""Costs in one currency, prices in another: exact, rounded up, and never added unconverted."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal, localcontext
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import aepromo
from aepromo.pricing.currency import USD
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    FX_LIMIT,
    MILLION,
    converted_up,
    fits_conversion,
)
from aepromo.table.cells import MOST_PLACES, CellError, currency_named

if TYPE_CHECKING:
    from conftest import Run

PLACES = {"USD": 2, "CNY": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3}
TERMS = ("--commission", "6%", "--payment", "1%", "--rate", "15%", "--quiet")
SCALES = st.sampled_from([(1, 1), (10, 1), (100, 1), (1000, 1), (1, 10), (1, 100), (1, 1000)])


def worth(cost: str, rate: str, own: str, other: str) -> Decimal:
    """The cost in the other currency by the documented rule, in exact fractions.

    Rounded up to a minor unit of its own currency, divided by the rate, rounded up in the other.
    """
    stated = Fraction(ceil(Fraction(cost) * 10 ** PLACES[own]), 10 ** PLACES[own])
    units = ceil(stated / Fraction(rate) * 10 ** PLACES[other])
    return Decimal(units).scaleb(-PLACES[other])


@given(st.integers(0, AMOUNT_LIMIT - 1), st.integers(1, FX_LIMIT - 1), SCALES)
@example(AMOUNT_LIMIT - 1, 1, (1000, 1))
@example(AMOUNT_LIMIT - 1, FX_LIMIT - 1, (1000, 1))
@example(AMOUNT_LIMIT - 1, FX_LIMIT - 1, (1, 1000))
@example(AMOUNT_LIMIT - 1, 1, (1, 1000))
@example(0, FX_LIMIT - 1, (1000, 1))
@example(1, 3 * MILLION, (1, 1))
@example(2, 3 * MILLION, (1, 1))
@example(3, 3 * MILLION, (1, 1))
@example(712, 7_120_000, (1, 1))
@example(713, 7_120_000, (1, 1))
def test_a_conversion_is_the_exact_quotient_rounded_up(
    amount: int, rate: int, scale: tuple[int, int]
) -> None:
    finer, coarser = scale
    expected = ceil(Fraction(amount) * Fraction(MILLION, rate) * Fraction(finer, coarser))
    assert converted_up(amount, rate, MILLION, finer, coarser) == expected
    assert fits_conversion(rate, MILLION, finer, coarser)
    column = np.array([amount], np.int64), np.array([rate], np.int64)
    answer = np.asarray(converted_up(*column, MILLION, finer, coarser))
    assert answer.tolist() == [expected]
    assert answer.dtype == np.int64


def test_a_conversion_fits_64_bits_for_any_two_currencies() -> None:
    assert 10**MOST_PLACES == 1000


COSTS = st.decimals(0, 99_999, places=4, allow_nan=False)
RATES = st.decimals("0.000001", 2_000, places=6, allow_nan=False)


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(COSTS, COSTS, st.sampled_from(sorted(PLACES)), RATES), min_size=1, max_size=5
    ),
    st.sampled_from(sorted(PLACES)),
)
@example([(Decimal("0.01"), Decimal("0.02"), "CNY", Decimal(3))], "USD")
@example([(Decimal("56.001"), Decimal("21.36"), "CNY", Decimal("7.12"))], "USD")
@example([(Decimal("12.5"), Decimal(300), "JPY", Decimal("155.5"))], "KWD")
def test_every_row_is_converted_at_its_own_rate(
    rows: list[tuple[Decimal, Decimal, str, Decimal]], selling: str
) -> None:
    """Through a frame of many, through a frame of one, and through one SKU's options."""
    rows = [
        row
        for row in rows
        if row[2] != selling
        and max(worth(str(cost), str(row[3]), row[2], selling) for cost in row[:2])
        < Decimal(400_000).scaleb(2 - PLACES[selling])
    ]
    if not rows:
        return
    frame = pd.DataFrame(
        {
            "purchase_price": [str(row[0]) for row in rows],
            "logistics_cost": [str(row[1]) for row in rows],
            "cost_currency": [row[2] for row in rows],
            "fx_rate": [str(row[3]) for row in rows],
            "list_price": "900000",
        }
    )
    policy = aepromo.Policy(
        currency=selling, forced_rate="0%", commission_rate="0", payment_rate="0", target_profit="0"
    )
    many = aepromo.margin(frame, policy)
    for position, (purchase, logistics, own, rate) in enumerate(rows):
        spent = sum(worth(str(cost), str(rate), own, selling) for cost in (purchase, logistics))
        left = Decimal(900_000) - spent
        one = aepromo.margin(frame.iloc[position : position + 1], policy)
        by_options = aepromo.margin(
            pd.DataFrame({"list_price": ["900000"]}),
            aepromo.Policy(
                purchase_price=purchase,
                logistics_cost=logistics,
                cost_currency=own,
                fx=(f"{own}={rate}",),
                currency=selling,
                forced_rate="0%",
                commission_rate="0",
                payment_rate="0",
            ),
        )
        for answer in (many.iloc[position], one.iloc[0], by_options.iloc[0]):
            assert answer["profit"] == left
            assert answer["profit"].as_tuple().exponent == -PLACES[selling]


def test_a_third_of_a_cent_rounds_up(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "thirds.csv"
    table.write_text("采购价,物流费,标价\n0.01,0.02,9\n0.03,0.04,9\n")
    done = run("margin", table, "--cost-currency", "CNY", "--fx", "CNY=3", *TERMS)
    rows = list(csv.DictReader(done.out.decode().splitlines()))
    deal_after_fees = Decimal("7.65") - Decimal("0.46") - Decimal("0.08")
    assert [row["profit"] for row in rows] == [
        str(deal_after_fees - Decimal("0.01") - Decimal("0.01")),
        str(deal_after_fees - Decimal("0.01") - Decimal("0.02")),
    ]
    assert [row["采购价"] for row in rows] == ["0.01", "0.03"]


def test_one_sku_and_a_file_of_it_agree_in_csv_and_json(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    table.write_text("purchase_price,logistics_cost\n56.004,21.36\n")
    money = ("--cost-currency", "CNY", "--fx", "CNY=7.12", *TERMS, "--target-profit", "3.50")
    one = run("reprice", "-b", "56.004", "-l", "21.36", *money, "--format", "json")
    many = run("reprice", table, *money, "--format", "json")
    as_csv = run("reprice", table, *money)
    answers = [
        json.loads(done.out.decode(), parse_float=str, parse_int=str)[0] for done in (one, many)
    ]
    answers.append(next(csv.DictReader(as_csv.out.decode().splitlines())))
    with localcontext() as context:
        context.rounding = ROUND_CEILING
        spent = (Decimal("56.01") / Decimal("7.12")).quantize(Decimal("0.01"))
        floor = (spent * Decimal("1.15")).quantize(Decimal("0.01"))
    assert {answer["floor_price"] for answer in answers} == {str(floor)}
    assert len({answer["protected_list_price"] for answer in answers}) == 1
    assert len({answer["profit"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("code", "price", "floor"), [("JPY", "500", "575"), ("KWD", "5", "5.750"), ("CNY", "5", "5.75")]
)
def test_json_carries_the_places_of_the_currency(
    code: str, price: str, floor: str, run: Run
) -> None:
    done = run("floor", "-b", price, "--currency", code, "--format", "json")
    assert f'"floor_price": {floor}}}' in done.out.decode()
    as_table = run("floor", "-b", price, "--currency", code, "--format", "table")
    assert f"{floor}  {code}" in as_table.out.decode()


def test_a_second_run_on_its_output_changes_nothing(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "mixed.csv"
    table.write_text(
        "sku,purchase_price,logistics_cost,cost_currency,fx_rate,list_price\n"
        "a,56.00,21.36,CNY,7.120,20\nb,8,3,,,20\nc,800,300,jpy,,20\nd,56,,RMB,,20\n"
    )
    money = ("--fx", "JPY=155", "--fx", "CNY=7.2", "--logistics", "2", *TERMS)
    first = run("reprice", table, *money)
    again = run("reprice", "-", *money, stdin=first.out)
    assert again.out == first.out
    cells = [line.split(",")[:6] for line in first.out.decode().splitlines()]
    assert cells == [line.split(",") for line in table.read_text().splitlines()]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--cost-currency", "CNY"),
            "--cost-currency: is CNY, whose exchange rate is not given; set --fx",
        ),
        (("--cost-currency", "XXX"), "--cost-currency: 'XXX' is not an ISO 4217 currency"),
        (("--currency", "dollars"), "--currency: 'dollars' is not an ISO 4217 currency"),
        (("--currency", "CLF"), "--currency: 'CLF' has 4 decimal places"),
        (("--fx", "CNY"), "--fx 'CNY': write CNY=7.12"),
        (("--fx", "CNY=0"), "--fx 'CNY=0': '0' is not an exchange rate"),
        (("--fx", "CNY=7,12"), "'7,12' is not a number; write 7.12"),
        (
            ("--fx", "CNY=7.123456789012345678"),
            "has too many digits for an exchange rate; write at",
        ),
        (("--fx", "CNY=1/0"), "'1/0' is not an exchange rate"),
        (("--fx", "CNY=1/2/3"), "'1/2/3' is not a number"),
        (("--fx", "CNY=7@soon"), "'soon' is not a date"),
        (("--fx", "CNY=7", "--fx", "rmb=8"), "CNY has a rate already"),
        (("--fx", "USD=1"), "prices are already in USD; it needs no rate"),
        (("--fx-rate", "7"), "is 7, but the costs are in USD as the prices are"),
        (
            ("--cost-currency", "CNY", "--fx", "CNY=0.000001"),
            "purchase-price: comes to 10,000,000.00 USD or more at 0.000001",
        ),
        (
            ("--currency", "JPY", "--fx", "USD=0.0064", "--ending", ".99"),
            "prices in JPY have no decimal places",
        ),
        (("--currency", "CNY"), "rules.appeal.min_profit is 0.80 US dollars; give --fx USD=RATE"),
    ],
)
def test_options_that_make_no_sense_end_with_2(
    options: tuple[str, ...], said: str, run: Run
) -> None:
    done = run("reprice", "-b", "56", "-l", "21.36", *options)
    assert (done.code, done.out) == (2, b"")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_cell_of_a_currency_without_a_rate_is_a_bad_row(run: Run, tmp_path: Path) -> None:
    table, rejects = tmp_path / "mixed.csv", tmp_path / "bad.csv"
    table.write_text(
        "sku,采购价,物流费,成本币种,汇率,标价\n"
        "a,56,21.36,CNY,7.12,20\nb,8,3,EUR,,20\nc,8,3,XAU,,20\nd,8,3,CNY,-7,20\ne,8,3,,7,20\n"
        "f,$8,3,CNY,7,20\ng,8,3,CNY,7,¥20\nh,¥8,€3,CNY,7,$20\n"
    )
    done = run("margin", table, *TERMS, "--rejects", rejects)
    assert [line.split(",")[0] for line in done.out.decode().splitlines()] == ["sku", "a", "f"]
    found = {row["sku"]: row for row in csv.DictReader(rejects.read_text().splitlines())}
    said = {
        "b": (
            "成本币种",
            "is EUR, whose exchange rate is not given; set --fx EUR=RATE, EUR for one USD",
        ),
        "c": ("成本币种", "'XAU' is not an ISO 4217 currency; write a code such as CNY"),
        "d": ("汇率", "'-7' is negative; write 0 or more"),
        "e": ("汇率", "is 7, but the costs are in USD as the prices are"),
        "g": ("标价", "'¥20' has the sign ¥, but must be in USD; write it in USD"),
        "h": (
            "物流费",
            "'€3' is EUR, whose exchange rate is not given; set --fx EUR=RATE, EUR for one USD",
        ),
    }
    assert found.keys() == said.keys()
    for sku, (column, reason) in said.items():
        assert found[sku]["column"] == column
        assert found[sku]["reason"].startswith(reason)


def test_a_sign_contradicts_only_a_named_currency(run: Run) -> None:
    unnamed = run("margin", "-b", "¥8", "-l", "3", "-p", "¥20", *TERMS)
    assert unnamed.code == 0
    named = run("margin", "-b", "8", "-l", "3", "-p", "¥20", "--currency", "USD", *TERMS)
    assert named.code == 2
    said = "; write it in USD, or name its own currency with {flag} CNY\n"
    assert "'¥20' has the sign ¥, but must be in USD" in named.err
    assert named.err.endswith(said.format(flag="--currency"))
    cost = run("margin", "-b", "¥8", "-l", "3", "-p", "20", "--currency", "USD", *TERMS)
    assert (
        "--purchase-price: '¥8' is CNY, whose exchange rate is not given; set --fx CNY=" in cost.err
    )
    remedied = ("--cost-currency", "CNY", "--fx", "CNY=7.12")
    assert run("margin", "-b", "¥8", "-l", "3", "-p", "20", *remedied, *TERMS).code == 0
    yen = run("margin", "-b", "¥8", "-l", "3", "-p", "¥20", "--currency", "JPY", *TERMS)
    assert yen.code == 0


def test_conversions_are_reported_once_with_their_day(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "many.csv"
    table.write_text("采购价,物流费,成本币种,汇率\n" + "56,21,CNY,\n800,300,JPY,155\n" * 50)
    done = run("reprice", table, "--fx", "CNY=7.12@2026-11-20", *TERMS[:-1])
    said = [line for line in done.err.splitlines() if "converted" in line]
    assert said == [
        "converted: 1 USD = 7.12 CNY, 1 CNY = 0.1404 USD, 2026-11-20 (costs)",
        "converted: JPY at the fx_rate of each row (costs)",
    ]
    quiet = run("reprice", table, "--fx", "CNY=7.12@2026-11-20", *TERMS)
    assert "converted" not in quiet.err


ASSUMED = "assumed: cost_currency USD (set --cost-currency)"
ASSUMED_OF_SOME = "assumed: cost_currency USD for {} (set --cost-currency)"
BOTH_WAYS = "1 USD = 7.12 CNY, 1 CNY = 0.1404 USD"
YUAN_TARIFF = Path(__file__).parent.parent / "examples" / "shipping" / "tariff.toml"
YUAN_SHIPPED = ("--tariff", YUAN_TARIFF, "--fx", "CNY=7.12")


@pytest.mark.parametrize(
    ("header", "row", "unnamed"),
    [
        ("采购价(CNY),包装费,运费($)", "56,1,3", "包装费"),
        ("采购价(CNY),包装费,耗材费,物流费", "56,1,2,3", "包装费, 耗材费, 物流费"),
        ("采购价,物流费", "¥56,3", "物流费"),
        ("采购价,包装费,物流费", "56,¥1,3", "采购价, 物流费"),
        ("采购价,物流费", "56,3", ""),
    ],
)
def test_costs_of_an_assumed_currency_are_named_beside_others(
    header: str, row: str, unnamed: str, run: Run
) -> None:
    stdin = f"{header}\n{row}\n".encode()
    done = run("reprice", "-", "--fx", "CNY=7.12", "--target-profit", "1", stdin=stdin)
    line = ASSUMED_OF_SOME.format(unnamed) if unnamed else ASSUMED
    assert done.code == 0
    assert [each for each in done.err.splitlines() if "cost_currency" in each] == [line]


@pytest.mark.parametrize(
    ("header", "row", "options", "is_said"),
    [
        ("采购价,物流费", "56,3", ("--fx", "CNY=7.12"), True),
        ("采购价,物流费", "56,3", (), False),
        ("采购价,物流费", "$56,3", (), False),
        ("采购价,物流费", "¥56,¥3", ("--fx", "CNY=7.12"), False),
        ("采购价,物流费", "¥56,3", ("--fx", "CNY=7.12"), True),
        ("采购价,物流费", "56,3", ("--fx", "CNY=7.12", "--cost-currency", "USD"), False),
        ("采购价,物流费,成本币种", "56,3,CNY", ("--fx", "CNY=7.12"), False),
        ("采购价,物流费,成本币种", "56,3,", ("--fx", "CNY=7.12"), True),
        ("采购价,重量,市场", "56,90,ES", YUAN_SHIPPED, True),
        (
            "采购价,重量,市场",
            "56,90,ES",
            ("--tariff", YUAN_TARIFF, "--fx", "CNY=7.12", "-q"),
            False,
        ),
        ("采购价,物流费", "¥56,3", ("--currency", "CNY", "--fx", "USD=0.14"), False),
    ],
)
def test_an_assumed_currency_of_costs_is_reported(
    header: str, row: str, options: tuple[str | Path, ...], is_said: bool, run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "unnamed.csv"
    table.write_text(f"sku,标价,{header}\n" + f"A,200,{row}\n" * 3)
    fees = ("--commission", "6%", "--payment", "1%", "--rate", "15%")
    for command in ("margin", "appeal", "explain"):
        never = ("--fail-on", "never") if command == "appeal" else ()
        which = ("--sku", "A") if command == "explain" else ()
        if which:
            table.write_text(f"sku,标价,{header}\nA,200,{row}\n")
        done = run(command, table, *which, *fees, *options, *never)
        assert done.code == 0, done.err
        assert done.err.count("assumed: cost_currency USD ") == is_said, (command, done.err)


def test_the_assumed_currency_of_costs_is_that_of_prices(run: Run) -> None:
    sku = ("margin", "-b", "8", "-l", "3", "-p", "20", *TERMS[:-1])
    euros = ("--currency", "EUR", "--fx", "USD=1.08")
    assert run(*sku, *euros).err == ASSUMED.replace("USD", "EUR") + "\n"
    assert run(*sku, *euros, "--cost-currency", "EUR").err == ""
    sweep = ("sweep", "-b", "8", "-l", "3", "-p", "¥20", *TERMS[:-3], "--step", "20%")
    assert ASSUMED in run(*sweep).err
    assert ASSUMED not in run("commission", "-p", "¥20", *TERMS[:-1]).err


def test_conversions_are_reported(run: Run) -> None:
    sku = ("margin", "-b", "8", "-p", "20", "--weight-g", "90", "--market", "ES", *TERMS[:-1])
    assert run(*sku, *YUAN_SHIPPED).err == f"{ASSUMED}\nconverted: {BOTH_WAYS} (shipping)\n"
    both = run(*sku, *YUAN_SHIPPED, "--cost-currency", "CNY")
    assert both.err == f"converted: {BOTH_WAYS} (costs and shipping)\n"


@pytest.mark.parametrize(("age", "is_old"), [(7, False), (8, True)])
def test_an_old_rate_is_reported_even_with_quiet(age: int, is_old: bool, run: Run) -> None:
    day = date.today() - timedelta(days=age)
    done = run("floor", "-b", "56", "--cost-currency", "CNY", "--fx", f"CNY=7.12@{day}", "--quiet")
    assert done.out.decode().splitlines()[1] == "56,CNY,9.06"
    warning = (
        f"warning: the rate of CNY is dated {day}, {age} days ago; give a newer one with --fx\n"
    )
    assert done.err == warning * is_old


def test_a_rate_dated_in_the_future_is_reported(run: Run) -> None:
    day = date.today() + timedelta(days=30)
    done = run("floor", "-b", "56", "--cost-currency", "CNY", "--fx", f"CNY=7.12@{day}", "--quiet")
    assert done.out.decode().splitlines()[1] == "56,CNY,9.06"
    said = f"warning: the rate of CNY is dated {day}, in the future; correct the date\n"
    assert done.err == said
    tomorrow = date.today() + timedelta(days=1)  # already the next day further east
    fx = ("--fx", f"CNY=7.12@{tomorrow}")
    assert run("floor", "-b", "56", "--cost-currency", "CNY", *fx, "--quiet").err == ""


def test_the_maximum_age_of_rates_can_be_overridden(run: Run, tmp_path: Path) -> None:
    day = date.today() - timedelta(days=30)
    (tmp_path / "aepromo.toml").write_text(
        'cost_currency = "CNY"\n'
        f"[fx]\nCNY = {{ rate = 7.12, date = {day} }}\nEUR = 0.92\n"
        '[rules]\n"fx.max_age_days" = "30"\n'
    )
    done = run("floor", "-b", "56", "--config", tmp_path / "aepromo.toml")
    assert done.out.decode().splitlines()[1] == "56,CNY,9.06"
    assert done.err == f"converted: {BOTH_WAYS}, {day} (costs)\n"
    over = run("floor", "-b", "56", "--fx", "CNY=7", "--config", tmp_path / "aepromo.toml")
    assert over.out.decode().splitlines()[1] == "56,CNY,9.20"
    euros = run(
        "floor",
        "-b",
        "56",
        "--cost-currency",
        "EUR",
        "--fx",
        "CNY=7",
        "--config",
        tmp_path / "aepromo.toml",
    )
    assert euros.out.decode().splitlines()[1] == "56,EUR,70.01"


def test_configured_rates_are_for_the_configured_currency(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aepromo.toml").write_text("[fx]\nCNY = 7.12\n")
    done = run(
        "floor",
        "-b",
        "56",
        "--cost-currency",
        "CNY",
        "--currency",
        "EUR",
        "--config",
        tmp_path / "aepromo.toml",
    )
    assert done.code == 2
    assert "whose exchange rate is not given; set --fx CNY=RATE, CNY for one EUR" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fx = 7", "fx: write a table"),
        ("[fx.CNY]\nrat = 7", "fx.CNY: unknown key 'rat'; did you mean 'rate'?"),
        ("[fx.CNY]\ndate = 2026-11-20", "fx.CNY: write a rate"),
        ("[fx]\nCNY = true", "--fx 'CNY=yes'"),
        ("[fx]\nABC = 7", "'ABC' is not an ISO 4217 currency"),
        ('currency = "ABC"', "--currency: 'ABC' is not an ISO 4217 currency"),
    ],
)
def test_a_configuration_is_read_strictly(text: str, said: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "aepromo.toml").write_text(text)
    done = run("floor", "-b", "56", "--config", tmp_path / "aepromo.toml")
    assert done.code == 2
    assert said in done.err


def test_dollars_of_the_rule_book_are_converted_up(run: Run) -> None:
    done = run("reprice", "-b", "56", "-l", "21.36", "--currency", "CNY", "--fx", "USD=0.1404")
    row = next(csv.DictReader(done.out.decode().splitlines()))
    assert row["profit"] == str(worth("0.80", "0.1404", "USD", "CNY")) == "5.70"
    said = "assumed: target_profit 5.70 (0.80 USD) (rule book; set --target-profit)"
    assert said in done.err.splitlines()


def test_an_appeal_in_yuan_needs_a_rate_of_the_dollar(run: Run) -> None:
    sku = ("-p", "100", "-b", "56", "-l", "21.36", "-r", "10%", "--commission", "6%")
    money = ("--payment", "1%", "--currency", "CNY", "--fail-on", "never")
    without = run("appeal", *sku, *money)
    assert without.code == 2
    assert "appeal.min_profit is 0.80 US dollars" in without.err
    done = run("appeal", *sku, *money, "--fx", "USD=0.125", "--store-level", "L4")
    row = next(csv.DictReader(done.out.decode().splitlines()))
    assert row["formula_profit"] == "6.34"
    assert "formula profit 6.34, needs 6.40: +0.06" in row["reasons"]


def test_the_parts_of_shipping_are_compared_in_their_own_currency(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "papers.csv"
    header = "sku,list_price,purchase_price,logistics_cost,首重费,续重费,挂号费,forced_rate\n"
    table.write_text(header + "a,20,8,21.36,10,3.36,8,10%\nb,20,8,21.36,10,3.35,8,10%\n")
    money = ("--cost-currency", "CNY", "--fx", "CNY=7.12", "--fail-on", "never", "--quiet")
    done = run("appeal", table, *money, "--store-level", "L4")
    reasons = [row["reasons"] for row in csv.DictReader(done.out.decode().splitlines())]
    assert "adds up" not in reasons[0]
    assert "adds up to 21.35, needs the logistics cost 21.36: +0.01" in reasons[1]


def test_money_at_stake_adds_up_in_the_one_currency_of_the_prices(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "stake.csv"
    table.write_text(
        "sku,list_price,purchase_price,logistics_cost,cost_currency,fx_rate,units_30d,promotion\n"
        "a,20,56,21.36,CNY,7.12,100,\nb,20,800,300,JPY,155,100,\nc,20,8,3,,,100,\n"
    )
    done = run("breakeven", table, *TERMS[:-1], "--format", "table")
    rows = csv.DictReader(run("breakeven", table, *TERMS).out.decode().splitlines())
    gains = [Decimal(row["gain_30d"]) for row in rows]
    assert f"over 30 days {sum(gains):+,.2f}" in done.out.decode()


@pytest.mark.parametrize(
    ("text", "code", "places"),
    [
        ("usd", "USD", 2),
        (" cny ", "CNY", 2),
        ("人民币", "CNY", 2),
        ("rmb", "CNY", 2),
        ("ＪＰＹ", "JPY", 0),
        ("KWD", "KWD", 3),
    ],
)
def test_a_currency_is_known_by_its_code(text: str, code: str, places: int) -> None:
    found = currency_named(text)
    assert (found.code, found.places, found.is_stated) == (code, places, True)


@pytest.mark.parametrize("text", ["", "US", "USDT", "XXX", "XAU", "CLF", "￥"])
def test_an_unknown_currency_is_refused(text: str) -> None:
    with pytest.raises(CellError, match=r"not an ISO 4217 currency|4 decimal places"):
        currency_named(text)


def test_dollars_are_the_same_from_every_source() -> None:
    assert currency_named("USD").code == USD.code
    assert not USD.is_stated


def test_the_rate_of_the_costs_is_not_used_for_dollars(run: Run) -> None:
    """Prices in euros, costs in yuan at 7.66 a euro: the rule book's dollars need their own."""
    sku = ("-b", "56", "-l", "21.36", "--currency", "EUR", "--cost-currency", "CNY")
    without = run("reprice", *sku, "--fx-rate", "7.66")
    assert (without.code, without.out) == (2, b"")
    assert "appeal.min_profit is 0.80 US dollars; give --fx USD=RATE" in without.err
    done = run("reprice", *sku, "--fx-rate", "7.66", "--fx", "USD=1.07")
    target = worth("0.80", "1.07", "USD", "EUR")
    assert (
        f"assumed: target_profit {target} (0.80 USD) (rule book; set --target-profit)" in done.err
    )


TWO = "amounts with $ and ¥ are in two currencies and can't be added"


@pytest.mark.parametrize(
    ("command", "table"),
    [
        ("margin", "list_price,purchase_price,logistics_cost\n$20,8,3\n¥20,8,3\n"),
        (
            "breakeven",
            "list_price,purchase_price,logistics_cost,units_30d\n$20,8,3,9\n￥20,8,3,9\n",
        ),
        ("sweep", "list_price,purchase_price,logistics_cost\n$20,8,3\n￥20,8,3\n"),
        ("report", "list_price,purchase_price,logistics_cost\n$20,8,3\n￥20,8,3\n"),
        ("forced", "list_price,purchase_price,logistics_cost,units_30d\n$20,8,3,9\n¥20,8,3,9\n"),
        ("appeal", "list_price,purchase_price,logistics_cost\n¥20,$8,3\n"),
        ("watch", "sku,discount_status,list_price,deal_price\nA,forced,$20,¥18\n"),
        ("rates", "sku,discount_status,list_price,deal_price\nA,forced,$20,¥18\n"),
    ],
)
def test_signs_of_two_currencies_never_add_up(
    command: str, table: str, run: Run, tmp_path: Path
) -> None:
    ending = "html" if command == "report" else "csv"
    file, page = tmp_path / "two.csv", tmp_path / f"out.{ending}"
    file.write_text(table)
    done = run(command, file, "-q", "-o", page)
    assert (done.code, done.out, page.exists()) == (3, b"", False)
    assert TWO in done.err
    header, first = table.splitlines()[:2]
    alike = run(command, "-", "-q", stdin=f"{header}\n{first.replace('¥', '$')}\n".encode())
    assert alike.code in (0, 1), alike.err


def test_signs_that_options_give_count_too(run: Run) -> None:
    done = run("margin", "-b", "¥8", "-l", "$3", "-p", "¥20", *TERMS)
    assert (done.code, done.out) == (2, b"")
    assert TWO in done.err
    table = b"list_price,purchase_price\n$20,8\n"
    mixed = run("margin", "-", "-l", "¥3", *TERMS, stdin=table)
    assert (mixed.code, mixed.out) == (2, b"")
    assert "--logistics-cost: '¥3' is CNY, whose exchange rate is not given" in mixed.err
    named = run(
        "margin", "-", "-l", "¥3", "--cost-currency", "CNY", "--fx", "CNY=7", *TERMS, stdin=table
    )
    assert named.code == 0
    prices = {"list_price": ["$20", "¥20"], "purchase_price": "8", "logistics_cost": "3"}
    with pytest.raises(aepromo.InputError, match="two currencies"):
        aepromo.margin(pd.DataFrame(prices))
    one = run("rates", "--list-price", "$20", "--deal-price", "¥18")
    assert (one.code, TWO in one.err) == (2, True)


def test_each_order_can_have_its_own_currency(run: Run) -> None:
    """A rate is a ratio within one order, so orders in yuan and in dollars can be mixed."""
    orders = "sku,discount_status,list_price,deal_price\nA,forced,$20,$18\nA,forced,¥20,¥16\n"
    found = run("rates", "-", "-q", "--format", "json", stdin=orders.encode())
    assert json.loads(found.out)[0]["mean_rate"] == 0.15


@pytest.mark.parametrize(
    ("settings", "options", "said"),
    [
        ('target_profit = "2"', ("--currency", "JPY"), "target_profit is in USD, not in JPY"),
        (
            'currency = "EUR"\nspend_save = ["30:3"]',
            ("--currency", "USD", "--target-profit", "2"),
            "spend_save is in EUR, not in USD; give --spend-save too",
        ),
        (
            'logistics_cost = "3"',
            ("--cost-currency", "CNY", "--fx", "CNY=7.12", "--target-profit", "2"),
            "logistics_cost is in USD, not in CNY; give --logistics-cost too",
        ),
        (
            'cost_currency = "CNY"\nother_cost = "3"\n[fx]\nCNY = 7.12',
            ("--cost-currency", "JPY", "--fx", "JPY=150", "--target-profit", "2"),
            "other_cost is in CNY, not in JPY; give --other-cost too",
        ),
    ],
)
def test_an_amount_of_the_configuration_keeps_its_currency(
    settings: str, options: tuple[str, ...], said: str, run: Run, tmp_path: Path
) -> None:
    """Two dollars of profit, with yen on the command line, are not two yen."""
    file = tmp_path / "aepromo.toml"
    file.write_text(settings)
    sku = ("-b", "8", "--rate", "10%", "--config", file)
    done = run("reprice", *sku, *options)
    assert (done.code, done.out) == (2, b"")
    assert f"aepromo.toml: {said}" in done.err


@pytest.mark.parametrize("command", ["appeal", "forced", "reverse", "watch", "sweep", "explain"])
def test_an_amount_of_the_configuration_keeps_its_currency_in_every_command(
    command: str, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "aepromo.toml"
    file.write_text('logistics_cost = "3"\n')
    status = ("--discount-status", "forced") if command == "watch" else ()
    yuan = ("--cost-currency", "CNY", "--fx", "CNY=7.12")
    done = run(command, "-p", "20", "-b", "8", *status, *yuan, "--config", file)
    assert (done.code, done.out) == (2, b"")
    assert "logistics_cost is in USD, not in CNY; give --logistics-cost too" in done.err


def test_a_currency_can_be_in_lower_case_or_under_another_name(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aepromo.toml").write_text(
        'currency = "USD"\ncost_currency = "CNY"\nfx_rate = "7.12"\ntarget_profit = "2"\n'
        "[fx]\nCNY = 7\n"
    )
    call = ("reprice", "-b", "56", "-l", "21.36", "--config", tmp_path / "aepromo.toml")
    plain = run(*call, *TERMS)
    assert plain.code == 0
    assert (
        run(*call, *TERMS, "--currency", "usd", "--cost-currency", "rmb")
        .out.decode()
        .split(",")[-9:]
        == (plain.out.decode().split(",")[-9:])
    )
    # The rate of the costs is not used for another currency.
    other = run(*call, *TERMS, "--cost-currency", "EUR")
    assert other.code == 2
    assert "is EUR, whose exchange rate is not given" in other.err


def test_the_rate_of_costs_is_not_used_for_a_row_in_another_currency(
    run: Run, tmp_path: Path
) -> None:
    """At 7.12 a dollar, 800 yen would be over a hundred dollars."""
    file = tmp_path / "rows.csv"
    file.write_text(
        "sku,list_price,purchase_price,logistics_cost,cost_currency\n"
        "A,20,56,21.36,\nB,20,56,21.36,CNY\nC,20,800,300,JPY\n"
    )
    call = ("--cost-currency", "CNY", "--fx-rate", "7.12", *TERMS)
    reason = "is JPY, whose exchange rate is not given; set --fx JPY=RATE, JPY for one USD"
    for command, more in (("margin", ()), ("forced", ()), ("explain", ("--sku", "C"))):
        done = run(command, file, *more, *call)
        assert (done.code, done.out) == (2 if command == "explain" else 3, b"")
        assert reason in done.err
    named = run("margin", file, *call, "--fx", "JPY=155.5")
    profits = [row["profit"] for row in csv.DictReader(named.out.decode().splitlines())]
    deal_after_fees = Decimal("17.00") - Decimal("1.02") - Decimal("0.17")
    yuan = worth("56", "7.12", "CNY", "USD") + worth("21.36", "7.12", "CNY", "USD")
    yen = worth("800", "155.5", "JPY", "USD") + worth("300", "155.5", "JPY", "USD")
    assert profits == [str(deal_after_fees - cost) for cost in (yuan, yuan, yen)]
    one = run("explain", file, "--sku", "C", *call, "--fx", "JPY=155.5", "--format", "json")
    assert json.loads(one.out, parse_float=str)["profit"] == profits[2]
