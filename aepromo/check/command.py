"""``check``: how a file will be read; and a configuration to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aepromo.cli.config import NAME
from aepromo.cli.exits import Exit
from aepromo.cli.messages import say
from aepromo.cli.options import (
    OUTPUT_PANEL,
    ConfigOption,
    Format,
    MoneyOptions,
    ReadingOptions,
    WritingOptions,
    argument,
    file_of,
    option,
    parameters_of,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import (
    chosen,
    destination,
    format_of,
    headed,
    rendered,
    table_width,
    text_lines,
)
from aepromo.cli.runner import (
    StoreOption,
    call_of,
    shipping_options,
    values_of,
)
from aepromo.errors import CallError
from aepromo.pricing.currency import USD
from aepromo.table.cells import few, on_one_line
from aepromo.table.column import Kind
from aepromo.table.headers import shown_header
from aepromo.table.schema import INPUTS, header_of, named
from aepromo.table.text_formats import Figure, TextColumn, json_document, row_documents
from aepromo.words import N_, _, is_english, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.check.file_check import FileCheck
    from aepromo.table.source import Source

QUESTION = N_("How a file will be read: its headers, units, cells and rows.")
COLUMNS = ("header", "read_as", "unit", "note", "filled", "blank", "bad", "first", "odd")
_WANTED = ("header", "read_as", "unit", "note", "bad", "filled", "first", "blank", "odd")
"""The same columns, in the order in which a narrow table keeps them."""

_KINDS = {"note": Kind.PROSE} | dict.fromkeys(("filled", "blank", "bad"), Kind.COUNT)
_MOST_LINES = 5

WriteOption = Annotated[
    bool,
    typer.Option(
        "--write",
        help="Write a commented aepromo.toml to start from.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace an existing aepromo.toml.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


def check_command() -> Callable[..., None]:
    """The Typer command that shows how a file will be read."""
    from aepromo.calculators.reprice import REPRICE

    def command(**arguments: Any) -> None:
        call = call_of(arguments, ("write", "force"))
        if call.file is None:
            raise CallError(_("check needs a FILE, or - for standard input"))
        is_there = Path(NAME).exists()
        if call.options["write"] and is_there and not call.options["force"]:
            raise CallError(_("{path} is there already; --force replaces it").format(path=NAME))
        values = values_of(call)
        from aepromo.check.file_check import check_file, open_table  # loads pyarrow
        from aepromo.cli.input_files import opened_source

        with opened_source(call.file, call.reading, open_table) as (source, _stream):
            mapping = call.reading.headers.of(source.header)
            check = check_file(source, mapping, values)
        _write(check, call.writing)
        if call.options["write"]:
            from aepromo.check.starter import starter
            from aepromo.table.atomic import replacing

            with replacing(NAME) as stream:
                stream.write(starter(check, values.policy, mapping).encode())
            if not call.writing.quiet:
                say(_("{path}: written; check it").format(path=NAME))
        if check.is_refused:
            raise typer.Exit(Exit.INPUT_WRONG)

    command.__doc__ = _(QUESTION)
    names = [name for name in REPRICE.uses if INPUTS[name].kind is not Kind.TEXT]
    reading = [each for each in parameters_of(ReadingOptions) if each.name != "rejects"]
    return with_parameters(
        command,
        [
            argument(
                "file", file_of("A cost file, an order history, a feed or a table of parcels.")
            ),
            *value_parameters(names),
            *parameters_of(MoneyOptions),
            *shipping_options(REPRICE),
            option("store", StoreOption, None),
            option("config", ConfigOption, None),
            *reading,
            *parameters_of(WritingOptions),
            option("write", WriteOption, False),
            option("force", ForceOption, False),
        ],
    )


def _write(check: FileCheck, writing: WritingOptions) -> None:
    columns = chosen(_columns(check), writing)
    notes = _notes(check)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            from rich.console import Group

            from aepromo.terminal.rich_tables import rows_table
            from aepromo.terminal.wrapping import running_text

            wanted = [each.name for each in columns] if writing.columns else _WANTED
            language = "en" if is_english() else "zh"
            headings = {name: header_of(name, language) for name in COLUMNS}
            shown = [each._replace(name=headings[each.name]) for each in columns]
            table = rows_table(shown, [headings[each] for each in wanted], table_width(), (), USD)
            lines = [] if writing.quiet else map(running_text, notes)
            stream.write(rendered(Group(table, *lines), writing))
        elif form is Format.JSON:
            stream.write((json_document(_document(check, columns, notes)) + "\n").encode())
        else:
            stream.writelines(text_lines([headed(columns, writing)], form, writing))
    if form not in (Format.TABLE, Format.JSON) and not writing.quiet:
        for note in notes:
            say(note)


def _columns(check: FileCheck) -> list[TextColumn]:
    """A row for each header."""
    cells: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for each in check.headers:
        may_be = _(" or ").join(map(named, each.may_be))
        row = (
            shown_header(each.header),
            named(each.column) if each.column else "",
            each.unit,
            _("may be {names}").format(names=may_be) if may_be else _(each.note),
            *(str(count) for count in (each.filled, each.blank, each.bad)),
            shown_header(each.first),
            shown_header(each.odd),
        )
        for name, cell in zip(COLUMNS, row, strict=True):
            cells[name].append(cell)
    return [TextColumn(name, _KINDS.get(name, Kind.TEXT), cells[name]) for name in COLUMNS]


def _document(check: FileCheck, columns: list[TextColumn], notes: list[str]) -> dict[str, object]:
    source = check.source
    rows = row_documents(columns)
    for row, each in zip(rows, check.headers, strict=True):
        # Scripts need words that stay the same.
        row |= {"read_as": each.column, "note": each.note, "may_be": list(each.may_be)}
    return {
        "file": source.name,
        "kind": check.kind,
        "encoding": _encoding(source),
        "delimiter": source.delimiter if source.chunks and not check.holds_json else "",
        "decimal": source.decimal or ".",
        "header_line": Figure(str(source.taken.header_line)),
        "rows": Figure(str(check.rows)),
        "bad_rows": Figure(str(check.bad_rows)),
        "problems": [
            {"line": Figure(str(each.row)), "column": each.column, "reason": each.reason}
            for each in check.problems
        ],
        "total_rows": [Figure(str(line)) for line in check.totals],
        "refused": check.refusal,
        "map": check.maps,
        "headers": rows,
        "notes": notes,
    }


def _notes(check: FileCheck) -> list[str]:
    """Lines under the table: the kind of file, its encoding, and rows that were left out."""
    from aepromo.check.file_check import COMMANDS

    source, command = check.source, COMMANDS[check.kind]
    kinds = {
        "costs": _("a cost file"),
        "orders": _("an order history"),
        "feed": _("a discount feed"),
        "parcels": _("a table of parcels"),
    }
    rows = ngettext("{count:,} row", "{count:,} rows", check.rows).format(count=check.rows)
    first = _("{name}: {kind}, {rows}")
    notes = [first.format(name=source.name, kind=kinds[check.kind], rows=rows)]
    if check.holds_json:
        notes.append(_("encoding {encoding}; JSON lines").format(encoding=_encoding(source)))
    elif source.chunks is not None:
        text = _("encoding {encoding}; cells are separated by {delimiter}; decimal mark {decimal}")
        notes.append(
            text.format(
                encoding=_encoding(source),
                delimiter=_("tabs") if source.delimiter == "\t" else source.delimiter,
                decimal=source.decimal or ".",
            )
        )
    notes += source.taken.notes()
    if source.taken.blank_rows:
        count = source.taken.blank_rows
        text = ngettext("{count:,} blank row, skipped", "{count:,} blank rows, skipped", count)
        notes.append(text.format(count=count))
    if check.totals:
        text = ngettext(
            "a total row, not a SKU, on line {lines}",
            "{count:,} total rows, not SKUs, on lines {lines}",
            len(check.totals),
        )
        lines = few(map(str, check.totals[:_MOST_LINES]), len(check.totals))
        notes.append(text.format(count=len(check.totals), lines=lines))
    notes += [*check.ids.lines(), *check.ids.warnings()]
    if check.bad_rows:
        text = ngettext(
            "{count:,} bad row for {command}", "{count:,} bad rows for {command}", check.bad_rows
        )
        notes.append(text.format(count=check.bad_rows, command=command))
        notes += (f"{source.name}:{each.row}: {on_one_line(str(each))}" for each in check.problems)
        if more := check.all_problems - len(check.problems):
            text = _("… and {count:,} more problems")
            notes.append(f"{source.name}: {text.format(count=more)}")
    if check.refusal:
        notes.append(check.refusal)
    elif check.maps:
        text = _("to say what they mean: {maps}")
        notes.append(text.format(maps=" ".join(check.maps[:_MOST_LINES])))
    if not check.is_refused:
        notes.append(_("{command} can read it").format(command=command))
    return notes


def _encoding(source: Source) -> str:
    if source.chunks is None:
        return ""
    return source.chunks.encoding.casefold() or "utf-8"
