"""What of SAML 2.0 is taken, and nothing else. Pure: no framework."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# A response is read up to this size; those of real providers have 5 to 20 kB.
MOST_BYTES: Final = 128 * 1024
MOST_ELEMENTS: Final = 4000
MOST_ATTRIBUTES: Final = 64
MOST_TRANSFORMS: Final = 2

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
XSLT: Final = "http://www.w3.org/1999/XSL/Transform"
XML_ID: Final = "{http://www.w3.org/XML/1998/namespace}id"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
NAMES: Final = {"saml": SAML, "samlp": SAMLP, "ds": DS, "xenc": XENC}


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
RSA_SHA256: Final = f"{_MORE}rsa-sha256"
SHA256: Final = f"{XENC}sha256"
_SHA1: Final = f"{DS}sha1"
_LONG_DIGESTS: Final = frozenset({SHA256, f"{_MORE}sha384", f"{XENC}sha512"})

CANONICALIZATIONS: Final = frozenset({EXC_C14N, f"{EXC_C14N}WithComments"})
TRANSFORMS: Final = CANONICALIZATIONS | {f"{DS}enveloped-signature"}
# No SHA-1, and no HMAC: that would take the provider's public certificate for a shared secret.
SIGNATURES: Final = frozenset(f"{_MORE}{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512))
# Over a query string, as python3-saml can check them.
QUERY_SIGNATURES: Final = frozenset(f"{_MORE}rsa-sha{bits}" for bits in (256, 384, 512))
DIGESTS: Final = _LONG_DIGESTS
# OAEP is sound with SHA-1, and most providers use it so.
OAEP_DIGESTS: Final = _LONG_DIGESTS | {_SHA1}
KEY_TRANSPORTS: Final = frozenset({f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"})
CIPHERS: Final = frozenset(
    {f"{XENC}aes{bits}-cbc" for bits in (128, 192, 256)} | {f"{XENC11}aes{bits}-gcm" for bits in (128, 192, 256)}
)
# What may stand in a signature at all: no Object, Manifest or RetrievalMethod.
SIGNATURE_PARTS: Final = _names(
    "Signature SignedInfo CanonicalizationMethod SignatureMethod Reference Transforms Transform DigestMethod "
    "DigestValue SignatureValue KeyInfo KeyName KeyValue RSAKeyValue Modulus Exponent X509Data X509Certificate "
    "X509SubjectName X509IssuerSerial X509IssuerName X509SerialNumber X509SKI"
)
ENCRYPTION_PARTS: Final = _names(
    "EncryptedData EncryptedKey EncryptionMethod CipherData CipherValue OAEPparams KeySize ReferenceList "
    "DataReference CarriedKeyName"
)

POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
EMAIL_NAME: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"

# The clocks of two houses never agree: python3-saml bears so much between NotBefore and NotOnOrAfter of an assertion.
DRIFT: Final = timedelta(minutes=5)
# A fresh authentication may lie so far before the request, by the provider's clock.
FRESH_DRIFT: Final = timedelta(seconds=60)
# A used assertion is remembered beyond its end, for the drift.
REMEMBERED: Final = timedelta(minutes=10)
# One that may be presented for longer than this is refused: it would have to be remembered as long.
LONGEST: Final = timedelta(hours=24)
MOST_NAME: Final = 500

# Days before a certificate of the provider, or ours, is over at which the administrators are told.
WARNINGS: Final = (30, 14, 3)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where we listen, one set for each provider, always at the stored origin."""

    entity_id: str
    acs: str
    slo: str


# What one network address may send here; a large house comes from few addresses, all in the morning.
ANSWERS_A_MINUTE: Final = 120
MINUTE: Final = timedelta(minutes=1)
# base64 in a form, with room for its other fields.
MOST_POSTED: Final = 256 * 1024
