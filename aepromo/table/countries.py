"""Countries by code and by name, as markets are written."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from aepromo.table.headers import plain
from aepromo.table.names import canonical


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
