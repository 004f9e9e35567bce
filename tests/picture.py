"""Draw the README's picture of a table: ``python tests/picture.py``.

The program runs at a terminal of its own, as it does for a person, and Rich exports what that
terminal got. ``test_readme`` holds the picture against what the program shows now.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from processes import KEPT, ROOT, UTF8, shim
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PICTURE = ROOT / ".github" / "reprice.svg"
SHOWN = "aepromo reprice examples/quick-start/today.csv --rate 10%..20%"
WIDTH, HEIGHT = 80, 60
SETTINGS = {name: os.environ[name] for name in KEPT if name in os.environ} | UTF8


def at_terminal(
    command: str,
    folder: Path,
    term: str,
    language: str = "en",
    shim: Callable[[Path], Path] = shim,
) -> tuple[str, int]:
    """Run a shell command at a terminal; return all that it prints, and its exit status.

    ``aepromo`` is the program of the interpreter at hand, as ``shim`` has it started. ``term``
    names the kind of terminal: ``dumb`` has no colours.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", HEIGHT, WIDTH, 0, 0))
    with TemporaryDirectory() as programs:
        shim(Path(programs))
        path = f"{programs}{os.pathsep}{SETTINGS.get('PATH', os.defpath)}"
        with subprocess.Popen(
            ["sh", "-c", command],
            cwd=folder,
            env={**SETTINGS, "PATH": path, "TERM": term, "AEPROMO_LANG": language},
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
        ) as process:
            os.close(theirs)
            printed = b"".join(_chunks(ours))
    os.close(ours)
    return printed.decode().replace("\r\n", "\n"), process.returncode


def _chunks(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(terminal, 65_536)
        except OSError:  # Linux's way to say that the last writer has gone; others send nothing
            return
        if not chunk:
            return
        yield chunk


def draw() -> str:
    """The picture as SVG."""
    printed, status = at_terminal(f"{SHOWN} 2>/dev/null", ROOT, "xterm-256color")
    if status:
        raise SystemExit(f"{SHOWN}: exit status {status}\n{printed}")
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text("$ " + SHOWN))
    console.print(Text.from_ansi(printed))
    return console.export_svg(title="aepromo", unique_id="reprice")


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(), encoding="utf-8")
