"""The line that carries a parcel and its cost, where no logistics cost is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.inputs.exchange import Conversion
from aepromo.inputs.tariff_file import market_named
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, least, pick
from aepromo.table.cells import CellError, read
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.table.schema import INPUTS
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.inputs.exchange import Exchange
    from aepromo.inputs.tariff_file import Service, Tariff
    from aepromo.pricing.money import Whole


@dataclass(frozen=True, slots=True)
class Shipping:
    """A tariff in the currency of the prices, and the chosen line; None for the cheapest."""

    tariff: Tariff
    line: str | None
    exchange: Exchange

    def __post_init__(self) -> None:
        if self.line is not None and self.line not in self.tariff.lines:
            reason = _("--line '{line}': the tariff has no such line; {nearest}")
            meant = nearest(self.line, self.tariff.lines, _("it has {names}"))
            raise CallError(reason.format(line=self.line, nearest=meant))
        for service in self.tariff.services:
            if self.exchange.rate(service.currency) is None:
                missing = self.exchange.no_rate(service.currency)
                raise CallError(_("the tariff's currency {missing}").format(missing=missing))

    def services(self, market: str) -> list[Service]:
        """The services to a market, only of the chosen line if any, in the order of the file."""
        return [
            service
            for service in self.tariff.services
            if service.market == market and self.line in (None, service.line)
        ]

    def cheapest(self, weight: Whole, market: str) -> tuple[Whole, Whole]:
        """The line for a parcel, as an index into the tariff's lines, and its cost when converted.

        Of two with the same cost, the first in the file. Both are blank if no line can carry it.
        """
        line: Whole = BLANK
        cost: Whole = AMOUNT_LIMIT
        for service in self.services(market):
            asked = self.cost(service, weight)
            better = service.charge.carries(weight) & (asked < cost)
            line = pick(better, self.tariff.lines.index(service.line), line)
            cost = pick(better, asked, cost)
        return line, pick(line == BLANK, BLANK, cost)

    def cost(self, service: Service, weight: Whole) -> Whole:
        """The cost of a parcel that a line carries, in minor units of the prices' currency.

        It is rounded up when it is converted.
        """
        total = service.charge.total(least(weight, service.charge.max_weight))
        rate = self.exchange.rate(service.currency)
        if rate is None or not self.exchange.is_foreign(service.currency):
            return total
        return self.exchange.worth(total, service.currency, rate)

    def conversions(self) -> frozenset[Conversion]:
        """The conversions that its fees need."""
        return frozenset(
            Conversion(service.currency.code, self.exchange.rate(service.currency), of_fees=True)
            for service in self.tariff.services
            if self.exchange.is_foreign(service.currency)
        )

    def service_indices(self, market: str) -> list[int]:
        """For each line of the tariff the index of its service to a market, -1 if it has none."""
        found = {
            service.line: at
            for at, service in enumerate(self.tariff.services)
            if service.market == market
        }
        return [found.get(line, -1) for line in self.tariff.lines]

    def markets_of(self, text: str, several: bool) -> tuple[str, ...]:
        """The markets in a cell; more than one only with ``several``. Raises ``CellError``."""
        named = read_fact(text, Kind.WORDS) if several else None
        names = named if isinstance(named, tuple) else (text,)
        return tuple(dict.fromkeys(map(self.market_of, names)))

    def market_of(self, text: str) -> str:
        """The market in a cell; the tariff's only one if the cell is blank.

        Raises ``CellError``.
        """
        named = read_fact(text, Kind.WORDS)
        markets = [market_named(name) for name in named] if isinstance(named, tuple) else []
        if not markets and len(self.tariff.markets) == 1:
            return self.tariff.markets[0]
        if not markets:
            raise CellError(_("is missing; fill it in or give --market"))
        if len(set(markets)) > 1:
            raise CellError(
                _("has {count} markets; write only one, to which the parcel goes").format(
                    count=len(markets)
                )
            )
        if not self.services(markets[0]):
            raise CellError(self._not_served(markets[0]))
        return markets[0]

    def _not_served(self, market: str) -> str:
        """Why a market is not served: by no line, or not by the chosen one."""
        if self.line is None:
            known = _(", ").join(self.tariff.markets)
            reason = _("is {market}, where no line of the tariff goes; it has {known}")
            return reason.format(market=market, known=known)
        own = [each.market for each in self.tariff.services if each.line == self.line]
        reason = _("is {market}, where the line {line} doesn't go; it goes to {known}")
        said = reason.format(market=market, line=self.line, known=_(", ").join(own))
        return said + self._others(market, 0)

    def too_heavy(self, market: str, weight: int) -> str:
        """Why a parcel can't be carried: it weighs more than any line takes, or the chosen one."""
        most = grams(max(service.charge.max_weight for service in self.services(market)))
        if self.line is None:
            reason = _("is more than any line to {market} carries; the limit is {most} g")
            return reason.format(market=market, most=most)
        reason = _("is more than the line {line} carries to {market}; its limit is {most} g")
        said = reason.format(line=self.line, market=market, most=most)
        return said + self._others(market, weight)

    def _others(self, market: str, weight: int) -> str:
        """The other lines that can carry a parcel, as the end of a reason."""
        others = [
            each.line
            for each in self.tariff.services
            if each.market == market and each.charge.carries(weight)
        ]
        return _("; {lines} can carry it").format(lines=_(", ").join(others)) if others else ""

    def of_one(self, texts: Mapping[str, str]) -> tuple[int, int]:
        """The line of one parcel, as an index into the tariff's, and its cost.

        Raises ``CallError`` if no line can carry it.
        """
        try:
            service, weight = self.parcel(texts)
        except ParcelError as error:
            raise CallError(f"{INPUTS[error.column].flag}: {error.reason}") from None
        return self.tariff.lines.index(service.line), int(self.cost(service, weight))

    def parcel(self, texts: Mapping[str, str]) -> tuple[Service, int]:
        """The service that carries one parcel, and its weight. Raises ``ParcelError``."""
        try:
            market = self.market_of(texts.get("market", ""))
        except CellError as error:
            raise ParcelError("market", str(error)) from None
        try:
            weight = read(texts.get("weight_g", ""), Kind.WEIGHT, self.exchange.selling)
        except CellError as error:
            raise ParcelError("weight_g", str(error)) from None
        if not weight:
            raise ParcelError("weight_g", no_weight(weight))
        line, _cost = self.cheapest(weight, market)
        if line == BLANK:
            raise ParcelError("weight_g", self.too_heavy(market, weight))
        name = self.tariff.lines[int(line)]
        return next(each for each in self.services(market) if each.line == name), weight


class ParcelError(ValueError):
    """A parcel that no line can carry, or whose weight or market is unknown."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column} {reason}")
        self.column, self.reason = column, reason


def no_weight(weight: int | None) -> str:
    """The problem of a weight that is 0 or missing."""
    if weight == 0:
        return _("is 0; write what a parcel weighs")
    return _("is missing; fill it in, or give --weight-g or --logistics")


def grams(milligrams: int) -> str:
    """A weight without trailing zeros: ``350``."""
    whole, fraction = divmod(milligrams, 1000)
    return f"{whole}.{fraction:03d}".rstrip("0").rstrip(".")
