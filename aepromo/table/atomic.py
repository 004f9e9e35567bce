"""Atomic writing: a file is either the old one or the new one, complete."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from aepromo.errors import OutputError
from aepromo.words import _, cause

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A stream whose bytes become the file at ``path`` once all of them are on disk.

    They go to a temporary file next to it, which is renamed over it at the end; on any exception
    the old file stays unchanged. The file keeps its owner and permissions, but not setuid.
    Leftovers of killed runs are removed. A path that is not a regular file (``/dev/stdout``, a
    pipe) is written directly. Raises ``OutputError`` if the folder is missing, can't be written or
    is full.
    """
    try:
        old = _status(Path(path))
        if old is not None and not stat.S_ISREG(old.st_mode):
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
                if old is not None:
                    _keep_owner(temporary, old)
                temporary.chmod(_new_file_mode() if old is None else old.st_mode & 0o777)
                os.fsync(stream.fileno())
                temporary.replace(target)
            _sync_folder(target.parent)
        except BaseException:
            _remove(temporary)
            raise
        finally:
            _unfinished.discard(temporary)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = _("can't be written: {reason}").format(reason=cause(error))
        raise OutputError(f"{path}: {reason}") from None


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _keep_owner(temporary: Path, old: os.stat_result) -> None:
    """Give the new file the owner of the old one, as far as this user may."""
    if hasattr(os, "chown"):  # not on Windows
        for user, group in ((-1, old.st_gid), (old.st_uid, -1)):
            with suppress(OSError):
                os.chown(temporary, user, group)


def _beside(target: Path) -> tuple[Path, BinaryIO]:
    """Open a new file next to the target, locked while it is open."""
    while True:
        temporary = target.parent / f"{_prefix(target)}{os.urandom(6).hex()}{_SUFFIX}"
        _unfinished.add(temporary)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _AS_IT_IS, 0o600)
        stream = os.fdopen(handle, "wb")
        lock(stream)
        # Another run may have removed it as a leftover before it was locked.
        if temporary.exists():
            return temporary, stream
        stream.close()


_SUFFIX = ".aepromo-tmp"
_AS_IT_IS = getattr(os, "O_BINARY", 0)  # Windows translates line ends otherwise
_unfinished: set[Path] = set()


def remove_unfinished() -> None:
    """Remove the unfinished temporary files of this run at its end."""
    for temporary in tuple(_unfinished):
        _remove(temporary)


def _remove(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()


def _prefix(target: Path) -> str:
    # A file name can have 255 bytes; a Chinese character takes three.
    return f".{os.fsdecode(os.fsencode(target.name)[:100])}."


def _remove_leftovers(target: Path) -> None:
    """Remove leftovers of killed runs: temporary files that no process has locked."""
    try:
        beside = list(target.parent.iterdir())
    except PermissionError:  # a folder may allow writing but not listing
        return
    for leftover in beside:
        if leftover.name.startswith(_prefix(target)) and leftover.name.endswith(_SUFFIX):
            with suppress(OSError), leftover.open("rb") as stream:
                if lock(stream):
                    leftover.unlink()


def lock(stream: BinaryIO) -> bool:
    """Lock an open file against other runs; False if another holds it, or if it can't be known."""
    try:
        import fcntl
    except ImportError:  # Windows, which doesn't let anybody remove an open file anyway
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _new_file_mode() -> int:
    # The mask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    # The rename is on disk only once the folder is synced.
    try:
        handle = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
