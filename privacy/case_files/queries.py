import hashlib
from datetime import datetime
from typing import Any, Protocol, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Min, QuerySet
from django.urls import reverse

from audit.context import current_schema
from audit.subject_keys import hashing
from audit.subject_keys.queries import open_subject_key
from privacy.case_files.catalogue import KEPT_AFTER_EXPIRY
from privacy.case_files.models import RequestFile, RequestLink, RequestLinkUse, RequestNote
from tenants import schemas
from tenants.tenancy import queries as tenancy


class Case(Protocol):
    """What files and letters need to know of a request."""

    pk: Any
    reference: str
    subject_name: Any
    subject_email: Any
    subject_key: Any
    content_key: Any


def home() -> Any:
    """The tenant whose schema we are in, with calendar and zone: Complere itself on the platform."""
    tenant = cast("Any", schemas.current())
    return tenant if hasattr(tenant, "calendar") else tenancy.platform()


def link(name: str, *args: object) -> str:
    """An absolute address on the host of the schema we are in, from its stored origin."""
    urls = settings.PUBLIC_SCHEMA_URLCONF if schemas.is_platform() else settings.ROOT_URLCONF
    return str(home().origin) + reverse(name, urlconf=urls, args=args)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def request_behind(token: str, door: str, *, now: datetime) -> Any:
    """The id of the request that a personal link opens; None when it is unknown, expired, or for another door."""
    found = RequestLink.objects.filter(token_hash=digest(token), door=door, expires_at__gt=now).first()
    return found.request_id if found else None


def links_over(now: datetime) -> QuerySet[RequestLink]:
    """Personal links that expired so long ago that nobody asks any more why they do not work."""
    return RequestLink.objects.filter(expires_at__lte=now - KEPT_AFTER_EXPIRY)


def next_link_over() -> datetime | None:
    oldest: datetime | None = RequestLink.objects.aggregate(at=Min("expires_at"))["at"]
    return oldest + KEPT_AFTER_EXPIRY if oldest else None


def file_of(case: Case, file_id: UUID | str, *purposes: str) -> RequestFile:
    """One file of a request. Raises `RequestFile.DoesNotExist`."""
    found = RequestFile.objects.filter(request_id=case.pk, purpose__in=purposes)
    return found.select_related("content_key").get(pk=file_id)


def is_attached(form_token: UUID | None) -> bool:
    """Whether the file of this rendered form is in a case already."""
    return form_token is not None and RequestFile.objects.filter(form_token=form_token).exists()


def files_of(case: Case) -> list[RequestFile]:
    """Names and sizes of a request's files, oldest first, without their content."""
    found = RequestFile.objects.filter(request_id=case.pk).defer("content")
    return list(found.select_related("content_key").order_by("added_at"))


def notes_of(case: Case) -> QuerySet[RequestNote]:
    return RequestNote.objects.filter(request_id=case.pk).select_related("content_key").order_by("written_at")


def uses_of(case: Case) -> QuerySet[RequestLinkUse]:
    """What was opened through personal links, oldest first (DSR-35)."""
    return RequestLinkUse.objects.filter(request_id=case.pk).select_related("subject_key").order_by("used_at")


def contents(file: RequestFile) -> bytes:
    """The bytes of a file. Raises `audit.subject_keys.queries.ErasedError` once its key was destroyed."""
    return hashing.unseal(bytes(file.content), open_subject_key(file.content_key), place_of(file))


def place_of(file: RequestFile) -> str:
    return f"{current_schema()}|{file.content_key_id}|privacy.requestfile.content|{file.pk}"
