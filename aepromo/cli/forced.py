"""``forced``: which SKUs are about to be hit by a forced discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.cli.priced_rulings import labels_counted, priced_ruling_command, rows_counted
from aepromo.reports.forced import forced
from aepromo.reports.row_pricing import WITHOUT_TARGETS
from aepromo.tables.cells import grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.reports.ruling import Verdict
    from aepromo.tables.currency import Currency


def forced_command() -> Callable[..., None]:
    """The Typer command that tells exposed SKUs from the rest."""
    return priced_ruling_command(forced, WITHOUT_TARGETS, _summary)


def _summary(verdicts: Sequence[Verdict], currency: Currency) -> str:
    stakes = [verdict["at_stake_30d"] for verdict in verdicts]
    known = [stake for stake in stakes if isinstance(stake, int)]
    line = f"{rows_counted(verdicts)}: {labels_counted(verdicts, 'exposure')}"
    if any(known):
        line += f"; at stake over 30 days {grouped(sum(known), currency.places)}"
    unknown = len(stakes) - len(known)
    return f"{line} (unknown for {unknown:,})" if unknown and any(known) else line
