"""The rule book: every figure that the program assumes of the platform, with its origin.

The figures are data, one TOML file per family in ``book``. Few of them are confirmed by a public
page, so each carries the document that reports it and that document's date, and callers may
override each one. Values stay text, because a rate or an amount is exact only as it was written.

A file is parsed when the first of its figures is asked for, so that a one-liner which needs two
rates doesn't pay for the whole book.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FAMILIES: tuple[str, ...] = (
    "fees",
    "floor",
    "coupon",
    "spend_save",
    "stacking",
    "limited",
    "reprice",
    "forced",
    "appeal",
    "reverse",
    "tracking",
    "fx",
    "price_update",
)
"""The first part of every key, in the order in which the book is shown."""

LISTS = frozenset({"list", "path", "any_of", "all_of", "none_of"})
"""The units whose value is a tuple: things in no order, steps of a menu, and three conditions."""

UNITS = LISTS | {
    *("ratio", "percent_points", "money", "multiple", "count", "rank", "score", "index", "level"),
    *("days", "hours", "seconds", "date", "tier", "text", "yes_no", "switch"),
    "exchange_rate",
}
"""Every unit that a figure may have; ``Rule`` says how its value is written."""

COMPARISONS = frozenset({">", ">=", "<", "<="})


class Rule(NamedTuple):
    """One figure of the rule book.

    ``value`` is text as a cell would hold it, or a tuple of texts where ``unit`` is one of
    ``LISTS``. By unit: ``ratio`` ``"8%"``; ``money`` in US dollars ``"0.80"``; ``level`` ``"L3"``;
    ``tier`` ``"30:3"`` (spend:save); ``exchange_rate`` units for one US dollar ``"7.1"``; ``date``
    ``"2024-02"``; ``yes_no`` ``"yes"``; ``switch`` ``"on"``; ``text`` verbatim; any other a plain
    number. A range is ``"10%..20%"``.

    ``span`` is the range that the origin reports, where the program assumes only one end of it as
    ``value``. ``compare`` is the operator of a threshold, as in the origin: measured figure
    ``compare`` ``value``. Four thresholds state what goes wrong (``floor.multiple``,
    ``reverse.erp_delay``, ``tracking.gap_hours``) or who is spared
    (``forced.rarely.store_age_days``); every other one states what must hold. ``date`` is the
    origin's, as precisely as it is known: a year, quarter, month or day.
    """

    key: str
    value: str | tuple[str, ...]
    unit: str
    meaning: str
    origin: str
    date: str
    span: str = ""
    compare: str = ""
    column: str = ""
    overridden: str = ""


REQUIRED = ("value", "unit", "meaning", "origin", "date")
OPTIONAL = ("span", "compare", "column")
FIELDS = (*REQUIRED, *OPTIONAL)


class UnknownRule(LookupError):
    """No figure has this key. The message names the nearest one, or lists all."""


def family(name: str) -> dict[str, Rule]:
    """The figures of one family by full key, in the order of its file.

    The dictionary is a copy. Raises ``UnknownRule`` for a name not in ``FAMILIES``.
    """
    if name not in FAMILIES:
        raise _unknown(_("no group of rules {name}; {nearest}"), name, FAMILIES)
    return dict(_load(name))


def rule(key: str) -> Rule:
    """The figure with this full key, such as ``forced.gate1.level``.

    Raises ``UnknownRule``, also for the beginning of longer keys (``forced.gate1``).
    """
    name = key.partition(".")[0]
    found = _load(name).get(key) if name in FAMILIES else None
    if found is None:
        raise _unknown(_("no rule {name}; {nearest}"), key, _keys())
    return found


def book() -> tuple[Rule, ...]:
    """Every figure, family by family. Parses all files."""
    return tuple(figure for name in FAMILIES for figure in _load(name).values())


def matching(prefix: str) -> tuple[Rule, ...]:
    """The figure with this key and those whose key continues it after a dot, in file order.

    ``forced.gate1`` gives the figures of that gate, ``forced.rate`` that figure alone, and
    ``forced.gate`` nothing: whole parts keep a group from catching its neighbours. Raises
    ``UnknownRule`` when nothing matches.
    """
    name = prefix.partition(".")[0]
    figures = _load(name) if name in FAMILIES else {}
    found = tuple(figure for key, figure in figures.items() if f"{key}.".startswith(f"{prefix}."))
    if not found:
        raise _unknown(_("no rule {name}; {nearest}"), prefix, _prefixes())
    return found


def _keys() -> Iterator[str]:
    return (figure.key for figure in book())


def _prefixes() -> Iterator[str]:
    for key in _keys():
        parts = key.split(".")
        yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def _unknown(unknown: str, asked: str, known: Iterable[str]) -> UnknownRule:
    family = asked.partition(".")[0]
    there = _load(family) if family in FAMILIES else FAMILIES
    otherwise = _("there are {names}").format(names=", ".join(there))
    return UnknownRule(unknown.format(name=repr(asked), nearest=nearest(asked, known, otherwise)))


@cache
def _load(name: str) -> Mapping[str, Rule]:
    # Not importlib.resources, which takes longer to import than the whole book takes to read.
    file = Path(__file__).with_name("book") / f"{name}.toml"
    return _parse(name, file.read_text(encoding="utf-8"), file.name)


def _parse(name: str, text: str, file: str) -> dict[str, Rule]:
    """The figures in one family's TOML text.

    Strict, because a mistyped field would otherwise drop a threshold without a message, and a TOML
    number would become a binary float. Raises ``ValueError`` naming the file and the key.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: {error}") from error
    loose = [field for field, part in tables.items() if not isinstance(part, dict)]
    if loose:
        raise ValueError(f"{file}: {loose[0]}: a field outside any table")
    return _figures({f"{name}.{field}": table for field, table in tables.items()}, file)


