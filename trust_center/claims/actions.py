"""Writing, publishing and withdrawing what the public pages say."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from audit import context
from audit.signatures.catalogue import Signing
from audit.transitions import move
from tenants.wakeups.actions import wake
from trust_center.claims import queries
from trust_center.claims.catalogue import PARTS, Page
from trust_center.claims.models import SecurityContact, Statement
from trust_center.claims.states import Kind, State
from trust_center.updates import actions as updates
from trust_center.updates.states import Topic

PATHS = {Page.TRUST_CENTER: "/", Page.COMPLIANCE: "/compliance/"}
NAMES = {Page.TRUST_CENTER: "Trust Center", Page.COMPLIANCE: "Compliance page"}
TOPICS = {Page.TRUST_CENTER: Topic.CLAIMS, Page.COMPLIANCE: Topic.COMPLIANCE}
# The same review again within this is a button pressed twice, and nothing to announce.
PRESSED_TWICE = timedelta(minutes=1)


class EditRefused(ValueError):
    """The statement cannot be changed or published as asked; the message says why."""


class Outcome(StrEnum):
    """What loading one entry of a file did."""

    DRAFTED = "drafted"
    UNCHANGED = "unchanged"
    LEFT = "left"


def edit(
    code: str, *, wording: Mapping[str, Any], seen: str, actor: context.Actor, now: datetime, reason: str
) -> Statement:
    """Write `wording` into the draft of a statement; the published version stays public.

    `seen` is the `wording_digest` of what the editor had before them. Raises `EditRefused` when
    somebody else changed it since, or when nothing was changed.
    """
    with context.regulated_write(actor=actor, reason=reason):
        base = Statement.objects.select_for_update().filter(code=code).exclude(state=State.DISCARDED)
        current = base.order_by("-version").first()
        if current is None:
            raise EditRefused("This statement does not exist any more.")
        if queries.wording_digest([current]) != seen:
            raise EditRefused("Somebody else changed this statement while you wrote. Reload it to see their text.")
        if all(getattr(current, name) == value for name, value in wording.items()):
            raise EditRefused("Nothing was changed. Change the text, or go back.")
        if current.state == State.DRAFT:
            return _rewrite(current, wording)
        return _add(current, {**queries.wording(current), **wording}, now=now)


def publish(
    statements: Sequence[Statement],
    *,
    signing: Signing,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> int:
    """Make drafts public in one transaction and by one act of signing; the versions before them retire.

    Returns how many. Raises `EditRefused` when there is nothing to publish, `SignatureRefused`, and `MoveRefused` when
    a draft is another version than the signer saw, or is no draft any more.
    """
    with context.regulated_write(actor=actor, reason=reason):
        # Locked in one order, so that two publishers wait for each other.
        fresh = {row.pk: row for row in _locked([row.pk for row in statements])}
        in_order = [fresh[row.pk] for row in statements if row.pk in fresh]
        if not in_order:
            raise EditRefused("There is no draft to publish.")
        public = queries.published_among([row.code for row in in_order])
        new = [page for page in Page if not queries.was_ever_public(page)]
        for draft in in_order:
            _make_public(draft, public.get(draft.code), signing=signing, actor=actor, now=now, reason=reason)
        _announce(in_order, "changed", now, new)
    return len(in_order)


def discard(draft: Statement, *, actor: context.Actor, now: datetime, reason: str) -> Statement:
    """Throw a draft away; the published version stays."""
    return move(draft, State.DISCARDED, actor=actor, now=now, reason=reason)


def retire(statement: Statement, *, actor: context.Actor, now: datetime, reason: str) -> Statement:
    """Take a statement off the public pages."""
    with context.regulated_write(actor=actor, reason=reason):
        retired = move(statement, State.RETIRED, actor=actor, now=now, reason=reason)
        _announce([retired], "withdrawn", now)
    return retired


def load(
    values: Mapping[str, Any],
    latest: Statement | None,
    *,
    digest: str,
    actor: context.Actor,
    now: datetime,
    reason: str,
) -> Outcome:
    """Bring one entry of a file in beside `latest`, its newest version; run twice it changes nothing.

    It becomes a draft: only a person's signature publishes. While a draft is open, the file's version is left.
    """
    if latest is not None and latest.source_digest == digest:
        return Outcome.UNCHANGED
    if latest is not None and latest.state == State.DRAFT:
        return Outcome.LEFT
    empty = {name: "" for name in queries.WORDING if name not in ("rules", "position")}
    fields = {"rules": [], **empty, **values, "source_digest": digest, "from_file": True}
    with context.regulated_write(actor=actor, reason=reason):
        if latest is None:
            _create({**fields, "version": 1}, now=now)
        else:
            _add(latest, fields, now=now)
    return Outcome.DRAFTED


def set_security_contact(
    *, contacts: Sequence[str], languages: str, actor: context.Actor, now: datetime, reason: str
) -> SecurityContact:
    """Write security.txt anew; its `Expires` counts from `now` (RFC 9116, FMT-ST05)."""
    with context.regulated_write(actor=actor, reason=reason):
        row = SecurityContact.objects.select_for_update().first() or SecurityContact()
        same = (row.contacts, row.languages) == (list(contacts), languages)
        if same and row.reviewed_at is not None and now - row.reviewed_at < PRESSED_TWICE:
            return row
        row.contacts, row.languages, row.reviewed_at = list(contacts), languages, now
        row.save()
        updates.announce(
            topic=Topic.SECURITY,
            title="The security contact was reviewed",
            text=f"Expires {queries.expires_at(row):%Y-%m-%d %H:%M} UTC unless it is reviewed again.",
            path="/.well-known/security.txt",
            now=now,
        )
        wake(now)
    return row


def _add(base: Statement, fields: Mapping[str, Any], *, now: datetime) -> Statement:
    """The next version of `base` as a draft."""
    highest = queries.versions(base.code).values_list("version", flat=True).first() or 0
    origin = {"kind": base.kind, "code": base.code, "source_digest": base.source_digest, "from_file": False}
    return _create({**origin, **fields, "version": highest + 1}, now=now)


def _create(fields: Mapping[str, Any], *, now: datetime) -> Statement:
    row = Statement(**{**fields, "state_changed_at": now, "created_at": now})
    row.save(force_insert=True)
    return row


def _rewrite(draft: Statement, wording: Mapping[str, Any]) -> Statement:
    for name, value in wording.items():
        setattr(draft, name, value)
    draft.from_file = False
    draft.save(update_fields=[*wording, "from_file"])
    return draft


def _locked(keys: Sequence[int]) -> "QuerySet[Statement]":
    return Statement.objects.select_for_update().filter(pk__in=keys).order_by("pk")


def _make_public(
    draft: Statement, before: Statement | None, *, signing: Signing, actor: context.Actor, now: datetime, reason: str
) -> None:
    if before is not None:
        move(before, State.RETIRED, actor=actor, now=now, reason=reason)
    move(draft, State.PUBLISHED, actor=actor, now=now, reason=reason, signing=signing, published_at=now)


def _announce(statements: Sequence[Statement], what: str, now: datetime, new: Sequence[Page] = ()) -> None:
    """One public change for each page that was touched; `new` are those of which nothing was public before."""
    for page in Page:
        touched = [s for s in statements if PARTS[s.part].page == page]
        if not touched:
            continue
        if page in new:
            title, text, path = f"The {NAMES[page]} is published", f"{_count(touched)}.", PATHS[page]
        else:
            title = f"{_name(touched[0])}: {what}" if len(touched) == 1 else f"{_count(touched)} {what}"
            text = "; ".join(f"{PARTS[s.part].label}: {_name(s)}" for s in touched) + "."
            path = f"{PATHS[page]}#{touched[0].part}"
        updates.announce(topic=TOPICS[page], title=title, text=text, path=path, now=now)


def _count(statements: Sequence[Statement]) -> str:
    return "1 entry" if len(statements) == 1 else f"{len(statements)} entries"


def _name(statement: Statement) -> str:
    return f"{statement.code} {statement.heading}" if statement.kind == Kind.CLAIM else statement.heading
