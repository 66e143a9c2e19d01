"""An OpenID provider as small as one can be: it says whatever a test puts into its mouth, over real HTTP, signed."""

import hashlib
import hmac
import json
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tenants.members.oidc.hashing import hash_of_token

CLIENT, SECRET, SUBJECT = "acme-rp", "a secret: with + and %", "sub-1"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
KEYS = {kid: rsa.generate_private_key(public_exponent=65537, key_size=2048) for kid in ("first", "second")}
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class _Missing(Enum):
    """Stands for a claim that is left out; its name is the same in every process of a test run."""

    MISSING = "missing"

    def __str__(self) -> str:
        return "missing"


MISSING = _Missing.MISSING


def jwk_of(kid: str) -> dict[str, Any]:
    return json.loads(RSAAlgorithm.to_jwk(KEYS[kid].public_key())) | {"kid": kid, "use": "sig", "alg": "RS256"}


class SmallOp:
    """Change what it says by its attributes; `asked` holds every path, `forms` every form it was sent."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.place = f"127.0.0.1:{self.server.server_port}"
        self.issuer = f"http://{self.place}"
        self.reset()

    def reset(self) -> None:
        self.asked: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.authorized: list[str] = []
        self.published = ["first"]
        self.id_token = ""
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.userinfo: dict[str, Any] = {"sub": SUBJECT, "email": "ann@acme.example", "email_verified": True}
        self.document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/end?a=b",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def __enter__(self) -> "SmallOp":
        # Looked for often, so that a test does not wait for its end.
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Those of a token that holds; MISSING leaves one out."""
        now = int(time.time())
        good = {
            "iss": self.issuer, "sub": SUBJECT, "aud": CLIENT, "iat": now, "exp": now + 300, "auth_time": now,
            "sid": "session-1", "at_hash": hash_of_token("an access token", "RS256"),
        }  # fmt: skip
        return {name: value for name, value in (good | changes).items() if value is not MISSING}

    def logout_claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        good = {
            "iss": self.issuer, "sub": SUBJECT, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": "logout-1",
            "sid": "session-1", "events": {EVENT: {}},
        }  # fmt: skip
        return {name: value for name, value in (good | changes).items() if value is not MISSING}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        op = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                op.asked.append(self.path)
                said: dict[str, Any] = {
                    "/.well-known/openid-configuration": op.document,
                    "/jwks": {"keys": [jwk_of(kid) for kid in op.published]},
                    "/me": op.userinfo,
                }.get(self.path, {})
                op.authorized.append(self.headers.get("Authorization", ""))
                self._say(said)

            def do_POST(self) -> None:
                op.asked.append(self.path)
                form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
                op.forms.append(form)
                op.authorized.append(self.headers.get("Authorization", ""))
                self._say({"access_token": "an access token", "token_type": "Bearer", "id_token": op.id_token})

            def _say(self, said: dict[str, Any]) -> None:
                fallback = (200, "application/json", json.dumps(said).encode())
                status, kind, body = op.answers.get(self.path, fallback)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing into the output of the tests."""

        return Handler


def basic(header: str) -> tuple[str, str]:
    """Id and secret as they were before they were encoded."""
    name, _, secret = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    return unquote_plus(name), unquote_plus(secret)


def signed(claims: dict[str, Any], *, key: Any = None, kid: str | None = "first", typ: str = "JWT") -> str:
    headers = {"typ": typ} | ({"kid": kid} if kid is not None else {})
    return jwt.encode(claims, key or KEYS[kid or "first"], algorithm="RS256", headers=headers)


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "first"})


def altered(token: str, changes: dict[str, Any]) -> str:
    """Other words between the old header and the old signature."""
    head, _, tail = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    return ".".join([head, urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode(), tail])


def confused(claims: dict[str, Any]) -> str:
    """HS256 with the public key, which everybody has, as its secret."""
    secret = (
        KEYS["first"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    parts = b".".join(
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT", "kid": "first"}, claims)
    )
    tag = urlsafe_b64encode(hmac.new(secret, parts, hashlib.sha256).digest()).rstrip(b"=")
    return (parts + b"." + tag).decode()
