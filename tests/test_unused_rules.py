"""The figures of the rule book that no command uses, and why: the list is always complete."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import aepromo
from aepromo import rules
from aepromo.platform.gates import is_gate

PACKAGE = Path(aepromo.__file__).parent
TAKE_GATES = {"matching", "gates_of"}
"""The functions that test every gate under a prefix."""

CONTEXT = "tells how common a thing is, and no verdict on one SKU follows from that"
WHERE = "tells a seller where to look or when a rule began; no cell holds it"
ADVICE = "advice on a listing, which no column describes"
SOURCE = "how large the sample behind other figures was"
MADE_OF_CODE = "what a command is made of and does not look up; a change would be one of code"

UNUSED = {
    "floor.breakdown_path": WHERE,
    "coupon.exclude_forced_since": WHERE,
    "coupon.exclude_forced_option": WHERE,
    "spend_save.base": MADE_OF_CODE,
    "stacking.settles": MADE_OF_CODE,
    "stacking.share": MADE_OF_CODE,
    "stacking.fees": MADE_OF_CODE,
    "forced.mean_rate": "a mean hides the worst case, so the range `forced.rate` is assumed",
    "forced.share": CONTEXT,
    "forced.loss_share": CONTEXT,
    "forced.categories.count": "27 categories, of which the sources name five",
    "forced.categories.apparel.share": CONTEXT,
    "forced.categories.home_garden.share": CONTEXT,
    "forced.categories.consumer_electronics.share": CONTEXT,
    "forced.categories.also": "a category that is not named as uncovered counts as covered",
    "forced.uplift.sample": SOURCE,
    "forced.own_campaign_pass_rate": CONTEXT,
    "forced.feed_field": "the name of a column, which --map gives to any other",
    "appeal.since": WHERE,
    "appeal.path": WHERE,
    "appeal.response_hours": CONTEXT,
    "appeal.papers": "each paper is judged by the rules under this one",
    "appeal.papers.invoice_shows": "only the scan of an invoice shows whether tax is in its price",
    "appeal.papers.shipping_matches": "only the carrier knows its own data",
    "appeal.papers.worksheet_formula": MADE_OF_CODE,
    "reverse.dsr_top_share": CONTEXT,
    "reverse.on_time_rate.trigger_multiple": CONTEXT,
    "reverse.us.pass_rate": CONTEXT,
    "reverse.regions": CONTEXT,
    "reverse.regions.selection_multiple": CONTEXT,
    "reverse.categories.consumer_electronics.trigger_rate": CONTEXT,
    "reverse.categories.home_garden.trigger_rate": CONTEXT,
    "reverse.categories.apparel_accessories.trigger_rate": CONTEXT,
    "reverse.cart72h.sample": SOURCE,
    "reverse.sync_delay.trigger_uplift": CONTEXT,
    "reverse.reevaluate_hours": "no column says when the platform last evaluated a SKU",
    "reverse.best.basket_uplift": CONTEXT,
    "reverse.best.returns_change": CONTEXT,
    "reverse.uplift.sample": SOURCE,
    "reverse.content.video_seconds": ADVICE,
    "reverse.content.first_frame": ADVICE,
    "reverse.content.first_frame.click_uplift": ADVICE,
    "tracking.real_track": "a simulated number that scans cannot be told from a real one",
    "tracking.lost_share": CONTEXT,
}


def used_by(sources: list[str]) -> set[str]:
    """The keys that modules name, and the gates under the prefixes that they test."""
    found: set[str] = set()
    keys = {rule.key for rule in rules.book()}
    for source in sources:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node.value in keys:
                found.add(str(node.value))
            if isinstance(node, ast.JoinedStr) and isinstance(
                first := node.values[0], ast.Constant
            ):
                # f"fx.usual.{code}" names every key with this beginning.
                begins = str(first.value)
                found |= {key for key in keys if begins.endswith(".") and key.startswith(begins)}
            if isinstance(node, ast.Call) and _name(node.func) in TAKE_GATES:
                prefixes = [each.value for each in node.args if isinstance(each, ast.Constant)]
                gates = (rule.key for each in prefixes for rule in rules.matching(str(each)))
                found |= {key for key in gates if is_gate(rules.rule(key))}
    return found


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


@pytest.fixture(scope="module")
def used() -> set[str]:
    return used_by([file.read_text(encoding="utf-8") for file in sorted(PACKAGE.rglob("*.py"))])


def test_a_figure_that_no_command_uses_is_listed_with_the_reason(used: set[str]) -> None:
    unlisted = {rule.key for rule in rules.book()} - used - set(UNUSED)
    assert unlisted == set(), "use them, or say here why not"


def test_listed_figures_are_used_by_no_command(used: set[str]) -> None:
    assert set(UNUSED) <= {rule.key for rule in rules.book()}
    assert set(UNUSED) & used == set(), "they are used: take them off the list"


def test_every_gate_of_a_column_is_held_by_a_command(used: set[str]) -> None:
    assert {rule.key for rule in rules.book() if is_gate(rule)} <= used


def test_uses_are_found_however_a_module_names_them() -> None:
    assert used_by(["'''Of forced.share.'''\nX = {'a': ('appeal.since', 'forced')}"]) == {
        "appeal.since"
    }
    assert used_by(["book.matching('reverse.account')"]) == {
        "reverse.account.business_licence",
        "reverse.account.payout",
        "reverse.account.standard_line",
    }
    assert used_by(["book.matching('reverse.us')"]) == {"reverse.us.filing"}, "a share is no gate"
