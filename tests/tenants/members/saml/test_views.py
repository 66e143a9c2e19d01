"""The way to the provider and back, with real signatures."""

import base64
import hashlib
import json
import time
from datetime import timedelta
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from audit import context
from audit.subject_keys.queries import seal_secret
from audit.transitions import move
from tenants import schemas
from tenants.members.arrivals.catalogue import ANSWERED, LEFT, ProviderRefused
from tenants.members.identity_providers import queries as providers
from tenants.members.identity_providers.adapters import certificates, metadata
from tenants.members.identity_providers.states import State
from tenants.members.saml import queries
from tenants.members.saml.adapters.party import party
from tenants.members.saml.catalogue import NAMES, RSA_SHA256
from tenants.members.sessions.models import Session
from tests import cast
from tests.tenants.members.saml import corpus, forge
from tests.tenants.members.saml.adapters.test_responses import MOST_CPU_SECONDS
from tests.tenants.members.saml.conftest import SSO_URL, Desk, change, link, make_provider


def fresh(desk):
    return Desk(desk.tenant, desk.provider, Client(headers={"host": desk.tenant.host}))


@pytest.fixture
def cay(desk):
    """Cay of Acme is person-1 at the provider."""
    link(desk.tenant, desk.provider, "cay")
    return desk


def test_a_good_response_signs_in(cay):
    answer = cay.arrives(cay.signed(cay.says(cay.request_id())))
    assert (answer.status_code, cay.codes, answer["Location"]) == (302, [], "/account/")
    assert cay.client.get("/account/").context["user"].email == "cay@acme.example"
    with schemas.inside(cay.tenant):
        session = Session.objects.get(method="saml")
    assert str(session.provider_id) == str(cay.provider.pk)


def test_an_encrypted_response_signs_in(cay):
    tree = forge.encrypt(cay.signed(cay.says(cay.request_id())), forge.pair("us")[1])
    assert (cay.arrives(tree)["Location"], cay.codes) == ("/account/", [])


