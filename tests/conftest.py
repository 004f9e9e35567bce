"""Fixtures that run the program, and a header that says which code is tested."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Protocol

import forked
import pytest
from hypothesis import settings
from processes import IS_TREE, PACKAGE

# The same examples in every run; ``python -m tests.search`` looks for others. Without a deadline,
# because the first example loads pandas and pyarrow.
settings.register_profile("aepromo", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("aepromo")

# Tests expect English, whatever the locale of the machine.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("AEPROMO_LANG", None)


SLOW = {
    *("test_pricing", "test_exact_money", "test_same_figures_everywhere", "test_no_cell_is_lost"),
    *("test_reference", "test_any_bytes", "test_records", "test_sheet_rows"),
    *("test_reverse", "test_bulk_writing", "test_damaged_files", "test_offers_model"),  # examples
    *("test_interrupted_runs", "test_streams", "test_startup", "test_completion"),  # many starts
    "test_contributing",  # copies of the tree
    *("test_golden_cases", "test_pages", "test_cron", "test_watch_cron", "test_chinese_headers"),
    *("test_failing_calls", "test_faults_of_the_machine", "test_nasty_files", "test_own_discounts"),
    *("test_page", "test_help", "test_translations", "test_precedence", "test_workbooks_out"),
    *("test_workbooks_in", "test_currency", "test_costs_in_their_currency", "test_shipping"),
    *("test_tariff_and_rates_in_commands", "test_rates", "test_watch", "test_appeal"),
    *("test_own_files", "test_found_configuration", "test_wrong_calls", "test_doctor"),  # many runs
    *("test_decisions", "test_forced", "test_tracking", "test_joined_rates", "test_explain"),
    *("test_price_update", "test_skus_without_a_list_price", "test_chinese_workbooks"),
    *("test_configured_figures", "test_endings", "test_grid", "test_did_you_mean"),
    *("test_search", "test_same_code"),
    *("test_bench", "test_charts", "test_dask_and_spark", "test_page_in_browser"),  # others' code
}
"""The slowest files, which ``-m quick`` leaves out."""

FIRST = {
    *("test_bench", "test_page_in_browser"),  # whose tests share slow fixtures
    *("test_contributing", "test_dask_and_spark", "test_watch_cron"),  # of many seconds each
}
"""The files that come first with ``-n``: no process takes them over from another."""


class Ran(NamedTuple):
    """The exit code, standard output and standard error of a run."""

    code: int
    out: bytes
    err: str


class Run(Protocol):
    def __call__(self, *args: str | Path, stdin: bytes = b"") -> Ran: ...


@pytest.fixture(scope="session")
def run() -> Run:
    """Return a function that runs the program with some arguments."""

    def run(*args: str | Path, stdin: bytes = b"") -> Ran:
        return Ran(*forked.program(*args, cwd=Path.cwd(), env=dict(os.environ), stdin=stdin))

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--repopulate",
        action="store_true",
        help="rewrite the expectations under tests/cases, for review as a diff",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # With -n no process waits at the end for another, which still has a long test to run.
    items.sort(key=lambda item: (item.path.stem not in FIRST, item.path.stem not in SLOW))
    for item in items:
        if item.path.stem not in SLOW:
            item.add_marker("quick")


def pytest_report_header() -> str:
    return f"aepromo: {PACKAGE} ({'the tree' if IS_TREE else 'installed'})"
