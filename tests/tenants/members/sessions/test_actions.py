import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.core.cache import cache
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from tenants import schemas
from tenants.members.access_policies import actions as policies
from tenants.members.access_policies.catalogue import TENANT
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.factor_resets import actions as factor_resets
from tenants.members.roles import actions as roles
from tenants.members.sessions import actions, queries
from tenants.members.sessions.adapters.store import SessionStore
from tenants.members.sessions.catalogue import Door, Ended, Method
from tenants.members.sessions.models import Session
from tests import cast
from tests.tenants.members.clocks import stopped

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WHY = {"reason": "Decided by the security officer"}
PROVIDER, ANOTHER = "4c9c7f4e-6d0e-4b39-9a2a-8a9a0c0e0001", "4c9c7f4e-6d0e-4b39-9a2a-8a9a0c0e0002"


def opened(user: User, now: datetime, **said) -> Session:
    """A session that the person opened by the real way in."""
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    door = Door(**({"method": Method.PASSWORD, "opened_at": now, "proved_at": now} | said))
    actions.open_session(request, user, door=door, now=now)
    return Session.objects.get(session_key=request.session.session_key)


def keys(rows) -> list[str]:
    return [row.session_key for row in rows]


# --- How many at once --------------------------------------------------------------------------


def allow(count: int, user: User) -> None:
    rules = replace(TENANT, sessions_at_once=count)
    policies.change(rules, address="127.0.0.1", actor=user.actor, now=NOW, **WHY)


