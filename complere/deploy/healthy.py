"""The container's health: does the web process answer on its own port? Exit code 0 or 1.

python -m complere.deploy.healthy
"""

import http.client
import sys
from urllib.parse import urlsplit

from complere import env


def is_healthy(port: int, host: str) -> bool:
    """Whether /healthz answers 200 within four seconds, asked by the platform's own name: others get nothing."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Ask, and return the exit code."""
    host = urlsplit(env.text("PLATFORM_ORIGIN", "http://localhost")).netloc
    return 0 if is_healthy(env.number("PORT", 8000), host) else 1


if __name__ == "__main__":
    sys.exit(main())
