"""New prices as requests of the platform's batch price update: whole products, 20 per request."""

from __future__ import annotations

import json
from itertools import groupby
from random import Random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import aepromo

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

HEADER = "product_id,sku,purchase_price,logistics_cost,list_price,discount_price,market\n"
UPDATE = ("reprice", "-", "--format", "aliexpress")
PRODUCTS = "mutiple_product_update_list"
SKUS = "multiple_sku_update_list"


def bodies(run: Run, rows: str, *options: str) -> list[dict[str, Any]]:
    ran = run(*UPDATE, "--quiet", *options, stdin=(HEADER + rows).encode())
    assert (ran.code, ran.err) == (0, "")
    return [json.loads(line) for line in ran.out.splitlines()]


def test_a_product_is_sent_with_all_its_skus_when_one_changes(run: Run) -> None:
    rows = "1005001,A,8,3,12,,\n1005001,B,8,3,20,17.5,\n1005002,C,8,3,20,,\n"
    skus = [
        {"sku_code": "A", "price": "16.25"},
        {"sku_code": "B", "price": "20.00", "discount_price": "17.50"},
    ]
    assert bodies(run, rows) == [{PRODUCTS: [{"product_id": 1005001, SKUS: skus}]}]


def test_the_number_of_requests_is_reported(run: Run) -> None:
    rows = "".join(f"{100 + at // 2},S{at},8,3,12,,\n" for at in range(82))
    ran = run(*UPDATE, stdin=(HEADER + rows).encode())
    assert "41 products, 82 SKUs, 3 calls\n" in ran.err
    counts = [len(json.loads(line)[PRODUCTS]) for line in ran.out.splitlines()]
    assert counts == [20, 20, 1]


def test_a_held_sku_is_sent_with_its_current_price(run: Run) -> None:
    rows = "7,A,800,3,12,,\n7,B,8,3,12,,\n8,C,800,3,12,,\n"
    (body,) = bodies(run, rows)
    ((product),) = body[PRODUCTS]
    assert [(sku["sku_code"], sku["price"]) for sku in product[SKUS]] == [
        ("A", "12.00"),
        ("B", "16.25"),
    ]


@pytest.mark.parametrize(("discount", "price"), [("16.24", "16.25"), ("16.25", "12.00")])
def test_a_price_not_above_the_sale_price_is_held(run: Run, discount: str, price: str) -> None:
    (body,) = bodies(run, f"7,A,8,3,12,{discount},\n7,B,8,3,12,,\n")
    sku = body[PRODUCTS][0][SKUS][0]
    assert sku == {"sku_code": "A", "price": price, "discount_price": discount}


def test_markets_have_their_own_prices_and_the_highest_is_the_sku_s(run: Run) -> None:
    (body,) = bodies(run, "7,A,8,3,12,9.5,fr\n7,A,8,3.5,12,,US\n7,B,8,3,20,,\n")
    assert body[PRODUCTS] == [
        {
            "product_id": 7,
            SKUS: [{"sku_code": "A", "price": "16.95"}, {"sku_code": "B", "price": "20.00"}],
            "multi_country_price_configuration": {
                "price_type": "absolute",
                "country_price_list": [
                    {
                        "ship_to_country": "FR",
                        "sku_price_by_country_list": [
                            {"sku_code": "A", "price": "16.25", "discount_price": "9.50"}
                        ],
                    },
                    {
                        "ship_to_country": "US",
                        "sku_price_by_country_list": [{"sku_code": "A", "price": "16.95"}],
                    },
                ],
            },
        }
    ]


