"""Would Price Protection (豁免申诉) be granted for a SKU, and what is missing?

The platform computes one formula and checks three papers. Every rule of the family ``appeal`` that
is a gate is tested: those under ``appeal.papers`` are about papers, those that begin with
``appeal.strong_`` make a strong appeal, and all others must be open or the appeal is refused.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from aepromo.engine.filling import Fault, always
from aepromo.engine.question import Question, adding
from aepromo.errors import CallError
from aepromo.inputs.columns import CONVERSION, FORCED_RATE, NEEDED, PLATFORM_FEES, SHIPPING_FEES
from aepromo.inputs.values import assumed_number
from aepromo.platform.columns import APPEALS
from aepromo.platform.gates import CLOSED, OPEN, UNKNOWN, Gates, gates_of, state, worst_reasons
from aepromo.platform.reason_texts import UNSAID, Clause, formatted, joined, shown_numbers
from aepromo.pricing.fees import Costs, FeeRates, margin, profit
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION, TEN_THOUSAND, is_known
from aepromo.pricing.offers import item_price
from aepromo.pricing.protect import Targets, kept_rate, lowest_list_price, required_deal_price
from aepromo.table.arrow_arrays import concatenated, looked_up
from aepromo.table.cells import CellError, fixed, read_rate
from aepromo.table.csv_lines import spelled
from aepromo.table.number_columns import Words
from aepromo.table.schema import INPUTS
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aepromo.engine.question import Figures, Inputs, Results, Sku
    from aepromo.inputs.costs import Costs as RowCosts
    from aepromo.inputs.exchange import Rate
    from aepromo.inputs.values import Values
    from aepromo.platform.gates import Gate
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book
    from aepromo.table.number_columns import Numbers

STRONG, SUBMIT, WEAK, REFUSE = range(len(APPEALS))

PARTS_SHOWN = ("first_weight", "additional_weight", "registration_fee")
"""Parts of the shipping cost detail, each shown if the row has the fee at the same place in
``SHIPPING_FEES`` (rule book: ``appeal.papers.shipping_shows``)."""

PASS_RATES = {STRONG: "appeal.strong_pass_rate", SUBMIT: "appeal.pass_rate"}
"""The rules with the share of appeals that pass, by verdict.

There is none for incomplete papers. That of all appeals is used for ``submit``, although it also
counts strong and weak ones.
"""

TERMS = (
    "list_price",
    *FORCED_RATE,
    "purchase_price",
    "logistics_cost",
    *CONVERSION,
    *PLATFORM_FEES,
)
"""The columns of the formula. The platform doesn't count other costs."""

ADDED = (
    *("deal_price", "commission", "payment_fee", "formula_profit", "formula_margin"),
    *("invoice_age_days", "appeal", "pass_rate", "passing_list_price", "reasons"),
)


def appeal(values: Values, on: date) -> Question:
    """The question of appeals submitted on a day, with the rule book in force."""
    gates, papers = appeal_gates(values), ("invoice_date", *SHIPPING_FEES)
    own = (name for name in gates.columns if name in INPUTS and name not in TERMS)
    return Question(
        name="appeal",
        question=N_("Would Price Protection be granted for a SKU, and what is missing?"),
        uses=("sku", *TERMS, *dict.fromkeys((*own, *papers))),
        needs=NEEDED,
        adds=adding(*ADDED),
        compute=lambda inputs: _judged(inputs, gates, on),
        key_columns=(
            *("appeal", "formula_profit", "formula_margin", "reasons", "pass_rate"),
            *("passing_list_price", "list_price", "deal_price"),
        ),
        always_profit=True,
        describes_store=True,
        priced_by="new_list_price",
        faults=_parts_in_another_currency,
        sort_by=(("appeal", "descending"), ("formula_profit", "ascending")),
        counts=("appeal",),
    )


def appeal_gates(values: Values) -> Gates:
    """The gates of an appeal (rule book: ``appeal``).

    ``papers`` are about papers, ``strong`` make a strong appeal, and each that it ``must`` pass
    refuses it if it is closed, whatever its papers.
    """
    parts = gates_of(values.book, "appeal")
    groups: dict[str, list[Rule]] = {"must": [], "strong": [], "papers": parts.pop("papers")}
    for part, rules in parts.items():
        groups["strong" if part.startswith("strong_") else "must"] += rules
    return Gates(groups, values.currency)


