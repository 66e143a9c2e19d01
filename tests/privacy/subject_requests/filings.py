"""Requests as tests file them."""

from datetime import UTC, datetime
from typing import Any

from audit.context import Actor
from audit.signatures.catalogue import Meaning
from privacy.subject_requests import actions
from privacy.subject_requests.actions import Filing
from privacy.subject_requests.catalogue import Channel, Check, Relation, Right
from privacy.subject_requests.models import SubjectRequest
from privacy.subject_requests.states import State
from tests import cast

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
BEN = Actor(id=None, name="Ben Privacy", role="Privacy officer")
WHY = {"actor": BEN, "reason": "A test of the case"}
COMPLAINT = "You may complain to the supervisory authority of your country."
REMEDY = "You may go to court."


def filing(**changes: Any) -> Filing:
    given: dict[str, Any] = {
        "right": Right.ACCESS,
        "subject_name": "Jonas Weber",
        "subject_email": "jonas@weber.example",
        "details": "Please send me everything you hold.",
        "relation": Relation.CUSTOMER,
        "channel": Channel.EMAIL,
        "received_at": changes.get("received_at", NOW),
    }
    return Filing(**{**given, **changes})


def filed(now: datetime = NOW, **changes: Any) -> SubjectRequest:
    return actions.file(filing(**{"received_at": now, **changes}), now=now, **WHY)


def validated(record: SubjectRequest, now: datetime = NOW) -> SubjectRequest:
    return actions.validate(record, check=Check.ADDRESS, note="Answered from the address on file", now=now, **WHY)


def in_state(state: State, now: datetime = NOW, **changes: Any) -> SubjectRequest:
    """A request that went the real way to `state`."""
    record = filed(now, **changes)
    if state == State.IDENTITY_PENDING:
        return actions.ask_identity(record, doubt="Unknown address", asked_for="Your customer number", now=now, **WHY)
    if state == State.WITHDRAWN:
        return actions.withdraw(record, now=now, **WHY)
    if state == State.REFUSED:
        return refused(record, now)
    if state in {State.VALIDATED, State.IN_PROGRESS, State.DELIVERED}:
        record = validated(record, now)
    if state in {State.IN_PROGRESS, State.DELIVERED}:
        record = actions.begin(record, now=now, **WHY)
    if state == State.DELIVERED:
        record = delivered(record, now)
    return record


def complete(record: SubjectRequest) -> dict[str, str]:
    return {item.key: "" for item in record.type.items}


def delivered(record: SubjectRequest, now: datetime = NOW, **changes: Any) -> SubjectRequest:
    given = {"answer": "Here is everything.", "checklist": complete(record), **changes}
    return actions.deliver(record, now=now, **{**signed(now), **given})


def refused(record: SubjectRequest, now: datetime = NOW, **changes: Any) -> SubjectRequest:
    given = {"ground": "not_ours", "reasons": "We hold no data.", "complaint": COMPLAINT, "remedy": REMEDY, **changes}
    return actions.refuse(record, now=now, **{**signed(now), **given})


def signed(now: datetime = NOW) -> dict[str, Any]:
    """By whom, why, and that they proved who they are: what closing a request takes."""
    return {**WHY, "actor": cast.who_signs(), "signing": cast.signing(now, Meaning.RESPONSIBILITY)}
