"""What a directory finds here. Addresses are ciphertext: they are found by their blind index, whole or not at all."""

from collections.abc import Callable, Collection, Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.subject_keys.queries import blind_index
from tenants.members.accounts.models import User
from tenants.members.api_tokens.catalogue import ACTS_AS
from tenants.members.identity_providers.queries import plan_allows
from tenants.members.roles.queries import roles_here
from tenants.members.scim.catalogue import MANAGED, Condition, Filter, Group, Joined, Negated, Person, ScimRefused
from tenants.members.scim.models import ProvisionedGroup
from tenants.schemas import is_platform

NONE = Q(pk__in=[])
TRUTH = {"true": True, "false": False}
# Who shut an account is kept as a name with a role; a token's role is “service”.
BY_A_DIRECTORY = Q(deactivated_by__startswith=ACTS_AS, deactivated_by__endswith=" (service)")


def is_in_plan() -> bool:
    """Whether this workspace has a directory at all."""
    return plan_allows() and not is_platform()


def people() -> QuerySet[User]:
    """Whom a directory sees: everybody who may sign in, and whoever it looks after and shut itself.

    An account that an administrator or a review shut, or that the directory let go, is not there for it any more:
    only a person opens it again.
    """
    return User.objects.filter(Q(is_active=True) | Q(managed_by=MANAGED) & BY_A_DIRECTORY).order_by("created_at", "pk")


def person(text: str) -> User:
    """Raises `ScimRefused` (404)."""
    pk = uuid_of(text)
    found = people().filter(pk=pk).first() if pk else None
    if found is None:
        raise ScimRefused(404, "There is no such user.")
    return found


def groups() -> QuerySet[ProvisionedGroup]:
    return ProvisionedGroup.objects.order_by("created_at", "pk")


def group(text: str) -> ProvisionedGroup:
    """Raises `ScimRefused` (404)."""
    pk = uuid_of(text)
    found = groups().filter(pk=pk).first() if pk else None
    if found is None:
        raise ScimRefused(404, "There is no such group.")
    return found


def people_where(asked: Filter) -> QuerySet[User]:
    """Raises `ScimRefused` (400, invalidFilter)."""
    return people().filter(_where(asked, _of_person))


def groups_where(asked: Filter) -> QuerySet[ProvisionedGroup]:
    """Raises `ScimRefused` (400, invalidFilter)."""
    return groups().filter(_where(asked, _of_group))


def said_of(user: User) -> Person:
    """What is kept of a person, as a directory says it."""
    return Person(user.email, user.full_name, user.job_title, user.external_id, user.is_active)


def said_of_group(row: ProvisionedGroup) -> Group:
    return Group(row.display_name, row.external_id, tuple(row.members))


def groups_of(users: Iterable[User]) -> dict[UUID, list[ProvisionedGroup]]:
    """The groups of each of these people; one query."""
    wanted = {user.pk for user in users}
    found: dict[UUID, list[ProvisionedGroup]] = {pk: [] for pk in wanted}
    for row in groups().filter(members__overlap=[*wanted]) if wanted else []:
        for pk in wanted & {*row.members}:
            found[pk].append(row)
    return found


def names_of(members: Collection[UUID]) -> dict[UUID, str]:
    """Of those who are members, what they are called."""
    return {user.pk: user.full_name for user in User.objects.filter(pk__in=members)}


def unknown_among(members: Collection[UUID]) -> set[UUID]:
    """Ids that are nobody's of this schema."""
    return {*members} - set(User.objects.filter(pk__in=members).values_list("pk", flat=True))


def is_shut(address: str) -> bool:
    """Whether the account of this address is here and deactivated."""
    return User.objects.filter(email_index=blind_index(address, "user.email"), is_active=False).exists()


def roles_given() -> set[str]:
    """The roles that groups give to whoever the directory puts into them; not those that were retired since."""
    chosen = set(ProvisionedGroup.objects.exclude(role="").values_list("role", flat=True))
    return chosen & {one.key for one in roles_here()}


def can_be_given(role: str) -> bool:
    """False for a role that was retired since a group was given it."""
    return any(role == one.key for one in roles_here())


def uuid_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _where(asked: Filter, of_one: Callable[[Condition], Q]) -> Q:
    if isinstance(asked, Negated):
        return ~_where(asked.part, of_one)
    if isinstance(asked, Joined):
        sides = [_where(part, of_one) for part in asked.parts]
        return sides[0] & sides[1] if asked.word == "and" else sides[0] | sides[1]
    return of_one(asked)


def _of_person(asked: Condition) -> Q:
    value = asked.value
    if asked.attribute in ("username", "emails", "emails.value"):
        return Q(email_index=blind_index(value, "user.email"))
    if asked.attribute == "externalid":
        return Q(external_id=value)
    if asked.attribute == "active":
        truth = TRUTH.get(value.lower())
        return NONE if truth is None else Q(is_active=truth)
    if asked.attribute == "id":
        return Q(pk=uuid_of(value)) if uuid_of(value) else NONE
    raise _unanswered(asked, "userName, emails.value, externalId, active and id")


def _of_group(asked: Condition) -> Q:
    value = asked.value
    if asked.attribute == "displayname":
        return Q(display_name__iexact=value)
    if asked.attribute == "externalid":
        return Q(external_id=value)
    if asked.attribute in ("members", "members.value"):
        return Q(members__contains=[uuid_of(value)]) if uuid_of(value) else NONE
    if asked.attribute == "id":
        return Q(pk=uuid_of(value)) if uuid_of(value) else NONE
    raise _unanswered(asked, "displayName, externalId, members.value and id")


def _unanswered(asked: Condition, answered: str) -> ScimRefused:
    return ScimRefused(400, f"Only these attributes are searched here: {answered}.", "invalidFilter")
