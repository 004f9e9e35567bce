"""Units and currencies at the end of a header: ``Cost (USD)``, ``成本价（元）``, ``weight_kg``."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from aepromo.table.column import AMOUNTS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    from aepromo.table.cells import CellError
    from aepromo.table.currencies import currency_named

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
