"""The currencies that headers name: ``成本(元)``, ``Price (USD)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.errors import InputError, Refused
from aepromo.table.cells import currency_named, shown, signs_in
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.headers import listed, shown_header
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aepromo.inputs.exchange import Exchange
    from aepromo.pricing.currency import Currency
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import Cells

_LIKELIEST = {"$": "USD", "¥": "CNY"}


def cost_currencies(columns: FoundColumns, exchange: Exchange) -> dict[int, Currency]:
    """The currency of each position of a cost whose header names one."""
    return {
        position: _meant(label, exchange)
        for name, positions in columns.positions.items()
        if name in INPUTS and INPUTS[name].kind is Kind.COST
        for position in positions
        if (label := columns.labels.get(position))
    }


def name_currencies(columns: FoundColumns) -> bool:
    """Whether some header names the currency of its amounts."""
    return any(
        position in columns.labels
        for name, positions in columns.positions.items()
        if name in INPUTS and INPUTS[name].kind in AMOUNTS
        for position in positions
    )


def check_currencies(columns: FoundColumns, exchange: Exchange) -> None:
    """Refuse headers with a currency that can't be used.

    Prices must be in the selling currency; costs in another need its rate. Raises ``InputError``.
    """
    problems = []
    for name, positions in columns.positions.items():
        kind = INPUTS[name].kind if name in INPUTS else Kind.TEXT
        for position in positions:
            label = columns.labels.get(position)
            is_price = kind in AMOUNTS and kind is not Kind.COST
            if label and is_price and not _fits(label, exchange.selling):
                problems.append(_foreign_price(columns.header[position], label, exchange.selling))
    if "fx_rate" not in columns:
        without: dict[str, list[str]] = {}
        for position, currency in cost_currencies(columns, exchange).items():
            if exchange.rate(currency) is None:
                without.setdefault(currency.code, []).append(columns.header[position])
        for code, headers in without.items():
            reason = _(
                "{headers}: costs are in {code}, whose exchange rate is not given; set --fx "
                "{code}=RATE, how many {code} one {selling} is worth"
            )
            shown_ones = listed(headers)
            problems.append(
                reason.format(headers=shown_ones, code=code, selling=exchange.selling.code)
            )
    if problems:
        raise InputError(_("; ").join(problems))


def label_reasons(
    bad: Iterable[Refused], cells: Cells, position: int, currency: Currency
) -> tuple[Refused, ...]:
    """Cells that can't be used, with a reason of their own if a sign contradicts the header."""

    def with_reason(refused: Refused) -> Refused:
        texts = cells.texts(position)

        def reason(at: int) -> str:
            text = texts[int(refused.rows[at])].as_py()
            if any(not currency.fits(sign) for sign in signs_in([text])):
                said = _("{cell} is not in {code}, the currency of its header")
                return said.format(cell=shown(text), code=currency.code)
            return refused.reason(at)

        return refused._replace(reason=reason)

    return tuple(map(with_reason, bad))


def _foreign_price(header: str, label: str, selling: Currency) -> str:
    """The problem of a price header in another currency than the selling one."""
    reason = _("'{header}' is in {code}, but prices are in {selling}; give --currency {code}")
    code = _LIKELIEST.get(label, label)
    return reason.format(header=shown_header(header), code=code, selling=selling.code)


def _fits(label: str, currency: Currency) -> bool:
    """Whether a currency is the one that a header names, or shares its sign."""
    if label in _LIKELIEST:
        return currency._replace(is_stated=True).fits(label)
    return currency.code == label


def _meant(label: str, exchange: Exchange) -> Currency:
    """The currency of a label: of those with its sign the one in use, or the likeliest."""
    rated = [currency_named(code) for code in exchange.rates]
    fitting = [each for each in (exchange.cost, exchange.selling, *rated) if _fits(label, each)]
    likely = _LIKELIEST.get(label, label)
    found = fitting[0] if fitting else currency_named(likely)
    return found._replace(is_stated=True)
