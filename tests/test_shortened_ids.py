"""Ids that a spreadsheet has shortened get one warning, and are written unchanged."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

SHORT = "1.00500731662095E+18"
WHOLE = ("100", "1005007316620951234", "A+12", "E+12", "0E+12", "1.E+12", "x1E+12", "1E+123", "+86")
TERMS = ("--commission", "6%", "--payment", "1%", "--rate", "15%", "--quiet")


@pytest.mark.parametrize("trouble", ["", "x,1,bad\n"])
@pytest.mark.parametrize("written", [SHORT, f'"{SHORT}"', "1E+12", "1.2e+12"])
def test_shortened_ids_are_counted_from_the_first(
    written: str, trouble: str, run: Run, tmp_path: Path
) -> None:
    table = tmp_path / "skus.csv"
    ids = [*WHOLE, written, "100", written, written]
    text = "商品编码,采购价,物流费\n" + "".join(f"{each},5,3\n" for each in ids) + trouble
    table.write_text(text)
    done = run("reprice", table, *TERMS, "--rejects", tmp_path / "bad.csv")
    assert done.code == 0
    warning = f"warning: {table}:{len(WHOLE) + 2}: a spreadsheet has shortened 3 ids from here on"
    assert done.err.count(warning) == done.err.count("a spreadsheet has") == 1
    rows = [row["商品编码"] for row in csv.DictReader(done.out.decode().splitlines())]
    assert rows == [each.strip('"') for each in ids]


def test_whole_ids_and_other_columns_get_no_warning(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "skus.csv"
    rows = "".join(f"{each},{SHORT},5,3\n" for each in WHOLE)
    table.write_text("sku,barcode,采购价,物流费\n" + rows)
    assert run("reprice", table, *TERMS).err == ""
    named = run("reprice", table, *TERMS, "--map", "barcode=sku")
    assert f"{table}:2: a spreadsheet has shortened {len(WHOLE)} ids" in named.err
    table.write_text(f"采购价,物流费,标题\n5,3,{SHORT}\n")
    assert run("reprice", table, *TERMS).err == ""
