"""Making things public as people do: Tess writes, Leo signs."""

from collections.abc import Sequence
from datetime import datetime

from tests import cast
from trust_center.claims import actions as claims
from trust_center.claims import queries
from trust_center.claims.models import Statement
from trust_center.documents import actions as documents
from trust_center.documents.models import DocumentVersion

WHY = "Read and found right"


def publish(drafts: Sequence[Statement], *, now: datetime, who: str = "leo", reason: str = WHY) -> int:
    actor = cast.person(who).actor
    return claims.publish(drafts, signing=cast.signing(now), actor=actor, now=now, reason=reason)


def publish_all(now: datetime) -> int:
    """Everything that the repository's content says."""
    return publish(queries.drafts(), now=now)


def publish_version(version: DocumentVersion, *, now: datetime, who: str = "leo", reason: str = WHY) -> DocumentVersion:
    actor = cast.person(who).actor
    return documents.publish(version, signing=cast.signing(now), actor=actor, now=now, reason=reason)
