"""Completion as a shell runs it: a line in the environment, an answer on standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import program
from processes import program as started
from processes import start

from aepromo.cli import COMMANDS
from aepromo.cli.completion import MOST_ROWS

if TYPE_CHECKING:
    from pathlib import Path


def offered(line: str, cwd: Path, **more: str) -> list[str]:
    """Complete a line's last word as bash asks for it; standard error stays empty."""
    settings = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    env = {"LC_ALL": "C.UTF-8", "_AEPROMO_COMPLETE": "complete_bash", **settings, **more}
    code, out, err = program(cwd=cwd, env=env)
    assert (code, err) == (0, "")
    return out.decode().split()


def test_every_command_is_offered(tmp_path: Path) -> None:
    assert offered("aepromo ", tmp_path) == list(COMMANDS)
    assert offered("aepromo re", tmp_path) == ["reprice", "report", "reverse"]
    assert offered("aepromo --lang zh swe", tmp_path) == ["sweep"]


@pytest.mark.parametrize("command", COMMANDS)
def test_the_options_of_every_command_are_offered(command: str, tmp_path: Path) -> None:
    wanted = {"--help", "--help-all", "--lang"}
    if command not in ("help", "version"):
        wanted |= {"--config", "--output"}
    assert wanted <= set(offered(f"aepromo {command} --", tmp_path))


def test_commands_and_topics_are_offered_to_help(tmp_path: Path) -> None:
    assert offered("aepromo help re", tmp_path) == ["reprice", "report", "reverse"]
    assert offered("aepromo help ex", tmp_path) == ["exit-codes", "explain"]


def test_the_values_of_an_option_are_offered(tmp_path: Path) -> None:
    assert offered("aepromo audit --fail-on below", tmp_path) == ["below_target", "below_floor"]
    assert offered("aepromo audit --format js", tmp_path) == ["json", "jsonl"]


SKUS = "sku,purchase_price\n00123,1\n00124,2\n9-X,3\n00123,4\n"


def test_the_ids_of_the_file_named_are_offered(tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text(SKUS)
    line = "aepromo explain skus.csv --price 20 --sku "
    assert offered(line, tmp_path) == ["00123", "00124", "9-X"]
    assert offered(line + "00", tmp_path) == ["00123", "00124"]
    assert offered("aepromo explain --sku 00", tmp_path) == []


def test_ids_are_found_under_other_headers_and_in_other_encodings(tmp_path: Path) -> None:
    (tmp_path / "erp.csv").write_bytes("货号;成本\n甲-1;2\n".encode("gb18030"))
    (tmp_path / "own.csv").write_text("Ref,cost\nR-1,2\n")
    assert offered("aepromo explain erp.csv --sku 甲", tmp_path) == ["甲-1"]
    assert offered("aepromo explain own.csv --map Ref=sku --sku R", tmp_path) == ["R-1"]
    assert offered("aepromo explain own.csv --sku R", tmp_path) == []


def test_an_id_that_a_shell_would_run_is_not_offered(tmp_path: Path) -> None:
    ids = ("$(rm)", "`rm`", "a;rm", "a b", "a&b", ">a", "'a'", "a\\b", "*", "-x", "~", "a|b", "ok")
    (tmp_path / "skus.csv").write_text("sku\n" + "\n".join(f'"{each}"' for each in ids) + "\n")
    assert offered("aepromo explain skus.csv --sku ", tmp_path) == ["ok"]


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01", b"PK\x03\x04 no workbook", b"PAR1", b"\xd0\xcf\x11\xe0", b"sku,sku\n1,2\n"],
)
def test_a_file_that_cannot_be_read_has_no_ids(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_bytes(data)
    assert offered("aepromo explain skus.csv --sku ", tmp_path) == []
    assert offered("aepromo explain nowhere.csv --sku ", tmp_path) == []
    assert offered("aepromo explain . --sku ", tmp_path) == []


def test_no_more_than_the_first_rows_are_read(tmp_path: Path) -> None:
    with (tmp_path / "skus.csv").open("w") as file:
        file.write("sku,title\n")
        file.writelines(f"S{number:06d},{'x' * 20}\n" for number in range(400_000))
        file.write('"\n')  # and a quote that never closes, without a message
    found = offered("aepromo explain skus.csv --sku S", tmp_path)
    assert found == [f"S{number:06d}" for number in range(MOST_ROWS)]


def test_standard_input_is_left_alone(tmp_path: Path) -> None:
    line = "aepromo explain - --sku "
    env = {"_AEPROMO_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": "4"}
    # The pipe stays open: reading from it would wait for ever.
    process = start(cwd=tmp_path, env=env, stdin=-1)
    assert process.wait(timeout=30) == 0
    assert process.communicate() == (b"\n", b"")


def test_the_script_that_is_installed_asks_in_this_way(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    code, out, err = started("--install-completion", "bash", cwd=tmp_path, env=env)
    assert (code, err) == (0, "")
    assert b"installed" in out
    script = (tmp_path / ".bash_completions" / "aepromo.sh").read_text()
    assert "_AEPROMO_COMPLETE=complete_bash" in script
    assert "complete -o default -F _aepromo_completion aepromo" in script
    chinese = env | {"AEPROMO_LANG": "zh", "LC_ALL": "C.UTF-8"}
    _, out, _ = program("--install-completion", "bash", cwd=tmp_path, env=chinese)
    assert out.decode().startswith(f"自动补全已装入 {tmp_path}")


@pytest.mark.parametrize(
    ("shell", "more"),
    [("zsh", {}), ("fish", {"_TYPER_COMPLETE_FISH_ACTION": "get-args"})],
)
def test_other_shells_are_told_the_same(shell: str, more: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "skus.csv").write_text(SKUS)
    line = {"_TYPER_COMPLETE_ARGS": "aepromo explain skus.csv --sku 0012", "LC_ALL": "C.UTF-8"}
    code, out, err = program(
        cwd=tmp_path, env={"_AEPROMO_COMPLETE": f"complete_{shell}", **line, **more}
    )
    assert (code, err) == (0, "")
    assert b"00123" in out
    assert b"00124" in out
    assert b"9-X" not in out
