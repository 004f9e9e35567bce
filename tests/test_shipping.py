"""Shipping by weight: exact at every limit, with the cheapest line that can carry a parcel."""

from __future__ import annotations

import csv
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import aepromo
from aepromo.pricing.money import AMOUNT_LIMIT, WEIGHT_LIMIT
from aepromo.pricing.parcel_charges import Charge

if TYPE_CHECKING:
    from conftest import Run

EXAMPLE = Path(__file__).parent.parent / "examples" / "shipping" / "tariff.toml"
YUAN = ("--cost-currency", "CNY", "--fx", "CNY=7.12")
TERMS = ("--commission", "6%", "--payment", "1%", "--rate", "15%", "-q")


def asked(charge: Charge, weight: int) -> int:
    """The three parts by counting steps, one after the other."""
    fee, covered = charge.first_fee + charge.registration_fee, charge.first_weight
    while covered < weight:
        covered += charge.step
        fee += charge.step_fee
    return fee


@given(
    st.integers(1, 5_000),
    st.integers(0, 3_000),
    st.integers(20, 900),
    st.integers(0, 10**6),
)
@example(100, 100, 50, 320)
@example(101, 100, 50, 320)
@example(150, 100, 50, 320)
@example(151, 100, 50, 320)
def test_a_started_step_is_paid_for_one_sku_and_in_columns(
    weight: int, first: int, step: int, step_fee: int
) -> None:
    charge = Charge(first, 1500, step, step_fee, 800, 5_000)
    assert charge.total(weight) == asked(charge, weight)
    many = np.asarray(charge.total(np.array([weight, weight + 1], np.int64)))
    assert many.tolist() == [asked(charge, weight), asked(charge, weight + 1)]


def test_the_largest_fees_and_weights_fit_64_bits() -> None:
    charge = Charge(0, AMOUNT_LIMIT - 1, 1, AMOUNT_LIMIT - 1, AMOUNT_LIMIT - 1, WEIGHT_LIMIT - 1)
    heaviest = WEIGHT_LIMIT - 1
    exact = 2 * (AMOUNT_LIMIT - 1) + heaviest * (AMOUNT_LIMIT - 1)
    assert np.asarray(charge.total(np.array([heaviest], np.int64))).tolist() == [exact]


# line, market, first weight, its fee, step, its fee, registration, maximum, as in the example.
LINES: list[tuple[str, str, int, str, int, str, str, int]] = [
    ("standard", "ES", 100, "15.00", 50, "3.20", "8.00", 2000),
    ("standard", "FR", 100, "16.50", 50, "3.40", "8.00", 2000),
    ("standard", "BR", 100, "22.00", 100, "9.80", "12.00", 30000),
    ("economy", "ES", 50, "9.90", 10, "0.95", "0", 500),
    ("economy", "FR", 50, "10.40", 10, "0.99", "0", 500),
]


def best(weight: str, market: str, rate: str) -> tuple[str, Decimal] | None:
    """The cheapest line and its cost in dollars, by brute force over exact fractions."""
    found: tuple[str, int] | None = None
    for line, to, first, first_fee, step, step_fee, registration, most in LINES:
        grams = Fraction(weight)
        if to != market or grams > most:
            continue
        steps = ceil(max(grams - first, Fraction(0)) / step)
        yuan = Fraction(first_fee) + steps * Fraction(step_fee) + Fraction(registration)
        cents = ceil(yuan / Fraction(rate) * 100)
        if found is None or cents < found[1]:
            found = (line, cents)
    return found and (found[0], Decimal(found[1]).scaleb(-2))


EDGES = ["0.001", "49.999", "50", "50.001", "60", "60.001", "99.999", "100", "100.001", "149.999"]
EDGES += ["150", "150.001", "350", "500", "500.001", "1999.999", "2000", "2000.001", "30000"]


