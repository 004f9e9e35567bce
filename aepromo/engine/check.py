"""Fill what a report needs, from cell, policy or rule book, and say what is missing.

The same for one SKU and for columns. Nothing is guessed: a value that nobody gives and the rule
book doesn't hold is missing, and one that the rule book holds is assumed and named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.engine.question import Sku
from aepromo.inputs.policy import assumed_numbers
from aepromo.pricing.fees import Costs, FeeRates
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    any_of,
    is_known,
    pick,
)
from aepromo.pricing.offers import Discounts
from aepromo.pricing.protect import Targets, kept_rate
from aepromo.table.cells import grouped, percent
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aepromo.engine.question import Report, Results
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.rules.overrides import Book


class Fault(NamedTuple):
    """What is wrong with a SKU, or with the rows of a column where ``where`` holds.

    ``reason`` is given a row (None for one SKU) and tells why, with the remedy.
    """

    column: str
    where: Truth
    reason: Callable[[int | None], str]


class Filler:
    """The inputs of one run: what the cells and the policy give, and what came of filling them.

    ``has_weights``: they tell what parcels weigh, of which nobody has made use.
    """

    def __init__(
        self,
        given: Mapping[str, Whole],
        offered: Mapping[str, int],
        book: Book,
        currency: Currency,
        assumed: list[str] | None = None,
        has_weights: bool = False,
    ) -> None:
        self.given = given
        self.offered = offered
        self.book = book
        self.currency = currency
        self.assumed = [] if assumed is None else assumed
        self.has_weights = has_weights
        self.faults: list[Fault] = []

    def value(self, name: str) -> Whole:
        """A column's value, cell before policy; blank where neither has one."""
        value = self.given.get(name, BLANK)
        default = self.offered.get(name, BLANK)
        if default == BLANK:
            return value
        blank = value == BLANK
        return pick(blank, default, value) if any_of(blank) else value

    def or_nothing(self, name: str) -> Whole:
        """The same, 0 where it is blank."""
        value = self.value(name)
        return pick(is_known(value), value, 0) if any_of(value == BLANK) else value

    def or_assumed(self, name: str, value: Whole, where: Truth, end: str = "") -> Whole:
        """The rule book's value where it is wanted and blank, which is then named."""
        lacking = where & (value == BLANK)
        if not any_of(lacking):
            return value
        if name not in self.assumed:
            self.assumed.append(name)
        return pick(lacking, assumed_numbers(name, self.book, self.currency)[end or name], value)

    def demand(self, name: str, value: Whole, where: Truth, remedy: str = "") -> None:
        """Note a fault wherever the value is wanted and blank."""
        lacking = where & (value == BLANK)
        if any_of(lacking):
            reason = (remedy or _("is missing; fill it in or give {flag}")).format(
                flag=INPUTS[name].flag
            )
            self.faults.append(Fault(name, lacking, lambda _row: reason))


def check(report: Report, filler: Filler) -> Sku:
    """What a report needs to know of each SKU; faults and assumptions are left in ``filler``."""
    list_price = filler.value("list_price")
    costs, fees, targets = _costs_and_targets(report, filler)
    for name, value in (("list_price", list_price), ("purchase_price", costs.purchase_price)):
        if name in report.needs:
            filler.demand(name, value, True)
    return Sku(
        list_price, costs, fees, _discounts(report, filler), targets, filler.value("units_30d")
    )


def _costs_and_targets(report: Report, filler: Filler) -> tuple[Costs, FeeRates, Targets]:
    purchase, logistics = filler.value("purchase_price"), filler.value("logistics_cost")
    targets = Targets(BLANK, BLANK, BLANK)
    needs_fees: Truth = "commission_rate" in report.uses
    if "target_price" in report.uses:
        targets = _targets(filler)
        for_profit = is_known(targets.profit) | is_known(targets.margin)
        needs_fees = report.always_profit | for_profit
        if not report.always_profit:
            filler.demand(
                "purchase_price",
                purchase,
                for_profit,
                remedy=_("is missing; fill it in, ask for a --target, or give {flag}"),
            )
            logistics = filler.or_assumed("logistics_cost", logistics, for_profit)
    if "logistics_cost" in report.needs:
        remedy = _("is missing; fill it in (0 where shipping is free) or give {flag}")
        if filler.has_weights:
            remedy += _(", or compute it with --tariff")
        filler.demand("logistics_cost", logistics, True, remedy)
    fees = FeeRates(
        filler.or_assumed("commission_rate", filler.value("commission_rate"), needs_fees),
        filler.or_assumed("payment_rate", filler.value("payment_rate"), needs_fees),
    )
    logistics = pick(is_known(logistics), logistics, 0)
    costs = Costs(purchase, logistics, filler.or_nothing("other_cost"))
    if "target_price" in report.uses:
        _check_something_is_kept(filler, fees, targets)
    return costs, fees, targets


