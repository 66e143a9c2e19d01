"""The desk's frame: which rooms a person may enter, told to every page."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

# Label, url name, permission that opens the room (SIGNED_IN rooms carry None).
TENANT_ROOMS = [
    ("Overview", "home", None),
    ("Data-subject requests", "subject-requests", "privacy.view_requests"),
    ("Incidents", "incidents", "privacy.view_incidents"),
    ("Log an incident", "log-incident", "privacy.log_incidents"),
    ("Breach notices", "breach-notices", "privacy.view_incidents"),
    ("Breach register", "breach-register", "privacy.view_incidents"),
    ("Documents", "documents", "trust.request_documents"),
    ("People", "people", "members.view_people"),
    ("Access reviews", "access-reviews", "members.review_access"),
    ("Sign-in and access", "access", "members.manage_access"),
    ("Visits of Complere's staff", "staff-entries", "members.view_people"),
    ("Signing policy", "signing-policy-desk", "members.manage_people"),
    ("Contacts", "contacts", "members.manage_contacts"),
    ("Audit trail", "trail", "audit.view_history"),
]
PLATFORM_ROOMS = [
    ("Overview", "home", None),
    ("Document requests", "document-requests", "trust.view_document_requests"),
    ("Documents", "documents-desk", "trust.view_content"),
    ("Claims", "claims", "trust.view_content"),
    ("Sub-processors", "subprocessors-desk", "trust.view_content"),
    ("Data-subject requests", "subject-requests", "privacy.view_requests"),
    ("Incidents", "incidents", "privacy.view_incidents"),
    ("Log an incident", "log-incident", "privacy.log_incidents"),
    ("Breach register", "breach-register", "privacy.view_incidents"),
    ("Tenants", "tenants", "tenants.view_tenants"),
    ("Entries into tenants", "entries", "tenants.ask_to_enter"),
    ("Browser reports", "browser-reports", "tenants.view_tenants"),
    ("People", "people", "members.view_people"),
    ("Access reviews", "access-reviews", "members.review_access"),
    ("Sign-in and access", "access", "members.manage_access"),
    ("Signing policy", "signing-policy-desk", "members.manage_people"),
    ("Contacts", "contacts", "members.manage_contacts"),
    ("Audit trail", "trail", "audit.view_history"),
]


@dataclass(frozen=True, slots=True)
class Room:
    label: str
    url: str
    current: bool
    count: int | None = None


def desk(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the variable `desk` of templates/desk/base.html."""
    user = getattr(request, "user", None)
    tenant = getattr(request, "tenant", None)
    if user is None or tenant is None:
        return {}
    name = "Complere console" if tenant.is_platform else tenant.name
    frame: dict[str, Any] = {"name": name, "console": tenant.is_platform, "home_url": _url("home")}
    if user.is_authenticated:
        frame |= {
            "context": "" if tenant.is_platform else "Trust workspace",
            "user": {"name": user.full_name, "email": user.email, "role": user.role_names},
            "account_url": _url("profile"),
            "sign_out_url": _url("sign-out"),
            "nav": _open_rooms(request, PLATFORM_ROOMS if tenant.is_platform else TENANT_ROOMS),
        }
    return {"desk": frame}


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _open_rooms(request: HttpRequest, rooms: list[tuple[str, str, str | None]]) -> list[Room]:
    allowed = [
        (label, name) for label, name, permission in rooms if permission is None or request.user.has_perm(permission)
    ]
    opened = [(label, url, name == "home") for label, name in allowed if (url := _url(name))]
    # One room within another: only the innermost is where the reader is.
    here = max((url for _, url, home in opened if _inside(request.path, url, home=home)), key=len, default="")
    return [Room(label, url, url == here) for label, url, _ in opened]


def _inside(path: str, url: str, *, home: bool) -> bool:
    return path == url if home else path.startswith(url)
