from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from audit.log_keys import queries as log_keys
from audit.sequencer import queries as sequencing
from audit.verification import queries as trail_checks
from tenants import schemas
from tenants.books import actions, presenters, queries
from tenants.members.access import may, public_door
from tenants.tenancy.queries import of_request

READ = "audit.view_history"
A_PAGE = 50
TEXT = "text/plain; charset=utf-8"
JSON = "application/json; charset=utf-8"
REVALIDATE = "public, no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
DEEPEST = 8


@public_door
@require_safe
def transparency(request: HttpRequest) -> HttpResponse:
    """The log over all logs in plain words, with every head it ever had."""
    page = Paginator(range(queries.count_of_heads()), A_PAGE).get_page(request.GET.get("page"))
    heads = queries.heads_over_all(A_PAGE, max(page.start_index() - 1, 0))
    newest = queries.newest_of_each()
    stamps = list(queries.stamps().filter(size__in=[head.size for head in heads]))
    values = {
        "over_all": queries.head_over_all(),
        "logs": len(newest),
        "begun_anew": presenters.begun_anew(newest),
        "key": log_keys.signing_key(log_keys.HEADS),
        "page": page,
        "rows": presenters.history(heads, stamps),
    }
    return render(request, "tenants/books/transparency.html", values)


@public_door
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest head over all logs, verbatim (C2SP tlog-checkpoint)."""
    over_all = queries.head_over_all()
    if over_all is None:
        raise Http404
    return _plain(over_all.note, TEXT)


@public_door
@require_safe
def tile(request: HttpRequest, kind: str, number: str) -> HttpResponse:
    """A part of the log over all logs (C2SP tlog-tiles)."""
    is_level = kind.isdecimal() and kind.isascii() and str(int(kind)) == kind and int(kind) <= DEEPEST
    found = queries.tile(kind, number) if kind == "entries" or is_level else None
    if found is None:
        raise Http404
    response = HttpResponse(found, content_type="application/octet-stream")
    response["Cache-Control"] = FOR_EVER
    return response


@public_door
@require_safe
def heads(request: HttpRequest) -> HttpResponse:
    """The newest head of every log: what to keep somewhere else."""
    return _plain(queries.heads_json(), JSON)


@public_door
@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """The public keys of the log on this host, with their validity and who announced them."""
    return _plain(queries.keys_json(), JSON)


@may(READ)
@require_safe
def checks(request: HttpRequest) -> HttpResponse:
    """Where the log of this schema stands, and every check of it."""
    zone = of_request(request).time_zone
    page = Paginator(trail_checks.checks(), A_PAGE).get_page(request.GET.get("page"))
    anchored = queries.anchor_of(schemas.current_schema())
    values = {
        "standing": presenters.standing(sequencing.last_head(), log_keys.signing_key(), anchored, zone),
        "is_anchored": anchored is not None,
        "epochs": sequencing.epochs(),
        "page": page,
        "rows": [presenters.row(check, zone) for check in page.object_list],
        "zone": zone,
    }
    return render(request, "tenants/books/checks.html", values)


@may(READ)
@require_POST
def request_check(request: HttpRequest) -> HttpResponse:
    asked = actions.request_check(actor=request.user.actor, now=timezone.now())  # type: ignore[union-attr]
    messages.success(request, "The trail will be checked from its first event on.")
    return redirect("trail-check", trail_check_id=asked.pk)


@may(READ)
@require_safe
def check(request: HttpRequest, trail_check_id: UUID) -> HttpResponse:
    """One check: how far it is, or what it found."""
    zone = of_request(request).time_zone
    shown = get_object_or_404(trail_checks.checks(), pk=trail_check_id)
    values = presenters.row(shown, zone) | {
        "facts": presenters.facts(shown, zone),
        "findings": presenters.findings(shown),
    }
    return render(request, "tenants/books/check.html", values)


@may(READ)
@require_safe
def anchor(request: HttpRequest) -> HttpResponse:
    """The proof that this log's newest gathered head is in the public log of all logs (C2SP tlog-proof)."""
    anchored = queries.anchor_of(schemas.current_schema())
    if anchored is None:
        raise Http404
    response = _plain(anchored.proof.text, TEXT)
    response["Content-Disposition"] = f'attachment; filename="head-{anchored.head.size}.tlog-proof"'
    return response


def _plain(text: str, kind: str) -> HttpResponse:
    response = HttpResponse(text, content_type=kind)
    response["Cache-Control"] = REVALIDATE
    return response
