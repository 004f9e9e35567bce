"""The options about currencies."""

from dataclasses import dataclass
from typing import Annotated

import typer

from aepromo.cli.options import STORE_PANEL
from aepromo.words import _


@dataclass(frozen=True, slots=True)
class MoneyOptions:
    """Which currency prices are in, and what others are worth."""

    currency: Annotated[
        str | None,
        typer.Option(
            "--currency",
            metavar="CODE",
            help=_("The currency of prices, targets and offers (USD)."),
            rich_help_panel=STORE_PANEL,
            show_default=False,
        ),
    ] = None
    fx: Annotated[
        list[str] | None,
        typer.Option(
            "--fx",
            metavar="CNY=7.12",
            help=_("How many units of a currency one of the prices' is worth; repeatable."),
            rich_help_panel=STORE_PANEL,
            show_default=False,
        ),
    ] = None
