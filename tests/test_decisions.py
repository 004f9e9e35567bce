"""``reprice``: its columns, guards, choices and exit code.

The closed form itself is compared with brute force in ``test_offers_model``.
"""

from __future__ import annotations

import json
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import aepromo
from aepromo import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Run

COLUMNS = "new_list_price,price_change,action,held_by"
STORE = ("--rate", "13%", "--spend-save", "30:7", "--basket", "single")
POLICY = Policy(forced_rate="13%", spend_save=("30:7",), basket="single")

# Required 24.00 in a dead zone of 30.00–30.99 and of 34.48–35.63 (see the pricing model).
EXAMPLES = [
    ("25", (), "27.59,2.59,raise,"),
    ("30.50", (), "31.00,0.50,raise,"),
    ("33", (), "33.00,0.00,keep,"),
    ("33", ("--lower",), "27.59,-5.41,lower,"),
    ("27.6", ("--ending", ".99"), "27.60,0.00,keep,"),
    ("25", ("--ending", ".99"), "27.99,2.99,raise,"),
    ("25", ("--max-price", "27.58"), "25.00,0.00,hold,max_price"),
    ("25", ("--max-change", "10%"), "25.00,0.00,hold,max_change"),
    ("10", (), "10.00,0.00,hold,max_change"),
    ("10", ("--max-change", "never"), "27.59,17.59,raise,"),
    ("", (), "27.59,,new,"),
    ("", ("--max-price", "27.58"), ",,hold,max_price"),
]


def cells(list_price: str) -> dict[str, str]:
    """A SKU that costs nothing and must leave 24.00."""
    return {
        "sku": "A",
        "purchase_price": "0",
        "logistics_cost": "0",
        "list_price": list_price,
        "commission_rate": "0%",
        "payment_rate": "0%",
        "target_price": "24",
    }


def as_csv(rows: list[dict[str, str]]) -> bytes:
    return pd.DataFrame(rows).to_csv(index=False).encode()


@pytest.mark.parametrize(("current", "options", "expected"), EXAMPLES)
def test_an_example_in_a_pipe(
    run: Run, current: str, options: tuple[str, ...], expected: str
) -> None:
    words = ("reprice", "-", *STORE, *options, "--quiet", "--no-header", "--columns", COLUMNS)
    assert run(*words, stdin=as_csv([cells(current)])).out.decode() == expected + "\n"


@pytest.mark.parametrize(("current", "options", "expected"), EXAMPLES)
def test_an_example_in_a_one_liner(
    run: Run, current: str, options: tuple[str, ...], expected: str
) -> None:
    given = [
        word
        for name, text in cells(current).items()
        if text and name != "sku"
        for word in ("--" + name.replace("_", "-"), text)
    ]
    words = ("reprice", *given, *STORE, *options, "--quiet", "--format", "csv", "--no-header")
    assert run(*words, "--columns", COLUMNS).out.decode() == expected + "\n"


@pytest.mark.parametrize(("current", "options", "expected"), EXAMPLES)
def test_an_example_in_json(
    run: Run, current: str, options: tuple[str, ...], expected: str
) -> None:
    words = ("reprice", "-", *STORE, *options, "--quiet", "--format", "jsonl", "--columns", COLUMNS)
    ran = run(*words, stdin=as_csv([cells(current)]))
    price, change, action, held_by = expected.split(",")
    assert json.loads(ran.out, parse_float=Decimal) == {
        "new_list_price": Decimal(price) if price else None,
        "price_change": Decimal(change) if change else None,
        "action": action,
        "held_by": held_by or None,
    }


@pytest.mark.parametrize(("current", "options", "expected"), EXAMPLES)
def test_an_example_in_python(current: str, options: tuple[str, ...], expected: str) -> None:
    policy = POLICY
    match options:
        case ["--lower"]:
            policy = policy._replace(lower=True)
        case ["--ending", ending]:
            policy = policy._replace(ending=(ending,))
        case ["--max-price", price]:
            policy = policy._replace(max_price=price)
        case ["--max-change", change]:
            policy = policy._replace(max_change=change)
    frame = aepromo.reprice(pd.DataFrame([cells(current)]), policy)
    (row,) = frame[COLUMNS.split(",")].to_dict("records")
    assert ",".join("" if pd.isna(cell) else str(cell) for cell in row.values()) == expected


