"""Which encoding bytes are in that carry no mark and are no UTF-8.

GB18030 gives a letter to nearly every pair of bytes, so that bytes can be read as it proves
nothing: a German ``Größe`` comes out as Chinese. It is taken where the letters are such as
Chinese texts are made of. Of anything else a detector says what it more likely is; that is only
loaded then.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

SAMPLE = 1 << 16
"""How many bytes are looked at before the encoding is settled, where there are so many."""

_RUN = re.compile(rb"[\x80-\xff]+")
_FEW_LETTERS = 3
_SENSIBLE = 0.8
_SOME_SENSE = 0.5
_MANY_SYLLABLES = 12

_FIRST_COMMON, _LAST_COMMON = 0xB0A1, 0xD7F9  # level 1 of GB 2312: the 3,755 common characters
_LAST_SYLLABLE = 0xC8FE  # Korean syllables end here in EUC-KR, where level 1 goes on
_SIGNS = (range(0xA1A1, 0xA3FF), range(0xA6A1, 0xA6C0), range(0xA8A1, 0xA8C1))
"""Punctuation, full-width letters, Greek, and the vowels of pinyin; not the Japanese letters."""

_CANDIDATES = {
    "gb18030": ("gb18030",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp932": ("shift_jis", "cp932"),
    "cp949": ("euc-kr", "cp949"),
    "euc_jp": ("euc-jp",),
    "cp1250": ("cp1250",),
    "cp1251": ("cp1251",),
    "cp1252": ("cp1252",),
    "cp1254": ("cp1254",),
}
"""What the detector chooses from, and by which names ``--encoding`` can take that."""


class Mixed(NamedTuple):
    """Where bytes stop being UTF-8 that were until then."""

    position: int


def encoding_of(data: bytes, is_whole: bool) -> str | Mixed | None:
    """The encoding of bytes without a mark, of which some are not ASCII.

    ``is_whole`` tells that no more follow. None where nothing fits; any but UTF-8 and GB18030 is
    only the likeliest.
    """
    position = _first_no_utf8(data, is_whole)
    if position is None:
        return "utf-8"
    letters = _letters_before(data, position)
    if letters >= _FEW_LETTERS:
        return Mixed(position)
    sense = _sense_as_gb18030(data, is_whole)
    if sense is not None and sense >= _SENSIBLE:
        return "gb18030"
    if letters:
        return Mixed(position)
    likeliest = _detected(data, is_whole)
    if likeliest is None and sense is not None and sense >= _SOME_SENSE:
        return "gb18030"
    return likeliest


def _first_no_utf8(data: bytes, is_whole: bool) -> int | None:
    """Where the first bytes stand that are no UTF-8; None where all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data, final=is_whole)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _letters_before(data: bytes, position: int) -> int:
    """How much the bytes before a position speak for UTF-8, in letters beyond ASCII.

    Two Chinese characters of GB18030 may look like two letters of two bytes each, so only runs
    that ended before the position count; and a letter of three bytes or four counts for many.
    """
    found = 0
    for run in _RUN.finditer(data, 0, position):
        if run.end() < position:
            text = run[0].decode("utf-8", "ignore")
            found += len(text) if len(run[0]) == 2 * len(text) else _FEW_LETTERS
    return found


def _sense_as_gb18030(data: bytes, is_whole: bool) -> float | None:
    """The share of characters that Chinese texts are made of; None for what is no GB18030."""
    try:
        text = codecs.getincrementaldecoder("gb18030")().decode(data[:SAMPLE], final=False)
        if is_whole:
            data.decode("gb18030")
    except UnicodeDecodeError:
        return None
    letters = [letter.encode("gb18030") for letter in text if letter > "\x7f"]
    codes = [int.from_bytes(letter, "big") for letter in letters if len(letter) == 2]
    common = [code for code in codes if _FIRST_COMMON <= code <= _LAST_COMMON]
    if len(common) >= _MANY_SYLLABLES and max(common) <= _LAST_SYLLABLE:
        return 0.0  # no Chinese does without all of the later ones
    signs = sum(any(code in each for each in _SIGNS) for code in codes)
    four_bytes = len(letters) - len(codes)  # which look like nothing else
    return (len(common) + signs + four_bytes) / len(letters) if letters else None


def _detected(data: bytes, is_whole: bool) -> str | None:
    """The encoding that is likeliest for the words that hold letters beyond ASCII."""
    from charset_normalizer import from_bytes

    words = re.findall(rb"[^,;\t|\r\n\"]*[\x80-\xff][^,;\t|\r\n\"]*", data[:SAMPLE])
    sample = b"\n".join(words)
    for match in from_bytes(sample, cp_isolation=list(_CANDIDATES)):
        code_page = match.encoding
        if code_page == "cp1250" and _is_western(sample):
            code_page = "cp1252"
        for name in _CANDIDATES.get(code_page, ()):
            if _fits(data, name, is_whole):
                return name
    return None


def _is_western(data: bytes) -> bool:
    """Whether no letter beyond ASCII is a sign in the western code page, which is far commoner."""
    try:
        western, eastern = data.decode("cp1252"), data.decode("cp1250")
    except UnicodeDecodeError:
        return False
    both = zip(western, eastern, strict=True)
    return all(own.isalpha() or own == other or not other.isalpha() for own, other in both)


def _fits(data: bytes, name: str, is_whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, final=is_whole)
    except UnicodeDecodeError:
        return False
    return True
