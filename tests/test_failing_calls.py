"""Failing system calls: the old files or the new ones, one line, no litter.

``python -m tests.search failures`` tries every call; here are those of each command that write, and
some of those that open and read.
"""

from __future__ import annotations

from functools import partial

import pytest
from fuzz.failures import CALLS, Failed, changing_and_every, has_compiler, judged, wrong_with

pytestmark = pytest.mark.skipif(not has_compiler(), reason="no C compiler, or no Linux")
EVERY = 25


@pytest.mark.parametrize("name", CALLS)
def test_a_failed_system_call_leaves_whole_files_and_is_reported(name: str) -> None:
    assert wrong_with(name, partial(changing_and_every, EVERY)) == []


GOOD = Failed("", 0, b"", "", {"out.csv": b"new", "bad.csv": b"none"}, [])
OLD = {"out.csv": b"old", "bad.csv": b"older"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"files": {"out.csv": b"ne", "bad.csv": b"older"}, "code": 2}, "neither the old one"),
        ({"files": {"out.csv": b"old"}, "code": 2}, "there are out.csv"),
        ({"files": OLD}, "ended well with other results"),
        ({"out": b"half"}, "ended well with other results"),
        ({"call": "fsync 4"}, "ended well, though"),
        ({"code": 1}, "exit code 1"),
        ({"code": -6}, "exit code -6"),
        ({"code": 70, "err": ""}, "said "),
        ({"code": 70, "err": "Traceback\n"}, "said Traceback"),
        ({"code": 2, "err": "aepromo: one\naepromo: two\n"}, "said aepromo: one"),
    ],
    ids=str,
)
def test_a_bad_ending_would_be_noticed(changed: dict[str, object], said: str) -> None:
    told = {"code": 2, "err": "aepromo: no\n"} if changed.get("code") == 2 else {}
    ran = GOOD._replace(**{**told, **changed})  # type: ignore[arg-type]
    assert judged(GOOD, OLD, GOOD) == []
    assert any(each.startswith(said) or said in each for each in judged(ran, OLD, GOOD))
