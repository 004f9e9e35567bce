"""One SKU whose every value comes from the policy: a one-liner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.engine.check import Fault, Filler, check, check_results
from aepromo.errors import CallError
from aepromo.pricing.money import BLANK
from aepromo.table.headings import named
from aepromo.words import _

if TYPE_CHECKING:
    from aepromo.engine.question import Report
    from aepromo.inputs.policy import Policy


def run_single(report: Report, policy: Policy) -> tuple[dict[str, int], list[str]]:
    """The report's result columns for one SKU, and the columns that were assumed.

    Raises ``CallError`` that lists every value which is missing or can't be used.
    """
    numbers, shipped = policy.of_one(report)
    filler = Filler({}, numbers, policy.in_force, policy.selling)
    sku = check(report, filler)
    refuse(filler.faults)
    results = shipped | report.compute(sku, policy.terms())
    refuse(check_results(results, sku, policy.selling))
    added = policy.added(report, ())
    # Every carrier was an int, so every result is one.
    return {name: int(results.get(name, BLANK)) for name in added}, filler.assumed


def refuse(faults: list[Fault]) -> None:
    """Raise a ``CallError`` that lists the faults of one SKU, if there are any."""
    if faults:
        raise CallError(
            _("; ").join(
                _("{column} {reason}").format(column=named(fault.column), reason=fault.reason(None))
                for fault in faults
            )
        )
