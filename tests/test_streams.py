"""Streams that are closed, gone, named by a path, or a terminal; and minimal environments."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from pathlib import Path
from typing import Any

import pytest
from forked import client
from processes import HEADER, PROGRAM, cost_rows, finish, program, start, without_privileges

TEXT = (HEADER + cost_rows(999) * 4).encode()
LOUD = ("reprice", "costs.csv")
COSTS = (*LOUD, "--quiet")
ONE_LINER = ("list-price", "--target", "3.5", "--rate", "13.2%")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a cost file whose answer is larger than the buffer of a pipe."""
    (tmp_path / "costs.csv").write_bytes(TEXT)
    return tmp_path


@pytest.fixture(scope="session")
def answer(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The answer to the cost file, written to a file."""
    folder = tmp_path_factory.mktemp("answer")
    (folder / "costs.csv").write_bytes(TEXT)
    assert program(*COSTS, "-o", "new.csv", cwd=folder) == (0, b"", "")
    answer = (folder / "new.csv").read_bytes()
    assert len(answer) > 1 << 18
    return answer


def in_shell(line: str, *asked: str, cwd: Path, **more: Any) -> tuple[int, bytes, str]:
    """Run a line of shell in which ``aepromo`` is the program."""
    wrapper = ("sh", "-c", line.replace("aepromo", '"$@"'), "sh")
    return program(*asked, cwd=cwd, wrapper=wrapper, **more)


# A reader that closes the pipe.

TALKATIVE = [
    *((*COSTS, "--format", form) for form in ("csv", "json", "jsonl", "markdown")),
    (*COSTS, "--format", "table", "--limit", "400"),
    (*COSTS, "--value", "sku"),
    (*COSTS, "-o", "/dev/stdout"),
    (*COSTS, "-o", "-"),
]
BRIEF = [
    ONE_LINER,
    ("explain", "--price", "20", "-b", "8", "-l", "3", "--rate", "15%", "--quiet"),
    ("sweep", "--price", "20", "-b", "8", "-l", "3", "--quiet"),
    ("rules",),
    ("--help",),
    ("reprice", "--help"),
    ("--version",),
    (),
]


@pytest.mark.parametrize("asked", TALKATIVE, ids=" ".join)
def test_a_reader_that_closes_the_pipe_ends_the_run_quietly(
    folder: Path, asked: tuple[str, ...]
) -> None:
    with start(*asked, cwd=folder, program=client()) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("asked", "unbuffered"),
    [(asked, "") for asked in (COSTS, *TALKATIVE[-2:], *BRIEF)]
    + [(asked, "1") for asked in (COSTS, ONE_LINER)],
)
def test_a_pipe_without_a_reader_ends_the_run_quietly(
    folder: Path, asked: tuple[str, ...], unbuffered: str
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    more: dict[str, Any] = {"program": client()}
    if unbuffered:  # which an interpreter reads when it starts
        more = {"env": {"LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": unbuffered}}
    ran = program(*asked, cwd=folder, stdout=writer, **more)
    os.close(writer)
    assert ran == (0, b"", "")


def test_rejects_of_a_run_without_a_reader_are_not_written(folder: Path) -> None:
    with (folder / "costs.csv").open("a") as file:
        file.write("A-2,title,8,free,20\n")
    (folder / "bad.csv").write_text("of an earlier run")
    reader, writer = os.pipe()
    os.close(reader)
    ran = program(*COSTS, "--rejects", "bad.csv", cwd=folder, stdout=writer, program=client())
    os.close(writer)
    assert ran[0] == 0
    assert (folder / "bad.csv").read_text() == "of an earlier run"
    assert {path.name for path in folder.iterdir()} == {"costs.csv", "bad.csv"}


def test_standard_error_may_have_no_reader(folder: Path, answer: bytes) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    how: dict[str, Any] = {"cwd": folder, "stderr": writer, "program": client()}
    assert program("reprice", "costs.csv", **how)[:2] == (0, answer)
    assert program("reprice", "missing.csv", **how)[:2] == (3, b"")
    os.close(writer)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("asked", [COSTS, ("reprice", "short.csv", "-q"), ONE_LINER], ids=" ".join)
def test_a_full_standard_output_is_a_failure(folder: Path, asked: tuple[str, ...]) -> None:
    """Also if all that is written fits into its buffer, and so fails at the end."""
    (folder / "short.csv").write_text(HEADER + cost_rows(2))
    with Path("/dev/full").open("wb") as disk:
        ran = program(*asked, cwd=folder, stdout=disk, program=client())
    said = "aepromo: standard output can't be written: No space left on device\n"
    assert ran == (2, b"", said)


# Streams that are closed.


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("aepromo reprice costs.csv -q >&-", 2, "standard output is closed"),
        ("aepromo reprice costs.csv -q -o /dev/stdout >&-", 2, "/dev/stdout: can't be written"),
        ("aepromo list-price --target 3.5 --rate 13.2% >&-", 2, "standard output is closed"),
        ("aepromo rules >&-", 2, "standard output is closed"),
        ("aepromo --help >&-", 0, ""),
        ("aepromo --version >&-", 0, ""),
        ("aepromo reprice - -q <&-", 3, "standard input is closed"),
        ("aepromo reprice /dev/stdin -q <&-", 3, "/dev/stdin: "),
        ("aepromo reprice --no-such-option 2>&-", 2, ""),
        ("aepromo reprice missing.csv -q <&- >&- 2>&-", 3, ""),
    ],
)
def test_a_closed_stream_that_is_needed_is_reported(
    folder: Path, line: str, code: int, said: str
) -> None:
    ran = in_shell(line, cwd=folder)
    assert ran[:2] == (code, b"")
    assert ran[2].startswith(f"aepromo: {said}" if said else "")
    assert ran[2].count("\n") == bool(said)
    assert (folder / "costs.csv").read_bytes() == TEXT
    assert {path.name for path in folder.iterdir()} == {"costs.csv"}


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_that_is_not_needed_changes_nothing(
    folder: Path, answer: bytes, closed: str
) -> None:
    with (folder / "costs.csv").open("a") as file:
        file.write("A-2,title,8,free,20\n")
    ran = in_shell(f"aepromo reprice costs.csv --rejects bad.csv -o new.csv {closed}", cwd=folder)
    assert ran[:2] == (0, b"")
    assert (folder / "new.csv").read_bytes() == answer
    assert (folder / "bad.csv").read_text().count("\n") == 2
    assert (folder / "costs.csv").read_bytes().startswith(TEXT)


# Streams by name.


@pytest.mark.parametrize(
    "line",
    [
        "aepromo reprice - -q < costs.csv",
        "aepromo reprice /dev/stdin -q < costs.csv",
        "cat costs.csv | aepromo reprice - -q",
        "cat costs.csv | aepromo reprice /dev/stdin -q",
        "cat costs.csv | aepromo reprice /dev/fd/0 -q | cat",
        "aepromo reprice costs.csv -q -o /dev/stdout",
        "aepromo reprice costs.csv -q -o /dev/stdout | cat",
        "aepromo reprice costs.csv -q -o /dev/stdout > new.csv; cat new.csv",
        "aepromo reprice costs.csv -q --rejects /dev/null -o /dev/fd/1",
        "mkfifo in; cat costs.csv > in & aepromo reprice in -q",
        "mkfifo out; aepromo reprice costs.csv -q -o out & cat out",
    ],
)
def test_a_stream_gives_the_same_answer_as_a_file(folder: Path, answer: bytes, line: str) -> None:
    assert in_shell(line, cwd=folder, program=client()) == (0, answer, "")


def test_a_fifo_that_is_filled_slowly_is_read(folder: Path, answer: bytes) -> None:
    os.mkfifo(folder / "in")

    def fill() -> None:
        with (folder / "in").open("wb", buffering=0) as stream:
            for place in range(0, len(TEXT), 1_000):
                stream.write(TEXT[place : place + 1_000])

    writer = threading.Thread(target=fill)
    process = start("reprice", "in", "-q", cwd=folder, program=client())
    writer.start()
    assert finish(process) == (0, answer, "")
    writer.join()


def test_a_run_without_a_terminal(folder: Path, answer: bytes) -> None:
    settings = {"LC_ALL": "C.UTF-8", "TERM": "", "PATH": "/usr/bin"}
    ran = program(*COSTS, cwd=folder, start_new_session=True, env=settings)
    assert ran == (0, answer, "")


# Minimal environments.

CHINESE = "货号,成本,运费,备注\nA-1,8,3,红色 é😀\nA-2,八,3,蓝\n"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"LC_ALL": "C"},
        {"LANG": "C", "PYTHONUTF8": "0"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "ascii:strict"},
    ],
    ids=str,
)
def test_chinese_text_in_any_locale(folder: Path, settings: dict[str, str]) -> None:
    (folder / "成本.csv").write_text(CHINESE, encoding="utf-8")
    speaks_utf8 = settings.get("LC_ALL") != "C" or "PYTHONUTF8" not in settings
    # If Python reads arguments as ASCII, a Chinese one can only be a path.
    header = ("--map", "成本=purchase_price") if speaks_utf8 else ()
    if not speaks_utf8:
        (folder / "成本.csv").write_text(CHINESE.replace("成本", "采购价"), encoding="utf-8")
    asked = ("reprice", "成本.csv", *header, "-q", "--rejects", "坏.csv", "-o", "新.csv")
    code, out, said = program(*asked, cwd=folder, env=settings)
    assert (code, out) == (0, b"")
    assert len(said.splitlines()) == 2
    if speaks_utf8 and "PYTHONIOENCODING" not in settings:
        assert said.startswith("成本.csv:3: 成本: '八' is not a number; write one such as 12.50\n")
    new, bad = ((folder / name).read_text("utf-8") for name in ("新.csv", "坏.csv"))
    assert new.splitlines()[1].startswith("A-1,8,3,红色 é😀,")
    assert bad.splitlines()[1].endswith(",A-2,八,3,蓝")
    one = (*ONE_LINER, "--format", "table", "--lang", "zh")
    assert "标价" in program(*one, cwd=folder, env=settings)[1].decode()


FOREIGN = [
    ("--help",),
    ("reprice", "costs.csv", "--map", "成本=purchase_price"),
    ("reprice", "costs.csv", "--encoding", "中文"),
    ("reprice", "没有.csv"),
    ("list-price", "--target", "３.５", "--rate", "１３%", "-b", "八"),
    ("rules", "手续费"),
]


@pytest.mark.parametrize("asked", FOREIGN, ids=" ".join)
def test_a_locale_without_chinese_brings_no_traceback(folder: Path, asked: tuple[str, ...]) -> None:
    code, out, said = program(*asked, cwd=folder, env={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert code == 0 if "--help" in asked else code in (2, 3)
    assert "Traceback" not in said
    assert ("Usage" in out.decode()) == ("--help" in asked)


def test_an_argument_that_is_not_text_is_reported(folder: Path) -> None:
    shell = "bad=$(printf '\\377'); aepromo reprice costs.csv"
    for option in ("--delimiter", "--encoding", "--map", "--columns", "--value", "--rate"):
        code, out, said = in_shell(f'{shell} {option} "$bad"', cwd=folder, program=client())
        assert (code, out) == (2, b"")
        assert said.splitlines()[-1].startswith("aepromo: ")
        assert "Traceback" not in said
    assert in_shell(f'{shell} -q -o "$bad.csv"', cwd=folder)[0] == 0
    assert b"\xff.csv" in os.listdir(os.fsencode(folder))  # noqa: PTH208 (bytes, as they are)


@pytest.mark.parametrize("home", ["unset", "missing", "read-only", "a file"])
def test_no_home_is_needed(folder: Path, answer: bytes, home: str) -> None:
    (folder / "home").mkdir(0o555)
    places = {"missing": "no/where", "read-only": str(folder / "home"), "a file": "costs.csv"}
    wrapper = ["env", "-u", "HOME"] if home == "unset" else ["env", f"HOME={places[home]}"]
    wrapper += without_privileges() if home == "read-only" else []
    # A fork keeps the privileges that its server has.
    own = PROGRAM if home == "read-only" else client()
    how: dict[str, Any] = {"cwd": folder, "wrapper": wrapper, "program": own}
    assert program(*COSTS, **how) == (0, answer, "")
    if home != "missing":
        return
    # Matplotlib would keep its fonts there.
    pytest.importorskip("matplotlib")
    assert program("sweep", *COSTS[1:], "--svg", "new.svg", **how)[::2] == (0, "")
    assert (folder / "new.svg").stat().st_size > 1_000


# Progress: the program with a shorter delay and smaller blocks.

SHORT_OF_PATIENCE = """
import functools, sys
import aepromo.terminal.progress as progress, aepromo.table.source as source
progress.PATIENCE = float(sys.argv.pop(1))
source.open_source = functools.partial(source.open_source, block_bytes=32768)
import aepromo.cli
aepromo.cli.main()
"""
PROGRESS = re.compile(r"━.*[\d,]+ rows, [\d,]+ a second .*\d:\d\d:\d\d")


def at_terminal(
    *asked: str, patience: float, cwd: Path, stdout: int | None = None
) -> tuple[int, str]:
    """Run with a terminal as standard error, and as standard output unless one is given."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 100, 0, 0))
    process = start(
        *(str(patience), *asked),
        cwd=cwd,
        program=(sys.executable, "-P", "-c", SHORT_OF_PATIENCE),
        env={"LC_ALL": "C.UTF-8", "TERM": "xterm"},
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    return process.wait(), shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError:  # Linux's way to say that the last writer has gone
        return b""


def test_progress_shows_rate_and_time_left_on_a_terminal(folder: Path, answer: bytes) -> None:
    code, shown = at_terminal(*LOUD, "-o", "new.csv", patience=0, cwd=folder)
    assert code == 0
    assert PROGRESS.search(shown)
    # The line is shown all the time, and erased at the end.
    assert "\x1b[?25l\x1b[?25h" in shown
    assert shown.replace("\r", "").split("\x1b[?25h")[-1].startswith("\x1b[1A\x1b[2K")
    assert (folder / "new.csv").read_bytes() == answer


def test_progress_is_not_written_to_output(folder: Path, answer: bytes) -> None:
    with (folder / "new.csv").open("wb") as stdout:
        code, shown = at_terminal(*LOUD, patience=0, cwd=folder, stdout=stdout.fileno())
    assert code == 0
    assert PROGRESS.search(shown)
    assert (folder / "new.csv").read_bytes() == answer


def test_a_quiet_run_shows_no_progress(folder: Path) -> None:
    code, shown = at_terminal(*COSTS, "-o", "new.csv", patience=0, cwd=folder)
    assert (code, shown) == (0, "")


def test_progress_is_gone_before_a_table_is_shown(folder: Path) -> None:
    code, shown = at_terminal(*LOUD, patience=0, cwd=folder)
    assert code == 0
    assert PROGRESS.search(shown)
    bar, table = shown.rsplit("\x1b[1A\x1b[2K", 1)
    assert PROGRESS.search(bar)
    assert "SKUs" in table
    assert "━" not in table


def test_no_progress_shows_between_rows_on_a_terminal_or_in_a_pipe(folder: Path) -> None:
    rows = (*LOUD, "--format", "csv")
    code, shown = at_terminal(*rows, patience=0, cwd=folder)
    assert (code, PROGRESS.search(shown)) == (0, None)
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:
        assert reader.stdin is not None
        pipe = reader.stdin.fileno()
        code, shown = at_terminal(*LOUD, patience=0, cwd=folder, stdout=pipe)
    assert (code, PROGRESS.search(shown)) == (0, None)


def test_no_progress_is_shown_without_a_terminal(folder: Path, answer: bytes) -> None:
    impatient = (sys.executable, "-P", "-c", SHORT_OF_PATIENCE, "0")
    ran = program(*COSTS, cwd=folder, program=impatient, stderr=subprocess.STDOUT)
    assert ran == (0, answer, "")


def test_a_short_run_shows_no_progress(folder: Path) -> None:
    code, shown = at_terminal(*LOUD, "-o", "new.csv", patience=60, cwd=folder)
    assert (code, "━" in shown) == (0, False)


def test_no_progress_is_shown_for_up_to_a_second() -> None:
    from aepromo.terminal.progress import PATIENCE

    assert PATIENCE == 1
    assert PROGRAM[-1] == "aepromo"
