"""Every option once: how it is called, what it means; and groups of them that travel together."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

from aepromo.cli.language import Language
from aepromo.table.schema import INPUTS
from aepromo.words import _

SHORT_FLAGS = {
    "purchase_price": ("--purchase", "-b"),
    "logistics_cost": ("--logistics", "-l"),
    "list_price": ("--price", "-p"),
    "forced_rate": ("--rate", "-r"),
    "commission_rate": ("--commission",),
    "payment_rate": ("--payment",),
    "target_price": ("--target", "-t"),
}
"""The shorter names of some options; the long one is always the column's."""

SKU_PANEL = _("The SKU (with a file: where a cell is blank)")
STORE_PANEL = _("The store")
INPUT_PANEL = _("Input")
OUTPUT_PANEL = _("Output")


class Format(StrEnum):
    """How results are written."""

    AUTO = "auto"
    TABLE = "table"
    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    JSONL = "jsonl"
    MARKDOWN = "markdown"
    XLSX = "xlsx"
    PARQUET = "parquet"


def file_of(what: str) -> Any:
    """The argument FILE, of a command that reads what the text says."""
    return Annotated[str | None, typer.Argument(metavar="[FILE]", help=what, show_default=False)]


FileArgument = file_of(_("A table of SKUs, or - for standard input."))


def _option(*names: str, panel: str, says: str, **more: Any) -> Any:
    return typer.Option(*names, help=says, rich_help_panel=panel, show_default=False, **more)


class ReadingOptions(NamedTuple):
    """How a file is read, and what becomes of rows that can't be."""

    encoding: Annotated[
        str | None,
        _option(
            "--encoding",
            metavar="NAME",
            panel=INPUT_PANEL,
            says=_("The file's encoding, where the bytes mislead."),
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        _option(
            "--delimiter",
            metavar="CHARACTER",
            panel=INPUT_PANEL,
            says=_("What stands between cells: , ; or tab."),
        ),
    ] = None
    decimal: Annotated[
        str | None,
        _option(
            "--decimal",
            metavar="MARK",
            panel=INPUT_PANEL,
            says=_("The decimal mark of the file's figures: , or ."),
        ),
    ] = None
    sheet: Annotated[
        str | None,
        _option(
            "--sheet",
            metavar="NAME",
            panel=INPUT_PANEL,
            says=_("A workbook's sheet, by name or number; else the first."),
        ),
    ] = None
    map: Annotated[
        list[str] | None,
        _option(
            "--map", panel=INPUT_PANEL, metavar="HEADER=COLUMN", says=_("What a header stands for.")
        ),
    ] = None
    rejects: Annotated[
        str | None,
        _option(
            "--rejects", panel=INPUT_PANEL, metavar="FILE", says=_("Put bad rows there, go on.")
        ),
    ] = None


class WritingOptions(NamedTuple):
    """Where results go and what they look like."""

    output: Annotated[
        str | None,
        _option(
            "--output",
            "-o",
            panel=OUTPUT_PANEL,
            metavar="FILE",
            says=_("Write to a file, whole or not at all."),
        ),
    ] = None
    format: Annotated[
        Format,
        _option(
            "--format",
            panel=OUTPUT_PANEL,
            metavar="FORM",
            says=_("table, csv, tsv, json, jsonl, markdown, xlsx or parquet; else what fits."),
        ),
    ] = Format.AUTO
    columns: Annotated[
        str | None,
        _option(
            "--columns",
            panel=OUTPUT_PANEL,
            metavar="A,B",
            says=_("Only these columns, in this order."),
        ),
    ] = None
    value: Annotated[
        str | None,
        _option(
            "--value",
            panel=OUTPUT_PANEL,
            metavar="COLUMN",
            says=_("Only this column, bare, one value a line."),
        ),
    ] = None
    headers: Annotated[
        Language,
        _option(
            "--headers",
            panel=OUTPUT_PANEL,
            metavar="en|zh",
            says=_("Names of the program's own columns and JSON keys (en)."),
        ),
    ] = Language.EN
    no_header: Annotated[
        bool, _option("--no-header", panel=OUTPUT_PANEL, says=_("Leave the header line out."))
    ] = False
    limit: Annotated[
        int,
        _option(
            "--limit", panel=OUTPUT_PANEL, metavar="N", min=1, says=_("Most rows in a table (40).")
        ),
    ] = 40
    bom: Annotated[
        bool,
        _option("--bom", panel=OUTPUT_PANEL, says=_("Begin with a byte order mark, for Excel.")),
    ] = False
    excel_safe: Annotated[
        bool,
        _option(
            "--excel-safe",
            panel=OUTPUT_PANEL,
            says=_("Put ' before text that a spreadsheet would run."),
        ),
    ] = False
    quiet: Annotated[
        bool, _option("--quiet", "-q", panel=OUTPUT_PANEL, says=_("No assumptions, no summary."))
    ] = False


class OfferOptions(NamedTuple):
    """What the store takes off an order."""

    spend_save: Annotated[
        list[str] | None,
        _option("--spend-save", panel=STORE_PANEL, metavar="30:3", says=_("Off from; repeatable.")),
    ] = None
    coupon: Annotated[
        list[str] | None,
        _option(
            "--coupon",
            panel=STORE_PANEL,
            metavar="20:2",
            says=_("The same for store coupons; 2 alone has no minimum."),
        ),
    ] = None
    coupon_stacks: Annotated[
        bool | None,
        _option(
            "--coupon-stacks",
            panel=STORE_PANEL,
            says=_("«Exclude Forced Discount Items» is off: forced items take coupons too."),
        ),
    ] = None
    basket: Annotated[
        str | None,
        _option(
            "--basket",
            panel=STORE_PANEL,
            metavar="any|single",
            says=_("Whether an order may hold more than this unit (any)."),
        ),
    ] = None


class EndingOptions(NamedTuple):
    """What a list price may end in."""

    ending: Annotated[
        list[str] | None,
        _option(
            "--ending", panel=STORE_PANEL, metavar=".99", says=_("What prices end in; repeatable.")
        ),
    ] = None


ConfigOption = Annotated[
    str | None,
    _option(
        "--config", panel=INPUT_PANEL, metavar="FILE", says=_("Not aepromo.toml but this file.")
    ),
]


def argument(name: str, annotation: Any) -> inspect.Parameter:
    """An argument that may be left out."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """An option of one command alone."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def value_parameter(name: str) -> inspect.Parameter:
    """The option that gives a column's value."""
    column = INPUTS[name]
    declared = _option(
        column.flag, *SHORT_FLAGS.get(name, ()), panel=SKU_PANEL, metavar="VALUE",
        says=_sentence(_(column.meaning)),
    )  # fmt: skip
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[str | None, declared],
    )


def _sentence(clause: str) -> str:
    return clause[0].upper() + clause[1:] + _(".")


def parameters_of(group: Any) -> list[inspect.Parameter]:
    """The fields of a group, a named tuple of options, as the parameters of a command."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=group._field_defaults.get(name),
            annotation=hints[name],
        )
        for name in group._fields
    ]


def taken(group: Any, values: dict[str, Any]) -> Any:
    """Build a group from a command's values, which it takes out of them."""
    return group(**{name: values.pop(name) for name in group._fields})


def with_parameters(
    command: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    """Give a command that takes anything the parameters that Typer shall offer."""
    # What inspect looks at first, though functions are not declared to have it.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def preferred_flag(name: str) -> str:
    """The option that a message advises for a column."""
    return SHORT_FLAGS.get(name, (INPUTS[name].flag,))[0]
