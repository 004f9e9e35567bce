"""The time of an answer that takes no time to compute."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typer.main import get_command

from aepromo.cli import build

from .run import AEPROMO, Measured, cost_of, first_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 100
LIBRARIES = "import pandas, pyarrow.csv, typer, rich.table"

_PROGRAM = '''"""A Typer program that does next to nothing."""

from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def main(
{parameters}
) -> None:
    """Say what was given."""
    typer.echo(f"{{option_1}} at {{option_2}}")


app()
'''
_PARAMETER = '    option_{n}: Annotated[str | None, typer.Option(help="Option {n}.")] = None,'


def typer_program(options: int) -> str:
    """The source of a program with as many options."""
    return _PROGRAM.format(parameters="\n".join(_PARAMETER.format(n=n + 1) for n in range(options)))


def number_of_options(command: str) -> int:
    """How many parameters one of our commands takes, its file among them."""
    program: Any = get_command(build([command]))
    return len(program.commands[command].params)


@dataclass(frozen=True, slots=True)
class Pair:
    """A start of ours, and the one to compare with."""

    name: str
    ours: Measured
    theirs: Measured

    @property
    def ratio(self) -> float:
        """Ours ÷ theirs by the clock."""
        return self.theirs.ours_to_it(self.ours, "wall")

    def as_json(self) -> dict[str, Any]:
        """Every run, medians and the ratio."""
        own, other = (each.as_json(self.ours) for each in (self.ours, self.theirs))
        return {"ours": own, "theirs": other, "ratio": self.ratio}


def starts(source: Path, folder: Path, rounds: int, say: Callable[[str], None]) -> list[Pair]:
    """Time a one-liner and the first 100 rows of a catalogue, each in turn with its comparison."""
    program, few = folder / "typer_program.py", first_rows(ROWS, source, folder)
    program.write_text(typer_program(number_of_options("list-price")), encoding="utf-8")
    one_liner = [AEPROMO, "list-price", "--target", "3.5", "--rate", "13.2%"]
    same_options = [sys.executable, str(program), "--option-1", "3.5", "--option-2", "13.2%"]
    of_a_file = [AEPROMO, "reprice", str(few), "-r", "13.2%", "--payment", "1.2%"]
    imports = [sys.executable, "-c", LIBRARIES]
    pairs = {
        "one-liner ÷ Typer program, as many options": (one_liner, same_options),
        f"{ROWS} rows ÷ imports of pandas, Arrow, Typer, Rich": (of_a_file, imports),
    }
    measured = []
    for name, commands in pairs.items():
        pair = Pair(name, Measured("ours"), Measured("theirs"))
        for turn in range(rounds + 1):
            for each, command in zip((pair.ours, pair.theirs), commands, strict=True):
                cost = cost_of(command)
                if turn:  # the first round fills the cache
                    each.runs.append(cost)
        say(f"{name}: {pair.ratio:.2f}")
        measured.append(pair)
    return measured
