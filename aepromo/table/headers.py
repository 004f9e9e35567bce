"""Header rows: the column that each header means, its currency or unit, and open questions.

The meaning of names is data: ``vocabulary.txt``, and the columns' own names. A unit or currency may
end a header: ``Cost (USD)``, ``成本价（元）``, ``weight_kg``.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aepromo.errors import CallError, InputError
from aepromo.table.cells import few
from aepromo.table.column import AMOUNTS, Kind
from aepromo.table.schema import INPUTS, RESULTS, chinese, in_chinese, named
from aepromo.words import _
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from aepromo.table.column import Column


class Measure(Enum):
    """The quantity that a unit measures."""

    MONEY = "money"
    WEIGHT = "weight"
    SHARE = "share"
    COUNT = "count"
    TIME = "time"


class Unit(NamedTuple):
    """A unit by its code: ``CNY``, a sign such as ``$``, ``kg``, ``%``, ``each``, ``days``.

    A sign that several currencies share stays a sign, as it would in a cell.
    """

    measure: Measure
    code: str


_CODES = (
    *("USD", "CNY", "EUR", "GBP", "JPY", "RUB", "HKD", "BRL", "KRW", "PLN", "AUD", "CAD", "TWD"),
    *("INR", "TRY", "SGD", "MXN", "MYR", "THB", "VND", "IDR", "PHP", "AED", "SAR", "CHF", "SEK"),
    *("NOK", "DKK", "CZK", "HUF", "UAH", "KZT", "CLP", "ZAR", "ILS", "NZD"),
)
"""Currencies that are known without loading the list of all."""

_NO_CURRENCIES = frozenset({"ALL", "TOP", "CUP"})
"""Codes that are more likely words, such as ALL, the Albanian lek."""

_WORDS = {
    "CNY": "rmb 元 人民币 人民币元 yuan 圆 cn¥ 元人民币",
    "USD": "us$ 美元 美金 usdollar usdollars usd$ $usd",
    "EUR": "€ 欧元 euro euros",
    "GBP": "£ 英镑 poundsterling",
    "JPY": "日元 yen 円 jp¥",
    "RUB": "₽ 卢布 руб руб.",
    "HKD": "hk$ 港币 港元",
    "BRL": "r$ 雷亚尔",
    "MYR": "rm",
    "TWD": "nt$ 台币 新台币",
    "AUD": "a$ au$ 澳元",
    "CAD": "c$ ca$ 加元",
    "KRW": "₩ 韩元 韩币",
    "INR": "₹",
    "VND": "₫ 越南盾",
    "THB": "฿ 泰铢",
    "$": "$ dollar dollars",
    "¥": "¥",
}
_OTHERS = {
    Measure.WEIGHT: {
        "g": "g gr gm gms gram grams 克 公克",
        "kg": "kg kgs kilo kilos kilogram kilograms 千克 公斤",
        "lb": "lb lbs pound pounds 磅",
        "oz": "oz ounce ounces 盎司",
        "斤": "斤 市斤",
        "mg": "mg 毫克",
        "t": "t ton tons 吨",
    },
    Measure.SHARE: {"%": "% percent percentage pct 百分比 百分数"},
    Measure.COUNT: {"each": "each ea pcs pc piece pieces unit units perunit 件 个 只 套 单 每件"},
    Measure.TIME: {
        "days": "day days d 天 日",
        "hours": "hour hours h hrs 小时 时",
        "seconds": "second seconds s sec 秒",
    },
}
_UNITS = {
    **{code.casefold(): Unit(Measure.MONEY, code) for code in _CODES},
    **{word: Unit(Measure.MONEY, code) for code, words in _WORDS.items() for word in words.split()},
    **{
        word: Unit(measure, code)
        for measure, units in _OTHERS.items()
        for code, words in units.items()
        for word in words.split()
    },
}
WEIGHTS = ("g", "kg")
"""Units of weight that cells are read in."""

_LONGEST = 200
"""The longest header in which a unit is searched, in characters."""

_BRACKETS = {")": "(", "]": "[", "}": "{", ">": "<", "】": "【", "〕": "〔", "》": "《", "」": "「"}
_LAST_WORD = re.compile(r"[\s_/:,;–—-]+[^\s_/:,;–—-]+$")
_GLUED = re.compile(
    r"(?:(?<=[^\x00-\x7f])[A-Za-z]+\$?|[$€£¥₽%]|人民币|美元|美金|欧元|英镑|日元|卢布|港币|港元|元|千克"
    r"|公斤|克)$"
)
_LINKED = re.compile(r"(?:\s+in|[,;]\s*unit|[,;]?\s*单位)$", re.IGNORECASE)
_PREFIX = re.compile(r"^(?:单位|unit\b|in(?=\s))\s*:?\s*", re.IGNORECASE)
_PER_PIECE = re.compile(
    r"(?:/|每|per)(?:件|个|只|套|双|pcs?|pieces?|units?|ea|each|items?|sku)$", re.IGNORECASE
)
_US_DOLLAR = re.compile(r"\bUS\s+\$", re.IGNORECASE)


def endings(header: str) -> Iterator[tuple[str, str]]:
    """The ways to split a header into a name and a unit at its end, the likeliest first.

    ``header`` is in NFKC. Whether the end is a unit isn't checked here.
    """
    text = header.strip().rstrip(" *:")
    if not text or text[-1].isdigit() or len(text) > _LONGEST:
        return
    if opening := _BRACKETS.get(text[-1]):
        name, _bracket, unit = text.rpartition(opening)
        yield _LINKED.sub("", name.rstrip()).rstrip(), unit[:-1]
    text = _US_DOLLAR.sub("US$", text)
    for pattern in (_LAST_WORD, _GLUED):
        if match := pattern.search(text):
            name = text[: match.start()]
            yield _LINKED.sub("", name.rstrip()).rstrip(" ,;"), match[0].lstrip(" _/:,;–—-")


def unit_of(text: str) -> Unit | None:
    """The unit in a text; None if there is none, or two different ones."""
    tidied = _PREFIX.sub("", text.strip(), count=1)
    tidied = _PER_PIECE.sub("", "".join(tidied.split())) or "each"
    known = _known(tidied)
    if known is None and len(parts := [_known(part) for part in re.split(r"[\s/,]+", text)]) > 1:
        units = set(parts)
        # USD $ and CNY 元 name the same currency twice.
        codes = {unit for unit in units if unit and unit.code not in ("$", "¥")}
        if None not in units and len(codes) == 1:
            return codes.pop()
    return known


def _known(word: str) -> Unit | None:
    unit = _UNITS.get(word.casefold())
    if unit is None and len(word) == 3 and word.isascii() and word.isalpha():
        code = word.upper()
        if code not in _NO_CURRENCIES and _is_currency(code):
            return Unit(Measure.MONEY, code)
    return unit


def _is_currency(code: str) -> bool:
    """Whether ISO 4217 has a currency; its list takes a tenth of a second to load."""
    from aepromo.table.cells import CellError, currency_named

    try:
        currency_named(code)
    except CellError:
        return False
    return True


def fits(unit: Unit, column: Column) -> bool:
    """Whether the cells of a column may be in a unit."""
    if unit.measure is Measure.MONEY:
        return column.kind in AMOUNTS or (column.name == "gmv_90d" and unit.code in ("USD", "$"))
    if unit.measure is Measure.WEIGHT:
        return column.kind is Kind.WEIGHT and unit.code in WEIGHTS
    if unit.measure is Measure.SHARE:
        return column.kind in (Kind.RATE, Kind.RATES, Kind.SHARE, Kind.MARKUP)
    if unit.measure is Measure.COUNT:
        return column.kind is Kind.COUNT or column.kind in AMOUNTS
    return column.name.endswith(f"_{unit.code}")


SUMMED = frozenset({"other_cost", "other_rate"})
"""Columns that may be several columns of a file, which add up."""
_LEFT_OUT = SUMMED | {"limited_rate", "commission_rate", "payment_rate"}
"""Columns that a price lacks, or has with the rule book's figure, where nothing gives them."""

