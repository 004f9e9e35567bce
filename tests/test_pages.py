"""The pages are right: every block is executed and compared, every link leads somewhere."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from pages import (
    CHINESE_README,
    EXAMPLES,
    FRONT,
    GUIDES,
    PAGES,
    PAIRS,
    README,
    Page,
    blocks_of,
    last_part,
    rewritten,
    tokens_of,
)
from picture import PICTURE, draw
from processes import ROOT

from aepromo.cli import COMMANDS
from aepromo.cli.exits import Exit
from aepromo.cli.options import Format
from aepromo.table.schema import INPUTS, RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LANGUAGES = {"console", "crontab", "python", "sh", "text"}
DEPENDENCIES = ROOT / ".github" / "DEPENDENCIES.md"
LINKED = [*PAGES, Page(DEPENDENCIES)]
UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")

every_page = pytest.mark.parametrize("page", PAGES, ids=str)
every_pair = pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=str)


@every_page
def test_a_page_shows_what_the_program_prints(page: Page) -> None:
    assert rewritten(page) == page.text, f"python tests/pages.py {page}"


@pytest.mark.parametrize(
    "planted",
    [
        "```console\n$ aepromo floor -b 10 --value floor_price\n11.51\n```\n",
        "```console\n$ echo a\na\n$ echo b\n```\n",
        "```python\n>>> 1 + 1\n3\n```\n",
        "```sh\nmake && .venv/bin/aepromo floor -b 10 --no-header\n```\n```text\n11.50\n```\n",
        "<!-- generated: orders -->\n\n| a |\n| --- |\n\n<!-- end -->\n",
    ],
)
def test_a_wrong_output_would_be_noticed(planted: str) -> None:
    assert rewritten(Page(README), planted) != planted


@every_page
def test_no_block_is_skipped(page: Page) -> None:
    blocks = blocks_of(page.text)
    assert {block.language for block in blocks} <= LANGUAGES
    assert page.text.count("\n```") == 2 * len(blocks)
    for block in blocks:
        if block.language == "console":
            assert block.text.startswith("$ ")
        if block.language == "python":
            assert block.text.startswith(">>> ")
        if block.language in ("sh", "text"):
            assert page.path in FRONT


@every_pair
def test_a_chinese_page_has_the_commands_of_the_english_one(english: Page, chinese: Page) -> None:
    has = [command for block in blocks_of(chinese.text) for command in block.commands]
    wanted = [command for block in blocks_of(english.text) for command in block.commands]
    assert [command for command in wanted if command not in has] == []


def test_two_commands_serve_a_bare_machine_in_both_languages() -> None:
    english, chinese = (
        [block.text.strip() for block in blocks_of(page.text) if block.language == "sh"]
        for page in map(Page, FRONT)
    )
    assert len(english) == 2
    assert english == chinese
    for command in english:
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
    assert last_part(english[0]).startswith("aepromo reprice examples/quick-start/skus.csv ")
    assert last_part(english[1]) == "pytest -n logical"


def test_the_front_page_is_short_and_leads_to_its_sister() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 250
    assert f"({CHINESE_README.relative_to(ROOT)})" in lines[2]
    assert "(../README.md)" in CHINESE_README.read_text(encoding="utf-8").splitlines()[2]


@pytest.mark.parametrize("front", FRONT, ids=lambda path: path.name)
def test_the_front_page_has_every_command_and_exit_code(front: Path) -> None:
    text = front.read_text(encoding="utf-8")
    wanted = [
        *(f"| [`aepromo {command}`](" for command in COMMANDS),
        *(f"| {code:d} |" for code in Exit),
    ]
    assert [words for words in wanted if words not in text] == []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_every_command_is_in_a_heading_of_a_guide(name: str) -> None:
    headings = [
        heading
        for folder in GUIDES
        for heading in headings_of((folder / name).read_text(encoding="utf-8"))
    ]
    told = set(re.findall(r"aepromo ([a-z-]+)", " ".join(headings)))
    assert told >= set(COMMANDS)


@pytest.mark.parametrize("folder", GUIDES, ids=lambda path: path.name)
def test_a_guide_is_next_to_its_data_and_names_each_file(folder: Path) -> None:
    for name in ("README.md", "README.zh-CN.md"):
        guide = (folder / name).read_text(encoding="utf-8")
        files = [path.name for path in folder.iterdir() if not path.name.startswith("README.")]
        assert [file for file in files if file not in guide] == []
        assert f"({folder.name}/{name})" in (EXAMPLES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["", ".zh-CN"])
def test_every_column_and_format_has_its_place(language: str) -> None:
    columns = (EXAMPLES / "columns" / f"README{language}.md").read_text(encoding="utf-8")
    assert [name for name in INPUTS | RESULTS if f"| `{name}` |" not in columns] == []
    formats = (EXAMPLES / "formats" / f"README{language}.md").read_text(encoding="utf-8")
    assert [form for form in set(Format) - {Format.AUTO} if f"`{form}`" not in formats] == []


def test_every_dependency_is_in_the_table() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = settings["project"]["optional-dependencies"].values()
    requirements = [
        *settings["project"]["dependencies"],
        *(requirement for extra in extras for requirement in extra),
        *settings["build-system"]["requires"],
    ]
    table = DEPENDENCIES.read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([^`]+)`.*\|.*\|.*\|.*\|$", table, re.MULTILINE))
    assert [requirement for requirement in requirements if requirement not in rows] == []


# --- how a page renders -------------------------------------------------------------------------


@pytest.mark.parametrize("page", LINKED, ids=str)
def test_links_and_pictures_lead_somewhere(page: Page) -> None:
    assert [link for link in links_of(page.text) if not leads(link, page.path)] == []


@pytest.mark.parametrize("page", LINKED, ids=str)
def test_tables_are_well_formed(page: Page) -> None:
    assert torn_lines(page.text) == []


@pytest.mark.parametrize("page", [chinese for _, chinese in PAIRS], ids=str)
def test_no_line_of_chinese_is_broken(page: Page) -> None:
    """A page shows a line break as a space, which is wrong between two Chinese letters."""
    inline = [child for token in tokens_of(page.text) for child in token.children or ()]
    assert [child for child in inline if child.type == "softbreak"] == []


@pytest.mark.parametrize(
    "torn",
    [
        "| a | b |\n| --- | --- |\n| 1 |\n",
        "| a | b |\n| --- |\n| 1 | 2 |\n",
        "| a |\n| --- |\n| x | y |\n",
        "| a | b |\n",
    ],
)
def test_a_torn_table_would_be_noticed(torn: str) -> None:
    assert torn_lines(torn) != []


@pytest.mark.parametrize(
    "link", ["nowhere.md", "README.md#nowhere", "#nowhere", "http://example.org"]
)
def test_a_link_to_nowhere_would_be_noticed(link: str) -> None:
    assert links_of(f"See [there]({link}).") == [link]
    assert not leads(link, README)


def links_of(text: str) -> list[str]:
    """Where the links and pictures of a page lead."""
    inline = [child for token in tokens_of(text) for child in token.children or ()]
    found = [child.attrGet("href") or child.attrGet("src") for child in inline]
    return [unquote(str(link)) for link in found if link]


def leads(link: str, path: Path) -> bool:
    """Whether a relative link of a page leads to a file, and to a heading where it names one."""
    place, _mark, heading = link.partition("#")
    target = path.parent / place if place else path
    if not target.exists() or ":" in place:
        return False
    return not heading or heading in map(anchor, headings_of(target.read_text(encoding="utf-8")))


def headings_of(text: str) -> list[str]:
    """The headings of a page, without their marks."""
    tokens = tokens_of(text)
    return [
        tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"
    ]


def anchor(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def torn_lines(text: str) -> list[str]:
    """Lines that look like those of a table, but are outside one or have another width."""
    lines = text.splitlines()
    in_tables: dict[int, int] = {}
    fenced: set[int] = set()
    for token in tokens_of(text):
        first, end = token.map or (0, 0)
        if token.type == "table_open":
            in_tables |= dict.fromkeys(range(first, end), first)
        elif token.type == "fence":
            fenced |= set(range(first, end))
    return [
        line
        for at, line in enumerate(lines)
        if line.startswith("|") and at not in fenced
        if at not in in_tables or cells_in(line) != cells_in(lines[in_tables[at]])
    ]


def cells_in(line: str) -> int:
    """How many cells a line of a table has."""
    return len(UNESCAPED_PIPE.findall(line)) - 1


# --- the picture --------------------------------------------------------------------------------


def test_the_picture_shows_what_the_program_prints() -> None:
    for path in FRONT:
        pictures = [(path.parent / link).resolve() for link in links_of(path.read_text("utf-8"))]
        assert PICTURE in pictures
    drawn = list(pieces_of(PICTURE.read_text(encoding="utf-8")))
    assert len(drawn) > 20
    assert drawn == list(pieces_of(draw())), "python tests/picture.py"


def pieces_of(svg: str) -> Iterator[tuple[str, str]]:
    """The pieces of text in a picture, each with its colour and weight.

    The frame and the geometry come from Rich and may change with it; the texts and styles are ours.
    """
    styles = dict(re.findall(r"\.(reprice-r\d+) (\{[^}]*\})", svg))
    space = "{http://www.w3.org/2000/svg}"
    for piece in ElementTree.fromstring(svg).iter(f"{space}text"):  # noqa: S314 (our own file)
        yield piece.text or "", styles.get(piece.get("class", ""), "")
