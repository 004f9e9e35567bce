"""A seller's own file: units, sums and currencies in headers, rows that are not SKUs, ids."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import aepromo

if TYPE_CHECKING:
    from conftest import Run

PLAIN = ("--rate", "10%..20%", "--target-profit", "1", "--payment", "1%")
CNY = ("--fx", "CNY=7.12")
EXAMPLES = Path(__file__).parent.parent / "examples"


def rows_of(out: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out.decode())))


def result(run: Run, text: str, *more: str, command: str = "reprice") -> list[dict[str, str]]:
    ran = run(command, "-", *PLAIN, *more, stdin=text.encode())
    assert ran.code == 0, ran.err
    return rows_of(ran.out)


@pytest.mark.parametrize("header", ["Weight (kg)", "重量（千克）", "package_weight_kg"])
def test_kilograms_are_grams(run: Run, header: str) -> None:
    asked = ("--tariff", str(EXAMPLES / "shipping/tariff.toml"), *CNY, "--market", "ES")
    plain = result(run, "sku,purchase_price,weight_g\nA,5,352.5\n", *asked)[0]
    found = result(run, f"sku,purchase_price,{header}\nA,5,0.3525\n", *asked)[0]
    assert found["shipping_cost"] == plain["shipping_cost"]
    assert found[header] == "0.3525"


@pytest.mark.parametrize("cell", ["8", "8%", "8.0", " 8 "])
def test_a_bare_figure_below_a_percent_sign_is_a_percentage(run: Run, cell: str) -> None:
    plain = "sku,purchase_price,logistics_cost,commission_rate\nA,5,2,8%\n"
    header = f"sku,purchase_price,logistics_cost,佣金比例(%)\nA,5,2,{cell}\n"
    wanted, found = (result(run, text)[0] for text in (plain, header))
    assert found["protected_list_price"] == wanted["protected_list_price"]
    assert found["佣金比例(%)"] == cell


@pytest.mark.parametrize("cell", ["100", "x", "1e1", "0.00001"])
def test_an_invalid_percentage_is_a_bad_cell(run: Run, cell: str) -> None:
    text = f"sku,purchase_price,logistics_cost,Commission (%)\nA,5,2,{cell}\n"
    ran = run("reprice", "-", *PLAIN, stdin=text.encode())
    assert ran.code == 3
    assert f"standard input:2: Commission (%): '{cell}'" in ran.err


def test_costs_below_a_currency_are_converted(run: Run) -> None:
    text = "sku,成本(元),运费（RMB）,售价($)\nA,71.2,14.24,20\n"
    plain = "sku,purchase_price,logistics_cost,list_price\nA,10,2,20\n"
    wanted, found = result(run, plain)[0], result(run, text, *CNY)[0]
    for name in ("protected_list_price", "floor_price", "profit"):
        assert found[name] == wanted[name]
    refused = run("reprice", "-", *PLAIN, stdin=text.encode())
    assert refused.code == 3
    assert "standard input:1: 成本(元), 运费（RMB）: costs are in CNY" in refused.err
    assert "--fx CNY=RATE" in refused.err


def test_each_cost_is_in_the_currency_of_its_own_header(run: Run) -> None:
    text = "sku,成本(元),Shipping (USD)\nA,71.2,2\n"
    found = result(run, text, *CNY)[0]
    wanted = result(run, "sku,purchase_price,logistics_cost\nA,10,2\n")[0]
    assert found["protected_list_price"] == wanted["protected_list_price"]


def test_a_rate_in_rows_belongs_to_the_currency_of_their_headers(run: Run) -> None:
    text = "sku,成本(元),运费(元),汇率\nA,71.2,14.24,7.12\nB,80,16,8\n"
    rows = result(run, text)
    assert rows[0]["protected_list_price"] == rows[1]["protected_list_price"]


def test_a_sign_that_disagrees_with_its_header_is_a_bad_cell(run: Run) -> None:
    text = "sku,成本(元),运费(元),售价($)\nA,$5,2,20\nB,5,2,¥20\n"
    ran = run("reprice", "-", *PLAIN, *CNY, stdin=text.encode())
    assert ran.code == 3
    lines = [line for line in ran.err.splitlines() if line.startswith("standard input:")]
    assert lines[0] == (
        "standard input:2: 成本(元): '$5' is not in CNY, the currency of its header"
    )
    assert lines[1].startswith("standard input:3: 售价($): '¥20' is not in USD")
    assert "--" not in "".join(lines[:2])


def test_prices_in_a_foreign_currency_are_refused(run: Run) -> None:
    text = "sku,purchase_price,logistics_cost,售价(元)\nA,5,2,20\n"
    ran = run("reprice", "-", *PLAIN, stdin=text.encode())
    assert ran.code == 3
    assert "'售价(元)' is in CNY, but prices are in USD; give --currency CNY" in ran.err
    assert (
        run(
            "reprice", "-", *PLAIN, "--currency", "CNY", "--fx", "USD=0.14", stdin=text.encode()
        ).code
        == 0
    )


def test_columns_of_other_costs_add_up(run: Run) -> None:
    head = "sku,purchase_price,logistics_cost"
    text = f"{head},头程运费,包装费\nA,5,2,1.10,0.30\nB,5,2,,0.30\nC,5,2,,\n"
    plain = f"{head},other_cost\nA,5,2,1.40\nB,5,2,0.30\nC,5,2,\n"
    wanted, found = result(run, plain), result(run, text)
    assert [row["profit"] for row in found] == [row["profit"] for row in wanted]
    assert found[0]["头程运费"] == "1.10"
    bad = run("reprice", "-", *PLAIN, stdin=f"{head},头程运费,包装费\nA,5,2,1,x\n".encode())
    assert "standard input:2: 包装费: 'x' is not a number" in bad.err


def test_sums_in_another_currency_are_converted_one_by_one(run: Run) -> None:
    head = "sku,purchase_price,logistics_cost"
    text = f"{head},头程运费(元),包装费(元)\nA,5,2,0.01,0.01\n"
    found = result(run, text, *CNY)[0]  # a cent each
    wanted = result(run, f"{head},other_cost\nA,5,2,0.02\n")[0]
    assert found["protected_list_price"] == wanted["protected_list_price"]


def test_explain_reads_a_row_as_the_others_do(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text(
        "货号,成本(元),运费(元),头程运费,包装费,售价($),佣金比例(%)\nA,71.2,14.24,1,0.3,40,8\n"
    )
    row = rows_of(run("audit", file, *PLAIN, *CNY, "-q", "--fail-on", "never").out)[0]
    ran = run("explain", file, *PLAIN, *CNY, "--sku", "A")
    steps = {step["step"]: step for step in rows_of(ran.out)}
    assert steps["profit"]["left"] == row["profit"]
    assert "read as: " in ran.err


def test_a_column_under_another_name_is_reported_once(run: Run) -> None:
    text = "Seller SKU,Unit cost,Shipping cost,Margin,划线价,x\nA,5,2,20%,9,$3\n"
    ran = run("reprice", "-", *PLAIN, stdin=text.encode())
    lines = ran.err.splitlines()
    assert lines[:4] == [
        "read as: Seller SKU → sku, Unit cost → purchase_price, Shipping cost → logistics_cost",
        "'Margin' may be target_margin; say so with --map 'Margin=target_margin'",
        "not used: 划线价, x",
        "assumed: commission_rate 8% (rule book; set --commission)",
    ]
    assert run("reprice", "-", *PLAIN, "-q", stdin=text.encode()).err == ""


@pytest.mark.parametrize(
    ("header", "column"),
    [
        *((name, "commission_rate") for name in ("Commission", "Commission fee", "佣金")),
        *((name, "payment_rate") for name in ("Payment fee", "支付手续费")),
        ("毛利率", "target_margin"),
    ],
)
def test_a_column_that_may_be_a_rate_is_asked_about_though_results_have_its_name(
    run: Run, header: str, column: str
) -> None:
    text = f"sku,采购价,运费,{header}\nA,5,2,15%\n"
    ran = run("reprice", "-", *PLAIN, stdin=text.encode())
    assert f"'{header}' may be {column}; say so with --map " in ran.err


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("command", ["reprice", "margin", "commission", "breakeven"])
def test_results_of_an_earlier_run_are_not_asked_about(
    run: Run, command: str, language: str
) -> None:
    text = "sku,采购价,运费,标价\nA,5,2,15\n"
    first = run(command, "-", "-q", "--headers", language, stdin=text.encode())
    again = run(command, "-", "--headers", language, stdin=first.out)
    assert (again.code, again.out) == (0, first.out)
    assert "may be" not in again.err


def test_all_missing_columns_are_named_at_once(run: Run) -> None:
    ran = run("reprice", "-", *PLAIN, stdin="sku,供货价,colour\nA,5,red\n".encode())
    assert ran.code == 3
    assert "no column for purchase_price, logistics_cost; the file has" in ran.err
    assert "--map '供货价=purchase_price'" in ran.err


TOTALS = ["合计", "总计：", "TOTAL", "Grand total", "合计($)", "小计（元）", "Итого"]


@pytest.mark.parametrize("word", TOTALS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_total_row_is_written_unchanged(run: Run, word: str, place: int) -> None:
    cells = ["", "", "10", "4"]
    cells[place] = word
    text = f"sku,title,purchase_price,logistics_cost\nA,a,5,2\n{','.join(cells)}\nB,b,5,2\n"
    ran = run("reprice", "-", *PLAIN, stdin=text.encode())
    assert ran.code == 0, ran.err
    rows = list(csv.reader(io.StringIO(ran.out.decode())))
    assert rows[2][:4] == cells
    assert set(rows[2][4:]) == {""}
    assert rows[1][4:] == rows[3][4:]
    assert "standard input: a total row on line 3" in ran.err


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        (("--value", "sku"), ["A", "B"]),
        (("--value", "purchase_price"), ["5", "6"]),
        (("--value", "action"), ["new", "raise"]),
        (("--only", "raise,new", "--columns", "sku"), ["sku", "A", "B"]),
        (("--format", "jsonl", "--columns", "sku"), ['{"sku": "A"}', '{"sku": "合计"}',
                                                      '{"sku": "B"}']),
    ],
)  # fmt: skip
def test_a_total_row_is_written_only_among_whole_rows(
    run: Run, tmp_path: Path, more: tuple[str, ...], lines: list[str]
) -> None:
    text = "sku,purchase_price,logistics_cost,list_price\nA,5,2,\n合计,11,4,\nB,6,2,4\n"
    ran = run("reprice", "-", *PLAIN, "--max-change", "never", *more, stdin=text.encode())
    assert (ran.code, ran.out.decode().splitlines()) == (0, lines), ran.err
    fate = "written unchanged" if "jsonl" in more else "left out"
    assert f"standard input: a total row on line 3; it is {fate}" in ran.err
    rejects = tmp_path / "r.csv"
    beside = text + "C,x,2,4\n"
    again = run("reprice", "-", *PLAIN, "--max-change", "never", *more, "--rejects", rejects,
                stdin=beside.encode())  # fmt: skip
    assert (again.code, again.out) == (0, ran.out)


def test_total_rows_stay_in_place_beside_bad_rows(run: Run, tmp_path: Path) -> None:
    text = "sku,purchase_price,logistics_cost\nA,5,2\n合计,x,y\nB,z,2\nC,5,2\n合计,,\n"
    rejects = tmp_path / "r.csv"
    ran = run("reprice", "-", *PLAIN, "--rejects", rejects, stdin=text.encode())
    assert ran.code == 0, ran.err
    firsts = [line.split(",")[0] for line in ran.out.decode().splitlines()]
    assert firsts == ["sku", "A", "合计", "C", "合计"]
    assert [line.split(",")[0] for line in rejects.read_text().splitlines()] == ["line", "4"]
    again = run("reprice", "-", *PLAIN, "--format", "json", stdin=ran.out)
    assert again.out.decode().count('"profit": null') == 2


def test_a_shipping_cost_of_a_tariff_is_not_an_input_of_the_next_run(run: Run) -> None:
    asked = ("--tariff", str(EXAMPLES / "shipping/tariff.toml"), *CNY, "--market", "ES")
    once = run("reprice", "-", *PLAIN, *asked, stdin=b"sku,purchase_price,weight_g\nA,5,350\n")
    again = run("reprice", "-", *PLAIN, *asked, stdin=once.out)
    assert (again.code, again.out) == (0, once.out), again.err
    own = b"sku,purchase_price,Shipping cost\nA,5,2\n"
    assert "shipping_cost" not in run("reprice", "-", *PLAIN, stdin=own).out.decode()


def test_a_total_word_in_a_title_makes_no_total_row(run: Run) -> None:
    text = "sku,title,purchase_price,logistics_cost\nA,Total,5,2\nB,Total recall,5,2\n"
    assert all(row["profit"] for row in result(run, text))


def test_repeated_and_missing_ids_are_reported(run: Run) -> None:
    text = "sku,purchase_price,logistics_cost\nA,5,2\nB,5,2\nA ,5,2\n,5,2\nB,5,2\n"
    ran = run("reprice", "-", *PLAIN, stdin=text.encode())
    assert ran.code == 0
    assert (
        "standard input: 2 ids appear twice: 'A' on lines 2 and 4, 'B' on lines 3 and 6" in ran.err
    )
    assert "standard input: 1 row without an id, on line 5" in ran.err
    none = "sku,purchase_price,logistics_cost\n,5,2\n,5,2\n"
    assert "without an id" not in run("reprice", "-", *PLAIN, stdin=none.encode()).err


def test_ids_are_compared_over_all_blocks(run: Run) -> None:
    rows = [f"SKU-{number:07d}-with-a-long-tail,5,2" for number in range(250_000)]
    rows.append(rows[7])
    text = "sku,purchase_price,logistics_cost\n" + "\n".join(rows) + "\n"
    ran = run("floor", "-", stdin=text.encode())
    assert "1 id appears twice: 'SKU-0000007-with-a-long-tail' on lines 9 and 250002" in ran.err


@pytest.mark.parametrize("cell", ["2024-03-01", "3-Jan", "Mar-24", "2024/3/1 0:00:00", "3月5日"])
def test_ids_that_became_dates_get_a_warning(run: Run, cell: str) -> None:
    text = f"sku,purchase_price,logistics_cost\nA,5,2\n{cell},5,2\n"
    ran = run("reprice", "-", *PLAIN, "-q", stdin=text.encode())
    assert f"warning: standard input:3: '{cell}' is a date" in ran.err


def test_a_frame_is_read_by_its_headers_too() -> None:
    frame = pd.DataFrame({"成本(元)": [71.2], "运费(元)": ["14.24"], "佣金(%)": [8]})
    policy = aepromo.Policy(
        fx=("CNY=7.12",), forced_rate="10%", payment_rate="1%", target_profit="1"
    )
    mapping = {"佣金(%)": "commission_rate"}
    plain = pd.DataFrame(
        {"purchase_price": ["10"], "logistics_cost": ["2"], "commission_rate": ["8%"]}
    )
    found, wanted = aepromo.reprice(frame, policy, mapping), aepromo.reprice(plain, policy)
    assert list(found["protected_list_price"]) == list(wanted["protected_list_price"])


def test_the_configuration_maps_headers_under_the_call(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "aepromo.toml").write_text(
        '[map]\n"甲" = "purchase_price"\n"not there" = "sku"\n[stores.b.map]\n"乙" = "采购价"\n'
        "[stores.a]\n"
    )
    text = "sku,甲,乙,logistics_cost\nA,5,8,2\n".encode()
    ran = run("floor", "-", "--value", "floor_price", stdin=text)
    assert ran.out == b"5.75\n"
    assert ran.err.startswith("configuration: aepromo.toml\n")
    called = run("floor", "-", "--value", "floor_price", "--map", "乙=purchase_price", stdin=text)
    assert called.out == b"9.20\n"
    (tmp_path / "aepromo.toml").write_text('[map]\n"甲" = "purchase_prise"\n')
    refused = run("floor", "-", stdin=text)
    assert refused.code == 2
    assert "aepromo.toml: map.甲: no column is called 'purchase_prise'; did you mean" in refused.err


def test_an_unused_configuration_is_not_named(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "aepromo.toml").write_text('carriers = "x"\n')
    assert "configuration" not in run("floor", "-b", "10").err
