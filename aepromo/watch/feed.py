"""A discount feed: CSV or JSON lines, checked completely before it is used.

A feed is read completely, so that a feed that was cut off changes nothing.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aepromo.cli.answers import ahead
from aepromo.cli.input_files import opened_source
from aepromo.cli.messages import encoding_line, say, say_reading
from aepromo.cli.rejected_rows import RejectedRows
from aepromo.engine.answer import find_columns, run, without_bad_rows
from aepromo.errors import InputError, Refused
from aepromo.table.arrow_arrays import (
    are_empty,
    bits_of,
    codes_of,
    taken,
    text_scalar,
    texts_of,
    truths,
)
from aepromo.table.atomic import replacing
from aepromo.table.blocks import TextBlock, line_numbers, parse
from aepromo.table.cells import in_two_currencies
from aepromo.table.column import Kind
from aepromo.table.header_units import read_one
from aepromo.table.headers import MOST_COLUMNS, check_header, missing_columns
from aepromo.table.number_columns import refused_row, rows_of
from aepromo.table.source import BLOCK_BYTES, Block, Chunks, Source, open_source
from aepromo.table.text_formats import Figure, json_document
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aepromo.cli.runner import Call
    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Question
    from aepromo.inputs.values import Values
    from aepromo.table.found_columns import Found, FoundColumns
    from aepromo.table.headers import KnownHeaders
    from aepromo.table.number_columns import Numbers

FORMS = ("auto", "csv", "jsonl")
NEEDED = ("sku", "discount_status")
"""The columns that a feed must have, though cells may be blank."""


@dataclass(frozen=True)
class Feed:
    """The good rows of a feed, block by block.

    ``passed_over`` are the SKUs of bad rows, None if the SKU of a bad row is unknown.
    """

    name: str
    outcomes: Sequence[Outcome]
    passed_over: frozenset[str] | None

    def __len__(self) -> int:
        return sum(map(len, self.outcomes))


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectBlock(Block):
    """Objects of JSON lines as a table, and by row the values no cell can hold."""

    table: pa.Table
    faults: Mapping[int, Sequence[tuple[str, str]]]


@dataclass
class _Part:
    """A block that was read: the values of its good rows, and the problems of the others.

    ``skus`` are empty where a row has a wrong number of cells.
    """

    text: TextBlock
    skus: pa.Array
    outcome: Outcome
    problems: list[Refused]

    @property
    def bad(self) -> list[int]:
        """The rows that have problems."""
        return list(map(int, rows_of(self.problems)))


def read_feed(question: Question, values: Values, file: str, call: Call) -> Feed:
    """Read a feed with the columns of the question.

    Bad rows are named, and set aside or refused, as everywhere; so are all rows of a SKU that has
    more than one. Raises ``InputError``.
    """
    reading, writing = call.reading, call.writing
    with ExitStack() as stack:
        open_text = partial(open_feed, form=call.options["feed_format"])
        source, _stream = stack.enter_context(opened_source(file, reading, open_text))
        rejects = stack.enter_context(replacing(reading.rejects)) if reading.rejects else None
        aside = RejectedRows(source, rejects, reading.rejects, writing.headers or "en")
        columns, headers = _columns(question, source, reading.headers.of(source.header), values)
        say_reading(source, headers, writing.quiet, values.texts)
        part_of = partial(read_part, question, values, columns, source)
        parts = list(ahead(part_of, source.blocks))
        _name_doubles(parts, source.header[columns["sku"]])
        for part in parts:
            aside.add(part.text, part.problems)
        if source.guessed_encoding and not writing.quiet:
            say(encoding_line(source.guessed_encoding))
        aside.close()
        signs = frozenset[str]().union(*(part.outcome.signs for part in parts))
        if len(signs) > 1:
            raise InputError(f"{source.name}: {in_two_currencies(signs)}")
    unseen = {part.skus[row].as_py() for part in parts for row in part.bad}
    if any(part.text.ragged for part in parts):
        unseen.add("")
    outcomes = [_of_good_rows(part, question, columns, values) for part in parts]
    return Feed(source.name, outcomes, None if "" in unseen else frozenset(unseen))


def _of_good_rows(
    part: _Part, question: Question, columns: FoundColumns, values: Values
) -> Outcome:
    if not part.problems:
        return part.outcome
    good = np.delete(np.arange(len(part.text)), part.bad)
    return run(question, part.text.chosen(good), columns, values)


def _columns(
    question: Question, source: Source, mapping: Mapping[str, str], values: Values
) -> Found:
    """The positions of columns.

    Without a column of statuses every SKU would seem to be no longer forced.
    """
    try:
        found = find_columns(question, list(source.header), mapping, values)
        missing = [name for name in NEEDED if name not in found.columns]
        if missing:
            raise InputError(missing_columns(found.headers, missing))
    except InputError as problem:
        raise InputError(f"{source.place}: {problem}") from None
    return found


def read_part(
    question: Question, values: Values, columns: FoundColumns, source: Source, block: Block
) -> _Part:
    """Read a block; its problems are in the order of the rows."""
    problems: list[Refused] = []
    if isinstance(block, ObjectBlock):
        text = TextBlock(block, source, _table=block.table)
        used = {source.header[position] for position in columns.values()}
        for row, faults in block.faults.items():
            problems += [refused_row(row, key, reason) for key, reason in faults if key in used]
    else:
        text = parse(block, source)
    outcome = run(question, text, columns, values)
    problems += without_bad_rows(question, outcome, columns, values)[1]
    if "weight_g" in columns:
        # Only a tariff needs weights, and only for some rows; but an invalid cell is a fault.
        weights = read_one(text, columns, "weight_g", Kind.WEIGHT, values.currency)
        header = str(text.header[columns["weight_g"]])
        problems += [each._replace(column=header) for each in weights.bad]
    header = source.header[columns["sku"]]
    skus = pc.utf8_trim_whitespace(text.texts(columns["sku"]))
    hidden = rows_of(problem for problem in problems if problem.column == header)
    if len(hidden):
        is_hidden = np.isin(np.arange(len(skus)), hidden)
        skus = pc.if_else(bits_of(is_hidden), text_scalar(""), skus)
    missing = np.setdiff1d(np.flatnonzero(truths(are_empty(skus))), hidden)
    if len(missing):
        problems.append(Refused.alike(missing, header, _("is missing; fill it in")))
    return _Part(text, skus, outcome, problems)


def _name_doubles(parts: Sequence[_Part], header: str) -> None:
    """Refuse rows whose SKU is also in another row."""
    skus = pa.chunked_array([part.skus for part in parts], pa.string())
    if len(skus.unique()) == len(skus):
        return
    whole = skus.combine_chunks()
    codes = codes_of(whole.dictionary_encode())
    is_double = (np.bincount(codes) > 1)[codes] & ~truths(are_empty(whole))
    places: dict[int, list[tuple[_Part, int, int]]] = {}
    start = 0
    for part in parts:
        among = codes[start : start + len(part.skus)]
        rows = np.flatnonzero(is_double[start : start + len(part.skus)]).tolist()
        for row, line in line_numbers(part.text, rows).items() if rows else ():
            places.setdefault(int(among[row]), []).append((part, row, line))
        start += len(part.skus)
    for doubles in places.values():
        for part, row, line in doubles:
            other = doubles[0][2] if line != doubles[0][2] else doubles[1][2]
            reason = _("'{sku}' is also on line {line}; keep one of the two")
            said = reason.format(sku=part.skus[row].as_py(), line=other)
            part.problems.append(refused_row(row, header, said))


def open_feed(
    stream: BinaryIO,
    name: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    form: str = "auto",
    known: KnownHeaders | None = None,
    decimal: str | None = None,
) -> Source:
    """Read a feed's header, or all keys of JSON lines, and return its rows.

    ``form`` is one of ``FORMS``; without it JSON lines are recognised by their first byte that
    isn't blank, a ``{``. A number keeps its exact text, ``true`` and ``false`` are words, ``null``
    and a missing key are blank cells. Raises ``InputError`` for what is not a table, is cut off, or
    is not JSON.
    """
    data = _read(stream, name)
    open_text = partial(
        open_source, io.BytesIO(data), name, encoding, delimiter, known=known, decimal=decimal
    )
    if form == "csv":
        return open_text()
    chunks = Chunks(io.BytesIO(data), name, encoding, BLOCK_BYTES)
    text = b"".join(chunks).removeprefix(codecs.BOM_UTF8)
    first = text.lstrip()[:1]
    if form == "auto" and first != b"{":
        if first == b"[":
            remedy = _("{name}: a JSON array; write one object a line, as jq -c '.[]' does")
            raise InputError(remedy.format(name=name))
        return open_text()
    blocks = list(_object_blocks(text, name))
    if not blocks:
        raise InputError(_("{name}: the file is empty").format(name=name))
    header = tuple(dict.fromkeys(key for block in blocks for key in block.table.column_names))
    _check_size(len(header), max(len(block.lines) for block in blocks), 1, name)
    try:
        check_header(header)
    except InputError as problem:
        raise InputError(f"{name}: {problem}") from None
    return Source(name, header, ",", (_under(header, block) for block in blocks), chunks)


def _read(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.read()
    except OSError as error:
        reason = _("{name}: can't be read: {reason}")
        raise InputError(reason.format(name=name, reason=error.strerror)) from None


def _under(header: Sequence[str], block: ObjectBlock) -> ObjectBlock:
    """A block with all columns of the feed; missing keys are blank."""
    own = frozenset(block.table.column_names)
    blank = pa.repeat(text_scalar(""), len(block.lines))
    columns = [block.table.column(name) if name in own else blank for name in header]
    return replace(block, table=pa.table(columns, list(header)))


def _object_blocks(text: bytes, name: str) -> Iterator[ObjectBlock]:
    """The objects of JSON lines, some megabytes at a time."""
    line, start = 1, 0
    while start < len(text):
        end = text.find(b"\n", start + BLOCK_BYTES) + 1 or len(text)
        data = text[start:end]
        block = _flat_objects(data, line, name) or _objects(data, line, name)
        if block.lines:
            yield block
        line += data.count(b"\n")
        start = end


_BLANK = r"[ \t\r]*"
_BARE = r"null|true|false|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_BETWEEN = re.compile(
    rf'"{_BLANK}(?P<colon>:{_BLANK}(?P<bare>{_BARE})?{_BLANK})?'
    rf'(?P<end>,{_BLANK}|\}}{_BLANK}(?:\n{_BLANK})+\{{{_BLANK})?"'
)
"""All that may stand between two texts: a colon, a value that is no text, the end of a member or
of a line."""
_BEFORE = re.compile(rf"(?:{_BLANK}\n)*{_BLANK}\{{{_BLANK}".encode())


class _Between(NamedTuple):
    """The parsed JSON between two texts.

    ``follows_key``: a colon comes first; ``bare`` is a value that is not text; ``ends_object``: an
    object ends there.
    """

    follows_key: bool
    bare: str | None
    ends_object: bool

    @property
    def precedes_value(self) -> bool:
        """Whether the next text is a value, and not a key."""
        return self.follows_key and self.bare is None


@lru_cache(maxsize=1 << 16)
def _between(text: str) -> _Between | None:
    """Parse the JSON between two texts; None where it is malformed."""
    found = _BETWEEN.fullmatch(text)
    if found is None:
        return None
    between = _Between(bool(found["colon"]), found["bare"], "}" in (found["end"] or ""))
    # After a colon alone comes a text; after anything else a member or an object ends.
    return between if between.precedes_value == (found["end"] is None) else None


_MOST_CELLS = 1 << 24


def _check_size(keys: int, objects: int, line: int, name: str) -> None:
    """Refuse objects with too many different keys for a table."""
    if keys > MOST_COLUMNS or keys * objects > _MOST_CELLS:
        reason = _("{name}:{line}: {count:,} different keys from here on; this is not a feed")
        raise InputError(reason.format(name=name, line=line, count=keys))


def _flat_objects(data: bytes, first_line: int, name: str) -> ObjectBlock | None:
    """Lines of objects without escapes, each of one member or more; None for any others.

    Every other quote starts a text. The characters between texts are mostly the same, and are
    parsed once.
    """
    quotes = _plain_quotes(data)
    if quotes is None or not _BEFORE.fullmatch(data, 0, int(quotes[0])):
        return None
    try:
        texts, encoded = _parted(data, quotes)
    except pa.ArrowInvalid:  # no UTF-8
        return None
    kinds = list(filter(None, map(_between, encoded.dictionary.to_pylist())))
    if len(kinds) < len(encoded.dictionary):
        return None
    codes = codes_of(encoded)
    is_key = np.array([kind.follows_key for kind in kinds], np.bool_)[codes]
    is_value = np.array([kind.precedes_value for kind in kinds], np.bool_)[codes]
    ends = np.array([kind.ends_object for kind in kinds], np.bool_)[codes]
    if not is_key[0] or not ends[-1] or (is_key[1:] == is_value[:-1]).any():
        return None
    bare = ["" if kind.bare == "null" else kind.bare or "" for kind in kinds]
    keys, rows = np.flatnonzero(is_key), np.append(0, np.cumsum(ends))
    # A value is a text, or one of those between texts; the first of them is blank.
    values = pa.concat_arrays([texts_of(["", *bare]), texts])
    places = np.where(is_value[keys], 2 + len(bare) + keys, 1 + codes[keys])
    names = taken(texts, keys).dictionary_encode()
    _check_size(len(names.dictionary), int(rows[-1]), first_line, name)
    name_codes, cells = codes_of(names), {}
    for code, key in enumerate(names.dictionary.to_pylist()):
        among = np.flatnonzero(name_codes == code)
        own = rows[keys[among]]
        if (np.diff(own) == 0).any():  # it appears twice in an object
            return None
        among_values = np.zeros(rows[-1], np.int64)
        among_values[own] = places[among]
        cells[key] = taken(values, among_values)
    begins = quotes[::2][np.append(True, ends[:-1])]
    lines = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    numbers = first_line + np.searchsorted(lines, begins)
    return ObjectBlock(b"", first_line, numbers.tolist(), table=pa.table(cells), faults={})


def _plain_quotes(data: bytes) -> Numbers | None:
    """The positions of quotes, None if some may be escaped or a line may end in a text."""
    codes = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    controls = codes[codes < ord(" ")]
    returns = data.count(b"\r")
    if b"\\" in data or not len(quotes) or len(quotes) % 2 or returns != data.count(b"\r\n"):
        return None
    if len(controls) != returns + data.count(b"\n"):
        return None
    are_within = np.searchsorted(quotes, np.flatnonzero(codes == ord("\n"))) % 2
    return None if are_within.any() else quotes


def _parted(data: bytes, quotes: Numbers) -> tuple[pa.Array, pa.DictionaryArray]:
    """The texts between quotes, and the characters after each of them.

    After the last come those that would follow if there were another object.
    """
    whole = data[: quotes[-1] + 1] + data[quotes[-1] + 1 :].rstrip() + b'\n{"'
    cuts = np.empty(len(quotes) + 1, np.int32)
    cuts[:-1:2], cuts[1::2], cuts[-1] = quotes[::2] + 1, quotes[1::2], len(whole)
    cuts[2:-1:2] = quotes[2::2] + 1
    buffers = [None, pa.py_buffer(cuts), pa.py_buffer(whole)]
    pieces = pa.Array.from_buffers(pa.string(), len(quotes), buffers)
    pieces.validate(full=True)
    texts, after = (taken(pieces, np.arange(start, len(quotes), 2)) for start in (0, 1))
    return texts, after.dictionary_encode()


def _objects(data: bytes, first_line: int, name: str) -> ObjectBlock:
    """The members of any objects, line by line, and their faults."""
    found: dict[int, dict[str, str]] = {}
    faults: dict[int, list[tuple[str, str]]] = {}
    for line, record in enumerate(data.split(b"\n"), start=first_line):
        if not record.strip():
            continue
        twice: list[str] = []
        try:
            members = _parsed(record, twice)
            texts = {key: _cell(value) for key, value in members.items()}
            _check_text(texts)
        except (ValueError, RecursionError):
            reason = _("{name}:{line}: not a complete JSON object; was the feed cut off?")
            raise InputError(reason.format(name=name, line=line)) from None
        wrong = [(key, _("appears twice in the object; write it once")) for key in twice]
        wrong += [
            (key, _("holds more than one value; write a text or a number"))
            for key, value in members.items()
            if isinstance(value, dict | list)
        ]
        if wrong:
            faults[len(found)] = wrong
        found[line] = texts
    header = dict.fromkeys(key for texts in found.values() for key in texts)
    _check_size(len(header), len(found), first_line, name)
    columns = {key: [texts.get(key, "") for texts in found.values()] for key in header}
    table = pa.table({key: texts_of(column) for key, column in columns.items()})
    return ObjectBlock(b"", first_line, list(found), table=table, faults=faults)


def _parsed(data: bytes, twice: list[str]) -> Mapping[str, object]:
    def members_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) < len(pairs):
            counts = Counter(key for key, _value in pairs)
            twice.extend(key for key, count in counts.items() if count > 1)
        return members

    found = json.loads(
        data.decode("utf-8"),
        parse_int=Figure,
        parse_float=Figure,
        parse_constant=_refuse,
        object_pairs_hook=members_of,
    )
    if not isinstance(found, dict):
        raise ValueError
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)  # NaN and Infinity are not JSON


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Figure):
        return value.digits
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(line.strip() for line in json_document(value).splitlines())


def _check_text(members: Mapping[str, str]) -> None:
    """Refuse what a table can't hold: half a surrogate pair, and a NUL."""
    for text in (*members, *members.values()):
        if "\0" in text:
            raise ValueError
        text.encode("utf-8")
