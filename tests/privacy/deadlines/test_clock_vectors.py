"""The published vectors, and what the command says about vectors that are wrong."""

import io
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management.base import CommandError

from privacy.management.commands.clock_vectors import KINDS, Command, MalformedVector, evaluate, faults, run

VECTORS = json.loads((Path(__file__).parent / "clock_vectors.json").read_text())

MONTH = {"calendar": "DE", "tz": "Europe/Berlin", "months": 1, "event_date": "2026-08-07"}


def vector(kind: str, given: object, **expect: object) -> dict[str, Any]:
    return {"id": "X01", "kind": kind, "given": given, "expect": expect}


def outcome(path: Path, text: str) -> tuple[int, list[str]]:
    path.write_text(text)
    out = io.StringIO()
    return run(path, out), out.getvalue().splitlines()


@pytest.mark.req("CLK-11")
@pytest.mark.parametrize("item", VECTORS, ids=lambda item: item["id"])
def test_a_published_vector_is_met(item: dict[str, Any]) -> None:
    assert faults(item) == []


def test_the_published_vectors_cover_every_kind() -> None:
    assert {item["kind"] for item in VECTORS} == set(KINDS)


@pytest.mark.parametrize("item", VECTORS, ids=lambda item: item["id"])
def test_answers_do_not_depend_on_what_is_expected(item: dict[str, Any]) -> None:
    assert evaluate({"kind": item["kind"], "given": item["given"]}) == evaluate(item)


@pytest.mark.parametrize("item", VECTORS, ids=lambda item: item["id"])
def test_every_expected_answer_is_compared(item: dict[str, Any]) -> None:
    for key, value in item["expect"].items():
        wrong = (not value) if isinstance(value, bool) else "2031" + value[4:]
        assert [line.split()[0] for line in faults(item | {"expect": {key: wrong}})] == [key]


