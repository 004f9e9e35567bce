"""The deepest own discount of each product, as a column made on request.

The platform takes whole percents, one for a product, so all SKUs of a product are computed together
and a file is read whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.pricing.money import BLANK, is_known, pick
from aepromo.pricing.reach import max_limited_rate

if TYPE_CHECKING:
    from aepromo.engine.question import Inputs, Question, Results
    from aepromo.pricing.money import Whole


def with_own_discount(question: Question) -> Question:
    """``reprice`` or ``audit`` with the deepest own discount at which a product still protects.

    The price is the one that the question checks: the new one in ``reprice``. A row without a
    product is a product of its own; a SKU without a price is ignored in its product.
    """

    def compute(inputs: Inputs) -> Results:
        results = question.compute(inputs)
        price = results["new_list_price"] if question.sets_prices else inputs.sku.list_price
        has_price = is_known(price)
        required = pick(has_price, results["required_deal_price"], 0)
        deepest = max_limited_rate(
            pick(has_price, price, 1),
            required,
            inputs.sku.discounts._replace(add=inputs.values.discounts_add),
            inputs.values.offers,
            _products(inputs),
        )
        return {**results, "max_limited_rate": pick(has_price, deepest, BLANK)}

    return question._replace(
        uses=(*question.uses, "product_id"),
        adds=lambda known: (*question.adds(known), "max_limited_rate"),
        compute=compute,
        key_columns=("max_limited_rate", *question.key_columns),
        is_whole=True,
    )


def _products(inputs: Inputs) -> Whole | None:
    """The number of each row's product; None where every row is its own product."""
    if inputs.cells is None or "product_id" not in inputs.columns:
        return None
    import numpy as np

    names = inputs.text("product_id").to_numpy(zero_copy_only=False)
    numbers = np.unique(names, return_inverse=True)[1].astype(np.int64)
    alone = names == ""
    numbers[alone] = len(names) + np.arange(int(alone.sum()))
    return numbers
