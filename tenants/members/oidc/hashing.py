"""What OpenID Connect hashes. Pure: no framework."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Final

# The hash of at_hash goes by the algorithm that signed the token (OpenID Connect Core 3.1.3.6).
HASH_OF: Final = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


def base64url(data: bytes) -> str:
    """Without padding, as in every token."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def nonce_of_intent(intent: str) -> str:
    """What stands in an ID token for the thing signed with it: SHA-256 of its canonical JSON."""
    return base64url(hashlib.sha256(intent.encode()).digest())


def hash_of_token(token: str, algorithm: str) -> str:
    """What `at_hash` must be for this access token; EdDSA goes with SHA-512, as Ed25519 does."""
    digest = HASH_OF.get(algorithm[-3:], hashlib.sha512)(token.encode()).digest()
    return base64url(digest[: len(digest) // 2])
