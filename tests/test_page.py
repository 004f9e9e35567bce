"""The page of ``report``: its figures are those of the other commands, and it is safe.

Tests with a real browser are in ``test_page_in_browser``.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from processes import PACKAGE, ROOT

from aepromo import Policy
from aepromo.engine.answer import find_columns, run
from aepromo.engine.frame import FrameCells
from aepromo.inputs.values import resolved
from aepromo.page import bars
from aepromo.page import overview as looked_over
from aepromo.page.html import FOR_EVERY_SKU, LISTS, NAMES
from aepromo.pricing.fees import STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conftest import Run


SKUS = ROOT / "examples" / "quick-start" / "skus.csv"
NOW = ("--now", "2026-03-10T09:00+08:00")
VOID = {"meta", "input", "br"}


@dataclass
class Element:
    """An element of a page: its attributes, and all text in it."""

    name: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    own_text: str = ""
    text: str = ""

    def all(self, name: str, **attributes: str) -> list[Element]:
        """Every inner element with a name, in order; an attribute must contain the given word."""
        found = [self] if self.name == name and self._has(attributes) else []
        return [
            *found,
            *(each for child in self.children for each in child.all(name, **attributes)),
        ]

    def _has(self, wanted: dict[str, str]) -> bool:
        had = {key: (self.attributes.get(key.rstrip("_")) or "").split() for key in wanted}
        return all(value in had[key] for key, value in wanted.items())


class Parsed(HTMLParser):
    """A page as a tree; wrong nesting is an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]
        self.feed(page)
        self.close()
        assert self._open == [self.root], [each.name for each in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(self._open[-1].children[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), (tag, attrs)
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].own_text += data
        for element in self._open:
            element.text += data


def parsed(page: bytes | str) -> Element:
    return Parsed(page if isinstance(page, str) else page.decode()).root


def texts(elements: Sequence[Element]) -> list[str]:
    return [" ".join(element.text.split()) for element in elements]


def cells(table: Element) -> list[list[str]]:
    """The rows of a table's body."""
    body = table.all("tbody")[0]
    return [
        texts([each for each in row.children if each.name in ("th", "td")])
        for row in body.all("tr")
    ]


def risks(page: Element) -> list[dict[str, str]]:
    """The table of SKUs at risk, by heading."""
    table = page.all("table", id="risks")[0]
    headings = texts(table.all("thead")[0].all("th"))
    return [dict(zip(headings, row, strict=True)) for row in cells(table)]


@pytest.fixture(scope="module")
def html(run: Run) -> bytes:
    made = run("report", SKUS, "--quiet", *NOW)
    assert (made.code, made.err) == (0, "")
    return made.out


@pytest.fixture(scope="module")
def page(html: bytes) -> Element:
    return parsed(html)


def answers(run: Run, command: str, *options: str) -> list[dict[str, Any]]:
    """Run another command on the same file; return its rows, amounts as text."""
    asked = run(command, SKUS, "--quiet", "--format", "json", *options)
    answered: list[dict[str, Any]] = json.loads(asked.out, parse_float=str, parse_int=str)
    return answered


def shown_percent(ratio: str) -> str:
    return f"{int(ratio.replace('.', '')) / 100:.2f}%"


def test_the_skus_at_risk_are_those_of_the_audit(page: Element, run: Run) -> None:
    audited = [row for row in answers(run, "audit", "--fail-on", "never") if row["status"] != "ok"]
    audited.sort(key=lambda row: (-STATUSES.index(row["status"]), float(row["profit"])))
    assert len(audited) > 20
    found = [(row["SKU"], row["status"], row["profit"], row["margin"]) for row in risks(page)]
    assert found == [
        (row["sku"], row["status"].replace("_", " "), row["profit"], shown_percent(row["margin"]))
        for row in audited
    ]


def test_each_sku_at_risk_has_the_action_and_price_of_reprice(page: Element, run: Run) -> None:
    proposed = {
        row["sku"]: (row["action"], row["new_list_price"]) for row in answers(run, "reprice")
    }
    found = {row["SKU"]: (row["action"], row["new list price"]) for row in risks(page)}
    assert found == {sku: proposed[sku] for sku in found}


def test_each_risk_has_its_reason(page: Element) -> None:
    why = {row["SKU"]: row["why"] for row in risks(page)}
    assert why["AP-2118"] == (
        "forced at up to 20%: deal 13.59 under required 16.04 (target profit), short by 2.45; "
        "a unit loses 1.41"
    )
    assert why["CE-4052"] == (
        "forced at up to 20%: deal 62.39 under the floor 67.74 and required 68.91 (target profit), "
        "short by 6.52; a unit loses 5.33"
    )
    assert why["CE-4036"] == (
        "forced at up to 20%: deal 59.19 under required 59.80 (floor price), short by 0.61"
    )


def test_a_loss_above_a_target_price_and_one_that_is_not_forced_have_a_reason(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "two.csv"
    file.write_text(
        "sku,purchase_price,logistics_cost,list_price,target_price\nA,5,20,20,10\nB,5,2,30,29\n"
    )
    offers = ("--rate", "1%", "--coupon", "20:10", "--commission", "0%", "--payment", "0%")
    why = {row["SKU"]: row["why"] for row in risks(parsed(run("report", file, *offers).out))}
    assert why == {
        "A": "not forced: a unit loses 15.00",
        "B": "not forced: deal 20.00 under required 29.00 (target price), short by 9.00",
    }


def test_the_summary_counts_as_the_audit_does(page: Element, run: Run) -> None:
    statuses = [row["status"] for row in answers(run, "audit", "--fail-on", "never")]
    counted = [f"{statuses.count(status)} {status.replace('_', ' ')}" for status in STATUSES]
    assert texts(page.all("ul", class_="legend")[0].all("li")) == counted
    lost = sum(status in ("loss", "below_floor") for status in statuses)
    actions = [row["action"] for row in answers(run, "reprice")]
    assert texts(page.all("p", class_="verdict")) == [
        f"{actions.count('raise')} of {len(actions)} list prices must rise. "
        f"{lost} of {len(statuses)} SKUs lose money or fall under the floor in the worst case."
    ]


def test_as_many_survive_each_rate_as_sweep_says(page: Element, run: Run) -> None:
    columns = _titled(_chart(page, "rates-title"))
    swept = answers(run, "sweep", "--to", "40%", "--step", "1%")
    assert len(swept) == len(columns) == 41
    for row, (title, _) in zip(swept, columns, strict=True):
        parts = [
            f"{row[status]} {status.replace('_', ' ')}" for status in STATUSES if row[status] != "0"
        ]
        assert title == f"{int(float(row['forced_rate']) * 100 + 0.5)}%: {', '.join(parts)}"
    shown = [text.text for text in _chart(page, "rates-title").all("text", class_="count")]
    assert shown == [row["survive"] for row in swept[::10]]


@pytest.mark.parametrize(("bar", "rate"), [(0, "0%"), (1, "20%")])
def test_margins_are_counted_as_margin_gives_them(
    page: Element, run: Run, bar: int, rate: str
) -> None:
    margins = [float(row["margin"]) * 100 for row in answers(run, "margin", "--rate", rate)]
    chart = _chart(page, "margins-title")
    labels = [text.text for text in chart.all("text", class_="label")]
    assert len(labels) > 5
    for label, row in zip(labels, chart.all("svg")[1:], strict=True):
        low, high = map(int, re.findall(r"-?\d+", label))
        expected = sum(low <= margin < high for margin in margins)
        assert _counted(row, bar) == expected
    assert sum(_counted(row, bar) for row in chart.all("svg")[1:]) == len(margins)


def _counted(row: Element, bar: int) -> int:
    """The number next to one of a row's bars; an empty bar has no number."""
    beside = [text for text in row.all("text") if text.attributes["y"] == ("10", "22")[bar]]
    return sum(int(text.text) for text in beside)


def test_the_money_at_stake_is_the_loss_of_a_month(page: Element, run: Run) -> None:
    by_category: dict[str, int] = {}
    for row in answers(run, "breakeven", "--rate", "20%"):
        lost = _cents(row["profit_before"]) - _cents(row["profit_forced"])
        stake = max(lost, 0) * int(row["units_30d"])
        by_category[row["category"]] = by_category.get(row["category"], 0) + stake
    rows = cells(page.all("table", class_="stakes")[0])
    assert {row[0]: _cents(row[3].replace(",", "")) for row in rows} == by_category
    assert [_cents(row[3].replace(",", "")) for row in rows] == sorted(by_category.values())[::-1]
    foot = texts(page.all("tfoot")[0].all("td"))
    assert _cents(foot[2].replace(",", "")) == sum(by_category.values())


def _cents(amount: str) -> int:
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(2, "0"))


def _chart(page: Element, title: str) -> Element:
    return next(svg for svg in page.all("svg") if svg.all("title", id=title))


def _titled(chart: Element) -> list[tuple[str, list[Element]]]:
    return [(group.all("title")[0].text, group.all("rect")) for group in chart.all("g")]


def _places(rect: Element, start: str, length: str) -> tuple[float, float]:
    ends = (rect.attributes[name] or "" for name in (start, length))
    first, second = (float(end.rstrip("%")) for end in ends)
    return first, second


def test_the_parts_of_a_bar_fill_it_end_to_end(page: Element) -> None:
    columns = [("y", "height", parts[::-1]) for _, parts in _titled(_chart(page, "rates-title"))]
    for start, length, parts in [("x", "width", _chart(page, "bar-title").all("rect")), *columns]:
        reached = 0.0
        for part in parts:
            place, long = _places(part, start, length)
            assert place == pytest.approx(reached, abs=1e-9)
            assert long > 0
            reached += long
        assert reached == pytest.approx(100, abs=1e-9)


def test_bars_are_as_long_as_their_numbers(page: Element) -> None:
    chart = _chart(page, "margins-title")
    numbers = [_counted(row, bar) for row in chart.all("svg")[1:] for bar in (0, 1)]
    lengths = [_places(rect, "x", "width")[1] for rect in chart.all("rect")]
    assert len(numbers) == len(lengths)
    for number, length in zip(numbers, lengths, strict=True):
        assert length == pytest.approx(100 * number / max(numbers), abs=1e-4)


def test_every_chart_has_a_title_and_says_in_words_what_it_shows(page: Element) -> None:
    drawn = [svg for svg in page.all("svg") if svg.attributes.get("role") == "img"]
    assert len(drawn) == 3
    for svg in drawn:
        title, described = (svg.attributes["aria-labelledby"] or "").split()
        assert svg.all("title", id=title)[0].text
        assert re.search(r"\d", svg.all("desc", id=described)[0].text)


def test_headings_and_captions_work_for_screen_readers(page: Element) -> None:
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) == 6
    assert all(table.all("caption") for table in page.all("table"))
    ids = [element.attributes["id"] for element in _everything(page) if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in _everything(page):
        for name in (element.attributes.get("aria-labelledby") or "").split():
            assert name in ids
        if element.name == "a":
            assert (element.attributes["href"] or "").removeprefix("#") in ids


def _everything(element: Element) -> list[Element]:
    return [element, *(each for child in element.children for each in _everything(child))]


def test_the_page_loads_nothing_and_runs_only_its_own(html: bytes, page: Element) -> None:
    assert html.count(b"://") == 0
    for element in _everything(page):
        assert element.name not in {
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "image",
            "use",
        }
        assert not {"src", "style", "srcset"} & element.attributes.keys()
        assert not [name for name in element.attributes if name.startswith("on")]
    policy = [each for each in page.all("meta") if "http-equiv" in each.attributes]
    rules = (policy[0].attributes["content"] or "").split("; ")
    assert rules[0] == "default-src 'none'"
    for kind, name in (("style", "style"), ("script", "script")):
        (element,) = page.all(name)
        digest = base64.b64encode(hashlib.sha256(element.own_text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in rules


HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &amp; ]]>",
    "javascript:alert(1)//https://example.org",
    "\u202eevil\u202c 货号 0012",
)
SHOWN = (*HOSTILE[:-1], "<U+202E>evil<U+202C> 货号 0012")
"""The same names on a page: marks that change the direction of text are escaped."""


