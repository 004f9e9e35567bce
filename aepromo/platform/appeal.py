"""May a SKU be spared a forced discount (Price Protection, 豁免申诉), and what is missing?

The platform works out one formula and looks at three papers. Every rule of the family ``appeal``
that is a gate is held: those under ``appeal.papers`` are about papers, those that begin with
``appeal.strong_`` tell a strong appeal from any other, and the rest must be open or the appeal is
refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from aepromo.engine.check import Filler, check
from aepromo.engine.question import Report, adding
from aepromo.inputs.columns import CONVERSION, FEES, SHIPPED
from aepromo.platform.columns import APPEALS
from aepromo.platform.gates import gates, is_gate, worst_first
from aepromo.platform.ruling import RowFaults, Ruling, line_taken
from aepromo.pricing.fees import Costs, FeeRates, margin, profit
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION
from aepromo.pricing.offers import item_price
from aepromo.pricing.protect import Targets, kept_rate, lowest_list_price, required_deal_price
from aepromo.table.cells import fixed, read, read_rate
from aepromo.table.column import Kind
from aepromo.table.currencies import currency_named
from aepromo.table.schema import INPUTS
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from aepromo.inputs.policy import Policy
    from aepromo.platform.gates import Gate
    from aepromo.platform.ruling import Row, Verdict
    from aepromo.pricing.currency import Currency
    from aepromo.rules.overrides import Book
    from aepromo.table.facts import Fact

STRONG, SUBMIT, WEAK, REFUSE = range(len(APPEALS))

SHIPPING_PARTS = {
    "first_weight": "first_weight_fee",
    "additional_weight": "additional_weight_fee",
    "registration_fee": "registration_fee",
}
"""What the shipping cost detail shows (rule book: ``appeal.papers.shipping_shows``), by column."""

PASS_RATES = {STRONG: "appeal.strong_pass_rate", SUBMIT: "appeal.pass_rate"}
"""The share that passes, where the rule book gives one.

It gives none for papers that lack something. What it gives for all appeals together goes for
``submit``, though it counts strong and weak ones too.
"""

TERMS = (
    "list_price",
    *("forced_rate", "forced_rate_min", "forced_rate_max"),
    *("purchase_price", "logistics_cost", *CONVERSION, *FEES),
)
"""The columns of the formula. What else a unit costs, the platform doesn't take into account."""

NEEDED = ("list_price", "purchase_price", "logistics_cost")

ADDED = (
    *("deal_price", "commission", "payment_fee", "formula_profit", "formula_margin"),
    *("invoice_age_days", "appeal", "pass_rate", "passing_list_price", "reasons"),
)


def appeal(policy: Policy, on: date, assumed: list[str]) -> Ruling:
    """The ruling on appeals handed in on a day; ``assumed`` collects what the book had to supply.

    Raises ``CallError`` once a row is judged by a rule whose value makes no sense.
    """
    book, exchange = policy.in_force, policy.exchange()
    currency, shipping = exchange.selling, policy.shipping()
    added = (*SHIPPED, *ADDED) if shipping else ADDED
    columns = (rule.column for rule in book.matching("appeal") if is_gate(rule))
    papers = ("invoice_date", *SHIPPING_PARTS.values())
    own = (name for name in columns if name in INPUTS and name not in TERMS)
    return Ruling(
        name="appeal",
        question=N_(
            "May a SKU be spared a forced discount (Price Protection), and what is missing?"
        ),
        uses=("sku", *TERMS, *dict.fromkeys((*own, *papers)), *policy.beside(bool(shipping))),
        needs=tuple(name for name in NEEDED if not (shipping and name == "logistics_cost")),
        adds=tuple(map(policy.column, added)),
        judge=lambda row: _judge(row, formula_of(row, book, currency, assumed), book, on),
        key_columns=(
            *("appeal", "formula_profit", "formula_margin", "reasons", "pass_rate"),
            *("passing_list_price", "list_price", "deal_price"),
        ),
        exchange=exchange,
        shipping=shipping,
        rates=policy.rates,
        order=_worst_first,
        only_tables=True,
    )


