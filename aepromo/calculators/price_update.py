"""Request bodies for the platform's batch price update, from the decisions of ``reprice``.

The fields are those of ``aliexpress.solution.batch.product.price.update`` (rule book:
``price_update``). The platform may erase what a request leaves out, so a product is sent with all
its SKUs or not at all: its rows must be together, and a bad row refuses the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from aepromo.calculators.reprice import REPRICE
from aepromo.engine.filling import Fault
from aepromo.engine.question import adding
from aepromo.errors import InputError
from aepromo.inputs.values import rule_number
from aepromo.pricing.decision import HELD_BY, HOLD, KEEP
from aepromo.pricing.money import BLANK, MILLION, is_known, pick
from aepromo.table.cells import fixed
from aepromo.words import N_, _, ngettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aepromo.engine.answer import Outcome
    from aepromo.engine.question import Inputs, Results
    from aepromo.rules.overrides import Book

    Body = dict[str, Any]

_LONGEST_ID = 18


class Row(NamedTuple):
    """A SKU in a market: its price and sale price as the platform takes them, blank for none."""

    product: str
    sku: str
    market: str
    price: str
    discount_price: str
    changes: bool


def _compute(inputs: Inputs) -> Results:
    """The decisions of ``reprice``, holding a new list price that is not above the sale price."""
    figures = REPRICE.compute(inputs)
    price, discount = figures["new_list_price"], inputs.numbers["discount_price"]
    changes = (figures["action"] != HOLD) & (figures["action"] != KEEP)
    held = changes & is_known(discount) & (discount >= price)
    current = inputs.sku.list_price
    return {
        "new_list_price": pick(held, current, price),
        "price_change": pick(held & is_known(current), 0, figures["price_change"]),
        "action": pick(held, HOLD, figures["action"]),
        "held_by": pick(held, HELD_BY.index("discount_price"), figures["held_by"]),
    }


def _faults(inputs: Inputs) -> list[Fault]:
    """Rows that can't be sent to the platform."""
    products, skus, markets = (inputs.text(name) for name in ("product_id", "sku", "market"))
    digits = rf"^[0-9]{{1,{_LONGEST_ID}}}$"
    keys = pc.binary_join_element_wise(products, skus, markets, "\0")
    _seen, first = np.unique(keys.to_numpy(zero_copy_only=False), return_index=True)
    again = np.ones(inputs.rows, bool)
    again[first] = False
    texts = {"product_id": products.to_pylist, "sku": skus.to_pylist}

    def no_number(row: int | None) -> str:
        text = texts["product_id"]()[row or 0]
        if not text:
            return _("is missing; a price update names every product")
        return _("'{text}' is not a product number; write its digits").format(text=text)

    def no_sku(_row: int | None) -> str:
        return _("is missing; a price update names every SKU")

    def twice(row: int | None) -> str:
        text = _(
            "'{sku}' appears twice in its product; keep one row, or give each row its own market"
        )
        return text.format(sku=texts["sku"]()[row or 0])

    is_number = pc.match_substring_regex(products, digits).to_numpy(zero_copy_only=False)
    is_blank = pc.equal(skus, "").to_numpy(zero_copy_only=False)
    faults = (
        Fault("product_id", ~is_number, no_number),
        Fault("sku", is_blank, no_sku),
        Fault("sku", again & is_number & ~is_blank, twice),
    )
    return [fault for fault in faults if np.any(fault.where)]


PRICE_UPDATE = REPRICE._replace(
    question=N_("The new list prices as requests to the platform."),
    uses=(*REPRICE.uses, "product_id", "sku", "market", "discount_price"),
    wants=("product_id", "sku"),
    adds=adding("new_list_price", "price_change", "action", "held_by"),
    compute=_compute,
    faults=_faults,
    counts=("action", "held_by"),
)
"""The question of ``reprice``, with the columns that a request to the platform needs."""


