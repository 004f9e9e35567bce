"""Prices for sellers on AliExpress that bear the discounts which the platform forces.

A folder is a capability, and imports only folders above it in this list. Data flows one way::

    bytes → text columns → resolved inputs → a question → answer columns → bytes or a table

    pricing      the exact model: money, fees, offers, the price that protects; raise, keep or hold
    words        messages in English and Chinese
    rules        the rule book: every figure of the platform, as data with its origin
    table        files to columns of cells and back: CSV, workbooks, Parquet; headers and units
    inputs       which value counts: a cell, else an option, the configuration, the rule book
    engine       the answer to a command's question, for one SKU, a file or a frame
    past_rates   rates: forced rates from an order history
    calculators  list-price, margin, commission, floor, reprice, audit, breakeven; price updates
    sweep        profit against the forced rate
    explain      one SKU, step by step
    page         report: a price list as an HTML page
    platform     forced, reverse, appeal, tracking: the platform's own conditions, gate by gate
    watch        a discount feed: its events, their deadlines, the memory between runs
    check        how a file will be read, and a configuration to start from
    terminal     Rich tables, summaries, progress
    cli          the app: options, streams, exit codes, and the runner that all commands share

Its functions give the answers of the command line for a pandas frame. They hold no state and touch
no files, so they run unchanged on the partitions of a larger frame::

    import aepromo
    priced = aepromo.reprice(frame, aepromo.Policy(forced_rate="10%..20%"))

Each takes a frame with the columns that a file for the command has, as text, decimals or integers,
and returns a new frame with the result columns added, money as exact decimals. A ``Policy`` gives
the values that the frame lacks; ``mapping``, header → column, names columns whose headers are not
known. Bad cells raise ``BadRows``, whose ``problems`` name each of them by the frame's index and
column. A frame without rows has an answer without rows, with the columns and types of any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.errors import AepromoError, BadRows, CallError, InputError, Problem
from aepromo.inputs.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from datetime import date, datetime
    from typing import Any

    import pandas as pd

    from aepromo.engine.question import Question
    from aepromo.inputs.tariff_file import Tariff
    from aepromo.inputs.values import Values

    Headers = Mapping[str, str] | None

__all__ = [
    "AepromoError",
    "BadRows",
    "CallError",
    "InputError",
    "Policy",
    "Problem",
    "appeal",
    "audit",
    "breakeven",
    "commission",
    "floor",
    "forced",
    "join_rates",
    "list_price",
    "margin",
    "price_updates",
    "rates",
    "read_tariff",
    "reprice",
    "reverse",
    "tracking",
]


def __getattr__(name: str) -> str:
    """Look up the program's version, only when it is asked for."""
    if name != "__version__":
        raise AttributeError(f"module 'aepromo' has no attribute '{name}'")
    from importlib.metadata import version

    return version("aepromo")


