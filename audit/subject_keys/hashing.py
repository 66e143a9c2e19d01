"""Keys and ciphertext of personal data. Pure: no framework.

Root key wraps the tenant's keys, the tenant's key wraps one key for each person, and that
key encrypts what is known of the person. Destroying the person's key erases the person
from every row, history and backup while every hash over the ciphertext still verifies
(GDPR Art. 17).
"""

import base64
import hashlib
import hmac
import os
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
MARK = "enc1:"


class CiphertextRefused(ValueError):
    """The ciphertext was altered, moved to another place, or belongs to another key."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def wrap(key: bytes, under: bytes, place: str) -> bytes:
    """`key` encrypted under another key, bound to `place`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(under).encrypt(nonce, key, place.encode())


def unwrap(wrapped: bytes, under: bytes, place: str) -> bytes:
    return _open(under, bytes(wrapped), place)


def seal(plaintext: bytes, key: bytes, place: str) -> bytes:
    """AES-256-GCM bound to `place` (schema, person, field).

    The nonce is a keyed digest of place and plaintext: equal text in the same place gives
    equal bytes, so that saving a row twice does not look like a change, and two different
    texts never share a nonce but by a 96-bit accident.
    """
    message = len(place).to_bytes(4, "big") + place.encode() + plaintext
    nonce = hmac.digest(_derive(key, b"nonce"), message, "sha256")[:NONCE_BYTES]
    return nonce + AESGCM(_derive(key, b"data")).encrypt(nonce, plaintext, place.encode())


def unseal(sealed: bytes, key: bytes, place: str) -> bytes:
    return _open(_derive(key, b"data"), bytes(sealed), place)


def to_token(sealed: bytes) -> str:
    return MARK + base64.b64encode(sealed).decode()


def from_token(token: str) -> bytes:
    if not token.startswith(MARK):
        raise CiphertextRefused("a personal-data column holds something that is not ciphertext")
    return base64.b64decode(token.removeprefix(MARK), validate=True)


def blind_index(text: str, key: bytes, purpose: str) -> str:
    """Keyed digest for exact look-ups: a bare hash of a name is reversed in a blink."""
    return hmac.digest(_derive(key, purpose.encode()), fold(text).encode(), "sha256").hex()


def fold(text: str) -> str:
    """Spelling that does not matter for identity: NFKC, case, outer white space (§11.300(a))."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"complere/1/" + purpose).derive(key)


def _open(key: bytes, sealed: bytes, place: str) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except InvalidTag as refused:
        raise CiphertextRefused(f"ciphertext does not belong at {place}") from refused
