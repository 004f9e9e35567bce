"""The options about currencies and shipping lines."""

from inspect import Parameter
from typing import Annotated, NamedTuple

from aepromo.cli.options import STORE_PANEL, declared, parameters_of, value_parameters
from aepromo.inputs.columns import PARCEL

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
