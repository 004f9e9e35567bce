"""Other spellings of the rule book's names: markets, countries, categories, promotions, states."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from aepromo.table.headers import plain
from aepromo.words import is_english

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALSO: dict[str, tuple[str, ...]] = {
    # promotions and events
    "Limited Time Discount": ("limited", "limited time", "限时折扣"),
    "Spend & Save": ("spend save", "spend and save", "满减", "满减券", "满减活动"),
    "Storewide Sale": ("storewide", "store-wide sale", "全店折扣"),
    "competitor_limited_discount": ("competitor", "competitor discount", "竞品限时折扣"),
    "platform_flash_deals": ("flash deals", "flash deal", "平台Flash Deals"),
    # categories
    "jewellery": ("jewelry", "jewelry & accessories", "珠宝", "珠宝首饰"),
    "automotive parts": ("auto parts", "automobiles, parts & accessories", "汽车配件"),
    "apparel": ("服饰", "服装"),
    "home & garden": ("home and garden", "家居园艺", "家居"),
    "consumer electronics": ("消费电子",),
    "3C accessories": ("3C配件",),
    "beauty tools": ("美妆工具",),
    # markets
    "BR": ("Brazil", "巴西"),
    "RU": ("Russia", "俄罗斯"),
    "ES": ("Spain", "西班牙"),
    "FR": ("France", "法国"),
    "SA": ("Saudi Arabia", "沙特阿拉伯", "沙特"),
    "US": ("USA", "United States", "美国"),
    # parts of a shipping cost
    "first_weight": ("首重",),
    "additional_weight": ("续重",),
    "registration_fee": ("挂号费",),
    # states
    "out of stock": ("sold out", "缺货", "无货"),
    "in stock": ("有货", "现货"),
    "none": ("no", "无", "没有"),
}

_PATH = re.compile(r"\s*[>/]\s*")


def canonical(name: str) -> str:
    """The rule book's name for a name; an unknown one unchanged, without spaces around it."""
    return _known().get(plain(name), name.strip())


def name_key(name: str) -> str:
    """The form in which names are compared: the rule book's, whatever the case and spaces."""
    return plain(canonical(name))


def is_among(name: str, known: Iterable[str]) -> bool:
    """Whether a name is one of some names of the rule book."""
    return name_key(name) in map(name_key, known)


def ways(name: str) -> tuple[str, ...]:
    """All other names of a name of the rule book."""
    return (name, *_ALSO.get(name, ()))


def spoken_names(names: Iterable[str]) -> list[str]:
    """Names of the rule book for people: in Chinese the first Chinese one that each has."""
    if is_english():
        return list(names)
    return [
        next((way for way in _ALSO.get(canonical(name), ()) if not way.isascii()), name)
        for name in names
    ]


def parts(path: str) -> frozenset[str]:
    """The keys of a category and those above it: ``Jewelry > Rings`` is jewellery too."""
    return frozenset(name_key(part) for part in (path, *_PATH.split(path)))


@cache
def _known() -> dict[str, str]:
    return {plain(way): name for name, ways in _ALSO.items() for way in (name, *ways)}


def country_code(name: str) -> str | None:
    """The ISO 3166-1 code of a country by its name or code; None if unknown."""
    known = canonical(name)  # the few in the rule book need no file
    return known if known in _FEW else _codes().get(plain(name))


def country_names() -> tuple[str, ...]:
    """Every code and name that is known."""
    return tuple(name for names in _lines() for name in names)


_FEW = ("BR", "RU", "ES", "FR", "SA", "US")


@cache
def _codes() -> dict[str, str]:
    return {plain(name): names[0] for names in _lines() for name in names}


def _lines() -> list[list[str]]:
    text = Path(__file__).with_name("countries.txt").read_text(encoding="utf-8")
    return [line.split("|") for line in text.splitlines() if not line.startswith("#")]
