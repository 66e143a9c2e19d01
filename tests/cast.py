"""The people of every test. Dov is the outsider: he belongs to another tenant."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from audit import context
from audit.signatures.catalogue import Evidence, Meaning, Signing
from tenants import schemas
from tenants.members.access_policies import queries as policies
from tenants.members.accounts import actions as accounts
from tenants.members.accounts.models import User
from tenants.members.accounts.queries import by_email
from tenants.members.factors import actions as factors
from tenants.members.factors import hashing
from tenants.members.factors import queries as factor_queries
from tenants.members.outbox.models import Email
from tenants.members.roles import actions as roles
from tenants.members.sessions.catalogue import DOOR, SCHEMA, Door, Method
from tenants.members.signing_rights import actions as signing_rights
from tenants.members.signing_rights import queries as rights
from tenants.tenancy import actions as tenancy
from tenants.tenancy.models import Tenant
from tenants.wakeups.models import WakeUp

BEGINNING = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"
DIRECTOR = context.service("casting")


@dataclass(frozen=True)
class Part:
    name: str
    email: str
    role: str


PLATFORM = {
    "pat": Part("Pat Platform", "pat@complere.example", "platform_admin"),
    "tess": Part("Tess Editor", "tess@complere.example", "trust_editor"),
    "leo": Part("Leo Legal", "leo@complere.example", "legal"),
    "sam": Part("Sam Security", "sam@complere.example", "security_team"),
    "sue": Part("Sue Second", "sue@complere.example", "security_team"),
    "sup": Part("Suki Support", "sup@complere.example", "support"),
    "stan": Part("Stan Auditor", "stan@complere.example", "staff_auditor"),
}
ACME = {
    "ann": Part("Ann Admin", "ann@acme.example", "tenant_admin"),
    "ben": Part("Ben Privacy", "ben@acme.example", "privacy_officer"),
    "sid": Part("Sid Security", "sid@acme.example", "security_officer"),
    "cay": Part("Cay Member", "cay@acme.example", "member"),
    "aud": Part("Aud Itor", "aud@acme.example", "auditor"),
}
GLOBEX = {
    "dov": Part("Dov Outsider", "dov@globex.example", "tenant_admin"),
    "gil": Part("Gil Privacy", "gil@globex.example", "privacy_officer"),
}


def assemble() -> None:
    """Make platform, two tenants and everybody, once for each template database."""
    tenancy.install_platform(origin="http://localhost:8000", region="eu-central", actor=DIRECTOR, now=BEGINNING)
    with schemas.on_platform():
        _hire(PLATFORM)
    for name, host, parts in (("Acme Pharma", "acme.localhost", ACME), ("Globex Biotech", "globex.localhost", GLOBEX)):
        tenant = tenancy.provision(
            name=name,
            origin=f"http://{host}:8000",
            region="eu-central",
            actor=DIRECTOR,
            now=BEGINNING,
            reason="Set the stage",
        )
        with schemas.inside(tenant):
            _hire(parts)
    # Nothing of theirs waits to be mailed when a test begins.
    with schemas.on_platform():
        WakeUp.objects.all().delete()


def _hire(parts: dict[str, Part]) -> None:
    for part in parts.values():
        user = accounts.create_user(
            email=part.email, full_name=part.name, actor=DIRECTOR, now=BEGINNING, reason="Set the stage"
        )
        roles.grant(user, role=part.role, actor=DIRECTOR, now=BEGINNING, reason="Set the stage")
        accounts.set_password(user, password=PASSWORD, actor=DIRECTOR, now=BEGINNING, reason="Set the stage")
    hired = [found for part in parts.values() if (found := by_email(part.email)) is not None]
    for user in hired:
        if user.has_perm("members.sign"):
            # Anybody but the person themselves: a colleague, or somebody hired before.
            other = User.objects.exclude(pk=user.pk).order_by("created_at").first()
            assert other is not None, "nobody else is here to verify an identity"
            ready_to_sign(user, verified_by=other, now=BEGINNING)
    Email.objects.filter(template="factor-changed").delete()


def tenant(name: str) -> Tenant:
    """`acme`, `globex` or `localhost` (the platform)."""
    host = name if name == "localhost" else f"{name}.localhost"
    with schemas.on_platform():
        return Tenant.objects.get(domains__domain=host)


def person(key: str) -> User:
    """The user row of somebody of the cast; enter their schema first."""
    part = {**PLATFORM, **ACME, **GLOBEX}[key]
    user = by_email(part.email)
    assert user is not None, f"{key} is not in this schema"
    return user


def browser(user: User, tenant: Tenant, **changes: Any) -> Client:
    """A browser in which this person came in at `tenant` just now, by password and a second factor; a real session.

    Enter the person's schema first. `changes` are fields of the session's door.
    """
    now = timezone.now()
    # As another request before this one would have: no test counts the first look at the rules.
    policies.rules()
    said = {"method": Method.PASSWORD, "opened_at": now, "proved_at": now, "second_at": now, "second": "totp"}
    client = Client(headers={"host": tenant.host})
    client.force_login(user)
    session = client.session
    session[SCHEMA] = tenant.schema_name
    session[DOOR] = Door(**(said | changes)).stored()
    session.save()
    return client


def signing(now: datetime, meaning: Meaning = Meaning.APPROVAL) -> Signing:
    """An act of signing by somebody who has just proved with two components who they are."""
    evidence = Evidence(methods=("password", "totp"), authenticated_at=now)
    return Signing(meaning=meaning, evidence=evidence, time_zone="Europe/Berlin", nonce=uuid.uuid4().hex)


def who_signs() -> context.Actor:
    """Who answers for decisions in the schema we are in."""
    found = (by_email(part.email) for part in (ACME["ben"], GLOBEX["gil"], PLATFORM["leo"]))
    return next(user.actor for user in found if user is not None)


def ready_to_sign(user: User, *, verified_by: User, now: datetime) -> None:
    """What a person does before they sign, done for them: identity, authenticator app, policy (P11-100b, P11-10j)."""
    said = {"actor": verified_by.actor, "now": now, "reason": "Set the stage"}
    signing_rights.verify_identity(user, method="document_in_person", note="", **said)
    factor = factors.new_authenticator(user, name="Phone of the cast", now=now)
    code = hashing.code_at(factor_queries.secret_of(factor), hashing.step_at(now))
    factors.confirm_authenticator(user, factor, code=code, now=now)
    version = rights.policy_in_force(now).version
    signing_rights.record_acceptance(user, version=version, **(said | {"actor": user.actor}))


def code_of(user: User, now: datetime) -> str:
    """What the authenticator app of this person shows at `now`; each code is good once."""
    app = factor_queries.authenticators(factor_queries.factors_of(user))[0]
    return hashing.code_at(factor_queries.secret_of(app), hashing.step_at(now))
