from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from privacy.case_files import actions as case_files
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload
from privacy.case_files.models import RequestLink
from privacy.case_files.states import Door
from privacy.intake import forms
from privacy.subject_requests import actions
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants import schemas
from tenants.members.outbox.models import Email
from tests.privacy.subject_requests.filings import NOW, WHY, complete, delivered, in_state, refused

HOSTS = ["acme.localhost", "localhost"]


@pytest.fixture
def person(stranger, acme):
    return stranger("acme.localhost")


@pytest.fixture
def token(acme) -> str:
    with schemas.inside(acme):
        return forms.new_token(timezone.now() - timedelta(minutes=1))


def typed(token: str, **changes: object) -> dict[str, object]:
    values = {
        "right": "access",
        "subject_name": "Jonas Weber",
        "subject_email": "jonas@weber.example",
        "relation": "customer",
        "identifiers": "",
        "details": "Everything",
        "website": "",
        "token": token,
    }
    return values | changes


def link_in(template: str) -> str:
    mail = Email.objects.filter(template=template).latest("created_at")
    [link] = [line for line in mail.body.splitlines() if line.startswith("http")]
    return link.split(":8000")[1]


@pytest.mark.parametrize("host", HOSTS)
def test_the_form_names_the_controller_of_its_host(stranger, acme, host):
    page = stranger(host).get("/data-request/").content.decode()
    assert f"Ask {'Acme Pharma' if host == 'acme.localhost' else 'Complere'} about your data" in page


def test_a_person_goes_from_the_form_to_the_answer_by_links_in_mail(person, acme, token):
    sent = person.post("/data-request/", typed(token), follow=True)
    assert "Check your mail" in sent.content.decode()
    with schemas.inside(acme):
        link = link_in("subject-request-confirm")
    assert person.get(link).status_code == 200
    with schemas.inside(acme):
        assert SubjectRequest.objects.get().email_confirmed_at is None
    status = person.post(link, follow=True)
    assert "You have our answer by" in status.content.decode()
    again = person.post(link)
    assert (again.status_code, "It was confirmed before" in again.content.decode()) == (200, True)

    with schemas.inside(acme):
        record = SubjectRequest.objects.get()
        assert record.email_confirmed_at is not None
        now = timezone.now()
        actions.validate(record, check="address", note="Confirmed by link", now=now, **WHY)
        record = actions.begin(record, now=now, **WHY)
        delivered(record, now, files=[Upload(name="data.json", content=b"{}")])
        answer = link_in("subject-request-answered")
    page = person.get(answer)
    assert "Here is everything." in page.content.decode()
    [file] = page.context["status"]["files"]
    download = person.get(file["url"])
    assert (download.content, download["Content-Security-Policy"]) == (b"{}", "default-src 'none'; sandbox")
    with schemas.inside(acme):
        told = [use.what for use in case_queries.uses_of(SubjectRequest.objects.get())]
        assert told == ["Opened the answer", "Downloaded a file of the answer"]


def test_known_and_unknown_people_are_answered_alike(person, acme):
    pages = []
    for email in ("ann@acme.example", "nobody@nowhere.example"):
        with schemas.inside(acme):
            token = forms.new_token(timezone.now() - timedelta(minutes=1))
        answer = person.post("/data-request/", typed(token, subject_email=email))
        pages.append((answer.status_code, answer["Location"], person.get(answer["Location"]).content))
    assert pages[0] == pages[1]


def test_a_form_sent_twice_files_once(person, acme, token):
    assert [person.post("/data-request/", typed(token)).status_code for _ in range(2)] == [302, 302]
    with schemas.inside(acme):
        assert (SubjectRequest.objects.count(), Email.objects.count()) == (1, 1)


def test_a_program_that_fills_the_hidden_field_is_thanked_and_files_nothing(person, acme, token):
    answer = person.post("/data-request/", typed(token, website="http://spam.example"))
    assert (answer.status_code, answer["Location"]) == (302, "/data-request/sent/")
    with schemas.inside(acme):
        assert SubjectRequest.objects.count() == 0


def test_a_form_sent_faster_than_it_can_be_read_asks_once_more(person, acme):
    with schemas.inside(acme):
        token = forms.new_token(timezone.now())
    answer = person.post("/data-request/", typed(token))
    assert (answer.status_code, "Everything" in answer.content.decode()) == (422, True)
    with schemas.inside(acme):
        assert SubjectRequest.objects.count() == 0


@pytest.mark.parametrize("bad", ["", "nonsense", "a:b:c", "other"])
def test_a_form_with_a_token_that_does_not_fit_keeps_every_word_and_works_the_second_time(person, acme, globex, bad):
    if bad == "other":
        with schemas.inside(globex):
            bad = forms.new_token(timezone.now() - timedelta(minutes=1))
    answer = person.post("/data-request/", typed(bad))
    assert (answer.status_code, "Everything" in answer.content.decode()) == (422, True)
    fresh = answer.context["form"]["token"].value()
    assert person.post("/data-request/", typed(fresh)).status_code == 302


