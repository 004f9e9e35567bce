"""What ``watch`` may be asked for, beside what every command may."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import typer

from aepromo.cli.clock import NowOption, ZoneOption
from aepromo.cli.options import INPUT_PANEL, OUTPUT_PANEL
from aepromo.watch.feed_file import FORMS
from aepromo.words import _


class FailOn(StrEnum):
    """Which events make ``watch`` exit with 1."""

    OPEN = "open"
    NEW = "new"
    MISSED = "missed"
    NEVER = "never"

    def fails(self, counts: Mapping[str, int]) -> bool:
        """Whether what was counted is a finding."""
        if self is FailOn.OPEN:
            return counts["new"] + counts["open"] > 0
        return self is not FailOn.NEVER and counts[self.value] > 0


class FeedForm(StrEnum):
    """How the feed is written."""

    AUTO, CSV, JSONL = FORMS


def _declared(*names: str, metavar: str | None = None, says: str, **more: Any) -> Any:
    return typer.Option(*names, metavar=metavar, help=says, show_default=False, **more)


class WatchOptions(NamedTuple):
    """What is remembered, what was acted on, and how the feed is to be taken."""

    state: Annotated[
        str | None,
        _declared("--state", metavar="FILE", says=_("Remember there what was seen, between runs.")),
    ] = None
    ack: Annotated[
        list[str] | None,
        _declared(
            "--ack", metavar="SKU", says=_("You have acted on what is open of it; repeatable.")
        ),
    ] = None
    partial: Annotated[
        bool,
        _declared(
            "--partial", says=_("The feed holds some SKUs only: the others haven't vanished.")
        ),
    ] = False
    wait: Annotated[
        float,
        _declared(
            "--wait", metavar="SECONDS", min=0, says=_("How long to wait for another run (60).")
        ),
    ] = 60
    feed_format: Annotated[
        FeedForm,
        _declared(
            "--feed-format",
            says=_("csv or jsonl; else told by the first byte."),
            rich_help_panel=INPUT_PANEL,
        ),
    ] = FeedForm.AUTO
    now: NowOption = None
    timezone: ZoneOption = None


FeedArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="[FEED]",
        help=_("The feed, CSV or JSON lines, or - for standard input."),
        show_default=False,
    ),
]
FailOnOption = Annotated[
    FailOn,
    _declared(
        "--fail-on",
        says=_("Exit with 1 while an event is open (default), new, or missed its deadline; never."),
        rich_help_panel=OUTPUT_PANEL,
    ),
]
