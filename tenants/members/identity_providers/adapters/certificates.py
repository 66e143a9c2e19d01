"""X.509 certificates: those of identity providers, and the pairs of keys that we make for ourselves."""

import base64
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

KEY_BITS: Final = 3072
LEAST_BITS: Final = 2048
# Providers take a certificate of ours as a wrapping of the key; its roll-over is asked for long before.
OWN_LIFE: Final = timedelta(days=3 * 365)
MARK: Final = "-----BEGIN CERTIFICATE-----"


class CertificateRefused(Exception):
    """Not a certificate that can be trusted; the text explains it to an administrator."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`fingerprint` is SHA-256 in hexadecimal with colons, as consoles show it. Instants are aware (UTC)."""

    pem: str
    subject: str
    not_before: datetime
    not_after: datetime
    fingerprint: str
    key: str

    def is_over(self, now: datetime) -> bool:
        return self.not_after <= now

    def days_left(self, now: datetime) -> int:
        """Whole days until it is over; negative after."""
        return (self.not_after - now).days


def read(text: str) -> Certificate:
    """From PEM, or from the bare base64 of metadata. Raises `CertificateRefused` with the reason."""
    try:
        found = x509.load_pem_x509_certificate(_pem(text).encode())
    except ValueError as broken:
        raise CertificateRefused("This is no X.509 certificate. Paste it as PEM text.") from broken
    return Certificate(
        pem=found.public_bytes(serialization.Encoding.PEM).decode(),
        subject=found.subject.rfc4514_string(),
        not_before=found.not_valid_before_utc,
        not_after=found.not_valid_after_utc,
        fingerprint=":".join(f"{byte:02X}" for byte in found.fingerprint(hashes.SHA256())),
        key=_key_words(found),
    )


def known(pems: Iterable[str]) -> list[Certificate]:
    """What is kept, read; it was checked when it came in."""
    return [read(pem) for pem in pems]


def expiring(pems: Iterable[str], now: datetime, *, within: timedelta) -> list[Certificate]:
    """Those that are over or will be within that time, the first to end first."""
    found = [one for one in known(pems) if one.not_after <= now + within]
    return sorted(found, key=lambda one: one.not_after)


def make(name: str, now: datetime) -> tuple[str, str]:
    """A new pair for signing and decryption: private key (PKCS#8) and self-signed certificate, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    # The field holds 64 characters.
    whose = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(whose)
        .issuer_name(whose)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + OWN_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pem(text: str) -> str:
    if MARK in text:
        return text.strip() + "\n"
    bare = "".join(text.split())
    base64.b64decode(bare, validate=True)
    return f"{MARK}\n" + "\n".join(textwrap.wrap(bare, 64)) + "\n-----END CERTIFICATE-----\n"


def _key_words(found: x509.Certificate) -> str:
    """The kind of its key. Raises `CertificateRefused` for one that is too weak or unknown."""
    try:
        key = found.public_key()
    except ValueError as unknown:
        raise CertificateRefused("The key of the certificate cannot be read.") from unknown
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < LEAST_BITS:
            raise CertificateRefused(
                f"The certificate has an RSA key of {key.key_size} bits; at least {LEAST_BITS} are needed."
            )
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    raise CertificateRefused("The certificate has neither an RSA nor an elliptic-curve key.")


def lasts_until(pems: Iterable[str]) -> datetime:
    """When the last of them is over; long ago when there is none."""
    return max((one.not_after for one in known(pems)), default=datetime.min.replace(tzinfo=UTC))
