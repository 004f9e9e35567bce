"""Run the program in a fork of a process that has already imported pandas and Typer.

A run starts in a tenth of the time of a new interpreter, and is a process with its own arguments,
environment, working directory and streams. Tests about starting, signals, locales or closed streams
use ``processes`` instead, and so do the golden cases and the README's blocks.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import runpy
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
from pkgutil import iter_modules

import aepromo

TIMEOUT = 120
"""Seconds after which a run counts as hanging."""


def program(
    *args: str | Path, cwd: Path, env: dict[str, str] | None = None, stdin: bytes = b""
) -> tuple[int, bytes, str]:
    """Run the program in a folder; its exit code, standard output and standard error."""
    from processes import SETTINGS, UTF8

    return server().run([*map(str, args)], cwd, SETTINGS | (UTF8 if env is None else env), stdin)


@cache
def server() -> Server:
    """Return the one server of this test process."""
    started = Server()
    atexit.register(started.close)
    return started


class Server:
    """A process that forks for each run, one at a time.

    A preloaded library can let a call of a run fail, as ``FAILING`` in its environment says.
    """

    def __init__(self, preload: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        self._answers = self._control.makefile("rb")
        # A fork has no other threads, such as those that OpenBLAS computes with.
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        if preload is not None:
            environment["LD_PRELOAD"] = str(preload)
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, str(theirs.fileno())],
            env=environment,
            pass_fds=[theirs.fileno()],
            # Streams of the kind that its forks have, because Python checks them at the start.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        self.package = Path(self._answers.readline().decode().removesuffix("\n"))
        """The folder of the package that it runs."""

    def close(self) -> None:
        """Let the process end."""
        self._answers.close()
        self._control.close()
        self._process.communicate()

    def run(
        self, args: list[str], cwd: Path, env: dict[str, str], stdin: bytes
    ) -> tuple[int, bytes, str]:
        """Run the program to its end."""
        odd = [name for name in env if name.startswith("PYTHON") and name != "PYTHONPATH"]
        own = [name for name in odd if env[name] != os.environ.get(name)]
        assert env.get("LC_ALL") == "C.UTF-8", "the locale is that of the interpreter's start"
        assert not own, f"{own} are read when the interpreter starts"
        request = json.dumps({"args": args, "cwd": str(cwd), "env": env})
        with self._lock:
            (stdin_end, ours), (out, out_end), (err, err_end) = os.pipe(), os.pipe(), os.pipe()
            theirs = [stdin_end, out_end, err_end]
            socket.send_fds(self._control, [b"+"], theirs)
            self._control.sendall(request.encode() + b"\n")
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
            answer = self._answers.readline()
        assert answer, self._process.communicate()
        return int(answer), found["out"], found["err"].decode()


def _read(end: int) -> bytes:
    with os.fdopen(end, "rb") as stream:
        return stream.read()


def _write(end: int, data: bytes) -> None:
    with suppress(BrokenPipeError), os.fdopen(end, "wb", buffering=0) as stream:
        stream.write(data)


# --- the process that forks -------------------------------------------------------------------


def serve(control: socket.socket) -> None:
    """Fork for each request; returns only in a fork, which then runs the program."""
    requests = control.makefile("rb")
    control.sendall(f"{Path(aepromo.__file__).parent}\n".encode())
    while True:
        _, fds, _, _ = socket.recv_fds(control, 1, 3)
        if not fds:
            os._exit(0)
        request = json.loads(requests.readline())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # threads that are not needed
            child = os.fork()
        if not child:
            requests.close()
            control.close()
            become(fds, **request)
            return
        for fd in fds:
            os.close(fd)
        _, status = os.waitpid(child, 0)
        control.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def become(fds: list[int], args: list[str], cwd: str, env: dict[str, str]) -> None:
    """Take over the streams, the arguments and the environment of a run."""
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    signal.alarm(TIMEOUT)
    sys.argv[1:] = args
    if failing := os.environ.pop("FAILING", ""):
        nth, error, told = failing.split(":", 2)
        ctypes.CDLL(None).arm(ctypes.c_long(int(nth)), int(error), told.encode())


def preload() -> None:
    """Import slow libraries, but no module that a command imports itself."""
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow  # noqa: F401
    import typer  # noqa: F401

    from aepromo import cli

    for module in iter_modules(cli.__path__):
        import_module(f"aepromo.cli.{module.name}")
    gc.freeze()  # otherwise the first collection in each fork would copy all of that


if __name__ == "__main__":
    preload()
    serve(socket.socket(fileno=int(sys.argv[1])))
    try:
        runpy.run_module("aepromo", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if not isinstance(end.code, int) or threading.active_count() > 1:
            raise
        # A normal exit would unload pandas, which is half of the time of a run.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(end.code)