MOST_COLUMNS = 16_384
_MOST_NAMED = 12
_LONGEST_NAMED = 80
_CONTRACT = "aepromo"
"""The origin of names on the page about columns."""


@lru_cache(1024)
def plain(header: str) -> str:
    """A header without variations: case, full width, spaces, dashes, ``*``, ``(必填)``."""
    folded = header if header.isascii() else unicodedata.normalize("NFKC", header)
    dropped = _DROPPED.sub("", folded.casefold())
    return _ASIDES.sub("", dropped) if _OPENING.search(dropped) else dropped


# Spaces, dashes, underscores, asterisks, and invisible characters.
_DROPPED = re.compile(
    r"[\s_*\-\u00ad\u061c\u180e\u200b-\u200f\u2010-\u2015\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    r"\u2212\ufeff]+"
)
_OPENING = re.compile(r"[(\[{【]")
_ASIDES = re.compile(r"[(\[{【](?:必填|选填|非必填|必须|可选|required|optional|mandatory)[)\]}】]")


class HeaderUse(Enum):
    """How a name of the vocabulary is used."""

    TAKEN = ""
    ASKED = "ask"
    UNIT = "unit"  # taken where the header has a unit, else asked about
    NOT_USED = "not used"
    ORDER = "order"  # rows of the file are orders
    UNKNOWN = "unknown"


