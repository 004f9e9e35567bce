"""Weights, fees, rates and currencies at their limits, compared with independent fractions.

A row is computed as one SKU, as a frame of one and in a frame of many, by a calculator and by the
platform's rules: always the same line, the same cost and the same profit to the minor unit.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pandas as pd
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import aepromo
from aepromo.calculators.margin import MARGIN
from aepromo.engine.answer import find_columns
from aepromo.engine.answer import run as run_question
from aepromo.engine.frame import FrameCells
from aepromo.engine.single import run_single
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.appeal import appeal
from aepromo.platform.appeal_worksheet import HEADERS, MORE_HEADERS
from aepromo.platform.appeal_worksheet import lines as worksheet_lines
from aepromo.table.cells import fixed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conftest import Run

PLACES = {"USD": 2, "CNY": 2, "EUR": 2, "JPY": 0, "KWD": 3}
CODES = st.sampled_from(sorted(PLACES))


def up(amount: Fraction, code: str) -> Fraction:
    """Rounded up to the minor unit of a currency."""
    return Fraction(ceil(amount * 10 ** PLACES[code]), 10 ** PLACES[code])


def half_up(amount: Fraction, code: str) -> Fraction:
    return Fraction(floor(amount * 10 ** PLACES[code] + Fraction(1, 2)), 10 ** PLACES[code])


def down(amount: Fraction, code: str) -> Fraction:
    return Fraction(floor(amount * 10 ** PLACES[code]), 10 ** PLACES[code])


def shown(amount: Fraction, code: str) -> str:
    return str(Decimal(int(amount * 10 ** PLACES[code])).scaleb(-PLACES[code]))


@dataclass(frozen=True)
class Service:
    """The terms of a shipping line: grams, fees in the tariff's currency."""

    first: Fraction
    fee: Fraction
    step: Fraction
    more: Fraction
    registration: Fraction
    most: Fraction

    def asks(self, weight: Fraction) -> Fraction | None:
        if weight > self.most:
            return None
        covered, total = self.first, self.fee + self.registration
        while covered < weight:
            covered, total = covered + self.step, total + self.more
        return total

    def toml(self, name: str) -> str:
        fields = {
            "first_weight_g": self.first,
            "first_weight_fee": self.fee,
            "step_g": self.step,
            "step_fee": self.more,
            "registration_fee": self.registration,
            "max_weight_g": self.most,
        }
        written = "".join(f"{key} = {decimal(value)}\n" for key, value in fields.items())
        return f"[lines.{name}.ES]\n{written}"


def decimal(value: Fraction) -> str:
    return f"{Decimal(value.numerator) / Decimal(value.denominator):f}"


@st.composite
def amounts(draw: st.DrawFn, code: str, most: int = 40) -> Fraction:
    minor = 10 ** PLACES[code]
    return Fraction(draw(st.integers(0, most * minor)), minor)


@st.composite
def lines(draw: st.DrawFn, code: str) -> Service:
    grams = st.integers(1, 200_000).map(lambda milligrams: Fraction(milligrams, 1000))
    first = draw(st.integers(0, 200).map(Fraction) | grams)
    step = draw(grams | st.just(Fraction(10)))
    fee, more, registration = (draw(amounts(code)) for _ in range(3))
    return Service(first, fee, step, more, registration, first + draw(st.integers(0, 30)) * step)


@st.composite
def weights(draw: st.DrawFn, known: list[Service]) -> Fraction:
    """Mostly at a limit of a line: at a step, a milligram off it, at its maximum weight."""
    line = draw(st.sampled_from(known))
    at = draw(st.sampled_from(["step", "most", "any"]))
    if at == "any":
        return Fraction(draw(st.integers(1, 2_000_000)), 1000)
    edge = line.most if at == "most" else line.first + draw(st.integers(0, 30)) * line.step
    return max(edge + Fraction(draw(st.sampled_from([-1, 0, 1])), 1000), Fraction(1, 1000))


RATES = st.sampled_from([Fraction(3), Fraction("7.12"), Fraction("0.000333"), Fraction(150)]) | (
    st.integers(1_000, 2_000_000_000).map(lambda millionths: Fraction(millionths, 10**6))
)
COSTS = st.integers(0, 999_999).map(lambda parts: Fraction(parts, 10_000))


