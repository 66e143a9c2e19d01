# ruff: noqa: E501  a case is a line
"""Responses that a strict service takes, and those that it must refuse: each with the code of its refusal."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import xmlsec
from lxml import etree

from tenants.members.saml.catalogue import DS, SAML, SAMLP, TRANSIENT, XENC
from tests.tenants.members.saml import forge
from tests.tenants.members.saml.forge import NAMES, Says

Make = Callable[[Says], str]


@dataclass(frozen=True)
class Case:
    """`code`: why it is refused; `at_acs` where the door says it otherwise. `slow`: the library alone never ends."""

    name: str
    code: str
    make: Make
    at_acs: str = ""
    slow: bool = False


def signed(says: Says, **how: Any) -> Any:
    tree = forge.build(says)
    forge.sign(forge.assertion(tree), *forge.pair("idp"), **how)
    return _afresh(tree)


def signed_both(says: Says) -> Any:
    tree = signed(says)
    forge.sign(tree, *forge.pair("idp"))
    return _afresh(tree)


def _afresh(tree: Any) -> Any:
    """lxml does not find elements by name that libxmlsec has made."""
    return etree.fromstring(etree.tostring(tree))


def encrypted(says: Says, **how: Any) -> Any:
    return forge.encrypt(signed(says), forge.pair("us")[1], **how)


def text_of(tree: Any) -> str:
    return etree.tostring(tree).decode()


def posted(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def but(**changes: Any) -> Make:
    """Rightly signed, saying something else."""
    return lambda says: forge.encode(signed(replace(says, **changes)))


def by(**how: Any) -> Make:
    """The right words, signed in another way."""
    return lambda says: forge.encode(signed(says, **how))


def edited(old: str, new: str, *, both: bool = False) -> Make:
    """Rightly signed, then the text changed."""

    def make(says: Says) -> str:
        text = text_of(signed_both(says) if both else signed(says))
        assert old in text, old
        return posted(text.replace(old, new, 1))

    return make


def changed(change: Callable[[Any, Says], Any], *, both: bool = False) -> Make:
    """Rightly signed, then the tree changed."""

    def make(says: Says) -> str:
        tree = signed_both(says) if both else signed(says)
        return forge.encode(change(tree, says))

    return make


def inside_signature(child: str) -> Make:
    """Something more at the end of the signature."""

    def change(tree: Any, _says: Says) -> Any:
        tree.find(".//ds:Signature", NAMES).append(etree.fromstring(child))
        return tree

    return changed(change)


def without(path: str) -> Make:
    """Rightly signed after a part was taken out."""

    def make(says: Says) -> str:
        tree = forge.build(says)
        for one in tree.xpath(path, namespaces=NAMES):
            one.getparent().remove(one)
        forge.sign(forge.assertion(tree), *forge.pair("idp"))
        return forge.encode(tree)

    return make


def _unsigned(says: Says) -> str:
    return forge.encode(forge.build(says))


def _foreign(says: Says) -> str:
    tree = forge.build(says)
    forge.sign(forge.assertion(tree), *forge.pair("forger"))
    return forge.encode(tree)


def _foreign_unnamed(says: Says) -> str:
    tree = forge.build(says)
    forge.sign(forge.assertion(tree), forge.pair("forger")[0], None)
    return forge.encode(tree)


def _hmac(says: Says) -> str:
    tree = forge.build(says)
    forge.sign_with_public_key(forge.assertion(tree), forge.pair("idp")[1])
    return forge.encode(tree)


def _response_alone(says: Says) -> str:
    tree = forge.build(says)
    forge.sign(tree, *forge.pair("idp"))
    return forge.encode(tree)


def _two_assertions(says: Says) -> str:
    tree = forge.build(says)
    tree.append(forge.evil_copy(says))
    for one in tree.findall("saml:Assertion", NAMES):
        forge.sign(one, *forge.pair("idp"))
    return forge.encode(tree)


def _failed(says: Says) -> str:
    tree = forge.build(replace(says, status="urn:oasis:names:tc:SAML:2.0:status:Responder"))
    tree.remove(forge.assertion(tree))
    return forge.encode(tree)


def _document_type(declaration: str, name: str = "person-1") -> Make:
    def make(says: Says) -> str:
        text = text_of(signed(says)).replace("person-1", name, 1)
        return posted(f"<!DOCTYPE samlp:Response {declaration}>{text}")

    return make


def _bomb_inside(says: Says) -> str:
    tree = forge.with_transform(signed(says), forge.bomb(27))
    return forge.encode(forge.encrypt(tree, forge.pair("us")[1]))


def _second_reference(uri: str) -> Make:
    def change(tree: Any, _says: Says) -> Any:
        reference = tree.find(".//ds:Reference", NAMES)
        second = etree.fromstring(etree.tostring(reference))
        second.set("URI", uri)
        reference.addnext(second)
        return tree

    return changed(change)


def _encrypted_to_another(says: Says) -> str:
    return forge.encode(forge.encrypt(signed(says), forge.pair("forger")[1]))


def _cipher_reference(says: Says) -> str:
    tree = encrypted(says)
    value = tree.find(".//xenc:CipherData/xenc:CipherValue", NAMES)
    value.getparent().replace(value, etree.fromstring(f'<x:CipherReference xmlns:x="{XENC}" URI="file:///dev/zero"/>'))
    return forge.encode(tree)


def _hidden_name(says: Says) -> str:
    hidden = (
        f'<saml:EncryptedID xmlns:saml="{SAML}"><xenc:EncryptedData xmlns:xenc="{XENC}">'
        '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><xenc:CipherData>'
        "<xenc:CipherValue>AAAA</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedID>"
    )
    tree = forge.build(says)
    name = tree.find(".//saml:NameID", NAMES)
    name.getparent().replace(name, etree.fromstring(hidden))
    forge.sign(forge.assertion(tree), *forge.pair("idp"))
    return forge.encode(tree)


def _utf16(says: Says) -> str:
    return posted(text_of(signed(says)).encode("utf-16"))


def _stuffed(says: Says) -> str:
    values = "".join(f"<saml:AttributeValue>{i}</saml:AttributeValue>" for i in range(5000))
    more = f'<saml:AttributeStatement><saml:Attribute Name="x">{values}</saml:Attribute></saml:AttributeStatement>'
    return forge.encode(forge.build(replace(says, more=more, attributes={})))


def _namespaces(says: Says) -> str:
    many = " ".join(f'xmlns:n{i}="urn:{i}"' for i in range(2000))
    return posted(text_of(signed(says)).replace("<saml:Assertion ", f"<saml:Assertion {many} ", 1))


def _oversized(says: Says) -> str:
    return forge.encode(signed(replace(says, attributes={"email": ["x" * 140_000]})))


def _deep(_says: Says) -> str:
    return posted("<a>" * 10_000 + "</a>" * 10_000)


def _logout(_says: Says) -> str:
    return posted(f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" ID="_1" Version="2.0"/>')


def _transform(algorithm: str) -> str:
    return f'<ds:Transform xmlns:ds="{DS}" Algorithm="{algorithm}"/>'


def _wraps(number: int) -> Make:
    return changed(forge.wrap(number), both=number < 3)


SIGNED_WITH: Final = {"transforms": (xmlsec.Transform.ENVELOPED, xmlsec.Transform.C14N)}
OBJECT: Final = f'<ds:Object xmlns:ds="{DS}"><ds:Manifest/></ds:Object>'
ZERO: Final = "file:///dev/zero"
RETRIEVAL: Final = f'<ds:KeyInfo xmlns:ds="{DS}"><ds:RetrievalMethod URI="{ZERO}"/></ds:KeyInfo>'

GOOD: Final[dict[str, Make]] = {
    "the assertion signed": lambda says: forge.encode(signed(says)),
    "assertion and response signed": lambda says: forge.encode(signed_both(says)),
    "the assertion signed, then encrypted": lambda says: forge.encode(encrypted(says)),
    "signed with SHA-512": by(method=xmlsec.Transform.RSA_SHA512, digest=xmlsec.Transform.SHA512),
    "no certificate beside the signature": lambda says: forge.encode(_unnamed(says)),
    "no end of its conditions": but(not_on_or_after=None),
    "no destination, where the response is not signed": but(destination=None),
}


def _unnamed(says: Says) -> Any:
    tree = forge.build(says)
    forge.sign(forge.assertion(tree), forge.pair("idp")[0], None)
    return tree


HOSTILE: Final = (
    # --- Signatures
    Case("unsigned", "unsigned", _unsigned),
    Case("signed by somebody else, certificate enclosed", "certificate-unknown", _foreign),
    Case("signed by somebody else, no certificate", "signature", _foreign_unnamed),
    Case("name changed after signing", "signature", edited("person-1", "person-2")),
    Case("only the response is signed", "unsigned", _response_alone),
    Case("HMAC with the public certificate", "algorithm", _hmac),
    Case("RSA with SHA-1", "algorithm", by(method=xmlsec.Transform.RSA_SHA1)),
    Case("digest SHA-1", "algorithm", by(digest=xmlsec.Transform.SHA1)),
    *(Case(f"signature wrapping XSW{number}", "assertions", _wraps(number)) for number in range(1, 9)),
    Case("two assertions, both signed", "assertions", _two_assertions),
    Case("one id twice", "ids", edited('ID="_response"', 'ID="_assertion"')),
    Case("an empty id", "ids", edited('ID="_response"', 'ID=""')),
    Case("xml:id beside the ids", "ids", edited("<saml:Subject>", '<saml:Subject xml:id="_assertion">')),
    Case("a signature elsewhere", "signature-shape", edited("<saml:Subject>", f'<saml:Subject><s:Signature xmlns:s="{DS}"/>')),
    Case("an Object with a Manifest", "foreign-part", inside_signature(OBJECT)),
    Case("a second key information", "signature-shape", inside_signature(f'<ds:KeyInfo xmlns:ds="{DS}"/>')),
    Case("a key to be fetched", "foreign-part", inside_signature(RETRIEVAL), slow=True),
    Case("reference to the whole document", "references", by(uri="")),
    Case("reference by XPointer", "references", edited('URI="#_assertion"', "URI=\"#xpointer(id('_assertion'))\"")),
    Case("reference to another element", "references", edited('URI="#_assertion"', 'URI="#_response"')),
    Case("second reference to an endless file", "references", _second_reference(ZERO), slow=True),
    Case("second reference to a file of secrets", "references", _second_reference("file:///etc/passwd")),
    Case("a transform by XPath", "transforms", changed(lambda tree, _: _put(tree, _transform("http://www.w3.org/TR/1999/REC-xpath-19991116"), drop=True))),
    Case("an inclusive canonicalisation as transform", "transforms", by(**SIGNED_WITH)),
    Case("three transforms", "transforms", changed(lambda tree, _: _put(tree, _transform("http://www.w3.org/2001/10/xml-exc-c14n#")))),
    Case("another canonicalisation", "algorithm", by(c14n=xmlsec.Transform.C14N)),
    Case("XSLT that reads from the network", "foreign-part", changed(lambda tree, _: _put(tree, XSLT_FETCH, drop=True))),
    Case("XSLT bomb, n=27", "foreign-part", changed(lambda tree, _: _put(tree, forge.bomb(27), drop=True)), slow=True),
    Case("XSLT bomb, encrypted to our key", "foreign-part", _bomb_inside, slow=True),
    Case("a namespace that cannot be canonicalised", "schema", edited("<saml:Subject>", '<saml:Subject xmlns:v="relative" v:v="">')),
    # --- XML
    Case("a document type", "doctype", _document_type("[]")),
    Case("entities", "doctype", _document_type('[<!ENTITY e "evil">]', "&e;")),
    Case("an entity from a file", "doctype", _document_type('[<!ENTITY e SYSTEM "file:///etc/passwd">]', "&e;")),
    Case("a document type in lower case", "not-xml", edited("<samlp:Response", "<!doctypo x><samlp:Response")),
    Case("an attribute twice", "not-xml", edited('Version="2.0"', 'Version="2.0" Version="2.0"')),
    Case("no XML", "not-xml", lambda _: posted("I am Ann.")),
    Case("nothing in it", "not-xml", lambda _: posted(" ")),
    Case("no base64", "not-base64", lambda _: "<samlp:Response/>"),
    Case("UTF-16", "not-xml", _utf16),
    Case("another encoding declared", "not-xml", lambda says: posted('<?xml version="1.0" encoding="UTF-7"?>' + text_of(signed(says)))),
    Case("a comment in the name", "markup", edited("person-1", "person<!---->-1")),
    Case("a processing instruction in the name", "markup", edited("person-1", "person<?x?>-1")),
    Case("too large", "too-large", _oversized),
    Case("too many elements", "too-large", _stuffed),
    Case("too many namespaces", "too-large", _namespaces),
    Case("too deep", "not-xml", _deep),
    Case("another kind of message", "not-a-response", _logout),
    # --- Encryption
    Case("encrypted with RSA 1.5", "algorithm", lambda says: forge.encode(encrypted(says, transport=xmlsec.Transform.RSA_PKCS1))),
    Case("encrypted to another key", "encryption", _encrypted_to_another),
    Case("cipher text to be fetched", "foreign-part", _cipher_reference, slow=True),
    Case("the name encrypted by itself", "encrypted-parts", _hidden_name),
    # --- Whom it is for, when, and what it answers
    Case("no audience", "audience", but(audience=None)),
    Case("another audience", "audience", but(audience="https://somebody.example/")),
    Case("the audience of another of our tenants", "audience", but(audience="http://globex.localhost:8000/sso/saml/")),
    Case("two restrictions, one of them not to us", "audience", lambda says: but(audience=f"{says.audience}|https://somebody.example/")(says)),
    Case("another issuer", "issuer", but(issuer="https://evil.example/")),
    Case("another issuer in the assertion alone", "issuer", but(assertion_issuer="https://evil.example/")),
    Case("an issuer without a name", "issuer", but(assertion_issuer="")),
    Case("destination with more at its end", "destination", lambda says: but(destination=f"{says.acs}x/evil")(says)),
    Case("a signed response without destination", "destination", lambda says: forge.encode(signed_both(replace(says, destination=None)))),
    Case("recipient that contains our address", "recipient", lambda says: but(recipient=f"https://evil.example/?{says.acs}")(says)),
    Case("no recipient", "recipient", but(recipient=None)),
    Case("no end of its presentation", "no-end", but(bearer_until=None)),
    Case("presented too late", "expired", but(bearer_until=-1)),
    Case("presented too early", "too-early", but(bearer_from=2)),
    Case("may be presented for days", "lasts-too-long", but(bearer_until=60 * 24 * 3)),
    Case("conditions over", "expired", but(not_on_or_after=-6)),
    Case("conditions not yet", "too-early", but(not_before=6)),
    Case("the session at the provider over", "session-over", but(session_until=-1)),
    Case("answers another request", "in-response-to", but(request_id="_another", confirmed_for="_another"), at_acs="unknown-attempt"),
    Case("its confirmation answers another request", "in-response-to", but(confirmed_for="_another")),
    Case("its confirmation answers nothing", "in-response-to", but(confirmed_for=None)),
    Case("answers nothing", "in-response-to", but(request_id=None), at_acs="unsolicited"),
    Case("confirmed by a key that nobody holds", "subject-confirmation", lambda says: _resigned(says, "cm:bearer", "cm:holder-of-key")),
    Case("no conditions", "conditions", without("//saml:Conditions")),
    Case("no statement of authentication", "authn-statement", without("//saml:AuthnStatement")),
    Case("the provider says no", "status", _failed),
    # --- Who
    Case("nobody", "name", without("//saml:NameID")),
    Case("an empty name", "name", but(name="")),
    Case("a name of spaces", "name", but(name="   ")),
    Case("a name far too long", "name", but(name="x" * 501)),
    Case("a name for this visit only", "transient", but(name_format=TRANSIENT)),
)  # fmt: skip

XSLT_FETCH: Final = (
    f'<ds:Transform xmlns:ds="{DS}" Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/">'
    "<xsl:copy-of select=\"document('http://127.0.0.1:9/')\"/></xsl:template></xsl:stylesheet></ds:Transform>"
)


def _put(tree: Any, transform: str, *, drop: bool = False) -> Any:
    if drop:
        transforms = tree.find(".//ds:Reference/ds:Transforms", NAMES)
        transforms.remove(transforms[-1])
    return forge.with_transform(tree, transform)


def _resigned(says: Says, old: str, new: str) -> str:
    tree = etree.fromstring(text_of(forge.build(says)).replace(old, new))
    forge.sign(forge.assertion(tree), *forge.pair("idp"))
    return forge.encode(tree)