@pytest.mark.parametrize("rate", ["7.12", "3", "0.9"])
def test_every_edge_is_what_a_brute_force_says_in_one_row_and_in_many(rate: str) -> None:
    parcels = [(weight, market) for weight in EDGES for market in ("ES", "FR", "BR")]
    parcels = [each for each in parcels if best(*each, rate) is not None]
    frame = pd.DataFrame(
        {
            "purchase_price": "8",
            "list_price": "9000",
            "weight_g": [weight for weight, _ in parcels],
            "market": [market for _, market in parcels],
        }
    )
    policy = aepromo.Policy(
        tariff=aepromo.read_tariff(str(EXAMPLE)),
        fx=(f"CNY={rate}",),
        forced_rate="0%",
        commission_rate="0",
        payment_rate="0",
    )
    many = aepromo.margin(frame, policy)
    for position, (weight, market) in enumerate(parcels):
        one = aepromo.margin(frame.iloc[position : position + 1], policy)
        line, cost = best(weight, market, rate) or ("", Decimal(0))
        for answer in (many.iloc[position], one.iloc[0]):
            assert (answer["shipping_line"], answer["shipping_cost"]) == (line, cost)
            assert answer["profit"] == Decimal(9000) - 8 - cost


def test_one_sku_and_a_file_of_it_agree(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "one.csv"
    table.write_text("采购价,重量(g),市场\n56,150.001,西班牙\n")
    ship = ("--tariff", EXAMPLE, *YUAN, *TERMS, "--columns", "shipping_line,shipping_cost,profit")
    many = run("reprice", table, *ship)
    one = run("reprice", "-b", "56", "--weight-g", "150.001", "--market", "ES", *ship)
    assert many.out == one.out
    line, cost = best("150.001", "ES", "7.12") or ("", Decimal(0))
    assert many.out.decode().splitlines()[1].startswith(f"{line},{cost},")


def test_a_filled_cell_goes_before_the_tariff(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "some.csv"
    table.write_text(
        "sku,purchase_price,logistics_cost,weight_g,market\n"
        "a,56,21.36,99999,ES\nb,56,,350,ES\nc,56,,1500,\n"
    )
    ship = ("--tariff", EXAMPLE, *YUAN, *TERMS, "--market", "FR")
    first = run("reprice", table, *ship)
    rows = list(csv.DictReader(first.out.decode().splitlines()))
    assert [row["logistics_cost"] for row in rows] == ["21.36", "", ""]
    assert [row["shipping_line"] for row in rows] == ["", "economy", "standard"]
    assert rows[0]["shipping_cost"] == ""
    assert run("reprice", "-", *ship, stdin=first.out).out == first.out
    given = run("reprice", table, *ship, "--logistics", "20")
    assert [row["shipping_line"] for row in csv.DictReader(given.out.decode().splitlines())] == [
        ""
    ] * 3


def test_a_parcel_that_no_line_can_carry_is_a_bad_row(run: Run, tmp_path: Path) -> None:
    table, rejects = tmp_path / "bad.csv", tmp_path / "rejects.csv"
    table.write_text(
        "sku,采购价,重量,市场\na,5,100,ES\nb,5,2000.001,ES\nc,5,0,ES\nd,5,,ES\ne,5,10,JP\n"
        'f,5,10,"ES,FR"\ng,5,10,\nh,5,1e3,ES\n'
    )
    done = run("reprice", table, "--tariff", EXAMPLE, *YUAN, *TERMS, "--rejects", rejects)
    assert [line.split(",")[0] for line in done.out.decode().splitlines()] == ["sku", "a"]
    found = {row["sku"]: row for row in csv.DictReader(rejects.read_text().splitlines())}
    said = {
        "b": ("重量", "is more than any line to ES carries; the limit is 2000 g"),
        "c": ("重量", "is 0; write what a parcel weighs"),
        "d": ("重量", "is missing; fill it in, or give --weight-g or --logistics"),
        "e": ("市场", "is JP, where no line of the tariff goes; it has ES, FR, BR"),
        "f": ("市场", "has 2 markets; write only one, to which the parcel goes"),
        "g": ("市场", "is missing; fill it in or give --market"),
        "h": ("重量", "'1e3' is not a plain number; write it out, such as 350"),
    }
    assert {sku: (row["column"], row["reason"]) for sku, row in found.items()} == said


def test_a_chosen_line_is_refused_by_its_own_markets_and_limit(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "named.csv"
    table.write_text("sku,采购价,重量,市场\na,5,100,BR\nb,5,501,ES\nc,5,2001,ES\nd,5,9,JP\n")
    ship = ("--tariff", EXAMPLE, *YUAN, *TERMS, "--line", "economy")
    done = run("reprice", table, *ship)
    assert done.code == 3
    reasons = [line.partition("named.csv:")[2] for line in done.err.splitlines()][:4]
    most = "is more than the line economy carries to ES; its limit is 500 g"
    nowhere = "where the line economy doesn't go; it goes to ES, FR"
    assert reasons == [
        f"2: 市场: is BR, {nowhere}; standard can carry it",
        f"3: 重量: {most}; standard can carry it",
        f"4: 重量: {most}",
        f"5: 市场: is JP, {nowhere}",
    ]
    one = run("margin", "-p", "30", "-b", "5", "--weight-g", "501", "--market", "ES", *ship)
    assert (one.code, f"--weight-g: {most}; standard can carry it\n" in one.err) == (2, True)


def test_where_weights_are_known_a_missing_cost_points_to_the_tariff(
    run: Run, tmp_path: Path
) -> None:
    table, remedy = tmp_path / "some.csv", ", or compute it with --tariff\n"
    for header, rows in (("重量", "350"), ("重量,物流费", "350,")):
        table.write_text(f"采购价,{header}\n5,{rows}\n")
        done = run("reprice", table, *TERMS)
        assert (done.code, remedy in done.err) == (3, True)
    table.write_text("采购价,物流费\n5,\n")
    assert "--tariff" not in run("reprice", table, *TERMS).err


WEIGHTS = (
    "毛重",
    "毛重（g）",
    "重量g",
    "重量（克）",
    "重量/g",
    "包裹重量",
    "包裹重量(g)",
    "商品重量(g)",
)


def test_names_of_weight_and_market_in_exports_are_known(run: Run, tmp_path: Path) -> None:
    table, ship = tmp_path / "erp.csv", ("--tariff", EXAMPLE, *YUAN, *TERMS)
    markets = ("目的国", "目的地", "收货国家", *["市场"] * (len(WEIGHTS) - 3))
    for weight, market in zip(WEIGHTS, markets, strict=True):
        table.write_text(f"采购价,{weight},{market}\n56,350,ES\n")
        done = run("reprice", table, *ship, "--value", "shipping_cost")
        assert done.out.decode() == "5.40\n", (weight, market, done.err)


@pytest.mark.parametrize(
    ("header", "cells", "said"),
    [
        (
            "采购价,市场",
            "56,ES",
            "no column for weight_g; the file has 采购价, 市场; name ",
        ),
        ("采购价,重量", "56,9", "no column for market; the file has 采购价, 重量; name one with "),
    ],
)
def test_a_file_without_weights_or_markets_is_refused_in_one_line(
    header: str, cells: str, said: str, run: Run, tmp_path: Path
) -> None:
    table, ship = tmp_path / "erp.csv", ("--tariff", EXAMPLE, *YUAN, *TERMS)
    table.write_text(f"{header}\n" + f"{cells}\n" * 3)
    done = run("reprice", table, *ship)
    assert (done.code, done.out, done.err.count("\n")) == (3, b"", 1)
    assert f"erp.csv:1: {said}" in done.err
    given = ("--weight-g", "350", "--market", "ES")
    assert run("reprice", table, *ship, *given).code == 0
    aim = run("list-price", table, *ship, "--target", "9")  # which no cost bears on
    assert aim.code == 0, aim.err
    named = run("reprice", table, *ship, "--map", f"{header.split(',')[1]}=weight_g")
    assert named.code == 3


@pytest.mark.parametrize("header", ["重量(kg)", "weight_kg", "毛重（公斤）"])
def test_kilograms_cost_the_same_as_their_grams(header: str, run: Run, tmp_path: Path) -> None:
    table, ship = tmp_path / "erp.csv", ("--tariff", EXAMPLE, *YUAN, *TERMS)
    table.write_text(f"采购价,{header},市场\n56,0.35,ES\n")
    done = run("reprice", table, *ship, "--value", "shipping_cost")
    assert (done.code, done.out) == (0, b"5.40\n"), done.err
    mapped = run("reprice", table, *ship, "--map", f"{header}=weight_g", "--value", "shipping_cost")
    assert (mapped.code, mapped.out) == (0, b"5.40\n"), mapped.err


def test_the_program_s_own_shipping_cost_is_not_read_as_a_cost(run: Run, tmp_path: Path) -> None:
    """It is in the currency of the prices, whatever the costs are in."""
    table = tmp_path / "priced.csv"
    table.write_text("purchase_price,weight_g,market,shipping_cost\n56,350,ES,5.40\n")
    again = run("reprice", table, "--tariff", EXAMPLE, *YUAN, *TERMS, "--value", "shipping_cost")
    assert (again.code, again.out) == (0, b"5.40\n"), again.err
    alone = run("reprice", table, *YUAN, *TERMS)
    assert (alone.code, alone.out) == (3, b"")
    assert "no column for logistics_cost" in alone.err
    named = run("reprice", table, *YUAN, *TERMS, "--map", "shipping_cost=logistics_cost")
    assert named.code == 0, named.err


def test_grams_are_asked_for_without_their_unit(run: Run, tmp_path: Path) -> None:
    table, ship = tmp_path / "erp.csv", ("--tariff", EXAMPLE, *YUAN, *TERMS)
    cells = ("1117g", "1.1kg", "0.35 KG", "350克", "1.1公斤")
    table.write_text("采购价,重量,市场\n" + "".join(f"56,{cell},ES\n" for cell in cells))
    said = [line.partition("重量: ")[2] for line in run("reprice", table, *ship).err.splitlines()]
    assert said[:-1] == [f"'{cell}' is not a number; write grams, such as 350" for cell in cells]


def test_of_two_lines_with_the_same_price_the_first_is_used(run: Run, tmp_path: Path) -> None:
    tariff = tmp_path / "ties.toml"
    same = (
        "first_weight_g = 100\nfirst_weight_fee = 2\nstep_g = 100\nstep_fee = 1\n"
        "registration_fee = 0\nmax_weight_g = 1000\n"
    )
    tariff.write_text(f'currency = "USD"\n[lines."快线".ES]\n{same}[lines.b.ES]\n{same}')
    sku = ("-b", "5", "--weight-g", "200", "--tariff", tariff, *TERMS)
    assert run("reprice", *sku, "--value", "shipping_line").out.decode() == "快线\n"
    assert run("reprice", *sku, "--value", "shipping_line", "--line", "b").out == b"b\n"
    wrong = run("reprice", *sku, "--line", "c")
    assert wrong.code == 2
    assert "--line 'c': the tariff has no such line; it has 快线, b" in wrong.err


def test_an_appeal_takes_the_three_parts_from_the_tariff(run: Run) -> None:
    sku = ("-p", "30", "-b", "56", "--weight-g", "350", "--market", "ES", "--store-level", "L4")
    ship = ("--tariff", EXAMPLE, *YUAN, *TERMS, "--fail-on", "never")
    papers = ("--invoice-date", "2026-03-01", "--on", "2026-03-02")
    done = run("appeal", *sku, *ship, *papers)
    row = next(csv.DictReader(done.out.decode().splitlines()))
    line, cost = best("350", "ES", "7.12") or ("", Decimal(0))
    assert (row["shipping_line"], row["shipping_cost"]) == (line, str(cost))
    assert row["appeal"] == "strong"
    kept = Decimal("25.50") - Decimal("7.87") - cost - Decimal("1.53") - Decimal("0.26")
    assert row["formula_profit"] == str(kept)
    heavy = run("appeal", *sku[:4], "--weight-g", "2001", "--market", "ES", *ship)
    assert heavy.code == 2
    assert "is more than any line to ES carries" in heavy.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("step_g = 50", "stepg = 50"), "unknown key 'stepg'; did you mean 'step_g'?"),
        (("step_g = 50\n", ""), "lines.a.ES: step_g is missing"),
        (('currency = "CNY"\n', ""), "lines.a.ES: currency is missing"),
        (("step_g = 50", "step_g = 0"), "step_g: write a weight above 0"),
        (("step_fee = 3.20", "step_fee = 3.205"), "'3.205' has more than 2 decimal places"),
        (("step_fee = 3.20", "step_fee = true"), "step_fee: write a text or a number"),
        (("step_fee = 3.20", 'step_fee = "$3.20"'), "the sign of '$3.20' is not that of CNY"),
        (("[lines.a.ES]", "[lins.a.ES]"), "unknown key 'lins'; did you mean 'lines'?"),
        (("[lines.a.ES]", '[lines."a,b".ES]'), "lines.a,b: write a name of letters"),
        (('"CNY"', '"ABC"'), "'ABC' is not an ISO 4217 currency"),
        (("max_weight_g = 2000", "max_weight_g = -1"), "'-1' is negative"),
        (("[lines.a.ES]", "[lines.a.ES"), "tariff.toml:2: not valid TOML at column 12"),
    ],
)
def test_a_tariff_is_read_strictly(
    change: tuple[str, str], said: str, run: Run, tmp_path: Path
) -> None:
    tariff = tmp_path / "tariff.toml"
    good = (
        'currency = "CNY"\n[lines.a.ES]\nfirst_weight_g = 100\nfirst_weight_fee = 15.00\n'
        "step_g = 50\nstep_fee = 3.20\nregistration_fee = 8\nmax_weight_g = 2000\n"
    )
    assert change[0] in good
    tariff.write_text(good.replace(*change))
    sku = ("-b", "5", "--weight-g", "200", "--tariff", tariff)
    done = run("reprice", *sku, "--fx", "CNY=7")
    assert (done.code, done.out) == (2, b"")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_a_tariff_in_a_currency_without_a_rate_is_refused(run: Run) -> None:
    done = run("reprice", "-b", "5", "--weight-g", "200", "--market", "ES", "--tariff", EXAMPLE)
    assert done.code == 2
    assert "the tariff's currency is CNY, whose exchange rate is not given; set --fx" in done.err


