"""The margin worksheet (毛利测算表) that goes with an appeal: arithmetic to recompute by hand."""

from __future__ import annotations

from functools import cached_property
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.platform.appeal import REFUSE, costs_of, formula_of, least_profit, shipping_detail
from aepromo.platform.reason_texts import Clause, joined, said_where, shown_numbers
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import decoded
from aepromo.table.cells import fixed, percent
from aepromo.table.column import Kind
from aepromo.table.csv_lines import spelled
from aepromo.table.text_formats import TextColumn
from aepromo.words import texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Inputs
    from aepromo.inputs.exchange import Rate
    from aepromo.platform.appeal import Detail
    from aepromo.platform.gates import Truths
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.table.number_columns import Numbers

HEADERS = (
    *("SKU", "list price", "forced rate", "discounted price", "purchase price"),
    *("logistics cost", "commission rate", "commission", "payment fee rate", "payment fee"),
    *("profit", "margin"),
    "list price × (1 − forced rate) − purchase price − logistics cost − commission"
    " − payment fee; each step rounded half up to the cent",
)
MORE_HEADERS = (
    "exchange rate",
    *("first-weight fee", "additional-weight fee", "registration fee"),
    "costs as they come about, each rounded up to the cent",
)
"""Further headers where costs were converted or come from a tariff."""
_AMOUNTS = (1, 3, 4, 5, 7, 9, 10)


class Worksheet:
    """The lines of SKUs that are not refused, kept on disk until all are there.

    ``lines`` counts them, ``refused`` the others. The columns are known only at the end.
    """

    def __init__(self) -> None:
        self.lines = self.refused = 0
        names = (*HEADERS, *MORE_HEADERS)
        self._schema = pa.schema([(name, pa.string()) for name in names])
        self._filled = set[str]()

    @cached_property
    def _kept(self) -> IO[bytes]:
        return TemporaryFile()

    @cached_property
    def _writer(self) -> pa.RecordBatchStreamWriter:
        return pa.ipc.new_stream(self._kept, self._schema)

    def add(self, outcome: Outcome) -> None:
        """Add a block's answer."""
        if outcome.inputs is None or not len(outcome):
            return
        columns = lines(outcome.inputs)
        rows = np.flatnonzero(np.asarray(outcome.results["appeal"]) != REFUSE)
        self.lines += len(rows)
        self.refused += len(outcome) - len(rows)
        batch = pa.RecordBatch.from_arrays(columns, schema=self._schema).take(pa.array(rows))
        self._filled |= {
            name for name in MORE_HEADERS if pc.any(pc.not_equal(batch.column(name), "")).as_py()
        }
        self._writer.write_batch(batch)

    def parts(self, currency: Currency, language: str) -> Iterator[list[TextColumn]]:
        """The worksheet as columns, block by block, under the headers of a language."""
        self._writer.close()
        self._kept.seek(0)
        text_of = texts_in(language, "worksheet")
        names = [*HEADERS, *(name for name in MORE_HEADERS if name in self._filled)]
        headers = [
            f"{text_of(name)} ({currency.code})" if position in _AMOUNTS else text_of(name)
            for position, name in enumerate(names)
        ]
        yield [TextColumn(header, Kind.TEXT, ()) for header in headers]
        for batch in pa.ipc.open_stream(self._kept):
            columns = batch.select(names).to_pydict().values()
            yield [
                TextColumn(header, Kind.TEXT, cells)
                for header, cells in zip(headers, columns, strict=True)
            ]


def lines(inputs: Inputs) -> list[pa.Array]:
    """Each row's terms in the platform's order, its arithmetic, and the origin of its costs."""
    formula, detail = formula_of(inputs.sku), shipping_detail(inputs)
    places = inputs.values.currency.places

    def amount(figure: Whole) -> pa.Array:
        return spelled(np.array(inputs.column(figure)), places)

    def rate(figure: Whole) -> pa.Array:
        return _percents(inputs.column(figure))

    listed, deal = amount(formula.list_price), amount(formula.deal_price)
    purchase, logistics = amount(formula.costs.purchase_price), amount(formula.costs.logistics_cost)
    commission, payment_fee = amount(formula.commission), amount(formula.payment_fee)
    forced, profit = rate(formula.forced_rate), amount(formula.profit)
    fees = rate(formula.fees.commission_rate), rate(formula.fees.payment_rate)
    ratio = inputs.column(formula.margin)
    least = fixed(least_profit(inputs.values), places)
    # 20.00 × (1 − 15%) = 17.00; 17.00 × 6% = 1.02; 17.00 × 1% = 0.17;
    # 17.00 − 8.00 − 3.00 − 1.02 − 0.17 = 4.81 ≥ 0.80
    arithmetic = _written(
        *(listed, " × (1 − ", forced, ") = ", deal),
        *("; ", deal, " × ", fees[0], " = ", commission),
        *("; ", deal, " × ", fees[1], " = ", payment_fee),
        *("; ", deal, " − ", purchase, " − ", logistics, " − ", commission, " − ", payment_fee),
        *(" = ", profit, f" ≥ {least}"),
    )
    return [
        *(inputs.text("sku"), listed, forced, deal, purchase, logistics),
        *(fees[0], commission, fees[1], payment_fee, profit),
        *(_percents(np.where(ratio == BLANK, BLANK, ratio * 100)), arithmetic),
        _rates(inputs, detail),
        *(_stated(part, detail, detail.is_shipped) for part in detail.parts),
        _origin(inputs, detail),
    ]


