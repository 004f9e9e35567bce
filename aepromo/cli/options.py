"""The declarations of options, and groups of options that are passed together.

Their texts are translated only where help is shown.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import partial
from inspect import Parameter
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints

import typer

from aepromo.cli.language import Language
from aepromo.inputs.columns import PARCEL
from aepromo.table.schema import INPUTS

SHORT_FLAGS = {
    "purchase_price": ("--purchase", "-b"),
    "logistics_cost": ("--logistics", "-l"),
    "list_price": ("--price", "-p"),
    "forced_rate": ("--rate", "-r"),
    "commission_rate": ("--commission",),
    "payment_rate": ("--payment",),
    "target_price": ("--target", "-t"),
}
"""The shorter names of some options; the long name is always that of the column."""

SKU_PANEL = "The SKU (with a file: where a cell is blank)"
STORE_PANEL = "The store"
INPUT_PANEL = "Input"
OUTPUT_PANEL = "Output"


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
    ALIEXPRESS = "aliexpress"


def file_of(what: str) -> Any:
    """The argument FILE of a command; the text says what the file is."""
    return Annotated[str | None, typer.Argument(metavar="[FILE]", help=what, show_default=False)]


FileArgument = file_of("A table of SKUs, or - for standard input.")


declared = partial(typer.Option, show_default=False)
"""An option whose help names its default, if there is one."""


class ReadingOptions(NamedTuple):
    """How a file is read, and where bad rows go."""

    encoding: Annotated[
        str | None,
        declared(
            "--encoding",
            metavar="NAME",
            rich_help_panel=INPUT_PANEL,
            help="The file's encoding, if it is not detected correctly.",
        ),
    ] = None
    delimiter: Annotated[
        str | None,
        declared(
            "--delimiter",
            metavar="CHARACTER",
            rich_help_panel=INPUT_PANEL,
            help="The character between cells: , ; or tab.",
        ),
    ] = None
    decimal: Annotated[
        str | None,
        declared(
            "--decimal",
            metavar="MARK",
            rich_help_panel=INPUT_PANEL,
            help="The decimal mark of the file's figures: , or .",
        ),
    ] = None
    sheet: Annotated[
        str | None,
        declared(
            "--sheet",
            metavar="NAME",
            rich_help_panel=INPUT_PANEL,
            help="A workbook's sheet, by name or number; else the first.",
        ),
    ] = None
    map: Annotated[
        list[str] | None,
        declared(
            "--map",
            rich_help_panel=INPUT_PANEL,
            metavar="HEADER=COLUMN",
            help="Read this header as that column; repeatable.",
        ),
    ] = None
    rejects: Annotated[
        str | None,
        declared(
            "--rejects",
            rich_help_panel=INPUT_PANEL,
            metavar="FILE",
            help="Write bad rows to this file, and continue.",
        ),
    ] = None


class Colour(StrEnum):
    """When tables are in colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class WritingOptions(NamedTuple):
    """Where results are written, and in which form."""

    output: Annotated[
        str | None,
        declared(
            "--output",
            "-o",
            rich_help_panel=OUTPUT_PANEL,
            metavar="FILE",
            help="Write to a file, completely or not at all.",
        ),
    ] = None
    format: Annotated[
        Format,
        declared(
            "--format",
            rich_help_panel=OUTPUT_PANEL,
            metavar="FORM",
            help="table, csv, tsv, json, jsonl, markdown, xlsx, parquet, or aliexpress (reprice).",
        ),
    ] = Format.AUTO
    columns: Annotated[
        str | None,
        declared(
            "--columns",
            rich_help_panel=OUTPUT_PANEL,
            metavar="A,B",
            help="Only these columns, in this order.",
        ),
    ] = None
    value: Annotated[
        str | None,
        declared(
            "--value",
            rich_help_panel=OUTPUT_PANEL,
            metavar="COLUMN",
            help="Print only this column, one value a line.",
        ),
    ] = None
    headers: Annotated[
        Language | None,
        declared(
            "--headers",
            rich_help_panel=OUTPUT_PANEL,
            metavar="en|zh",
            help=(
                "Language of the program's own columns and JSON keys (en; in a workbook that of "
                "--lang)."
            ),
        ),
    ] = None
    no_header: Annotated[
        bool,
        declared("--no-header", rich_help_panel=OUTPUT_PANEL, help="Leave the header line out."),
    ] = False
    limit: Annotated[
        int,
        declared(
            "--limit",
            rich_help_panel=OUTPUT_PANEL,
            metavar="N",
            min=1,
            help="Show at most this many rows in a table (40).",
        ),
    ] = 40
    color: Annotated[
        Colour,
        declared(
            "--color",
            rich_help_panel=OUTPUT_PANEL,
            metavar="WHEN",
            help="Colour a table: auto (on a terminal), always or never.",
        ),
    ] = Colour.AUTO
    bom: Annotated[
        bool,
        declared(
            "--bom", rich_help_panel=OUTPUT_PANEL, help="Begin with a byte order mark, for Excel."
        ),
    ] = False
    excel_safe: Annotated[
        bool,
        declared(
            "--excel-safe",
            rich_help_panel=OUTPUT_PANEL,
            help="Put ' before text that a spreadsheet would run as a formula.",
        ),
    ] = False
    quiet: Annotated[
        bool,
        declared(
            "--quiet",
            "-q",
            rich_help_panel=OUTPUT_PANEL,
            help="Leave out notes on assumptions, and the summary.",
        ),
    ] = False


