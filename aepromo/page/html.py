"""The overview of a price list as one self-contained HTML page.

The templates escape everything, and the page's policy lets it load nothing and run nothing but its
own script: the content of cells is shown, never run.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from aepromo.page import bars
from aepromo.page.assumptions import FOR_EVERY_SKU
from aepromo.page.reasons import reasons
from aepromo.pricing.decision import ACTIONS
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.table.cells import fixed, grouped, on_one_line, percent
from aepromo.table.headings import in_words, named
from aepromo.table.schema import INPUTS
from aepromo.terminal.rich_tables import percent_of_ratio
from aepromo.terminal.summary import counted
from aepromo.words import _, is_english, label, ngettext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Environment

    from aepromo.page.assumptions import Given
    from aepromo.page.overview import Overview
    from aepromo.pricing.currency import Currency
    from aepromo.rules import Rule

HERE = Path(__file__).parent
MOST_CATEGORIES = 15
NONE = "–"


@dataclass(frozen=True, slots=True)
class About:
    """The origin of a page: the file, the time, the program, and the given values.

    ``encoding`` is set if it was guessed; ``priced_by`` is the checked column.
    """

    file: str
    currency: Currency
    made: str
    version: str
    priced_by: str
    encoding: str
    set_aside: int
    given: Sequence[Given]
    rules: Sequence[Rule]


def page(overview: Overview, about: About) -> str:
    """The page as HTML, the same for the same figures."""
    style, script = (
        (HERE / name).read_text(encoding="utf-8") for name in ("style.css", "script.js")
    )
    ranked = sorted(
        overview.categories.items(),
        key=lambda item: (-item[1].at_stake_30d, -item[1].lost, item[0]),
    )
    return (
        _environment(about.currency)
        .get_template("page.html.j2")
        .render(
            overview=overview,
            about=about,
            actions=ACTIONS,
            statuses=STATUSES,
            language="en" if is_english() else "zh-Hans",
            style=style,
            script=script,
            policy=content_policy(style, script),
            bar=bars.stacked(overview.statuses),
            survivors=bars.survivors(overview.statuses),
            columns=bars.columns(overview),
            bins=bars.bins(overview.margins_before, overview.margins_forced),
            categories=ranked[:MOST_CATEGORIES],
            other_categories=[stake for _, stake in ranked[MOST_CATEGORIES:]],
        )
    )


def content_policy(style: str, script: str) -> str:
    """The content security policy of the page: this style and this script, nothing else."""
    allowed = (
        f"{kind}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
        for kind, text in (("style", style), ("script", script))
    )
    return "; ".join(("default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"))


def _explained(name: str) -> tuple[str, str]:
    """The name of a given value in words, and its meaning."""
    if name in FOR_EVERY_SKU:
        called, meaning = FOR_EVERY_SKU[name]
        return _(called), _(meaning)
    return in_words(name), _(INPUTS[name].meaning)


def _environment(currency: Currency) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"_": _, "ngettext": ngettext}
    environment.filters |= {
        "count": lambda number: f"{number:,}",
        "money": lambda amount: NONE if amount == BLANK else grouped(amount, currency.places),
        "ratio": lambda ratio: NONE if ratio == BLANK else percent_of_ratio(fixed(ratio, 4)),
        "percent": percent,
        "share": bars.share,
        "known": lambda number: "" if number == BLANK else number,
        "label": label,
        "named": named,
        "in_words": in_words,
        "explained": _explained,
        "counted": lambda parts: counted((part.label, part.count) for part in parts),
        "reasons": lambda sku: reasons(sku, currency),
        "plain": on_one_line,
    }
    return environment