def _written(*parts: pa.Array | str) -> pa.Array:
    """Texts and columns of texts, concatenated."""
    return pc.binary_join_element_wise(*parts, "")


def _percents(rates: Numbers) -> pa.Array:
    """Rates in millionths as percentages; empty where they are blank."""
    return shown_numbers(rates, lambda rate: "" if rate == BLANK else percent(rate)).column()


def _rates(inputs: Inputs, detail: Detail) -> pa.Array:
    """``1 USD = 7.12 CNY (2026-11-20)``: each used rate, with its day if it has one."""
    exchange, costs = inputs.values.exchange, costs_of(inputs)
    is_own = np.zeros(inputs.rows, np.bool_)
    if "fx_rate" in inputs.columns:
        is_own = np.asarray(pc.not_equal(inputs.text("fx_rate"), ""))

    def shared_rate(currency: Currency, where: Truths) -> Clause:
        """The rate of a currency for rows without one of their own."""
        rate = exchange.rate(currency)
        if rate is None:  # then all rows have their own
            return said_where(where, "")
        dated = f" ({rate.day})" if rate.day else ""
        return said_where(where, written(rate, currency) + dated)

    def written(rate: Rate, currency: Currency) -> str:
        return f"1 {inputs.values.currency.code} = {rate.text} {currency.code}"

    clauses = []
    for code, currency in enumerate(costs.currencies):
        said = [written(rate, currency) for rate in costs.rates]
        where = (inputs.column(costs.codes) == code) & exchange.is_foreign(currency)
        clauses.append(Clause(inputs.column(costs.rate_codes), said).where(where & is_own))
        clauses.append(shared_rate(currency, where & ~is_own))
    for code, currency in enumerate(detail.currencies):
        where = detail.is_shipped & (detail.codes == code) & exchange.is_foreign(currency)
        clauses.append(shared_rate(currency, where))
    return decoded(joined(clauses))


def _origin(inputs: Inputs, detail: Detail) -> pa.Array:
    """The calculation of costs that were converted or that a tariff gave; empty for others.

    ``56.00 CNY ÷ 7.12 = 7.87; 9.90 + 28.50 + 0.00 = 38.40 CNY; 38.40 CNY ÷ 7.12 = 5.40``; each
    quotient is rounded up to the cent.
    """
    costs, purchase = costs_of(inputs), inputs.column(inputs.stated_cost("purchase_price"))
    own = detail._replace(
        codes=inputs.column(costs.codes), rate_codes=inputs.column(costs.rate_codes)
    )
    is_sum = detail.is_shipped & (sum(detail.parts) == detail.cost)
    total = _stated(detail.cost, detail, is_sum)
    parts = [_stated(each, detail, is_sum, is_bare=True) for each in detail.parts]
    sums = _written(parts[0], " + ", parts[1], " + ", parts[2], " = ", total)
    steps = [
        _conversion(inputs, purchase, own, "purchase_price"),
        pc.if_else(pa.array(is_sum), sums, ""),
        _conversion(inputs, detail.cost, detail, "logistics_cost"),
    ]
    together = steps[0]
    for step in steps[1:]:
        is_between = pc.and_(pc.not_equal(together, ""), pc.not_equal(step, ""))
        together = _written(together, pc.if_else(is_between, "; ", ""), step)
    return together


def _conversion(inputs: Inputs, stated: Numbers, detail: Detail, name: str) -> pa.Array:
    """``56.00 CNY ÷ 7.12 = 7.87`` where a cost is in another currency than prices; else nothing."""
    exchange, currency = inputs.values.exchange, inputs.values.currency
    foreign = np.array([exchange.is_foreign(each) for each in detail.currencies], np.bool_)
    is_foreign = foreign[detail.codes]
    if not is_foreign.any():
        return pa.repeat("", inputs.rows)
    texts = pa.array([rate.text for rate in detail.rates], pa.string())
    rates = texts.take(pa.array(detail.rate_codes))
    figure = np.array(inputs.column(getattr(inputs.sku.costs, name)))
    worth = spelled(figure, currency.places)
    total = _stated(stated, detail, is_foreign)
    return pc.if_else(pa.array(is_foreign), _written(total, " ÷ ", rates, " = ", worth), "")


def _stated(amounts: Numbers, detail: Detail, where: Truth, is_bare: bool = False) -> pa.Array:
    """``38.40 CNY``: amounts where a condition holds, each in its currency; else nothing."""
    texts, places, count = [pa.array([""])], np.zeros(len(amounts), np.int64), 1
    for code, currency in enumerate(detail.currencies):
        among = np.flatnonzero(where & (detail.codes == code))
        text = spelled(amounts[among], currency.places)
        texts.append(text if is_bare else _written(text, " ", currency.code))
        places[among] = count + np.arange(len(among))
        count += len(among)
    return pa.concat_arrays(texts).take(pa.array(places))
