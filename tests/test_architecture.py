"""The folder listing is the architecture, and imports hold to it.

Packages stand in the order in which data is understood: each imports only itself and those before
it. The check reads the source, so an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "aepromo"
FLOW = ("pricing", "words", "rules", "tables", "reports", "show", "cli")
FOR_ALL = ("errors",)
# What stands in no package: the functions on frames, and the program itself.
TOP = {"__init__": "reports", "__main__": "cli"}
# Who may import what is not ours and brings a terminal along.
KEPT_TO = {"typer": ("cli",), "rich": ("show", "cli")}
STREAMS = {"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__", "exit"}
TALK = {"print", "input", "exit", "quit", "SystemExit"}
LONGEST_FILE = 320
FILES = sorted(PACKAGE.rglob("*.py"))


@dataclass(frozen=True, slots=True)
class Import:
    """A module that a file imports, on which line, and whether only for the type checker."""

    module: str
    line: int
    for_types: bool


def imports_of(source: str, module: str) -> list[Import]:
    """Every import in a module's source, wherever it stands."""
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


def breaches(source: str, module: str) -> list[str]:
    """What in a module's source goes against the flow, one line each.

    ``module`` is its dotted name, ``aepromo.table.text``.
    """
    home = module.split(".")[1]
    own = TOP.get(home, home)
    found = []
    for each in imports_of(source, module):
        wrong = _wrong_import(own, home, each)
        if wrong:
            found.append(f"{module}:{each.line}: {wrong}")
    if own != "cli":
        found += [f"{module}:{line}: uses {name}" for line, name in _talk(source)]
    return found


def _wrong_import(own: str, home: str, each: Import) -> str:
    first, *rest = each.module.split(".")
    if first != "aepromo":
        if first in KEPT_TO and own not in KEPT_TO[first]:
            return f"{own} imports {first}, which is for {' and '.join(KEPT_TO[first])}"
        if own == "pricing" and not each.for_types and first not in sys.stdlib_module_names:
            return f"pricing imports {first}, which is not of the standard library"
        return ""
    target = rest[0] if rest else "aepromo"
    if target in FOR_ALL and own != "pricing":
        return ""
    if home in FOR_ALL:
        return f"errors imports {target}; it is for all, and needs none"
    if target not in FLOW:
        return f"{own} imports {each.module}, which is in no package"
    if FLOW.index(target) > FLOW.index(own):
        return f"{own} imports {target}, a later stage"
    return ""


def _talk(source: str) -> list[tuple[int, str]]:
    """Where a source speaks to streams or ends the program: line and name."""
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


def module_of(path: Path) -> str:
    """A file's dotted name."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_file_keeps_to_the_flow(path: Path) -> None:
    assert breaches(path.read_text(encoding="utf-8"), module_of(path)) == []


@pytest.mark.parametrize(
    ("module", "planted", "said"),
    [
        ("pricing.money", "import aepromo.table.text", "pricing imports tables, a later stage"),
        ("pricing.money", "import numpy", "pricing imports numpy, which is not"),
        ("pricing.money", "from aepromo import errors", "pricing imports aepromo.errors"),
        ("tables.text", "from aepromo.reports import report", "tables imports reports"),
        ("tables.text", "from aepromo import reports", "tables imports reports"),
        ("tables.text", "from ..reports.policy import Policy", "tables imports reports"),
        ("words.__init__", "from aepromo import rules", "words imports rules"),
        ("rules.__init__", "from ..tables import text", "rules imports tables"),
        ("reports.frame", "def run():\n    from aepromo.cli import main", "reports imports cli"),
        (
            "reports.frame",
            "class A:\n    if 1:\n        import aepromo.show",
            "reports imports show",
        ),
        (
            "reports.frame",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import aepromo.cli",
            "reports imports cli",
        ),
        ("show.table", "import typer", "show imports typer, which is for cli"),
        ("reports.frame", "from rich.table import Table", "reports imports rich"),
        ("show.table", "from aepromo import Policy", "show imports aepromo.Policy, which is in no"),
        ("show.table", "import aepromo", "show imports aepromo, which is in no package"),
        ("__init__", "from aepromo.cli import main", "reports imports cli"),
        ("errors", "from aepromo.pricing import money", "errors imports pricing"),
        ("tables.text", "import sys\nsys.stdout.write('')", "uses sys.stdout"),
        ("tables.text", "from sys import stderr", "uses sys.stderr"),
        ("show.table", "def f():\n    print('done')", "uses print"),
        ("reports.audit", "raise SystemExit(1)", "uses SystemExit"),
        ("reports.audit", "import sys\nsys.exit(1)", "uses sys.exit"),
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
        ("tables.text", "import numpy\nfrom aepromo.errors import InputError"),
        ("reports.policy", "from aepromo import rules"),
        ("cli.output", "import sys\nfrom rich.console import Console\nprint(sys.stdout)"),
        (
            "__init__",
            "from aepromo.inputs.policy import Policy\nfrom aepromo.errors import Problem",
        ),
        ("__main__", "from aepromo.cli import main"),
    ],
)
def test_what_goes_with_the_flow_is_let_through(module: str, source: str) -> None:
    assert breaches(source, f"aepromo.{module}") == []


def test_every_package_has_its_place_in_the_flow() -> None:
    packages = {path.parent.relative_to(PACKAGE).parts[0] for path in PACKAGE.glob("*/**/*.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")}
    assert packages == set(FLOW)
    assert modules == {*TOP, *FOR_ALL}
    assert " → ".join(FLOW) in (ROOT / "README.md").read_text(encoding="utf-8")


def test_files_can_be_held_in_the_head() -> None:
    lengths = {module_of(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 20
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_file_is_named_for_nothing() -> None:
    assert [path.name for path in FILES if path.stem in ("utils", "util", "helpers", "misc")] == []
