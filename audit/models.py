"""Where Django finds the models of this app."""

from audit.ledger.models import Access, Anchor, Checkpoint, Event, Leaf
from audit.signatures.models import Signature
from audit.subject_keys.models import SubjectKey, TenantKey

__all__ = ["Access", "Anchor", "Checkpoint", "Event", "Leaf", "Signature", "SubjectKey", "TenantKey"]
