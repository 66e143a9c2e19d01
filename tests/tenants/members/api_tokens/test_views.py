import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.ledger.models import Access
from tenants import schemas
from tenants.members.api_tokens import catalogue
from tenants.members.api_tokens.models import AccessToken
from tenants.members.roles import actions as roles
from tests import cast
from tests.tenants.members.api_tokens import tokens
from tests.tenants.members.scim.directory import with_plan

pytestmark = pytest.mark.django_db
NEW = {
    "name": "Robot",
    "purpose": "api",
    "scopes": ["api.read_self"],
    "days": "90",
    "networks": "",
    "reason": "For a test",
}


@pytest.mark.parametrize(("key", "status"), [("ann", 200), ("ben", 403), ("sid", 403), ("cay", 403), ("aud", 403)])
def test_only_who_manages_access_sees_and_makes_tokens(acme, sign_in, key, status):
    token, _ = tokens.make(acme)
    browser = sign_in(key)
    paths = ["/access/tokens/", "/access/tokens/new/", f"/access/tokens/{token.pk}/revoke/"]
    assert [browser.get(path).status_code for path in paths] == [status] * 3
    if status == 403:
        assert [browser.post(path, NEW).status_code for path in paths[1:]] == [403, 403]


def test_a_token_is_made_shown_once_used_and_revoked(acme, sign_in):
    browser = sign_in("ann")
    assert "There is no token yet" in browser.get("/access/tokens/").content.decode()
    made = browser.post("/access/tokens/new/", NEW)
    assert (made.status_code, made["Cache-Control"]) == (200, "max-age=0, no-cache, no-store, must-revalidate, private")
    text = re.search(r"ct_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", made.content.decode())[0]
    listed = browser.get("/access/tokens/").content.decode()
    assert text not in listed
    assert "Never" in listed
    told = tokens.program(text).get("/api/v1/token/")
    assert told.status_code == 200
    assert {key: told.json()[key] for key in ("name", "scopes", "tenant", "networks")} == {
        "name": "Robot",
        "scopes": ["api.read_self"],
        "tenant": "Acme Pharma",
        "networks": [],
    }
    assert "Never" not in browser.get("/access/tokens/").content.decode()
    with schemas.inside(acme):
        token = AccessToken.objects.get()
        assert token.history.get().history_change_reason == "For a test"
    path = f"/access/tokens/{token.pk}/revoke/"
    assert browser.post(path, {"reason": ""}).status_code == 422
    assert browser.post(path, {"reason": "It was lost"}).status_code == 302
    assert browser.post(path, {"reason": "It was lost"}).status_code == 409
    assert tokens.program(text).get("/api/v1/token/").status_code == 401
    assert "Revoked" in browser.get("/access/tokens/").content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"purpose": "scim", "scopes": ["scim.users"]}, "purpose"),
        ({"purpose": ""}, "purpose"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["scim.users"]}, "scopes"),
        ({"scopes": ["api.everything"]}, "scopes"),
        ({"days": "0"}, "days"),
        ({"days": "366"}, "days"),
        ({"days": "1e9"}, "days"),
        ({"networks": "10.0.0.1/8"}, "networks"),
        ({"networks": "everywhere"}, "networks"),
        ({"networks": "\n".join(f"10.0.{n}.0/24" for n in range(21))}, "networks"),
        ({"reason": ""}, "reason"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(acme, sign_in, change, field):
    answer = sign_in("ann").post("/access/tokens/new/", NEW | change)
    assert answer.status_code == 422
    assert f'href="#id_{field}' in answer.content.decode()
    with schemas.inside(acme):
        assert AccessToken.objects.count() == 0


@pytest.mark.req("P11-10g")
def test_who_may_not_manage_people_is_told_so_beside_the_purpose(acme):
    now = timezone.now()
    with schemas.inside(with_plan(acme)):
        by = {"actor": cast.person("ann").actor, "now": now, "reason": "For a test"}
        made = roles.make(name="Way keeper", purpose="Keeps", permissions=["members.manage_access"], **by)
        cay = roles.change_roles(cast.person("cay"), roles=[made.key], **by)
        browser = cast.browser(cay, acme, proved_at=now)
    answer = browser.post("/access/tokens/new/", NEW | {"purpose": "scim", "scopes": ["scim.users"]})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'href="#id_purpose' in page
    assert "You may not invite people, change their roles, deactivate them" in page
    with schemas.inside(acme):
        assert AccessToken.objects.count() == 0
    assert browser.post("/access/tokens/new/", NEW).status_code == 200


@pytest.mark.req("ASVS-15.3.3")
def test_fields_that_the_form_does_not_have_are_ignored(acme, sign_in):
    more = {"digest": "0" * 64, "id": "0" * 32, "expires_at": "2099-01-01", "created_by": "Nobody", "revoked_at": "1"}
    assert sign_in("ann").post("/access/tokens/new/", NEW | more).status_code == 200
    with schemas.inside(acme):
        token = AccessToken.objects.get()
    assert token.digest != "0" * 64
    assert token.created_by == "Ann Admin (Tenant admin)"
    assert token.revoked_at is None
    assert timedelta(days=89) < token.expires_at - timezone.now() < timedelta(days=91)


@pytest.mark.req("ASVS-7.5.1")
def test_making_and_revoking_ask_for_a_fresh_proof(acme):
    token, _ = tokens.make(acme)
    with schemas.inside(acme):
        browser = cast.browser(cast.person("ann"), acme, proved_at=timezone.now() - timedelta(hours=1))
    for path in ("/access/tokens/new/", f"/access/tokens/{token.pk}/revoke/"):
        answer = browser.get(path)
        assert answer.status_code == 302
        assert "/prove" in answer["Location"] or "next=" in answer["Location"]
        assert browser.post(path, NEW).status_code == 302
    with schemas.inside(acme):
        assert AccessToken.objects.get().revoked_at is None


def test_a_token_of_another_tenant_is_not_found(acme, globex, sign_in):
    token, _ = tokens.make(globex)
    assert sign_in("ann").get(f"/access/tokens/{token.pk}/revoke/").status_code == 404
    assert sign_in("ann").post(f"/access/tokens/{token.pk}/revoke/", {"reason": "Not mine"}).status_code == 404


def test_the_platform_has_tokens_of_no_directory(platform, sign_in):
    page = sign_in("pat").get("/console/access/tokens/new/")
    assert page.status_code == 200
    assert 'value="scim"' not in page.content.decode()
    assert sign_in("pat").post("/console/access/tokens/new/", NEW | {"purpose": "scim"}).status_code == 422


@pytest.mark.req("ASVS-8.4.1")
def test_a_token_of_one_tenant_opens_nothing_at_another(acme, globex):
    _, text = tokens.make(acme)
    assert tokens.program(text, "acme.localhost").get("/api/v1/token/").status_code == 200
    assert tokens.program(text, "globex.localhost").get("/api/v1/token/").status_code == 401


@pytest.mark.parametrize("key", ["ann", "ben", "sid", "cay", "aud"])
def test_a_session_opens_no_door_of_machines(acme, sign_in, key):
    assert sign_in(key).get("/api/v1/token/").status_code == 401


def test_a_session_beside_a_token_counts_for_nothing(acme, sign_in):
    _, text = tokens.make(acme)
    browser = sign_in("ann")
    answer = browser.get("/api/v1/token/", headers={"Authorization": f"Bearer {text}"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Robot")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ("", 'Bearer realm="complere"'),
        ("Bearer", 'Bearer realm="complere"'),
        ("Basic YW5uOmFubg==", 'Bearer realm="complere"'),
        ("Bearer ct_no", 'error="invalid_token"'),
        ("bearer ct_no", 'error="invalid_token"'),
        ("Bearer a, Bearer b", 'error="invalid_token"'),
        ("Bearer " + "x" * 7000, 'error="invalid_token"'),
    ],
)
def test_a_refusal_says_how_to_come_in(acme, header, challenge):
    answer = Client(headers={"host": "acme.localhost"} | ({"Authorization": header} if header else {})).get(
        "/api/v1/token/"
    )
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert challenge in answer["WWW-Authenticate"]
    assert answer.json()["status"] == 401


def test_a_token_in_the_address_or_the_body_is_none(acme):
    _, text = tokens.make(acme)
    client = Client(headers={"host": "acme.localhost"})
    assert client.get("/api/v1/token/", {"access_token": text}).status_code == 401
    assert client.post("/api/v1/token/", {"access_token": text}).status_code == 401


def test_a_token_without_the_scope_is_refused_with_what_it_lacks(acme):
    _, text = tokens.make(acme, purpose="scim")
    answer = tokens.program(text).get("/api/v1/token/")
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer["WWW-Authenticate"]
    assert 'scope="api.read_self"' in answer["WWW-Authenticate"]


def test_too_many_bad_tokens_are_answered_429_with_how_long_to_wait(acme, monkeypatch):
    monkeypatch.setattr(catalogue, "REFUSALS_PER_ADDRESS", 2)
    answers = [tokens.program("ct_no").get("/api/v1/token/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1]["Retry-After"] == "600"


@pytest.mark.req("ASVS-16.3.2")
def test_each_refusal_leaves_one_row_in_the_access_log(acme):
    _, text = tokens.make(acme, purpose="scim")
    with schemas.inside(acme):
        before = Access.objects.count()
    tokens.program("ct_no").get("/api/v1/token/")
    tokens.program(text).get("/api/v1/token/")
    with schemas.inside(acme):
        rows = list(Access.objects.order_by("id")[before:])
    assert [(row.kind, row.what) for row in rows] == [("refused", "GET api-token")] * 2
    assert "expired or revoked" in rows[0].detail
    assert "lacks the scope" in rows[1].detail
    assert text not in str([row.__dict__ for row in rows])


def test_a_form_of_another_site_needs_no_csrf_token_and_gets_nowhere(acme, sign_in):
    browser = sign_in("ann")
    strict = Client(enforce_csrf_checks=True, headers={"host": "acme.localhost"})
    strict.cookies = browser.cookies
    assert strict.post("/api/v1/token/").status_code == 401
