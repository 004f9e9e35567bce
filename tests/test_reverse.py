"""``reverse``: eligibility by market, diagnosis by weight, the advised promotion, and bids."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import aepromo
from aepromo import rules
from aepromo.engine.answer import run as run_question
from aepromo.engine.frame import FrameCells
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.gates import OPEN, Gates
from aepromo.platform.reverse import ADDED, reverse
from aepromo.rules.overrides import Book
from aepromo.table.found_columns import FoundColumns

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conftest import Run

PASSES = {
    "market": "ES",
    "sell_through_30d": "92%",
    "dsr": "4.78",
    "fulfilment_days": "12.3",
    "business_licence": "yes",
    "payout": "Payoneer",
    "standard_line": "yes",
    "cart_conversion": "8.3%",
    "price_index": "91",
    "on_time_rate": "99.2%",
    "cart72h_conversion": "5.1%",
    "erp_delay_hours": "4",
    "sync_delay_seconds": "90",
    "variant_stock": "in stock",
}
COSTS = {
    "list_price": "20",
    "purchase_price": "8",
    "logistics_cost": "3",
    "commission_rate": "6%",
    "payment_rate": "1%",
}

GATES = [
    # rule, just under, just at, just over; whether each is open
    ("potential.cart_conversion", ("8.1999%", "8.2%", "8.2001%"), (False, False, True)),
    ("potential.price_index", ("90.999999", "91", "91.000001"), (False, True, True)),
    ("gate.sell_through_30d", ("91.9999%", "92%", "100%"), (False, True, True)),
    ("gate.dsr", ("4.779999", "4.78", "4.780001"), (False, True, True)),
    ("gate.days", ("12.299999", "12.3", "12.300001"), (True, True, False)),
    ("gate.days_long_haul", ("15.599999", "15.6", "15.600001"), (True, True, False)),
    ("on_time_rate", ("99.1999%", "99.2%", "99.2001%"), (False, True, True)),
    ("cart72h", ("5.0999%", "5.1%", "5.1001%"), (False, True, True)),
    ("erp_delay", ("3.999999", "4", "4.000001"), (False, False, True)),  # states what goes wrong
    ("sync_delay", ("89.999999", "90", "90.000001"), (True, True, False)),
]


def judged(row: Mapping[str, str], policy: Policy | None = None) -> dict[str, Any]:
    """The answer for one row, by column; None where it is blank."""
    frame = pd.DataFrame([{"sku": "A-1", **row}], dtype="str")
    (answer,) = aepromo.reverse(frame, policy).to_dict("records")
    return {name: None if answer[name] is pd.NA else answer[name] for name in ADDED}


def eligibility(**changes: str) -> str:
    return str(judged(PASSES | changes)["eligibility"])


@pytest.mark.parametrize(("key", "values", "opens"), GATES, ids=[key for key, _, _ in GATES])
def test_a_gate_under_at_and_over_its_threshold(
    key: str, values: tuple[str, ...], opens: tuple[bool, ...]
) -> None:
    rule, call = rules.rule(f"reverse.{key}"), resolved(Policy())
    cells = FrameCells(pd.DataFrame({rule.column: values}, dtype="str"), call.currency)
    columns = FoundColumns({rule.column: (0,)}, (rule.column,))
    inputs = run_question(reverse(call), cells, columns, call).inputs
    assert inputs is not None
    (gate,) = Gates({"": [rule]}, call.currency).hold(inputs)[""]
    assert tuple(gate.states == OPEN) == opens


def test_every_threshold_of_the_family_is_tested() -> None:
    gates = {rule.key for rule in rules.matching("reverse") if rule.column and rule.compare}
    assert gates == {f"reverse.{key}" for key, _, _ in GATES}


@pytest.mark.parametrize(
    ("market", "days", "found"),
    [
        ("ES", "12.3", "eligible"),
        ("ES", "12.4", "blocked"),
        ("", "12.3", "eligible"),
        ("", "12.4", "blocked"),
        ("BR", "15.6", "eligible"),
        ("RU", "15.6", "eligible"),
        ("BR", "15.7", "blocked"),
        ("俄罗斯", "15.6", "eligible"),
        ("Brazil", "15.7", "blocked"),
        ("br", "15.6", "eligible"),
        ("ES,BR", "12.4", "partly"),
        ("ES,BR", "15.7", "blocked"),
        ("ES,BR", "12.3", "eligible"),
    ],
)
def test_brazil_and_russia_have_their_own_limit_of_days(market: str, days: str, found: str) -> None:
    assert eligibility(market=market, fulfilment_days=days) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"sell_through_30d": "91.9%"}, "blocked"),
        ({"dsr": "4.77"}, "blocked"),
        ({"business_licence": "no"}, "blocked"),
        ({"payout": "PayPal"}, "blocked"),
        ({"payout": "PayPal, Wise"}, "eligible"),
        ({"standard_line": "否"}, "blocked"),
        ({"market": "US"}, "unknown"),
        ({"market": "US", "us_filing": "none"}, "blocked"),
        ({"market": "US", "us_filing": "FDA"}, "eligible"),
        ({"market": "美国", "us_filing": "FDA/CPSC"}, "eligible"),
        ({"market": "US,ES", "us_filing": "none"}, "partly"),
        ({"market": "ES", "us_filing": "none"}, "eligible"),
        ({"dsr": ""}, "unknown"),
        ({"dsr": "", "payout": "PayPal"}, "blocked"),
        # potential and diagnosis don't decide
        ({"cart_conversion": "1%", "price_index": "1", "cart72h_conversion": "1%"}, "eligible"),
    ],
)
def test_gates_account_and_filings_decide(changes: dict[str, str], found: str) -> None:
    assert eligibility(**changes) == found


def test_reasons_come_worst_first_with_the_markets_they_hold_for() -> None:
    verdict = judged(
        PASSES | {"market": "ES,BR,US", "us_filing": "none", "dsr": "4.71", "fulfilment_days": "14"}
    )
    assert str(verdict["reasons"]).split("; ") == [
        "US: us filing none, needs FDA or CPSC",
        "ES, US: fulfilment days 14, needs at most 12.3: -1.7",
        "dsr 4.71, needs 4.78: +0.07",
    ]
    assert judged(PASSES | {"market": "ES,BR", "fulfilment_days": "14"})["eligible_markets"] == "BR"


def test_potential_and_account_have_columns_of_their_own() -> None:
    verdict = judged(PASSES | {"cart_conversion": "8.2%", "payout": "PayPal"})
    assert verdict["potential"] == "closed"
    assert verdict["account"] == "closed"
    assert "potential: cart conversion 8.2%, needs over 8.2%: just at it" in str(verdict["reasons"])
    assert judged(PASSES)["potential"] == "open"
    assert judged({**PASSES, "price_index": ""})["potential"] == "unknown"


WORST = {
    "cart72h_conversion": "5%",
    "price_index": "90",
    "fulfilment_days": "13",
    "on_time_rate": "90%",
    "erp_delay_hours": "4.5",
    "sync_delay_seconds": "600",
    "variant_stock": "out of stock",
}


def test_the_diagnosis_comes_in_order_of_weight() -> None:
    assert str(judged(PASSES | WORST)["diagnosis"]).split("; ") == [
        "cart72h conversion 5%, needs 5.1%: +0.1% (83.6% of misses)",
        "fulfilment days 13, needs at most 12.3: -0.7 (43% of the weight)",
        "price index 90, needs 91: +1 (43% of the weight)",
        "on time rate 90%, needs 99.2%: +9.2% (17% of the weight)",
        "erp delay hours 4.5, needs at most 4: -0.5",
        "sync delay seconds 600, needs at most 90: -510",
        "variant stock out of stock, must not be out of stock",
    ]
    assert judged(PASSES)["diagnosis"] is None


def test_other_weights_give_another_order() -> None:
    policy = Policy(book=Book({"reverse.weight.fulfilment_stability": "90%"}, "a test"))
    found = str(judged(PASSES | WORST, policy)["diagnosis"]).split("; ")
    assert found[0] == "on time rate 90%, needs 99.2%: +9.2% (90% of the weight)"
    assert found[1].startswith("cart72h")


@pytest.mark.parametrize(
    ("running", "found"),
    [
        ("limited,spend_save", None),
        ("限时折扣、满减", None),
        ("none", None),
        ("storewide", "Storewide Sale: "),
        ("limited,spend_save,storewide", "Storewide Sale: "),
        ("全店折扣", "Storewide Sale: "),
        ("bundle", "bundle: the rule book doesn't say"),
        ("LIMITED, spend & save, NONE", None),
        ("STOREWIDE SALE", "Storewide Sale: "),
    ],
)
def test_running_promotions_that_conflict(running: str, found: str | None) -> None:
    conflicts = judged(PASSES | {"running": running})["conflicts"]
    assert (conflicts is None) if found is None else str(conflicts).startswith(found)


@pytest.mark.parametrize(
    ("column", "written", "found"),
    [
        ("payout", "wise", "eligible"),
        ("payout", "WISE", "eligible"),
        ("payout", "paypal, payoneer", "eligible"),
        ("payout", "ｗｉｓｅ", "eligible"),
        ("payout", "paypal", "blocked"),
        ("us_filing", "fda", "eligible"),
        ("us_filing", "CPSC", "eligible"),
        ("us_filing", "none", "blocked"),
    ],
)
def test_names_are_known_in_any_case(column: str, written: str, found: str) -> None:
    assert eligibility(**{"market": "us", "us_filing": "FDA", column: written}) == found


def test_names_of_an_overridden_rule_are_known_in_any_case() -> None:
    figures: dict[str, str | tuple[str, ...]] = {
        "reverse.account.payout": ("PingPong",),
        "reverse.us.filing": ("Fda",),
        "reverse.stack.allowed": ("Bundle Deal",),
        "reverse.stack.forbidden": ("coupon",),
        "reverse.long_haul_markets": ("mexico", "Us"),
    }
    policy = Policy(book=Book(figures, "a test"))
    row = PASSES | {"payout": "pingpong", "fulfilment_days": "15"}
    found = judged(row | {"market": "MX, US", "us_filing": "FDA"}, policy)
    assert (found["eligibility"], found["eligible_markets"]) == ("eligible", "MX, US")
    assert judged(row | {"running": "bundle deal"}, policy)["conflicts"] is None
    assert str(judged(row | {"running": "COUPON"}, policy)["conflicts"]).startswith("COUPON: the")


def half_up(amount: int, rate: Fraction) -> int:
    return floor(amount * rate + Fraction(1, 2))


def worst_deal(
    list_price: int, limited: int, low: int, high: int, *, single: bool, adds: bool
) -> int:
    """The lowest deal price with 30:3, by trying every item price and every subtotal in reach.

    Each discount can be rounded either way; ``adds``: both are taken off the list price.
    """

    def after_tier(price: int) -> int:
        share = 300 if price >= 3000 else 0
        if not single:
            subtotals = range(max(price, 3000), max(price, 3000) + 50)
            share = max(share, *(-(-300 * price // total) for total in subtotals))
        return price - share

    own = list_price * Fraction(100 - limited, 100)
    bases = floor(own), ceil(own)
    lowest = floor(bases[0] * Fraction(100 - high, 100))
    highest = ceil(bases[1] * Fraction(100 - low, 100))
    if adds:
        lowest = floor(list_price * Fraction(max(100 - limited - high, 0), 100))
        highest = ceil(list_price * Fraction(max(100 - limited - low, 0), 100))
    return min(map(after_tier, [*bases, *range(lowest, highest + 1)]))


def leaves(deal: int, costs: int) -> int:
    return deal - costs - half_up(deal, Fraction(6, 100)) - half_up(deal, Fraction(1, 100))


def is_safe(deal: int, purchase: int, logistics: int, target: int) -> bool:
    """Whether this deal price and every higher one leaves the target, and none is under 1.15 ×.

    However fees are rounded.
    """
    enough = all(
        price - purchase - logistics - -(-6 * price // 100) - -(-price // 100) >= target
        for price in range(deal, deal + 40)
    )
    return enough and 100 * deal >= 115 * purchase


@settings(max_examples=15)
@given(
    list_price=st.integers(500, 9000),
    purchase=st.integers(100, 3000),
    logistics=st.integers(0, 600),
    target=st.integers(0, 500),
    low=st.integers(0, 20),
    more=st.integers(0, 20),
    single=st.booleans(),
    adds=st.booleans(),
)
@example(2000, 300, 100, 0, 5, 25, False, True)
@example(5000, 300, 100, 0, 5, 25, True, True)
def test_the_promotion_check_agrees_with_a_search_over_cents(
    list_price: int,
    purchase: int,
    logistics: int,
    target: int,
    low: int,
    more: int,
    single: bool,
    adds: bool,
) -> None:
    policy = Policy(
        list_price=f"{list_price / 100:.2f}",
        purchase_price=f"{purchase / 100:.2f}",
        logistics_cost=f"{logistics / 100:.2f}",
        target_profit=f"{target / 100:.2f}",
        commission_rate="6%",
        payment_rate="1%",
        forced_rate=f"{low}%..{low + more}%",
        basket="single" if single else "any",
        book=Book({"stacking.own_and_forced": "add" if adds else "multiply"}),
    )
    verdict = judged({}, policy)
    safe = [
        rate
        for rate in range(100)
        if is_safe(
            worst_deal(list_price, rate, low, low + more, single=single, adds=adds),
            purchase,
            logistics,
            target,
        )
    ]
    advised = [rate for rate in range(15, 21) if rate in safe]
    found = "safe" if len(advised) == 6 else "partly" if advised else "unsafe"
    assert verdict["promotion"] == found
    assert verdict["max_limited_rate"] == (Decimal(safe[-1]) / 100 if safe else None)
    run = advised[-1] if advised else safe[-1] if safe else None
    assert verdict["run_limited_rate"] == (Decimal(run) / 100 if run is not None else None)
    if run is not None:
        deal = worst_deal(list_price, run, low, low + more, single=single, adds=adds)
        assert verdict["deal_price"] == Decimal(deal) / 100
        assert verdict["profit"] == Decimal(leaves(deal, purchase + logistics)) / 100


@pytest.mark.parametrize("basket", ["any", "single", "same"])
@pytest.mark.parametrize("stacks", [False, True])
def test_the_deepest_safe_rate_is_the_last_that_audit_calls_ok(basket: str, stacks: bool) -> None:
    policy = Policy(
        list_price="40",
        purchase_price="9",
        logistics_cost="1",
        commission_rate="6%",
        payment_rate="1%",
        spend_save=("30:3",),
        coupon=("15:4",),
        coupon_stacks=stacks,
        basket=basket,
        forced_rate="1%..2%",
    )
    deepest = int(judged({}, policy)["max_limited_rate"] * 100)
    frame = pd.DataFrame([{"sku": "A-1"}], dtype="str")
    at_it, deeper = (
        aepromo.audit(frame, policy._replace(limited_rate=f"{rate}%"))["status"][0]
        for rate in (deepest, deepest + 1)
    )
    assert at_it == "ok" != deeper


def test_the_check_names_price_bound_and_gap() -> None:
    verdict = judged(PASSES | COSTS, Policy(forced_rate="10%..20%", target_profit="0.80"))
    # 20 % off 20.00 is 16.00, forced 12.80, less 3/30 of it: 11.52. Of 12.70, fees of up to 0.77
    # and 0.13 leave 11.80, the costs and 0.80.
    assert verdict["promotion_check"] == (
        "at 20% and 30:3 deal price 11.52 (forced), needs 12.70 (target profit): +1.18"
    )


@pytest.mark.parametrize(
    ("list_price", "deal"),
    [("1388.88", "996.99"), ("2000", "1,437.00"), ("2000000", "1,439,997.00")],
)
def test_the_check_parts_thousands(list_price: str, deal: str) -> None:
    # 20 % off 2000.00 is 1600.00, forced 1440.00, and 3 off.
    policy = Policy(forced_rate="10%", list_price=list_price)
    prices = {"purchase_price": "5", "logistics_cost": "1", "commission_rate": "0"}
    check = str(judged(PASSES | prices, policy)["promotion_check"])
    assert f"deal price {deal} (forced)" in check


def test_without_a_safe_discount_the_current_one_counts() -> None:
    policy = Policy(forced_rate="10%", target_profit="9", limited_rate="5%")
    verdict = judged(PASSES | COSTS, policy)
    assert verdict["max_limited_rate"] is None
    assert verdict["run_limited_rate"] is None
    # 20.00 less 5 % less 10 %, and no Spend & Save
    assert verdict["deal_price"] == Decimal("17.10")


def test_the_stores_own_tier_goes_before_the_advised_one() -> None:
    policy = Policy(forced_rate="10%", target_profit="0.80", spend_save=("100:20",))
    verdict = judged(PASSES | COSTS, policy)
    assert str(verdict["promotion_check"]).startswith("at 20% and 100:20 deal price 11.52 ")


@pytest.mark.parametrize(
    ("bid", "following"), [("0.20", 23), ("0.30", 35), ("0.10", 12), ("0.31", 36), ("0", 0)]
)
def test_the_next_bid_is_rounded_half_up(bid: str, following: int) -> None:
    assert judged({"cpc_bid": bid})["next_bid"] == Decimal(following) / 100


def test_the_highest_bid_is_profit_times_conversion() -> None:
    policy = Policy(forced_rate="10%..20%", target_profit="0.80")
    verdict = judged(COSTS | {"conversion_rate": "4.2%", "list_price": "40"}, policy)
    kept = verdict["profit"]
    # At 20 % and 30:3: 40.00, 32.00, 25.60, 23.04; less 11.00, 1.38 and 0.23.
    assert kept == Decimal(2304 - 1100 - 138 - 23) / 100
    assert verdict["max_bid"] == Decimal("0.43")  # 10.43 × 4.2 % is 0.43806
    assert judged(COSTS | {"conversion_rate": "4.2%", "list_price": "9"}, policy)["max_bid"] == 0
    assert judged({"conversion_rate": "4.2%"}, policy)["max_bid"] is None


OPTIONS = ("--rate", "10%..20%", "--target-profit", "0.80", "--quiet")
STORE = (
    *("--sell-through-30d", "95%", "--business-licence", "yes", "--payout", "Wise"),
    *("--standard-line", "yes"),
)


def table(out: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out.decode())))


def test_chinese_headers_are_understood(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "产品.csv"
    header = (
        "商品编码,市场,动销率,DSR描述分,物流履约时效,营业执照认证,收款账户,标准专线,加购转化率,"
        "价格竞争力指数,发货准时率,加购后72小时转化率,订单同步延迟,同步延迟,变体库存,进行中活动,"
        "标价,采购价,物流费,转化率,CPC出价"
    )
    row = "001,巴西,92%,4.78,15.6,是,Payoneer,是,9%,92,99.5%,6%,1,60,缺货,全店折扣,40,8,3,4.2%,0.20"
    file.write_bytes(f"{header}\n{row}\n".encode("gb18030"))
    ran = run("reverse", file, *OPTIONS, "--commission", "6%", "--payment", "1%")
    assert ran.code == 0, ran.err
    (found,) = table(ran.out)
    assert found["商品编码"] == "001"
    assert found["eligibility"] == "eligible"
    assert found["eligible_markets"] == "BR"
    assert found["diagnosis"] == "variant stock 缺货, must not be out of stock"
    assert found["conflicts"].startswith("Storewide Sale")
    assert (found["next_bid"], found["max_bid"]) == ("0.23", "0.43")


def test_a_piped_file_keeps_its_order_and_running_can_be_an_option(run: Run) -> None:
    text = "sku,market,dsr,fulfilment_days\nA-1,ES,4.7,9\nA-2,ES,4.8,9\nA-3,RU,4.8,15.6\n"
    running = ("--running", "limited,spend_save,storewide")
    ran = run("reverse", "-", *STORE, *running, "--quiet", stdin=text.encode())
    assert ran.code == 0, ran.err
    rows = table(ran.out)
    assert [row["sku"] for row in rows] == ["A-1", "A-2", "A-3"]
    assert [row["eligibility"] for row in rows] == ["blocked", "eligible", "eligible"]
    assert all(row["conflicts"].startswith("Storewide Sale: ") for row in rows)
    assert all(row["promotion"] == "" for row in rows)


PRODUCTS = (
    '"ES,BR",4.71,14,"Storewide Sale, ""x"", limited",20,8,3,0.12',
    ",4.9,11,,31,25,3,",
    "US,,9,none,,,,0.10",
    *(f",,{days},none,,,," for days in range(3, 12)),
)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_skus_of_one_product_are_answered_as_each_alone(
    run: Run, tmp_path: Path, form: str
) -> None:
    header = "sku,market,dsr,fulfilment_days,running,list_price,purchase_price,logistics_cost"
    file = tmp_path / "skus.csv"

    def answers(rows: list[str]) -> list[str]:
        file.write_text("\n".join((header + ",cpc_bid", *rows, "")))
        answer = run("reverse", file, *OPTIONS, "--format", form)
        return answer.out.decode().splitlines()[form == "csv" :]

    alone = [answers([f"A-1,{product}"])[0] for product in PRODUCTS]
    together = answers([*(f"A-1,{product}" for product in PRODUCTS * 6), f"Total{',' * 8}"])
    assert together[:-1] == alone * 6
    assert "Total" in together[-1]


def test_a_frame_of_alike_rows_has_the_same_types_as_one_row() -> None:
    row = {"sku": "A-1", **PASSES, **COSTS, "running": "limited"}
    one, many = (aepromo.reverse(pd.DataFrame([row] * rows, dtype="str")) for rows in (1, 8))
    assert many.dtypes.equals(one.dtypes)
    assert many[3:4].reset_index(drop=True).equals(one)


def test_bad_rows_are_named_and_set_aside(run: Run, tmp_path: Path) -> None:
    file, rejects = tmp_path / "skus.csv", tmp_path / "bad.csv"
    file.write_text('sku,dsr,business_licence,cpc_bid\nA-1,"4,8",maybe,0.125\nA-2,4.8,yes,0.12\n')
    refused = run("reverse", file, *OPTIONS)
    assert refused.code == 3
    assert refused.out == b""
    assert "skus.csv:2: dsr: '4,8' is not a number; write 4.8" in refused.err
    assert "skus.csv:2: business_licence: 'maybe' is neither yes nor no" in refused.err
    assert "skus.csv:2: cpc_bid: '0.125' has more than 2 decimal places" in refused.err
    aside = run("reverse", file, *OPTIONS, "--rejects", rejects, "--value", "next_bid")
    assert (aside.code, aside.out) == (0, b"0.14\n")
    assert "A-1" in rejects.read_text()


@pytest.mark.parametrize(
    ("key", "value", "column", "before", "after"),
    [
        ("reverse.gate.dsr", '"4.70"', "eligibility", "blocked", "eligible"),
        ("reverse.account.payout", '["PayPal"]', "account", "open", "closed"),
        ("reverse.best.limited_rate", '"5%..11%"', "promotion", "unsafe", "safe"),
        ("reverse.best.spend_save", '"100:1"', "max_limited_rate", "0.1100", "0.1900"),
        ("reverse.bid_factor", '"1.5"', "next_bid", "0.23", "0.30"),
        ("reverse.stack.forbidden", '["Spend & Save"]', "conflicts", "", "Spend & Save: "),
    ],
)
def test_a_rule_changed_in_the_configuration_changes_the_verdict(
    run: Run, tmp_path: Path, key: str, value: str, column: str, before: str, after: str
) -> None:
    config = tmp_path / "mine.toml"
    config.write_text(f'[rules]\n"{key}" = {value}\n')
    options = [
        part
        for name, text in (PASSES | COSTS | {"dsr": "4.75", "cpc_bid": "0.20"}).items()
        for part in (f"--{name.replace('_', '-')}", text)
    ]
    wanted = ("reverse", *options, *OPTIONS, "--running", "spend_save", "--value", column)
    plain = run(*wanted).out.decode().removesuffix("\n")
    changed = run(*wanted, "--config", config).out.decode().removesuffix("\n")
    assert plain == before
    assert changed.startswith(after)


def test_the_long_haul_markets_are_the_rule_books(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('[rules]\n"reverse.long_haul_markets" = ["CL"]\n')
    text = "market,dsr,fulfilment_days\nBR,4.8,15\nCL,4.8,15\n"
    wanted = ("reverse", "-", *STORE, "--quiet", "--value", "eligibility")
    assert run(*wanted, stdin=text.encode()).out == b"eligible\nblocked\n"
    assert run(*wanted, "--config", config, stdin=text.encode()).out == b"blocked\neligible\n"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("reverse.gate.dsr", "high", "'high' is not a number"),
        ("reverse.best.limited_rate", "20%..15%", "'20%..15%' has its ends swapped"),
        ("reverse.best.spend_save", "30", "30"),
        ("reverse.bid_factor", "more", "'more' is not a number"),
        ("reverse.weight.price_and_logistics", "43", "'43' is not a rate; write 43% or 0.43"),
    ],
)
def test_a_rule_that_cannot_be_used_is_refused(
    run: Run, tmp_path: Path, key: str, value: str, reason: str
) -> None:
    config = tmp_path / "mine.toml"
    config.write_text(f'[rules]\n"{key}" = "{value}"\n')
    ran = run("reverse", "--dsr", "4.8", "--price", "20", "--config", config)
    assert ran.code == 2
    assert key in ran.err
    assert reason in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (("--running", "limted"), "'limted' is not a promotion; did you mean 'limited'?"),
        (
            ("--running", "limited,storwide"),
            "'storwide' is not a promotion; did you mean 'storewide'",
        ),
        (("--running", "全店折扣价"), "'全店折扣价' is not a promotion; did you mean '全店折扣'?"),
        (("--market", "ZZ"), "'ZZ' is not a market; write a country's code, such as ES"),
        (("--market", "ES,Atlantis"), "'Atlantis' is not a market; write a country's code"),
        (("--market", "Spian"), "'Spian' is not a market; did you mean 'Spain'?"),
    ],
)
def test_a_mistyped_promotion_or_market_is_refused(
    option: tuple[str, str], line: str, run: Run, tmp_path: Path
) -> None:
    flag, value = option
    file = tmp_path / "skus.csv"
    file.write_text("sku\nA-1\nA-2\n")
    for call in ((), (file,)):
        refused = run("reverse", *call, *option)
        assert (refused.code, refused.out) == (2, b"")
        assert refused.err.startswith(f"aepromo: {flag}: {line}")
        assert refused.err.count("\n") == 1
    file.write_text(f'sku,{flag[2:]}\nA-1,\nA-2,"{value}"\n')
    refused = run("reverse", file, "--quiet")
    assert refused.code == 3
    assert refused.err.startswith(f"{file}:3: {flag[2:]}: {line}")


@pytest.mark.parametrize("market", ["PL", "pl", "Poland", "波兰", "UK", "Hong Kong", "阿联酋"])
def test_any_country_can_be_a_market(market: str) -> None:
    assert eligibility(market=market) == "eligible"


def test_a_market_has_one_code_for_all_its_names() -> None:
    assert judged(PASSES | {"market": "波兰,PL,Poland,UK"})["eligible_markets"] == "PL, GB"
