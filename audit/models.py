"""Where Django finds the models of this app."""

from audit.export.models import Export, ExportPart
from audit.ledger.models import Access, Anchor, Checkpoint, Event, Leaf
from audit.log_keys.models import LogKey
from audit.reconciliation.models import Finding
from audit.signatures.models import Signature
from audit.subject_keys.models import SubjectKey, TenantKey
from audit.verification.models import TrailCheck

__all__ = [
    "Access",
    "Anchor",
    "Checkpoint",
    "Event",
    "Export",
    "ExportPart",
    "Finding",
    "Leaf",
    "LogKey",
    "Signature",
    "SubjectKey",
    "TenantKey",
    "TrailCheck",
]
