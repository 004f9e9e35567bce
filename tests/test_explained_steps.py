"""``explain``: each step says what it takes, and why; in every form alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Run

FEES = ("--commission", "6%", "--payment", "1%", "--quiet")
SKU = ("-b", "8", "-l", "3", "--price", "20", "--rate", "15%")


@pytest.mark.parametrize(
    ("costs", "margin"),
    [(("-b", "8", "-l", "6.04"), "15.00"), (("-b", "20", "-l", "0.34"), "-20.00")],
)
def test_a_margin_has_two_places_as_everywhere_else(
    costs: tuple[str, ...], margin: str, run: Run
) -> None:
    asked = (*costs, "--price", "20", "--rate", "10%", *FEES)
    shown = run("explain", *asked, "--format", "table").out.decode()
    assert f"margin: {margin}% of the deal price" in shown
    assert f"{margin}%" in run("margin", *asked, "--format", "table").out.decode()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("command", ["audit", "explain", "rules", "margin"])
def test_a_table_in_a_pipe_has_no_blanks_at_the_ends_of_lines(
    command: str, language: str, run: Run
) -> None:
    options = {
        "audit": ("-", "--fail-on", "never"),
        "rules": (),
        "explain": (*SKU, "--spend-save", "100:30"),
        "margin": SKU,
    }[command]
    file = b"sku,title,list_price,purchase_price,logistics_cost\nA,lamp,20,8,3\nB,bag,9,8,3\n"
    asked = (command, *options, "--format", "table", "--lang", language)
    lines = run(*asked, stdin=file).out.decode().split("\n")
    assert len(lines) > 5
    assert [line for line in lines if line != line.rstrip()] == []
