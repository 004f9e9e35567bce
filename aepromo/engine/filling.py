"""Fill in what a question needs from cells, policy or rule book, and report what is missing.

The code is the same for one SKU and for columns. Nothing is guessed: a value that is neither given
nor in the rule book is missing, and one from the rule book is assumed and named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.engine.question import Sku
from aepromo.inputs.columns import NEEDED
from aepromo.inputs.forced_range import GivenRates
from aepromo.inputs.values import assumed_number, assumed_range, contradiction
from aepromo.pricing.fees import Costs, FeeRates
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    BLANK,
    any_of,
    pick,
)
from aepromo.pricing.offers import Discounts
from aepromo.pricing.protect import Targets, kept_rate
from aepromo.table.cells import grouped, percent
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aepromo.engine.question import Question, Result
    from aepromo.inputs.values import Values
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole


class Fault(NamedTuple):
    """A problem of a SKU, or of the rows of a column where ``where`` holds.

    ``reason`` takes a row (None for one SKU) and returns the reason with its remedy.
    ``is_missing``: nothing gives the value.
    """

    column: str
    where: Truth
    reason: Callable[[int | None], str]
    is_missing: bool = False


class Filler:
    """The values of a SKU: cell before given value before rule book.

    ``given`` are the numbers of the cells, ``rates`` what past orders say of the forced rate.
    ``assumed`` collects the columns that the rule book supplied, ``faults`` what is wrong.
    ``has_weights``: the cells have weights of parcels that are not used.
    """

    def __init__(
        self,
        given: Mapping[str, Whole],
        values: Values,
        offered: Mapping[str, int],
        rates: GivenRates | None = None,
        has_weights: bool = False,
    ) -> None:
        self.given = given
        self.values = values
        self.offered = offered
        self.rates = rates
        self.has_weights = has_weights
        self.assumed: list[str] = []
        self.faults: list[Fault] = []
        self.unpriced = 0
        self.lacking: tuple[str, ...] = ()

    def value(self, name: str) -> Whole:
        """A column's value, cell before given value; blank where neither has one."""
        value = self.given.get(name, BLANK)
        default = self.offered.get(name, BLANK)
        if default == BLANK:
            return value
        return pick(value == BLANK, default, value)

    def or_nothing(self, name: str) -> Whole:
        """A column's value, 0 where it is blank."""
        value = self.value(name)
        return pick(value != BLANK, value, 0)

    def or_assumed(self, name: str, value: Whole, where: Truth) -> Whole:
        """A value with the rule book's figure where it is wanted and blank; this is noted."""
        lacking = where & (value == BLANK)
        if _nowhere(lacking):
            return value
        self.note(name)
        values = self.values
        return pick(lacking, assumed_number(name, values.book, values.currency), value)

    def note(self, name: str) -> None:
        """Remember that the rule book supplied a column."""
        if name not in self.assumed:
            self.assumed.append(name)

    def demand(self, name: str, value: Whole, where: Truth, remedy: str = "") -> None:
        """Note a fault where the value is wanted and blank."""
        lacking = where & (value == BLANK)
        if not _nowhere(lacking):
            reason = (remedy or _("is missing; fill it in or give {flag}")).format(
                flag=INPUTS[name].flag
            )
            self.faults.append(Fault(name, lacking, always(reason), is_missing=True))


def check(question: Question, filler: Filler) -> tuple[Sku, Truth]:
    """Collect the values of each SKU that a question needs, and whether it is priced.

    Faults and assumptions are added to ``filler``.
    """
    priced: Truth = True
    list_price = filler.value("list_price")
    if question.prices_some:
        priced = _priced(filler)
        list_price = pick(priced, list_price, 1)
    costs, fees, targets = _costs_and_targets(question, filler, priced)
    for name, value in (("list_price", list_price), ("purchase_price", costs.purchase_price)):
        if name in question.needs:
            filler.demand(name, value, True)
    discounts = _discounts(question, filler, priced)
    units, max_price = filler.value("units_30d"), filler.value("max_price")
    return Sku(list_price, costs, fees, discounts, targets, units, max_price), priced


