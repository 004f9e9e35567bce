"""The steps of every command: take options, resolve them, answer for one SKU or a file, exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import typer

from aepromo.cli.config import defaults_for, read_config
from aepromo.cli.exits import Exit
from aepromo.cli.messages import (
    say,
    say_assumed,
    say_configuration,
    say_converted,
    say_warning,
    say_warnings,
)
from aepromo.cli.options import (
    INPUT_PANEL,
    STORE_PANEL,
    ConfigOption,
    FileArgument,
    Format,
    MoneyOptions,
    OfferOptions,
    OverrideOption,
    ReadingOptions,
    WritingOptions,
    argument,
    declared,
    option,
    options_of,
    parameters_of,
    shipping_parameters,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import (
    WITH_NUMBERS,
    chosen,
    destination,
    format_of,
    headed,
    rendered,
    text_lines,
)
from aepromo.cli.reading_options import Reading, reading_of
from aepromo.engine.single import run_single
from aepromo.errors import CallError, NothingGivenError, problems_of
from aepromo.inputs.columns import FORCED_RATE
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import Values, resolved
from aepromo.pricing.money import BLANK
from aepromo.table.column import Kind
from aepromo.table.schema import INPUTS, RESULTS, named
from aepromo.table.text_formats import TextColumn, bare, result_columns
from aepromo.terminal.summary import Tally
from aepromo.words import _, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from inspect import Parameter

    from rich.console import RenderableType

    from aepromo.calculators.price_update import PriceUpdates
    from aepromo.cli.config import Config
    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Question
    from aepromo.pricing.currency import Currency

    Options: TypeAlias = Mapping[str, Any]

POLICY = frozenset(Policy._fields) - {
    *("facts", "places", "book", "rates", "zone", "cost_currencies")
}


class RatesOptions(NamedTuple):
    """Forced rates from a list, and which of its figures."""

    rates: Annotated[
        str | None,
        declared(
            "--rates",
            metavar="FILE",
            help="Forced rates by SKU, category and store, as rates writes them.",
            rich_help_panel=INPUT_PANEL,
        ),
    ] = None
    rate_from: Annotated[
        str | None,
        declared(
            "--rate-from",
            metavar="mean|p95|max|range",
            help="Which figure of --rates to use (mean).",
            rich_help_panel=INPUT_PANEL,
        ),
    ] = None


StoreOption = Annotated[
    str | None,
    declared(
        "--store",
        metavar="NAME",
        help="The store of aepromo.toml to use (not needed if there is only one).",
        rich_help_panel=STORE_PANEL,
    ),
]


class Call(NamedTuple):
    """The arguments of a command: its file, how to read and write, configuration, other options.

    ``options`` are the command's own, ``given`` the values of columns and of the policy.
    """

    file: str | None
    reading: Reading
    writing: WritingOptions
    config: Config
    joined: RatesOptions
    store: str | None
    options: Mapping[str, Any]
    given: Mapping[str, Any]


class CommandQuestion(NamedTuple):
    """A question as a command runs it.

    ``summary`` sums up the answers in one line, ``listener`` gets each outcome of a file, and
    ``closing`` reports what is known only after all rows. ``only`` are the labels of the rows to
    write, all where it is empty; ``updates`` turns the rows into requests.
    """

    question: Question
    summary: Callable[[Tally], str]
    listener: Callable[[Outcome], None] | None = None
    closing: Callable[[], None] | None = None
    only: tuple[str, ...] = ()
    updates: PriceUpdates | None = None


def question_command(
    ask: Callable[[Values, Call], CommandQuestion],
    plain: Question,
    *,
    values: Sequence[Parameter] | None = None,
    policy_options: Sequence[Parameter] = (),
    own_options: Sequence[Parameter] = (),
    file: Any = FileArgument,
    has_offers: bool = True,
    has_money: bool = True,
    finish: Callable[[Tally, Values, Call], bool] | None = None,
) -> Callable[..., None]:
    """The Typer command that answers a question for one row or a file of them.

    ``plain`` is the question with the rule book unchanged, which decides the options, unless
    ``values`` does. ``policy_options`` are fields of ``Policy``, ``own_options`` the command's own:
    they are in ``Call.options``. ``finish`` runs once all is written, and returns whether there
    were findings, for the exit code.
    """
    own = [each.name for each in own_options]
    describes_store = plain.prices_some or plain.describes_store or bool(plain.wants)

    def command(**arguments: Any) -> None:
        call = call_of(arguments, own)
        values = values_of(call)
        asked = ask(values, call)
        if call.file is None:
            tally = answer_one(asked.question, values, call, asked.listener)
        else:
            from aepromo.cli.answer_file import Watched, answer_file  # loads pyarrow

            watched = Watched(
                store_columns(asked.question, call), asked.listener, asked.only, asked.updates
            )
            tally = answer_file(
                asked.question,
                values,
                call.file,
                call.reading,
                call.writing,
                asked.summary,
                watched,
            )
        _say_what_is_missing(tally, call)
        if asked.closing is not None:
            asked.closing()
        if call.writing.output and not call.writing.quiet and call.file is not None:
            say(f"{call.writing.output}: {asked.summary(tally)}")
        if finish is not None and finish(tally, values, call):
            raise typer.Exit(Exit.FINDINGS)

    command.__doc__ = _(plain.question)
    # A calculator needs only the costs of a SKU; the platform's rules also need names.
    names = [
        name
        for name in plain.uses
        if INPUTS[name].kind is not Kind.TEXT or (describes_store and name != "sku")
    ]
    offers = [OfferOptions] if has_offers else []
    money, rates = ([MoneyOptions], [RatesOptions]) if has_money else ([], [])
    return with_parameters(
        command,
        [
            argument("file", file),
            *(value_parameters(names) if values is None else values),
            *parameters_of(*offers, *money),
            *(shipping_options(plain) if has_money else ()),
            *([option("store", StoreOption, None)] if describes_store and has_money else ()),
            option("config", ConfigOption, None),
            option("override", OverrideOption, False),
            *policy_options,
            *parameters_of(ReadingOptions, *rates, WritingOptions),
            *own_options,
        ],
    )


def shipping_options(question: Question) -> list[Parameter]:
    """The options of a parcel and its tariff, where the answer depends on the logistics cost."""
    if "logistics_cost" not in question.uses:
        return []
    return [each for each in shipping_parameters() if each.name not in question.uses]


_SHARED = frozenset(
    (
        *("file", "config", "store"),
        *(*ReadingOptions._fields, *WritingOptions._fields, *RatesOptions._fields),
    )
)


def call_of(arguments: Mapping[str, Any], own: Sequence[str]) -> Call:
    """A command's arguments taken apart; ``own`` are the names of its own options."""
    config, store = read_config(arguments["config"]), arguments.get("store")
    return Call(
        arguments["file"],
        reading_of(arguments, config, store),
        options_of(WritingOptions, arguments),
        config,
        options_of(RatesOptions, arguments),
        store,
        {name: arguments[name] for name in own},
        {name: arguments[name] for name in arguments if name not in _SHARED.union(own)},
    )


