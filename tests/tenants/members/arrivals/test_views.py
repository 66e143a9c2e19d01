"""Leaving for a provider and coming back, without a protocol: what each purpose asks for and what becomes of it."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from django.utils import timezone

from tenants import schemas
from tenants.members.accounts.models import User
from tenants.members.arrivals import actions, views
from tenants.members.arrivals.catalogue import ANSWERED, LEFT, Attempt, ProviderRefused, Purpose, Said
from tenants.members.federation import actions as federation
from tenants.members.federation.models import FederatedIdentity
from tenants.members.identity_providers.catalogue import Mapping
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State
from tenants.members.sessions.catalogue import DOOR
from tests import cast
from tests.tenants.members import sso

pytestmark = pytest.mark.django_db
INTENT = json.dumps({"v": 1})


@pytest.fixture
def idp(acme):
    with schemas.inside(sso.enterprise(acme)):
        sso.proved("acme.example")
        return sso.provider(create_accounts=True, can_sign=True, mapping=Mapping(roles={"staff": "member"}))


def start(idp, purpose, wanted="/"):
    return f"/sso/{idp.pk}/start/?purpose={purpose}&next={wanted}"


def attempt_in(tenant, response, cookie) -> Attempt:
    """What the protocol is told by the address that `sso-start` led to."""
    ticket = parse_qs(urlsplit(response.headers["Location"]).query)["ticket"][0]
    request = RequestFactory().get("/", headers={"host": tenant.host})
    request.COOKIES["sso"] = cookie
    with schemas.inside(tenant):
        return actions.picked_up(request, ticket, timezone.now())


def answers(browser, tenant, attempt, answer, *, method="get"):
    """What the browser gets when the protocol hands on what came back, in the browser's own session."""
    request = getattr(RequestFactory(), method)("/sso/back/", headers={"host": tenant.host})
    request.tenant = tenant
    request.COOKIES.update({name: cookie.value for name, cookie in browser.cookies.items()})
    with schemas.inside(tenant):
        secret = actions.keep_answer(request, attempt, answer, now=timezone.now())
        kept = actions.bound(request, views.redirect("/")).cookies["sso"].value
    browser.cookies["sso"] = kept
    return browser.get(f"/sso/arrived/?answer={secret}")


def heard(subject="sub-1", **changes) -> Said:
    told = sso.said(subject)
    return Said(
        issuer=told.issuer, subject=subject, claims=told.claims, email_verified=True,
        **({"authenticated_at": timezone.now()} | changes),
    )  # fmt: skip


def sent_for(idp, purpose, person=None, **changes) -> Attempt:
    return Attempt(
        purpose=purpose, provider=str(idp.pk), begun_at=timezone.now(), user=str(person.pk) if person else "", **changes
    )


def test_a_stranger_is_handed_to_the_protocol_for_signing_in(acme, idp, stranger):
    browser = stranger("acme.localhost")
    answer = browser.get(start(idp, "sign_in", "/incidents/"))
    assert urlsplit(answer.headers["Location"]).path == f"/sso/oidc/{idp.pk}/start/"
    told = attempt_in(acme, answer, browser.cookies["sso"].value)
    assert (told.purpose, told.provider, told.next, told.user) == (Purpose.SIGN_IN, str(idp.pk), "/incidents/", "")


@pytest.mark.req("ASVS-3.7.2")
@pytest.mark.parametrize(
    "wanted",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil", ""),
        *("/a\x00b", "/a\r\nSet-Cookie: b", "/" + "a" * 3000),
    ],
)
def test_no_link_to_sign_in_leads_elsewhere(acme, idp, stranger, wanted):
    browser = stranger("acme.localhost")
    answer = browser.get(f"/sso/{idp.pk}/start/", {"next": wanted})
    assert attempt_in(acme, answer, browser.cookies["sso"].value).next == "/"


@pytest.mark.parametrize("state", [State.DRAFT, State.OFF])
def test_a_provider_that_is_not_in_use_is_as_one_that_never_was(acme, idp, stranger, state):
    with schemas.inside(acme):
        other = sso.provider(name="Other", state=state)
    codes = [stranger("acme.localhost").get(start(one, "sign_in")).status_code for one in (idp, other)]
    assert codes == [302, 404]


