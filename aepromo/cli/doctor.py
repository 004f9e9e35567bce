"""``doctor``: information on the program, the machine and the settings, for a bug report."""

from __future__ import annotations

import os
import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aepromo.cli.config import NAME, Config, read_config
from aepromo.cli.language import LOCALE, VARIABLE
from aepromo.cli.options import (
    ConfigOption,
    Format,
    WritingOptions,
    option,
    options_of,
    parameters_of,
    with_parameters,
)
from aepromo.cli.output import (
    chosen,
    destination,
    format_of,
    headed,
    is_coloured,
    rendered,
    table_width,
    text_lines,
)
from aepromo.errors import CallError
from aepromo.table.cells import on_one_line
from aepromo.table.column import Kind
from aepromo.table.text_formats import TextColumn
from aepromo.words import N_, _, is_english

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOR_USERS = ("charts", "excel")
"""The extras for users; the others are for developers."""

COLUMNS = ("about", "name", "found")
Found = tuple[str, str, str]
"""One line; the program's own texts are in English and are translated only in a table."""

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)[^;]*(?:;\s*extra == ['\"](?P<extra>\w+)['\"])?")


def doctor_command() -> Callable[..., None]:
    """The Typer command that describes the program, the machine and the settings."""

    def command(**given: Any) -> None:
        writing, asked = options_of(WritingOptions, given), given["config"]
        config, wrong = _configuration(asked)
        rows = [
            *_program(),
            *_packages(),
            *_texts(),
            *_terminal(writing),
            *_settings(asked, config, wrong),
        ]
        told = [(part, name, on_one_line(without_home(found))) for part, name, found in rows]
        _write(told, writing)
        if wrong:
            raise CallError(without_home(wrong))

    command.__doc__ = _("For a bug report: versions, terminal, settings, rules.")
    return with_parameters(
        command, [option("config", ConfigOption, None), *parameters_of(WritingOptions)]
    )


def without_home(text: str) -> str:
    """A text with the home folder as ``~``, because its path often names the user."""
    home = str(Path("~").expanduser()).rstrip(os.sep)
    return re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text) if home not in ("", "~") else text


def _configuration(asked: str | None) -> tuple[Config, str]:
    """The configuration and ``""``; if it can't be read, an empty one and the reason."""
    try:
        return read_config(asked), ""
    except CallError as error:
        return Config(), str(error)


def _program() -> Iterator[Found]:
    yield N_("program"), "aepromo", version("aepromo")
    yield N_("program"), platform.python_implementation(), platform.python_version()
    yield N_("program"), N_("executable"), sys.executable
    yield N_("program"), N_("system"), platform.platform()


def _packages() -> Iterator[Found]:
    """The required packages and those of extras, installed or not."""
    for line in requires("aepromo") or ():
        match = _REQUIREMENT.match(line)
        if match is None or match["extra"] not in (None, *FOR_USERS):
            continue
        name, extra = match["name"], match["extra"]
        try:
            found = version(name)
        except PackageNotFoundError:
            found = N_("not installed")
        yield N_("packages"), f"{name} [{extra}]" if extra else name, found


def _texts() -> Iterator[Found]:
    yield N_("text"), N_("language"), "en" if is_english() else "zh"
    for name in (VARIABLE, *LOCALE, "PYTHONIOENCODING", "PYTHONUTF8"):
        if os.environ.get(name):
            yield N_("text"), name, os.environ[name]
    for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr)):
        encoding = N_("closed") if stream is None else f"{stream.encoding} ({stream.errors})"
        yield N_("text"), name, encoding
    yield N_("text"), N_("file names"), sys.getfilesystemencoding()


def _terminal(writing: WritingOptions) -> Iterator[Found]:
    for name, stream in (("stdin", sys.stdin), ("stdout", sys.stdout), ("stderr", sys.stderr)):
        is_terminal = stream is not None and stream.isatty()
        yield N_("terminal"), name, N_("a terminal") if is_terminal else N_("no terminal")
    yield N_("terminal"), N_("width"), str(table_width())
    yield N_("terminal"), N_("colours"), N_("yes") if is_coloured(writing) else N_("no")
    for name in ("TERM", "NO_COLOR", "COLUMNS"):
        if name in os.environ:
            yield N_("terminal"), name, os.environ[name]


def _settings(asked: str | None, config: Config, wrong: str) -> Iterator[Found]:
    """The configuration and the names of its settings; the rule book and its overrides.

    Costs, rates and the names of stores are private and left out.
    """
    file = Path(asked or NAME)
    there = asked is not None or file.is_file()
    found = str(file.absolute()) if there else N_("none")
    yield N_("configuration"), N_("file"), found
    if wrong:
        yield N_("configuration"), N_("fault"), wrong
    if config.defaults:
        yield N_("configuration"), N_("sets"), ", ".join(config.defaults)
    if config.stores:
        yield N_("configuration"), N_("stores"), str(len(config.stores))
    book = config.book.all()
    overridden = [rule for rule in book if rule.overridden]
    yield N_("rule book"), N_("figures"), str(len(book))
    yield N_("rule book"), N_("newest origin"), max(rule.date for rule in book)
    yield N_("rule book"), N_("overridden"), str(len(overridden))
    for rule in overridden:
        value = rule.value if isinstance(rule.value, str) else ", ".join(rule.value)
        yield N_("rule book"), rule.key, f"{value} ({rule.overridden})"


def _write(rows: list[Found], writing: WritingOptions) -> None:
    columns = [
        TextColumn(name, Kind.TEXT, list(cells))
        for name, cells in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    ]
    columns = chosen(columns, writing)
    form = format_of(writing)
    with destination(writing) as stream:
        if form is Format.TABLE:
            from aepromo.terminal.rich_tables import plain_table

            shown = [[_(cell) for cell in column.cells if cell] for column in columns]
            names = [column.name for column in columns]
            table = plain_table(names, list(zip(*shown, strict=True)))
            stream.write(rendered(table, writing))
        else:
            stream.writelines(text_lines([headed(columns, writing)], form, writing))
