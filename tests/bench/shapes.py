"""The same catalogue as sellers' files have it, and what each shape costs beside the plain one."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import data
from .run import OURS, Measured, cost_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Row = list[str]

AMOUNTS = [data.HEADER.index(name) for name in ("purchase_price", "logistics_cost", "list_price")]
AMOUNTS.append(data.HEADER.index("target_profit"))
PURCHASE, RATE = AMOUNTS[0], data.HEADER.index("commission_rate")
MOST, MOST_BAD = 1.6, 2.0
"""How many times the CPU time of the plain file a shape may take, and one with bad rows."""


def _as_it_is(_line: int, row: Row) -> Row:
    return row


@dataclass(frozen=True, slots=True)
class Shape:
    """A way to write the catalogue: its rows, and how cells, lines and bytes are made of them."""

    name: str
    row: Callable[[int, Row], Row] = _as_it_is
    header: Sequence[str] = data.HEADER
    most: float = MOST
    form: dict[str, Any] = field(default_factory=dict)
    encoding: str = "utf-8"
    has_rejects: bool = False
    exit_code: int = 0

    def write(self, plain: Path, file: Path) -> None:
        """Write a plain file in this shape."""
        with (
            plain.open(encoding="utf-8", newline="") as source,
            file.open("w", encoding=self.encoding, newline="") as stream,
        ):
            rows = csv.reader(source)
            next(rows)
            writer = csv.writer(stream, **{"lineterminator": "\n"} | self.form)
            writer.writerow(self.header)
            writer.writerows(self.row(line, row) for line, row in enumerate(rows, 2))

    def command(self, file: Path, output: Path) -> list[str]:
        """How the file is repriced."""
        aside = ["--rejects", str(output.with_suffix(".bad.csv"))] if self.has_rejects else []
        return [*OURS.command(file, output), "--quiet", *aside]


def _each(columns: Sequence[int], written: Callable[[str], str]) -> Callable[[int, Row], Row]:
    def row_of(_line: int, row: Row) -> Row:
        return [written(cell) if at in columns else cell for at, cell in enumerate(row)]

    return row_of


def _bad(written: Callable[[int, Row], str], every: int = 1) -> Callable[[int, Row], Row]:
    def row_of(line: int, row: Row) -> Row:
        cell = row[PURCHASE] if line % every else written(line, row)
        return [*row[:PURCHASE], cell, *row[PURCHASE + 1 :]]

    return row_of


def _dollars(cell: str) -> str:
    return f"${int(cell[:-3]):,}{cell[-3:]}"


def _percent(cell: str) -> str:
    return f"{int(cell.removeprefix('0.').ljust(4, '0')) / 100:g}%"


def _with_comma(cell: str) -> str:
    return cell.replace(".", ",")


_IN_DOLLARS = [f"{name} (USD)" if at in AMOUNTS else name for at, name in enumerate(data.HEADER)]
_ALIKE, _DIFFERENT = _bad(lambda _line, _row: "free"), _bad(lambda line, _row: f"x{line}")
_NEGATIVE = _bad(lambda _line, row: "-" + row[PURCHASE])

SHAPES = {
    shape.name: shape
    for shape in (
        Shape("all quoted", form={"quoting": csv.QUOTE_ALL}),
        Shape("semicolons", form={"delimiter": ";"}),
        Shape("tabs", form={"delimiter": "\t"}),
        Shape("CRLF", form={"lineterminator": "\r\n"}),
        Shape("GB18030", encoding="gb18030"),
        Shape("$1,234.50", _each(AMOUNTS, _dollars)),
        Shape("13.2%", _each([RATE], _percent)),
        Shape("decimal comma", _each([*AMOUNTS, RATE], _with_comma), form={"delimiter": ";"}),
        Shape("unit in the header", header=_IN_DOLLARS),
        Shape("1% bad, rejects", _bad(lambda line, _row: f"x{line}", 100), most=MOST_BAD,
              has_rejects=True),
        Shape("all bad, alike", _ALIKE, most=MOST_BAD, exit_code=3),
        Shape("all bad, different", _DIFFERENT, most=MOST_BAD, exit_code=3),
        Shape("all bad, negative", _NEGATIVE, most=MOST_BAD, exit_code=3),
        Shape("all bad, alike, rejects", _ALIKE, most=MOST_BAD, has_rejects=True),
        Shape("all bad, different, rejects", _DIFFERENT, most=MOST_BAD, has_rejects=True),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InShape:
    """The runs of a shape, and those of the plain file in turn with them."""

    shape: Shape
    own: Measured
    plain: Measured

    @property
    def ratio(self) -> float:
        """CPU time ÷ that of the plain file."""
        return self.plain.ours_to_it(self.own, "cpu")

    def as_json(self) -> dict[str, Any]:
        """Every run, the medians, and the ratio."""
        parts = {"own": self.own, "plain": self.plain}
        figures = {name: each.as_json(self.own) for name, each in parts.items()}
        return {**figures, "ratio": self.ratio, "most": self.shape.most}


def in_shapes(
    names: Sequence[str], plain: Path, folder: Path, rounds: int, say: Callable[[str], None]
) -> list[InShape]:
    """Each shape in turn with the plain file: plain, shape, plain, shape …"""
    file, output, found = folder / "shape.csv", folder / "priced.csv", []
    usual = Shape("plain")
    for name in names:
        shape = SHAPES[name]
        shape.write(plain, file)
        measured = InShape(shape, Measured(name), Measured(usual.name))
        for _ in range(rounds):
            measured.plain.runs.append(cost_of(usual.command(plain, output)))
            measured.own.runs.append(cost_of(shape.command(file, output), shape.exit_code))
        say(f"{name}: {measured.ratio:.2f}")
        found.append(measured)
    for each in (file, output, output.with_suffix(".bad.csv")):
        each.unlink(missing_ok=True)
    return found
