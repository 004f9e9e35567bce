"""Costs in one currency, prices in another: which rates hold, and what a row's costs come to.

A cost is read in its own currency, where more places than that has round up, and then converted to
the currency of the prices, rounded up to its minor unit. So money is only ever added in one
currency, the selling one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aepromo.errors import CallError
from aepromo.inputs.columns import CONVERSION
from aepromo.pricing.currency import USD, Currency
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION, converted_up
from aepromo.table.cells import CellError, fixed, grouped, read
from aepromo.table.column import Kind
from aepromo.table.currencies import currency_named
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from aepromo.rules import Rule


class Rate(NamedTuple):
    """What one unit of the selling currency is worth, in millionths of a unit; of which day."""

    millionths: int
    day: date | None = None


class Conversion(NamedTuple):
    """A conversion that was made: from which currency, and at which rate; None: the row's own.

    ``of_fees``: not of costs that somebody gives, but of what a tariff asks for.
    """

    code: str
    rate: Rate | None
    of_fees: bool = False


class RowCosts(NamedTuple):
    """One row's costs: ``converted`` to the selling currency, and ``stated`` in their own.

    Both are in minor units by column. ``rate`` is what they were converted at. ``problems`` are
    columns, each with a reason and remedy.
    """

    currency: Currency
    converted: dict[str, int]
    stated: dict[str, int]
    conversion: Conversion | None
    problems: list[tuple[str, str]]
    rate: Rate | None = None


class Exchange(NamedTuple):
    """The currencies of a run: of prices, of costs that don't name theirs, and the rates between.

    ``fx_rate`` is the rate of ``cost``, whatever ``rates`` say of it; blank where there is none.
    ``is_cost_named``: somebody named that of the costs, or it is taken to be that of the prices.
    """

    selling: Currency = USD
    cost: Currency = USD
    fx_rate: int = BLANK
    rates: Mapping[str, Rate] = {}
    is_cost_named: bool = False

    def doubts_cost(self, signs: Iterable[str], others: Iterable[Currency]) -> bool:
        """Whether costs whose currency nobody names may be in another than the prices'.

        A rate of another points to it, a sign of the costs or prices, or what else there is money
        in.
        """
        unlike = not self.selling.is_stated and "¥" in signs
        points = bool(self.rates) or unlike or any(map(self.is_foreign, others))
        return points and not self.is_cost_named

    def stated(self) -> Exchange:
        """The same where the table itself names currencies: no cell may contradict them."""
        selling, cost = (each._replace(is_stated=True) for each in (self.selling, self.cost))
        return self._replace(selling=selling, cost=cost)

    def is_foreign(self, currency: Currency) -> bool:
        """Whether amounts in it must be converted."""
        return currency.code != self.selling.code

    def rate(self, currency: Currency) -> Rate | None:
        """What holds where a row has no rate of its own; None where nobody gave any."""
        if not self.is_foreign(currency):
            return Rate(MILLION)
        if self.fx_rate != BLANK and currency.code == self.cost.code:
            return Rate(self.fx_rate)  # that of the costs, which says nothing of another currency
        return self.rates.get(currency.code)

    def scales(self, currency: Currency) -> tuple[int, int]:
        """How the minor units of the two compare, as ``converted_up`` wants it."""
        own, other = self.selling.unit, currency.unit
        return max(own // other, 1), max(other // own, 1)

    def row_costs(
        self, texts: Mapping[str, str], codes: Mapping[str, str] | None = None
    ) -> RowCosts:
        """A row's costs; its own currency and rate are there where it has columns.

        ``codes`` names the currency of those that are in another than the row's.
        """
        of_row = {name: text for name, text in texts.items() if name not in (codes or {})}
        costs = self._costs_of_row(of_row)
        for name in texts.keys() & (codes or {}).keys():
            single = self._replace(cost=currency_named((codes or {})[name]), fx_rate=BLANK)
            other = single._costs_of_row({name: texts[name]})
            costs = costs._replace(
                converted=costs.converted | other.converted,
                problems=costs.problems + other.problems,
                conversion=costs.conversion or other.conversion,
            )
        return costs

    def _costs_of_row(self, texts: Mapping[str, str]) -> RowCosts:
        """A row's costs that are all in its own currency."""
        problems: list[tuple[str, str]] = []
        currency, rate = self.cost, BLANK
        for name in CONVERSION:
            try:
                if name == "cost_currency" and texts.get(name, "").strip():
                    currency = currency_named(texts[name])
                elif name == "fx_rate":
                    rate = read(texts.get(name, ""), Kind.FX, currency) or BLANK
            except CellError as error:
                problems.append((name, str(error)))
        stated: dict[str, int] = {}
        for name in (name for name in texts if name not in CONVERSION):
            try:
                amount = read(texts.get(name, ""), Kind.COST, currency)
            except CellError as error:
                problems.append((name, str(error)))
                continue
            if amount is not None:
                stated[name] = amount
        if "cost_currency" not in texts and not self.is_foreign(self.cost):
            rate = self.fx_rate if rate == BLANK else rate
        if problems or not (stated or rate != BLANK):
            return RowCosts(currency, stated, stated, None, problems)
        return self._converted(currency, rate, stated)

    def _converted(self, currency: Currency, rate: int, stated: dict[str, int]) -> RowCosts:
        if not self.is_foreign(currency):
            wrong = self.pointless(rate) if rate not in (BLANK, MILLION) else ""
            problems = [("fx_rate", wrong)] if wrong else []
            return RowCosts(currency, stated, stated, None, problems)
        found = Rate(rate) if rate != BLANK else self.rate(currency)
        if found is None:
            missing = [("cost_currency", self.no_rate(currency))]
            return RowCosts(currency, stated, stated, None, missing)
        finer, coarser = self.scales(currency)
        converted = {
            name: int(converted_up(amount, found.millionths, finer, coarser))
            for name, amount in stated.items()
        }
        too_large = [
            (name, self.too_large(found.millionths))
            for name, amount in converted.items()
            if amount >= AMOUNT_LIMIT
        ]
        known = found if rate == BLANK else None
        made = Conversion(currency.code, known)
        return RowCosts(currency, converted, stated, made, too_large, found)

    def old(self, today: date, most_days: int) -> list[str]:
        """The rates that are older than so many millionths of a day, or of a day to come."""
        said = []
        for code, rate in self.rates.items():
            if rate.day is None:
                continue
            days = (today - rate.day).days
            if days < -1:  # where the clock is, it may be the day before
                text = _("the rate of {code} is of {day}, which is yet to come; mend the date")
            elif days * MILLION > most_days:
                text = _(
                    "the rate of {code} is of {day}, {days} days ago; give a newer one with --fx"
                )
            else:
                continue
            said.append(text.format(code=code, day=rate.day, days=days))
        return said

    def no_rate(self, currency: Currency) -> str:
        """Why costs in a currency can't be used, with the remedy."""
        reason = _("is {code}, and nobody gives its rate; set --fx {code}=RATE, {code} a {selling}")
        return reason.format(code=currency.code, selling=self.selling.code)

    def pointless(self, rate: int) -> str:
        """What is wrong with a rate where costs are in the currency of the prices."""
        reason = _(
            "is {rate}, but the costs are in {code} as the prices are; name their own currency in "
            "cost_currency, or with --cost-currency"
        )
        return reason.format(rate=rate_text(rate), code=self.selling.code)

    def too_large(self, rate: int) -> str:
        """What is wrong with a cost that converts to more than an amount can be."""
        limit = grouped(AMOUNT_LIMIT, self.selling.places)
        reason = _("comes to {limit} {code} or more at {rate}; mend it or the rate")
        return reason.format(limit=limit, code=self.selling.code, rate=rate_text(rate))

    def in_selling(self, rule: Rule) -> Rule:
        """A figure of the rule book whose dollars are written in the selling currency.

        Up, for what protects the seller; an offer of the book takes more, from less. What is
        compared with dollars, such as the turnover of a store, stays. Raises ``CallError`` without
        a rate of the dollar.
        """
        column = INPUTS.get(rule.column)
        if rule.unit not in ("money", "tier") or (column and column.kind is Kind.TURNOVER):
            return rule
        if not isinstance(rule.value, str) or not self.is_foreign(USD):
            return rule
        rate = self.rate(USD)
        if rate is None:
            needs = _(
                "rules.{key} is {value} US dollars; give --fx USD=RATE, "
                "how many of them one {code} is worth"
            )
            raise CallError(needs.format(key=rule.key, value=rule.value, code=self.selling.code))
        finer, coarser = self.scales(USD)
        every = "every:" if rule.value.startswith("every:") else ""
        parts = rule.value.removeprefix(every).split(":")
        *threshold, amount = (read(part, Kind.TARGET, USD) or 0 for part in parts)
        # Of a negative amount, up is towards zero: the threshold itself is rounded down.
        worth = [-converted_up(-dollars, rate.millionths, finer, coarser) for dollars in threshold]
        worth.append(converted_up(amount, rate.millionths, finer, coarser))
        texts = [fixed(int(each), self.selling.places) for each in worth]
        return rule._replace(value=every + ":".join(texts))


