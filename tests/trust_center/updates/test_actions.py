from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.conf import settings
from django.db import transaction

from audit import context
from tenants.members.outbox import actions as outbox
from tenants.members.outbox.models import Email
from trust_center.updates import actions, queries
from trust_center.updates.adapters import page_store
from trust_center.updates.models import Subscription, Update
from trust_center.updates.states import State, Topic

pytestmark = pytest.mark.usefixtures("platform")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EVA = "eva@example.com"


def subscribe(email: str = EVA, *, every_change: bool = False, now: datetime = NOW) -> Subscription:
    return actions.subscribe(email=email, every_change=every_change, now=now)


def mails(template: str) -> list[Email]:
    return list(Email.objects.filter(template=template).select_related("subject_key").order_by("created_at"))


def token() -> str:
    body = mails("subscription-confirm")[-1].body
    return body.split("/subscribe/confirm/")[1].split("/")[0]


def confirmed(email: str = EVA, *, every_change: bool = False) -> Subscription:
    subscribe(email, every_change=every_change)
    return actions.confirm(token(), now=NOW)


def announce(topic: Topic = Topic.SUBPROCESSORS) -> Update:
    return actions.announce(topic=topic, title="Somebody new", text="For backups.", path="/sub-processors/", now=NOW)


def test_nobody_is_subscribed_before_the_mailed_link_is_used() -> None:
    subscription = subscribe()
    assert (subscription.state, list(queries.subscribers(Topic.SUBPROCESSORS))) == (State.PENDING, [])
    assert [mail.to for mail in mails("subscription-confirm")] == [EVA]
    assert actions.confirm(token(), now=NOW).state == State.CONFIRMED
    assert [row.email for row in queries.subscribers(Topic.SUBPROCESSORS)] == [EVA]


def test_the_token_is_kept_as_a_digest_only() -> None:
    subscription = subscribe()
    assert subscription.token_hash == queries.digest(token())
    assert token() not in str(Subscription.objects.values_list().get())


def test_a_token_is_good_once_and_for_seven_days() -> None:
    subscribe()
    mailed = token()
    with pytest.raises(actions.TokenRefused):
        actions.confirm(mailed, now=NOW + timedelta(days=7))
    actions.confirm(mailed, now=NOW)
    with pytest.raises(actions.TokenRefused):
        actions.confirm(mailed, now=NOW)


def test_a_second_request_merges_into_the_first() -> None:
    first = subscribe()
    again = subscribe("  EVA@Example.com ", every_change=True, now=NOW + timedelta(hours=1))
    assert (again.pk, again.every_change, Subscription.objects.count()) == (first.pk, True, 1)
    assert len(mails("subscription-confirm")) == 2


def test_many_requests_for_one_address_send_one_mail() -> None:
    for seconds in range(5):
        subscribe(now=NOW + timedelta(seconds=seconds))
    assert len(mails("subscription-confirm")) == 1


def test_a_subscriber_who_asks_again_is_told_by_mail_and_nothing_changes() -> None:
    confirmed()
    subscribe(now=NOW + timedelta(hours=1))
    assert [mail.to for mail in mails("subscription-known")] == [EVA]
    assert Subscription.objects.get().state == State.CONFIRMED


def test_a_change_is_mailed_once_to_whoever_wants_it() -> None:
    confirmed(EVA)
    confirmed("max@example.com", every_change=True)
    subscribe("pending@example.com")
    announce()
    assert actions.tell(NOW) == 2
    assert actions.tell(NOW) == 0
    announce(Topic.CLAIMS)
    assert actions.tell(NOW) == 1
    assert sorted(mail.to for mail in mails("subprocessor-change")) == [EVA, "max@example.com"]
    assert [mail.to for mail in mails("page-change")] == ["max@example.com"]


def test_every_mail_carries_a_link_that_unsubscribes() -> None:
    confirmed()
    announce()
    actions.tell(NOW)
    for mail in Email.objects.select_related("subject_key"):
        link = mail.body.split("http://localhost:8000/sub-processors/unsubscribe/")[1].split("/")[0]
        assert queries.by_unsubscribe_token(link) == Subscription.objects.get()


def test_unsubscribing_erases_the_address() -> None:
    subscription = confirmed()
    link = queries.unsubscribe_token(subscription)
    assert actions.unsubscribe(link, now=NOW) is True
    assert actions.unsubscribe(link, now=NOW) is False
    ended = Subscription.objects.select_related("subject_key").get()
    assert (ended.state, ended.email, ended.email_index) == (State.ENDED, "erased", None)
    announce()
    assert actions.tell(NOW) == 0
    assert confirmed().pk != subscription.pk, "and the address can be subscribed again"


@pytest.mark.parametrize("link", ["", "x", "x:y:z", "😀"])
def test_a_link_that_is_not_ours_unsubscribes_nobody(link: str) -> None:
    confirmed()
    with pytest.raises(actions.TokenRefused):
        actions.unsubscribe(link, now=NOW)


def test_an_address_that_nobody_confirms_is_forgotten() -> None:
    subscribe()
    confirmed("max@example.com")
    assert queries.next_unconfirmed_at() == NOW + timedelta(days=7)
    assert actions.forget_unconfirmed(NOW + timedelta(days=7) - timedelta(seconds=1)) == 0
    assert actions.forget_unconfirmed(NOW + timedelta(days=7)) == 1
    states = {row.email: row.state for row in Subscription.objects.select_related("subject_key")}
    assert states == {"erased": State.ENDED, "max@example.com": State.CONFIRMED}


def test_the_mail_can_be_sent() -> None:
    from django.core import mail

    confirmed()
    announce()
    actions.tell(NOW)
    assert outbox.deliver_due(NOW) == 2
    sent = mail.outbox[-1]
    assert (sent.subject, sent.to) == ("Somebody new", [EVA])
    assert "http://localhost:8000/sub-processors/" in sent.body


@pytest.fixture
def version() -> Iterator["Version"]:
    with redis.Redis.from_url(settings.REDIS_URL) as valkey:
        yield Version(valkey)


class Version:
    def __init__(self, valkey: "redis.Redis") -> None:
        self.valkey = valkey

    def now(self) -> int:
        return int(self.valkey.get(page_store.version_key()) or 0)


@pytest.mark.django_db(transaction=False)
def test_pages_are_dropped_after_the_commit_and_not_before(
    version: Version, django_capture_on_commit_callbacks: object
) -> None:
    before = version.now()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        with transaction.atomic():
            announce()
        assert version.now() == before
    assert version.now() == before + 1


def test_the_sweep_drops_them_once_more_in_case_the_process_died_between(version: Version) -> None:
    announce()
    before = version.now()
    actions.tell(NOW)
    assert version.now() == before + 1


def test_a_rolled_back_change_is_never_told() -> None:
    with transaction.atomic():
        announce()
        transaction.set_rollback(True)
    assert (Update.objects.count(), actions.tell(NOW)) == (0, 0)


def test_subscribing_is_recorded_as_the_subscribers_own_act() -> None:
    subscription = confirmed()
    entries = subscription.history.order_by("history_id")
    assert [(row.actor_name, row.actor_kind, row.state) for row in entries] == [
        (actions.SUBSCRIBER.name, "human", "pending"),
        (actions.SUBSCRIBER.name, "human", "confirmed"),
    ]
    assert context.current_request().id == ""
