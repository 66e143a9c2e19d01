"""The pages of a notice, at Complere and at the tenant."""

from datetime import timedelta

import pytest
from django.utils import timezone

from privacy.breach_notices import queries
from privacy.breach_notices.models import Notice
from privacy.breach_notices.states import State
from privacy.incidents import catalogue
from tenants import schemas
from tests import signing_desk
from tests.privacy.breach_notices import stage
from tests.privacy.incidents.stage import FINDINGS, breach

pytestmark = pytest.mark.usefixtures("db")

CONSOLE = "/console/incidents/"


def recent(hours: int):
    return timezone.now() - timedelta(hours=hours)


def hit(*names: str, hours: int = 5):
    """A breach that Complere is aware of since a few hours."""
    return breach(*names, at=recent(hours))


def typed(**changes):
    form = {**FINDINGS, "nature_text": "An export of your data could be opened.", **changes}
    return {name: "" if value is None else value for name, value in form.items()}


def delivered(tenant, hours: int = 5):
    _, (row,) = hit("acme", hours=hours)
    return stage.arrived(stage.send(row, now=recent(1)), tenant)


# --- at Complere -----------------------------------------------------------------------------


def test_a_notice_goes_from_draft_to_the_tenants_workspace(sign_in, acme):
    sam, sue = sign_in("sam"), sign_in("sue")
    incident, (row,) = hit("acme")
    page = sam.get(f"{CONSOLE}tenants/{row.pk}/notice/")
    assert "Participants may be contacted by strangers" in page.content.decode()
    url = sam.post(f"{CONSOLE}tenants/{row.pk}/notice/", typed())["Location"]
    assert "Another person approves it" in sam.get(url).content.decode()
    assert sam.post(f"{url}approve/", {"checked": "on"}).status_code == 422
    assert sue.post(f"{url}approve/", approval(sue, url)).status_code == 302
    assert sam.post(f"{url}send/", {}).status_code == 302
    inbox = sign_in("sid").get("/incidents/notices/").content.decode()
    assert incident.reference in inbox
    assert "To be acknowledged" in inbox


def approval(browser, url) -> dict[str, str]:
    """What Sue sends to approve and sign the notice that she reads at `url`."""
    page = browser.get(url)
    words = page.context["approve"]["words"].value()
    return signing_desk.answer(page, "sue", at=timezone.now(), form="approve", checked="on", words=words)


def test_a_notice_that_was_edited_while_it_was_read_is_not_approved(sign_in):
    _, (row,) = hit("acme")
    notice, sue = stage.draft(row), sign_in("sue")
    url = f"{CONSOLE}notices/{notice.pk}/"
    read = approval(sue, url)
    sign_in("sam").post(f"{url}edit/", typed(measures_taken="Nobody read this", reason="More is known"))
    answer = sue.post(f"{url}approve/", read)
    assert (answer.status_code, "was changed" in answer.content.decode()) == (422, True)
    assert Notice.objects.get(pk=notice.pk).state == State.DRAFT


def test_approving_without_having_read_is_refused(sign_in):
    _, (row,) = hit("acme")
    notice = stage.draft(row)
    answer = sign_in("sue").post(f"{CONSOLE}notices/{notice.pk}/approve/", {})
    assert (answer.status_code, Notice.objects.get(pk=notice.pk).state) == (422, State.DRAFT)


@pytest.mark.parametrize("who", ["sup", "stan", "pat", "tess"])
def test_who_may_not_approve_is_refused(sign_in, who):
    _, (row,) = hit("acme")
    notice = stage.draft(row)
    assert sign_in(who).post(f"{CONSOLE}notices/{notice.pk}/approve/", {"checked": "on"}).status_code == 403