def test_a_cost_without_its_decimal_point_is_held_and_counted(run: Run) -> None:
    rows = [cells("33") | {"purchase_price": "1250", "target_price": ""}, cells("25"), cells("33")]
    skus = [row | {"sku": sku} for row, sku in zip(rows, "ABC", strict=True)]
    ran = run("reprice", "-", *STORE, "--format", "table", stdin=as_csv(skus))
    lines = ran.out.decode().splitlines()
    assert any(line.startswith("3 SKUs: 1 raise (most: B +2.59), 1 keep, 1 hold") for line in lines)
    first = [line.split()[:2] for line in lines if line[:2] in ("A ", "B ", "C ")]
    assert first == [["B", "raise"], ["A", "hold"], ["C", "keep"]]


@pytest.mark.parametrize(
    ("options", "prices", "code"),
    [
        ((), ["25", "33"], 0),
        (("--fail-on", "never"), ["10", "25"], 0),
        (("--fail-on", "hold"), ["25", "33"], 0),
        (("--fail-on", "hold"), ["10", "33"], 1),
        (("--fail-on", "raise"), ["25", "33"], 1),
        (("--fail-on", "raise"), ["10", "33"], 1),
        (("--fail-on", "raise"), ["28", "33"], 0),
        (("--fail-on", "hold", "--only", "raise"), ["10", "25"], 1),  # of all rows
    ],
)
def test_findings(run: Run, options: tuple[str, ...], prices: list[str], code: int) -> None:
    stdin = as_csv([cells(price) for price in prices])
    assert run("reprice", "-", *STORE, *options, "--quiet", stdin=stdin).code == code


@pytest.mark.parametrize("form", ["csv", "jsonl", "tsv"])
def test_only_some_actions_are_written(run: Run, form: str) -> None:
    skus = [cells(price) | {"sku": price} for price in ("25", "33", "10", "26", "28")]
    words = ("reprice", "-", *STORE, "--quiet", "--format", form, "--columns", "sku")
    written = run(*words, "--only", "hold, raise", stdin=as_csv(skus)).out.decode()
    whole = run(*words, stdin=as_csv([skus[0], skus[2], skus[3]])).out.decode()
    assert written == whole


def test_audit_writes_only_some_statuses_and_fails_by_all(run: Run) -> None:
    skus = [cells(price) | {"sku": price} for price in ("25", "33", "10")]
    words = ("audit", "-", *STORE, "--quiet", "--columns", "sku,status,protected_list_price")
    ran = run(*words, "--only", "ok", "--fail-on", "below_target", stdin=as_csv(skus))
    assert ran == (1, b"sku,status,protected_list_price\n33,ok,27.59\n", "")


def test_only_names_the_nearest_label(run: Run) -> None:
    ran = run("reprice", "-", "--only", "rise", stdin=as_csv([cells("25")]))
    assert (ran.code, ran.out) == (2, b"")
    assert "--only 'rise': did you mean 'raise'" in ran.err


def test_audit_of_a_repriced_file_checks_the_new_price(run: Run, tmp_path: Path) -> None:
    stdin = as_csv([cells("25"), cells("10")])
    run("reprice", "-", *STORE, "--quiet", "-o", tmp_path / "new.csv", stdin=stdin)
    ran = run("audit", tmp_path / "new.csv", *STORE, "--columns", "status,holds_to_rate")
    assert ran.out == b"status,holds_to_rate\nok,0.1301\nbelow_target,\n"
    assert "priced by new_list_price" in ran.err


def test_audit_checks_the_new_price_with_any_configured_map(run: Run, tmp_path: Path) -> None:
    mapped = '[map]\n"售价" = "list_price"\n"Price now" = "list_price"\n'
    (tmp_path / "store.toml").write_text(mapped, encoding="utf-8")
    stdin = as_csv([cells("25") | {"new_list_price": "27.59"}])
    stdin = stdin.replace(b",list_price,", b",Price now,")
    words = ("audit", "-", *STORE, "--config", tmp_path / "store.toml", "--value", "deal_price")
    assert run(*words, stdin=stdin).out == b"24.00\n"
    by_call = run(*words, "--map", "Price now=list_price", "--fail-on", "never", stdin=stdin)
    assert by_call.out == b"21.75\n"


# --- decided prices protect -----------------------------------------------------------------------


def drawn(rng: Random) -> dict[str, Any]:
    """A typical SKU, expensive enough for the offers to matter."""
    purchase = rng.randrange(1, 4000)
    return {
        "purchase_price": f"{purchase / 100:.2f}",
        "logistics_cost": f"{rng.randrange(0, 900) / 100:.2f}",
        "list_price": rng.choice(["", f"{rng.randrange(purchase, 4 * purchase + 2) / 100:.2f}"]),
        "commission_rate": rng.choice(["", "5%", "8.5%"]),
        "target_margin": rng.choice(["", "", "12%"]),
        "other_rate": rng.choice(["", "3%"]),
    }


