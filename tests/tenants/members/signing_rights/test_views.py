import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.factors import queries as factors
from tenants.members.signing_rights import queries
from tests import cast

pytestmark = pytest.mark.django_db
DESK = "/people/signing-policy/"
POLICY = "/account/signing/policy/"
NEW = {"text": "We sign with care.\n\nAlways.", "series_minutes": "10", "effective_on": "", "reason": "Yearly review"}


def text(answer) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def page_of(acme, key: str) -> str:
    with schemas.inside(acme):
        return f"/people/{cast.person(key).pk}/"


@pytest.mark.parametrize(("key", "status"), [("ann", 200), ("ben", 403), ("aud", 403), ("cay", 403)])
def test_who_manages_people_keeps_the_policy_and_verifies(acme, sign_in, key, status):
    browser = sign_in(key)
    paths = [DESK, f"{DESK}publish/", f"{DESK}certification/", f"{page_of(acme, 'sid')}identity/"]
    assert {browser.get(path).status_code for path in paths} == {status}
    assert {browser.post(path, {}).status_code for path in paths[1:]} == {422 if status == 200 else 403}


@pytest.mark.req("P11-10j")
def test_a_version_is_published_read_and_accepted(acme, sign_in):
    ann, ben = sign_in("ann"), sign_in("ben")
    assert "You have accepted this version" in text(ben.get(POLICY))
    assert ann.post(f"{DESK}publish/", NEW).headers["Location"] == DESK
    page = text(ann.get(DESK))
    assert "Version 2 of the signing policy is published." in page
    assert "10 minutes after a full one" in page
    page = text(ben.get(POLICY))
    assert "We sign with care." in page
    wrong = ben.post(POLICY, {"version": "2", "password": "wrong password"})
    assert (wrong.status_code, "This is not your password" in text(wrong)) == (422, True)
    old = ben.post(POLICY, {"version": "1", "password": cast.PASSWORD})
    assert (old.status_code, "Another version of the policy took effect" in text(old)) == (422, True)
    assert ben.post(POLICY, {"version": "2", "password": cast.PASSWORD}).headers["Location"] == "/account/signing/"
    assert "Version 2 accepted" in text(ben.get("/account/"))


def test_a_version_sent_twice_is_published_once(acme, sign_in):
    browser = sign_in("ann")
    assert browser.post(f"{DESK}publish/", NEW).status_code == 302
    again = browser.post(f"{DESK}publish/", NEW)
    assert (again.status_code, "Nothing was changed" in text(again), "We sign with care." in text(again)) == (
        422, True, True,
    )  # fmt: skip


def test_a_version_may_begin_on_a_later_day(acme, sign_in):
    day = (timezone.now() + timedelta(days=10)).date()
    browser = sign_in("ann")
    assert browser.post(f"{DESK}publish/", {**NEW, "effective_on": day.isoformat()}).status_code == 302
    assert "not yet in force" in text(browser.get(DESK))
    with schemas.inside(acme):
        assert queries.policy_in_force(timezone.now()).version == 1


@pytest.mark.parametrize(
    "change",
    [
        {"text": ""},
        {"text": "x" * 20_001},
        {"text": "a\x00b"},
        {"series_minutes": "-1"},
        {"series_minutes": "61"},
        {"series_minutes": "soon"},
        {"effective_on": "yesterday"},
        {"effective_on": "2020-01-01"},
        {"effective_on": "9999-12-31"},
        {"reason": ""},
    ],
)
def test_a_bad_version_is_refused_beside_the_field_and_nothing_is_lost(acme, sign_in, change):
    answer = sign_in("ann").post(f"{DESK}publish/", {**NEW, **change})
    page = text(answer)
    assert (answer.status_code, "There is a problem" in page) == (422, True)
    if "reason" not in change:
        assert "Yearly review" in page
    with schemas.inside(acme):
        assert len(queries.versions()) == 1


@pytest.mark.req("P11-100c")
def test_the_letter_to_the_fda_is_recorded(acme, sign_in):
    browser = sign_in("ann")
    assert "Nothing is recorded" in text(browser.get(DESK))
    said = {"certified_on": "2026-02-27", "note": "By post, copy in the quality archive", "reason": "Sent today"}
    tomorrow = (timezone.now() + timedelta(days=2)).date().isoformat()
    for bad in ({"certified_on": ""}, {"certified_on": "soon"}, {"certified_on": tomorrow}, {"reason": "x"}):
        assert browser.post(f"{DESK}certification/", {**said, **bad}).status_code == 422
    assert browser.post(f"{DESK}certification/", {**said, "certified_on": "2020-02-27"}).headers["Location"] == DESK
    page = text(browser.get(DESK))
    assert "Thursday 27 February 2020" in page
    assert "copy in the quality archive" in page


@pytest.mark.req("P11-100b")
def test_an_identity_is_withdrawn_and_verified_again_on_the_persons_page(acme, sign_in):
    browser, page = sign_in("ann"), page_of(acme, "ben")
    assert "Official identity document, seen in person, by Ann Admin" in text(browser.get(page))
    withdraw = re.search(r'href="(/people/identity-checks/[^"]+)"', browser.get(page).content.decode())[1]
    assert browser.get(withdraw).status_code == 200
    assert browser.post(withdraw, {"reason": ""}).status_code == 422
    assert browser.post(withdraw, {"reason": "Shown to be forged"}).headers["Location"] == page
    assert browser.post(withdraw, {"reason": "Shown to be forged"}).status_code == 409
    assert "Not verified" in text(browser.get(page))
    said = {"method": "document_by_video", "note": "Passport", "reason": "New document"}
    for bad in ({"method": ""}, {"method": "guess"}, {"note": "x" * 501}, {"reason": "x"}):
        assert browser.post(f"{page}identity/", {**said, **bad}).status_code == 422
    assert browser.post(f"{page}identity/", said).headers["Location"] == page
    assert "seen in a video call, by Ann Admin" in text(browser.get(page))
    assert browser.post(f"{page}identity/", said).status_code == 409
    with schemas.inside(acme):
        assert factors.may_sign(cast.person("ben"), timezone.now()) == []


def test_nobody_verifies_themselves_over_the_web(acme, sign_in):
    browser, page = sign_in("ann"), page_of(acme, "ann")
    assert "Withdraw the verification" not in text(browser.get(page))
    answer = browser.post(f"{page}identity/", {"method": "document_by_video", "reason": "It is me"})
    assert (answer.status_code, "Nobody verifies their own identity" in text(answer)) == (422, True)


def test_the_history_of_a_person_tells_of_their_right_to_sign(acme, sign_in):
    with schemas.inside(acme):
        number = cast.person("ben").pk
    page = text(sign_in("ann").get(f"/history/members.user/{number}/"))
    assert "created the identity check" in page
    assert "created the signing factor" in page
