"""Every command uses a tariff and past rates in the same way, to the cent.

The answer with a tariff or a list is compared with the answer for the same figure in the row, which
is computed here in fractions.
"""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

TARIFF = """\
currency = "CNY"
[lines.slow.ES]
first_weight_g = 50
first_weight_fee = 9.90
step_g = 10
step_fee = 0.95
registration_fee = 0.37
max_weight_g = 500
[lines.fast.ES]
first_weight_g = 100
first_weight_fee = 15.01
step_g = 50
step_fee = 3.20
registration_fee = 8.00
max_weight_g = 2000
"""
FX = Fraction("7.12")
TERMS = ("--commission", "6%", "--payment", "1%", "--quiet")
# At a step, a thousandth of a gram above it, at a line's maximum weight, and just above that.
WEIGHTS = ("50", "50.001", "60", "500", "500.001", "2000")


def yuan(line: str, weight: str) -> Fraction | None:
    """The fee of a line of the tariff; None if it doesn't carry the parcel."""
    first, fee, step, more, registration, most = {
        "slow": ("50", "9.90", "10", "0.95", "0.37", "500"),
        "fast": ("100", "15.01", "50", "3.20", "8.00", "2000"),
    }[line]
    if Fraction(weight) > Fraction(most):
        return None
    steps = ceil(max(Fraction(weight) - Fraction(first), Fraction(0)) / Fraction(step))
    return Fraction(fee) + steps * Fraction(more) + Fraction(registration)


def dollars(weight: str, *lines: str) -> tuple[str, str]:
    """The cheapest line, the first of two at one price, and its cost in dollars, rounded up."""
    asked = [(line, yuan(line, weight)) for line in lines or ("slow", "fast")]
    cents = [(ceil(fee / FX * 100), line) for line, fee in asked if fee is not None]
    cost, line = min(cents, key=lambda found: found[0])
    return line, f"{cost // 100}.{cost % 100:02d}"


def table(out: bytes | str) -> list[dict[str, str]]:
    text = out if isinstance(out, str) else out.decode()
    return list(csv.DictReader(text.splitlines()))


ORIGIN = (
    *("cost_currency", "stated_cost", "fx_rate", "first_weight_fee", "weight_steps"),
    *("step_fee", "additional_weight_fee", "registration_fee"),
)
"""Keys of an explanation's step for a cost that was converted, or that a tariff gave."""


