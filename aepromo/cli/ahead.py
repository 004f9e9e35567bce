"""Work on several items at once, with the results in the order of the items."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Result = TypeVar("Result")

WORKERS = min(os.cpu_count() or 1, 4)
AHEAD = WORKERS + 1
"""How many items may be in work or waiting, which bounds the memory in use."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # their numbers in <malloc.h>
_NEVER, _LARGEST_REUSED = 1 << 30, 32 << 20  # bytes


def ahead(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """``map`` some items ahead of the reader, on as many threads as there are cores.

    It helps where the function spends its time outside the interpreter's lock, as NumPy and Arrow
    do. An exception is raised in the place of its item.
    """
    _keep_freed_memory()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _keep_freed_memory() -> None:
    """Reuse the memory that one item freed for the next.

    Otherwise glibc returns arrays of some megabytes to the kernel and requests them again, block by
    block, which takes a fifth of the time.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # not in every C library
        libc.mallopt(_TRIM_THRESHOLD, _NEVER)
        libc.mallopt(_MMAP_THRESHOLD, _LARGEST_REUSED)
