"""Workbooks as other programs write them, built part by part for tests."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def sheet(*rows: str) -> str:
    """A sheet of rows that are written as XML."""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(rows)}</sheetData></worksheet>'


def row(*cells: str | None, number: int | None = None) -> str:
    """A row: text as text, XML that starts with ``<`` unchanged, None for a missing cell.

    Without numbers, as some programs write it, unless the row's is given.
    """
    place = "" if number is None else f' r="{number}"'
    return f"<row{place}>{''.join(_cell(cell) for cell in cells)}</row>"


def _cell(cell: str | None) -> str:
    if cell is None:
        return "<c/>"
    return cell if cell.startswith("<") else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'


def number(text: str, style: int = 0) -> str:
    """A number, as the file stores it."""
    return f'<c s="{style}"><v>{text}</v></c>'


def write_book(
    path: Path,
    *sheets: str,
    hidden: tuple[int, ...] = (),
    workbook: str = "",
    **parts: str,
) -> Path:
    """Write a workbook whose sheets are called S1, S2 …; ``parts`` may be its styles and texts.

    ``workbook`` is the XML before its list of sheets.
    """
    listed = links = ""
    for index in range(1, len(sheets) + 1):
        state = ' state="hidden"' if index in hidden else ""
        listed += f'<sheet name="S{index}" sheetId="{index}" r:id="r{index}"{state}/>'
        links += _link(f"r{index}", "worksheet", f"worksheets/sheet{index}.xml")
    for name in parts:
        links += _link(name, name, f"/xl/{name}.xml")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}">{workbook}'
            f"<sheets>{listed}</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
        )
        for index, data in enumerate(sheets, 1):
            archive.writestr(f"xl/worksheets/sheet{index}.xml", data)
        for name, data in parts.items():
            archive.writestr(f"xl/{name}.xml", data)
    return path


def _link(name: str, kind: str, target: str) -> str:
    return f'<Relationship Id="{name}" Type="{LINKS}/{kind}" Target="{target}"/>'
