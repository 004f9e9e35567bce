"""A configuration that was found without ``--config`` is named if anything of it is used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from forked import program

if TYPE_CHECKING:
    from pathlib import Path

SKU = ("--list-price", "20", "--purchase", "8", "--logistics", "3")
FILES = {
    "orders.csv": "order_id,sku,list_price,deal_price,discount_status\n1,A,20,18,forced\n",
    "feed.csv": "sku,discount_status\nA,forced\n",
    "parcels.csv": "tracking_number,carrier,shipped_at\nLP0012345678,Cainiao,2026-03-01T08:00\n",
    "mapped.csv": "Mein Preis\n20\n",
}
FEE, HOURS = 'commission_rate = "9%"\n', '[rules]\nforced.react_hours = "3"\n'
TURKISH = '[map]\n"Mein Preis" = "list_price"\n'


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (FEE, ("margin", *SKU)),
        (FEE, ("sweep", *SKU)),
        (FEE, ("explain", *SKU)),
        (FEE, ("watch", "--discount-status", "forced")),
        (FEE, ("watch", "feed.csv")),
        (HOURS, ("watch", "feed.csv")),
        (HOURS, ("rules", "forced")),
        (HOURS, ("rates", "orders.csv")),
        (HOURS, ("forced", "--list-price", "20")),
        ('timezone = "Asia/Shanghai"\n', ("tracking", "parcels.csv", "--fail-on", "never")),
        ('timezone = "Asia/Shanghai"\n', ("watch", "feed.csv")),
        ('carriers = ["Cainiao"]\n', ("tracking", "parcels.csv", "--fail-on", "never")),
        (TURKISH, ("commission", "mapped.csv", "--rate", "10%")),
        ("[stores.one]\nstore_level = \"L4\"\n", ("forced", "--list-price", "20")),
    ],
)  # fmt: skip
def test_a_found_configuration_is_named_once_if_it_is_used(
    text: str, call: tuple[str, ...], tmp_path: Path
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "aepromo.toml").write_text(text)
    code, _, err = program(*call, cwd=tmp_path)
    assert code in (0, 1), err
    assert err.splitlines().count("configuration: aepromo.toml") == 1
    (tmp_path / "aepromo.toml").rename(tmp_path / "mine.toml")
    code, _, err = program(*call, "--config", "mine.toml", cwd=tmp_path)
    assert code in (0, 1)
    assert "configuration:" not in err


@pytest.mark.parametrize(
    "call", [("floor", "--purchase", "8"), ("rules", "fees"), ("rates", "orders.csv")]
)
def test_a_found_configuration_is_not_named_if_nothing_is_used(
    call: tuple[str, ...], tmp_path: Path
) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "aepromo.toml").write_text(FEE)
    code, _, err = program(*call, cwd=tmp_path)
    assert code == 0
    assert "configuration:" not in err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_configuration_of_another_user_gets_a_warning_even_with_quiet(tmp_path: Path) -> None:
    config = tmp_path / "aepromo.toml"
    config.write_text(FEE)
    os.chown(config, 4321, 4321)
    code, _, err = program("margin", *SKU, "-q", cwd=tmp_path)
    said = "warning: aepromo.toml belongs to another user (4321); check its content\n"
    assert (code, err) == (0, said)
