"""What ``watch`` reads: a whole feed, each SKU once, before any of it counts."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aepromo.cli.bad_rows import BadRow, BadRows
from aepromo.cli.inputs import check_files, mapping_of, opened_source
from aepromo.cli.say import say
from aepromo.errors import InputError
from aepromo.platform.row_facts import facts_of
from aepromo.table.atomic import replacing
from aepromo.table.headers import read_headers
from aepromo.table.headings import named
from aepromo.table.rows import Ragged, rows_with_lines
from aepromo.watch.feed_file import open_feed
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.cli.options import ReadingOptions, WritingOptions
    from aepromo.platform.ruling import Row, Ruling
    from aepromo.table.source import Source


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed's rows by SKU.

    ``passed_over`` are the SKUs of bad rows, None where a bad row doesn't tell its own.
    """

    name: str
    rows: Mapping[str, Row]
    passed_over: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class _Line:
    """A row as it was read; ``sku`` is empty where its cells may not be where they belong."""

    line: int
    cells: tuple[str, ...]
    sku: str
    facts: Row
    problems: list[tuple[str, str]]


def read_feed(
    ruling: Ruling,
    given: Mapping[str, str],
    file: str,
    form: str,
    reading: ReadingOptions,
    writing: WritingOptions,
) -> Feed:
    """Read a feed; ``given`` fills the cells that it lacks or leaves blank.

    Bad rows are named, and set aside or refused, as everywhere; so are all rows of a SKU that
    stands in more than one. Raises ``InputError``.
    """
    check_files(file, reading.rejects, writing.output)
    faults: dict[int, list[tuple[str, str]]] = {}
    with ExitStack() as stack:
        open_text = partial(open_feed, form=form, faults=faults)
        source, _stream = stack.enter_context(opened_source(file, reading, open_text))
        rejects = stack.enter_context(replacing(reading.rejects)) if reading.rejects else None
        aside = BadRows(source, rejects, writing.headers)
        columns = _columns(ruling, source, reading)
        lines = [
            _read(ruling, given, line, tuple(cells), source, columns, faults.get(line, []))
            for block in source.blocks
            for line, cells in rows_with_lines(block, source)
        ]
        _name_doubles(lines, columns["sku"], source)
        bad = [line for line in lines if line.problems]
        for line in bad:
            names, reasons = zip(*line.problems, strict=True)
            aside.add([BadRow(line.line, list(names), list(reasons), line.cells)])
        if source.guessed_encoding and not writing.quiet:
            assumed = _("assumed: encoding {encoding} (not UTF-8; set --encoding)")
            say(assumed.format(encoding=source.guessed_encoding))
        aside.close()
    good = {line.sku: line.facts for line in lines if not line.problems}
    unseen = frozenset(line.sku for line in bad)
    return Feed(source.name, good, None if "" in unseen else unseen)


def _columns(ruling: Ruling, source: Source, reading: ReadingOptions) -> dict[str, int]:
    """Where columns stand. A feed must have the needed ones itself, though cells may be blank.

    Without a column of statuses every SKU would seem to be forced no longer.
    """
    positions = read_headers(source.header, ruling.uses, mapping_of(reading.map)).positions
    columns = {name: places[0] for name, places in positions.items()}
    for name in ("sku", *ruling.needs):
        if name not in columns:
            reason = _("{place}: no column for {name}; name one with --map 'HEADER={name}'")
            raise InputError(reason.format(place=f"{source.name}:1", name=named(name)))
    return columns


def _read(
    ruling: Ruling,
    given: Mapping[str, str],
    line: int,
    cells: tuple[str, ...],
    source: Source,
    columns: Mapping[str, int],
    faults: list[tuple[str, str]],
) -> _Line:
    width = len(source.header)
    if len(cells) != width:
        return _Line(line, cells, "", {}, [("", Ragged(line, cells, width).reason)])
    texts = {name: cells[position] for name, position in columns.items()}
    used = {source.header[position] for position in columns.values()}
    problems = [(key, why) for key, why in faults if key in used]
    facts, found = facts_of(ruling, given, texts)
    if "sku" not in facts and not any(name == "sku" for name, _why in found):
        found.append(("sku", _("is missing; fill it in")))
    problems += [
        (source.header[columns[name]] if name in columns else name, why) for name, why in found
    ]
    tells = source.header[columns["sku"]] not in {key for key, _why in problems}
    return _Line(line, cells, str(facts.get("sku", "")) if tells else "", facts, problems)


def _name_doubles(lines: list[_Line], position: int, source: Source) -> None:
    """Make bad rows of those whose SKU stands in another one too."""
    by_sku: dict[str, list[_Line]] = {}
    for line in lines:
        if line.sku:
            by_sku.setdefault(line.sku, []).append(line)
    for doubles in by_sku.values():
        for line in doubles if len(doubles) > 1 else []:
            other = doubles[0] if line is not doubles[0] else doubles[1]
            reason = _("'{sku}' stands in line {line} too; keep one of the two")
            why = reason.format(sku=line.sku, line=other.line)
            line.problems.append((source.header[position], why))
