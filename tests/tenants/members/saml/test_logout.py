"""The end of sessions: asked for by the provider, and told to it. Only signed messages count."""

import base64
import zlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
import xmlsec
from lxml import etree
from structlog.testing import capture_logs

from tenants import schemas
from tenants.members.saml.catalogue import NAMES, RSA_SHA256, SAML, SAMLP
from tenants.members.sessions.models import Session
from tests.tenants.members.saml import forge
from tests.tenants.members.saml.conftest import SLO_URL, change, link
from tests.tenants.members.saml.test_views import check_signature, fresh

SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"


@pytest.fixture
def cay(desk):
    """Cay of Acme, signed in through the provider."""
    link(desk.tenant, desk.provider, "cay")
    assert desk.arrives(desk.signed(desk.says(desk.request_id())))["Location"] == "/account/"
    return desk


def request_of(desk, **changes):
    said = {
        "id": "_logout-1", "destination": desk.addresses().slo, "issuer": desk.provider.issuer, "name": "person-1",
        "session": "_session", "at": datetime.now(UTC), "kind": "LogoutRequest", "more": "",
    } | changes  # fmt: skip
    session = f"<samlp:SessionIndex>{said['session']}</samlp:SessionIndex>" if said["session"] else ""
    return (
        f'<samlp:{said["kind"]} xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{said["id"]}" Version="2.0" '
        f'IssueInstant="{said["at"]:%Y-%m-%dT%H:%M:%SZ}" Destination="{said["destination"]}">'
        f"<saml:Issuer>{said['issuer']}</saml:Issuer>{said['more']}"
        f"<saml:NameID>{said['name']}</saml:NameID>{session}</samlp:{said['kind']}>"
    )


def squeezed(xml):
    return base64.b64encode(zlib.compress(xml.encode())[2:-4]).decode()


def query(xml, *, signer="idp", relay="", algorithm=RSA_SHA256, method=xmlsec.Transform.RSA_SHA256, kind="SAMLRequest"):
    signed = f"{kind}={quote_plus(squeezed(xml))}"
    signed += f"&RelayState={quote_plus(relay)}" if relay else ""
    signed += f"&SigAlg={quote_plus(algorithm)}"
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(forge.pair(signer)[0], xmlsec.KeyFormat.PEM, None)
    value = base64.b64encode(context.sign_binary(signed.encode(), method)).decode()
    return f"{signed}&Signature={quote_plus(value)}"


def comes(desk, told):
    with capture_logs() as logs:
        answer = fresh(desk).client.get(f"{desk.base}/slo/?{told}")
    desk.codes = [one["code"] for one in logs if one["event"] == "identity provider refused"]
    return answer


def sessions(desk):
    with schemas.inside(desk.tenant):
        return Session.objects.filter(method="saml").count()


def test_the_provider_ends_the_session_and_is_answered(cay):
    answer = comes(cay, query(request_of(cay), relay="https://idp.example/goes-on?a=b"))
    assert (answer.status_code, cay.codes, sessions(cay)) == (302, [], 0)
    assert cay.client.get("/account/").status_code == 302
    assert answer["Location"].startswith(f"{SLO_URL}?SAMLResponse=")
    check_signature(answer["Location"])
    told = {key: value[0] for key, value in parse_qs(urlsplit(answer["Location"]).query).items()}
    assert told["RelayState"] == "https://idp.example/goes-on?a=b"
    xml = etree.fromstring(zlib.decompress(base64.b64decode(told["SAMLResponse"]), -15))
    assert (xml.get("InResponseTo"), xml.get("Destination")) == ("_logout-1", SLO_URL)
    assert xml.find("samlp:Status/samlp:StatusCode", NAMES).get("Value").endswith(":Success")


def test_without_a_session_index_every_session_of_the_person_ends(cay):
    assert comes(cay, query(request_of(cay, session=""))).status_code == 302
    assert sessions(cay) == 0


@pytest.mark.parametrize("changes", [{"name": "person-2"}, {"session": "_another"}, {"name": ""}])
def test_sessions_of_others_stay(cay, changes):
    comes(cay, query(request_of(cay, **changes)))
    assert sessions(cay) == 1


