"""The ends of records in the bytes of a table: newlines outside quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt


def last_record_end(data: bytes, delimiter: str) -> int:
    """The end of the last whole record (after its newline), or 0 if there is none."""
    if b'"' not in data:
        return data.rfind(b"\n") + 1
    quotes = well_formed_quotes(data, delimiter)
    if quotes is None:
        return max(record_ends(data, delimiter), default=0)
    end = data.rfind(b"\n")
    while end >= 0 and (passed := int(quotes.searchsorted(end))) % 2:
        end = data.rfind(b"\n", 0, int(quotes[passed - 1]))
    return end + 1


def well_formed_quotes(data: bytes, delimiter: str) -> npt.NDArray[np.int64] | None:
    """The positions of quotes, or None if one is inside an unquoted cell.

    In a well-formed table every other quote opens: it follows a delimiter, a newline, or the quote
    that it doubles; and the ones between close. Then a newline is outside quotes exactly where an
    even number of quotes stands before it.
    """
    import numpy as np

    codes = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(codes == ord('"'))
    opening, closing = quotes[0::2], quotes[1::2]
    before = codes[opening[opening > 0] - 1]
    after = codes[closing[closing + 1 < len(codes)] + 1]
    # Looking a byte up among 256 is far quicker than searching for it in a set.
    may_precede = np.zeros(256, np.bool_)
    may_precede[[ord(delimiter), ord("\n"), ord('"')]] = True
    may_follow = may_precede.copy()
    may_follow[ord("\r")] = True
    return quotes if may_precede[before].all() and may_follow[after].all() else None


def record_ends(data: bytes, delimiters: str, may_indent: bool = False) -> Iterator[int]:
    """The end of each whole record, as ``csv`` reads: a quote counts only at the start of a cell.

    This is the exact way, record by record, for a header or a table that is not well formed.
    ``may_indent``: spaces are allowed before a cell's first quote.
    """
    fence = re.escape(delimiters).encode()
    bare = rb"[^\n%b]*+" % fence
    quoted = (rb" *+" if may_indent else b"") + rb'"[^"]*+(?:""[^"]*+)*+"' + bare
    cell = rb'(?:%b|(?!%b")%b)' % (quoted, b" *+" if may_indent else b"", bare)
    record = re.compile(rb"%b(?:[%b]%b)*+\n" % (cell, fence, cell))
    position = 0
    while match := record.match(data, position):
        position = match.end()
        yield position


def indents_quotes(lines: bytes, delimiter: str) -> bool:
    """Whether some lines have quoted cells with spaces around their quotes."""
    if delimiter == " ":
        return False
    fence = re.escape(delimiter).encode()
    return bool(re.search(rb'(?m)(?:^|%b) ++"[^"\n]*+" *+(?:%b|\r?$)' % (fence, fence), lines))


def without_indents(data: bytes, delimiter: str) -> bytes:
    """Whole records without spaces around the quotes of quoted cells."""
    fence = re.escape(delimiter).encode()
    quoted = rb'(?m)(^|%b) *+("[^"]*+(?:""[^"]*+)*+")(?: ++(?=%b|\r?$))?' % (fence, fence)
    return re.sub(quoted, rb"\1\2", data)


def without_blank_rows(data: bytes, delimiter: str) -> tuple[bytes, int]:
    """Whole records, with those of only blank cells as blank lines; and the number of those."""
    fence = re.escape(delimiter).encode()
    begins = rb'"?(?:%b|[ \t"]|\xc2\xa0|\xe3\x80\x80)' % fence
    # Nearly always there is none, which is quick to check.
    if not (re.match(begins, data) or re.search(rb"\n" + begins, data)):
        return data, 0
    space = rb"(?:[ \t]|\xc2\xa0|\xe3\x80\x80)*+"
    if delimiter in " \t":
        space = space.replace(delimiter.encode().replace(b"\t", rb"\t"), b"")
    blank = rb'(?:"%b")?+%b' % (space, space)
    # A pair of quotes alone on its line is how a table of one column writes a blank cell.
    row = re.compile(rb'(?m)^(?!(?:"")?\r*$)%b(?:%b%b)*+(?=\r*\n)' % (blank, fence, blank))
    places = [match.span() for match in row.finditer(data)]
    if places and b'"' in data:
        starts = {0, *record_ends(data, delimiter)}
        places = [place for place in places if place[0] in starts]
    if not places:
        return data, 0
    edges = [0, *(edge for place in places for edge in place), len(data)]
    return b"".join(map(data.__getitem__, map(slice, edges[::2], edges[1::2]))), len(places)


def has_backslashed_quote(record: bytes, delimiter: str) -> bool:
    """Whether a quoted cell holds a quote after a backslash, and text follows its last quote."""
    if delimiter == "\\":
        return False
    fence = re.escape(delimiter).encode()
    cell = rb'(?:"([^"]*+(?:""[^"]*+)*+)"([^\n%b]*+)|[^\n%b]*+)[\n%b]' % (fence, fence, fence)
    # What closes the cell may be the quote after the backslash itself.
    return any(
        b'\\"' in within + b'"' and after.strip() for within, after in re.findall(cell, record)
    )


def lines_of(text: str) -> Iterator[str]:
    """Lines that end in LF alone, so that ``csv`` counts lines as this module does."""
    return (line + "\n" for line in text.removesuffix("\n").split("\n"))
