"""``tracking``: which parcels put a promotion at risk, for cron."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import pyarrow.compute as pc

from aepromo.cli.clock import NowOption, ZoneOption, now_of, say_ahead, say_zone
from aepromo.cli.messages import say
from aepromo.cli.options import (
    INPUT_PANEL,
    OUTPUT_PANEL,
    SKU_PANEL,
    declared,
    file_of,
    option,
    parameters_of,
    value_parameters,
)
from aepromo.cli.runner import CommandQuestion, question_command
from aepromo.errors import InputError
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.platform.columns import TRACKS
from aepromo.platform.tracking import TIMES, tracking
from aepromo.table.arrow_arrays import are_empty
from aepromo.table.cells import tidy
from aepromo.table.moment_columns import instant_number
from aepromo.terminal.summary import summed
from aepromo.words import N_, _, cause, ngettext

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from aepromo.cli.runner import Call
    from aepromo.engine.answer import Outcome
    from aepromo.inputs.values import Values
    from aepromo.terminal.summary import Tally


class FailOn(StrEnum):
    """The mildest fault at which ``tracking`` exits with 1."""

    LATE = "late"
    UNCERTIFIED = "uncertified"
    OTHER = "other"
    SILENT = "silent"
    INVALID = "invalid"
    NEVER = "never"

    def fails(self, tally: Tally) -> bool:
        """Whether any parcel is a finding."""
        return self is not FailOn.NEVER and tally.highest("track") >= TRACKS.index(self.value)


class TrackingOptions(NamedTuple):
    """Options of ``tracking``: the current time, its zone, and the certified carriers."""

    now: NowOption = None
    timezone: ZoneOption = None
    carriers: Annotated[
        str | None,
        declared(
            "--carriers",
            metavar="FILE",
            help="The certified carriers, one a line.",
            rich_help_panel=INPUT_PANEL,
        ),
    ] = None
    certified: Annotated[
        list[str] | None,
        declared(
            "--carrier",
            metavar="NAME",
            help="A certified carrier; repeatable.",
            rich_help_panel=INPUT_PANEL,
        ),
    ] = None


CarriedByOption = Annotated[
    str | None,
    declared(
        "--carried-by", metavar="VALUE", help="Who carries the parcel.", rich_help_panel=SKU_PANEL
    ),
]
FailOnOption = Annotated[
    FailOn,
    declared(
        "--fail-on", help="Exit with 1 at this fault or worse (late).", rich_help_panel=OUTPUT_PANEL
    ),
]


def tracking_command() -> Callable[..., None]:
    """The Typer command that checks parcels."""

    def ask(values: Values, call: Call) -> CommandQuestion:
        zone = values.policy.zone or UTC
        now = now_of(call.options["now"], zone)
        carriers = _carriers(call)
        quiet = call.writing.quiet
        remarks = _Remarks(zone, instant_number(now, zone), carriers is not None, quiet)
        return CommandQuestion(
            tracking(values, now, carriers), _summary, remarks.add, remarks.close
        )

    plain = tracking(resolved(Policy()), datetime.now(UTC))
    columns = [name for name in plain.uses if name != "carrier"]
    values = [*value_parameters(columns), option("carrier", CarriedByOption, None)]
    return question_command(
        ask,
        plain,
        file=file_of("A table of parcels, or - for standard input."),
        values=values,
        own_options=[*parameters_of(TrackingOptions), option("fail_on", FailOnOption, FailOn.LATE)],
        has_offers=False,
        has_money=False,
        finish=lambda tally, _values, call: call.options["fail_on"].fails(tally),
    )


class _Remarks:
    """Messages about a file of parcels as a whole, each printed once."""

    def __init__(self, zone: tzinfo, now: int, has_list: bool, quiet: bool) -> None:
        self.zone, self.now = zone, now
        self.says_zone, self.says_carriers = not quiet, not (quiet or has_list)
        self.ahead = 0

    def add(self, outcome: Outcome) -> None:
        """Check some rows, and report what was assumed."""
        inputs = outcome.inputs
        if inputs is None:
            return
        for name in TIMES:
            self.ahead += int((inputs.number(name) > self.now).sum())
        if self.says_zone and inputs.lacks_zone:
            say_zone(self.zone)
            self.says_zone = False
        if self.says_carriers and not pc.all(are_empty(inputs.text("carrier"))).as_py():
            say(_("not checked: carriers, without a list (set --carriers FILE or --carrier NAME)"))
            self.says_carriers = False

    def close(self) -> None:
        """Warn of times in the future."""
        say_ahead(self.ahead)


def _summary(tally: Tally) -> str:
    """``14 parcels: 5 ok, 4 invalid, 1 not shipped yet``."""
    parcels = ngettext("{count:,} parcel", "{count:,} parcels", tally.rows)
    counts = [*tally.labels("track"), (N_("not shipped yet"), tally.unlabelled)]
    return summed(parcels.format(count=tally.rows), counts)


def _carriers(call: Call) -> list[str] | None:
    """The certified carriers of options, else of the configuration; None without a list."""
    named = [*_names_in(call.options["carriers"]), *(call.options["certified"] or ())]
    return named or list(call.config.defaults.get("carriers", ())) or None


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
        raise InputError(f"{file}: " + _("has no carrier; write one a line"))
    return names


def _decoded(data: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{file}: " + _("neither UTF-8 nor GB18030; save it as UTF-8"))
