from datetime import date, timedelta

import pytest
from django.utils import timezone

from audit.encryption import ERASED
from audit.subject_keys.queries import ErasedError
from audit.transitions import MoveRefused
from privacy.case_files import queries as case_queries
from privacy.case_files.actions import Upload
from privacy.deadlines import queries as deadline_queries
from privacy.deadlines.states import Kind
from privacy.deadlines.states import State as ClockState
from privacy.handovers import actions
from privacy.subject_requests import actions as subject_requests
from privacy.subject_requests.catalogue import Channel, Check
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tenants import schemas
from tenants.members.outbox.models import Email
from tests import cast
from tests.privacy.subject_requests.filings import NOW, WHY, delivered, filed, refused, validated

LATER = NOW + timedelta(hours=3)


@pytest.fixture
def taken(platform, acme):
    """A request that support took for Acme on the platform, with a letter."""
    with schemas.inside(platform):
        record = filed(for_tenant=acme, identifiers="Customer 17", details="Delete me")
        upload = Upload(name="letter.txt", content=b"Dear Complere", description="The letter")
        subject_requests.add_evidence(record, upload=upload, actor=WHY["actor"], now=NOW)
        return record


def hand_over(record, tenant, platform, now=LATER):
    with schemas.inside(platform):
        suki = cast.person("sup").actor
        return actions.hand_over(record, tenant=tenant, actor=suki, now=now, reason="Acme runs this trial")


@pytest.mark.req("DSR-01")
def test_the_tenant_has_the_request_with_both_receipts_and_the_earlier_starts_its_clock(taken, acme, platform):
    kept = hand_over(taken, acme, platform)
    with schemas.inside(acme):
        theirs = SubjectRequest.objects.select_related("subject_key", "content_key").get()
        assert (theirs.received_at, theirs.received_first_at, theirs.starts_at) == (LATER, NOW, NOW)
        assert (theirs.taken_by, theirs.taken_reference) == ("Suki Support, Complere", "DSR-2026-0001")
        assert (theirs.subject_name, theirs.identifiers, theirs.details) == ("Jonas Weber", "Customer 17", "Delete me")
        statutory = next(d for d in deadline_queries.of(theirs) if d.kind == Kind.DSR_STATUTORY)
        assert (statutory.started_at, statutory.last_day) == (NOW, date(2026, 4, 2))
        [file] = case_queries.files_of(theirs)
        assert (file.name, case_queries.contents(file)) == ("letter.txt", b"Dear Complere")
        assert (theirs.filed_by, theirs.channel) == ("Suki Support (Complere, Support)", Channel.COMPLERE)
        assert kept.handed_over_reference == theirs.reference


def test_the_vendors_record_keeps_the_proof_and_can_no_longer_read_the_content(taken, acme, platform):
    hand_over(taken, acme, platform)
    with schemas.inside(platform):
        kept = SubjectRequest.objects.select_related("subject_key", "content_key").get()
        assert (kept.state, kept.for_tenant, kept.for_tenant_name) == (State.FORWARDED, acme.pk, "Acme Pharma")
        assert (kept.handed_over_at, kept.handed_over_by) == (LATER, "Suki Support (Support)")
        assert (kept.subject_name, kept.details, kept.identifiers) == ("Jonas Weber", ERASED, ERASED)
        [file] = case_queries.files_of(kept)
        with pytest.raises(ErasedError):
            case_queries.contents(file)
        assert {row.details for row in kept.history.select_related("content_key")} == {ERASED}


def test_the_tenants_officers_are_told_with_a_link_to_their_own_host(taken, acme, platform):
    hand_over(taken, acme, platform)
    with schemas.inside(acme):
        pk = SubjectRequest.objects.get().pk
        mails = Email.objects.filter(template="subject-request-handed-over").select_related("subject_key")
        assert sorted(mail.to for mail in mails) == ["ann@acme.example", "ben@acme.example"]
        assert all(f"http://acme.localhost:8000/requests/{pk}/" in mail.body for mail in mails)
    with schemas.inside(platform):
        assert Email.objects.filter(template="subject-request-handed-over").count() == 0


def test_the_clock_of_the_vendor_is_the_day_of_receipt(taken, acme, platform):
    with schemas.inside(platform):
        [clock] = deadline_queries.of(taken)
        assert (clock.kind, clock.title, clock.last_day) == (
            Kind.DSR_ASSISTANCE,
            "Hand over to the controller",
            date(2026, 3, 2),
        )
        assert taken.due_at == clock.due_at
    hand_over(taken, acme, platform)
    with schemas.inside(platform):
        assert [(d.state, d.met_at) for d in deadline_queries.of(taken)] == [(ClockState.MET, LATER)]


def test_the_clocks_of_a_request_filed_as_own_end_unmet_as_nobody_answered(platform, acme):
    with schemas.inside(platform):
        record = filed()
    hand_over(record, acme, platform)
    with schemas.inside(platform):
        found = {d.kind: (d.state, d.met_at) for d in deadline_queries.of(record)}
    assert found == dict.fromkeys((Kind.DSR_STATUTORY, Kind.DSR_ASSISTANCE), (ClockState.ENDED, None))