def test_after_ten_submissions_in_an_hour_a_place_has_to_wait(person, acme):
    codes = []
    for number in range(11):
        with schemas.inside(acme):
            token = forms.new_token(timezone.now() - timedelta(minutes=1))
        answer = person.post("/data-request/", typed(token, subject_email=f"p{number}@example.org"))
        codes.append(answer.status_code)
    assert codes == [302] * 10 + [429]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"right": "nonsense"}, "right"),
        ({"subject_name": ""}, "subject_name"),
        ({"subject_name": "x" * 201}, "subject_name"),
        ({"subject_email": "jonas"}, "subject_email"),
        ({"subject_email": "a@b.example\r\nBcc: c@d.example"}, "subject_email"),
        ({"details": "x" * 10_001}, "details"),
        ({"details": "a\x00b"}, "details"),
        ({"relation": "friend"}, "relation"),
    ],
)
def test_bad_input_is_answered_beside_its_field(person, acme, token, changes, field):
    answer = person.post("/data-request/", typed(token, **changes))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field])


@pytest.mark.parametrize("text", ["Zoë 👩🏽‍🔬", "<script>alert(1)</script>", "'; DROP TABLE x; --", "{{ 7|add:7 }}"])
def test_whatever_a_person_writes_is_kept_and_shown_as_text(person, sign_in, acme, token, text):
    person.post("/data-request/", typed(token, subject_name=text, details=text))
    with schemas.inside(acme):
        record = SubjectRequest.objects.get()
        assert (record.subject_name, record.details) == (text, text)
    page = sign_in("ben").get(f"/requests/{record.pk}/").content.decode()
    assert ("<script>alert" in page, "Address not confirmed" in page) == (False, True)


@pytest.mark.parametrize("door", ["confirm", "follow"])
@pytest.mark.parametrize("token", ["x", "a" * 500, "%F0%9F%A6%86", "..%2F"])
def test_a_link_that_does_not_fit_is_a_page_that_says_so(person, door, token):
    answer = person.get(f"/data-request/{door}/{token}/")
    assert answer.status_code == 404


def test_an_expired_link_is_a_page_that_says_what_to_do(person, acme):
    with schemas.inside(acme):
        record = in_state(State.RECEIVED, NOW)
        token = case_files.new_link(record, door=Door.FOLLOW, valid=timedelta(days=1), now=NOW)
        assert RequestLink.objects.count() == 1
    answer = person.get(f"/data-request/follow/{token}/")
    assert (answer.status_code, "This link no longer works" in answer.content.decode()) == (404, True)


def followed(acme, state: State, now=None) -> tuple[str, SubjectRequest]:
    now = now or timezone.now()
    with schemas.inside(acme):
        record = in_state(state, now)
        return case_files.new_link(record, door=Door.FOLLOW, valid=timedelta(days=300), now=now), record


@pytest.mark.parametrize("state", [state for state in State if state != State.FORWARDED])
def test_the_personal_page_of_every_state_says_where_it_stands(person, acme, state):
    token, record = followed(acme, state)
    page = person.get(f"/data-request/follow/{token}/")
    assert (page.status_code, record.reference in page.content.decode(), page["Cache-Control"]) == (
        200,
        True,
        "max-age=0, no-cache, no-store, must-revalidate, private",
    )


def test_a_refusal_shows_its_three_parts_to_the_person_and_not_the_proof(person, acme):
    with schemas.inside(acme):
        record = in_state(State.RECEIVED, timezone.now())
        record = refused(record, timezone.now(), ground="excessive", evidence="Five letters a week")
        token = case_files.new_link(record, door=Door.FOLLOW, valid=timedelta(days=3), now=timezone.now())
    page = person.get(f"/data-request/follow/{token}/").content.decode()
    parts = ("We hold no data.", "You may complain to", "You may go to court.", "Five letters")
    assert [part in page for part in parts] == [True, True, True, False]


@pytest.mark.req("DSR-35")
def test_the_answer_closes_after_thirty_days(person, acme):
    token, _ = followed(acme, State.DELIVERED, timezone.now() - timedelta(days=31))
    page = person.get(f"/data-request/follow/{token}/").content.decode()
    assert ("no longer open here" in page, "Here is everything." in page) == (True, False)
    assert person.get(f"/data-request/follow/{token}/files/{UUID(int=1)}/").status_code == 404


def test_evidence_and_files_of_others_are_not_behind_a_personal_link(person, acme):
    token, _ = followed(acme, State.DELIVERED)
    with schemas.inside(acme):
        other = in_state(State.IN_PROGRESS, timezone.now())
        upload = Upload(name="a.txt", content=b"evidence", description="Came in")
        actions.add_evidence(other, upload=upload, actor=WHY["actor"], now=timezone.now())
        delivered(other, timezone.now(), checklist=complete(other), files=[Upload(name="b.txt", content=b"answer")])
        files = case_queries.files_of(other)
    urls = [f"/data-request/follow/{token}/files/{file.pk}/" for file in files]
    assert [person.get(url).status_code for url in urls] == [404, 404]


def test_the_platforms_form_files_with_complere_and_never_in_a_tenant(stranger, acme, platform):
    with schemas.inside(platform):
        token = forms.new_token(timezone.now() - timedelta(minutes=1))
    assert stranger("localhost").post("/data-request/", typed(token)).status_code == 302
    with schemas.inside(acme):
        assert SubjectRequest.objects.count() == 0
    with schemas.inside(platform):
        assert SubjectRequest.objects.count() == 1
        assert link_in("subject-request-confirm").startswith("/data-request/confirm/")
