"""``watch``: the discount feed from cron, each event once as news and then until it is dealt with.

A run holds a lock from before it reads the feed until it has remembered what it saw, so two runs
come one after the other. It writes its report first and remembers last: what a run that was killed
had seen, the next one reports as new, and nothing is lost. The one thing left to chance is a kill
between the two, by which the same news may be told twice.
"""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from aepromo.calculators.command import money_policy
from aepromo.cli.clock import now_of, say_ahead, say_zone, zone_of
from aepromo.cli.config import read_config
from aepromo.cli.exits import Exit
from aepromo.cli.money import MoneyOptions, shipping_parameters
from aepromo.cli.options import (
    ConfigOption,
    ReadingOptions,
    WritingOptions,
    argument,
    option,
    parameters_of,
    taken,
    value_parameters,
    with_parameters,
)
from aepromo.cli.say import say, say_assumed
from aepromo.errors import CallError, InputError
from aepromo.inputs.exchange import Exchange
from aepromo.platform.priced_rulings import StoreOption
from aepromo.platform.rulings import (
    Judged,
    Sheet,
    given_of,
    judge_one,
    say_rows_converted,
    say_stores_passed_over,
    write_summed,
)
from aepromo.rules.overrides import Book
from aepromo.table.headings import named
from aepromo.watch.events import OVER, News, acknowledged, look, still_open
from aepromo.watch.memory import Memory, locked, read_state, remembering
from aepromo.watch.watch_options import FailOn, FailOnOption, FeedArgument, WatchOptions
from aepromo.watch.watching import Watch, count_of, most_pressing_first, reported, watch
from aepromo.words import _, label, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aepromo.inputs.policy import Policy
    from aepromo.platform.ruling import Row, Ruling
    from aepromo.watch.memory import Watched


def watch_command() -> Callable[..., None]:
    """The Typer command that watches a feed."""

    def command(**values: Any) -> None:
        fail_on, store = values.pop("fail_on"), values.pop("store")
        config = read_config(values.pop("config"))
        groups = (taken(each, values) for each in (WatchOptions, ReadingOptions, WritingOptions))
        call = _Call(values.pop("file"), *groups)
        _check_call(call, any(values.values()))
        options, writing = call.options, call.writing
        zone = zone_of(options.timezone, config)
        with locked(options.state, options.wait) if options.state else nullcontext():
            policy, memory = money_policy(config, values), _memory(call)
            policy = _in_currency_of(memory, policy, call)
            watching = Watch(policy.in_force, policy.exchange(), now_of(options.now, zone), zone)
            watching.shipping = policy.shipping()
            ruling = watch(watching)
            given = given_of(ruling, values, config, store)
            found = _found(ruling, given, memory.skus, watching, call)
            sheet = _sheet(ruling, found, watching, is_one=not (call.file or options.state))
            say_stores_passed_over(config, store, ruling, found.rows.values())
            _say_what_was_taken(found, watching, writing)
            counts = count_of(found.news, watching)
            after = Memory(found.after, policy.selling.code)
            with remembering(options.state, after) if options.state else nullcontext():
                write_summed(ruling, sheet, writing, _summary(found, counts))
        if fail_on.fails(counts):
            raise typer.Exit(Exit.FINDINGS)

    plain = watch(Watch(Book(), Exchange(), datetime.min, UTC))
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
            *parameters_of(ReadingOptions),
            *parameters_of(WritingOptions),
            option("fail_on", FailOnOption, FailOn.OPEN),
        ],
    )


@dataclass(frozen=True, slots=True)
class _Call:
    """What a run was asked to do."""

    file: str | None
    options: WatchOptions
    reading: ReadingOptions
    writing: WritingOptions


@dataclass(frozen=True, slots=True)
class _Found:
    """What a run is to remember and to report, and the rows that it saw, by SKU."""

    after: Mapping[str, Watched]
    news: Sequence[News]
    rows: Mapping[str, Row]


def _check_call(call: _Call, any_values: bool) -> None:
    """Refuse options that can't go together, and a state that would take another file's place."""
    state, is_feed = call.options.state, call.file is not None
    if state is None:
        if call.options.ack:
            raise CallError(_("--ack: needs the --state in which the event is open"))
        return
    if not is_feed and any_values:
        raise CallError(_("values describe one SKU; leave --state out, or name a FEED"))
    if not is_feed and call.reading != ReadingOptions():
        raise CallError(_("options for reading need a FEED, or - for standard input"))
    if Path(state).exists() and not Path(state).is_file():
        raise CallError(_("--state {path}: name a regular file").format(path=state))
    others = (
        (call.file, "FEED"),
        (call.writing.output, "--output"),
        (call.reading.rejects, "--rejects"),
    )
    for other, name in others:
        if other and os.path.realpath(other) == os.path.realpath(state):
            raise CallError(_("--state and {name} are the same file").format(name=name))


def _found(
    ruling: Ruling,
    given: Mapping[str, str],
    remembered: Mapping[str, Watched],
    watching: Watch,
    call: _Call,
) -> _Found:
    """What a feed comes to, or one SKU that the options describe; without both, what is open."""
    before = _not_acted_on(remembered, call)
    if call.file is not None:
        return _look_at_feed(ruling, given, before, watching, call)
    if call.options.state is not None:
        return _Found(before, still_open(before), {})
    return _look_at_one(ruling, given, watching, call.reading)


def _memory(call: _Call) -> Memory:
    """What earlier runs have seen."""
    path = call.options.state
    if path is None:
        return Memory({})
    remembered = read_state(path)
    if remembered is None and call.file is None:
        reason = _("{path}: there is no such file yet; a run with a FEED makes it")
        raise InputError(reason.format(path=path))
    if remembered is None and not call.writing.quiet:
        say(_("{path}: nothing remembered yet; all that is found is new").format(path=path))
    return remembered or Memory({})


