"""The strict check of a response's shape, before libxmlsec sees a byte of it.

libxmlsec runs every transform and opens every reference of a signature before it looks at the signature's value: an
XSLT bomb, or `file:///dev/zero`, needs no key and no account. What is not on the lists of the catalogue is refused
here, in well under a millisecond.
"""

import base64
import binascii
from collections import Counter
from typing import Any

from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from tenants.members.arrivals.catalogue import ProviderRefused
from tenants.members.identity_providers.adapters import hardened_xml
from tenants.members.saml.catalogue import (
    CANONICALIZATIONS,
    CIPHERS,
    DIGESTS,
    DS,
    ENCRYPTION_PARTS,
    EXC_C14N,
    KEY_TRANSPORTS,
    MOST_ATTRIBUTES,
    MOST_BYTES,
    MOST_ELEMENTS,
    MOST_TRANSFORMS,
    OAEP_DIGESTS,
    SAML,
    SAMLP,
    SIGNATURE_PARTS,
    SIGNATURES,
    TRANSFORMS,
    XENC,
    XENC11,
    XML_ID,
    XSLT,
)

RESPONSE, ASSERTION = f"{{{SAMLP}}}Response", f"{{{SAML}}}Assertion"
ENCRYPTED = f"{{{SAML}}}EncryptedAssertion"
SIGNATURE = f"{{{DS}}}Signature"
ID_NAMES = ("ID", "Id", "id")


def decode(encoded: str, *, most: int = MOST_BYTES) -> bytes:
    """What was posted, out of its base64. Raises `ProviderRefused`."""
    # Four characters carry three bytes; line breaks are allowed for.
    if len(encoded) > most * 3 // 2:
        raise ProviderRefused("too-large", f"The message is larger than {most // 1024} KiB.")
    try:
        return base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError) as broken:
        raise ProviderRefused("not-base64", "What was sent is not base64, so it is no SAML message.") from broken


def parse(raw: bytes, *, most: int = MOST_BYTES) -> Any:
    """The root, by the parser that python3-saml uses, too: two parsers could read two documents."""
    try:
        hardened_xml.check(raw, most=most)
        _only_elements(raw)
        root = OneLogin_Saml2_XML.to_etree(raw)
    except hardened_xml.XmlRefused as refused:
        raise ProviderRefused(refused.code, refused.words) from refused
    except (etree.LxmlError, ValueError) as broken:
        raise ProviderRefused("not-xml", f"What was sent is not well-formed XML: {broken}.") from broken
    # The declaration may have named another encoding than the one that was checked.
    if (root.getroottree().docinfo.encoding or "UTF-8").upper() not in ("UTF-8", "UTF8", "ASCII", "US-ASCII"):
        raise ProviderRefused("not-xml", "The message does not say that it is UTF-8.")
    return root


def check(root: Any) -> None:
    """Raises `ProviderRefused` for whatever a signed response of a real provider does not have."""
    if root.xpath("//comment() | //processing-instruction()"):
        _refuse_markup()
    elements = [*root.iter()]
    _count(elements)
    _one_assertion(root, elements)
    _identifiers(elements)
    _parts(elements)
    for method in root.iter(f"{{{XENC}}}EncryptionMethod"):
        _encryption(method)
    signatures = [one for one in elements if one.tag == SIGNATURE]
    for signature in signatures:
        _signature(signature, root)
    if len({id(one.getparent()) for one in signatures}) != len(signatures):
        raise ProviderRefused("signature-shape", "One element carries two signatures.")


def check_kind(root: Any) -> None:
    if root.tag != RESPONSE:
        raise ProviderRefused("not-a-response", f"The message is no samlp:Response but {_words(root.tag)}.")


def _only_elements(raw: bytes) -> None:
    """Comments and processing instructions cut a name in two for who reads only its first text (CVE-2017-11427)."""
    text = raw.decode("utf-8-sig").lstrip()
    body = text[text.find("?>") + 2 :] if text.startswith("<?xml") else text
    if "<!--" in body or "<?" in body:
        _refuse_markup()


def _refuse_markup() -> None:
    raise ProviderRefused(
        "markup", "The message holds comments or processing instructions. No provider needs them: send it without."
    )


def _count(elements: list[Any]) -> None:
    if len(elements) > MOST_ELEMENTS or any(len(one.attrib) + len(one.nsmap) > MOST_ATTRIBUTES for one in elements):
        raise ProviderRefused("too-large", f"The message has more than {MOST_ELEMENTS} elements, or one is overloaded.")


