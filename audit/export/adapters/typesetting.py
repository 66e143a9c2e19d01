"""The trail on paper: HTML for the press. Values are escaped; only our own templates hold markup."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from audit import printing

# Of the clock; the press limits its own processor time to less.
SECONDS = 150
ASSETS = Path(__file__).resolve().parents[3] / "templates" / "audit" / "export" / "assets"


def pdf_of(
    *,
    title: str,
    lede: str,
    facts: Sequence[tuple[str, str]],
    heading: str,
    entries: Sequence[Any],
    signatures: Sequence[Any] = (),
) -> bytes:
    """A tagged PDF of entries, told. Raises `PrintingFailed`."""
    values = {
        "title": title,
        "lede": lede,
        "facts": facts,
        "heading": heading,
        "entries": entries,
        "signatures": signatures,
    }
    return printing.pdf_of(render_to_string("audit/export/frame.html", values), assets=ASSETS, seconds=SECONDS)[1]