class HeaderReading(NamedTuple):
    """The input column that a header means; ``""`` where none is used.

    ``currency`` is that of every cell without a sign, as a code such as ``CNY`` or a sign such as
    ``$``; ``unit`` is ``kg`` or ``%`` where cells without one are in that. ``may_be`` are the
    columns to ask about, ``origin`` is where the name is used.
    """

    column: str = ""
    currency: str | None = None
    unit: str | None = None
    may_be: tuple[str, ...] = ()
    origin: str = ""
    how: HeaderUse = HeaderUse.UNKNOWN

    @property
    def is_taken(self) -> bool:
        """Whether the header is used as a column without asking."""
        return bool(self.column)

    def asked(self) -> HeaderReading:
        """The reading as a question: the used column becomes a possible one."""
        may_be = (self.column,) if self.column else self.may_be
        return self._replace(column="", may_be=may_be, how=HeaderUse.ASKED)


class Ambiguous(NamedTuple):
    """A header that may mean one of several columns, the likeliest first."""

    header: str
    columns: tuple[str, ...]


_UNKNOWN = HeaderReading()


@lru_cache(maxsize=4096)
def read_header(header: str) -> HeaderReading:
    """Read one header by itself, without the others of its file."""
    names = _vocabulary()
    if line := names.get(plain(header)):
        reading = _reading(line, None)
        # The program itself writes ``shipping_cost``, in the currency of the prices.
        is_result = header in RESULTS and header not in INPUTS
        return reading.asked() if is_result and reading.is_taken else reading
    for name, end in endings(unicodedata.normalize("NFKC", header)):
        if (line := names.get(plain(name))) and (unit := unit_of(end)):
            return _reading(line, unit)
    return _UNKNOWN


def _reading(line: str, unit: Unit | None) -> HeaderReading:
    """The reading of a header from its line of the vocabulary and its unit, if it ends in one."""
    _name, written, _language, origin, *rest = line.split(" | ")
    how = HeaderUse(rest[0]) if rest else HeaderUse.TAKEN
    if written == "-":
        return HeaderReading(origin=origin, how=how)
    written, _in, implied = written.partition(" in ")
    columns = tuple(
        name for name in written.split(", ") if unit is None or fits(unit, INPUTS[name])
    )
    if not columns:
        return _UNKNOWN
    currency = unit.code if unit and unit.measure is Measure.MONEY else None
    code = (unit.code if unit else implied) or None
    own = code if code in ("kg", "%") else None
    if how is HeaderUse.UNIT:
        how = HeaderUse.TAKEN if unit else HeaderUse.ASKED
    if how is HeaderUse.TAKEN:
        return HeaderReading(columns[0], currency, own, (), origin, how)
    return HeaderReading("", currency, own, columns, origin, how)


