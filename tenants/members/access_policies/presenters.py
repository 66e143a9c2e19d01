"""The rules as pages and histories show them."""

from collections.abc import Iterable
from datetime import datetime

from audit.presenters import Story
from tenants.members.access_policies import queries
from tenants.members.access_policies.catalogue import FACTOR_WORDS, Card, SecondFactor, in_words
from tenants.members.accounts.models import User


def rules_card(_now: datetime) -> Card:
    """The state of the sign-in rules, for the page where every part meets."""
    rules = queries.rules()
    second = {
        SecondFactor.OPTIONAL: ("attention", "Second factor left to each person"),
        SecondFactor.BY_ROLE: ("active", "Second factor required for some roles"),
        SecondFactor.REQUIRED: ("verified", "Second factor required for everybody"),
    }[rules.second_factor]
    networks = f"from {len(rules.networks)} networks only" if len(rules.networks) > 1 else "from one network only"
    where = networks if rules.networks else "from anywhere"
    note = f"Sessions last at most {in_words(rules.absolute)} and rest at most {in_words(rules.idle)}, {where}."
    if rules.sso_required:
        note += " People come in by the identity provider only."
    return Card("Sign-in rules", "access-rules", *second, note=note)


def names(ids: Iterable[object]) -> str:
    people = User.objects.filter(pk__in=[str(one) for one in ids])
    return ", ".join(sorted(str(user.full_name) for user in people))


def role_names(keys: Iterable[str]) -> str:
    known = dict(queries.roles())
    return ", ".join(known.get(key, key) for key in keys)


STORIES = [
    Story(
        kind="members.accesspolicy",
        permission="members.manage_access",
        title=lambda _: "Sign-in rules",
        labels={
            "second_factor": "second factor at sign-in",
            "second_factor_roles": "roles that need a second factor",
            "idle_minutes": "rest, in minutes",
            "admin_idle_minutes": "rest of who manages people or access, in minutes",
            "absolute_minutes": "longest session, in minutes",
            "sessions_at_once": "sessions of one person at once",
            "networks": "networks",
            "sso_required": "identity provider only",
            "recovery_accounts": "who can still come in by password",
            "password_length": "least length of a password",
        },
        values={
            "second_factor": lambda key: FACTOR_WORDS[SecondFactor(key)],
            "second_factor_roles": role_names,
            "recovery_accounts": names,
            "networks": ", ".join,
        },
    ),
]
