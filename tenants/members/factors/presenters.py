"""Factors, and whether somebody may sign, as pages and histories show them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import segno

from audit.presenters import Story
from tenants.members.accounts.models import User
from tenants.members.factors import hashing, queries
from tenants.members.factors.catalogue import WORDS, Kind
from tenants.members.factors.models import Factor
from tenants.members.panels import Panel
from tenants.members.safeguards import queries as guards
from tenants.members.signing_rights import queries as rights
from tenants.members.signing_rights.catalogue import METHODS

FEW_CODES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A factor in a table. `tone` and `word` say whether it counts at signing."""

    factor: Factor
    kind: str
    tone: str
    word: str
    test_due_at: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """One of the three things it takes to sign."""

    term: str
    tone: str
    word: str
    note: str = ""
    at: datetime | None = None
    url_name: str = ""
    label: str = ""


def rows(factors: list[Factor], now: datetime) -> list[Row]:
    return [_row(factor, now) for factor in factors]


def conditions(user: User, now: datetime) -> list[Condition]:
    """The three things it takes to sign, met or not."""
    return [_identity(user), _second_factor(user, now), _policy(user, now)]


def standing(user: User, now: datetime) -> dict[str, Any]:
    """What this person has set up; and, of whoever signs in their role, whether they may and why not."""
    factors = queries.factors_of(user)
    kept = guards.of_person(user)
    left = kept.recovery_left if kept else 0
    signs = user.has_perm("members.sign")
    return {
        "signs": signs,
        "conditions": conditions(user, now) if signs else [],
        "ready": signs and not queries.may_sign(user, now),
        "names": ", ".join(factor.name for factor in factors),
        # What cannot be phished is worth a word (ASVS 6.3.3).
        "passkey_is_better": bool(factors) and not queries.passkeys(factors),
        "rows": rows(factors, now),
        "codes_left": left,
        "few_codes": bool(factors) and left <= FEW_CODES,
        "codes_made_at": kept.recovery_made_at if kept else None,
        "locked_until": guards.locked_until(user, now),
    }


def account_panel(viewer: User, person: User, now: datetime) -> Panel | None:
    """The section on second factors of one's own account page."""
    return Panel("tenants/factors/_account.html", standing(person, now))


def picture(uri: str) -> str:
    """A QR code as the address of an image: dark on white in any colour scheme, else no camera reads it."""
    return segno.make(uri, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def set_up(factor: Factor, *, issuer: str, account: str) -> dict[str, str]:
    """What the page shows while an app is set up."""
    secret = queries.secret_of(factor)
    uri = hashing.address(secret, issuer=issuer, account=account)
    return {"picture": picture(uri), "secret": hashing.in_groups(hashing.in_base32(secret)), "uri": uri}


def _row(factor: Factor, now: datetime) -> Row:
    suspended = queries.is_suspended(factor, now)
    return Row(
        factor=factor,
        kind=WORDS[Kind(factor.kind)],
        tone="attention" if suspended else "verified",
        word="Suspended until tested" if suspended else "In use",
        test_due_at=queries.test_due_at(factor),
    )


def _identity(user: User) -> Condition:
    check, term = rights.standing_check(user), "Identity"
    if check is None:
        note = "Somebody who manages people here makes sure who it is, and records it."
        return Condition(term, "attention", "Not verified", note)
    if not rights.holds(check, user):
        note = "The name was changed since: it must be verified again."
        return Condition(term, "attention", "Verified under another name", note, check.verified_at)
    note = f"{METHODS.get(check.method, check.method)}, by {check.verified_by.full_name}"
    return Condition(term, "verified", "Verified", note, check.verified_at)


def _second_factor(user: User, now: datetime) -> Condition:
    term, held = "Authenticator app or passkey", queries.factors_of(user)
    if not held:
        return Condition(
            term, "attention", "Nothing set up", "", None, "authenticator-add", "Set up an authenticator app"
        )
    if not [one for one in held if not queries.is_suspended(one, now)]:
        return Condition(term, "attention", "Not tested for 12 months", "", None, "signing", "Test it")
    return Condition(term, "verified", "Set up", ", ".join(one.name for one in held))


def _policy(user: User, now: datetime) -> Condition:
    policy, term = rights.policy_in_force(now), "Signing policy"
    found = rights.acceptance(user, policy)
    if found is None:
        word = f"Version {policy.version} not accepted"
        return Condition(term, "attention", word, "", None, "signing-policy", "Read and accept it")
    return Condition(
        term, "verified", f"Version {policy.version} accepted", "", found.accepted_at, "signing-policy", "Read it"
    )


STORIES = [
    Story(
        kind="members.factor",
        permission="members.view_people",
        title=lambda factor: f"{WORDS[Kind(factor.kind)]} of {factor.user.full_name}",
        labels={"user": "person", "credential_id": "credential", "public_key": "public key"},
        values={"kind": lambda kind: WORDS[Kind(kind)]},
        hide=("subject_key",),
    ),
]
