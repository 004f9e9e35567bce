"""Header rows of sellers' files: read right, or asked about, and never wrong without a message."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from aepromo.errors import CallError, InputError
from aepromo.past_rates.past_orders import USES
from aepromo.platform.columns import PARCEL_INPUTS
from aepromo.table import headers
from aepromo.table.headers import (
    SUMMED,
    HeaderReading,
    Headers,
    HeaderUse,
    plain,
    read_header,
    read_headers,
)
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import speak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Run

PRICES = (
    *("sku", "product_id", "title", "category", "purchase_price", "logistics_cost", "other_cost"),
    *("cost_currency", "fx_rate", "list_price", "max_price", "limited_rate", "forced_rate"),
    *("forced_rate_min", "forced_rate_max", "commission_rate", "payment_rate", "other_rate"),
    *("target_price", "target_profit", "target_margin", "target_markup", "units_30d", "weight_g"),
    *("market", "stock"),
)
WANTED = {
    "prices": PRICES,
    "orders": USES,
    "parcels": ("sku", *(column.name for column in PARCEL_INPUTS)),
}
"""The columns that a command reads, by the kind of its file."""

FOLDER = Path(__file__).parent / "headers"
ROWS = tomllib.loads((FOLDER / "rows.toml").read_text(encoding="utf-8"))["row"]
VOCABULARY = Path(headers.__file__).with_name("vocabulary.txt").read_text(encoding="utf-8")
LINES = [line for line in VOCABULARY.splitlines() if not line.startswith("#")]


NAMES = [
    line.replace("\\n", "\n").rpartition(" = ")
    for line in (FOLDER / "names.txt").read_text(encoding="utf-8").splitlines()[1:]
]


def read_as_of(row: Headers) -> dict[str, str]:
    """The reading of headers: header → column, and the currency or unit of its cells."""
    found = {}
    for places in row.positions.values():
        for at in places:
            reading = row.readings[at]
            unit = reading.currency or reading.unit
            found[row.names[at]] = f"{reading.column} {unit}" if unit else reading.column
    return found


class Verdict(NamedTuple):
    """The result for a header row: the headers that are read wrongly, and the unknown ones."""

    wrong: dict[str, str]
    missed: set[str]


def judged(row: dict[str, object]) -> Verdict:
    """Compare a header row of the collection with its expected reading."""
    wanted = WANTED[str(row.get("for", "prices"))]
    expected, asked = dict(row.get("read", {})), dict(row.get("ask", {}))  # type: ignore[call-overload]
    expected = {name: text for name, text in expected.items() if text.split()[0] in wanted}
    asked = {name: column for name, column in asked.items() if column in wanted}
    try:
        found = read_headers(str(row["header"]).split("|"), wanted, {})
    except InputError as error:
        refused = list(row.get("refused", ["nothing"]))  # type: ignore[call-overload]
        return Verdict({}, {str(error) for name in refused if f"'{name}'" not in str(error)})
    taken = read_as_of(found)
    wrong = {name: text for name, text in taken.items() if expected.get(name) != text}
    questions = {each.header: each.columns for each in found.ambiguous}
    missed = {name for name in expected if name not in taken and name not in questions}
    # If a column was found, another header that may mean it is not asked about.
    missed |= {
        name
        for name, column in asked.items()
        if column not in questions.get(name, ()) and (column not in found.positions)
    }
    return Verdict(wrong, missed | set(row.get("refused", ())))  # type: ignore[call-overload]


def test_public_header_rows_are_read_right_or_asked_about() -> None:
    verdicts = {row["from"]: judged(row) for row in ROWS}
    assert len(verdicts) == len(ROWS) >= 60
    assert {name: each.wrong for name, each in verdicts.items() if each.wrong} == {}
    assert {name: each.missed for name, each in verdicts.items() if each.missed} == {}


@pytest.mark.parametrize(("name", "_equals", "expected"), NAMES)
def test_a_name_has_the_meaning_of_its_program(name: str, _equals: str, expected: str) -> None:
    reading = read_header(name)
    unit = reading.currency or reading.unit
    taken = f"{reading.column} {unit}" if unit else reading.column
    asked = "?" + ", ".join(reading.may_be) if reading.may_be else "-"
    if expected.startswith("?"):
        assert asked.startswith(expected)
    else:
        assert (taken or asked) == expected


def test_the_vocabulary_has_a_line_for_each_name_and_nothing_twice() -> None:
    known: dict[str, str] = {
        plain(own): own for name, column in INPUTS.items() for own in (name, *column.chinese[:1])
    }
    for line in LINES:
        name, columns, language, origin, *how = line.split(" | ")
        assert plain(name) not in known, f"{name} is {known[plain(name)]}"
        known[plain(name)] = name
        assert language in ("en", "zh"), line
        assert origin.strip() == origin != "", line
        assert HeaderUse(how[0] if how else "") is not HeaderUse.UNKNOWN, line
        names = columns.removesuffix(" in kg").split(", ")
        assert names == ["-"] or set(names) <= set(INPUTS), line
        assert (names == ["-"]) == (how in (["not used"], ["order"])), line
        assert len(names) == 1 or how == ["ask"], line
    assert set(headers._vocabulary()) == set(known)


def test_the_vocabulary_is_read_quickly() -> None:
    best = 1.0
    for _attempt in range(20):
        headers._vocabulary.cache_clear()
        start = time.process_time()
        read_header("Unit cost")
        best = min(best, time.process_time() - start)
    assert best < 0.01  # 2 ms on an idle machine


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("  PURCHASE\u3000price ", "purchase_price"),
        ("ｓｋｕ", "sku"),
        ("*SKU\n(必填)", "sku"),
        ("Unit—cost (Required)", "purchase_price"),
        ("采购价【选填】", "purchase_price"),
        ("\ufeffsku\u200b", "sku"),
        ("采购\r\n价", "purchase_price"),
        ("Cost_Price*", "purchase_price"),
    ],
)
def test_case_spaces_and_marks_in_a_name_are_ignored(header: str, column: str) -> None:
    assert read_header(header).column == column


@pytest.mark.parametrize(
    ("header", "column", "unit"),
    [
        ("成本价(RMB)", "purchase_price", "CNY"),
        ("采购参考价（元）", "purchase_price", "CNY"),
        ("采购参考价\n【人民币】", "purchase_price", "CNY"),
        ("Cost_CNY", "purchase_price", "CNY"),
        ("Price (USD)", "list_price", "USD"),
        ("Price [US $]", "list_price", "USD"),
        ("Price in USD", "list_price", "USD"),
        ("Price, EUR", "list_price", "EUR"),
        ("Price/USD", "list_price", "USD"),
        ("Cost (USD/pcs)", "purchase_price", "USD"),
        ("成本价（元/件）", "purchase_price", "CNY"),
        ("Cost (¥)", "purchase_price", "¥"),
        ("售价($)", "list_price", "$"),
        ("售价美元", "list_price", "USD"),
        ("售价USD", "list_price", "USD"),
        ("采购价格，单位：元", "purchase_price", "CNY"),
        ("Price (USD $)", "list_price", "USD"),
        ("Cost PEN", "purchase_price", "PEN"),
        ("重量(kg)", "weight_g", "kg"),
        ("Weight kg", "weight_g", "kg"),
        ("毛重（公斤）", "weight_g", "kg"),
        ("package_weight", "weight_g", "kg"),
        ("佣金率(%)", "commission_rate", "%"),
        ("佣金%", "commission_rate", "%"),
        ("Commission (%)", "commission_rate", "%"),
    ],
)
def test_a_unit_at_the_end_of_a_header_belongs_to_its_cells(
    header: str, column: str, unit: str
) -> None:
    reading = read_header(header)
    assert (reading.column, reading.currency or reading.unit) == (column, unit)


@pytest.mark.parametrize("header", ["重量(g)", "重量g", "Weight (grams)", "Variant Grams", "克重"])
def test_weights_are_in_grams(header: str) -> None:
    assert read_header(header)[:3] == ("weight_g", None, None)


@pytest.mark.parametrize(
    "header",
    [
        *("Weight (lb)", "重量(斤)", "运费(元/kg)", "Price/kg", "汇率(USD/CNY)", "Price ALL"),
        *("佣金(USD)", "成本(%)", "Price (USD/EUR)", "Cost max", "Price (ES)", "库存(kg)"),
    ],
)
def test_a_unit_that_does_not_fit_a_column_is_not_ignored(header: str) -> None:
    assert not read_header(header).is_taken


def test_a_map_keeps_the_unit_of_its_header() -> None:
    names = ("我的成本(元)", "Ship wt [kg]", "Fee for sale (%)")
    mapping = dict(zip(names, ("purchase_price", "weight_g", "commission_rate"), strict=True))
    row = read_headers(names, PRICES, mapping)
    assert [each[:3] for each in row.readings] == [
        ("purchase_price", "CNY", None),
        ("weight_g", None, "kg"),
        ("commission_rate", None, "%"),
    ]
    assert row.lines() == []


def test_a_map_of_pounds_is_refused() -> None:
    with pytest.raises(InputError, match=r"'Mass \(lb\)' is in lb; write grams or kilograms"):
        read_headers(["Mass (lb)"], PRICES, {"Mass (lb)": "weight_g"})


def test_costs_and_rates_of_several_columns_add_up() -> None:
    names = ["sku", "头程运费(元)", "包装费", "联盟佣金率", "广告费率(%)", "包材"]
    row = read_headers(names, PRICES, {"包材": "other_cost"})
    assert row.positions == {"sku": (0,), "other_cost": (1, 2, 5), "other_rate": (3, 4)}
    assert [row.readings[at].currency for at in row.positions["other_cost"]] == ["CNY", None, None]
    assert {"other_cost", "other_rate"} == SUMMED


def test_headers_that_were_recognised_are_reported_in_a_line() -> None:
    names = ["货号", "Unit cost", "Price (USD)", "利润率", "毛利", "划线价", "售价区间", "颜色"]
    assert read_headers(names, PRICES, {}).lines() == [
        "read as: Unit cost → purchase_price, Price (USD) → list_price in USD",
        "'利润率' may be target_margin, '毛利' may be target_profit; say so with "
        "--map '利润率=target_margin' --map '毛利=target_profit'",
        "not used: 划线价, 售价区间",
    ]


def test_a_header_that_may_mean_money_left_out_is_a_warning() -> None:
    row = read_headers(["sku", "Insurance", "Discount", "Margin"], PRICES, {})
    discount = "'Discount' may be limited_rate or forced_rate"
    margin = "'Margin' may be target_margin; say so with --map 'Margin=target_margin'"
    assert row.lines() == [margin]
    assert row.warnings() == [
        f"'Insurance' may be other_cost, {discount}; say so with --map 'Insurance=other_cost' "
        "--map 'Discount=limited_rate'"
    ]
    rest = f"{discount}; say so with --map 'Discount=limited_rate'"
    assert row.warnings(["other_cost"]) == [rest]
    assert row.warnings(["other_cost", "limited_rate"]) == []
    assert len(row.lines(["other_cost", "limited_rate"])) == 1


@pytest.mark.parametrize("call", [("reprice",), ("audit",), ("explain", "--sku", "A")])
def test_that_warning_is_not_silenced_by_quiet(
    call: tuple[str, ...], run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "skus.csv"
    file.write_text("sku,Cost,logistics_cost,list_price,Insurance\nA,8,3,20,1\n")
    ran = run(*call, file, "-q")
    asked = "'Insurance' may be other_cost; say so with --map 'Insurance=other_cost'"
    assert (ran.code, ran.err) == (0, f"warning: {asked}\n")
    for answer in (("--other-cost", "0"), ("--map", "Insurance=other_cost")):
        assert run(*call, file, "-q", *answer).err == ""


def test_ambiguous_headers_are_reported_only_if_they_matter() -> None:
    names = ["sku", "target_margin", "利润率", "Discount"]
    row = read_headers(names, ("sku", "target_margin"), {})
    assert row.ambiguous == ()
    assert row.not_used == ("利润率", "Discount")


def test_columns_that_are_replaced_or_written_by_the_program_are_not_asked_about() -> None:
    names = ["sku", "margin", "profit", "净利", "deal_price"]
    row = read_headers(names, PRICES, {}, added=("margin", "profit"))
    assert row.lines() == []


@pytest.mark.parametrize("own", ["purchase_price", "Purchase Price", "采购价"])
def test_a_header_spelled_like_the_column_wins(own: str) -> None:
    row = read_headers(["Cost", own], PRICES, {})
    assert row.position("purchase_price") == 1
    assert row.not_used == ("Cost",)


def test_two_headers_for_one_column_are_both_named() -> None:
    with pytest.raises(InputError) as refused:
        read_headers(["Cost", "Unit cost (USD)"], PRICES, {})
    assert str(refused.value) == (
        "'Cost' and 'Unit cost (USD)' both mean purchase_price; "
        "choose one with --map 'Unit cost (USD)=purchase_price'"
    )
    chosen = read_headers(["Cost", "Unit cost (USD)"], PRICES, {"Cost": "purchase_price"})
    assert chosen.position("purchase_price") == 0
    assert chosen.not_used == ("Unit cost (USD)",)


def test_amounts_of_orders_are_asked_about() -> None:
    names = ["订单号", "商品SKU", "成本", "运费", "purchase_price"]
    row = read_headers(names, PRICES, {})
    assert row.positions == {"sku": (1,), "purchase_price": (4,)}
    assert [each.header for each in row.ambiguous] == ["运费"]
    assert read_headers(names[1:], PRICES, {}).position("logistics_cost") == 2


def test_all_missing_columns_are_named_with_options_to_paste() -> None:
    names = ["sku", "purchase in total", "供货价", "ship it", "颜色"]
    needed = ("purchase_price", "logistics_cost")
    with pytest.raises(InputError) as refused:
        read_headers(names, PRICES, {}, needed=needed)
    message = str(refused.value)
    assert message.startswith("no column for purchase_price, logistics_cost; the file has sku, ")
    assert "--map '供货价=purchase_price' --map 'ship it=logistics_cost'" in message
    assert message.endswith(", or give --purchase-price, --logistics-cost")


def test_the_options_to_paste_work() -> None:
    long = "purchase " * 20
    names = ["sku", "Seller's\n buying\u200b price?", long]
    with pytest.raises(InputError) as refused:
        read_headers(names, PRICES, {}, needed=("purchase_price",))
    (pasted,) = re.findall(r"--map '(.*)'", str(refused.value))
    header, _equals, column = pasted.replace("'\"'\"'", "'").rpartition("=")
    assert read_headers(names, PRICES, {header: column}).position("purchase_price") in (1, 2)
    cut = headers.shown_header(long)
    assert len(cut) == 81
    assert read_headers(names, PRICES, {cut: "purchase_price"}).position("purchase_price") == 2


def test_messages_are_shortened() -> None:
    names = ["sku", *(f"{'price ' * 100} {number}" for number in range(500))]
    lines = read_headers(names, PRICES, {}).lines()
    with pytest.raises(InputError) as refused:
        read_headers(names, PRICES, {}, needed=("purchase_price", "logistics_cost"))
    with pytest.raises(InputError) as unknown:
        read_headers(names, PRICES, {"price": "list_price"})
    assert all(len(text) < 2000 for text in (*lines, str(refused.value), str(unknown.value)))
    assert lines[0].endswith(", …")


def test_a_mapping_is_checked() -> None:
    with pytest.raises(CallError, match="no column is called 'list_prise'; did you mean"):
        read_headers(["Cost"], PRICES, {"Cost": "list_prise"})
    with pytest.raises(InputError, match="the file has no column 'Csot'; did you mean 'Cost'"):
        read_headers(["Cost"], PRICES, {"Csot": "purchase_price"})


def test_twenty_thousand_headers_are_read_quickly() -> None:
    names = ["sku", *(f"{word} {number} (USD)" for number in range(10_000) for word in ("a", "b"))]
    start = time.process_time()
    read_headers(names, PRICES, {"a 7 (USD)": "purchase_price"})
    assert time.process_time() - start < 1.2  # a third of that on an idle machine


def test_map_goes_before_the_meaning_of_a_header() -> None:
    names = ["货号", "Cost", "成本价(RMB)", "运费", "重量(kg)", "利润率"]
    assert read_headers(names, PRICES, {"Cost": "max_price"}).positions == {
        "sku": (0,),
        "max_price": (1,),
        "purchase_price": (2,),
        "logistics_cost": (3,),
        "weight_g": (4,),
    }


@pytest.fixture
def _chinese() -> Iterator[None]:
    speak("zh")
    yield
    speak("en")


@pytest.mark.usefixtures("_chinese")
def test_the_notes_are_translated() -> None:
    lines = read_headers(["货号", "成本(RMB)", "利润率", "划线价"], PRICES, {}).lines()
    assert "采购价" in lines[0]
    assert "--map '利润率=目标毛利率'" in lines[1]
    assert "划线价" in lines[2]
    mapped = read_headers(["货号", "利润率"], PRICES, {"利润率": "目标毛利率"})
    assert mapped.position("target_margin") == 1


def test_a_reading_has_the_origin_of_its_name() -> None:
    assert read_header("Variant SKU") == HeaderReading(
        "sku", origin="Shopify products", how=HeaderUse.TAKEN
    )
    assert read_header("nothing that is known") == HeaderReading()


def test_the_chinese_name_of_a_result_is_a_header_without_variations() -> None:
    """So that a result of an earlier run is found by its name as it is declared."""
    names = [name for column in RESULTS.values() for name in column.chinese[:1]]
    assert len(names) == len(RESULTS)
    assert [plain(name) for name in names] == names


def test_a_column_that_is_both_read_and_added_has_one_chinese_name() -> None:
    both = INPUTS.keys() & RESULTS.keys()
    assert "event" in both
    assert [name for name in both if INPUTS[name].chinese[:1] != RESULTS[name].chinese[:1]] == []


@pytest.mark.parametrize(
    ("pair", "remedy"),
    [
        ("purchase_price=Cost", "Cost=purchase_price"),
        ("物流费=头程(元)", "头程(元)=logistics_cost"),
        ("logistics_cost=运费", "运费=logistics_cost"),
    ],
)
def test_a_map_that_names_the_column_first_is_turned_round(
    run: Run, pair: str, remedy: str
) -> None:
    stdin = "SKU,Cost,头程(元),运费\nA,2,3,4\n".encode()
    ran = run("reprice", "-", "--map", pair, stdin=stdin)
    line = f"aepromo: --map: the header comes first; write --map '{remedy}'\n"
    assert (ran.code, ran.out, ran.err) == (2, b"", line)


def test_an_unknown_column_of_a_map_lists_no_others(run: Run) -> None:
    ran = run("reprice", "-", "--map", "Cost=Einkauf", stdin=b"SKU,Cost\nA,2\n")
    line = "aepromo: --map: no column is called 'Einkauf'; see aepromo help columns\n"
    assert (ran.code, ran.err) == (2, line)
