"""Where records end in the bytes of a table: at a newline that no quotes enclose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt


def last_record_end(data: bytes, delimiter: str) -> int:
    """Where the last whole record ends (after its newline), or 0 where none does."""
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
    """Where the quotes stand, or None where one stands within a bare cell.

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


def record_ends(data: bytes, delimiters: str) -> Iterator[int]:
    """Where each whole record ends, read as ``csv`` reads: a quote counts only where a cell starts.

    The exact way, record by record, for a header or a table that is not well formed.
    """
    fence = re.escape(delimiters).encode()
    bare = rb"[^\n%b]*+" % fence
    quoted = rb'"[^"]*+(?:""[^"]*+)*+"' + bare
    cell = rb'(?:%b|(?!")%b)' % (quoted, bare)
    record = re.compile(rb"%b(?:[%b]%b)*+\n" % (cell, fence, cell))
    position = 0
    while match := record.match(data, position):
        position = match.end()
        yield position


def lines_of(text: str) -> Iterator[str]:
    """Lines that end in LF alone, so that ``csv`` counts lines as this module does."""
    return (line + "\n" for line in text.removesuffix("\n").split("\n"))
