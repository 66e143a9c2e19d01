"""What python3-saml alone and our strict reading make of each response of the corpus, and how long they take.

    python -m tests.benchmarks.saml_responses [SECONDS]

Prints a table; no database is needed. What the library does not end is stopped after SECONDS (10). Exit code 1 when we
take a hostile response, refuse a good one, or need 50 ms of CPU or more for a refusal before any signature is verified.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from complere import env

BUDGET_SECONDS = 0.05
ROUNDS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", nargs="?", type=float, default=10.0)
    parser.add_argument("--library", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    _set_up()
    if asked.library:
        sys.stdout.write(_library(asked.library))
        return 0
    return _table(asked.seconds)


def _set_up() -> None:
    env.put_default("DJANGO_SETTINGS_MODULE", "complere.settings")
    import django

    django.setup()


def _table(seconds: float) -> int:
    from tests.tenants.members.saml import corpus

    _print("response", "python3-saml strict", "ms", "here", "ms")
    wrong, cases = 0, {case.name: case for case in corpus.HOSTILE}
    for name, encoded in _responses():
        theirs, their_time = _timed_library(name, seconds, alone=name in cases and cases[name].slow)
        ours, our_time = _quickest(lambda encoded=encoded: _ours(encoded))  # type: ignore[misc]
        expected = cases[name].code if name in cases else "accepted"
        wrong += ours != expected or our_time > BUDGET_SECONDS
        _print(name, theirs, f"{their_time * 1000:.1f}", ours, f"{our_time * 1000:.1f}")
    return 1 if wrong else 0


def _print(*cells: str) -> None:
    sys.stdout.write("{:<52} {:<22} {:>9}  {:<20} {:>6}\n".format(*cells))


def _responses() -> Iterator[tuple[str, str]]:
    from tests.tenants.members.saml import corpus
    from tests.tenants.members.saml.adapters.test_responses import says

    for name, make in corpus.GOOD.items():
        yield name, make(says())
    for case in corpus.HOSTILE:
        yield case.name, case.make(says())


def _ours(encoded: str) -> str:
    from tests.tenants.members.saml.adapters.test_responses import code_of

    return str(code_of(encoded))


def _quickest(act: Callable[[], str]) -> tuple[str, float]:
    """The verdict, and the least CPU of some rounds."""
    said, times = "", []
    for _ in range(ROUNDS):
        begun = time.process_time()
        said = act()
        times.append(time.process_time() - begun)
    return said, min(times)


def _timed_library(name: str, seconds: float, *, alone: bool) -> tuple[str, float]:
    """In a process of its own where it may never end."""
    if not alone:
        return _quickest(lambda: _library(name))
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.saml_responses", "--library", name],
            capture_output=True, text=True, timeout=seconds, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "does not end", time.monotonic() - begun
    return done.stdout, time.monotonic() - begun


_prepared: dict[str, str] = {}


def _library(name: str) -> str:
    """The verdict of python3-saml with the settings of `party`, without anything of ours before or after."""
    from onelogin.saml2.auth import OneLogin_Saml2_Auth

    from tests.tenants.members.saml.adapters.test_responses import BASE, REQUEST, party

    if not _prepared:
        _prepared.update(_responses())
    sides = party()
    data = sides.request_data(f"{BASE}/acs/") | {"post_data": {"SAMLResponse": _prepared[name]}}
    auth = OneLogin_Saml2_Auth(data, sides.settings())
    try:
        auth.process_response(REQUEST)
    except Exception as broken:  # noqa: BLE001  that it raises is what is measured
        return f"raises {type(broken).__name__}"[:22]
    return "ACCEPTS" if auth.is_authenticated() else "refused"


if __name__ == "__main__":
    sys.exit(main())
