"""An option fills blank cells; ``--override`` puts it first; unused options are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

import aepromo
from aepromo import Policy

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

SKUS = (
    b"sku,purchase_price,logistics_cost,list_price,forced_rate\nA,8,3,20,10%\nB,8,3,30,10%\n"
    b"total,16,6,,\n"
)
NOT_USED = "not used: --price 99 (no cell of it is blank; --override puts it first)\n"
SHOWN = ("--format", "csv", "--no-header", "--columns", "sku,new_list_price,price_change")


def test_an_option_that_fills_no_cell_is_reported(run: Run) -> None:
    ran = run("reprice", "-", "--price", "99", *SHOWN, stdin=SKUS)
    assert ran.out == b"A,20.00,0.00\nB,30.00,0.00\ntotal,,\n"
    assert NOT_USED in ran.err
    assert NOT_USED not in run("reprice", "-", "--price", "99", "--quiet", *SHOWN, stdin=SKUS).err


@pytest.mark.parametrize("blank", [b"", b"  ", "　".encode()])
def test_an_option_that_fills_one_cell_is_used(run: Run, blank: bytes) -> None:
    stdin = SKUS.replace(b"3,30,", b"3," + blank + b",")
    ran = run("reprice", "-", "--price", "99", *SHOWN, stdin=stdin)
    assert ran.out == b"A,20.00,0.00\nB,99.00,0.00\ntotal,,\n"
    assert "not used" not in ran.err


def test_override_puts_options_before_cells(run: Run) -> None:
    ran = run("reprice", "-", "--price", "99", "--override", *SHOWN, stdin=SKUS)
    assert ran.out == b"A,99.00,0.00\nB,99.00,0.00\ntotal,,\n"
    assert "not used" not in ran.err


@pytest.mark.parametrize("flag", ["--rate", "--forced-rate-max"])
def test_the_forced_rates_are_one_value(run: Run, flag: str) -> None:
    words = ("list-price", "-", flag, "50%", "--target", "10", "--value", "protected_list_price")
    assert run(*words, stdin=SKUS).out.split()[:2] == [b"11.12", b"11.12"]
    assert run(*words, "--override", stdin=SKUS).out.split()[:2] == [b"20.00", b"20.00"]
    said = f"not used: {flag} 50% (no cell of it is blank; --override puts it first)"
    assert said in run(*words, stdin=SKUS).err


def test_what_the_configuration_gives_is_not_overridden(run: Run, tmp_path: Path) -> None:
    (tmp_path / "store.toml").write_text('list_price = "50"\nlogistics_cost = "1"\n')
    words = ("reprice", "-", "--config", tmp_path / "store.toml", "--price", "99", "--override")
    ran = run(*words, *SHOWN[:-1], "sku,required_deal_price,price_change", stdin=SKUS)
    assert ran.out == b"A,13.00,0.00\nB,13.00,0.00\ntotal,,\n"


def test_override_goes_before_a_proposed_price(run: Run) -> None:
    stdin = SKUS.replace(b"forced_rate\n", b"forced_rate,new_list_price\n")
    stdin = stdin.replace(b"20,10%", b"20,10%,21").replace(b"30,10%", b"30,10%,31")
    stdin = stdin.replace(b",,\n", b",,,\n")
    quietly = ("--quiet", "--fail-on", "never")
    words = ("audit", "-", "--price", "10", "--value", "deal_price", *quietly)
    assert run(*words, stdin=stdin).out.split() == [b"18.90", b"27.90"]
    assert run(*words, "--override", stdin=stdin).out.split() == [b"9.00", b"9.00"]


def test_explain_out_of_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_bytes(SKUS)
    words = ("explain", tmp_path / "skus.csv", "--sku", "A", "--price", "99", "--format", "csv")
    plain, put_first = run(*words), run(*words, "--override")
    assert plain.out.splitlines()[1] == b"list price,20.00,,,0.00,20.00"
    assert NOT_USED in plain.err
    assert put_first.out.splitlines()[1] == b"list price,99.00,,,0.00,99.00"
    assert "not used" not in put_first.err


@pytest.mark.parametrize("command", ["reprice", "explain", "sweep"])
def test_override_needs_a_file(run: Run, command: str) -> None:
    ran = run(command, "--price", "20", "--purchase", "8", "--logistics", "3", "--override")
    assert ran == (
        2,
        b"",
        "aepromo: --override puts options before the cells of a FILE; "
        "name one, or - for standard input\n",
    )


def test_a_policy_overrides_columns_of_a_frame() -> None:
    frame = pd.DataFrame({"purchase_price": ["8"], "logistics_cost": ["3"], "list_price": ["20"]})
    policy = Policy(list_price="99", override=frozenset({"list_price"}))
    assert list(aepromo.reprice(frame, policy)["new_list_price"].astype(str)) == ["99.00"]
