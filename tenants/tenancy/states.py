"""Where a tenant stands. Pure: no Django."""

import re
from enum import StrEnum

PUBLIC = "public"
SCHEMA_NAME = re.compile(r"\At_[a-z0-9]{12}\Z")


class State(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


TRANSITIONS = {
    State.ACTIVE: {State.SUSPENDED, State.CLOSED},
    State.SUSPENDED: {State.ACTIVE, State.CLOSED},
    State.CLOSED: set(),
}


class Plan(StrEnum):
    STANDARD = "standard"
    ENTERPRISE = "enterprise"