def values_of(call: Call) -> Values:
    """All values of options and configuration, resolved; prints their warnings."""
    if call.given.get("override") and call.file is None:
        reason = _(
            "--override puts options before the cells of a FILE; name one, or - for standard input"
        )
        raise CallError(reason)
    policy = with_rates(policy_over(call.config, call.given, call.store), call.joined, call.file)
    if "timezone" in call.options:
        from aepromo.cli.clock import zone_of  # few commands have times

        policy = policy._replace(zone=zone_of(call.options["timezone"], call.config))
    values = resolved(policy)
    say_configuration(call.config, is_configured(call, policy), call.writing.quiet)
    say_warnings(values)
    return values


def is_configured(call: Call, policy: Policy) -> bool:
    """Whether a call uses anything from the configuration."""
    has_headers = call.file is not None and bool(call.reading.headers.configured)
    own = any(name in call.options and not call.options[name] for name in call.config.defaults)
    return bool(policy.places or call.config.book.overrides) or has_headers or own


def with_rates(policy: Policy, joined: RatesOptions, file: str | None) -> Policy:
    """The policy with the rates of a list, where one is named. Raises ``CallError``."""
    if joined == RatesOptions():
        return policy
    if joined.rates is None:
        raise CallError(_("--rate-from needs --rates FILE"))
    if file is None or file == joined.rates == "-":
        raise CallError(_("--rates FILE needs another FILE with the SKUs"))
    from aepromo.past_rates.rate_list import read_rates  # loads pyarrow

    return policy._replace(rates=read_rates(joined.rates, joined.rate_from or "mean"))


