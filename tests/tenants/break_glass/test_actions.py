from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from audit import context
from audit.context import ReasonRefused
from audit.ledger.queries import events_of
from audit.transitions import MoveRefused
from tenants import schemas
from tenants.break_glass import actions, catalogue, queries
from tenants.break_glass.actions import EntryRefused
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members.accounts.models import User
from tenants.members.contacts import actions as contacts
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.staff_entries.actions import EntryOver
from tenants.members.staff_entries.models import StaffEntry
from tenants.tenancy import actions as tenancy
from tenants.wakeups.queries import next_of
from tests import cast
from tests.staff_visits import WHY, WRITES, approved, asked, mails, said, staff, ticket

pytestmark = [pytest.mark.django_db, pytest.mark.req("ASVS-2.3.5")]
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def kept(tenant, entry) -> StaffEntry:
    with schemas.inside(tenant):
        return StaffEntry.objects.get(pk=entry.pk)


def test_who_may_decide_is_told_of_a_request_and_the_tenant_of_nothing(acme):
    entry = asked(acme, now=NOW)
    assert (entry.state, entry.visitor, entry.ends_at) == (State.REQUESTED, "Suki Support", None)
    assert mails("entry-asked") == ["pat@complere.example", "sam@complere.example", "sue@complere.example"]
    with schemas.inside(acme):
        assert (StaffEntry.objects.count(), mails("staff-entry-approved")) == (0, [])


def test_nobody_who_asks_is_asked_to_decide(acme):
    asked(acme, by="sam", now=NOW)
    assert mails("entry-asked") == ["pat@complere.example", "sue@complere.example"]


def test_an_approval_is_in_both_trails_and_told_to_the_tenant_at_once(acme):
    entry = approved(acme, now=NOW)
    assert (entry.state, entry.decided_by, entry.ends_at) == (
        State.APPROVED,
        "Pat Platform",
        NOW + timedelta(minutes=30),
    )
    here = kept(acme, entry)
    assert (here.visitor_id, here.visitor, here.reason, here.ticket) == (
        staff("sup").pk,
        "Suki Support",
        WHY,
        "SUP-2041",
    )
    assert (here.approved_by, here.starts_at, here.ends_at, here.may_write) == (
        "Pat Platform",
        NOW,
        NOW + timedelta(minutes=30),
        False,
    )
    asking, deciding = events_of("tenants_entryrequest", str(entry.pk))
    # In Complere's own trail its people stand sealed, under their ids.
    assert [event.document["actor"]["id"] for event in (asking, deciding)] == [str(staff(k).pk) for k in ("sup", "pat")]
    assert [event.document["reason"] for event in (asking, deciding)] == [WHY, "The ticket bears it out"]
    assert mails("entry-decided") == ["sup@complere.example"]
    with schemas.inside(acme):
        (event,) = events_of("members_staffentry", str(entry.pk))
        assert (event.document["actor"]["name"], event.document["reason"]) == (
            "Pat Platform",
            "The ticket bears it out",
        )
        assert mails("staff-entry-approved") == ["ann@acme.example"]
        mail = Email.objects.select_related("subject_key").get(template="staff-entry-approved")
        assert mail.subject == "Suki Support of Complere may now enter the workspace of Acme Pharma (SUP-2041)"
        for words in (
            WHY,
            "SUP-2041",
            "Pat Platform",
            "only to read",
            f"http://acme.localhost:8000/access/staff/{entry.pk}/",
        ):
            assert words in mail.body
        assert mail.next_try_at == NOW
    # Whatever the schema sleeps on otherwise: it is woken for this mail at once.
    assert next_of(acme.schema_name) == NOW
    assert next_of("public") <= entry.ends_at


def test_the_security_contact_is_told_too(acme):
    with schemas.inside(acme):
        ann = cast.person("ann")
        named = {"kind": "security", "full_name": "Cy Contact", "email": "cy@acme.example", "phone": ""}
        contact = contacts.keep(**named, actor=ann.actor, now=NOW, reason="Named in the contract")
        with context.regulated_write(actor=ann.actor, reason="Confirmed by mail"):
            contact.verified_at = NOW
            contact.save(update_fields=["verified_at"])
    approved(acme, now=NOW)
    with schemas.inside(acme):
        assert mails("staff-entry-approved") == ["ann@acme.example", "cy@acme.example"]


