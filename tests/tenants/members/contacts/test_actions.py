from datetime import UTC, datetime, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core.mail.backends.locmem import EmailBackend

from audit.transitions import MoveRefused
from tenants import chores, schemas
from tenants.members.accounts.queries import LinkOver, LinkUnknown
from tenants.members.contacts import actions, queries
from tenants.members.contacts.catalogue import Problem
from tenants.members.contacts.models import Contact
from tenants.members.outbox import actions as outbox
from tenants.members.outbox.models import Email
from tests import cast
from tests.tenants.members import mails

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WHY = "Named by the management"


def name(kind: str = "security", now: datetime = NOW, **changes: str) -> Contact:
    said = {"full_name": "Cora Contact", "email": "cora@acme.example", "phone": "+49 30 1234", **changes}
    return actions.keep(kind=kind, **said, actor=cast.person("ann").actor, now=now, reason=WHY)


def confirmed(kind: str = "security", now: datetime = NOW, **changes: str) -> Contact:
    contact = name(kind, now, **changes)
    return actions.confirm(token=mails.token_in(mails.newest("contact-verification", str(contact.pk))), now=now)


def sources(kind: str) -> list[tuple[str, str]]:
    return [(told.source, told.email) for told in queries.recipients(kind)]


ADMIN = ("administrator", "ann@acme.example")


@pytest.mark.req("BRE-09")
def test_notices_go_to_this_contact_then_the_other_then_the_admins(in_acme):
    confirmed("security", email="sec@acme.example")
    confirmed("privacy", email="priv@acme.example")
    security, privacy = ("security contact", "sec@acme.example"), ("privacy contact", "priv@acme.example")
    assert sources("security") == [security, privacy, ADMIN]
    assert sources("privacy") == [privacy, security, ADMIN]


def test_a_contact_that_never_confirmed_or_whose_mail_comes_back_is_passed_by(in_acme):
    name("security")
    assert sources("security") == [ADMIN]
    contact = confirmed("privacy", email="priv@acme.example")
    actions.mark_bounced(contact, actor=cast.DIRECTOR, now=NOW, reason="Mail came back")
    assert sources("security") == [ADMIN]
    assert [queries.is_dead(queries.by_kind(kind)) for kind in ("security", "privacy")] == [True, True]


def test_where_no_admin_has_come_yet_the_invited_one_is_told(platform):
    from tenants.console.actions import provision_with_admin

    tenant = provision_with_admin(
        name="Initech",
        host="initech.localhost",
        region="eu-central",
        admin_name="Ina Initech",
        admin_email="ina@initech.example",
        actor=cast.DIRECTOR,
        now=NOW,
        reason=WHY,
    )
    with schemas.inside(tenant):
        assert sources("security") == [("administrator", "ina@initech.example")]


def test_naming_a_contact_asks_it_to_confirm_on_the_stored_origin(in_acme):
    name()
    email = mails.newest("contact-verification")
    assert email.to == "cora@acme.example"
    assert email.subject == "Confirm that you are the security contact of Acme Pharma"
    assert mails.link_in(email).startswith("http://acme.localhost:8000/contacts/confirm/")


def test_a_link_confirms_once_within_fourteen_days(in_acme):
    name()
    token = mails.token_in(mails.newest("contact-verification"))
    contact = actions.confirm(token=token, now=NOW + 14 * DAY - timedelta(seconds=1))
    last = contact.history.first()
    assert (last.who, last.actor_role) == ("Security contact", "Contact")
    with pytest.raises(LinkOver, match="confirmed this already"):
        actions.confirm(token=token, now=NOW + DAY)


def test_a_link_expires_and_a_newer_one_replaces_it(in_acme):
    contact = name()
    older = mails.token_in(mails.newest("contact-verification"))
    with pytest.raises(LinkOver, match="expired"):
        queries.open_verification(older, NOW + 14 * DAY)
    actions.ask_again(contact, actor=cast.person("ann").actor, now=NOW + DAY)
    with pytest.raises(LinkUnknown):
        queries.open_verification(older, NOW + DAY)


def test_a_link_of_one_tenant_is_unknown_in_another(acme, globex):
    with schemas.inside(acme):
        name()
        token = mails.token_in(mails.newest("contact-verification"))
    with schemas.inside(globex), pytest.raises(LinkUnknown):
        actions.confirm(token=token, now=NOW)


def test_nobody_is_asked_twice_within_ten_minutes(in_acme):
    contact = name()
    with pytest.raises(MoveRefused):
        actions.ask_again(contact, actor=cast.person("ann").actor, now=NOW + timedelta(minutes=9))