POLICIES = [
    Policy(),
    Policy(spend_save=("30:3", "50:6"), coupon=("20:2",), coupon_stacks=True),
    Policy(spend_save=("every:30:3",), coupon=("15:10%:4",), basket="same", ending=(".99",)),
    Policy(spend_save=("25:5",), basket="single", limited_rate="10%", forced_rate="5%..20%"),
    Policy(coupon=("12%",), lower=True, max_change="80%", ending=(".49", ".99")),
]


@pytest.mark.parametrize("policy", POLICIES)
def test_new_prices_pass_the_audit_and_stay(policy: Policy) -> None:
    rng = Random(2026)  # noqa: S311 (no secrets)
    frame = pd.DataFrame([drawn(rng) for _ in range(400)])
    first = aepromo.reprice(frame, policy)
    held = first["action"].astype(str) == "hold"
    assert set(first["action"]) >= {"raise", "new", "lower" if policy.lower else "keep"}
    assert held.any()
    again = aepromo.reprice(first, policy)
    assert list(again.columns) == list(first.columns)
    assert again.astype(str).equals(first.astype(str))
    typed_in = frame.assign(list_price=first["new_list_price"].astype(str))[~held]
    audited = aepromo.audit(typed_in, policy)
    assert set(audited["status"]) == {"ok"}
    assert set(first["status"][~held]) == {"ok"}
    settled = aepromo.reprice(typed_in, policy)
    assert set(settled["action"]) == {"keep"}


def test_a_held_row_keeps_its_price_and_shows_its_status() -> None:
    (row,) = aepromo.reprice(pd.DataFrame([cells("10")]), POLICY).to_dict("records")
    assert row["new_list_price"] == Decimal("10.00")
    assert (row["deal_price"], row["status"]) == (Decimal("8.70"), "below_target")


def numbers(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: type(value).__name__ for name, value in row.items()}


def test_json_holds_numbers_where_numbers_were_read(run: Run) -> None:
    text = (
        "sku,title,Price (USD),purchase_price,logistics_cost,佣金率(%),forced_rate,note,stock\n"
        '007,Lamp,"$1,234.50",8,,8,13.2%,5,12\n'
        "008,,20.0,8.5,3,,10%..20%,,\n"
    ).encode()
    ran = run("reprice", "-", "--logistics", "0", "--format", "jsonl", "--quiet", stdin=text)
    first, second = (json.loads(line, parse_float=Decimal) for line in ran.out.splitlines())
    wanted = ("sku", "title", "Price (USD)", "purchase_price", "logistics_cost", "佣金率(%)")
    assert [first[name] for name in (*wanted, "forced_rate", "note", "stock")] == [
        *("007", "Lamp", Decimal("1234.50"), 8, None, 8, Decimal("0.132"), "5", "12")
    ]
    assert [second[name] for name in (*wanted, "forced_rate", "note", "stock")] == [
        *("008", "", Decimal("20.0"), Decimal("8.5"), 3, None, "10%..20%", "", "")
    ]
    assert first["Price (USD)"] > first["protected_list_price"]


@pytest.mark.parametrize("blank", ["  ", "\n", "\u3000"])
def test_a_cell_that_is_no_number_is_text_in_json(run: Run, blank: str) -> None:
    text = f'sku,units_30d,list_price\nA,"{blank}",20\nB,7,20\n合计,n/a,-5\n'.encode()
    costs = ("--purchase", "8", "--logistics", "3")
    ran = run("breakeven", "-", *costs, "--format", "json", "--quiet", stdin=text)
    rows = json.loads(ran.out)
    assert [row["units_30d"] for row in rows] == [blank, 7, "n/a"]


def test_an_amount_in_another_currency_stays_text_in_json(run: Run) -> None:
    text = "sku,purchase_price,logistics_cost,list_price\nA,¥56,¥21,20\n".encode()
    store = ("--cost-currency", "CNY", "--currency", "USD", "--fx", "CNY=7.12")
    ran = run("reprice", "-", *store, "--format", "jsonl", "--quiet", stdin=text)
    row = json.loads(ran.out)
    assert (row["purchase_price"], row["list_price"]) == ("¥56", 20)