@pytest.mark.parametrize(
    ("kind", "given", "expect"),
    [
        # The same instant in another notation; the zone from the calendar; the month from the law.
        ("months", {"calendar": "DE", "event_date": "2026-08-07"}, {"end_exclusive_utc": "2026-09-08T00:00:00+02:00"}),
        ("months", {"calendar": "DE", "received_utc": "2026-08-07T22:30:00Z"}, {"nominal": "2026-09-08"}),
        ("months", {"calendar": "DE", "tz": None, "event_at": "2026-08-07T23:30:00-04:00"}, {"nominal": "2026-09-08"}),
        ("months", MONTH | {"tz": "Asia/Beirut", "event_date": "2026-02-28"}, {"nominal": "2026-03-28"}),
        ("months", MONTH | {"months": 3, "event_date": "2025-12-27", "tz": "Asia/Beirut"}, {"excluded_days": 0}),
        # Extension
        (
            "extension_notice",
            {"calendar": "DE", "received": "2026-03-05", "notice_sent": "2026-04-07", "reasons": True},
            {
                "valid": True,
                "last_day": "2026-06-05",
                "base_last_day": "2026-04-07",
                "extended_last_day": "2026-06-05",
                "state": "extended",
            },
        ),
        (
            "extension_notice",
            {"calendar": "DE", "received": "2026-03-05", "notice_sent_utc": "2026-04-07T22:00:00Z", "reasons": True},
            {"valid": False, "last_day": "2026-04-07", "extended_last_day": None, "state": "overdue"},
        ),
        (
            "extension_notice",
            {"calendar": "DE", "received": "2026-03-05", "notice_sent": "2026-04-01", "reasons": False},
            {"valid": False, "last_day": "2026-04-07", "state": "running"},
        ),
        (
            "extension_notice",
            {
                "calendar": "GB-ENG",
                "received": "2026-03-09",
                "clarification_asked": "2026-03-11",
                "clarification_answered": "2026-03-18",
                "notice_sent": "2026-04-17",
                "reasons": True,
            },
            {"valid": True, "last_day": "2026-06-17"},
        ),
        # United Kingdom
        ("uk_month", {"calendar": "GB-ENG", "received": "2026-02-10"}, {"last_day": "2026-03-10", "paused": False}),
        (
            "uk_month",
            {
                "calendar": "GB-ENG",
                "received": "2026-02-10",
                "identity_received": "2026-02-20",
                "fee_received": "2026-02-24",
            },
            {"last_day": "2026-03-24", "start": "2026-02-24"},
        ),
        (
            "uk_month",
            {"calendar": "GB-ENG", "received": "2026-02-10", "identity_asked": "2026-02-12", "identity_received": None},
            {"last_day": None, "start": None, "paused": True, "end_exclusive_utc": None, "notice_limit": None},
        ),
        (
            "uk_pause",
            {
                "calendar": "GB-ENG",
                "received_utc": "2026-03-09T12:00:00Z",
                "clarification_asked": "2026-03-11",
                "clarification_answered": "2026-03-18",
            },
            {"nominal": "2026-04-09", "excluded_days": 8, "paused": True, "unpaused_last_day": "2026-04-09"},
        ),
        # European Union
        (
            "eu_pause",
            {"calendar": "DE", "received": "2026-03-09", "asked": "2026-03-11", "answered": "2026-03-18"},
            {
                "last_day": "2026-04-09",
                "paused": False,
                "excluded_days": 0,
                "eu_safe_last_day": "2026-04-09",
                "pause_eu_last_day": "2026-04-16",
            },
        ),
        (
            "eu_pause",
            {
                "calendar": "DE",
                "received": "2026-03-09",
                "asked": "2026-03-11",
                "answered": "2026-03-18",
                "profile": "PAUSE_EU",
            },
            {"nominal": "2026-04-09", "last_day": "2026-04-16", "paused": True, "excluded_days": 7},
        ),
        (
            "eu_pause",
            {
                "calendar": "DE",
                "received": "2026-03-09",
                "asked": "2026-03-11",
                "answered": None,
                "profile": "PAUSE_EU",
            },
            {"last_day": None, "paused": True, "eu_safe_last_day": "2026-04-09"},
        ),
        # Promise
        (
            "promise",
            {"calendar": "DE", "received": "2026-03-05", "validated": "2026-03-30"},
            {
                "statutory": "2026-04-07",
                "statutory_nominal": "2026-04-05",
                "promise": "2026-04-29",
                "effective": "2026-04-07",
                "promise_weaker": True,
                "binding": "law",
            },
        ),
        (
            "promise",
            {"calendar": "DE", "received": "2026-03-05", "validated": None},
            {"promise": None, "effective": "2026-04-07"},
        ),
        # Hours
        ("hours", {"aware_utc": "2026-05-01T10:00:00Z"}, {"safe_utc": "2026-05-04T10:00:00Z"}),
        ("hours", {"event_utc": "2026-05-01T10:00:00Z", "hours": 24}, {"limit_1182_utc": "2026-05-02T11:00:00Z"}),
        (
            "hours",
            {"aware_utc": "2026-05-01T04:40:00Z", "tz": "Asia/Kolkata", "hours": 96},
            {"safe_utc": "2026-05-05T04:40:00Z", "limit_1182_utc": "2026-05-05T05:30:00Z"},
        ),
        (
            "chain",
            {
                "aware_utc": "2026-05-01T10:00:00Z",
                "notice_delivered_utc": "2026-05-01T16:20:00Z",
                "tz": "Asia/Kathmandu",
            },
            {"vendor_limit_1182_utc": "2026-05-04T10:15:00Z", "controller_limit_1182_utc": "2026-05-04T17:15:00Z"},
        ),
        # Business days
        (
            "business_day",
            {"calendar": "DE", "received": "2026-11-20T11:59:00+01:00", "cutoff": "12:00", "days": 2},
            {"day0": "2026-11-20", "due_date": "2026-11-24", "due_utc": "2026-11-24T12:00:00+01:00"},
        ),
        # 31 March is Cesar Chavez Day in California, and the service calendar is regional.
        (
            "business_day",
            {"calendar": "US-CA", "tz": "America/Los_Angeles", "event_utc": "2026-03-30T20:00:00Z"},
            {"due_utc": "2026-04-02T00:00:00Z", "due_date": "2026-04-01"},
        ),
        # Notices
        (
            "notice",
            {"calendar": "DE", "delivered_utc": "2026-12-01T22:30:00Z"},
            {
                "nominal": "2026-12-31",
                "earliest": "2027-01-01T00:00:00+01:00",
                "earliest_utc": "2026-12-31T23:00:00Z",
                "end_exclusive_utc": "2026-12-31T23:00:00Z",
            },
        ),
        ("notice_backward", {"effective": "2027-03-01"}, {"latest": "2027-01-29"}),
        ("notice_backward", {"effective_utc": "2027-02-28T23:30:00Z", "tz": "Europe/Berlin"}, {"latest": "2027-01-29"}),
    ],
)
def test_variants_of_the_published_kinds(kind: str, given: dict[str, Any], expect: dict[str, Any]) -> None:
    assert faults(vector(kind, given, **expect)) == []


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ("text", "not an object"),
        (None, "not an object"),
        ({}, "no 'expect' object with answers"),
        ({"kind": "months", "given": MONTH, "expect": {}}, "no 'expect' object with answers"),
        (vector("weeks", MONTH, nominal="2026-09-07"), "unknown kind 'weeks'"),
        (vector(["months"], MONTH, nominal="2026-09-07"), "unknown kind ['months']"),  # type: ignore[arg-type]
        (vector("months", [], nominal="2026-09-07"), "no 'given' object"),
        (vector("months", {"calendar": "DE"}, nominal="2026-09-07"), "given has no 'event'"),
        (vector("months", {"event_date": "2026-08-07"}, nominal=""), "given has no 'calendar'"),
        (vector("months", MONTH | {"calendar": 7}, nominal=""), "given has 'calendar' that is not text: 7"),
        (vector("months", MONTH | {"calendar": "XX"}, nominal=""), "no holiday calendar for 'XX'"),
        (
            vector("months", MONTH | {"calendar": "DE-BY"}, nominal=""),
            "'DE-BY' is regional: statutory periods use the national calendar",
        ),
        (vector("months", MONTH | {"tz": "Mars/Base"}, nominal=""), "given 'tz' is no time zone: 'Mars/Base'"),
        (vector("months", MONTH | {"tz": "../UTC"}, nominal=""), "given 'tz' is no time zone: '../UTC'"),
        (vector("months", MONTH | {"tz": "Europe"}, nominal=""), "given 'tz' is no time zone: 'Europe'"),
        (vector("months", MONTH | {"tz": ""}, nominal=""), "given 'tz' is no time zone: ''"),
        (vector("months", MONTH | {"months": "1"}, nominal=""), "given 'months' is not a whole number: '1'"),
        (vector("months", MONTH | {"months": True}, nominal=""), "given 'months' is not a whole number: True"),
        (vector("months", MONTH | {"months": 0}, nominal=""), "a period needs a length of at least one, not 0"),
        (
            vector("months", MONTH | {"event_date": "2026-02-30"}, nominal=""),
            "given 'event_date' is neither a date nor an instant: '2026-02-30'",
        ),
        (
            vector("months", MONTH | {"event_date": "2060-02-03"}, nominal=""),
            "DE covers 2015 to 2045, and the period reaches 2060-02-03",
        ),
        (
            vector("months", {"calendar": "DE", "event_utc": "2026-03-31T22:30:00"}, nominal=""),
            "2026-03-31T22:30:00 has no offset",
        ),
        (vector("hours", {"aware_utc": "0001-01-01T00:00:00+02:00"}, safe_utc=""), "date value out of range"),
        (vector("hours", {"aware_utc": "2026-03-31"}, safe_utc=""), "given has no 'aware', which must be an instant"),
        (
            vector("business_day", {"calendar": "DE", "received_utc": "2026-11-23T09:15Z", "cutoff": "25:00"}, day0=""),
            "given 'cutoff' is no time of day: '25:00'",
        ),
        (
            vector(
                "business_day", {"calendar": "DE", "received_utc": "2026-11-23T09:15Z", "cutoff": "17:00Z"}, day0=""
            ),
            "given 'cutoff' carries an offset; it is told in the serving region's zone",
        ),
        (
            vector("eu_pause", {"calendar": "DE", "received": "2026-03-09", "profile": "EU"}, paused=False),
            "given 'profile' is unknown: 'EU'",
        ),
        (
            vector("eu_pause", {"calendar": "GB-ENG", "received": "2026-03-09"}, paused=False),
            "0 rows of dsr.idcheck_max_days are in force in UK on 2026-03-09",
        ),
        (
            vector(
                "extension_notice",
                {
                    "calendar": "GB-ENG",
                    "received": "2026-03-09",
                    "fee_asked": "2026-03-10",
                    "notice_sent": "2026-03-11",
                },
                valid=True,
            ),
            "the month has not begun or stands still, so nothing can be extended",
        ),
        (vector("months", MONTH, nominal="2026-09-08"), 'nominal is 2026-09-07, expected "2026-09-08"'),
        (vector("months", MONTH, nominal=None), "nominal is 2026-09-07, expected null"),
        (vector("months", MONTH, nominal=["2026-09-07"]), 'nominal is 2026-09-07, expected ["2026-09-07"]'),
        (vector("months", MONTH, excluded_days=False), "excluded_days is 0, expected false"),
        (
            vector("months", MONTH, end_exclusive_utc="2026-09-07T22:00:00"),
            'end_exclusive_utc is 2026-09-07T22:00:00+00:00, expected "2026-09-07T22:00:00"',
        ),
        (vector("months", MONTH, promise="2026-09-07"), "'promise' is not computed for this kind"),
    ],
)
def test_a_wrong_vector_is_named_in_one_sentence(item: object, fault: str) -> None:
    assert faults(item) == [fault]


