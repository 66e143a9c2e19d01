"""Puts the public pages together. Reads only; owns no table."""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.http import http_date

from audit.signed_records import queries as signed_records
from audit.signed_records.queries import Shown
from privacy.deadlines import catalogue as legal
from privacy.deadlines import clock
from tenants.regions import catalogue as regions
from tenants.tenancy import queries as tenancy
from trust_center.claims import queries as claims
from trust_center.claims.catalogue import PARTS, Page
from trust_center.claims.models import Statement
from trust_center.claims.states import SUPPORT_WORDS, Kind, Support
from trust_center.subprocessor_register import queries as register
from trust_center.subprocessor_register.models import Listing
from trust_center.updates import queries as updates
from trust_center.updates.states import Topic

# Feed and page show this many changes; older editions stay readable in the register's history.
MOST_CHANGES = 200
# The newest acts of signing that a page names; claims.json names them all.
MOST_APPROVALS = 5
REQUEST_DOCUMENT = "/documents/request/"
NUMBERED = ("privacy", "security", "sub-processors", "incidents", "documents", "contact")
COLUMNS = ("Sub-processor", "Purpose", "Region", "Transfer tool", "Since")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page: its heading, what it promises, and its place in the index."""

    id: str
    number: str
    label: str
    head: Statement | None
    statements: list[Statement]

    @property
    def promises(self) -> list[claims.Promise]:
        return claims.promises(self.statements)

    @property
    def cards(self) -> list[dict[str, str]]:
        return [_card(row) for row in self.statements if row.kind == Kind.CARD]

    @property
    def clauses(self) -> list[Statement]:
        return [row for row in self.statements if row.kind == Kind.CLAUSE]

    @property
    def passages(self) -> list[Statement]:
        return [row for row in self.statements if row.kind == Kind.PASSAGE and row is not self.head]

    @property
    def counts(self) -> list[dict[str, Any]]:
        """How many clauses stand where, in the order of support."""
        kinds = [row.support for row in self.clauses]
        return [{"label": words, "value": kinds.count(support)} for support, words in SUPPORT_WORDS.items()]


def trust_center(now: datetime, *, preview: bool = False) -> dict[str, Any]:
    """The context of the Trust Center page; with drafts when previewed."""
    statements = claims.working(Page.TRUST_CENTER) if preview else claims.published(Page.TRUST_CENTER)
    sections = {section.id: section for section in _sections(Page.TRUST_CENTER, statements)}
    return {
        "overview": sections.pop("overview"),
        "sections": list(sections.values()),
        "figures": key_figures(now),
        "register_columns": COLUMNS,
        "register_rows": register_rows(list(register.current())),
        "announced": list(register.announced()),
        "claim_count": sum(row.kind == Kind.CLAIM for row in statements),
        "changed_at": updates.last_change_at(),
        "approvals": approvals(statements)[:MOST_APPROVALS],
        "zone": platform_zone(),
    }


def compliance(*, preview: bool = False) -> dict[str, Any]:
    """The context of the Compliance page."""
    statements = claims.working(Page.COMPLIANCE) if preview else claims.published(Page.COMPLIANCE)
    sections = {section.id: section for section in _sections(Page.COMPLIANCE, statements)}
    overview = sections.pop("frameworks")
    return {
        "overview": overview,
        "sections": list(sections.values()),
        "words": SUPPORT_WORDS,
        "total": _total([section for section in sections.values() if section.id != "eu-gmp-annex-11-draft"]),
        "changed_at": updates.last_change_at(),
        "approvals": approvals(statements)[:MOST_APPROVALS],
        "zone": platform_zone(),
    }


def sub_processors(now: datetime) -> dict[str, Any]:
    """The context of the register's page: what is used, what is announced, and every dated change."""
    current, announced = list(register.current()), list(register.announced())
    return {
        "columns": COLUMNS,
        "rows": register_rows(current),
        "announced": announced,
        "edition": register.edition(),
        "editions": list(register.editions()[:MOST_CHANGES]),
        "changes": list(updates.public_changes(Topic.SUBPROCESSORS)[:MOST_CHANGES]),
        "notice_days": legal_value("subprocessor.notice_days", now),
        "zone": platform_zone(),
    }


