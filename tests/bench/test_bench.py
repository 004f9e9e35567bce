"""The benchmark measures equal work, and sees what is not equal."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from fractions import Fraction
from io import BytesIO
from math import ceil, floor
from typing import TYPE_CHECKING

import pyarrow.csv as arrow_csv
import pytest
from forked import client
from processes import PACKAGE, PYTHON, ROOT

from . import data
from .__main__ import parsed
from .compare import Differences, compare, plain_algebra
from .run import OURS, PEERS, Program, cost_of
from .shapes import SHAPES
from .startup import number_of_options, typer_program

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 600


def catalogue(rows: int) -> bytes:
    stream = BytesIO()
    data.write(stream, rows)
    return stream.getvalue()


def cells(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("bench") / "catalogue.csv"
    file.write_bytes(catalogue(ROWS))
    return file


@pytest.fixture(scope="module")
def written(source: Path) -> Callable[[Program], Path]:
    """Return a function that runs a program over the catalogue and gives its output file."""

    def written(program: Program) -> Path:
        output = source.with_name(f"{program.name}.csv")
        if not output.exists():
            cost_of(program.command(source, output))
        return output

    return written


# --- the data ---------------------------------------------------------------------------------


def test_a_catalogue_starts_with_the_rows_of_a_shorter_one() -> None:
    rows = data.CHUNK_ROWS + 10
    longer = catalogue(rows)
    assert longer.count(b"\n") == rows + 1
    assert longer.startswith(catalogue(ROWS))
    assert len(longer) / rows == pytest.approx(85, abs=10)


def test_some_titles_are_chinese_and_some_hold_commas_and_quotes(source: Path) -> None:
    titles = [row[1] for row in cells(source)]
    kinds = {
        "Chinese": [title for title in titles if not title.isascii()],
        "commas": [title for title in titles if "," in title],
        "quotes": [title for title in titles if '"' in title],
    }
    shares = {kind: len(found) / ROWS for kind, found in kinds.items()}
    assert all(0.05 < share < 0.5 for share in shares.values()), shares


def test_only_cells_that_need_quotes_have_them(source: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.csv"
    with again.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(cells(source))
    assert again.read_bytes() == source.read_bytes()


# --- the peers --------------------------------------------------------------------------------


def test_the_exact_script_agrees_with_ours_to_the_byte(written: Callable[[Program], Path]) -> None:
    assert written(PEERS["decimal"]).read_bytes() == written(OURS).read_bytes()


def test_the_floor_writes_the_same_columns(written: Callable[[Program], Path]) -> None:
    ours, least = cells(written(OURS)), cells(written(PEERS["floor"]))
    assert least[0] == ours[0]
    assert len(least) == len(ours) == ROWS + 1
    given = len(data.HEADER)
    assert [row[:given] for row in least] == [row[:given] for row in ours]
    assert {len(row) for row in least} == {len(ours[0])}


@pytest.mark.parametrize("name", [name for name, peer in PEERS.items() if peer.formula])
def test_a_peer_computes_its_formula_except_for_floats(
    name: str, written: Callable[[Program], Path]
) -> None:
    peer = PEERS[name]
    if not peer.is_installed:
        pytest.skip(f"{peer.needs} is not installed")
    found = compare(str(written(OURS)), str(written(peer)), peer.formula)
    assert found.rows == ROWS
    assert found.off_its_formula <= (0 if peer.formula == "exact" else ROWS // 20)
    theirs, ours = cells(written(peer)), cells(written(OURS))
    assert theirs[0] == ours[0]
    for column in map(ours[0].index, ("action", "held_by", "worst_case", "status")):
        assert [row[column] for row in theirs] == [row[column] for row in ours]


# --- the comparison ---------------------------------------------------------------------------


def test_the_plain_algebra_is_that_of_fractions(source: Path) -> None:
    types = dict.fromkeys(data.HEADER, "string")
    table = arrow_csv.read_csv(source, convert_options=arrow_csv.ConvertOptions(column_types=types))
    found = plain_algebra(table.to_batches()[0])
    kept = 1 - Fraction("0.132")
    for index, row in enumerate(cells(source)[1:]):
        purchase, logistics, listed, rate, target = map(Fraction, row[4:])
        rates = (rate, Fraction("0.012"))
        needed = 100 * (purchase + logistics + target)
        plain = ceil(needed / (1 - sum(rates)))
        with_fees = needed + sum(ceil(plain * each) for each in rates)
        required: Fraction = max(with_fees, Fraction(ceil(purchase * 115)))
        protected = ceil(required / kept)
        # A change of over half of the price is none.
        new = protected if 100 * listed < protected <= 150 * listed else 100 * listed
        deal = floor(new * kept)
        fees = [floor(deal * each + Fraction(1, 2)) for each in rates]
        assert {name: int(column[index]) for name, column in found.items()} == {
            "required_deal_price": required,
            "protected_list_price": protected,
            "new_list_price": new,
            "price_change": new - 100 * listed,
            "deal_price": deal,
            "commission": fees[0],
            "payment_fee": fees[1],
            "profit": deal - 100 * (purchase + logistics) - sum(fees),
            "floor_price": ceil(purchase * 115),
        }


def test_a_wrong_cent_and_another_text_are_counted(
    written: Callable[[Program], Path], tmp_path: Path
) -> None:
    ours = written(OURS)
    rows = cells(ours)
    price = rows[0].index("protected_list_price")
    rows[5][price] = f"{float(rows[5][price]) + 0.01:.2f}"
    rows[6][price] = f"{float(rows[6][price]) + 0.000001:.6f}"
    rows[7][4] = rows[7][4] + "0"
    theirs = tmp_path / "theirs.csv"
    with theirs.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    found = compare(str(ours), str(theirs), "exact")
    assert found == Differences(ROWS, other_cents=1, off_its_formula=1, other_text=1)


@pytest.mark.parametrize("lost", [1, 300, ROWS])
def test_a_lost_row_is_noticed(
    lost: int, written: Callable[[Program], Path], tmp_path: Path
) -> None:
    lines = written(OURS).read_bytes().splitlines(keepends=True)
    theirs = tmp_path / "theirs.csv"
    theirs.write_bytes(b"".join(lines[:lost] + lines[lost + 1 :]))
    with pytest.raises(ValueError, match="rows"):
        compare(str(written(OURS)), str(theirs), "exact")


# --- the runner -------------------------------------------------------------------------------


def bench(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # The package that is tested comes first, whether it is that of the tree or not.
    paths = {"PYTHONPATH": f"{PACKAGE.parent}{os.pathsep}{ROOT}"}
    return subprocess.run(
        [*PYTHON, "-m", "tests.bench", *arguments],
        cwd=ROOT,
        env={**os.environ, **paths, **environment},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_runner_measures_a_peer_the_starts_and_a_shape(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    few = ("--rows", "1000", "--runs", "1", "--starts", "1", "--peers", "decimal")
    shape = "all bad, alike"
    done = bench(*few, "--shapes", shape, "--json", str(file), COLUMNS="80")
    assert done.returncode == 0, done.stderr
    figures = json.loads(file.read_text("utf-8"))
    assert list(figures["programs"]) == [OURS.name, "decimal"]
    assert figures["rows"] == 1000
    for name, program in figures["programs"].items():
        assert name in done.stdout
        assert program["wall"] > 0
        assert program["cpu"] > 0
        assert program["peak"] > 1e6
    exact = figures["programs"]["decimal"]["differences"]
    assert exact == {"rows": 1000, "other_cents": 0, "off_its_formula": 0, "other_text": 0}
    assert [len(start["ours"]["runs"]) for start in figures["starts"].values()] == [1, 1]
    assert list(figures["shapes"]) == [shape]
    assert shape in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout


def test_the_runner_measures_every_peer_that_is_installed_and_every_shape() -> None:
    asked = parsed(["--shapes"])
    assert asked.peers == [name for name, peer in PEERS.items() if peer.is_installed]
    assert asked.shapes == [*SHAPES]
    assert parsed([]).shapes == []


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_holds_the_same_figures_or_its_bad_rows(
    name: str, source: Path, written: Callable[[Program], Path], tmp_path: Path
) -> None:
    shape = SHAPES[name]
    file, output = tmp_path / "shape.csv", tmp_path / "priced.csv"
    shape.write(source, file)
    _program, *arguments = shape.command(file, output)
    cost_of([*client(), *arguments], shape.exit_code)
    rejects = output.with_suffix(".bad.csv")
    bad = len(cells(rejects)) - 1 if shape.has_rejects else 0
    if shape.exit_code:
        assert not output.exists()
    elif bad:
        assert bad in (ROWS, ROWS // 100)
        assert len(cells(output)) - 1 + bad == ROWS
    else:
        added, plain = (
            [row[len(data.HEADER) :] for row in cells(file)] for file in (output, written(OURS))
        )
        assert added == plain


def test_a_peer_that_is_not_installed_is_refused() -> None:
    done = bench("--peers", "miller", PATH="")
    assert done.returncode == 2
    assert "miller: mlr is not installed" in done.stderr


def test_the_typer_program_has_the_same_number_of_options(tmp_path: Path) -> None:
    options = number_of_options("list-price")
    assert options > 10
    program = tmp_path / "program.py"
    program.write_text(typer_program(options), encoding="utf-8")
    line = [sys.executable, str(program)]
    arguments = [word for n in range(options) for word in (f"--option-{n + 1}", str(n + 1))]
    done = subprocess.run([*line, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "1 at 2\n")
    too_many = [*line, f"--option-{options + 1}", "1"]
    assert subprocess.run(too_many, capture_output=True, check=False).returncode == 2
