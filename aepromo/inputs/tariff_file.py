"""A tariff file: the prices of each shipping line in each market. TOML, read strictly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aepromo.errors import CallError
from aepromo.pricing.money import AMOUNT_LIMIT
from aepromo.pricing.parcel_charges import Charge
from aepromo.table.cells import CellError, currency_named, grouped, read, shown, signs_in
from aepromo.table.column import Kind
from aepromo.table.rule_book_names import country_code
from aepromo.table.toml import read_toml
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aepromo.pricing.currency import Currency

WEIGHTS = ("first_weight_g", "step_g", "max_weight_g")
FEES = ("first_weight_fee", "step_fee", "registration_fee")
_NAME = re.compile(r"\w[\w .-]*")


@dataclass(frozen=True, slots=True)
class Service:
    """A line in one market: its charge, and the currency that its fees are in."""

    line: str
    market: str
    charge: Charge
    currency: Currency


@dataclass(frozen=True, slots=True)
class Tariff:
    """The services of a file, in its order."""

    services: tuple[Service, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines' names, in the order of the file."""
        return tuple(dict.fromkeys(service.line for service in self.services))

    @property
    def markets(self) -> tuple[str, ...]:
        """The markets that any line goes to."""
        return tuple(dict.fromkeys(service.market for service in self.services))


def read_tariff(path: str) -> Tariff:
    """The tariff in a file. Raises ``CallError`` that names the file and the key."""
    tables = read_toml(path)
    _check_keys(tables, ("currency", "lines"), path)
    currency = _currency(tables, f"{path}: currency")
    lines = _table(tables.get("lines", {}), f"{path}: lines")
    services = [
        _service(name, market, fields, currency, f"{path}: lines.{name}.{market}")
        for name, markets in lines.items()
        for market, fields in _markets(name, markets, path)
    ]
    if not services:
        raise CallError(_("{path}: has no line; write [lines.NAME.MARKET]").format(path=path))
    return Tariff(tuple(services))


def _markets(name: str, markets: object, path: str) -> Iterable[tuple[str, object]]:
    if not _NAME.fullmatch(name):
        reason = _("{path}: lines.{name}: write a name of letters, digits, spaces and dashes")
        raise CallError(reason.format(path=path, name=name))
    found = _table(markets, f"{path}: lines.{name}")
    seen: set[str] = set()
    for written in found:
        market = market_named(written)
        if market in seen:
            reason = _("{path}: lines.{name}: has {market} twice")
            raise CallError(reason.format(path=path, name=name, market=market))
        seen.add(market)
    return found.items()


def market_named(text: str) -> str:
    """A market under its code: ``Spain`` and 西班牙 are ``ES``; an unknown one in capitals."""
    return country_code(text) or text.strip().upper()


def _service(
    name: str, market: str, given: object, default: Currency | None, place: str
) -> Service:
    fields = _table(given, place)
    _check_keys(fields, (*WEIGHTS, *FEES, "currency"), place)
    currency = _currency(fields, f"{place}.currency") or default
    if currency is None:  # fees in yuan would be read as dollars
        raise CallError(_("{place}: {key} is missing").format(place=place, key="currency"))
    numbers: dict[str, int] = {}
    for key in (*WEIGHTS, *FEES):
        if key not in fields:
            raise CallError(_("{place}: {key} is missing").format(place=place, key=key))
        numbers[key] = _number(fields[key], key, currency, f"{place}.{key}")
    charge = Charge(
        first_weight=numbers["first_weight_g"],
        first_fee=numbers["first_weight_fee"],
        step=numbers["step_g"],
        step_fee=numbers["step_fee"],
        registration_fee=numbers["registration_fee"],
        max_weight=numbers["max_weight_g"],
    )
    if not charge.step:
        raise CallError(_("{place}.step_g: write a weight above 0").format(place=place))
    if charge.total(charge.max_weight) >= AMOUNT_LIMIT:
        limit = grouped(AMOUNT_LIMIT, currency.places)
        reason = _("{place}: costs {limit} or more at its max_weight_g")
        raise CallError(reason.format(place=place, limit=limit))
    return Service(name, market_named(market), charge, currency)


def _number(value: object, key: str, currency: Currency, place: str) -> int:
    kind = Kind.WEIGHT if key in WEIGHTS else Kind.TARGET
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CallError(_("{place}: write a text or a number").format(place=place))
    if key in FEES and any(not currency.fits(sign) for sign in signs_in([str(value)])):
        reason = _(
            "{place}: the sign of {cell} is not that of {currency}; correct it, or the currency"
        )
        said = reason.format(place=place, cell=shown(str(value)), currency=currency.code)
        raise CallError(said)
    try:
        number = read(str(value), kind, currency)
    except CellError as error:
        raise CallError(f"{place}: {error}") from None
    if number is None:
        raise CallError(_("{place}: write a text or a number").format(place=place))
    return number


def _currency(fields: Mapping[str, object], place: str) -> Currency | None:
    if "currency" not in fields:
        return None
    try:
        return currency_named(str(fields["currency"]))
    except CellError as error:
        raise CallError(f"{place}: {error}") from None


def _table(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise CallError(_("{place}: write a table").format(place=place))
    return value


def _check_keys(given: Mapping[str, object], known: tuple[str, ...], place: str) -> None:
    for key in given:
        if key not in known:
            reason = _("unknown key '{name}'; {nearest}")
            meant = nearest(key, known, _("there are {names}"))
            raise CallError(f"{place}: " + reason.format(name=key, nearest=meant))
