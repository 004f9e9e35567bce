"""Which level gives a value: a cell, a list of rates, an option, aepromo.toml or the rule book.

Options, configurations, rule book overrides and rows are drawn at random, with a fixed seed. The
expected result of each row is computed here a second time, in fractions and by trying prices one by
one; only the Python functions of the program are imported.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import ceil, floor
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pytest
from forked import program
from processes import seeded

import aepromo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from random import Random

ROWS = 80
"""Rows in a drawn file or frame."""

MILLION = 1_000_000

SEEDS = (0, 1, 2)
"""Chosen so that every level wins for every value, which a test below checks."""

FORCED = ("forced_rate", "forced_rate_min", "forced_rate_max")
"""One value in three columns."""

CATEGORIES = ("toys", "apparel", "garden", "")

BOOK = {
    "commission_rate": ("fees.commission_rate", "8%"),
    "payment_rate": ("fees.payment_rate", "1.2%"),
    "target_profit": ("appeal.min_profit", "0.80"),
    "forced_rate": ("forced.rate", "10%..20%"),
    "floor_multiple": ("floor.multiple", "1.15"),
}
"""Columns that the rule book supplies: the rule's key and its own figure."""

FLAGS = {
    "purchase_price": ("--purchase-price", "--purchase", "-b"),
    "logistics_cost": ("--logistics-cost", "--logistics", "-l"),
    "list_price": ("--list-price", "--price", "-p"),
    "forced_rate": ("--forced-rate", "--rate", "-r"),
    "commission_rate": ("--commission-rate", "--commission"),
    "payment_rate": ("--payment-rate", "--payment"),
    "target_price": ("--target-price", "--target", "-t"),
}
"""The options that have several names; the others are the column's name with dashes."""


class Question(NamedTuple):
    """A command, the values on which its answer depends, and those that it needs."""

    command: str
    uses: tuple[str, ...]
    needs: tuple[str, ...]


TARGETS = ("target_price", "target_profit", "target_margin")
COSTS = ("purchase_price", "logistics_cost", "other_cost")
FEES = ("commission_rate", "payment_rate")
QUESTIONS = {
    "margin": Question(
        "margin",
        ("list_price", *COSTS, "limited_rate", *FEES),
        ("list_price", "purchase_price", "logistics_cost"),
    ),
    "commission": Question("commission", ("list_price", "limited_rate", *FEES), ("list_price",)),
    "floor": Question(
        "floor", ("purchase_price", "list_price", "limited_rate"), ("purchase_price",)
    ),
    # Only a target price, with a Spend & Save tier that shows both ends of the range.
    "list-price for a price": Question(
        "list-price", ("purchase_price", "limited_rate", "target_price"), ("target_price",)
    ),
    # Fees of 0 %, so that the answer does not hang on how a fee is rounded.
    "list-price for a profit": Question(
        "list-price", (*COSTS, "limited_rate", *TARGETS), ("purchase_price", "logistics_cost")
    ),
    "reprice": Question(
        "reprice",
        (*COSTS, "limited_rate", *FEES, "target_price"),
        ("purchase_price", "logistics_cost", "target_price"),
    ),
}
TIER = (3000, 700)
"""Spend & Save 30:7 in an order of one unit, in cents."""


@dataclass(frozen=True)
class Draw:
    """The values of a run at each level, by column; ``rates`` are a list's lines."""

    name: str
    rows: list[dict[str, str]]
    options: dict[str, str] = field(default_factory=dict)
    config: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)
    rates: list[dict[str, str]] = field(default_factory=list)

    @property
    def question(self) -> Question:
        return QUESTIONS[self.name]

    @property
    def tier(self) -> tuple[int, int] | None:
        return TIER if self.name in ("list-price for a price", "reprice") else None

    @cached_property
    def listed(self) -> dict[tuple[str, str], str]:
        """The list of rates by SKU or category; the store's has neither."""
        return {(line["sku"], line["category"]): line["forced_rate"] for line in self.rates}


# Drawing


def amount(random: Random, least: int, most: int) -> str:
    """An amount between so many cents, in one of the ways to write it."""
    number = random.randint(least, most)
    text = f"{number // 100}.{number % 100:02d}"
    return text.rstrip("0").rstrip(".") if random.random() < 0.2 else text


def share(random: Random, per_mille: int) -> str:
    """A rate of so many tenths of a percent, as a percentage or as a ratio."""
    if random.random() < 0.5:
        return f"{per_mille // 10}.{per_mille % 10}%"
    return f"0.{per_mille:03d}"


def drawn_value(random: Random, name: str) -> str:
    """A value of a column."""
    rates = {"limited_rate": 30, "commission_rate": 150, "payment_rate": 30, "target_margin": 400}
    if name == "limited_rate":  # the platform takes whole percents
        return share(random, 10 * random.randint(0, rates[name]))
    if name in rates:
        return share(random, random.randint(0, rates[name]))
    ends = {
        "purchase_price": (100, 2600),
        "logistics_cost": (0, 400),
        "other_cost": (0, 200),
        "list_price": (1000, 6000),
        "target_price": (2000, 2900),
        "target_profit": (10, 600),
    }
    return amount(random, *ends[name])


def drawn_range(random: Random) -> tuple[int, int]:
    """Both ends of a forced range, in tenths of a percent."""
    low = random.choice((0, 20, random.randint(0, 320)))
    return low, low + random.choice((0, random.randint(0, 160), random.randint(160, 350)))


