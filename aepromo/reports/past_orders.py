"""Orders of the past to the rate that the platform took off each.

An order counts where the platform forced its discount, by what the rule book calls that
(``forced.feed_value``). What the seller's own offers took comes off first, so that only the
platform's part is left: the list price less the limited-time discount is the base, and what a
coupon and Spend & Save took is put back on the deal price. An order that doesn't count is not
looked at any further.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.errors import CallError, InputError
from aepromo.pricing.money import BLANK, MILLION, any_of, is_known, pick
from aepromo.pricing.offers import base_price, observed_rate
from aepromo.reports.check import Fault, at
from aepromo.rules.overrides import Book
from aepromo.tables.cells import CellError, grouped, percent, read
from aepromo.tables.facts import read_fact
from aepromo.tables.headers import plain, resolve
from aepromo.tables.schema import INPUTS, PLACES, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from aepromo.pricing.money import Whole

AMOUNTS = ("list_price", "deal_price", "coupon_amount", "spend_save_amount", "limited_rate")
USES = ("sku", "category", *AMOUNTS, "discount_status", "ordered_at")
NEEDS = ("sku", "list_price", "deal_price", "discount_status")
_ALSO_FORCED = ("强制折扣", "强制", "平台强制折扣")


@dataclass(frozen=True, slots=True)
class Which:
    """Which orders count, and what stands in for the cells that they lack or leave blank.

    ``given`` are cells by column, as text; ``since`` is the first day that counts, by the date
    that an order shows.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None
    book: Book = field(default_factory=Book)

    def numbers(self) -> dict[str, int]:
        """The given amounts in minor units and millionths. Raises ``CallError`` for a bad one."""
        numbers = {}
        for name in AMOUNTS:
            try:
                number = read(self.given.get(name, ""), INPUTS[name].kind, PLACES)
            except CellError as error:
                raise CallError(f"{INPUTS[name].flag}: {error}") from None
            if number is not None:
                numbers[name] = number
        return numbers

    def is_forced(self, status: str) -> bool:
        """Whether a status, or the given one where it is blank, is that of a forced discount."""
        status = status if status.strip() else self.given.get("discount_status", "")
        forced = (self.book.text("forced.feed_value"), *_ALSO_FORCED)
        return plain(status) in map(plain, forced)

    def find_columns(self, header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
        """Where the columns of an order stand. Raises ``InputError`` for one that is missing."""
        found = resolve(header, USES, mapping)
        needs = (*NEEDS, "ordered_at") if self.since else NEEDS
        for name in needs:
            if name not in found and name not in self.given:
                raise InputError(
                    f"no column for {name}; name one with --map 'HEADER={name}'"
                    + ("" if name in ("sku", "ordered_at") else f", or give {INPUTS[name].flag}")
                )
        return found


def share_of(quantile: str) -> int:
    """A quantile in millionths, above 0 and at most one whole. Raises ``CallError``."""
    try:
        share = read_fact(quantile, Kind.SHARE)
    except CellError as error:
        raise CallError(f"--quantile: {error}") from None
    if not isinstance(share, int) or not share:
        raise CallError(f"--quantile '{quantile}': write a share above 0, such as 95%")
    return share


def rate_of(numbers: Mapping[str, Whole]) -> tuple[Whole, list[Fault]]:
    """The forced rate of one order or of a column of them, in millionths, and what is wrong.

    ``numbers`` are the columns of ``AMOUNTS`` that are known, in minor units and millionths. The
    rate is of no use where a fault holds.
    """
    price, deal = (numbers.get(name, BLANK) for name in ("list_price", "deal_price"))
    faults = [
        Fault(name, value == BLANK, lambda _row: "is missing; fill it in")
        for name, value in (("list_price", price), ("deal_price", deal))
        if any_of(value == BLANK)
    ]
    known = is_known(price) & is_known(deal)
    own_rate, coupon, tier = (
        _or_nothing(numbers.get(name, 0))
        for name in ("limited_rate", "coupon_amount", "spend_save_amount")
    )
    base = base_price(pick(known, price, 1), own_rate)
    item = pick(known, deal, 0) + coupon + tier
    nothing_left = known & (base == 0)
    above = known & (item > base) & (base > 0)
    rate = observed_rate(pick(base > 0, base, 1), pick(known & (item <= base), item, 0))
    all_of_it = known & (base > 0) & (item <= base) & (rate >= MILLION)
    faults += [
        fault
        for fault in (
            Fault("limited_rate", nothing_left, lambda _row: "leaves nothing of the list price"),
            Fault("deal_price", above, _above(price, own_rate, deal, item)),
            Fault("deal_price", all_of_it, lambda _row: "leaves no rate under 100%; is it blank?"),
        )
        if any_of(fault.where)
    ]
    return rate, faults


def _or_nothing(value: Whole) -> Whole:
    return pick(is_known(value), value, 0)


def _above(price: Whole, own_rate: Whole, deal: Whole, item: Whole) -> Callable[[int | None], str]:
    def reason(row: int | None) -> str:
        own, base = at(own_rate, row), base_price(at(price, row), at(own_rate, row))
        offers = " with what offers took" if at(item, row) > at(deal, row) else ""
        less = f" less {percent(own)} of your own" if own else ""
        return (
            f"{grouped(at(item, row), PLACES)}{offers} is above the list price{less}, "
            f"{grouped(int(base), PLACES)}; correct one of the two"
        )

    return reason