def _priced(filler: Filler) -> Truth:
    """Where list price and costs are known; rows with only some of them are counted."""
    price, purchase, logistics = map(filler.value, NEEDED)
    some = (price != BLANK) | (purchase != BLANK) | (logistics != BLANK)
    lacking = {name: some & (filler.value(name) == BLANK) for name in NEEDED}
    some_lack = lacking[NEEDED[0]] | lacking[NEEDED[1]] | lacking[NEEDED[2]]
    filler.unpriced = int(some_lack) if isinstance(some_lack, bool) else int(some_lack.sum())
    filler.lacking = tuple(name for name, where in lacking.items() if not _nowhere(where))
    return (price != BLANK) & (purchase != BLANK) & (logistics != BLANK)


def _costs_and_targets(
    question: Question, filler: Filler, priced: Truth
) -> tuple[Costs, FeeRates, Targets]:
    purchase, logistics = filler.value("purchase_price"), filler.value("logistics_cost")
    targets = Targets(BLANK, BLANK, BLANK, BLANK)
    needs_fees: Truth = "commission_rate" in question.uses
    if "target_price" in question.uses:
        targets = _targets(filler, priced)
        for_profit = (targets.profit != BLANK) | (targets.margin != BLANK)
        for_profit = for_profit | (targets.markup != BLANK)
        needs_fees = question.always_profit | for_profit
        if not (question.always_profit or question.prices_some):
            filler.demand(
                "purchase_price",
                purchase,
                for_profit,
                remedy=_("is missing; fill it in, or give --target or {flag}"),
            )
            logistics = filler.or_assumed("logistics_cost", logistics, for_profit)
    if "logistics_cost" in question.needs:
        remedy = _("is missing; fill it in (0 where shipping is free) or give {flag}")
        if filler.has_weights:
            remedy += _(", or compute it with --tariff")
        filler.demand("logistics_cost", logistics, True, remedy)
    needs_fees = priced & needs_fees
    fees = FeeRates(
        filler.or_assumed("commission_rate", filler.value("commission_rate"), needs_fees),
        filler.or_assumed("payment_rate", filler.value("payment_rate"), needs_fees),
        filler.or_nothing("other_rate"),
    )
    logistics = pick(logistics != BLANK, logistics, 0)
    if question.prices_some:
        purchase = pick(priced, purchase, 0)
        rates = (pick(rate != BLANK, rate, 0) for rate in fees)
        fees = FeeRates(*rates)
    costs = Costs(purchase, logistics, filler.or_nothing("other_cost"))
    if "target_price" in question.uses:
        _check_something_is_kept(filler, fees, targets, priced)
    return costs, fees, targets


def _targets(filler: Filler, priced: Truth) -> Targets:
    price, profit = filler.value("target_price"), filler.value("target_profit")
    margin, markup = filler.value("target_margin"), filler.value("target_markup")
    none_given = priced & (price == BLANK) & (profit == BLANK)
    none_given = none_given & (margin == BLANK) & (markup == BLANK)
    profit = filler.or_assumed("target_profit", profit, none_given)
    return Targets(price, profit, margin, markup)


def _check_something_is_kept(
    filler: Filler, fees: FeeRates, targets: Targets, priced: Truth
) -> None:
    has_margin = targets.margin != BLANK
    # A deal price alone needs no fees.
    known = priced & (fees.commission_rate != BLANK) & (fees.payment_rate != BLANK)
    wanted = (targets.price != BLANK) | (targets.profit != BLANK) | (targets.markup != BLANK)
    wanted = (wanted | has_margin) & known
    if _nowhere(wanted):
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
        if not _nowhere(nothing_kept):
            filler.faults.append(Fault(name, nothing_kept, reason))


def _fees_take_all(fees: FeeRates) -> Callable[[int | None], str]:
    def reason(row: int | None) -> str:
        text = _("{fees} = {sum}: nothing of the price is left; lower one of them")
        commission = percent(at(fees.commission_rate, row))
        said = " + ".join((commission, *_fees_said(fees, row)[1:]))
        return text.format(fees=said, sum=percent(at(fees.total, row)))

    return reason


