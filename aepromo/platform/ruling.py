"""What a ruling is: a question about rows that are judged one by one, by the platform's rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from aepromo.inputs.columns import SHIPPED
from aepromo.inputs.exchange import Exchange
from aepromo.table.facts import Fact
from aepromo.table.headings import named
from aepromo.words import _

if TYPE_CHECKING:
    from aepromo.inputs.joined_rates import JoinedRates
    from aepromo.inputs.shipping import Shipping
    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column

Row: TypeAlias = Mapping[str, Fact]
"""A row's known facts by column; what is blank, or not there, is missing."""

Verdict: TypeAlias = Mapping[str, int | str | None]
"""A row's results by column: figures as whole numbers, all else as text, None where blank."""


class RowFaults(ValueError):
    """A row whose facts can't go together; ``problems`` are columns, each with what is wrong."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        fault = _("{column} {reason}")
        faults = (fault.format(column=named(name), reason=reason) for name, reason in problems)
        super().__init__(_("; ").join(faults))
        self.problems = problems


def line_taken(row: Row) -> dict[str, int | str | None]:
    """The shipping line that a tariff gave a row, and its cost; blank where it gave none."""
    found = {name: row.get(name) for name in SHIPPED}
    return {name: fact if isinstance(fact, int) else None for name, fact in found.items()}


@dataclass(frozen=True, slots=True)
class Ruling:
    """One question that the platform's rules answer, row by row.

    ``uses`` are the input columns that may bear on the answer, ``needs`` those without which there
    is none; a file must also have the columns ``wants``, though their cells may be blank. ``adds``
    are the columns of the answer. ``judge`` knows a row's facts, whoever gave them, and may raise
    ``RowFaults``. ``order`` sorts the answers, worst first; with ``only_tables``, just where people
    look at them. ``key_columns`` are those that a table shows, the most wanted first.
    ``exchange`` tells what money is in, in the cells and in the answers. ``shipping`` is asked
    where a row has no logistics cost, and for the dearest of its markets where a row
    ``sells_to_many``; ``rates`` where its cells say nothing of the forced rate.
    ``refuses`` finds facts that can't be meant: columns, each with what is wrong.
    """

    name: str
    question: str
    uses: tuple[str, ...]
    needs: tuple[str, ...]
    adds: tuple[Column, ...]
    judge: Callable[[Row], Verdict]
    key_columns: tuple[str, ...]
    exchange: Exchange = field(default_factory=Exchange)
    shipping: Shipping | None = None
    sells_to_many: bool = False
    rates: JoinedRates | None = None
    order: Callable[[Verdict], tuple[int, ...]] | None = None
    only_tables: bool = False
    wants: tuple[str, ...] = ()
    refuses: Callable[[Row], list[tuple[str, str]]] | None = None

    @property
    def currency(self) -> Currency:
        """What the answers' money is in."""
        return self.exchange.selling