def exchange_of(
    currency: str | None, cost_currency: str | None, fx_rate: str | None, fx: Iterable[str]
) -> Exchange:
    """The currencies that options or a configuration give. Raises ``CallError``."""
    selling = _named("--currency", currency) if currency else USD
    cost = _named("--cost-currency", cost_currency) if cost_currency else selling
    if cost_currency:
        selling = selling._replace(is_stated=True)
    rates: dict[str, Rate] = {}
    for text in fx:
        code, rate = read_rate_of(text, selling)
        if code in rates:
            raise CallError(
                _("--fx '{text}': {code} has a rate already").format(text=text, code=code)
            )
        rates[code] = rate
    try:
        own = read(fx_rate or "", Kind.FX, selling) or BLANK
    except CellError as error:
        raise CallError(f"--fx-rate: {error}") from None
    return Exchange(selling, cost, own, rates, bool(cost_currency))


def read_rate_of(text: str, selling: Currency) -> tuple[str, Rate]:
    """``CNY=7.12``, or ``CNY=7.12@2026-11-20`` with its day. Raises ``CallError``."""
    from aepromo.table.facts import read_fact  # only a rate pays for it

    code_text, equals, worth = text.partition("=")
    rate_given, at, day_text = worth.partition("@")
    try:
        code = currency_named(code_text).code if equals else ""
        rate = read(rate_given, Kind.FX, selling)
        day = read_fact(day_text, Kind.DAY)
    except CellError as error:
        raise CallError(f"--fx '{text}': {error}") from None
    if not code or rate is None or (at and day is None):
        wanted = _("--fx '{text}': write CNY=7.12, how many units one {code} is worth")
        raise CallError(wanted.format(text=text, code=selling.code))
    if code == selling.code:
        needless = _("--fx '{text}': prices are in {code}; it needs no rate")
        raise CallError(needless.format(text=text, code=code))
    # A cell of this kind is a date, or nothing.
    return code, Rate(rate, day)  # type: ignore[arg-type]


def rate_text(rate: int) -> str:
    """A rate without needless zeros: ``7.12``."""
    return fixed(rate, 6).rstrip("0").rstrip(".")


def _named(flag: str, text: str) -> Currency:
    try:
        return currency_named(text)
    except CellError as error:
        raise CallError(f"{flag}: {error}") from None
