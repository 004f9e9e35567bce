"""What the commands have in common that judge rows by the platform's rules and price them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aepromo.calculators.command import RatesOptions, policy_over, with_rates
from aepromo.cli.config import read_config
from aepromo.cli.money import MoneyOptions, ShippingOptions
from aepromo.cli.options import (
    STORE_PANEL,
    ConfigOption,
    FileArgument,
    OfferOptions,
    ReadingOptions,
    WritingOptions,
    argument,
    option,
    parameters_of,
    taken,
    value_parameters,
    with_parameters,
)
from aepromo.cli.say import say, say_assumed, say_warnings
from aepromo.inputs.columns import PARCEL
from aepromo.errors import CallError
from aepromo.inputs.policy import Policy
from aepromo.platform.row_pricing import RowPricing
from aepromo.platform.rulings import (
    judge_file,
    judge_one,
    say_rows_converted,
    say_stores_passed_over,
    write_sheet,
)
from aepromo.table.headings import named
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aepromo.engine.question import Report
    from aepromo.platform.ruling import Ruling, Verdict
    from aepromo.platform.rulings import Sheet
    from aepromo.pricing.currency import Currency

POLICY = frozenset(Policy._fields) - frozenset(PARCEL)

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="NAME",
        help=_("Which store of aepromo.toml; the only one where there is one."),
        rich_help_panel=STORE_PANEL,
        show_default=False,
    ),
]


def priced_ruling_command(
    build: Callable[[RowPricing], Ruling],
    question: Report,
    summary: Callable[[Sequence[Verdict], Currency], str],
) -> Callable[..., None]:
    """The Typer command that puts a ruling's question to one row or a file of them.

    ``question`` tells which of a row's costs and targets bear on the answer, ``summary`` what all
    answers come to, in one line.
    """

    def command(**values: Any) -> None:
        file, store = values.pop("file"), values.pop("store")
        reading, writing = taken(ReadingOptions, values), taken(WritingOptions, values)
        config, joined = read_config(values.pop("config")), taken(RatesOptions, values)
        policy = policy_over(config, {name: values.pop(name) for name in POLICY & values.keys()})
        say_warnings(policy)
        policy = with_rates(policy, joined, file)
        pricing = RowPricing(question, policy)
        ruling = build(pricing)
        given = {name: text for name, text in values.items() if text is not None}
        levels = {**config.defaults, **config.store(store)}
        given = {name: text for name, text in levels.items() if name in values} | given
        if file is None:
            sheet = judge_one(ruling, _described(ruling, policy, given), reading)
        else:
            sheet = judge_file(ruling, {**policy.cost_texts(), **given}, file, reading, writing)
        say_stores_passed_over(config, store, ruling, (judged.facts for judged in sheet.rows))
        _say_what_is_missing(ruling, sheet, pricing, writing)
        line = summary([judged.verdict for judged in sheet.rows], ruling.currency)
        write_sheet(ruling, sheet, writing, [] if writing.quiet else [line])
        if writing.output and not writing.quiet:
            say(f"{writing.output}: {line}")

    plain = build(RowPricing(question, Policy()))
    command.__doc__ = _(plain.question)
    values = [name for name in plain.uses if name != "sku"]
    return with_parameters(
        command,
        [
            argument("file", FileArgument),
            *map(value_parameters, dict.fromkeys((*values, *PARCEL))),
            *parameters_of(OfferOptions),
            *parameters_of(MoneyOptions),
            *parameters_of(ShippingOptions),
            option("store", StoreOption, None),
            option("config", ConfigOption, None),
            *parameters_of(ReadingOptions),
            *parameters_of(RatesOptions),
            *parameters_of(WritingOptions),
        ],
    )


def worst_first(verdicts: Sequence[Verdict], column: str) -> list[tuple[str, int]]:
    """How many verdicts came to each label, the worst first."""
    found = [verdict.get(column) for verdict in verdicts]
    counts = [(name, found.count(index)) for index, name in enumerate(RESULTS[column].labels)]
    return counts[::-1]


def _described(ruling: Ruling, policy: Policy, given: dict[str, str]) -> dict[str, str]:
    """The row that the options describe, in the order of the columns."""
    row = {**{name: text for name, text in policy.texts().items() if name in ruling.uses}, **given}
    if not row:
        example = INPUTS[ruling.uses[-1]].flag
        reason = _("nothing to judge; name a FILE, or give values such as {flag}")
        raise CallError(reason.format(flag=example))
    return {name: row[name] for name in ruling.uses if name in row}


def _unknown(name: str, rows: int, is_one: bool) -> str:
    """One fact that rows lack: ``dsr in 3 rows (set --dsr)``."""
    text = ngettext(
        "{name} in {count:,} row (set {flag})", "{name} in {count:,} rows (set {flag})", rows
    )
    text = _("{name} (set {flag})") if is_one else text
    return text.format(name=named(name), count=rows, flag=INPUTS[name].flag)


def _say_what_is_missing(
    ruling: Ruling, sheet: Sheet, pricing: RowPricing, writing: WritingOptions
) -> None:
    """Name what was assumed, and what is unknown for want of a cell."""
    say_assumed(pricing.assumed, set(), pricing.terms.book, writing.quiet)
    say_rows_converted((row.facts for row in sheet.rows), ruling.exchange, writing.quiet)
    if writing.quiet:
        return
    texts = [str(judged.verdict.get("unknown") or "") for judged in sheet.rows]
    unknown = Counter(name for text in texts for name in text.split(", ") if name)
    if unknown:
        facts = [_unknown(name, rows, sheet.is_one) for name, rows in unknown.items()]
        say(_("unknown: {names}").format(names=_(", ").join(facts)))
    if pricing.unpriced:
        rows = pricing.unpriced
        unpriced = ngettext(
            "no profit in {count:,} row: without {names}",
            "no profit in {count:,} rows: without {names}",
            rows,
        )
        unpriced = _("no profit: without {names}") if sheet.is_one else unpriced
        say(unpriced.format(count=rows, names=_(", ").join(map(named, pricing.lacking))))
