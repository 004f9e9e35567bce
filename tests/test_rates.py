"""Rates from an order history: compared with a computation in fractions, and with known rates."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from processes import seeded

import aepromo

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from random import Random

    from conftest import Run

HEADER = "sku,category,list_price,deal_price,coupon_amount,discount_status,ordered_at"
STATISTICS = ("orders", "mean_rate", "lowest_rate", "highest_rate")


def table(out: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out.decode())))


def found_in(orders: bytes, quantile: str = "95%") -> list[dict[str, str]]:
    """The rates of a history, through the Python function."""
    frame = pd.DataFrame(table(orders))
    rows = aepromo.rates(frame, quantile=quantile).astype(object)
    return [
        {str(name): "" if pd.isna(cell) else str(cell) for name, cell in row.items()}
        for row in rows.to_dict("records")
    ]


def by_name(rows: list[dict[str, str]]) -> dict[tuple[str, str], dict[str, str]]:
    """The rows by level and name."""
    return {(row["level"], row["sku"] or row["category"]): row for row in rows}


def history(*lines: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *lines, ""]).encode()


def millionths(ratio: Fraction) -> str:
    """A ratio in millionths, rounded up."""
    digits = str(ceil(ratio * 10**6)).rjust(7, "0")
    return f"{digits[:-6]}.{digits[-6:]}"


# A computation that shares no code with the program: one order, one group, one sum at a time.


def order_rate(order: dict[str, str]) -> Fraction:
    """The forced rate of an order in whole millionths, rounded up."""
    paid = Fraction(order["deal_price"]) + Fraction(order["coupon_amount"] or 0)
    return Fraction(ceil((1 - paid / Fraction(order["list_price"])) * 10**6), 10**6)


def order_ends(order: dict[str, str]) -> tuple[Fraction, Fraction]:
    """The bounds of an order's rate, half a cent of its price either way."""
    paid = Fraction(order["deal_price"]) + Fraction(order["coupon_amount"] or 0)
    price, half = Fraction(order["list_price"]), Fraction(1, 200)
    low, high = (1 - (paid + half) / price, 1 - (paid - half) / price)
    return Fraction(floor(max(low, Fraction(0)) * 10**6), 10**6), Fraction(
        ceil(high * 10**6), 10**6
    )


def statistics(orders: list[dict[str, str]], share: Fraction) -> tuple[str, ...]:
    """Count, mean, lowest, highest, quantile, range.

    The quantile is the lowest rate that enough orders don't exceed.
    """
    rates, ends = list(map(order_rate, orders)), list(map(order_ends, orders))
    mean, highs = total(rates) / len(rates), [high for _, high in ends]
    quantile = min(
        rate for rate in highs if sum(each <= rate for each in highs) >= share * len(highs)
    )
    shown = (mean, min(rates), max(highs), quantile)
    seen = "..".join(map(millionths, (min(low for low, _ in ends), max(highs))))
    return str(len(rates)), *map(millionths, shown), seen


def total(values: Iterable[Fraction]) -> Fraction:
    return sum(values, Fraction(0))


