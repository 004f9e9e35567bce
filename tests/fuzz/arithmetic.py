"""Compare random SKUs with the reference, and reduce the ones that differ."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

from fuzz.cases import SCALES
from fuzz.trial import Trial, draw_trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.compare import Difference

WIDEST = (300, 1000, 4000)


def trial_of(seed: int, number: int) -> Trial:
    rng = Random(f"{seed}:{number}")  # noqa: S311 (no secrets)
    return draw_trial(rng, SCALES, rng.choice(WIDEST))


def failure(seed: int, number: int) -> str:
    """Return which figures of a case differ, each in the smallest case that shows it."""
    trial = trial_of(seed, number)
    try:
        figures = dict.fromkeys(kind(each) for each in trial.differences())
        return "\n".join(str(shrunk(trial, figure)) for figure in figures)
    except Exception as error:  # this is the result of the case; the others continue
        return f"{type(error).__name__}: {error}\n  {trial!r}"


def kind(difference: Difference) -> str:
    """The name of the figure, without its prices."""
    return (
        "dead zones"
        if "protect" in difference.figure.split() or difference.figure.startswith("dead zones")
        else difference.figure
    )


# --- smaller ----------------------------------------------------------------------------------


def smaller(trial: Trial) -> Iterator[Trial]:
    """Smaller variants of a trial, the largest reductions first."""
    case = trial.case
    for name in ("spend_save", "coupons", "endings"):
        held = getattr(case, name)
        for index in range(len(held)):
            yield _with(trial, **{name: held[:index] + held[index + 1 :]})
    for name in ("limited_rate", "commission_rate", "payment_rate"):
        if getattr(case, name):
            yield _with(trial, **{name: Fraction(0)})
    if case.forced_lo != case.forced_hi:  # one rate never becomes two again
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
    """Rounder values of a rate: 0, whole tenths, percents or tenths of a percent below it."""
    for parts in (1, 10, 100, 1000):
        rounder = Fraction(int((rate or 0) * parts), parts)
        if rate is not None and rounder != rate:
            yield rounder


def _with(trial: Trial, **changes: object) -> Trial:
    return replace(trial, case=replace(trial.case, **changes))  # type: ignore[arg-type]  # by name


def shrunk(trial: Trial, wanted: str) -> Difference:
    """The first difference of a figure in the smallest trial that still shows one."""

    def shown(tried: Trial) -> Difference | None:
        try:
            return next((each for each in tried.differences() if kind(each) == wanted), None)
        except (AssertionError, ValueError):
            return None  # not a valid case, such as a target profit without a cost

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
