"""Which SKUs are about to be hit by a forced discount, and what would it cost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.engine.question import DISCOUNT, FEES, SHOP
from aepromo.platform.columns import EXPOSURES, FITS, STATES
from aepromo.platform.gates import Gate, gate, gates, is_gate, state, worst_first
from aepromo.platform.ruling import Ruling, line_taken
from aepromo.pricing.fees import profit
from aepromo.pricing.money import MILLION, TEN_THOUSAND
from aepromo.pricing.offers import spared_and_cut
from aepromo.table.headings import in_words
from aepromo.words import N_, _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.engine.question import Sku
    from aepromo.platform.row_pricing import RowPricing
    from aepromo.platform.ruling import Row, Verdict
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book

_OUT, _NONE, _PRIMED, _TRIGGERED = range(len(EXPOSURES))
_OPEN = STATES.index("open")

ADDED = (
    *("exposure", "store_gate", "product_gate", "event_gate", "label_gate", "store_fit"),
    *("nearest_rule", "nearest_gate", "reasons", "unknown"),
    *("profit_before", "profit_forced", "at_stake_30d"),
)


def forced(pricing: RowPricing) -> Ruling:
    """The ruling on forced discounts, with the rule book and the offers of a policy."""
    rules, shipping = _Rules(pricing.terms.book), pricing.policy.shipping()
    uses = ("sku", *rules.columns, "click_rate", "industry_click_rate", *PRICED_BY)

    def judge(row: Row) -> Verdict:
        verdict = rules.exposure_of({**row, **_click_multiple(row)})
        sku = pricing.sku(row)
        return {**line_taken(row), **verdict, **_money(verdict["exposure"], sku, pricing)}

    return Ruling(
        name="forced",
        question=N_("Which SKUs are about to be hit by a forced discount, and what would it cost?"),
        uses=pricing.uses(uses),
        needs=(),
        adds=pricing.columns(ADDED),
        judge=judge,
        key_columns=(
            *("exposure", "at_stake_30d", "nearest_gate", "profit_forced", "profit_before"),
            *("store_gate", "product_gate", "event_gate", "store_fit", "label_gate"),
        ),
        exchange=pricing.policy.exchange(),
        shipping=shipping,
        rates=pricing.policy.rates,
        order=_most_at_stake,
    )


PRICED_BY = ("list_price", *SHOP, *DISCOUNT, *FEES, "units_30d")


class _Rules:
    """The gates of forced discounts, as one book has them (rule book: ``forced``)."""

    def __init__(self, book: Book) -> None:
        self.category = book.rule("forced.categories.not_covered")
        self.store = _gates_of(book, "forced.gate1")
        self.product = _gates_of(book, "forced.gate2")
        self.event = _gates_of(book, "forced.gate3")
        self.label = _gates_of(book, "forced.label")
        self.fit = _gates_of(book, "forced.fit")
        self.rarely = _gates_of(book, "forced.rarely")
        groups = (self.store, self.product, self.event, self.label, self.fit, self.rarely)
        every = [self.category, *(rule for group in groups for rule in group)]
        self.columns = tuple(dict.fromkeys(rule.column for rule in every))

    def exposure_of(self, row: Row) -> dict[str, int | str | None]:
        """How near a forced discount is, by the three gates; category, label and fit beside them.

        A gate whose fact nobody knows counts as closed, and the fact is named as unknown. A
        category that the book doesn't name counts as covered: it names five of the 27.
        """
        category = gate(self.category, row)
        store, product, event = (
            gates(group, row) for group in (self.store, self.product, self.event)
        )
        passed = state([*store, *product]) == _OPEN
        if category.is_open is False:
            exposure, decided = _OUT, [category]
        elif not passed:
            exposure, decided = _NONE, worst_first([*store, *product])
        else:
            is_triggered = state(event) == _OPEN
            exposure = _TRIGGERED if is_triggered else _PRIMED
            decided = [*event, *store, *product]
        nearest = _nearest(decided)
        label, fit, rarely = (gates(group, row) for group in (self.label, self.fit, self.rarely))
        reasons = [each.reason for each in decided] + _beside(label, fit, rarely)
        return {
            "exposure": exposure,
            "store_gate": state(store),
            "product_gate": state(product),
            "event_gate": state(event),
            "label_gate": state(label),
            "store_fit": _fit(fit, rarely),
            "nearest_rule": nearest.rule.key if nearest else None,
            "nearest_gate": nearest.reason if nearest else None,
            "reasons": "; ".join(dict.fromkeys(reasons)),
            "unknown": ", ".join(_unknown([*store, *product])) or None,
        }


def _gates_of(book: Book, prefix: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in book.matching(prefix) if is_gate(rule))


def _click_multiple(row: Row) -> dict[str, int]:
    """The click rate as a multiple of the industry mean, where both are known.

    In millionths, rounded down to four places, so that it is as far below a threshold as it looks.
    """
    own, mean = row.get("click_rate"), row.get("industry_click_rate")
    if "click_multiple" in row or not isinstance(own, int) or not isinstance(mean, int) or not mean:
        return {}
    return {"click_multiple": own * TEN_THOUSAND // mean * (MILLION // TEN_THOUSAND)}


def _nearest(held: Sequence[Gate]) -> Gate | None:
    """The gate still closed that lacks least, relative to its threshold; one unknown where none."""
    shut = [each for each in held if not each.is_open]
    return min(shut, key=lambda each: (each.fact is None, each.relative_gap), default=None)


def _unknown(held: Sequence[Gate]) -> list[str]:
    return [each.rule.column for each in held if each.is_open is None]


def _beside(label: Sequence[Gate], fit: Sequence[Gate], rarely: Sequence[Gate]) -> list[str]:
    """What else is worth knowing: label conditions and store fit that don't hold."""
    spared = _("rarely hit: {name} {value}, {bound}")
    texts = [
        spared.format(name=in_words(each.rule.column), value=each.shown, bound=each.bound)
        for each in rarely
        if each.is_open
    ]
    for held, text in ((fit, _("store fit: {reason}")), (label, _("label: {reason}"))):
        known = [each for each in worst_first(held) if each.fact is not None]
        texts += [text.format(reason=each.reason) for each in known]
    return texts