@cache
def _vocabulary() -> dict[str, str]:
    """Every known name, ``plain``, with its line of the vocabulary."""
    text = Path(__file__).with_name("vocabulary.txt").read_bytes().decode()
    lines = [line for line in text.split("\n") if line and line[0] != "#"]
    own = [(each, name) for name, column in INPUTS.items() for each in (name, *column.chinese[:1])]
    lines += [f"{each} | {name} | - | {_CONTRACT}" for each, name in own]
    # All at once, because one by one takes three times as long: there are many more names than
    # headers in a file.
    names = plain("|".join([line.partition(" | ")[0] for line in lines])).split("|")
    return dict(zip(names, lines, strict=True))


class Headers(NamedTuple):
    """The columns that the header row of a file was read as.

    ``readings`` stand in the order of ``names``, the headers as the file writes them. ``positions``
    are those of each wanted column that the file has: one place, or for those in ``SUMMED`` as many
    as add up. ``read_as`` are headers that were used under a name that is not the column's own;
    ``ambiguous`` those that the user must explain; ``not_used`` those that are not used although
    they are about money or a share of it.
    """

    names: tuple[str, ...]
    readings: tuple[HeaderReading, ...]
    positions: Mapping[str, tuple[int, ...]]
    read_as: tuple[tuple[str, HeaderReading], ...]
    ambiguous: tuple[Ambiguous, ...]
    not_used: tuple[str, ...]

    def position(self, column: str) -> int | None:
        """The position of a column that is not a sum; None if the file lacks it."""
        return next(iter(self.positions.get(column, ())), None)

    def warnings(self, given: Collection[str] = ()) -> list[str]:
        """Warnings of headers that may mean money which no price includes; at most one line.

        Those are costs, fees and own discounts. A given value of that column, even 0, answers the
        question.
        """
        left_out = self._left_out(given)
        return [_questions(left_out)] if left_out else []

    def _left_out(self, given: Collection[str]) -> list[Ambiguous]:
        missing = _LEFT_OUT.difference(given)
        return [each for each in self.ambiguous if not missing.isdisjoint(each.columns)]

    def lines(self, given: Collection[str] = ()) -> list[str]:
        """Notes for the user on headers: read as, ambiguous, not used; at most one line each."""
        said = []
        if self.read_as:
            pairs = (_pair(header, reading) for header, reading in self.read_as[:_MOST_NAMED])
            text = _("read as: {pairs}")
            said.append(text.format(pairs=few(pairs, len(self.read_as))))
        left_out = self._left_out(given)
        if others := [each for each in self.ambiguous if each not in left_out]:
            said.append(_questions(others))
        if self.not_used:
            said.append(_("not used: {names}").format(names=listed(self.not_used)))
        return said


def _questions(ambiguous: Sequence[Ambiguous]) -> str:
    """Headers to ask about, in a line with the options that answer."""
    text = _("{questions}; say so with {options}")
    shown = ambiguous[:_MOST_NAMED]
    asked = few(map(_question, shown), len(ambiguous))
    options = " ".join(map_option(each.header, each.columns[0]) for each in shown)
    return text.format(questions=asked, options=options)


def _pair(header: str, reading: HeaderReading) -> str:
    unit = reading.currency or reading.unit
    name = named(reading.column)
    if unit:
        name = _("{name} in {unit}").format(name=name, unit=unit)
    return f"{shown_header(header)} → {name}"


def _question(ambiguous: Ambiguous) -> str:
    names = _(" or ").join(map(named, ambiguous.columns))
    return _("'{header}' may be {names}").format(header=shown_header(ambiguous.header), names=names)


