"""``aepromo reprice`` compared with the tools that people use instead.

    pip install '.[bench]' && python -m tests.bench

prints wall time, CPU time and peak memory of each, as medians over the rounds, and ours ÷ theirs;
``--json FILE`` saves every figure. A peer that isn't installed is left out: Miller is a system
package (``apt-get install miller``), the others come with the extra.

    python -m tests.bench --rows 10000000 --peers floor,polars,duckdb --json figures.json

``--shapes`` measures ``aepromo`` on the same catalogue as sellers' files have it, all quoted, with
decimal commas, with bad rows; ``--shapes tabs CRLF`` only in those two.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from .run import PEERS, BenchError, Measured, side_by_side, write_catalogue
from .shapes import SHAPES, InShape, in_shapes
from .startup import Pair, starts

if TYPE_CHECKING:
    from collections.abc import Sequence

LEGEND = """\
Medians over the rounds, of the programs and of ours ÷ theirs. Of 1,000 rows,
≠ ours: a money cell differs from ours; floats: from the script's own formula
without floats; text: an input cell came out as another text.
floor: Arrow reads and writes the same columns, and computes nothing."""
COUNTS = ("other_cents", "off_its_formula", "other_text")


def main(arguments: Sequence[str] | None = None) -> int:
    asked = parsed(arguments)
    with TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            figures, tables = _measure(asked, folder)
        except BenchError as error:
            _say(str(error))
            return 1
    console = Console()
    for table in tables:
        console.print(table)
    console.print(LEGEND, highlight=False)
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the options; ``--shapes`` without names means every shape."""
    asked = _parser().parse_args(arguments)
    asked.shapes = [] if asked.shapes is None else asked.shapes or list(SHAPES)
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure aepromo beside other programs."
    )
    parser.add_argument(
        "--rows", type=_at_least_one, default=2_000_000, help="of the catalogue: %(default)s"
    )
    parser.add_argument("--runs", type=_at_least_one, default=3, help="rounds: %(default)s")
    parser.add_argument(
        "--starts", type=int, default=15, help="rounds of the start-up: %(default)s; 0 for none"
    )
    parser.add_argument(
        "--peers",
        type=_peers,
        default=[name for name, peer in PEERS.items() if peer.is_installed],
        help=f"of {','.join(PEERS)}: those installed",
    )
    parser.add_argument(
        "--shapes",
        nargs="*",
        choices=list(SHAPES),
        metavar="NAME",
        help="the same catalogue as sellers' files have it: in these shapes, or in all",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument("--folder", type=Path, help="for the data: a temporary one")
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("give 1 or more")
    return number


def _peers(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in PEERS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {','.join(PEERS)}")
        if not PEERS[name].is_installed:
            raise argparse.ArgumentTypeError(f"{name}: {PEERS[name].needs} is not installed")
    return names


def _measure(asked: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], list[Table]]:
    for name in PEERS.keys() - set(asked.peers):
        _say(f"without {name}")
    load_before = os.getloadavg()
    data = folder / "catalogue.csv"
    _say(f"writing {asked.rows:,} rows to {data}")
    write_catalogue(asked.rows, data)
    measured = side_by_side([PEERS[name] for name in asked.peers], data, folder, asked.runs, _say)
    pairs = starts(data, folder, asked.starts, _say) if asked.starts else []
    shapes = in_shapes(asked.shapes, data, folder, asked.runs, _say)
    figures = {
        "rows": asked.rows,
        "bytes": data.stat().st_size,
        "machine": _machine(),
        "load": [load_before, os.getloadavg()],
        "programs": {each.name: each.as_json(measured[0]) for each in measured},
        "starts": {pair.name: pair.as_json() for pair in pairs},
        "shapes": {each.shape.name: each.as_json() for each in shapes},
    }
    tables = [_table(measured, figures)]
    tables += [_start_table(pairs)] if pairs else []
    return figures, tables + ([_shape_table(shapes)] if shapes else [])


def _machine() -> dict[str, Any]:
    versions = {}
    for name in ("aepromo", "pyarrow", "pandas", "polars", "duckdb", "typer"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = ""
    return {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "packages": versions,
    }


def _table(measured: list[Measured], figures: dict[str, Any]) -> Table:
    size = f"{figures['rows']:,} rows, {figures['bytes'] / 1e6:,.0f} MB"
    table = _plain_table(f"aepromo reprice: {size}")
    table.add_column("\nprogram", no_wrap=True)
    ratios = ("ours ÷\nwall", "ours ÷\nCPU")
    for header in ("wall\ns", "CPU\ns", "peak\nMB", *ratios, "\n≠ ours", "\nfloats", "\ntext"):
        table.add_column(header, justify="right", no_wrap=True)
    ours = measured[0]
    for each in measured:
        times = [f"{each.typical(what):.2f}" for what in ("wall", "cpu")]
        ours_to_it = [f"{each.ours_to_it(ours, what):.2f}" for what in ("wall", "cpu")]
        counts = [each.per_thousand(what) for what in COUNTS]
        table.add_row(
            each.name,
            *times,
            f"{each.typical('peak') / 1e6:.0f}",
            *ours_to_it,
            *("" if count is None else f"{count:.1f}" for count in counts),
        )
    return table


def _start_table(pairs: list[Pair]) -> Table:
    table = _plain_table("Start-up")
    table.add_column("")
    for header in ("ours ms", "theirs ms", "ours ÷ theirs", "CPU"):
        table.add_column(header, justify="right", no_wrap=True)
    for pair in pairs:
        times = (1000 * each.typical("wall") for each in (pair.ours, pair.theirs))
        ratios = (pair.theirs.ours_to_it(pair.ours, what) for what in ("wall", "cpu"))
        figures = (*(f"{each:.0f}" for each in times), *(f"{each:.2f}" for each in ratios))
        table.add_row(pair.name, *figures)
    return table


def _shape_table(shapes: list[InShape]) -> Table:
    table = _plain_table("Shapes of the same catalogue, CPU")
    table.add_column("")
    for header in ("s", "plain s", "÷ plain", "at most"):
        table.add_column(header, justify="right", no_wrap=True)
    for each in shapes:
        times = (f"{part.typical('cpu'):.2f}" for part in (each.own, each.plain))
        table.add_row(each.shape.name, *times, f"{each.ratio:.2f}", f"{each.shape.most:.1f}")
    return table


def _plain_table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