@dataclass(frozen=True)
class Case:
    selling: str
    cost: str
    tariff: str
    fx: Mapping[str, Fraction]
    lines: list[Service]
    rows: list[tuple[Fraction, Fraction, Fraction]]
    """Purchase price, list price and weight of each."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    selling, cost, tariff = draw(CODES), draw(CODES), draw(CODES)
    fx = {code: draw(RATES) for code in sorted({cost, tariff} - {selling})}
    known = draw(st.lists(lines(tariff), min_size=1, max_size=3))
    price = amounts(selling, 99_999).map(lambda amount: amount + 1)
    row = st.tuples(COSTS, price, weights(known))
    return Case(selling, cost, tariff, fx, known, draw(st.lists(row, min_size=1, max_size=4)))


def worth(amount: Fraction, own: str, case: Case) -> Fraction:
    """An amount in the currency of the prices: rounded up in its own, then in the other."""
    stated = up(amount, own)
    return stated if own == case.selling else up(stated / case.fx[own], case.selling)


def cheapest(weight: Fraction, case: Case) -> tuple[str, Fraction] | None:
    """The line, the first of those at one price, and its cost in the currency of the prices."""
    asked = [(f"l{at}", line.asks(weight)) for at, line in enumerate(case.lines)]
    costs = [(name, worth(fee, case.tariff, case)) for name, fee in asked if fee is not None]
    return min(costs, key=lambda found: found[1], default=None)


@given(cases())
@settings(max_examples=12)
def test_every_way_to_ask_gives_the_same_minor_unit(case: Case) -> None:
    rows = [row for row in case.rows if cheapest(row[2], case) is not None]
    assume(rows)
    limit = 10**9 // 10 ** PLACES[case.selling]
    assume(all(worth(row[0], case.cost, case) < limit for row in rows))
    assume(all(cheapest(row[2], case)[1] < limit for row in rows))  # type: ignore[index]
    with TemporaryDirectory() as folder:
        file = Path(folder, "tariff.toml")
        text = "".join(line.toml(f"l{at}") for at, line in enumerate(case.lines))
        file.write_text(f'currency = "{case.tariff}"\n{text}')
        tariff = aepromo.read_tariff(str(file))
    policy = Policy(
        currency=case.selling,
        cost_currency=case.cost,
        fx=tuple(f"{code}={decimal(rate)}" for code, rate in case.fx.items()),
        tariff=tariff,
        forced_rate="13.3%",
        commission_rate="6%",
        payment_rate="1.2%",
    )
    cells = [
        {"purchase_price": decimal(cost), "list_price": decimal(price), "weight_g": decimal(weight)}
        for cost, price, weight in rows
    ]
    frame = pd.DataFrame(cells)
    many = aepromo.margin(frame, policy), aepromo.forced(frame, policy)
    for at, (cost, price, weight) in enumerate(rows):
        line, shipping = cheapest(weight, case) or ("", Fraction(0))
        code = case.selling
        spent = worth(cost, case.cost, case) + shipping
        # A calculator settles half up; the rules look at the worst rounding of the item price.
        left = {}
        for profit, settled in (("profit", half_up), ("profit_forced", down)):
            deal = settled(price * (1 - Fraction("0.133")), code)
            fees = half_up(deal * Fraction("0.06"), code) + half_up(deal * Fraction("0.012"), code)
            left[profit] = shown(deal - spent - fees, code)
        one = frame.iloc[at : at + 1]
        for answers, profit in (
            (many[0].iloc[at], "profit"),
            (many[1].iloc[at], "profit_forced"),
            (aepromo.margin(one, policy).iloc[0], "profit"),
            (aepromo.forced(one, policy).iloc[0], "profit_forced"),
        ):
            found = [answers[name] for name in ("shipping_line", "shipping_cost", profit)]
            assert [*map(str, found)] == [line, shown(shipping, code), left[profit]]
        given_cells: dict[str, Any] = dict(cells[at])
        answer, _ = run_single(MARGIN, resolved(policy._replace(**given_cells)))
        alone: dict[str, Any] = {**answer}
        figures = [alone["shipping_cost"], alone["profit"]]
        assert [fixed(figure, PLACES[code]) for figure in figures] == [
            shown(shipping, code),
            left["profit"],
        ]
        assert tariff.lines[alone["shipping_line"]] == line


# The worksheet


@given(cases())
@settings(max_examples=15)
def test_the_worksheet_s_costs_can_be_recomputed_by_hand(case: Case) -> None:
    """From the sheet alone, and each figure is the one that the formula uses."""
    cost, price, weight = case.rows[0]
    best = cheapest(weight, case)
    assume(best is not None)
    line, shipping = best or ("", Fraction(0))
    limit = 10**9 // 10 ** PLACES[case.selling]
    assume(worth(cost, case.cost, case) < limit)
    assume(shipping < limit)
    with TemporaryDirectory() as folder:
        file = Path(folder, "tariff.toml")
        text = "".join(each.toml(f"l{at}") for at, each in enumerate(case.lines))
        file.write_text(f'currency = "{case.tariff}"\n{text}')
        tariff = aepromo.read_tariff(str(file))
    known = {"USD": Fraction(1)} if case.selling != "USD" else {}
    known |= case.fx
    fx = tuple(f"{code}={decimal(rate)}@2026-03-09" for code, rate in known.items())
    policy = Policy(currency=case.selling, cost_currency=case.cost, fx=fx, tariff=tariff)
    values = resolved(policy)
    question = appeal(values, date(2026, 3, 10))
    row = {"purchase_price": decimal(cost), "list_price": decimal(price)}
    row |= {"forced_rate": "13.3%", "commission_rate": "6%", "payment_rate": "1.2%"}
    frame = pd.DataFrame([row | {"weight_g": decimal(weight)}])
    columns = find_columns(question, list(frame.columns), {}, values).columns
    outcome = run_question(question, FrameCells(frame, values.currency), columns, values)
    assert outcome.inputs is not None, outcome.problems
    sheet = zip((*HEADERS, *MORE_HEADERS), worksheet_lines(outcome.inputs), strict=True)
    cells = {name: column[0].as_py() for name, column in sheet}
    purchase, logistics = cells["purchase price"], cells["logistics cost"]
    assert purchase == shown(worth(cost, case.cost, case), case.selling)
    assert logistics == shown(shipping, case.selling)
    rates = [
        f"1 {case.selling} = {decimal(case.fx[code])} {code} (2026-03-09)"
        for code in dict.fromkeys((case.cost, case.tariff))
        if code != case.selling
    ]
    assert cells["exchange rate"] == "; ".join(rates)
    taken = case.lines[int(line[1:])]
    steps = ceil(max(weight - taken.first, Fraction(0)) / taken.step)
    parts = (taken.fee, steps * taken.more, taken.registration)
    names = ("first-weight fee", "additional-weight fee", "registration fee")
    assert [cells[name] for name in names] == [
        f"{shown(part, case.tariff)} {case.tariff}" for part in parts
    ]
    sums = " + ".join(shown(part, case.tariff) for part in parts)
    total = f"{shown(sum(parts, Fraction(0)), case.tariff)} {case.tariff}"
    clauses = []
    if case.cost != case.selling:
        stated = f"{shown(up(cost, case.cost), case.cost)} {case.cost}"
        clauses.append(f"{stated} ÷ {decimal(case.fx[case.cost])} = {purchase}")
    clauses.append(f"{sums} = {total}")
    if case.tariff != case.selling:
        clauses.append(f"{total} ÷ {decimal(case.fx[case.tariff])} = {logistics}")
    assert cells["costs as they come about, each rounded up to the cent"] == "; ".join(clauses)


def test_the_worksheet_by_hand(run: Run, tmp_path: Path) -> None:
    """350 g to Spain on the economy line: 9.90 + 30 × 0.95 + 0 = 38.40 yuan; ÷ 7.12 = 5.394…"""
    rows, target = tmp_path / "rows.csv", tmp_path / "sheet.csv"
    rows.write_text(
        "sku,list_price,purchase_price,logistics_cost,weight_g,cost_currency,fx_rate\n"
        "A,30,56.001,,350,CNY,\nB,30,800,300,,JPY,155.5\nC,30,8,3,,,\nD,30,8,,350,USD,\n"
    )
    tariff = "examples/shipping/tariff.toml"
    call = ("--tariff", tariff, "--market", "ES", "--fx", "CNY=7.12@2026-03-09")
    terms = ("--forced-rate", "15%", "--commission", "6%", "--payment", "1%", "--store-level", "L4")
    lang = ("--fail-on", "never", "--on", "2026-03-10", "--worksheet", target)
    for language, rate in (("en", "exchange rate"), ("zh", "汇率")):
        done = run("appeal", rows, *call, *terms, *lang, "--worksheet-lang", language, "-q")
        assert done.code == 0, done.err
        header, *found = csv.reader(io.StringIO(target.read_text(encoding="utf-8")))
        at = header.index(rate)
        assert [[row[4], row[5], row[10], *row[at:]] for row in found] == [
            [
                *("7.87", "5.40", "10.44", "1 USD = 7.12 CNY (2026-03-09)"),
                *("9.90 CNY", "28.50 CNY", "0.00 CNY"),
                "56.01 CNY ÷ 7.12 = 7.87; 9.90 + 28.50 + 0.00 = 38.40 CNY; 38.40 CNY ÷ 7.12 = 5.40",
            ],
            [
                *("5.15", "1.93", "16.63", "1 USD = 155.5 JPY", "", "", ""),
                "800 JPY ÷ 155.5 = 5.15; 300 JPY ÷ 155.5 = 1.93",
            ],
            ["8.00", "3.00", "12.71", "", "", "", "", ""],
            [
                *("8.00", "5.40", "10.31", "1 USD = 7.12 CNY (2026-03-09)"),
                *("9.90 CNY", "28.50 CNY", "0.00 CNY"),
                "9.90 + 28.50 + 0.00 = 38.40 CNY; 38.40 CNY ÷ 7.12 = 5.40",
            ],
        ]


def test_parts_in_another_currency_than_the_tariff_s_are_refused(run: Run, tmp_path: Path) -> None:
    """Yuan of a row and euros of a tariff would be added up."""
    tariff, rows = tmp_path / "tariff.toml", tmp_path / "rows.csv"
    tariff.write_text(
        'currency = "EUR"\n[lines.post.ES]\nfirst_weight_g = 100\nfirst_weight_fee = 2\n'
        "step_g = 100\nstep_fee = 1\nregistration_fee = 0.50\nmax_weight_g = 500\n"
    )
    rows.write_text(
        "sku,list_price,purchase_price,logistics_cost,weight_g,首重费,续重费,挂号费\n"
        "A,30,56,,150,10,,\nB,30,56,21.36,150,10,3.36,8\nC,30,56,,150,,,\n"
    )
    money = ("--cost-currency", "CNY", "--fx", "CNY=7.12", "--fx", "EUR=0.93")
    rejects = tmp_path / "rejects.csv"
    done = run(
        *("appeal", rows, "--tariff", tariff, *money, "--forced-rate", "15%", "--fail-on", "never"),
        *("-q", "--rejects", rejects, "--store-level", "L4"),
    )
    assert [row["sku"] for row in csv.DictReader(io.StringIO(done.out.decode()))] == ["B", "C"]
    assert "adds up" not in done.out.decode()
    reason = "is in CNY, but the tariff is in EUR; give the logistics cost too, or leave it blank"
    assert f"rows.csv:2: 首重费: {reason}\n" in done.err


# Orders

PRICES = st.integers(1, 10**6)


@settings(max_examples=15)
@given(
    CODES,
    st.lists(
        st.tuples(PRICES, PRICES, st.integers(0, 999_999), PRICES, PRICES), min_size=1, max_size=5
    ),
)
@example("JPY", [(1001, 750, 150_000, 1, 1)])
@example("KWD", [(1, 1, 0, 1, 1)])
def test_a_past_rate_comes_from_whole_minor_units(
    code: str, orders: list[tuple[int, int, int, int, int]]
) -> None:
    kept, expected = [], {}
    for sku, (price, deal, own, coupon, tier) in enumerate(orders):
        base = floor(Fraction(price * (10**6 - own), 10**6) + Fraction(1, 2))
        item = deal % (base or 1) + coupon % 7 + tier % 5
        if not 0 < item <= base:
            continue
        rate = ceil((1 - Fraction(item, base)) * 10**6)
        if rate >= 10**6:
            continue
        minor = PLACES[code]
        kept.append(
            {
                "sku": str(sku),
                "discount_status": "forced",
                "list_price": fixed(price, minor),
                "deal_price": fixed(deal % (base or 1), minor),
                "limited_rate": fixed(own, 6),
                "coupon_amount": fixed(coupon % 7, minor),
                "spend_save_amount": fixed(tier % 5, minor),
            }
        )
        expected[str(sku)] = rate
    assume(kept)
    found = aepromo.rates(pd.DataFrame(kept), currency=code)
    by_sku = found[found["level"] == "sku"]
    means = zip(by_sku["sku"], by_sku["mean_rate"], strict=True)
    rates = {sku: int(rate * 10**6) for sku, rate in means}
    assert rates == expected


# Sums

MIXED = [
    # Costs in their own currency, the rate of the row (blank: that of the call), and the units.
    ("A", "20", "56.005", "21.36", "3.3", "CNY", "7.1", 100),
    ("B", "20", "1200", "455.5", "9", "JPY", "155.5", 70),
    ("C", "19.99", "2.4455", "1.0001", "0.0005", "KWD", "", 31),
    ("D", "9.99", "8", "3", "1", "", "", 999),
    ("E", "21", "56", "22", "0", "CNY", "", 0),
    ("F", "30", "9", "2.5", "0", "EUR", "0.93", 12),
]
OWN = {"CNY": "7.12", "KWD": "0.307"}


def mixed_and_converted(folder: Path) -> tuple[Path, Path]:
    """The same SKUs twice: unchanged, and with every cost in dollars, computed by hand."""
    header, end = "sku,list_price,purchase_price,logistics_cost,other_cost", "units_30d,event"
    mixed, converted = [f"{header},cost_currency,fx_rate,{end}"], [f"{header},{end}"]
    for sku, price, *costs, code, rate, units in MIXED:
        rest = f"{units},platform_flash_deals"
        mixed.append(",".join([sku, price, *map(str, costs), code, rate, rest]))
        own = code or "USD"
        worth = Fraction(rate or OWN.get(own, "1"))
        dollars = [shown(up(up(Fraction(cost), own) / worth, "USD"), "USD") for cost in costs]
        converted.append(",".join([sku, price, *dollars, rest]))
    files = folder / "mixed.csv", folder / "converted.csv"
    for file, rows in zip(files, (mixed, converted), strict=True):
        file.write_text("\n".join([*rows, ""]))
    return files


def test_sums_over_mixed_currencies_are_those_of_one(run: Run, tmp_path: Path) -> None:
    """Tables, pages, workbooks, counts: both files give the same to the cent."""
    mixed, converted = mixed_and_converted(tmp_path)
    fx = [part for code, rate in OWN.items() for part in ("--fx", f"{code}={rate}")]
    rate = ("--rate", "10%..20%")

    def both(command: str, *options: str) -> list[str]:
        call = (*options, "--commission", "6%", "--payment", "1%")
        ran = [run(command, mixed, *fx, *call), run(command, converted, *call)]
        assert [done.code for done in ran] == [0, 0], ran[0].err + ran[1].err
        return [done.out.decode() for done in ran]

    store = ("--store-level", "L4", "--orders-30d", "900", "--refund-rate", "1%")
    product = ("--cart-rate", "9%", "--item-rank", "1", "--click-multiple", "2")
    summed = {
        "breakeven": both("breakeven", *rate, "--format", "table"),
        "audit": both("audit", *rate, "--fail-on", "never", "--format", "table"),
        "forced": both("forced", *rate, *store, *product, "--format", "table"),
    }
    for tables in summed.values():
        lines = [text.split("\n\n")[1].partition("not shown")[0] for text in tables]
        assert lines[0].startswith("6 SKUs: ")
        assert lines[0] == lines[1]
    assert "at stake over 30 days" in summed["forced"][0]
    swept = both("sweep", "--format", "csv")
    assert len({line.partition(",")[2] for line in swept[0].splitlines()}) > 3
    assert swept[0] == swept[1]
    pages = both("report", *rate, "--target-profit", "1", "--now", "2026-03-10T09:00Z")
    figures = [
        re.findall(r">(?:\$|USD )?([-+−\d.,%]+)<", page.partition("CNY=7.12")[0]) for page in pages
    ]
    assert len(figures[0]) > 30
    assert figures[0] == figures[1][: len(figures[0])]
    books = tmp_path / "mixed.xlsx", tmp_path / "converted.xlsx"
    for file, more, book in zip((mixed, converted), (fx, []), books, strict=True):
        assert run("breakeven", file, *more, *rate, "-q", "-o", book).code == 0
    summaries = [
        pd.read_excel(book, sheet_name="Summary", engine="calamine", header=None) for book in books
    ]
    assert summaries[0].equals(summaries[1])
    rows = csv.DictReader(io.StringIO(both("breakeven", *rate, "--format", "csv")[0]))
    gained = sum((Decimal(row["gain_30d"]) for row in rows), Decimal(0))
    assert f"over 30 days {gained:+,.2f}" in summed["breakeven"][0].replace("\n", " ")
