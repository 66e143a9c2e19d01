"""Worker and database are killed in the middle of their work: every alarm still rings once, every mail arrives once."""

from collections import Counter

from tests.deployment import Deployment, until

REQUESTS = 30
# Seconds; a calm machine needs a tenth of it.
PATIENCE = 90

# Requests received 40 days ago and never answered: each has a statutory and a target deadline to ring, and the
# bells write mails to whoever must know.
SEED = """
import json, sys
from datetime import timedelta
from django.utils import timezone
from audit import context
from privacy.subject_requests import actions
from privacy.subject_requests.catalogue import Channel, Relation, Right
from tenants import schemas
from tests import cast
cast.assemble()
then = timezone.now() - timedelta(days=40)
for name in ("acme", "globex"):
    with schemas.inside(cast.tenant(name)):
        for number in range(int(sys.argv[1])):
            filing = actions.Filing(right=Right.ACCESS, subject_name=f"Person {number}", received_at=then)
            actions.file(filing, actor=context.service("seed"), now=then, reason="Received by post")
print(json.dumps("seeded"))
"""

RUNG = "SELECT deadline_id, count(*) FROM privacy_alarm GROUP BY deadline_id"
DEADLINES = "SELECT id, state, next_alarm_at FROM privacy_deadline"
MAILS = "SELECT id, state, about, template FROM members_email"


def rung(house: Deployment) -> int:
    return sum(count for _, count in house.everywhere(RUNG))


def end_of_log(house: Deployment) -> str:
    return house.log_of("worker")[-3000:]


def waiting(house: Deployment) -> int:
    alarms = sum(next_alarm is not None for _, _, next_alarm in house.everywhere(DEADLINES))
    return alarms + sum(state == "queued" for _, state, _, _ in house.everywhere(MAILS))


def test_a_killed_worker_and_a_crashed_database_lose_and_repeat_nothing():
    with Deployment(SWEEP_EVERY_SECONDS="1", SWEEP_LEASE_SECONDS="2") as house:
        house.python(SEED, str(REQUESTS))
        deadlines = len(house.everywhere(DEADLINES))
        assert (deadlines, rung(house), house.mails()) == (4 * REQUESTS, 0, [])

        house.start_worker()
        house.start_beat()
        until(lambda: rung(house) >= 15, PATIENCE, lambda: f"no alarm rang:\n{end_of_log(house)}")
        house.kill("worker")
        at_first_kill = rung(house)
        assert at_first_kill < deadlines, "the worker was done before it was killed; seed more"

        house.start_worker()
        until(lambda: rung(house) >= at_first_kill + 15, PATIENCE, "the second worker rang nothing")
        house.crash_postgres()
        at_crash = rung(house)
        assert at_crash < deadlines, "the worker was done before the database crashed; seed more"

        until(lambda: waiting(house) == 0, PATIENCE, lambda: f"{waiting(house)} wait:\n{end_of_log(house)}")
        assert_everything_happened_once(house)


def assert_everything_happened_once(house: Deployment) -> None:
    # Every deadline is overdue and rang once.
    found = house.everywhere(DEADLINES)
    assert {(state, alarm) for _, state, alarm in found} == {("missed", None)}
    assert sorted(house.everywhere(RUNG)) == sorted((pk, 1) for pk, _, _ in found)
    # Every mail was written once for its deadline, and stands in the mailbox once.
    mails = house.everywhere(MAILS)
    assert {state for _, state, _, _ in mails} == {"sent"}
    # A review of access that opened meanwhile tells its reviewers, too.
    told = Counter(about for _, _, about, _ in mails if about.startswith("privacy."))
    assert len(told) == 2 * REQUESTS
    assert len(set(told.values())) == 1, "some request was told of more often than another"
    arrived = [mail["Message-ID"] for mail in house.mails()]
    assert sorted(arrived) == sorted(f"<{pk}@trust.complere>" for pk, _, _, _ in mails)
    # Nothing is left for a sweep to do.
    assert house.sql("SELECT count(*) FROM tenants_wakeup WHERE due_at <= now()") == [(0,)]
