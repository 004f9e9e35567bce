"""Programs that do the same work, run in turn and measured by the operating system."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

HERE = Path(__file__).parent
AEPROMO = str(Path(sys.executable).with_name("aepromo"))


class BenchError(Exception):
    """A program can't be run, or what it wrote can't be compared."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that reads a cost file and writes the same columns as ``aepromo reprice``."""

    name: str
    line: tuple[str, ...]
    """Its command line; ``IN`` and ``OUT`` are the files."""

    needs: str = ""
    """The module, or with ``sh`` the program, that it needs."""

    formula: str = ""
    """How it computes the required deal price: ``exact``, ``algebra``, or not at all."""

    @property
    def is_installed(self) -> bool:
        """Whether its requirements are installed."""
        if self.line[0] == "sh":
            return shutil.which(self.needs) is not None
        return not self.needs or importlib.util.find_spec(self.needs) is not None

    def command(self, source: Path, output: Path) -> list[str]:
        """Its command line for two files."""
        files = {"IN": str(source), "OUT": str(output)}
        return [files.get(word, word) for word in self.line]


OURS = Program(
    "aepromo", (AEPROMO, "reprice", "IN", "-r", "13.2%", "--payment", "1.2%", "-o", "OUT")
)


def _script(name: str, needs: str = "", formula: str = "") -> Program:
    line = ("sh" if name.endswith(".sh") else sys.executable, str(HERE / name), "IN", "OUT")
    return Program(name.partition(".")[0].removesuffix("_script"), line, needs, formula)


PEERS = {
    peer.name: peer
    for peer in (
        _script("floor.py"),
        _script("polars_script.py", needs="polars", formula="algebra"),
        _script("duckdb_script.py", needs="duckdb", formula="algebra"),
        _script("miller.sh", needs="mlr", formula="algebra"),
        _script("pandas_script.py", formula="algebra"),
        _script("decimal_script.py", formula="exact"),
    )
}


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a run: seconds by the clock, seconds of all cores, and bytes at the peak."""

    wall: float
    cpu: float
    peak: int


@dataclass(slots=True)
class Measured:
    """A program's runs, one a round, and how its output differs from ours."""

    name: str
    runs: list[Cost] = field(default_factory=list)
    differences: dict[str, int] | None = None

    def typical(self, what: str) -> float:
        """The median of a cost over the rounds."""
        costs: list[float] = [getattr(run, what) for run in self.runs]
        return median(costs)

    def ours_to_it(self, ours: Measured, what: str) -> float:
        """Ours ÷ this one: the median over the rounds; a busy machine slows both."""
        ratios: list[float] = [
            getattr(own, what) / getattr(run, what)
            for own, run in zip(ours.runs, self.runs, strict=True)
        ]
        return median(ratios)

    def per_thousand(self, count: str) -> float | None:
        """Rows counted in the comparison, of a thousand."""
        if self.differences is None:
            return None
        return 1000 * self.differences[count] / self.differences["rows"]

    def as_json(self, ours: Measured) -> dict[str, Any]:
        """Every run, the medians, and ours ÷ this one."""
        return {
            "runs": [asdict(run) for run in self.runs],
            **{what: self.typical(what) for what in ("wall", "cpu", "peak")},
            "ours_to_it": {what: self.ours_to_it(ours, what) for what in ("wall", "cpu", "peak")},
            "differences": self.differences,
        }


def cost_of(command: Sequence[str], exit_code: int = 0) -> Cost:
    """Run a command to its end. Raises ``BenchError`` with what it said if it ends otherwise.

    Some systems count the parent's memory into the peak of a child that it forks, so this process
    stays small: whatever loads Arrow is a child of its own.
    """
    with TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != exit_code:
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
            raise BenchError(f"{' '.join(command)}: exit {child.returncode}\n{words}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def write_catalogue(rows: int, file: Path) -> None:
    """Write the data that all programs read."""
    cost_of([sys.executable, str(HERE / "data.py"), str(file), "--rows", str(rows)])


def first_rows(rows: int, source: Path, folder: Path) -> Path:
    """A file of the first rows of a catalogue, whose titles have no line ends."""
    few = folder / f"{rows}.csv"
    with source.open("rb") as stream:
        few.write_bytes(b"".join(islice(stream, 1 + rows)))
    return few


def side_by_side(
    peers: Iterable[Program], source: Path, folder: Path, rounds: int, say: Callable[[str], None]
) -> list[Measured]:
    """Run ours and the peers in turn, A B C … A B C …; compare the output of the first round."""
    programs = [OURS, *peers]
    measured = [Measured(program.name) for program in programs]
    outputs = {program: folder / f"{program.name}.csv" for program in programs}
    few = first_rows(100, source, folder)
    for program in programs:
        cost_of(program.command(few, outputs[program]))  # its files are in the cache now
    for turn in range(rounds):
        for program, its in zip(programs, measured, strict=True):
            output = outputs[program]
            output.unlink(missing_ok=True)
            os.sync()  # so that pending writes of others don't slow this one down
            its.runs.append(cost_of(program.command(source, output)))
            say(f"round {turn + 1} of {rounds}: {its.name}: {its.runs[-1].wall:.2f} s")
            if turn == 0 and program.formula:
                its.differences = differences(outputs[OURS], output, program.formula)
            if program is not OURS:
                output.unlink()
    outputs[OURS].unlink()
    return measured


def differences(ours: Path, theirs: Path, formula: str) -> dict[str, int]:
    """The rows in which an output has other cents or other text than ours, counted."""
    command = [sys.executable, str(HERE / "compare.py"), str(ours), str(theirs), formula]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(done.stderr.strip().splitlines()[-1])
    counts: dict[str, int] = json.loads(done.stdout)
    return counts
