"""Search for failing examples at random, for a given time.

    python -m tests.search --seed 1 --minutes 5
    python -m tests.search bytes --seed 1 --only 1234

``arithmetic`` compares random SKUs with the reference, ``orders`` random offers and baskets with
brute force, ``bytes`` damages tables and checks every row, ``files`` damages tables, workbooks,
Parquet files, configurations, tariffs, JSON lines and states, ``failures`` lets each system call on
files fail, ``mixed`` runs all commands in one folder over good and damaged files, with full disks
and kills, and ``properties`` runs the property tests with other examples than by default. The time
is shared among them. A case is drawn from the seed and its number, so that each can be repeated; a
failing one is printed so that it can become a test, a table as small as it still fails.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from multiprocessing import get_context
from pathlib import Path

TESTS = Path(__file__).parent
sys.path.insert(0, str(TESTS))

from fuzz import arithmetic, failures, files, mixed, model  # noqa: E402
from fuzz import bytes as any_bytes  # noqa: E402
from processes import PACKAGE, PYTHON, ROOT  # noqa: E402

CASES = {
    "arithmetic": arithmetic.failure,
    "orders": model.failure,
    "bytes": any_bytes.failure,
    "files": files.failure,
    **({"failures": failures.failure, "mixed": mixed.failure} if failures.has_compiler() else {}),
}
KINDS = (*CASES, "properties")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def search(kind: str, seed: int, first: int, step: int, until: float) -> tuple[int, int]:
    """Try each case that is a step from the last; return how many were tried, and failed."""
    number, count, failed = first, 0, 0
    while time.monotonic() < until:
        said = CASES[kind](seed, number)
        if said:
            failed += 1
            print(f"{kind} {number}: {said}", flush=True)
        number, count = number + step, count + 1
    return count, failed


def search_cases(kind: str, seed: int, seconds: float) -> int:
    """Try cases on all cores until the time is over; return how many failed."""
    began = time.monotonic()
    tasks = [(kind, seed, first, CORES, began + seconds) for first in range(CORES)]
    with get_context("spawn").Pool(CORES) as pool:
        found = pool.starmap(search, tasks, chunksize=1)
    count, failed = sum(tried for tried, _ in found), sum(wrong for _, wrong in found)
    took = time.monotonic() - began
    print(f"{kind}: {count:,} cases, {count / took:,.0f} a second, {failed} failed", flush=True)
    return failed


def search_properties(seed: int, seconds: float) -> int:
    """Run the property tests with one seed after the other; return how many runs failed."""
    began = time.monotonic()
    rounds, failed = 0, 0
    while not rounds or time.monotonic() < began + seconds:
        options = ["--hypothesis-profile", "search", "--hypothesis-seed", str(seed + rounds)]
        line = [*PYTHON, "-m", "pytest", "-q", "-m", "hypothesis", "-n", str(CORES), *options]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            failed += 1
            print(f"properties {rounds}: {' '.join(options)}\n{done.stdout}", flush=True)
        rounds += 1
    took = time.monotonic() - began
    print(f"properties: {rounds} rounds, {took / rounds:.0f} s a round, {failed} failed")
    return failed


def main() -> int:
    """Search; return 1 if something failed."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.search", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--seed", type=int, help="by default another one each time")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--only", type=int, help="the number of a single case")
    asked = parser.parse_args()
    kinds = asked.kinds or KINDS
    if wrong := [kind for kind in kinds if kind not in KINDS]:
        parser.error(f"no kind {wrong[0]}; there are {', '.join(KINDS)}")
    seed = random.SystemRandom().randrange(1 << 32) if asked.seed is None else asked.seed
    print(f"seed {seed}, {CORES} processes, aepromo: {PACKAGE}", flush=True)
    if asked.only is not None:
        said = [said for kind in kinds if kind in CASES and (said := CASES[kind](seed, asked.only))]
        print("\n".join(said) or "no failure")
        return int(bool(said))
    seconds = 60 * asked.minutes / len(kinds)
    failed = sum(
        search_cases(kind, seed, seconds) if kind in CASES else search_properties(seed, seconds)
        for kind in kinds
    )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