def policy_over(config: Config, given: Mapping[str, Any], store: str | None = None) -> Policy:
    """The policy of options, which go before a store's columns and the other configuration."""
    defaults = defaults_for(config, given)
    of_store = {name: text for name, text in config.store(store).items() if name in given}
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }
    if said.pop("override", False):
        said["override"] = frozenset(name for name in said if name in INPUTS)
    if not said.keys().isdisjoint(FORCED_RATE):
        # The three columns are one value, which the highest level gives as a whole.
        defaults = {name: value for name, value in defaults.items() if name not in FORCED_RATE}
    if "fx" in said:
        codes = {text.partition("=")[0] for text in said["fx"]}
        others = (text for text in defaults.get("fx", ()) if text.partition("=")[0] not in codes)
        said["fx"] = (*others, *said["fx"])
    merged = {**defaults, **of_store, **said}
    if "line" in said and "tariff" not in merged:
        raise CallError(_("--line needs --tariff FILE"))
    if "tariff" in merged:
        from aepromo.inputs.tariff_file import read_tariff  # only a tariff pays for it

        merged["tariff"] = read_tariff(merged["tariff"])
    facts = {name: merged.pop(name) for name in set(merged) - POLICY}
    by_file = (name for name in (*defaults, *of_store) if name not in said)
    places = {name: f"{config.book.said_by}: {name}" for name in by_file}
    return Policy(**merged, facts=facts, places=places, book=config.book)


def answer_one(
    question: Question,
    values: Values,
    call: Call,
    listener: Callable[[Outcome], None] | None = None,
) -> Tally:
    """Write the answer for the one row that the options describe, and return its tally."""
    if call.reading.is_given:
        raise CallError(_("options for reading a file need a FILE, or - for standard input"))
    if question.prices_some or question.describes_store or question.wants:
        columns, tally = _one_row(question, values, call, listener)
    else:
        columns, tally = _one_sku(question, values, call)
    write_columns(columns, call.writing, values.currency, leads=question.leads)
    return tally


def write_columns(
    columns: list[TextColumn],
    writing: WritingOptions,
    currency: Currency,
    as_table: Callable[[list[TextColumn]], RenderableType] | None = None,
    leads: Sequence[str] = (),
) -> None:
    """Write the program's own columns; as a table of one row, or with ``as_table``."""
    columns = chosen(columns, writing)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            from aepromo.terminal.rich_tables import fields_table

            shown = as_table(columns) if as_table else fields_table(columns, currency, leads)
            stream.write(rendered(shown, writing))
        else:
            if form in WITH_NUMBERS:
                columns = [bare(column, currency) for column in columns]
            parts = [headed(columns, writing)]
            stream.writelines(text_lines(parts, form, writing, currency.code))


def _one_sku(question: Question, values: Values, call: Call) -> tuple[list[TextColumn], Tally]:
    """Write the answer without loading anything that a table needs."""
    results, assumed = run_single(question, values)
    say_assumed(assumed, values.book, call.writing.quiet, values.currency)
    say_converted(values.conversions(), values.currency, call.writing.quiet)
    columns = [TextColumn(name, INPUTS[name].kind, [text]) for name, text in values.texts.items()]
    columns += result_columns(results, values.columns, values.currency)
    tally = Tally(values.currency, rows=1)
    for name in question.counts:
        counted = results.get(name, BLANK)
        if isinstance(counted, int) and counted >= 0:
            tally.counts[name] = [0] * counted + [1]
    return columns, tally