@pytest.mark.req("DSR-36")
def test_no_other_tenant_sees_what_was_handed_over(taken, acme, globex, platform):
    hand_over(taken, acme, platform)
    with schemas.inside(globex):
        assert (SubjectRequest.objects.count(), Email.objects.count()) == (0, 0)


def test_the_vendor_cannot_work_on_a_request_that_is_a_tenants(taken, platform):
    with schemas.inside(platform):
        for work in (validated, refused, delivered, lambda r: subject_requests.begin(r, now=NOW, **WHY)):
            with pytest.raises(MoveRefused, match="Acme Pharma is the controller"):
                work(taken)


@pytest.mark.req("DSR-36")
def test_a_request_about_own_data_is_worked_on_the_platform_to_its_end(platform):
    with schemas.inside(platform):
        record = validated(filed())
        record = subject_requests.begin(record, now=NOW, **WHY)
        assert delivered(record).state == State.DELIVERED


def test_a_request_is_handed_over_once(taken, acme, globex, platform):
    hand_over(taken, acme, platform)
    for tenant in (acme, globex):
        with pytest.raises(MoveRefused):
            hand_over(taken, tenant, platform)
    with schemas.inside(acme):
        assert SubjectRequest.objects.count() == 1


def test_a_request_under_work_is_not_handed_over(platform, acme):
    with schemas.inside(platform):
        record = subject_requests.validate(filed(), check=Check.ACCOUNT, note="Signed in", now=NOW, **WHY)
    with pytest.raises(MoveRefused):
        hand_over(record, acme, platform)


def test_a_tenant_hands_nothing_over(acme, globex):
    with schemas.inside(acme):
        record = filed()
        with pytest.raises(MoveRefused):
            actions.hand_over(record, tenant=globex, now=NOW, **WHY)


def test_a_failure_half_way_leaves_both_sides_as_they_were(taken, acme, platform, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr(actions.subject_keys, "destroy", fail)
    with pytest.raises(RuntimeError, match="disk full"):
        hand_over(taken, acme, platform)
    with schemas.inside(acme):
        assert (SubjectRequest.objects.count(), Email.objects.count()) == (0, 0)
    with schemas.inside(platform):
        assert SubjectRequest.objects.select_related("content_key").get().details == "Delete me"


def test_a_person_who_had_confirmed_the_address_need_not_do_it_again(platform, acme):
    with schemas.inside(platform):
        record = filed(channel=Channel.WEB_FORM, email_confirmed_at=NOW)
    hand_over(record, acme, platform)
    with schemas.inside(acme):
        assert SubjectRequest.objects.get().email_confirmed_at == NOW


# The page


def test_support_takes_a_request_for_a_tenant_and_hands_it_over_by_the_pages(sign_in, acme, platform):
    suki = sign_in("sup")
    now = timezone.now()
    form = {
        "form_token": "7d9f7a8c-4c5f-4f37-a6dd-9a1c4a0b6f11",
        "right": "erasure",
        "whose": str(acme.pk),
        "subject_name": "Jonas Weber",
        "relation": "patient",
        "channel": "phone",
        "received_at_0": f"{now:%Y-%m-%d}",
        "received_at_1": "00:00",
        "late_entry_reason": "The clock may stand before midnight",
    }
    page = suki.post("/console/requests/new/", form, follow=True)
    assert "Not yours to answer" in page.content.decode()
    [step] = page.context["next"]
    assert step["label"] == "Hand over to a tenant"
    values = {"tenant": str(acme.pk), "reason": "Acme runs this trial"}
    assert suki.get(step["url"]).status_code == 200
    assert suki.post(step["url"], values | {"reason": "x"}).status_code == 422
    assert suki.post(step["url"], values | {"tenant": "nobody"}).status_code == 422
    assert [suki.post(step["url"], values).status_code for _ in range(2)] == [302, 302]
    assert suki.get(step["url"]).status_code == 409
    assert sign_in("leo").post(step["url"], values).status_code == 409
    with schemas.inside(acme):
        record = SubjectRequest.objects.get()
    theirs = sign_in("ben").get(f"/requests/{record.pk}/").content.decode()
    assert "taken by Suki Support, Complere" in theirs


def test_a_request_filed_as_own_is_handed_over_only_by_who_checked_whose_person_it_is(sign_in, acme, platform):
    with schemas.inside(platform):
        record = filed()
    suki, url = sign_in("sup"), f"/console/requests/{record.pk}/hand-over/"
    assert "I checked that this person belongs to this tenant" in suki.get(url).content.decode()
    values = {"tenant": str(acme.pk), "reason": "Acme runs this trial"}
    answer = suki.post(url, values)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["checked"])
    with schemas.inside(acme):
        assert SubjectRequest.objects.count() == 0
    assert suki.post(url, values | {"checked": "on"}).status_code == 302


@pytest.mark.parametrize(("who", "status"), [("sup", 200), ("leo", 200), ("stan", 403), ("pat", 403)])
def test_only_who_may_hand_over_sees_the_page(sign_in, taken, who, status):
    assert sign_in(who).get(f"/console/requests/{taken.pk}/hand-over/").status_code == status


def test_the_workspace_has_no_door_to_hand_over(sign_in, acme):
    with schemas.inside(acme):
        record = filed()
    assert sign_in("ann").get(f"/requests/{record.pk}/hand-over/").status_code == 404
