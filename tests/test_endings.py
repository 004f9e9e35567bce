"""Price endings: cents, whole units, currencies without minor units, and several at once."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from aepromo.errors import CallError
from aepromo.inputs.offer_texts import read_ending
from aepromo.pricing.currency import USD, Currency
from aepromo.pricing.offers import Discounts, Offers, Tier
from aepromo.pricing.protect import last_allowed, next_allowed, protected_list_price

if TYPE_CHECKING:
    from conftest import Run

JPY, KWD = Currency("JPY", 0), Currency("KWD", 3)
SINGLE = Offers((Tier(3000, 700),), basket="single")


def ends(price: int, endings: tuple[str, ...], currency: Currency) -> bool:
    """Whether a price has one of the endings, by its text; whole units mean no cents."""
    shown = f"{price / currency.unit:.{currency.places}f}".rjust(20, "0")
    zeros = "." + "0" * currency.places if currency.places else ""
    return any(shown.endswith(text if "." in text else text + zeros) for text in endings)


@pytest.mark.parametrize(
    ("endings", "currency"),
    [
        ((".99",), USD),
        (("9",), USD),
        (("99", "49"), USD),
        (("9.90", ".49", "5"), USD),
        (("0",), USD),
        ((".00",), USD),
        (("9",), JPY),
        (("80", "00"), JPY),
        (("9", ".990"), KWD),
    ],
)
def test_the_next_and_the_last_allowed_price_agree_with_a_scan(
    endings: tuple[str, ...], currency: Currency
) -> None:
    read = tuple(read_ending(text, currency) for text in endings)
    top = 30_000 if currency.places else 3000
    allowed = [price for price in range(1, top) if ends(price, endings, currency)]
    rng = Random(f"{endings}")  # noqa: S311 (no secrets)
    tried = [rng.randint(1, allowed[-1]) for _ in range(60)] + allowed[:3]
    after = next_allowed(np.array(tried), read)
    before = last_allowed(np.array(tried), read)
    for at, price in enumerate(tried):
        expected = min(each for each in allowed if each >= price)
        assert next_allowed(price, read) == np.asarray(after)[at] == expected
        below = max((each for each in allowed if each <= price), default=0)
        assert max(int(last_allowed(price, read)), 0) == max(np.asarray(before)[at], 0) == below


@pytest.mark.parametrize("endings", [("9",), ("5", ".49"), ("9.99",)])
def test_a_protected_price_is_the_first_with_the_ending_that_protects(
    endings: tuple[str, ...],
) -> None:
    """Also after a dead zone, for one SKU and for columns."""
    read = tuple(read_ending(text, USD) for text in endings)
    rates = Discounts(0, 130_000, 130_000)
    required = np.arange(2000, 2600, 23)
    column = np.asarray(protected_list_price(required, rates, SINGLE, read))
    for needed, found in zip(required.tolist(), column.tolist(), strict=True):
        expected = next(
            price
            for price in range(1, 10_000)
            if ends(price, endings, USD)
            and price - 700 * (price >= 3000) >= needed
            and all(
                item - 700 * (item >= 3000) >= needed
                for item in (price * 87 // 100, -(-price * 87 // 100))
            )
        )
        assert found == protected_list_price(needed, rates, SINGLE, read) == expected


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        *((text, USD) for text in ("", ".", "9.9", ".9", "x", "-9", "9.", "12345678", "٩", ".٩٩")),
        *((text, JPY) for text in (".99", "9.0", "", "1234567890")),
    ],
)
def test_invalid_endings_are_refused(text: str, currency: Currency) -> None:
    with pytest.raises(CallError, match="--ending"):
        read_ending(text, currency)


def test_endings_on_the_command_line(run: Run) -> None:
    call = ("list-price", "--rate", "13%", "-q", "--value", "protected_list_price", "--target")
    found = {
        ending: run(*call, "24", "--ending", ending).out.decode().strip()
        for ending in (".99", "0.99", "9", "9.99", "99")
    }
    expected = {".99": "27.99", "0.99": "27.99", "9": "29.00", "9.99": "29.99", "99": "99.00"}
    assert found == expected
    several = ("--ending", "9", "--ending", "8")
    assert run(*call, "24", *several).out == b"28.00\n"
    yen = ("--currency", "JPY", "--ending", "80", "--ending", "00")
    assert run(*call, "2400", *yen).out == b"2780\n"
