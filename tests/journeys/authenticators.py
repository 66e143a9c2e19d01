"""What people carry: an authenticator app that knows a key, and a security key in the browser."""

import base64
import time
from datetime import UTC, datetime, timedelta

from playwright.sync_api import CDPSession

from tenants.members.factors import hashing
from tests.journeys.person import Person


class App:
    """The person's authenticator app: knows the key, shows codes, and waits where one was used."""

    def __init__(self, key: str) -> None:
        self.secret = base64.b32decode(key.replace(" ", ""))
        self.used = 0

    def code(self) -> str:
        while (step := hashing.step_at(datetime.now(tz=UTC))) <= self.used:
            time.sleep(0.5)
        self.used = step
        return hashing.code_at(self.secret, step)

    def early_code(self) -> str:
        """Of the next half minute: one step of drift is allowed, and nobody needs to wait."""
        step = max(hashing.step_at(datetime.now(tz=UTC) - timedelta(seconds=30)), self.used) + 1
        if step > hashing.step_at(datetime.now(tz=UTC)) + 1:
            return self.code()
        self.used = step
        return hashing.code_at(self.secret, step)


class SecurityKey:
    """An authenticator of the browser (WebAuthn through CDP): it knows its owner, or it does not."""

    def __init__(self, person: Person, *, knows_owner: bool = True) -> None:
        self.session: CDPSession = person.page.context.new_cdp_session(person.page)
        self.session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": knows_owner, "automaticPresenceSimulation": True,
        }  # fmt: skip
        made = self.session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.id: str = made["authenticatorId"]

    def credentials(self) -> list[dict[str, object]]:
        found: list[dict[str, object]] = self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def is_copied_to(self, other: "SecurityKey") -> None:
        """As when somebody carries it to another browser: the same credentials, the same counters."""
        for credential in self.credentials():
            other.session.send("WebAuthn.addCredential", {"authenticatorId": other.id, "credential": credential})
