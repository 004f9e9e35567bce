"""Find every text of the program, and compile its translations: ``python tests/catalogue.py``.

New texts are added to the catalogue without a pair, and old ones are removed. ``test_translations``
tests that every text has its pair, and that the compiled file is up to date.
"""

from __future__ import annotations

import ast
import errno
import os
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from aepromo import cli, rules
from aepromo.check import command as check_command
from aepromo.cli import doctor, rejected_rows
from aepromo.cli import help as cli_help
from aepromo.platform.appeal_worksheet import HEADERS, MORE_HEADERS
from aepromo.table import file_kinds, toml
from aepromo.table.schema import INPUTS, RESULTS
from aepromo.words import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeGuard

ROOT = Path(__file__).parent.parent
PO = CATALOGUES / "zh" / "LC_MESSAGES" / "aepromo.po"
MO = PO.with_suffix(".mo")
TYPER_SAYS = (
    "Install completion for the current shell.",
    "Show completion for the current shell, to copy it or customize the installation.",
)
"""Typer's own texts in help."""

JSON_KEYS = (
    *("is_current", "steps", "bounds", "dead_zones", "seller_center", "remedies"),
    *("threshold", "off", "subtotal", "reason", "low", "high", "situation", "leaves"),
    *("stated_cost", "weight_steps", "step_fee", "proof", "base_price", "item_price"),
    *("share", "cap", "repeats"),
    *("rates", "crossings", "mark", "holds"),
)
"""Keys of the documents of ``explain`` and ``sweep`` that are not columns."""

SYSTEM_SAYS = tuple(
    os.strerror(number)
    for number in (
        *(errno.ENOENT, errno.EACCES, errno.EISDIR, errno.ENOTDIR, errno.ENOSPC, errno.EROFS),
        *(errno.EIO, errno.ENAMETOOLONG, errno.ELOOP, errno.EMFILE, errno.EFBIG, errno.EDQUOT),
    )
)
"""System errors of reading and writing."""

HEAD = """\
# What the program says, in Chinese. `python tests/catalogue.py` finds new texts and compiles it.
msgid ""
msgstr ""
"Language: zh\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""


def found() -> Catalog:
    """Every text, without pairs: those in code and templates, and those that are data."""
    catalogue = Catalog("zh")
    for _, _, text, _, _ in extract_from_dir(ROOT / "aepromo", [("**.j2", "jinja2")]):
        catalogue.add(text)
    for text in (*code_texts(), *cli.PANELS):
        catalogue.add(text)
    columns = [*INPUTS.values(), *RESULTS.values()]
    said = (text for rule in rules.book() for text in (rule.meaning, rule.origin))
    for text in (*(column.meaning for column in columns), *said):
        catalogue.add(text)
    labels = [label for column in columns for label in column.labels]
    labels += ["survive", "step", "base", "rate", "rounding", "change", "left"]
    labels += JSON_KEYS
    for label in (*labels, *rules.Rule._fields, *doctor.COLUMNS, *check_command.COLUMNS):
        catalogue.add(label.replace("_", " "), context="label")
    catalogue.add("open", context="label of state")  # an event, where other labels are of gates
    catalogue.add("new", context="label of action")  # a price, where an event is news
    for text in (*HEADERS, *MORE_HEADERS):
        catalogue.add(text, context="worksheet")
    for text in cli_help.METAVARS:
        catalogue.add(text, context="label of metavar")
    for text in rejected_rows.HEADERS:
        catalogue.add(text, context="rejects")
    for rule in rules.book():
        if rule.column and rule.column not in INPUTS and rule.column not in RESULTS:
            catalogue.add(rule.column.replace("_", " "))
    for text in (*file_kinds.REFUSED.values(), *toml.REASONS.values(), *TYPER_SAYS, *SYSTEM_SAYS):
        catalogue.add(text)
    return catalogue


def code_texts() -> Iterator[str | tuple[str, ...]]:
    """The texts that code looks up, and those of options, which are looked up in help."""
    for path in (ROOT / "aepromo").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                said = [each.value for each in node.keywords if each.arg == "help"]
                called = node.func.id if isinstance(node.func, ast.Name) else ""
                if called in ("_", "N_", "file_of"):
                    said += node.args
                yield from (str(each.value) for each in said if _is_text(each))
                if called == "ngettext":
                    yield tuple(str(each.value) for each in node.args[:2] if _is_text(each))
            elif isinstance(node, ast.Assign) and _is_text(node.value):
                names = [each.id for each in node.targets if isinstance(each, ast.Name)]
                if any(name.endswith("PANEL") for name in names):
                    yield str(node.value.value)


def _is_text(node: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def kept() -> Catalog:
    """The current catalogue with its pairs."""
    with PO.open("rb") as stream:
        return read_po(stream, locale="zh")


def paired(message: Message) -> bool:
    """Whether a text has its pair, in every form."""
    strings = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(strings)


def compiled(catalogue: Catalog) -> bytes:
    """Compile the file that the program reads, to the same bytes at any time."""
    catalogue.creation_date = catalogue.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def update() -> None:
    """Bring the catalogue up to date with the code, and compile it."""
    catalogue = kept()
    catalogue.update(found(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    out = BytesIO()
    write_po(out, catalogue, width=100, no_location=True, sort_output=True, omit_header=True)
    PO.write_text(f"{HEAD}\n{out.getvalue().decode()}", encoding="utf-8")
    MO.write_bytes(compiled(kept()))
    lacking = [message.id for message in catalogue if message.id and not paired(message)]
    print(f"{len(catalogue)} texts, {len(lacking)} without a pair")
    for text in lacking:
        print(f"  {text}")


if __name__ == "__main__":
    update()
