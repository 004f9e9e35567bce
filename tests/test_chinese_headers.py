"""``--headers zh``: files with Chinese names of result columns, which can be read back."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import aepromo
from aepromo.table.headers import plain, read_header
from aepromo.table.schema import RESULTS, chinese

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Run

COSTS = b"""sku,title,purchase_price,logistics_cost,list_price,units_30d
00123,"tank top, red",2.15,1.85,7.90,412
00124,\xe8\xa3\x99,12.60,2.05,15.90,
"""
PARCELS = """货号,类目,采购价,运费,售价,30天销量,强制折扣率,物流单号,发货时间,发票日期
00123,服饰,2.15,1.85,7.90,412,15%,LP00123456789012,2026-02-27 10:00,2026-02-01
00124,家居,12.60,2.05,15.90,,15%,LP00123456789013,2026-02-27 10:00,2026-02-01
""".encode()
HEADERS = ("--headers", "zh", "--quiet")
EXAMPLES = Path(__file__).parent.parent / "examples"
STORE = ("--config", str(EXAMPLES / "forced-discount/store.toml"))
NOW = ("--now", "2026-03-10T09:00+08:00", "--fail-on", "never")
UNIT = ("-b", "8", "-l", "3", "--price", "20")
REREAD = {
    "reprice quick-start/skus.csv": (),
    "audit quick-start/skus.csv": ("--fail-on", "never"),
    "breakeven quick-start/skus.csv": (),
    "forced forced-discount/forced.csv": STORE,
    "reverse reverse-promotion/reverse.csv": STORE,
    "appeal price-protection/appeal.csv": (*STORE, "--on", "2026-03-10", "--fail-on", "never"),
    "tracking parcels/tracking.csv": NOW,
}
"""Commands that can read their own output."""
OTHERS = {
    "rates past-rates/orders.csv": (),
    "watch discount-feed/feed.csv": (*STORE, *NOW),
    "sweep quick-start/skus.csv": ("--step", "20%"),
    "sweep": (*UNIT, "--step", "20%"),
    "explain": (*UNIT, "--spend-save", "15:5", "--basket", "single"),
    "list-price": UNIT[:4],
    "rules": (),
    "doctor": (),
}


def test_every_result_has_a_chinese_name_of_its_own() -> None:
    names = {name: plain(chinese(name)) for name in RESULTS}
    assert [name for name, header in names.items() if header.isascii()] == []
    assert len(set(names.values())) == len(names)
    inputs = {name: read_header(chinese(name)).column for name in RESULTS}
    assert {name: column for name, column in inputs.items() if column not in ("", name)} == {}


@pytest.mark.parametrize(("command", "form"), [("margin", "csv"), ("reprice", "tsv")])
def test_a_command_changes_nothing_in_its_own_output(command: str, form: str, run: Run) -> None:
    asked = (command, "-", "--rate", "10%..20%", *HEADERS, "--format", form)
    once = run(*asked, stdin=COSTS)
    assert once.code in (0, 1), once.err
    assert once.out.decode().splitlines()[0].count("净利") >= 1
    assert run(*asked, stdin=once.out).out == once.out


def test_json_and_tables_have_chinese_headers_too(run: Run) -> None:
    json_rows = json.loads(run("floor", "-", *HEADERS, "--format", "json", stdin=COSTS).out)
    assert json_rows[0]["安全底线价"] == 2.48
    markdown = run("floor", "-", *HEADERS, "--format", "markdown", stdin=COSTS).out.decode()
    assert "| purchase_price |" in markdown
    assert "| 安全底线价 |" in markdown
    assert run("floor", "-b", "10", *HEADERS).out.decode() == "采购价,安全底线价\n10,11.50\n"


def test_columns_are_chosen_by_either_name(run: Run) -> None:
    for name in ("floor_price", "安全底线价"):
        assert run("floor", "-b", "10", "--value", name).out == b"11.50\n"
        chosen = run("floor", "-", "--columns", f"sku,{name}", "--quiet", stdin=COSTS)
        assert chosen.out.decode().splitlines()[0] == "sku,floor_price"


def test_audit_finds_a_proposed_price_by_its_chinese_name(run: Run, tmp_path: Path) -> None:
    repriced = tmp_path / "repriced.csv"
    asked = ("--rate", "13.2%", "--target-profit", "2")
    assert run("reprice", "-", *asked, *HEADERS, "-o", repriced, stdin=COSTS).code == 0
    audited = run("audit", repriced, *asked, "--columns", "status")
    assert audited.out.decode() == "价格状态\nok\nok\n"
    assert "priced by new_list_price" in audited.err


@pytest.mark.parametrize(
    "command",
    [
        ["reprice", "--rate", "15%"],
        ["audit", "--rate", "15%", "--fail-on", "never"],
        ["margin"],
        ["breakeven"],
        ["forced"],
        ["reverse"],
        ["appeal", "--on", "2026-03-01", "--fail-on", "never"],
        ["tracking", "--now", "2026-03-01", "--timezone", "UTC", "--fail-on", "never"],
    ],
    ids=lambda command: command[0],
)
def test_chinese_result_columns_are_replaced_with_either_headers(
    command: list[str], run: Run, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    once = run(*command, "-", "--headers", "zh", "-o", f"{first}.csv", stdin=PARCELS)
    assert once.code == 0, once.err
    forms = ("csv", "xlsx", "parquet") if command[0] in ("reprice", "forced") else ("csv",)
    for form in forms:
        file = f"{first}.{form}"
        if form != "csv":
            assert run(*command, "-", "--headers", "zh", "-o", file, stdin=PARCELS).code == 0
        for headers in ("zh", "en"):
            again = run(*command, file, "--headers", headers, "-o", f"{second}.{form}")
            assert again.code == 0, again.err
            assert "replaced" not in again.err
            same = Path(f"{second}.{form}").read_bytes() == Path(file).read_bytes()
            assert same, (form, headers)


def test_a_column_is_replaced_in_its_place_under_its_name(run: Run) -> None:
    own = "毛利率,sku,采购价,物流费,profit\n很高,A-1,8,3,0\n".encode()
    asked = ("margin", "-", "--price", "20", "--rate", "15%", "--headers", "zh")
    done = run(*asked, stdin=own)
    header, row = done.out.decode().splitlines()
    assert header == "毛利率,sku,采购价,物流费,profit,成交价,佣金,支付手续费"
    # 20 × 0.85 = 17; 8 % of it 1.36, 1.2 % 0.20 (0.204); 17 − 8 − 3 − 1.36 − 0.20 = 4.44
    assert row == "0.2611,A-1,8,3,4.44,17.00,1.36,0.20"
    assert "replaced: 毛利率, profit (the file had them; to keep one" in done.err
    kept = run(*asked, "--map", "毛利率=category", stdin=own).out.decode().splitlines()
    assert kept[0].endswith("支付手续费,毛利率")
    assert kept[1].startswith("很高,A-1,")


def test_frames_keep_their_column_names() -> None:
    frame = pd.DataFrame({"货号": ["A-1"], "净利": ["?"], "采购价": ["8"], "运费": ["3"]})
    policy = aepromo.Policy(list_price="20", forced_rate="15%")
    once = aepromo.margin(frame, policy)
    assert [*once][:4] == [*frame]
    assert [*once][4:] == ["deal_price", "commission", "payment_fee", "margin"]
    assert once["净利"].tolist() == [Decimal("4.44")]
    assert aepromo.margin(once, policy).equals(once)


def test_a_column_can_be_chosen_by_role_and_by_header(run: Run) -> None:
    own = "货号,我的成本,运费,售价,备注,品名\nA-1,8,3,20,红,裙\n".encode()
    asked = ("audit", "-", "-q", "--rate", "15%", "--map", "我的成本=purchase_price")
    for words, header in (
        ("sku,list_price,logistics_cost", "货号,售价,运费"),
        ("商品编码,标价,物流费", "货号,售价,运费"),
        ("货号,售价,运费,备注", "货号,售价,运费,备注"),
        ("Purchase Price,品名 ", "我的成本,品名"),
        ("SKU,净利,status", "货号,profit,status"),
    ):
        done = run(*asked, "--columns", words, stdin=own)
        assert done.code == 0, done.err
        assert done.out.decode().splitlines()[0] == header
    assert run(*asked, "--value", "list_price", stdin=own).out == b"20\n"
    judged = run(
        "forced", "-", "-q", "--columns", "商品编码,类目", stdin="货号,category\n7,x\n".encode()
    )
    assert judged.out.decode() == "货号,category\n7,x\n"


def test_two_words_for_one_column_are_refused(run: Run) -> None:
    own = "货号,采购价,运费,售价\nA-1,8,3,20\n".encode()
    refused = run("audit", "-", "-q", "--columns", "sku,status,货号", stdin=own)
    assert refused.code == 2
    assert refused.out == b""
    assert "'sku' and '货号' are the same column, '货号'" in refused.err


def test_a_word_for_two_columns_is_refused(run: Run) -> None:
    own = "货号,SKU编码,采购价,运费,售价\nA-1,7,8,3,20\n".encode()
    asked = ("audit", "-", "-q", "--columns")
    refused = run(*asked, "sku", stdin=own)
    assert refused.code == 2
    assert "column 'sku' may be '货号' or 'SKU编码'" in refused.err
    assert run(*asked, "SKU编码", stdin=own).out == "SKU编码\n7\n".encode()
    mapped = "cost,purchase_price,运费,售价\n8,9,3,20\n".encode()
    refused = run(*asked, "purchase_price", "--map", "cost=purchase_price", stdin=mapped)
    assert refused.code == 2
    assert "may be 'purchase_price' or 'cost'" in refused.err


def test_a_proposed_price_is_printed_by_value_with_any_header(run: Run) -> None:
    own = "货号,采购价,运费,新标价,标价\nA-1,8,3,17.90,20\n".encode()
    for name in ("new_list_price", "新标价"):
        assert run("audit", "-", "-q", "--value", name, stdin=own).out == b"17.90\n"


@pytest.mark.parametrize("price", ["list_price", "售价", "要价"])
def test_a_table_shows_the_list_price_with_any_header(price: str, run: Run) -> None:
    own = f"货号,采购价,运费,{price}\nA-1,8,3,20.01\n".encode()
    mapping = ("--map", f"{price}=list_price")
    for command in ("audit", "reprice"):
        shown = run(command, "-", "-q", *mapping, "--format", "table", stdin=own).out.decode()
        rows = [line for line in shown.splitlines() if line.startswith("A-1")]
        assert len(rows) == 1
        assert "20.01" in rows[0].split()
        assert "list_price" not in shown.split("not shown:")[1]


def test_a_table_shows_the_checked_price(run: Run) -> None:
    for price, proposed in (("list_price", "new_list_price"), ("售价", "新标价")):
        own = f"sku,采购价,运费,{price},{proposed}\nA-1,8,3,20.01,17.92\n".encode()
        shown = run("audit", "-", "-q", "--format", "table", stdin=own).out.decode()
        row = next(line for line in shown.splitlines() if line.startswith("A-1")).split()
        assert "17.92" in row
        assert "20.01" not in row
        mapped = ("--map", f"{price}=list_price")
        shown = run("audit", "-", "-q", *mapped, "--format", "table", stdin=own).out.decode()
        row = next(line for line in shown.splitlines() if line.startswith("A-1")).split()
        assert "20.01" in row
        assert "17.92" not in row


def test_other_languages_are_refused(run: Run) -> None:
    refused = run("floor", "-b", "10", "--headers", "fr")
    assert refused.code == 2
    assert "write en or zh" in refused.err


def test_a_workbook_sums_up_under_chinese_headers_as_under_english_ones(
    run: Run, tmp_path: Path
) -> None:
    calamine = pytest.importorskip("python_calamine")
    sums = []
    for headers in ("en", "zh"):
        book = tmp_path / f"{headers}.xlsx"
        asked = ("reprice", "-", "-q", "--headers", headers, "-o", book)
        assert run(*asked, stdin=COSTS).code == 0
        sums.append(
            calamine.CalamineWorkbook.from_path(str(book)).get_sheet_by_index(1).to_python()
        )
    assert sums[0] == sums[1]
    assert len(sums[0]) > 5


def header_of(text: str) -> list[str]:
    """The header of a CSV."""
    return next(csv.reader(text.splitlines()))


def keys_in(document: object) -> Iterator[str]:
    """Every key of a JSON document, at every depth."""
    if isinstance(document, dict):
        yield from document
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from keys_in(each)


@pytest.mark.parametrize("asked", REREAD | OTHERS)
def test_a_command_names_in_chinese_what_it_adds_and_reads_it_back(asked: str, run: Run) -> None:
    command, *files = asked.split()
    options = (REREAD | OTHERS)[asked]
    paths = [EXAMPLES / name for name in files]
    own = header_of(paths[0].read_text(encoding="utf-8")) if asked in REREAD else []
    written = run(command, *paths, *options, *HEADERS, "--format", "csv")
    assert written.code == 0, written.err
    header = header_of(written.out.decode())
    assert header[: len(own)] == own
    assert header[len(own) :]
    assert [name for name in header[len(own) :] if name.isascii()] == []
    document = json.loads(run(command, *paths, *options, *HEADERS, "--format", "json").out)
    assert [name for name in keys_in(document) if name.isascii() and name not in own] == []
    if asked in REREAD:
        assert run(command, "-", *options, *HEADERS, stdin=written.out).out == written.out


def test_the_steps_of_an_explanation_have_chinese_names(run: Run) -> None:
    asked = ("explain", *UNIT, "--quiet", "--columns", "step", "--format", "csv")
    written = ",".join(run(*asked, "--headers", "zh").out.decode().split())
    assert written == "步骤,标价,强制折扣,成交价,佣金,支付手续费,采购价,物流费,净利"
    assert run(*asked).out.decode().split("\n")[1] == "list price"


@pytest.mark.parametrize("rate_from", ["mean", "max", "p95"])
def test_rates_under_chinese_headers_are_joined_as_under_english_ones(
    rate_from: str, run: Run, tmp_path: Path
) -> None:
    priced = []
    for headers, form in (("en", "csv"), ("zh", "csv"), ("zh", "tsv")):
        listed = tmp_path / f"{headers}.{form}"
        run("rates", EXAMPLES / "past-rates/orders.csv", "--headers", headers, "-q", "-o", listed)
        joined = ("--rates", listed, "--rate-from", rate_from)
        priced.append(run("reprice", EXAMPLES / "quick-start/skus.csv", *joined, "-q"))
    assert priced[0].code == 0, priced[0].err
    assert priced[1:] == [priced[0]] * 2


def test_a_list_that_names_a_rate_twice_is_refused(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "rates.csv"
    listed.write_text("sku,p95_rate,P95折扣率\nA,10%,20%\n", encoding="utf-8")
    refused = run("reprice", "-", "--rates", listed, "--rate-from", "p95", stdin=COSTS)
    assert (refused.code, refused.out) == (3, b"")
    assert "'p95_rate' and 'P95折扣率' both mean p95_rate" in refused.err


def test_columns_are_chosen_by_chinese_names_where_no_file_names_them(run: Run) -> None:
    asked = ("watch", EXAMPLES / "discount-feed/feed.csv", *NOW, *HEADERS, "--format", "csv")
    chosen = run(*asked, "--columns", "商品编码,state").out.decode().splitlines()
    assert chosen[:2] == ["商品编码,状态", "CE-4023,new"]
    assert run("rules", "fees", "--value", "键").out == run("rules", "fees", "--value", "key").out


def test_bad_rows_are_set_aside_once_under_chinese_headers(run: Run, tmp_path: Path) -> None:
    first, again = tmp_path / "bad.csv", tmp_path / "again.csv"
    costs = b"sku,purchase_price,logistics_cost\nA,ten,3\nB,8,3\n"
    assert run("reprice", "-", *HEADERS, "--rejects", first, stdin=costs).code == 0
    header, row = first.read_text(encoding="utf-8").splitlines()
    assert header == "行号,出错列,出错原因,sku,purchase_price,logistics_cost"
    assert row.startswith("2,purchase_price,'ten' is not a number")
    assert row.endswith(",A,ten,3")
    assert run("reprice", first, *HEADERS, "--rejects", again).code == 0
    assert again.read_bytes() == first.read_bytes()


def test_map_accepts_a_columns_chinese_name_and_reports_a_mistyped_one(run: Run) -> None:
    costs = "sku,成本,物流费\nA,2,3\n".encode()
    mapped = run("floor", "-", "--map", "成本=采购价", "--value", "安全底线价", stdin=costs)
    assert (mapped.code, mapped.out) == (0, b"2.30\n")
    for asked in (("--map", "成本=采购介价"), ("--columns", "安全底线介")):
        refused = run("floor", "-", *asked, "-b", "8", stdin=costs)
        assert refused.code == 2
        assert (
            "did you mean '采购价'?" in refused.err or "did you mean '安全底线价'?" in refused.err
        )