def read_headers(
    header: Sequence[str],
    wanted: Iterable[str],
    mapping: Mapping[str, str],
    *,
    needed: Sequence[str] = (),
    added: Collection[str] = (),
    beside: Collection[str] = (),
) -> Headers:
    """Read a header row: the positions of columns, and what to report or ask.

    ``mapping`` names columns outright, header → column, and goes before what a header seems to say.
    For the columns ``needed`` there is no other value. ``added`` are the results that are written
    to the file; in a file that the program wrote, a column of that name is not asked about. For
    columns ``beside`` the wanted ones, which are not used in computations, the first position is
    found. Raises ``InputError`` if two headers mean the same column, or a needed one is missing.
    """
    wanted = frozenset(wanted)
    mapped = _mapped(header, mapping)
    chinese_names = in_chinese(added)
    results = {*chinese_names, *added}
    replaced = {plain(name) for name in results}
    is_answer = _is_answer(header, added)
    readings = [
        mapped.get(at) or _read_beside(name, results, is_answer) for at, name in enumerate(header)
    ]
    if any(map(_tells_orders, readings)):
        readings = [
            reading.asked() if at not in mapped and _may_be_total(header[at], reading) else reading
            for at, reading in enumerate(readings)
        ]
    outright = {reading.column for reading in mapped.values()} - SUMMED
    readings = [
        _UNKNOWN if reading.column in outright and at not in mapped else reading
        for at, reading in enumerate(readings)
    ]
    found: dict[str, list[int]] = {}
    for at, reading in enumerate(readings):
        if reading.column in wanted or reading.column in beside:
            found.setdefault(reading.column, []).append(at)
    positions, beaten = _chosen(header, found, mapped, {"title", *beside} - wanted | {"title"})
    taken = {at for places in positions.values() for at in places}
    ambiguous, not_used = [], []
    for at, (name, reading) in enumerate(zip(header, readings, strict=True)):
        if at in taken or at in mapped:
            continue
        may_be = tuple(
            each
            for each in reading.may_be
            if each in wanted and (each in SUMMED or each not in positions)
        )
        is_asked = bool(may_be) and reading.how is HeaderUse.ASKED
        if plain(name) in replaced and not is_asked:
            continue
        if is_asked:
            ambiguous.append(Ambiguous(name, may_be))
        elif at in beaten or (not reading.is_taken and _speaks_of_money(name)):
            not_used.append(name)
    read_as = tuple(
        (header[at], readings[at])
        for at in sorted(taken - mapped.keys())
        if not _needs_no_saying(readings[at])
    )
    headers = Headers(
        tuple(header), tuple(readings), positions, read_as, tuple(ambiguous), tuple(not_used)
    )
    if missing := [name for name in needed if name not in positions]:
        raise InputError(missing_columns(headers, missing))
    return headers


def _read_beside(header: str, results: Collection[str], is_answer: bool) -> HeaderReading:
    """Read a header, but not as an input if it is one of the ``results`` of an earlier run.

    One that may be an input is asked about, but not in an answer of the program.
    """
    reading = read_header(header)
    if reading.how is HeaderUse.ASKED:
        return _UNKNOWN if is_answer and header in _own_results() else reading
    is_result = header in results or (not header.isascii() and plain(header) in results)
    if is_result and not (reading.column and _is_spelled_as(header, reading.column)):
        return _UNKNOWN
    return reading


def _is_answer(header: Sequence[str], added: Collection[str]) -> bool:
    """Whether the program wrote a file: it has most results, or one that no seller's file has."""
    own = _own_results()
    names = {own[each] for each in header if each in own}
    has_most = 2 * len(names.intersection(added)) > len(added)
    return has_most or any("_" in each and read_header(each) == _UNKNOWN for each in names)


@cache
def _own_results() -> dict[str, str]:
    """Every result by its names as the program writes them, in English and Chinese."""
    return {each: name for name, column in RESULTS.items() for each in (name, *column.chinese[:1])}


def _chosen(
    header: Sequence[str],
    found: Mapping[str, Sequence[int]],
    mapped: Collection[int],
    beside: Collection[str],
) -> tuple[dict[str, tuple[int, ...]], set[int]]:
    """One position for each column that is not a sum; and the positions that lost to another.

    The header that is spelled like the column wins. Raises ``InputError`` if none is, or several.
    """
    positions = {name: tuple(places) for name, places in found.items()}
    beaten: set[int] = set()
    for name, places in positions.items():
        if len(places) == 1 or name in SUMMED:
            continue
        own = [at for at in places if at not in mapped and _is_spelled_as(header[at], name)]
        if name in beside:
            positions[name] = tuple(own or places)[:1]
            continue
        if len(own) != 1:
            raise InputError(_both_stand_for(name, header, places))
        positions[name] = (own[0],)
        beaten |= {*places} - {own[0]}
    return positions, beaten