def without_shipping(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without the columns of a tariff."""
    shipped = [
        "weight_g",
        "market",
        "logistics_cost",
        "shipping_line",
        "shipping_cost",
        "holds_to_fx",
    ]
    shipped += ["reasons"] if rows and "formula_profit" in rows[0] else []  # the parts are papers
    if rows and "step" in rows[0]:
        shipped += ["rounding", *ORIGIN]
    return [{name: cell for name, cell in row.items() if name not in shipped} for row in rows]


@pytest.fixture
def tariff(tmp_path: Path) -> tuple[str, ...]:
    file = tmp_path / "tariff.toml"
    file.write_text(TARIFF)
    return ("--tariff", str(file), "--fx", "CNY=7.12")


COMMANDS = {
    "list-price": ("--target-profit", "2", "--rate", "15%"),
    "margin": ("--rate", "15%"),
    "reprice": ("--target-profit", "2", "--rate", "10%..20%"),
    "audit": ("--target-profit", "2", "--rate", "10%..20%", "--fail-on", "never"),
    "breakeven": ("--rate", "15%"),
    "forced": ("--rate", "10%..20%"),
    "reverse": ("--rate", "10%..20%", "--target-profit", "2"),
    "appeal": ("--forced-rate", "15%", "--store-level", "L4", "--fail-on", "never"),
    "sweep": ("--target-profit", "2", "--format", "csv"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_tariff_gives_the_same_answer_as_its_cost_in_a_cell(
    command: str, tariff: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    header = "sku,list_price,purchase_price,units_30d"
    costs = [f"S{at},{18 + at},8,100" for at, _ in enumerate(WEIGHTS)]
    weighed, priced = tmp_path / "weighed.csv", tmp_path / "priced.csv"
    weighed.write_text(
        f"{header},weight_g,market\n"
        + "".join(f"{row},{w},ES\n" for row, w in zip(costs, WEIGHTS, strict=True))
    )
    priced.write_text(
        f"{header},market,logistics_cost\n"
        + "".join(f"{row},ES,{dollars(w)[1]}\n" for row, w in zip(costs, WEIGHTS, strict=True))
    )
    options = (*COMMANDS[command], *TERMS)
    by_weight, by_cost = (
        run(command, file, *more, *options) for file, more in ((weighed, tariff), (priced, ()))
    )
    assert (by_weight.code, by_cost.code) == (0, 0), by_weight.err + by_cost.err
    found = table(by_weight.out)
    assert without_shipping(found) == without_shipping(table(by_cost.out))
    if command != "sweep":  # its rows are rates
        lines = [(row["shipping_line"], row["shipping_cost"]) for row in found]
        assert lines == [dollars(weight) for weight in WEIGHTS]
    named = run(command, weighed, *tariff, "--line", "fast", *options)
    written = priced.read_text()
    for weight in WEIGHTS:
        written = written.replace(f",{dollars(weight)[1]}\n", f",{dollars(weight, 'fast')[1]}\n")
    again = run(command, "-", *options, stdin=written.encode())
    assert without_shipping(table(named.out)) == without_shipping(table(again.out))


ONE = {
    "list-price": ("--target-profit", "2"),
    "margin": ("--price", "20"),
    "reprice": ("--target-profit", "2"),
    "audit": ("--price", "20", "--target-profit", "2", "--fail-on", "never"),
    "breakeven": ("--price", "20"),
    "explain": ("--price", "20", "--target-profit", "2", "--format", "csv"),
    "sweep": ("--price", "20", "--target-profit", "2", "--format", "csv"),
    "forced": ("--price", "20"),
    "reverse": ("--price", "20", "--target-profit", "2"),
    "appeal": ("--price", "20", "--fail-on", "never"),
}


@pytest.mark.parametrize("command", ONE)
def test_a_tariff_gives_the_same_answer_for_one_sku(
    command: str, tariff: tuple[str, ...], run: Run
) -> None:
    rate = () if command == "sweep" else ("--forced-rate", "15%")
    sku = (*ONE[command], *rate, "-b", "8", *TERMS)
    by_weight = run(command, *sku, *tariff, "--weight-g", "60.001", "--market", "ES")
    market = ("--market", "ES") if command == "reverse" else ()
    by_cost = run(command, *sku, *market, "--logistics-cost", dollars("60.001")[1])
    assert (by_weight.code, by_cost.code) == (0, 0), by_weight.err + by_cost.err
    assert without_shipping(table(by_weight.out)) == without_shipping(table(by_cost.out))


def test_explain_and_report_take_a_row_s_parcel(
    tariff: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    header = "sku,list_price,purchase_price,cost_currency,fx_rate"
    weighed, priced = tmp_path / "weighed.csv", tmp_path / "priced.csv"
    # The rate of the row's own costs is not used for the tariff: 350 g cost the same as for others.
    weighed.write_text(f"{header},weight_g,market\nA,20,56,CNY,7,350,ES\nB,20,8,USD,,50,ES\n")
    priced.write_text(
        f"{header},logistics_cost\nA,20,8,USD,,{dollars('350')[1]}\nB,20,8,USD,,{dollars('50')[1]}\n"
    )
    terms = ("--rate", "15%", "--target-profit", "9", *TERMS)
    explained = [
        run("explain", file, "--sku", "A", *more, *terms, "--format", "json")
        for file, more in ((weighed, tariff), (priced, ()))
    ]
    told = [json.loads(each.out, parse_float=str) for each in explained]
    for document in told:
        document["steps"] = without_shipping(document["steps"])
    assert told[0] == told[1], explained[0].err
    profit = told[0]["profit"]
    audited = run("audit", weighed, *tariff, *terms, "--fail-on", "never", "--value", "profit")
    assert audited.out.decode().splitlines()[0] == profit
    pages = [
        run("report", file, *more, *terms, "--now", "2026-03-10T09:00Z").out.decode()
        for file, more in ((weighed, tariff), (priced, ()))
    ]
    for page in pages:
        assert f">{profit}<" in page
    figures = [re.findall(r">([-+\d.,%]+)<", page.partition("CNY=7.12")[0]) for page in pages]
    assert figures[0]
    assert figures[1][: len(figures[0])] == figures[0]


def test_commands_without_a_logistics_cost_take_no_tariff(
    tariff: tuple[str, ...], run: Run
) -> None:
    for command in ("floor", "commission", "rates", "tracking", "rules"):
        done = run(command, *tariff)
        assert done.code == 2
        assert "no option --tariff" in done.err


def test_a_target_price_needs_no_parcel(tariff: tuple[str, ...], run: Run, tmp_path: Path) -> None:
    """A list price depends on the logistics cost only if the target is a profit."""
    one = run("list-price", "--target", "3.50", "--rate", "13.2%", *tariff, *TERMS)
    assert table(one.out)[0]["protected_list_price"] == "4.04"
    file = tmp_path / "aims.csv"
    file.write_text(
        "sku,target_price,target_profit,purchase_price,weight_g\n"
        "A,3.50,,,\nB,,2,8,60\nC,,2,8,\nD,3.50,2,8,\n"
    )
    done = run("list-price", file, "--rate", "13.2%", *tariff, "--market", "ES", *TERMS)
    assert done.code == 3
    assert [line.split(": ", 1)[0][-2:] for line in done.err.splitlines()[:2]] == [":4", ":5"]
    assert done.err.count("weight_g: is missing; fill it in, or give --weight-g") == 2


def test_of_several_markets_the_most_expensive_counts(
    tariff: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "tariff.toml"
    file.write_text(TARIFF + TARIFF.partition("\n")[2].replace(".ES]", ".FR]").replace("3.20", "9"))
    skus = tmp_path / "skus.csv"
    skus.write_text(
        "sku,market,list_price,purchase_price,weight_g\n"
        'A,"ES,FR",30,8,600\nB,ES,30,8,600\nC,FR,30,8,600\nD,"FR,ES",30,8,60\n'
    )
    done = run("reverse", skus, *tariff, "--rate", "15%", "--target-profit", "0", *TERMS)
    costs = [row["shipping_cost"] for row in table(done.out)]
    dear = ceil((Fraction("15.01") + 10 * 9 + 8) / FX * 100)
    assert costs == [f"{dear / 100:.2f}", dollars("600")[1], f"{dear / 100:.2f}", dollars("60")[1]]
    alone = run("margin", skus, *tariff, "--rate", "15%", *TERMS)
    assert alone.code == 3
    assert (
        "skus.csv:2: market: has 2 markets; write only one, to which the parcel goes" in alone.err
    )


def test_without_a_weight_the_gates_are_still_tested(
    tariff: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    skus = tmp_path / "skus.csv"
    skus.write_text("sku,list_price,purchase_price,weight_g,market\nA,30,8,,ES\nB,30,8,60,ES\n")
    done = run("forced", skus, *tariff, "--rate", "15%", "--commission", "6%", "--payment", "1%")
    rows = table(done.out)
    assert [row["profit_forced"] for row in rows if row["sku"] == "A"] == [""]
    assert "no profit in 1 row: missing logistics_cost" in done.err
    assert "converted: 1 USD = 7.12 CNY" in done.err
    skus.write_text("sku,list_price,purchase_price,weight_g,market\nA,30,8,2000.001,ES\n")
    heavy = run("forced", skus, *tariff, "--rate", "15%", *TERMS)
    assert (heavy.code, heavy.out) == (3, b"")
    assert "weight_g: is more than any line to ES carries; the limit is 2000 g" in heavy.err


def test_watch_assumes_the_current_line_and_names_the_one_to_switch_to(
    tariff: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text(
        "sku,discount_status,forced_rate,list_price,purchase_price,weight_g,market\n"
        "a,forced,15%,30,8,60,ES\nb,forced,15%,30,8,500.001,ES\nc,forced,15%,30,8,9000,ES\n"
        "d,forced,15%,30,8,,ES\n"
    )
    call: tuple[str | Path, ...]
    call = ("watch", feed, *tariff, *TERMS, "--fail-on", "never", "--now", "2026-03-10T01:00Z")
    kept = Fraction("25.50") - 8 - Fraction("1.53") - Fraction("0.26")
    named: tuple[str, ...]
    for named, today in (((), ("slow", "fast")), (("--line", "fast"), ("fast",))):
        rows = {row["sku"]: row for row in table(run(*call, *named).out)}
        for sku, weight in (("a", "60"), ("b", "500.001")):
            line, cost = dollars(weight, *today)
            cheapest, least = dollars(weight)
            assert Fraction(rows[sku]["profit_standard"]) == kept - Fraction(cost)
            assert Fraction(rows[sku]["profit_economy"]) == kept - Fraction(least)
            assert rows[sku]["switch_to"] == ("stay" if line == cheapest else "economy")
            assert f"the current line is taken to be {line}; " in rows[sku]["details"]
            if line != cheapest:
                said = f"switch to {cheapest}: it leaves {rows[sku]['profit_economy']}, the current"
                assert said in rows[sku]["details"]
        assert (rows["c"]["profit_standard"], rows["d"]["profit_standard"]) == ("", "")
        carrier = "the line fast carries to ES" if named else "any line to ES carries"
        assert f"tariff can be used: weight_g is more than {carrier}" in rows["c"]["details"]


# Past rates

RATES = """\
level,sku,category,p95_rate,highest_rate,forced_rate
store,,,0.18,0.19,0.100000
category,,apparel,0.28,0.29,0.2
sku,007,toys,0.38,0.39,0.300001
"""
SKUS = """\
sku,category,list_price,purchase_price,logistics_cost,units_30d,forced_rate,forced_rate_min,forced_rate_max
007,toys,30,8,3,10,,,
7,Apparel,30,8,3,10,,,
008,toys,30,8,3,10,,,
009,apparel,30,8,3,10,40%,,
010,apparel,30,8,3,10,,10%,45%
011,apparel,30,8,3,10,,5%,
"""
TOOK = "forced_rate joined: 1 by SKU, 1 by category, 1 by store"


def filled(mean: bool) -> bytes:
    """The same SKUs with the rates written into the rows without one."""
    by_sku, by_category, by_store = ("0.300001", "0.2", "0.1") if mean else ("38%", "28%", "18%")
    header, a, b, c, *own = SKUS.splitlines()
    rated = [row[:-2] + rate + ",," for row, rate in ((a, by_sku), (b, by_category), (c, by_store))]
    return "\n".join([header, *rated, *own, ""]).encode()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    listed, skus = tmp_path / "rates.csv", tmp_path / "skus.csv"
    listed.write_text(RATES)
    skus.write_text(SKUS)
    return listed, skus


RATED = {
    "forced": (),
    "reverse": ("--target-profit", "2"),
    "appeal": ("--fail-on", "never", "--store-level", "L4"),
    "audit": ("--fail-on", "never", "--target-profit", "2"),
}
# Options go after joined rates, and both after a row's own cells.
OPTIONS = ("--forced-rate", "1%..2%", "--forced-rate-min", "1%", "--forced-rate-max", "2%")


@pytest.mark.parametrize("command", RATED)
@pytest.mark.parametrize("mean", [True, False])
def test_joined_rates_give_the_same_answer_as_rates_in_the_rows(
    command: str, mean: bool, files: tuple[Path, Path], run: Run
) -> None:
    listed, skus = files
    options = (*RATED[command], "--commission", "6%", "--payment", "1%", "--format", "csv")
    more = () if mean else ("--rate-from", "p95")
    joined = run(command, skus, "--rates", listed, *more, *OPTIONS, *options)
    assert joined.code == 0, joined.err
    assert TOOK in joined.err.splitlines()
    own = run(command, "-", *options, stdin=filled(mean))

    def judged(out: bytes) -> list[dict[str, str]]:
        rates = ("forced_rate", "forced_rate_min", "forced_rate_max")
        return [{k: v for k, v in row.items() if k not in rates} for row in table(out)]

    assert judged(joined.out) == judged(own.out)
    quiet = run(command, skus, "--rates", listed, "-q", *options)
    assert "joined" not in quiet.err


def test_the_figures_are_those_of_reprice(files: tuple[Path, Path], run: Run) -> None:
    """At the price of reprice with the same rates, every command gives the same profit."""
    listed, skus = files
    skus.write_text("\n".join(SKUS.splitlines()[:4]) + "\n")
    join = ("--rates", listed, "--rate-from", "p95", *TERMS)
    priced = table(run("reprice", skus, *join, "--target-profit", "2", "--lower").out)
    assert {row["worst_case"] for row in priced} == {"forced"}
    rates = ["0.38", "0.28", "0.18"]
    for row, rate in zip(priced, rates, strict=True):
        # By hand: of 13.98, fees of 0.84 and 0.14 leave 2.00; a list price of a cent less is under.
        price = Fraction(row["new_list_price"]) * 100
        deals = [floor((price - less) * (1 - Fraction(rate))) for less in (0, 1)]
        assert (deals, row["deal_price"]) == ([1398, 1397], "13.98")
    listed_anew = "sku,category,list_price,purchase_price,logistics_cost,units_30d\n" + "".join(
        f"{row['sku']},{row['category']},{row['new_list_price']},8,3,10\n" for row in priced
    )
    skus.write_text(listed_anew)
    profits = [row["profit"] for row in priced]
    forced = table(run("forced", skus, *join).out)
    assert {row["sku"]: row["profit_forced"] for row in forced} == dict(
        zip(["007", "7", "008"], profits, strict=True)
    )
    appeals = table(run("appeal", skus, *join, "--fail-on", "never").out)
    assert {row["sku"]: row["formula_profit"] for row in appeals} == dict(
        zip(["007", "7", "008"], profits, strict=True)
    )
    for row in priced:
        explained = run("explain", skus, "--sku", row["sku"], *join, "--format", "json")
        found = json.loads(explained.out, parse_float=str)
        assert (found["profit"], found["deal_price"]) == (row["profit"], row["deal_price"])
    page = run("report", skus, *join, "--target-profit", "2.01").out.decode()
    for row in priced:
        assert f">{row['profit']}<" in page
    assert "rates.csv" in page


def test_explain_takes_a_row_s_rate(files: tuple[Path, Path], run: Run) -> None:
    listed, skus = files
    whole = filled(mean=True)
    level = {"007": "1 by SKU, 0", "7": "0 by SKU, 1"}
    for sku in ("007", "7", "008", "009", "010", "011"):
        call = ("--sku", sku, "--commission", "6%", "--payment", "1%", "--format", "json")
        joined = run("explain", skus, "--rates", listed, *OPTIONS, *call)
        assert joined.out == run("explain", "-", *call, stdin=whole).out
        assert (f"joined: {level.get(sku, '')}" in joined.err) == (sku not in ("009", "010", "011"))


@pytest.mark.parametrize("command", ["explain", "forced", "reverse", "appeal", "report"])
def test_a_wrong_call_has_the_usual_message(
    command: str, files: tuple[Path, Path], run: Run
) -> None:
    listed, _skus = files
    alone = run(command, "--rates", listed, "-b", "8", "-l", "3", "-p", "20")
    assert (alone.code, alone.out) == (2, b"")
    both = run(command, "-", "--rates", "-")
    assert both.code == 2
    assert "needs another FILE with the SKUs" in both.err
    from_nothing = run(command, "-", "--rate-from", "max")
    assert from_nothing.code == 2
    assert "--rate-from needs --rates FILE" in from_nothing.err
