"""The Python functions on the partitions of a larger frame, of Dask or of Spark."""

from __future__ import annotations

import csv
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pytest

import aepromo

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Run

EXAMPLES = Path(__file__).parent.parent / "examples"
POLICY = aepromo.Policy(forced_rate="10%..20%", commission_rate="8%", payment_rate="1.2%")
RATES = ("--rate", "10%..20%", "--commission", "8%", "--payment", "1.2%", "--quiet")


def test_two_dask_workers_answer_as_the_command_does(run: Run, tmp_path: Path) -> None:
    source, target = EXAMPLES / "quick-start/skus.csv", tmp_path / "repriced.csv"
    command = [sys.executable, *map(str, (EXAMPLES / "python/on_dask.py", source, target))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == f"6 partitions on 2 workers: {target}\n", done.stderr
    assert run("reprice", source, *RATES) == (0, target.read_bytes(), "")


@pytest.mark.skipif(not shutil.which("java"), reason="there is no Java for Spark")
def test_spark_answers_as_the_command_does(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    source, target = EXAMPLES / "quick-start/skus.csv", tmp_path / "repriced"
    command = [sys.executable, *map(str, (EXAMPLES / "python/on_spark.py", source, target))]
    local = {"SPARK_LOCAL_IP": "127.0.0.1"}  # with any host name
    done = subprocess.run(
        command, env=os.environ | local, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.stdout.endswith(f"72 rows: {target}\n"), done.stderr
    answer = run("reprice", source, *RATES)
    assert answer.code == 0, answer.err
    files = sorted(target.glob("part-*.csv"))
    rows = [row for file in files for row in csv.reader(file.read_text("utf-8").splitlines())]
    assert rows == list(csv.reader(answer.out.decode().splitlines()))


@pytest.mark.parametrize("text", ["str", "object", pd.ArrowDtype(pa.string())], ids=str)
@pytest.mark.parametrize(
    "function", [aepromo.reprice, aepromo.audit, aepromo.floor, aepromo.forced, aepromo.tracking]
)
def test_an_answer_without_rows_has_the_columns_and_types_of_any(
    function: Callable[..., pd.DataFrame], text: Any
) -> None:
    """Dask's ``meta``, for any later rows."""
    read = pd.read_csv(EXAMPLES / "quick-start/skus.csv", dtype=str, keep_default_na=False)
    costs = read.astype(text)
    policy = POLICY._replace(facts={"tracking_number": "RR473124829GB", "shipped_at": "2026-03-01"})
    empty = function(costs.head(0), policy)
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, function(costs, policy).dtypes)


def test_added_columns_are_exact_decimals_and_others_keep_their_type() -> None:
    """As ``on_spark.py`` writes Spark's schema."""
    there = {"a `b`": "int64", "purchase_price": "float64", "floor_price": "str"}
    frame = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in there.items()})
    alone = aepromo.floor(frame)
    assert list(alone) == list(there)
    assert alone.dtypes["a `b`"] == "int64"
    assert alone.dtypes["floor_price"].pyarrow_dtype == pa.decimal128(18, 2)
    priced = aepromo.floor(frame, aepromo.Policy(list_price="20", forced_rate="15%"))
    assert priced.dtypes["max_discount"].pyarrow_dtype == pa.decimal128(18, 4)
    assert priced.dtypes["status"].pyarrow_dtype == pa.string()


def test_a_missing_column_is_reported_before_any_work() -> None:
    with pytest.raises(aepromo.InputError, match="no column for logistics_cost"):
        aepromo.reprice(pd.DataFrame({"purchase_price": pd.Series(dtype="str")}))


def test_problems_come_back_from_another_process() -> None:
    problems = [aepromo.Problem(3, "purchase_price", "is missing")]
    back = pickle.loads(pickle.dumps(aepromo.BadRows(problems)))  # noqa: S301 (our own)
    assert back.problems == problems
    assert str(back) == "row 3: purchase_price: is missing"
