"""The folders are the architecture: a room imports only rooms before it.

A room is a package of ``aepromo``. The rooms that everything stands on come first, then one for
each capability, then the terminal and the command line. The check reads the source, so an import
inside a function counts as well.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import pytest
from processes import PACKAGE, ROOT

import aepromo

if TYPE_CHECKING:
    from pathlib import Path

CORE = ("pricing", "words", "rules", "table", "inputs", "engine")
CAPABILITIES = (
    *("past_rates", "calculators", "sweep", "explain", "page", "platform", "watch"),
    "check",
)
FLOW = (*CORE, *CAPABILITIES, "terminal", "cli")
ROOMS = f"{' → '.join(CORE)} → {', '.join(CAPABILITIES)} → terminal → cli"
DATA = "bytes → text columns → resolved inputs → a question → answer columns → bytes or a table"
"""The flow of data, as in the package's docstring and CONTRIBUTING.md."""

BORROWS = {
    "sweep": {"calculators"},
    "explain": {"past_rates"},
    "page": {"calculators", "sweep"},
    "watch": {"past_rates", "platform"},
    "check": {"past_rates", "calculators", "platform", "watch"},
}
"""Which capabilities a capability imports: exactly these."""

AHEAD = {
    "past_rates.rates_of_file": {"cli", "terminal"},
    "past_rates.rate_list": {"cli"},
    "watch.feed": {"cli"},
    "explain.rendering": {"terminal"},
    "page.html": {"terminal"},
    "table.workbook_writer": {"terminal"},
}
"""The modules, beside commands, that import from a later room, and which: exactly these."""

FOR_ALL = "errors"
"""The module that every room but ``pricing`` may import, and that imports none."""
TOP = {"__init__": "capabilities", "__main__": "cli", FOR_ALL: FOR_ALL}
"""The modules outside rooms, and the room whose rules they follow."""
COLUMNS_MAY = ("aepromo.table.column.", "aepromo.pricing.")
"""The only rooms that a room's ``columns`` may import, because ``table.schema`` imports it."""

STREAMS = {"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__", "exit"}
TALK = {"print", "input", "exit", "quit", "SystemExit"}
MAY_REPEAT = {"__init__", "command", "columns"}
FILES = sorted(PACKAGE.rglob("*.py"))


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a file imports, on which line, and whether only for the type checker."""

    module: str
    line: int
    for_types: bool


@cache
def imports_of(source: str, module: str) -> list[Import]:
    """Every import in a module's source, also inside functions."""
    found: list[Import] = []
    _collect(ast.parse(source), module, False, found)
    return found


def _collect(node: ast.AST, module: str, for_types: bool, found: list[Import]) -> None:
    if isinstance(node, ast.If) and _is_type_checking(node.test):
        for line in node.body:
            _collect(line, module, True, found)
        for line in node.orelse:
            _collect(line, module, for_types, found)
        return
    if isinstance(node, ast.Import):
        found += [Import(name.name, node.lineno, for_types) for name in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(node, module)
        # «from aepromo import rules» imports a package: the name belongs to the path.
        found += [Import(f"{base}.{name.name}", node.lineno, for_types) for name in node.names]
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):  # which holds no statement
            _collect(child, module, for_types, found)


def _is_type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def _absolute(node: ast.ImportFrom, module: str) -> str:
    if not node.level:
        return node.module or ""
    package = module.split(".")[: -node.level]
    return ".".join([*package, *([node.module] if node.module else [])])


@dataclass(frozen=True, slots=True)
class Module:
    """A module by its dotted name, ``aepromo.table.text_formats``."""

    name: str

    @property
    def room(self) -> str:
        """The room in which it is, or whose rules it follows."""
        first = self.name.removeprefix("aepromo.").partition(".")[0]
        return TOP.get(first, first)

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def is_command(self) -> bool:
        """Whether it declares a command, so that it may use the command line's room."""
        is_named_so = self.last == "command" or self.last.endswith("_command")
        return self.room in CAPABILITIES and is_named_so

    @property
    def ahead(self) -> set[str]:
        """The later rooms that it may still use."""
        return AHEAD.get(self.name.removeprefix("aepromo."), set())

    @property
    def is_columns(self) -> bool:
        return self.last == "columns" and self.room in FLOW

    @property
    def rank(self) -> int:
        """The position of the room; no module imports from a later one."""
        if self.room == "capabilities" or self.is_command:
            return FLOW.index("cli" if self.is_command else CAPABILITIES[-1])
        return FLOW.index(self.room)


