"""The ends of records in the bytes of a table: newlines outside quotes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

WORTH_NUMPY = 1 << 20
"""So many bytes that loading NumPy pays."""


class Marks(NamedTuple):
    """Where the cells end in some bytes: at each delimiter and newline that no quotes enclose.

    ``inside`` counts the delimiters, newlines and quotes in each cell, up to 3: a bare one has
    none, one that is quoted without need has 2.
    """

    ends: npt.NDArray[np.int64]
    inside: npt.NDArray[np.uint8]


def marks_of(data: bytes, delimiter: str) -> Marks | None:
    """The marks of bytes that begin with a record; None where they are not well formed.

    In a well-formed table every other quote opens: it follows a delimiter, a newline, or the quote
    that it doubles; and the ones between close. So no quote stands within a bare cell.
    """
    import numpy as np

    codes = np.frombuffer(data, np.uint8)
    is_quote = codes == ord('"')
    places = np.flatnonzero(is_quote | (codes == ord(delimiter)) | (codes == ord("\n")))
    is_quote = is_quote[places]
    is_within = (is_quote.view(np.uint8).cumsum(dtype=np.uint8) & 1).view(np.bool_)
    is_apart = np.diff(places, prepend=-1, append=len(data)) > 1  # from the mark before
    closes_within = places[is_quote & ~is_within & is_apart[1:]]
    opens_within = is_quote & is_within & is_apart[:-1]
    if opens_within.any() or (codes[closes_within + 1] != ord("\r")).any():
        return None
    outside = np.flatnonzero(~(is_quote | is_within))
    inside = np.minimum(np.diff(outside, prepend=-1) - 1, 3)
    return Marks(places[outside], inside.astype(np.uint8))


def whole_records(data: bytes, delimiter: str) -> tuple[int, Marks | None]:
    """Where the last whole record ends (after its newline), or 0 where none does.

    The marks up to there come with it where quotes had to be looked at and are well formed.
    """
    if b'"' not in data:
        return data.rfind(b"\n") + 1, None
    marks = marks_of(data, delimiter)
    if marks is None:
        return max(record_ends(data, delimiter), default=0), None
    import numpy as np

    newlines = np.flatnonzero(np.frombuffer(data, np.uint8)[marks.ends] == ord("\n"))
    count = int(newlines[-1]) + 1 if len(newlines) else 0
    end = int(marks.ends[count - 1]) + 1 if count else 0
    return end, Marks(marks.ends[:count], marks.inside[:count])


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
    begins = rb'(?:%b|"?(?:[ \t]|\xc2\xa0|\xe3\x80\x80)|"")' % fence
    # Nearly always there is none, which is quick to check.
    if not re.match(begins, data) and (
        _begins_plainly(data, delimiter) or not re.search(rb"\n" + begins, data)
    ):
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


def _begins_plainly(data: bytes, delimiter: str) -> bool:
    """Whether each line but the first begins, in quotes or not, as no blank cell does.

    Only of many bytes, of which NumPy tells it in a third of the time of a search.
    """
    if len(data) < WORTH_NUMPY:
        return False
    import numpy as np

    may_be_blank = np.zeros(256, np.bool_)
    may_be_blank[[*delimiter.encode(), *b' \t"\xc2\xe3']] = True
    codes = np.frombuffer(data, np.uint8)
    starts = np.flatnonzero(codes[:-2] == ord("\n")) + 1
    first, second = codes[starts], codes[starts + 1]
    return not may_be_blank[np.where(first == ord('"'), second, first)].any()


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