def _margin_takes_the_rest(fees: FeeRates, margin: Whole) -> Callable[[int | None], str]:
    def reason(row: int | None) -> str:
        text = _(
            "{margin} + {fees} = {sum}: nothing of the price is left for the costs; "
            "lower the target margin to under {most}"
        )
        return text.format(
            margin=percent(at(margin, row)),
            fees=" + ".join(_fees_said(fees, row)),
            sum=percent(at(margin + fees.total, row)),
            most=percent(at(kept_rate(fees, 0), row)),
        )

    return reason


def _fees_said(fees: FeeRates, row: int | None) -> list[str]:
    """``commission 8%`` and ``payment 1.2%``, and the other rate where there is one."""
    said = [
        _("commission {rate}").format(rate=percent(at(fees.commission_rate, row))),
        _("payment {rate}").format(rate=percent(at(fees.payment_rate, row))),
    ]
    if other := at(fees.other_rate, row):
        said.append(_("other {rate}").format(rate=percent(other)))
    return said


def _discounts(question: Question, filler: Filler, priced: Truth) -> Discounts:
    """The seller's own discount and the forced range, level by level."""
    names = ("forced_rate", "forced_rate_to", "forced_rate_min", "forced_rate_max")
    cells = GivenRates(*(filler.given.get(name, BLANK) for name in names))
    levels = (cells, filler.rates, filler.values.rates)
    given = [level for level in levels if level is not None and not level.is_blank]
    if given and given[0] is cells:
        if not _nowhere(cells.runs_backwards):
            reason = _("is above forced_rate_max; swap the two")
            filler.faults.append(Fault("forced_rate_min", cells.runs_backwards, always(reason)))
        if not _nowhere(cells.contradicts):
            filler.faults.append(Fault("forced_rate", cells.contradicts, always(contradiction())))
    low: Whole = BLANK
    high: Whole = BLANK
    for level in given:
        lacking = low == BLANK
        if _nowhere(lacking):
            break
        lacks_end = lacking & level.lacks_end
        assumed_high = 0
        if not _nowhere(lacks_end):
            if not _nowhere(lacks_end & priced):
                filler.note("forced_rate_max")
            assumed_high = assumed_range(filler.values.book)[1]
        ends = level.range(assumed_high)
        low, high = pick(lacking, ends[0], low), pick(lacking, ends[1], high)
    if question.assumes_rate:
        lacking = low == BLANK
        if not _nowhere(lacking):
            if not _nowhere(lacking & priced):
                filler.note("forced_rate")
            ends = assumed_range(filler.values.book)
            low, high = pick(lacking, ends[0], low), pick(lacking, ends[1], high)
    limited_rate = filler.or_nothing("limited_rate")
    # The rule is read only if both discounts are there.
    add = any_of(limited_rate != 0) and filler.values.discounts_add
    return Discounts(limited_rate, low, high, add)


def always(reason: str) -> Callable[[int | None], str]:
    """The same reason for every row."""
    return lambda _row: reason


def check_results(results: Mapping[str, Result], sku: Sku, currency: Currency) -> list[Fault]:
    """The fault of results that reach the limit of amounts, because no price is enough."""

    def no_list_price(row: int | None) -> str:
        none_protects = _(
            "is too high: no list price under {limit} protects at {rate}; "
            "lower the rate, the target or the costs"
        )
        rate = percent(at(sku.discounts.forced_rate_max, row))
        return none_protects.format(limit=grouped(AMOUNT_LIMIT, currency.places), rate=rate)

    def no_deal_price(_row: int | None) -> str:
        none_is_enough = _(
            "is too high: no deal price under {limit} is enough; lower the target or the costs"
        )
        return none_is_enough.format(limit=grouped(AMOUNT_LIMIT, currency.places))

    for name, column, reason in (
        ("protected_list_price", "forced_rate", no_list_price),
        ("new_list_price", "forced_rate", no_list_price),
        ("required_deal_price", "required_deal_price", no_deal_price),
    ):
        if name in results and not _nowhere(none := results[name] >= AMOUNT_LIMIT):
            return [Fault(column, none, reason)]
    return []


def _nowhere(condition: Truth) -> bool:
    """Whether a condition holds for no row."""
    return not (condition if isinstance(condition, bool) else condition.any())


def at(value: Whole, row: int | None) -> int:
    """The figure of one row; a single figure counts for every row."""
    return int(value) if isinstance(value, int) or row is None else int(value[row])