def drawn_forced_rate(random: Random, in_three_columns: bool) -> dict[str, str]:
    """The forced rate as one level gives it, in one or more of its columns."""
    low, high = drawn_range(random)
    alone = share(random, low)
    both = f"{share(random, low)}..{share(random, high)}"
    if not in_three_columns:
        return {"forced_rate": random.choice((alone, both))}
    lowest, highest = share(random, low), share(random, high)
    return random.choice(
        (
            {"forced_rate": alone},
            {"forced_rate": both},
            {"forced_rate_min": lowest},
            {"forced_rate_max": highest},
            {"forced_rate_min": lowest, "forced_rate_max": highest},
            # The same value twice is not a contradiction.
            {"forced_rate": both, "forced_rate_min": lowest},
            {"forced_rate": both, "forced_rate_max": highest},
            {"forced_rate": alone, "forced_rate_max": lowest},
            {"forced_rate": both, "forced_rate_min": lowest, "forced_rate_max": highest},
        )
    )


def drawn(
    seed: int, name: str, in_three_columns: bool, rows: int = ROWS, by_python: bool = False
) -> Draw:
    """A draw for a question; without rows, a one-liner; for Python, only a policy."""
    random = seeded(f"{seed}, {name}, {in_three_columns}, {rows}, {by_python}")
    question = QUESTIONS[name]
    draw = Draw(name, [{"sku": f"S-{row:02d}"} for row in range(rows)] or [{}])
    levels = [draw.options] if by_python else [draw.options, draw.config]
    for row in draw.rows[:rows]:
        row["category"] = random.choice(CATEGORIES)
    for at, column in enumerate(question.uses):
        # In one of two draws an option gives the value, so that the other may win below it.
        if (at + seed) % 2:
            draw.options[column] = drawn_value(random, column)
        if not by_python and random.random() < 0.7:
            draw.config[column] = drawn_value(random, column)
        must_be_given = column in question.needs and not any(column in level for level in levels)
        if must_be_given and not rows:
            random.choice(levels)[column] = drawn_value(random, column)
        filled = 1.0 if must_be_given else random.choice((0.0, 0.3, 0.5, 0.7))
        for row in draw.rows[:rows]:
            row[column] = drawn_value(random, column) if random.random() < filled else ""
    _draw_forced_rates(random, draw, levels, in_three_columns, rows)
    if not by_python:
        _draw_rules(random, draw)
    if name == "list-price for a profit":
        for column in FEES:
            _draw_no_fee(random, draw, column, rows, by_python)
    return draw


def _draw_forced_rates(
    random: Random, draw: Draw, levels: list[dict[str, str]], in_three_columns: bool, rows: int
) -> None:
    for level in levels:
        if random.random() < 0.45:
            level |= drawn_forced_rate(random, in_three_columns)
    filled = random.choice((0.0, 0.4, 0.6))
    columns = FORCED if in_three_columns else FORCED[:1]
    for row in draw.rows[:rows]:
        row |= dict.fromkeys(columns, "")
        if random.random() < filled:
            row |= drawn_forced_rate(random, in_three_columns)
    if rows and random.random() < 0.4:
        keys = [(row["sku"], "") for row in draw.rows if random.random() < 0.3]
        keys += [("", category) for category in CATEGORIES[:2]]
        keys += [("", "")] if random.random() < 0.3 else []
        draw.rates.extend(
            {"sku": sku, "category": category, "forced_rate": f"0.{random.randint(20, 400):03d}"}
            for sku, category in keys
        )


def _draw_rules(random: Random, draw: Draw) -> None:
    figures = {
        "fees.commission_rate": share(random, random.randint(10, 120)),
        "fees.payment_rate": share(random, random.randint(1, 25)),
        "appeal.min_profit": amount(random, 50, 300),
        "floor.multiple": random.choice(("1.1", "1.2", "1.33")),
        "forced.rate": random.choice(("12%..18%", "0.05..0.25", "15%")),
    }
    draw.rules.update({key: text for key, text in figures.items() if random.random() < 0.4})


def _draw_no_fee(random: Random, draw: Draw, column: str, rows: int, by_python: bool) -> None:
    """Let a fee of 0 win everywhere, with other fees at the levels below."""
    levels: list[tuple[dict[str, str], str]] = [(draw.options, column)]
    if not by_python:
        levels += [(draw.config, column), (draw.rules, BOOK[column][0])]
    winner = random.randrange(-1 if rows else 0, len(levels))
    for at, (level, key) in enumerate(levels):
        if at == winner:
            level[key] = random.choice(("0", "0%", "0.00"))
        elif at > winner and random.random() < 0.7:
            level[key] = drawn_value(random, column)
        else:
            level.pop(key, None)
    for row in draw.rows[:rows]:
        row[column] = "0" if winner < 0 or random.random() < 0.3 else ""


# The expected results, computed by hand


class Range(NamedTuple):
    """Both ends of a forced rate, and the level that gives them."""

    low: Fraction
    high: Fraction
    level: str


def read_rate(text: str) -> Fraction:
    return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)


def read_ends(text: str) -> tuple[Fraction, Fraction]:
    low, _, high = text.partition("..")
    return read_rate(low), read_rate(high or low)


def cents(text: str) -> int:
    number = Fraction(text) * 100
    assert number.denominator == 1
    return int(number)


def half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


def written(number: int, places: int) -> str:
    """A whole number of the smallest units as decimals."""
    whole, rest = divmod(abs(number), 10**places)
    return f"{'-' if number < 0 else ''}{whole}.{rest:0{places}d}"


