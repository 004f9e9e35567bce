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
    """Let Ctrl-C, ``kill`` and a closed terminal end the program at once, with nothing left over.

    A signal that whoever started the program has chosen to ignore, as ``nohup`` does, stays so.
    """
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: object) -> NoReturn:
    # Nothing is raised: an exception that comes up just anywhere gets lost in a callback, or leaves
    # a lock of the import system taken, and then the threads wait for ever.
    remove_unfinished()
    if os.isatty(2):
        with suppress(OSError):
            os.write(2, b"\n")  # off the line that shows progress, or ^C
    os._exit(128 + number)


def collect_seldom() -> None:
    """Look for garbage now and then only, and not at all when the program ends.

    Almost everything that a start makes stays in use, and looking through it again and again takes
    a tenth of the time of a one-liner.
    """
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)


def compute_on_one_thread() -> None:
    """Keep the linear algebra that comes with NumPy, of which none is used, from starting threads.

    Where it may start none it interrupts the process, and where memory is short it ends it with 1.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def refuse_little_memory() -> None:
    """Let loading the libraries for tables fail with ``MemoryError`` where too little is allowed.

    They would abort the process in the middle of it.
    """
    try:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit
    except ImportError:  # Windows, which has no such limit
        return
    limit = getrlimit(RLIMIT_AS)[0]
    if limit != RLIM_INFINITY and limit < LEAST_MEMORY:
        sys.meta_path.insert(0, _NoRoom())


class _NoRoom:
    """A finder of modules that refuses the large ones."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        if name in ("numpy", "pyarrow"):
            raise MemoryError


def hold_standard_streams() -> None:
    """Put something in the place of a standard stream that is closed.

    The next file to be opened would get its number, and so be what ``/dev/stdout`` stands for. A
    folder holds the place: nobody can read text from it or write any to it.
    """
    if os.name == "nt":  # which opens no folders, and has no such names
        return
    while (handle := os.open(os.sep, os.O_RDONLY)) <= 2:  # always the lowest number that is free
        pass
    os.close(handle)


def print_any_text() -> None:
    """Let a shell be offered any text in a locale that lacks some letters; all else is UTF-8."""
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
    """Give up a stream that can't be written, or the interpreter fails on it again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
