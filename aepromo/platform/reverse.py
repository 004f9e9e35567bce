"""Can the reverse promotion choose a SKU, what keeps it out, and what is safe to run then?"""

from __future__ import annotations

from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from aepromo.engine.question import Question, adding
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP, TARGETS
from aepromo.inputs.tariff_file import market_named
from aepromo.platform.advised_promotion import Advice, bid_factor, bids, share_of
from aepromo.platform.columns import ELIGIBILITIES, STATES
from aepromo.platform.gates import (
    CLOSED,
    OPEN,
    UNKNOWN,
    Gates,
    avoiding,
    gates_of,
    judged_once,
    ranks,
    state,
    worst_first,
    worst_reasons,
)
from aepromo.platform.reason_texts import UNSAID, Clause, joined, ordered, said_where
from aepromo.platform.unknown_names import refuse_unknown, unknown_in
from aepromo.table.arrow_arrays import different, looked_up
from aepromo.table.cells import percent, shown
from aepromo.table.rule_book_names import (
    canonical,
    country_code,
    country_names,
    name_key,
    spoken_names,
    ways,
)
from aepromo.words import N_, _
from aepromo.words.nearest import near, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt
    import pyarrow as pa

    from aepromo.engine.question import Inputs, Results
    from aepromo.inputs.values import Values
    from aepromo.platform.gates import Gate
    from aepromo.platform.unknown_names import Checks
    from aepromo.table.number_columns import Numbers, Words

    Truths: TypeAlias = npt.NDArray[np.bool_]
    _ByPlace: TypeAlias = Mapping["_MarketFeatures", Sequence[Gate]]

_DAYS, _LONG_HAUL_DAYS = "reverse.gate.days", "reverse.gate.days_long_haul"
_FILINGS = "reverse.us."

DIAGNOSED = (
    ("reverse.cart72h.miss_share", N_("{share} of misses"), ("reverse.cart72h",)),
    (
        "reverse.weight.price_and_logistics",
        N_("{share} of the weight"),
        ("reverse.potential.price_index", _DAYS, _LONG_HAUL_DAYS),
    ),
    (
        "reverse.weight.fulfilment_stability",
        N_("{share} of the weight"),
        ("reverse.on_time_rate",),
    ),
    ("", "", ("reverse.erp_delay", "reverse.sync_delay", "reverse.variant_stock")),
)
"""Rules of ``diagnosis``: the key of their weight, the text for it, and their keys."""

PRICED_BY = ("list_price", *SHOP, *DISCOUNT, *FEES, *TARGETS, "conversion_rate", "cpc_bid")

ADDED = (
    *("eligibility", "eligible_markets", "potential", "account", "reasons", "unknown"),
    *("diagnosis", "conflicts", "promotion", "promotion_check"),
    *("max_limited_rate", "run_limited_rate", "deal_price", "profit", "worst_case", "status"),
    *("next_bid", "max_bid"),
)


def reverse(values: Values) -> Question:
    """The question of the reverse promotion, with the rule book and the offers in force.

    Raises ``CallError`` for unknown markets and mistyped promotions.
    """
    rules, advice, factor = _Rules(values), Advice(values), bid_factor(values.book)
    refuse_unknown(values, rules.checks)

    def compute(inputs: Inputs) -> Results:
        promotion = advice.of(inputs)
        kept = inputs.column(promotion["profit"])
        eligibility = judged_once(rules.columns, inputs, rules.eligibility_of)
        return {**eligibility, **promotion, **bids(inputs, kept, factor)}

    return Question(
        name="reverse",
        question=N_("Can the reverse promotion choose my SKUs, and what is safe then?"),
        uses=tuple(dict.fromkeys(("sku", *rules.columns, *PRICED_BY))),
        needs=(),
        adds=adding(*ADDED),
        compute=compute,
        key_columns=(
            *("eligibility", "promotion", "max_limited_rate", "reasons", "next_bid", "max_bid"),
            *("diagnosis", "conflicts", "eligible_markets", "account", "potential", "status"),
        ),
        prices_some=True,
        markets=True,
        faults=partial(unknown_in, checks=rules.checks),
        counts=("eligibility", "promotion"),
    )