class Formula(NamedTuple):
    """The platform's formula, term by term: minor units, and rates in millionths.

    list × (1 − forced rate) − purchase − logistics − commission − payment fee, at the deepest rate
    that may be forced (rule book: ``appeal.papers.worksheet_formula``). Each term settles half up
    to a whole minor unit before the next begins, as everywhere.
    """

    list_price: Whole
    forced_rate: Whole
    deal_price: Whole
    costs: Costs
    fees: FeeRates
    commission: Whole
    payment_fee: Whole
    profit: Whole

    @property
    def margin(self) -> Whole:
        """Profit ÷ deal price in ten-thousandths, rounded down; blank at a price of 0."""
        return margin(self.profit, np.asarray(self.deal_price))

    @property
    def facts(self) -> Figures:
        """The facts for the gates: the profit in minor units, and the margin in millionths.

        The margin is rounded up, so that it is over a threshold exactly where the ratio is.
        """
        deal = np.asarray(self.deal_price)
        ratio = -(-self.profit * MILLION // np.maximum(deal, 1))
        return {"formula_profit": self.profit, "formula_margin": np.where(deal > 0, ratio, BLANK)}


def formula_of(sku: Sku) -> Formula:
    """The formula for SKUs that have a price and costs."""
    rate = sku.discounts.forced_rate_max
    deal = item_price(sku.list_price, rate)
    costs = sku.costs._replace(other_cost=0)
    fees = sku.fees._replace(other_rate=0)
    return Formula(
        list_price=sku.list_price,
        forced_rate=rate,
        deal_price=deal,
        costs=costs,
        fees=fees,
        commission=fees.commission(deal),
        payment_fee=fees.payment_fee(deal),
        profit=profit(deal, costs, fees),
    )


class Detail(NamedTuple):
    """The shipping cost detail: its ``parts`` in the order of ``SHIPPING_FEES``, or blank.

    If a tariff gave the cost (``is_shipped``) it gives the parts, too. They and the ``cost``, which
    must be their sum, are in minor units of ``currencies``, of which ``codes`` are indices; the
    currencies of the costs come first. ``rates`` are exchange rates of the prices' currency, in
    millionths.
    """

    parts: Sequence[Numbers]
    cost: Numbers
    is_shipped: Truth
    currencies: Sequence[Currency]
    codes: Numbers
    rates: Sequence[Rate]
    rate_codes: Numbers


def shipping_detail(inputs: Inputs) -> Detail:
    """Return each row's shipping cost and its parts, with currencies and exchange rates.

    Parts in the row go before those of the tariff; blank without either.
    """
    own = [inputs.number(name) for name in SHIPPING_FEES]
    cost, costs = inputs.column(inputs.stated_cost("logistics_cost")), costs_of(inputs)
    codes, rate_codes = inputs.column(costs.codes), inputs.column(costs.rate_codes)
    currencies, rates = list(costs.currencies), list(costs.rates)
    shipped, tariff = inputs.shipped, inputs.values.policy.tariff
    if shipped is None or tariff is None:
        nowhere = np.zeros(inputs.rows, np.bool_)
        return Detail(own, cost, nowhere, currencies, codes, rates, rate_codes)
    codes, rate_codes = codes.copy(), rate_codes.copy()
    is_shipped = shipped.services >= 0
    asked = np.zeros((len(SHIPPING_FEES), inputs.rows), np.int64)
    for index in np.unique(shipped.services[is_shipped]).tolist():
        among = np.flatnonzero(shipped.services == index)
        charge, currency = tariff.services[index].charge, tariff.services[index].currency
        asked[0, among] = charge.first_fee
        asked[1, among] = charge.additional_fee(shipped.weights[among])
        asked[2, among] = charge.registration_fee
        codes[among] = len(currencies) + index
        if (rate := inputs.values.exchange.rate(currency)) is not None:
            rate_codes[among] = len(rates)
            rates.append(rate)
    parts = [
        np.where(is_shipped & (given == BLANK), part, given)
        for given, part in zip(own, asked, strict=True)
    ]
    cost = np.where(is_shipped, asked.sum(axis=0), cost)
    currencies += [service.currency for service in tariff.services]
    return Detail(parts, cost, is_shipped, currencies, codes, rates, rate_codes)


def costs_of(inputs: Inputs) -> RowCosts:
    """The costs of the rows of a table, which no other inputs than one SKU's lack."""
    return cast("RowCosts", inputs.costs)


def _parts_in_another_currency(inputs: Inputs) -> list[Fault]:
    """The parts of shipping costs that a row has in another currency than the tariff."""
    shipped, tariff = inputs.shipped, inputs.values.policy.tariff
    if shipped is None or tariff is None:
        return []
    costs, faults = costs_of(inputs), []
    for index, service in enumerate(tariff.services):
        for code, currency in enumerate(costs.currencies):
            if currency.code == service.currency.code:
                continue
            reason = _(
                "is in {code}, but the tariff is in {tariff}; give the logistics cost too, or "
                "leave it blank"
            ).format(code=currency.code, tariff=service.currency.code)
            where = (shipped.services == index) & (costs.codes == code)
            for name in SHIPPING_FEES:
                stated = where & is_known(inputs.number(name))
                faults.append(Fault(name, stated, always(reason)))
    return faults


def _judged(inputs: Inputs, gates: Gates, on: date) -> Results:
    formula, detail = formula_of(inputs.sku), shipping_detail(inputs)
    invoice = inputs.number("invoice_date")
    age = np.where(invoice == BLANK, BLANK, (_days(on) - invoice) * MILLION)
    computed = {**formula.facts, "invoice_age_days": age, "shipping_detail": _shown(detail)}
    must, strong, papers = gates.hold(inputs, computed).values()
    at_odds = [_sum_at_odds(detail), _invoice_ahead(invoice, on)]
    is_wanting = np.logical_or.reduce([each.codes != UNSAID for each in at_odds])
    is_wanting |= state(papers, inputs.rows) != OPEN
    found = _found(must, is_wanting, strong, inputs.rows)
    pass_rates = [_pass_rate(verdict, inputs.values.book) for verdict in range(len(APPEALS))]
    price = _passing_list_price(must, formula, inputs)
    places = inputs.values.currency.places
    said = shown_numbers(price, lambda amount: fixed(amount, places)).where(price != BLANK)
    said = said.put_in(_("a list price of {price} would meet it"), "price")
    return {
        "deal_price": formula.deal_price,
        "commission": formula.commission,
        "payment_fee": formula.payment_fee,
        "formula_profit": formula.profit,
        "formula_margin": formula.margin,
        "invoice_age_days": np.where(age == BLANK, BLANK, age // MILLION),
        "appeal": found,
        "pass_rate": np.array(pass_rates, np.int64)[found],
        "passing_list_price": price,
        "reasons": joined([*_reasons(found, must, papers, at_odds, strong), said]),
    }


def _found(must: Sequence[Gate], is_wanting: Truth, strong: Sequence[Gate], rows: int) -> Numbers:
    """Verdicts as indices into ``APPEALS``; ``is_wanting`` is where papers are incomplete."""
    of_must = state(must, rows)
    is_strong = (state(strong, rows) == OPEN) & bool(strong)
    found = np.where(is_strong, STRONG, SUBMIT)
    found = np.where(is_wanting | (of_must == UNKNOWN), WEAK, found)
    return np.where(of_must == CLOSED, REFUSE, found)


def _reasons(
    found: Numbers,
    must: Sequence[Gate],
    papers: Sequence[Gate],
    at_odds: Sequence[Clause],
    strong: Sequence[Gate],
) -> list[Clause]:
    """The reasons of a verdict: closed gates, the worst first, or what makes it strong."""
    falls_short = (found == REFUSE) | (found == WEAK)
    return [
        *worst_reasons(must, falls_short),
        *worst_reasons(papers, falls_short),
        *(clause.where(falls_short) for clause in at_odds),
        *(each.reasons(found == STRONG) for each in (*strong, *must)),
        *worst_reasons(strong, found == SUBMIT),
    ]


def _shown(detail: Detail) -> Words:
    """Which parts the shipping cost detail shows, by name."""
    codes = sum((part != BLANK) << place for place, part in enumerate(detail.parts))
    texts = [
        tuple(part for place, part in enumerate(PARTS_SHOWN) if code >> place & 1)
        for code in range(1, 2 ** len(PARTS_SHOWN))
    ]
    return Words(codes - 1, texts)


def _sum_at_odds(detail: Detail) -> Clause:
    """The shipping cost details whose sum is not the shipping cost.

    It must add up to the cost in the formula, to the cent (rule book:
    ``appeal.papers.shipping_matches``); only the carrier can confirm the parts.
    """
    is_whole = np.logical_and.reduce([part != BLANK for part in detail.parts])
    added = np.where(is_whole, sum(detail.parts), BLANK)
    rows = np.flatnonzero(is_whole & (detail.cost != BLANK) & (added != detail.cost))
    at_odds = _("shipping detail adds up to {sum}, needs the logistics cost {cost}: {gap}")
    codes, texts = np.full(len(added), UNSAID, np.int64), list[str]()
    for code, currency in enumerate(detail.currencies):
        own = rows[detail.codes[rows] == code]
        codes[own] = len(texts) + np.arange(len(own))
        given, cost = added[own], detail.cost[own]
        needed, stated, gap = (
            spelled(each, currency.places) for each in (cost, given, cost - given)
        )
        sign = looked_up(["", "+"], (cost > given).astype(np.int64))
        gap = concatenated([sign, gap])
        texts += formatted(at_odds, sum=stated, cost=needed, gap=gap).to_pylist()
    return Clause(codes, texts)


def _invoice_ahead(invoice: Numbers, on: date) -> Clause:
    """Invoices dated after the appeal."""
    ahead = np.maximum(invoice - _days(on), 0)

    def said(days: int) -> str:
        dated = ngettext(
            "invoice dated {date}, {days} day after the appeal",
            "invoice dated {date}, {days} days after the appeal",
            days,
        )
        return dated.format(date=on + timedelta(days=days), days=days)

    return shown_numbers(ahead, said).where(ahead > 0)


def _days(day: date) -> int:
    """A day as a number in columns: the days since 1970."""
    return (day - date(1970, 1, 1)).days


def _pass_rate(found: int, book: Book) -> int:
    """The share of a verdict that passes, in ten-thousandths. Raises ``CallError``."""
    key = PASS_RATES.get(found)
    try:
        rate = read_rate(book.text(key)) if key else None
    except CellError as error:
        raise CallError(f"rules.{key}: {error}") from None
    return BLANK if rate is None else rate * TEN_THOUSAND // MILLION


def least_profit(values: Values) -> int:
    """The minimum profit of the formula, in minor units (rule book: ``appeal.min_profit``)."""
    return assumed_number("target_profit", values.book, values.currency)


def _passing_list_price(must: Sequence[Gate], formula: Formula, inputs: Inputs) -> Numbers:
    """The list price at which an appeal passes that only the formula refuses.

    At it and at every higher price the formula leaves at least ``appeal.min_profit`` at every rate
    up to the deepest; one cent lower it doesn't. Like the formula, it rounds half up and ignores
    the floor price and offers, for which there is ``protected_list_price``. Blank if something else
    refuses the appeal, too, or if no price is enough.
    """
    wanted = inputs.column(kept_rate(formula.fees, 0)) > 0
    for gate in must:
        wanted = wanted & ((gate.states == CLOSED) == (gate.rule.key == "appeal.min_profit"))
    rows = np.flatnonzero(wanted)
    prices = np.full(inputs.rows, BLANK, np.int64)
    if not len(rows):
        return prices
    least = least_profit(inputs.values)
    targets = Targets(BLANK, least, BLANK)
    costs = Costs(*(inputs.column(each)[rows] for each in formula.costs))
    fees = FeeRates(*(inputs.column(each)[rows] for each in formula.fees))
    required, _bound = required_deal_price(targets, costs, fees, floor_multiple=0)
    deal = np.asarray(required)
    # Its fees are rounded up, so it may be a few cents too high.
    while np.any(lower := profit(deal - 1, costs, fees) >= least):
        deal = np.where(lower, deal - 1, deal)
    rates = inputs.column(formula.forced_rate)[rows]
    found = np.asarray(lowest_list_price(deal, rates))
    prices[rows] = np.where(found < AMOUNT_LIMIT, found, BLANK)
    return prices