@pytest.mark.parametrize("who", ["leo", "stan", "sup"])
def test_who_may_not_work_incidents_neither_writes_nor_sends(sign_in, who):
    _, (row,) = hit("acme")
    notice, browser = stage.approved(row), sign_in(who)
    answers = [
        browser.post(f"{CONSOLE}{path}", typed(reason="Because I can")).status_code
        for path in (f"tenants/{row.pk}/notice/", f"notices/{notice.pk}/edit/", f"notices/{notice.pk}/send/")
    ]
    assert (answers, Notice.objects.get(pk=notice.pk).state) == ([403, 403, 403], State.APPROVED)


def test_drafting_twice_leads_to_the_one_draft(sign_in):
    _, (row,) = hit("acme")
    sam, url = sign_in("sam"), f"{CONSOLE}tenants/{row.pk}/notice/"
    assert sam.post(url, typed())["Location"] == sam.post(url, typed())["Location"]
    assert Notice.objects.count() == 1


def test_sending_twice_sends_once(sign_in, acme):
    _, (row,) = hit("acme")
    notice, sam = stage.approved(row), sign_in("sam")
    answers = [sam.post(f"{CONSOLE}notices/{notice.pk}/send/", {}).status_code for _ in range(2)]
    with schemas.inside(acme):
        assert (answers, queries.received().count()) == ([302, 302], 1)


def test_sending_a_draft_answers_409(sign_in):
    _, (row,) = hit("acme")
    notice = stage.draft(row)
    assert sign_in("sam").post(f"{CONSOLE}notices/{notice.pk}/send/", {}).status_code == 409


@pytest.mark.req("BRE-06")
def test_a_late_notice_asks_for_the_reasons_of_the_delay(sign_in):
    _, (row,) = hit("acme", hours=80)
    notice, sam = stage.approved(row), sign_in("sam")
    url = f"{CONSOLE}notices/{notice.pk}/send/"
    assert "Reasons for the delay" in sam.get(url).content.decode()
    assert sam.post(url, {"delay_reasons": ""}).status_code == 422
    assert sam.post(url, {"delay_reasons": "The region was down"}).status_code == 302


@pytest.mark.req("BRE-10")
def test_a_leak_is_named_and_nothing_typed_is_lost(sign_in):
    _, rows = hit("acme", "globex")
    acme = next(row for row in rows if row.tenant_name == "Acme Pharma")
    form = typed(measures_taken="As at Globex Biotech", recommended_actions="Change your keys")
    answer = sign_in("sam").post(f"{CONSOLE}tenants/{acme.pk}/notice/", form)
    body = answer.content.decode()
    assert (answer.status_code, Notice.objects.count()) == (422, 0)
    assert "The text names Globex Biotech, another tenant. Remove the name." in body
    assert "Change your keys" in body


@pytest.mark.req("BRE-08")
@pytest.mark.parametrize("key", ["nature_text", "likely_consequences", "subject_categories", "contact_name"])
def test_a_missing_part_is_named_beside_its_field(sign_in, key):
    _, (row,) = hit("acme")
    answer = sign_in("sam").post(f"{CONSOLE}tenants/{row.pk}/notice/", typed(**{key: ""}))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, [key])


@pytest.mark.parametrize("text", ["😀" * 200, "<img src=x onerror=alert(1)>", "'; --", "{{ 7|add:7 }}"])
def test_odd_text_reaches_the_tenant_as_text(sign_in, acme, text):
    _, (row,) = hit("acme")
    notice = stage.send(row, now=recent(1), measures_taken=text)
    page = sign_in("sid").get(f"/incidents/notices/{notice.pk}/")
    body = page.content.decode()
    assert page.status_code == 200
    assert ("<img src=x" in body, "77" in body.split("Measures taken")[1][:80]) == (False, False)


@pytest.mark.parametrize("path", ["", "edit/", "send/"])
def test_an_unknown_notice_is_not_found(sign_in, path):
    unknown = "11111111-1111-4111-8111-111111111111"
    assert sign_in("sam").get(f"{CONSOLE}notices/{unknown}/{path}").status_code == 404