def unsigned(desk):
    return f"SAMLRequest={quote_plus(squeezed(request_of(desk)))}"


def twice(desk):
    return query(request_of(desk, name="person-2")) + f"&SAMLRequest={quote_plus(squeezed(request_of(desk)))}"


def bomb(_desk):
    spaces = base64.b64encode(zlib.compress(b"<a>" + b" " * 10_000_000)[2:-4]).decode()
    return f"SAMLRequest={quote_plus(spaces)}&SigAlg={quote_plus(RSA_SHA256)}&Signature=AA"


def exchanged(desk):
    other = query(request_of(desk, name="person-2"))
    return other.replace("SAMLRequest=", f"SAMLRequest={quote_plus(squeezed(request_of(desk)))}&x=", 1)


def raw(_desk):
    return f"SAMLRequest=PGEvPg%3D%3D&SigAlg={quote_plus(RSA_SHA256)}&Signature=AA"


def elsewhere(desk):
    return query(request_of(desk, destination=f"{desk.addresses().slo}x"))


HOSTILE = {
    "not signed": (unsigned, "unsigned"),
    "signed by somebody else": (lambda desk: query(request_of(desk), signer="forger"), "signature"),
    "signed with SHA-1": (
        lambda desk: query(request_of(desk), algorithm=SHA1, method=xmlsec.Transform.RSA_SHA1), "unsigned",
    ),
    "another name after signing": (exchanged, "signature"),
    "the message twice": (twice, "no-message"),
    "for another address": (elsewhere, "destination"),
    "for no address": (lambda desk: query(request_of(desk).replace("Destination", "Consent")), "destination"),
    "from another issuer": (lambda desk: query(request_of(desk, issuer="https://evil.example/")), "logout"),
    "of yesterday": (lambda desk: query(request_of(desk, at=datetime.now(UTC) - timedelta(days=1))), "expired"),
    "a document type": (lambda desk: query("<!DOCTYPE x>" + request_of(desk)), "doctype"),
    "of another kind": (lambda desk: query(request_of(desk, kind="AuthnRequest")), "no-message"),
    "a signature inside": (
        lambda desk: query(request_of(desk, more='<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>')),
        "foreign-part",
    ),
    "a bomb of spaces": (bomb, "too-large"),
    "not compressed": (raw, "no-message"),
    "nothing": (lambda _desk: "", "no-message"),
    "no text": (lambda _desk: "SAMLRequest=%FF%FE", "no-message"),
}  # fmt: skip


@pytest.mark.req("ASVS-6.8.2")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_rightly_signed_ends_nothing(cay, name):
    make, code = HOSTILE[name]
    answer = comes(cay, make(cay))
    assert (answer.status_code, cay.codes, sessions(cay)) == (400, [code], 1)


def test_a_sign_out_message_is_good_once(cay):
    told = query(request_of(cay, name="person-2"))
    assert comes(cay, told).status_code == 302
    assert (comes(cay, told).status_code, cay.codes) == (400, ["replay"])


def test_signing_out_here_goes_on_to_the_provider(cay):
    page = cay.client.post("/sign-out/")
    assert page["Location"].startswith("/sso/saml/leaving/")
    onward = cay.client.get(page["Location"])
    address = onward["Refresh"].removeprefix("0; url=")
    assert sessions(cay) == 0
    check_signature(address)
    told = parse_qs(urlsplit(address).query)
    xml = etree.fromstring(zlib.decompress(base64.b64decode(told["SAMLRequest"][0]), -15))
    assert xml.findtext("saml:NameID", namespaces=NAMES) == "person-1"
    assert xml.findtext("samlp:SessionIndex", namespaces=NAMES) == "_session"
    assert cay.client.get(page["Location"])["Location"] == "/sso/saml/signed-out/"
    assert cay.client.get("/sso/saml/signed-out/").status_code == 200


def test_without_an_address_for_it_signing_out_stays_here(cay):
    change(cay.tenant, cay.provider, slo_url="")
    assert cay.client.post("/sign-out/")["Location"] == "/sign-in/"
