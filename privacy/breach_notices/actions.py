"""Breach notices: drafted by one person, approved by another, sent into the tenant's own schema, acknowledged there.

Sending and acknowledging write in two schemas in one transaction: what Complere says it did and what the
tenant can see never disagree.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from audit import context
from audit.signatures.catalogue import Signing
from audit.subject_keys import actions as subject_keys
from audit.transitions import MoveRefused, move
from privacy.breach_notices import catalogue, queries
from privacy.breach_notices.models import Delivery, Notice, ReceivedNotice
from privacy.breach_notices.states import State
from privacy.deadlines import queries as deadlines
from privacy.incidents import actions as incidents
from privacy.incidents import catalogue as parts
from privacy.incidents import queries as incident_queries
from privacy.incidents.models import AffectedTenant, Incident
from tenants import schemas
from tenants.members.accounts import queries as accounts
from tenants.members.contacts import queries as contacts
from tenants.members.outbox import actions as outbox
from tenants.tenancy import queries as tenancy
from tenants.wakeups import actions as wakeups

COMPLERE = context.service("Complere")
ESCALATION = context.service("notice follow-up")


class ContentRefused(ValueError):
    """The notice may not say this; `problems` are pairs of form field (empty: the whole) and message."""

    def __init__(self, problems: Iterable[tuple[str, str]]) -> None:
        self.problems = [*problems]
        super().__init__(" ".join(message for _, message in self.problems))


def draft(
    row: AffectedTenant,
    *,
    told: Mapping[str, Any],
    actor: context.Actor,
    now: datetime,
    reason: str = "Draft the notice",
) -> Notice:
    """The next version of the notice to one tenant.

    `told` holds content (the eight parts), what_is_new, next_update_hours. Raises `ContentRefused`.
    """
    with context.regulated_write(actor=actor, reason=reason) as write:
        fresh = incidents.locked_tenant(row)
        _check_may_be_told(fresh)
        before = queries.of_tenant(fresh).first()
        if before is not None and before.sent_at is None:
            raise MoveRefused(f"Version {before.version} of the notice to {fresh.tenant_name} has not been sent yet.")
        _check(fresh, told, version=before.version + 1 if before else 1)
        return Notice.objects.create(
            affected=fresh,
            subject_key=subject_keys.create(now=now),
            version=before.version + 1 if before else 1,
            supersedes=before,
            state_changed_at=now,
            drafted_at=now,
            writers=[str(actor.id)],
            written_by=_named(write.actor),
            **_stored(told),
        )


def edit(notice: Notice, *, told: Mapping[str, Any], actor: context.Actor, now: datetime, reason: str) -> Notice:
    """Change what an unsent notice says. An approval is dropped: it was for other words. Raises `ContentRefused`."""
    with context.regulated_write(actor=actor, reason=reason) as write:
        fresh = _locked(notice)
        if fresh.sent_at is not None:
            raise MoveRefused("A notice that was sent is never changed: draft the next version.")
        _check(fresh.affected, told, version=fresh.version)
        writers = sorted({*fresh.writers, str(actor.id)})
        changes = {**_stored(told), "writers": writers, "written_by": _named(write.actor)}
        if fresh.state == State.APPROVED:
            dropped = {"approved_at": None, "approved_by": None}
            return move(fresh, State.DRAFT, actor=actor, now=now, reason=reason, **changes, **dropped)
        for name, value in changes.items():
            setattr(fresh, name, value)
        fresh.save(update_fields=[*changes])
    return fresh


def approve(notice: Notice, *, seen: str, signing: Signing, actor: context.Actor, now: datetime, reason: str) -> Notice:
    """A second person vouches for the words. Nobody who wrote at them may.

    `seen` is the `wording_digest` of what they read. Raises `MoveRefused` when it was changed since.
    """
    with context.regulated_write(actor=actor, reason=reason) as write:
        fresh = _locked(notice)
        if str(actor.id) in fresh.writers:
            raise MoveRefused("You wrote at this notice, so another person has to approve it.")
        if queries.wording_digest(fresh) != seen:
            raise MoveRefused("The notice was changed after you opened it. Read it again before you approve it.")
        _check_leaks(fresh.affected, fresh.parts, fresh.what_is_new)
        by = _named(write.actor)
        approved = {"approved_at": now, "approved_by": by}
        return move(fresh, State.APPROVED, actor=actor, now=now, reason=reason, signing=signing, **approved)


def send(notice: Notice, *, delay_reasons: str = "", actor: context.Actor, now: datetime, reason: str) -> Notice:
    """Put the notice into the tenant's schema, mail it to its contact, and keep the promise: in one transaction.

    Its delivery starts the tenant's own hours as controller (BRE-03). Raises `ContentRefused` when it is late without
    reasons for the delay (BRE-06).
    """
    with schemas.on_platform(), context.regulated_write(actor=actor, reason=reason) as write:
        fresh = _locked(notice)
        if fresh.state != State.APPROVED:
            raise MoveRefused("Only an approved notice can be sent.")
        row = incidents.locked_tenant(fresh.affected)
        _check_may_be_told(row)
        _check_leaks(row, fresh.parts, f"{fresh.what_is_new} {delay_reasons}")
        _check_delay(row, fresh, delay_reasons, now)
        fresh.delay_reasons, fresh.next_update_at = delay_reasons, _next_update(fresh, now)
        arrived, recipients = _deliver(fresh, tenancy.by_id(row.tenant_id), now)
        incidents.mark_notified(row, at=now, next_update_hours=fresh.next_update_hours, actor=actor, reason=reason)
        if not recipients or recipients[0].source != "security contact":
            _alarm(fresh, f"No living security contact: sent to {_sources(recipients)}", now)
        changes: dict[str, Any] = {name: getattr(arrived, name) for name in _DELIVERED}
        sent: dict[str, Any] = {"sent_at": now, "sent_by": _named(write.actor), "sent_to": _sources(recipients)}
        return move(fresh, State.SENT, actor=actor, now=now, reason=reason, **changes, **sent)


def acknowledge(notice: ReceivedNotice, *, comment: str, actor: context.Actor, now: datetime) -> ReceivedNotice:
    """The tenant has read it. Complere's own record learns who, when and what was said, in the same transaction."""
    reason = f"Acknowledge breach notice {notice.reference} version {notice.version}"
    tenant = schemas.current()
    said: dict[str, Any] = {"acknowledged_at": now, "acknowledged_by": _named(actor), "acknowledgement": comment}
    with context.regulated_write(actor=actor, reason=reason):
        here: dict[str, Any] = {"acknowledged_by_id": actor.id, "remind_at": None}
        read = move(notice, State.ACKNOWLEDGED, actor=actor, now=now, reason=reason, **said, **here)
        with schemas.on_platform():
            mirror = context.service(str(getattr(tenant, "name", "tenant")))
            sent = move(
                queries.notices().get(pk=notice.pk), State.ACKNOWLEDGED, actor=mirror, now=now, reason=reason, **said
            )
            if not queries.of_tenant(sent.affected).filter(version__gt=sent.version, sent_at__isnull=False).exists():
                incidents.mark_acknowledged(sent.affected, at=now, actor=mirror, reason=reason)
    return read


