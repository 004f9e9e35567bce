"""The page of ``report`` in a real browser: it fits, sorts, filters, and runs only its script.

Without Chromium these tests are skipped; tests without a browser are in ``test_page``. To see the
page, set ``AEPROMO_PICTURES`` to a folder for pictures.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser import CHROMIUM, Tab, browser
from test_page import HOSTILE, NOW, SHOWN, SKUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Run

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium to show pages with")

LONG = "an-id-without-any-place-to-break-it-" * 6


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with browser(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page") / "report.html"
    assert run("report", SKUS, "--quiet", *NOW, "-o", made).code == 0
    return made


@pytest.fixture(scope="module")
def hostile(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with names that would run as code, and names that are hard to fit."""
    folder = tmp_path_factory.mktemp("hostile")
    with (folder / "skus.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(
            ("sku", "category", "purchase_price", "logistics_cost", "list_price", "units_30d")
        )
        rows.writerows(
            (name, name, 8_000_000, 3, 9_000_000 + place, 10**7)
            for place, name in enumerate((*HOSTILE, LONG, "中文商品编码" * 20))
        )
    assert run("report", folder / "skus.csv", "-q", "-o", folder / "report.html").code == 0
    return folder / "report.html"


def column(tab: Tab, number: int) -> list[str]:
    """The visible cells of a column of the table of SKUs, from the top."""
    rows = "[...document.querySelectorAll('#risks tbody tr')].filter((row) => row.offsetHeight)"
    found: list[str] = tab.value(f"{rows}.map((row) => row.cells[{number}].textContent)")
    return found


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_nothing_is_wider_than_the_screen(
    tab: Tab, page: Path, hostile: Path, width: int, scheme: str
) -> None:
    for shown in (page, hostile):
        tab.open(shown, width, scheme)
        assert tab.value("document.documentElement.scrollWidth") == width
        boxes = "[...document.querySelectorAll('h1, p, section, .box, .cards td, text')]"
        wide = f"(box) => box.getBoundingClientRect().right > {width}"
        assert tab.value(f"{boxes}.filter({wide}).map((box) => box.textContent)") == []
        if folder := os.environ.get("AEPROMO_PICTURES"):
            name = f"{shown.parent.name}-{width}-{scheme}.png"
            (Path(folder) / name).write_bytes(tab.picture())


def test_the_page_follows_the_light_or_dark_setting(tab: Tab, page: Path) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    for scheme, media, colour in (
        ("light", "screen", "rgb(255, 255, 255)"),
        ("dark", "screen", "rgb(20, 23, 27)"),
        ("dark", "print", "rgb(255, 255, 255)"),
    ):
        tab.open(page, 1280, scheme, media)
        assert tab.value(paper) == colour


def test_the_charts_are_drawn_and_their_text_can_be_selected(tab: Tab, page: Path) -> None:
    for width in (360, 1280):
        tab.open(page, width)
        boxes = tab.value(
            "[...document.querySelectorAll('svg[role=img]')].map((svg) =>"
            " [...svg.querySelectorAll('rect')].map((bar) => bar.getBoundingClientRect().width))"
        )
        assert len(boxes[0]) == 4
        # In the bar of statuses 43 of 72 SKUs are ok.
        assert boxes[0][0] == pytest.approx(sum(boxes[0]) * 43 / 72, abs=0.1)
        tab.value("getSelection().selectAllChildren(document.querySelector('#margins + ul + svg'))")
        assert "0 to 10%" in tab.value("getSelection().toString()")
        sizes = (
            "[...document.querySelectorAll('svg text')].map((t) => getComputedStyle(t).fontSize)"
        )
        assert set(tab.value(sizes)) == {"12px"}


@pytest.mark.parametrize("width", [360, 1280])
def test_a_heading_sorts_by_mouse_and_by_key_and_numbers_sort_as_numbers(
    tab: Tab, page: Path, width: int
) -> None:
    tab.open(page, width)
    first = column(tab, 0)
    profits = [float(cell) for cell in column(tab, 3)]
    assert profits != sorted(profits)
    heading = "document.querySelectorAll('#risks thead th')[3]"
    assert tab.value(f"{heading}.hasAttribute('aria-sort')") is False
    tab.value(f"{heading}.querySelector('button').click()")
    assert tab.value(f"{heading}.getAttribute('aria-sort')") == "ascending"
    assert [float(cell) for cell in column(tab, 3)] == sorted(profits)
    tab.value(f"{heading}.querySelector('button').focus()")
    tab.press("Enter")
    assert tab.value(f"{heading}.getAttribute('aria-sort')") == "descending"
    assert [float(cell) for cell in column(tab, 3)] == sorted(profits, reverse=True)
    tab.press("Tab")
    tab.press("Enter")
    assert tab.value(f"{heading}.hasAttribute('aria-sort')") is False
    margins = [float(cell.rstrip("%")) for cell in column(tab, 4)]
    assert margins == sorted(margins)
    assert sorted(column(tab, 0)) == sorted(first)


