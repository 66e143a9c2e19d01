"""Real commits and threads: of several decisions at the same time one counts."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection

from audit.transitions import MoveRefused
from tenants import schemas
from tenants.break_glass import actions
from tenants.break_glass.models import EntryRequest
from tenants.break_glass.states import State
from tenants.members.staff_entries import actions as visits
from tenants.members.staff_entries.models import StaffEntry
from tests import cast
from tests.staff_visits import WHY, approved, asked, mails, said

pytestmark = [pytest.mark.req("ASVS-2.3.4"), pytest.mark.req("ASVS-2.3.5")]
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What came of each, all begun at the same moment on connections of their own."""
    ready, results = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            ready.wait(timeout=20)
            act()
            results.append("done")
        except MoveRefused:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(results)


def test_of_several_approvals_one_counts(committed_db):
    acme = cast.tenant("acme")
    entry = asked(acme, now=NOW)

    def decide(key: str) -> Callable[[], object]:
        found, by = EntryRequest.objects.select_related("tenant").get(pk=entry.pk), said(key, NOW)
        return lambda: actions.approve(found, **by)

    assert at_once(*(decide(key) for key in ("pat", "sam", "sue", "pat"))) == ["done", "refused", "refused", "refused"]
    with schemas.inside(acme):
        assert StaffEntry.objects.count() == 1
        assert mails("staff-entry-approved") == ["ann@acme.example"]


def test_the_same_form_sent_twice_asks_once(committed_db):
    acme = cast.tenant("acme")
    assert at_once(*[lambda: asked(acme, now=NOW)] * 3) == ["done", "refused", "refused"]
    assert EntryRequest.objects.count() == 1


def test_a_visit_ends_once_whoever_ends_it(committed_db):
    acme = cast.tenant("acme")
    entry = approved(acme, now=NOW)
    with schemas.inside(acme):
        ann = cast.person("ann").actor

    def by_the_tenant() -> None:
        with schemas.inside(acme):
            visits.end(entry.pk, actor=ann, now=NOW, reason=WHY, because="Ended by the workspace")

    back = said("sup", NOW)
    assert at_once(by_the_tenant, lambda: actions.give_back(entry, **back), by_the_tenant) == [
        "done",
        "refused",
        "refused",
    ]
    assert EntryRequest.objects.get().state == State.ENDED
    with schemas.inside(acme):
        assert mails("staff-entry-ended") == ["ann@acme.example"]
