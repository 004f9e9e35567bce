"""``watch``: the discount feed from cron, each event once as new, then open until dealt with.

A run holds a lock from before it reads the feed until it has written its memory, so two runs follow
one another. It writes its report first and its memory last: the next run reports as new what a
killed run had seen, and nothing is lost. Only if a run is killed between the two may the same event
be reported as new twice.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
import typer

from aepromo.cli.clock import NowOption, ZoneOption, now_of, say_ahead, say_zone, zone_of
from aepromo.cli.exits import Exit
from aepromo.cli.messages import say, say_assumed, say_configuration, say_converted, say_warnings
from aepromo.cli.options import (
    INPUT_PANEL,
    OUTPUT_PANEL,
    ConfigOption,
    Format,
    MoneyOptions,
    ReadingOptions,
    WritingOptions,
    argument,
    declared,
    option,
    parameters_of,
    shipping_parameters,
    value_parameters,
    with_parameters,
)
from aepromo.cli.output import (
    DELIMITERS,
    chosen_names,
    destination,
    format_of,
    header_language,
    table_width,
)
from aepromo.cli.runner import (
    Call,
    StoreOption,
    answer_row,
    call_of,
    is_configured,
    policy_over,
    say_stores_passed_over,
    store_columns,
    write_columns,
)
from aepromo.errors import CallError, InputError, NothingGivenError
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.table.answer_columns import Layout
from aepromo.table.arrow_arrays import texts_of
from aepromo.table.csv_lines import cell_texts, joined
from aepromo.table.moment_columns import instant_number
from aepromo.table.schema import INPUTS, RESULTS, named
from aepromo.table.text_formats import TextColumn, delimited
from aepromo.terminal.summary import more_line
from aepromo.watch.alerts import (
    Change,
    compared,
    figured,
    lacking,
    report,
    sightings,
    watch,
)
from aepromo.watch.events import acknowledged, still_open
from aepromo.watch.feed import FORMS, read_feed
from aepromo.watch.memory import Memory, locked, read_state, remembering
from aepromo.words import _, label, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

    import pyarrow as pa
    from rich.console import RenderableType

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
    from aepromo.watch.alerts import Report, Sightings


class FailOn(StrEnum):
    """Which events make ``watch`` exit with 1."""

    OPEN = "open"
    NEW = "new"
    MISSED = "missed"
    NEVER = "never"

    def fails(self, counts: Mapping[str, int]) -> bool:
        """Whether the counts are a finding."""
        if self is FailOn.OPEN:
            return counts["new"] + counts["open"] > 0
        return self is not FailOn.NEVER and counts[self.value] > 0


class FeedForm(StrEnum):
    """How the feed is written."""

    AUTO, CSV, JSONL = FORMS


class WatchOptions(NamedTuple):
    """The options of ``watch``: the memory, acknowledged SKUs, and how the feed is read."""

    state: Annotated[
        str | None,
        declared(
            "--state", metavar="FILE", help="The file that remembers from run to run what was seen."
        ),
    ] = None
    ack: Annotated[
        list[str] | None,
        declared(
            "--ack", metavar="SKU", help="Mark this SKU's open events as dealt with; repeatable."
        ),
    ] = None
    partial: Annotated[
        bool,
        declared(
            "--partial", help="The feed has only some of the SKUs: the others have not vanished."
        ),
    ] = False
    wait: Annotated[
        float,
        declared(
            "--wait",
            metavar="SECONDS",
            min=0,
            help="Seconds to wait for another run to finish (60).",
        ),
    ] = 60
    feed_format: Annotated[
        FeedForm,
        declared(
            "--feed-format",
            help="csv or jsonl (default: decided by the first byte).",
            rich_help_panel=INPUT_PANEL,
        ),
    ] = FeedForm.AUTO
    now: NowOption = None
    timezone: ZoneOption = None


FeedArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[FEED]",
        help="The feed, CSV or JSON lines, or - for standard input.",
        show_default=False,
    ),
]
FailOnOption = Annotated[
    FailOn,
    declared(
        "--fail-on",
        help="Exit with 1 if an event is open (default), new, or missed its deadline; or never.",
        rich_help_panel=OUTPUT_PANEL,
    ),
]


def watch_command() -> Callable[..., None]:
    """The Typer command that watches a feed."""

    def command(**arguments: Any) -> None:
        call = call_of(arguments, [*WatchOptions._fields, "fail_on"])
        _check_call(call, any(call.given.values()))
        state = call.options["state"]
        zone = zone_of(call.options["timezone"], call.config)
        with locked(state, call.options["wait"]) if state else nullcontext():
            told = _told(call, zone)
            with remembering(state, told.after) if state else nullcontext():
                _write(told, call)
        if call.options["fail_on"].fails(told.report.counts):
            raise typer.Exit(Exit.FINDINGS)

    plain = watch(resolved(Policy()))
    command.__doc__ = _(plain.question)
    return with_parameters(
        command,
        [
            argument("file", FeedArgument),
            *value_parameters(plain.uses),
            *parameters_of(MoneyOptions),
            *shipping_parameters(),
            *parameters_of(WatchOptions),
            option("store", StoreOption, None),
            option("config", ConfigOption, None),
            *parameters_of(ReadingOptions, WritingOptions),
            option("fail_on", FailOnOption, FailOn.OPEN),
        ],
    )


class _Told(NamedTuple):
    """What a run reports and remembers."""

    report: Report
    after: Memory
    values: Values


def _told(call: Call, zone: tzinfo) -> _Told:
    """Look at the feed; its columns are freed before anything is written."""
    policy = policy_over(call.config, call.given, call.store)._replace(zone=zone)
    memory = _memory(call)
    values = resolved(_in_currency_of(memory, policy, call))
    say_configuration(call.config, is_configured(call, policy), call.writing.quiet)
    say_warnings(values)
    now = now_of(call.options["now"], zone)
    found = _found(memory, values, now, call)
    told = report(found.change, found.answers, values, now)
    _say_what_was_taken(found, values, now, call)
    return _Told(told, replace(found.change.after, currency=values.currency.code), values)


class _Found(NamedTuple):
    """The result of a run: the change to remember and the rows and figures to report.

    ``outcomes`` are the rows of the feed, with their ``sightings``; ``answers`` are the figures of
    the forced SKUs that are reported.
    """

    question: Question
    change: Change
    outcomes: Sequence[Outcome] = ()
    sightings: Sightings | None = None
    answers: Sequence[Outcome] = ()


def _check_call(call: Call, any_values: bool) -> None:
    """Refuse options that exclude each other, and a state that is not a regular file."""
    state, is_feed = call.options["state"], call.file is not None
    if state is None:
        if call.options["ack"]:
            raise CallError(_("--ack: give the --state file in which the event is open"))
        return
    if not is_feed and any_values:
        raise CallError(_("values describe one SKU; leave --state out, or name a FEED"))
    if not is_feed and call.reading.is_given:
        raise CallError(_("options for reading need a FEED, or - for standard input"))
    if Path(state).exists() and not Path(state).is_file():
        raise CallError(_("--state {path}: name a regular file").format(path=state))


def _memory(call: Call) -> Memory:
    """Read the memory of earlier runs; an empty one without ``--state`` or at the first run.

    Raises ``InputError`` where there is neither such a file nor a feed.
    """
    path = call.options["state"]
    if path is None:
        return Memory.empty()
    remembered = read_state(path)
    if remembered is None and call.file is None:
        reason = _("{path}: no such file yet; a run with a FEED creates it")
        raise InputError(reason.format(path=path))
    if remembered is None and not call.writing.quiet:
        say(_("{path}: nothing remembered yet; every event counts as new").format(path=path))
    return Memory.empty() if remembered is None else remembered


def _in_currency_of(memory: Memory, policy: Policy, call: Call) -> Policy:
    """The policy of a run, in the remembered currency if none is given.

    Raises ``CallError`` if prices are remembered in another currency than the given one.
    """
    if call.options["state"] is None:
        return policy
    if policy.currency is None and call.file is None:
        return policy._replace(currency=memory.currency)
    code = resolved(Policy(currency=policy.currency)).currency.code
    if memory.holds_prices and code != memory.currency:
        reason = _(
            "--currency: {path} keeps prices in {other}, not in {code}; give another --state file"
        )
        path = call.options["state"]
        raise CallError(reason.format(path=path, other=memory.currency, code=code))
    return policy


def _found(memory: Memory, values: Values, now: datetime, call: Call) -> _Found:
    """Compare a feed, or one SKU given by options, with the memory.

    Without either, the result holds the events that are still open. Raises ``CallError`` where
    there is nothing to watch, and ``InputError`` for a feed that can't be used.
    """
    before, question = _not_acted_on(memory, call), watch(values)
    if call.file is None and call.options["state"] is not None:
        change = Change(before, still_open(before), np.empty(0, np.int64))
        return _Found(question, change)
    # A tariff is only for the SKUs that need a line, not for all SKUs of the feed.
    of_feed = values._replace(policy=values.policy._replace(tariff=None), shipping=None)
    outcomes, passed_over = _rows(question, of_feed, call)
    seen = sightings(outcomes, values.book)
    change = compared(before, seen, passed_over, now)
    return _Found(question, change, outcomes, seen, figured(change, outcomes, values))


def _not_acted_on(memory: Memory, call: Call) -> Memory:
    """The memory without the events that ``--ack`` names as dealt with.

    Raises ``CallError`` for a SKU without open events.
    """
    acks = list(dict.fromkeys(call.options["ack"] or []))
    if not acks:
        return memory
    try:
        after = acknowledged(memory, acks)
    except KeyError as error:
        reason = _("--ack '{sku}': {path} has no open event of this SKU")
        path = call.options["state"]
        raise CallError(reason.format(sku=error.args[0], path=path)) from None
    for sku, place in zip(acks, memory.places(texts_of(acks)).tolist(), strict=True):
        if not call.writing.quiet:
            events = _(", ").join(map(label, memory.open_events(place)))
            say(_("acknowledged: {sku}: {events}").format(sku=sku, events=events))
    return after


def _rows(
    question: Question, values: Values, call: Call
) -> tuple[Sequence[Outcome], frozenset[str] | None]:
    """The rows of the feed, or the one SKU of the options; and the SKUs of bad rows.

    Raises ``InputError`` for a feed without rows, unless ``--partial`` is given.
    """
    options, quiet = call.options, call.writing.quiet
    if call.file is None:
        if "discount_status" not in values.texts:
            raise NothingGivenError(
                _("nothing to watch; name a FEED, or give values such as --discount-status")
            )
        if call.reading.is_given:
            raise CallError(_("options for reading a file need a FILE, or - for standard input"))
        return [answer_row(question, values)], frozenset()
    feed = read_feed(question, values, call.file, call)
    if not len(feed) and not options["partial"]:
        reason = _("{name}: has no SKU; did the export fail? (if not, give --partial)")
        raise InputError(reason.format(name=feed.name))
    if options["state"] is None and not quiet:
        say(_("not remembered: without --state FILE every run is the first"))
    if feed.passed_over is None and not options["partial"] and not quiet:
        say(_("not checked: which SKUs have vanished, because bad rows don't show their SKU"))
    return feed.outcomes, None if options["partial"] else feed.passed_over


def _say_what_was_taken(found: _Found, values: Values, now: datetime, call: Call) -> None:
    """Report what was assumed, and what couldn't be checked."""
    inputs = [outcome.inputs for outcome in found.outcomes if outcome.inputs]
    names = store_columns(found.question, call)
    blank = {name for name in names if any(each.has_blank(name) for each in inputs)}
    say_stores_passed_over(blank, call)
    zone = values.policy.zone or UTC
    if found.sightings is not None:
        say_ahead(int((found.sightings.seen.changed_at > instant_number(now, zone)).sum()))
    if call.writing.quiet:
        return
    if any(each.lacks_zone for each in inputs):
        say_zone(zone)
    assumed = [name for answer in found.answers for name in answer.assumed]
    of_figures = (name for name in assumed if name != "cost_currency")
    of_feed = (name for each in found.outcomes for name in each.assumed if name == "cost_currency")
    say_assumed((*of_figures, *of_feed), values.book, quiet=False, currency=values.currency)
    made = frozenset(one for each in found.outcomes for one in each.conversions)
    say_converted(made, values.currency, quiet=False)
    if found.sightings is not None:
        for each in found.sightings.unknown.drop_null().value_counts().to_pylist():
            taken_so = ngettext(
                "taken as not forced: discount status '{status}' ({count:,} SKU)",
                "taken as not forced: discount status '{status}' ({count:,} SKUs)",
                each["counts"],
            )
            say(taken_so.format(status=each["values"], count=each["counts"]))
    if without := lacking(found.answers):
        columns = _(", ").join(map(named, without))
        say(_("no profit of forced SKUs without {names}").format(names=columns))


