"""``--headers zh``: files whose own columns have Chinese names, which are read back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aepromo.tables.headers import known_names, plain
from aepromo.tables.headings import chinese
from aepromo.tables.schema import RESULTS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

COSTS = b"""sku,title,purchase_price,logistics_cost,list_price,units_30d
00123,"tank top, red",2.15,1.85,7.90,412
00124,\xe8\xa3\x99,12.60,2.05,15.90,
"""
HEADERS = ("--headers", "zh", "--quiet")


def test_every_result_has_a_chinese_name_of_its_own() -> None:
    names = {name: plain(chinese(name)) for name in RESULTS}
    assert [name for name, header in names.items() if header.isascii()] == []
    assert len(set(names.values())) == len(names)
    roles = known_names()
    assert {name: roles[header] for name, header in names.items() if header in roles} == {
        name: name for name, header in names.items() if header in roles
    }


@pytest.mark.parametrize("form", ["csv", "tsv"])
@pytest.mark.parametrize("command", ["reprice", "audit", "margin", "breakeven", "forced"])
def test_a_command_changes_nothing_in_its_own_output(command: str, form: str, run: Run) -> None:
    asked = (command, "-", "--rate", "10%..20%", *HEADERS, "--format", form)
    once = run(*asked, stdin=COSTS)
    assert once.code in (0, 1), once.err
    assert once.out.decode().splitlines()[0].count("净利") >= 1
    assert run(*asked, stdin=once.out).out == once.out


def test_other_forms_carry_them_too(run: Run) -> None:
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


def test_audit_looks_at_a_protected_price_by_its_chinese_name(run: Run, tmp_path: Path) -> None:
    repriced = tmp_path / "repriced.csv"
    asked = ("--rate", "13.2%", "--target-profit", "2")
    assert run("reprice", "-", *asked, *HEADERS, "-o", repriced, stdin=COSTS).code == 0
    audited = run("audit", repriced, *asked, "--columns", "status")
    assert audited.out.decode() == "status\nok\nok\n"
    assert "priced by protected_list_price" in audited.err


def test_a_column_of_the_sellers_own_by_such_a_name_is_left_alone(run: Run) -> None:
    own = "sku,采购价,物流费,毛利率\nA-1,8,3,很高\n".encode()
    out = run("margin", "-", "--price", "20", "--rate", "15%", "--quiet", stdin=own).out.decode()
    header, row = out.splitlines()
    assert header == "sku,采购价,物流费,毛利率,deal_price,commission,payment_fee,profit,margin"
    assert row.startswith("A-1,8,3,很高,17.00,")


def test_other_languages_are_refused(run: Run) -> None:
    refused = run("floor", "-b", "10", "--headers", "fr")
    assert refused.code == 2
    assert "'en', 'zh'" in refused.err


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
