import hashlib
from datetime import datetime

from django.core import signing as django_signing
from django.core.exceptions import ValidationError
from django.db.models import Min, QuerySet

from audit.subject_keys.queries import blind_index
from tenants import schemas, signing
from trust_center.updates.models import Subscription, Update
from trust_center.updates.states import FORM_LIVES, State, Topic

EMAIL_PURPOSE = "updates.subscription.email"
UNSUBSCRIBE = "updates.unsubscribe"
FORM_OPENED = "updates.subscribe-form"
# A mail may be found again years later: its link out must still work.
UNSUBSCRIBE_LIVES_SECONDS = 20 * 365 * 24 * 3600


def public_changes(topic: Topic | None = None) -> QuerySet[Update]:
    """What was published, newest first."""
    found = Update.objects.order_by("-published_at", "-pk")
    return found.filter(topic=topic) if topic else found


def last_change_at() -> datetime | None:
    """When the public pages last changed."""
    return Update.objects.values_list("published_at", flat=True).order_by("-published_at").first()


def untold() -> QuerySet[Update]:
    """Changes whose pages were not dropped everywhere or whose mails are not queued yet, oldest first."""
    return Update.objects.filter(told_at=None).order_by("published_at")


def next_untold_at() -> datetime | None:
    found: datetime | None = untold().aggregate(at=Min("published_at"))["at"]
    return found


def subscribers(topic: str) -> QuerySet[Subscription]:
    """Confirmed subscriptions that a change of this topic is mailed to."""
    confirmed = Subscription.objects.filter(state=State.CONFIRMED).select_related("subject_key")
    return confirmed if topic == Topic.SUBPROCESSORS else confirmed.filter(every_change=True)


def unconfirmed(now: datetime) -> QuerySet[Subscription]:
    """Subscriptions that nobody confirmed in time."""
    return Subscription.objects.filter(state=State.PENDING, expires_at__lte=now).order_by("expires_at")


def next_unconfirmed_at() -> datetime | None:
    found: datetime | None = Subscription.objects.filter(state=State.PENDING).aggregate(at=Min("expires_at"))["at"]
    return found


def by_email(email: str) -> Subscription | None:
    index = blind_index(email, EMAIL_PURPOSE)
    return Subscription.objects.filter(email_index=index).select_related("subject_key").first()


def by_confirm_token(token: str, now: datetime) -> Subscription | None:
    """The pending subscription that this mailed token confirms, while it lives."""
    pending = Subscription.objects.filter(token_hash=digest(token), state=State.PENDING, expires_at__gt=now)
    return pending.select_related("subject_key").first()


def by_unsubscribe_token(token: str) -> Subscription | None:
    try:
        key = signing.unsign(token, purpose=UNSUBSCRIBE, max_age_seconds=UNSUBSCRIBE_LIVES_SECONDS)
        return Subscription.objects.filter(pk=key).first()
    except (django_signing.BadSignature, ValidationError):
        return None


def held_about(email: str) -> list[str]:
    """What is held about the person with this address, a line each (GDPR Art. 15). Empty in a tenant's schema."""
    found = by_email(email) if schemas.is_platform() else None
    if found is None:
        return []
    return [f"Subscription to changes, {found.state} since {found.state_changed_at:%Y-%m-%d %H:%M} UTC"]


def unsubscribe_token(subscription: Subscription) -> str:
    return signing.sign(str(subscription.pk), purpose=UNSUBSCRIBE)


def form_stamp(now: datetime) -> str:
    """When a form was opened, signed: a page that a program fills in at once is told from a person's."""
    return signing.sign(now.timestamp(), purpose=FORM_OPENED)


def form_age_seconds(stamp: str, now: datetime) -> float | None:
    """Seconds since the form was opened, or None when the stamp is not ours or too old."""
    try:
        opened = signing.unsign(stamp, purpose=FORM_OPENED, max_age_seconds=int(FORM_LIVES.total_seconds()))
    except django_signing.BadSignature:
        return None
    return now.timestamp() - float(opened)


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
