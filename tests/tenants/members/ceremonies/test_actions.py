import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tenants import schemas
from tenants.members.ceremonies import actions
from tenants.members.ceremonies.models import Ceremony
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIFE = timedelta(minutes=10)


def begin(secret="s3cret", kind="state", content=None):
    actions.begin(kind, secret=secret, content=content or {"next": "/"}, life=LIFE, now=NOW)


@pytest.mark.django_db
def test_what_was_begun_is_finished_once(in_acme):
    begin()
    assert actions.finish("state", secret="s3cret", now=NOW) == {"next": "/"}
    assert actions.finish("state", secret="s3cret", now=NOW) is None


@pytest.mark.django_db
def test_it_is_over_when_its_time_is(in_acme):
    begin()
    begin("other")
    assert actions.finish("state", secret="s3cret", now=NOW + LIFE - timedelta(seconds=1)) is not None
    assert actions.finish("state", secret="other", now=NOW + LIFE) is None


@pytest.mark.django_db
@pytest.mark.parametrize("secret", ["", "S3cret", "s3cret ", "x" * 5000, "\x00", "ä"])
def test_another_secret_finishes_nothing(in_acme, secret):
    begin()
    assert actions.finish("state", secret=secret, now=NOW) is None
    assert Ceremony.objects.count() == 1


@pytest.mark.django_db
def test_a_secret_of_another_kind_finishes_nothing(in_acme):
    begin()
    assert actions.finish("ticket", secret="s3cret", now=NOW) is None
    begin(kind="ticket")
    assert Ceremony.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.req("ASVS-8.4.1")
def test_what_one_tenant_began_another_neither_finishes_nor_finds_spent(acme, globex):
    with schemas.inside(acme):
        begin()
        kept = Ceremony.objects.get().key
    with schemas.inside(globex):
        assert actions.finish("state", secret="s3cret", now=NOW) is None
        begin()
        assert Ceremony.objects.get().key != kept


@pytest.mark.django_db
def test_the_row_keeps_a_digest_and_no_secret(in_acme):
    begin()
    assert "s3cret" not in str(Ceremony.objects.values().get())


@pytest.mark.django_db
@pytest.mark.req("ASVS-6.8.3")
def test_what_is_spent_is_spent_once_and_may_be_forgotten_after_its_time(in_acme):
    actions.spend("assertion", secret="_id1", until=NOW + LIFE, now=NOW)
    with pytest.raises(actions.Spent):
        actions.spend("assertion", secret="_id1", until=NOW + LIFE, now=NOW)
    assert actions.forget_ended(NOW + LIFE - timedelta(seconds=1)) == 0
    assert actions.forget_ended(NOW + LIFE) == 1


def at_once(committed_db, act) -> list:
    acme, ready, answers = cast.tenant("acme"), threading.Barrier(6), []

    def run() -> None:
        try:
            with schemas.inside(acme):
                ready.wait(timeout=20)
                answers.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.req("ASVS-2.3.4")
def test_of_six_who_finish_at_once_one_does(committed_db):
    with schemas.inside(cast.tenant("acme")):
        begin()
    answers = at_once(committed_db, lambda: actions.finish("state", secret="s3cret", now=NOW))
    assert sorted(answers, key=str) == [None] * 5 + [{"next": "/"}]


@pytest.mark.req("ASVS-6.8.3")
def test_of_six_who_spend_at_once_one_does(committed_db):
    def spend() -> str:
        try:
            actions.spend("assertion", secret="_id1", until=NOW + LIFE, now=NOW)
        except actions.Spent:
            return "spent"
        return "mine"

    assert sorted(at_once(committed_db, spend)) == ["mine"] + ["spent"] * 5
