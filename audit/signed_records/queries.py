"""Signatures as every view of a signed record prints them, and what exactly was signed (§11.50, §11.70)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import models

from audit.presenters import Story
from audit.signatures import queries as signatures
from audit.signatures.catalogue import WORDS, Meaning
from audit.signatures.models import Signature
from audit.trail import queries as trail
from audit.trail.queries import Source, Version

DIGITS_SHOWN = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """A signature for people: components/signatures.html draws a list of these.

    `at` is aware, `zone` the signer's own; `digest` is the SHA-256 of all that was signed, as hex.
    """

    id: str
    name: str
    role: str
    at: datetime
    zone: str
    meaning: str
    version: int
    digest: str

    @property
    def short_digest(self) -> str:
        return self.digest[:DIGITS_SHOWN]

    @property
    def anonymous(self) -> dict[str, Any]:
        """For the public: who works for us by name is personal data, in what role they signed is not."""
        return {
            "role": self.role,
            "meaning": self.meaning,
            "signed_at": self.at.isoformat(),
            "time_zone": self.zone,
            "version": self.version,
            "sha256": self.digest,
        }


def of(record: models.Model) -> list[Shown]:
    """Every signature over any version of the record, oldest first."""
    return [shown(signature) for signature in signatures.of_record(record)]


def of_many(records: Iterable[models.Model]) -> dict[str, list[Shown]]:
    """The signatures of records of one kind, by the record's id as text. One query."""
    rows = list(records)
    if not rows:
        return {}
    wanted = Signature.objects.filter(obj=rows[0]._meta.db_table, pk_text__in=[str(row.pk) for row in rows])
    found: dict[str, list[Shown]] = {str(row.pk): [] for row in rows}
    for signature in wanted.select_related("subject_key").order_by("signed_version", "signed_at"):
        found[signature.pk_text].append(shown(signature))
    return found


def shown(signature: Signature) -> Shown:
    return Shown(
        id=str(signature.pk),
        name=signature.signer_name,
        role=signature.signer_role,
        at=signature.signed_at,
        zone=signature.time_zone,
        meaning=WORDS[Meaning(signature.meaning)],
        version=signature.signed_version,
        digest=signature.intent_digest,
    )


def signed_version(signature: Signature, story: Story) -> Version | None:
    """The content that was signed, whole; None when the readable history does not hold it."""
    key = story.model._meta.pk
    history: Any = story.model.history.model._default_manager  # type: ignore[attr-defined]
    rows = history.filter(**{key.attname: key.to_python(signature.pk_text)})
    numbers = rows.filter(ledger_version=signature.signed_version).values_list("history_id", flat=True)
    found = trail.versions([Source(story, rows)], [(story.kind, number) for number in numbers[:1]])
    # Without the version before it everything is told, not only what was changed last.
    return replace(found[0], before=None) if found else None
