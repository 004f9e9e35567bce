"""The proof as a column: made on request, and correct."""

from __future__ import annotations

import csv
import json
import re
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

TERMS = ("--commission", "6%", "--payment", "1%", "-q")
TABLE = (
    b"sku,purchase_price,logistics_cost,list_price,limited_rate\n"
    b"A,8,3,25,\nB,5,3,9.99,15%\nC,12.34,3,40,\nD,0.10,0.10,9,10%\n"
)
LINE = re.compile(
    r"(?P<list>[\d.]+): (?:own (?P<own>[\d.]+)%(?:, (?P<base>up|down))?, )?"
    r"(?:forced (?P<forced>[\d.]+)%(?:, (?P<item>up|down))?|not forced)"
    r"(?:, basket (?P<basket>[\d.]+))?: (?P<deal>[\d.]+) under (?P<required>[\d.]+)"
)


def settled(exact: Fraction, direction: str | None) -> Fraction:
    if direction is None:
        return exact
    return Fraction(ceil(exact * 100) if direction == "up" else floor(exact * 100), 100)


def deal_of(line: dict[str, str | None], off: int, threshold: int) -> Fraction:
    """The deal price of a proof line, computed by hand, with one Spend & Save."""
    price = Fraction(line["list"] or 0)
    if line["own"]:
        price = settled(price * (1 - Fraction(line["own"]) / 100), line["base"])
    if line["forced"]:
        price = settled(price * (1 - Fraction(line["forced"]) / 100), line["item"])
    if not line["basket"]:
        return price
    basket = Fraction(line["basket"])
    assert basket >= max(Fraction(threshold), price)
    return price - Fraction(ceil(off * price / basket * 100), 100)


@pytest.mark.parametrize("command", ["reprice", "audit"])
@pytest.mark.parametrize("basket", ["any", "single", "same"])
def test_every_line_can_be_worked_through_by_hand(command: str, basket: str, run: Run) -> None:
    offers = ("--rate", "10%..20%", "--spend-save", "30:3", "--basket", basket)
    never = ("--fail-on", "never")
    columns = ("--columns", "sku,protected_list_price,required_deal_price,proof")
    done = run(command, "-", *TERMS, *offers, *never, *columns, stdin=TABLE)
    rows = list(csv.DictReader(done.out.decode().splitlines()))
    assert len(rows) == 4
    for row in rows:
        line = LINE.fullmatch(row["proof"])
        assert line, row["proof"]
        below = Fraction(row["protected_list_price"]) - Fraction(1, 100)
        assert Fraction(line["list"]) == below
        assert line["required"] == row["required_deal_price"]
        assert (
            deal_of(line.groupdict(), 3, 30) == Fraction(line["deal"]) < Fraction(line["required"])
        )


def test_the_proof_is_there_only_on_request(run: Run) -> None:
    assert b"proof" not in run("reprice", "-", *TERMS, stdin=TABLE).out
    call = ("reprice", "-", *TERMS, "--rate", "13%", "--value", "proof", "--ending", ".99")
    first = run(*call, stdin=TABLE).out.decode().splitlines()[0]
    assert first == "13.99: forced 13%, down: 12.17 under 12.70"
    chinese = run("reprice", "-", *TERMS, "--columns", "sku,验证", stdin=TABLE)
    assert chinese.out.startswith(b"sku,proof\n")
    assert run("margin", "-", *TERMS, "--columns", "sku,proof", stdin=TABLE).code == 2


def test_one_sku_and_a_file_have_the_same_proof(run: Run) -> None:
    values = ("-b", "8", "-l", "3", "--limited-rate", "15%", "--rate", "20%", "-t", "12.80", *TERMS)
    columns = ("--columns", "protected_list_price,proof", "--format", "json")
    one = json.loads(run("reprice", *values, *columns).out)
    table = b"purchase_price,logistics_cost,limited_rate\n8,3,15%\n"
    many = run("reprice", "-", *values[6:], *columns, stdin=table)
    assert json.loads(many.out) == one
    assert LINE.fullmatch(one[0]["proof"])
    # Nothing is lower than a cent.
    free = ("-b", "0", "-l", "0", "-t", "0.01", "--rate", "0%", *TERMS)
    assert json.loads(run("reprice", *free, *columns).out)[0]["proof"] is None


def test_discounts_that_add_up_are_taken_in_one_step(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "aepromo.toml"
    file.write_text('[rules]\nstacking.own_and_forced = "add"\n')
    call = ("reprice", "-b", "8", "-l", "3", "--limited-rate", "15%", "--rate", "7%", *TERMS)
    done = run(*call, "--config", file, "--target", "12.80", "--value", "proof")
    # 78 % of 16.41 are 12.7998.
    assert done.out == b"16.41: own 15%, forced 7%, down: 12.79 under 12.80\n"
    exact = run(*call, "--config", file, "--target", "12.88", "--ending", ".50", "--value", "proof")
    assert exact.out == b"16.50: own 15%, forced 7%: 12.87 under 12.88\n"
