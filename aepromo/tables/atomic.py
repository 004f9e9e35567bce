"""A file that is either the old one or the new one, whole."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from aepromo.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file at ``path`` once all of them are on disk.

    They go to a temporary file beside it, which is renamed over it at the end; on any exception
    the old file stays as it was. What a killed run has left beside it is removed. What is no
    regular file (``/dev/stdout``, a pipe) is written to directly. Raises ``OutputError`` where the
    folder is missing, can't be written or is full.
    """
    try:
        mode = _mode(Path(path))
        if mode is not None and not stat.S_ISREG(mode):
            with Path(path).open("wb") as device:
                yield device
            return
        target = Path(os.path.realpath(path))
        _remove_leftovers(target)
        temporary, stream = _beside(target)
        try:
            with stream:
                yield stream
                stream.flush()
                temporary.chmod(_new_file_mode() if mode is None else stat.S_IMODE(mode))
                os.fsync(stream.fileno())
                temporary.replace(target)
            _sync_folder(target.parent)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {os.strerror(error.errno or 0)}") from None


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _beside(target: Path) -> tuple[Path, BinaryIO]:
    """A new file beside the target, locked for as long as it is open."""
    while True:
        handle, name = tempfile.mkstemp(_SUFFIX, _prefix(target), target.parent)
        stream = os.fdopen(handle, "wb")
        _lock(stream)
        # Another run may have taken it for a leftover before it was locked.
        if Path(name).exists():
            return Path(name), stream
        stream.close()


_SUFFIX = ".aepromo-tmp"


def _prefix(target: Path) -> str:
    return f".{target.name[:100]}."


def _remove_leftovers(target: Path) -> None:
    """Remove what runs that were killed have left: temporary files that nobody has locked."""
    for leftover in target.parent.iterdir():
        if leftover.name.startswith(_prefix(target)) and leftover.name.endswith(_SUFFIX):
            with suppress(OSError), leftover.open("rb") as stream:
                if _lock(stream):
                    leftover.unlink()


def _lock(stream: BinaryIO) -> bool:
    """Lock an open file against other runs; False where another holds it."""
    try:
        import fcntl
    except ImportError:  # Windows, which doesn't let anybody remove an open file anyway
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True


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
