"""What a verified assertion says of a person."""

from typing import Any

from tenants.members.arrivals.catalogue import ProviderRefused, Said
from tenants.members.saml.adapters import checks
from tenants.members.saml.adapters.party import Party
from tenants.members.saml.adapters.responses import Verified
from tenants.members.saml.catalogue import EMAIL_NAME, NAMES

MOST_VALUES = 1000


def read(party: Party, verified: Verified) -> Said:
    """Identity is the provider's entity id and the NameID (ASVS 6.8.1). Raises `ProviderRefused`."""
    assertion = verified.assertion
    statement = assertion.find("saml:AuthnStatement", NAMES)
    at = statement.get("AuthnInstant")
    name = checks.name(assertion)
    return Said(
        issuer=party.issuer,
        subject=name,
        claims=_claims(assertion, name),
        # Who runs the provider gives out its addresses; whether the domain is the workspace's own is asked beside it.
        email_verified=True,
        authenticated_at=checks.instant(at) if at else None,
        acr=checks.context(party, assertion),
        session=statement.get("SessionIndex") or "",
        evidence={"protocol": "SAML 2.0", "assertion": verified.xml, "certificate": verified.signed_with},
    )


def _claims(assertion: Any, name: str) -> dict[str, list[str]]:
    """Attributes as lists, by name; by friendly name, too, where no other attribute has that for its name."""
    claims: dict[str, list[str]] = {}
    friendly: dict[str, list[str]] = {}
    for one in assertion.findall("saml:AttributeStatement/saml:Attribute", NAMES):
        key = one.get("Name") or ""
        if key in claims:
            raise ProviderRefused(
                "attributes", f"The attribute {key!r} comes twice. Send it once, with all its values."
            )
        values = ["".join(value.itertext()).strip() for value in one.findall("saml:AttributeValue", NAMES)]
        claims[key] = [value for value in values if value][:MOST_VALUES]
        friendly.setdefault(one.get("FriendlyName") or key, claims[key])
    if assertion.find("saml:Subject/saml:NameID", NAMES).get("Format") == EMAIL_NAME:
        friendly.setdefault("email", [name])
    return friendly | claims