class _MarketFeatures(NamedTuple):
    """The features of a market that decide which gates apply.

    ``is_long_haul``: it has the long-haul delivery days. ``files``: it has the filings of the US.
    """

    is_long_haul: bool
    files: bool


class _Rules:
    """The gates of the reverse promotion (rule book: ``reverse``)."""

    def __init__(self, values: Values) -> None:
        self.book = book = values.book
        self.long_haul = frozenset(map(market_named, book.rule("reverse.long_haul_markets").value))
        allowed = book.rule("reverse.stack.allowed").value
        forbidden = book.rule("reverse.stack.forbidden").value
        self.promotions = (*allowed, *forbidden, "none")
        self.allowed = frozenset(map(name_key, allowed))
        self.forbidden = frozenset(map(name_key, forbidden))
        rules = gates_of(book, "reverse")
        by_key = {rule.key: rule for part in rules.values() for rule in part}
        # This rule states what goes wrong; all others state what must hold.
        by_key["reverse.erp_delay"] = avoiding(by_key["reverse.erp_delay"])
        groups = {group: rules[group] for group in ("gate", "account", "us", "potential")}
        groups["diagnosed"] = [by_key[key] for _weight, _text, keys in DIAGNOSED for key in keys]
        self.gates = Gates(groups, values.currency)
        self.columns = ("market", *self.gates.columns, "running")
        self.checks: Checks = {"market": _no_market, "running": self._slip}

    @cached_property
    def _spellings(self) -> list[str]:
        """Every way to write a promotion."""
        return [way for each in map(canonical, self.promotions) for way in ways(each)]

    def _slip(self, name: str) -> str:
        """Why a promotion is mistyped; one that resembles none of the rule book is accepted."""
        is_known = name_key(name) in map(name_key, self.promotions)
        if is_known or near(name, self._spellings) is None:
            return ""
        reason = _("{cell} is not a promotion; {nearest}")
        return reason.format(cell=shown(name), nearest=nearest(name, self._spellings, ""))

    def eligibility_of(self, inputs: Inputs) -> Results:
        """Where a SKU can be chosen, what keeps it out, and which promotions conflict.

        A SKU is eligible in a market if every gate is open, the account meets the requirements and,
        in the United States, the filings are there. Long-haul markets have their own limit of days;
        without a market that of the mean counts.
        """
        gate, account, filings, potential, diagnosed = self.gates.hold(inputs).values()
        market_gates = [*gate, *filings, *account]
        sold = _Markets(inputs.words["market"], self._place_of)
        by_place = {place: _gates_in(place, market_gates) for place in sold.places}
        states = {place: state(held, inputs.rows) for place, held in by_place.items()}
        eligibility, markets = sold.eligibility(states)
        return {
            "eligibility": eligibility,
            "eligible_markets": markets,
            "potential": state(potential, inputs.rows),
            "account": state(account, inputs.rows),
            "reasons": _reasons(market_gates, sold, by_place, potential),
            "unknown": _unknown(market_gates, sold, by_place),
            "diagnosis": joined(self._diagnosis(diagnosed, sold), or_null=True),
            "conflicts": self._conflicts(inputs.words["running"]),
        }

    def _place_of(self, market: str) -> _MarketFeatures:
        return _MarketFeatures(market in self.long_haul, market == "US")

    def _diagnosis(self, diagnosed: Sequence[Gate], sold: _Markets) -> list[Clause]:
        """The clauses of failed rules, by weight, then by gap, the largest first."""
        by_key = {gate.rule.key: gate for gate in diagnosed}
        by_weight: dict[tuple[int, int], dict[Gate, str]] = {}
        for weighed_by, text, keys in DIAGNOSED:
            weight = share_of(self.book, weighed_by) if weighed_by else 0
            note = _(text).format(share=percent(weight)) if weight else ""
            for key in keys:
                # Rules of the same weight are ordered by their gaps, those without one by place.
                rank = (-weight, 0 if weight else len(by_weight))
                by_weight.setdefault(rank, {})[by_key[key]] = note
        with_note, found = _("{reason} ({note})"), []
        for rank in sorted(by_weight):
            # With equal gaps, the first by name.
            gates = sorted(by_weight[rank], key=lambda gate: gate.required.column)
            clauses = []
            for gate in gates:
                where = gate.states == CLOSED
                if gate.rule.key in (_DAYS, _LONG_HAUL_DAYS):
                    where &= sold.has_any(gate.rule.key == _LONG_HAUL_DAYS)
                clause, note = gate.reasons(where), by_weight[rank][gate]
                clauses.append(clause.put_in(with_note, "reason", note=note) if note else clause)
            found += ordered(clauses, worst_first(gates))
        return found

    def _conflicts(self, running: Words) -> pa.Array:
        """Each row's conflicts between its running promotions, null where there are none."""
        demoted = _("{name}: the reverse promotion is demoted while it runs; end it")
        unsaid = _("{name}: the rule book doesn't say whether it may run; see Seller Center")
        texts = []
        for names in running.values:
            found, spoken = [], spoken_names(map(canonical, names))
            for name, said in zip(map(name_key, names), spoken, strict=True):
                if name in self.forbidden:
                    found.append(demoted.format(name=said))
                elif name not in self.allowed and name != "none":
                    found.append(unsaid.format(name=said))
            texts.append("; ".join(found) or None)
        return looked_up(texts, running.codes)


