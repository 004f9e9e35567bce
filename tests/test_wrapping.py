"""Chinese text wraps where a reader expects it, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import program
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from aepromo.terminal.wrapping import breaks

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = st.text("价格未知，。（）《》 -+≤0123456789abc./%个", max_size=60)


def lines(text: str, width: int) -> list[str]:
    ends = [*breaks(text, width), len(text)]
    return [text[start:end].rstrip() for start, end in zip([0, *ends], ends, strict=False)]


@given(LETTERS, st.integers(2, 40))
@example("0价。", 3)  # the only break leaves 价。, which is too wide
@example("目标净利，abcdefghijklm价。", 16)  # the text after the near comma also fits
def test_no_line_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    found = lines(text, width)
    assert [line for line in found if cell_len(line) > width] == []
    assert "".join("".join(found).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        # not before a comma or a closing bracket, not after an opening one
        ("目标净利目标净利，目标毛利率", "目标净利目标净/利，目标毛利率"),
        ("目标净利目标净（利率）目标", "目标净利目标净/（利率）目标"),
        # not within a figure, nor between it and what it belongs to
        ("目标净利目标净30天销量", "目标净利目标净/30天销量"),
        ("物流履约时效，要求 ≤ 12.3", "物流履约时效，/要求 ≤ 12.3"),
        ("公式毛利要求高：差 -255", "公式毛利要求高：/差 -255"),
        # at a comma or a space rather than within a word that is near
        ("保持现线路，经济线的净利", "保持现线路，/经济线的净利"),
        ("没有可以断开的abcdefghijkl", "没有可以断开的/abcdefghijkl"),
        # a word that is wider than the line is cut all the same
        ("abcdefghijklmnopqrstu", "abcdefghijklmnop/qrstu"),
    ],
)
def test_a_line_ends_where_chinese_may(text: str, broken: str) -> None:
    assert "/".join(lines(text, 16)) == broken


def test_tables_and_help_wrap_like_chinese(tmp_path: Path) -> None:
    chinese = {"LC_ALL": "C.UTF-8", "AEPROMO_LANG": "zh", "COLUMNS": "60"}
    asked = ("reverse", "--market", "ES", "--fulfilment-days", "14", "--format", "table")
    rules = ("rules", "appeal", "--format", "table")
    for arguments in (asked, rules, ("reverse", "--help"), ("--help",)):
        out = program(*arguments, cwd=tmp_path, env=chinese)[1].decode()
        shown = [line.strip(" │") for line in out.splitlines()]
        assert [line for line in shown if line[:1] in tuple("，。；：、）")] == [], arguments
        assert [line for line in out.splitlines() if cell_len(line) > 60] == []