def follow_up(now: datetime) -> int:
    """Look after the notices that arrived in this schema: mails that failed, readers who have not acknowledged."""
    done = 0
    for delivery in queries.troubled(now).select_related("notice__subject_key", "email__subject_key"):
        done += _escalate(delivery, now)
    for notice in queries.to_remind(now):
        done += _remind(notice, now)
    return done


# What the platform's record learns from the delivery.
_DELIVERED = ("delay_reasons", "next_update_at", "controller_safe_at", "controller_limit_at", "controller_zone")


def _deliver(notice: Notice, tenant: Any, now: datetime) -> tuple[ReceivedNotice, list[contacts.Recipient]]:
    """The tenant's copy, its case and clock, and the mails: all inside the tenant's schema."""
    incident = notice.affected.incident
    reason = f"Complere sent breach notice {incident.reference} version {notice.version}"
    content, reference, aware_at = notice.parts, incident.reference, incident.aware_at or now
    with schemas.inside(tenant), context.regulated_write(actor=COMPLERE, reason=reason):
        before = _superseded(notice)
        case = before.case if before else _open_case(reference, content, now, reason)
        clock = queries.controller_clock(case)
        arrived = ReceivedNotice.objects.create(
            id=notice.pk,
            case=case,
            subject_key=subject_keys.create(now=now),
            version=notice.version,
            supersedes=before,
            content=notice.content,
            what_is_new=notice.what_is_new,
            delay_reasons=notice.delay_reasons,
            next_update_at=notice.next_update_at,
            state_changed_at=now,
            reference=reference,
            aware_at=aware_at,
            delivered_at=now,
            controller_safe_at=clock.due_at if clock else None,
            controller_limit_at=datetime.fromisoformat(clock.computation["limit_1182_at"]) if clock else None,
            controller_zone=clock.time_zone if clock else tenant.time_zone,
            remind_at=now + timedelta(hours=incident_queries.hours("breach.acknowledgement_hours", now)),
        )
        told = contacts.recipients("security")
        chosen = [one for one in told if one.source == told[0].source]
        _mail(arrived, chosen, now)
        wakeups.wake(arrived.remind_at or now)
    return arrived, chosen


