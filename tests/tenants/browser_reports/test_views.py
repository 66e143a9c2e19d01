"""Reports of browsers: kept once and counted, without anything that names a person."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tenants import schemas
from tenants.browser_reports import actions
from tenants.browser_reports.models import BrowserReport
from tenants.browser_reports.queries import Told

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-3.4.7")]
PERSON = "0b0f9d6e-7a3a-4f6e-9d0c-2f1f3a5c7e11"
OLD_FORMAT = {
    "csp-report": {
        "document-uri": f"http://acme.localhost:8000/people/{PERSON}/?who=ben@acme.example",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/x.js?victim=ben",
        "source-file": "http://acme.localhost:8000/static/js/forms.js",
    }
}
NEW_FORMAT = [
    {
        "type": "csp-violation",
        "body": {
            "documentURL": "http://acme.localhost:8000/no/such/page/",
            "effectiveDirective": "require-trusted-types-for",
            "blockedURL": "trusted-types-sink",
        },
    }
]


def kept() -> list[tuple[str, str, str, str, int]]:
    with schemas.on_platform():
        rows = BrowserReport.objects.order_by("page")
        return [(row.page, row.directive, row.blocked, row.source, row.times) for row in rows]


def send(client: Any, report: Any, kind: str = "application/csp-report") -> int:
    body = report if isinstance(report, str | bytes) else json.dumps(report)
    return client.post("/csp-reports/", body, content_type=kind).status_code


def test_a_report_is_kept_without_address_query_or_id(stranger: Any, acme: Any) -> None:
    assert send(stranger("acme.localhost"), OLD_FORMAT) == 204
    assert kept() == [("person", "script-src-elem", "evil.example", "acme.localhost:8000/static/js/forms.js", 1)]


def test_the_same_is_counted_and_not_kept_again(stranger: Any, acme: Any, platform: Any) -> None:
    for _ in range(3):
        assert send(stranger("acme.localhost"), NEW_FORMAT, "application/reports+json") == 204
    assert kept() == [("unknown page", "require-trusted-types-for", "trusted-types-sink", "", 3)]


def test_reports_lie_in_no_tenants_schema(stranger: Any, acme: Any) -> None:
    send(stranger("acme.localhost"), OLD_FORMAT)
    with schemas.inside(acme), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('tenants_browserreport')")
        assert cursor.fetchone() == (None,)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("not json", 400),
        (b"\xff\xfe", 400),
        ("[" * 5000, 400),
        ("null", 204),
        ("[]", 204),
        ('{"csp-report": 5}', 204),
        ('[{"body": null}, 7]', 204),
        ('{"csp-report": {"effective-directive": "\\ud800", "source-file": "\\ud800\\u0000"}}', 204),
        ('{"csp-report": {"document-uri": "http://[::1", "blocked-uri": ["x"]}}', 204),
        ('"' + "x" * 20_000 + '"', 413),
    ],
)
def test_whatever_is_sent_is_answered(stranger: Any, acme: Any, sent: Any, status: int) -> None:
    assert send(stranger("acme.localhost"), sent) == status


def test_who_reports_too_much_is_asked_to_wait(stranger: Any, acme: Any) -> None:
    client = stranger("acme.localhost")
    assert [send(client, "[]") for _ in range(22)][-3:] == [204, 429, 429]


def test_strangers_cannot_fill_the_table(platform: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(actions, "KEPT_AT_MOST", 2)
    now = timezone.now()
    for number in range(4):
        actions.keep([Told(f"page {number}", "script-src", "x", "")], now=now)
    # Counted once each: the oldest inventions went.
    assert [row[0] for row in kept()] == ["page 2", "page 3"]
    actions.keep([Told("page 9", "script-src", "x", "")], now=now + actions.KEPT_FOR + timedelta(days=1))
    assert [row[0] for row in kept()] == ["page 9"]


def test_staff_read_them_and_an_empty_list_says_so(sign_in: Any, stranger: Any, acme: Any) -> None:
    sam = sign_in("sam")
    assert "No report" in sam.get("/console/browser-reports/").content.decode()
    send(stranger("acme.localhost"), OLD_FORMAT)
    page = sam.get("/console/browser-reports/").content.decode()
    assert ("script-src-elem" in page, "evil.example" in page, "ben@acme.example" in page) == (True, True, False)


def test_who_may_not_see_tenants_sees_no_reports(sign_in: Any, platform: Any) -> None:
    assert sign_in("tess").get("/console/browser-reports/").status_code == 403