def business_day(now: datetime) -> dict[str, Any]:
    """What one business day means here, with the holidays ahead and worked examples (DOC-01 to DOC-03)."""
    tenant = tenancy.platform()
    hours = legal.service_hours(tenant.calendar, tenant.time_zone)
    today, days = clock.local_day(now, hours.zone), legal_value("doc.business_days", now)
    return {
        "hours": hours,
        "region": regions.region(tenant.region),
        "zone": hours.zone.key,
        "holidays": _holidays(hours.calendar, today),
        "examples": [_example(words, at, days, hours) for words, at in _moments(today)],
        "days": days,
    }


def key_figures(now: datetime) -> list[dict[str, Any]]:
    """The four numbers that an evaluator looks for first, from the parameters that the clocks run on."""
    return [
        {
            "label": "Breach notice",
            "value": legal_value("breach.processor_promise_hours", now),
            "unit": "hours",
            "note": "at the latest, from becoming aware",
        },
        {
            "label": "Data-subject requests",
            "value": legal_value("dsr.promise_days", now),
            "unit": "days",
            "note": "from validation, within the one-month limit",
        },
        {
            "label": "Sub-processor changes",
            "value": legal_value("subprocessor.notice_days", now),
            "unit": "days",
            "note": "notice before they take effect",
        },
        {
            "label": "Documents and questions",
            "value": legal_value("doc.business_days", now),
            "unit": "business day",
            "note": "until a person answers",
        },
    ]


def legal_value(key: str, now: datetime) -> int:
    """The number in force at `now` for customers in the platform's jurisdiction."""
    tenant = tenancy.platform()
    on = clock.local_day(now, ZoneInfo(tenant.time_zone))
    return legal.parameter(key, legal.jurisdiction(tenant.calendar), on).value


def register_rows(listings: list[Listing]) -> list[dict[str, Any]]:
    """Rows of the datasheet: what the public may know of each sub-processor."""
    return [
        {
            "id": row.code,
            "heading": row.category,
            "cells": [
                {"label": COLUMNS[1], "text": row.purpose},
                {"label": COLUMNS[2], "text": row.region},
                {"label": COLUMNS[3], "text": row.transfer_tool},
                {"label": COLUMNS[4], "text": f"{row.engaged_on:%-d\N{NO-BREAK SPACE}%b\N{NO-BREAK SPACE}%Y}"},
            ],
        }
        for row in listings
    ]


def claims_document() -> dict[str, Any]:
    """Every public claim for machines."""
    rows = [row for row in claims.published(Page.TRUST_CENTER) if row.kind == Kind.CLAIM]
    changed_at, signatures = updates.last_change_at(), signed_records.of_many(rows)
    return {
        "changed_at": changed_at.isoformat() if changed_at else None,
        "evidence": "No claim is measured publicly yet: each is a commitment, with how it is kept.",
        "claims": [_claim(row, signatures[str(row.pk)]) for row in rows],
    }


def register_document(now: datetime) -> dict[str, Any]:
    """The register for machines: `sha256` is made over the canonical JSON of `sub_processors` (SUB-09)."""
    edition, rows = register.edition(), register.public_rows()
    return {
        "edition": edition.number if edition else 0,
        "published_at": edition.published_at.isoformat() if edition else None,
        "sha256": edition.digest if edition else None,
        "sha256_of": "the value of sub_processors as JSON with sorted keys, no white space, UTF-8",
        "notice_days": legal_value("subprocessor.notice_days", now),
        "sub_processors": rows,
    }


