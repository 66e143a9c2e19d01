"""What browsers told of, newest first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.urls import Resolver404, resolve

from tenants.browser_reports.models import BrowserReport

NO_PAGE = "unknown page"


@dataclass(frozen=True, slots=True)
class Told:
    """One violation, without anything that names a person: no address of a page, no query, no id."""

    page: str
    directive: str
    blocked: str
    source: str


def newest() -> QuerySet[BrowserReport]:
    return BrowserReport.objects.order_by("-last_at")


def told(sent: Any, urlconf: str | None) -> list[Told]:
    """The violations in a report of either format (`report-uri`, Reporting API); none when it is neither."""
    if isinstance(sent, Mapping) and isinstance(sent.get("csp-report"), Mapping):
        report = sent["csp-report"]
        names = ("document-uri", "effective-directive", "blocked-uri", "source-file")
        return [_one(report, names, urlconf)]
    if not isinstance(sent, list):
        return []
    bodies = [one["body"] for one in sent if isinstance(one, Mapping) and isinstance(one.get("body"), Mapping)]
    names = ("documentURL", "effectiveDirective", "blockedURL", "sourceFile")
    return [_one(body, names, urlconf) for body in bodies[:10]]


def _one(report: Mapping[str, Any], names: tuple[str, str, str, str], urlconf: str | None) -> Told:
    page, directive, blocked, source = (_text(report.get(name)) for name in names)
    return Told(_name_of(page, urlconf), directive[:60] or "unknown", _place(blocked)[:200], _place(source)[:200])


def _text(given: Any) -> str:
    """What can be kept of what a stranger sent: half a character, or none at all, cannot."""
    return "".join(letter for letter in str(given or "")[:2000] if letter.isprintable())


def _name_of(address: str, urlconf: str | None) -> str:
    try:
        return resolve(_parts(address)[1] or "/", urlconf).view_name[:80]
    except (Resolver404, ValueError):
        return NO_PAGE


def _place(address: str) -> str:
    """Host and path of a file, or the keyword that stands in its place; the path of another host stays away."""
    host, path = _parts(address)
    if not host:
        return address.partition("?")[0].partition("#")[0]
    return f"{host}{path}" if path.startswith("/static/") else host


def _parts(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.netloc.rpartition("@")[2], parts.path
