import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.federation import actions
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers import actions as configuration
from tenants.members.identity_providers.catalogue import Mapping
from tests import cast
from tests.tenants.members import sso

pytestmark = pytest.mark.django_db
PAGE = "/account/identities/"


@pytest.fixture
def idp(acme):
    with schemas.inside(sso.enterprise(acme)):
        return sso.provider(mapping=Mapping(follow_groups=False))


def link(acme, idp, key):
    with schemas.inside(acme):
        actions.link(cast.person(key), idp, sso.said(f"sub-of-{key}"), now=timezone.now())


def test_everybody_sees_their_own_identities_and_what_they_could_link(acme, idp, sign_in):
    cay = sign_in("cay")
    assert f"/sso/{idp.pk}/start/?purpose=link" in cay.get(PAGE).content.decode()
    link(acme, idp, "cay")
    page = cay.get(PAGE).content.decode()
    assert ("sub-of-cay" in page, "purpose=link" in page) == (True, False)
    assert "You can sign in through Acme account" in cay.get("/account/").content.decode()
    other = sign_in("aud").get(PAGE).content.decode()
    assert ("sub-of-cay" in other, "purpose=link" in other) == (False, True)


def test_where_there_is_no_provider_the_page_says_so(acme, sign_in):
    browser = sign_in("cay")
    assert b"There is no identity provider here" in browser.get(PAGE).content
    assert b"Identity providers" not in browser.get("/account/").content


def test_unlinking_is_confirmed_first(acme, idp, sign_in):
    link(acme, idp, "cay")
    cay = sign_in("cay")
    assert cay.get(f"{PAGE}{idp.pk}/unlink/").status_code == 200
    with schemas.inside(acme):
        assert FederatedIdentity.objects.count() == 1
    assert "Acme account is unlinked." in cay.post(f"{PAGE}{idp.pk}/unlink/", follow=True).content.decode()
    with schemas.inside(acme):
        assert FederatedIdentity.objects.count() == 0
    assert cay.post(f"{PAGE}{idp.pk}/unlink/").status_code == 404


def test_nobody_unlinks_the_identity_of_another(acme, idp, sign_in):
    link(acme, idp, "cay")
    assert sign_in("ann").post(f"{PAGE}{idp.pk}/unlink/").status_code == 404


@pytest.mark.req("ASVS-7.5.1")
def test_unlinking_asks_for_a_fresh_proof(acme, idp):
    link(acme, idp, "cay")
    with schemas.inside(acme):
        browser = cast.browser(cast.person("cay"), acme, proved_at=cast.BEGINNING)
    assert browser.get(f"{PAGE}{idp.pk}/unlink/").headers["Location"].startswith("/account/prove/")


def test_an_identity_at_a_provider_that_was_switched_off_is_still_shown(acme, idp, sign_in):
    link(acme, idp, "cay")
    with schemas.inside(acme):
        configuration.switch_off(idp, actor=cast.DIRECTOR, now=timezone.now(), reason="Contract ended")
    assert b"Switched off" in sign_in("cay").get(PAGE).content


def test_a_stranger_is_sent_to_sign_in(idp, stranger):
    assert stranger("acme.localhost").get(PAGE).headers["Location"].startswith("/sign-in/")


def test_the_page_of_a_person_names_the_providers_they_come_in_by(acme, idp, sign_in):
    link(acme, idp, "cay")
    with schemas.inside(acme):
        linked, other = cast.person("cay").pk, cast.person("ben").pk
    ann = sign_in("ann")
    pages = [ann.get(f"/people/{pk}/").content.decode() for pk in (linked, other)]
    assert ["Linked" in page and "Acme account" in page for page in pages] == [True, False]
    # What the provider calls them is theirs to see.
    assert "sub-of-cay" not in pages[0]