def _one_row(
    question: Question,
    values: Values,
    call: Call,
    listener: Callable[[Outcome], None] | None,
) -> tuple[list[TextColumn], Tally]:
    """Write the answer for a table of the one row that the options describe."""
    import pyarrow as pa

    from aepromo.cli.answer_file import Watched, seen_of

    known = (*question.uses, *values.lookup_columns(question.ships(values)))
    given = [name for name in dict.fromkeys(known) if name in values.texts]
    if not given:
        example = INPUTS[(*question.wants, *question.needs, question.uses[-1])[0]].flag
        reason = _("nothing to judge; name a FILE, or give values such as {flag}")
        raise NothingGivenError(reason.format(flag=example))
    for name in question.needs:
        is_shipped = name == "logistics_cost" and question.ships(values)
        if name not in values.texts and not is_shipped:
            reason = _("{column} is missing; fill it in or give {flag}")
            raise NothingGivenError(reason.format(column=named(name), flag=INPUTS[name].flag))
    outcome = answer_row(question, values)
    if listener is not None:
        listener(outcome)
    say_assumed(outcome.assumed, values.book, call.writing.quiet, values.currency)
    say_converted(values.conversions(), values.currency, call.writing.quiet)
    columns = [TextColumn(name, INPUTS[name].kind, [values.texts[name]]) for name in given]
    columns += [
        TextColumn(name, RESULTS[name].kind, outcome.column(name).cast(pa.string()).to_pylist())
        for name in outcome.added
    ]
    watched = Watched(store_columns(question, call))
    tally = Tally(values.currency)
    tally.add(seen_of(question, outcome, lambda _row: "", watched))
    return columns, tally


def answer_row(question: Question, values: Values) -> Outcome:
    """The answer for the one row that the given values describe. Raises ``CallError``."""
    from aepromo.engine.answer import run
    from aepromo.table.found_columns import FoundColumns
    from aepromo.table.number_columns import OneRow

    outcome = run(question, OneRow(), FoundColumns({}), values)
    if outcome.problems:
        raise CallError(
            _("; ").join(
                f"{values.policy.place(each.column)}: {each.reason}"
                for each in problems_of(outcome.problems)
            )
        )
    return outcome


def store_columns(question: Question, call: Call) -> frozenset[str]:
    """The columns that some store of the configuration gives, where no store was chosen."""
    if call.store is not None or len(call.config.stores) < 2:
        return frozenset()
    told = {name for store in call.config.stores.values() for name in store}
    return frozenset(name for name in question.uses if name in told)


def say_stores_passed_over(blank: Collection[str], call: Call) -> None:
    """Warn where a row lacks a value that a store of the configuration would give."""
    if blank:
        warning = _("none of the stores {stores} is used for {names}; choose one with --store")
        ordered = [name for name in INPUTS if name in blank]
        stores, names = _(", ").join(call.config.stores), _(", ").join(map(named, ordered))
        say_warning(warning.format(stores=stores, names=names))


def _say_what_is_missing(tally: Tally, call: Call) -> None:
    """Report missing facts, and rows without a profit because a cell is missing."""
    say_stores_passed_over(tally.blank, call)
    if call.writing.quiet:
        return
    is_one = call.file is None
    if tally.unknown:
        facts = [_unknown(name, rows, is_one) for name, rows in tally.unknown.items()]
        say(_("unknown: {names}").format(names=_(", ").join(facts)))
    if tally.unpriced:
        unpriced = ngettext(
            "no profit in {count:,} row: missing {names}",
            "no profit in {count:,} rows: missing {names}",
            tally.unpriced,
        )
        unpriced = _("no profit: missing {names}") if is_one else unpriced
        names = _(", ").join(map(named, tally.lacking))
        say(unpriced.format(count=tally.unpriced, names=names))


def _unknown(name: str, rows: int, is_one: bool) -> str:
    """A fact that rows lack: ``dsr in 3 rows (set --dsr)``."""
    text = ngettext(
        "{name} in {count:,} row (set {flag})", "{name} in {count:,} rows (set {flag})", rows
    )
    text = _("{name} (set {flag})") if is_one else text
    return text.format(name=named(name), count=rows, flag=INPUTS[name].flag)
