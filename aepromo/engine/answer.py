"""A report over columns of cells: what it finds for each row, or what is wrong with the row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from aepromo.engine.check import Fault, Filler, check, check_results
from aepromo.engine.question import PARCEL, SHIPPED, SHOP
from aepromo.errors import InputError, Problem
from aepromo.inputs.costs import Costs, read_costs, rows_differ
from aepromo.inputs.shipped_rows import ship_rows
from aepromo.pricing.money import BLANK
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.headers import in_kilograms, known_names, plain, resolve
from aepromo.table.headings import chinese, named
from aepromo.table.number_columns import result_array
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from aepromo.engine.question import Report, Results, Sku
    from aepromo.inputs.exchange import Conversion
    from aepromo.inputs.joined_rates import Took
    from aepromo.inputs.policy import Policy
    from aepromo.pricing.currency import Currency
    from aepromo.pricing.money import Truth, Whole
    from aepromo.table.any_cells import Cells
    from aepromo.table.column import Column


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report's answer for some rows, or the problems that kept it from one.

    ``cells`` are what was asked about, ``results`` the answer as whole numbers, of which ``added``
    names the columns to add; ``sku`` is what they were computed from (None without rows),
    ``assumed`` what the rule book gave, ``took`` how many rows took the joined rate of their SKU,
    their category and the store, ``conversions`` what was done to the costs;
    ``lines`` are those of the tariff; ``signs`` those of amounts whose currency nobody names, of
    which there may be one, or money of two currencies would be added.
    """

    cells: Cells
    currency: Currency
    assumed: list[str]
    problems: list[Problem]
    results: Results = field(default_factory=dict)
    added: tuple[str, ...] = ()
    sku: Sku | None = None
    took: Took = (0, 0, 0)
    conversions: frozenset[Conversion] = frozenset()
    lines: tuple[str, ...] = ()
    signs: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.cells)

    def described(self, name: str) -> Column:
        """What an added column is; the labels of the line taken are the tariff's."""
        column = RESULTS[name]
        return column._replace(labels=self.lines) if name == "shipping_line" else column

    def column(self, name: str) -> pa.Array:
        """A column of the answer as Arrow holds it: the cells' text, or exact decimals and labels.

        A column that the report adds goes before one of the same name that was there.
        """
        if name in self.added:
            column = self.described(name)
            return result_array(self.results[name], column, len(self), self.currency)
        return self.cells.texts(list(self.cells.header).index(name))


def find_columns(
    report: Report, header: list[str], mapping: Mapping[str, str], policy: Policy
) -> dict[str, int]:
    """Where the columns stand that the report uses. Raises ``InputError`` for one that is missing.

    A column that a policy supplies, or that the rule book holds, may be missing.
    """
    found = resolve(header, (*report.uses, *policy.beside(policy.ships(report))), mapping)
    if is_priced_by_another(report, header, mapping):
        found["list_price"] = _place_of(report.priced_by, header) or 0
    offered = policy.texts()
    _check_parcel(report, header, found, policy)
    for name in report.needs:
        is_shipped = name == "logistics_cost" and policy.ships(report)
        if name not in found and name not in offered and not is_shipped:
            said = no_column(name, header)
            if name == "logistics_cost" and _has_weights(policy, header):
                said += _(", or compute it with --tariff")
            raise InputError(said)
    return found


def no_column(name: str, header: Sequence[str]) -> str:
    """What is said of a file that lacks a column, with the remedy."""
    reason = _(
        "no column for {name}; the file has {headers}; name one with "
        "--map 'HEADER={name}', or give {flag}"
    )
    headers = _(", ").join(header[:12])
    return reason.format(name=named(name), headers=headers, flag=INPUTS[name].flag)


def _check_parcel(
    report: Report, header: list[str], found: Mapping[str, int], policy: Policy
) -> None:
    """Refuse a table whose every row would lack what a tariff goes by."""
    offered = policy.texts()
    if not policy.ships(report) or "logistics_cost" in offered or "logistics_cost" in found:
        return

    def some_row_s(name: str) -> int:
        is_there = name in offered or (name == "target_price" and name in found)
        return 0 if is_there else BLANK

    if not report.wants_logistics(some_row_s):
        return
    if "weight_g" not in found and "weight_g" not in offered:
        if kilograms := in_kilograms(header):
            reason = _("'{header}' is in kilograms; write grams under weight_g, or give --weight-g")
            raise InputError(reason.format(header=kilograms))
        raise InputError(no_column("weight_g", header))
    many = policy.tariff is not None and len(policy.tariff.markets) > 1
    if many and "market" not in found and "market" not in offered:
        raise InputError(no_column("market", header))


def _has_weights(policy: Policy, header: Iterable[Hashable]) -> bool:
    """Whether there are weights that a tariff would turn into a logistics cost, but for it."""
    names = known_names()
    told = "weight_g" in policy.texts() or any(
        names.get(plain(str(each))) == "weight_g" for each in header
    )
    return told and policy.tariff is None


def _place_of(name: str, header: list[str]) -> int | None:
    """Where a column of results stands in a file, by its English name or its Chinese one."""
    if name in header:
        return header.index(name)
    places = (
        at for at, column in enumerate(header) if name and plain(column) == plain(chinese(name))
    )
    return next(places, None)


def is_priced_by_another(report: Report, header: list[str], mapping: Mapping[str, str]) -> bool:
    """Whether the price looked at is not the file's list price, but one that was proposed."""
    proposed = bool(report.priced_by) and _place_of(report.priced_by, header) is not None
    return proposed and "list_price" not in mapping.values()