def book_figure(draw: Draw, column: str) -> str:
    key, text = BOOK[column]
    return draw.rules.get(key, text)


def value(draw: Draw, row: Mapping[str, str], column: str) -> tuple[str, str]:
    """The text that counts for a row, and its level; blank if there is none."""
    for level, texts in (("cell", row), ("option", draw.options), ("configuration", draw.config)):
        if text := texts.get(column, ""):
            return text, level
    return "", ""


def forced_range(draw: Draw, row: Mapping[str, str]) -> Range:
    """The range of the highest level that gives any of the three columns."""
    book_low, book_high = read_ends(book_figure(draw, "forced_rate"))
    keys = ((row.get("sku", ""), ""), ("", row.get("category", "")), ("", ""))
    rates = next((draw.listed[key] for key in keys if key in draw.listed), "")
    for level, texts in (
        ("cell", row),
        ("list of rates", {"forced_rate": rates}),
        ("option", draw.options),
        ("configuration", draw.config),
    ):
        rate, lowest, highest = (texts.get(column, "") for column in FORCED)
        if rate:
            return Range(*read_ends(rate), level)
        if lowest and highest:
            return Range(read_rate(lowest), read_rate(highest), level)
        if highest:
            return Range(Fraction(0), read_rate(highest), level)
        if lowest:
            return Range(read_rate(lowest), max(read_rate(lowest), book_high), level)
    return Range(book_low, book_high, "rule book")


class Sku:
    """The figures that count for a row: cents, fractions, None for missing ones."""

    def __init__(self, draw: Draw, row: Mapping[str, str]) -> None:
        def found(column: str) -> str:
            text, _level = value(draw, row, column)
            return text or (book_figure(draw, column) if column in BOOK else "")

        def money(column: str) -> int | None:
            return cents(text) if (text := value(draw, row, column)[0]) else None

        self.list_price, self.purchase = money("list_price"), money("purchase_price")
        self.costs = sum(money(column) or 0 for column in COSTS)
        self.commission, self.payment = (read_rate(found(column)) for column in FEES)
        self.limited = read_rate(value(draw, row, "limited_rate")[0] or "0")
        self.forced = forced_range(draw, row)
        self.is_forced_rate_given = self.forced.level != "rule book"
        self.target_price, profit = money("target_price"), money("target_profit")
        margin = value(draw, row, "target_margin")[0]
        is_profit_assumed = self.target_price is None and profit is None and not margin
        self.target_profit = cents(found("target_profit")) if is_profit_assumed else profit
        self.target_margin = read_rate(margin) if margin else None
        self.floor: int | None = None
        if self.purchase is not None:
            self.floor = ceil(self.purchase * Fraction(book_figure(draw, "floor_multiple")))

    def required(self) -> tuple[int, str]:
        """The deal price to reach and the bound that sets it, where there are no fees."""
        bounds: dict[str, int | None] = {
            "target_price": self.target_price,
            "target_profit": None,
            "target_margin": None,
            "floor_price": self.floor,
        }
        if self.target_profit is not None:
            bounds["target_profit"] = self.costs + self.target_profit
        if self.target_margin is not None:
            bounds["target_margin"] = ceil(self.costs / (1 - self.target_margin))
        known = {name: bound for name, bound in bounds.items() if bound is not None}
        highest = max(known.values())
        return highest, next(name for name, bound in known.items() if bound == highest)

    def protected(self, required: int, tier: tuple[int, int] | None) -> int:
        """The lowest list price at which every outcome leaves the required deal price."""
        left = [1 - self.limited, 1 - self.forced.low, 1 - self.forced.high]
        own, most, least = (int(share * MILLION) for share in left)
        price = ceil(required / (left[0] * left[2]))
        while lowest_deal(price, own, most, least, tier) < required:
            price += 1
        return price


def lowest_deal(price: int, own: int, most: int, least: int, tier: tuple[int, int] | None) -> int:
    """The worst over not forced and the whole range, with any rounding of each step.

    ``own`` is what the seller's own discount leaves, ``most`` and ``least`` what a forced one
    leaves at either end of its range, in millionths.
    """
    base_low, base_high = price * own // MILLION, -(-price * own // MILLION)
    forced_low, forced_high = base_low * least // MILLION, -(-base_high * most // MILLION)
    lowest = min(after_tier(base_low, tier), after_tier(forced_low, tier))
    for low, high in ((base_low, base_high), (forced_low, forced_high)):
        if tier and low < tier[0] <= high:
            lowest = min(lowest, after_tier(tier[0], tier))
    return lowest


def after_tier(item: int, tier: tuple[int, int] | None) -> int:
    """The price of one unit in an order of its own after Spend & Save."""
    return item - tier[1] if tier and item >= tier[0] else item


def expected(draw: Draw, row: Mapping[str, str]) -> dict[str, str]:
    """The result columns of a row, without those that depend on an unspecified rounding."""
    sku = Sku(draw, row)
    if draw.question.command in ("list-price", "reprice"):
        return expected_prices(draw, sku)
    if draw.name == "floor":
        return expected_floor(sku)
    assert sku.list_price is not None
    base = half_up(sku.list_price * (1 - sku.limited))
    deal = half_up(base * (1 - sku.forced.high))
    commission, payment = half_up(deal * sku.commission), half_up(deal * sku.payment)
    results = {
        "deal_price": written(deal, 2),
        "commission": written(commission, 2),
        "payment_fee": written(payment, 2),
    }
    if draw.name == "margin":
        profit = deal - sku.costs - commission - payment
        results["profit"] = written(profit, 2)
        results["margin"] = written(floor(Fraction(profit * 10_000, deal)), 4)
    return results


