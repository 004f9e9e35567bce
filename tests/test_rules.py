"""The rule book: every figure as reported, found by its key, and complete."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aepromo import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(rules.__file__).parent
KEYS = [figure.key for figure in rules.book()]

FORMS = {
    "ratio": r"\d+(\.\d+)?%(\.\.\d+(\.\d+)?%)?",
    "percent_points": r"-?\d+(\.\d+)?",
    "money": r"\d+(\.\d\d)?",
    "multiple": r"\d+\.\d+",
    "count": r"\d+",
    "rank": r"\d+",
    "score": r"\d\.\d\d",
    "index": r"\d+",
    "level": r"L\d",
    "days": r"\d+(\.\d+)?",
    "hours": r"\d+(\.\d+)?",
    "seconds": r"\d+(\.\.\d+)?",
    "date": r"\d{4}-\d\d",
    "tier": r"\d+:\d+",
    "text": r"\S.*\S",
    "yes_no": r"yes|no",
    "switch": r"on|off",
    "exchange_rate": r"\d+(\.\d+)?",
}
"""How a value of each unit is written, so that a program can read it."""

USUAL = (
    "CNY 7.1 EUR 0.9 GBP 0.77 JPY 150 RUB 85 BRL 5.5 HKD 7.8 KRW 1400 AUD 1.5 CAD 1.4 TWD 32 "
    "MXN 19 INR 86 TRY 40 PLN 3.8 UAH 42 ILS 3.5 SAR 3.75 AED 3.67 KZT 520 VND 26000 THB 33 "
    "IDR 16400 MYR 4.3 PHP 57 SGD 1.3 CHF 0.85 SEK 9.8 NOK 10.3 DKK 6.7 CZK 22 HUF 360 "
    "NZD 1.7 CLP 950 ZAR 18 "
)

FIGURES: dict[str, str | tuple[str, ...]] = {
    # fees and floor
    "fees.commission_rate": "8%",
    "fees.payment_rate": "1.2%",
    "floor.multiple": "1.15",
    "floor.breakdown_message": "Forced Discount + Store Coupon > Max Allowed Discount",
    "floor.breakdown_path": ("Seller Center", "Orders", "Discount Breakdown"),
    "coupon.exclude_forced_default": "on",
    "coupon.exclude_forced_since": "2024-02",
    "coupon.exclude_forced_option": "Exclude Forced Discount Items",
    "spend_save.base": "forced-discounted price",
    # forced discount
    "forced.rate": "10%..20%",
    "forced.mean_rate": "12.3%",
    "forced.share": "18.7%",
    "forced.loss_share": "12.3%",
    "forced.label.conversion": "5.8%",
    "forced.label.dsr": "4.78",
    "forced.label.days": "9.2",
    "forced.gate1.level": "L3",
    "forced.gate1.orders_30d": "200",
    "forced.gate1.refund_rate": "2.1%",
    "forced.gate2.rank": "10",
    "forced.gate2.click_multiple": "1.6",
    "forced.gate2.cart_rate": "3.4%",
    "forced.gate3.event": ("competitor_limited_discount", "platform_flash_deals"),
    "forced.fit.level": "L3",
    "forced.fit.gmv_90d": "50000",
    "forced.fit.fulfilment_rate": "92.7%",
    "forced.rarely.store_age_days": "90",
    "forced.rarely.level": ("L1", "L2"),
    "forced.categories.count": "27",
    "forced.categories.apparel.share": "31.4%",
    "forced.categories.home_garden.share": "22.8%",
    "forced.categories.consumer_electronics.share": "18.6%",
    "forced.categories.also": ("3C accessories", "beauty tools"),
    "forced.categories.not_covered": ("jewellery", "automotive parts"),
    "forced.uplift.exposure": "23.6%",
    "forced.uplift.click_rate": "17.2%",
    "forced.uplift.sample": "12843",
    "forced.own_campaign_pass_rate": "41.7%",
    "forced.feed_field": "discount_status",
    "forced.feed_value": "forced",
    "forced.react_hours": "2",
    # Price Protection
    "appeal.level": "L4",
    "appeal.since": "2024-04",
    "appeal.path": ("Seller Center", "Marketing", "Price Protection"),
    "appeal.min_profit": "0.80",
    "appeal.strong_margin": "18.5%",
    "appeal.strong_pass_rate": "79.3%",
    "appeal.pass_rate": "68.5%",
    "appeal.response_hours": "4.2",
    "appeal.papers": ("purchase_invoice", "shipping_cost_detail", "margin_worksheet"),
    "appeal.papers.invoice_max_age_days": "7",
    "appeal.papers.invoice_shows": ("unit_price_with_tax",),
    "appeal.papers.shipping_shows": ("first_weight", "additional_weight", "registration_fee"),
    "appeal.papers.shipping_matches": "the carrier's own data",
    "appeal.papers.worksheet_formula": (
        "list_price * (1 - forced_rate) - purchase_price - logistics_cost"
        " - commission - payment_fee"
    ),
    # reverse promotion
    "reverse.potential.cart_conversion": "8.2%",
    "reverse.potential.price_index": "91",
    "reverse.gate.sell_through_30d": "92%",
    "reverse.gate.dsr": "4.78",
    "reverse.gate.days": "12.3",
    "reverse.gate.days_long_haul": "15.6",
    "reverse.long_haul_markets": ("BR", "RU"),
    "reverse.dsr_top_share": "20%",
    "reverse.weight.fulfilment_stability": "17%",
    "reverse.weight.price_and_logistics": "43%",
    "reverse.on_time_rate": "99.2%",
    "reverse.on_time_rate.trigger_multiple": "3.8",
    "reverse.account.business_licence": "yes",
    "reverse.account.payout": ("Payoneer", "Wise"),
    "reverse.account.standard_line": "yes",
    "reverse.us.filing": ("FDA", "CPSC"),
    "reverse.us.pass_rate": "12.4%",
    "reverse.regions": ("ES", "FR", "SA"),
    "reverse.regions.selection_multiple": "2.3",
    "reverse.categories.consumer_electronics.trigger_rate": "21.6%",
    "reverse.categories.home_garden.trigger_rate": "18.3%",
    "reverse.categories.apparel_accessories.trigger_rate": "16.9%",
    "reverse.cart72h": "5.1%",
    "reverse.cart72h.miss_share": "83.6%",
    "reverse.cart72h.sample": "2000",
    "reverse.erp_delay": "4",
    "reverse.sync_delay": "90",
    "reverse.sync_delay.trigger_uplift": "37%",
    "reverse.variant_stock": ("out of stock",),
    "reverse.reevaluate_hours": "6",
    "reverse.stack.allowed": ("Limited Time Discount", "Spend & Save"),
    "reverse.stack.forbidden": ("Storewide Sale",),
    "reverse.best.limited_rate": "15%..20%",
    "reverse.best.spend_save": "30:3",
    "reverse.best.basket_uplift": "22.8%",
    "reverse.best.returns_change": "-1.2",
    "reverse.uplift.exposure": "23.7%",
    "reverse.uplift.click_rate": "18.5%",
    "reverse.uplift.sample": "860000",
    "reverse.bid_factor": "1.15",
    "reverse.content.video_seconds": "28..35",
    "reverse.content.first_frame": "multilingual selling points",
    "reverse.content.first_frame.click_uplift": "11.3%",
    # tracking
    "tracking.number_valid": "yes",
    "tracking.real_track": "yes",
    "tracking.upload_hours": "24",
    "tracking.gap_hours": "72",
    "tracking.certified_carrier": "yes",
    "tracking.end_hours": "2",
    "tracking.lost_share": "61.3%",
    # of the program itself
    "stacking.own_and_forced": "multiply",
    "stacking.settles": "to a cent, before order offers",
    "stacking.share": "in proportion to price, up to a cent",
    "stacking.fees": "each rounded up in what a deal must reach",
    "limited.places": "1%",
    "reprice.max_change": "50%",
    "fx.max_age_days": "7",
    "price_update.products_per_call": "20",
    "price_update.skus_per_product": "200",
    **{f"fx.usual.{code}": rate for code, rate in re.findall(r"(\w+) ([\d.]+)", USUAL)},
}

THRESHOLDS = {
    "floor.multiple": "<",
    "forced.label.conversion": ">",
    "forced.label.dsr": ">=",
    "forced.label.days": "<=",
    "forced.gate1.level": ">=",
    "forced.gate1.orders_30d": ">=",
    "forced.gate1.refund_rate": "<",
    "forced.gate2.rank": "<=",
    "forced.gate2.click_multiple": ">=",
    "forced.gate2.cart_rate": ">=",
    "forced.fit.level": ">=",
    "forced.fit.gmv_90d": ">=",
    "forced.fit.fulfilment_rate": ">=",
    "forced.rarely.store_age_days": "<",
    "forced.react_hours": "<=",
    "appeal.level": ">=",
    "appeal.min_profit": ">=",
    "appeal.strong_margin": ">",
    "appeal.papers.invoice_max_age_days": "<=",
    "reverse.potential.cart_conversion": ">",
    "reverse.potential.price_index": ">=",
    "reverse.gate.sell_through_30d": ">=",
    "reverse.gate.dsr": ">=",
    "reverse.gate.days": "<=",
    "reverse.gate.days_long_haul": "<=",
    "reverse.on_time_rate": ">=",
    "reverse.cart72h": ">=",
    "reverse.erp_delay": ">",
    "reverse.sync_delay": "<=",
    "tracking.upload_hours": "<=",
    "tracking.gap_hours": ">",
    "tracking.end_hours": "<=",
    "fx.max_age_days": "<=",
}

GOOD = """
[rate]
value = "8%"
unit = "ratio"
meaning = "A rate."
origin = "A page"
date = "2024"
"""


def test_every_figure_reads_as_reported_and_none_is_missing_or_extra() -> None:
    assert {figure.key: figure.value for figure in rules.book()} == FIGURES


def test_thresholds_compare_as_their_origin_does() -> None:
    assert {figure.key: figure.compare for figure in rules.book() if figure.compare} == THRESHOLDS


def test_only_an_assumed_end_of_a_span_carries_the_span() -> None:
    spans = {figure.key: figure.span for figure in rules.book() if figure.span}
    assert spans == {"fees.commission_rate": "5%..8%", "fees.payment_rate": "0.8%..1.2%"}


@pytest.mark.parametrize("key", KEYS)
def test_every_figure_is_complete_and_has_the_form_of_its_unit(key: str) -> None:
    figure = rules.rule(key)
    assert figure.key == key
    assert re.fullmatch(r"[A-Z].*[A-Za-z0-9)]\.", figure.meaning), "one plain sentence"
    assert len(figure.origin) > 10
    assert re.fullmatch(r"20\d\d(-Q[1-4]|-\d\d(-\d\d)?)?", figure.date)
    if isinstance(figure.value, tuple):
        assert figure.unit in rules.LISTS
        assert not figure.compare, "a list can't be compared"
    else:
        assert re.fullmatch(FORMS[figure.unit], figure.value)


def test_every_unit_is_one_that_the_program_can_read() -> None:
    assert set(FORMS) | rules.LISTS == rules.UNITS
    assert {figure.unit for figure in rules.book()} == rules.UNITS


@pytest.mark.parametrize("group", ["forced.gate1", "forced.gate2", "forced.fit", "reverse.gate"])
def test_a_gate_holds_nothing_but_thresholds(group: str) -> None:
    assert all(figure.compare for figure in rules.matching(group))


def test_origins_name_the_document_and_its_date() -> None:
    named = {
        "fees.commission_rate": ("《2024费率说明文档》, section 4.2", "2024"),
        "forced.mean_rate": ("《2024上半年流量规则白皮书》", "2024-Q2"),
        "forced.loss_share": ("《平台促销风控调研报告》", "2024-Q1"),
        "forced.gate2.cart_rate": ("《2024速卖通商品健康度诊断报告》", "2024"),
        "forced.uplift.exposure": ("A/B test by a top-50 apparel seller", "2026-03-01"),
        "appeal.pass_rate": ("速卖通商家支持中心工单统计", "2024-05"),
        "reverse.gate.days": ("《Promotion Eligibility Dashboard V2.1》", "2024-05"),
        "reverse.account.payout": ("《Account Health Requirements》", "2024-04"),
        "reverse.us.filing": ("《Regional Policy Bulletin Q2 2024》", "2024-Q2"),
    }
    for key, (document, date) in named.items():
        assert document in rules.rule(key).origin, key
        assert rules.rule(key).date == date, key


def test_an_undated_origin_has_the_date_of_its_page() -> None:
    undated = [figure for figure in rules.book() if figure.date == "2026-03-01"]
    assert undated
    for figure in undated:
        assert "date is the page's own" in figure.origin, figure.key


def test_a_family_comes_by_full_key_in_the_order_of_its_file() -> None:
    for name in rules.FAMILIES:
        text = (PACKAGE / "book" / f"{name}.toml").read_text(encoding="utf-8")
        headers = re.findall(r"^\[(.+)\]$", text, flags=re.MULTILINE)
        assert list(rules.family(name)) == [f"{name}.{header}" for header in headers]


def test_the_book_is_every_family_in_order_and_every_file_is_a_family() -> None:
    in_order = [key for name in rules.FAMILIES for key in rules.family(name)]
    assert in_order == KEYS
    assert {file.stem for file in (PACKAGE / "book").iterdir()} == set(rules.FAMILIES)


def test_every_file_begins_by_saying_what_the_family_is() -> None:
    for name in rules.FAMILIES:
        text = (PACKAGE / "book" / f"{name}.toml").read_text(encoding="utf-8")
        assert re.match(r"# [A-Z].+\.\n", text), name


def test_changing_a_returned_family_changes_no_other() -> None:
    rules.family("fees").clear()
    assert list(rules.family("fees")) == ["fees.commission_rate", "fees.payment_rate"]


def test_a_rule_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        rules.rule("forced.rate").value = "0%"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("fees", ["fees.commission_rate", "fees.payment_rate"]),
        ("forced.rate", ["forced.rate"]),
        (
            "forced.gate1",
            ["forced.gate1.level", "forced.gate1.orders_30d", "forced.gate1.refund_rate"],
        ),
        ("forced.categories.apparel", ["forced.categories.apparel.share"]),
        ("reverse.sync_delay", ["reverse.sync_delay", "reverse.sync_delay.trigger_uplift"]),
    ],
)
def test_a_prefix_gives_the_figure_and_those_under_it(prefix: str, keys: list[str]) -> None:
    assert [figure.key for figure in rules.matching(prefix)] == keys


@pytest.mark.parametrize("prefix", ["forced.gate", "forced.rat", "forced.", "", "fee", "nothing"])
def test_a_prefix_matches_whole_parts_only(prefix: str) -> None:
    with pytest.raises(rules.UnknownRule, match=f"no rule '{prefix}'; "):
        rules.matching(prefix)


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("forced.rat", "forced.rate"),
        ("fee.commission_rate", "fees.commission_rate"),
        ("appeal.minimum_profit", "appeal.min_profit"),
        ("commission_rate", "fees.commission_rate"),
        ("Forced.Gate1.Level", "forced.gate1.level"),
    ],
)
def test_an_unknown_key_names_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(rules.UnknownRule) as refusal:
        rules.rule(key)
    assert str(refusal.value) == f"no rule {key!r}; did you mean {nearest!r}?"
    assert isinstance(refusal.value, LookupError)


def test_a_group_is_not_a_rule() -> None:
    with pytest.raises(rules.UnknownRule):
        rules.rule("forced.gate1")


def test_an_unknown_prefix_can_be_near_a_group() -> None:
    with pytest.raises(rules.UnknownRule, match=r"did you mean 'forced\.categories'"):
        rules.matching("forced.categorys")


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(rules.UnknownRule, match="no group of rules 'forcd'; did you mean 'forced'"):
        rules.family("forcd")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The rules package on its own, under another name, for a test to damage."""
    copy = tmp_path / "copied_rules"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    yield copy
    sys.modules.pop("copied_rules", None)


