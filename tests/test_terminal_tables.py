"""Tables on a terminal: the columns that they show, their order, and their width."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

if TYPE_CHECKING:
    from conftest import Run

ID = "FS-2207-连衣裙-雪纺-碎花-深蓝色-XXXL-加长款-2026春季"
TARIFF = Path(__file__).parent.parent / "examples" / "shipping" / "tariff.toml"
COSTS = f"""售价,商品名称,货号,采购价,运费
15.90,{"不锈钢保温杯" * 9},1005007316620948835,12.60,2.05
7.90,连衣裙,{ID},2.15,1.85
""".encode()
AUDIT = ("audit", "-", "-q", "--rate", "10%..20%", "--format", "table")


def table_of(run: Run, width: int, monkeypatch: pytest.MonkeyPatch, *more: str) -> list[str]:
    """The lines of an audit's table, header and notes included."""
    monkeypatch.setenv("COLUMNS", str(width))
    return run(*AUDIT, *more, stdin=COSTS).out.decode().splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 160])
def test_ids_come_first_and_are_never_cut(
    width: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = table_of(run, width, monkeypatch)
    assert max(map(cell_len, lines)) <= width
    first = [line.split("  ")[0].split(" ")[0] for line in lines]
    rule = next(at for at, line in enumerate(lines) if line.startswith("──"))
    assert first[rule - 1] == "货号"
    assert "1005007316620948835" in first
    start = next(at for at, text in enumerate(first) if text.startswith("FS-"))
    assert ID in ("".join(first[start : start + 2]), first[start])


def test_chosen_columns_keep_their_order(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = table_of(run, 80, monkeypatch, "--columns", "status,sku")
    assert lines[0].split() == ["status", "货号"]


def test_a_wide_table_shows_the_files_other_columns_too(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = " ".join(table_of(run, 220, monkeypatch)[:5])
    assert "商品名称" in header
    assert "采购价" in header
    narrow = table_of(run, 80, monkeypatch)
    # The name doesn't fit, so the cost doesn't come before it.
    not_shown = next(line for line in narrow if line.startswith("not shown: "))
    assert not_shown.startswith("not shown: 商品名称, 采购价, 运费, ")


def test_the_name_of_a_line_is_not_translated(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AEPROMO_LANG", "zh")
    costs = ("-b", "8", "--weight-g", "100", "--market", "ES")
    yuan = ("--tariff", TARIFF, "--fx", "CNY=7.12")
    shown = run("margin", "-p", "20", "-r", "15%", *costs, *yuan, "-q", "--format", "table")
    assert shown.code == 0, shown.err
    assert "economy" in shown.out.decode()
