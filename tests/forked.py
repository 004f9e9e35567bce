"""Run the program in a fork of a process that has already imported all that it may need.

A run starts in a tenth of the time of a new interpreter, and is a process with its own arguments,
environment, working directory and streams. Tests about starting, signals, locales or closed streams
use ``processes`` instead.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from tempfile import TemporaryDirectory

import aepromo

TIMEOUT = 120
"""Seconds after which a run counts as hanging."""


def program(
    *args: str | Path, cwd: Path, env: dict[str, str] | None = None, stdin: bytes = b""
) -> tuple[int, bytes, str]:
    """Run the program in a folder; its exit code, standard output and standard error."""
    from processes import SETTINGS, UTF8

    return server().run([*map(str, args)], cwd, SETTINGS | (UTF8 if env is None else env), stdin)


def client() -> tuple[str, ...]:
    """Return a command that has the program run in a fork, as ``program`` of a process."""
    code = Path(__file__).with_name("forked_client.py")
    return (sys.executable, "-I", "-S", str(code), str(server().address))


def shim(folder: Path) -> Path:
    """Write a command ``aepromo`` into a folder, for shells; it has the program run in a fork."""
    command = folder / "aepromo"
    command.write_text(f'#!/bin/sh\nexec {shlex.join(client())} "$@"\n')
    command.chmod(0o755)
    return command


@cache
def server() -> Server:
    """Return the one server of this test process."""
    started = Server()
    atexit.register(started.close)
    return started


class Server:
    """A process that forks for each run.

    A preloaded library can let a call of a run fail, as ``FAILING`` in its environment says.
    """

    def __init__(self, preload: Path | None = None) -> None:
        self._folder = TemporaryDirectory()
        self.address = Path(self._folder.name, "server")
        # A fork has no other threads, such as those that OpenBLAS computes with.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        if preload is not None:
            environment["LD_PRELOAD"] = str(preload)
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, self.address],
            env=environment,
            # Streams of the kind that its forks have, because Python checks them at the start.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        self.package = Path(self._process.stdout.readline().decode().removesuffix("\n"))
        """The folder of the package that it runs."""

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()
        self._folder.cleanup()

    def run(
        self, args: list[str], cwd: Path, env: dict[str, str], stdin: bytes
    ) -> tuple[int, bytes, str]:
        """Run the program to its end."""
        (stdin_end, ours), (out, out_end), (err, err_end) = os.pipe(), os.pipe(), os.pipe()
        theirs = [stdin_end, out_end, err_end]
        settings = (f"{name}={text}" for name, text in env.items())
        request = "\0".join([str(cwd), str(len(args)), *args, *settings])
        with socket.socket(socket.AF_UNIX) as asker:
            asker.connect(str(self.address))
            socket.send_fds(asker, [b"+"], theirs)
            asker.sendall(os.fsencode(request))
            asker.shutdown(socket.SHUT_WR)
            for end in theirs:
                os.close(end)
            found: dict[str, bytes] = {}
            threads = [
                threading.Thread(target=_write, args=(ours, stdin)),
                threading.Thread(target=lambda: found.update(err=_read(err))),
            ]
            for thread in threads:
                thread.start()
            found["out"] = _read(out)
            for thread in threads:
                thread.join()
            answer = asker.recv(16)
        assert answer, self._process.communicate()
        return int(answer), found["out"], found["err"].decode()


def _read(end: int) -> bytes:
    with os.fdopen(end, "rb") as stream:
        return stream.read()


def _write(end: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(end, "wb", buffering=0) as stream:
        stream.write(data)


# --- the process that forks -------------------------------------------------------------------


def serve(listener: socket.socket) -> None:
    """Fork for each request; returns only in a fork, which then runs the program."""
    listening = listener.fileno()
    runs: dict[int, tuple[int, socket.socket]] = {}
    print(Path(aepromo.__file__).parent, flush=True)
    while True:
        ready, _, _ = select.select([0, listening, *runs], [], [])
        if 0 in ready:  # nobody writes there: the test process has gone
            os._exit(0)
        for ended in runs.keys() & {*ready}:
            child, asker = runs.pop(ended)
            _, status = os.waitpid(child, 0)
            with suppress(BrokenPipeError):
                asker.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            asker.close()
            os.close(ended)
        if listening not in ready:
            continue
        asker, _ = listener.accept()
        _, streams, _, _ = socket.recv_fds(asker, 1, 3)
        request = b"".join(iter(lambda: asker.recv(1 << 16), b""))  # noqa: B023 (used at once)
        # The end of a fork is that of a pipe which only it can write to.
        ended, alive = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads that are not needed
            child = os.fork()
        if not child:
            for each in (listener, asker, *(asker for _, asker in runs.values())):
                each.close()
            for end in (ended, *runs):
                os.close(end)
            become(streams, *os.fsdecode(request).split("\0"))
            return
        runs[ended] = child, asker
        for end in (alive, *streams):
            os.close(end)


def become(streams: list[int], cwd: str, count: str, *words: str) -> None:
    """Take over the streams, the arguments and the environment of a run."""
    for number, end in enumerate(streams):
        os.dup2(end, number)
        os.close(end)
    os.chdir(cwd)
    env = dict(word.split("=", 1) for word in words[int(count) :])
    odd = [name for name in env if name.startswith("PYTHON") and name != "PYTHONPATH"]
    own = [name for name in odd if env[name] != os.environ.get(name)]
    assert env.get("LC_ALL") == "C.UTF-8", "the locale is that of the interpreter's start"
    assert not own, f"{own} are read when the interpreter starts"
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    signal.alarm(TIMEOUT)
    sys.argv[1:] = words[: int(count)]
    if failing := os.environ.pop("FAILING", ""):
        nth, error, told = failing.split(":", 2)
        ctypes.CDLL(None).arm(ctypes.c_long(int(nth)), int(error), told.encode())


LARGE = ("numpy", "pandas", "pyarrow", "typer")
LATE = (
    *("charset_normalizer", "importlib.metadata", "iso4217", "jinja2.ext", "plotext"),
    *("pyarrow.csv", "pyarrow.pandas_compat", "pyarrow.parquet"),
    *("rich.console", "rich.progress", "rich.table"),
)
"""What functions of the program import."""


def preload() -> None:
    """Import what takes long; where no call is to fail, also load all else that a run may need."""
    for name in LARGE:
        import_module(name)
    packages = import_module("aepromo.cli") if os.environ.get("LD_PRELOAD") else aepromo
    for module in walk_packages(packages.__path__, f"{packages.__name__}."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    if packages is aepromo:
        for name in LATE:
            import_module(name)
        # Files of the package that are read once in a process.
        import_module("aepromo.rules").book()
        import_module("aepromo.table.headers").read_header("sku")
    gc.freeze()  # otherwise the first collection in each fork would copy all of that


if __name__ == "__main__":
    preload()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(sys.argv[1])
        listener.listen()
        serve(listener)
    try:
        # As aepromo/__main__.py does, whose own reading is none of the calls that may fail.
        import_module("aepromo.cli").main()
    except SystemExit as end:
        if not isinstance(end.code, int) or threading.active_count() > 1:
            raise
        # A normal exit would unload pandas, which is half of the time of a run.
        atexit._run_exitfuncs()
        if not sys.stdout.closed:
            sys.stdout.flush()
        os._exit(end.code)