def _fit(fit: Sequence[Gate], rarely: Sequence[Gate]) -> int:
    """Whether the store is one that is hit: spared by one condition alone, or fit by all."""
    if any(each.is_open for each in rarely):
        return FITS.index("rarely")
    fits = {"open": "made_for", "closed": "partly", "unknown": "unknown"}
    return FITS.index(fits[STATES[state(fit)]])


def _money(
    exposure: int | str | None, sku: Sku | None, pricing: RowPricing
) -> dict[str, int | str | None]:
    """Profit of a unit unforced and forced, and the money at stake; minor units.

    Unforced: after the seller's own discount, with coupons. Forced: the lowest deal price that any
    rate of the range can lead to. At stake is what 30 days of unchanged sales would lose, (unforced
    − forced) × units, never under 0: all of it where the SKU is primed or triggered, nothing where
    it is out or none. It is a loss if hit, not a forecast: of high-exposure products about
    ``forced.share`` are. Blank without a price, costs or, where it matters, units.
    """
    threatened = exposure in (_PRIMED, _TRIGGERED)
    if sku is None:
        return {"at_stake_30d": None if threatened else 0}
    spared, cut = spared_and_cut(sku.list_price, sku.discounts, pricing.terms.offers)
    before, after = (int(profit(deal, sku.costs, sku.fees)) for deal in (spared, cut))
    units = int(sku.units_30d)
    lost = max(before - after, 0) * units if units >= 0 else None
    return {
        "profit_before": before,
        "profit_forced": after,
        "at_stake_30d": lost if threatened else 0,
    }


def _most_at_stake(verdict: Verdict) -> tuple[int, int]:
    """Most money at stake first, then the nearest to being hit."""
    stake, exposure = verdict["at_stake_30d"], verdict["exposure"]
    return (-stake if isinstance(stake, int) else 0, -exposure if isinstance(exposure, int) else 0)
