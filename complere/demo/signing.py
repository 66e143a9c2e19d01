"""How the people of the demonstration sign: with the password that everybody knows, and a code of their own app.

In the demonstration only. They pass the same check as anybody; what a visitor writes they never sign.
"""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.utils import timezone

from audit.signatures.actions import SignatureRefused
from audit.signatures.catalogue import Evidence, Meaning, Signing
from audit.transitions import MoveRefused
from complere.demo import people
from tenants.demo_codes.catalogue import APP
from tenants.members.accounts import queries as members
from tenants.members.factors import actions as factors
from tenants.members.factors import hashing as one_time
from tenants.members.factors import queries as factor_queries
from tenants.tenancy import queries as tenancy
from trust_center.claims import actions as claims
from trust_center.claims import queries as claim_queries
from trust_center.documents import actions as documents
from trust_center.documents import queries as document_queries
from trust_center.documents.states import State

if TYPE_CHECKING:
    from uuid import UUID

    from tenants.members.accounts.models import User
    from tenants.members.factors.models import Factor
    from trust_center.documents.models import DocumentVersion

REFUSALS = (factors.ComponentsRefused, factors.SigningLocked, SignatureRefused, MoveRefused, documents.VersionRefused)
WHY = "Read for the demonstration"
# What was printed longer ago waits for a visitor: nobody of the demonstration signs behind their back.
TRIED_FOR = timedelta(minutes=15)
# Versions that were refused, as a visitor changed a password: trying again would lock the person out.
_refused: "set[UUID]" = set()

log = structlog.get_logger(__name__)


def sign_as(user: "User", meaning: Meaning, purpose: str, now: datetime) -> Signing:
    """An act of signing by this person, with both components as of `now`.

    Raises `ComponentsRefused`, `SigningLocked`.
    """
    app = _app_of(user)
    code = one_time.code_at(factor_queries.secret_of(app), one_time.step_at(now))
    shown = factors.check_components(user, password=people.PASSWORD, code=code, purpose=purpose, address="", now=now)
    evidence = Evidence(methods=shown.methods, authenticated_at=shown.authenticated_at, detail=shown.detail)
    zone = tenancy.zone_here()
    return Signing(meaning=meaning, evidence=evidence, time_zone=zone, nonce=uuid.uuid4().hex)


def sign_content(now: datetime) -> None:
    """Lena Legal approves what came with the release; what somebody wrote in the console waits for somebody."""
    drafts = [draft for draft in claim_queries.drafts() if draft.from_file]
    lena = members.by_email("legal@complere.example")
    if not drafts or lena is None:
        return
    try:
        signing = sign_as(lena, Meaning.APPROVAL, "statements to become published", now)
        claims.publish(drafts, signing=signing, actor=lena.actor, now=now, reason=WHY)
    except REFUSALS as refused:
        log.warning("the content was not signed", why=str(refused))


def sign_documents(now: datetime) -> int:
    """Theo Editor approves the first versions, once the press has printed them. Returns how many."""
    theo, waiting = members.by_email("editor@complere.example"), _first_versions()
    if not waiting or theo is None or not _has_unused_code(theo, now):
        return 0
    try:
        signing = sign_as(theo, Meaning.APPROVAL, "documents to become published", now)
        for version in waiting:
            documents.publish(version, signing=signing, actor=theo.actor, now=now, reason=WHY)
    except REFUSALS as refused:
        log.warning("the documents were not signed", why=str(refused))
        _refused.update(version.pk for version in waiting)
        return 0
    return len(waiting)


def next_document_at() -> datetime | None:
    printed = [version.printed_at for version in _first_versions() if version.printed_at]
    return min((at for at in printed if at > timezone.now() - TRIED_FOR), default=None)


def register() -> None:
    """Have the sweep of the demonstration sign what the press has printed."""
    from tenants import schemas
    from tenants.chores import Chore
    from tenants.chores import register as add

    if settings.DEMO:
        add(
            Chore(
                "signatures of the demonstration",
                lambda now: sign_documents(now) if schemas.is_platform() else 0,
                lambda: next_document_at() if schemas.is_platform() else None,
            )
        )


def _app_of(user: "User") -> "Factor":
    return next(one for one in factor_queries.authenticators(factor_queries.factors_of(user)) if one.name == APP)


def _has_unused_code(user: "User", now: datetime) -> bool:
    """A code is good once, and holds for half a minute."""
    last = _app_of(user).last_step
    return last is None or one_time.step_at(now) > last


def _first_versions() -> "list[DocumentVersion]":
    """Loaded with the release, by nobody of the demonstration, and printed: all at once, since one act signs them."""
    first = [row for row in document_queries.current_versions() if row.number == 1 and row.prepared_by_id is None]
    if any(row.state == State.PREPARING for row in first):
        return []
    return [row for row in first if row.state == State.DRAFT and row.pk not in _refused]
