"""Alarms ring once, in order, with every row committed."""

from datetime import timedelta

from privacy.deadlines import actions as deadline_actions
from privacy.deadlines import queries as deadlines
from privacy.deadlines.models import Alarm
from privacy.deadlines.states import State as Clock
from tenants.members.outbox.models import Email
from tests.privacy.incidents import stage
from tests.privacy.incidents.stage import AWARE


def test_each_alarm_rings_once_in_order_and_the_last_says_that_it_is_too_late(committed_db):
    incident = stage.confirm(stage.log(own_data=True))
    due = AWARE + timedelta(hours=72)
    rung = []
    for hour in range(80):
        now = AWARE + timedelta(hours=hour, seconds=2)
        rung += [hour] * deadline_actions.ring_due(now)
    assert rung == [72 - left for left in (48, 24, 12, 4, 1, 0)]
    assert [alarm.due_at for alarm in Alarm.objects.order_by("rung_at")] == [
        due - timedelta(hours=left) for left in (48, 24, 12, 4, 1, 0)
    ]
    subjects = Email.objects.filter(template="incident-clock").select_related("subject_key").order_by("created_at")
    sams = [mail.subject for mail in subjects if mail.to == "sam@complere.example"]
    assert sams == [
        *(
            f"{incident.reference}: {left} left: Notify the supervisory authority"
            for left in ("48 hours", "24 hours", "12 hours", "4 hours", "1 hour")
        ),
        f"{incident.reference}: too late: Notify the supervisory authority",
    ]
    assert [d.state for d in deadlines.of(incident)] == [Clock.MISSED]