def _one_assertion(root: Any, elements: list[Any]) -> None:
    check_kind(root)
    if sum(one.tag == RESPONSE for one in elements) != 1:
        raise ProviderRefused("assertions", "The message holds a second samlp:Response.")
    found = [one for one in elements if one.tag in (ASSERTION, ENCRYPTED)]
    if not found and root.find(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode") is not None:
        return
    if len(found) != 1 or found[0].getparent() is not root:
        raise ProviderRefused(
            "assertions", f"The response holds {len(found)} assertions. It must hold exactly one, directly inside."
        )


def _identifiers(elements: list[Any]) -> None:
    """An id is said once: a signature covers what an id names."""
    if any(XML_ID in one.attrib for one in elements):
        raise ProviderRefused("ids", "The message uses xml:id, which SAML does not.")
    said = Counter(value for one in elements for name in ID_NAMES if (value := one.get(name)) is not None)
    twice = [value for value, times in said.items() if times > 1 or not value]
    missing = [one for one in elements if one.tag in (RESPONSE, ASSERTION) and not one.get("ID")]
    if twice or missing:
        raise ProviderRefused("ids", "An ID of the response or the assertion is missing, empty or used twice.")


def _parts(elements: list[Any]) -> None:
    for one in elements:
        name = etree.QName(one)
        unknown = (name.namespace == DS and name.localname not in SIGNATURE_PARTS) or (
            name.namespace == XENC and name.localname not in ENCRYPTION_PARTS
        )
        if unknown or name.namespace == XSLT:
            raise ProviderRefused("foreign-part", f"The message holds {_words(one.tag)}, which is never executed here.")


def _signature(signature: Any, root: Any) -> None:
    signed = signature.getparent()
    if signed is None or not (signed is root or (signed.tag == ASSERTION and signed.getparent() is root)):
        raise ProviderRefused("signature-shape", "A signature stands elsewhere than in the response or its assertion.")
    parts = [etree.QName(one).localname for one in signature]
    if parts not in (["SignedInfo", "SignatureValue"], ["SignedInfo", "SignatureValue", "KeyInfo"]):
        raise ProviderRefused("signature-shape", f"A signature consists of {', '.join(parts)}; that is not taken.")
    about = signature[0]
    names = [etree.QName(one).localname for one in about]
    if names.count("Reference") > 1:
        raise ProviderRefused("references", "A signature refers to more than one thing. It must refer to its parent.")
    if names != ["CanonicalizationMethod", "SignatureMethod", "Reference"]:
        raise ProviderRefused("signature-shape", f"A signature says {', '.join(names)} of itself; that is not taken.")
    _one_of(CANONICALIZATIONS, about[0], "canonicalisation")
    _one_of(SIGNATURES, about[1], "signature")
    _bare(about[0], may_hold=f"{{{EXC_C14N}}}InclusiveNamespaces")
    _bare(about[1])
    _reference(about[2], signed.get("ID"))


def _reference(reference: Any, parent: str | None) -> None:
    if not parent or reference.get("URI") != f"#{parent}" or reference.get("Type") is not None:
        raise ProviderRefused(
            "references", f"A signature refers to {reference.get('URI')!r} instead of #{parent}, its own element."
        )
    names = [etree.QName(one).localname for one in reference]
    if names != ["Transforms", "DigestMethod", "DigestValue"]:
        raise ProviderRefused("signature-shape", f"A reference consists of {', '.join(names)}; that is not taken.")
    transforms = [*reference[0]]
    if len(transforms) > MOST_TRANSFORMS:
        raise ProviderRefused("transforms", f"A signature asks for {len(transforms)} transforms; two are enough.")
    for one in transforms:
        if one.get("Algorithm") not in TRANSFORMS:
            raise ProviderRefused("transforms", f"A signature asks for the transform {one.get('Algorithm')!r}.")
        _bare(one, may_hold=f"{{{EXC_C14N}}}InclusiveNamespaces")
    _one_of(DIGESTS, reference[1], "digest")
    _bare(reference[1])


def _encryption(method: Any) -> None:
    kind = etree.QName(method.getparent()).localname
    _one_of(KEY_TRANSPORTS if kind == "EncryptedKey" else CIPHERS, method, "encryption")
    for digest in method.iter(f"{{{DS}}}DigestMethod"):
        _one_of(OAEP_DIGESTS, digest, "digest of the encryption")
    for mask in method.iter(f"{{{XENC11}}}MGF"):
        if not (mask.get("Algorithm") or "").startswith(f"{XENC11}mgf1sha"):
            raise ProviderRefused("algorithm", "The encryption uses an unknown mask function.")


def _one_of(allowed: frozenset[str], method: Any, what: str) -> None:
    used = method.get("Algorithm")
    if used not in allowed:
        raise ProviderRefused(
            "algorithm",
            f"The {what} uses {used!r}, which is not taken. Choose one of: {', '.join(sorted(allowed))}.",
        )


def _bare(element: Any, *, may_hold: str = "") -> None:
    if any(child.tag != may_hold for child in element):
        raise ProviderRefused("signature-shape", f"{_words(element.tag)} has parts that are not taken.")


def _words(tag: Any) -> str:
    return str(tag).replace("{", "").replace("}", " ")[:120]
