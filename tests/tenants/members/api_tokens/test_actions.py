from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from audit import context
from audit.context import ReasonRefused
from audit.transitions import MoveRefused
from tenants import schemas
from tenants.members.api_tokens import actions, catalogue, queries
from tenants.members.api_tokens.models import AccessToken
from tenants.members.machines import MachineRefused
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.scim import actions as scim
from tenants.members.scim.catalogue import Group
from tenants.wakeups.models import WakeUp
from tests import cast
from tests.tenants.members.api_tokens import tokens

pytestmark = pytest.mark.django_db
API = frozenset({"api.read_self"})


def admit(text, *, scopes=API, address="203.0.113.9", now=None):
    return actions.admit(text=text, scopes=scopes, address=address, now=now or timezone.now())


def refusal(text, **options):
    with pytest.raises(MachineRefused) as refused:
        admit(text, **options)
    return refused.value.status, refused.value.code


@pytest.mark.req("ASVS-11.5.1")
def test_a_token_is_an_id_and_a_secret_of_256_bits(acme):
    texts = {tokens.make(acme)[1] for _ in range(20)}
    assert len({text.split("_", 2)[2] for text in texts}) == 20
    assert {len(text.split("_", 2)[2]) for text in texts} == {43}, "32 random bytes in URL-safe Base64"
    token, text = tokens.make(acme)
    assert text.startswith(f"ct_{token.pk.hex}_")


@pytest.mark.req("ASVS-11.5.1")
def test_nothing_that_is_kept_gives_the_secret_away(acme):
    token, text = tokens.make(acme)
    secret = text.split("_", 2)[2]
    with schemas.inside(acme), connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM members_accesstoken t")
        rows = str(cursor.fetchall())
        cursor.execute("SELECT payload::text FROM ledger_event")
        ledger = str(cursor.fetchall())
        kept = AccessToken.objects.get(pk=token.pk)
        history = list(kept.history.values())
    assert secret not in rows + ledger + str(history)
    assert kept.digest not in ledger + str(history)
    assert len(kept.digest) == 64


@pytest.mark.req("ASVS-8.4.1")
def test_a_token_opens_in_its_own_schema_only_even_where_its_row_was_copied(acme, globex):
    token, text = tokens.make(acme)
    with schemas.inside(acme):
        assert admit(text).actor.name == "token Robot"
    with schemas.inside(globex):
        assert refusal(text) == (401, "invalid_token")
        with context.regulated_write(actor=context.service("thief"), reason="Copied from elsewhere"):
            token.save(force_insert=True)
        assert AccessToken.objects.get().digest == token.digest
        assert refusal(text) == (401, "invalid_token")


def role_of(*permissions, name="Way keeper"):
    """A role of the workspace's own, as its administrator makes one."""
    ann = cast.person("ann").actor
    return roles.make(
        name=name, purpose="For a test", permissions=permissions, actor=ann, now=timezone.now(), reason="For a test"
    )


def scim_token(actor):
    said = {"purpose": "scim", "name": "Entra ID", "scopes": ["scim.users"], "networks": [], "days": 90}
    return actions.create(**said, actor=actor, now=timezone.now(), reason="For a test")


def given(key, *made):
    """The person with these roles and no others."""
    ann = cast.person("ann").actor
    keys = [role.key for role in made]
    return roles.change_roles(cast.person(key), roles=keys, actor=ann, now=timezone.now(), reason="For a test")


@pytest.mark.req("P11-10g")
@pytest.mark.parametrize(
    ("held", "lacked"),
    [("members.manage_access", "invite people"), ("members.manage_people", "set how people and machines come in")],
)
def test_a_directorys_token_is_made_by_who_may_do_what_it_does(in_acme, held, lacked):
    maker = given("cay", role_of(held)).actor
    with pytest.raises(actions.TokenRefused, match=lacked) as refused:
        scim_token(maker)
    assert refused.value.field == "purpose"
    assert not AccessToken.objects.exists()


