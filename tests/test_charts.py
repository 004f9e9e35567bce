"""Charts: round figures on their axes, and no rows if a picture can't be drawn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import forked
import pytest
from processes import SETTINGS, UTF8, program

if TYPE_CHECKING:
    from pathlib import Path

SKU = ("-p", "20", "-b", "8", "-l", "3", "-q")


def swept(rows: int, folder: Path, *more: str) -> list[str]:
    """The chart of a file whose SKUs turn into a loss one after the other."""
    table = folder / "skus.csv"
    lines = (f"{n},{5 + n * 10 // rows}.00,0,20.00\n" for n in range(rows))
    table.write_text("sku,purchase_price,logistics_cost,list_price\n" + "".join(lines))
    done = forked.program("sweep", table, "-q", "--format", "table", *more, cwd=folder)
    assert done[0] == 0, done[2]
    return done[1].decode().splitlines()


@pytest.mark.parametrize("rows", [3, 1000])
def test_skus_are_counted_in_whole_numbers_and_rates_in_round_percents(
    rows: int, tmp_path: Path
) -> None:
    shown = swept(rows, tmp_path)
    counts = [found[1] for line in shown if (found := re.match(r" *(\S+)┤", line))]
    assert counts
    assert all(count.isdecimal() and int(count) <= rows for count in counts)
    places = next(line for line, below in zip(shown[1:], shown, strict=False) if "└┬" in below)
    assert places.split() == [str(rate) for rate in range(0, 41, 5)]


def test_rates_close_together_are_distinguished(tmp_path: Path) -> None:
    shown = swept(3, tmp_path, "--from", "10%", "--to", "11%", "--step", "0.1%")
    places = next(line for line, below in zip(shown[1:], shown, strict=False) if "└┬" in below)
    assert places.split() == ["10", "10.2", "10.4", "10.6", "10.8", "11"]


@pytest.mark.parametrize("flag", ["--svg", "--png"])
def test_without_matplotlib_a_call_for_a_picture_prints_no_rows(flag: str, tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "matplotlib.py").write_text("raise ImportError\n")
    paths = f"{hidden}:{SETTINGS.get('PYTHONPATH', '')}"
    done = program("sweep", *SKU, flag, "a.x", cwd=tmp_path, env=UTF8 | {"PYTHONPATH": paths})
    needs = "aepromo: pictures need matplotlib: pip install 'aepromo[charts]'\n"
    assert done == (2, b"", needs)
    assert not (tmp_path / "a.x").exists()


def test_a_picture_counts_skus_in_whole_numbers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    swept(3, tmp_path, "--lang", "zh", "--svg", "a.svg")  # the Chinese one carries its text
    picture = (tmp_path / "a.svg").read_text(encoding="utf-8")
    figures = re.findall(r">([\d.]+)</text>", picture)
    assert figures
    assert all(figure.isdecimal() for figure in figures)