def rows_of(outcome: Outcome) -> list[Row]:
    """The SKUs of an answer, as they are sent to the platform."""
    inputs, results = outcome.inputs, outcome.results
    if inputs is None:
        return []
    rows, places = inputs.rows, outcome.values.currency.places
    products, skus, markets = (
        inputs.text(name).to_pylist() for name in ("product_id", "sku", "market")
    )
    prices, actions, discounts = (
        np.broadcast_to(figures, rows).tolist()
        for figures in (
            results["new_list_price"],
            results["action"],
            inputs.numbers["discount_price"],
        )
    )
    return [
        Row(
            *(product, sku, market.upper()),
            "" if price == BLANK else fixed(price, places),
            "" if discount == BLANK else fixed(discount, places),
            action not in (HOLD, KEEP),
        )
        for product, sku, market, price, discount, action in zip(
            products, skus, markets, prices, discounts, actions, strict=True
        )
    ]


class PriceUpdates:
    """Rows gathered into request bodies, product by product, as they come.

    Counts the ``products``, ``skus`` and ``calls`` that go out.
    """

    def __init__(self, book: Book) -> None:
        self._most_products = rule_number(book, "price_update.products_per_call") // MILLION
        self._most_skus = rule_number(book, "price_update.skus_per_product") // MILLION
        self._done: set[str] = set()
        self._open: list[Row] = []
        self._waiting: list[Body] = []
        self.products = self.skus = self.calls = 0

    def add(self, rows: Iterable[Row]) -> Iterator[Body]:
        """Add rows; return the bodies that are complete with them.

        Raises ``InputError`` for a product whose rows are not together.
        """
        for row in rows:
            if self._open and row.product != self._open[0].product:
                yield from self._close_product()
            if row.product in self._done:
                apart = _(
                    "the rows of product {product} are not together; sort the file by product_id"
                )
                raise InputError(apart.format(product=row.product))
            self._open.append(row)

    def finish(self) -> Iterator[Body]:
        """Return the last bodies."""
        yield from self._close_product()
        if self._waiting:
            yield self._body()

    def said(self) -> str:
        """The amount that is sent: ``2 products, 5 SKUs, 1 call``."""
        parts = (
            ngettext("{count:,} product", "{count:,} products", self.products),
            ngettext("{count:,} SKU", "{count:,} SKUs", self.skus),
            ngettext("{count:,} call", "{count:,} calls", self.calls),
        )
        counts = (self.products, self.skus, self.calls)
        return _(", ").join(
            part.format(count=count) for part, count in zip(parts, counts, strict=True)
        )

    def _close_product(self) -> Iterator[Body]:
        rows, self._open = self._open, []
        if not rows:
            return
        self._done.add(rows[0].product)
        if not any(row.changes for row in rows):
            return
        product = _product(rows)
        skus = len(product["multiple_sku_update_list"])
        if skus > self._most_skus:
            reason = _(
                "product {product} has {skus} SKUs, but a request holds at most {most} of one "
                "product"
            )
            raise InputError(
                reason.format(product=rows[0].product, skus=skus, most=self._most_skus)
            )
        self.products += 1
        self.skus += skus
        self._waiting.append(product)
        if len(self._waiting) == self._most_products:
            yield self._body()

    def _body(self) -> Body:
        products, self._waiting = self._waiting, []
        self.calls += 1
        return {"mutiple_product_update_list": products}  # spelled so by the platform


def _product(rows: Sequence[Row]) -> Body:
    """A product with all its SKUs that have a price; by market where rows name one.

    A SKU of several markets has the highest of its prices, and each market its own.
    """
    by_sku: dict[str, list[Row]] = {}
    for row in rows:
        if row.price:
            by_sku.setdefault(row.sku, []).append(row)
    product: Body = {
        "product_id": int(rows[0].product),
        "multiple_sku_update_list": [_sku(max(own, key=_amount)) for own in by_sku.values()],
    }
    countries: dict[str, list[Body]] = {}
    for row in rows:
        if row.price and row.market:
            countries.setdefault(row.market, []).append(_sku(row))
    if countries:
        product["multi_country_price_configuration"] = {
            "price_type": "absolute",
            "country_price_list": [
                {"ship_to_country": country, "sku_price_by_country_list": skus}
                for country, skus in countries.items()
            ],
        }
    return product


def _sku(row: Row) -> Body:
    sku = {"sku_code": row.sku, "price": row.price}
    return sku | {"discount_price": row.discount_price} if row.discount_price else sku


def _amount(row: Row) -> int:
    return int(row.price.replace(".", ""))