@pytest.mark.req("P11-10g")
def test_a_directorys_token_is_made_by_who_may_give_what_its_groups_give(in_acme):
    maker = given("cay", role_of("members.manage_access", "members.manage_people")).actor
    assert scim_token(maker)[0].created_by == "Cay Member (Way keeper)"
    ann, now = cast.person("ann").actor, timezone.now()
    group = scim.create_group(said=Group("Auditors"), actor=ann, now=now)
    scim.choose_role(group, role="auditor", actor=cast.person("ann").actor, now=now, reason="They audit")
    with pytest.raises(actions.TokenRefused, match=r"that you cannot give. The role “Auditor”") as refused:
        scim_token(maker)
    assert (refused.value.field, AccessToken.objects.count()) == ("purpose", 1)
    assert scim_token(ann)[0].created_by == "Ann Admin (Tenant admin)"


def test_a_retired_role_of_a_group_stops_no_token(in_acme):
    ann, now = cast.person("ann").actor, timezone.now()
    made = role_of("audit.view_history", name="Reader")
    group = scim.create_group(said=Group("Readers"), actor=ann, now=now)
    scim.choose_role(group, role=made.key, actor=ann, now=now, reason="They read")
    roles.retire(made, actor=ann, now=now, reason="Not used")
    assert scim_token(ann)[0].purpose == "scim"


def test_a_machine_is_a_service_named_after_its_token(acme):
    token, text = tokens.make(acme, name="Entra ID")
    with schemas.inside(acme):
        came = admit(text)
    assert (came.token_id, came.actor.kind, came.actor.id) == (token.pk, "service", None)
    assert came.actor.name == "token Entra ID"


@pytest.mark.parametrize("text", ["", None])
def test_without_a_token_no_error_is_named(in_acme, text):
    assert refusal(text) == (401, "")


def test_what_is_no_token_of_ours_is_refused_as_an_unknown_one(acme):
    token, text = tokens.make(acme)
    secret = text.split("_", 2)[2]
    wrong = [
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        f"ct_{UUID(int=7).hex}_{secret}",
        text.upper(),
        text + "A",
        text + "\n",
        f"ct_{token.pk}_{secret}",
        token.digest,
        "ct__",
        "\x00",
        "ct_" + "é" * 32 + "_" + secret,
        "x" * 100_000,
    ]
    with schemas.inside(acme):
        assert [refusal(one, address=f"192.0.2.{n}") for n, one in enumerate(wrong)] == [(401, "invalid_token")] * 11


def test_a_token_ends_with_its_day_and_with_its_revocation(acme):
    now = timezone.now()
    token, text = tokens.make(acme, days=1, now=now)
    with schemas.inside(acme):
        assert admit(text, now=now + timedelta(hours=23, minutes=59))
        assert refusal(text, now=now + timedelta(days=1)) == (401, "invalid_token")
        admin = context.service("somebody")
        revoked = actions.revoke(token, actor=admin, now=now, reason="It was lost")
        assert refusal(text, now=now) == (401, "invalid_token")
        assert (revoked.revoked_at, revoked.revoked_by) == (now, "somebody (service)")
        with pytest.raises(MoveRefused, match="revoked already"):
            actions.revoke(token, actor=admin, now=now, reason="It was lost")


def test_a_token_opens_only_what_its_scopes_name(acme):
    _, text = tokens.make(acme, purpose="scim", scopes=["scim.users"])
    with schemas.inside(acme):
        assert admit(text, scopes=frozenset({"scim.users", "scim.groups"}))
        assert refusal(text, scopes=frozenset({"scim.groups"})) == (403, "insufficient_scope")
        assert refusal(text) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("198.51.100.1", True),
        ("198.51.100.255", True),
        ("198.51.101.1", False),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_a_token_is_good_from_its_networks_only(acme, address, opens):
    _, text = tokens.make(acme, networks=["198.51.100.0/24", "2001:db8::/32"])
    with schemas.inside(acme):
        if opens:
            assert admit(text, address=address)
        else:
            assert refusal(text, address=address) == (403, "invalid_token")


