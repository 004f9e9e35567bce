"""Which SKUs are about to get a forced discount, and what would it cost?"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from aepromo.engine.question import Question, adding
from aepromo.inputs.columns import DISCOUNT, FEES, SHOP
from aepromo.platform.columns import EXPOSURES, FITS
from aepromo.platform.gates import (
    CLOSED,
    OPEN,
    UNKNOWN,
    Gates,
    gates_of,
    nearest,
    state,
    worst_first,
    worst_reasons,
)
from aepromo.platform.reason_texts import joined, ordered, said_where
from aepromo.platform.unknown_names import refuse_unknown, unknown_in
from aepromo.pricing.fees import profit
from aepromo.pricing.money import BLANK, MILLION, TEN_THOUSAND, is_known
from aepromo.pricing.offers import spared_and_cut
from aepromo.rules import rule
from aepromo.table.cells import shown
from aepromo.table.rule_book_names import is_among, spoken_names, ways
from aepromo.words import N_, _
from aepromo.words.nearest import one_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from aepromo.engine.question import Inputs, Results
    from aepromo.inputs.values import Values
    from aepromo.platform.gates import Gate
    from aepromo.platform.reason_texts import Clause
    from aepromo.pricing.money import Whole
    from aepromo.rules import Rule
    from aepromo.table.number_columns import Numbers

_OUT, _NONE, _UNKNOWN, _PRIMED, _TRIGGERED = range(len(EXPOSURES))
_SHORT = (_NONE, _UNKNOWN)
"""Where some gate of store or product is closed or unknown."""

_EVENT = "forced.gate3.event"

GROUPS = ("categories", "gate1", "gate2", "gate3", "label", "fit", "rarely")
"""The parts of the rule book's family ``forced`` that have gates."""

PRICED_BY = ("list_price", *SHOP, *DISCOUNT, *FEES, "units_30d")

ADDED = (
    *("exposure", "store_gate", "product_gate", "event_gate", "label_gate", "store_fit"),
    *("nearest_rule", "nearest_gate", "reasons", "unknown"),
    *("profit_before", "profit_forced", "at_stake_30d"),
)


def forced(values: Values) -> Question:
    """The question of forced discounts, with the rule book in force.

    Raises ``CallError`` for unknown events.
    """
    rules = gates_of(values.book, "forced")
    gates = Gates({group: rules[group] for group in GROUPS}, values.currency)
    checks = {"event": partial(_no_event, known=_events(rules["gate3"]))}
    refuse_unknown(values, checks)

    def compute(inputs: Inputs) -> Results:
        answer = _exposure(gates.hold(inputs, _click_multiple(inputs)), inputs.rows)
        return {**answer, **_money(np.asarray(answer["exposure"]), inputs)}

    return Question(
        name="forced",
        question=N_("Which SKUs are about to get a forced discount?"),
        uses=("sku", *gates.columns, "click_rate", "industry_click_rate", *PRICED_BY),
        needs=(),
        adds=adding(*ADDED),
        compute=compute,
        key_columns=(
            *("exposure", "at_stake_30d", "nearest_gate", "profit_forced", "profit_before"),
            *("store_gate", "product_gate", "event_gate", "store_fit", "label_gate"),
        ),
        prices_some=True,
        sort_by=(("at_stake_30d", "descending"), ("exposure", "descending")),
        faults=partial(unknown_in, checks=checks),
        counts=("exposure",),
        totals="at_stake_30d",
    )


def _events(in_force: Sequence[Rule]) -> tuple[str, ...]:
    """The events of the rule book, those that the user puts into it, and none."""
    names = (name for each in in_force if each.column == "event" for name in each.value)
    return tuple(dict.fromkeys((*rule(_EVENT).value, *names, "none")))


def _no_event(name: str, known: Sequence[str]) -> str:
    """Why a name is no event, nothing for a known one."""
    if is_among(name, known):
        return ""
    meant = one_of(name, spoken_names(known), chain.from_iterable(map(ways, known)))
    return _("{cell} is not an event; {nearest}").format(cell=shown(name), nearest=meant)


def _exposure(held: Mapping[str, Sequence[Gate]], rows: int) -> Results:
    """How near a forced discount is, by the three gates; with category, label and store fit.

    One closed gate is enough to be out of reach; if none is closed but the facts of one are
    missing, the answer is unknown, and those facts are named. A category that the book doesn't
    name counts as covered: it names five of the 27.
    """
    categories, store, product, event, label, fit, rarely = (held[group] for group in GROUPS)
    decisive = [*store, *product]
    gates, event_state = state(decisive, rows), state(event, rows)
    reached = np.where(event_state == OPEN, _TRIGGERED, _PRIMED)
    short = np.where(gates == UNKNOWN, _UNKNOWN, _NONE)
    is_out = state(categories, rows) == CLOSED
    exposure = np.where(is_out, _OUT, np.where(gates == OPEN, reached, short))
    decided, rule, reason = _decided(exposure, categories, decisive, event)
    unknown = [said_where(each.states == UNKNOWN, each.rule.column) for each in decisive]
    return {
        "exposure": exposure,
        "store_gate": state(store, rows),
        "product_gate": state(product, rows),
        "event_gate": event_state,
        "label_gate": state(label, rows),
        "store_fit": _fit(fit, rarely, rows),
        "nearest_rule": rule,
        "nearest_gate": reason,
        "reasons": joined([*decided, *_also(label, fit, rarely)]),
        "unknown": joined(unknown, ", ", or_null=True),
    }


