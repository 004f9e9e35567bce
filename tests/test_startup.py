"""A process of its own loads only what a command needs, so that a one-liner answers at once."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from forked import client
from picture import SETTINGS, at_terminal
from processes import PROGRAM, ROOT, program

from aepromo.cli import CALCULATORS, COMMANDS
from aepromo.cli.help import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {"numpy", "pandas", "pyarrow"}
COLUMNS = {"forced", "reverse", "appeal", "tracking", "watch"}
"""The platform's rules answer for a table of one row, and so load what columns need."""
DRAWING = {"rich", "plotext", "matplotlib"}
COSTS = ("-b", "8", "-l", "3", "--commission", "6%", "--payment", "1%")
ONE_LINERS: dict[str, tuple[str, ...]] = {
    "list-price": ("--target", "3.5", "--rate", "13.2%"),
    "margin": ("--price", "20", "--rate", "15%", *COSTS),
    "commission": ("--price", "20", "--rate", "15%", "--commission", "6%", "--payment", "1%"),
    "floor": ("-b", "10", "--price", "20", "--rate", "10%..20%"),
    "reprice": ("--rate", "10%..20%", "--target-profit", "3.50", *COSTS),
    "audit": ("--price", "20", "--rate", "10%..20%", *COSTS),
    "explain": ("--price", "20", "--rate", "15%", *COSTS),
    "sweep": ("--price", "20", "--to", "20%", "--step", "10%", *COSTS),
    "breakeven": ("--price", "20", "--rate", "15%", "--units-30d", "120", *COSTS),
    "rates": ("--price", "20", "--deal-price", "16.50", "--coupon-amount", "0.50"),
    "forced": ("--store-level", "L3", "--orders-30d", "200", "--price", "20", *COSTS),
    "reverse": ("--market", "BR", "--dsr", "4.8", "--price", "20", *COSTS),
    "appeal": ("--price", "20", "--rate", "15%", "--fail-on", "never", *COSTS),
    "tracking": ("--tracking-number", "RR473124829GB", "--timezone", "Asia/Shanghai"),
    "watch": ("--discount-status", "forced", "--price", "20", "--fail-on", "never", *COSTS),
    "rules": ("forced",),
    "doctor": (),
}

NO_ONE_LINER = {"report", "check", "help", "version"}
"""Commands for files, and those about the program."""

SHOWN = ("list-price", "reprice", "explain", "sweep", "rates", "forced", "rules", "doctor")
"""One for each way to show an answer; the calculators share the first two's."""


