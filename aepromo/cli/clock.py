"""The options about time, ``--now`` and ``--timezone``, and the messages about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from aepromo.cli.messages import say
from aepromo.cli.options import INPUT_PANEL, declared
from aepromo.errors import CallError
from aepromo.table.cells import CellError
from aepromo.table.column import Kind
from aepromo.table.fact_cells import instant, read_fact
from aepromo.words import _, ngettext
from aepromo.words.nearest import nearest

if TYPE_CHECKING:
    from datetime import tzinfo

    from aepromo.cli.config import Config

NowOption = Annotated[
    str | None,
    declared("--now", metavar="TIME", help="Judge as of this time (now)."),
]
ZoneOption = Annotated[
    str | None,
    declared(
        "--timezone",
        metavar="NAME",
        help="The time zone of times without one, such as Asia/Shanghai (UTC).",
        rich_help_panel=INPUT_PANEL,
    ),
]


def zone_of(name: str | None, config: Config) -> tzinfo:
    """The zone that an option names, or the configuration; else UTC. Raises ``CallError``."""
    name = str(name or config.defaults.get("timezone") or "UTC")
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        meant = nearest(name, available_timezones(), _("write one such as Asia/Shanghai"))
        reason = _("no such time zone; {nearest}").format(nearest=meant)
        raise CallError(f"--timezone '{name}': {reason}") from None


def now_of(text: str | None, zone: tzinfo) -> datetime:
    """The time of ``--now`` in UTC, else the current time. Raises ``CallError``."""
    try:
        moment = read_fact(text or "", Kind.MOMENT)
    except CellError as error:
        raise CallError(f"--now: {error}") from None
    return instant(moment, zone) or datetime.now(UTC)


def say_zone(zone: tzinfo) -> None:
    """Report the assumed zone of times without one."""
    name = getattr(zone, "key", "UTC")
    assumed = _("assumed: times without a zone are in {zone} (set --timezone)")
    say(assumed.format(zone=name))


def say_ahead(count: int) -> None:
    """Warn of times in the future, if there are any."""
    if count:
        warning = ngettext(
            "warning: {count:,} time is in the future; are --now and --timezone right?",
            "warning: {count:,} times are in the future; are --now and --timezone right?",
            count,
        )
        say(warning.format(count=count))
