"""Forced rates that were found in a history, joined to the SKUs of a cost file.

A row without a forced rate of its own takes that of its SKU, else of its category, else of the
store. A row of the list is for a SKU if it names one, else for a category if it names one, else for
the store; so both the output of ``rates`` and a hand-written list can be joined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.errors import CallError, InputError, Refused
from aepromo.inputs.columns import FORCED_RATE, KEYS
from aepromo.inputs.forced_range import GivenRates
from aepromo.pricing.currency import USD
from aepromo.pricing.money import BLANK
from aepromo.table.arrow_arrays import codes_of, text_scalar
from aepromo.table.cells import RATE_PLACES, fixed
from aepromo.table.column import Kind
from aepromo.table.headers import plain, read_headers
from aepromo.table.number_columns import refused_row, rows_of
from aepromo.table.rule_book_names import name_key
from aepromo.table.schema import chinese, named
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aepromo.pricing.money import Whole
    from aepromo.table.number_columns import Cells, Numbers

Took: TypeAlias = tuple[int, int, int]
"""How many rows took a rate of their SKU, of their category, of the store."""

_COLUMNS = {"mean": "forced_rate", "max": "highest_rate", "range": "rate_range"}

Range: TypeAlias = tuple[int, int]
"""A forced rate in millionths: its lowest and its highest, which may be equal."""

_NONE: Range = (BLANK, BLANK)


def rate_column(rate_from: str) -> str:
    """The column of ``mean``, ``max``, ``range``, or a quantile such as ``p95``."""
    return _COLUMNS.get(rate_from, f"{rate_from}_rate")


@dataclass(frozen=True, slots=True)
class JoinedRates:
    """Rates in millionths by SKU, by category (made ``plain``), and the store's under nothing."""

    by_sku: dict[str, Range] = field(default_factory=dict)
    by_category: dict[str, Range] = field(default_factory=dict)
    of_store: dict[str, Range] = field(default_factory=dict)

    def add(self, cells: Cells, columns: Mapping[str, int]) -> list[Refused]:
        """Add rows; return their problems. ``columns`` is the result of ``places_in``."""
        reading = cells.reading(columns["rate"], Kind.RATES, USD)
        header = str(cells.header[columns["rate"]])
        refused = [each._replace(column=header) for each in reading.bad]
        unread = frozenset(rows_of(refused).tolist())
        rates = zip(reading.numbers.tolist(), reading.upper.tolist(), strict=True)
        skus, categories = (_texts(cells, columns, name).to_pylist() for name in KEYS)
        for row, (sku, category, rate) in enumerate(zip(skus, categories, rates, strict=True)):
            if row in unread:
                continue
            if rate == _NONE:
                refused.append(refused_row(row, header, _("is missing; fill it in")))
                continue
            known, key = self._place(sku, category)
            if key in known:
                reason = _("has a rate already; keep one of the two")
                level = "sku" if sku else "category"
                place = cells.header[columns[level]] if level in columns else header
                refused.append(refused_row(row, str(place), reason))
            known[key] = rate
        return refused

    def _place(self, sku: str, category: str) -> tuple[dict[str, Range], str]:
        if sku:
            return self.by_sku, sku
        return (self.by_category, _key(category)) if category else (self.of_store, "")

    def rates_for(
        self, given: Mapping[str, Whole], cells: Cells, columns: Mapping[str, int]
    ) -> tuple[GivenRates, Took]:
        """Each row's rate, and how many rows without one of their own took it, by level.

        ``given`` are the numbers of the rows' own cells.
        """
        low, high, level = self.of(cells, columns)
        own = [np.asarray(given.get(name, BLANK)) != BLANK for name in FORCED_RATE]
        wanted = ~(own[0] | own[1] | own[2])
        counts = np.bincount(level[wanted & (low != BLANK)], minlength=3).tolist()
        return GivenRates(low, high), (counts[0], counts[1], counts[2])

    def of_row(self, sku: str, category: str) -> tuple[Range, int] | None:
        """One row's rate and its level, as from ``of``; None where there is none."""
        keys = (sku.strip(), _key(category.strip()), "")
        known = (self.by_sku, self.by_category, self.of_store)
        levels = enumerate(zip(known, keys, strict=True))
        return next(((rates[key], at) for at, (rates, key) in levels if key in rates), None)

    def of(self, cells: Cells, columns: Mapping[str, int]) -> tuple[Numbers, Numbers, Numbers]:
        """Each row's lowest and highest rate, blank where there is none, and its level.

        The level is 0 for the SKU, 1 for the category, 2 for the store. A dictionary is looked up
        row by row: building an index for every block of a long file would take longer.
        """
        skus = _texts(cells, columns, "sku").to_pylist()
        by_sku = np.array([self.by_sku.get(sku, _NONE) for sku in skus], np.int64).reshape(-1, 2)
        encoded = _texts(cells, columns, "category").dictionary_encode()
        keys = [_key(name) for name in encoded.dictionary.to_pylist()]
        known = [self.by_category.get(key, _NONE) for key in keys]
        by_category = np.array([*known, _NONE], np.int64)[codes_of(encoded)]
        has_sku, has_category = by_sku[:, :1] != BLANK, by_category[:, :1] != BLANK
        store = np.array(self.of_store.get("", _NONE), np.int64)
        rates = np.where(has_sku, by_sku, np.where(has_category, by_category, store))
        level = np.where(has_sku, 0, np.where(has_category, 1, 2))
        return rates[:, 0], rates[:, 1], level[:, 0]


