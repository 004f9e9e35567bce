"""``check``: how a file will be read, and the configuration that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from rich.cells import cell_len

if TYPE_CHECKING:
    from conftest import Run

EXAMPLES = Path(__file__).parent.parent / "examples"
OWN = """*SKU(必填),品名,成本(元),运费(元),利润率,划线价,佣金比例(%)
A-1,裙,56,21.5,20%,9,8
A-2,裤,40,$18,20%,9,8

A-1,裙,56,,20%,9,8
合计,,152,,,,
"""


def checked(run: Run, file: Path, *more: str) -> tuple[int, dict[str, Any]]:
    ran = run("check", file, "--format", "json", *more)
    return ran.code, json.loads(ran.out)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "own.csv"
    file.write_text(OWN)
    return file


def test_each_header_has_a_row(run: Run, own: Path) -> None:
    code, found = checked(run, own, "--fx", "CNY=7.12")
    assert code == 3  # a bad row
    rows = {row["header"]: row for row in found["headers"]}
    cost = rows["成本(元)"]
    assert (cost["read_as"], cost["unit"], cost["filled"], cost["blank"]) == (
        "purchase_price",
        "CNY",
        3,
        0,
    )
    shipping = rows["运费(元)"]
    assert (shipping["bad"], shipping["first"], shipping["odd"]) == (1, "21.5", "$18")
    assert (rows["利润率"]["note"], rows["利润率"]["may_be"]) == ("ask", ["target_margin"])
    assert rows["划线价"]["note"] == "not used"
    assert found["map"] == ["--map '利润率=target_margin'"]
    assert (found["kind"], found["rows"], found["total_rows"]) == ("costs", 3, [6])
    assert (found["encoding"], found["delimiter"], found["decimal"]) == ("utf-8", ",", ".")
    assert any("'A-1' on lines 2 and 5" in note for note in found["notes"])


def test_check_exits_as_the_command_would(run: Run, own: Path) -> None:
    code, found = checked(run, own)
    assert code == 3
    assert "--fx CNY=RATE" in found["refused"]
    code, found = checked(run, EXAMPLES / "quick-start/skus.csv")
    assert (code, found["refused"], found["bad_rows"]) == (0, "", 0)
    own.write_text("sku,colour\nA,red\n")
    code, found = checked(run, own)
    assert code == 3
    assert "no column for purchase_price, logistics_cost" in found["refused"]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("past-rates/orders.csv", "orders"),
        ("discount-feed/feed.csv", "feed"),
        ("discount-feed/feed.jsonl", "feed"),
        ("parcels/tracking.csv", "parcels"),
    ],
)
def test_files_of_other_commands_are_recognised(run: Run, file: str, kind: str) -> None:
    code, found = checked(run, EXAMPLES / file)
    assert (code, found["kind"], found["bad_rows"], found["refused"]) == (0, kind, 0, "")
    assert all(row["read_as"] for row in found["headers"])


@pytest.mark.parametrize("header", ["sku,deal_price,list_price", "商品编码,状态变更时间,库存"])
def test_a_feed_that_lacks_its_statuses_is_no_cost_file(run: Run, own: Path, header: str) -> None:
    own.write_text(f"{header}\nA,1,2\n", encoding="utf-8")
    code, found = checked(run, own)
    assert (code, found["kind"]) == (3, "feed")
    assert "no column for discount_status;" in found["refused"]
    assert "purchase_price" not in found["refused"]


def test_bad_rows_of_a_feed_are_those_of_watch(run: Run, own: Path) -> None:
    own.write_text(
        '{"sku": "A", "discount_status": "forced", "list_price": "12,5x"}\n'
        '{"sku": "B", "list_price": 9}\n'
        '{"sku": ["C"], "discount_status": "none"}\n'
    )
    told = run("watch", own, "--state", "state", "--timezone", "UTC", "--quiet")
    assert told.code == 3
    code, found = checked(run, own)
    assert (code, found["bad_rows"]) == (3, 3)
    assert (found["kind"], found["delimiter"], found["encoding"]) == ("feed", "", "utf-8")
    assert told.err.splitlines()[:3] == found["notes"][-3:]


def test_an_unremarkable_header_has_no_note(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text("sku,采购价\nA,5\n", encoding="utf-8")
    for language in ("en", "zh"):
        done = run("--lang", language, "check", own, "--columns", "header,note", "--format", "csv")
        shown = run(
            "--lang", language, "check", own, "--columns", "header,note", "--format", "table"
        )
        assert done.out.decode().splitlines()[1:] == ["sku,", "采购价,"]
        assert [line.split() for line in shown.out.decode().splitlines()[2:4]] == [
            ["sku"],
            ["采购价"],
        ]


def test_workbooks_and_parquet_are_read(run: Run, tmp_path: Path) -> None:
    table = pd.DataFrame({"Seller SKU": ["A", "B"], "Unit cost": ["5", "6"], "Freight": ["1", "2"]})
    for name, write in (("t.xlsx", table.to_excel), ("t.parquet", table.to_parquet)):
        write(tmp_path / name, index=False)
        code, found = checked(run, tmp_path / name)
        assert code == 0
        assert [row["read_as"] for row in found["headers"]] == [
            *("sku", "purchase_price", "logistics_cost"),
        ]


def test_check_writes_a_configuration_that_other_commands_read(run: Run, own: Path) -> None:
    own.write_text("Seller SKU,Unit cost,Freight,利润率\nA,5,2,20%\n")
    written = run("check", own, "--write", "--commission", "7%", "--rate", "15%")
    assert written.code == 0, written.err
    text = Path("aepromo.toml").read_text()
    assert '"Unit cost" = "purchase_price"' in text
    assert '# "利润率" = "target_margin"' in text
    assert '\ncommission_rate = "7%"' in text
    ran = run("reprice", own)
    assert ran.code == 0
    assert ran.err.splitlines()[0] == "configuration: aepromo.toml"
    assert "read as" not in ran.err
    assert "commission_rate" not in ran.err
    again = run("check", own, "--write")
    assert again.code == 2
    assert "aepromo.toml is there already; --force replaces it" in again.err
    assert Path("aepromo.toml").read_text() == text
    assert run("check", own, "--write", "--force").code == 0


def test_a_table_has_notes_under_it(run: Run, own: Path) -> None:
    out = run("check", own.name, "--format", "table", "--fx", "CNY=7.12").out.decode()
    assert "own.csv: a cost file, 3 rows" in out
    assert "a total row, not a SKU, on line 6" in out


@pytest.mark.parametrize("width", ["80", "120"])
def test_a_table_cuts_no_name_and_says_what_it_leaves_out(
    run: Run, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    ran = run("check", EXAMPLES / "erp-export" / "odd-headers.csv", "--format", "table")
    text = ran.out.decode()
    for name in ("purchase_price", "logistics_cost", "may be sku or product_id", "Cost center"):
        assert name in text
    assert ("not shown: " in text) == (width == "80")
    assert max(map(len, text.splitlines())) <= int(width)


def test_check_offers_no_file_for_bad_rows(run: Run, own: Path) -> None:
    assert b"--rejects" not in run("check", "--help-all").out
    refused = run("check", own, "--rejects", "bad.csv")
    assert refused.code == 2
    assert refused.err == "aepromo: no option --rejects; see aepromo check --help\n"


BAD = """SKU,采购价,物流费,售价
A-1,¥15.5,12,7.90
A-2,8,,5.49
A-3,45元,22,21.9
A-4,$8,$4
A-5,￥7,9,17.9
A-6,five,¥2,9
"""


def test_the_first_bad_rows_are_named_as_the_command_names_them(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a short name, which no line is too narrow for
    own = Path("own.csv")
    own.write_text(BAD, encoding="utf-8")
    told = run("reprice", own, "--quiet").err.splitlines()
    named = [line for line in told if line.startswith(f"{own}:") and line[len(f"{own}:")].isdigit()]
    assert len(named) == 7
    code, found = checked(run, own)
    assert (code, found["bad_rows"]) == (3, 6)
    in_document = [
        ": ".join(filter(None, (f"{own}:{each['line']}", each["column"], each["reason"])))
        for each in found["problems"]
    ]
    assert in_document == named[:5]
    for form in ("table", "csv"):
        ran = run("check", own, "--format", form)
        notes = " ".join((ran.out.decode() + ran.err).split())
        assert "6 bad rows for reprice" in notes
        at = [notes.index(" ".join(line.split())) for line in named[:5]]
        assert at == sorted(at)
        assert notes.index(f"{own}: … and 2 more problems") > at[-1]
        assert named[5] not in notes


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_table_wraps_notes_under_headings_in_the_language(
    run: Run, own: Path, monkeypatch: pytest.MonkeyPatch, width: str, language: str
) -> None:
    own.write_text(
        "平台商品编码（勿删）,参考进价(CNY),平台售价(USD),折扣,供货价\nA-1,31,9.99,5%,30\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("COLUMNS", width)
    text = run("--lang", language, "check", own, "--format", "table").out.decode()
    assert "…" not in text
    heading = text.splitlines()[0].split()
    if language == "en":
        assert "may be limited_rate or" in text
        assert {"forced_rate", "list_price"} <= {*text.split()}
        assert heading[:4] == ["header", "read_as", "unit", "note"]
    else:
        assert "可能是 限时折扣率 或 强制折扣率" in text
        assert heading[:4] == ["表头", "读作", "单位", "说明"]
        assert not {"first", "odd", "blank", "note"} & {*text.replace("，", " ").split()}
    assert max(map(cell_len, text.splitlines())) <= int(width)
