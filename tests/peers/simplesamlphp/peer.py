"""SimpleSAMLphp 1.19 as an identity provider, from Debian's package, run by PHP's own server on this machine."""

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from complere.embedded import locks, services
from tests.peers import running

PACKAGE = "simplesamlphp"
PASSWORD = "a password at the provider"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


@dataclass(frozen=True)
class Service:
    """One of our tenants, as the provider knows it. `certificate`: bare base64; `encrypts`: assertions to it."""

    entity_id: str
    acs: str
    slo: str
    certificate: str
    encrypts: bool = False


@dataclass(frozen=True)
class Provider:
    """A running provider. People and services can be changed while it runs: PHP reads its files at each request."""

    origin: str
    folder: Path

    @property
    def entity_id(self) -> str:
        return f"{self.origin}/saml2/idp/metadata.php"

    def knows(self, services: list[Service]) -> None:
        told = "\n".join(_service(one) for one in services)
        (self.folder / "metadata" / "saml20-sp-remote.php").write_text(f"<?php\n{told}\n")


@contextlib.contextmanager
def provider(port: int, people: Mapping[str, str], pair: tuple[str, str]) -> Iterator[Provider]:
    """`people`: e-mail address by name, all with `PASSWORD`. `pair`: private key and certificate of the provider."""
    package, origin = _package(), f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _write(folder, origin, people, pair)
        made = Provider(origin, folder)
        made.knows([])
        # Deprecations of a newer PHP are no matter of ours.
        command = ["php", "-d", "error_reporting=0", "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t", "www"]
        env = {"SIMPLESAMLPHP_CONFIG_DIR": str(folder / "config"), "PHP_CLI_SERVER_WORKERS": "4"}
        with running.start(command, cwd=package, env=env, ready_url=made.entity_id):
            yield made


def _package() -> Path:
    """The files of the package, unpacked once and installed nowhere: its web server and settings are not wanted."""
    if shutil.which("php") is None:
        pytest.skip("php is not installed, and SimpleSAMLphp runs on it")
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip("this is no Debian, and SimpleSAMLphp comes from its package")
    shelf = services.data_folder() / "test" / "peers" / PACKAGE
    shelf.mkdir(parents=True, exist_ok=True)
    with locks.exclusive(shelf / "install.lock"):
        if not (shelf / "unpacked").exists():
            _unpack(shelf)
    return shelf / "usr" / "share" / PACKAGE


def _unpack(shelf: Path) -> None:
    done = subprocess.run(
        ["apt-get", "download", PACKAGE], cwd=shelf, capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"Debian's package {PACKAGE} cannot be had: {done.stderr[-300:]}")
    for file in shelf.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(file), str(shelf)], check=True)
    (shelf / "unpacked").touch()


def _write(folder: Path, origin: str, people: Mapping[str, str], pair: tuple[str, str]) -> None:
    for name in ("config", "metadata", "cert", "log", "data", "tmp", "sessions"):
        (folder / name).mkdir()
    (folder / "cert" / "idp.pem").write_text(pair[0])
    (folder / "cert" / "idp.crt").write_text(pair[1])
    (folder / "config" / "config.php").write_text(_config(folder, origin))
    (folder / "config" / "authsources.php").write_text(_people(people))
    (folder / "metadata" / "saml20-idp-hosted.php").write_text(HOSTED)


def _config(folder: Path, origin: str) -> str:
    return f"""<?php
$config = [
    'baseurlpath' => '{origin}/',
    'certdir' => '{folder}/cert/', 'loggingdir' => '{folder}/log/', 'datadir' => '{folder}/data/',
    'tempdir' => '{folder}/tmp', 'metadatadir' => '{folder}/metadata/',
    'attributenamemapdir' => '{folder}/metadata/',
    'technicalcontact_name' => 'Nobody', 'technicalcontact_email' => 'nobody@idp.example',
    'timezone' => 'UTC', 'secretsalt' => 'the salt of a peer in tests', 'auth.adminpassword' => 'nobody enters here',
    'admin.checkforupdates' => false, 'showerrors' => true, 'errorreporting' => false, 'debug' => [],
    'logging.level' => SimpleSAML\\Logger::NOTICE, 'logging.handler' => 'errorlog',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'session.duration' => 3600, 'session.datastore.timeout' => 3600, 'session.state.timeout' => 3600,
    'session.cookie.name' => 'SimpleSAMLSessionID', 'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax', 'session.phpsession.cookiename' => 'SimpleSAML',
    'session.phpsession.savepath' => '{folder}/sessions', 'session.phpsession.httponly' => true,
    'session.authtoken.cookiename' => 'SimpleSAMLAuthToken',
    'language.available' => ['en'], 'language.rtl' => [], 'language.default' => 'en',
    'language.cookie.secure' => false, 'language.cookie.samesite' => 'Lax',
    'theme.use' => 'default', 'store.type' => 'phpsession',
    'metadata.sources' => [['type' => 'flatfile']],
    'authproc.idp' => [], 'authproc.sp' => [],
];
"""


def _people(people: Mapping[str, str]) -> str:
    rows = "\n".join(
        f"    '{name}:{PASSWORD}' => ['uid' => ['{name}'], 'email' => ['{email}'], 'name' => ['{name}']],"
        for name, email in people.items()
    )
    return f"<?php\n$config = ['people' => ['exampleauth:UserPass',\n{rows}\n]];\n"


HOSTED = f"""<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__', 'privatekey' => 'idp.pem', 'certificate' => 'idp.crt', 'auth' => 'people',
    'NameIDFormat' => '{PERSISTENT}',
    'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'authproc' => [
        3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid', 'Format' => '{PERSISTENT}'],
    ],
];
"""


def _service(one: Service) -> str:
    return f"""$metadata['{one.entity_id}'] = [
    'AssertionConsumerService' => [['Binding' => '{POST}', 'Location' => '{one.acs}', 'index' => 0]],
    'SingleLogoutService' => [['Binding' => '{REDIRECT}', 'Location' => '{one.slo}']],
    'NameIDFormat' => '{PERSISTENT}', 'certData' => '{one.certificate}',
    'validate.authnrequest' => true, 'validate.logout' => true, 'sign.logout' => true, 'redirect.sign' => true,
    'redirect.validate' => true, 'assertion.encryption' => {str(one.encrypts).lower()},
];"""