class OfferOptions(NamedTuple):
    """Discounts of the store on an order."""

    spend_save: Annotated[
        list[str] | None,
        declared(
            "--spend-save",
            rich_help_panel=STORE_PANEL,
            metavar="30:3",
            help="Spend & Save: 3 off from 30; every:30:3 for each 30; repeatable.",
        ),
    ] = None
    coupon: Annotated[
        list[str] | None,
        declared(
            "--coupon",
            rich_help_panel=STORE_PANEL,
            metavar="20:2",
            help="Store coupon: 2 off from 20; 2 has no minimum, 20:10%:5 takes 10%, at most 5.",
        ),
    ] = None
    coupon_stacks: Annotated[
        bool | None,
        declared(
            "--coupon-stacks",
            rich_help_panel=STORE_PANEL,
            help="«Exclude Forced Discount Items» is off: forced items take coupons too.",
        ),
    ] = None
    basket: Annotated[
        str | None,
        declared(
            "--basket",
            rich_help_panel=STORE_PANEL,
            metavar="any|single|same",
            help="What else an order may hold: anything, nothing, more of the same SKU (any).",
        ),
    ] = None


class EndingOptions(NamedTuple):
    """Endings that list prices may have."""

    ending: Annotated[
        list[str] | None,
        declared(
            "--ending",
            rich_help_panel=STORE_PANEL,
            metavar=".99",
            help="An allowed ending of list prices, or 9 for whole prices; repeatable.",
        ),
    ] = None


class DecisionOptions(NamedTuple):
    """Which changes of a list price are allowed."""

    lower: Annotated[
        bool | None,
        declared(
            "--lower",
            rich_help_panel=STORE_PANEL,
            help="Let prices fall, at most to the lowest that protects.",
        ),
    ] = None
    max_change: Annotated[
        str | None,
        declared(
            "--max-change",
            rich_help_panel=STORE_PANEL,
            metavar="RATE|never",
            help="Hold a price that would change by more than this (50%).",
        ),
    ] = None


ConfigOption = Annotated[
    str | None,
    declared(
        "--config",
        rich_help_panel=INPUT_PANEL,
        metavar="FILE",
        help="Read this configuration instead of aepromo.toml.",
    ),
]


OverrideOption = Annotated[
    bool,
    declared(
        "--override",
        rich_help_panel=INPUT_PANEL,
        help="Use the values of options instead of cells, not only for blank cells.",
    ),
]


def argument(name: str, annotation: Any) -> inspect.Parameter:
    """An optional argument."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """An option of one command only."""
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def value_parameters(names: Iterable[str]) -> list[inspect.Parameter]:
    """The options that give the values of columns."""
    options = {
        name: declared(
            "--" + name.replace("_", "-"),
            *SHORT_FLAGS.get(name, ()),
            rich_help_panel=SKU_PANEL,
            metavar="VALUE",
            help=INPUTS[name].meaning,
        )
        for name in names
    }
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[str | None, given],
        )
        for name, given in options.items()
    ]


def parameters_of(*groups: Any) -> list[inspect.Parameter]:
    """The fields of groups, named tuples of options, as the parameters of a command."""
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=group._field_defaults.get(name),
            annotation=hint,
        )
        for group in groups
        for name, hint in get_type_hints(group, include_extras=True).items()
    ]


Group = TypeVar("Group", bound=tuple[Any, ...])


def options_of(group: type[Group], given: Mapping[str, Any]) -> Group:
    """A group of options out of a command's arguments; those it doesn't offer have defaults."""
    fields: tuple[str, ...] = group._fields  # type: ignore[attr-defined]  # it is a named tuple
    return group(**{name: given[name] for name in fields if name in given})


def with_parameters(
    command: Callable[..., None], parameters: list[inspect.Parameter]
) -> Callable[..., None]:
    """Give a command with arbitrary keywords the parameters that Typer should offer."""
    signature = inspect.Signature(parameters)
    command.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it first
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def preferred_flag(name: str) -> str:
    """The option that messages name for a column."""
    return SHORT_FLAGS[name][0] if name in SHORT_FLAGS else INPUTS[name].flag


CurrencyOption = Annotated[
    str | None,
    declared(
        "--currency",
        metavar="CODE",
        help="The currency of prices, targets and offers (USD).",
        rich_help_panel=STORE_PANEL,
    ),
]


class MoneyOptions(NamedTuple):
    """The currency of prices, and the exchange rates of others."""

    currency: CurrencyOption = None
    fx: Annotated[
        list[str] | None,
        declared(
            "--fx",
            metavar="CNY=7.12",
            help="Exchange rate: how many CNY one unit of the prices' currency buys; repeatable.",
            rich_help_panel=STORE_PANEL,
        ),
    ] = None


class ShippingOptions(NamedTuple):
    """Options that give the logistics cost where no cell and no ``--logistics`` does."""

    tariff: Annotated[
        str | None,
        declared(
            "--tariff",
            metavar="FILE",
            help="Prices of shipping lines by weight (TOML), used where a logistics cost is blank.",
            rich_help_panel=STORE_PANEL,
        ),
    ] = None
    line: Annotated[
        str | None,
        declared(
            "--line",
            metavar="NAME",
            help="The shipping line (default: the cheapest that can carry the parcel).",
            rich_help_panel=STORE_PANEL,
        ),
    ] = None


def shipping_parameters() -> list[Parameter]:
    """The options that describe a parcel, and what its shipping costs."""
    return [*value_parameters(PARCEL), *parameters_of(ShippingOptions)]
