"""Read a TOML file; invalid TOML is reported with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

from aepromo.errors import CallError
from aepromo.words import _, cause

REASONS = {
    "Cannot overwrite": "a key appears twice",
    "Cannot declare": "a table appears twice",
    "Cannot mutate": "a key appears twice",
    "Cannot redefine": "a table appears twice",
    "Duplicate inline table key": "a key appears twice",
    "Invalid initial character": "a key can't begin like this",
    "Invalid statement": "a key or table can't begin like this",
    "Expected '='": "there is no = after a key",
    "Expected ']'": "the name of a table isn't closed by ]",
    "Expected ']]'": "the name of a table isn't closed by ]]",
    "Expected newline": "there is something after the value",
    "Invalid value": "not a value; put text in quotes",
    "Invalid date": "there is no such date",
    "Unterminated string": "a text isn't closed by a quote",
    "Illegal character '\\n'": "a text isn't closed by a quote",
    "Illegal character '\\r'": "a text isn't closed by a quote",
    "Unclosed array": "a list isn't closed by ]",
    "Unclosed inline table": "an inline table isn't closed",
    "Unescaped": "a \\ in a text is written \\\\",
    "Invalid hex": "a \\ in a text is written \\\\",
}
"""The program's own messages, by the start of the parser's messages."""

MOST_BYTES = 64 << 10
DEEPEST = 16
"""How large a file may be, and how deeply tables or lists may be nested.

The parser takes gigabytes for a key of 40 KB, ``a.a.a…``, and fails on a list as deep.
"""

_FULL_WIDTH = "“”＂‘’＝［］｛｝，．"


_TEXTS = r'(?s:"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*'
_DEEP_KEY = rf"(?<![^\s.\[\]{{}},=])(?:[^\s.\[\]{{}},=]++\s*+\.\s*+){{{DEEPEST}}}"


def read_toml(path: str) -> dict[str, object]:
    """The tables of a file, in which a number with decimals keeps its text.

    Raises ``CallError``, which names the file, and the line where there is one.
    """
    import tomllib

    try:
        with Path(path).open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CallError(f"{path}: {cause(error)}") from None
    if len(data) > MOST_BYTES:
        reason = _("over {most} KB; too large for a configuration or a tariff")
        raise CallError(f"{path}: " + reason.format(most=MOST_BYTES >> 10))
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise CallError(f"{path}: " + _("is not UTF-8; save it as UTF-8")) from None
    if line := _too_deep(text):
        raise CallError(f"{path}:{line}: " + _("tables or lists are nested too deeply"))
    try:
        # A binary float could not hold a cent.
        tables = tomllib.loads(text, parse_float=str)
        repr(tables)  # raises ValueError for a decimal number that is too long
    except tomllib.TOMLDecodeError as error:
        raise CallError(_told(path, text, str(error))) from None
    except (ValueError, RecursionError):
        reason = _("not valid TOML: {reason}").format(reason=_("a number is too long"))
        raise CallError(f"{path}: {reason}") from None
    return tables


def _too_deep(text: str) -> int:
    """The first line with too deeply nested brackets or parts of a key; 0 if there is none."""
    import re

    bare = re.sub(_TEXTS, lambda found: '""' + "\n" * found[0].count("\n"), text)
    depth = 0
    for number, line in enumerate(bare.split("\n"), 1):
        if re.search(_DEEP_KEY, line):
            return number
        for mark in re.findall(r"[\[\]{}]", line):
            depth = max(depth + (1 if mark in "[{" else -1), 0)
            if depth > DEEPEST:
                return number
    return 0


def _told(path: str, text: str, error: str) -> str:
    """``shop.toml:3: not valid TOML at column 9: there is no = after a key``, and a hint."""
    import re

    reason, _at, place = error.rpartition(" (at ")
    starts = (begins for begins in REASONS if reason.startswith(begins))
    begins = max(starts, key=len, default="")
    reason = _(REASONS[begins]) if begins else reason
    found = re.fullmatch(r"line (\d+), column (\d+)\)", place)
    if found is None:
        return f"{path}: " + _("not valid TOML: {reason}").format(reason=reason)
    number, column = map(int, found.groups())
    told = _("not valid TOML at column {column}: {reason}").format(column=column, reason=reason)
    line = [*text.split("\n"), ""][number - 1]
    return _("; ").join((f"{path}:{number}: {told}", *_hints(line, column - 1)))


def _hints(line: str, column: int) -> list[str]:
    """The remedy, if any, for full-width signs, or letters that TOML allows only in quotes."""
    import re

    around = (each[0] for each in re.finditer(r"[^\s=\[\]{}.,#\"']+", line) if each.end() > column)
    word = next(around, "")
    if any(sign in _FULL_WIDTH for sign in word or line):
        return [_('write signs in half width: " = [ ]')]
    if column < len(line) and not line[column].isascii():
        return [_('letters other than A–Z go in quotes: "{word}"').format(word=word)]
    return []