def _both_stand_for(name: str, header: Sequence[str], places: Sequence[int]) -> str:
    first, second = (shown_header(header[at]) for at in places[:2])
    reason = _("'{first}' and '{header}' both mean {name}; choose one with --map '{header}={name}'")
    return reason.format(first=first, header=second, name=named(name))


def _is_spelled_as(header: str, column: str) -> bool:
    return plain(header) in map(plain, (column, *INPUTS[column].chinese[:1]))


def _needs_no_saying(reading: HeaderReading) -> bool:
    """Whether a name is on the page about columns, and has no unit of its own."""
    return reading.origin == _CONTRACT and not (reading.currency or reading.unit)


def _tells_orders(reading: HeaderReading) -> bool:
    """Whether a column shows that the rows are orders, or lines of orders."""
    return reading.how is HeaderUse.ORDER or "order_id" in (reading.column, *reading.may_be)


def _may_be_total(header: str, reading: HeaderReading) -> bool:
    """Whether a value for a unit may be that of a whole order.

    In a file of orders, that is each amount and rate under a name that is not on the page about
    columns, and each cost that is not spelled like its column. There, ``Name`` may also be that of
    the order.
    """
    if not reading.is_taken or _is_spelled_as(header, reading.column):
        return False
    kind = INPUTS[reading.column].kind
    is_value = kind in AMOUNTS or kind in (Kind.RATE, Kind.RATES) or reading.column == "title"
    return kind is Kind.COST or (is_value and reading.origin != _CONTRACT)


# A separate word, or one in unitPrice and PRICES.
_MONEY_WORD = re.compile(
    r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))(?i:prices?|costs?|fees?|cogs|msrp|rrp|srp|mrp|amounts?"
    r"|discounts?|margins?|profits?|markup|commissions?|tax|taxes|vat|gst|duty|duties|freight"
    r"|postage|charges?|rates?|payout|revenue|income|expenses?)(?![a-z])"
)
_CHINESE_MONEY = re.compile(
    r"(?<!评)价|(?<![消免])费|成本|金额|折扣|(?<![频效汇])率|佣金|利润|毛利|净利|(?<!含)税|货值"
    r"|[%$€£¥]"
)


def _speaks_of_money(header: str) -> bool:
    """Whether a name is that of an amount or a rate, and not a result of the program."""
    if header.isascii():
        is_money = bool(_MONEY_WORD.search(header))
    else:
        is_money = bool(_CHINESE_MONEY.search(unicodedata.normalize("NFKC", header)))
    return is_money and plain(header) not in _result_names()


@cache
def _result_names() -> dict[str, str]:
    """Every result by its ``plain`` names."""
    return {
        plain(each): name
        for name, column in RESULTS.items()
        for each in (*column.chinese[:1], name)
    }


def result_of(header: str) -> str:
    """The result in a column by its header, in English or Chinese; else empty."""
    return header if header in RESULTS else _result_names().get(plain(header), "")


def proposed_place(name: str, header: Sequence[str], by_call: Mapping[str, str]) -> int | None:
    """Where a price stands that goes before the list price; None where the list price counts.

    ``name`` is that column's English name, and it may stand under its Chinese one. A call may say
    which column is the list price, and so that this one is meant.
    """
    if not name or "list_price" in by_call.values():
        return None
    if name in header:
        return header.index(name)
    places = (at for at, each in enumerate(header) if plain(each) == plain(chinese(name)))
    return next(places, None)


def missing_columns(headers: Headers, missing: Sequence[str]) -> str:
    """The message for a file that lacks columns: its likeliest headers, and options to give."""
    header, readings = headers.names, headers.readings
    taken = {at for places in headers.positions.values() for at in places}
    free = [at for at in range(len(header)) if at not in taken and not readings[at].is_taken]
    scores = {name: _likeness(name, header, readings, free) for name in missing}
    options, used = [], set[int]()
    for name in missing:
        likely = [at for at in free if at not in used and scores[name].get(at, 0) >= _LIKELY]
        best = max(likely, key=scores[name].__getitem__, default=None)
        used |= set() if best is None else {best}
        options.append(map_option("HEADER" if best is None else header[best], name))
    best_scores = [max(scores[name].get(at, 0.0) for name in missing) for at in range(len(header))]
    order = sorted(range(len(header)), key=lambda at: -best_scores[at])[:_MOST_NAMED]
    reason = _(
        "no column for {names}; the file has {headers}; name one with {maps}, or give {flags}"
    )
    return reason.format(
        names=_(", ").join(map(named, missing)),
        headers=few((shown_header(header[at]) for at in sorted(order)), len(header)),
        maps=" ".join(options),
        flags=_(", ").join(INPUTS[name].flag for name in missing),
    )


