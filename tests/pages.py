"""The pages that come with the program: what they hold, and how they are brought up to date.

In a ``console`` block a line that starts with ``$ `` is a command, and the lines after it are its
output on a terminal of 80 columns without colours; on a Chinese page in Chinese. The blocks of a
guide run one after the other in its folder, those of a front page in the top folder. A ``python``
block is an interpreter session. An ``sh`` block is one of the two commands for a bare machine,
which build environments: ``.ci/run`` executes those; here only its last part, and the ``text``
block under it, are compared with the program. The text between ``<!-- generated: NAME -->`` and
``<!-- end -->`` is generated from declarations.

``python tests/pages.py [PAGE ...]`` brings the pages named, or all, up to date.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import forked
from markdown_it import MarkdownIt
from picture import at_terminal
from processes import ROOT

from aepromo import rules
from aepromo.calculators.columns import PRICE_RESULTS, UPDATE_INPUTS
from aepromo.inputs.columns import SHIPPING_INPUTS, SHIPPING_RESULTS, SKU_INPUTS
from aepromo.past_rates.columns import ORDER_INPUTS, RATE_RESULTS
from aepromo.platform.columns import (
    PAPER_INPUTS,
    PAPER_RESULTS,
    PARCEL_INPUTS,
    PARCEL_RESULTS,
    PLATFORM_INPUTS,
    PLATFORM_RESULTS,
)
from aepromo.table.schema import INPUTS, header_of
from aepromo.watch.columns import FEED_INPUTS, NEWS_RESULTS
from aepromo.words import _, label, speak

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from markdown_it.token import Token

    from aepromo.rules import Rule
    from aepromo.table.column import Column

README = ROOT / "README.md"
CHINESE_README = ROOT / ".github" / "README.zh-CN.md"
EXAMPLES = ROOT / "examples"
GUIDES = sorted(path for path in EXAMPLES.iterdir() if path.is_dir())
CHINESE = ".zh-CN.md"
GENERATED = re.compile(r"(<!-- generated: (\w+) -->\n).*?(?=<!-- end -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """A Markdown file; its language, and the folder in which its commands run."""

    path: Path

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def language(self) -> str:
        return "zh" if self.path.name.endswith(CHINESE) else "en"

    @property
    def home(self) -> Path:
        return Path() if self.path in FRONT else self.path.parent.relative_to(ROOT)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, its lines; the ``sh`` line that it answers."""

    language: str
    text: str
    lines: tuple[int, int]
    answers: str = ""

    @property
    def commands(self) -> list[str]:
        """The lines of a ``console`` block that a reader types."""
        lines = self.text.splitlines() if self.language == "console" else []
        return [line for line in lines if line.startswith("$ ")]

    @property
    def is_executed(self) -> bool:
        """Whether the text depends on what the program does."""
        return self.language in ("console", "python") or bool(self.answers)


FRONT = (README, CHINESE_README)
PAIRS = [
    (Page(README), Page(CHINESE_README)),
    *(
        (Page(folder / "README.md"), Page(folder / f"README{CHINESE}"))
        for folder in (EXAMPLES, *GUIDES)
    ),
]
"""Every English page with its Chinese version."""

PAGES = [page for pair in PAIRS for page in pair]


def tokens_of(text: str) -> list[Token]:
    """The blocks that Markdown finds in a text."""
    return MarkdownIt().enable("table").parse(text)


def blocks_of(text: str) -> list[Block]:
    """Every fenced block; a ``text`` block after a command for a bare machine is its output."""
    blocks: list[Block] = []
    tokens = tokens_of(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "fence":
            first, end = token.map or (0, 0)
            is_answer = token.info == "text" and before is not None and before.info == "sh"
            answers = before.content.strip() if is_answer and before else ""
            blocks.append(Block(token.info, token.content, (first + 1, end - 1), answers))
    return blocks


def rewritten(page: Page, text: str = "") -> str:
    """The page, or a text in its place, with the current output of declarations and commands."""
    text = GENERATED.sub(
        lambda found: f"{found[1]}{_generated(found[2], page)}\n", text or page.text
    )
    lines = text.split("\n")
    blocks = [block for block in blocks_of(text) if block.is_executed]
    with TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLES, Path(folder) / "examples")
        names: dict[str, Any] = {}
        outputs = [_executed(block, Path(folder) / page.home, page, names) for block in blocks]
    for block, output in reversed(list(zip(blocks, outputs, strict=True))):
        lines[slice(*block.lines)] = output.splitlines()
    return "\n".join(lines)


def _executed(block: Block, folder: Path, page: Page, names: dict[str, Any]) -> str:
    if block.language == "python":
        with contextlib.chdir(folder):
            return _python_session(block.text, names)
    if block.answers:
        return _shown(last_part(block.answers), folder, page.language)
    return "".join(
        f"{command}\n{_shown(command.removeprefix('$ '), folder, page.language)}"
        for command in block.commands
    )


