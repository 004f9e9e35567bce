"""Prices for AliExpress that hold under discounts the platform forces.

Data flows one way, and each package imports only those before it::

    bytes → text table → checked columns → formulas → result columns → rendered text

    pricing    integer formulas, for one SKU and for a column alike
    words      what is said, in English or Chinese
    rules      every figure that is assumed, with its origin
    tables     bytes to checked columns, columns to text, files replaced whole
    reports    one question each: columns and a policy in, result columns out
    show       results to Rich tables
    cli        options, streams, exit codes; the only place that joins the others

The functions here ask the same questions of a pandas frame. They hold no state and touch no files,
so they run unchanged on the partitions of a larger frame::

    import aepromo
    priced = aepromo.reprice(frame, aepromo.Policy(forced_rate="10%..20%"))

Each takes a frame with the columns of the command line (text, decimals, integers; see ``Policy``
for values that the frame lacks) and returns a new frame with the result columns added, money as
exact decimals. Bad cells raise ``BadRows``, whose ``problems`` lists every one of them. An engine
asks beforehand what the answer looks like: ``empty_answer`` says it to Dask, ``spark_schema`` to
Spark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.errors import AepromoError, BadRows, CallError, InputError, Problem
from aepromo.inputs.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from typing import Any, TypeAlias

    import pandas as pd

    from aepromo.engine.question import Report
    from aepromo.inputs.tariff import Tariff

    Question: TypeAlias = Callable[
        [pd.DataFrame, Policy | None, Mapping[str, str] | None], pd.DataFrame
    ]

__all__ = [
    "AepromoError",
    "BadRows",
    "CallError",
    "InputError",
    "Policy",
    "Problem",
    "audit",
    "commission",
    "floor",
    "join_rates",
    "list_price",
    "margin",
    "rates",
    "read_tariff",
    "reprice",
]


def list_price(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The list price at which a forced discount leaves the target."""
    from aepromo.calculators.list_price import LIST_PRICE

    return _ask(LIST_PRICE, frame, policy, mapping)


