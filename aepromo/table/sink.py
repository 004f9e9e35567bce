"""A stream that passes on what was written to it, piece by piece."""

from __future__ import annotations

from io import RawIOBase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Sink(RawIOBase):
    """An output stream for writers of whole files, whose bytes can be taken out as they come."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """How many bytes were written so far."""
        return self._written

    def write(self, data: ReadableBuffer) -> int:
        """Keep some bytes until they are asked for."""
        piece = bytes(data)
        self._waiting.append(piece)
        self._written += len(piece)
        return len(piece)

    def drained(self) -> bytes:
        """Return the bytes written since the last call, and forget them."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data
