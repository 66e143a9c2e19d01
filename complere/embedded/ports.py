"""TCP ports on the loopback interface."""

import socket
from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
FIRST_UNPRIVILEGED = 1024
LAST = 65535
ATTEMPTS = 3


def free_port() -> int:
    """A port that nothing listens on now; another process may take it before we do, so callers try again."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def near(preferred: int | None) -> Iterator[int]:
    """Ports to try, one after another: `preferred` if it is free and for everybody, then any that are free."""
    if preferred is not None and FIRST_UNPRIVILEGED <= preferred <= LAST and is_free(preferred):
        yield preferred
    for _ in range(ATTEMPTS):
        yield free_port()


def is_free(port: int) -> bool:
    """Whether a server can listen on `port`, on the loopback interface, now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A port in TIME_WAIT after our own last run is free; one that somebody listens on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
