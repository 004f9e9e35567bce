"""The destination and the form of results: the only module that writes to standard output."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Mapping
from contextlib import contextmanager, suppress
from io import BufferedWriter, RawIOBase
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, TextIO

from aepromo.cli.config import NAME
from aepromo.cli.messages import say
from aepromo.cli.options import Colour, Format, WritingOptions
from aepromo.cli.process import send_nowhere
from aepromo.errors import CallError, OutputError
from aepromo.table.answer_columns import Layout
from aepromo.table.atomic import replacing
from aepromo.table.schema import header_of
from aepromo.table.text_formats import (
    TextColumn,
    delimited,
    json_objects,
    markdown_header,
    markdown_row,
    rows_of,
)
from aepromo.words import _, cause, is_english
from aepromo.words.nearest import near, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import RenderableType


_BY_ENDING = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".json": Format.JSON,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".md": Format.MARKDOWN,
    ".txt": Format.TABLE,
    ".xlsx": Format.XLSX,
    ".parquet": Format.PARQUET,
}
_UPDATES = ".aliexpress.jsonl"
DELIMITERS = {Format.CSV: ",", Format.TSV: "\t"}
MOST_TABLE_ROWS = 10_000
WITH_NUMBERS = (Format.JSON, Format.JSONL, Format.XLSX)
"""The forms whose cells can be numbers."""

NO_TEXT = (Format.XLSX, Format.PARQUET)
"""Forms for programs only."""


def format_of(options: WritingOptions) -> Format:
    """The requested form, or that of the file's ending, of a terminal or of a pipe."""
    if options.value:
        if options.output and form_of_ending(options.output) in NO_TEXT:
            reason = _("--value writes plain text, which does not fit {path}; end in .txt")
            raise CallError(reason.format(path=options.output))
        return Format.CSV
    if options.format is not Format.AUTO:
        if options.format in NO_TEXT and _goes_to_terminal(options):
            reason = _("--format {form}: a terminal can't show it; name a file with --output")
            raise CallError(reason.format(form=options.format.value))
        return options.format
    if options.output:
        form = form_of_ending(options.output)
        if form is None:
            remedy = _("; or name the form with --format")
            raise CallError(_ending_fault("--output", options.output) + remedy)
        return form
    return Format.TABLE if sys.stdout is not None and sys.stdout.isatty() else Format.CSV


def form_of_ending(path: str) -> Format | None:
    """The form of a file's ending, CSV without an ending; None for an unknown one."""
    if path.lower().endswith(_UPDATES):
        return Format.ALIEXPRESS
    ending = PurePath(path).suffix.lower().rstrip(".")
    return _BY_ENDING.get(ending) if ending else Format.CSV


def form_of_worksheet(path: str) -> Format:
    """The form of a worksheet, which only its ending decides. Raises ``CallError``."""
    form = form_of_ending(path)
    if form is None:
        raise CallError(_ending_fault("--worksheet", path))
    return Format.TSV if form is Format.TABLE else form


def check_form(given: Mapping[str, Any]) -> None:
    """Refuse an unknown form, or one that can't be shown, before a command starts.

    ``given`` holds a command's values; ``report`` writes a page and has no forms.
    """
    if "format" not in given:
        return
    form = Format(given["format"])  # Typer converts the text only when it calls the command
    if given["value"] is not None:
        if given["columns"] is not None:
            raise CallError(
                _("--value prints one column; leave --columns out, or name all in --columns")
            )
        if form not in (Format.AUTO, Format.CSV):
            reason = _("--value prints bare values; leave --format {form} out, or use --columns")
            raise CallError(reason.format(form=form.value))
    values = {name: given[name] for name in WritingOptions._fields}
    options = WritingOptions(**(values | {"format": form}))
    form = format_of(options)
    if form is Format.TABLE and options.limit > MOST_TABLE_ROWS:
        # The layout would take minutes, with no output before its end.
        reason = _("--limit {limit:,}: a table has {most:,} rows at most; write .csv for more")
        raise CallError(reason.format(limit=options.limit, most=MOST_TABLE_ROWS))
    ending = form_of_ending(options.output) if options.output else None
    if ending in NO_TEXT and form is not ending and not options.quiet:
        # A program that opens it by its ending would call it damaged.
        said = _("{path} will be written as {form}, because --format goes before its ending")
        say(said.format(path=options.output, form=form.value))


_READ = ("file", "config", "tariff", "rates", "carriers")
_WRITTEN = ("output", "rejects", "worksheet", "state", "svg", "png")


