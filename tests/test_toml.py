"""A configuration or a tariff that is not valid TOML: its line is named, with what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aepromo.cli.config import read_config
from aepromo.errors import CallError
from aepromo.inputs.tariff_file import read_tariff
from aepromo.table.toml import read_toml
from aepromo.words import speak

if TYPE_CHECKING:
    from pathlib import Path

QUOTES = 'letters other than A–Z go in quotes: "店铺一"'
HALF_WIDTH = 'write signs in half width: " = [ ]'
FAULTS = {
    "[stores.店铺一]": f"1: not valid TOML at column 9: a key can't begin like this; {QUOTES}",
    "a = 1\n店铺一 = 1": "2: not valid TOML at column 1: a key or table can't begin like this; "
    f"{QUOTES}",
    "a = 店铺一": f"1: not valid TOML at column 5: not a value; put text in quotes; {QUOTES}",
    "a = “6%”": f"1: not valid TOML at column 5: not a value; put text in quotes; {HALF_WIDTH}",
    'a ＝ "6%"': f"1: not valid TOML at column 3: there is no = after a key; {HALF_WIDTH}",
    'a = "6%”\n': f"1: not valid TOML at column 9: a text isn't closed by a quote; {HALF_WIDTH}",
    "a = Wise": "1: not valid TOML at column 5: not a value; put text in quotes",
    'a = "C:\\Users"': "1: not valid TOML at column 10: a \\ in a text is written \\\\",
    "a = 1\na = 2\n": "2: not valid TOML at column 6: a key appears twice",
    "a = [1": " not valid TOML: a list isn't closed by ]",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_toml_error_names_its_line(text: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_bytes(text.encode())
    for read in (read_config, read_tariff):
        with pytest.raises(CallError) as caught:
            read(str(file))
        assert str(caught.value) == f"{file}:{FAULTS[text]}"


def test_toml_errors_are_translated(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text("[stores.店铺一]", encoding="utf-8")
    speak("zh")
    try:
        with pytest.raises(CallError) as caught:
            read_toml(str(file))
    finally:
        speak("en")
    told = f'{file}:1: 第 9 列不合 TOML 语法：键不能这样开头；中文要加引号，写成 "店铺一"'
    assert str(caught.value) == told


def test_a_byte_order_mark_is_skipped_and_other_encodings_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    text = '[stores."店铺一"]\nstore_level = "L4"\n'
    file.write_bytes(text.encode("utf-8-sig"))
    assert read_config(str(file)).store("店铺一") == {"store_level": "L4"}
    file.write_bytes(text.encode("gb18030"))
    with pytest.raises(CallError, match=r"shop\.toml: is not UTF-8; save it as UTF-8"):
        read_config(str(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a." * 5_000 + "a = 1\n", ":1: tables or lists are nested too deeply"),
        ("\na = " + "[" * 5_000, ":2: tables or lists are nested too deeply"),
        ("a = " + "{b = " * 40 + "1" + "}" * 40, ":1: tables or lists are nested too deep"),
        ("a = 1" + "0" * 6_000 + "\n", ": not valid TOML: a number is too long"),
        ("# " + "x" * 70_000, ": over 64 KB; too large for a configuration or a tariff"),
    ],
)
def test_deep_nesting_and_very_long_values_are_refused(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.toml"
    path.write_text(text)
    with pytest.raises(CallError) as refused:
        read_toml(str(path))
    assert str(refused.value).startswith(f"{path}{said}")


def test_brackets_and_points_in_texts_and_comments_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    deep = "[" * 30 + "a." * 30
    path.write_text(f'a = "{deep}\\"" # {deep}\nb = \'{deep}\'\nc = """\n{deep}"""\n')
    assert read_toml(str(path)) == {"a": deep + '"', "b": deep, "c": deep}