def run(report: Report, cells: Cells, columns: Mapping[str, int], policy: Policy) -> Outcome:
    """Answer the report's question for every row.

    ``columns`` tells at which position each input column stands, as ``find_columns`` does.
    """
    exchange = policy.exchange()
    if rows_differ(columns):
        exchange = exchange.stated()
    currency, lines = exchange.selling, policy.tariff.lines if policy.tariff else ()
    offered, terms = policy.numbers(with_costs=not rows_differ(columns)), policy.terms()
    added = policy.added(report, columns)
    if not len(cells):
        # Whether anybody needs a value can't be told of no rows, so there is nothing to fill in.
        none: Results = {name: np.array([], np.int64) for name in added}
        return Outcome(cells, currency, [], [], none, added, lines=lines)
    costs = read_costs(cells, columns, exchange, policy.cost_texts())
    given, problems, signs = _read(cells, columns, costs, currency)
    signs = frozenset() if currency.is_stated else signs | policy.signs()
    has_weights = _has_weights(policy, cells.header)
    filler = Filler(given, offered, terms.book, currency, has_weights=has_weights)
    uses = () if "cost_currency" in columns else report.uses
    filler.assumed += policy.assumed_beside(uses, signs, costs.are_unnamed)
    shipped: Results = {}
    conversions = costs.conversions
    if policy.ships(report):
        wanted = report.wants_logistics(filler.value)
        shipped, more = _shipped(cells, columns, given, policy, problems, wanted)
        conversions |= more
    took = policy.rates.fill(given, cells, columns) if policy.rates else (0, 0, 0)
    sku = check(report, filler)
    unread = {(problem.row, problem.column) for problem in problems}
    for fault in filler.faults:
        # A cell that can't be read is blank from here on, but it isn't missing.
        found = _problems(fault, cells, columns)
        problems += [each for each in found if (each.row, each.column) not in unread]
    if problems:
        return Outcome(cells, currency, filler.assumed, _in_order(problems), signs=signs)
    results = shipped | report.compute(sku, terms)
    for fault in check_results(results, sku, currency):
        problems += _problems(fault, cells, columns)
    if problems:
        return Outcome(cells, currency, filler.assumed, _in_order(problems), signs=signs)
    return Outcome(
        cells,
        currency,
        filler.assumed,
        [],
        results,
        added,
        sku,
        took,
        conversions,
        lines,
        signs,
    )


def _shipped(
    cells: Cells,
    columns: Mapping[str, int],
    given: dict[str, Whole],
    policy: Policy,
    problems: list[Problem],
    wanted: Truth,
) -> tuple[Results, frozenset[Conversion]]:
    """Fill in logistics costs out of the tariff: the lines taken and what they cost."""
    blank = np.full(len(cells), BLANK, np.int64)
    shipping = policy.shipping()
    if shipping is None:
        return dict.fromkeys(SHIPPED, blank), frozenset()
    logistics = given.get("logistics_cost", BLANK)
    place = columns.get("logistics_cost")
    header = None if place is None else cells.header[place]
    unread = {each.row for each in problems if each.column == header}
    is_blank = np.asarray(logistics == BLANK)
    rows = np.broadcast_to(is_blank & wanted, len(cells))
    shipped = ship_rows(cells, columns, rows, shipping, policy.texts())
    for row, name, reason in shipped.bad:
        if row not in unread:
            named = str(cells.header[columns[name]]) if name in columns else name
            problems.append(Problem(row, named, reason))
    # A row that nothing ships is named already, and so isn't to be named as lacking the cost too.
    given["logistics_cost"] = np.where(is_blank, np.maximum(shipped.cost, 0), logistics)
    conversions = shipping.conversions() if (shipped.cost != BLANK).any() else frozenset()
    return {"shipping_line": shipped.line, "shipping_cost": shipped.cost}, conversions


def without_bad_rows(
    report: Report, outcome: Outcome, columns: Mapping[str, int], policy: Policy
) -> tuple[Outcome, list[Problem]]:
    """The answer for the rows that have one, and the problems of all others.

    That a row has no answer may show only once the cells of all others can be read.
    """
    cells, problems = outcome.cells, list(outcome.problems)
    good = np.arange(len(cells))
    while outcome.problems:
        good = np.delete(good, [problem.row for problem in outcome.problems])
        outcome = run(report, cells.chosen(good), columns, policy)
        problems += [each._replace(row=int(good[each.row])) for each in outcome.problems]
    return outcome, _in_order(problems)


def _read(
    cells: Cells, columns: Mapping[str, int], costs: Costs, currency: Currency
) -> tuple[dict[str, Whole], list[Problem], frozenset[str]]:
    given: dict[str, Whole] = dict(costs.converted)
    signs = costs.signs
    problems = [
        Problem(row, str(cells.header[columns[name]]), reason) for row, name, reason in costs.bad
    ]
    for name, position in columns.items():
        kind = INPUTS[name].kind
        if kind is Kind.TEXT or name in (*SHOP, *PARCEL):
            continue
        reading = cells.reading(position, kind, currency)
        given[name] = reading.numbers
        if kind is Kind.RATES:
            given["forced_rate_to"] = reading.upper
        header = str(cells.header[position])
        problems += [Problem(row, header, reason) for row, reason in reading.bad.items()]
        signs |= reading.signs if kind in AMOUNTS else frozenset()
    return given, problems, signs


def _problems(fault: Fault, cells: Cells, columns: Mapping[str, int]) -> list[Problem]:
    """A fault as one problem for each row where it holds."""
    position = columns.get(fault.column)
    header = fault.column if position is None else str(cells.header[position])
    where = np.broadcast_to(np.asarray(fault.where), len(cells))
    return [Problem(int(row), header, fault.reason(int(row))) for row in np.flatnonzero(where)]


def _in_order(problems: list[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.row)
