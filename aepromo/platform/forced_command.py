"""``forced``: which SKUs are about to get a forced discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.cli.runner import CommandQuestion, question_command
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.forced import forced
from aepromo.table.cells import grouped
from aepromo.terminal.summary import skus, summed
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.runner import Call
    from aepromo.inputs.values import Values
    from aepromo.terminal.summary import Tally


def forced_command() -> Callable[..., None]:
    """The Typer command that finds the exposed SKUs."""

    def ask(values: Values, _call: Call) -> CommandQuestion:
        return CommandQuestion(forced(values), _summary)

    plain = forced(resolved(Policy()))
    return question_command(ask, plain)


def _summary(tally: Tally) -> str:
    line = summed(skus(tally.rows), tally.labels("exposure")[::-1])
    if not tally.total:
        return line
    amount = grouped(tally.total, tally.currency.places)
    stake = _("at stake over 30 days {amount}").format(amount=amount)
    if tally.without_total:
        stake += _(" (unknown for {count:,})").format(count=tally.without_total)
    return _("; ").join((line, stake))
