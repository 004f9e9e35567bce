"""Compare the product with the reference on a case, and write the case as a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import reference

from aepromo.explain.explanation import explain
from aepromo.inputs.policy import Policy
from aepromo.inputs.values import resolved
from aepromo.pricing.fees import STATUSES, Costs, FeeRates, floor_price, max_discount
from aepromo.pricing.fees import margin as margin_of
from aepromo.pricing.fees import profit as profit_of
from aepromo.pricing.fees import status as status_of
from aepromo.pricing.money import AMOUNT_LIMIT, BLANK
from aepromo.pricing.offers import (
    WORST_CASES,
    Coupon,
    Discounts,
    Offers,
    Tier,
    deal_price,
    worst_deal_price,
)
from aepromo.pricing.protect import (
    BOUNDS,
    Ending,
    Targets,
    exact_list_price,
    kept_rate,
    protected_list_price,
    required_deal_price,
    zones,
)
from fuzz.cases import WHOLE, leaves_something

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from reference import Case

FLOOR_MULTIPLE = 1_150_000
HIGHEST = AMOUNT_LIMIT - 1


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that differs between product and reference, and the command that shows it."""

    figure: str
    product: object
    reference: object
    command: str

    def __str__(self) -> str:
        return f"{self.figure}: {self.product!r}, not {self.reference!r}\n    {self.command}"


def millionths(rate: Fraction | None) -> int:
    """A rate as the product holds it; blank where there is none."""
    if rate is None:
        return BLANK
    scaled = rate * WHOLE
    assert scaled.denominator == 1
    return int(scaled)


def or_blank(amount: int | None) -> int:
    return BLANK if amount is None else amount


class Product:
    """A case as input of the product's formulas."""

    def __init__(self, case: Case) -> None:
        self.endings = tuple((ending, 100) for ending in case.endings)
        self.costs = Costs(
            or_blank(case.purchase_price),
            case.logistics_cost or 0,
            case.other_cost or 0,
        )
        self.fees = FeeRates(millionths(case.commission_rate), millionths(case.payment_rate))
        self.discounts = Discounts(
            millionths(case.limited_rate), millionths(case.forced_lo), millionths(case.forced_hi)
        )
        asked = (case.target_price, case.target_profit, case.target_margin)
        default = reference.DEFAULT_TARGET_PROFIT
        profit = default if asked == (None, None, None) else case.target_profit
        self.targets = Targets(
            or_blank(case.target_price), or_blank(profit), millionths(case.target_margin)
        )
        self.offers = Offers(
            tuple(Tier(*tier) for tier in case.spend_save),
            tuple(Coupon(*coupon) for coupon in case.coupons),
            case.coupon_stacks,
            case.basket,
        )

    def required(self) -> tuple[int, str]:
        found, bound = required_deal_price(self.targets, self.costs, self.fees, FLOOR_MULTIPLE)
        assert isinstance(bound, int)
        return int(found), BOUNDS[bound]

    def protected(self, required: int, endings: tuple[Ending, ...]) -> int:
        return int(protected_list_price(required, self.discounts, self.offers, endings))

    def runs(self, required: int, low: int, high: int) -> list[tuple[int, int, str]]:
        """Its zones between two list prices for each situation, with touching zones merged."""
        spans: dict[str, list[tuple[int, int]]] = {"forced": [], "not_forced": []}
        for zone in zones(required, self.discounts, self.offers):
            first, last = max(int(zone.low), low), min(int(zone.high), high)
            if first <= last:
                spans["forced" if zone.forced else "not_forced"].append((first, last))
        return sorted(
            (first, last, situation)
            for situation, found in spans.items()
            for first, last in merged(found)
        )


def merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Spans of whole numbers, merged where they touch or overlap, ascending."""
    covered: tuple[int, int] | None = None
    for first, last in sorted(spans):
        if covered is None:
            covered = first, last
        elif first <= covered[1] + 1:
            covered = covered[0], max(covered[1], last)
        else:
            yield covered
            covered = first, last
    if covered is not None:
        yield covered


# --- each figure ------------------------------------------------------------------------------


def refusal_differences(case: Case) -> list[Difference]:
    """Differences in refusals: only fees and a margin that leave nothing are refused."""
    product = Product(case)
    margin = product.targets.margin
    kept = kept_rate(product.fees, 0 if margin == BLANK else margin)
    try:
        reference.required_deal_price(case)
    except reference.NothingToKeepError:
        expected = True
    else:
        expected = False
    if (kept <= 0) == expected:
        return []
    return [Difference("nothing to keep", not expected, expected, command("list-price", case))]


def price_differences(case: Case) -> list[Difference]:
    """Differences in required deal price, bound, protected and exact list price.

    A price past the limit is refused, so these count as equal.
    """
    product = Product(case)
    shown = command("list-price", case)
    required, bound = reference.required_deal_price(case)
    ours, our_bound = product.required()
    found = [
        Difference("required deal price", _capped(ours), _capped(required), shown),
        Difference("bound", our_bound, bound, shown),
    ]
    protected = reference.protected_list_price(case, HIGHEST)
    ours = product.protected(required, product.endings)
    found.append(
        Difference("protected list price", _capped(ours), protected or AMOUNT_LIMIT, shown)
    )
    exact = int(exact_list_price(required, product.discounts))
    found.append(Difference("exact list price", exact, reference.exact_list_price(case), shown))
    return [each for each in found if each.product != each.reference]


def _capped(price: int) -> int:
    return min(price, AMOUNT_LIMIT)


def outcome_differences(case: Case, list_price: int) -> list[Difference]:
    """Differences in the worst outcome of a list price, as in ``audit``."""
    product = Product(case)
    required, _ = reference.required_deal_price(case)
    expected = reference.evaluate(case, list_price)
    deal, worst = worst_deal_price(list_price, product.discounts, product.offers)
    assert isinstance(worst, int)
    shown = command("audit" if reference.costs(case) is not None else "explain", case, list_price)
    found = _deal_differences(product, case, list_price, int(deal), required, expected, shown)
    found.append(Difference("worst case", WORST_CASES[worst], expected.worst_case, shown))
    return [each for each in found if each.product != each.reference]


def rate_differences(case: Case, list_price: int, rate: Fraction) -> list[Difference]:
    """Differences in the outcome of a list price at one forced rate, as in ``margin``."""
    product = Product(case)
    required, _ = reference.required_deal_price(case)
    expected = reference.at_rate(case, list_price, rate)
    deal = deal_price(list_price, product.discounts.limited_rate, millionths(rate), product.offers)
    name = "margin" if reference.costs(case) is not None else "commission"
    shown = command(name, case, list_price, rate)
    found = _deal_differences(product, case, list_price, int(deal), required, expected, shown)
    return [each for each in found if each.product != each.reference]


def _deal_differences(
    product: Product,
    case: Case,
    list_price: int,
    deal: int,
    required: int,
    expected: reference.Evaluation,
    shown: str,
) -> list[Difference]:
    fees = product.fees
    pairs: list[tuple[str, object, object]] = [
        ("deal price", deal, expected.deal_price),
        ("commission", fees.commission(deal), expected.commission),
        ("payment fee", fees.payment_fee(deal), expected.payment_fee),
    ]
    if case.purchase_price is not None:
        floor = floor_price(case.purchase_price, FLOOR_MULTIPLE)
        profit = profit_of(deal, product.costs, fees)
        status = status_of(deal, profit, required, floor)
        assert isinstance(status, int)
        pairs += [
            ("profit", profit, expected.profit),
            ("margin", margin_of(profit, deal), or_blank(expected.margin)),
            ("floor price", floor, expected.floor_price),
            ("max discount", max_discount(list_price, floor), expected.max_discount),
            ("status", STATUSES[status], expected.status),
        ]
    return [Difference(name, ours, theirs, shown) for name, ours, theirs in pairs]


def zone_differences(case: Case, widest: int) -> list[Difference]:
    """Differences in the unsafe list prices, up to ``widest`` from the first safe one.

    Those above it are the dead zones in ``explain``.
    """
    product = Product(case)
    shown = command("explain", case)
    required, _ = reference.required_deal_price(case)
    safe = product.protected(required, ())
    if product.protected(required, product.endings) + widest > HIGHEST:
        return []
    low, high = max(1, safe - widest), safe + widest
    runs = reference.forbidden(case, low, high)
    above = [(max(first, safe), last, where) for first, last, where in runs if last >= safe]
    zones_told = explain(resolved(policy_of(case)))[0].dead_zones
    told = sorted(
        (first, last, situation)
        for situation in ("forced", "not_forced")
        for first, last in merged(
            (zone.low, min(zone.high, high))
            for zone in zones_told
            if zone.situation == situation and zone.low <= high
        )
    )
    found = [
        Difference(
            f"list prices from {low} to {high} that do not protect",
            product.runs(required, low, high),
            runs,
            shown,
        ),
        Difference(f"dead zones up to {high}", told, above, shown),
    ]
    return [each for each in found if each.product != each.reference]


def differences(
    case: Case, list_prices: Iterable[int], rate: Fraction, widest: int
) -> list[Difference]:
    """Every difference between product and reference."""
    found = refusal_differences(case)
    if not leaves_something(case) or found:
        return found
    found += price_differences(case)
    for list_price in list_prices:
        found += outcome_differences(case, list_price)
        found += rate_differences(case, list_price, rate)
    if widest:
        found += zone_differences(case, widest)
    return found


# --- the same case by hand --------------------------------------------------------------------


def amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def ratio(rate: Fraction) -> str:
    """A rate as the text of a cell: ``13.2%``."""
    whole, fraction = divmod(millionths(rate), 10_000)
    return f"{whole}.{fraction:04d}".rstrip("0").rstrip(".") + "%"


def values_of(case: Case) -> dict[str, str]:
    """The SKU's values as cells, by column."""
    amounts = {
        "purchase_price": case.purchase_price,
        "logistics_cost": case.logistics_cost,
        "other_cost": case.other_cost,
        "target_price": case.target_price,
        "target_profit": case.target_profit,
    }
    rates = {
        "limited_rate": case.limited_rate,
        "commission_rate": case.commission_rate,
        "payment_rate": case.payment_rate,
        "target_margin": case.target_margin,
    }
    low, high = ratio(case.forced_lo), ratio(case.forced_hi)
    return {
        **{name: amount(cents) for name, cents in amounts.items() if cents is not None},
        **{name: ratio(rate) for name, rate in rates.items() if rate is not None},
        "forced_rate": low if low == high else f"{low}..{high}",
    }


