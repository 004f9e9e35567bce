"""Messages on standard error, one line each."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING

from aepromo.cli.options import preferred_flag
from aepromo.cli.process import send_nowhere
from aepromo.inputs.values import ASSUMED, assumed_texts
from aepromo.pricing.currency import USD, Currency
from aepromo.table.cells import few, on_one_line, shown
from aepromo.table.schema import all_named, named
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from aepromo.cli.config import Config
    from aepromo.inputs.exchange import Conversion
    from aepromo.inputs.values import Values
    from aepromo.rules.overrides import Book
    from aepromo.table.answer_columns import Layout
    from aepromo.table.headers import Headers
    from aepromo.table.source import Source


LONGEST = 4_000
"""How many characters a line may have."""
MOST_LINES = 5
"""How many lines of a file a message names."""


def say(line: str) -> None:
    """Write one line to standard error; if that is closed, do nothing."""
    if len(line) > LONGEST:
        line = line[:LONGEST] + "…"
    try:
        sys.stderr.write(on_one_line(line) + "\n")
        sys.stderr.flush()
    except OSError:
        send_nowhere(sys.stderr)
    except (ValueError, AttributeError):
        return


def say_fault(error: Exception) -> None:
    """Report a fault of the program or the machine, and how to report it further."""
    what = str(error).strip().partition("\n")[0]
    fault = _("out of memory") if isinstance(error, MemoryError) else type(error).__name__
    reason = _(
        "{fault}; a fault of the program or of this machine: to report it, send what this "
        "command prints with AEPROMO_DEBUG=1, and the output of aepromo doctor"
    )
    said = f"{fault}: {shown(what)}" if what else fault
    say("aepromo: " + reason.format(fault=said))


def say_assumed(
    names: Collection[str],
    book: Book,
    quiet: bool,
    currency: Currency = USD,
    costs: str = "",
) -> None:
    """Name each assumed value; a value that the user put into the rule book isn't assumed.

    ``currency`` is the one of prices, in which costs are taken too; ``costs`` are their headers,
    where the currency of others is known.
    """
    if quiet or not names:
        return
    of_book = _("assumed: {name} {value} (rule book; set {flag})")
    other = _("assumed: {name} {value} (not given; set {flag})")
    values = assumed_texts(names, book)
    for (name, value), column in zip(values.items(), all_named(values), strict=True):
        if name == "cost_currency":
            say(cost_currency_line(currency, costs))
        else:
            text = of_book if name in ASSUMED else other
            say(text.format(name=column, value=value, flag=preferred_flag(name)))


def cost_currency_line(currency: Currency, costs: str) -> str:
    """The message for costs whose currency was assumed and may be wrong."""
    assumed = _("assumed: {name} {value} (set {flag})")
    if costs:
        assumed = _("assumed: {name} {value} for {costs} (set {flag})")
    name, flag = named("cost_currency"), preferred_flag("cost_currency")
    return assumed.format(name=name, value=currency.code, costs=costs, flag=flag)


def encoding_line(encoding: str) -> str:
    """The message for an encoding that was guessed from the bytes."""
    assumed = _("assumed: encoding {encoding} (not UTF-8; set --encoding)")
    return assumed.format(encoding=encoding)


def say_configuration(config: Config, is_used: bool, quiet: bool) -> None:
    """Name a configuration that was found without ``--config``, if anything of it is used."""
    if not (config.path and is_used):
        return
    if owner := config.other_owner():
        warning = _("{path} belongs to another user ({owner}); check its content")
        say_warning(warning.format(path=config.path, owner=owner))
    if not quiet:
        say(_("configuration: {path}").format(path=config.path))


def say_reading(source: Source, headers: Headers, quiet: bool, given: Collection[str] = ()) -> None:
    """Report once how a file and its headers were read, where that isn't obvious.

    That money may be left out is reported in any case; ``given`` are columns with a given value.
    """
    for line in () if quiet else (*source.taken.notes(), *headers.lines(given)):
        say(line)
    for warning in headers.warnings(given):
        say_warning(warning)


def priced_by_line(name: str) -> str:
    """The message for a file whose list price is not the price that is looked at."""
    priced = _("priced by {name} (to use another: --map 'HEADER=list_price')")
    return priced.format(name=named(name))


def say_replaced(layout: Layout, added: Collection[str]) -> None:
    """Name replaced columns of the file that may be the seller's own.

    A file with all result columns was written by the program.
    """
    names = [header for name, header in layout.headers.items() if name in added]
    if 0 < len(names) < len(added):
        replaced = _("replaced: {names} (the file had them; to keep one of yours, rename it)")
        say(replaced.format(names=_(", ").join(names)))


def total_rows_line(name: str, lines: Sequence[int], are_kept: bool) -> str:
    """Which lines of a file are total rows, and whether they are written."""
    text = ngettext(
        "{name}: a total row on line {lines}; it is left out",
        "{name}: {count:,} total rows on lines {lines}; they are left out",
        len(lines),
    )
    if are_kept:
        text = ngettext(
            "{name}: a total row on line {lines}; it is written unchanged",
            "{name}: {count:,} total rows on lines {lines}; they are written unchanged",
            len(lines),
        )
    first = few(map(str, lines[:MOST_LINES]), len(lines))
    return text.format(name=name, count=len(lines), lines=first)


def took_line(took: Sequence[int]) -> str:
    """How many rows took the joined rate of their SKU, their category or the store."""
    text = _("forced_rate joined: {skus:,} by SKU, {categories:,} by category, {store:,} by store")
    return text.format(skus=took[0], categories=took[1], store=took[2])


def not_used_line(name: str, values: Values) -> str:
    """The message for an option that was not used, because no cell of its column is blank."""
    line = _("not used: {flag} {value} (no cell of it is blank; --override puts it first)")
    return line.format(flag=preferred_flag(name), value=values.texts[name])


def say_converted(conversions: Collection[Conversion], selling: Currency, quiet: bool) -> None:
    """Name each conversion between currencies: ``converted: 1 USD = 7.12 CNY, …``."""
    at = sorted(
        {(made.code, made.rate) for made in conversions}, key=lambda one: (one[0], one[1] is None)
    )
    for code, rate in [] if quiet else at:
        if rate is None:
            line = _("converted: {code} at the fx_rate of each row").format(code=code)
        else:
            line = _("converted: {rate}").format(rate=rate.both_ways(code, selling.code))
            line += _(", ") + f"{rate.day}" if rate.day else ""
        things = {False: _("costs"), True: _("shipping")}
        found = [thing for of_fees, thing in things.items() if (code, rate, of_fees) in conversions]
        say(line + _(" ({things})").format(things=_(" and ").join(found)))


def say_warnings(values: Values) -> None:
    """Warn of values that are allowed but look wrong, also with ``--quiet``."""
    for warning in values.warnings(date.today()):
        say_warning(warning)


def say_warning(text: str) -> None:
    """Print one warning."""
    say(_("warning: {warning}").format(warning=text))
