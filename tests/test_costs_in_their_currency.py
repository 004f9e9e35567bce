"""Each cost in the currency of its sign or header, at rates with all their decimal places."""

from __future__ import annotations

import csv
import json
from fractions import Fraction
from math import ceil
from random import Random
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import aepromo
from aepromo.inputs.exchange import Rate, exchange_of
from aepromo.table.cells import CellError, read_exchange_rate

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

TERMS = ("--commission", "0", "--payment", "0", "--rate", "0%", "--quiet")
FX = {"CNY": "7.12", "EUR": "0.920000001", "GBP": "1/1.27", "JPY": "150"}
PLACES = {"USD": 2, "CNY": 2, "EUR": 2, "GBP": 2, "JPY": 0}
SIGNS = {
    "USD": ("$", "US$", "USD "),
    "CNY": ("¥", "RMB ", "CNY "),
    "EUR": ("€", "EUR "),
    "GBP": ("£",),
    "JPY": ("JPY ", "JP¥"),
}
OPTIONS = tuple(word for code, rate in FX.items() for word in ("--fx", f"{code}={rate}"))


def exact(rate: str) -> Fraction:
    top, _slash, bottom = rate.partition("/")
    return Fraction(top) / Fraction(bottom or 1)


def worth(amount: str, code: str) -> int:
    """A cost in cents by the documented rule: rounded up in its own currency, then up again."""
    stated = Fraction(ceil(Fraction(amount) * 10 ** PLACES[code]), 10 ** PLACES[code])
    return ceil(stated / exact(FX[code]) * 100) if code in FX else int(stated * 100)


def drawn_cell(rng: Random, row_code: str) -> tuple[str, int]:
    """A cell with or without a sign, and its value in cents."""
    amount = f"{rng.randint(0, 400)}.{rng.randint(0, 999):03d}".rstrip("0").rstrip(".")
    if rng.randint(0, 1):
        return amount, worth(amount, row_code)
    code = rng.choice(sorted(SIGNS))
    if row_code == "JPY" and code == "CNY":
        return f"CNY {amount}", worth(amount, code)  # ¥ is the row's yen
    return rng.choice(SIGNS[code]) + amount, worth(amount, code)


@pytest.mark.parametrize("seed", range(2))
def test_every_cell_is_converted_and_rounded_up_by_itself(
    seed: int, run: Run, tmp_path: Path
) -> None:
    rng, table = Random(f"cells:{seed}"), tmp_path / "costs.csv"  # noqa: S311 (no secrets)
    drawn = []
    for _ in range(60):
        code = rng.choice(("", "USD", "CNY", "EUR", "JPY"))
        drawn.append((code, [drawn_cell(rng, code or "USD") for _ in range(4)]))
    header = ["sku", "list_price", "purchase_price", "logistics_cost", "包装费", "头程运费"]
    lines = [
        [str(number), "90000", *(text for text, _ in cells), code]
        for number, (code, cells) in enumerate(drawn)
    ]
    with table.open("w", newline="") as stream:
        csv.writer(stream).writerows([[*header, "cost_currency"], *lines])
    done = run("margin", table, *OPTIONS, *TERMS)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(done.out.decode().splitlines()))
    left = [Fraction(row["profit"]) * 100 for row in rows]
    assert left == [9_000_000 - sum(cents for _, cents in cells) for _, cells in drawn]
    for number in rng.sample(range(len(rows)), 6):
        sku = ("--sku", str(number), "--format", "json")
        one = run("explain", table, *sku, *OPTIONS, *TERMS)
        assert json.loads(one.out, parse_float=str)["profit"] == rows[number]["profit"]
        code, ((purchase, first), (logistics, second), *_) = drawn[number]
        own = ("--cost-currency", code) if code else ()
        call = ("margin", "-b", purchase, "-l", logistics, "-p", "90000", *own, *OPTIONS, *TERMS)
        alone = run(*call, "--value", "profit").out.decode()
        assert Fraction(alone) * 100 == 9_000_000 - first - second


