"""``tracking``: numbers, hours to the second, zones, and when a promotion ends."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aepromo
from aepromo.errors import CallError
from aepromo.inputs.policy import Policy
from aepromo.platform.tracking import ADDED
from aepromo.platform.tracking_number import check_digit, number_fault, number_faults
from aepromo.rules.overrides import Book
from aepromo.table.column import Kind
from aepromo.table.fact_cells import read_fact
from aepromo.table.moment_columns import instant_number, read_instants, written_instants

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Run

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
# Everything just in time: uploaded after 24 hours, heard of 72 hours ago.
PARCEL = {
    "tracking_number": "RR473124829GB",
    "carrier": "Cainiao",
    "shipped_at": "2026-03-06T12:00Z",
    "first_scan_at": "2026-03-07T12:00Z",
    "last_event_at": "2026-03-07T12:00Z",
}
CARRIERS = ("Cainiao", "云途物流")


def judged(
    book: Book | None = None, now: datetime = NOW, zone: tzinfo = UTC, **cells: str
) -> dict[str, Any]:
    """The answer for the parcel above with some cells changed; None where it is blank."""
    frame = pd.DataFrame([{**PARCEL, **cells}], dtype="str")
    policy = Policy(book=book or Book(), zone=zone)
    (answer,) = aepromo.tracking(frame, policy, now=now, carriers=CARRIERS).to_dict("records")
    return {name: None if answer[name] is pd.NA else answer[name] for name in ADDED}


def track(book: Book | None = None, now: datetime = NOW, zone: tzinfo = UTC, **cells: str) -> str:
    return str(judged(book, now, zone, **cells)["track"])


# Numbers


@pytest.mark.parametrize(
    ("serial", "digit"),
    [
        ("47312482", 9),  # the standard's usual example: S = 200
        ("12345678", 5),  # 204 mod 11 = 6
        ("00000000", 5),  # 11 stands for 5
        ("47312485", 0),  # 10 stands for 0
        ("00071761", 8),
        ("96633102", 0),
        ("76129403", 8),
    ],
)
def test_check_digits_as_others_compute_them(serial: str, digit: int) -> None:
    assert check_digit(serial) == digit


def test_a_check_digit_finds_single_typing_errors() -> None:
    # 0 stands for 10 and 5 for 11, so some errors can't be found; nine in ten are.
    serial = "47312482"
    slips = [
        serial[:place] + digit + serial[place + 1 :]
        for place in range(8)
        for digit in "0123456789"
        if digit != serial[place]
    ]
    assert sum(check_digit(slip) == 9 for slip in slips) == 0


@pytest.mark.parametrize(
    "number",
    [
        "RR473124829GB",
        "rr 473 124 829 gb",
        "ＲＲ473124829ＧＢ",
        "RR-473124829-GB",
        "LP00613380522471",
        "YT2606421266017543",
        "4PX3001584120966CN",
        "12345678",
        "1" * 39 + "2",
    ],
)
def test_valid_tracking_numbers(number: str) -> None:
    assert number_fault(number) == ""


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("", "no tracking number"),
        ("RR473124820GB", "number 'RR473124820GB' has check digit 0, needs 9"),
        ("rr473124820gb", "number 'rr473124820gb' has check digit 0, needs 9"),
        ("1234567", "number '1234567' has 7 characters, needs 8 to 40"),
        ("1" * 40 + "2", f"number '{'1' * 40}2' has 41 characters, needs 8 to 40"),
        ("ABCDE12345", "number 'ABCDE12345' has 5 digits, needs 6"),
        ("AB#1234567", "number 'AB#1234567' has characters other than letters and digits"),
        ("物流12345678", "number '物流12345678' has characters other than letters and digits"),
        ("00000000", "number '00000000' repeats one digit, as placeholders do"),
        (
            "1.23457E+15",
            "number '1.23457E+15' was shortened by a spreadsheet: export it as text",
        ),
    ],
)
def test_invalid_tracking_numbers(number: str, fault: str) -> None:
    assert number_fault(number) == fault


SERIALS = st.text("0123456789", min_size=8, max_size=9)


@given(
    st.lists(
        st.one_of(
            st.text("AB01２ -x", max_size=14),
            SERIALS.map(lambda serial: f"RR{serial}GB"),
            SERIALS.map(lambda serial: f"RR{serial[:8]}{check_digit(serial[:8])}GB"),
            st.builds(
                lambda letters, digits: letters + digits,
                st.text("AB", max_size=5),
                st.text("01", max_size=42),
            ),
        )
    )
)
def test_many_numbers_have_the_faults_of_each(numbers: list[str]) -> None:
    assert number_faults(pa.array(numbers, pa.string())) == [*map(number_fault, numbers)]


# Thresholds


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        # uploaded a second before, at and a second after 24 hours: at most 24
        ({"first_scan_at": "2026-03-07T11:59:59Z"}, "ok"),
        ({"first_scan_at": "2026-03-07T12:00:00Z"}, "ok"),
        ({"first_scan_at": "2026-03-07T12:00:01Z"}, "late"),
        # silent a second less than, exactly and a second more than 72 hours: over 72 is broken
        ({"last_event_at": "2026-03-07T12:00:01Z"}, "ok"),
        ({"last_event_at": "2026-03-07T12:00:00Z"}, "ok"),
        (
            {"last_event_at": "2026-03-07T11:59:59Z", "first_scan_at": "2026-03-07T11:59:59Z"},
            "silent",
        ),
        # a delivered parcel is never silent
        (
            {
                "last_event_at": "2026-03-01T00:00Z",
                "first_scan_at": "2026-03-01T00:00Z",
                "shipped_at": "2026-03-01T00:00Z",
                "delivered_at": "2026-03-05T00:00Z",
            },
            "ok",
        ),
        # no track at all: late once 24 hours have passed, silent once 72 have
        ({"shipped_at": "2026-03-09T12:00Z", "first_scan_at": "", "last_event_at": ""}, "ok"),
        ({"shipped_at": "2026-03-09T11:59:59Z", "first_scan_at": "", "last_event_at": ""}, "late"),
        (
            {"shipped_at": "2026-03-07T11:59:59Z", "first_scan_at": "", "last_event_at": ""},
            "silent",
        ),
        # a track without a known start may have been in time
        ({"first_scan_at": ""}, "ok"),
        ({"carrier": "cai-niao"}, "ok"),
        ({"carrier": "云途物流"}, "ok"),
        ({"carrier": "顺通货代"}, "uncertified"),
        ({"carrier": ""}, "ok"),
        ({"tracking_number": ""}, "invalid"),
        ({"tracking_number": "RR473124820GB"}, "invalid"),
    ],
)
def test_a_gate_at_its_threshold(cells: dict[str, Any], expected: str) -> None:
    assert track(**cells) == expected


def test_the_worst_fault_names_the_track_and_all_are_reasons() -> None:
    verdict = judged(
        tracking_number="RR473124820GB",
        carrier="顺通货代",
        shipped_at="2026-03-06T00:00Z",
        first_scan_at="2026-03-07T06:00Z",
        last_event_at="2026-03-07T06:00Z",
    )
    assert verdict == {
        "track": "invalid",
        "upload_hours": 30,
        "silent_hours": 78,
        "ends_at": "2026-03-06T02:00+00:00",
        "reasons": "number 'RR473124820GB' has check digit 0, needs 9; "
        "silent hours 78, needs at most 72: -6; "
        "carrier 顺通货代 is not on your list of certified ones; "
        "upload hours 30, needs at most 24: -6",
    }


@pytest.mark.parametrize(
    ("cells", "ends_at"),
    [
        ({}, None),
        ({"carrier": "顺通货代"}, None),  # the source names no hour for it
        ({"first_scan_at": "2026-03-08T12:00Z", "last_event_at": "2026-03-08T12:00Z"}, None),
        # 72 hours after the last event, and two more
        (
            {"first_scan_at": "2026-03-07T09:30Z", "last_event_at": "2026-03-07T09:30Z"},
            "2026-03-10T11:30+00:00",
        ),
        # an invalid number can be seen from shipping on
        ({"tracking_number": "RR473124820GB"}, "2026-03-06T14:00+00:00"),
        (
            {
                **dict.fromkeys(PARCEL, ""),
                "tracking_number": "RR473124820GB",
            },
            "2026-03-10T14:00+00:00",
        ),
    ],
)
def test_when_the_promotion_ends(cells: dict[str, Any], ends_at: str | None) -> None:
    assert judged(**cells)["ends_at"] == ends_at


def test_a_parcel_without_times_is_not_shipped() -> None:
    nothing: dict[str, Any] = dict.fromkeys(PARCEL, "")
    assert judged(**nothing) == dict.fromkeys(ADDED) | {"reasons": "not shipped yet"}


@pytest.mark.parametrize(
    ("key", "value", "cells", "before", "after"),
    [
        ("tracking.upload_hours", "23", {}, "ok", "late"),
        ("tracking.upload_hours", "24.5", {"first_scan_at": "2026-03-07T12:30Z"}, "late", "ok"),
        ("tracking.gap_hours", "71.99", {}, "ok", "silent"),
        ("tracking.certified_carrier", "no", {"carrier": "顺通货代"}, "uncertified", "ok"),
        ("tracking.number_valid", "no", {"tracking_number": "RR473124820GB"}, "invalid", "ok"),
    ],
)
def test_a_rule_changed_changes_the_verdict(
    key: str, value: str, cells: dict[str, Any], before: str, after: str
) -> None:
    assert track(**cells) == before
    assert track(Book({key: value}, "aepromo.toml"), **cells) == after


def test_the_hours_until_the_promotion_ends_come_from_the_rule_book() -> None:
    book = Book({"tracking.end_hours": "4.5"}, "aepromo.toml")
    assert judged(book, tracking_number="")["ends_at"] == "2026-03-06T16:30+00:00"


@pytest.mark.parametrize("value", ["two", "-2", "999999999999"])
def test_a_rule_that_makes_no_sense_is_named(value: str) -> None:
    with pytest.raises(CallError, match=r"rules\.tracking\.end_hours: "):
        judged(Book({"tracking.end_hours": value}, "aepromo.toml"), tracking_number="")


# Zones


def test_the_same_moment_in_any_zone() -> None:
    verdict = judged()
    for hours in (-11, -3, 8, 14):
        there = timezone(timedelta(hours=hours))
        moments: dict[str, Any] = {
            name: datetime.fromisoformat(PARCEL[name]).astimezone(there).isoformat()
            for name in ("shipped_at", "first_scan_at", "last_event_at")
        }
        assert judged(**moments) == verdict


def test_a_time_without_a_zone_is_in_the_given_zone() -> None:
    bare: dict[str, Any] = {
        "shipped_at": "2026-03-06 20:00",
        "first_scan_at": "2026-03-07 20:00",
        "last_event_at": "2026/3/7 20:00",
    }
    assert track(zone=ZoneInfo("Asia/Shanghai"), **bare) == "ok"
    assert judged(zone=ZoneInfo("Asia/Shanghai"), **bare)["silent_hours"] == 72
    assert judged(**bare)["silent_hours"] == 64


@pytest.mark.parametrize(
    ("shipped", "scanned", "hours", "expected"),
    [
        # Berlin, 29 March 2026: from 02:00 to 03:00 at once, so the day has 23 hours
        ("2026-03-28 12:00", "2026-03-29 12:00", 23, "ok"),
        ("2026-03-28 12:00", "2026-03-29 13:00", 24, "ok"),
        ("2026-03-28 12:00", "2026-03-29 13:00:01", 25, "late"),
        # Berlin, 25 October 2026: 02:00 to 03:00 twice, so the day has 25 hours
        ("2026-10-24 12:00", "2026-10-25 11:00", 24, "ok"),
        ("2026-10-24 12:00", "2026-10-25 11:00:01", 25, "late"),
        ("2026-10-24 12:00", "2026-10-25 12:00", 25, "late"),
        # of an hour that comes twice, the first is meant
        ("2026-10-25 02:30", "2026-10-25 03:30", 2, "ok"),
    ],
)
def test_hours_are_real_hours_when_the_clocks_change(
    shipped: str, scanned: str, hours: int, expected: str
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    cells: dict[str, Any] = {
        "shipped_at": shipped,
        "first_scan_at": scanned,
        "last_event_at": scanned,
    }
    now = datetime.fromisoformat(scanned).replace(tzinfo=berlin).astimezone(UTC)
    assert judged(now=now, zone=berlin, **cells)["upload_hours"] == hours
    assert track(now=now, zone=berlin, **cells) == expected


def test_the_end_is_written_in_the_zone_of_its_day() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    heard = "2026-03-26T01:30+01:00"
    cells: dict[str, Any] = {"shipped_at": heard, "first_scan_at": heard, "last_event_at": heard}
    now = datetime(2026, 3, 30, tzinfo=UTC)
    assert judged(now=now, zone=berlin, **cells)["ends_at"] == "2026-03-29T04:30+02:00"


ZONES = ("UTC", "Asia/Shanghai", "Europe/Berlin", "Africa/Cairo", "Australia/Lord_Howe")
FORMS = (
    *("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m-%d", "%Y.%m.%d %H:%M"),
    *("%Y-%m-%dT%H:%M+0800", "%Y-%m-%d %H:%M:%S.5Z", "%Y-%m-%dT%H:%M-03:30", "%Y%m%d", " "),
)


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.datetimes(datetime(2000, 1, 1), datetime(2199, 1, 1)),
                st.datetimes(datetime(2026, 3, 28), datetime(2026, 3, 30)),
                st.datetimes(datetime(2026, 10, 24), datetime(2026, 10, 26)),
            ),
            st.sampled_from(FORMS),
        )
    ),
    st.sampled_from(ZONES).map(ZoneInfo),
)
def test_a_column_of_times_is_read_and_written_as_each_is(
    shown: list[tuple[datetime, str]], zone: ZoneInfo
) -> None:
    texts = [moment.strftime(form) for moment, form in shown]
    numbers = read_instants(pa.array(texts, pa.string()), zone).numbers
    facts = [read_fact(text, Kind.MOMENT) for text in texts]
    known = [fact for fact in facts if isinstance(fact, datetime)]
    read = iter(numbers[[isinstance(fact, datetime) for fact in facts]].tolist())
    assert [*read] == [instant_number(moment, zone) for moment in known]
    placed = (moment if moment.tzinfo else moment.replace(tzinfo=zone) for moment in known)
    assert [text for text in written_instants(numbers, zone).to_pylist() if text] == [
        moment.astimezone(UTC).astimezone(zone).isoformat(timespec="minutes") for moment in placed
    ]


# Through the program

AS_OF = ("--now", "2026-03-10T09:00+08:00", "--timezone", "Asia/Shanghai")
PARCELS = "examples/parcels/tracking.csv"
EXAMPLE = ("tracking", PARCELS, "--carriers", "examples/parcels/carriers.txt", *AS_OF)


def test_a_file_with_chinese_headers(run: Run) -> None:
    done = run(*EXAMPLE)
    rows = list(csv.DictReader(io.StringIO(done.out.decode())))
    assert done.code == 1
    assert done.err == "assumed: times without a zone are in Asia/Shanghai (set --timezone)\n"
    assert [row["track"] for row in rows] == [
        *("ok", "invalid", "silent", "ok", "late", "late", "invalid", "uncertified"),
        *("invalid", "ok", "ok", "invalid", "", "ok"),
    ]
    assert rows[2]["ends_at"] == "2026-03-10T10:55+08:00"
    assert run("tracking", "-", *EXAMPLE[2:], stdin=done.out).out == done.out


def test_a_table_has_the_worst_on_top_and_counts(run: Run) -> None:
    out = re.sub(" +\n", "\n", run(*EXAMPLE, "--format", "table").out.decode())
    summary = "14 parcels: 5 ok, 2 late, 1 uncertified, 1 silent, 4 invalid, 1 not shipped yet\n"
    assert summary in out
    assert out.index("invalid") < out.index("silent") < out.index("uncertified") < out.index("late")


@pytest.mark.parametrize(
    ("cells", "codes"),
    [
        ({}, {"late": 0, "invalid": 0}),
        ({"first_scan_at": "2026-03-07T13:00Z"}, {"late": 1, "uncertified": 0, "never": 0}),
        ({"carrier": "x"}, {"late": 1, "uncertified": 1, "silent": 0}),
        ({"tracking_number": "x"}, {"late": 1, "silent": 1, "invalid": 1, "never": 0}),
    ],
)
def test_findings_end_with_1(run: Run, cells: dict[str, Any], codes: dict[str, int]) -> None:
    row = {**PARCEL, **cells}
    table = f"{','.join(row)}\n{','.join(row.values())}\n".encode()
    call = ("tracking", "-", "--now", "2026-03-10T12:00Z", "--carrier", "Cainiao")
    assert {name: run(*call, "--fail-on", name, stdin=table).code for name in codes} == codes
    assert run(*call, stdin=table).code == codes["late"], "late is the default"


def test_a_one_liner(run: Run) -> None:
    done = run(
        *("tracking", "--tracking-number", "RR473124829GB", "--shipped-at", "2026-03-09 12:00"),
        *("--carried-by", "YunExpress", "--carrier", "Cainiao", "--carrier", "Yun Express"),
        *("--now", "2026-03-10T12:00Z", "--format", "json"),
    )
    assert done.code == 0
    assert json.loads(done.out)[0]["track"] == "ok"
    assert done.err == "assumed: times without a zone are in UTC (set --timezone)\n"


def test_the_clock_is_the_default(run: Run) -> None:
    done = run("tracking", "--tracking-number", "LP00613380522471", "--shipped-at", "2020-01-01")
    assert done.code == 1
    assert b",silent," in done.out
    shipped = (datetime.now(UTC) - timedelta(hours=71)).isoformat()
    fresh = run("tracking", "--tracking-number", "LP00613380522471", "--shipped-at", shipped)
    assert b",71," in fresh.out or b",72," in fresh.out


def test_without_a_list_carriers_are_not_checked_and_a_message_says_so(run: Run) -> None:
    row = "tracking_number,shipped_at,carrier\nRR473124829GB,2026-03-10T11:00Z,x\n"
    call = ("tracking", "-", "--now", "2026-03-10T12:00Z", "--value", "track")
    done = run(*call, stdin=row.encode())
    assert (done.code, done.out) == (0, b"ok\n")
    assert done.err == (
        "not checked: carriers, without a list (set --carriers FILE or --carrier NAME)\n"
    )
    assert run(*call, "-q", stdin=row.encode()).err == ""


def test_a_time_in_the_future_gets_a_warning(run: Run) -> None:
    row = b"tracking_number,shipped_at\nRR473124829GB,2026-03-10 18:00\n"
    done = run("tracking", "-", "--now", "2026-03-10T12:00Z", "-q", stdin=row)
    assert done.err == "warning: 1 time is in the future; are --now and --timezone right?\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_of_carriers_in_a_file(run: Run, tmp_path: Path, encoding: str) -> None:
    names = tmp_path / "carriers.txt"
    names.write_bytes("# 认证物流商\r\n\r\n云途物流\r\n".encode(encoding))
    row = "tracking_number,shipped_at,carrier\nRR473124829GB,2026-03-10T11:00Z,云途物流\n"
    call = ("tracking", "-", "--now", "2026-03-10T12:00Z", "--carriers", names, "--value", "track")
    assert run(*call, stdin=row.encode()).out == b"ok\n"
    assert run(*call, stdin=row.replace("云", "申").encode()).out == b"uncertified\n"


def test_a_configuration_names_carriers_zone_and_rules(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "own.toml"
    settings.write_text(
        'timezone = "Asia/Shanghai"\ncarriers = ["Cainiao"]\n[rules]\ntracking.upload_hours = "2"\n'
    )
    row = (
        b"tracking_number,shipped_at,first_scan_at,carrier\n"
        b"RR473124829GB,2026-03-10 09:00,2026-03-10 11:00,Cainiao\n"
        b"RR473124829GB,2026-03-10 09:00,2026-03-10 11:01,Cainiao\n"
        b"RR473124829GB,2026-03-10 09:00,2026-03-10 10:00,x\n"
    )
    call = ("tracking", "-", "--now", "2026-03-10 12:00", "--config", settings, "--value", "track")
    done = run(*call, stdin=row)
    assert done.out.split() == [b"ok", b"late", b"uncertified"]
    assert done.err == "assumed: times without a zone are in Asia/Shanghai (set --timezone)\n"
    assert run(*call, "--carrier", "x", stdin=row).out.split()[2] == b"ok"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            (),
            2,
            "aepromo: nothing to judge; name a FILE, or give values such as --tracking-number",
        ),
        (("--timezone", "Mars/Base"), 2, "--timezone 'Mars/Base': no such time zone"),
        (("--timezone", "../etc"), 2, "--timezone '../etc': no such time zone"),
        (
            ("--now", "noon"),
            2,
            "--now: 'noon' is not a time; write one such as 2026-03-01T08:30+08:00",
        ),
        (("--now", "0001-01-01T00:00+14:00"), 2, "--now: '0001-01-01T00:00+14:00' is not a time"),
        (("--carriers", "nowhere.txt"), 3, "nowhere.txt: No such file or directory"),
        (("--carriers", "/dev/null"), 3, "/dev/null: has no carrier; write one a line"),
    ],
)
def test_a_wrong_call(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = run("tracking", *arguments)
    assert done.code == code
    assert said in done.err


def test_bad_rows_are_named_and_set_aside(run: Run, tmp_path: Path) -> None:
    row = (
        b"tracking_number,shipped_at\n"
        b"RR473124829GB,last week\n"
        b"RR473124829GB,2026-02-30 10:00\n"
        b"RR473124829GB,2026-03-10T11:00Z\n"
    )
    call = ("tracking", "-", "--now", "2026-03-10T12:00Z", "--value", "track")
    refused = run(*call, stdin=row)
    assert (refused.code, refused.out) == (3, b"")
    assert refused.err.splitlines()[0] == (
        "standard input:2: shipped_at: 'last week' is not a time; "
        "write one such as 2026-03-01T08:30+08:00"
    )
    done = run(*call, "--rejects", tmp_path / "bad.csv", stdin=row)
    assert (done.code, done.out) == (0, b"ok\n")
    assert len((tmp_path / "bad.csv").read_text().splitlines()) == 3


def test_a_file_without_the_columns_is_refused(run: Run) -> None:
    done = run("tracking", "-", stdin=b"number,when\nRR473124820GB,2026-03-10\n")
    assert done.code == 3
    assert "no column for tracking_number, shipped_at; the file has number, when" in done.err
