"""The crontab lines of the pages, run as cron runs them: by ``/bin/sh``, with few settings."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import forked
import pytest
from pages import PAGES, Block, blocks_of
from processes import ROOT, UTF8, shim

if TYPE_CHECKING:
    from pathlib import Path

CRON = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
CRONTABS = {
    (block.text, page.language): block
    for page in PAGES
    for block in blocks_of(page.text)
    if block.language == "crontab"
}
"""Each crontab of the pages once, by its text and the page's language."""
FOUND = {"en": "Prices that break in ", "zh": "个标价会亏或破底线"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with that of the program, which has the environment, and that of a shop."""
    programs = tmp_path / "aepromo" / ".venv" / "bin"
    programs.mkdir(parents=True)
    shim(programs)
    shutil.copytree(ROOT / "examples", tmp_path / "aepromo" / "examples")
    (tmp_path / "shop").mkdir()
    for file in (ROOT / "examples").glob("*/*.*"):
        shutil.copy(file, tmp_path / "shop")
    return tmp_path


@pytest.fixture
def quick(place: Path) -> Path:
    """The same, for tests of what a script makes of an answer, whoever gives it."""
    forked.shim(place / "aepromo" / ".venv" / "bin")
    return place


def as_cron(job: str, place: Path, **more: str) -> tuple[int, str]:
    """Run a job; return its exit status, and the output that cron would mail."""
    ran = subprocess.run(
        ["/bin/sh", "-c", job.replace("/path/to", str(place))],
        env={**CRON, "HOME": str(place), **more},
        cwd=place,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, (ran.stdout + ran.stderr).decode()


def jobs_of(block: Block) -> tuple[dict[str, str], list[str]]:
    """The settings of a crontab and the commands in it."""
    lines = block.text.splitlines()
    settings = dict(line.split("=", 1) for line in lines if re.match(r"\w+=", line))
    timed = [re.fullmatch(r"(?:\S+ ){4}\S+  (.+)", line) for line in lines]
    return settings, [job[1] for job in timed if job]


@pytest.mark.parametrize(("text", "language"), CRONTABS)
def test_a_crontab_of_the_pages_works_in_crons_environment(
    text: str, language: str, place: Path
) -> None:
    """Without a locale, as cron runs them; the longest in English differs from that in Chinese."""
    settings, jobs = jobs_of(CRONTABS[text, language])
    assert len(settings) + len(jobs) == len(text.splitlines())
    if language == "en" and " report " in text:
        forked.shim(place / "aepromo" / ".venv" / "bin")
        settings = {**settings, **UTF8}
    if "--tariff" in text:
        shutil.copy(place / "shop" / "yuan-shop.toml", place / "shop" / "aepromo.toml")
    for job in jobs:
        assert re.search(r"(?<!\\)%", job) is None  # cron reads % as a line end
        code, mail = as_cron(job, place, **settings)
        if " report " in job:
            assert (code, mail) == (0, "")
            page = (place / "shop" / "report.html").read_text(encoding="utf-8")
            assert f'<html lang="{language}' in page
        else:
            assert code == 1, mail
            assert (re.search("标价会亏|强制打折", mail) is not None) == (language == "zh")


@pytest.mark.parametrize("language", FOUND)
def test_the_nightly_audit_accepts_options_and_reports_in_a_language(
    language: str, quick: Path
) -> None:
    job = f"{quick}/aepromo/examples/cron/nightly-audit.sh {quick}/shop/skus.csv --rate 0.1"
    code, mail = as_cron(job, quick, **UTF8, AEPROMO_LANG=language)
    heading, _, *rows = mail.splitlines()
    assert code == 1
    assert FOUND[language] in heading
    assert re.search(r"skus\.csv\D+4\b", heading)
    assert [row.split(",")[0] for row in rows] == ["HG-3058", "CE-4023", "3C-5048", "BT-6026"]


@pytest.mark.parametrize(
    ("fail_on", "statuses"),
    [
        ("below_target", {"below_target", "loss", "below_floor"}),
        ("loss", {"loss", "below_floor"}),
        ("below_floor", {"below_floor"}),
        ("never", set()),
    ],
)
def test_the_nightly_audit_reports_what_it_fails_on(
    fail_on: str, statuses: set[str], quick: Path
) -> None:
    job = f"{quick}/aepromo/examples/cron/nightly-audit.sh {quick}/shop/skus.csv --fail-on"
    code, mail = as_cron(f"{job} {fail_on}", quick, **UTF8)
    assert {row.rpartition(",")[2] for row in mail.splitlines()[2:]} == statuses
    assert code == bool(statuses)


@pytest.mark.parametrize(
    ("fail_on", "breaks"),
    [
        ("below_target", "会亏、破底线或达不到目标"),
        ("loss", "会亏或破底线"),
        ("below_floor", "破底线"),
    ],
)
def test_the_chinese_heading_names_the_statuses_that_it_counts(
    fail_on: str, breaks: str, quick: Path
) -> None:
    job = f"{quick}/aepromo/examples/cron/nightly-audit.sh {quick}/shop/skus.csv --fail-on"
    _, mail = as_cron(f"{job} {fail_on}", quick, **UTF8, AEPROMO_LANG="zh")
    heading, _, *rows = mail.splitlines()
    assert heading.endswith(f"skus.csv：有 {len(rows)} 个标价{breaks}")


def test_the_nightly_audit_prints_nothing_if_all_is_well(quick: Path) -> None:
    job = f"{quick}/aepromo/examples/cron/nightly-audit.sh {quick}/shop/skus.csv --rate 0"
    assert as_cron(job, quick, **UTF8) == (0, "")


def test_the_program_can_be_named_in_the_crontab(place: Path) -> None:
    elsewhere = place / "elsewhere"
    (place / "aepromo" / ".venv" / "bin" / "aepromo").rename(elsewhere)
    job = f"{place}/aepromo/examples/cron/nightly-audit.sh {place}/shop/skus.csv"
    assert as_cron(job, place)[0] == 127
    assert as_cron(job, place, AEPROMO=str(elsewhere))[0] == 1


def test_the_watch_script_accepts_options(place: Path) -> None:
    job = f"{place}/aepromo/examples/cron/watch-feed.sh {place}/shop/feed.csv {place}/watch.json"
    code, mail = as_cron(f"{job} --now 2026-03-10T09:00+08:00 --timezone Asia/Shanghai", place)
    assert code == 1
    assert "act by 2026-03-10T10:10+08:00" in mail
