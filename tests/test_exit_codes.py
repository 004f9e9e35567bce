"""Exit codes: 2 if the call or the configuration is wrong, 3 if data is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from forked import program

if TYPE_CHECKING:
    from pathlib import Path

ROWS = "".join(f"{sku},8,3,20\n" for sku in ("00123", "00124", "B-1", "B-2", "B-3", "B-4"))
FILES = {
    "skus.csv": f"sku,purchase_price,logistics_cost,list_price\n{ROWS}",
    "two.csv": "sku,purchase_price\nA,8\nB,9\n",
    "no-ids.csv": "purchase_price,logistics_cost\n8,3\n9,3\n",
    "no-rows.csv": "sku,purchase_price\n",
    "rates.csv": "sku,forced_rate,p95_rate\nA,10%,12%\n",
    "zh-rates.csv": "商品编码,P95折扣率\nA,12%\n",
    "broken.toml": "currency\n",
    "broken.json": "{",
}
REPRICE = ("reprice", "skus.csv", "-q")


@pytest.mark.parametrize(
    ("call", "code", "line"),
    [
        (("explain", "skus.csv"), 2,
         "skus.csv: 6 rows; choose one with --sku, such as --sku '00123'"),
        (("explain", "skus.csv", "--sku", "123"), 2,
         "skus.csv: no SKU '123'; did you mean '00123'?"),
        (("explain", "skus.csv", "--sku", "zzzz"), 2,
         "skus.csv: no SKU 'zzzz'; there are 6 others"),
        (("explain", "two.csv", "--sku", "zzzz"), 2,
         "two.csv: no SKU 'zzzz'; it has A, B"),
        (("explain", "no-ids.csv"), 2,
         "no-ids.csv: 2 rows; choose one with --sku ID, its column with --map 'HEADER=sku'"),
        (("explain", "no-rows.csv"), 3, "no-rows.csv: has no row"),
        ((*REPRICE, "--rates", "two.csv"), 3,
         "two.csv:1: not a list of rates: it has no column forced_rate; aepromo rates writes one"),
        ((*REPRICE, "--rates", "no-ids.csv"), 3,
         "no-ids.csv:1: not a list of rates: it has no column sku; aepromo rates writes one"),
        ((*REPRICE, "--rates", "rates.csv", "--rate-from", "p9"), 2,
         "rates.csv:1: --rate-from 'p9': no column p9_rate; did you mean 'p95'?"),
        ((*REPRICE, "--rates", "zh-rates.csv", "--rate-from", "max"), 2,
         "zh-rates.csv:1: --rate-from 'max': no column highest_rate; it has p95"),
        ((*REPRICE, "--rates", "none.csv"), 3, "none.csv: No such file or directory"),
        ((*REPRICE, "--rates", "."), 3, ".: Is a directory"),
        (("tracking", "--shipped-at", "2026-03-01T08:30Z", "--carriers", "none"), 3,
         "none: No such file or directory"),
        (("watch", "skus.csv", "-q", "--state", "broken.json"), 3,
         "broken.json: damaged, or not written by watch; restore it, or remove it to start again"),
        (("watch", "skus.csv", "-q", "--state", "none/s.json"), 2,
         "{folder}/none/s.json.lock: can't be written: No such file or directory"),
        ((*REPRICE, "--tariff", "none.toml"), 2, "none.toml: No such file or directory"),
        ((*REPRICE, "--tariff", "broken.toml"), 2, "broken.toml:1: not valid TOML"),
        ((*REPRICE, "--config", "broken.toml"), 2, "broken.toml:1: not valid TOML"),
        ((*REPRICE, "-o", "none/x.csv"), 2,
         "none/x.csv: can't be written: No such file or directory"),
    ],
)  # fmt: skip
def test_the_exit_code_says_whether_the_call_or_the_data_is_wrong(
    call: tuple[str, ...], code: int, line: str, tmp_path: Path
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    ended, out, err = program(*call, cwd=tmp_path)
    assert (ended, out) == (code, b"")
    assert err.startswith(f"aepromo: {line.format(folder=tmp_path.resolve())}")
    assert err.count("\n") == 1