def test_only_the_family_asked_for_is_parsed(copied: Path) -> None:
    for name in rules.FAMILIES:
        if name != "fees":
            (copied / "book" / f"{name}.toml").write_text("[broken", encoding="utf-8")
    damaged = importlib.import_module("copied_rules")

    assert damaged.rule("fees.payment_rate").value == "1.2%"
    assert len(damaged.matching("fees")) == 2
    assert len(damaged.family("fees")) == 2
    with pytest.raises(ValueError, match=r"^forced\.toml: "):
        damaged.rule("forced.rate")


def test_a_family_is_parsed_once(copied: Path) -> None:
    package = importlib.import_module("copied_rules")
    first = package.rule("fees.payment_rate")
    (copied / "book" / "fees.toml").unlink()
    assert package.rule("fees.payment_rate") is first


def test_importing_the_rules_loads_no_parser(copied: Path) -> None:
    seen = (
        "import sys; before = set(sys.modules); import copied_rules; "
        "new = set(sys.modules) - before; "
        "print(sorted(new & {'tomllib', 'difflib', 'importlib.resources'}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", seen], cwd=copied.parent, capture_output=True, text=True, check=True
    )
    assert ran.stdout == "[]\n"


def test_a_bad_field_in_a_file_is_refused_where_it_stands(copied: Path) -> None:
    file = copied / "book" / "forced.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('value = "5.8%"', "value = 0.058"), encoding="utf-8")
    damaged = importlib.import_module("copied_rules")
    with pytest.raises(
        ValueError, match=r"^forced\.toml: forced\.label\.conversion: value: 0\.058 is not text"
    ):
        damaged.book()