def python(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with its imports listed on standard error."""
    return subprocess.run(
        [sys.executable, "-P", "-X", "importtime", *arguments],
        cwd=cwd,
        env=SETTINGS,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def loaded(listing: str) -> set[str]:
    """The packages that a list of imports names."""
    modules = re.findall(r"^import time: +\d+ \| +\d+ \| +(\w+)", listing, re.MULTILINE)
    assert "aepromo" in modules
    return set(modules)


def heavy(command: str) -> set[str]:
    """The packages that a command must not load, because it doesn't need them."""
    return {"pandas"} if command in COLUMNS else HEAVY


@pytest.mark.parametrize("command", ONE_LINERS)
def test_a_piped_one_liner_loads_nothing_slow(command: str, tmp_path: Path) -> None:
    run = python("-m", "aepromo", command, *ONE_LINERS[command], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("\n") >= 2
    # A dataclass costs a calculator more than all of its arithmetic.
    slow = {"dataclasses"} if command in CALCULATORS else set()
    assert loaded(run.stderr) & {*heavy(command), *DRAWING, *slow} == set()


@pytest.mark.parametrize("command", SHOWN)
def test_a_one_liner_at_a_terminal_does_not_load_pandas(command: str, tmp_path: Path) -> None:
    line = f"PYTHONPROFILEIMPORTTIME=1 aepromo {command}"
    shown, status = at_terminal(f"{line} {' '.join(ONE_LINERS[command])}", tmp_path, "dumb")
    assert status == 0, shown
    assert loaded(shown) & {*heavy(command), "rich"} == {"rich"}


@pytest.mark.parametrize("command", ["list-price", "reprice", "explain", "sweep", "rules"])
def test_a_one_liner_in_json_does_not_load_rich(command: str, tmp_path: Path) -> None:
    wanted = (*ONE_LINERS[command], "--format", "json")
    run = python("-m", "aepromo", command, *wanted, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)
    assert loaded(run.stderr) & {*HEAVY, *DRAWING} == set()


AS_PEOPLE_WRITE = """采购价;物流成本;标价;佣金率
"$1.234,50";"$ 3,00";2.000,00;8%
free;3,5;9,99;8%
;3,5;9,99;8,5%
"""


@pytest.mark.parametrize("form", ["table", "csv"])
def test_a_cost_file_does_not_load_pandas(form: str, tmp_path: Path) -> None:
    """Arrow imports it as soon as it is given a Python object, which doubles the start."""
    (tmp_path / "costs.csv").write_text(AS_PEOPLE_WRITE, encoding="utf-8")
    wanted = ("--rejects", "bad.csv", "--purchase", "8", "--format", form)
    run = python("-m", "aepromo", "reprice", "costs.csv", *wanted, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "1 bad row set aside" in run.stderr
    assert loaded(run.stderr) & HEAVY == HEAVY - {"pandas"}


FEEDS = (
    "sku,discount_status,forced_rate,list_price,deal_price,purchase_price,logistics_cost,changed_at\n"
    "A-1,forced,15%,20,17.00,8,3,2026/3/10 7:00\n"
    "A-2,promo,,20,18.00,8,3,\n"
    "A-2,none,,20,20.00,8,3,\n"
    ",forced,10%..20%,20,,,,2026-03-10 07:00\n"
    '"B ""3""",none,,20,19.00,8,3,2026-03-10T07:00Z\n',
    '{"sku": "A-1", "discount_status": "forced", "forced_rate": "10%..20%", "stock": 5}\n'
    '{"sku": "C-1", "discount_status": "forced", "list_price": 20, "purchase_price": null}\n'
    '{"sku": "C-\\u0032", "discount_status": "none", "list_price": [20]}\n',
)


def test_a_watched_feed_does_not_load_pandas(tmp_path: Path) -> None:
    for feed, events in zip(FEEDS, (2, 5), strict=True):
        (tmp_path / "feed").write_text(feed)
        wanted = ("--state", "state", "--rejects", "bad.csv", "--fail-on", "never")
        run = python("-m", "aepromo", "watch", "feed", *wanted, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert run.stdout.count("\n") == 1 + events, run.stdout
        assert loaded(run.stderr) & HEAVY == HEAVY - {"pandas"}


def test_past_rates_load_pandas_so_these_tests_would_notice_it(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("sku,list_price,deal_price\nA,10,8\n")
    run = python("-m", "aepromo", "rates", "orders.csv", cwd=tmp_path)
    assert loaded(run.stderr) & HEAVY == HEAVY, run.stderr


def test_every_command_with_one_liners_is_tested() -> None:
    assert set(COMMANDS) - set(ONE_LINERS) == NO_ONE_LINER


@pytest.mark.parametrize("command", ["list-price", *sorted(NO_ONE_LINER)])
def test_help_does_not_load_pandas(command: str, tmp_path: Path) -> None:
    run = python("-m", "aepromo", command, "--help", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert f"Usage: aepromo {command} [OPTIONS]" in run.stdout
    assert loaded(run.stderr) & HEAVY == set()


def test_importing_the_package_does_not_load_pandas(tmp_path: Path) -> None:
    run = python("-c", "import aepromo; aepromo.reprice, aepromo.Policy", cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert loaded(run.stderr) & {*HEAVY, "rich", "typer"} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_of_the_help_works_as_it_stands(command: str, tmp_path: Path) -> None:
    """In a process of its own, which has imported nothing that the command forgets to.

    The calculators read and write files by the same code, and so do the platform's rules; each of
    them has a one-liner above.
    """
    for file in (ROOT / "examples").glob("*/*.*"):
        shutil.copy(file, tmp_path)
    before = {file.name for file in tmp_path.iterdir()}
    _, *arguments = shlex.split(EXAMPLES[command])
    own = client() if command in {*CALCULATORS[1:], *COLUMNS} else PROGRAM
    code, out, err = program(*arguments, cwd=tmp_path, program=own)
    assert code == 0, err
    written = {file.name for file in tmp_path.iterdir()} - before
    assert out or written