@pytest.mark.parametrize("change", [{"full_name": "Carl Contact"}, {"email": "carl@acme.example"}])
def test_another_name_or_address_is_another_person_who_must_confirm_anew(in_acme, change):
    first = confirmed()
    other = name(**change, now=NOW + DAY)
    assert (other.verified_at, other.subject_key_id == first.subject_key_id) == (None, False)
    assert asked() == 2
    token = mails.token_in(mails.newest("contact-verification"))
    assert actions.confirm(token=token, now=NOW + DAY).verified_at == NOW + DAY


def test_another_telephone_is_the_same_person_and_needs_no_confirmation(in_acme):
    first = confirmed()
    same = name(phone="+49 30 9999", now=NOW + DAY)
    assert (same.verified_at, same.subject_key_id, asked()) == (NOW, first.subject_key_id, 1)


def test_the_history_keeps_who_the_contact_was(in_acme):
    name()
    name(full_name="Carl Contact", email="carl@acme.example", phone="", now=NOW + DAY)
    versions = Contact.objects.get(kind="security").history.all()
    assert {(row.full_name, row.email) for row in versions} == {
        ("Cora Contact", "cora@acme.example"),
        ("Carl Contact", "carl@acme.example"),
    }


def problems(now: datetime) -> list[tuple[str, Problem]]:
    return [(found.kind, found.problem) for found in queries.needs_attention(now)]


def test_what_is_wrong_is_named_for_each_kind(in_acme):
    assert problems(NOW) == [("security", Problem.MISSING), ("privacy", Problem.MISSING)]
    contact = name()
    assert problems(NOW) == [("security", Problem.UNVERIFIED), ("privacy", Problem.MISSING)]
    actions.confirm(token=mails.token_in(mails.newest("contact-verification")), now=NOW)
    confirmed("privacy")
    assert problems(NOW + 90 * DAY - timedelta(seconds=1)) == []
    assert problems(NOW + 90 * DAY) == [("security", Problem.STALE), ("privacy", Problem.STALE)]
    actions.mark_bounced(contact, actor=cast.DIRECTOR, now=NOW, reason="Mail came back")
    assert problems(NOW) == [("security", Problem.BOUNCING)]


def test_a_stale_contact_still_receives_notices(in_acme):
    confirmed()
    assert not queries.is_dead(queries.by_kind("security"))


def asked() -> int:
    return Email.objects.filter(template="contact-verification").count()


def test_the_chore_asks_again_when_ninety_days_are_over_and_then_every_fortnight(in_acme):
    confirmed()
    assert queries.next_due() == NOW + 90 * DAY
    assert actions.look_after(NOW + 90 * DAY - timedelta(seconds=1)) == 0
    assert actions.look_after(NOW + 90 * DAY) == 1
    assert actions.look_after(NOW + 90 * DAY) == 0
    assert queries.next_due() == NOW + 104 * DAY
    assert actions.look_after(NOW + 104 * DAY) == 1
    assert asked() == 3
    actions.confirm(token=mails.token_in(mails.newest("contact-verification")), now=NOW + 105 * DAY)
    assert queries.next_due() == NOW + 195 * DAY


def test_any_mail_that_fails_for_good_flags_the_contact_it_went_to_and_tells_the_admins(in_acme, monkeypatch):
    contact = confirmed()
    outbox.deliver_due(NOW)
    outbox.queue_email(
        to=contact.email,
        subject_key=contact.subject_key,
        template="password-changed",
        context={"person": cast.person("ann"), "now": NOW},
        now=NOW + DAY,
        about="privacy.incident:1",
    )

    def refuse(self, messages):
        raise SMTPRecipientsRefused({contact.email: (550, b"no such user")})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    outbox.deliver_due(NOW + DAY)
    assert actions.look_after(NOW + DAY) == 1
    assert queries.is_dead(queries.by_kind("security"))
    assert mails.newest("contact-unreachable").to == "ann@acme.example"
    assert queries.ask_at(queries.by_kind("security")) is None
    assert actions.look_after(NOW + 400 * DAY) == 0


def test_a_contact_that_confirms_after_a_bounce_counts_again(in_acme):
    contact = confirmed()
    actions.mark_bounced(contact, actor=cast.DIRECTOR, now=NOW, reason="Mail came back")
    actions.ask_again(queries.by_kind("security"), actor=cast.person("ann").actor, now=NOW + DAY)
    actions.confirm(token=mails.token_in(mails.newest("contact-verification")), now=NOW + DAY)
    assert not queries.is_dead(queries.by_kind("security"))
    assert actions.look_after(NOW + DAY) == 0


def test_mail_and_contacts_are_chores_of_every_schema_in_that_order():
    named = [chore.name for chore in chores.every()]
    assert named.index("outbox") < named.index("contacts")
