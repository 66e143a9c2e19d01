"""What a session knows of how it was opened. Pure: no framework."""

import re
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

# Keys of the session's data.
SCHEMA: Final = "schema"
DOOR: Final = "door"
# As Django makes them.
KEY: Final = re.compile(r"[a-z0-9]{32}")


class Method(StrEnum):
    """How somebody came in."""

    PASSWORD = "password"  # noqa: S105  the name of a way in
    PASSKEY = "passkey"
    OIDC = "oidc"
    SAML = "saml"
    STAFF = "staff"


WORDS: Final = {
    Method.PASSWORD: "Password",
    Method.PASSKEY: "Passkey",
    Method.OIDC: "Identity provider (OpenID Connect)",
    Method.SAML: "Identity provider (SAML)",
    Method.STAFF: "Entry of Complere's staff",
}


class Ended(StrEnum):
    """Why a session holds no more, as the sign-in page tells it. What is said of an account is told to nobody."""

    IDLE = "idle"
    OVER = "over"
    ELSEWHERE = "elsewhere"
    DISPLACED = "displaced"
    NETWORK = "network"
    SECOND = "second"


# How long a browser may stay away and still be told why its session ended.
TOLD_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How and when a session was opened. Instants are aware and in ISO 8601 when stored.

    `second_at`: when a second factor was shown, or the identity provider vouched for one. `proved_at`: when the person
    last proved who they are; a dangerous act asks for it anew. `provider_*` name the identity provider's side, in its
    own words: the row beside the data keeps digests of subject and session.
    """

    method: Method
    opened_at: datetime
    proved_at: datetime
    second_at: datetime | None = None
    second: str = ""
    address: str = ""
    browser: str = ""
    provider_id: str = ""
    provider_subject: str = ""
    provider_session: str = ""
    # Only to tell the provider at sign-out whose session ends.
    id_token: str = ""

    def stored(self) -> dict[str, Any]:
        return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(self).items()}


MOMENTS: Final = ("opened_at", "proved_at", "second_at")
TEXTS: Final = tuple(one.name for one in fields(Door) if one.name not in (*MOMENTS, "method"))


def is_key(text: str) -> bool:
    """Whether this can be the key of a session at all. Anything else never reaches the database."""
    return KEY.fullmatch(text) is not None


def read(stored: Any) -> Door | None:
    """The door as a session keeps it; None when there is none or it cannot be read."""
    if not isinstance(stored, dict):
        return None
    try:
        values = dict(stored)
        for name in MOMENTS:
            values[name] = _moment(values[name]) if name != "second_at" or values.get(name) else None
        found = Door(**{**values, "method": Method(values["method"])})
    except (TypeError, ValueError, KeyError):
        return None
    return found if all(isinstance(getattr(found, name), str) for name in TEXTS) else None


def _moment(text: str) -> datetime:
    """Raises `ValueError` for one without a zone, too: it could be compared with nothing."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return found
