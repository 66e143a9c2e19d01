"""A time-stamping authority of the test's own: Debian's openssl behind a small server on this machine."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

CONFIGURATION = """
[tsa]
default_tsa = tsa1
[tsa1]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
[extensions]
extendedKeyUsage = critical,timeStamping
"""


@dataclass
class Authority:
    url: str
    certificates: Path
    stranger: Path


def openssl(*words: str, given: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *words], check=True, capture_output=True, input=given).stdout


def make(folder: Path) -> None:
    (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    for name in ("ca", "stranger"):
        openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.pem",
        )  # fmt: skip
    openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test TSA",
        "-keyout", f"{folder}/tsa.key", "-out", f"{folder}/tsa.csr",
    )  # fmt: skip
    openssl(
        "x509", "-req", "-in", f"{folder}/tsa.csr", "-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key",
        "-CAcreateserial", "-days", "30", "-extfile", f"{folder}/tsa.cnf", "-extensions", "extensions",
        "-out", f"{folder}/tsa.pem",
    )  # fmt: skip


@pytest.fixture(scope="session")
def authority_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tsa")
    make(folder)
    return folder


@pytest.fixture
def authority(authority_files: Path, settings) -> Iterator[Authority]:
    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = authority_files / "asked.tsq"
            asked.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            config, section = str(authority_files / "tsa.cnf"), "tsa1"
            token = openssl("ts", "-reply", "-config", config, "-section", section, "-queryfile", str(asked))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(token)

        def log_message(self, *_: object) -> None:
            """Silence: the test says what matters."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        found = Authority(
            f"http://127.0.0.1:{server.server_port}/", authority_files / "ca.pem", authority_files / "stranger.pem"
        )
        settings.TSA_URL, settings.TSA_CERTIFICATES = found.url, str(found.certificates)
        yield found
        server.shutdown()
        thread.join()
