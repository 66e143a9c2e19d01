"""What python3-saml leaves out or compares too loosely, on an assertion whose signature holds. All is equality.

The same checks explain a refusal of the library in words: they name what came and what would be right.
"""

from datetime import UTC, datetime
from typing import Any

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.saml.adapters.party import Party
from tenants.members.saml.catalogue import BEARER, LONGEST, MOST_NAME, NAMES, SAMLP, TRANSIENT

CLOCK = "Compare the clocks: ours follows network time, so the provider's is likely to be off."


def assertion_of(document: Any) -> Any:
    """The one assertion of a document whose shape was checked. Raises `ProviderRefused`."""
    found = document.findall("saml:Assertion", NAMES)
    if len(found) != 1:
        raise ProviderRefused("assertions", "The response holds no assertion in the clear.")
    return found[0]


def everything(party: Party, document: Any, assertion: Any, *, request_id: str, now: datetime) -> datetime:
    """Raises `ProviderRefused` for the first that does not hold; returns until when the assertion may be presented."""
    destination(party, document)
    issuer(party, assertion)
    in_response_to(document, request_id)
    audience(party, assertion)
    until = bearer(party, assertion, request_id=request_id, now=now)
    nothing_hidden(assertion)
    name(assertion)
    context(party, assertion)
    return until


def destination(party: Party, document: Any) -> None:
    """Required of a signed response (bindings, 3.5.5.2)."""
    sent_to = document.get("Destination")
    signed = document.find("ds:Signature", NAMES) is not None
    if (sent_to is None and signed) or (sent_to is not None and sent_to != party.addresses.acs):
        raise ProviderRefused(
            "destination", f"The response is addressed (Destination) to {sent_to!r}; right is {party.addresses.acs!r}."
        )


def issuer(party: Party, assertion: Any) -> None:
    said = _text(assertion.find("saml:Issuer", NAMES))
    if said != party.issuer:
        raise ProviderRefused("issuer", f"The assertion was issued by {said!r}; this provider is {party.issuer!r}.")


def in_response_to(document: Any, request_id: str) -> None:
    said = document.get("InResponseTo")
    if (said or "") != request_id or said == "":
        raise ProviderRefused(
            "in-response-to", f"The response answers {said!r}, which is not the request that we sent."
        )


def audience(party: Party, assertion: Any) -> None:
    """Each restriction must name us; there must be one."""
    restrictions = assertion.findall("saml:Conditions/saml:AudienceRestriction", NAMES)
    ours = party.addresses.entity_id
    told = [[_text(one) for one in restriction.findall("saml:Audience", NAMES)] for restriction in restrictions]
    if not told or not all(ours in audiences for audiences in told):
        named = ", ".join(text for audiences in told for text in audiences) or "nobody"
        raise ProviderRefused(
            "audience", f"The assertion is meant (Audience) for {named}; right is {ours}. Enter this as our entity id."
        )


def bearer(party: Party, assertion: Any, *, request_id: str, now: datetime) -> datetime:
    """Until when the assertion may be presented, by its confirmation that holds; refuses when none does."""
    refusals: list[ProviderRefused] = []
    for one in assertion.findall("saml:Subject/saml:SubjectConfirmation", NAMES):
        data = one.find("saml:SubjectConfirmationData", NAMES)
        if one.get("Method") == BEARER and data is not None:
            try:
                return _confirmation(party, data, request_id, now)
            except ProviderRefused as refused:
                refusals.append(refused)
    raise next(
        iter(refusals), ProviderRefused("subject-confirmation", "The assertion has no confirmation of the kind bearer.")
    )


def nothing_hidden(assertion: Any) -> None:
    hidden = assertion.xpath(".//saml:EncryptedID | .//saml:EncryptedAttribute", namespaces=NAMES)
    if hidden:
        raise ProviderRefused(
            "encrypted-parts", "Name or attributes are encrypted by themselves. Encrypt the whole assertion instead."
        )


def name(assertion: Any) -> str:
    """What the subject is called by the provider. A name that changes at each sign-in is nobody's (ASVS 6.8.1)."""
    found = assertion.find("saml:Subject/saml:NameID", NAMES)
    said = _text(found).strip()
    if not said or len(said) > MOST_NAME or not said.isprintable():
        raise ProviderRefused("name", "The assertion names nobody: NameID is missing, empty or too long.")
    if found.get("Format") == TRANSIENT:
        raise ProviderRefused(
            "transient",
            "The name (NameID) is transient: the person has another one at each sign-in. Let the provider send a "
            "persistent one, or an attribute that never changes.",
        )
    return said


def context(party: Party, assertion: Any) -> str:
    """How the person authenticated, as the provider says; must be among what is required here (ASVS 6.8.4)."""
    found = assertion.find("saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef", NAMES)
    said = _text(found).strip()
    required = party.kept.authn_contexts
    if required and said not in required:
        raise ProviderRefused(
            "authn-context",
            f"The person authenticated by {said or 'nothing named'}; required is {', '.join(required)}.",
        )
    return said


def conditions(assertion: Any, now: datetime) -> str:
    """From when to when the assertion says it holds, beside our clock, in words."""
    found = assertion.find("saml:Conditions", NAMES)
    from_, to = (found.get("NotBefore"), found.get("NotOnOrAfter")) if found is not None else (None, None)
    here = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return f"It holds from {from_ or 'ever'} to {to or 'ever'}; here it is {here}. {CLOCK}"


def status(document: Any) -> str:
    """What the provider says went wrong on its side."""
    codes = [str(one.get("Value")) for one in document.iter(f"{{{SAMLP}}}StatusCode")]
    said = _text(document.find("samlp:Status/samlp:StatusMessage", NAMES)).strip()
    short = ", ".join(code.rpartition(":")[2] for code in codes) or "nothing"
    return f"The provider did not sign the person in. It says: {short}{f' ({said[:200]})' if said else ''}."


def instant(text: str) -> datetime:
    """Aware, UTC. Raises `ProviderRefused`."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as wrong:
        raise ProviderRefused("instant", f"{text[:60]!r} is no time as SAML writes it.") from wrong


def _confirmation(party: Party, data: Any, request_id: str, now: datetime) -> datetime:
    recipient, answers, until = data.get("Recipient"), data.get("InResponseTo"), data.get("NotOnOrAfter")
    if recipient != party.addresses.acs:
        raise ProviderRefused(
            "recipient",
            f"The assertion is to be presented at (Recipient) {recipient!r}; right is {party.addresses.acs!r}.",
        )
    if (answers or "") != request_id:
        raise ProviderRefused("in-response-to", f"The assertion answers {answers!r}, not the request that we sent.")
    if until is None:
        raise ProviderRefused("no-end", "The assertion does not say until when it may be presented (NotOnOrAfter).")
    end = instant(until)
    if end <= now:
        raise ProviderRefused(
            "expired", f"The assertion was to be presented before {until}; here it is {now:%H:%M:%S} UTC. {CLOCK}"
        )
    if end > now + LONGEST:
        raise ProviderRefused(
            "lasts-too-long", f"The assertion may be presented until {until}; at most a day is taken."
        )
    begins = data.get("NotBefore")
    if begins is not None and instant(begins) > now:
        raise ProviderRefused(
            "too-early", f"The assertion may be presented from {begins}; here it is {now:%H:%M:%S} UTC. {CLOCK}"
        )
    return end


def _text(element: Any) -> str:
    return "".join(element.itertext()) if element is not None else ""
