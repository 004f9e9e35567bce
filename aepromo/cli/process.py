"""Signals, memory limits and standard streams of the process."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import stat
import sys
from contextlib import suppress
from io import BufferedReader, TextIOWrapper
from select import select
from typing import NoReturn, TextIO

from aepromo.table.atomic import remove_unfinished

LEAST_MEMORY = 448 << 20
"""The address space that the libraries for tables need, in bytes."""


def end_on_signals() -> None:
    """Let Ctrl-C, ``kill`` and a closed terminal end the program at once, without leftovers.

    A signal that the parent process ignores, as ``nohup`` does, stays ignored.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: object) -> NoReturn:
    # Don't raise: an exception at an arbitrary point gets lost in a callback, or leaves a lock of
    # the import system taken, and then the threads wait for ever.
    remove_unfinished()
    if os.isatty(2):
        with suppress(OSError):
            os.write(2, b"\n")  # leave the line that shows progress, or ^C
    os._exit(128 + number)


def collect_seldom() -> None:
    """Collect garbage rarely, and not at all when the program ends.

    Almost all objects of the start stay in use, and scanning them again and again takes a tenth of
    the time of a one-liner.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def compute_on_one_thread() -> None:
    """Keep NumPy's linear algebra, which is not used, from starting threads.

    Where it can't start any it interrupts the process, and where memory is short it exits with 1.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def refuse_little_memory() -> None:
    """Let loading the libraries for tables fail with ``MemoryError`` where too little is allowed.

    They would abort the process while loading.
    """
    try:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit
    except ImportError:  # Windows has no such limit
        return
    limit = getrlimit(RLIMIT_AS)[0]
    if limit != RLIM_INFINITY and limit < LEAST_MEMORY:
        sys.meta_path.insert(0, _LargeModules())


class _LargeModules:
    """A finder of modules that refuses the large ones."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name in ("numpy", "pyarrow"):
            raise MemoryError


def hold_standard_streams() -> None:
    """Occupy the place of a closed standard stream.

    Otherwise the next opened file would get its number, and be ``/dev/stdout``. A folder takes the
    place, because nothing can be read from it or written to it.
    """
    if os.name == "nt":  # it can't open folders, and has no such names
        return
    while (handle := os.open(os.sep, os.O_RDONLY)) <= 2:  # always the lowest number that is free
        pass
    os.close(handle)


def print_any_text() -> None:
    """Write any text in a locale that lacks letters, for completion; everything else is UTF-8."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def input_waits() -> bool:
    """Whether a file or a pipe with bytes in it is standard input; nothing is waited for."""
    try:
        stream = sys.stdin.buffer
        status = os.fstat(stream.fileno())
        if stat.S_ISREG(status.st_mode):
            return status.st_size > stream.tell()
        if not (stat.S_ISFIFO(status.st_mode) and isinstance(stream, BufferedReader)):
            return False
        # A pipe that has ended is ready too, but then there is nothing to peek at.
        ready, _, _ = select([stream], [], [], 0)
        return bool(ready and stream.peek(1))
    except (OSError, ValueError, AttributeError):  # closed, or Windows, which can't tell of a pipe
        return False


def send_nowhere(stream: TextIO) -> None:
    """Replace a stream that can't be written, so that the interpreter doesn't fail at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