def test_a_good_table_is_accepted() -> None:
    parsed = rules._parse("fees", GOOD, "fees.toml")
    assert parsed == {
        "fees.rate": rules.Rule(
            "fees.rate", value="8%", unit="ratio", meaning="A rate.", origin="A page", date="2024"
        )
    }


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        ('value = "8%"', "value = 8", "rate: value: 8 is not text; write it in quotes"),
        ('value = "8%"', "value = 0.08", "rate: value: 0.08 is not text; write it in quotes"),
        ('value = "8%"', "value = true", "rate: value: True is not text; write it in quotes"),
        ('value = "8%"', 'value = " "', "rate: value: ' ' is not text; write it in quotes"),
        ('value = "8%"', "value = []", "rate: value: [] is not text; write it in quotes"),
        ('value = "8%"', 'value = ["8%", 9]', "rate: value: ['8%', 9] is not text; write it in"),
        ('value = "8%"', 'value.is = "8%"', "rate: value: {'is': '8%'} is not text; write it in"),
        ('value = "8%"', 'value = ["8%"]', "rate: the value ('8%',) doesn't fit the unit 'ratio'"),
        ('unit = "ratio"', 'unit = "list"', "rate: the value '8%' doesn't fit the unit 'list'"),
        ('unit = "ratio"', 'unit = "rate"', "rate: unknown unit 'rate'"),
        ('date = "2024"', "date = 2024-05-01", "rate: date: datetime.date(2024, 5, 1) is not text"),
        ('date = "2024"', 'date = ["2024"]', "rate: only a value may be an array"),
        ('date = "2024"', "", "rate: lacks 'date'"),
        ('origin = "A page"', "", "rate: lacks 'origin'"),
        ('origin = "A page"', 'orgin = "A page"', "rate: unknown field 'orgin'"),
        ('date = "2024"', 'date = "2024"\ncompare = "=>"', "rate: unknown comparison '=>'"),
        ('date = "2024"', 'date = "2024"\n[rate.more]', "rate.more: an empty table"),
        ('date = "2024"', 'date = "2024"\n[rate.more]\nvalue = "1"', "rate.more: lacks 'unit'"),
    ],
)
def test_a_bad_table_is_refused_by_file_and_key(good: str, bad: str, reason: str) -> None:
    assert good in GOOD
    with pytest.raises(ValueError, match=re.escape(f"fees.toml: fees.{reason}")):
        rules._parse("fees", GOOD.replace(good, bad), "fees.toml")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('value = "8%"\n', "fees.toml: value: a field outside any table"),
        ("[rate\n", "fees.toml: "),
        (GOOD + GOOD, "fees.toml: "),
    ],
)
def test_a_bad_file_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        rules._parse("fees", text, "fees.toml")