def _superseded(notice: Notice) -> ReceivedNotice | None:
    """The version that this one takes the place of; nobody has to acknowledge that one any more."""
    if notice.supersedes_id is None:
        return None
    before = queries.received().get(pk=notice.supersedes_id)
    before.remind_at = None
    before.save(update_fields=["remind_at"])
    return before


def _open_case(reference: str, content: dict[str, Any], now: datetime, reason: str) -> Incident:
    facts = parts.flat(content)
    facts |= {"title": f"Breach at Complere, notice {reference}", "description": facts.pop("nature_text")}
    return incidents.open_case(facts=facts, aware_at=now, actor=COMPLERE, reason=reason)


def _mail(notice: ReceivedNotice, recipients: Iterable[contacts.Recipient], now: datetime) -> None:
    values = {
        "notice": notice,
        "parts": parts.told(notice.parts),
        "zone": notice.controller_zone,
        "sender_name": COMPLERE.name,
        "url": outbox.link("breach-notice", notice.pk),
        "first": notice.version == 1,
    }
    limit = timedelta(hours=incident_queries.hours("breach.bounce_escalation_hours", now))
    for one in recipients:
        email = outbox.queue_email(
            to=one.email,
            subject_key=one.subject_key,
            template="breach-notice",
            context={**values, "recipient": one},
            now=now,
            about=deadlines.key(notice),
        )
        # Half of the hour: somebody else must have it before the hour is over (BRE-09).
        escalate_at = now + limit / 2
        Delivery.objects.create(
            notice=notice, email=email, recipient=one.source, queued_at=now, escalate_at=escalate_at
        )
        wakeups.wake(escalate_at)


def _escalate(delivery: Delivery, now: datetime) -> int:
    """Send the notice to the next one in order, and tell the security team. One transaction for each mail."""
    notice = delivery.notice
    reason = f"The mail of breach notice {notice.reference} to the {delivery.recipient} did not arrive"
    with context.regulated_write(actor=ESCALATION, reason=reason):
        claimed = Delivery.objects.select_for_update(skip_locked=True).filter(pk=delivery.pk, escalated_at=None).first()
        if claimed is None:
            return 0
        claimed.escalated_at = now
        claimed.save(update_fields=["escalated_at"])
        mails = notice.deliveries.select_related("email__subject_key")
        tried = {mail.email.to.casefold() for mail in mails}
        left = [one for one in contacts.recipients("security") if one.email.casefold() not in tried]
        chosen = [one for one in left if one.source == left[0].source]
        _mail(notice, chosen, now)
        with schemas.on_platform():
            _alarm(queries.notices().get(pk=notice.pk), f"{reason}; sent to {_sources(chosen)}", now)
    return 1


