"""What does not vary from row to row: values for blank cells, order offers, endings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from aepromo.engine.question import COSTS, KEYS, PARCEL, SHIPPED, SHOP, Report, Terms
from aepromo.errors import CallError
from aepromo.inputs.exchange import Conversion, Exchange, exchange_of
from aepromo.inputs.offer_texts import read_ending, read_offer
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK, MILLION
from aepromo.pricing.offers import BASKETS, Coupon, Offers, Tier
from aepromo.rules.overrides import Book
from aepromo.table.cells import (
    CellError,
    in_two_currencies,
    millionths,
    read,
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
    from decimal import Decimal

    from aepromo.inputs.joined_rates import JoinedRates
    from aepromo.inputs.shipping import Shipping
    from aepromo.inputs.tariff import Tariff
    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column

    Value: TypeAlias = str | int | Decimal | None


class Policy(NamedTuple):
    """Values for the cells that a file lacks or leaves blank, written as a cell would be.

    Amounts are in currency units (``"3.50"``), rates are ``"13.2%"``, ``"0.132"`` or, for the
    forced rate, ``"10%..20%"``. A float is refused: it can't hold a cent.

    Costs are in ``cost_currency`` (``"CNY"``), prices in ``currency`` (``"USD"``). ``fx`` says how
    many units of a currency one unit of the prices' currency is worth (``"CNY=7.12"``, or with its
    day ``"CNY=7.12@2026-11-20"``); ``fx_rate`` says it for the costs of a row that doesn't.

    What holds for the whole store: Spend & Save tiers (``"30:3"``, $3 off from $30), coupons
    (``"20:2"``, or ``"2"`` without a minimum), whether coupons stack with a forced discount,
    what the buyer's basket holds (``"any"``, ``"single"``, ``"same"``), the endings that
    list prices may have (``".99"``), and for ``breakeven`` which promotion brings the traffic.

    Where nothing gives a logistics cost, the ``tariff`` (``read_tariff``) does, for a parcel of
    ``weight_g`` to a ``market`` by the ``line``; by the cheapest that may carry it where None.

    ``rates`` are forced rates by SKU, category and store; they go after a row's own cells and
    before ``forced_rate``.
    """

    purchase_price: Value = None
    logistics_cost: Value = None
    other_cost: Value = None
    cost_currency: str | None = None
    fx_rate: Value = None
    list_price: Value = None
    limited_rate: Value = None
    forced_rate: Value = None
    forced_rate_min: Value = None
    forced_rate_max: Value = None
    commission_rate: Value = None
    payment_rate: Value = None
    target_price: Value = None
    target_profit: Value = None
    target_margin: Value = None
    units_30d: Value = None
    spend_save: tuple[str, ...] = ()
    coupon: tuple[str, ...] = ()
    coupon_stacks: bool = False
    basket: str = "any"
    ending: tuple[str, ...] = ()
    promotion: str = "forced"
    rates: JoinedRates | None = None
    currency: str | None = None
    fx: tuple[str, ...] = ()
    weight_g: Value = None
    market: str | None = None
    tariff: Tariff | None = None
    line: str | None = None
    book: Book = Book()

    @property
    def supplies(self) -> frozenset[str]:
        """The columns that it has a value for, if not for every row."""
        more = [("forced_rate", self.rates), ("logistics_cost", self.tariff)]
        return frozenset((*self.texts(), *(name for name, source in more if source)))

    def ships(self, report: Report) -> bool:
        """Whether a tariff answers where a report's logistics cost is blank."""
        return self.tariff is not None and report.is_shipped

    def added(self, report: Report, columns: Iterable[str]) -> tuple[str, ...]:
        """The result columns of a report on a table that has these columns."""
        added = report.adds(frozenset(columns) | self.supplies)
        return (*SHIPPED, *added) if self.ships(report) else added

    def shipping(self, store: Exchange | None = None) -> Shipping | None:
        """The tariff in the currency of the prices, at its own rates or a store's.

        Raises ``CallError``.
        """
        if self.tariff is None or "logistics_cost" in self.texts():
            return None
        from aepromo.inputs.shipping import Shipping  # only a tariff pays for it

        return Shipping(self.tariff, self.line, store or self.exchange())

    def beside(self, is_shipped: bool) -> tuple[str, ...]:
        """The columns that tariff and rates go by, beside those that bear on an answer."""
        return (*KEYS * bool(self.rates), *PARCEL * is_shipped)

    def column(self, name: str) -> Column:
        """A result column, with the labels that the tariff gives it."""
        column = RESULTS[name]
        if name == "shipping_line" and self.tariff:
            return column._replace(labels=self.tariff.lines)
        return column

    @property
    def selling(self) -> Currency:
        """What list prices, targets, offers and every answer are in. Raises ``CallError``."""
        return self.exchange().selling

    def exchange(self) -> Exchange:
        """The currencies of prices and costs, and the rates between. Raises ``CallError``."""
        rate = "" if self.fx_rate is None else str(self.fx_rate)
        return exchange_of(self.currency, self.cost_currency, rate, self.fx)

    @property
    def in_force(self) -> Book:
        """The rule book, its money written in the currency of the prices."""
        exchange = self.exchange()
        is_foreign = exchange.is_foreign(USD)
        return self.book.in_money(exchange.in_selling) if is_foreign else self.book

    def texts(self) -> dict[str, str]:
        """The values that are given, as text, by column name."""
        given = {}
        for name, value in self._asdict().items():
            if name not in INPUTS:
                continue
            if isinstance(value, float | bool):
                reason = _("{value} is no exact amount; write it as text")
                raise CallError(f"{name}: " + reason.format(value=repr(value)))
            if value is not None and str(value).strip():
                given[name] = str(value)
        return given

    def signs(self) -> frozenset[str]:
        """The signs of the amounts that are given."""
        return signs_in(text for name, text in self.texts().items() if INPUTS[name].kind in AMOUNTS)

    def numbers(self, with_costs: bool = True) -> dict[str, int]:
        """The given values in minor units and millionths; a rate or range as its two ends.

        Costs are converted to the currency of the prices; without them, where the rows of a table
        may name currencies of their own. Raises ``CallError`` that lists every value which can't be
        used.
        """
        exchange, texts = self.exchange(), self.texts()
        costs = exchange.row_costs(self.cost_texts() if with_costs else {})
        numbers, problems = (
            dict(costs.converted),
            [f"{INPUTS[name].flag}: {reason}" for name, reason in costs.problems],
        )
        for name, text in texts.items():
            if name in (*SHOP, *PARCEL):
                continue
            try:
                numbers |= _numbers_of(name, text, exchange.selling)
            except CellError as error:
                problems.append(f"{INPUTS[name].flag}: {error}")
        ends = (numbers.get("forced_rate_min", 0), numbers.get("forced_rate_max", MILLION))
        if ends[0] > ends[1]:
            problems.append(_("--forced-rate-min is above --forced-rate-max; swap the two"))
        if with_costs and not exchange.selling.is_stated and len(signs := self.signs()) > 1:
            problems.append(in_two_currencies(signs))
        if problems:
            raise CallError(_("; ").join(problems))
        return numbers

    def of_one(
        self, report: Report, store: Exchange | None = None
    ) -> tuple[dict[str, int], dict[str, int]]:
        """The values of one SKU, as ``numbers``, and the line that the tariff takes for it.

        Raises ``CallError`` also for a parcel that no line may carry.
        """
        numbers, shipping = self.numbers(), self.shipping(store)
        if shipping is None or not self.ships(report):
            return numbers, {}
        if not report.wants_logistics(lambda name: numbers.get(name, BLANK)):
            return numbers, {}
        line, cost = shipping.of_one(self.texts())
        return numbers | {"logistics_cost": cost}, {"shipping_line": line, "shipping_cost": cost}

    def assumed_beside(
        self, uses: Iterable[str], signs: frozenset[str] | None = None, are_unnamed: bool = False
    ) -> list[str]:
        """``cost_currency`` where costs are taken in one though something points to another.

        ``uses`` are the columns that bear on the answer; ``are_unnamed``: among the cells are costs
        that name no currency. ``signs`` are those of all amounts, of the given ones where None.
        """
        signs = self.signs() if signs is None else signs
        tariff = () if self.tariff is None else self.tariff.services
        in_doubt = self.exchange().doubts_cost(signs, (service.currency for service in tariff))
        taken = are_unnamed or not set(uses).isdisjoint(self.cost_texts())
        return ["cost_currency"] * (in_doubt and taken)

    def cost_texts(self) -> dict[str, str]:
        """The costs that are given, as text, by column."""
        return {name: text for name, text in self.texts().items() if name in COSTS}

    def conversions(self, store: Exchange | None = None) -> list[Conversion]:
        """Which conversion the given costs need."""
        made = self.exchange().row_costs(self.cost_texts()).conversion
        shipping = self.shipping(store)
        return [*([made] if made else []), *(shipping.conversions() if shipping else ())]

    def terms(self) -> Terms:
        """The rules and offers that hold for every SKU. Raises ``CallError``."""
        basket = next((each for each in BASKETS if each == self.basket), None)
        if basket is None:
            raise CallError(f"--basket '{self.basket}': {one_of(self.basket, BASKETS)}")
        currency = self.selling
        offers = Offers(
            spend_save=tuple(
                Tier(*read_offer("--spend-save", text, currency)) for text in self.spend_save
            ),
            coupons=tuple(Coupon(*read_offer("--coupon", text, currency)) for text in self.coupon),
            coupon_stacks=self.coupon_stacks,
            basket=basket,
        )
        return Terms(
            offers=offers,
            endings=tuple(read_ending(text, currency) for text in self.ending),
            currency=currency,
            floor_multiple=millionths(self.book.text("floor.multiple")),
            promotion=self.promotion,
            book=self.in_force,
        )

    def warnings(self, today: date) -> list[str]:
        """Offers so deep that a slip of the finger is likelier, and exchange rates that are old.

        Both are used as they are (rule book: ``fx.max_age_days``).
        """
        given = [("--spend-save", text) for text in self.spend_save]
        given += [("--coupon", text) for text in self.coupon]
        exchange = self.exchange()
        deep = [
            _("{offer} takes off over half of what it asks for").format(offer=f"{flag} {text}")
            for flag, text in given
            if 2 * (offer := read_offer(flag, text, exchange.selling))[1] > offer[0] > 0
        ]
        if not exchange.rates:
            return deep  # a one-liner in dollars reads no figure of exchange
        return deep + exchange.old(today, millionths(self.book.text("fx.max_age_days")))


def _numbers_of(name: str, text: str, currency: Currency) -> Mapping[str, int]:
    if INPUTS[name].kind is Kind.RATES:
        low, high = read_range(text) or (0, 0)
        return {"forced_rate": low, "forced_rate_to": high}
    return {name: read(text, INPUTS[name].kind, currency) or 0}



ASSUMED = {
    "commission_rate": "fees.commission_rate",
    "payment_rate": "fees.payment_rate",
    "forced_rate": "forced.rate",
    "target_profit": "appeal.min_profit",
}
"""The columns that the rule book supplies where nobody else does, each with its key."""


def assumed_text(name: str, book: Book) -> str:
    """The value of a column that nobody gives, as a cell would be written."""
    return book.text(ASSUMED[name]) if name in ASSUMED else "0"


def assumed_numbers(name: str, book: Book, currency: Currency) -> Mapping[str, int]:
    """The value of a column that nobody gives, in minor units or millionths."""
    return _numbers_of(name, assumed_text(name, book), currency)