def test_a_currency_without_a_rate_is_a_bad_row_that_names_the_rate(
    run: Run, tmp_path: Path
) -> None:
    table, rejects = tmp_path / "costs.csv", tmp_path / "bad.csv"
    table.write_text(
        "sku,list_price,purchase_price,logistics_cost\nA,20,5元,1\nB,20,€5,¥1\nC,20,5,1\n"
    )
    done = run("margin", table, "--fx", "CNY=7.12", *TERMS, "--rejects", rejects)
    assert [line.split(",")[0] for line in done.out.decode().splitlines()] == ["sku", "A", "C"]
    (row,) = csv.DictReader(rejects.read_text().splitlines())
    assert (row["line"], row["column"]) == ("3", "purchase_price")
    assert (
        row["reason"]
        == "'€5' is EUR, whose exchange rate is not given; set --fx EUR=RATE, EUR for one USD"
    )


def test_costs_with_the_sign_of_prices_are_in_their_currency(
    run: Run,
) -> None:
    cells = "list_price,purchase_price,logistics_cost\n¥20,¥8,3\n€20,8,3\n"
    one = run("margin", "-", *TERMS, "--value", "profit", stdin=cells[:57].encode())
    assert one.out == b"9.00\n"
    two = run("margin", "-", *TERMS, stdin=cells.encode())
    assert (two.code, "in two currencies" in two.err) == (3, True)
    unlike = "list_price,purchase_price,logistics_cost\n20,¥8,3\n"
    refused = run("margin", "-", *TERMS, stdin=unlike.encode())
    assert refused.code == 3
    assert "'¥8' is CNY, whose exchange rate is not given; set --fx CNY=RATE" in refused.err


def test_a_row_s_rate_belongs_to_its_only_other_currency(run: Run, tmp_path: Path) -> None:
    table, rejects = tmp_path / "costs.csv", tmp_path / "bad.csv"
    table.write_text(
        "sku,list_price,purchase_price,logistics_cost,fx_rate\n"
        "A,20,¥71,3,7.1\nB,20,¥71,€3,7.1\nC,20,5,1,7.1\nD,20,¥7.123456789,3,7.123456789\n"
        "E,20,¥7,3,1/0.14\n"
    )
    done = run("margin", table, *TERMS, "--rejects", rejects)
    rows = {row["sku"]: row["profit"] for row in csv.DictReader(done.out.decode().splitlines())}
    # 7.123456789 yuan are 7.13, which is a cent over a dollar.
    assert rows == {"A": "7.00", "D": "15.99", "E": "16.02"}
    said = {row["sku"]: row["reason"] for row in csv.DictReader(rejects.read_text().splitlines())}
    assert said.keys() == {"B", "C"}
    assert said["B"].startswith("is one rate, but the costs are in several currencies; give each")
    assert said["C"].startswith("is 7.1, but the costs are in USD as the prices are")


def test_frames_take_signs_too() -> None:
    frame = pd.DataFrame(
        {"list_price": ["20", "20"], "purchase_price": ["¥7.12", "8"], "logistics_cost": "€0.92"}
    )
    policy = aepromo.Policy(
        fx=("CNY=7.12", "EUR=0.92"), forced_rate="0%", commission_rate="0", payment_rate="0"
    )
    assert list(map(str, aepromo.margin(frame, policy)["profit"])) == ["18.00", "11.00"]


# --- exchange rates -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("7.12", Fraction("7.12")),
        ("1/0.0457", 1 / Fraction("0.0457")),
        ("0.123456789012345678", Fraction("0.123456789012345678")),
        ("100 / 712", Fraction(100, 712)),
        ("7.120000000000000000000", Fraction("7.12")),
    ],
)
def test_a_rate_keeps_all_its_decimal_places(text: str, rate: Fraction) -> None:
    assert read_exchange_rate(text) == (rate.numerator, rate.denominator)


