"""What documents are made from, in a size for tests."""

from datetime import date, datetime
from typing import Any

from audit import context
from tests.trust_center import publishing
from trust_center.claims import actions as claims
from trust_center.subprocessor_register import actions as register

FILLER = context.service("shelf")


def fill(*, now: datetime) -> None:
    for position, code in enumerate(("SP-01", "SP-02"), start=1):
        register.load(
            listing(code, position), digest=code, first=True, actor=FILLER, now=now, reason="Fill the register"
        )
    register.publish_first_edition(actor=FILLER, now=now)
    for position, code in enumerate(("C04", "C10"), start=1):
        claims.load(statement(code, position), None, digest=code, actor=FILLER, now=now, reason="Fill the page")
    publishing.publish_all(now)


def listing(code: str, position: int, **changes: Any) -> dict[str, Any]:
    return {
        "code": code,
        "position": position,
        "category": f"Category of {code}",
        "purpose": f"Purpose of {code}",
        "personal_data": "Names & addresses",
        "region": "Provider-managed",
        "location": "European Union",
        "transfer_tool": "None needed within the EEA",
        "vendor": f"Vendor {code} <GmbH>",
        "vendor_address": "Beispielstraße 1, Berlin",
        "vendor_contact": "privacy@vendor.example",
        "engaged_on": date(2024, 1, 1),
        **changes,
    }


def statement(code: str, position: int) -> dict[str, Any]:
    return {
        "code": code,
        "kind": "claim",
        "part": "security",
        "position": position,
        "kicker": "Security",
        "heading": f"Heading {code}",
        "text": f"We promise what {code} says.",
        "kept_by": f"It is kept by what {code} does.",
        "rules": ["GDPR Art. 32"],
    }
