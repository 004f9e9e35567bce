"""The values that a caller gives besides the rows: for blank cells, offers, endings, currencies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from aepromo.errors import CallError
from aepromo.rules.overrides import Book
from aepromo.table.schema import INPUTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo
    from decimal import Decimal

    from aepromo.inputs.joined_rates import JoinedRates
    from aepromo.inputs.tariff_file import Tariff

    Value: TypeAlias = str | int | Decimal | None


class Policy(NamedTuple):
    """Values for cells that are missing or blank, written as in a cell.

    Amounts are in currency units (``"3.50"``), rates are ``"13.2%"``, ``"0.132"`` or, for the
    forced rate, ``"10%..20%"``. A float is refused: it can't hold a cent. ``facts`` gives any other
    input column by name, such as ``{"store_level": "L4"}``.

    Costs are in ``cost_currency`` (``"CNY"``), prices in ``currency`` (``"USD"``). ``fx`` is how
    many units of a currency one unit of the prices' currency is worth (``"CNY=7.12"``, with its day
    ``"CNY=7.12@2026-11-20"``, or ``"JPY=1/0.0065"``); ``fx_rate`` is the rate for the costs of rows
    without one. A cost with a sign (``"¥56"``) is in the currency of the sign.

    For the whole store: Spend & Save tiers (``"30:3"``, $3 off from $30), coupons
    (``"20:2"``, or ``"2"`` without a minimum), whether coupons stack with a forced discount,
    what else the order may hold (``"any"``, ``"single"``, ``"same"``), the endings that
    list prices may have (``".99"``), and for ``breakeven`` which promotion brings the traffic.
    Spend & Save that repeats is ``"every:30:3"``, a coupon of a tenth ``"20:10%"``, of at most $5
    ``"20:10%:5"``.

    ``reprice`` lowers a price only with ``lower``, and holds one that would change by more than
    ``max_change`` (``"50%"``; ``"never"`` allows any change) or rise above ``max_price``.

    Where no logistics cost is given, the ``tariff`` (``read_tariff``) gives it, for a parcel of
    ``weight_g`` to a ``market`` by the ``line``; by the cheapest that can carry it if None.

    ``rates`` are forced rates by SKU, category and store; they go after a row's own cells and
    before ``forced_rate``. A time without a zone is in ``zone``, UTC if None.

    ``override`` names the columns whose given value goes before the cells, not after them.
    ``cost_currencies`` names by column the currency of a cost that isn't in ``cost_currency``.
    ``places`` names for messages where a value comes from; without an entry it is an option.
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
    other_rate: Value = None
    target_price: Value = None
    target_profit: Value = None
    target_margin: Value = None
    target_markup: Value = None
    max_price: Value = None
    units_30d: Value = None
    spend_save: tuple[str, ...] = ()
    coupon: tuple[str, ...] = ()
    coupon_stacks: bool = False
    basket: str = "any"
    ending: tuple[str, ...] = ()
    lower: bool = False
    max_change: str | None = None
    promotion: str = "forced"
    rates: JoinedRates | None = None
    currency: str | None = None
    fx: tuple[str, ...] = ()
    weight_g: Value = None
    market: str | None = None
    tariff: Tariff | None = None
    line: str | None = None
    facts: Mapping[str, Value] = {}
    zone: tzinfo | None = None
    override: frozenset[str] = frozenset()
    book: Book = Book()
    places: Mapping[str, str] = {}
    cost_currencies: Mapping[str, str] = {}

    def texts(self) -> dict[str, str]:
        """Return the given values as text, by input column. Raises ``CallError`` for a float."""
        given = {}
        for name, value in {**self._asdict(), **self.facts}.items():
            if name not in INPUTS:
                continue
            if isinstance(value, float | bool):
                reason = _("{value} is not an exact amount; write it as text")
                raise CallError(f"{name}: " + reason.format(value=repr(value)))
            if value is not None and str(value).strip():
                given[name] = str(value)
        return given

    def place(self, name: str) -> str:
        """Return where a value was given, for a message: ``--forced-rate``, ``aepromo.toml: …``."""
        return self.places.get(name) or INPUTS[name].flag
