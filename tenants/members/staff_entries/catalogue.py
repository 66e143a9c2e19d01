"""What a member of Complere's staff may do on a visit to a tenant. Pure: no framework."""

from datetime import timedelta
from typing import Final

from tenants.members.roles.catalogue import Auditor, of_schema

# From the console to the tenant's own host: one press, at once.
TICKET_LIFE: Final = timedelta(seconds=60)
TICKET: Final = "staff entry"
# Tickets tried from one address within TICKET_WINDOW.
TICKETS_PER_ADDRESS: Final = 20
TICKET_WINDOW: Final = timedelta(minutes=10)
# Where a session keeps the entry that it was opened for.
ENTRY: Final = "entry"
EPOCH: Final = "entry epoch"
BACKEND: Final = "tenants.members.backends.VisitorBackend"

# What only the tenant's own people declare, decide on, or take away.
NEVER: Final = frozenset(
    {
        "members.sign",
        "members.review_access",
        "audit.export_trail",
        "privacy.approve_notices",
        "privacy.acknowledge_notices",
        "trust.request_documents",
    }
)
READS: Final = Auditor.permissions - NEVER
WRITES: Final = frozenset(
    permission
    for role in of_schema(platform=False)
    for permission in role.permissions
    if permission not in NEVER and not permission.startswith("members.manage_")
)

READ_ONLY: Final = "Complere staff, read only"
WITH_WRITING: Final = "Complere staff, may write"


def permissions(*, may_write: bool) -> frozenset[str]:
    return WRITES if may_write else READS


def role(*, may_write: bool) -> str:
    """What a visitor is called in the workspace, and in both trails."""
    return WITH_WRITING if may_write else READ_ONLY


def purpose(*, may_write: bool) -> str:
    return "Helps with one matter, and may change records." if may_write else "Looks into one matter, changes nothing."