def test_nobody_approves_or_refuses_their_own_request(acme):
    entry = asked(acme, by="sam", now=NOW)
    for act in (actions.approve, actions.refuse):
        with pytest.raises(EntryRefused, match="You asked for this entry yourself"):
            act(entry, **said("sam", NOW))
    entry.refresh_from_db()
    assert entry.state == State.REQUESTED
    with schemas.inside(acme):
        assert StaffEntry.objects.count() == 0


def test_the_database_too_refuses_a_decision_of_who_asked(acme):
    entry = asked(acme, by="sam", now=NOW)
    entry.decider_id, entry.decided_by, entry.decided_at = entry.visitor_id, "Sam Security", NOW
    entry.state, entry.ends_at = State.APPROVED, NOW
    around = context.regulated_write(actor=cast.DIRECTOR, reason="Around the action")
    with pytest.raises(IntegrityError, match="is_decided_by_another_person"), transaction.atomic(), around:
        entry.save()


@pytest.mark.parametrize("key", ["tess", "leo", "sup", "stan"])
def test_a_role_without_the_right_decides_on_nothing(acme, key):
    entry = asked(acme, by="sam", now=NOW)
    with pytest.raises(EntryRefused, match="does not decide"):
        actions.approve(entry, **said(key, NOW))


def test_neither_a_machine_nor_a_person_of_a_tenant_asks_or_decides(acme):
    entry = asked(acme, now=NOW)
    with schemas.inside(acme):
        ann = cast.person("ann").actor
    for actor in (cast.DIRECTOR, ann):
        with pytest.raises(EntryRefused, match="Only Complere's staff"):
            actions.approve(entry, actor=actor, now=NOW, reason=WHY)
        with pytest.raises(EntryRefused, match="Only Complere's staff"):
            actions.ask(acme, ticket="1", minutes=5, may_write=False, write_reason="", actor=actor, now=NOW, reason=WHY)


@pytest.mark.parametrize("minutes", [-1, 0, 4, 61, 1440])
def test_an_entry_is_short(acme, minutes):
    with pytest.raises(EntryRefused, match="from 5 to 60 minutes"):
        asked(acme, minutes=minutes, now=NOW)


def test_writing_wants_a_justification_of_its_own(acme):
    with pytest.raises(ReasonRefused):
        asked(acme, may_write=True, write_reason="no", now=NOW)
    entry = approved(acme, now=NOW, **WRITES)
    assert (entry.may_write, kept(acme, entry).write_reason) == (True, WRITES["write_reason"])
    with schemas.inside(acme):
        body = Email.objects.select_related("subject_key").get(template="staff-entry-approved").body
    assert "to read and write" in body
    assert WRITES["write_reason"] in body


def test_a_refusal_says_why_and_opens_nothing(acme):
    entry = asked(acme, now=NOW)
    refused = actions.refuse(entry, **said("sam", NOW, "The customer can send the export"))
    assert (refused.state, refused.ended_because) == (State.REFUSED, "The customer can send the export")
    assert mails("entry-decided") == ["sup@complere.example"]
    with schemas.inside(acme):
        assert StaffEntry.objects.count() == 0
    with pytest.raises(MoveRefused):
        actions.approve(entry, **said("pat", NOW))


def test_a_request_that_waited_a_day_is_asked_anew(acme):
    entry = asked(acme, now=NOW)
    with pytest.raises(EntryRefused, match="24 hours"):
        actions.approve(entry, **said("pat", NOW + timedelta(hours=24)))
    entry.refresh_from_db()
    assert entry.state == State.REQUESTED


def test_who_lost_the_right_meanwhile_is_let_in_no_more(acme):
    entry = asked(acme, now=NOW)
    roles.change_roles(staff("sup"), roles=["trust_editor"], **said("pat", NOW))
    with pytest.raises(EntryRefused, match="may not enter"):
        actions.approve(entry, **said("pat", NOW))


