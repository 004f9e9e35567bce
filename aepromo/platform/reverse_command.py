"""``reverse``: can the reverse promotion choose my SKUs, and what is safe to run then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.cli.runner import CommandQuestion, question_command
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.reverse import reverse
from aepromo.terminal.summary import counted, skus, summed
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.runner import Call
    from aepromo.inputs.values import Values
    from aepromo.terminal.summary import Tally


def reverse_command() -> Callable[..., None]:
    """The Typer command that judges SKUs for the reverse promotion."""

    def ask(values: Values, _call: Call) -> CommandQuestion:
        return CommandQuestion(reverse(values), _summary)

    return question_command(ask, reverse(resolved(Policy())))


def _summary(tally: Tally) -> str:
    line = summed(skus(tally.rows), tally.labels("eligibility")[::-1])
    promotions = counted(tally.labels("promotion")[::-1])
    if not promotions:
        return line
    return _("; ").join((line, _("advised promotion: {labels}").format(labels=promotions)))
