"""Whoever decides whose signature counts could sign in as anybody: two people do it together (P11-10g)."""

from dataclasses import replace

import pytest
from django.utils import timezone

from audit.transitions import MoveRefused
from tenants.members.arrivals.catalogue import Said
from tenants.members.federation import actions as federation
from tenants.members.identity_providers import actions, queries
from tenants.members.identity_providers.catalogue import Saml
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import Kind, State
from tests import cast
from tests.tenants.members import sso

pytestmark = [pytest.mark.django_db, pytest.mark.req("P11-10g")]
KNOWN = Saml(sso_url="https://login.acme.example/sso", certificates=("theirs",))
ENTITY = "https://login.acme.example/saml"


@pytest.fixture
def idp(in_acme) -> IdentityProvider:
    sso.enterprise(in_acme)
    return sso.provider(kind=Kind.SAML, issuer=ENTITY, settings=KNOWN.stored())


def linked(idp: IdentityProvider) -> None:
    federation.link(cast.person("ben"), idp, Said(issuer=ENTITY, subject="ben", claims={}), now=timezone.now())


def by(key: str) -> dict:
    return {"actor": cast.person(key).actor, "now": timezone.now(), "reason": "Renew the certificate"}


def take(idp: IdentityProvider, saml: Saml, **said) -> IdentityProvider:
    actions.take_metadata(idp, entity_id=ENTITY, saml=saml, **said)
    return IdentityProvider.objects.get()


def passed_now() -> IdentityProvider:
    idp = IdentityProvider.objects.get()
    result = {"at": timezone.now().isoformat(), "passed": True, "steps": []}
    said = by("ann")
    return actions.note_test(idp, result=result, can_sign=True, actor=said["actor"], now=said["now"])


@pytest.mark.parametrize("change", [{"certificates": ("mine",)}, {"sso_url": "https://mine.example/sso"}])
def test_a_provider_whose_signatures_change_is_off_until_a_second_person_switches_it_on(idp, change):
    linked(idp)
    assert take(idp, replace(KNOWN, **change), **by("ann")).state == State.OFF
    with pytest.raises(MoveRefused, match="somebody else"):
        actions.activate(passed_now(), **by("ann"))
    assert actions.activate(IdentityProvider.objects.get(), **by("ben")).state == State.ACTIVE


def test_looking_at_it_again_does_not_make_the_change_somebody_elses(idp):
    linked(idp)
    changed = replace(KNOWN, certificates=("mine",))
    take(idp, changed, **by("ann"))
    take(IdentityProvider.objects.get(), changed, **by("ben"))
    with pytest.raises(MoveRefused):
        actions.activate(passed_now(), **by("ann"))


def test_who_sets_up_a_provider_that_nobody_is_linked_to_finishes_alone(idp):
    assert take(idp, replace(KNOWN, certificates=("new",)), **by("ann")).state == State.ACTIVE
    assert not queries.needs_second_person(IdentityProvider.objects.get(), cast.person("ann").pk)


def test_metadata_that_say_nothing_new_change_nothing(idp):
    linked(idp)
    assert take(idp, KNOWN, **by("ann")).state == State.ACTIVE