def test_the_last_use_is_kept_to_the_minute(acme):
    at = timezone.now().replace(hour=10, minute=7, second=42, microsecond=9) + timedelta(days=1)
    token, text = tokens.make(acme)
    with schemas.inside(acme):
        admit(text, now=at)
        assert AccessToken.objects.get().last_used_at == at.replace(second=0, microsecond=0)
        admit(text, now=at + timedelta(seconds=10))
        assert AccessToken.objects.get().last_used_at == at.replace(second=0, microsecond=0)
        admit(text, now=at + timedelta(seconds=20))
        assert AccessToken.objects.get().last_used_at == at.replace(minute=8, second=0, microsecond=0)
        assert token.history.count() == 1, "a use is no change of the token"


def test_an_address_that_brings_bad_tokens_is_slowed_down_and_good_ones_beside_it_are_not(acme):
    _, text = tokens.make(acme)
    with schemas.inside(acme):
        answers = [refusal("ct_bad", address="192.0.2.1")[0] for _ in range(catalogue.REFUSALS_PER_ADDRESS + 1)]
        assert answers == [401] * catalogue.REFUSALS_PER_ADDRESS + [429]
        assert refusal("ct_bad", address="192.0.2.2") == (401, "invalid_token")
        assert admit(text, address="192.0.2.1")


def test_a_token_asks_only_so_often_in_a_minute(acme, monkeypatch):
    monkeypatch.setattr(catalogue, "REQUESTS_A_MINUTE", 3)
    _, text = tokens.make(acme)
    _, other = tokens.make(acme)
    with schemas.inside(acme):
        assert [bool(admit(text)) for _ in range(3)] == [True] * 3
        with pytest.raises(MachineRefused) as refused:
            admit(text)
        assert (refused.value.status, refused.value.seconds) == (429, 60)
        assert admit(other)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["scim.users"]}, "scopes"),
        ({"scopes": ["api.read_self", "members.manage_people"]}, "scopes"),
        ({"purpose": "root", "scopes": ["api.read_self"]}, "scopes"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
    ],
)
def test_a_token_that_could_do_more_or_longer_is_not_made(acme, changes, field):
    with pytest.raises(actions.TokenRefused) as refused:
        tokens.make(acme, **changes)
    assert refused.value.field == field
    with schemas.inside(acme):
        assert AccessToken.objects.count() == 0


def test_a_token_takes_a_reason(acme):
    with pytest.raises(ReasonRefused):
        tokens.make(acme, reason=" ")


def mails():
    return sorted((mail.template, mail.to) for mail in Email.objects.filter(template__startswith="token-"))


def test_who_manages_access_is_told_14_days_before_a_token_ends_and_when_it_has_ended(acme):
    made = timezone.now()
    token, _ = tokens.make(acme, days=60, now=made)
    end, warning = token.expires_at, token.expires_at - timedelta(days=14)
    with schemas.inside(acme):
        assert queries.next_due() == warning
        assert (actions.tell_of_ends(warning - timedelta(seconds=1)), mails()) == (0, [])
        assert (actions.tell_of_ends(warning), mails()) == (1, [("token-expiring", "ann@acme.example")])
        assert (actions.tell_of_ends(warning), queries.next_due()) == (0, end)
        assert actions.tell_of_ends(end) == 1
        assert mails() == [("token-expired", "ann@acme.example"), ("token-expiring", "ann@acme.example")]
        assert (actions.tell_of_ends(end), queries.next_due()) == (0, None)
        body = Email.objects.get(template="token-expiring").body
    assert "http://acme.localhost:8000/access/tokens/" in body
    assert "Robot" in body
    with schemas.on_platform():
        assert WakeUp.objects.filter(schema_name=acme.schema_name, due_at=warning).exists()


def test_a_token_of_a_few_days_or_a_revoked_one_is_announced_by_no_warning(acme):
    made = timezone.now()
    short, _ = tokens.make(acme, days=14, now=made)
    gone, _ = tokens.make(acme, days=60, now=made)
    with schemas.inside(acme):
        actions.revoke(gone, actor=context.service("somebody"), now=made, reason="It was lost")
        assert queries.next_due() == short.expires_at
        actions.tell_of_ends(made + timedelta(hours=1))
        assert mails() == []
        actions.tell_of_ends(gone.expires_at)
        assert mails() == [("token-expired", "ann@acme.example")]
