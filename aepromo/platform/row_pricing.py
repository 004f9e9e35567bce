"""What the pricing model knows of a row that is judged: its costs, fees, discounts and targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.engine.check import Filler, check
from aepromo.engine.question import Report, adding
from aepromo.inputs.columns import DISCOUNT, FEES, SHIPPED, SHOP, TARGETS
from aepromo.platform.ruling import RowFaults
from aepromo.pricing.money import BLANK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.engine.question import Results, Sku, Terms
    from aepromo.inputs.policy import Policy
    from aepromo.platform.ruling import Row
    from aepromo.table.column import Column

NEEDED = ("list_price", "purchase_price", "logistics_cost")
"""The columns without which a row has no profit."""


def _nothing(_sku: Sku, _terms: Terms) -> Results:
    return {}


def _question(*more: str) -> Report:
    uses = ("list_price", *SHOP, *DISCOUNT, *FEES, *more)
    return Report("", "", uses, NEEDED, adding(), _nothing, (), always_profit=True)


WITHOUT_TARGETS = _question()
WITH_TARGETS = _question(*TARGETS)


@dataclass(slots=True)
class RowPricing:
    """Looks at rows as a report would: cell before policy before rule book.

    ``assumed`` collects the columns that the rule book had to supply; ``unpriced`` counts the rows
    that have a price or a cost but not all of them, and ``lacking`` names what they lack.
    """

    question: Report
    policy: Policy
    terms: Terms = field(init=False)
    offered: dict[str, int] = field(init=False)
    assumed: list[str] = field(default_factory=list)
    unpriced: int = 0
    lacking: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.terms = self.policy.terms()
        exchange = self.policy.exchange()
        # Without a rate, the rows have brought theirs along, and their costs with it.
        self.offered = self.policy.numbers(with_costs=exchange.rate(exchange.cost) is not None)

    def uses(self, columns: Iterable[str]) -> tuple[str, ...]:
        """The columns that bear on a ruling, with those that tariff and rates go by."""
        beside = self.policy.beside(self.policy.shipping() is not None)
        return tuple(dict.fromkeys((*columns, *beside)))

    def columns(self, names: Iterable[str]) -> tuple[Column, ...]:
        """The columns of the answer, with the line that a tariff gives."""
        shipped = SHIPPED if self.policy.shipping() is not None else ()
        return tuple(map(self.policy.column, (*shipped, *names)))

    def sku(self, row: Row) -> Sku | None:
        """What is known of a row; None where it lacks a price or a cost, so that it has no profit.

        Raises ``RowFaults`` for values that can't go together.
        """
        given = {name: fact for name, fact in row.items() if isinstance(fact, int)}
        lacking = [
            name for name in NEEDED if given.get(name, self.offered.get(name, BLANK)) == BLANK
        ]
        if lacking:
            if len(lacking) < len(NEEDED):
                self.unpriced += 1
                self.lacking += [name for name in lacking if name not in self.lacking]
            return None
        filler = Filler(
            given, self.offered, self.policy.in_force, self.terms.currency, self.assumed
        )
        sku = check(self.question, filler)
        if filler.faults:
            raise RowFaults([(fault.column, fault.reason(None)) for fault in filler.faults])
        return sku