def shrunk(category_of: dict[str, str], rates: dict[str, list[Fraction]]) -> dict[str, Fraction]:
    """Each SKU's rate by the formulas of hierarchical credibility, in exact fractions."""
    zero = Fraction(0)
    count = {sku: Fraction(len(each)) for sku, each in rates.items()}
    mean = {sku: total(each) / count[sku] for sku, each in rates.items()}
    members = defaultdict(list)
    for sku in rates:
        members[category_of[sku]].append(sku)
    n, j, i = total(count.values()), len(rates), len(members)
    s2 = total((rate - mean[sku]) ** 2 for sku in rates for rate in rates[sku]) / (n - j)
    size = {category: total(count[sku] for sku in skus) for category, skus in members.items()}
    pooled = {
        category: total(count[sku] * mean[sku] for sku in skus) / size[category]
        for category, skus in members.items()
    }
    spread = total(count[sku] * (mean[sku] - pooled[category_of[sku]]) ** 2 for sku in rates)
    uneven = total(
        total(count[sku] ** 2 for sku in skus) / size[category]
        for category, skus in members.items()
    )
    a = max((spread - (j - i) * s2) / (n - uneven), zero)
    w = {sku: count[sku] / (a * count[sku] + s2) for sku in rates}
    big = {category: total(w[sku] for sku in skus) for category, skus in members.items()}
    x = {
        category: total(w[sku] * mean[sku] for sku in skus) / big[category]
        for category, skus in members.items()
    }
    whole = total(big.values())
    middle = total(big[each] * x[each] for each in x) / whole
    excess = total(big[each] * (x[each] - middle) ** 2 for each in x) - (i - 1)
    b = max(excess / (whole - total(each**2 for each in big.values()) / whole), zero)
    q = {each: big[each] * b / (big[each] * b + 1) for each in x}
    weights = q if any(q.values()) else big
    m = total(weights[each] * x[each] for each in x) / total(weights.values())
    above = {each: q[each] * x[each] + (1 - q[each]) * m for each in x}
    z = {sku: a * count[sku] / (a * count[sku] + s2) for sku in rates}
    below = {sku: z[sku] * mean[sku] + (1 - z[sku]) * above[category_of[sku]] for sku in z}
    return {"": m} | above | below


def made_up(random: Random, skus: int) -> list[dict[str, str]]:
    """Orders of SKUs in a few categories; of a SKU all are in one."""
    orders = []
    for sku in range(skus):
        category = f"category {sku % 4}"
        usual = random.uniform(0.08, 0.2)
        for _ in range(random.randint(1, 12)):
            price = random.randint(300, 9_000)
            deal = round(price * (1 - min(max(random.gauss(usual, 0.03), 0), 0.9)))
            coupon = min(random.choice((0, 0, 50)), deal - 1)
            orders.append(
                {
                    "sku": f"{sku:04d}",
                    "category": category,
                    "list_price": f"{price / 100:.2f}",
                    "deal_price": f"{(deal - coupon) / 100:.2f}",
                    "coupon_amount": f"{coupon / 100:.2f}" if coupon else "",
                    "discount_status": random.choice(("forced",) * 4 + ("none", "limited", "")),
                    "ordered_at": f"2026-0{random.randint(1, 9)}-0{random.randint(1, 9)} 08:30",
                }
            )
    return orders


def written(orders: Iterable[dict[str, str]]) -> bytes:
    return history(*(",".join(order.values()) for order in orders))


@pytest.mark.parametrize(("seed", "share"), [(1, "95%"), (2, "50%"), (3, "0.9"), (4, "100%")])
def test_figures_are_those_of_a_computation_in_fractions(seed: int, share: str) -> None:
    orders = made_up(seeded(seed), skus=25)
    rows = by_name(found_in(written(orders), share))
    forced, category_of = defaultdict(list), {}
    for order in orders:
        if order["discount_status"] == "forced":
            forced[order["sku"]].append(order)
            category_of[order["sku"]] = order["category"]
    rates = {sku: list(map(order_rate, each)) for sku, each in forced.items()}
    expected = {("sku", sku): each for sku, each in forced.items()}
    for sku, category in category_of.items():
        expected.setdefault(("category", category), []).extend(forced[sku])
    expected["store", ""] = [order for each in forced.values() for order in each]
    part = Fraction(share.rstrip("%")) / (100 if share.endswith("%") else 1)
    name = {"95%": "p95_rate", "50%": "p50_rate", "0.9": "p90_rate", "100%": "p100_rate"}[share]
    found = {
        key: tuple(row[each] for each in (*STATISTICS, name, "rate_range"))
        for key, row in rows.items()
    }
    assert found == {key: statistics(each, part) for key, each in expected.items()}
    # A mean, a weight and a category's rate are rounded to millionths on the way.
    wanted = shrunk(category_of, rates)
    for (_, name), row in rows.items():
        assert abs(Fraction(row["forced_rate"]) - wanted[name]) <= Fraction(3, 10**6)