def _remind(notice: ReceivedNotice, now: datetime) -> int:
    """Ask those who can acknowledge the notice to do so."""
    with context.regulated_write(actor=ESCALATION, reason="Remind of a notice that nobody acknowledged"):
        claimed = queries.to_remind(now).select_for_update(skip_locked=True, of=("self",)).filter(pk=notice.pk).first()
        if claimed is None:
            return 0
        claimed.remind_at = None
        claimed.save(update_fields=["remind_at"])
        values = {"notice": claimed, "sender_name": tenancy.name_here(), "url": outbox.link("breach-notice", notice.pk)}
        for person in accounts.with_permission("privacy.acknowledge_notices"):
            outbox.queue_email(
                to=person.email,
                subject_key=person.subject_key,
                template="breach-reminder",
                context={**values, "person": person},
                now=now,
                about=deadlines.key(claimed),
            )
    return 1


def _alarm(notice: Notice, trouble: str, now: datetime) -> None:
    """Tell the security team that a notice may not have reached its reader; on the platform."""
    with context.regulated_write(actor=ESCALATION, reason=trouble):
        fresh = _locked(notice)
        fresh.mail_trouble, fresh.mail_trouble_at = trouble, now
        fresh.save(update_fields=["mail_trouble", "mail_trouble_at"])
        notice.mail_trouble, notice.mail_trouble_at = trouble, now
        values = {
            "notice": fresh,
            "trouble": trouble,
            "sender_name": COMPLERE.name,
            "url": outbox.link("notice", fresh.pk),
        }
        for person in accounts.with_permission("privacy.work_incidents"):
            outbox.queue_email(
                to=person.email,
                subject_key=person.subject_key,
                template="breach-mail-trouble",
                context=values,
                now=now,
                about=deadlines.key(fresh),
            )


def _locked(notice: Notice) -> Notice:
    return queries.notices().select_for_update(of=("self",)).get(pk=notice.pk)


def _named(actor: context.Actor) -> str:
    return f"{actor.name} ({actor.role})"


def _sources(recipients: Iterable[contacts.Recipient]) -> str:
    return ", ".join(sorted({one.source for one in recipients})) or "nobody: the workspace only"


def _stored(told: Mapping[str, Any]) -> dict[str, Any]:
    content = json.dumps(told["content"], ensure_ascii=False, sort_keys=True)
    return {"content": content, "what_is_new": told["what_is_new"], "next_update_hours": told["next_update_hours"]}


def _next_update(notice: Notice, now: datetime) -> datetime | None:
    return now + timedelta(hours=notice.next_update_hours) if notice.next_update_hours is not None else None


def _check_may_be_told(row: AffectedTenant) -> None:
    """A notice is for a breach; one that turned out to be none is told to those who heard of it."""
    if not row.incident.is_breach and row.notified_at is None:
        raise MoveRefused(f"{row.incident.reference} is not confirmed as a personal-data breach.")


def _check(row: AffectedTenant, told: Mapping[str, Any], *, version: int) -> None:
    found = [*parts.problems(told["content"]).items()]
    if version > 1 and not told["what_is_new"].strip():
        found.append(("what_is_new", f"Say what is new since version {version - 1}."))
    if found:
        raise ContentRefused(found)
    _check_leaks(row, told["content"], told["what_is_new"])


def _check_leaks(row: AffectedTenant, content: Mapping[str, Any], *more: str) -> None:
    found = catalogue.leaks(
        {**content, "more": more}, row.tenant_name, queries.own_figures(row), queries.strangers(row)
    )
    if found:
        raise ContentRefused(("", message) for message in found)


def _check_delay(row: AffectedTenant, notice: Notice, delay_reasons: str, now: datetime) -> None:
    until = queries.promised_until(row)
    if notice.version == 1 and until is not None and now >= until and not delay_reasons.strip():
        raise ContentRefused(
            [("delay_reasons", "The promised time has passed: give the reasons for the delay (BRE-06).")]
        )
