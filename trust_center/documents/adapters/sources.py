"""What each document is made from, as it stands now: register, published commitments, answers, service levels."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from privacy.deadlines import catalogue as law
from privacy.deadlines import clock
from tenants.regions import catalogue as regions
from tenants.tenancy import queries as tenancy
from trust_center.claims import queries as claims
from trust_center.claims.catalogue import PARTS, Page
from trust_center.documents.adapters import answers
from trust_center.documents.catalogue import SERVICE_LEVELS
from trust_center.documents.states import Kind
from trust_center.subprocessor_register import queries as register

# Parts of the facts and what they are called when the world has moved on from them.
NAMES = {
    "subprocessors": "the sub-processor register",
    "commitments": "the published commitments",
    "parts": "the published commitments",
    "domains": "the answers",
    "levels": "the service levels",
    "terms": "the terms",
}
# Parts of the public page whose commitments describe security measures; notice of breaches stands in a clause.
MEASURES = ("security",)


def facts(kind: str, now: datetime) -> dict[str, Any]:
    """The content of the document, as plain JSON values without any moment in them."""
    return {
        Kind.DPA: _dpa,
        Kind.SECURITY_OVERVIEW: _overview,
        Kind.QUESTIONNAIRE: _questionnaire,
        Kind.SLA: _sla,
    }[Kind(kind)](now)


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the facts in one spelling."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def moved_on(before: Mapping[str, Any], today: Mapping[str, Any]) -> list[str]:
    """What differs between a version's facts and today's, in words."""
    changed = [name for key, name in NAMES.items() if before.get(key) != today.get(key)]
    return list(dict.fromkeys(changed))


def _dpa(now: datetime) -> dict[str, Any]:
    rows = [*register.current(), *register.announced()]
    edition = register.edition()
    return {
        "subprocessors": [_subprocessor(row) for row in rows],
        "register_digest": edition.digest if edition else "",
        "commitments": [promise for part in _parts() if part["key"] in MEASURES for promise in part["promises"]],
        "terms": _terms(now),
    }


def _subprocessor(row: Any) -> dict[str, Any]:
    fields = (
        *("code", "category", "purpose", "personal_data", "region", "location", "transfer_tool"),
        *("vendor", "vendor_address", "vendor_contact", "chain"),
    )
    dates = {name: f"{getattr(row, name):%-d %B %Y}" for name in ("engaged_on", "effective_on")}
    return {**{name: getattr(row, name) for name in fields}, **dates, "announced": row.state == "announced"}


def _terms(now: datetime) -> dict[str, int]:
    """Numbers of the law and of our promises in force today, from the parameters that the clocks use."""
    platform = tenancy.platform()
    whose, day = law.jurisdiction(platform.calendar), clock.local_day(now, ZoneInfo(platform.time_zone))
    keys = {
        "notice_days": "subprocessor.notice_days",
        "request_days": "dsr.promise_days",
        "breach_hours": "breach.processor_promise_hours",
    }
    values = {name: law.parameter(key, whose, day).value for name, key in keys.items()}
    return {**values, "backup_days": SERVICE_LEVELS.backup_days}


def _overview(now: datetime) -> dict[str, Any]:
    return {
        "parts": _parts(),
        "regions": [region.name for region in regions.REGIONS.values()],
        "subprocessor_count": register.current().count(),
    }


def _parts() -> list[dict[str, Any]]:
    """Published commitments of the Trust Center, by part of the page and heading."""
    statements = claims.published(Page.TRUST_CENTER)
    found = []
    for key, part in PARTS.items():
        promises = claims.promises(row for row in statements if row.part == key)
        if promises:
            found.append({"key": key, "label": part.label, "promises": [_promise(promise) for promise in promises]})
    return found


def _promise(promise: claims.Promise) -> dict[str, Any]:
    fields = ("code", "version", "text", "kept_by", "rules")
    return {
        "kicker": promise.kicker,
        "heading": promise.heading,
        "statements": [{name: getattr(row, name) for name in fields} for row in promise.statements],
    }


def _questionnaire(now: datetime) -> dict[str, Any]:
    return answers.read()


def _sla(now: datetime) -> dict[str, Any]:
    places = [
        {"name": region.name, "time_zone": region.time_zone, "calendar": region.calendar}
        for region in regions.REGIONS.values()
    ]
    # Through JSON, so that what is compared is what the database gives back.
    return {"regions": places, "levels": json.loads(json.dumps(asdict(SERVICE_LEVELS)))}
