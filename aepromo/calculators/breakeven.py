"""``breakeven``: how much more must be sold to make up for the discount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.engine.question import Question
from aepromo.errors import CallError
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP
from aepromo.pricing.fees import profit
from aepromo.pricing.money import BLANK, MILLION, TEN_THOUSAND, down, is_known, pick
from aepromo.pricing.offers import shown_item_price, spared_and_cut
from aepromo.table.cells import read_rate
from aepromo.words import N_
from aepromo.words.nearest import one_of

if TYPE_CHECKING:
    from aepromo.engine.question import Figures, Inputs
    from aepromo.pricing.money import Whole
    from aepromo.rules.overrides import Book

UPLIFTS = {
    "forced": ("forced.uplift.exposure", "forced.uplift.click_rate"),
    "reverse": ("reverse.uplift.exposure", "reverse.uplift.click_rate"),
}
"""Rule keys of the traffic increases reported for each promotion; they multiply."""


def reported_uplift(promotion: str, book: Book) -> int:
    """How much more is sold while the platform promotes, in millionths, rounded down.

    More exposure times a higher click rate (rule book: ``forced.uplift``, ``reverse.uplift``), as
    sellers reported them; the conversion of visitors is assumed to stay as it was.
    """
    if promotion not in UPLIFTS:
        raise CallError(f"--promotion '{promotion}': {one_of(promotion, UPLIFTS)}")
    factor: Whole = MILLION
    for key in UPLIFTS[promotion]:
        uplift = read_rate(book.text(key).lstrip("+")) or 0
        factor = down(factor, MILLION + uplift)
    return int(factor - MILLION)


def _adds(known: frozenset[str]) -> tuple[str, ...]:
    columns = ("profit_before", "profit_forced", "uplift_needed", "uplift_reported", "verdict")
    return (*columns, "gain_30d") if "units_30d" in known else columns


def _compute(inputs: Inputs) -> Figures:
    sku, values = inputs.sku, inputs.values
    uplift = reported_uplift(values.policy.promotion, values.book)
    # The shown price before the discount, and the lowest after it, so that no discount looks too
    # good.
    discounts, offers = sku.discounts, values.offers
    own = shown_item_price(sku.list_price, discounts.limited_rate, 0, discounts.add)
    before = profit(offers.not_forced.deal_price(own), sku.costs, sku.fees)
    _, cut = spared_and_cut(sku.list_price, discounts, offers)
    after = profit(cut, sku.costs, sku.fees)
    # With no profit on a unit, no number of units makes up for the discount.
    hopeless = after <= 0
    earned = pick(hopeless, 1, after)
    needed = (before * TEN_THOUSAND + earned - 1) // earned - TEN_THOUSAND
    pays = after * (MILLION + uplift) >= before * MILLION
    sold = pick(is_known(sku.units_30d), sku.units_30d, 0)
    gain = (sold + down(sold, uplift)) * after - sold * before
    return {
        "profit_before": before,
        "profit_forced": after,
        "uplift_needed": pick(hopeless | (before <= 0), BLANK, needed),
        "uplift_reported": uplift * TEN_THOUSAND // MILLION,
        "verdict": pick(hopeless, 2, pick(pays, 0, 1)),
        "gain_30d": pick(is_known(sku.units_30d), gain, BLANK),
    }


BREAKEVEN = Question(
    name="breakeven",
    question=N_("How much more must I sell to make up for the discount?"),
    uses=("list_price", *SHOP, *DISCOUNT, *FEES, "units_30d"),
    needs=("list_price", "purchase_price", "logistics_cost"),
    adds=_adds,
    compute=_compute,
    counts=("verdict",),
    totals="gain_30d",
    key_columns=(
        "verdict",
        "uplift_needed",
        "uplift_reported",
        "profit_before",
        "profit_forced",
        "gain_30d",
        "list_price",
    ),
    always_profit=True,
)