def last_part(command: str) -> str:
    """The part of a command for a bare machine that runs once its environment is there."""
    return command.rpartition(" && ")[2].removeprefix(".venv/bin/")


def _shown(command: str, folder: Path, language: str) -> str:
    printed, _status = at_terminal(command, folder, "dumb", language, forked.shim)
    # A table is padded to its full width, which is invisible, and editors strip it.
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())


class _Recorder(doctest.DocTestRunner):
    """Record the output of each statement, expected or not."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.got: list[str] = []

    def report_success(self, out: Any, test: Any, example: Any, got: str) -> None:  # noqa: ARG002
        self.got.append(got)

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:  # noqa: ARG002
        self.got.append(got)


def _python_session(text: str, names: dict[str, Any]) -> str:
    """The session with its outputs; ``names`` holds what earlier ones on the page defined."""
    session = doctest.DocTestParser().get_doctest(text, names, "page", None, None)
    recorder = _Recorder()
    recorder.run(session, clear_globs=False)
    names.update(session.globs)
    lines = []
    for example, got in zip(session.examples, recorder.got, strict=True):
        first, *more = example.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {line}".rstrip() for line in more)]
        lines += [line.rstrip() for line in got.splitlines()]
    return "".join(f"{line}\n" for line in lines)


# --- what comes out of declarations -------------------------------------------------------------

COLUMNS: Mapping[str, Iterable[Column]] = {
    "skus": (*SKU_INPUTS, *SHIPPING_INPUTS, *UPDATE_INPUTS),
    "orders": ORDER_INPUTS,
    "store_and_product": PLATFORM_INPUTS,
    "papers": PAPER_INPUTS,
    "parcels": PARCEL_INPUTS,
    "feed": FEED_INPUTS,
    "prices": (*PRICE_RESULTS, *SHIPPING_RESULTS),
    "rates": RATE_RESULTS,
    "verdicts": PLATFORM_RESULTS,
    "appeals": PAPER_RESULTS,
    "tracks": PARCEL_RESULTS,
    "news": NEWS_RESULTS,
}
"""The tables of the page about columns, by the names that its marks have."""

RULE_FIELDS = ("key", "value", "meaning", "origin", "date")


def _generated(name: str, page: Page) -> str:
    speak(page.language)
    try:
        if name == "rules":
            return _rule_tables(page.language)
        return _column_table(COLUMNS[name], page.language)
    finally:
        speak("en")


def _column_table(columns: Iterable[Column], language: str) -> str:
    """A row for each column: its name, what it holds, its labels, and its other names."""
    columns = tuple(columns)
    also = _promised()
    labels = any(column.labels for column in columns)
    english = language == "en"
    heads = (
        ("column", "what it holds", *(("one of",) if labels else ()), "also called")
        if english
        else ("列名", "内容", *(("取值",) if labels else ()), "中文表头")
    )
    between = ", " if english else "、"
    rows = []
    for column in columns:
        shown = [f"`{name}`" + ("" if english else f" {label(name)}") for name in column.labels]
        cells = [between.join(shown)] if labels else []
        aliases = also.get(column.name, ()) if INPUTS.get(column.name) is column else ()
        called = between.join((header_of(column.name, "zh"), *aliases))
        rows.append((f"`{column.name}`", _(column.meaning), *cells, called))
    return _table(heads, rows)


def _promised() -> dict[str, list[str]]:
    """The Chinese names that a column is promised to have, beside its own."""
    vocabulary = (ROOT / "aepromo/table/vocabulary.txt").read_text(encoding="utf-8")
    names: dict[str, list[str]] = {}
    for alias, column in re.findall(r"^(\S+) \| (\w+) \| zh \| aepromo$", vocabulary, re.MULTILINE):
        names.setdefault(column, []).append(alias)
    return names


def _rule_tables(language: str) -> str:
    """A heading and a table for each family of the rule book."""
    heads = tuple(header_of(name, language) for name in RULE_FIELDS)
    return "".join(
        f"\n## `aepromo rules {family}`\n{_table(heads, map(_rule_row, figures))}"
        for family, figures in ((name, rules.family(name).values()) for name in rules.FAMILIES)
    )


def _rule_row(rule: Rule) -> tuple[str, ...]:
    value = rule.value if isinstance(rule.value, str) else ", ".join(rule.value)
    return f"`{rule.key}`", value, _(rule.meaning), _(rule.origin), rule.date


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    escaped = (" | ".join(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n" + "".join(f"| {line} |\n" for line in escaped)


def update(page: Page) -> str:
    """Update a page; return its name if it changed."""
    before, after = page.text, rewritten(page)
    if before == after:
        return ""
    page.path.write_text(after, encoding="utf-8")
    return str(page)


def main() -> None:
    """Bring the pages named on the command line up to date, or all."""
    named = [Page(Path(name).resolve()) for name in sys.argv[1:]] or PAGES
    forked.server()  # one for all processes of the pool
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for changed in pool.map(update, named):
            if changed:
                print(changed)


if __name__ == "__main__":
    main()
