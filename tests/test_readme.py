"""The README does what it says: every block is executed and its output compared.

In a ``console`` block a line that starts with ``$ `` is a command, and what follows is what a
person sees at a terminal of 80 columns without colours; under 中文, one who reads Chinese. A
``python`` block is an interpreter session. An ``sh`` block is one of the two commands for a bare
machine, which build environments: ``.ci/run`` executes those; here only its last part, and the
``text`` block under it, are held to the program.

``python tests/test_readme.py`` brings the outputs in the README up to date.
"""

from __future__ import annotations

import doctest
import os
import re
import shutil
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

import pytest
from picture import PICTURE, at_terminal, draw
from processes import ROOT

from aepromo.calculators.command import calculator_named
from aepromo.cli import CALCULATORS
from aepromo.cli.exits import Exit
from aepromo.cli.options import Format
from aepromo.pricing.fees import STATUSES
from aepromo.table.schema import INPUTS

README = ROOT / "README.md"
LANGUAGES = {"console", "crontab", "python", "sh", "text"}
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, where it starts; the ``sh`` line it answers."""

    language: str
    text: str
    start: int
    answers: str = ""
    reader: str = "en"

    def __str__(self) -> str:
        return f"{self.language}: {self.text.splitlines()[0] if self.text else ''}"[:60]


def blocks_of(readme: str) -> list[Block]:
    """Every fenced block; a ``text`` one right under a command for a bare machine answers it."""
    blocks: list[Block] = []
    chinese = readme.find("\n## 中文\n")
    end = 0
    for found in FENCED.finditer(readme):
        before = blocks[-1] if blocks else None
        is_answer = (
            found[1] == "text"
            and before is not None
            and before.language == "sh"
            and not readme[end : found.start()].strip()
        )
        answers = before.text.strip() if is_answer and before else ""
        reader = "zh" if 0 <= chinese < found.start() else "en"
        blocks.append(Block(found[1], found[2], found.start(2), answers, reader))
        end = found.end()
    return blocks


def executed(block: Block) -> str:
    """The block with the outputs that its commands have now."""
    if block.language == "python":
        return _python_session(block.text)
    with TemporaryDirectory() as folder:
        here = Path(folder)
        shutil.copytree(ROOT / "examples", here / "examples")
        if block.language == "console":
            commands = commands_of(block)
            answers = [
                _shown(command.removeprefix("$ "), here, block.reader) for command in commands
            ]
            return "".join(
                f"{command}\n{answer}" for command, answer in zip(commands, answers, strict=True)
            )
        return _shown(last_part(block.answers), here, block.reader)


def commands_of(block: Block) -> list[str]:
    """The lines of a ``console`` block that a reader types."""
    lines = block.text.splitlines() if block.language == "console" else []
    return [line for line in lines if line.startswith("$ ")]


def last_part(command: str) -> str:
    """The part of a command for a bare machine that runs once its environment stands."""
    return command.rpartition(" && ")[2].removeprefix(".venv/bin/")


def _shown(command: str, folder: Path, language: str) -> str:
    printed, _ = at_terminal(command, folder, "dumb", language)
    # A table is padded to its full width; nobody sees that, and editors strip it.
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


def _python_session(text: str) -> str:
    session = doctest.DocTestParser().get_doctest(text, {}, "README.md", None, None)
    recorder = _Recorder()
    recorder.run(session)
    lines = []
    for example, got in zip(session.examples, recorder.got, strict=True):
        first, *more = example.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {line}".rstrip() for line in more)]
        lines += [line.rstrip() for line in got.splitlines()]
    return "".join(f"{line}\n" for line in lines)


def is_executed(block: Block) -> bool:
    """Whether the block's text depends on what the program does."""
    return block.language in ("console", "python") or bool(block.answers)


TEXT = README.read_text(encoding="utf-8")
BLOCKS = blocks_of(TEXT)
BARE = [block.text.strip() for block in BLOCKS if block.language == "sh"]


@pytest.mark.parametrize("block", [block for block in BLOCKS if is_executed(block)], ids=str)
def test_a_block_shows_what_the_program_prints(block: Block) -> None:
    assert executed(block) == block.text


def test_the_chinese_half_has_the_blocks_of_the_english_one() -> None:
    """All commands but those of the Python session, and none that nobody understands."""
    english, chinese = (
        [commands_of(block) for block in BLOCKS if block.reader == reader and commands_of(block)]
        for reader in ("en", "zh")
    )
    assert [commands for commands in english if commands not in chinese] == []


