"""The way out: nothing inside our network is reached, whatever is typed, and nobody holds us longer than agreed."""

import datetime
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from contextlib import contextmanager

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from tenants import outbound
from tenants.outbound import Answer, Client, OutboundRefused

PUBLIC = "93.184.215.14"
NAME = "idp.example"


def never_connects(address, port, seconds):
    raise AssertionError(f"a connection to {address}:{port} was asked for")


def refusal(client, url):
    with pytest.raises(OutboundRefused) as refused:
        client.get(url)
    return refused.value.code


# Each spelling of our own machine or network, with the real look-up of this system.
SPELLINGS = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://localhost./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::]/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:5ef5:79fd::1]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://idp.example@127.0.0.1/",
    "https://127.0.0.1\\@idp.example/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127.0.0.1:8000/",
    "http://127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "//127.0.0.1/",
    "https://",
    "https://127.0.0.1%2f@idp.example/",
    "https://idp.example\r\nHost: inside/",
    "https://[::1",
]


@pytest.mark.parametrize("url", SPELLINGS)
@pytest.mark.req("ASVS-1.3.6")
def test_no_spelling_of_an_inner_address_is_connected_to(url):
    client = Client(allowed=frozenset(), connect=never_connects)
    assert refusal(client, url) in {"address", "url", "scheme", "port", "dns"}


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.1.2.3"], [PUBLIC, "192.168.0.1"], ["::ffff:10.0.0.1"], ["fe80::1%lo"], ["no address"]],
)
@pytest.mark.req("ASVS-1.3.6")
def test_one_inner_address_refuses_the_name(addresses):
    client = Client(allowed=frozenset(), connect=never_connects, resolve=lambda host, port: addresses)
    assert refusal(client, f"https://{NAME}/") == "address"


@given(st.ip_addresses(v=4))
@pytest.mark.req("ASVS-1.3.6")
def test_no_embedding_makes_an_address_of_version_4_public(address):
    number = int(address)
    embedded = [
        ipaddress.IPv6Address(number),
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    assert [outbound.is_public(str(one)) for one in embedded] == [False] * 4


@pytest.mark.parametrize(
    ("address", "wanted"), [(PUBLIC, True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True), ("192.0.2.1", False)]
)
def test_public_addresses_are_told_from_others(address, wanted):
    assert outbound.is_public(address) is wanted


@pytest.mark.req("ASVS-1.3.6")
def test_a_name_is_looked_up_once_and_the_checked_address_is_connected_to():
    answers, asked, connected = iter([[PUBLIC], ["127.0.0.1"]]), [], []

    def resolve(host, port):
        asked.append(host)
        return next(answers)

    def connect(address, port, seconds):
        connected.append((address, port))
        raise ConnectionRefusedError

    client = Client(allowed=frozenset(), resolve=resolve, connect=connect)
    assert refusal(client, f"https://{NAME}/") == "unreachable"
    assert (asked, connected) == ([NAME], [(PUBLIC, 443)])


def test_the_next_address_is_tried_when_one_refuses():
    connected = []

    def connect(address, port, seconds):
        connected.append(address)
        raise ConnectionRefusedError

    both = [PUBLIC, "93.184.215.15"]
    client = Client(allowed=frozenset(), resolve=lambda host, port: both, connect=connect)
    assert refusal(client, f"https://{NAME}/") == "unreachable"
    assert connected == both


def test_an_unknown_name_and_a_name_without_address_are_refused():
    def unknown(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    assert refusal(Client(resolve=unknown), f"https://{NAME}/") == "dns"
    assert refusal(Client(resolve=lambda host, port: []), f"https://{NAME}/") == "dns"


# --- Real servers on this machine ---------------------------------------------------------------


@contextmanager
def served(answer, *, tls=None):
    """A server that hands each connection to `answer`; gives its port."""
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)

    def talk(connection):
        try:
            with tls.wrap_socket(connection, server_side=True) if tls else connection as line:
                answer(line, ended)
        except OSError:
            pass

    def accept():
        while not ended.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(5)
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        thread.join()
        listener.close()


def saying(data):
    def answer(line, ended):
        line.recv(65536)
        line.sendall(data)

    return answer


def to(port, **changes):
    return Client(allowed=frozenset({f"127.0.0.1:{port}"}), **changes), f"http://127.0.0.1:{port}/x"


def http(body=b"{}", status="200 OK", extra=b""):
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (status.encode(), len(body), extra, body)


def test_an_allowed_pair_of_host_and_port_is_reached_over_http():
    with served(saying(http(b'{"a": 1}', extra=b"Content-Type: application/json; charset=utf-8\r\n"))) as port:
        client, url = to(port)
        answer = client.get(url)
    assert (answer.status, answer.kind, answer.json()) == (200, "application/json", {"a": 1})


def test_another_port_of_an_allowed_host_is_not():
    client, _ = to(1)
    assert refusal(client, "http://127.0.0.1:2/") == "scheme"


def test_a_form_is_sent_with_the_name_of_the_host_and_basic_authentication():
    heard = []

    def answer(line, ended):
        heard.append(line.recv(65536).decode())
        line.sendall(http())

    with served(answer) as port:
        client, url = to(port)
        assert client.post(url, data={"code": "c&d"}, auth=("us", "secret")).status == 200
    head, _, body = heard[0].partition("\r\n\r\n")
    assert f"Host: 127.0.0.1:{port}" in head.split("\r\n")
    assert "Authorization: Basic dXM6c2VjcmV0" in head.split("\r\n")
    assert body == "code=c%26d"


def test_a_redirect_is_not_followed():
    with served(saying(http(b"", "302 Found", b"Location: http://169.254.169.254/\r\n"))) as port:
        assert refusal(*to(port)) == "redirect"


def test_more_than_the_limit_is_refused_and_exactly_the_limit_is_not():
    for size, wanted in ((1000, "ok"), (1001, "large")):
        with served(saying(http(b"x" * size))) as port:
            client, url = to(port, max_bytes=1000)
            assert ("ok" if size == 1000 and client.get(url).body else refusal(client, url)) == wanted


def test_an_answer_without_end_is_cut_at_the_limit():
    def answer(line, ended):
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not ended.is_set():
            line.sendall(b"x" * 65536)

    with served(answer) as port:
        assert refusal(*to(port)) == "large"


def test_a_compressed_answer_is_refused():
    with served(saying(http(b"bomb", extra=b"Content-Encoding: gzip\r\n"))) as port:
        assert refusal(*to(port)) == "encoded"


def dripping(first):
    def answer(line, ended):
        line.recv(65536)
        line.sendall(first)
        while not ended.wait(0.05):
            line.sendall(b"a")

    return answer


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Long: ",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n",
    ],
    ids=["in the status line", "in a header", "in a body without length", "in a body with length"],
)
@pytest.mark.req("ASVS-1.3.6")
def test_a_server_that_drips_is_left_at_the_deadline(first):
    with served(dripping(first)) as port:
        began = time.monotonic()
        assert refusal(*to(port, seconds=0.6)) == "late"
        assert 0.5 < time.monotonic() - began < 1.5


