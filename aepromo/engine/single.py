"""One SKU whose values are all given by the call: a one-liner."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.engine.filling import Fault, Filler, check, check_results
from aepromo.engine.question import Inputs
from aepromo.errors import CallError, NothingGivenError
from aepromo.pricing.money import BLANK
from aepromo.table.schema import named
from aepromo.words import _

if TYPE_CHECKING:
    from aepromo.engine.question import Question, Sku
    from aepromo.inputs.values import Values


class Single(NamedTuple):
    """One SKU as a question needs it, with the assumed values and the shipping of a tariff."""

    sku: Sku
    assumed: list[str]
    shipped: dict[str, int]


def single_sku(question: Question, values: Values) -> Single:
    """Resolve the SKU that a call describes.

    Raises ``CallError`` that lists every value which is missing or can't be used.
    """
    offered, shipped = values.offered(), {}
    shipping = values.shipping
    if (
        shipping is not None
        and question.ships(values)
        and question.wants_logistics(lambda name: offered.get(name, BLANK))
    ):
        line, cost = shipping.of_one(values.texts)
        offered = offered | {"logistics_cost": cost}
        shipped = {"shipping_line": line, "shipping_cost": cost}
    filler = Filler({}, values, offered)
    sku, _priced = check(question, filler)
    refuse(filler.faults)
    if values.assumes_cost_currency(question.uses):
        filler.assumed.insert(0, "cost_currency")
    return Single(sku, filler.assumed, shipped)


def run_single(question: Question, values: Values) -> tuple[dict[str, int | str], list[str]]:
    """Return the result columns for one SKU, and the columns that were assumed.

    A column of text is text.

    Raises ``CallError`` that lists every value which is missing or can't be used.
    """
    single = single_sku(question, values)
    results = single.shipped | question.compute(Inputs(single.sku, values))
    refuse(check_results(results, single.sku, values.currency))
    added: dict[str, int | str] = {}
    for name in question.added((), values):
        found = results.get(name, BLANK)
        # All inputs were ints, so any other result is a column with one text.
        added[name] = int(found) if isinstance(found, int) else str(found[0])
    return added, single.assumed


def refuse(faults: list[Fault]) -> None:
    """Raise a ``CallError`` that lists the faults of one SKU, if there are any."""
    if faults:
        raise (NothingGivenError if any(fault.is_missing for fault in faults) else CallError)(
            _("; ").join(
                _("{column} {reason}").format(column=named(fault.column), reason=fault.reason(None))
                for fault in faults
            )
        )