@dataclass(frozen=True, slots=True)
class Formula:
    """The platform's formula for one SKU, term by term: minor units, and rates in millionths.

    list × (1 − forced rate) − purchase − logistics − commission − payment fee, at the deepest rate
    that may be forced (rule book: ``appeal.papers.worksheet_formula``). Each term settles half up
    to a whole minor unit before the next begins, as everywhere.
    """

    currency: Currency
    list_price: int
    forced_rate: int
    deal_price: int
    costs: Costs
    fees: FeeRates
    commission: int
    payment_fee: int
    profit: int

    @property
    def margin(self) -> int:
        """Profit ÷ deal price in ten-thousandths, rounded down; blank at a price of nothing."""
        return int(margin(self.profit, self.deal_price))

    @property
    def facts(self) -> dict[str, Fact]:
        """What gates may ask of it: the profit, and the margin in millionths.

        The margin is rounded up, so that it is over a threshold exactly where the ratio is.
        """
        found: dict[str, Fact] = {"formula_profit": self.profit}
        if self.deal_price:
            found["formula_margin"] = -(-self.profit * MILLION // self.deal_price)
        return found


def formula_of(row: Row, book: Book, currency: Currency, assumed: list[str]) -> Formula:
    """The formula for a row that has a price and costs, with fees of the book where it has none.

    ``assumed`` collects the columns that the book supplied. Raises ``RowFaults`` for a range of
    rates that runs backwards.
    """
    given = {name: fact for name, fact in row.items() if isinstance(fact, int)}
    filler = Filler(given, {}, book, currency, assumed)
    sku = check(_TERMS_OF, filler)
    if filler.faults:
        raise RowFaults([(fault.column, fault.reason(None)) for fault in filler.faults])
    rate = int(sku.discounts.forced_rate_max)
    deal = int(item_price(sku.list_price, rate))
    return Formula(
        currency=currency,
        list_price=int(sku.list_price),
        forced_rate=rate,
        deal_price=deal,
        costs=sku.costs,
        fees=sku.fees,
        commission=int(sku.fees.commission(deal)),
        payment_fee=int(sku.fees.payment_fee(deal)),
        profit=int(profit(deal, sku.costs, sku.fees)),
    )


_TERMS_OF = Report(
    name="appeal",
    question="",
    uses=TERMS,
    needs=NEEDED,
    adds=adding(),
    compute=lambda _sku, _terms: {},
    key_columns=(),
    always_profit=True,
)


def least_profit(book: Book, currency: Currency) -> int:
    """What the formula must leave, in minor units (rule book: ``appeal.min_profit``)."""
    return read(book.text("appeal.min_profit"), Kind.TARGET, currency) or 0


def _judge(row: Row, formula: Formula, book: Book, on: date) -> Verdict:
    rules, currency = book.matching("appeal"), formula.currency
    facts = {**row, **formula.facts, **_paper_facts(row, on)}
    papers = gates((rule for rule in rules if rule.key.startswith("appeal.papers.")), facts)
    strong = gates((rule for rule in rules if rule.key.startswith("appeal.strong_")), facts)
    must = must_hold(facts, formula, book)
    found, reasons = _found(must, [*_shut(papers), *_at_odds(row, currency, on)], strong)
    age = facts.get("invoice_age_days")
    price = _passing_list_price(must, formula, book)
    if price is not None:
        met = _("a list price of {price} would meet it")
        reasons.append(met.format(price=fixed(price, currency.places)))
    return {
        **line_taken(row),
        "deal_price": formula.deal_price,
        "commission": formula.commission,
        "payment_fee": formula.payment_fee,
        "formula_profit": formula.profit,
        "formula_margin": formula.margin,
        "invoice_age_days": age // MILLION if isinstance(age, int) else None,
        "appeal": found,
        "pass_rate": _pass_rate(found, book),
        "passing_list_price": price,
        "reasons": "; ".join(reasons),
    }


def must_hold(row: Row, formula: Formula, book: Book) -> list[Gate]:
    """The gates that refuse an appeal where one is shut, whatever its papers show."""
    beside = ("appeal.papers.", "appeal.strong_")
    rules = (rule for rule in book.matching("appeal") if not rule.key.startswith(beside))
    return gates(rules, {**row, **formula.facts}, formula.currency)


def _found(must: list[Gate], papers: list[str], strong: list[Gate]) -> tuple[int, list[str]]:
    """What an appeal comes to, as an index into ``APPEALS``, and why, the worst first."""
    if any(held.is_open is False for held in must):
        return REFUSE, [*_shut(must), *papers]
    if papers or any(held.is_open is None for held in must):
        return WEAK, [*_shut(must), *papers]
    if strong and all(held.is_open for held in strong):
        return STRONG, [held.reason for held in (*strong, *must)]
    return SUBMIT, _shut(strong)


def _shut(held: list[Gate]) -> list[str]:
    return [each.reason for each in worst_first(held)]


def _paper_facts(row: Row, on: date) -> dict[str, Fact]:
    """What the papers show: how old the invoice is, in millionths of a day, and which fees."""
    facts: dict[str, Fact] = {}
    invoice = row.get("invoice_date")
    if isinstance(invoice, date):
        facts["invoice_age_days"] = (on - invoice).days * MILLION
    shown = tuple(part for part, column in SHIPPING_PARTS.items() if column in row)
    return {**facts, "shipping_detail": shown} if shown else facts


def _at_odds(row: Row, currency: Currency, on: date) -> list[str]:
    """Papers that contradict what they are to prove.

    The shipping cost detail must add up to the cost that the formula takes off, to the cent (rule
    book: ``appeal.papers.shipping_matches``); only the carrier can tell that the parts are right.
    """
    code, found = row.get("shipping_currency", row.get("cost_currency")), []
    if isinstance(code, str):
        currency = currency_named(code)
    parts = [row[column] for column in SHIPPING_PARTS.values() if column in row]
    cost = row.get("stated_logistics_cost", row["logistics_cost"])
    added = sum(part for part in parts if isinstance(part, int))
    if len(parts) == len(SHIPPING_PARTS) and isinstance(cost, int) and added != cost:
        sign, places = "+" if cost > added else "", currency.places
        at_odds = _("shipping detail adds up to {sum}, needs the logistics cost {cost}: {gap}")
        gap = sign + fixed(cost - added, places)
        found.append(at_odds.format(sum=fixed(added, places), cost=fixed(cost, places), gap=gap))
    invoice = row.get("invoice_date")
    if isinstance(invoice, date) and invoice > on:
        days = (invoice - on).days
        dated = ngettext(
            "invoice dated {date}, {days} day after the appeal",
            "invoice dated {date}, {days} days after the appeal",
            days,
        )
        found.append(dated.format(date=invoice, days=days))
    return found


def _pass_rate(found: int, book: Book) -> int | None:
    """The share that passes, in ten-thousandths, where the book has one."""
    key = PASS_RATES.get(found)
    rate = read_rate(book.text(key)) if key else None
    return None if rate is None else rate * 10_000 // MILLION


def _passing_list_price(must: list[Gate], formula: Formula, book: Book) -> int | None:
    """The list price at which nothing refuses an appeal that only the formula refuses.

    At it and at every higher price the formula, settled as in ``Formula``, leaves at least
    ``appeal.min_profit`` at every rate up to the deepest; one cent lower it doesn't. It says
    nothing of the floor price, of offers, or of a platform that rounds another way: for that there
    is ``protected_list_price``. None where something else refuses it too, or where no price would
    do.
    """
    closed = [held.rule.key for held in must if held.is_open is False]
    if closed != ["appeal.min_profit"] or kept_rate(formula.fees, 0) <= 0:
        return None
    targets = Targets(BLANK, least_profit(book, formula.currency), BLANK)
    required, _ = required_deal_price(targets, formula.costs, formula.fees, floor_multiple=0)
    price = int(lowest_list_price(required, formula.forced_rate))
    return price if price < AMOUNT_LIMIT else None


def _worst_first(verdict: Verdict) -> tuple[int, ...]:
    found, kept = verdict["appeal"], verdict["formula_profit"]
    return (-found if isinstance(found, int) else 0, kept if isinstance(kept, int) else 0)