def test_the_content_of_cells_is_shown_and_never_run(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "a&b<c>'\".csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(("sku", "category", "purchase_price", "logistics_cost", "list_price"))
        rows.writerows((name, name, 8, 3, 9 + place) for place, name in enumerate(HOSTILE))
    page = parsed(run("report", file, "--quiet").out)
    assert [row["SKU"] for row in risks(page)] == list(SHOWN)
    assert {row["category"] for row in risks(page)} == set(SHOWN)
    assert {row[0] for row in cells(page.all("table", class_="stakes")[0])} == set(SHOWN)
    assert texts(page.all("h1")) == [file.name]
    test_the_page_loads_nothing_and_runs_only_its_own(b"", page)


def test_control_characters_are_spelled_out(run: Run) -> None:
    table = 'sku,purchase_price,logistics_cost,list_price\n"a\x1b[31m\tb",8,3,9\n'
    page = parsed(run("report", "-", "--quiet", stdin=table.encode()).out)
    assert [row["SKU"] for row in risks(page)] == ["a\\x1b[31m\\tb"]


def test_the_same_file_at_the_same_moment_makes_the_same_bytes(run: Run, html: bytes) -> None:
    assert run("report", "-", "--quiet", *NOW, stdin=SKUS.read_bytes()).out == html.replace(
        b"skus.csv", b"standard input"
    )
    assert b"made 2026-03-10 09:00+08:00 by aepromo" in html


def test_without_now_the_page_shows_the_current_time(run: Run) -> None:
    made = run("report", SKUS, "--quiet").out.decode()
    assert re.search(r"made 20\d\d-\d\d-\d\d \d\d:\d\d[+-]\d\d:\d\d by aepromo", made)


def test_rows_beyond_the_limit_are_counted(run: Run) -> None:
    page = parsed(run("report", SKUS, "--quiet", "--limit", "5").out)
    assert len(risks(page)) == 5
    assert texts(page.all("table", id="risks")[0].all("caption")) == [
        "29 of 72 SKUs, the worst first; 5 are shown, 24 are not"
    ]


def test_assumptions_carry_their_key_origin_and_date(page: Element) -> None:
    rests = {row[0]: row for row in cells(page.all("table")[-1])}
    assert list(rests) == [
        *("fees.commission_rate", "fees.payment_rate", "forced.rate", "appeal.min_profit"),
        "floor.multiple",
    ]
    assert rests["forced.rate"][1:4] == [
        "10%..20%",
        "rule book: AliExpress merchant training courseware V3.4 "
        "(AliExpress官方商家培训课件V3.4), cited for the whole paragraph",
        "2024-03",
    ]


def test_given_and_overridden_values_are_marked(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "shop.toml"
    config.write_text(
        'commission_rate = "6%"\nspend_save = ["30:3"]\ncoupon = ["5"]\n'
        '[rules]\nfloor.multiple = "1.2"\n'
    )
    page = parsed(run("report", SKUS, "-q", "--config", config, "--rate", "12%").out)
    rows = cells(page.all("table")[-1])
    rests = {row[0]: row[1:4] for row in rows}
    assert all(row[-1] for row in rows), "each says what it means"
    assert rests["forced rate"] == ["12%", "the call", "–"]
    assert rests["commission rate"] == ["6%", "shop.toml", "–"]
    assert rests["Spend & Save"] == ["30:3", "shop.toml", "–"]
    assert rests["floor.multiple"] == ["1.2", "shop.toml; the rule book says 1.15", "–"]
    assert rests["coupon.exclude_forced_default"][0] == "on"
    assert "forced.rate" not in rests


def test_every_value_that_may_be_given_is_explained() -> None:
    everything = {*LISTS, *NAMES, "coupon_stacks", "basket", "tariff", "rates"}
    assert everything == set(FOR_EVERY_SKU)


def test_a_proposed_price_goes_before_the_old_one(run: Run, tmp_path: Path) -> None:
    priced = tmp_path / "priced.csv"
    run("reprice", SKUS, "--quiet", "-o", priced)
    page = parsed(run("report", priced, "--quiet").out)
    assert texts(page.all("p", class_="verdict")) == [
        "All 72 SKUs reach their target in the worst case."
    ]
    assert "It checks the new list price." in page.text
    assert not page.all("table", id="risks")
    old = parsed(run("report", priced, "--quiet", "--map", "list_price=list_price").out)
    assert len(risks(old)) == 29


def test_without_units_and_categories_the_page_says_what_it_counts(run: Run) -> None:
    table = b"purchase_price,logistics_cost,list_price\n8,3,20\n8,3,10\n"
    page = parsed(run("report", "-", "--quiet", "--rate", "10%", stdin=table).out)
    assert "The file has no category" in page.text
    assert "at stake with a unit of each SKU" in page.text
    # Of 2.00 and 1.00 off, 0.18 and 0.09 would have gone to the platform.
    assert texts(page.all("dl")[0].all("dd"))[0] == "2.73"
    assert [row["SKU"] for row in risks(page)] == ["8"]


def test_skus_without_units_are_counted(run: Run) -> None:
    table = "sku,类目,采购价,运费,标价,30天销量\nA,甲,8,3,20,10\nB,甲,8,3,20,\nC,,8,3,20,1\n"
    page = parsed(run("report", "-", "--quiet", "--rate", "10%", stdin=table.encode()).out)
    rows = cells(page.all("table", class_="stakes")[0])
    assert rows == [
        ["甲", "2", "0", "18.20 unknown for 1", ""],
        ["no category", "1", "0", "1.82", ""],
    ]
    assert "unknown for 1" in page.text


def test_many_categories_are_summed_up(run: Run) -> None:
    rows = "".join(f"{n},c{n},8,3,{100 + n},1\n" for n in range(40))
    table = f"sku,category,purchase_price,logistics_cost,list_price,units_30d\n{rows}"
    page = parsed(run("report", "-", "--quiet", "--rate", "10%", stdin=table.encode()).out)
    found = cells(page.all("table", class_="stakes")[0])
    assert len(found) == 16
    assert found[-1][:2] == ["25 other categories", "25"]
    total = texts(page.all("tfoot")[0].all("td"))[2].replace(",", "")
    assert sum(_cents(row[3]) for row in found) == _cents(total)


def test_a_chinese_page_is_chinese(run: Run, html: bytes) -> None:
    made = run("report", SKUS, "--quiet", "--lang", "zh", *NOW)
    assert made.code == 0
    page = parsed(made.out)
    assert page.all("html")[0].attributes["lang"] == "zh-Hans"
    assert parsed(html).all("html")[0].attributes["lang"] == "en"
    assert texts(page.all("p", class_="verdict")) == [
        "72 个标价中有 29 个需要涨价。 最差情形下，72 个 SKU 中有 12 个亏损或低于底线价。"
    ]
    assert risks(page)[4]["原因"] == (
        "最高强制 20%：成交价 13.59 低于所需 16.04（目标净利），差 2.45；每件亏 1.41"
    )
    assert texts(page.all("ul", class_="legend")[0].all("li"))[1] == "17 低于目标"
    # Only names stay English: of columns, rules, sources, and of the program.
    headings = texts([*page.all("h2"), *page.all("th"), *page.all("dt"), *page.all("caption")])
    ours = {"SKU", *(row["SKU"] for row in risks(page)), *_names(page)}
    assert [text for text in headings if text not in ours and not re.search("[一-鿿]", text)] == []


def _names(page: Element) -> set[str]:
    """The categories and the keys of rules on a page."""
    tables = [page.all("table", class_="stakes")[0], page.all("table")[-1]]
    return {row[0] for table in tables for row in cells(table)}


def test_a_header_alone_makes_a_page_too(run: Run) -> None:
    made = run("report", "-", stdin=b"sku,purchase_price,logistics_cost,list_price\n")
    assert made.code == 0
    assert texts(parsed(made.out).all("p", class_="verdict")) == ["The file has no SKUs."]


def test_skus_without_a_list_price_are_counted_apart(run: Run) -> None:
    stdin = b"sku,purchase_price,logistics_cost,list_price\nA,8,3,20\nB,8,3,\nC,8,3,\n"
    page = parsed(run("report", "-", "--quiet", stdin=stdin).out)
    said = ["SKUs without a list price yet, which no figure here counts: 2."]
    assert texts(page.all("p", class_="warning")) == said
    assert texts(page.all("p", class_="verdict")) == [
        "1 SKU, and it reaches its target in the worst case."
    ]


def test_bad_rows_leave_the_old_page_or_are_set_aside_and_counted(run: Run, tmp_path: Path) -> None:
    file, target, rejects = (tmp_path / name for name in ("in.csv", "page.html", "bad.csv"))
    file.write_text("sku,purchase_price,logistics_cost,list_price\nA,8,3,20\nB,eight,3,20\n")
    target.write_text("old")
    refused = run("report", file, "--quiet", "-o", target)
    assert refused.code == 3
    assert "in.csv:3: purchase_price: 'eight' is not a number" in refused.err
    assert target.read_text() == "old"
    assert run("report", file, "--quiet", "-o", target, "--rejects", rejects).code == 0
    assert "Bad rows set aside, not counted on this page: 1." in target.read_text()
    assert rejects.read_text().count("\n") == 2


def test_a_wrong_call_is_refused_and_spares_the_input(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(SKUS.read_bytes())
    for call, said in (
        ((), "a report needs a FILE, or - for standard input"),
        ((file, "-o", file), "--output is the input file; name another, such as -o report.html"),
        ((file, "--now", "soon"), "--now: 'soon'"),
    ):
        refused = run("report", *call)
        assert (refused.code, refused.out) == (2, b"")
        assert said in refused.err
    assert file.read_bytes() == SKUS.read_bytes()


def test_with_an_output_file_the_summary_is_printed(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    made = run("report", SKUS, "-o", target)
    assert made.out == b""
    assert made.err.splitlines()[-1] == (
        f"{target}: 72 SKUs: 43 ok, 17 below target, 8 loss, 4 below floor; "
        "worst: CE-4052 leaves -5.33 (below floor)"
    )


def test_blocks_add_up_to_the_whole() -> None:
    frame = pd.read_csv(SKUS, dtype="string[pyarrow]", keep_default_na=False)
    policy = Policy(spend_save=("30:3",), coupon=("20:2",))
    values = resolved(policy)
    columns = find_columns(looked_over.OVERVIEW, list(frame.columns), {}, values).columns

    def seen(part: pd.DataFrame) -> looked_over.Overview:
        outcome = run(looked_over.OVERVIEW, FrameCells(part, values.currency), columns, values)
        return looked_over.overview(outcome, columns, 10)

    whole = looked_over.Overview(10)
    for start, end in ((0, 1), (1, 30), (30, 30), (30, 72)):
        whole.add(seen(frame.iloc[start:end]))
    assert whole == seen(frame)


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1, max_size=400), st.integers(1, 5))
def test_sums_are_exact_beyond_64_bits(numbers: list[int], groups: int) -> None:
    places = np.arange(len(numbers)) % groups
    expected = [sum(numbers[place::groups]) for place in range(groups)]
    assert looked_over._exact_sums(places, np.array(numbers, np.int64), groups) == expected


COUNTS = st.lists(st.integers(0, 5), min_size=201, max_size=201)


@settings(max_examples=20)
@given(COUNTS, COUNTS, st.integers(0, 200), st.integers(1, 201))
def test_every_margin_is_in_one_bin(
    before: list[int], forced: list[int], first: int, length: int
) -> None:
    inside = range(first, first + length)
    before, forced = (
        [count if place in inside else 0 for place, count in enumerate(counts)]
        for counts in (before, forced)
    )
    bins = bars.bins(before, forced)
    assert sum(each.before for each in bins) == sum(before)
    assert sum(each.forced for each in bins) == sum(forced)
    assert len(bins) <= bars.MOST_BINS
    for one, other in pairwise(bins):
        assert one.high == other.low
        assert one.high is not None


def test_outliers_do_not_stretch_the_scale() -> None:
    counts = [0] * 201
    counts[0], counts[110], counts[130] = 1, 500, 500
    found = bars.bins(counts, [0] * 201)
    assert found[0] == bars.Bin(None, 12, 501, 0)
    assert found[-1].before == 500


STYLE = (PACKAGE / "page" / "style.css").read_text()
ON_PAPER = ("text", "quiet", "link", "ok", "below-target", "loss", "below-floor")


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast(scheme: int) -> None:
    block = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block))
    for name in ON_PAPER:
        for paper in ("paper", "raised"):
            assert _contrast(colours[name], colours[paper]) >= 4.5, (name, paper)
    for fill in [name for name in colours if name.endswith("-fill")]:
        assert _contrast(colours[fill], colours["paper"]) >= 3, fill


def _contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2, 1 to 21."""

    def luminance(colour: str) -> float:
        channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