def expected_prices(draw: Draw, sku: Sku) -> dict[str, str]:
    required, bound = sku.required()
    results = {
        "required_deal_price": written(required, 2),
        "bound_by": bound,
        "protected_list_price": written(sku.protected(required, draw.tier), 2),
    }
    if draw.question.command == "list-price":
        exact = Fraction(required * 100) / ((1 - sku.limited) * (1 - sku.forced.high))
        results["exact_list_price"] = written(half_up(exact), 4)
    return results


def expected_floor(sku: Sku) -> dict[str, str]:
    assert sku.floor is not None
    results = {"floor_price": written(sku.floor, 2), "max_discount": "", "status": ""}
    if sku.list_price is None:
        return results
    most = max(floor(Fraction((sku.list_price - sku.floor) * 10_000, sku.list_price)), 0)
    results["max_discount"] = written(most, 4)
    if not sku.is_forced_rate_given:  # this question assumes no rate
        return results
    deal = sku.list_price * (1 - sku.limited) * (1 - sku.forced.high)
    results["status"] = "below_floor" if deal < sku.floor else "ok"
    if abs(deal - sku.floor) <= 2:
        del results["status"]
    return results


def assumed(draw: Draw) -> tuple[set[str], set[str]]:
    """The values that only the rule book gives for some row, and those that may be reported so."""
    must: set[str] = set()
    may: set[str] = set()
    for row in draw.rows:
        sku = Sku(draw, row)
        by_book = [name for name in FEES if not value(draw, row, name)[1]]
        if draw.name in ("margin", "commission", "reprice"):
            must.update(by_book)
        if draw.name == "list-price for a profit":
            given = {name for name in TARGETS if value(draw, row, name)[1]}
            must.update(() if given else ("target_profit",))
            # A target price alone needs no fees, but it needs a logistics cost.
            (may if given == {"target_price"} else must).update(by_book)
        if draw.name != "floor" and sku.forced.level == "rule book":
            must.add("forced_rate")
        may.update(("forced_rate",) if is_open_above(draw, row) else ())
    # An overridden figure of the rule book comes from the configuration.
    stated = {name for name, (key, _text) in BOOK.items() if key in draw.rules}
    return must - stated, must | may


def is_open_above(draw: Draw, row: Mapping[str, str]) -> bool:
    """Whether only a lower end is given, so that the upper end comes from the rule book."""
    level = forced_range(draw, row).level
    texts = {"cell": row, "option": draw.options, "configuration": draw.config}.get(level, {})
    return {name for name in FORCED if texts.get(name)} == {"forced_rate_min"}


def differences(draw: Draw, found: Iterable[Mapping[str, str]]) -> list[str]:
    """The cells that differ from those worked out, row by row."""
    wrong = []
    for row, answer in zip(draw.rows, found, strict=True):
        for column, text in expected(draw, row).items():
            if answer.get(column, "") != text:
                rate = forced_range(draw, row)
                wrong.append(
                    f"{row.get('sku', 'the SKU')}: {column}: must be {text}, "
                    f"is {answer.get(column)}; forced {float(rate.low):.1%} to "
                    f"{float(rate.high):.1%} by {rate.level}"
                )
    return wrong


# Runs


def files_of(draw: Draw, folder: Path) -> None:
    """Write the SKUs, the list of rates and the configuration of a draw."""
    for name, lines in (("skus.csv", draw.rows), ("rates.csv", draw.rates)):
        if lines and lines != [{}]:
            with (folder / name).open("w", newline="") as stream:
                writer = csv.DictWriter(stream, list(lines[0]))
                writer.writeheader()
                writer.writerows(lines)
    config = "".join(f'{name} = "{text}"\n' for name, text in draw.config.items())
    rules = "".join(f'{key} = "{text}"\n' for key, text in draw.rules.items())
    tier = 'spend_save = ["20:1"]\nbasket = "any"\n' if draw.tier else ""
    (folder / "aepromo.toml").write_text(f"{tier}{config}\n[rules]\n{rules}")


def call_of(draw: Draw) -> list[str]:
    """The command line of a draw; an option goes by each of its names in turn."""
    random = seeded(str(draw.options))
    call = [draw.question.command]
    if draw.rows != [{}]:
        call.append("skus.csv")
    for name, text in draw.options.items():
        flags = FLAGS.get(name, ("--" + name.replace("_", "-"),))
        call += [random.choice(flags), text]
    if draw.rates:
        call += ["--rates", "rates.csv"]
    if draw.tier:
        call += ["--spend-save", "30:7", "--basket", "single"]
    return [*call, "--format", "csv"]


def table(out: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out.decode())))


def check_runs(draws: Iterable[Draw], folder: Path) -> None:
    """Run draws as a user does, and compare the answers with the expected ones."""
    for at, draw in enumerate(draws):
        place = folder / str(at)
        place.mkdir()
        files_of(draw, place)
        code, out, err = program(*call_of(draw), cwd=place)
        assert code == 0, err
        assert differences(draw, table(out)) == []
        must, may = assumed(draw)
        said = set(re.findall(r"^assumed: (\w+)", err, re.MULTILINE)) & set(BOOK)
        assert must <= said <= may, err
        took = Counter(joined_by(draw, row) for row in draw.rows)
        if took["SKU"] or took["category"] or took["store"]:
            counts = ", ".join(f"{took[key]} by {key}" for key in ("SKU", "category", "store"))
            assert f"forced_rate joined: {counts}" in err.splitlines()


