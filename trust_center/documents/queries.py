from datetime import datetime
from uuid import UUID

from django.db.models import Min, QuerySet

from trust_center.claims import queries as claims
from trust_center.documents.catalogue import CATALOGUE
from trust_center.documents.models import Document, DocumentVersion, SignedCopy
from trust_center.documents.states import IN_THE_MAKING, Kind, State

# In the order of the catalogue.
ORDER = {kind: place for place, kind in enumerate(CATALOGUE)}
# Bytes and facts are looked at one version at a time; a list does without.
HEAVY = ("pdf", "facts")


def documents() -> list[Document]:
    return sorted(Document.objects.all(), key=lambda row: ORDER[Kind(row.kind)])


def by_kind(kind: str) -> Document | None:
    return Document.objects.filter(kind=kind).first()


def published() -> dict[Kind, DocumentVersion]:
    """The version of each document that is given out now, in the order of the catalogue. One query."""
    rows = DocumentVersion.objects.filter(state=State.PUBLISHED).select_related("document").defer(*HEAVY)
    return {Kind(row.document.kind): row for row in sorted(rows, key=lambda row: ORDER[Kind(row.document.kind)])}


def current_versions() -> list[DocumentVersion]:
    """Published versions and those on their way, with their facts but without the bytes."""
    states = [State.PUBLISHED, *IN_THE_MAKING]
    return list(DocumentVersion.objects.filter(state__in=states).select_related("document").defer("pdf"))


def versions_of(document: Document) -> QuerySet[DocumentVersion]:
    """Every version, newest first."""
    return document.versions.order_by("-number").select_related("document").defer(*HEAVY)


def version(version_id: UUID | str) -> DocumentVersion | None:
    found = DocumentVersion.objects.filter(pk=version_id).select_related("document").defer(*HEAVY)
    return found.first()


def pdf_of(given: DocumentVersion) -> bytes:
    """The bytes; empty when the version was never printed."""
    stored = DocumentVersion.objects.values_list("pdf", flat=True).get(pk=given.pk)
    return bytes(stored) if stored is not None else b""


def signed_copy(given: DocumentVersion) -> SignedCopy | None:
    """The file as it is given out; None for a version that nobody signed. `pdf` is empty until it is printed."""
    return SignedCopy.objects.filter(version=given).first()


def signed_copies(document: Document) -> dict[UUID, SignedCopy]:
    """The files given out of a document, by their version, without the bytes."""
    found = SignedCopy.objects.filter(version__document=document, printed_at__isnull=False).defer("pdf")
    return {copy.version_id: copy for copy in found}


def copies_to_make(now: datetime) -> QuerySet[SignedCopy]:
    return SignedCopy.objects.filter(print_at__lte=now).order_by("print_at")


def next_copy_at() -> datetime | None:
    found: datetime | None = SignedCopy.objects.filter(print_at__isnull=False).aggregate(at=Min("print_at"))["at"]
    return found


def in_the_making(document: Document) -> DocumentVersion | None:
    return versions_of(document).filter(state__in=IN_THE_MAKING).first()


def to_print(now: datetime) -> QuerySet[DocumentVersion]:
    """Versions to be printed now, longest waiting first."""
    return DocumentVersion.objects.filter(print_at__lte=now).order_by("print_at")


def next_print_at() -> datetime | None:
    found: datetime | None = DocumentVersion.objects.filter(print_at__isnull=False).aggregate(at=Min("print_at"))["at"]
    return found


def first_versions_due() -> datetime | None:
    """Since when documents could be made that have no version yet: their facts are what is published."""
    made = DocumentVersion.objects.values("document").distinct().count()
    return claims.published_since() if made < len(CATALOGUE) else None


def file_name(given: DocumentVersion) -> str:
    return f"{CATALOGUE[Kind(given.document.kind)].file_name}-v{given.number}.pdf"
