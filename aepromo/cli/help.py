"""``--help``: the overview of all commands, and for each its main options or all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from rich.cells import cell_len
from rich.console import Console, Group
from rich.text import Text

from aepromo.cli.options import WritingOptions
from aepromo.cli.output import rendered, table_width
from aepromo.terminal.wrapping import running_text
from aepromo.words import _, label

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType


EXAMPLES = {
    "reprice": "aepromo reprice skus.csv --rate 10%..20% -o repriced.csv",
    "audit": "aepromo audit skus.csv --fail-on never --columns sku,status",
    "list-price": "aepromo list-price --target 3.50 --rate 13.2%",
    "margin": "aepromo margin --price 20 --rate 15% --purchase 8 --logistics 3",
    "commission": "aepromo commission --price 20 --rate 15%",
    "floor": "aepromo floor --purchase 10 --price 20",
    "breakeven": "aepromo breakeven skus.csv --rate 15%",
    "explain": "aepromo explain skus.csv --sku 00123 --rate 15%",
    "sweep": "aepromo sweep --price 20 --purchase 8 --logistics 3 --to 30% --step 5%",
    "rates": "aepromo rates orders.csv -o rates.csv",
    "report": "aepromo report skus.csv -o report.html",
    "forced": "aepromo forced forced.csv --config store.toml --store home",
    "appeal": "aepromo appeal appeal.csv --store-level L4 --fail-on never",
    "reverse": "aepromo reverse reverse.csv --config store.toml --store home",
    "tracking": "aepromo tracking tracking.csv --timezone Asia/Shanghai --fail-on never",
    "watch": "aepromo watch feed.csv --state feed.state --timezone Asia/Shanghai --fail-on never",
    "check": "aepromo check skus.csv",
    "rules": "aepromo rules forced.gate1",
    "doctor": "aepromo doctor --format json",
    "help": "aepromo help columns",
    "version": "aepromo version",
}
"""The files are those that come with the program, in the folders of ``examples``."""


_UNIT = ("--price", "--purchase", "--logistics", "--rate")

MAIN_OPTIONS: dict[str, tuple[str, ...]] = {
    "reprice": ("--rate", "--target-profit", "--spend-save", "--max-change", "--output"),
    "audit": ("--rate", "--spend-save", "--fail-on", "--only", "--output"),
    "list-price": ("--target", "--rate", "--purchase", "--logistics", "--target-profit"),
    "margin": (*_UNIT, "--output"),
    "commission": ("--price", "--rate", "--commission", "--payment", "--output"),
    "floor": ("--purchase", "--price", "--rate", "--cost-currency", "--output"),
    "breakeven": (*_UNIT, "--promotion"),
    "explain": ("--sku", *_UNIT),
    "sweep": ("--price", "--purchase", "--logistics", "--to", "--step"),
    "report": ("--output", "--rate", "--spend-save", "--rates", "--config"),
    "rates": ("--since", "--quantile", "--currency", "--columns", "--output"),
    "forced": ("--config", "--store", "--store-level", "--market", "--output"),
    "appeal": ("--store-level", "--rate", "--worksheet", "--fail-on", "--output"),
    "reverse": ("--config", "--store", "--market", "--running", "--output"),
    "tracking": ("--timezone", "--now", "--carriers", "--fail-on", "--output"),
    "watch": ("--state", "--timezone", "--ack", "--fail-on", "--output"),
    "check": ("--write", "--map", "--encoding", "--sheet", "--config"),
    "rules": ("--config", "--format", "--columns", "--value", "--output"),
    "doctor": ("--config", "--format", "--columns", "--value", "--output"),
    "help": (),
    "version": (),
}


METAVARS = (
    *("FILE", "[FILE]", "[FEED]", "[KEY]", "FORM", "NAME", "VALUE", "COLUMN", "HEADER=COLUMN"),
    *("CHARACTER", "MARK", "CODE", "DATE", "TIME", "SECONDS", "SHARE", "RATE", "ID", "N"),
    *("[OPTIONS]", "COMMAND [ARGS]...", "[COMMAND|TOPIC]", "[COMMAND]"),
)
"""Placeholders for values in help."""

WIDEST_NAME = 24
"""The widest name, in cells, that has its text next to it; otherwise the text is below."""


class Entry(NamedTuple):
    """A name in help, and the text about it."""

    name: str
    text: str


def printed(parts: Sequence[RenderableType]) -> str:
    """The parts of a page of help as text, with a blank line between."""
    spaced = [each for part in parts for each in (part, Text())]
    return rendered(Group(*spaced[:-1]), WritingOptions()).decode().removesuffix("\n")


def overview(root: Any, ctx: Any) -> str:
    """The overview of all commands, each with its question."""
    commands = [root.get_command(ctx, name) for name in root.list_commands(ctx)]
    panels = [
        section(panel, [Entry(each.name, each.help) for each in found])
        for panel, found in _by_panel(commands)
    ]
    more = running_text(_("More: aepromo help COMMAND, and help columns, rules or exit-codes."))
    options = section(_("Options"), map(_entry, root.get_params(ctx)))
    return printed([*_head(root, ctx), *panels, options, more])


def command_help(command: Any, ctx: Any, with_all: bool = False) -> str:
    """Help for a command: its question, its main options or all of them, a working example."""
    params = command.get_params(ctx)
    options = [each for each in params if each.param_type_name == "option"]
    main = MAIN_OPTIONS[command.name]
    parts = _head(command, ctx)
    if len(params) > len(options):
        parts.append(entries(_entry(each) for each in params if each not in options))
    if with_all:
        parts += [
            section(_(panel) if panel else _("Options"), map(_entry, found))
            for panel, found in _by_panel(options)
        ]
    elif main:
        by_flag = {flag: each for each in options for flag in each.opts}
        listed = [_entry(by_flag[flag], is_short=True) for flag in main]
        parts.append(section(_("Main options"), listed))
    parts.append(section(_("Example"), [Entry(EXAMPLES[command.name], "")]))
    if main and not with_all:
        call = f"{ctx.command_path} --help-all"
        more = _("All {count} options: {call}").format(count=len(options), call=call)
        parts.append(running_text(more))
    return printed(parts)


def _by_panel(offered: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    """Commands or options by their heading, in their order."""
    panels = dict.fromkeys(each.rich_help_panel for each in offered)
    return [
        (panel, [each for each in offered if each.rich_help_panel == panel]) for panel in panels
    ]


def section(heading: str, listed: Iterable[Entry], below: bool = False) -> RenderableType:
    """A list of entries under its heading; ``below`` puts each text below its name."""
    return Group(Text(heading, style="bold"), entries(listed, below))


def entries(listed: Iterable[Entry], below: bool = False) -> RenderableType:
    """Names with their texts next to them, or below a wide name."""
    listed = list(listed)
    widths = [cell_len(each.name) for each in listed if each.text]
    widest = max((width for width in widths if width <= WIDEST_NAME), default=0)
    return Group(*_lines(listed, 4 if below else 4 + widest))


def _lines(listed: Iterable[Entry], start: int) -> Iterator[Text]:
    width = table_width()
    console = Console(width=width)
    for name, text in listed:
        names = running_text(name).wrap(console, width - 2)
        room = max(width - start, 16)
        lines = [*running_text(text).wrap(console, room)] if text else []
        gap = start - 2 - cell_len(name)
        if lines and gap >= 2:
            yield Text.assemble("  ", names.pop(), " " * gap, lines.pop(0))
        yield from (Text("  ").append_text(line) for line in names)
        yield from (Text(" " * start).append_text(line) for line in lines)


def _head(command: Any, ctx: Any) -> list[RenderableType]:
    pieces = " ".join(label(each, "metavar") for each in command.collect_usage_pieces(ctx))
    usage = _("Usage: ") + f"{ctx.command_path} {pieces}"
    return [Text(usage), running_text(command.help)]


def _entry(param: Any, is_short: bool = False) -> Entry:
    """An option or argument as help shows it: its names, its value and its meaning.

    With ``is_short`` the column's name is left out if there is a shorter one.
    """
    flags = sorted(param.opts, key=len)
    names = ", ".join(
        flags[:-1] if is_short and flags[1:] and flags[-2].startswith("--") else flags
    )
    metavar = label(param.metavar, "metavar") if param.metavar else _choices(param)
    if metavar:
        names = metavar.strip("[]") if param.param_type_name == "argument" else f"{names} {metavar}"
    return Entry(names, sentence(_(param.help)))


def _choices(param: Any) -> str:
    return "|".join(map(str, getattr(param.type, "choices", ())))


def sentence(text: str) -> str:
    """A column's meaning as a sentence; a sentence as it is."""
    if text.endswith((".", "。")):
        return text
    return text[0].upper() + text[1:] + _(".")
