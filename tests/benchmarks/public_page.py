"""The public page against nginx serving the same bytes from a file, in one run on the same cores.

    .venv/bin/python -m tests.benchmarks.public_page [--seconds 8] [--rounds 2] [--connections 32] [-- granian options]

Starts PostgreSQL, Valkey, Granian with two workers and nginx with two workers on the loopback interface, in a folder
of its own that is removed at the end. Needs nginx and wrk. Exits 1 when the budget is missed: half of nginx.
"""

import argparse
import gzip
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from complere import env
from complere.embedded import demo, ports, services

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 0.5
WIRE_BUDGET = 60 * 1024
# Nginx writes these itself, or they belong to the encoding that it chose.
NGINX_WRITES = {"content-length", "content-encoding", "content-type", "etag", "last-modified", "date", "server", "vary"}


@dataclass(frozen=True)
class Case:
    name: str
    headers: dict[str, str]
    status: int


@dataclass(frozen=True)
class Measured:
    """`cpu_us`: processor time of the server for one request, which other work on the machine hardly changes."""

    requests: float
    p99_ms: float
    cpu_us: float


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


def main() -> int:
    options = arguments()
    folder = Path(tempfile.mkdtemp(prefix="complere-benchmark-"))
    folder.chmod(0o755)
    try:
        with product(folder, options.granian) as ours, nginx(folder, ours.port) as theirs:
            return report(measure(ours, theirs, options), options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("granian", nargs="*", help="options for Granian, after --")
    return parser.parse_args()


@contextmanager
def product(folder: Path, extra: list[str]) -> Iterator[Server]:
    """The product as `make demo` serves it, with its content loaded."""
    port = ports.free_port()
    env.put({"DEMO": "1", "PORT": str(port), "DATA_DIR": str(folder), "PLATFORM_ORIGIN": f"http://localhost:{port}"})
    env.put({"LOG_FORMAT": "json"})
    share = services.use(folder, durable=False)
    try:
        for command in ("collectstatic --noinput -v0", "migrate_schemas -v0", "load_content -v0", "load_demo"):
            subprocess.run([sys.executable, "manage.py", *command.split()], cwd=ROOT, check=True, env=env.child())
        with running([*demo.web_command(port), *extra], folder / "web.log") as pid:
            wait_for(port)
            yield Server(port, pid)
    finally:
        share.release()


@contextmanager
def nginx(folder: Path, port: int) -> Iterator[Server]:
    """Nginx with a file of the same bytes, compressed beforehand as ours are, and the same headers."""
    body, headers = fetch(port, {})
    (folder / "page.html").write_bytes(body)
    (folder / "page.html.gz").write_bytes(gzip.compress(body, 9, mtime=0))
    static_port = ports.free_port()
    lines = "\n".join(
        f'add_header {name} "{value}" always;' for name, value in headers if name.lower() not in NGINX_WRITES
    )
    temp = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"""
worker_processes 2; pid {folder}/nginx.pid; error_log {folder}/nginx.log; daemon off;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=16; keepalive_requests 1000000000;
  types {{ text/html html; }} charset utf-8; {temp}
  server {{ listen 127.0.0.1:{static_port}; root {folder}; gzip_static on; gzip_vary on;
    location = / {{ try_files /page.html =404; {lines} }} }}
}}
""",
        encoding="utf-8",
    )
    for path in (folder, folder / "page.html", folder / "page.html.gz"):
        path.chmod(0o755)
    with running(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)], folder / "nginx.out") as pid:
        wait_for(static_port)
        yield Server(static_port, pid)


@contextmanager
def running(command: list[str], log: Path) -> Iterator[int]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env.child(), stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(ours: Server, theirs: Server, options: argparse.Namespace) -> list[tuple[Case, Measured, Measured]]:
    same = [Case("200", {}, 200), Case("200 gzip", {"Accept-Encoding": "gzip"}, 200)]
    pairs = [(case, case) for case in same]
    pairs.append((unchanged(ours), unchanged(theirs)))
    return [alternate(pair, ours, theirs, options) for pair in pairs]


def unchanged(server: Server) -> Case:
    return Case("304", {"If-None-Match": dict(fetch(server.port, {})[1])["etag"]}, 304)