@pytest.mark.parametrize("number", [10**9, 10**20, -1])
@pytest.mark.parametrize(
    ("kind", "given", "name"),
    [
        ("months", MONTH, "months"),
        ("hours", {"aware_utc": "2026-05-01T10:00:00Z"}, "hours"),
        ("notice", {"calendar": "DE", "delivered": "2026-12-01"}, "days"),
        ("notice_backward", {"effective": "2026-12-01"}, "clear_days"),
        ("promise", {"calendar": "DE", "received": "2026-12-01", "validated": "2026-12-01"}, "promise_days"),
        ("business_day", {"calendar": "DE", "received_utc": "2026-11-23T09:15Z"}, "days"),
    ],
)
def test_numbers_without_measure_are_refused(kind: str, given: dict[str, Any], name: str, number: int) -> None:
    with pytest.raises(ValueError, match=r"beyond the calendar|covers 2015|at least one"):
        evaluate({"kind": kind, "given": given | {name: number}})


def test_only_the_inputs_are_read() -> None:
    with pytest.raises(MalformedVector):
        evaluate({"kind": "months", "given": {}, "expect": MONTH})


def test_all_published_vectors_pass_with_one_line_each(tmp_path: Path) -> None:
    failed, lines = outcome(tmp_path / "vectors.json", json.dumps(VECTORS))
    assert (failed, len(lines), lines[0], lines[-1]) == (0, 44, "ok M01 months", "43 passed, 0 failed")


