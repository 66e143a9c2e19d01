"""An identity provider's pen, and a forger's: responses with real signatures by libxmlsec, right and wrong."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import xmlsec
from lxml import etree

from tenants.members.identity_providers.adapters import certificates
from tenants.members.saml.catalogue import DS, SAML, SAMLP, XENC

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
NAMES = {"saml": SAML, "samlp": SAMLP, "ds": DS, "xenc": XENC}
EVIL = "mallory"

Tree = Any


@cache
def pair(name: str) -> tuple[str, str]:
    """A private key and its certificate, the same throughout a run."""
    return certificates.make(name, datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class Says:
    """What a response says. None leaves a part out; instants are minutes from now."""

    acs: str
    audience: str | None
    request_id: str | None
    issuer: str = "https://idp.example/metadata"
    assertion_issuer: str | None = None
    name: str = "person-1"
    name_format: str = PERSISTENT
    name_xml: str | None = None
    destination: str | None = ""
    recipient: str | None = ""
    confirmed_for: str | None = ""
    not_before: float = -1
    not_on_or_after: float | None = 5
    bearer_until: float | None = 5
    bearer_from: float | None = None
    session_until: float | None = None
    authenticated: float = 0
    context: str = PASSWORD
    status: str = SUCCESS
    assertion_id: str = "_assertion"
    response_id: str = "_response"
    attributes: dict[str, list[str]] = field(default_factory=lambda: {"email": ["ann@acme.example"], "name": ["Ann"]})
    more: str = ""


def build(says: Says, now: datetime | None = None) -> Tree:
    """The unsigned response as a tree."""
    return etree.fromstring(text(says, now or datetime.now(UTC)))


def text(says: Says, now: datetime) -> str:
    def at(minutes: float) -> str:
        return (now + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def attribute(name: str, value: str | None, fallback: str = "") -> str:
        chosen = fallback if value == "" else value
        return "" if chosen is None else f' {name}="{chosen}"'

    recipient = attribute("Recipient", says.recipient, says.acs)
    answers = attribute("InResponseTo", says.request_id)
    confirmed = attribute("InResponseTo", says.confirmed_for, says.request_id or "") if says.request_id else ""
    until = "" if says.bearer_until is None else f' NotOnOrAfter="{at(says.bearer_until)}"'
    from_ = "" if says.bearer_from is None else f' NotBefore="{at(says.bearer_from)}"'
    ends = "" if says.not_on_or_after is None else f' NotOnOrAfter="{at(says.not_on_or_after)}"'
    session = "" if says.session_until is None else f' SessionNotOnOrAfter="{at(says.session_until)}"'
    audience = "" if says.audience is None else _audience(says.audience)
    name = says.name_xml if says.name_xml is not None else says.name
    told = "".join(
        f'<saml:Attribute Name="{key}" FriendlyName="nice {key}">'
        + "".join(f"<saml:AttributeValue>{one}</saml:AttributeValue>" for one in values)
        + "</saml:Attribute>"
        for key, values in says.attributes.items()
    )
    statement = f"<saml:AttributeStatement>{told}</saml:AttributeStatement>" if told else ""
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="{says.response_id}" Version="2.0" '
        f'IssueInstant="{at(0)}"{attribute("Destination", says.destination, says.acs)}{answers}>'
        f"<saml:Issuer>{says.issuer}</saml:Issuer>"
        f'<samlp:Status><samlp:StatusCode Value="{says.status}"/></samlp:Status>'
        f'<saml:Assertion ID="{says.assertion_id}" Version="2.0" IssueInstant="{at(0)}">'
        f"<saml:Issuer>{says.assertion_issuer if says.assertion_issuer is not None else says.issuer}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{says.name_format}">{name}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f"<saml:SubjectConfirmationData{until}{from_}{recipient}{confirmed}/></saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{at(says.not_before)}"{ends}>{audience}</saml:Conditions>'
        f'<saml:AuthnStatement AuthnInstant="{at(says.authenticated)}" SessionIndex="_session"{session}>'
        f"<saml:AuthnContext><saml:AuthnContextClassRef>{says.context}</saml:AuthnContextClassRef></saml:AuthnContext>"
        f"</saml:AuthnStatement>{statement}{says.more}</saml:Assertion></samlp:Response>"
    )


def _audience(names: str) -> str:
    """Restrictions are set apart by `|`, audiences in one by a space."""
    restrictions = (
        "".join(f"<saml:Audience>{name}</saml:Audience>" for name in one.split()) for one in names.split("|")
    )
    return "".join(f"<saml:AudienceRestriction>{one}</saml:AudienceRestriction>" for one in restrictions)


def assertion(tree: Tree) -> Tree:
    return tree.find("saml:Assertion", NAMES)


def sign(
    element: Tree,
    key: str,
    certificate: str | None,
    *,
    method: Any = xmlsec.Transform.RSA_SHA256,
    digest: Any = xmlsec.Transform.SHA256,
    c14n: Any = xmlsec.Transform.EXCL_C14N,
    uri: str | None = None,
    transforms: tuple[Any, ...] = (xmlsec.Transform.ENVELOPED, xmlsec.Transform.EXCL_C14N),
    second_uri: str | None = None,
) -> Tree:
    """Sign in place, as providers do; returns the signature."""
    root = element.getroottree().getroot()
    signature = xmlsec.template.create(root, c14n, method, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, digest, uri=uri if uri is not None else f"#{element.get('ID')}"
    )
    for transform in transforms:
        xmlsec.template.add_transform(reference, transform)
    if second_uri is not None:
        xmlsec.template.add_reference(signature, digest, uri=second_uri)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.KeyFormat.PEM, None)
    if certificate:
        xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
        context.key.load_cert_from_memory(certificate, xmlsec.KeyFormat.PEM)
    xmlsec.tree.add_ids(root, ["ID"])
    context.sign(signature)
    return signature


def sign_with_public_key(element: Tree, certificate: str) -> None:
    """HMAC keyed with what everybody knows: taken where the method of the signature is believed."""
    root = element.getroottree().getroot()
    signature = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=f"#{element.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, certificate.encode())
    xmlsec.tree.add_ids(root, ["ID"])
    context.sign(signature)


def encrypt(tree: Tree, certificate: str, *, transport: Any = xmlsec.Transform.RSA_OAEP) -> Tree:
    """Put the assertion into an EncryptedAssertion for whoever has the key of this certificate: anybody can."""
    inner = assertion(tree)
    outer = etree.SubElement(tree, f"{{{SAML}}}EncryptedAssertion")
    outer.append(inner)
    data = xmlsec.template.encrypted_data_create(
        tree, xmlsec.Transform.AES256, type=xmlsec.EncryptionType.ELEMENT, ns="xenc"
    )
    xmlsec.template.encrypted_data_ensure_cipher_value(data)
    info = xmlsec.template.encrypted_data_ensure_key_info(data, ns="ds")
    wrapped = xmlsec.template.add_encrypted_key(info, transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(wrapped)
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(certificate, xmlsec.KeyFormat.CERT_PEM, None))
    context = xmlsec.EncryptionContext(manager)
    context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, 256, xmlsec.KeyDataType.SESSION)
    context.encrypt_xml(data, inner)
    return tree


def bomb(n: int) -> str:
    """An XSLT transform that takes time twice for each step of `n`, whatever it is used on."""
    steps = "".join(
        f'<xsl:template name="t{i}">' + f'<xsl:call-template name="t{i + 1}"/>' * 2 + "</xsl:template>"
        for i in range(n)
    )
    return (
        f'<ds:Transform xmlns:ds="{DS}" Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
        '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
        f'<xsl:template match="/"><xsl:call-template name="t0"/></xsl:template>{steps}'
        f'<xsl:template name="t{n}"><a/></xsl:template></xsl:stylesheet></ds:Transform>'
    )


def with_transform(tree: Tree, transform: str) -> Tree:
    """Put a transform in front of those that are there; the signature breaks, which is looked at last."""
    transforms = tree.find(".//ds:Reference/ds:Transforms", NAMES)
    transforms.insert(0, etree.fromstring(transform))
    return tree


def encode(tree: Tree) -> str:
    return base64.b64encode(etree.tostring(tree)).decode()


# --- Signature wrapping (Somorovsky and others, 2012) ---------------------------------------------


def evil_copy(says: Says) -> Tree:
    """An unsigned assertion for somebody else."""
    return assertion(build(replace(says, name=EVIL, assertion_id="_evil")))


def _response_first(tree: Tree, says: Says) -> Tree:
    """XSW1: the signed response goes into the signature of a forged one."""
    forged = build(replace(says, name=EVIL, response_id="_evil_response", assertion_id="_evil"))
    signature = tree.find("ds:Signature", NAMES)
    tree.remove(signature)
    signature.append(tree)
    forged.insert(1, signature)
    return forged


def _response_beside(tree: Tree, says: Says) -> Tree:
    """XSW2: the signed response stands beside its detached signature."""
    forged = build(replace(says, name=EVIL, response_id="_evil_response", assertion_id="_evil"))
    signature = tree.find("ds:Signature", NAMES)
    tree.remove(signature)
    forged.insert(1, signature)
    forged.insert(1, tree)
    return forged


def _before(tree: Tree, says: Says) -> Tree:
    """XSW3: the forged assertion stands before the signed one."""
    tree.insert(tree.index(assertion(tree)), evil_copy(says))
    return tree


def _around(tree: Tree, says: Says) -> Tree:
    """XSW4: the forged assertion holds the signed one."""
    evil, good = evil_copy(says), assertion(tree)
    tree.replace(good, evil)
    evil.append(good)
    return tree


def _signed_elsewhere(tree: Tree, says: Says) -> Tree:
    """XSW5: the forged assertion carries the signature, the signed one follows."""
    good = assertion(tree)
    signature = good.find("ds:Signature", NAMES)
    good.remove(signature)
    evil = evil_copy(says)
    evil.insert(1, signature)
    tree.insert(tree.index(good), evil)
    return tree


def _inside_signature(tree: Tree, says: Says) -> Tree:
    """XSW6: the forged assertion carries the signature, which holds the signed one."""
    good = assertion(tree)
    signature = good.find("ds:Signature", NAMES)
    good.remove(signature)
    evil = evil_copy(says)
    evil.insert(1, signature)
    tree.replace(good, evil)
    signature.append(good)
    return tree


def _in_extensions(tree: Tree, says: Says) -> Tree:
    """XSW7: the forged assertion hides in Extensions, which may hold anything."""
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil_copy(says))
    tree.insert(1, extensions)
    return tree


def _in_object(tree: Tree, says: Says) -> Tree:
    """XSW8: the signed assertion hides in an Object of the signature that the forged one carries."""
    good = assertion(tree)
    signature = good.find("ds:Signature", NAMES)
    good.remove(signature)
    evil = evil_copy(says)
    evil.insert(1, signature)
    tree.replace(good, evil)
    etree.SubElement(signature, f"{{{DS}}}Object").append(good)
    return tree


WRAPPINGS = (
    _response_first,
    _response_beside,
    _before,
    _around,
    _signed_elsewhere,
    _inside_signature,
    _in_extensions,
    _in_object,
)


def wrap(number: int) -> Callable[[Tree, Says], Tree]:
    """XSW1 to XSW8 on a response that is rightly signed; each carries an assertion for somebody else."""
    return WRAPPINGS[number - 1]
