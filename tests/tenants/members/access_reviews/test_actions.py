from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from audit import context
from audit.ledger import queries as ledger
from audit.signatures.actions import SignatureRefused
from audit.signatures.catalogue import Meaning
from audit.signatures.models import Signature
from audit.transitions import MoveRefused
from tenants import chores, schemas
from tenants.members.access_reviews import actions, queries
from tenants.members.access_reviews.catalogue import EVERY, TIME_TO_REVIEW
from tenants.members.access_reviews.models import AccessReview
from tenants.members.access_reviews.states import Decision, State
from tenants.members.accounts.models import User
from tenants.members.api_tokens.models import AccessToken
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.staff_entries.models import StaffEntry
from tests import cast

pytestmark = [pytest.mark.django_db, pytest.mark.req("P11-10d", "P11-300b")]
NOW = datetime(2026, 7, 6, 9, 0, tzinfo=UTC)
WHY = "Review of the first half of 2026"


def open_review(now=NOW) -> AccessReview:
    return actions.open_review(actor=cast.DIRECTOR, now=now, reason=WHY)


def decide(review, key: str, decision=Decision.KEEP, by="ann", **more) -> AccessReview:
    person, actor = cast.person(key), cast.person(by).actor
    return actions.decide(review, person=person.pk, decision=decision, actor=actor, now=NOW, reason=WHY, **more)


def keep(review, *keys: str, by="ann") -> AccessReview:
    people = [cast.person(key).pk for key in keys]
    return actions.keep(review, people=people, actor=cast.person(by).actor, now=NOW, reason=WHY)


def sign_off(review, by="ann", note="", now=NOW) -> AccessReview:
    version = ledger.last_event(AccessReview._meta.db_table, str(review.pk)).ver
    seen = {f"members.accessreview:{review.pk}": version}
    signing = replace(cast.signing(now, Meaning.RESPONSIBILITY), seen=seen)
    return actions.sign_off(review, note=note, signing=signing, actor=cast.person(by).actor, now=now, reason=WHY)


def second_reviewer(key="ben") -> User:
    return roles.change_roles(
        cast.person(key), roles=["tenant_admin"], actor=cast.person("ann").actor, now=NOW, reason=WHY
    )


def line_of(review, key: str):
    person = str(cast.person(key).pk)
    return next(line for line in queries.lines(AccessReview.objects.get(pk=review.pk)) if line.person == person)


def test_a_review_writes_down_every_active_person_as_they_are_now(in_acme):
    with context.regulated_write(actor=cast.DIRECTOR, reason="Somebody signed in lately"):
        User.objects.filter(pk=cast.person("cay").pk).update(last_sign_in_at=NOW - timedelta(days=89))
        User.objects.filter(pk=cast.person("aud").pk).update(last_sign_in_at=NOW - timedelta(days=91))
    roles.deactivate(cast.person("sid"), actor=cast.person("ann").actor, now=NOW, reason=WHY)
    review = open_review()
    assert (review.state, review.due_at) == (State.OPEN, NOW + TIME_TO_REVIEW)
    assert len(review.rows) == len(cast.ACME) - 1
    told = {key: line_of(review, key) for key in ("ann", "cay", "aud")}
    assert [line.roles for line in told.values()] == [("tenant_admin",), ("member",), ("auditor",)]
    # Ann never signed in since she came in January.
    assert [line.dormant for line in told.values()] == [True, False, True]
    assert [line.second_factor for line in told.values()] == [True, False, False]


def test_a_review_names_nobody_so_that_erasing_a_person_erases_them_here_too(in_acme):
    review = open_review()
    text = str(review.rows)
    assert [part.name for part in cast.ACME.values() if part.name in text or part.email in text] == []


def test_there_is_one_open_review_at_a_time(in_acme):
    open_review()
    with pytest.raises(MoveRefused, match="open already"):
        open_review()


def test_machines_and_visits_of_staff_are_listed(in_acme):
    with context.regulated_write(actor=cast.DIRECTOR, reason="Set the stage"):
        said = {"purpose": "scim", "scopes": ["users"], "digest": "x", "created_at": NOW, "created_by": "Ann"}
        AccessToken.objects.create(name="Directory", expires_at=NOW + timedelta(days=9), **said)
        AccessToken.objects.create(name="Over", expires_at=NOW - timedelta(days=9), **said)
        entry = {"visitor_id": cast.person("ann").pk, "reason": "Looks into an error", "approved_by": "Sue"}
        entry |= {"approved_at": NOW, "starts_at": NOW - timedelta(days=2)}
        StaffEntry.objects.create(visitor="Sam", ticket="T-1", ends_at=NOW - timedelta(days=1), **entry)
    review = open_review()
    assert [one["name"] for one in review.machines] == ["Directory"]
    assert [(one["ticket"], queries.visitors(review)[one["entry"]]) for one in review.visits] == [("T-1", "Sam")]


