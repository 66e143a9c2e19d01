"""An admin sets a provider up alone, and everything that can be typed wrongly is said beside its field."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from tenants import schemas
from tenants.members.identity_providers import queries
from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.models import IdentityProvider
from tenants.members.identity_providers.states import State
from tests import cast
from tests.tenants.members import sso
from tests.tenants.members.oidc.conftest import op, running_op  # noqa: F401  fixtures work by their names

pytestmark = pytest.mark.django_db
LIST = "/access/providers/"
DESK = ["", "name/", "issuer/", "client/", "mapping/", "rules/", "activate/", "switch-off/"]
METADATA = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/saml">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
<ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/>
</md:IDPSSODescriptor></md:EntityDescriptor>"""


@pytest.fixture
def ann(acme, sign_in):
    sso.enterprise(acme)
    return sign_in("ann")


def metadata(sso_url="https://idp.example/sso"):
    _, pem = certificates.make("Campus provider", timezone.now())
    bare = "".join(line for line in pem.splitlines() if "-----" not in line)
    return METADATA.format(certificate=bare, sso=sso_url)


def kept(acme) -> IdentityProvider:
    with schemas.inside(acme):
        return IdentityProvider.objects.get()


def hidden(page) -> str:
    return re.search(r'name="found" value="([^"]+)"', page.content.decode()).group(1)


def test_an_openid_provider_is_set_up_by_pages_alone(acme, ann, op):  # noqa: F811
    assert b"No provider is set up" in ann.get(LIST).content
    address = ann.post(f"{LIST}new/", {"kind": "oidc", "name": "Acme account"}).headers["Location"]
    page = ann.get(address).content.decode()
    assert "http://acme.localhost:8000/sso/oidc/callback/" in page
    assert ("Finish step 2 first" in page, "A test sign-in must pass first" in page) == (True, True)

    found = ann.post(f"{address}issuer/", {"issuer": op.issuer})
    assert (f"{op.issuer}/token" in found.content.decode(), kept(acme).issuer) == (True, "")
    assert ann.post(f"{address}issuer/", {"found": hidden(found)}).status_code == 302
    client = {"client_id": "acme-rp", "client_secret": "a secret: with + and %", "scopes": "email profile groups"}
    assert ann.post(f"{address}client/", client).status_code == 302
    rows = {"group_1": "staff", "role_1": "member", "group_2": "dpo", "role_2": "privacy_officer"}
    claims = {"email": "email", "name": "name", "groups": "groups", "follow_groups": "on"}
    assert ann.post(f"{address}mapping/", claims | rows).status_code == 302
    assert ann.post(f"{address}rules/", {"create_accounts": "on"}).status_code == 302

    made = kept(acme)
    with schemas.inside(acme):
        assert queries.secret_of(made) == b"a secret: with + and %"
    assert (made.issuer, queries.oidc(made).token_endpoint, queries.oidc(made).scopes) == (
        op.issuer,
        f"{op.issuer}/token",
        ("openid", "email", "profile", "groups"),
    )
    assert queries.mapping(made).roles == {"staff": "member", "dpo": "privacy_officer"}
    page = ann.get(address).content.decode()
    assert (f"/sso/{made.pk}/start/?purpose=test" in page, "a secret: with" in page) == (True, False)
    assert "a secret: with" not in ann.get(f"{address}client/").content.decode()


def test_a_saml_provider_is_set_up_from_its_metadata_and_changes_are_shown_first(acme, ann):
    address = ann.post(f"{LIST}new/", {"kind": "saml", "name": "Campus"}).headers["Location"]
    first = ann.post(f"{address}metadata/", {"file": SimpleUploadedFile("m.xml", metadata().encode())})
    assert ("https://idp.example/sso" in first.content.decode(), kept(acme).issuer) == (True, "")
    ann.post(f"{address}metadata/", {"found": hidden(first)})
    assert (kept(acme).issuer, queries.saml(kept(acme)).sso_url) == (
        "https://idp.example/saml",
        "https://idp.example/sso",
    )
    assert len(queries.saml(kept(acme)).own_certificates) == 1
    second = ann.post(f"{address}metadata/", {"text": metadata("https://idp.example/new")})
    told = [change["field"] for change in second.context["changes"]]
    assert told == ["Sign-in address", "Certificate", "Certificate"]
    contexts = {"authn_contexts": "urn:a\nurn:b", "allows_unsolicited": "on"}
    assert ann.post(f"{address}choices/", contexts).status_code == 302
    assert queries.saml(kept(acme)).authn_contexts == ("urn:a", "urn:b")
    assert b"http://acme.localhost:8000/sso/saml/" in ann.get(address).content


