"""Defaults of a configuration in a call that names other currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aepromo.errors import CallError
from aepromo.inputs.exchange import exchange_of
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.cli.config import Config
    from aepromo.inputs.exchange import Exchange

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
