"""Telling the world: changes, subscriptions, and the mails between them."""

import secrets
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit import context
from audit.subject_keys import actions as subject_keys
from audit.subject_keys.queries import blind_index
from audit.transitions import move
from tenants.members.outbox import actions as outbox
from tenants.wakeups.actions import wake
from trust_center.updates import queries
from trust_center.updates.adapters import page_store
from trust_center.updates.models import Subscription, Update
from trust_center.updates.states import CONFIRM_WITHIN, MAIL_AGAIN_AFTER, State, Topic

# Whoever holds the mailbox acts; more is not known of them.
SUBSCRIBER = context.Actor(id=None, name="Subscriber", role="public", kind="human")
CLOCK = context.service("subscription clock")
ASKED = "Asked for on the public form"


class TokenRefused(ValueError):
    """The link was used, is too old, or was never ours."""


def announce(
    *, topic: Topic, title: str, text: str, path: str, now: datetime, effective_on: date | None = None
) -> Update:
    """Write a public change beside the change itself; kept pages are dropped once the transaction commits.

    Call it inside the transaction that publishes. Mails follow by `tell`, which also drops the
    pages a second time, so that a process killed between commit and drop leaves nothing stale.
    """
    update = Update.objects.create(
        topic=topic, title=title[:200], text=text, path=path, published_at=now, effective_on=effective_on
    )
    wake(now)
    transaction.on_commit(page_store.announce, robust=True)
    return update


def tell(now: datetime) -> int:
    """Drop pages and queue the mails of every change not told yet. Returns how many mails were queued."""
    queued = 0
    while (count := _tell_next(now)) is not None:
        queued += count
    return queued


@transaction.atomic
def _tell_next(now: datetime) -> int | None:
    update = queries.untold().select_for_update(skip_locked=True).first()
    if update is None:
        return None
    page_store.announce()
    template = "subprocessor-change" if update.topic == Topic.SUBPROCESSORS else "page-change"
    subscriptions = list(queries.subscribers(update.topic))
    for subscription in subscriptions:
        _mail(subscription, template, now, update)
    update.told_at = now
    update.save(update_fields=["told_at"])
    return len(subscriptions)


def subscribe(*, email: str, every_change: bool, now: datetime) -> Subscription:
    """Keep the address until its holder confirms it. A second request for the same address merges into the first."""
    with context.regulated_write(actor=SUBSCRIBER, reason=ASKED):
        known = queries.by_email(email) or _begin_alone(email, every_change, now)
        if known.mailed_at == now:
            return known
        known = Subscription.objects.select_for_update(of=("self",)).select_related("subject_key").get(pk=known.pk)
        if known.mailed_at + MAIL_AGAIN_AFTER > now:
            return known
        known.mailed_at = now
        if known.state == State.CONFIRMED:
            known.save(update_fields=["mailed_at"])
            _mail(known, "subscription-known", now)
            return known
        token = _new_token(known, now)
        known.every_change = known.every_change or every_change
        known.save(update_fields=["mailed_at", "token_hash", "expires_at", "every_change"])
        _mail_token(known, token, now)
    return known


def confirm(token: str, *, now: datetime) -> Subscription:
    """The holder of the mailbox says yes. Raises `TokenRefused`."""
    pending = queries.by_confirm_token(token, now)
    if pending is None:
        raise TokenRefused("This link was used already, or is older than 7 days.")
    changes: dict[str, Any] = {"token_hash": None, "expires_at": None, "confirmed_at": now}
    return move(pending, State.CONFIRMED, actor=SUBSCRIBER, now=now, reason="Confirmed by the mailed link", **changes)


def unsubscribe(token: str, *, now: datetime) -> bool:
    """End it and erase the address (GDPR Art. 7(3), 17). True when it was still running. Raises `TokenRefused`."""
    subscription = queries.by_unsubscribe_token(token)
    if subscription is None:
        raise TokenRefused("This link is not complete.")
    if subscription.state == State.ENDED:
        return False
    _end(subscription, actor=SUBSCRIBER, now=now, reason="Unsubscribed by the mailed link")
    return True


def forget_unconfirmed(now: datetime) -> int:
    """Erase addresses that nobody confirmed in time. Returns how many."""
    forgotten = 0
    while (subscription := queries.unconfirmed(now).first()) is not None:
        _end(subscription, actor=CLOCK, now=now, reason="Nobody confirmed the address within 7 days")
        forgotten += 1
    return forgotten


def _begin_alone(email: str, every_change: bool, now: datetime) -> Subscription:  # noqa: FBT001
    """Of two requests for one new address at the same moment the second merges into the first."""
    try:
        with transaction.atomic():
            return _begin(email, every_change, now)
    except IntegrityError:
        known = queries.by_email(email)
        if known is None:
            raise
        return known


def _begin(email: str, every_change: bool, now: datetime) -> Subscription:  # noqa: FBT001
    subscription = Subscription(
        subject_key=subject_keys.create(now=now),
        email=email.strip(),
        email_index=blind_index(email, queries.EMAIL_PURPOSE),
        every_change=every_change,
        state_changed_at=now,
        created_at=now,
        mailed_at=now,
    )
    token = _new_token(subscription, now)
    subscription.save(force_insert=True)
    _mail_token(subscription, token, now)
    return subscription


def _new_token(subscription: Subscription, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    subscription.token_hash, subscription.expires_at = queries.digest(token), now + CONFIRM_WITHIN
    wake(subscription.expires_at)
    return token


def _end(subscription: Subscription, *, actor: context.Actor, now: datetime, reason: str) -> None:
    with context.regulated_write(actor=actor, reason=reason):
        nothing_left = {"email_index": None, "token_hash": None, "expires_at": None}
        ended = move(subscription, State.ENDED, actor=actor, now=now, reason=reason, **nothing_left)
        subject_keys.destroy(ended.subject_key, actor=actor, now=now, reason=reason)


def _mail_token(subscription: Subscription, token: str, now: datetime) -> None:
    path = _path("confirm-subscription", token)
    _mail(subscription, "subscription-confirm", now, confirm_path=path, expires_at=subscription.expires_at)


def _mail(
    subscription: Subscription, template: str, now: datetime, update: Update | None = None, **values: object
) -> None:
    unsubscribe_path = _path("unsubscribe", queries.unsubscribe_token(subscription))
    outbox.queue_email(
        to=subscription.email,
        subject_key=subscription.subject_key,
        template=template,
        context={"update": update, "unsubscribe_path": unsubscribe_path, **values},
        now=now,
        about=f"trust_center.subscription:{subscription.pk}",
        unsubscribe=unsubscribe_path,
    )


def _path(name: str, token: str) -> str:
    # The worker has no request that would choose the platform's addresses.
    return reverse(name, urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[token])