def test_an_amount_too_long_for_a_float_sorts_and_a_blank_comes_last(
    tab: Tab, run: Run, tmp_path: Path
) -> None:
    # At stake: 10^7 units of nearly 10^9 cents each, a cent apart.
    costs = "sku,purchase_price,logistics_cost,list_price,units_30d\n"
    costs += "A,8000000,0,9999999.99,99999999\nB,8000000,0,9999999.99,99999998\n"
    costs += "C,8000000,0,9999999.99,\nD,8000000,0,9999999.99,99999997\nE,8,3,9,1\n"
    (tmp_path / "costs.csv").write_text(costs)
    made = tmp_path / "report.html"
    assert run("report", tmp_path / "costs.csv", "-q", "--rate", "90%", "-o", made).code == 0
    tab.open(made, 1280)
    button = "document.querySelectorAll('#risks thead button')[7]"
    assert tab.value(f"{button}.textContent") == "at stake in 30 days"
    tab.value(f"{button}.click()")
    assert column(tab, 0) == ["A", "B", "D", "E", "C"]
    tab.value(f"{button}.click()")
    assert column(tab, 0) == ["E", "D", "B", "A", "C"]


def test_the_filter_finds_words_and_a_status(tab: Tab, page: Path) -> None:
    tab.open(page, 1280)
    find = "const find = document.getElementById('find'); find.focus(); find.select()"
    count = "document.getElementById('found').textContent"
    assert tab.value(count) == "29 / 29"
    tab.value(f"(() => {{ {find} }})()")
    tab.tell("Input.insertText", text="APPAREL ap-21")
    assert column(tab, 0) == ["AP-2118", "AP-2144", "AP-2130", "AP-2159"]
    assert tab.value(count) == "4 / 29"
    choose = "status.value = '2'; status.dispatchEvent(new Event('input', { bubbles: true }))"
    tab.value(f"(() => {{ const status = document.getElementById('status'); {choose} }})()")
    assert column(tab, 0) == ["AP-2118", "AP-2144"]
    tab.press("Enter")
    assert tab.requests() == [page.as_uri()]
    tab.value(f"(() => {{ {find} }})()")
    tab.tell("Input.insertText", text="no such thing")
    assert (column(tab, 0), tab.value(count)) == ([], "0 / 29")


def test_the_page_is_complete_without_its_script(tab: Tab, page: Path) -> None:
    for width in (360, 1280):
        tab.open(page, width, script=False)
        document = tab.tell("DOM.getDocument", depth=0)["root"]["nodeId"]
        shown = tab.tell("DOM.querySelectorAll", nodeId=document, selector="#risks tbody tr")
        assert len(shown["nodeIds"]) == 29
        for selector in (".filter", "thead button"):
            found = tab.tell("DOM.querySelectorAll", nodeId=document, selector=selector)["nodeIds"]
            for node in found:
                styles = tab.tell("DOM.getAttributes", nodeId=node)["attributes"]
                assert "hidden" in styles
    tab.tell("Emulation.setScriptExecutionDisabled", value=False)


def test_no_cell_runs_a_script_or_loads_anything(tab: Tab, hostile: Path, page: Path) -> None:
    for shown in (hostile, page):
        tab.open(shown, 1280, "dark")
        assert tab.value("document.scripts.length") == 1
        assert tab.value("document.images.length") == 0
        assert tab.requests() == [shown.as_uri()]
        told = {event["method"] for event in tab.events}
        assert "Page.javascriptDialogOpening" not in told
        assert "Runtime.exceptionThrown" not in told
        assert [event for event in tab.events if event["method"] == "Log.entryAdded"] == []
    tab.open(hostile, 1280)
    assert set(SHOWN) <= set(column(tab, 0))


def test_the_page_refuses_a_script_and_a_picture_that_others_put_in(
    tab: Tab, page: Path, tmp_path: Path
) -> None:
    added = "<script>document.title = 'run'</script><img src='https://example.org/x.png'></main>"
    tampered = tmp_path / "tampered.html"
    tampered.write_text(page.read_text("utf-8").replace("</main>", added), "utf-8")
    tab.open(tampered, 1280)
    assert tab.value("document.title") == "skus.csv – price report"
    blocked = [event for event in tab.events if event["method"] == "Log.entryAdded"]
    assert len(blocked) == 2
    assert all("Content Security Policy" in e["params"]["entry"]["text"] for e in blocked)
