"""Rates joined to a cost file: by SKU, category and store, and never instead of a row's own."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import aepromo

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

RATES = """\
level,sku,category,p95_rate,highest_rate,forced_rate
store,,,0.18,0.19,0.100000
category,,apparel,0.28,0.29,0.200000
sku,007,toys,0.38,0.39,0.300000
"""
COSTS = """\
sku,category,purchase_price,logistics_cost,forced_rate,forced_rate_min,forced_rate_max
007,toys,8,3,,,
7,Apparel,8,3,,,
008,toys,8,3,,,
009,apparel,8,3,40%,,
010,apparel,8,3,,10%,45%
"""
TOOK = "forced_rate joined: 1 by SKU, 1 by category, 1 by store"


def costs(*rates: str) -> bytes:
    """The same costs with the rates written into the rows."""
    rows = "".join(f"A,8,3,{rate}\n" for rate in rates)
    return f"sku,purchase_price,logistics_cost,forced_rate\n{rows}".encode()


def results(out: bytes) -> list[list[str]]:
    """The result columns, row by row."""
    header, *rows = list(csv.reader(io.StringIO(out.decode())))
    return [row[header.index("required_deal_price") :] for row in rows]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    listed, skus = tmp_path / "rates.csv", tmp_path / "skus.csv"
    listed.write_text(RATES)
    skus.write_text(COSTS)
    return listed, skus


@pytest.mark.parametrize(
    ("rate_from", "rates"),
    [
        ((), ("30%", "20%", "10%", "40%", "10%..45%")),
        (("--rate-from", "mean"), ("30%", "20%", "10%", "40%", "10%..45%")),
        (("--rate-from", "p95"), ("38%", "28%", "18%", "40%", "10%..45%")),
        (("--rate-from", "max"), ("39%", "29%", "19%", "40%", "10%..45%")),
    ],
)
def test_a_row_takes_its_sku_s_rate_or_its_category_s_or_the_store_s(
    run: Run, files: tuple[Path, Path], rate_from: tuple[str, ...], rates: tuple[str, ...]
) -> None:
    listed, skus = files
    # An option goes after joined rates.
    joined = run("reprice", skus, "--rates", listed, *rate_from, "--rate", "1%")
    assert joined.code == 0, joined.err
    assert TOOK in joined.err.splitlines()
    own = run("reprice", "-", "--quiet", stdin=costs(*rates))
    assert results(joined.out) == results(own.out)


def test_audit_takes_the_same_rates(run: Run, files: tuple[Path, Path]) -> None:
    listed, skus = files
    skus.write_text(COSTS)
    joined = run("audit", skus, "--rates", listed, "--price", "30", "--fail-on", "never", "-q")
    assert not joined.err
    own = run(
        "audit", "-", "--price", "30", "--fail-on", "never", "-q",
        stdin=costs("30%", "20%", "10%", "40%", "10%..45%"),
    )  # fmt: skip
    assert results(joined.out) == results(own.out)
    # The joined rate is the worst case, and the deal price shows it.
    first = next(csv.DictReader(io.StringIO(joined.out.decode())))
    assert (first["deal_price"], first["worst_case"]) == ("21.00", "forced")


def test_without_a_joined_rate_the_option_and_the_rule_book_count(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "rates.csv"
    listed.write_text("货号,强制折扣率\nB,30%\n")
    own = costs("", "")
    joined = run("reprice", "-", "--rates", listed, "--rate", "25%", stdin=own)
    assert "forced_rate joined: 0 by SKU, 0 by category, 0 by store" in joined.err
    assert results(joined.out) == results(run("reprice", "-", "--rate", "25%", stdin=own).out)
    assumed = run("reprice", "-", "--rates", listed, stdin=own)
    assert "assumed: forced_rate 10%..20%" in assumed.err


def test_floor_shows_the_status_at_a_joined_rate(run: Run, files: tuple[Path, Path]) -> None:
    listed, _ = files
    skus = b"sku,purchase_price,list_price\n007,8,13.00\n"
    ran = run("floor", "-", "--rates", listed, "--value", "status", stdin=skus)
    assert ran.out == b"below_floor\n"


def test_a_history_goes_through_a_pipe_into_the_prices(run: Run, tmp_path: Path) -> None:
    skus = tmp_path / "skus.csv"
    skus.write_text("sku,purchase_price,logistics_cost\n00123,8,3\n")
    orders = b"sku,list_price,deal_price,discount_status\n00123,10,8.50,forced\n"
    found = run("rates", "-", "--quiet", stdin=orders)
    priced = run("reprice", skus, "--rates", "-", stdin=found.out)
    assert results(priced.out) == results(run("reprice", "-", stdin=costs("15%")).out)


def test_bad_rows_of_skus_are_counted_once(run: Run, files: tuple[Path, Path]) -> None:
    listed, skus = files
    skus.write_text(COSTS + "007,toys,free,3,,,\n")
    aside = skus.with_name("aside.csv")
    ran = run("reprice", skus, "--rates", listed, "--rejects", aside)
    assert ran.code == 0
    assert TOOK in ran.err.splitlines()


def test_wrong_rates_are_named_each(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "rates.csv"
    listed.write_text("sku,forced_rate\nA,13\nB,0.1\nB,0.2\nC,\n,0.1\n")
    ran = run("reprice", "-", "--rates", listed, stdin=costs("10%"))
    assert (ran.code, ran.out) == (3, b"")
    assert ran.err.splitlines() == [
        f"{listed}:2: forced_rate: '13' is not a rate; write 13% or 0.13",
        f"{listed}:4: sku: has a rate already; keep one of the two",
        f"{listed}:5: forced_rate: is missing; fill it in",
        f"aepromo: {listed}: correct the list of rates",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("-", "--rates", "rates.csv", "--rate-from", "p90"), 2, "'p90': no column p90_rate; "),
        (("-", "--rate-from", "max"), 2, "--rate-from needs --rates FILE"),
        (("--rates", "rates.csv", "-b", "8", "-l", "3"), 2, "needs another FILE with the SKUs"),
        (("-", "--rates", "-"), 2, "needs another FILE with the SKUs"),
        (("-", "--rates", "none.csv"), 3, "none.csv: No such file or directory"),
        (("-", "--rates", "skuless.csv"), 3, "not a list of rates: it has no column sku"),
    ],
)
def test_a_wrong_call_is_refused(
    run: Run, files: tuple[Path, Path], arguments: tuple[str, ...], code: int, said: str
) -> None:
    folder = files[0].parent
    (folder / "skuless.csv").write_text("forced_rate\n10%\n")
    named = [str(folder / each) if each.endswith(".csv") else each for each in arguments]
    ran = run("reprice", *named, stdin=costs("10%"))
    assert (ran.code, ran.out) == (code, b"")
    assert said in ran.err


def test_a_frame_takes_the_same_rates() -> None:
    listed = pd.read_csv(io.StringIO(RATES), dtype=str, keep_default_na=False)
    skus = pd.read_csv(io.StringIO(COSTS), dtype=str)
    joined = aepromo.join_rates(skus, listed, "p95")
    assert joined["forced_rate"].tolist() == ["0.380000", "0.280000", "0.180000", "40%", ""]
    assert pd.isna(skus["forced_rate"][0])
    assert len(aepromo.reprice(joined)) == len(skus)
    with pytest.raises(aepromo.BadRows, match="has a rate already"):
        aepromo.join_rates(skus, pd.concat([listed, listed]))


# The range that was seen

ORDERS = (
    "sku,category,list_price,deal_price,discount_status\n"
    "A,toys,9.99,8.99,forced\nA,toys,10,8.50,forced\nB,toys,20,19.00,forced\nC,,30,24,forced\n"
)


def seen(run: Run, tmp_path: Path) -> Path:
    file = tmp_path / "seen.csv"
    assert run("rates", "-", "-q", "-o", file, stdin=ORDERS.encode()).code == 0
    return file


def test_a_learned_range_allows_for_the_rounding_of_the_prices_it_was_seen_in(
    run: Run, tmp_path: Path
) -> None:
    rows = csv.DictReader(seen(run, tmp_path).read_text().splitlines())
    ranges = {row["sku"] or row["level"]: row["rate_range"] for row in rows}
    # A: from 1 - 8.995 / 9.99, down, to 1 - 8.495 / 10.
    assert ranges["A"] == "0.099599..0.150500"
    assert ranges["category"] == "0.049750..0.150500"
    assert ranges["store"] == "0.049750..0.200167"


def test_a_price_can_be_protected_for_every_rate_that_was_seen(run: Run, tmp_path: Path) -> None:
    skus = "sku,category,purchase_price,logistics_cost,list_price\nA,toys,5,3,20\nX,toys,5,3,20\n"
    skus += "Y,,5,3,20\n"
    terms = ("--commission", "6%", "--payment", "1%", "-q")
    offers = ("--spend-save", "10:1", "--basket", "single")
    columns = ("--columns", "sku,protected_list_price")
    learned = ("--rates", seen(run, tmp_path), "--rate-from", "range")
    joined = run("reprice", "-", *terms, *offers, *learned, *columns, stdin=skus.encode())
    ranges = {"A": "0.099599..0.150500", "X": "0.049750..0.150500", "Y": "0.049750..0.200167"}
    for line in joined.out.decode().splitlines()[1:]:
        sku, price = line.split(",")
        rate = ("--rate", ranges[sku])
        asked = ("-b", "5", "-l", "3", "--value", "protected_list_price")
        assert run("reprice", *asked, *terms, *offers, *rate).out.decode().strip() == price
    file = tmp_path / "skus.csv"
    file.write_text(skus)
    one = run("explain", file, "--sku", "X", *terms, *offers, *learned, "--format", "json")
    many = run("audit", file, *terms, *offers, *learned, "--format", "json", "--fail-on", "never")
    of_x = json.loads(many.out, parse_float=str)[1]
    explained = json.loads(one.out, parse_float=str)
    assert explained["protected_list_price"] == of_x["protected_list_price"]
    assert explained["deal_price"] == of_x["deal_price"]


def test_a_hand_written_list_can_have_ranges_and_single_rates(run: Run, tmp_path: Path) -> None:
    rates, skus = tmp_path / "rates.csv", b"sku,list_price\nA,10\nB,10\n"
    rates.write_text("sku,category,forced_rate\nA,,5%..15%\n,,12%\n")
    terms = ("--commission", "6%", "--payment", "1%", "-q", "--rates", rates)
    skus = b"sku,purchase_price,logistics_cost,list_price\nA,5,3,10\nB,5,3,10\n"
    done = run("audit", "-", *terms, "--fail-on", "never", "--value", "deal_price", stdin=skus)
    assert done.out == b"8.50\n8.80\n"
    frame = aepromo.join_rates(
        pd.DataFrame({"sku": ["A", "B"]}),
        pd.DataFrame({"sku": ["A", ""], "category": ["", ""], "forced_rate": ["5%..15%", "12%"]}),
    )
    assert frame["forced_rate"].tolist() == ["0.050000..0.150000", "0.120000"]
    mean = seen(run, tmp_path)
    plain = run("audit", "-", *terms[:5], "--rates", mean, "--fail-on", "never", stdin=skus)
    by_name = run(
        "audit", "-", *terms[:5], "--rates", mean, "--rate-from", "mean", "--fail-on", "never",
        stdin=skus,
    )  # fmt: skip
    assert plain.out == by_name.out
