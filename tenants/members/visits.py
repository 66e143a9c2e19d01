"""The walls around a visit of Complere's staff, at every request of one.

The entry must still stand. Of the workspace only that is open which the visitor's permissions open. A visit that only
reads sends nothing; and a view that tried to write all the same would be refused by the database, in whose
transaction nothing can be written. Each page is noted in the tenant's access log and in Complere's own.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final

from django.contrib.auth import logout
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import timezone

from audit import context, watch
from tenants import schemas
from tenants.members import access
from tenants.members.sessions.queries import mark_of
from tenants.members.staff_entries import catalogue, queries
from tenants.members.staff_entries.queries import Visitor

# The way out is open whatever the visit may do.
LEAVES: Final = frozenset({"sign-out", "staff-leave"})
# Of the pages that any member has, those that are about no account.
OVERVIEW: Final = "home"
SAFE: Final = ("GET", "HEAD", "OPTIONS")
NOTHING_SHOWN: Final = frozenset({401, 403, 404, 405, 410, 429})
# SQLSTATE: something was to be written in a transaction that only reads.
READ_ONLY: Final = "25006"
ONLY_READS: Final = "This visit only reads, so nothing was changed. Leave it and ask for an entry with writing."
NO_ACCOUNT: Final = "This is for people with an account in this workspace. A visitor of Complere's staff has none."
NOT_ALLOWED: Final = "A visit of Complere's staff does not include this."


class Visits:
    """Stands innermost: sessions and the access log, further out, are written outside the wall of the database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        visitor = queries.visitor_of(request)
        if visitor is None:
            return self.get_response(request)
        signed_out = request.session.get(catalogue.EPOCH) != visitor.epoch
        if signed_out or queries.is_over(visitor.visit, timezone.now()):
            logout(request)
            return self.get_response(request)
        return self._visited(request, visitor)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What the database refused; the page that says so is made once its transaction is over."""
        if queries.visitor_of(request) is None or not _is_read_only(exception):
            return None
        request.visit_wrote = True  # type: ignore[attr-defined]
        return HttpResponse(status=403)

    def _visited(self, request: HttpRequest, visitor: Visitor) -> HttpResponse:
        request.resolver_match = match = _match(request)
        if why := _refusal(request, match, visitor):
            return _refused(request, visitor, why)
        with context.authenticated_as(_came_by(request, visitor)), _wall(match, visitor):
            response = self.get_response(request)
        if getattr(request, "visit_wrote", False):
            return _refused(request, visitor, ONLY_READS)
        # A stream would be made after the wall has gone, and takes a copy away.
        if response.streaming:
            return _refused(request, visitor, NOT_ALLOWED)
        # A form sent back with its errors shows the record as well.
        if response.status_code not in NOTHING_SHOWN and request.user.is_authenticated:
            _note(visitor)
        return response


def _match(request: HttpRequest) -> ResolverMatch | None:
    try:
        return resolve(request.path_info, getattr(request, "urlconf", None))
    except Resolver404:
        return None


def _refusal(request: HttpRequest, match: ResolverMatch | None, visitor: Visitor) -> str:
    """Why this request is not answered; empty for one that is."""
    if match is None or match.url_name in LEAVES:
        return ""
    needs = access.permission_of(match.func)
    if request.method not in SAFE and (not visitor.visit.may_write or needs == access.PUBLIC):
        return ONLY_READS if not visitor.visit.may_write else NOT_ALLOWED
    if needs == access.SIGNED_IN and match.url_name != OVERVIEW:
        return NO_ACCOUNT
    known = {access.PUBLIC, access.SIGNED_IN, *visitor.permissions()}
    return "" if needs in known and not access.is_dangerous(match.func) else NOT_ALLOWED


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever runs in the block, PostgreSQL lets it change nothing; and nothing of it is kept."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
        transaction.set_rollback(True)


def _wall(match: ResolverMatch | None, visitor: Visitor) -> AbstractContextManager[None]:
    if match is not None and match.url_name in LEAVES:
        return nullcontext()
    # A visit with writing writes where its permissions lead, and nowhere else.
    writes = visitor.visit.may_write and match is not None and visitor.has_perm(str(access.permission_of(match.func)))
    return nullcontext() if writes else _reading()


def _came_by(request: HttpRequest, visitor: Visitor) -> context.Authentication:
    """By which the trail knows what was written on this visit."""
    session = mark_of(request.session.session_key)
    return context.Authentication(session=session, method=queries.reference(visitor.visit.pk))


def _note(visitor: Visitor) -> None:
    told = queries.reference(visitor.visit.pk)
    watch.visited(told)
    with schemas.on_platform():
        watch.visited(told)


def _refused(request: HttpRequest, visitor: Visitor, why: str) -> HttpResponse:
    watch.refused("VisitRefused", why, queries.reference(visitor.visit.pk))
    return render(request, "403.html", {"reason": why}, status=403)


def _is_read_only(exception: Exception) -> bool:
    return isinstance(exception, DatabaseError) and getattr(exception.__cause__, "sqlstate", "") == READ_ONLY
