"""Translations: every English text has its Chinese pair, and the chosen language is used."""

from __future__ import annotations

import ast
import re
import sys
from io import BytesIO
from string import Formatter
from typing import TYPE_CHECKING

import catalogue
import pytest
from babel.messages.mofile import read_mo
from forked import program as forked
from pages import PAGES
from processes import PACKAGE, SETTINGS, program

from aepromo.cli.language import command_in, language_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from babel.messages.catalog import Catalog, Message

FILES = sorted(PACKAGE.rglob("*.py"))
LOOKED_UP = {"_", "N_", "ngettext"}


@pytest.fixture(scope="module")
def kept() -> Catalog:
    return catalogue.kept()


def texts(messages: Catalog) -> dict[tuple[str, str], Message]:
    """The messages by text and context, without the header."""
    named = {(str(message.id), message.context or ""): message for message in messages}
    return {name: message for name, message in named.items() if message.id}


def test_every_text_has_its_pair_and_no_pair_is_left_over(kept: Catalog) -> None:
    assert texts(kept).keys() == texts(catalogue.found()).keys(), "run tests/catalogue.py"
    assert [name for name, message in texts(kept).items() if not catalogue.paired(message)] == []
    assert [name for name, message in texts(kept).items() if message.fuzzy] == []
    assert not kept.obsolete


def test_the_compiled_file_is_up_to_date(kept: Catalog) -> None:
    wanted, found = (
        {name: message.string for name, message in texts(read_mo(BytesIO(data))).items()}
        for data in (catalogue.compiled(kept), catalogue.MO.read_bytes())
    )
    assert found == wanted, "run tests/catalogue.py"
    assert len(found) > 200


def places(text: str) -> set[str]:
    """The placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_texts_of_a_pair_have_the_same_placeholders(kept: Catalog) -> None:
    for message in texts(kept).values():
        english, chinese = (
            [str(text) for text in (side if isinstance(side, list | tuple) else [side])]
            for side in (message.id, message.string)
        )
        wanted = set().union(*map(places, english))
        assert [places(text) for text in chinese] == [wanted] * len(chinese), message.id


ONE_TERM = {
    "运费报价表": r"运费表|(?<!运费)报价表",
    "风险金额": r"风险额|涉及的?金额|涉及多少钱",
    "保护标价": r"安全标价",
    "问题行": r"坏行",
    "折扣数据": r"折扣动态|动态文件|折扣推送",
    "调价限制": r"护栏",
    "价格保护（Price Protection）申请": r"申诉豁免",
}
"""Terms with one name throughout, and other names that must not be used."""


def test_one_term_is_used_for_one_thing(kept: Catalog) -> None:
    said = "".join(str(message.string) for message in texts(kept).values())
    read = "".join(page.text for page in PAGES if page.language == "zh")
    for term, others in ONE_TERM.items():
        assert term in said
        assert term in read
        assert re.findall(others, said + read) == []


def looked_up(tree: ast.AST) -> Iterator[tuple[str, int, list[ast.expr]]]:
    """Every call that looks a text up: the function's name, the line, the arguments."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if isinstance(node, ast.Call) and isinstance(called, ast.Name) and called.id in LOOKED_UP:
            yield called.id, node.lineno, node.args


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """The syntax of each module of the package."""
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8"))
        for path in FILES
    }


