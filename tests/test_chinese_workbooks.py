"""Chinese workbooks: headers and labels in Chinese, which can be read back."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from aepromo.pricing.fees import STATUSES
from aepromo.table.schema import RESULTS, chinese
from aepromo.words import speak

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Run

calamine = pytest.importorskip("python_calamine")
pytest.importorskip("xlsxwriter")

SKUS = b"""\
sku,purchase_price,logistics_cost,list_price,action
A-1,8,3,20,mine
A-2,8,3,14,mine
A-3,8,3,9,mine
"""
ZH = ("--lang", "zh", "-q")


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    yield
    speak("en")


def sheets(path: Path) -> list[list[list[str]]]:
    book = calamine.CalamineWorkbook.from_path(str(path))
    return [book.get_sheet_by_index(at).to_python() for at in range(len(book.sheet_names))]


def column(rows: list[list[str]], header: str) -> list[str]:
    return [row[rows[0].index(header)] for row in rows[1:]]


def test_labels_and_added_headers_are_chinese_and_the_files_own_stay(
    run: Run, tmp_path: Path
) -> None:
    book = tmp_path / "a.xlsx"
    own = SKUS.replace(b",action", b",note")
    assert run("reprice", "-", *ZH, "-o", book, stdin=own).code == 0
    rows, summary = sheets(book)
    assert rows[0][:5] == ["sku", "purchase_price", "logistics_cost", "list_price", "note"]
    assert [name for name in rows[0][5:] if name.isascii()] == []
    assert column(rows, "note") == ["mine"] * 3
    assert column(rows, "操作") == ["保持", "涨价", "暂缓"]
    assert column(rows, "价格状态") == ["正常", "正常", "低于底线"]
    counts = {row[0]: str(row[1]) for row in summary if row[0]}
    assert (counts["涨价"], counts["保持"], counts["暂缓"]) == ("1.0", "1.0", "1.0")
    assert (counts["正常"], counts["低于底线"]) == ("2.0", "1.0")


def test_a_summary_counts_the_words_that_stand_in_the_cells(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    assert run("reprice", "-", *ZH, "-o", book, stdin=SKUS).code == 0
    from zipfile import ZipFile

    with ZipFile(book) as archive:
        summary = archive.read("xl/worksheets/sheet2.xml").decode()
    assert "&quot;涨价&quot;)" in summary or '"涨价")' in summary
    assert '"raise")' not in summary


def test_a_chinese_workbook_is_read_back(run: Run, tmp_path: Path) -> None:
    first, second, back = (tmp_path / name for name in ("a.xlsx", "b.xlsx", "back.csv"))
    assert run("reprice", "-", *ZH, "-o", first, stdin=SKUS).code == 0
    assert run("reprice", first, *ZH, "-o", second).code == 0
    assert second.read_bytes() == first.read_bytes()
    # Replaced columns have English labels again, under the file's own headers.
    assert run("reprice", first, "-q", "-o", back).code == 0
    rows = [*csv.reader(back.read_text(encoding="utf-8").splitlines())]
    assert column(rows, "价格状态") == ["ok", "ok", "below_floor"]
    audited = run("audit", first, "-q", "--fail-on", "never", "--columns", "sku,status")
    assert audited.out.decode().splitlines()[1:] == ["A-1,ok", "A-2,ok", "A-3,below_floor"]


def test_english_headers_may_be_asked_for(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "a.xlsx"
    assert run("reprice", "-", *ZH, "--headers", "en", "-o", book, stdin=SKUS).code == 0
    assert column(sheets(book)[0], "status") == ["正常", "正常", "低于底线"]


def test_files_for_programs_keep_their_names(run: Run, tmp_path: Path) -> None:
    for form in ("csv", "json", "jsonl", "tsv", "markdown"):
        asked = ("reprice", "-", "-q", "--format", form)
        spoken = run(*asked, "--lang", "zh", stdin=SKUS)
        assert spoken.out == run(*asked, stdin=SKUS).out
    parquet = tmp_path / "a.parquet"
    assert run("reprice", "-", *ZH, "-o", parquet, stdin=SKUS).code == 0
    again = json.loads(run("audit", parquet, "-q", "--format", "json").out)
    assert {row["status"] for row in again} <= set(STATUSES)


def test_the_same_label_of_another_column_has_its_own_translation() -> None:
    speak("zh")
    from aepromo.table.workbook_writer import label_shown

    assert label_shown("new", "action") == "新定价"
    assert label_shown("new", "state") == "新"
    assert label_shown("my_line", "shipping_line") == "my_line"
    speak("en")
    assert label_shown("below_target", "status") == "below_target"


def test_the_summary_uses_the_word_for_a_new_price(run: Run) -> None:
    costs = b"sku,purchase_price,logistics_cost\nA-1,8,3\n"
    shown = run("reprice", "-", *ZH[:2], "--format", "table", stdin=costs).out.decode()
    assert "1 个 SKU：新定价 1" in shown


def test_every_label_has_a_chinese_word_and_every_result_a_chinese_header() -> None:
    speak("zh")
    from aepromo.table.workbook_writer import label_shown

    for name, declared in RESULTS.items():
        assert not chinese(name).isascii(), name
        for each in declared.labels:
            assert not label_shown(each, name).isascii() or each == "sku", (name, each)
