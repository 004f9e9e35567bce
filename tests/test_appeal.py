"""``appeal``: every gate at its threshold, the verdicts, and the worksheet computed by hand."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aepromo
from aepromo.inputs.policy import Policy
from aepromo.pricing.money import half_up
from aepromo.pricing.protect import lowest_list_price
from aepromo.rules.overrides import Book

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

ON = date(2026, 3, 10)
# The source's own example, 20 at 15 %, with costs that leave 4.81 and papers that are just in time.
ROW = {
    "sku": "A-1",
    "list_price": "20",
    "forced_rate": "15%",
    "purchase_price": "8",
    "logistics_cost": "3",
    "commission_rate": "6%",
    "payment_rate": "1%",
    "store_level": "L4",
    "invoice_date": "2026-03-03",
    "first_weight_fee": "1.80",
    "additional_weight_fee": "0.30",
    "registration_fee": "0.90",
}


def options(**cells: str) -> list[str]:
    """The row above, with some cells changed, as options."""
    row = {**ROW, **cells}.items()
    return [part for name, text in row for part in (f"--{name.replace('_', '-')}", text)]


OPTIONS = options()


def judged(book: Book | None = None, **cells: str) -> dict[str, str | None]:
    """The verdict on the row above with some cells changed; an empty one is blank."""
    frame = pd.DataFrame([{**ROW, **cells}])
    (verdict,) = aepromo.appeal(frame, Policy(book=book or Book()), on=ON).to_dict("records")
    return {str(name): None if pd.isna(value) else str(value) for name, value in verdict.items()}


def came_to(book: Book | None = None, **cells: str) -> str | None:
    return judged(book, **cells)["appeal"]


def test_the_sources_own_example_comes_out() -> None:
    verdict = judged()
    assert (verdict["deal_price"], verdict["commission"]) == ("17.00", "1.02")
    assert (verdict["payment_fee"], verdict["formula_profit"]) == ("0.17", "4.81")
    assert verdict["formula_margin"] == "0.2829"
    assert came_to() == "strong"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # L4 and above may apply
        ({"store_level": "L3"}, "refuse"),
        ({"store_level": "L4"}, "strong"),
        ({"store_level": "L5"}, "strong"),
        # profit of 0.79, 0.80, 0.81: at least 0.80
        ({"purchase_price": "12.02"}, "refuse"),
        ({"purchase_price": "12.01"}, "submit"),
        ({"purchase_price": "12.00"}, "submit"),
        # an invoice of six, seven and eight days: at most seven
        ({"invoice_date": "2026-03-04"}, "strong"),
        ({"invoice_date": "2026-03-03"}, "strong"),
        ({"invoice_date": "2026-03-02"}, "weak"),
        ({"invoice_date": "2026-03-10"}, "strong"),
        ({"invoice_date": "2026-03-11"}, "weak"),
        # the parts add up to 2.99, 3.00, 3.01: equal to the cost
        ({"registration_fee": "0.89"}, "weak"),
        ({"registration_fee": "0.90"}, "strong"),
        ({"registration_fee": "0.91"}, "weak"),
        # each paper, and each part of one, is needed; a fee of nothing is a fee
        ({"invoice_date": ""}, "weak"),
        ({"first_weight_fee": ""}, "weak"),
        ({"additional_weight_fee": ""}, "weak"),
        ({"registration_fee": ""}, "weak"),
        ({"registration_fee": "0", "first_weight_fee": "2.70"}, "strong"),
        ({"store_level": ""}, "weak"),
    ],
)
def test_a_gate_at_its_threshold(cells: dict[str, Any], expected: str) -> None:
    assert came_to(**cells) == expected


@pytest.mark.parametrize(
    ("purchase_price", "margin", "expected"),
    [("66.31", "0.1849", "submit"), ("66.30", "0.1850", "submit"), ("66.29", "0.1851", "strong")],
)
def test_a_strong_margin_is_over_the_threshold(
    purchase_price: str, margin: str, expected: str
) -> None:
    # 100.00 not forced, 8 % and 1.2 %, 6.00 of shipping: 84.80 less the purchase price is left
    cells: dict[str, Any] = {
        "list_price": "100",
        "forced_rate": "0",
        "commission_rate": "8%",
        "payment_rate": "1.2%",
        "logistics_cost": "6",
        "first_weight_fee": "4.80",
    }
    assert came_to(**cells, purchase_price=purchase_price) == expected
    assert judged(**cells, purchase_price=purchase_price)["formula_margin"] == margin


def test_a_margin_that_only_rounds_to_the_threshold_is_over_it() -> None:
    # 3.70 of 19.99 is 18.5092 %; shown as 18.50 %, yet over
    cells: dict[str, Any] = {
        "list_price": "19.99",
        "forced_rate": "0",
        "commission_rate": "0",
        "payment_rate": "0",
    }
    assert came_to(**cells, purchase_price="13.29") == "strong"
    assert judged(**cells, purchase_price="13.29")["formula_margin"] == "0.1850"


def test_the_deepest_rate_of_a_range_counts() -> None:
    assert judged(forced_rate="10%..20%")["deal_price"] == "16.00"
    both: dict[str, Any] = {"forced_rate": "", "forced_rate_min": "10%", "forced_rate_max": "20%"}
    assert judged(**both)["deal_price"] == "16.00"
    assert judged(forced_rate="")["deal_price"] == "16.00", "the rule book's 10 to 20 %"


@pytest.mark.parametrize(
    ("cells", "rate"),
    [
        ({}, "0.7930"),
        ({"purchase_price": "12.00"}, "0.6850"),
        ({"invoice_date": ""}, None),
        ({"store_level": "L3"}, None),
    ],
)
def test_the_pass_rate_comes_from_the_rule_book(cells: dict[str, Any], rate: str | None) -> None:
    assert judged(**cells)["pass_rate"] == rate


@pytest.mark.parametrize(
    ("cells", "reasons"),
    [
        (
            {},
            "formula margin 28.2942%, needs over 18.5%: met; store level L4, needs L4: met; "
            "formula profit 4.81, needs 0.80: met",
        ),
        ({"purchase_price": "12.00"}, "formula margin 4.7648%, needs over 18.5%: +13.7352%"),
        ({"invoice_date": "2026-03-01"}, "invoice age days 9, needs at most 7: -2"),
        ({"invoice_date": "2026-03-12"}, "invoice dated 2026-03-12, 2 days after the appeal"),
        (
            {"registration_fee": "0.91"},
            "shipping detail adds up to 3.01, needs the logistics cost 3.00: -0.01",
        ),
        ({"store_level": ""}, "store level unknown, needs L4"),
        (
            {"store_level": "L2", "purchase_price": "14", "invoice_date": ""},
            "formula profit -1.19, needs 0.80: +1.99; store level L2, needs L4: +2; "
            "invoice age days unknown, needs at most 7",
        ),
        (
            {"purchase_price": "12.02"},
            "formula profit 0.79, needs 0.80: +0.01; a list price of 20.01 would meet it",
        ),
    ],
)
def test_reasons_name_value_threshold_and_gap_worst_first(
    cells: dict[str, Any], reasons: str
) -> None:
    assert judged(**cells)["reasons"] == reasons


@pytest.mark.parametrize(
    ("key", "value", "cells", "before", "after"),
    [
        ("appeal.level", "L5", {}, "strong", "refuse"),
        ("appeal.min_profit", "4.82", {}, "strong", "refuse"),
        ("appeal.min_profit", "0.79", {"purchase_price": "12.02"}, "refuse", "submit"),
        ("appeal.strong_margin", "28.3%", {}, "strong", "submit"),
        ("appeal.papers.invoice_max_age_days", "6", {}, "strong", "weak"),
        (
            "appeal.papers.shipping_shows",
            ("first_weight",),
            {"registration_fee": ""},
            "weak",
            "strong",
        ),
    ],
)
def test_a_rule_changed_changes_the_verdict(
    key: str, value: str | tuple[str, ...], cells: dict[str, Any], before: str, after: str
) -> None:
    assert came_to(**cells) == before
    assert came_to(Book({key: value}, "aepromo.toml"), **cells) == after


@given(
    purchase=st.integers(1, 5_000),
    rate=st.integers(0, 900_000),
    commission=st.integers(0, 300_000),
    payment=st.integers(0, 50_000),
)
def test_the_passing_list_price_is_the_first_from_which_every_one_passes(
    purchase: int, rate: int, commission: int, payment: int
) -> None:
    def left(price: int) -> int:
        deal = int(half_up(price, 1_000_000 - rate))
        fees = int(half_up(deal, commission)) + int(half_up(deal, payment))
        return deal - fees - purchase - 300

    frame = pd.DataFrame(
        {
            "list_price": ["0.01"],
            "purchase_price": [f"{purchase / 100:.2f}"],
            "logistics_cost": ["3"],
            "forced_rate": [f"{rate / 10_000:.4f}%"],
            "commission_rate": [f"{commission / 10_000:.4f}%"],
            "payment_rate": [f"{payment / 10_000:.4f}%"],
        }
    )
    price = int(aepromo.appeal(frame, on=ON)["passing_list_price"][0] * 100)
    assert left(price - 1) < 80 <= min(left(price + more) for more in range(400))


@given(required=st.integers(1, 10**6), rate=st.integers(0, 999_999))
def test_the_lowest_list_price_reaches_the_requirement_and_one_cent_less_does_not(
    required: int, rate: int
) -> None:
    price = int(lowest_list_price(required, rate))
    assert half_up(price, 1_000_000 - rate) >= required
    assert price == 1 or half_up(price - 1, 1_000_000 - rate) < required


@pytest.mark.parametrize(
    "cells",
    [
        {"store_level": "L3", "purchase_price": "14"},  # no price changes a level
        {"purchase_price": "14", "commission_rate": "90%", "payment_rate": "10%"},
        {"purchase_price": "9,000,000", "forced_rate": "99.9%"},
        {},
    ],
)
def test_there_is_no_passing_list_price_if_none_is_enough(cells: dict[str, Any]) -> None:
    assert judged(**cells)["passing_list_price"] is None


def test_other_costs_and_own_discounts_are_not_in_the_platforms_formula(run: Run) -> None:
    table = b"list_price,purchase_price,logistics_cost,other_cost,limited_rate\n20,8,3,5,10%\n"
    done = run("appeal", "-", "--rate", "15%", "--value", "deal_price", "-q", stdin=table)
    assert done.out == b"17.00\n"


# Through the program


def test_a_one_liner(run: Run) -> None:
    done = run("appeal", *OPTIONS, "--on", "2026-03-10", "--format", "json")
    answer = json.loads(done.out)[0]
    assert (done.code, done.err) == (0, "")
    assert answer["appeal"] == "strong"
    assert b'"formula_profit": 4.81' in done.out
    assert b'"pass_rate": 0.7930' in done.out


def test_a_missing_value_is_assumed_and_reported(run: Run) -> None:
    done = run("appeal", "--price", "20", "-b", "8", "-l", "3", "--value", "formula_profit")
    assert done.out == b"3.53\n"
    assert done.err.splitlines() == [
        "assumed: commission_rate 8% (rule book; set --commission)",
        "assumed: payment_rate 1.2% (rule book; set --payment)",
        "assumed: forced_rate 10%..20% (rule book; set --rate)",
    ]


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ({}, {"submit": 0, "weak": 0, "refuse": 0, "never": 0}),
        ({"purchase_price": "12"}, {"submit": 1, "weak": 0, "refuse": 0, "never": 0}),
        ({"invoice_date": "2026-01-01"}, {"submit": 1, "weak": 1, "refuse": 0, "never": 0}),
        ({"store_level": "L1"}, {"submit": 1, "weak": 1, "refuse": 1, "never": 0}),
    ],
)
def test_findings_end_with_1(run: Run, cells: dict[str, str], codes: dict[str, int]) -> None:
    call = ("appeal", *options(**cells), "--on", "2026-03-10")
    assert {name: run(*call, "--fail-on", name).code for name in codes} == codes
    assert run(*call).code == codes["weak"], "weak is the default"


def sheet(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROW), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**ROW, **row} for row in rows)
    return text.getvalue().encode()


def test_a_pipe_keeps_the_rows_order_and_every_cell(run: Run) -> None:
    table = sheet({"sku": "001"}, {"sku": "002", "store_level": "L1"}, {"sku": "003"})
    done = run("appeal", "-", "--on", "2026-03-10", stdin=table)
    rows = list(csv.DictReader(io.StringIO(done.out.decode())))
    assert [(row["sku"], row["appeal"]) for row in rows] == [
        ("001", "strong"),
        ("002", "refuse"),
        ("003", "strong"),
    ]
    assert {name: rows[0][name] for name in ROW} == {**ROW, "sku": "001"}
    again = run("appeal", "-", "--on", "2026-03-10", stdin=done.out)
    assert again.out == done.out, "running it on its own output changes nothing"


def test_a_table_has_the_worst_on_top_and_counts(run: Run) -> None:
    table = sheet({"sku": "001"}, {"sku": "002", "store_level": "L1"})
    out = run("appeal", "-", "--on", "2026-03-10", "--format", "table", stdin=table).out.decode()
    assert out.index("002") < out.index("001")
    assert "2 SKUs: 1 strong, 1 refuse\n" in re.sub(" +\n", "\n", out)


def test_chinese_headers_in_gb18030(run: Run) -> None:
    table = (
        "货号,售价,强制折扣率,采购价,物流费,佣金率,手续费率,店铺等级,采购发票日期,首重费,续重费,挂号费\n"
        "A-1,20,15%,8,3,6%,1%,L4,2026/3/3,1.80,0.30,0.90\n"
    )
    done = run("appeal", "-", "--on", "2026/3/10", "--value", "appeal", stdin=table.encode("gbk"))
    assert (done.code, done.out) == (0, b"strong\n")


def test_bad_rows_are_named_and_set_aside(run: Run, tmp_path: Path) -> None:
    table = sheet(
        {"invoice_date": "yesterday"},
        {"forced_rate": "", "logistics_cost": ""},
        {"registration_fee": "0.905"},
        {"store_level": "4"},
        {"sku": "good"},
    )
    wrong = [
        "standard input:2: invoice_date: 'yesterday' is not a date; write one such as 2026-03-01",
        "standard input:3: logistics_cost: is missing; fill it in (0 where shipping is free) "
        "or give --logistics-cost",
        "standard input:4: registration_fee: '0.905' has more than 2 decimal places; "
        "write 0.90 or round it up",
        "standard input:5: store_level: '4' is not a store level; write L4",
    ]
    refused = run("appeal", "-", "--on", "2026-03-10", stdin=table)
    assert (refused.code, refused.out) == (3, b"")
    assert refused.err.splitlines()[:4] == wrong
    bad = tmp_path / "bad.csv"
    done = run(
        *("appeal", "-", "--on", "2026-03-10", "--value", "sku", "--rejects", bad), stdin=table
    )
    assert (done.code, done.out) == (0, b"good\n")
    assert len(bad.read_text().splitlines()) == 5


def test_a_range_with_swapped_ends_is_a_bad_row(run: Run) -> None:
    table = (
        b"list_price,purchase_price,logistics_cost,forced_rate_min,forced_rate_max\n20,8,3,.2,.1\n"
    )
    done = run("appeal", "-", stdin=table)
    assert done.code == 3
    assert "standard input:2: forced_rate_min: is above forced_rate_max" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--on", "soon"), "aepromo: --on: 'soon' is not a date; write one such as 2026-03-01"),
        (("--worksheet", "-"), "aepromo: --worksheet -: name a file"),
        (("--worksheet", "x.csv", "-o", "x.csv"), "aepromo: --worksheet and --output are the same"),
    ],
)
def test_a_wrong_call(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run("appeal", *OPTIONS, *arguments)
    assert done.code == 2
    assert said in done.err


def test_a_configuration_changes_the_verdict(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "own.toml"
    settings.write_text(
        'payment_rate = "2%"\n[rules]\nappeal.min_profit = "4.70"\n'
        '[stores.one]\nstore_level = "L4"\n[stores.two]\nstore_level = "L3"\n'
    )
    cut = OPTIONS.index("--payment-rate")
    options = [*OPTIONS[:cut], *OPTIONS[cut + 2 :]]
    cut = options.index("--store-level")
    options = [*options[:cut], *options[cut + 2 :]]
    call = ("appeal", *options, "--on", "2026-03-10", "--config", str(settings))
    wanted = ("--value", "appeal")
    assert run(*call, "--store", "one", *wanted).out == b"refuse\n", "4.64 is under 4.70"
    settings.write_text(settings.read_text().replace("4.70", "4.64"))
    assert run(*call, "--store", "one", *wanted).out == b"strong\n"
    assert run(*call, "--store", "two", *wanted).out == b"refuse\n"
    assert run(*call, "--store", "three").code == 2


# The worksheet


def settled(amount: Fraction) -> Fraction:
    """To the cent, halves upwards."""
    return Fraction(floor(amount * 100 + Fraction(1, 2)), 100)


def ratio(percent: str) -> Fraction:
    return Fraction(percent.removesuffix("%")) / 100


def test_the_worksheet_can_be_recomputed_by_hand(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "毛利测算表.csv"
    done = run(
        *("appeal", "examples/price-protection/appeal.csv", "--store-level", "L4"),
        *("--on", "2026-03-10", "-q", "--worksheet", target),
    )
    answers = {row["sku"]: row for row in csv.DictReader(io.StringIO(done.out.decode()))}
    rows = list(csv.reader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert rows[0][:4] == ["SKU", "售价 (USD)", "强制折扣率", "折后价 (USD)"]
    assert len(rows) == 1 + sum(answer["appeal"] != "refuse" for answer in answers.values())
    for sku, *cells in rows[1:]:
        listed, deal, purchase, logistics = (Fraction(cells[i]) for i in (0, 2, 3, 4))
        commission, payment, left = (Fraction(cells[i]) for i in (6, 8, 9))
        assert deal == settled(listed * (1 - ratio(cells[1])))
        assert commission == settled(deal * ratio(cells[5]))
        assert payment == settled(deal * ratio(cells[7]))
        assert left == deal - purchase - logistics - commission - payment
        assert left >= Fraction("0.80")
        assert cells[11] == (
            f"{cells[0]} × (1 − {cells[1]}) = {cells[2]}; {cells[2]} × {cells[5]} = {cells[6]}; "
            f"{cells[2]} × {cells[7]} = {cells[8]}; "
            f"{cells[2]} − {cells[3]} − {cells[4]} − {cells[6]} − {cells[8]} = {cells[9]} ≥ 0.80"
        )
        assert answers[sku]["formula_profit"] == cells[9]


def test_the_worksheet_in_english_and_its_messages(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "margins.csv"
    done = run(
        *("appeal", "-", "--on", "2026-03-10", "--worksheet", target, "--worksheet-lang", "en"),
        stdin=sheet({}, {"sku": "A-2", "store_level": "L1"}),
    )
    assert done.err == f"{target}: 1 SKU; 1 refused, left out\n"
    assert target.read_text(encoding="utf-8") == (
        "SKU,list price (USD),forced rate,discounted price (USD),purchase price (USD),"
        "logistics cost (USD),commission rate,commission (USD),payment fee rate,payment fee (USD),"
        "profit (USD),margin,list price × (1 − forced rate) − purchase price − logistics cost"
        " − commission − payment fee; each step rounded half up to the cent\n"
        "A-1,20.00,15%,17.00,8.00,3.00,6%,1.02,1%,0.17,4.81,28.29%,"
        "20.00 × (1 − 15%) = 17.00; 17.00 × 6% = 1.02; 17.00 × 1% = 0.17; "
        "17.00 − 8.00 − 3.00 − 1.02 − 0.17 = 4.81 ≥ 0.80\n"
    )


def test_a_worksheet_is_written_completely_or_not_at_all(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "margins.csv"
    target.write_text("old\n")
    assert run("appeal", "-", "--worksheet", target, stdin=sheet({"list_price": "0"})).code == 3
    assert target.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [target]
    run("appeal", "-", "--worksheet", target, "--bom", "-q", stdin=sheet({}))
    assert target.read_bytes().startswith(b"\xef\xbb\xbfSKU,")


def test_parts_of_shipping_are_read_in_the_currency_of_the_costs(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "margins.csv"
    table = sheet(
        {"purchase_price": "56", "logistics_cost": "21", "first_weight_fee": "18.90"},
        {"purchase_price": "56", "logistics_cost": "21", "first_weight_fee": "19.80"},
    ).replace(b"registration_fee\n", b"registration_fee,cost_currency\n")
    table = table.replace(b",0.90\n", b",0.90,CNY\n")
    done = run(
        *("appeal", "-", "--on", "2026-03-10", "--fx", "CNY=7@2026-03-09", "-q"),
        *("--worksheet", target, "--worksheet-lang", "en", "--columns", "appeal,reasons"),
        stdin=table,
    )
    verdicts = [row["reasons"] for row in csv.DictReader(io.StringIO(done.out.decode()))]
    assert verdicts[0] == (
        "shipping detail adds up to 20.10, needs the logistics cost 21.00: +0.90"
    )
    assert verdicts[1].endswith("met"), "18.90 and 19.80 of yuan, not of dollars"
    rows = list(csv.DictReader(io.StringIO(target.read_text(encoding="utf-8"))))
    assert {row["exchange rate"] for row in rows} == {"1 USD = 7 CNY (2026-03-09)"}
    assert rows[0]["costs as they come about, each rounded up to the cent"] == (
        "56.00 CNY ÷ 7 = 8.00; 21.00 CNY ÷ 7 = 3.00"
    )


def test_an_option_for_a_part_is_in_each_rows_currency(run: Run) -> None:
    table = b"list_price,purchase_price,logistics_cost,cost_currency\n20,560,210,JPY\n20,8,3,USD\n"
    parts = ("--first-weight-fee", "3", "--additional-weight-fee", "0", "--registration-fee", "0")
    call = ("appeal", "-", "--fx", "JPY=70", *parts, "--value", "reasons", "-q")
    first, second = run(*call, stdin=table).out.decode().splitlines()
    assert "adds up to 3, needs the logistics cost 210: +207" in first
    assert "adds up to" not in second
