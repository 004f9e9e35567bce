"""``aepromo.toml``: default values of a seller, read strictly.

In a call that names other currencies, default amounts of money are left out.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from aepromo.errors import CallError
from aepromo.inputs.exchange import exchange_of
from aepromo.inputs.policy import Policy
from aepromo.platform.columns import STORE
from aepromo.rules import UnknownRule
from aepromo.rules.overrides import Book
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.schema import INPUTS
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aepromo.inputs.exchange import Exchange


NAME = "aepromo.toml"
_LISTS = ("spend_save", "coupon", "ending", "carriers")
_PATHS = ("tariff", "rates")
"""Options that read a file. They can't be configured: a configuration names no files."""

_DEFAULTS = (
    *(name for name in Policy._fields if name not in ("book", "cost_currencies", *_PATHS)),
    *("carriers", "timezone"),
)


class Config(NamedTuple):
    """A configuration: defaults by option, the rule book in force, stores by name.

    ``headers`` are columns by header in the seller's own files, ``headers_of_stores`` those of each
    store. ``path`` is that of a file that was found without ``--config``.
    """

    defaults: Mapping[str, Any] = {}
    book: Book = Book()
    stores: Mapping[str, Mapping[str, str]] = {}
    headers: Mapping[str, str] = {}
    headers_of_stores: Mapping[str, Mapping[str, str]] = {}
    path: str = ""

    def mapping(self, store: str | None) -> dict[str, str]:
        """Columns by header: those of a store go before those of all stores.

        The store may be None if there is only one.
        """
        if store is None and len(self.stores) == 1:
            store = next(iter(self.stores))
        return {**self.headers, **self.headers_of_stores.get(store or "", {})}

    def other_owner(self) -> str:
        """The owner of the file, if it is neither the current user nor the system."""
        if not hasattr(os, "getuid"):  # Windows
            return ""
        try:
            owner = Path(self.path).stat().st_uid
        except OSError:
            return ""
        return "" if owner in (0, os.getuid()) else str(owner)

    def store(self, name: str | None) -> Mapping[str, str]:
        """A store's own columns; of the only store where none is named. Raises ``CallError``."""
        if name is None:
            return next(iter(self.stores.values())) if len(self.stores) == 1 else {}
        if name not in self.stores:
            none = _("the configuration has no store; write [stores.NAME]")
            meant = _nearest(name, self.stores) if self.stores else none
            raise CallError(f"--store '{name}': {meant}")
        return self.stores[name]


def read_config(path: str | None) -> Config:
    """The configuration at ``path``, or in the working directory where there is one.

    Raises ``CallError`` that names the file and the wrong key.
    """
    file = Path(path or NAME)
    if path is None and not file.is_file():
        return Config()
    from aepromo.table.toml import read_toml  # only a configuration needs it

    tables = read_toml(str(file))
    overrides = _table(tables.pop("rules", {}), f"{file}: rules")
    headers = _headers(tables.pop("map", {}), f"{file}: map")
    stores = {
        name: _table(store, f"{file}: stores.{name}")
        for name, store in _table(tables.pop("stores", {}), f"{file}: stores").items()
    }
    of_stores = {
        name: _headers(store.pop("map", {}), f"{file}: stores.{name}.map")
        for name, store in stores.items()
    }
    return Config(
        _defaults(tables, file),
        _book(overrides, file),
        {name: _store(store, f"{file}: stores.{name}") for name, store in stores.items()},
        headers,
        of_stores,
        "" if path else str(file),
    )


def _headers(value: object, place: str) -> dict[str, str]:
    """Columns by header, as ``[map]`` names them."""
    found = {}
    for header, written in _table(value, place).items():
        from aepromo.table.headers import column_called, unknown_column  # only a map needs it

        name = column_called(_text(written, f"{place}.{header}"))
        if name not in INPUTS:
            raise CallError(f"{place}.{header}: " + unknown_column(name))
        found[header] = name
    return found


def _defaults(tables: Mapping[str, object], file: Path) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for name, value in tables.items():
        if name in _PATHS:
            reason = _("{place}: a configuration can't name other files; give --{name} FILE")
            raise CallError(reason.format(place=f"{file}: {name}", name=name))
        if name not in _DEFAULTS:
            raise CallError(f"{file}: " + _unknown(name, (*_DEFAULTS, "rules", "stores", "map")))
        if name in ("coupon_stacks", "lower"):
            if not isinstance(value, bool):
                raise CallError(f"{file}: {name}: " + _("write true or false"))
            defaults[name] = value
        elif name == "fx":
            defaults[name] = _rates(value, f"{file}: fx")
        elif name in _LISTS:
            texts = value if isinstance(value, list) else [value]
            defaults[name] = tuple(_text(text, f"{file}: {name}") for text in texts)
        else:
            defaults[name] = _text(value, f"{file}: {name}")
    return defaults