def test_the_question_is_signed_and_says_no_more_than_it_must(desk):
    left = desk.leaves()
    assert left["url"].startswith(f"{SSO_URL}&SAMLRequest=")
    assert sorted(left["query"]) == ["SAMLRequest", "SigAlg", "Signature", "of", "to"]
    where, xml = desk.addresses(), left["xml"]
    assert dict(xml.attrib) == {
        "ID": xml.get("ID"), "Version": "2.0", "IssueInstant": xml.get("IssueInstant"), "Destination": SSO_URL,
        "AssertionConsumerServiceURL": where.acs, "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    }  # fmt: skip
    assert xml.findtext("saml:Issuer", namespaces=NAMES) == where.entity_id
    assert where.acs == f"http://acme.localhost:8000/sso/saml/{desk.provider.pk}/acs/"
    assert xml.find("samlp:RequestedAuthnContext", NAMES) is None
    assert len(xml.get("ID")) == 65
    check_signature(left["url"])


def check_signature(url):
    """By another library than the one that signed."""
    query = urlsplit(url).query
    parts = dict(part.split("=", 1) for part in query.split("&"))
    names = [name for name in ("SAMLRequest", "SAMLResponse", "RelayState", "SigAlg") if name in parts]
    signed = "&".join(f"{name}={parts[name]}" for name in names)
    assert unquote_to_bytes(parts["SigAlg"]).decode() == RSA_SHA256
    key = x509.load_pem_x509_certificate(forge.pair("us")[1].encode()).public_key()
    key.verify(
        base64.b64decode(unquote_to_bytes(parts["Signature"])), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


@pytest.mark.req("ASVS-6.8.4")
def test_what_is_required_is_asked_for(desk):
    change(desk.tenant, desk.provider, authn_contexts=("https://refeds.org/profile/mfa",))
    left = desk.leaves()
    asked = left["xml"].findtext("samlp:RequestedAuthnContext/saml:AuthnContextClassRef", namespaces=NAMES)
    assert asked == "https://refeds.org/profile/mfa"
    assert desk.arrives(desk.signed(desk.says(left["xml"].get("ID")))).status_code == 400
    assert desk.codes == ["authn-context"]


@pytest.mark.req("ASVS-6.8.2")
def test_the_door_refuses_each_hostile_response_without_failing_and_at_once(cay):
    found, slow = {}, {}
    for case in corpus.HOSTILE:
        # Not the rate limits are looked at here.
        cache.clear()
        desk = fresh(cay)
        encoded = case.make(desk.says(desk.request_id()))
        begun = time.process_time()
        answer = desk.posts(encoded)
        if time.process_time() - begun > MOST_CPU_SECONDS:
            slow[case.name] = time.process_time() - begun
        found[case.name] = (answer.status_code, desk.codes)
        assert "sid" not in answer.cookies
    assert found == {case.name: (400, [case.at_acs or case.code]) for case in corpus.HOSTILE}
    assert slow == {}


@pytest.mark.req("ASVS-6.8.3")
def test_a_response_is_good_once(cay):
    tree = cay.signed(cay.says(cay.request_id()))
    assert cay.arrives(tree).status_code == 302
    assert (cay.arrives(tree).status_code, cay.codes) == (400, ["unknown-attempt"])
    other = fresh(cay)
    assert (other.arrives(tree).status_code, other.codes) == (400, ["unknown-attempt"])


@pytest.mark.req("ASVS-6.8.3")
def test_an_assertion_is_good_once_where_the_provider_may_begin(cay):
    change(cay.tenant, cay.provider, allows_unsolicited=True)
    tree = cay.signed(cay.says(None))
    assert cay.arrives(tree)["Location"] == "/"
    again = fresh(cay)
    assert (again.arrives(tree).status_code, again.codes) == (400, ["replay"])
    # The same assertion in another envelope.
    tree.set("ID", "_another")
    assert (again.arrives(tree).status_code, again.codes) == (400, ["replay"])


def test_a_response_is_taken_in_the_browser_that_asked_alone(cay):
    tree = cay.signed(cay.says(cay.request_id()))
    thief = fresh(cay)
    thief.request_id()
    assert (thief.arrives(tree).status_code, thief.codes) == (400, ["other-browser"])
    bare = fresh(cay)
    assert (bare.arrives(tree).status_code, bare.codes) == (400, ["unknown-attempt"])


def test_a_response_for_one_tenant_opens_no_other(cay, other_desk):
    link(other_desk.tenant, other_desk.provider, "dov")
    there = other_desk.request_id()
    # Made out to Acme, answering a question of Globex, and posted there.
    assert other_desk.arrives(other_desk.signed(cay.says(there))).status_code == 400
    assert other_desk.codes == ["destination"]
    tree = cay.signed(cay.says(cay.request_id()))
    assert other_desk.arrives(tree).status_code == 400
    assert other_desk.codes == ["unknown-attempt"]


def test_another_provider_of_the_same_tenant_cannot_answer(cay):
    second = make_provider(cay.tenant, issuer="https://second.example/metadata")
    tree = cay.signed(cay.says(cay.request_id()))
    other = Desk(cay.tenant, second, cay.client)
    assert (other.arrives(tree).status_code, other.codes) == (400, ["other-provider"])


def test_identity_is_the_name_and_never_the_address(cay):
    """The provider says that somebody else has Ann's e-mail address."""
    tree = cay.signed(cay.says(cay.request_id(), name="person-2"))
    assert (cay.arrives(tree).status_code, cay.codes) == (403, ["no-account"])


def test_a_provider_that_is_off_lets_nobody_in(cay):
    request_id = cay.request_id()
    with schemas.inside(cay.tenant):
        move(cay.provider, State.OFF, actor=cast.DIRECTOR, now=timezone.now(), reason="Set the stage")
    assert (cay.arrives(cay.signed(cay.says(request_id))).status_code, cay.codes) == (400, ["no-provider"])


def test_only_certificates_in_force_are_trusted(cay):
    with schemas.inside(cay.tenant), pytest.raises(ProviderRefused) as refused:
        party(cay.provider, timezone.now() + timedelta(days=4 * 365))
    assert refused.value.code == "certificate-expired"
    assert "Upload its current metadata." in refused.value.words


def test_signing_binds_the_question_to_what_is_signed(desk, sign_in):
    """The id of the request is the hash of the intent; only a fresh authentication of the same person counts."""
    link(desk.tenant, desk.provider, "ben")
    desk.client = sign_in("ben")
    intent = json.dumps({"what": "a notice", "nonce": "1"})
    with schemas.inside(desk.tenant):
        session = desk.client.session
        session[LEFT] = {"provider": str(desk.provider.pk), "intent": intent}
        session.save()
    left = desk.leaves("sign")
    assert left["xml"].get("ID") == "_" + hashlib.sha256(intent.encode()).hexdigest()
    assert left["xml"].get("ForceAuthn") == "true"
    assert desk.arrives(desk.signed(desk.says(left["xml"].get("ID")))).status_code == 302
    with schemas.inside(desk.tenant):
        answered = desk.client.session[ANSWERED]
    assert answered["intent"] == intent
    assert answered["evidence"]["request_id"] == left["xml"].get("ID")
    verify_again(answered["evidence"])


def verify_again(evidence):
    """As an inspector would, with what was kept and nothing else."""
    kept = etree.fromstring(evidence["assertion"])
    xmlsec.tree.add_ids(kept, ["ID"])
    check = xmlsec.SignatureContext()
    check.key = xmlsec.Key.from_memory(evidence["certificate"], xmlsec.KeyFormat.CERT_PEM, None)
    check.verify(kept.find("ds:Signature", NAMES))


@pytest.mark.req("ASVS-6.8.4")
@pytest.mark.parametrize(("minutes", "codes"), [(-2, ["not-fresh"]), (0, []), (10, ["too-early"])])
def test_a_proof_takes_an_authentication_made_for_it(cay, sign_in, minutes, codes):
    cay.client = sign_in("cay")
    tree = cay.signed(cay.says(cay.request_id("prove"), authenticated=minutes))
    assert cay.arrives(tree).status_code == (400 if codes else 302)
    assert cay.codes == codes


def test_whoever_tests_the_provider_reads_why_it_fails(desk, sign_in):
    desk.client = sign_in("ann")
    tree = desk.signed(desk.says(desk.request_id("test"), audience="https://old.example/"))
    answer = desk.arrives(tree)
    assert answer.status_code == 302
    assert desk.codes == ["audience"]
    with schemas.inside(desk.tenant):
        desk.provider.refresh_from_db()
    assert "The assertion is meant (Audience) for https://old.example/" in str(desk.provider.last_test)


def test_strangers_read_no_reason(desk):
    page = desk.posts(forge.encode(forge.build(desk.says(desk.request_id())))).content.decode()
    assert "signed" not in page.split("<main")[1].replace("signed in", "")
    assert "RSA" not in page


@pytest.mark.parametrize("body", [{}, {"SAMLResponse": ""}, {"SAMLResponse": "\x00"}, {"SAMLRequest": "x"}])
def test_a_post_without_a_response_is_no_error_of_ours(desk, body):
    assert desk.client.post(f"{desk.base}/acs/", body).status_code == 400


def test_what_is_far_too_large_is_not_read(desk):
    assert (desk.posts("A" * 300_000).status_code, desk.codes) == (400, ["too-large"])


def test_other_methods_and_unknown_providers_are_refused(desk):
    assert desk.client.get(f"{desk.base}/acs/").status_code == 405
    unknown = "/sso/saml/00000000-0000-0000-0000-000000000000"
    for path, method in (("acs", desk.client.post), ("metadata", desk.client.get), ("slo", desk.client.get)):
        assert method(f"{unknown}/{path}/").status_code == 404
    assert desk.client.get(f"{desk.base}/start/").status_code == 400


@pytest.mark.req("ASVS-3.7.2")
@pytest.mark.parametrize("relay", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_relay_state_leads_nowhere(cay, relay):
    tree = cay.signed(cay.says(cay.request_id()))
    answer = cay.posts(forge.encode(tree), RelayState=relay)
    assert urlsplit(answer["Location"]).netloc == ""
    assert "evil" not in answer["Location"]
    assert cay.client.get(answer["Location"])["Location"] == "/account/"


def test_one_address_cannot_keep_us_busy(desk):
    codes = {desk.client.post(f"{desk.base}/acs/", {}).status_code for _ in range(125)}
    assert codes == {400, 429}
    cache.clear()


# --- What the provider is given ------------------------------------------------------------------


def test_our_metadata_say_what_the_provider_needs(desk):
    answer = desk.client.get(f"{desk.base}/metadata/")
    assert answer["Content-Type"] == "application/samlmetadata+xml"
    root, where = etree.fromstring(answer.content), desk.addresses()
    names = {"md": metadata.MD, "ds": metadata.DS}
    assert root.get("entityID") == where.entity_id
    assert root.xpath("//md:AssertionConsumerService/@Location", namespaces=names) == [where.acs]
    assert root.xpath("//md:SingleLogoutService/@Location", namespaces=names) == [where.slo]
    certificate = "".join(forge.pair("us")[1].splitlines()[1:-1])
    assert root.xpath("//ds:X509Certificate/text()", namespaces=names) == [certificate, certificate]
    assert b"PRIVATE" not in answer.content


def test_addresses_come_from_the_stored_origin(desk):
    found = desk.client.get(f"{desk.base}/metadata/", headers={"host": "acme.localhost:9999"})
    assert b":9999" not in found.content


def test_keys_are_made_rolled_over_and_confirmed(desk, sign_in):
    change(desk.tenant, desk.provider, own_certificates=())
    admin, path = sign_in("ann"), reverse("saml-keys", args=[desk.provider.pk], urlconf="complere.urls.tenant")
    held = []
    for act in ("make", "roll", "confirm"):
        assert admin.post(path, {"act": act, "reason": ""}).status_code == 422
        assert admin.post(path, {"act": act, "reason": "Set-up"}).status_code == 302
        with schemas.inside(desk.tenant):
            desk.provider.refresh_from_db()
            kept, keys = providers.saml(desk.provider).own_certificates, queries.private_keys(desk.provider)
        assert len(keys) == len(kept)
        for key, pem in zip(keys, kept, strict=True):
            assert same_pair(key, pem)
        held.append(kept)
    assert [len(kept) for kept in held] == [1, 2, 1]
    assert held[1] == (held[2][0], held[0][0])
    assert admin.post(path, {"act": "confirm", "reason": "Again"}).status_code == 422
    assert admin.post(path, {"act": "make", "reason": "Again"}).status_code == 422


def test_the_page_of_keys_shows_what_the_provider_needs_and_what_ends(desk, sign_in):
    page = sign_in("ann").get(f"{desk.base}/keys/").content.decode()
    where = desk.addresses()
    for shown in (where.entity_id, where.acs, where.slo, certificates.read(forge.pair("idp")[1]).fingerprint):
        assert shown in page
    assert page.count("In force") == 2
    assert "Make a new pair" in page


def same_pair(key, pem):
    ours = load_pem_private_key(key.encode(), None).public_key().public_numbers()
    return ours == x509.load_pem_x509_certificate(pem.encode()).public_key().public_numbers()


def test_keys_are_for_who_manages_access(desk, sign_in):
    path = f"{desk.base}/keys/"
    assert sign_in("cay").get(path).status_code == 403
    with schemas.inside(desk.tenant):
        late = cast.browser(cast.person("ann"), desk.tenant, proved_at=timezone.now() - timedelta(hours=1))
    assert "/prove/" in late.get(path)["Location"]


def test_the_private_key_is_nowhere_in_the_clear(desk):
    with schemas.inside(desk.tenant):
        desk.provider.refresh_from_db()
    assert b"PRIVATE" not in bytes(desk.provider.secret)
    assert "PRIVATE" not in str(desk.provider.settings)


def test_until_the_new_pair_is_confirmed_the_old_one_signs(desk):
    newest = forge.pair("newest")
    change(desk.tenant, desk.provider, own_certificates=(newest[1], forge.pair("us")[1]))
    with schemas.inside(desk.tenant), context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        both = (newest[0] + forge.pair("us")[0]).encode()
        desk.provider.secret = seal_secret(both, providers.place_of_secret(desk.provider))
        desk.provider.save(update_fields=["secret"])
    check_signature(desk.leaves()["url"])