def _figures(tables: Mapping[str, Mapping[str, object]], file: str) -> dict[str, Rule]:
    """The figures that tables state, each before those of the tables inside it."""
    found: dict[str, Rule] = {}
    waiting = [*tables.items()][::-1]
    while waiting:
        key, table = waiting.pop()
        inner = {name: part for name, part in table.items() if isinstance(part, dict)}
        own = {name: part for name, part in table.items() if name not in inner or name in FIELDS}
        if own:
            found[key] = _figure(key, own, f"{file}: {key}")
        elif not inner:
            raise ValueError(f"{file}: {key}: an empty table")
        waiting += [(f"{key}.{name}", part) for name, part in inner.items()][::-1]
    return found


def _figure(key: str, fields: Mapping[str, object], place: str) -> Rule:
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        raise ValueError(f"{place}: unknown field {unknown[0]!r}")
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise ValueError(f"{place}: lacks {missing[0]!r}")
    texts: dict[str, str | tuple[str, ...]] = {}
    for name, part in fields.items():
        items = part if isinstance(part, list) else [part]
        lines = tuple(item for item in items if isinstance(item, str) and item.strip())
        if not lines or len(lines) < len(items):
            raise ValueError(f"{place}: {name}: {part!r} is not text; write it in quotes")
        texts[name] = lines if isinstance(part, list) else lines[0]
    value = texts.pop("value")
    single = {name: part for name, part in texts.items() if isinstance(part, str)}
    if len(single) < len(texts):
        raise ValueError(f"{place}: only a value may be an array")
    unit = single["unit"]
    if unit not in UNITS:
        raise ValueError(f"{place}: unknown unit {unit!r}")
    if isinstance(value, tuple) != (unit in LISTS):
        raise ValueError(f"{place}: the value {value!r} doesn't fit the unit {unit!r}")
    if "compare" in single and single["compare"] not in COMPARISONS:
        raise ValueError(f"{place}: unknown comparison {single['compare']!r}")
    return Rule(key=key, value=value, **single)