@pytest.mark.parametrize(
    ("page", "sent", "field"),
    [
        ("new/", {}, "kind"),
        ("new/", {"kind": "ldap", "name": "x"}, "kind"),
        ("new/", {"kind": "oidc", "name": "a\x00b"}, "name"),
        ("new/", {"kind": "oidc", "name": "x" * 81}, "name"),
    ],
)
def test_a_provider_that_cannot_be_is_refused_beside_its_field(ann, page, sent, field):
    answer = ann.post(f"{LIST}{page}", sent)
    assert (answer.status_code, bool(answer.context["form"].errors[field])) == (422, True)


@pytest.mark.req("ASVS-1.3.6")
@pytest.mark.parametrize(
    "issuer",
    [
        "", "x", "javascript:alert(1)", "file:///etc/passwd", "http://idp.example", "https://127.0.0.1", "https://[::1]/",
        "https://169.254.169.254/latest", "https://user:pw@idp.example", "https://localhost", "https://idp.example:8443",
        "https://idp.example/?x=1", "https://2130706433/", "https://0x7f000001/", "https://idp.example\\@localhost",
        "https://" + "a" * 500, "https://idp.invalid",
    ],
)  # fmt: skip
def test_an_issuer_that_may_not_be_asked_is_refused_in_words(acme, ann, issuer):
    with schemas.inside(acme):
        idp = sso.provider(state=State.DRAFT, issuer="")
    answer = ann.post(f"{LIST}{idp.pk}/issuer/", {"issuer": issuer})
    assert (answer.status_code, bool(answer.context["form"].errors["issuer"])) == (422, True)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"client_id": "", "client_secret": "s", "scopes": "openid"}, "client_id"),
        ({"client_id": "a b", "client_secret": "s", "scopes": "openid"}, "client_id"),
        ({"client_id": "a", "client_secret": "", "scopes": "openid"}, "client_secret"),
        ({"client_id": "a", "client_secret": "s\x00", "scopes": "openid"}, "client_secret"),
        ({"client_id": "a", "client_secret": "s", "scopes": 'open"id'}, "scopes"),
        ({"client_id": "a", "client_secret": "s", "scopes": "openid", "acr_values": "x " * 30}, "acr_values"),
    ],
)
def test_a_client_that_cannot_be_is_refused_beside_its_field(acme, ann, sent, field):
    with schemas.inside(acme):
        idp = sso.provider()
    answer = ann.post(f"{LIST}{idp.pk}/client/", sent)
    assert (answer.status_code, bool(answer.context["form"].errors[field])) == (422, True)


@pytest.mark.req("ASVS-1.5.1")
@pytest.mark.parametrize(
    "xml",
    [
        "",
        "no xml",
        "<a/>",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        METADATA.format(certificate="AAAA", sso="https://idp.example/sso"),
        METADATA.format(certificate="", sso="javascript:alert(1)"),
    ],
)
def test_metadata_that_cannot_be_used_are_refused_in_words(acme, ann, xml):
    address = ann.post(f"{LIST}new/", {"kind": "saml", "name": "Campus"}).headers["Location"]
    answer = ann.post(f"{address}metadata/", {"text": xml})
    assert (answer.status_code, bool(answer.context["form"].errors), kept(acme).issuer) == (422, True, "")


@pytest.mark.parametrize("found", ["", "x", "eyJ9:x:y"])
def test_only_what_this_admin_was_shown_is_confirmed(acme, ann, op, found):  # noqa: F811
    with schemas.inside(acme):
        idp, other = sso.provider(), sso.provider(name="Other", issuer="https://other.example")
    shown = hidden(ann.post(f"{LIST}{idp.pk}/issuer/", {"issuer": op.issuer}))
    for pk, sent in ((idp.pk, found), (idp.pk, shown[:-1]), (other.pk, shown)):
        assert ann.post(f"{LIST}{pk}/issuer/", {"found": sent}).headers["Location"].endswith("/issuer/")
    with schemas.inside(acme):
        assert not IdentityProvider.objects.filter(issuer=op.issuer).exists()


