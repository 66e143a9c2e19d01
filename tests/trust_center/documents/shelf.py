"""What documents are made from, in a size for tests."""

from datetime import date, datetime
from typing import Any

from audit import context
from trust_center.claims.models import Statement
from trust_center.subprocessor_register import actions as register

FILLER = context.service("shelf")


def fill(*, now: datetime) -> None:
    for position, code in enumerate(("SP-01", "SP-02"), start=1):
        register.load(
            listing(code, position), digest=code, first=True, actor=FILLER, now=now, reason="Fill the register"
        )
    register.publish_first_edition(actor=FILLER, now=now)
    with context.regulated_write(actor=FILLER, reason="Fill the page"):
        for position, code in enumerate(("C04", "C10"), start=1):
            stamps = {"state_changed_at": now, "created_at": now, "published_at": now}
            Statement.objects.create(version=1, state="published", **statement(code, position), **stamps)


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
