"""``explain``: each step says what it takes and why, the same in every form."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import pytest
from forked import program
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len

from aepromo.errors import CallError
from aepromo.explain.explanation import explain
from aepromo.explain.rendering import document as shown_document
from aepromo.explain.rendering import step_columns
from aepromo.inputs.policy import Policy
from aepromo.inputs.tariff_file import read_tariff
from aepromo.inputs.values import resolved
from aepromo.table.text_formats import json_document, rows_of

if TYPE_CHECKING:
    from conftest import Run

EXAMPLES = Path(__file__).parent.parent / "examples"
FEES = ("--commission", "6%", "--payment", "1%", "--quiet")
SKU = ("-b", "8", "-l", "3", "--price", "20", "--rate", "15%")


@pytest.mark.parametrize(
    ("costs", "margin"),
    [(("-b", "8", "-l", "6.04"), "15.00"), (("-b", "20", "-l", "0.34"), "-20.00")],
)
def test_a_margin_has_two_places_as_everywhere_else(
    costs: tuple[str, ...], margin: str, run: Run
) -> None:
    asked = (*costs, "--price", "20", "--rate", "10%", *FEES)
    shown = run("explain", *asked, "--format", "table").out.decode()
    assert f"margin: {margin}% of the deal price" in shown
    assert f"{margin}%" in run("margin", *asked, "--format", "table").out.decode()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("command", ["audit", "explain", "rules", "margin"])
def test_a_table_in_a_pipe_has_no_blanks_at_the_ends_of_lines(
    command: str, language: str, run: Run
) -> None:
    options = {
        "audit": ("-", "--fail-on", "never"),
        "rules": (),
        "explain": (*SKU, "--spend-save", "100:30"),
        "margin": SKU,
    }[command]
    file = b"sku,title,list_price,purchase_price,logistics_cost\nA,lamp,20,8,3\nB,bag,9,8,3\n"
    asked = (command, *options, "--format", "table", "--lang", language)
    lines = run(*asked, stdin=file).out.decode().split("\n")
    assert len(lines) > 5
    assert [line for line in lines if line != line.rstrip()] == []


CENTS = st.integers(0, 99_999).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
RATE = st.integers(10_000, 200_000_000).map(lambda rate: f"{rate // 10**6}.{rate % 10**6:06d}")


@dataclass(frozen=True)
class Line:
    """A line of a tariff file, and its cost for a parcel, in exact fractions."""

    name: str
    first_weight: int
    first_fee: str
    step: int
    step_fee: str
    registration: str
    currency: str

    def written(self) -> str:
        return (
            f'[lines.{self.name}.ES]\ncurrency = "{self.currency}"\n'
            f"first_weight_g = {self.first_weight}\nfirst_weight_fee = {self.first_fee}\n"
            f"step_g = {self.step}\nstep_fee = {self.step_fee}\n"
            f"registration_fee = {self.registration}\nmax_weight_g = 100000\n"
        )

    def steps(self, weight: Fraction) -> int:
        return ceil(max(weight - self.first_weight, Fraction(0)) / self.step)

    def asked(self, weight: Fraction) -> Fraction:
        parts = Fraction(self.first_fee), Fraction(self.registration)
        return sum(parts) + self.steps(weight) * Fraction(self.step_fee)


LINE = st.builds(
    Line,
    name=st.sampled_from(["slow", "fast"]),
    first_weight=st.integers(1, 500),
    first_fee=CENTS,
    step=st.integers(1, 500),
    step_fee=st.integers(0, 999).map(lambda cents: f"{cents / 100:.2f}"),
    registration=CENTS,
    currency=st.sampled_from(["CNY", "USD"]),
)


def in_dollars(yuan: Fraction, rate: str) -> Fraction:
    return Fraction(ceil(yuan / Fraction(rate) * 100), 100)


@given(
    st.lists(LINE, min_size=1, max_size=2, unique_by=lambda line: line.name),
    CENTS.filter(lambda text: text != "0.00"),
    CENTS,
    RATE,
    st.integers(1, 5_000_000).map(lambda milligrams: Fraction(milligrams, 1000)),
)
def test_the_steps_of_costs_give_their_cents(
    lines: list[Line], purchase: str, other: str, rate: str, weight: Fraction
) -> None:
    with NamedTemporaryFile("w", suffix=".toml") as file:
        file.write('currency = "CNY"\n' + "".join(line.written() for line in lines))
        file.flush()
        tariff = read_tariff(file.name)
    policy = Policy(
        purchase_price=purchase,
        other_cost=other,
        cost_currency="CNY",
        fx=(f"CNY={rate}",),
        list_price="20",
        forced_rate="15%",
        tariff=tariff,
        weight_g=f"{float(weight):.3f}",
        market="ES",
    )
    worth = {
        line.name: in_dollars(line.asked(weight), rate if line.currency == "CNY" else "1")
        for line in lines
    }
    taken = min(lines, key=lambda line: worth[line.name])
    try:
        explanation, _assumed = explain(resolved(policy))
    except CallError:  # costs that no list price covers
        assume(False)
    document = json.loads(json_document(shown_document(explanation, "en")), parse_float=str)
    steps = {step["step"]: step for step in document["steps"]}
    for name, stated in (("purchase price", purchase), ("other cost", other)):
        if stated != "0.00":
            step = steps[name]
            assert (step["cost_currency"], step["stated_cost"], step["rounding"]) == (
                *("CNY", stated, "up"),
            )
            assert Fraction(step["fx_rate"]) == Fraction(rate)
            assert -Fraction(step["change"]) == in_dollars(Fraction(stated), rate)
    if not worth[taken.name]:
        assert "logistics cost" not in steps
        return
    step = steps["logistics cost"]
    assert -Fraction(step["change"]) == worth[taken.name]
    assert (step["shipping_line"], step["cost_currency"]) == (taken.name, taken.currency)
    assert step["weight_steps"] == taken.steps(weight)
    parts = [Fraction(step[f"{part}_fee"]) for part in ("first_weight", "step", "registration")]
    assert parts == [Fraction(fee) for fee in (taken.first_fee, taken.step_fee, taken.registration)]
    assert parts[0] + step["weight_steps"] * parts[1] + parts[2] == Fraction(step["stated_cost"])
    assert Fraction(step["additional_weight_fee"]) == step["weight_steps"] * parts[1]
    if taken.currency == "USD":
        assert (step["fx_rate"], step["rounding"]) == (None, None)
    else:
        assert Fraction(step["fx_rate"]) == Fraction(rate)
        assert in_dollars(Fraction(step["stated_cost"]), step["fx_rate"]) == worth[taken.name]
    # A CSV has the same in as many columns, blank where a step has no value.
    rows = list(rows_of(step_columns(explanation, "en")))
    names = [column.name for column in step_columns(explanation, "en")]
    for row, told in zip(rows, document["steps"], strict=True):
        cells = {name: cell for name, cell in zip(names, row, strict=True) if cell}
        assert {name: cell for name, cell in cells.items() if name != "rate"} == {
            name: str(value) for name, value in told.items() if value is not None and name != "rate"
        }


YUAN = ("--cost-currency", "CNY", "--fx", "CNY=7.12", "--price", "20", "--rate", "15%", *FEES)
TARIFF = ("--tariff", str(EXAMPLES / "shipping/tariff.toml"), "--weight-g", "120", "--market", "ES")


def wide(*asked: str, width: str, cwd: Path) -> str:
    env = {"LC_ALL": "C.UTF-8", "COLUMNS": width}
    return program(*asked, "--format", "table", cwd=cwd, env=env)[1].decode()


@pytest.mark.parametrize(
    ("language", "purchase", "shipping"),
    [
        ("en", "CNY 26.50 ÷ 7.12, up", "standard: CNY (15.00 + 1 × 3.20 + 8.00) ÷ 7.12, up"),
        (
            "zh",
            "CNY 26.50 ÷ 7.12，向上取整",
            "standard：CNY (15.00 + 1 × 3.20 + 8.00) ÷ 7.12，向上取整",
        ),
    ],
)
def test_a_table_shows_the_origin_of_a_cost(
    language: str, purchase: str, shipping: str, tmp_path: Path
) -> None:
    asked = ("explain", "-b", "26.5", *YUAN, *TARIFF, "--line", "standard", "--lang", language)
    lines = wide(*asked, width="120", cwd=tmp_path).splitlines()
    assert -(-2650 * 100 // 712) == 373
    assert -(-(1500 + 320 + 800) * 100 // 712) == 368
    (bought,) = (line for line in lines if purchase in line)
    (shipped,) = (line for line in lines if shipping in line)
    assert bought.split()[-2] == "-3.73"
    assert shipped.split()[-2] == "-3.68"
    narrow = wide(*asked, width="80", cwd=tmp_path).splitlines()
    assert [line for line in narrow if cell_len(line) > 80] == []
    assert "".join(shipping.split()[1:3]) in "".join("".join(narrow).split())


def test_a_tariff_in_the_currency_of_the_prices_converts_nothing(run: Run, tmp_path: Path) -> None:
    line = Line("post", 100, "2.00", 50, "0.75", "1.20", "USD")
    tariff = tmp_path / "tariff.toml"
    tariff.write_text('currency = "USD"\n' + line.written())
    asked = ("-b", "8", "--price", "20", "--rate", "15%", "--weight-g", "250.001", *FEES)
    shown = run("explain", *asked, "--tariff", tariff, "--format", "table").out.decode()
    assert "post: 2.00 + 4 × 0.75 + 1.20 " in shown
    assert " -6.20 " in shown


IDLE = {
    "a coupon while forced": (
        ("--coupon", "2"),
        ("store coupon", "0.00", "2.00", "", "excluded_while_forced"),
        {
            "en": "$2.00 off: excluded while forced (see --coupon-stacks)",
            "zh": "减 $2.00：强制折扣商品不可用（见 --coupon-stacks）",
        },
    ),
    "a tier out of reach": (
        ("--spend-save", "30:7", "--basket", "single"),
        ("Spend & Save", "30.00", "7.00", "17.00", "not_reached"),
        {
            "en": "$7.00 off from $30.00: $17.00 doesn't reach it",
            "zh": "满 $30.00 减 $7.00：$17.00 未满足门槛",
        },
    ),
    # 17.00 − 4.00 = 13.00, on which the coupon is tested
    "a coupon out of reach after a tier": (
        ("--spend-save", "15:4", "--coupon", "15:2", "--coupon-stacks", "--basket", "single"),
        ("store coupon", "15.00", "2.00", "13.00", "not_reached"),
        {
            "en": "$2.00 off from $15.00: $13.00 doesn't reach it",
            "zh": "满 $15.00 减 $2.00：$13.00 未满足门槛",
        },
    ),
}


@pytest.mark.parametrize("which", IDLE)
def test_an_offer_that_takes_nothing_says_why(which: str, run: Run, tmp_path: Path) -> None:
    offers, row, words = IDLE[which]
    asked = ("explain", *SKU, *offers, *FEES)
    rows = csv.DictReader(run(*asked, "--format", "csv").out.decode().splitlines())
    (idle,) = (each for each in rows if each["reason"])
    assert (idle["step"], *(idle[name] for name in DETAILS)) == row
    assert (idle["change"], idle["base"]) == ("0.00", idle["left"])
    document = json.loads(run(*asked, "--format", "json").out, parse_float=str)
    (told,) = (each for each in document["steps"] if each.get("reason"))
    assert (told["step"], *(told[name] or "" for name in DETAILS)) == row
    for language, said in words.items():
        shown = wide(*asked, "--lang", language, width="120", cwd=tmp_path)
        (line,) = (line for line in shown.splitlines() if said in line)
        assert line.split()[-2:] == ["0.00", idle["left"]]


DETAILS = ("threshold", "off", "subtotal", "reason")


def test_only_offers_that_take_nothing_have_a_reason(run: Run) -> None:
    offers = ("--spend-save", "15:3", "--spend-save", "40:9", "--basket", "single")
    steps = json.loads(run("explain", *SKU, *offers, *FEES, "--format", "json").out)["steps"]
    told = [(step["step"], step["off"], step["reason"]) for step in steps if "off" in step]
    assert told == [("Spend & Save", 3.0, None)]


@pytest.mark.parametrize(("price", "left"), [("30", [23.0, 23.0]), ("29.99", [29.99, 29.99])])
def test_an_order_of_exactly_the_threshold_reaches_the_tier(
    run: Run, price: str, left: list[float]
) -> None:
    sku = ("-b", "8", "-l", "3", "--price", price, "--rate", "0%")
    offer = ("--spend-save", "30:7", "--basket", "single")
    steps = json.loads(run("explain", *sku, *offer, *FEES, "--format", "json").out)["steps"]
    assert [
        step["left"] for step in steps if step["step"] in ("Spend & Save", "deal price")
    ] == left


def test_a_coupon_without_a_minimum_is_off_every_order(run: Run) -> None:
    asked = ("explain", "--target", "24", "--rate", "0%", "--coupon", "2", *FEES)
    shown = run(*asked, "--format", "table").out.decode()
    told = "protects: $26.00; just above $24.00–$25.99 (not forced): $2.00 off every order leaves"
    assert f"{told} you as little as $22.00, under $24.00" in " ".join(shown.split())


def test_chinese_headers_leave_labels_in_cells_english(run: Run) -> None:
    # A cent more than 20.00, so that 15 % of it is no whole cent.
    in_chinese = ("-q", "--headers", "zh", "--lang", "zh")
    priced = ("-b", "8", "-l", "3", "--price", "20.01", "--rate", "15%", "--coupon", "2")
    asked = ("explain", *priced, *in_chinese)
    steps = json.loads(run(*asked, "--format", "json").out)["各步骤"]
    (forced,) = (step for step in steps if step["步骤"] == "强制折扣")
    (coupon,) = (step for step in steps if step["步骤"] == "店铺优惠券")
    assert (forced["取整"], coupon["原因"]) == ("down", "excluded_while_forced")
    written = csv.DictReader(run(*asked, "--format", "csv").out.decode().splitlines())
    assert {row["取整"] for row in written} == {"", "down", "half up"}


def test_a_row_with_decimal_commas_is_explained_as_one_with_points(
    run: Run, tmp_path: Path
) -> None:
    text = (
        "sku;title;purchase_price;logistics_cost;list_price;Commission rate (%);forced_rate;fx_rate"
        "\nA;1,5 m;1.012,50 €;3,20;1.999,90;8,5;10,5%..20%;0,92\n"
    )
    points = text.replace(".", "").replace(",", ".").replace("%20%", "%..20%")
    shown = []
    for name, content in (("commas.csv", text), ("points.csv", points)):
        (tmp_path / name).write_text(content)
        options = ("--sku", "A", "--currency", "USD", "--cost-currency", "EUR", "--quiet")
        shown.append(run("explain", tmp_path / name, *options))
        assert shown[-1].code == 0, shown[-1].err
    assert shown[0] == shown[1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A;12.50;3,20;9,90", "purchase_price: '12.50' has a decimal point, but this file uses"),
        ("A;12,50;1,250;9.90", "purchase_price: '12,50' has a decimal comma; set --decimal ,"),
    ],
)
def test_a_row_with_another_decimal_mark_is_refused(
    row: str, reason: str, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "skus.csv"
    mark = ("--decimal", ",") if "12.50" in row else ()
    file.write_text(f"sku;purchase_price;logistics_cost;list_price\n{row}\n")
    refused = run("explain", file, "--quiet", *mark)
    assert (refused.code, refused.out) == (3, b"")
    assert refused.err.startswith(f"aepromo: {file}:2: {reason}")