def test_deciding_keeps_changes_and_deactivates_in_one_go(in_acme):
    review = open_review()
    decide(review, "ben")
    decide(review, "cay", Decision.CHANGE, roles_after=["auditor"])
    decide(review, "sid", Decision.DEACTIVATE)
    assert cast.person("cay").role_keys == ["auditor"]
    assert cast.person("sid").is_active is False
    told = [line_of(review, key) for key in ("ben", "cay", "sid")]
    assert [(line.decision, line.holds) for line in told] == [
        ("keep", ("privacy_officer",)),
        ("change", ("auditor",)),
        ("deactivate", ("security_officer",)),
    ]
    assert {line.decided_by for line in told} == {str(cast.person("ann").pk)}


def test_what_is_refused_leaves_no_decision_behind(in_acme):
    review = open_review()
    second_reviewer()
    for key, decision, more in [
        ("ben", Decision.DEACTIVATE, {}),
        ("cay", Decision.CHANGE, {"roles_after": ["member"]}),
        ("cay", Decision.CHANGE, {"roles_after": ["platform_admin"]}),
        ("cay", Decision.NOBODY, {}),
    ]:
        by = "ben" if key == "ben" else "ann"
        with pytest.raises((actions.ReviewRefused, roles.RoleRefused)):
            decide(review, key, decision, by=by, **more)
        assert line_of(review, key).decision == ""
    assert cast.person("cay").role_keys == ["member"]


def test_nobody_decides_on_themselves(in_acme):
    review = open_review()
    with pytest.raises(actions.ReviewRefused, match="own access"):
        decide(review, "ann")
    with pytest.raises(actions.ReviewRefused, match="own access"):
        keep(review, "ben", "ann")
    assert line_of(review, "ben").decision == ""


def test_who_may_review_but_not_manage_people_can_only_keep(in_acme):
    ann = cast.person("ann").actor
    role = roles.make(
        name="Reviewer",
        purpose="Reviews access",
        permissions=["members.review_access", "members.view_people"],
        actor=ann,
        now=NOW,
        reason=WHY,
    )
    roles.change_roles(cast.person("aud"), roles=[role.key], actor=ann, now=NOW, reason=WHY)
    review = open_review()
    for decision in (Decision.CHANGE, Decision.DEACTIVATE):
        with pytest.raises(actions.ReviewRefused, match="manage people"):
            decide(review, "cay", decision, by="aud", roles_after=["auditor"])
    assert line_of(decide(review, "cay", by="aud"), "cay").decision == "keep"


def test_several_are_kept_at_once_unless_something_changed_meanwhile(in_acme):
    review = open_review()
    assert queries.decided(queries.lines(keep(review, "ben", "cay"))) == 2
    roles.change_roles(cast.person("sid"), roles=["auditor"], actor=cast.person("ann").actor, now=NOW, reason=WHY)
    with pytest.raises(actions.ReviewRefused, match="Sid Security"):
        keep(review, "sid", "aud")
    assert line_of(review, "aud").decision == ""


def test_a_stranger_to_the_review_is_refused(in_acme):
    review = open_review()
    late = roles.invite(
        email="nia@acme.example",
        full_name="Nia New",
        roles=["member"],
        actor=cast.person("ann").actor,
        now=NOW,
        reason=WHY,
    )
    with pytest.raises(actions.ReviewRefused, match="not in the review"):
        actions.decide(
            review, person=late.pk, decision=Decision.KEEP, actor=cast.person("ann").actor, now=NOW, reason=WHY
        )
    assert queries.joined_since(review) == 1


def test_a_review_is_signed_off_once_everybody_is_decided_on(in_acme):
    review = open_review()
    second_reviewer()
    keep(review, "sid", "cay", "aud")
    with pytest.raises(actions.ReviewRefused, match="2 people wait"):
        sign_off(review)
    decide(review, "ben")
    with pytest.raises(actions.ReviewRefused, match="1 person waits"):
        sign_off(review)
    decide(review, "ann", by="ben")
    signed = sign_off(review, note="Nothing to add.")
    assert (signed.state, signed.state_changed_at, signed.note) == (State.SIGNED_OFF, NOW, "Nothing to add.")
    signature = Signature.objects.get(pk_text=str(review.pk))
    assert (signature.meaning, signature.signer_name) == (Meaning.RESPONSIBILITY, "Ann Admin")
    with pytest.raises(MoveRefused, match="signed off"):
        decide(review, "cay", Decision.DEACTIVATE)


