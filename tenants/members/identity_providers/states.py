"""Where an identity provider stands. Pure: no Django."""

from enum import StrEnum


class Kind(StrEnum):
    OIDC = "oidc"
    SAML = "saml"


class State(StrEnum):
    DRAFT = "draft"
    ACTIVE = "active"
    OFF = "off"


TRANSITIONS = {
    State.DRAFT: {State.ACTIVE},
    State.ACTIVE: {State.OFF},
    State.OFF: {State.ACTIVE},
}