def breaches(source: str, name: str) -> list[str]:
    """Return what a module's source imports or uses against the rules, in lines."""
    module = Module(name)
    found = [
        f"{name}:{each.line}: {wrong}"
        for each in imports_of(source, name)
        if (wrong := _wrong_import(module, each))
    ]
    if module.room != "cli" and not module.is_command and "cli" not in module.ahead:
        found += [f"{name}:{line}: uses {used}" for line, used in _talk(source)]
    return list(dict.fromkeys(found))  # «from a import b, c» is two imports


def _wrong_import(module: Module, each: Import) -> str:
    first, *rest = each.module.split(".")
    if first != "aepromo":
        return _wrong_library(module, first, each.for_types)
    target = rest[0] if rest else "aepromo"
    if module.room == FOR_ALL:
        return f"errors imports {target}; it is for all, and imports none"
    if target == FOR_ALL:
        return "pricing imports aepromo.errors" if module.room == "pricing" else ""
    if target not in FLOW:
        return f"{module.room} imports {each.module}, which is in no room"
    if target == module.room:
        return _wrong_in_room(module, each)
    if module.is_columns and not each.module.startswith(COLUMNS_MAY):
        return f"{module.room}.columns imports {each.module}; it is a leaf"
    if module.name == "aepromo.table.schema" and rest[1:2] == ["columns"]:
        return ""
    if FLOW.index(target) > module.rank and target not in module.ahead:
        return f"{module.room} imports {target}, a later room"
    is_borrowed = module.room in CAPABILITIES and target in CAPABILITIES
    if is_borrowed and target not in BORROWS.get(module.room, ()):
        return f"{module.room} imports {target}, another capability"
    return ""


def _wrong_in_room(module: Module, each: Import) -> str:
    if module.is_columns and not each.module.startswith(COLUMNS_MAY):
        return f"{module.room}.columns imports {each.module}; it is a leaf"
    named = (each.module, each.module.rpartition(".")[0])
    if any(Module(name).is_command for name in named) and not module.is_command:
        return f"{module.room} imports its own command"
    return ""


def _wrong_library(module: Module, library: str, for_types: bool) -> str:
    """Return what is wrong with importing a library; the terminal's are kept to a few rooms."""
    if library == "typer" and module.room != "cli" and not module.is_command:
        return f"{module.room} imports typer, which is for cli and commands"
    if library == "rich":
        is_shown = module.room in ("terminal", "cli") or module.is_command or module.ahead
        if module.room in ("page", "table") or not is_shown:
            return f"{module.room} imports rich, which is for terminal, cli and commands"
    if module.room == "pricing" and not for_types and library not in sys.stdlib_module_names:
        return f"pricing imports {library}, which is not of the standard library"
    return ""


def _talk(source: str) -> list[tuple[int, str]]:
    """Where a source uses streams or ends the program: line and name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "sys" and node.attr in STREAMS:
                found.append((node.lineno, f"sys.{node.attr}"))
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            named = STREAMS & {name.name for name in node.names}
            found += [(node.lineno, f"sys.{name}") for name in sorted(named)]
        elif isinstance(node, ast.Name) and node.id in TALK:
            found.append((node.lineno, node.id))
    return found


def name_of(path: Path) -> str:
    """A file's dotted name."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)


def repeated(names: list[str]) -> dict[str, list[str]]:
    """The modules and rooms whose last name is used twice."""
    lasts = [name.removesuffix(".__init__").rpartition(".")[2] for name in names]
    counts = Counter(last for last in lasts if last not in MAY_REPEAT)
    twice = sorted(last for last, count in counts.items() if count > 1)
    return {
        wanted: [name for name, last in zip(names, lasts, strict=True) if last == wanted]
        for wanted in twice
    }


# --- the package ------------------------------------------------------------------------------


