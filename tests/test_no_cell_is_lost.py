"""Nothing is lost: every input cell keeps its text, every row is written or rejected.

The commands run in this process and on files, so that hundreds of tables can be tried.
"""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from typer.main import get_command

from aepromo.cli import build
from aepromo.table.headers import HeaderReading, read_header
from aepromo.table.schema import RESULTS

if TYPE_CHECKING:
    from conftest import Run

Rows = list[list[str]]

SPECIAL = st.text("\",;\t\n\r'= ", max_size=6)
ODD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6) | SPECIAL
HEADERS = ODD.filter(
    lambda name: name.strip() and read_header(name) == HeaderReading() and name not in RESULTS
)
# Cells of costs, and the numbers that they are read as.
NUMBERS = {
    "8": "8",
    " 3.50": "3.50",
    "$1,234.5": "1234.5",
    "＄12": "12",
    "0": "0",
    "0.001": "0.001",
    "００３": "3",
    "7.10 ": "7.10",
}
AMOUNTS = st.sampled_from([*NUMBERS])
COSTS = ("purchase_price", "logistics_cost")


@dataclass(frozen=True)
class Table:
    """Rows of text below a header, and how they are written."""

    header: list[str]
    rows: Rows
    delimiter: str = ","
    line_end: str = "\n"
    encoding: str = "utf-8"

    def encoded(self) -> bytes:
        rows = [self.header, *self.rows]
        # The writer of some Python versions forgets the quotes around a lone carriage return.
        has_return = any("\r" in cell for row in rows for cell in row)
        text = io.StringIO()
        csv.writer(
            text,
            delimiter=self.delimiter,
            lineterminator=self.line_end,
            quoting=csv.QUOTE_ALL if has_return else csv.QUOTE_MINIMAL,
        ).writerows(rows)
        return text.getvalue().encode(self.encoding)

    def text_of(self, written: bytes, mark: bool = False) -> str:
        """What was written of it, without the mark that it has where the table has one."""
        text = written.decode()
        assert text.startswith("\ufeff") == (mark or self.encoding != "utf-8")
        assert text.endswith("\r\n") == (self.line_end == "\r\n")
        return text.removeprefix("\ufeff")


@st.composite
def tables(draw: st.DrawFn, amounts: st.SearchStrategy[str] = AMOUNTS, most: int = 5) -> Table:
    """Costs of some SKUs, among columns full of odd text."""
    odd = draw(st.lists(HEADERS, max_size=4, unique=True))
    header = draw(st.permutations([*COSTS, *odd]))
    row = st.tuples(*(amounts if name in COSTS else ODD for name in header)).map(list)
    return Table(
        header,
        draw(st.lists(row, max_size=most)),
        draw(st.sampled_from(",;\t")),
        draw(st.sampled_from(["\n", "\r\n"])),
        draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])),
    )


@given(tables(), st.sampled_from(["csv", "tsv"]), st.booleans())
@example(Table([*COSTS, "a"], [["8", "3", 'x"y']], "\t"), "tsv", False)
def test_every_cell_comes_back_in_csv_and_tsv(table: Table, ending: str, mark: bool) -> None:
    options = ["--bom"] if mark else []
    written = answered(table, "reprice", ending, *options)
    header, *rows = rows_of(table.text_of(written, mark), "\t" if ending == "tsv" else ",")
    assert header[: len(table.header)] == table.header
    assert [row[: len(table.header)] for row in rows] == table.rows
    assert {len(row) for row in rows} <= {len(header)}


@given(tables(), st.sampled_from(["json", "jsonl"]))
@settings(max_examples=30)
def test_every_cell_comes_back_in_json(table: Table, ending: str) -> None:
    written = answered(table, "reprice", ending).decode()
    lines = written.split("\n")[:-1]
    text = written if ending == "json" else f"[{','.join(lines)}]"
    objects = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    expected = [
        {
            name: Decimal(NUMBERS[cell]) if name in COSTS else cell
            for name, cell in zip(table.header, row, strict=True)
        }
        for row in table.rows
    ]
    assert [{name: row[name] for name in table.header} for row in objects] == expected


