"""A file that is either the old one or the new one, whole."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from aepromo.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file at ``path`` once all of them are on disk.

    They go to a temporary file beside it, which is renamed over it at the end; on any exception
    the old file stays as it was. What is no regular file (``/dev/stdout``, a pipe) is written to
    directly. Raises ``CallError`` where the folder is missing or can't be written.
    """
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise CallError(f"{path}: {error.strerror}") from None
    if mode is not None and not stat.S_ISREG(mode):
        with _opened(path, target) as stream:
            yield stream
        return
    try:
        handle, name = tempfile.mkstemp(".tmp", f".{target.name[:100]}.", target.parent)
    except OSError as error:
        raise CallError(f"{path}: can't write beside it: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), _new_file_mode() if mode is None else stat.S_IMODE(mode))
            os.fsync(stream.fileno())
        temporary.replace(target)
        _sync_folder(target.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def _opened(path: str, target: Path) -> BinaryIO:
    try:
        return target.open("wb")
    except OSError as error:
        raise CallError(f"{path}: {error.strerror}") from None


def _new_file_mode() -> int:
    # There is no way to read the mask but to set it.
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    # The rename itself is on disk only once the folder is.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