def test_a_module_imports_only_from_rooms_before_its_own() -> None:
    found = {
        name_of(path): breaches(path.read_text(encoding="utf-8"), name_of(path)) for path in FILES
    }
    assert {name: breached for name, breached in found.items() if breached} == {}


def test_a_capability_borrows_exactly_what_the_table_says() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        room = Module(name_of(path)).room
        for each in imports_of(path.read_text(encoding="utf-8"), name_of(path)):
            target = each.module.split(".")[1:2]
            if room in CAPABILITIES and target and target[0] in {*CAPABILITIES} - {room}:
                found.setdefault(room, set()).add(target[0])
    assert found == BORROWS


def test_a_later_room_is_used_exactly_where_the_table_says() -> None:
    found: dict[str, set[str]] = {}
    for path in FILES:
        module = Module(name_of(path))
        for each in imports_of(path.read_text(encoding="utf-8"), module.name):
            target = each.module.split(".")[1:2]
            if module.ahead and target and target[0] in ("terminal", "cli"):
                found.setdefault(module.name.removeprefix("aepromo."), set()).add(target[0])
    assert found == AHEAD


def test_capabilities_borrow_only_from_those_before_them() -> None:
    for room, borrowed in BORROWS.items():
        assert borrowed <= {*CAPABILITIES[: CAPABILITIES.index(room)]}


def test_the_rooms_are_those_of_the_flow() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/**/*.py")}
    assert rooms == set(FLOW)
    assert {path.stem for path in PACKAGE.glob("*.py")} == set(TOP)


def test_a_name_exists_once() -> None:
    assert repeated([name_of(path) for path in FILES]) == {}


def test_no_file_is_named_utils() -> None:
    assert [path.name for path in FILES if path.stem in ("utils", "util", "helpers", "misc")] == []


def test_the_flow_is_told_to_whoever_opens_the_package_or_contributes() -> None:
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    docstring = aepromo.__doc__ or ""
    assert ROOMS in " ".join(contributing.split())
    for text in (contributing, docstring):
        assert DATA in " ".join(text.split())
    rooms = re.findall(r"^ {4}(\w+) {2,}\S", docstring, re.MULTILINE)
    ends = len(CORE), -len(FLOW[FLOW.index("terminal") :])
    assert sorted(rooms[ends[0] : ends[1]]) == sorted(CAPABILITIES)
    assert (*rooms[: ends[0]], *rooms[ends[1] :]) == (*CORE, "terminal", "cli")


