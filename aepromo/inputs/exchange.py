"""Costs in one currency, prices in another: the exchange rates, and the converted costs.

A cost is read in its own currency, where extra decimal places are rounded up, and then converted to
the currency of the prices, rounded up to its minor unit. So money is only ever added in one
currency, the selling one.
"""

from __future__ import annotations

from datetime import date
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from aepromo.errors import CallError
from aepromo.pricing.currency import USD, Currency
from aepromo.pricing.money import (
    AMOUNT_LIMIT,
    MILLION,
    converted_up,
    fits_conversion,
    least,
)
from aepromo.table.cells import (
    FX_DIGITS,
    CellError,
    currency_named,
    fixed,
    grouped,
    read,
    read_exchange_rate,
    shown,
    sign_of,
)
from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aepromo.pricing.money import Whole
    from aepromo.rules import Rule
    from aepromo.table.currency_signs import Sign


class Rate(NamedTuple):
    """An exchange rate: one selling unit is ``units`` ÷ ``per`` of the other; and its date."""

    units: int
    per: int = 1
    day: date | None = None

    @staticmethod
    def of_millionths(number: int) -> Rate:
        """A rate with at most six places."""
        common = gcd(number, MILLION)
        return Rate(number // common, MILLION // common)

    @property
    def text(self) -> str:
        """The rate as a factor: ``7.12``, or ``(10000/457)`` where no decimal is exact."""
        return _exact_text(self.units, self.per) or f"({self.units}/{self.per})"

    def both_ways(self, code: str, selling: str) -> str:
        """``1 USD = 7.12 CNY, 1 CNY = 0.1404 USD``; four digits where a decimal has no end."""
        there, back = _told(self.units, self.per), _told(self.per, self.units)
        return f"1 {selling} = {there} {code}" + _(", ") + f"1 {code} = {back} {selling}"

    def is_beyond(self, usual: Rate) -> bool:
        """Whether it is over five times a usual rate, or under a fifth of it."""
        ours, theirs = self.units * usual.per, usual.units * self.per
        return ours > _FAR * theirs or theirs > _FAR * ours

    def inverse(self) -> Rate:
        """The rate in the other direction."""
        return Rate(self.per, self.units, self.day)


class Conversion(NamedTuple):
    """A conversion: from which currency, and at which rate; None for the row's own rate.

    ``of_fees``: the fees of a tariff are converted, not given costs.
    """

    code: str
    rate: Rate | None
    of_fees: bool = False


class StatedCost(NamedTuple):
    """A cost in minor units of its own currency, and the exchange rate of that."""

    currency: Currency
    amount: int
    rate: Rate


class RowCosts(NamedTuple):
    """One row's costs in minor units: ``converted`` to the selling currency, and as ``stated``.

    Both are by column; ``origins`` are those that were converted. ``signs`` are those of costs in
    the selling currency; ``unnamed`` are those without a named currency. ``problems`` are columns,
    each with a reason and remedy.
    """

    converted: dict[str, int]
    stated: dict[str, int]
    origins: dict[str, StatedCost]
    conversions: frozenset[Conversion]
    problems: list[tuple[str, str]]
    signs: frozenset[str] = frozenset()
    unnamed: frozenset[str] = frozenset()


class Exchange(NamedTuple):
    """The currencies of a run: of prices, of costs without a named one, and the rates between.

    ``fx_rate`` is the rate of ``cost`` and goes before ``rates``; None where there is none.
    ``is_cost_named``: the currency of the costs is given, not assumed to be that of the prices.
    """

    selling: Currency = USD
    cost: Currency = USD
    fx_rate: Rate | None = None
    rates: Mapping[str, Rate] = {}
    is_cost_named: bool = False

    def doubts_cost(self, signs: Iterable[str], others: Iterable[Currency]) -> bool:
        """Whether costs without a named currency may be in another than the prices.

        A rate of another currency suggests it, a sign of the costs or prices, or another currency
        of the money.
        """
        unlike = not self.selling.is_stated and "¥" in signs
        points = bool(self.rates) or unlike or any(map(self.is_foreign, others))
        return points and not self.is_cost_named

    def stated(self) -> Exchange:
        """The exchange where the table itself names currencies: no cell may contradict them."""
        selling, cost = (each._replace(is_stated=True) for each in (self.selling, self.cost))
        return self._replace(selling=selling, cost=cost)

    def is_foreign(self, currency: Currency) -> bool:
        """Whether amounts in it must be converted."""
        return currency.code != self.selling.code

    def rate(self, currency: Currency) -> Rate | None:
        """The rate of a currency for rows without a rate of their own; None where none is given."""
        if not self.is_foreign(currency):
            return Rate(1)
        if self.fx_rate is not None and currency.code == self.cost.code:
            return self.fx_rate  # that of the costs, not of another currency
        return self.rates.get(currency.code)

    def worth(self, amount: Whole, currency: Currency, rate: Rate) -> Whole:
        """Amounts of another currency in minor units of the selling one, up.

        An amount that is too large becomes ``AMOUNT_LIMIT``.
        """
        scales = self.scales(currency)
        if isinstance(amount, int) or fits_conversion(rate.units, rate.per, *scales):
            return least(converted_up(amount, rate.units, rate.per, *scales), AMOUNT_LIMIT)
        exact = converted_up(amount.astype(object), rate.units, rate.per, *scales)
        held = least(exact, AMOUNT_LIMIT)
        return held if isinstance(held, int) else held.astype(amount.dtype)

    def of_sign(self, sign: Sign, own: Currency) -> Currency:
        """The currency of a cost with a sign: that of its row, another in use, or the likeliest.

        Raises ``CellError`` for a currency with too many decimal places.
        """
        known = (own, self.selling, self.cost)
        found = next((each for each in known if each.code in sign.codes), None)
        rated = (code for code in self.rates if code in sign.codes)
        found = found or currency_named(next(rated, sign.code))
        return found._replace(is_stated=True)

    def scales(self, currency: Currency) -> tuple[int, int]:
        """How the minor units of the two currencies compare, for ``converted_up``."""
        own, other = self.selling.unit, currency.unit
        return max(own // other, 1), max(other // own, 1)

    def row_costs(
        self,
        texts: Mapping[str, str],
        codes: Mapping[str, str] | None = None,
        price_signs: frozenset[str] = frozenset(),
    ) -> RowCosts:
        """One row's costs, each in its own currency.

        ``codes`` names the currency of those whose header does, ``price_signs`` are those of the
        row's prices.
        """
        codes, stated, signs = codes or {}, dict[str, int](), set[str]()
        problems: list[tuple[str, str]] = []
        currencies, unnamed = dict.fromkeys(texts, self.cost), set[str]()
        for name, text in texts.items():
            try:
                sign = None if name in codes else sign_of(text)
                if name in codes:
                    currencies[name] = currency_named(codes[name])
                elif sign is not None and not self.is_unnamed(sign, price_signs):
                    currencies[name] = self.of_sign(sign, self.cost)
                else:
                    unnamed.add(name)
                amount = read(text, Kind.COST, currencies[name])
            except CellError as error:
                problems.append((name, str(error)))
                continue
            if amount is not None:
                stated[name] = amount
                if sign is not None and not self.is_foreign(currencies[name]):
                    signs.add(sign.short)
        found = RowCosts(
            dict(stated), stated, {}, frozenset(), problems, frozenset(signs), frozenset(unnamed)
        )
        return found if problems else self._converted(found, texts, currencies)

    def _converted(
        self, found: RowCosts, texts: Mapping[str, str], currencies: Mapping[str, Currency]
    ) -> RowCosts:
        foreign = {currencies[name].code for name in found.stated} - {self.selling.code}
        rates, made = dict(self.rates), set()
        if self.fx_rate is not None:
            codes = {self.cost.code} if self.is_foreign(self.cost) else foreign
            if not codes and self.fx_rate != Rate(1):
                found.problems.append(("fx_rate", self.pointless(self.fx_rate)))
            elif len(codes) > 1:
                found.problems.append(("fx_rate", self.of_several()))
            else:  # it is the rate of the only other currency
                rates |= dict.fromkeys(codes, self.fx_rate)
        for name, amount in found.stated.items():
            currency = currencies[name]
            if not self.is_foreign(currency):
                continue
            rate = rates.get(currency.code)
            if rate is None:
                is_own = currency.code == self.cost.code
                place, cell = ("cost_currency", "") if is_own else (name, shown(texts[name]) + " ")
                problem = (place, cell + self.no_rate(currency))
                if problem not in found.problems:
                    found.problems.append(problem)
                continue
            found.converted[name] = int(self.worth(amount, currency, rate))
            if found.converted[name] >= AMOUNT_LIMIT:
                found.problems.append((name, self.too_large(rate)))
            found.origins[name] = StatedCost(currency, amount, rate)
            made.add(Conversion(currency.code, rate))
        return found._replace(conversions=frozenset(made))

    def is_unnamed(self, sign: Sign, price_signs: frozenset[str]) -> bool:
        """Whether a cost is in the currency of prices only because they have its sign.

        That is so where the currency of prices is not named.
        """
        return not self.selling.is_stated and price_signs == {sign.short}

    def old(self, today: date, most_days: int) -> list[str]:
        """The rates older than ``most_days``, in millionths of a day, or dated in the future."""
        said = []
        for code, rate in self.rates.items():
            if rate.day is None:
                continue
            days = (today - rate.day).days
            if days < -1:  # in the zone of this clock it may still be the day before
                text = _("the rate of {code} is dated {day}, in the future; correct the date")
            elif days * MILLION > most_days:
                text = _(
                    "the rate of {code} is dated {day}, {days} days ago; give a newer one with --fx"
                )
            else:
                continue
            said.append(text.format(code=code, day=rate.day, days=days))
        return said

    def upside_down(self, usual_of: Callable[[str], Rate | None]) -> list[str]:
        """The rates that are far from a usual one while their inverse is not.

        ``usual_of`` returns what a dollar is usually worth in a currency.
        """
        said, given = [], dict(self.rates)
        if self.fx_rate is not None and self.is_foreign(self.cost):
            given[self.cost.code] = self.fx_rate
        of_selling = usual_of(self.selling.code)
        for code, rate in given.items():
            of_code = usual_of(code)
            if of_selling is None or of_code is None:
                continue
            usual = Rate(of_code.units * of_selling.per, of_code.per * of_selling.units)
            if rate.is_beyond(usual) and not rate.inverse().is_beyond(usual):
                text = _("{rates} looks upside down: usually 1 {selling} is about {usual} {code}")
                rates = rate.both_ways(code, self.selling.code)
                about = _told(usual.units, usual.per)
                said.append(
                    text.format(rates=rates, selling=self.selling.code, usual=about, code=code)
                )
        return said

    def no_rate(self, currency: Currency) -> str:
        """Why costs in a currency can't be used, with the remedy."""
        reason = _(
            "is {code}, whose exchange rate is not given; set --fx {code}=RATE, {code} for "
            "one {selling}"
        )
        return reason.format(code=currency.code, selling=self.selling.code)

    def pointless(self, rate: Rate) -> str:
        """The problem of a given rate where the costs are in the currency of the prices."""
        reason = _(
            "is {rate}, but the costs are in {code} as the prices are; name their own currency in "
            "cost_currency, or with --cost-currency"
        )
        return reason.format(rate=rate.text, code=self.selling.code)

    def of_several(self) -> str:
        """The problem of a row with one rate for costs in several other currencies."""
        return _("is one rate, but the costs are in several currencies; give each with --fx")

    def too_large(self, rate: Rate) -> str:
        """The problem of a cost that reaches the limit of amounts when it is converted."""
        limit = grouped(AMOUNT_LIMIT, self.selling.places)
        reason = _("comes to {limit} {code} or more at {rate}; correct it or the rate")
        return reason.format(limit=limit, code=self.selling.code, rate=rate.text)

    def in_selling(self, rule: Rule) -> Rule:
        """A figure of the rule book with its dollars converted to the selling currency.

        It is rounded up, to protect the seller; an offer of the book takes off more, from a lower
        threshold. Figures that are compared with dollars, such as the turnover of a store, stay
        unchanged. Raises ``CallError`` without a rate of the dollar.
        """
        column = INPUTS.get(rule.column)
        if rule.unit not in ("money", "tier") or (column and column.kind is Kind.TURNOVER):
            return rule
        if not isinstance(rule.value, str) or not self.is_foreign(USD):
            return rule
        rate = self.rate(USD)
        if rate is None:
            needs = _(
                "rules.{key} is {value} US dollars; give --fx USD=RATE, how many US dollars "
                "one {code} is worth"
            )
            raise CallError(needs.format(key=rule.key, value=rule.value, code=self.selling.code))
        every = "every:" if rule.value.startswith("every:") else ""
        parts = rule.value.removeprefix(every).split(":")
        *threshold, amount = (read(part, Kind.TARGET, USD) or 0 for part in parts)
        # Rounding a negative amount up moves it towards zero: the threshold is rounded down.
        worth = [-self.worth(-dollars, USD, rate) for dollars in threshold]
        worth.append(self.worth(amount, USD, rate))
        texts = [fixed(int(each), self.selling.places) for each in worth]
        return rule._replace(value=every + ":".join(texts))


def exchange_of(
    currency: str | None, cost_currency: str | None, fx_rate: str | None, fx: Iterable[str]
) -> Exchange:
    """The currencies that options or a configuration give. Raises ``CallError``."""
    selling = _named("--currency", currency) if currency else USD
    cost = _named("--cost-currency", cost_currency) if cost_currency else selling
    fx = tuple(fx)
    if cost_currency or fx:  # a rate names its currency
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
        given = read_exchange_rate(fx_rate) if fx_rate else None
    except CellError as error:
        raise CallError(f"--fx-rate: {error}") from None
    own = None if given is None else Rate(*given)
    return Exchange(selling, cost, own, rates, bool(cost_currency))


def read_rate_of(text: str, selling: Currency) -> tuple[str, Rate]:
    """``CNY=7.12``, or ``CNY=7.12@2026-11-20`` with its day. Raises ``CallError``."""
    from aepromo.table.fact_cells import read_fact  # only a rate needs it

    code_text, equals, worth = text.partition("=")
    rate_given, at, day_text = worth.partition("@")
    try:
        code = currency_named(code_text).code if equals else ""
        rate = read_exchange_rate(rate_given)
        day = read_fact(day_text, Kind.DAY)
    except CellError as error:
        raise CallError(f"--fx '{text}': {error}") from None
    if not code or rate is None or (at and day is None):
        wanted = _("--fx '{text}': write CNY=7.12, how many units one {code} is worth")
        raise CallError(wanted.format(text=text, code=selling.code))
    if code == selling.code:
        needless = _("--fx '{text}': prices are already in {code}; it needs no rate")
        raise CallError(needless.format(text=text, code=code))
    return code, Rate(*rate, day if isinstance(day, date) else None)


_FAR = 5
"""The factor from a usual rate at which a rate looks wrong."""

_TOLD_DIGITS = 4


def _told(dividend: int, divisor: int) -> str:
    """A quotient as a decimal; rounded half up to four digits if it is periodic."""
    exact = _exact_text(dividend, divisor)
    if exact:
        return exact
    places = _TOLD_DIGITS - 1
    while dividend * 10**places >= divisor * 10**_TOLD_DIGITS and places:
        places -= 1
    while dividend * 10**places < divisor * 10 ** (_TOLD_DIGITS - 1):
        places += 1
    rounded = (2 * dividend * 10**places + divisor) // (2 * divisor)
    return _trimmed(rounded, places)


def _exact_text(dividend: int, divisor: int) -> str:
    """A quotient in lowest terms as a decimal; empty if it is periodic or too long."""
    for places in range(2 * FX_DIGITS + 1):
        if 10**places % divisor == 0:
            return _trimmed(dividend * (10**places // divisor), places)
    return ""


def _trimmed(value: int, places: int) -> str:
    text = fixed(value, places)
    return text.rstrip("0").rstrip(".") if places else text


def _named(flag: str, text: str) -> Currency:
    try:
        return currency_named(text)
    except CellError as error:
        raise CallError(f"{flag}: {error}") from None