def _gates_in(place: _MarketFeatures, held: Sequence[Gate]) -> list[Gate]:
    """The gates of one kind of market, out of all gates."""
    other_days = _DAYS if place.is_long_haul else _LONG_HAUL_DAYS
    return [
        gate
        for gate in held
        if gate.rule.key != other_days and (place.files or not gate.rule.key.startswith(_FILINGS))
    ]


class _Markets:
    """The markets of each row under their codes; one without a name where none is given.

    ``sets`` are the different ones, ``codes`` are each row's index among them. ``place_of`` tells
    the kind of a market.
    """

    def __init__(self, words: Words, place_of: Callable[[str], _MarketFeatures]) -> None:
        # After the last set comes that of a row without a market, which index -1 finds.
        codes = {name: market_named(name) for name in set(chain.from_iterable(words.values))}
        named = [tuple(dict.fromkeys(codes[name] for name in names)) for names in words.values]
        self.sets: list[tuple[str, ...]] = [*named, ("",)]
        self.codes = np.where(words.codes < 0, len(named), words.codes)
        self.kinds = [tuple(map(place_of, markets)) for markets in self.sets]
        used = np.flatnonzero(np.bincount(self.codes)).tolist()
        self.places = list(dict.fromkeys(place for code in used for place in self.kinds[code]))

    def has_any(self, is_long_haul: bool) -> Truths:
        """Which rows sell to a long-haul market, or to another."""
        found = np.array([any(each.is_long_haul == is_long_haul for each in k) for k in self.kinds])
        return found[self.codes]

    def appearance(self, gates: Sequence[Gate], by_place: _ByPlace) -> tuple[Numbers, Truths]:
        """The place of each gate in each row, by its markets in their order; and where it counts.

        ``place[gate, row]``. A gate that a row doesn't have comes after those that it has.
        """
        places = []
        for kinds in self.kinds:
            own = [gates.index(gate) for kind in kinds for gate in by_place.get(kind, ())]
            inverse = np.empty(len(gates), np.int64)
            inverse[list(dict.fromkeys((*own, *range(len(gates)))))] = np.arange(len(gates))
            places.append([*inverse, len(set(own))])
        found = np.array(places, np.int64)[self.codes].T
        return found[:-1], found[:-1] < found[-1]

    def eligibility(self, states: Mapping[_MarketFeatures, Numbers]) -> tuple[Numbers, pa.Array]:
        """Whether a row can be chosen in every market, in some, in none, as an index; and where.

        ``states`` are those of the gates by kind of market. The markets are null where there is
        none.
        """
        shape = (len(self.sets), *(len(STATES) for _place in states))
        together = np.ravel_multi_index((self.codes, *states.values()), shape)
        found, codes = different(together)
        verdicts, texts = [], []
        for code, *own in np.transpose(np.unravel_index(found, shape)).tolist():
            by_place = dict(zip(states, own, strict=True))
            of_markets = [by_place[place] for place in self.kinds[code]]
            if all(each == OPEN for each in of_markets):
                verdict = "eligible"
            elif OPEN in of_markets:
                verdict = "partly"
            else:
                verdict = "unknown" if UNKNOWN in of_markets else "blocked"
            verdicts.append(ELIGIBILITIES.index(verdict))
            pairs = zip(self.sets[code], of_markets, strict=True)
            texts.append(", ".join(name for name, each in pairs if each == OPEN) or None)
        markets = looked_up(texts, codes)
        return np.array(verdicts, np.int64)[codes], markets

    def asking(self, places: Sequence[_MarketFeatures]) -> list[str]:
        """The start of a reason: for each set of markets those of some kinds."""
        comma, colon, found = _(", "), _(": "), []
        for markets, kinds in zip(self.sets, self.kinds, strict=True):
            pairs = zip(markets, kinds, strict=True)
            asking = comma.join(name for name, kind in pairs if name and kind in places)
            found.append(asking + colon if asking else "")
        return found


