"""Header names to the columns that they stand for."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from aepromo.errors import CallError, InputError
from aepromo.table.schema import INPUTS
from aepromo.words import _, is_english
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_KILOGRAMS = ("kg", "公斤", "千克")


def plain(header: str) -> str:
    """A header without what may differ: case, spaces, dashes, underscores, full width."""
    folded = unicodedata.normalize("NFKC", header).casefold()
    return "".join(letter for letter in folded if not letter.isspace() and letter not in "-_")


def known_names() -> dict[str, str]:
    """Every header that is understood, made plain, with the column it stands for."""
    return {
        plain(alias): column.name
        for column in INPUTS.values()
        for alias in (column.name, *column.chinese)
    }


def in_kilograms(headers: Iterable[str]) -> str:
    """The first header that names a weight in kilograms; empty where none does."""
    known = {_bare(name) for name, column in known_names().items() if column == "weight_g"}
    for header in headers:
        name = _bare(plain(header))
        for unit in _KILOGRAMS:
            weight = name.removesuffix(unit)
            if name != weight and not known.isdisjoint((weight, f"{weight}g")):
                return header
    return ""


def _bare(name: str) -> str:
    """A name without what a unit is put between."""
    return "".join(letter for letter in name if letter not in "()[]/:")


def check_header(headers: Sequence[str]) -> None:
    """Refuse a header line in which a name stands twice or every name is blank."""
    if not any(header.strip() for header in headers):
        raise InputError(_("no header: the first line names no column"))
    seen: set[str] = set()
    for header in headers:
        if header in seen and not header.strip():
            raise InputError(_("two columns have no header; name them, or delete what is above it"))
        if header in seen:
            reason = _("the header '{header}' stands twice; rename one of the two")
            raise InputError(reason.format(header=header))
        seen.add(header)


def resolve(
    headers: Sequence[str], wanted: Iterable[str], mapping: Mapping[str, str]
) -> dict[str, int]:
    """Where each wanted column stands in a header line: column name → position.

    ``mapping`` names columns outright and goes before what a header seems to say. Raises
    ``InputError`` where two headers stand for one column.
    """
    wanted = set(wanted)
    found: dict[str, int] = {}
    for position, (header, name) in enumerate(zip(headers, roles(headers, mapping), strict=True)):
        if name not in wanted:
            continue
        if name in found:
            reason = _(
                "'{first}' and '{header}' both stand for {name}; "
                "choose one with --map '{header}={name}'"
            )
            first, said = headers[found[name]], name if is_english() else INPUTS[name].chinese[0]
            raise InputError(reason.format(first=first, header=header, name=said))
        found[name] = position
    return found


def roles(headers: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """The input column that each header stands for, nothing where that isn't known.

    ``mapping`` names columns outright and goes before what a header seems to say.
    """
    names = known_names()
    named = _mapped(headers, mapping)
    guessed = (names.get(plain(header), "") for header in headers)
    return [
        named.get(header) or ("" if name in named.values() else name)
        for header, name in zip(headers, guessed, strict=True)
    ]


def _mapped(headers: Sequence[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping with each header as the file writes it."""
    named: dict[str, str] = {}
    names = known_names()
    for header, written in mapping.items():
        name = names.get(plain(written), written)
        if name not in INPUTS:
            reason = _("--map: no column is called '{name}'; {nearest}")
            known = INPUTS if name.isascii() else [each.chinese[0] for each in INPUTS.values()]
            meant = nearest(name, known, _("there are {names}"))
            raise CallError(reason.format(name=name, nearest=meant))
        alike = [each for each in headers if plain(each) == plain(header)]
        if not alike:
            reason = _("--map: the file has no column '{header}'; {nearest}")
            meant = nearest(header, headers, _("it has {names}"))
            raise InputError(reason.format(header=header, nearest=meant))
        if len(alike) > 1 and header not in headers:
            reason = _("--map: '{header}' may be '{one}' or '{other}'; write it as the file does")
            raise InputError(reason.format(header=header, one=alike[0], other=alike[1]))
        if name == "weight_g" and in_kilograms([header]):
            reason = _("--map: '{header}' is in kilograms, not in grams; convert the column")
            raise InputError(reason.format(header=header))
        named[header if header in headers else alike[0]] = name
    return named