@pytest.mark.parametrize("total", ["Total,,,,,,", ",合计,,,,,"])
def test_a_total_row_is_not_sent(run: Run, total: str) -> None:
    rows = "7,A,8,3,12,,\n7,B,8,3,20,,\n"
    assert bodies(run, f"{rows}{total}\n") == bodies(run, rows)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",B,8,3,12,,", "product_id: is missing; a price update names every product"),
        ("x7,B,8,3,12,,", "product_id: 'x7' is not a product number; write its digits"),
        ("1.005E+18,B,8,3,12,,", "product_id: '1.005E+18' is not a product number"),
        ("7,,8,3,12,,", "sku: is missing; a price update names every SKU"),
        ("7,A,8,3,12,,", "sku: 'A' appears twice in its product; keep one row"),
        ("7,B,8,3,12,free,", "discount_price: 'free' is not a number"),
    ],
)
def test_a_row_that_cannot_be_sent_is_a_bad_row(run: Run, row: str, reason: str) -> None:
    ran = run(*UPDATE, stdin=f"{HEADER}7,A,8,3,12,,\n{row}\n".encode())
    assert (ran.code, ran.out) == (3, b"")
    assert f"standard input:3: {reason}" in ran.err


def test_rows_of_a_product_must_be_together(run: Run, tmp_path: Path) -> None:
    rows = "7,A,8,3,12,,\n8,B,8,3,12,,\n7,C,8,3,12,,\n"
    output = tmp_path / "prices.aliexpress.jsonl"
    ran = run("reprice", "-", "-o", output, "--quiet", stdin=(HEADER + rows).encode())
    apart = "aepromo: the rows of product 7 are not together; sort the file by product_id\n"
    assert ran == (3, b"", apart)
    assert not output.exists()


def test_a_product_of_too_many_skus_is_refused(run: Run) -> None:
    rows = "".join(f"7,S{at},8,3,12,,\n" for at in range(201))
    ran = run(*UPDATE, "--quiet", stdin=(HEADER + rows).encode())
    assert ran.code == 3
    assert "product 7 has 201 SKUs, but a request holds at most 200 of one product" in ran.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("reprice", "-", "--only", "raise"), "leave out --only and --rejects"),
        (("reprice", "-", "--rejects", "bad.csv"), "leave out --only and --rejects"),
        (("audit", "-"), "is only for reprice with a FILE"),
        (("reprice", "--price", "12", "--purchase", "8", "--logistics", "3"), "with a FILE"),
    ],
)
def test_calls_for_requests_that_make_no_sense_are_refused(
    run: Run, words: tuple[str, ...], reason: str
) -> None:
    ran = run(*words, "--format", "aliexpress", stdin=(HEADER + "7,A,8,3,12,,\n").encode())
    assert (ran.code, ran.out) == (2, b"")
    assert reason in ran.err


def test_a_long_file_comes_out_whole_in_order_and_alike_from_python(
    run: Run, tmp_path: Path
) -> None:
    rng = Random(11)  # noqa: S311 (no secrets)
    rows = []
    for product in range(6000):
        for at in range(rng.randrange(1, 6)):
            price = rng.choice(["11.99", "18.50", ""])
            discount = rng.choice(["", "", "9.99", "17.00"])
            rows.append((str(10**15 + product), f"S{at}", "8", "3", price, discount))
    text = HEADER.replace(",market", "") + "".join(",".join(row) + "\n" for row in rows)
    output = tmp_path / "prices.aliexpress.jsonl"
    assert run("reprice", "-", "-o", output, "--quiet", stdin=text.encode()) == (0, b"", "")
    found = [json.loads(line) for line in output.read_text().splitlines()]
    sent = [product for body in found for product in body[PRODUCTS]]
    # By hand: 16.25 protects; 11.99 rises to it unless the sale price is above; 18.50 stays.
    expected = []
    for product, own in groupby(rows, key=lambda row: row[0]):
        skus, changes = [], False
        for _product, sku, _cost, _freight, price, discount in own:
            held = price != "18.50" and discount == "17.00"
            new = price if held or price == "18.50" else "16.25"
            changes |= new != price
            if new:
                skus.append({"sku_code": sku, "price": new})
                if discount:
                    skus[-1]["discount_price"] = discount
        if changes:
            expected.append({"product_id": int(product), SKUS: skus})
    assert sent == expected
    assert [len(body[PRODUCTS]) for body in found[:-1]] == [20] * (len(found) - 1)
    frame = pd.DataFrame([row[:6] for row in rows], columns=HEADER.split(",")[:6])
    assert list(aepromo.price_updates(frame)) == found
