"""``forced``: every gate at its threshold, the exposure, and the money at stake."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import aepromo
from aepromo import rules
from aepromo.engine.answer import run as run_question
from aepromo.engine.frame import FrameCells
from aepromo.errors import InputError
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.forced import forced
from aepromo.platform.gates import OPEN, Gates
from aepromo.rules.overrides import Book
from aepromo.table.found_columns import FoundColumns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Run

# A store and a product that pass everything, each figure just at its threshold.
PASSES = {
    "category": "apparel",
    "store_level": "L3",
    "orders_30d": "200",
    "refund_rate": "2.09%",
    "item_rank": "10",
    "click_multiple": "1.6",
    "cart_rate": "3.4%",
    "conversion_rate": "5.81%",
    "dsr": "4.78",
    "fulfilment_days": "9.2",
    "gmv_90d": "50000",
    "fulfilment_rate": "92.7%",
    "store_age_days": "90",
}
COSTS = {
    "list_price": "20",
    "purchase_price": "8",
    "logistics_cost": "3",
    "commission_rate": "6%",
    "payment_rate": "1%",
    "forced_rate": "15%",
    "units_30d": "100",
}

GATES = [
    # rule, just under, just at, just over; whether each is open
    ("gate1.level", ("L2", "L3", "L4"), (False, True, True)),
    ("gate1.orders_30d", ("199", "200", "201"), (False, True, True)),
    ("gate1.refund_rate", ("2.0999%", "2.1%", "2.1001%"), (True, False, False)),
    ("gate2.rank", ("9", "10", "11"), (True, True, False)),
    ("gate2.click_multiple", ("1.599999", "1.6", "1.600001"), (False, True, True)),
    ("gate2.cart_rate", ("3.3999%", "3.4%", "3.4001%"), (False, True, True)),
    ("label.conversion", ("5.7999%", "5.8%", "5.8001%"), (False, False, True)),
    ("label.dsr", ("4.779999", "4.78", "4.780001"), (False, True, True)),
    ("label.days", ("9.199999", "9.2", "9.200001"), (True, True, False)),
    ("fit.level", ("L2", "L3", "L4"), (False, True, True)),
    ("fit.gmv_90d", ("49,999.99", "$50,000", "50000.01"), (False, True, True)),
    ("fit.fulfilment_rate", ("92.6999%", "92.7%", "92.7001%"), (False, True, True)),
    ("rarely.store_age_days", ("89", "90", "91"), (True, False, False)),
]
GROUP_COLUMNS = {"gate1": "store_gate", "gate2": "product_gate", "label": "label_gate"}


def judged(row: Mapping[str, str], policy: Policy | None = None) -> dict[str, Any]:
    """The answer for one row, by column; None where it is blank."""
    (answer,) = aepromo.forced(pd.DataFrame([row], dtype="str"), policy).to_dict("records")
    return {str(name): None if each is pd.NA else each for name, each in answer.items()}


def exposure(row: Mapping[str, str]) -> str:
    return str(judged(row)["exposure"])


@pytest.mark.parametrize(("key", "values", "opens"), GATES, ids=[key for key, _, _ in GATES])
def test_a_gate_under_at_and_over_its_threshold(
    key: str, values: tuple[str, ...], opens: tuple[bool, ...]
) -> None:
    rule = rules.rule(f"forced.{key}")
    call = resolved(Policy())
    cells = FrameCells(pd.DataFrame({rule.column: values}, dtype="str"), call.currency)
    columns = FoundColumns({rule.column: (0,)}, (rule.column,))
    inputs = run_question(forced(call), cells, columns, call).inputs
    assert inputs is not None
    (gate,) = Gates({"": [rule]}, call.currency).hold(inputs)[""]
    assert tuple(gate.states == OPEN) == opens


@pytest.mark.parametrize(("key", "values", "opens"), GATES, ids=[key for key, _, _ in GATES])
def test_the_verdict_turns_where_the_gate_does(
    key: str, values: tuple[str, ...], opens: tuple[bool, ...]
) -> None:
    column = rules.rule(f"forced.{key}").column
    for value, is_open in zip(values, opens, strict=True):
        verdict = judged(PASSES | {column: value})
        group = key.partition(".")[0]
        if group in GROUP_COLUMNS:
            assert verdict[GROUP_COLUMNS[group]] == ("open" if is_open else "closed")
        if group in ("gate1", "gate2"):
            assert verdict["exposure"] == ("primed" if is_open else "none")
        if key == "rarely.store_age_days":
            assert verdict["store_fit"] == ("rarely" if is_open else "made_for")
        if key in ("fit.gmv_90d", "fit.fulfilment_rate"):
            assert verdict["store_fit"] == ("made_for" if is_open else "partly")


def test_every_threshold_of_the_family_is_tested() -> None:
    tested = {f"forced.{key}" for key, _, _ in GATES}
    gates = {rule.key for rule in rules.matching("forced") if rule.column and rule.compare}
    assert gates == tested


@pytest.mark.parametrize("category", ["toys", "TOYS", "Toys > Puzzles"])
def test_a_category_that_a_configuration_leaves_out_is_known_in_any_case(category: str) -> None:
    policy = Policy(book=Book({"forced.categories.not_covered": ("Toys",)}, "a test"))
    assert judged(PASSES | {"category": category}, policy)["exposure"] == "out"


@pytest.mark.parametrize(
    ("event", "found"),
    [
        ("none", "primed"),
        ("无", "primed"),
        ("None", "primed"),
        ("competitor_limited_discount", "triggered"),
        ("竞品限时折扣", "triggered"),
        ("Flash Deals", "triggered"),
        ("none, platform flash deals", "triggered"),
    ],
)
def test_either_event_triggers(event: str, found: str) -> None:
    assert exposure(PASSES | {"event": event}) == found


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("flash", "'flash' is not an event; did you mean 'platform_flash_deals'?"),
        ("flsh deals", "'flsh deals' is not an event; did you mean 'flash deals'?"),
        (
            "none, sunshine",
            "'sunshine' is not an event; write competitor_limited_discount, platform_flash_deals "
            "or none",
        ),
    ],
)
def test_an_unknown_event_is_refused(event: str, reason: str, run: Run, tmp_path: Path) -> None:
    refused = run("forced", "--event", event)
    assert (refused.code, refused.out) == (2, b"")
    assert refused.err == f"aepromo: --event: {reason}\n"
    file = tmp_path / "skus.csv"
    file.write_text(f'sku,event\nA-1,\nA-2,"{event}"\n')
    refused = run("forced", file, "--quiet")
    assert refused.code == 3
    assert refused.err.startswith(f"{file}:3: event: {reason}\n")


def test_a_configuration_adds_events() -> None:
    policy = Policy(book=Book({"forced.gate3.event": ("Choice Day",)}, "a test"))
    for event, found in (("choice day", "triggered"), ("flash deals", "primed")):
        assert judged(PASSES | {"event": event}, policy)["exposure"] == found
    with pytest.raises(InputError, match="platform_flash_deals, Choice Day or none"):
        judged(PASSES | {"event": "sunshine"}, policy)


@pytest.mark.parametrize(
    ("category", "found"),
    [
        ("apparel", "triggered"),
        ("toys", "triggered"),
        ("jewellery", "out"),
        ("Jewelry & Accessories > Rings", "out"),
        ("珠宝", "out"),
        ("Automotive Parts", "out"),
        ("汽车配件", "out"),
    ],
)
def test_a_category_that_is_not_covered_is_out(category: str, found: str) -> None:
    row = PASSES | {"event": "flash deals", "category": category}
    assert exposure(row) == found


@pytest.mark.parametrize("level", ["L1", "L2"])
def test_low_levels_rarely_get_forced_discounts(level: str) -> None:
    verdict = judged(PASSES | {"store_level": level})
    assert verdict["store_fit"] == "rarely"
    assert f"rarely forced: store level {level}, L1 or L2" in str(verdict["reasons"])


def test_reasons_come_worst_first_and_the_nearest_gate_is_named() -> None:
    verdict = judged(PASSES | {"orders_30d": "100", "refund_rate": "2.2%", "cart_rate": "3.1%"})
    assert str(verdict["reasons"]).split("; ") == [
        "orders 30d 100, needs 200: +100",
        "cart rate 3.1%, needs 3.4%: +0.3%",
        "refund rate 2.2%, needs under 2.1%: -0.1%",
    ]
    assert verdict["nearest_rule"] == "forced.gate1.refund_rate"
    assert verdict["nearest_gate"] == "refund rate 2.2%, needs under 2.1%: -0.1%"


def test_a_primed_sku_waits_for_the_event_alone() -> None:
    verdict = judged(PASSES | {"event": "none"})
    assert verdict["nearest_rule"] == "forced.gate3.event"
    assert verdict["nearest_gate"] == (
        "event none, needs competitor_limited_discount or platform_flash_deals"
    )
    assert judged(PASSES | {"event": "flash deals"})["nearest_gate"] is None


def test_an_unknown_fact_leaves_the_answer_unknown_and_is_named() -> None:
    known = {name: text for name, text in PASSES.items() if name != "refund_rate"}
    verdict = judged(known | COSTS)
    assert verdict["exposure"] == "unknown"
    assert verdict["at_stake_30d"] is None
    assert verdict["store_gate"] == "unknown"
    assert verdict["unknown"] == "refund_rate"
    assert verdict["nearest_gate"] == "refund rate unknown, needs under 2.1%"


def test_a_table_shows_unknown_skus_before_unexposed_ones(run: Run) -> None:
    known = {name: text for name, text in PASSES.items() if name != "refund_rate"}
    rows = [
        known | COSTS | {"sku": "none", "cart_rate": "1%"},
        known | COSTS | {"sku": "unknown"},
        known | COSTS | {"sku": "primed", "refund_rate": PASSES["refund_rate"]},
    ]
    text = pd.DataFrame(rows).to_csv(index=False)
    ran = run("forced", "-", "--format", "table", "--quiet", stdin=text.encode())
    shown = [line.split()[0] for line in ran.out.decode().splitlines() if line.strip()]
    assert [sku for sku in shown if sku in ("none", "unknown", "primed")] == [
        *("primed", "unknown", "none")
    ]


def test_one_closed_gate_is_enough_whatever_else_is_unknown() -> None:
    known = {name: text for name, text in PASSES.items() if name != "refund_rate"}
    verdict = judged(known | COSTS | {"cart_rate": "1%"})
    assert verdict["exposure"] == "none"
    assert verdict["at_stake_30d"] == 0


@pytest.mark.parametrize(
    ("click", "mean", "found"),
    [("4.8%", "3%", "primed"), ("4.7999%", "3%", "none"), ("5%", "3.1249%", "primed")],
)
def test_a_click_multiple_can_be_computed(click: str, mean: str, found: str) -> None:
    row = {name: text for name, text in PASSES.items() if name != "click_multiple"}
    assert exposure(row | {"click_rate": click, "industry_click_rate": mean}) == found


def cents(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def test_money_at_stake_is_the_difference_over_a_month() -> None:
    # Unforced 20.00 − 11 − 1.20 − 0.20 = 7.60; at 15 % 17.00 − 11 − 1.02 − 0.17 = 4.81.
    verdict = judged(PASSES | COSTS)
    assert verdict["profit_before"] == Decimal("7.60")
    assert verdict["profit_forced"] == Decimal("4.81")
    assert verdict["at_stake_30d"] == Decimal("2.79") * 100


def test_nothing_is_at_stake_without_exposure() -> None:
    assert judged(PASSES | COSTS | {"category": "jewellery"})["at_stake_30d"] == 0
    assert judged(PASSES | COSTS | {"cart_rate": "1%"})["at_stake_30d"] == 0


def test_an_unforced_price_that_a_coupon_cuts_deeper_puts_nothing_at_stake() -> None:
    verdict = judged(PASSES | COSTS | {"forced_rate": "1%"}, Policy(coupon=("2",)))
    assert verdict["profit_before"] == cents(1800 - 1100 - 108 - 18)
    assert verdict["profit_forced"] == cents(1980 - 1100 - 119 - 20)
    assert verdict["at_stake_30d"] == 0


def test_the_worst_of_a_range_counts() -> None:
    # A single unit: at 30.00 the tier takes 8, at 29.99 nothing, so the highest price is the worst.
    policy = Policy(spend_save=("30:8",), basket="single", forced_rate="1%..10%")
    row = {name: text for name, text in COSTS.items() if name != "forced_rate"}
    verdict = judged(PASSES | row | {"list_price": "32"}, policy)
    # 31.68 − 8 = 23.68 at 1 %, 28.80 at 10 %; a price of 30.00 between leaves 22.00.
    assert verdict["profit_forced"] == cents(2200 - 1100 - 132 - 22)


@pytest.mark.parametrize("missing", ["list_price", "purchase_price", "logistics_cost", "units_30d"])
def test_without_costs_the_stake_is_blank(missing: str) -> None:
    row = {name: text for name, text in (PASSES | COSTS).items() if name != missing}
    verdict = judged(row)
    assert verdict["exposure"] == "primed"
    assert verdict["at_stake_30d"] is None


STORE = "store_level,orders_30d,refund_rate"
HEADER = f"sku,category,{STORE},item_rank,click_multiple,cart_rate,event,list_price,purchase_price,"
LINES = (
    HEADER + "logistics_cost,units_30d\n"
    "A-1,apparel,L3,200,2%,10,1.6,3.4%,none,20,8,3,10\n"
    "A-2,apparel,L3,200,2%,10,1.6,3.4%,flash deals,20,8,3,100\n"
    "A-3,apparel,L2,200,2%,10,1.6,3.4%,flash deals,20,8,3,900\n"
)
RATES = ("--rate", "15%", "--commission", "6%", "--payment", "1%")


def table(out: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out.decode())))


def test_a_piped_file_comes_out_in_its_own_order(run: Run) -> None:
    ran = run("forced", "-", *RATES, stdin=LINES.encode())
    assert ran.code == 0, ran.err
    rows = table(ran.out)
    assert [row["sku"] for row in rows] == ["A-1", "A-2", "A-3"]
    assert [row["exposure"] for row in rows] == ["primed", "triggered", "none"]
    assert [row["at_stake_30d"] for row in rows] == ["27.90", "279.00", "0.00"]
    assert rows[2]["nearest_gate"] == "store level L2, needs L3: +1"
    assert ran.err == ""


def test_a_table_puts_most_money_at_stake_first(run: Run) -> None:
    shown = run("forced", "-", *RATES, "--format", "table", stdin=LINES.encode()).out.decode()
    assert re.findall(r"A-\d", shown) == ["A-2", "A-1", "A-3"]


def test_chinese_headers_are_understood(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "产品.csv"
    header = (
        "商品编码,类目,店铺等级,近30天订单量,退款率,同款排名,点击率,行业平均点击率,加购率,转化率,"
        "DSR评分,物流履约时效,近90天GMV,物流履约达标率,开店天数,触发事件"
    )
    row = "001,服饰,L3,200,2.0%,10,4.8%,3%,3.4%,6%,4.78,9.2,50000,100%,400,竞品限时折扣"
    file.write_bytes(f"{header}\n{row}\n".encode("gb18030"))
    ran = run("forced", file, "--quiet")
    assert ran.code == 0, ran.err
    (found,) = table(ran.out)
    assert found["商品编码"] == "001"
    wanted = ("exposure", "store_gate", "product_gate", "label_gate", "store_fit")
    assert [found[name] for name in wanted] == ["triggered", "open", "open", "open", "made_for"]


def test_bad_rows_are_named_and_set_aside(run: Run, tmp_path: Path) -> None:
    file, rejects = tmp_path / "skus.csv", tmp_path / "bad.csv"
    file.write_text(LINES + "A-4,apparel,three,200,1,10,1.6,3.4%,none,20,8,3,10\n")
    refused = run("forced", file, *RATES)
    assert refused.code == 3
    assert refused.out == b""
    assert (
        "skus.csv:5: store_level: 'three' is not a store level; write one such as L3" in refused.err
    )
    assert (
        "skus.csv:5: refund_rate: '1' may mean 100% or 1%; write one of them with %" in refused.err
    )
    aside = run("forced", file, *RATES, "--rejects", rejects, "--value", "sku")
    assert aside.code == 0
    assert aside.out.split() == [b"A-1", b"A-2", b"A-3"]
    assert "A-4" in rejects.read_text()


def test_a_row_whose_rates_leave_nothing_is_a_bad_row(run: Run) -> None:
    text = LINES.replace("units_30d", "units_30d,forced_rate_min,forced_rate_max", 1)
    text = text.replace(",10\n", ",10,20%,10%\n").replace("00\n", "00,,\n")
    ran = run("forced", "-", "--quiet", stdin=text.encode())
    assert ran.code == 3
    assert "standard input:2: forced_rate_min: is above forced_rate_max" in ran.err


def test_store_facts_come_from_options_and_the_configuration(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text(
        '[stores.a]\nstore_level = "L2"\norders_30d = 300\nrefund_rate = "1%"\n'
        '[stores.b]\nstore_level = "L4"\norders_30d = 300\nrefund_rate = "1%"\n'
    )
    row = ("--item-rank", "1", "--click-multiple", "2", "--cart-rate", "4%", "--quiet")
    wanted = ("--config", config, *row, "--value", "exposure")
    assert run("forced", *wanted, "--store", "a").out == b"none\n"
    assert run("forced", *wanted, "--store", "b").out == b"primed\n"
    assert run("forced", *wanted, "--store", "b", "--store-level", "L1").out == b"none\n"
    assert run("forced", *wanted, "--store", "a", "--store-level", "L3").out == b"primed\n"


def test_unused_stores_of_the_configuration_are_reported(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('[stores.a]\nstore_level = "L2"\n[stores.b]\nstore_level = "L4"\n')
    said = "warning: none of the stores a, b is used for store_level; choose one with --store\n"
    wanted = ("--quiet", "--config", config)
    one = ("--orders-30d", "300", *wanted)
    assert run("forced", *one).err == said
    assert run("reverse", "--dsr", "4.8", *wanted).err == "", "it asks nothing that they tell"
    assert run("watch", "--discount-status", "forced", *wanted).err == said
    assert run("forced", *one, "--store-level", "L3").err == ""
    assert run("forced", *one, "--store", "a").err == ""
    rows = "sku,store_level\nA-1,L3\nA-2,{}\n"
    assert run("forced", "-", *wanted, stdin=rows.format("L4").encode()).err == ""
    assert run("forced", "-", *wanted, stdin=rows.format("").encode()).err == said


def test_a_rule_changed_in_the_configuration_changes_the_verdict(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('[rules]\n"forced.gate1.level" = "L2"\n')
    wanted = ("forced", "-", *RATES, "--quiet", "--columns", "sku,exposure", "--no-header")
    plain = run(*wanted, stdin=LINES.encode()).out
    changed = run(*wanted, "--config", config, stdin=LINES.encode()).out
    assert b"A-3,none" in plain
    assert b"A-3,triggered" in changed
    config.write_text('[rules]\n"forced.categories.not_covered" = ["apparel"]\n')
    assert run(*wanted, "--config", config, stdin=LINES.encode()).out.count(b",out\n") == 3


def test_a_rule_that_cannot_be_compared_is_refused(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('[rules]\n"forced.gate1.level" = "three"\n')
    ran = run("forced", "--store-level", "L3", "--config", config)
    assert ran.code == 2
    assert "rules.forced.gate1.level: 'three' is not a store level; write one such as L3" in ran.err


def test_a_one_liner_answers_as_a_file_does(run: Run) -> None:
    options = [
        part
        for name, text in (PASSES | COSTS).items()
        for part in (f"--{name.replace('_', '-')}", text)
    ]
    ran = run("forced", *options, "--event", "flash deals", "--format", "json")
    (found,) = json.loads(ran.out)
    assert found["exposure"] == "triggered"
    assert found["at_stake_30d"] == 279.0
    assert b'"at_stake_30d": 279.00' in ran.out


def test_nothing_to_judge_is_a_wrong_call(run: Run) -> None:
    ran = run("forced")
    assert ran.code == 2
    assert "nothing to judge; name a FILE, or give values" in ran.err


def test_missing_facts_are_reported(run: Run) -> None:
    text = "sku,list_price,store_level\nA-1,20,L3\nA-2,21,\n"
    ran = run("forced", "-", stdin=text.encode())
    assert ran.code == 0
    assert (
        "unknown: orders_30d in 2 rows (set --orders-30d), refund_rate in 2 rows (set --refund-rate"
        in ran.err
    )
    assert "store_level in 1 row (set --store-level)" in ran.err
    assert "no profit in 2 rows: missing purchase_price, logistics_cost" in ran.err