def range_text(low: int, high: int) -> str:
    """A forced rate as the text of a cell: ``0.132000``, or ``0.100000..0.150000``."""
    ends = [fixed(rate, RATE_PLACES) for rate in (low, high)]
    return ends[0] if low == high else "..".join(ends)


def places_in(header: Sequence[str], rate_from: str) -> dict[str, int]:
    """The positions of SKU, category and the requested ``rate`` in a list of rates.

    Raises ``CallError`` if the list has only other rates, ``InputError`` if it is not a list of
    rates.
    """
    wanted = rate_column(rate_from)
    positions = read_headers(header, (*KEYS, "forced_rate"), {}).positions
    found = {name: places[0] for name, places in positions.items()}
    names = {plain(wanted), plain(chinese(wanted))}
    places = [at for at, name in enumerate(header) if plain(name) in names]
    if len(places) > 1:
        text = _("'{first}' and '{header}' both mean {name}; delete one of the two")
        first, other = (header[place] for place in places[:2])
        raise InputError(text.format(first=first, header=other, name=wanted))
    offered = [given for given in map(_rate_from, header) if given]
    if "sku" not in found or not (places or offered):
        text = _("not a list of rates: it has no column {name}; aepromo rates writes one")
        lacking = wanted if "sku" in found else "sku"
        raise InputError(text.format(name=named(lacking)))
    if not places:
        text = _("--rate-from '{rate_from}': no column {name}; {nearest}")
        meant = nearest(rate_from, offered, _("it has {names}"))
        raise CallError(text.format(rate_from=rate_from, name=named(wanted), nearest=meant))
    keys = {name: found[name] for name in KEYS if name in found}
    return {**keys, "rate": places[0]}


def _rate_from(header: str) -> str:
    """The ``--rate-from`` value for a header; empty if it is not a column of rates."""
    name = plain(header)
    for asked, column in _COLUMNS.items():
        if name in (plain(column), plain(chinese(column))):
            return asked
    quantile = re.fullmatch(r"(p\d+(?:\.\d+)?)(?:rate|折扣率)", name)
    return quantile[1] if quantile else ""


def _texts(cells: Cells, columns: Mapping[str, int], name: str) -> pa.Array:
    """The cells of a column without spaces around them; blank ones where there is none."""
    if name not in columns:
        return pa.repeat(text_scalar(""), len(cells))
    return pc.utf8_trim_whitespace(cells.texts(columns[name]))


def _key(category: str) -> str:
    return name_key(category) if category else ""
