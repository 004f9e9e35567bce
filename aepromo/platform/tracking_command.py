"""``tracking``: which parcels put a promotion at risk, for cron."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from aepromo.cli.clock import NowOption, ZoneOption, now_of, say_ahead, say_zone, zone_of
from aepromo.cli.config import read_config
from aepromo.cli.exits import Exit
from aepromo.cli.options import (
    INPUT_PANEL,
    OUTPUT_PANEL,
    SKU_PANEL,
    ConfigOption,
    ReadingOptions,
    WritingOptions,
    argument,
    file_of,
    option,
    parameters_of,
    taken,
    value_parameters,
    with_parameters,
)
from aepromo.cli.say import say
from aepromo.errors import CallError, InputError
from aepromo.platform.columns import TRACKS
from aepromo.platform.rulings import given_of, judge_file, judge_one, write_summed
from aepromo.platform.tracking import Lookout, tracking
from aepromo.rules.overrides import Book
from aepromo.table.cells import tidy
from aepromo.table.headers import plain
from aepromo.table.schema import RESULTS
from aepromo.words import N_, _, cause, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from aepromo.cli.config import Config
    from aepromo.platform.rulings import Sheet


class FailOn(StrEnum):
    """The mildest fault at which ``tracking`` exits with 1."""

    LATE = "late"
    UNCERTIFIED = "uncertified"
    OTHER = "other"
    SILENT = "silent"
    INVALID = "invalid"
    NEVER = "never"

    def fails(self, sheet: Sheet) -> bool:
        """Whether any parcel is a finding."""
        if self is FailOn.NEVER:
            return False
        mildest = TRACKS.index(self.value)
        found = (judged.verdict.get("track") for judged in sheet.rows)
        return any(isinstance(each, int) and each >= mildest for each in found)


def _declared(*names: str, metavar: str | None = None, says: str, panel: str | None = None) -> Any:
    return typer.Option(
        *names, metavar=metavar, help=says, rich_help_panel=panel, show_default=False
    )


class TrackingOptions(NamedTuple):
    """What parcels are held against."""

    now: NowOption = None
    timezone: ZoneOption = None
    carriers: Annotated[
        str | None,
        _declared(
            "--carriers",
            metavar="FILE",
            says=_("The certified carriers, one a line."),
            panel=INPUT_PANEL,
        ),
    ] = None
    certified: Annotated[
        list[str] | None,
        _declared(
            "--carrier",
            metavar="NAME",
            says=_("A certified carrier; repeatable."),
            panel=INPUT_PANEL,
        ),
    ] = None


CarriedByOption = Annotated[
    str | None,
    _declared("--carried-by", metavar="VALUE", says=_("Who carries the parcel."), panel=SKU_PANEL),
]
FailOnOption = Annotated[
    FailOn,
    _declared(
        "--fail-on", says=_("Exit with 1 at this fault or worse (late)."), panel=OUTPUT_PANEL
    ),
]


def tracking_command() -> Callable[..., None]:
    """The Typer command that looks over parcels."""

    def command(**values: Any) -> None:
        file, fail_on = values.pop("file"), values.pop("fail_on")
        reading, writing = taken(ReadingOptions, values), taken(WritingOptions, values)
        options = taken(TrackingOptions, values)
        config = read_config(values.pop("config"))
        lookout = _lookout(options, config)
        ruling = tracking(lookout)
        given = given_of(ruling, values, config)
        if file is None:
            _check_something_is_given(given)
            sheet = judge_one(ruling, given, reading)
        else:
            sheet = judge_file(ruling, given, file, reading, writing)
        moments = _moments(sheet)
        if not writing.quiet:
            _say_assumed(sheet, moments, lookout)
        say_ahead(moments, lookout.now, lookout.zone)
        count = len(sheet.rows)
        parcels = ngettext("{count:,} parcel", "{count:,} parcels", count).format(count=count)
        line = sheet.summed(parcels, RESULTS["track"], N_("not shipped yet"))
        write_summed(ruling, sheet, writing, line)
        if fail_on.fails(sheet):
            raise typer.Exit(Exit.FINDINGS)

    plain_ruling = tracking(Lookout(Book(), datetime.min, UTC))
    command.__doc__ = _(plain_ruling.question)
    values = (name for name in plain_ruling.uses if name != "carrier")
    return with_parameters(
        command,
        [
            argument("file", file_of(_("A table of parcels, or - for standard input."))),
            *value_parameters(values),
            option("carrier", CarriedByOption, None),
            *parameters_of(TrackingOptions),
            option("config", ConfigOption, None),
            *parameters_of(ReadingOptions),
            *parameters_of(WritingOptions),
            option("fail_on", FailOnOption, FailOn.LATE),
        ],
    )


def _lookout(options: TrackingOptions, config: Config) -> Lookout:
    """What the options and the configuration say, an option before the configuration."""
    zone = zone_of(options.timezone, config)
    carriers = [*_names_in(options.carriers), *(options.certified or ())]
    carriers = carriers or list(config.defaults.get("carriers", ()))
    listed = frozenset(map(plain, carriers)) if carriers else None
    return Lookout(config.book, now_of(options.now, zone), zone, listed)


def _names_in(file: str | None) -> list[str]:
    """The names in a list of carriers: one a line, apart from blank lines and # comments."""
    if file is None:
        return []
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"{file}: {cause(error)}") from None
    lines = (tidy(line) for line in _decoded(data, file).splitlines())
    names = [line for line in lines if line and not line.startswith("#")]
    if not names:
        raise InputError(f"{file}: " + _("names no carrier; write one a line"))
    return names


def _decoded(data: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{file}: " + _("neither UTF-8 nor GB18030; save it as UTF-8"))


def _check_something_is_given(given: dict[str, str]) -> None:
    if not given:
        reason = _("nothing to judge; name a FILE, or give --tracking-number or --shipped-at")
        raise CallError(reason)


def _moments(sheet: Sheet) -> list[datetime]:
    facts = (fact for judged in sheet.rows for fact in judged.facts.values())
    return [fact for fact in facts if isinstance(fact, datetime)]


def _say_assumed(sheet: Sheet, moments: list[datetime], lookout: Lookout) -> None:
    """Name what was taken for granted: the zone of bare times, carriers without a list."""
    say_zone(moments, lookout.zone)
    if lookout.carriers is None and any("carrier" in judged.facts for judged in sheet.rows):
        say(_("not checked: carriers, without a list (set --carriers FILE or --carrier NAME)"))
