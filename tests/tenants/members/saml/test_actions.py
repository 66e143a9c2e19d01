"""Telling administrators of certificates that end, once for each of 30, 14 and 3 days."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.adapters import certificates
from tenants.members.outbox.models import Email
from tenants.members.saml import actions, queries
from tests.tenants.members.saml import forge
from tests.tenants.members.saml.conftest import change


@pytest.fixture
def inside(desk):
    with schemas.inside(desk.tenant):
        yield desk


def mails():
    return [mail.subject for mail in Email.objects.filter(template="saml-certificate").order_by("created_at", "pk")]


def ends_of(desk):
    """When the provider's certificate ends; ours, of another day, is left out of what follows."""
    change(desk.tenant, desk.provider, own_certificates=())
    return certificates.read(forge.pair("idp")[1]).not_after


def test_administrators_are_told_once_for_each_warning(desk):
    ends = ends_of(desk)
    with schemas.inside(desk.tenant):
        assert actions.warn_of_ends(ends - timedelta(days=31)) == 0
        assert queries.next_warning() == ends - timedelta(days=30)
        for days in (30, 14, 3):
            at = ends - timedelta(days=days)
            assert [actions.warn_of_ends(at), actions.warn_of_ends(at)] == [1, 0]
        assert mails() == [f"A certificate for Paper provider ends in {days} days" for days in (30, 14, 3)]
        assert queries.next_warning() is None
        mail = Email.objects.filter(template="saml-certificate").first()
        assert mail.to == "ann@acme.example"
        assert f"/sso/saml/{desk.provider.pk}/keys/" in mail.body
        assert certificates.read(forge.pair("idp")[1]).fingerprint in mail.body


def test_warnings_that_fell_due_together_are_told_as_one(desk):
    ends = ends_of(desk)
    with schemas.inside(desk.tenant):
        assert actions.warn_of_ends(ends - timedelta(days=2)) == 1
        assert mails() == ["A certificate for Paper provider ends in 2 days"]


def test_what_is_over_is_told_no_more_and_asked_no_more(desk):
    ends = ends_of(desk)
    with schemas.inside(desk.tenant):
        assert actions.warn_of_ends(ends + timedelta(days=1)) == 0
        assert (mails(), queries.next_warning()) == ([], None)


def test_the_end_of_ours_is_told_too(desk):
    change(desk.tenant, desk.provider, certificates=())
    ends = certificates.read(forge.pair("us")[1]).not_after
    with schemas.inside(desk.tenant):
        assert actions.warn_of_ends(ends - timedelta(days=30)) == 1
        assert "Make a new pair of keys" in Email.objects.get(template="saml-certificate").body


def test_a_new_certificate_is_told_of_by_itself(desk):
    ends = ends_of(desk)
    with schemas.inside(desk.tenant):
        actions.warn_of_ends(ends - timedelta(days=30))
        desk.provider.refresh_from_db()
    change(desk.tenant, desk.provider, certificates=(forge.pair("next")[1],))
    with schemas.inside(desk.tenant):
        new = certificates.read(forge.pair("next")[1]).not_after
        assert queries.next_warning() == new - timedelta(days=30)


def test_what_ends_soon_is_shown_on_the_page(inside):
    now = timezone.now()
    assert queries.expiring(inside.provider, now) == []
    found = queries.expiring(inside.provider, now + timedelta(days=3 * 365 - 20))
    assert [one.fingerprint for one in found] == [certificates.read(forge.pair("idp")[1]).fingerprint]


@pytest.mark.parametrize("act", [actions.roll_keys, actions.confirm_keys])
def test_keys_are_rolled_over_in_order(inside, act):
    said = {"actor": actions.KEEPER, "now": timezone.now(), "reason": "Order"}
    if act is actions.roll_keys:
        actions.roll_keys(inside.provider, **said)
    with pytest.raises(actions.KeysRefused):
        act(inside.provider, **said)
    assert len(providers.saml(providers.by_id(inside.provider.pk)).own_certificates) == (act is actions.roll_keys) + 1