@given(tables(), st.data())
@settings(max_examples=30)
def test_chosen_columns_come_in_the_order_asked_for(table: Table, data: st.DataObject) -> None:
    plain_names = [name for name in table.header if name == name.strip() and "," not in name]
    wanted = st.sampled_from([*plain_names, "profit"])
    names = data.draw(st.lists(wanted, min_size=1))  # one may be chosen twice
    written = answered(table, "reprice", "csv", "--columns", ",".join(names))
    header, *rows = rows_of(table.text_of(written))
    assert header == names
    positions = [table.header.index(name) for name in names if name != "profit"]
    found = [
        [cell for name, cell in zip(names, row, strict=True) if name != "profit"] for row in rows
    ]
    assert found == [[row[position] for position in positions] for row in table.rows]


@given(tables())
@settings(max_examples=30)
def test_excel_safe_only_adds_an_apostrophe(table: Table) -> None:
    written = table.text_of(answered(table, "reprice", "csv", "--excel-safe"))
    for found, given_row in zip(rows_of(written), [table.header, *table.rows], strict=True):
        for cell, given_cell in zip(found, given_row, strict=False):
            assert cell == given_cell or (cell == "'" + given_cell and given_cell[0] in "=+-@\t\r")
            assert not runs_in_a_spreadsheet(cell)


@pytest.mark.parametrize(
    "command", ["reprice", "audit", "list-price", "margin", "commission", "floor", "breakeven"]
)
@given(tables())
@settings(max_examples=10)
def test_a_command_changes_nothing_on_its_own_output(command: str, table: Table) -> None:
    options = [] if command == "list-price" else ["--price", "20"]
    once = answered(table, command, "csv", *options)
    header, *rows = rows_of(table.text_of(once))
    encoding = "utf-8" if table.encoding == "utf-8" else "utf-8-sig"
    repriced = Table(header, rows, ",", table.line_end, encoding)
    again = repriced.text_of(answered(repriced, command, "csv", *options))
    assert rows_of(again) == [header, *rows]


BAD_OR_GOOD = AMOUNTS | st.sampled_from(["", "12,50", "free", "-1", "1e3", "9999999", "10000000"])
EXTRA = st.sampled_from(["", "13.2%", "13.2", "99.9%", "20%..10%", "a\nb"])


@given(tables(BAD_OR_GOOD, most=8), st.lists(EXTRA, min_size=8), st.lists(st.integers(-2, 2)))
@example(Table([*COSTS], [["x", "1"], ["9999999", "1"], ["8", "1"]]), ["99.9%"] * 8, [0] * 3)
def test_every_row_comes_out_or_is_rejected(
    table: Table, rates: list[str], raggedness: list[int]
) -> None:
    """Each row unchanged and in order, and rejects with the line on which they start."""
    rows = [[*row, rate] for row, rate in zip(table.rows, rates, strict=False)]
    for row, change in zip(rows, raggedness, strict=False):
        row[len(row) + min(change, 0) :] = ["more"] * max(change, 0)
    rows = [row for row in rows if any(cell.strip() for cell in row)]  # a blank one is no row
    header = [*table.header, "forced_rate"]
    table = Table(header, rows, table.delimiter, table.line_end, table.encoding)
    width = len(table.header)
    with TemporaryDirectory() as folder:
        rejects = Path(folder) / "rejects.csv"
        out = answered(table, "reprice", "csv", "--rejects", str(rejects))
        text = table.text_of(rejects.read_bytes())
        rejected_header, *rejected = rows_of(text, table.delimiter)
    assert rejected_header == ["line", "column", "reason", *table.header]
    by_line = rows_by_line(table)
    bad = {int(line): cells for line, _, _, *cells in rejected}
    assert list(bad) == sorted(bad)
    assert bad == {line: by_line[line] for line in bad}
    good = [row[:width] for row in rows_of(table.text_of(out))[1:]]
    assert good == [cells for line, cells in by_line.items() if line not in bad]
    assert len(good) + len(rejected) == len(table.rows)
    assert all(reason for _, _, reason, *_ in rejected)