def joined_by(draw: Draw, row: Mapping[str, str]) -> str:
    """The key of the list's line that a row uses; blank if it uses none."""
    if forced_range(draw, row).level != "list of rates":
        return ""
    if (row["sku"], "") in draw.listed:
        return "SKU"
    return "category" if row["category"] and ("", row["category"]) in draw.listed else "store"


def drawn_files(name: str) -> list[Draw]:
    """A file with the forced rate in its one column, and one with it in any of the three."""
    return [drawn(SEEDS[in_three], name, bool(in_three)) for in_three in (0, 1)]


def drawn_frames(name: str, in_three: bool) -> list[Draw]:
    return [drawn(seed, name, in_three, by_python=True) for seed in SEEDS]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_cell_goes_before_a_list_of_rates_an_option_the_configuration_and_the_rule_book(
    name: str, tmp_path: Path
) -> None:
    check_runs(drawn_files(name), tmp_path)


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_option_of_a_one_liner_goes_before_the_configuration_and_the_rule_book(
    name: str, tmp_path: Path
) -> None:
    kinds = product((False, True), SEEDS[:2])
    check_runs([drawn(seed, name, in_three, rows=0) for in_three, seed in kinds], tmp_path)


@pytest.mark.parametrize("in_three", [False, True])
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_cell_of_a_frame_goes_before_joined_rates_the_policy_and_the_rule_book(
    name: str, in_three: bool
) -> None:
    ask = getattr(aepromo, QUESTIONS[name].command.replace("-", "_"))
    for draw in drawn_frames(name, in_three):
        given: dict[str, Any] = dict(draw.options)
        if draw.tier:
            given |= {"spend_save": ("30:7",), "basket": "single"}
        frame = pd.DataFrame(draw.rows)
        if draw.rates:
            frame = aepromo.join_rates(frame, pd.DataFrame(draw.rates))
        answer = ask(frame, aepromo.Policy(**given))
        found = [
            {column: "" if pd.isna(cell) else str(cell) for column, cell in row.items()}
            for row in answer.astype(object).to_dict("records")
        ]
        assert differences(draw, found) == []


def test_in_the_draws_every_level_wins_for_every_value() -> None:
    wins: Counter[tuple[str, str]] = Counter()
    draws = [draw for name in QUESTIONS for draw in drawn_files(name)]
    for draw, row in [(each, row) for each in draws for row in each.rows]:
        wins["forced_rate", forced_range(draw, row).level] += 1
        for column in draw.question.uses:
            wins[column, value(draw, row, column)[1]] += 1
    columns = {column for question in QUESTIONS.values() for column in question.uses}
    levels = ("cell", "option", "configuration")
    for column, level in (
        *product(sorted(columns), levels),
        *product(["forced_rate"], (*levels, "list of rates", "rule book")),
    ):
        assert wins[column, level] >= 20, (column, level)


def test_some_draws_show_the_lower_end_of_the_forced_rate() -> None:
    shown = 0
    draws = drawn_files("list-price for a price") + drawn_files("reprice")
    for draw, row in [(each, row) for each in draws for row in each.rows]:
        sku = Sku(draw, row)
        required, _bound = sku.required()
        price = sku.protected(required, TIER)
        sku.forced = sku.forced._replace(low=sku.forced.high)
        shown += price != sku.protected(required, TIER)
    assert shown >= 10


# Costs in another currency


@pytest.mark.parametrize(
    ("by_option", "by_config", "instead"),
    [("EUR", "CNY", "7.3"), ("", "CNY", "")],
)
def test_a_row_s_own_currency_goes_before_an_option_s_and_that_before_the_configuration_s(
    by_option: str, by_config: str, instead: str, tmp_path: Path
) -> None:
    random = seeded("currencies")
    rates = {"CNY": "7.12", "EUR": "0.875"}
    call = ["floor", "skus.csv", "--format", "csv"]
    call += ["--cost-currency", by_option] if by_option else []
    call += ["--fx", f"CNY={instead}"] if instead else []
    config = f'cost_currency = "{by_config}"\n' if by_config else ""
    config += "[fx]\n" + "".join(f'{code} = "{rate}"\n' for code, rate in rates.items())
    (tmp_path / "aepromo.toml").write_text(config)
    rows = [
        (amount(random, 100, 9000), random.choice(("", "", "CNY", "EUR", "USD")))
        for _ in range(ROWS)
    ]
    text = "sku,purchase_price,cost_currency\n"
    text += "".join(f"S-{at},{price},{code}\n" for at, (price, code) in enumerate(rows))
    (tmp_path / "skus.csv").write_text(text)
    code, out, err = program(*call, cwd=tmp_path)
    assert code == 0, err
    held = {"USD": "1", **rates, **({"CNY": instead} if instead else {})}
    must = []
    for price, own in rows:
        rate = held[own or by_option or by_config or "USD"]
        must.append(floor_of(price, rate))
    assert [row["floor_price"] for row in table(out)] == must


