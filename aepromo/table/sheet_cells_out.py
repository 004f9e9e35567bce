"""Cells of a column as a workbook's XML: numbers with their own digits, text that stays text."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from aepromo.errors import OutputError
from aepromo.table.column import Kind
from aepromo.table.headers import read_header
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.terminal.palette import LABEL_STYLES
from aepromo.words import _, is_english, label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aepromo.table.text import TextColumn

    Styles = Mapping[str, int]

MOST_PLACES = 6
LONGEST_TEXT = 32_767
COLOURS: dict[str, dict[str, object]] = {
    "green": {"font_color": "#006100", "bg_color": "#C6EFCE"},
    "yellow": {"font_color": "#9C5700", "bg_color": "#FFEB9C"},
    "red": {"font_color": "#9C0006", "bg_color": "#FFC7CE"},
    "bold red": {"font_color": "#FFFFFF", "bg_color": "#C00000", "bold": True},
    "bold yellow": {"font_color": "#7F4F00", "bg_color": "#FFD966", "bold": True},
    "bold green": {"font_color": "#006100", "bg_color": "#C6EFCE", "bold": True},
    "cyan": {"font_color": "#1F4E79", "bg_color": "#DDEBF7"},
    "dim": {"font_color": "#7F7F7F"},
}
"""The spreadsheet format of each colour of the palette."""

_AMOUNTS = frozenset({Kind.COST, Kind.TARGET, Kind.PRICE, Kind.TURNOVER, Kind.MONEY, Kind.FINE})
_RATES = frozenset({Kind.RATE, Kind.RATES, Kind.SHARE, Kind.MARKUP, Kind.RATIO})
_NUMERIC = frozenset(
    {*_AMOUNTS, *_RATES, Kind.COUNT, Kind.NUMBER, Kind.WEIGHT, Kind.FX, Kind.EXCHANGE}
)

# Text that Excel would show unchanged as a number, with no more digits than it keeps.
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:\.(?P<fraction>\d+))?", re.ASCII)
_MOST_DIGITS = 15
_FORBIDDEN = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)|[\x00-\x08\x0b-\x1f\ufffe\uffff]")


def formats() -> dict[str, dict[str, object]]:
    """Every cell format by its name in this module."""
    named: dict[str, dict[str, object]] = {"text": {"num_format": "@"}}
    for places in range(MOST_PLACES + 1):
        zeros = "." + "0" * places if places else ""
        named[f"number {places}"] = {"num_format": f"#,##0{zeros};[Red]-#,##0{zeros}"}
        named[f"change {places}"] = {"num_format": f"#,##0{zeros}"}
        named[f"percent {places}"] = {"num_format": f"0{zeros}%;[Red]-0{zeros}%"}
    return named | {colour: dict(look) for colour, look in COLOURS.items()}


def cell_writer(column: TextColumn, money_places: int, styles: Styles) -> Callable[[str], str]:
    """Return the function that converts a text of the column to a cell's XML, from its style on.

    A blank text gives a blank. A computed figure becomes a number, as does an input cell of a
    column of numbers if its text is plainly one. Every other cell is written unchanged as text,
    never as a formula. A label is in the language in force.
    """
    kind = _kind_of(column)
    colours = LABEL_STYLES.get(column.holds, {})
    is_change = column.holds == "price_change"  # a negative number here is not a loss

    def cell(text: str) -> str:
        if not text:
            return ""
        number = _as_number(text, kind)
        if number is not None:
            style = _number_style(number, kind, money_places)
            if is_change:
                style = style.replace("number", "change")
            return f'" s="{styles[style]}"><v>{number}</v></c>'
        style = colours.get(text, "text")
        shown = label_shown(text, column.holds) if kind is Kind.LABEL else text
        return f'" s="{styles[style]}" t="inlineStr"><is>{_text(shown)}</is></c>'

    return cell


def label_shown(name: str, column: str) -> str:
    """A label of a column in a workbook: the English name, or a Chinese word."""
    if is_english() or name not in RESULTS[column].labels:
        return name
    return label(name, column)


def _kind_of(column: TextColumn) -> Kind:
    """The kind of a column's cells: as computed, else by its known role, else by its header."""
    if column.is_figure or column.kind in (Kind.LABEL, Kind.PROSE):
        return column.kind
    reading = read_header(column.name)
    role = column.role or reading.column or column.name
    known = INPUTS.get(role) or RESULTS.get(role)
    if known and known.kind in _RATES and reading.unit == "%":
        return Kind.NUMBER  # 8 without % is 8 %, and stays 8
    return known.kind if known else Kind.TEXT


def _as_number(text: str, kind: Kind) -> str | None:
    """The digits of a cell that is plainly a number, a percentage as the ratio that it is."""
    if kind in _RATES and text.endswith("%") and _PLAIN.fullmatch(text[:-1]):
        text = f"{Decimal(text[:-1]).scaleb(-2):f}"
    elif kind not in _NUMERIC:
        return None
    return text if _PLAIN.fullmatch(text) and len(text) <= _MOST_DIGITS else None


def _number_style(number: str, kind: Kind, money_places: int) -> str:
    places = places_of(number)
    if kind in _RATES:
        return f"percent {min(max(places - 2, 0), MOST_PLACES)}"
    if kind in _AMOUNTS:
        places = max(places, money_places)
    return f"number {min(places, MOST_PLACES)}"


def places_of(number: str) -> int:
    """How many decimal places a number is written with."""
    return len(number.partition(".")[2])


def places_of_money(columns: Sequence[TextColumn]) -> int:
    """The currency's decimal places: those of the first computed amount, or two."""
    amounts = (cell for each in columns if each.kind is Kind.MONEY for cell in each.cells if cell)
    return places_of(next(amounts, "0.00"))


def _text(text: str) -> str:
    if len(text) > LONGEST_TEXT // 2 and len(text.encode("utf-16-le")) > 2 * LONGEST_TEXT:
        reason = _("a cell of over {most:,} characters, which no workbook holds; write .csv")
        raise OutputError(reason.format(most=LONGEST_TEXT))
    safe = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _FORBIDDEN.sub(_spelled, safe)
    kept = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<t{kept}>{safe}</t>"


def _spelled(match: re.Match[str]) -> str:
    # An underscore that looks like the start of an escape is escaped itself.
    return "_x005F_x" if match[0] == "_x" else f"_x{ord(match[0]):04X}_"