@pytest.mark.parametrize(
    "planted",
    [
        "```console\n$ aepromo floor -b 10 --value floor_price\n11.51\n```\n",
        "```console\n$ echo a\na\n$ echo b\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
        "```sh\nmake && .venv/bin/aepromo floor -b 10 --no-header\n```\n```text\n11.50\n```\n",
    ],
)
def test_a_wrong_output_would_be_noticed(planted: str) -> None:
    block = blocks_of(planted)[-1]
    assert is_executed(block)
    assert executed(block) != block.text


def test_no_block_is_passed_over() -> None:
    assert {block.language for block in BLOCKS} == LANGUAGES
    assert TEXT.count("\n```") == 2 * len(BLOCKS)
    for block in BLOCKS:
        if block.language == "console":
            assert block.text.startswith("$ ")
        if block.language == "python":
            assert block.text.startswith(">>> ")


def test_two_commands_serve_a_bare_machine_in_both_languages() -> None:
    assert len(BARE) == 4
    assert BARE[:2] == BARE[2:]
    for command in BARE:
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert last_part(BARE[0]).startswith("aepromo reprice examples/quick-start/skus.csv ")
    assert last_part(BARE[1]) == "pytest -n logical"


def test_every_command_appears() -> None:
    help_text, status = at_terminal("aepromo --help", ROOT, "dumb")
    commands = re.findall(r"^│ ([a-z][a-z-]*) ", help_text, re.MULTILINE)
    assert status == Exit.DONE
    assert "reprice" in commands
    assert [name for name in commands if f"`aepromo {name}`" not in TEXT] == []


def test_every_column_format_status_and_exit_code_appears() -> None:
    columns = {
        name
        for question in map(calculator_named, CALCULATORS)
        for name in (*question.uses, *question.adds(frozenset(INPUTS)))
    }
    columns |= {"weight_g", "market"}
    vocabulary = (ROOT / "aepromo/table/vocabulary.txt").read_text(encoding="utf-8")
    promised = re.findall(r"^(\S+) \| (\w+) \| zh \| aepromo$", vocabulary, re.MULTILINE)
    chinese = {alias for alias, name in promised if name in columns}
    chinese |= {alias for name in columns & INPUTS.keys() for alias in INPUTS[name].chinese}
    wanted = [f"`{name}`" for name in (*columns, *STATUSES, *set(Format) - {Format.AUTO})]
    wanted += [f"| {code:d} |" for code in Exit]
    assert [words for words in (*wanted, *chinese) if words not in TEXT] == []


def test_every_dependency_is_in_the_table() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = settings["project"]["optional-dependencies"].values()
    requirements = [
        *settings["project"]["dependencies"],
        *(requirement for extra in extras for requirement in extra),
        *settings["build-system"]["requires"],
    ]
    rows = set(re.findall(r"^\| `([^`]+)`.*\|.*\|.*\|.*\|$", TEXT, re.MULTILINE))
    assert [requirement for requirement in requirements if requirement not in rows] == []


def test_the_picture_shows_what_the_program_prints() -> None:
    assert f"]({PICTURE.relative_to(ROOT).as_posix()})" in TEXT
    assert _drawn(PICTURE.read_text(encoding="utf-8")) == _drawn(draw()), "run tests/picture.py"


def _drawn(svg: str) -> list[tuple[str, str]]:
    """The pieces of text in a picture, each with its colour and weight.

    Frame and geometry are Rich's, and may change with it; what is said and how is ours.
    """
    styles = dict(re.findall(r"\.(reprice-r\d+) (\{[^}]*\})", svg))
    space = "{http://www.w3.org/2000/svg}"
    pieces = [
        (piece.text or "", styles.get(piece.get("class", ""), ""))
        for piece in ElementTree.fromstring(svg).iter(f"{space}text")  # noqa: S314 (our own file)
    ]
    assert len(pieces) > 20
    return pieces


def rewrite() -> None:
    """Put into the README what its blocks print now."""
    text = README.read_text(encoding="utf-8")
    blocks = [block for block in reversed(blocks_of(text)) if is_executed(block)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        # An interpreter session takes over standard output, for all threads.
        printed = {
            block: pool.submit(executed, block) for block in blocks if block.language != "python"
        }
    for block in blocks:
        end = block.start + len(block.text)
        got = printed[block].result() if block in printed else executed(block)
        text = text[: block.start] + got + text[end:]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