def test_the_only_reviewer_signs_with_a_note_that_nobody_decided_on_them(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    sign_off(review)
    line = line_of(review, "ann")
    assert (line.decision, line.decided_by) == (Decision.NOBODY, "")


def test_whose_roles_changed_after_the_decision_is_decided_on_again(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    roles.change_roles(cast.person("cay"), roles=["auditor"], actor=cast.person("ann").actor, now=NOW, reason=WHY)
    with pytest.raises(actions.ReviewRefused, match="1 person waits"):
        sign_off(review)
    decide(review, "cay")
    assert sign_off(review).state == State.SIGNED_OFF


def test_whoever_was_deactivated_in_the_review_and_brought_back_waits_again(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "aud")
    decide(review, "cay", Decision.DEACTIVATE)
    roles.reactivate(cast.person("cay"), actor=cast.person("ann").actor, now=NOW, reason=WHY)
    with pytest.raises(actions.ReviewRefused, match="1 person waits"):
        sign_off(review)
    with pytest.raises(actions.ReviewRefused, match="one by one: Cay Member"):
        keep(review, "cay")
    decide(review, "cay")
    assert sign_off(review).state == State.SIGNED_OFF


def with_a_role_made_here(key: str):
    ann = cast.person("ann").actor
    said = {"name": "Reader", "purpose": "Reads", "permissions": ["audit.view_history"]}
    role = roles.make(**said, actor=ann, now=NOW, reason=WHY)
    roles.change_roles(cast.person(key), roles=[role.key], actor=ann, now=NOW, reason=WHY)
    return role


def give_it(role, *permissions: str, name="Reader") -> None:
    ann = cast.person("ann").actor
    roles.change(role, name=name, purpose="Reads", permissions=permissions, actor=ann, now=NOW, reason=WHY)


def test_whose_role_allows_something_else_after_the_decision_is_decided_on_again(in_acme):
    role = with_a_role_made_here("cay")
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    give_it(role, "audit.view_history", "members.manage_people")
    assert [line.person for line in queries.waiting(review_now(review))] == [str(cast.person("cay").pk)]
    with pytest.raises(actions.ReviewRefused, match="1 person waits"):
        sign_off(review)
    decide(review, "cay")
    assert sign_off(review).state == State.SIGNED_OFF


def test_another_name_or_the_same_content_again_leaves_the_decision_standing(in_acme):
    role = with_a_role_made_here("cay")
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    give_it(role, "audit.view_history", "members.view_people", name="Renamed")
    give_it(role, "audit.view_history", name="Renamed")
    assert sign_off(review).state == State.SIGNED_OFF


def test_whose_role_allows_something_else_than_at_the_opening_is_not_kept_in_passing(in_acme):
    role = with_a_role_made_here("cay")
    review = open_review()
    give_it(role, "members.manage_people")
    with pytest.raises(actions.ReviewRefused, match="one by one: Cay Member"):
        keep(review, "cay")


def review_now(review) -> AccessReview:
    return AccessReview.objects.get(pk=review.pk)


def test_whoever_left_meanwhile_is_told_as_gone(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "aud")
    roles.deactivate(cast.person("cay"), actor=cast.person("ann").actor, now=NOW, reason=WHY)
    sign_off(review)
    assert (line_of(review, "cay").decision, line_of(review, "cay").reason) == ("deactivate", actions.GONE)


def test_without_a_signature_nothing_is_signed_off(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    with pytest.raises(SignatureRefused):
        actions.move(review, State.SIGNED_OFF, actor=cast.person("ann").actor, now=NOW, reason=WHY)
    assert AccessReview.objects.get(pk=review.pk).state == State.OPEN


def test_the_database_lets_nobody_change_a_signed_review(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    sign_off(review)
    rewriting = context.regulated_write(actor=cast.DIRECTOR, reason="Rewrite what was decided")
    with pytest.raises(DatabaseError), transaction.atomic(), rewriting:
        AccessReview.objects.filter(pk=review.pk).update(rows=[])


def test_the_first_review_opens_180_days_after_the_workspace_began(in_acme):
    due = cast.BEGINNING + EVERY
    assert queries.next_due() == due
    assert actions.look_after(due - timedelta(seconds=1)) == 0
    assert actions.look_after(due) == 1
    review = AccessReview.objects.get()
    assert (review.opened_at, queries.opens_at()) == (due, None)
    assert AccessReview.history.get(id=review.pk).history_change_reason == "180 days have passed"


def test_the_next_review_opens_180_days_after_the_sign_off(in_acme):
    review = open_review()
    keep(review, "ben", "sid", "cay", "aud")
    sign_off(review, now=NOW + timedelta(days=3))
    assert queries.next_due() == NOW + timedelta(days=3) + EVERY


def test_reviewers_are_told_when_it_opens_when_it_is_due_soon_and_when_it_is_late(in_acme):
    second_reviewer()
    review = open_review()
    for days in (16, 16, 30, 31, 44):
        actions.look_after(NOW + timedelta(days=days))
    told = Email.objects.filter(template="access-review").order_by("created_at", "pk")
    by_reader = {to: [mail.subject.split(" at ")[0] for mail in told if mail.to == to] for to in {m.to for m in told}}
    wanted = [
        "An access review is open",
        "Due soon: the access review",
        "Overdue: the access review",
        "Overdue: the access review",
    ]
    assert by_reader == {"ann@acme.example": wanted, "ben@acme.example": wanted}
    assert f"http://acme.localhost:8000/people/reviews/{review.pk}/" in told.latest("created_at").body


def test_the_chore_is_registered_and_complere_reviews_its_own_staff(platform):
    chore = next(one for one in chores.every() if one.name == "access reviews")
    with schemas.inside(platform):
        assert chore.next_due() == cast.BEGINNING + EVERY
        assert chore.run(cast.BEGINNING + EVERY) == 1
        assert len(AccessReview.objects.get().rows) == len(cast.PLATFORM)
