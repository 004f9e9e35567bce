"""Reprice a Spark DataFrame, batch by batch, in its Python workers.

    python examples/python/on_spark.py examples/quick-start/skus.csv repriced

Needs ``pip install pyspark`` and Java. ``reprice`` takes any frame, wherever it comes from.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

import aepromo

if TYPE_CHECKING:
    from collections.abc import Iterator


def reprice(costs: DataFrame, policy: aepromo.Policy) -> DataFrame:
    """Each batch apart from the others; an answer without rows tells Spark what to expect."""

    def priced(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            yield aepromo.reprice(batch, policy)

    none = pd.DataFrame({name: pd.Series(dtype="str") for name in costs.columns})
    answer, own = aepromo.reprice(none, policy), dict(costs.dtypes)
    columns = [f"`{name}` {own.get(name) or spark_type(answer[name])}" for name in answer]
    return costs.mapInPandas(priced, ", ".join(columns))


def spark_type(column: pd.Series) -> str:
    """The type of an added column in Spark's words: ``decimal(18, 2)`` or ``string``."""
    return str(column.dtype.pyarrow_dtype).replace("decimal128", "decimal")


def main(source: str, target: str) -> None:
    """Read a cost file, and write a folder of files with its protected prices."""
    policy = aepromo.Policy(forced_rate="10%..20%", commission_rate="8%", payment_rate="1.2%")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers also need aepromo
    spark = SparkSession.builder.master("local[2]").appName("aepromo").getOrCreate()
    # Without inferring a schema, cells stay text: 00123 is not a number.
    costs = spark.read.csv(source, header=True, multiLine=True, escape='"')
    priced = reprice(costs, policy)
    priced.printSchema()
    priced.write.csv(target, header=True, mode="overwrite", escape='"')
    print(f"{priced.count()} rows: {target}")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
