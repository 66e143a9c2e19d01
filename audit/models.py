"""Where Django finds the models of this app."""

from audit.subject_keys.models import SubjectKey, TenantKey

__all__ = ["SubjectKey", "TenantKey"]