@pytest.mark.parametrize(
    "text", ["0", "0/7", "7/0", "-7", "1/", "/7", "1e3", "1000000000", "1.2345678901234567890"]
)
def test_invalid_exchange_rates_are_refused(text: str) -> None:
    with pytest.raises(CellError):
        read_exchange_rate(text)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (Rate(178, 25), "1 USD = 7.12 CNY, 1 CNY = 0.1404 USD"),
        (Rate(8), "1 USD = 8 CNY, 1 CNY = 0.125 USD"),
        (Rate(10_000, 457), "1 USD = 21.88 CNY, 1 CNY = 0.0457 USD"),
        (Rate(1, 3), "1 USD = 0.3333 CNY, 1 CNY = 3 USD"),
        (Rate(200_000, 3), "1 USD = 66667 CNY, 1 CNY = 0.000015 USD"),
    ],
)
def test_a_rate_is_shown_in_both_directions(rate: Rate, said: str) -> None:
    assert rate.both_ways("CNY", "USD") == said


@pytest.mark.parametrize("rate", ["7.123456789012345", "1/0.1404", "0.000000123456789", "150"])
def test_fine_rates_convert_columns_as_they_convert_one(rate: str, run: Run) -> None:
    costs = ["0", "0.01", "7.12", "99.99", "1234.56"]
    expected = [ceil(Fraction(cost) / exact(rate) * 100) for cost in costs]
    limit = 10**9
    kept = [(cost, cents) for cost, cents in zip(costs, expected, strict=True) if cents < limit]
    table = "list_price,purchase_price,logistics_cost\n"
    table += "".join(f"9999999.99,{cost},0\n" for cost, _ in kept)
    money = ("--cost-currency", "CNY", "--fx", f"CNY={rate}")
    done = run("margin", "-", *money, *TERMS, "--value", "profit", stdin=table.encode())
    cents = [limit - 1 - int(Fraction(line) * 100) for line in done.out.decode().split()]
    assert cents == [worth for _, worth in kept]
    for cost, worth in kept[:2]:
        call = ("margin", "-b", cost, "-l", "0", "-p", "9999999.99", *money, *TERMS)
        one = run(*call, "--value", "profit").out.decode()
        assert limit - 1 - int(Fraction(one) * 100) == worth


@pytest.mark.parametrize(
    ("money", "warned"),
    [
        (("--fx", "CNY=7.12"), ""),
        (("--fx", "CNY=0.1404"), "1 USD = 0.1404 CNY, 1 CNY = 7.123 USD looks upside down"),
        (("--fx", "CNY=1/7.12"), "looks upside down: usually 1 USD is about 7.1 CNY"),
        (("--fx", "CNY=712"), ""),
        (("--fx", "EUR=1.09"), ""),
        (("--currency", "JPY", "--fx", "USD=0.0067", "--fx", "CNY=0.0457"), ""),
        (
            ("--currency", "JPY", "--fx", "USD=0.0067", "--fx", "CNY=21.9"),
            "1 JPY = 21.9 CNY, 1 CNY = 0.04566 JPY looks upside down: usually 1 JPY is about 0.047",
        ),
        (("--cost-currency", "CNY", "--fx-rate", "0.14"), "looks upside down"),
        (("--fx", "XOF=0.0016"), ""),
    ],
)
def test_a_rate_that_looks_upside_down_gets_a_warning(
    money: tuple[str, ...], warned: str, run: Run
) -> None:
    done = run("floor", "-b", "500", *money, "--quiet")
    assert done.code == 0, done.err
    assert ("warning: " in done.err, warned in done.err) == (bool(warned), True)


