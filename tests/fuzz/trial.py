"""One case, and the figures to compare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import reference

from fuzz.cases import SCALES, draw_case, draw_list_price, draw_rate, leaves_something
from fuzz.compare import HIGHEST, Difference, Product, differences

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from random import Random

    from reference import Case

LIST_PRICES = 3


@dataclass(frozen=True)
class Trial:
    """A case, and the figures to compare."""

    case: Case
    list_prices: tuple[int, ...]
    rate: Fraction
    widest: int

    def differences(self) -> list[Difference]:
        return differences(self.case, self.list_prices, self.rate, self.widest)


def draw_trial(rng: Random, scales: Sequence[int] = SCALES, widest: int = 200) -> Trial:
    case = draw_case(rng, scales)
    rate = rng.choice((case.forced_lo, case.forced_hi, draw_rate(rng)))
    if not leaves_something(case):
        return Trial(case, (), rate, 0)
    required, _ = reference.required_deal_price(case)
    product = Product(case)
    price = product.protected(required, product.endings)
    protected = price if price <= HIGHEST else None
    list_prices = [draw_list_price(rng, case, protected) for _ in range(LIST_PRICES)]
    return Trial(case, tuple(list_prices), rate, widest)
