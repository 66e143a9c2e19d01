"""Metadata that an identity provider publishes of itself, read as an upload: nothing is fetched (ASVS 1.5.1)."""

import ipaddress
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlsplit

from tenants.members.identity_providers.adapters import certificates
from tenants.members.identity_providers.adapters.hardened_xml import XmlRefused, parse
from tenants.members.identity_providers.catalogue import Saml

# A federation lists hundreds of providers; one alone needs a tenth of this.
MOST_BYTES: Final = 512 * 1024
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
SAML2: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
NAMES: Final = {"md": MD, "ds": DS}


class MetadataRefused(Exception):
    """The metadata cannot be used; the text says what is wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """`saml` holds only what metadata say: the choices of the tenant stand in the settings kept so far."""

    entity_id: str
    saml: Saml


def read(xml: bytes) -> Metadata:
    """Raises `MetadataRefused`. Certificates that are over are read, too: `certificates.expiring` tells of them."""
    try:
        root = parse(xml, most=MOST_BYTES)
    except XmlRefused as refused:
        raise MetadataRefused(refused.words) from refused
    entity = _entity(root)
    entity_id = (entity.get("entityID") or "").strip()
    if not entity_id or len(entity_id) > 500:
        raise MetadataRefused("The metadata name no entityID, or one of more than 500 characters.")
    role = entity.find("md:IDPSSODescriptor", NAMES)
    return Metadata(
        entity_id=entity_id,
        saml=Saml(
            sso_url=_address(role, "SingleSignOnService", needed=True),
            slo_url=_address(role, "SingleLogoutService", needed=False),
            certificates=_certificates(role),
            name_id_format=_name_id_format(role),
        ),
    )


def merged(kept: Saml, new: Saml) -> Saml:
    """What is kept with what the metadata say in its place; our own certificates and choices stay."""
    return replace(
        kept,
        sso_url=new.sso_url,
        slo_url=new.slo_url,
        certificates=new.certificates,
        name_id_format=new.name_id_format,
    )


def difference(old: Saml, new: Saml, *, old_entity_id: str = "", new_entity_id: str = "") -> list[dict[str, str]]:
    """What changes, for the page that asks to confirm it: `field`, `old`, `new`, as `components/timeline.html` has."""
    lines = [
        ("Entity id", old_entity_id, new_entity_id),
        ("Sign-in address", old.sso_url, new.sso_url),
        ("Sign-out address", old.slo_url, new.slo_url),
        ("Format of the name", old.name_id_format, new.name_id_format),
    ]
    told = [{"field": field, "old": was, "new": will} for field, was, will in lines if was != will]
    was, will = (certificates.known(one.certificates) for one in (old, new))
    gone = [one for one in was if one.fingerprint not in {other.fingerprint for other in will}]
    come = [one for one in will if one.fingerprint not in {other.fingerprint for other in was}]
    return [
        *told,
        *({"field": "Certificate", "old": certificate_words(one), "new": ""} for one in gone),
        *({"field": "Certificate", "old": "", "new": certificate_words(one)} for one in come),
    ]


def certificate_words(one: certificates.Certificate) -> str:
    return f"{one.subject}, {one.key}, valid to {one.not_after:%A %d %B %Y, %H:%M} UTC, SHA-256 {one.fingerprint}"


def is_address(url: str) -> bool:
    """https, or http on this very machine, where demonstrations and tests run. Browsers go there, we never do."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if any(character.isspace() or ord(character) < 32 for character in url) or parts.username or parts.fragment:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)))


def _is_here(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _entity(root: Any) -> Any:
    if root.tag not in (f"{{{MD}}}EntityDescriptor", f"{{{MD}}}EntitiesDescriptor"):
        raise MetadataRefused("This is no SAML metadata: its root is not an EntityDescriptor.")
    found = [
        one for one in root.iter(f"{{{MD}}}EntityDescriptor") if one.find("md:IDPSSODescriptor", NAMES) is not None
    ]
    if len(found) != 1:
        raise MetadataRefused(
            f"The metadata describe {len(found)} identity providers; exactly one is needed. "
            "Metadata of a service provider do not help here."
        )
    roles = found[0].findall("md:IDPSSODescriptor", NAMES)
    if len(roles) != 1 or SAML2 not in (roles[0].get("protocolSupportEnumeration") or "").split():
        raise MetadataRefused("The identity provider does not offer SAML 2.0.")
    return found[0]


def _address(role: Any, service: str, *, needed: bool) -> str:
    found = [
        one.get("Location") or "" for one in role.findall(f"md:{service}", NAMES) if one.get("Binding") == REDIRECT
    ]
    if not found and not needed:
        return ""
    if not found:
        raise MetadataRefused(f"The metadata name no {service} with the binding HTTP-Redirect. Switch it on there.")
    if not is_address(found[0]):
        raise MetadataRefused(f"The address of {service} must begin with https://; it is {found[0][:200]!r}.")
    return found[0]


def _certificates(role: Any) -> tuple[str, ...]:
    """Those that sign, each once, in the order of the metadata."""
    texts = [
        node.text or ""
        for key in role.findall("md:KeyDescriptor", NAMES)
        if key.get("use") in (None, "signing")
        for node in key.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", NAMES)
    ]
    if not texts:
        raise MetadataRefused("The metadata hold no certificate for signing.")
    try:
        return tuple(dict.fromkeys(certificates.read(text).pem for text in texts))
    except certificates.CertificateRefused as refused:
        raise MetadataRefused(str(refused)) from refused


def _name_id_format(role: Any) -> str:
    """Persistent where it is offered; never transient, which names somebody else at each sign-in."""
    offered = [(node.text or "").strip() for node in role.findall("md:NameIDFormat", NAMES)]
    lasting = [one for one in offered if one and one != TRANSIENT]
    if PERSISTENT in lasting or (offered and not lasting):
        return PERSISTENT
    return lasting[0] if lasting else UNSPECIFIED
