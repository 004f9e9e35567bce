"""Rich tables: the rows of a file, the fields of one SKU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS, RESULTS, in_words, named
from aepromo.table.text_formats import FIGURES
from aepromo.terminal.palette import ACTION_STYLES, LABEL_STYLES
from aepromo.terminal.wrapping import running_text
from aepromo.words import _, is_english, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from aepromo.pricing.currency import Currency
    from aepromo.table.column import Column
    from aepromo.table.text_formats import TextColumn

LONGEST_TEXT = 32
NARROWEST_PROSE = 30
_GAP = 2
_AMOUNTS = frozenset(
    {
        *(Kind.COST, Kind.TARGET, Kind.PRICE, Kind.RATE, Kind.RATES, Kind.MARKUP),
        *(Kind.SHARE, Kind.TURNOVER, Kind.FX, Kind.WEIGHT, Kind.COUNT, Kind.NUMBER),
    }
)
"""The kinds of input cells that hold figures."""
_IDS = frozenset({"sku", "order_id", "tracking_number"})
"""Columns of ids, which identify rows and so are never cut."""


def rows_table(
    columns: Sequence[TextColumn],
    wanted: Sequence[str],
    width: int,
    notes: Sequence[str],
    currency: Currency,
    leads: Sequence[str] = (),
) -> RenderableType:
    """The rows of a file in at most ``width`` cells, with notes underneath.

    ``wanted`` names the columns to show, the most wanted first; that one comes first, then those in
    ``leads``; the others follow if there is room. Columns that don't fit are named underneath, so
    that it is clear that the table is not complete.
    """
    shown, left_out, spare = _fitting(columns, wanted, width, currency)
    places = {name: place for place, name in enumerate((wanted[0], *leads))}
    shown.sort(key=lambda column: places.get(column.name, len(places)))
    spare //= max(sum(column.kind is Kind.PROSE for column in shown), 1)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP - 1, 0, 0),
        header_style="bold",
    )
    for column in shown:
        room = _least_width(column, width, currency) + spare * (column.kind is Kind.PROSE)
        table.add_column(
            _heading(column, currency),
            justify="right" if _is_amount(column) else "left",
            vertical="top",
            width=min(_width(column, currency), room),
            no_wrap=False,
            overflow="fold",
        )
    for cells in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*map(_cell, shown, cells))
    lines = [running_text(note, "dim" if number else "") for number, note in enumerate(notes)]
    if left_out:
        names = _(", ").join(map(named, left_out))
        left_out_line = _("not shown: {names} (choose with --columns)").format(names=names)
        lines.append(running_text(left_out_line, "dim"))
    return Group(table, Text(), *lines)


def fields_table(
    columns: Sequence[TextColumn], currency: Currency, leads: Sequence[str] = ()
) -> RenderableType:
    """One SKU's fields, a line each: name, value, unit and meaning.

    Those that ``leads`` come first.

    Prose comes underneath, a clause a line; where there is more than one kind, each under its name.
    """
    prose = [column for column in columns if column.kind is Kind.PROSE and column.cells[0]]
    lines: list[Text] = []
    for column in prose:
        clauses = _clauses(column.cells[0])
        if len(prose) > 1:
            lines.append(Text(in_words(column.name), style="bold"))
            clauses = [f"  {clause}" for clause in clauses]
        lines += map(running_text, clauses)
    places = {name: place for place, name in enumerate(leads)}
    columns = sorted(columns, key=lambda column: places.get(column.name, len(places)))
    fields = _fields([column for column in columns if column.kind is not Kind.PROSE], currency)
    return Group(fields, Text(), *lines) if lines else fields


def _fields(columns: Sequence[TextColumn], currency: Currency) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    for column in columns:
        known = RESULTS.get(column.name) or INPUTS.get(column.name)
        table.add_row(
            Text(in_words(column.name), style="bold" if column.name in RESULTS else ""),
            _without_zeros(column, _cell(column, _said(column.cells[0], known))),
            currency.code if column.kind in (Kind.MONEY, Kind.FINE) else "",
            running_text(_(known.meaning) if known else ""),
        )
    return table


def _without_zeros(column: TextColumn, cell: Text) -> Text:
    """A single rate without trailing zeros: ``17.5%``."""
    if column.kind is not Kind.MILLIONTHS or not cell.plain.endswith("%"):
        return cell
    return Text(cell.plain.removesuffix("%").rstrip("0").rstrip(".") + "%")


def _said(cell: str | None, known: Column | None) -> str | None:
    """A value that an option gave, for people: ``yes`` in their language."""
    is_flag = known is not None and known.kind is Kind.FLAG and cell in ("yes", "no")
    return _(cell) if cell and is_flag else cell


def plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    """Text in columns, the last of which takes the remaining width."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(label(heading), overflow="fold", no_wrap=not number)
    for row in rows:
        table.add_row(*map(running_text, row))
    return table


