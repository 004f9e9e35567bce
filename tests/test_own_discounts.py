"""The deepest own discount of a product, in whole percents: ``max_limited_rate``."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

HEADER = "product_id,sku,purchase_price,logistics_cost,list_price\n"
# Each must leave 13.00 of its list price after 10 % off.
ROWS = "7,A,8,3,20\n8,B,8,3,30\n7,C,8,3,17\n,D,8,3,40\n,E,8,3,20\n9,F,8,3,12\n9,G,8,3,30\n"
ASKED = ("--rate", "10%", "--quiet", "--value", "max_limited_rate")
AUDIT = ("audit", "-", "--fail-on", "never", *ASKED)


def deepest(prices: list[int], required: int, forced: int) -> str:
    """By trying every percent: prices in cents, the forced rate in percents, no offers."""
    bears = [
        all((price * (100 - own) // 100) * (100 - forced) // 100 >= required for price in prices)
        for own in range(100)
    ]
    return f"{max(own for own in range(100) if bears[own]) / 100:.4f}" if bears[0] else ""


def test_all_skus_of_a_product_protect_at_max_limited_rate(run: Run) -> None:
    products = {"A": [2000, 1700], "B": [3000], "C": [2000, 1700], "D": [4000], "E": [2000]}
    expected = [deepest(prices, 1300, 10) for prices in products.values()]
    assert expected == ["0.1500", "0.5100", "0.1500", "0.6300", "0.2700"]
    ran = run(*AUDIT, stdin=(HEADER + ROWS).encode())
    # F does not protect even without one, so neither SKU of its product has a value.
    assert ran.out.decode().split("\n") == [*expected, "", "", ""]


def test_reprice_gives_max_limited_rate_at_the_new_price(run: Run) -> None:
    ran = run("reprice", "-", *ASKED, stdin=(HEADER + "9,F,8,3,12\n8,B,8,3,30\n").encode())
    assert ran.out.split() == [deepest([1445], 1300, 10).encode(), b"0.5100"]


def test_without_products_every_row_is_its_own_product(run: Run) -> None:
    text = HEADER.replace("product_id,", "") + "A,8,3,20\nC,8,3,17\n"
    assert run(*AUDIT, stdin=text.encode()).out.split() == [b"0.2700", b"0.1500"]
    words = ("audit", "--price", "40", "-b", "8", "-l", "3", "--fail-on", "never", *ASKED)
    assert run(*words).out == b"0.6300\n"


def test_it_adds_up_with_the_forced_discount_where_the_rules_say_so(
    run: Run, tmp_path: Path
) -> None:
    config = tmp_path / "add.toml"
    config.write_text('[rules]\nstacking.own_and_forced = "add"\n')
    text = HEADER + "1,A,8,3,20\n2,B,8,3,40\n"
    ran = run(*AUDIT, "--config", config, stdin=text.encode())
    # 20.00 leaves 13.00 at 65 %, and 40.00 at 32.5 %, of which 10 % are forced.
    assert ran.out.split() == [b"0.2500", b"0.5700"]


@pytest.fixture(scope="module")
def apart() -> tuple[str, list[str]]:
    """A long file whose products' rows are apart, and the deepest discount of each row."""
    rng = Random(5)  # noqa: S311 (no secrets)
    rows = [(rng.randrange(3_000), rng.randrange(1500, 6000)) for _ in range(12_000)]
    text = HEADER + "".join(
        f"P{product},S{at},8,3,{price // 100}.{price % 100:02}\n"
        for at, (product, price) in enumerate(rows)
    )
    lowest: dict[int, int] = {}
    for product, price in rows:
        lowest[product] = min(price, lowest.get(product, price))
    by_product = {product: deepest([price], 1300, 10) for product, price in lowest.items()}
    return text, [by_product[product] for product, _ in rows]


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_the_rows_of_a_product_can_be_apart_in_a_long_file(
    apart: tuple[str, list[str]], run: Run, tmp_path: Path, form: str
) -> None:
    text, expected = apart
    path = tmp_path / "skus.csv"
    path.write_text(text)
    if form != "csv":
        path = tmp_path / f"skus.{form}"
        words = ("floor", tmp_path / "skus.csv", "--quiet", "-o", path)
        assert run(*words).code == 0
    ran = run("audit", path, "--fail-on", "never", *ASKED)
    assert ran.out.decode().split("\n")[:-1] == expected