def _reasons(
    gates: Sequence[Gate], sold: _Markets, by_place: _ByPlace, potential: Sequence[Gate]
) -> pa.Array:
    """The gates that decided, worst first: the closed ones, or the open ones if none is closed."""
    place_of, is_there = sold.appearance(gates, by_place)
    is_shut = np.array([gate.states != OPEN for gate in gates]) & is_there
    all_met = ~is_shut.any(axis=0)
    clauses = []
    for gate, shuts, there in zip(gates, is_shut, is_there, strict=True):
        decided = shuts | (all_met & there) if gate.rule.compare else shuts
        clauses.append(_for_markets(gate.reasons(decided), gate, sold, by_place))
    wanted = np.array([ranks(gate) for gate in gates]) * len(gates) + place_of
    order = np.argsort(wanted, axis=0)
    short = worst_reasons(potential, with_unknown=False)
    of_potential = (clause.put_in(_("potential: {reason}"), "reason") for clause in short)
    return joined([*ordered(clauses, order), *of_potential])


def _unknown(gates: Sequence[Gate], sold: _Markets, by_place: _ByPlace) -> pa.Array:
    """The missing columns that would decide, null where there are none."""
    place_of, is_there = sold.appearance(gates, by_place)
    clauses = [
        said_where(there & (gate.states == UNKNOWN), gate.rule.column)
        for gate, there in zip(gates, is_there, strict=True)
    ]
    return joined(ordered(clauses, np.argsort(place_of, axis=0)), ", ", or_null=True)


def _for_markets(clause: Clause, gate: Gate, sold: _Markets, by_place: _ByPlace) -> Clause:
    """A gate's reasons, with the markets for which it counts where not every market has it."""
    key = gate.rule.key
    if key not in (_DAYS, _LONG_HAUL_DAYS) and not key.startswith(_FILINGS):
        return clause
    starts = sold.asking([place for place, held in by_place.items() if gate in held])
    said = np.flatnonzero(clause.codes != UNSAID)
    together = sold.codes[said] * len(clause.texts) + clause.codes[said]
    found, own = different(together)
    pairs = (divmod(each, len(clause.texts)) for each in found.tolist())
    codes = np.full(len(clause.codes), UNSAID, np.int64)
    codes[said] = own
    return Clause(codes, [starts[market] + clause.texts[code] for market, code in pairs])


def _no_market(name: str) -> str:
    if country_code(name) is not None:
        return ""
    meant = nearest(name, country_names(), _("write a country's code, such as ES"))
    return _("{cell} is not a market; {nearest}").format(cell=shown(name), nearest=meant)