def test_watch_names_the_line_to_switch_to(run: Run, tmp_path: Path) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text(
        "sku,discount_status,forced_rate,list_price,purchase_price,logistics_cost,重量,市场\n"
        "a,forced,15%,30,56,60,350,ES\nb,forced,15%,30,56,20,350,ES\nc,forced,15%,30,56,60,9000,ES\n"
    )
    ship = ("--tariff", EXAMPLE, *YUAN, "--commission", "6%", "--payment", "1%", "-q")
    done = run("watch", feed, *ship, "--fail-on", "never", "--now", "2026-03-10T01:00Z")
    rows = {row["sku"]: row for row in csv.DictReader(done.out.decode().splitlines())}
    line, cost = best("350", "ES", "7.12") or ("", Decimal(0))
    kept = Decimal("25.50") - Decimal("7.87") - Decimal("1.53") - Decimal("0.26")
    assert (rows["a"]["profit_economy"], rows["a"]["switch_to"]) == (str(kept - cost), "economy")
    assert rows["a"]["profit_standard"] == str(kept - Decimal("8.43"))
    assert f"the tariff's cheapest line is {line}" in rows["a"]["details"]
    assert rows["b"]["switch_to"] == "stay"
    assert rows["c"]["switch_to"] == ""
    assert (
        "no line of the tariff can be used: weight_g is more than any line to ES carries"
        in rows["c"]["details"]
    )