def _in_currency_of(memory: Memory, policy: Policy, call: _Call) -> Policy:
    """The policy of a run, in the currency that is remembered where nobody names any.

    Raises ``CallError`` where prices are remembered in another: they would be taken for its own.
    """
    if call.options.state is None:
        return policy
    if policy.currency is None and call.file is None:
        return policy._replace(currency=memory.currency)
    if memory.holds_prices and policy.selling.code != memory.currency:
        reason = _(
            "--currency: {path} remembers prices in {other}, not in {code}; name another --state"
        )
        code = policy.selling.code
        raise CallError(reason.format(path=call.options.state, other=memory.currency, code=code))
    return policy


def _not_acted_on(before: Mapping[str, Watched], call: _Call) -> Mapping[str, Watched]:
    """What is remembered without what the seller has acted on since. Raises ``CallError``."""
    path, acks = call.options.state, call.options.ack or []
    try:
        after = acknowledged(before, acks)
    except KeyError as error:
        reason = _("--ack '{sku}': nothing is open of such a SKU in {path}")
        raise CallError(reason.format(sku=error.args[0], path=path)) from None
    for sku in dict.fromkeys(acks):
        if not call.writing.quiet:
            events = _(", ").join(map(label, before[sku].events))
            say(_("acknowledged: {sku}: {events}").format(sku=sku, events=events))
    return after


def _look_at_feed(
    ruling: Ruling,
    given: Mapping[str, str],
    before: Mapping[str, Watched],
    watching: Watch,
    call: _Call,
) -> _Found:
    """What a feed comes to. Raises ``InputError`` for one without rows, unless it is partial."""
    from aepromo.watch.feed import read_feed  # one SKU by itself can do without

    options, writing = call.options, call.writing
    feed = read_feed(ruling, given, call.file or "-", options.feed_format, call.reading, writing)
    if not feed.rows and not options.partial:
        reason = _("{name}: lists no SKU; an export that failed? (if it may be so: --partial)")
        raise InputError(reason.format(name=feed.name))
    if options.state is None and not writing.quiet:
        say(_("not remembered: without --state FILE every run is the first"))
    if feed.passed_over is None and not options.partial and not writing.quiet:
        say(_("not checked: which SKUs have vanished, for a bad row doesn't tell its own"))
    seen = {sku: watching.seen(row) for sku, row in feed.rows.items()}
    passed_over = None if options.partial else feed.passed_over
    after, news = look(before, seen, passed_over, watching.now)
    return _Found(after, news, feed.rows)


def _look_at_one(
    ruling: Ruling, given: Mapping[str, str], watching: Watch, reading: ReadingOptions
) -> _Found:
    """What the options say of one SKU."""
    if "discount_status" not in given:
        raise CallError(
            _("nothing to watch; name a FEED, or give values such as --discount-status")
        )
    row = judge_one(ruling, given, reading).rows[0].facts
    sku = str(row.get("sku", ""))
    after, news = look({}, {sku: watching.seen(row)}, None, watching.now)
    return _Found(after, news, {sku: row})


def _sheet(ruling: Ruling, found: _Found, watching: Watch, is_one: bool) -> Sheet:
    """A row for each event, the most pressing first, with figures where the SKU is forced now."""
    rows = []
    for news in most_pressing_first(found.news):
        row = found.rows.get(news.sku, {})
        calls_for_you = news.state != OVER and watching.is_forced(row)
        figures = ruling.judge(row) if calls_for_you else {}
        verdict = reported(news, found.after.get(news.sku), figures, watching)
        rows.append(Judged([news.sku], row, verdict))
    return Sheet(["sku"], rows, is_one=is_one and len(rows) == 1)


def _say_what_was_taken(found: _Found, watching: Watch, writing: WritingOptions) -> None:
    """Name what was taken for granted, and what couldn't be told."""
    moments = [
        time for row in found.rows.values() if isinstance(time := row.get("changed_at"), datetime)
    ]
    say_ahead(moments, watching.now, watching.zone)
    if writing.quiet:
        return
    say_zone(moments, watching.zone)
    say_assumed(watching.assumed, set(), watching.book, quiet=False)
    say_rows_converted(found.rows.values(), watching.exchange, quiet=False)
    for status, count in watching.unknown.items():
        taken_so = ngettext(
            "taken as not forced: discount status '{status}' ({count:,} SKU)",
            "taken as not forced: discount status '{status}' ({count:,} SKUs)",
            count,
        )
        say(taken_so.format(status=status, count=count))
    if watching.lacking:
        names = _(", ").join(map(named, watching.lacking))
        say(_("no profit of forced SKUs without {names}").format(names=names))


def _summary(found: _Found, counts: Mapping[str, int]) -> str:
    """``3 events: 1 new, 2 open; 1 deadline missed; 72 SKUs watched``."""
    told = len(found.news)
    parts = [
        f"{count:,} {label(name, 'state')}"
        for name, count in counts.items()
        if name != "missed" and count
    ]
    events = ngettext("{count:,} event", "{count:,} events", told).format(count=told)
    if parts:
        events = _("{rows}: {labels}").format(rows=events, labels=_(", ").join(parts))
    missed = counts["missed"]
    deadlines = ngettext("{count:,} deadline missed", "{count:,} deadlines missed", missed)
    watched = len(found.after)
    skus = ngettext("{count:,} SKU watched", "{count:,} SKUs watched", watched)
    clauses = [events, *[deadlines.format(count=missed)] * bool(missed)]
    return _("; ").join((*clauses, skus.format(count=watched)))
