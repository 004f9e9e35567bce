"""SKUs without a list price are new, not bad: the others are answered, and they come out blank."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest
from forked import program

import aepromo
from aepromo import Policy

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "sku,purchase_price,logistics_cost,list_price\n"
KNOWN = ("-r", "20%", "--commission", "8%", "--payment", "1%")
SHOWN = ("--columns", "sku,deal_price", "--format", "csv", "--fail-on", "never")
POLICY = Policy(forced_rate="20%", commission_rate="8%", payment_rate="1%", target_profit="1")


@pytest.mark.parametrize("command", ["margin", "commission", "breakeven"])
def test_every_question_about_a_list_price_passes_them_over(command: str, tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text(f"{HEADER}L,8,3,20\nN,8,3,\n")
    added = {"breakeven": "profit_forced"}.get(command, "deal_price")
    call = (command, "skus.csv", *KNOWN, "--columns", f"sku,{added}")
    code, out, err = program(*call, cwd=tmp_path)
    assert (code, out.splitlines()[2]) == (0, b"N,")
    assert err == "skus.csv: 1 SKU has no list price yet and is passed over: N\n"


def test_a_sweep_counts_the_others(tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text(f"{HEADER}L,8,3,20\nN,8,3,\n")
    steps = ("--to", "0%", "--columns", "survive", "--no-header", "--target-profit", "1")
    code, out, err = program("sweep", "skus.csv", *KNOWN[2:], *steps, cwd=tmp_path)
    assert (code, out) == (0, b"1\n")
    assert "passed over: N" in err


def test_few_of_many_are_named(tmp_path: Path) -> None:
    rows = "".join(f"N-{number},8,3,\n" for number in range(1_200))
    (tmp_path / "skus.csv").write_text(f"{HEADER}{rows}L,8,3,20\n")
    err = program("audit", "skus.csv", *KNOWN, "--target-profit", "1", cwd=tmp_path)[2]
    said = "1,200 SKUs have no list price yet and are passed over: N-0, N-1, N-2, N-3, N-4, …\n"
    assert err == f"skus.csv: {said}"


@pytest.mark.parametrize("given", [(), ("--rejects", "bad.csv")])
def test_what_else_is_wrong_with_them_is_still_wrong(
    given: tuple[str, ...], tmp_path: Path
) -> None:
    """Places in the file are those of all rows, whatever has no answer before them."""
    rows = "N-1,8,3,\nTotal,8,3,\nB-1,,3,\nL-1,8,3,20\nB-2,8,3,-1\nN-2,8,3,\nL-2,8,3,10\nTotal,,,\n"
    (tmp_path / "skus.csv").write_text(HEADER + rows)
    code, out, err = program("audit", "skus.csv", *KNOWN, *SHOWN, *given, "-q", cwd=tmp_path)
    missing = "purchase_price: is missing; fill it in or give --purchase-price"
    assert err.startswith(
        f"skus.csv:4: {missing}\nskus.csv:6: list_price: '-1' is negative; write 0 or more\n"
    )
    if not given:
        assert (code, out) == (3, b"")
        return
    assert (code, out) == (
        0,
        b"sku,deal_price\nN-1,\nTotal,\nL-1,16.00\nN-2,\nL-2,8.00\nTotal,\n",
    )
    assert (tmp_path / "bad.csv").read_text() == (
        "line,column,reason,sku,purchase_price,logistics_cost,list_price\n"
        "4,purchase_price,is missing; fill it in or give --purchase-price,B-1,,3,\n"
        "6,list_price,'-1' is negative; write 0 or more,B-2,8,3,-1\n"
    )


@pytest.mark.parametrize("command", ["audit", "appeal", "report", "margin"])
@pytest.mark.parametrize("more", ["", "B,,3,\n"])
def test_a_file_without_any_is_refused_and_nothing_is_written(
    command: str, more: str, tmp_path: Path
) -> None:
    (tmp_path / "skus.csv").write_text(f"{HEADER}N,8,3,\nTotal,8,3,20\n{more}")
    options = ("-q", *KNOWN, *(("--rejects", "bad.csv") if more else ()))
    code, out, err = program(command, "skus.csv", *options, cwd=tmp_path)
    assert (code, out) == (3, b"")
    reason = "no SKU has a list price; fill it in or give --list-price"
    assert err.splitlines()[-1] == f"aepromo: skus.csv: {reason}"
    assert not (tmp_path / "bad.csv").exists()


def test_a_workbook_says_how_many_they_are(tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text(f"{HEADER}L,8,3,20\nN,8,3,\n")
    call = ("audit", "skus.csv", *KNOWN, "--target-profit", "1", "-q", "-o", "audited.xlsx")
    assert program(*call, cwd=tmp_path)[0] == 0
    calamine = pytest.importorskip("python_calamine")
    sheets = calamine.CalamineWorkbook.from_path(str(tmp_path / "audited.xlsx"))
    rows, summary = (sheets.get_sheet_by_index(at).to_python() for at in (0, 1))
    assert rows[2][:4] == ["N", 8, 3, ""]
    assert not any(rows[2][4:])
    assert ["without a list price", 1] in [row[:2] for row in summary]


def test_an_option_fills_them(tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text(f"{HEADER}N,8,3,\n")
    call = ("audit", "skus.csv", *KNOWN, *SHOWN, "-q", "-p", "20")
    assert program(*call, cwd=tmp_path)[:2] == (0, b"sku,deal_price\nN,16.00\n")


def test_their_costs_are_still_looked_at_for_another_currency(tmp_path: Path) -> None:
    """A file of two currencies that nobody names is refused, wherever the second one stands."""
    (tmp_path / "skus.csv").write_text(f"{HEADER}L,$8,3,20\nN,¥8,3,\n")
    code, _out, err = program("audit", "skus.csv", *KNOWN, "-q", cwd=tmp_path)
    assert (code, "¥" in err) == (3, True)


def test_the_first_priced_one_may_come_blocks_later(tmp_path: Path) -> None:
    pad = "x" * 990
    rows = "".join(f"N-{number},8,3,,{pad}\n" for number in range(9_000))
    (tmp_path / "skus.csv").write_text(f"sku,purchase_price,logistics_cost,list_price,x\n{rows}")
    call = ("audit", "skus.csv", *KNOWN, *SHOWN, "-q")
    assert program(*call, cwd=tmp_path)[0] == 3
    with (tmp_path / "skus.csv").open("a") as file:
        file.write("L,8,3,20,\n")
    code, out, _err = program(*call, cwd=tmp_path)
    lines = out.decode().splitlines()
    assert (code, len(lines)) == (0, 9_002)
    assert lines[1:3] + lines[-2:] == ["N-0,", "N-1,", "N-8999,", "L,16.00"]


def test_a_frame_and_each_of_its_parts_have_blanks_there() -> None:
    frame = pd.DataFrame(
        {
            "sku": ["L", "N", "M"],
            "purchase_price": ["8", "8", "8"],
            "logistics_cost": ["3", "3", "3"],
            "list_price": ["20", None, "10"],
        },
        index=[7, 8, 9],
    )
    whole = aepromo.audit(frame, POLICY)
    assert whole["status"].isna().tolist() == [False, True, False]
    assert whole["deal_price"].dropna().astype(str).to_dict() == {7: "16.00", 9: "8.00"}
    parts = pd.concat([aepromo.audit(frame.iloc[[row]], POLICY) for row in range(3)])
    pd.testing.assert_frame_equal(whole, parts)
    assert aepromo.appeal(frame, POLICY)["appeal"].isna().tolist() == [False, True, False]