def test_an_export_in_yuan_and_grams_becomes_a_workbook_and_a_page(
    run: Run, tmp_path: Path
) -> None:
    export, priced, page = (tmp_path / name for name in ("erp.csv", "priced.xlsx", "page.html"))
    header, *rows = "货号,采购价,重量(g),市场,标价", "0012345678901234567,56.00,100,西班牙,5"
    rows = [header, *rows, "A2,¥88.5,350,FR,60"]
    export.write_bytes("".join(f"{row}\n" for row in rows).encode("gb18030"))
    ship = ("--tariff", EXAMPLE, *YUAN, *TERMS)
    assert run("reprice", export, *ship, "-o", priced).code == 0
    again = run("reprice", priced, *ship).out.decode()
    assert again == run("reprice", export, *ship).out.decode()
    first = next(csv.DictReader(again.splitlines()))
    line, cost = best("100", "ES", "7.12") or ("", Decimal(0))
    assert (first["货号"], first["采购价"]) == ("0012345678901234567", "56.00")
    assert (first["shipping_line"], first["shipping_cost"]) == (line, str(cost))
    assert run("report", export, *ship, "-o", page).code == 0
    shown = page.read_text(encoding="utf-8")
    for said in ("0012345678901234567", "CNY=7.12", "standard, economy"):
        assert said in shown


