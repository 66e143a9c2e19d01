"""The controller's pages towards its supervisory authority."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from privacy.incidents.models import Incident
from privacy.incidents.states import Notification
from tenants import schemas
from tests import signing_desk
from tests.privacy.breach_notices import stage as notices
from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import FINDINGS, breach


def recent(hours: int):
    return timezone.now() - timedelta(hours=hours)


@pytest.fixture
def incident(in_acme):
    logged = stage.log(by="sid", **{**FINDINGS, "own_data": True, "detected_at": recent(4)})
    return stage.confirm(logged, by="sid", at=recent(3))


def told(at, **changes):
    local = at.astimezone(ZoneInfo("Europe/Berlin"))
    moment = {"authority_told_at_0": f"{local:%Y-%m-%d}", "authority_told_at_1": f"{local:%H:%M}"}
    return {"authority": "HBDI Wiesbaden", **moment, "reason": "The receipt is on file", **changes}


@pytest.mark.req("BRE-13")
def test_a_decision_without_a_reason_is_refused(sign_in, incident):
    url = f"/incidents/{incident.pk}/authority/decide/"
    browser = sign_in("sid")
    answer = browser.post(url, {"decision": "not_notifiable", "reason": ""})
    assert (answer.status_code, Incident.objects.get(pk=incident.pk).notification) == (422, Notification.UNDECIDED)
    assert Incident.objects.get(pk=incident.pk).notification_reason == ""


@pytest.mark.req("BRE-13", "P11-200a1")
def test_not_notifying_is_signed_and_notifying_is_not(sign_in, incident):
    browser, url = sign_in("sid"), f"/incidents/{incident.pk}/authority/decide/"
    said = {"decision": "not_notifiable", "reason": "Key is safe"}
    assert browser.post(url, said).status_code == 422
    assert signing_desk.sign(browser, "sid", url, at=timezone.now(), **said).status_code == 302
    assert Incident.objects.get(pk=incident.pk).notification == Notification.NOT_NOTIFIABLE
    assert browser.post(url, {"decision": "notify", "reason": "The key was found"}).status_code == 302
    assert Incident.objects.get(pk=incident.pk).notification == Notification.NOTIFY


@pytest.mark.parametrize("decision", ["", "undecided", "magic"])
def test_an_invented_decision_is_refused(sign_in, incident, decision):
    form = {"decision": decision, "reason": "Because of the law"}
    assert sign_in("sid").post(f"/incidents/{incident.pk}/authority/decide/", form).status_code == 422


def test_that_the_authority_was_told_is_recorded_once(sign_in, incident):
    browser, url = sign_in("sid"), f"/incidents/{incident.pk}/authority/record/"
    assert [browser.post(url, told(recent(1))).status_code for _ in range(2)] == [302, 409]
    assert Incident.objects.get(pk=incident.pk).authority == "HBDI Wiesbaden"


def test_told_before_awareness_stands_beside_its_field(sign_in, incident):
    answer = sign_in("sid").post(f"/incidents/{incident.pk}/authority/record/", told(recent(9)))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["authority_told_at"])


@pytest.mark.parametrize("name", ["decide", "record"])
@pytest.mark.parametrize("who", ["aud", "cay"])
def test_who_may_not_work_incidents_decides_nothing(sign_in, incident, name, who):
    assert sign_in(who).get(f"/incidents/{incident.pk}/authority/{name}/").status_code == 403


@pytest.mark.req("BRE-12")
def test_the_contents_for_the_authority_are_those_of_the_own_incident(sign_in, incident):
    body = sign_in("aud").get(f"/incidents/{incident.pk}/authority/package/").content.decode()
    for text in ("Acme Pharma", *(FINDINGS[key] for key in ("likely_consequences", "measures_taken", "contact_name"))):
        assert text in body
    assert "<form" not in body.split('id="main"')[1]


@pytest.mark.req("BRE-12")
def test_the_contents_are_those_of_the_newest_notice_of_the_processor(sign_in, acme):
    _, (row,) = breach("acme", at=recent(5))
    notices.send(row, now=recent(4))
    notice = notices.send(row, now=recent(3), what_is_new="Counted", subjects_number=77_031)
    with schemas.inside(acme):
        case = notices.arrived(notice, acme).case_id
    body = sign_in("aud").get(f"/incidents/{case}/authority/package/").content.decode()
    assert "77,031" in body
    assert "version 2" in body
