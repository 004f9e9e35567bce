"""A discount feed as a table of text: CSV as everywhere, or JSON lines, one object a line.

A feed is read whole before any of it counts, so that one cut off half-way changes nothing.
"""

from __future__ import annotations

import codecs
import io
import json
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from aepromo.errors import InputError
from aepromo.table.headers import check_header
from aepromo.table.source import BLOCK_BYTES, Block, Chunks, Source, open_source
from aepromo.table.text import Figure, delimited, json_document
from aepromo.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aepromo.table.recognised import KnownHeaders

FORMS = ("auto", "csv", "jsonl")


def open_feed(
    stream: BinaryIO,
    name: str,
    encoding: str | None = None,
    delimiter: str | None = None,
    form: str = "auto",
    faults: dict[int, list[tuple[str, str]]] | None = None,
    known: KnownHeaders | None = None,
    decimal: str | None = None,
) -> Source:
    """Read a feed's header, or of JSON lines every key there is, and hand out its rows.

    ``form`` is one of ``FORMS``; by itself JSON lines are told by their first byte that isn't
    blank, a ``{``. A number keeps its text to the letter, ``true`` and ``false`` are words,
    ``null`` and a key that is missing are blank cells. Each object is a block of its own, so that
    its line is known. ``faults`` collects by line what no cell can hold, each with its key. Raises
    ``InputError`` for what is no table, is cut off, or is no JSON.
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
    objects = _objects(text, name, {} if faults is None else faults)
    header = tuple(dict.fromkeys(key for members in objects.values() for key in members))
    if not objects:
        raise InputError(_("{name}: the file is empty").format(name=name))
    try:
        check_header(header)
    except InputError as problem:
        raise InputError(f"{name}: {problem}") from None
    blocks = (
        Block(delimited([[members.get(key, "") for key in header]]).encode(), line)
        for line, members in objects.items()
    )
    return Source(name, header, ",", blocks, chunks)


def _read(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.read()
    except OSError as error:
        reason = _("{name}: can't be read: {reason}")
        raise InputError(reason.format(name=name, reason=error.strerror)) from None


def _objects(
    text: bytes, name: str, faults: dict[int, list[tuple[str, str]]]
) -> dict[int, dict[str, str]]:
    """The members of each object as cells, by the line that it stands on."""
    objects = {}
    for line, data in enumerate(text.split(b"\n"), start=1):
        if not data.strip():
            continue
        twice: list[str] = []
        try:
            members = _parsed(data, twice)
            objects[line] = {key: _cell(value) for key, value in members.items()}
            _check_text(objects[line])
        except (ValueError, RecursionError):
            reason = _("{name}:{line}: no whole JSON object; was the feed cut off?")
            raise InputError(reason.format(name=name, line=line)) from None
        found = [(key, _("stands twice in the object; write it once")) for key in twice]
        found += [
            (key, _("holds more than one value; write a text or a number"))
            for key, value in members.items()
            if isinstance(value, dict | list)
        ]
        if found:
            faults[line] = found
    return objects


def _parsed(data: bytes, twice: list[str]) -> Mapping[str, object]:
    def members_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) < len(pairs):
            keys = [key for key, _value in pairs]
            twice.extend(key for key in members if keys.count(key) > 1)
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
    raise ValueError(constant)  # NaN and Infinity are no JSON


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
    """Refuse what no table may hold: half a surrogate pair, and a NUL."""
    for text in (*members, *members.values()):
        if "\0" in text:
            raise ValueError
        text.encode("utf-8")
