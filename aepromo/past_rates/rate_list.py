"""``--rates``: a list of forced rates, read completely before the SKUs."""

from __future__ import annotations

from aepromo.cli.input_files import opened
from aepromo.cli.rejected_rows import RejectedRows, RowsRefused
from aepromo.errors import AepromoError, InputError
from aepromo.inputs.joined_rates import JoinedRates, places_in
from aepromo.table.blocks import parse
from aepromo.table.source import open_source
from aepromo.words import _


def read_rates(file: str, rate_from: str) -> JoinedRates:
    """The rates in a file, or on standard input. Raises ``InputError`` after reading all of it.

    ``rate_from`` names the figure: ``mean``, ``max``, or a quantile such as ``p95``.
    """
    rates = JoinedRates()
    with opened(file) as (stream, name):
        source = open_source(stream, name)
        try:
            columns = places_in(source.header, rate_from)
        except AepromoError as error:
            raise type(error)(f"{name}:1: {error}") from None
        aside = RejectedRows(source)
        for block in source.blocks:
            text = parse(block, source)
            aside.add(text, rates.add(text, columns))
        try:
            aside.close()
        except RowsRefused:  # a list of rates has no rejects
            raise InputError(_("{name}: correct the list of rates").format(name=name)) from None
    return rates
