"""``doctor``: what it prints for a bug report, and what it keeps private."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import forked
import pytest
from processes import program

from aepromo import rules

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = (
    'commission_rate = "7.77%"\nspend_save = ["30:3"]\n'
    '[stores.my-secret-shop]\nstore_level = "L4"\n'
    '[rules]\nfees.payment_rate = "1%"\n'
)


def told(*arguments: str, cwd: Path, code: int = 0, **more: str) -> dict[tuple[str, str], str]:
    """Run ``doctor``; return its findings by subject and name."""
    env = {"LC_ALL": "C.UTF-8", **more}
    ended, out, err = forked.program("doctor", *arguments, "--format", "json", cwd=cwd, env=env)
    assert ended == code, err
    return {(row["about"], row["name"]): row["found"] for row in json.loads(out)}


def test_versions_terminal_encoding_and_rules_are_printed(tmp_path: Path) -> None:
    found = told(cwd=tmp_path, TERM="vt100", COLUMNS="97")
    assert found["program", "aepromo"] == version("aepromo")
    assert found["packages", "pandas"] == version("pandas")
    assert found["packages", "xlsxwriter [excel]"] in (version("xlsxwriter"), "not installed")
    assert ("packages", "pytest [dev]") not in found
    assert found["text", "language"] == "en"
    assert found["text", "LC_ALL"] == "C.UTF-8"
    assert found["text", "stdout"].startswith("utf-8")
    assert found["terminal", "width"] == "97"
    assert found["terminal", "stdout"] == "no terminal"
    assert found["terminal", "TERM"] == "vt100"
    assert found["configuration", "file"] == "none"
    assert found["rule book", "figures"] == str(len(rules.book()))
    assert found["rule book", "overridden"] == "0"


def test_control_characters_are_escaped(tmp_path: Path) -> None:
    found = told(cwd=tmp_path, TERM="vt\x1b]0;gone\x07\u2066")
    assert found["terminal", "TERM"] == "vt\\x1b]0;gone\\x07<U+2066>"


def test_names_of_settings_are_printed_without_values(tmp_path: Path) -> None:
    (tmp_path / "aepromo.toml").write_text(CONFIG)
    found = told(cwd=tmp_path)
    assert found["configuration", "file"] == str(tmp_path / "aepromo.toml")
    assert found["configuration", "sets"] == "commission_rate, spend_save"
    assert found["configuration", "stores"] == "1"
    assert found["rule book", "overridden"] == "1"
    assert found["rule book", "fees.payment_rate"] == "1% (aepromo.toml; the rule book says 1.2%)"
    assert not any(secret in str(found) for secret in ("7.77", "my-secret-shop", "30:3"))


def test_the_home_folder_is_not_printed(tmp_path: Path) -> None:
    home = tmp_path / "jane.doe"
    home.mkdir()
    (home / "aepromo.toml").write_text("comission_rate = 1\n")
    code, out, err = program(
        "doctor", "--config", home / "aepromo.toml", cwd=home, env={"HOME": str(home)}
    )
    assert code == 2
    assert "jane.doe" not in out.decode() + err
    assert b"~/aepromo.toml" in out
    assert "~/aepromo.toml" in err


def test_a_folder_that_only_starts_like_home_is_not_shortened(tmp_path: Path) -> None:
    other = tmp_path / "jane-2"
    other.mkdir()
    (other / "aepromo.toml").write_text("")
    found = told(cwd=other, HOME=str(tmp_path / "jane"))
    assert found["configuration", "file"] == str(other / "aepromo.toml")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("comission_rate = 1\n", "unknown key 'comission_rate'; did you mean 'commission_rate'?"),
        ("[rules\n", "aepromo.toml:1: "),
        ('[rules]\n"forced.rat" = "1%"\n', "no rule 'forced.rat'; did you mean 'forced.rate'?"),
    ],
)
def test_a_broken_configuration_is_printed_with_all_the_rest(
    text: str, fault: str, tmp_path: Path
) -> None:
    (tmp_path / "aepromo.toml").write_text(text)
    found = told(cwd=tmp_path, code=2)
    assert fault in found["configuration", "fault"]
    assert found["program", "aepromo"] == version("aepromo")
    assert found["rule book", "overridden"] == "0"
    _, _, err = forked.program("doctor", cwd=tmp_path)
    assert err.count("\n") == 1
    assert fault in err


def test_a_table_is_in_the_language_of_the_run(tmp_path: Path) -> None:
    code, out, err = forked.program("doctor", "--lang", "zh", "--format", "table", cwd=tmp_path)
    assert (code, err) == (0, "")
    assert "依赖包" in out.decode()
    assert "packages" not in out.decode()
    assert told("--lang", "zh", cwd=tmp_path)["text", "language"] == "zh"
