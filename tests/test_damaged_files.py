"""Damaged files of every kind: still read, or refused in one line.

``python -m tests.search files`` searches for others for a given time.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import books
import pytest
from fuzz.files import FORMS, failure, problem_with

from aepromo.errors import InputError
from aepromo.table.workbook_reader import open_workbook

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("first", range(0, 600, 100))
def test_damage_is_refused_in_one_line(first: int) -> None:
    assert [said for number in range(first, first + 100) if (said := failure(0, number))] == []


def test_a_sheet_without_a_link_to_its_part_is_damage(tmp_path: Path) -> None:
    book = books.write_book(tmp_path / "b.xlsx", books.sheet(books.row("sku", "purchase_price")))
    changed = io.BytesIO()
    with zipfile.ZipFile(book) as parts, zipfile.ZipFile(changed, "w") as archive:
        for name in parts.namelist():
            archive.writestr(name, parts.read(name).replace(b' r:id="r1"', b' id="r1"'))
    with pytest.raises(InputError, match=r"^b\.xlsx: the workbook is damaged"):
        open_workbook(changed, "b.xlsx")


def test_another_ending_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_data: bytes) -> None:
        raise StopIteration

    for form, (draw, _read) in list(FORMS.items()):
        monkeypatch.setitem(FORMS, form, (draw, fail))
        assert problem_with(form, b"").startswith("StopIteration")