def test_a_tenant_that_is_suspended_is_not_entered(acme):
    entry = asked(acme, now=NOW)
    tenancy.suspend(acme, **said("pat", NOW))
    with pytest.raises(EntryRefused, match="suspended"):
        actions.approve(entry, **said("sam", NOW))
    with pytest.raises(EntryRefused, match="active customer"):
        asked(EntryRequest.objects.select_related("tenant").get().tenant, now=NOW)


def test_complere_itself_is_no_tenant_to_enter(platform):
    with pytest.raises(EntryRefused):
        asked(platform, now=NOW)


def test_the_same_request_waits_once(acme, globex):
    entry = asked(acme, now=NOW)
    with pytest.raises(EntryRefused, match="already"):
        asked(acme, now=NOW)
    asked(globex, now=NOW), asked(acme, by="sam", now=NOW), asked(acme, ticket="SUP-2", now=NOW)
    actions.refuse(entry, **said("pat", NOW))
    assert asked(acme, now=NOW).state == State.REQUESTED


def test_time_ends_requests_and_entries(acme, globex):
    waiting, short, long = (
        asked(acme, now=NOW),
        approved(acme, ticket="SUP-2", minutes=5, now=NOW),
        approved(globex, now=NOW),
    )
    assert queries.next_due() == short.ends_at
    assert actions.lapse(NOW + timedelta(minutes=4)) == 0
    assert actions.lapse(NOW + timedelta(minutes=6)) == 1
    short.refresh_from_db()
    assert (short.state, short.ended_because) == (State.ENDED, catalogue.TIME_OVER)
    here = kept(acme, short)
    # Over since its time was over, whenever the chore ran.
    assert (here.ended_at, here.ended_by) == (short.ends_at, "Complere, by the clock")
    with schemas.inside(acme):
        body = Email.objects.select_related("subject_key").get(template="staff-entry-ended").body
    assert catalogue.TIME_OVER in body
    assert "Nobody came in." in body
    assert actions.lapse(NOW + timedelta(hours=24)) == 2
    waiting.refresh_from_db()
    assert (waiting.state, waiting.ended_because) == (State.ENDED, catalogue.NOT_DECIDED)
    assert (queries.next_due(), kept(globex, long).ended_because) == (None, catalogue.TIME_OVER)


def test_the_timer_runs_in_complere_s_schema_only(acme):
    approved(acme, minutes=5, now=NOW)
    with schemas.inside(acme):
        assert (queries.next_due(), actions.lapse(NOW + timedelta(hours=1))) == (None, 0)


def test_a_request_is_withdrawn_and_an_entry_given_back_by_who_asked_only(acme):
    waiting, open_ = asked(acme, now=NOW), approved(acme, ticket="SUP-2", now=NOW)
    for entry in (waiting, open_):
        with pytest.raises(EntryRefused, match="somebody else's"):
            actions.give_back(entry, **said("pat", NOW))
        actions.give_back(entry, **said("sup", NOW + timedelta(minutes=1), "Not needed any more"))
        entry.refresh_from_db()
    assert [waiting.ended_because, open_.ended_because] == [catalogue.WITHDRAWN, catalogue.GIVEN_BACK]
    assert kept(acme, open_).ended_by == "Suki Support"
    with pytest.raises(EntryRefused):
        actions.give_back(open_, **said("sup", NOW))
    with schemas.inside(acme):
        assert mails("staff-entry-ended") == ["ann@acme.example"]


def test_a_way_in_is_for_who_asked_while_the_entry_stands(acme):
    waiting, entry = asked(acme, now=NOW), approved(acme, ticket="SUP-2", now=NOW)
    with pytest.raises(EntryRefused, match="not open"):
        ticket(waiting, now=NOW)
    with pytest.raises(EntryRefused, match="somebody else's"):
        ticket(entry, by="pat", now=NOW)
    assert ticket(entry, now=NOW)
    with pytest.raises(EntryOver):
        ticket(entry, now=entry.ends_at)


def test_a_visitor_who_left_the_company_is_nobody(acme):
    entry = approved(acme, now=NOW)
    roles.deactivate(staff("sup"), **said("pat", NOW))
    assert User.objects.get(pk=entry.visitor_id).is_active is False
    with pytest.raises(EntryRefused):
        actions.ticket(entry, actor=staff("sup").actor, now=NOW)
