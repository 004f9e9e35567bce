"""Rates that leave nothing of a price: reported in figures, with what to lower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forked import program

if TYPE_CHECKING:
    from pathlib import Path

COSTS = ("-b", "8", "-l", "3", "--rate", "10%", "--commission", "8%", "--payment", "1.2%")


def test_a_target_margin_must_leave_room_for_the_costs(tmp_path: Path) -> None:
    # 8 % + 1.2 % + 95 % = 104.2 %, and 100 % - 9.2 % = 90.8 % is just too much.
    call = ("list-price", "-q", *COSTS, "--value", "required_deal_price", "--target-margin")
    code, _out, err = program(*call, "95%", cwd=tmp_path)
    assert (code, err) == (
        2,
        "aepromo: target_margin 95% + commission 8% + payment 1.2% = 104.2%: nothing of the price "
        "is left for the costs; lower the target margin to under 90.8%\n",
    )
    assert program(*call, "90.8%", cwd=tmp_path)[0] == 2
    assert program(*call, "90.7%", cwd=tmp_path)[0] == 0


def test_fees_that_take_everything_are_named(tmp_path: Path) -> None:
    call = ("list-price", "-b", "8", "-q", "--commission", "60%", "--payment", "40%")
    # A deal price alone could be reached, but at a loss.
    for target in (("--target-profit", "1"), ("--target", "5")):
        code, _out, err = program(*call, *target, cwd=tmp_path)
        assert (code, err) == (
            2,
            "aepromo: commission_rate 60% + payment 40% = 100%: nothing of the price is left; "
            "lower one of them\n",
        )


def test_each_row_of_a_file_has_its_own_figures(tmp_path: Path) -> None:
    rows = "a,8,3,50%,\nb,8,3,,95%\nc,8,3,99%,\nd,8,3,,10%\n"
    (tmp_path / "skus.csv").write_text(
        f"sku,purchase_price,logistics_cost,commission_rate,target_margin\n{rows}"
    )
    code, _out, err = program("reprice", "skus.csv", "-q", "--payment", "1%", cwd=tmp_path)
    assert code == 3
    assert err.splitlines() == [
        "skus.csv:3: target_margin: 95% + commission 8% + payment 1% = 104%: nothing of the price "
        "is left for the costs; lower the target margin to under 91%",
        "skus.csv:4: commission_rate: 99% + payment 1% = 100%: nothing of the price is left; "
        "lower one of them",
        "aepromo: skus.csv: 2 bad rows; fix them, or set them aside with --rejects FILE",
    ]


def test_one_bad_row_is_reported_once(tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text("sku,purchase_price,logistics_cost\na,8,abc\nb,8,3\n")
    _code, _out, err = program("reprice", "skus.csv", "-q", cwd=tmp_path)
    assert err.splitlines() == [
        "skus.csv:2: logistics_cost: 'abc' is not a number; write one such as 12.50",
        "aepromo: skus.csv: 1 bad row; fix it, or set it aside with --rejects FILE",
    ]
