"""A proof in one line for each protected list price, as a column made on request.

Each row is proved separately, which takes a hundred times as long as pricing it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.pricing.money import AMOUNT_LIMIT, MILLION
from aepromo.pricing.offers import Discounts
from aepromo.pricing.proof import TRILLION, proof
from aepromo.table.cells import fixed
from aepromo.words import _, label

if TYPE_CHECKING:
    import pyarrow as pa

    from aepromo.engine.question import Inputs, Question, Results
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.proof import Proof


def with_proof(question: Question) -> Question:
    """``reprice`` or ``audit`` with a column that shows why the next lower list price fails."""

    def compute(inputs: Inputs) -> Results:
        results = question.compute(inputs)
        return {**results, "proof": _proofs(inputs, results, question.sets_prices)}

    return question._replace(
        adds=lambda known: (*question.adds(known), "proof"),
        compute=compute,
        key_columns=("proof", *question.key_columns),
    )


def _proofs(inputs: Inputs, results: Results, with_endings: bool) -> pa.Array:
    import numpy as np
    import pyarrow as pa

    values, rates = inputs.values, inputs.sku.discounts
    endings = values.endings if with_endings else ()
    figures = (results["protected_list_price"], results["required_deal_price"], *rates[:3])
    columns = (np.broadcast_to(np.asarray(each), inputs.rows).tolist() for each in figures)
    lines = []
    for protected, required, limited, lowest, highest in zip(*columns, strict=True):
        discounts = Discounts(limited, lowest, highest, rates.add)
        is_price = protected < AMOUNT_LIMIT  # else the row is refused
        found = proof(protected, required, discounts, values.offers, endings) if is_price else None
        lines.append("" if found is None else proof_line(found, discounts, values.currency))
    return pa.array(lines, pa.string())


def proof_line(found: Proof, discounts: Discounts, currency: Currency) -> str:
    """``15.99: forced 20%, down, basket 30.00: 12.79 under 12.80``."""

    def money(amount: int) -> str:
        return fixed(amount, currency.places)

    own = int(discounts.limited_rate) * MILLION
    steps, taken = list[str](), found.forced_rate
    if own:
        steps.append(_("own {rate}").format(rate=_percent(own)))
        if discounts.add and found.is_forced:
            taken += own  # both together, so there is one rounding
        else:
            steps += _rounding(found.list_price, own, found.is_base_up)
    if found.is_forced:
        steps.append(_("forced {rate}").format(rate=_percent(found.forced_rate)))
        steps += _rounding(found.base_price, taken, found.is_item_up)
    else:
        steps.append(label("not_forced"))
    if found.spend_save or found.coupon:
        steps.append(_("basket {subtotal}").format(subtotal=money(found.subtotal)))
    return _("{price}: {steps}: {deal} under {required}").format(
        price=money(found.list_price),
        steps=_(", ").join(steps),
        deal=money(found.deal_price),
        required=money(found.required),
    )


def _rounding(amount: int, rate: int, is_up: bool) -> list[str]:
    """The direction of rounding after a rate; empty where nothing is rounded."""
    if amount * rate % TRILLION == 0:
        return []
    return [_("up") if is_up else _("down")]


def _percent(rate: int) -> str:
    """Trillionths as a percentage: ``13.2%``."""
    return fixed(rate, 10).rstrip("0").rstrip(".") + "%"
