from uuid import UUID

from django.db.models import QuerySet

from tenants.members.accounts.models import User
from tenants.members.accounts.queries import with_permission
from tenants.members.factor_resets.models import FactorReset
from tenants.members.factor_resets.states import State

DECIDES = "members.manage_people"


def resets() -> "QuerySet[FactorReset]":
    people = ("user__subject_key", "asked_by__subject_key", "decided_by__subject_key")
    return FactorReset.objects.select_related(*people).order_by("-asked_at")


def by_id(number: UUID) -> FactorReset | None:
    return resets().filter(pk=number).first()


def open_of(user: User) -> FactorReset | None:
    """The reset of this person's factors that waits for a decision."""
    return resets().filter(user=user, state=State.ASKED).first()


def may_approve(reset: FactorReset, person: User) -> bool:
    """Neither who asked nor whose factors they are (P11-200a3)."""
    return person.has_perm(DECIDES) and person.pk not in {reset.asked_by_id, reset.user_id}


def approvers(reset: FactorReset) -> list[User]:
    return [person for person in with_permission(DECIDES) if may_approve(reset, person)]