def _targets(filler: Filler) -> Targets:
    price, profit = filler.value("target_price"), filler.value("target_profit")
    margin = filler.value("target_margin")
    none_given = (price == BLANK) & (profit == BLANK) & (margin == BLANK)
    return Targets(price, filler.or_assumed("target_profit", profit, none_given), margin)


def _check_something_is_kept(filler: Filler, fees: FeeRates, targets: Targets) -> None:
    has_margin = is_known(targets.margin)
    # A deal price may be asked for without the fees.
    known = is_known(fees.commission_rate) & is_known(fees.payment_rate)
    wanted = (is_known(targets.price) | is_known(targets.profit) | has_margin) & known
    if not any_of(wanted):
        return
    kept = kept_rate(fees, 0)
    margin = pick(has_margin, targets.margin, 0)
    for name, nothing_kept, reason in (
        ("commission_rate", wanted & (kept <= 0), _fees_take_all(fees)),
        (
            "target_margin",
            has_margin & (kept > 0) & (kept <= margin),
            _margin_takes_the_rest(fees, margin),
        ),
    ):
        if any_of(nothing_kept):
            filler.faults.append(Fault(name, nothing_kept, reason))


def _fees_take_all(fees: FeeRates) -> Callable[[int | None], str]:
    def reason(row: int | None) -> str:
        rates = [at(rate, row) for rate in (fees.commission_rate, fees.payment_rate)]
        text = _(
            "{commission} + payment {payment} = {sum}: nothing of the price is left; "
            "lower one of the two"
        )
        commission, payment, together = map(percent, (*rates, sum(rates)))
        return text.format(commission=commission, payment=payment, sum=together)

    return reason


def _margin_takes_the_rest(fees: FeeRates, margin: Whole) -> Callable[[int | None], str]:
    def reason(row: int | None) -> str:
        rates = [at(rate, row) for rate in (margin, fees.commission_rate, fees.payment_rate)]
        text = _(
            "{margin} + commission {commission} + payment {payment} = {sum}: nothing of the price "
            "is left for the costs; lower the target margin to under {most}"
        )
        asked, commission, payment, together = map(percent, (*rates, sum(rates)))
        most = percent(at(kept_rate(fees, 0), row))
        return text.format(
            margin=asked, commission=commission, payment=payment, sum=together, most=most
        )

    return reason


def _discounts(report: Report, filler: Filler) -> Discounts:
    cell_low, cell_high = filler.given.get("forced_rate", BLANK), filler.given.get("forced_rate_to")
    ends = []
    for end, cell, offered in (
        ("forced_rate_min", cell_low, "forced_rate"),
        ("forced_rate_max", cell_low if cell_high is None else cell_high, "forced_rate_to"),
    ):
        own = filler.given.get(end, BLANK)
        rate = cell if own is BLANK else pick(is_known(own), own, cell)
        fallback = filler.offered.get(end, filler.offered.get(offered, BLANK))
        blank = rate == BLANK
        rate = pick(blank, fallback, rate) if any_of(blank) else rate
        if report.assumes_rate:
            part = "forced_rate" if end == "forced_rate_min" else "forced_rate_to"
            rate = filler.or_assumed("forced_rate", rate, True, part)
        ends.append(rate)
    low, high = ends
    if not report.assumes_rate:
        # A range of which only the upper end is known may begin anywhere.
        low = pick((low == BLANK) & is_known(high), 0, low)
    backwards = low > high
    if any_of(backwards):
        reason = _("is above forced_rate_max; swap the two, or give both")
        filler.faults.append(Fault("forced_rate_min", backwards, lambda _row: reason))
    if isinstance(low, int) and isinstance(high, int) and low == high:
        high = low
    return Discounts(filler.or_nothing("limited_rate"), low, high)


def check_results(results: Results, sku: Sku, currency: Currency) -> list[Fault]:
    """What can only be seen of an answer: that there is none."""
    price = results.get("protected_list_price", 0)
    none = price >= AMOUNT_LIMIT
    if not any_of(none):
        return []

    def reason(row: int | None) -> str:
        rate = percent(at(sku.discounts.forced_rate_max, row))
        none_protects = _(
            "no list price under {limit} protects at {rate}; "
            "lower the rate, the target or the costs"
        )
        return none_protects.format(limit=grouped(AMOUNT_LIMIT, currency.places), rate=rate)

    return [Fault("forced_rate", none, reason)]


def at(value: Whole, row: int | None) -> int:
    """One row's figure; one SKU's, or one that holds for every row, is the figure itself."""
    return int(value) if isinstance(value, int) or row is None else int(value[row])