def test_a_server_that_says_nothing_is_left_at_the_deadline():
    with served(lambda line, ended: ended.wait(5)) as port:
        assert refusal(*to(port, seconds=0.4)) == "late"


def test_a_look_up_that_hangs_is_left_at_the_deadline():
    hangs = threading.Event()

    def resolve(host, port):
        hangs.wait(5)
        return [PUBLIC]

    began = time.monotonic()
    assert refusal(Client(resolve=resolve, connect=never_connects, seconds=0.3), f"https://{NAME}/") == "late"
    assert time.monotonic() - began < 1
    hangs.set()


def test_time_that_the_look_up_took_counts():
    ticks = iter([0.0, 0.0, 7.0])
    client = Client(resolve=lambda host, port: [PUBLIC], connect=never_connects, clock=lambda: next(ticks))
    assert refusal(client, f"https://{NAME}/") == "late"


def test_what_is_no_http_is_refused():
    with served(saying(b"+OK redis\r\n")) as port:
        assert refusal(*to(port)) == "unreachable"


def test_what_is_no_json_is_refused():
    with pytest.raises(OutboundRefused) as refused:
        Answer(200, "text/html", b"<html>").json()
    assert refused.value.code == "no_json"
    with pytest.raises(OutboundRefused):
        Answer(200, "application/json", b"[" * 200_000).json()


def test_proxies_and_credentials_of_the_environment_do_not_count(monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login inside password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    heard = []

    def answer(line, ended):
        heard.append(line.recv(65536).decode())
        line.sendall(http())

    with served(answer) as port:
        client, url = to(port)
        assert client.get(url).status == 200
    assert "Authorization" not in heard[0]


# --- TLS ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate for idp.example, and the file that makes it trusted."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    begins = datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return str(pem)


@pytest.fixture
def secured(authority):
    """A TLS server, the names that it was asked for, and a client whose connections lead to it."""
    context, names = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), []
    context.load_cert_chain(authority)
    context.sni_callback = lambda line, name, _: names.append(name)

    def answer(line, ended):
        names.extend(re.findall(r"\r\nHost: (.*)\r\n", line.recv(65536).decode()))
        line.sendall(http(json.dumps({"ok": True}).encode()))

    with served(answer, tls=context) as port:
        yield names, lambda address, _, seconds: socket.create_connection(("127.0.0.1", port), seconds)


def test_name_certificate_and_host_stay_those_of_the_url(secured, authority):
    names, connect = secured
    client = Client(resolve=lambda host, port: [PUBLIC], connect=connect, verify=authority)
    assert client.get(f"https://{NAME}/x").json() == {"ok": True}
    assert names == [NAME, NAME]


@pytest.mark.parametrize("host", ["other.example", NAME])
def test_a_certificate_for_another_name_or_of_nobody_trusted_is_refused(secured, authority, host):
    _, connect = secured
    client = Client(resolve=lambda host, port: [PUBLIC], connect=connect, verify=True if host == NAME else authority)
    assert refusal(client, f"https://{host}/x") == "tls"