# --- the check --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "planted", "said"),
    [
        (
            "pricing.money",
            "import aepromo.table.text_formats",
            "pricing imports table, a later room",
        ),
        ("pricing.money", "import numpy", "pricing imports numpy, which is not"),
        ("pricing.money", "from aepromo import errors", "pricing imports aepromo.errors"),
        ("words.__init__", "from aepromo import rules", "words imports rules"),
        ("rules.__init__", "from ..table import text", "rules imports table"),
        ("table.text_formats", "from aepromo.inputs import costs", "table imports inputs"),
        ("table.text_formats", "from ..engine.question import Question", "table imports engine"),
        ("table.text_formats", "from aepromo.watch import columns", "table imports watch"),
        ("table.text_formats", "from aepromo.terminal import palette", "table imports terminal"),
        ("inputs.costs", "import aepromo.engine.question", "inputs imports engine"),
        ("engine.frame", "from aepromo.calculators import audit", "engine imports calculators"),
        ("engine.frame", "def run():\n    from aepromo.cli import main", "engine imports cli"),
        (
            "engine.frame",
            "class A:\n    if 1:\n        import aepromo.terminal",
            "engine imports terminal",
        ),
        (
            "engine.frame",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import aepromo.cli",
            "engine imports cli",
        ),
        # columns import nothing else
        ("watch.columns", "from aepromo.table import text", "watch.columns imports aepromo.table"),
        ("watch.columns", "from aepromo.words import N_", "it is a leaf"),
        ("watch.columns", "from aepromo.watch.events import NEW", "it is a leaf"),
        ("inputs.columns", "from . import costs", "it is a leaf"),
        ("table.schema", "from aepromo.watch.events import NEW", "table imports watch"),
        # a capability is not for another but where the table says so
        ("platform.forced", "from aepromo.watch import events", "platform imports watch"),
        ("platform.forced", "from aepromo.calculators import audit", "another capability"),
        ("calculators.audit", "from aepromo.sweep import chart", "calculators imports sweep"),
        ("watch.events", "from aepromo.page import html", "another capability"),
        ("watch.command", "from aepromo.page import html", "another capability"),
        ("watch.events", "from aepromo.watch.command import watch", "its own command"),
        # the command line and the terminal are for commands
        ("watch.events", "from aepromo.cli import say", "watch imports cli"),
        ("watch.events", "from aepromo.terminal import palette", "watch imports terminal"),
        ("watch.events", "import typer", "watch imports typer"),
        ("watch.events", "from rich.text import Text", "watch imports rich"),
        ("page.command", "from rich.text import Text", "page imports rich"),
        ("terminal.palette", "import typer", "terminal imports typer, which is for cli"),
        ("terminal.palette", "from aepromo.cli import say", "terminal imports cli"),
        ("engine.frame", "from rich.table import Table", "engine imports rich"),
        ("terminal.palette", "from aepromo import Policy", "aepromo.Policy, which is in no room"),
        ("terminal.palette", "import aepromo", "terminal imports aepromo, which is in no room"),
        ("__init__", "from aepromo.cli import main", "capabilities imports cli"),
        ("__init__", "from aepromo.terminal import palette", "capabilities imports terminal"),
        ("errors", "from aepromo.pricing import money", "errors imports pricing"),
        # streams
        ("table.text_formats", "import sys\nsys.stdout.write('')", "uses sys.stdout"),
        ("table.text_formats", "from sys import stderr", "uses sys.stderr"),
        ("terminal.progress", "def f():\n    print('done')", "uses print"),
        ("calculators.audit", "raise SystemExit(1)", "uses SystemExit"),
        ("watch.events", "import sys\nsys.exit(1)", "uses sys.exit"),
    ],
)
def test_a_planted_breach_is_caught(module: str, planted: str, said: str) -> None:
    found = breaches(planted, f"aepromo.{module}")
    assert len(found) == 1
    assert said in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("pricing.fees", "from aepromo.pricing.money import up\nfrom dataclasses import dataclass"),
        ("pricing.fees", "from . import money"),
        ("pricing.money", "import typing\nif typing.TYPE_CHECKING:\n    import numpy as np"),
        ("table.text_formats", "import numpy\nfrom aepromo.errors import InputError"),
        ("table.schema", "from aepromo.watch.columns import EVENTS"),
        ("watch.columns", "from aepromo.table.column import Column, Kind"),
        ("watch.columns", "from aepromo.pricing.fees import STATUSES"),
        ("inputs.policy", "from aepromo import rules"),
        ("watch.events", "from aepromo.platform.gates import Gate"),
        ("watch.command", "import typer\nfrom aepromo.cli import say\nimport rich.text"),
        ("watch.command", "from aepromo.terminal import palette\nimport sys\nsys.stdout"),
        ("platform.forced_command", "from aepromo.cli import say"),
        ("cli.output", "import sys\nfrom rich.console import Console\nprint(sys.stdout)"),
        ("cli.output", "from aepromo.terminal import palette\nfrom aepromo.watch import events"),
        (
            "__init__",
            "from aepromo.inputs.policy import Policy\nfrom aepromo.errors import Problem",
        ),
        ("__init__", "from aepromo.platform import forced"),
        ("__main__", "from aepromo.cli import main"),
    ],
)
def test_an_import_from_a_room_before_is_let_through(module: str, source: str) -> None:
    assert breaches(source, f"aepromo.{module}") == []


def test_a_name_that_exists_twice_is_caught() -> None:
    names = ["aepromo.cli.money", "aepromo.pricing.money", "aepromo.watch.command"]
    names += ["aepromo.page.command", "aepromo.rules.__init__", "aepromo.cli.rules"]
    assert repeated(names) == {
        "money": ["aepromo.cli.money", "aepromo.pricing.money"],
        "rules": ["aepromo.rules.__init__", "aepromo.cli.rules"],
    }
