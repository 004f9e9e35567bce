"""Rules that the program assumes because no source settles them: each has an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

TERMS = ("--commission", "6%", "--payment", "1%", "--rate", "13%")
TABLE = (
    b"sku,list_price,purchase_price,logistics_cost,limited_rate\n"
    b"A,20,5,3,10%\nB,20,5,3,\ntotal,100,,,\nC,20,5,3,12.5%\nD,20,5,3,0.125\nE,20,5,x,1.5%\n"
)
ODD = "is not a whole percent, and the platform takes only whole percents"


def warnings(err: str) -> list[str]:
    return [line for line in err.splitlines() if line.startswith("warning: ")]


def test_own_discounts_that_are_not_whole_percents_get_one_warning(
    run: Run, tmp_path: Path
) -> None:
    call = ("margin", "-", *TERMS, "--quiet", "--rejects", tmp_path / "bad.csv")
    done = run(*call, stdin=TABLE)
    assert (done.code, len(done.out.splitlines())) == (0, 6)
    assert warnings(done.err) == [
        "warning: standard input: the own discounts of 2 SKUs are not whole percents, and the "
        "platform takes only whole percents; the first: C on line 5"
    ]
    one = run(*call, stdin=TABLE.replace(b"0.125", b"0.12"))
    assert warnings(one.err) == [
        f"warning: standard input: the own discount of 1 SKU {ODD}: C on line 5"
    ]
    whole = TABLE.replace(b"0.125", b"0.12").replace(b"12.5%", b"12.00%")
    assert warnings(run(*call, stdin=whole).err) == []


def test_an_option_gets_its_own_warning(run: Run) -> None:
    option = ("--limited-rate", "12.5%")
    alone = run("margin", "-p", "20", "-b", "5", "-l", "3", *TERMS, *option)
    assert f"warning: --limited-rate 12.5% {ODD}" in alone.err
    table = b"list_price,purchase_price,logistics_cost,limited_rate\n20,5,3,\n20,5,3,10%\n"
    filled = run("margin", "-", *TERMS, *option, "-q", stdin=table)
    assert warnings(filled.err) == [f"warning: --limited-rate 12.5% {ODD}"]


def test_the_steps_of_own_discounts_can_be_overridden(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "aepromo.toml"
    file.write_text('[rules]\nlimited.places = "0.5%"\n')
    call = ("margin", "-p", "20", "-b", "5", "-l", "3", *TERMS, "--config", file)
    assert warnings(run(*call, "--limited-rate", "12.5%").err) == []
    assert len(warnings(run(*call, "--limited-rate", "12.3%").err)) == 1


@pytest.mark.parametrize(
    ("rule", "option", "action"),
    [
        ("", (), "hold"),
        ('reprice.max_change = "70%"', (), "raise"),
        ('reprice.max_change = "10%"', ("--max-change", "never"), "raise"),
        ('reprice.max_change = "10%"', ("--max-change", "70%"), "raise"),
    ],
)
def test_max_change_goes_before_its_rule(
    rule: str, option: tuple[str, ...], action: str, run: Run, tmp_path: Path
) -> None:
    """From 10.00 to 16.00 or so."""
    file = tmp_path / "aepromo.toml"
    file.write_text(f"[rules]\n{rule}\n")
    call = ("reprice", "-p", "10", "-b", "8", "-l", "3", *TERMS, "--target-profit", "1.50")
    done = run(*call, "--config", file, *option, "--value", "action")
    assert done.out.decode() == f"{action}\n"


def test_assumptions_name_the_program_as_their_origin(run: Run) -> None:
    for key in ("stacking", "reprice", "fx.usual"):
        done = run("rules", key, "--value", "origin")
        assert done.out
        assert all(line.startswith("aepromo's own ") for line in done.out.decode().splitlines())