def _rates(value: object, place: str) -> tuple[str, ...]:
    """Rates as options write them: ``CNY = 7.12``, ``CNY = { rate = 7.12, date = 2026-11-20 }``."""
    texts = []
    for code, worth in _table(value, place).items():
        given = dict(worth) if isinstance(worth, dict) else {"rate": worth}
        rate, day = given.pop("rate", None), given.pop("date", None)
        for name in given:
            raise CallError(f"{place}.{code}: " + _unknown(name, ("rate", "date")))
        if rate is None:
            raise CallError(f"{place}.{code}: " + _("write a rate"))
        text = f"{code}={_text(rate, f'{place}.{code}')}"
        texts.append(text if day is None else f"{text}@{day}")
    return tuple(texts)


def _book(overrides: Mapping[str, object], file: Path) -> Book:
    """Overrides under their full keys, written quoted (``"forced.rate"``) or as nested tables.

    Each value is checked here, so that no command meets an invalid figure.
    """
    values: dict[str, str | tuple[str, ...]] = {}
    for key, value in _flat(overrides):
        place = f"{file}: rules.{key}"
        values[key] = (
            tuple(_text(text, place) for text in value)
            if isinstance(value, list)
            else _text(value, place)
        )
    try:
        book = Book(values, file.name)
    except (UnknownRule, ValueError) as error:
        raise CallError(f"{file}: rules: {error}") from None
    for key, value in _flat(overrides):
        from aepromo.inputs.rule_figures import check_figure  # only an override needs it

        rule, place = book.rule(key), f"{file}: rules.{key}"
        if rule.unit != "yes_no" and any(
            isinstance(each, bool) for each in (value if isinstance(value, list) else [value])
        ):
            raise CallError(f"{place}: " + _("write a text or a number"))
        check_figure(rule, place)
    return book


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _store(columns: Mapping[str, object], place: str) -> dict[str, str]:
    for name in columns:
        if name not in STORE:
            raise CallError(f"{place}: " + _unknown(name, (*STORE, "map")))
    return {name: _text(value, f"{place}.{name}") for name, value in columns.items()}


def _table(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise CallError(f"{place}: " + _("write a table"))
    return value


def _text(value: object, place: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str | int):
        raise CallError(f"{place}: " + _("write a text or a number"))
    return str(value)


def _unknown(key: str, known: Iterable[str]) -> str:
    return _("unknown key '{name}'; {nearest}").format(name=key, nearest=_nearest(key, known))


def _nearest(word: str, known: Iterable[str]) -> str:
    return nearest(word, known, _("there are {names}"))


OFFERS = ("spend_save", "coupon", "ending")


def defaults_for(config: Config, values: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults that a command has options for, without exchange rates of other currencies.

    Raises ``CallError`` for an amount that was written in another currency than the call's.
    """
    # A default without an option in this command is not used.
    defaults = {name: value for name, value in config.defaults.items() if name in values}
    if not any(values.get(name) for name in ("currency", "cost_currency")):
        return defaults
    written = _currencies(config.defaults)
    asked = _currencies(
        {**config.defaults, **{name: value for name, value in values.items() if value is not None}}
    )
    if written.selling.code != asked.selling.code:
        # Rates are for one currency of prices; for another they would be wrong.
        defaults.pop("fx", None)
        defaults.pop("fx_rate", None)
    if written.cost.code != asked.cost.code:
        defaults.pop("fx_rate", None)
    for name in defaults:
        if values.get(name) is not None or not _is_money(name):
            continue
        is_cost = name in INPUTS and INPUTS[name].kind is Kind.COST
        was, now = (each.cost if is_cost else each.selling for each in (written, asked))
        if was.code != now.code:
            reason = _("{file}: {name} is in {code}, not in {other}; give {flag} too")
            flag = "--" + name.replace("_", "-")
            said = {"file": config.book.said_by, "name": name, "code": was.code, "other": now.code}
            raise CallError(reason.format(**said, flag=flag))
    return defaults


def _is_money(name: str) -> bool:
    return name in OFFERS or (name in INPUTS and INPUTS[name].kind in AMOUNTS)


def _currencies(values: Mapping[str, Any]) -> Exchange:
    return exchange_of(values.get("currency"), values.get("cost_currency"), None, ())