@pytest.mark.parametrize("seed", ["a", "c", "d"])
def test_a_row_s_own_exchange_rate_goes_before_an_option_s_and_that_before_the_configuration_s(
    seed: str, tmp_path: Path
) -> None:
    random = seeded(f"exchange rates {seed}")
    by_option = "7.25" if seed in "ab" else ""
    in_config = 'fx_rate = "6.87"\n' if seed in "ac" else '[fx]\nCNY = "7.01"\n'
    price_by_option, price_by_config = amount(random, 100, 9000), amount(random, 100, 9000)
    config = f'cost_currency = "CNY"\npurchase_price = "{price_by_config}"\n{in_config}'
    (tmp_path / "aepromo.toml").write_text(config)
    call = ["floor", "skus.csv", "--format", "csv"]
    call += ["--fx-rate", by_option] if by_option else []
    call += ["--purchase", price_by_option] if seed in "ad" else []
    rows = [
        (random.choice(("", amount(random, 100, 9000))), random.choice(("", "7.4", "6.512")))
        for _ in range(ROWS)
    ]
    text = "sku,purchase_price,fx_rate\n"
    text += "".join(f"S-{at},{price},{rate}\n" for at, (price, rate) in enumerate(rows))
    (tmp_path / "skus.csv").write_text(text)
    code, out, err = program(*call, cwd=tmp_path)
    assert code == 0, err
    default_price = price_by_option if seed in "ad" else price_by_config
    default_rate = by_option or ("6.87" if seed in "ac" else "7.01")
    must = [floor_of(price or default_price, rate or default_rate) for price, rate in rows]
    assert [row["floor_price"] for row in table(out)] == must


def floor_of(price: str, rate: str) -> str:
    """The safety floor of a cost in a currency at this rate to the dollar."""
    converted = ceil(cents(price) / Fraction(rate))
    return written(ceil(converted * Fraction("1.15")), 2)


# Fault 1: the forced rate is one value in three columns

LIST_PRICE = ("list-price", "--value", "protected_list_price", "-q")


@pytest.mark.parametrize(
    ("config", "options", "price"),
    [
        # An option of any name goes before a configuration of any name.
        ({"forced_rate_min": "3%", "forced_rate_max": "8%"}, ("-t", "21", "-r", "40%"), "35.00"),
        ({"forced_rate_max": "8%"}, ("-t", "21", "--rate", "30%..40%"), "35.00"),
        ({"forced_rate_min": "45%"}, ("-t", "21", "--forced-rate", "0.4"), "35.00"),
        ({"forced_rate": "40%"}, ("-t", "9", "--forced-rate-max", "10%"), "10.00"),
        ({"forced_rate": "40%"}, ("-t", "6", "--forced-rate-min", "5%"), "7.50"),
        ({"forced_rate_max": "50%"}, ("-t", "6", "--forced-rate-min", "5%"), "7.50"),
        ({"forced_rate_min": "15%"}, ("-t", "9", "--forced-rate-max", "10%"), "10.00"),
        # Where no option gives any of the three, the configuration does.
        ({"forced_rate_min": "3%", "forced_rate_max": "25%"}, ("-t", "9"), "12.00"),
        ({"forced_rate_max": "4%"}, ("-t", "24"), "25.00"),
        ({"forced_rate_min": "36%"}, ("-t", "16"), "25.00"),
        ({"forced_rate_min": "4%"}, ("-t", "24"), "30.00"),
        # The same value twice is not a contradiction.
        ({"forced_rate": "10%..25%", "forced_rate_max": "0.25"}, ("-t", "9"), "12.00"),
        ({}, ("-t", "9", "-r", "10%..25%", "--forced-rate-max", "25%"), "12.00"),
        ({}, ("-t", "9", "-r", "25%", "--forced-rate-min", "0.25"), "12.00"),
    ],
)
def test_the_highest_level_that_gives_any_end_of_the_forced_rate_gives_all_of_it(
    config: dict[str, str], options: tuple[str, ...], price: str, tmp_path: Path
) -> None:
    text = "".join(f'{name} = "{rate}"\n' for name, rate in config.items())
    (tmp_path / "aepromo.toml").write_text(text)
    assert program(*LIST_PRICE, *options, cwd=tmp_path) == (0, f"{price}\n".encode(), "")


ONE_END = [
    ("forced_rate_max", "6%", "0%..6%"),
    ("forced_rate_max", "17%", "0%..17%"),
    ("forced_rate_max", "33%", "0%..33%"),
    ("forced_rate_min", "5%", "5%..20%"),
    ("forced_rate_min", "20%", "20%"),
    ("forced_rate_min", "31%", "31%"),
]
OFFERS = ("--basket", "single", "--spend-save", "15:3")
UNIT = ("--purchase", "8", "--logistics", "3")
CALCULATORS: dict[str, tuple[str, ...]] = {
    "list-price": ("--target", "12.60", *OFFERS),
    "margin": ("--price", "20", *UNIT),
    "commission": ("--price", "20"),
    "floor": ("--price", "11", "--purchase", "8"),
    "reprice": ("--target", "12.60", *UNIT, *OFFERS),
    "audit": ("--price", "18.50", *UNIT, *OFFERS, "--fail-on", "never"),
    "breakeven": ("--price", "20", *UNIT, "--units-30d", "100"),
    "explain": ("--price", "18.50", *UNIT, *OFFERS),
}


def without_rates(out: bytes) -> list[dict[str, str]]:
    """The rows of an answer without the forced rate, which was given in another way."""
    apart = ("sku", *FORCED)
    return [{name: cell for name, cell in row.items() if name not in apart} for row in table(out)]


