"""A mistyped name: one line that names the nearest, and exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import program

from aepromo.cli import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

SKUS = "sku,purchase_price,logistics_cost,list_price\nA-1,8,3,20\n"


def refused(*arguments: str, cwd: Path) -> str:
    """The one line that a wrong call prints."""
    (cwd / "skus.csv").write_text(SKUS)
    code, out, err = program(*arguments, cwd=cwd)
    assert (code, out) == (2, b"")
    assert err.startswith("aepromo: ")
    assert err.count("\n") == 1
    return err.removeprefix("aepromo: ").rstrip("\n")


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("repice", "no command 'repice'; did you mean 'reprice'?"),
        ("--versoin", "no option --versoin; did you mean '--version'?"),
        ("reprice --forcd-rate 1%", "no option --forcd-rate; did you mean '--forced-rate'?"),
        ("explain --prise 20", "no option --prise; did you mean '--price'?"),
        ("reprice --qqqqqq", "no option --qqqqqq; see aepromo reprice --help"),
        ("reprice -Z", "no option -Z; see aepromo reprice --help"),
        ("reprice skus.csv -q --columns profitt", "no column 'profitt'; did you mean 'profit'?"),
        ("audit skus.csv -q --value statu", "no column 'statu'; did you mean 'status'?"),
        ("margin -q -p 20 -b 8 -l 3 --value marign", "no column 'marign'; did you mean 'margin'?"),
        ("forced skus.csv -q --columns exposur", "no column 'exposur'; did you mean 'exposure'?"),
        ("rules --value valu", "no column 'valu'; did you mean 'value'?"),
        ("doctor --value fuond", "no column 'fuond'; did you mean 'found'?"),
        ("rules --value xyz", "no column 'xyz'; there are key, value, unit, meaning, origin, date, "
         "span, compare, column, overridden"),
        ("rules forcd.rate", "no rule 'forcd.rate'; did you mean 'forced.rate'?"),
    ],
)  # fmt: skip
def test_the_nearest_is_named(call: str, line: str, tmp_path: Path) -> None:
    assert refused(*call.split(), cwd=tmp_path) == line


def test_where_nothing_is_near_the_commands_are_listed(tmp_path: Path) -> None:
    line = f"no command 'zzzz'; there are {', '.join(COMMANDS)}"
    assert refused("zzzz", cwd=tmp_path) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("comission_rate = 1", "unknown key 'comission_rate'; did you mean 'commission_rate'?"),
        ("[store.a]", "unknown key 'store'; did you mean 'stores'?"),
        ('[stores.a]\nlang = "zh"', "stores.a: unknown key 'lang'; there are store_level, "),
        (
            '[stores.a]\nus_filing = "no"',
            "stores.a: unknown key 'us_filing'; there are store_level, ",
        ),
        ('[rules]\n"zzzz.x" = "1%"', "no rule 'zzzz.x'; there are fees, floor, coupon, "),
        ('[rules]\n"fx.qqqqqqqq" = "1%"', "no rule 'fx.qqqqqqqq'; there are fx.max_age_days"),
        ('[stores.a]\nstore_levl = "L3"', "unknown key 'store_levl'; did you mean 'store_level'?"),
        ('[rules]\n"forced.rat" = "1%"', "no rule 'forced.rat'; did you mean 'forced.rate'?"),
    ],
)
def test_the_nearest_key_of_a_configuration_is_named(text: str, line: str, tmp_path: Path) -> None:
    (tmp_path / "aepromo.toml").write_text(text)
    assert line in refused("rules", cwd=tmp_path)


def test_other_mistakes_are_reported_in_one_line(tmp_path: Path) -> None:
    line = refused("audit", "skus.csv", "more.csv", cwd=tmp_path)
    assert line == "too many arguments: more.csv; see aepromo audit --help"
    line = refused("audit", "skus.csv", "--limit", "all", cwd=tmp_path)
    assert line == "--limit 'all': write a whole number; see aepromo audit --help"
    line = refused("audit", "skus.csv", "--limit", "0", cwd=tmp_path)
    assert line == "--limit 0: write 1 or more; see aepromo audit --help"
    line = refused("audit", "skus.csv", "--rate", cwd=tmp_path)
    assert line == "--rate: needs a value; see aepromo audit --help"
    line = refused("audit", "skus.csv", "--rate", "--price", "20", cwd=tmp_path)
    assert line == "--rate: needs a value; --price is an option"
    line = refused("audit", "skus.csv", "--quiet=1", cwd=tmp_path)
    assert line == "--quiet: takes no value; see aepromo audit --help"


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ("audit skus.csv --fail-on los", "--fail-on 'los': did you mean 'loss'?"),
        ("audit skus.csv --format JSNO", "--format 'JSNO': did you mean 'json'?"),
        ("audit skus.csv --headers chinese", "--headers 'chinese': write en or zh"),
        ("reprice skus.csv --basket singel", "--basket 'singel': did you mean 'single'?"),
        ("reprice skus.csv --basket one", "--basket 'one': write any, single or same"),
        ("breakeven skus.csv --promotion revers", "--promotion 'revers': did you mean 'reverse'?"),
        ("reprice skus.csv --encoding uft-8",
         "--encoding 'uft-8': there is no such encoding; did you mean 'utf-8'?"),
        ("reprice skus.csv --encoding x",
         "--encoding 'x': there is no such encoding; write one such as utf-8, gb18030, gbk, "
         "gb2312, utf-16, big5, latin-1"),
        ("tracking --tracking-number RR473124829GB --timezone Asia/Shangai",
         "--timezone 'Asia/Shangai': no such time zone; did you mean 'Asia/Shanghai'?"),
        ("audit skus.csv --fail-on always",
         "--fail-on 'always': write below_target, loss, below_floor or never"),
    ],
)  # fmt: skip
def test_the_nearest_value_is_named(call: str, line: str, tmp_path: Path) -> None:
    assert refused(*call.split(), cwd=tmp_path) == line


@pytest.mark.parametrize("far", ["--rats", "--longs", "--xyz"])
def test_a_distant_name_is_not_suggested(far: str, tmp_path: Path) -> None:
    line = refused("doctor", far, "x", cwd=tmp_path)
    assert line == f"no option {far}; see aepromo doctor --help"


def test_the_nearest_is_named_in_chinese(tmp_path: Path) -> None:
    for call in ("repice", "reprice --forcd-rate 1%", "rules --value valu"):
        line = refused("--lang", "zh", *call.split(), cwd=tmp_path)
        assert "你" in line or "是否" in line or "是不是" in line, line