def test_failures_are_counted_and_named_by_id_or_by_place(tmp_path: Path) -> None:
    items = [VECTORS[0], vector("months", MONTH, last_day="2026-09-08"), {"kind": "weeks", "expect": {"a": 1}}, 7]
    assert outcome(tmp_path / "vectors.json", json.dumps(items)) == (
        3,
        [
            "ok M01 months",
            'FAIL X01 months: last_day is 2026-09-07, expected "2026-09-08"',
            "FAIL item 3 weeks: unknown kind 'weeks'",
            "FAIL item 4: not an object",
            "1 passed, 3 failed",
        ],
    )


def test_a_hostile_name_stays_on_one_printable_line(tmp_path: Path) -> None:
    text = json.dumps([VECTORS[0] | {"id": "a\n1 passed, 0 failed \ud800 \u202e"}])
    assert outcome(tmp_path / "vectors.json", text)[1][0] == "ok a 1 passed, 0 failed \\ud800 \\u202e months"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe\xfd", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"{}", "is not a list of vectors"),
        (b'"text"', "is not a list of vectors"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "vectors.json"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=says) as refused:
        run(path, io.StringIO())
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(CommandError, match=r"No such file|Is a directory"):
            run(path, io.StringIO())


@pytest.mark.parametrize(("last_day", "status"), [("2026-09-07", None), ("2026-09-08", 1)])
def test_the_command_exits_with_1_when_a_vector_fails(tmp_path: Path, last_day: str, status: int | None) -> None:
    path, out = tmp_path / "vectors.json", io.StringIO()
    path.write_text(json.dumps([vector("months", MONTH, last_day=last_day)]))
    ended = None
    try:
        Command(stdout=out).handle(file=path)
    except SystemExit as left:
        ended = left.code
    assert ended == status
    assert out.getvalue().splitlines()[-1] == ("0 passed, 1 failed" if status else "1 passed, 0 failed")


def test_answers_are_days_and_instants_not_text() -> None:
    answers = evaluate({"kind": "months", "given": MONTH})
    assert type(answers["last_day"]) is date
    assert type(answers["end_exclusive_utc"]) is datetime
