"""Metadata of identity providers as they are uploaded: read without fetching, refused in words."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants.members.identity_providers.adapters import certificates, metadata
from tenants.members.identity_providers.catalogue import Saml

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PAIR = certificates.make("idp.example", NOW)
BARE = "".join(PAIR[1].splitlines()[1:-1])
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


def descriptor(**changes):
    said = {
        "entity": "https://idp.example/metadata", "sso": "https://idp.example/sso?a=1&amp;b=2", "binding": REDIRECT,
        "certificate": BARE, "use": ' use="signing"', "protocol": "urn:oasis:names:tc:SAML:2.0:protocol",
        "formats": "<m:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</m:NameIDFormat>",
        "role": "IDPSSODescriptor",
        "slo": f'<m:SingleLogoutService Binding="{REDIRECT}" Location="https://idp.example/slo"/>',
    } | changes  # fmt: skip
    return (
        f'<m:EntityDescriptor xmlns:m="{metadata.MD}" entityID="{said["entity"]}"><m:{said["role"]} '
        f'protocolSupportEnumeration="{said["protocol"]}"><m:KeyDescriptor{said["use"]}>'
        f'<d:KeyInfo xmlns:d="{metadata.DS}"><d:X509Data><d:X509Certificate>{said["certificate"]}'
        f"</d:X509Certificate></d:X509Data></d:KeyInfo></m:KeyDescriptor>{said['slo']}{said['formats']}"
        f'<m:SingleSignOnService Binding="{said["binding"]}" Location="{said["sso"]}"/></m:{said["role"]}>'
        "</m:EntityDescriptor>"
    )


SEVERAL = f'<m:EntitiesDescriptor xmlns:m="{metadata.MD}">{descriptor()}{descriptor()}</m:EntitiesDescriptor>'


def why(text):
    with pytest.raises(metadata.MetadataRefused) as refused:
        metadata.read(text if isinstance(text, bytes) else text.encode())
    return str(refused.value)


def test_metadata_say_where_to_go_and_whom_to_trust():
    found = metadata.read(descriptor().encode())
    assert found.entity_id == "https://idp.example/metadata"
    assert found.saml == Saml(
        sso_url="https://idp.example/sso?a=1&b=2",
        slo_url="https://idp.example/slo",
        certificates=(PAIR[1],),
        name_id_format=metadata.PERSISTENT,
    )


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        ("", metadata.UNSPECIFIED),
        (f"<m:NameIDFormat>{EMAIL}</m:NameIDFormat>", EMAIL),
        (f"<m:NameIDFormat>{TRANSIENT}</m:NameIDFormat>", metadata.PERSISTENT),
        (f"<m:NameIDFormat>{TRANSIENT}</m:NameIDFormat><m:NameIDFormat>{EMAIL}</m:NameIDFormat>", EMAIL),
    ],
)
def test_a_name_that_lasts_is_chosen(formats, chosen):
    assert metadata.read(descriptor(formats=formats).encode()).saml.name_id_format == chosen


def test_a_certificate_without_a_use_signs_and_one_for_encryption_does_not():
    assert metadata.read(descriptor(use="").encode()).saml.certificates == (PAIR[1],)
    assert why(descriptor(use=' use="encryption"')) == "The metadata hold no certificate for signing."


@pytest.mark.req("ASVS-1.5.1")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', "document type"),
        ("<!doctype x><x/>", "document type"),
        (b"\xff\xfe<\x00x\x00/\x00>\x00", "UTF-8"),
        ("<x", "not well-formed"),
        ("", "not well-formed"),
        ("<x/>", "no SAML metadata"),
        ("x" * 600_000, "at most"),
        (descriptor(role="SPSSODescriptor"), "describe 0 identity providers"),
        (SEVERAL, "describe 2 identity providers"),
        (descriptor(protocol="urn:oasis:names:tc:SAML:1.1:protocol"), "does not offer SAML 2.0"),
        (descriptor(entity=""), "no entityID"),
        (descriptor(entity="x" * 501), "no entityID"),
        (descriptor(binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"), "HTTP-Redirect"),
        (descriptor(sso="http://idp.example/sso"), "must begin with https://"),
        (descriptor(sso="javascript:alert(1)"), "must begin with https://"),
        (descriptor(sso="https://user@idp.example/"), "must begin with https://"),
        (descriptor(certificate="aGVsbG8="), "no X.509 certificate"),
        (descriptor(certificate="?"), "no X.509 certificate"),
        (descriptor(certificate=""), "no X.509 certificate"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_words(text, words):
    assert words in why(text)


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(str.encode)))
def test_whatever_is_uploaded_is_read_or_refused(raw):
    with pytest.raises(metadata.MetadataRefused):
        metadata.read(raw)


def test_a_change_is_told_line_by_line_before_it_is_taken():
    old = metadata.read(descriptor().encode()).saml
    other = certificates.make("next.example", NOW)[1]
    new = Saml(sso_url="https://new.example/sso", slo_url=old.slo_url, certificates=(PAIR[1], other))
    told = metadata.difference(old, new, old_entity_id="a", new_entity_id="a")
    assert told[0] == {"field": "Sign-in address", "old": old.sso_url, "new": new.sso_url}
    assert told[1] == {"field": "Certificate", "old": "", "new": metadata.certificate_words(certificates.read(other))}
    assert len(told) == 2
    assert metadata.difference(old, old) == []


def test_what_the_tenant_chose_outlives_new_metadata():
    kept = Saml(authn_contexts=("mfa",), allows_unsolicited=True, own_certificates=("ours",))
    merged = metadata.merged(kept, metadata.read(descriptor().encode()).saml)
    assert (merged.authn_contexts, merged.allows_unsolicited, merged.own_certificates) == (("mfa",), True, ("ours",))
    assert merged.sso_url == "https://idp.example/sso?a=1&b=2"


def test_a_certificate_is_read_with_its_end_and_fingerprint():
    one = certificates.read(BARE)
    assert (one.pem, one.subject, one.key) == (PAIR[1], "CN=idp.example", "RSA 3072")
    assert (one.days_left(NOW), one.is_over(NOW), one.is_over(one.not_after)) == (3 * 365, False, True)
    assert len(one.fingerprint) == 95
    assert certificates.expiring([PAIR[1]], NOW, within=timedelta(days=30)) == []
    assert certificates.expiring([PAIR[1]], one.not_after, within=timedelta(0)) == [one]
    assert certificates.lasts_until([PAIR[1]]) == one.not_after


def test_a_weak_key_is_not_trusted():
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "weak")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    weak = base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()
    assert "RSA key of 1024 bits; at least 2048" in why(descriptor(certificate=weak))
