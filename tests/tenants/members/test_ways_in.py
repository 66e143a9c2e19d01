"""What each way in says of itself on the page “Sign-in and access”."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from audit.context import regulated_write
from tenants.members import ways_in
from tenants.members.access_policies import queries as policies
from tenants.members.api_tokens.models import AccessToken
from tenants.members.email_domains.models import EmailDomain
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State
from tenants.members.staff_entries.models import StaffEntry
from tests import cast

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def plan(monkeypatch):
    """The plan of the tenant includes single sign-on."""
    monkeypatch.setattr(providers, "plan_allows", lambda: True)


def keep(record):
    with regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        record.save(force_insert=True)
    return record


def provider(state, *, passed=False) -> IdentityProvider:
    made = {"created_at": NOW, "created_by": "Ann Admin", "state_changed_at": NOW}
    return keep(IdentityProvider(kind="oidc", name="Own", state=state, last_test={"passed": passed}, **made))


def said(card) -> tuple[str, str]:
    return card.word, card.tone


def test_parts_are_told_in_one_order(in_acme):
    titles = [card.title for card in policies.cards(NOW)]
    assert titles == [
        "Sign-in rules",
        "Identity providers",
        "E-mail domains",
        "Directory",
        "Access tokens",
        "Visits of Complere's staff",
    ]


def test_a_provider_counts_once_it_is_in_use_and_was_tested(in_acme, plan):
    assert said(ways_in.of_providers(NOW)) == ("None", "neutral")
    provider(State.DRAFT)
    assert said(ways_in.of_providers(NOW)) == ("Being set up", "active")
    provider(State.ACTIVE, passed=True)
    assert said(ways_in.of_providers(NOW)) == ("1 in use", "verified")
    assert policies.enforceable()
    provider(State.ACTIVE)
    assert said(ways_in.of_providers(NOW)) == ("In use, not tested", "attention")


def test_a_provider_that_was_never_tested_is_not_made_the_only_way(in_acme, plan):
    provider(State.ACTIVE)
    provider(State.OFF, passed=True)
    assert not policies.enforceable()


def test_what_the_plan_does_not_have_is_said(in_acme, monkeypatch):
    monkeypatch.setattr(providers, "plan_allows", lambda: False)
    provider(State.ACTIVE, passed=True)
    for card in (ways_in.of_providers, ways_in.of_directory):
        assert said(card(NOW)) == ("Not part of your plan", "neutral")
    assert not policies.enforceable()


def test_a_domain_that_is_not_proved_asks_for_attention(in_acme):
    assert said(ways_in.of_domains(NOW)) == ("None", "neutral")
    keep(EmailDomain(domain="acme.example", token="t", verified_at=NOW, created_at=NOW, created_by="Ann"))
    assert said(ways_in.of_domains(NOW)) == ("1 proved", "verified")
    keep(EmailDomain(domain="acme.test", token="t", created_at=NOW, created_by="Ann"))
    assert said(ways_in.of_domains(NOW)) == ("1 not proved", "attention")


def token(purpose: str, **changes) -> None:
    made = {"digest": uuid4().hex, "created_at": NOW, "created_by": "Ann Admin", "expires_at": NOW + HOUR}
    keep(AccessToken(purpose=purpose, name="Machine", **(made | changes)))


def test_only_tokens_that_open_something_are_counted(in_acme, plan):
    token("api", expires_at=NOW)
    token("api", revoked_at=NOW, revoked_by="Ann Admin")
    token("scim", expires_at=NOW)
    assert said(ways_in.of_tokens(NOW)) == ("None", "neutral")
    assert said(ways_in.of_directory(NOW)) == ("Not connected", "neutral")
    token("api")
    token("scim")
    assert said(ways_in.of_tokens(NOW)) == ("1 open", "active")
    assert said(ways_in.of_directory(NOW)) == ("Connected", "verified")


def test_a_visit_asks_for_attention_while_it_lasts(in_acme):
    made = {"visitor_id": uuid4(), "visitor": "Suki Support", "reason": "An error at closing", "ticket": "T-1"}
    times = {"approved_by": "Sam", "approved_at": NOW, "starts_at": NOW, "ends_at": NOW + HOUR}
    keep(StaffEntry(**made, **times))
    assert said(ways_in.of_staff(NOW)) == ("1 open now", "attention")
    assert said(ways_in.of_staff(NOW + HOUR)) == ("None now", "verified")


def test_who_has_a_second_factor_is_known_below(in_acme):
    assert [policies.has_second(cast.person(key)) for key in ("ann", "cay")] == [True, False]
    assert ("tenant_admin", "Tenant admin") in policies.roles()
