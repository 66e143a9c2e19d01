"""The public pages. Each one is the same for everybody, so that it can be kept ready (complere/pages.py)."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tenants import schemas
from tenants.members.access import may, public_door
from tenants.members.outbox.actions import origin
from trust_center.claims.catalogue import Page
from trust_center.public_pages import queries
from trust_center.subprocessor_register import queries as register
from trust_center.updates import queries as updates

View = TypeVar("View", bound=Callable[..., HttpResponse])

# Revalidated at each visit: a change is seen at once, an unchanged page costs a 304.
REVALIDATE = "public, no-cache"
SITEMAP = (
    "trust-center",
    "compliance",
    "sub-processors",
    "changes",
    "business-day",
    "privacy-notice",
    "disclosure-policy",
)


def keep_ready(view: View) -> View:
    """The answer depends on nothing but the path and what is published: not on cookies, query or person."""

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = REVALIDATE
        with schemas.on_platform():
            changed = queries.last_modified()
        if changed is not None:
            response["Last-Modified"] = changed
        response.keep_ready = True  # type: ignore[attr-defined]
        return response

    return cast("View", marked)


@public_door
@require_safe
@keep_ready
def trust_center(request: HttpRequest) -> HttpResponse:
    return _page("trust_center", queries.trust_center(timezone.now()))


@public_door
@require_safe
@keep_ready
def compliance(request: HttpRequest) -> HttpResponse:
    return _page("compliance", queries.compliance())


@public_door
@require_safe
@keep_ready
def sub_processors(request: HttpRequest) -> HttpResponse:
    return _page("sub_processors", queries.sub_processors(timezone.now()))


@public_door
@require_safe
@keep_ready
def business_day(request: HttpRequest) -> HttpResponse:
    return _page("business_day", queries.business_day(timezone.now()))


@public_door
@require_safe
@keep_ready
def changes(request: HttpRequest) -> HttpResponse:
    found = updates.public_changes()[: queries.MOST_CHANGES]
    return _page("changes", {"changes": list(found), "zone": queries.platform_zone()})


@public_door
@require_safe
@keep_ready
def privacy_notice(request: HttpRequest) -> HttpResponse:
    return _page("privacy_notice", {})


@public_door
@require_safe
@keep_ready
def disclosure_policy(request: HttpRequest) -> HttpResponse:
    return _page("disclosure_policy", {"contacts": queries.security_contacts()})


@public_door
@require_safe
@keep_ready
def feed(request: HttpRequest) -> HttpResponse:
    """Atom, RFC 4287: ids never change, whatever becomes of the pages."""
    found = list(updates.public_changes()[:50])
    context = {"changes": found, "origin": origin(), "host": origin().split("://")[-1].split(":")[0]}
    return _document("feed.xml", context, "application/atom+xml")


@public_door
@require_safe
@keep_ready
def sitemap(request: HttpRequest) -> HttpResponse:
    context = {"pages": [reverse(name) for name in SITEMAP], "origin": origin(), "changed_at": updates.last_change_at()}
    return _document("sitemap.xml", context, "application/xml")


@public_door
@require_safe
@keep_ready
def robots(request: HttpRequest) -> HttpResponse:
    return _document("robots.txt", {"origin": origin()}, "text/plain")


@public_door
@require_safe
@keep_ready
def claims_json(request: HttpRequest) -> HttpResponse:
    return _json(queries.claims_document())


@public_door
@require_safe
@keep_ready
def subprocessors_json(request: HttpRequest) -> HttpResponse:
    return _json(queries.register_document(timezone.now()))


@public_door
@require_safe
def edition_json(request: HttpRequest, number: int) -> HttpResponse:
    """One edition of the register, byte for byte as its digest was made over it."""
    edition = get_object_or_404(register.editions(), number=number)
    response = HttpResponse(edition.content, content_type="application/json")
    response["Cache-Control"] = REVALIDATE
    return response


@public_door
@require_safe
@keep_ready
def security_txt(request: HttpRequest) -> HttpResponse:
    """Each host serves its own: a security.txt speaks for its host only (FMT-ST10)."""
    own = origin()
    with schemas.on_platform():
        text = queries.security_txt(own)
        if text is None:
            raise Http404
        return HttpResponse(text, content_type="text/plain; charset=utf-8")


@may("trust.view_content")
@never_cache
@require_safe
def preview(request: HttpRequest, page: str) -> HttpResponse:
    """A whole public page as it would read once every draft is published."""
    if page not in [*Page]:
        raise Http404
    drafted = (
        queries.compliance(preview=True)
        if page == Page.COMPLIANCE
        else queries.trust_center(timezone.now(), preview=True)
    )
    return _page(page.replace("-", "_"), {**drafted, "preview": True})


def _page(name: str, context: dict[str, Any]) -> HttpResponse:
    # Without the request: nothing of one visitor may reach a page that is kept for all.
    return render(None, f"trust_center/public_pages/{name}.html", context)


def _document(name: str, context: dict[str, Any], content_type: str) -> HttpResponse:
    path = f"trust_center/public_pages/{name}"
    return render(None, path, context, content_type=f"{content_type}; charset=utf-8")


def _json(content: dict[str, Any]) -> HttpResponse:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    return HttpResponse(f"{text}\n", content_type="application/json")
