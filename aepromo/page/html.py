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

from aepromo.inputs.values import ASSUMED
from aepromo.page import bars
from aepromo.pricing.decision import ACTIONS
from aepromo.pricing.fees import STATUSES
from aepromo.pricing.money import BLANK
from aepromo.pricing.offers import BASKETS, WORST_CASES
from aepromo.pricing.protect import BOUNDS
from aepromo.table.cells import fixed, grouped, on_one_line, percent
from aepromo.table.schema import INPUTS, in_words, named
from aepromo.terminal.rich_tables import percent_of_ratio
from aepromo.terminal.summary import counted
from aepromo.words import N_, _, is_english, label, ngettext

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jinja2 import Environment

    from aepromo.inputs.values import Values
    from aepromo.page.overview import AtRisk, Overview
    from aepromo.pricing.currency import Currency
    from aepromo.rules import Rule


LISTS = ("spend_save", "coupon", "ending", "fx")
NAMES = ("currency", "line")
FOR_EVERY_SKU = {
    "spend_save": (N_("Spend & Save"), N_("what an order takes off from which subtotal")),
    "coupon": (N_("store coupons"), N_("what a coupon takes off from which subtotal")),
    "coupon_stacks": (N_("coupons stack"), N_("whether forced items take coupons too")),
    "basket": (N_("basket"), N_("whether an order may hold more than this unit")),
    "ending": (N_("price endings"), N_("what list prices may end in")),
    "currency": (N_("currency"), N_("what prices and every figure are in")),
    "fx": (N_("exchange rates"), N_("how many units one unit of the prices' currency is worth")),
    "tariff": (N_("tariff"), N_("the shipping lines it has")),
    "line": (N_("shipping line"), N_("the shipping line used for every parcel")),
    "rates": (N_("past rates"), N_("the list of forced rates that is joined")),
}
"""Given values that are not columns: the name to show, and its meaning."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value for blank cells, or for the whole store, and its source.

    ``by_file`` is the configuration's name, blank for an option.
    """

    name: str
    value: str
    by_file: str


def given_values(values: Values, options: Collection[str], joined_from: str) -> list[Given]:
    """The values that a call gives for the whole file, each with its source.

    ``options`` names those given on the command line. ``joined_from`` is the name of the list of
    rates, blank where there is none.
    """
    policy, given = values.policy, dict(values.texts)
    given |= {name: ", ".join(texts) for name in LISTS if (texts := getattr(policy, name))}
    given |= {name: text for name in NAMES if (text := getattr(policy, name))}
    if policy.tariff is not None:
        given["tariff"] = ", ".join(policy.tariff.lines)
    if joined_from:
        given["rates"] = joined_from
    if policy.coupon_stacks:
        given["coupon_stacks"] = "yes"
    if policy.basket != BASKETS[0]:
        given["basket"] = policy.basket
    return [
        Given(name, value, "" if name in (*options, "rates") else policy.book.said_by)
        for name, value in given.items()
    ]


def rules_used(values: Values, assumed: Collection[str]) -> list[Rule]:
    """The rules in force that an audit uses; ``assumed`` names the columns that they supply."""
    keys = [key for name, key in ASSUMED.items() if name in assumed]
    keys.append("floor.multiple")
    if values.policy.coupon and not values.policy.coupon_stacks:
        keys.append("coupon.exclude_forced_default")
    return [values.book.rule(key) for key in keys]


def reasons(sku: AtRisk, currency: Currency) -> str:
    """``forced at up to 20%: deal 13.59 under required 14.20 (target profit), short by 0.61``."""
    deal, floor, required, gap, loss = (
        grouped(amount, currency.places)
        for amount in (
            sku.deal_price,
            sku.floor_price,
            sku.required_deal_price,
            sku.required_deal_price - sku.deal_price,
            -sku.profit,
        )
    )
    bound = label(BOUNDS[sku.bound_by])
    clauses = []
    if STATUSES[sku.status] == "below_floor" and BOUNDS[sku.bound_by] != "floor_price":
        clauses.append(
            _(
                "deal {deal} under the floor {floor} and required {required} ({bound}), "
                "short by {gap}"
            )
        )
    elif sku.deal_price < sku.required_deal_price:
        clauses.append(_("deal {deal} under required {required} ({bound}), short by {gap}"))
    if sku.profit < 0:
        clauses.append(_("a unit loses {loss}"))
    said = (
        _("; ")
        .join(clauses)
        .format(deal=deal, floor=floor, required=required, bound=bound, gap=gap, loss=loss)
    )
    return _("{case}: {reasons}").format(case=_case(sku), reasons=said)


def _case(sku: AtRisk) -> str:
    if WORST_CASES[sku.worst_case] == "not_forced":
        return label("not_forced")
    return _("forced at up to {rate}").format(rate=percent(sku.forced_rate_max))


HERE = Path(__file__).parent
MOST_CATEGORIES = 15
NONE = "–"


@dataclass(frozen=True, slots=True)
class PageOrigin:
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


def page(overview: Overview, about: PageOrigin) -> str:
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
