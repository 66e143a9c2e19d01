from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audit.proofs import presenters, queries
from audit.proofs.queries import Proof
from audit.readers import readers_only, zone_of

# bigint
LARGEST = 2**63 - 1


@readers_only
@require_GET
def prove_entry(request: HttpRequest, index: int) -> HttpResponse:
    """One entry of the log with its proof against the newest signed head (§11.10(a))."""
    values = presenters.page(_proof(index), request.user.has_perm, zone_of(request))
    return render(request, "audit/proofs/entry.html", values)


@readers_only
@require_GET
def download_proof(request: HttpRequest, index: int) -> HttpResponse:
    """The proof as a C2SP tlog-proof: holds hashes only, so whoever reads the trail may have it."""
    proof = _proof(index)
    if proof.record is None:
        raise Http404
    return _file(proof.record.text.encode(), f"entry-{index}.tlog-proof", "text/plain; charset=utf-8")


@readers_only
@require_GET
def download_entry(request: HttpRequest, index: int) -> HttpResponse:
    """The entry byte for byte as it was hashed."""
    proof = _proof(index)
    if not presenters.may_read(proof.event, request.user.has_perm):
        raise PermissionDenied
    return _file(proof.event.payload.encode(), f"entry-{index}.json", "application/json")


def _proof(index: int) -> Proof:
    proof = queries.of_entry(index) if index <= LARGEST else None
    if proof is None:
        raise Http404
    return proof


def _file(content: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response