_LIKELY = 0.5
_MOST_COMPARED = 1000


def _likeness(
    column: str,
    header: Sequence[str],
    readings: Sequence[HeaderReading],
    among: Iterable[int],
) -> dict[int, float]:
    """How similar headers are to a column's names, from 0 to 1, or 2 if one may be the column."""
    known = [name for name, line in _vocabulary().items() if line.split(" | ")[1] == column]
    pairs_of_known = list(map(_pairs, known))
    likeness = {}
    for at in islice(among, _MOST_COMPARED):
        own = _pairs(plain(header[at]))
        alike = (2 * len(own & each) / (len(own) + len(each) or 1) for each in pairs_of_known)
        likeness[at] = 2.0 if column in readings[at].may_be else max(alike, default=0.0)
    return likeness


def _pairs(name: str) -> set[str]:
    """Pairs of neighbouring letters."""
    return {name[at : at + 2] for at in range(len(name) - 1)}


def listed(names: Sequence[str]) -> str:
    """Headers in a message: the first of them, shortened."""
    return few(map(shown_header, names[:_MOST_NAMED]), len(names))


def shown_header(header: str) -> str:
    """A header on one line, shortened, without invisible characters."""
    seen = "".join(
        letter
        for letter in " ".join(header.split())
        if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    )
    return seen if len(seen) <= _LONGEST_NAMED else seen[:_LONGEST_NAMED] + "…"


def map_option(header: str, column: str) -> str:
    """A ``--map 'HEADER=column'`` to paste into a shell."""
    pair = f"{shown_header(header)}={named(column)}".replace("'", "'\"'\"'")
    return f"--map '{pair}'"


def check_header(headers: Sequence[str]) -> None:
    """Refuse a header line that has a name twice, only blank names, or too many."""
    if len(headers) > MOST_COLUMNS:
        reason = _("{count:,} columns; a table has {most:,} at most, as a worksheet does")
        raise InputError(reason.format(count=len(headers), most=MOST_COLUMNS))
    if not any(header.strip() for header in headers):
        raise InputError(_("no header: the first line names no column"))
    seen: set[str] = set()
    for header in headers:
        if header in seen and not header.strip():
            raise InputError(
                _("two columns have no header; name them, or delete the lines above the header")
            )
        if header in seen:
            reason = _("the header '{header}' appears twice; rename one of the two")
            raise InputError(reason.format(header=shown_header(header)))
        seen.add(header)


def _mapped(headers: Sequence[str], mapping: Mapping[str, str]) -> dict[int, HeaderReading]:
    """Readings of the headers in ``mapping``, by position; the unit in a header still applies.

    Raises ``CallError`` for an unknown column or one before its header, ``InputError`` for a header
    that the file lacks or that matches several of its headers.
    """
    mapped: dict[int, HeaderReading] = {}
    places: dict[str, list[int]] = {}
    for at, header in enumerate(headers if mapping else ()):
        places.setdefault(plain(header), []).append(at)
    for header, written in mapping.items():
        name, first = column_called(written), column_called(header)
        alike = places.get(plain(header), [])
        is_wrong = name not in INPUTS or not alike
        if is_wrong and first in INPUTS and (meant := places.get(plain(written))):
            option = map_option(headers[meant[0]], first)
            raise CallError(
                _("--map: the header comes first; write {option}").format(option=option)
            )
        if name not in INPUTS:
            raise CallError(f"--map: {unknown_column(name)}")
        if header.endswith("…"):  # as a message shortened it
            start = plain(header.removesuffix("…"))
            alike = [at for each, found in places.items() if each.startswith(start) for at in found]
        if not alike:
            raise InputError(_unknown_header(header, headers))
        exact = [at for at in alike if headers[at] == header]
        if len(alike) > 1 and not exact:
            reason = _(
                "--map: '{header}' may be '{one}' or '{other}'; write it exactly as in the file"
            )
            one, other = (shown_header(headers[at]) for at in alike[:2])
            raise InputError(reason.format(header=header, one=one, other=other))
        at = (exact or alike)[0]
        mapped[at] = _mapped_reading(headers[at], name)
    return mapped


