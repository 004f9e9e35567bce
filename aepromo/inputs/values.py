"""The values of one call, resolved once: option before configuration before rule book.

Cells go before all of these; ``aepromo.engine`` puts them together row by row.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from aepromo.errors import CallError
from aepromo.inputs.columns import FORCED_RATE, KEYS, PARCEL, SHIPPING_FEES
from aepromo.inputs.exchange import Conversion, Exchange, Rate, RowCosts, exchange_of
from aepromo.inputs.forced_range import GivenRates
from aepromo.inputs.offer_texts import read_coupon, read_ending, read_tier
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK, MILLION
from aepromo.pricing.offers import BASKETS, STACKINGS, Offers
from aepromo.rules import UnknownRule
from aepromo.table.cells import (
    CellError,
    in_two_currencies,
    millionths,
    percent,
    read,
    read_exchange_rate,
    read_range,
    signs_in,
)
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import _
from aepromo.words.nearest import one_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from aepromo.inputs.policy import Policy
    from aepromo.inputs.shipping import Shipping
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.protect import Ending
    from aepromo.rules.overrides import Book
    from aepromo.table.column import Column
    from aepromo.table.fact_cells import Fact


class Values(NamedTuple):
    """All values of a call besides its rows.

    ``texts`` are the given values as they were written, by column, ``cost_texts`` those of costs;
    ``numbers`` the same in minor units of the ``currency`` of prices and millionths, without
    ``costs`` and the forced ``rates``; ``facts`` are values of other columns than those of a SKU.
    ``signs`` are those of the amounts in the currency of prices, ``price_signs`` without those of
    costs. ``book`` is the rule book in force, its money in the currency of the prices. ``endings``
    are those that prices may have; ``floor_multiple`` is in millionths. ``columns`` are the result
    columns by name, that of the shipping line with the lines of the tariff as its labels.
    """

    policy: Policy
    currency: Currency
    texts: Mapping[str, str]
    cost_texts: Mapping[str, str]
    exchange: Exchange
    numbers: Mapping[str, int]
    costs: RowCosts
    rates: GivenRates
    facts: Mapping[str, Fact]
    signs: frozenset[str]
    price_signs: frozenset[str]
    offers: Offers
    endings: tuple[Ending, ...]
    floor_multiple: int
    book: Book
    shipping: Shipping | None
    columns: Mapping[str, Column]

    @property
    def discounts_add(self) -> bool:
        """Whether own and forced discount add up (rule book: ``stacking.own_and_forced``)."""
        key = "stacking.own_and_forced"
        stacking = self.book.text(key)
        if stacking not in STACKINGS:
            raise CallError(f"rules.{key} '{stacking}': {one_of(stacking, STACKINGS)}")
        return stacking == "add"

    @property
    def max_change(self) -> int | None:
        """The change of a list price above which it is held, in millionths; None: never."""
        key, text = "reprice.max_change", self.policy.max_change
        if text is not None:
            return _max_change(text, "--max-change")
        return _max_change(self.book.text(key), f"rules.{key}")

    @property
    def limited_step(self) -> int:
        """The steps that an own discount comes in, in millionths (rule book: ``limited``)."""
        key = "limited.places"
        try:
            return read(self.book.text(key), Kind.RATE, USD) or 1
        except CellError as error:
            raise CallError(f"rules.{key}: {error}") from None

    @property
    def overridden(self) -> frozenset[str]:
        """The columns whose cells don't count, because a given value goes before them.

        The forced rates are one value in three columns.
        """
        override = self.policy.override
        return override if override.isdisjoint(FORCED_RATE) else override.union(FORCED_RATE)

    @property
    def on_command_line(self) -> list[str]:
        """The columns for which options give a value, not the configuration."""
        return [name for name in self.texts if name not in self.policy.places]

    @property
    def lines(self) -> tuple[str, ...]:
        """The shipping lines of the tariff."""
        return self.policy.tariff.lines if self.policy.tariff else ()

    @property
    def supplied(self) -> frozenset[str]:
        """The columns for which the call has a value, maybe not for every row."""
        more = [
            ("forced_rate", self.policy.rates),
            ("logistics_cost", self.policy.tariff),
            ("fx_rate", self.has_rates),
        ]
        return frozenset((*self.texts, *(name for name, source in more if source)))

    @property
    def has_rates(self) -> bool:
        """Whether there are rates to convert costs; one of the dollar is for the rule book."""
        exchange = self.exchange
        is_named = exchange.fx_rate is not None or exchange.is_foreign(exchange.cost)
        return is_named or any(code != USD.code for code in exchange.rates)

    def lookup_columns(self, is_shipped: bool) -> tuple[str, ...]:
        """The columns by which past rates and a tariff are looked up."""
        keys = KEYS if self.policy.rates else ()
        return (*keys, *PARCEL) if is_shipped else keys

    def offered(self) -> dict[str, int]:
        """The given values of a SKU, costs among them. Raises ``CallError`` for unusable costs."""
        problems = [f"{self.policy.place(name)}: {reason}" for name, reason in self.costs.problems]
        if not self.currency.is_stated and len(self.signs) > 1:
            problems.append(in_two_currencies(self.signs))
        refuse_values(problems)
        return {**self.numbers, **self.costs.converted}

    def assumes_cost_currency(
        self,
        uses: Iterable[str],
        signs: frozenset[str] | None = None,
        are_unnamed: bool = False,
    ) -> bool:
        """Whether the currency of costs is assumed although something suggests another.

        ``uses`` are the columns on which the answer depends; ``are_unnamed``: some cells are costs
        without a named currency. ``signs`` are those of all amounts, of the given ones where None.
        """
        tariff = self.policy.tariff.services if self.policy.tariff else ()
        currencies = (service.currency for service in tariff)
        taken = are_unnamed or not set(uses).isdisjoint(self.costs.unnamed)
        found = self.signs if signs is None else signs
        return taken and self.exchange.doubts_cost(found, currencies)

    def conversions(self) -> list[Conversion]:
        """The conversions that the given costs and the tariff need."""
        made = self.costs.conversions
        return [*made, *(self.shipping.conversions() if self.shipping else ())]

    def warnings(self, today: date) -> list[str]:
        """Warnings of values that are used as given but are likely mistakes.

        Offers that take off more than half, an own discount that is not a whole percent, and
        exchange rates that are old or look upside down (rule book: ``limited.places``, ``fx``).
        """
        policy, offers = self.policy, self.offers
        given = [
            (f"--spend-save {text}", 2 * tier.off > tier.threshold)
            for text, tier in zip(policy.spend_save, offers.spend_save, strict=True)
        ]
        given += [
            (
                f"--coupon {text}",
                2 * coupon.off > coupon.threshold > 0 or 2 * coupon.share > MILLION,
            )
            for text, coupon in zip(policy.coupon, offers.coupons, strict=True)
        ]
        deep = [
            _("{offer} takes off more than half of its threshold").format(offer=offer)
            for offer, is_deep in given
            if is_deep
        ]
        if (own := self.numbers.get("limited_rate", 0)) and own % self.limited_step:
            text = _(
                "{flag} {rate} is not a whole percent, and the platform takes only whole percents"
            )
            flag = self.policy.place("limited_rate")
            deep.append(text.format(flag=flag, rate=percent(own)))
        exchange = self.exchange
        if not (exchange.rates or exchange.fx_rate):
            return deep  # a one-liner in dollars needs no exchange rate
        most_days = rule_number(self.book, "fx.max_age_days")
        return [*deep, *exchange.old(today, most_days), *exchange.upside_down(self.usual_rate)]

    def usual_rate(self, code: str) -> Rate | None:
        """Roughly how many units of a currency a dollar is worth; None if unknown."""
        if code == USD.code:
            return Rate(1)
        try:
            found = read_exchange_rate(self.book.text(f"fx.usual.{code}"))
        except UnknownRule:
            return None
        except CellError as error:
            raise CallError(f"rules.fx.usual.{code}: {error}") from None
        return Rate(*found) if found else None


def resolved(policy: Policy, tariff_exchange: Exchange | None = None) -> Values:
    """Read everything that a policy gives. Raises ``CallError`` that lists what can't be used.

    ``tariff_exchange`` has the rates of a tariff, if they differ from those of the costs.
    """
    texts = policy.texts()
    rate = "" if policy.fx_rate is None else str(policy.fx_rate)
    exchange = exchange_of(policy.currency, policy.cost_currency, rate, policy.fx)
    if policy.basket not in BASKETS:
        raise CallError(f"--basket '{policy.basket}': {one_of(policy.basket, BASKETS)}")
    book = policy.book.in_money(exchange.in_selling) if exchange.is_foreign(USD) else policy.book
    cost_texts = {name: text for name, text in texts.items() if INPUTS[name].kind is Kind.COST}
    of_prices = price_signs(texts)
    costs = exchange.row_costs(cost_texts, policy.cost_currencies, of_prices)
    numbers, rates, facts = _read_values(texts, policy, exchange, costs)
    lines = policy.tariff.lines if policy.tariff else ()
    of_line = RESULTS["shipping_line"]._replace(labels=lines)
    return Values(
        policy=policy,
        currency=exchange.selling,
        texts=texts,
        cost_texts=cost_texts,
        exchange=exchange,
        numbers=numbers,
        costs=costs,
        rates=rates,
        facts=facts,
        signs=of_prices | costs.signs,
        price_signs=of_prices,
        offers=_offers(policy, exchange.selling),
        endings=tuple(read_ending(text, exchange.selling) for text in policy.ending),
        floor_multiple=rule_number(policy.book, "floor.multiple"),
        book=book,
        shipping=_shipping(policy, texts, tariff_exchange or exchange),
        columns=RESULTS | {"shipping_line": of_line},
    )


def _max_change(text: str, place: str) -> int | None:
    if text == "never":
        return None
    try:
        return read(text, Kind.MARKUP, USD) or 0
    except CellError as error:
        raise CallError(f"{place}: {error}") from None


def _offers(policy: Policy, currency: Currency) -> Offers:
    spend_save = tuple(read_tier("--spend-save", text, currency) for text in policy.spend_save)
    if sum(tier.repeats for tier in spend_save) > 1:
        raise CallError(_("--spend-save: only one tier can repeat (every:)"))
    return Offers(
        spend_save,
        coupons=tuple(read_coupon("--coupon", text, currency) for text in policy.coupon),
        coupon_stacks=policy.coupon_stacks,
        basket=next(each for each in BASKETS if each == policy.basket),
    )


def _shipping(policy: Policy, texts: Mapping[str, str], exchange: Exchange) -> Shipping | None:
    """The tariff in the currency of the prices; None where the logistics cost is given."""
    if policy.tariff is None or "logistics_cost" in texts:
        return None
    from aepromo.inputs.shipping import Shipping  # only a tariff needs it

    return Shipping(policy.tariff, policy.line, exchange)


def price_signs(texts: Mapping[str, str]) -> frozenset[str]:
    """The signs of prices and targets, by column."""
    kinds = AMOUNTS - {Kind.COST}
    return signs_in(text for name, text in texts.items() if INPUTS[name].kind in kinds)


def _read_values(
    texts: Mapping[str, str], policy: Policy, exchange: Exchange, costs: RowCosts
) -> tuple[dict[str, int], GivenRates, dict[str, Fact]]:
    """The given values apart from costs, whose problems are listed with those of the others."""
    numbers: dict[str, int] = {}
    facts: dict[str, Fact] = {}
    rates, problems = GivenRates(), []
    for name, text in texts.items():
        kind = INPUTS[name].kind
        if kind in (Kind.COST, Kind.CURRENCY, Kind.FX, Kind.WEIGHT):
            continue
        currency = exchange.cost if name in SHIPPING_FEES else exchange.selling
        try:
            if name == "forced_rate":
                low, high = read_range(text) or (BLANK, BLANK)
                rates = rates._replace(low=low, high=high)
            elif name in policy.facts or name == "market":
                from aepromo.table.fact_cells import read_fact  # only the platform's rules need it

                if (fact := read_fact(text, kind, currency)) is not None:
                    facts[name] = fact
            else:
                number = read(text, kind, currency)
                numbers[name] = 0 if number is None else number
        except CellError as error:
            problems.append(f"{policy.place(name)}: {error}")
    least = numbers.pop("forced_rate_min", BLANK)
    rates = rates._replace(least=least, most=numbers.pop("forced_rate_max", BLANK))
    if rates.runs_backwards:
        reason = _("{least} is above {most}; swap the two")
        ends = (policy.place(name) for name in ("forced_rate_min", "forced_rate_max"))
        problems.append(reason.format(**dict(zip(("least", "most"), ends, strict=True))))
    elif rates.contradicts:
        problems.append(f"{policy.place('forced_rate')}: " + contradiction())
    if problems:
        of_costs = [f"{policy.place(name)}: {reason}" for name, reason in costs.problems]
        refuse_values([*of_costs, *problems])
    return numbers, rates, facts


def contradiction() -> str:
    """The problem of forced rates that contradict each other at one level."""
    return _(
        "is not the range that forced_rate_min and forced_rate_max give; leave one of the two out"
    )


def refuse_values(problems: list[str]) -> None:
    """Raise a ``CallError`` that lists the problems of given values, if there are any."""
    if problems:
        raise CallError(_("; ").join(problems))


ASSUMED = {
    "commission_rate": "fees.commission_rate",
    "payment_rate": "fees.payment_rate",
    "forced_rate": "forced.rate",
    "forced_rate_max": "forced.rate",
    "target_profit": "appeal.min_profit",
}
"""The columns that the rule book supplies if nothing else does, each with its key."""


def assumed_text(name: str, book: Book) -> str:
    """The assumed value of a column as the text of a cell."""
    if name == "forced_rate_max":
        return percent(assumed_range(book)[1])
    return book.text(ASSUMED[name]) if name in ASSUMED else "0"


def assumed_texts(names: Iterable[str], book: Book) -> dict[str, str]:
    """The assumed values of columns for people, without those that the user put into the book.

    An amount that was converted is in dollars, too.
    """
    keys = {name: key for name in names if (key := ASSUMED.get(name, "")) not in book.overrides}
    dollars = book.in_dollars(filter(None, keys.values()))
    return {
        name: assumed_text(name, book) + (f" ({dollars[key]} USD)" if key in dollars else "")
        for name, key in keys.items()
    }


def rule_number(book: Book, key: str) -> int:
    """A number of the rule book, in millionths. Raises ``CallError`` for anything else."""
    try:
        return millionths(book.text(key))
    except CellError as error:
        raise CallError(f"rules.{key}: {error}") from None


@cache
def assumed_number(name: str, book: Book, currency: Currency) -> int:
    """The assumed value of a column, in minor units or millionths.

    Raises ``CallError`` if a configuration gives an unusable figure.
    """
    try:
        number = read(assumed_text(name, book), INPUTS[name].kind, currency)
        if number is None:
            raise CellError(_("is blank; write a figure"))
    except CellError as error:
        raise CallError(f"rules.{ASSUMED[name]}: {error}") from None
    return number


@cache
def assumed_range(book: Book) -> tuple[int, int]:
    """The forced rates that the rule book reports, in millionths. Raises ``CallError``."""
    try:
        ends = read_range(book.text("forced.rate"))
        if ends is None:
            raise CellError(_("is blank; write a figure"))
    except CellError as error:
        raise CallError(f"rules.forced.rate: {error}") from None
    return ends
