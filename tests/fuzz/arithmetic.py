"""The product's arithmetic against the reference, over as many random cases as there is time for.

    python tests/fuzz/arithmetic.py --cases 50000 --seed 1

Each case has a seed of its own, so that any one can be looked at again (``--only 1234``). Where
product and reference differ, the case is made as small as it still differs, and shown as a command.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from fuzz.cases import SCALES
from fuzz.trial import Trial, draw_trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.compare import Difference

WIDEST = (300, 1000, 4000)
MOST_SHRUNK = 5
"""How many cases are made smaller for each figure that differs."""


def trial_of(seed: int, number: int) -> Trial:
    rng = Random(f"{seed}:{number}")  # noqa: S311 (no secrets)
    return draw_trial(rng, SCALES, rng.choice(WIDEST))


def tried(task: tuple[int, int]) -> tuple[int, list[str]]:
    """The number of a case, and the figures that differ in it."""
    seed, number = task
    try:
        return number, [kind(each) for each in trial_of(seed, number).differences()]
    except Exception as error:  # is what came of this case; the others go on
        return number, [f"{type(error).__name__}: {error}"]


def kind(difference: Difference) -> str:
    """The figure without the prices that it is told for."""
    return (
        "dead zones"
        if "protect" in difference.figure.split() or difference.figure.startswith("dead zones")
        else difference.figure
    )


# --- smaller ----------------------------------------------------------------------------------


def smaller(trial: Trial) -> Iterator[Trial]:
    """The same with something left out or reduced, the boldest first."""
    case = trial.case
    for name in ("spend_save", "coupons", "endings"):
        held = getattr(case, name)
        for index in range(len(held)):
            yield _with(trial, **{name: held[:index] + held[index + 1 :]})
    for name in ("limited_rate", "commission_rate", "payment_rate"):
        if getattr(case, name):
            yield _with(trial, **{name: Fraction(0)})
    if case.forced_lo != case.forced_hi:  # one rate is never made two again
        yield _with(trial, forced_lo=case.forced_hi)
        yield _with(trial, forced_hi=case.forced_lo)
    if case.coupon_stacks:
        yield _with(trial, coupon_stacks=False)
    for name in ("target_price", "target_profit", "target_margin"):
        if getattr(case, name) is not None:
            yield _with(trial, **{name: None})
    if len(trial.list_prices) > 1:
        for price in trial.list_prices:
            yield replace(trial, list_prices=(price,))
    for index, price in enumerate(trial.list_prices):
        for less in (price // 2, price - 1):
            prices = list(trial.list_prices)
            prices[index] = max(1, less)
            yield replace(trial, list_prices=tuple(prices))
    yield from _reduced(trial)


def _reduced(trial: Trial) -> Iterator[Trial]:
    case = trial.case
    amounts = ("purchase_price", "logistics_cost", "other_cost", "target_price", "target_profit")
    for name in amounts:
        held = getattr(case, name)
        if held:
            for less in (0, held // 2, held // 100 * 100, held - 1):
                yield _with(trial, **{name: less})
    for name in ("spend_save", "coupons"):
        held = getattr(case, name)
        for index, (threshold, takes) in enumerate(held):
            for pair in (
                (threshold // 2, takes // 2),
                (threshold, takes // 2),
                (threshold, takes - 1),
                (threshold - 1, takes),
            ):
                if pair[1] > 0 and (pair[1] < pair[0] or not pair[0]):
                    yield _with(trial, **{name: (*held[:index], pair, *held[index + 1 :])})
    for name in ("limited_rate", "commission_rate", "payment_rate", "target_margin"):
        yield from (_with(trial, **{name: rate}) for rate in _rounder(getattr(case, name)))
    for rate in _rounder(case.forced_hi):
        if case.forced_lo == case.forced_hi:
            yield _with(trial, forced_lo=rate, forced_hi=rate)
        elif rate >= case.forced_lo:
            yield _with(trial, forced_hi=rate)
    for rate in _rounder(case.forced_lo):
        if case.forced_lo != case.forced_hi:
            yield _with(trial, forced_lo=rate)


def _rounder(rate: Fraction | None) -> Iterator[Fraction]:
    """Nothing, or the rate in whole tenths, percents or tenths of a percent, where it is higher."""
    for parts in (1, 10, 100, 1000):
        rounder = Fraction(int((rate or 0) * parts), parts)
        if rate is not None and rounder != rate:
            yield rounder


def _with(trial: Trial, **changes: object) -> Trial:
    return replace(trial, case=replace(trial.case, **changes))  # type: ignore[arg-type]


def shrunk(trial: Trial, wanted: str) -> Difference:
    """The first difference over a figure that is left once nothing smaller shows one."""

    def shown(tried: Trial) -> Difference | None:
        try:
            return next((each for each in tried.differences() if kind(each) == wanted), None)
        except (AssertionError, ValueError):
            return None  # no case any more, such as a profit asked for without a cost

    found = shown(trial)
    assert found is not None
    reduced = True
    while reduced:
        reduced = False
        for candidate in smaller(trial):
            if candidate != trial and (still := shown(candidate)) is not None:
                trial, found, reduced = candidate, still, True
                break
    return found


# --- the run ----------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", type=int, help="one case of the run, by its number")
    given = parser.parse_args()
    numbers = range(given.cases) if given.only is None else range(given.only, given.only + 1)
    began = time.monotonic()
    differing: dict[str, list[int]] = {}
    with Pool(given.processes) as pool:
        tasks = ((given.seed, number) for number in numbers)
        for done, (number, figures) in enumerate(pool.imap_unordered(tried, tasks, 20), 1):
            for figure in figures:
                differing.setdefault(figure, []).append(number)
            if done % 5000 == 0:
                report(f"{done} cases, {time.monotonic() - began:.0f} s, {count(differing)}")
    report(f"{len(numbers)} cases, {time.monotonic() - began:.0f} s, {count(differing)}")
    for figure, found in sorted(differing.items()):
        report(f"\n{figure}: {len(set(found))} cases, such as {sorted(set(found))[:10]}")
        shortest: set[str] = set()
        for number in sorted(set(found))[:MOST_SHRUNK]:
            trial = trial_of(given.seed, number)
            try:
                shortest.add(str(shrunk(trial, figure)))
            except (AssertionError, ValueError, ArithmeticError) as error:
                shortest.add(f"case {number}: {error!r}: {trial}")
        report("\n".join(sorted(shortest)))
    return 1 if differing else 0


def count(differing: dict[str, list[int]]) -> str:
    counts = Counter({figure: len(set(numbers)) for figure, numbers in differing.items()})
    return ", ".join(f"{figure} {times}" for figure, times in counts.items()) or "no difference"


def report(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