def _fitting(
    columns: Sequence[TextColumn], wanted: Sequence[str], width: int, currency: Currency
) -> tuple[list[TextColumn], list[str], int]:
    """The columns that fit, the names of the others, and the unused width."""
    by_name = {column.name: column for column in columns}
    least = {name: _least_width(column, width, currency) for name, column in by_name.items()}
    room, for_prose = width, 0
    chosen: set[str] = set()
    for name in dict.fromkeys((*wanted, *by_name)):
        is_wanted = name in wanted
        if not chosen or least[name] <= room - for_prose * (not is_wanted):
            chosen.add(name)
            room -= least[name] + _GAP
            if by_name[name].kind is Kind.PROSE:
                # Columns that were not asked for leave it enough room to stay on one line.
                for_prose += _width(by_name[name], currency) - least[name]
        elif not is_wanted:
            break  # otherwise the choice of the rest would be arbitrary
    shown = [column for column in columns if column.name in chosen]
    left_out = [column.name for column in columns if column.name not in chosen]
    return shown, left_out, max(room + _GAP, 0)


def _least_width(column: TextColumn, room: int, currency: Currency) -> int:
    """The minimum width of a column; prose and ids wrap to as many lines as needed."""
    width = _width(column, currency)
    if column.kind is Kind.PROSE:
        return min(width, NARROWEST_PROSE)
    return min(width, max(LONGEST_TEXT, room // 3)) if column.holds in _IDS else width


def _width(column: TextColumn, currency: Currency) -> int:
    heading = _heading(column, currency).plain.split("\n")
    return max(_cells_width(column), *map(cell_len, heading))


def _cells_width(column: TextColumn) -> int:
    if column.kind is Kind.PROSE:
        clauses = (clause for cell in column.cells for clause in _clauses(cell))
        return max(map(cell_len, clauses), default=0)
    return max((_cell(column, cell).cell_len for cell in column.cells), default=0)


def _heading(column: TextColumn, currency: Currency) -> Text:
    """The column's name in words, wrapped to the width of its cells, with the currency."""
    if column.name not in RESULTS and column.name not in INPUTS and not column.is_figure:
        return Text(_one_line(column.name))
    # Chinese names are short, and don't break.
    words = column.name.split("_") if is_english() else [in_words(column.name)]
    width = max(_cells_width(column), *map(cell_len, words))
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(word)
    if column.kind in (Kind.MONEY, Kind.FINE):
        lines.append(currency.code)
    return Text("\n".join(lines))


def _clauses(cell: str | None) -> list[str]:
    return [_one_line(clause) for clause in cell.split("; ")] if cell else []


def _is_amount(column: TextColumn) -> bool:
    """Whether the cells are figures, computed or read, which are aligned right."""
    known = INPUTS.get(column.holds) or RESULTS.get(column.holds)
    is_amount = known is not None and known.kind in _AMOUNTS | FIGURES
    return column.is_figure or (column.kind is Kind.TEXT and is_amount)


def _cell(column: TextColumn, cell: str | None) -> Text:
    """A cell as a table shows it: percent for ratios, words for labels, colour on top of both."""
    if cell is None:
        return Text("–", style="dim")
    if column.kind in (Kind.RATIO, Kind.MILLIONTHS):
        cell = percent_of_ratio(cell)
    if column.kind is Kind.LABEL:
        known = RESULTS.get(column.name)
        # A label that is not the program's, such as a line of a tariff, is a name and not
        # translated.
        words = label(cell, column.name) if known and cell in known.labels else cell
        return Text(words, style=LABEL_STYLES.get(column.name, {}).get(cell, ""))
    if column.kind is Kind.PROSE:
        return running_text("\n".join(_clauses(cell)))
    if column.name == "unknown":
        cell = _(", ").join(map(named, cell.split(", ")))
    text = Text(_one_line(cell))
    if column.name == "price_change":
        return _change(text)
    if column.is_figure and cell.startswith("-"):
        text.stylize("red")
    elif not column.is_figure and column.holds not in _IDS:
        text.truncate(LONGEST_TEXT, overflow="ellipsis")
    return text


def _change(text: Text) -> Text:
    """A change of a price: a raise is highlighted, an unchanged price is not."""
    if text.plain.startswith("-"):
        return text
    if not text.plain.strip("0."):
        text.stylize("dim")
        return text
    return Text("+", style=ACTION_STYLES["raise"]).append_text(text)


def percent_of_ratio(ratio: str) -> str:
    """``0.2829`` as ``28.29%``, digit for digit."""
    sign = "-" if ratio.startswith("-") else ""
    whole, _point, fraction = ratio.removeprefix("-").partition(".")
    return f"{sign}{int(whole + fraction[:2])}.{fraction[2:]}%"


def _one_line(cell: str) -> str:
    # A terminal must not run the content of a cell.
    return "".join(
        letter if letter.isprintable() else "�"
        for letter in cell.replace("\r\n", " ").replace("\n", " ")
    )
