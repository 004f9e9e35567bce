"""``reverse``: may the reverse promotion choose my SKUs, and what is safe to run meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.cli.priced_rulings import labels_counted, priced_ruling_command, rows_counted
from aepromo.reports.reverse import reverse
from aepromo.reports.row_pricing import WITH_TARGETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.reports.ruling import Verdict
    from aepromo.tables.currency import Currency


def reverse_command() -> Callable[..., None]:
    """The Typer command that judges SKUs for the reverse promotion."""
    return priced_ruling_command(reverse, WITH_TARGETS, _summary)


def _summary(verdicts: Sequence[Verdict], _currency: Currency) -> str:
    line = f"{rows_counted(verdicts)}: {labels_counted(verdicts, 'eligibility')}"
    promotions = labels_counted(verdicts, "promotion")
    return f"{line}; advised promotion: {promotions}" if promotions else line
