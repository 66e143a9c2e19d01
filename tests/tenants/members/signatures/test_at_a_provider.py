"""Signing by a fresh sign-in at one's own identity provider: all that must keep such a signature from counting."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from audit.signatures.models import Signature
from audit.subject_keys.queries import open_name
from tenants.members.accounts.models import User
from tenants.members.arrivals.catalogue import ANSWERED, LEFT, Said
from tenants.members.federation import actions as federation
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State
from tenants.members.signatures import actions as shown
from tests import cast, signing_desk
from tests.trust_center.documents import shelf
from trust_center.claims import actions, queries
from trust_center.claims.states import State as Standing

pytestmark = [pytest.mark.django_db, pytest.mark.req("P11-200a1")]
SignIn = Callable[[str], Client]
WHY = "Read and right"
PATH = "/console/content/entries/C04/publish/"
TOKEN = "header.claims.signature"


@pytest.fixture
def provider(platform: Any) -> IdentityProvider:
    now = timezone.now()
    actions.load(
        shelf.statement("C04", 1), None, digest="C04", actor=cast.person("tess").actor, now=now, reason="Written"
    )
    with cast.context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        made = IdentityProvider.objects.create(
            kind="oidc",
            name="Complere Login",
            state=State.ACTIVE,
            state_changed_at=now,
            issuer="https://login.complere.example",
            can_sign=True,
            created_at=now,
            created_by="Pat",
        )
    federation.link(cast.person("leo"), made, Said(issuer=made.issuer, subject="leo-1", claims={}), now=now)
    return made


@pytest.fixture
def leo(sign_in: SignIn, provider: IdentityProvider) -> Client:
    return sign_in("leo")


def ask(leo: Client, provider: IdentityProvider, **more: str) -> Any:
    """Leo chooses to confirm at the provider, and sends no password and no code."""
    page = leo.get(PATH)
    values = {"reason": WHY, "provider": str(provider.pk), "password": "", "code": ""}
    return leo.post(PATH, signing_desk.answer(page, "leo", at=timezone.now(), **(values | more)))


def answer(leo: Client, **changes: Any) -> dict[str, Any]:
    """What comes back from the provider, put where `arrivals` puts it."""
    session = leo.session
    told = {
        "intent": session[LEFT]["intent"],
        "issuer": "https://login.complere.example",
        "authenticated_at": timezone.now().isoformat(),
        "methods": ["pwd", "otp"],
        "evidence": {"id_token": TOKEN, "jwk": '{"kty":"RSA"}'},
    } | changes
    session[ANSWERED] = told
    session.save()
    return told


def send_on(leo: Client) -> Any:
    """What the page after the return sends."""
    page = leo.get("/signatures/return/")
    assert page.status_code == 200
    return leo.post(page.context["left"]["path"], dict(page.context["left"]["fields"]))


def is_public() -> bool:
    return queries.in_state("C04", Standing.PUBLISHED) is not None


def test_who_may_confirm_elsewhere_is_offered_it_and_who_may_not_is_not(leo: Client, sign_in: SignIn) -> None:
    assert "At Complere Login" in leo.get(PATH).content.decode()
    assert "At Complere Login" not in sign_in("tess").get(PATH).content.decode()


def test_the_signer_is_sent_to_the_provider_with_the_digest_of_what_the_page_shows(
    leo: Client, provider: IdentityProvider
) -> None:
    went = ask(leo, provider)
    way = urlsplit(went["Location"])
    assert (went.status_code, way.path) == (302, f"/console/sso/{provider.pk}/start/")
    assert parse_qs(way.query) == {"purpose": ["sign"], "next": ["/signatures/return/"]}
    intent = json.loads(leo.session[LEFT]["intent"])
    assert (intent["to"], intent["meaning"], intent["signer"]) == ("published", "approval", str(cast.person("leo").pk))
    assert len(intent["records"]) == 1
    assert not is_public()


def test_neither_password_nor_code_is_kept_for_the_way_back(leo: Client, provider: IdentityProvider) -> None:
    ask(leo, provider, password="my own secret", code="123456")
    names = {name for name, _ in leo.session[LEFT]["fields"]}
    assert names & {"password", "code", "passkey", "csrfmiddlewaretoken"} == set()
    assert "my own secret" not in json.dumps(dict(leo.session))


@pytest.mark.req("P11-50a")
def test_the_answer_signs_exactly_what_was_shown_and_stays_as_evidence(leo: Client, provider: IdentityProvider) -> None:
    ask(leo, provider)
    told = answer(leo)
    assert send_on(leo).status_code == 302
    assert is_public()
    signature = Signature.objects.get()
    assert signature.methods == ["oidc", "pwd", "otp"]
    assert signature.evidence["challenge"] == told["intent"]
    assert signature.evidence["issuer"] == "https://login.complere.example"
    assert len(hashlib.sha256(signature.evidence["challenge"].encode()).hexdigest()) == 64
    signer = User.objects.get(pk=signature.signer_id)
    assert signature.evidence["id_token"].startswith("enc1:")
    assert open_name(signature.evidence["id_token"], signer.subject_key) == TOKEN
    assert signature.evidence["jwk"] == '{"kty":"RSA"}'


def test_of_a_provider_that_does_not_say_how_it_asked_nothing_is_made_up(
    leo: Client, provider: IdentityProvider
) -> None:
    ask(leo, provider)
    answer(leo, methods=[])
    send_on(leo)
    assert Signature.objects.get().methods == ["oidc", shown.NOT_STATED]


def test_an_answer_is_good_once(leo: Client, provider: IdentityProvider) -> None:
    ask(leo, provider)
    answer(leo)
    page = leo.get("/signatures/return/")
    fields = dict(page.context["left"]["fields"])
    leo.post(PATH, fields)
    assert (LEFT in leo.session, ANSWERED in leo.session) == (False, False)
    assert leo.post(PATH, fields).status_code in (302, 404, 409, 422)
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("seconds", [61, 3600])
def test_an_answer_that_is_older_than_a_minute_signs_nothing(
    leo: Client, provider: IdentityProvider, seconds: int
) -> None:
    ask(leo, provider)
    answer(leo, authenticated_at=(timezone.now() - timedelta(seconds=seconds)).isoformat())
    # The signer is sent there again.
    assert "/sso/" in send_on(leo)["Location"]
    assert (is_public(), Signature.objects.count()) == (False, 0)


def test_an_answer_to_something_else_signs_nothing(leo: Client, provider: IdentityProvider) -> None:
    ask(leo, provider)
    answer(leo, intent=json.dumps({"to": "something else"}))
    assert leo.get("/signatures/return/")["Location"] == PATH
    fields = dict(leo.session[LEFT]["fields"])
    assert "/sso/" in leo.post(PATH, fields)["Location"]
    assert (is_public(), Signature.objects.count()) == (False, 0)


def test_the_answer_to_one_page_signs_no_other(leo: Client, provider: IdentityProvider) -> None:
    ask(leo, provider)
    answer(leo)
    # Another page, with a nonce of its own.
    assert "/sso/" in ask(leo, provider)["Location"]
    assert (is_public(), Signature.objects.count()) == (False, 0)


@pytest.mark.parametrize("change", [{"state": State.OFF}, {"can_sign": False}])
def test_a_provider_that_is_off_or_does_not_answer_freshly_is_no_way_to_sign(
    leo: Client, provider: IdentityProvider, change: dict[str, Any]
) -> None:
    with cast.context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        for name, value in change.items():
            setattr(provider, name, value)
        provider.save()
    refused = ask(leo, provider)
    assert refused.status_code == 422
    assert "provider" in refused.context["form"].errors


def test_somebody_elses_provider_is_no_way_to_sign(sign_in: SignIn, provider: IdentityProvider) -> None:
    """Pat is linked nowhere; the id of a provider typed into the form opens nothing."""
    pat = sign_in("leo")
    with cast.context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        for identity in cast.person("leo").identities.all():
            identity.delete()
    assert ask(pat, provider).status_code == 422


def test_without_having_left_there_is_nothing_to_return_to(leo: Client) -> None:
    assert leo.get("/signatures/return/").status_code == 302


def test_who_has_no_second_factor_here_signs_at_the_provider(leo: Client, provider: IdentityProvider) -> None:
    """Somebody who comes in by single sign-on alone needs no authenticator app of ours."""
    from tenants.members.factors import actions as factors

    person = cast.person("leo")
    factors.take_all_away(person, actor=cast.DIRECTOR, now=timezone.now(), reason="Lost the phone")
    client = cast.browser(User.objects.get(pk=person.pk), cast.tenant("localhost"))
    page = client.get(PATH)
    assert "At Complere Login" in page.content.decode()
    form = page.context["form"]
    sent = {"seen": form["seen"].field.widget.fresh, "meaning": "approval", "reason": WHY, "provider": str(provider.pk)}
    client.post(PATH, sent)
    answer(client)
    send_on(client)
    assert is_public()