def alternate(
    pair: tuple[Case, Case], ours: Server, theirs: Server, options: argparse.Namespace
) -> tuple[Case, Measured, Measured]:
    """In turn, so that what else the machine does falls on both; the best round of each counts."""
    mine, static = [], []
    for _ in range(options.rounds):
        static.append(wrk(theirs, pair[1], options))
        mine.append(wrk(ours, pair[0], options))
    return pair[0], best(mine), best(static)


def best(rounds: list[Measured]) -> Measured:
    fastest = max(rounds, key=lambda m: m.requests)
    return Measured(fastest.requests, fastest.p99_ms, min(m.cpu_us for m in rounds))


def wrk(server: Server, case: Case, options: argparse.Namespace) -> Measured:
    headers = {"Host": f"localhost:{server.port}", **case.headers}
    status = fetch_status(server.port, case.headers)
    if status != case.status:
        raise SystemExit(f"{case.name}: the answer is {status}")
    command = ["wrk", "-t2", f"-c{options.connections}", f"-d{options.seconds}s", "--latency"]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    before = cpu_seconds(server.pid)
    url = f"http://127.0.0.1:{server.port}/"
    out = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    spent = cpu_seconds(server.pid) - before
    if "Socket errors" in out or ("Non-2xx" in out and case.status == 200):
        raise SystemExit(out)
    total = float(found(r"(\d+) requests in", out))
    return Measured(
        float(found(r"Requests/sec:\s+([\d.]+)", out)),
        milliseconds(found(r"99%\s+([\d.]+[a-z]+)", out)),
        spent / total * 1_000_000,
    )


def cpu_seconds(pid: int) -> float:
    """Processor time, user and system, of a process and its children so far."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if pid in (int(path.parent.name), int(fields[1])):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(text)
    return match.group(1)


def milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)([a-z]+)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def fetch(port: int, headers: dict[str, str], path: str = "/") -> tuple[bytes, list[tuple[str, str]]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers={"Host": f"localhost:{port}", **headers})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return body, [(name.lower(), value) for name, value in response.getheaders()]


def fetch_status(port: int, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/", headers={"Host": f"localhost:{port}", **headers})
    status = connection.getresponse().status
    connection.close()
    return status


def wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            fetch(port, {})
        except OSError:
            time.sleep(0.1)
        else:
            # Once more in each worker, and past the first second of the listener.
            time.sleep(1.5)
            for _ in range(20):
                fetch(port, {})
            return
    raise SystemExit("the server did not start")


def wire(port: int) -> list[tuple[str, int]]:
    """Bytes over the wire of the page and all that it asks for, compressed as a browser takes it."""
    browser = {"Accept-Encoding": "gzip, deflate, br"}
    page, _ = fetch(port, {})
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.decode())
    sizes = []
    for path in ("/", *dict.fromkeys(assets)):
        body, headers = fetch(port, browser, path)
        sizes.append((path, len(body) + sum(len(name) + len(value) + 4 for name, value in headers)))
    return sizes


def report(rows: list[tuple[Case, Measured, Measured]], options: argparse.Namespace) -> int:
    say(f"wrk -t2 -c{options.connections} -d{options.seconds}, best of {options.rounds} alternating rounds")
    say(f"{'answer':<10} {'ours/s':>10} {'p99 ms':>8} {'CPU µs':>7} {'nginx/s':>10} {'p99 ms':>8} {'CPU µs':>7} ratio")
    for case, ours, theirs in rows:
        ratio = ours.requests / theirs.requests
        say(
            f"{case.name:<10} {ours.requests:>10,.0f} {ours.p99_ms:>8.2f} {ours.cpu_us:>7.1f} "
            f"{theirs.requests:>10,.0f} {theirs.p99_ms:>8.2f} {theirs.cpu_us:>7.1f} {ratio:>7.0%}"
        )
    sizes = wire(env.number("PORT"))
    for path, size in sizes:
        say(f"{size:>8,} bytes  {path}")
    total = sum(size for _, size in sizes)
    say(f"{total:>8,} bytes over the wire in all; budget {WIRE_BUDGET:,}")
    slow = [case.name for case, ours, theirs in rows if ours.requests < BUDGET * theirs.requests]
    return 1 if slow or total > WIRE_BUDGET else 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