def check_paths(given: Mapping[str, Any]) -> None:
    """Refuse to overwrite a file that is read, or to write two outputs to one; ``CallError``.

    ``given`` holds a command's values. Only FILE may be replaced, by --output, because it is read
    to its end before.
    """
    rejects = given.get("rejects")
    if rejects == "-":
        raise CallError(_("--rejects -: name a file; standard output is for the good rows"))
    if rejects and form_of_ending(rejects) not in (None, Format.CSV, Format.TSV, Format.TABLE):
        reason = _("--rejects {path}: bad rows are written as CSV; end in .csv")
        raise CallError(reason.format(path=rejects))
    flags = {name: f"--{name}" for name in (*_READ, *_WRITTEN)} | {"file": _("the input")}
    paths: dict[str, str | None] = {name: given.get(name) for name in flags}
    if paths["file"] == "-":
        paths["file"] = "/dev/stdin"
    if not paths["output"] or paths["output"] == "-":
        paths["output"], flags["output"] = "/dev/stdout", _("standard output")
        if paths["file"] and are_same_file("/dev/stdout", paths["file"]):
            raise CallError(_("standard output is the input file; write to it with --output"))
    if not paths["config"] and Path(NAME).is_file():
        paths["config"], flags["config"] = NAME, NAME
    pairs = ((one, two) for at, one in enumerate(_WRITTEN) for two in (*_READ, *_WRITTEN[:at]))
    for one, two in pairs:
        path, needed = paths[one], paths[two]
        is_answer = (one, two) == ("output", "file")
        if path and needed and not is_answer and are_same_file(path, needed):
            reason = _("{one} and {other} are the same file")
            raise CallError(reason.format(one=flags[one], other=flags[two]))


def are_same_file(path: str, other: str) -> bool:
    """Whether two paths are the same file; devices and pipes don't matter."""
    try:
        is_file = stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:  # no such file, or a path that can't be one
        is_file = True
    return is_file and os.path.realpath(path) == os.path.realpath(other)


def _ending_fault(flag: str, path: str) -> str:
    reason = _("{flag} {path}: the ending {ending} is unknown; end in {known}")
    ending, known = PurePath(path).suffix, _(", ").join(_BY_ENDING)
    return reason.format(flag=flag, path=path, ending=ending, known=known)


@contextmanager
def destination(options: WritingOptions) -> Iterator[BinaryIO]:
    """The stream for results: a file, written completely or not at all, or standard output."""
    if options.output and options.output != "-":
        with replacing(options.output) as stream:
            yield stream
    elif sys.stdout is None:
        raise CallError(_("standard output is closed; name a file with --output"))
    else:
        try:
            with _whole_writes(sys.stdout.buffer) as stream:
                yield stream
        except BrokenPipeError:
            raise
        except OSError as error:
            send_nowhere(sys.stdout)
            reason = _("standard output can't be written: {reason}")
            raise OutputError(reason.format(reason=cause(error))) from None


def print_text(text: str) -> None:
    """Write lines for people, such as help, to standard output, unless that is closed."""
    if sys.stdout is not None:
        with destination(WritingOptions()) as stream:
            stream.write(f"{text}\n".encode())


@contextmanager
def _whole_writes(stream: BinaryIO) -> Iterator[BinaryIO]:
    """A stream that writes everything that it is given, or raises.

    With ``PYTHONUNBUFFERED`` standard output is a raw file, which on a nearly full disk writes only
    a part, and the caller must check that.
    """
    if not isinstance(stream, RawIOBase):
        yield stream
        stream.flush()
        return
    buffered = BufferedWriter(stream)
    try:
        yield buffered
        buffered.flush()
    finally:
        with suppress(OSError):  # or it closes standard output when it is deleted
            buffered.detach()


def header_language(options: WritingOptions) -> str:
    """The language of the program's own headers; in a workbook that of the user."""
    if options.headers is not None:
        return options.headers
    return "en" if is_english() or format_of(options) is not Format.XLSX else "zh"


def chosen_names(layout: Layout, options: WritingOptions) -> list[str]:
    """The columns to write, in order. Raises ``CallError`` for an unknown one."""
    wanted = [options.value] if options.value else []
    if options.columns and not wanted:
        wanted = [name.strip() for name in options.columns.split(",") if name.strip()]
    names = [_chosen_name(word, layout) for word in wanted]
    words: dict[str, str] = {}
    for name, word in zip(names, wanted, strict=True):
        if words.setdefault(name, word) != word:
            reason = _("'{one}' and '{other}' are the same column, '{name}'; name it once")
            header = layout.header(name, "en")
            raise CallError(reason.format(one=words[name], other=word, name=header))
    return names or list(layout.names)


def _chosen_name(word: str, layout: Layout) -> str:
    names = layout.meant(word)
    if not names:
        headers = [layout.header(name, "en") for name in layout.names]
        known = [*headers, *layout.names, *(layout.header(name, "zh") for name in layout.names)]
        alike = [each for each in dict.fromkeys(known) if each.isascii() == word.isascii()]
        candidates = alike if near(word, alike) else headers
        meant = nearest(word, candidates, _("there are {names}"))
        raise CallError(_("no column '{name}'; {nearest}").format(name=word, nearest=meant))
    if len(names) > 1:
        one, other = (layout.header(name, "en") for name in names[:2])
        reason = _("column '{name}' may be '{one}' or '{other}'; write it exactly as in the file")
        raise CallError(reason.format(name=word, one=one, other=other))
    return names[0]


def chosen(
    columns: Sequence[TextColumn], options: WritingOptions, layout: Layout | None = None
) -> list[TextColumn]:
    """The columns to write, in order; without a ``layout`` all are the program's own."""
    by_name = {column.name: column for column in columns}
    return [by_name[name] for name in chosen_names(layout or Layout(tuple(by_name)), options)]


