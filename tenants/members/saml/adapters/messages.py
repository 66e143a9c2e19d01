"""What we send with the browser: questions, and the end of sessions, signed, by redirect (bindings, 3.4).

Built as elements: python3-saml fills templates with text, and an address with an `&` in it would break them.
"""

import base64
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from tenants.members.saml.adapters.party import Party
from tenants.members.saml.catalogue import POST, RSA_SHA256, SAML, SAMLP, SUCCESS, UNSPECIFIED

PREFIXES = {"samlp": SAMLP, "saml": SAML}


def sign_in_url(party: Party, *, request_id: str, fresh: bool, now: datetime) -> str:
    """Where the browser goes. No RelayState: what comes next is kept here (ASVS 3.7.2). `fresh` sends ForceAuthn."""
    kept = party.kept
    asked = {
        "AssertionConsumerServiceURL": party.addresses.acs,
        "ProtocolBinding": POST,
        **({"ForceAuthn": "true"} if fresh else {}),
    }
    root = _message("AuthnRequest", party, request_id, kept.sso_url, now, asked)
    etree.SubElement(root, f"{{{SAMLP}}}NameIDPolicy", Format=kept.name_id_format, AllowCreate="true")
    if kept.authn_contexts:
        wanted = etree.SubElement(root, f"{{{SAMLP}}}RequestedAuthnContext", Comparison="exact")
        for one in kept.authn_contexts:
            etree.SubElement(wanted, f"{{{SAML}}}AuthnContextClassRef").text = one
    return _signed_url(party, kept.sso_url, "SAMLRequest", root)


def sign_out_url(party: Party, *, request_id: str, name: str, session: str, now: datetime) -> str:
    """Where the provider ends the session that it calls `session` of the subject that it calls `name`."""
    root = _message("LogoutRequest", party, request_id, party.kept.slo_url, now, {})
    named = etree.SubElement(root, f"{{{SAML}}}NameID")
    named.text = name
    if party.kept.name_id_format != UNSPECIFIED:
        named.set("Format", party.kept.name_id_format)
    if session:
        etree.SubElement(root, f"{{{SAMLP}}}SessionIndex").text = session
    return _signed_url(party, party.kept.slo_url, "SAMLRequest", root)


def signed_out_url(party: Party, *, message_id: str, answers: str, relay_state: str, now: datetime) -> str:
    """Where the provider goes on with its sign-out, told that ours is done; its RelayState goes back as it came."""
    root = _message("LogoutResponse", party, message_id, party.kept.slo_url, now, {"InResponseTo": answers})
    said = etree.SubElement(root, f"{{{SAMLP}}}Status")
    etree.SubElement(said, f"{{{SAMLP}}}StatusCode", Value=SUCCESS)
    return _signed_url(party, party.kept.slo_url, "SAMLResponse", root, relay_state)


def _message(kind: str, party: Party, message_id: str, to: str, now: datetime, more: dict[str, str]) -> Any:
    root = etree.Element(
        f"{{{SAMLP}}}{kind}",
        {
            "ID": message_id,
            "Version": "2.0",
            "IssueInstant": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Destination": to,
            **more,
        },
        nsmap=PREFIXES,
    )
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = party.addresses.entity_id
    return root


def _signed_url(party: Party, address: str, kind: str, root: Any, relay_state: str = "") -> str:
    """The message in a query string that is signed with RSA-SHA256 (bindings, 3.4.4.1)."""
    squeezed = zlib.compress(etree.tostring(root))[2:-4]
    values = {kind: base64.b64encode(squeezed).decode(), **({"RelayState": relay_state} if relay_state else {})}
    auth = OneLogin_Saml2_Auth(party.request_data(party.addresses.acs), party.settings())
    sign = auth.add_request_signature if kind == "SAMLRequest" else auth.add_response_signature
    sign(values, RSA_SHA256)
    # In the order in which the signature covers them.
    order = [name for name in (kind, "RelayState", "SigAlg", "Signature") if name in values]
    query = urlencode([(name, values[name]) for name in order])
    return f"{address}{'&' if '?' in address else '?'}{query}"
