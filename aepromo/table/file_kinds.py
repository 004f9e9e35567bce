"""The kind of a file by its first bytes, whatever its name; kinds without a table are refused.

Text packed by gzip is unpacked as it is read, up to a limit.
"""

from __future__ import annotations

import gzip
import zlib
from enum import Enum
from io import BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO

from aepromo.errors import InputError
from aepromo.words import _, cause

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEAD = 8
"""How many first bytes decide."""

_MOST_UNPACKED, _MOST_TIMES = 64 << 20, 250
"""The size from which unpacked text is checked, and how many times the packed size it may be."""


class FileKind(Enum):
    """How a file is read."""

    TEXT = "text"
    GZIP = "gzip"
    WORKBOOK = "workbook"
    PARQUET = "parquet"


_READ = {
    b"PK\x03\x04": FileKind.WORKBOOK,
    b"PK\x05\x06": FileKind.WORKBOOK,  # without a single part
    b"PAR1": FileKind.PARQUET,
    b"\x1f\x8b": FileKind.GZIP,
}
REFUSED = {
    b"\xd0\xcf\x11\xe0": "an old .xls workbook, or one with a password; save it as .xlsx",
    b"\x09\x08\x10\x00": "an old .xls workbook, or one with a password; save it as .xlsx",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; unpack it first",
    b"\xfd7zXZ\x00": "compressed with xz; unpack it first",
    b"BZh91AY&": "compressed with bzip2; unpack it first",
    b"\x04\x22\x4d\x18": "compressed with lz4; unpack it first",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive; unpack it first",
    b"Rar!\x1a\x07": "a rar archive; unpack it first",
    b"%PDF-": "a PDF; export the table as .csv or .xlsx",
    b"{\\rtf": "an RTF document; export the table as .csv or .xlsx",
    b"\x89PNG": "a picture; export the table as .csv or .xlsx",
    b"\xff\xd8\xff": "a picture; export the table as .csv or .xlsx",
    b"GIF89a": "a picture; export the table as .csv or .xlsx",
    b"SQLite f": "a database; export the table as .csv",
    b"ARROW1\x00\x00": "an Arrow file; write it as Parquet or .csv",
}
"""Files of other kinds by their first bytes, and what to do with them."""


def kind_of(head: bytes, name: str) -> FileKind:
    """How a file with these first bytes is read. Raises ``InputError`` if it can't be read."""
    for mark, reason in REFUSED.items():
        if head.startswith(mark):
            raise InputError(f"{name}: {_(reason)}")
    return next((kind for mark, kind in _READ.items() if head.startswith(mark)), FileKind.TEXT)


def unpacked(stream: BinaryIO, name: str) -> BinaryIO:
    """The text in a gzip stream. Raises ``InputError`` if it holds anything else."""
    text = BufferedReader(_Unpacked(stream, name))
    head = text.peek(HEAD)[:HEAD]
    if kind_of(head, name) is not FileKind.TEXT:
        reason = _("compressed with gzip, without text inside; unpack it first")
        raise InputError(f"{name}: {reason}")
    return text


class _Unpacked(RawIOBase):
    """The unpacked bytes of gzip as a stream; failures become ``InputError``."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._counted = _Counted(stream)
        self._gzip = gzip.GzipFile(fileobj=BufferedReader(self._counted), mode="rb")
        self._name, self._size = name, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        try:
            data = self._gzip.read(len(view))
        except (gzip.BadGzipFile, zlib.error, EOFError):
            reason = _("compressed with gzip, and damaged or cut off; get it again")
            raise InputError(f"{self._name}: {reason}") from None
        except OSError as error:
            reason = _("can't be read: {reason}").format(reason=cause(error))
            raise InputError(f"{self._name}: {reason}") from None
        self._size += len(data)
        if self._size > max(_MOST_UNPACKED, _MOST_TIMES * self._counted.size):
            reason = _("unpacks to over {times} times its size; unpack it first and check it")
            raise InputError(f"{self._name}: {reason.format(times=_MOST_TIMES)}")
        view[: len(data)] = data
        return len(data)


class _Counted(RawIOBase):
    """A stream that counts the bytes that were read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.size = stream, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        data = self._stream.read(len(view))
        view[: len(data)] = data
        self.size += len(data)
        return len(data)