def test_a_rate_can_be_recomputed_from_the_rows_themselves() -> None:
    rows = found_in(written(made_up(seeded(5), skus=40)))
    category = {row["category"]: row for row in rows if row["level"] == "category"}
    skus = [row for row in rows if row["level"] == "sku"]
    assert len({row["own_weight"] for row in skus}) > 4
    for row in skus:
        weight, above = Fraction(row["own_weight"]), category[row["category"]]["forced_rate"]
        rate = weight * Fraction(row["mean_rate"]) + (1 - weight) * Fraction(above)
        assert row["forced_rate"] == millionths(rate)


@pytest.mark.parametrize("seed", range(6))
def test_known_rates_are_recovered_better_than_by_plain_means(seed: int) -> None:
    random = seeded(seed)
    truth, lines = {}, []
    for category in range(8):
        usual = random.gauss(0.14, 0.02)
        for number in range(40):
            sku = f"{category}-{number}"
            truth[sku] = min(max(random.gauss(usual, 0.015), 0.02), 0.4)
            for _ in range(random.randint(1, 50)):
                rate = min(max(random.gauss(truth[sku], 0.03), 0), 0.9)
                lines.append(f"{sku},{category},1000.00,{1000 * (1 - rate):.2f},,forced,")
    rows = found_in(history(*lines))
    category_mean = {row["category"]: row["mean_rate"] for row in rows if not row["sku"]}
    skus = [row for row in rows if row["sku"]]
    assert len(skus) == len(truth)

    def error(guesses: Iterable[str]) -> float:
        return sum(
            (float(guess) - truth[row["sku"]]) ** 2
            for guess, row in zip(guesses, skus, strict=True)
        )

    drawn = error(row["forced_rate"] for row in skus)
    assert drawn < 0.9 * error(row["mean_rate"] for row in skus)
    assert drawn < 0.9 * error(category_mean[row["category"]] for row in skus)


def test_few_orders_move_to_their_category_and_many_do_not() -> None:
    lines = [
        f"{sku},c,100.00,{100 - rate + wobble},,forced,"
        for sku, rate, orders in (
            ("few", 20, 1),
            ("many", 20, 60),
            ("low", 10, 60),
            ("mid", 15, 60),
        )
        for wobble in ([0, 1, -1] * 20)[:orders]
    ]
    rows = by_name(found_in(history(*lines)))
    middle = float(rows["category", "c"]["forced_rate"])
    few, many = (float(rows["sku", sku]["forced_rate"]) for sku in ("few", "many"))
    assert middle < few < many <= 0.2
    assert many > 0.199


def test_the_order_of_the_rows_does_not_matter() -> None:
    orders = made_up(seeded(7), skus=12)
    there = found_in(written(orders))
    back = found_in(written(reversed(orders)))
    assert sorted(map(tuple, map(dict.items, there))) == sorted(map(tuple, map(dict.items, back)))


# Variances that can't be estimated


@pytest.mark.parametrize(
    ("lines", "rates"),
    [
        # One order gives no variance.
        (["a,c,10,8,,forced,"], {"a": "0.200000", "c": "0.200000", "": "0.200000"}),
        # No SKU has two orders: the variance of orders can't be separated from that of SKUs.
        (
            ["a,c,10,8,,forced,", "b,c,10,9,,forced,"],
            {"a": "0.150000", "b": "0.150000", "c": "0.150000"},
        ),
        # All rates are equal.
        (
            ["a,c,10,9,,forced,", "a,c,20,18,,forced,", "b,d,10,9,,forced,"],
            {"a": "0.100000", "b": "0.100000", "d": "0.100000", "": "0.100000"},
        ),
        # All orders of a SKU agree, so each gives the rate of its SKU.
        (
            [*["a,c,10,9,,forced,"] * 2, *["b,c,10,8,,forced,"] * 2],
            {"a": "0.100001", "b": "0.200000", "c": "0.150000"},
        ),
    ],
)
def test_rates_when_variances_cannot_be_estimated(lines: list[str], rates: dict[str, str]) -> None:
    rows = by_name(found_in(history(*lines)))
    found = {name: row["forced_rate"] for (_, name), row in rows.items()}
    assert {name: found[name] for name in rates} == rates


