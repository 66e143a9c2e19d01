"""Changing the register: drafts, notice, effect, and the public edition that each leaves behind."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from audit import context
from audit.transitions import move
from privacy.deadlines import clock
from tenants.wakeups.actions import wake
from trust_center.subprocessor_register import hashing, queries
from trust_center.subprocessor_register.models import Edition, Listing
from trust_center.subprocessor_register.states import WORDS, State, is_in_force, needs_notice
from trust_center.updates import actions as updates
from trust_center.updates.states import Topic

PATH = "/sub-processors/"
CLOCK = context.service("register clock")


class RegisterRefused(ValueError):
    """The entry cannot be changed as asked; `field` names what is wrong, or is empty."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def add(*, wording: Mapping[str, Any], actor: context.Actor, now: datetime, reason: str) -> Listing:
    """A draft of a sub-processor that is not in the register yet. The same one sent twice is one draft."""
    with context.regulated_write(actor=actor, reason=reason):
        if (same := Listing.objects.filter(state=State.DRAFT, version=1, **wording).first()) is not None:
            return same
        start = {"code": queries.next_code(), "version": 1, "engaged_on": wording["effective_on"]}
        return _create({**start, **wording}, now=now)


def edit(
    code: str, *, wording: Mapping[str, Any], seen: str, actor: context.Actor, now: datetime, reason: str
) -> Listing:
    """Write a draft of the next version; the public one stays.

    `seen` is the `wording_digest` of what the editor had before them. Raises `RegisterRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason):
        rows = Listing.objects.select_for_update().filter(code=code)
        latest = rows.exclude(state__in=[State.DISCARDED, State.WITHDRAWN]).order_by("-version").first()
        if latest is None:
            raise RegisterRefused("This sub-processor is not in the register any more.")
        if queries.wording_digest(latest) != seen:
            raise RegisterRefused("Somebody else changed this entry while you wrote. Reload it to see their text.")
        if all(getattr(latest, name) == value for name, value in wording.items()):
            raise RegisterRefused("Nothing was changed. Change the entry, or go back.")
        if latest.state == State.DRAFT:
            return _rewrite(latest, wording)
        return _next_version(latest, wording, now=now)


def publish(draft: Listing, *, seen: str, actor: context.Actor, now: datetime, reason: str) -> Listing:
    """Announce a change, or correct the entry at once where no notice is due (Art. 28(2), SUB-02, SUB-05).

    `seen` is the `wording_digest` of what the publisher read. Raises `RegisterRefused` when it changed since, or
    when the change would take effect before the notice period is over.
    """
    with context.regulated_write(actor=actor, reason=reason):
        draft = Listing.objects.select_for_update().get(pk=draft.pk)
        if queries.wording_digest(draft) != seen:
            raise RegisterRefused("The draft was changed after you opened this page. Read it again before you publish.")
        kind, differing = queries.change_of(draft)
        if not needs_notice(kind):
            return _enter_into_force(draft, f"{WORDS[kind]}: {draft.category}", actor=actor, now=now, reason=reason)
        earliest = queries.earliest_effect(now)
        if draft.effective_on < earliest:
            raise RegisterRefused(
                f"This change needs notice. It can take effect on {clock.say_day(earliest)} at the earliest.",
                "effective_on",
            )
        if queries.in_state(draft.code, State.ANNOUNCED) is not None:
            raise RegisterRefused("A change of this entry is announced already. Withdraw it first.")
        listing = move(draft, State.ANNOUNCED, actor=actor, now=now, reason=reason, published_at=now)
        _new_edition(now)
        wake(clock.first_instant(listing.effective_on, queries.zone()))
        what = f" Changed: {', '.join(differing)}." if differing else ""
        updates.announce(
            topic=Topic.SUBPROCESSORS,
            title=f"{WORDS[kind]}: {listing.category}",
            text=f"{listing.purpose}. Region: {listing.region}, {listing.location}. "
            f"Transfer tool: {listing.transfer_tool}.{what} You can object until the day before.",
            path=f"{PATH}#{listing.code}",
            effective_on=listing.effective_on,
            now=now,
        )
    return listing


def discard(draft: Listing, *, actor: context.Actor, now: datetime, reason: str) -> Listing:
    return move(draft, State.DISCARDED, actor=actor, now=now, reason=reason)


def withdraw(announced: Listing, *, actor: context.Actor, now: datetime, reason: str) -> Listing:
    """Call an announced change off before it takes effect."""
    with context.regulated_write(actor=actor, reason=reason):
        listing = move(announced, State.WITHDRAWN, actor=actor, now=now, reason=reason)
        _tell(f"Announced change called off: {listing.category}", f"{listing.purpose}. Nothing changes.", now)
    return listing


def retire(current: Listing, *, actor: context.Actor, now: datetime, reason: str) -> Listing:
    """The sub-processor is not used any more. Needs no notice: less processing is objected to by nobody."""
    with context.regulated_write(actor=actor, reason=reason):
        listing = move(current, State.RETIRED, actor=actor, now=now, reason=reason)
        _tell(f"Sub-processor no longer used: {listing.category}", f"{listing.purpose}.", now)
    return listing


def take_effect(now: datetime) -> int:
    """Put announced changes into force whose day has come. Returns how many."""
    done = 0
    while _next_takes_effect(now):
        done += 1
    return done


@transaction.atomic
def _next_takes_effect(now: datetime) -> bool:
    due = queries.announced_until(queries.today(now)).select_for_update(skip_locked=True).first()
    if due is None:
        return False
    reason = f"The announced day, {due.effective_on:%Y-%m-%d}, has come"
    with context.regulated_write(actor=CLOCK, reason=reason):
        _enter_into_force(due, f"In force: {due.category}", actor=CLOCK, now=now, reason=reason)
    return True


def load(
    values: Mapping[str, Any], *, digest: str, first: bool, actor: context.Actor, now: datetime, reason: str
) -> str:
    """Bring one entry of the file in: "published", "drafted", "unchanged" or "left".

    Only the first load of an empty register publishes at once, as nobody could rely on an earlier
    list; any later difference becomes a draft, so that notice is kept.
    """
    latest = queries.newest(str(values["code"]))
    if latest is not None and latest.source_digest == digest:
        return "unchanged"
    with context.regulated_write(actor=actor, reason=reason):
        marks = {"source_digest": digest, "from_file": True}
        if latest is None:
            draft = _create({"version": 1, "effective_on": values["engaged_on"], **values, **marks}, now=now)
            if not first:
                return "drafted"
            move(draft, State.CURRENT, actor=actor, now=now, reason=reason, published_at=now)
            return "published"
        if latest.state == State.DRAFT:
            return "left"
        _next_version(latest, {**values, **marks}, now=now)
    return "drafted"


def publish_first_edition(*, actor: context.Actor, now: datetime) -> None:
    """What the first load leaves behind: edition 1 and its announcement."""
    with context.regulated_write(actor=actor, reason="First edition of the register"):
        _tell("The sub-processor register is published", "First edition.", now)


def _enter_into_force(draft: Listing, title: str, *, actor: context.Actor, now: datetime, reason: str) -> Listing:
    before = queries.in_state(draft.code, State.CURRENT)
    engaged_on = draft.engaged_on
    if before is not None:
        engaged_on = before.engaged_on if before.vendor == draft.vendor else draft.effective_on
        move(before, State.RETIRED, actor=actor, now=now, reason=reason)
    stamps: dict[str, Any] = {"published_at": draft.published_at or now, "engaged_on": engaged_on}
    if not is_in_force(draft.effective_on, queries.today(now)):
        stamps["effective_on"] = queries.today(now)
    listing = move(draft, State.CURRENT, actor=actor, now=now, reason=reason, **stamps)
    _tell(title, f"{listing.purpose}. Region: {listing.region}.", now, listing.effective_on)
    return listing


def _tell(title: str, text: str, now: datetime, effective_on: date | None = None) -> None:
    _new_edition(now)
    updates.announce(topic=Topic.SUBPROCESSORS, title=title, text=text, path=PATH, effective_on=effective_on, now=now)


def _new_edition(now: datetime) -> Edition:
    rows = queries.public_rows()
    number = Edition.objects.order_by("-number").values_list("number", flat=True).first() or 0
    return Edition.objects.create(
        number=number + 1, digest=hashing.digest(rows), content=hashing.canonical(rows), published_at=now
    )


def _create(values: Mapping[str, Any], *, now: datetime) -> Listing:
    row = Listing(**{"position": 100, **values, "state_changed_at": now, "created_at": now})
    row.save(force_insert=True)
    return row


def _next_version(base: Listing, wording: Mapping[str, Any], *, now: datetime) -> Listing:
    highest = queries.versions(base.code).values_list("version", flat=True).first() or 0
    kept = {name: getattr(base, name) for name in (*queries.WORDING, "engaged_on", "source_digest")}
    return _create({**kept, "code": base.code, **wording, "version": highest + 1}, now=now)


def _rewrite(draft: Listing, wording: Mapping[str, Any]) -> Listing:
    for name, value in wording.items():
        setattr(draft, name, value)
    draft.from_file = False
    draft.save(update_fields=[*wording, "from_file"])
    return draft
