"""Our metadata for one identity provider, as it is uploaded there."""

from typing import Any

from lxml import etree

from tenants.members.identity_providers.catalogue import Saml
from tenants.members.saml.catalogue import DS, MD, POST, REDIRECT, SAMLP, Addresses

PREFIXES = {"md": MD, "ds": DS}


def xml(addresses: Addresses, kept: Saml) -> bytes:
    """Certificates of a roll-over are all named for signing, and the newest for encryption: both keys open."""
    root = etree.Element(f"{{{MD}}}EntityDescriptor", {"entityID": addresses.entity_id}, nsmap=PREFIXES)
    role = etree.SubElement(
        root,
        f"{{{MD}}}SPSSODescriptor",
        AuthnRequestsSigned="true",
        WantAssertionsSigned="true",
        protocolSupportEnumeration=SAMLP,
    )
    for pem in kept.own_certificates:
        _key(role, pem, "signing")
    for pem in kept.own_certificates[:1]:
        _key(role, pem, "encryption")
    etree.SubElement(role, f"{{{MD}}}SingleLogoutService", Binding=REDIRECT, Location=addresses.slo)
    etree.SubElement(role, f"{{{MD}}}NameIDFormat").text = kept.name_id_format
    etree.SubElement(
        role, f"{{{MD}}}AssertionConsumerService", Binding=POST, Location=addresses.acs, index="0", isDefault="true"
    )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _key(role: Any, pem: str, use: str) -> None:
    key = etree.SubElement(role, f"{{{MD}}}KeyDescriptor", use=use)
    data = etree.SubElement(etree.SubElement(key, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
    lines = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    etree.SubElement(data, f"{{{DS}}}X509Certificate").text = "".join(lines)
