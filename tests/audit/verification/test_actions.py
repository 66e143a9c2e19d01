"""Checks are asked for once, done once, and tell what they found even when they fail."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from audit.ledger.models import Event
from audit.sequencer import actions as sequencer
from audit.verification import actions, queries
from audit.verification.adapters import checker
from audit.verification.models import TrailCheck
from tests import cast

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def ask(now=NOW):
    return actions.request_check(actor=cast.DIRECTOR, now=now)


def run(check, now=NOW, **options):
    return actions.run_check(check, known=[], now=now, **options)


def test_of_two_wishes_at_once_there_is_one_check(in_acme):
    assert ask() == ask(NOW + MINUTE)
    assert queries.waiting().count() == 1


def test_who_asked_is_kept_as_a_trail_keeps_names(in_acme):
    ann = cast.person("ann")
    check = actions.request_check(actor=ann.actor, now=NOW)
    assert check.asker.startswith("enc1:")
    assert check.asker_key_id == ann.subject_key_id


@pytest.mark.req("AT-11")
def test_a_check_keeps_what_it_measured(in_acme):
    sequencer.sequence(now=NOW)
    done = run(ask())
    assert (done.is_sound, done.findings, done.failure) == (True, [], "")
    assert (done.size, done.heads) == (Event.objects.count(), 1)
    assert done.root == sequencer.queries.last_head().root.hex()
    assert done.finished_at == NOW + timedelta(seconds=done.seconds)
    assert queries.waiting().count() == 0


@pytest.mark.req("AT-11")
def test_findings_are_kept_by_kind_record_and_sentence(in_acme):
    done = run(ask(), now=timezone.now() + timedelta(hours=1))
    assert {kind for kind, _, _ in done.findings} == {"unplaced"}
    assert all(record and text for _, record, text in done.findings)
    assert done.is_sound is False


def test_a_check_is_done_once_and_by_one(in_acme):
    check = ask()
    assert run(check) is not None
    assert run(check) is None
    other = ask()
    TrailCheck.objects.filter(pk=other.pk).update(started_at=NOW)
    assert run(other, now=NOW + 9 * MINUTE) is None, "somebody is at it"
    assert run(other, now=NOW + 10 * MINUTE) is not None, "whoever began it has died"


def test_a_check_that_cannot_be_finished_says_so(in_acme, monkeypatch):
    def broken(**_):
        raise DatabaseError("the line was cut")

    monkeypatch.setattr(checker, "check", broken)
    done = run(ask())
    assert (done.is_sound, done.failure) == (False, "The check could not be finished: DatabaseError.")


def test_a_long_check_tells_how_far_it_is(in_acme, monkeypatch):
    monkeypatch.setattr(actions, "TOLD_EVERY", 0.0)
    sequencer.sequence(now=NOW)
    seen = []
    check = ask()
    run(check, progress=lambda done, total: seen.append((done, total, TrailCheck.objects.get(pk=check.pk).total)))
    size = Event.objects.count()
    assert seen == [(size, size, 0)]
    check.refresh_from_db()
    assert (check.done, check.total) == (size, size)