@pytest.mark.parametrize(
    ("rows", "field"),
    [
        ({"group_1": "staff"}, "role_1"),
        ({"role_1": "member"}, "group_1"),
        ({"group_1": "staff", "role_1": "platform_admin"}, "role_1"),
        ({"group_1": "staff", "role_1": "member", "group_2": "staff", "role_2": "auditor"}, "group_2"),
        ({"default_role": "platform_admin"}, "default_role"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_beside_its_field_and_nothing_typed_is_lost(acme, ann, rows, field):
    with schemas.inside(acme):
        idp = sso.provider()
    claims = {"email": "mail", "name": "name", "groups": "groups", "group_4": "kept as typed", "role_4": "auditor"}
    answer = ann.post(f"{LIST}{idp.pk}/mapping/", claims | rows)
    assert (answer.status_code, bool(answer.context["form"].errors[field])) == (422, True)
    assert b"kept as typed" in answer.content


def test_thousands_of_rows_are_not_taken(acme, ann):
    with schemas.inside(acme):
        idp = sso.provider()
    rows = {f"group_{row}": f"g{row}" for row in range(1, 2000)} | {f"role_{row}": "member" for row in range(1, 2000)}
    answer = ann.post(f"{LIST}{idp.pk}/mapping/", {"email": "e", "name": "n", "groups": "g"} | rows)
    assert answer.status_code in (302, 400, 422)
    with schemas.inside(acme):
        assert len(queries.mapping(IdentityProvider.objects.get()).roles) <= 100


def test_on_and_off_take_a_reason_and_a_passed_test(acme, ann):
    with schemas.inside(acme):
        idp = sso.provider(state=State.DRAFT, last_test={})
    assert ann.post(f"{LIST}{idp.pk}/activate/", {"reason": "Ready for everybody"}).status_code == 409
    with schemas.inside(acme):
        tested = sso.provider(name="Tested", state=State.DRAFT, issuer="https://tested.example")
    assert ann.post(f"{LIST}{tested.pk}/activate/", {"reason": ""}).status_code == 422
    assert ann.post(f"{LIST}{tested.pk}/activate/", {"reason": "Ready for everybody"}).status_code == 302
    assert ann.post(f"{LIST}{tested.pk}/switch-off/", {"reason": "Contract ended"}).status_code == 302
    with schemas.inside(acme):
        assert IdentityProvider.objects.get(pk=tested.pk).state == State.OFF


def test_on_a_plan_without_it_the_pages_explain_and_begin_nothing(acme, sign_in):
    browser = sign_in("ann")
    with schemas.inside(acme):
        idp = sso.provider(state=State.OFF)
    for page in (LIST, f"{LIST}{idp.pk}/"):
        assert b"The plan of this workspace does not include this" in browser.get(page).content
    assert browser.post(f"{LIST}new/", {"kind": "oidc", "name": "x"}).headers["Location"] == LIST
    assert browser.post(f"{LIST}{idp.pk}/activate/", {"reason": "Please let us"}).status_code == 409


@pytest.mark.req("ASVS-8.4.1")
def test_a_provider_of_globex_is_not_found_at_acme(globex, ann):
    with schemas.inside(globex):
        idp = sso.provider(name="Globex account")
    assert b"Globex account" not in ann.get(LIST).content
    assert [ann.get(f"{LIST}{idp.pk}/{page}").status_code for page in DESK] == [404] * len(DESK)


@pytest.mark.parametrize("key", [key for key in cast.ACME if key != "ann"])
def test_only_who_manages_access_sees_them(acme, sign_in, key):
    with schemas.inside(acme):
        idp = sso.provider()
    browser = sign_in(key)
    assert [browser.get(f"{LIST}{idp.pk}/{page}").status_code for page in DESK] == [403] * len(DESK)


@pytest.mark.req("ASVS-7.5.1")
def test_every_change_asks_for_a_fresh_proof(acme):
    sso.enterprise(acme)
    with schemas.inside(acme):
        idp = sso.provider()
        browser = cast.browser(cast.person("ann"), acme, proved_at=timezone.now() - timedelta(hours=1))
    for page in DESK[1:]:
        assert browser.get(f"{LIST}{idp.pk}/{page}").headers["Location"].startswith("/account/prove/")
    assert browser.get(f"{LIST}{idp.pk}/").status_code == 200


def test_what_has_the_wrong_protocol_has_no_such_page(acme, ann):
    with schemas.inside(acme):
        idp = sso.provider()
    assert [ann.get(f"{LIST}{idp.pk}/{page}").status_code for page in ("metadata/", "choices/")] == [404, 404]


def test_a_certificate_that_ends_soon_is_marked(acme, ann):
    address = ann.post(f"{LIST}new/", {"kind": "saml", "name": "Campus"}).headers["Location"]
    shown = ann.get(address)
    assert [line["tone"] for line in shown.context["certificates"]] == ["verified"]
    assert b"Ours, until" in shown.content
