"""A question about rows: which columns it needs, what it adds, and how the answer is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from aepromo.inputs.columns import SHIPPED, TARGETS
from aepromo.pricing.money import BLANK, any_of
from aepromo.table.found_columns import FoundColumns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from aepromo.engine.filling import Fault
    from aepromo.inputs.costs import Costs
    from aepromo.inputs.row_shipping import ShippedRows
    from aepromo.inputs.values import Values
    from aepromo.pricing.fees import Costs as UnitCosts
    from aepromo.pricing.fees import FeeRates
    from aepromo.pricing.money import Truth, Whole
    from aepromo.pricing.offers import Discounts
    from aepromo.pricing.protect import Targets
    from aepromo.table.number_columns import Cells, Numbers, Words

    Result: TypeAlias = Whole | pa.Array
    Results: TypeAlias = dict[str, Result]
    Figures: TypeAlias = dict[str, Whole]


class Sku(NamedTuple):
    """The values of a SKU, or of a column of them; blank where they are not known."""

    list_price: Whole
    costs: UnitCosts
    fees: FeeRates
    discounts: Discounts
    targets: Targets
    units_30d: Whole
    max_price: Whole = BLANK


class Inputs(NamedTuple):
    """Everything known about a SKU, or the rows of a table, resolved to numbers.

    ``priced`` is where list price and costs are known; elsewhere the figures of ``sku`` mean
    nothing; ``unpriced`` counts the rows that have some of them but not all, and ``lacking`` names
    what is missing. ``numbers`` are the other columns of numbers by name: scores and days in
    millionths, shares, counts, levels, flags as 0 and 1, dates as days and times as microseconds
    since 1970 in UTC. ``words`` are columns of names. ``cells`` and ``columns`` give the text of
    any other column; ``costs`` and ``shipped`` have the origin of the costs. ``lacks_zone``: some
    time has no zone.
    """

    sku: Sku
    values: Values
    rows: int = 1
    priced: Truth = True
    unpriced: int = 0
    lacking: tuple[str, ...] = ()
    numbers: Mapping[str, Whole] = {}
    words: Mapping[str, Words] = {}
    cells: Cells | None = None
    columns: FoundColumns = FoundColumns({})
    costs: Costs | None = None
    shipped: ShippedRows | None = None
    lacks_zone: bool = False

    def has_blank(self, name: str) -> bool:
        """Whether some row has neither a cell nor a given value for a column."""
        if name in self.words:
            return bool((self.words[name].codes < 0).any())
        return any_of(self.numbers.get(name, BLANK) == BLANK)

    def column(self, figure: Whole) -> Numbers:
        """A figure as a column, also where it is one for all rows."""
        import numpy as np

        return np.broadcast_to(np.asarray(figure, np.int64), self.rows)

    def number(self, name: str) -> Numbers:
        """A column of numbers; blank where there is none."""
        return self.column(self.numbers.get(name, BLANK))

    def stated_cost(self, name: str) -> Whole:
        """A cost in minor units of the currency in which it was stated."""
        import numpy as np

        given = self.values.costs.stated.get(name, BLANK)
        if self.costs is None:
            return given
        own = self.costs.stated.get(name, self.costs.converted.get(name, BLANK))
        return np.where(own == BLANK, given, own)

    def text(self, name: str) -> pa.Array:
        """A column's cells as text without spaces around them; the given value where blank."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from aepromo.table.arrow_arrays import are_empty, text_scalar

        given = self.values.texts.get(name, "").strip()
        if self.cells is None or name not in self.columns:
            return pa.repeat(text_scalar(given), self.rows)
        own = pc.utf8_trim_whitespace(self.cells.texts(self.columns[name]))
        return pc.if_else(are_empty(own), text_scalar(given), own) if given else own


class Question(NamedTuple):
    """One question about rows.

    ``uses`` are the input columns on which the answer may depend, ``needs`` those without which
    there is none; a file must also have the columns ``wants``, though their cells may be blank.
    ``adds`` returns the result columns for the inputs that there are. ``compute`` answers.

    ``always_profit``: the profit is part of the answer, so costs and fees are needed even if no
    target needs it. ``prices_some``: rows without a list price or costs have an answer too, but no
    profit. ``describes_store``: the answer also depends on the store. ``assumes_rate``: the rule
    book's forced rate is used where none is given. ``priced_by`` is a column that goes before
    ``list_price`` as the price to check; ``sets_prices``: it answers with a list price.
    ``markets``: a row may sell to several, and the dearest parcel counts. ``is_about_skus``: a row
    is a SKU, so ids are unique. ``is_whole``: an answer may need any other row, so a file is read
    into memory. ``excuses_parcels``: a parcel that no line carries is not a bad row. ``faults``
    finds inputs that make no sense.

    ``key_columns`` are those that a table shows, the most wanted first; ``sort_by`` orders its
    rows, by column and ``"ascending"`` or ``"descending"``. ``counts`` are the label columns whose
    counts sum up a run, ``totals`` is a money column that is added up. ``leads`` come first in a
    table, in this order; ``peak`` is a money column of which the highest row is named.
    """

    name: str
    question: str
    uses: tuple[str, ...]
    needs: tuple[str, ...]
    adds: Callable[[frozenset[str]], tuple[str, ...]]
    compute: Callable[[Inputs], Results]
    key_columns: tuple[str, ...]
    wants: tuple[str, ...] = ()
    always_profit: bool = False
    prices_some: bool = False
    describes_store: bool = False
    assumes_rate: bool = True
    priced_by: str = ""
    sets_prices: bool = False
    markets: bool = False
    is_about_skus: bool = True
    excuses_parcels: bool = False
    is_whole: bool = False
    faults: Callable[[Inputs], Sequence[Fault]] | None = None
    sort_by: tuple[tuple[str, str], ...] = ()
    counts: tuple[str, ...] = ()
    totals: str = ""
    leads: tuple[str, ...] = ()
    peak: str = ""

    def ships(self, values: Values) -> bool:
        """Whether a tariff answers where the logistics cost is blank."""
        return values.policy.tariff is not None and "logistics_cost" in self.uses

    def added(self, columns: Iterable[str], values: Values) -> tuple[str, ...]:
        """The result columns on a table that has these columns."""
        added = self.adds(frozenset(columns) | values.supplied)
        return (*SHIPPED, *added) if self.ships(values) else added

    def wants_logistics(self, value: Callable[[str], Whole]) -> Truth:
        """Where a tariff is used: everywhere, or where the target is a profit and not only a price.

        ``value`` knows a column's value.
        """
        if self.always_profit or self.prices_some:
            return True
        price, profit, margin, markup = map(value, TARGETS)
        return (price == BLANK) | (profit != BLANK) | (margin != BLANK) | (markup != BLANK)


def adding(*columns: str) -> Callable[[frozenset[str]], tuple[str, ...]]:
    """Add the same result columns whatever is known."""

    def adds(_known: frozenset[str]) -> tuple[str, ...]:
        return columns

    return adds
