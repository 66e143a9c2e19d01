"""Load what the public pages say from trust_center/content. Run twice it changes nothing.

Statements and documents become drafts: only a person's signature makes them public (21 CFR 11.50). What was edited in
the console is never overwritten.
"""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from audit import context
from tenants import schemas
from tenants.tenancy import actions as tenancy
from trust_center.claims import actions as claims
from trust_center.claims import queries as claim_queries
from trust_center.claims.adapters.content_files import FOLDER, ContentRefused, Entry, Shape, read
from trust_center.claims.catalogue import PARTS
from trust_center.claims.states import Kind, Support
from trust_center.subprocessor_register import actions as register
from trust_center.subprocessor_register import queries as register_queries

STATEMENT: Final = Shape(
    required={"code": str, "kind": str, "part": str, "heading": str},
    optional={
        "kicker": str,
        "text": str,
        "more": str,
        "rules": list,
        "kept_by": str,
        "action": str,
        "document": str,
    },
    longest={"code": 40, "heading": 200, "kicker": 80, "action": 60, "document": 40},
)
CLAUSE: Final = Shape(
    required={"code": str, "clause": str, "asks": str, "support": str, "does": str, "yours": str},
    optional={},
    longest={"code": 40, "clause": 80, "asks": 200},
)
LISTING_TEXTS: Final = (
    "code",
    "category",
    "purpose",
    "personal_data",
    "region",
    "location",
    "transfer_tool",
    "vendor",
    "vendor_address",
    "vendor_contact",
)
LISTING: Final = Shape(
    required={**dict.fromkeys(LISTING_TEXTS, str), "engaged_on": date},
    optional={"chain": str},
    longest={"code": 20, "category": 120, "region": 120, "location": 200, "transfer_tool": 200, "vendor": 200},
)
CONTACT: Final = Shape(required={"code": str, "contacts": list, "languages": str}, optional={})
LOADER: Final = context.service("load_content")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--folder", type=Path, default=FOLDER, help="the folder with the YAML files")

    def handle(self, *, folder: Path, verbosity: int, **options: Any) -> None:
        now = timezone.now()
        tenancy.install_platform(origin=settings.PLATFORM_ORIGIN, region=settings.REGION, actor=LOADER, now=now)
        try:
            statements, listings, contact = read_all(folder)
        except ContentRefused as refused:
            raise CommandError(str(refused)) from refused
        with schemas.on_platform(), transaction.atomic():
            outcomes = [*load_statements(statements, now), *load_listings(listings, now), *load_contact(contact, now)]
        self._report(outcomes, verbosity)

    def _report(self, outcomes: list[tuple[str, str]], verbosity: int) -> None:
        if not verbosity:
            return
        said = {
            "drafted": "became a draft: publish or discard it in the console",
            "left": "was not loaded, as a draft of it is open in the console",
        }
        counts = Counter(outcome for _, outcome in outcomes)
        if counts["unchanged"] == len(outcomes):
            self.stdout.write(f"Nothing changed: all {len(outcomes)} entries are as loaded before.")
            return
        for code, outcome in outcomes:
            # The first load makes drafts of everything: the sum says it.
            if outcome in said and counts["unchanged"]:
                self.stdout.write(f"{code}: {said[outcome]}")
        words = [f"{counts[outcome]} {outcome}" for outcome in ("drafted", "published", "unchanged", "left")]
        self.stdout.write(
            f"{len(outcomes)} entries: {', '.join(words)}. A draft is public once a person has signed it."
        )


def read_all(folder: Path) -> tuple[list[Entry], list[Entry], Entry]:
    """Every entry of every file, checked. Raises `ContentRefused`."""
    statements = [_placed(entry, number) for entry, number in _numbered(read(folder / "page.yaml", STATEMENT))]
    statements += [_placed(entry, number) for entry, number in _numbered(read(folder / "compliance.yaml", STATEMENT))]
    for part in PARTS.values():
        path = folder / f"compliance-{part.key}.yaml"
        if path.exists():
            statements += [_clause(entry, part.key, number) for entry, number in _numbered(read(path, CLAUSE))]
    contacts = read(folder / "security-contact.yaml", CONTACT)
    if len(contacts) != 1:
        raise ContentRefused("security-contact.yaml: must hold exactly one entry")
    return statements, read(folder / "subprocessors.yaml", LISTING), contacts[0]


def load_statements(entries: list[Entry], now: datetime) -> list[tuple[str, str]]:
    newest = claim_queries.newest_of_each()
    outcomes = []
    for entry in entries:
        before, reason = newest.get(entry.code), f"Loaded from {entry.file}"
        outcome = claims.load(entry.values, before, digest=entry.digest, actor=LOADER, now=now, reason=reason)
        outcomes.append((entry.code, str(outcome)))
    return outcomes


def load_listings(entries: list[Entry], now: datetime) -> list[tuple[str, str]]:
    first = register_queries.is_empty()
    outcomes = []
    for number, entry in enumerate(entries, start=1):
        values = {**entry.values, "position": number * 10}
        reason = f"Loaded from {entry.file}"
        outcome = register.load(values, digest=entry.digest, first=first, actor=LOADER, now=now, reason=reason)
        outcomes.append((entry.code, outcome))
    if first:
        register.publish_first_edition(actor=LOADER, now=now)
    return outcomes


def load_contact(entry: Entry, now: datetime) -> list[tuple[str, str]]:
    if claim_queries.security_contact() is not None:
        return [(entry.code, "unchanged")]
    contacts, languages = entry.values["contacts"], entry.values["languages"]
    reason = f"Loaded from {entry.file}"
    claims.set_security_contact(contacts=contacts, languages=languages, actor=LOADER, now=now, reason=reason)
    return [(entry.code, "published")]


def _numbered(entries: list[Entry]) -> list[tuple[Entry, int]]:
    # Steps of ten leave room for what the console puts between.
    return [(entry, number * 10) for number, entry in enumerate(entries, start=1)]


def _placed(entry: Entry, position: int) -> Entry:
    name = f"{entry.file}, line {entry.line}, {entry.code}"
    kind, part = entry.values["kind"], entry.values["part"]
    if part not in PARTS:
        raise ContentRefused(f"{name}: there is no part “{part}”; parts are {', '.join(PARTS)}")
    if kind not in (Kind.CLAIM, Kind.PASSAGE, Kind.CARD):
        raise ContentRefused(f"{name}: “kind” must be claim, passage or card, but it is “{kind}”")
    if kind == Kind.CLAIM and "kept_by" not in entry.values:
        raise ContentRefused(f"{name}: a claim needs “kept_by”, which says how it is kept")
    return Entry(entry.file, entry.line, {**entry.values, "position": position})


def _clause(entry: Entry, part: str, position: int) -> Entry:
    values = entry.values
    if values["support"] not in [*Support]:
        raise ContentRefused(
            f"{entry.file}, line {entry.line}, {entry.code}: “support” must be one of {', '.join(Support)}"
        )
    placed = {"code": values["code"], "kind": str(Kind.CLAUSE), "part": part, "position": position}
    words = {"kicker": values["clause"], "heading": values["asks"], "text": values["does"], "more": values["yours"]}
    return Entry(entry.file, entry.line, {**placed, **words, "support": values["support"]})
