"""Help: one screen at first, everything on request, topics from the program's own data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from forked import program
from processes import program as started
from rich.cells import cell_len

from aepromo import rules
from aepromo.cli import COMMANDS, PANELS
from aepromo.cli.exits import MEANINGS, Exit
from aepromo.cli.help import EXAMPLES, MAIN_OPTIONS
from aepromo.table.schema import INPUTS, RESULTS, chinese

LANGUAGES = ("en", "zh")
TOPICS = ("columns", "rules", "exit-codes")
SCREEN = 40
"""The lines of one screen."""


def shown(*arguments: str, cwd: Path, language: str = "en", columns: int = 80) -> str:
    """The output of a call, which must succeed without messages."""
    env = {"LC_ALL": "C.UTF-8", "COLUMNS": str(columns), "AEPROMO_LANG": language}
    code, out, err = program(*arguments, cwd=cwd, env=env)
    assert (code, err) == (0, "")
    return out.decode()


def headings(text: str) -> list[str]:
    """The headings of sections."""
    return re.findall(r"^(?!Usage|All|More)([A-Z][^\n.?]*)\n {2}", text, re.MULTILINE)


def names_in(text: str) -> list[str]:
    """The names of entries."""
    return re.findall(r"^  (\w+)", text, re.MULTILINE | re.ASCII)


def widest(text: str) -> int:
    return max(map(cell_len, text.splitlines()))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_overview_is_one_screen(language: str, tmp_path: Path) -> None:
    text = shown("--help", cwd=tmp_path, language=language)
    assert text.count("\n") <= SCREEN
    assert widest(text) <= 80
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", text, re.MULTILINE), command


def test_commands_are_under_their_headings(tmp_path: Path) -> None:
    assert headings(shown("--help", cwd=tmp_path)) == [*PANELS, "Options"]


def test_the_overview_is_what_help_and_no_command_print_too(tmp_path: Path) -> None:
    text = shown("--help", cwd=tmp_path)
    assert shown(cwd=tmp_path) == text
    assert shown("help", cwd=tmp_path) == text
    assert shown("-h", cwd=tmp_path) == text
    assert shown("--lang", "en", cwd=tmp_path) == text


def test_every_command_has_an_example_and_its_main_options() -> None:
    assert EXAMPLES.keys() == MAIN_OPTIONS.keys() == set(COMMANDS)
    for command, call in EXAMPLES.items():
        assert call.startswith(f"aepromo {command}"), call
    assert {len(options) for options in MAIN_OPTIONS.values()} == {0, 5}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_is_one_screen(command: str, language: str, tmp_path: Path) -> None:
    text = shown(command, "--help", cwd=tmp_path, language=language)
    assert text.count("\n") <= SCREEN
    assert widest(text) <= 80
    assert EXAMPLES[command] in " ".join(text.split())
    for option in MAIN_OPTIONS[command]:
        assert re.search(rf"^  (-\w, )?{option}\b", text, re.MULTILINE), option


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"help", "version"}))
def test_all_options_are_shown_on_request(command: str, tmp_path: Path) -> None:
    brief, full = (shown(command, asked, cwd=tmp_path) for asked in ("-h", "--help-all"))
    assert f"aepromo {command} --help-all" in brief
    count = re.search(r"^All (\d+) options", brief, re.MULTILINE)
    assert count is not None
    assert len(re.findall(r"^  -", full, re.MULTILINE)) == int(count[1])
    assert {"Input", "Output", "Options", "Example"} <= {*headings(full)}
    assert widest(full) <= 80


def test_help_of_a_command_is_the_same_as_its_help_option(tmp_path: Path) -> None:
    own = shown("reprice", "--help", cwd=tmp_path)
    assert shown("help", "reprice", cwd=tmp_path) == own
    assert shown("help", "list-price", cwd=tmp_path) != own


def test_help_of_an_unknown_name_names_the_nearest(tmp_path: Path) -> None:
    for asked, meant in (("repice", "reprice"), ("colums", "columns"), ("exitcodes", "exit-codes")):
        code, out, err = program("help", asked, cwd=tmp_path)
        assert (code, out) == (2, b"")
        assert err == f"aepromo: no command or topic '{asked}'; did you mean '{meant}'?\n"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_readable_at_eighty_columns(topic: str, language: str, tmp_path: Path) -> None:
    assert widest(shown("help", topic, cwd=tmp_path, language=language)) <= 80


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_is_explained(language: str, tmp_path: Path) -> None:
    text = shown("help", "columns", cwd=tmp_path, language=language, columns=200)
    for column in (*INPUTS.values(), *RESULTS.values()):
        said = column.meaning if language == "en" else chinese(column.name)
        line = re.search(rf"^  {column.name} +(\S.*)$", text, re.MULTILINE)
        assert line is not None, column.name
        assert said.casefold() in text.casefold()
        for label in column.labels:
            assert label in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", COMMANDS)
def test_the_columns_of_a_command_are_those_it_has_options_for(
    command: str, language: str, tmp_path: Path
) -> None:
    asked = ("help", "columns", command)
    if command in PANELS["About the program"]:
        code, out, err = program(*asked, cwd=tmp_path)
        assert (code, out) == (2, b"")
        assert f"no command with columns is called '{command}'; " in err
        return
    text = shown(*asked, cwd=tmp_path, language=language)
    assert widest(text) <= 80
    read = re.split(r"^(?:Columns of its answer|结果中的列)$", text, flags=re.MULTILINE)[0]
    listed = names_in(read)
    flags = re.findall(r"--([a-z0-9-]+)", shown(command, "--help-all", cwd=tmp_path))
    values = {name for name in INPUTS if name.replace("_", "-") in flags}
    assert values - {"carrier"} <= {*listed}  # «--carrier» certifies one


def test_columns_of_a_command_are_parted_by_their_use(tmp_path: Path) -> None:
    text = shown("help", "columns", "reprice", cwd=tmp_path)
    assert headings(text) == [
        "Columns that it needs",
        "Other columns that it reads",
        "Columns of its answer",
    ]
    needed, _, rest = text.partition("Other columns that it reads")
    read, _, answered = rest.partition("Columns of its answer")
    assert names_in(needed) == ["purchase_price", "logistics_cost"]
    assert {"sku", "list_price", "max_price", "weight_g"} <= {*names_in(read)}
    assert {"new_list_price", "action", "status"} <= {*names_in(answered)}
    code, _, err = program("help", "rules", "reprice", cwd=tmp_path)
    assert (code, err) == (2, "aepromo: only columns takes a command; leave reprice out\n")


def test_every_rule_is_explained_with_its_value(tmp_path: Path) -> None:
    lines = shown("help", "rules", cwd=tmp_path, columns=300).splitlines()
    for rule in rules.book():
        value = rule.value if isinstance(rule.value, str) else ", ".join(rule.value)
        place = lines.index(f"  {rule.key} = {value}")
        assert lines[place + 1].strip() == rule.meaning


def test_every_exit_code_is_explained(tmp_path: Path) -> None:
    assert MEANINGS.keys() == set(Exit)
    text = shown("help", "exit-codes", cwd=tmp_path)
    for code, meaning in MEANINGS.items():
        assert re.search(rf"^  {int(code)} +{re.escape(meaning)}$", text, re.MULTILINE), code


def test_the_version_is_printed_either_way(tmp_path: Path) -> None:
    text = shown("version", cwd=tmp_path)
    assert re.fullmatch(r"aepromo \d+\.\d+\.\d+\n", text)
    assert shown("--version", cwd=tmp_path) == text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
@pytest.mark.parametrize("asked", ["--help", "help columns", "version"])
def test_a_full_disk_is_reported(asked: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as disk:
        code, _, err = started(*asked.split(), cwd=tmp_path, stdout=disk.fileno())
    assert code == 2
    assert err == "aepromo: standard output can't be written: No space left on device\n"