def headed(
    columns: Sequence[TextColumn], options: WritingOptions, layout: Layout | None = None
) -> list[TextColumn]:
    """The columns under their headers; without a ``layout`` all are the program's own."""
    names = [each.name for each in columns]
    headers = (layout or Layout(())).headed(names, header_language(options))
    return [
        column._replace(name=header, role=column.role or column.name)
        for column, header in zip(columns, headers, strict=True)
    ]


def headed_document(document: object, options: WritingOptions) -> object:
    """A JSON document with all its keys in the language of ``--headers``."""
    if isinstance(document, Mapping):
        return {
            header_of(name, header_language(options)): headed_document(value, options)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [headed_document(each, options) for each in document]
    return document


def text_lines(
    parts: Iterable[Sequence[TextColumn]],
    form: Format,
    options: WritingOptions,
    currency: str = "",
    about: Callable[[], tuple[int, Sequence[tuple[str, str | int]]]] | None = None,
) -> Iterator[bytes]:
    """Parts of a table as bytes, in any form but a Rich table."""
    if form is Format.ALIEXPRESS:
        raise CallError(_("--format aliexpress is only for reprice with a FILE"))
    if form is Format.XLSX:
        from aepromo.table.workbook_writer import workbook

        yield from workbook(parts, not options.no_header, currency, about)
        return
    if form is Format.PARQUET:
        from aepromo.table.parquet import parquet_of, table_of

        yield from parquet_of(map(table_of, parts))
        return
    mark = "\ufeff" if options.bom else ""
    if form in (Format.JSON, Format.JSONL):
        body = _json(parts, form)
    elif form is Format.MARKDOWN:
        body = _markdown(parts, options)
    else:
        body = _delimited(parts, DELIMITERS[form], options)
    for text in body:
        yield (mark + text).encode()
        mark = ""


def _delimited(
    parts: Iterable[Sequence[TextColumn]], delimiter: str, options: WritingOptions
) -> Iterator[str]:
    for number, columns in enumerate(parts):
        if options.value:
            yield "".join(f"{cell or ''}\n" for cell in columns[0].cells)
            continue
        header = [] if number or options.no_header else [[column.name for column in columns]]
        yield delimited([*header, *rows_of(columns)], delimiter, options.excel_safe)


def _json(parts: Iterable[Sequence[TextColumn]], form: Format) -> Iterator[str]:
    objects = (line for columns in parts for line in json_objects(columns))
    if form is Format.JSONL:
        yield from (line + "\n" for line in objects)
        return
    before = "[\n  "
    for line in objects:
        yield before + line
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


def _markdown(parts: Iterable[Sequence[TextColumn]], options: WritingOptions) -> Iterator[str]:
    for number, columns in enumerate(parts):
        if not number and not options.no_header:
            yield markdown_header(columns)
        yield from map(markdown_row, rows_of(columns))


def rendered(renderable: RenderableType, options: WritingOptions) -> bytes:
    """A Rich renderable as text for a terminal, or for a file, without blanks at line ends."""
    from io import StringIO

    from rich.console import Console

    to_terminal = _goes_to_terminal(options)
    coloured = is_coloured(options)
    # A terminal without colours still gets bold, unless colours are switched off.
    has_codes = coloured or (to_terminal and options.color is not Colour.NEVER)
    text = StringIO()
    console = Console(
        file=text,
        width=table_width(),
        force_terminal=has_codes,
        color_system=("auto" if to_terminal else "standard") if has_codes else None,
        no_color=not coloured,
        legacy_windows=False,
    )
    console.print(renderable)
    shown = text.getvalue()
    if not has_codes:  # where colour codes may follow the blanks
        shown = "".join(f"{line.rstrip(' ')}\n" for line in shown.removesuffix("\n").split("\n"))
    return shown.encode()


def _goes_to_terminal(options: WritingOptions) -> bool:
    return not options.output and sys.stdout is not None and sys.stdout.isatty()


def is_coloured(options: WritingOptions) -> bool:
    """Whether a table is coloured.

    ``--color`` decides, else ``NO_COLOR``, then ``FORCE_COLOR``, then whether a terminal shows it.
    """
    if options.color is not Colour.AUTO:
        return options.color is Colour.ALWAYS
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return _goes_to_terminal(options) and os.environ.get("TERM") not in ("dumb", "unknown")


def progress_stream(options: WritingOptions) -> TextIO | None:
    """Standard error, if progress on it disturbs no output.

    It would disturb rows that are written to a terminal, or that the reader of a pipe shows there.
    """
    if options.quiet or sys.stdout is None:
        return None
    if options.output or format_of(options) is Format.TABLE:
        return sys.stderr
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):  # not a file of the system
        return None
    return None if stat.S_ISFIFO(mode) or sys.stdout.isatty() else sys.stderr


def table_width() -> int:
    """How many cells a table may take: the terminal's, ``COLUMNS``, or 80."""
    from shutil import get_terminal_size

    return get_terminal_size((80, 24)).columns
