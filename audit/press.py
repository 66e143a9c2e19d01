"""Turns HTML into PDF: a program of its own, so that a time limit, a memory limit or a crash ends it alone.

    python -m audit.press FOLDER < page.html > pages-and-pdf

WeasyPrint by itself fetches any address that a page names, and embeds `file:///etc/passwd` when a link
calls it an attachment (proved). So only names like `asset:print.css` are answered, from FOLDER; any other
address ends the printing.
"""

import contextlib
import re
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

NO_LIBRARIES = 3
CPU_SECONDS = 60
MEMORY_BYTES = 2 * 1024**3
ASSET = re.compile(r"\Aasset:([a-z0-9-]+\.(css|svg))\Z")
TYPES = {"css": "text/css", "svg": "image/svg+xml"}
MISSING = (
    "The text-drawing libraries that WeasyPrint needs are missing on this machine. "
    "Install Pango (Debian: libpango-1.0-0, libpangoft2-1.0-0; macOS: pango), then try again."
)


class ForeignAddress(ValueError):
    """The page names something that is not one of its own assets."""


def read_assets(folder: Path) -> dict[str, bytes]:
    """Everything that a page may fetch, by file name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if ASSET.match(f"asset:{path.name}")}


def fence(assets: Mapping[str, bytes]) -> Any:
    """A fetcher that answers the names in `assets` and nothing else; anything else ends the printing."""
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Fence(URLFetcher):
        def __init__(self) -> None:
            super().__init__()
            self.refused: list[str] = []

        def fetch(self, url: str, headers: object = None) -> Any:
            known = ASSET.match(url)
            if known is None or known[1] not in assets:
                self.refused.append(url[:200])
                raise FatalURLFetchingError(url[:200])
            return URLFetcherResponse(url, assets[known[1]], {"Content-Type": TYPES[known[2]]})

    return Fence()


def press(html: str, assets: Mapping[str, bytes]) -> tuple[int, bytes]:
    """Number of pages, and the tagged PDF (PDF/UA). The same HTML gives the same bytes. Raises `ForeignAddress`."""
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError

    fetcher = fence(assets)
    try:
        document = HTML(string=html, base_url="asset:page", url_fetcher=fetcher).render()
        pdf = document.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=b"complere")
    except FatalURLFetchingError as foreign:
        raise ForeignAddress(f"A document may not fetch {foreign}") from foreign
    if fetcher.refused:
        # A drawing within a drawing is left out without a word; here it ends the printing all the same.
        raise ForeignAddress(f"A document may not fetch {fetcher.refused[0]}")
    return len(document.pages), pdf


def _limit() -> None:
    # Not every system knows each limit; the caller's time limit holds everywhere.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def main(folder: str) -> int:
    _limit()
    try:
        import weasyprint  # noqa: F401
    except OSError:
        sys.stderr.write(MISSING)
        return NO_LIBRARIES
    pages, pdf = press(sys.stdin.buffer.read().decode(), read_assets(Path(folder)))
    sys.stdout.buffer.write(f"{pages}\n".encode() + pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
