"""What a token opens. Pure: no Django."""

from enum import StrEnum


class Purpose(StrEnum):
    API = "api"
    SCIM = "scim"
