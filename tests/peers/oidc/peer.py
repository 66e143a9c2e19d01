"""The npm package oidc-provider, a certified OpenID provider, as a process on this machine."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from complere.embedded import ports
from tests.peers import running


@dataclass(frozen=True)
class Client:
    """One of our tenants, as the provider knows it."""

    client_id: str
    secret: str
    origin: str

    def registered(self, path: str) -> dict[str, Any]:
        return {
            "client_id": self.client_id,
            "client_secret": self.secret,
            "redirect_uris": [f"{self.origin}{path}callback/"],
            "post_logout_redirect_uris": [f"{self.origin}{path}signed-out/"],
            "backchannel_logout_uri": f"{self.origin}{path}backchannel-logout/",
            "backchannel_logout_session_required": True,
        }


@contextlib.contextmanager
def provider(clients: Sequence[Client], *, port: int | None = None, path: str = "/sso/oidc/") -> Iterator[str]:
    """The issuer's address, while it runs. `path`: where our addresses of OpenID Connect begin on a tenant's host."""
    port = port or ports.free_port()
    issuer = f"http://127.0.0.1:{port}"
    values = {
        "ISSUER": issuer,
        "PORT": str(port),
        "NODE_ENV": "test",
        "CLIENTS": json.dumps([client.registered(path) for client in clients]),
    }
    ready = f"{issuer}/.well-known/openid-configuration"
    with running.start(["node", "op.mjs"], cwd=running.npm_folder("oidc"), env=values, ready_url=ready):
        yield issuer
