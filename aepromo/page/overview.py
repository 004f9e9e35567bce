"""``report``: an overview of a whole price list.

A file is read block by block: each block has its own ``Overview``, and these add up to that of the
file. The memory used grows with the number of categories, not with the rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aepromo.calculators.audit import AUDIT, audit
from aepromo.calculators.reprice import decision_of
from aepromo.engine.question import Question, adding
from aepromo.pricing.decision import ACTIONS
from aepromo.pricing.fees import STATUSES, margin, profit
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK, MILLION, is_known, most, pick
from aepromo.pricing.offers import spared_and_cut
from aepromo.sweep.forced_rates import counts_by_rate
from aepromo.words import N_

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    import numpy as np
    import numpy.typing as npt

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Figures, Inputs

    Numbers: TypeAlias = npt.NDArray[np.int64]

RATES = range(0, 40 * MILLION // 100 + 1, MILLION // 100)
"""The forced rates at which survivors are counted: each whole percent to 40, in millionths."""

PERCENTS = range(-100, 101)
"""Margins are counted by the whole percent below them; others at the nearer end."""


def _compute(inputs: Inputs) -> Figures:
    """The results of the audit, and the profit that a forced discount would cost, in minor units.

    ``at_stake_30d`` is the profit that 30 days of unchanged sales would lose if the deepest
    discount were forced on the SKU: (unforced − forced) × units, never under 0, blank without
    units. ``lost`` is the same for one unit.
    """
    results: Figures = audit(inputs)
    sku, values = inputs.sku, inputs.values
    decision = decision_of(inputs, results["required_deal_price"])
    price = decision.new_list_price
    spared, cut = spared_and_cut(sku.list_price, sku.discounts, values.offers)
    before, after = (profit(deal, sku.costs, sku.fees) for deal in (spared, cut))
    lost = most(before - after, 0)
    known = is_known(sku.units_30d)
    return {
        **results,
        "new_list_price": pick(price < AMOUNT_LIMIT, price, BLANK),
        "action": decision.action,
        "profit_before": before,
        "profit_forced": after,
        "margin_before": margin(before, spared),
        "margin_forced": margin(after, cut),
        "lost": lost,
        "at_stake_30d": pick(known, lost * pick(known, sku.units_30d, 0), BLANK),
    }


OVERVIEW = Question(
    name="report",
    question=N_("One HTML page: what to change, why, and what is at stake."),
    uses=(*AUDIT.uses, "max_price", "sku", "title", "category", "units_30d"),
    needs=AUDIT.needs,
    adds=adding(),
    compute=_compute,
    key_columns=AUDIT.key_columns,
    always_profit=True,
    priced_by=AUDIT.priced_by,
)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """One SKU that is not ok. Minor units, ten-thousandths and millionths; ``BLANK`` for none.

    ``new_list_price`` is blank where no price protects. ``action``, ``status``, ``bound_by`` and
    ``worst_case`` are indices into ``ACTIONS``, ``STATUSES``, ``BOUNDS`` and ``WORST_CASES``.
    """

    sku: str
    title: str
    category: str
    action: int
    status: int
    profit: int
    list_price: int
    deal_price: int
    required_deal_price: int
    bound_by: int
    floor_price: int
    margin: int
    worst_case: int
    forced_rate_max: int
    new_list_price: int
    at_stake_30d: int


@dataclass(slots=True)
class Stake:
    """The profit that a forced discount would cost for some SKUs, in minor units.

    ``lost`` counts one unit of each, ``at_stake_30d`` the units of those whose units are known;
    ``unknown`` is how many have none.
    """

    rows: int = 0
    at_risk: int = 0
    lost: int = 0
    at_stake_30d: int = 0
    unknown: int = 0

    def add(self, other: Stake) -> None:
        """Count some more SKUs."""
        self.rows += other.rows
        self.at_risk += other.at_risk
        self.lost += other.lost
        self.at_stake_30d += other.at_stake_30d
        self.unknown += other.unknown

    @property
    def is_in_months(self) -> bool:
        """Whether the units of any SKU are known, so that a month can be counted."""
        return self.unknown < self.rows


@dataclass(slots=True)
class Overview:
    """The overview of a price list.

    ``actions`` count SKUs in the order of ``ACTIONS``, ``statuses`` and each of ``by_rate`` in that
    of ``STATUSES``. ``margins_before`` and ``margins_forced`` count them by whole percent, as
    ``PERCENTS`` go; a deal price of nothing has no margin and is in neither. ``losses_before`` and
    ``losses_forced`` count profits under 0. ``at_risk`` are the SKUs with the worst outcomes, the
    worst first, at most ``limit``. ``forced_rates`` are the lowest and highest forced rate met, in
    millionths. The ``unlisted`` have no list price, and are in none of the counts.
    """

    limit: int
    actions: list[int] = field(default_factory=lambda: [0] * len(ACTIONS))
    statuses: list[int] = field(default_factory=lambda: [0] * len(STATUSES))
    by_rate: list[list[int]] = field(default_factory=lambda: [[0] * len(STATUSES) for _ in RATES])
    margins_before: list[int] = field(default_factory=lambda: [0] * len(PERCENTS))
    margins_forced: list[int] = field(default_factory=lambda: [0] * len(PERCENTS))
    losses_before: int = 0
    losses_forced: int = 0
    at_risk: list[AtRisk] = field(default_factory=list)
    categories: dict[str, Stake] = field(default_factory=dict)
    total: Stake = field(default_factory=Stake)
    forced_rates: tuple[int, int] | None = None
    unlisted: int = 0

    @property
    def rows(self) -> int:
        """The number of SKUs."""
        return self.total.rows

    def add(self, other: Overview) -> None:
        """Add the SKUs that come after these."""
        self.actions = _sums(self.actions, other.actions)
        self.statuses = _sums(self.statuses, other.statuses)
        self.by_rate = [_sums(*each) for each in zip(self.by_rate, other.by_rate, strict=True)]
        self.margins_before = _sums(self.margins_before, other.margins_before)
        self.margins_forced = _sums(self.margins_forced, other.margins_forced)
        self.losses_before += other.losses_before
        self.losses_forced += other.losses_forced
        together = sorted([*self.at_risk, *other.at_risk], key=_worst_first)
        self.at_risk = together[: self.limit]
        for name, stake in other.categories.items():
            self.categories.setdefault(name, Stake()).add(stake)
        self.total.add(other.total)
        self.unlisted += other.unlisted
        ends = [*(self.forced_rates or ()), *(other.forced_rates or ())]
        self.forced_rates = (min(ends), max(ends)) if ends else None


def overview(outcome: Outcome, columns: Mapping[str, int], limit: int) -> Overview:
    """The overview of an outcome of ``OVERVIEW``.

    ``columns`` are the positions of ``sku``, ``title`` and ``category`` in the cells; without
    ``sku`` the first column names SKUs, the others may be missing.
    """
    import numpy as np

    rows, inputs = len(outcome), outcome.inputs
    if not rows or inputs is None:
        return Overview(limit, unlisted=outcome.unlisted)
    sku = inputs.sku
    results = {
        name: np.broadcast_to(np.asarray(figures, np.int64), rows)
        for name, figures in {
            **outcome.results,
            "list_price": sku.list_price,
            "forced_rate_max": sku.discounts.forced_rate_max,
        }.items()
    }
    everything = np.zeros(rows, np.int64)
    return Overview(
        limit,
        actions=_counts(results["action"], len(ACTIONS)),
        statuses=_counts(results["status"], len(STATUSES)),
        by_rate=counts_by_rate(inputs, RATES).tolist(),
        margins_before=_by_percent(results["margin_before"]),
        margins_forced=_by_percent(results["margin_forced"]),
        losses_before=int((results["profit_before"] < 0).sum()),
        losses_forced=int((results["profit_forced"] < 0).sum()),
        at_risk=_at_risk(outcome, results, columns, limit),
        categories=_by_category(outcome, results, columns),
        total=_stakes(results, everything, 1)[0],
        forced_rates=(
            int(np.min(sku.discounts.forced_rate_min)),
            int(np.max(sku.discounts.forced_rate_max)),
        ),
        unlisted=outcome.unlisted,
    )


def _at_risk(
    outcome: Outcome, results: Mapping[str, Numbers], columns: Mapping[str, int], limit: int
) -> list[AtRisk]:
    import numpy as np

    statuses, profits = results["status"], results["profit"]
    found = np.flatnonzero(statuses)
    # Equal rows keep the order of the file.
    found = found[np.lexsort((profits[found], -statuses[found]))][:limit]
    names = [name for name in AtRisk.__slots__ if name in results]
    figures = [results[name][found].tolist() for name in names]
    chosen = outcome.cells.chosen(found)
    skus = chosen.texts(columns.get("sku", 0)).to_pylist()
    titles, categories = (
        chosen.texts(columns[name]).to_pylist() if name in columns else [""] * len(found)
        for name in ("title", "category")
    )
    return [
        AtRisk(sku, title, category, **dict(zip(names, row, strict=True)))
        for sku, title, category, *row in zip(skus, titles, categories, *figures, strict=True)
    ]


def _worst_first(sku: AtRisk) -> tuple[int, int]:
    return -sku.status, sku.profit


def _by_percent(margins: Numbers) -> list[int]:
    """The number of margins, in ten-thousandths, at each whole percent."""
    import numpy as np

    whole = margins[margins != BLANK] // 100
    return _counts(np.clip(whole, PERCENTS[0], PERCENTS[-1]) - PERCENTS[0], len(PERCENTS))


def _by_category(
    outcome: Outcome, results: Mapping[str, Numbers], columns: Mapping[str, int]
) -> dict[str, Stake]:
    """The stake of each category, by its name in the file without surrounding spaces.

    Empty where the file has no categories.
    """
    import pyarrow.compute as pc

    from aepromo.table.arrow_arrays import codes_of

    if "category" not in columns:
        return {}
    cells = outcome.cells.texts(columns["category"])
    encoded = pc.utf8_trim_whitespace(cells).dictionary_encode()
    names = encoded.dictionary.to_pylist()
    return dict(zip(names, _stakes(results, codes_of(encoded), len(names)), strict=True))


def _stakes(results: Mapping[str, Numbers], groups: Numbers, number: int) -> list[Stake]:
    """The stake of each of ``number`` groups; ``groups`` holds each row's index."""
    import numpy as np

    stakes = results["at_stake_30d"]
    unknown = stakes == BLANK
    sums = (
        _counts(groups, number),
        _counts(groups[results["status"] > 0], number),
        _exact_sums(groups, results["lost"], number),
        _exact_sums(groups, np.where(unknown, 0, stakes), number),
        _counts(groups[unknown], number),
    )
    return [Stake(*each) for each in zip(*sums, strict=True)]


def _counts(indices: Numbers, number: int) -> list[int]:
    import numpy as np

    counted: list[int] = np.bincount(indices, minlength=number).tolist()
    return counted


_HALF = 31


def _exact_sums(groups: Numbers, numbers: Numbers, number: int) -> list[int]:
    """The sum of each group, in two halves, because the total may not fit 64 bits."""
    import numpy as np

    halves = []
    for half in (numbers >> _HALF, numbers & ((1 << _HALF) - 1)):
        sums = np.zeros(number, np.int64)
        np.add.at(sums, groups, half)
        halves.append(sums.tolist())
    return [(high << _HALF) + low for high, low in zip(*halves, strict=True)]


def _sums(counts: Sequence[int], more: Sequence[int]) -> list[int]:
    return [one + other for one, other in zip(counts, more, strict=True)]