def margin(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """What is left of the list price after the discount, fees and costs."""
    from aepromo.calculators.margin import MARGIN

    return _ask(MARGIN, frame, policy, mapping)


def commission(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """What the platform takes, on the discounted price."""
    from aepromo.calculators.commission import COMMISSION

    return _ask(COMMISSION, frame, policy, mapping)


def floor(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """How low a deal price may go before orders are cancelled."""
    from aepromo.calculators.floor import FLOOR

    return _ask(FLOOR, frame, policy, mapping)


def reprice(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The protected list price of every SKU, and what it comes to in the worst case."""
    from aepromo.calculators.reprice import REPRICE

    return _ask(REPRICE, frame, policy, mapping)


def audit(
    frame: pd.DataFrame, policy: Policy | None = None, mapping: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """What the current list prices come to in the worst case."""
    from aepromo.calculators.audit import AUDIT

    return _ask(AUDIT, frame, policy, mapping)


def rates(
    orders: pd.DataFrame,
    since: date | None = None,
    quantile: str = "95%",
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> pd.DataFrame:
    """What the platform has really been taking off: the forced rates that past orders come to.

    ``orders`` has the columns of the command line: ``sku``, ``list_price``, ``deal_price``,
    ``discount_status``, and perhaps ``category``, ``ordered_at`` and what offers took. The answer
    has a row for the store, each category and each SKU, as ``reports.past_rates`` explains.
    Amounts are in ``currency`` (``"JPY"``), in US dollars where nothing is said.
    """
    from aepromo.engine.frame import FrameCells
    from aepromo.inputs.exchange import exchange_of
    from aepromo.past_rates.estimates import past_rates
    from aepromo.past_rates.history import read_orders
    from aepromo.past_rates.past_orders import Which, share_of

    which = Which(since=since, currency=exchange_of(currency, None, None, ()).selling)
    columns = which.find_columns([str(name) for name in orders.columns], mapping or {})
    found = read_orders(FrameCells(orders, which.currency), columns, which)
    if found.problems:
        raise BadRows(found.problems)
    return past_rates([found.counted], share_of(quantile)).frame()


def read_tariff(path: str) -> Tariff:
    """What shipping lines ask for by weight, out of a TOML file, for ``Policy.tariff``.

    Raises ``CallError`` that names the file and the key for whatever is wrong in it.
    """
    from aepromo.inputs.tariff import read_tariff as read

    return read(path)


def join_rates(
    frame: pd.DataFrame,
    rates: pd.DataFrame,
    rate_from: str = "mean",
    mapping: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """A new frame whose ``forced_rate`` is that of the SKU, its category or the store.

    ``rates`` is what the function of that name answers; ``rate_from`` names its figure: ``mean``,
    ``max`` or a quantile such as ``p95``. A row that has a rate of its own keeps it.
    """
    from aepromo.engine.frame import FrameCells, with_rates
    from aepromo.inputs.joined_rates import JoinedRates, places_in
    from aepromo.pricing.currency import USD

    joined, cells = JoinedRates(), FrameCells(rates, USD)
    problems = joined.add(cells, places_in(cells.header, rate_from))
    if problems:
        raise BadRows(problems)
    return with_rates(frame, joined, mapping or {})


def empty_answer(
    question: Question,
    dtypes: Mapping[str, Any] | pd.Series[Any],
    policy: Policy | None = None,
    mapping: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """What one of the functions above answers about frames with these columns, but without rows.

    That is the ``meta`` that Dask's ``map_partitions`` asks for; ``dtypes`` are the frame's own::

        meta = aepromo.empty_answer(aepromo.reprice, frame.dtypes, policy)
        frame.map_partitions(aepromo.reprice, policy, meta=meta)

    Raises ``InputError`` where a column is missing, ``CallError`` for a policy that can't be.
    """
    import pandas as pd

    none = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in dtypes.items()})
    return question(none, policy, mapping)


def spark_schema(
    question: Question,
    types: Mapping[str, str],
    policy: Policy | None = None,
    mapping: Mapping[str, str] | None = None,
) -> str:
    """The answer's columns as Spark's ``mapInPandas`` asks for them, in Spark's language for it.

    ``types`` are those of the frame asked about, which its own columns keep; money and margins are
    decimals, what can't be told of a row is null::

        schema = aepromo.spark_schema(aepromo.reprice, dict(frame.dtypes), policy)

    Raises as ``empty_answer`` does.
    """
    import pandas as pd

    answer = empty_answer(question, dict.fromkeys(types, "str"), policy, mapping)
    columns = []
    for name in map(str, answer.columns):
        dtype = answer.dtypes[name]
        is_added = isinstance(dtype, pd.ArrowDtype)
        kind = (
            str(dtype.pyarrow_dtype).replace("decimal128", "decimal") if is_added else types[name]
        )
        columns.append(f"`{name.replace('`', '``')}` {kind}")
    return ", ".join(columns)


def _ask(
    report: Report, frame: pd.DataFrame, policy: Policy | None, mapping: Mapping[str, str] | None
) -> pd.DataFrame:
    from aepromo.engine.answer import find_columns, run, without_bad_rows
    from aepromo.engine.frame import FrameCells, answered
    from aepromo.table.cells import in_two_currencies

    policy = policy or Policy()
    cells = FrameCells(frame, policy.selling)
    columns = find_columns(report, cells.header, mapping or {}, policy)
    outcome = run(report, cells, columns, policy)
    if len(outcome.signs) > 1:
        raise InputError(in_two_currencies(outcome.signs))
    if outcome.problems:
        _, problems = without_bad_rows(report, outcome, columns, policy)
        raise BadRows(problems)
    return answered(frame, outcome, mapping)