@pytest.mark.parametrize(
    ("command", "end"), [*((command, ONE_END[0]) for command in CALCULATORS), ("floor", ONE_END[3])]
)
def test_one_end_of_the_forced_rate_as_an_option_is_enough(
    command: str, end: tuple[str, str, str], tmp_path: Path
) -> None:
    name, rate, same = end
    call = (command, *CALCULATORS[command], "-q", "--format", "csv")
    code, out, err = program(*call, "--" + name.replace("_", "-"), rate, cwd=tmp_path)
    meant = program(*call, "--rate", same, cwd=tmp_path)
    assert (code, err) == (0, "")
    assert without_rates(out) == without_rates(meant[1])


@pytest.mark.parametrize("command", ["list-price", "audit", "breakeven"])
def test_one_end_of_the_forced_rate_in_a_cell_is_enough(command: str, tmp_path: Path) -> None:
    rows = [{"sku": f"{at}", name: end} for at, (name, end, _same) in enumerate(ONE_END)]
    rows += [{"sku": f"{at}", "forced_rate": same} for at, (_n, _e, same) in enumerate(ONE_END, 9)]
    frame = pd.DataFrame(rows, columns=["sku", *FORCED])
    frame.to_csv(tmp_path / "skus.csv", index=False)
    call = (command, "skus.csv", *CALCULATORS[command], "-q", "--format", "csv")
    code, out, err = program(*call, cwd=tmp_path)
    assert code == 0, err
    found = without_rates(out)
    assert found[: len(ONE_END)] == found[len(ONE_END) :]


def test_a_row_with_one_end_of_its_own_takes_neither_rates_nor_options(tmp_path: Path) -> None:
    rows = "sku,forced_rate,forced_rate_min,forced_rate_max\nA,,,4%\nB,,36%,\nC,,4%,\nD,,,\n"
    (tmp_path / "skus.csv").write_text(rows)
    (tmp_path / "rates.csv").write_text("sku,forced_rate\nA,0.3\nB,0.3\nC,0.3\n,0.5\n")
    call = (*LIST_PRICE[:-1], "skus.csv", "-t", "24", "--rates", "rates.csv", "--rate", "60%")
    code, out, err = program(*call, cwd=tmp_path)
    assert (code, out) == (0, b"25.00\n37.50\n30.00\n48.00\n")
    assert "forced_rate joined: 0 by SKU, 0 by category, 1 by store" in err.splitlines()


def test_rates_joined_to_a_frame_leave_a_row_with_one_end_of_its_own_alone() -> None:
    frame = pd.DataFrame(
        {
            "sku": ["A", "B", "C", "D"],
            "forced_rate_min": ["", "36%", "4%", ""],
            "forced_rate_max": ["4%", "", "", ""],
        }
    )
    listed = pd.DataFrame({"sku": ["A", "B", ""], "forced_rate": ["0.3", "0.3", "0.5"]})
    joined = aepromo.join_rates(frame, listed)
    answer = aepromo.list_price(joined, aepromo.Policy(target_price="24", forced_rate="60%"))
    assert [str(price) for price in answer["protected_list_price"]] == [
        "25.00", "37.50", "30.00", "48.00",
    ]  # fmt: skip


CONTRADICTIONS: list[dict[str, str]] = [
    {"forced_rate": "15%", "forced_rate_max": "20%"},
    {"forced_rate": "15%", "forced_rate_min": "10%"},
    {"forced_rate": "5%..12%", "forced_rate_max": "0.13"},
    {"forced_rate": "5%..12%", "forced_rate_min": "6%"},
    {"forced_rate": "5%..12%", "forced_rate_min": "5%", "forced_rate_max": "15%"},
    {"forced_rate_min": "18%", "forced_rate_max": "17.9%"},
    {"forced_rate_min": "4%", "forced_rate_max": "0%"},
]


@pytest.mark.parametrize(
    ("command", "rates"),
    [*(("list-price", rates) for rates in CONTRADICTIONS), ("floor", CONTRADICTIONS[2])],
)
def test_options_that_contradict_each_other_are_a_wrong_call(
    command: str, rates: dict[str, str], tmp_path: Path
) -> None:
    call = [command, *(("--target", "9") if command == "list-price" else ("--price", "20"))]
    flags = {name: "--" + name.replace("_", "-") for name in rates}
    for name, rate in rates.items():
        call += [flags[name], rate]
    code, out, err = program(*call, "--purchase", "5", cwd=tmp_path)
    assert (code, out) == (2, b""), err
    assert err.count("\n") == 1
    assert any(re.search(rf"{flag}\b(?!-)", err) for flag in flags.values()), err


@pytest.mark.parametrize("rates", CONTRADICTIONS[::2])
def test_a_configuration_that_contradicts_itself_is_a_wrong_call(
    rates: dict[str, str], tmp_path: Path
) -> None:
    text = "".join(f'{name} = "{rate}"\n' for name, rate in rates.items())
    (tmp_path / "aepromo.toml").write_text(text)
    code, out, err = program("list-price", "--target", "9", cwd=tmp_path)
    assert (code, out) == (2, b""), err
    assert err.count("\n") == 1
    assert "aepromo.toml" in err
    assert any(re.search(rf"\b{name}\b", err) for name in rates), err


