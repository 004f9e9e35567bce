"""The rate that the platform took off each past order.

An order counts if the platform forced its discount, by its status (rule book:
``forced.feed_value``). The seller's own offers are taken out first, so that only the platform's
part is left: the base is the list price less the limited-time discount, and the amounts of a coupon
and Spend & Save are added back to the deal price. An order that doesn't count is not read any
further.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from aepromo.engine.filling import Fault, at
from aepromo.errors import CallError, InputError
from aepromo.inputs.exchange import Exchange
from aepromo.inputs.header_currencies import check_currencies
from aepromo.past_rates.columns import ALSO_FORCED
from aepromo.pricing.currency import USD
from aepromo.pricing.money import (
    BLANK,
    MILLION,
    any_of,
    divided_up,
    is_known,
    least,
    most,
    pick,
)
from aepromo.pricing.offers import base_price, observed_rate
from aepromo.rules.overrides import Book
from aepromo.table.cells import CellError, grouped, in_two_currencies, percent, read, signs_in
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.table.found_columns import Found, found_columns
from aepromo.table.headers import missing_columns, plain, read_headers
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Whole

AMOUNTS = ("list_price", "deal_price", "coupon_amount", "spend_save_amount", "limited_rate")
USES = ("sku", "category", *AMOUNTS, "discount_status", "ordered_at")
NEEDS = ("sku", "list_price", "deal_price", "discount_status")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders count, and the values for missing or blank cells.

    ``given`` are cells by column, as text; ``since`` is the first day that counts, by the date
    that an order shows; ``currency`` is what amounts are in.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    book: Book = field(default_factory=Book)
    currency: Currency = USD

    def numbers(self) -> dict[str, int]:
        """The given amounts in minor units and millionths. Raises ``CallError`` for a bad one."""
        numbers = {}
        for name in AMOUNTS:
            try:
                number = read(self.given.get(name, ""), INPUTS[name].kind, self.currency)
            except CellError as error:
                raise CallError(f"{INPUTS[name].flag}: {error}") from None
            if number is not None:
                numbers[name] = number
        if not self.currency.is_stated and len(signs := signs_in(self.given.values())) > 1:
            raise CallError(in_two_currencies(signs))
        return numbers

    def is_forced(self, status: str) -> bool:
        """Whether a status, or the given one if it is blank, means a forced discount."""
        status = status if status.strip() else self.given.get("discount_status", "")
        forced = (self.book.text("forced.feed_value"), *ALSO_FORCED)
        return plain(status) in map(plain, forced)

    def find_columns(self, header: Sequence[str], mapping: Mapping[str, str]) -> Found:
        """The positions of an order's columns. Raises ``InputError`` for missing ones."""
        headers = read_headers(header, USES, mapping)
        columns = found_columns(headers, USES)
        needs = (*NEEDS, "ordered_at") if self.since else NEEDS
        missing = [name for name in needs if name not in columns and name not in self.given]
        if missing:
            raise InputError(missing_columns(headers, missing))
        check_currencies(columns, Exchange(self.currency, self.currency))
        return Found(columns, headers)


def share_of(quantile: str) -> int:
    """A quantile in millionths, above 0 and at most one whole. Raises ``CallError``."""
    try:
        share = read_fact(quantile, Kind.SHARE, USD)
    except CellError as error:
        raise CallError(f"--quantile: {error}") from None
    if not isinstance(share, int) or not share:
        text = _("--quantile '{quantile}': write a share above 0, such as 95%")
        raise CallError(text.format(quantile=quantile))
    return share


class OrderRate(NamedTuple):
    """The forced rate of an order, in millionths, with its lower and upper bound.

    The item price was rounded to a minor unit, so the true price may be half a unit higher or
    lower.
    """

    rate: Whole
    lowest: Whole
    highest: Whole


def rate_of(numbers: Mapping[str, Whole], currency: Currency) -> tuple[OrderRate, list[Fault]]:
    """The forced rate of one order or of a column of them, and its faults.

    ``numbers`` are the columns of ``AMOUNTS`` that are known, in minor units and millionths. The
    rate is invalid where there is a fault.
    """
    price, deal = (numbers.get(name, BLANK) for name in ("list_price", "deal_price"))
    given = (
        numbers.get(name, 0) for name in ("limited_rate", "coupon_amount", "spend_save_amount")
    )
    own_rate, coupon, tier = (pick(is_known(each), each, 0) for each in given)
    known = is_known(price) & is_known(deal)
    base = base_price(pick(known, price, 1), own_rate)
    item = pick(known, deal, 0) + coupon + tier
    below = known & (base > 0) & (item <= base)
    start, end = pick(below, base, 1), pick(below, item, 0)
    rate = observed_rate(start, end)

    def above(row: int | None) -> str:
        own, places = at(own_rate, row), currency.places
        text = (
            _(
                "{paid}, with offers added back, is above {base}, the list price less your own "
                "discount of {own}"
            )
            if own
            else _("{paid}, with offers added back, is above the list price, {base}")
        )
        start = base_price(at(price, row), own)
        paid, base = grouped(at(item, row), places), grouped(int(start), places)
        return text.format(paid=paid, own=percent(own), base=base)

    faults = (
        Fault("list_price", price == BLANK, lambda _row: _("is missing; fill it in")),
        Fault("deal_price", deal == BLANK, lambda _row: _("is missing; fill it in")),
        Fault(
            "limited_rate",
            known & (base == 0),
            lambda _row: _("leaves nothing of the list price; write a lower rate"),
        ),
        Fault("deal_price", known & (item > base) & (base > 0), above),
        Fault(
            "deal_price",
            below & (rate >= MILLION),
            lambda _row: _("makes the discount 100% or more; write what the buyer paid"),
        ),
    )
    lowest = MILLION - least(divided_up(2 * end + 1, 2 * start), MILLION)
    highest = least(observed_rate(2 * start, most(2 * end - 1, 0)), MILLION - 1)
    found = OrderRate(rate, lowest, highest)
    return found, [fault for fault in faults if any_of(fault.where)]
