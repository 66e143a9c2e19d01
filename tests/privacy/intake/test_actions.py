from datetime import timedelta
from uuid import uuid4

import pytest

from privacy.case_files import queries as case_queries
from privacy.case_files.states import Door
from privacy.intake import actions
from privacy.subject_requests.catalogue import Channel, Right
from privacy.subject_requests.models import SubjectRequest
from tenants.members.outbox.models import Email
from tests.privacy.subject_requests.filings import NOW, filing

pytestmark = pytest.mark.django_db


def sent(now=NOW, token=None, **changes):
    given = filing(channel=Channel.WEB_FORM, received_at=now, **changes)
    return actions.submit(given, form_token=token or uuid4(), now=now)


def token_of(template: str) -> str:
    body = Email.objects.filter(template=template).latest("created_at").body
    [link] = [line for line in body.splitlines() if line.startswith("http")]
    return link.rstrip("/").rpartition("/")[2]


@pytest.mark.req("DSR-01")
def test_the_clock_of_a_public_request_starts_when_it_is_sent(in_acme):
    record = sent()
    assert (record.received_at, record.email_confirmed_at, record.channel) == (NOW, None, "web_form")
    assert [mail.to for mail in Email.objects.all()] == ["jonas@weber.example"]


def test_one_form_sent_twice_is_one_request_and_one_mail(in_acme):
    token = uuid4()
    assert sent(token=token).pk == sent(token=token).pk
    assert (SubjectRequest.objects.count(), Email.objects.count()) == (1, 1)


def test_two_submissions_within_minutes_are_one_case_with_the_earlier_receipt(in_acme):
    first = sent(details="The first words")
    again = sent(NOW + timedelta(minutes=14), details="And more words", subject_email="JONAS@weber.example")
    assert (again.pk, again.received_at) == (first.pk, NOW)
    assert ["And more words" in note.text for note in case_queries.notes_of(first)] == [True]


@pytest.mark.parametrize(
    ("later", "changes"),
    [
        (timedelta(minutes=16), {}),
        (timedelta(minutes=1), {"right": Right.ERASURE}),
        (timedelta(minutes=1), {"subject_email": "another@weber.example"}),
    ],
)
def test_what_differs_in_time_right_or_address_is_a_case_of_its_own(in_acme, later, changes):
    assert sent().pk != sent(NOW + later, **changes).pk


def test_a_request_that_staff_filed_is_not_merged_with_a_public_one(in_acme):
    from tests.privacy.subject_requests.filings import filed

    assert filed().pk != sent().pk


def test_confirming_stamps_once_and_gives_a_link_to_follow(in_acme):
    record = sent()
    confirmed_at = NOW + timedelta(hours=1)
    first = actions.confirm(record, now=confirmed_at)
    links = record.links.count()
    assert actions.confirm(record, now=confirmed_at + timedelta(hours=1)) is None
    assert SubjectRequest.objects.get().email_confirmed_at == confirmed_at
    assert case_queries.request_behind(first or "", Door.FOLLOW, now=confirmed_at) == record.pk
    assert record.links.count() == links
    assert Email.objects.filter(template="subject-request-received").count() == 1


def test_a_link_opens_one_door_until_it_expires_and_is_kept_as_a_digest_only(in_acme):
    record = sent()
    token = token_of("subject-request-confirm")
    week = NOW + timedelta(days=7)
    behind = case_queries.request_behind
    assert behind(token, Door.CONFIRM, now=week - timedelta(seconds=1)) == record.pk
    assert behind(token, Door.CONFIRM, now=week) is None
    assert behind(token, Door.FOLLOW, now=NOW) is None
    assert behind(token + "x", Door.CONFIRM, now=NOW) is None
    assert [link.token_hash for link in record.links.all()] == [case_queries.digest(token)]


def test_a_link_of_one_tenant_opens_nothing_in_another(acme, globex):
    from tenants import schemas

    with schemas.inside(acme):
        sent()
        token = token_of("subject-request-confirm")
    with schemas.inside(globex):
        assert case_queries.request_behind(token, Door.CONFIRM, now=NOW) is None


def test_submissions_are_counted_by_place_and_by_address(in_acme):
    taken = [actions.admit(place="192.0.2.1", email=f"a{n}@example.org") for n in range(11)]
    assert taken == [True] * 10 + [False]
    taken = [actions.admit(place=f"192.0.2.{n}", email="one@example.org") for n in range(10, 16)]
    assert taken == [True] * 5 + [False]
