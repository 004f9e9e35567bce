"""``reverse``: may the reverse promotion choose my SKUs, and what is safe to run meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.platform.priced_rulings import priced_ruling_command, worst_first
from aepromo.platform.reverse import reverse
from aepromo.platform.row_pricing import WITH_TARGETS
from aepromo.terminal.summary import counted, skus, summed
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.platform.ruling import Verdict
    from aepromo.pricing.currency import Currency


def reverse_command() -> Callable[..., None]:
    """The Typer command that judges SKUs for the reverse promotion."""
    return priced_ruling_command(reverse, WITH_TARGETS, _summary)


def _summary(verdicts: Sequence[Verdict], _currency: Currency) -> str:
    line = summed(skus(len(verdicts)), worst_first(verdicts, "eligibility"))
    promotions = counted(worst_first(verdicts, "promotion"))
    if not promotions:
        return line
    return _("; ").join((line, _("advised promotion: {labels}").format(labels=promotions)))
