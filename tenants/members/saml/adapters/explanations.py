"""A refusal of python3-saml in words that help whoever sets the provider up."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as Error

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers.adapters import certificates
from tenants.members.saml.adapters import checks
from tenants.members.saml.adapters.party import Party
from tenants.members.saml.catalogue import DS

UNSIGNED = (
    "The assertion is not signed. Set the provider to sign the assertion; signing the response alone is not enough."
)


def of(refused: Error, party: Party, response: Any, request_id: str, now: datetime) -> ProviderRefused:
    """What to refuse with. The document was not verified: whoever reads this knows that it may be forged."""
    explain = EXPLAINED.get(refused.code)
    if explain is not None:
        try:
            found = explain(party, response, request_id, now)
        except ProviderRefused as better:
            return better
        if found is not None:
            return found
    return ProviderRefused(CODES.get(refused.code, "response"), f"{refused}.")


def _status(_party: Party, response: Any, _request_id: str, _now: datetime) -> ProviderRefused:
    return ProviderRefused("status", checks.status(response.document))


def _unsigned(*_: Any) -> ProviderRefused:
    return ProviderRefused("unsigned", UNSIGNED)


def _answers(_party: Party, response: Any, request_id: str, _now: datetime) -> None:
    checks.in_response_to(response.document, request_id)


def _expired(_party: Party, response: Any, _request_id: str, now: datetime) -> ProviderRefused:
    return ProviderRefused("expired", f"The assertion is over. {checks.conditions(_assertion(response), now)}")


def _too_early(_party: Party, response: Any, _request_id: str, now: datetime) -> ProviderRefused:
    return ProviderRefused(
        "too-early", f"The assertion does not hold yet. {checks.conditions(_assertion(response), now)}"
    )


def _session_over(*_: Any) -> ProviderRefused:
    return ProviderRefused("session-over", f"The session at the provider is over already. {checks.CLOCK}")


def _destination(party: Party, response: Any, _request_id: str, _now: datetime) -> None:
    checks.destination(party, response.document)


def _audience(party: Party, response: Any, _request_id: str, _now: datetime) -> None:
    checks.audience(party, _assertion(response))


def _issuer(party: Party, response: Any, _request_id: str, _now: datetime) -> ProviderRefused:
    said = ", ".join(str(one) for one in response.get_issuers())
    return ProviderRefused("issuer", f"The response was issued by {said}; this provider is {party.issuer}.")


def _bearer(party: Party, response: Any, request_id: str, now: datetime) -> ProviderRefused:
    checks.bearer(party, _assertion(response), request_id=request_id, now=now)
    return ProviderRefused("subject-confirmation", "No confirmation of the assertion's subject holds.")


def _context(party: Party, response: Any, _request_id: str, _now: datetime) -> None:
    checks.context(party, _assertion(response))


def _signature(party: Party, response: Any, _request_id: str, _now: datetime) -> ProviderRefused:
    known = ", ".join(one.fingerprint for one in party.trusted)
    sent = _certificates_sent(response.get_xml_document())
    if not sent or set(sent) & {one.fingerprint for one in party.trusted}:
        return ProviderRefused(
            "signature", f"The signature does not match: something was changed, or another key signed. Known: {known}."
        )
    over = {one.fingerprint for one in certificates.known(party.kept.certificates)} & set(sent)
    if over:
        return ProviderRefused(
            "certificate-expired", f"The provider signs with a certificate that is over: {over.pop()}."
        )
    return ProviderRefused(
        "certificate-unknown",
        f"The provider signs with a certificate that is not known here (SHA-256 {', '.join(sent)}). Known: {known}. "
        "If the provider has changed its certificate, upload its current metadata.",
    )


def _assertion(response: Any) -> Any:
    return checks.assertion_of(response.get_xml_document())


def _certificates_sent(document: Any) -> list[str]:
    """Fingerprints of what the signatures say they were made with; an attacker writes there at will."""
    found: list[str] = []
    for node in document.iter(f"{{{DS}}}X509Certificate"):
        try:
            found.append(certificates.read(node.text or "").fingerprint)
        except certificates.CertificateRefused:
            digest = hashlib.sha256((node.text or "").encode()).hexdigest().upper()
            found.append(f"unreadable, {digest[:16]}")
    return found[:4]


EXPLAINED: Final[dict[int, Callable[[Party, Any, str, datetime], ProviderRefused | None]]] = {
    Error.STATUS_CODE_IS_NOT_SUCCESS: _status,
    Error.WRONG_INRESPONSETO: _answers,
    Error.ASSERTION_EXPIRED: _expired,
    Error.ASSERTION_TOO_EARLY: _too_early,
    Error.SESSION_EXPIRED: _session_over,
    Error.WRONG_DESTINATION: _destination,
    Error.EMPTY_DESTINATION: _destination,
    Error.WRONG_AUDIENCE: _audience,
    Error.WRONG_ISSUER: _issuer,
    Error.WRONG_SUBJECTCONFIRMATION: _bearer,
    Error.AUTHN_CONTEXT_MISMATCH: _context,
    Error.NO_SIGNED_ASSERTION: _unsigned,
    Error.NO_SIGNATURE_FOUND: _unsigned,
    Error.INVALID_SIGNATURE: _signature,
}
CODES: Final[dict[int, str]] = {
    Error.INVALID_XML_FORMAT: "schema",
    Error.MISSING_CONDITIONS: "conditions",
    Error.ENCRYPTED_ATTRIBUTES: "encrypted-parts",
    Error.WRONG_NUMBER_OF_AUTHSTATEMENTS: "authn-statement",
    Error.NO_NAMEID: "name",
    Error.EMPTY_NAMEID: "name",
    Error.ISSUER_NOT_FOUND_IN_ASSERTION: "issuer",
    Error.ISSUER_MULTIPLE_IN_RESPONSE: "issuer",
}
