from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from audit.readers import readers_only, zone_of
from audit.signatures import queries as signatures
from audit.signed_records import presenters
from audit.trail import queries as trail


@readers_only
@require_safe
def signature(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was signed, by whom, and whether it still holds; for whoever may read the record's history (§11.70)."""
    found = signatures.by_id(str(pk))
    story = trail.story_of(found.kind) if found is not None else None
    if found is None or story is None:
        raise Http404
    if not request.user.has_perm(story.permission):
        raise PermissionDenied
    record = trail.record_of(story, found.pk_text)
    title = story.title_of(record) if record is not None else f"{found.kind} {found.pk_text}"
    values = presenters.page(found, story, title, zone_of(request))
    return render(request, "audit/signed_records/signature.html", values)