def unknown_column(name: str) -> str:
    """The message for an unknown column name."""
    known = INPUTS if name.isascii() else list(map(chinese, INPUTS))
    meant = nearest(name, known, _("see aepromo help columns"))
    return _("no column is called '{name}'; {nearest}").format(name=name, nearest=meant)


def column_called(name: str) -> str:
    """The input column of a name on the page about columns; other names unchanged."""
    reading = read_header(name)
    is_promised = reading.origin == _CONTRACT and not (reading.currency or reading.unit)
    return reading.column if is_promised and reading.is_taken else name


def _mapped_reading(header: str, name: str) -> HeaderReading:
    reading = read_header(header)
    if reading.column == name or name in reading.may_be:
        return reading._replace(column=name, may_be=(), how=HeaderUse.TAKEN)
    for _name, end in endings(unicodedata.normalize("NFKC", header)):
        unit = unit_of(end)
        if unit and fits(unit, INPUTS[name]):
            currency = unit.code if unit.measure is Measure.MONEY else None
            own = unit.code if unit.code in ("kg", "%") else None
            return HeaderReading(name, currency, own, (), "", HeaderUse.TAKEN)
        if unit and unit.measure is Measure.WEIGHT and name == "weight_g":
            reason = _("--map: '{header}' is in {unit}; write grams or kilograms")
            raise InputError(reason.format(header=shown_header(header), unit=unit.code))
    return HeaderReading(name, None, None, (), "", HeaderUse.TAKEN)


def _unknown_header(header: str, headers: Sequence[str]) -> str:
    """The message for a ``--map`` of a header that the file lacks."""
    pairs = _pairs(plain(header))
    order = sorted(range(len(headers)), key=lambda at: -len(_pairs(plain(headers[at])) & pairs))
    few = [shown_header(headers[at]) for at in sorted(order[:_MOST_NAMED])]
    reason = _("--map: the file has no column '{header}'; {nearest}")
    return reason.format(header=header, nearest=nearest(header, few, _("it has {names}")))


ENOUGH = 2
"""How many known names make a row a header."""

_FIGURES = frozenset(
    {Kind.COST, Kind.TARGET, Kind.PRICE, Kind.RATE, Kind.RATES, Kind.FX, Kind.WEIGHT,
     Kind.TURNOVER, Kind.SHARE, Kind.MARKUP, Kind.NUMBER}
)  # fmt: skip


class KnownHeaders:
    """The names of columns, those that ``--map`` gives among them."""

    def __init__(self, mapping: Mapping[str, str] | None = None) -> None:
        self._mapped = {plain(each): column_called(name) for each, name in (mapping or {}).items()}

    def count(self, cells: Sequence[str]) -> int:
        """How many different columns the cells of a row name."""
        return len({self._named(cell) for cell in cells[:MOST_COLUMNS] if cell} - {""})

    def figures(self, header: Sequence[str]) -> list[int]:
        """The positions of columns with amounts, rates and weights that the file's author wrote.

        Where only results of the program have any, it is these.
        """
        names = map(self._named, header)
        places = [
            place
            for place, name in enumerate(names)
            if name in INPUTS and INPUTS[name].kind in _FIGURES
        ]
        by_author = [
            place
            for place in places
            if plain(header[place]) in self._mapped or not result_of(header[place])
        ]
        return by_author or places

    def _named(self, cell: str) -> str:
        if mapped := self._mapped.get(plain(cell)) if self._mapped else None:
            return mapped
        reading = read_header(cell)
        return reading.column or "".join(reading.may_be[:1])
