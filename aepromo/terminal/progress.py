"""Progress of a long run, with its speed and the time left, on a terminal."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TextIO

from aepromo.words import _

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE = 1.0
"""Seconds of work before anything is shown."""


class Meter:
    """A meter of rows done, rows a second and the time left, on a terminal only.

    ``total`` is the input's size in bytes, None where it isn't known. Rich is loaded only once
    there is something to show.
    """

    def __init__(self, stream: TextIO | None, total: int | None) -> None:
        # A dumb terminal can't erase the line.
        is_dumb = os.environ.get("TERM") in ("dumb", "unknown")
        self._stream = stream if stream is not None and stream.isatty() and not is_dumb else None
        self._total = total
        self._started = time.monotonic()
        self._rows = 0
        self._bytes = 0
        self._shown: tuple[Progress, TaskID] | None = None

    def advance(self, rows: int, size: int) -> None:
        """Count a finished block: its rows and its bytes."""
        self._rows += rows
        self._bytes += size
        seconds = time.monotonic() - self._started
        if self._stream is None or seconds < PATIENCE:
            return
        progress, task = self._shown or self._show(self._stream)
        progress.update(
            task,
            completed=self._bytes,
            rows=_("{rows:,} rows, {speed:,} a second").format(
                rows=self._rows, speed=int(self._rows / seconds)
            ),
        )

    def close(self) -> None:
        """Erase the line."""
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None

    def _show(self, stream: TextIO) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        progress = Progress(
            BarColumn(),
            TextColumn("{task.fields[rows]}"),
            TimeRemainingColumn(),
            console=Console(file=stream),
            transient=True,
        )
        progress.start()
        # A killed run couldn't show the cursor again.
        progress.console.show_cursor()
        self._shown = progress, progress.add_task("", total=self._total, rows="")
        return self._shown