def test_a_sku_without_a_category_moves_to_the_store() -> None:
    orders = made_up(seeded(8), skus=20)
    for order in orders:
        if order["sku"] in ("0003", "0004"):
            order["category"] = ""
    rows = found_in(written(orders))
    store = rows[0]["forced_rate"]
    assert [row["category"] for row in rows if row["level"] == "category"].count("") == 0
    row = by_name(rows)["sku", "0003"]
    weight = Fraction(row["own_weight"])
    rate = weight * Fraction(row["mean_rate"]) + (1 - weight) * Fraction(store)
    assert row["forced_rate"] == millionths(rate)


def test_a_history_without_categories_has_skus_and_a_store() -> None:
    orders = b"sku,list_price,deal_price,discount_status\na,10,9,forced\nb,10,8,forced\n"
    assert [row["level"] for row in found_in(orders)] == ["store", "sku", "sku"]


def test_two_names_of_a_category_are_one_and_a_sku_has_that_of_its_latest_order(run: Run) -> None:
    lines = [
        "a,Home & Garden,10,9,,forced,2026-03-01",
        "a,toys,10,9,,forced,2026-02-01",
        "b,家居园艺,10,9,,forced,2026-02-02",
    ]
    ran = run("rates", "-", stdin=history(*lines))
    rows = table(ran.out)
    assert [(row["level"], row["category"]) for row in rows] == [
        ("store", ""),
        ("category", "Home & Garden"),
        ("sku", "Home & Garden"),
        ("sku", "Home & Garden"),
    ]
    assert "1 SKU in more than one category, counted in that of its latest order" in ran.err


# What counts


def test_offers_are_added_back_and_the_own_discount_comes_first() -> None:
    header = "sku,标价,成交价,优惠券金额,满减金额,限时折扣率,折扣状态,付款时间"
    lines = ["a,20.00,16.00,,,,强制折扣,2026/3/1 8:30", "b,20.00,14.00,1.00,0.50,,FORCED,",
             "c,20.00,13.60,,,20%,forced,"]  # fmt: skip
    rows = by_name(found_in(history(*lines, header=header)))
    means = {name: row["mean_rate"] for (level, name), row in rows.items() if level == "sku"}
    assert means == {"a": "0.200000", "b": "0.225000", "c": "0.150000"}


def test_a_rate_with_more_than_six_places_is_rounded_up() -> None:
    lines = ["a,c,3.00,2.80,,forced,"]
    rows = by_name(found_in(history(*lines)))
    assert rows["sku", "a"]["mean_rate"] == "0.066667"


def test_orders_left_out_are_counted_and_not_checked(run: Run) -> None:
    lines = [
        "a,c,10,9,,forced,2026-03-01 00:00",
        "a,c,10,8,,forced,2026-02-28T23:59:59+08:00",
        "a,c,free,,,none,never",
        "a,c,10,9,,limited,2026-03-02",
        "a,c,10,9,,,2026-03-02",
    ]
    ran = run("rates", "-", "--since", "2026/3/1", stdin=history(*lines))
    assert ran.code == 0
    assert by_name(table(ran.out))["sku", "a"]["mean_rate"] == "0.100000"
    assert ran.err.splitlines() == [
        "left out: 3 orders not forced (1 none, 1 limited, 1 blank)",
        "left out: 1 forced order before --since",
    ]
    assert not run("rates", "-", "--quiet", "--since", "2026-03-01", stdin=history(*lines)).err