def test_a_provider_of_acme_is_unknown_at_globex_and_without_the_plan(acme, globex, idp, stranger):
    sso.enterprise(globex)
    assert stranger("globex.localhost").get(start(idp, "sign_in")).status_code == 404
    with schemas.on_platform():
        assert stranger("localhost").get(f"/console{start(idp, 'sign_in')}").status_code == 404


def test_without_the_plan_nobody_is_sent_anywhere(acme, stranger):
    with schemas.inside(acme):
        idp = sso.provider()
    assert stranger("acme.localhost").get(start(idp, "sign_in")).status_code == 404


@pytest.mark.parametrize("purpose", ["link", "test", "prove", "sign"])
def test_every_other_purpose_is_for_who_is_signed_in(idp, stranger, purpose):
    answer = stranger("acme.localhost").get(start(idp, purpose))
    assert answer.headers["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("purpose", ["", "x", "SIGN_IN", "sign_in\x00"])
def test_a_purpose_that_there_is_not_is_404(idp, stranger, purpose):
    assert stranger("acme.localhost").get(f"/sso/{idp.pk}/start/", {"purpose": purpose}).status_code == 404


@pytest.mark.req("ASVS-7.5.1")
@pytest.mark.parametrize("purpose", ["link", "test"])
def test_linking_and_testing_ask_for_a_fresh_proof_first(acme, idp, purpose):
    with schemas.inside(acme):
        old = timezone.now() - timedelta(minutes=11)
        browser = cast.browser(cast.person("ann"), acme, proved_at=old)
    assert browser.get(start(idp, purpose)).headers["Location"].startswith("/account/prove/?next=")


def test_only_who_manages_access_tests(idp, sign_in):
    assert [sign_in(key).get(start(idp, "test")).status_code for key in ("ann", "ben")] == [302, 403]


def test_signing_needs_something_that_was_left_to_sign(acme, idp, sign_in):
    assert sign_in("ann").get(start(idp, "sign")).status_code == 404


@pytest.mark.req("ASVS-7.5.1")
def test_an_old_sign_in_at_the_provider_proves_nothing_here(idp, stranger, acme):
    """Whoever finds an unlocked desk comes in silently, and is asked before a dangerous act all the same."""
    now = timezone.now()
    with schemas.inside(acme):
        ben = cast.person("ben")
        from tenants.members.factors import actions as factors

        factors.take_all_away(ben, actor=cast.DIRECTOR, now=now, reason="Without a factor here")
        federation.link(User.objects.get(pk=ben.pk), idp, Said(issuer=idp.issuer, subject="ben", claims={}), now=now)
    for at, proved in ((now - timedelta(hours=8), now - timedelta(hours=8)), (None, None), (now, now)):
        client = stranger("acme.localhost")
        said = Said(issuer=idp.issuer, subject="ben", claims={}, authenticated_at=at)
        door = come_in(client, idp, said, acme, now)
        assert (door["proved_at"] == proved.isoformat()) if proved else door["proved_at"].startswith("1970")


def come_in(client, idp, said, acme, now):
    """What the session keeps of a sign-in at which the provider said this."""
    from tenants.members.entrance import actions as entrance

    request = RequestFactory(headers={"host": "acme.localhost"}).get("/")
    request.session, request.tenant = client.session, acme
    with schemas.inside(acme):
        user = User.objects.get(identities__isnull=False)
        entrance.admit(request, user, method="oidc", now=now, next="/", said=said, provider=idp)
        return request.session[DOOR]


def test_one_address_is_not_sent_away_without_end(idp, stranger, monkeypatch):
    monkeypatch.setattr(views, "STARTS_PER_ADDRESS", 3)
    codes = [stranger("acme.localhost").get(start(idp, "sign_in")).status_code for _ in range(4)]
    assert codes == [302] * 3 + [429]


def test_colleagues_behind_one_address_do_not_keep_each_other_out(idp, stranger, sign_in, monkeypatch):
    """A whole company comes in on a Monday morning, and whoever is in already is counted alone."""
    assert views.STARTS_PER_ADDRESS >= 1000
    monkeypatch.setattr(views, "STARTS_PER_ADDRESS", 1)
    assert [stranger("acme.localhost").get(start(idp, "sign_in")).status_code for _ in range(2)] == [302, 429]
    assert sign_in("ann").get(start(idp, "link")).status_code == 302


@pytest.mark.req("ASVS-3.5.8")
@pytest.mark.parametrize("purpose", ["link", "prove", "test"])
def test_another_sites_page_sends_nobody_to_link_or_prove(idp, sign_in, purpose):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert sign_in("ann").get(start(idp, purpose), headers=headers).status_code == 403
    assert sign_in("ann").get(start(idp, "sign_in"), headers=headers).status_code == 302


def test_what_strangers_send_does_not_fill_the_access_log(idp, stranger, in_acme, monkeypatch):
    monkeypatch.setattr(views, "REFUSALS_AN_ADDRESS", 2)
    codes = [stranger("acme.localhost").get("/sso/arrived/?answer=made-up").status_code for _ in range(4)]
    assert codes == [400, 400, 429, 429]


def test_who_signed_in_there_is_signed_in_here(acme, idp, stranger):
    browser = stranger("acme.localhost")
    answer = answers(browser, acme, sent_for(idp, Purpose.SIGN_IN, next="/account/"), heard())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")
    assert b"nia@acme.example" in browser.get("/account/").content
    door = browser.session[DOOR]
    assert (door["method"], door["provider_id"]) == ("oidc", str(idp.pk))


def test_nobody_is_signed_in_by_a_refusal_and_strangers_hear_one_answer(acme, idp, stranger):
    pages = set()
    for why in (ProviderRefused("audience", "SECRET WORDS"), ProviderRefused("inactive", "SECRET WORDS")):
        browser = stranger("acme.localhost")
        answer = answers(browser, acme, sent_for(idp, Purpose.SIGN_IN), why)
        assert (answer.status_code, b"SECRET" in answer.content) == (
            {"audience": 400, "inactive": 403}[why.code],
            False,
        )
        assert DOOR not in browser.session
        pages.add(answer.content.decode().partition("<h1")[2])
    assert len(pages) == 1


@pytest.mark.parametrize("secret", ["", "x", "a" * 43])
def test_an_answer_that_nobody_kept_is_refused(idp, stranger, secret):
    assert stranger("acme.localhost").get("/sso/arrived/", {"answer": secret}).status_code == 400


def test_linking_makes_the_subject_the_person(acme, idp, sign_in):
    with schemas.inside(acme):
        ben = cast.person("ben")
    answer = answers(sign_in("ben"), acme, sent_for(idp, Purpose.LINK, ben), heard())
    assert answer.headers["Location"] == "/account/identities/"
    with schemas.inside(acme):
        assert FederatedIdentity.objects.get().user_id == ben.pk


@pytest.mark.parametrize("purpose", [Purpose.LINK, Purpose.TEST, Purpose.PROVE, Purpose.SIGN])
def test_what_one_person_began_another_does_not_finish(acme, idp, sign_in, purpose):
    with schemas.inside(acme):
        ann = cast.person("ann")
    answer = answers(sign_in("ben"), acme, sent_for(idp, purpose, ann, intent=INTENT), heard())
    assert answer.status_code == 403
    with schemas.inside(acme):
        assert not FederatedIdentity.objects.exists()


def test_a_test_shows_the_admin_each_step_and_signs_nobody_in(acme, idp, sign_in):
    with schemas.inside(acme):
        ann = cast.person("ann")
    browser = sign_in("ann")
    answer = answers(browser, acme, sent_for(idp, Purpose.TEST, ann), heard())
    assert answer.headers["Location"] == f"/access/providers/{idp.pk}/#test"
    page = browser.get(f"/access/providers/{idp.pk}/").content.decode()
    assert ("The sign-in works" in page, "An account would be made" in page) == (True, True)
    with schemas.inside(acme):
        assert not FederatedIdentity.objects.exists()


def test_a_failed_test_tells_the_admin_why_in_words(acme, idp, sign_in):
    with schemas.inside(acme):
        ann = cast.person("ann")
    browser = sign_in("ann")
    why = ProviderRefused("audience", "The token is for the client “other”.")
    answer = answers(browser, acme, sent_for(idp, Purpose.TEST, ann), why)
    assert answer.headers["Location"] == f"/access/providers/{idp.pk}/#test"
    assert "The token is for the client “other”." in browser.get(f"/access/providers/{idp.pk}/").content.decode()
    with schemas.inside(acme):
        assert IdentityProvider.objects.get(pk=idp.pk).last_test["passed"] is False


def linked(acme, idp, key, subject):
    with schemas.inside(acme):
        person = cast.person(key)
        federation.link(person, idp, heard(subject), now=timezone.now())
    return person


@pytest.mark.req("ASVS-7.2.4")
def test_proving_who_one_is_takes_a_fresh_sign_in_of_the_same_subject(acme, idp):
    ben = linked(acme, idp, "ben", "sub-of-ben")
    with schemas.inside(acme):
        browser = cast.browser(ben, acme, proved_at=timezone.now() - timedelta(hours=1))
    before = browser.session.session_key
    answer = answers(
        browser, acme, sent_for(idp, Purpose.PROVE, ben, next="/account/", fresh=True), heard("sub-of-ben")
    )
    assert (answer.headers["Location"], browser.session.session_key != before) == ("/account/", True)
    assert browser.session[DOOR]["proved_at"] > browser.session[DOOR]["opened_at"]


@pytest.mark.parametrize("purpose", [Purpose.PROVE, Purpose.SIGN])
@pytest.mark.parametrize(
    "said",
    [
        {"subject": "somebody else"},
        {"authenticated_at": None},
        {"authenticated_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_an_old_sign_in_or_another_subject_proves_and_signs_nothing(acme, idp, purpose, said):
    ben = linked(acme, idp, "ben", "sub-of-ben")
    with schemas.inside(acme):
        browser = cast.browser(ben, acme)
    answer = answers(
        browser, acme, sent_for(idp, purpose, ben, intent=INTENT), heard(**({"subject": "sub-of-ben"} | said))
    )
    assert (answer.status_code in (400, 403), ANSWERED in browser.session) == (True, False)


@pytest.mark.req("P11-200a1")
def test_a_signature_is_confirmed_for_exactly_what_was_left(acme, idp):
    ben = linked(acme, idp, "ben", "sub-of-ben")
    with schemas.inside(acme):
        browser = cast.browser(ben, acme)
    for left, kept in [('{"v":2}', False), (INTENT, True)]:
        session = browser.session
        session[LEFT] = {"intent": left, "provider": str(idp.pk)}
        session.save()
        sent = sent_for(idp, Purpose.SIGN, ben, intent=INTENT, next="/signatures/return/")
        answers(browser, acme, sent, heard("sub-of-ben", evidence={"id_token": "x.y.z"}, amr=("pwd",)))
        assert (ANSWERED in browser.session) is kept
    told = browser.session[ANSWERED]
    assert (told["intent"], told["issuer"], told["methods"], told["evidence"]) == (
        INTENT,
        sso.ISSUER,
        ["pwd"],
        {"id_token": "x.y.z"},
    )


@pytest.mark.parametrize("purpose", [Purpose.SIGN_IN, Purpose.TEST])
def test_a_post_from_the_providers_page_is_taken_up_by_the_next_request_of_the_browser(acme, idp, purpose):
    request = RequestFactory().post("/sso/back/", headers={"host": acme.host})
    request.tenant = acme
    with schemas.inside(acme):
        answer = views.finish(request, sent_for(idp, purpose), heard(), now=timezone.now())
        assert not FederatedIdentity.objects.exists()
    assert (answer.headers["Location"].startswith("/sso/arrived/?answer="), "sso" in answer.cookies) == (True, True)
