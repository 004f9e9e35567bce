"""The encoding of bytes without a byte order mark that are not UTF-8.

Nearly every pair of bytes is a letter in GB18030, so it proves nothing that bytes can be read as
GB18030: a German ``Größe`` becomes Chinese. It is accepted if the letters are common in Chinese
texts. For anything else a detector, which is loaded only then, names a likelier encoding.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLE = 1 << 16
"""How many bytes from the first letter on decide the encoding, if there are as many."""

_ASCII = bytes(range(128))
_WORD = re.compile(rb"[^,;\t|\r\n\"]*[\x80-\xff][^,;\t|\r\n\"]*")
_RUN = re.compile(rb"[\x80-\xff]+")
_EASTERN = re.compile(
    rb"[A-Za-z][\xa3\xa5\xaf\xb3\xb9\xbe\xbf]|[\xa3\xa5\xaf\xb3\xb9\xbe\xbf][A-Za-z]"
)
"""Bytes that are letters in cp1250 (central Europe), but signs in the far commoner cp1252."""
_NO_LETTERS = b"\x81\x82\x83\x8d\x8f\x90\x9d"
"""Lead bytes of Japanese letters, which cp1252 hardly ever uses or doesn't define."""
_FEW_LETTERS = 3
_SENSIBLE = 0.8
_SOME_SENSE = 0.5
_MANY_SYLLABLES = 12

_FIRST_COMMON, _LAST_COMMON = 0xB0A1, 0xD7F9  # level 1 of GB 2312: the 3,755 common characters
_FIRST_TRAIL = 0xA1  # of any second byte in GB 2312; GBK has more, for rarer characters
_LAST_SYLLABLE = 0xC8FE  # Korean syllables end here in EUC-KR, where level 1 goes on
_SIGNS = (range(0xA1A1, 0xA3FF), range(0xA6A1, 0xA6C0), range(0xA8A1, 0xA8C1))
"""Punctuation, full-width letters, Greek, and the vowels of pinyin; not the Japanese letters."""

_CANDIDATES = {
    "gb18030": ("gb18030",),
    "big5": ("big5", "cp950", "big5hkscs"),
    "cp932": ("shift_jis", "cp932"),
    "cp949": ("euc-kr", "cp949"),
    "euc_jp": ("euc-jp",),
    "cp1250": ("cp1250", "cp1252"),
    "cp1251": ("cp1251",),
    "cp1252": ("cp1252",),
}
"""The encodings that are told apart, each with its names for ``--encoding``."""


class Mixed(NamedTuple):
    """The place where bytes stop being UTF-8."""

    position: int


def encoding_of(data: bytes, is_whole: bool) -> str | Mixed | None:
    """The encoding of bytes without a mark, of which some are not ASCII.

    ``is_whole``: no more bytes follow. None if nothing fits; any result but UTF-8 and GB18030 is
    only the likeliest.
    """
    position = _first_no_utf8(data, is_whole)
    if position is None:
        return "utf-8"
    first = first_letter(data)
    sample = data[data.rfind(b"\n", 0, first) + 1 : first + SAMPLE]
    letters = _letters_before(data, position)
    if letters >= _FEW_LETTERS:
        return Mixed(position)
    sense = _sense_as_gb18030(sample) if _fits(data, "gb18030", is_whole) else None
    if sense is not None and sense >= _SENSIBLE:
        return "gb18030"
    if letters:
        return Mixed(position)
    may_be_chinese = sense is not None and sense >= _SOME_SENSE
    names = _likeliest(sample, may_be_chinese)
    likeliest = next((name for name in names if _fits(data, name, is_whole)), None)
    return "gb18030" if likeliest is None and may_be_chinese else likeliest


def first_letter(data: bytes) -> int:
    """The position of the first byte beyond ASCII."""
    return len(data) - len(data.lstrip(_ASCII))


def _first_no_utf8(data: bytes, is_whole: bool) -> int | None:
    """The position of the first bytes that are not UTF-8; None if all are."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(data, final=is_whole)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _letters_before(data: bytes, position: int) -> int:
    """The evidence for UTF-8 in the bytes before a position, in letters beyond ASCII.

    Two Chinese characters of GB18030 may look like two letters of two bytes each, so only runs
    that ended before the position count; and a letter of three bytes or four counts for many.
    """
    found = 0
    for run in _RUN.finditer(data, 0, position):
        if run.end() < position:
            text = run[0].decode("utf-8", "ignore")
            found += len(text) if len(run[0]) == 2 * len(text) else _FEW_LETTERS
    return found


def _sense_as_gb18030(sample: bytes) -> float:
    """The share of characters that Chinese texts are made of."""
    text = codecs.getincrementaldecoder("gb18030")().decode(sample)
    letters = [letter.encode("gb18030") for letter in text if letter > "\x7f"]
    codes = [int.from_bytes(letter, "big") for letter in letters if len(letter) == 2]
    chinese = [code for code in codes if code >= _FIRST_COMMON and code & 0xFF >= _FIRST_TRAIL]
    common = [code for code in chinese if code <= _LAST_COMMON]
    if len(common) >= _MANY_SYLLABLES and max(chinese) <= _LAST_SYLLABLE:
        return 0.0  # every Chinese text has some of the later ones
    signs = sum(any(code in each for each in _SIGNS) for code in codes)
    four_bytes = len(letters) - len(codes)  # which look like nothing else
    if not letters or len(common) + signs + four_bytes < len(letters) / 2:
        return 0.0
    return (len(chinese) + signs + four_bytes) / len(letters)


def _likeliest(sample: bytes, may_be_chinese: bool) -> Iterator[str]:
    """The encodings that the words with letters beyond ASCII may be in, the likeliest first."""
    sample = b"\n".join(_WORD.findall(sample))
    if all(len(run) == 1 and run not in _NO_LETTERS for run in _RUN.findall(sample)):
        # A letter of two bytes is hardly ever alone in a word, and never in Cyrillic words.
        yield "cp1250" if _EASTERN.search(sample) else "cp1252"
        return
    from charset_normalizer import from_bytes

    for match in from_bytes(sample, cp_isolation=list(_CANDIDATES)):
        code_page = match.encoding
        if code_page == "gb18030" and not may_be_chinese:
            continue
        if code_page == "cp1250" and not _EASTERN.search(sample):
            code_page = "cp1252"
        yield from _CANDIDATES[code_page]


def _fits(data: bytes, name: str, is_whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, final=is_whole)
    except UnicodeDecodeError:
        return False
    return True
