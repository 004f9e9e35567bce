"""Files that a call reads are never overwritten, except FILE itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import program

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "skus.csv": "sku,purchase_price,logistics_cost,list_price,weight_g,market\nA,8,3,20,90,ES\n",
    "shop.toml": 'commission_rate = "7%"\n',
    "aepromo.toml": 'payment_rate = "1%"\n',
    "post.toml": '[lines.slow.markets.ES]\ncurrency = "USD"\nfirst_weight_g = 100\n'
    "first_weight_fee = 2\nstep_g = 10\nstep_fee = 1\nregistration_fee = 1\nmax_weight_g = 2000\n",
    "past.csv": "sku,forced_rate\nA,12%\n",
    "names.txt": "Cainiao\n",
    "feed.csv": "sku,discount_status\nA,forced\n",
}
ASK = ("reprice", "skus.csv", "-q", "--format", "csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "also-past.csv").symlink_to("past.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ((*ASK, "--config", "shop.toml", "-o", "shop.toml"), "--output and --config"),
        ((*ASK, "--config", "shop.toml", "--rejects", "./shop.toml"), "--rejects and --config"),
        ((*ASK, "-o", "aepromo.toml"), "--output and aepromo.toml"),
        ((*ASK, "--rejects", "aepromo.toml"), "--rejects and aepromo.toml"),
        ((*ASK, "--tariff", "post.toml", "--rejects", "post.toml"), "--rejects and --tariff"),
        ((*ASK, "--tariff", "post.toml", "-o", "post.toml"), "--output and --tariff"),
        ((*ASK, "--rates", "past.csv", "-o", "past.csv"), "--output and --rates"),
        ((*ASK, "--rates", "past.csv", "-o", "also-past.csv"), "--output and --rates"),
        ((*ASK, "--rates", "also-past.csv", "--rejects", "past.csv"), "--rejects and --rates"),
        (("tracking", "--tracking-number", "LP1", "--carriers", "names.txt", "-o", "names.txt"),
         "--output and --carriers"),
        (("watch", "feed.csv", "--state", "shop.toml", "--config", "shop.toml"),
         "--state and --config"),
        (("watch", "feed.csv", "--state", "s.json", "-o", "s.json"), "--state and --output"),
        (("appeal", "skus.csv", "--worksheet", "skus.csv"), "--worksheet and the input"),
        (("appeal", "skus.csv", "--worksheet", "b.csv", "--rejects", "b.csv"),
         "--worksheet and --rejects"),
        (("sweep", "skus.csv", "--svg", "skus.csv"), "--svg and the input"),
        (("sweep", "skus.csv", "--svg", "c.svg", "--png", "c.svg"), "--png and --svg"),
        (("rules", "--config", "shop.toml", "-o", "shop.toml", "--format", "csv"),
         "--output and --config"),
    ],
)  # fmt: skip
def test_a_call_that_would_overwrite_one_of_its_files_is_refused(
    folder: Path, call: tuple[str, ...], said: str
) -> None:
    code, out, err = program(*call, cwd=folder)
    assert (code, out, err) == (2, b"", f"aepromo: {said} are the same file\n")
    assert {name: (folder / name).read_text() for name in FILES} == FILES
    assert {path.name for path in folder.iterdir()} == {*FILES, "also-past.csv"}


@pytest.mark.parametrize(
    "call",
    [
        (*ASK, "-o", "skus.csv"),
        (*ASK, "-o", "new.toml"),
        (*ASK, "--config", "shop.toml", "-o", "aepromo.toml"),
        ("floor", "--purchase", "8", "-o", "past.csv", "-q"),
    ],
)
def test_a_file_that_the_call_does_not_need_is_replaced(
    folder: Path, call: tuple[str, ...]
) -> None:
    assert program(*call, cwd=folder)[0] == 0
    target = call[call.index("-o") + 1]
    assert (folder / target).read_text() != FILES.get(target)