@pytest.mark.django_db
def test_one_session_too_many_ends_the_one_that_was_not_used_for_the_longest_time(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    ann = cast.person("ann")
    allow(2, ann)
    first = opened(ann, clock.on(minutes=1))
    second = opened(ann, clock.on(minutes=1))
    Session.objects.filter(pk=first.pk).update(seen_at=clock.on(minutes=1))
    third = opened(ann, clock.on(minutes=1))
    assert keys(queries.standing(ann, clock.at)) == [third.session_key, first.session_key]
    assert queries.why_ended(second.session_key, clock.at) is Ended.DISPLACED
    assert queries.why_ended("0" * 32, clock.at) is Ended.ELSEWHERE


@pytest.mark.django_db
def test_what_opens_nothing_any_more_takes_nobodys_place(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    cay = cast.person("cay")
    allow(2, cast.person("ann"))
    lasting = opened(cay, clock.at)
    other = opened(cay, clock.on(minutes=1))
    Session.objects.filter(pk=other.pk).update(session_data=queries.sealed({"_auth_user_hash": "of an old password"}))
    opened(cay, clock.on(minutes=1))
    assert lasting.session_key in keys(queries.standing(cay, clock.at))


@pytest.mark.django_db
def test_sessions_of_others_are_not_counted(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    allow(1, cast.person("ann"))
    of_ben = opened(cast.person("ben"), clock.at)
    opened(cast.person("cay"), clock.at)
    assert keys(queries.standing(cast.person("ben"), clock.at)) == [of_ben.session_key]


def test_of_two_sign_ins_at_the_same_moment_one_session_is_left(committed_db):
    """Without a lock on the person, each counts before the other is there; or each ends the other."""
    acme = cast.tenant("acme")
    with schemas.inside(acme):
        allow(1, cast.person("ann"))
    ready = threading.Barrier(4)
    failures = []

    def come_in() -> None:
        try:
            with schemas.inside(acme):
                user = cast.person("cay")
                ready.wait(timeout=20)
                opened(user, timezone.now())
        except Exception as failure:  # noqa: BLE001  told in the main thread
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=come_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with schemas.inside(acme):
        assert len(queries.standing(cast.person("cay"), timezone.now())) == 1
    cache.clear()


# --- Ends --------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.req("ASVS-7.2.4")
def test_each_proof_gives_the_session_a_new_key(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    request = RequestFactory().get("/")
    request.session, request.user = SessionStore(), AnonymousUser()
    request.session["before"] = "a stranger's"
    request.session.save()
    seen = [request.session.session_key]
    door = Door(method=Method.PASSWORD, opened_at=NOW, proved_at=NOW)
    actions.open_session(request, cast.person("ann"), door=door, now=NOW)
    seen.append(request.session.session_key)
    actions.note_second(request, second="totp", now=clock.on(minutes=1))
    request.session.save()
    seen.append(request.session.session_key)
    actions.note_proof(request, now=clock.on(minutes=1))
    request.session.save()
    seen.append(request.session.session_key)
    assert len(set(seen)) == 4
    assert [key for key in seen if SessionStore().exists(key)] == [seen[-1]]
    found = queries.door_of(request)
    assert (found.opened_at, found.second_at, found.proved_at) == (
        NOW,
        NOW + timedelta(minutes=1),
        NOW + timedelta(minutes=2),
    )


@pytest.mark.django_db
@pytest.mark.req("ASVS-7.3.2")
def test_a_session_carries_its_end_from_its_beginning(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    policies.change(
        replace(TENANT, absolute=timedelta(hours=9)),
        address="127.0.0.1",
        actor=cast.person("ann").actor,
        now=NOW,
        **WHY,
    )
    row = opened(cast.person("cay"), NOW)
    assert row.expire_date == NOW + timedelta(hours=9)
    store = SessionStore(row.session_key)
    clock.on(hours=5)
    store["something"] = "new"
    store.save()
    assert Session.objects.get(session_key=row.session_key).expire_date == NOW + timedelta(hours=9)


@pytest.mark.django_db
def test_saving_what_a_session_holds_does_not_take_back_when_it_was_used(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    row = opened(cast.person("cay"), NOW)
    Session.objects.filter(pk=row.pk).update(seen_at=clock.on(hours=2))
    store = SessionStore(row.session_key)
    store["something"] = "new"
    store.save()
    assert Session.objects.get(session_key=row.session_key).seen_at == clock.at


@pytest.mark.django_db
def test_a_session_that_was_ended_is_not_brought_back_by_a_request_that_still_runs(in_acme):
    row = opened(cast.person("cay"), timezone.now())
    running = SessionStore(row.session_key)
    running["something"] = "new"
    actions.end_all_of(cast.person("cay"))
    with pytest.raises(UpdateError):
        running.save()
    assert not Session.objects.filter(session_key=row.session_key).exists()


@pytest.mark.django_db
@pytest.mark.req("ASVS-7.4.3")
def test_all_but_one_are_ended(in_acme):
    now, ann = timezone.now(), cast.person("ann")
    rows = [opened(ann, now) for _ in range(3)]
    assert actions.end_all_of(ann, but=rows[1].session_key) == 2
    assert keys(queries.standing(ann, now)) == [rows[1].session_key]


@pytest.mark.django_db
@pytest.mark.req("ASVS-7.4.2")
def test_signing_out_everywhere_leaves_rows_that_are_no_sessions(in_acme):
    now, ann = timezone.now(), cast.person("ann")
    opened(ann, now)
    accounts.sign_out_everywhere(ann, now=now)
    fresh = cast.person("ann")
    assert (Session.objects.filter(user_id=ann.pk).count(), queries.standing(fresh, now)) == (1, [])


@pytest.mark.django_db
@pytest.mark.req("ASVS-7.4.2")
def test_taking_a_persons_factors_away_ends_their_sessions(in_acme):
    now, ben, ann = timezone.now(), cast.person("ben"), cast.person("ann")
    roles.grant(cast.person("sid"), role="tenant_admin", actor=ann.actor, now=now, **WHY)
    opened(ben, now)
    reset = factor_resets.ask(ben, actor=ann.actor, now=now, **WHY)
    factor_resets.approve(reset, actor=cast.person("sid").actor, now=now, **WHY)
    assert not Session.objects.filter(user_id=ben.pk).exists()


@pytest.mark.django_db
def test_what_was_told_of_an_end_is_told_for_a_day_and_what_is_over_goes(in_acme, monkeypatch):
    clock = stopped(monkeypatch, NOW)
    row = opened(cast.person("cay"), NOW)
    assert actions.forget_ended(clock.on(hours=11, minutes=59)) == 0
    assert actions.forget_ended(clock.on(minutes=1)) == 1
    assert not Session.objects.filter(session_key=row.session_key).exists()


# --- Ends that a provider says -----------------------------------------------------------------


def come_by(user: User, provider: str, subject: str, session: str) -> Session:
    said = {"provider_id": provider, "provider_subject": subject, "provider_session": session}
    return opened(user, timezone.now(), method=Method.OIDC, **said)


@pytest.fixture
def three(in_acme):
    ann, ben = cast.person("ann"), cast.person("ben")
    return [
        come_by(ann, PROVIDER, "ann@idp", "sid-1"),
        come_by(ann, PROVIDER, "ann@idp", "sid-2"),
        come_by(ben, PROVIDER, "ben@idp", "sid-3"),
        come_by(ben, ANOTHER, "ann@idp", "sid-1"),
    ]


@pytest.mark.django_db
@pytest.mark.req("ASVS-7.6.1")
@pytest.mark.parametrize(
    ("said", "ended"),
    [
        ({"subject": "ann@idp"}, [0, 1]),
        ({"session": "sid-2"}, [1]),
        ({"subject": "ann@idp", "session": "sid-1"}, [0]),
        ({"subject": "ben@idp", "session": "sid-1"}, []),
        ({"subject": "nobody"}, []),
        ({}, []),
        ({"subject": "", "session": ""}, []),
    ],
)
def test_a_provider_ends_what_it_opened_and_nothing_else(three, said, ended):
    assert actions.end_of_provider(provider_id=PROVIDER, **said) == len(ended)
    left = [index for index, row in enumerate(three) if Session.objects.filter(pk=row.pk).exists()]
    assert left == sorted({0, 1, 2, 3} - set(ended))


@pytest.mark.django_db
def test_a_row_keeps_the_providers_words_as_digests_only(three):
    row = Session.objects.get(pk=three[0].pk)
    assert (len(row.provider_subject), len(row.provider_session)) == (64, 64)
    assert "ann@idp" not in f"{row.provider_subject}{row.session_data}"
    assert queries.door_in(row).provider_subject == "ann@idp"