def offers_of(case: Case) -> dict[str, tuple[str, ...]]:
    """The order offers and endings as they are written, by option."""
    return {
        "spend_save": tuple(f"{amount(t)}:{amount(o)}" for t, o in case.spend_save),
        "coupon": tuple(f"{amount(m)}:{amount(o)}" if m else amount(o) for m, o in case.coupons),
        "ending": tuple(f".{ending:02d}" for ending in case.endings),
    }


def policy_of(case: Case, **more: str) -> Policy:
    """The case as a policy, every value in it."""
    offers = offers_of(case)
    return Policy(
        **{**values_of(case), **more},  # type: ignore[arg-type]
        **offers,  # type: ignore[arg-type]
        coupon_stacks=case.coupon_stacks,
        basket=case.basket,
    )


def command(
    name: str, case: Case, list_price: int | None = None, rate: Fraction | None = None
) -> str:
    """The command line for a case."""
    values = values_of(case)
    if list_price is not None:
        values["list_price"] = amount(list_price)
    if rate is not None:
        values["forced_rate"] = ratio(rate)
    if name in ("commission", "margin"):
        values = {key: value for key, value in values.items() if not key.startswith("target_")}
    for optional in ("other_cost", "limited_rate"):
        if values.get(optional) in ("0.00", "0%"):
            del values[optional]
    words = ["aepromo", name]
    for column, text in values.items():
        words += [f"--{column.replace('_', '-')}", text]
    for option, texts in offers_of(case).items():
        if option == "ending" and name not in ("list-price", "explain", "reprice"):
            continue
        for text in texts:
            words += [f"--{option.replace('_', '-')}", text]
    words += ["--coupon-stacks"] if case.coupon_stacks else []
    words += ["--basket", case.basket] if case.spend_save or case.coupons else []
    return " ".join(words)
