"""May the reverse promotion choose a SKU, what keeps it out, and what is safe to run meanwhile?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.inputs.tariff import market_named
from aepromo.platform.advised import Advice, bids, share_of
from aepromo.platform.columns import ELIGIBILITIES, STATES
from aepromo.platform.gates import Gate, avoiding, gate, gates, is_gate, state, worst_first
from aepromo.platform.ruling import Ruling, line_taken
from aepromo.table.cells import percent, shown
from aepromo.table.countries import country_code, country_names
from aepromo.table.names import canonical, spoken_name, ways
from aepromo.words import N_, _
from aepromo.words.nearest import near, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aepromo.platform.row_pricing import RowPricing
    from aepromo.platform.ruling import Row, Verdict
    from aepromo.rules import Rule
    from aepromo.rules.overrides import Book

_OPEN, _CLOSED, _UNKNOWN = range(len(STATES))
_DAYS, _LONG_HAUL_DAYS = "reverse.gate.days", "reverse.gate.days_long_haul"

DIAGNOSED = (
    ("reverse.cart72h", "reverse.cart72h.miss_share", N_("{share} of misses")),
    (
        "reverse.potential.price_index",
        "reverse.weight.price_and_logistics",
        N_("{share} of the weight"),
    ),
    (_DAYS, "reverse.weight.price_and_logistics", N_("{share} of the weight")),
    ("reverse.on_time_rate", "reverse.weight.fulfilment_stability", N_("{share} of the weight")),
    ("reverse.erp_delay", "", ""),
    ("reverse.sync_delay", "", ""),
    ("reverse.variant_stock", "", ""),
)
"""What keeps SKUs out, the weightiest first: the rule, the figure that weighs it, of what."""

PRICED_BY = ("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS, "conversion_rate", "cpc_bid")

ADDED = (
    *("eligibility", "eligible_markets", "potential", "account", "reasons", "unknown"),
    *("diagnosis", "conflicts", "promotion", "promotion_check"),
    *("max_limited_rate", "run_limited_rate", "deal_price", "profit", "worst_case", "status"),
    *("next_bid", "max_bid"),
)


def reverse(pricing: RowPricing) -> Ruling:
    """The ruling on the reverse promotion, with the rule book and the offers of a policy."""
    rules, shipping = _Rules(pricing.terms.book), pricing.policy.shipping()
    advice = Advice(pricing)

    def judge(row: Row) -> Verdict:
        verdict = {**line_taken(row), **rules.eligibility_of(row), **advice.of(row)}
        return {**verdict, **bids(row, verdict["profit"], pricing.terms.book)}

    return Ruling(
        name="reverse",
        question=N_("May the reverse promotion choose my SKUs, and what is safe to run meanwhile?"),
        uses=pricing.uses(("sku", "market", *rules.columns, *PRICED_BY)),
        needs=(),
        adds=pricing.columns(ADDED),
        judge=judge,
        key_columns=(
            *("eligibility", "promotion", "max_limited_rate", "reasons", "next_bid", "max_bid"),
            *("diagnosis", "conflicts", "eligible_markets", "account", "potential", "status"),
        ),
        exchange=pricing.policy.exchange(),
        shipping=shipping,
        rates=pricing.policy.rates,
        sells_to_many=True,
        refuses=rules.faults_of,
    )


class _Rules:
    """The gates of the reverse promotion, as one book has them (rule book: ``reverse``)."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.eligible = [rule for rule in book.matching("reverse.gate") if is_gate(rule)]
        self.account = [rule for rule in book.matching("reverse.account") if is_gate(rule)]
        self.filings = [rule for rule in book.matching("reverse.us") if is_gate(rule)]
        self.potential = [rule for rule in book.matching("reverse.potential") if is_gate(rule)]
        self.long_haul = frozenset(map(canonical, book.rule("reverse.long_haul_markets").value))
        self.forbidden = book.rule("reverse.stack.forbidden")
        self.allowed = frozenset(map(canonical, book.rule("reverse.stack.allowed").value))
        diagnosed = [book.rule(key) for key, _, _ in DIAGNOSED]
        groups = (self.eligible, self.account, self.filings, self.potential, diagnosed)
        every = [*(rule for group in groups for rule in group), self.forbidden]
        self.columns = tuple(dict.fromkeys(rule.column for rule in every))

    def faults_of(self, row: Row) -> list[tuple[str, str]]:
        """Markets that there are none of, and slips in the names of promotions.

        A promotion is taken at its word where it resembles none that the rule book has.
        """
        return [
            *(("market", why) for name in _named(row, "market") if (why := _no_market(name))),
            *(("running", why) for name in _named(row, "running") if (why := self._slip(name))),
        ]

    def _slip(self, name: str) -> str:
        known = [*self.allowed, *map(canonical, self.forbidden.value), "none"]
        written = [way for each in known for way in ways(each)]
        if canonical(name) in known or near(name, written) is None:
            return ""
        reason = _("{cell} is no promotion; {nearest}")
        return reason.format(cell=shown(name), nearest=nearest(name, written, ""))

    def eligibility_of(self, row: Row) -> dict[str, int | str | None]:
        """Where it may be chosen, what keeps it out, and what runs against it.

        Eligible in a market: every gate, what the account needs, and the filings of the United
        States there. Long-haul markets have days of their own; without a market the mean's count.
        """
        account, potential = gates(self.account, row), gates(self.potential, row)
        by_market = {market: [*gates(self._own(market), row), *account] for market in _markets(row)}
        states = {market: state(held) for market, held in by_market.items()}
        chosen = [market for market in states if market and states[market] == _OPEN]
        unknown = [each for held in by_market.values() for each in held if each.is_open is None]
        return {
            "eligibility": _eligibility(list(states.values())),
            "eligible_markets": ", ".join(chosen) or None,
            "potential": state(potential),
            "account": state(account),
            "reasons": "; ".join(self._reasons(by_market, potential)),
            "unknown": ", ".join(dict.fromkeys(each.rule.column for each in unknown)) or None,
            "diagnosis": "; ".join(self._diagnosis(row, by_market)) or None,
            "conflicts": "; ".join(self._conflicts(row)) or None,
        }

    def _own(self, market: str) -> list[Rule]:
        """The gates of one market: its days, and what only the United States ask for."""
        other_days = _DAYS if market in self.long_haul else _LONG_HAUL_DAYS
        own = [rule for rule in self.eligible if rule.key != other_days]
        return [*own, *self.filings] if market == "US" else own

    def _reasons(self, by_market: dict[str, list[Gate]], potential: list[Gate]) -> list[str]:
        """The gates that decided, worst first: those that are shut, or the met where none is."""
        markets = {market: worst_first(held) for market, held in by_market.items()}
        shut = worst_first([each for held in markets.values() for each in held])
        met = [each for held in by_market.values() for each in held if each.rule.compare]
        decided = shut or met
        reasons = [self._where(each, by_market) + each.reason for each in decided]
        short = [each for each in worst_first(potential) if each.fact is not None]
        return list(
            dict.fromkeys(
                [*reasons, *(_("potential: {reason}").format(reason=each.reason) for each in short)]
            )
        )

    def _where(self, held: Gate, by_market: dict[str, list[Gate]]) -> str:
        """For which markets a gate counts, where it is one that not every market has."""
        if held.rule not in self.filings and held.rule.key not in (_DAYS, _LONG_HAUL_DAYS):
            return ""
        asking = [
            market
            for market, others in by_market.items()
            if market and any(each.rule.key == held.rule.key for each in others)
        ]
        return _(", ").join(asking) + _(": ") if asking else ""

    def _diagnosis(self, row: Row, by_market: dict[str, list[Gate]]) -> list[str]:
        """What to mend, the weightiest first, and the widest gap first where weights are equal."""
        found: list[tuple[int, int, int, str]] = []
        for place, (key, weighed_by, of) in enumerate(DIAGNOSED):
            weight = share_of(self.book, weighed_by) if weighed_by else 0
            share = _(of).format(share=percent(weight)) if weight else ""
            # Two figures of one weight are told apart by their gaps, those without by their place.
            rank = (-weight, 0 if weight else place)
            found += [
                (*rank, -held.relative_gap, _noted(held.reason, share))
                for held in self._diagnosed(key, row, by_market)
                if held.is_open is False
            ]
        return list(dict.fromkeys(text for *_rank, text in sorted(found)))

    def _diagnosed(self, key: str, row: Row, by_market: dict[str, list[Gate]]) -> list[Gate]:
        if key == _DAYS:
            days = (_DAYS, _LONG_HAUL_DAYS)
            return [each for held in by_market.values() for each in held if each.rule.key in days]
        rule = self.book.rule(key)
        # This one states what goes wrong; all others state what must hold.
        return [gate(avoiding(rule) if key == "reverse.erp_delay" else rule, row)]

    def _conflicts(self, row: Row) -> Iterator[str]:
        forbidden = frozenset(map(canonical, self.forbidden.value))
        for name in map(canonical, _named(row, "running")):
            if name in forbidden:
                demoted = _("{name}: the reverse promotion is demoted while it runs, end it")
                yield demoted.format(name=spoken_name(name))
            elif name not in self.allowed and name != "none":
                unsaid = _(
                    "{name}: the rule book doesn't say whether it may run, see Seller Center"
                )
                yield unsaid.format(name=spoken_name(name))


def _named(row: Row, column: str) -> tuple[str, ...]:
    names = row.get(column)
    return names if isinstance(names, tuple) else ()


def _no_market(name: str) -> str:
    if country_code(name) is not None:
        return ""
    meant = nearest(name, country_names(), _("write a country's code, such as ES"))
    return _("{cell} is no market; {nearest}").format(cell=shown(name), nearest=meant)


def _noted(reason: str, note: str) -> str:
    return _("{reason} ({note})").format(reason=reason, note=note) if note else reason


def _markets(row: Row) -> list[str]:
    """The markets of a row under their codes; one without a name where none is given."""
    return list(dict.fromkeys(map(market_named, _named(row, "market")))) or [""]


def _eligibility(states: list[int]) -> int:
    if all(each == _OPEN for each in states):
        found = "eligible"
    elif _OPEN in states:
        found = "partly"
    else:
        found = "unknown" if _UNKNOWN in states else "blocked"
    return ELIGIBILITIES.index(found)
