"""Reprice the partitions of a Dask DataFrame, on two worker processes of this machine.

    python examples/python/on_dask.py examples/quick-start/skus.csv repriced.csv

Needs ``pip install 'dask[dataframe]' distributed``. In a cluster that exists, give its address to
``Client`` and take the frame from where it lives: ``reprice`` stays as it is.
"""

from __future__ import annotations

import sys

import dask.dataframe as dd
from dask.distributed import Client, LocalCluster

import aepromo


def reprice(costs: dd.DataFrame, policy: aepromo.Policy) -> dd.DataFrame:
    """Each partition apart from the others; an answer without rows tells Dask what to expect."""
    meta = aepromo.reprice(costs.head(0), policy)
    return costs.map_partitions(aepromo.reprice, policy, meta=meta)


def main(source: str, target: str) -> None:
    """Read a cost file in parts of a few rows, and write it with its protected prices."""
    policy = aepromo.Policy(forced_rate="10%..20%", commission_rate="8%", payment_rate="1.2%")
    # Cells stay text: 00123 is not a number, and a blank is not "nan". Dask cuts a
    # file at any line end, so cells may hold none.
    costs = dd.read_csv(source, dtype=str, keep_default_na=False, blocksize="1KiB")
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        reprice(costs, policy).to_csv(target, single_file=True, index=False)
        workers = len(client.scheduler_info()["workers"])
        print(f"{costs.npartitions} partitions on {workers} workers: {target}")


if __name__ == "__main__":
    main(*sys.argv[1:])