def security_txt(origin: str) -> str | None:
    """RFC 9116 for the host at `origin` (FMT-ST01 to FMT-ST11), or None before it is set up."""
    contact = claims.security_contact()
    if contact is None:
        return None
    platform = tenancy.platform().origin
    lines = [f"Contact: {uri}" for uri in contact.contacts]
    lines.append(f"Expires: {claims.expires_at(contact):%Y-%m-%dT%H:%M:%SZ}")
    lines.append(f"Preferred-Languages: {contact.languages}")
    # Web addresses in this file must be https; a demo without TLS leaves them out.
    if origin.startswith("https://"):
        lines.append(f"Canonical: {origin}/.well-known/security.txt")
    if platform.startswith("https://"):
        lines.append(f"Policy: {platform}/disclosure-policy/")
    return "".join(f"{line}\n" for line in lines)


def security_contacts() -> list[str]:
    """Where to report a vulnerability, the preferred way first."""
    contact = claims.security_contact()
    return list(contact.contacts) if contact else []


def last_modified() -> str | None:
    """When the public pages last changed, as HTTP writes it."""
    changed_at = updates.last_change_at()
    return http_date(changed_at.timestamp()) if changed_at else None


def platform_zone() -> str:
    return str(tenancy.platform().time_zone)


def _sections(page: Page, statements: list[Statement]) -> list[Section]:
    sections = []
    for part in (part for part in PARTS.values() if part.page == page):
        rows = [row for row in statements if row.part == part.key]
        head = next((row for row in rows if row.kind == Kind.PASSAGE and row.code == part.key), None)
        number = str(NUMBERED.index(part.key) + 1) if part.key in NUMBERED else ""
        sections.append(Section(part.key, number, part.label, head, rows))
    return sections


def _total(sections: list[Section]) -> list[dict[str, Any]]:
    rows = [row.support for section in sections for row in section.clauses]
    return [{"label": SUPPORT_WORDS[support], "value": rows.count(support)} for support in Support]


def _card(row: Statement) -> dict[str, str]:
    return {
        "kicker": row.kicker,
        "heading": row.heading,
        "text": row.text,
        "action": row.action,
        "url": f"{REQUEST_DOCUMENT}?document={row.document}",
    }


def approvals(statements: list[Statement]) -> list[Shown]:
    """By whom in what role the statements were approved, one for each act of signing, the newest first (§11.50(b))."""
    signed = [one for found in signed_records.of_many(statements).values() for one in found]
    acts = {(one.role, one.at): one for one in signed}
    return sorted(acts.values(), key=lambda one: one.at, reverse=True)


def _claim(row: Statement, signatures: list[Shown]) -> dict[str, Any]:
    return {
        "id": row.code,
        "part": row.part,
        "kicker": row.kicker,
        "heading": row.heading,
        "text": row.text,
        "rules": row.rules,
        "kept_by": row.kept_by,
        "state": "commitment",
        "version": row.version,
        "published_at": row.published_at.isoformat() if row.published_at else None,
        "signatures": [one.anonymous for one in signatures],
    }


def _holidays(calendar: legal.Calendar, today: date) -> list[tuple[date, str]]:
    """Public holidays of the coming year in the serving region's calendar."""
    days = (clock.later(today, ahead) for ahead in range(366))
    return [(day, name) for day in days if (name := calendar.holiday(day))]


def _moments(today: date) -> list[tuple[str, datetime]]:
    """Three receipts of the coming week: within hours, after the cut-off, and on a Saturday."""
    monday = clock.later(today, 7 - today.weekday())
    return [
        ("In the morning of a business day", datetime.combine(monday, time(9, 30))),
        ("After the cut-off", datetime.combine(monday, time(17, 0))),
        ("At the weekend", datetime.combine(clock.later(monday, 5), time(11, 0))),
    ]


def _example(words: str, at: datetime, days: int, hours: legal.ServiceHours) -> dict[str, Any]:
    received = at.replace(tzinfo=hours.zone)
    due = clock.business_days(received, days, hours.cutoff, clock.Place(hours.calendar, hours.zone))
    return {"words": words, "received_at": received, "due_at": due.due_at}
