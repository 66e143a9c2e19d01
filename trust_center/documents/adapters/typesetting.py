"""From facts to the HTML that is printed. Values are escaped; only our own templates hold markup."""

import re
from html import unescape
from typing import Any

import segno
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import strip_tags

from audit.signed_records import queries as signed_records
from tenants.tenancy import queries as tenancy
from trust_center.documents.catalogue import CATALOGUE, CLASSIFICATION_WORDS
from trust_center.documents.models import DocumentVersion
from trust_center.documents.states import Classification, Kind

HEADING = re.compile(r'<h2 id="([a-z0-9-]+)">(.*?)</h2>', re.DOTALL)
SOURCES = {
    Kind.DPA: "The sub-processor register and the published commitments",
    Kind.SECURITY_OVERVIEW: "The published commitments, in their exact wording",
    Kind.QUESTIONNAIRE: "The maintained answers of the security team",
    Kind.SLA: "The service levels in force",
}


def page_of(version: DocumentVersion) -> str:
    """The whole document as HTML, from the facts that the version keeps: the same version gives the same page."""
    kind = Kind(version.document.kind)
    values: dict[str, Any] = {
        "entry": CATALOGUE[kind],
        "version": version,
        "facts": version.facts,
        "terms": version.facts.get("terms"),
        "levels": version.facts.get("levels"),
        "origin": tenancy.platform().origin,
        "sources": f"{SOURCES[kind]}, on {version.prepared_at:%-d %B %Y, %H:%M} UTC",
        "classification_words": CLASSIFICATION_WORDS[Classification(version.classification)],
    }
    body = render_to_string(f"trust_center/pdf/{kind}.html", values)
    contents = [{"id": found[1], "text": _plain(found[2])} for found in HEADING.finditer(body)]
    values |= {"body": body, "contents": contents}
    return render_to_string("trust_center/pdf/frame.html", values)


def signature_page_of(version: DocumentVersion) -> str:
    """The page that prints who signed the version, when and what for, and where that is verified (§11.50, §11.70)."""
    origin = tenancy.platform().origin
    signatures = signed_records.of(version)
    values = {
        "version": version,
        "entry": CATALOGUE[Kind(version.document.kind)],
        "record": f"{version._meta.label_lower}:{version.pk}",
        "signatures": [(one, _picture(origin + reverse("signature", args=[one.id]))) for one in signatures],
    }
    return render_to_string("trust_center/pdf/signatures.html", values)


def _picture(address: str) -> dict[str, str | int]:
    """An address and its QR code: the dark modules as one SVG path, since a page fetches nothing, not even itself."""
    matrix = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    dark = [f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, module in enumerate(row) if module]
    return {"address": address, "path": "".join(dark), "size": len(matrix)}


def _plain(markup: str) -> str:
    # Escaped once already: taken back, or it would be escaped twice.
    return unescape(" ".join(strip_tags(markup).split()))