def test_a_table_of_several_blocks_comes_through_in_order(run: Run, tmp_path: Path) -> None:
    long = "one\n" * 250_000
    rows = [[str(number), long, "free" if number % 7 == 3 else "8", "3"] for number in range(12)]
    table = Table(["sku", "note", *COSTS], rows)
    costs, rejects = tmp_path / "costs.csv", tmp_path / "rejects.csv"
    costs.write_bytes(table.encoded())
    code, out, _ = run("reprice", costs, "--rejects", rejects)
    assert code == 0
    csv.field_size_limit(1 << 24)
    good = [row for row in rows if row[2] == "8"]
    assert [row[:4] for row in rows_of(out.decode())[1:]] == good
    bad = {2 + 250_001 * int(row[0]): row for row in rows if row[2] != "8"}
    rejected = rows_of(rejects.read_bytes().decode())[1:]
    assert {int(line): cells for line, _, _, *cells in rejected} == bad


@cache
def program(command: str) -> Any:
    """The program with one command, which takes longer to build than to answer for a short file."""
    return get_command(build([command]))


def answered(table: Table, command: str, ending: str, *options: str) -> bytes:
    """Run a command on a table in a file; return the output file with this ending."""
    with TemporaryDirectory() as folder:
        read, written = Path(folder) / "costs.csv", Path(folder) / f"out.{ending}"
        read.write_bytes(table.encoded())
        arguments = [command, str(read), "-o", str(written), "--quiet", *options]
        arguments += ["--delimiter", table.delimiter]
        program(command).main(arguments, prog_name="aepromo", standalone_mode=False)
        return written.read_bytes()


def runs_in_a_spreadsheet(cell: str) -> bool:
    is_number = re.fullmatch(r"[+-](\d+\.?\d*|\.\d+)", cell, re.ASCII)
    return cell[:1] in ("=", "@", "\t", "\r", "+", "-") and not is_number


def rows_of(text: str, delimiter: str = ",") -> Rows:
    return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]


def rows_by_line(table: Table) -> dict[int, list[str]]:
    """A table's rows by the line on which they start, as the table is written."""
    by_line, line = {}, 1
    for cells in [table.header, *table.rows]:
        by_line[line] = cells
        line += 1 + sum(cell.count("\n") for cell in cells)
    del by_line[1]
    return by_line


def test_a_second_run_changes_nothing_with_any_quoting(run: Run, tmp_path: Path) -> None:
    everything_quoted = tmp_path / "quoted.csv"
    everything_quoted.write_text(
        '"sku","title","purchase_price","logistics_cost"\n'
        '"A-1","plain","8","3"\n"A-2","a ""5"" screen, black","9.50",""\n',
        encoding="utf-8",
    )
    first = run("reprice", everything_quoted, "--quiet", "--logistics", "2")
    second = run("reprice", "-", "--quiet", "--logistics", "2", stdin=first.out)
    assert first.code == second.code == 0
    assert second.out == first.out
    assert first.out.splitlines()[1].startswith(b"A-1,plain,8,3,")


def test_a_column_without_a_header_is_no_list_price(run: Run, tmp_path: Path) -> None:
    table = tmp_path / "excel.csv"
    table.write_text("sku,purchase_price,logistics_cost,\nA-1,8,3,99\n", encoding="utf-8")
    priced = run("reprice", table, "--quiet", "--value", "price_change")
    assert (priced.code, priced.out) == (0, b"\n")
