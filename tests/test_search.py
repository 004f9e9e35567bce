"""``python -m tests.search``: it prints its seed, repeats a case, and counts its failures."""

from __future__ import annotations

import sys
import time

import pytest
import search


def searched(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["search", *arguments])
    return search.main()


def fails(_seed: int, number: int) -> str:
    return f"wrong in {number}" if number % 2 else ""


@pytest.mark.parametrize("kind", list(search.CASES))
def test_a_case_can_be_repeated_by_seed_and_number(
    kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert searched(monkeypatch, kind, "--seed", "1", "--only", "3") == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("seed 1, ")
    assert last == "no failure"


def test_without_a_seed_one_is_drawn_and_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(search.CASES, "bytes", fails)
    for only, code, said in (("3", 1, "wrong in 3"), ("4", 0, "no failure")):
        assert searched(monkeypatch, "bytes", "--only", only) == code
        first, last = capsys.readouterr().out.splitlines()
        assert int(first.removeprefix("seed ").partition(",")[0]) >= 0
        assert last == said


def test_each_process_tries_its_own_cases(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(search.CASES, "bytes", fails)
    clock = iter(range(100))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    assert search.search("bytes", 1, 0, 3, until=4) == (4, 2)
    assert capsys.readouterr().out.splitlines() == ["bytes 3: wrong in 3", "bytes 9: wrong in 9"]


def test_an_unknown_kind_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        searched(monkeypatch, "letters")
    there_are = f"there are {', '.join(search.KINDS)}"
    assert f"no kind letters; {there_are}" in capsys.readouterr().err


def test_both_processes_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert search.search_cases("arithmetic", seed=1, seconds=0.5) == 0
    assert capsys.readouterr().out.startswith("arithmetic: ")