def test_cells_that_contradict_each_other_are_a_bad_row(tmp_path: Path) -> None:
    rows = [{"forced_rate": "25%"}, *CONTRADICTIONS, {"forced_rate_max": "25%"}]
    lines = (",".join(row.get(name, "") for name in FORCED) for row in rows)
    text = f"target_price,{','.join(FORCED)}\n" + "".join(f"9,{line}\n" for line in lines)
    (tmp_path / "skus.csv").write_text(text)
    call = ("list-price", "skus.csv", "-q", "--value", "protected_list_price")
    bad = range(3, 3 + len(CONTRADICTIONS))
    code, out, err = program(*call, cwd=tmp_path)
    assert (code, out) == (3, b""), err
    told = re.findall(r"^skus\.csv:(\d+): forced_rate(?:_min|_max)?: ", err, re.MULTILINE)
    assert sorted(set(map(int, told))) == list(bad), err
    code, out, err = program(*call, "--rejects", "bad.csv", cwd=tmp_path)
    assert (code, out) == (0, b"12.00\n12.00\n"), err
    rejects = table((tmp_path / "bad.csv").read_bytes())
    assert [int(row["line"]) for row in rejects] == list(bad)
    assert {row["column"] for row in rejects} <= set(FORCED)


@pytest.mark.parametrize("rates", CONTRADICTIONS)
def test_a_policy_or_a_frame_that_contradicts_itself_is_refused(rates: dict[str, str]) -> None:
    given: dict[str, Any] = dict(rates)
    with pytest.raises(aepromo.CallError, match=r"forced[_-]rate"):
        aepromo.list_price(
            pd.DataFrame({"target_price": ["9"]}),
            aepromo.Policy(**given),
        )
    frame = pd.DataFrame([{"target_price": "9", "forced_rate": "25%"}, {"target_price": "9"}])
    for name, rate in rates.items():
        frame.loc[1, name] = rate
    with pytest.raises(aepromo.BadRows) as raised:
        aepromo.list_price(frame)
    assert {problem.row for problem in raised.value.problems} == {1}
    assert {problem.column for problem in raised.value.problems} <= set(FORCED)


# Fault 2: no figure at the limit of the scale

OUT_OF_REACH = [
    ("4000000", "30%", "0.5%", "69%"),
    ("2500000", "60%", "10%", "29.9%"),
    ("9999999.99", "0", "0", "95%"),
    ("4000000", "0", "0", "80%"),  # 20,000,000.00: twice what an amount may be
]


@pytest.mark.parametrize(("purchase", "commission", "payment", "margin"), OUT_OF_REACH)
def test_audit_refuses_a_target_that_no_price_reaches(
    purchase: str, commission: str, payment: str, margin: str, tmp_path: Path
) -> None:
    values = ["--purchase", purchase, "--logistics", "0", "--rate", "7%", "-q"]
    values += ["--commission", commission, "--payment", payment, "--target-margin", margin]
    code, out, err = program("audit", "--price", "250", *values, cwd=tmp_path)
    assert (code, out) == (2, b"")
    assert re.search(r"no (list|deal) price under 10,000,000\.00", err), err


def test_audit_of_a_file_sets_aside_rows_that_no_price_protects(tmp_path: Path) -> None:
    header = "sku,list_price,purchase_price,logistics_cost,commission_rate,payment_rate"
    rows = [f"250,{cost},0,{','.join(rates)}" for cost, *rates in OUT_OF_REACH]
    lines = [f"{header},target_margin", "A,20,5,1,5%,1%,10%", *(f"B,{row}" for row in rows)]
    (tmp_path / "skus.csv").write_text("\n".join(lines) + "\n")
    call = ("audit", "skus.csv", "-q", "--rate", "7%", "--columns", "sku,status")
    code, out, err = program(*call, cwd=tmp_path)
    assert (code, out) == (3, b"")
    for line in range(3, 3 + len(rows)):
        assert re.search(
            rf"^skus\.csv:{line}: .*no (list|deal) price under 10,000,000\.00", err, re.M
        )
    code, out, err = program(*call, "--rejects", "bad.csv", cwd=tmp_path)
    assert (code, out) == (0, b"sku,status\nA,ok\n"), err
    with pytest.raises(aepromo.BadRows, match=r"10,000,000\.00"):
        aepromo.audit(pd.read_csv(tmp_path / "skus.csv", dtype=str), aepromo.Policy())


# Fault 3: a blank proposed price


def test_audit_uses_the_list_price_where_the_proposed_price_is_blank(
    tmp_path: Path,
) -> None:
    header = "sku,purchase_price,logistics_cost,list_price,new_list_price\n"
    (tmp_path / "skus.csv").write_text(f"{header}A,3,1,16,\nB,12,2,20,\n")
    call = ("audit", "skus.csv", "-q", "--rate", "25%", "--price", "40")
    code, out, err = program(*call, "--columns", "sku,deal_price,status", cwd=tmp_path)
    assert code == 1, err  # B is sold at a loss; at 40.00 it would not be
    assert out == b"sku,deal_price,status\nA,12.00,ok\nB,15.00,loss\n"
    frame = pd.read_csv(tmp_path / "skus.csv", dtype=str)
    for price in (None, "40"):
        answer = aepromo.audit(frame, aepromo.Policy(forced_rate="25%", list_price=price))
        assert [str(deal) for deal in answer["deal_price"]] == ["12.00", "15.00"]


def test_audit_uses_the_proposed_price_then_the_list_price_then_the_option(
    tmp_path: Path,
) -> None:
    header = "sku,purchase_price,logistics_cost,list_price,new_list_price\n"
    rows = "A,3,1,16,\nB,3,1,16,24\nC,3,1,,28\nD,3,1,,\n"
    (tmp_path / "skus.csv").write_text(header + rows)
    call = ("audit", "skus.csv", "--rate", "25%", "--price", "40", "--value", "deal_price")
    code, out, err = program(*call, cwd=tmp_path)
    assert (code, out) == (0, b"12.00\n18.00\n21.00\n30.00\n"), err
    assert "priced by new_list_price" in err
