"""``forced``: which SKUs are about to be hit by a forced discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.platform.forced import forced
from aepromo.platform.priced_rulings import priced_ruling_command, worst_first
from aepromo.platform.row_pricing import WITHOUT_TARGETS
from aepromo.table.cells import grouped
from aepromo.terminal.summary import skus, summed
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.platform.ruling import Verdict
    from aepromo.pricing.currency import Currency


def forced_command() -> Callable[..., None]:
    """The Typer command that tells exposed SKUs from the rest."""
    return priced_ruling_command(forced, WITHOUT_TARGETS, _summary)


def _summary(verdicts: Sequence[Verdict], currency: Currency) -> str:
    stakes = [verdict["at_stake_30d"] for verdict in verdicts]
    known = [stake for stake in stakes if isinstance(stake, int)]
    line = summed(skus(len(verdicts)), worst_first(verdicts, "exposure"))
    if not any(known):
        return line
    stake = _("at stake over 30 days {amount}").format(amount=grouped(sum(known), currency.places))
    unknown = len(stakes) - len(known)
    if unknown:
        stake += _(" (unknown for {count:,})").format(count=unknown)
    return _("; ").join((line, stake))
