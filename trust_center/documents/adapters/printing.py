"""Has a document printed with the assets that documents have. The press itself is a door of the audit app."""

from pathlib import Path

from django.conf import settings

from audit import printing
from audit.printing import SECONDS, LibrariesMissing, PrintingFailed, PrintingTimedOut

__all__ = ["ASSETS", "LibrariesMissing", "PrintingFailed", "PrintingTimedOut", "pdf_of"]

ASSETS = Path(settings.BASE_DIR) / "templates" / "trust_center" / "pdf" / "assets"


def pdf_of(html: str, *, seconds: float = SECONDS, assets: Path = ASSETS) -> tuple[int, bytes]:
    """Number of pages and the PDF. Raises `PrintingFailed`."""
    return printing.pdf_of(html, assets=assets, seconds=seconds)
