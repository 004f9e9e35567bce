"""Calls that contradict themselves or leave out a name: one line says what to do instead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import processes
import pytest
from forked import client, program

if TYPE_CHECKING:
    from pathlib import Path

ONE = ("margin", "-q", "-p", "20", "-b", "8", "-l", "3")
FILE = ("reprice", "skus.csv", "-q")


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ((*ONE, "--value", "profit", "--columns", "margin"),
         "--value prints one column; leave --columns out, or name all in --columns"),
        ((*ONE, "--value", "profit", "--format", "json"),
         "--value prints bare values; leave --format json out, or use --columns"),
        ((*FILE, "-o", ""), "--output: needs a value; '' is none"),
        ((*FILE, "--rejects", ""), "--rejects: needs a value; '' is none"),
        ((*FILE, "--columns", ""), "--columns: needs a value; '' is none"),
        ((*FILE, "--config", ""), "--config: needs a value; '' is none"),
        (("audit", ""), "FILE: needs a value; '' is none"),
        ((*FILE, "--line", "fast"), "--line needs --tariff FILE"),
        ((*FILE, "--forced-rate-min", "20%", "--forced-rate-max", "10%"),
         "--forced-rate-min is above --forced-rate-max; swap the two"),
        (("rates",), "nothing to compute; name a FILE, or give --list-price and --deal-price"),
        ((*FILE, "-o", "one.csv", "-o", "two.csv"), "-o: given more than once; give one value"),
        ((*ONE, "--rate", "10%", "-r20%"), "--rate: given more than once; give one value"),
        ((*ONE, "-r", "10%", "--forced-rate=10%"),
         "-r, --forced-rate: given more than once; give one value"),
        (("--lang", "zh", "--lang", "en", *ONE), "--lang: given more than once; give one value"),
        (("appeal",), "nothing to judge; name a FILE, or give values such as --list-price"),
        (("reprice", "--only", "raise"),
         "--only selects rows of a FILE; name one, or - for standard input"),
        (("reprice", "-r", "10%", "--override"),
         "--override puts options before the cells of a FILE; name one, or - for standard input"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_to_do(call: tuple[str, ...], line: str, tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text("sku,purchase_price,logistics_cost\nA-1,8,3\n")
    code, out, err = program(*call, cwd=tmp_path)
    assert (code, out, err) == (2, b"", f"aepromo: {line}\n")
    assert [path.name for path in tmp_path.iterdir()] == ["skus.csv"]


@pytest.mark.parametrize("more", [("-q",), ("--spend-save", "30:3", "--spend-save", "50:5")])
def test_what_repeats_or_takes_no_value_may_be_given_again(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    assert program(*ONE, *more, cwd=tmp_path)[0] == 0


HINT = "standard input holds data; write - to read it"


@pytest.mark.parametrize(
    ("call", "is_alone"),
    [
        *((call, True) for call in (("reprice",), ("appeal",), ("rates",), ("watch",), ("sweep",))),
        # These values may be meant for one SKU.
        *((call, False) for call in (("explain", "-r", "10%"), ("appeal", "--store-level", "L4"))),
    ],
)
def test_data_that_nobody_reads_is_pointed_out_first(
    call: tuple[str, ...], is_alone: bool, tmp_path: Path
) -> None:
    (tmp_path / "skus.csv").write_text("sku,purchase_price,logistics_cost\nA-1,8,3\n")
    with (tmp_path / "skus.csv").open("rb") as stdin:
        code, out, err = processes.program(*call, cwd=tmp_path, stdin=stdin, program=client())
    assert (code, out) == (2, b"")
    without = program(*call, cwd=tmp_path)
    assert without[0] == 2
    rest = "\n" if is_alone else without[2].replace("aepromo:", ";", 1)
    assert err == f"aepromo: {HINT}{rest}"


@pytest.mark.parametrize("data", [b"", b"sku\n"])
def test_a_pipe_holds_data_where_there_are_bytes_in_it(data: bytes, tmp_path: Path) -> None:
    end, ours = os.pipe()
    os.write(ours, data)
    os.close(ours)
    with os.fdopen(end, "rb") as stdin:
        code, _out, err = processes.program("reprice", cwd=tmp_path, stdin=stdin)
    assert (code, HINT in err) == (2, bool(data))


@pytest.mark.parametrize(
    "call", [(*ONE, "-r", "200%"), ("explain", "skus.csv", "--sku", "A-1", "-q"), (*ONE,)]
)
def test_a_call_that_lacks_nothing_leaves_standard_input_alone(
    call: tuple[str, ...], tmp_path: Path
) -> None:
    """As in ``while read sku; do aepromo margin …; done < skus.csv``."""
    (tmp_path / "skus.csv").write_text("sku,logistics_cost\nA-1,8\n")
    with (tmp_path / "skus.csv").open("rb") as stdin:
        err = processes.program(*call, cwd=tmp_path, stdin=stdin, program=client())[2]
        assert HINT not in err
        assert stdin.read() == b"sku,logistics_cost\nA-1,8\n"
