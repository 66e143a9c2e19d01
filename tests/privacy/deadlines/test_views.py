"""The public page that derives a deadline, on both hosts."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import cast

pytestmark = pytest.mark.django_db
PLATFORM, ACME = "localhost", "acme.localhost"
MONTH = {"kind": "month", "day": "2026-03-05", "calendar": "DE"}


@pytest.fixture
def ask(stranger):
    def asked(host=PLATFORM, **question):
        return stranger(host).get(f"/deadlines/?{urlencode(question)}" if question else "/deadlines/")

    return asked


def text(response):
    return " ".join(response.content.decode().split())


def errors(response):
    return {field: list(told) for field, told in response.context["form"].errors.items()}


@pytest.mark.parametrize("host", [PLATFORM, ACME])
def test_anyone_gets_the_empty_question_with_the_hosts_own_calendar_and_zone(ask, host):
    response = ask(host)
    assert response.status_code == 200
    assert response.context["explanation"] is None
    assert response.context["form"].initial == {"kind": "month", "calendar": "DE", "zone": "Europe/Berlin"}


def test_the_page_has_the_name_that_links_use():
    assert reverse("explain-deadline") == "/deadlines/"
    assert reverse("explain-deadline", urlconf="complere.urls.platform") == "/deadlines/"


@pytest.mark.req("CLK-03")
@pytest.mark.req("CLK-15")
def test_a_month_over_easter_shows_last_day_first_late_instant_and_every_step(ask):
    response = ask(**MONTH)
    assert response.status_code == 200
    page = text(response)
    explanation = response.context["explanation"]
    assert [(end["label"], end["value"], end["note"]) for end in explanation.ends] == [
        ("Last day", "Tue 07 Apr 2026", "until the end of the day"),
        ("Too late from", "Wed 08 Apr 2026, 00:00", "CEST, Europe/Berlin"),
        ("The same moment in UTC", "Tue 07 Apr 2026, 22:00", "2026-04-07T22:00:00Z"),
    ]
    assert [end["value"] in page for end in explanation.ends] == [True, True, True]
    assert [[rule["id"] for rule in step.rules] for step in explanation.steps] == [
        ["CLK-10"], ["CLK-11"], ["CLK-15"], ["CLK-03"],
    ]  # fmt: skip
    assert "Sun 05 Apr 2026 is a Sunday; Mon 06 Apr 2026 is Easter Monday" in page
    assert "Reg. 1182/71 Art. 3(4)" in page


@pytest.mark.req("BRE-16")
def test_the_legal_parameters_are_shown_with_their_dates_and_source(ask):
    explanation = ask(kind="extension", day="2026-03-05", calendar="GB-ENG").context["explanation"]
    assert [[row["heading"], *(cell["text"] for cell in row["cells"])] for row in explanation.parameters] == [
        ["Time to answer a data subject", "1 month", "from Thu 05 Feb 2026 without end", "UK GDPR Art. 12A"],
        ["Longest extension of that time", "2 months", "from Thu 05 Feb 2026 without end", "UK GDPR Art. 12A"],
    ]


@pytest.mark.parametrize(
    ("question", "last_day", "late_from"),
    [
        ({"kind": "month", "day": "2026-01-31", "calendar": "DE"}, "2026-03-02", "2026-03-02T23:00:00+00:00"),
        ({"kind": "extension", "day": "2025-01-31", "calendar": "DE"}, "2025-04-30", "2025-04-30T22:00:00+00:00"),
        ({"kind": "promise", "day": "2028-02-01", "calendar": "DE"}, "2028-03-02", "2028-03-02T23:00:00+00:00"),
        ({"kind": "objection", "day": "2026-03-04", "calendar": "DE"}, "2026-04-07", "2026-04-07T22:00:00+00:00"),
        ({"kind": "notice", "day": "2027-03-01", "calendar": "DE"}, "2027-01-29", "2027-01-29T23:00:00+00:00"),
        (
            {"kind": "hours", "day": "2026-03-27", "time": "10:00", "calendar": "DE"},
            None, "2026-03-30T09:00:00+00:00",
        ),
        (
            {"kind": "target", "day": "2026-03-28", "time": "10:00", "calendar": "DE"},
            None, "2026-03-29T09:00:00+00:00",
        ),
        (
            {"kind": "business-day", "day": "2026-11-20", "time": "16:30", "calendar": "DE", "told_in": "Asia/Tokyo"},
            None, "2026-11-23T16:00:00+00:00",
        ),
        (
            {"kind": "month", "day": "2026-03-31", "time": "22:30", "told_in": "UTC", "calendar": "DE"},
            "2026-05-04", "2026-05-04T22:00:00+00:00",
        ),
        (
            {"kind": "month", "day": "2026-03-31", "time": "22:30", "told_in": "UTC", "calendar": "IE"},
            "2026-04-30", "2026-04-30T23:00:00+00:00",
        ),
        (
            {"kind": "month", "day": "2026-03-09", "calendar": "GB-ENG", "excluded": "8"},
            "2026-04-17", "2026-04-17T23:00:00+00:00",
        ),
    ],
)  # fmt: skip
@pytest.mark.req("CLK-07")
def test_the_page_derives_the_vectors_of_the_specification(ask, question, last_day, late_from):
    explanation = ask(**question).context["explanation"]
    assert explanation.last_day is None if last_day is None else explanation.last_day.isoformat() == last_day
    assert explanation.late_from.isoformat() == late_from


def test_the_page_names_what_it_was_computed_with(ask):
    facts = {fact["term"]: fact for fact in ask(**MONTH).context["explanation"].facts}
    assert facts["Starts"]["text"] == "Thu 05 Mar 2026"
    assert facts["Holiday calendar"]["text"].startswith("DE@holidays-")
    assert facts["Time zone database"]["text"].startswith("202")
    assert facts["Arithmetic"]["text"] == "1182-71/1"


@pytest.mark.parametrize(
    ("wrong", "beside"),
    [
        ({"kind": ""}, {"kind": ["Choose a deadline."]}),
        ({"kind": "century"}, {"kind": ["Choose one of the deadlines listed."]}),
        ({"day": ""}, {"day": ["Enter the day."]}),
        ({"day": "2026-02-30"}, {"day": ["Enter a real day, for example 2026-08-07."]}),
        ({"day": "9999-12-31"}, {"day": ["Enter a day from 2015 to 2045: no holiday calendar covers more."]}),
        ({"day": "2018-05-24"}, {"day": ["The GDPR applies from 25 May 2018. Enter a day from then on."]}),
        ({"calendar": "XX"}, {"calendar": ["Choose one of the countries listed."]}),
        ({"calendar": ""}, {"calendar": ["Choose a country."]}),
        ({"time": "25:00"}, {"time": ["Enter a real time, for example 14:30."]}),
        ({"kind": "hours"}, {"time": ["Enter the time: this deadline does not count whole days."]}),
        (
            {"kind": "hours", "day": "2026-03-29", "time": "02:30"},
            {"time": ["The clocks skipped this time that day. Enter the time before or after."]},
        ),
        ({"excluded": "-1"}, {"excluded": ["Enter 0 or more days."]}),
        ({"excluded": "9" * 400}, {"excluded": ["Enter at most 366 days."]}),
        ({"excluded": "many"}, {"excluded": ["Enter a whole number of days."]}),
        (
            {"kind": "promise", "excluded": "3"},
            {"excluded": ["Leave this empty: only the month of Art. 12(3) can be paused."]},
        ),
        (
            {"zone": "Middle/Earth"},
            {"zone": ["Enter a time zone as the tz database names it, for example Europe/Berlin."]},
        ),
        (
            {"told_in": "../../etc/passwd"},
            {"told_in": ["Enter a time zone as the tz database names it, for example Europe/Berlin."]},
        ),
        (
            {"zone": "E" * 5000},
            {"zone": ["Enter a time zone as the tz database names it, for example Europe/Berlin."]},
        ),
        ({"zone": "Europe/\x00"}, {"zone": ["Null characters are not allowed."]}),
    ],
)  # fmt: skip
def test_what_cannot_be_computed_is_said_beside_its_field_and_nothing_typed_is_lost(ask, wrong, beside):
    question = {**MONTH, **wrong}
    response = ask(**question)
    assert response.status_code == 422
    assert response.context["explanation"] is None
    assert errors(response) == beside
    assert {name: response.context["form"][name].value() for name in question} == question


@pytest.mark.req("CLK-06")
def test_a_period_that_leaves_the_covered_years_is_refused_and_not_guessed(ask):
    response = ask(kind="month", day="2045-12-20", calendar="DE")
    assert response.status_code == 422
    assert errors(response) == {
        "day": ["This cannot be computed: DE covers 2015 to 2045, and the period reaches 2046-01-20."]
    }


@pytest.mark.parametrize(
    "value", ["<script>alert(1)</script>", "' OR 1=1 --", "🕰️", "\ud800".encode("utf-8", "surrogatepass")]
)
def test_hostile_input_is_answered_as_any_wrong_input_and_never_runs(stranger, value):
    response = stranger(PLATFORM).get("/deadlines/", {"kind": value, "day": value, "zone": value, "calendar": value})
    assert response.status_code == 422
    assert b"<script>alert" not in response.content


def test_an_hour_that_happens_twice_means_the_first(ask):
    explanation = ask(kind="hours", day="2026-10-25", time="02:30", calendar="DE").context["explanation"]
    assert explanation.late_from.isoformat() == "2026-10-28T00:30:00+00:00"


@pytest.mark.parametrize("host", [PLATFORM, ACME])
def test_the_answer_needs_no_query_of_its_own(ask, host):
    ask(host, **MONTH)
    with CaptureQueriesContext(connection) as captured:
        ask(host, **MONTH)
    assert [q["sql"] for q in captured if "tenants_" not in q["sql"]] == []


def test_it_is_read_only(stranger):
    assert stranger(PLATFORM).post("/deadlines/", MONTH).status_code in (403, 405)


def test_on_a_tenants_host_the_frame_leads_to_the_trust_center(ask, settings):
    assert ask(ACME).context["platform_origin"] == settings.PLATFORM_ORIGIN
    assert ask(PLATFORM).context["platform_origin"] == ""
    assert cast.tenant("acme").origin not in text(ask(ACME))