def test_names_of_a_forced_status_are_in_the_rule_book(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "aepromo.toml"
    config.write_text('limited_rate = "50%"\n[rules]\nforced.feed_value = "PF-2"\n')
    lines = ["a,c,10,9,,pf-2,", "a,c,10,8,,forced,"]
    ran = run("rates", "-", "--config", config, stdin=history(*lines))
    # The configuration's discount is that of today, not of a past order.
    assert by_name(table(ran.out))["sku", "a"]["mean_rate"] == "0.100000"
    assert "1 order not forced (1 forced)" in ran.err


def test_an_option_fills_in_missing_columns_of_a_history(run: Run) -> None:
    orders = b"sku,list_price,deal_price,limited_rate\na,10,8.10,\na,10,8.00,20%\n"
    ran = run(
        "rates", "-", "--discount-status", "forced", "--limited-rate", "10%", "--category", "toys",
        stdin=orders,
    )  # fmt: skip
    row = by_name(table(ran.out))["sku", "a"]
    assert (row["category"], row["lowest_rate"], row["highest_rate"]) == (
        "toys",
        "0.000000",
        "0.100556",
    )


def test_no_forced_order_is_an_answer_too(run: Run) -> None:
    ran = run("rates", "-", stdin=history("a,c,10,9,,none,"))
    assert (ran.code, ran.out.count(b"\n")) == (0, 1)
    assert ran.err.endswith("there is no forced order to count, so there is no rate\n")


# Bad rows and bad calls

BAD = {
    "a,c,10,11,,forced,": "deal_price: 11.00, with offers added back, is above the list price, "
    "10.00",
    "a,c,10,9.50,1,forced,": "deal_price: 10.50, with offers added back, is above the list price, "
    "10.00",
    "a,c,10,,,forced,": "deal_price: is missing; fill it in",
    "a,c,,9,,forced,": "list_price: is missing; fill it in",
    "a,c,10,0,,forced,": "deal_price: makes the discount 100% or more; write what the buyer paid",
    "a,c,10,'9,,forced,": "deal_price: ''9' is not a number; write one such as 12.50",
    "a,c,10,9,x,forced,": "coupon_amount: 'x' is not a number; write one such as 12.50",
    " ,c,10,9,,forced,": "sku: is missing; fill it in",
    "a,c,10,9,,forced,soon": "ordered_at: 'soon' is not a time; "
    "write one such as 2026-03-01T08:30+08:00",
    "a,c,10,9,,forced,1899-12-30": "ordered_at: '1899-12-30' is not a time; "
    "write one such as 2026-03-01T08:30+08:00",
    "a,c,10,9,forced": "5 cells where the header has 7; add the missing",
}


def test_bad_rows_are_named_and_set_aside(run: Run, tmp_path: Path) -> None:
    lines = ["a,c,10,9,,forced,2026-01-01", *BAD]
    ran = run("rates", "-", stdin=history(*lines))
    assert (ran.code, ran.out) == (3, b"")
    named = [f"standard input:{line}: {reason}" for line, reason in enumerate(BAD.values(), 3)]
    assert ran.err.splitlines()[:-1] == named
    aside = tmp_path / "aside.csv"
    ran = run("rates", "-", "--rejects", aside, stdin=history(*lines))
    assert ran.code == 0
    assert by_name(table(ran.out))["sku", "a"]["orders"] == "1"
    assert [row["line"] for row in table(aside.read_bytes())] == [str(at) for at in range(3, 14)]


def test_an_undated_order_is_bad_only_with_since(run: Run) -> None:
    lines = ["a,c,10,9,,forced,"]
    assert run("rates", "-", stdin=history(*lines)).code == 0
    ran = run("rates", "-", "--since", "2026-01-01", stdin=history(*lines))
    assert ran.code == 3
    assert "standard input:2: ordered_at: is missing; fill it in, or go without --since" in ran.err


def test_an_own_discount_that_leaves_nothing_is_refused(run: Run) -> None:
    header = "sku,list_price,deal_price,limited_rate,discount_status"
    ran = run(
        "rates", "-", stdin=history("a,0.01,0,60%,forced", "a,10,9,20%,forced", header=header)
    )
    assert ran.err.splitlines()[:2] == [
        "standard input:2: limited_rate: leaves nothing of the list price; write a lower rate",
        "standard input:3: deal_price: 9.00, with offers added back, is above 8.00, the list price "
        "less your own discount of 20%",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ("--since", "yesterday"),
            2,
            "--since: 'yesterday' is not a date; write one such as 2026-03-01",
        ),
        (("--quantile", "95"), 2, "--quantile: '95' is not a rate; write 95% or 0.95"),
        (("--quantile", "0"), 2, "--quantile '0': write a share above 0, such as 95%"),
        (("--list-price", "0"), 2, "--list-price: '0' is not a list price"),
    ],
)
def test_a_wrong_call_is_refused(
    run: Run, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ran = run("rates", "-", *arguments, stdin=history("a,c,10,9,,forced,"))
    assert ran.code == code
    assert said in ran.err


@pytest.mark.parametrize("lacking", ["sku", "list_price", "deal_price", "discount_status"])
def test_a_missing_column_is_named(run: Run, lacking: str) -> None:
    ran = run("rates", "-", stdin=history(header=HEADER.replace(lacking, "other")))
    assert ran.code == 3
    assert f"standard input:1: no column for {lacking}" in ran.err


# One order


def test_one_order_goes_without_a_file(run: Run) -> None:
    order = ("--price", "20", "--deal-price", "16.50")
    assert run("rates", *order, "--value", "forced_rate").out == b"0.175000\n"
    more = ("--coupon-amount", "0.50", "--limited-rate", "10%", "--discount-status", "Forced")
    assert run("rates", *order, *more, "--value", "forced_rate").out == b"0.055556\n"
    assert run("rates", *order, "--discount-status", "none").code == 2
    assert (
        run("rates", "--deal-price", "3").err == "aepromo: --list-price: is missing; fill it in\n"
    )


# Many orders


def test_a_history_of_several_blocks_comes_to_the_same(run: Run, tmp_path: Path) -> None:
    """Blocks are read on several threads; here each SKU is in all of them."""
    lines = [
        f"{number % 500:05d},c{number % 7},100.00,{90 - number % 11}.00,,"
        f"{'forced' if number % 3 else 'none'},2026-01-01T00:00:00"
        for number in range(120_000)
    ]
    file = tmp_path / "orders.csv"
    file.write_bytes(history(*lines))
    assert file.stat().st_size > 4 << 20
    ran = run("rates", file, "--format", "jsonl", "--columns", "level,sku,orders,highest_rate")
    assert ran.err.startswith("left out: 40,000 orders not forced (40,000 none)")
    counted = Counter(f"{number % 500:05d}" for number in range(120_000) if number % 3)
    lines_out = ran.out.decode().splitlines()
    assert '{"level": "store", "sku": null, "orders": 80000, "highest_rate": 0.200050}' in lines_out
    for sku, orders in counted.items():
        row = f'{{"level": "sku", "sku": "{sku}", "orders": {orders}, "highest_rate": 0.200050}}'
        assert row in lines_out


YEN_ORDERS = """\
sku,list_price,deal_price,limited_rate,coupon_amount,discount_status
A,1001,750,15%,1,forced
B,"¥1,500",1350.00,,,forced
"""
DINAR_ORDERS = """\
sku,list_price,deal_price,limited_rate,coupon_amount,discount_status
A,1.001,0.750,15%,0.001,forced
B,12.345,11.110,,,forced
"""


@pytest.mark.parametrize(
    ("code", "orders", "places"), [("JPY", YEN_ORDERS, 0), ("KWD", DINAR_ORDERS, 3)]
)
def test_a_history_is_read_in_its_own_currency(
    code: str, orders: str, places: int, run: Run, tmp_path: Path
) -> None:
    """The base is rounded to a minor unit of that currency, so the same digits give other rates."""
    file = tmp_path / "orders.csv"
    file.write_text(orders)
    minor = 10**places
    expected = {}
    for order in table(orders.encode()):
        list_price, paid, coupon = (
            Fraction(order[name].strip("¥").replace(",", "") or 0) * minor
            for name in ("list_price", "deal_price", "coupon_amount")
        )
        own = Fraction(order["limited_rate"].strip("%") or 0) / 100
        base = int(list_price * (1 - own) + Fraction(1, 2))
        expected[order["sku"]] = millionths(1 - (paid + coupon) / base)
    by_option = table(run("rates", file, "--currency", code, "-q").out)
    assert {row["sku"]: row["mean_rate"] for row in by_option if row["level"] == "sku"} == expected
    settings = tmp_path / "aepromo.toml"
    settings.write_text(f'currency = "{code}"\n')
    assert table(run("rates", file, "--config", settings, "-q").out) == by_option
    frame = pd.DataFrame(table(orders.encode()))
    found = aepromo.rates(frame, currency=code).astype(object)
    assert found[found["level"] == "sku"].set_index("sku")["mean_rate"].map(str).to_dict() == (
        expected
    )
    first = table(orders.encode())[0]
    options = [f"--{name.replace('_', '-')}={cell}" for name, cell in first.items() if cell]
    one = run("rates", *options[1:], "--currency", code, "--value", "forced_rate")
    assert one.out.decode().strip() == expected["A"]


@pytest.mark.parametrize(
    ("currency", "deal", "said"),
    [
        (("--currency", "JPY"), "750.5", "'750.5' has more than 0 decimal places; write 750"),
        (("--currency", "KWD"), "7.5005", "'7.5005' has more than 3 decimal places"),
        ((), "7.505", "'7.505' has more than 2 decimal places"),
        (("--currency", "JPY"), "$750", "'$750' has the sign $, but must be in JPY"),
    ],
)
def test_an_order_has_the_places_of_its_currency(
    currency: tuple[str, ...], deal: str, said: str, run: Run
) -> None:
    orders = history(f"A,,1000,{deal},,forced,")
    done = run("rates", "-", *currency, stdin=orders)
    assert done.code == 3
    assert said in done.err
    alone = run("rates", "--list-price", "1000", "--deal-price", deal, *currency)
    assert alone.code == 2
    assert said in alone.err


def test_an_unknown_currency_code_is_refused(run: Run) -> None:
    done = run("rates", "-", "--currency", "YEN", stdin=history("A,,10,9,,forced,"))
    assert (done.code, done.out) == (2, b"")
    assert "--currency: 'YEN' is not an ISO 4217 currency" in done.err


def test_help_says_what_the_file_is(run: Run) -> None:
    for command, said in (("rates", "An order history"), ("tracking", "A table of parcels")):
        shown = " ".join(run(command, "--help").out.decode().split())
        assert f"{said}, or - for standard input." in shown
        assert "A table of SKUs" not in shown


def test_a_single_rate_is_written_without_trailing_zeros(run: Run) -> None:
    shown = run("rates", "--price", "20", "--deal-price", "16.5", "--format", "table").out.decode()
    assert "17.5%" in shown.split()  # 1 - 16.5 / 20


def test_a_total_row_is_no_order(run: Run, tmp_path: Path) -> None:
    orders = ["A,shoes,10,9,,forced,2026-01-05", "B,shoes,10,8,,none,2026-01-05"]
    own = history(*orders)
    # An option for blank cells would make an order of the total row.
    given = ("--discount-status", "forced")
    alone = run("rates", "-", *given, stdin=own)
    with_total = run("rates", "-", *given, stdin=history(orders[0], "合计,,20,17,,,", orders[1]))
    assert (with_total.code, with_total.out) == (0, alone.out), with_total.err
    total = "standard input: a total row on line 3; it is left out"
    assert with_total.err.splitlines() == [total, *alone.err.splitlines()]
    assert "left out: 1 order not forced (1 none)" in with_total.err
    file, rejects = tmp_path / "orders.csv", tmp_path / "r.csv"
    file.write_bytes(history("合计,,20,17,,,", "C,shoes,10,x,,forced,2026-01-05", *orders))
    assert run("rates", file, "--rejects", rejects).code == 0
    assert [row["sku"] for row in table(rejects.read_bytes())] == ["C"]
    assert b"3,deal_price," in rejects.read_bytes()