def _click_multiple(inputs: Inputs) -> dict[str, Whole]:
    """The click rate as a multiple of the industry mean, where both are known.

    In millionths, rounded down to four places, so that a shown value below a threshold really is
    below.
    """
    given, own, mean = map(inputs.number, ("click_multiple", "click_rate", "industry_click_rate"))
    known = (own != BLANK) & (mean != BLANK) & (mean != 0)
    multiple = np.where(known, own, 0) * TEN_THOUSAND // np.where(known, mean, 1)
    worked_out = np.where(known, multiple * (MILLION // TEN_THOUSAND), BLANK)
    return {"click_multiple": np.where(given != BLANK, given, worked_out)}


def _decided(
    exposure: Numbers, categories: Sequence[Gate], gates: Sequence[Gate], event: Sequence[Gate]
) -> tuple[list[Clause], pa.Array, pa.Array]:
    """The reasons of the gates that decided, worst first: those that aren't open, or all.

    Also returns the rule and the reason of the one with the smallest gap; null without one.
    """
    is_near = exposure >= _PRIMED
    decided, rules, reasons = [], [], []
    for group, where in (
        (categories, exposure == _OUT),
        (gates, np.isin(exposure, _SHORT)),
        (event, is_near),
    ):
        chosen, clauses = nearest(group), []
        for index, gate in enumerate(group):
            is_shut = gate.states != OPEN
            clauses.append(gate.reasons(where & (is_shut | is_near)))
            is_it = where & is_shut & (chosen == index)
            rules.append(said_where(is_it, gate.rule.key))
            reasons.append(clauses[-1].where(is_it))
        decided += ordered(clauses, worst_first(group))
    decided += [gate.reasons(is_near) for gate in gates]
    return decided, joined(rules, or_null=True), joined(reasons, or_null=True)


def _also(label: Sequence[Gate], fit: Sequence[Gate], rarely: Sequence[Gate]) -> list[Clause]:
    """Clauses besides the gates that decide.

    Conditions under which stores rarely get forced discounts, where they hold; conditions of store
    fit and of the label, where they fail.
    """
    spared = _("rarely forced: {name} {value}, {bound}")
    return [
        *(gate.reasons(gate.states == OPEN, met=spared) for gate in rarely),
        *(
            clause.put_in(sentence, "reason")
            for gates, sentence in ((fit, _("store fit: {reason}")), (label, _("label: {reason}")))
            for clause in worst_reasons(gates, with_unknown=False)
        ),
    ]


def _fit(fit: Sequence[Gate], rarely: Sequence[Gate], rows: int) -> Numbers:
    """Whether such stores get forced discounts: any sparing condition means no, all fits yes."""
    by_state = [FITS.index("made_for"), FITS.index("partly"), FITS.index("unknown")]
    found = np.array(by_state, np.int64)[state(fit, rows)]
    for gate in rarely:
        found = np.where(gate.states == OPEN, FITS.index("rarely"), found)
    return found


def _money(exposure: Numbers, inputs: Inputs) -> Results:
    """Profit of a unit unforced and forced, and the money at stake; minor units.

    Unforced: after the seller's own discount, with coupons. Forced: the lowest deal price that any
    rate of the range can lead to. At stake is the profit that 30 days of unchanged sales would
    lose, (unforced − forced) × units, never under 0: all of it if the SKU is primed or triggered, 0
    if it is out or none, blank if that is unknown. It is the loss in case of a forced discount, not
    a forecast: of high-exposure products about ``forced.share`` get one. Blank without a price,
    costs or, where it matters, units.
    """
    sku, priced = inputs.sku, inputs.priced
    spared, cut = spared_and_cut(sku.list_price, sku.discounts, inputs.values.offers)
    before, after = (
        np.where(priced, profit(deal, sku.costs, sku.fees), BLANK) for deal in (spared, cut)
    )
    known = priced & is_known(sku.units_30d)
    units = np.where(known, sku.units_30d, 0)
    lost = np.where(known, np.maximum(before - after, 0) * units, BLANK)
    return {
        "profit_before": before,
        "profit_forced": after,
        "at_stake_30d": np.select(
            [exposure >= _PRIMED, exposure == _UNKNOWN], [lost, BLANK], default=0
        ),
    }
