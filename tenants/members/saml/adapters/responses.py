"""A response to our question: shape, then python3-saml, then what it leaves out."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import xmlsec
from lxml import etree
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers.adapters import certificates
from tenants.members.saml.adapters import checks, explanations, shape
from tenants.members.saml.adapters.party import Party
from tenants.members.saml.catalogue import XENC


class StrictResponse(OneLogin_Saml2_Response):
    """Checks the shape before anything is decrypted, and again after: anybody can encrypt to our certificate."""

    decrypted_document: Any

    def __init__(self, settings: Any, response: str, keys: Sequence[str]) -> None:
        # While our keys roll over, either may have been encrypted to.
        self._keys = keys
        shape.check(shape.parse(shape.decode(response)))
        super().__init__(settings, response)
        if self.encrypted:
            # Parsed anew: lxml does not find elements by name that libxmlsec has made.
            self.decrypted_document = shape.parse(etree.tostring(self.decrypted_document))
            shape.check(self.decrypted_document)

    def _decrypt_assertion(self, xml: Any) -> Any:
        for key in self._keys:
            found = _decrypted(deepcopy(xml), key)
            if found is not None:
                return found
        raise ProviderRefused(
            "encryption",
            "The assertion could not be decrypted with our key. Give the provider our current metadata: "
            "it encrypts to another certificate.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was posted, parsed but not verified: enough to find the question it belongs to."""

    encoded: str
    in_response_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`xml` is the assertion that was verified with the certificate `signed_with` (PEM).

    `until`: when it may no longer be presented (aware).
    """

    assertion: Any
    xml: str
    signed_with: str
    until: datetime


def read(encoded: str) -> Answer:
    """Raises `ProviderRefused` for what is no XML that may be looked at."""
    root = shape.parse(shape.decode(encoded))
    shape.check_kind(root)
    return Answer(encoded=encoded, in_response_to=root.get("InResponseTo") or "")


def verify(party: Party, answer: Answer, *, request_id: str, now: datetime) -> Verified:
    """Whether this answers our request `request_id` (empty: none was sent). Raises `ProviderRefused` with why not."""
    try:
        response = StrictResponse(party.settings(), answer.encoded, party.keys)
        _ask_library(party, response, request_id, now)
    except ProviderRefused:
        raise
    except Exception as broken:
        raise ProviderRefused("response", f"The response cannot be processed: {broken}") from broken
    assertion = checks.assertion_of(response.get_xml_document())
    until = checks.everything(party, response.document, assertion, request_id=request_id, now=now)
    return Verified(
        assertion=assertion,
        xml=etree.tostring(assertion, encoding="unicode", with_tail=False),
        signed_with=_signed_with(response, party.trusted),
        until=until,
    )


def _ask_library(party: Party, response: Any, request_id: str, now: datetime) -> None:
    try:
        response.is_valid(party.request_data(party.addresses.acs), request_id or None, raise_exceptions=True)
    except OneLogin_Saml2_ValidationError as refused:
        raise explanations.of(refused, party, response, request_id, now) from refused


def _signed_with(response: Any, trusted: Sequence[certificates.Certificate]) -> str:
    document = response.get_xml_document()
    for one in trusted:
        if OneLogin_Saml2_Utils.validate_sign(
            document, cert=one.pem, xpath=OneLogin_Saml2_Utils.ASSERTION_SIGNATURE_XPATH
        ):
            return one.pem
    raise ProviderRefused("signature", "The signature does not match.")


def _decrypted(xml: Any, key: str) -> Any:
    """The document with the assertion in the clear; None when this key does not open it."""
    outer = xml.find(shape.ENCRYPTED)
    data = outer.findall(f"{{{XENC}}}EncryptedData")
    if len(data) != 1:
        raise ProviderRefused("encryption", "The encrypted assertion does not hold exactly one EncryptedData.")
    _with_its_key(outer, data[0])
    try:
        inner = OneLogin_Saml2_Utils.decrypt_element(data[0], key, inplace=True)
    except (xmlsec.Error, etree.LxmlError, ValueError, TypeError):
        return None
    if not etree.iselement(inner):
        raise ProviderRefused("encryption", "What was encrypted is not an assertion.")
    xml.replace(outer, inner)
    return xml


def _with_its_key(outer: Any, data: Any) -> None:
    """Some providers put the encrypted key beside the data instead of into it."""
    info = data.find("{http://www.w3.org/2000/09/xmldsig#}KeyInfo")
    if info is None:
        info = etree.SubElement(data, "{http://www.w3.org/2000/09/xmldsig#}KeyInfo")
        data.insert(1, info)
    if info.find(f"{{{XENC}}}EncryptedKey") is None:
        for beside in outer.findall(f"{{{XENC}}}EncryptedKey"):
            info.append(beside)