def test_texts_are_looked_up_whole(trees: dict[str, ast.Module]) -> None:
    whole = ast.Constant | ast.Name | ast.Attribute | ast.Subscript
    for path, tree in trees.items():
        # Texts inside an f-string are not found, and texts that are joined before have no pair.
        filled = (node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
        within = [(line, text) for node in filled for _, line, (text, *_) in looked_up(node)]
        assert [line for line, text in within if isinstance(text, ast.Constant)] == [], path
        for name, line, arguments in looked_up(tree):
            for text in arguments[: 2 if name == "ngettext" else 1]:
                assert isinstance(text, whole), f"{path}:{line}"


SAYING = re.compile(r"say|refusal|[A-Z]\w*Error|RowsRefused|Fault|Problem")
ENGLISH = re.compile(r"(?<![-\w.'])[a-z]{2,} +[a-z]+")
# Faults in the rule book's own files are only seen by developers.
FOR_MAKERS = {"ValueError", "TypeError", "KeyError", "AttributeError", "AssertionError"}


def unsaid(tree: ast.AST) -> list[tuple[int, str]]:
    """Untranslated words in messages: line and words."""
    found = []
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        if not isinstance(called, ast.Name) or called.id in FOR_MAKERS:
            continue
        if SAYING.fullmatch(called.id):
            within = {id(each) for text in looked_up_in(node) for each in ast.walk(text)}
            found += [
                (each.lineno, each.value)
                for each in ast.walk(node)
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
                if id(each) not in within and ENGLISH.search(each.value)
            ]
    return found


def looked_up_in(tree: ast.AST) -> Iterator[ast.expr]:
    for _, _, arguments in looked_up(tree):
        yield from arguments


def test_every_message_is_translated(trees: dict[str, ast.Module]) -> None:
    found = {path: unsaid(tree) for path, tree in trees.items()}
    assert {path: texts for path, texts in found.items() if texts} == {}


def test_a_planted_text_would_be_found() -> None:
    planted = 'raise CallError(f"{flag}: write a number")'
    assert [text for _, text in unsaid(ast.parse(planted))] == [": write a number"]
    assert unsaid(ast.parse('raise CallError(f"{flag}: " + _("write a number"))')) == []


def test_no_function_with_messages_uses_the_underscore_for_something_else(
    trees: dict[str, ast.Module],
) -> None:
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
                uses = {type(each.ctx) for each in names if each.id == "_"}
                assert uses != {ast.Load, ast.Store}, f"{path}: {node.name}"


@pytest.mark.parametrize(
    ("arguments", "settings", "spoken"),
    [
        ("floor", {}, "en"),
        ("floor", {"LANG": "zh_CN.UTF-8"}, "zh"),
        ("floor", {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ("floor", {"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
        ("floor", {"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh"),
        ("floor", {"LANG": "zh_CN.UTF-8", "AEPROMO_LANG": "en"}, "en"),
        ("floor", {"AEPROMO_LANG": "zh", "LC_ALL": "C"}, "zh"),
        ("floor --lang zh", {"AEPROMO_LANG": "en", "LC_ALL": "C"}, "zh"),
        ("--lang=zh floor", {}, "zh"),
        ("--lang zh floor --lang en", {"LANG": "zh_CN.UTF-8"}, "en"),
        ("floor -- --lang zh", {}, "en"),
        ("floor --lang", {}, "en"),
        ("floor --lang fr", {"AEPROMO_LANG": "zh"}, "zh"),
    ],
)
def test_lang_goes_before_aepromo_lang_and_that_before_the_locale(
    arguments: str, settings: dict[str, str], spoken: str
) -> None:
    assert language_of(arguments.split(), settings) == spoken
    assert command_in(arguments.split()) == "floor"


REFUSED = ("floor", "-b", "ten", "--value", "floor_price")
CHINESE = "aepromo: --purchase-price: 'ten' 不是数字，请写成 12.50 这样的数\n"


def test_chinese_works_in_a_pipe_with_the_c_locale(tmp_path: Path) -> None:
    for arguments in ((*REFUSED, "--lang", "zh"), ("--lang", "zh", *REFUSED)):
        code, out, err = program(*arguments, cwd=tmp_path, env={"LANG": "C"})
        assert (code, out, err) == (2, b"", CHINESE)


def test_a_chinese_locale_gives_chinese_unless_aepromo_lang_says_english(tmp_path: Path) -> None:
    spoken = {"LC_ALL": "zh_CN.UTF-8", "PYTHONUTF8": "1"}
    assert program(*REFUSED, cwd=tmp_path, env=spoken)[2] == CHINESE
    english = program(*REFUSED, cwd=tmp_path, env={**spoken, "AEPROMO_LANG": "en"})[2]
    assert english == "aepromo: --purchase-price: 'ten' is not a number; write one such as 12.50\n"


@pytest.mark.parametrize("arguments", [("--lang", "fr", *REFUSED), (*REFUSED, "--lang", "fr")])
def test_an_unknown_language_is_refused_with_those_that_there_are(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    code, out, err = forked(*arguments, cwd=tmp_path)
    assert (code, out) == (2, b"")
    assert err == "aepromo: --lang (AEPROMO_LANG) 'fr': write en or zh\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("floor --purchse 8", "没有选项 --purchse；是否想写 '--purchase'"),
        ("floor -b 8 --limit x", "--limit 'x'：请写整数"),
        ("floor -b 8 --limit 0", "--limit 0：请写不小于 1 的数"),
        ("floor -b", "-b：需要一个值"),
        ("floor -b 8 --bom=1", "--bom：不带值"),
        ("floor a b", "多余的参数：b"),
        ("flor", "没有命令 'flor'；是否想写 'floor'"),
        ("audit --fail-on x", "--fail-on 'x': 请写 below_target，loss，below_floor 或 never"),
    ],
)
def test_wrong_calls_are_reported_in_chinese(arguments: str, said: str, tmp_path: Path) -> None:
    code, _, err = forked("--lang", "zh", *arguments.split(), cwd=tmp_path)
    assert code == 2
    assert said.replace(" ", "") in "".join(err.replace("│", "").split())


def test_an_unknown_language_in_the_environment_is_refused(tmp_path: Path) -> None:
    code, _, err = program(*REFUSED, cwd=tmp_path, env={**SETTINGS, "AEPROMO_LANG": "fr"})
    assert code == 2
    assert err == "aepromo: --lang (AEPROMO_LANG) 'fr': write en or zh\n"


WATCHED = """
import sys
read = []
sys.addaudithook(lambda event, args: read.append(str(args[0])) if event == "open" else None)
sys.argv = ["aepromo", "floor", "-b", "10", "--lang", sys.argv[1]]
from aepromo.cli import main
try:
    main()
finally:
    print(sum(name.endswith(".mo") for name in read))
"""


def test_english_reads_no_catalogue(tmp_path: Path) -> None:
    for language, catalogues in (("en", b"0"), ("zh", b"1")):
        watched = [sys.executable, "-P", "-c", WATCHED]
        code, out, err = program(language, cwd=tmp_path, program=watched)
        assert (code, out.split()[-1]) == (0, catalogues), err


def test_a_picture_has_chinese_letters_without_warnings(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    drawn = ("sweep", "-p", "20", "-b", "8", "-l", "3", "-q", "--step", "20%", "--svg", "a.svg")
    code, _, err = forked(*drawn, "--lang", "zh", cwd=tmp_path)
    assert (code, err) == (0, "")
    picture = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert re.findall(r">(\w+)</text>", picture)[-3:] == ["目标", "保本", "底线"]