@pytest.mark.parametrize("name", ["tariff", "rates"])
def test_a_configuration_cannot_name_other_files(name: str, run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "aepromo.toml"
    settings.write_text(f'{name} = "{EXAMPLE}"\n')
    done = run("reprice", "-b", "5", "--weight-g", "200", "--market", "ES", "--config", settings)
    assert (done.code, done.out) == (2, b"")
    said = f"{name}: a configuration can't name other files; give --{name} FILE\n"
    assert done.err.endswith(said)


THIRD = """\
currency = "EUR"
[lines.post.ES]
first_weight_g = 100
first_weight_fee = 1.80
step_g = 100
step_fee = 0.47
registration_fee = 0.55
max_weight_g = 500
"""


def test_a_tariff_in_a_third_currency_needs_its_own_rate(run: Run, tmp_path: Path) -> None:
    """The rate of the costs, 7.12 yuan a dollar, is not one of euros."""
    tariff = tmp_path / "euro.toml"
    tariff.write_text(THIRD)
    sku = ("-p", "30", "-b", "56", "--weight-g", "201", "--tariff", tariff, *TERMS)
    costs = ("--cost-currency", "CNY", "--fx-rate", "7.12")
    without = run("margin", *sku, *costs)
    assert (without.code, without.out) == (2, b"")
    assert (
        "the tariff's currency is EUR, whose exchange rate is not given; set --fx EUR"
        in without.err
    )
    done = run("margin", *sku, *costs, "--fx", "EUR=0.93", "--columns", "shipping_cost,profit")
    euros = Fraction("1.80") + 2 * Fraction("0.47") + Fraction("0.55")
    cost = Decimal(ceil(euros / Fraction("0.93") * 100)).scaleb(-2)
    kept = Decimal("25.50") - Decimal("7.87") - cost - Decimal("1.53") - Decimal("0.26")
    assert done.out.decode().splitlines()[1] == f"{cost},{kept}"
    table = tmp_path / "one.csv"
    table.write_text("list_price,purchase_price,weight_g\n30,56,201\n")
    many = run("margin", table, "--tariff", tariff, *TERMS, *costs, "--fx", "EUR=0.93")
    assert next(csv.DictReader(many.out.decode().splitlines()))["profit"] == str(kept)