def list_price(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return the list price at which a forced discount leaves the target."""
    from aepromo.calculators.list_price import LIST_PRICE

    return _answered(lambda _values: LIST_PRICE, frame, policy, mapping)


def margin(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return the profit that a list price leaves after the discount, fees and costs."""
    from aepromo.calculators.margin import MARGIN

    return _answered(lambda _values: MARGIN, frame, policy, mapping)


def commission(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return the platform's fees on the discounted price."""
    from aepromo.calculators.commission import COMMISSION

    return _answered(lambda _values: COMMISSION, frame, policy, mapping)


def floor(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return the lowest deal price before orders are cancelled."""
    from aepromo.calculators.floor import FLOOR

    return _answered(lambda _values: FLOOR, frame, policy, mapping)


def reprice(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return the list price to set for every SKU, and its profit in the worst case."""
    from aepromo.calculators.reprice import REPRICE

    return _answered(lambda _values: REPRICE, frame, policy, mapping)


def price_updates(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> Iterator[dict[str, Any]]:
    """Yield the new list prices of ``reprice`` as bodies of the platform's batch price update.

    ``frame`` needs ``product_id`` and ``sku``, and the rows of a product must be together.
    """
    from aepromo.calculators.price_update import PRICE_UPDATE, PriceUpdates, rows_of
    from aepromo.engine.frame import outcome_of

    outcome = outcome_of(lambda _values: PRICE_UPDATE, frame, policy or Policy(), mapping or {})
    updates = PriceUpdates(outcome.values.book)
    yield from updates.add(rows_of(outcome))
    yield from updates.finish()


def audit(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return the worst outcome of the current list prices, and how much room is left."""
    from aepromo.calculators.audit import AUDIT

    return _answered(lambda _values: AUDIT, frame, policy, mapping)


def breakeven(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return how much more must be sold to make up for a promotion's discount."""
    from aepromo.calculators.breakeven import BREAKEVEN

    return _answered(lambda _values: BREAKEVEN, frame, policy, mapping)


def forced(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return how near each SKU is to a forced discount, and the money at stake."""
    from aepromo.platform.forced import forced as question

    return _answered(question, frame, policy, mapping)


def reverse(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Headers = None
) -> pd.DataFrame:
    """Return whether the reverse promotion can choose each SKU, and what is safe to run with it."""
    from aepromo.platform.reverse import reverse as question

    return _answered(question, frame, policy, mapping)


def appeal(
    frame: pd.DataFrame,
    policy: Policy | None = None,
    mapping: Headers = None,
    on: date | None = None,
) -> pd.DataFrame:
    """Return whether Price Protection would be granted for each SKU, and what is missing.

    ``on`` is the day of the appeal, today where None.
    """
    from datetime import date as calendar

    from aepromo.platform.appeal import appeal as question

    day = on or calendar.today()
    return _answered(lambda values: question(values, day), frame, policy, mapping)


def tracking(
    frame: pd.DataFrame,
    policy: Policy | None = None,
    mapping: Headers = None,
    now: datetime | None = None,
    carriers: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return what is wrong with each parcel's track, and when it ends a promotion.

    ``now`` has a zone; None is the current time. ``carriers`` are the certified ones, None where
    there is no list. Times without a zone are in ``Policy.zone``.
    """
    from datetime import UTC
    from datetime import datetime as clock

    from aepromo.platform.tracking import tracking as question

    moment = now or clock.now(UTC)
    return _answered(lambda values: question(values, moment, carriers), frame, policy, mapping)


def rates(
    orders: pd.DataFrame,
    since: date | None = None,
    quantile: str = "95%",
    mapping: Headers = None,
    currency: str | None = None,
) -> pd.DataFrame:
    """Return the forced rates of past orders: for the store, each category and each SKU.

    ``orders`` has the columns of the command line: ``sku``, ``list_price``, ``deal_price``,
    ``discount_status``, and optionally ``category``, ``ordered_at`` and what offers took off.
    Amounts are in ``currency`` (``"JPY"``), in US dollars where None.
    """
    from aepromo.engine.frame import FrameCells, bad_rows
    from aepromo.inputs.exchange import exchange_of
    from aepromo.past_rates.estimates import past_rates
    from aepromo.past_rates.history import read_orders
    from aepromo.past_rates.past_orders import OrderFilter, share_of

    which = OrderFilter(since=since, currency=exchange_of(currency, None, None, ()).selling)
    columns = which.find_columns([str(name) for name in orders.columns], mapping or {}).columns
    found = read_orders(FrameCells(orders, which.currency), columns, which)
    if found.problems:
        raise bad_rows(orders, found.problems)
    return past_rates([found.counted], share_of(quantile)).frame()


def read_tariff(path: str) -> Tariff:
    """Read the prices of shipping lines by weight from a TOML file, for ``Policy.tariff``.

    Raises ``CallError`` that names the file and the wrong key.
    """
    from aepromo.inputs.tariff_file import read_tariff as read

    return read(path)


def join_rates(
    frame: pd.DataFrame,
    rates: pd.DataFrame,
    rate_from: str = "mean",
    mapping: Headers = None,
) -> pd.DataFrame:
    """Return a new frame whose ``forced_rate`` is that of the SKU, its category or the store.

    ``rates`` is the result of ``rates()``; ``rate_from`` chooses a figure of it: ``mean``, ``max``,
    a quantile such as ``p95``, or ``range`` for all rates seen. A row that has a rate of its own
    keeps it.
    """
    from aepromo.engine.frame import FrameCells, bad_rows, with_rates
    from aepromo.inputs.joined_rates import JoinedRates, places_in
    from aepromo.pricing.currency import USD

    joined, cells = JoinedRates(), FrameCells(rates, USD)
    problems = joined.add(cells, places_in(cells.header, rate_from))
    if problems:
        raise bad_rows(rates, problems)
    return with_rates(frame, joined, mapping or {})


def _answered(
    question: Callable[[Values], Question],
    frame: pd.DataFrame,
    policy: Policy | None,
    mapping: Headers,
) -> pd.DataFrame:
    from aepromo.engine.frame import answer_frame

    return answer_frame(question, frame, policy or Policy(), mapping or {})