def _write(told: _Told, call: Call) -> None:
    """Write a row for each event and, unless ``--quiet``, the summary line."""
    writing, line, values = call.writing, _summary(told), told.values
    columns, form = told.report.columns, format_of(writing)
    rows = len(columns["sku"])
    if form in DELIMITERS and not writing.value:
        _write_lines(columns, DELIMITERS[form], writing)
    else:
        is_one = call.file is None and call.options["state"] is None and rows == 1
        shown = writing.limit if form is Format.TABLE else rows

        def table(columns: list[TextColumn]) -> RenderableType:
            from aepromo.terminal.rich_tables import rows_table

            keys = ("sku", *watch(values).key_columns)
            wanted = [column.name for column in columns] if writing.columns else list(keys)
            notes = [] if writing.quiet else [line]
            if rows > shown:
                notes.append(more_line(shown, rows))
            return rows_table(columns, wanted, table_width(), notes, values.currency)

        texts = [
            TextColumn(name, (INPUTS | RESULTS)[name].kind, cells[:shown].to_pylist())
            for name, cells in columns.items()
        ]
        write_columns(texts, writing, values.currency, None if is_one else table)
    if writing.output and not writing.quiet:
        say(f"{writing.output}: {line}")


def _write_lines(columns: Mapping[str, pa.Array], delimiter: str, writing: WritingOptions) -> None:
    """Write columns as CSV or TSV."""
    layout = Layout(tuple(columns))
    names = chosen_names(layout, writing)
    header = [] if writing.no_header else [layout.headed(names, header_language(writing))]
    head = ("\ufeff" if writing.bom else "") + delimited(header, delimiter, writing.excel_safe)
    cells = [cell_texts(columns[name], delimiter, writing.excel_safe) for name in names]
    with destination(writing) as stream:
        stream.write(head.encode())
        stream.write(joined(cells, delimiter))


def _summary(told: _Told) -> str:
    """``3 events: 1 new, 2 open; 1 deadline missed; 72 SKUs watched``."""
    counts, count = told.report.counts, len(told.report.columns["sku"])
    parts = [
        f"{number:,} {label(name, 'state')}"
        for name, number in counts.items()
        if name != "missed" and number
    ]
    events = ngettext("{count:,} event", "{count:,} events", count).format(count=count)
    if parts:
        events = _("{rows}: {labels}").format(rows=events, labels=_(", ").join(parts))
    clauses = [events]
    if missed := counts["missed"]:
        deadlines = ngettext("{count:,} deadline missed", "{count:,} deadlines missed", missed)
        clauses.append(deadlines.format(count=missed))
    watched = len(told.after)
    skus = ngettext("{count:,} SKU watched", "{count:,} SKUs watched", watched)
    return _("; ").join((*clauses, skus.format(count=watched)))
