"""Sign-out messages that come by redirect: taken only with a signature over the query, checked before anything else."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.logout_request import OneLogin_Saml2_Logout_Request
from onelogin.saml2.logout_response import OneLogin_Saml2_Logout_Response

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.saml.adapters import checks, shape
from tenants.members.saml.adapters.party import Party
from tenants.members.saml.catalogue import DRIFT, MOST_BYTES, NAMES, QUERY_SIGNATURES, SAMLP

KINDS: Final = {"SAMLRequest": f"{{{SAMLP}}}LogoutRequest", "SAMLResponse": f"{{{SAMLP}}}LogoutResponse"}
DEFLATE: Final = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"
# The binding says 80; SimpleSAMLphp sends a whole address.
MOST_RELAY_STATE: Final = 2000
MOST_QUERY: Final = 32 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """A message whose signature holds. `asks`: it wants sessions ended; otherwise it answers `in_response_to`."""

    asks: bool
    message_id: str
    relay_state: str
    in_response_to: str = ""
    subject: str = ""
    sessions: tuple[str, ...] = ()


def read(party: Party, query: str, now: datetime) -> Logout:
    """From the query string as it came, byte by byte: the signature is over that. Raises `ProviderRefused`."""
    values = _values(query)
    kind = "SAMLRequest" if "SAMLRequest" in values else "SAMLResponse"
    if "Signature" not in values or values.get("SigAlg") not in QUERY_SIGNATURES:
        raise ProviderRefused(
            "unsigned",
            "Sign-out messages must be signed with RSA and SHA-256 or longer. Switch that on at the provider.",
        )
    root = shape.parse(_inflated(values[kind]))
    _check_shape(root, kind)
    _check_signature(party, query, values, kind)
    _check_words(party, root, now)
    return _read(root, values)


def _values(query: str) -> dict[str, str]:
    if len(query) > MOST_QUERY:
        raise ProviderRefused("too-large", "The sign-out message is too large.")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=10)
    except ValueError as wrong:
        raise ProviderRefused("no-message", "There is no sign-out message in the address.") from wrong
    values = dict(pairs)
    if len(values) != len(pairs) or ("SAMLRequest" in values) == ("SAMLResponse" in values):
        raise ProviderRefused(
            "no-message", "The address must hold one SAMLRequest or one SAMLResponse, each value once."
        )
    if values.get("SAMLEncoding", DEFLATE) != DEFLATE:
        raise ProviderRefused("no-message", "The message has an encoding that nobody uses.")
    return values


def _inflated(value: str) -> bytes:
    """Never more than is read: a kilobyte can hold a gigabyte of nothing."""
    opened = zlib.decompressobj(-15)
    try:
        raw = opened.decompress(shape.decode(value), MOST_BYTES)
    except zlib.error as broken:
        raise ProviderRefused("no-message", "The message is not compressed as the binding says (DEFLATE).") from broken
    if opened.unconsumed_tail:
        raise ProviderRefused("too-large", f"The message is larger than {MOST_BYTES // 1024} KiB.")
    if not opened.eof:
        raise ProviderRefused("no-message", "The message is cut off.")
    return raw


def _check_shape(root: Any, kind: str) -> None:
    if root.tag != KINDS[kind]:
        raise ProviderRefused("no-message", f"The message is no {KINDS[kind].rpartition('}')[2]}.")
    if root.xpath(".//ds:* | .//xenc:* | .//saml:EncryptedID", namespaces=NAMES):
        raise ProviderRefused("foreign-part", "The message holds a signature or something encrypted inside.")
    if not root.get("ID"):
        raise ProviderRefused("ids", "The message has no ID.")


def _check_signature(party: Party, query: str, values: dict[str, str], kind: str) -> None:
    data = party.request_data(party.addresses.slo, **values)
    data |= {"query_string": query, "validate_signature_from_qs": True}
    settings = party.settings(messages_signed=True)
    auth = OneLogin_Saml2_Auth(data, settings)
    asks = kind == "SAMLRequest"
    try:
        holds = auth.validate_request_signature(values) if asks else auth.validate_response_signature(values)
        message = (OneLogin_Saml2_Logout_Request if asks else OneLogin_Saml2_Logout_Response)(settings, values[kind])
        fine = holds and message.is_valid(data)
    except Exception as broken:
        raise ProviderRefused("logout", f"The sign-out message cannot be processed: {broken}") from broken
    if not holds:
        known = ", ".join(one.fingerprint for one in party.trusted)
        raise ProviderRefused("signature", f"The signature of the sign-out message does not match. Known: {known}.")
    if not fine:
        raise ProviderRefused("logout", f"The sign-out message does not hold: {message.get_error()}")


def _check_words(party: Party, root: Any, now: datetime) -> None:
    sent_to, issuer = root.get("Destination"), "".join(root.xpath("saml:Issuer//text()", namespaces=NAMES))
    if sent_to != party.addresses.slo:
        raise ProviderRefused(
            "destination", f"The message is addressed (Destination) to {sent_to!r}; right is {party.addresses.slo!r}."
        )
    if issuer != party.issuer:
        raise ProviderRefused("issuer", f"The message was issued by {issuer!r}; this provider is {party.issuer!r}.")
    if abs(checks.instant(root.get("IssueInstant") or "") - now) > DRIFT:
        raise ProviderRefused("expired", f"The message is of {root.get('IssueInstant')}. {checks.CLOCK}")


def _read(root: Any, values: dict[str, str]) -> Logout:
    return Logout(
        asks=root.tag == KINDS["SAMLRequest"],
        message_id=root.get("ID"),
        relay_state=values.get("RelayState", "")[:MOST_RELAY_STATE],
        in_response_to=root.get("InResponseTo") or "",
        subject="".join(root.xpath("saml:NameID//text()", namespaces=NAMES)).strip(),
        sessions=tuple("".join(one.itertext()).strip() for one in root.findall("samlp:SessionIndex", NAMES)),
    )