def test_a_configured_rate_may_be_a_fraction(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "aepromo.toml"
    file.write_text('currency = "USD"\ncost_currency = "JPY"\n[fx]\nJPY = "1/0.0065"\n')
    done = run("floor", "-b", "1000", "--config", file, "--value", "floor_price")
    assert done.out == b"7.48\n"
    assert "converted: 1 USD = 153.8 JPY, 1 JPY = 0.0065 USD (costs)" in done.err
    assert exchange_of("USD", "JPY", None, ("JPY=1/0.0065",)).rates["JPY"].text == "(2000/13)"


# --- the lowest rate of a price -------------------------------------------------------------------


def test_audit_shows_the_lowest_exchange_rate_at_which_each_row_protects(
    run: Run, tmp_path: Path
) -> None:
    """At that rate the price protects; at the next lower one of five digits it does not."""
    table = tmp_path / "costs.csv"
    fees = ("--commission", "6%", "--payment", "1%", "--rate", "15%", "-q", "--fail-on", "never")
    rng = Random("reach")  # noqa: S311 (no secrets)
    rows = ["sku,list_price,purchase_price,logistics_cost,other_cost,头程运费,cost_currency"]
    for number in range(8):
        costs = [f"{rng.choice(('', '¥', '$'))}{rng.randint(1, 900) / 100:.2f}" for _ in range(4)]
        rows.append(f"{number},{rng.randint(20, 60)},{','.join(costs)},{rng.choice(('CNY', ''))}")
    table.write_text("\n".join(rows) + "\n")
    columns = ("--columns", "sku,holds_to_fx,required_deal_price,deal_price")

    def audited(rate: str) -> list[dict[str, str]]:
        done = run("audit", table, "--fx", f"CNY={rate}", *fees, *columns)
        return list(csv.DictReader(done.out.decode().splitlines()))

    told = [row["holds_to_fx"] for row in audited("7.12")]
    assert sum(map(bool, told)) >= 5
    for at, rate in enumerate(told):
        if not rate:
            continue
        assert len(rate.replace(".", "").lstrip("0")) <= 5
        digits, places = rate.replace(".", ""), len(rate.partition(".")[2])
        more = max(0, 5 - len(digits.lstrip("0")))
        below = Fraction(int(digits) * 10**more - 1, 10 ** (places + more))
        for tried, holds in ((rate, True), (f"{below.numerator}/{below.denominator}", False)):
            row = audited(tried)[at]
            assert (Fraction(row["deal_price"]) >= Fraction(row["required_deal_price"])) == holds


def test_holds_to_fx_is_shown_only_where_costs_are_converted(run: Run) -> None:
    call = ("audit", "-b", "56", "-l", "3", "-p", "20", *TERMS, "--fail-on", "never")
    assert "holds_to_fx" not in run(*call).out.decode()
    money = ("--cost-currency", "CNY", "--fx", "CNY=7.12")
    one = run(*call, *money, "--value", "holds_to_fx").out.decode().strip()
    table = b"list_price,purchase_price,logistics_cost\n20,56,3\n"
    many = run("audit", "-", *money, *TERMS, "--fail-on", "never", "--format", "json", stdin=table)
    assert json.loads(many.out, parse_float=str)[0]["holds_to_fx"] == one
    yuan = ("--currency", "CNY", "--fx", "USD=0.14")
    assert "holds_to_fx" not in run(*call, *yuan).out.decode()
    frame = pd.DataFrame({"list_price": ["20"], "purchase_price": ["56"], "logistics_cost": ["3"]})
    policy = aepromo.Policy(
        cost_currency="CNY",
        fx=("CNY=7.12",),
        forced_rate="0%",
        commission_rate="0",
        payment_rate="0",
    )
    answer = aepromo.audit(frame, policy)["holds_to_fx"][0]
    assert answer == Fraction(one)


def test_a_parcel_of_a_tariff_is_converted_at_the_same_rate(run: Run, tmp_path: Path) -> None:
    tariff = tmp_path / "tariff.toml"
    tariff.write_text(
        'currency = "CNY"\n[lines.air.ES]\nfirst_weight_g = 100\nfirst_weight_fee = 12\n'
        "step_g = 100\nstep_fee = 5\nregistration_fee = 8\nmax_weight_g = 2000\n"
    )
    shipped = ("--tariff", tariff, "--weight-g", "90", "--market", "ES", "--fail-on", "never")
    money = ("--cost-currency", "CNY", "--fx", "CNY=7.12", *TERMS, "--value", "holds_to_fx")
    by_tariff = run("audit", "-b", "56", "-p", "20", *shipped, *money)
    given = run("audit", "-b", "56", "-l", "20", "-p", "20", "--fail-on", "never", *money)
    assert by_tariff.out == given.out != b""
    table = b"list_price,purchase_price,weight_g\n20,56,90\n"
    parcel = ("--tariff", tariff, "--market", "ES", "--fail-on", "never")
    rows = run("audit", "-", *parcel, *money, stdin=table)
    assert rows.out == given.out


def test_one_rate_is_that_of_one_currency_for_one_sku_too(run: Run) -> None:
    call = ("margin", "-b", "¥71", "-p", "20", "--fx-rate", "7.1", *TERMS, "--value", "profit")
    assert run(*call, "-l", "3").out == b"7.00\n"
    several = run(*call, "-l", "€3")
    assert several.code == 2
    assert "--fx-rate: is one rate, but the costs are in several currencies" in several.err


def test_check_reads_the_signs_of_costs(run: Run) -> None:
    table = "sku,list_price,purchase_price,logistics_cost\nA,20,¥56,3\nB,20,8,€3\n".encode()
    money = ("--cost-currency", "CNY", "--fx", "CNY=7.12", "--fx", "EUR=0.92")
    done = run("check", "-", *money, "--value", "bad", stdin=table)
    assert done.out == b"0\n0\n0\n0\n"
    assert "reprice can read it" in done.err
    without = run("check", "-", *money[:4], "--value", "bad", stdin=table)
    assert "1 bad row for reprice" in without.err


def test_json_keeps_the_sign_of_a_cost_in_another_currency(run: Run) -> None:
    table = "list_price,purchase_price,logistics_cost\n$20,¥56,$3\n".encode()
    done = run("margin", "-", "--fx", "CNY=7.12", *TERMS, "--format", "json", stdin=table)
    row = json.loads(done.out)[0]
    assert [row[name] for name in ("list_price", "purchase_price", "logistics_cost")] == [
        20,
        "¥56",
        3,
    ]


def test_a_target_in_another_currency_than_the_rate_s_is_refused(run: Run) -> None:
    words = ("list-price", "--purchase", "25.5元", "--logistics", "12元", "--fx", "CNY=7.12")
    ran = run(*words, "--target-profit", "10元")
    assert (ran.code, ran.out) == (2, b"")
    assert "--target-profit: '10元' has the sign 元, but must be in USD" in ran.err
    # 3.59 + 1.69 of costs and 2.00, and fees of 0.65 and 0.10 on 8.03
    ran = run(*words, "--target-profit", "2", "--value", "required_deal_price", "--quiet")
    assert ran.out == b"8.03\n"


@pytest.mark.parametrize(
    ("costs", "is_assumed"),
    [(["€5", "€6"], False), (["€5", ""], False), (["€5", "6"], True), (["¥5", "6.125"], True)],
)
def test_a_currency_is_assumed_where_some_cost_has_no_sign(
    run: Run, costs: list[str], is_assumed: bool
) -> None:
    rows = "".join(f"{cost},€1,9\n" for cost in costs)
    table = f"purchase_price,logistics_cost,list_price\n{rows}".encode()
    money = ("--fx", "EUR=0.9", "--fx", "CNY=7", "--purchase", "€4")
    done = run("floor", "-", *money, stdin=table)
    assert done.code == 0
    assert ("assumed: cost_currency USD" in done.err) == is_assumed
