"""The proof anew that dangerous acts ask for (ASVS 7.5.1)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.sessions.catalogue import Method
from tests import cast
from tests.signing_desk import code_of
from tests.tenants.members.entrance.steps import challenge, provider_of, rules, with_handle, with_passkey

pytestmark = pytest.mark.django_db
PROVE = "/account/prove/"
DANGEROUS = ["authenticators/add/", "passkeys/add/", "recovery-codes/"]


def stale(key: str, **changes):
    """Somebody whose proof was an hour ago."""
    name = "acme" if key in cast.ACME else "localhost"
    tenant = cast.tenant(name)
    with schemas.inside(tenant):
        return cast.browser(cast.person(key), tenant, **({"proved_at": timezone.now() - timedelta(hours=1)} | changes))


def right(key: str = "ann", **changes: str) -> dict[str, str]:
    return {"password": cast.PASSWORD, "code": code_of(key, timezone.now()), **changes}


@pytest.mark.parametrize("page", DANGEROUS)
@pytest.mark.req("ASVS-7.5.1")
def test_what_changes_a_second_factor_asks_first_who_sits_here(acme, page):
    ann, path = stale("ann"), f"/account/signing/{page}"
    asked = ann.get(path)
    assert (asked.status_code, asked.headers["Location"].split("?")[0]) == (302, PROVE)
    shown = ann.get(asked.headers["Location"])
    assert "Confirm that it is you" in shown.content.decode()
    assert ann.post(PROVE, right(next=path)).headers["Location"] == path
    assert ann.get(path).status_code == 200


@pytest.mark.req("ASVS-7.5.1")
def test_removing_a_factor_asks_first_too_and_a_form_sent_late_is_not_taken(acme):
    ann = stale("ann")
    with schemas.inside(acme):
        factor = cast.person("ann").factors.get()
    path = f"/account/signing/factors/{factor.pk}/remove/"
    sent = ann.post(path, {"code": code_of("ann", timezone.now()), "reason": "Phone was replaced"})
    assert sent.headers["Location"].split("?")[0] == PROVE
    with schemas.inside(acme):
        assert cast.person("ann").factors.get().removed_at is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"password": "wrong password"}, "password"),
        ({"code": "000000"}, "code"),
        ({"password": ""}, "password"),
        ({"code": ""}, "code"),
        ({"password": "a\x00b"}, "password"),
    ],
)
def test_without_both_nothing_is_proved(acme, said, field):
    ann = stale("ann")
    answer = ann.post(PROVE, right(**said))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert ann.get("/account/signing/recovery-codes/").status_code == 302


def test_who_has_no_factor_proves_it_by_password(acme):
    cay = stale("cay", second_at=None, second="")
    assert "One-time code" not in cay.get(PROVE).content.decode()
    assert cay.post(PROVE, {"password": cast.PASSWORD}).headers["Location"] == "/"
    assert cay.get("/account/signing/authenticators/add/").status_code == 200


def test_a_passkey_proves_it_alone_and_once(acme):
    device, cay = with_passkey("cay"), stale("cay")
    with schemas.inside(acme):
        answer = with_handle(device.get(challenge(cay)), cast.person("cay").pk)
    said = {"key-passkey": answer, "key-next": "/account/signing/"}
    assert cay.post(PROVE, said).headers["Location"] == "/account/signing/"
    again = stale("cay").post(PROVE, said)
    assert (again.status_code, "The passkey was not taken." in again.content.decode()) == (422, True)


def test_somebody_elses_passkey_proves_nothing(acme):
    device, cay = with_passkey("ben"), stale("cay")
    with schemas.inside(acme):
        answer = with_handle(device.get(challenge(cay)), cast.person("ben").pk)
    assert cay.post(PROVE, {"key-passkey": answer}).status_code == 422


@pytest.mark.req("ASVS-3.7.2")
@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_proof_leads_to_no_other_host(acme, wanted):
    assert stale("ann").post(PROVE, right(next=wanted)).headers["Location"] == "/"


@pytest.mark.req("ASVS-7.2.4")
def test_a_proof_gives_the_session_a_new_key(acme):
    ann = stale("ann")
    before = ann.cookies["sid"].value
    ann.post(PROVE, right())
    assert ann.cookies["sid"].value != before


def test_guessing_at_a_proof_is_stopped(acme):
    ann = stale("ann")
    for _ in range(10):
        assert ann.post(PROVE, right(password="wrong password")).status_code == 422
    assert ann.post(PROVE, right()).status_code == 429


def test_strangers_are_sent_to_sign_in(acme, stranger):
    assert stranger("acme.localhost").get(PROVE).headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.req("ASVS-7.5.1")
def test_who_came_through_the_provider_and_has_no_password_is_sent_there(acme):
    provider = provider_of("cay")
    with schemas.inside(acme):
        accounts_without_password("cay")
    cay = stale("cay", method=Method.OIDC, provider_id=str(provider.pk))
    page = cay.get(f"{PROVE}?next=/account/signing/").content.decode()
    assert f"/sso/{provider.pk}/start/?purpose=prove&amp;next=%2Faccount%2Fsigning%2F" in page
    assert "Your password" not in page


def test_who_must_come_through_the_provider_proves_nothing_by_an_old_password(acme):
    ann = stale("ann", method=Method.OIDC)
    rules("ann", sso_required=True)
    page = ann.get(PROVE).content.decode()
    assert ("Your password" in page, "Sign in anew" in page) == (False, True)
    assert ann.post(PROVE, right()).status_code == 422
    assert ann.get("/account/signing/recovery-codes/").status_code == 302


@pytest.mark.req("ASVS-7.5.1")
def test_who_has_no_password_sets_up_a_factor_without_one(acme):
    with schemas.inside(acme):
        accounts_without_password("cay")
        tenant = cast.tenant("acme")
        cay = cast.browser(cast.person("cay"), tenant, method=Method.OIDC)
    add = "/account/signing/authenticators/add/"
    assert "Your password" not in cay.get(add).content.decode()
    assert cay.post(add, {"name": "Phone"}).status_code == 302


def accounts_without_password(key: str) -> None:
    """As federation makes them: nobody can sign in with a password."""
    user = cast.person(key)
    user.set_unusable_password()
    User.objects.filter(pk=user.pk).update(password=user.password)
    assert not accounts.queries.by_id(user.pk).has_usable_password()
