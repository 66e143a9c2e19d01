"""The npm package saml-idp as an identity provider on this machine, one process for each service that it knows."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.peers import running

ENTITY_ID = "urn:example:idp"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"


@contextlib.contextmanager
def provider(port: int, *, acs: str, audience: str, pair: tuple[str, str]) -> Iterator[str]:
    """The provider's origin, while it runs. `pair`: its private key and certificate (PEM)."""
    origin = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as place:
        key, certificate = Path(place, "idp.key"), Path(place, "idp.crt")
        key.write_text(pair[0])
        certificate.write_text(pair[1])
        command = [
            "node", "node_modules/saml-idp/bin/run.js", "--host", "127.0.0.1", "--port", str(port),
            "--cert", str(certificate), "--key", str(key), "--iss", ENTITY_ID, "--acs", acs, "--aud", audience,
        ]  # fmt: skip
        with running.start(command, cwd=running.npm_folder("saml"), env={}, ready_url=f"{origin}/metadata"):
            yield origin


def metadata(port: int, certificate: str) -> str:
    """What it publishes of itself, known before it runs."""
    bare = "".join(certificate.splitlines()[1:-1])
    return (
        f'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}"><IDPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo '
        'xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>'
        f"{bare}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><NameIDFormat>{EMAIL}</NameIDFormat>"
        '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
        f'Location="http://127.0.0.1:{port}/saml/sso"/></IDPSSODescriptor></EntityDescriptor>'
    )