def test_the_console_shows_that_it_was_acknowledged(sign_in, acme):
    copy = delivered(acme)
    sign_in("sid").post(f"/incidents/notices/{copy.pk}/acknowledge/", {"comment": "On it"})
    body = sign_in("sam").get(f"{CONSOLE}notices/{copy.pk}/").content.decode()
    assert "Sid Security (Security officer)" in body
    assert "On it" in body


# --- at the tenant ---------------------------------------------------------------------------


@pytest.mark.req("BRE-03")
def test_the_tenant_reads_every_part_and_both_ends_of_its_hours(sign_in, acme):
    copy = delivered(acme)
    body = sign_in("aud").get(f"/incidents/notices/{copy.pk}/").content.decode()
    for heading in catalogue.HEADINGS.values():
        assert heading in body
    for at in (copy.delivered_at, copy.controller_safe_at, copy.controller_limit_at):
        assert f'datetime="{at:%Y-%m-%dT%H:%M:%SZ}"' in body
    assert f'data-due="{copy.controller_safe_at:%Y-%m-%dT%H:%M:%SZ}"' in body


def test_the_promise_page_of_the_tenant_never_shows_the_incidents_title(sign_in, acme):
    _, (row,) = breach("acme", at=recent(5), title="Internal words of Complere")
    notice = stage.send(row, now=recent(1))
    browser = sign_in("ann")
    for path in ("incidents/", "incidents/notices/", f"incidents/notices/{notice.pk}/", "incidents/register/full/"):
        assert "Internal words of Complere" not in browser.get(f"/{path}").content.decode()


def test_acknowledging_twice_is_harmless(sign_in, acme):
    copy, browser = delivered(acme), sign_in("sid")
    url = f"/incidents/notices/{copy.pk}/acknowledge/"
    answers = [browser.post(url, {"comment": text}).status_code for text in ("First", "Second")]
    with schemas.inside(acme):
        assert (answers, queries.received().get(pk=copy.pk).acknowledgement) == ([302, 302], "First")


@pytest.mark.parametrize("who", ["cay", "aud"])
def test_who_may_not_acknowledge_is_refused(sign_in, acme, who):
    copy = delivered(acme)
    assert sign_in(who).post(f"/incidents/notices/{copy.pk}/acknowledge/", {}).status_code == 403


@pytest.mark.parametrize("comment", ["x" * 10_001, "nul\x00"])
def test_an_impossible_comment_is_refused_beside_its_field(sign_in, acme, comment):
    copy = delivered(acme)
    answer = sign_in("sid").post(f"/incidents/notices/{copy.pk}/acknowledge/", {"comment": comment})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["comment"])


@pytest.mark.parametrize("path", ["", "acknowledge/"])
def test_a_notice_to_another_tenant_is_not_found(sign_in, acme, path):
    copy, dov = delivered(acme), sign_in("dov")
    url = f"/incidents/notices/{copy.pk}/{path}"
    assert (dov.post(url, {}) if path else dov.get(url)).status_code == 404


def test_the_list_asks_the_same_number_of_queries_for_one_and_for_many(sign_in, acme, django_assert_max_num_queries):
    browser = sign_in("sid")
    delivered(acme)
    with django_assert_max_num_queries(12) as one:
        browser.get("/incidents/notices/")
    for _ in range(4):
        delivered(acme)
    with django_assert_max_num_queries(12) as many:
        assert browser.get("/incidents/notices/").status_code == 200
    assert len(one) == len(many)


def test_an_empty_list_says_so(sign_in):
    assert "Complere has told you of no breach" in sign_in("sid").get("/incidents/notices/").content.decode()


@pytest.mark.parametrize("query", ["q=%00", "state=draft", "sort=content", "page=0"])
def test_nonsense_in_the_address_shows_the_list(sign_in, acme, query):
    delivered(acme)
    assert sign_in("sid").get(f"/incidents/notices/?{query}").status_code == 200
